//! Results as executors hand them in: announced, proved, committed, revealed, in batches.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration::Reason, IVerification as wire};
use agentcity_domain::{
    literal,
    machine::NodeState,
    parameter::ParameterId as P,
    peer::Peer,
    reputation::Points,
    signed::{Typed, selector, work::NodeResult},
    statute::{Mode, SEATS_MAX},
};
use agentcity_shell::{
    Answer, Input, malformed,
    member::Member,
    output, refuse, sign,
    word::{part, with},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolError, SolEvent};
use stylus_sdk::{call::RawCall, prelude::*};

use crate::{
    case::{Case, Outcome},
    storage::Verifications,
};

/// `approvedCode` of the roster, and its number for verifiers.
const APPROVED_CODE: [u8; 4] = selector("approvedCode(address,uint8)");
const VERIFIER: u64 = 2;

const BATCH_MAX: usize = 64;
const PROOF_BYTES_MAX: usize = 16_384;
const ELEMENTS_MAX: usize = P::MaxSetElements.row().default as usize;

/// Preimage of a node's digest.
type Terms = [B256; 7];

impl Verifications {
    pub(crate) fn announce(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, commitment) = (input.word()?, input.u16()?, input.word()?);
        let states = [NodeState::Executing; 2];
        let mut case = self.open_case(mission, node, states)?;
        let executor = self.caller();
        case.seat_of(executor)?;
        if case.mask(0) != 0 {
            return refuse(wire::AlreadyDone::SELECTOR, &case.names(executor));
        }
        if self.now() > case.expires {
            return refuse(wire::TooLate::SELECTOR, &[output::number(case.expires)]);
        }
        let ids = [P::FinalizationGraceMs as u8];
        let [grace] = self.parameters(case.epoch, ids)?;
        case.word = with(case.word, 0, 1, 1);
        self.set_case(&case, 0, case.word);
        let [_, number, agent] = case.names(executor);
        self.emit(
            &[
                literal!(wire::ResultAnnounced::SIGNATURE_HASH),
                mission,
                number,
                agent,
            ],
            &[output::number(case.attempt.into()), commitment],
        );
        let expires = case.expires.saturating_add(grace.div_ceil(1_000));
        let none = [B256::ZERO; 2];
        self.conclude(
            &case,
            NodeState::Executing,
            expires,
            Reason::None,
            none,
            &[],
        )?;
        Ok(Vec::new())
    }

    /// Says that a result was submitted; none goes without a trail.
    #[inline(never)]
    fn note(
        &self,
        case: &Case,
        executor: Address,
        kind: wire::ResultKind,
        outcome: [B256; 2],
    ) -> Result<(), Vec<u8>> {
        if outcome[1] == B256::ZERO {
            return refuse(wire::TrailMissing::SELECTOR, &[]);
        }
        let [mission, node, agent] = case.names(executor);
        self.emit(
            &[
                literal!(wire::ResultSubmitted::SIGNATURE_HASH),
                mission,
                node,
                agent,
            ],
            &[
                output::number(case.attempt.into()),
                output::number(kind as u64),
                outcome[0],
                outcome[1],
            ],
        );
        Ok(())
    }

    /// Tier 1: against the commitment, or by an approved verifier under a gas cap.
    #[inline(never)]
    fn prove(
        &self,
        case: &Case,
        terms: &Terms,
        output_hash: B256,
        proof: &[u8],
    ) -> Result<bool, Vec<u8>> {
        let [_, _, _, _, verifier, pinned, expected] = *terms;
        if verifier == B256::ZERO {
            let (Some(given), Some(salt)) = (proof.first_chunk::<32>(), proof.last_chunk::<32>())
            else {
                return Err(malformed());
            };
            if proof.len() != 64 {
                return Err(malformed());
            }
            let words = [
                case.mission,
                output::number(case.node.into()),
                B256::new(*given),
                output_hash,
                B256::new(*salt),
            ];
            return Ok(self.vm().native_keccak256(&output::words(&words)) == expected);
        }
        let account = Address::from_word(verifier);
        let approved = self.ask_peer(
            Peer::Roster,
            APPROVED_CODE,
            &[verifier, output::number(VERIFIER)],
        )?;
        let approved = Input::new(&approved).word()?;
        let found = self.vm().code_hash(account);
        if approved != pinned || found != pinned {
            return refuse(wire::VerifierChanged::SELECTOR, &[verifier, pinned, found]);
        }
        let [gas] = self.parameters(case.epoch, [P::VerifierGasLimit as u8])?;
        let (left, needed) = (self.vm().evm_gas_left(), gas.saturating_add(gas / 32));
        if left < needed {
            return refuse(
                wire::GasFloor::SELECTOR,
                &[output::number(left), output::number(needed)],
            );
        }
        let data = output::Output::of(4)
            .word(case.mission)
            .word(output_hash)
            .word(expected)
            .bytes(proof)
            .finish();
        // SAFETY: a static call cannot write storage, and no accessor is alive across it.
        let answer = unsafe {
            RawCall::new_static(self.vm())
                .gas(gas)
                .limit_return_data(0, 33)
                .flush_storage_cache()
                .call(account, &data)
        };
        Ok(answer.is_ok_and(|data| data == output::truth(true).as_slice()))
    }

    /// A Tier 1 result, judged at once, or a Tier 3 result, which waits for review.
    #[inline(never)]
    fn submit_as(
        &mut self,
        executor: Address,
        attempt: Option<u8>,
        place: (B256, u16),
        terms: &Terms,
        outcome: [B256; 2],
        proof: &[u8],
    ) -> Result<(), Vec<u8>> {
        let case = self.open_case(place.0, place.1, [NodeState::Executing; 2])?;
        if let Some(attempt) = attempt {
            case.at_attempt(attempt)?;
        }
        let seat = case.seat_of(executor)?;
        if case.tier == 2 {
            return case.wrong_tier();
        }
        if self.now() > case.expires {
            return refuse(wire::TooLate::SELECTOR, &[output::number(case.expires)]);
        }
        if self.vm().native_keccak256(&output::words(terms)) != case.digest {
            return refuse(wire::WrongPreimage::SELECTOR, &[case.digest]);
        }
        self.set_case(&case, 2, outcome[1]);
        if case.tier == 3 {
            self.note(&case, executor, wire::ResultKind::Review, outcome)?;
            self.set_case(&case, 1, outcome[0]);
            return self.review(&case, terms[3]);
        }
        self.note(&case, executor, wire::ResultKind::Proof, outcome)?;
        let proved = self.prove(&case, terms, outcome[0], proof)?;
        let mut judged = Outcome {
            seat,
            paid: proved,
            scored: true,
            ..Outcome::default()
        };
        if proved {
            judged.score = Points::MAX.get();
            return self.conclude(
                &case,
                NodeState::Completed,
                0,
                Reason::Succeeded,
                outcome,
                &[judged],
            );
        }
        judged.fault = Reason::ProofRejected as u8;
        self.conclude(
            &case,
            NodeState::Failed,
            0,
            Reason::ProofRejected,
            outcome,
            &[judged],
        )
    }

    pub(crate) fn submit_result(&mut self, input: &mut Input<'_>) -> Answer {
        let place = (input.word()?, input.u16()?);
        let terms = Self::terms(input)?;
        let outcome = [input.word()?, input.word()?];
        let proof = input.bytes(PROOF_BYTES_MAX)?;
        self.submit_as(self.caller(), None, place, &terms, outcome, proof)?;
        Ok(Vec::new())
    }

    #[inline(never)]
    fn terms(input: &mut Input<'_>) -> Result<Terms, Vec<u8>> {
        input.fields([32, 32, 32, 32, 20, 32, 32])
    }

    /// A sealed value of a Tier 2 seat. The first takes the node to verification, the last opens the reveals.
    #[inline(never)]
    fn commit_as(
        &mut self,
        executor: Address,
        attempt: Option<u8>,
        place: (B256, u16),
        outcome: [B256; 2],
    ) -> Result<(), Vec<u8>> {
        let states = [NodeState::Executing, NodeState::PendingVerification];
        let mut case = self.open_case(place.0, place.1, states)?;
        if let Some(attempt) = attempt {
            case.at_attempt(attempt)?;
        }
        let seat = case.seat_of(executor)?;
        if case.tier != 2 {
            return case.wrong_tier();
        }
        if self.now() > case.expires || case.reveals_until() != 0 {
            return refuse(wire::TooLate::SELECTOR, &[output::number(case.expires)]);
        }
        if case.mask(1) & 1 << (seat & 7) != 0 {
            return refuse(wire::AlreadyDone::SELECTOR, &case.names(executor));
        }
        self.note(&case, executor, wire::ResultKind::Commit, outcome)?;
        self.set_seat(&case, seat, 0, outcome[0]);
        self.set_seat(&case, seat, 1, outcome[1]);
        case.enter(1, seat);
        let mut expires = case.expires;
        let last = case.mask(1).count_ones() == u32::from(case.redundancy);
        if last {
            expires = self.now().saturating_add(self.reveal_window(&case)?);
            case.word = with(case.word, 4, 5, expires.into());
        }
        self.set_case(&case, 0, case.word);
        if last || case.state == NodeState::Executing as u8 {
            let to = NodeState::PendingVerification;
            let none = [B256::ZERO; 2];
            return self.conclude(&case, to, expires, Reason::None, none, &[]);
        }
        Ok(())
    }

    pub(crate) fn commit_result(&mut self, input: &mut Input<'_>) -> Answer {
        let place = (input.word()?, input.u16()?);
        let outcome = [input.word()?, input.word()?];
        self.commit_as(self.caller(), None, place, outcome)?;
        Ok(Vec::new())
    }

    /// How long reveals are taken: never shorter than an honest retry takes (R6).
    #[inline(never)]
    pub(crate) fn reveal_window(&self, case: &Case) -> Result<u64, Vec<u8>> {
        let ids = [P::FinalizationGraceMs as u8, P::VerificationRevealMs as u8];
        let [grace, least] = self.parameters(case.epoch, ids)?;
        Ok(grace.max(least).div_ceil(1_000))
    }

    #[inline(never)]
    fn reveal_as(
        &mut self,
        executor: Address,
        attempt: Option<u8>,
        place: (B256, u16),
        value: &[u8],
        salt: B256,
    ) -> Result<(), Vec<u8>> {
        let mut case = self.open_case(place.0, place.1, [NodeState::PendingVerification; 2])?;
        if let Some(attempt) = attempt {
            case.at_attempt(attempt)?;
        }
        let seat = case.seat_of(executor)?;
        let bit = 1 << (seat & 7);
        if case.mask(2) & bit != 0 {
            return refuse(wire::AlreadyDone::SELECTOR, &case.names(executor));
        }
        let mut until = case.reveals_until();
        if until == 0 {
            // Not all committed: the first reveal after the commit window begins the reveals.
            if self.now() <= case.expires {
                return refuse(wire::TooEarly::SELECTOR, &[output::number(case.expires)]);
            }
            until = case.expires.saturating_add(self.reveal_window(&case)?);
        } else {
            until = until.max(case.expires);
        }
        if self.now() > until {
            return refuse(wire::TooLate::SELECTOR, &[output::number(until)]);
        }
        let value_hash = self.vm().native_keccak256(value);
        let words = [
            case.mission,
            output::number(case.node.into()),
            output::number(case.attempt.into()),
            executor.into_word(),
            value_hash,
            salt,
        ];
        let commitment = self.of_seat(&case, seat, 0);
        if self.vm().native_keccak256(&output::words(&words)) != commitment {
            return refuse(wire::WrongPreimage::SELECTOR, &[commitment]);
        }
        let is_set = case.mode == Mode::Set as u8;
        let kept = if is_set {
            value_hash
        } else {
            let word = <[u8; 32]>::try_from(value).map_err(|_| malformed())?;
            B256::new(word)
        };
        self.set_seat(&case, seat, 2, kept);
        let trail = self.of_seat(&case, seat, 1);
        let outcome = [value_hash, trail];
        self.note(&case, executor, wire::ResultKind::Reveal, outcome)?;
        case.enter(2, seat);
        let began = case.reveals_until() == 0;
        case.word = with(case.word, 4, 5, until.into());
        self.set_case(&case, 0, case.word);
        if case.mask(2) == case.mask(1) && !is_set {
            return self.evaluate(&case, &[]);
        }
        if began {
            let to = NodeState::PendingVerification;
            let none = [B256::ZERO; 2];
            return self.conclude(&case, to, until, Reason::None, none, &[]);
        }
        Ok(())
    }

    pub(crate) fn reveal_result(&mut self, input: &mut Input<'_>) -> Answer {
        let place = (input.word()?, input.u16()?);
        let executor = input.address()?;
        let value = input.bytes(32 * ELEMENTS_MAX)?;
        let salt = input.word()?;
        self.reveal_as(executor, None, place, value, salt)?;
        Ok(Vec::new())
    }

    pub(crate) fn submit_batch(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut results) = input.list(BATCH_MAX)?;
        let (_, mut all_terms) = input.list(BATCH_MAX)?;
        let (given, mut signatures) = input.list(BATCH_MAX)?;
        if given != count {
            return Err(malformed());
        }
        for _ in 0..count {
            let mut result = results.tail()?;
            let fields = result.fields([32, 2, 1, 1, 20, 32, 32])?;
            let [mission, node, attempt, kind, executor, output_hash, trail] = fields;
            let proof = result.bytes(PROOF_BYTES_MAX)?;
            let deadline = result.u64()?;
            if self.now() > deadline {
                return refuse(wire::DeadlinePassed::SELECTOR, &[output::number(deadline)]);
            }
            let agent = Address::from_word(executor);
            let words = [
                literal!(<NodeResult as Typed>::HASH),
                mission,
                node,
                attempt,
                kind,
                executor,
                output_hash,
                trail,
                self.vm().native_keccak256(proof),
                output::number(deadline),
            ];
            let digest = sign::digest(self.vm(), &words);
            let signature = signatures.bytes(sign::SIGNATURE_BYTES_MAX)?;
            sign::require(self.vm(), agent, digest, signature)?;
            let place = (mission, part(node, 30, 2) as u16);
            let attempt = Some(part(attempt, 31, 1) as u8);
            let outcome = [output_hash, trail];
            match part(kind, 31, 1) as u8 {
                k if k == wire::ResultKind::Commit as u8 => {
                    self.commit_as(agent, attempt, place, outcome)?;
                }
                k if k == wire::ResultKind::Reveal as u8 => {
                    let (value, salt) = proof.split_last_chunk::<32>().ok_or_else(malformed)?;
                    self.reveal_as(agent, attempt, place, value, B256::new(*salt))?;
                }
                k if k == wire::ResultKind::Proof as u8 || k == wire::ResultKind::Review as u8 => {
                    let terms = Self::terms(&mut all_terms)?;
                    self.submit_as(agent, attempt, place, &terms, outcome, proof)?;
                }
                _ => return Err(malformed()),
            }
        }
        Ok(Vec::new())
    }

    /// Reads the sets whose hashes were revealed: each ascends, so that one set has one form.
    #[inline(never)]
    fn sets(input: &mut Input<'_>) -> Result<Vec<Vec<B256>>, Vec<u8>> {
        let (count, mut lists) = input.list(SEATS_MAX)?;
        let mut sets = Vec::with_capacity(count);
        for _ in 0..count {
            let (elements, mut list) = lists.list(ELEMENTS_MAX)?;
            let mut set = Vec::with_capacity(elements);
            for _ in 0..elements {
                let element = list.word()?;
                if set.last().is_some_and(|last| *last >= element) {
                    return Err(malformed());
                }
                set.push(element);
            }
            sets.push(set);
        }
        Ok(sets)
    }

    pub(crate) fn close_verification(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let sets = Self::sets(input)?;
        let states = [NodeState::PendingVerification, NodeState::PendingReview];
        let case = self.open_case(mission, node, states)?;
        if case.tier != 2 {
            return case.wrong_tier();
        }
        let (committed, revealed) = (case.mask(1), case.mask(2));
        let until = if case.state == NodeState::PendingReview as u8 {
            // Silence of the reviewers and of their backups: the machine consensus stands (R11).
            if case.backup { case.expires } else { u64::MAX }
        } else if committed.count_ones() < u32::from(case.threshold) {
            case.expires
        } else if committed == revealed {
            0
        } else if case.reveals_until() == 0 {
            case.expires.saturating_add(self.reveal_window(&case)?)
        } else {
            case.expires
        };
        if self.now() <= until {
            return refuse(wire::TooEarly::SELECTOR, &[output::number(until)]);
        }
        self.end_dispute(&case, true)?;
        self.evaluate(&case, &sets)?;
        Ok(Vec::new())
    }
}

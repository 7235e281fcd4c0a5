//! Results as executors hand them in: announced, proved, committed, revealed, closed, in batches.

use alloc::{boxed::Box, vec::Vec};

use agentcity_abi::{ICollaboration::Reason, IVerification as wire, IVerifier};
use agentcity_domain::{
    literal,
    machine::NodeState,
    parameter::ParameterId as P,
    peer::Peer,
    signed::{Typed, selector, work::NodeResult},
    statute::{Mode, SEATS_MAX},
    verification::{
        BATCH_MAX, Refused,
        consensus::{self as rules, ELEMENTS_MAX, End, VALUE_BYTES_MAX},
        proof::{self, PROOF_BYTES_MAX},
        window::{self, Close},
    },
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    output, program,
    reader::Reader,
    sign, topic,
    word::get,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::{call::RawCall, prelude::*};

use crate::{
    case::{Ask, Attempt, Held},
    error::wrong_preimage,
    storage::{MORE, OUTPUT, TRAIL, VALUE, Verifications},
};

/// `approvedCode` of the roster, and its number for verifiers.
const APPROVED_CODE: [u8; 4] = selector("approvedCode(address,uint8)");
const VERIFIER: u64 = 2;

/// Preimage of a node's digest.
type Terms = [B256; 7];
/// Place of the rubric's hash, the verifier, its code's hash, and what is expected, among the terms.
const RUBRIC: usize = 3;

/// A result on its way: whose, of which node, and of which attempt if the executor signed one.
pub(crate) struct Handed {
    executor: Address,
    mission: B256,
    node: u16,
    attempt: Option<u8>,
    /// Output hash, or commitment, and trail.
    result: [B256; 2],
}

impl Verifications {
    /// The attempt a result is for, and the executor's seat.
    ///
    /// Errors: those of `open`; `WrongAttempt`, `NotSeated`.
    #[inline(never)]
    fn handed(
        &self,
        handed: &Handed,
        states: &[NodeState],
        ask: Ask,
        held: &mut Held,
    ) -> Result<(Box<Attempt>, u8), Vec<u8>> {
        let attempt = self.meant(handed, states, ask, held)?;
        let seat = attempt.take(attempt.case.seat_of(handed.executor))?;
        Ok((attempt, seat))
    }

    /// The attempt a result is for.
    ///
    /// Errors: those of `open`; `WrongAttempt`.
    #[inline(never)]
    fn meant(
        &self,
        handed: &Handed,
        states: &[NodeState],
        ask: Ask,
        held: &mut Held,
    ) -> Result<Box<Attempt>, Vec<u8>> {
        let attempt = self.open(handed.mission, handed.node, states, ask, held)?;
        if let Some(meant) = handed.attempt {
            attempt.take(attempt.case.at(meant))?;
        }
        Ok(attempt)
    }

    /// A call by an executor itself.
    fn called(&self, mission: B256, node: u16, result: [B256; 2]) -> Handed {
        Handed {
            executor: self.caller(),
            mission,
            node,
            attempt: None,
            result,
        }
    }

    /// Errors: those of `open`; `NotSeated`, `AlreadyDone`, `TooLate`.
    /// Events: `ResultAnnounced`.
    pub(crate) fn announce(&mut self, input: &mut Reader<'_>) -> Answer {
        let handed = self.called(input.word(), input.u16(), [input.word(), B256::ZERO]);
        let states = [NodeState::Executing, NodeState::PendingVerification];
        let (mut attempt, seat) = self.handed(&handed, &states, Ask::FIRST, &mut None)?;
        let windows = self.law_of(&mut attempt)?.windows;
        let step = attempt.take(window::announce(&attempt.case, &windows, seat, self.now()))?;
        self.log(
            topic!(wire::ResultAnnounced::SIGNATURE_HASH)
                .word(&handed.mission)
                .number(handed.node.into())
                .address(&handed.executor)
                .number(attempt.key.attempt.into())
                .word(&handed.result[0]),
            4,
        );
        let executing = attempt.case.state == NodeState::Executing as u8;
        let to = if executing {
            NodeState::Executing
        } else {
            NodeState::PendingVerification
        };
        self.step(&mut attempt, to, &step);
        self.release(Some(attempt))?;
        Ok(Vec::new())
    }

    /// Says that a result was submitted.
    ///
    /// Errors: `TrailMissing`: none goes without a trail.
    #[inline(never)]
    fn note(
        &self,
        attempt: &Attempt,
        executor: &Address,
        kind: wire::ResultKind,
        result: &[B256; 2],
    ) -> Result<(), Vec<u8>> {
        attempt.take(proof::require_trail(&result[1]))?;
        self.log(
            topic!(wire::ResultSubmitted::SIGNATURE_HASH)
                .word(&attempt.key.mission)
                .number(attempt.key.node.into())
                .address(executor)
                .number(attempt.key.attempt.into())
                .number(kind as u64)
                .all(result),
            4,
        );
        Ok(())
    }

    /// Whether a Tier 1 proof holds: against the commitment, or before an approved verifier under a gas cap.
    ///
    /// Errors: `MalformedCall` for a reference that is none, `VerifierChanged`, `GasFloor`, `VerifierLapsed`.
    #[inline(never)]
    fn holds(
        &self,
        attempt: &Attempt,
        terms: &Terms,
        output_hash: &B256,
        proof: &[u8],
    ) -> Result<bool, Vec<u8>> {
        let [_, _, _, _, verifier, pinned, expected] = terms;
        if verifier.is_zero() {
            let (input, salt) = proof::read_reference(proof).ok_or_else(malformed)?;
            let (mission, node) = (&attempt.key.mission, attempt.key.node);
            let words = proof::reference(mission, node, &input, output_hash, &salt);
            return Ok(self.vm().native_keccak256(&output::words(&words)) == *expected);
        }
        let account = Address::from_word(*verifier);
        let mut question = Words::after(APPROVED_CODE);
        question.word(verifier).number(VERIFIER);
        let approved = self.ask(Peer::Roster, &question)?;
        let approved = Reader::new(&approved).word();
        // What runs now must be what the statute pinned and the panel approved: a proxy cannot change between (P-05).
        let found = self.vm().code_hash(account);
        if approved != *pinned || found != *pinned {
            return Words::after(wire::VerifierChanged::SELECTOR)
                .word(verifier)
                .word(pinned)
                .word(if found == *pinned { &approved } else { &found })
                .refuse();
        }
        let [limit] = self.parameters(attempt.epoch, [P::VerifierGasLimit as u8])?;
        let arguments = output::Output::of(4)
            .word(attempt.key.mission)
            .word(*output_hash)
            .word(*expected)
            .bytes(proof)
            .finish();
        let mut call = IVerifier::verifyCall::SELECTOR.to_vec();
        call.extend_from_slice(&arguments);
        // What was stored is written out before the gas is measured, so that nothing but the call itself comes between.
        self.vm().flush_cache(false);
        let (left, needed) = (self.vm().evm_gas_left(), proof::gas_floor(limit));
        if left < needed {
            return Words::after(wire::GasFloor::SELECTOR)
                .number(left)
                .number(needed)
                .refuse();
        }
        // SAFETY: a static call cannot write storage, and no accessor is alive across it.
        let answer = unsafe {
            RawCall::new_static(self.vm())
                .gas(limit)
                .limit_return_data(0, 33)
                .call(account, &call)
        };
        // A program that lapsed proves nothing against anybody: it is activated again, by whoever likes, and then asked.
        if answer.is_err() && program::life(self.vm(), account) == 0 {
            return Words::after(wire::VerifierLapsed::SELECTOR)
                .word(verifier)
                .refuse();
        }
        Ok(answer.is_ok_and(|answer| answer == output::truth(true).as_slice()))
    }

    /// A Tier 1 result, judged at once, or a Tier 3 result, which waits for review.
    ///
    /// Errors: those of `handed`; `WrongTier`, `TooLate`, `WrongPreimage`, `TrailMissing`, and those of `holds`.
    /// Events: `ResultSubmitted`, `ReviewRequested`.
    #[inline(never)]
    fn submit(
        &mut self,
        handed: &Handed,
        terms: &Terms,
        proof: &[u8],
        held: &mut Held,
    ) -> Result<(), Vec<u8>> {
        let (mut attempt, seat) = self.handed(handed, &[NodeState::Executing], Ask::ONCE, held)?;
        attempt.take(proof::submit(&attempt.case, self.now()))?;
        if self.vm().native_keccak256(&output::words(terms)) != attempt.digest {
            return wrong_preimage(&attempt.digest);
        }
        let result = &handed.result;
        let (reviewed, kind) = if attempt.case.tier == 3 {
            (true, wire::ResultKind::Review)
        } else {
            (false, wire::ResultKind::Proof)
        };
        self.note(&attempt, &handed.executor, kind, result)?;
        if reviewed {
            // What waits is kept; a proof is judged in this call, and its trail is in the log and in the mission's digest.
            self.set_beside(&attempt.key, TRAIL, &result[1]);
            self.set_beside(&attempt.key, OUTPUT, &result[0]);
            return self.review(&attempt, &terms[RUBRIC]);
        }
        let holds = self.holds(&attempt, terms, &result[0], proof)?;
        let (to, reason) = if holds {
            (NodeState::Completed, Reason::Succeeded)
        } else {
            (NodeState::Failed, Reason::ProofRejected)
        };
        let outcome = proof::outcome(seat, holds);
        self.conclude(&mut attempt, to, reason, result, &[outcome])
    }

    pub(crate) fn submit_result(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (input.word(), input.u16());
        let terms = terms(input);
        let handed = self.called(mission, node, [input.word(), input.word()]);
        let proof = input.bytes(PROOF_BYTES_MAX);
        self.submit(&handed, &terms, proof, &mut None)?;
        Ok(Vec::new())
    }

    /// A sealed value of a Tier 2 seat.
    ///
    /// Errors: those of `handed`; `WrongTier`, `AlreadyDone`, `TooLate`, `TrailMissing`.
    /// Events: `ResultSubmitted`.
    #[inline(never)]
    fn commit(&mut self, handed: &Handed, held: &mut Held) -> Result<(), Vec<u8>> {
        let states = [NodeState::Executing, NodeState::PendingVerification];
        let (mut attempt, seat) = self.handed(handed, &states, Ask::FIRST, held)?;
        let windows = self.law_of(&mut attempt)?.windows;
        let step = attempt.take(window::commit(&attempt.case, &windows, seat, self.now()))?;
        let kind = wire::ResultKind::Commit;
        self.note(&attempt, &handed.executor, kind, &handed.result)?;
        let [commitment, trail] = &handed.result;
        let key = attempt.key;
        let kept = self.hash_of(&rules::kept(commitment, handed.executor));
        self.set_seat(&key, seat, VALUE, &kept);
        let trails = rules::trails(&self.beside(&key, TRAIL), seat, trail);
        let trails = self.hash_of(&trails);
        self.set_beside(&key, TRAIL, &trails);
        self.step(&mut attempt, NodeState::PendingVerification, &step);
        *held = Some(attempt);
        Ok(())
    }

    pub(crate) fn commit_result(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (input.word(), input.u16());
        let handed = self.called(mission, node, [input.word(), input.word()]);
        let mut held = None;
        self.commit(&handed, &mut held)?;
        self.release(held)?;
        Ok(Vec::new())
    }

    /// keccak256 of words.
    #[inline(never)]
    fn hash_of(&self, words: &[B256]) -> B256 {
        self.hash(Words::new().all(words))
    }

    /// The seat whose commitment this opens, and what is kept of that. It is found by what the seats sealed, since in that is its
    /// executor; only one that opens nothing is looked up, to be told why.
    ///
    /// Errors: `NotSeated`, those of `window::reveal`, `WrongPreimage`.
    #[inline(never)]
    fn sealed(
        &self,
        attempt: &mut Attempt,
        handed: &Handed,
        value_hash: &B256,
        salt: &B256,
    ) -> Result<u8, Vec<u8>> {
        let (key, executor) = (attempt.key, handed.executor);
        let words = rules::sealed(
            &key.mission,
            key.node,
            key.attempt,
            executor,
            value_hash,
            salt,
        );
        let commitment = self.hash_of(&words);
        let kept = self.hash_of(&rules::kept(&commitment, executor));
        let record = &attempt.case.record;
        let sealed = record.committed.without(record.revealed);
        for seat in 0..SEATS_MAX as u8 {
            if sealed.has(seat) && self.of_seat(&key, seat, VALUE) == kept {
                if let Some(agent) = attempt.case.agents.get_mut(usize::from(seat)) {
                    *agent = executor;
                }
                return Ok(seat);
            }
        }
        let mut found = self.attempt(key.mission, key.node, Ask::SEATS)?;
        let seat = found.take(found.case.seat_of(executor))?;
        // As it stands in this call, which collaboration may not have been told yet.
        let agents = found.case.agents;
        found.case = attempt.case;
        found.case.agents = agents;
        let windows = self.law_of(&mut found)?.windows;
        found.take(window::reveal(&found.case, &windows, seat, self.now()))?;
        wrong_preimage(&self.of_seat(&key, seat, VALUE))
    }

    /// A Tier 2 seat's value is opened, by whoever knows it. What was sealed holds executor and seat, so nobody opens anything but
    /// what the seat sealed. Who signed a reveal signed output hash and the trails of all who committed, which then must be these.
    ///
    /// Errors: those of `open`; `WrongAttempt`, `WrongTier`, `NotSeated`, `NothingCommitted`, `AlreadyDone`, `SeatExcluded`,
    /// `TooEarly`, `TooFewCommitted`, `TooLate`, `WrongPreimage`, `MalformedValue`.
    /// Events: `ResultSubmitted`, `ConsensusReached`.
    #[inline(never)]
    fn reveal(
        &mut self,
        handed: &Handed,
        value: &[u8],
        salt: &B256,
        held: &mut Held,
    ) -> Result<(), Vec<u8>> {
        let states = [NodeState::PendingVerification];
        let mut attempt = self.meant(handed, &states, Ask::STATE, held)?;
        attempt.take(attempt.case.by_consensus())?;
        let law = self.law_of(&mut attempt)?;
        let value_hash = self.vm().native_keccak256(value);
        let seat = self.sealed(&mut attempt, handed, &value_hash, salt)?;
        let step = attempt.take(window::reveal(
            &attempt.case,
            &law.windows,
            seat,
            self.now(),
        ))?;
        let (key, mode) = (attempt.key, law.mode);
        let result = [value_hash, self.beside(&key, TRAIL)];
        for (signed, found) in handed.result.iter().zip(&result) {
            if handed.attempt.is_some() && signed != found {
                return wrong_preimage(found);
            }
        }
        if !rules::is_value(mode, value) {
            return Err(attempt.of(wire::MalformedValue::SELECTOR, mode.into()));
        }
        self.note(
            &attempt,
            &handed.executor,
            wire::ResultKind::Reveal,
            &result,
        )?;
        let (first, more) = value.split_at_checked(32).unwrap_or((value, &[]));
        let kept = if rules::is_of_sets(mode) {
            value_hash
        } else {
            B256::try_from(first).unwrap_or_default()
        };
        self.set_seat(&key, seat, VALUE, &kept);
        if mode == Mode::Sketch as u8 {
            let more = B256::try_from(more).unwrap_or_default();
            self.set_seat(&key, seat, MORE, &more);
        }
        if step.record.awaited().is_empty() {
            attempt.case.record = step.record;
            let weighed = self.weigh(&attempt, law.near, Vec::new())?;
            if weighed.finding.agreed {
                return self.end_by_consensus(&mut attempt, &weighed.finding);
            }
        }
        self.step(&mut attempt, NodeState::PendingVerification, &step);
        *held = Some(attempt);
        Ok(())
    }

    pub(crate) fn reveal_result(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (input.word(), input.u16());
        let handed = Handed {
            executor: input.address(),
            ..self.called(mission, node, [B256::ZERO; 2])
        };
        let value = input.bytes(VALUE_BYTES_MAX);
        let salt = &input.word();
        let mut held = None;
        self.reveal(&handed, value, salt, &mut held)?;
        self.release(held)?;
        Ok(Vec::new())
    }

    /// Errors: `ResultRefused` with the index of the first that is refused, `MalformedCall`.
    pub(crate) fn submit_batch(&mut self, input: &mut Reader<'_>) -> Answer {
        let (count, mut results) = input.list(BATCH_MAX);
        let (mut given, mut all_terms) = input.list(BATCH_MAX);
        let (signed, mut signatures) = input.list(BATCH_MAX);
        if signed != count {
            return Err(malformed());
        }
        let mut held = None;
        for index in 0..count {
            let (result, signature) = (results.tail(), signatures.bytes(sign::SIGNATURE_BYTES_MAX));
            let taken =
                self.take_result(result, (&mut given, &mut all_terms), signature, &mut held);
            if let Err(reason) = taken {
                let mut data = wire::ResultRefused::SELECTOR.to_vec();
                let refusal = output::Output::of(2)
                    .word(output::number(index as u64))
                    .bytes(&reason)
                    .finish();
                data.extend_from_slice(&refusal);
                return Err(data);
            }
        }
        results.end()?;
        signatures.end()?;
        if given != 0 {
            return Err(malformed());
        }
        self.release(held)?;
        Ok(Vec::new())
    }

    /// One result of a batch, as if its executor had called. `given` terms are left.
    ///
    /// Errors: `DeadlinePassed`, `InvalidSignature`, and those of its kind.
    #[inline(never)]
    fn take_result(
        &mut self,
        mut result: Reader<'_>,
        (given, all_terms): (&mut usize, &mut Reader<'_>),
        signature: &[u8],
        held: &mut Held,
    ) -> Result<(), Vec<u8>> {
        let fields = result.fields([32, 2, 1, 1, 20, 32, 32]);
        let proof = result.bytes(PROOF_BYTES_MAX);
        let deadline = result.u64();
        result.end()?;
        if self.now() > deadline {
            return Words::after(wire::DeadlinePassed::SELECTOR)
                .number(deadline)
                .refuse();
        }
        let [mission, node, attempt, kind, executor, output_hash, trail] = &fields;
        let mut preimage = Words::new();
        preimage
            .word(&literal!(<NodeResult as Typed>::HASH))
            .all(&fields)
            .word(&self.vm().native_keccak256(proof))
            .number(deadline);
        let digest = sign::digest_of(self.vm(), self.hash(&preimage));
        let executor = Address::from_word(*executor);
        sign::require(self.vm(), executor, digest, signature)?;
        let handed = Handed {
            executor,
            mission: *mission,
            node: get(node, 30, 2) as u16,
            attempt: Some(get(attempt, 31, 1) as u8),
            result: [*output_hash, *trail],
        };
        match get(kind, 31, 1) as u8 {
            k if k == wire::ResultKind::Commit as u8 => {
                // A commitment has no proof; what was signed with one is something else.
                if !proof.is_empty() {
                    return Err(malformed());
                }
                self.commit(&handed, held)
            }
            k if k == wire::ResultKind::Reveal as u8 => {
                let (value, salt) = proof.split_last_chunk::<32>().ok_or_else(malformed)?;
                self.reveal(&handed, value, &B256::new(*salt), held)
            }
            k if k == wire::ResultKind::Proof as u8 || k == wire::ResultKind::Review as u8 => {
                *given = given.checked_sub(1).ok_or_else(malformed)?;
                let terms = terms(all_terms);
                all_terms.end()?;
                self.submit(&handed, &terms, proof, held)
            }
            _ => Err(malformed()),
        }
    }

    /// Errors: those of `open`; `WrongTier`, `TooEarly`, `BackupUnopened`, `ElementsMissing`, `WrongPreimage`.
    /// Events: `ConsensusReached`, `DisputeClosed`.
    pub(crate) fn close_verification(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (input.word(), input.u16());
        let sets = sets(input)?;
        let states = [NodeState::PendingVerification, NodeState::PendingReview];
        let mut attempt = self.open(mission, node, &states, Ask::STATE, &mut None)?;
        let law = self.law_of(&mut attempt)?;
        let close = attempt.take(window::close(&attempt.case, &law.windows, self.now()))?;
        if close == Close::Short {
            self.end(&mut attempt, &End::Short, 0)?;
            return Ok(Vec::new());
        }
        let weighed = self.weigh(&attempt, law.near, sets)?;
        if let Close::IfAgreed(until) = close
            && !weighed.finding.agreed
        {
            return Err(attempt.revert(Refused::TooEarly(until)));
        }
        if !weighed.is_known(&attempt) {
            let count = attempt.case.record.counting().count();
            return Err(attempt.of(wire::ElementsMissing::SELECTOR, count.into()));
        }
        if let Close::Ruling(ruling) = close {
            self.end_by_ruling(&mut attempt, &ruling, &weighed)?;
        } else {
            // Silence of the reviewers: the machine consensus stands, and the bond returns (R11).
            self.end_dispute(&mut attempt, true)?;
            self.end_by_consensus(&mut attempt, &weighed.finding)?;
        }
        Ok(Vec::new())
    }
}

/// Preimage of a node's digest.
#[inline(never)]
fn terms(input: &mut Reader<'_>) -> Terms {
    input.fields([32, 32, 32, 32, 20, 32, 32])
}

/// Sets as they are hashed: their elements one behind another.
#[inline(never)]
fn sets(input: &mut Reader<'_>) -> Result<Vec<Vec<u8>>, Vec<u8>> {
    let (count, mut lists) = input.list(SEATS_MAX);
    let mut sets = Vec::with_capacity(SEATS_MAX);
    for _ in 0..count {
        let (elements, mut list) = lists.list(ELEMENTS_MAX);
        let mut set = Words::new();
        for _ in 0..elements {
            set.word(&list.word());
        }
        list.end()?;
        sets.push(set.bytes().to_vec());
    }
    lists.end()?;
    Ok(sets)
}

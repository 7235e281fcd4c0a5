//! Results: proofs, commitments, consensus, reviews.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, ICollaboration as wire, ITreasury as treasury};
use agentcity_domain::peer::Peer;
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output, refuse,
    word::{part, with},
};
use alloy_primitives::{Address, B256, b256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::{call::RawCall, prelude::*};

use crate::{nodes::Law, storage::Missions};

const COMMITMENT: Kind = 7;
const VALUE: Kind = 8;
const RESULT: B256 = b256!("0x8e2d1c0b9fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b");
const SEATS_MAX: usize = 7;
const ELEMENTS_MAX: usize = 64;

/// Whether two revealed values agree under a mode: exact, numeric within a tolerance, sketch by equal lanes.
fn agree(mode: u8, left: B256, right: B256, tolerance: u128) -> bool {
    match mode {
        1 => {
            let (a, b) = (part(left, 16, 16) as i128, part(right, 16, 16) as i128);
            let (apart, sum) = (
                a.abs_diff(b),
                a.unsigned_abs().saturating_add(b.unsigned_abs()),
            );
            apart.saturating_mul(200) <= tolerance.saturating_mul(sum)
        }
        2 => {
            let same = left
                .iter()
                .zip(right.iter())
                .filter(|(a, b)| a == b)
                .count() as u128;
            same * 100 >= tolerance * 32
        }
        _ => left == right,
    }
}

/// Jaccard index of two ascending lists of element hashes, in percent, rounded down.
fn jaccard(left: &[B256], right: &[B256]) -> u128 {
    let (mut i, mut j, mut both) = (0, 0, 0u128);
    while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
        match a.cmp(b) {
            core::cmp::Ordering::Less => i += 1,
            core::cmp::Ordering::Greater => j += 1,
            core::cmp::Ordering::Equal => {
                both += 1;
                i += 1;
                j += 1;
            }
        }
    }
    let union = (left.len() + right.len()) as u128 - both;
    (both * 100).checked_div(union).unwrap_or(100)
}

/// The centre of the largest star of agreeing values; ties to the earlier seat.
fn consensus(count: usize, agreeing: impl Fn(usize, usize) -> bool) -> (usize, u8, u8) {
    let (mut best, mut members, mut size) = (0, 0u8, 0u8);
    for centre in 0..count {
        let mut mask = 0u8;
        for other in 0..count {
            if centre == other || agreeing(centre, other) {
                mask |= 1 << other;
            }
        }
        if mask.count_ones() as u8 > size {
            (best, members, size) = (centre, mask, mask.count_ones() as u8);
        }
    }
    (best, members, size)
}

impl Missions {
    pub(crate) fn announce(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, commitment) = (input.word()?, input.u16()?, input.word()?);
        let (key, word) = self.node_in(mission, node, 1 << 3)?;
        let executor = self.caller();
        self.seat_of(mission, node, 7, executor)?;
        if part(word, 4, 1) != 0 {
            return refuse(
                wire::AlreadyDone::SELECTOR,
                &[mission, output::number(node.into()), executor.into_word()],
            );
        }
        let [grace] = self.parameters(0, [14])?;
        let expires = part(word, 10, 5) + u128::from(grace.div_ceil(1_000));
        self.write(key, with(with(word, 4, 1, 1), 10, 5, expires));
        self.emit(
            &[
                wire::ResultAnnounced::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
                executor.into_word(),
            ],
            &[output::number(part(word, 0, 1) as u64), commitment],
        );
        Ok(Vec::new())
    }

    #[inline(never)]
    fn note(
        &mut self,
        mission: B256,
        node: u16,
        executor: Address,
        attempt: u8,
        kind: u8,
        outcome: [B256; 2],
    ) -> Result<(), Vec<u8>> {
        if outcome[1] == B256::ZERO {
            return refuse(wire::TrailMissing::SELECTOR, &[]);
        }
        self.emit(
            &[
                wire::ResultSubmitted::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
                executor.into_word(),
            ],
            &[
                output::number(attempt.into()),
                output::number(kind.into()),
                outcome[0],
                outcome[1],
            ],
        );
        Ok(())
    }

    #[inline(never)]
    fn score(&self, agent: Address) -> Result<u32, Vec<u8>> {
        let answer = self.ask_peer(
            Peer::Agent,
            agents::getReputationScoreCall::SELECTOR,
            &[agent.into_word()],
        )?;
        Ok(Input::new(&answer).u32()? * 1_000)
    }

    #[inline(never)]
    fn review(
        &mut self,
        mission: B256,
        node: u16,
        word: B256,
        rubric: B256,
    ) -> Result<(), Vec<u8>> {
        let [window] = self.parameters(0, [15])?;
        let expires = self.now() + window.div_ceil(1_000);
        self.set_state(mission, node, 5);
        self.write(
            self.node_key(mission, node, 0),
            with(word, 10, 5, expires.into()),
        );
        self.emit(
            &[
                wire::ReviewRequested::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
            ],
            &[
                output::number(part(word, 0, 1) as u64),
                rubric,
                output::number(expires),
            ],
        );
        Ok(())
    }

    /// Tier 1: against the commitment, or by an approved verifier under a gas cap.
    #[inline(never)]
    fn prove(
        &self,
        mission: B256,
        node: u16,
        terms: &[B256; 7],
        output_hash: B256,
        proof: &[u8],
    ) -> Result<bool, Vec<u8>> {
        let verifier = Address::from_word(terms[4]);
        if verifier == Address::ZERO {
            let (given, salt) = match (proof.get(..32), proof.get(32..64)) {
                (Some(given), Some(salt)) => (B256::from_slice(given), B256::from_slice(salt)),
                _ => return Err(malformed()),
            };
            let words = [
                mission,
                output::number(node.into()),
                given,
                output_hash,
                salt,
            ];
            return Ok(self.vm().native_keccak256(&output::words(&words)) == terms[6]);
        }
        if self.vm().code_hash(verifier) != terms[5] {
            return refuse(
                wire::PageChanged::SELECTOR,
                &[terms[4], terms[5], B256::ZERO],
            );
        }
        let [gas] = self.parameters(0, [16])?;
        if self.vm().evm_gas_left() < gas + gas / 32 {
            return refuse(
                wire::GasFloor::SELECTOR,
                &[
                    output::number(self.vm().evm_gas_left()),
                    output::number(gas),
                ],
            );
        }
        let data = output::Output::of(4)
            .word(mission)
            .word(output_hash)
            .word(terms[6])
            .bytes(proof)
            .finish();
        // SAFETY: a static call cannot write storage, and no accessor is alive across it.
        let answer = unsafe {
            RawCall::new_static(self.vm())
                .gas(gas)
                .limit_return_data(0, 32)
                .flush_storage_cache()
                .call(verifier, &data)
        };
        Ok(answer.is_ok_and(|data| data.last() == Some(&1)))
    }

    #[inline(never)]
    fn submit_as(
        &mut self,
        executor: Address,
        mission: B256,
        node: u16,
        terms: &[B256; 7],
        outcome: [B256; 2],
        proof: &[u8],
    ) -> Result<(), Vec<u8>> {
        let (_, mission_word) = self.mission_in(mission, 1 << 3)?;
        self.not_halted(mission, mission_word)?;
        let (key, word) = self.node_in(mission, node, 1 << 3)?;
        let law = self.law(mission, node)?;
        self.seat_of(mission, node, law.redundancy, executor)?;
        if self.now() > part(word, 10, 5) as u64 {
            return refuse(
                wire::TooLate::SELECTOR,
                &[output::number(part(word, 10, 5) as u64)],
            );
        }
        let digest = self.vm().native_keccak256(&output::words(terms));
        if digest != law.digest {
            return refuse(wire::WrongPreimage::SELECTOR, &[law.digest]);
        }
        let attempt = part(word, 0, 1) as u8;
        self.write(self.node_key(mission, node, 1), outcome[0]);
        self.write(self.node_key(mission, node, 2), outcome[1]);
        if law.tier == 3 {
            self.note(mission, node, executor, attempt, 4, outcome)?;
            return self.review(mission, node, word, terms[3]);
        }
        self.note(mission, node, executor, attempt, 1, outcome)?;
        self.write(key, with(word, 2, 1, 1));
        if self.prove(mission, node, terms, outcome[0], proof)? {
            let score = self.score(executor)?;
            return self.complete_node(mission, node, &law, outcome, &[(executor, score)]);
        }
        self.fail_node(mission, node, 3);
        self.fault(mission, node, attempt, executor, 3)
    }

    pub(crate) fn submit_result(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let terms = Self::fields::<7>(input)?;
        let outcome = [input.word()?, input.word()?];
        let proof = input.bytes(16_384)?;
        self.submit_as(self.caller(), mission, node, &terms, outcome, proof)?;
        Ok(Vec::new())
    }

    #[inline(never)]
    fn commit_as(
        &mut self,
        executor: Address,
        mission: B256,
        node: u16,
        outcome: [B256; 2],
    ) -> Result<(), Vec<u8>> {
        let (_, mission_word) = self.mission_in(mission, 1 << 3)?;
        self.not_halted(mission, mission_word)?;
        let (key, word) = self.node_in(mission, node, 0b1_1000)?;
        let law = self.law(mission, node)?;
        let seat = self.seat_of(mission, node, law.redundancy, executor)?;
        let place = self.key(
            COMMITMENT,
            mission,
            output::number(
                u64::from(node) << 16 | (part(word, 0, 1) as u64) << 8 | u64::from(seat),
            ),
        );
        if self.read(place) != B256::ZERO {
            return refuse(
                wire::AlreadyDone::SELECTOR,
                &[mission, output::number(node.into()), executor.into_word()],
            );
        }
        self.note(mission, node, executor, part(word, 0, 1) as u8, 2, outcome)?;
        self.write(place, outcome[0]);
        self.write(self.key(VALUE, place, B256::ZERO), outcome[1]);
        self.set_state(mission, node, 4);
        let committed = part(word, 2, 1) + 1;
        let mut word = with(word, 2, 1, committed);
        if committed as u8 == law.redundancy {
            let [window] = self.parameters(0, [17])?;
            word = with(word, 10, 5, u128::from(self.now() + window.div_ceil(1_000)));
        }
        self.write(key, word);
        Ok(())
    }

    pub(crate) fn commit_result(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let outcome = [input.word()?, input.word()?];
        self.commit_as(self.caller(), mission, node, outcome)?;
        Ok(Vec::new())
    }

    #[inline(never)]
    fn reveal_as(
        &mut self,
        executor: Address,
        mission: B256,
        node: u16,
        value: &[u8],
        salt: B256,
    ) -> Result<(), Vec<u8>> {
        let (_, mission_word) = self.mission_in(mission, 1 << 3)?;
        self.not_halted(mission, mission_word)?;
        let (key, word) = self.node_in(mission, node, 1 << 4)?;
        let law = self.law(mission, node)?;
        let seat = self.seat_of(mission, node, law.redundancy, executor)?;
        let attempt = part(word, 0, 1) as u64;
        if (part(word, 2, 1) as u8) < law.redundancy && self.now() <= part(word, 10, 5) as u64 {
            return refuse(
                wire::TooEarly::SELECTOR,
                &[output::number(part(word, 10, 5) as u64)],
            );
        }
        let place = self.key(
            COMMITMENT,
            mission,
            output::number(u64::from(node) << 16 | attempt << 8 | u64::from(seat)),
        );
        let value_hash = self.vm().native_keccak256(value);
        let words = [
            mission,
            output::number(node.into()),
            output::number(attempt),
            executor.into_word(),
            value_hash,
            salt,
        ];
        let commitment = self.read(place);
        if self.vm().native_keccak256(&output::words(&words)) != commitment {
            return refuse(wire::WrongPreimage::SELECTOR, &[commitment]);
        }
        let kept = if law.mode == 3 {
            value_hash
        } else {
            B256::from_slice(value.get(..32).ok_or_else(malformed)?)
        };
        self.write(self.key(VALUE, place, output::number(1)), kept);
        let trail = self.read(self.key(VALUE, place, B256::ZERO));
        self.note(
            mission,
            node,
            executor,
            attempt as u8,
            3,
            [value_hash, trail],
        )?;
        let revealed = part(word, 3, 1) + 1;
        let word = with(
            with(word, 3, 1, revealed),
            30,
            1,
            part(word, 30, 1) | 1 << seat,
        );
        self.write(key, word);
        if revealed as u8 == law.redundancy && law.mode != 3 {
            self.conclude(mission, node, &law, word, &[])?;
        }
        Ok(())
    }

    pub(crate) fn reveal_result(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, executor) = (input.word()?, input.u16()?, input.address()?);
        let value = input.bytes(32 * ELEMENTS_MAX)?;
        let salt = input.word()?;
        self.reveal_as(executor, mission, node, value, salt)?;
        Ok(Vec::new())
    }

    /// Evaluates the reveals, settles, and charges the silent.
    #[inline(never)]
    fn conclude(
        &mut self,
        mission: B256,
        node: u16,
        law: &Law,
        word: B256,
        sets: &[Vec<B256>],
    ) -> Result<(), Vec<u8>> {
        let [jaccard_least, tolerance] = self.parameters(0, [18, 19])?;
        let (attempt, mask, out) = (
            part(word, 0, 1) as u64,
            part(word, 30, 1) as u8,
            part(word, 31, 1) as u8,
        );
        let mut revealed = Vec::with_capacity(SEATS_MAX);
        for seat in 0..law.redundancy {
            let agent = self.seat_agent(mission, node, seat);
            if mask & !out & 1 << seat == 0 {
                self.fault(mission, node, attempt as u8, agent, 1)?;
                continue;
            }
            let place = self.key(
                COMMITMENT,
                mission,
                output::number(u64::from(node) << 16 | attempt << 8 | u64::from(seat)),
            );
            let value = self.read(self.key(VALUE, place, output::number(1)));
            let trail = self.read(self.key(VALUE, place, B256::ZERO));
            if law.mode == 3 {
                let set = sets
                    .get(revealed.len())
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                if self.vm().native_keccak256(&output::words(set)) != value {
                    return refuse(wire::WrongPreimage::SELECTOR, &[value]);
                }
            }
            revealed.push((agent, value, trail));
        }
        let (best, members, size) = consensus(revealed.len(), |a, b| {
            match (law.mode, sets.get(a), sets.get(b)) {
                (3, Some(left), Some(right)) => jaccard(left, right) >= u128::from(jaccard_least),
                (mode, _, _) => match (revealed.get(a), revealed.get(b)) {
                    (Some(left), Some(right)) => agree(mode, left.1, right.1, tolerance.into()),
                    _ => false,
                },
            }
        });
        let Some(winner) = revealed.get(best).filter(|_| size >= law.threshold) else {
            self.fail_node(mission, node, 4);
            return Ok(());
        };
        let outcome = [winner.1, winner.2];
        let mut paid = Vec::with_capacity(SEATS_MAX);
        for (place, (agent, _, _)) in revealed.iter().enumerate() {
            if members & 1 << place != 0 {
                paid.push((*agent, self.score(*agent)?));
            } else {
                self.tell_peer(
                    Peer::Agent,
                    agents::updateReputationCall::SELECTOR,
                    &[agent.into_word(), B256::ZERO, mission, outcome[0]],
                )?;
            }
        }
        self.write(self.node_key(mission, node, 1), outcome[0]);
        self.write(self.node_key(mission, node, 2), outcome[1]);
        self.complete_node(mission, node, law, outcome, &paid)
    }

    pub(crate) fn close_verification(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let (count, mut lists) = input.list(SEATS_MAX)?;
        let (_, word) = self.node_in(mission, node, 1 << 4)?;
        let law = self.law(mission, node)?;
        let until = part(word, 10, 5) as u64;
        if (part(word, 3, 1) as u8) < law.redundancy && self.now() <= until {
            return refuse(wire::TooEarly::SELECTOR, &[output::number(until)]);
        }
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
        self.conclude(mission, node, &law, word, &sets)?;
        Ok(Vec::new())
    }

    pub(crate) fn submit_batch(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut results) = input.list(64)?;
        let (_, mut all_terms) = input.list(64)?;
        let (_, mut signatures) = input.list(64)?;
        for _ in 0..count {
            let mut result = results.tail()?;
            let [mission, node, attempt, kind, executor, output_hash, trail] =
                Self::fields(&mut result)?;
            let proof = result.bytes(16_384)?;
            let deadline = result.u64()?;
            let agent = Address::from_word(executor);
            let fields = [
                RESULT,
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
            self.signed(&fields, agent, deadline, signatures.bytes(2_048)?)?;
            let number = part(node, 30, 2) as u16;
            match part(kind, 31, 1) {
                1 | 4 => {
                    let terms = Self::fields::<7>(&mut all_terms)?;
                    self.submit_as(agent, mission, number, &terms, [output_hash, trail], proof)?;
                }
                2 => self.commit_as(agent, mission, number, [output_hash, trail])?,
                3 => {
                    let (salt, value) = proof.split_at_checked(32).ok_or_else(malformed)?;
                    self.reveal_as(agent, mission, number, value, B256::from_slice(salt))?;
                }
                _ => return Err(malformed()),
            }
        }
        Ok(Vec::new())
    }

    pub(crate) fn dispute(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, grounds) = (input.word()?, input.u16()?, input.word()?);
        let (_, word) = self.node_in(mission, node, 1 << 4)?;
        let law = self.law(mission, node)?;
        let executor = self.caller();
        let seat = self.seat_of(mission, node, law.redundancy, executor)?;
        if part(word, 30, 1) & 1 << seat == 0 {
            return refuse(
                wire::NotSeated::SELECTOR,
                &[mission, output::number(node.into()), executor.into_word()],
            );
        }
        let [bps] = self.parameters(0, [20])?;
        let bond = self.key(
            0,
            mission,
            output::number(u64::from(node) << 8 | u64::from(seat)),
        );
        let amount = law.budget.saturating_mul(bps.into()) / 10_000;
        self.tell_peer(
            Peer::Treasury,
            treasury::postBondCall::SELECTOR,
            &[
                bond,
                executor.into_word(),
                output::number(1),
                output::amount(amount),
            ],
        )?;
        self.emit(
            &[
                wire::ResultDisputed::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
                executor.into_word(),
            ],
            &[output::number(part(word, 0, 1) as u64), bond],
        );
        self.write(self.node_key(mission, node, 3), bond);
        self.review(mission, node, word, grounds)?;
        Ok(Vec::new())
    }

    pub(crate) fn decide_review(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, attempt) = (input.word()?, input.u16()?, input.u8()?);
        let (approved, score, seat) = (input.bool()?, input.u16()?, input.u8()?);
        self.only(&[Peer::Adjudication])?;
        let (_, word) = self.node_in(mission, node, 1 << 5)?;
        if part(word, 0, 1) as u8 != attempt || score > 1_000 {
            return Err(malformed());
        }
        let law = self.law(mission, node)?;
        let executor = self.seat_agent(mission, node, seat);
        let bond = self.read(self.node_key(mission, node, 3));
        if bond != B256::ZERO {
            let selector = if approved {
                treasury::returnBondCall::SELECTOR
            } else {
                treasury::forfeitBondCall::SELECTOR
            };
            self.tell_peer(Peer::Treasury, selector, &[bond])?;
        }
        if approved {
            let outcome = [1, 2].map(|place| self.read(self.node_key(mission, node, place)));
            self.complete_node(
                mission,
                node,
                &law,
                outcome,
                &[(executor, u32::from(score) * 1_000)],
            )?;
        } else {
            self.fail_node(mission, node, 5);
            self.fault(mission, node, attempt, executor, 5)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn disqualify(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, attempt) = (input.word()?, input.u16()?, input.u8()?);
        let executor = input.address()?;
        self.only(&[Peer::Adjudication])?;
        let (key, word) = self.node_in(mission, node, 1 << 4)?;
        let seat = self.seat_of(mission, node, 7, executor)?;
        self.write(key, with(word, 31, 1, part(word, 31, 1) | 1 << seat));
        self.emit(
            &[
                wire::SeatDisqualified::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
                executor.into_word(),
            ],
            &[output::number(attempt.into())],
        );
        Ok(Vec::new())
    }
}

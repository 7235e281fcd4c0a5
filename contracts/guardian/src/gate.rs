//! The gate: what lets a mission's output leave (P-01 to P-07; R10, R24).

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as collaboration, IGuardian as wire, IStatute as statute};
use agentcity_domain::{
    machine::MissionState, parameter::ParameterId as P, peer::Peer, signed::selector,
    statute::PREDICATES_MAX,
};
use agentcity_shell::{
    Answer,
    member::{Kind, Member},
    output,
    reader::Reader,
    topic,
    word::{get, having},
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::{call::RawCall, prelude::*};

use crate::{city::Order, storage::Guardian};

/// Of a mission: 0 predicates that passed, 1 that people cleared, 2 that failed, 3..8 when the log was reconciled. 1 the
/// log's root.
pub(crate) const GATE: Kind = 10;

/// `approvedCode` of the roster, and its number for predicates.
const APPROVED_CODE: [u8; 4] = selector("approvedCode(address,uint8)");
const PREDICATE: u64 = 1;

/// The state in which the gate decides.
const OPEN: u8 = MissionState::Verification as u8;

/// A predicate of a mission's statute.
#[derive(Clone, Copy)]
struct Predicate {
    target: Address,
    codehash: B256,
    human: bool,
    hard: bool,
}

impl Guardian {
    /// The predicates of a mission's statute.
    #[inline(never)]
    fn predicates(&self, mission: &B256) -> Result<Vec<Predicate>, Vec<u8>> {
        let answer = self.ask(
            Peer::Statute,
            Words::after(statute::predicatesCall::SELECTOR).word(mission),
        )?;
        let (count, mut list) = Reader::new(&answer).list(PREDICATES_MAX.into());
        let mut predicates = Vec::with_capacity(count);
        for _ in 0..count {
            predicates.push(Predicate {
                target: list.address(),
                codehash: list.word(),
                human: list.bool(),
                hard: list.bool(),
            });
        }
        list.end()?;
        Ok(predicates)
    }

    /// Asks a predicate, which has its gas and no more; refuses when that is not there, since nothing failed then.
    #[inline(never)]
    fn evaluate(
        &self,
        predicate: &Predicate,
        gas: u64,
        mission: &B256,
        digest: &B256,
    ) -> Result<bool, Vec<u8>> {
        let target = predicate.target.into_word();
        let mut call = Words::after(APPROVED_CODE);
        let approved = self.ask(Peer::Roster, call.word(&target).number(PREDICATE))?;
        let mut approved = Reader::new(&approved);
        let code = approved.word();
        approved.end()?;
        let found = self.vm().code_hash(predicate.target);
        if code != predicate.codehash || found != predicate.codehash {
            return Ok(false);
        }
        let margin = u64::from(const { P::PredicateGasMargin.row().default });
        let needed = gas.saturating_add(gas / 32).saturating_add(margin);
        let left = self.vm().evm_gas_left();
        if left < needed {
            return Words::after(wire::GasFloor::SELECTOR)
                .number(left)
                .number(needed)
                .refuse();
        }
        // SAFETY: a static call cannot write storage, and no accessor is alive across it.
        let answer = unsafe {
            RawCall::new_static(self.vm())
                .gas(gas)
                .limit_return_data(0, 33)
                .flush_storage_cache()
                .call(
                    predicate.target,
                    Words::new().word(mission).word(digest).bytes(),
                )
        };
        Ok(answer.is_ok_and(|data| data == output::truth(true).as_slice()))
    }

    #[inline(never)]
    fn digest_of(&self, mission: &B256) -> Result<B256, Vec<u8>> {
        let selector = collaboration::completionDigestCall::SELECTOR;
        let answer = self.ask(Peer::Collaboration, Words::after(selector).word(mission))?;
        let mut answer = Reader::new(&answer);
        let digest = answer.word();
        answer.end()?;
        Ok(digest)
    }

    pub(crate) fn filter_output(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        let found = self.mission_in(mission, OPEN)?;
        let [gas, human_window, reconcile_window] = self.parameters(
            found.epoch,
            [
                P::PredicateGasLimit as u8,
                P::GateTimeoutMs as u8,
                P::ReconcileTimeoutSecs as u8,
            ],
        )?;
        let digest = self.digest_of(mission)?;
        let predicates = self.predicates(mission)?;
        let key = self.key(GATE, *mission, B256::ZERO);
        let word = self.read(key);
        let cleared = get(&word, 1, 1) as u8;
        let (mut passed, mut failed, mut refused, mut all) = (0u8, 0u8, false, true);
        for (index, predicate) in (0u8..).zip(&predicates) {
            let bit = 1u8 << (index & 7);
            if predicate.human {
                if cleared & bit == 0 {
                    all = false;
                    let until = found.since.saturating_add(human_window.div_ceil(1_000));
                    self.log(
                        topic!(wire::HumanFilterRequired::SIGNATURE_HASH)
                            .word(mission)
                            .number(index.into())
                            .number(until),
                        3,
                    );
                }
                continue;
            }
            let holds = self.evaluate(predicate, gas, mission, &digest)?;
            if holds {
                passed |= bit;
            } else {
                failed |= bit;
                all = false;
                refused |= predicate.hard;
            }
            self.log(
                topic!(wire::PredicateEvaluated::SIGNATURE_HASH)
                    .word(mission)
                    .number(index.into())
                    .address(&predicate.target)
                    .truth(holds),
                3,
            );
        }
        let next = having(&word, 0, 1, passed.into());
        self.write(key, having(&next, 2, 1, failed.into()));
        if refused {
            let reason = collaboration::Reason::PredicateFailed;
            self.refuse_output(mission, reason)?;
        } else if all {
            // Released once a log was found equal to the chain, or nobody said otherwise for long enough (R10).
            let until = found.since.saturating_add(reconcile_window);
            if get(&word, 3, 5) == 0 && self.now() <= until {
                return Words::after(wire::TooEarly::SELECTOR)
                    .number(until)
                    .refuse();
            }
            self.release(mission, &digest, false)?;
        }
        Ok(Vec::new())
    }

    #[inline(never)]
    fn refuse_output(&self, mission: &B256, reason: collaboration::Reason) -> Result<(), Vec<u8>> {
        let order = Order {
            reason,
            ..Order::to(collaboration::Order::Refuse, *mission)
        };
        self.order(&order)
    }

    #[inline(never)]
    fn release(&self, mission: &B256, digest: &B256, by_panel: bool) -> Result<(), Vec<u8>> {
        self.log(
            topic!(wire::OutputReleased::SIGNATURE_HASH)
                .word(mission)
                .word(digest)
                .truth(by_panel),
            2,
        );
        self.order(&Order::to(collaboration::Order::Release, *mission))
    }

    pub(crate) fn clear_predicate(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, index) = (&input.word(), input.u8());
        self.only(&[Peer::Adjudication])?;
        self.mission_in(mission, OPEN)?;
        let predicates = self.predicates(mission)?;
        let human = predicates.get(usize::from(index)).is_some_and(|p| p.human);
        if !human {
            return Words::after(wire::UnknownPredicate::SELECTOR)
                .word(mission)
                .number(index.into())
                .number(predicates.len() as u64)
                .refuse();
        }
        let key = self.key(GATE, *mission, B256::ZERO);
        let word = self.read(key);
        let cleared = get(&word, 1, 1) | 1 << (index & 7);
        self.write(key, having(&word, 1, 1, cleared));
        self.log(
            topic!(wire::PredicateCleared::SIGNATURE_HASH)
                .word(mission)
                .number(index.into()),
            3,
        );
        Ok(Vec::new())
    }

    pub(crate) fn veto_output(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, justification) = (&input.word(), &input.word());
        self.only(&[Peer::Adjudication])?;
        self.log(
            topic!(wire::OutputVetoed::SIGNATURE_HASH)
                .word(mission)
                .word(justification),
            2,
        );
        let reason = collaboration::Reason::OutputVetoed;
        self.refuse_output(mission, reason)?;
        Ok(Vec::new())
    }

    pub(crate) fn release_output(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        self.only(&[Peer::Adjudication])?;
        self.mission_in(mission, OPEN)?;
        let passed = get(&self.entry(GATE, mission, 0), 0, 1) as u8;
        for (index, predicate) in (0u8..).zip(self.predicates(mission)?) {
            // What was never evaluated does not hold either (P-03).
            if predicate.hard && !predicate.human && passed & 1 << (index & 7) == 0 {
                return Words::after(wire::HardPredicateFailed::SELECTOR)
                    .number(index.into())
                    .refuse();
            }
        }
        let digest = self.digest_of(mission)?;
        self.release(mission, &digest, true)?;
        Ok(Vec::new())
    }
}

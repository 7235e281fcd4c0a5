//! The gate: what lets a mission's output leave (P-01 to P-07; R10, R24).

use alloc::vec::Vec;

use agentcity_abi::{
    ICollaboration as collaboration, IGuardian as wire, IPredicate as predicate,
    IStatute as statute,
};
use agentcity_domain::{
    gate::{GasRule, Gate, Outcome, PREDICATES_MAX, Predicate, require_open},
    machine::Command,
    parameter::ParameterId as P,
    peer::Peer,
    signed::selector,
    time::{Millis, Seconds, Timestamp},
};
use agentcity_shell::{
    Answer,
    member::Member,
    output, program,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::{call::RawCall, prelude::*};

use crate::{
    city::{Mission, Order},
    error::{About, revert, revert_gate},
    storage::Guardian,
};

/// `approvedCode` of the roster, and its number for predicates.
const APPROVED_CODE: [u8; 4] = selector("approvedCode(address,uint8)");
const PREDICATE: u64 = 1;

/// Most bytes that are copied of a predicate's answer: one more than a right one has.
const ANSWER_BYTES_MAX: usize = 33;

/// Where a predicate stands, and what its code was when it was approved.
struct Program {
    target: Address,
    codehash: B256,
}

/// The predicates of a mission's statute.
struct Questions {
    programs: Vec<Program>,
    kinds: Vec<Predicate>,
}

impl Guardian {
    #[inline(never)]
    fn questions(&self, mission: &B256) -> Result<Questions, Vec<u8>> {
        let answer = self.ask(
            Peer::Statute,
            Words::after(statute::predicatesCall::SELECTOR).word(mission),
        )?;
        let (count, mut list) = Reader::new(&answer).list(PREDICATES_MAX.into());
        let mut questions = Questions {
            programs: Vec::with_capacity(count),
            kinds: Vec::with_capacity(count),
        };
        for _ in 0..count {
            questions.programs.push(Program {
                target: list.address(),
                codehash: list.word(),
            });
            questions.kinds.push(Predicate {
                is_human: list.bool(),
                is_hard: list.bool(),
            });
        }
        list.end()?;
        Ok(questions)
    }

    /// The mission, if the gate may decide about it by this command.
    ///
    /// Errors: `WrongMissionState`, `Halted`.
    #[inline(never)]
    fn at_gate(&self, mission: &B256, command: Command) -> Result<Mission, Vec<u8>> {
        let found = self.mission(mission)?;
        require_open(found.state).map_err(|no| revert_gate(no, mission))?;
        self.watch(mission)
            .require(&self.city(), command)
            .map_err(|no| revert(no, About::mission(mission)))?;
        Ok(found)
    }

    /// Whether a program is still the approved one, there and with the panel. One that is not is not called: an account whose
    /// code changed behind its address never got anybody's approval (P-05).
    #[inline(never)]
    fn is_approved(&self, program: &Program) -> Result<bool, Vec<u8>> {
        let answer = self.ask(
            Peer::Roster,
            Words::after(APPROVED_CODE)
                .address(&program.target)
                .number(PREDICATE),
        )?;
        let mut answer = Reader::new(&answer);
        let approved = answer.word();
        answer.end()?;
        Ok(approved == program.codehash
            && approved != B256::ZERO
            && self.vm().code_hash(program.target) == program.codehash)
    }

    /// Asks a program, which has its gas and no more. Whatever it does but answer one true word is a no; but a program whose
    /// activation lapsed does nothing, and was not asked. Anyone activates it again; if nobody does, the gate times out (RULINGS A8).
    ///
    /// Errors: `PredicateLapsed`.
    #[inline(never)]
    fn permits(&self, program: &Program, gas: u64, call: &Words) -> Result<bool, Vec<u8>> {
        // SAFETY: a static call cannot write storage, and no accessor is alive across it.
        let answer = unsafe {
            RawCall::new_static(self.vm())
                .gas(gas)
                .limit_return_data(0, ANSWER_BYTES_MAX)
                .flush_storage_cache()
                .call(program.target, call.bytes())
        };
        if answer.is_err() && program::life(self.vm(), program.target) == 0 {
            return Words::after(wire::PredicateLapsed::SELECTOR)
                .address(&program.target)
                .refuse();
        }
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

    /// Asks the programs that were not asked yet, up to the first hard one that says no.
    ///
    /// Errors: `GasFloor`, before any is asked or while what goes on beside them takes more than its margin; `PredicateLapsed`.
    /// Events: `PredicateEvaluated`.
    #[inline(never)]
    fn ask_programs(
        &self,
        mission: &B256,
        digest: &B256,
        questions: &Questions,
        mut gate: Gate,
        gas: u64,
    ) -> Result<Gate, Vec<u8>> {
        let rule = GasRule {
            limit: gas,
            margin: u64::from(const { P::PredicateGasMargin.constant() }),
        };
        let mut call = Words::after(predicate::permitsCall::SELECTOR);
        call.word(mission).word(digest);
        let kinds = &questions.kinds;
        for (index, (program, kind)) in (0u8..).zip(questions.programs.iter().zip(kinds)) {
            if !gate.is_unasked(index, *kind) {
                continue;
            }
            let is_approved = self.is_approved(program)?;
            rule.require(self.vm().evm_gas_left(), gate.unasked(kinds))
                .map_err(|no| revert_gate(no, mission))?;
            let passes = is_approved && self.permits(program, gas, &call)?;
            gate = gate.note(index, passes);
            self.log(
                topic!(wire::PredicateEvaluated::SIGNATURE_HASH)
                    .word(mission)
                    .number(index.into())
                    .address(&program.target)
                    .truth(passes),
                3,
            );
            if !passes && kind.is_hard {
                break;
            }
        }
        Ok(gate)
    }

    /// Errors: `WrongMissionState`, `Halted`, `GasFloor`, `PredicateLapsed`, `AwaitsPanel`, `TooEarly` without a reconciliation.
    /// Events: `PredicateEvaluated`, `HumanFilterRequired`, `ReconciliationMissed`, `OutputReleased`.
    pub(crate) fn filter_output(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        input.end()?;
        let found = self.at_gate(mission, Command::FilterOutput)?;
        let [gas, human_window, reconcile_window] = self.parameters(
            found.epoch,
            [
                P::PredicateGasLimit as u8,
                P::GateTimeoutMs as u8,
                P::ReconcileTimeoutSecs as u8,
            ],
        )?;
        let digest = &self.digest_of(mission)?;
        let questions = self.questions(mission)?;
        let before = self.gate(mission);
        let mut gate = self.ask_programs(mission, digest, &questions, before, gas)?;
        // What was stopped at the gate waits from when it went on: under a stop no monitor could say anything.
        let opened = found
            .since
            .max(self.watch(mission).cleared_at)
            .max(self.city().cleared_at);
        if !gate.is_asked {
            let until = opened.saturating_add(Millis::new(human_window).to_seconds_ceil().get());
            for (index, kind) in (0u8..).zip(&questions.kinds) {
                if gate.waits(index, *kind) {
                    gate.is_asked = true;
                    self.log(
                        topic!(wire::HumanFilterRequired::SIGNATURE_HASH)
                            .word(mission)
                            .number(index.into())
                            .number(until),
                        3,
                    );
                }
            }
        }
        let outcome = gate
            .conclude(
                &questions.kinds,
                gate != before,
                Timestamp::new(opened),
                Seconds::new(reconcile_window),
                Timestamp::new(self.now()),
            )
            .map_err(|no| revert_gate(no, mission))?;

        self.set_gate(mission, &gate);

        match outcome {
            Outcome::Waits => {}
            Outcome::Refuses => {
                self.refuse_output(mission, collaboration::Reason::PredicateFailed)?;
            }
            Outcome::Releases => self.release(mission, digest, false)?,
            Outcome::ReleasesUnreconciled => {
                self.log(
                    topic!(wire::ReconciliationMissed::SIGNATURE_HASH)
                        .word(mission)
                        .number(opened),
                    2,
                );
                self.release(mission, digest, false)?;
            }
        }
        Ok(Vec::new())
    }

    #[inline(never)]
    fn refuse_output(&self, mission: &B256, reason: collaboration::Reason) -> Result<(), Vec<u8>> {
        self.order(&Order {
            reason,
            ..Order::to(collaboration::Order::Refuse, mission)
        })
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
        self.order(&Order::to(collaboration::Order::Release, mission))
    }

    /// Errors: `Unauthorized`, `WrongMissionState`, `Halted`, `UnknownPredicate`, `AlreadyCleared`.
    /// Events: `PredicateCleared`.
    pub(crate) fn clear_predicate(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, index) = (&input.word(), input.u8());
        self.only(&[Peer::Adjudication])?;
        self.at_gate(mission, Command::ClearPredicate)?;
        let questions = self.questions(mission)?;
        let gate = self
            .gate(mission)
            .clear(&questions.kinds, index)
            .map_err(|no| revert_gate(no, mission))?;

        self.set_gate(mission, &gate);

        self.log(
            topic!(wire::PredicateCleared::SIGNATURE_HASH)
                .word(mission)
                .number(index.into()),
            3,
        );
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `WrongMissionState`.
    /// Events: `OutputVetoed`.
    pub(crate) fn veto_output(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, justification) = (&input.word(), &input.word());
        self.only(&[Peer::Adjudication])?;
        self.at_gate(mission, Command::VetoOutput)?;
        self.log(
            topic!(wire::OutputVetoed::SIGNATURE_HASH)
                .word(mission)
                .word(justification),
            2,
        );
        self.refuse_output(mission, collaboration::Reason::OutputVetoed)?;
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `WrongMissionState`, `Halted`, `HardPredicateFailed`.
    /// Events: `OutputReleased`.
    pub(crate) fn release_output(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        self.only(&[Peer::Adjudication])?;
        self.at_gate(mission, Command::ReleaseOutput)?;
        let questions = self.questions(mission)?;
        self.gate(mission)
            .require_releasable(&questions.kinds)
            .map_err(|no| revert_gate(no, mission))?;
        let digest = self.digest_of(mission)?;
        self.release(mission, &digest, true)?;
        Ok(Vec::new())
    }
}

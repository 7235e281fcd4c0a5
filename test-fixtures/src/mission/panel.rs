//! What the panel decides about laws and missions, signed by adjudicators and relayed ([`crate::city::panel`]).

use super::{MissionError, Scene, Stage, Step, scene::said, work::name_of};
use crate::{
    city::{Act, CallError, Person},
    sender::Outcome,
};
use agentcity_abi::{IEnactment as enactment, IRoster as roster};
use agentcity_domain::{act::Action, peer::Peer};
use alloy::{
    primitives::{Address, B256, keccak256},
    sol_types::{SolCall, SolError},
};
use std::fmt::Debug;

impl Stage {
    /// The panel rules.
    pub fn rule<C: SolCall>(&mut self, at: Peer, call: &C) -> Result<Outcome, CallError> {
        self.city.rule(at, call)
    }

    /// The panel's ruling, signed, for somebody who relays it among others' transactions: of an action that waits for nothing.
    pub fn ruling<C: SolCall>(&mut self, at: Peer, call: &C) -> Result<Step, CallError> {
        let act = self.city.act(at, call)?;
        let needed = self.city.needed(&act)?;
        let signers = self.city.in_turn(needed);
        let call = self.city.submission(&act, &signers);
        let by = self.sponsor.clone();
        let step = self.step(&by, Peer::Adjudication, &call, "");
        Ok(Step {
            what: format!("{} by the panel", name_of::<C>()),
            ..step
        })
    }

    /// The panel audits a codification, as it must where a node is of high risk.
    pub(crate) fn audits(&mut self, session: B256, statute: B256) -> Result<(), MissionError> {
        let call = enactment::auditCodificationCall {
            sessionId: session,
            statuteHash: statute,
        };
        self.rule(Peer::Enactment, &call)?;
        Ok(())
    }

    /// The panel waives the least fairness for a session (L-06): where one executor is to have all seats, that is the only way.
    pub(crate) fn waives_fairness(&mut self, session: B256) -> Result<(), MissionError> {
        let call = enactment::waiveFairnessCall {
            sessionId: session,
            justificationHash: keccak256("nobody else does this"),
        };
        self.rule(Peer::Enactment, &call)?;
        Ok(())
    }

    /// The panel approves a program with the code that it has.
    pub fn approve(
        &mut self,
        program: Address,
        kind: roster::ProgramKind,
    ) -> Result<B256, MissionError> {
        let codehash = self.city.client.codehash(program)?;
        if kind == roster::ProgramKind::Predicate {
            let call = roster::approvePredicateCall { program, codehash };
            self.rule(Peer::Roster, &call)?;
        } else {
            let call = roster::approveVerifierCall { program, codehash };
            self.rule(Peer::Roster, &call)?;
        }
        Ok(codehash)
    }

    /// The panel takes back what it approved.
    pub fn revoke(
        &mut self,
        program: Address,
        kind: roster::ProgramKind,
    ) -> Result<(), MissionError> {
        let asked = roster::approvedCodeCall {
            account: program,
            kind,
        };
        let to = self.city.address(Peer::Roster);
        let codehash = self.city.client.ask(to, &asked)?;
        if kind == roster::ProgramKind::Predicate {
            let call = roster::revokePredicateCall { program, codehash };
            self.rule(Peer::Roster, &call)?;
        } else {
            let call = roster::revokeVerifierCall { program, codehash };
            self.rule(Peer::Roster, &call)?;
        }
        Ok(())
    }
}

impl Scene {
    /// Adjudicators by their numbers.
    pub fn adjudicators(&self, numbers: &[usize]) -> Vec<Person> {
        let all = &self.stage.city.adjudicators;
        numbers.iter().map(|number| all[*number].clone()).collect()
    }

    /// An action of these words.
    #[track_caller]
    pub fn draft(&mut self, action: Action, words: &[B256]) -> Act {
        let act = self.stage.city.draft(action, words);
        act.unwrap_or_else(|e| panic!("{e}"))
    }

    /// The action that lands in this call.
    #[track_caller]
    pub fn act<C: SolCall>(&mut self, at: Peer, call: &C) -> Act {
        let act = self.stage.city.act(at, call);
        act.unwrap_or_else(|e| panic!("{e}"))
    }

    /// These adjudicators sign it, and it is handed in.
    #[track_caller]
    pub fn decide(&mut self, act: &Act, signers: &[usize]) -> Outcome {
        let signers = self.adjudicators(signers);
        let handed_in = self.stage.city.hand_in(act, &signers);
        handed_in.unwrap_or_else(|e| panic!("{:?}: {e}", act.action))
    }

    /// These adjudicators sign it, which is refused with exactly this.
    #[track_caller]
    pub fn undecided<E: SolError + Debug>(&mut self, act: &Act, signers: &[usize], expected: &E) {
        let signers = self.adjudicators(signers);
        let Err(error) = self.stage.city.hand_in(act, &signers) else {
            panic!("{:?} was taken", act.action);
        };
        refused_with(&error, expected);
    }

    /// What is queued is carried out by the courier.
    #[track_caller]
    pub fn execute(&mut self, act: &Act) -> Outcome {
        let executed = self.stage.city.execute(act);
        executed.unwrap_or_else(|e| panic!("{:?}: {e}", act.action))
    }

    /// What is queued is not carried out, for exactly this.
    #[track_caller]
    pub fn unexecuted<E: SolError + Debug>(&mut self, act: &Act, expected: &E) {
        let Err(error) = self.stage.city.execute(act) else {
            panic!("{:?} was carried out", act.action);
        };
        refused_with(&error, expected);
    }
}

#[track_caller]
fn refused_with<E: SolError + Debug>(error: &CallError, expected: &E) {
    let found = said(error);
    let known = E::abi_decode(&found);
    assert_eq!(
        found,
        expected.abi_encode(),
        "{expected:?} expected, {known:?} said"
    );
}

//! Adjudication and its roster, for which doubles stand: whatever the panel says and whatever the roster answers is said here, so that
//! the programs can come into the place of both.

use super::{MissionError, Stage, Step, work::name_of};
use crate::{
    city::{CallError, Charter, Person, double::IDouble},
    sender::Outcome,
};
use agentcity_abi::{IEnactment as enactment, IRoster as roster};
use agentcity_domain::peer::Peer;
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolCall,
};

/// Whom doubles stand for.
const STAND_INS: [Peer; 2] = [Peer::Adjudication, Peer::Roster];

/// The charter of a city that legislates and executes by its own programs.
pub fn charter() -> Charter {
    Charter {
        doubles: STAND_INS.to_vec(),
        ..Charter::default()
    }
}

impl Stage {
    // ------------------------------------------------------------------ the panel

    /// The panel rules.
    pub fn rule<C: SolCall>(&mut self, at: Peer, call: &C) -> Result<Outcome, CallError> {
        let (panel, to) = (self.city.double(Peer::Adjudication), self.city.address(at));
        panel.say(&mut self.city.client, to, call)
    }

    /// The panel gives several rulings in one transaction.
    pub fn rules<C: SolCall>(&self, at: Peer, calls: &[C]) -> Step {
        let panel = self.city.double(Peer::Adjudication);
        let input = IDouble::forwardAllCall {
            targets: vec![self.city.address(at); calls.len()],
            calls: calls.iter().map(|call| call.abi_encode().into()).collect(),
        };
        Step {
            what: format!("{} × {} by the panel", name_of::<C>(), calls.len()),
            by: panel.operator,
            to: panel.address,
            input: input.abi_encode().into(),
        }
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

    // ------------------------------------------------------------------ the roster

    /// What the roster answers to begin with: all genesis adjudicators are active, nothing is frozen, no program is approved yet, and
    /// whoever charges a monitor is heard.
    pub(super) fn seat_roster(&mut self) -> Result<(), MissionError> {
        let double = self.city.double(Peer::Roster);
        let active = self.city.adjudicators.len() as u8;
        let client = &mut self.city.client;
        double.answers::<roster::activeAdjudicatorsCall>(client, &active)?;
        let never = U256::ZERO.to();
        double.answers::<roster::haltedUntilCall>(client, &never)?;
        double.answers::<roster::approvedCodeCall>(client, &B256::ZERO)?;
        double.answers::<roster::chargeMonitorCall>(client, &roster::chargeMonitorReturn {})?;
        Ok(())
    }

    /// The roster approves a program with the code that it has.
    pub fn approve(
        &mut self,
        program: Address,
        kind: roster::ProgramKind,
    ) -> Result<B256, MissionError> {
        let codehash = self.city.client.codehash(program)?;
        self.approve_code(program, kind, codehash)?;
        Ok(codehash)
    }

    /// The roster approves this code of a program; none if it is zero.
    pub fn approve_code(
        &mut self,
        program: Address,
        kind: roster::ProgramKind,
        codehash: B256,
    ) -> Result<(), MissionError> {
        let asked = roster::approvedCodeCall {
            account: program,
            kind,
        };
        let double = self.city.double(Peer::Roster);
        double.answers_to(&mut self.city.client, &asked, &codehash)?;
        Ok(())
    }

    /// The roster knows somebody as an active monitor with a scorer of its own, for whom `principal` answers.
    pub fn know_monitor(
        &mut self,
        monitor: &Person,
        principal: Address,
    ) -> Result<(), MissionError> {
        let known = roster::Monitor {
            standing: roster::Standing::Active,
            principal,
            scorerId: keccak256(format!("scorer of {}", monitor.name)),
            bond: 1,
            falsePositives: 0,
            suspendedUntil: U256::ZERO.to(),
        };
        let asked = roster::monitorCall {
            account: monitor.address(),
        };
        let double = self.city.double(Peer::Roster);
        double.answers_to(&mut self.city.client, &asked, &known)?;
        Ok(())
    }

    /// The watchdog freezes the city until the end of this second; zero lifts it.
    pub fn freeze_city(&mut self, until: u64) -> Result<(), MissionError> {
        let until = U256::from(until).to();
        let double = self.city.double(Peer::Roster);
        double.answers::<roster::haltedUntilCall>(&mut self.city.client, &until)?;
        Ok(())
    }
}

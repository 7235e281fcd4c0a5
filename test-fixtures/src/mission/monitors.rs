//! Monitors: agents of principals of their own, bonded out of their credit with the treasury and approved by the panel.

use super::{MissionError, Stage};
use crate::city::{
    Person,
    life::{AgentType, GOOD_UNTIL, PrincipalClass, Registration},
};
use agentcity_abi::{
    IAgent as agents, IGuardian as guardian, IRoster as roster, ITreasury as treasury,
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer, signed::work as signed};
use alloy::{
    primitives::{B256, U256, keccak256},
    sol_types::SolCall,
};

/// A monitor, who answers for it, and what it put up.
#[derive(Clone, Debug)]
pub struct Watcher {
    /// Who watches.
    pub monitor: Person,
    /// Who answers for it.
    pub principal: Person,
    /// In base units.
    pub bond: U256,
}

impl Stage {
    /// A monitor of this name with a scorer and a principal of its own; the same one again if it is there.
    pub fn bring_monitor(&mut self, name: &str) -> Result<Person, MissionError> {
        let principal = self.city.person(&format!("principal of {name}"))?;
        self.bring_monitor_of(name, &principal)
    }

    /// The same of this principal, who enrols if nobody knows it yet.
    pub fn bring_monitor_of(
        &mut self,
        name: &str,
        principal: &Person,
    ) -> Result<Person, MissionError> {
        let scorer = keccak256(format!("scorer of {name}"));
        self.bring_monitor_with(name, principal, scorer)
    }

    /// The same with this scorer.
    pub fn bring_monitor_with(
        &mut self,
        name: &str,
        principal: &Person,
        scorer: B256,
    ) -> Result<Person, MissionError> {
        let mut known = self.watchers.iter();
        if let Some(known) = known.find(|known| known.monitor.name == name) {
            return Ok(known.monitor.clone());
        }
        let monitor = self.city.person(name)?;
        let both = [monitor.clone(), principal.clone()];
        self.city.give_tokens(&both)?;
        let record = agents::principalRecordCall {
            principal: principal.address(),
        };
        let to = self.city.address(Peer::Agent);
        let record = self.city.client.ask(to, &record)?;
        if record.class == PrincipalClass::None {
            self.city.enrol(std::slice::from_ref(principal))?;
        }
        self.city.register(&[Registration {
            agent: monitor.clone(),
            kind: AgentType::Monitor,
            principal: principal.clone(),
        }])?;
        let units = self.city.number(P::MonitorBond)?;
        let bond = self.city.base_units(units);
        let deposit = treasury::depositCall {
            account: monitor.address(),
            amount: bond,
        };
        let (to, value) = (self.city.address(Peer::Treasury), self.city.value_of(bond));
        let input = deposit.abi_encode().into();
        let what = format!("the bond of {name}");
        self.city
            .client
            .pay(monitor.signer(), to, value, input, what)?;
        let to = self.city.address(Peer::Roster);
        let put_up = roster::bondMonitorCall { scorerId: scorer };
        self.city.client.send(&monitor, to, &put_up)?;
        let approve = roster::approveMonitorCall {
            account: monitor.address(),
            scorerId: scorer,
        };
        self.rule(Peer::Roster, &approve)?;
        self.watchers.push(Watcher {
            monitor: monitor.clone(),
            principal: principal.clone(),
            bond,
        });
        Ok(monitor)
    }

    /// All monitors retire, and have back what is left of their bonds after the appeal window. How much they had put up.
    pub fn release_monitors(&mut self) -> Result<U256, MissionError> {
        let to = self.city.address(Peer::Roster);
        let watchers = std::mem::take(&mut self.watchers);
        let mut retired = Vec::with_capacity(watchers.len());
        for watcher in &watchers {
            let account = watcher.monitor.address();
            let known = self.city.client.ask(to, &roster::monitorCall { account })?;
            if known.standing == roster::Standing::Active {
                let call = roster::retireMonitorCall {};
                self.city.client.send(&watcher.monitor, to, &call)?;
                retired.push(watcher);
            }
        }
        if !retired.is_empty() {
            let window = u64::from(self.city.number(P::AppealWindowSecs)?);
            let now = self.city.client.now()?;
            self.outlast(now + window)?;
        }
        for watcher in retired {
            let release = roster::releaseMonitorCall {
                monitor: watcher.monitor.address(),
            };
            self.city.client.send(&watcher.monitor, to, &release)?;
        }
        Ok(watchers.iter().map(|watcher| watcher.bond).sum())
    }

    /// What a stranger relays of two monitors who saw no block between two times, in unix seconds: each has signed it for this mission.
    pub fn outage_words(
        &self,
        mission: B256,
        (from, until): (u64, u64),
        monitors: &[Person; 2],
    ) -> guardian::enterDegradedCall {
        let words = monitors.each_ref().map(|monitor| {
            let report = guardian::OutageReport {
                missionId: mission,
                from: U256::from(from).to(),
                until: U256::from(until).to(),
                deadline: GOOD_UNTIL,
                monitor: monitor.address(),
            };
            let signed = signed::OutageReport {
                mission_id: mission,
                from,
                until,
                deadline: GOOD_UNTIL,
                monitor: monitor.address(),
            };
            let digest = self.city.digest(Peer::Guardian, &signed.words());
            (report, monitor.sign(digest))
        });
        guardian::enterDegradedCall {
            reports: words.clone().map(|(report, _)| report),
            signatures: words.map(|(_, signature)| signature),
        }
    }
}

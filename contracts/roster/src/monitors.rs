//! Monitors: bonded with the treasury, approved by the panel, charged for false alarms (G-10).

use alloc::vec::Vec;

use agentcity_abi::{IRoster as wire, ITreasury as treasury};
use agentcity_domain::{
    amount::Bps,
    parameter::ParameterId as P,
    peer::Peer,
    roster::{
        books::base_units,
        monitor::{Monitor, Penalty},
    },
    treasury::bond::Kind,
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    error::{About, Decided, NOBODY},
    storage::{Roster, standing_number},
};

impl Roster {
    /// Events: `MonitorChanged`.
    #[inline(never)]
    fn say_monitor(&self, monitor: &B256, of: &Monitor) {
        self.log(
            topic!(wire::MonitorChanged::SIGNATURE_HASH)
                .word(monitor)
                .number(standing_number(of.standing))
                .number(of.false_positives.into())
                .number(of.suspended_until),
            2,
        );
    }

    /// Events: `MonitorChanged`.
    #[inline(never)]
    fn change_monitor(&mut self, monitor: &B256, of: &Monitor) {
        self.set_watcher(monitor, of);
        self.say_monitor(monitor, of);
    }

    /// Tells the treasury about the bond of this number.
    #[inline(never)]
    pub(crate) fn end_bond(&self, selector: [u8; 4], id: &B256) -> Answer {
        self.tell(Peer::Treasury, Words::after(selector).word(id))?;
        Ok(Vec::new())
    }

    /// Has the treasury put up a bond out of an account's credit.
    #[inline(never)]
    pub(crate) fn post_bond(
        &self,
        id: &B256,
        owner: &B256,
        kind: Kind,
        amount: u128,
    ) -> Result<(), Vec<u8>> {
        self.tell(
            Peer::Treasury,
            Words::after(treasury::postBondCall::SELECTOR)
                .word(id)
                .word(owner)
                .number(kind as u64)
                .amount(amount),
        )
    }

    /// Errors: `WrongStanding`; `ValueChanged` where nobody answers for the caller; the treasury's refusal.
    /// Events: `MonitorBonded`, `MonitorChanged`.
    pub(crate) fn bond_monitor(&mut self, input: &mut Reader<'_>) -> Answer {
        let scorer = input.word();
        let monitor = &self.caller().into_word();
        let (principal, _) = self.principals(monitor)?;
        let units = self.parameter(P::MonitorBond)?;
        let (_, scale) = self.asset();
        let amount = base_units(units, scale).about(NOBODY)?;
        let bonded = self
            .watcher(monitor)
            .bond(principal, scorer, units as u32, amount)
            .of(monitor)?;
        self.log(
            topic!(wire::MonitorBonded::SIGNATURE_HASH)
                .word(monitor)
                .address(&principal)
                .word(&scorer)
                .amount(amount.get()),
            4,
        );
        self.change_monitor(monitor, &bonded);
        self.post_bond(monitor, monitor, Kind::Monitor, amount.get())?;
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `WrongStanding`, `ValueChanged`.
    /// Events: `MonitorChanged`.
    pub(crate) fn approve_monitor(&mut self, input: &mut Reader<'_>) -> Answer {
        let (monitor, scorer) = (&input.address().into_word(), &input.word());
        self.only(&[Peer::Adjudication])?;
        let found = self.watcher(monitor);
        let approved = found.approve().of(monitor)?;
        self.unchanged(scorer, &found.scorer)?;
        self.change_monitor(monitor, &approved);
        Ok(Vec::new())
    }

    /// That a word is what was signed.
    ///
    /// Errors: `ValueChanged`.
    #[inline(never)]
    pub(crate) fn unchanged(&self, expected: &B256, found: &B256) -> Result<(), Vec<u8>> {
        if expected == found {
            return Ok(());
        }
        Words::after(wire::ValueChanged::SELECTOR)
            .word(expected)
            .word(found)
            .refuse()
    }

    /// Errors: `Unauthorized`, `WrongStanding`.
    /// Events: `MonitorChanged`.
    pub(crate) fn revoke_monitor(&mut self, input: &mut Reader<'_>) -> Answer {
        let monitor = &input.address().into_word();
        self.only(&[Peer::Adjudication])?;
        let revoked = self.watcher(monitor).revoke().of(monitor)?;
        self.change_monitor(monitor, &revoked);
        self.end_bond(treasury::forfeitBondCall::SELECTOR, monitor)
    }

    /// Errors: `WrongStanding`.
    /// Events: `MonitorChanged`.
    pub(crate) fn retire_monitor(&mut self) -> Answer {
        let monitor = &self.caller().into_word();
        let window = self.parameter(P::AppealWindowSecs)?;
        let retired = self
            .watcher(monitor)
            .retire(window, self.now())
            .of(monitor)?;
        self.change_monitor(monitor, &retired);
        Ok(Vec::new())
    }

    /// Errors: `WrongStanding`, `NotDue`.
    /// Events: `MonitorChanged`.
    pub(crate) fn release_monitor(&mut self, input: &mut Reader<'_>) -> Answer {
        let monitor = &input.address().into_word();
        let released = self.watcher(monitor).release(self.now()).of(monitor)?;
        self.change_monitor(monitor, &released);
        self.end_bond(treasury::returnBondCall::SELECTOR, monitor)
    }

    /// Errors: `Unauthorized`, `AlreadyDone`, `WrongStanding`.
    /// Events: `MonitorCharged`, `MonitorChanged`.
    pub(crate) fn charge_monitor(&mut self, input: &mut Reader<'_>) -> Answer {
        let (monitor, freeze) = (&input.address().into_word(), input.u64());
        self.only(&[Peer::Guardian])?;
        if self.charge_once(monitor, freeze) {
            return Words::after(wire::AlreadyDone::SELECTOR)
                .word(monitor)
                .refuse();
        }
        let [share, suspension] = self.live([
            P::FalsePositiveSlashBps as u8,
            P::MonitorSuspensionSecs as u8,
        ])?;
        let penalty = Penalty {
            share: Bps::new(share).map_err(|_| malformed())?,
            suspension,
        };
        let found = self.watcher(monitor);
        let (_, scale) = self.asset();
        let about = About::who(monitor);
        let posted = base_units(found.units.into(), scale).about(about)?;
        let (charged, cost) = found.charge(posted, penalty, self.now()).about(about)?;
        self.log(
            topic!(wire::MonitorCharged::SIGNATURE_HASH)
                .word(monitor)
                .number(freeze)
                .amount(cost.get()),
            3,
        );
        self.change_monitor(monitor, &charged);
        self.tell(
            Peer::Treasury,
            Words::after(treasury::chargeBondCall::SELECTOR)
                .word(monitor)
                .amount(cost.get()),
        )?;
        if charged.left.is_zero() {
            self.end_bond(treasury::forfeitBondCall::SELECTOR, monitor)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn monitor(&mut self, input: &mut Reader<'_>) -> Answer {
        let found = self.watcher(&input.address().into_word());
        Words::new()
            .number(standing_number(found.standing))
            .address(&found.principal)
            .word(&found.scorer)
            .amount(found.left.get())
            .number(found.false_positives.into())
            .number(found.suspended_until)
            .answer()
    }
}

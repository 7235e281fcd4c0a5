//! Monitors: bonded with the treasury, approved by the panel, charged for false alarms (G-10).

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, IRoster as wire, ITreasury as treasury};
use agentcity_domain::{literal, parameter::ParameterId, peer::Peer};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, amount, number},
    refuse,
    word::{part, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    seats::{ACTIVE, CANDIDATE, LEAVING, RELEASED, REMOVED},
    storage::{CHARGED, MONITOR, Roster},
};

/// What a monitor's bond is for, as the treasury counts.
const BOND: u64 = 4;
/// The whole, in basis points.
const WHOLE: u128 = 10_000;

impl Roster {
    /// Tells the treasury about a bond.
    #[inline(never)]
    pub(crate) fn bond(&self, selector: [u8; 4], words: &[B256]) -> Result<Vec<u8>, Vec<u8>> {
        self.tell_peer(Peer::Treasury, selector, words)
    }

    #[inline(never)]
    fn watcher(&self, monitor: B256) -> (B256, B256) {
        let key = self.key(MONITOR, monitor, B256::ZERO);
        (key, self.read(key))
    }

    /// Errors: `WrongStanding`.
    #[inline(never)]
    fn watcher_in(&self, monitor: B256, standings: &[u8]) -> Result<B256, Vec<u8>> {
        let (_, word) = self.watcher(monitor);
        let standing = part(word, 0, 1) as u8;
        if !standings.contains(&standing) {
            return refuse(
                wire::WrongStanding::SELECTOR,
                &[monitor, number(standing.into())],
            );
        }
        Ok(word)
    }

    #[inline(never)]
    fn change_monitor(&mut self, monitor: B256, word: B256, standing: u8) {
        let (key, _) = self.watcher(monitor);
        self.write(key, with(word, 0, 1, standing.into()));
        self.emit(
            &[literal!(wire::MonitorChanged::SIGNATURE_HASH), monitor],
            &[
                number(standing.into()),
                amount(part(word, 1, 2)),
                amount(part(word, 3, 5)),
            ],
        );
    }

    pub(crate) fn bond_monitor(&mut self, input: &mut Input<'_>) -> Answer {
        let scorer = input.word()?;
        let monitor = self.caller().into_word();
        let word = self.watcher_in(monitor, &[0, REMOVED, RELEASED])?;
        let [units] = self.live([ParameterId::MonitorBond as u8])?;
        let answer = self.ask_peer(Peer::Agent, agents::principalOfCall::SELECTOR, &[monitor])?;
        let principal = Input::new(&answer).word()?;
        let value = amount(self.in_base_units(units));
        for (place, word) in (1u64..).zip([principal, scorer, value]) {
            self.write(self.key(MONITOR, monitor, number(place)), word);
        }
        self.emit(
            &[
                literal!(wire::MonitorBonded::SIGNATURE_HASH),
                monitor,
                principal,
                scorer,
            ],
            &[value],
        );
        self.change_monitor(monitor, word, CANDIDATE);
        let words = [monitor, monitor, number(BOND), value];
        self.bond(treasury::postBondCall::SELECTOR, &words)?;
        Ok(Vec::new())
    }

    pub(crate) fn approve_monitor(&mut self, input: &mut Input<'_>) -> Answer {
        let (monitor, scorer) = (input.address()?.into_word(), input.word()?);
        self.only(&[Peer::Adjudication])?;
        let word = self.watcher_in(monitor, &[CANDIDATE])?;
        let found = self.read(self.key(MONITOR, monitor, number(2)));
        if found != scorer {
            return refuse(wire::ValueChanged::SELECTOR, &[scorer, found]);
        }
        self.change_monitor(monitor, word, ACTIVE);
        Ok(Vec::new())
    }

    pub(crate) fn revoke_monitor(&mut self, input: &mut Input<'_>) -> Answer {
        let monitor = input.address()?.into_word();
        self.only(&[Peer::Adjudication])?;
        let word = self.watcher_in(monitor, &[CANDIDATE, ACTIVE, LEAVING])?;
        self.change_monitor(monitor, word, REMOVED);
        self.bond(treasury::forfeitBondCall::SELECTOR, &[monitor])?;
        Ok(Vec::new())
    }

    pub(crate) fn retire_monitor(&mut self) -> Answer {
        let monitor = self.caller().into_word();
        let word = self.watcher_in(monitor, &[CANDIDATE, ACTIVE])?;
        let [appeal] = self.live([ParameterId::AppealWindowSecs as u8])?;
        let from = self.now().saturating_add(appeal);
        self.change_monitor(monitor, with(word, 8, 5, from.into()), LEAVING);
        Ok(Vec::new())
    }

    pub(crate) fn release_monitor(&mut self, input: &mut Input<'_>) -> Answer {
        let monitor = input.address()?.into_word();
        let word = self.watcher_in(monitor, &[LEAVING])?;
        self.due_from(part(word, 8, 5) as u64)?;
        self.change_monitor(monitor, word, RELEASED);
        self.bond(treasury::returnBondCall::SELECTOR, &[monitor])?;
        Ok(Vec::new())
    }

    pub(crate) fn charge_monitor(&mut self, input: &mut Input<'_>) -> Answer {
        let (monitor, freeze) = (input.address()?.into_word(), number(input.u64()?));
        self.only(&[Peer::Guardian])?;
        let once = self.key(CHARGED, monitor, freeze);
        if self.read(once) != B256::ZERO {
            return refuse(wire::AlreadyDone::SELECTOR, &[monitor]);
        }
        self.write(once, number(1));
        let word = self.watcher_in(monitor, &[ACTIVE, LEAVING])?;
        let [share, suspension] = self.live([
            ParameterId::FalsePositiveSlashBps as u8,
            ParameterId::MonitorSuspensionSecs as u8,
        ])?;
        let key = self.key(MONITOR, monitor, number(3));
        let bonded = part(self.read(key), 16, 16);
        let charge = bonded.saturating_mul(share.into()).div_ceil(WHOLE);
        let until = self.now().saturating_add(suspension);
        let falsely = part(word, 1, 2).saturating_add(1);
        let next = with(with(word, 1, 2, falsely), 3, 5, until.into());
        self.change_monitor(monitor, next, part(word, 0, 1) as u8);
        self.write(key, amount(bonded.saturating_sub(charge)));
        let words = [monitor, amount(charge)];
        let taken = self.bond(treasury::chargeBondCall::SELECTOR, &words)?;
        let taken = Input::new(&taken).word()?;
        self.emit(
            &[
                literal!(wire::MonitorCharged::SIGNATURE_HASH),
                monitor,
                freeze,
            ],
            &[taken],
        );
        Ok(Vec::new())
    }

    pub(crate) fn monitor(&mut self, input: &mut Input<'_>) -> Answer {
        let monitor = input.address()?.into_word();
        let (_, word) = self.watcher(monitor);
        let [principal, scorer, bonded] =
            [1, 2, 3].map(|place| self.read(self.key(MONITOR, monitor, number(place))));
        Ok(output::words(&[
            amount(part(word, 0, 1)),
            principal,
            scorer,
            bonded,
            amount(part(word, 1, 2)),
            amount(part(word, 3, 5)),
        ]))
    }
}

//! Adjudicators: stakes, standing, associations, pay.

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
use stylus_sdk::prelude::*;

use crate::storage::{COUNT, PERSON, Roster, STAKE};

/// Standings on the wire.
pub(crate) const CANDIDATE: u8 = 1;
pub(crate) const ACTIVE: u8 = 2;
pub(crate) const LEAVING: u8 = 3;
pub(crate) const REMOVED: u8 = 4;
pub(crate) const RELEASED: u8 = 5;

/// Associations of an adjudicator that count at a time: each is asked about at every decision.
pub(crate) const ASSOCIATIONS_MAX: u64 = 4;
/// Where they stand among a person's words.
pub(crate) const ASSOCIATIONS: u64 = 2;

impl Roster {
    #[inline(never)]
    pub(crate) fn person(&self, person: B256) -> (B256, B256) {
        let key = self.key(PERSON, person, B256::ZERO);
        (key, self.read(key))
    }

    /// Counts a person in or out of the active, and of those the watchdog has not flagged.
    #[inline(never)]
    pub(crate) fn count(&mut self, at: usize, more: bool) {
        let key = self.key(COUNT, B256::ZERO, B256::ZERO);
        let word = self.read(key);
        let value = part(word, at, 1);
        let changed = if more {
            value.saturating_add(1)
        } else {
            value.saturating_sub(1)
        };
        self.write(key, with(word, at, 1, changed));
    }

    #[inline(never)]
    pub(crate) fn active(&self) -> u64 {
        part(self.read(self.key(COUNT, B256::ZERO, B256::ZERO)), 31, 1) as u64
    }

    #[inline(never)]
    pub(crate) fn set_standing(&mut self, person: B256, standing: u8) {
        let (key, word) = self.person(person);
        let was = part(word, 0, 1) == u128::from(ACTIVE);
        let is = standing == ACTIVE;
        if was != is {
            self.count(31, is);
            if part(word, 12, 1) == 0 {
                self.count(30, is);
            }
        }
        let word = with(word, 0, 1, standing.into());
        self.write(key, with(word, 17, 5, self.now().into()));
        self.emit(
            &[literal!(wire::StandingChanged::SIGNATURE_HASH), person],
            &[number(standing.into())],
        );
    }

    /// Errors: `WrongStanding`.
    #[inline(never)]
    pub(crate) fn standing_of(&self, person: B256, needed: u8) -> Result<B256, Vec<u8>> {
        let (_, word) = self.person(person);
        if part(word, 0, 1) != u128::from(needed) {
            return refuse(
                wire::WrongStanding::SELECTOR,
                &[person, amount(part(word, 0, 1))],
            );
        }
        Ok(word)
    }

    pub(crate) fn stake(&mut self, input: &mut Input<'_>) -> Answer {
        let value = input.u128()?;
        let [units] = self.live([ParameterId::AdjudicatorStake as u8])?;
        let needed = self.in_base_units(units);
        if value != needed {
            return refuse(wire::WrongStake::SELECTOR, &[value, needed].map(amount));
        }
        let caller = self.caller().into_word();
        let staked = self.key(STAKE, caller, B256::ZERO);
        let (_, word) = self.person(caller);
        if self.read(staked) != B256::ZERO || part(word, 0, 1) > u128::from(CANDIDATE) {
            return refuse(
                wire::WrongStanding::SELECTOR,
                &[caller, amount(part(word, 0, 1))],
            );
        }
        let genesis = part(word, 0, 1) == u128::from(CANDIDATE);
        let answer = self.ask_peer(Peer::Agent, agents::principalOfCall::SELECTOR, &[caller])?;
        let principal = Input::new(&answer).word()?;
        self.book_stake(caller, value)?;
        self.write(self.key(PERSON, caller, number(1)), principal);
        self.emit(
            &[literal!(wire::Staked::SIGNATURE_HASH), caller, principal],
            &[amount(value)],
        );
        self.set_standing(caller, if genesis { ACTIVE } else { CANDIDATE });
        self.asset().collect(self.vm(), value)?;
        Ok(Vec::new())
    }

    /// Errors: `QuorumFloor`.
    #[inline(never)]
    fn leave(&mut self, person: B256) -> Result<(), Vec<u8>> {
        let floor = u64::from(ParameterId::AdjudicatorQuorumFloor.constant());
        let [appeal] = self.live([ParameterId::AppealWindowSecs as u8])?;
        let left = self.active().saturating_sub(1);
        if left < floor {
            return refuse(wire::QuorumFloor::SELECTOR, &[left, floor].map(number));
        }
        let until = self.now().saturating_add(appeal);
        self.write(self.key(STAKE, person, number(1)), number(until));
        self.set_standing(person, LEAVING);
        Ok(())
    }

    pub(crate) fn resign(&mut self) -> Answer {
        let caller = self.caller().into_word();
        self.standing_of(caller, ACTIVE)?;
        self.leave(caller)?;
        Ok(Vec::new())
    }

    pub(crate) fn release_stake(&mut self, input: &mut Input<'_>) -> Answer {
        let person = input.address()?.into_word();
        self.standing_of(person, LEAVING)?;
        let until = part(self.read(self.key(STAKE, person, number(1))), 24, 8) as u64;
        self.due_from(until)?;
        let value = self.unbook_stake(person)?;
        self.owe(person, value)?;
        self.set_standing(person, RELEASED);
        Ok(Vec::new())
    }

    /// Errors: `NotDue`.
    #[inline(never)]
    pub(crate) fn due_from(&self, until: u64) -> Result<(), Vec<u8>> {
        if self.now() <= until {
            return refuse(wire::NotDue::SELECTOR, &[number(until)]);
        }
        Ok(())
    }

    pub(crate) fn add_adjudicator(&mut self, input: &mut Input<'_>) -> Answer {
        let (person, principal) = (input.address()?.into_word(), input.address()?.into_word());
        self.only(&[Peer::Adjudication])?;
        self.standing_of(person, CANDIDATE)?;
        let found = self.read(self.key(PERSON, person, number(1)));
        if found != principal {
            return refuse(wire::ValueChanged::SELECTOR, &[principal, found]);
        }
        self.set_standing(person, ACTIVE);
        Ok(Vec::new())
    }

    pub(crate) fn remove_adjudicator(&mut self, input: &mut Input<'_>) -> Answer {
        let person = input.address()?.into_word();
        self.only(&[Peer::Adjudication])?;
        self.standing_of(person, ACTIVE)?;
        self.leave(person)?;
        Ok(Vec::new())
    }

    /// The place of an association among a person's words.
    #[inline(never)]
    pub(crate) fn association_key(&self, person: B256, place: u64) -> B256 {
        self.key(PERSON, person, number(place.saturating_add(ASSOCIATIONS)))
    }

    pub(crate) fn declare_association(&mut self, input: &mut Input<'_>) -> Answer {
        let principal = input.address()?.into_word();
        let caller = self.caller().into_word();
        let [memory] = self.live([ParameterId::PrincipalMemorySecs as u8])?;
        let until = self.now().saturating_add(memory);
        for place in 0..ASSOCIATIONS_MAX {
            let key = self.association_key(caller, place);
            let word = self.read(key);
            let same = with(word, 0, 12, 0) == principal;
            if same || part(word, 0, 5) as u64 <= self.now() {
                self.write(key, with(principal, 0, 5, until.into()));
                self.emit(
                    &[
                        literal!(wire::AssociationDeclared::SIGNATURE_HASH),
                        caller,
                        principal,
                    ],
                    &[number(until)],
                );
                return Ok(Vec::new());
            }
        }
        refuse(
            wire::TooManyAssociations::SELECTOR,
            &[number(ASSOCIATIONS_MAX)],
        )
    }

    pub(crate) fn claim_compensation(&mut self) -> Answer {
        let caller = self.caller().into_word();
        let (key, word) = self.person(caller);
        let reviews = amount(part(word, 13, 4));
        if reviews == B256::ZERO {
            return refuse(wire::NothingOwed::SELECTOR, &[caller]);
        }
        self.write(key, with(word, 13, 4, 0));
        self.emit(
            &[literal!(wire::CompensationClaimed::SIGNATURE_HASH), caller],
            &[reviews],
        );
        let words = [caller, reviews];
        self.tell_peer(
            Peer::Treasury,
            treasury::payCompensationCall::SELECTOR,
            &words,
        )?;
        Ok(Vec::new())
    }

    pub(crate) fn adjudicator(&mut self, input: &mut Input<'_>) -> Answer {
        let person = input.address()?.into_word();
        let (_, word) = self.person(person);
        let field = |at, bytes| amount(part(word, at, bytes));
        Ok(output::words(&[
            field(0, 1),
            self.read(self.key(PERSON, person, number(1))),
            self.read(self.key(STAKE, person, B256::ZERO)),
            field(1, 4),
            field(5, 4),
            field(9, 2),
            field(11, 1),
            field(12, 1),
            field(13, 4),
            field(22, 8),
            field(17, 5),
        ]))
    }

    pub(crate) fn active_adjudicators(&mut self) -> Answer {
        Ok(output::words(&[number(self.active())]))
    }
}

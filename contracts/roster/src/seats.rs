//! Adjudicators: stakes, standing, associations, pay.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, IRoster as wire, ITreasury as treasury};
use agentcity_domain::{
    amount::Amount,
    machine::SeatState,
    parameter::ParameterId as P,
    peer::Peer,
    roster::{
        association,
        seat::{Seat, Staker},
    },
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    output,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    error::{About, Decided},
    storage::{Roster, standing_number},
};

impl Roster {
    /// A parameter in force.
    #[inline(never)]
    pub(crate) fn parameter(&self, id: P) -> Result<u64, Vec<u8>> {
        let [value] = self.live([id as u8])?;
        Ok(value)
    }

    /// Events: `StandingChanged`.
    #[inline(never)]
    pub(crate) fn say_standing(&self, person: &B256, standing: SeatState) {
        self.log(
            topic!(wire::StandingChanged::SIGNATURE_HASH)
                .word(person)
                .number(standing as u64),
            2,
        );
    }

    /// Stores a seat that moved, and says so.
    ///
    /// Events: `StandingChanged`.
    #[inline(never)]
    pub(crate) fn move_seat(&mut self, person: &B256, seat: &Seat) {
        self.set_seat(person, seat);
        if let Some(standing) = seat.standing {
            self.say_standing(person, standing);
        }
    }

    /// Who answers for a key now, and lately: two addresses, zero for nobody.
    #[inline(never)]
    pub(crate) fn principals(&self, key: &B256) -> Result<(Address, Address), Vec<u8>> {
        let answer = self.ask(
            Peer::Agent,
            Words::after(agents::principalsForConflictCall::SELECTOR).word(key),
        )?;
        let mut answer = Reader::new(&answer);
        let principals = (answer.address(), answer.address());
        answer.end()?;
        Ok(principals)
    }

    /// Errors: `NotWired`, `Reentered`, `WrongStanding`, `WrongStake`, `PanelFull`; as collecting.
    /// Events: `Staked`, `StandingChanged`.
    pub(crate) fn stake(&mut self, input: &mut Reader<'_>) -> Answer {
        let given = Amount::new(input.u128());
        input.end()?;
        self.unlocked()?;
        let needed = self.base_units(P::AdjudicatorStake)?;
        let caller = &self.caller().into_word();
        let (principal, _) = self.principals(caller)?;
        let is_agent = principal != Address::ZERO;
        let staker = Staker {
            principal: if is_agent { principal } else { self.caller() },
            is_agent,
        };
        let given_word = output::amount(given.get());
        let about = About {
            who: caller,
            given: &given_word,
        };
        let now = self.now();
        let (seat, city) = self
            .seat(caller)
            .stake(staker, given, needed, self.city(), now)
            .about(about)?;
        let mut stake = self.stake_of(caller);
        stake.amount = given;
        let books = self.books().staked(given).about(about)?;

        self.set_city(&city);
        self.set_stake(caller, &stake);
        self.set_books(&books);
        self.log(
            topic!(wire::Staked::SIGNATURE_HASH)
                .word(caller)
                .address(&seat.principal)
                .amount(given.get()),
            3,
        );
        self.move_seat(caller, &seat);
        self.collect(given)?;
        Ok(Vec::new())
    }

    /// Stores who leaves at the appeal window's beginning.
    #[inline(never)]
    fn leaves(&mut self, person: &B256, seat: &Seat) -> Answer {
        let window = self.parameter(P::AppealWindowSecs)?;
        let stake = self.stake_of(person).leaving(window, self.now());
        self.set_stake(person, &stake);
        self.move_seat(person, seat);
        Ok(Vec::new())
    }

    /// Errors: `WrongStanding`.
    /// Events: `StandingChanged`.
    pub(crate) fn resign(&mut self) -> Answer {
        let caller = &self.caller().into_word();
        let (seat, city) = self
            .seat(caller)
            .resign(self.city(), self.now())
            .of(caller)?;
        self.set_city(&city);
        self.leaves(caller, &seat)
    }

    /// Errors: `Unauthorized`, `WrongStanding`, `QuorumFloor`.
    /// Events: `StandingChanged`.
    pub(crate) fn remove_adjudicator(&mut self, input: &mut Reader<'_>) -> Answer {
        let person = &input.address().into_word();
        self.only(&[Peer::Adjudication])?;
        let (seat, city) = self
            .seat(person)
            .remove(self.city(), self.now())
            .of(person)?;
        self.set_city(&city);
        self.leaves(person, &seat)
    }

    /// Errors: `WrongStanding`, `NotDue`.
    /// Events: `StandingChanged`.
    pub(crate) fn release_stake(&mut self, input: &mut Reader<'_>) -> Answer {
        let person = &input.address().into_word();
        let stake = self.stake_of(person);
        let case_until = match self.case(stake.case) {
            Some(case) if stake.case != 0 => case.expires_at,
            Some(_) | None => 0,
        };
        let seat = self
            .seat(person)
            .release(&stake, case_until, self.now())
            .of(person)?;
        let books = self.books().freed(stake.amount).of(person)?;

        self.set_books(&books);
        self.set_stake(person, &stake.taken());
        self.owe(person, stake.amount)?;
        self.move_seat(person, &seat);
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `WrongStanding`, `ValueChanged`, `PanelFull`.
    /// Events: `StandingChanged`.
    pub(crate) fn add_adjudicator(&mut self, input: &mut Reader<'_>) -> Answer {
        let (person, principal) = (&input.address().into_word(), input.address());
        self.only(&[Peer::Adjudication])?;
        let about = About {
            who: person,
            given: &principal.into_word(),
        };
        let (seat, city) = self
            .seat(person)
            .admit(principal, self.city(), self.now())
            .about(about)?;
        self.set_city(&city);
        self.move_seat(person, &seat);
        Ok(Vec::new())
    }

    /// Errors: `WrongStanding` of who neither sits nor is to; `MalformedCall` for nobody; `TooManyAssociations`.
    /// Events: `AssociationDeclared`.
    pub(crate) fn declare_association(&mut self, input: &mut Reader<'_>) -> Answer {
        let principal = input.address();
        if principal == Address::ZERO {
            return Err(malformed());
        }
        let caller = &self.caller().into_word();
        let mut seat = self.seat(caller);
        if !matches!(
            seat.standing,
            Some(SeatState::Candidate | SeatState::Active)
        ) {
            return self.wrong_standing(caller, seat.standing);
        }
        let memory = self.parameter(P::PrincipalMemorySecs)?;
        let kept = self.associations(caller, seat.associations);
        let (place, one) = association::declare(&kept, principal, memory, self.now()).of(caller)?;
        self.set_association(caller, place, &one);
        if place >= seat.associations {
            seat.associations = place.saturating_add(1);
            self.set_seat(caller, &seat);
        }
        self.log(
            topic!(wire::AssociationDeclared::SIGNATURE_HASH)
                .word(caller)
                .address(&principal)
                .number(one.until),
            3,
        );
        Ok(Vec::new())
    }

    #[inline(never)]
    fn wrong_standing(&self, person: &B256, standing: Option<SeatState>) -> Answer {
        Words::after(wire::WrongStanding::SELECTOR)
            .word(person)
            .number(standing_number(standing))
            .refuse()
    }

    /// Errors: `NothingOwed`; the treasury's refusal.
    /// Events: `CompensationClaimed`.
    pub(crate) fn claim_compensation(&mut self) -> Answer {
        let caller = &self.caller().into_word();
        let (record, reviews) = self.record(caller).paid().of(caller)?;
        self.set_record(caller, &record);
        self.log(
            topic!(wire::CompensationClaimed::SIGNATURE_HASH)
                .word(caller)
                .number(reviews.into()),
            2,
        );
        self.tell(
            Peer::Treasury,
            Words::after(treasury::payCompensationCall::SELECTOR)
                .word(caller)
                .number(reviews.into()),
        )?;
        Ok(Vec::new())
    }

    pub(crate) fn adjudicator(&mut self, input: &mut Reader<'_>) -> Answer {
        let person = &input.address().into_word();
        let (seat, record) = (self.seat(person), self.record(person));
        let days = self.parameter(P::WatchdogWindowDays)? as u32;
        let counts = record.history.aged(days, self.now()).count(days);
        Words::new()
            .number(standing_number(seat.standing))
            .address(&seat.principal)
            .amount(self.stake_of(person).amount.get())
            .number(record.actions.into())
            .number(counts.approvals.into())
            .number(counts.run.into())
            .number(counts.weakenings.into())
            .truth(seat.is_flagged())
            .number(record.unpaid.into())
            .number(counts.bits)
            .number(seat.since)
            .answer()
    }

    pub(crate) fn active_adjudicators(&mut self) -> Answer {
        Words::new().number(self.city().active.into()).answer()
    }
}

//! Cases of revocation against an adjudicator (RESOLUTIONS D-16 to D-19).

use alloc::vec::Vec;

use agentcity_abi::{IRoster as wire, ITreasury as treasury};
use agentcity_domain::{
    machine::ImpeachmentState,
    parameter::ParameterId as P,
    roster::{
        Refused,
        case::Case,
        seat::{Seat, Stake},
    },
    treasury::bond::Kind,
};
use agentcity_shell::{
    Answer,
    member::Member,
    output,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolEvent};

use crate::{
    error::{About, Decided},
    storage::Roster,
};

impl Roster {
    /// Errors: `NotAdjudicator`, `AlreadyDone`, `WrongStanding`; the treasury's refusal of the bond.
    /// Events: `ImpeachmentInitiated`.
    pub(crate) fn initiate_impeachment(&mut self, input: &mut Reader<'_>) -> Answer {
        let (target, evidence) = (input.address(), &input.word());
        input.end()?;
        let (caller, accused) = (&self.caller().into_word(), &target.into_word());
        let accuser = self.seat(caller);
        let about = if accuser.is_active() { accused } else { caller };
        let life = self.parameter(P::ImpeachmentExpirySecs)?;
        let bond = self.base_units(P::ImpeachmentBond)?;
        let (case, stake, city) = Case::open(
            (self.caller(), &accuser),
            (target, &self.seat(accused), &self.stake_of(accused)),
            self.city(),
            life,
            self.now(),
        )
        .of(about)?;
        let id = city.cases;

        self.set_city(&city);
        self.set_stake(accused, &stake);
        self.set_case(id, &case);
        self.set_case_opened(id, &case, evidence);
        self.set_voted(id, caller);
        self.log(
            topic!(wire::ImpeachmentInitiated::SIGNATURE_HASH)
                .number(id)
                .word(accused)
                .word(caller)
                .word(evidence)
                .number(case.needed.into())
                .number(case.expires_at),
            4,
        );
        self.post_bond(&self.case_bond(id), caller, Kind::Impeachment, bond.get())?;
        Words::new().number(id).answer()
    }

    /// A case that is there, and its number as a word.
    ///
    /// Errors: `NoCase`.
    #[inline(never)]
    fn known(&self, id: u64) -> Result<Case, Vec<u8>> {
        self.case(id).ok_or(Refused::NoCase).about(About {
            who: &B256::ZERO,
            given: &output::number(id),
        })
    }

    /// Closes a case: its target may be accused anew.
    #[inline(never)]
    fn close(&mut self, id: u64, case: &Case) {
        self.set_case(id, case);
        let target = &case.target.into_word();
        let stake = Stake {
            case: 0,
            ..self.stake_of(target)
        };
        self.set_stake(target, &stake);
    }

    /// Errors: `NoCase`, `NotAdjudicator`, `AlreadyDone`.
    /// Events: `ImpeachmentVoted`; with the deciding vote `StandingChanged`, `AdjudicatorSlashed`, `AdjudicatorImpeached`.
    pub(crate) fn vote_impeachment(&mut self, input: &mut Reader<'_>) -> Answer {
        let id = input.u64();
        let caller = &self.caller().into_word();
        let given = output::number(id);
        let about = About {
            who: caller,
            given: &given,
        };
        let case = self
            .known(id)?
            .vote(
                self.caller(),
                &self.seat(caller),
                self.has_voted(id, caller),
                self.now(),
            )
            .about(about)?;

        self.set_voted(id, caller);
        self.set_case(id, &case);
        self.log(
            topic!(wire::ImpeachmentVoted::SIGNATURE_HASH)
                .number(id)
                .word(caller)
                .number(case.votes.into()),
            3,
        );
        if case.state != ImpeachmentState::Carried {
            return Ok(Vec::new());
        }
        self.carry(id, &case)
    }

    /// Carries out what a case decided. The asset moves later: no token can stand in the way.
    #[inline(never)]
    fn carry(&mut self, id: u64, case: &Case) -> Answer {
        let target = &case.target.into_word();
        let (seat, city): (Seat, _) = self
            .seat(target)
            .revoke(self.city(), self.now())
            .of(target)?;
        self.close(id, case);
        self.set_city(&city);
        self.move_seat(target, &seat);
        let slashed = self.slash(target, id)?;
        self.log(
            topic!(wire::AdjudicatorImpeached::SIGNATURE_HASH)
                .number(id)
                .word(target)
                .amount(slashed.get()),
            3,
        );
        self.end_bond(treasury::returnBondCall::SELECTOR, &self.case_bond(id))
    }

    /// Errors: `NoCase`, `NotDue`.
    /// Events: `ImpeachmentLapsed`.
    pub(crate) fn expire_impeachment(&mut self, input: &mut Reader<'_>) -> Answer {
        let id = input.u64();
        let given = output::number(id);
        let case = self.known(id)?.lapse(self.now()).about(About {
            who: &B256::ZERO,
            given: &given,
        })?;
        self.close(id, &case);
        self.log(
            topic!(wire::ImpeachmentLapsed::SIGNATURE_HASH).number(id),
            2,
        );
        self.end_bond(treasury::forfeitBondCall::SELECTOR, &self.case_bond(id))
    }

    pub(crate) fn impeachment(&mut self, input: &mut Reader<'_>) -> Answer {
        let id = input.u64();
        let Some(case) = self.case(id) else {
            return Words::new().all(&[B256::ZERO; 7]).answer();
        };
        Words::new()
            .address(&case.target)
            .address(&case.initiator)
            .word(&self.evidence(id))
            .number(case.votes.into())
            .number(case.needed.into())
            .number(case.expires_at)
            .truth(case.state != ImpeachmentState::Open)
            .answer()
    }
}

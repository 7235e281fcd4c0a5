//! What the contract asks of its peers, and how it reads their answers.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as collaboration, IConstitution as founding, IStatute as wire};
use agentcity_domain::{
    machine::MissionState, parameter::ParameterId as P, peer::Peer, signed::selector,
    statute::deployment::Imports,
};
use agentcity_shell::{
    Input,
    member::Member,
    output::{self, number},
    peer, refuse,
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError};
use stylus_sdk::prelude::*;

use crate::storage::{Deployment, Pages, Sequence, Statutes};

/// `lawOf` of enactment; what is asked of the roster.
const LAW_OF: [u8; 4] = selector("lawOf(bytes32)");
const ACTIVE: [u8; 4] = selector("activeAdjudicators()");
const HALTED_UNTIL: [u8; 4] = selector("haltedUntil()");
const APPROVED_CODE: [u8; 4] = selector("approvedCode(address,uint8)");

/// Enactment's number of a session whose law replaces a mission.
const FULL: u8 = 4; // structural: SessionKind
/// The roster's number for predicates.
const PREDICATE: u64 = 1; // structural: ProgramKind

/// A mission and its deployment, as collaboration says.
pub(crate) struct Mission {
    pub(crate) id: B256,
    pub(crate) state: u8,
    pub(crate) session: B256,
    pub(crate) epoch: u64,
    pub(crate) nodes: u16,
    pub(crate) deadline: u64,
    pub(crate) deployment: Deployment,
}

/// A law, as enactment answers.
pub(crate) struct Law {
    pub(crate) imports: Imports,
    pub(crate) statute: B256,
    pub(crate) assignments: B256,
    pub(crate) epoch: u64,
    pub(crate) domain: B256,
    /// What finalising compares.
    pub(crate) terms: agentcity_domain::statute::deployment::Law,
}

impl Statutes {
    /// A mission, or none: its state is zero then.
    #[inline(never)]
    pub(crate) fn mission(&self, id: B256) -> Result<Mission, Vec<u8>> {
        let selector = collaboration::deploymentCall::SELECTOR;
        let answer = self.ask_peer(Peer::Collaboration, selector, &[id])?;
        let mut answer = Input::new(&answer);
        let (state, session) = (answer.u8()?, answer.word()?);
        let (epoch, nodes, deadline) = (answer.u64()?, answer.u16()?, answer.u64()?);
        Ok(Mission {
            id,
            state,
            session,
            epoch,
            nodes,
            deadline,
            deployment: Deployment::unpack(answer.word()?, nodes),
        })
    }

    /// The mission, as long as it waits for its deployment and has time.
    ///
    /// Errors: `UnknownMission`, `WrongMissionState`, `TooLate`.
    #[inline(never)]
    pub(crate) fn pending(&self, id: B256) -> Result<Mission, Vec<u8>> {
        let mission = self.mission(id)?;
        let (state, deadline) = (mission.state, mission.deadline);
        if state == 0 {
            return refuse(wire::UnknownMission::SELECTOR, &[id]);
        }
        if state != MissionState::Pending as u8 {
            let words = [id, number(state.into())];
            return refuse(wire::WrongMissionState::SELECTOR, &words);
        }
        if self.now() > deadline {
            return refuse(wire::TooLate::SELECTOR, &[number(deadline)]);
        }
        Ok(mission)
    }

    /// The ordinals of eight pages, from page `8 · place` on.
    pub(crate) fn ordinals(
        &self,
        mission: B256,
        sequence: Sequence,
        place: u16,
    ) -> Result<B256, Vec<u8>> {
        let of_seats = output::truth(sequence == Sequence::Seats);
        let words = [mission, of_seats, number(place.into())];
        let selector = collaboration::pageOrdinalsCall::SELECTOR;
        Input::new(&self.ask_peer(Peer::Collaboration, selector, &words)?).word()
    }

    /// The approved law of a session.
    ///
    /// Errors: `NotApproved(mission, statute, 0)`.
    #[inline(never)]
    pub(crate) fn law(&self, of: &Mission) -> Result<Law, Vec<u8>> {
        let answer = self.ask_peer(Peer::Enactment, LAW_OF, &[of.session])?;
        let mut answer = Input::new(&answer);
        let (approved, audited, kind) = (answer.bool()?, answer.bool()?, answer.u8()?);
        let (statute, assignments, epoch) = (answer.word()?, answer.word()?, answer.u64()?);
        let (nodes, fairness, waived) = (answer.u16()?, answer.u16()?, answer.bool()?);
        let budget = answer.u128()?;
        // Deadline, mission, node, sponsor: collaboration's when the mission was created.
        for _ in 0..4 {
            answer.word()?;
        }
        let domain = answer.word()?;
        if !approved {
            let words = [of.id, statute, B256::ZERO];
            return refuse(wire::NotApproved::SELECTOR, &words);
        }
        Ok(Law {
            imports: if kind == FULL {
                Imports::Allowed
            } else {
                Imports::None
            },
            statute,
            assignments,
            epoch,
            domain,
            terms: agentcity_domain::statute::deployment::Law {
                nodes,
                budget,
                fairness,
                waived,
                audited,
            },
        })
    }

    #[inline(never)]
    fn ask_roster(&self, selector: [u8; 4], words: &[B256]) -> Result<B256, Vec<u8>> {
        Input::new(&self.ask_peer(Peer::Roster, selector, words)?).word()
    }

    /// How the city stands towards a law: quorum, watchdog, norms, and what its fairness must be.
    #[inline(never)]
    pub(crate) fn standing(
        &self,
        law: &Law,
    ) -> Result<(agentcity_domain::statute::deployment::Standing, u64), Vec<u8>> {
        let of_law = [P::MinFairnessScore as u8, P::ProgramLifeMinSecs as u8];
        let (epoch, [quorum, mut least, mut life]) =
            self.parameters_in_force([P::AdjudicatorQuorum as u8, of_law[0], of_law[1]])?;
        // The quorum is the city's as it is now; the others are those under which the law was made.
        if epoch != law.epoch {
            [least, life] = self.parameters(law.epoch, of_law)?;
        }
        let active = Input::new(self.ask_roster(ACTIVE, &[])?.as_slice()).u8()?;
        let frozen_until = Input::new(self.ask_roster(HALTED_UNTIL, &[])?.as_slice()).u64()?;
        let data = peer::call_data(founding::isHaltedCall::SELECTOR, &[law.domain]);
        let struck = peer::ask_word(self.vm(), self.constitution_address(), &data)?;
        let standing = agentcity_domain::statute::deployment::Standing {
            quorum: quorum as u32,
            active: active.into(),
            least_fairness: least as u32,
            frozen_until,
            struck: struck != B256::ZERO,
        };
        Ok((standing, life))
    }

    /// The code to which the panel pinned a predicate; zero if it is not approved.
    pub(crate) fn approved_code(&self, target: Address) -> Result<B256, Vec<u8>> {
        self.ask_roster(APPROVED_CODE, &[target.into_word(), number(PREDICATE)])
    }

    /// Tells a peer, with arguments that are laid out already.
    #[inline(never)]
    pub(crate) fn tell_laid_out(
        &self,
        to: Peer,
        selector: [u8; 4],
        arguments: &[u8],
    ) -> Result<(), Vec<u8>> {
        let data = peer::call_laid_out(selector, arguments);
        peer::tell(self.vm(), self.member(to)?, &data, U256::ZERO).map(|_| ())
    }

    /// Tells collaboration of pages that were written, and what `items` of `per_item` words say of them.
    #[inline(never)]
    pub(crate) fn tell_admission(
        &self,
        selector: [u8; 4],
        of: &Mission,
        pages: &Pages,
        items: &[B256],
        per_item: usize,
    ) -> Result<(), Vec<u8>> {
        let arguments = output::Output::of(6)
            .word(of.id)
            .word(of.deployment.pack())
            .word(number(pages.before.into()))
            .word(number(pages.accounts.len() as u64))
            .word(number(pages.ordinal.into()))
            .list(items, per_item)
            .finish();
        self.tell_laid_out(Peer::Collaboration, selector, &arguments)
    }

    /// Refuses what is not the same as was approved.
    #[inline(never)]
    pub(crate) fn same(mission: B256, expected: B256, found: B256) -> Result<(), Vec<u8>> {
        if expected == found {
            return Ok(());
        }
        refuse(wire::NotApproved::SELECTOR, &[mission, expected, found])
    }

    /// The refusal of a requirement.
    #[inline(never)]
    pub(crate) fn unmet(mission: B256, unmet: agentcity_domain::statute::Unmet) -> Vec<u8> {
        output::refusal(
            wire::RequirementUnmet::SELECTOR,
            &[
                mission,
                number(unmet.requirement as u64),
                output::amount(unmet.need),
                output::amount(unmet.have),
            ],
        )
    }
}

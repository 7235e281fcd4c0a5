//! What was deployed becomes law, if it is what was approved.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as collaboration, IStatute as wire, ITreasury as treasury};
use agentcity_domain::{
    literal, parameter::ParameterId as P, peer::Peer, signed::selector,
    statute::NODES_PER_SEAT_PAGE,
};
use agentcity_shell::{
    Answer, Input,
    member::{Kind, Member},
    output, refuse,
    word::{part, with},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    deployment::{PAGE, SEATS},
    storage::Statutes,
};

/// `lawOf` of enactment; what is asked of the roster.
const LAW_OF: [u8; 4] = selector("lawOf(bytes32)");
const ACTIVE: [u8; 4] = selector("activeAdjudicators()");
const HALTED_UNTIL: [u8; 4] = selector("haltedUntil()");
const APPROVED_CODE: [u8; 4] = selector("approvedCode(address,uint8)");

/// The roster's number for predicates.
const PREDICATE: u64 = 1;
/// A node's greatest risk, with which a codification must be audited (K4).
const HIGH: u128 = 2;

impl Statutes {
    #[inline(never)]
    fn ask_roster(&self, selector: [u8; 4], words: &[B256]) -> Result<B256, Vec<u8>> {
        Input::new(&self.ask_peer(Peer::Roster, selector, words)?).word()
    }

    /// The law compared with what is there.
    #[inline(never)]
    fn same(mission: B256, expected: B256, found: B256) -> Result<(), Vec<u8>> {
        if expected == found {
            return Ok(());
        }
        refuse(wire::NotApproved::SELECTOR, &[mission, expected, found])
    }

    /// Every page still has the code that was deployed (A6).
    #[inline(never)]
    fn unchanged(&self, kind: Kind, mission: B256, count: u16) -> Result<(), Vec<u8>> {
        for index in 0..count {
            let stored = self.read(self.key(kind, mission, output::number(index.into())));
            let account = with(stored, 0, 12, 0);
            let found = self.vm().code_hash(Address::from_word(account));
            if part(found, 0, 12) != part(stored, 0, 12) {
                return refuse(wire::PageChanged::SELECTOR, &[account, stored, found]);
            }
        }
        Ok(())
    }

    pub(crate) fn finalise(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let of = self.pending(mission)?;
        let progress = self.progress(mission);
        let answer = self.ask_peer(Peer::Enactment, LAW_OF, &[of.session])?;
        let mut law = Input::new(&answer);
        let (approved, audited, _kind) = (law.bool()?, law.bool()?, law.u8()?);
        let (statute, assignments, epoch) = (law.word()?, law.word()?, law.u64()?);
        let (nodes, fairness, waived) = (law.u16()?, law.u16()?, law.bool()?);
        let (most, _deadline) = (law.u128()?, law.u64()?);
        if !approved {
            return Self::same(mission, statute, B256::ZERO).map(|()| Vec::new());
        }
        Self::same(mission, statute, progress.hash)?;
        Self::same(mission, assignments, progress.seats_hash)?;
        let [quorum, least] = self.parameters(
            epoch,
            [P::AdjudicatorQuorum as u8, P::MinFairnessScore as u8],
        )?;
        let active = self.ask_roster(ACTIVE, &[])?;
        let halted = self.ask_roster(HALTED_UNTIL, &[])?;
        let budget = part(progress.word, 16, 16);
        let risky = part(progress.word, 6, 1) >= HIGH;
        let seat_pages = nodes.div_ceil(NODES_PER_SEAT_PAGE);
        for (rule, need, have) in [
            (1, u128::from(nodes), u128::from(progress.nodes)),
            (2, quorum.into(), part(active, 24, 8)),
            (3, if waived { 0 } else { least.into() }, fairness.into()),
            (4, risky.into(), audited.into()),
            (5, part(halted, 24, 8), 0),
            (7, seat_pages.into(), progress.seat_pages.into()),
            (8, budget, most),
        ] {
            if have < need {
                return Self::unmet(mission, rule, need, have);
            }
        }
        self.unchanged(PAGE, mission, progress.pages)?;
        self.unchanged(SEATS, mission, progress.seat_pages)?;
        for predicate in self.gate(mission)? {
            if predicate.human {
                continue;
            }
            let target = predicate.target.into_word();
            let words = [target, output::number(PREDICATE)];
            if self.ask_roster(APPROVED_CODE, &words)? != predicate.codehash
                || self.vm().code_hash(predicate.target) != predicate.codehash
            {
                return refuse(
                    wire::PredicateRefused::SELECTOR,
                    &[target, predicate.codehash],
                );
            }
        }
        self.tell_peer(
            Peer::Treasury,
            treasury::allocateBudgetCall::SELECTOR,
            &[mission, output::amount(budget)],
        )?;
        self.tell_peer(
            Peer::Collaboration,
            collaboration::activateMissionCall::SELECTOR,
            &[mission, output::number(epoch)],
        )?;
        self.emit(
            &[literal!(wire::DeploymentFinalised::SIGNATURE_HASH), mission],
            &[statute, assignments, output::number(epoch), of.deadline],
        );
        Ok(Vec::new())
    }
}

//! What was deployed becomes law, if it is what was approved and lacks nothing.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as collaboration, IStatute as wire, ITreasury as treasury};
use agentcity_domain::{
    literal,
    peer::Peer,
    statute::{Predicate, deployment::outlives, fold::fold_back},
};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, number},
    program, refuse,
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::{Deployment, Sequence, Statutes};

impl Statutes {
    /// What a sequence of pages hashes to now: every page is read again (A6).
    #[inline(never)]
    fn holds(&self, mission: &B256, of: &Deployment, sequence: Sequence) -> B256 {
        let hash = |bytes: &[u8]| self.vm().native_keccak256(bytes);
        let page = |index| self.page_bytes(mission, of, sequence, index);
        fold_back(&hash, sequence.pages(&of.progress), page)
    }

    /// Refuses a predicate that the panel did not approve with this code, that has another code, or that dies too soon.
    #[inline(never)]
    fn judge_predicate(
        &self,
        mission: B256,
        predicate: &Predicate,
        least: u64,
    ) -> Result<(), Vec<u8>> {
        let (target, pinned) = (predicate.target, predicate.codehash);
        if self.approved_code(target)? != pinned || self.vm().code_hash(target) != pinned {
            let words = [target.into_word(), pinned];
            return refuse(wire::PredicateRefused::SELECTOR, &words);
        }
        outlives(program::life(self.vm(), target), least)
            .map_err(|unmet| Self::unmet(mission, unmet))
    }

    pub(crate) fn finalise(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let of = self.pending(mission)?;
        let deployment = self.load_deployment(&mission);
        let progress = &deployment.progress;
        let law = self.law(mission, of.session)?;
        let (standing, life) = self.standing(&law)?;
        let ready = progress.finalise(&law.terms, &standing);
        ready.map_err(|unmet| Self::unmet(mission, unmet))?;
        for (sequence, approved) in [
            (Sequence::Statute, law.statute),
            (Sequence::Seats, law.assignments),
        ] {
            let found = self.holds(&mission, &deployment, sequence);
            Self::same(mission, approved, found)?;
        }
        for predicate in self.gate(&mission, &deployment) {
            if !predicate.human {
                self.judge_predicate(mission, &predicate, life)?;
            }
        }
        self.emit(
            &[literal!(wire::DeploymentFinalised::SIGNATURE_HASH), mission],
            &[
                law.statute,
                law.assignments,
                number(law.epoch),
                number(of.deadline),
            ],
        );
        self.tell_peer(
            Peer::Treasury,
            treasury::allocateBudgetCall::SELECTOR,
            &[mission, output::amount(progress.budget)],
        )?;
        self.tell_peer(
            Peer::Collaboration,
            collaboration::activateMissionCall::SELECTOR,
            &[mission, number(law.epoch)],
        )?;
        Ok(Vec::new())
    }
}

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

use crate::{
    peers::{Law, Mission},
    storage::{Sequence, Statutes},
};

impl Statutes {
    /// Refuses a sequence whose pages do not hold now what was approved: every page is read again (A6).
    #[inline(never)]
    fn hold(&self, of: &Mission, sequence: Sequence, approved: B256) -> Result<(), Vec<u8>> {
        let hash = |bytes: &[u8]| self.vm().native_keccak256(bytes);
        let count = sequence.pages(&of.deployment.progress);
        let accounts = self.accounts(of.id, &of.deployment, sequence, (0, count))?;
        let page = |index: u16| self.page_bytes(accounts.get(usize::from(index)));
        Self::same(of.id, approved, fold_back(&hash, count, page))
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
        let of = self.pending(input.word()?)?;
        let law = self.law(&of)?;
        self.make_law(&of, &law)
    }

    /// Makes a mission law whose pages and seats are all there, if nothing else is missing.
    #[inline(never)]
    pub(crate) fn make_law(&self, of: &Mission, law: &Law) -> Answer {
        let (mission, progress) = (of.id, &of.deployment.progress);
        let (standing, life) = self.standing(law)?;
        let ready = progress.finalise(&law.terms, &standing);
        ready.map_err(|unmet| Self::unmet(mission, unmet))?;
        self.hold(of, Sequence::Statute, law.statute)?;
        self.hold(of, Sequence::Seats, law.assignments)?;
        for predicate in self.gate(of)? {
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

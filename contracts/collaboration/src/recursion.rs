//! Missions that replace others, and missions within missions.

use agentcity_abi::{ICollaboration as wire, ITreasury as treasury};
use agentcity_domain::{
    exit::forbidders,
    machine::Command,
    machine::MissionState,
    mission::{
        Reason, Why,
        record::{Child, ENDED, bit},
        recursion as rules, refinement,
    },
    parameter::ParameterId as P,
    peer::Peer,
};
use agentcity_shell::{
    malformed,
    member::Member,
    peer,
    reader::Reader,
    topic, unauthorized,
    words::{Laid, Words},
};
use alloy_primitives::{B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{seats::already_done, storage::*};

/// Most nodes that one call imports.
const IMPORTS_MAX: usize = 2_048;

impl Missions {
    /// What a mission's escrow still holds, in base units.
    #[inline(never)]
    fn rest_of(&self, mission: &B256) -> Said<u128> {
        let answer = self.query(
            Peer::Treasury,
            Words::after(treasury::escrowCall::SELECTOR).word(mission),
        )?;
        let mut answer = skipped(&answer, 3);
        let (deposited, _allocated) = (answer.u128(), answer.u128());
        let (settled, refunded) = (answer.u128(), answer.u128());
        end(&answer)?;
        Ok(deposited.saturating_sub(settled).saturating_sub(refunded))
    }

    /// Moves money between the escrows of two missions: how much moved.
    #[inline(never)]
    fn move_escrow(&self, from: &B256, to: &B256, amount: u128) -> Said<u128> {
        let mut call = Words::after(treasury::moveEscrowCall::SELECTOR);
        call.word(from).word(to).amount(amount);
        let to = self.member(Peer::Treasury)?;
        let moved = peer::tell(self.vm(), to, call.bytes(), U256::ZERO)?;
        let mut moved = Reader::new(&moved);
        let amount = moved.u128();
        end(&moved)?;
        Ok(amount)
    }

    /// Refuses a mission that does not wait for its deployment.
    #[inline(never)]
    pub(crate) fn waits(&self, mission: &Loaded) -> Said {
        let waits = mission.word.must_be(bit(MissionState::Pending as u8));
        self.ok(&mission.id, 0, waits)
    }

    /// The law of one mission does not name another.
    #[inline(never)]
    fn not_approved<T>(mission: &B256, expected: &B256, found: &B256) -> Said<T> {
        Words::after(wire::NotApproved::SELECTOR)
            .word(mission)
            .word(expected)
            .word(found)
            .no()
    }

    #[inline(never)]
    pub(crate) fn relegislate(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, successor) = (&input.word(), &input.word());
        let (count, mut pairs) = input.list(IMPORTS_MAX);
        let mut loaded = self.lookup(mission);
        let mut next = self.lookup(successor);
        let ids = [P::MaxRefinementIterations as u8];
        let [most] = self.terms(next.word.epoch(), ids)?;
        self.waits(&next)?;
        let succeeds = refinement::succeed(&loaded.word, &mut next.word, most);
        self.ok(mission, 0, succeeds)?;
        let predecessor = self.of_mission(successor, PARENT);
        if predecessor != *mission || next.word.depth() != 0 {
            return Self::not_approved(successor, mission, &predecessor);
        }
        // What is imported need not be paid again: whose money it is, says what (R18).
        if next.sponsor() != loaded.sponsor() || self.caller() != next.sponsor() {
            return Err(unauthorized(self.caller()).into());
        }
        for of in [&loaded, &next] {
            self.permit(of, const { forbidders(Command::Relegislate) }, false)?;
        }
        let mut above = None;
        for _ in 0..count {
            let (old, new) = (pairs.u16(), pairs.u16());
            if above.is_some_and(|above| above >= old) {
                return Err(malformed().into());
            }
            above = Some(old);
            let done = self.attempt(&loaded, old)?;
            let mut fresh = self.attempt(&next, new)?;
            let before = self.law(mission, old)?;
            let law = self.law(successor, new)?;
            let (expected, found) = (&before.node.digest, &law.node.digest);
            if found != expected || !law.node.is_imported() {
                return Self::not_approved(successor, expected, found);
            }
            let imported = refinement::import(
                (&done.states, old, done.word.attempt()),
                (&mut next.word, &mut fresh.states, new),
            );
            self.ok(mission, old, imported)?;
            let output = self.output_of(mission, &done);
            self.store_completed(successor, &fresh, &output);
            self.add_to_digest(successor, new, 0, &[output, *mission]);
            self.release_successors(&next, &law.after)?;
        }
        end(&pairs)?;
        self.store(&next);
        let rest = self.rest_of(mission)?;
        let from = loaded.word.state();
        let step = loaded.word.step(MissionState::Aborted, self.now());
        self.ok(mission, 0, step)?;
        self.log(
            topic!(wire::MissionRelegislated::SIGNATURE_HASH)
                .word(mission)
                .word(successor)
                .number(count as u64)
                .amount(rest),
            3,
        );
        if rest != 0 {
            self.move_escrow(mission, successor, rest)?;
        }
        self.end(&loaded, from, Reason::Unfinished as u8)?;
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn open_child(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, number, child) = (&input.word(), input.u16(), &input.word());
        let mut loaded = self.lookup(mission);
        let mut node = self.attempt(&loaded, number)?;
        self.permit(&loaded, const { forbidders(Command::OpenChild) }, true)?;
        let opened = self.lookup(child);
        self.waits(&opened)?;
        let (parent, mut link) = (self.of_mission(child, PARENT), self.link(child));
        if parent != *mission || link.node() != number || opened.word.depth() == 0 {
            return Self::not_approved(child, mission, &parent);
        }
        let clock = (self.now(), loaded.moved());
        let opens = rules::open(
            &loaded.word,
            &mut node.states,
            (number, &mut node.word),
            (&opened.word, &mut link),
            clock,
        );
        self.ok(mission, number, opens)?;
        let budget = self.law(mission, number)?.node.budget;
        self.store_attempt(mission, &node);
        self.set_link(child, &link);
        self.begin_work(&mut loaded)?;
        // A node that had a child before has what came back of it.
        let lent = self.move_escrow(mission, child, budget)?;
        self.log(
            topic!(wire::ChildOpened::SIGNATURE_HASH)
                .word(mission)
                .number(number.into())
                .word(child)
                .amount(lent),
            4,
        );
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn close_child(&mut self, input: &mut Reader<'_>) -> Said {
        let child = &input.word();
        let ended = self.lookup(child);
        self.ok(child, 0, ended.word.must_be(ENDED))?;
        let (mission, mut link) = (self.of_mission(child, PARENT), self.link(child));
        let number = link.node();
        let mut loaded = self.lookup(&mission);
        let mut node = self.attempt(&loaded, number)?;
        self.permit(&loaded, const { forbidders(Command::CloseChild) }, false)?;
        let closed = rules::close(
            &loaded.word,
            &mut node.states,
            (number, &node.word),
            (&ended.word, &mut link),
        );
        if closed.is_err_and(|no| no == Why::Done) {
            return already_done(child, number, ended.sponsor());
        }
        let completed = self.said(&mission, number, closed)?;
        self.set_link(child, &link);
        if completed {
            let digest = self.of_mission(child, DIGEST);
            self.finish_node(&mut loaded, &node, &[digest, digest])?;
        } else {
            node.word.set_kind(0);
            self.fail_node(&mut loaded, &node, Reason::ChildFailed as u8)?;
        }
        self.log(
            topic!(wire::ChildClosed::SIGNATURE_HASH)
                .word(&mission)
                .number(number.into())
                .word(child)
                .amount(link.returned()),
            4,
        );
        Ok(())
    }

    /// Gives what a child leaves back to its parent, as long as that lives.
    #[inline(never)]
    pub(crate) fn return_rest(&mut self, child: &Loaded) -> Said {
        let mut link = self.link(&child.id);
        if link.child() != Child::Opened as u8 {
            return Ok(());
        }
        let parent = self.of_mission(&child.id, PARENT);
        if self.lookup(&parent).word.is_in(ENDED | bit(0)) {
            return Ok(());
        }
        let rest = self.rest_of(&child.id)?;
        if rest == 0 {
            return Ok(());
        }
        link.set_returned(rest);
        self.set_link(&child.id, &link);
        self.move_escrow(&child.id, &parent, rest)?;
        Ok(())
    }
}

//! Missions that replace others, and missions within missions.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as wire, ITreasury as treasury};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    parameter::ParameterId as P,
    peer::Peer,
};
use agentcity_shell::{
    Answer,
    reader::Reader,
    topic,
    word::{get, having, part, with},
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    missions::{ENDED, WORKING, add},
    nodes::bit,
    storage::Missions,
};

/// Most nodes that one call imports.
const IMPORTS_MAX: usize = 4_096;

impl Missions {
    /// What a mission's escrow still holds, in base units.
    #[inline(never)]
    pub(crate) fn rest_of(&self, mission: &B256) -> Result<u128, Vec<u8>> {
        let answer = self.ask(
            Peer::Treasury,
            Words::after(treasury::escrowCall::SELECTOR).word(mission),
        )?;
        let mut answer = Reader::new(&answer);
        let (_state, _sponsor, _epoch) = (answer.u8(), answer.word(), answer.u64());
        let (deposited, _allocated) = (answer.u128(), answer.u128());
        let (settled, refunded) = (answer.u128(), answer.u128());
        answer.end()?;
        Ok(deposited.saturating_sub(settled).saturating_sub(refunded))
    }

    /// Moves money between the escrows of two missions.
    #[inline(never)]
    pub(crate) fn move_escrow(&self, from: &B256, to: &B256, amount: u128) -> Result<(), Vec<u8>> {
        self.tell(
            Peer::Treasury,
            Words::after(treasury::moveEscrowCall::SELECTOR)
                .word(from)
                .word(to)
                .amount(amount),
        )?;
        Ok(())
    }

    pub(crate) fn relegislate(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, successor) = (&input.word(), &input.word());
        let (count, mut pairs) = input.list(IMPORTS_MAX);
        let word = self.mission_in(mission, bit(MissionState::Failed as u8))?;
        self.not_halted(mission, &word)?;
        let next = self.mission_in(successor, bit(MissionState::Active as u8))?;
        self.not_halted(successor, &next)?;
        let predecessor = self.of_mission(successor, 4);
        if predecessor != *mission {
            return Words::after(wire::NotApproved::SELECTOR)
                .word(successor)
                .word(mission)
                .word(&predecessor)
                .refuse();
        }
        let iterations = add(&word, 9, 2, 1);
        let next = having(&next, 9, 2, get(&iterations, 9, 2));
        self.set_mission(successor, 0, &next);
        let fresh = bit(NodeState::Waiting as u8) | bit(NodeState::Eligible as u8);
        for _ in 0..count {
            let (old, new) = (pairs.u16(), pairs.u16());
            self.node_in(mission, old, bit(NodeState::Completed as u8))?;
            self.node_in(successor, new, fresh)?;
            let output = self.of_node(mission, old, 1);
            let (_, after) = self.law(successor, new)?;
            self.count_node(successor, new, &after, &[output, *mission])?;
        }
        pairs.end()?;
        let rest = self.rest_of(mission)?;
        self.move_escrow(mission, successor, rest)?;
        let unfinished = wire::Reason::Unfinished as u8;
        self.end(mission, &word, MissionState::Aborted, unfinished)?;
        self.log(
            topic!(wire::MissionRelegislated::SIGNATURE_HASH)
                .word(mission)
                .word(successor)
                .number(count as u64)
                .amount(rest),
            3,
        );
        Ok(Vec::new())
    }

    pub(crate) fn open_child(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node, child) = (&input.word(), input.u16(), &input.word());
        let word = self.mission_in(mission, WORKING)?;
        self.not_halted(mission, &word)?;
        self.not_frozen(mission)?;
        let node_word = self.node_in(mission, node, bit(NodeState::Eligible as u8))?;
        let child_word = self.mission_in(child, bit(MissionState::Active as u8))?;
        let (parent, place) = (self.of_mission(child, 4), self.of_mission(child, 5));
        if parent != *mission || get(&place, 30, 2) != u64::from(node) {
            return Words::after(wire::NotApproved::SELECTOR)
                .word(child)
                .word(mission)
                .word(&parent)
                .refuse();
        }
        let depth = add(&word, 8, 1, 1);
        let (depth, deepest) = (
            get(&depth, 8, 1),
            u64::from(const { P::MaxRecursionDepth.row().default }),
        );
        if depth > deepest {
            return Words::after(wire::TooDeep::SELECTOR)
                .number(depth)
                .number(deepest)
                .refuse();
        }
        let (law, _) = self.law(mission, node)?;
        self.set_mission(child, 0, &having(&child_word, 8, 1, depth));
        let node_word = having(&node_word, 4, 1, 1);
        self.set_node(mission, node, NodeState::Executing, &node_word, 0);
        if get(&word, 0, 1) == MissionState::Active as u64 {
            let none = wire::Reason::None as u8;
            self.move_mission(mission, &word, MissionState::Executing, none);
        }
        self.move_escrow(mission, child, law.budget)?;
        self.log(
            topic!(wire::ChildOpened::SIGNATURE_HASH)
                .word(mission)
                .number(node.into())
                .word(child)
                .amount(law.budget),
            4,
        );
        Ok(Vec::new())
    }

    pub(crate) fn close_child(&mut self, input: &mut Reader<'_>) -> Answer {
        let child = &input.word();
        let word = self.mission_in(child, ENDED)?;
        let (mission, place) = (self.of_mission(child, 4), self.of_mission(child, 5));
        let node = get(&place, 30, 2) as u16;
        let parent = self.mission_in(&mission, WORKING)?;
        self.not_stopped(&mission, &parent)?;
        let node_word = self.node_in(&mission, node, bit(NodeState::Executing as u8))?;
        if get(&node_word, 4, 1) == 0 {
            return self.wrong_node(&mission, node, NodeState::Executing as u8, &node_word);
        }
        if get(&word, 0, 1) == MissionState::Completed as u64 {
            let (law, after) = self.law(&mission, node)?;
            let digest = self.of_mission(child, 3);
            self.finish_node(&mission, node, &law, &after, &[digest, digest])?;
        } else {
            self.fail_node(&mission, node, wire::Reason::ChildFailed as u8);
        }
        self.log(
            topic!(wire::ChildClosed::SIGNATURE_HASH)
                .word(&mission)
                .number(node.into())
                .word(child)
                .amount(part(place, 0, 16)),
            4,
        );
        Ok(Vec::new())
    }

    /// Gives what a child leaves back to its parent, as long as that lives.
    #[inline(never)]
    pub(crate) fn return_rest(&mut self, child: &B256) -> Result<(), Vec<u8>> {
        let parent = self.of_mission(child, 4);
        let alive = self.mission_in(&parent, !ENDED).is_ok();
        if !alive || get(&self.of_mission(child, 0), 8, 1) == 0 {
            return Ok(());
        }
        let rest = self.rest_of(child)?;
        let place = self.of_mission(child, 5);
        self.set_mission(child, 5, &with(place, 0, 16, rest));
        self.move_escrow(child, &parent, rest)
    }
}

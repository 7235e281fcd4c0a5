//! Missions and nodes: their words, their transitions, their ends.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, ICollaboration as wire, ITreasury as treasury};
use agentcity_domain::peer::Peer;
use agentcity_shell::{
    Input, malformed,
    member::{Kind, Member},
    output, page, refuse, sign,
    word::{part, with},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Missions;

/// Mission: 0 state, 1 halt, 2..4 nodes, 4..6 completed, 6..8 failed, 8 depth, 9..11 refinements, 16..21 deadline,
/// 21..26 halted until, 26..30 extended | session | statute | digest | parent.
pub(crate) const MISSION: Kind = 1;
pub(crate) const STATES: Kind = 2;
/// Node: 0 attempt, 1 accepted, 2 committed, 3 revealed, 4 announced, 5..10 since, 10..15 expires | output | trail.
pub(crate) const NODE: Kind = 3;
pub(crate) const SEAT: Kind = 4;
pub(crate) const PAGE: Kind = 5;
pub(crate) const DEGREE: Kind = 6;

/// Bytes of a node in a page.
pub(crate) const NODE_BYTES: usize = 64;

pub(crate) const COMPLETED: u8 = 6;
pub(crate) const FAILED: u8 = 7;

/// A node as its page holds it.
#[derive(Clone, Copy)]
pub(crate) struct Law {
    pub(crate) digest: B256,
    pub(crate) tier: u8,
    pub(crate) redundancy: u8,
    pub(crate) threshold: u8,
    pub(crate) mode: u8,
    pub(crate) timeout: u64,
    pub(crate) budget: u128,
    pub(crate) outs: u16,
    pub(crate) tokens: u32,
}

impl Law {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..NODE_BYTES)?;
        let rest = B256::from_slice(bytes.get(32..)?);
        Some(Self {
            digest: B256::from_slice(bytes.get(..32)?),
            tier: part(rest, 0, 1) as u8 >> 4,
            redundancy: part(rest, 1, 1) as u8 >> 4,
            threshold: part(rest, 1, 1) as u8 & 15,
            mode: part(rest, 2, 1) as u8,
            timeout: part(rest, 3, 4) as u64,
            budget: part(rest, 7, 12),
            outs: part(rest, 19, 2) as u16,
            tokens: part(rest, 21, 4) as u32,
        })
    }
}

impl Missions {
    #[inline(never)]
    pub(crate) fn mission_key(&self, mission: B256, place: u64) -> B256 {
        self.key(MISSION, mission, output::number(place))
    }

    /// The mission's word, if it is in one of these states (a bit each).
    #[inline(never)]
    pub(crate) fn mission_in(&self, mission: B256, states: u16) -> Result<(B256, B256), Vec<u8>> {
        let key = self.mission_key(mission, 0);
        let word = self.read(key);
        let state = part(word, 0, 1) as u64;
        if state == 0 {
            return refuse(wire::UnknownMission::SELECTOR, &[mission]);
        }
        if states & 1 << state == 0 {
            return refuse(
                wire::WrongMissionState::SELECTOR,
                &[mission, output::number(state)],
            );
        }
        Ok((key, word))
    }

    #[inline(never)]
    pub(crate) fn not_halted(&self, mission: B256, word: B256) -> Result<(), Vec<u8>> {
        let (halt, until) = (part(word, 1, 1) as u64, part(word, 21, 5) as u64);
        if halt != 0 {
            return refuse(
                wire::Halted::SELECTOR,
                &[mission, output::number(halt), output::number(until)],
            );
        }
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn move_mission(&mut self, mission: B256, word: B256, to: u8, reason: u8) {
        let from = part(word, 0, 1) as u64;
        self.write(self.mission_key(mission, 0), with(word, 0, 1, to.into()));
        self.emit(
            &[wire::MissionStateChanged::SIGNATURE_HASH, mission],
            &[
                output::number(from),
                output::number(to.into()),
                output::number(reason.into()),
            ],
        );
    }

    #[inline(never)]
    pub(crate) fn node_key(&self, mission: B256, node: u16, place: u64) -> B256 {
        self.key(NODE, mission, output::number(u64::from(node) << 8 | place))
    }

    #[inline(never)]
    pub(crate) fn state_of(&self, mission: B256, node: u16) -> u8 {
        let word = self.read(self.key(STATES, mission, output::number(u64::from(node / 64))));
        let byte = part(word, 31 - usize::from(node % 64 / 2), 1) as u8;
        if node.is_multiple_of(2) {
            byte & 15
        } else {
            byte >> 4
        }
    }

    #[inline(never)]
    pub(crate) fn set_state(&mut self, mission: B256, node: u16, state: u8) {
        let key = self.key(STATES, mission, output::number(u64::from(node / 64)));
        let word = self.read(key);
        let at = 31 - usize::from(node % 64 / 2);
        let byte = part(word, at, 1) as u8;
        let byte = if node.is_multiple_of(2) {
            byte & 0xf0 | state
        } else {
            byte & 15 | state << 4
        };
        self.write(key, with(word, at, 1, byte.into()));
    }

    /// The node's word, if it is in one of these states (a bit each).
    #[inline(never)]
    pub(crate) fn node_in(
        &self,
        mission: B256,
        node: u16,
        states: u16,
    ) -> Result<(B256, B256), Vec<u8>> {
        let count = part(self.read(self.mission_key(mission, 0)), 2, 2) as u16;
        if node >= count {
            return refuse(
                wire::UnknownNode::SELECTOR,
                &[
                    mission,
                    output::number(node.into()),
                    output::number(count.into()),
                ],
            );
        }
        let key = self.node_key(mission, node, 0);
        let word = self.read(key);
        let state = self.state_of(mission, node);
        if states & 1 << state == 0 {
            return refuse(
                wire::WrongNodeState::SELECTOR,
                &[
                    mission,
                    output::number(node.into()),
                    output::number(state.into()),
                    output::number(part(word, 0, 1) as u64),
                ],
            );
        }
        Ok((key, word))
    }

    /// The node's law, read from its page, whose code must be what was deployed.
    #[inline(never)]
    pub(crate) fn law(&self, mission: B256, node: u16) -> Result<Law, Vec<u8>> {
        let word = self.read(self.key(PAGE, mission, output::number(u64::from(node / 256))));
        let account = Address::from_word(with(word, 0, 12, 0));
        let bytes = page::read(self.vm(), account).ok_or_else(malformed)?;
        let at = usize::from(node % 256) * NODE_BYTES;
        bytes.get(at..).and_then(Law::read).ok_or_else(malformed)
    }

    /// Agent of a seat; replaced seats are words, original ones stand in the page.
    #[inline(never)]
    pub(crate) fn seat_agent(&self, mission: B256, node: u16, seat: u8) -> Address {
        let key = self.key(
            SEAT,
            mission,
            output::number(u64::from(node) << 8 | u64::from(seat)),
        );
        Address::from_word(with(self.read(key), 0, 12, 0))
    }

    #[inline(never)]
    pub(crate) fn seat_of(
        &self,
        mission: B256,
        node: u16,
        seats: u8,
        agent: Address,
    ) -> Result<u8, Vec<u8>> {
        for seat in 0..seats {
            if self.seat_agent(mission, node, seat) == agent {
                return Ok(seat);
            }
        }
        refuse(
            wire::NotSeated::SELECTOR,
            &[mission, output::number(node.into()), agent.into_word()],
        )
    }

    /// Slashes and tells reputation for one executor's fault.
    #[inline(never)]
    pub(crate) fn fault(
        &mut self,
        mission: B256,
        node: u16,
        attempt: u8,
        agent: Address,
        reason: u8,
    ) -> Result<(), Vec<u8>> {
        let [absolute, penalty] = self.parameters(0, [40, 41])?;
        self.tell_peer(
            Peer::Treasury,
            treasury::slashCall::SELECTOR,
            &[
                mission,
                output::number(node.into()),
                agent.into_word(),
                output::number(u64::from(reason.min(4))),
                output::number(absolute),
            ],
        )?;
        self.tell_peer(
            Peer::Agent,
            agents::applyPenaltyCall::SELECTOR,
            &[agent.into_word(), output::number(penalty), mission],
        )?;
        self.emit(
            &[
                wire::FaultSignal::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
                agent.into_word(),
            ],
            &[
                output::number(attempt.into()),
                output::number(reason.into()),
            ],
        );
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn fail_node(&mut self, mission: B256, node: u16, reason: u8) {
        let key = self.mission_key(mission, 0);
        let word = self.read(key);
        self.set_state(mission, node, FAILED);
        self.write(key, with(word, 6, 2, part(word, 6, 2) + 1));
        let attempt = part(self.read(self.node_key(mission, node, 0)), 0, 1) as u64;
        self.emit(
            &[
                wire::NodeFailed::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
            ],
            &[output::number(attempt), output::number(reason.into())],
        );
    }

    /// Completes a node: digest, successors, payment, reputation; the last one opens the gate.
    #[inline(never)]
    pub(crate) fn complete_node(
        &mut self,
        mission: B256,
        node: u16,
        law: &Law,
        outcome: [B256; 2],
        paid: &[(Address, u32)],
    ) -> Result<(), Vec<u8>> {
        let word = self.read(self.node_key(mission, node, 0));
        let attempt = part(word, 0, 1) as u64;
        self.set_state(mission, node, COMPLETED);
        let digest_key = self.mission_key(mission, 3);
        let chained = [
            self.read(digest_key),
            output::number(u64::from(node) << 8 | attempt),
            outcome[0],
            outcome[1],
        ];
        let digest = self.vm().native_keccak256(&output::words(&chained));
        self.write(digest_key, digest);
        self.emit(
            &[
                wire::NodeCompleted::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
            ],
            &[
                output::number(attempt),
                output::number(law.tier.into()),
                outcome[0],
                outcome[1],
                digest,
            ],
        );
        // Successors: an edge list behind the nodes of the page; each counts its open predecessors down.
        let edges = self.read(self.key(PAGE, mission, output::number(1 << 32 | u64::from(node))));
        for edge in 0..usize::from(law.outs).min(16) {
            let to = part(edges, 2 * edge, 2) as u16;
            let key = self.key(DEGREE, mission, output::number(u64::from(to / 32)));
            let degrees = self.read(key);
            let left = part(degrees, usize::from(to % 32), 1).saturating_sub(1);
            self.write(key, with(degrees, usize::from(to % 32), 1, left));
            if left == 0 {
                self.make_eligible(mission, to)?;
            }
        }
        let mut data = Vec::with_capacity(32 * (5 + 2 * paid.len()));
        for word in [
            mission,
            output::number(node.into()),
            output::amount(law.budget),
            output::number(128),
            output::number(paid.len() as u64),
        ] {
            data.push(word);
        }
        for (agent, score) in paid {
            data.push(agent.into_word());
            data.push(output::number(u64::from(*score)));
        }
        self.tell_peer(Peer::Treasury, treasury::settleCall::SELECTOR, &data)?;
        for (agent, score) in paid {
            self.tell_peer(
                Peer::Agent,
                agents::updateReputationCall::SELECTOR,
                &[
                    agent.into_word(),
                    output::number(u64::from(*score)),
                    mission,
                    outcome[0],
                ],
            )?;
        }
        let key = self.mission_key(mission, 0);
        let word = self.read(key);
        let done = part(word, 4, 2) + 1;
        let word = with(word, 4, 2, done);
        self.write(key, word);
        if done == part(word, 2, 2) {
            self.move_mission(mission, word, 4, 20);
        }
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn make_eligible(&mut self, mission: B256, node: u16) -> Result<(), Vec<u8>> {
        let key = self.node_key(mission, node, 0);
        let word = self.read(key);
        let [window] = self.parameters(0, [42])?;
        let now = self.now();
        self.set_state(mission, node, 2);
        self.write(
            key,
            with(
                with(word, 5, 5, now.into()),
                10,
                5,
                (now + window.div_ceil(1_000)).into(),
            ),
        );
        self.emit(
            &[
                wire::NodeEligible::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
            ],
            &[output::number(part(word, 0, 1) as u64)],
        );
        Ok(())
    }

    /// Checks one struct's signature by a named signer. `fields` follow the type hash.
    #[inline(never)]
    pub(crate) fn signed(
        &self,
        fields: &[B256],
        signer: Address,
        deadline: u64,
        signature: &[u8],
    ) -> Result<B256, Vec<u8>> {
        if self.now() > deadline {
            return refuse(wire::DeadlinePassed::SELECTOR, &[output::number(deadline)]);
        }
        let digest = sign::digest(self.vm(), fields);
        sign::require(self.vm(), signer, digest, signature)?;
        Ok(digest)
    }

    /// Reads `count` static words of a struct.
    pub(crate) fn fields<const N: usize>(input: &mut Input<'_>) -> Result<[B256; N], Vec<u8>> {
        let mut words = [B256::ZERO; N];
        for word in &mut words {
            *word = input.word()?;
        }
        Ok(words)
    }
}

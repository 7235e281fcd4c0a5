//! Collaboration in its city: the peers as it meets them, and missions to play with.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use agentcity_abi::{
    ICollaboration as wire, IConstitution as law, IRoster as roster, IService as services,
};
use agentcity_collaboration::storage::Missions;
use agentcity_domain::{
    mission::record::Pages,
    parameter::ParameterId as P,
    peer::Peer,
    statute::{
        Node, Seat,
        encode::{self, Draft},
    },
};
use agentcity_world::{Answer, Frame, World};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolValue};
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

use crate::peers::{agent_contract, enactment, treasury_contract};

pub(crate) const STRANGER: Address = Address::repeat_byte(0xd4);
pub(crate) const SPONSOR: Address = Address::repeat_byte(0x50);
/// Base units of a unit.
pub(crate) const SCALE: u128 = 1_000;
/// Stake of every seat, in base units: a third of it is more than the least slash.
pub(crate) const STAKE: u128 = 1_000_000;
pub(crate) const PRICE: u128 = 9_000;
pub(crate) const BUDGET: u128 = 30_000;
pub(crate) const EPOCH: u64 = 7;
pub(crate) const DURATION: u64 = 1_000_000;
pub(crate) const ROOT: u8 = 1;
pub(crate) const CHILD: u8 = 2;
pub(crate) const PARTIAL: u8 = 3;
pub(crate) const FULL: u8 = 4;

/// Seconds of the default windows.
pub(crate) const CLOSES: u64 = 330;
pub(crate) const ROUTE: u64 = 600;
pub(crate) const TIMEOUT: u64 = 20 + 540 + 30;
pub(crate) const RECOVERY: u64 = 86_400;
pub(crate) const GATE: u64 = 86_400;
pub(crate) const DEGRADED: u64 = 7_200;
pub(crate) const REVIEW: u64 = 3_600;

pub(crate) fn member(peer: Peer) -> Address {
    Address::with_last_byte(0xe0 + peer as u8)
}

pub(crate) fn here() -> Address {
    member(Peer::Collaboration)
}

/// The agent of a number, and its principal.
pub(crate) fn agent(number: u8) -> Address {
    Address::repeat_byte(0xa0 ^ number)
}

pub(crate) fn principal(number: u8) -> Address {
    Address::repeat_byte(0x10 ^ number)
}

/// The service of an agent, and its code.
pub(crate) fn service(of: Address) -> B256 {
    keccak256(of)
}

pub(crate) fn code(of: Address) -> B256 {
    keccak256(service(of))
}

/// A law as enactment tells it.
#[derive(Clone, Debug)]
pub(crate) struct Law {
    pub(crate) approved: bool,
    pub(crate) kind: u8,
    pub(crate) nodes: u16,
    pub(crate) deadline: u64,
    pub(crate) other: B256,
    pub(crate) node: u16,
    pub(crate) sponsor: Address,
}

/// What happened at a peer, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Opened(B256, Address),
    Settled(B256, u16, u128, Vec<(Address, u32, u128)>),
    Moved(B256, B256, u128),
    Closing(B256, u64),
    Slashed(B256, u16, Address, u8, u128),
    Locked(B256, B256, Address, B256, (u128, u128)),
    Released(B256, Address),
    Obliged(Address),
    Completed(Address),
    Closed(Address),
    Penalised(Address, u16),
    Scored(Address, u16, u64),
}

/// An agent's standing.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) principal: Address,
    pub(crate) previous: Address,
    pub(crate) bars: u8,
    pub(crate) score: u16,
    pub(crate) enrolled_at: u64,
}

/// What the peers know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peers {
    pub(crate) values: BTreeMap<u8, u32>,
    pub(crate) laws: BTreeMap<B256, Law>,
    pub(crate) runners_up: BTreeMap<(B256, u16), Address>,
    pub(crate) watchdog: u64,
    pub(crate) workers: BTreeMap<Address, Worker>,
    pub(crate) banned: Vec<Address>,
    pub(crate) deprecated: BTreeMap<B256, u64>,
    pub(crate) escrows: BTreeMap<B256, (u128, u128)>,
    /// The most that the treasury lends a child, if not what is asked.
    pub(crate) left: Option<u128>,
    pub(crate) stakes: BTreeMap<(B256, Address), u128>,
    pub(crate) locked_until: BTreeMap<B256, u64>,
    pub(crate) told: Vec<Told>,
}

#[derive(Clone)]
pub(crate) struct City {
    pub(crate) world: World,
    pub(crate) peers: Rc<RefCell<Peers>>,
    /// Accounts that statute created.
    created: Rc<Cell<u32>>,
}

/// Pages as statute tells of them: how many, and as which account the first was created.
pub(crate) type Written = (u16, u32);

fn value(peers: &Peers, id: u8) -> B256 {
    let default = P::ALL[usize::from(id)].default_word();
    let own = peers.values.get(&id).copied();
    own.map_or(default, |value| B256::from(U256::from(value)))
}

impl City {
    /// Wired, with seven agents of as many principals.
    pub(crate) fn new() -> Self {
        let city = Self::constructed();
        city.call(STRANGER, wire::wireCall {}).expect("wired");
        city.world.take_logs();
        city
    }

    /// The same, not wired.
    pub(crate) fn constructed() -> Self {
        let city = Self {
            world: World::new(),
            peers: Rc::default(),
            created: Rc::default(),
        };
        city.world.program::<Missions>(here(), "collaboration");
        for number in 1..=9 {
            let worker = Worker {
                principal: principal(number),
                previous: Address::ZERO,
                bars: 0,
                score: 500,
                enrolled_at: 0,
            };
            city.peers
                .borrow_mut()
                .workers
                .insert(agent(number), worker);
        }
        city.install(Peer::Constitution, |peers, _, input| {
            if law::membersCall::abi_decode_validate(input).is_ok() {
                return Ok(Peer::ALL.map(member).abi_encode());
            }
            if law::unitScaleCall::abi_decode_validate(input).is_ok() {
                return Ok(U256::from(SCALE).abi_encode());
            }
            let asked = law::readCall::abi_decode_validate(input).expect("a known question");
            assert_eq!(asked.number, EPOCH, "the mission's own epoch");
            let read: Vec<B256> = asked.ids.iter().map(|id| value(peers, *id)).collect();
            Ok((read,).abi_encode_params())
        });
        city.install(Peer::Enactment, enactment);
        city.install(Peer::Roster, |peers, _, input| {
            roster::haltedUntilCall::abi_decode_validate(input).expect("asked");
            Ok(U256::from(peers.watchdog).abi_encode())
        });
        city.install(Peer::Service, |peers, _, input| {
            let asked = services::standingsCall::abi_decode_validate(input).expect("asked");
            let standing = |service: &B256| services::Standing {
                codeHash: keccak256(service),
                deprecatedAt: peers.deprecated.get(service).copied().unwrap_or(0),
            };
            let standings: Vec<_> = asked.services.iter().map(standing).collect();
            Ok(standings.abi_encode())
        });
        city.install(Peer::Agent, agent_contract);
        city.install(Peer::Treasury, treasury_contract);
        let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        input.extend(member(Peer::Constitution).abi_encode());
        city.world
            .transact(STRANGER, here(), U256::ZERO, &input)
            .expect("constructed");
        city
    }

    fn install(&self, peer: Peer, body: impl Fn(&mut Peers, &Frame, &[u8]) -> Answer + 'static) {
        let peers = self.peers.clone();
        let run = move |frame: &Frame, input: &[u8]| {
            assert_eq!(frame.caller, here(), "nobody else asks here");
            body(&mut peers.borrow_mut(), frame, input)
        };
        self.world.install(member(peer), keccak256("member"), run);
    }

    /// A call; what peers were told is undone with it.
    pub(crate) fn call<C: SolCall>(&self, from: Address, call: C) -> Result<C::Return, Vec<u8>> {
        let before = self.peers.borrow().clone();
        let answer = self.world.call(from, here(), call);
        if answer.is_err() {
            *self.peers.borrow_mut() = before;
        }
        answer
    }

    /// A call that must be refused with exactly this, and changes nothing.
    #[track_caller]
    pub(crate) fn refused<C: SolCall, E: SolError + PartialEq + std::fmt::Debug>(
        &self,
        from: Address,
        call: C,
        expected: E,
    ) {
        let before = (self.peers.borrow().clone(), self.world.storage(here()));
        self.world.refused(from, here(), 0, call, expected);
        *self.peers.borrow_mut() = before.0;
        assert_eq!(self.world.storage(here()), before.1, "nothing moved");
    }

    pub(crate) fn set(&self, id: P, value: u32) {
        self.peers.borrow_mut().values.insert(id as u8, value);
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        std::mem::take(&mut self.peers.borrow_mut().told)
    }

    pub(crate) fn warp(&self, secs: u64) {
        self.world.warp(secs);
    }

    /// Approves a law; its session.
    pub(crate) fn law(&self, name: &str, law: Law) -> B256 {
        let session = keccak256(name);
        self.peers.borrow_mut().laws.insert(session, law);
        session
    }

    pub(crate) fn root_law(&self, nodes: u16) -> Law {
        Law {
            approved: true,
            kind: ROOT,
            nodes,
            deadline: self.world.now() + DURATION,
            other: B256::ZERO,
            node: 0,
            sponsor: SPONSOR,
        }
    }

    pub(crate) fn create(&self, name: &str, law: Law) -> Result<B256, Vec<u8>> {
        let (deadline, from) = (law.deadline, law.sponsor);
        let from = if from == Address::ZERO {
            STRANGER
        } else {
            from
        };
        let session = self.law(name, law);
        let call = wire::createMissionCall {
            sessionId: session,
            deadline: deadline.try_into().expect("40 bits"),
        };
        self.call(from, call)
    }

    /// Writes the pages of a plan's statute: where, and the edges into each node.
    pub(crate) fn pages(&self, plan: &Plan) -> (Written, Vec<wire::DegreeWord>) {
        let statute = encode::statute(&plan.nodes, &[]).expect("pages");
        let mut counts = BTreeMap::<u16, [u8; 32]>::new();
        for draft in &plan.nodes {
            for to in &draft.successors {
                counts.entry(to / 32).or_default()[usize::from(to % 32)] += 1;
            }
        }
        let degrees = counts.into_iter().map(|(group, counts)| wire::DegreeWord {
            group,
            counts: counts.into(),
        });
        (self.write(&statute), degrees.collect())
    }

    /// Writes pages where statute would.
    pub(crate) fn write(&self, pages: &[Vec<u8>]) -> Written {
        let first = self.created.get() + 1;
        for page in pages {
            self.created.set(self.created.get() + 1);
            let at = member(Peer::Statute).create(self.created.get().into());
            self.world.data(at, &[&[0], &page[..]].concat());
        }
        (pages.len() as u16, first)
    }

    /// Writes the statute of a plan, and says how it is admitted.
    pub(crate) fn tranche(&self, mission: B256, plan: &Plan) -> wire::admitTrancheCall {
        let ((pages, first), degrees) = self.pages(plan);
        let mut progress = Pages::default();
        progress.set_first_page(first);
        wire::admitTrancheCall {
            missionId: mission,
            progress: progress.0,
            firstPage: 0,
            pages,
            firstOrdinal: first,
            degrees,
        }
    }

    /// Writes the seats of a plan whose statute has come so far, and says how they are admitted.
    pub(crate) fn seating(
        &self,
        mission: B256,
        plan: &Plan,
        progress: B256,
    ) -> wire::admitSeatsCall {
        let nodes = plan.nodes.len() as u16;
        let seats = encode::seats(nodes, &plan.seats).expect("seats");
        let (pages, first) = self.write(&seats);
        let mut progress = Pages(progress);
        progress.set_first_seats(first);
        wire::admitSeatsCall {
            missionId: mission,
            progress: progress.0,
            firstPage: 0,
            pages,
            firstOrdinal: first,
            agents: plan.seats.iter().map(|seat| seat.agent).collect(),
        }
    }

    /// Writes the pages of a plan and admits them.
    pub(crate) fn admit(&self, mission: B256, plan: &Plan) {
        let statute = self.tranche(mission, plan);
        let progress = statute.progress;
        self.call(member(Peer::Statute), statute).expect("admitted");
        let seats = self.seating(mission, plan, progress);
        self.call(member(Peer::Statute), seats).expect("seated");
        let mut peers = self.peers.borrow_mut();
        for seat in &plan.seats {
            *peers.stakes.entry((mission, seat.agent)).or_default() += seat.stake;
        }
        peers.escrows.entry(mission).or_default().0 += 1_000_000;
    }

    pub(crate) fn activate(&self, mission: B256) -> Result<(), Vec<u8>> {
        let call = wire::activateMissionCall {
            missionId: mission,
            epoch: EPOCH,
        };
        self.call(member(Peer::Statute), call).map(|_| ())
    }

    /// An active mission of a plan.
    pub(crate) fn active(&self, plan: &Plan) -> B256 {
        let mission = self
            .create("root", self.root_law(plan.nodes.len() as u16))
            .expect("created");
        self.admit(mission, plan);
        self.activate(mission).expect("active");
        self.world.take_logs();
        self.told();
        mission
    }

    pub(crate) fn mission(&self, mission: B256) -> wire::Mission {
        let call = wire::missionCall { missionId: mission };
        self.call(STRANGER, call).expect("a mission")
    }

    pub(crate) fn node(&self, mission: B256, index: u16) -> wire::Node {
        let call = wire::nodeCall {
            missionId: mission,
            index,
        };
        self.call(STRANGER, call).expect("a node")
    }

    pub(crate) fn assignment(&self, mission: B256, index: u16) -> wire::Assignment {
        let call = wire::assignmentCall {
            missionId: mission,
            index,
            agents: true,
            lawIn: u16::MAX,
        };
        self.call(STRANGER, call).expect("an assignment")
    }

    pub(crate) fn expires_at(&self, mission: B256, index: u16) -> u64 {
        let call = wire::expiresAtCall {
            missionId: mission,
            index,
        };
        self.call(STRANGER, call).expect("an instant").to()
    }

    /// Numbers of the mission's state and of its nodes' states.
    pub(crate) fn states(&self, mission: B256) -> (u8, Vec<u8>) {
        let found = self.mission(mission);
        let mut states = Vec::new();
        for word in 0..found.nodes.div_ceil(32) {
            let call = wire::nodeStatesCall {
                missionId: mission,
                word,
            };
            let word = self.call(STRANGER, call).expect("states");
            // What waits says with how many edges.
            let state = |byte: &u8| if *byte < 64 { *byte } else { byte >> 7 };
            states.extend(word.iter().map(state));
        }
        states.truncate(found.nodes.into());
        (found.state as u8, states)
    }

    pub(crate) fn accept(&self, mission: B256, node: u16, from: Address) -> Result<(), Vec<u8>> {
        let call = wire::acceptSeatCall {
            missionId: mission,
            node,
        };
        self.call(from, call).map(|_| ())
    }

    /// A route with the code that everybody registered.
    pub(crate) fn routing(&self, mission: B256, node: u16) -> wire::routeTaskCall {
        let seats = self.assignment(mission, node);
        let redundancy = self.node(mission, node).redundancy;
        let hashes = seats.agents.iter().take(redundancy.into());
        wire::routeTaskCall {
            missionId: mission,
            node,
            liveCodeHashes: hashes.map(|agent| code(*agent)).collect(),
        }
    }

    pub(crate) fn route(&self, mission: B256, node: u16, from: Address) -> Result<(), Vec<u8>> {
        self.call(from, self.routing(mission, node)).map(|_| ())
    }

    /// Everybody seated accepts what is not accepted, and the node is routed.
    pub(crate) fn begin(&self, mission: B256, node: u16) -> Result<(), Vec<u8>> {
        for agent in self.assignment(mission, node).agents {
            if agent != Address::ZERO {
                let _ = self.accept(mission, node, agent);
            }
        }
        self.route(mission, node, STRANGER)
    }

    pub(crate) fn verdict(
        &self,
        mission: B256,
        node: u16,
        to: NodeState,
        expires: u64,
        outcomes: Vec<wire::SeatOutcome>,
    ) -> wire::applyVerdictCall {
        wire::applyVerdictCall {
            verdict: wire::Verdict {
                missionId: mission,
                node,
                attempt: self.assignment(mission, node).attempt,
                to: wire::NodeState::try_from(to.number()).expect("a state"),
                expiresAt: expires.try_into().expect("40 bits"),
                reason: wire::Reason::ConsensusFailed,
                outputHash: output(node),
                trailRoot: B256::repeat_byte(0x77),
            },
            outcomes,
        }
    }

    pub(crate) fn judge(
        &self,
        mission: B256,
        node: u16,
        to: NodeState,
        expires: u64,
        outcomes: Vec<wire::SeatOutcome>,
    ) -> Result<(), Vec<u8>> {
        let call = self.verdict(mission, node, to, expires, outcomes);
        self.call(member(Peer::Verification), call).map(|_| ())
    }

    /// Everybody who began a node is paid for it; by the way that its tier demands.
    pub(crate) fn complete(&self, mission: B256, node: u16) -> Result<(), Vec<u8>> {
        let found = self.assignment(mission, node);
        let later = self.world.now() + 1_000;
        let step = match found.tier {
            2 => Some(NodeState::PendingVerification),
            3 => Some(NodeState::PendingReview),
            _ => None,
        };
        if let Some(step) = step {
            self.judge(mission, node, step, later, Vec::new())?;
        }
        let outcomes = found
            .agents
            .iter()
            .zip(0..)
            .filter(|(agent, _)| **agent != Address::ZERO)
            .map(|(_, seat)| outcome(seat, 0))
            .collect();
        self.judge(mission, node, NodeState::Completed, 0, outcomes)
    }

    /// An order of the guardian.
    pub(crate) fn order(&self, order: wire::Intervention) -> Result<(), Vec<u8>> {
        let call = wire::interveneCall {
            intervention: order,
        };
        self.call(member(Peer::Guardian), call).map(|_| ())
    }

    pub(crate) fn expire_node(&self, mission: B256, node: u16) -> Result<(), Vec<u8>> {
        let call = wire::expireNodeCall {
            missionId: mission,
            node,
        };
        self.call(STRANGER, call).map(|_| ())
    }

    pub(crate) fn expire_mission(&self, mission: B256) -> Result<(), Vec<u8>> {
        let call = wire::expireMissionCall { missionId: mission };
        self.call(STRANGER, call).map(|_| ())
    }

    /// New seats for a failed node, from a partial session of its own.
    pub(crate) fn reassigning(
        &self,
        mission: B256,
        node: u16,
        agents: &[Address],
    ) -> wire::reassignNodeCall {
        wire::reassignNodeCall {
            missionId: mission,
            node,
            sessionId: keccak256("partial"),
            seats: agents.iter().map(|agent| wire_seat(*agent)).collect(),
        }
    }

    pub(crate) fn reassign(
        &self,
        mission: B256,
        node: u16,
        agents: &[Address],
    ) -> Result<(), Vec<u8>> {
        let call = self.reassigning(mission, node, agents);
        self.call(member(Peer::Enactment), call).map(|_| ())
    }

    pub(crate) fn halt(&self, mission: B256, halt: wire::Halt, until: u64) -> Result<(), Vec<u8>> {
        self.order(wire::Intervention {
            halt,
            until: until.try_into().expect("40 bits"),
            ..order(wire::Order::Halt, mission)
        })
    }

    pub(crate) fn lift(&self, mission: B256, halt: wire::Halt, secs: u64) -> Result<(), Vec<u8>> {
        self.order(wire::Intervention {
            halt,
            secs: secs.try_into().expect("40 bits"),
            ..order(wire::Order::Lift, mission)
        })
    }
}

pub(crate) use agentcity_domain::machine::{MissionState, NodeState};

/// A node that is eligible fails, its mission by it, and both live again with new seats: the mission is active.
pub(crate) fn fail_and_revive(city: &City, mission: B256, node: u16) {
    city.begin(mission, node).expect("begun");
    city.judge(mission, node, NodeState::Failed, 0, vec![outcome(0, 3)])
        .expect("failed");
    city.set(P::MaxRefinementIterations, 0);
    city.expire_mission(mission).expect("exhausted");
    assert_eq!(city.states(mission).0, MissionState::Failed.number());
    city.set(P::MaxRefinementIterations, 3);
    city.warp(500);
    city.reassign(mission, node, &[agent(9)]).expect("revived");
    assert_eq!(city.states(mission).0, MissionState::Active.number());
}

pub(crate) fn output(node: u16) -> B256 {
    keccak256(node.to_be_bytes())
}

pub(crate) fn outcome(seat: u8, fault: u8) -> wire::SeatOutcome {
    wire::SeatOutcome {
        seat,
        paid: fault == 0,
        scored: true,
        score: if fault == 0 { 1_000 } else { 0 },
        fault: wire::Reason::try_from(fault).expect("a reason"),
    }
}

/// An order without anything but its mission.
pub(crate) fn order(order: wire::Order, mission: B256) -> wire::Intervention {
    wire::Intervention {
        order,
        missionId: mission,
        node: 0,
        attempt: 0,
        agent: Address::ZERO,
        halt: wire::Halt::None,
        points: 0,
        until: Default::default(),
        secs: Default::default(),
        reason: wire::Reason::None,
    }
}

pub(crate) fn wire_seat(agent: Address) -> wire::Seat {
    wire::Seat {
        agent,
        serviceId: service(agent),
        price: PRICE,
        stake: STAKE,
        source: agent.into_word(),
    }
}

/// What a mission consists of.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) nodes: Vec<Draft>,
    pub(crate) seats: Vec<Seat>,
}

impl Plan {
    /// Nodes of these tiers, edges from lower to higher; agents from one on take the seats, anew at each node.
    pub(crate) fn of(tiers: &[u8], edges: &[(u16, u16)]) -> Self {
        let (mut nodes, mut seats) = (Vec::new(), Vec::new());
        for (index, tier) in (0..).zip(tiers) {
            let redundancy = match tier {
                0 => 0,
                2 => 3,
                _ => 1,
            };
            nodes.push(Draft {
                node: node(index, *tier, redundancy),
                successors: edges
                    .iter()
                    .filter(|(from, _)| *from == index)
                    .map(|(_, to)| *to)
                    .collect(),
            });
            for seat in 0..redundancy {
                seats.push(seat_of(index, seat, agent(seat + 1)));
            }
        }
        Self { nodes, seats }
    }
}

fn node(index: u16, tier: u8, redundancy: u8) -> Node {
    let digest = keccak256([index as u8, 0xd1]);
    if tier == 0 {
        return Node {
            digest,
            ..Node::default()
        };
    }
    Node {
        digest,
        tier,
        risk: 1,
        redundancy,
        threshold: redundancy / 2 + 1,
        mode: 0,
        timeout_ms: 20_000,
        budget: BUDGET,
        tokens: 1,
        ..Node::default()
    }
}

pub(crate) fn seat_of(node: u16, seat: u8, agent: Address) -> Seat {
    Seat {
        node,
        seat,
        agent,
        price: PRICE,
        stake: STAKE,
        source: agent.into_word(),
        service: service(agent),
    }
}

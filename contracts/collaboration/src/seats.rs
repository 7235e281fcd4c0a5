//! Seats: accepted, passed on, routed, given anew.

use alloc::{boxed::Box, vec::Vec};

use agentcity_abi::{ICollaboration as wire, ITreasury as treasury};
use agentcity_domain::{
    exit::forbidders,
    machine::{Command, MissionState, NodeState},
    mission::{
        Reason, Why,
        node::{Eligible, Node, seat_bit},
        record::{WORKING, bit},
        refinement,
        seat::{self as rules, CONFLICT, is_conflicted},
    },
    parameter::ParameterId as P,
    peer::Peer,
    signed::selector,
    statute::{SEATS_MAX, Seat},
};
use agentcity_shell::{
    malformed,
    member::Member,
    output,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{nodes::*, storage::*};

/// `runnerUp` of enactment.
const RUNNER_UP: [u8; 4] = selector("runnerUp(bytes32,uint16)");

/// Where the list of a call with two words before it stands.
const BEHIND_TWO: u64 = 96;

const ELIGIBLE: u16 = bit(NodeState::Eligible as u8);

/// What an eligible node's windows depend on.
const WINDOWS: [u8; 3] = [
    P::AcceptanceWindowMs as u8,
    P::RouteTimeoutMs as u8,
    P::TimeoutGraceMs as u8,
];

impl Missions {
    /// An eligible node of a mission that works.
    #[inline(never)]
    fn eligible(&self, mission: &Loaded, number: u16) -> Said<Box<Attempt>> {
        let works = mission.word.must_be(WORKING);
        self.ok(&mission.id, number, works)?;
        let node = self.attempt(mission, number)?;
        let eligible = node.states.must_be(number, ELIGIBLE, node.word.attempt());
        self.ok(&mission.id, number, eligible)?;
        Ok(node)
    }

    /// The windows of an eligible node.
    #[inline(never)]
    pub(crate) fn windows(&self, mission: &Loaded, node: &Node, millis: [u64; 3]) -> Eligible {
        let pages = self.pages(&mission.id);
        Eligible::of(node, (&mission.word, &pages, &mission.city), millis)
    }

    /// Reads the windows' parameters, too.
    #[inline(never)]
    pub(crate) fn ask_windows(&self, mission: &Loaded, node: &Node) -> Said<Eligible> {
        let millis = self.terms(mission.word.epoch(), WINDOWS)?;
        Ok(self.windows(mission, node, millis))
    }

    fn log_accepted(&self, mission: &B256, node: &Attempt, agent: &Address) {
        self.log(
            topic!(wire::SeatAccepted::SIGNATURE_HASH)
                .word(mission)
                .number(node.number.into())
                .address(agent)
                .number(node.word.attempt().into()),
            4,
        );
    }

    /// No halt forbids to accept: who could not route is late, who could accept is not (exits).
    #[inline(never)]
    fn take_seat(
        &mut self,
        mission: &B256,
        number: u16,
        attempt: Option<u8>,
        agent: Address,
    ) -> Said {
        let loaded = self.lookup(mission);
        let mut node = self.eligible(&loaded, number)?;
        if attempt.is_some_and(|attempt| attempt != node.word.attempt()) {
            let other = node.states.must_be(number, 0, node.word.attempt());
            self.ok(mission, number, other)?;
        }
        let seat = self.seat_of(mission, &node, agent)?;
        if rules::accept(&mut node.word, seat.seat).is_err() {
            return already_done(mission, number, agent);
        }
        self.store_attempt(mission, &node);
        self.log_accepted(mission, &node, &agent);
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn accept_seat(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, node) = (&input.word(), input.u16());
        self.take_seat(mission, node, None, self.caller())?;
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn accept_seat_for(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, node, attempt) = (&input.word(), input.u16(), input.u8());
        let agent = input.address();
        self.only_peer(Peer::Statute)?;
        self.take_seat(mission, node, Some(attempt), agent)
    }

    #[inline(never)]
    pub(crate) fn substitute_runner_up(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, number, place) = (&input.word(), input.u16(), input.u8());
        let loaded = self.lookup(mission);
        let mut node = self.eligible(&loaded, number)?;
        self.permit(&loaded, const { forbidders(Command::ReassignNode) }, false)?;
        let windows = self.ask_windows(&loaded, &node.word)?;
        let silent = self.seat_at(mission, &node, place)?;
        let session = self.session_of(mission, &node);
        let answer = self.query(
            Peer::Enactment,
            Words::after(RUNNER_UP).word(&session).number(number.into()),
        )?;
        let mut answer = Reader::new(&answer);
        let next = Self::read_seat(number, place, &mut answer);
        end(&answer)?;
        if next.agent == Address::ZERO {
            return not_seated(mission, number, Address::ZERO);
        }
        let mut others = Vec::with_capacity(SEATS_MAX);
        for seat in &self.seats(mission, &node)? {
            if seat.agent == next.agent {
                return not_seated(mission, number, next.agent);
            }
            if seat.seat != place {
                let obligation = self.obligation(mission, &seat.agent.into_word());
                others.push(Address::from_word(obligation));
            }
        }
        let clock = (self.now(), loaded.moved());
        let passes = rules::substitute(&mut node.word, &windows, place, clock);
        if passes.is_err_and(|no| no == Why::Done) {
            return already_done(mission, number, silent.agent);
        }
        self.ok(mission, number, passes)?;
        self.store_attempt(mission, &node);
        self.place_seat(mission, &node, &silent.agent, &next, &session, &others)?;
        let (attempt, who) = (node.word.attempt(), (silent.agent, silent.stake));
        let reason = Reason::SeatNotAccepted as u8;
        self.fault(&loaded, number, attempt, who, reason, mission)?;
        Ok(())
    }

    /// A seat as a call or an answer carries it.
    #[inline(never)]
    fn read_seat(node: u16, seat: u8, words: &mut Reader<'_>) -> Seat {
        let (agent, service) = (words.address(), words.word());
        let (price, stake, source) = (words.u128(), words.u128(), words.word());
        Seat {
            node,
            seat,
            agent,
            price,
            stake,
            source,
            service,
        }
    }

    #[inline(never)]
    fn set_seat(&mut self, mission: &B256, seat: &Seat, place: u64, word: &B256) {
        let number = seat_number(seat.node, seat.seat, place);
        self.set_entry(SEAT, mission, number, word);
    }

    /// Gives a seat to another, whose stake is locked for it. Nobody has two seats of a node, nor has a principal, nor the sponsor
    /// one (R7, R20).
    #[inline(never)]
    fn place_seat(
        &mut self,
        mission: &B256,
        node: &Attempt,
        before: &Address,
        seat: &Seat,
        session: &B256,
        others: &[Address],
    ) -> Said<Address> {
        self.set_seat(mission, seat, 0, &seat.agent.into_word());
        self.set_seat(mission, seat, 1, &seat.service);
        self.set_seat(mission, seat, 2, &output::amount(seat.price));
        self.set_seat(mission, seat, 3, &output::amount(seat.stake));
        self.set_seat(mission, seat, 4, &seat.source);
        self.log(
            topic!(wire::SeatReplaced::SIGNATURE_HASH)
                .word(mission)
                .number(node.number.into())
                .number(node.word.attempt().into())
                .address(before)
                .address(&seat.agent)
                .word(&seat.service),
            3,
        );
        let obligation = self.obligation(mission, &seat.agent.into_word());
        let principal = if obligation == B256::ZERO {
            self.oblige(mission, &[seat.agent], false)?
        } else {
            Address::from_word(obligation)
        };
        if is_conflicted(principal, sponsor_of(mission), others) {
            return refuse_agent(seat.agent, CONFLICT);
        }
        self.command(
            Peer::Treasury,
            Words::after(treasury::lockStakesCall::SELECTOR)
                .word(mission)
                .word(session)
                .number(BEHIND_TWO)
                .number(1)
                .address(&seat.agent)
                .word(&seat.source)
                .amount(seat.stake)
                .amount(seat.price),
        )?;
        Ok(principal)
    }

    #[inline(never)]
    pub(crate) fn route_task(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, number) = (&input.word(), input.u16());
        let (count, mut hashes) = input.list(SEATS_MAX);
        let mut loaded = self.lookup(mission);
        let mut node = self.eligible(&loaded, number)?;
        self.permit(&loaded, const { forbidders(Command::RouteTask) }, true)?;
        let law = self.law(mission, number)?.node;
        if count != usize::from(law.redundancy) {
            return Err(malformed().into());
        }
        let [acceptance, route, slack, grace, floor, age] = self.terms(
            loaded.word.epoch(),
            [
                P::AcceptanceWindowMs as u8,
                P::RouteTimeoutMs as u8,
                P::TimeoutGraceMs as u8,
                P::FinalizationGraceMs as u8,
                P::ReputationFloor as u8,
                P::PrincipalAgeSecs as u8,
            ],
        )?;
        let windows = self.windows(&loaded, &node.word, [acceptance, route, slack]);
        let age = (law.redundancy > 1).then_some(age);
        let (now, caller, sponsor) = (self.now(), self.caller(), loaded.sponsor());
        let (mut fit, mut ended, mut silent) = (0u8, 0u8, 0u8);
        let mut refused = None;
        let mut live: Vec<B256> = Vec::with_capacity(SEATS_MAX);
        let mut principals = Vec::with_capacity(SEATS_MAX);
        let seats = self.seats(mission, &node)?;
        for seat in &seats {
            // Whoever begins its own work accepts it by that.
            if seat.agent == caller && rules::accept(&mut node.word, seat.seat).is_ok() {
                self.log_accepted(mission, &node, &caller);
            }
        }
        let taken = node.word.taken();
        let services = self.standings(Peer::Service, &seats, taken)?;
        let services = &mut skipped(&services, OF_LIST);
        let agents = self.standings(Peer::Agent, &seats, taken)?;
        let agents = &mut skipped(&agents, OF_LIST);
        for seat in &seats {
            let (hash, mask) = (hashes.word(), seat_bit(seat.seat));
            if taken & mask == 0 {
                silent |= mask;
                continue;
            }
            let (registered, ended_at) = (services.word(), services.u64());
            let standing = next_standing(agents)?;
            if registered != hash {
                return Words::after(wire::CodeHashMismatch::SELECTOR)
                    .word(&seat.service)
                    .word(&registered)
                    .word(&hash)
                    .no();
            }
            if ended_at != 0 {
                ended |= mask;
                refused = Words::after(wire::ServiceDeprecated::SELECTOR)
                    .word(&seat.service)
                    .number(ended_at)
                    .no::<()>()
                    .err();
                continue;
            }
            let bars = standing.bars_for_work((floor, age), sponsor, &principals, now);
            if bars != 0 {
                refused = refuse_agent::<()>(seat.agent, bars).err();
                continue;
            }
            fit |= mask;
            node.word.set_score(seat.seat, standing.score);
            principals.push(standing.principal);
            if live.contains(&hash) {
                self.log(
                    topic!(wire::EqualCode::SIGNATURE_HASH)
                        .word(mission)
                        .number(number.into())
                        .word(&hash),
                    3,
                );
            }
            live.push(hash);
        }
        end(services)?;
        end(&hashes)?;
        let begins = rules::begin(
            &mut node.word,
            &windows,
            (law.tier, law.redundancy, law.threshold),
            fit,
            [law.timeout_ms.into(), grace, slack],
            (now, loaded.moved()),
        );
        if begins.is_err()
            && let Some(refused) = refused
        {
            return Err(refused);
        }
        self.ok(mission, number, begins)?;
        let attempt = node.word.attempt();
        let step = node.states.step(number, NodeState::Executing, attempt);
        self.ok(mission, number, step)?;
        self.store_attempt(mission, &node);
        self.begin_work(&mut loaded)?;
        self.log(
            topic!(wire::TaskRouted::SIGNATURE_HASH)
                .word(mission)
                .number(number.into())
                .number(attempt.into())
                .word(&live.first().copied().unwrap_or_default())
                .number(node.word.expires()),
            3,
        );
        self.fault_seats(&loaded, &node, silent, Reason::SeatNotAccepted as u8)?;
        self.fault_seats(&loaded, &node, ended, Reason::ServiceDeprecated as u8)?;
        Ok(())
    }

    /// The first node that runs takes its mission from active to executing.
    #[inline(never)]
    pub(crate) fn begin_work(&mut self, mission: &mut Loaded) -> Said {
        let from = mission.word.state();
        if from != MissionState::Active.number() {
            return Ok(());
        }
        let step = mission.word.step(MissionState::Executing, self.now());
        self.ok(&mission.id, 0, step)?;
        self.store_moved(mission, from, Reason::None as u8);
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn reassign(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, number, session) = (&input.word(), input.u16(), &input.word());
        let (count, mut seats) = input.list(SEATS_MAX);
        self.only_peer(Peer::Enactment)?;
        let mut loaded = self.lookup(mission);
        let mut node = self.attempt(&loaded, number)?;
        self.permit(&loaded, const { forbidders(Command::ReassignNode) }, false)?;
        let limits = self.terms(
            loaded.word.epoch(),
            [P::MaxRefinementIterations as u8, P::RecoveryGraceMs as u8],
        )?;
        let before = self.seats(mission, &node)?;
        if before.len() != count {
            return Err(malformed().into());
        }
        let (now, from, clock) = (self.now(), loaded.word.state(), self.clock(mission));
        let revived = refinement::reassign(
            (&mut loaded.word, &clock, &loaded.city),
            &mut node.states,
            (number, &mut node.word),
            count as u8,
            limits,
            now,
        );
        let revived = self.said(mission, number, revived)?;
        self.store_attempt(mission, &node);
        self.set_session_of(mission, number, session);
        if revived {
            self.store_moved(&loaded, from, Reason::None as u8);
        } else {
            self.store(&loaded);
        }
        let mut agents = Vec::with_capacity(SEATS_MAX);
        let mut others = Vec::with_capacity(SEATS_MAX);
        for old in &before {
            let seat = Self::read_seat(number, old.seat, &mut seats);
            let agent = seat.agent;
            if agents.contains(&agent) {
                return already_done(mission, number, agent);
            }
            agents.push(agent);
            let principal = self.place_seat(mission, &node, &old.agent, &seat, session, &others)?;
            others.push(principal);
        }
        end(&seats)?;
        self.log(
            topic!(wire::NodeReassigned::SIGNATURE_HASH)
                .word(mission)
                .number(number.into())
                .number(node.word.attempt().into())
                .word(session),
            3,
        );
        self.log_eligible(mission, number, node.word.attempt());
        Ok(())
    }
}

#[inline(never)]
pub(crate) fn already_done<T>(mission: &B256, node: u16, agent: Address) -> Said<T> {
    Words::after(wire::AlreadyDone::SELECTOR)
        .word(mission)
        .number(node.into())
        .address(&agent)
        .no()
}

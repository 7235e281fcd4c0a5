//! Seats: accepted, passed on, routed, given anew.

use alloc::vec::Vec;

use agentcity_abi::{
    IAgent as agents, ICollaboration as wire, IService as services, ITreasury as treasury,
};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    parameter::ParameterId as P,
    peer::Peer,
    signed::{Typed, selector, work::SeatAcceptance},
    statute::SEATS_MAX,
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    output,
    reader::Reader,
    sign, topic,
    word::{get, having, part, with},
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    missions::{WORKING, add, seconds},
    nodes::{SEAT as SEAT_WORDS, bit},
    storage::Missions,
};

/// `awarded` of enactment, and `bidOf` of the legislature.
const AWARDED: [u8; 4] = selector("awarded(bytes32,uint16)");
const BID_OF: [u8; 4] = selector("bidOf(bytes32,uint32)");

const ACCEPTANCES_MAX: usize = 64;
/// Purposes of the agent contract: to begin work, and to hold a seat among several.
const ROUTE: u64 = 1;
const SEAT: u64 = 4;

const ELIGIBLE: u16 = bit(NodeState::Eligible as u8);

impl Missions {
    #[inline(never)]
    fn take_seat(
        &mut self,
        mission: &B256,
        node: u16,
        attempt: Option<u8>,
        agent: Address,
    ) -> Result<(), Vec<u8>> {
        let mission_word = self.mission_in(mission, WORKING)?;
        self.not_stopped(mission, &mission_word)?;
        let word = self.node_in(mission, node, ELIGIBLE)?;
        let now_at = get(&word, 0, 1) as u8;
        if attempt.is_some_and(|attempt| attempt != now_at) {
            return self.wrong_node(mission, node, NodeState::Eligible as u8, &word);
        }
        let seat = self.seat_of(mission, node, agent)?;
        let (mask, taken) = (get(&word, 2, 1), 1u64 << (seat & 7));
        if mask & taken != 0 {
            return Words::after(wire::AlreadyDone::SELECTOR)
                .word(mission)
                .number(node.into())
                .address(&agent)
                .refuse();
        }
        let word = add(&having(&word, 2, 1, mask | taken), 1, 1, 1);
        self.set_of_node(mission, node, 0, &word);
        self.log(
            topic!(wire::SeatAccepted::SIGNATURE_HASH)
                .word(mission)
                .number(node.into())
                .address(&agent)
                .number(now_at.into()),
            4,
        );
        Ok(())
    }

    pub(crate) fn accept_seat(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (&input.word(), input.u16());
        self.take_seat(mission, node, None, self.caller())?;
        Ok(Vec::new())
    }

    pub(crate) fn accept_seats(&mut self, input: &mut Reader<'_>) -> Answer {
        let (count, mut list) = input.list(ACCEPTANCES_MAX);
        let (signatures, mut signed) = input.list(ACCEPTANCES_MAX);
        if signatures != count {
            return Err(malformed());
        }
        for _ in 0..count {
            let (mission, node, attempt) = (&list.word(), list.u16(), list.u8());
            let (agent, deadline) = (list.address(), list.u64());
            if self.now() > deadline {
                return Words::after(wire::DeadlinePassed::SELECTOR)
                    .number(deadline)
                    .refuse();
            }
            let hash = self.hash(
                topic!(<SeatAcceptance as Typed>::HASH)
                    .word(mission)
                    .number(node.into())
                    .number(attempt.into())
                    .address(&agent)
                    .number(deadline),
            );
            let digest = sign::digest_of(self.vm(), hash);
            let signature = signed.bytes(sign::SIGNATURE_BYTES_MAX);
            sign::require(self.vm(), agent, digest, signature)?;
            self.take_seat(mission, node, Some(attempt), agent)?;
        }
        list.end()?;
        signed.end()?;
        Ok(Vec::new())
    }

    pub(crate) fn substitute_runner_up(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node, seat) = (&input.word(), input.u16(), input.u8());
        let mission_word = self.mission_in(mission, WORKING)?;
        self.not_halted(mission, &mission_word)?;
        let word = self.node_in(mission, node, ELIGIBLE)?;
        let epoch = Self::epoch_of(&mission_word);
        let [window, route] = self.parameters(
            epoch,
            [P::AcceptanceWindowMs as u8, P::RouteTimeoutMs as u8],
        )?;
        let route = seconds(route);
        let from = self.expiry(&mission_word, &word).saturating_sub(route);
        if self.now() <= from {
            return Words::after(wire::TooEarly::SELECTOR).number(from).refuse();
        }
        let [silent, ..] = self.seat_words(mission, node, seat)?;
        if get(&word, 2, 1) & 1 << (seat & 7) != 0 {
            return Words::after(wire::AlreadyDone::SELECTOR)
                .word(mission)
                .number(node.into())
                .word(&silent)
                .refuse();
        }
        let session = self.of_mission(mission, 1);
        let number = output::number(node.into());
        let answer = self.ask(
            Peer::Enactment,
            Words::after(AWARDED).word(&session).word(&number),
        )?;
        let mut answer = Reader::new(&answer);
        answer.skip(1);
        let Some(runner_up) = answer.u32().checked_sub(1) else {
            return self.not_seated(mission, node, Address::ZERO);
        };
        answer.end()?;
        let bid = self.ask(
            Peer::Legislature,
            Words::after(BID_OF).word(&session).number(runner_up.into()),
        )?;
        let mut bid = Reader::new(&bid);
        let (_number, _state, _round, of) = (bid.u32(), bid.u8(), bid.u8(), bid.u16());
        let (next, service) = (bid.address(), bid.word());
        let (price, stake, source) = (bid.u128(), bid.u128(), bid.word());
        bid.end()?;
        if of != node || self.seat_of(mission, node, next).is_ok() {
            return self.not_seated(mission, node, next);
        }
        self.fault(mission, node, seat, wire::Reason::SeatNotAccepted as u8)?;
        let expires = self
            .now()
            .saturating_add(seconds(window))
            .saturating_add(route);
        self.set_expiry(mission, node, &word, expires);
        let money = with(with(B256::ZERO, 0, 16, price), 16, 16, stake);
        self.place_seat(
            mission,
            node,
            seat,
            &session,
            [next.into_word(), service, money, source],
        )?;
        Ok(Vec::new())
    }

    /// Gives a seat to another, whose stake is locked for it.
    #[inline(never)]
    fn place_seat(
        &mut self,
        mission: &B256,
        node: u16,
        seat: u8,
        session: &B256,
        words: [B256; 4],
    ) -> Result<(), Vec<u8>> {
        let [before, ..] = self.seat_words(mission, node, seat)?;
        let attempt = get(&self.of_node(mission, node, 0), 0, 1);
        for (place, word) in (0..).zip(words) {
            let number = Self::seat_number(node, seat, place);
            self.set_entry(SEAT_WORDS, mission, number, &word);
        }
        let [agent, service, money, source] = words;
        self.log(
            topic!(wire::SeatReplaced::SIGNATURE_HASH)
                .word(mission)
                .number(node.into())
                .number(attempt)
                .word(&before)
                .word(&agent)
                .word(&service),
            3,
        );
        let stake = output::amount(part(money, 16, 16));
        self.tell(
            Peer::Treasury,
            Words::after(treasury::lockStakeCall::SELECTOR)
                .word(mission)
                .word(session)
                .word(&agent)
                .word(&source)
                .word(&stake),
        )?;
        self.oblige(mission, Address::from_word(agent))
    }

    pub(crate) fn route_task(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (&input.word(), input.u16());
        let (count, mut hashes) = input.list(SEATS_MAX);
        let mission_word = self.mission_in(mission, WORKING)?;
        self.not_halted(mission, &mission_word)?;
        self.not_frozen(mission)?;
        let word = self.node_in(mission, node, ELIGIBLE)?;
        let (law, _) = self.law(mission, node)?;
        if count != usize::from(law.redundancy) {
            return Err(malformed());
        }
        let epoch = Self::epoch_of(&mission_word);
        let [route, grace, slack] = self.parameters(
            epoch,
            [
                P::RouteTimeoutMs as u8,
                P::FinalizationGraceMs as u8,
                P::TimeoutGraceMs as u8,
            ],
        )?;
        let now = self.now();
        let accepted = get(&word, 1, 1) as u8;
        let closes = self.expiry(&mission_word, &word);
        let open = now <= closes.saturating_sub(seconds(route));
        let needed = if open { law.redundancy } else { law.threshold };
        if accepted < needed {
            return Words::after(wire::SeatsUnaccepted::SELECTOR)
                .word(mission)
                .number(node.into())
                .number(accepted.into())
                .number(needed.into())
                .refuse();
        }
        let (mut live, mut silent) = (B256::ZERO, Vec::with_capacity(SEATS_MAX));
        let purpose = if law.redundancy > 1 { SEAT } else { ROUTE };
        for seat in 0..law.redundancy {
            let hash = hashes.word();
            if get(&word, 2, 1) & 1 << (seat & 7) == 0 {
                silent.push(seat);
                continue;
            }
            let [agent, service, ..] = self.seat_words(mission, node, seat)?;
            let standing = self.ask(
                Peer::Service,
                Words::after(services::standingCall::SELECTOR).word(&service),
            )?;
            let mut standing = Reader::new(&standing);
            let (registered, deprecated) = (standing.word(), standing.u64());
            standing.end()?;
            if registered != hash || deprecated != 0 {
                return Words::after(wire::CodeHashMismatch::SELECTOR)
                    .word(&service)
                    .word(&registered)
                    .word(&hash)
                    .refuse();
            }
            let eligible = self.ask(
                Peer::Agent,
                Words::after(agents::isEligibleCall::SELECTOR)
                    .word(&agent)
                    .number(purpose),
            )?;
            let mut eligible = Reader::new(&eligible);
            let (may, bars) = (eligible.bool(), eligible.u8());
            eligible.end()?;
            if !may {
                return Words::after(wire::AgentRefused::SELECTOR)
                    .word(&agent)
                    .number(bars.into())
                    .refuse();
            }
            if hash == live {
                self.log(
                    topic!(wire::EqualCode::SIGNATURE_HASH)
                        .word(mission)
                        .number(node.into())
                        .word(&hash),
                    3,
                );
            }
            live = hash;
        }
        hashes.end()?;
        let window = u64::from(law.timeout_ms)
            .saturating_add(grace)
            .saturating_add(slack);
        let expires = now.saturating_add(seconds(window));
        self.set_node(mission, node, NodeState::Executing, &word, expires);
        if get(&mission_word, 0, 1) == MissionState::Active as u64 {
            let reason = wire::Reason::None as u8;
            self.move_mission(mission, &mission_word, MissionState::Executing, reason);
        }
        self.log(
            topic!(wire::TaskRouted::SIGNATURE_HASH)
                .word(mission)
                .number(node.into())
                .number(get(&word, 0, 1))
                .word(&live)
                .number(expires),
            3,
        );
        for seat in silent {
            self.fault(mission, node, seat, wire::Reason::SeatNotAccepted as u8)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn reassign(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (&input.word(), input.u16());
        let session = &input.word();
        let (count, mut seats) = input.list(SEATS_MAX);
        self.only(&[Peer::Enactment])?;
        let states = WORKING | bit(MissionState::Failed as u8);
        let mission_word = self.mission_in(mission, states)?;
        self.not_halted(mission, &mission_word)?;
        let word = self.node_in(mission, node, bit(NodeState::Failed as u8))?;
        let epoch = Self::epoch_of(&mission_word);
        let [most] = self.parameters(epoch, [P::MaxRefinementIterations as u8])?;
        let used = (get(&mission_word, 9, 2)).saturating_add(1);
        let divisor = const { P::RefinementNodeDivisor.row().default };
        let shares = (get(&mission_word, 2, 2) as u32).div_ceil(divisor.max(1));
        let limit = most.saturating_mul(shares.into());
        let attempt = (get(&word, 0, 1)).saturating_add(1);
        if used > limit || attempt > most {
            return Words::after(wire::RefinementExhausted::SELECTOR)
                .word(mission)
                .number(used)
                .number(limit)
                .refuse();
        }
        self.set_of_node(mission, node, 0, &having(&B256::ZERO, 0, 1, attempt));
        for seat in 0..count as u8 {
            let (agent, service) = (seats.address(), seats.word());
            let (price, stake, source) = (seats.u128(), seats.u128(), seats.word());
            let money = with(with(B256::ZERO, 0, 16, price), 16, 16, stake);
            self.place_seat(
                mission,
                node,
                seat,
                session,
                [agent.into_word(), service, money, source],
            )?;
        }
        seats.end()?;
        let failed = get(&mission_word, 6, 2).saturating_sub(1);
        let mission_word = having(&having(&mission_word, 9, 2, used), 6, 2, failed);
        self.set_mission(mission, 0, &mission_word);
        if failed == 0 && get(&mission_word, 0, 1) == MissionState::Failed as u64 {
            let reason = wire::Reason::None as u8;
            self.move_mission(mission, &mission_word, MissionState::Active, reason);
        }
        self.make_eligible(mission, node)?;
        self.log(
            topic!(wire::NodeReassigned::SIGNATURE_HASH)
                .word(mission)
                .number(node.into())
                .number(attempt)
                .word(session),
            3,
        );
        Ok(Vec::new())
    }
}

//! Seats: accepted, passed on, routed, given anew.

use alloc::vec::Vec;

use agentcity_abi::{
    IAgent as agents, ICollaboration as wire, IService as services, ITreasury as treasury,
};
use agentcity_domain::{
    literal,
    machine::{MissionState, NodeState},
    parameter::ParameterId as P,
    peer::Peer,
    signed::{Typed, selector, widths, work::SeatAcceptance},
    statute::SEATS_MAX,
};
use agentcity_shell::{
    Answer, Input, malformed,
    member::Member,
    output, refuse, sign,
    word::{part, with},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    missions::{WORKING, add, seconds},
    nodes::bit,
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
        mission: B256,
        node: u16,
        attempt: Option<u8>,
        agent: Address,
    ) -> Result<(), Vec<u8>> {
        let mission_word = self.mission_in(mission, WORKING)?;
        self.not_stopped(mission, mission_word)?;
        let word = self.node_in(mission, node, ELIGIBLE)?;
        let now_at = part(word, 0, 1) as u8;
        if attempt.is_some_and(|attempt| attempt != now_at) {
            return self.wrong_node(mission, node, NodeState::Eligible as u8, word);
        }
        let seat = self.seat_of(mission, node, agent)?;
        let (mask, taken) = (part(word, 2, 1), 1u128 << (seat & 7));
        if mask & taken != 0 {
            return refuse(
                wire::AlreadyDone::SELECTOR,
                &[mission, output::number(node.into()), agent.into_word()],
            );
        }
        let word = add(with(word, 2, 1, mask | taken), 1, 1, 1);
        self.write(self.node_key(mission, node, 0), word);
        self.emit(
            &[
                literal!(wire::SeatAccepted::SIGNATURE_HASH),
                mission,
                output::number(node.into()),
                agent.into_word(),
            ],
            &[output::number(now_at.into())],
        );
        Ok(())
    }

    pub(crate) fn accept_seat(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        self.take_seat(mission, node, None, self.caller())?;
        Ok(Vec::new())
    }

    pub(crate) fn accept_seats(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut list) = input.list(ACCEPTANCES_MAX)?;
        let (signatures, mut signed) = input.list(ACCEPTANCES_MAX)?;
        if signatures != count {
            return Err(malformed());
        }
        for _ in 0..count {
            let fields = list.fields(const { widths::<5>(SeatAcceptance::OWN) })?;
            let [mission, node, attempt, executor, deadline] = fields;
            let agent = Address::from_word(executor);
            if u128::from(self.now()) > part(deadline, 24, 8) {
                return refuse(wire::DeadlinePassed::SELECTOR, &[deadline]);
            }
            let words = [
                literal!(<SeatAcceptance as Typed>::HASH),
                mission,
                node,
                attempt,
                executor,
                deadline,
            ];
            let digest = sign::digest(self.vm(), &words);
            let signature = signed.bytes(sign::SIGNATURE_BYTES_MAX)?;
            sign::require(self.vm(), agent, digest, signature)?;
            let (node, attempt) = (part(node, 30, 2) as u16, part(attempt, 31, 1) as u8);
            self.take_seat(mission, node, Some(attempt), agent)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn substitute_runner_up(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, seat) = (input.word()?, input.u16()?, input.u8()?);
        let mission_word = self.mission_in(mission, WORKING)?;
        self.not_halted(mission, mission_word)?;
        let word = self.node_in(mission, node, ELIGIBLE)?;
        let epoch = Self::epoch_of(mission_word);
        let [window, route] = self.parameters(
            epoch,
            [P::AcceptanceWindowMs as u8, P::RouteTimeoutMs as u8],
        )?;
        let route = seconds(route);
        let from = self.expiry(mission_word, word).saturating_sub(route);
        if self.now() <= from {
            return refuse(wire::TooEarly::SELECTOR, &[output::number(from)]);
        }
        let [silent, ..] = self.seat_words(mission, node, seat)?;
        if part(word, 2, 1) & 1 << (seat & 7) != 0 {
            return refuse(
                wire::AlreadyDone::SELECTOR,
                &[mission, output::number(node.into()), silent],
            );
        }
        let session = self.of_mission(mission, 1);
        let number = output::number(node.into());
        let answer = self.ask_peer(Peer::Enactment, AWARDED, &[session, number])?;
        let mut answer = Input::new(&answer);
        answer.word()?;
        let Some(runner_up) = answer.u32()?.checked_sub(1) else {
            return self.not_seated(mission, node, Address::ZERO);
        };
        let words = [session, output::number(runner_up.into())];
        let bid = self.ask_peer(Peer::Legislature, BID_OF, &words)?;
        let mut bid = Input::new(&bid);
        let (_number, _state, _round, of) = (bid.u32()?, bid.u8()?, bid.u8()?, bid.u16()?);
        let (next, service) = (bid.address()?, bid.word()?);
        let (price, stake, source) = (bid.u128()?, bid.u128()?, bid.word()?);
        if of != node || self.seat_of(mission, node, next).is_ok() {
            return self.not_seated(mission, node, next);
        }
        self.fault(mission, node, seat, wire::Reason::SeatNotAccepted as u8)?;
        let expires = self
            .now()
            .saturating_add(seconds(window))
            .saturating_add(route);
        self.set_expiry(mission, node, word, expires);
        let money = with(with(B256::ZERO, 0, 16, price), 16, 16, stake);
        self.place_seat(
            mission,
            node,
            seat,
            [next.into_word(), service, money, source],
        )?;
        Ok(Vec::new())
    }

    /// Gives a seat to another, whose stake is locked for it.
    #[inline(never)]
    fn place_seat(
        &mut self,
        mission: B256,
        node: u16,
        seat: u8,
        words: [B256; 4],
    ) -> Result<(), Vec<u8>> {
        let [before, ..] = self.seat_words(mission, node, seat)?;
        let attempt = part(self.of_node(mission, node, 0), 0, 1);
        for (place, word) in (0..).zip(words) {
            self.write(self.seat_key(mission, node, seat, place), word);
        }
        let [agent, service, money, source] = words;
        self.emit(
            &[
                literal!(wire::SeatReplaced::SIGNATURE_HASH),
                mission,
                output::number(node.into()),
            ],
            &[output::amount(attempt), before, agent, service],
        );
        let stake = output::amount(part(money, 16, 16));
        self.tell_peer(
            Peer::Treasury,
            treasury::lockStakeCall::SELECTOR,
            &[mission, agent, source, stake],
        )?;
        self.oblige(mission, Address::from_word(agent))
    }

    pub(crate) fn route_task(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let (count, mut hashes) = input.list(SEATS_MAX)?;
        let mission_word = self.mission_in(mission, WORKING)?;
        self.not_halted(mission, mission_word)?;
        self.not_frozen(mission)?;
        let word = self.node_in(mission, node, ELIGIBLE)?;
        let (law, _) = self.law(mission, node)?;
        if count != usize::from(law.redundancy) {
            return Err(malformed());
        }
        let epoch = Self::epoch_of(mission_word);
        let [route, grace, slack] = self.parameters(
            epoch,
            [
                P::RouteTimeoutMs as u8,
                P::FinalizationGraceMs as u8,
                P::TimeoutGraceMs as u8,
            ],
        )?;
        let now = self.now();
        let accepted = part(word, 1, 1) as u8;
        let closes = self.expiry(mission_word, word);
        let open = now <= closes.saturating_sub(seconds(route));
        let needed = if open { law.redundancy } else { law.threshold };
        if accepted < needed {
            return refuse(
                wire::SeatsUnaccepted::SELECTOR,
                &[
                    mission,
                    output::number(node.into()),
                    output::number(accepted.into()),
                    output::number(needed.into()),
                ],
            );
        }
        let (mut live, mut silent) = (B256::ZERO, Vec::with_capacity(SEATS_MAX));
        let purpose = if law.redundancy > 1 { SEAT } else { ROUTE };
        for seat in 0..law.redundancy {
            let hash = hashes.word()?;
            if part(word, 2, 1) & 1 << (seat & 7) == 0 {
                silent.push(seat);
                continue;
            }
            let [agent, service, ..] = self.seat_words(mission, node, seat)?;
            let standing =
                self.ask_peer(Peer::Service, services::standingCall::SELECTOR, &[service])?;
            let mut standing = Input::new(&standing);
            let (registered, deprecated) = (standing.word()?, standing.u64()?);
            if registered != hash || deprecated != 0 {
                return refuse(
                    wire::CodeHashMismatch::SELECTOR,
                    &[service, registered, hash],
                );
            }
            let eligible = self.ask_peer(
                Peer::Agent,
                agents::isEligibleCall::SELECTOR,
                &[agent, output::number(purpose)],
            )?;
            let mut eligible = Input::new(&eligible);
            if !eligible.bool()? {
                return refuse(wire::AgentRefused::SELECTOR, &[agent, eligible.word()?]);
            }
            if hash == live {
                self.emit(
                    &[
                        literal!(wire::EqualCode::SIGNATURE_HASH),
                        mission,
                        output::number(node.into()),
                    ],
                    &[hash],
                );
            }
            live = hash;
        }
        let window = u64::from(law.timeout_ms)
            .saturating_add(grace)
            .saturating_add(slack);
        let expires = now.saturating_add(seconds(window));
        self.set_node(mission, node, NodeState::Executing, word, expires);
        if part(mission_word, 0, 1) == MissionState::Active as u128 {
            let reason = wire::Reason::None as u8;
            self.move_mission(mission, mission_word, MissionState::Executing, reason);
        }
        self.emit(
            &[
                literal!(wire::TaskRouted::SIGNATURE_HASH),
                mission,
                output::number(node.into()),
            ],
            &[
                output::number(part(word, 0, 1) as u64),
                live,
                output::number(expires),
            ],
        );
        for seat in silent {
            self.fault(mission, node, seat, wire::Reason::SeatNotAccepted as u8)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn reassign(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let (count, mut seats) = input.list(SEATS_MAX)?;
        self.only(&[Peer::Enactment])?;
        let states = WORKING | bit(MissionState::Failed as u8);
        let mission_word = self.mission_in(mission, states)?;
        self.not_halted(mission, mission_word)?;
        let word = self.node_in(mission, node, bit(NodeState::Failed as u8))?;
        let epoch = Self::epoch_of(mission_word);
        let [most] = self.parameters(epoch, [P::MaxRefinementIterations as u8])?;
        let used = (part(mission_word, 9, 2) as u64).saturating_add(1);
        let divisor = P::RefinementNodeDivisor.row().default;
        let shares = (part(mission_word, 2, 2) as u32).div_ceil(divisor.max(1));
        let limit = most.saturating_mul(shares.into());
        let attempt = (part(word, 0, 1) as u64).saturating_add(1);
        if used > limit || attempt > most {
            return refuse(
                wire::RefinementExhausted::SELECTOR,
                &[mission, output::number(used), output::number(limit)],
            );
        }
        self.write(
            self.node_key(mission, node, 0),
            with(B256::ZERO, 0, 1, attempt.into()),
        );
        for seat in 0..count as u8 {
            let (agent, service) = (seats.address()?, seats.word()?);
            let (price, stake, source) = (seats.u128()?, seats.u128()?, seats.word()?);
            let money = with(with(B256::ZERO, 0, 16, price), 16, 16, stake);
            self.place_seat(
                mission,
                node,
                seat,
                [agent.into_word(), service, money, source],
            )?;
        }
        let failed = part(mission_word, 6, 2).saturating_sub(1);
        let mission_word = with(with(mission_word, 9, 2, used.into()), 6, 2, failed);
        self.set_mission(mission, 0, mission_word);
        if failed == 0 && part(mission_word, 0, 1) == MissionState::Failed as u128 {
            let reason = wire::Reason::None as u8;
            self.move_mission(mission, mission_word, MissionState::Active, reason);
        }
        self.make_eligible(mission, node)?;
        self.emit(
            &[
                literal!(wire::NodeReassigned::SIGNATURE_HASH),
                mission,
                output::number(node.into()),
            ],
            &[output::number(attempt), self.of_mission(mission, 1)],
        );
        Ok(Vec::new())
    }
}

//! What the guardian orders.

use agentcity_abi::ICollaboration as wire;
use agentcity_domain::{
    exit::forbidders,
    machine::{Command, MissionState},
    mission::{
        Reason, order as rules,
        record::{LIVING, Mission},
    },
    peer::Peer,
};
use agentcity_shell::{malformed, member::Member, reader::Reader};
use alloy_primitives::{Address, B256};

use crate::{nodes::not_seated, storage::*};

/// An order with everything it needs.
struct Order {
    order: u8,
    number: u16,
    attempt: u8,
    agent: Address,
    halt: u8,
    points: u64,
    until: u64,
    secs: u64,
    reason: u8,
}

const FREEZE: u8 = wire::Order::Freeze as u8;
const UNFREEZE: u8 = wire::Order::Unfreeze as u8;
const CONFIRM: u8 = wire::Order::Confirm as u8;
const HALT: u8 = wire::Order::Halt as u8;
const LIFT: u8 = wire::Order::Lift as u8;
const DEGRADE: u8 = wire::Order::Degrade as u8;
const RESUME: u8 = wire::Order::Resume as u8;
const RELEASE: u8 = wire::Order::Release as u8;
const REFUSE: u8 = wire::Order::Refuse as u8;

impl Missions {
    #[inline(never)]
    pub(crate) fn intervene(&mut self, input: &mut Reader<'_>) -> Said {
        let (order, mission) = (input.u8(), &input.word());
        let order = Order {
            order,
            number: input.u16(),
            attempt: input.u8(),
            agent: input.address(),
            halt: input.u8(),
            points: input.u16().into(),
            until: input.seconds(),
            secs: input.bits(32),
            reason: input.u8(),
        };
        self.only_peer(Peer::Guardian)?;
        match order.order {
            FREEZE | UNFREEZE | CONFIRM => self.order_node(mission, &order)?,
            HALT | LIFT => self.order_halt(mission, &order)?,
            DEGRADE | RESUME | RELEASE | REFUSE => self.order_mission(mission, &order)?,
            _ => return Err(malformed().into()),
        }
        Ok(())
    }

    #[inline(never)]
    fn order_node(&mut self, mission: &B256, order: &Order) -> Said {
        let mut loaded = self.lookup(mission);
        let number = order.number;
        let mut node = self.attempt(&loaded, number)?;
        let clock = (self.now(), loaded.moved());
        let word = &loaded.word;
        match order.order {
            FREEZE => {
                let seat = self.seat_of(mission, &node, order.agent)?;
                let frozen = rules::freeze(
                    word,
                    &mut node.states,
                    (number, &mut node.word),
                    order.attempt,
                    order.until,
                    clock,
                );
                self.ok(mission, number, frozen)?;
                if node.word.tier() != 0
                    && node.word.taken() & agentcity_domain::mission::node::seat_bit(seat.seat) == 0
                {
                    return not_seated(mission, number, order.agent);
                }
                self.store_attempt(mission, &node);
            }
            UNFREEZE => {
                let lifted = rules::unfreeze(
                    word,
                    &mut node.states,
                    (number, &mut node.word),
                    order.attempt,
                    clock,
                );
                self.ok(mission, number, lifted)?;
                self.store_attempt(mission, &node);
                self.log_eligible(mission, number, order.attempt);
                if order.points != 0 {
                    self.penalise(order.agent, order.points, mission)?;
                }
            }
            _ => {
                let of = (number, &node.word);
                let upheld = rules::confirm(word, &mut node.states, of, order.attempt);
                let fails = self.said(mission, number, upheld)?;
                let obliged = self.obligation(mission, &order.agent.into_word());
                if obliged == B256::ZERO {
                    return not_seated(mission, number, order.agent);
                }
                let reason = Reason::FreezeConfirmed as u8;
                if fails {
                    self.fail_node(&mut loaded, &node, reason)?;
                }
                let stake = match self.seat_of(mission, &node, order.agent) {
                    Ok(seat) => seat.stake,
                    Err(_) => self.locked_stake(mission, order.agent)?,
                };
                let who = (order.agent, stake);
                self.fault(&loaded, number, order.attempt, who, reason, mission)?;
            }
        }
        Ok(())
    }

    /// Lays a halt on a mission or lifts it; on the city for number zero.
    #[inline(never)]
    fn order_halt(&mut self, mission: &B256, order: &Order) -> Said {
        let is_city = *mission == B256::ZERO;
        let loaded = self.lookup(mission);
        let mut word = if is_city { loaded.city } else { loaded.word };
        if !is_city {
            self.ok(mission, 0, word.must_be(LIVING))?;
        }
        let mut clock = self.clock(mission);
        let until = clock.halted_until();
        if order.order == HALT {
            self.ok(mission, 0, word.lay(order.halt, until, is_city))?;
            clock.set_halted_until(order.until);
        } else {
            self.ok(mission, 0, word.lift(order.halt, order.secs, until))?;
            clock.set_halted_until(0);
        }
        self.set_clock(mission, &clock);
        self.set_of_mission(mission, 0, &word.0);
        Ok(())
    }

    #[inline(never)]
    fn order_mission(&mut self, mission: &B256, order: &Order) -> Said {
        let mut loaded = self.lookup(mission);
        let (now, from, since) = (self.now(), loaded.word.state(), loaded.word.since());
        let (needed, to, reason) = match order.order {
            DEGRADE => (MissionState::Executing, MissionState::Degraded, 0),
            RESUME => (MissionState::Degraded, MissionState::Executing, 0),
            RELEASE => (
                MissionState::Verification,
                MissionState::Completed,
                Reason::Succeeded as u8,
            ),
            _ => (
                MissionState::Verification,
                MissionState::Failed,
                order.reason,
            ),
        };
        let is_there = loaded
            .word
            .must_be(agentcity_domain::mission::record::bit(needed.number()));
        self.ok(mission, 0, is_there)?;
        match order.order {
            // What an outage took is given back, and what it takes until somebody resumes (C-20).
            DEGRADE => loaded.word.postpone(order.secs),
            RESUME => {
                Mission::postpone(&mut loaded.word, order.secs.max(now.saturating_sub(since)))
            }
            RELEASE => self.permit(&loaded, const { forbidders(Command::FilterOutput) }, false)?,
            _ if order.reason == Reason::OutputVetoed as u8 => {
                self.permit(&loaded, const { forbidders(Command::VetoOutput) }, false)?;
            }
            _ => self.permit(&loaded, const { forbidders(Command::FilterOutput) }, false)?,
        }
        let step = loaded.word.step(to, now);
        self.ok(mission, 0, step)?;
        if order.order == RELEASE {
            return self.end(&loaded, from, reason);
        }
        self.store_moved(&loaded, from, reason);
        Ok(())
    }
}

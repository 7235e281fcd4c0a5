//! Exits by deadline, and ends.

use agentcity_abi::{IAgent as agents, ICollaboration as wire, ITreasury as treasury};
use agentcity_domain::{
    machine::{MissionState as State, NodeState},
    mission::{
        Reason,
        exit::{self as rules, Limits, NodeExit},
        node::seat_bit,
        record::{ENDED, LIVING},
    },
    parameter::ParameterId as P,
    peer::Peer,
};
use agentcity_shell::{
    malformed,
    member::Member,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolEvent};

use crate::{
    nodes::{OF_LIST, not_seated},
    storage::*,
};

/// Most agents that one ruling names.
const NAMED_MAX: usize = 32;

impl Missions {
    #[inline(never)]
    pub(crate) fn expire_node(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, number) = (&input.word(), input.u16());
        let mut loaded = self.lookup(mission);
        let mut node = self.attempt(&loaded, number)?;
        let (now, word) = (self.now(), &loaded.word);
        let clock = (now, loaded.moved());
        const FROZEN: u8 = NodeState::Frozen as u8;
        const ELIGIBLE: u8 = NodeState::Eligible as u8;
        const REVIEWED: u8 = NodeState::PendingReview as u8;
        let mut exit = NodeExit::NONE;
        let said = match node.state() {
            // Never halted: what people left undecided ends (R8).
            FROZEN => {
                let of = (number, &node.word);
                rules::expire_freeze(word, &mut node.states, of, now, &mut exit)
            }
            ELIGIBLE => {
                let lying = self.lying(&loaded, self.watchdog()?);
                let windows = self.ask_windows(&loaded, &node.word)?;
                let (mut redundancy, mut ended) = (0u8, 0u8);
                let seats = self.seats(mission, &node)?;
                let mut all = 0;
                for seat in &seats {
                    redundancy = redundancy.saturating_add(1);
                    all |= seat_bit(seat.seat);
                }
                let services = self.standings(Peer::Service, &seats, all)?;
                let mut services = skipped(&services, OF_LIST);
                for seat in &seats {
                    services.word();
                    if services.u64() != 0 {
                        ended |= seat_bit(seat.seat);
                    }
                }
                end(&services)?;
                rules::expire_eligible(
                    word,
                    &lying,
                    &mut node.states,
                    (number, &node.word),
                    (&windows, redundancy, ended),
                    now,
                    &mut exit,
                )
            }
            REVIEWED => {
                let lying = self.lying(&loaded, 0);
                let terms = self.terms(
                    word.epoch(),
                    [
                        P::MaxHumanReviewTimeoutMs as u8,
                        P::BackupReviewMultiple as u8,
                    ],
                )?;
                rules::expire_review(
                    word,
                    &lying,
                    &mut node.states,
                    (number, &mut node.word),
                    terms,
                    clock,
                    &mut exit,
                )
            }
            _ => {
                let lying = self.lying(&loaded, 0);
                let of = (number, &node.word);
                rules::time_out(word, &lying, &mut node.states, of, clock, &mut exit)
            }
        };
        self.ok(mission, number, said)?;
        if exit.opened {
            self.store_attempt(mission, &node);
            self.log(
                topic!(wire::BackupOpened::SIGNATURE_HASH)
                    .word(mission)
                    .number(number.into())
                    .number(node.word.attempt().into())
                    .number(node.word.expires()),
                3,
            );
        }
        if exit.reason as u8 == Reason::None as u8 {
            return Ok(());
        }
        self.fail_node(&mut loaded, &node, exit.reason as u8)?;
        let silence = if node.word.tier() == 0 {
            Reason::SeatNotAccepted
        } else {
            Reason::TimeoutExceeded
        };
        let deprecated = Reason::ServiceDeprecated as u8;
        self.fault_seats(&loaded, &node, exit.silent, silence as u8)?;
        self.fault_seats(&loaded, &node, exit.deprecated, deprecated)
    }

    /// Ends a mission, which has its last state: what a child leaves goes back, the escrow closes, stakes stay for the sanction
    /// window.
    #[inline(never)]
    pub(crate) fn end(&mut self, mission: &Loaded, from: u8, reason: u8) -> Said {
        let ids = [P::SanctionWindowSecs as u8];
        let [sanction] = self.terms(mission.word.epoch(), ids)?;
        self.store_moved(mission, from, reason);
        self.return_rest(mission)?;
        self.command(
            Peer::Treasury,
            Words::after(treasury::beginClosingCall::SELECTOR)
                .word(&mission.id)
                .number(sanction),
        )
    }

    /// The parameters of a mission's exits.
    #[inline(never)]
    pub(crate) fn limits(&self, mission: &Loaded) -> Said<Limits> {
        self.terms(
            mission.word.epoch(),
            [
                P::RecoveryGraceMs as u8,
                P::GateTimeoutMs as u8,
                P::DegradedAdjudicatorTimeoutMs as u8,
                P::MaxRefinementIterations as u8,
            ],
        )
    }

    #[inline(never)]
    pub(crate) fn expire_mission(&mut self, input: &mut Reader<'_>) -> Said {
        let mission = &input.word();
        let mut loaded = self.lookup(mission);
        self.ok(mission, 0, loaded.word.must_be(LIVING))?;
        let limits = self.limits(&loaded)?;
        let lying = self.lying(&loaded, self.watchdog()?);
        let (from, clock) = (loaded.word.state(), self.clock(mission));
        let orphan = self.is_orphan(&loaded);
        let (word, city) = (&mut loaded.word, &loaded.city);
        let mut reason = Reason::None;
        let said = rules::expire_mission(
            (word, &clock, city),
            &lying,
            orphan,
            limits,
            self.now(),
            &mut reason,
        );
        self.ok(mission, 0, said)?;
        if loaded.word.is_in(ENDED) {
            return self.end(&loaded, from, reason as u8);
        }
        self.store_moved(&loaded, from, reason as u8);
        Ok(())
    }

    /// Takes a mission that lives to its end by ruling. No halt forbids it.
    #[inline(never)]
    fn abort_as(&mut self, loaded: &mut Loaded, reason: Reason) -> Said {
        let from = loaded.word.state();
        let step = loaded.word.step(State::Aborted, self.now());
        self.ok(&loaded.id, 0, step)?;
        self.end(loaded, from, reason as u8)
    }

    #[inline(never)]
    pub(crate) fn abort(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, _justification) = (&input.word(), &input.word());
        self.only_peer(Peer::Adjudication)?;
        let mut loaded = self.lookup(mission);
        self.ok(mission, 0, loaded.word.must_be(LIVING))?;
        self.abort_as(&mut loaded, Reason::HumanSilence)?;
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn abort_for_fault(&mut self, input: &mut Reader<'_>) -> Said {
        let mission = &input.word();
        let (count, mut named) = input.list(NAMED_MAX);
        let justification = &input.word();
        self.only_peer(Peer::Adjudication)?;
        let mut loaded = self.lookup(mission);
        self.ok(mission, 0, loaded.word.must_be(LIVING))?;
        let mut last = Address::ZERO;
        for _ in 0..count {
            let agent = named.address();
            if !follows(&last, &agent) {
                return Err(malformed().into());
            }
            last = agent;
            if self.obligation(mission, &agent.into_word()) == B256::ZERO {
                return not_seated(mission, 0, agent);
            }
            let who = (agent, self.locked_stake(mission, agent)?);
            let reason = Reason::FaultNamed as u8;
            self.fault(&loaded, 0, 0, who, reason, justification)?;
        }
        end(&named)?;
        self.abort_as(&mut loaded, Reason::FaultNamed)?;
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn release_agent(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, agent) = (&input.word(), input.address());
        let loaded = self.lookup(mission);
        self.ok(mission, 0, loaded.word.must_be(ENDED))?;
        let obligation = self.obligation(mission, &agent.into_word());
        if obligation == B256::ZERO {
            return not_seated(mission, 0, agent);
        }
        self.set_entry_at(OBLIGED, mission, &agent.into_word(), &B256::ZERO);
        // A stake of which nothing is left must not keep the obligation open for ever.
        if self.locked_stake(mission, agent)? != 0 {
            self.command(
                Peer::Treasury,
                Words::after(treasury::releaseStakeCall::SELECTOR)
                    .word(mission)
                    .address(&agent),
            )?;
        }
        if Self::is_open(&obligation) {
            let completed = loaded.word.state() == State::Completed as u8;
            let over = if completed && !Self::is_at_fault(&obligation) {
                agents::completeObligationCall::SELECTOR
            } else {
                agents::closeObligationCall::SELECTOR
            };
            self.command(Peer::Agent, Words::after(over).address(&agent))?;
        }
        Ok(())
    }
}

/// Whether an account comes after another, in the order of their bytes.
#[inline(never)]
fn follows(last: &Address, agent: &Address) -> bool {
    for (before, after) in last.iter().zip(agent.iter()) {
        if before != after {
            return before < after;
        }
    }
    false
}

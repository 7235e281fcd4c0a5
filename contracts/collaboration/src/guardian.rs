//! Reports, freezes, halts; the gate.

use alloc::vec::Vec;

use agentcity_abi::{
    IAdjudication as panel, IAgent as agents, ICollaboration as wire, ITreasury as treasury,
};
use agentcity_domain::peer::Peer;
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output, refuse,
    word::{part, with},
};
use alloy_primitives::{Address, B256, b256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::{call::RawCall, prelude::*};

use crate::storage::Missions;

/// Freeze: 0 cause, 1 open, 2 false, 3 attempt, 4..6 node, 6..11 at, 11..16 expires | mission | agent.
const FREEZE: Kind = 9;
pub(crate) const COUNTERS: Kind = 10;
const WINDOW: Kind = 11;
pub(crate) const PREDICATE: Kind = 12;
const REPORT: B256 = b256!("0x1c0b9fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d");
const OUTAGE: B256 = b256!("0x2c0b9fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d");

impl Missions {
    /// Principal and scorer of an active monitor.
    #[inline(never)]
    fn monitor(&self, monitor: Address) -> Result<(B256, B256), Vec<u8>> {
        let answer = self.ask_peer(
            Peer::Adjudication,
            panel::monitorCall::SELECTOR,
            &[monitor.into_word()],
        )?;
        let mut answer = Input::new(&answer);
        let (standing, principal, scorer) = (answer.u8()?, answer.word()?, answer.word()?);
        if standing != 2 {
            return refuse(wire::MonitorRefused::SELECTOR, &[monitor.into_word()]);
        }
        Ok((principal, scorer))
    }

    pub(crate) fn report(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut reports) = input.list(2)?;
        let (_, mut signatures) = input.list(2)?;
        let [sigma, tools_most, messages_most] = self.parameters(0, [24, 25, 26])?;
        let mut seen: Option<(B256, B256)> = None;
        let (mut deviating, mut cause) = (0u8, 0u8);
        let (mut at, mut accused) = ((B256::ZERO, 0u16, 0u8), Address::ZERO);
        for _ in 0..count {
            let fields = Self::fields::<12>(&mut reports)?;
            let [
                mission,
                node,
                attempt,
                agent,
                kind,
                deviation,
                tools,
                messages,
                evidence,
                sequence,
                deadline,
                monitor,
            ] = fields;
            let signer = Address::from_word(monitor);
            let mut signed = [B256::ZERO; 13];
            signed[0] = REPORT;
            signed[1..].copy_from_slice(&fields);
            self.signed(
                &signed,
                signer,
                part(deadline, 24, 8) as u64,
                signatures.bytes(2_048)?,
            )?;
            let (principal, scorer) = self.monitor(signer)?;
            if seen.is_some_and(|(other, same)| other == principal || same == scorer) {
                return refuse(wire::MonitorRefused::SELECTOR, &[monitor]);
            }
            seen = Some((principal, scorer));
            at = (
                mission,
                part(node, 30, 2) as u16,
                part(attempt, 31, 1) as u8,
            );
            accused = Address::from_word(agent);
            let (_, word) = self.node_in(mission, at.1, 0b1100)?;
            if part(word, 0, 1) as u8 != at.2 {
                return Err(malformed());
            }
            let key = self.key(
                COUNTERS,
                mission,
                output::number(u64::from(at.1) << 8 | u64::from(at.2)),
            );
            let last = self.read(key);
            let (tools, messages) = (part(tools, 28, 4), part(messages, 28, 4));
            let sequence = part(sequence, 24, 8);
            if sequence <= part(last, 8, 8)
                || tools < part(last, 0, 4)
                || messages < part(last, 4, 4)
            {
                return refuse(
                    wire::StaleReport::SELECTOR,
                    &[output::amount(sequence), output::amount(part(last, 8, 8))],
                );
            }
            self.write(
                key,
                with(
                    with(with(last, 0, 4, tools), 4, 4, messages),
                    8,
                    8,
                    sequence,
                ),
            );
            match part(kind, 31, 1) {
                1 if part(deviation, 28, 4) > sigma.into() => deviating += 1,
                2 if tools > tools_most.into() => cause = 2,
                2 if messages > messages_most.into() => cause = 3,
                3 => deviating += 1,
                _ => {}
            }
            self.emit(
                &[
                    wire::AnomalyReported::SIGNATURE_HASH,
                    mission,
                    node,
                    monitor,
                ],
                &[
                    attempt,
                    kind,
                    deviation,
                    output::amount(tools),
                    output::amount(messages),
                    evidence,
                ],
            );
        }
        if deviating == 2 {
            cause = 1;
        }
        if cause != 0 {
            self.freeze(at.0, at.1, at.2, accused, cause)?;
        }
        Ok(Vec::new())
    }

    /// Freezes, and stops the mission when too many freezes fall into the window.
    #[inline(never)]
    fn freeze(
        &mut self,
        mission: B256,
        node: u16,
        attempt: u8,
        agent: Address,
        cause: u8,
    ) -> Result<(), Vec<u8>> {
        self.node_in(mission, node, 0b1100)?;
        let [base, bonus, window, life, scaled] = self.parameters(0, [27, 28, 29, 30, 31])?;
        let now = self.now();
        let counter = self.key(FREEZE, B256::ZERO, B256::ZERO);
        let id = part(self.read(counter), 24, 8) as u64 + 1;
        self.write(counter, output::number(id));
        let mut word = with(with(B256::ZERO, 0, 1, cause.into()), 1, 1, 1);
        word = with(with(word, 3, 1, attempt.into()), 4, 2, node.into());
        let expires = now + life.div_ceil(1_000);
        word = with(with(word, 6, 5, now.into()), 11, 5, expires.into());
        self.write(self.key(FREEZE, output::number(id), B256::ZERO), word);
        self.write(
            self.key(FREEZE, output::number(id), output::number(1)),
            mission,
        );
        self.write(
            self.key(FREEZE, output::number(id), output::number(2)),
            agent.into_word(),
        );
        self.set_state(mission, node, 8);
        self.emit(
            &[
                wire::NodeFrozen::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
                output::number(id),
            ],
            &[
                output::number(attempt.into()),
                agent.into_word(),
                output::number(cause.into()),
                output::number(expires),
            ],
        );
        // Six instants of the agent's latest freezes in this mission, and the stops cleared so far.
        let key = self.key(WINDOW, mission, agent.into_word());
        let ring = self.read(key);
        let (cleared, stops) = (part(ring, 30, 1), part(ring, 31, 1) as u32);
        let width = window
            .div_ceil(1_000)
            .saturating_mul(1 << stops.min(6))
            .min(86_400);
        let mut within = 1u64;
        let mut next = with(ring, 0, 5, now.into());
        for place in 0..5 {
            let then = part(ring, 5 * place, 5) as u64;
            next = with(next, 5 * (place + 1), 5, then.into());
            if then > cleared as u64 && now - then.min(now) <= width {
                within += 1;
            }
        }
        self.write(key, next);
        let answer = self.ask_peer(
            Peer::Agent,
            agents::getReputationScoreCall::SELECTOR,
            &[agent.into_word()],
        )?;
        let score = Input::new(&answer).u64()?;
        let threshold = if scaled == 0 {
            base
        } else {
            base + score * bonus / 1_000
        };
        if within >= threshold {
            let (_, word) = self.mission_in(mission, 0b1100)?;
            self.halt(mission, word, 1, agent, B256::ZERO)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn halt(
        &mut self,
        mission: B256,
        word: B256,
        kind: u8,
        agent: Address,
        evidence: B256,
    ) -> Result<(), Vec<u8>> {
        let [life] = self.parameters(0, [32])?;
        let until = self.now() + life.div_ceil(1_000);
        let word = with(with(word, 1, 1, kind.into()), 21, 5, until.into());
        self.write(self.mission_key(mission, 0), word);
        self.write(self.mission_key(mission, 11), output::number(self.now()));
        self.emit(
            &[wire::MissionHalted::SIGNATURE_HASH, mission],
            &[
                output::number(kind.into()),
                agent.into_word(),
                output::number(until),
                evidence,
            ],
        );
        Ok(())
    }

    pub(crate) fn freeze_node(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let (attempt, agent) = (input.u8()?, input.address()?);
        self.only(&[Peer::Adjudication])?;
        self.freeze(mission, node, attempt, agent, 5)?;
        Ok(Vec::new())
    }

    #[inline(never)]
    fn open_freeze(&self, id: u64) -> Result<(B256, B256, B256), Vec<u8>> {
        let key = self.key(FREEZE, output::number(id), B256::ZERO);
        let word = self.read(key);
        if part(word, 0, 1) == 0 {
            return refuse(wire::UnknownFreeze::SELECTOR, &[output::number(id)]);
        }
        Ok((
            key,
            word,
            self.read(self.key(FREEZE, output::number(id), output::number(1))),
        ))
    }

    pub(crate) fn unfreeze_node(&mut self, input: &mut Input<'_>) -> Answer {
        let (id, kind) = (input.u64()?, input.u8()?);
        self.only(&[Peer::Adjudication])?;
        let (key, word, mission) = self.open_freeze(id)?;
        let node = part(word, 4, 2) as u16;
        self.node_in(mission, node, 1 << 8)?;
        self.write(key, with(with(word, 1, 1, 0), 2, 1, u128::from(kind == 1)));
        if kind == 2 {
            let agent = self.read(self.key(FREEZE, output::number(id), output::number(2)));
            let [warning] = self.parameters(0, [33])?;
            self.tell_peer(
                Peer::Agent,
                agents::applyPenaltyCall::SELECTOR,
                &[agent, output::number(warning), mission],
            )?;
        }
        self.make_eligible(mission, node)?;
        self.emit(
            &[
                wire::NodeUnfrozen::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
                output::number(id),
            ],
            &[output::number(kind.into())],
        );
        Ok(Vec::new())
    }

    pub(crate) fn confirm_freeze(&mut self, input: &mut Input<'_>) -> Answer {
        let id = input.u64()?;
        self.only(&[Peer::Adjudication])?;
        let (key, word, mission) = self.open_freeze(id)?;
        let node = part(word, 4, 2) as u16;
        self.node_in(mission, node, 1 << 8)?;
        let agent =
            Address::from_word(self.read(self.key(FREEZE, output::number(id), output::number(2))));
        self.write(key, with(word, 1, 1, 0));
        self.fail_node(mission, node, 6);
        self.fault(mission, node, part(word, 3, 1) as u8, agent, 3)?;
        Ok(Vec::new())
    }

    pub(crate) fn false_positive(&mut self, input: &mut Input<'_>) -> Answer {
        let id = input.u64()?;
        self.only(&[Peer::Adjudication])?;
        let (key, word, mission) = self.open_freeze(id)?;
        self.write(key, with(word, 2, 1, 1));
        let monitors = [3, 4]
            .map(|place| self.read(self.key(FREEZE, output::number(id), output::number(place))));
        self.emit(
            &[
                wire::FreezeFalsePositive::SIGNATURE_HASH,
                mission,
                output::number(id),
            ],
            &monitors,
        );
        Ok(output::words(&monitors))
    }

    pub(crate) fn trigger_stop(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, evidence) = (input.word()?, input.word()?);
        self.only(&[Peer::Adjudication])?;
        let (_, word) = self.mission_in(mission, 0b1100)?;
        self.halt(mission, word, 1, Address::ZERO, evidence)?;
        Ok(Vec::new())
    }

    pub(crate) fn lift_halt(&mut self, input: &mut Input<'_>, kind: u8) -> Answer {
        let mission = input.word()?;
        self.only(&[Peer::Adjudication])?;
        let (key, word) = self.mission_in(mission, 0b1_1100)?;
        if part(word, 1, 1) as u8 != kind {
            return refuse(
                wire::Halted::SELECTOR,
                &[
                    mission,
                    output::number(part(word, 1, 1) as u64),
                    output::number(0),
                ],
            );
        }
        let since = part(self.read(self.mission_key(mission, 11)), 24, 8) as u64;
        let halted = self.now().saturating_sub(since);
        let word = with(with(word, 1, 1, 0), 21, 5, 0);
        let word = with(word, 16, 5, part(word, 16, 5) + u128::from(halted));
        self.write(
            key,
            with(word, 26, 4, part(word, 26, 4) + u128::from(halted)),
        );
        self.emit(
            &[wire::HaltLifted::SIGNATURE_HASH, mission],
            &[output::number(kind.into()), output::number(halted)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn enter_degraded(&mut self, input: &mut Input<'_>) -> Answer {
        let mut principals = [B256::ZERO; 2];
        let mut spans = [(0u128, 0u128); 2];
        let mut mission = B256::ZERO;
        let mut fields = [[B256::ZERO; 5]; 2];
        for report in &mut fields {
            *report = Self::fields(input)?;
        }
        let mut signatures = input.tail()?;
        for place in 0..2 {
            let [of, from, until, deadline, monitor] = fields[place];
            let signer = Address::from_word(monitor);
            self.signed(
                &[OUTAGE, of, from, until, deadline, monitor],
                signer,
                part(deadline, 24, 8) as u64,
                signatures.bytes(2_048)?,
            )?;
            principals[place] = self.monitor(signer)?.0;
            spans[place] = (part(from, 27, 5), part(until, 27, 5));
            mission = of;
        }
        if principals[0] == principals[1] || fields[0][0] != fields[1][0] {
            return refuse(wire::MonitorRefused::SELECTOR, &[fields[1][4]]);
        }
        let (_, word) = self.mission_in(mission, 1 << 3)?;
        let [threshold, most, grace] = self.parameters(0, [34, 35, 36])?;
        let (from, until) = (spans[0].0.max(spans[1].0), spans[0].1.min(spans[1].1));
        let outage = until.saturating_sub(from);
        if outage < u128::from(threshold.div_ceil(1_000)) {
            return refuse(wire::TooEarly::SELECTOR, &[output::amount(from)]);
        }
        let extended = part(word, 26, 4);
        let added = (outage + u128::from(grace)).min(u128::from(most).saturating_sub(extended));
        let word = with(
            with(word, 26, 4, extended + added),
            16,
            5,
            part(word, 16, 5) + added,
        );
        self.move_mission(mission, word, 8, 0);
        self.emit(
            &[wire::DegradedEntered::SIGNATURE_HASH, mission],
            &[from, until, added].map(output::amount),
        );
        Ok(Vec::new())
    }

    pub(crate) fn exit_degraded(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        self.only(&[Peer::Adjudication])?;
        let (_, word) = self.mission_in(mission, 1 << 8)?;
        self.move_mission(mission, word, 3, 0);
        self.emit(&[wire::DegradedExited::SIGNATURE_HASH, mission], &[]);
        Ok(Vec::new())
    }

    pub(crate) fn reconcile(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, root) = (input.word()?, input.word()?);
        let caller = self.caller();
        self.monitor(caller)?;
        self.mission_in(mission, 0b1_1100)?;
        self.write(self.mission_key(mission, 12), root);
        self.emit(
            &[
                wire::Reconciled::SIGNATURE_HASH,
                mission,
                caller.into_word(),
            ],
            &[root],
        );
        Ok(Vec::new())
    }

    pub(crate) fn report_divergence(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, evidence) = (input.word()?, input.word()?);
        let caller = self.caller();
        self.monitor(caller)?;
        let (_, word) = self.mission_in(mission, 0b1_1100)?;
        self.not_halted(mission, word)?;
        let [amount] = self.parameters(0, [37])?;
        let bond = self.key(13, mission, evidence);
        self.tell_peer(
            Peer::Treasury,
            treasury::postBondCall::SELECTOR,
            &[
                bond,
                caller.into_word(),
                output::number(2),
                output::number(amount),
            ],
        )?;
        self.halt(mission, word, 2, caller, evidence)?;
        Ok(Vec::new())
    }

    pub(crate) fn filter_output(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let (_, word) = self.mission_in(mission, 1 << 4)?;
        self.not_halted(mission, word)?;
        let [gas, human_window] = self.parameters(0, [38, 39])?;
        let digest = self.read(self.mission_key(mission, 3));
        let count = part(self.read(self.mission_key(mission, 13)), 31, 1) as u64;
        let (mut all, mut hard_failed) = (true, None);
        for index in 0..count {
            let key = self.key(PREDICATE, mission, output::number(index));
            let stored = self.read(key);
            let target = Address::from_word(with(stored, 0, 12, 0));
            let (human, hard, cleared) =
                (part(stored, 0, 1), part(stored, 1, 1), part(stored, 2, 1));
            if human != 0 {
                if cleared == 0 {
                    all = false;
                    self.emit(
                        &[
                            wire::HumanFilterRequired::SIGNATURE_HASH,
                            mission,
                            output::number(index),
                        ],
                        &[output::number(self.now() + human_window.div_ceil(1_000))],
                    );
                }
                continue;
            }
            let left = self.vm().evm_gas_left();
            if left < gas + gas / 32 {
                return refuse(
                    wire::GasFloor::SELECTOR,
                    &[output::number(left), output::number(gas)],
                );
            }
            let approved = self.ask_peer(
                Peer::Adjudication,
                panel::approvedCodeCall::SELECTOR,
                &[target.into_word(), output::number(1)],
            )?;
            let same = Input::new(&approved).word()? == self.vm().code_hash(target);
            let data = output::words(&[mission, digest]);
            // SAFETY: a static call cannot write storage, and no accessor is alive across it.
            let answer = unsafe {
                RawCall::new_static(self.vm())
                    .gas(gas)
                    .limit_return_data(0, 32)
                    .flush_storage_cache()
                    .call(target, &data)
            };
            let passed =
                same && answer.is_ok_and(|data| data.len() == 32 && data.last() == Some(&1));
            if !passed {
                all = false;
                if hard != 0 {
                    hard_failed = Some(index);
                }
            }
            self.emit(
                &[
                    wire::PredicateEvaluated::SIGNATURE_HASH,
                    mission,
                    output::number(index),
                ],
                &[target.into_word(), output::truth(passed)],
            );
        }
        if hard_failed.is_some() {
            self.move_mission(mission, word, 6, 9);
        } else if all {
            self.release(mission, word, false)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn clear_predicate(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, index) = (input.word()?, input.u8()?);
        self.only(&[Peer::Adjudication])?;
        self.mission_in(mission, 1 << 4)?;
        let key = self.key(PREDICATE, mission, output::number(index.into()));
        self.write(key, with(self.read(key), 2, 1, 1));
        self.emit(
            &[
                wire::PredicateCleared::SIGNATURE_HASH,
                mission,
                output::number(index.into()),
            ],
            &[],
        );
        Ok(Vec::new())
    }

    pub(crate) fn veto_output(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, _justification) = (input.word()?, input.word()?);
        self.only(&[Peer::Adjudication])?;
        let (_, word) = self.mission_in(mission, 1 << 4)?;
        self.move_mission(mission, word, 6, 10);
        Ok(Vec::new())
    }

    pub(crate) fn release_output(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        self.only(&[Peer::Adjudication])?;
        let (_, word) = self.mission_in(mission, 1 << 4)?;
        let failed = part(self.read(self.mission_key(mission, 13)), 0, 1) as u64;
        if failed != 0 {
            return refuse(
                wire::HardPredicateFailed::SELECTOR,
                &[output::number(failed)],
            );
        }
        self.release(mission, word, true)?;
        Ok(Vec::new())
    }

    pub(crate) fn freeze_of(&mut self, input: &mut Input<'_>) -> Answer {
        let id = input.u64()?;
        let (_, word, mission) = self.open_freeze(id)?;
        let mut words = [B256::ZERO; 9];
        words[0] = mission;
        for (place, (at, bytes)) in [
            (4, 2),
            (3, 1),
            (0, 0),
            (0, 1),
            (6, 5),
            (11, 5),
            (1, 1),
            (2, 1),
        ]
        .into_iter()
        .enumerate()
        {
            words[place + 1] = output::amount(part(word, at, bytes));
        }
        words[3] = self.read(self.key(FREEZE, output::number(id), output::number(2)));
        Ok(output::words(&words))
    }
}

//! What monitors report of one attempt (G-10, G-11; R13, A10).

use alloc::{vec, vec::Vec};

use agentcity_abi::IGuardian as wire;
use agentcity_domain::{
    guardian::{
        freeze::{Cause, is_freezable},
        report::{
            Accuser, Heard, Kind, Limits, Report, Weight, agreement, is_recent, place,
            require_current, weigh,
        },
    },
    parameter::ParameterId as P,
    signed::{Typed, widths, work::MonitorReport},
    time::Millis,
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    reader::Reader,
    sign, topic,
    word::{get, having},
    words::Laid,
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;

use crate::{
    error::{About, revert},
    freezes::Accused,
    storage::{Guardian, attempt_word},
};

/// Most reports of one call.
const REPORTS_MAX: usize = 8;

/// Where the word of an attempt counts the accusations of a cause.
const fn kept_at(cause: Cause) -> usize {
    match cause {
        Cause::Deviation => 1,
        _ => 2,
    }
}

/// How many have to agree, and how close together.
struct Agreement {
    needed: u32,
    window: Millis,
}

impl Guardian {
    /// Errors: what [`Self::take_report`] refuses of any of them.
    pub(crate) fn report(&mut self, input: &mut Reader<'_>) -> Answer {
        let (count, mut reports) = input.list(REPORTS_MAX);
        let (given, mut signatures) = input.list(REPORTS_MAX);
        if given != count {
            return Err(malformed());
        }
        for _ in 0..count {
            let fields = reports.fields(const { widths::<12>(MonitorReport::OWN) });
            let signature = signatures.bytes(sign::SIGNATURE_BYTES_MAX);
            reports.end()?;
            signatures.end()?;
            self.take_report(&fields, signature)?;
        }
        Ok(Vec::new())
    }

    /// Errors: `DeadlinePassed`, `InvalidSignature`, `MonitorRefused`, `NotSeated`, `WrongAttempt`, `StaleReport`.
    /// Events: `AnomalyReported`, and those of a freeze.
    #[inline(never)]
    fn take_report(&mut self, fields: &[B256; 12], signature: &[u8]) -> Result<(), Vec<u8>> {
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
        let number = |word: &B256| get(word, 24, 8);
        let kind_word = kind;
        let kind = Kind::at(number(kind) as u8).ok_or_else(malformed)?;
        let signer = Address::from_word(*monitor);
        let mut signed = topic!(<MonitorReport as Typed>::HASH);
        signed.all(fields);
        self.signed(&signed, signer, number(deadline), signature)?;
        let found = self.active_monitor(signer)?;
        let accused = Accused {
            node: number(node) as u16,
            attempt: number(attempt) as u8,
            agent: Address::from_word(*agent),
        };
        let about = About::node(mission, accused.node);
        let at_work = self.attempt(mission, accused.node, accused.agent)?;
        require_current(at_work.attempt, accused.attempt).map_err(|no| revert(no, about))?;
        let [sigma, tools_max, messages_max, window, needed] = self.parameters(
            at_work.epoch,
            [
                P::DeviationThresholdSigma as u8,
                P::MaxToolInvocations as u8,
                P::MaxMessageVolume as u8,
                P::DeviationReportWindowMs as u8,
                P::DeviationMonitors as u8,
            ],
        )?;
        let limits = Limits {
            deviation: sigma as u32,
            tools: tools_max as u32,
            messages: messages_max as u32,
        };
        let report = Report {
            kind,
            deviation: number(deviation) as u32,
            heard: Heard {
                sequence: number(sequence),
                tools: number(tools) as u32,
                messages: number(messages) as u32,
            },
        };
        let name = attempt_word(accused.node, accused.attempt, accused.agent);
        let key = self.attempt_key(mission, &name);
        let heard = self
            .heard(&key, monitor)
            .followed_by(report.heard)
            .map_err(|no| revert(no, about))?;
        let state = self.attempt_state(&key);
        let weight = weigh(&report, &limits, get(&state, 0, 1) as u8);

        self.set_heard(&key, monitor, &heard);

        self.log(
            topic!(wire::AnomalyReported::SIGNATURE_HASH)
                .word(mission)
                .word(node)
                .word(monitor)
                .word(attempt)
                .word(agent)
                .word(kind_word)
                .word(deviation)
                .word(tools)
                .word(messages)
                .word(evidence)
                .word(sequence),
            4,
        );
        let runs = is_freezable(at_work.mission_state, at_work.state);
        let own = Accuser {
            monitor: signer,
            principal: found.principal,
            scorer: found.scorer,
            at: self.now(),
        };
        let (cause, monitors) = match weight {
            Weight::Freezes(cause) if runs => (cause, vec![own]),
            Weight::Accuses(cause) => {
                let agreement = Agreement {
                    needed: needed as u32,
                    window: Millis::new(window),
                };
                let agreed = self.accuse(&key, cause, own, &agreement, runs)?;
                if agreed.is_empty() {
                    return Ok(());
                }
                (cause, agreed)
            }
            Weight::Freezes(_) | Weight::Noted => return Ok(()),
        };
        self.freeze(mission, &accused, cause, &monitors, at_work.epoch)
    }

    /// Takes an accusation: those who agree, or nobody, and then it is kept. Where nothing can be frozen now, nobody agrees.
    #[inline(never)]
    fn accuse(
        &mut self,
        key: &B256,
        cause: Cause,
        own: Accuser,
        agreement_on: &Agreement,
        runs: bool,
    ) -> Result<Vec<Accuser>, Vec<u8>> {
        let (word, at) = (self.attempt_state(key), kept_at(cause));
        let count = get(&word, at, 1) as usize;
        let (mut kept, mut asked) = (Vec::with_capacity(count), Vec::with_capacity(count + 1));
        for place in 0..count {
            let (monitor, when) = self.accused(key, cause, place);
            let mut accuser = None;
            if is_recent(when, agreement_on.window, own.at) {
                // Who was suspended or left since has no word any more.
                let found = self.monitor(monitor)?;
                accuser = found.counts(own.at).then_some(Accuser {
                    monitor,
                    principal: found.principal,
                    scorer: found.scorer,
                    at: when,
                });
            }
            kept.push(accuser);
            asked.extend(accuser);
        }
        asked.push(own);
        if runs && let Some(chosen) = agreement(&asked, cause, agreement_on.needed) {
            self.set_attempt_state(key, &having(&word, at, 1, 0));
            let mut place = 0u32;
            asked.retain(|_| {
                place += 1;
                chosen.checked_shr(place.saturating_sub(1)).unwrap_or(0) & 1 == 1
            });
            return Ok(asked);
        }
        let place = place(&kept, &own);
        self.set_accused(key, cause, place, own.monitor, own.at);
        if place >= count {
            let more = count.saturating_add(1) as u64;
            self.set_attempt_state(key, &having(&word, at, 1, more));
        }
        Ok(Vec::new())
    }
}

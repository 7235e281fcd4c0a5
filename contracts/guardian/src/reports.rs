//! What monitors report of one attempt (G-10, G-11; R13).

use alloc::vec::Vec;

use agentcity_abi::IGuardian as wire;
use agentcity_domain::{
    parameter::ParameterId as P,
    signed::{Typed, widths, work::MonitorReport},
};
use agentcity_shell::{
    Answer, malformed,
    member::{Kind, Member},
    output,
    reader::Reader,
    sign, topic,
    word::{get, having},
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolError, SolEvent};

use crate::storage::Guardian;

/// Of an attempt: 0..4 tools, 4..8 messages, 8..16 last sequence.
pub(crate) const COUNTERS: Kind = 1;
/// Of a monitor at an attempt: its last sequence.
const SEQUENCE: Kind = 2;
/// Of an attempt: 0 a deviation that waits for a second: 0..5 when, 12..32 by which monitor. 1 its principal. 2 its scorer.
const DEVIATION: Kind = 3;

const REPORTS_MAX: usize = 8;

/// The number of an attempt in a key.
pub(crate) fn attempt_word(node: u16, attempt: u8) -> B256 {
    output::number(u64::from(node) << 8 | u64::from(attempt))
}

impl Guardian {
    pub(crate) fn report(&mut self, input: &mut Reader<'_>) -> Answer {
        let (count, mut reports) = input.list(REPORTS_MAX);
        let (given, mut signatures) = input.list(REPORTS_MAX);
        if given != count {
            return Err(malformed());
        }
        for _ in 0..count {
            let fields = reports.fields(const { widths::<12>(MonitorReport::OWN) });
            let signature = signatures.bytes(sign::SIGNATURE_BYTES_MAX);
            self.take_report(&fields, signature)?;
        }
        reports.end()?;
        signatures.end()?;
        Ok(Vec::new())
    }

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
        ] = *fields;
        let signer = Address::from_word(monitor);
        let mut signed = topic!(<MonitorReport as Typed>::HASH);
        signed.all(fields);
        self.signed(&signed, signer, get(&deadline, 24, 8), signature)?;
        let (principal, scorer) = self.monitor(signer)?;
        let (number, tried) = (get(&node, 30, 2) as u16, get(&attempt, 31, 1) as u8);
        let accused = Address::from_word(agent);
        let found = self.attempt(&mission, number, accused)?;
        if found.attempt != tried {
            return Words::after(wire::WrongAttempt::SELECTOR)
                .word(&mission)
                .word(&node)
                .number(found.attempt.into())
                .word(&attempt)
                .refuse();
        }
        let [sigma, tools_most, messages_most, window] = self.parameters(
            found.epoch,
            [
                P::DeviationThresholdSigma as u8,
                P::MaxToolInvocations as u8,
                P::MaxMessageVolume as u8,
                P::DeviationReportWindowMs as u8,
            ],
        )?;
        let place = attempt_word(number, tried);
        let key = self.key(COUNTERS, mission, place);
        let own_key = self.key(SEQUENCE, key, monitor);
        let last = self.read(key);
        let own = get(&self.read(own_key), 24, 8);
        let (used, sent) = (get(&tools, 28, 4), get(&messages, 28, 4));
        let follows = get(&sequence, 24, 8);
        if follows <= own || used < get(&last, 0, 4) || sent < get(&last, 4, 4) {
            return Words::after(wire::StaleReport::SELECTOR)
                .word(&sequence)
                .number(own)
                .refuse();
        }
        let next = having(&having(&last, 0, 4, used), 4, 4, sent);
        self.write(own_key, sequence);
        self.write(key, having(&next, 8, 8, follows));
        self.log(
            topic!(wire::AnomalyReported::SIGNATURE_HASH)
                .word(&mission)
                .word(&node)
                .word(&monitor)
                .word(&attempt)
                .word(&kind)
                .word(&deviation)
                .word(&tools)
                .word(&messages)
                .word(&evidence),
            4,
        );
        let mut monitors = [signer, Address::ZERO];
        let cause = match get(&kind, 31, 1) as u8 {
            k if k == wire::ReportKind::Counters as u8 => {
                if used > tools_most {
                    wire::FreezeCause::ToolLimit
                } else if sent > messages_most {
                    wire::FreezeCause::MessageLimit
                } else {
                    return Ok(());
                }
            }
            k if k == wire::ReportKind::Deviation as u8
                || k == wire::ReportKind::DeploymentSubstitution as u8 =>
            {
                let substitution = k == wire::ReportKind::DeploymentSubstitution as u8;
                if !substitution && get(&deviation, 28, 4) <= sigma {
                    return Ok(());
                }
                // Two agree, of different principals and scorers, close together; the first one waits (R13).
                let keys = [0, 1, 2].map(|part| {
                    let name = output::number(u64::from(k) << 8 | part);
                    self.key(DEVIATION, key, name)
                });
                let [first, other, same] = keys.map(|key| self.read(key));
                let since = self.now().saturating_sub(get(&first, 0, 5));
                let near = since <= window.div_ceil(1_000);
                if !near || other == principal || same == scorer {
                    let word = having(&monitor, 0, 5, self.now());
                    self.write(keys[0], word);
                    self.write(keys[1], principal);
                    self.write(keys[2], scorer);
                    return Ok(());
                }
                monitors[1] = Address::from_word(first);
                if substitution {
                    wire::FreezeCause::DeploymentSubstitution
                } else {
                    wire::FreezeCause::Deviation
                }
            }
            _ => return Err(malformed()),
        };
        self.freeze(&mission, number, tried, accused, cause, monitors)
    }
}

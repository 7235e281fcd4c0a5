//! What monitors report of one attempt (G-10, G-11; R13).

use alloc::vec::Vec;

use agentcity_abi::IGuardian as wire;
use agentcity_domain::{
    literal,
    parameter::ParameterId as P,
    signed::{Typed, widths, work::MonitorReport},
};
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output, refuse, sign,
    word::{part, with},
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
    pub(crate) fn report(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut reports) = input.list(REPORTS_MAX)?;
        let (given, mut signatures) = input.list(REPORTS_MAX)?;
        if given != count {
            return Err(malformed());
        }
        for _ in 0..count {
            let fields = reports.fields(const { widths::<12>(MonitorReport::OWN) })?;
            let signature = signatures.bytes(sign::SIGNATURE_BYTES_MAX)?;
            self.take_report(&fields, signature)?;
        }
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
        let mut signed = Vec::with_capacity(13);
        signed.push(literal!(<MonitorReport as Typed>::HASH));
        signed.extend_from_slice(fields);
        self.signed(&signed, signer, part(deadline, 24, 8) as u64, signature)?;
        let (principal, scorer) = self.monitor(signer)?;
        let (number, tried) = (part(node, 30, 2) as u16, part(attempt, 31, 1) as u8);
        let accused = Address::from_word(agent);
        let found = self.attempt(mission, number, accused)?;
        if found.attempt != tried {
            return refuse(
                wire::WrongAttempt::SELECTOR,
                &[mission, node, output::number(found.attempt.into()), attempt],
            );
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
        let (last, own) = (self.read(key), part(self.read(own_key), 24, 8));
        let (used, sent) = (part(tools, 28, 4), part(messages, 28, 4));
        let follows = part(sequence, 24, 8);
        if follows <= own || used < part(last, 0, 4) || sent < part(last, 4, 4) {
            return refuse(
                wire::StaleReport::SELECTOR,
                &[sequence, output::amount(own)],
            );
        }
        let next = with(with(last, 0, 4, used), 4, 4, sent);
        self.write(own_key, sequence);
        self.write(key, with(next, 8, 8, follows));
        self.emit(
            &[
                literal!(wire::AnomalyReported::SIGNATURE_HASH),
                mission,
                node,
                monitor,
            ],
            &[attempt, kind, deviation, tools, messages, evidence],
        );
        let mut monitors = [signer, Address::ZERO];
        let cause = match part(kind, 31, 1) as u8 {
            k if k == wire::ReportKind::Counters as u8 => {
                if used > tools_most.into() {
                    wire::FreezeCause::ToolLimit
                } else if sent > messages_most.into() {
                    wire::FreezeCause::MessageLimit
                } else {
                    return Ok(());
                }
            }
            k if k == wire::ReportKind::Deviation as u8
                || k == wire::ReportKind::DeploymentSubstitution as u8 =>
            {
                let substitution = k == wire::ReportKind::DeploymentSubstitution as u8;
                if !substitution && part(deviation, 28, 4) <= sigma.into() {
                    return Ok(());
                }
                // Two agree, of different principals and scorers, close together; the first one waits (R13).
                let keys = [0, 1, 2].map(|part| {
                    let name = output::number(u64::from(k) << 8 | part);
                    self.key(DEVIATION, key, name)
                });
                let [first, other, same] = keys.map(|key| self.read(key));
                let since = u128::from(self.now()).saturating_sub(part(first, 0, 5));
                let near = since <= u128::from(window.div_ceil(1_000));
                if !near || other == principal || same == scorer {
                    let word = with(with(monitor, 0, 12, 0), 0, 5, self.now().into());
                    self.write(keys[0], word);
                    self.write(keys[1], principal);
                    self.write(keys[2], scorer);
                    return Ok(());
                }
                monitors[1] = Address::from_word(with(first, 0, 12, 0));
                if substitution {
                    wire::FreezeCause::DeploymentSubstitution
                } else {
                    wire::FreezeCause::Deviation
                }
            }
            _ => return Err(malformed()),
        };
        self.freeze(mission, number, tried, accused, cause, monitors)
    }
}

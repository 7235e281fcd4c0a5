//! What reports an execution to the guardian, and whether that is still to be done.

use agentcity_abi::IGuardian::{self, IGuardianErrors, MonitorReport, ReportKind};
use agentcity_domain::{
    guardian::report::Kind,
    signed::{DOMAIN_NAME_HASH, DOMAIN_TYPE_HASH, DOMAIN_VERSION_HASH, work},
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, U256, keccak256},
    providers::Provider,
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::SolCall,
};

use super::{endpoint::Call, keepalive::Need};
use crate::{event::Head, execution::Execution, machine::freeze_mirror::Measure};

/// For how long a signed report is good, in seconds of the chain: the transaction manager's resends fit in, and one that lay about for
/// longer says nothing about now.
const GOOD_FOR_SECS: u64 = 600;

/// A monitor that signs.
#[derive(Clone, Debug)]
pub struct Monitor {
    /// Its key.
    pub signer: PrivateKeySigner,
    /// The chain that its statements are good on.
    pub chain_id: u64,
    /// The contract that takes them.
    pub guardian: Address,
}

/// One report to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Of what.
    pub execution: Execution,
    /// What kind.
    pub kind: Kind,
    /// The numbers.
    pub measure: Measure,
    /// Hash of what was sealed.
    pub evidence: B256,
    /// Its place among this monitor's.
    pub sequence: u64,
}

impl Monitor {
    /// The statement, good until `deadline`.
    fn statement(&self, report: &Report, deadline: u64) -> work::MonitorReport {
        work::MonitorReport {
            mission_id: report.execution.mission,
            node: report.execution.node,
            attempt: report.execution.attempt,
            agent: report.execution.agent,
            kind: report.kind as u8,
            deviation: report.measure.deviation.unwrap_or_default(),
            tool_invocations: report.measure.tools,
            message_volume: report.measure.messages,
            evidence_hash: report.evidence,
            sequence: report.sequence,
            deadline,
            monitor: self.signer.address(),
        }
    }

    /// What is signed of a statement of these words (EIP-712).
    pub(super) fn digest(&self, words: &[B256]) -> B256 {
        let domain = [
            DOMAIN_TYPE_HASH,
            DOMAIN_NAME_HASH,
            DOMAIN_VERSION_HASH,
            U256::from(self.chain_id).into(),
            self.guardian.into_word(),
        ];
        let (domain, said) = (keccak256(domain.concat()), keccak256(words.concat()));
        keccak256([&[0x19, 0x01], domain.as_slice(), said.as_slice()].concat())
    }

    /// The call that relays a report, signed. Anyone may send it.
    ///
    /// Errors: the key does not sign.
    pub fn relay(
        &self,
        report: &Report,
        deadline: u64,
    ) -> Result<IGuardian::reportCall, alloy::signers::Error> {
        let statement = self.statement(report, deadline);
        let signature = self
            .signer
            .sign_hash_sync(&self.digest(&statement.words()))?;
        Ok(IGuardian::reportCall {
            reports: vec![wire(&statement, report.kind)],
            signatures: vec![Bytes::from(signature.as_bytes())],
        })
    }
}

fn wire(statement: &work::MonitorReport, kind: Kind) -> MonitorReport {
    MonitorReport {
        missionId: statement.mission_id,
        node: statement.node,
        attempt: statement.attempt,
        agent: statement.agent,
        kind: match kind {
            Kind::Deviation => ReportKind::Deviation,
            Kind::Counters => ReportKind::Counters,
            Kind::DeploymentSubstitution => ReportKind::DeploymentSubstitution,
        },
        deviation: statement.deviation,
        toolInvocations: statement.tool_invocations,
        messageVolume: statement.message_volume,
        evidenceHash: statement.evidence_hash,
        sequence: statement.sequence,
        deadline: statement.deadline,
        monitor: statement.monitor,
    }
}

/// Asks the chain what a report needs, as of `at`: its sequence is there already, or this call carries it, or it refuses that.
///
/// Errors: why it could not be asked.
pub async fn need<P: Provider>(
    provider: &P,
    monitor: &Monitor,
    report: &Report,
    at: Head,
) -> Result<Need, String> {
    let block = BlockId::hash(at.hash);
    let guardian = IGuardian::new(monitor.guardian, provider);
    let Execution {
        mission,
        node,
        attempt,
        agent,
    } = report.execution;
    let heard = guardian
        .counters(mission, node, attempt, agent, monitor.signer.address())
        .block(block)
        .call()
        .await
        .map_err(|error| error.to_string())?;
    if heard.sequence >= report.sequence {
        let ours = (report.measure.tools, report.measure.messages);
        let same = heard.sequence == report.sequence
            && (heard.toolInvocations, heard.messageVolume) == ours;
        return Ok(if same {
            Need::Satisfied
        } else {
            Need::Refused(format!(
                "sequence {} is used: the last is {}",
                report.sequence, heard.sequence
            ))
        });
    }
    let deadline = at.time.get().saturating_add(GOOD_FOR_SECS);
    let call = monitor
        .relay(report, deadline)
        .map_err(|error| error.to_string())?;
    // Asked beforehand, so that a refusal costs nothing and has a name.
    let asked = guardian
        .report(call.reports.clone(), call.signatures.clone())
        .from(monitor.signer.address())
        .block(block);
    if let Err(error) = asked.call().await {
        return match error.as_decoded_interface_error::<IGuardianErrors>() {
            Some(refusal) => Ok(Need::Refused(format!("{refusal:?}"))),
            None => Err(error.to_string()),
        };
    }
    Ok(Need::Call(Call {
        to: monitor.guardian,
        value: U256::ZERO,
        input: call.abi_encode().into(),
    }))
}

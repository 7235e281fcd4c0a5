//! MSG_TYPE_5: what the regulators decide.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, IEnactment as wire, ILegislature as legislature};
use agentcity_domain::{
    clerk::Operation,
    machine::SessionState as S,
    parameter::{ParameterId as P, derived},
    peer::Peer,
    signed::{
        Typed,
        legislation::{ComplianceFlag, RegulatoryDecision, RejectedBid},
        widths,
    },
};
use agentcity_shell::{
    Answer, Input, malformed,
    member::Member,
    output::{self, number},
    refuse,
    statement::Statements,
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    award::{ASSIGNMENTS, PROGRESS, Progress, SIGNATURE_MAX},
    session::{Session, WAIVED, bit},
    storage::{DECIDED, Enactment, REJECTED, RUN, SESSION},
};

/// Most rejected bids and most findings of a decision.
const FINDINGS_MAX: usize = 64;

impl Enactment {
    #[inline(never)]
    fn part_hash(&self, type_hash: &B256, fields: &[B256]) -> B256 {
        let mut preimage = type_hash.to_vec();
        preimage.extend_from_slice(&output::words(fields));
        self.vm().native_keccak256(&preimage)
    }

    /// Refuses to reject a bid that won.
    #[inline(never)]
    fn not_awarded(&self, session: B256, loaded: &Session, bid: B256) -> Result<(), Vec<u8>> {
        let answer = self.ask_peer(
            Peer::Legislature,
            legislature::bidOfCall::SELECTOR,
            &[session, bid],
        )?;
        let mut answer = Input::new(&answer);
        let (number_, _state) = (answer.u32()?, answer.u8()?);
        let (_round, node) = (answer.u8()?, answer.word()?);
        let (winners, _) = self.winners(session, loaded, node);
        if winners.contains(&number_.saturating_add(1)) {
            return refuse(wire::BidAwarded::SELECTOR, &[session, bid]);
        }
        Ok(())
    }

    /// The hash of the findings, each emitted; with a decision, none of them is critical.
    #[inline(never)]
    fn findings(
        &self,
        session: B256,
        message: &mut Input<'_>,
    ) -> Result<(B256, Option<[B256; 2]>), Vec<u8>> {
        let (count, mut flags) = message.list(FINDINGS_MAX)?;
        let (mut hashes, mut critical) = (Vec::new(), None);
        for _ in 0..count {
            let fields = flags.fields(const { widths::<4>(ComplianceFlag::OWN) })?;
            let [node, code, severity, evidence] = fields;
            let grave = number(wire::Severity::Critical as u64);
            if severity > grave {
                return Err(malformed());
            }
            if severity == grave {
                critical = Some([node, code]);
            }
            hashes.push(self.part_hash(&ComplianceFlag::HASH, &fields));
            self.log_words(
                &[&wire::ComplianceFlagged::SIGNATURE_HASH, &session, &node],
                &[&code, &severity, &evidence],
            );
        }
        Ok((
            self.vm().native_keccak256(&output::words(&hashes)),
            critical,
        ))
    }

    #[inline(never)]
    fn rejections(
        &mut self,
        session: B256,
        loaded: &Session,
        message: &mut Input<'_>,
    ) -> Result<B256, Vec<u8>> {
        let (count, mut rejected) = message.list(FINDINGS_MAX)?;
        let mut hashes = Vec::new();
        for _ in 0..count {
            let fields = rejected.fields(const { widths::<2>(RejectedBid::OWN) })?;
            let [bid, reason] = fields;
            self.not_awarded(session, loaded, bid)?;
            let key = self.key(REJECTED, session, bid);
            self.write(key, number(1));
            hashes.push(self.part_hash(&RejectedBid::HASH, &fields));
            self.log_words(
                &[&wire::BidRejected::SIGNATURE_HASH, &session, &bid],
                &[&reason],
            );
        }
        Ok(self.vm().native_keccak256(&output::words(&hashes)))
    }

    pub(crate) fn decide_regulatory(&mut self, input: &mut Input<'_>) -> Answer {
        let mut message = input.tail()?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, assignments, fairness] = message.fields([32, 32, 2])?;
        let loaded = self.in_time(session, bit(S::RegulatoryReview))?;
        let rejected = self.rejections(session, &loaded, &mut message)?;
        let (flagged, critical) = self.findings(session, &mut message)?;
        let (repropose, deadline) = (message.bool()?, message.u64()?);
        let fields = [
            session,
            assignments,
            fairness,
            rejected,
            flagged,
            output::truth(repropose),
            number(deadline),
        ];
        let clerk = self.clerk(
            &RegulatoryDecision::HASH,
            &fields,
            Operation::DecideRegulatory.number(),
            session,
            signature,
        )?;
        let [least, quorum, most] = self.parameters(
            loaded.epoch,
            [
                P::MinFairnessScore as u8,
                P::MultisigRegQuorum as u8,
                P::MaxReproposals as u8,
            ],
        )?;
        if repropose {
            let times = u64::from(loaded.round).saturating_add(1);
            self.log_words(
                &[
                    &wire::ReproposalRequested::SIGNATURE_HASH,
                    &session,
                    &clerk.account,
                ],
                &[&number(times)],
            );
            let to = if times > most {
                S::Failed
            } else {
                S::ProposalOpen
            };
            self.go(session, to)?;
            return Ok(Vec::new());
        }
        if let Some(flag) = critical {
            return refuse(wire::CriticalFlag::SELECTOR, &flag);
        }
        let run = self.run(session, &loaded);
        let progress_key = self.run_key(run, PROGRESS);
        let mut progress = Progress::of(self.read(progress_key));
        if progress.node < loaded.nodes {
            return refuse(
                wire::AwardIncomplete::SELECTOR,
                &[
                    session,
                    number(progress.node.into()),
                    number(loaded.nodes.into()),
                ],
            );
        }
        let own = self.word_at(RUN, &run, ASSIGNMENTS);
        self.same(session, own, assignments)?;
        self.same(session, number(progress.fairness.into()), fairness)?;
        let waived = self.word_at(SESSION, &session, WAIVED) != B256::ZERO;
        if u64::from(progress.fairness) < least && !waived {
            return refuse(wire::Unfair::SELECTOR, &[fairness, number(least)]);
        }
        let answer = self.ask_peer(
            Peer::Agent,
            agents::principalOfCall::SELECTOR,
            &[clerk.account],
        )?;
        self.once(DECIDED, run, Input::new(&answer).word()?)?;
        progress.approvals = progress.approvals.saturating_add(1);
        let needed = derived::capped_regulators(loaded.regulators.into(), quorum as u32).max(1);
        self.write(progress_key, progress.word());
        self.log_words(
            &[
                &wire::RegulatoryDecided::SIGNATURE_HASH,
                &session,
                &clerk.account,
            ],
            &[
                &assignments,
                &fairness,
                &number(progress.approvals.into()),
                &number(needed.into()),
            ],
        );
        if u32::from(progress.approvals) >= needed {
            self.go(session, S::Codification)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn waive_fairness(&mut self, input: &mut Input<'_>) -> Answer {
        let [session, why] = input.fields([32; 2])?;
        self.only(&[Peer::Adjudication])?;
        self.in_time(session, bit(S::RegulatoryReview))?;
        self.put(SESSION, &session, WAIVED, &number(1));
        self.log_words(&[&wire::FairnessWaived::SIGNATURE_HASH, &session], &[&why]);
        Ok(Vec::new())
    }
}

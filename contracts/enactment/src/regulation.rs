//! MSG_TYPE_5: what the regulators decide.

use alloc::vec::Vec;

use agentcity_abi::{IEnactment as wire, ILegislature as legislature};
use agentcity_domain::{
    clerk::Operation,
    legislation::{law::needed, session::states},
    machine::SessionState as S,
    parameter::ParameterId as P,
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
    award::SIGNATURE_MAX,
    session::{ASSIGNMENTS, Session},
    storage::{Enactment, REJECTED, RUN, VOTED},
};

/// Most rejected bids and most findings of a decision.
const FINDINGS_MAX: usize = 64; // structural: of what a call's arguments hold

const REVIEW: u16 = states(&[S::RegulatoryReview]);

impl Enactment {
    #[inline(never)]
    fn part_hash(&self, type_hash: &B256, fields: &[B256]) -> B256 {
        let mut preimage = type_hash.to_vec();
        preimage.extend_from_slice(&output::words(fields));
        self.vm().native_keccak256(&preimage)
    }

    /// Refuses to reject a bid that won.
    ///
    /// Errors: `BidAwarded`.
    #[inline(never)]
    fn not_awarded(&self, session: &Session, run: &B256, bid: B256) -> Result<(), Vec<u8>> {
        let words = [session.id, bid];
        let answer = self.ask_peer(Peer::Legislature, legislature::bidOfCall::SELECTOR, &words)?;
        let mut answer = Input::new(&answer);
        let (number_, _standing) = (answer.u32()?, answer.u8()?);
        let (_round, node) = (answer.u8()?, answer.u16()?);
        let (winners, _) = self.winners(run, node);
        if winners.contains(&number_) {
            return refuse(wire::BidAwarded::SELECTOR, &[session.id, bid]);
        }
        Ok(())
    }

    /// The hash of the findings, each emitted, and whether one blocks codification.
    #[inline(never)]
    fn findings(
        &self,
        session: B256,
        message: &mut Input<'_>,
    ) -> Result<(B256, bool), Vec<u8>> {
        let (count, mut flags) = message.list(FINDINGS_MAX)?;
        let (mut hashes, mut critical) = (Vec::with_capacity(count), false);
        for _ in 0..count {
            let fields = flags.fields(const { widths::<4>(ComplianceFlag::OWN) })?;
            let [node, code, severity, evidence] = fields;
            let grave = number(wire::Severity::Critical as u64);
            if severity > grave {
                return Err(malformed());
            }
            critical |= severity == grave;
            hashes.push(self.part_hash(&ComplianceFlag::HASH, &fields));
            self.log_words(
                &[&wire::ComplianceFlagged::SIGNATURE_HASH, &session, &node],
                &[&code, &severity, &evidence],
            );
        }
        let hash = self.vm().native_keccak256(&output::words(&hashes));
        Ok((hash, critical))
    }

    #[inline(never)]
    fn rejections(
        &mut self,
        session: &Session,
        run: &B256,
        message: &mut Input<'_>,
    ) -> Result<B256, Vec<u8>> {
        let (count, mut rejected) = message.list(FINDINGS_MAX)?;
        let mut hashes = Vec::with_capacity(count);
        for _ in 0..count {
            let fields = rejected.fields(const { widths::<2>(RejectedBid::OWN) })?;
            let [bid, reason] = fields;
            self.not_awarded(session, run, bid)?;
            let key = self.key(REJECTED, session.id, bid);
            self.write(key, number(1));
            hashes.push(self.part_hash(&RejectedBid::HASH, &fields));
            self.log_words(
                &[&wire::BidRejected::SIGNATURE_HASH, &session.id, &bid],
                &[&reason],
            );
        }
        Ok(self.vm().native_keccak256(&output::words(&hashes)))
    }

    /// A regulator decides, once for its principal: for the award as it stands, or for another proposal. What enough of them say is
    /// done (L-12). A critical finding is on record and blocks codification; whoever finds one decides for another proposal.
    ///
    /// Errors: those of `in_time` and of a clerk's statement; `BidAwarded`, `CriticalFlag`, `AwardIncomplete`, `Mismatch`, `Unfair`,
    /// `AlreadyDone`.
    /// Events: `BidRejected`, `ComplianceFlagged`, `RegulatoryDecided`, `ReproposalRequested`.
    pub(crate) fn decide_regulatory(&mut self, input: &mut Input<'_>) -> Answer {
        let mut message = input.tail()?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, assignments, fairness] = message.fields([32, 32, 2])?;
        let loaded = self.in_time(session, REVIEW)?;
        let key = self.run_of(&loaded);
        let rejected = self.rejections(&loaded, &key, &mut message)?;
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
        let operation = Operation::DecideRegulatory.number();
        let hash = &RegulatoryDecision::HASH;
        let clerk = self.clerk(hash, &fields, operation, session, signature)?;
        let principal = self.principal_of(clerk.account)?;
        self.once(VOTED, key, principal)?;
        let ids = [
            P::MinFairnessScore as u8,
            P::MultisigRegQuorum as u8,
            P::MaxReproposals as u8,
        ];
        let [least, quorum, most] = self.parameters(loaded.epoch, ids)?;
        let needed = needed(loaded.regulators, quorum as u32);
        let mut run = self.run(&key);
        if critical {
            run.set_blocked(1);
        }
        if repropose || critical {
            run.set_returns(run.returns().saturating_add(1));
            self.set_run(&key, &run);
            let times = u64::from(loaded.round).saturating_add(1);
            self.log_words(
                &[
                    &wire::ReproposalRequested::SIGNATURE_HASH,
                    &session,
                    &clerk.account,
                ],
                &[&number(times)],
            );
            if run.returns() >= needed {
                let to = if times > most {
                    S::Failed
                } else {
                    S::ProposalOpen
                };
                self.go(session, to)?;
            }
            return Ok(Vec::new());
        }
        if run.blocked() != 0 {
            return refuse(wire::CriticalFlag::SELECTOR, &[session]);
        }
        if run.whole() == 0 {
            return refuse(
                wire::AwardIncomplete::SELECTOR,
                &[
                    session,
                    number(run.node().into()),
                    number(loaded.nodes.into()),
                ],
            );
        }
        self.same(session, self.word_at(RUN, &key, ASSIGNMENTS), assignments)?;
        self.same(session, number(run.fairness().into()), fairness)?;
        let waived = self.approvals(&session).waived() != 0;
        if u64::from(run.fairness()) < least && !waived {
            return refuse(wire::Unfair::SELECTOR, &[fairness, number(least)]);
        }
        run.set_decisions(run.decisions().saturating_add(1));
        self.set_run(&key, &run);
        self.log_words(
            &[
                &wire::RegulatoryDecided::SIGNATURE_HASH,
                &session,
                &clerk.account,
            ],
            &[
                &assignments,
                &fairness,
                &number(run.decisions().into()),
                &number(needed.into()),
            ],
        );
        if run.decisions() >= needed {
            self.go(session, S::Codification)?;
        }
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, those of `in_time`.
    /// Events: `FairnessWaived`.
    pub(crate) fn waive_fairness(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, why) = (input.word()?, input.word()?);
        self.only(&[Peer::Adjudication])?;
        self.in_time(session, REVIEW)?;
        let mut approvals = self.approvals(&session);
        approvals.set_waived(1);
        self.set_approvals(&session, &approvals);
        self.log_words(&[&wire::FairnessWaived::SIGNATURE_HASH, &session], &[&why]);
        Ok(Vec::new())
    }
}

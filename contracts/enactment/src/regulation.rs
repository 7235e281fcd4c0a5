//! MSG_TYPE_5: what the regulators decide.

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
    output::{number, truth},
    reader::Reader,
    said::{Refusal, Said, about, end, wrong},
    statement::Statements,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    award::SIGNATURE_MAX,
    session::{ASSIGNMENTS, same},
    storage::{Enactment, RUN, VOTED},
};

/// Most rejected bids and most findings of a decision.
const FINDINGS_MAX: usize = 64; // structural: of what a call's arguments hold

const REVIEW: u16 = states(&[S::RegulatoryReview]);

impl Enactment {
    /// The findings, each emitted and hashed; whether one blocks codification.
    #[inline(never)]
    fn findings(
        &self,
        session: &B256,
        (count, mut flags): (usize, Reader<'_>),
        hashes: &mut Words,
    ) -> Said<bool> {
        let mut critical = false;
        for _ in 0..count {
            let fields = &flags.fields(const { widths::<4>(ComplianceFlag::OWN) });
            let [node, code, severity, evidence] = fields;
            let grave = number(wire::Severity::Critical as u64);
            if *severity > grave {
                return Err(wrong());
            }
            critical |= *severity == grave;
            let hash = self.hash(Words::new().word(&ComplianceFlag::HASH).all(fields));
            hashes.word(&hash);
            self.log(
                topic!(wire::ComplianceFlagged::SIGNATURE_HASH)
                    .word(session)
                    .word(node)
                    .word(code)
                    .word(severity)
                    .word(evidence),
                3,
            );
        }
        end(&flags)?;
        Ok(critical)
    }

    /// Bids that are rejected, each emitted and hashed: on record, with the regulator's reason. What wins follows from the bids
    /// alone, so nothing of a rejection is stored; and who decides for an award does not reject what won it.
    ///
    /// Errors: `BidAwarded`.
    #[inline(never)]
    fn rejections(
        &self,
        session: &B256,
        run: Option<&B256>,
        (count, mut rejected): (usize, Reader<'_>),
        hashes: &mut Words,
    ) -> Said {
        for _ in 0..count {
            let fields = &rejected.fields(const { widths::<2>(RejectedBid::OWN) });
            let [bid, reason] = fields;
            if let Some(run) = run {
                self.not_awarded(session, run, bid)?;
            }
            let hash = self.hash(Words::new().word(&RejectedBid::HASH).all(fields));
            hashes.word(&hash);
            self.log(
                topic!(wire::BidRejected::SIGNATURE_HASH)
                    .word(session)
                    .word(bid)
                    .word(reason),
                3,
            );
        }
        end(&rejected)
    }

    /// Refuses to reject a bid that won.
    ///
    /// Errors: `BidAwarded`.
    #[inline(never)]
    fn not_awarded(&self, session: &B256, run: &B256, bid: &B256) -> Said {
        let answer = self.ask(
            Peer::Legislature,
            Words::after(legislature::bidOfCall::SELECTOR)
                .word(session)
                .word(bid),
        )?;
        let mut answer = Reader::new(&answer);
        let (number, _standing, _round, node) =
            (answer.u32(), answer.word(), answer.word(), answer.u16());
        end(&answer)?;
        if self.winners(run, node).0.contains(&number) {
            return Err(about(wire::BidAwarded::SELECTOR, session, &[number.into()]));
        }
        Ok(())
    }

    /// A regulator decides, once for its principal: for the award as it stands, or for another proposal. What enough of them say is
    /// done (L-12). A critical finding is on record and blocks codification; whoever finds one decides for another proposal.
    ///
    /// Errors: those of `in_time` and of a clerk's statement; `NotAttested`, `BidAwarded`, `CriticalFlag`, `AwardIncomplete`,
    /// `Mismatch`, `Unfair`, `AlreadyDone`.
    /// Events: `BidRejected`, `ComplianceFlagged`, `RegulatoryDecided`, `ReproposalRequested`.
    pub(crate) fn decide_regulatory(&mut self, input: &mut Reader<'_>) -> Said {
        let mut message = input.tail();
        let signature = input.bytes(SIGNATURE_MAX);
        let (session, assignments) = (&message.word(), &message.word());
        let fairness = message.u16();
        let (rejected, flags) = (message.list(FINDINGS_MAX), message.list(FINDINGS_MAX));
        let (repropose, deadline) = (message.bool(), message.u64());
        end(&message)?;
        end(input)?;
        let loaded = self.in_time(session, REVIEW)?;
        let key = &self.run_of(&loaded);
        let (mut of_bids, mut of_flags) = (Words::new(), Words::new());
        let critical = self.findings(session, flags, &mut of_flags)?;
        let returns = repropose || critical;
        let of_award = (!returns).then_some(key);
        self.rejections(session, of_award, rejected, &mut of_bids)?;
        let fields = [
            *session,
            *assignments,
            number(fairness.into()),
            self.hash(&of_bids),
            self.hash(&of_flags),
            truth(repropose),
            number(deadline),
        ];
        let operation = Operation::DecideRegulatory.number();
        let hash = &RegulatoryDecision::HASH;
        let clerk = &self.clerk_among_several(hash, &fields, operation, *session, signature)?;
        let principal = self.attested(session, &clerk.account)?;
        self.mark_once(VOTED, key, &principal)?;
        let ids = [
            P::MinFairnessScore as u8,
            P::MultisigRegQuorum as u8,
            P::MaxReproposals as u8,
        ];
        let [least, quorum, most] = self.terms_of(loaded.epoch, ids)?;
        let needed = needed(loaded.regulators, quorum as u32);
        let mut run = self.run(key);
        if critical {
            run.set_blocked(1);
        }
        if returns {
            run.set_returns(run.returns().saturating_add(1));
            self.set_run(key, &run);
            let times = u64::from(loaded.round).saturating_add(1);
            self.log(
                topic!(wire::ReproposalRequested::SIGNATURE_HASH)
                    .word(session)
                    .word(&clerk.account)
                    .number(times),
                3,
            );
            if run.returns() < needed {
                return Ok(());
            }
            let to = if times > most {
                S::Failed
            } else {
                S::ProposalOpen
            };
            return self.go(session, to);
        }
        if run.blocked() != 0 {
            return Err(about(wire::CriticalFlag::SELECTOR, session, &[]));
        }
        if run.whole() == 0 {
            let numbers = [run.node().into(), loaded.nodes.into()];
            return Err(about(wire::AwardIncomplete::SELECTOR, session, &numbers));
        }
        same(session, &self.entry(RUN, key, ASSIGNMENTS), assignments)?;
        let found = u64::from(run.fairness());
        same(session, &number(found), &number(fairness.into()))?;
        if found < least && self.approvals(session).waived() == 0 {
            let mut words = Words::after(wire::Unfair::SELECTOR);
            return Err(Refusal::of(words.number(found).number(least)));
        }
        run.set_decisions(run.decisions().saturating_add(1));
        self.set_run(key, &run);
        self.log(
            topic!(wire::RegulatoryDecided::SIGNATURE_HASH)
                .word(session)
                .word(&clerk.account)
                .word(assignments)
                .number(found)
                .number(run.decisions().into())
                .number(needed.into()),
            3,
        );
        if run.decisions() < needed {
            return Ok(());
        }
        self.go(session, S::Codification)
    }

    /// Errors: `Unauthorized`, those of `in_time`.
    /// Events: `FairnessWaived`.
    pub(crate) fn waive_fairness(&mut self, input: &mut Reader<'_>) -> Said {
        let (session, why) = (&input.word(), &input.word());
        end(input)?;
        self.only_panel()?;
        self.in_time(session, REVIEW)?;
        let mut approvals = self.approvals(session);
        approvals.set_waived(1);
        self.set_approvals(session, &approvals);
        self.log(
            topic!(wire::FairnessWaived::SIGNATURE_HASH)
                .word(session)
                .word(why),
            2,
        );
        Ok(())
    }
}

//! Seats: bids in the order of their scores, principals distinct, node by node.

use alloc::vec::Vec;

use agentcity_abi::{
    IAgent as agents, IConstitution as constitution, IEnactment as wire,
    ILegislature as legislature,
};
use agentcity_domain::{
    clerk::Operation,
    machine::SessionState as S,
    parameter::ParameterId as P,
    peer::Peer,
    signed::{Typed, legislation::AwardDeviation, widths},
};
use agentcity_shell::{
    Answer, Input, malformed,
    member::Member,
    output::{self, amount, number},
    peer, refuse,
    statement::Statements,
    word::{part, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    pages::{Node, node},
    session::{REWINDS, Session, bit},
    storage::{AWARD, DEVIATION, Enactment, REJECTED, SEATED},
};

/// Most bytes of a signature.
pub(crate) const SIGNATURE_MAX: usize = 2_048;
/// Most executors of a node.
pub(crate) const SEATS_MAX: usize = P::RedundancyMax.constant() as usize;
/// Most bids that the legislature answers at once.
const ANSWERED_MAX: usize = 16;

/// Places of a run's words.
pub(crate) const PROGRESS: u64 = 0;
const AWAITED: u64 = 1;
pub(crate) const ASSIGNMENTS: u64 = 2;

/// How far an award is.
#[derive(Clone, Copy)]
pub(crate) struct Progress {
    pub(crate) node: u16,
    /// Bytes of the awaited page that are behind.
    offset: u32,
    squares: u64,
    seats: u32,
    bidders: u32,
    pub(crate) fairness: u16,
    pub(crate) approvals: u8,
}

impl Progress {
    pub(crate) fn of(word: B256) -> Self {
        Self {
            node: part(word, 0, 2) as u16,
            offset: part(word, 2, 4) as u32,
            squares: part(word, 6, 8) as u64,
            seats: part(word, 14, 4) as u32,
            bidders: part(word, 18, 4) as u32,
            fairness: part(word, 22, 2) as u16,
            approvals: part(word, 24, 1) as u8,
        }
    }

    #[inline(never)]
    pub(crate) fn word(self) -> B256 {
        let mut word = B256::ZERO;
        for (at, bytes, value) in [
            (0, 2, self.node.into()),
            (2, 4, self.offset.into()),
            (6, 8, self.squares),
            (14, 4, self.seats.into()),
            (18, 4, self.bidders.into()),
            (22, 2, self.fairness.into()),
            (24, 1, self.approvals.into()),
        ] {
            word = with(word, at, bytes, value.into());
        }
        word
    }

    /// Fairness in thousandths: how far concentration is from the least that these bidders could have (RESOLUTIONS L-06).
    #[inline(never)]
    fn score(&self) -> u16 {
        let (seats, bidders) = (u64::from(self.seats), u64::from(self.bidders));
        if seats <= 1 {
            return 1_000;
        }
        let all = seats.saturating_mul(seats);
        let each = seats.checked_div(bidders).unwrap_or_default();
        let more = seats.checked_rem(bidders).unwrap_or_default();
        let next = each.saturating_add(1);
        let least = more
            .saturating_mul(next.saturating_mul(next))
            .saturating_add(
                bidders
                    .saturating_sub(more)
                    .saturating_mul(each.saturating_mul(each)),
            );
        let spread = all.saturating_sub(self.squares).saturating_mul(1_000);
        spread
            .checked_div(all.saturating_sub(least))
            .unwrap_or_default() as u16
    }
}

/// A bid that may win.
struct Candidate {
    score: u64,
    bid: u32,
    principal: B256,
    /// As the assignments hash packs it: agent, node, price, stake, source, service.
    seat: Vec<u8>,
}

/// What an award's scores and bounds depend on, in base units.
struct Terms {
    quality: u64,
    stakes: [u128; 3],
}

impl Enactment {
    #[inline(never)]
    fn terms(&self, epoch: u64) -> Result<Terms, Vec<u8>> {
        let [quality, low, medium, high] = self.parameters(
            epoch,
            [
                P::BidQualityWeight as u8,
                P::MinStakeLow as u8,
                P::MinStakeMedium as u8,
                P::MinStakeHigh as u8,
            ],
        )?;
        let from = self.constitution_address();
        let scale = peer::ask_word(self.vm(), from, &constitution::unitScaleCall::SELECTOR)?;
        let scale = part(scale, 16, 16);
        Ok(Terms {
            quality,
            stakes: [low, medium, high].map(|units| scale.saturating_mul(units.into())),
        })
    }

    /// One bid of the legislature's answer, if it may win this node; its principal is counted among the bidders.
    #[inline(never)]
    fn weigh(
        &mut self,
        bids: &mut Input<'_>,
        place: (B256, B256),
        node: &Node,
        terms: &Terms,
        progress: &mut Progress,
    ) -> Result<Option<Candidate>, Vec<u8>> {
        let (session, run) = place;
        let (bid, state, _round) = (bids.u32()?, bids.u8()?, bids.u8()?);
        let (index, agent, service) = (bids.word()?, bids.word()?, bids.word()?);
        let (price, stake, source) = (bids.u128()?, bids.u128()?, bids.word()?);
        let (_latency, fit, accepts) = (bids.u32()?, bids.u16()?, bids.u8()?);
        let rejected = self.word_at(REJECTED, &session, bid.into());
        let least = terms.stakes.get(usize::from(node.risk)).copied();
        if state != legislature::BidState::Open as u8
            || rejected != B256::ZERO
            || price > node.budget
            || stake < least.unwrap_or(u128::MAX)
            || accepts < node.tier
        {
            return Ok(None);
        }
        let answer = self.ask_peer(Peer::Agent, agents::standingCall::SELECTOR, &[agent])?;
        let mut standing = Input::new(&answer);
        let (principal, _previous, _kind) = (standing.word()?, standing.word()?, standing.u8()?);
        let (bars, reputation) = (standing.u8()?, standing.u16()?);
        if bars != 0 {
            return Ok(None);
        }
        let seated = self.key(SEATED, run, principal);
        if self.read(seated) == B256::ZERO {
            self.write(seated, number(1));
            progress.bidders = progress.bidders.saturating_add(1);
        }
        let paid = price.saturating_mul(1_000).checked_div(node.budget);
        let saving = 1_000u64.saturating_sub(paid.unwrap_or(1_000) as u64);
        let quality = u64::from(reputation).saturating_mul(fit.into()) / 1_000;
        let score = terms.quality.saturating_mul(quality).saturating_add(
            1_000u64
                .saturating_sub(terms.quality)
                .saturating_mul(saving),
        ) / 1_000;
        let mut seat = Vec::with_capacity(118);
        for (word, bytes) in [
            (agent, 20),
            (index, 2),
            (amount(price), 16),
            (amount(stake), 16),
            (source, 32),
            (service, 32),
        ] {
            let skipped = 32usize.saturating_sub(bytes);
            seat.extend(word.iter().skip(skipped));
        }
        Ok(Some(Candidate {
            score,
            bid,
            principal,
            seat,
        }))
    }

    /// Every bid that may win a node.
    #[inline(never)]
    fn field(
        &mut self,
        place: (B256, B256),
        number_: u16,
        node: &Node,
        terms: &Terms,
        progress: &mut Progress,
    ) -> Result<Vec<Candidate>, Vec<u8>> {
        let mut field = Vec::new();
        let mut first = 0u64;
        loop {
            let answer = self.ask_peer(
                Peer::Legislature,
                legislature::bidsOnCall::SELECTOR,
                &[place.0, number(number_.into()), number(first)],
            )?;
            let (count, mut bids) = Input::new(&answer).list(ANSWERED_MAX)?;
            for _ in 0..count {
                field.extend(self.weigh(&mut bids, place, node, terms, progress)?);
            }
            if count < ANSWERED_MAX {
                return Ok(field);
            }
            first = first.saturating_add(ANSWERED_MAX as u64);
        }
    }

    /// Awards one node, and adds its seats to the hash.
    #[inline(never)]
    fn award_node(
        &mut self,
        place: (B256, B256),
        node: &Node,
        terms: &Terms,
        progress: &mut Progress,
        hash: B256,
    ) -> Result<B256, Vec<u8>> {
        const TIER_OF_MANY: u8 = 2;
        let (session, run) = place;
        let index = progress.node;
        let word = number(index.into());
        let wanted = if node.tier == TIER_OF_MANY {
            usize::from(node.redundancy).min(SEATS_MAX)
        } else {
            1
        };
        let field = self.field(place, index, node, terms, progress)?;
        let deviation = self.read(self.key(DEVIATION, session, word));
        let countersigned = part(deviation, 8, 1) != 0;
        let mut chosen: Vec<&Candidate> = Vec::with_capacity(SEATS_MAX);
        let mut runner_up = 0;
        while chosen.len() <= wanted {
            let mut best: Option<&Candidate> = None;
            for candidate in &field {
                let taken = |seat: &&Candidate| seat.principal == candidate.principal;
                // Bids stand in their order, so the earlier of two with one score stays ahead.
                let ahead = best.is_none_or(|best| candidate.score > best.score);
                if ahead && !chosen.iter().any(taken) {
                    best = Some(candidate);
                }
            }
            if countersigned && chosen.is_empty() {
                let plus_one = |bid: u32| u128::from(bid).saturating_add(1);
                let first = best.map_or(0, |best| plus_one(best.bid));
                if first != part(deviation, 0, 4) {
                    return refuse(
                        wire::Mismatch::SELECTOR,
                        &[session, amount(first), amount(part(deviation, 0, 4))],
                    );
                }
                let wanted = part(deviation, 4, 4);
                best = field.iter().find(|other| plus_one(other.bid) == wanted);
            }
            let Some(best) = best else { break };
            if chosen.len() == wanted {
                runner_up = best.bid.saturating_add(1);
                break;
            }
            chosen.push(best);
        }
        if chosen.len() < wanted || wanted == 0 {
            return refuse(
                wire::NodeUncovered::SELECTOR,
                &[
                    session,
                    word,
                    number(chosen.len() as u64),
                    number(wanted as u64),
                ],
            );
        }
        let mut packed = with(B256::ZERO, 28, 4, runner_up.into());
        let (mut bids, mut scores, mut seats) = (Vec::new(), Vec::new(), Vec::new());
        for (seat, at) in chosen.iter().zip(0..SEATS_MAX) {
            let number_ = u128::from(seat.bid).saturating_add(1);
            packed = with(packed, at << 2, 4, number_);
            bids.push(number(seat.bid.into()));
            scores.push(number(seat.score));
            seats.extend_from_slice(&seat.seat);
            let key = self.key(SEATED, run, seat.principal);
            let before = part(self.read(key), 24, 8) as u64;
            // (c + 1)² − c², where the word holds c + 1.
            let growth = before.saturating_mul(2).saturating_sub(1);
            progress.squares = progress.squares.saturating_add(growth);
            progress.seats = progress.seats.saturating_add(1);
            self.write(key, number(before.saturating_add(1)));
        }
        let key = self.key(AWARD, run, word);
        self.write(key, packed);
        let data = output::Output::of(3)
            .list(&bids, 1)
            .list(&scores, 1)
            .word(number(runner_up.into()))
            .finish();
        output::log(
            self.vm(),
            &[wire::NodeAwarded::SIGNATURE_HASH, session, word],
            &data,
        );
        let seats = self.vm().native_keccak256(&seats);
        Ok(self.vm().native_keccak256(&output::words(&[hash, seats])))
    }

    pub(crate) fn award(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, most) = (input.word()?, input.u16()?);
        let loaded = self.in_time(session, bit(S::RegulatoryReview))?;
        let run = self.run(session, &loaded);
        let place = (session, run);
        let progress_key = self.run_key(run, PROGRESS);
        let mut progress = Progress::of(self.read(progress_key));
        if progress.node >= loaded.nodes {
            return refuse(
                wire::AlreadyDone::SELECTOR,
                &[session, self.caller().into_word()],
            );
        }
        let awaited_key = self.run_key(run, AWAITED);
        let awaited = match self.read(awaited_key) {
            B256::ZERO => loaded.statute,
            awaited => awaited,
        };
        let (pages, rest) = self.read_pages(input, session, awaited)?;
        let terms = self.terms(loaded.epoch)?;
        let hash_key = self.run_key(run, ASSIGNMENTS);
        let mut hash = self.read(hash_key);
        let mut left = most;
        let mut awaited = rest;
        'pages: for (page, from) in &pages {
            let mut at = progress.offset as usize;
            while at < page.len() {
                if left == 0 {
                    (awaited, progress.offset) = (*from, at as u32);
                    break 'pages;
                }
                let bytes = page.get(at..).unwrap_or_default();
                let (node, length) = node(bytes).ok_or_else(malformed)?;
                hash = self.award_node(place, &node, &terms, &mut progress, hash)?;
                progress.node = progress.node.saturating_add(1);
                at = at.saturating_add(length);
                left = left.saturating_sub(1);
            }
            progress.offset = 0;
        }
        self.write(awaited_key, awaited);
        self.write(hash_key, hash);
        if progress.node == loaded.nodes {
            progress.fairness = progress.score();
            self.log_words(
                &[&wire::AwardCompleted::SIGNATURE_HASH, &session],
                &[
                    &hash,
                    &number(progress.fairness.into()),
                    &number(progress.seats.into()),
                    &number(progress.bidders.into()),
                ],
            );
        }
        self.write(progress_key, progress.word());
        Ok(Vec::new())
    }

    pub(crate) fn deviate_award(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<6>(AwardDeviation::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, node, best, chosen, justification, _] = fields;
        self.in_time(session, bit(S::RegulatoryReview))?;
        let clerk = self.clerk(
            &AwardDeviation::HASH,
            &fields,
            Operation::DeviateAward.number(),
            session,
            signature,
        )?;
        let one = |word| part(word, 28, 4).saturating_add(1);
        let key = self.key(DEVIATION, session, node);
        self.write(
            key,
            with(with(B256::ZERO, 0, 4, one(best)), 4, 4, one(chosen)),
        );
        self.log_words(
            &[
                &wire::AwardDeviated::SIGNATURE_HASH,
                &session,
                &node,
                &clerk.account,
            ],
            &[&best, &chosen, &justification],
        );
        Ok(Vec::new())
    }

    pub(crate) fn countersign_award(&mut self, input: &mut Input<'_>) -> Answer {
        let [session, node, chosen] = input.fields([32, 2, 4])?;
        self.only(&[Peer::Adjudication])?;
        let loaded = self.in_time(session, bit(S::RegulatoryReview))?;
        let key = self.key(DEVIATION, session, node);
        let deviation = self.read(key);
        let wanted = part(deviation, 4, 4);
        self.same(
            session,
            amount(wanted),
            amount(part(chosen, 28, 4).saturating_add(1)),
        )?;
        self.write(key, with(deviation, 8, 1, 1));
        // Seats and fairness are counted along the nodes: the award runs anew with the deviation in its place.
        let key = self.session_key(session, REWINDS.saturating_add(loaded.round.into()));
        let rewinds = part(self.read(key), 24, 8) as u64;
        self.write(key, number(rewinds.saturating_add(1)));
        self.log_words(
            &[&wire::AwardCountersigned::SIGNATURE_HASH, &session, &node],
            &[&chosen],
        );
        Ok(Vec::new())
    }

    /// Bids that won a node, and the runner-up, numbers plus one.
    #[inline(never)]
    pub(crate) fn winners(&self, session: B256, loaded: &Session, node: B256) -> (Vec<u32>, u32) {
        let run = self.run(session, loaded);
        let packed = self.read(self.key(AWARD, run, node));
        let number_at = |at: usize| part(packed, at << 2, 4) as u32;
        let winners = (0..SEATS_MAX)
            .map(number_at)
            .take_while(|winner| *winner != 0);
        (winners.collect(), number_at(SEATS_MAX))
    }
}

//! MSG_TYPE_4: bids, open and sealed, and what becomes of their stakes.

use alloc::vec::Vec;

use agentcity_abi::{
    IAgent as agents, IConstitution as law, IEnactment as enactment, ILegislature as wire,
    IService as services, ITreasury as treasury,
};
use agentcity_domain::{
    machine::SessionState as S,
    parameter::ParameterId as P,
    peer::Peer,
    signed::{
        Typed,
        legislation::{SealedBid, TaskBid},
        widths,
    },
};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, amount, number},
    peer, refuse,
    statement::{Statements, signatures},
    word::{field as get, part, set, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    messages::{MESSAGES_MAX, SIGNATURE_MAX},
    session::{BIDS, COVERED, EPOCH, EXPIRES, NODES, REPROPOSALS, TERMS, bit},
    storage::{ATTESTED, BID, Legislature, ON_NODE, SESSION},
};

/// Words of the interface's `Bid`.
const BID_WORDS: usize = 12;
/// Most bids that are answered at once.
const ANSWERED_MAX: usize = 16;
/// Most bids that are released at once.
const RELEASED_MAX: usize = 256;

/// Where a bid stands, as the interface numbers it.
const SEALED: u128 = wire::BidState::Sealed as u128;
const OPEN: u128 = wire::BidState::Open as u128;
const RELEASED: u128 = wire::BidState::Released as u128;

/// A bid's first word: 0..4 latency, 4..6 match, 6..8 node, 8 tier, 9 round, 10 state, 12..32 agent. Then by place: money
/// (0..16 price, 16..32 stake), service, source, commitment.
const STATE_AT: usize = 10;
const MONEY: u64 = 1;
const SERVICE: u64 = 2;
const SOURCE: u64 = 3;
const COMMITMENT: u64 = 4;

impl Legislature {
    #[inline(never)]
    fn bid_key(&self, session: &B256, bid: u64, place: u64) -> B256 {
        let bid = self.key(BID, *session, number(bid));
        self.key(BID, bid, number(place))
    }

    #[inline(never)]
    fn bid_word(&self, session: &B256, bid: u64, place: u64) -> B256 {
        self.read(self.bid_key(session, bid, place))
    }

    /// Refuses a bid by an agent that did not attest or may not bid, and one that breaks a rule.
    #[inline(never)]
    fn check_bid(&self, word: B256, message: &[B256; 12]) -> Result<(), Vec<u8>> {
        let [
            session,
            node,
            agent,
            service,
            code,
            price,
            stake,
            _source,
            _latency,
            fit,
            tier,
            _,
        ] = *message;
        self.require_attested(session, agent)?;
        let answer = self.ask_peer(
            Peer::Agent,
            agents::isEligibleCall::SELECTOR,
            &[agent, number(agents::Purpose::Bid as u64)],
        )?;
        let mut answer = Input::new(&answer);
        if !answer.bool()? {
            return refuse(wire::AgentRefused::SELECTOR, &[agent, answer.word()?]);
        }
        let registered = self.ask_peer(
            Peer::Service,
            services::verifyCodeHashCall::SELECTOR,
            &[service, code],
        )?;
        let least = self.least_stake(word)?;
        let budget = part(self.word_at(SESSION, &session, TERMS), 0, 16);
        let nodes = get(&word, NODES);
        for (rule, need, have) in [
            (1, 1, u128::from(Input::new(&registered).bool()?)),
            (2, least, part(stake, 16, 16)),
            (3, part(price, 16, 16), budget),
            (4, part(fit, 30, 2), 1_000),
            (5, 1, part(tier, 31, 1)),
            (6, part(node, 30, 2).saturating_add(1), nodes.into()),
        ] {
            if have < need {
                return refuse(
                    wire::BidRefused::SELECTOR,
                    &[node, number(rule), amount(need), amount(have)],
                );
            }
        }
        Ok(())
    }

    /// The least stake of the city, in base units; that of the node's risk is checked when it is awarded.
    #[inline(never)]
    fn least_stake(&self, word: B256) -> Result<u128, Vec<u8>> {
        let [units] = self.parameters(get(&word, EPOCH), [P::MinStakeLow as u8])?;
        let from = self.constitution_address();
        let scale = peer::ask_word(self.vm(), from, &law::unitScaleCall::SELECTOR)?;
        Ok(part(scale, 16, 16).saturating_mul(units.into()))
    }

    #[inline(never)]
    fn require_attested(&self, session: B256, agent: B256) -> Result<(), Vec<u8>> {
        if self.read(self.key(ATTESTED, session, agent)) == B256::ZERO {
            return refuse(wire::AgentRefused::SELECTOR, &[agent, number(1)]);
        }
        Ok(())
    }

    /// The number of a new bid, entered in its node's list; the session's word with it.
    #[inline(never)]
    fn enter(&mut self, session: B256, mut word: B256, node: B256) -> (u64, B256) {
        let bid = get(&word, BIDS);
        let (list, count) = self.list_of(session, word, node);
        self.write(list, number(count.saturating_add(1)));
        let group = self.key(ON_NODE, list, number(count >> 3));
        let at = (count as usize & 7) << 2;
        self.write(group, with(self.read(group), at, 4, bid.into()));
        set(&mut word, BIDS, bid.saturating_add(1));
        let covered = get(&word, COVERED).saturating_add(u64::from(count == 0));
        set(&mut word, COVERED, covered);
        (bid, word)
    }

    /// The list of a node's bids in the present round: its key, and how many there are.
    #[inline(never)]
    fn list_of(&self, session: B256, word: B256, node: B256) -> (B256, u64) {
        let list = with(node, 0, 1, get(&word, REPROPOSALS).into());
        let list = self.key(ON_NODE, session, list);
        (list, part(self.read(list), 24, 8) as u64)
    }

    #[inline(never)]
    fn store_bid(&mut self, bid: u64, round: u64, message: &[B256; 12]) {
        let [
            session,
            node,
            agent,
            service,
            _,
            price,
            stake,
            source,
            latency,
            fit,
            tier,
            _,
        ] = *message;
        let mut word = with(agent, 0, 4, part(latency, 28, 4));
        word = with(word, 4, 2, part(fit, 30, 2));
        word = with(word, 6, 2, part(node, 30, 2));
        word = with(word, 8, 1, part(tier, 31, 1));
        word = with(with(word, 9, 1, round.into()), STATE_AT, 1, OPEN);
        let money = with(stake, 0, 16, part(price, 16, 16));
        for (place, value) in [
            (0, word),
            (MONEY, money),
            (SERVICE, service),
            (SOURCE, source),
        ] {
            let key = self.bid_key(&session, bid, place);
            self.write(key, value);
        }
        self.log_words(
            &[&wire::BidPlaced::SIGNATURE_HASH, &session, &node, &agent],
            &[
                &number(bid),
                &service,
                &price,
                &stake,
                &latency,
                &fit,
                &tier,
            ],
        );
    }

    pub(crate) fn place_bids(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut messages) = input.list(MESSAGES_MAX)?;
        let mut signatures = signatures(input, count)?;
        for _ in 0..count {
            let fields = messages.fields(const { widths::<12>(TaskBid::OWN) })?;
            let [session, node, agent, _, _, _, stake, source, ..] = fields;
            let word = self.in_time(session, bit(S::BiddingOpen))?;
            let signature = signatures.bytes(SIGNATURE_MAX)?;
            let digest = self.signed(&TaskBid::HASH, &fields, agent, signature)?;
            self.spend(digest)?;
            self.check_bid(word, &fields)?;
            let round = get(&word, REPROPOSALS);
            let (bid, word) = self.enter(session, word, node);
            self.store_session(session, word);
            self.store_bid(bid, round, &fields);
            self.reserve(session, source, agent, stake)?;
        }
        Ok(Vec::new())
    }

    #[inline(never)]
    fn reserve(
        &self,
        session: B256,
        source: B256,
        agent: B256,
        stake: B256,
    ) -> Result<(), Vec<u8>> {
        let words = [session, source, agent, stake];
        self.tell_peer(Peer::Treasury, treasury::reserveStakeCall::SELECTOR, &words)?;
        Ok(())
    }

    pub(crate) fn seal_bid(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<7>(SealedBid::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, agent, node, commitment, stake, source, _] = fields;
        let word = self.in_time(session, bit(S::BiddingOpen))?;
        let digest = self.signed(&SealedBid::HASH, &fields, agent, signature)?;
        self.spend(digest)?;
        self.require_attested(session, agent)?;
        let (nodes, wanted) = (get(&word, NODES), part(node, 30, 2).saturating_add(1));
        if u128::from(nodes) < wanted {
            return refuse(
                wire::BidRefused::SELECTOR,
                &[node, number(6), amount(wanted), number(nodes)],
            );
        }
        let round = get(&word, REPROPOSALS);
        let (bid, word) = self.enter(session, word, node);
        self.store_session(session, word);
        let head = with(with(agent, 6, 2, part(node, 30, 2)), 9, 1, round.into());
        for (place, value) in [
            (0, with(head, STATE_AT, 1, SEALED)),
            (MONEY, stake),
            (SOURCE, source),
            (COMMITMENT, commitment),
        ] {
            let key = self.bid_key(&session, bid, place);
            self.write(key, value);
        }
        self.log_words(
            &[&wire::BidSealed::SIGNATURE_HASH, &session, &node, &agent],
            &[&number(bid), &commitment],
        );
        self.reserve(session, source, agent, stake)?;
        Ok(Vec::new())
    }

    pub(crate) fn open_bid(&mut self, input: &mut Input<'_>) -> Answer {
        let bid = u64::from(input.u32()?);
        let fields = input.fields(const { widths::<12>(TaskBid::OWN) })?;
        let salt = input.word()?;
        let [session, node, agent, _, _, _, stake, source, ..] = fields;
        let word = self.in_time(session, bit(S::RegulatoryReview))?;
        let mut preimage = output::words(&fields);
        preimage.extend_from_slice(salt.as_slice());
        let opened = self.vm().native_keccak256(&preimage);
        let head = self.bid_word(&session, bid, 0);
        let money = self.bid_word(&session, bid, MONEY);
        let commitment = self.bid_word(&session, bid, COMMITMENT);
        // What was sealed in the open cannot be said otherwise behind the seal.
        let same = with(head, 0, 12, 0) == agent
            && part(head, 6, 2) == part(node, 30, 2)
            && part(head, STATE_AT, 1) == SEALED
            && part(money, 16, 16) == part(stake, 16, 16)
            && self.bid_word(&session, bid, SOURCE) == source;
        if opened != commitment || !same {
            return refuse(wire::WrongOpening::SELECTOR, &[commitment]);
        }
        self.check_bid(word, &fields)?;
        self.store_bid(bid, part(head, 9, 1) as u64, &fields);
        Ok(Vec::new())
    }

    pub(crate) fn close_bidding(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let word = self.session_in(session, bit(S::BiddingOpen))?;
        let until = get(&word, EXPIRES);
        if self.now() <= until {
            return refuse(wire::TooEarly::SELECTOR, &[number(until)]);
        }
        let to = if get(&word, COVERED) < get(&word, NODES) {
            S::Failed
        } else {
            S::RegulatoryReview
        };
        self.go(session, word, to)?;
        Ok(Vec::new())
    }

    /// Whether a bid of a deployed session won, or comes next if a winner falls silent.
    #[inline(never)]
    fn is_needed(&self, session: B256, node: u128, bid: u64) -> Result<bool, Vec<u8>> {
        let answer = self.ask_peer(
            Peer::Enactment,
            enactment::awardOfCall::SELECTOR,
            &[session, amount(node)],
        )?;
        let mut award = Input::new(&answer);
        let (count, mut winners) = award.list(ANSWERED_MAX)?;
        let mut needed = u64::from(award.u32()?) == bid.saturating_add(1);
        for _ in 0..count {
            needed |= u64::from(winners.u32()?) == bid;
        }
        Ok(needed)
    }

    pub(crate) fn release_bids(&mut self, input: &mut Input<'_>) -> Answer {
        const PENDING: u16 = !(bit(S::Failed) | bit(S::Deployed));
        let session = input.word()?;
        let (count, mut bids) = input.list(RELEASED_MAX)?;
        let word = self.session_in(session, u16::MAX)?;
        let state = self.session_in(session, PENDING).is_ok();
        let deployed = self.session_in(session, bit(S::Deployed)).is_ok();
        let until = part(self.word_at(SESSION, &session, TERMS), 16, 5) as u64;
        for _ in 0..count {
            let bid = u64::from(bids.u32()?);
            let key = self.bid_key(&session, bid, 0);
            let head = self.read(key);
            let standing = part(head, STATE_AT, 1);
            if standing != SEALED && standing != OPEN {
                return refuse(wire::Unknown::SELECTOR, &[session]);
            }
            let current = part(head, 9, 1) as u64 == get(&word, REPROPOSALS);
            let bound = current
                && (state
                    || deployed
                        && self.now() <= until
                        && self.is_needed(session, part(head, 6, 2), bid)?);
            if bound {
                return refuse(
                    wire::BidBound::SELECTOR,
                    &[session, number(bid), number(until)],
                );
            }
            self.write(key, with(head, STATE_AT, 1, RELEASED));
            let agent = with(head, 0, 12, 0);
            let stake = amount(part(self.bid_word(&session, bid, MONEY), 16, 16));
            let source = self.bid_word(&session, bid, SOURCE);
            self.log_words(
                &[
                    &wire::BidReleased::SIGNATURE_HASH,
                    &session,
                    &number(bid),
                    &agent,
                ],
                &[&stake],
            );
            self.tell_peer(
                Peer::Treasury,
                treasury::releaseReserveCall::SELECTOR,
                &[session, source, agent, stake],
            )?;
        }
        Ok(Vec::new())
    }

    /// A bid's words, as the interface lays them out.
    #[inline(never)]
    fn push_bid(&self, session: B256, bid: u64, words: &mut Vec<B256>) {
        let head = self.bid_word(&session, bid, 0);
        let money = self.bid_word(&session, bid, MONEY);
        let [service, source] = [SERVICE, SOURCE].map(|place| self.bid_word(&session, bid, place));
        let of = |at, bytes| amount(part(head, at, bytes));
        words.extend_from_slice(&[
            number(bid),
            of(STATE_AT, 1),
            of(9, 1),
            of(6, 2),
            with(head, 0, 12, 0),
            service,
            amount(part(money, 0, 16)),
            amount(part(money, 16, 16)),
            source,
            of(0, 4),
            of(4, 2),
            of(8, 1),
        ]);
    }

    pub(crate) fn bid_of(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, bid) = (input.word()?, input.u32()?);
        let mut words = Vec::with_capacity(BID_WORDS);
        self.push_bid(session, bid.into(), &mut words);
        Ok(output::words(&words))
    }

    pub(crate) fn bids_of(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let (count, mut bids) = input.list(ANSWERED_MAX)?;
        let mut words = Vec::with_capacity(BID_WORDS.saturating_mul(count));
        for _ in 0..count {
            self.push_bid(session, bids.u32()?.into(), &mut words);
        }
        Ok(output::Output::of(1).list(&words, BID_WORDS).finish())
    }

    pub(crate) fn bids_on(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, node, first) = (input.word()?, input.u16()?, input.u32()?);
        let word = self.word_at(SESSION, &session, 0);
        let (list, count) = self.list_of(session, word, number(node.into()));
        let first = u64::from(first);
        let last = first.saturating_add(ANSWERED_MAX as u64).min(count);
        let mut words = Vec::new();
        for place in first..last {
            let group = self.word_at(ON_NODE, &list, place >> 3);
            let bid = part(group, (place as usize & 7) << 2, 4) as u64;
            self.push_bid(session, bid, &mut words);
        }
        Ok(output::Output::of(1).list(&words, BID_WORDS).finish())
    }
}

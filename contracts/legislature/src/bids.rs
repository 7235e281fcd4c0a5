//! MSG_TYPE_4: bids, open and sealed, and what becomes of their stakes.

use alloc::vec::Vec;

use agentcity_abi::{
    IAgent as agents, IConstitution as law, IEnactment as enactment, ILegislature as wire,
    IService as services, ITreasury as treasury,
};
use agentcity_domain::{
    legislation::{
        bid::{Broken, Head, Limits, Placed, Rule, Standing, has_room},
        session::{Session, states},
    },
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
    word::{part, with},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    messages::{MESSAGES_MAX, SIGNATURE_MAX},
    storage::{ATTESTED, BID, BIDDER, Legislature, ON_NODE, SPONSOR},
};

/// Words of the interface's `Bid`.
const BID_WORDS: usize = 12;
/// Most bids that are answered at once.
const ANSWERED_MAX: usize = 16; // structural: of what an answer holds
/// Most bids that are released at once.
const RELEASED_MAX: usize = 256; // structural: of what a call's arguments hold

/// Places of a bid's words.
const HEAD: u64 = 0;
const MONEY: u64 = 1;
const SERVICE: u64 = 2;
const SOURCE: u64 = 3;

const BIDDING: u16 = states(&[S::BiddingOpen]);
const REVIEW: u16 = states(&[S::RegulatoryReview]);

/// A number in the last bytes of a word.
fn low(word: &B256, bytes: usize) -> u128 {
    part(*word, 32usize.saturating_sub(bytes), bytes)
}

/// What MSG_TYPE_4 says, word by word.
type Message = [B256; 12];

impl Legislature {
    fn bid_word(&self, session: &B256, bid: u32, place: u64) -> B256 {
        self.word_at(BID, session, u64::from(bid) << 8 | place)
    }

    fn set_bid_word(&mut self, session: &B256, bid: u32, place: u64, word: &B256) {
        self.put(BID, session, u64::from(bid) << 8 | place, word);
    }

    #[inline(never)]
    fn head(&self, session: &B256, bid: u32) -> Head {
        Head(self.bid_word(session, bid, HEAD))
    }

    /// Where a bid's stake comes from: the agent, unless something else is stored.
    #[inline(never)]
    fn source(&self, session: &B256, bid: u32, head: &Head) -> B256 {
        let stored = self.bid_word(session, bid, SOURCE);
        if stored == B256::ZERO {
            head.agent().into_word()
        } else {
            stored
        }
    }

    /// The principal of an agent that attested.
    ///
    /// Errors: `AgentRefused(agent, 1)`.
    #[inline(never)]
    fn attested(&self, session: &B256, agent: &B256) -> Result<B256, Vec<u8>> {
        let principal = self.read(self.key(ATTESTED, *session, *agent));
        if principal == B256::ZERO {
            return refuse(wire::AgentRefused::SELECTOR, &[*agent, number(1)]);
        }
        Ok(principal)
    }

    /// Refuses an agent that may not bid.
    #[inline(never)]
    fn eligible(&self, agent: &B256) -> Result<(), Vec<u8>> {
        let words = [*agent, number(agents::Purpose::Bid as u64)];
        let answer = self.ask_peer(Peer::Agent, agents::isEligibleCall::SELECTOR, &words)?;
        let mut answer = Input::new(&answer);
        if !answer.bool()? {
            return refuse(wire::AgentRefused::SELECTOR, &[*agent, answer.word()?]);
        }
        Ok(())
    }

    /// What every bid of a session is held to.
    #[inline(never)]
    fn limits(&self, session: &B256, word: &Session) -> Result<Limits, Vec<u8>> {
        let [units] = self.parameters(word.epoch().into(), [P::MinStakeLow as u8])?;
        let from = self.constitution_address();
        let scale = peer::ask_word(self.vm(), from, &law::unitScaleCall::SELECTOR)?;
        let sponsor = self.of_session(session, SPONSOR);
        let mut sponsors = [Address::from_word(sponsor); 2];
        if sponsor != B256::ZERO {
            let answer =
                self.ask_peer(Peer::Agent, agents::principalOfCall::SELECTOR, &[sponsor])?;
            sponsors[1] = Input::new(&answer).address()?;
        }
        Ok(Limits {
            stake: low(&scale, 16).saturating_mul(units.into()),
            budget: self.terms(session).budget(),
            sponsors,
        })
    }

    /// Refuses a bid by whoever may not bid, and one that breaks a rule. Its principal.
    #[inline(never)]
    fn judge(&self, word: &Session, message: &Message, limits: &Limits) -> Result<B256, Vec<u8>> {
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
        ] = message;
        let principal = self.attested(session, agent)?;
        self.eligible(agent)?;
        let registered = self.ask_peer(
            Peer::Service,
            services::verifyCodeHashCall::SELECTOR,
            &[*service, *code],
        )?;
        let placed = Placed {
            node: low(node, 2) as u16,
            runs_code: Input::new(&registered).bool()?,
            price: low(price, 16),
            stake: low(stake, 16),
            fit: low(fit, 2) as u16,
            tier: low(tier, 1) as u8,
            principal: Address::from_word(principal),
        };
        match placed.judge(word, limits) {
            Ok(()) => Ok(principal),
            Err(broken) => Err(refused(node, broken)),
        }
    }

    /// The number of a new bid, entered in its node's list. A principal has one bid on a node, which is all that could win.
    ///
    /// Errors: `AlreadyDone(session, principal)`, `TooMany`.
    #[inline(never)]
    fn enter(
        &mut self,
        session: &B256,
        word: &mut Session,
        node: &B256,
        principal: &B256,
    ) -> Result<u32, Vec<u8>> {
        let list = self.list_of(word, node);
        let bidder = with(*principal, 0, 12, low(&list, 4));
        self.once(BIDDER, *session, bidder)?;
        let key = self.key(ON_NODE, *session, list);
        let count = low(&self.read(key), 4) as u32;
        if !has_room(count) {
            return refuse(wire::TooMany::SELECTOR, &[*session, number(count.into())]);
        }
        self.write(key, number(u64::from(count).saturating_add(1)));
        let bid = word.bids();
        let group = self.key(ON_NODE, key, number(u64::from(count >> 3)));
        let at = (count as usize & 7) << 2;
        let packed = with(self.read(group), at, 4, bid.into());
        self.write(group, packed);
        word.set_bids(bid.saturating_add(1));
        if count == 0 {
            word.set_covered(word.covered().saturating_add(1));
        }
        Ok(bid)
    }

    /// Which list a node's bids of the present round stand in: round, node.
    fn list_of(&self, word: &Session, node: &B256) -> B256 {
        number(u64::from(word.round()) << 16 | low(node, 2) as u64)
    }

    #[inline(never)]
    fn store_bid(&mut self, bid: u32, round: u8, message: &Message) {
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
        ] = message;
        let mut head = Head(B256::ZERO);
        head.set_agent(Address::from_word(*agent));
        head.set_latency_ms(low(latency, 4) as u32);
        head.set_fit(low(fit, 2) as u16);
        head.set_node(low(node, 2) as u16);
        head.set_tier(low(tier, 1) as u8);
        head.set_round(round);
        head.set_standing(Standing::Open as u8);
        let money = with(*stake, 0, 16, low(price, 16));
        self.set_bid_word(session, bid, HEAD, &head.0);
        self.set_bid_word(session, bid, MONEY, &money);
        self.set_bid_word(session, bid, SERVICE, service);
        self.store_source(session, bid, source, agent);
        self.log_words(
            &[&wire::BidPlaced::SIGNATURE_HASH, session, node, agent],
            &[
                &number(bid.into()),
                service,
                price,
                stake,
                latency,
                fit,
                tier,
            ],
        );
    }

    /// Where a stake comes from is stored if it is not the agent itself.
    fn store_source(&mut self, session: &B256, bid: u32, source: &B256, agent: &B256) {
        if source != agent {
            self.set_bid_word(session, bid, SOURCE, source);
        }
    }

    /// Errors: those of `in_time`; `InvalidSignature`, `DeadlinePassed`, `AlreadyUsed`, `AgentRefused`, `BidRefused`, `AlreadyDone`,
    /// `TooMany`, and the treasury's for a stake that is not there.
    /// Events: `BidPlaced`.
    pub(crate) fn place_bids(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut messages) = input.list(MESSAGES_MAX)?;
        let mut signatures = signatures(input, count)?;
        let mut of: Option<(B256, Limits)> = None;
        for _ in 0..count {
            let fields = messages.fields(const { widths::<12>(TaskBid::OWN) })?;
            let [session, node, agent, _, _, _, stake, source, ..] = &fields;
            let mut word = self.in_time(session, BIDDING)?;
            let signature = signatures.bytes(SIGNATURE_MAX)?;
            let digest = self.signed(&TaskBid::HASH, &fields, *agent, signature)?;
            self.spend(digest)?;
            let limits = match of {
                Some((before, limits)) if before == *session => limits,
                _ => self.limits(session, &word)?,
            };
            of = Some((*session, limits));
            let principal = self.judge(&word, &fields, &limits)?;
            let round = word.round();
            let bid = self.enter(session, &mut word, node, &principal)?;
            self.store(session, &word);
            self.store_bid(bid, round, &fields);
            self.reserve(session, source, agent, stake)?;
        }
        Ok(Vec::new())
    }

    #[inline(never)]
    fn reserve(
        &self,
        session: &B256,
        source: &B256,
        agent: &B256,
        stake: &B256,
    ) -> Result<(), Vec<u8>> {
        let words = [*session, *source, *agent, *stake];
        self.tell_peer(Peer::Treasury, treasury::reserveStakeCall::SELECTOR, &words)?;
        Ok(())
    }

    /// What is open of a sealed bid is judged at once, the rest when it is opened.
    ///
    /// Errors: as of `place_bids`.
    /// Events: `BidSealed`.
    pub(crate) fn seal_bid(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<7>(SealedBid::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, agent, node, commitment, stake, source, _] = &fields;
        let mut word = self.in_time(session, BIDDING)?;
        let digest = self.signed(&SealedBid::HASH, &fields, *agent, signature)?;
        self.spend(digest)?;
        let limits = self.limits(session, &word)?;
        let principal = self.attested(session, agent)?;
        self.eligible(agent)?;
        let shown = Placed {
            node: low(node, 2) as u16,
            runs_code: true,
            price: 0,
            stake: low(stake, 16),
            fit: 0,
            tier: 1,
            principal: Address::from_word(principal),
        };
        if let Err(broken) = shown.judge(&word, &limits) {
            return Err(refused(node, broken));
        }
        let round = word.round();
        let bid = self.enter(session, &mut word, node, &principal)?;
        word.set_sealed(word.sealed().saturating_add(1));
        self.store(session, &word);
        let mut head = Head(B256::ZERO);
        head.set_agent(Address::from_word(*agent));
        head.set_node(shown.node);
        head.set_round(round);
        head.set_standing(Standing::Sealed as u8);
        self.set_bid_word(session, bid, HEAD, &head.0);
        self.set_bid_word(session, bid, MONEY, stake);
        self.set_bid_word(session, bid, SERVICE, commitment);
        self.store_source(session, bid, source, agent);
        self.log_words(
            &[&wire::BidSealed::SIGNATURE_HASH, session, node, agent],
            &[&number(bid.into()), commitment],
        );
        self.reserve(session, source, agent, stake)?;
        Ok(Vec::new())
    }

    /// Errors: those of `in_time`; `TooLate` once seats may be awarded, `WrongOpening`, `BidRefused`, `AgentRefused`.
    /// Events: `BidPlaced`.
    pub(crate) fn open_bid(&mut self, input: &mut Input<'_>) -> Answer {
        let bid = input.u32()?;
        let fields = input.fields(const { widths::<12>(TaskBid::OWN) })?;
        let salt = input.word()?;
        let [session, node, agent, _, _, _, stake, source, ..] = &fields;
        let word = self.in_time(session, REVIEW)?;
        let until = self.awards_from(&word)?.saturating_sub(1);
        if self.now() > until {
            return refuse(wire::TooLate::SELECTOR, &[number(until)]);
        }
        let mut preimage = output::words(&fields);
        preimage.extend_from_slice(salt.as_slice());
        let opened = self.vm().native_keccak256(&preimage);
        let head = self.head(session, bid);
        let commitment = self.bid_word(session, bid, SERVICE);
        // What was sealed in the open cannot be said otherwise behind the seal.
        let same = head.standing() == Standing::Sealed as u8
            && head.round() == word.round()
            && head.agent() == Address::from_word(*agent)
            && u128::from(head.node()) == low(node, 2)
            && self.bid_word(session, bid, MONEY) == *stake
            && self.source(session, bid, &head) == *source;
        if opened != commitment || !same {
            return refuse(wire::WrongOpening::SELECTOR, &[commitment]);
        }
        let limits = self.limits(session, &word)?;
        self.judge(&word, &fields, &limits)?;
        self.store_bid(bid, head.round(), &fields);
        Ok(Vec::new())
    }

    /// Whether a bid of a law won, or comes next if a winner falls silent.
    #[inline(never)]
    fn is_needed(&self, session: &B256, node: u16, bid: u32) -> Result<bool, Vec<u8>> {
        let words = [*session, number(node.into())];
        let answer = self.ask_peer(Peer::Enactment, enactment::awardOfCall::SELECTOR, &words)?;
        let mut award = Input::new(&answer);
        let (count, mut winners) = award.list(ANSWERED_MAX)?;
        let mut needed = award.u32()? == bid.saturating_add(1);
        for _ in 0..count {
            needed |= winners.u32()? == bid;
        }
        Ok(needed)
    }

    /// Errors: `Unknown` for a bid for which nothing is reserved, `BidBound`.
    /// Events: `BidReleased`.
    pub(crate) fn release_bids(&mut self, input: &mut Input<'_>) -> Answer {
        let session = &input.word()?;
        let (count, mut bids) = input.list(RELEASED_MAX)?;
        let word = self.session_in(session, u16::MAX)?;
        let until = self.terms(session).deadline();
        for _ in 0..count {
            let bid = bids.u32()?;
            let mut head = self.head(session, bid);
            if !head.is_reserved() {
                return refuse(wire::Unknown::SELECTOR, &[*session]);
            }
            let needed = || self.is_needed(session, head.node(), bid);
            if head.is_bound(&word, until, self.now(), needed)? {
                return refuse(
                    wire::BidBound::SELECTOR,
                    &[*session, number(bid.into()), number(until)],
                );
            }
            head.set_standing(Standing::Released as u8);
            self.set_bid_word(session, bid, HEAD, &head.0);
            let agent = &head.agent().into_word();
            let stake = low(&self.bid_word(session, bid, MONEY), 16);
            let source = &self.source(session, bid, &head);
            // Reserves of one source for one agent are one sum, of which a seat may have taken its part: what is left of it goes
            // back, whichever of the bids is asked about first.
            let words = [*session, *source, *agent];
            let selector = treasury::reservedStakeCall::SELECTOR;
            let held = self.ask_peer(Peer::Treasury, selector, &words)?;
            let freed = amount(Input::new(&held).u128()?.min(stake));
            self.log_words(
                &[
                    &wire::BidReleased::SIGNATURE_HASH,
                    session,
                    &number(bid.into()),
                    agent,
                ],
                &[&freed],
            );
            if freed == B256::ZERO {
                continue;
            }
            let selector = treasury::releaseReserveCall::SELECTOR;
            let words = [*session, *source, *agent, freed];
            self.tell_peer(Peer::Treasury, selector, &words)?;
        }
        Ok(Vec::new())
    }

    /// A bid's words, as the interface lays them out.
    #[inline(never)]
    fn push_bid(&self, session: &B256, bid: u32, words: &mut Vec<B256>) {
        let head = self.head(session, bid);
        let money = self.bid_word(session, bid, MONEY);
        let sealed = head.standing() == Standing::Sealed as u8;
        let service = if sealed {
            B256::ZERO
        } else {
            self.bid_word(session, bid, SERVICE)
        };
        words.extend_from_slice(&[
            number(bid.into()),
            number(head.standing().into()),
            number(head.round().into()),
            number(head.node().into()),
            head.agent().into_word(),
            service,
            amount(part(money, 0, 16)),
            amount(low(&money, 16)),
            self.source(session, bid, &head),
            number(head.latency_ms().into()),
            number(head.fit().into()),
            number(head.tier().into()),
        ]);
    }

    pub(crate) fn bid_of(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, bid) = (&input.word()?, input.u32()?);
        let mut words = Vec::with_capacity(BID_WORDS);
        self.push_bid(session, bid, &mut words);
        Ok(output::words(&words))
    }

    pub(crate) fn bids_of(&mut self, input: &mut Input<'_>) -> Answer {
        let session = &input.word()?;
        let (count, mut bids) = input.list(ANSWERED_MAX)?;
        let mut words = Vec::with_capacity(BID_WORDS.saturating_mul(count));
        for _ in 0..count {
            self.push_bid(session, bids.u32()?, &mut words);
        }
        Ok(output::Output::of(1).list(&words, BID_WORDS).finish())
    }

    pub(crate) fn bids_on(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, node, first) = (&input.word()?, number(input.u16()?.into()), input.u32()?);
        let word = self.load_session(session);
        let key = self.key(ON_NODE, *session, self.list_of(&word, &node));
        let count = low(&self.read(key), 4) as u32;
        let last = first.saturating_add(ANSWERED_MAX as u32).min(count);
        let mut words = Vec::new();
        for place in first..last {
            let group = self.word_at(ON_NODE, &key, (place >> 3).into());
            let bid = part(group, (place as usize & 7) << 2, 4) as u32;
            self.push_bid(session, bid, &mut words);
        }
        Ok(output::Output::of(1).list(&words, BID_WORDS).finish())
    }
}

/// The refusal of a bid that breaks a rule.
#[inline(never)]
fn refused(node: &B256, broken: Broken) -> Vec<u8> {
    output::refusal(
        wire::BidRefused::SELECTOR,
        &[
            *node,
            number(broken.rule as u64),
            amount(broken.need),
            amount(broken.have),
        ],
    )
}

// The interface numbers them so.
const _: () = assert!(Rule::Code as u8 == 1 && Rule::Sponsor as u8 == 7);

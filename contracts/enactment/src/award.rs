//! Seats: the best bids that may win, principals distinct, one page of seats after another.

use alloc::vec::Vec;

use agentcity_abi::{
    IAgent as agents, IConstitution as constitution, IEnactment as wire,
    ILegislature as legislature,
};
use agentcity_domain::{
    clerk::Operation,
    legislation::{
        award::{Awarded, Bidder, Candidate, Deviation, Offer, Run, Terms, Unawarded, award},
        bid::Standing,
        fairness::Spread,
        session::{Kind, states},
    },
    machine::SessionState as S,
    parameter::ParameterId as P,
    peer::Peer,
    signed::{Typed, legislation::AwardDeviation, widths},
    statute::{Node, Page, SEATS_MAX, Seat, encode, fold::join},
};
use agentcity_shell::{
    Answer, Input, malformed,
    member::Member,
    output::{self, amount, number},
    peer, refuse,
    statement::Statements,
    word::{part, with},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    session::{ASSIGNMENTS, ROLLING, STATUTE_LEFT, Session},
    storage::{AWARD, DEVIATION, Enactment, REASSIGNED, REJECTED, RUN, SEATED},
};

/// Most bytes of a signature.
pub(crate) const SIGNATURE_MAX: usize = 2_048; // structural: of what a wallet signs with
/// Most bids that the legislature answers at once.
pub(crate) const ANSWERED_MAX: usize = 16; // structural: as the legislature answers
/// Most pages of seats of a mission.
const SEAT_PAGES_MAX: usize = 4_096; // structural: of 65,535 nodes
/// Where the runner-up stands among a node's winners.
const RUNNER_UP: usize = SEATS_MAX;

const REVIEW: u16 = states(&[S::RegulatoryReview]);

/// The award of one call: which run, how far, and by what.
struct Award {
    session: Session,
    key: B256,
    run: Run,
    terms: Terms,
}

/// A bid that may win, with the seat that it would have.
struct Bid {
    candidate: Candidate,
    seat: Seat,
}

impl Enactment {
    /// What an award's scores and bounds depend on.
    #[inline(never)]
    fn terms(&self, session: &Session) -> Result<Terms, Vec<u8>> {
        let [quality, low, medium, high] = self.parameters(
            session.epoch,
            [
                P::BidQualityWeight as u8,
                P::MinStakeLow as u8,
                P::MinStakeMedium as u8,
                P::MinStakeHigh as u8,
            ],
        )?;
        let scale = self.unit_scale()?;
        let sponsor = Address::from_word(session.sponsor);
        let mut sponsors = [sponsor; 2];
        if sponsor != Address::ZERO {
            sponsors[1] = Address::from_word(self.principal_of(session.sponsor)?);
        }
        Ok(Terms {
            quality: quality as u16,
            stakes: [low, medium, high].map(|units| scale.saturating_mul(units.into())),
            sponsors,
        })
    }

    /// How many base units a unit is.
    #[inline(never)]
    pub(crate) fn unit_scale(&self) -> Result<u128, Vec<u8>> {
        let from = self.constitution_address();
        let scale = peer::ask_word(self.vm(), from, &constitution::unitScaleCall::SELECTOR)?;
        Ok(part(scale, 16, 16))
    }

    /// Who answers for an agent, or for itself.
    #[inline(never)]
    pub(crate) fn principal_of(&self, agent: B256) -> Result<B256, Vec<u8>> {
        let answer = self.ask_peer(Peer::Agent, agents::principalOfCall::SELECTOR, &[agent])?;
        Input::new(&answer).word()
    }

    /// What the agent contract says of a bidder.
    #[inline(never)]
    fn bidder(&self, agent: B256) -> Result<Bidder, Vec<u8>> {
        let answer = self.ask_peer(Peer::Agent, agents::standingCall::SELECTOR, &[agent])?;
        let mut standing = Input::new(&answer);
        let (principal, _previous) = (standing.address()?, standing.address()?);
        let (_type, bars, score) = (standing.u8()?, standing.u8()?, standing.u16()?);
        Ok(Bidder {
            principal,
            bars,
            score,
        })
    }

    /// One bid of the legislature's answer, if it may win this node.
    #[inline(never)]
    fn weigh(
        &self,
        bids: &mut Input<'_>,
        award: &Award,
        node: &Node,
        number_: u16,
    ) -> Result<Option<Bid>, Vec<u8>> {
        let (bid, standing, _round) = (bids.u32()?, bids.u8()?, bids.u8()?);
        let (_node, agent, service) = (bids.word()?, bids.word()?, bids.word()?);
        let (price, stake, source) = (bids.u128()?, bids.u128()?, bids.word()?);
        let (_latency, fit, tier) = (bids.u32()?, bids.u16()?, bids.u8()?);
        let rejected = self.word_at(REJECTED, &award.session.id, bid.into());
        if standing != Standing::Open as u8 || rejected != B256::ZERO {
            return Ok(None);
        }
        let offer = Offer {
            price,
            stake,
            fit,
            tier,
        };
        let bidder = self.bidder(agent)?;
        let Ok(score) = award.terms.judge(node, &offer, &bidder) else {
            return Ok(None);
        };
        Ok(Some(Bid {
            candidate: Candidate {
                bid,
                principal: bidder.principal,
                score,
            },
            seat: Seat {
                node: number_,
                seat: 0,
                agent: Address::from_word(agent),
                price,
                stake,
                source,
                service,
            },
        }))
    }

    /// Every bid that may win a node, in the order of their placing.
    #[inline(never)]
    fn field(&self, award: &Award, node: &Node, number_: u16) -> Result<Vec<Bid>, Vec<u8>> {
        let mut field = Vec::new();
        let mut first = 0u64;
        loop {
            let words = [
                award.session.id,
                number(number_.into()),
                number(first),
            ];
            let answer =
                self.ask_peer(Peer::Legislature, legislature::bidsOnCall::SELECTOR, &words)?;
            let (count, mut bids) = Input::new(&answer).list(ANSWERED_MAX)?;
            for _ in 0..count {
                field.extend(self.weigh(&mut bids, award, node, number_)?);
            }
            // A node has 64 bids at most, so this ends with the fifth answer.
            if count < ANSWERED_MAX {
                return Ok(field);
            }
            first = first.saturating_add(ANSWERED_MAX as u64);
        }
    }

    /// The deviation at a node that the panel countersigned.
    #[inline(never)]
    fn deviation(&self, session: &Session, node: u16) -> Option<Deviation> {
        let word = self.word_at(DEVIATION, &session.id, deviation_of(session, node));
        let bid = |at| (part(word, at, 4) as u32).saturating_sub(1);
        (part(word, 8, 1) != 0).then(|| Deviation {
            best: bid(0),
            chosen: bid(4),
        })
    }

    /// Awards one node among the bids that may win it.
    ///
    /// Errors: `NodeUncovered`, `Mismatch` for a deviation from another best.
    /// Events: `NodeAwarded`.
    #[inline(never)]
    fn award_node(
        &mut self,
        of: &Award,
        field: &[Bid],
        node: &Node,
        number_: u16,
    ) -> Result<(Awarded, Vec<Seat>), Vec<u8>> {
        let session = &of.session;
        let candidates: Vec<Candidate> = field.iter().map(|bid| bid.candidate).collect();
        let deviation = self.deviation(session, number_);
        let awarded = match award(&candidates, node.redundancy, deviation) {
            Ok(awarded) => awarded,
            Err(Unawarded::Uncovered { have, need }) => {
                return refuse(
                    wire::NodeUncovered::SELECTOR,
                    &[
                        session.id,
                        number(number_.into()),
                        number(have.into()),
                        number(need.into()),
                    ],
                );
            }
            Err(Unawarded::Deviated { signed, found }) => {
                self.same(session.id, number(signed.into()), number(found.into()))?;
                return Err(malformed());
            }
        };
        self.store_award(of, number_, &awarded);
        let mut seats = Vec::with_capacity(SEATS_MAX);
        for (winner, place) in awarded.seats.iter().zip(0..) {
            let bid = field.iter().find(|bid| bid.candidate.bid == winner.bid);
            seats.extend(bid.map(|bid| Seat {
                seat: place,
                ..bid.seat
            }));
        }
        Ok((awarded, seats))
    }

    /// A principal's seats in a run plus one; zero for one without a bid that could win.
    fn seated(&self, run: &B256, principal: Address) -> u32 {
        let key = self.key(SEATED, *run, principal.into_word());
        part(self.read(key), 28, 4) as u32
    }

    fn set_seated(&mut self, run: &B256, principal: Address, plus_one: u32) {
        let key = self.key(SEATED, *run, principal.into_word());
        self.write(key, number(plus_one.into()));
    }

    /// Counts bidders and seats of a node in its run.
    #[inline(never)]
    fn count(&mut self, of: &mut Award, field: &[Bid], awarded: &Awarded) {
        let mut spread = of.run.spread();
        for bid in field {
            let principal = bid.candidate.principal;
            if self.seated(&of.key, principal) == 0 {
                self.set_seated(&of.key, principal, 1);
                spread.count_bidder();
            }
        }
        for winner in &awarded.seats {
            let plus_one = self.seated(&of.key, winner.principal);
            spread.seat(plus_one.saturating_sub(1));
            self.set_seated(&of.key, winner.principal, plus_one.saturating_add(1));
        }
        of.run.set_spread(spread);
    }

    #[inline(never)]
    fn store_award(&mut self, of: &Award, number_: u16, awarded: &Awarded) {
        let runner_up = awarded.runner_up.map_or(0, |next| next.bid.saturating_add(1));
        let mut packed = with(B256::ZERO, RUNNER_UP << 2, 4, runner_up.into());
        let (mut bids, mut scores) = (Vec::new(), Vec::new());
        for (winner, at) in awarded.seats.iter().zip(0..SEATS_MAX) {
            packed = with(packed, at << 2, 4, winner.bid.saturating_add(1).into());
            bids.push(number(winner.bid.into()));
            scores.push(number(winner.score.into()));
        }
        self.put(AWARD, &of.key, number_.into(), &packed);
        let data = output::Output::of(3)
            .list(&bids, 1)
            .list(&scores, 1)
            .word(number(runner_up.into()))
            .finish();
        output::log(
            self.vm(),
            &[
                wire::NodeAwarded::SIGNATURE_HASH,
                of.session.id,
                number(number_.into()),
            ],
            &data,
        );
    }

    /// The next page of seats.
    #[inline(never)]
    fn award_page(&mut self, of: &mut Award, page: &Page<'_>) -> Result<Vec<u8>, Vec<u8>> {
        let first = of.run.node();
        let (_, place) = of.run.place();
        let count = of.run.step(of.session.nodes);
        let mut seats = Vec::new();
        let nodes = page.each().skip(place.into()).take(count.into());
        for (node, number_) in nodes.zip(first..) {
            // What a successor takes over is done, and has no seats.
            if node.is_imported() {
                continue;
            }
            let field = self.field(of, &node, number_)?;
            let (awarded, won) = self.award_node(of, &field, &node, number_)?;
            self.count(of, &field, &awarded);
            seats.extend(won);
        }
        let next = first.saturating_add(count);
        of.run.set_node(next);
        let pages = encode::seats(next, &seats).map_err(|_| malformed())?;
        Ok(pages.into_iter().next_back().unwrap_or_default())
    }

    /// A hash of hashes of pages of seats, from the first on.
    #[inline(never)]
    fn roll(&self, before: B256, pages: &[B256]) -> B256 {
        let keccak = |bytes: &[u8]| self.vm().native_keccak256(bytes);
        let roll = |before, page: &B256| join(&keccak, *page, before);
        pages.iter().fold(before, roll)
    }

    /// Errors: those of `in_time`; `TooEarly` while sealed bids are opened, `AlreadyDone`, `WrongPages`, `NodeUncovered`, `Mismatch`
    /// for other pages of seats than were awarded before.
    /// Events: `NodeAwarded`, `AwardCompleted`.
    pub(crate) fn award(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, most) = (input.word()?, input.u16()?);
        let session = self.in_time(session, REVIEW)?;
        if self.now() <= session.awards_from {
            return refuse(wire::TooEarly::SELECTOR, &[number(session.awards_from)]);
        }
        let key = self.run_of(&session);
        let mut of = Award {
            session,
            key,
            run: self.run(&key),
            terms: self.terms(&session)?,
        };
        if of.run.whole() != 0 {
            let caller = self.caller().into_word();
            return refuse(wire::AlreadyDone::SELECTOR, &[session.id, caller]);
        }
        if session.kind == Kind::Partial as u8 {
            return self.award_anew(&mut of);
        }
        let (began, _) = of.run.place();
        let awaited = if of.run.node() == 0 {
            session.statute
        } else {
            self.word_at(RUN, &key, STATUTE_LEFT)
        };
        let (pages, rest) = self.read_pages(input, session.id, awaited)?;
        let (earlier, mut list) = input.list(SEAT_PAGES_MAX)?;
        let shown = |run: &Run| usize::from(run.place().0.saturating_sub(began));
        let mut made = Vec::new();
        for _ in 0..most {
            let Some((bytes, _)) = pages.get(shown(&of.run)) else {
                break;
            };
            let page = Page::read(bytes).ok_or_else(malformed)?;
            let seats = self.award_page(&mut of, &page)?;
            made.push(self.vm().native_keccak256(&seats));
            if of.run.node() >= session.nodes {
                break;
            }
        }
        let rolling = self.word_at(RUN, &key, ROLLING);
        if of.run.node() < session.nodes {
            let left = pages.get(shown(&of.run)).map_or(rest, |(_, from)| *from);
            self.put(RUN, &key, STATUTE_LEFT, &left);
            let rolling = self.roll(rolling, &made);
            self.put(RUN, &key, ROLLING, &rolling);
            self.set_run(&key, &of.run);
            return Ok(Vec::new());
        }
        // Hashed from the right, as they will be shown: the pages of earlier calls come along by their hashes.
        let mut hashes = Vec::with_capacity(earlier.saturating_add(made.len()));
        for _ in 0..earlier {
            hashes.push(list.word()?);
        }
        self.same(session.id, rolling, self.roll(B256::ZERO, &hashes))?;
        hashes.extend(made);
        hashes.reverse();
        let assignments = self.roll(B256::ZERO, &hashes);
        self.complete(&mut of, assignments);
        Ok(Vec::new())
    }

    /// Every node is awarded.
    ///
    /// Events: `AwardCompleted`.
    #[inline(never)]
    fn complete(&mut self, of: &mut Award, assignments: B256) {
        let spread = of.run.spread();
        of.run.set_whole(1);
        of.run.set_fairness(spread.score().unwrap_or_default());
        self.put(RUN, &of.key, ASSIGNMENTS, &assignments);
        self.set_run(&of.key, &of.run);
        self.log_words(
            &[&wire::AwardCompleted::SIGNATURE_HASH, &of.session.id],
            &[
                &assignments,
                &number(of.run.fairness().into()),
                &number(spread.seats().into()),
                &number(spread.bidders().into()),
            ],
        );
    }

    /// A failed node is awarded anew. Its fairness is that of the whole mission with the new seats (L-07).
    ///
    /// Errors: as of `award`.
    #[inline(never)]
    fn award_anew(&mut self, of: &mut Award) -> Answer {
        let session = of.session;
        let node = self.deployed_node(&session)?;
        let field = self.field(of, &node, session.node)?;
        let (awarded, seats) = self.award_node(of, &field, &node, session.node)?;
        let winners: Vec<Address> = awarded.seats.iter().map(|won| won.principal).collect();
        let bidders: Vec<Address> = field.iter().map(|bid| bid.candidate.principal).collect();
        let (_, spread, _) = self.reseated(&session, &winners, &bidders)?;
        of.run.set_spread(spread);
        of.run.set_node(session.node);
        let nodes = session.node.saturating_add(1);
        let pages = encode::seats(nodes, &seats).map_err(|_| malformed())?;
        let page = pages.into_iter().next_back().unwrap_or_default();
        let page = self.vm().native_keccak256(&page);
        let assignments = self.roll(B256::ZERO, &[page]);
        self.complete(of, assignments);
        Ok(Vec::new())
    }

    /// How a mission's seats are spread once a failed node's are given to `arriving`: the run in which they are counted, the
    /// spread, and the counts that change. Nothing is stored: until the node is given anew, nothing has changed.
    #[inline(never)]
    fn reseated(
        &self,
        session: &Session,
        arriving: &[Address],
        bidders: &[Address],
    ) -> Result<(B256, Spread, Vec<(Address, u32)>), Vec<u8>> {
        let law = self.load_session(self.session_of(session.mission)?)?;
        let base = self.run_of(&law);
        let mut spread = self.run(&base).spread();
        let mut counts: Vec<(Address, u32)> = Vec::new();
        for principal in bidders {
            if counts.iter().all(|(counted, _)| counted != principal) {
                let mut plus_one = self.seated(&base, *principal);
                if plus_one == 0 {
                    plus_one = 1;
                    spread.count_bidder();
                }
                counts.push((*principal, plus_one));
            }
        }
        // Whoever failed leaves: the winners of the law, or of the session that gave the node anew before.
        let before = self.word_at(REASSIGNED, &session.mission, session.node.into());
        let holders = if before == B256::ZERO {
            self.principals_at(&law, session.node)?
        } else {
            self.principals_at(&self.load_session(before)?, session.node)?
        };
        for principal in holders {
            let known = counts.iter().position(|(counted, _)| *counted == principal);
            let at = known.unwrap_or(counts.len());
            if known.is_none() {
                counts.push((principal, self.seated(&base, principal)));
            }
            if let Some((_, plus_one)) = counts.get_mut(at)
                && *plus_one > 1
            {
                *plus_one = plus_one.saturating_sub(1);
                spread.unseat(*plus_one);
            }
        }
        for principal in arriving {
            for (counted, plus_one) in &mut counts {
                if counted == principal {
                    spread.seat(plus_one.saturating_sub(1));
                    *plus_one = plus_one.saturating_add(1);
                }
            }
        }
        Ok((base, spread, counts))
    }

    /// Counts a node's new seats where the mission's are counted, now that they are given.
    #[inline(never)]
    pub(crate) fn reseat(&mut self, session: &Session) -> Result<(), Vec<u8>> {
        let arriving = self.principals_at(session, session.node)?;
        let (base, spread, counts) = self.reseated(session, &arriving, &arriving)?;
        let mut run = self.run(&base);
        run.set_spread(spread);
        self.set_run(&base, &run);
        for (principal, plus_one) in counts {
            self.set_seated(&base, principal, plus_one);
        }
        let place = session.node.into();
        self.put(REASSIGNED, &session.mission, place, &session.id);
        Ok(())
    }

    /// Who answers for the winners of a node in a session.
    #[inline(never)]
    fn principals_at(&self, session: &Session, node: u16) -> Result<Vec<Address>, Vec<u8>> {
        let mut principals = Vec::with_capacity(SEATS_MAX);
        for winner in self.winners(&self.run_of(session), node).0 {
            let words = [session.id, number(winner.into())];
            let answer =
                self.ask_peer(Peer::Legislature, legislature::bidOfCall::SELECTOR, &words)?;
            // Number, state, round and node stand before the agent.
            let [_, _, _, _, agent] = Input::new(&answer).fields([32; 5])?;
            principals.push(Address::from_word(self.principal_of(agent)?));
        }
        Ok(principals)
    }

    /// Errors: those of `in_time` and of a clerk's statement.
    /// Events: `AwardDeviated`.
    pub(crate) fn deviate_award(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<6>(AwardDeviation::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, node, best, chosen, justification, _] = fields;
        let loaded = self.in_time(session, REVIEW)?;
        let operation = Operation::DeviateAward.number();
        let clerk = self.clerk(&AwardDeviation::HASH, &fields, operation, session, signature)?;
        let one = |word| part(word, 28, 4).saturating_add(1);
        let signed = with(with(B256::ZERO, 0, 4, one(best)), 4, 4, one(chosen));
        let at = deviation_of(&loaded, part(node, 30, 2) as u16);
        self.put(DEVIATION, &session, at, &signed);
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

    /// Errors: `Unauthorized`, those of `in_time`; `Mismatch` for another bid than the regulator chose.
    /// Events: `AwardCountersigned`.
    pub(crate) fn countersign_award(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, node, chosen) = (input.word()?, input.u16()?, input.u32()?);
        self.only(&[Peer::Adjudication])?;
        let loaded = self.in_time(session, REVIEW)?;
        let at = deviation_of(&loaded, node);
        let deviation = self.word_at(DEVIATION, &session, at);
        let wanted = part(deviation, 4, 4);
        let shown = u128::from(chosen).saturating_add(1);
        self.same(session, amount(wanted), amount(shown))?;
        self.put(DEVIATION, &session, at, &with(deviation, 8, 1, 1));
        // Seats and fairness are counted along the nodes: the award runs anew with the deviation in its place.
        let mut approvals = self.approvals(&session);
        approvals.set_rewinds(approvals.rewinds().saturating_add(1));
        self.set_approvals(&session, &approvals);
        self.log_words(
            &[
                &wire::AwardCountersigned::SIGNATURE_HASH,
                &session,
                &number(node.into()),
            ],
            &[&number(chosen.into())],
        );
        Ok(Vec::new())
    }

    /// Numbers of the bids that won a node in a run, best first, and the runner-up plus one.
    #[inline(never)]
    pub(crate) fn winners(&self, run: &B256, node: u16) -> (Vec<u32>, u32) {
        let packed = self.word_at(AWARD, run, node.into());
        let plus_one = |at: usize| part(packed, at << 2, 4) as u32;
        let won = (0..SEATS_MAX).map(plus_one);
        let won = won.filter_map(|bid| bid.checked_sub(1));
        (won.collect(), plus_one(RUNNER_UP))
    }
}

/// Where the deviation at a node stands, in this round of bids.
fn deviation_of(session: &Session, node: u16) -> u64 {
    u64::from(session.round) << 16 | u64::from(node)
}

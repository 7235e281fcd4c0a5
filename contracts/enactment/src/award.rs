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
        session::{Kind, states},
    },
    machine::SessionState as S,
    parameter::ParameterId as P,
    peer::Peer,
    signed::{Typed, legislation::AwardDeviation, widths},
    statute::{Node, Page, SEATS_MAX, Seat, encode, fold::join},
};
use agentcity_shell::{
    member::Member,
    output::{amount, number},
    peer,
    reader::Reader,
    said::{Said, about, end, wrong},
    statement::Statements,
    topic,
    word::{get, having},
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    session::{ASSIGNMENTS, ROLLING, STATUTE_LEFT, Session, done, instant, list, same},
    storage::{AWARD, DEVIATION, Enactment, RUN, SEATED},
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
struct Award<'a> {
    session: &'a Session,
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
    fn terms(&self, session: &Session) -> Said<Terms> {
        let [quality, low, medium, high] = self.terms_of(
            session.epoch,
            [
                P::BidQualityWeight as u8,
                P::MinStakeLow as u8,
                P::MinStakeMedium as u8,
                P::MinStakeHigh as u8,
            ],
        )?;
        let scale = self.unit_scale()?;
        Ok(Terms {
            quality: quality as u16,
            stakes: [low, medium, high].map(|units| scale.saturating_mul(units.into())),
            sponsors: [session.sponsor, self.principal_of(&session.sponsor)?],
        })
    }

    /// How many base units a unit is.
    #[inline(never)]
    pub(crate) fn unit_scale(&self) -> Said<u128> {
        let to = self.constitution_address();
        let answer = peer::ask(self.vm(), to, &constitution::unitScaleCall::SELECTOR)?;
        let mut answer = Reader::new(&answer);
        let scale = answer.u128();
        end(&answer)?;
        Ok(scale)
    }

    /// What the agent contract says of a bidder.
    #[inline(never)]
    fn bidder(&self, agent: &Address) -> Said<Bidder> {
        let answer = self.ask(
            Peer::Agent,
            Words::after(agents::standingCall::SELECTOR).address(agent),
        )?;
        let mut standing = Reader::new(&answer);
        let principal = standing.address();
        standing.skip(2);
        let (bars, score) = (standing.u8(), standing.u16());
        end(&standing)?;
        Ok(Bidder {
            principal,
            bars,
            score,
        })
    }

    /// One bid of the legislature's answer, into the field if it may win this node.
    #[inline(never)]
    fn weigh(
        &self,
        bids: &mut Reader<'_>,
        terms: &Terms,
        (node, place): (&Node, u16),
        field: &mut Vec<Bid>,
    ) -> Said {
        let (bid, standing) = (bids.u32(), bids.u8());
        bids.skip(2);
        let (agent, service) = (bids.address(), bids.word());
        let (price, stake, source) = (bids.u128(), bids.u128(), bids.word());
        bids.skip(1);
        let (fit, tier) = (bids.u16(), bids.u8());
        end(bids)?;
        if standing != Standing::Open as u8 {
            return Ok(());
        }
        let offer = Offer {
            price,
            stake,
            fit,
            tier,
        };
        let bidder = self.bidder(&agent)?;
        if let Ok(score) = terms.judge(node, &offer, &bidder) {
            field.push(Bid {
                candidate: Candidate {
                    bid,
                    principal: bidder.principal,
                    score,
                },
                seat: Seat {
                    node: place,
                    seat: 0,
                    agent,
                    price,
                    stake,
                    source,
                    service,
                },
            });
        }
        Ok(())
    }

    /// Every bid that may win a node, in the order of their placing.
    #[inline(never)]
    fn field(&self, of: &Award<'_>, node: &Node, place: u16) -> Said<Vec<Bid>> {
        let mut field = Vec::new();
        let mut first = 0u64;
        loop {
            let answer = self.ask(
                Peer::Legislature,
                Words::after(legislature::bidsOnCall::SELECTOR)
                    .word(&of.session.id)
                    .number(place.into())
                    .number(first),
            )?;
            let (count, mut bids) = Reader::new(&answer).list(ANSWERED_MAX);
            end(&bids)?;
            for _ in 0..count {
                self.weigh(&mut bids, &of.terms, (node, place), &mut field)?;
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
        let word = self.entry(DEVIATION, &session.id, deviation_of(session, node));
        let bid = |at| (get(&word, at, 4) as u32).saturating_sub(1);
        (get(&word, 8, 1) != 0).then(|| Deviation {
            best: bid(0),
            chosen: bid(4),
        })
    }

    /// Awards one node among the bids that may win it: who won, and the seats, appended to those before.
    ///
    /// Errors: `NodeUncovered`, `Mismatch` for a deviation from another best.
    /// Events: `NodeAwarded`.
    #[inline(never)]
    fn award_node(
        &mut self,
        of: &Award<'_>,
        field: &[Bid],
        (node, place): (&Node, u16),
        seats: &mut Vec<Seat>,
    ) -> Said<Awarded> {
        let session = &of.session.id;
        let mut candidates = Vec::with_capacity(field.len());
        for bid in field {
            candidates.push(bid.candidate);
        }
        let deviation = self.deviation(of.session, place);
        let awarded = match award(&candidates, node.redundancy, deviation) {
            Ok(awarded) => awarded,
            Err(Unawarded::Uncovered { have, need }) => {
                let numbers = [place.into(), have.into(), need.into()];
                return Err(about(wire::NodeUncovered::SELECTOR, session, &numbers));
            }
            Err(Unawarded::Deviated { signed, found }) => {
                let numbers = [signed.into(), found.into()];
                return Err(about(wire::Mismatch::SELECTOR, session, &numbers));
            }
        };
        self.store_award(of, place, &awarded);
        for (winner, number) in awarded.seats.iter().zip(0..) {
            for bid in field {
                if bid.candidate.bid == winner.bid {
                    seats.push(Seat {
                        seat: number,
                        ..bid.seat
                    });
                }
            }
        }
        Ok(awarded)
    }

    /// A principal's seats in a run plus one; zero for one without a bid that could win.
    #[inline(never)]
    pub(crate) fn seated(&self, run: &B256, principal: &Address) -> u32 {
        let word = self.entry_at(SEATED, run, &principal.into_word());
        get(&word, 28, 4) as u32
    }

    #[inline(never)]
    pub(crate) fn set_seated(&mut self, run: &B256, principal: &Address, plus_one: u32) {
        let word = number(plus_one.into());
        self.set_entry_at(SEATED, run, &principal.into_word(), &word);
    }

    /// Counts bidders and seats of a node in its run.
    #[inline(never)]
    fn count(&mut self, of: &mut Award<'_>, field: &[Bid], awarded: &Awarded) {
        let mut spread = of.run.spread();
        for bid in field {
            let principal = &bid.candidate.principal;
            if self.seated(&of.key, principal) == 0 {
                self.set_seated(&of.key, principal, 1);
                spread.count_bidder();
            }
        }
        for winner in &awarded.seats {
            let plus_one = self.seated(&of.key, &winner.principal);
            spread.seat(plus_one.saturating_sub(1));
            self.set_seated(&of.key, &winner.principal, plus_one.saturating_add(1));
        }
        of.run.set_spread(spread);
    }

    #[inline(never)]
    fn store_award(&mut self, of: &Award<'_>, place: u16, awarded: &Awarded) {
        let next = awarded
            .runner_up
            .map_or(0, |next| next.bid.saturating_add(1));
        let mut packed = having(&B256::ZERO, RUNNER_UP << 2, 4, next.into());
        let (mut bids, mut scores) = (Vec::new(), Vec::new());
        for (winner, at) in awarded.seats.iter().zip(0..SEATS_MAX) {
            let plus_one = winner.bid.saturating_add(1);
            packed = having(&packed, at << 2, 4, plus_one.into());
            bids.push(number(winner.bid.into()));
            scores.push(number(winner.score.into()));
        }
        self.set_entry(AWARD, &of.key, place.into(), &packed);
        let mut log = topic!(wire::NodeAwarded::SIGNATURE_HASH);
        log.word(&of.session.id).number(place.into());
        // Two lists and a number: where the lists begin.
        let behind = (bids.len() as u64).saturating_mul(32).saturating_add(128);
        log.number(96).number(behind).number(next.into());
        list(&mut log, &bids, 1);
        list(&mut log, &scores, 1);
        self.log(&log, 3);
    }

    /// The hash of the next page of seats.
    #[inline(never)]
    fn award_page(&mut self, of: &mut Award<'_>, page: &Page<'_>) -> Said<B256> {
        let first = of.run.node();
        let (_, place) = of.run.place();
        let count = of.run.step(of.session.nodes);
        let mut seats = Vec::new();
        let nodes = page.each().skip(place.into()).take(count.into());
        for (node, number) in nodes.zip(first..) {
            // What a successor takes over is done, and has no seats.
            if node.is_imported() {
                continue;
            }
            let field = self.field(of, &node, number)?;
            let awarded = self.award_node(of, &field, (&node, number), &mut seats)?;
            self.count(of, &field, &awarded);
        }
        let next = first.saturating_add(count);
        of.run.set_node(next);
        self.last_page(next, &seats)
    }

    /// The hash of the last page of the seats of so many nodes.
    #[inline(never)]
    fn last_page(&self, nodes: u16, seats: &[Seat]) -> Said<B256> {
        let mut pages = encode::seats(nodes, seats).map_err(|_| wrong())?;
        let page = pages.pop().unwrap_or_default();
        Ok(self.vm().native_keccak256(&page))
    }

    /// A hash of hashes of pages of seats, from the first on.
    #[inline(never)]
    fn roll(&self, before: B256, pages: &[B256]) -> B256 {
        let keccak = |bytes: &[u8]| self.vm().native_keccak256(bytes);
        let mut hash = before;
        for page in pages {
            hash = join(&keccak, *page, hash);
        }
        hash
    }

    /// Errors: those of `in_time`; `TooEarly` while sealed bids are opened, `AlreadyDone`, `WrongPages`, `NodeUncovered`, `Mismatch`
    /// for other pages of seats than were awarded before.
    /// Events: `NodeAwarded`, `AwardCompleted`.
    pub(crate) fn award(&mut self, input: &mut Reader<'_>) -> Said {
        let (id, most) = (&input.word(), input.u16());
        let session = &*self.in_time(id, REVIEW)?;
        if self.now() < session.awards_from {
            return Err(instant(wire::TooEarly::SELECTOR, session.awards_from));
        }
        let key = self.run_of(session);
        let mut of = Award {
            session,
            key,
            run: self.run(&key),
            terms: self.terms(session)?,
        };
        if of.run.whole() != 0 {
            return done(id, &self.caller().into_word());
        }
        if session.kind == Kind::Partial as u8 {
            return self.award_anew(&mut of);
        }
        let (began, _) = of.run.place();
        let awaited = if of.run.node() == 0 {
            session.statute
        } else {
            self.entry(RUN, &key, STATUTE_LEFT)
        };
        let (pages, rest) = self.read_pages(input, id, &awaited)?;
        let (earlier, mut list) = input.list(SEAT_PAGES_MAX);
        let mut hashes = Vec::with_capacity(earlier);
        for _ in 0..earlier {
            hashes.push(list.word());
        }
        end(&list)?;
        let shown = |run: &Run| pages.get(usize::from(run.place().0.saturating_sub(began)));
        let mut made = Vec::new();
        for _ in 0..most {
            let Some((bytes, _)) = shown(&of.run) else {
                break;
            };
            let page = Page::read(bytes).ok_or_else(wrong)?;
            made.push(self.award_page(&mut of, &page)?);
            if of.run.node() >= session.nodes {
                break;
            }
        }
        let rolling = self.entry(RUN, &key, ROLLING);
        if of.run.node() < session.nodes {
            let left = shown(&of.run).map_or(rest, |(_, from)| *from);
            self.set_entry(RUN, &key, STATUTE_LEFT, &left);
            let rolling = self.roll(rolling, &made);
            self.set_entry(RUN, &key, ROLLING, &rolling);
            self.set_run(&key, &of.run);
            return Ok(());
        }
        // Hashed from the right, as they will be shown: the pages of earlier calls come along by their hashes.
        same(id, &rolling, &self.roll(B256::ZERO, &hashes))?;
        hashes.extend_from_slice(&made);
        hashes.reverse();
        let assignments = self.roll(B256::ZERO, &hashes);
        self.complete(&mut of, &assignments);
        Ok(())
    }

    /// Every node is awarded.
    ///
    /// Events: `AwardCompleted`.
    #[inline(never)]
    fn complete(&mut self, of: &mut Award<'_>, assignments: &B256) {
        let spread = of.run.spread();
        of.run.set_whole(1);
        of.run.set_fairness(spread.score().unwrap_or_default());
        self.set_entry(RUN, &of.key, ASSIGNMENTS, assignments);
        self.set_run(&of.key, &of.run);
        self.log(
            topic!(wire::AwardCompleted::SIGNATURE_HASH)
                .word(&of.session.id)
                .word(assignments)
                .number(of.run.fairness().into())
                .number(spread.seats().into())
                .number(spread.bidders().into()),
            2,
        );
    }

    /// A failed node is awarded anew. Its fairness is that of the whole mission with the new seats (L-07).
    ///
    /// Errors: as of `award`.
    #[inline(never)]
    fn award_anew(&mut self, of: &mut Award<'_>) -> Said {
        let session = of.session;
        let node = self.deployed_node(session)?;
        let field = self.field(of, &node, session.node)?;
        let mut seats = Vec::new();
        let awarded = self.award_node(of, &field, (&node, session.node), &mut seats)?;
        let (mut winners, mut bidders) = (Vec::new(), Vec::new());
        for won in &awarded.seats {
            winners.push(won.principal);
        }
        for bid in &field {
            bidders.push(bid.candidate.principal);
        }
        let reseated = self.reseated(session, &winners, &bidders)?;
        of.run.set_spread(reseated.spread);
        of.run.set_node(session.node);
        let page = self.last_page(session.node.saturating_add(1), &seats)?;
        let assignments = self.roll(B256::ZERO, &[page]);
        self.complete(of, &assignments);
        Ok(())
    }

    /// Errors: those of `in_time` and of a clerk's statement.
    /// Events: `AwardDeviated`.
    pub(crate) fn deviate_award(&mut self, input: &mut Reader<'_>) -> Said {
        let fields = &input.fields(const { widths::<6>(AwardDeviation::OWN) });
        let signature = input.bytes(SIGNATURE_MAX);
        end(input)?;
        let [session, node, best, chosen, justification, _] = fields;
        let loaded = self.in_time(session, REVIEW)?;
        let operation = Operation::DeviateAward.number();
        let clerk = self.clerk(
            &AwardDeviation::HASH,
            fields,
            operation,
            *session,
            signature,
        )?;
        let one = |word| get(word, 28, 4).saturating_add(1);
        let signed = having(&B256::ZERO, 0, 4, one(best));
        let signed = having(&signed, 4, 4, one(chosen));
        let at = deviation_of(&loaded, get(node, 30, 2) as u16);
        self.set_entry(DEVIATION, session, at, &signed);
        self.log(
            topic!(wire::AwardDeviated::SIGNATURE_HASH)
                .word(session)
                .word(node)
                .word(&clerk.account)
                .word(best)
                .word(chosen)
                .word(justification),
            4,
        );
        Ok(())
    }

    /// Errors: `Unauthorized`, those of `in_time`; `Mismatch` for another bid than the regulator chose.
    /// Events: `AwardCountersigned`.
    pub(crate) fn countersign_award(&mut self, input: &mut Reader<'_>) -> Said {
        let (session, node, chosen) = (&input.word(), input.u16(), input.u32());
        end(input)?;
        self.only_panel()?;
        let loaded = self.in_time(session, REVIEW)?;
        let at = deviation_of(&loaded, node);
        let deviation = self.entry(DEVIATION, session, at);
        let wanted = amount(get(&deviation, 4, 4).into());
        let shown = number(u64::from(chosen).saturating_add(1));
        same(session, &wanted, &shown)?;
        let signed = having(&deviation, 8, 1, 1);
        self.set_entry(DEVIATION, session, at, &signed);
        // Seats and fairness are counted along the nodes: the award runs anew with the deviation in its place.
        let mut approvals = self.approvals(session);
        approvals.set_rewinds(approvals.rewinds().saturating_add(1));
        self.set_approvals(session, &approvals);
        self.log(
            topic!(wire::AwardCountersigned::SIGNATURE_HASH)
                .word(session)
                .number(node.into())
                .number(chosen.into()),
            3,
        );
        Ok(())
    }

    /// Numbers of the bids that won a node in a run, best first, and the runner-up plus one.
    #[inline(never)]
    pub(crate) fn winners(&self, run: &B256, node: u16) -> (Vec<u32>, u32) {
        let packed = self.entry(AWARD, run, node.into());
        let plus_one = |at: usize| get(&packed, at << 2, 4) as u32;
        let mut winners = Vec::with_capacity(SEATS_MAX);
        for at in 0..SEATS_MAX {
            if let Some(bid) = plus_one(at).checked_sub(1) {
                winners.push(bid);
            }
        }
        (winners, plus_one(RUNNER_UP))
    }
}

/// Where the deviation at a node stands, in this round of bids.
fn deviation_of(session: &Session, node: u16) -> u64 {
    u64::from(session.round) << 16 | u64::from(node)
}

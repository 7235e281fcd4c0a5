//! Errands that show pages: an award and a validation go on wherever whoever did the last part left them.

use agentcity_abi::{IEnactment, ILegislature};
use agentcity_domain::{
    legislation::session::Kind,
    peer::Peer,
    statute::{NODES_PER_PAGE, NODES_PER_SEAT_PAGE, Seat, encode, fold::fold},
};
use alloy::{
    primitives::{B256, Bytes, U256, keccak256},
    providers::Provider,
    sol_types::{SolCall, SolError},
};

use super::{Calling, Hand, Stop, block};
use crate::{event::Head, executor::endpoint::Call, source::city::cause};

/// Pages of seats of one award, and pages of a statute of one validation: far from what a transaction may use (docs/gas.md).
const AWARDED_AT_ONCE: u16 = 4;
const VALIDATED_AT_ONCE: usize = 8;
/// Pages of seats for each page of a statute.
const SEAT_PAGES_PER_PAGE: u16 = NODES_PER_PAGE / NODES_PER_SEAT_PAGE;

/// What a sequence of pages hashes to.
fn hash(pages: &[Vec<u8>]) -> B256 {
    let keccak = |bytes: &[u8]| keccak256(bytes);
    fold(&keccak, pages.iter().map(Vec::as_slice), B256::ZERO)
}

fn bytes(pages: &[Vec<u8>]) -> Vec<Bytes> {
    pages.iter().map(|page| page.clone().into()).collect()
}

impl<P: Provider> Hand<'_, P> {
    /// The next part of an award.
    pub(super) async fn award(&self, session: B256, at: Head) -> Result<Option<Calling>, Stop> {
        let of = self.session(session, at).await?;
        let anew = IEnactment::awardCall {
            sessionId: session,
            seatPages: 1,
            pages: Vec::new(),
            rest: B256::ZERO,
            earlier: Vec::new(),
        };
        if of.kind as u8 == Kind::Partial as u8 {
            return Ok(Some((Peer::Enactment, anew.abi_encode().into())));
        }
        let document = self.document(of.statuteHash)?;
        let (pages, nodes) = (document.pages(), document.totals().nodes);
        let whole = |from: usize| IEnactment::awardCall {
            pages: bytes(&pages[from..(from + 1).min(pages.len())]),
            rest: hash(&pages[(from + 1).min(pages.len())..]),
            ..anew.clone()
        };
        let Some(page) = self
            .awaited(pages, |from| whole(from).abi_encode().into())
            .await?
        else {
            return Ok(None);
        };
        let all = nodes.div_ceil(NODES_PER_SEAT_PAGE);
        let begun = u16::try_from(page)
            .unwrap_or(u16::MAX)
            .saturating_mul(SEAT_PAGES_PER_PAGE);
        let first = self.first_unawarded(session, begun, nodes, at).await?;
        if first >= all {
            return Ok(None);
        }
        let next = all.min(first.saturating_add(AWARDED_AT_ONCE));
        let to = usize::from(next.div_ceil(SEAT_PAGES_PER_PAGE)).min(pages.len());
        let call = IEnactment::awardCall {
            sessionId: session,
            seatPages: AWARDED_AT_ONCE,
            pages: bytes(&pages[page..to]),
            rest: hash(&pages[to..]),
            earlier: if next == all {
                self.hashes_before(session, first, at).await?
            } else {
                Vec::new()
            },
        };
        Ok(Some((Peer::Enactment, call.abi_encode().into())))
    }

    /// The next part of a validation.
    pub(super) async fn validate(&self, session: B256, at: Head) -> Result<Option<Calling>, Stop> {
        let of = self.session(session, at).await?;
        let pages = self.document(of.statuteHash)?.pages();
        let from = |first: usize| -> Bytes {
            let end = pages.len().min(first + VALIDATED_AT_ONCE);
            let call = IEnactment::validateCall {
                sessionId: session,
                pages: bytes(&pages[first..end]),
                rest: hash(&pages[end..]),
            };
            call.abi_encode().into()
        };
        let Some(first) = self.awaited(pages, from).await? else {
            return Ok(None);
        };
        Ok(Some((Peer::Enactment, from(first))))
    }

    /// The page that the enactment waits for: it is shown the first, and names the hash of what it would rather see. None if that is
    /// the hash of no rest of this statute.
    async fn awaited(
        &self,
        pages: &[Vec<u8>],
        from: impl Fn(usize) -> Bytes,
    ) -> Result<Option<usize>, String> {
        let call = Call {
            to: self.city.at(Peer::Enactment),
            value: U256::ZERO,
            input: from(0),
        };
        let refused = self.would(&call).await?;
        let wrong = refused.and_then(|revert| IEnactment::WrongPages::abi_decode(&revert).ok());
        Ok(match wrong {
            None => Some(0),
            Some(wrong) => (0..pages.len()).find(|first| hash(&pages[*first..]) == wrong.expected),
        })
    }

    /// The first page of seats, from this one on, of which some node is not awarded.
    async fn first_unawarded(
        &self,
        session: B256,
        from: u16,
        nodes: u16,
        at: Head,
    ) -> Result<u16, String> {
        let all = nodes.div_ceil(NODES_PER_SEAT_PAGE);
        // Whoever left off in the middle of a page of the statute left off within its pages of seats.
        let until = all.min(from.saturating_add(SEAT_PAGES_PER_PAGE));
        for page in from..until {
            let first = page.saturating_mul(NODES_PER_SEAT_PAGE);
            let last = nodes.min(first.saturating_add(NODES_PER_SEAT_PAGE));
            let mut awarded = false;
            for node in first..last {
                let enactment = self.enactment();
                let award = enactment.awardOf(session, node).block(block(at));
                awarded |= !award.call().await.map_err(cause)?.bids.is_empty();
                if awarded {
                    break;
                }
            }
            if !awarded {
                return Ok(page);
            }
        }
        Ok(until)
    }

    /// The hashes of the pages of seats before one.
    async fn hashes_before(&self, session: B256, page: u16, at: Head) -> Result<Vec<B256>, Stop> {
        let until = page.saturating_mul(NODES_PER_SEAT_PAGE);
        if until == 0 {
            return Ok(Vec::new());
        }
        let seats = self.seats(session, 0..until, at).await?;
        Ok(written(until, &seats)?.iter().map(keccak256).collect())
    }

    /// Seats as they were awarded.
    async fn seats(
        &self,
        session: B256,
        nodes: std::ops::Range<u16>,
        at: Head,
    ) -> Result<Vec<Seat>, String> {
        let mut seats = Vec::new();
        for node in nodes {
            let won = self
                .enactment()
                .awarded(session, node)
                .block(block(at))
                .call()
                .await
                .map_err(cause)?;
            seats.extend(won.seats.iter().zip(0..).map(|(won, seat)| Seat {
                node,
                seat,
                agent: won.agent,
                price: won.price,
                stake: won.stake,
                source: won.source,
                service: won.serviceId,
            }));
        }
        Ok(seats)
    }

    /// Refuses to sign for other seats than were awarded: their pages are written here, and must have the law's hash.
    pub(super) async fn seats_are_awarded(
        &self,
        session: B256,
        of: &ILegislature::Session,
        law: &IEnactment::Law,
        at: Head,
    ) -> Result<(), Stop> {
        let own = if of.kind as u8 == Kind::Partial as u8 {
            let seats = self
                .seats(session, of.node..of.node.saturating_add(1), at)
                .await?;
            let pages = written(of.node.saturating_add(1), &seats)?;
            let last = pages.last().map(std::slice::from_ref);
            hash(last.unwrap_or_default())
        } else {
            let seats = self.seats(session, 0..of.nodes, at).await?;
            hash(&written(of.nodes, &seats)?)
        };
        if own != law.assignmentsHash {
            let cause = format!(
                "the seats that were awarded hash to {own}, the law's to {}",
                law.assignmentsHash
            );
            return Err(Stop::Refused(cause));
        }
        Ok(())
    }
}

fn written(nodes: u16, seats: &[Seat]) -> Result<Vec<Vec<u8>>, Stop> {
    encode::seats(nodes, seats)
        .map_err(|unfit| Stop::Refused(format!("seats that no page holds: {unfit:?}")))
}

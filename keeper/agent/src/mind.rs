//! What an agent does next: from what it knows and what it may, without clock, network or chance.
//!
//! It remembers nothing. What is done already is seen on the chain; what was tried is in the journal, under a key that says what it is
//! about (session, round, node), never how often this process ran.

use std::cmp::Reverse;

use agentcity_domain::{
    legislation::ballot::Ranking,
    machine::{ElectionState as Step, SessionState as State},
    statute::Node,
};
use agentcity_keeper::docket::Procedure;
use alloy::primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

use crate::{
    policy::{Offer, Order, Policy, Vote},
    seen::{Proposal, Seen, Session},
};

/// The kind of session that a petition opens.
const MISSION: u8 = 1;
/// Bids that are released in one call: what its arguments hold.
const RELEASED_AT_ONCE: usize = 256;

/// Something an agent does. Amounts are in base units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Act {
    /// Opens a petition for an item of its agenda; the principal's own transaction.
    OpenPetition {
        /// The statute that is wanted.
        statute_hash: B256,
    },
    /// Puts the principal's name under a petition.
    SignPetition {
        /// Which.
        petition: B256,
    },
    /// Opens the session of a petition that has its names.
    OpenSession {
        /// The petition.
        petition: B256,
    },
    /// Proposes an item of its agenda.
    Propose {
        /// Where.
        session: B256,
        /// Which statute.
        statute_hash: B256,
    },
    /// Sponsors a proposal.
    Sponsor {
        /// Which.
        proposal: B256,
        /// Last second, unix, at which the name counts.
        expires_at: u64,
    },
    /// Votes in the straw poll.
    Poll {
        /// Where.
        session: B256,
        /// For the proposal at this place.
        place: u8,
        /// Last second at which the vote counts.
        expires_at: u64,
    },
    /// Seals a ballot.
    Commit {
        /// Where.
        session: B256,
        /// The ranking, packed; what was sealed first stays.
        ranking: u64,
        /// Last second at which the seal is taken.
        expires_at: u64,
    },
    /// Opens the ballot.
    Reveal {
        /// Where.
        session: B256,
    },
    /// Identifies itself.
    Attest {
        /// Where.
        session: B256,
        /// What is to be answered.
        challenge: B256,
        /// Last second at which it is taken.
        expires_at: u64,
    },
    /// Bids on a node.
    Bid(Bid),
    /// Opens a sealed bid.
    OpenBid {
        /// Where.
        session: B256,
        /// The node, of this round.
        node: u16,
        /// How often the session was sent back.
        round: u8,
        /// The bid's number.
        number: u32,
    },
    /// Frees what is reserved for bids that became nothing.
    ReleaseBids {
        /// Where.
        session: B256,
        /// Their numbers, ascending.
        bids: Vec<u32>,
    },
    /// Enrols its principal, with the registrar's word.
    Enrol {
        /// The nonce of the principal's record.
        nonce: u16,
    },
    /// Registers under its principal.
    Register {
        /// The nonce of the principal's record.
        nonce: u16,
        /// How often it was registered.
        registrations: u16,
    },
    /// Pays into its credit, for stakes: once for each sum that its owner ever named.
    Deposit {
        /// How much.
        amount: u128,
    },
    /// Withdraws credit.
    Withdraw {
        /// How much.
        amount: u128,
        /// The block that was looked at: another sum on another day is another withdrawal.
        block: u64,
    },
}

/// A bid on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bid {
    /// Where.
    pub session: B256,
    /// How often the session was sent back.
    pub round: u8,
    /// The node.
    pub node: u16,
    /// The tier that it accepts, which is the node's.
    pub tier: u8,
    /// What it would run.
    pub service: B256,
    /// For how much.
    pub price: u128,
    /// What it stakes.
    pub stake: u128,
    /// How well it matches, in thousandths.
    pub match_permille: u16,
    /// How long it takes.
    pub latency_ms: u32,
    /// Whether the price is sealed.
    pub sealed: bool,
    /// Last second at which it is taken.
    pub expires_at: u64,
}

/// Whose account sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sender {
    /// The agent's.
    Agent,
    /// The principal's.
    Principal,
}

impl Act {
    /// What makes it the same act, whoever thinks of it and whenever.
    pub fn name(&self) -> String {
        match self {
            Self::OpenPetition { statute_hash } => format!("petition/{statute_hash}"),
            Self::SignPetition { petition } => format!("sign/{petition}"),
            Self::OpenSession { petition } => format!("open/{petition}"),
            // Once and for all: whatever becomes of it, the owner decides whether it comes back.
            Self::Propose { statute_hash, .. } => format!("propose/{statute_hash}"),
            Self::Sponsor { proposal, .. } => format!("sponsor/{proposal}"),
            Self::Poll { session, .. } => format!("poll/{session}"),
            Self::Commit { session, .. } => format!("commit/{session}"),
            Self::Reveal { session } => format!("reveal/{session}"),
            Self::Attest { session, .. } => format!("attest/{session}"),
            Self::Bid(bid) => format!("bid/{}/{}/{}", bid.session, bid.round, bid.node),
            Self::OpenBid {
                session,
                node,
                round,
                ..
            } => format!("open-bid/{session}/{round}/{node}"),
            Self::ReleaseBids { session, bids } => {
                let numbers: Vec<u8> = bids.iter().flat_map(|bid| bid.to_be_bytes()).collect();
                format!("release/{session}/{}", keccak256(numbers))
            }
            Self::Enrol { nonce } => format!("enrol/{nonce}"),
            Self::Register {
                nonce,
                registrations,
            } => format!("register/{nonce}/{registrations}"),
            Self::Deposit { amount } => format!("deposit/{amount}"),
            Self::Withdraw { block, .. } => format!("withdraw/{block}"),
        }
    }

    /// Whose account sends it. All but what a contract takes from its caller alone is the agent's: anybody relays what is signed.
    pub const fn sender(&self) -> Sender {
        match self {
            Self::OpenPetition { .. } | Self::Enrol { .. } => Sender::Principal,
            Self::SignPetition { .. }
            | Self::OpenSession { .. }
            | Self::Propose { .. }
            | Self::Sponsor { .. }
            | Self::Poll { .. }
            | Self::Commit { .. }
            | Self::Reveal { .. }
            | Self::Attest { .. }
            | Self::Bid(_)
            | Self::OpenBid { .. }
            | Self::ReleaseBids { .. }
            | Self::Register { .. }
            | Self::Deposit { .. }
            | Self::Withdraw { .. } => Sender::Agent,
        }
    }
}

/// An item of the agenda, as its document says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Its statute.
    pub statute_hash: B256,
    /// Whose norms bind it.
    pub domain: B256,
}

/// The hash of what a petition for a statute is about.
pub fn subject(statute_hash: B256) -> B256 {
    keccak256(format!("a session for statute {statute_hash}"))
}

/// Everything that is to be done now. `wishes` are the items of the agenda.
pub fn plan(policy: &Policy, wishes: &[Wish], seen: &Seen) -> Vec<Act> {
    let mut acts = Vec::new();
    if seen.principal.is_zero() {
        acts.extend(enter(policy, seen));
        return acts;
    }
    if let Some(register) = &policy.register
        && seen.credit < register.deposit
    {
        let amount = register.deposit;
        acts.push(Act::Deposit { amount });
    }
    // What a principal is too young for the chain refuses, and what it refused three times is not tried again.
    if seen.of_age {
        petitions(policy, wishes, seen, &mut acts);
    }
    for session in &seen.sessions {
        if seen.of_age {
            deliberate(policy, wishes, seen, session, &mut acts);
        }
        if let Some(procedure) = &session.docket.procedure {
            identify(policy, seen, session, procedure, &mut acts);
            bid(policy, seen, session, procedure, &mut acts);
        }
        release(session, seen.at.time.get(), &mut acts);
    }
    if let Some(withdraw) = policy.withdraw
        && seen.credit >= withdraw.from
    {
        acts.push(Act::Withdraw {
            amount: seen.credit.saturating_sub(withdraw.keep),
            block: seen.at.number,
        });
    }
    acts
}

/// The next step into the city: first the principal, who answers for it, then the agent.
fn enter(policy: &Policy, seen: &Seen) -> Option<Act> {
    let (register, entering) = (policy.register.as_ref()?, seen.entering?);
    let nonce = entering.principal_nonce;
    if entering.enrolled {
        let registrations = entering.registrations;
        return Some(Act::Register {
            nonce,
            registrations,
        });
    }
    register.attestations.as_ref()?;
    Some(Act::Enrol { nonce })
}

fn petitions(policy: &Policy, wishes: &[Wish], seen: &Seen, acts: &mut Vec<Act>) {
    let now = seen.at.time.get();
    let proposed = |wish: &Wish| {
        let mut all = seen.sessions.iter().flat_map(|session| &session.proposals);
        all.any(|proposal| proposal.statute_hash == wish.statute_hash)
    };
    let can_propose = seen.sessions.iter().any(is_proposing);
    for wish in wishes {
        let asked = seen
            .petitions
            .iter()
            .any(|petition| petition.subject_hash == subject(wish.statute_hash));
        if !asked && !can_propose && !proposed(wish) {
            acts.push(Act::OpenPetition {
                statute_hash: wish.statute_hash,
            });
        }
    }
    for petition in &seen.petitions {
        if petition.used || now > petition.expires_at {
            continue;
        }
        let own = wishes
            .iter()
            .any(|wish| subject(wish.statute_hash) == petition.subject_hash);
        let signs = policy
            .sponsor
            .as_ref()
            .is_some_and(|sponsor| sponsor.petitions);
        let petition_id = petition.id;
        if petition.signatures >= petition.needed {
            if own {
                acts.push(Act::OpenSession {
                    petition: petition_id,
                });
            }
        } else if signs && !petition.signed {
            acts.push(Act::SignPetition {
                petition: petition_id,
            });
        }
    }
}

fn is_proposing(session: &Session) -> bool {
    let election = &session.docket.election;
    let in_time = session.docket.now() <= election.expires_at;
    election.state() == Some(Step::Proposing)
        && election.kind == MISSION
        && !election.failed
        && in_time
}

fn deliberate(policy: &Policy, wishes: &[Wish], seen: &Seen, of: &Session, acts: &mut Vec<Act>) {
    let (election, session) = (&of.docket.election, of.docket.session);
    let expires_at = election.expires_at;
    let now = seen.at.time.get();
    if election.failed || now > expires_at {
        return;
    }
    match election.state() {
        Some(Step::Proposing) => {
            if election.kind == MISSION {
                let fresh = wishes.iter().filter(|wish| {
                    let mut known = of.proposals.iter();
                    !known.any(|proposal| proposal.statute_hash == wish.statute_hash)
                });
                acts.extend(fresh.map(|wish| Act::Propose {
                    session,
                    statute_hash: wish.statute_hash,
                }));
            }
            let Some(sponsor) = &policy.sponsor else {
                return;
            };
            // What nobody can read nobody vouches for.
            let worthy = of.proposals.iter().filter(|proposal| {
                !proposal.sponsored && proposal.totals.is_some() && sponsor.is_for(proposal.domain)
            });
            acts.extend(worthy.map(|proposal| Act::Sponsor {
                proposal: proposal.id,
                expires_at,
            }));
        }
        Some(Step::Debating) => {
            let open = now <= election.debate().poll_ends(expires_at);
            let Some(vote) = policy.vote.as_ref().filter(|_| open && !of.polled) else {
                return;
            };
            let first = order(vote, of).into_iter().next();
            if let Some(place) = first.filter(|_| election.evidence && election.speakers == 0) {
                acts.push(Act::Poll {
                    session,
                    place,
                    expires_at,
                });
            }
        }
        Some(Step::Committing) if !of.committed => {
            if let Some(ranking) = policy.vote.as_ref().and_then(|vote| ranking(vote, of)) {
                acts.push(Act::Commit {
                    session,
                    ranking: ranking.bits(),
                    expires_at,
                });
            }
        }
        Some(Step::Revealing) if of.committed && !of.revealed && policy.vote.is_some() => {
            acts.push(Act::Reveal { session });
        }
        Some(
            Step::Committing
            | Step::Revealing
            | Step::Tallying
            | Step::Delayed
            | Step::Decided
            | Step::Skipped,
        )
        | None => {}
    }
}

/// The places of the ballot, the best first: known texts before unknown ones, preferred domains before others, then by the policy's
/// order, then by place.
pub fn order(vote: &Vote, of: &Session) -> Vec<u8> {
    let mut candidates: Vec<&Proposal> = of
        .proposals
        .iter()
        .filter(|proposal| proposal.place != 0)
        .collect();
    candidates.sort_by_key(|proposal| {
        let measure = match (vote.order, proposal.totals) {
            (Order::Earliest, _) | (_, None) => 0,
            (Order::Cheapest, Some((budget, _))) => budget,
            (Order::Smallest, Some((_, nodes))) => nodes.into(),
        };
        (
            Reverse(proposal.totals.is_some()),
            Reverse(vote.prefers.contains(&proposal.domain)),
            measure,
            proposal.place,
        )
    });
    let places = candidates.iter();
    places
        .map(|proposal| proposal.place.saturating_sub(1))
        .collect()
}

/// The ranking of all candidates, if all are known: a ballot that leaves one out is none.
pub fn ranking(vote: &Vote, of: &Session) -> Option<Ranking> {
    let places = order(vote, of).into_iter().rev();
    let bits = places.fold(0u64, |bits, place| bits << 4 | u64::from(place));
    Ranking::new(bits, of.docket.election.candidates).ok()
}

/// Whether the agent would work on what a session legislates: not for its own money (RULINGS R20), and only where it offers something.
fn would_work(policy: &Policy, seen: &Seen, of: &Session) -> bool {
    let offers = policy.offers.iter().any(|offer| offer.is_for(of.domain));
    offers && seen.bars == 0 && !of.sponsors.contains(&seen.principal)
}

fn identify(
    policy: &Policy,
    seen: &Seen,
    of: &Session,
    procedure: &Procedure,
    acts: &mut Vec<Act>,
) {
    let attesting = matches!(
        procedure.state(),
        Some(State::IdentityVerification | State::ProposalOpen | State::BiddingOpen)
    );
    let in_time = seen.at.time.get() <= procedure.expires_at;
    if attesting && in_time && !of.docket.own.attested && would_work(policy, seen, of) {
        acts.push(Act::Attest {
            session: of.docket.session,
            challenge: procedure.challenge,
            expires_at: procedure.expires_at,
        });
    }
}

fn bid(policy: &Policy, seen: &Seen, of: &Session, procedure: &Procedure, acts: &mut Vec<Act>) {
    let (now, session, round) = (seen.at.time.get(), of.docket.session, procedure.round);
    match procedure.state() {
        Some(State::BiddingOpen) if now <= procedure.expires_at => {}
        Some(State::RegulatoryReview) if now < procedure.awards_from => {
            let sealed = of
                .bids
                .iter()
                .filter(|bid| bid.sealed && bid.round == round);
            acts.extend(sealed.map(|bid| Act::OpenBid {
                session,
                node: bid.node,
                round,
                number: bid.number,
            }));
            return;
        }
        _ => return,
    }
    let Some(terms) = &of.terms else {
        return;
    };
    if !of.docket.own.attested || !would_work(policy, seen, of) {
        return;
    }
    let own = of.bids.iter().filter(|bid| bid.round == round);
    let mut count = own.clone().count() as u32;
    let mut staked: u128 = own.map(|bid| bid.stake).sum();
    let mut credit = seen.credit;
    for (number, node) in &of.nodes {
        let is_bid_on = of
            .bids
            .iter()
            .any(|bid| bid.round == round && bid.node == *number);
        if is_bid_on || count >= policy.limits.bids_max {
            continue;
        }
        let Some(bid) = policy
            .offers
            .iter()
            .filter(|offer| offer.is_for(of.domain))
            .find_map(|offer| offered(offer, node, &terms.stakes))
        else {
            continue;
        };
        let (offer, price, stake) = bid;
        let total = staked.saturating_add(stake);
        if total > policy.limits.stake_max || stake > credit {
            continue;
        }
        count = count.saturating_add(1);
        staked = total;
        credit = credit.saturating_sub(stake);
        acts.push(Act::Bid(Bid {
            session,
            round,
            node: *number,
            tier: node.tier,
            service: offer.service,
            price,
            stake,
            match_permille: offer.match_permille,
            latency_ms: offer.latency_ms,
            sealed: offer.sealed,
            expires_at: procedure.expires_at,
        }));
    }
}

/// Price and stake of an offer for a node; none where it does not fit, or would pay less than it wants.
fn offered<'o>(
    offer: &'o Offer,
    node: &Node,
    stakes: &[u128; 3],
) -> Option<(&'o Offer, u128, u128)> {
    if !offer.tiers.contains(&node.tier) || node.is_imported() {
        return None;
    }
    let share = node.share();
    let price = permille(share, offer.price_permille)?.max(offer.price_min);
    let least = stakes.get(usize::from(node.risk))?;
    let stake = permille(*least, offer.stake_permille)?;
    (price <= share).then_some((offer, price, stake))
}

/// So many thousandths of an amount, rounded up: a stake of less than the least is refused.
fn permille(amount: u128, of: u16) -> Option<u128> {
    Some(amount.checked_mul(of.into())?.div_ceil(1_000))
}

/// What became nothing: of a session that failed, of an earlier round, that neither won nor comes next, and of whoever comes next
/// once the mission's deadline passed.
fn release(of: &Session, now: u64, acts: &mut Vec<Act>) {
    let Some(procedure) = &of.docket.procedure else {
        return;
    };
    let state = procedure.state();
    let is_free = |bid: &&crate::seen::OwnBid| {
        let late = now > of.mission_deadline;
        let lost = state == Some(State::Deployed) && (!bid.needed || late);
        let over = state == Some(State::Failed) || bid.round != procedure.round;
        bid.reserved && (lost || over)
    };
    let mut bids: Vec<u32> = of
        .bids
        .iter()
        .filter(is_free)
        .map(|bid| bid.number)
        .collect();
    bids.sort_unstable();
    bids.truncate(RELEASED_AT_ONCE);
    if !bids.is_empty() {
        acts.push(Act::ReleaseBids {
            session: of.docket.session,
            bids,
        });
    }
}

#[cfg(test)]
mod tests;

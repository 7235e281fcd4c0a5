//! Sealed ballots, the tally, cliques.

use alloc::{vec, vec::Vec};

use agentcity_abi::{IAssembly as wire, IConstitution as law, ITreasury as treasury};
use agentcity_domain::{
    machine::ElectionState as Step,
    parameter::ParameterId as P,
    peer::Peer,
    signed::{Typed, legislation::BallotCommitment, widths},
};
use agentcity_shell::{
    Answer, Input, malformed,
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
    election::{CANDIDATES, COMMITS, COUNTED, DELAYED, EPOCH, REVEALS},
    petitions::SIGNATURE_MAX,
    storage::{Assembly, COMMITMENT, MATRIX, RANKING, SESSION},
};

/// Most ballots that are relayed, or claimed to be a clique, at once.
const BALLOTS_MAX: usize = 256;
/// Places of a ranking: four bits each in 64.
const PLACES: usize = P::MaxCandidates.constant() as usize;

const COMMITTING: u16 = 1 << Step::Committing as u16;
const REVEALING: u16 = 1 << Step::Revealing as u16;
const TALLYING: u16 = 1 << Step::Tallying as u16;
const WAITING: u16 = 1 << Step::Delayed as u16;

/// The candidate at a place of a ranking.
fn at_place(ranking: u64, place: usize) -> usize {
    let shift = (place as u32).saturating_mul(4);
    (ranking.checked_shr(shift).unwrap_or_default() & 15) as usize
}

/// Places of the candidates in a ranking; none if it is no permutation of them.
#[inline(never)]
fn places(ranking: u64, candidates: usize) -> Option<[u8; PLACES]> {
    let (mut places, mut seen) = ([0; PLACES], 0u32);
    for place in 0..PLACES {
        let candidate = at_place(ranking, place);
        if place >= candidates {
            if candidate != 0 {
                return None;
            }
            continue;
        }
        let bit = 1 << candidate;
        if candidate >= candidates || seen & bit != 0 {
            return None;
        }
        seen |= bit;
        *places.get_mut(candidate)? = place as u8;
    }
    Some(places)
}

/// Concordant less discordant pairs of two rankings.
#[inline(never)]
fn concordance(left: &[u8], right: &[u8]) -> i64 {
    let mut sum = 0i64;
    let mut behind = left.iter().zip(right);
    while let Some((a, b)) = behind.next() {
        let behind = behind.clone();
        for (other_a, other_b) in behind {
            let agree = (a < other_a) == (b < other_b);
            sum = sum.saturating_add(if agree { 1 } else { -1 });
        }
    }
    sum
}

/// The first `length` candidates of a ranking, a bit each.
fn head(ranking: u64, length: u64) -> u32 {
    let mut head = 0;
    for place in 0..length as usize {
        head |= 1 << at_place(ranking, place);
    }
    head
}

impl Assembly {
    #[inline(never)]
    fn commit_as(
        &mut self,
        session: B256,
        principal: B256,
        commitment: B256,
    ) -> Result<(), Vec<u8>> {
        let mut word = self.in_time(session, COMMITTING)?;
        self.with_voice(principal)?;
        let place = self.key(COMMITMENT, session, principal);
        if self.read(place) != B256::ZERO || commitment == B256::ZERO {
            return refuse(wire::AlreadyDone::SELECTOR, &[session, principal]);
        }
        self.write(place, commitment);
        let commits = get(&word, COMMITS).saturating_add(1);
        set(&mut word, COMMITS, commits);
        self.store_session(session, word);
        self.log_words(
            &[&wire::BallotCommitted::SIGNATURE_HASH, &session, &principal],
            &[&commitment],
        );
        Ok(())
    }

    pub(crate) fn commit_ballot(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, commitment) = (input.word()?, input.word()?);
        self.commit_as(session, self.caller().into_word(), commitment)?;
        Ok(Vec::new())
    }

    pub(crate) fn commit_ballots(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut ballots) = input.list(BALLOTS_MAX)?;
        let mut signatures = signatures(input, count)?;
        for _ in 0..count {
            let fields = ballots.fields(const { widths::<4>(BallotCommitment::OWN) })?;
            let [session, principal, commitment, _] = fields;
            let signature = signatures.bytes(SIGNATURE_MAX)?;
            self.signed(&BallotCommitment::HASH, &fields, principal, signature)?;
            self.commit_as(session, principal, commitment)?;
        }
        Ok(Vec::new())
    }

    /// How many ballots are counted.
    #[inline(never)]
    fn counted(&self, session: B256) -> u64 {
        part(self.word_at(SESSION, &session, COUNTED), 24, 8) as u64
    }

    pub(crate) fn reveal_ballot(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, principal) = (input.word()?, input.address()?.into_word());
        let (ranking, salt) = (input.u64()?, input.word()?);
        // Whoever proves a clique early does not silence those who have not shown their ballots yet.
        let mut word = self.in_time(session, REVEALING | WAITING)?;
        let place = self.key(COMMITMENT, session, principal);
        let commitment = self.read(place);
        let opening = output::words(&[session, principal, number(ranking), salt]);
        if self.vm().native_keccak256(&opening) != commitment || self.counted(session) != 0 {
            return refuse(wire::WrongOpening::SELECTOR, &[commitment]);
        }
        let candidates = get(&word, CANDIDATES);
        if places(ranking, candidates as usize).is_none() {
            return refuse(
                wire::InvalidRanking::SELECTOR,
                &[number(ranking), number(candidates)],
            );
        }
        let index = get(&word, REVEALS);
        let packed = self.key(RANKING, session, number(index >> 2));
        let at = (index as usize & 3) << 3;
        self.write(packed, with(self.read(packed), at, 8, ranking.into()));
        let next = index.saturating_add(1);
        self.write(place, number(next));
        set(&mut word, REVEALS, next);
        self.store_session(session, word);
        self.log_words(
            &[&wire::BallotRevealed::SIGNATURE_HASH, &session, &principal],
            &[&number(index), &number(ranking)],
        );
        Ok(Vec::new())
    }

    #[inline(never)]
    fn ranking_at(&self, session: B256, index: u64) -> u64 {
        let packed = self.word_at(RANKING, &session, index >> 2);
        part(packed, (index as usize & 3) << 3, 8) as u64
    }

    #[inline(never)]
    pub(crate) fn load_matrix(&self, session: B256, candidates: usize) -> Vec<u32> {
        let mut matrix = vec![0; candidates.saturating_mul(candidates)];
        for (eight, group) in matrix.chunks_mut(8).zip(0..u64::MAX) {
            let word = self.word_at(MATRIX, &session, group);
            for (counter, bytes) in eight.iter_mut().zip(word.chunks_exact(4)) {
                for byte in bytes {
                    *counter = *counter << 8 | u32::from(*byte);
                }
            }
        }
        matrix
    }

    #[inline(never)]
    fn store_matrix(&mut self, session: B256, matrix: &[u32]) {
        for (eight, group) in matrix.chunks(8).zip(0..u64::MAX) {
            let mut word = B256::ZERO;
            for (counter, place) in eight.iter().zip(0..8) {
                set(&mut word, (place << 2, 4), (*counter).into());
            }
            self.put(MATRIX, &session, group, &word);
        }
    }

    /// Copeland scores in half points and greatest oppositions.
    #[inline(never)]
    pub(crate) fn judge(matrix: &[u32], candidates: usize) -> Vec<(u8, u32)> {
        let counter = |row: usize, column: usize| {
            let at = row.saturating_mul(candidates).saturating_add(column);
            matrix.get(at).copied().unwrap_or_default()
        };
        let mut judged = vec![(0u8, 0u32); candidates];
        for ((score, opposition), a) in judged.iter_mut().zip(0..candidates) {
            for b in (0..candidates).filter(|b| *b != a) {
                let (wins, losses) = (counter(a, b), counter(b, a));
                *score = score.saturating_add(match wins.cmp(&losses) {
                    core::cmp::Ordering::Greater => 2,
                    core::cmp::Ordering::Equal => 1,
                    core::cmp::Ordering::Less => 0,
                });
                *opposition = losses.max(*opposition);
            }
        }
        judged
    }

    pub(crate) fn tally(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, most) = (input.word()?, input.u32()?);
        let word = self.at_step(session, TALLYING)?;
        let (candidates, reveals) = (get(&word, CANDIDATES) as usize, get(&word, REVEALS));
        let counted = self.counted(session);
        let until = counted.saturating_add(most.into()).min(reveals);
        let mut matrix = self.load_matrix(session, candidates);
        for index in counted..until {
            let ranking = self.ranking_at(session, index);
            let places = places(ranking, candidates).ok_or_else(malformed)?;
            for (row, a) in matrix.chunks_exact_mut(candidates.max(1)).zip(&places) {
                for (counter, b) in row.iter_mut().zip(&places) {
                    if a < b {
                        *counter = counter.saturating_add(1);
                    }
                }
            }
        }
        self.store_matrix(session, &matrix);
        self.put(SESSION, &session, COUNTED, &number(until));
        self.log_words(
            &[&wire::TallyAdvanced::SIGNATURE_HASH, &session],
            &[&number(until), &number(reveals)],
        );
        if until == reveals {
            self.decide(session, word)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn claim_collusion(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let (count, mut named) = input.list(BALLOTS_MAX)?;
        let mut word = self.at_step(session, REVEALING | TALLYING)?;
        let claimant = self.caller().into_word();
        if get(&word, DELAYED) >= P::MaxCollusionDelays.constant().into() {
            return refuse(wire::AlreadyDone::SELECTOR, &[session, claimant]);
        }
        let [ranked, least, share, tau, length, overlap, bond] = self.parameters(
            get(&word, EPOCH),
            [
                P::CollusionMinCandidates as u8,
                P::CollusionCliqueMin as u8,
                P::CollusionCliquePct as u8,
                P::CollusionTau as u8,
                P::CollusionTopK as u8,
                P::CollusionJaccard as u8,
                P::CollusionClaimBond as u8,
            ],
        )?;
        let (candidates, reveals) = (get(&word, CANDIDATES), get(&word, REVEALS));
        let needed = least.max(reveals.saturating_mul(share).div_ceil(100));
        if (count as u64) < needed || candidates < ranked {
            return refuse(
                wire::CliqueTooSmall::SELECTOR,
                &[number(count as u64), number(needed)],
            );
        }
        let mut ballots = Vec::with_capacity(count);
        let mut bytes = Vec::with_capacity(count.saturating_mul(8));
        let mut next = 0;
        for _ in 0..count {
            let index = u64::from(named.u32()?);
            if index < next || index >= reveals {
                return Err(malformed());
            }
            next = index.saturating_add(1);
            let ranking = self.ranking_at(session, index);
            let places = places(ranking, candidates as usize).ok_or_else(malformed)?;
            bytes.extend_from_slice(&ranking.to_be_bytes());
            ballots.push((index, head(ranking, length), places));
        }
        let pairs = candidates.saturating_mul(candidates.saturating_sub(1)) / 2;
        let needed = tau.saturating_mul(pairs) as i64;
        let mut apart = None;
        let mut behind = ballots.iter();
        'pairs: while let Some((first, left, a)) = behind.next() {
            for (second, right, b) in behind.clone() {
                let (Some(a), Some(b)) =
                    (a.get(..candidates as usize), b.get(..candidates as usize))
                else {
                    return Err(malformed());
                };
                let agree = concordance(a, b).saturating_mul(1_000) >= needed;
                let common = u64::from((left & right).count_ones());
                let either = u64::from((left | right).count_ones());
                if !agree || common.saturating_mul(1_000) < overlap.saturating_mul(either) {
                    apart = Some((*first, *second));
                    break 'pairs;
                }
            }
        }
        let clique = self.vm().native_keccak256(&bytes);
        let selector = match apart {
            Some((first, second)) => {
                self.log_words(
                    &[&wire::CollusionRefuted::SIGNATURE_HASH, &session, &claimant],
                    &[&number(first), &number(second)],
                );
                treasury::forfeitBondCall::SELECTOR
            }
            None => {
                let delays = get(&word, DELAYED).saturating_add(1);
                set(&mut word, DELAYED, delays);
                self.enter(session, word, Step::Delayed)?;
                let [millis] = self.parameters(get(&word, EPOCH), [P::BiddingWindowMs as u8])?;
                self.log_words(
                    &[&wire::CollusionProved::SIGNATURE_HASH, &session, &claimant],
                    &[
                        &clique,
                        &number(count as u64),
                        &number(millis.div_ceil(1_000)),
                    ],
                );
                treasury::returnBondCall::SELECTOR
            }
        };
        // The bond is posted for this call alone: what is claimed is judged at once.
        let from = self.constitution_address();
        let scale = peer::ask_word(self.vm(), from, &law::unitScaleCall::SELECTOR)?;
        let due = amount(part(scale, 16, 16).saturating_mul(bond.into()));
        let id = self.key(COMMITMENT, clique, claimant);
        let kind = number(treasury::BondKind::Collusion as u64);
        self.tell_peer(
            Peer::Treasury,
            treasury::postBondCall::SELECTOR,
            &[id, claimant, kind, due],
        )?;
        self.tell_peer(Peer::Treasury, selector, &[id])?;
        Ok(Vec::new())
    }

    pub(crate) fn ballot(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, principal) = (input.word()?, input.address()?.into_word());
        let stored = self.read(self.key(COMMITMENT, session, principal));
        // A commitment is a hash; what was revealed left the number of its reveal.
        let index = part(stored, 24, 8) as u64;
        if stored != number(index) || index == 0 {
            return Ok(output::words(&[stored, B256::ZERO, B256::ZERO]));
        }
        let index = index.saturating_sub(1);
        Ok(output::words(&[
            B256::ZERO,
            number(index),
            number(self.ranking_at(session, index)),
        ]))
    }
}

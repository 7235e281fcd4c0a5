//! Ballots, tally, cliques.

use alloc::{vec, vec::Vec};

use agentcity_abi::{ILegislature as wire, ITreasury as treasury};
use agentcity_domain::peer::Peer;
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output, refuse,
    word::{part, with},
};
use alloy_primitives::{B256, b256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{proposals::PROPOSAL, storage::Legislature};

const COMMITMENT: Kind = 7;
/// Ballots in the order of their reveals, four to a word.
const RANKING: Kind = 8;
/// Row of the matrix: eight counters of 32 bits a word.
const MATRIX: Kind = 9;
const BALLOT_TYPE: B256 =
    b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e06");

/// Places of the candidates in a ranking; none if it is no permutation of them.
fn places(ranking: u64, candidates: usize) -> Option<[u8; 16]> {
    let (mut places, mut seen) = ([0; 16], 0u32);
    for place in 0..candidates {
        let candidate = (ranking >> (4 * place) & 15) as usize;
        if candidate >= candidates || seen & 1 << candidate != 0 {
            return None;
        }
        seen |= 1 << candidate;
        places[candidate] = place as u8;
    }
    (candidates == 16 || ranking >> (4 * candidates) == 0).then_some(places)
}

/// Concordant less discordant pairs of two rankings.
fn concordance(left: &[u8; 16], right: &[u8; 16], candidates: usize) -> i32 {
    let mut sum = 0;
    for a in 0..candidates {
        for b in a + 1..candidates {
            sum += if (left[a] < left[b]) == (right[a] < right[b]) {
                1
            } else {
                -1
            };
        }
    }
    sum
}

impl Legislature {
    #[inline(never)]
    fn commit_as(
        &mut self,
        session: B256,
        principal: B256,
        commitment: B256,
    ) -> Result<(), Vec<u8>> {
        let (key, word) = self.at_step(session, 1 << 3)?;
        self.eligible(principal, 2)?;
        let place = self.key(COMMITMENT, session, principal);
        if self.read(place) != B256::ZERO {
            return refuse(wire::AlreadyDone::SELECTOR, &[session, principal]);
        }
        self.write(place, commitment);
        self.write(key, with(word, 12, 4, part(word, 12, 4) + 1));
        self.emit(
            &[wire::BallotCommitted::SIGNATURE_HASH, session, principal],
            &[commitment],
        );
        Ok(())
    }

    pub(crate) fn commit_ballot(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, commitment) = (input.word()?, input.word()?);
        self.commit_as(session, self.caller().into_word(), commitment)?;
        Ok(Vec::new())
    }

    pub(crate) fn commit_ballots(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut ballots) = input.list(256)?;
        let (_, mut signatures) = input.list(256)?;
        for _ in 0..count {
            let [session, principal, commitment, deadline] = Self::fields(&mut ballots)?;
            let fields = [BALLOT_TYPE, session, principal, commitment, deadline];
            self.signed(
                &fields,
                principal,
                part(deadline, 24, 8) as u64,
                signatures.bytes(2_048)?,
            )?;
            self.commit_as(session, principal, commitment)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn reveal_ballot(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, principal) = (input.word()?, input.address()?.into_word());
        let (ranking, salt) = (input.u64()?, input.word()?);
        let (key, word) = self.at_step(session, 1 << 4)?;
        let place = self.key(COMMITMENT, session, principal);
        let commitment = self.read(place);
        let opened = self.vm().native_keccak256(&output::words(&[
            session,
            principal,
            output::number(ranking),
            salt,
        ]));
        if opened != commitment {
            return refuse(wire::WrongOpening::SELECTOR, &[commitment]);
        }
        let candidates = part(word, 20, 1) as usize;
        if places(ranking, candidates).is_none() {
            return refuse(
                wire::InvalidRanking::SELECTOR,
                &[output::number(ranking), output::number(candidates as u64)],
            );
        }
        let index = part(word, 16, 4) as u64;
        let packed = self.key(RANKING, session, output::number(index / 4));
        self.write(
            packed,
            with(
                self.read(packed),
                8 * (index % 4) as usize,
                8,
                ranking.into(),
            ),
        );
        self.write(place, output::number(index + 1));
        self.write(key, with(word, 16, 4, u128::from(index) + 1));
        self.emit(
            &[wire::BallotRevealed::SIGNATURE_HASH, session, principal],
            &[output::number(index), output::number(ranking)],
        );
        Ok(Vec::new())
    }

    #[inline(never)]
    fn ranking_at(&self, session: B256, index: u64) -> u64 {
        let packed = self.read(self.key(RANKING, session, output::number(index / 4)));
        part(packed, 8 * (index % 4) as usize, 8) as u64
    }

    #[inline(never)]
    pub(crate) fn load_matrix(&self, session: B256, candidates: usize) -> Vec<u32> {
        let mut matrix = vec![0; candidates * candidates];
        for (group, eight) in matrix.chunks_mut(8).enumerate() {
            let word = self.read(self.key(MATRIX, session, output::number(group as u64)));
            for (place, counter) in eight.iter_mut().enumerate() {
                *counter = part(word, 4 * place, 4) as u32;
            }
        }
        matrix
    }

    /// Copeland scores in half points and greatest oppositions.
    pub(crate) fn judge(matrix: &[u32], candidates: usize) -> Vec<(u8, u32)> {
        let mut judged = vec![(0u8, 0u32); candidates];
        for (a, entry) in judged.iter_mut().enumerate() {
            for b in (0..candidates).filter(|b| *b != a) {
                let (wins, losses) = match (
                    matrix.get(a * candidates + b),
                    matrix.get(b * candidates + a),
                ) {
                    (Some(wins), Some(losses)) => (*wins, *losses),
                    _ => continue,
                };
                entry.0 += match wins.cmp(&losses) {
                    core::cmp::Ordering::Greater => 2,
                    core::cmp::Ordering::Equal => 1,
                    core::cmp::Ordering::Less => 0,
                };
                entry.1 = entry.1.max(losses);
            }
        }
        judged
    }

    pub(crate) fn tally(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, most) = (input.word()?, input.u32()?);
        let (_, word) = self.at_step(session, 1 << 5)?;
        let candidates = part(word, 20, 1) as usize;
        let reveals = part(word, 16, 4) as u64;
        let progress_key = self.session_key(session, 8);
        let counted = part(self.read(progress_key), 24, 8) as u64;
        let until = (counted + u64::from(most)).min(reveals);
        let mut matrix = self.load_matrix(session, candidates);
        for index in counted..until {
            let places =
                places(self.ranking_at(session, index), candidates).ok_or_else(malformed)?;
            for a in 0..candidates {
                for b in 0..candidates {
                    if places[a & 15] < places[b & 15]
                        && let Some(counter) = matrix.get_mut(a * candidates + b)
                    {
                        *counter += 1;
                    }
                }
            }
        }
        for (group, eight) in matrix.chunks(8).enumerate() {
            let mut packed = B256::ZERO;
            for (place, counter) in eight.iter().enumerate() {
                packed = with(packed, 4 * place, 4, u128::from(*counter));
            }
            self.write(
                self.key(MATRIX, session, output::number(group as u64)),
                packed,
            );
        }
        self.write(progress_key, output::number(until));
        self.emit(
            &[wire::TallyAdvanced::SIGNATURE_HASH, session],
            &[output::number(until), output::number(reveals)],
        );
        if until == reveals {
            let judged = Self::judge(&matrix, candidates);
            let mut best = 0;
            let mut packed = B256::ZERO;
            for (place, (score, opposition)) in judged.iter().enumerate() {
                packed = with(packed, place, 1, u128::from(*score));
                if let Some((top, least)) = judged.get(best)
                    && (score > top || score == top && opposition < least)
                {
                    best = place;
                }
            }
            let [quorum] = self.parameters(0, [68])?;
            let quorate = part(word, 12, 4) * 100 >= u128::from(quorum) * part(word, 8, 4);
            let winner = self.read(self.key(PROPOSAL, session, output::number(best as u64 + 300)));
            self.write(self.session_key(session, 3), winner);
            self.emit(
                &[wire::BallotDecided::SIGNATURE_HASH, session, winner],
                &[packed, output::truth(quorate)],
            );
            self.step(session, word, if quorate { 7 } else { 1 }, 69)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn claim_collusion(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let (count, mut named) = input.list(256)?;
        let (_, word) = self.at_step(session, 1 << 7)?;
        let candidates = part(word, 20, 1) as usize;
        let [least, share, tau, bond, delay] = self.parameters(0, [70, 71, 72, 73, 74])?;
        let needed = u128::from(least).max((part(word, 16, 4) * u128::from(share)).div_ceil(100));
        if (count as u128) < needed || candidates < 8 {
            return refuse(
                wire::CliqueTooSmall::SELECTOR,
                &[output::number(count as u64), output::amount(needed)],
            );
        }
        let mut ballots = Vec::with_capacity(count);
        let mut bytes = Vec::with_capacity(8 * count);
        let mut last = None;
        for _ in 0..count {
            let index = named.u32()?;
            if last.is_some_and(|last| last >= index) {
                return Err(malformed());
            }
            last = Some(index);
            let ranking = self.ranking_at(session, index.into());
            bytes.extend_from_slice(&ranking.to_be_bytes());
            ballots.push((
                index,
                ranking,
                places(ranking, candidates).ok_or_else(malformed)?,
            ));
        }
        let claimant = self.caller().into_word();
        let id = self.key(37, session, claimant);
        self.tell_peer(
            Peer::Treasury,
            treasury::postBondCall::SELECTOR,
            &[id, claimant, output::number(3), output::number(bond)],
        )?;
        let pairs = (candidates * (candidates - 1) / 2) as i64;
        for (place, (first, ranking, left)) in ballots.iter().enumerate() {
            for (second, other, right) in ballots.iter().skip(place + 1) {
                let agreeing =
                    i64::from(concordance(left, right, candidates)) * 1_000 >= tau as i64 * pairs;
                let mut top = 0u32;
                let mut same = 0u32;
                for rank in 0..3 {
                    top |= 1 << (ranking >> (4 * rank) & 15);
                    same |= 1 << (other >> (4 * rank) & 15);
                }
                if !agreeing || top != same {
                    self.tell_peer(Peer::Treasury, treasury::forfeitBondCall::SELECTOR, &[id])?;
                    self.emit(
                        &[wire::CollusionRefuted::SIGNATURE_HASH, session, claimant],
                        &[
                            output::number(u64::from(*first)),
                            output::number(u64::from(*second)),
                        ],
                    );
                    return Ok(Vec::new());
                }
            }
        }
        self.tell_peer(Peer::Treasury, treasury::returnBondCall::SELECTOR, &[id])?;
        self.once(38, self.read(self.session_key(session, 3)), B256::ZERO)?;
        let clique = self.vm().native_keccak256(&bytes);
        self.emit(
            &[wire::CollusionProved::SIGNATURE_HASH, session, claimant],
            &[clique, output::number(count as u64), output::number(delay)],
        );
        self.step(session, word, 6, 74)?;
        Ok(Vec::new())
    }

    pub(crate) fn ballot(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, principal) = (input.word()?, input.address()?.into_word());
        let stored = self.read(self.key(COMMITMENT, session, principal));
        let index = part(stored, 24, 8) as u64;
        Ok(output::words(&[
            stored,
            output::number(index),
            output::number(self.ranking_at(session, index.saturating_sub(1))),
        ]))
    }
}

//! Sealed ballots, the tally, cliques.

use alloc::vec::Vec;

use agentcity_abi::{IAssembly as wire, IConstitution as founding, ITreasury as treasury};
use agentcity_domain::{
    legislation::{
        ballot::{self, Cast, Ranking, sealed},
        collusion::{Bounds, Claim, Finding},
        election::{COMMITTING, Election, REVEALING, TALLYING},
        refused::Refused,
        tally::Matrix,
    },
    literal,
    mission::word::{get, set},
    parameter::ParameterId as P,
    peer::Peer,
    signed::{Typed, legislation::BallotCommitment, widths},
};
use agentcity_shell::{
    member::Member,
    output::{self, number},
    peer,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::{Assembly, BALLOT, BOND, Become, MATRIX, RANKING, Said, done, end, wrong};

/// Most ballots that one call counts: some eight million units of gas with sixteen candidates.
const COUNTED_MAX: u32 = 8_192;
/// Most ballots that a claim names.
const NAMED_MAX: usize = 2_048;

impl Assembly {
    /// A voter's sealed ballot; whether it is the first.
    ///
    /// Errors: those of a session that takes none; `WrongOpening` for what is no seal, `PrincipalRefused`.
    /// Events: `BallotCommitted`.
    #[inline(never)]
    fn commit_as(&mut self, fields: &[B256; 3], age: u64) -> Said<bool> {
        let [session, principal, seal] = fields;
        let mut election = self.running(session, COMMITTING)?;
        let before = self.entry_at(BALLOT, session, principal);
        match ballot::cast(&before, seal) {
            Ok(()) => {}
            Err(Refused::Done) => return Ok(false),
            Err(refused) => return Err(self.refusal(seal, refused)),
        }
        self.hear(principal, age)?;
        self.set_entry_at(BALLOT, session, principal, seal);
        election.seal();
        self.store(session, &election);
        self.log(
            topic!(wire::BallotCommitted::SIGNATURE_HASH)
                .word(session)
                .word(principal)
                .word(seal),
            3,
        );
        Ok(true)
    }

    pub(crate) fn commit_ballot(&mut self, input: &mut Reader<'_>) -> Said {
        let principal = self.caller().into_word();
        let [session, seal] = input.fields([32; 2]);
        let age = self.age()?;
        if self.commit_as(&[session, principal, seal], age)? {
            return Ok(());
        }
        done(&session, &principal)
    }

    pub(crate) fn commit_ballots(&mut self, input: &mut Reader<'_>) -> Said {
        let hash = &literal!(BallotCommitment::HASH);
        let widths = const { widths::<4>(BallotCommitment::OWN) };
        self.relay(input, hash, widths, |own, fields, age| {
            let [session, principal, seal, _] = fields;
            own.commit_as(&[*session, *principal, *seal], age)?;
            Ok(())
        })
    }

    pub(crate) fn reveal_ballot(&mut self, input: &mut Reader<'_>) -> Said {
        let (session, principal) = (&input.word(), &input.address());
        let (bits, salt) = (input.u64(), &input.word());
        end(input)?;
        let mut election = self.running(session, REVEALING)?;
        let voter = &principal.into_word();
        let seal = &self.entry_at(BALLOT, session, voter);
        let opening = self.hash(Words::new().all(&sealed(session, principal, bits, salt)));
        if opening != *seal {
            return Err(self.refusal(seal, Refused::NoSeal));
        }
        let ranking = Ranking::new(bits, election.candidates());
        let ranking = self.said(&number(bits), ranking)?.bits();
        let index = election.reveal();
        let at = u64::from(index >> 2);
        let mut four = self.entry(RANKING, session, at);
        set(&mut four, (index as usize & 3) << 3, 8, ranking);
        self.set_entry(RANKING, session, at, &four);
        self.set_entry_at(BALLOT, session, voter, &ballot::opened(index));
        self.store(session, &election);
        self.log(
            topic!(wire::BallotRevealed::SIGNATURE_HASH)
                .word(session)
                .word(voter)
                .number(index.into())
                .number(ranking),
            3,
        );
        Ok(())
    }

    /// A revealed ranking, by its number.
    #[inline(never)]
    fn ranking_at(&self, session: &B256, index: u32) -> Ranking {
        let four = self.entry(RANKING, session, u64::from(index >> 2));
        Ranking::stored(get(&four, (index as usize & 3) << 3, 8))
    }

    /// The matrix as far as ballots are counted.
    #[inline(never)]
    pub(crate) fn load_matrix(&self, session: &B256, election: &Election) -> Matrix {
        let candidates = election.candidates();
        let mut matrix = Matrix::new(candidates);
        let counted = self.debate_of(session).counted();
        matrix.set_counted(counted);
        // Before the first ballot there is nothing to read.
        let words = if counted == 0 {
            0
        } else {
            Matrix::words(candidates)
        };
        for (at, place) in (0..words).zip(0..) {
            matrix.load(at, &self.entry(MATRIX, session, place));
        }
        matrix
    }

    pub(crate) fn tally(&mut self, input: &mut Reader<'_>) -> Said {
        let (session, most) = (&input.word(), input.u32());
        end(input)?;
        let mut election = self.election_of(session);
        self.ok(session, election.must_be_at(TALLYING))?;
        let mut matrix = self.load_matrix(session, &election);
        let (from, reveals) = (matrix.counted(), election.reveals());
        let until = from.saturating_add(most.min(COUNTED_MAX)).min(reveals);
        if until == from && !election.is_counted(from, self.now()) {
            let refused = election.must_wait(from);
            return self.ok(session, Err(refused));
        }
        for index in from..until {
            matrix.count(self.ranking_at(session, index));
        }
        if until > from {
            for (at, place) in (0..Matrix::words(election.candidates())).zip(0..) {
                self.set_entry(MATRIX, session, place, &matrix.word(at));
            }
            let mut debate = self.debate_of(session);
            debate.set_counted(until);
            self.store_debate(session, &debate);
            self.log(
                topic!(wire::TallyAdvanced::SIGNATURE_HASH)
                    .word(session)
                    .number(until.into())
                    .number(reveals.into()),
                2,
            );
        }
        if election.is_counted(until, self.now()) {
            let terms = &self.terms_of(election.epoch().into())?;
            self.decide(session, &mut election, &matrix, terms)?;
        }
        Ok(())
    }

    pub(crate) fn claim_collusion(&mut self, input: &mut Reader<'_>) -> Said {
        let session = &input.word();
        let (count, mut named) = input.list(NAMED_MAX);
        end(input)?;
        let mut election = self.election_of(session);
        self.ok(session, election.must_be_at(REVEALING | TALLYING))?;
        let epoch = election.epoch().into();
        let [a, b, c, d, e, f] = Bounds::PARAMETERS.map(|id| id as u8);
        let [bond, a, b, c, d, e, f] =
            self.terms(epoch, [P::CollusionClaimBond as u8, a, b, c, d, e, f])?;
        let bounds = &Bounds::of([a, b, c, d, e, f]);
        let admitted = election.admit_claim(bounds, count as u32, self.now());
        self.ok(session, admitted)?;
        let claimant = &self.caller();
        let (mut claim, mut next) = (Claim::new(), 0);
        let mut clique = Words::new();
        let mut finding = Finding::Clique;
        for _ in 0..count {
            let index = named.u32();
            end(&named)?;
            if index < next || index >= election.reveals() {
                return Err(wrong());
            }
            next = index.saturating_add(1);
            clique.number(index.into());
            if finding == Finding::Clique {
                let ranking = self.ranking_at(session, index);
                let found = claim.take(index, ranking, election.candidates(), bounds);
                finding = self.said(session, found)?;
            }
        }
        let settle = match finding {
            Finding::Clique => {
                self.prove(
                    session,
                    &mut election,
                    claimant,
                    (&self.hash(&clique), count),
                )?;
                treasury::returnBondCall::SELECTOR
            }
            Finding::Apart(first, second) => {
                self.log(
                    topic!(wire::CollusionRefuted::SIGNATURE_HASH)
                        .word(session)
                        .address(claimant)
                        .number(first.into())
                        .number(second.into()),
                    3,
                );
                treasury::forfeitBondCall::SELECTOR
            }
        };
        self.settle(session, claimant, bond, settle)
    }

    /// A clique is proved.
    ///
    /// Events: `CollusionProved`, `DeliberationChanged`.
    #[inline(never)]
    fn prove(
        &mut self,
        session: &B256,
        election: &mut Election,
        claimant: &Address,
        (clique, count): (&B256, usize),
    ) -> Said {
        let terms = &self.terms_of(election.epoch().into())?;
        let waits = self.said(session, election.prove(terms, self.now()))?;
        self.log(
            topic!(wire::CollusionProved::SIGNATURE_HASH)
                .word(session)
                .address(claimant)
                .word(clique)
                .number(count as u64)
                .number(terms.delay()),
            3,
        );
        if waits {
            self.store_moved(session, election);
        } else {
            self.store(session, election);
        }
        Ok(())
    }

    /// Posts the bond of a claim and settles it: what is claimed is judged at once.
    ///
    /// Errors: treasury's.
    #[inline(never)]
    fn settle(&self, session: &B256, claimant: &Address, units: u64, settle: [u8; 4]) -> Said {
        let from = self.constitution_address();
        let scale = peer::ask_word(self.vm(), from, &founding::unitScaleCall::SELECTOR)?;
        let scale = u128::from(get(&scale, 16, 8)) << 64 | u128::from(get(&scale, 24, 8));
        let bond = &self.key(BOND, *session, claimant.into_word());
        let mut post = Words::after(treasury::postBondCall::SELECTOR);
        post.word(bond)
            .address(claimant)
            .number(treasury::BondKind::Collusion as u64)
            .amount(scale.saturating_mul(units.into()));
        self.tell(Peer::Treasury, &post)?;
        Ok(self.tell(Peer::Treasury, Words::after(settle).word(bond))?)
    }

    pub(crate) fn ballot(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (session, principal) = (&input.word(), &input.address().into_word());
        let word = self.entry_at(BALLOT, session, principal);
        let mut answer = Words::new();
        match Cast::of(&word) {
            Cast::None | Cast::Sealed => answer.word(&word).number(0).number(0),
            Cast::Opened(index) => answer
                .word(&B256::ZERO)
                .number(index.into())
                .number(self.ranking_at(session, index).bits()),
        }
        .reply()
    }

    pub(crate) fn matrix(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let session = &input.word();
        let election = &self.election_of(session);
        let (matrix, all) = (
            self.load_matrix(session, election),
            0..election.candidates(),
        );
        let mut words = Words::new();
        let square = u64::from(all.end).saturating_mul(all.end.into());
        // structural: the list stands behind its offset
        words.number(32).number(square);
        for row in all.clone() {
            for column in all.clone() {
                words.number(matrix.prefer(row, column).into());
            }
        }
        words.reply()
    }

    pub(crate) fn scores(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let session = &input.word();
        let election = &self.election_of(session);
        let (matrix, all) = (
            self.load_matrix(session, election),
            0..election.candidates(),
        );
        let (mut copeland, mut opposition) = (Vec::new(), Vec::new());
        for candidate in all {
            let score = matrix.score(candidate);
            copeland.push(number(score.copeland.into()));
            opposition.push(number(score.opposition.into()));
        }
        Ok(output::Output::of(2)
            .list(&copeland, 1)
            .list(&opposition, 1)
            .finish())
    }
}

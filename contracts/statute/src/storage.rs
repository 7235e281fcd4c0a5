//! The contract's state, and the program's entry point: a member of the city with words by keys of its own
//! (`agentcity_shell::member`). By mission:
//!
//! ```text
//! Deployment 0  0..2 nodes, 2..4 pages of seats, 4 greatest risk, 5..9 LLM tokens, 9..23 budget,
//!               23..27 ordinal of the first page, 27..31 ordinal of the first page of seats, 31 whether nodes may be taken over
//! Deployment 1  hash of the pages of the statute that are to come; never written where the first call brings all
//! Deployment 2  the same of the pages of seats
//! Pages n       ordinals of pages 8·n to 8·n + 7, four bytes each; that of page 0 stands above
//! Seats n       the same of pages of seats
//! ```
//!
//! and, of the contract, `Created`: how many accounts it created. The *ordinal* of an account says as which it was created,
//! counted from one; its address follows from that, because this contract creates nothing but pages.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_domain::statute::{Progress, deployment::Imports};
use agentcity_shell::{
    malformed,
    member::{Kind, Member},
    output, page,
    word::{part, with},
};
use alloy_primitives::{Address, B256};
use stylus_sdk::prelude::*;

const DEPLOYMENT: Kind = 1;
const CREATED: Kind = 4;

/// Places of [`DEPLOYMENT`].
const PROGRESS: u64 = 0;
/// What is to come, by sequence.
const fn rest_of(sequence: Sequence) -> u64 {
    match sequence {
        Sequence::Statute => 1,
        Sequence::Seats => 2,
    }
}

/// Bytes of an ordinal, and how many of them a word holds.
const ORDINAL: usize = 4;
const ORDINALS: u16 = 8;

/// The contract. It has no fields: its slots are reached by number.
#[entrypoint]
#[storage]
pub struct Statutes {}

impl Member for Statutes {}

/// One of the two sequences of pages of a mission.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sequence {
    /// Nodes, edges and predicates.
    Statute,
    /// Seats.
    Seats,
}

impl Sequence {
    const fn kind(self) -> Kind {
        match self {
            Self::Statute => 2,
            Self::Seats => 3,
        }
    }

    /// Where the ordinal of its first page stands in the word of progress.
    const fn first(self) -> usize {
        match self {
            Self::Statute => 23,
            Self::Seats => 27,
        }
    }

    /// How many of its pages there are.
    pub(crate) const fn pages(self, progress: &Progress) -> u16 {
        match self {
            Self::Statute => progress.pages(),
            Self::Seats => progress.seat_pages,
        }
    }
}

/// What is kept of a deployment in one word.
#[derive(Clone, Copy)]
pub(crate) struct Deployment {
    /// How far it is.
    pub(crate) progress: Progress,
    /// Whether nodes may be taken over.
    pub(crate) imports: Imports,
    word: B256,
}

impl Statutes {
    #[inline(never)]
    pub(crate) fn load_deployment(&self, mission: &B256) -> Deployment {
        let word = self.word_at(DEPLOYMENT, mission, PROGRESS);
        Deployment {
            progress: Progress {
                nodes: part(word, 0, 2) as u16,
                seat_pages: part(word, 2, 2) as u16,
                risk: part(word, 4, 1) as u8,
                tokens: part(word, 5, 4) as u32,
                budget: part(word, 9, 14),
            },
            imports: if part(word, 31, 1) == 0 {
                Imports::None
            } else {
                Imports::Allowed
            },
            word,
        }
    }

    #[inline(never)]
    pub(crate) fn store_deployment(&mut self, mission: &B256, deployment: &Deployment) {
        let progress = &deployment.progress;
        let mut word = deployment.word;
        for (at, bytes, value) in [
            (0, 2, progress.nodes.into()),
            (2, 2, progress.seat_pages.into()),
            (4, 1, progress.risk.into()),
            (5, 4, progress.tokens.into()),
            (9, 14, progress.budget),
            (31, 1, (deployment.imports == Imports::Allowed).into()),
        ] {
            word = with(word, at, bytes, value);
        }
        self.put(DEPLOYMENT, mission, PROGRESS, &word);
    }

    /// Hash of the pages that are to come of a sequence that has begun.
    pub(crate) fn rest(&self, mission: &B256, sequence: Sequence) -> B256 {
        self.word_at(DEPLOYMENT, mission, rest_of(sequence))
    }

    /// Keeps that hash. Nothing is written where nothing is to come and nothing was.
    #[inline(never)]
    pub(crate) fn set_rest(&mut self, mission: &B256, sequence: Sequence, rest: &B256) {
        if self.rest(mission, sequence) != *rest {
            self.put(DEPLOYMENT, mission, rest_of(sequence), rest);
        }
    }

    /// Writes pages as code behind the `before` that a sequence has, and keeps where they are: their accounts.
    ///
    /// Errors: the creation's refusal.
    #[inline(never)]
    pub(crate) fn write_pages(
        &mut self,
        mission: &B256,
        deployment: &mut Deployment,
        sequence: Sequence,
        before: u16,
        pages: &[&[u8]],
    ) -> Result<Vec<B256>, Vec<u8>> {
        let key = self.key(CREATED, B256::ZERO, B256::ZERO);
        let mut created = part(self.read(key), 0, ORDINAL) as u32;
        let mut accounts = Vec::with_capacity(pages.len());
        for (index, bytes) in (before..).zip(pages) {
            created = created.checked_add(1).ok_or_else(malformed)?;
            let account = page::create(self.vm(), bytes)?;
            // Nothing else is created here, ever: an account elsewhere would be a broken invariant, and its page lost.
            if account != self.account(created) {
                return Err(malformed());
            }
            self.set_ordinal(mission, deployment, sequence, index, created);
            accounts.push(account.into_word());
        }
        self.write(key, with(B256::ZERO, 0, ORDINAL, created.into()));
        Ok(accounts)
    }

    /// The account that was created as the `ordinal`-th.
    fn account(&self, ordinal: u32) -> Address {
        page::address(self.vm(), self.vm().contract_address(), ordinal.into())
    }

    fn set_ordinal(
        &mut self,
        mission: &B256,
        deployment: &mut Deployment,
        sequence: Sequence,
        index: u16,
        ordinal: u32,
    ) {
        if index == 0 {
            deployment.word = with(deployment.word, sequence.first(), ORDINAL, ordinal.into());
            return;
        }
        let at = usize::from(index % ORDINALS).saturating_mul(ORDINAL);
        let place = u64::from(index / ORDINALS);
        let word = self.word_at(sequence.kind(), mission, place);
        let word = with(word, at, ORDINAL, ordinal.into());
        self.put(sequence.kind(), mission, place, &word);
    }

    /// The account of a page that is deployed.
    #[inline(never)]
    pub(crate) fn page_account(
        &self,
        mission: &B256,
        deployment: &Deployment,
        sequence: Sequence,
        index: u16,
    ) -> Address {
        let ordinal = if index == 0 {
            part(deployment.word, sequence.first(), ORDINAL)
        } else {
            let at = usize::from(index % ORDINALS).saturating_mul(ORDINAL);
            let word = self.word_at(sequence.kind(), mission, (index / ORDINALS).into());
            part(word, at, ORDINAL)
        };
        self.account(ordinal as u32)
    }

    /// What a page that is deployed holds now; nothing if its account holds no page any more, which no page of a law is.
    pub(crate) fn page_bytes(
        &self,
        mission: &B256,
        deployment: &Deployment,
        sequence: Sequence,
        index: u16,
    ) -> Vec<u8> {
        let account = self.page_account(mission, deployment, sequence, index);
        page::read(self.vm(), account).unwrap_or_default()
    }

    /// The words of one address and one hash.
    pub(crate) fn located(&self, account: Address) -> Vec<u8> {
        output::words(&[account.into_word(), self.vm().code_hash(account)])
    }
}

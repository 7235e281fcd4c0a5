//! The contract's state, and the program's entry point: a member of the city with words by keys of its own
//! (`agentcity_shell::member`). By mission:
//!
//! ```text
//! Deployment 1  hash of the pages of the statute that are to come; never written where the first call brings all
//! Deployment 2  the same of the pages of seats
//! ```
//!
//! and, of the contract, `Created`: how many accounts it created. The *ordinal* of an account says as which it was created,
//! counted from one; its address follows from that, because this contract creates nothing but pages.
//!
//! How far a deployment is, and where its pages are, collaboration keeps, which reads them for as long as the mission lives. Of
//! both this contract is told by its `deployment` and tells the changes; the word in it is, until the mission is law:
//!
//! ```text
//! 0..2 nodes   2..4 pages of seats   4 greatest risk   5..9 LLM tokens   9..23 budget
//! 23..27 ordinal of the first page   27..31 ordinal of the first page of seats   31 whether nodes may be taken over
//! ```

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_domain::{
    mission::record::LAW,
    statute::{Progress, deployment::Imports},
};
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

/// Place of what is to come, by sequence.
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

/// A deployment, as its word says.
#[derive(Clone, Copy)]
pub(crate) struct Deployment {
    /// How far it is.
    pub(crate) progress: Progress,
    /// Whether nodes may be taken over.
    pub(crate) imports: Imports,
    word: B256,
}

/// Pages that one call wrote.
pub(crate) struct Pages {
    /// How many came before in their sequence.
    pub(crate) before: u16,
    /// As which account the first was created; the others follow.
    pub(crate) ordinal: u32,
    /// Their accounts.
    pub(crate) accounts: Vec<B256>,
}

impl Deployment {
    /// Of a mission of so many nodes. What is law is whole, and what it was held to is not kept any more.
    #[inline(never)]
    pub(crate) fn unpack(word: B256, nodes: u16) -> Self {
        let flags = part(word, 31, 1);
        let progress = if flags == LAW.into() {
            Progress::whole(nodes)
        } else {
            Progress {
                nodes: part(word, 0, 2) as u16,
                seat_pages: part(word, 2, 2) as u16,
                risk: part(word, 4, 1) as u8,
                tokens: part(word, 5, 4) as u32,
                budget: part(word, 9, 14),
            }
        };
        Self {
            progress,
            imports: if flags == 0 {
                Imports::None
            } else {
                Imports::Allowed
            },
            word,
        }
    }

    /// The word of a deployment.
    #[inline(never)]
    pub(crate) fn pack(&self) -> B256 {
        let progress = &self.progress;
        let mut word = self.word;
        for (at, bytes, value) in [
            (0, 2, progress.nodes.into()),
            (2, 2, progress.seat_pages.into()),
            (4, 1, progress.risk.into()),
            (5, 4, progress.tokens.into()),
            (9, 14, progress.budget),
            (31, 1, (self.imports == Imports::Allowed).into()),
        ] {
            word = with(word, at, bytes, value);
        }
        word
    }
}

impl Statutes {
    /// Hash of the pages that are to come of a sequence that has begun.
    pub(crate) fn rest(&self, mission: &B256, sequence: Sequence) -> B256 {
        self.word_at(DEPLOYMENT, mission, rest_of(sequence))
    }

    /// Keeps that hash. Nothing is read or written where nothing is to come and nothing was, which `first` calls alone can say.
    #[inline(never)]
    pub(crate) fn set_rest(
        &mut self,
        mission: &B256,
        sequence: Sequence,
        is_first: bool,
        rest: &B256,
    ) {
        if !is_first || *rest != B256::ZERO {
            self.put(DEPLOYMENT, mission, rest_of(sequence), rest);
        }
    }

    /// Writes pages as code behind the `before` that a sequence has. The first one's ordinal stands in the deployment's word.
    ///
    /// Errors: the creation's refusal.
    #[inline(never)]
    pub(crate) fn write_pages(
        &mut self,
        deployment: &mut Deployment,
        sequence: Sequence,
        before: u16,
        pages: &[&[u8]],
    ) -> Result<Pages, Vec<u8>> {
        let key = self.key(CREATED, B256::ZERO, B256::ZERO);
        let mut created = part(self.read(key), 0, ORDINAL) as u32;
        let ordinal = created.saturating_add(1);
        let mut accounts = Vec::with_capacity(pages.len());
        for bytes in pages {
            created = created.checked_add(1).ok_or_else(malformed)?;
            let account = page::create(self.vm(), bytes)?;
            // Nothing else is created here, ever: an account elsewhere would be a broken invariant, and its page lost.
            if account != self.account(created) {
                return Err(malformed());
            }
            accounts.push(account.into_word());
        }
        self.write(key, with(B256::ZERO, 0, ORDINAL, created.into()));
        if before == 0 {
            let first = sequence.first();
            deployment.word = with(deployment.word, first, ORDINAL, ordinal.into());
        }
        Ok(Pages {
            before,
            ordinal,
            accounts,
        })
    }

    /// The account that was created as the `ordinal`-th.
    fn account(&self, ordinal: u32) -> Address {
        page::address(self.vm(), self.vm().contract_address(), ordinal.into())
    }

    /// The accounts of pages `from..to` that are deployed: beyond the first, collaboration says which they are, eight at once.
    #[inline(never)]
    pub(crate) fn accounts(
        &self,
        mission: B256,
        deployment: &Deployment,
        sequence: Sequence,
        (from, to): (u16, u16),
    ) -> Result<Vec<Address>, Vec<u8>> {
        let mut accounts = Vec::with_capacity(to.saturating_sub(from).into());
        let mut held = (u16::MAX, B256::ZERO);
        for index in from..to {
            let place = index / ORDINALS;
            let ordinal = if index == 0 {
                part(deployment.word, sequence.first(), ORDINAL)
            } else {
                if held.0 != place {
                    held = (place, self.ordinals(mission, sequence, place)?);
                }
                let at = usize::from(index % ORDINALS).saturating_mul(ORDINAL);
                part(held.1, at, ORDINAL)
            };
            accounts.push(self.account(ordinal as u32));
        }
        Ok(accounts)
    }

    /// What an account's page holds now; nothing if it holds no page any more, which no page of a law is.
    pub(crate) fn page_bytes(&self, account: Option<&Address>) -> Vec<u8> {
        let bytes = account.and_then(|account| page::read(self.vm(), *account));
        bytes.unwrap_or_default()
    }

    /// The words of one address and one hash.
    pub(crate) fn located(&self, account: Address) -> Vec<u8> {
        output::words(&[account.into_word(), self.vm().code_hash(account)])
    }
}

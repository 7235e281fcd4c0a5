//! Pages of a statute as they are shown: known to be right by the hash of what follows them.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as collaboration, IEnactment as wire, IStatute as statute};
use agentcity_domain::{
    parameter::ParameterId as P,
    peer::Peer,
    statute::{NODES_PER_PAGE, Node, Page, fold::link},
};
use agentcity_shell::{
    page,
    reader::Reader,
    said::{Become, Said, about, end, wrong},
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError};
use stylus_sdk::prelude::*;

use crate::{session::Session, storage::Enactment};

/// Most pages of a call: what a transaction holds.
const PAGES_MAX: usize = 16; // structural: of 95,000 bytes
const PAGE_BYTES: usize = P::MaxPageBytes.constant() as usize;

/// Pages of a call, and with each the hash of itself and what follows.
pub(crate) type Pages<'a> = Vec<(&'a [u8], B256)>;

impl Enactment {
    /// The pages and the hash of the rest in a call's data, which together are what is `expected`.
    ///
    /// Errors: `WrongPages(session, expected, found)`.
    #[inline(never)]
    pub(crate) fn read_pages<'a>(
        &self,
        input: &mut Reader<'a>,
        session: &B256,
        expected: &B256,
    ) -> Said<(Pages<'a>, B256)> {
        let (count, mut list) = input.list(PAGES_MAX);
        let rest = input.word();
        let mut pages = Vec::with_capacity(count);
        for _ in 0..count {
            pages.push((list.bytes(PAGE_BYTES), B256::ZERO));
        }
        end(&list)?;
        end(input)?;
        let keccak = |bytes: &[u8]| self.vm().native_keccak256(bytes);
        let mut hash = rest;
        for (page, from) in pages.iter_mut().rev() {
            hash = link(&keccak, page, hash);
            *from = hash;
        }
        if hash != *expected || pages.is_empty() {
            return Words::after(wire::WrongPages::SELECTOR)
                .word(session)
                .word(expected)
                .word(&hash)
                .no();
        }
        Ok((pages, rest))
    }

    /// A node of a mission that is deployed, out of its page.
    ///
    /// Errors: `Unknown(mission)` for one that has no such page.
    #[inline(never)]
    pub(crate) fn deployed_node(&self, session: &Session) -> Said<Node> {
        let index = session.node / NODES_PER_PAGE;
        let answer = self.ask(
            Peer::Statute,
            Words::after(statute::pageCall::SELECTOR)
                .word(&session.mission)
                .number(index.into()),
        )?;
        let mut answer = Reader::new(&answer);
        let account = answer.address();
        end(&answer)?;
        let bytes = page::read(self.vm(), account).unwrap_or_default();
        let node = Page::read(&bytes).and_then(|page| page.node(session.node % NODES_PER_PAGE));
        match node {
            Some(node) => Ok(node),
            None => Err(about(wire::Unknown::SELECTOR, &session.mission, &[])),
        }
    }

    /// The session whose law a mission follows.
    #[inline(never)]
    pub(crate) fn session_of(&self, mission: &B256) -> Said<B256> {
        let answer = self.ask(
            Peer::Collaboration,
            Words::after(collaboration::missionCall::SELECTOR).word(mission),
        )?;
        let mut answer = Reader::new(&answer);
        answer.skip(3);
        let session = answer.word();
        end(&answer)?;
        if session.is_zero() {
            return Err(wrong());
        }
        Ok(session)
    }
}

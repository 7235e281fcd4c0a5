//! What a mission's law says, read from its pages as the chain has them, and what is known behind its hashes.

use std::collections::BTreeMap;

use agentcity_abi::{
    IStatute,
    document::{Document, Said, Terms as Known},
};
use agentcity_domain::statute::{NODES_PER_PAGE, Node, Page};
use agentcity_executor::protocol::{Task, Terms, Text};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, keccak256},
    providers::Provider,
};

/// The nodes of a mission with what comes before each.
#[derive(Clone, Debug)]
pub(super) struct Law {
    nodes: Vec<Node>,
    before: Vec<Vec<u16>>,
    /// Time that a node has for its route when its seats are closed: `routeTimeoutMs` of the mission's epoch, in seconds.
    route_secs: u64,
}

impl Law {
    /// Reads a mission's pages. They never change once it is law, so they are read once.
    pub(super) async fn read<P: Provider>(
        provider: &P,
        statute: Address,
        (mission, nodes, route_secs): (B256, u16, u64),
        at: BlockId,
    ) -> Result<Self, String> {
        let contract = IStatute::new(statute, provider);
        let mut law = Self {
            nodes: Vec::with_capacity(nodes.into()),
            before: vec![Vec::new(); nodes.into()],
            route_secs,
        };
        for index in 0..nodes.div_ceil(NODES_PER_PAGE) {
            let page = contract.page(mission, index).block(at).call().await;
            let page = page.map_err(|error| error.to_string())?;
            let code = provider.get_code_at(page.account).block_id(at).await;
            let code = code.map_err(|error| error.to_string())?;
            if keccak256(&code) != page.codehash {
                return Err(format!(
                    "page {index} of mission {mission} is not what the chain hashes"
                ));
            }
            law.take(code.get(1..).unwrap_or_default())
                .ok_or_else(|| format!("page {index} of mission {mission} is no page"))?;
        }
        if law.nodes.len() != usize::from(nodes) {
            return Err(format!("mission {mission} has other pages than nodes"));
        }
        Ok(law)
    }

    /// The last second in which every seat of a node must be taken, which nobody may expire before `expires`: the route's time lies
    /// between (`mission::node::Eligible`).
    pub(super) const fn seats_close(&self, expires: u64) -> u64 {
        expires.saturating_sub(self.route_secs)
    }

    fn take(&mut self, bytes: &[u8]) -> Option<()> {
        let page = Page::read(bytes)?;
        for node in page.each() {
            let number = u16::try_from(self.nodes.len()).ok()?;
            for next in page.successors(&node) {
                self.before.get_mut(usize::from(next))?.push(number);
            }
            self.nodes.push(node);
        }
        Some(())
    }

    /// A node.
    pub(super) fn node(&self, number: u16) -> Option<&Node> {
        self.nodes.get(usize::from(number))
    }

    /// The nodes for which it waits, ascending.
    pub(super) fn before(&self, number: u16) -> &[u16] {
        self.before
            .get(usize::from(number))
            .map_or(&[], Vec::as_slice)
    }
}

/// What is known behind the digests of nodes.
#[derive(Clone, Debug, Default)]
pub struct Texts(BTreeMap<B256, (Terms, Task)>);

impl Texts {
    /// Adds the terms of nodes of which only the hashes are known.
    pub fn add_terms(&mut self, terms: Terms) {
        let digest = agentcity_abi::document::digest(&terms.wire());
        self.0.entry(digest).or_insert((terms, Task::default()));
    }

    /// Adds what a document says.
    pub fn add(&mut self, document: &Document) {
        for task in document.tasks() {
            let (Known::Known(known), Some(wire)) = (task.terms, task.terms.wire()) else {
                continue;
            };
            // Documents have the same bounds, so nothing is left out.
            fn text<const MAX: usize>(said: &Said) -> Option<Text<MAX>> {
                Text::new(said.text()?).ok()
            }
            let words = Task {
                label: text(&known.label),
                rubric: text(&known.rubric),
                input_schema: text(&known.input_schema),
                output_schema: text(&known.output_schema),
            };
            let digest = task.terms.digest();
            self.0.insert(digest, (Terms::from(&wire), words));
        }
    }

    /// Behind a node's digest.
    pub(super) fn of(&self, digest: B256) -> Option<&(Terms, Task)> {
        self.0.get(&digest)
    }
}

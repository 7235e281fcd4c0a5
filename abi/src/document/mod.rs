//! Statutes as documents (feature `document`): JSON-LD for people and stores, packed pages for contracts, and one way from each to the
//! other. What is voted is the hash of the pages; a document says the same in words, and adds the preimages of what pages keep only a
//! hash of (docs/statute-document.md).
//!
//! ```text
//! text ──Source::read──▶ Document ──encode──▶ pages, preimages
//!  ▲                      │    ▲                   │
//!  └─────canonical────────┘    └──────decode───────┘
//! ```
//!
//! A [`Document`] holds the pages themselves and nothing that contradicts them, so it cannot say what no page can. INV-STATUTE-06: a
//! document and its pages say the same; from pages to document to pages not one byte changes, and from a document to pages to document
//! not one character of the canonical text.
//!
//! The rules of a statute are the domain's, called here and never written again: [`Source::read`] asks for what no parameters could
//! allow, [`Source::judge`] for what those of a city do.
//!
//! Reading order: [`keys`] (what a document may say), `text` (JSON with places), `read` (from text to a document), `graph` (from
//! names to an order), `rules` (from a refusal of the domain to words), [`pages`] (bytes that can be law), [`terms`] (what a digest
//! commits to), `write` (the canonical text), [`address`] (where it is found), [`problem`] (what is wrong, and where).
//!
//! Source: RULINGS R1, R2; seed §B.10 (DAG specification format).

pub mod address;
mod canonical;
mod graph;
pub mod keys;
pub mod pages;
pub mod problem;
mod read;
mod rules;
pub mod terms;
mod text;
mod write;

pub use address::ContentAddress;
pub use pages::{Unreadable, limits};
pub use problem::{PROBLEMS_MAX, Problem, Problems};
pub use read::Source;
pub use terms::{Known, Preimages, Said, Terms, digest};
pub use text::{DOCUMENT_BYTES_MAX, SCHEMA_BYTES_MAX, SCHEMA_DEPTH_MAX, canonical_schema};

use agentcity_domain::statute::{Limits, Node, Page, Predicate, Progress, fold::fold};
use alloy_primitives::{B256, keccak256};

use crate::IVerification::NodeTerms;

/// A statute: its pages, which can be law under some parameters, and what is known behind their digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pages: Vec<Vec<u8>>,
    terms: Vec<Terms>,
}

/// A node of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task<'d> {
    /// As its page holds it.
    pub node: Node,
    /// What is known of its terms.
    pub terms: &'d Terms,
    /// The nodes that wait for it, ascending.
    pub successors: Vec<u16>,
}

/// A document as contracts take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The pages, without the zero byte with which an account's code begins.
    pub pages: Vec<Vec<u8>>,
    /// The terms of each node, as submissions supply them; none where only their digest is known.
    pub terms: Vec<Option<NodeTerms>>,
    /// All preimages, for whoever reads the pages.
    pub preimages: Preimages,
}

/// The pages of a document, and what is behind their digests.
pub fn encode(document: &Document) -> Encoded {
    Encoded {
        pages: document.pages.clone(),
        terms: document.terms.iter().map(Terms::wire).collect(),
        preimages: Preimages::of(document.terms.iter()),
    }
}

/// The document that pages say, as far as the preimages are known.
///
/// Errors: the first rule that is broken whatever the parameters are.
pub fn decode(pages: &[Vec<u8>], known: &Preimages) -> Result<Document, Unreadable> {
    let nodes = pages::count(pages).unwrap_or_default();
    pages::walk(pages, &pages::widest(nodes))?;
    if nodes == 0 {
        let (page, offset, rule) = (0, 0, agentcity_domain::statute::Rule::Count);
        return Err(Unreadable { page, offset, rule });
    }
    let terms = pages::nodes(pages).map(|(node, _)| known.terms(node.digest));
    Ok(Document {
        terms: terms.collect(),
        pages: pages.to_vec(),
    })
}

impl Document {
    /// The document in a text.
    ///
    /// Errors: everything that is wrong with it whatever the parameters are.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, Problems> {
        Source::read(text.as_ref()).map(Source::into_document)
    }

    /// Whether it may be law within these limits ([`limits`] makes them of parameters).
    ///
    /// Errors: everything that may not, at its place in the text for people ([`Self::pretty`]).
    pub fn judge(&self, limits: &Limits) -> Result<(), Problems> {
        Source::read(self.pretty().as_bytes())?.judge(limits)
    }

    /// Its pages.
    pub fn pages(&self) -> &[Vec<u8>] {
        &self.pages
    }

    /// The hash of its pages: what is voted, approved and compared.
    pub fn statute_hash(&self) -> B256 {
        let pages = self.pages.iter().map(Vec::as_slice);
        fold(&|bytes: &[u8]| keccak256(bytes), pages, B256::ZERO)
    }

    /// Where its canonical text is found.
    pub fn content_address(&self) -> ContentAddress {
        ContentAddress::of(self.canonical())
    }

    /// Its nodes, in the order of their numbers.
    pub fn tasks(&self) -> impl Iterator<Item = Task<'_>> {
        let nodes = pages::nodes(&self.pages).zip(&self.terms);
        nodes.map(|((node, successors), terms)| Task {
            node,
            terms,
            successors,
        })
    }

    /// What the gate asks.
    pub fn predicates(&self) -> impl Iterator<Item = Predicate> {
        let first = self.pages.first().and_then(|bytes| Page::read(bytes));
        let first = first.unwrap_or_default();
        (0..first.predicates()).filter_map(move |index| first.predicate(index))
    }

    /// How many nodes it has, and what they may cost together.
    pub fn totals(&self) -> Progress {
        let nodes = pages::count(&self.pages).unwrap_or_default();
        pages::walk(&self.pages, &pages::widest(nodes)).unwrap_or_default()
    }
}

//! What a node's digest commits to, and the texts behind that.
//!
//! ```text
//! digest = keccak256(NodeTerms)                     a word of the page
//!          └ labelHash, rubricHash = keccak256(text)
//!          └ inputSchemaHash, outputSchemaHash = keccak256(canonical JSON)
//!          └ verifier, verifierCodehash, expected   stand for themselves
//! ```
//!
//! Of each level a document may know the preimage or only the hash, and what it does not know it says as a hash.

use std::collections::HashMap;

use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::SolValue;

use super::{
    keys,
    problem::{Findings, Path},
    text::Reader,
};
use crate::IVerification::NodeTerms;

/// Most bytes of a label.
pub const LABEL_BYTES_MAX: usize = 256;
/// Most bytes of a rubric.
pub const RUBRIC_BYTES_MAX: usize = 1 << 16;

/// A text, or its hash where that is all that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The text.
    Text(String),
    /// Its keccak256; zero where there is none.
    Hash(B256),
}

/// The terms of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What people call the task.
    pub label: Said,
    /// JSON Schema of the input, as canonical text.
    pub input_schema: Said,
    /// JSON Schema of the output, as canonical text.
    pub output_schema: Said,
    /// By what people judge the output; nothing where they do not.
    pub rubric: Said,
    /// The program that judges a proof; zero where none does.
    pub verifier: Address,
    /// The hash of its code; zero where none does.
    pub verifier_codehash: B256,
    /// The reference commitment, or what the verifier compares with (RESOLUTIONS V-01).
    pub expected: B256,
}

/// What is known of the terms of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// The terms, with as many of their texts as are known.
    Known(Box<Known>),
    /// Their digest alone.
    Digest(B256),
}

/// Preimages of hashes, by their hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preimages {
    terms: HashMap<B256, NodeTerms>,
    texts: HashMap<B256, String>,
}

/// What a node's digest is of its terms.
pub fn digest(terms: &NodeTerms) -> B256 {
    keccak256(terms.abi_encode())
}

impl Said {
    /// Nothing is said: what a rubric is where nobody reviews.
    pub const NOTHING: Self = Self::Hash(B256::ZERO);

    /// Its hash.
    pub fn hash(&self) -> B256 {
        match self {
            Self::Text(text) => keccak256(text),
            Self::Hash(hash) => *hash,
        }
    }

    /// The text, if it is known.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Hash(_) => None,
        }
    }
}

impl Known {
    /// As contracts take them.
    pub fn wire(&self) -> NodeTerms {
        NodeTerms {
            inputSchemaHash: self.input_schema.hash(),
            outputSchemaHash: self.output_schema.hash(),
            labelHash: self.label.hash(),
            rubricHash: self.rubric.hash(),
            verifier: self.verifier,
            verifierCodehash: self.verifier_codehash,
            expected: self.expected,
        }
    }

    /// Its texts.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let all = [
            &self.label,
            &self.input_schema,
            &self.output_schema,
            &self.rubric,
        ];
        all.into_iter().filter_map(Said::text)
    }
}

impl Terms {
    /// As contracts take them, if they are known.
    pub fn wire(&self) -> Option<NodeTerms> {
        match self {
            Self::Known(known) => Some(known.wire()),
            Self::Digest(_) => None,
        }
    }

    /// The node's digest.
    pub fn digest(&self) -> B256 {
        match self {
            Self::Known(known) => digest(&known.wire()),
            Self::Digest(digest) => *digest,
        }
    }
}

impl Preimages {
    /// Of all terms of a document.
    pub(super) fn of<'a>(all: impl Iterator<Item = &'a Terms>) -> Self {
        let mut preimages = Self::default();
        for terms in all {
            if let Terms::Known(known) = terms {
                preimages.add_terms(known.wire());
                for text in known.texts() {
                    preimages.add_text(text);
                }
            }
        }
        preimages
    }

    /// Learns terms: their digest.
    pub fn add_terms(&mut self, terms: NodeTerms) -> B256 {
        let digest = digest(&terms);
        self.terms.insert(digest, terms);
        digest
    }

    /// Learns a label, a rubric, or a schema as canonical text: its hash.
    pub fn add_text(&mut self, text: impl Into<String>) -> B256 {
        let text = text.into();
        let hash = keccak256(&text);
        self.texts.insert(hash, text);
        hash
    }

    /// What is known behind a node's digest. A text that a document could not say where it belongs stays a hash.
    pub(super) fn terms(&self, digest: B256) -> Terms {
        let Some(wire) = self.terms.get(&digest) else {
            return Terms::Digest(digest);
        };
        let said = |hash: B256, fits: fn(&str) -> bool| {
            let text = self.texts.get(&hash).filter(|text| fits(text));
            text.cloned().map_or(Said::Hash(hash), Said::Text)
        };
        Terms::Known(Box::new(Known {
            label: said(wire.labelHash, is_label),
            input_schema: said(wire.inputSchemaHash, is_schema),
            output_schema: said(wire.outputSchemaHash, is_schema),
            rubric: said(wire.rubricHash, is_rubric),
            verifier: wire.verifier,
            verifier_codehash: wire.verifierCodehash,
            expected: wire.expected,
        }))
    }
}

/// Whether a text can be a label: one line, not too long.
pub(super) fn is_label(text: &str) -> bool {
    !text.is_empty() && text.len() <= LABEL_BYTES_MAX && !text.contains(char::is_control)
}

/// Whether a text can be a rubric.
pub(super) fn is_rubric(text: &str) -> bool {
    !text.is_empty() && text.len() <= RUBRIC_BYTES_MAX
}

/// Whether a text is a schema in its one form.
fn is_schema(text: &str) -> bool {
    let Ok(at) = serde_json::from_str(text) else {
        return false;
    };
    let findings = Findings::default();
    let canonical = Reader { text, findings }.schema(at, &Path::Root, &keys::INPUT_SCHEMA);
    canonical.as_deref() == Some(text)
}

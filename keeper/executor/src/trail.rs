//! The trail of an execution: what was taken in, called, said and put out, as leaves of a Merkle tree whose root comes with the
//! result (RESOLUTIONS A-08, INV-VERIFY-01).
//!
//! The tree is that of RFC 6962 over Keccak-256, as of an author's log (`domain::roster::anchor`): a leaf is `keccak(0x00 ‖ entry)`, a
//! node `keccak(0x01 ‖ left ‖ right)`. An entry is one byte, its number below, and its fields in their order, a word each; a text is
//! there as its keccak256:
//!
//! | # | entry | fields |
//! |---|---|---|
//! | 1 | opened | mission, node, attempt, seat, agent, service, code hash, blind |
//! | 2 | input | node, output hash |
//! | 3 | tool | name, hash of what went in, hash of what came out, unix milliseconds |
//! | 4 | message | from, to, hash of what was said, LLM tokens, unix milliseconds |
//! | 5 | output | keccak256 of the output |
//!
//! The first entry is the one that opens it, then come the inputs, and the last one is the output. The blind is a word that nobody
//! else can guess: the root of a trail is on chain before a value is opened, and without a blind whoever can list the values could
//! try which of them gives that root.

use alloy::primitives::{Address, B256, U256, keccak256};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::protocol::{Input, JobId, JobRequest, Text, Usage};

/// Most entries of one trail: far more than the guardian lets anybody call and say, and one look at it stays short.
pub const ENTRIES_MAX: usize = 4096;
/// Most bytes of a name in it.
pub const NAME_BYTES_MAX: usize = 128;

/// A name of a tool, or of who speaks.
pub type Name = Text<NAME_BYTES_MAX>;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Entry {
    /// Work began.
    Opened {
        /// On this.
        job: JobId,
        /// By this agent.
        agent: Address,
        /// With this service.
        service: B256,
        /// Whose code was this.
        code_hash: B256,
        /// A word that nobody else can guess.
        blind: B256,
    },
    /// The output of a node before was taken in.
    Input {
        /// Which node.
        node: u16,
        /// Its output's hash on chain.
        output_hash: B256,
    },
    /// A tool was called.
    Tool {
        /// Which.
        name: Name,
        /// keccak256 of what went in.
        input: B256,
        /// keccak256 of what came out.
        output: B256,
        /// When, unix milliseconds of the executor's clock.
        at_ms: u64,
    },
    /// Something was said to an agent or a model, or by one.
    Message {
        /// By whom.
        from: Name,
        /// To whom.
        to: Name,
        /// keccak256 of it.
        content: B256,
        /// LLM tokens that it took.
        tokens: u32,
        /// When, unix milliseconds of the executor's clock.
        at_ms: u64,
    },
    /// Work ended with this.
    Output {
        /// keccak256 of the output.
        content: B256,
    },
}

impl Entry {
    /// How work on a job opens.
    pub const fn opened(request: &JobRequest, blind: B256) -> Self {
        Self::Opened {
            job: request.job,
            agent: request.agent,
            service: request.service,
            code_hash: request.code_hash,
            blind,
        }
    }

    /// How an input is taken in.
    pub const fn input(input: &Input) -> Self {
        Self::Input {
            node: input.node,
            output_hash: input.output_hash,
        }
    }

    /// The bytes that a leaf is made of.
    pub fn encode(&self) -> Vec<u8> {
        let number = |value: u64| B256::from(U256::from(value));
        let (kind, words) = match self {
            Self::Opened {
                job,
                agent,
                service,
                code_hash,
                blind,
            } => (
                1,
                vec![
                    job.mission,
                    number(job.node.into()),
                    number(job.attempt.into()),
                    number(job.seat.get().into()),
                    agent.into_word(),
                    *service,
                    *code_hash,
                    *blind,
                ],
            ),
            Self::Input { node, output_hash } => (2, vec![number((*node).into()), *output_hash]),
            Self::Tool {
                name,
                input,
                output,
                at_ms,
            } => (
                3,
                vec![keccak256(name.as_str()), *input, *output, number(*at_ms)],
            ),
            Self::Message {
                from,
                to,
                content,
                tokens,
                at_ms,
            } => (
                4,
                vec![
                    keccak256(from.as_str()),
                    keccak256(to.as_str()),
                    *content,
                    number((*tokens).into()),
                    number(*at_ms),
                ],
            ),
            Self::Output { content } => (5, vec![*content]),
        };
        let mut bytes = vec![kind];
        bytes.extend(words.iter().flat_map(|word| word.0));
        bytes
    }
}

/// Entries in their order, at most [`ENTRIES_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Trail(Vec<Entry>);

impl<'de> Deserialize<'de> for Trail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Why entries are not the trail of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrailError {
    /// Too many.
    #[error("{0} entries, at most {ENTRIES_MAX} are taken")]
    Long(usize),
    /// It does not open with the job, its agent, its service and its code.
    #[error("it does not open with the job that was asked for")]
    Opening,
    /// The inputs are not those that were handed out, right behind the opening.
    #[error("its inputs are not those that were handed out")]
    Inputs,
    /// It does not end with the output, or an output stands within it.
    #[error("it does not end with the output")]
    Output,
    /// Tokens beyond what 32 bits hold.
    #[error("it counts more tokens than there can be")]
    Tokens,
}

impl Trail {
    /// Errors: [`TrailError::Long`], [`TrailError::Tokens`].
    pub fn new(entries: Vec<Entry>) -> Result<Self, TrailError> {
        if entries.len() > ENTRIES_MAX {
            return Err(TrailError::Long(entries.len()));
        }
        let mut tokens = entries.iter().map(Entry::tokens);
        let sum = tokens.try_fold(0u32, |sum, tokens| sum.checked_add(tokens));
        sum.ok_or(TrailError::Tokens)?;
        Ok(Self(entries))
    }

    /// Adds what happened.
    ///
    /// Errors: [`TrailError::Long`], [`TrailError::Tokens`]; nothing is added then.
    pub fn push(&mut self, entry: Entry) -> Result<(), TrailError> {
        if self.0.len() >= ENTRIES_MAX {
            return Err(TrailError::Long(ENTRIES_MAX + 1));
        }
        let sum = self.usage().tokens.checked_add(entry.tokens());
        sum.ok_or(TrailError::Tokens)?;
        self.0.push(entry);
        Ok(())
    }

    /// What happened, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The root of the tree over it; of nothing, the hash of nothing.
    pub fn root(&self) -> B256 {
        let leaves: Vec<B256> = self.0.iter().map(|entry| leaf(&entry.encode())).collect();
        root(&leaves)
    }

    /// What it counts (RULINGS K13).
    pub fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        for entry in &self.0 {
            match entry {
                Entry::Tool { .. } => usage.tool_calls += 1,
                Entry::Message { tokens, .. } => {
                    usage.messages += 1;
                    // The sum fits: that is asked of every entry that comes in.
                    usage.tokens = usage.tokens.saturating_add(*tokens);
                }
                Entry::Opened { .. } | Entry::Input { .. } | Entry::Output { .. } => {}
            }
        }
        usage
    }

    /// Whether it is the whole trail of a job that put this out.
    ///
    /// Errors: `Opening`, `Inputs`, `Output`.
    pub fn check(&self, request: &JobRequest, output: &[u8]) -> Result<(), TrailError> {
        let Some((first, rest)) = self.0.split_first() else {
            return Err(TrailError::Opening);
        };
        match first {
            Entry::Opened { blind, .. } if *first == Entry::opened(request, *blind) => {}
            _ => return Err(TrailError::Opening),
        }
        let inputs = request.inputs.iter().map(Entry::input);
        let is_input = |entry: &&Entry| matches!(entry, Entry::Input { .. });
        let (taken, rest) = rest.split_at(rest.iter().take_while(is_input).count());
        if !inputs.eq(taken.iter().cloned()) {
            return Err(TrailError::Inputs);
        }
        let Some((last, rest)) = rest.split_last() else {
            return Err(TrailError::Output);
        };
        let content = keccak256(output);
        if *last != (Entry::Output { content }) {
            return Err(TrailError::Output);
        }
        for entry in rest {
            match entry {
                Entry::Tool { .. } | Entry::Message { .. } => {}
                Entry::Opened { .. } => return Err(TrailError::Opening),
                Entry::Input { .. } => return Err(TrailError::Inputs),
                Entry::Output { .. } => return Err(TrailError::Output),
            }
        }
        Ok(())
    }
}

impl Entry {
    const fn tokens(&self) -> u32 {
        match self {
            Self::Message { tokens, .. } => *tokens,
            Self::Opened { .. } | Self::Input { .. } | Self::Tool { .. } | Self::Output { .. } => 0,
        }
    }
}

fn leaf(entry: &[u8]) -> B256 {
    keccak256([&[0], entry].concat())
}

fn root(leaves: &[B256]) -> B256 {
    match leaves {
        [] => keccak256([]),
        [only] => *only,
        _ => {
            // The greatest power of two below the count: where RFC 6962 splits a tree.
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() >> 1);
            keccak256([&[1], root(left).as_slice(), root(right).as_slice()].concat())
        }
    }
}

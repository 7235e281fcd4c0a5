//! Scorers: from a text to a vector.
//!
//! | scorer | looks at | is blind to |
//! |---|---|---|
//! | [`Letters`] | which letters follow each other | everything that is not a letter: lengths of words, marks, figures, lines, capitals |
//! | [`Shape`] | lengths of words, capitals, marks, figures, lines, and how they follow each other | which letters there are |
//! | [`Hosted`] | whatever a model learnt | |
//!
//! The first two read disjoint parts of a text, so what makes one err does not reach the other: new vocabulary does not change the
//! shape, and a table in place of a paragraph does not change the letters' succession
//! ([why](../../../../docs/adr/0015-how-monitors-score.md)).

use std::{fmt, future::Future};

use alloy_primitives::{B256, keccak256};

use crate::vector::{Vector, VectorError};

mod features;
mod hosted;
mod letters;
mod shape;

pub use hosted::{Hosted, HostedConfig, HostedError};
pub use letters::Letters;
pub use shape::Shape;

/// Longest text that is scored, in bytes: twice the largest output that a keeper takes, so nothing escapes by its length.
pub const TEXT_BYTES_MAX: usize = 16 << 20;

/// A scorer's name with everything that decides its vectors: kind, model, version, dimension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScorerId(String);

impl ScorerId {
    pub(crate) const fn new(name: String) -> Self {
        Self(name)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// What a monitor bonds with and the panel approves on chain (`IRoster.bondMonitor`): the hash of the name. Another
    /// model or version is another scorer, which needs another approval and another calibration.
    pub fn hash(&self) -> B256 {
        keccak256(&self.0)
    }
}

impl fmt::Display for ScorerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why there is no vector.
#[derive(Debug, thiserror::Error)]
pub enum ScorerError {
    /// The text is too long.
    #[error("a text of {0} bytes, but it takes at most {TEXT_BYTES_MAX}")]
    TooLong(usize),
    /// The hosted model gave none.
    #[error(transparent)]
    Hosted(#[from] HostedError),
    /// What it gave is none.
    #[error(transparent)]
    Vector(#[from] VectorError),
}

/// From a text to a vector.
pub trait Scorer: fmt::Debug + Send + Sync {
    /// Its name.
    fn id(&self) -> &ScorerId;

    /// The vector of a text; of the same text, if the scorer is built in, on every machine the same.
    ///
    /// Errors: [`ScorerError`].
    fn vector(&self, text: &str) -> impl Future<Output = Result<Vector, ScorerError>> + Send;
}

/// Any of them, as a configuration names it.
#[derive(Debug)]
pub enum AnyScorer {
    /// Built in.
    Letters(Letters),
    /// Built in.
    Shape(Shape),
    /// A model behind HTTP.
    Hosted(Box<Hosted>),
}

impl Scorer for AnyScorer {
    fn id(&self) -> &ScorerId {
        match self {
            Self::Letters(scorer) => scorer.id(),
            Self::Shape(scorer) => scorer.id(),
            Self::Hosted(scorer) => scorer.id(),
        }
    }

    async fn vector(&self, text: &str) -> Result<Vector, ScorerError> {
        match self {
            Self::Letters(scorer) => scorer.vector(text).await,
            Self::Shape(scorer) => scorer.vector(text).await,
            Self::Hosted(scorer) => scorer.vector(text).await,
        }
    }
}

pub(crate) const fn bounded(text: &str) -> Result<(), ScorerError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(ScorerError::TooLong(text.len()));
    }
    Ok(())
}

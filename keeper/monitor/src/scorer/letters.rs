//! Which letters follow each other, and nothing else of a text.

use super::{
    Scorer, ScorerError, ScorerId, bounded,
    features::{Features, hash},
};
use crate::vector::Vector;

/// Components.
const DIMENSION: usize = 512;
/// Lengths of the sequences that are counted: three to five letters hold stems and endings of most languages that write with letters.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=5;

/// Counts sequences of letters, run together: spaces, marks, figures and capitals are dropped before.
///
/// A letter is an ASCII letter, or any byte beyond ASCII: so no table of characters, whose edition would decide vectors, is asked.
#[derive(Clone, Debug)]
pub struct Letters {
    id: ScorerId,
}

impl Default for Letters {
    fn default() -> Self {
        let id = ScorerId::new(format!("agentcity/letters/1/{DIMENSION}"));
        Self { id }
    }
}

impl Letters {
    /// The vector, at once.
    ///
    /// Errors: [`ScorerError::TooLong`].
    pub fn score(&self, text: &str) -> Result<Vector, ScorerError> {
        bounded(text)?;
        let letters: Vec<u8> = text
            .bytes()
            .filter(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
            .map(|byte| byte.to_ascii_lowercase())
            .collect();
        let mut features = Features::default();
        for length in LENGTHS {
            for sequence in letters.windows(length) {
                features.note(hash(length as u8, sequence.iter().copied()));
            }
        }
        Ok(features.vector::<DIMENSION>())
    }
}

impl Scorer for Letters {
    fn id(&self) -> &ScorerId {
        &self.id
    }

    async fn vector(&self, text: &str) -> Result<Vector, ScorerError> {
        self.score(text)
    }
}

//! How a topic is told: three models of three families, each with features and data of its own, all of them asked in whole numbers.
//!
//! | model | family | features |
//! |---|---|---|
//! | A | multinomial naive Bayes | stems of words, and pairs of neighbouring ones |
//! | B | multinomial logistic regression | strings of three to five characters within words, hashed into buckets |
//! | C | nearest centroid of tf-idf vectors | strings of four characters within words |
//!
//! Trained, each is the same thing: a weight in 16 bits for each feature and topic. A topic's score is the sum over a text's features of
//! `damp(count) · weight`, in 64 bits; the topic with the greatest score is told, of equal ones the first. No float is involved, so the
//! same text has the same topic on every machine.

pub mod features;

use std::collections::BTreeMap;

pub use self::features::Features;

/// What pages are about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Topic {
    /// Programs, machines that run them, networks.
    Computing,
    /// Arts, books, stages, museums.
    Culture,
    /// Money, work, trade, firms.
    Economy,
    /// Illness, medicine, care.
    Health,
    /// Animals, plants, landscapes, climate.
    Nature,
    /// Contests of bodies and games.
    Sport,
}

impl Topic {
    /// All, in the order of their numbers.
    pub const ALL: [Self; TOPICS] = [
        Self::Computing,
        Self::Culture,
        Self::Economy,
        Self::Health,
        Self::Nature,
        Self::Sport,
    ];

    /// As outputs name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Computing => "computing",
            Self::Culture => "culture",
            Self::Economy => "economy",
            Self::Health => "health",
            Self::Nature => "nature",
            Self::Sport => "sport",
        }
    }
}

/// How many topics there are.
pub const TOPICS: usize = 6; // structural: of the enum above

/// Weights of one feature, a topic each.
pub type Weights = [i16; TOPICS];
/// Scores of a text, a topic each.
pub type Scores = [i64; TOPICS];

/// Which of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    /// Naive Bayes.
    A,
    /// Logistic regression.
    B,
    /// Nearest centroid.
    C,
}

impl Which {
    /// All.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    /// Its family, in words.
    pub const fn family(self) -> &'static str {
        match self {
            Self::A => "multinomial naive Bayes over stems and pairs of them",
            Self::B => "logistic regression over hashed strings of 3 to 5 characters",
            Self::C => "nearest centroid over tf-idf of strings of 4 characters",
        }
    }

    /// Its number in files, and which third of the data is its own.
    pub const fn number(self) -> u8 {
        match self {
            Self::A => 0,
            Self::B => 1,
            Self::C => 2,
        }
    }
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

/// What the bytes of a model begin with.
const MAGIC: [u8; 4] = *b"ACPM";
/// The form of those bytes.
const FORM: u8 = 1;
/// Bytes before the weights: magic, form, model, topics, nothing, features.
const HEAD: usize = 12; // structural: of the form
/// Bytes of a feature with its weights.
const ROW: usize = 4 + 2 * TOPICS; // structural: of the form

/// A trained model.
#[derive(Clone, PartialEq, Eq)]
pub struct Model {
    which: Which,
    weights: BTreeMap<u32, Weights>,
}

/// Bytes that are no model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Other bytes.
    #[error("these bytes are no model of form {FORM}")]
    Form,
    /// Bytes of another model.
    #[error("this is another model than {0}")]
    Other(Which),
    /// More or fewer bytes than the head says.
    #[error("a model of {features} features has not {bytes} bytes")]
    Length {
        /// As the head says.
        features: u32,
        /// As there are.
        bytes: usize,
    },
    /// Features that do not ascend.
    #[error("feature {0} does not stand behind lesser ones")]
    Order(u32),
}

/// What a model says of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// What it is about.
    pub topic: Topic,
    /// How far the score of that topic is from the next one's, in thousandths of its distance from the last one's. Nothing: it could as
    /// well be another. It is no probability, and those of different models are not of one kind.
    pub margin_permille: u16,
    /// What that follows from.
    pub scores: Scores,
}

impl Model {
    /// Of weights that training found.
    pub const fn new(which: Which, weights: BTreeMap<u32, Weights>) -> Self {
        Self { which, weights }
    }

    /// Which it is.
    pub const fn which(&self) -> Which {
        self.which
    }

    /// How many features have weights.
    pub fn features(&self) -> usize {
        self.weights.len()
    }

    /// Reads a model.
    ///
    /// Errors: [`ModelError`].
    pub fn read(which: Which, bytes: &[u8]) -> Result<Self, ModelError> {
        let (head, mut rows) = bytes.split_at_checked(HEAD).ok_or(ModelError::Form)?;
        let [a, b, c, d, form, number, topics, nothing, features @ ..] = head else {
            return Err(ModelError::Form);
        };
        let is_form = (*form, usize::from(*topics), *nothing) == (FORM, TOPICS, 0);
        if [*a, *b, *c, *d] != MAGIC || !is_form {
            return Err(ModelError::Form);
        }
        if *number != which.number() {
            return Err(ModelError::Other(which));
        }
        let features = u32::from_be_bytes(features.try_into().map_err(|_| ModelError::Form)?);
        if rows.len() != (features as usize).saturating_mul(ROW) {
            let bytes = bytes.len();
            return Err(ModelError::Length { features, bytes });
        }
        let (mut weights, mut last) = (BTreeMap::new(), None);
        while let Some((row, rest)) = rows.split_first_chunk::<ROW>() {
            let (key, values) = row.split_at(4);
            let key = u32::from_be_bytes(key.try_into().map_err(|_| ModelError::Form)?);
            if last.is_some_and(|last| last >= key) {
                return Err(ModelError::Order(key));
            }
            let mut of_key = [0; TOPICS];
            for (weight, bytes) in of_key.iter_mut().zip(values.chunks_exact(2)) {
                *weight = i16::from_be_bytes([bytes[0], bytes[1]]);
            }
            weights.insert(key, of_key);
            (last, rows) = (Some(key), rest);
        }
        Ok(Self { which, weights })
    }

    /// Its bytes: what its service's code hash is of. One model has one form.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + self.weights.len() * ROW);
        bytes.extend(MAGIC);
        bytes.extend([FORM, self.which.number(), TOPICS as u8, 0]);
        bytes.extend((self.weights.len() as u32).to_be_bytes());
        for (key, weights) in &self.weights {
            bytes.extend(key.to_be_bytes());
            for weight in weights {
                bytes.extend(weight.to_be_bytes());
            }
        }
        bytes
    }

    /// What it says of a text; of a text none of whose features it knows, the first topic with no margin.
    pub fn judge(&self, text: &str) -> Opinion {
        let mut scores: Scores = [0; TOPICS];
        for (feature, count) in Features::of(self.which, text).iter() {
            let Some(weights) = self.weights.get(&feature) else {
                continue;
            };
            let damped = i64::from(features::damp(count));
            for (score, weight) in scores.iter_mut().zip(weights) {
                // structural: at most 2^8 · 2^15 for each of fewer than 2^32 features.
                *score += damped * i64::from(*weight);
            }
        }
        Opinion::of(scores)
    }
}

impl Opinion {
    fn of(scores: Scores) -> Self {
        let mut order: Vec<usize> = (0..TOPICS).collect();
        // Of equal scores the first topic's counts.
        order.sort_by_key(|place| (std::cmp::Reverse(scores[*place]), *place));
        let at = |rank: usize| scores[order[rank]];
        let (ahead, all) = (at(0) - at(1), at(0) - at(TOPICS - 1));
        let margin = if all == 0 { 0 } else { 1000 * ahead / all };
        Self {
            topic: Topic::ALL[order[0]],
            margin_permille: margin as u16,
            scores,
        }
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("which", &self.which)
            .field("features", &self.weights.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_reads_back_and_other_bytes_are_none() {
        let weights = [(7, [1, -2, 3, -4, 5, i16::MIN]), (9, [0; TOPICS])];
        let model = Model::new(Which::B, weights.into());
        let bytes = model.write();
        assert_eq!(Model::read(Which::B, &bytes), Ok(model));
        assert_eq!(
            Model::read(Which::A, &bytes),
            Err(ModelError::Other(Which::A))
        );
        assert_eq!(Model::read(Which::B, &bytes[..11]), Err(ModelError::Form));
        let short = Model::read(Which::B, &bytes[..bytes.len() - 1]);
        assert!(matches!(short, Err(ModelError::Length { features: 2, .. })));
        let mut twisted = bytes.clone();
        twisted[HEAD + ROW + 3] = 7;
        assert_eq!(Model::read(Which::B, &twisted), Err(ModelError::Order(7)));
        let mut other = bytes;
        other[4] = 2;
        assert_eq!(Model::read(Which::B, &other), Err(ModelError::Form));
    }

    #[test]
    fn the_greatest_score_is_told_and_how_far_it_is_ahead() {
        let opinion = Opinion::of([0, 30, 10, 40, -60, 30]);
        assert_eq!(
            (opinion.topic, opinion.margin_permille),
            (Topic::Health, 100)
        );
        let even = Opinion::of([0; TOPICS]);
        assert_eq!((even.topic, even.margin_permille), (Topic::Computing, 0));
    }
}

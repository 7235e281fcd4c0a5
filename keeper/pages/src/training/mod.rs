//! Where models come from: paragraphs that were written for it (`data/`), divided into three parts that no two models share.
//!
//! Nothing here depends on time, threads or the machine: sums have an order, functions are those of `libm`, chance is a number. The same
//! paragraphs give the same bytes.

mod bayes;
mod centroid;
mod evaluation;
mod logistic;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

pub use self::evaluation::{Evaluation, Score};
use crate::model::{Model, TOPICS, Topic, Weights, Which};

/// Weight of the largest, in quantised units.
const WEIGHT_MAX: f64 = 32_767.0; // structural: of 16 bits

/// A paragraph with its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What it is about.
    pub topic: Topic,
    /// What it says.
    pub text: String,
}

/// Data that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It cannot be read.
    #[error("{}: {cause}; run this in the root of the repository, or name it with --root", path.display())]
    Unread {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Too little to learn from.
    #[error("{} has {found} paragraphs, at least {wanted} are wanted", path.display())]
    TooFew {
        /// Which file.
        path: PathBuf,
        /// How many it has.
        found: usize,
        /// How many it should have.
        wanted: usize,
    },
}

/// Fewest paragraphs of one topic to learn from: ten for each model.
const PARAGRAPHS_MIN: usize = 30; // structural: below it there is nothing to measure

/// The paragraphs of a folder: a file for each topic, a line for each paragraph.
///
/// Errors: [`DataError`].
pub fn read(folder: &Path) -> Result<Vec<Example>, DataError> {
    let mut examples = Vec::new();
    for topic in Topic::ALL {
        let path = folder.join(topic.name()).with_extension("txt");
        let text = fs::read_to_string(&path);
        let text = text.map_err(|cause| DataError::Unread {
            path: path.clone(),
            cause,
        })?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let text = |line: &str| Example {
            topic,
            text: line.to_owned(),
        };
        examples.extend(lines.map(text));
    }
    Ok(examples)
}

/// The paragraphs to learn from, of the repository that `root` is the root of.
///
/// Errors: [`DataError`].
pub fn lessons(root: &Path) -> Result<Vec<Example>, DataError> {
    let folder = root.join("keeper/pages/data/train");
    let examples = read(&folder)?;
    for topic in Topic::ALL {
        let found = examples
            .iter()
            .filter(|example| example.topic == topic)
            .count();
        if found < PARAGRAPHS_MIN {
            return Err(DataError::TooFew {
                path: folder.join(topic.name()),
                found,
                wanted: PARAGRAPHS_MIN,
            });
        }
    }
    Ok(examples)
}

/// The paragraphs that no model has seen.
///
/// Errors: [`DataError`].
pub fn held_out(root: &Path) -> Result<Vec<Example>, DataError> {
    read(&root.join("keeper/pages/data/held-out"))
}

/// The part of the paragraphs that is a model's own: of each topic every third.
pub fn part(which: Which, examples: &[Example]) -> Vec<&Example> {
    let mut met = [0usize; TOPICS];
    let mut is_own = |example: &&Example| {
        let count = &mut met[example.topic as usize];
        *count += 1;
        (*count - 1) % Which::ALL.len() == usize::from(which.number())
    };
    examples.iter().filter(|example| is_own(example)).collect()
}

/// Trains a model on its own part of the paragraphs.
pub fn train(which: Which, examples: &[Example]) -> Model {
    let own = part(which, examples);
    let weights = match which {
        Which::A => bayes::train(&own),
        Which::B => logistic::train(&own),
        Which::C => centroid::train(&own),
    };
    Model::new(which, quantised(&weights))
}

/// Weights in 16 bits: the largest becomes the largest there is. Features that weigh nothing are left out.
fn quantised(weights: &BTreeMap<u32, [f64; TOPICS]>) -> BTreeMap<u32, Weights> {
    let all = weights.values().flatten();
    let largest = all.fold(0.0f64, |most, weight| most.max(weight.abs()));
    let unit = if largest > 0.0 {
        WEIGHT_MAX / largest
    } else {
        0.0
    };
    let quantised = weights.iter().map(|(feature, weights)| {
        let weights = weights.map(|weight| libm::round(weight * unit) as i16);
        (*feature, weights)
    });
    quantised
        .filter(|(_, weights)| *weights != [0; TOPICS])
        .collect()
}

/// In how many of the texts each feature occurs.
fn spread(texts: &[Vec<(u32, f64)>]) -> BTreeMap<u32, u32> {
    let mut spread = BTreeMap::new();
    for (feature, _) in texts.iter().flatten() {
        *spread.entry(*feature).or_default() += 1;
    }
    spread
}

/// How much a feature tells that occurs in `within` of `all` texts.
fn rarity(within: u32, all: usize) -> f64 {
    libm::log((1.0 + all as f64) / (1.0 + f64::from(within))) + 1.0
}

/// What a model looks at in a text, damped as it is when it is asked.
fn damped(which: Which, text: &str) -> Vec<(u32, f64)> {
    let features = crate::model::Features::of(which, text);
    let damp = |count| f64::from(crate::model::features::damp(count)) / 64.0; // structural: its unit
    features
        .iter()
        .map(|(feature, count)| (feature, damp(count)))
        .collect()
}

/// A vector of length one, of what stands in the same direction.
fn unit(vector: &mut [(u32, f64)]) {
    let square: f64 = vector.iter().map(|(_, value)| value * value).sum();
    if square > 0.0 {
        let length = square.sqrt();
        for (_, value) in vector {
            *value /= length;
        }
    }
}

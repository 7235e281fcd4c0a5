//! Model A: multinomial naive Bayes. How likely a feature is under each topic, by counting.

use std::collections::{BTreeMap, BTreeSet};

use super::{Example, damped, spread};
use crate::model::{TOPICS, Which, features::numbers_of_stems};

/// What is added to each count, so that what was never seen is unlikely and not impossible.
const SMOOTHING: f64 = 0.2; // structural: of the model
/// In how many paragraphs a pair must occur to be a feature. Single words need not.
const PAIR_MIN: u32 = 2; // structural: of the model

pub(super) fn train(examples: &[&Example]) -> BTreeMap<u32, [f64; TOPICS]> {
    let texts: Vec<_> = examples
        .iter()
        .map(|example| damped(Which::A, &example.text))
        .collect();
    let spread = spread(&texts);
    let singles: BTreeSet<u32> = examples
        .iter()
        .flat_map(|example| numbers_of_stems(&example.text))
        .collect();
    let mut counts: BTreeMap<u32, [f64; TOPICS]> = BTreeMap::new();
    for (example, text) in examples.iter().zip(&texts) {
        for (feature, count) in text {
            if singles.contains(feature) || spread[feature] >= PAIR_MIN {
                counts.entry(*feature).or_default()[example.topic as usize] += count;
            }
        }
    }
    let mut totals = [SMOOTHING * counts.len() as f64; TOPICS];
    for of_feature in counts.values() {
        for (total, count) in totals.iter_mut().zip(of_feature) {
            *total += count;
        }
    }
    let likely = |counts: [f64; TOPICS]| {
        let mut logs = [0.0; TOPICS];
        for place in 0..TOPICS {
            logs[place] = libm::log((counts[place] + SMOOTHING) / totals[place]);
        }
        // What all topics share changes no comparison, and takes room in 16 bits.
        let mean = logs.iter().sum::<f64>() / TOPICS as f64;
        logs.map(|log| log - mean)
    };
    counts
        .into_iter()
        .map(|(feature, counts)| (feature, likely(counts)))
        .collect()
}

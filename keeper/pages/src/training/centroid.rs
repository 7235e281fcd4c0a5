//! Model C: nearest centroid. Where the paragraphs of a topic lie in the middle.

use std::collections::BTreeMap;

use super::{Example, damped, rarity, spread, unit};
use crate::model::{TOPICS, Which};

pub(super) fn train(examples: &[&Example]) -> BTreeMap<u32, [f64; TOPICS]> {
    let mut texts: Vec<_> = examples
        .iter()
        .map(|example| damped(Which::C, &example.text))
        .collect();
    let spread = spread(&texts);
    let rare = |feature: u32| rarity(spread.get(&feature).copied().unwrap_or(0), examples.len());
    let mut sums: BTreeMap<u32, [f64; TOPICS]> = BTreeMap::new();
    for (example, text) in examples.iter().zip(&mut texts) {
        for (feature, value) in &mut *text {
            *value *= rare(*feature);
        }
        unit(text);
        for (feature, value) in text {
            sums.entry(*feature).or_default()[example.topic as usize] += *value;
        }
    }
    let mut lengths = [0.0f64; TOPICS];
    for of_feature in sums.values() {
        for (length, value) in lengths.iter_mut().zip(of_feature) {
            *length += value * value;
        }
    }
    let lengths = lengths.map(f64::sqrt);
    let weigh = |(feature, mut values): (u32, [f64; TOPICS])| {
        for (value, length) in values.iter_mut().zip(lengths) {
            // A centroid of no paragraph has no direction.
            *value = if length > 0.0 {
                *value / length * rare(feature)
            } else {
                0.0
            };
        }
        (feature, values)
    };
    sums.into_iter().map(weigh).collect()
}

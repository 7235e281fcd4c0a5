//! Model B: multinomial logistic regression by stochastic gradient descent. Weights move until the right topic is likely.

use std::collections::BTreeMap;

use super::{Example, damped, rarity, spread, unit};
use crate::model::{TOPICS, Which, features::BUCKETS};

/// How often all paragraphs are gone through.
const ROUNDS: u32 = 60; // structural: of the model
/// How far a step goes at first.
const STEP: f64 = 4.0; // structural: of the model
/// By how much steps become shorter each round.
const CALMING: f64 = 0.1; // structural: of the model
/// How much each step takes off all weights that it touches.
const DECAY: f64 = 1e-5; // structural: of the model
/// Where chance begins.
const SEED: u64 = 0x5eed; // structural: any number

pub(super) fn train(examples: &[&Example]) -> BTreeMap<u32, [f64; TOPICS]> {
    let mut texts: Vec<_> = examples
        .iter()
        .map(|example| damped(Which::B, &example.text))
        .collect();
    let spread = spread(&texts);
    let rare = |feature: u32| rarity(spread.get(&feature).copied().unwrap_or(0), examples.len());
    for text in &mut texts {
        for (feature, value) in &mut *text {
            *value *= rare(*feature);
        }
        unit(text);
    }
    let mut weights = vec![[0.0; TOPICS]; BUCKETS as usize];
    let mut order: Vec<usize> = (0..texts.len()).collect();
    let mut chance = SEED;
    for round in 0..ROUNDS {
        shuffle(&mut order, &mut chance);
        let step = STEP / (1.0 + CALMING * f64::from(round));
        for place in &order {
            learn(
                &mut weights,
                &texts[*place],
                examples[*place].topic as usize,
                step,
            );
        }
    }
    // Rarity belongs to the feature, so it is put into the weights: whoever asks the model need not know it.
    let of_bucket = |(bucket, weights): (usize, [f64; TOPICS])| {
        let bucket = bucket as u32;
        (bucket, weights.map(|weight| weight * rare(bucket)))
    };
    weights.into_iter().enumerate().map(of_bucket).collect()
}

/// One step towards the topic that a text has.
fn learn(weights: &mut [[f64; TOPICS]], text: &[(u32, f64)], topic: usize, step: f64) {
    let mut scores = [0.0; TOPICS];
    for (feature, value) in text {
        for (score, weight) in scores.iter_mut().zip(&weights[*feature as usize]) {
            *score += weight * value;
        }
    }
    let greatest = scores.iter().fold(f64::MIN, |most, score| most.max(*score));
    let likely = scores.map(|score| libm::exp(score - greatest));
    let all: f64 = likely.iter().sum();
    for (place, likely) in likely.iter().enumerate() {
        let wanted = f64::from(u8::from(place == topic));
        let slope = step * (likely / all - wanted);
        for (feature, value) in text {
            let weight = &mut weights[*feature as usize][place];
            *weight -= slope * value + step * DECAY * *weight;
        }
    }
}

/// Fisher and Yates, with splitmix64.
fn shuffle(order: &mut [usize], chance: &mut u64) {
    for last in (1..order.len()).rev() {
        // structural: constants of the generator.
        *chance = chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = *chance;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        order.swap(last, (word % (last as u64 + 1)) as usize);
    }
}

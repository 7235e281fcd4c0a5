//! An agent compared with itself: its last outputs, and how far they lie from each other.
//!
//! ```text
//!        d − m                d   distance of the output to the mean of the window
//!  z = ───────────            m   mean distance of an output in the window to the mean of the others
//!      s · √(1 + 1/n)         s   their standard deviation
//! ```
//!
//! The seed divides `d` by `σ` without taking its mean off, so its threshold has no rate of false alarms; z is centred (RESOLUTIONS
//! G-12). Each output of the window is measured against the others, as the new one is against all, so both are distances of
//! something that is not in the mean. The root is what a new value of a sample of `n` spreads more than the sample itself.

use std::collections::VecDeque;

use agentcity_domain::parameter::ParameterId;
use serde::{Deserialize, Serialize};

use crate::{
    normal::{billionths, kept, moments},
    vector::{OtherDimension, Sum, Vector},
};

/// Least spread of a window, as a share of the population's: who handed in five times the same is no deviant with the sixth, a little
/// different output.
const SPREAD_MIN: f64 = 0.25;

/// How long windows are, as the city has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lengths {
    /// How many of an agent's last completed outputs are remembered: `scoreWindow` (seed B.11).
    pub most: u32,
    /// With fewer, the agent is compared with all agents of the calibration: `scoreWindowMin` (seed B.11; RESOLUTIONS G-12).
    pub least: u32,
}

/// How far outputs of all agents of a calibration lie from their common mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Sum of their vectors.
    pub sum: Sum,
    /// How many they are.
    pub count: usize,
    /// Mean of their distances.
    #[serde(with = "billionths")]
    pub mean: f64,
    /// Standard deviation of their distances: greater than nought.
    #[serde(with = "billionths")]
    pub deviation: f64,
}

/// By what an output was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Basis {
    /// The agent's own last outputs, so many.
    Own(usize),
    /// All agents' of the calibration, since the agent has too few.
    Population,
}

/// How far an output lies from what is usual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Centred, in standard deviations.
    pub z: f64,
    /// Distance to the mean.
    pub distance: f64,
    /// Of what.
    pub basis: Basis,
}

/// The last completed outputs of one agent, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    lengths: Lengths,
    outputs: VecDeque<Vector>,
}

impl Lengths {
    /// Whether a city could have them: each within its parameter's range, and no window too short to speak for its agent.
    pub fn is_possible(self) -> bool {
        let within = |id: ParameterId, given| (id.row().min..=id.row().max).contains(&given);
        within(ParameterId::ScoreWindow, self.most)
            && within(ParameterId::ScoreWindowMin, self.least)
            && self.least <= self.most
    }
}

/// As cities begin.
impl Default for Lengths {
    fn default() -> Self {
        Self {
            most: ParameterId::ScoreWindow.row().default,
            least: ParameterId::ScoreWindowMin.row().default,
        }
    }
}

impl Window {
    /// An empty one.
    pub fn new(lengths: Lengths) -> Self {
        Self {
            lengths,
            outputs: VecDeque::new(),
        }
    }

    /// Takes a completed output in; the oldest of more than [`Lengths::most`] goes. What was frozen or refused is not taken in, or an
    /// agent could move its window to where it wants to be.
    ///
    /// Errors: [`OtherDimension`].
    pub fn push(&mut self, vector: Vector) -> Result<(), OtherDimension> {
        if let Some(first) = self.outputs.front()
            && first.dimension() != vector.dimension()
        {
            return Err(OtherDimension {
                found: vector.dimension(),
                expected: first.dimension(),
            });
        }
        if self.outputs.len() >= self.lengths.most as usize {
            self.outputs.pop_front();
        }
        self.outputs.push_back(vector);
        Ok(())
    }

    /// How many outputs it holds.
    pub fn len(&self) -> usize {
        self.outputs.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty()
    }

    /// How far `vector` lies from the window, or from the population for a newcomer.
    ///
    /// Errors: [`OtherDimension`].
    pub fn score(&self, vector: &Vector, population: &Population) -> Result<Score, OtherDimension> {
        let n = self.outputs.len();
        if n < self.lengths.least as usize {
            return population.score(vector);
        }
        let mut sum = Sum::new(population.sum.dimension());
        for known in &self.outputs {
            sum.add(known)?;
        }
        let others = self
            .outputs
            .iter()
            .map(|known| sum.without(known)?.distance(known));
        let distances: Vec<f64> = others.collect::<Result<_, _>>()?;
        let (mean, spread) = moments(&distances).unwrap_or_default();
        let spread = spread.max(population.deviation * SPREAD_MIN);
        let distance = sum.distance(vector)?;
        let z = (distance - mean) / (spread * (1.0 + 1.0 / n as f64).sqrt());
        Ok(Score {
            z,
            distance,
            basis: Basis::Own(n),
        })
    }
}

impl Population {
    /// Of these outputs; `None` for fewer than two, or where all lie equally far: nothing could be told from them.
    ///
    /// Errors: [`OtherDimension`].
    pub fn of(vectors: &[Vector]) -> Result<Option<Self>, OtherDimension> {
        let Some(first) = vectors.first() else {
            return Ok(None);
        };
        let mut sum = Sum::new(first.dimension());
        for vector in vectors {
            sum.add(vector)?;
        }
        let others = vectors.iter().map(|one| sum.without(one)?.distance(one));
        let distances: Vec<f64> = others.collect::<Result<_, _>>()?;
        let known = moments(&distances).map(|(mean, deviation)| (kept(mean), kept(deviation)));
        let known = known.filter(|(_, deviation)| *deviation > 0.0);
        Ok(known.map(|(mean, deviation)| Self {
            sum,
            count: vectors.len(),
            mean,
            deviation,
        }))
    }

    /// How far `vector` lies from it.
    ///
    /// Errors: [`OtherDimension`].
    pub fn score(&self, vector: &Vector) -> Result<Score, OtherDimension> {
        let distance = self.sum.distance(vector)?;
        Ok(Score {
            z: (distance - self.mean) / self.deviation,
            distance,
            basis: Basis::Population,
        })
    }
}

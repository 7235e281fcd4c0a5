//! What a scorer's distances are worth: taken from traces of honest agents, held against others of them, and against deviants.
//!
//! Agents are divided by turns, in the order in which they first occur: the odd ones are **fitted**, the even ones are **held out**. From
//! the fitted come the population and the distribution of z; from the held out the rate of false alarms, as agents whom the
//! calibration never saw would suffer it; from the deviating traces, which nobody is fitted to, the rate of misses (seed B.11, Calibration
//! Requirements (i) to (iii)).
//!
//! Where normality is refused, σ means no rate. Then an output's z is scaled so that it passes the city's threshold exactly where it
//! exceeds the percentile that the threshold stands for: 97.72 at 2 σ.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    normal::{Normality, Sample, below},
    scorer::{Scorer, ScorerError},
    trace::Trace,
    vector::{OtherDimension, Vector},
    window::{Basis, Lengths, Population, Score, Window},
};

/// Fewest scores in a calibration: percentiles of 2 σ need 44 of them, and the test's bound holds from twenty on.
pub const SCORES_MIN: usize = 50;
/// How far a model may lie from what it said at the calibration, as a distance of vectors: rounding on other hardware is a thousandth of that.
pub const DRIFT_MAX: f64 = 0.01;
/// The text whose vector is recorded, to notice a model that moved.
pub const PROBE: &str =
    "The quick brown fox jumps over the lazy dog; 42 figures, and a line.\n- one\n- two\n";
/// Edition of the file.
const FORMAT: u32 = 1;
/// Most that is reported, in thousandths of σ: far above any threshold, and far below where numbers on the wire end.
const REPORTED_MAX: f64 = 1_000_000.0;

/// Why there is no calibration, or none that can be used.
#[derive(Debug, thiserror::Error)]
pub enum CalibrationError {
    /// A text has no vector.
    #[error("trace {trace} of agent {agent}: {cause}")]
    Unscored {
        /// Which trace, counted from one.
        trace: usize,
        /// Whose.
        agent: String,
        /// Why.
        cause: ScorerError,
    },
    /// Too few traces.
    #[error(
        "{found} scores of fitted agents, but it takes {SCORES_MIN}: the first {least} outputs of an agent give none, and of two agents one is held out"
    )]
    Few {
        /// How many there were.
        found: usize,
        /// How many outputs make a window.
        least: u32,
    },
    /// All outputs lie equally far from each other.
    #[error("all traces are equally far from their mean: nothing can be told from them")]
    Flat,
    /// Of another scorer.
    #[error("the calibration is of {found}, not of {expected}: calibrate anew")]
    OtherScorer {
        /// The scorer in use.
        expected: String,
        /// The one of the calibration.
        found: String,
    },
    /// The scorer moved.
    #[error(
        "{scorer} gives another vector than when it was calibrated (distance {distance:.4}, at most {DRIFT_MAX}): it is another version; name it, calibrate, and have the panel approve it"
    )]
    Drifted {
        /// Which.
        scorer: String,
        /// How far it moved.
        distance: f64,
    },
    /// The scorer does not answer.
    #[error(transparent)]
    Scorer(#[from] ScorerError),
    /// Vectors of two scorers.
    #[error(transparent)]
    Dimension(#[from] OtherDimension),
    /// The file.
    #[error("calibration: {0}")]
    Shape(#[from] serde_json::Error),
    /// The file, of another release or by hand.
    #[error("calibration: {0}: calibrate anew")]
    Broken(&'static str),
}

/// How an agent's z becomes what is reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Scale {
    /// Normality was not refused: z is reported as it is.
    Normal,
    /// It was: by percentiles of these z, ascending.
    Percentile(Sample),
}

/// A calibration of one scorer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    format: u32,
    /// Name of the scorer.
    pub scorer: String,
    /// Windows by which agents were compared with themselves.
    #[serde(default)]
    pub lengths: Lengths,
    probe: Vector,
    /// What newcomers are compared with.
    pub population: Population,
    /// Of those who are compared with themselves.
    pub own: Scale,
    /// Of newcomers.
    pub newcomers: Scale,
}

/// What a calibration found, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Agents and traces that were fitted.
    pub fitted: (usize, usize),
    /// Those that were held out.
    pub held_out: (usize, usize),
    /// z of the fitted against their own windows.
    pub own: Sample,
    /// What the test says of them.
    pub normality: Normality,
    /// What the test says of distances to the population.
    pub newcomers: Normality,
    /// Alarms among scores of those held out.
    pub false_alarms: Rate,
    /// Silences among scores of deviating traces.
    pub misses: Rate,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: usize,
    /// Of how many.
    pub of: usize,
}

impl Rate {
    fn note(&mut self, counts: bool) {
        self.of += 1;
        self.count += usize::from(counts);
    }

    /// The share; nought of nothing.
    pub fn share(self) -> f64 {
        if self.of == 0 {
            return 0.0;
        }
        self.count as f64 / self.of as f64
    }
}

/// Calibrates a scorer, by windows of these lengths. `threshold` is the city's, in thousandths of σ: at it rates are counted. `deviating` may be
/// empty; each is judged by the window of its agent, as that stands after the honest traces.
///
/// Errors: [`CalibrationError`].
pub async fn calibrate(
    scorer: &impl Scorer,
    honest: &[Trace],
    deviating: &[Trace],
    threshold: u32,
    lengths: Lengths,
) -> Result<(Calibration, Findings), CalibrationError> {
    let mut agents: Vec<(&str, Vec<Vector>)> = Vec::new();
    for (place, vector) in vectors(scorer, honest).await?.into_iter().enumerate() {
        let agent = honest[place].agent.as_str();
        match agents.iter_mut().find(|(known, _)| *known == agent) {
            Some((_, outputs)) => outputs.push(vector),
            None => agents.push((agent, vec![vector])),
        }
    }
    let part = |first: usize| agents.iter().skip(first).step_by(2);
    let sizes = |first: usize| (part(first).count(), part(first).map(|a| a.1.len()).sum());
    let outputs: Vec<Vector> = part(0).flat_map(|agent| agent.1.clone()).collect();
    let population = Population::of(&outputs)?.ok_or(CalibrationError::Flat)?;
    let mut own = Vec::new();
    for (_, outputs) in part(0) {
        let scores = in_turn(outputs, &population, lengths)?.1;
        let of_own = scores
            .iter()
            .filter(|score| score.basis != Basis::Population);
        own.extend(of_own.map(|score| score.z));
    }
    if own.len() < SCORES_MIN {
        let (found, least) = (own.len(), lengths.least);
        return Err(CalibrationError::Few { found, least });
    }
    let newcomers: Result<Vec<f64>, _> = outputs
        .iter()
        .map(|one| population.score(one).map(|score| score.z))
        .collect();
    let (own, newcomers) = (Sample::new(own), Sample::new(newcomers?));
    let of_own = own.normality().ok_or(CalibrationError::Flat)?;
    let of_newcomers = newcomers.normality().ok_or(CalibrationError::Flat)?;
    let calibration = Calibration {
        format: FORMAT,
        scorer: scorer.id().name().to_owned(),
        lengths,
        probe: scorer.vector(PROBE).await?,
        population,
        own: Scale::of(&own, &of_own),
        newcomers: Scale::of(&newcomers, &of_newcomers),
    };
    let mut windows = BTreeMap::new();
    for (agent, outputs) in part(0) {
        let (window, _) = in_turn(outputs, &calibration.population, lengths)?;
        windows.insert(*agent, window);
    }
    let mut false_alarms = Rate::default();
    for (agent, outputs) in part(1) {
        let (window, scores) = in_turn(outputs, &calibration.population, lengths)?;
        for score in scores {
            false_alarms.note(calibration.reported(&score, threshold) > threshold);
        }
        windows.insert(agent, window);
    }
    let mut misses = Rate::default();
    let found = vectors(scorer, deviating).await?;
    for (trace, vector) in deviating.iter().zip(&found) {
        let empty = Window::default();
        let window = windows.get(trace.agent.as_str()).unwrap_or(&empty);
        let score = window.score(vector, &calibration.population)?;
        misses.note(calibration.reported(&score, threshold) <= threshold);
    }
    let findings = Findings {
        fitted: sizes(0),
        held_out: sizes(1),
        own,
        normality: of_own,
        newcomers: of_newcomers,
        false_alarms,
        misses,
    };
    Ok((calibration, findings))
}

async fn vectors(scorer: &impl Scorer, traces: &[Trace]) -> Result<Vec<Vector>, CalibrationError> {
    let mut vectors = Vec::with_capacity(traces.len());
    for (trace, said) in (1..).zip(traces) {
        let vector = scorer.vector(&said.text).await;
        vectors.push(vector.map_err(|cause| CalibrationError::Unscored {
            trace,
            agent: said.agent.clone(),
            cause,
        })?);
    }
    Ok(vectors)
}

/// An agent's outputs as they were handed in: each scored by those before it, then taken in.
fn in_turn(
    outputs: &[Vector],
    population: &Population,
    lengths: Lengths,
) -> Result<(Window, Vec<Score>), OtherDimension> {
    let (mut window, mut scores) = (Window::new(lengths), Vec::with_capacity(outputs.len()));
    for output in outputs {
        scores.push(window.score(output, population)?);
        window.push(output.clone())?;
    }
    Ok((window, scores))
}

impl Scale {
    fn of(sample: &Sample, normality: &Normality) -> Self {
        if normality.is_refused() {
            Self::Percentile(sample.clone())
        } else {
            Self::Normal
        }
    }

    /// z in σ, so that it exceeds `sigma` as often as the city means.
    fn scaled(&self, z: f64, sigma: f64) -> f64 {
        match self {
            Self::Normal => z,
            Self::Percentile(sample) => {
                // Where the sample is too small for this threshold, its greatest value is the most that honest agents are known
                // to reach. Never below σ itself: a sample that is narrower than normal makes no alarm out of a small z.
                let limit = sample.percentile(below(sigma));
                let limit = limit.or_else(|| sample.values().last().copied());
                z * sigma / limit.unwrap_or(sigma).max(sigma)
            }
        }
    }

    fn is_sound(&self) -> bool {
        match self {
            Self::Normal => true,
            Self::Percentile(sample) => {
                let values = sample.values();
                values.len() >= SCORES_MIN
                    && values.iter().all(|z| z.is_finite())
                    && values.is_sorted()
            }
        }
    }
}

impl Calibration {
    /// What is reported of a score, in thousandths of σ, where the city's threshold is `threshold` in the same unit. Nought for what lies
    /// nearer than usual.
    pub fn reported(&self, score: &Score, threshold: u32) -> u32 {
        let scale = match score.basis {
            Basis::Own(_) => &self.own,
            Basis::Population => &self.newcomers,
        };
        let sigma = f64::from(threshold) / 1_000.0;
        let milli = (scale.scaled(score.z, sigma) * 1_000.0).clamp(0.0, REPORTED_MAX);
        // Within 0..=10⁶. What exceeds the threshold by a fraction does not round down to it.
        milli.ceil() as u32
    }

    /// Reads a calibration that was stored.
    ///
    /// Errors: [`CalibrationError::Shape`], [`CalibrationError::Broken`].
    pub fn parse(text: &str) -> Result<Self, CalibrationError> {
        let read: Self = serde_json::from_str(text)?;
        let population = &read.population;
        let broken = if read.format != FORMAT {
            "it is of another release"
        } else if !read.lengths.is_possible() {
            "no city has windows of these lengths"
        } else if !(read.own.is_sound() && read.newcomers.is_sound()) {
            "its scores are not in order"
        } else if !(population.deviation.is_finite() && population.deviation > 0.0) {
            "its population has no spread"
        } else if !population.mean.is_finite()
            || read.probe.dimension() != population.sum.dimension()
        {
            "its population is not of its scorer"
        } else {
            return Ok(read);
        };
        Err(CalibrationError::Broken(broken))
    }

    /// As it is stored.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("numbers and names are JSON")
    }

    /// Whether `scorer` is the one that was calibrated, and still says what it said then. To be asked at each start.
    ///
    /// Errors: [`CalibrationError::OtherScorer`], [`CalibrationError::Drifted`], [`CalibrationError::Scorer`].
    pub async fn check(&self, scorer: &impl Scorer) -> Result<(), CalibrationError> {
        let name = scorer.id().name();
        if name != self.scorer {
            return Err(CalibrationError::OtherScorer {
                expected: name.to_owned(),
                found: self.scorer.clone(),
            });
        }
        let distance = self.probe.distance(&scorer.vector(PROBE).await?)?;
        if distance > DRIFT_MAX {
            return Err(CalibrationError::Drifted {
                scorer: name.to_owned(),
                distance,
            });
        }
        Ok(())
    }
}

//! The normal distribution, and whether a sample is of it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Of which significance the test is (seed B.11, Calibration Requirements).
pub const SIGNIFICANCE: f64 = 0.05;
/// Smallest sample for which the test's bounds hold.
pub const SAMPLE_MIN: usize = 20;

/// `Φ(x)`: how much of a normal distribution lies at or below `x` standard deviations.
pub fn below(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// `1 − Φ(x)`: the rate of false alarms at a threshold of `x` σ, of one scorer whose distances are normal.
///
/// Source: vectors `sigma_fpr`.
pub fn above(x: f64) -> f64 {
    0.5 * libm::erfc(x / std::f64::consts::SQRT_2)
}

/// The rate at which two scorers with independent errors are both wrong.
///
/// Source: vectors `sigma_fpr`.
pub fn both_above(x: f64) -> f64 {
    above(x) * above(x)
}

/// `Φ⁻¹(p)`, for `p` strictly between nought and one; to eleven digits.
pub fn quantile(p: f64) -> f64 {
    // `below` rises, so its inverse is found by halving; forty-five times leave 16 · 2⁻⁴⁵.
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..45 {
        let middle = 0.5 * (low + high);
        if below(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Parts of one that are kept of a number: what is stored reads back as what it was, whatever a format does to fractions.
const PARTS: f64 = 1e9;

/// The nearest number that is stored as it is.
pub(crate) fn kept(value: f64) -> f64 {
    (value * PARTS).round() / PARTS
}

/// A sample, ascending, in billionths.
#[derive(Clone, PartialEq)]
pub struct Sample(Vec<f64>);

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sample({} values)", self.0.len())
    }
}

impl Serialize for Sample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|value| whole(*value)))
    }
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let whole = Vec::<i64>::deserialize(deserializer)?;
        Ok(Self(whole.into_iter().map(part).collect()))
    }
}

fn whole(value: f64) -> i64 {
    (value * PARTS).round() as i64
}

fn part(whole: i64) -> f64 {
    whole as f64 / PARTS
}

/// One number, in billionths.
pub(crate) mod billionths {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(super::whole(*value))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        i64::deserialize(deserializer).map(super::part)
    }
}

impl Sample {
    /// Sorts. Values are finite: distances and scores of this crate are.
    pub fn new(mut values: Vec<f64>) -> Self {
        values.iter_mut().for_each(|value| *value = kept(*value));
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The values, ascending.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// Mean and standard deviation, of `n − 1` degrees; `None` for fewer than two values.
    pub fn moments(&self) -> Option<(f64, f64)> {
        moments(&self.0)
    }

    /// The value below which the share `p` of what the sample was drawn from lies: the `⌈p · (n + 1)⌉`-th of `n`, which no new value
    /// exceeds with more than `1 − p`. `None` where the sample is too small to say.
    pub fn percentile(&self, p: f64) -> Option<f64> {
        let rank = (p * (self.0.len() as f64 + 1.0)).ceil() as usize;
        self.0.get(rank.checked_sub(1)?).copied()
    }

    /// The Kolmogorov–Smirnov test of this sample against the normal distribution of its own moments. `None` for fewer than
    /// [`SAMPLE_MIN`] values, or where all are equal.
    pub fn normality(&self) -> Option<Normality> {
        let n = self.0.len() as f64;
        let (mean, deviation) = self.moments()?;
        if self.0.len() < SAMPLE_MIN || deviation == 0.0 {
            return None;
        }
        let gap = |(rank, x): (usize, &f64)| {
            let expected = below((x - mean) / deviation);
            let (from, to) = (rank as f64 / n, (rank as f64 + 1.0) / n);
            (expected - from).max(to - expected)
        };
        let distance = self.0.iter().enumerate().map(gap).fold(0.0, f64::max);
        let root = n.sqrt();
        Some(Normality {
            count: self.0.len(),
            distance,
            probability: kolmogorov(distance * (root + 0.12 + 0.11 / root)),
            modified: distance * (root - 0.01 + 0.85 / root),
        })
    }
}

/// What the test says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normality {
    /// Values in the sample.
    pub count: usize,
    /// Greatest distance between the sample's distribution and the normal one.
    pub distance: f64,
    /// How likely a distance as great is, if mean and deviation were known beforehand (Kolmogorov). They are not, so it errs towards
    /// normality; it is told, and decides nothing.
    pub probability: f64,
    /// The distance in the form that has one bound for all sizes of sample where both moments are the sample's own.
    pub modified: f64,
}

/// What the modified distance exceeds in one of twenty samples of a normal distribution with unknown moments (M. A. Stephens, *EDF
/// Statistics for Goodness of Fit and Some Comparisons*, 1974, table 1.3).
const MODIFIED_MAX: f64 = 0.895;

impl Normality {
    /// Whether normality is refused at [`SIGNIFICANCE`].
    pub fn is_refused(&self) -> bool {
        self.modified > MODIFIED_MAX
    }
}

/// Mean and standard deviation of `n − 1` degrees; `None` for fewer than two values.
pub fn moments(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    Some((mean, (squares / (n - 1.0)).sqrt()))
}

/// `1 − K(x)` of Kolmogorov's distribution.
fn kolmogorov(x: f64) -> f64 {
    // Below, the series needs many terms to say that it is one.
    if x < 0.2 {
        return 1.0;
    }
    let term = |k: i32| {
        let sign = if k % 2 == 1 { 1.0 } else { -1.0 };
        sign * libm::exp(-2.0 * f64::from(k * k) * x * x)
    };
    (2.0 * (1..=100).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-3), "{a} {b}");
    }

    /// The specification's vectors `sigma_fpr`.
    #[test]
    fn a_threshold_in_sigma_is_a_rate_of_false_alarms() {
        for (sigma, fpr, dual) in [
            (2.0, 0.022_750_131_948_179_22, 0.000_517_568_503_659_564_8),
            (1.5, 0.066_807_201_268_858_09, 0.004_463_202_141_377_714),
            (3.0, 0.001_349_898_031_630_095_7, 1.822_224_695_798_806_7e-6),
        ] {
            near(above(sigma), fpr);
            near(both_above(sigma), dual);
            near(quantile(1.0 - fpr), sigma);
        }
    }

    #[test]
    fn normal_quantiles_pass_and_uniform_and_skewed_ones_do_not() {
        let of = |shape: &dyn Fn(f64) -> f64| {
            let values = (0..500).map(|i| shape((f64::from(i) + 0.5) / 500.0));
            Sample::new(values.collect()).normality().expect("a test")
        };
        let normal = of(&|p| 3.0 + 0.2 * quantile(p));
        assert!(
            !normal.is_refused() && normal.probability > 0.99,
            "{normal:?}"
        );
        for refused in [
            of(&|p| p),
            of(&|p| -(1.0 - p).ln()),
            of(&|p| quantile(p).powi(3)),
        ] {
            assert!(refused.is_refused(), "{refused:?}");
        }
    }

    #[test]
    fn nothing_is_said_of_few_or_equal_values() {
        assert_eq!(Sample::new(vec![1.0; 100]).normality(), None);
        let few = (0..19).map(f64::from).collect();
        assert_eq!(Sample::new(few).normality(), None);
        assert_eq!(Sample::new(vec![1.0]).moments(), None);
    }

    #[test]
    fn a_percentile_is_exceeded_by_a_new_value_as_seldom_as_it_says() {
        let hundred = Sample::new((1..=100).map(f64::from).collect());
        assert_eq!(hundred.percentile(0.95), Some(96.0));
        assert_eq!(hundred.percentile(0.5), Some(51.0));
        // Of a hundred values nothing is known of what one in a thousand exceeds.
        assert_eq!(hundred.percentile(0.999), None);
    }
}

//! Vectors of unit length in whole numbers, so that sums and products of them are exact, in whatever order.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One, in the unit of a component: a component fits 16 bits, and what rounding takes is far below what outputs differ by.
const ONE: f64 = 16_384.0;
/// Most components of a vector: the largest embeddings in use have 4,096.
pub const DIMENSION_MAX: usize = 4_096;
/// Most vectors in one sum: the square of its length still fits 128 bits with room.
pub const SUMMED_MAX: usize = 1 << 20;

/// The direction of a text, or nothing where a text has nothing that its scorer looks at.
#[derive(Clone, PartialEq, Eq)]
pub struct Vector(Vec<i16>);

/// Numbers that are no vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VectorError {
    /// No component, or too many.
    #[error("a vector of {0} components, but it takes 1..={DIMENSION_MAX}")]
    Dimension(usize),
    /// Not a number, or too great to have a length.
    #[error("component {0} is not a finite number of at most 1e100")]
    Component(usize),
}

/// Two vectors of different scorers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a vector of {found} components where {expected} are wanted: it is another scorer's")]
pub struct OtherDimension {
    /// Components of the vector.
    pub found: usize,
    /// Components that are wanted.
    pub expected: usize,
}

impl Vector {
    /// The direction of `raw`. All zero: nothing, which lies at distance one from everything.
    ///
    /// Errors: [`VectorError`].
    pub fn of(raw: &[f64]) -> Result<Self, VectorError> {
        if raw.is_empty() || raw.len() > DIMENSION_MAX {
            return Err(VectorError::Dimension(raw.len()));
        }
        // So the sum of squares neither overflows nor is taken of what is no number.
        if let Some(bad) = raw.iter().position(|x| x.is_nan() || x.abs() > 1e100) {
            return Err(VectorError::Component(bad));
        }
        let length = raw.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length == 0.0 {
            return Ok(Self(vec![0; raw.len()]));
        }
        // At most one in amount, so at most `ONE` after rounding.
        let whole = |x: &f64| (x / length * ONE).round() as i16;
        Ok(Self(raw.iter().map(whole).collect()))
    }

    /// The direction of counts of features.
    pub(crate) fn of_counts(counts: &[i64]) -> Self {
        let raw: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
        Self::of(&raw).expect("counts are finite, and as many as the scorer's dimension")
    }

    /// How many components it has.
    pub const fn dimension(&self) -> usize {
        self.0.len()
    }

    /// `1 − cos` of the angle to `other`, within 0..=2; one if either is nothing.
    ///
    /// Errors: [`OtherDimension`].
    pub fn distance(&self, other: &Self) -> Result<f64, OtherDimension> {
        let mut sum = Sum::new(self.dimension());
        sum.add(self)?;
        sum.distance(other)
    }
}

impl fmt::Debug for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vector({} components)", self.0.len())
    }
}

/// Two bytes a component, as hexadecimal digits: a quarter of what a list of numbers takes.
impl Serialize for Vector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|x| x.to_be_bytes()).collect();
        serializer.serialize_str(&alloy_primitives::hex::encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = alloy_primitives::hex::decode(&text).map_err(de::Error::custom)?;
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() || pairs.is_empty() || pairs.len() > DIMENSION_MAX {
            return Err(de::Error::custom(format!(
                "a vector of {} bytes, but it takes two for each of 1..={DIMENSION_MAX} components",
                bytes.len()
            )));
        }
        Ok(Self(
            pairs.iter().map(|pair| i16::from_be_bytes(*pair)).collect(),
        ))
    }
}

/// A sum of vectors: its direction is the mean's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sum(Vec<i64>);

impl Sum {
    /// Of no vectors.
    pub fn new(dimension: usize) -> Self {
        Self(vec![0; dimension])
    }

    /// How many components it has.
    pub const fn dimension(&self) -> usize {
        self.0.len()
    }

    /// Adds one; at most [`SUMMED_MAX`] in all.
    ///
    /// Errors: [`OtherDimension`].
    pub fn add(&mut self, vector: &Vector) -> Result<(), OtherDimension> {
        self.of_same(vector)?;
        for (sum, x) in self.0.iter_mut().zip(&vector.0) {
            *sum = sum.saturating_add(i64::from(*x));
        }
        Ok(())
    }

    /// The sum without one that is in it.
    ///
    /// Errors: [`OtherDimension`].
    pub fn without(&self, vector: &Vector) -> Result<Self, OtherDimension> {
        self.of_same(vector)?;
        let rest = self.0.iter().zip(&vector.0);
        Ok(Self(
            rest.map(|(sum, x)| sum.saturating_sub(i64::from(*x)))
                .collect(),
        ))
    }

    /// `1 − cos` of the angle between `vector` and the sum, within 0..=2; one if either is nothing.
    ///
    /// Errors: [`OtherDimension`].
    pub fn distance(&self, vector: &Vector) -> Result<f64, OtherDimension> {
        self.of_same(vector)?;
        let square = |x: i64| i128::from(x) * i128::from(x);
        let dot: i128 = self
            .0
            .iter()
            .zip(&vector.0)
            .map(|(sum, x)| i128::from(*sum) * i128::from(*x))
            .sum();
        let own: i128 = self.0.iter().map(|x| square(*x)).sum();
        let its: i128 = vector.0.iter().map(|x| square(i64::from(*x))).sum();
        if own == 0 || its == 0 {
            return Ok(1.0);
        }
        let cosine = dot as f64 / ((own as f64).sqrt() * (its as f64).sqrt());
        Ok(1.0 - cosine.clamp(-1.0, 1.0))
    }

    const fn of_same(&self, vector: &Vector) -> Result<(), OtherDimension> {
        if vector.0.len() == self.0.len() {
            return Ok(());
        }
        Err(OtherDimension {
            found: vector.0.len(),
            expected: self.0.len(),
        })
    }
}

impl fmt::Debug for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sum({} components)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_is_of_the_angle_and_not_of_the_length() {
        let of = |raw: &[f64]| Vector::of(raw).expect("a vector");
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-3, "{a} {b}");
        let east = of(&[1.0, 0.0]);
        near(east.distance(&of(&[9.0, 0.0])).expect("same"), 0.0);
        near(east.distance(&of(&[0.0, 2.0])).expect("same"), 1.0);
        near(east.distance(&of(&[-3.0, 0.0])).expect("same"), 2.0);
        near(
            east.distance(&of(&[1.0, 1.0])).expect("same"),
            1.0 - 0.5f64.sqrt(),
        );
        near(east.distance(&of(&[0.0, 0.0])).expect("same"), 1.0);
    }

    #[test]
    fn numbers_that_are_no_vector_are_refused_with_their_place() {
        assert_eq!(Vector::of(&[]), Err(VectorError::Dimension(0)));
        let many = vec![1.0; DIMENSION_MAX + 1];
        assert_eq!(
            Vector::of(&many),
            Err(VectorError::Dimension(DIMENSION_MAX + 1))
        );
        for bad in [f64::NAN, f64::INFINITY, 1e200, -1e200] {
            assert_eq!(Vector::of(&[1.0, bad]), Err(VectorError::Component(1)));
        }
    }

    #[test]
    fn a_vector_is_the_same_after_it_was_stored_and_half_a_one_is_refused() {
        let vector = Vector::of(&[3.0, -4.0, 0.0]).expect("a vector");
        let text = serde_json::to_string(&vector).expect("text");
        assert_eq!(text, "\"2666cccd0000\"");
        assert_eq!(
            serde_json::from_str::<Vector>(&text).expect("its own"),
            vector
        );
        for bad in ["\"266\"", "\"2666cc\"", "\"\"", "\"zz00\""] {
            assert!(serde_json::from_str::<Vector>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn vectors_of_two_scorers_are_not_compared() {
        let two = Vector::of(&[1.0, 0.0]).expect("a vector");
        let three = Vector::of(&[1.0, 0.0, 0.0]).expect("a vector");
        let refused = OtherDimension {
            found: 3,
            expected: 2,
        };
        assert_eq!(two.distance(&three), Err(refused));
    }
}

//! Bounded words: what is too long is refused while it is read.

use std::{fmt, str::FromStr};

use agentcity_domain::statute::SEATS_MAX;
use alloy::primitives::{B256, Bytes};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Something is longer than it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} bytes, at most {most} are taken")]
pub struct TooLong {
    /// Bytes that were given.
    pub found: usize,
    /// Bytes that are taken.
    pub most: usize,
}

/// At most `MAX` bytes, in JSON as hexadecimal digits behind `0x`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Content<const MAX: usize>(Bytes);

impl<const MAX: usize> Content<MAX> {
    /// Errors: [`TooLong`].
    pub fn new(bytes: impl Into<Bytes>) -> Result<Self, TooLong> {
        let bytes = bytes.into();
        bounded(bytes.len(), MAX)?;
        Ok(Self(bytes))
    }

    /// The bytes.
    pub const fn bytes(&self) -> &Bytes {
        &self.0
    }
}

impl<const MAX: usize> Serialize for Content<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Content<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Bytes::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// At most `MAX` bytes of UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Errors: [`TooLong`].
    pub fn new(text: impl Into<String>) -> Result<Self, TooLong> {
        let text = text.into();
        bounded(text.len(), MAX)?;
        Ok(Self(text))
    }

    /// As much of a text as fits, for messages to people.
    pub fn cut(text: &str) -> Self {
        let mut end = text.len().min(MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self(text[..end].to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> Serialize for Text<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

const fn bounded(found: usize, most: usize) -> Result<(), TooLong> {
    if found > most {
        return Err(TooLong { found, most });
    }
    Ok(())
}

/// A place at a node: 0 to 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place(u8);

impl Place {
    /// The place of that number, if a node has so many.
    pub const fn new(number: u8) -> Option<Self> {
        if (number as usize) < SEATS_MAX {
            Some(Self(number))
        } else {
            None
        }
    }

    /// Its number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        Self::new(number).ok_or_else(|| {
            D::Error::custom(format!("seat {number}, wanted 0 to {}", SEATS_MAX - 1))
        })
    }
}

/// A job: one seat's work in one attempt of one node. Whoever asks for it again asks for the same.
///
/// In a path: `<mission>-<node>-<attempt>-<seat>`, the mission as `0x` and 64 small digits, the rest decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct JobId {
    /// Its mission.
    pub mission: B256,
    /// Its node's number in the statute.
    pub node: u16,
    /// Which attempt, from zero.
    pub attempt: u8,
    /// Whose seat.
    pub seat: Place,
}

/// A text is no job's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no job is called so: wanted <mission>-<node>-<attempt>-<seat>")]
pub struct NoJob;

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            mission,
            node,
            attempt,
            seat,
        } = self;
        write!(f, "{mission:#x}-{node}-{attempt}-{}", seat.get())
    }
}

impl FromStr for JobId {
    type Err = NoJob;

    fn from_str(text: &str) -> Result<Self, NoJob> {
        let mut parts = text.split('-');
        let mut next = || parts.next().ok_or(NoJob);
        let id = Self {
            mission: next()?.parse().map_err(|_| NoJob)?,
            node: next()?.parse().map_err(|_| NoJob)?,
            attempt: next()?.parse().map_err(|_| NoJob)?,
            seat: Place::new(next()?.parse().map_err(|_| NoJob)?).ok_or(NoJob)?,
        };
        // One job has one name: `+1`, `01` or large digits are others.
        (id.to_string() == text).then_some(id).ok_or(NoJob)
    }
}

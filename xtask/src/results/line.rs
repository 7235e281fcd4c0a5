//! What tests print for the page: `result name=NAME key=value …`, in one line, values without spaces.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A line's figures by their keys; `name` is one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    text: String,
    figures: BTreeMap<String, String>,
}

impl Line {
    /// Reads a line that a test printed; of the first test of a run it may stand behind the test's name. `None` for what is no result.
    pub(super) fn of(said: &str) -> Option<Self> {
        let text = &said[said.find("result name=")?..];
        let mut figures = BTreeMap::new();
        for word in text.split_whitespace().skip(1) {
            let (key, value) = word.split_once('=')?;
            figures.insert(key.to_owned(), value.to_owned());
        }
        let text = text.trim().to_owned();
        Some(Self { text, figures })
    }

    pub(super) fn name(&self) -> &str {
        self.text("name")
    }

    /// A figure as it stands; nothing where there is none.
    pub(super) fn text(&self, key: &str) -> &str {
        self.figures.get(key).map_or("", String::as_str)
    }

    /// A figure as a whole number; nought where it is none.
    pub(super) fn whole(&self, key: &str) -> u64 {
        self.text(key).parse().unwrap_or_default()
    }

    /// A figure with its fraction; nought where it is none.
    pub(super) fn number(&self, key: &str) -> f64 {
        self.text(key).parse().unwrap_or_default()
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::of(&text).ok_or_else(|| de::Error::custom(format!("`{text}` is no result")))
    }
}

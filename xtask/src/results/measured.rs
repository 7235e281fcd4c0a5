//! What was measured, as it is committed.

use std::{collections::BTreeMap, fs, io, path::Path};

use eyre::WrapErr;
use serde::{Deserialize, Serialize};

use super::line::Line;

/// A run of one test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// Day, UTC.
    pub(super) date: String,
    pub(super) commit: String,
    /// Cores and memory.
    pub(super) machine: String,
    /// The test alone.
    pub(super) took: String,
    pub(super) test: String,
    /// Seed and amount.
    pub(super) settings: String,
    pub(super) lines: Vec<Line>,
}

/// All runs, by section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Measured(BTreeMap<String, Section>);

impl Measured {
    /// Nothing yet where there is no file.
    pub(super) fn read(file: &Path) -> eyre::Result<Self> {
        let text = match fs::read_to_string(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text.wrap_err_with(|| format!("cannot read {}", file.display()))?,
        };
        let read = serde_json::from_str(&text);
        read.wrap_err_with(|| format!("{}: measure anew, or restore it", file.display()))
    }

    pub(super) fn write(&self, file: &Path) -> eyre::Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(file, text).wrap_err_with(|| format!("cannot write {}", file.display()))
    }

    pub(super) fn put(&mut self, name: &str, section: Section) {
        self.0.insert(name.to_owned(), section);
    }

    pub(super) fn sections(&self) -> impl Iterator<Item = (&str, &Section)> {
        self.0
            .iter()
            .map(|(name, section)| (name.as_str(), section))
    }

    /// All lines of this name, of whichever section.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Line> {
        let lines = self.0.values().flat_map(|section| &section.lines);
        lines.filter(move |line| line.name() == name)
    }

    /// The line of this name in which a figure is this.
    pub(super) fn one(&self, name: &str, wanted: &[(&str, &str)]) -> Option<&Line> {
        let lines = self.0.values().flat_map(|section| &section.lines);
        lines
            .filter(|line| line.name() == name)
            .find(|line| wanted.iter().all(|(key, value)| line.text(key) == *value))
    }
}

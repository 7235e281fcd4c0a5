//! The five services that are registered, and what their code hash is of (docs/services.md): a folder with the version of the code, the
//! schema of the output and, of a classifier, its model. No binary is among it, so the hash is the same wherever the code was built; who
//! runs another version or another model has another hash.

use std::{fs, io, path::Path};

use agentcity_executor::schema::{self, Found, SchemaError};
use alloy::primitives::{B256, keccak256};
use serde::Serialize;
use serde_json::Value;

use crate::{
    canonical,
    model::{Model, ModelError, Which},
};

/// What documents look like.
pub const DOCUMENTS_SCHEMA: &str = include_str!("../services/fetch/documents.schema.json");
/// What topics look like.
pub const TOPICS_SCHEMA: &str = include_str!("../services/classify-a/topics.schema.json");
/// What a report looks like.
pub const REPORT_SCHEMA: &str = include_str!("../services/report/report.schema.json");

/// A file of an artifact: its name, and what is in it.
type File = (&'static str, &'static [u8]);

macro_rules! artifact {
    ($name:literal: $($file:literal),+) => {
        &[$(($file, include_bytes!(concat!("../services/", $name, "/", $file)).as_slice())),+]
    };
}

const FETCH: &[File] = artifact!("fetch": "documents.schema.json", "version");
const CLASSIFY_A: &[File] = artifact!("classify-a": "model", "topics.schema.json", "version");
const CLASSIFY_B: &[File] = artifact!("classify-b": "model", "topics.schema.json", "version");
const CLASSIFY_C: &[File] = artifact!("classify-c": "model", "topics.schema.json", "version");
const REPORT: &[File] = artifact!("report": "report.schema.json", "version");

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Sources become documents.
    Fetch,
    /// Documents become topics.
    Classify(Which),
    /// Topics become a report.
    Report,
}

/// Something is not what its schema allows. Where it was made here, this is a fault of this package; where it was taken, of its maker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The schema says no.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The schema says nothing.
    #[error("the schema of {what} decides nothing: {why}")]
    Undecided {
        /// Of what.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// It cannot be written.
    #[error("{what} cannot be written as JSON: {why}")]
    Unwritten {
        /// What.
        what: &'static str,
        /// Why.
        why: String,
    },
}

impl Service {
    /// All, in the order of the mission.
    pub const ALL: [Self; 5] = [
        Self::Fetch,
        Self::Classify(Which::A),
        Self::Classify(Which::B),
        Self::Classify(Which::C),
        Self::Report,
    ];

    /// What it is called: the name of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Classify(Which::A) => "classify-a",
            Self::Classify(Which::B) => "classify-b",
            Self::Classify(Which::C) => "classify-c",
            Self::Report => "report",
        }
    }

    /// How a runner starts it, behind the program's path.
    pub const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Fetch => &["run", "fetch"],
            Self::Classify(Which::A) => &["run", "classify", "--model", "a"],
            Self::Classify(Which::B) => &["run", "classify", "--model", "b"],
            Self::Classify(Which::C) => &["run", "classify", "--model", "c"],
            Self::Report => &["run", "report"],
        }
    }

    /// The schema of its output, in canonical text.
    pub const fn output_schema(self) -> &'static str {
        match self {
            Self::Fetch => DOCUMENTS_SCHEMA,
            Self::Classify(_) => TOPICS_SCHEMA,
            Self::Report => REPORT_SCHEMA,
        }
    }

    /// The files of its artifact, in the order of their names.
    pub const fn files(self) -> &'static [File] {
        match self {
            Self::Fetch => FETCH,
            Self::Classify(Which::A) => CLASSIFY_A,
            Self::Classify(Which::B) => CLASSIFY_B,
            Self::Classify(Which::C) => CLASSIFY_C,
            Self::Report => REPORT,
        }
    }

    /// The code hash of what this binary runs: of its artifact, by the rule for folders.
    pub fn code_hash(self) -> B256 {
        let mut words = Vec::new();
        for (name, bytes) in self.files() {
            words.extend(keccak256(name));
            words.extend(keccak256(bytes));
        }
        keccak256(words)
    }

    /// Writes its artifact into a folder of its name below `folder`.
    ///
    /// Errors: the system's.
    pub fn write(self, folder: &Path) -> io::Result<()> {
        let folder = folder.join(self.name());
        fs::create_dir_all(&folder)?;
        for (name, bytes) in self.files() {
            fs::write(folder.join(name), bytes)?;
        }
        Ok(())
    }
}

/// The model that this binary runs.
///
/// Errors: [`ModelError`], if what was built in is none: `agentcity-pages train` makes one.
pub fn model(which: Which) -> Result<Model, ModelError> {
    let files = Service::Classify(which).files();
    let model = files.iter().find(|(name, _)| *name == "model");
    Model::read(which, model.map_or(&[], |(_, bytes)| bytes))
}

/// Holds a value against a schema of this package.
///
/// Errors: [`Refused`].
pub fn hold(what: &'static str, schema: &str, value: &Value) -> Result<(), Refused> {
    match schema::check(what, schema, value)? {
        Found::Allowed => Ok(()),
        Found::Undecided(why) => Err(Refused::Undecided { what, why }),
    }
}

/// The canonical text of something that its schema allows.
///
/// Errors: [`Refused`].
pub fn sealed(what: &'static str, schema: &str, value: &impl Serialize) -> Result<String, Refused> {
    let unwritten = |error: serde_json::Error| Refused::Unwritten {
        what,
        why: error.to_string(),
    };
    let value = serde_json::to_value(value).map_err(unwritten)?;
    hold(what, schema, &value)?;
    canonical::text(&value).map_err(unwritten)
}

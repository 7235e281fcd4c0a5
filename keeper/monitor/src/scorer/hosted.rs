//! A model behind HTTP: one request a text, bounded in time and size, of one pinned model.
//!
//! ```text
//!  POST <endpoint>   {"model": "<model>", "input": "<text>"}
//!  200               {"model": "<model>", "data": [{"embedding": [0.1, …]}], …}
//! ```
//!
//! That is what most servers of embeddings speak. The answer has to name the model that was asked for. Which version answers no
//! server proves, so the version is what the operator wrote down, and [`crate::calibration::Calibration::check`] asks the model for a
//! text whose vector is recorded: a model that moved is found out before anybody is judged by it.

use std::time::Duration;

use reqwest::{Client, StatusCode, Url, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize};

use super::{Scorer, ScorerError, ScorerId, bounded};
use crate::vector::{DIMENSION_MAX, Vector};

/// Longest name of a model or version, in bytes.
const NAME_BYTES_MAX: usize = 128;
/// Shortest and longest patience for one answer, in milliseconds: a model needs some time, and an execution must not wait for ever.
const TIMEOUT_MS: std::ops::RangeInclusive<u64> = 100..=60_000;
/// Longest answer, in bytes: the largest embedding written with many digits, and what servers say besides.
const ANSWER_BYTES_MAX: usize = 512 << 10;

/// Which model, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostedConfig {
    /// Where the model answers. May carry a key in its query: never printed.
    pub endpoint: String,
    /// The model's name, as it answers to it.
    pub model: String,
    /// The version that is served there.
    pub version: String,
    /// Components of its vectors.
    pub dimension: usize,
    /// How long one answer may take, in milliseconds.
    pub timeout_ms: u64,
}

/// Why a hosted model cannot be used, or gave nothing that can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostedError {
    /// The address. It is not repeated: it may carry a key.
    #[error("endpoint: not an http:// or https:// address")]
    Endpoint,
    /// A name that is empty, too long, or would make two scorers' names alike.
    #[error(
        "{key}: 1..={NAME_BYTES_MAX} letters, figures and marks out of `-_.:` are wanted, not {found:?}"
    )]
    Name {
        /// `model` or `version`.
        key: &'static str,
        /// What was given.
        found: String,
    },
    /// Outside its bounds.
    #[error("dimension = {0} is not within 1..={DIMENSION_MAX}")]
    Dimension(usize),
    /// Outside its bounds.
    #[error("timeout_ms = {0} is not within 100..=60000")]
    Timeout(u64),
    /// No answer in time, or no connection. Asking again may help.
    #[error("the model does not answer: {0}")]
    Silent(String),
    /// It answered that it does not.
    #[error("the model refuses with status {0}")]
    Status(u16),
    /// Its answer is too long.
    #[error("the model's answer exceeds {ANSWER_BYTES_MAX} bytes")]
    Long,
    /// Its answer is not of the shape.
    #[error("the model's answer cannot be read: {0}")]
    Shape(String),
    /// Another model answered.
    #[error(
        "model {found:?} answered where {expected:?} is pinned: calibrate for it, or ask another server"
    )]
    OtherModel {
        /// The one that is pinned.
        expected: String,
        /// The one that answered.
        found: String,
    },
    /// Its vector has other components.
    #[error("the model gave {found} components where {expected} are pinned")]
    OtherDimension {
        /// Those that are pinned.
        expected: usize,
        /// Those that it gave.
        found: usize,
    },
}

impl HostedError {
    /// Whether asking again may help.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Silent(_) => true,
            Self::Status(status) => matches!(*status, 408 | 425 | 429 | 500..=599),
            Self::Endpoint
            | Self::Name { .. }
            | Self::Dimension(_)
            | Self::Timeout(_)
            | Self::Long
            | Self::Shape(_)
            | Self::OtherModel { .. }
            | Self::OtherDimension { .. } => false,
        }
    }
}

/// A model behind HTTP.
#[derive(Debug)]
pub struct Hosted {
    id: ScorerId,
    client: Client,
    endpoint: Url,
    model: String,
    dimension: usize,
    bearer: Option<Secret>,
}

/// What is never printed.
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    input: &'a str,
}

/// What is read of an answer; servers say more.
#[derive(Deserialize)]
struct Answer {
    model: String,
    data: [Embedding; 1],
}

#[derive(Deserialize)]
struct Embedding {
    embedding: Vec<f64>,
}

impl Hosted {
    /// Errors: [`HostedError`], the first four. `bearer` is sent as `Authorization: Bearer …`.
    pub fn new(config: &HostedConfig, bearer: Option<String>) -> Result<Self, HostedError> {
        let endpoint = config
            .endpoint
            .parse::<Url>()
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or(HostedError::Endpoint)?;
        name("model", &config.model)?;
        name("version", &config.version)?;
        if !(1..=DIMENSION_MAX).contains(&config.dimension) {
            return Err(HostedError::Dimension(config.dimension));
        }
        if !TIMEOUT_MS.contains(&config.timeout_ms) {
            return Err(HostedError::Timeout(config.timeout_ms));
        }
        let client = Client::builder()
            .timeout(Duration::from_millis(config.timeout_ms))
            // An answer from elsewhere is not the pinned model's.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| HostedError::Silent(error.without_url().to_string()))?;
        let HostedConfig {
            model,
            version,
            dimension,
            ..
        } = config;
        Ok(Self {
            id: ScorerId::new(format!("hosted/{model}/{version}/{dimension}")),
            client,
            endpoint,
            model: model.clone(),
            dimension: *dimension,
            bearer: bearer.map(Secret),
        })
    }

    async fn ask(&self, text: &str) -> Result<Vec<f64>, HostedError> {
        let silent = |error: reqwest::Error| HostedError::Silent(error.without_url().to_string());
        let question = Question {
            model: &self.model,
            input: text,
        };
        let body = serde_json::to_vec(&question).expect("two strings are JSON");
        let mut request = self
            .client
            .post(self.endpoint.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(&bearer.0);
        }
        let mut response = request.send().await.map_err(silent)?;
        if response.status() != StatusCode::OK {
            return Err(HostedError::Status(response.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(silent)? {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(HostedError::Long);
            }
            bytes.extend_from_slice(&chunk);
        }
        let answer: Answer = serde_json::from_slice(&bytes)
            .map_err(|error| HostedError::Shape(error.to_string()))?;
        if answer.model != self.model {
            return Err(HostedError::OtherModel {
                expected: self.model.clone(),
                found: answer.model.chars().take(NAME_BYTES_MAX).collect(),
            });
        }
        let [Embedding { embedding }] = answer.data;
        if embedding.len() != self.dimension {
            return Err(HostedError::OtherDimension {
                expected: self.dimension,
                found: embedding.len(),
            });
        }
        Ok(embedding)
    }
}

impl Scorer for Hosted {
    fn id(&self) -> &ScorerId {
        &self.id
    }

    async fn vector(&self, text: &str) -> Result<Vector, ScorerError> {
        bounded(text)?;
        Ok(Vector::of(&self.ask(text).await?)?)
    }
}

fn name(key: &'static str, found: &str) -> Result<(), HostedError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if (1..=NAME_BYTES_MAX).contains(&found.len()) && found.bytes().all(fits) {
        return Ok(());
    }
    Err(HostedError::Name {
        key,
        found: found.chars().take(NAME_BYTES_MAX).collect(),
    })
}

//! What is handed on of the pages: documents with the hashes of what they were read from, and why others could not be read.
//!
//! Two forms. JSON holds all; canonical CSV (docs/verifiers.md) holds what a classifier wants, within the bytes of a proof, so that a
//! fetch of tier 1 can be proved by the verifier of tables, under whose header the law puts it.

use agentcity_domain::verification::proof::PROOF_BYTES_MAX;
use alloy::primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

use crate::{
    csv,
    fetch::{self, Rules},
    page,
    service::{self, Refused},
    source::Source,
};

/// Most bytes of one document's text.
pub const TEXT_BYTES_MAX: usize = 16 << 10; // structural: thirty-two of them fit an output
/// Most bytes of a table: the longest proof.
pub const TABLE_BYTES_MAX: usize = PROOF_BYTES_MAX;
/// The header of such a table.
pub const TABLE_HEADER: [&str; 5] = ["url", "contentHash", "language", "title", "text"];
/// What the first field of documents says.
const FORM: &str = "agentcity:pages:documents:1";

/// The outcome of a fetch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Documents {
    form: String,
    /// What was read, in the order of the sources.
    pub documents: Vec<Document>,
    /// What was not.
    pub failures: Vec<Failure>,
}

/// A page that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Document {
    /// As it was asked for.
    pub url: String,
    /// Where it was in the end.
    pub address: String,
    /// keccak256 of its bytes.
    pub content_hash: B256,
    /// What it is called.
    pub title: String,
    /// The first part of its language's tag, or `und`.
    pub language: String,
    /// Its main text, as much of it as is handed on.
    pub text: String,
    /// Whether that is less than all.
    pub is_cut: bool,
    /// Where it leads.
    pub links: Vec<String>,
}

/// A page that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Failure {
    /// As it was asked for.
    pub url: String,
    /// Why, in a word.
    pub kind: String,
    /// Why, for people.
    pub message: String,
}

/// Why something holds no documents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not one page could be read.
    #[error("not one page could be read; the first is {url}: {message}")]
    NothingRead {
        /// Which was the first.
        url: String,
        /// Why.
        message: String,
    },
    /// Neither of the two forms.
    #[error("these are no documents: {0}")]
    NoDocuments(String),
    /// JSON of another shape.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Documents {
    /// Of a document each.
    pub fn new(documents: Vec<Document>, failures: Vec<Failure>) -> Self {
        Self {
            form: FORM.to_owned(),
            documents,
            failures,
        }
    }

    /// Fetches and reads every source, one after another; `told` hears of each. What cannot be read is told among the failures.
    ///
    /// Errors: [`DocumentError::NothingRead`].
    pub async fn gather(
        sources: &[Source],
        rules: &Rules,
        mut told: impl FnMut(&str, &Result<Document, Failure>),
    ) -> Result<Self, DocumentError> {
        let (mut documents, mut failures) = (Vec::new(), Vec::new());
        for source in sources {
            let url = source.to_string();
            let read = one(source, &url, rules).await;
            told(&url, &read);
            match read {
                Ok(document) => documents.push(document),
                Err(failure) => failures.push(failure),
            }
        }
        match failures.first() {
            Some(Failure { url, message, .. }) if documents.is_empty() => {
                let (url, message) = (url.clone(), message.clone());
                Err(DocumentError::NothingRead { url, message })
            }
            _ => Ok(Self::new(documents, failures)),
        }
    }

    /// Reads either form.
    ///
    /// Errors: [`DocumentError`].
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        if !bytes.starts_with(b"{") {
            return Self::of_table(bytes);
        }
        let no = |error: serde_json::Error| DocumentError::NoDocuments(error.to_string());
        let value: serde_json::Value = serde_json::from_slice(bytes).map_err(no)?;
        service::hold("documents", service::DOCUMENTS_SCHEMA, &value)?;
        serde_json::from_value(value).map_err(no)
    }

    /// As canonical JSON.
    ///
    /// Errors: [`Refused`], if they are not what their own schema allows.
    pub fn json(&self) -> Result<String, Refused> {
        service::sealed("documents", service::DOCUMENTS_SCHEMA, self)
    }

    /// As a canonical table of at most [`TABLE_BYTES_MAX`] bytes: the longest texts are cut, all to the same length, until it fits.
    /// Failures have no place in it.
    ///
    /// Errors: [`DocumentError::NoDocuments`], if it does not fit even without texts.
    pub fn table(&self) -> Result<Vec<u8>, DocumentError> {
        let of_length = |length: usize| {
            let rows = self.documents.iter().map(|document| {
                let hash = document.content_hash.to_string();
                let text = page_line(&document.text);
                let text = cut(&text, length).to_owned();
                [
                    document.url.clone(),
                    hash,
                    document.language.clone(),
                    document.title.clone(),
                    text,
                ]
            });
            csv::write(&TABLE_HEADER, rows)
        };
        // The greatest length with which all fits, by halves.
        let (mut fits, mut not) = (0, TEXT_BYTES_MAX + 1);
        while not - fits > 1 {
            let middle = fits.midpoint(not);
            if of_length(middle).len() <= TABLE_BYTES_MAX {
                fits = middle;
            } else {
                not = middle;
            }
        }
        let table = of_length(fits);
        if table.len() > TABLE_BYTES_MAX {
            return Err(DocumentError::NoDocuments(format!(
                "a table of {} pages has {} bytes without their texts, at most {TABLE_BYTES_MAX} can be proved: fetch fewer",
                self.documents.len(),
                table.len()
            )));
        }
        Ok(table)
    }

    fn of_table(bytes: &[u8]) -> Result<Self, DocumentError> {
        let no = |why: String| DocumentError::NoDocuments(why);
        let rows = csv::read(bytes).map_err(|error| no(error.to_string()))?;
        let (header, rows) = rows
            .split_first()
            .ok_or_else(|| no("no header".to_owned()))?;
        if header.iter().ne(TABLE_HEADER) {
            return Err(no(format!("the header is {}", header.join(","))));
        }
        let documents = rows.iter().map(|row| {
            let [url, hash, language, title, text] = &row[..] else {
                return Err(no("a record is not as long as the header".to_owned()));
            };
            let content_hash = hash.parse();
            Ok(Document {
                url: url.clone(),
                address: url.clone(),
                content_hash: content_hash.map_err(|_| no(format!("`{hash}` is no hash")))?,
                title: title.clone(),
                language: language.clone(),
                text: text.clone(),
                is_cut: true,
                links: Vec::new(),
            })
        });
        Ok(Self::new(documents.collect::<Result<_, _>>()?, Vec::new()))
    }

    /// keccak256 of their canonical JSON: what a report names.
    ///
    /// Errors: [`Refused`].
    pub fn hash(&self) -> Result<B256, Refused> {
        Ok(keccak256(self.json()?))
    }
}

async fn one(source: &Source, url: &str, rules: &Rules) -> Result<Document, Failure> {
    let failure = |kind: &str, message: String| Failure {
        url: url.to_owned(),
        kind: kind.to_owned(),
        message,
    };
    let raw = fetch::fetch(source, rules).await;
    let raw = raw.map_err(|error| failure(error.kind(), error.to_string()))?;
    let page = page::read(&raw).map_err(|error| failure(error.kind(), error.to_string()))?;
    let text = cut(&page.text, TEXT_BYTES_MAX);
    Ok(Document {
        url: url.to_owned(),
        address: raw.at.map_or_else(|| url.to_owned(), Into::into),
        content_hash: keccak256(&raw.bytes),
        is_cut: text.len() < page.text.len(),
        text: text.to_owned(),
        title: page.title,
        language: page.language,
        links: page.links,
    })
}

/// As much of a text as fits.
fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Blocks in one line: a table's text has no ends of lines, which quotes would have to hold.
fn page_line(text: &str) -> String {
    text.replace('\n', " ")
}

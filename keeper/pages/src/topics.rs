//! What is told of documents: a topic for each. How sure a model is has no place in it, so that models which agree say the same bytes.
//!
//! | comparison | form |
//! |---|---|
//! | exact | canonical JSON: all topics must be the same ones |
//! | set | a word for each page, ascending: 31 bytes of keccak256(address ‖ content hash), and the topic's number; most of them must be |

use alloy::primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

use crate::{
    document::{Document, Documents},
    model::{Model, Opinion, Topic},
    service::{self, Refused},
};

/// What the first field of topics says.
const FORM: &str = "agentcity:pages:topics:1";
/// Bytes of a word.
const WORD: usize = 32; // structural: of the chain

/// A topic for each document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Topics {
    form: String,
    /// In the order of the documents.
    pub documents: Vec<Told>,
}

/// What one document is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Told {
    /// As it was asked for.
    pub url: String,
    /// keccak256 of its bytes.
    pub content_hash: B256,
    /// What it is about.
    pub topic: Topic,
}

/// Why something holds no topics.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicsError {
    /// Neither of the two forms.
    #[error("these are no topics: {0}")]
    NoTopics(String),
    /// Topics of other documents.
    #[error("these are topics of other documents: {0}")]
    OtherDocuments(String),
    /// JSON of another shape.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// What a model says of documents.
pub fn classify(model: &Model, documents: &Documents) -> (Topics, Vec<Opinion>) {
    let opinions: Vec<_> = documents
        .documents
        .iter()
        .map(|d| opinion(model, d))
        .collect();
    let told = documents.documents.iter().zip(&opinions);
    let told = told.map(|(document, opinion)| Told {
        url: document.url.clone(),
        content_hash: document.content_hash,
        topic: opinion.topic,
    });
    (Topics::new(told.collect()), opinions)
}

/// What a model says of one document: of its title and its text.
pub fn opinion(model: &Model, document: &Document) -> Opinion {
    model.judge(&format!("{}\n{}", document.title, document.text))
}

impl Topics {
    /// Of a document each.
    pub fn new(documents: Vec<Told>) -> Self {
        let form = FORM.to_owned();
        Self { form, documents }
    }

    /// Reads JSON.
    ///
    /// Errors: [`TopicsError`].
    pub fn read(bytes: &[u8]) -> Result<Self, TopicsError> {
        let no = |error: serde_json::Error| TopicsError::NoTopics(error.to_string());
        let value: serde_json::Value = serde_json::from_slice(bytes).map_err(no)?;
        service::hold("topics", service::TOPICS_SCHEMA, &value)?;
        serde_json::from_value(value).map_err(no)
    }

    /// As canonical JSON.
    ///
    /// Errors: [`Refused`].
    pub fn json(&self) -> Result<String, Refused> {
        service::sealed("topics", service::TOPICS_SCHEMA, self)
    }

    /// As a set of words, ascending, each once.
    pub fn words(&self) -> Vec<u8> {
        let words = self.documents.iter().map(|told| {
            let mut word = place(&told.url, &told.content_hash);
            word[WORD - 1] = told.topic as u8;
            word
        });
        let words: std::collections::BTreeSet<B256> = words.collect();
        words.into_iter().flatten().collect()
    }

    /// Reads a set of words that is about these documents.
    ///
    /// Errors: [`TopicsError`].
    pub fn of_words(words: &[u8], documents: &Documents) -> Result<Self, TopicsError> {
        let (words, rest) = words.as_chunks::<WORD>();
        if !rest.is_empty() {
            return Err(TopicsError::NoTopics("they are no words".to_owned()));
        }
        let told = documents.documents.iter().map(|document| {
            let wanted = place(&document.url, &document.content_hash);
            let is_of = |word: &&[u8; WORD]| word[..WORD - 1] == wanted[..WORD - 1];
            let mut found = words.iter().filter(is_of);
            let other = |why: &str| TopicsError::OtherDocuments(format!("{} {why}", document.url));
            let word = found.next().ok_or_else(|| other("has none"))?;
            if found.next().is_some() {
                return Err(other("has two"));
            }
            let topic = Topic::ALL.get(usize::from(word[WORD - 1]));
            Ok(Told {
                url: document.url.clone(),
                content_hash: document.content_hash,
                topic: *topic.ok_or_else(|| other("has one without a name"))?,
            })
        });
        Ok(Self::new(told.collect::<Result<_, _>>()?))
    }

    /// Whether these are topics of these documents, in their order.
    ///
    /// Errors: [`TopicsError::OtherDocuments`].
    pub fn check(&self, documents: &Documents) -> Result<(), TopicsError> {
        let (told, there) = (self.documents.len(), documents.documents.len());
        if told != there {
            let why = format!("{told} are told, {there} are there");
            return Err(TopicsError::OtherDocuments(why));
        }
        for (told, document) in self.documents.iter().zip(&documents.documents) {
            if (&told.url, told.content_hash) != (&document.url, document.content_hash) {
                return Err(TopicsError::OtherDocuments(told.url.clone()));
            }
        }
        Ok(())
    }
}

/// What stands for a document in a set: its last byte is free for the topic.
fn place(url: &str, content_hash: &B256) -> B256 {
    let mut word = keccak256([url.as_bytes(), content_hash.as_slice()].concat());
    word[WORD - 1] = 0;
    word
}

//! What becomes of topics: counts, pages, and on which of them classifiers differ.
//!
//! A report is made of what was agreed on. If it is given the documents too, it asks all three models once more what they think of each
//! page: the *confidence* of a page is the mean of their margins, of which a model that names another topic gives nothing. Without
//! documents nothing is known of that, and nothing is said.

use alloy::primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

use crate::{
    document::{Documents, Failure},
    model::{ModelError, Opinion, Topic, Which},
    service::{self, Refused, Service},
    topics::{self, Told, Topics, TopicsError},
};

/// What the first field of a report says.
const FORM: &str = "agentcity:pages:report:1";

/// A report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Report {
    form: String,
    /// Pages by topic.
    pub topics: Counts,
    /// Pages, in the order of the documents.
    pub pages: Vec<Page>,
    /// Pages of which a model has another opinion.
    pub disagreements: Vec<Disagreement>,
    /// Pages that could not be read.
    pub failures: Vec<Failure>,
    /// What it follows from.
    pub provenance: Provenance,
}

/// How many pages are about each topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    computing: u32,
    culture: u32,
    economy: u32,
    health: u32,
    nature: u32,
    sport: u32,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Page {
    /// As it was asked for.
    pub url: String,
    /// keccak256 of its bytes.
    pub content_hash: B256,
    /// What it is called, if its document is known.
    pub title: Option<String>,
    /// What it is about, as was agreed.
    pub topic: Topic,
    /// What each model says of it, if its document is known.
    pub opinions: Vec<Said>,
    /// How many of them say what was agreed.
    pub agreeing: u8,
    /// How sure they are of it, in thousandths.
    pub confidence_permille: Option<u16>,
}

/// What a model says of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Said {
    /// Its service's name.
    pub model: String,
    /// What it says.
    pub topic: Topic,
    /// How far that is ahead, in thousandths.
    pub margin_permille: u16,
}

/// A page of which models have another opinion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Disagreement {
    /// Which page.
    pub url: String,
    /// As was agreed.
    pub topic: Topic,
    /// Who says what else.
    pub others: Vec<Other>,
}

/// Another opinion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Other {
    /// The service's name.
    pub model: String,
    /// What it says.
    pub topic: Topic,
}

/// What a report follows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Provenance {
    /// keccak256 of the documents' canonical JSON, if they are known.
    pub documents_hash: Option<B256>,
    /// keccak256 of each list of topics, in canonical JSON.
    pub topics_hashes: Vec<B256>,
    /// The models that were asked once more.
    pub models: Vec<ModelCode>,
    /// The code hash of the service that made it.
    pub code_hash: B256,
}

/// A model by its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ModelCode {
    /// Its service's name.
    pub model: String,
    /// The service's code hash.
    pub code_hash: B256,
}

/// Why there is no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// Nothing to report.
    #[error("no topics: at least one list is wanted, and at most three are taken")]
    NoTopics,
    /// Lists of several mouths, and no documents to judge between them.
    #[error("several lists of topics, and no documents by which to judge where they differ")]
    NoDocuments,
    /// Topics that do not fit the documents.
    #[error(transparent)]
    Topics(#[from] TopicsError),
    /// A model that is none.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A report that its schema does not allow.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Report {
    /// Of one list of topics, as the chain agreed on it, or of up to three, of which the majority counts for each page; where there is
    /// none, the topic of which the models are surest. `documents` are what the lists are about, if they are known.
    ///
    /// Errors: [`ReportError`].
    pub fn of(lists: &[Topics], documents: Option<&Documents>) -> Result<Self, ReportError> {
        let first = match lists {
            [] | [_, _, _, _, ..] => return Err(ReportError::NoTopics),
            [_, _, ..] if documents.is_none() => return Err(ReportError::NoDocuments),
            [first, ..] => first,
        };
        let mut opinions: Vec<Vec<(Which, Opinion)>> = vec![Vec::new(); first.documents.len()];
        if let Some(documents) = documents {
            for list in lists {
                list.check(documents)?;
            }
            for which in Which::ALL {
                let model = service::model(which)?;
                for (of_page, document) in opinions.iter_mut().zip(&documents.documents) {
                    of_page.push((which, topics::opinion(&model, document)));
                }
            }
        }
        let mut pages = Vec::new();
        for (place, told) in first.documents.iter().enumerate() {
            let title = documents.map(|documents| documents.documents[place].title.clone());
            let votes: Vec<Topic> = lists
                .iter()
                .map(|list| list.documents[place].topic)
                .collect();
            pages.push(page(told, title, &votes, &opinions[place]));
        }
        let mut topics_hashes = Vec::new();
        for list in lists {
            topics_hashes.push(keccak256(list.json()?));
        }
        let asked = documents.map_or(&[][..], |_| &Which::ALL);
        let model = |which: &Which| ModelCode {
            model: name(*which),
            code_hash: Service::Classify(*which).code_hash(),
        };
        Ok(Self {
            form: FORM.to_owned(),
            topics: Counts::of(&pages),
            disagreements: pages.iter().filter_map(disagreement).collect(),
            failures: documents.map_or(Vec::new(), |documents| documents.failures.clone()),
            provenance: Provenance {
                documents_hash: documents.map(Documents::hash).transpose()?,
                topics_hashes,
                models: asked.iter().map(model).collect(),
                code_hash: Service::Report.code_hash(),
            },
            pages,
        })
    }

    /// As canonical JSON.
    ///
    /// Errors: [`Refused`].
    pub fn json(&self) -> Result<String, Refused> {
        service::sealed("report", service::REPORT_SCHEMA, self)
    }
}

fn name(which: Which) -> String {
    Service::Classify(which).name().to_owned()
}

fn page(told: &Told, title: Option<String>, votes: &[Topic], all: &[(Which, Opinion)]) -> Page {
    let margins = |topic: Topic| {
        let of_topic = all.iter().filter(|(_, opinion)| opinion.topic == topic);
        of_topic
            .map(|(_, opinion)| opinion.margin_permille)
            .sum::<u16>()
    };
    let for_topic = |topic: Topic| votes.iter().filter(|vote| **vote == topic).count();
    // Of topics that are equal in both, the first one's.
    let rank = |topic: &&Topic| {
        (
            for_topic(**topic),
            margins(**topic),
            std::cmp::Reverse(**topic),
        )
    };
    let topic = votes.iter().max_by_key(rank).copied().unwrap_or(told.topic);
    let agreeing = all
        .iter()
        .filter(|(_, opinion)| opinion.topic == topic)
        .count();
    let models = all.len() as u16;
    Page {
        url: told.url.clone(),
        content_hash: told.content_hash,
        title,
        topic,
        opinions: all
            .iter()
            .map(|(which, opinion)| Said {
                model: name(*which),
                topic: opinion.topic,
                margin_permille: opinion.margin_permille,
            })
            .collect(),
        agreeing: agreeing as u8,
        confidence_permille: (models > 0).then(|| margins(topic) / models),
    }
}

fn disagreement(page: &Page) -> Option<Disagreement> {
    let others = page
        .opinions
        .iter()
        .filter(|opinion| opinion.topic != page.topic);
    let others = others.map(|opinion| Other {
        model: opinion.model.clone(),
        topic: opinion.topic,
    });
    let others: Vec<_> = others.collect();
    (!others.is_empty()).then(|| Disagreement {
        url: page.url.clone(),
        topic: page.topic,
        others,
    })
}

impl Counts {
    fn of(pages: &[Page]) -> Self {
        let mut counts = Self::default();
        for page in pages {
            *counts.at(page.topic) += 1;
        }
        counts
    }

    const fn at(&mut self, topic: Topic) -> &mut u32 {
        match topic {
            Topic::Computing => &mut self.computing,
            Topic::Culture => &mut self.culture,
            Topic::Economy => &mut self.economy,
            Topic::Health => &mut self.health,
            Topic::Nature => &mut self.nature,
            Topic::Sport => &mut self.sport,
        }
    }

    /// How many pages are about a topic.
    pub fn of_topic(mut self, topic: Topic) -> u32 {
        *self.at(topic)
    }
}

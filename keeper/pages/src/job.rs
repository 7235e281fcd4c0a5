//! The services as processes: a `JobRequest` comes in on standard input, lines of JSON go out (docs/executors.md, limits of a process).
//!
//! | service | check | output | proof |
//! |---|---|---|---|
//! | fetch | proof, by the verifier of tables | documents as a canonical table | the same |
//! | | exact consensus, review | documents as canonical JSON | |
//! | classify | exact consensus, review | topics as canonical JSON | |
//! | | consensus of sets | topics as words | |
//! | report | exact consensus, review | report as canonical JSON | |
//!
//! A process does a job only for the code hash that was registered of what it runs: with another, somebody would sign for work that was
//! not done by it.

use std::io::Write;

use agentcity_domain::verification::proof::PROOF_BYTES_MAX;
use agentcity_executor::protocol::{
    Check, Comparison, Content, Contradiction, Input, JobRequest, Output, TooLong,
};
use alloy::primitives::{B256, keccak256};
use serde::Serialize;

use crate::{
    canonical,
    document::{DocumentError, Documents},
    fetch::Rules,
    model::{ModelError, Which},
    report::{Report, ReportError},
    service::{self, Refused, Service},
    source::{self, Source, SourceError},
    topics::{self, Topics, TopicsError},
};

/// What a process does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Fetches these sources, or, without any, those that the law names in the node's rubric, one a line.
    Fetch(Vec<Source>, Rules),
    /// Tells topics by a model.
    Classify(Which),
    /// Makes a report.
    Report,
}

/// Why a job cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// No request.
    #[error("standard input holds no request: {0}")]
    NoRequest(#[from] serde_json::Error),
    /// A request against itself.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// A request for other code.
    #[error(
        "the request is for code {wanted}, and this is {found}: `agentcity-pages artifacts` writes what this one is registered by"
    )]
    OtherCode {
        /// As the node was routed.
        wanted: B256,
        /// As this is.
        found: B256,
    },
    /// A verification that the output does not fit.
    #[error("{service} is not verified by {check:?}: {instead}")]
    Check {
        /// Which service.
        service: &'static str,
        /// As the law has it.
        check: Check,
        /// What the law should have.
        instead: &'static str,
    },
    /// Inputs that are others than the service's.
    #[error("{service} takes {wanted}, and there are {found} inputs")]
    Inputs {
        /// Which service.
        service: &'static str,
        /// What it takes.
        wanted: &'static str,
        /// How many there are.
        found: usize,
    },
    /// No sources.
    #[error("{0}: name them in the node's rubric, one a line, or with --source")]
    Sources(#[from] SourceError),
    /// Documents.
    #[error(transparent)]
    Documents(#[from] DocumentError),
    /// Topics.
    #[error(transparent)]
    Topics(#[from] TopicsError),
    /// A report.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// An output that its own schema does not allow.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// An output that is too long.
    #[error("the output is too long: {0}")]
    TooLong(#[from] TooLong),
    /// Nobody reads.
    #[error("standard output: {0}")]
    Unheard(#[from] std::io::Error),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Tool {
        name: String,
        input: String,
        output: String,
    },
    Output {
        content: Output,
        proof: Content<PROOF_BYTES_MAX>,
    },
}

fn say(out: &mut impl Write, line: &Line) -> Result<(), JobError> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(out.write_all(&text)?)
}

impl Task {
    /// Its service.
    pub const fn service(&self) -> Service {
        match self {
            Self::Fetch(..) => Service::Fetch,
            Self::Classify(which) => Service::Classify(*which),
            Self::Report => Service::Report,
        }
    }

    /// Does the job of a request, and tells what happens on `out`, the output last.
    ///
    /// Errors: [`JobError`]; then there is no output.
    pub async fn run(&self, request: &[u8], out: &mut impl Write) -> Result<(), JobError> {
        let request: JobRequest = serde_json::from_slice(request)?;
        request.check()?;
        let found = self.service().code_hash();
        if request.code_hash != found {
            let wanted = request.code_hash;
            return Err(JobError::OtherCode { wanted, found });
        }
        let (content, proof) = match self {
            Self::Fetch(sources, rules) => fetch(&request, sources, rules, out).await?,
            Self::Classify(which) => (classify(&request, *which, out)?, Vec::new()),
            Self::Report => (report(&request, out)?, Vec::new()),
        };
        let content = Output::new(content)?;
        let proof = Content::new(proof)?;
        say(out, &Line::Output { content, proof })
    }
}

async fn fetch(
    request: &JobRequest,
    sources: &[Source],
    rules: &Rules,
    out: &mut impl Write,
) -> Result<(Vec<u8>, Vec<u8>), JobError> {
    let is_table = match request.check {
        Check::Proof if !request.terms.verifier.is_zero() => true,
        Check::Consensus(Comparison::Exact) | Check::Review => false,
        check @ (Check::Proof | Check::Consensus(_)) => {
            return Err(JobError::Check {
                service: "fetch",
                check,
                instead: "a reference needs the answer before the work; take the verifier of tables, exact consensus or review",
            });
        }
    };
    if !request.inputs.is_empty() {
        return Err(JobError::Inputs {
            service: "fetch",
            wanted: "none",
            found: request.inputs.len(),
        });
    }
    let named = match (sources, &request.task.rubric) {
        ([], Some(rubric)) => source::list(rubric.as_str())?,
        ([], None) => return Err(SourceError::None.into()),
        (sources, _) => sources.to_vec(),
    };
    let mut unheard = None;
    let documents = Documents::gather(&named, rules, |url, read| {
        let output = match read {
            Ok(document) => document.content_hash.to_string(),
            Err(failure) => format!("{}: {}", failure.kind, failure.message),
        };
        let line = Line::Tool {
            name: "fetch".to_owned(),
            input: url.to_owned(),
            output,
        };
        if let Err(error) = say(out, &line) {
            unheard.get_or_insert(error);
        }
    });
    let documents = documents.await?;
    if let Some(error) = unheard {
        return Err(error);
    }
    if is_table {
        let table = documents.table()?;
        return Ok((table.clone(), table));
    }
    Ok((documents.json()?.into_bytes(), Vec::new()))
}

fn classify(request: &JobRequest, which: Which, out: &mut impl Write) -> Result<Vec<u8>, JobError> {
    let is_set = match request.check {
        Check::Consensus(Comparison::Set) => true,
        Check::Consensus(Comparison::Exact) | Check::Review => false,
        check @ (Check::Proof | Check::Consensus(_)) => {
            return Err(JobError::Check {
                service: "classify",
                check,
                instead: "take exact consensus, consensus of sets, or review",
            });
        }
    };
    let [input] = &request.inputs[..] else {
        return Err(JobError::Inputs {
            service: "classify",
            wanted: "the documents of one fetch",
            found: request.inputs.len(),
        });
    };
    let documents = Documents::read(input.content.bytes())?;
    let model = service::model(which)?;
    let (topics, opinions) = topics::classify(&model, &documents);
    // What the topics follow from goes into the trail, where it disturbs no comparison.
    for (told, opinion) in topics.documents.iter().zip(&opinions) {
        let line = Line::Tool {
            name: format!("model {which}"),
            input: told.content_hash.to_string(),
            output: canonical::text(&opinion.scores)?,
        };
        say(out, &line)?;
    }
    if is_set {
        return Ok(topics.words());
    }
    Ok(topics.json()?.into_bytes())
}

fn report(request: &JobRequest, out: &mut impl Write) -> Result<Vec<u8>, JobError> {
    if !matches!(
        request.check,
        Check::Consensus(Comparison::Exact) | Check::Review
    ) {
        return Err(JobError::Check {
            service: "report",
            check: request.check,
            instead: "take review, or exact consensus",
        });
    }
    let wrong = || JobError::Inputs {
        service: "report",
        wanted: "topics, and the documents that they are of if the law has an edge for them",
        found: request.inputs.len(),
    };
    let (documents, topics) = match &request.inputs[..] {
        [topics] => (None, topics),
        [documents, topics] => {
            let documents = Documents::read(documents.content.bytes())?;
            (Some(documents), topics)
        }
        _ => return Err(wrong()),
    };
    let topics = match (&documents, is_of_words(topics)) {
        (_, false) => Topics::read(topics.content.bytes())?,
        (Some(documents), true) => Topics::of_words(topics.content.bytes(), documents)?,
        (None, true) => return Err(wrong()),
    };
    let report = Report::of(&[topics], documents.as_ref())?;
    if let Some(documents) = &documents {
        let line = Line::Tool {
            name: "three models".to_owned(),
            input: documents.hash()?.to_string(),
            output: keccak256(canonical::text(&report.pages)?).to_string(),
        };
        say(out, &line)?;
    }
    Ok(report.json()?.into_bytes())
}

fn is_of_words(input: &Input) -> bool {
    input.check == Check::Consensus(Comparison::Set)
}

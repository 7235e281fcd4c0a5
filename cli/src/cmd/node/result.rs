//! What executors hand in: proofs, outputs for review, sealed values, and signed results for batches.

use std::path::{Path, PathBuf};

use agentcity_abi::{
    IVerification::{self, NodeTerms, ResultKind},
    document::Document,
};
use agentcity_domain::{
    peer::Peer,
    signed::{SignedStruct, work::NodeResult},
    verification::consensus,
};
use alloy::primitives::{Address, B256, Bytes, keccak256};
use serde_json::{Value, json};

use super::{
    assignment,
    sealed::{Given, Sealed},
};
use crate::{
    failure::{Code, Failure},
    opts::City,
    output::Answer,
    send::{Act, Call},
    signed::{Signing, Statement},
    values::{self, Hashed, Place, choice, word},
};

/// What a node's digest commits to, out of one of two files.
#[derive(Clone, Debug, clap::Args)]
#[group(id = "law", required = true, multiple = false)]
pub(crate) struct Terms {
    /// The mission's statute as a document (JSON-LD).
    #[arg(long)]
    document: Option<PathBuf>,
    /// The node's terms as JSON, with the fields of `NodeTerms`.
    #[arg(long)]
    terms: Option<PathBuf>,
}

/// Where a result of Tier 1 or 3 comes from.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Proof {
    /// Tier 1 without a verifier: the input, a hash, `text:…` or `file:…`; with --salt.
    #[arg(long, requires = "salt", conflicts_with_all = ["proof", "content"])]
    input: Option<Hashed>,
    /// Tier 1 without a verifier: the salt of the node's commitment.
    #[arg(long, value_parser = word, requires = "input")]
    salt: Option<B256>,
    /// Tier 1 with a verifier: file with what it reads.
    #[arg(long, conflicts_with = "content")]
    proof: Option<PathBuf>,
    /// Tier 3: where the output is found, encrypted to adjudicators.
    #[arg(long)]
    content: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Submit {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    law: Terms,
    /// The output: a hash, `text:…` or `file:…`.
    #[arg(long)]
    output: Hashed,
    /// Root of the trail, not zero: a hash, `text:…` or `file:…`.
    #[arg(long)]
    trail: Hashed,
    #[command(flatten)]
    proof: Proof,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Commit {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    given: Given,
    /// Root of the trail, not zero: a hash, `text:…` or `file:…`.
    #[arg(long)]
    trail: Hashed,
    /// File for value and salt, which nobody else may read; `reveal` needs it.
    #[arg(long)]
    sealed: PathBuf,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reveal {
    /// The file that `commit` wrote.
    #[arg(long)]
    sealed: PathBuf,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Sign {
    #[command(flatten)]
    place: Place,
    /// Proof, commit, reveal or review.
    #[arg(long, value_parser = kind)]
    kind: ResultKind,
    /// Of a proof or a review, the output: a hash, `text:…` or `file:…`.
    #[arg(long)]
    output: Option<Hashed>,
    /// Root of the trail: a hash, `text:…` or `file:…`. Of a reveal, the trails of all who committed, which are asked for when absent.
    #[arg(long)]
    trail: Option<Hashed>,
    /// Of a commit or a reveal: the file with value and salt; a commit writes it, with one of --label, --number, --set, --value.
    #[arg(long)]
    sealed: Option<PathBuf>,
    /// Of a commit: a label.
    #[arg(long)]
    label: Option<String>,
    /// Of a commit: the value in hex.
    #[arg(long, value_parser = values::bytes, conflicts_with = "label")]
    value: Option<Bytes>,
    #[command(flatten)]
    proof: Proof,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Batch {
    /// Files that executors signed with `node sign`.
    #[arg(required = true)]
    results: Vec<PathBuf>,
    /// Terms for each result that is a proof or for review, in their order, as JSON.
    #[arg(long = "terms")]
    terms: Vec<PathBuf>,
    #[command(flatten)]
    act: Act,
}

fn kind(text: &str) -> Result<ResultKind, Failure> {
    let kinds = [
        ("proof", ResultKind::Proof),
        ("commit", ResultKind::Commit),
        ("reveal", ResultKind::Reveal),
        ("review", ResultKind::Review),
    ];
    choice("kind of result", text, &kinds)
}

/// The terms in a file of their own.
fn read_terms(path: &Path) -> Result<NodeTerms, Failure> {
    let refuse = |what: String| {
        Failure::new(Code::Malformed, format!("{}: {what}", path.display())).hint(
            "give an object with inputSchemaHash, outputSchemaHash, labelHash, rubricHash, verifier, verifierCodehash and expected",
        )
    };
    let value: Value = serde_json::from_str(&values::read_text(path)?)
        .map_err(|error| refuse(format!("no JSON ({error})")))?;
    let text = |field: &str| -> Result<&str, Failure> {
        let text = value.get(field).and_then(Value::as_str);
        text.ok_or_else(|| refuse(format!("no `{field}`")))
    };
    let inside = |field: &str, failure: Failure| refuse(format!("`{field}`: {}", failure.message));
    let read = |field: &str| values::word(text(field)?).map_err(|failure| inside(field, failure));
    Ok(NodeTerms {
        inputSchemaHash: read("inputSchemaHash")?,
        outputSchemaHash: read("outputSchemaHash")?,
        labelHash: read("labelHash")?,
        rubricHash: read("rubricHash")?,
        verifier: values::address(text("verifier")?)
            .map_err(|failure| inside("verifier", failure))?,
        verifierCodehash: read("verifierCodehash")?,
        expected: read("expected")?,
    })
}

impl Terms {
    /// The node's terms.
    fn read(&self, node: u16) -> Result<NodeTerms, Failure> {
        let Some(path) = &self.document else {
            return read_terms(self.terms.as_deref().unwrap_or_else(|| Path::new("")));
        };
        let document = Document::parse(values::read(path)?).map_err(|problems| {
            let problems = problems.to_string().replace('\n', "; ");
            Failure::new(Code::Malformed, format!("{}: {problems}", path.display()))
                .hint("mend what it names, or give the node's terms alone with --terms")
        })?;
        let task = document.tasks().nth(node.into()).ok_or_else(|| {
            let count = document.tasks().count();
            Failure::new(
                Code::Number,
                format!("{} has {count} nodes, and no node {node}", path.display()),
            )
            .hint("nodes count from zero")
        })?;
        task.terms.wire().ok_or_else(|| {
            Failure::new(
                Code::Malformed,
                format!(
                    "{} knows only the hash of node {node}'s terms",
                    path.display()
                ),
            )
            .hint("give the terms with --terms")
        })
    }
}

impl Proof {
    /// The bytes that stand for it.
    fn bytes(&self) -> Result<Bytes, Failure> {
        if let (Some(input), Some(salt)) = (&self.input, self.salt) {
            return Ok([input.hash()?, salt].concat().into());
        }
        if let Some(path) = &self.proof {
            return values::read(path).map(Bytes::from);
        }
        if let Some(content) = &self.content {
            return Ok(content.clone().into_bytes().into());
        }
        Err(Failure::new(Code::Flags, "nothing shows that the result is right").hint(
            "Tier 1: --input and --salt, or --proof for a verifier; Tier 3: --content for the reviewers",
        ))
    }
}

/// Refuses terms that are not those of the law.
fn must_be(terms: &NodeTerms, digest: B256, place: Place) -> Result<(), Failure> {
    let found = agentcity_abi::document::digest(terms);
    if found == digest {
        return Ok(());
    }
    Err(Failure::new(
        Code::Malformed,
        format!("these terms hash to {found}, and {place} commits to {digest}"),
    )
    .hint("give the document, or the terms, that the mission was legislated with"))
}

/// Refuses a trail of nothing, which no result may have.
fn trail(given: &Hashed) -> Result<B256, Failure> {
    let trail = given.hash()?;
    if trail.is_zero() {
        return Err(Failure::new(Code::Word, "every result comes with a trail")
            .hint("give the root of the executor's log with --trail"));
    }
    Ok(trail)
}

pub(super) async fn submit(options: Submit) -> Result<Answer, Failure> {
    let place = options.place;
    let terms = options.law.read(place.node)?;
    let proof = options.proof.bytes()?;
    let (output, trail) = (options.output.hash()?, trail(&options.trail)?);
    let sender = options.act.connect().await?;
    let law = assignment(&sender.city, place).await?;
    must_be(&terms, law.digest, place)?;
    let call = IVerification::submitResultCall {
        missionId: place.mission,
        node: place.node,
        terms,
        outputHash: output,
        trailRoot: trail,
        proof,
    };
    let what = format!("hand in the result of {place}");
    let sent = sender
        .perform(Call::new(what, sender.at(Peer::Verification), &call))
        .await?;
    Ok(sent.answer())
}

/// Refuses a value that its node does not compare.
fn must_fit(value: &[u8], mode: u8, place: Place) -> Result<(), Failure> {
    if consensus::is_value(mode, value) {
        return Ok(());
    }
    let wanted = match mode {
        1 => "a number: --number", // structural: modes of docs/statute.md
        2 => "a sketch of 64 bytes: --value",
        3 => "a set of at most 64 elements, ascending: --set",
        _ => "a word: --label or --value",
    };
    Err(Failure::new(
        Code::Value,
        format!("{} bytes are no value that {place} compares", value.len()),
    )
    .hint(format!("it takes {wanted}")))
}

pub(super) async fn commit(options: Commit) -> Result<Answer, Failure> {
    let place = options.place;
    let (value, trail) = (options.given.bytes()?, trail(&options.trail)?);
    let sender = options.act.connect().await?;
    let law = assignment(&sender.city, place).await?;
    must_fit(&value, law.mode, place)?;
    let mut sealed = Sealed::new(place, law.attempt, sender.address, value)?;
    if !sender.dry_run {
        // Before it is sent: a commitment whose salt is lost cannot be opened.
        sealed = sealed.keep(&options.sealed)?;
    }
    let call = IVerification::commitResultCall {
        missionId: place.mission,
        node: place.node,
        commitment: sealed.commitment(),
        trailRoot: trail,
    };
    let what = format!("seal a value at {place}");
    let mut sent = sender
        .perform(Call::new(what, sender.at(Peer::Verification), &call))
        .await?;
    let file = options.sealed.display().to_string();
    sent.value["commitment"] = json!(call.commitment);
    sent.value["sealed"] = json!(file);
    sent.facts
        .push(("commitment".to_owned(), call.commitment.to_string()));
    sent.facts.push(("keep until the reveal".to_owned(), file));
    Ok(sent.answer())
}

pub(super) async fn reveal(options: Reveal) -> Result<Answer, Failure> {
    let sealed = Sealed::read(&options.sealed)?;
    let place = sealed.place();
    let sender = options.act.connect().await?;
    let call = IVerification::revealResultCall {
        missionId: sealed.mission,
        node: sealed.node,
        executor: sealed.executor,
        value: sealed.value,
        salt: sealed.salt,
    };
    let what = format!("reveal the value of {} at {place}", sealed.executor);
    let call = Call::new(what, sender.at(Peer::Verification), &call);
    // The call's data holds the salt: where nothing is sent, it is not shown.
    let call = if sender.dry_run {
        call.confidential()
    } else {
        call
    };
    Ok(sender.perform(call).await?.answer())
}

/// The trails of all who committed to the present attempt.
async fn trails(city: &City, place: Place, attempt: u8) -> Result<B256, Failure> {
    let results = IVerification::new(city.at(Peer::Verification), &city.chain.provider);
    Ok(results
        .recordOf(place.mission, place.node, attempt)
        .call()
        .await?
        .trailRoot)
}

pub(super) async fn sign(options: Sign) -> Result<Answer, Failure> {
    let (place, signing) = (options.place, options.signing);
    let missing = |what: &str, flag: &str| {
        Failure::new(Code::Flags, format!("a signed {what} needs --{flag}"))
            .hint("`agentcity node sign --help` tells what each kind needs")
    };
    let given_trail = options.trail.as_ref().map(trail).transpose()?;
    let key = signing.key.open().await?;
    let (name, mut output, mut proof) = (format!("{:?}", options.kind).to_lowercase(), None, None);
    match options.kind {
        ResultKind::Proof | ResultKind::Review => {
            let of = options
                .output
                .as_ref()
                .ok_or_else(|| missing(&name, "output"))?;
            (output, proof) = (Some(of.hash()?), Some(options.proof.bytes()?));
            given_trail.ok_or_else(|| missing(&name, "trail"))?;
        }
        ResultKind::Commit => {
            given_trail.ok_or_else(|| missing(&name, "trail"))?;
            if options.label.is_none() && options.value.is_none() {
                return Err(missing(&name, "label or --value"));
            }
        }
        _ => {}
    }
    let file = || {
        options
            .sealed
            .as_deref()
            .ok_or_else(|| missing(&name, "sealed"))
    };
    let opened = match options.kind {
        ResultKind::Reveal => Some(Sealed::read(file()?)?),
        ResultKind::Commit => {
            file()?;
            None
        }
        _ => None,
    };
    let city = signing.town.connect().await?;
    let law = assignment(&city, place).await?;
    match options.kind {
        ResultKind::Commit => {
            let value = match &options.label {
                Some(label) => keccak256(label).to_vec().into(),
                None => options.value.clone().unwrap_or_default(),
            };
            must_fit(&value, law.mode, place)?;
            let sealed = Sealed::new(place, law.attempt, key.address(), value)?.keep(file()?)?;
            output = Some(sealed.commitment());
        }
        ResultKind::Reveal => {
            if let Some(sealed) = opened {
                must_be_at(&sealed, place, law.attempt, key.address())?;
                output = Some(keccak256(&sealed.value));
                proof = Some([&sealed.value[..], sealed.salt.as_slice()].concat().into());
            }
        }
        _ => {}
    }
    let trail_root = match given_trail {
        Some(trail) => trail,
        None => trails(&city, place, law.attempt).await?,
    };
    let proof: Bytes = proof.unwrap_or_default();
    let result = NodeResult {
        mission_id: place.mission,
        node: place.node,
        attempt: law.attempt,
        kind: options.kind as u8,
        executor: key.address(),
        output_hash: output.unwrap_or_default(),
        trail_root,
        proof: keccak256(&proof),
        deadline: signing.until(&city).await?,
    };
    let (kind, words) = (SignedStruct::NodeResult, result.words());
    let statement = Statement::sign(kind, &city, &words, &[("proof", &proof)], &key).await?;
    if options.kind == ResultKind::Reveal && signing.out.is_none() {
        return Err(missing(&name, "out")
            .hint("the salt stands in it: it goes into a file, not on the screen"));
    }
    let answer = statement.answer(signing.out.as_deref())?;
    match options.kind {
        ResultKind::Reveal => Ok(Answer::facts(
            json!({ "signed": "NodeResult", "kind": name, "by": key.address(), "file": signing.out }),
            &[
                ("signed", "NodeResult, a reveal".to_owned()),
                ("by", key.address().to_string()),
                (
                    "file",
                    signing.out.unwrap_or_default().display().to_string(),
                ),
            ],
        )),
        _ => Ok(answer),
    }
}

/// Refuses a sealed value of something else.
fn must_be_at(
    sealed: &Sealed,
    place: Place,
    attempt: u8,
    executor: Address,
) -> Result<(), Failure> {
    let found = (sealed.mission, sealed.node, sealed.attempt, sealed.executor);
    if found == (place.mission, place.node, attempt, executor) {
        return Ok(());
    }
    Err(Failure::new(
        Code::Sealed,
        format!(
            "the file holds what {} sealed at attempt {} of {}",
            sealed.executor,
            sealed.attempt,
            sealed.place()
        ),
    )
    .hint(format!("{executor} signs for attempt {attempt} of {place}")))
}

pub(super) async fn batch(options: Batch) -> Result<Answer, Failure> {
    let mut terms = Vec::with_capacity(options.terms.len());
    for path in &options.terms {
        terms.push(read_terms(path)?);
    }
    let mut read = Vec::with_capacity(options.results.len());
    for path in &options.results {
        read.push(Statement::read(path, SignedStruct::NodeResult)?);
    }
    let kind_of = |one: &Statement| {
        ResultKind::try_from(one.number::<u8>("kind")).unwrap_or(ResultKind::None)
    };
    let with_terms =
        |one: &&Statement| matches!(kind_of(one), ResultKind::Proof | ResultKind::Review);
    let needed = read.iter().filter(with_terms).count();
    if needed != terms.len() {
        return Err(Failure::new(
            Code::Flags,
            format!(
                "{needed} of the results need terms, and {} were given",
                terms.len()
            ),
        )
        .hint("give --terms once for each proof and each result for review, in their order"));
    }
    let sender = options.act.connect().await?;
    let mut call = IVerification::submitBatchCall {
        results: Vec::with_capacity(read.len()),
        terms,
        signatures: Vec::with_capacity(read.len()),
    };
    for one in read {
        one.must_be_of(&sender.city)?;
        call.results.push(IVerification::NodeResult {
            missionId: one.word("missionId"),
            node: one.number("node"),
            attempt: one.number("attempt"),
            kind: kind_of(&one),
            executor: one.address("executor"),
            outputHash: one.word("outputHash"),
            trailRoot: one.word("trailRoot"),
            proof: one.bytes("proof"),
            deadline: one.number("deadline"),
        });
        call.signatures.push(one.signature);
    }
    let what = format!("relay {} results", call.results.len());
    let call = Call::new(what, sender.at(Peer::Verification), &call);
    let call = if sender.dry_run {
        call.confidential()
    } else {
        call
    };
    Ok(sender.perform(call).await?.answer())
}

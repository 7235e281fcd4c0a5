//! `agentcity override submit`, `queue`, `execute`, `withdraw`, `expire`, `status`: what anybody relays, and where actions stand.

use std::path::PathBuf;

use agentcity_abi::{IAdjudication, action::verb};
use agentcity_domain::{act::Action, peer::Peer};
use alloy::{
    primitives::{Address, B256, Bytes},
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};
use serde_json::{Value, json};

use super::{
    document::{Document, Payload},
    explain::belongs,
    outlook,
};
use crate::{
    ask,
    failure::{Code, Failure},
    instant,
    opts::{City, Sending, Town},
    output::{self, Answer},
    send::Call,
    views,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Submit {
    /// The file with its signatures, as `override merge` wrote it.
    file: PathBuf,
    /// Hand it in as the senior adjudicator's alone.
    #[arg(long)]
    unilateral: bool,
    /// Adjudicators with an interest in the matter, with commas between: what shows that too few are left.
    #[arg(long, value_delimiter = ',', requires = "unilateral")]
    conflicted: Vec<Address>,
    #[command(flatten)]
    town: Town,
    #[command(flatten)]
    sending: Sending,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Queue {
    #[command(flatten)]
    town: Town,
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
    /// Those too that ended.
    #[arg(long)]
    all: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct One {
    /// The action's digest, or the file that `override prepare` wrote.
    action: String,
    #[command(flatten)]
    town: Town,
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Act {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    sending: Sending,
}

/// What the log tells of an action.
struct Logged {
    digest: B256,
    payload: Payload,
    signers: Vec<Address>,
    block: u64,
    /// Carried out; queued otherwise.
    is_done: bool,
    unilateral: bool,
}

/// The fields of an action out of its number and payload.
fn payload(action: IAdjudication::Action, encoded: &Bytes) -> Option<Payload> {
    let action = Action::at(action as u8)?;
    let words = encoded.chunks_exact(32).map(B256::from_slice).collect();
    Some(Payload { action, words })
}

fn logged(log: &Log) -> Option<Logged> {
    let block = log.block_number.unwrap_or_default();
    if let Ok(event) = IAdjudication::ActionQueued::decode_log(&log.inner) {
        return Some(Logged {
            digest: event.digest,
            payload: payload(event.action, &event.payload)?,
            signers: event.signers.clone(),
            block,
            is_done: false,
            unilateral: false,
        });
    }
    let event = IAdjudication::OverrideAction::decode_log(&log.inner).ok()?;
    Some(Logged {
        digest: event.digest,
        payload: payload(event.action, &event.payload)?,
        signers: event.signers.clone(),
        block,
        is_done: true,
        unilateral: event.unilateral,
    })
}

async fn history(
    city: &City,
    digest: Option<B256>,
    from_block: Option<u64>,
) -> Result<Vec<Logged>, Failure> {
    let mut filter = Filter::new()
        .address(city.at(Peer::Adjudication))
        .event_signature(vec![
            IAdjudication::ActionQueued::SIGNATURE_HASH,
            IAdjudication::OverrideAction::SIGNATURE_HASH,
        ]);
    if let Some(digest) = digest {
        filter = filter.topic1(digest);
    }
    let logs = ask::scan(city, &filter, from_block, None).await?;
    Ok(logs.iter().filter_map(logged).collect())
}

impl One {
    /// The digest that is meant.
    fn digest(&self) -> Result<B256, Failure> {
        if let Ok(digest) = self.action.parse() {
            return Ok(digest);
        }
        let path = std::path::Path::new(&self.action);
        if path.exists() {
            return Ok(Document::load(path)?.digest());
        }
        Err(Failure::new(
            Code::Value,
            format!("`{}` is neither a digest nor a file", self.action),
        )
        .hint("`agentcity override queue` lists digests"))
    }

    /// The action of the digest, as it was queued.
    async fn find(&self, city: &City, digest: B256) -> Result<Payload, Failure> {
        let path = std::path::Path::new(&self.action);
        if path.exists() {
            let document = Document::load(path)?;
            belongs(&document, city)?;
            return Ok(document.payload);
        }
        let found = history(city, Some(digest), self.from_block).await?;
        found.into_iter().next().map(|found| found.payload).ok_or_else(|| {
            Failure::new(Code::Value, format!("no action {digest} was handed in"))
                .hint("`agentcity override queue` lists those that wait; look further back with --from-block")
        })
    }
}

pub(crate) async fn submit(options: Submit) -> Result<Answer, Failure> {
    let document = Document::load(&options.file)?;
    let what = format!("hand in: {}", document.payload.sentence());
    let mut conflicted = options.conflicted;
    conflicted.sort_unstable();
    let sender = options.sending.connect(&options.town).await?;
    belongs(&document, &sender.city)?;
    let to = sender.at(Peer::Adjudication);
    let call = match (options.unilateral, document.signatures.as_slice()) {
        (false, []) => {
            return Err(Failure::new(Code::Value, "nobody signed it yet")
                .hint("`agentcity override sign`, then `agentcity override merge`"));
        }
        (false, signatures) => Call::new(what, to, &outlook::submission(&document, signatures)),
        (true, [only]) => Call::new(
            what,
            to,
            &IAdjudication::submitUnilateralCall {
                action: outlook::number(document.payload.action),
                payload: document.payload.encoded(),
                signature: only.signature.clone(),
                conflicted,
            },
        ),
        (true, several) => {
            return Err(Failure::new(
                Code::Value,
                format!(
                    "the senior adjudicator acts by one signature; {} are there",
                    several.len()
                ),
            )
            .hint("merge its signature alone, or leave --unilateral out"));
        }
    };
    Ok(sender.perform(call).await?.answer())
}

fn state_name(state: IAdjudication::ActionState) -> &'static str {
    views::variant("IAdjudication", "ActionState", state as usize).unwrap_or("unknown")
}

pub(crate) async fn queue(options: Queue) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let panel = IAdjudication::new(city.at(Peer::Adjudication), &city.chain.provider);
    let now = ask::now(&city).await?;
    let (mut rows, mut actions) = (Vec::new(), Vec::new());
    for found in history(&city, None, options.from_block).await? {
        // What was queued and carried out is in the log twice.
        if found.is_done {
            continue;
        }
        let state = panel.actionState(found.digest).call().await?;
        let (due, lapses) = (state.dueAt.to::<u64>(), state.expiresAt.to::<u64>());
        let is_queued = state.state == IAdjudication::ActionState::Queued;
        if !is_queued && !options.all {
            continue;
        }
        let standing = match is_queued {
            false => state_name(state.state),
            true if now < due => "waits",
            true if now <= lapses => "due",
            true => "lapsed",
        };
        rows.push(vec![
            found.digest.to_string(),
            verb(found.payload.action).to_owned(),
            standing.to_owned(),
            state.signers.to_string(),
            instant::at(due),
            instant::at(lapses),
        ]);
        actions.push(json!({
            "digest": found.digest, "action": verb(found.payload.action), "does": found.payload.sentence(), "state": standing,
            "signers": state.signers, "dueAt": due, "lapsesAt": lapses, "block": found.block,
        }));
    }
    let text = match rows.is_empty() {
        true => "nothing is queued\n".to_owned(),
        false => output::table(
            &["digest", "action", "state", "signers", "due", "lapses"],
            &rows,
        ),
    };
    Ok(Answer::new(json!({ "now": now, "actions": actions }), text))
}

pub(crate) async fn execute(options: Act) -> Result<Answer, Failure> {
    let digest = options.one.digest()?;
    let sender = options.sending.connect(&options.one.town).await?;
    let payload = options.one.find(&sender.city, digest).await?;
    let call = Call::new(
        format!("carry out: {}", payload.sentence()),
        sender.at(Peer::Adjudication),
        &IAdjudication::executeCall {
            action: outlook::number(payload.action),
            payload: payload.encoded(),
        },
    );
    Ok(sender.perform(call).await?.answer())
}

pub(crate) async fn withdraw(options: Act) -> Result<Answer, Failure> {
    let digest = options.one.digest()?;
    let sender = options.sending.connect(&options.one.town).await?;
    let call = Call::new(
        format!("withdraw the signature of {} from {digest}", sender.address),
        sender.at(Peer::Adjudication),
        &IAdjudication::withdrawSignatureCall { digest },
    );
    Ok(sender.perform(call).await?.answer())
}

pub(crate) async fn expire(options: Act) -> Result<Answer, Failure> {
    let digest = options.one.digest()?;
    let sender = options.sending.connect(&options.one.town).await?;
    let call = Call::new(
        format!("end the lapsed action {digest}"),
        sender.at(Peer::Adjudication),
        &IAdjudication::expireActionCall { digest },
    );
    Ok(sender.perform(call).await?.answer())
}

pub(crate) async fn status(options: One) -> Result<Answer, Failure> {
    let digest = options.digest()?;
    let city = options.town.connect().await?;
    let panel = IAdjudication::new(city.at(Peer::Adjudication), &city.chain.provider);
    let state = panel.actionState(digest).call().await?;
    let name = match state.state {
        IAdjudication::ActionState::None => "not handed in",
        other => state_name(other),
    };
    let mut facts = vec![("digest", digest.to_string()), ("state", name.to_owned())];
    let mut value = json!({ "digest": digest, "state": name, "signers": state.signers });
    let logged = history(&city, Some(digest), options.from_block).await?;
    if let Some(first) = logged.first() {
        facts.push(("does", first.payload.sentence()));
        value["action"] = json!(verb(first.payload.action));
        value["does"] = json!(first.payload.sentence());
    }
    let due = state.dueAt.to::<u64>();
    if due > 0 {
        let lapses = state.expiresAt.to::<u64>();
        facts.push(("due", instant::at(due)));
        facts.push(("lapses", instant::at(lapses)));
        value["dueAt"] = json!(due);
        value["lapsesAt"] = json!(lapses);
    }
    let mut steps: Vec<Value> = Vec::new();
    for entry in &logged {
        let signers: Vec<String> = entry.signers.iter().map(Address::to_string).collect();
        let step = if entry.is_done {
            "carried out"
        } else {
            "queued"
        };
        let alone = if entry.unilateral {
            ", by the senior adjudicator alone"
        } else {
            ""
        };
        facts.push((
            step,
            format!(
                "block {}{alone}, signed by {}",
                entry.block,
                signers.join(", ")
            ),
        ));
        steps.push(json!({ "step": step, "block": entry.block, "signers": signers, "unilateral": entry.unilateral }));
    }
    value["log"] = json!(steps);
    Ok(Answer::facts(value, &facts))
}

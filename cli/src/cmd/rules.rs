//! `agentcity rules`: the parameters of a city, their epochs and what changed when; norms; and how either is changed.

use agentcity_abi::{IAdjudication, IConstitution};
use agentcity_domain::{
    act::Action,
    parameter::{self, Kind, ParameterId, Weakens},
    peer::Peer,
};
use alloy::{
    primitives::{Address, B256, U256},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    ask,
    cmd::panel::prepare::{self, Prepare},
    failure::{Code, Failure},
    instant,
    opts::{City, Town},
    output::{self, Answer},
};

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// All parameters with their values in force.
    #[command(after_help = "Example: agentcity rules list --rpc-url http://127.0.0.1:8545")]
    List(List),
    /// One parameter: value, range, risk, and what it governs.
    #[command(after_help = "Example: agentcity rules get reputationFloor")]
    Get(Get),
    /// Every amendment, oldest first.
    #[command(after_help = "Example: agentcity rules history --parameter reputationFloor")]
    History(History),
    /// What differs between two epochs, or between an epoch and the defaults.
    #[command(after_help = "Example: agentcity rules diff 1 2")]
    Diff(Diff),
    /// Prepare a change of a parameter for the panel, and tell what it waits for.
    #[command(
        after_help = "Example: agentcity rules set reputationFloor 120 --justification why.md"
    )]
    Set(Set),
    /// Every norm that was ever in force.
    #[command(after_help = "Example: agentcity rules norms")]
    Norms(Norms),
    /// Prepare for the panel that a norm is put in force.
    #[command(
        after_help = "Example: agentcity rules enact 0x6e6f726d00000000000000000000000000000000000000000000000000000001 --domain 0x646f6d61696e0000000000000000000000000000000000000000000000000001 --justification why.md"
    )]
    Enact(Enact),
    /// Prepare for the panel that a norm is struck: its domain halts finalising.
    #[command(
        after_help = "Example: agentcity rules strike 0x6e6f726d00000000000000000000000000000000000000000000000000000001 --justification why.md"
    )]
    Strike(Norm),
    /// Prepare for the panel that a struck norm stands again.
    #[command(
        after_help = "Example: agentcity rules restore 0x6e6f726d00000000000000000000000000000000000000000000000000000001 --justification why.md"
    )]
    Restore(Norm),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    town: Town,
    /// An earlier epoch instead of the one in force.
    #[arg(long)]
    epoch: Option<u64>,
    /// Only those that differ from their default.
    #[arg(long)]
    changed: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Get {
    /// Its name or id.
    parameter: String,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct History {
    #[command(flatten)]
    town: Town,
    /// Only this parameter, by name or id.
    #[arg(long)]
    parameter: Option<String>,
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// The earlier epoch; 0 is the defaults.
    from: u64,
    /// The later epoch; the one in force when absent.
    to: Option<u64>,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    /// Its name or id.
    parameter: String,
    /// The value that it is to have: a number, an address or 32 bytes of hex.
    value: String,
    #[command(flatten)]
    shared: prepare::Shared,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Norms {
    #[command(flatten)]
    town: Town,
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Enact {
    /// The norm (32 bytes of hex).
    norm: String,
    /// The domain that it governs (32 bytes of hex).
    #[arg(long)]
    domain: String,
    #[command(flatten)]
    shared: prepare::Shared,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Norm {
    /// The norm (32 bytes of hex).
    norm: String,
    #[command(flatten)]
    shared: prepare::Shared,
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::List(options) => list(options).await,
        Verb::Get(options) => get(options).await,
        Verb::History(options) => history(options).await,
        Verb::Diff(options) => diff(options).await,
        Verb::Set(options) => set(options).await,
        Verb::Norms(options) => norms(options).await,
        Verb::Enact(options) => {
            let given = vec![("norm", options.norm), ("domain", options.domain)];
            prepared(Action::EnactNorm, given, options.shared).await
        }
        Verb::Strike(options) => {
            prepared(
                Action::StrikeNorm,
                vec![("norm", options.norm)],
                options.shared,
            )
            .await
        }
        Verb::Restore(options) => {
            prepared(
                Action::RestoreNorm,
                vec![("norm", options.norm)],
                options.shared,
            )
            .await
        }
    }
}

/// A parameter by its name or id.
pub(crate) fn named(text: &str) -> Result<ParameterId, Failure> {
    let by_id = || ParameterId::at(text.parse().ok()?).ok();
    ParameterId::named(text).or_else(by_id).ok_or_else(|| {
        Failure::new(Code::Value, format!("there is no parameter `{text}`"))
            .hint("`agentcity rules list` names them all")
    })
}

/// A value as people write it: a number, an address or a hash.
pub(crate) fn shown(id: ParameterId, value: B256) -> String {
    match id.row().kind {
        Kind::Address => Address::from_word(value).to_string(),
        Kind::Hash => value.to_string(),
        Kind::Number | Kind::Constant => U256::from_be_bytes(value.0).to_string(),
    }
}

/// The word of a value as people write it, if the parameter may have it.
///
/// Errors: `input/value`.
pub(crate) fn value(id: ParameterId, text: &str) -> Result<B256, Failure> {
    let name = id.described().name;
    let wrong = |what: &str| {
        Failure::new(Code::Value, format!("`{text}` is no value of {name}"))
            .hint(format!("{what} is needed"))
    };
    let word = match id.row().kind {
        Kind::Address => match text.parse::<Address>() {
            Ok(address) => address.into_word(),
            Err(_) => return Err(wrong("an address")),
        },
        Kind::Hash => text.parse().map_err(|_| wrong("32 bytes of hex"))?,
        Kind::Number | Kind::Constant => match text.parse::<u32>() {
            Ok(number) => parameter::word(number),
            Err(_) => return Err(wrong("a number")),
        },
    };
    parameter::check(id, word).map_err(|refused| {
        Failure::new(Code::Value, refused.to_string())
            .hint(format!("`agentcity rules get {name}` tells its range"))
    })?;
    Ok(word)
}

/// Values of all parameters in an epoch; epoch 0 is the defaults.
pub(crate) async fn values(city: &City, epoch: u64) -> Result<Vec<(ParameterId, B256)>, Failure> {
    if epoch == 0 {
        return Ok(ParameterId::ALL
            .iter()
            .map(|id| (*id, id.default_word()))
            .collect());
    }
    let ids: Vec<u8> = ParameterId::ALL.iter().map(|id| id.place() as u8).collect();
    let contract = IConstitution::new(city.at(Peer::Constitution), &city.chain.provider);
    let values = contract.read(epoch, ids.into()).call().await?;
    Ok(ParameterId::ALL.iter().copied().zip(values).collect())
}

pub(crate) async fn in_force(city: &City) -> Result<u64, Failure> {
    let contract = IConstitution::new(city.at(Peer::Constitution), &city.chain.provider);
    Ok(contract.epoch().call().await?)
}

async fn list(options: List) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let epoch = match options.epoch {
        Some(epoch) => epoch,
        None => in_force(&city).await?,
    };
    let mut all = values(&city, epoch).await?;
    if options.changed {
        all.retain(|(id, value)| *value != id.default_word());
    }
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|(id, value)| {
            let about = id.described();
            vec![
                id.place().to_string(),
                about.name.to_owned(),
                shown(*id, *value),
                about.unit.name().to_owned(),
                id.row().tier.name().to_owned(),
            ]
        })
        .collect();
    let parameters: Vec<Value> = all.iter().map(|(id, value)| told(*id, *value)).collect();
    Ok(Answer::new(
        json!({ "epoch": epoch, "parameters": parameters }),
        format!(
            "epoch {epoch}\n\n{}",
            output::table(&["id", "parameter", "value", "unit", "risk"], &rows)
        ),
    ))
}

fn told(id: ParameterId, value: B256) -> Value {
    json!({
        "id": id.place(), "name": id.described().name, "value": shown(id, value), "word": value,
        "default": shown(id, id.default_word()), "unit": id.described().unit.name(), "risk": id.row().tier.name(),
    })
}

async fn get(options: Get) -> Result<Answer, Failure> {
    let id = named(&options.parameter)?;
    let city = options.town.connect().await?;
    let epoch = in_force(&city).await?;
    let contract = IConstitution::new(city.at(Peer::Constitution), &city.chain.provider);
    let value = contract.parameter(id.place() as u8).call().await?.value;
    let (row, about) = (id.row(), id.described());
    let range = match row.kind {
        Kind::Address => "any address".to_owned(),
        Kind::Hash => "any hash but zero".to_owned(),
        Kind::Number => format!("{} to {}", row.min, row.max),
        Kind::Constant => "constant: nobody changes it".to_owned(),
    };
    let weaker = match row.weakens {
        Weakens::Up => "a greater value",
        Weakens::Down => "a lesser value",
        Weakens::Any => "any change",
        Weakens::None => "no change",
    };
    let mut answer = told(id, value);
    answer["epoch"] = json!(epoch);
    answer["governs"] = json!(about.text.trim());
    answer["least"] = json!(row.min);
    answer["greatest"] = json!(row.max);
    Ok(Answer::facts(
        answer,
        &[
            ("parameter", format!("{} ({})", about.name, id.place())),
            (
                "value",
                format!("{} {}", shown(id, value), about.unit.name())
                    .trim_end()
                    .to_owned(),
            ),
            ("epoch", epoch.to_string()),
            ("default", shown(id, id.default_word())),
            ("range", range),
            ("risk", row.tier.name().to_owned()),
            ("weaker", weaker.to_owned()),
            ("governs", about.text.trim().to_owned()),
            ("source", about.source.to_owned()),
        ],
    ))
}

async fn history(options: History) -> Result<Answer, Failure> {
    let only = options.parameter.as_deref().map(named).transpose()?;
    let city = options.town.connect().await?;
    let mut filter = Filter::new()
        .address(city.at(Peer::Constitution))
        .event_signature(IConstitution::ParameterAmended::SIGNATURE_HASH);
    if let Some(id) = only {
        filter = filter.topic1(U256::from(id.place()));
    }
    let (mut rows, mut amendments) = (Vec::new(), Vec::new());
    for log in ask::scan(&city, &filter, options.from_block, None).await? {
        let Ok(event) = IConstitution::ParameterAmended::decode_log(&log.inner) else {
            return Err(Failure::new(
                Code::Answer,
                "the node answers with events that are none of the constitution's",
            )
            .hint("ask another node with --rpc-url"));
        };
        let id = ParameterId::at(event.id)
            .map_err(|refused| Failure::new(Code::Answer, refused.to_string()))?;
        let (old, new) = (shown(id, event.oldValue), shown(id, event.newValue));
        let way = match parameter::direction(id, event.oldValue, event.newValue) {
            parameter::Change::Same => "same",
            parameter::Change::Tighter => "tighter",
            parameter::Change::Weaker => "weaker",
            parameter::Change::Neutral => "neither",
        };
        let block = log.block_number.unwrap_or_default();
        let transaction = log.transaction_hash.unwrap_or_default();
        rows.push(vec![
            event.epoch.to_string(),
            id.described().name.to_owned(),
            old.clone(),
            new.clone(),
            way.to_owned(),
            block.to_string(),
        ]);
        amendments.push(json!({
                "epoch": event.epoch, "parameter": id.described().name, "old": old, "new": new, "direction": way,
                "queuedAt": event.queuedAt, "block": block, "transaction": transaction,
            }));
    }
    let text = if rows.is_empty() {
        "no parameter was amended\n".to_owned()
    } else {
        output::table(&["epoch", "parameter", "from", "to", "law", "block"], &rows)
    };
    Ok(Answer::new(json!({ "amendments": amendments }), text))
}

async fn diff(options: Diff) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let to = match options.to {
        Some(to) => to,
        None => in_force(&city).await?,
    };
    let (before, after) = (values(&city, options.from).await?, values(&city, to).await?);
    let changed: Vec<(ParameterId, String, String)> = before
        .iter()
        .zip(&after)
        .filter(|(old, new)| old.1 != new.1)
        .map(|(old, new)| (old.0, shown(old.0, old.1), shown(new.0, new.1)))
        .collect();
    let rows: Vec<Vec<String>> = changed
        .iter()
        .map(|(id, old, new)| vec![id.described().name.to_owned(), old.clone(), new.clone()])
        .collect();
    let values: Vec<Value> = changed
        .iter()
        .map(|(id, old, new)| json!({ "parameter": id.described().name, "from": old, "to": new }))
        .collect();
    let text = if rows.is_empty() {
        format!("epochs {} and {to} have the same values\n", options.from)
    } else {
        output::table(
            &[
                "parameter",
                &format!("epoch {}", options.from),
                &format!("epoch {to}"),
            ],
            &rows,
        )
    };
    Ok(Answer::new(
        json!({ "from": options.from, "to": to, "differences": values }),
        text,
    ))
}

async fn prepared(
    action: Action,
    given: Vec<(&'static str, String)>,
    shared: prepare::Shared,
) -> Result<Answer, Failure> {
    let prepare = Prepare {
        action,
        given,
        shared,
    };
    prepare::run(prepare).await
}

async fn set(options: Set) -> Result<Answer, Failure> {
    let id = named(&options.parameter)?;
    if id == ParameterId::SeniorAdjudicatorAddr {
        return Err(Failure::new(
            Code::Value,
            "the senior adjudicator is no parameter that is amended",
        )
        .hint("`agentcity override prepare appoint-senior`"));
    }
    let prepare = Prepare {
        action: Action::AmendParameter,
        given: vec![
            ("parameter", options.parameter),
            ("newValue", options.value),
        ],
        shared: options.shared,
    };
    let (city, document) = prepare::document(&prepare).await?;
    let new = document.payload.word("newValue").unwrap_or_default();
    let constitution = IConstitution::new(city.at(Peer::Constitution), &city.chain.provider);
    let terms = constitution
        .amendmentTerms(id.place() as u8, new)
        .call()
        .await?;
    let panel = IAdjudication::new(city.at(Peer::Adjudication), &city.chain.provider);
    let wire = IAdjudication::Action::AmendParameter;
    let demand = panel
        .requirementOf(wire, document.payload.encoded())
        .call()
        .await?;
    let way = match parameter::direction(id, terms.value, new) {
        parameter::Change::Same => "nothing changes",
        parameter::Change::Tighter => "it tightens the law",
        parameter::Change::Weaker => "it weakens the law",
        parameter::Change::Neutral => "it neither tightens nor weakens the law",
    };
    let more = vec![
        ("risk".to_owned(), id.row().tier.name().to_owned()),
        ("law".to_owned(), way.to_owned()),
        ("signers".to_owned(), demand.signers.to_string()),
        ("delay".to_owned(), instant::length(terms.delaySecs.into())),
    ];
    prepare::written(&document, prepare.shared.out.as_deref(), more)
}

async fn norms(options: Norms) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let constitution = IConstitution::new(city.at(Peer::Constitution), &city.chain.provider);
    let filter = Filter::new()
        .address(city.at(Peer::Constitution))
        .event_signature(IConstitution::NormEnacted::SIGNATURE_HASH);
    let (mut rows, mut all) = (Vec::new(), Vec::new());
    for log in ask::scan(&city, &filter, options.from_block, None).await? {
        let Some(id) = log.topics().get(1).copied() else {
            continue;
        };
        let norm = constitution.norm(id).call().await?;
        let status = match norm.status {
            1 => "in force",
            2 => "struck",
            _ => "unknown",
        };
        rows.push(vec![
            id.to_string(),
            norm.domain.to_string(),
            status.to_owned(),
            instant::at(norm.since),
        ]);
        all.push(
            json!({ "norm": id, "domain": norm.domain, "status": status, "since": norm.since }),
        );
    }
    let text = match rows.is_empty() {
        true => "no norm was ever in force\n".to_owned(),
        false => output::table(&["norm", "domain", "status", "since"], &rows),
    };
    Ok(Answer::new(json!({ "norms": all }), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_go_by_name_or_id() {
        let id = named("reputationFloor").unwrap();
        assert_eq!(named(&id.place().to_string()).unwrap(), id);
        let refused = named("reputationFlor").unwrap_err();
        assert!(
            refused.to_string().contains("`reputationFlor`"),
            "{refused}"
        );
        assert!(named("255").is_err());
    }
}

//! `agentcity override prepare`: one verb for each human action, made of the law's tables. What signers must have seen is read from the
//! chain; what is not there must be given.

use std::path::{Path, PathBuf};

use agentcity_abi::{
    action::{self, verb},
    document::ContentAddress,
};
use agentcity_domain::{act::Action, peer::Peer};
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    providers::Provider,
    rpc::types::Filter,
    sol_types::SolEvent,
};
use clap::{Arg, ArgMatches, Args as _, Command, FromArgMatches, Subcommand};
use serde_json::json;

use super::{
    document::{Document, Payload},
    fields::{known, word},
    table::{self, Source},
};
use crate::{
    ask::{self, now},
    failure::{Code, Failure},
    instant,
    opts::{City, Town},
    output::{self, Answer},
};

/// How long adjudicators have to sign unless it is said: a week, seconds.
const DEADLINE_SECS: u64 = 604_800;

/// What every action is prepared with.
#[derive(Debug, clap::Args)]
pub(crate) struct Shared {
    #[command(flatten)]
    pub(crate) town: Town,
    /// File that says why; its hash and its content address are signed.
    #[arg(long)]
    pub(crate) justification: PathBuf,
    /// How long it may be handed in from now on, in seconds; a week when absent.
    #[arg(long, default_value_t = DEADLINE_SECS, hide_default_value = true)]
    pub(crate) deadline_secs: u64,
    /// File to write; `VERB-DIGEST.json`, with the first eight digits of the digest, when absent.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

/// One action as it was asked for.
#[derive(Debug)]
pub(crate) struct Prepare {
    /// Which.
    pub(crate) action: Action,
    /// Fields that were given, by name.
    pub(crate) given: Vec<(&'static str, String)>,
    /// The rest.
    pub(crate) shared: Shared,
}

/// The action's own fields.
fn own(action: Action) -> Vec<&'static str> {
    action::own(action).map(|(_, name)| name).collect()
}

/// Where a field comes from.
fn source(action: Action, name: &str) -> Source {
    let told = table::told(action);
    let listed = told.and_then(|told| told.sources.iter().find(|(field, _)| *field == name));
    listed.map_or(Source::Given, |(_, source)| *source)
}

fn command(action: Action) -> Command {
    let name = verb(action);
    let about = table::told(action).map_or("", |told| told.about);
    let mut example = format!("Example: agentcity override prepare {name}");
    let mut command = Command::new(name).about(about);
    let (mut flags, mut examples) = (Vec::new(), String::new());
    for field in own(action) {
        let known = known(field);
        let is_given = source(action, field) == Source::Given;
        let arg = Arg::new(field)
            .help(known.help)
            .value_name(known.value_name())
            .allow_hyphen_values(true)
            .required(is_given);
        if known.is_id && is_given {
            command = command.arg(arg);
            example += &format!(" {}", known.sample());
        } else {
            flags.push(arg.long(known.flag()));
            if is_given {
                examples += &format!(" --{} {}", known.flag(), known.sample());
            }
        }
    }
    example += &examples;
    // What all share has a description of its own, which is no action's.
    Shared::augment_args(command.args(flags))
        .about(about)
        .after_help(format!("{example} --justification why.md"))
}

impl FromArgMatches for Prepare {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let found = matches.subcommand().and_then(|(name, matches)| {
            let action = Action::ALL.iter().find(|action| verb(**action) == name)?;
            Some((*action, matches))
        });
        let Some((action, matches)) = found else {
            return Err(clap::Error::new(clap::error::ErrorKind::MissingSubcommand));
        };
        let given = own(action)
            .into_iter()
            .filter_map(|name| Some((name, matches.get_one::<String>(name)?.clone())));
        Ok(Self {
            action,
            given: given.collect(),
            shared: Shared::from_arg_matches(matches)?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for Prepare {
    fn augment_subcommands(command: Command) -> Command {
        Action::ALL
            .iter()
            .fold(command.subcommand_required(true), |command, action| {
                command.subcommand(self::command(*action))
            })
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        Action::ALL.iter().any(|action| verb(*action) == name)
    }
}

/// Checks what can be checked without a chain: the words of the fields that were given.
fn given_words(prepare: &Prepare) -> Result<Vec<(&'static str, B256)>, Failure> {
    let (action, mut all) = (prepare.action, Vec::new());
    // A value is read by the fields before it: the parameter comes before its values.
    let mut before = Vec::new();
    let shape = action.shape();
    for (place, name) in (0u8..).zip(own(action)) {
        let text = prepare.given.iter().find(|(given, _)| *given == name);
        let Some((_, text)) = text else {
            before.push(B256::ZERO);
            continue;
        };
        let value = known(name).read(action, &before, text)?;
        if shape.is_some_and(|shape| !shape.takes(place, &value)) {
            return Err(Failure::new(
                Code::Value,
                format!("`{text}` is too great for {}", known(name).flag()),
            ));
        }
        before.push(value);
        all.push((name, value));
    }
    Ok(all)
}

/// Makes the document of an action, and the facts that it was made of.
///
/// Errors: `input/value`, `input/file` before anything is asked; then whatever the node or a view refuses.
pub(crate) async fn document(prepare: &Prepare) -> Result<(City, Document), Failure> {
    let given = given_words(prepare)?;
    let path = &prepare.shared.justification;
    let why = std::fs::read(path).map_err(|error| Failure::file(path, &error))?;
    if why.iter().all(u8::is_ascii_whitespace) {
        return Err(
            Failure::new(Code::Value, format!("{} says nothing", path.display()))
                .hint("write down why the panel should do this: its hash is signed"),
        );
    }
    let city = prepare.shared.town.connect().await?;
    let mut payload = Payload {
        action: prepare.action,
        words: Vec::new(),
    };
    for name in own(prepare.action) {
        let value = match given.iter().find(|(given, _)| *given == name) {
            Some((_, value)) => *value,
            None => read(&city, &payload, name).await?,
        };
        payload.words.push(value);
    }
    if prepare.action == Action::AbortForFault {
        ascend(&mut payload.words[1..])?;
    }
    let now = now(&city).await?;
    payload.words.extend([
        keccak256(&why),
        ContentAddress::of(&why).word(),
        word(now.saturating_add(prepare.shared.deadline_secs).into()),
    ]);
    let document = Document {
        payload,
        chain_id: city.chain.id,
        panel: city.at(Peer::Adjudication),
        constitution: city.at(Peer::Constitution),
        signatures: Vec::new(),
    };
    Ok((city, document))
}

/// Agents at fault, ascending and with nobody last, as the panel takes them.
fn ascend(agents: &mut [B256]) -> Result<(), Failure> {
    agents.sort_unstable_by_key(|agent| (agent.is_zero(), *agent));
    agentcity_domain::act::named(agents)
        .map(|_| ())
        .map_err(|_| {
            Failure::new(Code::Value, "an agent is named twice")
                .hint("name each agent at fault once")
        })
}

/// Reads a field that was not given.
async fn read(city: &City, payload: &Payload, name: &'static str) -> Result<B256, Failure> {
    let unread = |what: &str| {
        Failure::new(
            Code::Value,
            format!("{what}, so {} is not known", known(name).flag()),
        )
        .hint(format!("give --{}", known(name).flag()))
    };
    match source(payload.action, name) {
        Source::Given => Err(unread("it is not on the chain")),
        Source::Zero => Ok(B256::ZERO),
        Source::Read(asked, field) => {
            let view = asked.view(|field| payload.word(field));
            let view = view.ok_or_else(|| unread("what it depends on is missing"))?;
            view.word(city, field).await
        }
        Source::CodeAt(field) => {
            let account = Address::from_word(payload.word(field).unwrap_or_default());
            let code = city.chain.provider.get_code_at(account).await?;
            if code.is_empty() {
                return Err(unread(&format!("there is no code at {account}")));
            }
            Ok(keccak256(code))
        }
        Source::LatestFreeze => {
            let filter = Filter::new()
                .address(city.at(Peer::Guardian))
                .event_signature(agentcity_abi::IGuardian::NodeFrozen::SIGNATURE_HASH)
                .topic1(payload.word("missionId").unwrap_or_default())
                .topic2(payload.word("node").unwrap_or_default());
            let logs = ask::scan(city, &filter, None, None).await?;
            let last = logs.last().and_then(|log| log.topics().get(3));
            last.copied()
                .ok_or_else(|| unread("the node was never frozen"))
        }
        Source::FirstAward => {
            let contract =
                agentcity_abi::IEnactment::new(city.at(Peer::Enactment), &city.chain.provider);
            let number = |name| U256::from_be_bytes(payload.word(name).unwrap_or_default().0);
            let award = contract
                .awardOf(
                    payload.word("sessionId").unwrap_or_default(),
                    number("node").saturating_to(),
                )
                .call()
                .await?;
            let first = award.bids.first().copied().unwrap_or(u32::MAX);
            Ok(word(first.into()))
        }
    }
}

/// Where the file goes.
fn target(document: &Document, out: Option<&Path>) -> PathBuf {
    match out {
        Some(path) => path.to_owned(),
        None => {
            let digest = document.digest().to_string();
            format!("{}-{}.json", verb(document.payload.action), &digest[2..10]).into()
        }
    }
}

/// `agentcity override prepare`.
pub(crate) async fn run(prepare: Prepare) -> Result<Answer, Failure> {
    let (_, document) = document(&prepare).await?;
    written(&document, prepare.shared.out.as_deref(), Vec::new())
}

/// Writes a document and says so, with `more` facts.
pub(crate) fn written(
    document: &Document,
    out: Option<&Path>,
    more: Vec<(String, String)>,
) -> Result<Answer, Failure> {
    let path = target(document, out);
    document.save(&path)?;
    let payload = &document.payload;
    let mut facts = vec![
        ("file".to_owned(), path.display().to_string()),
        ("does".to_owned(), payload.sentence()),
        ("deadline".to_owned(), instant::at(payload.deadline())),
        ("digest".to_owned(), document.digest().to_string()),
    ];
    facts.extend(more);
    facts.push((
        "next".to_owned(),
        format!("agentcity override explain {}", path.display()),
    ));
    let mut value = json!({
        "file": path, "action": verb(payload.action), "does": payload.sentence(), "digest": document.digest(),
        "deadline": payload.deadline(),
    });
    for (name, shown) in &facts[4..facts.len() - 1] {
        value[name] = json!(shown);
    }
    Ok(Answer::new(value, output::lines(&facts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_human_action_has_a_verb() {
        let command = Prepare::augment_subcommands(Command::new("prepare"));
        let mut verbs: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        assert_eq!(verbs.len(), Action::ALL.len());
        for action in Action::ALL {
            let verb = action.row().unwrap().verb;
            let place = verbs.iter().position(|found| *found == verb);
            verbs.remove(place.unwrap_or_else(|| panic!("{action:?} has no verb")));
        }
        command.debug_assert();
    }

    #[test]
    fn agents_at_fault_ascend_whatever_the_order_they_were_named_in() {
        let [one, two] = [1, 2].map(word);
        let mut agents = [two, B256::ZERO, one, B256::ZERO];
        ascend(&mut agents).unwrap();
        assert_eq!(agents, [one, two, B256::ZERO, B256::ZERO]);
        assert!(ascend(&mut [one, one]).is_err());
        assert!(ascend(&mut [B256::ZERO]).is_err());
    }
}

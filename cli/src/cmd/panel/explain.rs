//! `agentcity override explain` and `simulate`: what the signed bytes will do, in plain words.

use std::path::PathBuf;

use agentcity_abi::{
    IAdjudication::ActionState,
    IConstitution,
    action::{self, interests, verb},
};
use agentcity_domain::{
    act::{Action, Delay},
    parameter::ParameterId,
    peer::Peer,
};
use alloy::primitives::Address;
use serde_json::{Value, json};

use super::{
    document::Document,
    outlook::{self, Effect, Outlook, Verdict},
};
use crate::{
    failure::{Code, Failure},
    instant,
    opts::{City, Town},
    output::{self, Answer},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// The file that `override prepare` wrote.
    file: PathBuf,
    /// Ask no chain: tell what is signed, and by whom so far.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// The file that `override prepare` wrote.
    file: PathBuf,
    #[command(flatten)]
    town: Town,
}

/// Connects to the city of a document.
///
/// Errors: `node/other-chain`; `override/other-city`.
pub(crate) fn belongs(document: &Document, city: &City) -> Result<(), Failure> {
    if document.chain_id != city.chain.id {
        return Err(Failure::new(
            Code::OtherChain,
            format!(
                "the file is for chain {}, the node is of chain {}",
                document.chain_id, city.chain.id
            ),
        )
        .hint("name a node of that chain with --rpc-url"));
    }
    let panel = city.at(Peer::Adjudication);
    if document.panel != panel {
        return Err(Failure::new(
            Code::OtherCity,
            format!(
                "the file is for the panel {}, this city's is {panel}",
                document.panel
            ),
        )
        .hint(format!("name its city: --city {}", document.constitution)));
    }
    Ok(())
}

/// Facts in both forms.
#[derive(Debug, Default)]
struct Report {
    facts: Vec<(String, String)>,
    value: serde_json::Map<String, Value>,
}

impl Report {
    fn say(&mut self, key: &str, text: impl Into<String>) {
        self.facts.push((key.to_owned(), text.into()));
    }

    fn keep(&mut self, key: &str, value: Value) {
        self.value.insert(key.to_owned(), value);
    }

    /// The same text in both.
    fn add(&mut self, key: &str, text: impl Into<String>) {
        let text = text.into();
        self.keep(key, json!(text));
        self.say(key, text);
    }

    fn answer(self) -> Answer {
        Answer::new(self.value, output::lines(&self.facts))
    }
}

fn begin(document: &Document) -> Report {
    let payload = &document.payload;
    let mut report = Report::default();
    report.keep("action", json!(verb(payload.action)));
    report.keep("chainId", json!(document.chain_id));
    report.keep("panel", json!(document.panel.to_string()));
    report.add("does", payload.sentence());
    report.add("digest", document.digest().to_string());
    let why = payload.word("justificationHash").unwrap_or_default();
    let place = payload.word("contentAddress").unwrap_or_default();
    let place = agentcity_abi::document::ContentAddress::of_word(place);
    report.keep(
        "justification",
        json!({ "hash": why, "contentAddress": place.to_string() }),
    );
    report.say("because", format!("{place} (keccak256 {why})"));
    report
}

/// How it came to be so many, in the law's words.
fn rule(action: Action) -> &'static str {
    action
        .demands()
        .map_or("none", |(signers, ..)| signers.text())
}

fn list(accounts: impl IntoIterator<Item = Address>) -> String {
    let texts: Vec<String> = accounts.into_iter().map(|a| a.to_string()).collect();
    match texts.is_empty() {
        true => "nobody".to_owned(),
        false => texts.join(", "),
    }
}

pub(crate) async fn explain(options: Explain) -> Result<Answer, Failure> {
    let document = Document::load(&options.file)?;
    let payload = &document.payload;
    let mut report = begin(&document);
    report.add("touches", action::touches(payload.action, &payload.words));
    if let Some(risk) = action::risk(payload.action, &payload.words) {
        report.add("risk", risk);
    }
    let rule = rule(payload.action);
    if options.offline {
        report.add(
            "needs",
            format!("{rule} adjudicators; {}", interests(payload.action)),
        );
        let signers = document.signatures.iter().map(|signed| signed.signer);
        report.keep(
            "signed",
            json!(signers.clone().map(|a| a.to_string()).collect::<Vec<_>>()),
        );
        report.say("signed", list(signers));
        report.keep("deadline", json!(payload.deadline()));
        report.say("deadline", instant::at(payload.deadline()));
        return Ok(report.answer());
    }
    let city = options.town.connect().await?;
    belongs(&document, &city)?;
    let outlook = outlook::of(&city, &document).await?;
    people(&mut report, &document, &outlook, rule);
    instants(&mut report, &document, &outlook, &city).await?;
    if outlook.state.state == ActionState::None {
        let effect = outlook::effect(&city, &document, &outlook).await?;
        effects(&mut report, &effect);
    }
    Ok(report.answer())
}

fn people(report: &mut Report, document: &Document, outlook: &Outlook, rule: &str) {
    for seen in &outlook.seen {
        let (name, signed, now) = (seen.name, &seen.signed, &seen.now);
        let text = match signed == now {
            true => format!("{name} {signed}: still so"),
            false => format!(
                "{name} {signed}: the chain says {now} now, so the panel will refuse it; prepare it again"
            ),
        };
        report.say("saw", text);
    }
    let seen = outlook.seen.iter().map(|seen| {
        json!({ "field": seen.name, "signed": seen.signed, "now": seen.now, "same": seen.signed == seen.now })
    });
    report.keep("saw", seen.collect());
    match &outlook.demand {
        Ok(demand) => {
            report.say(
                "needs",
                format!(
                    "{} of {} adjudicators ({rule})",
                    demand.signers, outlook.active
                ),
            );
            report.keep("needed", json!(demand.signers));
            report.say(
                "rotation",
                match demand.class {
                    Some(class) => format!("among decisions on {class}"),
                    None => "none".to_owned(),
                },
            );
            report.keep("rotation", json!(demand.class));
        }
        Err(failure) => report.add("needs", format!("not told: {}", failure.message)),
    }
    report.keep("active", json!(outlook.active));
    report.add("interests", interests(document.payload.action));
    let counted: Vec<Address> = outlook.counted().map(|member| member.account).collect();
    let of = |signed: bool| {
        let members = outlook.members.iter();
        members.filter(move |member| member.signed == signed)
    };
    let texts = |accounts: &[Address]| accounts.iter().map(Address::to_string).collect::<Vec<_>>();
    report.say("signed", list(counted.iter().copied()));
    report.keep("signed", json!(texts(&counted)));
    report.say("missing", outlook.missing().to_string());
    report.keep("missing", json!(outlook.missing()));
    let willing: Vec<Address> = of(false)
        .filter(|member| member.verdict == Verdict::Counts)
        .map(|member| member.account)
        .collect();
    report.say("may sign", list(willing.iter().copied()));
    report.keep("maySign", json!(texts(&willing)));
    let mut excluded = Vec::new();
    for member in &outlook.members {
        if let Verdict::Excluded(why) = &member.verdict {
            let signed = if member.signed {
                ", though the signature is there"
            } else {
                ""
            };
            report.say("excluded", format!("{}: {why}{signed}", member.account));
            excluded.push(json!({ "account": member.account.to_string(), "why": why, "signed": member.signed }));
        }
    }
    report.keep("excluded", json!(excluded));
}

async fn instants(
    report: &mut Report,
    document: &Document,
    outlook: &Outlook,
    city: &City,
) -> Result<(), Failure> {
    let (now, deadline) = (outlook.now, document.payload.deadline());
    let left = match deadline.checked_sub(now) {
        Some(left) => format!("{} left", instant::length(left)),
        None => "passed: prepare it again".to_owned(),
    };
    report.keep("deadline", json!(deadline));
    report.say("deadline", format!("{}, {left}", instant::at(deadline)));
    let state = &outlook.state;
    let name = crate::views::variant("IAdjudication", "ActionState", state.state as usize);
    report.keep("state", json!(name));
    let (due, lapses) = (state.dueAt.to::<u64>(), state.expiresAt.to::<u64>());
    match state.state {
        ActionState::None => {}
        ActionState::Queued => {
            report.say(
                "state",
                format!(
                    "queued, due {}, lapses {}",
                    instant::at(due),
                    instant::at(lapses)
                ),
            );
            report.keep("dueAt", json!(due));
            report.keep("lapsesAt", json!(lapses));
            return Ok(());
        }
        _ => {
            report.say(
                "state",
                format!("{}: it cannot happen again", name.unwrap_or("ended")),
            );
            return Ok(());
        }
    }
    report.say("state", "not handed in");
    let Ok(demand) = &outlook.demand else {
        return Ok(());
    };
    report.keep("delaySecs", json!(demand.delay_secs));
    let delays = document
        .payload
        .action
        .demands()
        .is_some_and(|(_, delay, _)| delay != Delay::None);
    if demand.delay_secs == 0 {
        let why = if delays {
            ": a tightening within its share"
        } else {
            ""
        };
        report.say("delay", format!("none{why}"));
        report.say("would be", "carried out at once when it is handed in");
        return Ok(());
    }
    let constitution = IConstitution::new(city.at(Peer::Constitution), &city.chain.provider);
    let expiry = constitution
        .parameter(ParameterId::OverrideExpirySecs.place() as u8)
        .call()
        .await?
        .value;
    let due = now.saturating_add(demand.delay_secs);
    let lapses = due.saturating_add(outlook::count(Some(expiry)));
    report.say("delay", instant::length(demand.delay_secs));
    report.say(
        "would be",
        format!(
            "queued, due {}, lapsed after {}, if it was handed in now",
            instant::at(due),
            instant::at(lapses)
        ),
    );
    report.keep("wouldBeDueAt", json!(due));
    report.keep("wouldLapseAt", json!(lapses));
    Ok(())
}

fn effects(report: &mut Report, effect: &Effect) {
    let stand_ins = effect
        .stand_ins
        .iter()
        .map(Address::to_string)
        .collect::<Vec<_>>();
    report.keep("takenForSigned", json!(stand_ins));
    if !effect.stand_ins.is_empty() {
        report.say(
            "as if",
            format!("{} signed too", list(effect.stand_ins.iter().copied())),
        );
    }
    for (key, outcome) in [("taken", &effect.taken), ("lands", &effect.lands)] {
        if let Err(failure) = outcome {
            report.say("effect", format!("none: {failure}"));
            report.keep(key, json!({ "ok": false, "why": failure.to_string() }));
            return;
        }
        report.keep(key, json!({ "ok": true }));
    }
    for change in &effect.changes {
        report.say(
            "effect",
            format!(
                "{}: {} becomes {}",
                change.what, change.before, change.after
            ),
        );
    }
    if effect.changes.is_empty() {
        report.say("effect", "no public view that is looked at changes");
    }
    let changes = effect.changes.iter().map(
        |change| json!({ "view": change.what, "before": change.before, "after": change.after }),
    );
    report.keep("effect", changes.collect());
}

pub(crate) async fn simulate(options: Simulate) -> Result<Answer, Failure> {
    let document = Document::load(&options.file)?;
    let city = options.town.connect().await?;
    belongs(&document, &city)?;
    let outlook = outlook::of(&city, &document).await?;
    if outlook.state.state != ActionState::None {
        return Err(Failure::new(
            Code::Value,
            "it was handed in already, and what happened once does not happen again",
        )
        .hint("`agentcity override status` tells where it stands"));
    }
    let mut report = Report::default();
    report.add("does", document.payload.sentence());
    let effect = outlook::effect(&city, &document, &outlook).await?;
    effects(&mut report, &effect);
    Ok(report.answer())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cmd::panel::document::Payload, opts::Chain};
    use alloy::providers::{Provider, ProviderBuilder};

    #[test]
    fn a_file_is_for_one_panel_on_one_chain() {
        let url = "http://127.0.0.1:1".parse().unwrap();
        let mut city = City {
            chain: Chain {
                provider: ProviderBuilder::new().connect_http(url).erased(),
                id: 1,
            },
            members: [Address::repeat_byte(7); Peer::COUNT],
            since: None,
        };
        let document = Document {
            payload: Payload {
                action: Action::HaltCity,
                words: Vec::new(),
            },
            chain_id: 1,
            panel: Address::repeat_byte(7),
            constitution: Address::repeat_byte(8),
            signatures: Vec::new(),
        };
        belongs(&document, &city).unwrap();
        city.chain.id = 2;
        let refused = belongs(&document, &city).unwrap_err();
        assert_eq!(refused.code, Code::OtherChain);
        city.chain.id = 1;
        city.members[Peer::Adjudication.place()] = Address::repeat_byte(9);
        let refused = belongs(&document, &city).unwrap_err();
        assert_eq!(refused.code, Code::OtherCity);
        assert!(refused.to_string().contains("0x0808"), "{refused}");
    }
}

//! What would become of an action now: what it demands, who counts, and what the public views would say afterwards. The panel itself is
//! asked, by calls that change nothing; no rule of the law is written here again. A signature that is not there yet is taken for given
//! by letting its signer answer like a contract that agrees (ERC-1271), for the time of the question.

use std::collections::BTreeSet;

use agentcity_abi::{IAdjudication, IConstitution, IRoster};
use agentcity_domain::{
    act::{Action, Delay},
    parameter::ParameterId,
    peer::Peer,
};
use alloy::{
    network::TransactionBuilder,
    primitives::{Address, B256, Bytes, U256},
    providers::Provider,
    rpc::types::{Filter, TransactionRequest},
    sol_types::{SolCall, SolEvent},
};

use super::{
    document::{Document, Signed},
    fields::{known, word},
    probe::{self, Step},
    table::{self, Source},
};
use crate::{
    ask,
    cmd::rules,
    failure::Failure,
    opts::City,
    revert,
    views::{Field, View},
};

/// Sets of signers that are tried where the rotation refuses one.
const SETS_TRIED: usize = 8;

/// Whether the panel would count somebody's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It counts.
    Counts,
    /// It does not, in words.
    Excluded(String),
}

/// An adjudicator, or whoever signed.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Who.
    pub(crate) account: Address,
    /// Whether a signature is there.
    pub(crate) signed: bool,
    /// Whether it counts.
    pub(crate) verdict: Verdict,
}

/// What an action demands now.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    /// How many sign.
    pub(crate) signers: u8,
    /// How long it waits, in seconds.
    pub(crate) delay_secs: u64,
    /// Among which decisions adjudicators rotate; nothing where they do not.
    pub(crate) class: Option<&'static str>,
}

/// A value that the signers saw, and what it is now.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The field.
    pub(crate) name: &'static str,
    /// What is signed.
    pub(crate) signed: String,
    /// What the chain says now.
    pub(crate) now: String,
}

/// A field of a public view that the action would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// `constitution.epoch`, with the field behind it where it has one.
    pub(crate) what: String,
    /// Before.
    pub(crate) before: String,
    /// After.
    pub(crate) after: String,
}

/// Whether it would be done, and what it would change.
#[derive(Debug)]
pub(crate) struct Effect {
    /// In whose name signatures were taken for given.
    pub(crate) stand_ins: Vec<Address>,
    /// Whether the panel would take it.
    pub(crate) taken: Result<(), Failure>,
    /// Whether it would land when it is due; the same as `taken` for what does not wait.
    pub(crate) lands: Result<(), Failure>,
    /// What the views would say.
    pub(crate) changes: Vec<Change>,
}

/// An action before the panel.
#[derive(Debug)]
pub(crate) struct Outlook {
    /// Time of the newest block, unix seconds.
    pub(crate) now: u64,
    /// Where it stands.
    pub(crate) state: IAdjudication::actionStateReturn,
    /// How many adjudicators are active.
    pub(crate) active: u8,
    /// What it demands, or why the panel does not say.
    pub(crate) demand: Result<Demand, Failure>,
    /// What the signers saw.
    pub(crate) seen: Vec<Seen>,
    /// All adjudicators and all who signed, ascending.
    pub(crate) members: Vec<Member>,
}

fn panel(city: &City) -> IAdjudication::IAdjudicationInstance<&alloy::providers::DynProvider> {
    IAdjudication::new(city.at(Peer::Adjudication), &city.chain.provider)
}

/// The action's number on the wire.
pub(crate) fn number(action: Action) -> IAdjudication::Action {
    IAdjudication::Action::try_from(action as u8).unwrap_or(IAdjudication::Action::None)
}

/// Who is an active adjudicator: those of the genesis and those whose standing changed since, asked one by one. Ascending.
pub(crate) async fn adjudicators(city: &City) -> Result<Vec<Address>, Failure> {
    let constitution = IConstitution::new(city.at(Peer::Constitution), &city.chain.provider);
    let mut all: BTreeSet<Address> = constitution
        .adjudicators()
        .call()
        .await?
        .into_iter()
        .collect();
    let filter = Filter::new()
        .address(city.at(Peer::Roster))
        .event_signature(IRoster::StandingChanged::SIGNATURE_HASH);
    for log in ask::scan(city, &filter, None, None).await? {
        if let Ok(event) = IRoster::StandingChanged::decode_log(&log.inner) {
            all.insert(event.adjudicator);
        }
    }
    let roster = IRoster::new(city.at(Peer::Roster), &city.chain.provider);
    let mut active = Vec::new();
    for account in all {
        let record = roster.adjudicator(account).call().await?;
        if record.standing == IRoster::Standing::Active {
            active.push(account);
        }
    }
    Ok(active)
}

/// A signature that is taken for given.
fn assumed(account: Address) -> Signed {
    Signed {
        signer: account,
        signature: Bytes::from_static(&[0]),
        contract: true,
    }
}

/// The call that hands an action in with these signatures.
pub(crate) fn submission(document: &Document, signatures: &[Signed]) -> IAdjudication::submitCall {
    let mut sorted: Vec<&Signed> = signatures.iter().collect();
    sorted.sort_by_key(|signed| signed.signer);
    IAdjudication::submitCall {
        action: number(document.payload.action),
        payload: document.payload.encoded(),
        signatures: sorted.into_iter().map(Signed::wire).collect(),
    }
}

/// Hands it in by a call that changes nothing.
async fn try_submit(
    city: &City,
    document: &Document,
    signatures: &[Signed],
    assumed: &[Address],
) -> Result<(), Failure> {
    let request = TransactionRequest::default()
        .with_to(city.at(Peer::Adjudication))
        .with_input(submission(document, signatures).abi_encode());
    let call = city.chain.provider.call(request);
    call.overrides(probe::agreeing(assumed)).await?;
    Ok(())
}

/// Whether the panel would count `account`, had it signed.
async fn verdict(
    city: &City,
    document: &Document,
    account: Address,
    needed: u8,
) -> Result<Verdict, Failure> {
    let tried = try_submit(city, document, &[assumed(account)], &[account]).await;
    let Err(failure) = tried else {
        return Ok(Verdict::Counts);
    };
    let Some(revert) = &failure.revert else {
        return Err(failure);
    };
    let excluded = match revert.error.as_str() {
        "NotAdjudicator" => "no adjudicator who may decide this",
        "ConflictOfInterest" => "has an interest in the matter",
        // One signer alone is refused for its own turns; in a set, the set is what is refused.
        "RotationRequired" if needed == 1 => "decided here too often running",
        _ => return Ok(Verdict::Counts),
    };
    Ok(Verdict::Excluded(excluded.to_owned()))
}

/// Looks an action up before its panel.
///
/// Errors: whatever the node refuses.
pub(crate) async fn of(city: &City, document: &Document) -> Result<Outlook, Failure> {
    let panel = panel(city);
    let payload = &document.payload;
    let state = panel.actionState(document.digest()).call().await?;
    let required = panel
        .requirementOf(number(payload.action), payload.encoded())
        .call()
        .await;
    let demand = required.map_err(Failure::from).map(|required| Demand {
        signers: required.signers,
        delay_secs: required.delaySecs.to(),
        class: match required.class {
            IAdjudication::RotationClass::None => None,
            IAdjudication::RotationClass::Tier3 => Some("reviews"),
            IAdjudication::RotationClass::Freeze => Some("freezes"),
            IAdjudication::RotationClass::Output => Some("outputs"),
            IAdjudication::RotationClass::Money => Some("money and reputation"),
            IAdjudication::RotationClass::__Invalid => None,
        },
    });
    let needed = demand.as_ref().map_or(u8::MAX, |demand| demand.signers);
    let active = adjudicators(city).await?;
    let mut accounts: BTreeSet<Address> = active.iter().copied().collect();
    accounts.extend(document.signatures.iter().map(|signed| signed.signer));
    let mut members = Vec::new();
    for account in accounts {
        members.push(Member {
            account,
            signed: document
                .signatures
                .iter()
                .any(|signed| signed.signer == account),
            verdict: verdict(city, document, account, needed).await?,
        });
    }
    Ok(Outlook {
        now: ask::now(city).await?,
        state,
        active: active.len() as u8,
        demand,
        seen: seen(city, document).await?,
        members,
    })
}

/// What the signers saw, compared with what the chain says now.
async fn seen(city: &City, document: &Document) -> Result<Vec<Seen>, Failure> {
    let payload = &document.payload;
    let sources = table::told(payload.action).map_or(&[][..], |told| told.sources);
    let mut all = Vec::new();
    for (name, source) in sources {
        let Source::Read(asked, field) = source else {
            continue;
        };
        // Values that are only proposed have not been seen.
        if !matters(name) {
            continue;
        }
        let Some(view) = asked.view(|field| payload.word(field)) else {
            continue;
        };
        let now = match view.word(city, field).await {
            Ok(word) => known(name).show(payload.action, &payload.words, word),
            Err(failure) => format!("not told ({})", failure.message),
        };
        all.push(Seen {
            name,
            signed: payload.shown(name).unwrap_or_default(),
            now,
        });
    }
    Ok(all)
}

/// Whether a field says what was so when the action was signed, instead of what is to be.
fn matters(field: &str) -> bool {
    !matches!(field, "permitted" | "prohibited" | "operationsMax")
}

impl Outlook {
    /// Those whose signatures are there and count.
    pub(crate) fn counted(&self) -> impl Iterator<Item = &Member> {
        let members = self.members.iter();
        members.filter(|member| member.signed && member.verdict == Verdict::Counts)
    }

    /// How many signatures are missing.
    pub(crate) fn missing(&self) -> u8 {
        let needed = self.demand.as_ref().map_or(0, |demand| demand.signers);
        needed.saturating_sub(self.counted().count() as u8)
    }

    /// Those who may sign and did not.
    fn willing(&self) -> Vec<Address> {
        let members = self.members.iter();
        members
            .filter(|member| !member.signed && member.verdict == Verdict::Counts)
            .map(|member| member.account)
            .collect()
    }
}

/// What the action would do, with stand-ins for the signatures that are missing.
///
/// Errors: whatever the node refuses; what contracts refuse is part of the answer.
pub(crate) async fn effect(
    city: &City,
    document: &Document,
    outlook: &Outlook,
) -> Result<Effect, Failure> {
    let willing = outlook.willing();
    let missing = usize::from(outlook.missing());
    let last = willing.len().saturating_sub(missing).min(SETS_TRIED);
    let mut first = 0;
    loop {
        let stand_ins: Vec<Address> = willing.iter().skip(first).take(missing).copied().collect();
        let mut signatures = document.signatures.clone();
        signatures.extend(stand_ins.iter().map(|account| assumed(*account)));
        let taken = try_submit(city, document, &signatures, &stand_ins).await;
        let turns = matches!(&taken, Err(failure)
            if failure.revert.as_ref().is_some_and(|revert| revert.error == "RotationRequired"));
        if turns && first < last {
            first += 1;
            continue;
        }
        let (lands, changes) = match &taken {
            Err(failure) if failure.revert.is_some() => (Ok(()), Vec::new()),
            Err(_) => {
                taken?;
                continue;
            }
            Ok(()) => landing(city, document, outlook, &signatures, &stand_ins).await?,
        };
        return Ok(Effect {
            stand_ins,
            taken,
            lands,
            changes,
        });
    }
}

/// What is called when it lands: the panel itself for what does not wait, whom it concerns for what does.
fn carried_out(document: &Document, outlook: &Outlook, signatures: &[Signed]) -> (Peer, Bytes) {
    let (action, words) = (document.payload.action, &document.payload.words);
    let delay = outlook
        .demand
        .as_ref()
        .map_or(0, |demand| demand.delay_secs);
    let waits = action
        .demands()
        .is_some_and(|(_, delay, _)| delay != Delay::None);
    let queued_at = word(outlook.now.saturating_sub(delay).into());
    let view = |peer, function, arguments| View {
        peer,
        function,
        arguments,
    };
    let landing = match action {
        Action::AmendParameter => {
            let arguments = vec![words[0], words[1], words[2], queued_at];
            Some(view(Peer::Constitution, "amend", arguments))
        }
        Action::AppointSenior => {
            let arguments = vec![B256::ZERO, words[0], words[1], queued_at];
            Some(view(Peer::Constitution, "amend", arguments))
        }
        Action::Disburse => Some(view(Peer::Treasury, "disburse", words[..4].to_vec())),
        _ => None,
    };
    match landing {
        Some(view) if waits && delay > 0 => (view.peer, view.data()),
        _ => (
            Peer::Adjudication,
            submission(document, signatures).abi_encode().into(),
        ),
    }
}

/// Lets it land, and compares the views before and afterwards.
async fn landing(
    city: &City,
    document: &Document,
    outlook: &Outlook,
    signatures: &[Signed],
    stand_ins: &[Address],
) -> Result<(Result<(), Failure>, Vec<Change>), Failure> {
    let payload = &document.payload;
    let asked = table::told(payload.action).map_or(&[][..], |told| told.shows);
    let views: Vec<View> = asked
        .iter()
        .filter_map(|asked| asked.view(|field| payload.word(field)))
        .collect();
    let ask = |view: &View| Step {
        to: city.at(view.peer),
        data: view.data(),
    };
    let (to, data) = carried_out(document, outlook, signatures);
    // What waits lands by the panel's own call: the question is put in its name.
    let by = match to {
        Peer::Adjudication => probe::NOBODY,
        _ => city.at(Peer::Adjudication),
    };
    let mut steps: Vec<Step> = views.iter().map(ask).collect();
    steps.push(Step {
        to: city.at(to),
        data,
    });
    steps.extend(views.iter().map(ask));
    let outcomes = probe::run(&city.chain, by, &steps, probe::agreeing(stand_ins)).await?;
    if let Err(refused) = &outcomes[views.len()] {
        return Ok((Err(revert::of_data(refused)), Vec::new()));
    }
    let mut changes = Vec::new();
    for (place, view) in views.iter().enumerate() {
        let before = told(view, &outcomes[place])?;
        let after = told(view, &outcomes[views.len() + 1 + place])?;
        changes.extend(differences(view, &before, &after));
    }
    Ok((Ok(()), changes))
}

fn told(view: &View, outcome: &probe::Outcome) -> Result<Vec<Field>, Failure> {
    match outcome {
        Ok(answer) => {
            let mut fields = view.tell(answer)?;
            if (view.peer, view.function) == (Peer::Constitution, "parameter") {
                let id = ParameterId::at(count(view.arguments.first().copied()) as u8).ok();
                for field in fields.iter_mut().filter(|field| field.name == "value") {
                    if let (Some(id), Some(word)) = (id, field.word) {
                        field.text = rules::shown(id, word);
                    }
                }
            }
            Ok(fields)
        }
        Err(refused) => Ok(vec![Field {
            name: String::new(),
            text: revert::of_data(refused).message,
            plain: serde_json::Value::Null,
            word: None,
        }]),
    }
}

fn differences(view: &View, before: &[Field], after: &[Field]) -> Vec<Change> {
    let absent = || "nothing".to_owned();
    let mut changes = Vec::new();
    let names = before.iter().chain(
        after
            .iter()
            .filter(|field| !before.iter().any(|found| found.name == field.name)),
    );
    for field in names {
        let of = |fields: &[Field]| {
            let found = fields.iter().find(|found| found.name == field.name);
            found.map_or_else(absent, |found| found.text.clone())
        };
        let (was, becomes) = (of(before), of(after));
        if was != becomes {
            let what = match field.name.as_str() {
                "" => view.name(),
                name => format!("{} {name}", view.name()),
            };
            changes.push(Change {
                what,
                before: was,
                after: becomes,
            });
        }
    }
    changes
}

/// The number in a word.
pub(crate) fn count(word: Option<B256>) -> u64 {
    word.map_or(0, |word| U256::from_be_bytes(word.0).saturating_to())
}

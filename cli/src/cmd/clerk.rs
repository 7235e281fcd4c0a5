//! `agentcity clerk`: the four offices, their envelopes, and what they hand to microservices.

use std::path::PathBuf;

use agentcity_abi::{IConstitution, IManagement};
use agentcity_domain::{
    clerk::{ClerkRole, Delegated, Operation},
    peer::Peer,
    signed::{
        SignedStruct,
        identity::{DelegationRequest, DelegationResult},
    },
};
use alloy::primitives::{Address, B256, Bytes};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    ask,
    failure::{Code, Failure},
    instant,
    opts::{City, Town},
    output::{self, Answer},
    send::{Act, Call},
    signed::{Signing, Statement, digest},
    values::{self, Hashed, address, choice, word},
};

/// What to do with offices.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Every clerk that ever held an office.
    #[command(after_help = "Example: agentcity clerk list")]
    List(List),
    /// A clerk's office and envelope.
    #[command(
        after_help = "Example: agentcity clerk show 0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"
    )]
    Show(Show),
    /// What clerks may be asked to do: operations, whose they are, and what must be delegated first.
    #[command(after_help = "Example: agentcity clerk operations")]
    Operations(Operations),
    /// Whether a clerk may carry out an operation on a subject now, and how often it did.
    #[command(
        after_help = "Example: agentcity clerk check 0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65 --operation Codify --subject text:session"
    )]
    Check(Check),
    /// Gives an agent the office that the manifest names. Anyone may, as soon as it is registered.
    #[command(
        after_help = "Example: agentcity clerk admit 0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"
    )]
    Admit(Admit),
    /// Signs, as a clerk, that an operation is handed to the mandated service.
    #[command(
        after_help = "Example: agentcity clerk request --operation DagValidation --service 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 --subject text:session --input file:dag.json --out request.json"
    )]
    Request(Request),
    /// Opens the delegation that a clerk signed. Anyone relays.
    #[command(after_help = "Example: agentcity clerk delegate --request request.json")]
    Delegate(Delegate),
    /// Answers a delegation as the owner of the mandated service.
    #[command(
        name = "answer",
        after_help = "Example: agentcity clerk answer --request request.json --output file:report.json"
    )]
    Respond(Respond),
    /// Ends a delegation that was not answered in time. Anyone may.
    #[command(
        after_help = "Example: agentcity clerk expire 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    Expire(Expire),
    /// Every delegation, or those of one clerk, with what became of it.
    #[command(after_help = "Example: agentcity clerk delegations")]
    Delegations(List),
    /// The services that are mandated, by operation.
    #[command(after_help = "Example: agentcity clerk mandates")]
    Mandates(Operations),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only this clerk.
    #[arg(long, value_parser = address)]
    clerk: Option<Address>,
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The clerk.
    #[arg(value_parser = address)]
    clerk: Address,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Operations {
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The clerk.
    #[arg(value_parser = address)]
    clerk: Address,
    /// Its name, as `clerk operations` lists it.
    #[arg(long, value_parser = operation)]
    operation: Operation,
    /// What it is about, mostly a session: a word, or `text:…` for the keccak256 of a text.
    #[arg(long)]
    subject: Hashed,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Admit {
    /// The agent.
    #[arg(value_parser = address)]
    agent: Address,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Request {
    /// What is handed over, as `clerk operations` lists it.
    #[arg(long, value_parser = delegated)]
    operation: Delegated,
    /// The mandated service.
    #[arg(long, value_parser = word)]
    service: B256,
    /// What it is about: a word, or `text:…`.
    #[arg(long)]
    subject: Hashed,
    /// What the service works on: a hash, `text:…` or `file:…`.
    #[arg(long)]
    input: Hashed,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Delegate {
    /// What the clerk signed with `clerk request`.
    #[arg(long)]
    request: PathBuf,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Respond {
    /// What the clerk signed with `clerk request`.
    #[arg(long)]
    request: PathBuf,
    /// The output: a hash, `text:…` or `file:…`.
    #[arg(long)]
    output: Hashed,
    /// The artifact for inspection, where the mandate demands one: a hash, `text:…` or `file:…`.
    #[arg(long)]
    artifact: Option<Hashed>,
    /// Last second at which it is taken, unix seconds; the request's own when absent.
    #[arg(long, value_parser = values::number::<u64>)]
    deadline: Option<u64>,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Expire {
    /// The delegation.
    #[arg(value_parser = word)]
    delegation: B256,
    #[command(flatten)]
    act: Act,
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::List(options) => list(options).await,
        Verb::Show(options) => show(options).await,
        Verb::Operations(options) => operations(options).await,
        Verb::Check(options) => check(options).await,
        Verb::Admit(Admit { agent, act }) => {
            let call = IManagement::admitGenesisClerkCall { agent };
            let what = format!("admit {agent} to the office that the manifest names");
            act.send(what, Peer::Management, &call).await
        }
        Verb::Request(options) => request(options).await,
        Verb::Delegate(options) => delegate(options).await,
        Verb::Respond(options) => respond(options).await,
        Verb::Expire(Expire { delegation, act }) => {
            let call = IManagement::expireDelegationCall {
                delegationId: delegation,
            };
            act.send(
                format!("expire delegation {delegation}"),
                Peer::Management,
                &call,
            )
            .await
        }
        Verb::Delegations(options) => delegations(options).await,
        Verb::Mandates(options) => mandates(options).await,
    }
}

fn operation(text: &str) -> Result<Operation, Failure> {
    let names: Vec<_> = Operation::ALL
        .iter()
        .map(|one| (one.name(), *one))
        .collect();
    choice("operation", text, &names)
}

fn delegated(text: &str) -> Result<Delegated, Failure> {
    let names: Vec<_> = Delegated::ALL
        .iter()
        .map(|one| (one.name(), *one))
        .collect();
    choice("delegated operation", text, &names)
}

fn office(role: u8) -> &'static str {
    ClerkRole::at(role).map_or("none", ClerkRole::name)
}

/// The names of a mask's operations.
fn names(mask: u64) -> Vec<&'static str> {
    let set = |one: &&Operation| mask & 1 << one.number() != 0;
    Operation::ALL
        .iter()
        .filter(set)
        .map(|one| one.name())
        .collect()
}

fn listed(names: &[&str]) -> String {
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}

async fn clerk(city: &City, clerk: Address) -> Result<IManagement::Clerk, Failure> {
    let contract = IManagement::new(city.at(Peer::Management), &city.chain.provider);
    Ok(contract.clerkOf(clerk).call().await?)
}

async fn list(options: List) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let from = options.from_block;
    let topic = options.clerk.map(|clerk| clerk.into_word());
    let seen =
        ask::all::<IManagement::ManagementAgentRegistered>(&city, Peer::Management, topic, from)
            .await?;
    let mut clerks: Vec<Address> = Vec::new();
    for one in &seen {
        if let Ok(clerk) = one.field("clerk").parse()
            && !clerks.contains(&clerk)
        {
            clerks.push(clerk);
        }
    }
    let constitution = IConstitution::new(city.at(Peer::Constitution), &city.chain.provider);
    let awaited = constitution.genesisClerks().call().await?;
    let (mut rows, mut all): (Vec<Vec<String>>, Vec<Value>) = Default::default();
    let mut tell = |account: Address, role: u8, state: &str, since: u64| {
        rows.push(vec![
            account.to_string(),
            office(role).to_owned(),
            state.to_owned(),
            instant::at(since),
        ]);
        all.push(
            json!({ "clerk": account, "office": office(role), "state": state, "since": since }),
        );
    };
    for account in &clerks {
        let known = clerk(&city, *account).await?;
        let state = if known.active { "active" } else { "revoked" };
        tell(*account, known.role, state, known.since);
    }
    for one in awaited {
        let is_asked = options.clerk.is_none_or(|asked| asked == one.agent);
        if is_asked && !clerks.contains(&one.agent) {
            tell(one.agent, one.role, "of the manifest, not admitted", 0);
        }
    }
    let text = match rows.is_empty() {
        true => "no such clerk\n".to_owned(),
        false => output::table(&["clerk", "office", "state", "since"], &rows),
    };
    Ok(Answer::new(json!({ "clerks": all }), text))
}

async fn show(options: Show) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let known = clerk(&city, options.clerk).await?;
    if !known.known {
        return Err(Failure::new(
            Code::Unknown,
            format!("{} never held an office", options.clerk),
        )
        .hint("`agentcity clerk list` names all clerks, and those who wait to be admitted"));
    }
    let (permitted, prohibited) = (names(known.permitted), names(known.prohibited));
    Ok(Answer::facts(
        json!({
            "clerk": options.clerk, "office": office(known.role), "active": known.active, "permitted": permitted,
            "prohibited": prohibited, "operationsMax": known.operationsMax, "since": known.since,
        }),
        &[
            ("clerk", options.clerk.to_string()),
            ("office", office(known.role).to_owned()),
            (
                "holds it",
                if known.active { "yes" } else { "no" }.to_owned(),
            ),
            ("permitted", listed(&permitted)),
            ("prohibited", listed(&prohibited)),
            (
                "on one subject",
                format!("at most {} operations", known.operationsMax),
            ),
            ("since", instant::at(known.since)),
        ],
    ))
}

async fn operations(options: Operations) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let contract = IManagement::new(city.at(Peer::Management), &city.chain.provider);
    let mut offices = Vec::new();
    for role in ClerkRole::ALL {
        let profile = contract.profileOf(role.number()).call().await?;
        offices.push((role.name(), profile.permitted));
    }
    let (mut rows, mut all): (Vec<Vec<String>>, Vec<Value>) = Default::default();
    for one in Operation::ALL {
        let may = |(_, mask): &&(&'static str, u64)| mask & 1 << one.number() != 0;
        let who: Vec<&str> = offices.iter().filter(may).map(|(name, _)| *name).collect();
        let guards = Delegated::ALL
            .iter()
            .filter(|handed| handed.guards() == *one);
        let first: Vec<&str> = guards.map(|handed| handed.name()).collect();
        let function = one.function();
        rows.push(vec![
            one.number().to_string(),
            one.name().to_owned(),
            listed(&who),
            format!("{}.{}", function.contract.name(), function.name),
            listed(&first),
        ]);
        all.push(json!({
            "operation": one.number(), "name": one.name(), "offices": who, "contract": function.contract.name(),
            "function": function.name, "delegatedFirst": first,
        }));
    }
    let headings = [
        "number",
        "operation",
        "office",
        "function",
        "delegated first, if mandated",
    ];
    Ok(Answer::new(
        json!({ "operations": all }),
        output::table(&headings, &rows),
    ))
}

async fn check(options: Check) -> Result<Answer, Failure> {
    let subject = options.subject.hash()?;
    let city = options.town.connect().await?;
    let contract = IManagement::new(city.at(Peer::Management), &city.chain.provider);
    let number = options.operation.number();
    let role = contract
        .requirePermitted(options.clerk, number, subject)
        .call()
        .await?;
    let ledger = contract.ledgerOf(options.clerk, subject).call().await?;
    let known = clerk(&city, options.clerk).await?;
    Ok(Answer::facts(
        json!({
            "clerk": options.clerk, "office": office(role), "operation": options.operation.name(), "subject": subject,
            "permitted": true, "used": ledger.used, "operationsMax": known.operationsMax,
        }),
        &[
            ("clerk", options.clerk.to_string()),
            ("office", office(role).to_owned()),
            ("operation", options.operation.name().to_owned()),
            ("subject", subject.to_string()),
            ("permitted", "yes".to_owned()),
            (
                "used",
                format!("{} of {}", ledger.used, known.operationsMax),
            ),
        ],
    ))
}

async fn request(options: Request) -> Result<Answer, Failure> {
    let signing = options.signing;
    let (subject, input_hash) = (options.subject.hash()?, options.input.hash()?);
    let key = signing.key.open().await?;
    let city = signing.town.connect().await?;
    let request = DelegationRequest {
        clerk: key.address(),
        operation: options.operation.number(),
        service_id: options.service,
        subject,
        input_hash,
        deadline: signing.until(&city).await?,
    };
    signing
        .answer(
            SignedStruct::DelegationRequest,
            &city,
            &request.words(),
            &key,
        )
        .await
}

/// A request as the interface takes it, and as it is signed.
fn parts(request: &Statement) -> (IManagement::DelegationRequest, DelegationRequest) {
    let wire = IManagement::DelegationRequest {
        clerk: request.address("clerk"),
        operation: request.number("operation"),
        serviceId: request.word("serviceId"),
        subject: request.word("subject"),
        inputHash: request.word("inputHash"),
        deadline: request.number("deadline"),
    };
    let signed = DelegationRequest {
        clerk: wire.clerk,
        operation: wire.operation,
        service_id: wire.serviceId,
        subject: wire.subject,
        input_hash: wire.inputHash,
        deadline: wire.deadline,
    };
    (wire, signed)
}

async fn delegate(options: Delegate) -> Result<Answer, Failure> {
    let request = Statement::read(&options.request, SignedStruct::DelegationRequest)?;
    let sender = options.act.connect().await?;
    request.must_be_of(&sender.city)?;
    let (wire, signed) = parts(&request);
    let management = sender.at(Peer::Management);
    let id = digest(sender.city.chain.id, management, &signed.words());
    let call = IManagement::delegateCall {
        request: wire,
        signature: request.signature.clone(),
    };
    let what = format!("open delegation {id}");
    let mut sent = sender.perform(Call::new(what, management, &call)).await?;
    sent.value["delegation"] = json!(id);
    sent.facts.push(("delegation".to_owned(), id.to_string()));
    Ok(sent.answer())
}

async fn respond(options: Respond) -> Result<Answer, Failure> {
    let request = Statement::read(&options.request, SignedStruct::DelegationRequest)?;
    let output_hash = options.output.hash()?;
    let artifact = options.artifact.as_ref().map(Hashed::hash).transpose()?;
    let sender = options.act.connect().await?;
    request.must_be_of(&sender.city)?;
    let (wire, signed) = parts(&request);
    let management = sender.at(Peer::Management);
    let delegation_id = digest(sender.city.chain.id, management, &signed.words());
    let (owner, details) = super::service::owner(&sender.city, wire.serviceId).await?;
    let result = DelegationResult {
        delegation_id,
        output_hash,
        artifact_hash: artifact.unwrap_or_default(),
        deadline: options.deadline.unwrap_or(wire.deadline),
    };
    let signature = match owner == sender.address {
        true => Bytes::new(),
        false => {
            let (kind, words) = (SignedStruct::DelegationResult, result.words());
            let statement = Statement::sign(kind, &sender.city, &words, &[], &sender.signer);
            statement.await?.signature
        }
    };
    let call = IManagement::recordDelegationResultCall {
        request: wire,
        owner,
        details,
        result: IManagement::DelegationResult {
            delegationId: delegation_id,
            outputHash: output_hash,
            artifactHash: result.artifact_hash,
            deadline: result.deadline,
        },
        signature,
    };
    let what = format!("answer delegation {delegation_id}");
    let sent = sender.perform(Call::new(what, management, &call)).await?;
    Ok(sent.answer())
}

async fn delegations(options: List) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let from = options.from_block;
    let all_seen =
        ask::all::<IManagement::DelegationInvoked>(&city, Peer::Management, None, from).await?;
    let contract = IManagement::new(city.at(Peer::Management), &city.chain.provider);
    let (mut rows, mut all): (Vec<Vec<String>>, Vec<Value>) = Default::default();
    for one in all_seen {
        let is_asked = options
            .clerk
            .is_none_or(|clerk| one.field("clerk") == clerk.to_string());
        let Ok(id) = one.field("delegationId").parse::<B256>() else {
            continue;
        };
        if !is_asked {
            continue;
        }
        let known = contract.delegationOf(id).call().await?;
        let state = match known.state {
            IManagement::DelegationState::Open => "open",
            IManagement::DelegationState::Recorded => "recorded",
            IManagement::DelegationState::Expired => "expired",
            _ => "none",
        };
        let name = Delegated::at(known.operation).map_or("unknown", Delegated::name);
        rows.push(vec![
            id.to_string(),
            known.clerk.to_string(),
            name.to_owned(),
            state.to_owned(),
            instant::at(known.dueAt),
        ]);
        all.push(json!({
            "delegation": id, "clerk": known.clerk, "operation": name, "state": state, "openedAt": known.openedAt,
            "dueAt": known.dueAt, "outputHash": known.outputHash, "artifactHash": known.artifactHash,
        }));
    }
    let text = match rows.is_empty() {
        true => "nothing was delegated\n".to_owned(),
        false => output::table(&["delegation", "clerk", "operation", "state", "due"], &rows),
    };
    Ok(Answer::new(json!({ "delegations": all }), text))
}

async fn mandates(options: Operations) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let contract = IManagement::new(city.at(Peer::Management), &city.chain.provider);
    let version = contract.mandates().call().await?.version;
    let (mut rows, mut all): (Vec<Vec<String>>, Vec<Value>) = Default::default();
    for one in Delegated::ALL {
        let mandate = contract.mandateOf(one.number()).call().await?;
        let shown = |word: B256| match word.is_zero() {
            true => "none".to_owned(),
            false => word.to_string(),
        };
        rows.push(vec![
            one.number().to_string(),
            one.name().to_owned(),
            one.role().name().to_owned(),
            one.guards().name().to_owned(),
            shown(mandate.serviceId),
            shown(mandate.artifactSchema),
        ]);
        all.push(json!({
            "operation": one.number(), "name": one.name(), "office": one.role().name(), "guards": one.guards().name(),
            "service": mandate.serviceId, "artifactSchema": mandate.artifactSchema,
        }));
    }
    let headings = [
        "number",
        "operation",
        "office",
        "guards",
        "service",
        "artifact's schema",
    ];
    Ok(Answer::new(
        json!({ "version": version, "mandates": all }),
        format!(
            "changed {version} times\n\n{}",
            output::table(&headings, &rows)
        ),
    ))
}

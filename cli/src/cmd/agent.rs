//! `agentcity agent`: software that acts in the city, and who answers for it.

use std::path::PathBuf;

use agentcity_abi::IAgent;
use agentcity_domain::{
    agent::did,
    parameter::ParameterId as P,
    peer::Peer,
    signed::{
        SignedStruct,
        identity::{PrincipalAcceptance, PrincipalConsent, PrincipalRelease, SubAgentConsent},
    },
};
use alloy::primitives::{Address, keccak256};
use clap::Subcommand;
use serde_json::{Value, json};

use super::principal;
use crate::{
    ask,
    failure::{Code, Failure},
    instant,
    money::Purse,
    opts::{City, Town},
    output::{self, Answer},
    send::{Act, Call},
    signed::{Signing, Statement},
    values::{self, address, choice},
};

/// What to do with agents.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Signs, as a principal or as the agent above, the consent with which an agent registers.
    #[command(
        after_help = "Example: agentcity agent consent 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC --type producer --out consent.json"
    )]
    Consent(Consent),
    /// Registers the caller under whoever signed the consent, with the stake of the table.
    #[command(after_help = "Example: agentcity agent register --consent consent.json")]
    Register(Register),
    /// An agent: type, state, principal, reputation, stake, obligations, what bars it.
    #[command(
        after_help = "Example: agentcity agent show 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
    )]
    Show(Show),
    /// Reputation and every change of it.
    #[command(
        after_help = "Example: agentcity agent reputation 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
    )]
    Reputation(Reputation),
    /// Every agent that ever registered.
    #[command(after_help = "Example: agentcity agent list --type producer")]
    List(List),
    /// Signs, as the present principal, that an agent may go to another; `propose` takes it.
    #[command(
        after_help = "Example: agentcity agent release 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC --to 0x90F79bf6EB2c4f870365E785982E1f101E93b906 --out release.json"
    )]
    Release(Release),
    /// Releases an agent to another principal; to its own, withdraws the last release. Anyone relays.
    #[command(after_help = "Example: agentcity agent propose --release release.json")]
    Propose(Propose),
    /// Signs, as the next principal, that it takes an agent over; `change` takes it.
    #[command(
        after_help = "Example: agentcity agent accept 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC --out acceptance.json"
    )]
    Accept(Accept),
    /// Carries out a change of principal that was released and accepted. Anyone relays.
    #[command(after_help = "Example: agentcity agent change --acceptance acceptance.json")]
    Change(Change),
    /// Begins to leave: the agent, or its principal.
    #[command(
        after_help = "Example: agentcity agent leave 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
    )]
    Leave(Other),
    /// Completes a leave whose cooldown passed; the stake becomes a credit. Anyone may.
    #[command(
        after_help = "Example: agentcity agent complete-leave 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
    )]
    CompleteLeave(Other),
    /// Takes the stake of an agent whose principal's ban is final. Anyone may.
    #[command(
        after_help = "Example: agentcity agent forfeit 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
    )]
    Forfeit(Other),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Consent {
    /// Who is to register.
    #[arg(value_parser = address)]
    agent: Address,
    /// What it is to be: producer, management or monitor.
    #[arg(long = "type", value_parser = kind, default_value = "producer")]
    kind: u8,
    /// How many agents may stand below it in all.
    #[arg(long, value_parser = values::number::<u32>, default_value = "0")]
    max_sub_agents: u32,
    /// Its identifier; `did:pkh` of its address when absent.
    #[arg(long)]
    did: Option<String>,
    /// The signer is an agent, which the new one is to stand below.
    #[arg(long)]
    below: bool,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Register {
    /// What the principal, or the agent above, signed with `agent consent`.
    #[arg(long)]
    consent: PathBuf,
    /// The identifier that was consented to; `did:pkh` of the caller's address when absent.
    #[arg(long)]
    did: Option<String>,
    /// The consent is of the agent above (`agent consent --below`).
    #[arg(long)]
    below: bool,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The agent.
    #[arg(value_parser = address)]
    agent: Address,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reputation {
    /// The agent.
    #[arg(value_parser = address)]
    agent: Address,
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only those of this principal.
    #[arg(long, value_parser = address)]
    principal: Option<Address>,
    /// Only those of this type: producer, management or monitor.
    #[arg(long = "type", value_parser = kind)]
    kind: Option<u8>,
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Release {
    /// The agent.
    #[arg(value_parser = address)]
    agent: Address,
    /// Who is to answer for it; its present principal withdraws the last release.
    #[arg(long, value_parser = address)]
    to: Address,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Propose {
    /// What the present principal signed with `agent release`.
    #[arg(long)]
    release: PathBuf,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Accept {
    /// The agent.
    #[arg(value_parser = address)]
    agent: Address,
    /// How many agents may stand below it from now on.
    #[arg(long, value_parser = values::number::<u32>, default_value = "0")]
    max_sub_agents: u32,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Change {
    /// What the next principal signed with `agent accept`.
    #[arg(long)]
    acceptance: PathBuf,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Other {
    /// The agent.
    #[arg(value_parser = address)]
    agent: Address,
    #[command(flatten)]
    act: Act,
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Consent(options) => consent(options).await,
        Verb::Register(options) => register(options).await,
        Verb::Show(options) => show(options).await,
        Verb::Reputation(options) => reputation(options).await,
        Verb::List(options) => list(options).await,
        Verb::Release(options) => release(options).await,
        Verb::Propose(options) => propose(options).await,
        Verb::Accept(options) => accept(options).await,
        Verb::Change(options) => change(options).await,
        Verb::Leave(Other { agent, act }) => {
            let call = IAgent::requestDeregistrationCall { agent };
            act.send(format!("let {agent} begin to leave"), Peer::Agent, &call)
                .await
        }
        Verb::CompleteLeave(Other { agent, act }) => {
            let call = IAgent::completeDeregistrationCall { agent };
            act.send(format!("complete the leave of {agent}"), Peer::Agent, &call)
                .await
        }
        Verb::Forfeit(Other { agent, act }) => {
            let call = IAgent::forfeitCall { agent };
            act.send(format!("forfeit the stake of {agent}"), Peer::Agent, &call)
                .await
        }
    }
}

fn kind(text: &str) -> Result<u8, Failure> {
    use IAgent::AgentType::{Management, Monitor, Producer};
    let kinds = [
        ("producer", Producer as u8),
        ("management", Management as u8),
        ("monitor", Monitor as u8),
    ];
    choice("type of agents", text, &kinds)
}

fn kind_name(kind: IAgent::AgentType) -> &'static str {
    match kind {
        IAgent::AgentType::Producer => "producer",
        IAgent::AgentType::Management => "management",
        IAgent::AgentType::Monitor => "monitor",
        _ => "none",
    }
}

fn status_name(status: IAgent::Status) -> &'static str {
    match status {
        IAgent::Status::Active => "active",
        IAgent::Status::Leaving => "leaving",
        IAgent::Status::Gone => "gone",
        _ => "none",
    }
}

/// What each bit of `bars` says, in its order.
const BARS: [&str; 7] = [
    "not active",
    "no producer",
    "its principal is not enrolled or leaves",
    "banned",
    "frozen",
    "reputation below the floor",
    "its principal is too young",
];

/// Bars in words.
pub(super) fn bars(bits: u8) -> Vec<&'static str> {
    let set = |at: &usize| bits & 1 << at != 0;
    (0..BARS.len()).filter(set).map(|at| BARS[at]).collect()
}

async fn record(city: &City, agent: Address) -> Result<IAgent::AgentRecord, Failure> {
    let contract = IAgent::new(city.at(Peer::Agent), &city.chain.provider);
    Ok(contract.agentRecord(agent).call().await?)
}

async fn registered(city: &City, agent: Address) -> Result<IAgent::AgentRecord, Failure> {
    let known = record(city, agent).await?;
    if known.registrations == 0 {
        return Err(
            Failure::new(Code::Unknown, format!("{agent} never registered"))
                .hint("`agentcity agent list` names them all"),
        );
    }
    Ok(known)
}

/// The identifier that was given, or that of an account of this chain, checked as the contract does.
fn identifier(given: Option<&str>, chain: u64, agent: Address) -> Result<String, Failure> {
    let did = given.map_or_else(
        || format!("did:pkh:eip155:{chain}:{agent:#x}"),
        str::to_owned,
    );
    did::check(did.as_bytes(), agent).map_err(|error| {
        Failure::new(
            Code::Did,
            format!("`{did}` does not name {agent} ({error:?})"),
        )
        .hint("give did:pkh:eip155:CHAIN:ADDRESS or did:ethr:ADDRESS of the agent's own key")
    })?;
    Ok(did)
}

async fn consent(options: Consent) -> Result<Answer, Failure> {
    let (signing, agent) = (options.signing, options.agent);
    if let Some(given) = &options.did {
        identifier(Some(given), 0, agent)?;
    }
    let key = signing.key.open().await?;
    let city = signing.town.connect().await?;
    let did = identifier(options.did.as_deref(), city.chain.id, agent)?;
    let did_hash = keccak256(&did);
    let deadline = signing.until(&city).await?;
    let registrations = u64::from(record(&city, agent).await?.registrations);
    let answers = match options.below {
        true => registered(&city, key.address()).await?.principal,
        false => key.address(),
    };
    let nonce = u64::from(principal::record(&city, answers).await?.nonce) << 16 | registrations;
    if options.below {
        let consent = SubAgentConsent {
            agent,
            did_hash,
            agent_type: options.kind,
            parent: key.address(),
            max_sub_agents: options.max_sub_agents,
            nonce,
            deadline,
        };
        return signing
            .answer(SignedStruct::SubAgentConsent, &city, &consent.words(), &key)
            .await;
    }
    let consent = PrincipalConsent {
        agent,
        did_hash,
        agent_type: options.kind,
        principal: key.address(),
        max_sub_agents: options.max_sub_agents,
        nonce,
        deadline,
    };
    signing
        .answer(
            SignedStruct::PrincipalConsent,
            &city,
            &consent.words(),
            &key,
        )
        .await
}

async fn register(options: Register) -> Result<Answer, Failure> {
    let kind = match options.below {
        true => SignedStruct::SubAgentConsent,
        false => SignedStruct::PrincipalConsent,
    };
    let consent = Statement::read(&options.consent, kind)?;
    let agent = consent.address("agent");
    if let Some(given) = &options.did {
        identifier(Some(given), 0, agent)?;
    }
    let sender = options.act.connect().await?;
    consent.must_be_of(&sender.city)?;
    if sender.address != agent {
        return Err(Failure::new(
            Code::Flags,
            format!(
                "the consent is for {agent}, and {} registers",
                sender.address
            ),
        )
        .hint("an agent registers itself: use its own key"));
    }
    let did = identifier(options.did.as_deref(), sender.city.chain.id, agent)?;
    if keccak256(&did) != consent.word("didHash") {
        return Err(
            Failure::new(Code::Did, format!("the consent is not for `{did}`"))
                .hint("name with --did what was consented to"),
        );
    }
    let (agent_type, max_sub_agents, deadline) = (
        consent.number("agentType"),
        consent.number("maxSubAgents"),
        consent.number("deadline"),
    );
    let to = sender.at(Peer::Agent);
    let call = if options.below {
        let call = IAgent::registerSubAgentCall {
            did,
            agentType: agent_type,
            parent: consent.address("parent"),
            maxSubAgents: max_sub_agents,
            deadline,
            consent: consent.signature.clone(),
        };
        Call::new(format!("register {agent} below {}", call.parent), to, &call)
    } else {
        let call = IAgent::registerCall {
            did,
            agentType: agent_type,
            principal: consent.address("principal"),
            maxSubAgents: max_sub_agents,
            deadline,
            consent: consent.signature.clone(),
        };
        Call::new(
            format!("register {agent} under {}", call.principal),
            to,
            &call,
        )
    };
    if agent_type == IAgent::AgentType::Management as u8 {
        return Ok(sender.perform(call).await?.answer());
    }
    let [stake] = ask::numbers(&sender.city, None, [P::RegistrationStake]).await?;
    let amount = Purse::of(&sender.city).await?.base(stake);
    Ok(sender.pay(call, amount).await?.answer())
}

async fn show(options: Show) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let agent = options.agent;
    let known = registered(&city, agent).await?;
    let contract = IAgent::new(city.at(Peer::Agent), &city.chain.provider);
    let standing = contract.standing(agent).call().await?;
    let chain = contract.ownershipChain(agent).call().await?;
    let mut allowed = Vec::new();
    for (name, purpose) in [
        ("bid", IAgent::Purpose::Bid),
        ("route", IAgent::Purpose::Route),
        ("vote", IAgent::Purpose::Vote),
        ("sponsor", IAgent::Purpose::Sponsor),
        ("seat", IAgent::Purpose::Seat),
    ] {
        let answer = contract.isEligible(agent, purpose as u8).call().await?;
        allowed.push((name, bars(answer.bars)));
    }
    let nobody = |account: Address| match account.is_zero() {
        true => "nobody".to_owned(),
        false => account.to_string(),
    };
    let value = json!({
        "agent": agent, "type": kind_name(known.agentType), "status": status_name(known.status), "principal": known.principal,
        "previousPrincipal": standing.previous, "parent": known.parent, "chain": chain, "reputation": known.reputation,
        "score": standing.score, "stake": known.stake, "missions": known.missions, "obligations": known.obligations,
        "registrations": known.registrations, "changes": known.changes, "releases": known.releases,
        "maxSubAgents": known.maxSubAgents, "subAgents": known.subAgents, "depth": known.depth,
        "registeredAt": known.registeredAt.to::<u64>(), "leavesAt": known.leavesAt.to::<u64>(), "bars": bars(standing.bars),
        "may": allowed.iter().map(|(name, why)| ((*name).to_owned(), json!({ "allowed": why.is_empty(), "bars": why })))
            .collect::<serde_json::Map<_, _>>(),
    });
    let mut facts = vec![
        ("agent", agent.to_string()),
        ("type", kind_name(known.agentType).to_owned()),
        ("status", status_name(known.status).to_owned()),
        ("principal", known.principal.to_string()),
        ("principal before", nobody(standing.previous)),
        ("below", nobody(known.parent)),
        (
            "reputation",
            format!(
                "{} points ({} thousandths)",
                standing.score, known.reputation
            ),
        ),
        ("stake", format!("{} units", known.stake)),
        ("missions completed", known.missions.to_string()),
        ("open obligations", known.obligations.to_string()),
        (
            "places below",
            format!("{} of {} taken", known.subAgents, known.maxSubAgents),
        ),
        ("registered", instant::at(known.registeredAt.to())),
        ("leaves after", instant::at(known.leavesAt.to())),
    ];
    for (name, why) in &allowed {
        let text = match why.is_empty() {
            true => "yes".to_owned(),
            false => format!("no: {}", why.join("; ")),
        };
        facts.push((
            match *name {
                "bid" => "may bid",
                "route" => "may be routed",
                "vote" => "its principal may vote",
                "sponsor" => "may sponsor",
                _ => "may sit on the panel",
            },
            text,
        ));
    }
    Ok(Answer::facts(value, &facts))
}

async fn reputation(options: Reputation) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let agent = options.agent;
    let known = registered(&city, agent).await?;
    let topic = Some(agent.into_word());
    let from = options.from_block;
    let mut seen = ask::all::<IAgent::ReputationUpdated>(&city, Peer::Agent, topic, from).await?;
    seen.extend(ask::all::<IAgent::ReputationAdjusted>(&city, Peer::Agent, topic, from).await?);
    seen.sort_by_key(|one| one.block);
    let rows: Vec<Vec<String>> = seen
        .iter()
        .map(|one| {
            let (what, by) = match one.told.name.as_str() {
                "ReputationUpdated" => (
                    format!(
                        "an outcome of {} points, weight {} thousandths{}",
                        one.field("score"),
                        one.field("weight"),
                        if one.field("capped") == "true" {
                            ", capped"
                        } else {
                            ""
                        }
                    ),
                    one.field("sponsorPrincipal"),
                ),
                _ => (
                    format!("{} points by ruling or penalty", one.field("delta")),
                    one.field("by"),
                ),
            };
            vec![
                one.block.to_string(),
                one.field("reputation").to_owned(),
                what,
                by.to_owned(),
            ]
        })
        .collect();
    let score = known.reputation / 1_000; // structural: a point has a thousand thousandths
    let mut text = output::lines(&[
        ("agent", agent.to_string()),
        (
            "reputation",
            format!("{score} points ({} thousandths)", known.reputation),
        ),
    ]);
    if !rows.is_empty() {
        text += "\n";
        text += &output::table(&["block", "thousandths", "by", "of"], &rows);
    }
    let changes: Vec<Value> = seen.iter().map(ask::Seen::json).collect();
    Ok(Answer::new(
        json!({ "agent": agent, "reputation": known.reputation, "score": score, "changes": changes }),
        text,
    ))
}

async fn list(options: List) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let from = options.from_block;
    let seen = ask::all::<IAgent::AgentRegistered>(&city, Peer::Agent, None, from).await?;
    let mut agents: Vec<Address> = Vec::new();
    for registration in &seen {
        if let Ok(agent) = registration.field("agent").parse()
            && !agents.contains(&agent)
        {
            agents.push(agent);
        }
    }
    let (mut rows, mut all): (Vec<Vec<String>>, Vec<Value>) = Default::default();
    for agent in agents {
        let known = record(&city, agent).await?;
        let is_wanted = options.principal.is_none_or(|of| of == known.principal)
            && options.kind.is_none_or(|of| of == known.agentType as u8);
        if !is_wanted {
            continue;
        }
        rows.push(vec![
            agent.to_string(),
            kind_name(known.agentType).to_owned(),
            status_name(known.status).to_owned(),
            known.principal.to_string(),
            (known.reputation / 1_000).to_string(), // structural: a point has a thousand thousandths
            known.obligations.to_string(),
        ]);
        all.push(json!({
            "agent": agent, "type": kind_name(known.agentType), "status": status_name(known.status), "principal": known.principal,
            "reputation": known.reputation, "obligations": known.obligations,
        }));
    }
    let headings = [
        "agent",
        "type",
        "status",
        "principal",
        "points",
        "obligations",
    ];
    let text = match rows.is_empty() {
        true => "no such agent registered\n".to_owned(),
        false => output::table(&headings, &rows),
    };
    Ok(Answer::new(json!({ "agents": all }), text))
}

/// Sixteen bits each, highest first: the nonce of a release and of its acceptance.
fn nonce(of: u16, known: &IAgent::AgentRecord, releases: u16) -> u64 {
    let parts = [of, known.registrations, known.changes, releases];
    parts
        .iter()
        .fold(0, |nonce, part| nonce << u16::BITS | u64::from(*part))
}

async fn release(options: Release) -> Result<Answer, Failure> {
    let signing = options.signing;
    let key = signing.key.open().await?;
    let city = signing.town.connect().await?;
    let known = registered(&city, options.agent).await?;
    let own = principal::record(&city, known.principal).await?.nonce;
    let release = PrincipalRelease {
        agent: options.agent,
        from: known.principal,
        to: options.to,
        nonce: nonce(own, &known, known.releases),
        deadline: signing.until(&city).await?,
    };
    signing
        .answer(
            SignedStruct::PrincipalRelease,
            &city,
            &release.words(),
            &key,
        )
        .await
}

async fn propose(options: Propose) -> Result<Answer, Failure> {
    let release = Statement::read(&options.release, SignedStruct::PrincipalRelease)?;
    let sender = options.act.connect().await?;
    release.must_be_of(&sender.city)?;
    let call = IAgent::proposePrincipalCall {
        agent: release.address("agent"),
        to: release.address("to"),
        deadline: release.number("deadline"),
        consent: release.signature.clone(),
    };
    let what = format!("release {} to {}", call.agent, call.to);
    let sent = sender
        .perform(Call::new(what, sender.at(Peer::Agent), &call))
        .await?;
    Ok(sent.answer())
}

async fn accept(options: Accept) -> Result<Answer, Failure> {
    let signing = options.signing;
    let key = signing.key.open().await?;
    let city = signing.town.connect().await?;
    let known = registered(&city, options.agent).await?;
    let own = principal::record(&city, key.address()).await?.nonce;
    let acceptance = PrincipalAcceptance {
        agent: options.agent,
        from: known.principal,
        to: key.address(),
        max_sub_agents: options.max_sub_agents,
        // The release that it accepts was the last one, and was counted.
        nonce: nonce(own, &known, known.releases.saturating_sub(1)),
        deadline: signing.until(&city).await?,
    };
    signing
        .answer(
            SignedStruct::PrincipalAcceptance,
            &city,
            &acceptance.words(),
            &key,
        )
        .await
}

async fn change(options: Change) -> Result<Answer, Failure> {
    let acceptance = Statement::read(&options.acceptance, SignedStruct::PrincipalAcceptance)?;
    let sender = options.act.connect().await?;
    acceptance.must_be_of(&sender.city)?;
    let call = IAgent::acceptPrincipalCall {
        agent: acceptance.address("agent"),
        maxSubAgents: acceptance.number("maxSubAgents"),
        deadline: acceptance.number("deadline"),
        consent: acceptance.signature.clone(),
    };
    let what = format!("let {} answer for {}", acceptance.address("to"), call.agent);
    let sent = sender
        .perform(Call::new(what, sender.at(Peer::Agent), &call))
        .await?;
    Ok(sent.answer())
}

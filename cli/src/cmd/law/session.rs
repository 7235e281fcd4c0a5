//! From an adopted proposal to its approval: the messages of agents and clerks.

use std::{path::PathBuf, str::FromStr};

use agentcity_abi::{IEnactment, ILegislature};
use agentcity_domain::{act::Action, clerk::ClerkRole, peer::Peer, signed::SignedStruct};
use alloy::primitives::{Address, B256, U256, aliases::U40, keccak256};
use serde_json::json;

use super::{
    ballot,
    deliberation::{Doing, OnSession, hash_of},
    text,
};
use crate::{
    cmd::panel::prepare::{self, Prepare},
    failure::{Code, Failure},
    opts::City,
    output::Answer,
    saying::{Saying, Speaker, Unsigned, number},
    values::{self, Hashed},
};

#[derive(Debug, clap::Args)]
pub(crate) struct RequestIdentity {
    /// The session (32 bytes of hex).
    session: B256,
    /// File whose hash all must answer to.
    #[arg(long)]
    challenge: PathBuf,
    /// Least reputation of who bids, in points.
    #[arg(long, default_value_t = 0)]
    minimum_reputation: u16,
    #[command(flatten)]
    saying: Saying,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Attest {
    /// The session (32 bytes of hex).
    session: B256,
    /// File whose hash the registrar asked for.
    #[arg(long)]
    challenge: PathBuf,
    /// The principal who answers for the agent.
    #[arg(long)]
    principal: Address,
    #[command(flatten)]
    saying: Saying,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    /// The session (32 bytes of hex).
    session: B256,
    /// The statute's document.
    file: PathBuf,
    /// File with the rationale.
    #[arg(long)]
    rationale: PathBuf,
    /// Last second of the mission, unix seconds.
    #[arg(long)]
    mission_deadline: u64,
    #[command(flatten)]
    saying: Saying,
}

/// What is offered for a node.
#[derive(Debug, clap::Args)]
pub(crate) struct Offer {
    /// The service that is to run (32 bytes of hex).
    #[arg(long)]
    service: B256,
    /// Code hash of the service (32 bytes of hex).
    #[arg(long)]
    code: B256,
    /// Price of a seat, in base units of the settlement asset.
    #[arg(long)]
    price: u128,
    /// Stake, in base units of the settlement asset.
    #[arg(long)]
    stake: u128,
    /// Pool that the stake comes from (32 bytes of hex); the agent's own credit when absent.
    #[arg(long)]
    pool: Option<B256>,
    /// Promised latency in milliseconds.
    #[arg(long, default_value_t = 1_000)]
    latency_ms: u32,
    /// How well the service matches the task, in permille.
    #[arg(long, default_value_t = 0)]
    match_permille: u16,
    /// The highest tier of verification that is accepted: 1, 2 or 3.
    #[arg(long)]
    tier: u8,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Bid {
    /// The session (32 bytes of hex).
    session: B256,
    /// The node's number.
    node: u16,
    #[command(flatten)]
    offer: Offer,
    /// Seal the bid: file of the salt, written if it is not there. Without it nobody can open the bid.
    #[arg(long)]
    sealed: Option<PathBuf>,
    #[command(flatten)]
    saying: Saying,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OpenBid {
    /// The session (32 bytes of hex).
    session: B256,
    /// The node's number.
    node: u16,
    /// The bid's number.
    bid: u32,
    /// Whose bid it is.
    #[arg(long)]
    agent: Address,
    #[command(flatten)]
    offer: Offer,
    /// The deadline that was told when it was sealed, unix seconds.
    #[arg(long)]
    until: u64,
    /// File of the salt that it was sealed with.
    #[arg(long)]
    salt: PathBuf,
    #[command(flatten)]
    doing: Doing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Decide {
    /// The session (32 bytes of hex).
    session: B256,
    /// Ask for another proposal instead.
    #[arg(long)]
    repropose: bool,
    /// A bid that is rejected, and the number of the reason: on record, what wins follows from the bids alone.
    #[arg(long = "reject", value_name = "BID:REASON")]
    rejected: Vec<Rejected>,
    /// A finding: node, its code's number, note or warning or critical, and the evidence's hash. A critical one asks for another proposal.
    #[arg(long = "flag", value_name = "NODE:CODE:SEVERITY:EVIDENCE")]
    flags: Vec<Flag>,
    #[command(flatten)]
    saying: Saying,
}

/// A bid that a regulator rejects.
#[derive(Clone, Debug)]
struct Rejected {
    bid: u32,
    reason: u16,
}

impl FromStr for Rejected {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let parts = text.split_once(':').ok_or_else(|| {
            Failure::new(Code::Value, format!("`{text}` rejects no bid"))
                .hint("give it as BID:REASON, both numbers")
        })?;
        Ok(Self {
            bid: values::number(parts.0)?,
            reason: values::number(parts.1)?,
        })
    }
}

/// What a regulator found.
#[derive(Clone, Debug)]
struct Flag {
    node: u16,
    code: u16,
    severity: u8,
    evidence: Hashed,
}

impl FromStr for Flag {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let parts: Vec<&str> = text.splitn(4, ':').collect();
        let &[node, code, severity, evidence] = parts.as_slice() else {
            return Err(Failure::new(Code::Value, format!("`{text}` is no finding"))
                .hint("give it as NODE:CODE:SEVERITY:EVIDENCE, like 2:7:warning:file:report.md"));
        };
        let severities = [
            ("note", IEnactment::Severity::Note),
            ("warning", IEnactment::Severity::Warning),
            ("critical", IEnactment::Severity::Critical),
        ];
        Ok(Self {
            node: values::number(node)?,
            code: values::number(code)?,
            severity: values::choice("severity", severity, &severities)? as u8,
            evidence: evidence.parse()?,
        })
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Deviate {
    /// The session (32 bytes of hex).
    session: B256,
    /// The node's number.
    node: u16,
    /// The bid that is chosen instead of the best.
    #[arg(long)]
    chosen: u32,
    /// File that says why.
    #[arg(long)]
    justification: PathBuf,
    #[command(flatten)]
    saying: Saying,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Countersign {
    /// The session (32 bytes of hex).
    session: String,
    /// The node's number.
    node: String,
    /// The bid that is chosen instead of the best.
    #[arg(long)]
    chosen: String,
    #[command(flatten)]
    shared: prepare::Shared,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Codify {
    /// The session (32 bytes of hex).
    session: B256,
    /// The template (32 bytes of hex).
    #[arg(long)]
    template: B256,
    /// The template's version.
    #[arg(long)]
    template_version: u16,
    #[command(flatten)]
    saying: Saying,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Template {
    /// The template (32 bytes of hex).
    template: B256,
    /// The version, one more than the last.
    #[arg(long)]
    template_version: u16,
    /// File with the schema.
    #[arg(long)]
    schema: PathBuf,
    /// Most nodes of a statute.
    #[arg(long)]
    nodes_max: u16,
    /// Tiers that are allowed, with commas between.
    #[arg(long, value_delimiter = ',', required = true)]
    tiers: Vec<u8>,
    /// Highest risk of a node: low, medium or high.
    #[arg(long)]
    risk: Risk,
    /// Least number of predicates at the gate.
    #[arg(long, default_value_t = 0)]
    predicates_min: u8,
    #[command(flatten)]
    saying: Saying,
}

/// Risk of a node, by its number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Risk {
    Low,
    Medium,
    High,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Approve {
    /// The session (32 bytes of hex).
    session: B256,
    /// The office in which it is approved: speaker or regulator.
    #[arg(long)]
    role: Office,
    #[command(flatten)]
    saying: Saying,
}

/// Offices that approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Office {
    Speaker,
    Regulator,
}

pub(crate) async fn request_identity(options: RequestIdentity) -> Result<Answer, Failure> {
    let challenge = hash_of(&options.challenge)?;
    let speaker = options.saying.connect().await?;
    let statement = Unsigned::new(
        SignedStruct::IdentityRequest,
        [
            ("sessionId", options.session),
            ("challenge", challenge),
            ("minimumReputation", number(options.minimum_reputation)),
        ],
    );
    speaker.say("ask all to identify", statement).await
}

pub(crate) async fn attest(options: Attest) -> Result<Answer, Failure> {
    let challenge = hash_of(&options.challenge)?;
    let speaker = options.saying.connect().await?;
    let did = format!(
        "did:pkh:eip155:{}:{:#x}",
        speaker.city.chain.id, speaker.address
    );
    let statement = Unsigned::new(
        SignedStruct::IdentityAttestation,
        [
            ("sessionId", options.session),
            ("challenge", challenge),
            ("agent", speaker.address.into_word()),
            ("principal", options.principal.into_word()),
            ("didHash", keccak256(did)),
        ],
    );
    speaker.say("identify", statement).await
}

pub(crate) async fn confirm(options: OnSession) -> Result<Answer, Failure> {
    let call = ILegislature::confirmRosterCall {
        sessionId: options.session,
    };
    options
        .doing
        .call("confirm who takes part", Peer::Legislature, &call)
        .await
}

pub(crate) async fn publish(options: Publish) -> Result<Answer, Failure> {
    let (_, document) = text::load(&options.file)?;
    let rationale = hash_of(&options.rationale)?;
    let speaker = options.saying.connect().await?;
    let assembly = agentcity_abi::IAssembly::new(
        speaker.city.at(Peer::Assembly),
        &speaker.city.chain.provider,
    );
    let outcome = assembly.outcomeOf(options.session).call().await?;
    let totals = document.totals();
    let statement = Unsigned::new(
        SignedStruct::DagProposal,
        [
            ("sessionId", options.session),
            ("proposalId", outcome.winner),
            ("statuteHash", document.statute_hash()),
            ("contentAddress", document.content_address().word()),
            ("rationaleHash", rationale),
            ("nodes", number(totals.nodes)),
            ("tokenBudget", number(u128::from(totals.tokens))),
            ("missionBudget", number(totals.budget)),
            ("missionDeadline", number(options.mission_deadline)),
        ],
    );
    speaker
        .say("carry the winning proposal into bidding", statement)
        .await
}

/// A bid without its deadline.
fn task_bid(session: B256, node: u16, agent: Address, offer: &Offer) -> Unsigned {
    Unsigned::new(
        SignedStruct::TaskBid,
        [
            ("sessionId", session),
            ("node", number(node)),
            ("agent", agent.into_word()),
            ("serviceId", offer.service),
            ("codeHash", offer.code),
            ("price", number(offer.price)),
            ("stake", number(offer.stake)),
            ("source", offer.pool.unwrap_or(agent.into_word())),
            ("latencyMs", number(offer.latency_ms)),
            ("matchPermille", number(offer.match_permille)),
            ("tierAcceptance", number(offer.tier)),
        ],
    )
}

pub(crate) async fn bid(options: Bid) -> Result<Answer, Failure> {
    let speaker = options.saying.connect().await?;
    let (session, node, offer) = (options.session, options.node, &options.offer);
    let bid = task_bid(session, node, speaker.address, offer);
    let Some(path) = &options.sealed else {
        return speaker.say(format!("bid for node {node}"), bid).await;
    };
    let salt = ballot::salt_or_new(path, options.saying.sending.dry_run)?;
    let words = bid.with("deadline", number(speaker.deadline)).words();
    let commitment = keccak256([words.concat().as_slice(), salt.as_slice()].concat());
    let sealed = Unsigned::new(
        SignedStruct::SealedBid,
        [
            ("sessionId", session),
            ("agent", speaker.address.into_word()),
            ("node", number(node)),
            ("commitment", commitment),
            ("stake", number(offer.stake)),
            ("source", offer.pool.unwrap_or(speaker.address.into_word())),
        ],
    );
    // Who opens it needs the deadline, which nobody else knows.
    let until = vec![("until", json!(speaker.deadline))];
    speaker
        .say_with(format!("seal a bid for node {node}"), sealed, until)
        .await
}

pub(crate) async fn open_bid(options: OpenBid) -> Result<Answer, Failure> {
    let salt = ballot::salt(&options.salt)?;
    let offer = &options.offer;
    let call = ILegislature::openBidCall {
        bid: options.bid,
        message: ILegislature::TaskBid {
            sessionId: options.session,
            node: options.node,
            agent: options.agent,
            serviceId: offer.service,
            codeHash: offer.code,
            price: offer.price,
            stake: offer.stake,
            source: offer.pool.unwrap_or(options.agent.into_word()),
            latencyMs: offer.latency_ms,
            matchPermille: offer.match_permille,
            tierAcceptance: offer.tier,
            deadline: options.until,
        },
        salt,
    };
    let what = format!("open bid {}", options.bid);
    options.doing.call(what, Peer::Legislature, &call).await
}

pub(crate) async fn close_bidding(options: OnSession) -> Result<Answer, Failure> {
    let call = ILegislature::closeBiddingCall {
        sessionId: options.session,
    };
    options
        .doing
        .call("end bidding", Peer::Legislature, &call)
        .await
}

/// The law of a session, as far as it is.
pub(super) async fn law_of(city: &City, session: B256) -> Result<IEnactment::Law, Failure> {
    let enactment = IEnactment::new(city.at(Peer::Enactment), &city.chain.provider);
    Ok(enactment.lawOf(session).call().await?)
}

pub(crate) async fn decide(options: Decide) -> Result<Answer, Failure> {
    let rejected = options.rejected.iter();
    let rejected = rejected.map(|one| vec![number(one.bid), number(one.reason)]);
    let flags = options.flags.iter().map(|flag| {
        let evidence = flag.evidence.hash()?;
        Ok(vec![
            number(flag.node),
            number(flag.code),
            number(flag.severity),
            evidence,
        ])
    });
    let flags = flags.collect::<Result<Vec<_>, Failure>>()?;
    let speaker = options.saying.connect().await?;
    let law = law_of(&speaker.city, options.session).await?;
    let statement = Unsigned::new(
        SignedStruct::RegulatoryDecision,
        [
            ("sessionId", options.session),
            ("assignmentsHash", law.assignmentsHash),
            ("fairness", number(law.fairness)),
            ("repropose", number(u8::from(options.repropose))),
        ],
    )
    .with_list("rejected", rejected.collect())
    .with_list("flags", flags);
    let what = match options.repropose {
        true => "ask for another proposal".to_owned(),
        false => format!(
            "decide for the award, of fairness {} permille",
            law.fairness
        ),
    };
    speaker.say(what, statement).await
}

/// The best bid for a node.
async fn best(speaker: &Speaker, session: B256, node: u16) -> Result<u32, Failure> {
    let city = &speaker.city;
    let enactment = IEnactment::new(city.at(Peer::Enactment), &city.chain.provider);
    let award = enactment.awardOf(session, node).call().await?;
    award.bids.first().copied().ok_or_else(|| {
        Failure::new(Code::Value, format!("node {node} is not awarded yet"))
            .hint("`agentcity law award` first")
    })
}

pub(crate) async fn deviate(options: Deviate) -> Result<Answer, Failure> {
    let justification = hash_of(&options.justification)?;
    let speaker = options.saying.connect().await?;
    let best = best(&speaker, options.session, options.node).await?;
    let statement = Unsigned::new(
        SignedStruct::AwardDeviation,
        [
            ("sessionId", options.session),
            ("node", number(options.node)),
            ("best", number(best)),
            ("chosen", number(options.chosen)),
            ("justificationHash", justification),
        ],
    );
    let what = format!(
        "award node {} to bid {} instead of {best}",
        options.node, options.chosen
    );
    speaker.say(what, statement).await
}

pub(crate) async fn countersign(options: Countersign) -> Result<Answer, Failure> {
    prepare::run(Prepare {
        action: Action::CountersignAward,
        given: vec![
            ("sessionId", options.session),
            ("node", options.node),
            ("chosen", options.chosen),
        ],
        shared: options.shared,
    })
    .await
}

pub(crate) async fn codify(options: Codify) -> Result<Answer, Failure> {
    let speaker = options.saying.connect().await?;
    let city = &speaker.city;
    let law = law_of(city, options.session).await?;
    let legislature = ILegislature::new(city.at(Peer::Legislature), &city.chain.provider);
    let session = legislature.session(options.session).call().await?;
    let statement = Unsigned::new(
        SignedStruct::CodedSpecification,
        [
            ("sessionId", options.session),
            ("statuteHash", session.statuteHash),
            ("assignmentsHash", law.assignmentsHash),
            ("templateId", options.template),
            ("templateVersion", number(options.template_version)),
        ],
    );
    speaker
        .say(format!("codify statute {}", session.statuteHash), statement)
        .await
}

pub(crate) async fn template(options: Template) -> Result<Answer, Failure> {
    let schema = hash_of(&options.schema)?;
    let mut tiers = 0u8;
    for tier in &options.tiers {
        if !(1..=3).contains(tier) {
            return Err(
                Failure::new(Code::Value, format!("there is no tier {tier}"))
                    .hint("tiers are 1, 2 and 3"),
            );
        }
        tiers |= 1 << tier;
    }
    let speaker = options.saying.connect().await?;
    let statement = Unsigned::new(
        SignedStruct::TemplateVersion,
        [
            ("templateId", options.template),
            ("version", number(options.template_version)),
            ("schemaHash", schema),
            ("nodesMax", number(options.nodes_max)),
            ("tiersAllowed", number(tiers)),
            ("riskMax", number(options.risk as u8)),
            ("predicatesMin", number(options.predicates_min)),
        ],
    );
    let what = format!(
        "publish version {} of template {}",
        options.template_version, options.template
    );
    speaker.say(what, statement).await
}

pub(crate) async fn approve(options: Approve) -> Result<Answer, Failure> {
    let speaker = options.saying.connect().await?;
    let city = &speaker.city;
    let law = law_of(city, options.session).await?;
    let legislature = ILegislature::new(city.at(Peer::Legislature), &city.chain.provider);
    let session = legislature.session(options.session).call().await?;
    let role = match options.role {
        Office::Speaker => ClerkRole::Speaker,
        Office::Regulator => ClerkRole::Regulator,
    };
    let statement = Unsigned::new(
        SignedStruct::LegislativeApproval,
        [
            ("sessionId", options.session),
            ("statuteHash", session.statuteHash),
            ("assignmentsHash", law.assignmentsHash),
            ("epoch", number(session.epoch)),
            ("role", number(role.number())),
        ],
    );
    let what = format!(
        "approve statute {} as {}",
        session.statuteHash,
        role.name().to_lowercase()
    );
    speaker.say(what, statement).await
}

/// Seconds as the interfaces carry them.
pub(super) fn seconds(value: u64) -> U40 {
    U256::from(value).to()
}

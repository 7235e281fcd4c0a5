//! `agentcity node`: one task of a mission, from its seats to its verdict.
//!
//! | file | of |
//! |---|---|
//! | `show` | an attempt: its law, seats, windows, and what waits for review |
//! | `result` | what executors hand in: proofs, outputs for review, sealed values, batches |
//! | `sealed` | the file in which a value and its salt wait for their reveal |

mod result;
mod sealed;
mod show;

use std::path::PathBuf;

use agentcity_abi::{ICollaboration, IGuardian, IService, IStatute, IVerification};
use agentcity_domain::{
    peer::Peer,
    signed::{
        SignedStruct,
        work::{MonitorReport, SeatAcceptance},
    },
};
use alloy::primitives::{Address, B256};
use clap::Subcommand;

use crate::{
    artifact, ask,
    failure::{Code, Failure},
    opts::City,
    output::Answer,
    send::{Act, Call},
    signed::{Signing, Statement},
    values::{self, Hashed, Place, address, choice, word},
};

/// What to do with nodes.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// A node's attempt: state, law, seats, windows, what was handed in.
    #[command(
        after_help = "Example: agentcity node show 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 0"
    )]
    Show(show::Show),
    /// What waits for human review at a node, until when, and how the panel decides it.
    #[command(
        after_help = "Example: agentcity node review 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 2"
    )]
    Review(show::Show),
    /// Takes the caller's seat.
    #[command(
        after_help = "Example: agentcity node accept 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 0"
    )]
    Accept(At),
    /// Signs, as an executor, that it takes its seat; `accept-for` relays it.
    #[command(
        after_help = "Example: agentcity node promise 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 0 --out acceptance.json"
    )]
    Promise(Promise),
    /// Relays signed acceptances of seats, up to 64. Anyone may.
    #[command(after_help = "Example: agentcity node accept-for acceptance.json")]
    AcceptFor(AcceptFor),
    /// Gives a silent seat to the node's runner-up, after the acceptance window. Anyone may.
    #[command(
        after_help = "Example: agentcity node substitute 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 0 1"
    )]
    Substitute(Substitute),
    /// Starts an eligible node with the code that its seats are found to run. Anyone may; who is seated accepts by it.
    #[command(
        after_help = "Example: agentcity node route 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 0 --live path:./worker"
    )]
    Route(Route),
    /// Says, as an executor, that a result exists: extends the deadline once.
    #[command(
        after_help = "Example: agentcity node announce 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 0 --commitment text:result"
    )]
    Announce(Announce),
    /// Hands in a result of Tier 1 with its proof, or of Tier 3 for review.
    #[command(
        after_help = "Example: agentcity node submit 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 0 --document statute.json --output file:output.json --trail text:trail --input file:input.json --salt 0x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    )]
    Submit(result::Submit),
    /// Seals a value of Tier 2. Value and salt go into a file of the caller's alone, which `reveal` opens.
    #[command(
        after_help = "Example: agentcity node commit 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 1 --label spam --trail text:trail --sealed sealed.json"
    )]
    Commit(result::Commit),
    /// Opens what was sealed. Anyone who has the file may.
    #[command(after_help = "Example: agentcity node reveal --sealed sealed.json")]
    Reveal(result::Reveal),
    /// Signs a result for a batch; `batch` relays it.
    #[command(
        after_help = "Example: agentcity node sign 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 0 --kind review --output file:output.json --trail text:trail --content ipfs://bafy --out result.json"
    )]
    Sign(result::Sign),
    /// Relays signed results of many nodes, up to 64. Anyone may.
    #[command(after_help = "Example: agentcity node batch result.json --terms terms.json")]
    Batch(result::Batch),
    /// Sends a Tier-2 node whose values differ to review, under a bond of the caller's credit, as an executor who revealed.
    #[command(
        after_help = "Example: agentcity node dispute 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 1 --grounds file:grounds.md"
    )]
    Dispute(Dispute),
    /// Closes a Tier-2 verification, or a dispute that nobody decided: the node is settled or fails. Anyone may.
    #[command(
        visible_alias = "settle",
        after_help = "Example: agentcity node close 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 1"
    )]
    Close(Close),
    /// Takes a node out of a state whose deadline passed. Anyone may.
    #[command(
        after_help = "Example: agentcity node expire 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 0"
    )]
    Expire(At),
    /// Returns the bond of a dispute that the mission's end left undecided. Anyone may.
    #[command(
        after_help = "Example: agentcity node release-bond 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 1 --attempt 0"
    )]
    ReleaseBond(ReleaseBond),
    /// Reports, as a bonded monitor, what an executor did at a node: counters, a deviation, a substitution.
    #[command(
        after_help = "Example: agentcity node report 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 0 --agent 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC --kind counters --tool-invocations 41 --evidence file:trace.json"
    )]
    Report(Report),
}

#[derive(Debug, clap::Args)]
pub(crate) struct At {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Promise {
    #[command(flatten)]
    place: Place,
    /// The attempt; the present one when absent.
    #[arg(long, value_parser = values::number::<u8>)]
    attempt: Option<u8>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AcceptFor {
    /// Files that executors signed with `node promise`.
    #[arg(required = true)]
    acceptances: Vec<PathBuf>,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Substitute {
    #[command(flatten)]
    place: Place,
    /// The silent seat, from zero.
    #[arg(value_parser = values::number::<u8>)]
    seat: u8,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
#[group(id = "code", required = true, multiple = false)]
pub(crate) struct Live {
    /// What each seat runs, in their order: a hash, or `path:…` for the file or folder that is run.
    #[arg(long = "live")]
    live: Vec<LiveCode>,
    /// Vouches that every seat runs what it registered.
    #[arg(long)]
    as_registered: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Route {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    code: Live,
    #[command(flatten)]
    act: Act,
}

/// What a seat runs.
#[derive(Clone, Debug)]
pub(crate) enum LiveCode {
    /// By its hash.
    Hash(B256),
    /// By the artifact.
    Path(PathBuf),
}

impl std::str::FromStr for LiveCode {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        match text.strip_prefix("path:") {
            Some(path) => Ok(Self::Path(path.into())),
            None => word(text).map(Self::Hash),
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Announce {
    #[command(flatten)]
    place: Place,
    /// Commits to the result: a hash, `text:…` or `file:…`.
    #[arg(long)]
    commitment: Hashed,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Dispute {
    #[command(flatten)]
    place: Place,
    /// Why: a hash, `text:…` or `file:…`.
    #[arg(long)]
    grounds: Hashed,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Close {
    #[command(flatten)]
    place: Place,
    /// For sets that differ: the sealed files of those that count, in the order of their seats.
    #[arg(long = "set")]
    sets: Vec<PathBuf>,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReleaseBond {
    #[command(flatten)]
    place: Place,
    /// The attempt that was disputed.
    #[arg(long, value_parser = values::number::<u8>)]
    attempt: u8,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    #[command(flatten)]
    place: Place,
    /// About whom.
    #[arg(long, value_parser = address)]
    agent: Address,
    /// Counters, deviation or substitution.
    #[arg(long, value_parser = report_kind)]
    kind: u8,
    /// Thousandths of a standard deviation.
    #[arg(long, value_parser = values::number::<u32>, default_value = "0")]
    deviation: u32,
    /// Tool invocations so far.
    #[arg(long, value_parser = values::number::<u32>, default_value = "0")]
    tool_invocations: u32,
    /// Messages so far.
    #[arg(long, value_parser = values::number::<u32>, default_value = "0")]
    message_volume: u32,
    /// What shows it: a hash, `text:…` or `file:…`.
    #[arg(long)]
    evidence: Hashed,
    /// Last second at which it is taken, unix seconds; a day from the newest block when absent.
    #[arg(long, value_parser = values::number::<u64>)]
    deadline: Option<u64>,
    #[command(flatten)]
    act: Act,
}

fn report_kind(text: &str) -> Result<u8, Failure> {
    use IGuardian::ReportKind::{Counters, DeploymentSubstitution, Deviation};
    let kinds = [
        ("counters", Counters as u8),
        ("deviation", Deviation as u8),
        ("substitution", DeploymentSubstitution as u8),
    ];
    choice("kind of report", text, &kinds)
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Show(options) => show::show(options).await,
        Verb::Review(options) => show::review(options).await,
        Verb::Accept(At { place, act }) => {
            let call = ICollaboration::acceptSeatCall {
                missionId: place.mission,
                node: place.node,
            };
            act.send(
                format!("take the seat at {place}"),
                Peer::Collaboration,
                &call,
            )
            .await
        }
        Verb::Promise(options) => promise(options).await,
        Verb::AcceptFor(options) => accept_for(options).await,
        Verb::Substitute(Substitute { place, seat, act }) => {
            let call = ICollaboration::substituteRunnerUpCall {
                missionId: place.mission,
                node: place.node,
                seat,
            };
            let what = format!("give seat {seat} of {place} to the runner-up");
            act.send(what, Peer::Collaboration, &call).await
        }
        Verb::Route(options) => route(options).await,
        Verb::Announce(Announce {
            place,
            commitment,
            act,
        }) => {
            let call = IVerification::announceResultCall {
                missionId: place.mission,
                node: place.node,
                commitment: commitment.hash()?,
            };
            act.send(
                format!("announce a result of {place}"),
                Peer::Verification,
                &call,
            )
            .await
        }
        Verb::Submit(options) => result::submit(options).await,
        Verb::Commit(options) => result::commit(options).await,
        Verb::Reveal(options) => result::reveal(options).await,
        Verb::Sign(options) => result::sign(options).await,
        Verb::Batch(options) => result::batch(options).await,
        Verb::Dispute(Dispute {
            place,
            grounds,
            act,
        }) => {
            let call = IVerification::disputeCall {
                missionId: place.mission,
                node: place.node,
                groundsHash: grounds.hash()?,
            };
            act.send(format!("dispute {place}"), Peer::Verification, &call)
                .await
        }
        Verb::Close(Close { place, sets, act }) => {
            let sets = sets
                .iter()
                .map(|path| sealed::Sealed::read(path)?.elements(path));
            let call = IVerification::closeVerificationCall {
                missionId: place.mission,
                node: place.node,
                elements: sets.collect::<Result<_, Failure>>()?,
            };
            act.send(
                format!("close the verification of {place}"),
                Peer::Verification,
                &call,
            )
            .await
        }
        Verb::Expire(At { place, act }) => {
            let call = ICollaboration::expireNodeCall {
                missionId: place.mission,
                node: place.node,
            };
            act.send(
                format!("take {place} out of its state"),
                Peer::Collaboration,
                &call,
            )
            .await
        }
        Verb::ReleaseBond(ReleaseBond {
            place,
            attempt,
            act,
        }) => {
            let call = IVerification::releaseBondCall {
                missionId: place.mission,
                node: place.node,
                attempt,
            };
            let what = format!("return the bond of a dispute at {place}");
            act.send(what, Peer::Verification, &call).await
        }
        Verb::Report(options) => report(options).await,
    }
}

/// States of a node in which its law is told: all.
const EVERY_STATE: u16 = u16::MAX;

/// A node's attempt with its law and its seats.
async fn assignment(city: &City, place: Place) -> Result<ICollaboration::Assignment, Failure> {
    let contract = ICollaboration::new(city.at(Peer::Collaboration), &city.chain.provider);
    let call = contract.assignment(place.mission, place.node, true, EVERY_STATE);
    Ok(call.call().await?)
}

async fn promise(options: Promise) -> Result<Answer, Failure> {
    let (signing, place) = (options.signing, options.place);
    let key = signing.key.open().await?;
    let city = signing.town.connect().await?;
    let attempt = match options.attempt {
        Some(attempt) => attempt,
        None => assignment(&city, place).await?.attempt,
    };
    let acceptance = SeatAcceptance {
        mission_id: place.mission,
        node: place.node,
        attempt,
        executor: key.address(),
        deadline: signing.until(&city).await?,
    };
    signing
        .answer(
            SignedStruct::SeatAcceptance,
            &city,
            &acceptance.words(),
            &key,
        )
        .await
}

async fn accept_for(options: AcceptFor) -> Result<Answer, Failure> {
    let mut read = Vec::with_capacity(options.acceptances.len());
    for path in &options.acceptances {
        read.push(Statement::read(path, SignedStruct::SeatAcceptance)?);
    }
    let sender = options.act.connect().await?;
    let mut call = IStatute::acceptSeatsCall {
        acceptances: Vec::with_capacity(read.len()),
        signatures: Vec::with_capacity(read.len()),
    };
    for one in read {
        one.must_be_of(&sender.city)?;
        call.acceptances.push(IStatute::SeatAcceptance {
            missionId: one.word("missionId"),
            node: one.number("node"),
            attempt: one.number("attempt"),
            executor: one.address("executor"),
            deadline: one.number("deadline"),
        });
        call.signatures.push(one.signature);
    }
    let what = format!("take {} seats for their executors", call.acceptances.len());
    let sent = sender
        .perform(Call::new(what, sender.at(Peer::Statute), &call))
        .await?;
    Ok(sent.answer())
}

async fn route(options: Route) -> Result<Answer, Failure> {
    let place = options.place;
    let given: Vec<B256> = options
        .code
        .live
        .iter()
        .map(|code| match code {
            LiveCode::Hash(hash) => Ok(*hash),
            LiveCode::Path(path) => artifact::hash(path),
        })
        .collect::<Result<_, Failure>>()?;
    let sender = options.act.connect().await?;
    let provider = &sender.city.chain.provider;
    let work = ICollaboration::new(sender.at(Peer::Collaboration), provider);
    let seats = work
        .node(place.mission, place.node)
        .call()
        .await?
        .redundancy;
    let hashes = if options.code.as_registered {
        let mut services = Vec::with_capacity(seats.into());
        for seat in 0..seats {
            let seat = work.seat(place.mission, place.node, seat).call().await?;
            services.push(seat.serviceId);
        }
        let registry = IService::new(sender.at(Peer::Service), provider);
        let found = registry.standings(services).call().await?;
        found
            .into_iter()
            .map(|standing| standing.codeHash)
            .collect()
    } else if given.len() == usize::from(seats) {
        given
    } else {
        return Err(Failure::new(
            Code::Flags,
            format!(
                "{place} has {seats} seats, and {} hashes were given",
                given.len()
            ),
        )
        .hint("give --live once for each seat, in the order of `node show`"));
    };
    let call = ICollaboration::routeTaskCall {
        missionId: place.mission,
        node: place.node,
        liveCodeHashes: hashes,
    };
    let what = format!("start {place}");
    let sent = sender
        .perform(Call::new(what, sender.at(Peer::Collaboration), &call))
        .await?;
    Ok(sent.answer())
}

/// How long a report is good unless its monitor says otherwise, in seconds.
const DAY: u64 = 86_400; // structural: a habit of this program, no rule of the city

async fn report(options: Report) -> Result<Answer, Failure> {
    let place = options.place;
    let evidence_hash = options.evidence.hash()?;
    let sender = options.act.connect().await?;
    let city = &sender.city;
    let guardian = IGuardian::new(city.at(Peer::Guardian), &city.chain.provider);
    let attempt = assignment(city, place).await?.attempt;
    let counted = guardian.counters(
        place.mission,
        place.node,
        attempt,
        options.agent,
        sender.address,
    );
    let sequence = counted.call().await?.sequence + 1;
    let deadline = match options.deadline {
        Some(deadline) => deadline,
        None => ask::now(city).await? + DAY,
    };
    let signed = MonitorReport {
        mission_id: place.mission,
        node: place.node,
        attempt,
        agent: options.agent,
        kind: options.kind,
        deviation: options.deviation,
        tool_invocations: options.tool_invocations,
        message_volume: options.message_volume,
        evidence_hash,
        sequence,
        deadline,
        monitor: sender.address,
    };
    let report = IGuardian::MonitorReport {
        missionId: signed.mission_id,
        node: signed.node,
        attempt,
        agent: signed.agent,
        kind: IGuardian::ReportKind::try_from(options.kind).unwrap_or(IGuardian::ReportKind::None),
        deviation: signed.deviation,
        toolInvocations: signed.tool_invocations,
        messageVolume: signed.message_volume,
        evidenceHash: evidence_hash,
        sequence,
        deadline,
        monitor: signed.monitor,
    };
    let words = signed.words();
    let statement = Statement::sign(
        SignedStruct::MonitorReport,
        city,
        &words,
        &[],
        &sender.signer,
    )
    .await?;
    let call = IGuardian::reportCall {
        reports: vec![report],
        signatures: vec![statement.signature],
    };
    let what = format!("report on {} at {place}", options.agent);
    let sent = sender
        .perform(Call::new(what, sender.at(Peer::Guardian), &call))
        .await?;
    Ok(sent.answer())
}

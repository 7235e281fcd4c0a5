//! `agentcity mission`: commissioned work, from its creation to everybody's money.
//!
//! | file | of |
//! |---|---|
//! | `show` | what a mission is and where its nodes stand |
//! | `exits` | the table of ways out, for one mission now |
//! | `watch` | its events until it ends |

mod exits;
mod show;
mod watch;

use agentcity_abi::{ICollaboration, IEnactment, IGuardian, ITreasury};
use agentcity_domain::{machine::MissionState, peer::Peer};
use alloy::{
    primitives::{Address, B256, U256, Uint},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    ask,
    failure::{Code, Failure},
    instant,
    opts::{City, Town},
    output::{self, Answer},
    send::{Act, Call},
    values::{self, Hashed, Place, address, amount, word},
};

/// What to do with missions.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Creates the mission of a session whose law is approved: the sponsor whom the law names.
    #[command(
        after_help = "Example: agentcity mission create 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    Create(Create),
    /// Pays into a mission's escrow. Whoever pays, the sponsor is refunded.
    #[command(
        after_help = "Example: agentcity mission fund 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 1000000000000000"
    )]
    Fund(Fund),
    /// A mission: state, money, deadlines, nodes with their states.
    #[command(
        after_help = "Example: agentcity mission show 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    Show(show::Show),
    /// Every mission, or those of one sponsor.
    #[command(after_help = "Example: agentcity mission list")]
    List(List),
    /// What happens in a mission, as it happens, until it ends.
    #[command(
        after_help = "Example: agentcity mission watch 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    Watch(watch::Watch),
    /// Every way out at the newest block: who may take it, since when, and the command that does.
    #[command(
        after_help = "Example: agentcity mission exits 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    Exits(exits::Exits),
    /// Takes a mission out of a state whose deadline passed, as `exits` tells: it fails or is aborted. Anyone may.
    #[command(
        visible_alias = "abort",
        after_help = "Example: agentcity mission expire 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    Expire(Of),
    /// Asks the gate's predicates of a mission whose nodes are complete, and lets its output leave or not. Anyone may.
    #[command(
        after_help = "Example: agentcity mission filter 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    Filter(Of),
    /// Refunds what is left of an ended mission's escrow to the sponsor's credit. Anyone may, once.
    #[command(
        after_help = "Example: agentcity mission refund 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    Refund(Of),
    /// Releases an ended mission's stake of one agent and the obligation it carried. Anyone may.
    #[command(
        after_help = "Example: agentcity mission release 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
    )]
    Release(Release),
    /// Returns the bond of a report of divergence that the mission's end left undecided. Anyone may.
    #[command(
        after_help = "Example: agentcity mission release-bond 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    ReleaseBond(Of),
    /// Anchors, as a monitor, the root of a log found equal to the chain, while the gate is open.
    #[command(
        after_help = "Example: agentcity mission reconcile 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 --root 0x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    )]
    Reconcile(Reconcile),
    /// Pauses a mission, as a monitor under bond: the log and the chain differ.
    #[command(
        after_help = "Example: agentcity mission diverges 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 --evidence file:difference.json"
    )]
    Diverges(Diverges),
    /// Starts an eligible non-leaf node as a child mission, and funds it with the node's budget. Anyone may.
    #[command(
        after_help = "Example: agentcity mission open-child 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 3 0x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    )]
    OpenChild(OpenChild),
    /// Takes an ended child's outcome into its parent's node. Anyone may.
    #[command(
        after_help = "Example: agentcity mission close-child 0x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    )]
    CloseChild(Of),
    /// Ends a failed mission in favour of its approved successor, as the sponsor of both.
    #[command(
        after_help = "Example: agentcity mission relegislate 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 0x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b --import 0:0 --import 2:1"
    )]
    Relegislate(Relegislate),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// The session whose law it is.
    #[arg(value_parser = word)]
    session: B256,
    /// Last second of the mission, unix seconds, at most the law's; the law's when absent.
    #[arg(long, value_parser = values::number::<u64>)]
    deadline: Option<u64>,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Fund {
    /// The mission.
    #[arg(value_parser = word)]
    mission: B256,
    /// How much, base units of the settlement asset.
    #[arg(value_parser = amount)]
    amount: U256,
    /// Takes it from the caller's credit with the treasury.
    #[arg(long)]
    from_credit: bool,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only those of this sponsor.
    #[arg(long, value_parser = address)]
    sponsor: Option<Address>,
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Of {
    /// The mission.
    #[arg(value_parser = word)]
    mission: B256,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Release {
    /// The mission.
    #[arg(value_parser = word)]
    mission: B256,
    /// Whose stake.
    #[arg(value_parser = address)]
    agent: Address,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reconcile {
    /// The mission.
    #[arg(value_parser = word)]
    mission: B256,
    /// Root of the log.
    #[arg(long, value_parser = word)]
    root: B256,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Diverges {
    /// The mission.
    #[arg(value_parser = word)]
    mission: B256,
    /// What shows it: a hash, `text:…` or `file:…`.
    #[arg(long)]
    evidence: Hashed,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OpenChild {
    #[command(flatten)]
    place: Place,
    /// The child: a mission that was created for this node and waits for its deployment.
    #[arg(value_parser = word)]
    child: B256,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Relegislate {
    /// The mission that failed.
    #[arg(value_parser = word)]
    mission: B256,
    /// Its successor.
    #[arg(value_parser = word)]
    successor: B256,
    /// A completed node that the successor takes over, `OLD:NEW`; may be given several times.
    #[arg(long = "import", value_parser = pair)]
    imports: Vec<(u16, u16)>,
    #[command(flatten)]
    act: Act,
}

fn pair(text: &str) -> Result<(u16, u16), Failure> {
    let (old, new) = text.split_once(':').ok_or_else(|| {
        Failure::new(Code::Number, format!("`{text}` is no pair of nodes"))
            .hint("give OLD:NEW, as 2:1")
    })?;
    Ok((values::number(old)?, values::number(new)?))
}

pub(crate) async fn run(verb: Verb, is_json: bool) -> Result<Answer, Failure> {
    use {ICollaboration as work, IGuardian as guardian, ITreasury as money};
    match verb {
        Verb::Create(options) => create(options).await,
        Verb::Fund(options) => fund(options).await,
        Verb::Show(options) => show::run(options).await,
        Verb::List(options) => list(options).await,
        Verb::Watch(options) => watch::run(options, is_json).await,
        Verb::Exits(options) => exits::run(options).await,
        Verb::Expire(Of { mission, act }) => {
            let call = work::expireMissionCall { missionId: mission };
            let what = format!("take mission {mission} out of its state");
            act.send(what, Peer::Collaboration, &call).await
        }
        Verb::Filter(Of { mission, act }) => {
            let call = guardian::filterOutputCall { missionId: mission };
            let what = format!("ask the gate of mission {mission}");
            act.send(what, Peer::Guardian, &call).await
        }
        Verb::Refund(Of { mission, act }) => {
            let call = money::closeEscrowCall { missionId: mission };
            let what = format!("refund what is left of mission {mission}");
            act.send(what, Peer::Treasury, &call).await
        }
        Verb::Release(Release {
            mission,
            agent,
            act,
        }) => {
            let call = work::releaseAgentCall {
                missionId: mission,
                agent,
            };
            let what = format!("release {agent} from mission {mission}");
            act.send(what, Peer::Collaboration, &call).await
        }
        Verb::ReleaseBond(Of { mission, act }) => {
            let call = guardian::releaseBondCall { missionId: mission };
            let what = format!("return the bond of mission {mission}'s divergence");
            act.send(what, Peer::Guardian, &call).await
        }
        Verb::Reconcile(Reconcile { mission, root, act }) => {
            let call = guardian::reconcileCall {
                missionId: mission,
                logRoot: root,
            };
            let what = format!("reconcile mission {mission}");
            act.send(what, Peer::Guardian, &call).await
        }
        Verb::Diverges(Diverges {
            mission,
            evidence,
            act,
        }) => {
            let call = guardian::reportDivergenceCall {
                missionId: mission,
                evidenceHash: evidence.hash()?,
            };
            let what = format!("pause mission {mission} under bond");
            act.send(what, Peer::Guardian, &call).await
        }
        Verb::OpenChild(OpenChild { place, child, act }) => {
            let call = work::openChildCall {
                missionId: place.mission,
                node: place.node,
                child,
            };
            let what = format!("let {child} do the work of {place}");
            act.send(what, Peer::Collaboration, &call).await
        }
        Verb::CloseChild(Of { mission, act }) => {
            let call = work::closeChildCall { child: mission };
            let what = format!("take the outcome of {mission} into its parent");
            act.send(what, Peer::Collaboration, &call).await
        }
        Verb::Relegislate(Relegislate {
            mission,
            successor,
            imports,
            act,
        }) => {
            let mut imports = imports;
            imports.sort_unstable();
            let call = work::relegislateCall {
                missionId: mission,
                successor,
                imported: imports.into_iter().map(|(old, new)| [old, new]).collect(),
            };
            let what = format!("replace mission {mission} by {successor}");
            act.send(what, Peer::Collaboration, &call).await
        }
    }
}

/// What is stored of a mission.
///
/// Errors: `Unknown` if there is none.
async fn mission(city: &City, id: B256) -> Result<ICollaboration::Mission, Failure> {
    let contract = ICollaboration::new(city.at(Peer::Collaboration), &city.chain.provider);
    let known = contract.mission(id).call().await?;
    if known.state == ICollaboration::MissionState::None {
        return Err(
            Failure::new(Code::Unknown, format!("there is no mission {id}"))
                .hint("`agentcity mission list` names them all"),
        );
    }
    Ok(known)
}

/// Whether a mission's state is final.
fn is_over(state: ICollaboration::MissionState) -> bool {
    let number = state as u8;
    number == MissionState::Completed as u8 || number == MissionState::Aborted as u8
}

async fn create(options: Create) -> Result<Answer, Failure> {
    let sender = options.act.connect().await?;
    let contract = IEnactment::new(sender.at(Peer::Enactment), &sender.city.chain.provider);
    let law = contract.lawOf(options.session).call().await?;
    if !law.approved {
        return Err(Failure::new(
            Code::Unknown,
            format!("session {} has no approved law", options.session),
        )
        .hint("`agentcity law` tells how far a session is"));
    }
    let lawful: u64 = law.missionDeadline.to();
    let deadline = options.deadline.unwrap_or(lawful);
    if deadline >> 40 != 0 {
        return Err(Failure::new(
            Code::Number,
            format!("second {deadline} is beyond all missions"),
        )
        .hint(format!("the law's last second is {lawful}")));
    }
    let call = ICollaboration::createMissionCall {
        sessionId: options.session,
        deadline: Uint::from(deadline),
    };
    let what = format!("create the mission of session {}", options.session);
    let mut sent = sender
        .perform(Call::new(what, sender.at(Peer::Collaboration), &call))
        .await?;
    sent.value["budget"] = json!(law.budget.to_string());
    sent.facts.push((
        "to be funded with".to_owned(),
        format!("{} base units", law.budget),
    ));
    Ok(sent.answer())
}

async fn fund(options: Fund) -> Result<Answer, Failure> {
    let (mission, amount) = (options.mission, options.amount);
    let sender = options.act.connect().await?;
    let treasury = sender.at(Peer::Treasury);
    let what = format!("fund mission {mission} with {amount} base units");
    if options.from_credit {
        let call = ITreasury::fundMissionFromCreditCall {
            missionId: mission,
            amount,
        };
        return Ok(sender
            .perform(Call::new(what, treasury, &call))
            .await?
            .answer());
    }
    let call = ITreasury::fundMissionCall {
        missionId: mission,
        amount,
    };
    Ok(sender
        .pay(Call::new(what, treasury, &call), amount)
        .await?
        .answer())
}

async fn list(options: List) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let mut filter = Filter::new()
        .address(city.at(Peer::Collaboration))
        .event_signature(ICollaboration::MissionCreated::SIGNATURE_HASH);
    filter = filter.from_block(ask::first_block(&city, options.from_block).await?);
    if let Some(sponsor) = options.sponsor {
        filter = filter.topic2(sponsor.into_word());
    }
    let (newest, _) = ask::head(&city).await?;
    let (mut rows, mut all): (Vec<Vec<String>>, Vec<Value>) = Default::default();
    for (event, seen) in ask::typed::<ICollaboration::MissionCreated>(&city, filter, newest).await?
    {
        let known = mission(&city, event.missionId).await?;
        let state = ask::state(
            agentcity_domain::machine::Machine::Mission,
            known.state as u8,
        );
        rows.push(vec![
            event.missionId.to_string(),
            state.clone(),
            format!("{} of {}", known.completed, known.nodes),
            event.sponsor.to_string(),
            instant::at(known.deadline.to()),
        ]);
        all.push(json!({
            "mission": event.missionId, "state": state, "nodes": known.nodes, "completed": known.completed,
            "failed": known.failed, "sponsor": event.sponsor, "session": event.sessionId, "deadline": known.deadline.to::<u64>(),
            "block": seen.block,
        }));
    }
    let headings = ["mission", "state", "completed", "sponsor", "deadline"];
    let text = match rows.is_empty() {
        true => "there are no such missions\n".to_owned(),
        false => output::table(&headings, &rows),
    };
    Ok(Answer::new(json!({ "missions": all }), text))
}

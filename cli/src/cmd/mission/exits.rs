//! The table of ways out (`agentcity_domain::exit`, docs/exits.md) for one mission, its nodes, its escrow, its stakes and its bonds, at
//! the newest block. Which rows concern a state under the halts that lie there, the table says; when their time comes, the
//! contracts' views; and whether a way is open now, the contract itself, which is asked as anyone would call it.

use agentcity_abi::{ICollaboration, IGuardian, ITreasury, IVerification};
use agentcity_domain::{
    exit::{Deadline, Exit, Halt, Halts, Target, Term},
    machine::{Command, EscrowState, Machine, NodeState, StakeState},
    parameter::ParameterId,
    peer::Peer,
};
use alloy::{
    network::TransactionBuilder,
    primitives::{Address, B256, Bytes},
    providers::Provider,
    rpc::types::{Filter, TransactionRequest},
    sol_types::{SolCall, SolEvent},
};
use serde_json::{Value, json};

use super::{
    is_over, mission,
    show::{halts, node_states},
};
use crate::{
    ask,
    failure::{Class, Failure},
    instant,
    opts::{City, Town},
    output::{self, Answer},
    values::word,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Exits {
    /// The mission.
    #[arg(value_parser = word)]
    mission: B256,
    /// Only those that are open now.
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    town: Town,
}

/// A way out of something of this mission.
#[derive(Debug)]
struct Way {
    /// Of what, in words.
    of: String,
    state: String,
    exit: &'static Exit,
    to: String,
    /// Last second before anyone may take it, if that is known.
    after: Option<u64>,
    /// What a person types; none where nothing is called.
    run: Option<String>,
    /// Whether it is open, or why not.
    open: Result<(), String>,
}

/// What an exit's command is, called for a thing of a mission.
struct Taking {
    peer: Peer,
    data: Bytes,
    run: String,
}

impl Taking {
    fn new<C: SolCall>(peer: Peer, call: &C, run: String) -> Self {
        Self {
            peer,
            data: call.abi_encode().into(),
            run,
        }
    }
}

/// The mission that is asked about, as far as its exits depend on it.
struct Scene<'c> {
    city: &'c City,
    id: B256,
    known: ICollaboration::Mission,
    lying: Vec<(&'static str, u64)>,
    halts: Halts,
    now: u64,
    /// Whether a mission above it ended.
    orphan: bool,
}

pub(super) async fn run(options: Exits) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let id = options.mission;
    let known = mission(&city, id).await?;
    let (block, now) = ask::head(&city).await?;
    let lying = halts(&city, id, &known).await?;
    let halts = Halt::ALL
        .into_iter()
        .filter(|halt| lying.iter().any(|(name, _)| *name == halt.name()))
        .fold(Halts::NONE, Halts::and);
    let orphan = is_orphan(&city, &known).await?;
    let scene = Scene {
        city: &city,
        id,
        known,
        lying,
        halts,
        now,
        orphan,
    };
    let mut ways = scene.of_mission().await?;
    ways.extend(scene.of_nodes().await?);
    ways.extend(scene.of_money().await?);
    if options.open {
        ways.retain(|way| way.open.is_ok());
    }
    let rows: Vec<Vec<String>> = ways.iter().map(Way::row).collect();
    let mut text = output::lines(&[
        ("mission", id.to_string()),
        (
            "state",
            ask::state(Machine::Mission, scene.known.state as u8),
        ),
        ("at", format!("block {block}, {}", instant::at(now))),
    ]);
    text += "\n";
    if rows.is_empty() {
        text += match options.open {
            true => "no way out is open now\n",
            false => "everything of it has ended: there is nothing to leave\n",
        };
    } else {
        text += &output::table(
            &[
                "of",
                "state",
                "to",
                "who",
                "after",
                "open",
                "fault",
                "take it with",
            ],
            &rows,
        );
    }
    Ok(Answer::new(
        json!({
            "mission": id, "state": ask::state(Machine::Mission, scene.known.state as u8), "block": block, "now": now,
            "halts": scene.lying.iter().map(|(name, until)| json!({ "halt": name, "overdueAfter": until })).collect::<Vec<_>>(),
            "exits": ways.iter().map(Way::json).collect::<Vec<_>>(),
        }),
        text,
    ))
}

impl Way {
    fn row(&self) -> Vec<String> {
        vec![
            self.of.clone(),
            self.state.clone(),
            self.to.clone(),
            self.exit.who.name().to_owned(),
            match self.after {
                Some(second) => instant::at(second),
                None => deadline(&self.exit.deadline),
            },
            match &self.open {
                Ok(()) => "yes".to_owned(),
                Err(why) => format!("no: {why}"),
            },
            self.exit.fault.name().to_owned(),
            self.run.clone().unwrap_or_else(|| "(time)".to_owned()),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "of": self.of, "state": self.state, "to": self.to, "who": self.exit.who.name(), "when": deadline(&self.exit.deadline),
            "after": self.after, "open": self.open.is_ok(), "why": self.open.as_ref().err(), "fault": self.exit.fault.name(),
            "note": self.exit.note, "source": self.exit.source, "call": self.exit.command.map(Command::function), "command": self.run,
        })
    }
}

/// A deadline in words.
fn deadline(deadline: &Deadline) -> String {
    let named = |id: ParameterId| id.described().name;
    match deadline {
        Deadline::AtOnce => "at once".to_owned(),
        Deadline::When(what) => format!("once {what}"),
        Deadline::At(what) => format!("after {what}"),
        Deadline::Ended(machine) => format!("once its {} ended", machine.graph().name),
        Deadline::After(terms) => {
            let terms: Vec<String> = terms
                .iter()
                .map(|term| match term {
                    Term::Parameter(id) => named(*id).to_owned(),
                    Term::Product(left, right) => format!("{} · {}", named(*left), named(*right)),
                    Term::Longer(left, right) => {
                        format!("the longer of {} and {}", named(*left), named(*right))
                    }
                    Term::Field(what) => (*what).to_owned(),
                })
                .collect();
            format!("after {}", terms.join(" + "))
        }
    }
}

/// Whether a mission above this one ended.
async fn is_orphan(city: &City, known: &ICollaboration::Mission) -> Result<bool, Failure> {
    let mut above = known.parent;
    while !above.is_zero() {
        let parent = mission(city, above).await?;
        if is_over(parent.state) {
            return Ok(true);
        }
        above = parent.parent;
    }
    Ok(false)
}

impl Scene<'_> {
    /// The rows of the table that concern a state, each with its target in words.
    fn rows(&self, machine: Machine, state: u8) -> Vec<(&'static Exit, String)> {
        let graph = machine.graph();
        let Some(at) = graph.state(state) else {
            return Vec::new();
        };
        let is_open = matches!(at.kind, agentcity_domain::machine::Kind::Open);
        let offered = graph
            .exits
            .iter()
            .filter(|exit| exit.leaves(state, is_open) && exit.is_available(self.halts));
        let named = offered.map(|exit| {
            let to = match exit.to {
                Target::State(to) => ask::state(machine, to),
                Target::Subsumed => "ends with it".to_owned(),
            };
            (exit, to)
        });
        named.collect()
    }

    /// What anyone would be told who takes it now.
    async fn ask(&self, taking: &Taking) -> Result<Result<(), String>, Failure> {
        let request = TransactionRequest::default()
            .with_to(self.city.at(taking.peer))
            .with_input(taking.data.clone());
        match self.city.chain.provider.call(request).await {
            Ok(_) => Ok(Ok(())),
            Err(error) => {
                let failure = Failure::from(error);
                match failure.code.class() {
                    Class::Refused => Ok(Err(failure
                        .message
                        .trim_start_matches("refused: ")
                        .to_owned())),
                    _ => Err(failure),
                }
            }
        }
    }

    /// The ways out of the mission's own state.
    async fn of_mission(&self) -> Result<Vec<Way>, Failure> {
        let state = self.known.state as u8;
        let contract =
            ICollaboration::new(self.city.at(Peer::Collaboration), &self.city.chain.provider);
        let own: u64 = contract.expiresAt(self.id, u16::MAX).call().await?.to();
        let halts = self.lying.iter().filter(|(_, until)| *until != 0);
        let overdue = halts.map(|(_, until)| *until).min();
        let expire = Taking::new(
            Peer::Collaboration,
            &ICollaboration::expireMissionCall { missionId: self.id },
            format!("agentcity mission expire {}", self.id),
        );
        let filter = Taking::new(
            Peer::Guardian,
            &IGuardian::filterOutputCall { missionId: self.id },
            format!("agentcity mission filter {}", self.id),
        );
        let (expired, filtered) = (self.ask(&expire).await?, self.ask(&filter).await?);
        let is_overdue = overdue.is_some_and(|until| self.now > until);
        let mut ways = Vec::new();
        for (exit, to) in self.rows(Machine::Mission, state) {
            let (after, run, open) = match exit.command {
                Some(Command::FilterOutput) => (None, Some(&filter), filtered.clone()),
                Some(Command::Relegislate) => {
                    let run = format!("agentcity mission relegislate {} SUCCESSOR", self.id);
                    ways.push(self.way(
                        exit,
                        to,
                        None,
                        Some(run),
                        Err("name the successor".into()),
                    ));
                    continue;
                }
                // `expireMission` takes whichever is due, in this order; each row is open when it is the one.
                Some(Command::AbortHalted) => {
                    let until = self.until(exit);
                    let is_due = until.is_some_and(|until| self.now > until);
                    (
                        until,
                        Some(&expire),
                        only_if(is_due, &expired, "the halt may still be lifted"),
                    )
                }
                Some(Command::AbortOrphan) => {
                    let is_due = self.orphan && !is_overdue;
                    (
                        None,
                        Some(&expire),
                        only_if(is_due, &expired, "no mission above it ended"),
                    )
                }
                Some(Command::FailMission) => {
                    let is_due = own == 0 && !is_overdue && !self.orphan;
                    (
                        None,
                        Some(&expire),
                        only_if(is_due, &expired, "a refinement is left"),
                    )
                }
                _ => {
                    let is_due = self.now > own && own != 0 && !is_overdue && !self.orphan;
                    let why = match &expired {
                        Ok(()) => "another way out comes first",
                        Err(why) => why.as_str(),
                    };
                    let after =
                        (own != 0 && overdue.is_none_or(|until| own < until)).then_some(own);
                    (after, Some(&expire), only_if(is_due, &expired, why))
                }
            };
            ways.push(self.way(exit, to, after, run.map(|taking| taking.run.clone()), open));
        }
        Ok(ways)
    }

    /// When the halt that a row is about is overdue.
    fn until(&self, exit: &Exit) -> Option<u64> {
        let lies = |halt: &Halt| exit.when.has(*halt) && !exit.when.includes_calm();
        let halt = Halt::ALL.into_iter().find(lies)?;
        let mut lying = self.lying.iter();
        lying
            .find(|(name, _)| *name == halt.name())
            .map(|(_, until)| *until)
    }

    fn way(
        &self,
        exit: &'static Exit,
        to: String,
        after: Option<u64>,
        run: Option<String>,
        open: Result<(), String>,
    ) -> Way {
        Way {
            of: "mission".to_owned(),
            state: ask::state(Machine::Mission, self.known.state as u8),
            exit,
            to,
            after,
            run,
            open,
        }
    }

    /// The ways out of the nodes' states, while the mission lives.
    async fn of_nodes(&self) -> Result<Vec<Way>, Failure> {
        let is_deployed = self.known.state != ICollaboration::MissionState::Pending;
        if is_over(self.known.state) || !is_deployed {
            return Ok(Vec::new());
        }
        let provider = &self.city.chain.provider;
        let work = ICollaboration::new(self.city.at(Peer::Collaboration), provider);
        let results = IVerification::new(self.city.at(Peer::Verification), provider);
        let states = node_states(self.city, self.id, self.known.nodes).await?;
        let mut ways = Vec::new();
        for (index, state) in states.into_iter().enumerate() {
            let index = index as u16;
            let rows = self.rows(Machine::Node, state);
            if rows.is_empty() {
                continue;
            }
            let node = work.node(self.id, index).call().await?;
            let record = results
                .recordOf(self.id, index, node.attempt)
                .call()
                .await?;
            let until: u64 = node.expiresAt.to();
            let expire = Taking::new(
                Peer::Collaboration,
                &ICollaboration::expireNodeCall {
                    missionId: self.id,
                    node: index,
                },
                format!("agentcity node expire {} {index}", self.id),
            );
            let close = Taking::new(
                Peer::Verification,
                &IVerification::closeVerificationCall {
                    missionId: self.id,
                    node: index,
                    elements: Vec::new(),
                },
                format!("agentcity node close {} {index}", self.id),
            );
            let is_child = state == NodeState::Executing as u8 && node.tier == 0;
            for (exit, to) in rows {
                let (after, taking) = match exit.command {
                    Some(Command::CloseReveal) => {
                        let disputes: u64 = record.disputeUntil.to();
                        ((disputes != 0).then_some(disputes), Some(&close))
                    }
                    Some(Command::CloseCommit | Command::CloseDispute) => {
                        (Some(until), Some(&close))
                    }
                    Some(Command::CloseChild) => (None, None),
                    Some(_) => (Some(until), Some(&expire)),
                    None => (None, None),
                };
                let is_of_tier = match exit.command {
                    Some(Command::CloseDispute) => node.tier == 2, // structural: tier 2 is disputed
                    Some(Command::TimeoutReview) => node.tier != 2, // structural: and ends by consensus
                    Some(Command::CloseChild) => is_child,
                    Some(Command::TimeoutNode) => !is_child,
                    // Until the reveals begin a node closes for want of commitments, and afterwards by what was revealed.
                    Some(Command::CloseCommit) => {
                        record.revealUntil.is_zero()
                            || record.committed.count_ones() < node.threshold.into()
                    }
                    Some(Command::CloseReveal) => {
                        record.committed.count_ones() >= node.threshold.into()
                    }
                    _ => true,
                };
                if !is_of_tier {
                    continue;
                }
                let open = match (taking, exit.command) {
                    (Some(taking), _) => self.ask(taking).await?,
                    (None, Some(_)) => Err("the child lives".to_owned()),
                    (None, None) => Err("its mission lives".to_owned()),
                };
                let run = match (taking, exit.command) {
                    (Some(taking), _) => Some(taking.run.clone()),
                    (None, Some(_)) => Some("agentcity mission close-child CHILD".to_owned()),
                    (None, None) => None,
                };
                ways.push(Way {
                    of: format!("node {index}"),
                    state: ask::state(Machine::Node, state),
                    exit,
                    to,
                    after: after.filter(|second| *second != 0),
                    run,
                    open,
                });
            }
        }
        Ok(ways)
    }

    /// The ways out of its escrow, the stakes that it holds, and bonds of disputes.
    async fn of_money(&self) -> Result<Vec<Way>, Failure> {
        let provider = &self.city.chain.provider;
        let treasury = ITreasury::new(self.city.at(Peer::Treasury), provider);
        let escrow = treasury.escrow(self.id).call().await?;
        let refund = Taking::new(
            Peer::Treasury,
            &ITreasury::closeEscrowCall { missionId: self.id },
            format!("agentcity mission refund {}", self.id),
        );
        let mut ways = Vec::new();
        for (exit, to) in self.rows(Machine::Escrow, escrow.state as u8) {
            let (run, open) = if escrow.state as u8 == EscrowState::Closing as u8 {
                (Some(refund.run.clone()), self.ask(&refund).await?)
            } else {
                (None, Err("its mission lives".to_owned()))
            };
            ways.push(Way {
                of: "escrow".to_owned(),
                state: ask::state(Machine::Escrow, escrow.state as u8),
                exit,
                to,
                after: None,
                run,
                open,
            });
        }
        let release: u64 = escrow.releaseAt.to();
        let state = match is_over(self.known.state) && release > self.now {
            true => StakeState::Held as u8,
            false => StakeState::Locked as u8,
        };
        for agent in self.staked().await? {
            if treasury
                .lockedStake(self.id, agent)
                .call()
                .await?
                .amount
                .is_zero()
            {
                continue;
            }
            let taking = Taking::new(
                Peer::Collaboration,
                &ICollaboration::releaseAgentCall {
                    missionId: self.id,
                    agent,
                },
                format!("agentcity mission release {} {agent}", self.id),
            );
            let open = self.ask(&taking).await?;
            for (exit, to) in self.rows(Machine::Stake, state) {
                ways.push(Way {
                    of: format!("stake of {agent}"),
                    state: ask::state(Machine::Stake, state),
                    exit,
                    to,
                    after: (release != 0).then_some(release),
                    run: Some(taking.run.clone()),
                    open: open.clone(),
                });
            }
        }
        Ok(ways)
    }

    /// Who ever had a stake in it.
    async fn staked(&self) -> Result<Vec<Address>, Failure> {
        let filter = Filter::new()
            .address(self.city.at(Peer::Treasury))
            .event_signature(ITreasury::StakeLocked::SIGNATURE_HASH)
            .topic1(self.id);
        let (newest, _) = ask::head(self.city).await?;
        let mut agents = Vec::new();
        for (event, _) in ask::typed::<ITreasury::StakeLocked>(self.city, filter, newest).await? {
            if !agents.contains(&event.agent) {
                agents.push(event.agent);
            }
        }
        Ok(agents)
    }
}

/// What the contract says, if this row is the one that it would take; otherwise why it is not.
fn only_if(is_due: bool, said: &Result<(), String>, why: &str) -> Result<(), String> {
    match is_due {
        true => said.clone(),
        false => Err(why.to_owned()),
    }
}

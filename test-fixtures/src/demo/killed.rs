//! `keeper-killed`: real keepers and executors, each a process of its own. One keeper gets SIGKILL while its executor works, and once more
//! between sending a transaction and hearing of it. Its journal knows what it began; nothing is lost, nothing is done twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, Instant},
};

use agentcity_abi::{
    ICollaboration::{self as work, MissionState, NodeState},
    ITreasury as treasury, IVerification as results,
    document::{self, Preimages},
};
use agentcity_domain::{
    parameter::{ParameterId as P, word},
    peer::Peer,
    statute::Mode,
};
use alloy::primitives::{Address, Bytes, U256};
use serde_json::json;

use super::{
    DemoError, Ending, Teller,
    play::{PRICE, Play, called},
};
use crate::{
    Settings,
    city::{Charter, Person, life::service_of},
    http::RpcError,
    machines::{self, Agent, Desk, Keeper, MachineError, Machines, Sun, sun::SunError},
    mission::{Law, Plan, Stage, Task},
};

/// The keepers: each serves one executor.
const KEEPERS: [&str; 3] = ["keeper a", "keeper b", "keeper c"];
/// Which of them dies, and whom it serves.
const VICTIM: usize = 0;
/// Longest time to execute, in milliseconds, and what an executor has: a computer under load must not be what a task fails by.
const MAX_TIMEOUT_MS: u32 = 3_600_000;
const TIMEOUT_MS: u32 = 900_000;
/// How long a service may take for one answer, in milliseconds.
const LATENCY_MS: u32 = 60_000;
/// How long a keeper may take until it sends something, by the wall, and between two looks.
const SENDS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The file without which the services of the first task go on.
const HOLD: &str = "hold-0";

/// What every executor runs. It finds what all others find, and writes down that it ran; `$1` is a folder of the story's.
const SERVICE: &str = r#"request=$(cat)
of() { printf %s "$request" | sed "s/.*\"job\":{[^}]*\"$1\":\([0-9]*\)[,}].*/\1/"; }
node=$(of node); seat=$(of seat)
echo ran >> "$1/runs-$node-$seat"
while [ -e "$1/hold-$node" ]; do sleep 0.1; done
found=$(printf 'what task %s yields' "$node" | od -An -tx1 | tr -d ' \n')
printf '{"message":{"from":"worker","to":"model","content":"what is it?","tokens":3}}\n'
printf '{"output":{"content":"0x%s"}}\n' "$found"
"#;

/// What runs beside the chain.
struct Crew {
    machines: Machines,
    sun: Sun,
    payers: Vec<Person>,
    executors: Vec<(Address, SocketAddr)>,
}

pub(super) fn play(teller: &mut Teller<'_>) -> Result<Ending, DemoError> {
    let charter = Charter {
        settings: Settings::default().at_machine_time(),
        parameters: BTreeMap::from([(P::MaxNodeTimeoutMs as u8, word(MAX_TIMEOUT_MS))]),
        ..Charter::default()
    };
    let mut play = Play::raise(teller, &charter, KEEPERS.len())?;
    let machines = Machines::of(&play.stage.city)?;
    let mut crew = Crew {
        machines,
        sun: Sun::default(),
        payers: Vec::new(),
        executors: Vec::new(),
    };
    let law = crew.begin(&mut play)?;
    crew.first_death(&mut play, &law)?;
    crew.second_death(&mut play, &law)?;
    crew.goes_on(&mut play, &law)?;
    crew.once_each(&mut play, &law)?;
    drop(crew);

    play.teller.chapter("Everybody is paid out")?;
    play.tells_escrow(&law)?;
    play.everybody_withdraws()?;
    play.teller.shown(&[
        "A keeper that is killed takes nothing with it: what it decided is in its journal before it does it, and a new process goes on from \
         there.",
        "A transaction that was sent and never heard of is found again, not sent again.",
        "An executor that is asked for the same job twice runs its service once.",
        "Each seat sealed once and was paid once, by the chain's own log, and the books are exact.",
    ])?;
    let mission = law.mission;
    play.look(&[
        format!("mission show {mission}"),
        format!("node show {mission} 0"),
        "log query --contract treasury --event Settled".to_owned(),
        "audit books".to_owned(),
    ])?;
    Ok(play.end(mission))
}

impl Crew {
    /// A law for two tasks on which three executors agree, and the processes that carry it out.
    fn begin(&mut self, play: &mut Play<'_, '_>) -> Result<Law, DemoError> {
        play.teller.chapter("Machines go to work")?;
        let (script, fate) = (self.machines.path("worker.sh"), self.fate());
        fs::write(&script, SERVICE).map_err(MachineError::File)?;
        fs::create_dir(&fate).map_err(MachineError::File)?;
        fs::write(fate.join(HOLD), "").map_err(MachineError::File)?;
        for place in 0..KEEPERS.len() {
            let mut service = service_of(&play.stage.executors[place].agent);
            service.codeHash = machines::code_hash(&script).map_err(MachineError::File)?;
            service.constraints.maxLatencyMs = LATENCY_MS;
            play.stage.publishes(place, &service)?;
        }
        let agreed = |name: &str| {
            let mut task = Task::agreed(name, 3 * PRICE, 3, 2, Mode::Exact);
            task.node.timeout_ms = TIMEOUT_MS;
            task
        };
        let plan = Plan {
            name: "fetch and classify".to_owned(),
            tasks: vec![agreed("fetch"), agreed("classify")],
            edges: vec![(0, 1)],
            predicates: Vec::new(),
        };
        play.say(
            "The city legislates two tasks, one after the other. Three executors do each of them apart, seal what they found, and open it \
             once all have sealed: two of three have to agree.",
        )?;
        let executors = play.stage.executors.clone();
        let law = play.enact(&plan, &executors)?;
        let documents = self.machines.documents();
        fs::create_dir_all(&documents).map_err(MachineError::File)?;
        fs::write(documents.join("law.jsonld"), document(&law)?).map_err(MachineError::File)?;
        self.start(play)?;
        play.say(
            "Now six processes run: three agents that serve their executors over HTTP, and three keepers, each for one of them, with a journal \
             and an account of its own. Nobody told the keepers of the mission; they find it in the chain's log, relay acceptances, and \
             hand out work.",
        )?;
        Ok(law)
    }

    /// The folder of what the story and the services tell each other.
    fn fate(&self) -> PathBuf {
        self.machines.path("fate")
    }

    fn start(&mut self, play: &mut Play<'_, '_>) -> Result<(), DemoError> {
        let fate = self.fate().display().to_string();
        for executor in play.stage.executors.clone() {
            let serves = self.machines.start_agent(&Agent {
                agent: &executor.agent,
                principal: &executor.principal,
                tables: "[accept]\nseats = true\n".to_owned(),
                desk: Some(Desk {
                    service: executor.service,
                    script: self.machines.path("worker.sh"),
                    arguments: vec![fate.clone()],
                }),
            })?;
            let what = "where an agent serves";
            let answer = String::new();
            let address = serves.ok_or(MachineError::Answer { what, answer })?;
            self.executors.push((executor.agent.address(), address));
        }
        for name in KEEPERS {
            self.payers.push(play.stage.city.person(name)?);
        }
        for place in 0..KEEPERS.len() {
            self.start_keeper(place)?;
        }
        Ok(())
    }

    fn start_keeper(&mut self, place: usize) -> Result<(), DemoError> {
        let served = [self.executors[place].0];
        let keeper = Keeper {
            payer: &self.payers[place],
            executors: &self.executors,
            served: &served,
        };
        Ok(self.machines.start_keeper(KEEPERS[place], &keeper)?)
    }

    /// SIGKILL.
    fn kill(&mut self, play: &mut Play<'_, '_>) -> Result<(), DemoError> {
        let name = KEEPERS[VICTIM];
        let (what, answer) = ("a process", name.to_owned());
        let process = self.machines.take(name);
        let process = process.ok_or(MachineError::Answer { what, answer })?;
        let pid = process.pid();
        process.kill();
        Ok(play.teller.row(&format!("kill -9 {pid}: {name} is gone"))?)
    }

    /// Waits until something is so, while a second of the wall is one of the chain.
    fn wait<T>(
        &mut self,
        play: &mut Play<'_, '_>,
        what: &str,
        look: impl FnMut(&mut Stage) -> Result<Result<T, String>, SunError>,
    ) -> Result<T, DemoError> {
        let (stage, machines) = (&mut play.stage, &mut self.machines);
        Ok(self.sun.until(stage, machines, what, look)?)
    }

    /// Waits until so many executors sealed their result of the first task.
    fn until_sealed(
        &mut self,
        play: &mut Play<'_, '_>,
        law: &Law,
        seats: u32,
    ) -> Result<(), DemoError> {
        let call = results::recordOfCall {
            missionId: law.mission,
            node: 0,
            attempt: 0,
        };
        self.wait(play, "results are sealed", |stage| {
            let to = stage.city.address(Peer::Verification);
            let sealed = stage.city.client.ask(to, &call)?.committed.count_ones();
            Ok(if sealed >= seats {
                Ok(())
            } else {
                Err(format!("{sealed} of {seats}"))
            })
        })
    }

    fn first_death(&mut self, play: &mut Play<'_, '_>, law: &Law) -> Result<(), DemoError> {
        play.teller.chapter("Killed while its executor works")?;
        let fate = self.fate();
        self.wait(play, "services run", |_| {
            let ran = (0..KEEPERS.len())
                .filter(|seat| fate.join(format!("runs-0-{seat}")).exists())
                .count();
            Ok(if ran == KEEPERS.len() {
                Ok(())
            } else {
                Err(format!("{ran} run"))
            })
        })?;
        play.node_is(law, 0, NodeState::Executing)?;
        let serves = called(&play.stage.executors[VICTIM].agent);
        play.say(&format!(
            "The first task is routed and all three services run. {} serves {serves} and waits for its result, when it gets a signal that no \
             program can catch:",
            KEEPERS[VICTIM]
        ))?;
        self.kill(play)?;
        play.say("The services finish. The two other keepers relay what their executors sealed, and the task waits for the third seat:")?;
        fs::remove_file(self.fate().join(HOLD)).map_err(MachineError::File)?;
        self.until_sealed(play, law, 2)?;
        let sealed = self.sealed(play, law)?;
        play.same("the victim's seat has not sealed", &2, &sealed)?;
        play.teller
            .row("sealed: 2 of 3; the third is done and nobody asks for it")?;
        Ok(())
    }

    fn sealed(&self, play: &mut Play<'_, '_>, law: &Law) -> Result<u32, DemoError> {
        let call = results::recordOfCall {
            missionId: law.mission,
            node: 0,
            attempt: 0,
        };
        let record = play.ask(Peer::Verification, &call)?;
        Ok(record.committed.count_ones())
    }

    /// The keeper comes back, and dies again when what it sent is on its way.
    fn second_death(&mut self, play: &mut Play<'_, '_>, law: &Law) -> Result<(), DemoError> {
        play.teller.chapter("Killed between sending and hearing")?;
        play.say(&format!(
            "{} is started again, by nobody who knows what it was doing: same command, same files. It reads its journal, asks its executor for \
             the job that it had handed out, and gets the result. To catch it in the worst moment the sequencer holds back blocks for a \
             while: what is sent waits in its queue.",
            KEEPERS[VICTIM]
        ))?;
        let account = self.payers[VICTIM].address();
        let before = count(&mut play.stage, account, "latest")?;
        let rpc = play.stage.city.client.rpc();
        rpc.call("devnode_pauseProduction", json!(["queue"]))?;
        self.start_keeper(VICTIM)?;
        let began = Instant::now();
        while count(&mut play.stage, account, "pending")? == before {
            self.machines.alive()?;
            if began.elapsed() > SENDS_WITHIN {
                return Err(DemoError::Contradicted {
                    claim: format!("{} goes on where it was", KEEPERS[VICTIM]),
                    expected: "a transaction".to_owned(),
                    found: format!("none within {SENDS_WITHIN:?}"),
                });
            }
            std::thread::sleep(LOOK_EVERY);
        }
        play.say("Its transaction is in the sequencer's queue, it has not heard of a block with it, and is killed once more:")?;
        self.kill(play)?;
        let rpc = play.stage.city.client.rpc();
        rpc.call("devnode_resumeProduction", json!([]))?;
        self.until_sealed(play, law, 3)?;
        play.say("The sequencer goes on, and the transaction lands while nobody is there who sent it: three of three have sealed.")
    }

    /// The keeper comes back for good, and the mission ends.
    fn goes_on(&mut self, play: &mut Play<'_, '_>, law: &Law) -> Result<(), DemoError> {
        play.teller.chapter("The third life")?;
        play.say(&format!(
            "{} is started a third time. It finds its transaction in a block, sends it to nobody again, and goes on with opening.",
            KEEPERS[VICTIM]
        ))?;
        self.start_keeper(VICTIM)?;
        for node in 0..law.written.nodes {
            let call = work::nodeCall {
                missionId: law.mission,
                index: node,
            };
            self.wait(play, "the task is done", |stage| {
                let to = stage.city.address(Peer::Collaboration);
                let state = stage.city.client.ask(to, &call)?.state;
                Ok(if state == NodeState::Completed {
                    Ok(())
                } else {
                    Err(format!("{state:?}"))
                })
            })?;
            play.teller.row(&format!("task {node} is done"))?;
        }
        let wait = u64::from(P::ReconcileTimeoutSecs.row().default);
        let now = play.stage.city.client.now()?;
        play.stage.outlast(now + wait)?;
        self.until_mission(play, law, MissionState::Completed)?;
        play.teller
            .row("no monitor had anything to say for an hour; keepers asked the gate: the mission is complete")?;
        let call = treasury::escrowCall {
            missionId: law.mission,
        };
        let release = play.ask(Peer::Treasury, &call)?.releaseAt;
        play.stage.outlast(release.to())?;
        self.wait(play, "stakes and escrow go back", |stage| {
            let to = stage.city.address(Peer::Treasury);
            let parts = stage.city.client.ask(to, &treasury::partsCall {})?;
            let left = (parts.escrows, parts.lockedStakes);
            Ok(if left == (U256::ZERO, U256::ZERO) {
                Ok(())
            } else {
                Err(format!("{left:?}"))
            })
        })?;
        play.teller
            .row("three days later, when sanctions are no longer possible, keepers released all stakes and closed the escrow")?;
        Ok(())
    }

    fn until_mission(
        &mut self,
        play: &mut Play<'_, '_>,
        law: &Law,
        state: MissionState,
    ) -> Result<(), DemoError> {
        let call = work::missionCall {
            missionId: law.mission,
        };
        self.wait(play, "the mission is complete", |stage| {
            let to = stage.city.address(Peer::Collaboration);
            let found = stage.city.client.ask(to, &call)?.state;
            Ok(if found == state {
                Ok(())
            } else {
                Err(format!("{found:?}"))
            })
        })
    }

    /// What the chain and the services say of how often things happened.
    fn once_each(&mut self, play: &mut Play<'_, '_>, law: &Law) -> Result<(), DemoError> {
        play.teller.chapter("How often things happened")?;
        let mut ran = Vec::new();
        for node in 0..law.written.nodes {
            for seat in 0..KEEPERS.len() {
                let file = self.fate().join(format!("runs-{node}-{seat}"));
                let runs = fs::read_to_string(file).map_err(MachineError::File)?;
                ran.push(runs.lines().count());
            }
        }
        let seats = law.written.seats.len();
        play.same("each service ran once", &vec![1; seats], &ran)?;
        play.teller
            .row(&format!("services: {seats} seats, each ran once"))?;
        let settled = play.stage.events::<treasury::Settled>(Peer::Treasury)?;
        let paid: BTreeSet<(u16, Address)> = settled
            .iter()
            .filter(|event| event.missionId == law.mission)
            .map(|event| (event.node, event.agent))
            .collect();
        play.same("each seat was paid", &seats, &paid.len())?;
        play.same("and once", &seats, &settled.len())?;
        play.teller.row(&format!(
            "payments: {seats} in the treasury's log, each seat once"
        ))?;
        let account = self.payers[VICTIM].address();
        let sent = sent_by(&mut play.stage, account)?;
        let to = play.stage.city.address(Peer::Verification);
        let results: Vec<&Sent> = sent.iter().filter(|one| one.to == Some(to)).collect();
        let done = results.iter().filter(|one| one.succeeded).count();
        // A seal and an opening for each task.
        let wanted = 2 * usize::from(law.written.nodes);
        play.same(
            "each result was handed in once",
            &(wanted, wanted),
            &(results.len(), done),
        )?;
        let said: BTreeSet<&Bytes> = results.iter().map(|one| &one.input).collect();
        play.same("and none twice", &wanted, &said.len())?;
        let counted = count(&mut play.stage, account, "latest")?;
        play.same(
            "the account sent nothing else",
            &(sent.len() as u64),
            &counted,
        )?;
        play.teller.row(&format!(
            "{}: {wanted} results handed in over three lives, a seal and an opening for each task, none twice",
            called(&self.payers[VICTIM])
        ))?;
        Ok(())
    }
}

/// The law's document, as keepers read it.
fn document(law: &Law) -> Result<String, DemoError> {
    let mut known = Preimages::default();
    for task in &law.plan.tasks {
        known.add_terms(task.terms.clone());
    }
    let document = document::decode(&law.written.pages, &known);
    let document = document.map_err(|error| DemoError::Contradicted {
        claim: "a law is a document".to_owned(),
        expected: "one".to_owned(),
        found: error.to_string(),
    })?;
    Ok(document.pretty())
}

/// How many transactions an account has sent.
fn count(stage: &mut Stage, account: Address, at: &str) -> Result<u64, RpcError> {
    let rpc = stage.city.client.rpc();
    let count = rpc.quantity("eth_getTransactionCount", json!([account, at]))?;
    Ok(count as u64)
}

/// A transaction of somebody.
struct Sent {
    to: Option<Address>,
    input: Bytes,
    succeeded: bool,
}

/// What an account sent, block by block.
fn sent_by(stage: &mut Stage, account: Address) -> Result<Vec<Sent>, DemoError> {
    let rpc = stage.city.client.rpc();
    let head = rpc.block_number()?;
    let mut sent = Vec::new();
    for number in 0..=head {
        let at = format!("{number:#x}");
        let block = rpc.call("eth_getBlockByNumber", json!([at, true]))?;
        for transaction in block["transactions"].as_array().into_iter().flatten() {
            let malformed = |_| RpcError::Malformed {
                method: "eth_getBlockByNumber".into(),
                body: transaction.to_string(),
            };
            let from = serde_json::from_value::<Address>(transaction["from"].clone());
            if from.map_err(malformed)? != account {
                continue;
            }
            let to = serde_json::from_value(transaction["to"].clone());
            let input = serde_json::from_value(transaction["input"].clone());
            let receipt = rpc.call("eth_getTransactionReceipt", json!([transaction["hash"]]))?;
            sent.push(Sent {
                to: to.map_err(malformed)?,
                input: input.map_err(malformed)?,
                succeeded: receipt["status"] == json!("0x1"),
            });
        }
    }
    Ok(sent)
}

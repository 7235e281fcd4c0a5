//! A mission that machines alone legislate and carry out: the real executables on a strict node, each a process of its own. People do what
//! the constitution keeps for people: they show who they are, bring money, deploy and fund what was legislated, and decide where the panel
//! has to.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use agentcity_abi::{
    IAgent, ICollaboration as work, IEnactment,
    IGuardian::{self as guardian, UnfreezeKind},
    IService, ITreasury as treasury, IVerification,
    document::{self, Preimages},
};
use agentcity_domain::{
    clerk::ClerkRole,
    machine::SessionState,
    parameter::{ParameterId as P, word},
    peer::Peer,
    roster::anchor::Anchor,
    statute::{Mode, encode},
};
use agentcity_hub::{entry::Entry, kind::EventType, store::Log, tree};
use agentcity_test_fixtures::{
    Settings,
    city::{
        Charter, Person,
        life::{service_id, service_of},
    },
    gas,
    http::Http,
    machines::{
        self, Agent, Desk, Keeper, Machines, Sun,
        sun::{Crowd, SunError},
    },
    mission::{Plan, Stage, Task, stage::DEPOSIT},
};
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::{SolCall, SolEvent},
};

/// What a task may cost at most, in base units.
const BUDGET: u128 = 3_000_000_000_000_000;
/// How long an executor may take, in milliseconds: what a computer under load needs a hundred times over.
const TIMEOUT_MS: u32 = 900_000;
/// How long a service may take for one answer, in milliseconds.
const LATENCY_MS: u32 = 60_000;
/// Entries that are read of a log: more than this story leaves.
const LINES_MAX: usize = 1_000;
/// Most that one stake of the table may be, in base units: the stories' scale times more than any of them.
const STAKE_MAX: u128 = 10 * DEPOSIT;
/// Which keeper serves which executors: of the three that win a node none two.
const KEEPERS: [(&str, &[usize]); 3] = [
    ("keeper a", &[0, 3]),
    ("keeper b", &[1]),
    ("keeper c", &[2]),
];

/// What every executor runs. It finds what all others find; `$1` is a folder of things that happen to it.
const SERVICE: &str = r#"request=$(cat)
of() { printf %s "$request" | sed "s/.*\"job\":{[^}]*\"$1\":\([0-9]*\)[,}].*/\1/"; }
node=$(of node); attempt=$(of attempt); seat=$(of seat)
: > "$1/began-$node-$attempt-$seat"
if [ -e "$1/crash-$node-$attempt" ]; then echo "it crashed" >&2; exit 3; fi
while [ -e "$1/hold-$node" ]; do sleep 0.1; done
found=$(printf 'what task %s yields' "$node" | od -An -tx1 | tr -d ' \n')
printf '{"message":{"from":"worker","to":"model","content":"what is it?","tokens":3}}\n'
printf '{"output":{"content":"0x%s"}}\n' "$found"
"#;

/// A city, its machines, and the sun above.
struct World {
    stage: Stage,
    machines: Machines,
    sun: Sun,
    plan: Plan,
    /// Where each executor serves, by its agent.
    executors: Vec<(Address, SocketAddr)>,
}

#[track_caller]
fn must<T, E: std::fmt::Display>(done: Result<T, E>) -> T {
    done.unwrap_or_else(|error| panic!("{error}"))
}

/// Two tasks on which three executors agree, and one that people look at.
fn plan() -> Plan {
    let mut plan = Plan {
        name: "three tasks".into(),
        tasks: vec![
            Task::agreed("fetch", BUDGET, 3, 2, Mode::Exact),
            Task::agreed("classify", BUDGET, 3, 2, Mode::Exact),
            Task::reviewed("report", BUDGET),
        ],
        edges: vec![(0, 1), (1, 2)],
        predicates: Vec::new(),
    };
    for task in &mut plan.tasks {
        task.node.timeout_ms = TIMEOUT_MS;
    }
    plan
}

/// The plan's document, with the words that are known of it.
fn document(plan: &Plan) -> String {
    let pages = encode::statute(&plan.drafts(), &plan.predicates).expect("pages");
    let mut known = Preimages::default();
    for (task, name) in plan.tasks.iter().zip(["fetch", "classify", "report"]) {
        known.add_terms(task.terms.clone());
        known.add_text(format!("label of {name}"));
        known.add_text(format!("rubric of {name}"));
    }
    let document = document::decode(&pages, &known).expect("a document");
    document.pretty().to_string()
}

impl World {
    /// A city in which nobody is but adjudicators, clerks and the clerks' principals, with the machines of all.
    fn raise() -> Self {
        let mut charter = Charter {
            settings: Settings::default().at_machine_time(),
            ..Charter::default()
        };
        let long = word(3_600_000);
        charter.parameters = BTreeMap::from([(P::MaxNodeTimeoutMs as u8, long)]);
        let stage = must(Stage::found(&charter, 4));
        must(gas::cache_city(&stage.city));
        let machines = must(Machines::of(&stage.city));
        let mut world = Self {
            stage,
            machines,
            sun: Sun::default(),
            plan: plan(),
            executors: Vec::new(),
        };
        std::fs::create_dir(world.fate()).expect("a folder");
        std::fs::write(world.script(), SERVICE).expect("written");
        for place in 0..world.stage.executors.len() {
            let service = world.service(place);
            let executor = &mut world.stage.executors[place];
            executor.service = service_id(executor.agent.address(), &service);
        }
        world.start_clerks();
        world.start_agents();
        world.start_keepers();
        world.settle();
        world
    }

    /// What an executor's owner publishes: the hash of the script is what keepers ask for.
    fn service(&self, place: usize) -> IService::registerServiceCall {
        let mut call = service_of(&self.stage.executors[place].agent);
        call.codeHash = must(machines::code_hash(&self.script()));
        call.constraints.maxLatencyMs = LATENCY_MS;
        call
    }

    fn script(&self) -> PathBuf {
        self.machines.path("worker.sh")
    }

    /// The folder of things that happen to executors.
    fn fate(&self) -> PathBuf {
        self.machines.path("fate")
    }

    /// Something happens to whoever executes, or happened.
    fn befalls(&self, what: &str) {
        std::fs::write(self.fate().join(what), "").expect("written");
    }

    fn person(&mut self, name: &str) -> Person {
        must(self.stage.city.person(name))
    }

    /// The four clerks, each with its own key and an account that pays.
    fn start_clerks(&mut self) {
        for role in ClerkRole::ALL.iter().copied() {
            let payer = self.person(&format!("payer of the {}", role.name()));
            let clerk = self.stage.clerk(role);
            must(self.machines.fill_office(role, &clerk, &payer));
        }
    }

    /// Every executor's agent, each cheaper than the one before; and the sponsor's, which wants the law.
    fn start_agents(&mut self) {
        let voice = format!(
            "[vote]\norder = \"cheapest\"\n\n[sponsor]\npetitions = true\n\n[register]\nattestations = {:?}\n\
             stake_max_base_units = \"{STAKE_MAX}\"\ndeposit_base_units = ",
            self.machines.attestations().display().to_string(),
        );
        let fate = self.fate().display().to_string();
        for (place, executor) in self.stage.executors.clone().iter().enumerate() {
            let tables = format!(
                "{voice}\"{DEPOSIT}\"\n\n[limits]\nbids_max = 8\nstake_max_base_units = \"1000000000000000000\"\n\n\
                 [[bid]]\nservice = \"{}\"\ntiers = [1, 2, 3]\nprice_permille = {}\nprice_min_base_units = \"1\"\n\
                 stake_permille = 1000\nmatch_permille = 0\nlatency_ms = 1000\n\n[accept]\nseats = true\n\n[withdraw]\n\
                 from_base_units = \"{}\"\nkeep_base_units = \"{DEPOSIT}\"\n",
                executor.service,
                1_000 - 50 * place,
                DEPOSIT + 1,
            );
            let desk = Desk {
                service: executor.service,
                script: self.script(),
                arguments: vec![fate.clone()],
            };
            let serves = self.machines.start_agent(&Agent {
                agent: &executor.agent,
                principal: &executor.principal,
                tables,
                desk: Some(desk),
            });
            let address = must(serves).expect("it serves");
            self.executors.push((executor.agent.address(), address));
        }
        let path = self.machines.path("law.jsonld");
        std::fs::write(&path, document(&self.plan)).expect("written");
        let agenda = format!(
            "{voice}\"0\"\n\n[[agenda]]\ndocument = {:?}\ndomain = \"{}\"\n",
            path.display().to_string(),
            keccak256("research"),
        );
        let serves = self.machines.start_agent(&Agent {
            agent: &self.stage.proposer,
            principal: &self.stage.sponsor,
            tables: agenda,
            desk: None,
        });
        must(serves);
    }

    /// People show who they are; registrar and agents do the rest. Then owners publish, and become old enough.
    fn settle(&mut self) {
        let executors = self.stage.executors.clone();
        let owners = executors.iter().map(|executor| &executor.principal);
        for principal in owners.chain([&self.stage.sponsor]) {
            let name = format!("{}-owner.txt", principal.address());
            let path = self.machines.evidence().join(name);
            std::fs::write(path, format!("passport of {}", principal.name)).expect("written");
        }
        let agents = executors.iter().map(|executor| executor.agent.address());
        let agents: Vec<Address> = agents.chain([self.stage.proposer.address()]).collect();
        self.wait("everybody registers and deposits", |stage| {
            for agent in &agents {
                let (agent, is_proposer) = (*agent, *agent == stage.proposer.address());
                let to = stage.city.address(Peer::Agent);
                let principal = IAgent::principalOfCall { agent };
                let principal = stage.city.client.ask(to, &principal)?;
                let to = stage.city.address(Peer::Treasury);
                let credit = treasury::creditsCall { account: agent };
                let credit = stage.city.client.ask(to, &credit)?;
                if principal.is_zero() || !is_proposer && credit < U256::from(DEPOSIT) {
                    return Ok(Err(format!("{agent} of {principal} with {credit}")));
                }
            }
            Ok(Ok(()))
        });
        let to = self.stage.city.address(Peer::Service);
        for (place, executor) in executors.iter().enumerate() {
            let call = self.service(place);
            let published = must(self.publishes(&executor.agent, to, &call));
            assert_eq!(published, executor.service);
        }
        must(self.stage.come_of_age());
    }

    /// An owner sends in the name of its agent, whose nonces the agent's process counts too.
    fn publishes(
        &mut self,
        by: &Person,
        to: Address,
        call: &IService::registerServiceCall,
    ) -> Result<B256, String> {
        let mut client = must(agentcity_test_fixtures::city::Client::new(
            &self.stage.city.node,
        ));
        let outcome = client
            .send(by, to, call)
            .map_err(|error| error.to_string())?;
        let log = IService::ServiceRegistered::decode_log(&outcome.logs[0]);
        Ok(log.map_err(|error| error.to_string())?.service)
    }

    /// Waits until something is so.
    #[track_caller]
    fn wait<T>(
        &mut self,
        what: &str,
        look: impl FnMut(&mut Stage) -> Result<Result<T, String>, SunError>,
    ) -> T {
        println!("  {what}");
        let (stage, machines) = (&mut self.stage, &mut self.machines);
        must(self.sun.until(stage, machines, what, look))
    }

    /// The newest session after `before`, until it is law.
    fn legislated(&mut self, before: Option<B256>, crowd: Crowd) -> B256 {
        let (stage, machines) = (&mut self.stage, &mut self.machines);
        let session = must(self.sun.session(stage, machines, before));
        println!("  session {session}");
        let end = self.sun.legislation(stage, machines, session, crowd);
        assert_eq!(must(end), SessionState::Deployed);
        session
    }

    fn law(&mut self, session: B256) -> IEnactment::Law {
        let call = IEnactment::lawOfCall { sessionId: session };
        let enactment = self.stage.city.address(Peer::Enactment);
        must(self.stage.city.client.ask(enactment, &call))
    }

    /// The sponsor deploys and pays for what was legislated, as a person does.
    fn commissioned(&mut self, session: B256) -> B256 {
        let sponsor = self.stage.sponsor.clone();
        let session_text = session.to_string();
        let words = ["law", "deploy", &session_text, "law.jsonld", "--fund"];
        must(self.machines.client(&sponsor, &words));
        self.stage.foretell(session)
    }

    /// Keepers, each with some executors of its own, none with two of one node. Which missions there are they find out.
    fn start_keepers(&mut self) {
        for (name, served) in KEEPERS {
            let payer = self.person(name);
            let served = served.iter().map(|place| self.executors[*place].0);
            let served: Vec<Address> = served.collect();
            let keeper = Keeper {
                payer: &payer,
                executors: &self.executors,
                served: &served,
            };
            must(self.machines.start_keeper(name, &keeper));
        }
    }

    fn node(stage: &mut Stage, mission: B256, index: u16) -> Result<work::Node, SunError> {
        let call = work::nodeCall {
            missionId: mission,
            index,
        };
        let to = stage.city.address(Peer::Collaboration);
        Ok(stage.city.client.ask(to, &call)?)
    }

    /// Waits until a node is there.
    fn until_node(&mut self, mission: B256, index: u16, state: work::NodeState) {
        self.wait(&format!("node {index} is {state:?}"), |stage| {
            let node = Self::node(stage, mission, index)?;
            let at = format!("{:?} in attempt {}", node.state, node.attempt);
            Ok(if node.state == state { Ok(()) } else { Err(at) })
        });
    }

    fn until_mission(&mut self, mission: B256, state: work::MissionState) {
        self.wait(&format!("the mission is {state:?}"), |stage| {
            let call = work::missionCall { missionId: mission };
            let to = stage.city.address(Peer::Collaboration);
            let found = stage.city.client.ask(to, &call)?.state;
            Ok(if found == state {
                Ok(())
            } else {
                Err(format!("{found:?}"))
            })
        });
    }

    /// Waits until the service ran for so many seats of a node's attempt.
    fn until_began(&mut self, node: u16, attempt: u8, seats: usize) {
        let (fate, prefix) = (self.fate(), format!("began-{node}-{attempt}-"));
        self.wait(&format!("{seats} services of node {node} run"), |_| {
            let names = std::fs::read_dir(&fate).expect("a folder").flatten();
            let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
            let began = names.filter(|name| name.starts_with(&prefix)).count();
            Ok(if began >= seats {
                Ok(())
            } else {
                Err(format!("{began} run"))
            })
        });
    }

    fn agent_of(&mut self, mission: B256, index: u16, place: u8) -> Address {
        let call = work::seatCall {
            missionId: mission,
            index,
            place,
        };
        let to = self.stage.city.address(Peer::Collaboration);
        must(self.stage.city.client.ask(to, &call)).agent
    }

    fn rule<C: SolCall>(&mut self, at: Peer, call: &C) {
        must(self.stage.rule(at, call));
    }
}

/// Everybody who votes, and every bid on every node.
const CROWD: Crowd = Crowd {
    voters: 5,
    bids: 12,
};

impl World {
    /// An adjudicator freezes a node while its services run: keepers have them stopped. Another lifts it, and the work goes on.
    fn freeze_and_lift(&mut self, mission: B256) {
        self.until_began(0, 0, 3);
        let agents = [0, 1, 2].map(|place| self.agent_of(mission, 0, place));
        let freeze = guardian::freezeNodeCall {
            missionId: mission,
            node: 0,
            attempt: 0,
            agent: agents[0],
        };
        self.rule(Peer::Guardian, &freeze);
        for (agent, seat) in agents.into_iter().zip(0..) {
            let (addresses, job) = (self.executors.clone(), format!("{mission:#x}-0-0-{seat}"));
            self.wait("its services are stopped", |_| {
                let said = standing(&addresses, agent, &job);
                Ok(if said.contains("\"stopped\"") {
                    Ok(())
                } else {
                    Err(said)
                })
            });
        }
        let frozen = must(self.stage.events::<guardian::NodeFrozen>(Peer::Guardian));
        assert_eq!(frozen.len(), 1);
        let lift = guardian::unfreezeNodeCall {
            missionId: mission,
            node: 0,
            freezeId: frozen[0].freezeId,
            kind: UnfreezeKind::FalsePositive,
        };
        self.rule(Peer::Guardian, &lift);
        std::fs::remove_file(self.fate().join("hold-0")).expect("it was held");
        self.until_node(mission, 0, work::NodeState::Completed);
    }

    /// The service of the last node crashes; its time passes, keepers say so, and a session gives the node new seats.
    fn fail_and_reseat(&mut self, mission: B256, session: B256) -> B256 {
        self.until_began(2, 0, 1);
        let agent = self.agent_of(mission, 2, 0);
        let (addresses, job) = (self.executors.clone(), format!("{mission:#x}-2-0-0"));
        self.wait("the service of node 2 crashed", |_| {
            let said = standing(&addresses, agent, &job);
            Ok(if said.contains("it crashed") {
                Ok(())
            } else {
                Err(said)
            })
        });
        let until = work::expiresAtCall {
            missionId: mission,
            index: 2,
        };
        let to = self.stage.city.address(Peer::Collaboration);
        let until = must(self.stage.city.client.ask(to, &until));
        must(self.stage.outlast(until.to()));
        self.until_node(mission, 2, work::NodeState::Failed);
        // Nobody votes: the law stands, and only the node is bid on.
        let again = Crowd { voters: 0, bids: 3 };
        let partial = self.legislated(Some(session), again);
        assert_eq!(self.law(partial).kind, IEnactment::SessionKind::Partial);
        self.wait("node 2 has new seats", |stage| {
            let node = Self::node(stage, mission, 2)?;
            let at = format!("{:?} in attempt {}", node.state, node.attempt);
            Ok(if node.attempt == 1 { Ok(()) } else { Err(at) })
        });
        partial
    }

    /// An adjudicator looks at the report and approves it.
    fn review(&mut self, mission: B256) {
        self.until_node(mission, 2, work::NodeState::PendingReview);
        let approve = IVerification::decideReviewCall {
            missionId: mission,
            node: 2,
            attempt: 1,
            approved: true,
            score: 900,
            seat: 0,
        };
        self.rule(Peer::Verification, &approve);
        self.until_node(mission, 2, work::NodeState::Completed);
    }

    /// The gate opens when no monitor had anything to say for its time; stakes and earnings come back after the window of sanctions.
    fn conclude(&mut self, mission: B256) {
        let wait = u64::from(must(self.stage.city.number(P::ReconcileTimeoutSecs)));
        let now = must(self.stage.city.client.now());
        must(self.stage.outlast(now + wait));
        self.until_mission(mission, work::MissionState::Completed);
        let escrow = treasury::escrowCall { missionId: mission };
        let to = self.stage.city.address(Peer::Treasury);
        let release = must(self.stage.city.client.ask(to, &escrow)).releaseAt;
        must(self.stage.outlast(release.to()));
        self.wait("stakes are released and the escrow closed", |stage| {
            let parts = stage.city.client.ask(to, &treasury::partsCall {})?;
            let at = format!("{parts:?}");
            let done = (parts.escrows, parts.lockedStakes) == (U256::ZERO, U256::ZERO);
            Ok(if done { Ok(()) } else { Err(at) })
        });
        let agents: Vec<Address> = self.executors.iter().map(|(agent, _)| *agent).collect();
        self.wait("agents withdraw what they earned", |stage| {
            for account in &agents {
                let call = treasury::creditsCall { account: *account };
                let credit = stage.city.client.ask(to, &call)?;
                if credit > U256::from(DEPOSIT) {
                    return Ok(Err(format!("{account} has {credit}")));
                }
            }
            Ok(Ok(()))
        });
        let sponsor = self.stage.sponsor.clone();
        let words = ["credits", "withdraw", "--from", "treasury"];
        must(self.machines.client(&sponsor, &words));
    }
}

impl World {
    /// Every keeper wrote the same log of the mission, and each of its entries is proved against its root.
    fn prove_logs(&mut self, mission: B256) {
        let paths = KEEPERS.map(|(name, _)| {
            let folder = self.machines.path(&name.replace(' ', "-"));
            folder.join("log.sqlite")
        });
        let logs = paths.map(|path| must(Log::open_to_read(&path)));
        let completed = |line: &(u64, String)| {
            let Ok(Entry::Event(event)) = serde_json::from_str(&line.1) else {
                return false;
            };
            (event.event_type, event.mission_id) == (EventType::MissionCompleted, mission)
        };
        self.wait("every keeper wrote that the mission is complete", |_| {
            for log in &logs {
                let lines = must(log.lines(0, LINES_MAX));
                if !lines.iter().any(completed) {
                    return Ok(Err(format!("{} entries", lines.len())));
                }
            }
            Ok(Ok(()))
        });
        let size = logs.iter().map(|log| must(log.size())).min();
        let size = size.expect("three keepers");
        let root = must(logs[0].root(size));
        for log in &logs {
            must(log.audit());
            assert_eq!(must(log.root(size)), root, "all say the same");
            for (place, line) in must(log.lines(0, LINES_MAX)) {
                if place < size {
                    let (leaf, path) = (tree::leaf(line.as_bytes()), log.inclusion(place, size));
                    assert!(tree::includes(
                        &Anchor { size, root },
                        place,
                        &leaf,
                        &must(path)
                    ));
                }
            }
        }
        println!("  {size} entries in each log");
    }

    /// Each agent has what it deposited and earned, less what it lost, in its credit, its account, and what stays reserved for whoever came
    /// second in a session until the mission's deadline.
    fn compare_earnings(&mut self, sessions: [B256; 2]) {
        let at = Peer::Treasury;
        let settled = must(self.stage.events::<treasury::Settled>(at));
        let slashed = must(self.stage.events::<treasury::StakeSlashed>(at));
        let withdrawn = must(self.stage.events::<treasury::Withdrawn>(at));
        let to = self.stage.city.address(at);
        let mut paid = 0;
        for (agent, _) in self.executors.clone() {
            let of_settled = settled.iter().filter(|event| event.agent == agent);
            let earned: U256 = of_settled.map(|event| event.base + event.subsidy).sum();
            let of_slashed = slashed.iter().filter(|event| event.agent == agent);
            let lost: U256 = of_slashed.map(|event| event.amount).sum();
            let of_withdrawn = withdrawn.iter().filter(|event| event.account == agent);
            let taken: U256 = of_withdrawn.map(|event| event.amount).sum();
            let call = treasury::creditsCall { account: agent };
            let credit = must(self.stage.city.client.ask(to, &call));
            let mut reserved = U256::ZERO;
            for session in sessions {
                let call = treasury::reservedStakeCall {
                    sessionId: session,
                    source: agent.into_word(),
                    agent,
                };
                reserved += U256::from(must(self.stage.city.client.ask(to, &call)));
            }
            assert_eq!(
                credit + taken + reserved,
                U256::from(DEPOSIT) + earned - lost,
                "{agent}"
            );
            paid += usize::from(!taken.is_zero());
        }
        assert!(!slashed.is_empty(), "a crash costs a stake");
        assert!(paid >= 2, "{paid} agents withdrew");
    }
}

/// How the executor of an agent says that a job stands.
fn standing(executors: &[(Address, SocketAddr)], agent: Address, job: &str) -> String {
    let mut known = executors.iter();
    let (_, address) = known.find(|(known, _)| *known == agent).expect("it serves");
    let request = format!("GET /v1/jobs/{job} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    match Http::new(*address).exchange(request.as_bytes()) {
        Ok(reply) => String::from_utf8_lossy(&reply.body).into_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn machines_alone_bring_three_tasks_from_petition_to_withdrawal_through_a_freeze_a_failure_and_a_review()
 {
    let mut world = World::raise();
    let session = world.legislated(None, CROWD);
    assert!(world.law(session).approved);

    world.befalls("hold-0");
    world.befalls("crash-2-0");
    let mission = world.commissioned(session);
    world.freeze_and_lift(mission);
    world.until_node(mission, 1, work::NodeState::Completed);
    let partial = world.fail_and_reseat(mission, session);
    world.review(mission);
    world.conclude(mission);

    world.prove_logs(mission);
    world.compare_earnings([session, partial]);
    let books = must(world.stage.books());
    books.print();
    assert!(books.balance(), "{books:?}");
    // Three seats of each consensus, and the report.
    assert_eq!(books.settled, 7);
    must(world.machines.alive());
}

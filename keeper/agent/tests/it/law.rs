//! Law that clerks and agents make alone, on a strict node: the test starts them and lets time pass.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use agentcity_abi::{
    IAssembly::{self, Deliberation},
    IEnactment, ILegislature,
    document::{self, Preimages},
};
use agentcity_agent_daemon::{
    desk::{Desk, Keys},
    policy::Policy,
    vault::Vault,
};
use agentcity_domain::{
    clerk::ClerkRole,
    machine::SessionState,
    parameter::ParameterId as P,
    peer::Peer,
    statute::{Mode, Seat, encode},
};
use agentcity_keeper::{
    clock::{Clock, Moment},
    daemon::{ANSWER_WITHIN, Keeper, LEASE_TERM, Standing},
    executor::{clerk::Template, endpoint::Rpc, quorum::Quorum, submit},
    journal::{Journal, SqliteJournal},
    library::Library,
    part::{
        Part,
        clerk::{ClerkDesk, Office},
    },
    source::{
        city::City,
        sessions::{Opened, opened},
    },
};
use agentcity_test_fixtures::{
    city::{Charter, Client, Person},
    mission::{Plan, Stage, Task, stage::GAS},
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{B256, keccak256},
    providers::{Provider, ProviderBuilder, RootProvider},
};
use tempfile::TempDir;

/// What a task may cost at most, in base units.
const BUDGET: u128 = 3_000_000_000_000_000;
/// How many passes a law may take; it takes a third of that.
const ROUNDS_MAX: usize = 400;

#[derive(Debug, Default)]
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.load(Ordering::SeqCst))
    }
}

type Clerk = Keeper<SqliteJournal, RootProvider>;
type Agent = Desk<SqliteJournal, RootProvider>;

/// A city with its people, and what stands beside it.
struct Forum {
    stage: Stage,
    provider: RootProvider,
    city: City,
    genesis: B256,
    dir: TempDir,
    clock: Hands,
    salts: u64,
}

impl Forum {
    /// A city that stands, and what stands beside it.
    async fn of(stage: Stage) -> Self {
        let url = stage.city.node.http_url().parse().expect("an address");
        let provider: RootProvider = ProviderBuilder::default().connect_http(url);
        let chain_id = stage.city.client.chain_id();
        let constitution = stage.city.address(Peer::Constitution);
        let city = City::find(&provider, chain_id, constitution).await;
        let genesis = provider.get_block(BlockNumberOrTag::Earliest.into()).await;
        Self {
            city: city.expect("sealed"),
            genesis: genesis.expect("an answer").expect("a block").header.hash,
            dir: tempfile::tempdir().expect("a folder"),
            clock: Hands::default(),
            salts: 0,
            stage,
            provider,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Three tasks, two of which several executors agree on and one that people look at.
    fn plan() -> Plan {
        Plan {
            name: "three tasks".into(),
            tasks: vec![
                Task::agreed("fetch", BUDGET, 3, 2, Mode::Exact),
                Task::agreed("classify", BUDGET, 3, 2, Mode::Exact),
                Task::reviewed("report", BUDGET),
            ],
            edges: vec![(0, 1), (1, 2)],
            predicates: Vec::new(),
        }
    }

    /// The plan's document in a file.
    fn document(&self) -> PathBuf {
        let plan = Self::plan();
        let pages = encode::statute(&plan.drafts(), &plan.predicates).expect("pages");
        let mut known = Preimages::default();
        for task in &plan.tasks {
            known.add_terms(task.terms.clone());
        }
        let document = document::decode(&pages, &known).expect("a document");
        let path = self.path("law.jsonld");
        std::fs::write(&path, document.pretty()).expect("written");
        path
    }

    /// A clerk of this city, with a journal of its own and an account that pays.
    fn clerk(&mut self, role: ClerkRole, process: &str) -> Clerk {
        let payer = format!("payer of the {}", role.name());
        let payer = self.stage.city.person(&payer).expect("coins");
        let office = Office {
            role,
            key: self.stage.clerk(role).signer().clone(),
            template: Template::default(),
            from_block: 0,
            pause: Duration::from_secs(1),
            admissions: None,
        };
        let policy = submit::Policy {
            depth_blocks: 0,
            ..submit::Policy::default()
        };
        let library = Library::open(self.path("documents")).expect("a folder");
        let desk = ClerkDesk::new(self.provider.clone(), self.city, library, office);
        let path = self.path(&format!("{}.sqlite", role.name()));
        let mut journal = SqliteJournal::open(&path).expect("a journal");
        let (chain_id, genesis) = (self.city.chain_id, self.genesis);
        journal.bind(chain_id, genesis).expect("this chain's");
        let endpoint = Quorum::of_one(Rpc::new(self.provider.clone(), ANSWER_WITHIN));
        let payer = payer.signer().clone();
        let submitter = submit::Submitter::new(endpoint, payer, chain_id, policy);
        let parts: Vec<Arc<dyn Part>> = vec![Arc::new(desk)];
        Keeper::with_parts(journal, process.to_owned(), 0, Some(submitter), parts).expect("a clerk")
    }

    /// An agent that does what these tables of a policy say, and its principal's voice.
    fn agent(&self, agent: &Person, principal: &Person, tables: &str) -> Agent {
        let folder = self.path(&agent.name.replace(' ', "-"));
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = |name: &str| format!("{:?}", folder.join(name).display().to_string());
        for (name, person) in [("agent.key", agent), ("principal.key", principal)] {
            let key = person.signer().to_bytes();
            std::fs::write(folder.join(name), key.to_string()).expect("written");
        }
        let text = format!(
            "endpoint = {:?}\nconstitution = \"{}\"\nagent_key_file = {}\nprincipal_key_file = {}\njournal = {}\n\
             secrets = {}\ndocuments = {:?}\ndepth_blocks = 0\n\n[vote]\norder = \"cheapest\"\n\n[sponsor]\n\
             petitions = true\n\n{tables}",
            self.stage.city.node.http_url(),
            self.city.constitution,
            file("agent.key"),
            file("principal.key"),
            file("journal"),
            file("vault"),
            self.path("documents").display().to_string(),
        );
        let policy = Policy::parse(&text).expect("a policy");
        let keys = Keys {
            agent: policy.agent_key().expect("a key"),
            principal: policy.principal_key().expect("a key"),
        };
        let journal = SqliteJournal::open(&policy.journal).expect("a journal");
        let vault = Vault::open(&policy.secrets).expect("a vault");
        let provider = self.provider.clone();
        Desk::new(
            journal,
            vault,
            provider,
            (self.city, self.genesis),
            policy,
            keys,
        )
        .expect("an agent")
    }

    /// Every executor at its desk, each cheaper than the one before, the last under seal; and the sponsor, who wants the law.
    fn agents(&self) -> Vec<Agent> {
        let mut agents = Vec::new();
        for (executor, place) in self.stage.executors.iter().zip(0..) {
            let tables = format!(
                "[limits]\nbids_max = 8\nstake_max_base_units = \"1000000000000000000\"\n\n[[bid]]\nservice = \"{}\"\n\
                 tiers = [1, 2, 3]\nprice_permille = {}\nprice_min_base_units = \"1\"\nstake_permille = 1000\n\
                 match_permille = 0\nlatency_ms = 1000\nsealed = {}\n",
                executor.service,
                1_000 - 50 * place,
                place == 3,
            );
            agents.push(self.agent(&executor.agent, &executor.principal, &tables));
        }
        let document = self.document().display().to_string();
        let agenda = format!(
            "[[agenda]]\ndocument = {document:?}\ndomain = \"{}\"\n",
            keccak256("research"),
        );
        let (proposer, sponsor) = (&self.stage.proposer, &self.stage.sponsor);
        agents.push(self.agent(proposer, sponsor, &agenda));
        agents
    }

    async fn head(&self) -> u64 {
        self.provider.get_block_number().await.expect("a number")
    }

    /// The newest session.
    async fn newest(&self) -> Option<Opened> {
        let until = self.head().await;
        let all = opened(&self.provider, &self.city, 0, until).await;
        all.expect("logs").last().copied()
    }

    fn state(&mut self, session: B256) -> Option<SessionState> {
        let of = self.stage.session(session).expect("a session");
        SessionState::from_u8(of.state as u8)
    }

    /// Everybody has a turn. Whether anything happened on the chain, or is about to.
    async fn turn(&mut self, clerks: &mut [&mut Clerk], agents: &mut [Agent]) -> bool {
        let before = self.head().await;
        let mut open = 0;
        self.clock.0.fetch_add(1_000, Ordering::SeqCst);
        for clerk in clerks {
            assert_eq!(
                clerk.stand(&self.clock).expect("a lease"),
                Standing::Working
            );
            clerk.observe(&self.clock).await.expect("a look");
            open += clerk.act(&self.clock, false).await.expect("an act");
        }
        for agent in agents {
            assert_eq!(
                agent.stand(&self.clock).expect("a lease"),
                Standing::Working
            );
            let salts = &mut self.salts;
            let mut draw = || {
                *salts += 1;
                keccak256(format!("salt {salts}"))
            };
            let passed = agent.pass(&self.clock, &mut draw, false).await;
            open += passed.expect("a pass");
        }
        open > 0 || self.head().await != before
    }

    /// The next instant at which a session's time ends.
    async fn deadline(&mut self) -> Option<u64> {
        let session = self.newest().await?.session;
        let of = self.stage.session(session).expect("a session");
        if of.state as u8 == 0 {
            let election = self.stage.election(session).expect("an election");
            let until: u64 = election.expiresAt.to();
            if election.step != Deliberation::Debating {
                return Some(until);
            }
            let call = IAssembly::debateCall { sessionId: session };
            let assembly = self.stage.city.address(Peer::Assembly);
            let debate = self
                .stage
                .city
                .client
                .ask(assembly, &call)
                .expect("a debate");
            let rounds = u64::from(self.stage.city.number(P::DeliberationRounds).expect("one"));
            let round = u64::from(self.stage.city.number(P::DeliberationRoundMs).expect("one"));
            let polling = debate.speakers == 0 && debate.voters > 0;
            return Some(if polling {
                until - rounds * round / 1_000
            } else {
                until
            });
        }
        let awards_from: u64 = of.awardsFrom.to();
        let now = self.stage.city.client.now().expect("a time");
        Some(if now < awards_from {
            awards_from - 1
        } else {
            of.expiresAt.to()
        })
    }

    /// Turns until a session is over; where nobody has anything to do, time passes.
    async fn until_over(&mut self, clerks: &mut [&mut Clerk], agents: &mut [Agent]) -> B256 {
        for _ in 0..ROUNDS_MAX {
            if self.turn(clerks, agents).await {
                continue;
            }
            let session = self.newest().await.map(|opened| opened.session);
            if let Some(session) = session
                && matches!(
                    self.state(session),
                    Some(SessionState::Deployed | SessionState::Failed)
                )
            {
                return session;
            }
            let until = self.deadline().await.expect("somebody waits for a session");
            self.stage.outlast(until).expect("time passes");
        }
        panic!("no law after {ROUNDS_MAX} rounds");
    }

    /// The law that a session made.
    fn law(&mut self, session: B256) -> IEnactment::Law {
        let call = IEnactment::lawOfCall { sessionId: session };
        let enactment = self.stage.city.address(Peer::Enactment);
        self.stage.city.client.ask(enactment, &call).expect("a law")
    }

    /// Everything that was bid, as seats, in the order of the bids.
    fn bids(&mut self, session: B256) -> Vec<Seat> {
        let legislature = self.stage.city.address(Peer::Legislature);
        let count = self.stage.session(session).expect("a session").bids;
        let client = &mut self.stage.city.client;
        (0..count)
            .map(|bid| {
                let call = ILegislature::bidOfCall {
                    sessionId: session,
                    bid,
                };
                let bid = client.ask(legislature, &call).expect("a bid");
                Seat {
                    node: bid.node,
                    seat: 0,
                    agent: bid.agent,
                    price: bid.price,
                    stake: bid.stake,
                    source: bid.source,
                    service: bid.serviceId,
                }
            })
            .collect()
    }
}

fn said(law: &IEnactment::Law) -> String {
    let IEnactment::Law {
        approved,
        audited,
        kind,
        statuteHash,
        assignmentsHash,
        epoch,
        nodes,
        fairness,
        fairnessWaived,
        budget,
        sponsor,
        domain,
        ..
    } = law;
    format!(
        "{approved} {audited} {kind:?} {statuteHash} {assignmentsHash} {epoch} {nodes} {fairness} {fairnessWaived} {budget} \
         {sponsor} {domain}"
    )
}

/// Founding a city blocks, so it stands before anything else runs.
fn with_a_city<F: Future<Output = ()>>(story: impl FnOnce(Stage) -> F) {
    let stage = Stage::raise(&Charter::default(), 4, 1).expect("a city");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(story(stage));
}

/// The law that clerks and agents make is the one that people make of the same proposal and the same bids.
#[test]
fn clerks_and_agents_make_the_law_that_people_would() {
    with_a_city(legislate);
}

async fn legislate(stage: Stage) {
    let mut forum = Forum::of(stage).await;
    let mut clerks: Vec<Clerk> = ClerkRole::ALL
        .iter()
        .map(|role| forum.clerk(*role, "one"))
        .collect();
    let mut agents = forum.agents();
    let mut posts: Vec<&mut Clerk> = clerks.iter_mut().collect();
    let session = forum.until_over(&mut posts, &mut agents).await;
    assert_eq!(forum.state(session), Some(SessionState::Deployed));
    let own = forum.law(session);
    assert!(own.approved);

    let bids = forum.bids(session);
    drop((clerks, agents));
    // Agents sent from the same accounts: whoever counts their nonces counts anew.
    let mut client = Client::new(&forum.stage.city.node).expect("a node");
    client.allow_gas(GAS);
    forum.stage.city.client = client;
    assert_eq!(bids.len(), 12, "every executor on every task");
    let people = forum
        .stage
        .legislate_with(&Forum::plan(), &bids)
        .expect("a law");
    assert_eq!(said(&own), said(&people.answer));
}

/// A codifier that dies when it has decided what to do, and comes back as another process, carries on; meanwhile nothing else waits.
#[test]
fn a_clerk_that_died_carries_on_and_errands_do_not_wait_for_it() {
    with_a_city(take_over);
}

async fn take_over(stage: Stage) {
    let mut forum = Forum::of(stage).await;
    let plan = Forum::plan();
    forum.document();
    copy(&forum.path("law.jsonld"), &forum.path("documents"));
    let bids = plan.seats(&forum.stage.executors, 2_000_000_000_000_000);
    let bill = forum.stage.adopt(&plan).expect("a bill");
    forum.stage.assign(&bill, &bids).expect("an award");
    assert_eq!(forum.state(bill.session), Some(SessionState::Codification));

    // It decides, writes that down, and dies before anything left.
    let mut codifier = forum.clerk(ClerkRole::Codifier, "one");
    assert_eq!(
        codifier.stand(&forum.clock).expect("free"),
        Standing::Working
    );
    codifier.observe(&forum.clock).await.expect("a look");
    drop(codifier);
    let mut others = [
        forum.clerk(ClerkRole::Speaker, "one"),
        forum.clerk(ClerkRole::Regulator, "one"),
    ];
    let [speaker, regulator] = &mut others;
    let mut posts = [speaker, regulator];
    while forum.turn(&mut posts, &mut []).await {}
    assert_eq!(
        forum.state(bill.session),
        Some(SessionState::Codification),
        "nobody signs for it"
    );

    // Another process of the same journal waits for the lease, and then goes on.
    let mut codifier = forum.clerk(ClerkRole::Codifier, "two");
    assert!(matches!(
        codifier.stand(&forum.clock).expect("an answer"),
        Standing::Waiting { holder, .. } if holder == "one"
    ));
    forum.clock.0.fetch_add(LEASE_TERM.get(), Ordering::SeqCst);
    assert_eq!(
        codifier.stand(&forum.clock).expect("over"),
        Standing::Working
    );
    for _ in 0..ROUNDS_MAX {
        let [speaker, regulator] = &mut others;
        let busy = forum
            .turn(&mut [&mut codifier, speaker, regulator], &mut [])
            .await;
        if !busy && forum.law(bill.session).approved {
            break;
        }
    }
    assert_eq!(forum.state(bill.session), Some(SessionState::Deployed));
}

fn copy(from: &Path, into: &Path) {
    std::fs::create_dir_all(into).expect("a folder");
    std::fs::copy(from, into.join("law.jsonld")).expect("copied");
}

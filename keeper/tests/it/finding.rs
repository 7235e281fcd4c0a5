//! A keeper finds its missions in the city's logs: what appears is served without a word to anybody, what ended is left alone, and it goes
//! on after its death where it was.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use agentcity_abi::{
    ICollaboration as work, ITreasury as treasury,
    document::{self, Preimages},
};
use agentcity_domain::{
    parameter::ParameterId as P,
    peer::Peer,
    statute::{Seat, encode},
};
use agentcity_executor::client::{Account, Client, Patience};
use agentcity_keeper::{
    clock::{Clock, Moment},
    daemon::Keeper,
    event::Event,
    executor::{
        endpoint::Rpc,
        quorum::Quorum,
        submit::{Policy, Submitter},
    },
    journal::{Journal, SqliteJournal},
    library::Library,
    part::{
        CityChain, Part,
        router::{Routing, STREAM, Setup, Texts},
    },
    source::{chain::Chain, endpoint::HttpEndpoint, ground::Ground, pool::Pool},
};
use agentcity_test_fixtures::{
    gas,
    mission::{Charter, Law, Plan, Stage, Task, seconds},
};
use alloy::{
    primitives::{Address, B256, U256},
    providers::RootProvider,
};
use tempfile::{TempDir, tempdir};
use tokio::runtime::Runtime;

use crate::mission::{PRICE, STAKE, provider, serve};

/// Looks within which a mission of one node is worked on: some ten are needed.
const LOOKS_MAX: u64 = 100;

#[derive(Debug, Default)]
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.load(Ordering::SeqCst))
    }
}

type Real = Keeper<SqliteJournal, RootProvider>;

struct Scene {
    stage: Stage,
    ground: Ground,
    addresses: Vec<(Address, String)>,
    clock: Hands,
    folder: TempDir,
    runtime: Runtime,
}

fn plan(name: &str) -> Plan {
    Plan {
        name: name.to_owned(),
        tasks: vec![Task::proved(name, PRICE)],
        edges: Vec::new(),
        predicates: Vec::new(),
    }
}

impl Scene {
    fn raise() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let stage = Stage::raise(&Charter::default(), 5, 1).unwrap_or_else(|e| panic!("{e}"));
        gas::cache_city(&stage.city).expect("a cache");
        let folder = tempdir().expect("a folder");
        let constitution = stage.city.address(Peer::Constitution);
        let found = runtime.block_on(Ground::find(&[provider(&stage)], 1, Some(constitution)));
        let mut addresses = Vec::new();
        for executor in stage.executors.clone() {
            let (address, _) = runtime.block_on(serve(&stage, &executor, folder.path()));
            addresses.push((executor.agent.address(), address));
        }
        Self {
            stage,
            ground: found.expect("a city"),
            addresses,
            clock: Hands::default(),
            folder,
            runtime,
        }
    }

    fn chain(&self) -> Arc<CityChain> {
        let city = self.ground.city.expect("a city");
        let chain = (self.ground.chain_id, self.ground.genesis);
        let url = self.stage.city.node.http_url().parse().expect("a URL");
        let patience = Duration::from_secs(10);
        let endpoint = HttpEndpoint::new(url, patience, chain, city.contracts().addresses());
        let pool = Pool::new(vec![("node".to_owned(), endpoint.expect("TLS"))], 1);
        Arc::new(Chain::new(pool.expect("one"), 1, Duration::from_secs(1)))
    }

    /// A keeper by this name, which serves these executors; again, it is the same one after its death.
    fn keeper(&mut self, name: &str, served: &BTreeSet<Address>, missions: Vec<B256>) -> Real {
        let payer = self.stage.city.person(&format!("keeper {name}"));
        let payer = payer.expect("a payer");
        let city = self.ground.city.expect("a city");
        let client = |(agent, base): &(Address, String)| {
            let (venue, patience) = (city.venue(), Patience::default());
            let client = Client::new(base, *agent, Account::Key, venue, None, patience);
            (*agent, client.expect("an address"))
        };
        let executors: BTreeMap<Address, Client> = self.addresses.iter().map(client).collect();
        let setup = Setup {
            city,
            executors,
            served: served.clone(),
            missions,
            texts: Texts::default(),
            pause: Duration::from_secs(3_600),
        };
        let own = provider(&self.stage);
        let library = Library::open(self.documents()).expect("a folder");
        let part = Routing::new(own.clone(), setup)
            .reading(library)
            .following(self.chain());
        let part: Arc<dyn Part> = Arc::new(part);
        let policy = Policy {
            depth_blocks: 0,
            ..Policy::default()
        };
        let endpoint = Quorum::of_one(Rpc::new(own, Duration::from_secs(10)));
        let signer = payer.signer().clone();
        let submitter = Submitter::new(endpoint, signer, city.chain_id, policy);
        let journal = SqliteJournal::open(&self.folder.path().join(name)).expect("a journal");
        Keeper::with_parts(journal, name.to_owned(), 0, Some(submitter), vec![part])
            .expect("one part")
    }

    fn documents(&self) -> PathBuf {
        self.folder.path().join("documents")
    }

    /// Puts a law's document where keepers read: what its nodes are about is not known otherwise.
    fn write(&self, law: &Law) {
        let plan = &law.plan;
        let pages = encode::statute(&plan.drafts(), &plan.predicates).expect("pages");
        let mut known = Preimages::default();
        for task in &plan.tasks {
            known.add_terms(task.terms.clone());
        }
        let document = document::decode(&pages, &known).expect("a document");
        let path = self.documents().join(plan.name.replace(' ', "-"));
        std::fs::write(path, document.pretty()).expect("written");
    }

    fn look(&mut self, keeper: &mut Real) {
        self.clock.0.fetch_add(1, Ordering::SeqCst);
        keeper.stand(&self.clock).expect("it stands");
        self.runtime.block_on(async {
            keeper.observe(&self.clock).await.expect("it looks");
            keeper.act(&self.clock, false).await.expect("it acts");
            // Work goes on beside the keeper.
            tokio::time::sleep(Duration::from_millis(10)).await;
        });
    }

    fn until(&mut self, keeper: &mut Real, law: &Law, state: work::MissionState) {
        for _ in 0..LOOKS_MAX {
            if self.state(law) == state {
                return;
            }
            self.look(keeper);
        }
        panic!("{} stands at {:?}", law.mission, self.state(law));
    }

    fn state(&mut self, law: &Law) -> work::MissionState {
        let call = work::missionCall {
            missionId: law.mission,
        };
        let to = self.stage.city.address(Peer::Collaboration);
        self.stage
            .city
            .client
            .ask(to, &call)
            .expect("a mission")
            .state
    }

    /// A mission that has its money, and neither pages nor seats.
    fn create(&mut self, plan: &Plan) -> Law {
        let law = self.stage.legislate(plan, STAKE);
        let mut law = law.unwrap_or_else(|e| panic!("{e}"));
        self.stage.create(&mut law).expect("created");
        self.stage.fund(&mut law).expect("paid");
        law
    }

    fn deploy(&mut self, law: &mut Law) {
        let anybody = self.stage.sponsor.clone();
        self.stage.deploy(law, &anybody, 1).expect("pages");
        self.stage.seat(law, &anybody, 1).expect("seats");
        self.stage.finalise(law, &anybody).expect("law");
    }

    /// A mission with one seat, for which these executors bid alike: the earlier wins, the next stands behind it.
    fn bid_for(&mut self, plan: &Plan, bidders: &[usize]) -> Law {
        let task = &plan.tasks[0];
        let bids = bidders.iter().map(|bidder| {
            let executor = &self.stage.executors[*bidder];
            let agent = executor.agent.address();
            Seat {
                node: 0,
                seat: 0,
                agent,
                price: task.node.share(),
                stake: plan.stake(0, STAKE),
                source: agent.into_word(),
                service: executor.service,
            }
        });
        let bids: Vec<Seat> = bids.collect();
        let law = self.stage.legislate_with(plan, &bids);
        let mut law = law.unwrap_or_else(|e| panic!("{e}"));
        self.stage.make_law(&mut law).expect("law");
        law
    }

    fn warp(&mut self, secs: u64) {
        let warped = self.stage.city.client.warp(Duration::from_secs(secs));
        warped.expect("time passes");
    }

    fn enact(&mut self, plan: &Plan) -> Law {
        let mut law = self.create(plan);
        self.deploy(&mut law);
        law
    }

    fn is_paid_out(&mut self, law: &Law, agent: Address) -> bool {
        let to = self.stage.city.address(Peer::Treasury);
        let call = treasury::lockedStakeCall {
            missionId: law.mission,
            agent,
        };
        self.stage
            .city
            .client
            .ask(to, &call)
            .expect("books")
            .amount
            .is_zero()
    }

    /// What the journal of a keeper has of looks at a mission: how many nodes each showed.
    fn looks(&self, name: &str, law: &Law) -> Vec<usize> {
        let path = self.folder.path().join(name);
        let mut journal = SqliteJournal::open(&path).expect("a journal");
        let events = journal.replay(STREAM).expect("events").events;
        let seen = events.iter().filter_map(|recorded| {
            match serde_json::from_str(&recorded.body).expect("its own") {
                Event::Router(sight) if sight.mission == law.mission => Some(sight.nodes.len()),
                _ => None,
            }
        });
        seen.collect()
    }
}

/// Who has the one seat of a mission.
fn seated(scene: &mut Scene, law: &Law) -> Address {
    let call = work::seatCall {
        missionId: law.mission,
        index: 0,
        place: 0,
    };
    let to = scene.stage.city.address(Peer::Collaboration);
    scene
        .stage
        .city
        .client
        .ask(to, &call)
        .expect("a seat")
        .agent
}

/// INV-KEEPER-05.
#[test]
fn missions_that_appear_are_served_and_what_ended_is_left_alone() {
    let plans = [plan("find"), plan("find again")];
    let mut scene = Scene::raise();
    let everybody: BTreeSet<Address> = scene.addresses.iter().map(|(agent, _)| *agent).collect();
    let mut one = scene.keeper("one", &everybody, Vec::new());
    for _ in 0..2 {
        scene.look(&mut one);
    }
    // It appears while the keeper runs: first without seats, so that it is nobody's, and then with them.
    let mut first = scene.create(&plans[0]);
    for _ in 0..2 {
        scene.look(&mut one);
    }
    assert_eq!(scene.looks("one", &first), [0; 0]);
    scene.deploy(&mut first);
    scene.look(&mut one);
    // What its law is about is written down later still.
    scene.write(&first);
    scene.until(&mut one, &first, work::MissionState::Verification);

    // Whoever has no seat does not look at it, and who is told to look at another does not either.
    let worker = seated(&mut scene, &first);
    let idle: BTreeSet<Address> = everybody.iter().copied().filter(|a| *a != worker).collect();
    let mut stranger = scene.keeper("stranger", &idle, Vec::new());
    let mut chosen = scene.keeper("chosen", &everybody, vec![B256::repeat_byte(1)]);
    for _ in 0..3 {
        scene.look(&mut stranger);
        scene.look(&mut chosen);
    }
    assert_eq!(scene.looks("stranger", &first), [0; 0]);
    assert_eq!(scene.looks("chosen", &first), [0; 0]);

    // Another appears while the keeper is dead: it is served by the one that comes after, with what was known before.
    drop(one);
    let second = scene.enact(&plans[1]);
    let mut one = scene.keeper("one", &everybody, Vec::new());
    scene.write(&second);
    scene.until(&mut one, &second, work::MissionState::Verification);

    // The first ends: its stake is released and its escrow closed, and then it is not looked at any more.
    // Legislating the other took longer than monitors have for their word, so the keeper had the gate asked itself.
    scene.until(&mut one, &first, work::MissionState::Completed);
    let over = u64::from(P::SanctionWindowSecs.row().default) + 1;
    let warped = scene.stage.city.client.warp(Duration::from_secs(over));
    warped.expect("time passes");
    for _ in 0..LOOKS_MAX {
        if scene.is_paid_out(&first, worker) {
            break;
        }
        scene.look(&mut one);
    }
    assert!(scene.is_paid_out(&first, worker));
    for _ in 0..3 {
        scene.look(&mut one);
        scene.look(&mut stranger);
    }
    let (before, other) = (scene.looks("one", &first), scene.looks("one", &second));
    for _ in 0..3 {
        scene.look(&mut one);
        scene.look(&mut stranger);
    }
    assert_eq!(scene.looks("one", &first), before, "it is over");
    assert_eq!(scene.looks("one", &second).len(), other.len() + 3);
    // Of what was never theirs others needed to know that it ended, and no more.
    assert_eq!(scene.looks("stranger", &first), [0]);
    // And that is known after a death too.
    drop(one);
    let mut one = scene.keeper("one", &everybody, Vec::new());
    for _ in 0..2 {
        scene.look(&mut one);
    }
    assert_eq!(scene.looks("one", &first), before);
}

#[test]
fn a_silent_winner_pays_and_the_keeper_of_the_runner_up_has_its_seat_worked() {
    let mut scene = Scene::raise();
    let plan = plan("silent");
    let law = scene.bid_for(&plan, &[0, 1]);
    let [silent, next] = [0, 1].map(|place| scene.addresses[place].0);
    assert_eq!(seated(&mut scene, &law), silent);
    // Nobody serves the winner, and the runner-up's keeper has no seat of the mission: it looks at it all the same.
    let mut keeper = scene.keeper("next", &BTreeSet::from([next]), Vec::new());
    let mut idle = scene.keeper("idle", &BTreeSet::from([scene.addresses[2].0]), Vec::new());
    scene.write(&law);
    for _ in 0..3 {
        scene.look(&mut keeper);
        scene.look(&mut idle);
    }
    assert_eq!(seated(&mut scene, &law), silent, "its window is open");
    assert!(scene.looks("next", &law).len() >= 2);
    assert_eq!(scene.looks("idle", &law), [0; 0], "it stands behind nobody");
    scene.warp(seconds(P::AcceptanceWindowMs) + seconds(P::TimeoutGraceMs) + 1);
    scene.until(&mut keeper, &law, work::MissionState::Verification);
    assert_eq!(seated(&mut scene, &law), next);

    // The silent one lost a third of its stake, and nothing was paid to it; the price is the runner-up's.
    let faults: Vec<work::FaultSignal> = scene.stage.events(Peer::Collaboration).expect("logs");
    let faults: Vec<_> = faults.iter().map(|one| (one.executor, one.fault)).collect();
    assert_eq!(faults, [(silent, work::Reason::SeatNotAccepted)]);
    let slashed: Vec<treasury::StakeSlashed> = scene.stage.events(Peer::Treasury).expect("logs");
    let slashed: Vec<_> = slashed.iter().map(|one| (one.agent, one.amount)).collect();
    assert_eq!(slashed, [(silent, U256::from(STAKE * 33 / 100))]);
    let settled: Vec<treasury::Settled> = scene.stage.events(Peer::Treasury).expect("logs");
    let settled: Vec<_> = settled.iter().map(|one| (one.agent, one.share)).collect();
    assert_eq!(settled, [(next, U256::from(PRICE))]);

    // What is left of its stake comes back by its own keeper, though it sits nowhere any more.
    scene.warp(u64::from(P::ReconcileTimeoutSecs.row().default) + 1);
    scene.until(&mut keeper, &law, work::MissionState::Completed);
    scene.warp(u64::from(P::SanctionWindowSecs.row().default) + 1);
    let mut late = scene.keeper("late", &BTreeSet::from([silent]), Vec::new());
    for _ in 0..LOOKS_MAX {
        if scene.is_paid_out(&law, silent) && scene.is_paid_out(&law, next) {
            break;
        }
        scene.look(&mut keeper);
        scene.look(&mut late);
    }
    let released: Vec<treasury::StakeReleased> = scene.stage.events(Peer::Treasury).expect("logs");
    let mut released: Vec<_> = released.iter().map(|one| (one.agent, one.amount)).collect();
    released.sort_unstable();
    let mut wanted = vec![
        (silent, U256::from(STAKE - STAKE * 33 / 100)),
        (next, U256::from(STAKE)),
    ];
    wanted.sort_unstable();
    assert_eq!(released, wanted);
    let books = scene.stage.books().expect("books");
    assert!(books.balance(), "{books:?}");
    assert_eq!(books.parts.escrows, U256::ZERO);
    assert_eq!(books.parts.lockedStakes, U256::ZERO);
}

#[test]
fn a_mission_whose_deadline_passed_is_ended_by_its_keeper_and_its_stakes_come_back() {
    let mut scene = Scene::raise();
    let law = scene.enact(&plan("forgotten"));
    let worker = seated(&mut scene, &law);
    // What its law is about is known to nobody, so nobody works.
    let mut keeper = scene.keeper("forgets", &BTreeSet::from([worker]), Vec::new());
    scene.look(&mut keeper);
    let deadline: u64 = law.answer.missionDeadline.to();
    let now = scene.stage.city.client.now().expect("the time");
    scene.warp(deadline.saturating_sub(now) + 1);
    scene.until(&mut keeper, &law, work::MissionState::Failed);
    scene.warp(seconds(P::RecoveryGraceMs) + 1);
    scene.until(&mut keeper, &law, work::MissionState::Aborted);
    scene.warp(u64::from(P::SanctionWindowSecs.row().default) + 1);
    for _ in 0..LOOKS_MAX {
        if scene.is_paid_out(&law, worker) {
            break;
        }
        scene.look(&mut keeper);
    }
    assert!(scene.is_paid_out(&law, worker));
}

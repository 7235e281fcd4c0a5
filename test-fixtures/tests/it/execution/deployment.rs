//! From a plan to law: what anybody may bring, what is refused, and what it costs.

use agentcity_abi::{ICollaboration, IEnactment, ILegislature, IStatute, ITreasury};
use agentcity_domain::{clerk::ClerkRole, peer::Peer, statute::printed};
use agentcity_test_fixtures::{
    city::CallError,
    gas::{self, missions::ten},
    mission::{
        Charter, Law, Plan, Scene, Stage,
        deploy::{PAGES_AT_ONCE, SEAT_PAGES_AT_ONCE},
        plan::hash,
        print, stage,
    },
};
use alloy::{
    primitives::{B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolError},
};

/// What DESIGN §3 gives a statute of ten nodes and twelve edges: deployed, its mission created and finalised.
const CEILING: u64 = 450_000;
/// Bytes that the sequencer takes in one transaction.
const TRANSACTION_BYTES: usize = 95_000;
/// Tranches in which the largest statutes of the specification must fit.
const TRANCHES: usize = 10;

/// A share of a node's budget, and a stake, in base units.
const BUDGET: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;

fn state(stage: &mut Stage, law: &Law) -> ICollaboration::MissionState {
    let call = ICollaboration::missionCall {
        missionId: law.mission,
    };
    let to = stage.city.address(Peer::Collaboration);
    stage.city.client.ask(to, &call).unwrap().state
}

/// The refusal of a call, if it is one of the statute's.
fn refusal(error: &CallError) -> IStatute::IStatuteErrors {
    let refusal = error.refusal().unwrap_or_else(|| panic!("{error}"));
    refusal.typed().unwrap_or_else(|| panic!("{error}"))
}

#[test]
fn ten_tasks_become_law_by_transactions_alone() {
    let mut stage = Stage::raise(&Charter::default(), 4, 2).unwrap_or_else(|e| panic!("{e}"));
    gas::cache_city(&stage.city).unwrap();
    let plan = ten();
    let mut law = stage
        .legislate(&plan, STAKE)
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((plan.tasks.len(), plan.edges.len()), (10, 12));
    stage.create(&mut law).unwrap_or_else(|e| panic!("{e}"));
    stage.fund(&mut law).unwrap_or_else(|e| panic!("{e}"));
    // Whoever comes along deploys it.
    let stranger = stage.city.person("stranger").unwrap();
    stage
        .deploy(&mut law, &stranger, 1)
        .unwrap_or_else(|e| panic!("{e}"));
    stage
        .seat(&mut law, &stranger, 1)
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        state(&mut stage, &law),
        ICollaboration::MissionState::Pending
    );
    let finalised = stage
        .finalise(&mut law, &stranger)
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        state(&mut stage, &law),
        ICollaboration::MissionState::Active
    );
    let eligible = finalised
        .logs
        .iter()
        .filter(|log| {
            log.topics()[0]
                == <ICollaboration::NodeEligible as alloy::sol_types::SolEvent>::SIGNATURE_HASH
        })
        .count();
    assert_eq!(eligible, 1, "one root");

    let (bytes, seat_bytes) = law.written.bytes();
    println!("pages of {bytes} bytes, seats of {seat_bytes} bytes");
    tell(&mut stage, &law, "the city's first");
    println!(
        "the ceiling is {CEILING}, the seed says {} for deploying",
        printed::deployment_gas(10, 12)
    );

    // What the treasury holds is what the seats named.
    let treasury = stage.city.address(Peer::Treasury);
    let staked: u128 = law.written.seats.iter().map(|seat| seat.stake).sum();
    let parts = stage
        .city
        .client
        .ask(treasury, &ITreasury::partsCall {})
        .unwrap();
    assert_eq!(parts.lockedStakes, U256::from(staked));
    assert_eq!(parts.reservedStakes, U256::ZERO);
    assert_eq!(parts.escrows, U256::from(law.written.budget));

    // The same again, by the same executors.
    let again = Plan {
        name: "ten tasks again".to_owned(),
        ..plan
    };
    let law = stage.enact(&again, STAKE).unwrap_or_else(|e| panic!("{e}"));
    tell(&mut stage, &law, "a later one");
}

/// Prints what a mission cost, call by call, and what of it the ceiling is for.
fn tell(stage: &mut Stage, law: &Law, which: &str) {
    print(&law.charges);
    for charge in law.charges.clone() {
        stage
            .print_breakdown(&charge)
            .unwrap_or_else(|e| panic!("{e}"));
    }
    let gas = |what| law.gas_of(what);
    let at_once = gas("deployMission");
    let seats = if at_once == 0 {
        ""
    } else {
        ", its seats included"
    };
    let deployed = gas("deployTranche") + gas("finaliseDeployment") + at_once;
    let sum = gas("createMission") + deployed;
    let all: u64 = law.charges.iter().map(|charge| charge.gas).sum();
    println!("{sum:>12} gas  {which}: created, deployed and finalised{seats}");
    println!("{all:>12} gas  {which}: everything, funding and seats included");
}

#[test]
fn ten_tasks_become_law_in_one_transaction_once_they_are_paid_for() {
    let mut stage = Stage::raise(&Charter::default(), 4, 2).unwrap_or_else(|e| panic!("{e}"));
    gas::cache_city(&stage.city).unwrap();
    let mut law = stage
        .legislate(&ten(), STAKE)
        .unwrap_or_else(|e| panic!("{e}"));
    stage.create(&mut law).unwrap_or_else(|e| panic!("{e}"));
    let stranger = stage.city.person("stranger").unwrap();
    let poor = match stage.deploy_whole(&mut law, &stranger).unwrap_err() {
        agentcity_test_fixtures::mission::MissionError::Call(error) => error,
        other => panic!("{other}"),
    };
    let typed = poor
        .refusal()
        .unwrap()
        .typed::<ITreasury::ITreasuryErrors>();
    assert!(
        matches!(
            typed,
            Some(ITreasury::ITreasuryErrors::InsufficientEscrow(_))
        ),
        "{poor}"
    );
    let statute = stage.city.address(Peer::Statute);
    let asked = IStatute::deploymentCall {
        missionId: law.mission,
    };
    let nothing = stage.city.client.ask(statute, &asked).unwrap();
    assert_eq!((nothing.nodes, nothing.seatPages), (0, 0));
    stage.fund(&mut law).unwrap_or_else(|e| panic!("{e}"));
    stage
        .deploy_whole(&mut law, &stranger)
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        state(&mut stage, &law),
        ICollaboration::MissionState::Active
    );
    let whole = stage.city.client.ask(statute, &asked).unwrap();
    assert_eq!((whole.tranches, whole.seatPages, whole.nodes), (1, 1, 10));
    tell(&mut stage, &law, "at once");
}

#[test]
fn strangers_bring_other_pages_and_the_honest_ones_arrive_all_the_same() {
    let mut stage = Stage::raise(&Charter::default(), 8, 1).unwrap_or_else(|e| panic!("{e}"));
    let plan = Plan::random("two hundred tasks", 5, 200, 240, BUDGET);
    let mut law = stage
        .legislate(&plan, STAKE)
        .unwrap_or_else(|e| panic!("{e}"));
    stage.create(&mut law).unwrap_or_else(|e| panic!("{e}"));
    let mallory = stage.city.person("mallory").unwrap();
    let statute = stage.city.address(Peer::Statute);
    let mut other = plan.clone();
    other.tasks[0].node.budget += 1;
    let theirs = other.write(law.written.seats.clone()).unwrap();
    let attempt = |stage: &mut Stage, tranche: u16, page: &[u8], rest: B256| {
        let call = IStatute::deployTrancheCall {
            missionId: law.mission,
            tranche,
            pages: vec![page.to_vec().into()],
            rest,
        };
        let error = stage
            .city
            .client
            .send(&mallory, statute, &call)
            .unwrap_err();
        refusal(&error)
    };
    let pages = law.written.pages.clone();
    let approved = law.written.statute_hash();
    // Another page with the honest rest, an honest page with another rest, and the second before the first.
    for (page, rest) in [
        (&theirs.pages[0], hash(&pages[1..])),
        (&pages[0], B256::repeat_byte(1)),
        (&pages[0], B256::ZERO),
    ] {
        match attempt(&mut stage, 0, page, rest) {
            IStatute::IStatuteErrors::NotApproved(error) => assert_eq!(error.expected, approved),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(
        attempt(&mut stage, 1, &pages[1], B256::ZERO),
        IStatute::IStatuteErrors::WrongTranche(error) if error.expected == 0
    ));
    let anybody = stage.city.person("anybody").unwrap();
    stage
        .deploy(&mut law, &anybody, 1)
        .unwrap_or_else(|e| panic!("{e}"));
    // A page that is code on a real chain now: calling it does nothing, and it holds what was approved.
    let asked = IStatute::pageCall {
        missionId: law.mission,
        index: 1,
    };
    let page = stage.city.client.ask(statute, &asked).unwrap();
    let called = stage
        .city
        .client
        .try_call(mallory.address(), page.account, U256::ZERO, b"run");
    assert!(called.unwrap().is_empty());
    assert_eq!(page.codehash, keccak256([&[0], &pages[1][..]].concat()));
    stage
        .seat(&mut law, &anybody, SEAT_PAGES_AT_ONCE)
        .unwrap_or_else(|e| panic!("{e}"));
    // Without its money it is no law; with it, it is.
    let poor = stage.finalise(&mut law, &anybody).unwrap_err();
    let poor = match poor {
        agentcity_test_fixtures::mission::MissionError::Call(error) => error,
        other => panic!("{other}"),
    };
    let typed = poor
        .refusal()
        .unwrap()
        .typed::<ITreasury::ITreasuryErrors>();
    assert!(
        matches!(
            typed,
            Some(ITreasury::ITreasuryErrors::InsufficientEscrow(_))
        ),
        "{poor}"
    );
    stage.fund(&mut law).unwrap_or_else(|e| panic!("{e}"));
    stage
        .finalise(&mut law, &anybody)
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        state(&mut stage, &law),
        ICollaboration::MissionState::Active
    );
}

/// What a call is refused with.
fn said<T: std::fmt::Debug>(
    result: Result<T, agentcity_test_fixtures::mission::MissionError>,
) -> Bytes {
    match result.unwrap_err() {
        agentcity_test_fixtures::mission::MissionError::Call(error) => error
            .refusal()
            .unwrap_or_else(|| panic!("{error}"))
            .0
            .clone(),
        other => panic!("{other}"),
    }
}

/// That an approval which is gone stops a deployment in its midst is tried in process, with a peer that takes it back
/// (`contracts/statute/tests/it`): the programs never do, and that is what is claimed here.
#[test]
fn nothing_is_a_mission_before_its_last_approval_and_no_approval_goes_afterwards() {
    let mut scene = Scene::raise(&Charter::default(), 4, 1);
    let stage = &mut scene.stage;
    let bill = stage.adopt(&ten()).unwrap_or_else(|e| panic!("{e}"));
    let bids = bill.plan.seats(&stage.executors, STAKE);
    let create = ICollaboration::createMissionCall {
        sessionId: bill.session,
        deadline: U256::from(stage.city.client.now().unwrap() + stage.life).to(),
    };
    let sponsor = stage.sponsor.clone();
    let refused = |scene: &mut Scene, statute: B256| {
        let expected = ICollaboration::NotApproved {
            missionId: bill.session,
            expected: statute,
            found: B256::ZERO,
        };
        scene.refused(&sponsor, Peer::Collaboration, &create, &expected);
    };
    let statute = bill.statute_hash();
    // Adopted, awarded and decided on, validated, approved by one of two: no law yet.
    refused(&mut scene, B256::ZERO);
    let assignments = scene.stage.assign(&bill, &bids).unwrap();
    refused(&mut scene, statute);
    scene.stage.codify(&bill, assignments).unwrap();
    scene.stage.validate(&bill).unwrap();
    refused(&mut scene, statute);
    scene
        .stage
        .approves(ClerkRole::Speaker, &bill, assignments)
        .unwrap();
    refused(&mut scene, statute);
    scene
        .stage
        .approves(ClerkRole::Regulator, &bill, assignments)
        .unwrap();
    let mut law = scene.stage.read_law(&bill, bids.len()).unwrap();
    assert!(law.answer.approved);
    scene.stage.create(&mut law).unwrap();
    // In the midst of its deployment nobody takes an approval back: clerks have said what they say, and silence ends nothing.
    let stranger = scene.stranger.clone();
    scene.stage.deploy(&mut law, &stranger, 1).unwrap();
    let again = said(
        scene
            .stage
            .approves(ClerkRole::Regulator, &bill, assignments),
    );
    let deployed = IEnactment::WrongSessionState {
        sessionId: bill.session,
        state: ILegislature::SessionState::Deployed as u8,
    };
    assert_eq!(again[..], deployed.abi_encode()[..]);
    scene.pass(scene.stage.life / 2);
    let expire = ILegislature::expireSessionCall {
        sessionId: bill.session,
    };
    let over = ILegislature::WrongSessionState {
        sessionId: bill.session,
        state: ILegislature::SessionState::Deployed,
    };
    scene.refused(&stranger, Peer::Legislature, &expire, &over);
    let free = ILegislature::releaseBidsCall {
        sessionId: bill.session,
        bids: vec![0],
    };
    let bound = ILegislature::BidBound {
        sessionId: bill.session,
        bid: 0,
        until: law.answer.missionDeadline,
    };
    scene.refused(&stranger, Peer::Legislature, &free, &bound);
    let stage = &mut scene.stage;
    stage.seat(&mut law, &stranger, 1).unwrap();
    stage.fund(&mut law).unwrap();
    stage.finalise(&mut law, &stranger).unwrap();
    assert_eq!(state(stage, &law), ICollaboration::MissionState::Active);
}

/// 500 tasks in the quick run; `AGENTCITY_MISSION_NODES` asks for more, which `cargo xtask deep` does.
#[test]
fn a_random_graph_of_all_tiers_fits_ten_tranches() {
    let nodes = std::env::var("AGENTCITY_MISSION_NODES")
        .map_or(500, |nodes| nodes.parse().expect("a number"));
    let edges = usize::from(nodes) * 6 / 5;
    let mut stage = Stage::raise(&Charter::default(), 12, 4).unwrap_or_else(|e| panic!("{e}"));
    gas::cache_city(&stage.city).unwrap();
    let seed = stage.city.seed;
    println!("graph of seed {seed}");
    let plan = Plan::random("a random graph", seed, nodes, edges, BUDGET / 10);
    assert!(plan.edges.len() >= edges);
    for tier in 1..=3 {
        assert!(
            plan.tasks.iter().any(|task| task.node.tier == tier),
            "tier {tier}"
        );
    }
    let law = stage.enact(&plan, STAKE).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        state(&mut stage, &law),
        ICollaboration::MissionState::Active
    );
    let (bytes, seat_bytes) = law.written.bytes();
    println!(
        "{nodes} nodes, {} edges, {} seats: {bytes} and {seat_bytes} bytes",
        plan.edges.len(),
        law.written.seats.len()
    );
    print(&law.charges);
    let last = law.charges.last().expect("finalised").clone();
    stage
        .print_breakdown(&last)
        .unwrap_or_else(|e| panic!("{e}"));
    let tranches: Vec<u64> = law
        .charges
        .iter()
        .filter(|charge| charge.what.starts_with("deployTranche"))
        .map(|charge| charge.gas)
        .collect();
    println!(
        "{} gas in {} tranches",
        tranches.iter().sum::<u64>(),
        tranches.len()
    );
    println!("{} gas for the seats", law.gas_of("deploySeats"));
    assert!(tranches.len() <= TRANCHES);
    assert!(law.charges.iter().all(|charge| charge.gas < stage::GAS));
    for pages in law.written.pages.chunks(PAGES_AT_ONCE) {
        let call = IStatute::deployTrancheCall {
            missionId: law.mission,
            tranche: 0,
            pages: pages.iter().map(|page| page.clone().into()).collect(),
            rest: B256::ZERO,
        };
        assert!(call.abi_encode().len() < TRANSACTION_BYTES);
    }
}

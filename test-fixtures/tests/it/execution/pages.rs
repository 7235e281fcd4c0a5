//! Attacks on the law itself: the accounts that hold it (RULINGS A6). Their code begins with the byte that stops, so nothing that anybody
//! sends or calls changes them.

use agentcity_abi::{
    ICollaboration as work, IEnactment as enactment, ILegislature as legislature,
    IStatute as statute,
};
use agentcity_domain::peer::Peer;
use agentcity_test_fixtures::mission::{Charter, Plan, Scene, Task, deploy::cut};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolValue},
};
use serde_json::json;

/// A seat's price and stake, in base units.
const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;

fn plan(name: &str) -> Plan {
    Plan {
        name: name.to_owned(),
        tasks: vec![
            Task::proved(&format!("first of {name}"), PRICE),
            Task::proved(&format!("second of {name}"), PRICE),
        ],
        edges: vec![(0, 1)],
        predicates: Vec::new(),
    }
}

fn code(scene: &mut Scene, of: Address) -> Bytes {
    let rpc = scene.stage.city.client.rpc();
    let code = rpc.call("eth_getCode", json!([of, "latest"])).unwrap();
    serde_json::from_value(code).unwrap()
}

#[test]
fn a6_no_call_and_no_coin_changes_a_page_before_or_after_it_is_law() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    let mallory = scene.person("mallory");
    let mut law = scene.legislate(&plan("a law under attack"), STAKE);
    let stage = &mut scene.stage;
    stage.create(&mut law).unwrap();
    stage.fund(&mut law).unwrap();

    // Where the next pages will be is no secret: coins are there before them.
    let statute_at = scene.at(Peer::Statute);
    let client = &mut scene.stage.city.client;
    let nonce = client
        .rpc()
        .quantity("eth_getTransactionCount", json!([statute_at, "latest"]))
        .unwrap() as u64;
    let accounts = [statute_at.create(nonce), statute_at.create(nonce + 1)];
    for account in accounts {
        client
            .pay(
                mallory.signer(),
                account,
                U256::from(7),
                Bytes::new(),
                "coins",
            )
            .unwrap();
    }
    let stage = &mut scene.stage;
    stage.deploy(&mut law, &mallory, 1).unwrap();
    stage.seat(&mut law, &mallory, 1).unwrap();
    let page = statute::pageCall {
        missionId: law.mission,
        index: 0,
    };
    let page = scene.ask(Peer::Statute, &page);
    let seats = statute::seatPageCall {
        missionId: law.mission,
        index: 0,
    };
    let seats = scene.ask(Peer::Statute, &seats);
    assert_eq!(
        [page.account, seats.account],
        accounts,
        "they were foretold"
    );
    let held = [
        [&[0], &law.written.pages[0][..]].concat(),
        [&[0], &law.written.seat_pages[0][..]].concat(),
    ];

    for (account, held) in accounts.iter().zip(&held) {
        // Called with and without data and coins, and with coins forced upon it.
        for (value, input) in [(0, &b""[..]), (5, b""), (0, b"run"), (3, &held[1..])] {
            let (input, value) = (Bytes::copy_from_slice(input), U256::from(value));
            let client = &mut scene.stage.city.client;
            let sent = client.pay(mallory.signer(), *account, value, input, "an attack");
            assert!(sent.unwrap().logs.is_empty());
        }
        let forced = agentcity_solidity::load("ForcedCoin").unwrap();
        let mut forced = forced.creation_code().unwrap();
        forced.extend(account.abi_encode());
        let (client, value) = (&mut scene.stage.city.client, U256::from(11));
        client
            .create_as(mallory.signer(), value, forced.into(), "mallory")
            .unwrap();
        let sent = U256::from(7 + 5 + 3 + 11);
        assert_eq!(client.balance(*account).unwrap(), sent);
        assert_eq!(code(&mut scene, *account)[..], held[..]);
    }
    let hashes = held.each_ref().map(keccak256);
    assert_eq!([page.codehash, seats.codehash], hashes);
    scene.stage.finalise(&mut law, &mallory).unwrap();
    // And after it is law.
    for (account, held) in accounts.iter().zip(&held) {
        let (client, input) = (&mut scene.stage.city.client, Bytes::from_static(b"run"));
        let sent = client.pay(
            mallory.signer(),
            *account,
            U256::from(1),
            input,
            "an attack",
        );
        sent.unwrap();
        assert_eq!(code(&mut scene, *account)[..], held[..]);
    }
    for node in 0..2 {
        scene.route(&law, node, &[usize::from(node)]);
        scene.submit(&law, node, node.into());
    }
    assert_eq!(scene.state(&law), work::MissionState::Verification);
}

#[test]
fn a6_deploying_finalising_and_destroying_in_one_transaction_leaves_the_law_there() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    let mallory = scene.person("mallory");
    let mut law = scene.legislate(&plan("all in one transaction"), STAKE);
    let stage = &mut scene.stage;
    stage.create(&mut law).unwrap();
    stage.fund(&mut law).unwrap();
    // A contract of mallory's that calls whatever it is told, in one transaction.
    let act = scene.stage.contract_of(&mallory).unwrap();
    let statute_at = scene.at(Peer::Statute);
    let client = &mut scene.stage.city.client;
    let nonce = client
        .rpc()
        .quantity("eth_getTransactionCount", json!([statute_at, "latest"]))
        .unwrap() as u64;
    let page = statute_at.create(nonce);
    let (pages, rest) = cut(&law.written.pages, 0, 1);
    let deploy = statute::deployTrancheCall {
        missionId: law.mission,
        tranche: 0,
        pages,
        rest,
    };
    let (pages, rest) = cut(&law.written.seat_pages, 0, 1);
    let seat = statute::deploySeatsCall {
        missionId: law.mission,
        tranche: 0,
        pages,
        rest,
    };
    let finalise = statute::finaliseDeploymentCall {
        missionId: law.mission,
    };
    let calls: Vec<(Address, Bytes)> = vec![
        (statute_at, deploy.abi_encode().into()),
        (statute_at, seat.abi_encode().into()),
        (statute_at, finalise.abi_encode().into()),
        // What would be a page's own code runs, in the transaction in which it could still destroy itself.
        (page, Bytes::from_static(b"run")),
        (page, Bytes::new()),
    ];
    act.act(&mut scene.stage.city.client, &calls).unwrap();
    assert_eq!(scene.state(&law), work::MissionState::Active);
    let held = [&[0], &law.written.pages[0][..]].concat();
    assert_eq!(code(&mut scene, page)[..], held[..]);
    for node in 0..2 {
        scene.route(&law, node, &[usize::from(node)]);
        scene.submit(&law, node, node.into());
    }
    assert_eq!(scene.state(&law), work::MissionState::Verification);
}

/// That the statute refuses such a page although it was approved is tried in process (`contracts/statute/tests/it`): here it comes to no
/// approval.
#[test]
fn a6_a_page_that_would_run_is_adopted_and_bid_on_and_becomes_no_law() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    // Voters see a hash. Behind it are bytes that destroy whoever runs them, in the place of a page.
    let destroys = vec![vec![0x32, 0xff]];
    let plan = Plan {
        tasks: vec![Task::proved("a page that would run", PRICE)],
        edges: Vec::new(),
        ..plan("a page that would run")
    };
    let stage = &mut scene.stage;
    let bids = plan.seats(&stage.executors, STAKE);
    let session = stage.petition(&plan.name).unwrap();
    let bill = stage
        .propose_pages(session, plan, destroys.clone())
        .unwrap();
    stage.agree(session).unwrap();
    stage.identify(session, &bids).unwrap();
    stage.publish_bill(&bill).unwrap();
    stage.place_bids(&bill, &bids).unwrap();
    stage.close_bidding(session).unwrap();
    // Whoever awards its seats has to show it, and it is no page.
    let award = enactment::awardCall {
        sessionId: session,
        seatPages: 1,
        pages: destroys.into_iter().map(Bytes::from).collect(),
        rest: B256::ZERO,
        earlier: Vec::new(),
    };
    let stranger = scene.stranger.clone();
    let malformed = enactment::MalformedCall {};
    scene.refused(&stranger, Peer::Enactment, &award, &malformed);
    // So the session fails by silence, nobody creates its mission, and what was reserved is free.
    let until = scene.stage.session(session).unwrap().expiresAt.to();
    let expire = legislature::expireSessionCall { sessionId: session };
    scene.out_after(until, Peer::Legislature, &expire);
    let create = work::createMissionCall {
        sessionId: session,
        deadline: U256::from(until + 1_000).to(),
    };
    let sponsor = scene.stage.sponsor.clone();
    let refused = work::NotApproved {
        missionId: session,
        expected: bill.statute_hash(),
        found: B256::ZERO,
    };
    scene.refused(&sponsor, Peer::Collaboration, &create, &refused);
    let free = legislature::releaseBidsCall {
        sessionId: session,
        bids: vec![0],
    };
    scene.send(&stranger, Peer::Legislature, &free);
    scene.leave(&[]);
}

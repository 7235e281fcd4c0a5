//! A city that pays in its own token: a whole mission, from a permit to the last unit.

use agentcity_abi::{
    ICollaboration::MissionState, IGuardian as guardian, ISettlementToken as tokens,
    ITreasury as treasury,
};
use agentcity_domain::{peer::Peer, statute::Mode};
use agentcity_test_fixtures::{
    city::{Asset, Charter, Person, life::GOOD_UNTIL},
    mission::{Plan, Scene, Task, stage::DEPOSIT, told},
};
use alloy::{
    primitives::{B256, U256, keccak256},
    sol_types::SolValue,
};

/// A seat's price and stake, in base units.
const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;

fn plan() -> Plan {
    Plan {
        name: "paid in tokens".to_owned(),
        tasks: vec![
            Task::proved("fetch", PRICE + 1),
            Task::agreed("classify", 3 * PRICE + 2, 3, 2, Mode::Exact),
        ],
        edges: vec![(0, 1)],
        predicates: Vec::new(),
    }
}

/// v, r, s of a permit that `owner` gives the treasury.
#[track_caller]
fn permit(scene: &mut Scene, owner: &Person, amount: u128, deadline: u64) -> (u8, B256, B256) {
    let token = scene.stage.city.genesis.asset.expect("a token");
    let spender = scene.at(Peer::Treasury);
    let client = &mut scene.stage.city.client;
    let nonces = tokens::noncesCall {
        owner: owner.address(),
    };
    let nonce = client.ask(token, &nonces).unwrap();
    let domain = client.ask(token, &tokens::DOMAIN_SEPARATORCall {}).unwrap();
    let kind = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
    let words = (
        keccak256(kind),
        owner.address(),
        spender,
        U256::from(amount),
        nonce,
        U256::from(deadline),
    );
    let signed = keccak256(words.abi_encode());
    let digest = keccak256([&[0x19, 0x01], domain.as_slice(), signed.as_slice()].concat());
    let signature = owner.sign(digest);
    (
        signature[64],
        B256::from_slice(&signature[..32]),
        B256::from_slice(&signature[32..64]),
    )
}

#[test]
fn a_mission_paid_in_tokens_goes_from_a_permit_to_everybodys_last_unit() {
    let tokens = Charter {
        asset: Asset::Token,
        ..Charter::default()
    };
    let mut scene = Scene::raise(&tokens, 4, 1);
    let token = scene.stage.city.genesis.asset.expect("a token");
    let sponsor = scene.stage.sponsor.clone();
    // The sponsor allows nothing but what its permit says.
    let revoke = tokens::approveCall {
        spender: scene.at(Peer::Treasury),
        value: U256::ZERO,
    };
    let client = &mut scene.stage.city.client;
    client.send(&sponsor, token, &revoke).unwrap();

    let mut law = scene.legislate(&plan(), STAKE);
    let stage = &mut scene.stage;
    stage.create(&mut law).unwrap();
    let budget = law.written.budget;
    let (v, r, s) = permit(&mut scene, &sponsor, budget, GOOD_UNTIL);
    let fund = treasury::fundMissionWithPermitCall {
        missionId: law.mission,
        amount: U256::from(budget),
        deadline: U256::from(GOOD_UNTIL),
        v,
        r,
        s,
    };
    // Coins are not what this city is paid in.
    let treasury_at = scene.at(Peer::Treasury);
    let coins = scene.stage.city.client.pay(
        sponsor.signer(),
        treasury_at,
        U256::from(budget),
        alloy::sol_types::SolCall::abi_encode(&fund).into(),
        "funding with coins",
    );
    let said = coins
        .unwrap_err()
        .refusal()
        .map(|refusal| refusal.0.to_vec());
    let not_payable = treasury::NotPayable {};
    assert_eq!(
        said,
        Some(alloy::sol_types::SolError::abi_encode(&not_payable))
    );
    // A permit that somebody relayed before is no obstacle (A9): the allowance is there.
    let relayed = tokens::permitCall {
        owner: sponsor.address(),
        spender: treasury_at,
        value: U256::from(budget),
        deadline: U256::from(GOOD_UNTIL),
        v,
        r,
        s,
    };
    let stranger = scene.stranger.clone();
    let client = &mut scene.stage.city.client;
    client.send(&stranger, token, &relayed).unwrap();
    let before = scene.purse(sponsor.address());
    let funded = scene.send(&sponsor, Peer::Treasury, &fund);
    let told_of = told::<treasury::MissionFunded>(&funded);
    assert_eq!(told_of[0].amount, U256::from(budget));
    assert_eq!(scene.purse(sponsor.address()), before - budget);
    // And it is used up: a second funding by the same words has nothing to take.
    let again = treasury::PaymentFailed {
        to: treasury_at,
        amount: U256::from(budget),
    };
    scene.refused(&sponsor, Peer::Treasury, &fund, &again);

    let stage = &mut scene.stage;
    stage.deploy(&mut law, &stranger, 1).unwrap();
    stage.seat(&mut law, &stranger, 1).unwrap();
    stage.finalise(&mut law, &stranger).unwrap();
    let parts = scene.books();
    assert_eq!(parts.escrows, U256::from(budget));
    assert_eq!(parts.lockedStakes, U256::from(4 * STAKE));

    scene.route(&law, 0, &[0]);
    scene.submit(&law, 0, 0);
    scene.route(&law, 1, &[1, 2, 3]);
    let sealed: Vec<_> = (1..4).map(|e| scene.seal(&law, 1, e, "label")).collect();
    for sealed in &sealed {
        scene.open(&law, 1, sealed);
    }
    assert_eq!(scene.state(&law), MissionState::Verification);
    scene.books();
    let monitor = scene.monitor("monitor");
    let reconcile = guardian::reconcileCall {
        missionId: law.mission,
        logRoot: keccak256("log"),
    };
    scene.send(&monitor, Peer::Guardian, &reconcile);
    let filter = guardian::filterOutputCall {
        missionId: law.mission,
    };
    scene.send(&monitor, Peer::Guardian, &filter);
    assert_eq!(scene.state(&law), MissionState::Completed);
    scene.clear(&law);
    let (taken, funds) = scene.leave(&[]);
    assert_eq!(taken + funds, 4 * DEPOSIT + budget);
    // What no seat could be paid, two units that three do not share, came back to the sponsor.
    assert_eq!(scene.purse(sponsor.address()), before - budget + 2);
    let held = scene.purse(treasury_at);
    assert_eq!(held, funds, "the treasury holds its funds and nothing else");
}

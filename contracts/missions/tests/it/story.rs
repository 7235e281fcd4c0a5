//! One mission of three tasks, as in the specification's example: proof, consensus, review.

use agentcity_abi::{
    ICollaboration::{MissionState, NodeState, releaseAgentCall},
    IGuardian as guardian, ITreasury as treasury,
};
use agentcity_domain::act::Action;
use agentcity_missions::{
    Books, City, Mission, NodeSpec, STRANGER, SeatSpec, Statute, number, output_of, service_of,
    terms,
};
use alloy_primitives::{Address, B256};

const PRICE: u128 = 100_000_000;

fn seat(agent: Address, code: u64) -> SeatSpec {
    SeatSpec {
        agent,
        service: service_of(code),
        price: PRICE,
        stake: 500_000,
        source: agent.into_word(),
    }
}

/// Fetch, classify in triplicate, report.
fn three_tasks(city: &City, mission: B256) -> Statute {
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|i| city.folk.producers[i].address);
    let node = |number: u16, tier: u8, timeout_ms, outs: Vec<u16>, seats: Vec<SeatSpec>| NodeSpec {
        tier,
        risk: u8::from(tier == 3),
        threshold: if tier == 2 { 2 } else { 1 },
        mode: 0,
        timeout_ms,
        budget: PRICE * seats.len() as u128,
        tokens: 1_000,
        outs,
        terms: terms(mission, number),
        seats,
    };
    Statute {
        nodes: vec![
            node(0, 1, 15_000, vec![1], vec![seat(a, 1)]),
            node(
                1,
                2,
                20_000,
                vec![2],
                vec![seat(b, 2), seat(c, 3), seat(d, 4)],
            ),
            node(2, 3, 300_000, vec![], vec![seat(e, 5)]),
        ],
        predicates: Vec::new(),
    }
}

#[test]
fn three_tasks_are_done_and_everybody_gets_what_is_theirs() {
    let city = City::of(5);
    let sponsor = city.folk.sponsors[0].address;
    let statute = three_tasks(&city, Mission::number(sponsor, 1));
    let agents: Vec<Address> = statute
        .nodes
        .iter()
        .flat_map(|node| &node.seats)
        .map(|seat| seat.agent)
        .collect();
    let deadline = city.world.now() + 86_400;
    let mission = Mission::legislated(&city, sponsor, 1, statute, deadline);
    let mut books = Books::default();
    // A monitor's bond has the monitor's name.
    let bonds = city.folk.monitors.iter().map(|key| key.address.into_word());
    books.bonds.extend(bonds);
    books
        .accounts
        .extend(agents.iter().copied().chain([sponsor]));
    books.missions.insert(mission.id);
    for agent in &agents {
        books.stakes.insert((mission.id, *agent));
        books
            .reserves
            .insert((mission.session, agent.into_word(), *agent));
    }
    books.check(&city);
    let before = city.balance(sponsor);
    mission.begin(&city);
    books.check(&city);

    mission.accept(&city, 0, agents[0]).expect("accepted");
    mission.route(&city, 0).expect("routed");
    mission.submit(&city, 0, agents[0], true).expect("proved");
    assert_eq!(mission.node(&city, 0).state, NodeState::Completed);
    books.check(&city);

    for agent in &agents[1..4] {
        mission.accept(&city, 1, *agent).expect("accepted");
    }
    mission.route(&city, 1).expect("routed");
    for agent in &agents[1..4] {
        mission
            .commit(&city, 1, *agent, output_of(1))
            .expect("committed");
    }
    for agent in &agents[1..4] {
        mission
            .reveal(&city, 1, *agent, output_of(1))
            .expect("revealed");
        books.check(&city);
    }
    assert_eq!(
        mission.node(&city, 1).state,
        NodeState::Completed,
        "the last reveal settles"
    );

    mission.accept(&city, 2, agents[4]).expect("accepted");
    mission.route(&city, 2).expect("routed");
    mission
        .submit(&city, 2, agents[4], true)
        .expect("handed in");
    assert_eq!(mission.node(&city, 2).state, NodeState::PendingReview);
    let decision = [
        ("missionId", mission.id),
        ("node", number(2u8)),
        ("attempt", number(mission.node(&city, 2).attempt)),
        ("approved", number(1u8)),
        ("score", number(900u16)),
    ];
    city.rule(Action::DecideReview, &decision);
    assert_eq!(mission.state(&city), MissionState::Verification);
    books.check(&city);

    let monitor = city.folk.monitors[0].address;
    let log = B256::repeat_byte(7);
    city.tell(
        monitor,
        guardian::reconcileCall {
            missionId: mission.id,
            logRoot: log,
        },
    );
    city.tell(
        STRANGER,
        guardian::filterOutputCall {
            missionId: mission.id,
        },
    );
    assert_eq!(mission.state(&city), MissionState::Completed);
    books.check(&city);

    let stakes: u128 = 500_000;
    city.world.warp(300_000);
    for agent in &agents {
        let call = releaseAgentCall {
            missionId: mission.id,
            agent: *agent,
        };
        city.tell(STRANGER, call);
        books.check(&city);
        let credit = city.ask(treasury::creditsCall { account: *agent });
        // Newcomers are neutral: price less 2 % for the treasury and 1 % for insurance.
        assert_eq!(credit.to::<u128>(), PRICE * 97 / 100 + stakes, "{agent}");
        city.tell(*agent, treasury::withdrawCall {});
    }
    city.tell(
        STRANGER,
        treasury::closeEscrowCall {
            missionId: mission.id,
        },
    );
    books.check(&city);
    let spent = before - city.balance(sponsor);
    assert_eq!(
        spent,
        PRICE * 5,
        "the sponsor paid what the law allowed, and nothing more"
    );
    let parts = city.ask(treasury::partsCall {});
    assert_eq!(parts.escrows.to::<u128>(), 0);
    assert_eq!(parts.lockedStakes.to::<u128>(), 0);
    assert_eq!(parts.credits.to::<u128>(), 0);
    let kept = parts.treasury + parts.subsidyBudget + parts.insurance;
    assert_eq!(kept.to::<u128>(), PRICE * 5 * 3 / 100);
}

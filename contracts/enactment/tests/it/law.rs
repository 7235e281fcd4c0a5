//! INV-LAW-02. From the assembly's decision to law, and that what is law is what statute computes of pages and seats.

use agentcity_abi::{IEnactment as wire, ILegislature as legislature};
use agentcity_domain::{
    clerk::ClerkRole,
    parameter::{ParameterId as P, derived::TimeoutBounds},
    peer::Peer,
    statute::{
        Degrees, Limits, Node, Page, Progress, Seat,
        deployment::Imports,
        encode::{self, Draft},
    },
};
use agentcity_sessions::{
    City, DOMAIN, EPOCH, Kind, SPONSOR, State, agent,
    steps::{SHARE, hash, node, pages},
};
use alloy_primitives::{Address, B256, aliases::U40};

fn three() -> [Node; 3] {
    [node(1), node(2), node(3)]
}

#[test]
fn what_clerks_and_bidders_carry_through_is_law() {
    let city = City::new();
    let case = city.legislated("a bridge", &three(), 8);
    let session = city.session(case.id);
    let law = city.law_of(case.id);
    let expected = wire::Law {
        approved: true,
        audited: false,
        kind: Kind::Mission,
        statuteHash: case.statute(),
        assignmentsHash: law.assignmentsHash,
        epoch: EPOCH,
        nodes: 3,
        fairness: 1_000,
        fairnessWaived: false,
        budget: case.budget(),
        missionDeadline: session.missionDeadline,
        missionId: B256::ZERO,
        node: 0,
        sponsor: SPONSOR,
        domain: DOMAIN,
    };
    assert_eq!(law, expected);
    assert_eq!(session.expiresAt, U40::ZERO, "a law does not lapse");
}

#[test]
fn nothing_is_approved_before_it_is_law() {
    let city = City::new();
    let case = city.decided("slow", &three());
    let is_law = |city: &City| city.law_of(case.id).approved;
    assert!(!is_law(&city));
    city.reviewed(&case, 8);
    assert!(!is_law(&city));
    city.regulated(&case);
    assert!(!is_law(&city));
    city.codified(&case);
    city.approve(&case, ClerkRole::Speaker, 0).unwrap();
    city.approve(&case, ClerkRole::Regulator, 0).unwrap();
    assert!(!is_law(&city));
    city.approve(&case, ClerkRole::Regulator, 1).unwrap();
    assert!(is_law(&city));
}

/// The assignments of a law are the seats, as statute reads and hashes them: page by page, best first.
#[test]
fn assignments_are_the_seats_that_statute_computes() {
    let city = City::new();
    let nodes: Vec<Node> = (0..40).map(|i| node(1 + i % 3)).collect();
    let case = city.legislated("forty", &nodes, 8);
    let law = city.law_of(case.id);
    let seats = city.seats(&case);
    assert_eq!(seats.len(), 66);
    let made = encode::seats(40, &seats).expect("seats");
    assert_eq!(made.len(), 3);
    assert_eq!(hash(&made), law.assignmentsHash);
    // As statute takes them: every page of the right form, every seat lawful at its node.
    let limits = Limits {
        nodes: 40,
        timeouts: TimeoutBounds {
            execution_min_ms: P::MaxNodeTimeoutMs.row().min,
            execution_max_ms: 60_000,
            review_min_ms: 300_000,
            review_max_ms: 3_600_000,
        },
        tokens: 100_000,
        imports: Imports::None,
    };
    let mut progress = Progress::default();
    let mut degrees = Degrees::of(40);
    for page in &case.pages {
        progress
            .take_page(page, &limits, &mut degrees)
            .expect("lawful");
    }
    let held = Page::read(&case.pages[0]).expect("a page");
    let mut taken = Vec::new();
    for page in &made {
        taken.extend(progress.take_seats(page, &held).expect("lawful"));
    }
    assert_eq!(taken, seats);
}

/// Whoever changes anything of a seat or a node has another hash than was approved.
#[test]
fn another_seat_or_node_is_another_law() {
    let city = City::new();
    let case = city.legislated("exact", &three(), 8);
    let law = city.law_of(case.id);
    let seats = city.seats(&case);
    let hash_of = |seats: &[Seat]| hash(&encode::seats(3, seats).expect("seats"));
    assert_eq!(hash_of(&seats), law.assignmentsHash);
    let other = agent(7).address;
    let changes: [fn(&mut Seat); 6] = [
        |seat| seat.agent = Address::repeat_byte(1),
        |seat| seat.price += 1,
        |seat| seat.stake += 1,
        |seat| seat.source = B256::repeat_byte(3),
        |seat| seat.service = B256::repeat_byte(4),
        |seat| seat.price -= 1,
    ];
    for at in 0..seats.len() {
        for change in changes {
            let mut changed = seats.clone();
            change(&mut changed[at]);
            assert_ne!(hash_of(&changed), law.assignmentsHash, "{at}");
        }
    }
    let mut swapped = seats.clone();
    (swapped[1].agent, swapped[2].agent) = (seats[2].agent, seats[1].agent);
    assert_ne!(hash_of(&swapped), law.assignmentsHash, "{other}");
    assert_ne!(hash_of(&seats[1..]), law.assignmentsHash);

    let changes: [fn(&mut Node); 9] = [
        |node| node.digest = B256::repeat_byte(9),
        |node| node.tier = 4 - node.tier,
        |node| node.risk += 1,
        |node| node.redundancy += 1,
        |node| node.threshold += 1,
        |node| node.mode += 1,
        |node| node.timeout_ms += 1,
        |node| node.budget += 1,
        |node| node.tokens += 1,
    ];
    for at in 0..3 {
        for change in changes {
            let mut changed = three();
            change(&mut changed[at]);
            if changed != three() {
                assert_ne!(hash(&pages(&changed)), law.statuteHash, "{at}");
            }
        }
    }
    let drafts = three().map(|node| Draft {
        node,
        successors: Vec::new(),
    });
    let loose = encode::statute(&drafts, &[]).expect("nodes fit");
    assert_ne!(hash(&loose), law.statuteHash, "edges are law, too");
}

#[test]
fn the_runner_up_of_a_law_is_the_next_best_of_another_principal() {
    let city = City::new();
    let case = city.legislated("relief", &[node(2)], 8);
    let (bids, next) = city.award_of(&case, 0);
    assert_eq!((bids, next), (vec![0, 1, 2], 4));
    let call = |node| wire::runnerUpCall {
        sessionId: case.id,
        node,
    };
    let seat = city.enact(call(0)).unwrap();
    assert_eq!(seat.agent, agent(3).address);
    assert_eq!(seat.price, SHARE / 2 + 3);
    assert_eq!(
        city.enact(call(1)).unwrap().agent,
        Address::ZERO,
        "no such node"
    );
}

#[test]
fn a_session_that_nobody_knows_is_none() {
    let city = City::new();
    let id = B256::repeat_byte(0x77);
    assert_eq!(city.session(id).state, State::None);
    assert!(!city.law_of(id).approved);
    let unknown = wire::Unknown { id };
    let call = wire::awardCall {
        sessionId: id,
        seatPages: 1,
        pages: Vec::new(),
        rest: B256::ZERO,
        earlier: Vec::new(),
    };
    city.refuses(Peer::Enactment, call, unknown);
    let unknown = legislature::Unknown { id };
    let call = legislature::closeBiddingCall { sessionId: id };
    city.refuses(Peer::Legislature, call, unknown);
}

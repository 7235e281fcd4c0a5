//! What somebody hostile may do to a deployment between its calls, and how it is refused (RULINGS A6, R1, R21).

use agentcity_abi::IStatute as wire;
use agentcity_domain::peer::Peer;
use agentcity_world::Frame;
use alloy_primitives::{Address, B256, U256, address, keccak256};

use crate::city::*;

const MALLORY: Address = address!("0xbad0000000000000000000000000000000000bad");

/// ADR 0005.1: well-formed pages of a stranger's own, which a hash rolling from the left would have let in.
#[test]
fn inv_statute_01_a_strangers_well_formed_page_spoils_no_deployment() {
    let city = City::new();
    let case = city.chain("honest", 300);
    city.call(case.tranche(0, 1)).unwrap();
    let mut nodes = chain(300);
    nodes[200].node.budget += 1;
    let theirs = city.case("hostile", &nodes, &[], &seats_of(&nodes));
    let attempt = |rest| wire::deployTrancheCall {
        missionId: case.mission,
        rest,
        ..theirs.tranche(1, 2)
    };
    let awaited = hash(&case.pages[1..]);
    // With the true rest, and with a rest of one's own: nobody finds one that makes up for another page.
    let with_true_rest = [theirs.pages[1].clone(), case.pages[2].clone()];
    city.refused(
        attempt(hash(&case.pages[2..])),
        case.unapproved(awaited, hash(&with_true_rest)),
    );
    city.refused(
        attempt(hash(&theirs.pages[2..])),
        case.unapproved(awaited, hash(&theirs.pages[1..])),
    );
    let zero = [theirs.pages[1].clone()];
    city.refused(attempt(B256::ZERO), case.unapproved(awaited, hash(&zero)));
    // The honest rest goes on as if nothing had been.
    city.call(case.tranche(1, 3)).unwrap();
    city.call(case.seating(0, case.seats.len())).unwrap();
    city.call(case.finalise()).unwrap();
}

#[test]
fn pages_swapped_repeated_or_left_out_are_refused() {
    let city = City::new();
    let case = city.chain("ordered", 384);
    let awaited = hash(&case.pages);
    let mut swapped = case.tranche(0, 2);
    swapped.pages.swap(0, 1);
    let order = [1, 0, 2].map(|page: usize| case.pages[page].clone());
    city.refused(swapped, case.unapproved(awaited, hash(&order)));
    let mut repeated = case.tranche(0, 2);
    repeated.pages[1] = repeated.pages[0].clone();
    let order = [0, 0, 2].map(|page: usize| case.pages[page].clone());
    city.refused(repeated, case.unapproved(awaited, hash(&order)));
    let mut skipped = case.tranche(1, 2);
    skipped.tranche = 0;
    city.refused(skipped, case.unapproved(awaited, hash(&case.pages[1..])));
    // A true page with a wrong rest would leave nobody able to go on.
    let mut stranding = case.tranche(0, 1);
    stranding.rest = B256::repeat_byte(1);
    let own = keccak256(&case.pages[0]);
    let found = keccak256([own, stranding.rest].concat());
    city.refused(stranding, case.unapproved(awaited, found));
    city.call(case.tranche(0, 3)).unwrap();
}

#[test]
fn one_missions_pages_do_not_pass_for_anothers() {
    let city = City::new();
    let (mine, yours) = (
        city.chain("mine", 20),
        city.case("yours", &chain(20)[..19], &[], &[]),
    );
    let stolen = wire::deployTrancheCall {
        missionId: yours.mission,
        ..mine.tranche(0, 1)
    };
    let (awaited, found) = (hash(&yours.pages), hash(&mine.pages));
    city.refused(stolen, yours.unapproved(awaited, found));
}

/// A6: a page whose code is gone, or another, when the mission is to become law. On a chain the code of a page cannot change;
/// whatever might make it change one day, the law does not bind with it.
#[test]
fn a6_a_page_that_changed_or_vanished_is_no_law() {
    for (what, index) in [("statute", 1u64), ("second", 2), ("seats", 4)] {
        let city = City::new();
        let case = city.chain("sound", 300);
        city.deploy(&case);
        let account = here().create(index);
        let (sequence, at) = if what == "seats" {
            (&case.seats, 0)
        } else {
            (&case.pages, index as usize - 1)
        };
        let approved = hash(sequence);
        let whole = [&[0], &sequence[at][..]].concat();
        let mut changed = whole.clone();
        changed[40] ^= 1;
        let mut unmarked = whole.clone();
        unmarked[0] = 0xff;
        for (code, content) in [
            (changed.clone(), changed[1..].to_vec()),
            // What does not begin with the mark is no page, even if all the rest is there: it could be run.
            (unmarked, Vec::new()),
            (Vec::new(), Vec::new()),
        ] {
            city.world.data(account, &code);
            let mut held = sequence.clone();
            held[at] = content;
            city.refused(case.finalise(), case.unapproved(approved, hash(&held)));
        }
        city.world.data(account, &whole);
        city.call(case.finalise()).unwrap();
    }
}

/// A6: whatever bytes were approved, the code they become begins with STOP.
#[test]
fn a6_a_page_cannot_be_run() {
    let city = City::new();
    let case = city.chain("code", 20);
    city.deploy(&case);
    for ordinal in 1..=3 {
        let account = here().create(ordinal);
        assert_eq!(
            city.world.transact(MALLORY, account, U256::ZERO, b"run"),
            Ok(Vec::new())
        );
    }
    let asked = wire::seatPageCall {
        missionId: case.mission,
        index: 0,
    };
    let found = city.call(asked).unwrap();
    let code = [&[0], &case.seats[0][..]].concat();
    assert_eq!((code[0], found.codehash), (0, keccak256(code)));
}

/// R2, A6: the greatest page that fits, and one byte more.
#[test]
fn a_page_is_never_larger_than_an_account_takes() {
    let city = City::new();
    let case = city.chain("huge", 2);
    let mut call = case.tranche(0, 1);
    call.pages = vec![vec![1; 24_575].into()];
    city.refused(call.clone(), wire::MalformedCall {});
    call.pages = vec![vec![1; 24_574].into()];
    let found = hash(&[vec![1; 24_574]]);
    city.refused(call, case.unapproved(hash(&case.pages), found));
    // Approved or not, nobody reads it as a law.
    let case = city.case_of("vast", 2, vec![vec![1; 24_574]], Vec::new());
    city.refused(case.tranche(0, 1), case.broken(0, 0, 1));
}

/// A law that points beyond itself, or counts what it does not hold: nothing outside the page is read.
#[test]
fn headers_that_lie_are_refused() {
    let city = City::new();
    let honest = city.chain("honest", 20).pages.remove(0);
    for (at, to) in [
        (0, 19),
        (0, 21),
        (0, 255),
        (1, 255),
        (2, 18),
        (2, 255),
        (3, 1),
        (3, 255),
    ] {
        let mut page = honest.clone();
        page[at] = to;
        let case = city.case_of("lying", 20, vec![page], Vec::new());
        city.refused(case.tranche(0, 1), case.broken(0, 0, 1));
    }
}

/// Peers that answer nothing, too little, or something else are no peers: the call is refused, and nothing is kept.
#[test]
fn answers_that_are_none_are_refused() {
    for peer in [Peer::Collaboration, Peer::Enactment, Peer::Constitution] {
        for length in [0, 31, 96] {
            let city = City::new();
            let case = city.chain("alone", 2);
            let silent = move |_: &Frame, _: &[u8]| Ok(vec![0xff; length]);
            city.world.install(member(peer), B256::ZERO, silent);
            city.refused(case.tranche(0, 1), wire::MalformedCall {});
        }
    }
}

/// Only peers are told anything, and only by this contract: nobody else's word changes a mission.
#[test]
fn nobody_writes_into_a_deployment_but_by_bringing_its_pages() {
    let city = City::new();
    let case = city.chain("shut", 20);
    city.deploy(&case);
    let before = city.world.storage(here());
    for peer in Peer::ALL {
        let wrong = wire::WrongTranche {
            missionId: case.mission,
            expected: 1,
            given: 0,
        };
        let call = case.tranche(0, 1);
        city.world.refused(member(peer), here(), 0, call, wrong);
    }
    assert_eq!(city.world.storage(here()), before);
}

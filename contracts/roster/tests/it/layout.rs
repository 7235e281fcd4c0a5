//! That words lie where `storage.rs` draws them, byte for byte.

use agentcity_abi::IRoster as wire;
use agentcity_domain::peer::Peer;
use alloy_primitives::{Address, B256, U256, hex, keccak256};

use crate::city::*;

const CITY: u8 = 1;
const MONEY: u8 = 2;
const OWED: u8 = 3;
const PERSON: u8 = 4;
const MONITOR: u8 = 5;
const CHARGED: u8 = 6;
const PROGRAM: u8 = 7;
const CASE: u8 = 8;
const VOTED: u8 = 9;
const ANCHORS: u8 = 10;
const ANCHOR: u8 = 11;

fn number(value: u64) -> B256 {
    B256::from(U256::from(value))
}

fn key(kind: u8, first: B256, second: B256) -> B256 {
    keccak256([&[kind], first.as_slice(), second.as_slice()].concat())
}

fn word(city: &City, kind: u8, first: B256, second: B256) -> B256 {
    let key = key(kind, first, second);
    let slot = keccak256([key, number(2)].concat());
    city.world.slot(here(), U256::from_be_bytes(slot.0))
}

fn part(city: &City, kind: u8, first: Address, second: u64) -> B256 {
    word(city, kind, first.into_word(), number(second))
}

/// A word of these parts, each of so many bytes.
fn parts(parts: &[(usize, u128)]) -> B256 {
    let bytes: Vec<u8> = parts
        .iter()
        .flat_map(|(bytes, value)| value.to_be_bytes()[16 - bytes..].to_vec())
        .collect();
    B256::right_padding_from(&bytes)
}

/// Parts before an address.
fn before(address: Address, first: &[(usize, u128)]) -> B256 {
    let mut word = parts(first);
    word[12..].copy_from_slice(address.as_slice());
    word
}

#[test]
fn the_city_and_its_money_have_a_word_each_for_what_changes_together() {
    let city = City::seated();
    city.decide(judge(0), &format!("{}WWWW", "Y".repeat(20)));
    city.accuse(1, 6);
    let until = u128::from(city.halted_until());
    let expected = parts(&[(1, 7), (1, 6), (5, until), (8, 1), (1, 0)]);
    assert_eq!(word(&city, CITY, B256::ZERO, number(0)), expected);
    let asset = before(Address::ZERO, &[(12, SCALE)]);
    assert_eq!(word(&city, MONEY, B256::ZERO, number(0)), asset);
    let tokens = City::settling_in(TOKEN);
    assert_eq!(
        word(&tokens, MONEY, B256::ZERO, number(0)),
        before(TOKEN, &[(12, SCALE)])
    );
    for voter in 2..6 {
        city.call(judge(voter), vote(1)).unwrap();
    }
    let books = parts(&[(16, 6 * STAKE), (16, STAKE)]);
    assert_eq!(word(&city, MONEY, B256::ZERO, number(1)), books);
    let dues = parts(&[(16, STAKE / 2), (16, STAKE - STAKE / 2)]);
    assert_eq!(word(&city, MONEY, B256::ZERO, number(2)), dues);
}

#[test]
fn a_person_has_a_word_for_seat_stake_and_record() {
    let city = City::new();
    let t = u128::from(city.world.now());
    let genesis = before(Address::ZERO, &[(1, 1), (1, 1), (1, 0), (5, t)]);
    assert_eq!(part(&city, PERSON, judge(0), 0), genesis);
    city.seat_genesis();
    let known = (owner(1), Address::ZERO);
    city.principals.borrow_mut().insert(judge(9), known);
    city.stake(judge(9)).unwrap();
    let candidate = before(owner(1), &[(1, 1), (1, 2), (1, 0), (5, t)]);
    assert_eq!(part(&city, PERSON, judge(9), 0), candidate);
    let declare = wire::declareAssociationCall {
        principal: owner(2),
    };
    city.call(judge(0), declare).unwrap();
    let one = before(owner(2), &[(5, t + u128::from(MEMORY))]);
    assert_eq!(part(&city, PERSON, judge(0), 3), one);
    city.decide(judge(0), &"Y".repeat(21));
    let confirm = wire::confirmAlertCall {
        account: judge(0),
        actions: 21,
    };
    city.rule(confirm).unwrap();
    let marks = 4 + 16;
    let seat = before(judge(0), &[(1, 2), (1, marks), (1, 1), (5, t)]);
    assert_eq!(part(&city, PERSON, judge(0), 0), seat);
    city.decide(judge(1), "YNWR");
    let day = t / 86_400;
    let record = parts(&[(16, 0), (8, 0b1001_1110), (3, 4), (3, 1), (2, day)]);
    assert_eq!(part(&city, PERSON, judge(1), 2), record);
    city.decide(judge(2), "WWWW");
    let seat = before(judge(2), &[(1, 2), (1, 8), (1, 0), (5, t)]);
    assert_eq!(part(&city, PERSON, judge(2), 0), seat);
    let id = city.accuse(1, 0);
    city.call(judge(0), wire::resignCall {}).unwrap();
    let end = t + u128::from(APPEAL);
    let stake = parts(&[(16, STAKE), (5, end), (8, id.into())]);
    assert_eq!(part(&city, PERSON, judge(0), 1), stake);
    city.world.warp(APPEAL.max(LIFE) + 1);
    city.call(STRANGER, release(judge(0))).unwrap();
    assert_eq!(
        part(&city, OWED, judge(0), 0),
        parts(&[(16, 0), (16, STAKE)])
    );
}

#[test]
fn monitors_programs_cases_and_anchors_lie_as_drawn() {
    let city = City::seated();
    let t = u128::from(city.world.now());
    let who = city.approved(1);
    let charge = wire::chargeMonitorCall {
        account: who,
        freezeId: 7,
    };
    city.call(member(Peer::Guardian), charge).unwrap();
    city.call(who, wire::retireMonitorCall {}).unwrap();
    let expected = before(owner(1), &[(1, 3), (2, 1), (5, t + u128::from(DAY))]);
    assert_eq!(part(&city, MONITOR, who, 0), expected);
    assert_eq!(part(&city, MONITOR, who, 1), SCORER);
    let left = MONITOR_BOND - MONITOR_BOND / 10;
    let bond = parts(&[(16, left), (4, 1_000), (5, t + u128::from(APPEAL))]);
    assert_eq!(part(&city, MONITOR, who, 2), bond);
    assert_eq!(part(&city, CHARGED, who, 7), number(1));

    let program = Address::repeat_byte(0xf0);
    city.world.data(program, &hex!("00"));
    let codehash = keccak256(hex!("00"));
    city.rule(wire::approveVerifierCall { program, codehash })
        .unwrap();
    assert_eq!(part(&city, PROGRAM, program, 2), codehash);

    let id = city.accuse(0, 6);
    city.call(judge(1), vote(id)).unwrap();
    let end = t + u128::from(LIFE);
    let case = before(judge(6), &[(1, 2), (1, 5), (1, 1), (5, end)]);
    assert_eq!(word(&city, CASE, number(id), number(0)), case);
    let opened = before(judge(0), &[(5, t)]);
    assert_eq!(word(&city, CASE, number(id), number(1)), opened);
    assert_eq!(word(&city, CASE, number(id), number(2)), EVIDENCE);
    for voter in [0, 1] {
        let voted = word(&city, VOTED, number(id), judge(voter).into_word());
        assert_eq!(voted, number(1));
    }
    let bond = key(CASE, number(id), B256::ZERO);
    assert!(city.treasury.borrow().bonds.contains_key(&bond));

    let anchor = wire::anchorCall {
        sequence: 1,
        size: 9,
        root: EVIDENCE,
    };
    city.call(STRANGER, anchor).unwrap();
    assert_eq!(part(&city, ANCHORS, STRANGER, 0), parts(&[(8, 1)]));
    let at = key(ANCHOR, STRANGER.into_word(), number(1));
    assert_eq!(word(&city, ANCHOR, at, number(0)), EVIDENCE);
    assert_eq!(word(&city, ANCHOR, at, number(1)), number(9));
}

//! That words lie where `storage.rs` draws them, byte for byte.

use agentcity_abi::IGuardian as wire;
use agentcity_domain::machine::{FreezeState, MissionState};
use alloy_primitives::{Address, B256, U256, keccak256};

use crate::{
    city::*,
    freezes::{classify, pair},
    halts::{clear, diverge, reconcile, stop},
};

const WATCH: u8 = 1;
const ATTEMPT: u8 = 2;
const HEARD: u8 = 3;
const ACCUSED: u8 = 4;
const FREEZE: u8 = 5;
const OUTAGES: u8 = 6;
const GATE: u8 = 7;

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

/// A word of these parts, zero behind them.
fn parts(parts: &[(usize, u64)]) -> B256 {
    let bytes: Vec<u8> = parts
        .iter()
        .flat_map(|(bytes, value)| value.to_be_bytes()[8 - bytes..].to_vec())
        .collect();
    B256::right_padding_from(&bytes)
}

fn led_by(address: Address, rest: &[(usize, u64)]) -> B256 {
    let rest = parts(rest);
    B256::right_padding_from(&[address.as_slice(), &rest[..12]].concat())
}

fn attempt(node: u16) -> B256 {
    let name = led_by(seated(node), &[(2, node.into()), (1, 1)]);
    key(ATTEMPT, mission(1), name)
}

#[test]
fn a_mission_is_watched_in_one_word() {
    let city = City::new();
    let a = city.monitor("mon a", "ann", "scorer a");
    let t = city.world.now();
    city.rule(stop(mission(1))).unwrap();
    city.world.warp(9);
    city.rule(clear(mission(1))).unwrap();
    city.call(a.address, diverge(mission(1))).unwrap();
    city.rule(stop(mission(1))).unwrap();
    city.relay(&[(&a, Said::counters(1, 0, 1, 41))]).unwrap();
    let expected = parts(&[
        (3, 1),
        (5, t + 9),
        (2, 1),
        (5, t + 9),
        (5, t + 9 + MAXIMUM),
        (5, t + 9 + MAXIMUM),
        (3, 1),
    ]);
    assert_eq!(word(&city, WATCH, mission(1), number(0)), expected);
}

#[test]
fn reports_and_accusations_lie_under_their_attempt() {
    let city = City::new();
    let [a, b] = pair(&city);
    let said = Said {
        messages: 5,
        ..Said::counters(1, 2, 6, 7)
    };
    city.relay(&[(&a, said)]).unwrap();
    let heard = parts(&[(8, 6), (4, 7), (4, 5)]);
    let monitor = a.address.into_word();
    assert_eq!(word(&city, HEARD, attempt(2), monitor), heard);
    city.relay(&[(&b, Said::deviation(1, 2, 1, 9_999))])
        .unwrap();
    city.relay(&[(&b, Said::substitution(1, 2, 2))]).unwrap();
    let state = word(&city, ATTEMPT, attempt(2), number(0));
    assert_eq!(state, parts(&[(1, 0), (1, 1), (1, 1)]));
    for cause in [
        wire::FreezeCause::Deviation,
        wire::FreezeCause::DeploymentSubstitution,
    ] {
        let place = number((cause as u64) << 8);
        let accused = word(&city, ACCUSED, attempt(2), place);
        let mut expected = b.address.into_word();
        expected[..5].copy_from_slice(&city.world.now().to_be_bytes()[3..]);
        assert_eq!(accused, expected);
    }
}

#[test]
fn a_freeze_takes_two_words_and_one_more_for_each_further_monitor() {
    let city = City::new();
    let [a, b] = pair(&city);
    for key in [&a, &b] {
        city.relay(&[(key, Said::deviation(1, 3, 1, 9_999))])
            .unwrap();
    }
    let id = city.events::<wire::NodeFrozen>()[0].freezeId;
    let name = key(FREEZE, mission(1), B256::ZERO);
    let tag = u64::from_be_bytes([&[0, 0, 0], &name[..5]].concat().try_into().unwrap());
    assert_eq!(id, tag << 24 | 1);
    city.rule(classify(3, id)).unwrap();
    let part = |part: u64| word(&city, FREEZE, mission(1), number(0x100 | part));
    let open = FreezeState::Open as u64;
    let first = [
        (5, city.world.now()),
        (2, 3),
        (1, 1),
        (1, 1),
        (1, open),
        (1, 3),
        (1, 2),
    ];
    assert_eq!(part(0), led_by(seated(3), &first));
    let tag = |name: &str| {
        let principal = agentcity_world::Key::of(name).address;
        u64::from(u32::from_be_bytes(principal[16..].try_into().unwrap()))
    };
    assert_eq!(part(1), led_by(a.address, &[(4, tag("ann")), (3, MAXIMUM)]));
    assert_eq!(part(2), led_by(b.address, &[(4, tag("bob"))]));
    assert_eq!(part(3), B256::ZERO);
}

#[test]
fn outages_and_the_gate_have_a_word_each() {
    let city = City::new();
    let keys = pair(&city);
    city.world.warp(10_000);
    let t = city.world.now();
    let words = [(&keys[0], t - 4_000, t - 1), (&keys[1], t - 4_000, t - 1)];
    city.call(STRANGER, city.outage(1, words)).unwrap();
    let outages = parts(&[(5, 7_599), (5, t - 1), (5, t)]);
    assert_eq!(word(&city, OUTAGES, mission(1), number(0)), outages);
    city.set_state(1, MissionState::Verification);
    city.call(keys[0].address, reconcile(mission(1))).unwrap();
    let gate = parts(&[(1, 0), (1, 0), (1, 0), (1, 0), (5, t)]);
    assert_eq!(word(&city, GATE, mission(1), number(0)), gate);
    assert_eq!(word(&city, GATE, mission(1), number(1)), EVIDENCE);
}

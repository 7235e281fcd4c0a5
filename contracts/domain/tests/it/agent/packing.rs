//! Words as they are stored: each field in its place, every value back as it was.

use agentcity_domain::{
    agent::{
        books::{Dues, Totals},
        principal::{Class, Principal},
        record::{Agent, AgentType, Bond, History, Hot, Proposal, Status},
        sketch::{Entry, PairSketch},
    },
    amount::Amount,
    reputation::MilliPoints,
};
use alloy_primitives::Address;
use proptest::prelude::*;

use super::{ANN, BOB};

fn milli(value: u64) -> MilliPoints {
    MilliPoints::new(value).unwrap()
}

/// Fields as value and width, put one behind the other.
fn laid_out(fields: &[(u128, usize)]) -> [u8; 32] {
    let mut bytes = Vec::new();
    for (value, width) in fields {
        bytes.extend_from_slice(&value.to_be_bytes()[16 - width..]);
    }
    bytes.try_into().expect("a word has 32 bytes")
}

/// The same behind an address.
fn behind(address: Address, fields: &[(u128, usize)]) -> [u8; 32] {
    let mut bytes = address.to_vec();
    for (value, width) in fields {
        bytes.extend_from_slice(&value.to_be_bytes()[16 - width..]);
    }
    bytes.try_into().expect("a word has 32 bytes")
}

const INSTANTS: std::ops::Range<u64> = 0..1 << 40;

prop_compose! {
    fn hot()(
        (kind, status, has_history) in (0..4u8, 0..4u8, any::<bool>()), reputation in 0..=1_000_000u64, stake: u32, missions: u32,
        (obligations, sub_agents, begun, days) in any::<(u16, u16, u16, u8)>(), entries: [(u16, u8); 4],
    ) -> Hot {
        Hot {
            agent_type: AgentType::of(kind).unwrap_or_default(),
            status: [Status::None, Status::Active, Status::Leaving, Status::Gone][usize::from(status)],
            has_history,
            reputation: milli(reputation),
            stake,
            missions,
            obligations,
            sub_agents,
            pairs: PairSketch { begun, days, entries: entries.map(|(tag, count)| Entry { tag, count }) },
        }
    }
}

prop_compose! {
    fn principal()(
        (class, worst, nonce) in (0..3u8, 0..=500_000u64, 0..2_048u16), stake: u32, (agents, producers) in any::<(u16, u16)>(),
        (enrolled_at, leaves_at, frozen_until, appeal_until) in (INSTANTS, INSTANTS, INSTANTS, INSTANTS),
    ) -> Principal {
        Principal {
            class: Class::of(class).unwrap_or_default(),
            stake, agents, producers, worst: milli(worst), nonce,
            enrolled_at, leaves_at, frozen_until, appeal_until,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hot_word_is_laid_out_as_drawn(hot in hot()) {
        let flags = hot.agent_type as u128 | (hot.status as u128) << 2 | u128::from(hot.has_history) << 4;
        let mut fields = vec![
            (flags, 1), (hot.reputation.get().into(), 4), (hot.stake.into(), 4), (hot.missions.into(), 4),
            (hot.obligations.into(), 2), (hot.sub_agents.into(), 2), (hot.pairs.begun.into(), 2), (hot.pairs.days.into(), 1),
        ];
        for entry in hot.pairs.entries {
            fields.extend([(entry.tag.into(), 2), (entry.count.into(), 1)]);
        }
        prop_assert_eq!(hot.pack(), laid_out(&fields));
        prop_assert_eq!(Hot::unpack(&hot.pack()), hot);
    }

    #[test]
    fn a_bond_a_history_and_a_release_are_laid_out_as_drawn(
        who: [u8; 20], (one, other) in (INSTANTS, INSTANTS), (a, b, c) in any::<(u16, u16, u16)>(), depth: u8,
    ) {
        let who = Address::new(who);
        let bond = Bond { principal: who, registered_at: one, registrations: a, max_sub_agents: b, depth };
        prop_assert_eq!(bond.pack(), behind(who, &[(one.into(), 5), (a.into(), 2), (b.into(), 2), (depth.into(), 1), (0, 2)]));
        prop_assert_eq!(Bond::unpack(&bond.pack()), bond);
        let history = History { previous: who, remembered_until: one, leaves_at: other, changes: a };
        prop_assert_eq!(history.pack(), behind(who, &[(one.into(), 5), (other.into(), 5), (a.into(), 2)]));
        prop_assert_eq!(History::unpack(&history.pack()), history);
        let release = Proposal { to: who, until: one, registrations: a, changes: b, releases: c };
        prop_assert_eq!(release.pack(), behind(who, &[(one.into(), 5), (a.into(), 2), (b.into(), 2), (c.into(), 2), (0, 1)]));
        prop_assert_eq!(Proposal::unpack(&release.pack()), release);
    }

    #[test]
    fn a_principal_is_laid_out_as_drawn(principal in principal()) {
        let deficit = u128::from(500_000 - principal.worst.get());
        let rest = deficit * 8_192 + u128::from(principal.nonce) * 4 + principal.class as u128;
        let fields = [
            (principal.enrolled_at.into(), 5), (principal.leaves_at.into(), 5), (principal.frozen_until.into(), 5),
            (principal.appeal_until.into(), 5), (principal.stake.into(), 4), (principal.agents.into(), 2),
            (principal.producers.into(), 2), (rest, 4),
        ];
        prop_assert_eq!(principal.pack(), laid_out(&fields));
        prop_assert_eq!(Principal::unpack(&principal.pack()), principal);
    }

    #[test]
    fn the_books_are_laid_out_as_drawn(locked: bool, voters: u32, (one, other) in any::<(u128, u128)>()) {
        let totals = Totals { locked, voters, booked: Amount::new(one) };
        prop_assert_eq!(totals.pack(), laid_out(&[(locked.into(), 12), (voters.into(), 4), (one, 16)]));
        prop_assert_eq!(Totals::unpack(&totals.pack()), totals);
        let dues = Dues { treasury: Amount::new(one), insurance: Amount::new(other) };
        prop_assert_eq!(dues.pack(), laid_out(&[(other, 16), (one, 16)]));
        prop_assert_eq!(Dues::unpack(&dues.pack()), dues);
    }

    #[test]
    fn no_word_at_all_reads_as_something_impossible(word: [u8; 32]) {
        prop_assert!(Hot::unpack(&word).reputation <= MilliPoints::MAX);
        let principal = Principal::unpack(&word);
        prop_assert!(principal.worst <= milli(500_000) && principal.nonce < 2_048);
        prop_assert_eq!(Principal::unpack(&principal.pack()), principal);
    }
}

#[test]
fn zeros_are_nobody() {
    assert_eq!(Hot::unpack(&[0; 32]), Hot::default());
    assert_eq!(Hot::default().status, Status::None);
    let principal = Principal::default();
    assert_eq!(principal.worst, milli(500_000));
    assert_eq!((principal.pack(), principal.nonce), ([0; 32], 0));
    assert!(!principal.is_enrolled() && !principal.is_banned() && !principal.is_voter());
    assert_eq!(Hot::unpack(&[0xff; 32]).reputation, MilliPoints::MAX);
    assert_eq!(Principal::unpack(&[0xff; 32]).worst, MilliPoints::ZERO);
}

#[test]
fn numbers_of_types_and_classes() {
    let types = [
        AgentType::Producer,
        AgentType::Management,
        AgentType::Monitor,
    ];
    for (number, expected) in types.into_iter().enumerate() {
        let number = number as u8 + 1;
        assert_eq!(AgentType::of(number), Some(expected));
        assert_eq!(expected as u8, number);
    }
    assert_eq!(Class::of(1), Some(Class::Owner));
    assert_eq!(Class::of(2), Some(Class::Foundation));
    for number in [0, 4, 5, 255] {
        assert_eq!(AgentType::of(number), None);
        assert_eq!(Class::of(number), None);
    }
    assert_eq!(Class::of(3), None);
    let registered = [Status::None, Status::Active, Status::Leaving, Status::Gone];
    assert_eq!(
        registered.map(Status::is_registered),
        [false, true, true, false]
    );
}

#[test]
fn nonces_have_sixteen_bits_for_each_count() {
    let mut agent = Agent::default();
    agent.bond.registrations = 0x0304;
    agent.history.changes = 0x0506;
    let signer = Principal {
        nonce: 0x0102,
        ..Principal::default()
    };
    assert_eq!(agent.consent_nonce(&signer), 0x0102_0304);
    assert_eq!(agent.change_nonce(&signer, 0x0708), 0x0102_0304_0506_0708);
}

#[test]
fn a_release_counts_while_the_agent_neither_registers_nor_changes() {
    let mut agent = Agent::default();
    (agent.bond.registrations, agent.history.changes) = (2, 3);
    let release = Proposal {
        to: ANN,
        until: 0,
        registrations: 2,
        changes: 3,
        releases: 7,
    };
    assert!(release.is_current(&agent));
    assert_eq!(release.releases_of(&agent), 7);
    for (registrations, changes) in [(3, 3), (2, 4), (1, 3), (2, 2)] {
        (agent.bond.registrations, agent.history.changes) = (registrations, changes);
        assert!(!release.is_current(&agent));
        assert_eq!(release.releases_of(&agent), 0);
    }
}

#[test]
fn the_one_before_is_remembered_to_its_last_second() {
    let mut history = History {
        previous: BOB,
        remembered_until: 10,
        ..History::default()
    };
    assert_eq!(history.remembered(super::at(10)), Some(BOB));
    assert_eq!(history.remembered(super::at(11)), None);
    history.previous = Address::ZERO;
    assert_eq!(history.remembered(super::at(0)), None);
}

//! Poll, order, turns.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_domain::legislation::{
    debate::{
        Debate, PLACES, Rounds, SPEAKERS_MAX, Turn, VOTERS_MAX, draw, mix, order_word, voice,
        voter_at,
    },
    refused::Refused,
};
use alloy_primitives::{B256, U256, keccak256};
use proptest::prelude::*;

const ROUNDS: Rounds = Rounds {
    count: 3,
    secs: 900,
};

fn hash(word: &B256) -> B256 {
    keccak256(word)
}

/// The order from its description alone, over whole lists and whole numbers.
fn described(seed: B256, voters: usize, speakers: usize) -> Vec<u16> {
    let mut order: Vec<u16> = (0..voters as u16).collect();
    let mut h = seed;
    for i in 0..speakers {
        h = keccak256(h);
        let r: U256 = U256::from_be_bytes(h.0) % (U256::from(1) << 64);
        let rest: U256 = r % U256::from(voters - i);
        let with = i + rest.to::<usize>();
        (order[i], order[with]) = (order[with], order[i]);
    }
    order[..speakers].to_vec()
}

proptest! {
    #[test]
    fn anybody_computes_the_order_from_its_description(
        seed in any::<[u8; 32]>(), voters in 1..=2_000u32,
    ) {
        let speakers = ROUNDS.speakers(voters);
        let drawn = draw(&seed.into(), voters, speakers, &hash);
        prop_assert_eq!(&drawn, &described(seed.into(), voters as usize, speakers.into()));
        let different: BTreeSet<u16> = drawn.iter().copied().collect();
        prop_assert_eq!(different.len(), usize::from(speakers), "everybody once");
        prop_assert!(drawn.iter().all(|voter| u32::from(*voter) < voters));
        for (place, voter) in drawn.iter().enumerate() {
            let word = order_word(&drawn, place / PLACES);
            prop_assert_eq!(voter_at(&word, place as u16), *voter);
        }
    }

    #[test]
    fn the_seed_knows_no_order_of_votes(
        (votes, shuffled) in prop::collection::vec(any::<([u8; 32], u8)>(), 0..20)
            .prop_flat_map(|votes| (Just(votes.clone()), Just(votes).prop_shuffle())),
    ) {
        let seed = |votes: &[([u8; 32], u8)]| votes.iter().fold(B256::ZERO, |seed, (who, proposal)| {
            let words = voice(&B256::repeat_byte(9), &(*who).into(), &B256::with_last_byte(*proposal));
            mix(&seed, &keccak256(words.concat()))
        });
        prop_assert_eq!(seed(&votes), seed(&shuffled));
    }
}

/// Who took part and for what decides the order: a poll in which somebody said something else is another seed.
#[test]
fn a_voice_is_session_principal_and_proposal_and_a_seed_the_exclusive_or_of_all() {
    let [session, principal, proposal] = [1, 2, 3].map(B256::repeat_byte);
    assert_eq!(
        voice(&session, &principal, &proposal),
        [session, principal, proposal]
    );
    let (seed, with) = (B256::repeat_byte(0b0011), B256::repeat_byte(0b0101));
    assert_eq!(mix(&seed, &with), B256::repeat_byte(0b0110));
    assert_eq!(mix(&mix(&seed, &with), &with), seed);
}

#[test]
fn nobody_speaks_twice_where_more_turns_are_asked_for_than_voters() {
    let mut order = draw(&B256::repeat_byte(7), 3, 5, &hash);
    order.sort_unstable();
    assert_eq!(order, [0, 1, 2]);
}

/// Every one of the six orders of three comes up as often as another, by a bound that fails once in some millions.
#[test]
fn orders_are_as_likely_as_each_other() {
    let mut found: BTreeMap<Vec<u16>, u32> = BTreeMap::new();
    let draws = 6_000;
    for number in 0..draws as u64 {
        let seed = keccak256(number.to_be_bytes());
        *found.entry(draw(&seed, 3, 3, &hash)).or_default() += 1;
    }
    assert_eq!(found.len(), 6);
    let expected = f64::from(draws) / 6.0;
    let chi: f64 = found
        .values()
        .map(|n| (f64::from(*n) - expected).powi(2) / expected)
        .sum();
    assert!(chi < 40.0, "χ² of five degrees is {chi}");
}

#[test]
fn no_more_speak_than_fit_a_round_and_two_words() {
    for (secs, voters, speakers) in [
        (900, 0, 0),
        (900, 1, 1),
        (900, 31, 31),
        (900, 32, 32),
        (900, 4_096, 32),
        (20, 32, 20),
        (60, 32, 32),
    ] {
        let rounds = Rounds { count: 3, secs };
        assert_eq!(rounds.speakers(voters), speakers, "{secs}, {voters}");
    }
    assert_eq!(usize::from(SPEAKERS_MAX), 2 * PLACES);
}

#[test]
fn the_poll_lasts_as_long_as_a_round_and_whoever_votes_votes_before_the_draw() {
    let (start, mut debate) = (10_000, Debate::default());
    let expires = start + ROUNDS.length();
    assert_eq!(
        (ROUNDS.length(), ROUNDS.poll_ends(expires)),
        (3_600, start + 900)
    );
    assert_eq!(
        debate.open(&ROUNDS, expires, start + 901),
        Err(Refused::Missing(0, 1))
    );
    assert_eq!(debate.poll(), Ok(0));
    assert_eq!(debate.poll(), Ok(1));
    // Who votes first must not close the poll behind himself.
    assert_eq!(
        debate.open(&ROUNDS, expires, start + 900),
        Err(Refused::TooEarly(start + 901))
    );
    assert_eq!(debate.open(&ROUNDS, expires, start + 901), Ok(2));
    assert_eq!(
        debate.open(&ROUNDS, expires, start + 901),
        Err(Refused::Done)
    );
    assert_eq!(debate.poll(), Err(Refused::TooLate(start + 901)));
    assert_eq!(debate.voters(), 2);
    let mut full = Debate::default();
    full.set_voters(VOTERS_MAX - 1);
    assert_eq!(full.poll(), Ok(VOTERS_MAX - 1));
    assert_eq!(full.poll(), Err(Refused::TooMany(VOTERS_MAX)));
}

#[test]
fn turns_follow_the_clock_alone() {
    let mut debate = Debate::default();
    for _ in 0..4 {
        debate.poll().unwrap();
    }
    assert_eq!(debate.turn(&ROUNDS, 5), None, "before the draw");
    debate.open(&ROUNDS, 3_600, 901).unwrap();
    let turn = |since: u64| {
        debate
            .turn(&ROUNDS, 901 + since)
            .map(|turn| (turn.round, turn.place))
    };
    for (since, expected) in [
        (0, Some((1, 0))),
        (224, Some((1, 0))),
        (225, Some((1, 1))),
        (899, Some((1, 3))),
        (900, Some((2, 0))),
        (2_699, Some((3, 3))),
        (2_700, None),
    ] {
        assert_eq!(turn(since), expected, "{since}");
    }
    assert_eq!(debate.turn(&ROUNDS, 900), None, "a clock that went back");
}

proptest! {
    #[test]
    fn everybody_has_a_turn_in_every_round(voters in 1..200u32, secs in 60..2_000u64, count in 1..4u64) {
        let rounds = Rounds { count, secs };
        let mut debate = Debate::default();
        debate.set_voters(voters);
        let speakers = debate.open(&rounds, rounds.length(), secs + 1).unwrap();
        let turns: BTreeSet<(u8, u16)> = (0..count * secs)
            .filter_map(|since| debate.turn(&rounds, secs + 1 + since))
            .map(|Turn { round, place }| (round, place))
            .collect();
        prop_assert_eq!(turns.len() as u64, count * u64::from(speakers));
        prop_assert!(turns.iter().all(|(round, place)| u64::from(*round) <= count && *place < speakers));
    }
}

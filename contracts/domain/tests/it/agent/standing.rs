//! Who may do what: every reason against it, alone and together.

use agentcity_domain::{
    agent::{
        principal::Principal,
        record::{AgentType, Hot, Status},
        standing::{Bars, Purpose, bars, bars_for},
    },
    reputation::{MilliPoints, Points},
};
use proptest::prelude::*;

use super::*;

const AGE: u64 = 604_800;

fn limits() -> (Points, agentcity_domain::time::Seconds) {
    (Points::new(100).unwrap(), secs(AGE))
}

fn good() -> (Hot, Principal) {
    let mut ann = enrolled(ANN);
    let agent = registered(AGENT, ANN, &mut ann, 0);
    (agent.hot, ann)
}

#[test]
fn purposes_have_their_numbers_and_the_last_three_need_age() {
    let purposes = [
        Purpose::Bid,
        Purpose::Route,
        Purpose::Vote,
        Purpose::Sponsor,
        Purpose::Seat,
    ];
    for (number, purpose) in purposes.into_iter().enumerate() {
        assert_eq!(Purpose::of(number as u8), Some(purpose));
        assert_eq!(purpose as usize, number);
        assert_eq!(purpose.needs_age(), number >= 2);
    }
    for number in [5, 6, 255] {
        assert_eq!(Purpose::of(number), None);
    }
}

#[test]
fn each_reason_has_a_bit_of_its_own() {
    let all = [
        Bars::NOT_ACTIVE,
        Bars::NO_PRODUCER,
        Bars::NOT_ENROLLED,
        Bars::BANNED,
        Bars::FROZEN,
        Bars::BELOW_FLOOR,
        Bars::TOO_YOUNG,
    ];
    for (place, bar) in all.into_iter().enumerate() {
        assert_eq!(bar.bits(), 1 << place);
        assert!(!bar.is_empty());
    }
    assert!(Bars::default().is_empty());
}

#[test]
fn the_floor_and_the_age_are_reached_exactly() {
    let (mut hot, ann) = good();
    let judged =
        |hot: &Hot, purpose, passed| bars_for(purpose, hot, &ann, limits(), at(NOW + passed));
    assert_eq!(judged(&hot, Purpose::Bid, 0), Bars::default());
    assert_eq!(judged(&hot, Purpose::Vote, AGE - 1), Bars::TOO_YOUNG);
    assert_eq!(judged(&hot, Purpose::Vote, AGE), Bars::default());
    hot.reputation = MilliPoints::new(100_000).unwrap();
    assert_eq!(judged(&hot, Purpose::Bid, 0), Bars::default());
    hot.reputation = MilliPoints::new(99_999).unwrap();
    assert_eq!(judged(&hot, Purpose::Bid, 0), Bars::BELOW_FLOOR);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_reasons_are_those_that_apply(
        status in 0..4usize, kind in 0..4usize, (enrolled, leaving, banned, frozen) in any::<(bool, bool, bool, bool)>(),
        reputation in 99_000..101_000u64, passed in AGE - 1..=AGE, purpose in 0..5u8,
    ) {
        let (mut hot, mut ann) = good();
        hot.status = [Status::None, Status::Active, Status::Leaving, Status::Gone][status];
        hot.agent_type =
            [AgentType::None, AgentType::Producer, AgentType::Management, AgentType::Monitor][kind];
        hot.reputation = MilliPoints::new(reputation).unwrap();
        ann.enrolled_at *= u64::from(enrolled);
        ann.leaves_at = u64::from(leaving);
        ann.appeal_until = u64::from(banned);
        let now = NOW + passed;
        ann.frozen_until = if frozen { now } else { now - 1 };
        let mut expected = 0;
        for (bit, applies) in [
            status != 1,
            kind != 1,
            !enrolled || leaving,
            banned,
            frozen,
        ].into_iter().enumerate() {
            expected |= u8::from(applies) << bit;
        }
        prop_assert_eq!(bars(&hot, &ann, at(now)).bits(), expected);
        expected |= u8::from(reputation < 100_000) << 5;
        expected |= u8::from(purpose >= 2 && (!enrolled || passed < AGE)) << 6;
        let purpose = Purpose::of(purpose).unwrap();
        let judged = bars_for(purpose, &hot, &ann, limits(), at(now));
        prop_assert_eq!(judged.bits(), expected);
        prop_assert_eq!(judged.is_empty(), expected == 0);
    }
}

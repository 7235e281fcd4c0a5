//! Norms: enacted, struck, restored, and what they halt.

use agentcity_abi::IConstitution as wire;
use alloy_primitives::B256;

use crate::city::{City, THIS};

const RULE: B256 = B256::repeat_byte(0x41);
const OTHER: B256 = B256::repeat_byte(0x42);
const HOME: B256 = B256::repeat_byte(0xd1);
const AWAY: B256 = B256::repeat_byte(0xd2);

fn enact(id: B256, domain: B256) -> wire::enactNormCall {
    wire::enactNormCall { id, domain }
}

fn strike(id: B256) -> wire::strikeNormCall {
    wire::strikeNormCall { id }
}

fn restore(id: B256) -> wire::restoreNormCall {
    wire::restoreNormCall { id }
}

fn halted(city: &City, domain: B256) -> bool {
    city.ask(wire::isHaltedCall { domain })
}

#[test]
fn a_norm_is_enacted_struck_and_restored() {
    let city = City::sealed();
    let unknown = city.ask(wire::normCall { id: RULE });
    assert_eq!(
        (unknown.domain, unknown.status, unknown.since),
        (B256::ZERO, 0, 0)
    );

    city.rule(enact(RULE, HOME)).unwrap();
    let at = city.world.now();
    let norm = city.ask(wire::normCall { id: RULE });
    assert_eq!((norm.domain, norm.status, norm.since), (HOME, 1, at));
    assert_eq!(
        city.world.take_events::<wire::NormEnacted>(),
        [wire::NormEnacted {
            id: RULE,
            domain: HOME
        }]
    );
    assert!(!halted(&city, HOME));

    city.world.warp(10);
    city.rule(strike(RULE)).unwrap();
    let norm = city.ask(wire::normCall { id: RULE });
    assert_eq!((norm.domain, norm.status, norm.since), (HOME, 2, at + 10));
    assert_eq!(
        city.world.take_events::<wire::NormStruck>(),
        [wire::NormStruck {
            id: RULE,
            domain: HOME
        }]
    );
    assert!(halted(&city, HOME) && !halted(&city, AWAY));

    city.world.warp(10);
    city.rule(restore(RULE)).unwrap();
    let norm = city.ask(wire::normCall { id: RULE });
    assert_eq!((norm.domain, norm.status, norm.since), (HOME, 1, at + 20));
    assert_eq!(
        city.world.take_events::<wire::NormRestored>(),
        [wire::NormRestored {
            id: RULE,
            domain: HOME
        }]
    );
    assert!(!halted(&city, HOME));
}

#[test]
fn a_domain_halts_until_the_last_of_its_norms_stands_again() {
    let city = City::sealed();
    city.rule(enact(RULE, HOME)).unwrap();
    city.rule(enact(OTHER, HOME)).unwrap();
    city.rule(strike(RULE)).unwrap();
    city.rule(strike(OTHER)).unwrap();
    city.rule(restore(RULE)).unwrap();
    assert!(halted(&city, HOME));
    city.rule(restore(OTHER)).unwrap();
    assert!(!halted(&city, HOME));
    // What is zero again is in no slot.
    let slots = city.world.storage(THIS).len();
    city.rule(strike(RULE)).unwrap();
    city.rule(restore(RULE)).unwrap();
    assert_eq!(city.world.storage(THIS).len(), slots);
}

#[test]
fn a_command_out_of_place_is_refused() {
    let city = City::sealed();
    for (id, domain) in [(B256::ZERO, HOME), (RULE, B256::ZERO)] {
        city.rule_refused(enact(id, domain), wire::EmptyNorm { id, domain });
    }
    city.rule_refused(strike(RULE), wire::UnknownNorm { id: RULE });
    city.rule_refused(restore(RULE), wire::UnknownNorm { id: RULE });

    city.rule(enact(RULE, HOME)).unwrap();
    let exists = wire::NormExists {
        id: RULE,
        domain: HOME,
    };
    for domain in [HOME, AWAY] {
        city.rule_refused(enact(RULE, domain), exists.clone());
    }
    city.rule_refused(restore(RULE), wire::NormNotStruck { id: RULE });

    city.rule(strike(RULE)).unwrap();
    city.rule_refused(strike(RULE), wire::NormAlreadyStruck { id: RULE });
    city.rule_refused(enact(RULE, AWAY), exists);
}

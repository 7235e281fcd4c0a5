//! Whose voice counts (INV-ASSEMBLY-02, RULINGS A1).

use agentcity_domain::legislation::voice::{Bar, Voice};

const GOOD: Voice = Voice {
    producers: 1,
    enrolled_at: 1_000,
    leaves_at: 0,
    frozen_until: 0,
    appeal_until: 0,
};

#[test]
fn a_voice_is_barred_by_each_rule_alone_and_by_none_otherwise() {
    let now = 2_000;
    for (voice, age, expected) in [
        (GOOD, 1_000, None),
        (GOOD, 1_001, Some(Bar::TooYoung)),
        (Voice::default(), 0, Some(Bar::NotEnrolled)),
        (
            Voice {
                leaves_at: 9_999,
                ..GOOD
            },
            0,
            Some(Bar::Leaving),
        ),
        (
            Voice {
                leaves_at: 1,
                ..GOOD
            },
            0,
            Some(Bar::Leaving),
        ),
        (
            Voice {
                producers: 0,
                ..GOOD
            },
            0,
            Some(Bar::NoProducer),
        ),
        (
            Voice {
                appeal_until: 1,
                ..GOOD
            },
            0,
            Some(Bar::Banned),
        ),
        (
            Voice {
                frozen_until: now,
                ..GOOD
            },
            0,
            Some(Bar::Frozen),
        ),
        (
            Voice {
                frozen_until: now - 1,
                ..GOOD
            },
            0,
            None,
        ),
        (
            Voice {
                enrolled_at: u64::MAX,
                ..GOOD
            },
            9,
            Some(Bar::TooYoung),
        ),
    ] {
        assert_eq!(voice.bar(age, now), expected, "{voice:?} of {age}");
    }
}

#[test]
fn bars_have_the_numbers_of_the_interface() {
    let numbers = [
        Bar::NotEnrolled,
        Bar::Leaving,
        Bar::NoProducer,
        Bar::Banned,
        Bar::Frozen,
        Bar::TooYoung,
    ];
    assert_eq!(numbers.map(|bar| bar as u8), [1, 2, 3, 4, 5, 6]);
}

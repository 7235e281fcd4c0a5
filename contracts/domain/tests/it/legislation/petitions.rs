//! Petitions and numbers.

use agentcity_domain::{
    legislation::{
        number::{number, sponsor_of},
        petition::Petition,
        refused::Refused,
    },
    machine::PetitionState,
};
use alloy_primitives::{Address, B256};

const END: u64 = 5_000;

fn petition(voters: u32) -> Petition {
    Petition::open(voters, 20, END)
}

fn signed(voters: u32, names: u32) -> Petition {
    let mut petition = petition(voters);
    for _ in 0..names {
        petition.sign(END).unwrap();
    }
    petition
}

#[test]
fn a_petition_needs_its_share_of_those_enrolled_when_it_opened_and_somebody() {
    for (voters, needed) in [
        (0, 1),
        (1, 1),
        (5, 1),
        (6, 2),
        (25, 5),
        (26, 6),
        (1_000, 200),
    ] {
        assert_eq!(petition(voters).needed(), needed, "{voters}");
    }
}

#[test]
fn it_opens_a_session_with_enough_names_in_time_and_once() {
    assert_eq!(signed(25, 4).succeed(END), Err(Refused::Missing(4, 5)));
    let mut enough = signed(25, 5);
    assert_eq!(enough.succeed(END + 1), Err(Refused::TooLate(END)));
    assert!(!enough.has_opened());
    assert_eq!(enough.succeed(END), Ok(()));
    assert!(enough.has_opened());
    assert_eq!(enough.succeed(END), Err(Refused::TooLate(END)), "once");
    assert_eq!(enough.sign(END), Err(Refused::TooLate(END)));
    assert_eq!(enough.expire(END + 1), Err(Refused::TooLate(END)));
    assert_eq!(Petition::default().succeed(0), Err(Refused::Unknown));
}

#[test]
fn it_takes_names_until_its_last_second_and_expires_in_the_next() {
    let mut open = petition(25);
    assert_eq!(open.sign(END), Ok(()));
    assert_eq!(open.names(), 1);
    assert_eq!(open.sign(END + 1), Err(Refused::TooLate(END)));
    assert_eq!(open.expire(END), Err(Refused::TooEarly(END + 1)));
    assert_eq!(open.expire(END + 1), Ok(()));
    assert_eq!(open.state(), PetitionState::Expired.number());
    assert_eq!(open.expire(END + 1), Err(Refused::TooLate(END)));
    assert_eq!(open.sign(END), Err(Refused::TooLate(END)));
    assert_eq!(Petition::default().sign(0), Err(Refused::Unknown));
    assert_eq!(Petition::default().expire(0), Err(Refused::Unknown));
}

/// Even one that has enough names ends, if nobody opens its session.
#[test]
fn names_alone_keep_nothing_open() {
    let mut enough = signed(25, 9);
    assert_eq!(enough.expire(END + 1), Ok(()));
    assert_eq!(enough.succeed(END), Err(Refused::TooLate(END)));
}

#[test]
fn a_number_is_its_openers_and_no_two_are_equal() {
    let (one, two) = (Address::repeat_byte(0xa1), Address::repeat_byte(0xa2));
    let mut expected = B256::ZERO;
    expected[..20].fill(0xa1);
    expected[30] = 1;
    expected[31] = 2;
    assert_eq!(number(&one, 258), expected);
    assert_eq!(sponsor_of(&expected), one);
    assert_ne!(number(&one, 1), number(&one, 2));
    assert_ne!(number(&one, 1), number(&two, 1));
}

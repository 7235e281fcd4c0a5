//! INV-PANEL-04: who has an interest in the matter does not decide it.

use agentcity_domain::panel::interest::{Interest, barred, bit};
use alloy_primitives::Address;

fn who(n: u8) -> Address {
    Address::repeat_byte(n)
}

fn interest(signer: u8, principal: u8) -> Interest {
    Interest {
        signer,
        principal: who(principal),
    }
}

#[test]
fn whose_principal_is_a_party_is_barred() {
    let interests = [
        interest(0, 1),
        interest(1, 2),
        interest(1, 3),
        interest(5, 1),
    ];
    for (parties, expected) in [
        (&[][..], 0),
        (&[9], 0),
        (&[1], 0b10_0001),
        (&[2], 0b10),
        (&[3, 9], 0b10),
        (&[1, 2], 0b10_0011),
    ] {
        let parties: Vec<_> = parties.iter().map(|n| who(*n)).collect();
        assert_eq!(barred(&interests, &parties), expected, "{parties:?}");
    }
}

#[test]
fn nobody_is_no_party() {
    assert_eq!(barred(&[interest(0, 0)], &[Address::ZERO]), 0);
}

#[test]
fn each_place_has_a_bit_as_far_as_there_are_some() {
    for place in 0..64 {
        assert_eq!(bit(place), 1u64 << place);
    }
    assert_eq!((bit(64), bit(255)), (0, 0));
}

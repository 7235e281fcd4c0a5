//! Identifiers: accepted if they spell the key that registers, in one of two forms.

use agentcity_domain::agent::did::{DidError, MAX_BYTES, check};
use alloy_primitives::{Address, hex};
use proptest::prelude::*;

use super::AGENT;

const DIGITS: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";

fn account() -> String {
    format!("0x{DIGITS}")
}

fn checked(did: &str) -> Result<(), DidError> {
    check(did.as_bytes(), AGENT)
}

#[test]
fn both_forms_are_accepted_with_any_chain_and_either_case() {
    let account = account();
    for did in [
        format!("did:pkh:eip155:1:{account}"),
        format!("did:pkh:eip155:42161:{account}"),
        format!("did:pkh:eip155:{}:{account}", u64::MAX),
        format!("did:ethr:{account}"),
        format!("did:ethr:0x1:{account}"),
        format!("did:ethr:0xA4b1:{account}"),
        format!("did:ethr:0xffffffffffffffff:{account}"),
        format!("did:ethr:0x{}", DIGITS.to_uppercase()),
        format!("did:pkh:eip155:10:0x{}", DIGITS.replace("a1a1", "A1a1")),
    ] {
        assert_eq!(checked(&did), Ok(()), "{did}");
    }
}

#[test]
fn what_is_no_identifier_is_malformed_where_it_breaks() {
    for (did, place) in [
        ("", 0),
        ("x", 0),
        ("di", 2),
        ("did", 3),
        ("dit:pkh:x", 2),
        ("did:", 4),
        ("did::x", 4),
        ("did:Pkh:x", 4),
        ("did:pK:x", 5),
        ("did:pkh", 7),
        ("did:pk-h:x", 6),
        ("did:m1:", 7),
        ("did:m:a:", 8),
        ("did:m::", 7),
        ("did:m: a", 6),
        ("did:m:a b", 7),
        ("did:m:a/b", 7),
        ("did:m:a#b", 7),
        ("did:m:a?b", 7),
        ("did:m:a@b", 7),
        ("did:m:a[b", 7),
        ("did:m:a`b", 7),
        ("did:m:a{b", 7),
        ("did:m:é", 6),
    ] {
        assert_eq!(
            checked(did),
            Err(DidError::Malformed { at: place }),
            "{did}"
        );
    }
}

#[test]
fn what_is_one_of_another_form_is_unsupported_where_it_departs() {
    let account = account();
    for (did, place) in [
        // Other methods, and every byte that an identifier may have.
        ("did:key:zQ3s".to_owned(), 4),
        ("did:web:a.b-c_d:e%20F9z".to_owned(), 4),
        ("did:z09az:AZaz09".to_owned(), 4),
        ("did:eth:x".to_owned(), 7),
        ("did:ethz:x".to_owned(), 7),
        ("did:pkh:solana:x".to_owned(), 8),
        (format!("did:pkh:eip155-1:{account}"), 14),
        // Chains.
        (format!("did:pkh:eip155:0:{account}"), 15),
        (format!("did:pkh:eip155:01:{account}"), 15),
        (format!("did:pkh:eip155::{account}"), 15),
        (format!("did:pkh:eip155:a:{account}"), 15),
        (format!("did:pkh:eip155:1a:{account}"), 16),
        ("did:pkh:eip155:12".to_owned(), 17),
        (format!("did:pkh:eip155:18446744073709551616:{account}"), 34),
        (format!("did:pkh:eip155:99999999999999999999:{account}"), 34),
        (format!("did:ethr:1:{account}"), 9),
        (format!("did:ethr:0x0:{account}"), 11),
        (format!("did:ethr:0x01:{account}"), 11),
        (format!("did:ethr:0x:{account}"), 11),
        (format!("did:ethr:0xg:{account}"), 11),
        (format!("did:ethr:0X1:{account}"), 9),
        (format!("did:ethr:0x10000000000000000:{account}"), 27),
        ("did:ethr:x".to_owned(), 9),
        ("did:ethr:0".to_owned(), 9),
        // Accounts.
        (format!("did:pkh:eip155:1:{DIGITS}"), 17),
        ("did:pkh:eip155:1:0".to_owned(), 17),
        ("did:pkh:eip155:1:0x".to_owned(), 19),
        (format!("did:pkh:eip155:1:0X{DIGITS}"), 17),
        (format!("did:pkh:eip155:1:0x{}", &DIGITS[1..]), 58),
        (format!("did:pkh:eip155:1:0x{DIGITS}0"), 59),
        (format!("did:pkh:eip155:1:0xg{}", &DIGITS[1..]), 19),
        (format!("did:pkh:eip155:1:0x{}g", &DIGITS[1..]), 58),
        (format!("did:ethr:0x{}:x", &DIGITS[..16]), 28),
        (format!("did:ethr:0x{}g", &DIGITS[1..]), 50),
        // One digit short of an account it is a chain that is too long.
        (format!("did:ethr:0x{}", &DIGITS[1..]), 27),
        (format!("did:ethr:0x{DIGITS}0"), 27),
    ] {
        assert_eq!(
            checked(&did),
            Err(DidError::Unsupported { at: place }),
            "{did}"
        );
    }
}

#[test]
fn a_squatted_identifier_names_whose_it_is() {
    let named = Address::repeat_byte(0xb7);
    for did in [
        format!("did:pkh:eip155:1:{named:#x}"),
        format!("did:ethr:{named:#x}"),
        format!("did:ethr:0x1:{named}"),
    ] {
        let mismatch = DidError::KeyMismatch {
            named,
            agent: AGENT,
        };
        assert_eq!(checked(&did), Err(mismatch), "{did}");
    }
}

#[test]
fn an_identifier_has_at_most_128_bytes() {
    assert_eq!(MAX_BYTES, 128);
    let long = |bytes: usize| format!("did:x:{}", "y".repeat(bytes - 6));
    assert_eq!(checked(&long(128)), Err(DidError::Unsupported { at: 4 }));
    assert_eq!(checked(&long(129)), Err(DidError::TooLong { length: 129 }));
    // Length is judged before anything else.
    let junk = [0xff; 200];
    assert_eq!(check(&junk, AGENT), Err(DidError::TooLong { length: 200 }));
}

/// The two forms once more, naively: split at colons.
fn named_naively(did: &str) -> Option<Address> {
    let account = |text: &str| {
        let digits = text
            .strip_prefix("0x")
            .filter(|digits| digits.len() == 40)?;
        Some(Address::from_slice(&hex::decode(digits).ok()?))
    };
    let chain = |text: &str, radix| {
        let number = u64::from_str_radix(text, radix).ok()?;
        (number > 0 && !text.starts_with(['0', '+'])).then_some(())
    };
    match did.split(':').collect::<Vec<_>>()[..] {
        ["did", "pkh", "eip155", id, text] => chain(id, 10).and_then(|()| account(text)),
        ["did", "ethr", text] => account(text),
        ["did", "ethr", id, text] => chain(id.strip_prefix("0x")?, 16).and_then(|()| account(text)),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_identifier_is_accepted_exactly_if_it_spells_the_agent(
        bytes in any::<[u8; 20]>(), id in 1..=u64::MAX, form in 0..4u8, upper: bool,
    ) {
        let agent = Address::new(bytes);
        let digits = if upper { hex::encode_upper(agent) } else { hex::encode(agent) };
        let did = match form {
            0 => format!("did:pkh:eip155:{id}:0x{digits}"),
            1 => format!("did:ethr:0x{digits}"),
            2 => format!("did:ethr:0x{id:x}:0x{digits}"),
            _ => format!("did:ethr:0x{id:X}:0x{digits}"),
        };
        prop_assert_eq!(check(did.as_bytes(), agent), Ok(()));
        let other = Address::new(bytes.map(|byte| byte ^ 1));
        prop_assert_eq!(
            check(did.as_bytes(), other),
            Err(DidError::KeyMismatch { named: agent, agent: other })
        );
    }

    #[test]
    fn a_damaged_identifier_is_judged_as_naively(
        form in 0..3u8, place in 0..64usize, byte in 0x20..0x7fu8, kind in 0..3u8,
    ) {
        let mut did = match form {
            0 => format!("did:pkh:eip155:421:0x{DIGITS}"),
            1 => format!("did:ethr:0x{DIGITS}"),
            _ => format!("did:ethr:0x1a5:0x{DIGITS}"),
        }
        .into_bytes();
        let place = place % did.len();
        match kind {
            0 => did[place] = byte,
            1 => did.insert(place, byte),
            _ => { did.remove(place); }
        }
        let text = String::from_utf8(did).unwrap();
        let expected = named_naively(&text);
        match checked(&text) {
            Ok(()) => prop_assert_eq!(expected, Some(AGENT), "{}", text),
            Err(DidError::KeyMismatch { named, agent }) => {
                prop_assert_eq!((expected, agent), (Some(named), AGENT), "{}", text);
                prop_assert_ne!(named, AGENT);
            }
            Err(DidError::Malformed { at } | DidError::Unsupported { at }) => {
                prop_assert_eq!(expected, None, "{}", text);
                prop_assert!(at <= text.len());
            }
            Err(DidError::TooLong { .. }) => prop_assert!(false, "{}", text),
        }
    }
}

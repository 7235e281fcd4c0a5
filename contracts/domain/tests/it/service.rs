//! Services: every refusal beside its allowed neighbour, and what an id commits to.

use agentcity_domain::{
    service::{
        Constraints, EndpointFault, POLICIES_MAX, Record, Refused, Stored, check, deprecate,
        encode_details, encode_id,
        endpoint::{self, ENDPOINT_BYTES_MAX},
        known, register,
    },
    time::Timestamp,
};
use alloy_primitives::{Address, B256, keccak256};
use proptest::prelude::*;

const ANN: Address = Address::repeat_byte(0xaa);
const BOB: Address = Address::repeat_byte(0xbb);

fn record() -> Record<'static> {
    Record {
        code_hash: B256::repeat_byte(1),
        schema_hash: B256::repeat_byte(2),
        endpoint: b"https://worker.example/run",
        constraints: Constraints {
            max_latency_ms: 5_000,
            max_memory_mb: 512,
            max_concurrency: 3,
            network_policies: &[],
        },
    }
}

fn with_policies(policies: &[B256]) -> Record<'_> {
    Record {
        constraints: Constraints {
            network_policies: policies,
            ..record().constraints
        },
        ..record()
    }
}

fn details(record: &Record<'_>) -> B256 {
    let policies: Vec<u8> = record
        .constraints
        .network_policies
        .iter()
        .flat_map(|policy| policy.0)
        .collect();
    keccak256(encode_details(
        record,
        keccak256(record.endpoint),
        keccak256(policies),
    ))
}

fn id(owner: Address, record: &Record<'_>) -> B256 {
    keccak256(encode_id(owner, record.code_hash, details(record)))
}

#[test]
fn a_record_has_both_hashes() {
    assert_eq!(check(&record()), Ok(()));
    for (code, schema) in [(0, 2), (1, 0), (0, 0)] {
        let (code_hash, schema_hash) = (B256::repeat_byte(code), B256::repeat_byte(schema));
        let refused = check(&Record {
            code_hash,
            schema_hash,
            ..record()
        });
        let expected = Refused::EmptyHash {
            code_hash,
            schema_hash,
        };
        assert_eq!(refused, Err(expected));
    }
}

#[test]
fn a_limit_of_one_is_a_limit_and_of_zero_is_none() {
    for (max_latency_ms, max_memory_mb, max_concurrency) in [
        (1, 1, 1),
        (0, 1, 1),
        (1, 0, 1),
        (1, 1, 0),
        (u32::MAX, u32::MAX, u16::MAX),
    ] {
        let checked = check(&Record {
            constraints: Constraints {
                max_latency_ms,
                max_memory_mb,
                max_concurrency,
                network_policies: &[],
            },
            ..record()
        });
        let missing = max_latency_ms == 0 || max_memory_mb == 0 || max_concurrency == 0;
        let expected = Refused::ConstraintMissing {
            max_latency_ms,
            max_memory_mb,
            max_concurrency,
        };
        assert_eq!(checked, if missing { Err(expected) } else { Ok(()) });
    }
}

#[test]
fn policies_are_a_bounded_set_with_one_encoding() {
    let ascending: Vec<_> = (1..=POLICIES_MAX as u8 + 1)
        .map(B256::repeat_byte)
        .collect();
    assert_eq!(check(&with_policies(&ascending[..POLICIES_MAX])), Ok(()));
    assert_eq!(
        check(&with_policies(&ascending)),
        Err(Refused::TooManyPolicies { count: 17 })
    );
    let zero = [B256::ZERO];
    let twice = [B256::repeat_byte(1), B256::repeat_byte(1)];
    let falling = [
        B256::repeat_byte(1),
        B256::repeat_byte(3),
        B256::repeat_byte(2),
    ];
    for (policies, index) in [(&zero[..], 0), (&twice, 1), (&falling, 2)] {
        assert_eq!(
            check(&with_policies(policies)),
            Err(Refused::PoliciesNotAscending { index })
        );
    }
}

#[test]
fn endpoints_of_every_scheme_are_taken() {
    for text in [
        "https://worker.example/run",
        "https://worker.example",
        "https://worker.example:8443/run?shard=1&x=%2f",
        "https://10.0.0.1/a",
        "https://[2001:db8::1]:443/a",
        "https://a/b:c",
        "https://w?q",
        "https://w:1",
        "https://w:65535/",
        "http://localhost:8080/run",
        "http://127.0.0.1",
        "http://[::1]:9/x",
        "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
        "ipfs://bafy/bin/run",
        "urn:agentcity:process:sorter",
        "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    ] {
        assert_eq!(endpoint::check(text.as_bytes()), Ok(()), "{text}");
    }
}

#[test]
fn hostile_endpoints_are_refused_at_their_first_bad_byte() {
    use EndpointFault::{Malformed, NotLoopback, UnsupportedScheme};
    for (text, fault) in [
        // Schemes that run, read or confuse.
        ("javascript:alert(1)", UnsupportedScheme),
        ("file:///etc/passwd", UnsupportedScheme),
        ("data:text/html,x", UnsupportedScheme),
        ("HTTPS://worker.example", UnsupportedScheme),
        ("ws://localhost", UnsupportedScheme),
        ("//worker.example", UnsupportedScheme),
        ("worker.example", UnsupportedScheme),
        ("x", UnsupportedScheme),
        ("https:/worker.example", UnsupportedScheme),
        // Markup, control, spaces, look-alikes, direction marks.
        ("https://w/<script>", Malformed { at: 10 }),
        ("https://w/\"onload=", Malformed { at: 10 }),
        ("https://w/'", Malformed { at: 10 }),
        ("https://w/\n[error]", Malformed { at: 10 }),
        ("https://w/a b", Malformed { at: 11 }),
        ("https://w/\0", Malformed { at: 10 }),
        ("https://w/\u{202e}gpj", Malformed { at: 10 }),
        ("https://w\u{430}rker.example", Malformed { at: 9 }),
        ("https://w/\\..", Malformed { at: 10 }),
        ("https://w/`id`", Malformed { at: 10 }),
        ("https://w/{x}", Malformed { at: 10 }),
        ("https://w/#part", Malformed { at: 10 }),
        ("https://w/\x7f", Malformed { at: 10 }),
        ("https://w/%0", Malformed { at: 10 }),
        ("https://w/%0g", Malformed { at: 10 }),
        ("https://w/%", Malformed { at: 10 }),
        // Users before the host.
        ("https://bank.example@evil.example/", Malformed { at: 20 }),
        ("http://localhost@evil.example/", Malformed { at: 16 }),
        // Hosts and ports.
        ("https://", Malformed { at: 8 }),
        ("https:///run", Malformed { at: 8 }),
        ("https://?x", Malformed { at: 8 }),
        ("https://:80", Malformed { at: 8 }),
        ("https://.w", Malformed { at: 8 }),
        ("https://w.", Malformed { at: 9 }),
        ("https://w..x", Malformed { at: 10 }),
        ("https://w_x/", Malformed { at: 9 }),
        ("https://w%2e/", Malformed { at: 9 }),
        ("https://w:", Malformed { at: 9 }),
        ("https://w:0", Malformed { at: 9 }),
        ("https://w:080", Malformed { at: 9 }),
        ("https://w:65536", Malformed { at: 9 }),
        ("https://w:4294967376", Malformed { at: 9 }),
        ("https://w:8a", Malformed { at: 9 }),
        ("https://w:80:80", Malformed { at: 9 }),
        ("https://[", Malformed { at: 9 }),
        ("https://[]", Malformed { at: 10 }),
        ("https://[::1", Malformed { at: 12 }),
        ("https://[::1]x", Malformed { at: 13 }),
        ("https://[w]", Malformed { at: 9 }),
        ("https://[[::1]", Malformed { at: 9 }),
        // Plain http elsewhere.
        ("http://worker.example/run", NotLoopback { at: 7 }),
        ("http://localhost.evil.example", NotLoopback { at: 7 }),
        ("http://127.0.0.1.evil.example", NotLoopback { at: 7 }),
        ("http://[::2]", NotLoopback { at: 7 }),
        ("http://", Malformed { at: 7 }),
        // Content and names.
        ("ipfs://", Malformed { at: 7 }),
        ("ipfs:///x", Malformed { at: 7 }),
        ("ipfs://ba.fy", Malformed { at: 9 }),
        ("urn:", Malformed { at: 4 }),
        ("urn::x", Malformed { at: 4 }),
        ("urn:x", Malformed { at: 5 }),
        ("urn:x:", Malformed { at: 5 }),
        ("urn:x y:z", Malformed { at: 5 }),
    ] {
        assert_eq!(endpoint::check(text.as_bytes()), Err(fault), "{text:?}");
    }
}

#[test]
fn an_endpoint_has_1_to_256_bytes() {
    let longest = format!("urn:x:{}", "y".repeat(ENDPOINT_BYTES_MAX - 6));
    assert_eq!(endpoint::check(longest.as_bytes()), Ok(()));
    for text in [String::new(), longest + "y"] {
        let length = text.len();
        let refused = check(&Record {
            endpoint: text.as_bytes(),
            ..record()
        });
        assert_eq!(
            refused,
            Err(Refused::Endpoint(EndpointFault::Length { length }))
        );
    }
}

/// What an endpoint must look like, said another way than the rules say it.
fn is_endpoint(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let name = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let printable = text.bytes().enumerate().all(|(at, byte)| {
        let hex = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
        byte.is_ascii_graphic()
            && !b"\"'#<>@\\^`{|}".contains(&byte)
            && (byte != b'%' || (hex(at + 1) && hex(at + 2)))
    });
    let shaped = match scheme {
        "urn" => rest
            .split_once(':')
            .is_some_and(|(space, value)| name(space) && !value.is_empty()),
        "ipfs" => rest
            .strip_prefix("//")
            .is_some_and(|rest| name(rest.split('/').next().unwrap())),
        "https" | "http" => rest.strip_prefix("//").is_some_and(|rest| {
            let authority = rest.split(['/', '?']).next().unwrap();
            let (host, port) = match authority.rfind(']') {
                Some(at) => authority.split_at(at + 1),
                None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
            };
            let port = port.is_empty()
                || port.strip_prefix(':').is_some_and(|digits| {
                    digits.parse::<u16>().is_ok_and(|port| port > 0)
                        && !digits.starts_with(['0', '+'])
                });
            let bracketed = host
                .strip_prefix('[')
                .and_then(|host| host.strip_suffix(']'))
                .is_some_and(|host| {
                    host.len() > 1
                        && host
                            .chars()
                            .all(|c| c.is_ascii_hexdigit() || c == ':' || c == '.')
                });
            let host_stands = bracketed || host.split('.').all(name);
            let near = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
            host_stands && port && (scheme == "https" || near)
        }),
        _ => false,
    };
    printable && shaped && text.len() <= ENDPOINT_BYTES_MAX
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn endpoints_are_judged_as_the_naive_model_judges(
        text in r"(https|http|ipfs|urn|ftp)(://|:)(localhost|127\.0\.0\.1|\[::1\]|[a-z.\[\]:%-]{0,6})(:[0-9]{0,6})?([/?:]([a-zA-Z0-9%/?:@#<'~ ]{0,4}))?"
    ) {
        prop_assert_eq!(endpoint::check(text.as_bytes()).is_ok(), is_endpoint(&text), "{}", text);
    }

    #[test]
    fn any_bytes_are_judged_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let at_most = bytes.len();
        match endpoint::check(&bytes) {
            Err(EndpointFault::Malformed { at }) => prop_assert!(at <= at_most),
            other => prop_assert!(other.is_err()),
        }
    }
}

#[test]
fn an_id_commits_to_every_field_of_the_record() {
    let policies = [B256::repeat_byte(7)];
    let mut ids = vec![id(ANN, &record()), id(BOB, &record())];
    let limits = record().constraints;
    ids.extend(
        [
            Record {
                code_hash: B256::repeat_byte(9),
                ..record()
            },
            Record {
                schema_hash: B256::repeat_byte(9),
                ..record()
            },
            Record {
                endpoint: b"https://worker.example/ruN",
                ..record()
            },
            Record {
                constraints: Constraints {
                    max_latency_ms: 5_001,
                    ..limits
                },
                ..record()
            },
            Record {
                constraints: Constraints {
                    max_memory_mb: 513,
                    ..limits
                },
                ..record()
            },
            Record {
                constraints: Constraints {
                    max_concurrency: 4,
                    ..limits
                },
                ..record()
            },
            with_policies(&policies),
        ]
        .iter()
        .map(|record| id(ANN, record)),
    );
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
}

#[test]
fn ids_are_encoded_as_solidity_encodes() {
    use alloy_primitives::U256;
    let record = record();
    let words = encode_details(&record, B256::repeat_byte(3), B256::repeat_byte(4));
    let word = |at: usize| U256::from_be_slice(&words[32 * at..32 * at + 32]);
    assert_eq!(word(0), U256::from_be_bytes([2; 32]));
    assert_eq!(word(1), U256::from_be_bytes([3; 32]));
    assert_eq!(word(2), U256::from(5_000));
    assert_eq!(word(3), U256::from(512));
    assert_eq!(word(4), U256::from(3));
    assert_eq!(word(5), U256::from_be_bytes([4; 32]));
    let preimage = encode_id(ANN, B256::repeat_byte(1), B256::repeat_byte(5));
    assert_eq!(&preimage[..32], ANN.into_word().as_slice());
    assert_eq!(preimage[32..64], [1; 32]);
    assert_eq!(preimage[64..], [5; 32]);
}

const EMPTY: Stored = Stored {
    code_hash: B256::ZERO,
    deprecated_at: None,
};
const LIVE: Stored = Stored {
    code_hash: B256::repeat_byte(1),
    deprecated_at: None,
};
const ENDED: Stored = Stored {
    code_hash: B256::repeat_byte(1),
    deprecated_at: Some(Timestamp::new(7)),
};

#[test]
fn a_record_is_registered_once_by_a_producer() {
    let service = id(ANN, &record());
    let asked = |stored, producer| register(stored, service, ANN, producer, &record());
    assert_eq!(asked(EMPTY, true), Ok(LIVE));
    assert_eq!(
        asked(EMPTY, false),
        Err(Refused::NotProducer { caller: ANN })
    );
    for stored in [LIVE, ENDED] {
        assert_eq!(
            asked(stored, true),
            Err(Refused::AlreadyRegistered { service })
        );
    }
}

#[test]
fn a_service_is_ended_once_by_its_owner() {
    let (service, now) = (id(ANN, &record()), Timestamp::new(7));
    let shown = keccak256(encode_id(ANN, record().code_hash, details(&record())));
    let by_other = keccak256(encode_id(BOB, record().code_hash, details(&record())));
    assert_eq!(deprecate(LIVE, service, ANN, shown, now), Ok(ENDED));
    assert_eq!(
        deprecate(LIVE, service, BOB, by_other, now),
        Err(Refused::NotOwner { caller: BOB })
    );
    assert_eq!(
        deprecate(ENDED, service, ANN, shown, Timestamp::new(8)),
        Err(Refused::AlreadyDeprecated { service, at: now })
    );
    assert_eq!(
        deprecate(EMPTY, service, ANN, shown, now),
        Err(Refused::UnknownService { service })
    );
    assert_eq!(known(ENDED, service), Ok(ENDED));
    assert_eq!(
        known(EMPTY, service),
        Err(Refused::UnknownService { service })
    );
}

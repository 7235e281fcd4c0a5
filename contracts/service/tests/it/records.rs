//! What is registered, by whom, and how it ends; and who tries to cheat.

use agentcity_abi::IService as wire;
use agentcity_world::Frame;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};

use crate::city::{
    ANN, BANNED, BOB, CARL, City, FROZEN, NO_PRODUCER, NOT_ACTIVE, NOT_ENROLLED, STRANGER,
    identity, limits, registration, registry,
};

#[track_caller]
fn refused<E: alloy_sol_types::SolError + PartialEq + std::fmt::Debug>(
    city: &City,
    from: Address,
    call: impl SolCall,
    expected: E,
) {
    city.world.refused(from, registry(), 0, call, expected);
}

fn standing(city: &City, service: B256) -> (B256, u64) {
    let answer = city.call(STRANGER, wire::standingCall { service }).unwrap();
    (answer.codeHash, answer.deprecatedAt)
}

#[test]
fn a_registration_stores_the_code_hash_and_tells_the_rest() {
    let city = City::new();
    let call = registration(1);
    let (id, details) = identity(ANN, &call);
    let identified = city
        .call(
            STRANGER,
            wire::identifyCall {
                owner: ANN,
                codeHash: call.codeHash,
                schemaHash: call.schemaHash,
                endpoint: call.endpoint.clone(),
                constraints: call.constraints.clone(),
            },
        )
        .unwrap();
    assert_eq!((identified.service, identified.details), (id, details));

    assert_eq!(city.call(ANN, call.clone()).unwrap(), id);
    let events = city.world.take_events::<wire::ServiceRegistered>();
    let expected = wire::ServiceRegistered {
        service: id,
        owner: ANN,
        codeHash: call.codeHash,
        schemaHash: call.schemaHash,
        endpoint: call.endpoint.clone(),
        constraints: call.constraints.clone(),
    };
    assert_eq!(events, [expected]);
    assert_eq!(standing(&city, id), (call.codeHash, 0));
    for (live, same) in [(call.codeHash, true), (B256::repeat_byte(9), false)] {
        let question = wire::verifyCodeHashCall {
            service: id,
            liveHash: live,
        };
        assert_eq!(city.call(STRANGER, question).unwrap(), same);
    }
    for (account, shown, owns) in [
        (ANN, details, true),
        (BOB, details, false),
        (ANN, B256::ZERO, false),
        (Address::ZERO, details, false),
    ] {
        let question = wire::isOwnerCall {
            service: id,
            account,
            details: shown,
        };
        assert_eq!(city.call(STRANGER, question).unwrap(), owns);
    }
}

#[test]
fn only_producers_in_good_standing_register() {
    let city = City::new();
    for bars in [NOT_ACTIVE, NO_PRODUCER, NOT_ENROLLED, BANNED, FROZEN] {
        city.bars.borrow_mut().insert(CARL, bars);
        refused(
            &city,
            CARL,
            registration(1),
            wire::Unauthorized { caller: CARL },
        );
    }
    refused(
        &city,
        STRANGER,
        registration(1),
        wire::Unauthorized { caller: STRANGER },
    );
    city.bars.borrow_mut().insert(CARL, 0);
    city.call(CARL, registration(1)).unwrap();
}

#[test]
fn every_fault_of_a_record_has_its_refusal() {
    let city = City::new();
    let good = registration(1);
    refused(
        &city,
        ANN,
        wire::registerServiceCall {
            codeHash: B256::ZERO,
            ..good.clone()
        },
        wire::EmptyHash {
            codeHash: B256::ZERO,
            schemaHash: good.schemaHash,
        },
    );
    refused(
        &city,
        ANN,
        wire::registerServiceCall {
            constraints: wire::Constraints {
                maxMemoryMb: 0,
                ..limits(&[])
            },
            ..good.clone()
        },
        wire::ConstraintMissing {
            maxLatencyMs: 5_000,
            maxMemoryMb: 0,
            maxConcurrency: 3,
        },
    );
    let many: Vec<u8> = (1..=17).collect();
    refused(
        &city,
        ANN,
        wire::registerServiceCall {
            constraints: limits(&many),
            ..good.clone()
        },
        wire::TooManyPolicies {
            count: U256::from(17),
            most: U256::from(16),
        },
    );
    refused(
        &city,
        ANN,
        wire::registerServiceCall {
            constraints: limits(&[3, 3]),
            ..good.clone()
        },
        wire::PoliciesNotAscending {
            index: U256::from(1),
        },
    );
    let at = |endpoint: &str| wire::registerServiceCall {
        endpoint: endpoint.into(),
        ..good.clone()
    };
    refused(
        &city,
        ANN,
        at(&"x".repeat(257)),
        wire::EndpointLength {
            length: U256::from(257),
            most: U256::from(256),
        },
    );
    refused(
        &city,
        ANN,
        at("javascript:alert(1)"),
        wire::UnsupportedScheme {},
    );
    refused(
        &city,
        ANN,
        at("https://bank.example@evil.example/"),
        wire::MalformedEndpoint { at: U256::from(20) },
    );
    refused(
        &city,
        ANN,
        at("https://w/\u{202e}gpj.exe"),
        wire::MalformedEndpoint { at: U256::from(10) },
    );
    refused(
        &city,
        ANN,
        at("http://worker.example/run"),
        wire::NotLoopback { at: U256::from(7) },
    );
    assert!(city.world.take_logs().is_empty());
}

#[test]
fn the_services_of_a_node_are_answered_for_at_once_in_their_order() {
    let city = City::new();
    let services: Vec<B256> = (1..=7)
        .map(|number| city.call(ANN, registration(number)).unwrap())
        .collect();
    let (_, details) = identity(ANN, &registration(3));
    let call = wire::deprecateServiceCall {
        service: services[2],
        details,
    };
    city.call(ANN, call).unwrap();
    let asked = |services: Vec<B256>| wire::standingsCall { services };
    let backwards: Vec<B256> = services.iter().rev().copied().collect();
    let found = city.call(STRANGER, asked(backwards.clone())).unwrap();
    let found: Vec<(B256, u64)> = found.iter().map(|s| (s.codeHash, s.deprecatedAt)).collect();
    let single: Vec<(B256, u64)> = backwards.iter().map(|of| standing(&city, *of)).collect();
    assert_eq!(found, single);
    assert_ne!(found[4].1, 0, "the third was deprecated");
    assert!(city.call(STRANGER, asked(Vec::new())).unwrap().is_empty());
    let more_than_seats = asked([services.clone(), services].concat());
    refused(&city, STRANGER, more_than_seats, wire::MalformedCall {});
}

#[test]
fn an_unknown_id_is_refused_by_the_views_that_need_one() {
    let city = City::new();
    let service = B256::repeat_byte(5);
    let unknown = wire::UnknownService { service };
    refused(
        &city,
        STRANGER,
        wire::standingCall { service },
        unknown.clone(),
    );
    let known = city.call(ANN, registration(1)).unwrap();
    city.world.take_logs();
    let services = vec![known, service, known];
    let asked = wire::standingsCall { services };
    refused(&city, STRANGER, asked, unknown.clone());
    // A live hash of nothing must not match the nothing that is stored.
    refused(
        &city,
        STRANGER,
        wire::verifyCodeHashCall {
            service,
            liveHash: B256::ZERO,
        },
        unknown.clone(),
    );
    refused(
        &city,
        ANN,
        wire::deprecateServiceCall {
            service,
            details: B256::ZERO,
        },
        unknown,
    );
    // The id that Ann would have with a code hash of zero is not registered, so it is not hers.
    let details = B256::repeat_byte(6);
    let service = keccak256((ANN, B256::ZERO, details).abi_encode());
    let question = wire::isOwnerCall {
        service,
        account: ANN,
        details,
    };
    assert!(!city.call(STRANGER, question).unwrap());
}

/// INV-SERVICE-01.
#[test]
fn nobody_takes_anothers_id_by_registering_first() {
    let city = City::new();
    // Bob sees Ann's registration coming and sends the same record before her: he gets an id of his own.
    let his = city.call(BOB, registration(1)).unwrap();
    let hers = city.call(ANN, registration(1)).unwrap();
    assert_ne!(his, hers);
    let (_, details) = identity(BOB, &registration(1));
    refused(
        &city,
        BOB,
        wire::deprecateServiceCall {
            service: hers,
            details,
        },
        wire::Unauthorized { caller: BOB },
    );
    // The same record of the same owner is the same service.
    refused(
        &city,
        ANN,
        registration(1),
        wire::AlreadyRegistered { service: hers },
    );
}

#[test]
fn an_owner_ends_a_service_for_ever_even_when_banned() {
    let city = City::new();
    let service = city.call(ANN, registration(1)).unwrap();
    let (_, details) = identity(ANN, &registration(1));
    let end = wire::deprecateServiceCall { service, details };
    city.bars.borrow_mut().insert(ANN, BANNED | NOT_ACTIVE);
    refused(
        &city,
        STRANGER,
        end.clone(),
        wire::Unauthorized { caller: STRANGER },
    );
    refused(
        &city,
        ANN,
        wire::deprecateServiceCall {
            service,
            details: B256::ZERO,
        },
        wire::Unauthorized { caller: ANN },
    );
    city.world.warp(100);
    let at = city.world.now();
    city.call(ANN, end.clone()).unwrap();
    let ended = city.world.take_events::<wire::ServiceDeprecated>();
    let expected = wire::ServiceDeprecated {
        service,
        owner: ANN,
        at,
    };
    assert_eq!(ended, [expected]);

    city.bars.borrow_mut().insert(ANN, 0);
    city.world.warp(1);
    refused(&city, ANN, end, wire::AlreadyDeprecated { service, at });
    refused(
        &city,
        ANN,
        registration(1),
        wire::AlreadyRegistered { service },
    );
    // What ran on it stays verifiable.
    assert_eq!(standing(&city, service), (registration(1).codeHash, at));
    let question = wire::verifyCodeHashCall {
        service,
        liveHash: registration(1).codeHash,
    };
    assert!(city.call(STRANGER, question).unwrap());
}

#[test]
fn an_agent_contract_that_answers_nonsense_admits_nobody() {
    use agentcity_domain::peer::Peer;
    let city = City::new();
    let place = crate::city::member(Peer::Agent);
    for answer in [vec![], vec![0; 96], vec![0xff; 224]] {
        let says = move |_: &Frame, _: &[u8]| Ok(answer.clone());
        city.world.install(place, keccak256("agent"), says);
        refused(&city, ANN, registration(1), wire::MalformedCall {});
    }
}

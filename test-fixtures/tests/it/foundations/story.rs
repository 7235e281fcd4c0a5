//! The story of a city: it is raised, its people come, its law changes by rulings, and nobody does what is not his to do.

use super::{amendments, roles};
use agentcity_abi::{IAgent, IService};
use agentcity_domain::peer::Peer;
use agentcity_test_fixtures::city::{
    Charter, City, Person,
    life::{AgentType, Registration, service_of},
};
use alloy::sol_types::SolEvent;
use std::time::Duration;

const PRINCIPALS: usize = 25;
const AGENTS: usize = 40;
const MONITORS: usize = 7;
const SERVICES: usize = 10;
const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn a_city_is_raised_peopled_amended_and_defended() {
    let mut city = City::raise(&Charter::default()).unwrap_or_else(|e| panic!("{e}"));
    city.install_clerks().unwrap_or_else(|e| panic!("{e}"));
    city.seat_panel().unwrap_or_else(|e| panic!("{e}"));
    let agents = city.address(Peer::Agent);

    // Twenty-five principals, and the owners of seven monitors.
    let principals = city.people("principal", PRINCIPALS).unwrap();
    let owners = city.people("monitors' owner", MONITORS).unwrap();
    let enrolled = city.enrol(&principals).unwrap_or_else(|e| panic!("{e}"));
    city.enrol(&owners).unwrap_or_else(|e| panic!("{e}"));
    for (outcome, principal) in enrolled.iter().zip(&principals) {
        let log = IAgent::PrincipalEnrolled::decode_log(&outcome.logs[0]).unwrap();
        assert_eq!(log.principal, principal.address());
    }
    let voters = |city: &mut City| city.client.ask(agents, &IAgent::voterCountCall {}).unwrap();
    assert_eq!(
        voters(&mut city),
        0,
        "a principal without a producer has no voice"
    );

    // Forty producers, the four clerks of the seal, seven monitors.
    let producers = city.people("producer", AGENTS).unwrap();
    let monitors = city.people("monitor", MONITORS).unwrap();
    let registrations = |people: &[Person], kind, answerable: &[Person]| {
        let pairs = people.iter().zip(answerable.iter().cycle());
        pairs
            .map(|(agent, principal)| Registration {
                agent: agent.clone(),
                kind,
                principal: principal.clone(),
            })
            .collect::<Vec<_>>()
    };
    let of_producers = registrations(&producers, AgentType::Producer, &principals);
    let registered = city
        .register(&of_producers)
        .unwrap_or_else(|e| panic!("{e}"));
    for (outcome, registration) in registered.iter().zip(&of_producers) {
        let log = IAgent::AgentRegistered::decode_log(&outcome.logs[0]).unwrap();
        assert_eq!(
            (log.agent, log.principal, log.registration),
            (
                registration.agent.address(),
                registration.principal.address(),
                1
            )
        );
    }
    city.register(&registrations(&monitors, AgentType::Monitor, &owners))
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(voters(&mut city) as usize, PRINCIPALS);
    for (people, kind) in [
        (&producers, AgentType::Producer),
        (&monitors, AgentType::Monitor),
    ] {
        for person in people {
            let record = city
                .client
                .ask(
                    agents,
                    &IAgent::agentRecordCall {
                        agent: person.address(),
                    },
                )
                .unwrap();
            assert_eq!(
                (record.agentType as u8, record.reputation),
                (kind as u8, 500_000)
            );
        }
    }

    // Ten services, whose ids are what they commit to.
    let services = city
        .publish(&producers[..SERVICES])
        .unwrap_or_else(|e| panic!("{e}"));
    for (outcome, owner) in services.iter().zip(&producers) {
        let log = IService::ServiceRegistered::decode_log(&outcome.logs[0]).unwrap();
        let call = service_of(owner);
        let expected = city
            .client
            .ask(
                city.address(Peer::Service),
                &IService::identifyCall {
                    owner: owner.address(),
                    codeHash: call.codeHash,
                    schemaHash: call.schemaHash,
                    endpoint: call.endpoint,
                    constraints: call.constraints,
                },
            )
            .unwrap();
        assert_eq!(
            (log.service, log.owner),
            (expected.service, owner.address())
        );
    }
    books_are_exact(&mut city);

    // The law changes by rulings, and only so.
    city.client.warp(9 * DAY).unwrap();
    amendments::change_by_ruling(&mut city);

    // Each refusal of the role table.
    let stranger = city.person("stranger").unwrap().address();
    roles::every_function_by_every_role(&mut city, producers[0].address(), stranger);
}

/// Law 2: what the contract holds is what it books, to the wei (RULINGS R17).
fn books_are_exact(city: &mut City) {
    let agents = city.address(Peer::Agent);
    let booked = city.client.ask(agents, &IAgent::bookedCall {}).unwrap();
    let held = city.client.balance(agents).unwrap();
    assert_eq!(booked, held);
    assert!(!booked.is_zero());
}

//! Programs live a year. When nobody kept them alive, nothing is lost: a stranger activates them again and everything goes on
//! where it stood (RULINGS A8).

use agentcity_abi::{IAgent, IConstitution, IService};
use agentcity_domain::peer::Peer;
use agentcity_test_fixtures::{
    Sender,
    city::{
        Charter, City,
        life::{AgentType, Registration, service_of},
    },
    program::activate,
};
use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolCall,
};
use std::time::Duration;

const COOLDOWN_AND_A_DAY: Duration = Duration::from_secs(8 * 86_400);
const YEAR_AND_A_DAY: Duration = Duration::from_secs(366 * 86_400);

#[test]
fn after_a_year_a_stranger_wakes_the_city() {
    let mut city = City::raise(&Charter::default()).unwrap_or_else(|e| panic!("{e}"));
    city.install_clerks().unwrap_or_else(|e| panic!("{e}"));
    city.seat_panel().unwrap_or_else(|e| panic!("{e}"));
    let principals = city.people("principal", 2).unwrap();
    let producers = city.people("producer", 2).unwrap();
    city.enrol(&principals).unwrap_or_else(|e| panic!("{e}"));
    let registration = |index: usize| Registration {
        agent: producers[index].clone(),
        kind: AgentType::Producer,
        principal: principals[index].clone(),
    };
    city.register(&[registration(0)])
        .unwrap_or_else(|e| panic!("{e}"));
    city.publish(&producers[..1])
        .unwrap_or_else(|e| panic!("{e}"));
    let agents = city.address(Peer::Agent);
    let agent = producers[0].address();
    let leaving = IAgent::requestDeregistrationCall { agent };
    let left = IAgent::completeDeregistrationCall { agent };
    city.client
        .send(&producers[0], agents, &leaving)
        .unwrap_or_else(|e| panic!("{e}"));
    city.client.warp(COOLDOWN_AND_A_DAY).unwrap();
    city.client
        .send(&producers[1], agents, &left)
        .unwrap_or_else(|e| panic!("{e}"));
    let creditor = [&principals[0], &producers[0]]
        .into_iter()
        .find(|person| !credit(&mut city, person.address()).is_zero())
        .unwrap();
    let owed = credit(&mut city, creditor.address());
    let questions = questions(&city, agent);
    let before = answers(&mut city, &questions);
    assert!(before.iter().all(Option::is_some), "{before:?}");

    city.client.warp(YEAR_AND_A_DAY).unwrap();
    assert!(answers(&mut city, &questions).iter().all(Option::is_none));
    let withdraw = IAgent::withdrawCall {};
    let refused = city.client.send(creditor, agents, &withdraw).unwrap_err();
    println!("a year later: {refused}");

    // Nobody of the city: a stranger pays, and needs no permission.
    let mut stranger = Sender::new(&city.node, "mallory").unwrap();
    for peer in Peer::ALL {
        activate(&mut stranger, city.address(peer)).unwrap_or_else(|e| panic!("{e}"));
    }
    assert_eq!(answers(&mut city, &questions), before, "something was lost");

    // Money first: the stake of a year ago.
    let booked = city.client.ask(agents, &IAgent::bookedCall {}).unwrap();
    city.client
        .send(creditor, agents, &withdraw)
        .unwrap_or_else(|e| panic!("{e}"));
    let rest = city.client.ask(agents, &IAgent::bookedCall {}).unwrap();
    assert_eq!(booked - rest, owed);
    assert!(credit(&mut city, creditor.address()).is_zero());
    // Then new life.
    city.register(&[registration(1)])
        .unwrap_or_else(|e| panic!("{e}"));
    city.publish(&producers[1..])
        .unwrap_or_else(|e| panic!("{e}"));
    let norm = IConstitution::enactNormCall {
        id: alloy::primitives::keccak256("norm"),
        domain: alloy::primitives::keccak256("domain"),
    };
    city.rule(Peer::Constitution, &norm)
        .unwrap_or_else(|e| panic!("{e}"));
}

fn credit(city: &mut City, account: Address) -> U256 {
    let call = IAgent::creditsCall { account };
    let agents = city.address(Peer::Agent);
    city.client.ask(agents, &call).unwrap()
}

/// One question to each program whose answer the year must not change.
fn questions(city: &City, agent: Address) -> Vec<(Address, Vec<u8>)> {
    let service = service_of_owner(agent);
    vec![
        (
            city.address(Peer::Constitution),
            IConstitution::readCurrentCall {
                ids: vec![0, 1, 2, 3].into(),
            }
            .abi_encode(),
        ),
        (
            city.address(Peer::Agent),
            IAgent::agentRecordCall { agent }.abi_encode(),
        ),
        (
            city.address(Peer::Agent),
            IAgent::bookedCall {}.abi_encode(),
        ),
        (city.address(Peer::Service), service),
        (
            city.address(Peer::Management),
            // Every member has it.
            IAgent::constitutionCall {}.abi_encode(),
        ),
    ]
}

fn service_of_owner(owner: Address) -> Vec<u8> {
    let call = service_of(&agentcity_test_fixtures::city::Person::new(0, "anyone"));
    IService::identifyCall {
        owner,
        codeHash: call.codeHash,
        schemaHash: call.schemaHash,
        endpoint: call.endpoint,
        constraints: call.constraints,
    }
    .abi_encode()
}

fn answers(city: &mut City, questions: &[(Address, Vec<u8>)]) -> Vec<Option<Bytes>> {
    questions
        .iter()
        .map(|(to, input)| {
            city.client
                .try_call(Address::ZERO, *to, U256::ZERO, input)
                .ok()
        })
        .collect()
}

//! The operations, in the order in which a city meets them. Every number is a receipt's, unless it says `call`: then it is
//! what a contract spends on the call alone, in the midst of a transaction of its own.

use super::{GasError, Taken};
use crate::{
    city::{
        City, Person,
        life::{AgentType, Registration, outcome_for},
        raise::Step,
    },
    sender::Outcome,
};
use agentcity_abi::{IAgent, IConstitution, IManagement, IService};
use agentcity_domain::{
    clerk::Operation,
    parameter::{ParameterId, word},
    peer::Peer,
};
use alloy::primitives::{B256, keccak256};
use std::time::Duration;

/// Parameters read in one batch.
const BATCH: u8 = 20;
/// Longer than any delay of an amendment, and than the cooldown of a deregistration.
const LONG: Duration = Duration::from_secs(9 * 86_400);

/// Gas of a call of an account that the transaction has touched already.
const WARM_CALL: u64 = 100;

/// Gas of each operation.
pub fn measure(city: &mut City) -> Result<Taken, GasError> {
    let mut taken = founding(city);
    let cast = people(city, &mut taken)?;
    services(city, &cast, &mut taken)?;
    reputation(city, &cast, &mut taken)?;
    law(city, &mut taken)?;
    farewell(city, &cast, &mut taken)?;
    Ok(taken)
}

/// Who plays.
struct Cast {
    principals: Vec<Person>,
    producers: Vec<Person>,
}

/// Seal and wires. Deployments are left out: their gas is the size of the code, which `cargo xtask sizes` reports.
fn founding(city: &City) -> Taken {
    let steps = city.founding.iter().filter_map(|(step, gas)| {
        let id = match step {
            Step::Seal => "seal",
            Step::Wire(Peer::Agent) => "wire.agent",
            Step::Wire(Peer::Management) => "wire.management",
            Step::Wire(Peer::Service) => "wire.service",
            Step::Wire(_) | Step::Deploy(_) => return None,
        };
        Some((id, *gas))
    });
    steps.collect()
}

fn people(city: &mut City, taken: &mut Taken) -> Result<Cast, GasError> {
    let installed = city.install_clerks()?;
    taken.push(("register.clerk", gas(&installed[0])));
    taken.push(("admitGenesisClerk", gas(&installed[installed.len() - 1])));

    let principals = city.people("principal", 2)?;
    let producers = city.people("producer", 6)?;
    let everybody = [principals.clone(), producers.clone()].concat();
    city.give_tokens(&everybody)?;
    // The registrar's first attestation writes its ledger for the first time; the second is what each further one costs.
    let enrolled = city.enrol(&principals)?;
    taken.push(("enrolPrincipal.first", gas(&enrolled[0])));
    taken.push(("enrolPrincipal", gas(&enrolled[1])));

    let registrations: Vec<Registration> = producers
        .iter()
        .enumerate()
        .map(|(index, agent)| Registration {
            agent: agent.clone(),
            kind: AgentType::Producer,
            // The first principal has one agent, the second all others.
            principal: principals[index.min(1)].clone(),
        })
        .collect();
    let registered = city.register(&registrations)?;
    taken.push(("register.first", gas(&registered[0])));
    taken.push(("register", gas(&registered[1])));
    taken.push(("register.another", gas(&registered[2])));
    Ok(Cast {
        principals,
        producers,
    })
}

fn services(city: &mut City, cast: &Cast, taken: &mut Taken) -> Result<(), GasError> {
    let published = city.publish(&cast.producers[..2])?;
    taken.push(("registerService.first", gas(&published[0])));
    taken.push(("registerService", gas(&published[1])));
    let details = crate::city::life::service_of(&cast.producers[0]);
    let named = IService::identifyCall {
        owner: cast.producers[0].address(),
        codeHash: details.codeHash,
        schemaHash: details.schemaHash,
        endpoint: details.endpoint,
        constraints: details.constraints,
    };
    let service = city.address(Peer::Service);
    let id = city.client.ask(service, &named)?;
    let deprecate = IService::deprecateServiceCall {
        service: id.service,
        details: id.details,
    };
    let outcome = city.client.send(&cast.producers[0], service, &deprecate)?;
    taken.push(("deprecateService", gas(&outcome)));
    Ok(())
}

/// Outcomes, alone and among others. The margin is a transaction with two, less one whose second goes to an account without
/// code: what a settlement spends on one more, which it makes up in memory. `second` is the same less a transaction with one
/// only: it holds the calldata too, that carries the second through the double.
fn reputation(city: &mut City, cast: &Cast, taken: &mut Taken) -> Result<(), GasError> {
    let agents = city.address(Peer::Agent);
    let collaboration = city.double(Peer::Collaboration);
    let nobody = collaboration.operator.address();
    let sponsor = cast.principals[0].address();
    let update = |index: usize| outcome_for(cast.producers[index].address(), 1_000, sponsor);
    let client = &mut city.client;
    let one = collaboration.say_all(client, agents, &[update(1)])?;
    let two = collaboration.say_all(client, agents, &[update(2), update(3)])?;
    let base = collaboration.say_each(client, &[(agents, &update(4)), (nobody, &update(5))])?;
    taken.push(("updateReputation.alone", gas(&one)));
    taken.push(("updateReputation.second", gas(&two) - gas(&one)));
    // The sender of the transaction is as warm as the agent contract after the first call, so both calls cost the same.
    taken.push((
        "updateReputation.marginal",
        gas(&two) - gas(&base) + WARM_CALL,
    ));
    let call = collaboration.measure(&mut city.client, agents, &update(5))?;
    taken.push(("updateReputation.call", call));
    let agent = cast.producers[1].address();
    let opened = collaboration.say(
        &mut city.client,
        agents,
        &IAgent::openObligationsCall {
            agents: vec![agent],
        },
    )?;
    taken.push(("openObligation", gas(&opened)));
    let closed = collaboration.say(
        &mut city.client,
        agents,
        &IAgent::completeObligationCall { agent },
    )?;
    taken.push(("completeObligation", gas(&closed)));
    let standing = IAgent::standingCall { agent };
    let call = collaboration.measure(&mut city.client, agents, &standing)?;
    taken.push(("standing.call", call));
    let adjudication = city.double(Peer::Adjudication);
    let adjusted = adjudication.say(
        &mut city.client,
        agents,
        &IAgent::adjustReputationCall {
            agent,
            delta: -20,
            evidence: keccak256("a ruling"),
        },
    )?;
    taken.push(("adjustReputation", gas(&adjusted)));
    Ok(())
}

fn law(city: &mut City, taken: &mut Taken) -> Result<(), GasError> {
    let constitution = city.address(Peer::Constitution);
    let adjudication = city.double(Peer::Adjudication);
    let read = IConstitution::readCurrentCall {
        ids: (0..BATCH).collect::<Vec<u8>>().into(),
    };
    let call = adjudication.measure(&mut city.client, constitution, &read)?;
    taken.push(("readCurrent.20", call));
    let one = IConstitution::readCurrentCall {
        ids: vec![0].into(),
    };
    let call = adjudication.measure(&mut city.client, constitution, &one)?;
    taken.push(("readCurrent.1", call));

    city.client.warp(LONG)?;
    let queued_at = city.client.now()? - LONG.as_secs();
    let id = ParameterId::NumericTolerancePct;
    let default = id.row().default;
    let mut amend = |from: u32, to: u32| {
        let amend = IConstitution::amendCall {
            id: id.place() as u8,
            oldValue: word(from),
            newValue: word(to),
            queuedAt: queued_at,
        };
        adjudication.say(&mut city.client, constitution, &amend)
    };
    let amended = amend(default, default + 1)?;
    taken.push(("amend", gas(&amended)));
    let norm = |name: &str| -> B256 { keccak256(name) };
    let enacted = adjudication.say(
        &mut city.client,
        constitution,
        &IConstitution::enactNormCall {
            id: norm("norm"),
            domain: norm("domain"),
        },
    )?;
    taken.push(("enactNorm", gas(&enacted)));
    let struck = adjudication.say(
        &mut city.client,
        constitution,
        &IConstitution::strikeNormCall { id: norm("norm") },
    )?;
    taken.push(("strikeNorm", gas(&struck)));

    let management = city.address(Peer::Management);
    let legislature = city.double(Peer::Legislature);
    let validate = IManagement::validateOperationCall {
        clerk: city.clerks[1].agent.address(),
        operation: Operation::PublishProposal.number(),
        subject: norm("a session"),
    };
    let call = legislature.measure(&mut city.client, management, &validate)?;
    taken.push(("validateOperation.call.first", call));
    legislature.say(&mut city.client, management, &validate)?;
    let call = legislature.measure(&mut city.client, management, &validate)?;
    taken.push(("validateOperation.call", call));
    Ok(())
}

fn farewell(city: &mut City, cast: &Cast, taken: &mut Taken) -> Result<(), GasError> {
    let agents = city.address(Peer::Agent);
    let (leaver, principal) = (&cast.producers[0], &cast.principals[0]);
    let agent = leaver.address();
    let leaving = IAgent::requestDeregistrationCall { agent };
    let outcome = city.client.send(leaver, agents, &leaving)?;
    taken.push(("requestDeregistration", gas(&outcome)));
    city.client.warp(LONG)?;
    let left = IAgent::completeDeregistrationCall { agent };
    let outcome = city.client.send(leaver, agents, &left)?;
    taken.push(("completeDeregistration", gas(&outcome)));
    for creditor in [leaver, principal] {
        let account = creditor.address();
        let owed = city.client.ask(agents, &IAgent::creditsCall { account })?;
        if !owed.is_zero() {
            let outcome = city
                .client
                .send(creditor, agents, &IAgent::withdrawCall {})?;
            taken.push(("withdraw", gas(&outcome)));
        }
    }
    Ok(())
}

const fn gas(outcome: &Outcome) -> u64 {
    outcome.gas_used
}

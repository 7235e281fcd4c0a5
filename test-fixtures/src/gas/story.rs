//! The operations, in the order in which a city meets them. Every number is a receipt's, unless it says `call`: then it is
//! what a contract spends on the call alone, in the midst of a transaction of its own.

use super::{GasError, Taken, clerks};
use crate::{
    city::{
        City, Person,
        life::{AgentType, Registration},
        raise::Step,
    },
    sender::Outcome,
};
use agentcity_abi::{IAgent, IConstitution, IService};
use agentcity_domain::peer::Peer;
use std::time::Duration;

/// Parameters read in one batch.
const BATCH: u8 = 20;
/// Longer than the cooldown of a deregistration.
const LONG: Duration = Duration::from_secs(9 * 86_400);

/// Gas of each operation.
pub fn measure(city: &mut City) -> Result<Taken, GasError> {
    let mut taken = founding(city);
    let cast = people(city, &mut taken)?;
    services(city, &cast, &mut taken)?;
    questions(city, &cast, &mut taken)?;
    farewell(city, &cast, &mut taken)?;
    let owner = &cast.producers[1];
    let service = identified(city, owner)?;
    clerks::delegation(city, owner, &service, &mut taken)?;
    Ok(taken)
}

/// Who plays.
struct Cast {
    principals: Vec<Person>,
    producers: Vec<Person>,
}

/// Deployments, seal and wires.
fn founding(city: &City) -> Taken {
    let steps = city.founding.iter().filter_map(|(step, gas)| {
        let id = match step {
            Step::Deploy(peer) => deployment(*peer),
            Step::Seal => "seal",
            Step::Wire(Peer::Agent) => "wire.agent",
            Step::Wire(Peer::Management) => "wire.management",
            Step::Wire(Peer::Service) => "wire.service",
            Step::Wire(_) => return None,
        };
        Some((id, *gas))
    });
    steps.collect()
}

const fn deployment(member: Peer) -> &'static str {
    match member {
        Peer::Constitution => "deployment.constitution",
        Peer::Agent => "deployment.agent",
        Peer::Management => "deployment.management",
        Peer::Service => "deployment.service",
        Peer::Roster => "deployment.roster",
        Peer::Adjudication => "deployment.adjudication",
        Peer::Treasury => "deployment.treasury",
        Peer::Collaboration => "deployment.collaboration",
        Peer::Statute => "deployment.statute",
        Peer::Guardian => "deployment.guardian",
        Peer::Verification => "deployment.verification",
        Peer::Assembly => "deployment.assembly",
        Peer::Legislature => "deployment.legislature",
        Peer::Enactment => "deployment.enactment",
    }
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
    let id = identified(city, &cast.producers[0])?;
    let service = city.address(Peer::Service);
    let deprecate = IService::deprecateServiceCall {
        service: id.service,
        details: id.details,
    };
    let outcome = city.client.send(&cast.producers[0], service, &deprecate)?;
    taken.push(("deprecateService", gas(&outcome)));
    Ok(())
}

/// The numbers of what an owner published.
fn identified(city: &mut City, owner: &Person) -> Result<IService::identifyReturn, GasError> {
    let published = crate::city::life::service_of(owner);
    let named = IService::identifyCall {
        owner: owner.address(),
        codeHash: published.codeHash,
        schemaHash: published.schemaHash,
        endpoint: published.endpoint,
        constraints: published.constraints,
    };
    let service = city.address(Peer::Service);
    Ok(city.client.ask(service, &named)?)
}

/// What contracts spend on questions that others ask them all the time.
fn questions(city: &mut City, cast: &Cast, taken: &mut Taken) -> Result<(), GasError> {
    let asker = city.person("asker")?;
    let relay = city.relay_of(&asker)?;
    let agents = city.address(Peer::Agent);
    let standing = IAgent::standingCall {
        agent: cast.producers[1].address(),
    };
    let call = relay.measure(&mut city.client, agents, &standing)?;
    taken.push(("standing.call", call));
    let owner = &cast.producers[1];
    let asked = IService::verifyCodeHashCall {
        service: identified(city, owner)?.service,
        liveHash: crate::city::life::service_of(owner).codeHash,
    };
    let service = city.address(Peer::Service);
    let call = relay.measure(&mut city.client, service, &asked)?;
    taken.push(("verifyCodeHash.call", call));
    let constitution = city.address(Peer::Constitution);
    for (id, count) in [("readCurrent.20", BATCH), ("readCurrent.1", 1)] {
        let read = IConstitution::readCurrentCall {
            ids: (0..count).collect::<Vec<u8>>().into(),
        };
        let call = relay.measure(&mut city.client, constitution, &read)?;
        taken.push((id, call));
    }
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

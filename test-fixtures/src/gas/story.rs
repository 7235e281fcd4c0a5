//! The operations, in the order in which a city meets them.

use super::GasError;
use crate::city::{City, raise::Step};
use agentcity_abi::IConstitution;
use agentcity_domain::peer::Peer;

/// Parameters read in one batch.
const BATCH: u8 = 20;

/// Gas of each operation, in the order of the story.
pub fn measure(city: &mut City) -> Result<Vec<(&'static str, u64)>, GasError> {
    let mut taken = founding(city);
    taken.push(("readCurrent.20", read_batch(city)?));
    Ok(taken)
}

/// Seal and wires. Deployments are left out: their gas is the size of the code, which `cargo xtask sizes` reports.
fn founding(city: &City) -> Vec<(&'static str, u64)> {
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

/// What a contract spends on reading twenty values in one call.
fn read_batch(city: &mut City) -> Result<u64, GasError> {
    let call = IConstitution::readCurrentCall {
        ids: (0..BATCH).collect::<Vec<u8>>().into(),
    };
    let constitution = city.address(Peer::Constitution);
    let adjudication = city.double(Peer::Adjudication);
    Ok(adjudication.measure(&mut city.client, constitution, &call)?)
}

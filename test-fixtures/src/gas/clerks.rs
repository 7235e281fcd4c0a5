//! What clerks' envelopes cost: an operation that is charged to one.

use super::{GasError, Taken};
use crate::mission::{Charge, MissionError, Stage, deploy::share};
use agentcity_abi::IManagement as wire;
use agentcity_domain::peer::Peer;
use alloy::sol_types::SolCall;

/// *management*'s share of what a regulator does in a session: its first operation there, and a later one.
pub(super) fn charges(
    stage: &mut Stage,
    session: &[Charge],
    taken: &mut Taken,
) -> Result<(), GasError> {
    let ids = [
        ("validateOperation.first", "recordEvidence"),
        ("validateOperation", "decideRegulatory"),
    ];
    let (to, selector) = (
        stage.city.address(Peer::Management),
        wire::validateOperationCall::SELECTOR,
    );
    for (id, what) in ids {
        let charge = session.iter().find(|charge| charge.what == what);
        let charge = charge.ok_or(MissionError::Silent { what })?;
        let frames = stage.breakdown(charge)?;
        let frame = share(&frames, to, selector);
        taken.push((id, frame.ok_or(MissionError::Silent { what })?.all));
    }
    Ok(())
}

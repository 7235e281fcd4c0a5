//! What clerks' envelopes cost: an operation that is charged to one, and one that is handed to a microservice.

use super::{GasError, Taken};
use crate::{
    city::{City, Person, life::GOOD_UNTIL},
    mission::{Charge, MissionError, Stage, deploy::share},
};
use agentcity_abi::{
    IManagement::{self as wire, DelegationRequest, DelegationResult},
    IService,
};
use agentcity_domain::{clerk::Delegated, peer::Peer, signed::identity as signed};
use alloy::{
    primitives::{Bytes, keccak256},
    sol_types::SolCall,
};

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

/// The panel mandates a service for an operation of the registrar's and wants an artifact; the registrar hands it one, and the service's
/// owner answers. Last of the story: attestations rest on such answers from then on.
pub(super) fn delegation(
    city: &mut City,
    owner: &Person,
    service: &IService::identifyReturn,
    taken: &mut Taken,
) -> Result<(), GasError> {
    city.seat_panel()?;
    let operation = Delegated::DidVerification.number();
    let mandate = wire::setMandateCall {
        operation,
        serviceId: service.service,
        artifactSchema: keccak256("schema of the artifact"),
    };
    city.rule(Peer::Management, &mandate)?;

    let registrar = city.clerks[0].agent.clone();
    let request = DelegationRequest {
        clerk: registrar.address(),
        operation,
        serviceId: service.service,
        subject: keccak256("somebody"),
        inputHash: keccak256("did of somebody"),
        deadline: GOOD_UNTIL,
    };
    let statement = signed::DelegationRequest {
        clerk: request.clerk,
        operation: request.operation,
        service_id: request.serviceId,
        subject: request.subject,
        input_hash: request.inputHash,
        deadline: request.deadline,
    };
    let id = city.digest(Peer::Management, &statement.words());
    let management = city.address(Peer::Management);
    let delegate = wire::delegateCall {
        request: request.clone(),
        signature: registrar.sign(id),
    };
    let opened = city.client.send(&registrar, management, &delegate)?;
    taken.push(("delegate", opened.gas_used));

    let answer = wire::recordDelegationResultCall {
        request,
        owner: owner.address(),
        details: service.details,
        result: DelegationResult {
            delegationId: id,
            outputHash: keccak256("verified"),
            artifactHash: keccak256("artifact"),
            deadline: GOOD_UNTIL,
        },
        // The owner itself sends.
        signature: Bytes::new(),
    };
    let answered = city.client.send(owner, management, &answer)?;
    taken.push(("recordDelegationResult", answered.gas_used));
    Ok(())
}

//! Refusals of the domain as errors of the interface, each with the values a caller needs to act.

use agentcity_abi::IManagement as wire;
use agentcity_domain::clerk::{Refused, delegation::Fault};
use agentcity_shell::{
    output::{address, number, refusal},
    unauthorized,
};
use alloc::vec::Vec;
use alloy_sol_types::SolError;

/// The revert data of a refused command.
pub(crate) fn revert(refused: Refused) -> Vec<u8> {
    match refused {
        Refused::Unauthorized { caller } => unauthorized(caller),
        Refused::UnknownRole { role } => {
            refusal(wire::UnknownRole::SELECTOR, &[number(role.into())])
        }
        Refused::UnknownOperation { operation } => refusal(
            wire::UnknownOperation::SELECTOR,
            &[number(operation.into())],
        ),
        Refused::NotEligible {
            agent,
            agent_type,
            bars,
        } => refusal(
            wire::NotEligible::SELECTOR,
            &[
                address(agent),
                number(agent_type.into()),
                number(bars.into()),
            ],
        ),
        Refused::AlreadyClerk { clerk, role } => refusal(
            wire::AlreadyClerk::SELECTOR,
            &[address(clerk), number(role.number().into())],
        ),
        Refused::NotClerk { clerk } => refusal(wire::NotClerk::SELECTOR, &[address(clerk)]),
        Refused::NotInManifest { agent } => {
            refusal(wire::NotInManifest::SELECTOR, &[address(agent)])
        }
        Refused::PrincipalMismatch { expected, found } => refusal(
            wire::PrincipalMismatch::SELECTOR,
            &[address(expected), address(found)],
        ),
        Refused::EmptyEnvelope => refusal(wire::EmptyEnvelope::SELECTOR, &[]),
        Refused::NotGrantable { role, operations } => refusal(
            wire::NotGrantable::SELECTOR,
            &[number(role.number().into()), number(operations.bits())],
        ),
        Refused::Contradiction { operations } => {
            refusal(wire::Contradiction::SELECTOR, &[number(operations.bits())])
        }
        Refused::RateOutOfRange {
            operations_max,
            most,
        } => refusal(
            wire::RateOutOfRange::SELECTOR,
            &[number(operations_max.into()), number(most.into())],
        ),
        Refused::Prohibited { clerk, operation } => refusal(
            wire::Prohibited::SELECTOR,
            &[address(clerk), number(operation.number().into())],
        ),
        Refused::NotPermitted { clerk, operation } => refusal(
            wire::NotPermitted::SELECTOR,
            &[address(clerk), number(operation.number().into())],
        ),
        Refused::RateExceeded { clerk, most } => refusal(
            wire::RateExceeded::SELECTOR,
            &[address(clerk), number(most.into())],
        ),
        Refused::DelegationMissing { clerk, missing } => refusal(
            wire::DelegationMissing::SELECTOR,
            &[address(clerk), number(missing.bits())],
        ),
    }
}

/// The revert data of a refused delegation.
pub(crate) fn revert_delegation(fault: Fault) -> Vec<u8> {
    match fault {
        Fault::Expired { deadline } => refusal(wire::Expired::SELECTOR, &[number(deadline)]),
        Fault::UnknownDelegated { operation } => refusal(
            wire::UnknownDelegated::SELECTOR,
            &[number(operation.into())],
        ),
        Fault::OtherOffice { clerk, operation } => refusal(
            wire::OtherOffice::SELECTOR,
            &[address(clerk), number(operation.number().into())],
        ),
        Fault::NotMandated { operation } => refusal(
            wire::NotMandated::SELECTOR,
            &[number(operation.number().into())],
        ),
        Fault::OtherService { mandated, given } => {
            refusal(wire::OtherService::SELECTOR, &[mandated, given])
        }
        Fault::ServiceDeprecated { service, at } => {
            refusal(wire::DeprecatedService::SELECTOR, &[service, number(at)])
        }
        Fault::SchemaWithoutService => refusal(wire::SchemaWithoutService::SELECTOR, &[]),
        Fault::AlreadyDelegated { id } => refusal(wire::AlreadyDelegated::SELECTOR, &[id]),
        Fault::UnknownDelegation { id } => refusal(wire::UnknownDelegation::SELECTOR, &[id]),
        Fault::NotOpen { id, state } => {
            refusal(wire::NotOpen::SELECTOR, &[id, number(state as u64)])
        }
        Fault::Overdue { due_at } => refusal(wire::Overdue::SELECTOR, &[number(due_at.get())]),
        Fault::TooEarly { due_at } => refusal(wire::TooEarly::SELECTOR, &[number(due_at.get())]),
        Fault::OutputMissing => refusal(wire::OutputMissing::SELECTOR, &[]),
        Fault::ArtifactMissing { id } => refusal(wire::ArtifactMissing::SELECTOR, &[id]),
        Fault::VersionsExhausted => refusal(wire::VersionsExhausted::SELECTOR, &[]),
    }
}

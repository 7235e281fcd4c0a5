//! Refusals of the domain as errors of the interface, each with the values a caller needs to act.

use agentcity_abi::IService as wire;
use agentcity_domain::service::{EndpointFault, POLICIES_MAX, Refused, endpoint};
use agentcity_shell::{
    output::{number, refusal},
    unauthorized,
};
use alloc::vec::Vec;
use alloy_sol_types::SolError;

/// The revert data of a refused command.
pub(crate) fn revert(refused: Refused) -> Vec<u8> {
    match refused {
        Refused::EmptyHash {
            code_hash,
            schema_hash,
        } => refusal(wire::EmptyHash::SELECTOR, &[code_hash, schema_hash]),
        Refused::ConstraintMissing {
            max_latency_ms,
            max_memory_mb,
            max_concurrency,
        } => refusal(
            wire::ConstraintMissing::SELECTOR,
            &[
                number(max_latency_ms.into()),
                number(max_memory_mb.into()),
                number(max_concurrency.into()),
            ],
        ),
        Refused::TooManyPolicies { count } => refusal(
            wire::TooManyPolicies::SELECTOR,
            &[number(count as u64), number(POLICIES_MAX as u64)],
        ),
        Refused::PoliciesNotAscending { index } => refusal(
            wire::PoliciesNotAscending::SELECTOR,
            &[number(index as u64)],
        ),
        Refused::Endpoint(fault) => revert_endpoint(fault),
        Refused::NotProducer { caller } | Refused::NotOwner { caller } => unauthorized(caller),
        Refused::AlreadyRegistered { service } => {
            refusal(wire::AlreadyRegistered::SELECTOR, &[service])
        }
        Refused::UnknownService { service } => refusal(wire::UnknownService::SELECTOR, &[service]),
        Refused::AlreadyDeprecated { service, at } => refusal(
            wire::AlreadyDeprecated::SELECTOR,
            &[service, number(at.get())],
        ),
    }
}

fn revert_endpoint(fault: EndpointFault) -> Vec<u8> {
    match fault {
        EndpointFault::Length { length } => refusal(
            wire::EndpointLength::SELECTOR,
            &[
                number(length as u64),
                number(endpoint::ENDPOINT_BYTES_MAX as u64),
            ],
        ),
        EndpointFault::UnsupportedScheme => refusal(wire::UnsupportedScheme::SELECTOR, &[]),
        EndpointFault::Malformed { at } => {
            refusal(wire::MalformedEndpoint::SELECTOR, &[number(at as u64)])
        }
        EndpointFault::NotLoopback { at } => {
            refusal(wire::NotLoopback::SELECTOR, &[number(at as u64)])
        }
    }
}

//! The clerks' offices as their role table (`abi/roles/Management.toml`) says it.

use agentcity_abi::{
    IManagement as wire,
    IManagement::{IManagementCalls, IManagementEvents},
    roles::Caller,
};
use agentcity_domain::{
    clerk::{ClerkRole, Operation},
    peer::Peer,
};
use agentcity_world::{
    Key, World,
    roles::{self, Prepared, Roles, Signature},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;

use crate::{
    city::{City, STRANGER, SUBJECT, WAIT, admission, bits, key, member, validation},
    delegations::digest,
};

/// A city in which every function can succeed once, and the call of it.
fn prepared(function: &str, role: Option<Caller>) -> (City, Vec<u8>) {
    if function == "wire" || function == "admitGenesisClerk" {
        let agent = key(ClerkRole::Speaker, 0).address;
        if function == "admitGenesisClerk" {
            let call = wire::admitGenesisClerkCall { agent };
            return (City::wired(), call.abi_encode());
        }
        let city = City::bare();
        city.construct(member(Peer::Constitution)).unwrap();
        city.others.borrow_mut().is_sealed = true;
        return (city, wire::wireCall {}.abi_encode());
    }
    let city = City::new();
    let clerk = key(ClerkRole::Registrar, 0);
    let owner = Key::of("owner");
    let service = city.service(owner.address, 1);
    let mandate = wire::setMandateCall {
        operation: 0,
        serviceId: service,
        artifactSchema: B256::ZERO,
    };
    let request = wire::DelegationRequest {
        clerk: clerk.address,
        operation: 0,
        serviceId: service,
        subject: SUBJECT,
        inputHash: SUBJECT,
        deadline: u64::MAX,
    };
    let id = digest(&city, &request);
    let delegate = wire::delegateCall {
        request: request.clone(),
        signature: clerk.sign(id).into(),
    };
    let result = wire::DelegationResult {
        delegationId: id,
        outputHash: SUBJECT,
        artifactHash: B256::ZERO,
        deadline: u64::MAX,
    };
    let result_digest = wire::resultDigestCall {
        result: result.clone(),
    };
    if ["delegate", "recordDelegationResult", "expireDelegation"].contains(&function) {
        city.panel(mandate.clone()).unwrap();
    }
    if ["recordDelegationResult", "expireDelegation"].contains(&function) {
        city.call(STRANGER, delegate.clone()).unwrap();
    }
    let agent = key(ClerkRole::Speaker, 1).address;
    city.agent(agent);
    let input = match function {
        "constitution" => wire::constitutionCall {}.abi_encode(),
        "registerManagementAgent" => admission(agent, ClerkRole::Speaker).abi_encode(),
        "updatePermissions" => wire::updatePermissionsCall {
            clerk: clerk.address,
            permitted: bits(&[Operation::AttestPrincipal]),
            prohibited: 0,
            operationsMax: 1,
        }
        .abi_encode(),
        "revokeManagementRole" => wire::revokeManagementRoleCall {
            clerk: clerk.address,
            reason: SUBJECT,
        }
        .abi_encode(),
        "setMandate" => mandate.abi_encode(),
        // Each peer charges for what is its own.
        "validateOperation" if role == Some(Caller::Agent) => {
            validation(clerk.address, Operation::AttestPrincipal, SUBJECT).abi_encode()
        }
        "validateOperation" if role == Some(Caller::Assembly) => validation(
            key(ClerkRole::Regulator, 0).address,
            Operation::PublishEvidence,
            SUBJECT,
        )
        .abi_encode(),
        "validateOperation" if role == Some(Caller::Enactment) => validation(
            key(ClerkRole::Codifier, 0).address,
            Operation::Codify,
            SUBJECT,
        )
        .abi_encode(),
        "validateOperation" => {
            validation(clerk.address, Operation::RequestIdentity, SUBJECT).abi_encode()
        }
        "delegate" => delegate.abi_encode(),
        "recordDelegationResult" => wire::recordDelegationResultCall {
            request,
            owner: owner.address,
            details: B256::repeat_byte(1),
            signature: owner
                .sign(city.call(STRANGER, result_digest).unwrap())
                .into(),
            result,
        }
        .abi_encode(),
        "expireDelegation" => {
            city.world.warp(WAIT + 1);
            wire::expireDelegationCall { delegationId: id }.abi_encode()
        }
        "clerkOf" => wire::clerkOfCall {
            clerk: clerk.address,
        }
        .abi_encode(),
        "profileOf" => wire::profileOfCall { role: 0 }.abi_encode(),
        "requirePermitted" => wire::requirePermittedCall {
            clerk: clerk.address,
            operation: 0,
            subject: SUBJECT,
        }
        .abi_encode(),
        "ledgerOf" => wire::ledgerOfCall {
            clerk: clerk.address,
            subject: SUBJECT,
        }
        .abi_encode(),
        "mandateOf" => wire::mandateOfCall { operation: 0 }.abi_encode(),
        "mandates" => wire::mandatesCall {}.abi_encode(),
        "delegationOf" => wire::delegationOfCall { delegationId: id }.abi_encode(),
        "requestDigest" => wire::requestDigestCall { request }.abi_encode(),
        "resultDigest" => result_digest.abi_encode(),
        other => panic!("no call of {other} here"),
    };
    (city, input)
}

struct Offices;

impl Roles for Offices {
    const CONTRACT: &'static str = "Management";
    const FUNCTION: Signature<4> = IManagementCalls::signature_by_selector;
    const EVENT: Signature<32> = IManagementEvents::signature_by_selector;
    const FUNCTIONS: usize = IManagementCalls::VARIANT_NAMES.len();
    type City = City;

    fn world(city: &City) -> &World {
        &city.world
    }

    fn member(peer: Peer) -> Address {
        member(peer)
    }

    fn people() -> Vec<(&'static str, Address)> {
        vec![
            ("stranger", STRANGER),
            ("registrar", key(ClerkRole::Registrar, 0).address),
            ("speaker", key(ClerkRole::Speaker, 0).address),
            ("service owner", Key::of("owner").address),
        ]
    }

    fn prepared(function: &str, by: Option<Caller>) -> Prepared<City> {
        let (city, input) = prepared(function, by);
        Prepared::new(city, input)
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Offices>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Offices>();
}

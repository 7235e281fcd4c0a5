//! What clerks hand over and services answer; and who forges, replays or comes too late.

use agentcity_abi::IManagement as wire;
use agentcity_domain::{
    clerk::{ClerkRole, Delegated, Operation},
    peer::Peer,
};
use agentcity_world::{Frame, Key};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_sol_types::SolValue;

use crate::city::{City, PRINCIPAL, STRANGER, SUBJECT, WAIT, key, member, validation};

const SPEAKER: ClerkRole = ClerkRole::Speaker;
const DAG: Delegated = Delegated::DagValidation;

/// A city in which the validation of graphs is mandated to a service of the returned key.
fn mandated(artifact_schema: B256) -> (City, Key, B256) {
    let city = City::new();
    let owner = Key::of("owner of the validator");
    let service = city.service(owner.address, 1);
    city.panel(wire::setMandateCall {
        operation: DAG.number(),
        serviceId: service,
        artifactSchema: artifact_schema,
    })
    .unwrap();
    city.world.take_logs();
    (city, owner, service)
}

fn request(city: &City, service: B256) -> wire::DelegationRequest {
    wire::DelegationRequest {
        clerk: key(SPEAKER, 0).address,
        operation: DAG.number(),
        serviceId: service,
        subject: SUBJECT,
        inputHash: B256::repeat_byte(3),
        deadline: city.world.now() + 10,
    }
}

pub(crate) fn digest(city: &City, request: &wire::DelegationRequest) -> B256 {
    let call = wire::requestDigestCall {
        request: request.clone(),
    };
    city.call(STRANGER, call).unwrap()
}

fn delegation(city: &City, by: &Key, request: &wire::DelegationRequest) -> wire::delegateCall {
    wire::delegateCall {
        request: request.clone(),
        signature: by.sign(digest(city, request)).into(),
    }
}

fn result(city: &City, id: B256) -> wire::DelegationResult {
    wire::DelegationResult {
        delegationId: id,
        outputHash: B256::repeat_byte(4),
        artifactHash: B256::repeat_byte(5),
        deadline: city.world.now() + 10,
    }
}

fn answer(
    city: &City,
    by: &Key,
    request: &wire::DelegationRequest,
    result: wire::DelegationResult,
) -> wire::recordDelegationResultCall {
    let call = wire::resultDigestCall {
        result: result.clone(),
    };
    let digest = city.call(STRANGER, call).unwrap();
    wire::recordDelegationResultCall {
        request: request.clone(),
        owner: by.address,
        details: B256::repeat_byte(1),
        result,
        signature: by.sign(digest).into(),
    }
}

fn record(city: &City, id: B256) -> wire::Delegation {
    let call = wire::delegationOfCall { delegationId: id };
    city.call(STRANGER, call).unwrap()
}

#[test]
fn what_a_clerk_signs_is_what_the_standard_says() {
    let (city, _, service) = mandated(B256::ZERO);
    let request = request(&city, service);
    let domain = keccak256(
        (
            keccak256(
                "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
            ),
            keccak256("AgentCity"),
            keccak256("1"),
            city.world.chain_id(),
            member(Peer::Management),
        )
            .abi_encode(),
    );
    let hash = keccak256(
        (
            keccak256("DelegationRequest(address clerk,uint8 operation,bytes32 serviceId,bytes32 subject,bytes32 inputHash,uint64 deadline)"),
            request.clerk,
            u64::from(request.operation),
            request.serviceId,
            request.subject,
            request.inputHash,
            request.deadline,
        )
            .abi_encode(),
    );
    let signed = [&[0x19, 0x01], domain.as_slice(), hash.as_slice()].concat();
    assert_eq!(digest(&city, &request), keccak256(signed));
}

#[test]
fn a_mandate_binds_the_office_until_its_service_answered() {
    let (city, owner, service) = mandated(B256::ZERO);
    let (speaker, legislature) = (key(SPEAKER, 0), member(Peer::Legislature));
    let proposal = validation(speaker.address, Operation::PublishProposal, SUBJECT);
    let missing = wire::DelegationMissing {
        clerk: speaker.address,
        missing: 1 << DAG.number(),
    };
    city.refused(legislature, proposal.clone(), missing.clone());

    let request = request(&city, service);
    let id = city
        .call(STRANGER, delegation(&city, &speaker, &request))
        .unwrap();
    assert_eq!(id, digest(&city, &request));
    let due = city.world.now() + WAIT;
    let invoked = wire::DelegationInvoked {
        delegationId: id,
        clerk: speaker.address,
        serviceId: service,
        operation: DAG.number(),
        subject: SUBJECT,
        inputHash: request.inputHash,
        dueAt: due,
    };
    assert_eq!(
        city.world.take_events::<wire::DelegationInvoked>(),
        [invoked]
    );
    let open = record(&city, id);
    assert_eq!(open.state, wire::DelegationState::Open);
    assert_eq!((open.clerk, open.dueAt), (speaker.address, due));
    // To have asked is not to be answered.
    city.refused(legislature, proposal.clone(), missing.clone());

    city.world.warp(5);
    let given = result(&city, id);
    city.call(STRANGER, answer(&city, &owner, &request, given.clone()))
        .unwrap();
    let completed = wire::DelegationCompleted {
        delegationId: id,
        owner: owner.address,
        outputHash: given.outputHash,
        artifactHash: given.artifactHash,
        counts: true,
    };
    assert_eq!(
        city.world.take_events::<wire::DelegationCompleted>(),
        [completed]
    );
    let answered = record(&city, id);
    assert_eq!(answered.state, wire::DelegationState::Recorded);
    assert_eq!(answered.outputHash, given.outputHash);
    assert_eq!(answered.artifactHash, given.artifactHash);
    let ledger = wire::ledgerOfCall {
        clerk: speaker.address,
        subject: SUBJECT,
    };
    assert_eq!(city.call(STRANGER, ledger).unwrap().answered, 1 << 2);

    // On another subject, or by another clerk, it is worth nothing; here it serves once.
    let elsewhere = validation(speaker.address, Operation::PublishProposal, id);
    city.refused(legislature, elsewhere, missing.clone());
    city.call(legislature, proposal.clone()).unwrap();
    city.refused(legislature, proposal, missing);
    // What rests on another mandate was free all along.
    city.validate(speaker.address, Operation::Approve, SUBJECT)
        .unwrap();
}

/// INV-CLERK-02.
#[test]
fn a_signed_request_opens_one_delegation_however_often_it_is_sent() {
    let (city, owner, service) = mandated(B256::ZERO);
    let speaker = key(SPEAKER, 0);
    let request = request(&city, service);
    let call = delegation(&city, &speaker, &request);
    let id = city.call(STRANGER, call.clone()).unwrap();
    let replay = wire::AlreadyDelegated { delegationId: id };
    for relayer in [STRANGER, PRINCIPAL, speaker.address] {
        city.refused(relayer, call.clone(), replay.clone());
    }
    // Nor once it is answered, nor once it is expired.
    let given = result(&city, id);
    let answered = answer(&city, &owner, &request, given);
    city.call(STRANGER, answered.clone()).unwrap();
    city.refused(STRANGER, call, replay);
    let state = wire::DelegationState::Recorded;
    let closed = wire::NotOpen {
        delegationId: id,
        state,
    };
    city.refused(STRANGER, answered, closed);

    let late = wire::DelegationRequest {
        deadline: request.deadline + WAIT * 2,
        ..request.clone()
    };
    let call = delegation(&city, &speaker, &late);
    let id = city.call(STRANGER, call.clone()).unwrap();
    city.world.warp(WAIT + 1);
    city.call(STRANGER, wire::expireDelegationCall { delegationId: id })
        .unwrap();
    city.refused(STRANGER, call, wire::AlreadyDelegated { delegationId: id });
}

#[test]
fn a_signature_serves_its_struct_its_signer_its_city_and_its_chain() {
    let (city, _, service) = mandated(B256::ZERO);
    let speaker = key(SPEAKER, 0);
    let good = request(&city, service);
    let signature = speaker.sign(digest(&city, &good));
    let signer = speaker.address;
    let invalid = wire::InvalidSignature { signer };
    let with = |request: &wire::DelegationRequest, signature: Vec<u8>| wire::delegateCall {
        request: request.clone(),
        signature: signature.into(),
    };
    for changed in [
        wire::DelegationRequest {
            subject: B256::repeat_byte(9),
            ..good.clone()
        },
        wire::DelegationRequest {
            inputHash: B256::repeat_byte(9),
            ..good.clone()
        },
        wire::DelegationRequest {
            deadline: good.deadline + 1,
            ..good.clone()
        },
    ] {
        city.refused(STRANGER, with(&changed, signature.clone()), invalid.clone());
    }
    // The other form of the same signature, a shorter one, a stranger's, none.
    city.refused(
        STRANGER,
        with(&good, speaker.sign_high(digest(&city, &good))),
        invalid.clone(),
    );
    for bad in [
        signature[..64].to_vec(),
        Key::of("stranger").sign(digest(&city, &good)),
        Vec::new(),
        vec![0; 65],
    ] {
        city.refused(STRANGER, with(&good, bad), invalid.clone());
    }
    // Another chain, another contract.
    let chain = city.world.chain_id();
    city.world.set_chain_id(chain + 1);
    city.refused(STRANGER, with(&good, signature.clone()), invalid.clone());
    city.world.set_chain_id(chain);
    // Another clerk's name over the same words.
    let named = wire::DelegationRequest {
        clerk: key(ClerkRole::Regulator, 0).address,
        ..good.clone()
    };
    assert!(
        city.call(STRANGER, with(&named, signature.clone()))
            .is_err()
    );
    city.world.warp(11);
    let expired = wire::Expired {
        deadline: good.deadline,
    };
    city.refused(STRANGER, with(&good, signature.clone()), expired);
    assert!(city.world.take_logs().is_empty());
}

#[test]
fn a_clerk_with_a_contract_wallet_delegates_through_it() {
    let (city, _, service) = mandated(B256::ZERO);
    let (wallet, keeper) = (Address::repeat_byte(0x77), Key::of("keeper of the wallet"));
    let magic = [0x16, 0x26, 0xba, 0x7e];
    let accepts = keeper.clone();
    let body = move |_: &Frame, input: &[u8]| {
        let (digest, signature) = <(B256, Bytes)>::abi_decode_params(&input[4..]).unwrap();
        let mut answer = [0; 32];
        if signature.as_ref() == accepts.sign(digest) {
            answer[..4].copy_from_slice(&magic);
        }
        Ok(answer.to_vec())
    };
    city.world.install(wallet, keccak256("wallet"), body);
    city.agent(wallet);
    city.panel(crate::city::admission(wallet, SPEAKER)).unwrap();
    let request = wire::DelegationRequest {
        clerk: wallet,
        ..request(&city, service)
    };
    city.refused(
        STRANGER,
        delegation(&city, &Key::of("stranger"), &request),
        wire::InvalidSignature { signer: wallet },
    );
    city.call(STRANGER, delegation(&city, &keeper, &request))
        .unwrap();
}

#[test]
fn only_what_is_mandated_to_a_live_service_is_handed_over_by_its_office() {
    let (city, _, service) = mandated(B256::ZERO);
    let speaker = key(SPEAKER, 0);
    let clerk = speaker.address;
    let good = request(&city, service);
    let refuse = |by: &Key, request: wire::DelegationRequest| delegation(&city, by, &request);
    let other = city.service(PRINCIPAL, 2);
    city.refused(
        STRANGER,
        refuse(
            &speaker,
            wire::DelegationRequest {
                serviceId: other,
                ..good.clone()
            },
        ),
        wire::OtherService {
            mandated: service,
            given: other,
        },
    );
    let tracking = Delegated::NegotiationTracking.number();
    city.refused(
        STRANGER,
        refuse(
            &speaker,
            wire::DelegationRequest {
                operation: tracking,
                ..good.clone()
            },
        ),
        wire::NotMandated {
            operation: tracking,
        },
    );
    city.refused(
        STRANGER,
        refuse(
            &speaker,
            wire::DelegationRequest {
                operation: 9,
                ..good.clone()
            },
        ),
        wire::UnknownDelegated { operation: 9 },
    );
    let regulator = key(ClerkRole::Regulator, 0);
    city.refused(
        STRANGER,
        refuse(
            &regulator,
            wire::DelegationRequest {
                clerk: regulator.address,
                ..good.clone()
            },
        ),
        wire::OtherOffice {
            clerk: regulator.address,
            operation: DAG.number(),
        },
    );
    let stranger = Key::of("stranger");
    city.refused(
        STRANGER,
        refuse(
            &stranger,
            wire::DelegationRequest {
                clerk: stranger.address,
                ..good.clone()
            },
        ),
        wire::NotClerk {
            clerk: stranger.address,
        },
    );
    city.bar(clerk, 8 | 2);
    city.refused(
        STRANGER,
        refuse(&speaker, good.clone()),
        wire::NotEligible {
            agent: clerk,
            agentType: 2,
            bars: 10,
        },
    );
    city.bar(clerk, 2);
    // The service is withdrawn: nothing is handed over to it until the panel names another.
    let deprecate = |at| {
        let mut others = city.others.borrow_mut();
        others.services.get_mut(&service).unwrap().deprecated_at = at;
    };
    deprecate(77);
    let deprecated = wire::DeprecatedService {
        serviceId: service,
        at: 77,
    };
    city.refused(STRANGER, refuse(&speaker, good.clone()), deprecated.clone());
    city.refused(
        member(Peer::Adjudication),
        wire::setMandateCall {
            operation: DAG.number(),
            serviceId: service,
            artifactSchema: B256::ZERO,
        },
        deprecated,
    );
    deprecate(0);
    city.call(STRANGER, refuse(&speaker, good)).unwrap();
}

#[test]
fn the_service_owner_alone_answers() {
    let (city, owner, service) = mandated(B256::repeat_byte(8));
    let speaker = key(SPEAKER, 0);
    let request = request(&city, service);
    let id = city
        .call(STRANGER, delegation(&city, &speaker, &request))
        .unwrap();
    assert!(record(&city, id).artifactDue);
    let given = result(&city, id);
    let good = answer(&city, &owner, &request, given.clone());
    let thief = Key::of("thief");
    // A stranger in the owner's name, and in its own.
    let forged = answer(&city, &thief, &request, given.clone());
    city.refused(
        STRANGER,
        wire::recordDelegationResultCall {
            owner: owner.address,
            ..forged.clone()
        },
        wire::InvalidSignature {
            signer: owner.address,
        },
    );
    for caller in [STRANGER, thief.address, speaker.address] {
        let not_owner = wire::NotServiceOwner {
            account: thief.address,
            serviceId: service,
        };
        city.refused(caller, forged.clone(), not_owner);
    }
    let not_owner = wire::NotServiceOwner {
        account: owner.address,
        serviceId: service,
    };
    city.refused(
        STRANGER,
        wire::recordDelegationResultCall {
            details: B256::ZERO,
            ..good.clone()
        },
        not_owner,
    );
    // The owner may leave its signature empty; nobody else may.
    let unsigned = wire::recordDelegationResultCall {
        signature: Bytes::new(),
        ..good.clone()
    };
    let signer = owner.address;
    city.refused(
        STRANGER,
        unsigned.clone(),
        wire::InvalidSignature { signer },
    );
    // Answers to something else, without output, without artifact, too late signed.
    let other = B256::repeat_byte(9);
    city.refused(
        STRANGER,
        answer(&city, &owner, &request, result(&city, other)),
        wire::OtherDelegation {
            expected: id,
            given: other,
        },
    );
    let changed = wire::DelegationRequest {
        subject: other,
        ..request.clone()
    };
    let forged_id = digest(&city, &changed);
    city.refused(
        STRANGER,
        answer(&city, &owner, &changed, result(&city, forged_id)),
        wire::UnknownDelegation {
            delegationId: forged_id,
        },
    );
    let without = |output, artifact, deadline| wire::DelegationResult {
        delegationId: id,
        outputHash: B256::repeat_byte(output),
        artifactHash: B256::repeat_byte(artifact),
        deadline,
    };
    let now = city.world.now();
    let call = |given| answer(&city, &owner, &request, given);
    city.refused(STRANGER, call(without(0, 1, now)), wire::OutputMissing {});
    city.refused(
        STRANGER,
        call(without(1, 0, now)),
        wire::ArtifactMissing { delegationId: id },
    );
    city.refused(
        STRANGER,
        call(without(1, 1, now - 1)),
        wire::Expired { deadline: now - 1 },
    );
    city.call(owner.address, unsigned).unwrap();
    assert_eq!(record(&city, id).artifactHash, given.artifactHash);
}

#[test]
fn nothing_waits_for_ever() {
    let (city, owner, service) = mandated(B256::ZERO);
    let speaker = key(SPEAKER, 0);
    let request = request(&city, service);
    let id = city
        .call(STRANGER, delegation(&city, &speaker, &request))
        .unwrap();
    let expire = wire::expireDelegationCall { delegationId: id };
    let due = city.world.now() + WAIT;
    let early = wire::TooEarly { dueAt: due };
    city.refused(STRANGER, expire.clone(), early.clone());
    // An amendment afterwards moves no deadline; a revocation stops no exit.
    city.others.borrow_mut().wait = 1;
    city.panel(wire::revokeManagementRoleCall {
        clerk: speaker.address,
        reason: id,
    })
    .unwrap();
    city.world.warp(WAIT);
    city.refused(STRANGER, expire.clone(), early);
    city.world.warp(1);
    let late = wire::DelegationResult {
        deadline: u64::MAX,
        ..result(&city, id)
    };
    city.refused(
        STRANGER,
        answer(&city, &owner, &request, late.clone()),
        wire::Overdue { dueAt: due },
    );
    city.call(STRANGER, expire.clone()).unwrap();
    let expected = wire::DelegationExpired {
        delegationId: id,
        clerk: speaker.address,
    };
    assert_eq!(
        city.world.take_events::<wire::DelegationExpired>(),
        [expected]
    );
    let state = wire::DelegationState::Expired;
    assert_eq!(record(&city, id).state, state);
    let closed = wire::NotOpen {
        delegationId: id,
        state,
    };
    city.refused(STRANGER, expire, closed.clone());
    city.refused(STRANGER, answer(&city, &owner, &request, late), closed);
    let unknown = wire::expireDelegationCall {
        delegationId: SUBJECT,
    };
    city.refused(
        STRANGER,
        unknown,
        wire::UnknownDelegation {
            delegationId: SUBJECT,
        },
    );
}

#[test]
fn a_changed_mandate_voids_what_waits_and_what_its_service_still_answers() {
    let (city, owner, service) = mandated(B256::ZERO);
    let speaker = key(SPEAKER, 0);
    let first = request(&city, service);
    let second = wire::DelegationRequest {
        inputHash: B256::repeat_byte(6),
        ..first.clone()
    };
    for request in [&first, &second] {
        city.call(STRANGER, delegation(&city, &speaker, request))
            .unwrap();
    }
    let id = digest(&city, &first);
    city.call(STRANGER, answer(&city, &owner, &first, result(&city, id)))
        .unwrap();
    // The panel finds the service hostile and names another.
    let better = city.service(PRINCIPAL, 2);
    let mandate = wire::setMandateCall {
        operation: DAG.number(),
        serviceId: better,
        artifactSchema: B256::ZERO,
    };
    city.panel(mandate).unwrap();
    let set = city.world.take_events::<wire::MandateSet>();
    assert_eq!((set[0].serviceId, set[0].version), (better, 2));
    let id = digest(&city, &second);
    city.call(STRANGER, answer(&city, &owner, &second, result(&city, id)))
        .unwrap();
    let completed = city.world.take_events::<wire::DelegationCompleted>();
    assert!(!completed[0].counts);
    city.refused(
        member(Peer::Legislature),
        validation(speaker.address, Operation::PublishProposal, SUBJECT),
        wire::DelegationMissing {
            clerk: speaker.address,
            missing: 1 << 2,
        },
    );
    // Without a mandate the office is free again.
    let lifted = wire::setMandateCall {
        operation: DAG.number(),
        serviceId: B256::ZERO,
        artifactSchema: B256::ZERO,
    };
    city.panel(lifted).unwrap();
    let mandates = city.call(STRANGER, wire::mandatesCall {}).unwrap();
    assert_eq!((mandates.operations, mandates.version), (0, 3));
    city.validate(speaker.address, Operation::PublishProposal, SUBJECT)
        .unwrap();
}

#[test]
fn a_mandate_names_a_registered_service_or_none() {
    let (city, _, service) = mandated(B256::repeat_byte(8));
    let call = wire::mandateOfCall {
        operation: DAG.number(),
    };
    let mandate = city.call(STRANGER, call).unwrap();
    assert_eq!(
        (mandate.serviceId, mandate.artifactSchema),
        (service, B256::repeat_byte(8))
    );
    let panel = member(Peer::Adjudication);
    let set = |operation, id, schema| wire::setMandateCall {
        operation,
        serviceId: id,
        artifactSchema: schema,
    };
    let nothing = B256::repeat_byte(1);
    city.refused(
        panel,
        set(0, nothing, B256::ZERO),
        agentcity_abi::IService::UnknownService { service: nothing },
    );
    city.refused(
        panel,
        set(9, service, B256::ZERO),
        wire::UnknownDelegated { operation: 9 },
    );
    city.refused(
        panel,
        set(0, B256::ZERO, nothing),
        wire::SchemaWithoutService {},
    );
    city.refused(
        STRANGER,
        wire::mandateOfCall { operation: 9 },
        wire::UnknownDelegated { operation: 9 },
    );
}

#[test]
fn an_answer_without_the_artifact_that_is_demanded_by_now_does_not_count() {
    let (city, owner, service) = mandated(B256::ZERO);
    let speaker = key(SPEAKER, 0);
    let bare = request(&city, service);
    let whole = wire::DelegationRequest {
        inputHash: B256::repeat_byte(6),
        ..bare.clone()
    };
    for request in [&bare, &whole] {
        city.call(STRANGER, delegation(&city, &speaker, request))
            .unwrap();
    }
    // The same service, but people want to see its work from now on.
    city.panel(wire::setMandateCall {
        operation: DAG.number(),
        serviceId: service,
        artifactSchema: B256::repeat_byte(7),
    })
    .unwrap();
    let given = wire::DelegationResult {
        artifactHash: B256::ZERO,
        ..result(&city, digest(&city, &bare))
    };
    city.call(STRANGER, answer(&city, &owner, &bare, given))
        .unwrap();
    let completed = city.world.take_events::<wire::DelegationCompleted>();
    assert!(!completed[0].counts);
    city.refused(
        member(Peer::Legislature),
        validation(speaker.address, Operation::PublishProposal, SUBJECT),
        wire::DelegationMissing {
            clerk: speaker.address,
            missing: 1 << DAG.number(),
        },
    );
    let given = result(&city, digest(&city, &whole));
    city.call(STRANGER, answer(&city, &owner, &whole, given))
        .unwrap();
    let completed = city.world.take_events::<wire::DelegationCompleted>();
    assert!(completed[0].counts);
    city.validate(speaker.address, Operation::PublishProposal, SUBJECT)
        .unwrap();
}

#[test]
fn a_clerk_released_to_another_principal_hands_nothing_over() {
    let (city, _, service) = mandated(B256::ZERO);
    let speaker = key(SPEAKER, 0);
    let request = request(&city, service);
    city.release(speaker.address, STRANGER);
    city.refused(
        STRANGER,
        delegation(&city, &speaker, &request),
        wire::PrincipalMismatch {
            expected: PRINCIPAL,
            found: STRANGER,
        },
    );
}

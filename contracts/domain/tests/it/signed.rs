//! T4: types and encoders of everything that is signed.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_domain::{
    parameter::ParameterId,
    signed::{
        DOMAIN_NAME_HASH, DOMAIN_TYPE_HASH, DOMAIN_VERSION_HASH, SignedBy, SignedStruct, Typed,
        fields, identity, keccak256, legislation, panel, widths, work,
    },
    token,
};
use alloy_primitives::{Address, B256, U256};

/// Structs that occur in others only.
const PARTS: [&str; 5] = [
    identity::Member::OWN,
    identity::ParameterValue::OWN,
    identity::Clerk::OWN,
    legislation::RejectedBid::OWN,
    legislation::ComplianceFlag::OWN,
];

#[test]
fn known_hashes_come_out() {
    assert_eq!(DOMAIN_TYPE_HASH, token::DOMAIN_TYPEHASH);
    assert_eq!(DOMAIN_VERSION_HASH, token::DOMAIN_VERSION_HASH);
    assert_eq!(DOMAIN_NAME_HASH, alloy_primitives::keccak256("AgentCity"));
    let permit =
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
    assert_eq!(keccak256(&[permit]), token::PERMIT_TYPEHASH);
}

#[test]
fn every_hash_is_that_of_the_whole_type() {
    for signed in SignedStruct::ALL {
        let entry = signed.entry();
        assert_eq!(
            entry.hash,
            alloy_primitives::keccak256(entry.to_string()),
            "{}",
            entry.name
        );
        assert_eq!(entry.hash, signed.type_hash(), "{}", entry.name);
        assert_eq!(SignedStruct::named(entry.name), Some(*signed));
    }
}

#[test]
fn no_two_structs_can_be_taken_for_each_other() {
    let names: BTreeSet<_> = SignedStruct::ALL.iter().map(|s| s.entry().name).collect();
    let hashes: BTreeSet<_> = SignedStruct::ALL.iter().map(|s| s.type_hash()).collect();
    assert_eq!(names.len(), SignedStruct::ALL.len());
    assert_eq!(hashes.len(), SignedStruct::ALL.len());
}

#[test]
fn every_struct_ends_some_day() {
    for signed in SignedStruct::ALL {
        let entry = signed.entry();
        assert!(
            entry.fields().any(|f| f == ("uint64", "deadline")),
            "{entry}"
        );
    }
}

#[test]
fn fields_are_named_once_and_of_types_that_eip_712_knows() {
    let known = [
        "address", "bytes32", "bytes", "bool", "uint8", "uint16", "uint32", "uint40", "uint64",
        "uint128", "uint256", "int16",
    ];
    let parts: BTreeMap<_, _> = PARTS
        .iter()
        .map(|own| (own.split('(').next().unwrap(), *own))
        .collect();
    for own in SignedStruct::ALL.iter().map(|s| s.entry().own).chain(PARTS) {
        let list: Vec<_> = fields(own).collect();
        assert_eq!(list.len(), own.matches(',').count() + 1, "{own}");
        let names: BTreeSet<_> = list.iter().map(|(_, name)| name).collect();
        assert_eq!(names.len(), list.len(), "{own}");
        for (ty, name) in list {
            let element = ty.strip_suffix("[]").unwrap_or(ty);
            assert!(
                known.contains(&element) || parts.contains_key(element),
                "{own}: {ty}"
            );
            assert!(
                name.chars().all(|c| c.is_ascii_alphanumeric())
                    && name.starts_with(|c: char| c.is_ascii_lowercase()),
                "{own}: {name}"
            );
        }
    }
}

#[test]
fn widths_are_the_bytes_of_the_fields() {
    const BID: [u8; 12] = widths(legislation::TaskBid::OWN);
    assert_eq!(BID, [32, 2, 20, 32, 32, 16, 16, 32, 4, 2, 1, 8]);
    const MESSAGE: [u8; 10] = widths(legislation::DagProposal::OWN);
    assert_eq!(MESSAGE, [32, 32, 32, 32, 32, 2, 4, 16, 5, 8]);
    assert_eq!(
        widths(legislation::RejectedBid::OWN),
        [4, 2],
        "one of few fields"
    );
    assert_eq!(widths("Vote(bool yes,uint256 weight)"), [1, 32]);
}

#[test]
#[should_panic = "another number of fields"]
fn widths_are_of_every_field() {
    let _: [u8; 3] = widths(legislation::RejectedBid::OWN);
}

#[test]
#[should_panic = "a field of another type"]
fn widths_are_of_types_that_are_whole_words_of_their_own() {
    let _: [u8; 1] = widths("Delta(int16 delta)");
}

#[test]
fn a_type_names_every_struct_it_refers_to_in_order() {
    let parts: BTreeMap<_, _> = PARTS
        .iter()
        .map(|own| (own.split('(').next().unwrap(), *own))
        .collect();
    for signed in SignedStruct::ALL {
        let entry = signed.entry();
        let referred: BTreeSet<_> = entry
            .fields()
            .filter_map(|(ty, _)| parts.get(ty.trim_end_matches("[]")).copied())
            .collect();
        assert_eq!(
            entry.parts,
            referred.into_iter().collect::<Vec<_>>(),
            "{}",
            entry.name
        );
    }
}

/// RULINGS R23: hashes of documents, of code, of commitments, and names may be signed; hashes of arguments may not.
#[test]
fn no_struct_hides_its_arguments_behind_a_hash() {
    let documents = [
        "justificationHash",
        "evidenceHash",
        "rationaleHash",
        "statementHash",
        "reasonsHash",
        "schemaHash",
    ];
    let content = [
        "outputHash",
        "artifactHash",
        "inputHash",
        "statuteHash",
        "assignmentsHash",
        "didHash",
        "codeHash",
        "codehash",
    ];
    for signed in SignedStruct::ALL {
        for (ty, name) in signed.entry().fields() {
            if ty == "bytes32" && name.to_lowercase().ends_with("hash") {
                assert!(
                    documents.contains(&name) || content.contains(&name),
                    "{}: {name}",
                    signed.entry().name
                );
            }
            assert!(
                !name.to_lowercase().contains("params"),
                "{}: {name}",
                signed.entry().name
            );
        }
    }
}

#[test]
fn words_are_type_hash_and_fields_in_order() {
    let consent = identity::PrincipalConsent {
        agent: Address::repeat_byte(0xa1),
        did_hash: B256::repeat_byte(0xd1),
        agent_type: 2,
        principal: Address::repeat_byte(0xb2),
        max_sub_agents: 0x0102_0304,
        nonce: u64::MAX,
        deadline: 9,
    };
    let type_hash = alloy_primitives::keccak256(
        "PrincipalConsent(address agent,bytes32 didHash,uint8 agentType,address principal,uint32 maxSubAgents,uint64 nonce,uint64 deadline)",
    );
    let number = |n: u64| B256::from(U256::from(n));
    assert_eq!(
        consent.words(),
        [
            type_hash,
            consent.agent.into_word(),
            consent.did_hash,
            number(2),
            consent.principal.into_word(),
            number(0x0102_0304),
            number(u64::MAX),
            number(9),
        ]
    );
}

#[test]
fn a_negative_number_keeps_its_sign_and_a_flag_is_one() {
    let ruling = panel::AdjustReputation {
        agent: Address::ZERO,
        old_score: 500,
        delta: -100,
        justification_hash: B256::ZERO,
        content_address: B256::ZERO,
        deadline: 0,
    };
    assert_eq!(
        U256::from_be_bytes(ruling.words()[3].0),
        U256::ZERO.wrapping_sub(U256::from(100))
    );
    let praise = panel::AdjustReputation {
        delta: 100,
        ..ruling
    };
    assert_eq!(U256::from_be_bytes(praise.words()[3].0), U256::from(100));
    let nothing = panel::AdjustReputation { delta: 0, ..ruling };
    assert_eq!(nothing.words()[3], B256::ZERO);

    let decision = legislation::RegulatoryDecision {
        session_id: B256::ZERO,
        assignments_hash: B256::ZERO,
        fairness: 0,
        rejected: B256::ZERO,
        flags: B256::ZERO,
        repropose: true,
        deadline: 0,
    };
    assert_eq!(decision.words()[6], B256::from(U256::ONE));
}

#[test]
fn the_manifest_is_typed_as_eip_712_wants() {
    assert_eq!(
        SignedStruct::GenesisManifest.entry().to_string(),
        "GenesisManifest(bytes32 mandate,address asset,uint256 unitScale,Member[] members,ParameterValue[] parameters,Clerk[] clerks,address[] adjudicators,uint64 deadline)\
         Clerk(uint8 role,address agent,address principal)\
         Member(uint8 peer,address account,bytes32 codehash)\
         ParameterValue(uint8 id,bytes32 value)"
    );
}

/// RULINGS A10: a report of one attempt cannot be replayed for another.
#[test]
fn a_monitors_report_binds_mission_node_attempt_sequence_and_deadline() {
    let names: Vec<_> = fields(work::MonitorReport::OWN)
        .map(|(_, name)| name)
        .collect();
    for bound in ["missionId", "node", "attempt", "sequence", "deadline"] {
        assert!(names.contains(&bound), "{bound}");
    }
}

#[test]
fn the_seven_messages_have_their_structs() {
    for (message, name, by) in [
        (1, "IdentityRequest", SignedBy::Registrar),
        (2, "IdentityAttestation", SignedBy::Agent),
        (3, "DagProposal", SignedBy::Speaker),
        (4, "TaskBid", SignedBy::Agent),
        (5, "RegulatoryDecision", SignedBy::Regulator),
        (6, "CodedSpecification", SignedBy::Codifier),
        (7, "LegislativeApproval", SignedBy::SpeakerAndRegulators),
    ] {
        let signed = SignedStruct::named(name).unwrap_or_else(|| panic!("MSG_TYPE_{message}"));
        assert_eq!(signed.entry().by, by, "MSG_TYPE_{message}");
    }
}

#[test]
fn the_default_model_is_named_by_its_hash() {
    assert_eq!(
        ParameterId::EmbeddingModelId.default_word(),
        alloy_primitives::keccak256("text-embedding-3-large")
    );
}

#[test]
fn the_words_of_a_manifest_are_its_fields_in_order() {
    let manifest = identity::GenesisManifest {
        mandate: B256::repeat_byte(0x11),
        asset: Address::repeat_byte(0x22),
        unit_scale: U256::MAX - U256::from(5),
        members: B256::repeat_byte(0x33),
        parameters: B256::repeat_byte(0x44),
        clerks: B256::repeat_byte(0x55),
        adjudicators: B256::repeat_byte(0x66),
        deadline: 7,
    };
    assert_eq!(
        manifest.words(),
        [
            identity::GenesisManifest::HASH,
            manifest.mandate,
            manifest.asset.into_word(),
            B256::from(manifest.unit_scale),
            manifest.members,
            manifest.parameters,
            manifest.clerks,
            manifest.adjudicators,
            B256::with_last_byte(7),
        ]
    );
}

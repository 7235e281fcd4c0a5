//! The seal: what it makes of a city, and every manifest it refuses (RULINGS A5). Signatures are in `signatures.rs`.

use agentcity_abi::IConstitution::{self as wire, GenesisManifest};
use agentcity_constitution::storage::Constitution;
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolError, SolEvent, SolStruct};

use crate::city::{
    City, MANDATE, NEEDED, SCALE, STRANGER, THIS, codehash, install_member, member, value,
};

#[test]
fn the_digest_is_that_of_eip_712() {
    let city = City::founded();
    let manifest = city.manifest_with(&[(ParameterId::EmaLambda, 800)]);
    let told = city.ask(wire::manifestDigestCall {
        manifest: manifest.clone(),
    });
    assert_eq!(told, manifest.eip712_signing_hash(&city.domain()));
}

#[test]
fn a_sealed_city_has_members_clerks_and_its_first_epoch() {
    let city = City::founded();
    let manifest = city.manifest_with(&[
        (ParameterId::EmaLambda, 800),
        (ParameterId::LogRetentionMonths, 36),
    ]);
    city.seal(&manifest).unwrap();

    let logs = city.world.take_logs();
    let members = Peer::ALL.map(member);
    let signers = city.founders[..NEEDED].iter().map(|key| key.address);
    assert_eq!(logs.len(), 2);
    assert_eq!(
        wire::Sealed::decode_log_validate(&logs[0]).unwrap().data,
        wire::Sealed {
            digest: manifest.eip712_signing_hash(&city.domain()),
            members,
            signers: signers.collect(),
        }
    );
    assert_eq!(
        wire::EpochOpened::decode_log_validate(&logs[1])
            .unwrap()
            .data,
        wire::EpochOpened {
            epoch: 1,
            page: THIS.create(1)
        }
    );

    assert!(city.ask(wire::isSealedCall {}));
    assert_eq!(city.ask(wire::epochCall {}), 1);
    assert_eq!(city.ask(wire::membersCall {}), members);
    for peer in Peer::ALL {
        let account = city.ask(wire::memberOfCall { peer: peer as u8 });
        assert_eq!(account, member(peer));
    }
    let clerks = city.ask(wire::genesisClerksCall {});
    assert_eq!(clerks, manifest.clerks);
    let word = |n: u32| B256::from(U256::from(n));
    assert_eq!(city.value(ParameterId::EmaLambda), word(800));
    assert_eq!(city.value(ParameterId::LogRetentionMonths), word(36));
    assert_eq!(city.value(ParameterId::AdjudicatorQuorum), word(7));
}

#[test]
fn a_city_is_sealed_once() {
    let city = City::sealed();
    let before = city.world.storage(THIS);
    let again = city.seal(&city.manifest()).unwrap_err();
    assert_eq!(again, wire::AlreadySealed {}.abi_encode());
    assert_eq!(city.world.storage(THIS), before);
}

#[test]
fn a_manifest_is_good_until_its_last_second() {
    let city = City::founded();
    let manifest = city.manifest();
    let signatures = city.sign(&manifest, NEEDED);
    city.world.warp(3_601);
    let refusal = wire::Expired {
        deadline: manifest.deadline,
    };
    city.seal_refused(&manifest, signatures, refusal);

    let city = City::founded();
    let manifest = city.manifest();
    city.world.warp(3_600);
    city.seal(&manifest).unwrap();
}

/// Refuses a change of a good manifest that everybody signed.
#[track_caller]
fn refused<E: SolError + PartialEq + std::fmt::Debug>(
    city: &City,
    change: impl FnOnce(&mut GenesisManifest),
    expected: E,
) {
    let mut manifest = city.manifest();
    change(&mut manifest);
    let signatures = city.sign(&manifest, city.founders.len());
    city.seal_refused(&manifest, signatures, expected);
}

#[test]
fn a_manifest_that_contradicts_the_construction_is_refused() {
    let city = City::founded();
    let given = B256::repeat_byte(3);
    refused(
        &city,
        |m| m.mandate = given,
        wire::MandateMismatch {
            expected: MANDATE,
            given,
        },
    );
    refused(
        &city,
        |m| m.asset = STRANGER,
        wire::AssetMismatch {
            expected: Address::ZERO,
            given: STRANGER,
        },
    );
    refused(
        &city,
        |m| m.unitScale = U256::from(1),
        wire::UnitScaleMismatch {
            expected: U256::from(SCALE),
            given: U256::from(1),
        },
    );
    let founder = |index: usize| city.founders[index].address;
    let mismatch = |index, expected, given| wire::AdjudicatorMismatch {
        index: U256::from(index),
        expected,
        given,
    };
    refused(
        &city,
        |m| m.adjudicators[6] = STRANGER,
        mismatch(6, founder(6), STRANGER),
    );
    refused(
        &city,
        |m| m.adjudicators.swap(0, 1),
        mismatch(0, founder(0), founder(1)),
    );
    refused(
        &city,
        |m| m.adjudicators.truncate(6),
        mismatch(6, founder(6), Address::ZERO),
    );
    refused(
        &city,
        |m| m.adjudicators.push(STRANGER),
        mismatch(7, Address::ZERO, STRANGER),
    );
}

#[test]
fn members_missing_misplaced_or_doubled_are_refused() {
    let city = City::founded();
    refused(
        &city,
        |m| m.members.truncate(6),
        wire::MemberCountMismatch {
            count: U256::from(6),
        },
    );
    refused(
        &city,
        |m| m.members.push(m.members[0].clone()),
        wire::MemberCountMismatch {
            count: U256::from(Peer::COUNT),
        },
    );
    refused(
        &city,
        |m| m.members.swap(0, 1),
        wire::MemberOutOfOrder {
            index: U256::ZERO,
            expected: 1,
            given: 2,
        },
    );
    for account in [member(Peer::Agent), THIS, Address::ZERO] {
        refused(
            &city,
            |m| m.members[6].account = account,
            wire::DuplicateMember { peer: 7, account },
        );
    }
}

#[test]
fn a_member_with_other_code_is_refused_with_both_hashes() {
    let city = City::founded();
    let hostile = B256::repeat_byte(0x66);
    let account = member(Peer::Treasury);
    // Signed as it should be, deployed as somebody else wanted it: and the other way round.
    install_member(&city.world, account, hostile, THIS);
    let refusal = wire::CodehashMismatch {
        peer: Peer::Treasury as u8,
        account,
        expected: codehash(Peer::Treasury),
        found: hostile,
    };
    refused(&city, |_| (), refusal);
    install_member(&city.world, account, codehash(Peer::Treasury), THIS);
    let refusal = wire::CodehashMismatch {
        peer: Peer::Treasury as u8,
        account,
        expected: hostile,
        found: codehash(Peer::Treasury),
    };
    refused(&city, |m| m.members[5].codehash = hostile, refusal);
}

#[test]
fn a_member_of_another_city_or_of_none_is_refused() {
    let city = City::founded();
    let (account, hash) = (member(Peer::Agent), codehash(Peer::Agent));
    let foreign = |constitution| wire::ForeignMember {
        peer: 1,
        account,
        constitution,
    };
    let other = Address::repeat_byte(0xcc);
    install_member(&city.world, account, hash, other);
    refused(&city, |_| (), foreign(other));
    let none = foreign(Address::ZERO);
    city.world
        .install(account, hash, |_, _| Err(vec![1, 2, 3, 4]));
    refused(&city, |_| (), none.clone());
    for answer in [
        Vec::new(),
        vec![0; 31],
        [THIS.into_word().to_vec(), vec![0]].concat(),
        B256::repeat_byte(0xc0).to_vec(),
    ] {
        city.world
            .install(account, hash, move |_, _| Ok(answer.clone()));
        refused(&city, |_| (), none.clone());
    }
    // An account without code has a hash too, but names nobody.
    city.world.mint(STRANGER, 1);
    let empty = keccak256([]);
    let refusal = wire::ForeignMember {
        peer: 1,
        account: STRANGER,
        constitution: Address::ZERO,
    };
    let account_only = |m: &mut GenesisManifest| {
        m.members[0].account = STRANGER;
        m.members[0].codehash = empty;
    };
    refused(&city, account_only, refusal);
}

#[test]
fn a_member_cannot_write_while_it_is_asked() {
    let city = City::founded();
    let account = member(Peer::Agent);
    city.world
        .install(account, codehash(Peer::Agent), |frame, _| {
            frame.store(0, B256::repeat_byte(1));
            Ok(THIS.into_word().to_vec())
        });
    let refusal = wire::ForeignMember {
        peer: 1,
        account,
        constitution: Address::ZERO,
    };
    refused(&city, |_| (), refusal);
}

#[test]
fn offices_empty_doubled_or_held_by_one_person_are_refused() {
    let city = City::founded();
    for role in 0..4 {
        refused(
            &city,
            |m| m.clerks.retain(|clerk| clerk.role != role),
            wire::ClerkMissing { role },
        );
    }
    refused(
        &city,
        |m| m.clerks[3].role = 4,
        wire::ClerkOutOfOrder {
            index: U256::from(3),
            role: 4,
        },
    );
    let again = |m: &mut GenesisManifest| m.clerks.push(m.clerks[0].clone());
    refused(
        &city,
        again,
        wire::ClerkOutOfOrder {
            index: U256::from(4),
            role: 0,
        },
    );
    let (agent, principal) = (Address::repeat_byte(0xa0), Address::repeat_byte(0x71));
    refused(
        &city,
        |m| m.clerks[3].agent = agent,
        wire::InvalidClerk {
            index: U256::from(3),
            agent,
            principal,
        },
    );
    refused(
        &city,
        |m| m.clerks[3].principal = Address::ZERO,
        wire::InvalidClerk {
            index: U256::from(3),
            agent: Address::repeat_byte(0xa3),
            principal: Address::ZERO,
        },
    );
    let one = |m: &mut GenesisManifest| {
        for clerk in &mut m.clerks {
            clerk.principal = principal;
        }
    };
    refused(&city, one, wire::ClerksShareOnePrincipal { principal });
    let many = |m: &mut GenesisManifest| {
        let mut last = m.clerks[3].clone();
        for n in 0..13 {
            last.agent = Address::repeat_byte(n + 1);
            m.clerks.push(last.clone());
        }
    };
    let refusal = wire::TooManyClerks {
        count: U256::from(17),
        most: U256::from(16),
    };
    refused(&city, many, refusal);
}

#[test]
fn parameters_out_of_order_range_or_relation_are_refused() {
    let city = City::founded();
    let (first, second) = (ParameterId::EmaLambda, ParameterId::RepFullWeight);
    for ids in [[second, first], [first, first]] {
        let refusal = wire::ParameterOutOfOrder {
            index: U256::from(1),
            id: ids[1] as u8,
        };
        let values = ids.map(|id| value(id, id.row().default));
        refused(&city, |m| m.parameters = values.to_vec(), refusal);
    }
    let unknown = wire::ParameterValue {
        id: 255,
        value: B256::ZERO,
    };
    refused(
        &city,
        |m| m.parameters = vec![unknown],
        wire::UnknownParameter { id: 255 },
    );
    let constant = ParameterId::MaxAdjudicators;
    refused(
        &city,
        |m| m.parameters = vec![value(constant, 64)],
        wire::ConstantParameter { id: constant as u8 },
    );
    for number in [499, 991] {
        let named = value(first, number);
        let refusal = wire::ParameterOutOfRange {
            id: first as u8,
            value: named.value,
            least: 500,
            greatest: 990,
        };
        refused(&city, |m| m.parameters = vec![named], refusal);
    }
    let senior = wire::ParameterValue {
        id: ParameterId::SeniorAdjudicatorAddr as u8,
        value: B256::repeat_byte(1),
    };
    let refusal = wire::MalformedParameter {
        id: senior.id,
        value: senior.value,
    };
    refused(&city, |m| m.parameters = vec![senior], refusal);
    let (low, medium) = (ParameterId::MinStakeLow, ParameterId::MinStakeMedium);
    let refusal = wire::RelationBroken {
        lesser: low as u8,
        lesserValue: 501,
        greater: medium as u8,
        greaterValue: 500,
    };
    refused(&city, |m| m.parameters = vec![value(low, 501)], refusal);
}

#[test]
fn a_city_below_its_own_quorum_is_refused() {
    let city = City::founded();
    let quorum = ParameterId::AdjudicatorQuorum;
    let refusal = wire::BelowQuorum {
        adjudicators: U256::from(7),
        quorum: U256::from(8),
    };
    refused(&city, |m| m.parameters = vec![value(quorum, 8)], refusal);
    let city = City::founded_by(8);
    let manifest = city.manifest_with(&[(quorum, 8)]);
    city.seal_by(&manifest, city.sign(&manifest, 6)).unwrap();
}

#[test]
fn a_page_that_is_not_created_undoes_the_seal() {
    let city = City::founded();
    // What stands where the page should lie makes the creation fail.
    city.world.data(THIS.create(1), &[0xfe]);
    let manifest = city.manifest();
    let signatures = city.sign(&manifest, NEEDED);
    city.seal_refused(&manifest, signatures, wire::PageNotCreated { epoch: 1 });
}

#[test]
fn a_constitution_of_the_same_code_elsewhere_is_another_city() {
    let city = City::sealed();
    let other = Address::repeat_byte(0xc3);
    city.world.program::<Constitution>(other, "constitution");
    let epoch = city.world.call(STRANGER, other, wire::epochCall {});
    assert_eq!(epoch, Ok(0));
}

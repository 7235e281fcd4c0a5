//! The seal: what it takes, what it makes of a city, and every way to fail (RULINGS A5).

use agentcity_abi::IConstitution::{self as wire, GenesisManifest};
use agentcity_constitution::storage::Constitution;
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use agentcity_world::Key;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolError, SolEvent, SolStruct};

use crate::city::{
    City, MANDATE, NEEDED, SCALE, STRANGER, THIS, codehash, domain, install_member, install_wallet,
    member, value,
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
            count: U256::from(8),
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
fn fewer_than_two_thirds_do_not_seal() {
    for (adjudicators, needed) in [(7, 5), (8, 6), (9, 6), (10, 7)] {
        let city = City::founded_by(adjudicators);
        let manifest = city.manifest();
        for given in [0, 1, needed - 1] {
            let refusal = wire::TooFewSignatures {
                given: U256::from(given),
                needed: U256::from(needed),
            };
            city.seal_refused(&manifest, city.sign(&manifest, given), refusal);
        }
        city.seal_by(&manifest, city.sign(&manifest, needed))
            .unwrap();
    }
}

#[test]
fn signatures_permuted_or_doubled_are_refused() {
    let city = City::founded();
    let manifest = city.manifest();
    let good = city.sign(&manifest, 7);
    let address = |index: usize| city.founders[index].address;
    let mut swapped = good.clone();
    swapped.swap(2, 3);
    let refusal = wire::SignersNotAscending {
        previous: address(3),
        signer: address(2),
    };
    city.seal_refused(&manifest, swapped, refusal);
    let doubled: Vec<_> = [0, 1, 2, 2, 3].map(|index| good[index].clone()).to_vec();
    let refusal = wire::SignersNotAscending {
        previous: address(2),
        signer: address(2),
    };
    city.seal_refused(&manifest, doubled, refusal);
    let five_times = vec![good[0].clone(); 5];
    let refusal = wire::SignersNotAscending {
        previous: address(0),
        signer: address(0),
    };
    city.seal_refused(&manifest, five_times, refusal);
    city.seal_by(&manifest, good).unwrap();
}

#[test]
fn a_stranger_among_the_signers_is_refused() {
    let city = City::founded();
    let manifest = city.manifest();
    let stranger = Key::of("stranger");
    let signature: Bytes = stranger
        .sign(manifest.eip712_signing_hash(&city.domain()))
        .into();
    let mut signatures = city.sign(&manifest, 7);
    let place = city
        .founders
        .iter()
        .filter(|key| key.address < stranger.address)
        .count();
    signatures.insert(place, signature);
    let refusal = wire::NotGenesisAdjudicator {
        signer: stranger.address,
    };
    city.seal_refused(&manifest, signatures, refusal);
}

#[test]
fn what_is_no_signature_is_refused_by_its_place() {
    let city = City::founded();
    let manifest = city.manifest();
    let digest = manifest.eip712_signing_hash(&city.domain());
    let good = city.sign(&manifest, NEEDED);
    let high: Bytes = city.founders[3].sign_high(digest).into();
    let mut other_v = good[3].to_vec();
    other_v[64] -= 27;
    for bad in [
        high,
        other_v.into(),
        vec![0; 65].into(),
        Bytes::new(),
        vec![7; 19].into(),
    ] {
        let mut signatures = good.clone();
        signatures[3] = bad;
        let refusal = wire::MalformedSignature {
            index: U256::from(3),
        };
        city.seal_refused(&manifest, signatures, refusal);
    }
}

#[test]
fn a_founder_may_be_a_contract() {
    let city = City::founded();
    let (wallet, owner) = (city.founders[0].address, Key::of("owner of a wallet"));
    let asked = install_wallet(&city.world, wallet, owner.address);
    let manifest = city.manifest();
    let digest = manifest.eip712_signing_hash(&city.domain());
    let by = |key: &Key| -> Bytes { [wallet.as_slice(), &key.sign(digest)].concat().into() };
    let mut signatures = city.sign(&manifest, NEEDED);

    signatures[0] = by(&Key::of("somebody else"));
    let refusal = wire::InvalidSignature { signer: wallet };
    city.seal_refused(&manifest, signatures.clone(), refusal);
    assert_eq!(asked.get(), 1);
    signatures[0] = by(&owner);
    city.seal_by(&manifest, signatures).unwrap();
    assert_eq!(asked.get(), 2);
}

#[test]
fn a_contract_that_is_no_founder_seals_nothing() {
    let city = City::founded();
    let wallet = Address::repeat_byte(0x01);
    let owner = Key::of("owner of a wallet");
    install_wallet(&city.world, wallet, owner.address);
    let manifest = city.manifest();
    let digest = manifest.eip712_signing_hash(&city.domain());
    let mut signatures = city.sign(&manifest, NEEDED);
    let theirs = [wallet.as_slice(), &owner.sign(digest)].concat();
    signatures.insert(0, theirs.into());
    let refusal = wire::NotGenesisAdjudicator { signer: wallet };
    let place = city.founders[0].address > wallet;
    assert!(place, "the wallet comes first");
    city.seal_refused(&manifest, signatures, refusal);
}

/// Whoever runs ahead with the founders' signatures seals what the founders signed, or nothing.
#[test]
fn signatures_seal_nothing_but_what_was_signed() {
    let city = City::founded();
    let manifest = city.manifest_with(&[(ParameterId::EmaLambda, 800)]);
    let signatures = city.sign(&manifest, 7);
    let hostile = Address::repeat_byte(0x66);
    install_member(&city.world, hostile, codehash(Peer::Agent), THIS);
    type Change = Box<dyn Fn(&mut GenesisManifest)>;
    let changes: Vec<Change> = vec![
        Box::new(move |m| m.members[0].account = hostile),
        Box::new(|m| m.parameters[0].value = B256::from(U256::from(900))),
        Box::new(|m| m.parameters[0].id += 1),
        Box::new(|m| m.parameters.clear()),
        Box::new(|m| m.parameters.push(value(ParameterId::RepFullWeight, 2))),
        Box::new(|m| m.clerks[0].agent = STRANGER),
        Box::new(|m| m.clerks[0].principal = STRANGER),
        Box::new(|m| m.clerks[3].role = 2),
        Box::new(|m| m.deadline += 1),
        Box::new(|m| m.deadline = u64::MAX),
    ];
    for change in changes {
        let mut other = manifest.clone();
        change(&mut other);
        let data = city.seal_by(&other, signatures.clone()).unwrap_err();
        // Each recovers to somebody, who is no founder, or comes out of order.
        let known = [
            wire::NotGenesisAdjudicator::SELECTOR,
            wire::SignersNotAscending::SELECTOR,
            wire::MalformedSignature::SELECTOR,
            wire::ClerkMissing::SELECTOR,
            wire::ParameterOutOfRange::SELECTOR,
        ];
        assert!(known.iter().any(|selector| data[..4] == *selector));
        assert!(!city.ask(wire::isSealedCall {}));
    }
    city.seal_by(&manifest, signatures).unwrap();
}

#[test]
fn signatures_for_another_chain_or_constitution_are_worth_nothing() {
    let city = City::founded();
    let manifest = city.manifest();
    for domain in [
        domain(1, THIS),
        domain(city.world.chain_id(), Address::repeat_byte(0xc2)),
    ] {
        let digest = manifest.eip712_signing_hash(&domain);
        let sign = |key: &Key| key.sign(digest).into();
        let signatures: Vec<Bytes> = city.founders.iter().map(sign).collect();
        assert!(city.seal_by(&manifest, signatures).is_err());
        assert!(!city.ask(wire::isSealedCall {}));
    }
    // The same city's twin on the other half of a chain that split.
    let signatures = city.sign(&manifest, 7);
    city.world.set_chain_id(9);
    assert!(city.seal_by(&manifest, signatures).is_err());
    assert!(!city.ask(wire::isSealedCall {}));
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

//! Who may seal: the founders, and nobody with anything less than their signatures over this manifest, for this
//! constitution, on this chain (RULINGS A5, R22, R23).

use agentcity_abi::IConstitution::{self as wire, GenesisManifest};
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use agentcity_world::Key;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolError, SolStruct};

use crate::city::{
    City, NEEDED, STRANGER, THIS, codehash, domain, install_member, install_wallet, value,
};

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

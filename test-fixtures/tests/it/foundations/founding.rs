//! How a city is founded: by its adjudicators' signatures over all of it, once, whoever relays them. Before that nobody has
//! any power, and after that nobody has this one (RULINGS A5, R16).

use agentcity_abi::IConstitution::{self, IConstitutionErrors as Refusal};
use agentcity_deploy::city::CityError;
use agentcity_domain::{
    parameter::{ParameterId, word},
    peer::Peer,
};
use agentcity_test_fixtures::city::{Charter, Site};
use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall,
};

fn refusal(error: CityError) -> Refusal {
    match error {
        CityError::Refused { refusal, .. } => *refusal,
        other => panic!("no refusal of the constitution: {other}"),
    }
}

#[test]
fn two_thirds_of_the_adjudicators_found_a_city_and_nobody_else() {
    let mut site = Site::prepare(&Charter::default()).unwrap_or_else(|e| panic!("{e}"));
    let constitution = site.plan.constitution.address;
    let manifest = site.manifest().unwrap();
    let needed = site.needed();

    // Nobody commands an unsealed city: not who will be adjudication, not an adjudicator, not who deployed it.
    let amend = IConstitution::amendCall {
        id: ParameterId::NumericTolerancePct.place() as u8,
        oldValue: word(5),
        newValue: word(6),
        queuedAt: 0,
    };
    for by in [
        site.plan.address(Peer::Adjudication),
        site.adjudicators[0].address(),
        Address::ZERO,
    ] {
        let said = site
            .client
            .try_call(by, constitution, U256::ZERO, &amend.abi_encode())
            .unwrap_err();
        let typed = said.refusal().and_then(|r| r.typed::<Refusal>());
        assert!(
            matches!(
                typed,
                Some(Refusal::Unauthorized(_) | Refusal::NotSealed(_))
            ),
            "{said}"
        );
    }

    // One signature too few.
    let few = site.sign(&manifest, needed - 1);
    let said = refusal(site.seal(&manifest, few).unwrap_err());
    assert!(
        matches!(&said, Refusal::TooFewSignatures(e) if e.needed == U256::from(needed)),
        "{said:?}"
    );

    // One word changed after they signed.
    let signatures = site.sign(&manifest, needed);
    let mut other = manifest.clone();
    other.deadline += 1;
    let said = refusal(site.seal(&other, signatures.clone()).unwrap_err());
    assert!(
        matches!(
            said,
            Refusal::NotGenesisAdjudicator(_)
                | Refusal::SignersNotAscending(_)
                | Refusal::InvalidSignature(_)
        ),
        "{said:?}"
    );

    // Other code than they signed, signed again by all of them.
    let mut hostile = manifest.clone();
    hostile.members[0].codehash.0[0] ^= 1;
    let signed = site.sign(&hostile, needed);
    let said = refusal(site.seal(&hostile, signed).unwrap_err());
    assert!(
        matches!(&said, Refusal::CodehashMismatch(e) if e.peer == Peer::Agent.place() as u8),
        "{said:?}"
    );

    assert!(site.seal(&manifest, signatures.clone()).unwrap());
    let wired = site.wire().unwrap();
    assert!(wired > 0);

    // Once is all: the same again is noticed by the library, and refused by the contract.
    assert!(!site.seal(&manifest, signatures.clone()).unwrap());
    assert_eq!(site.wire().unwrap(), 0);
    let again = IConstitution::sealCall {
        manifest: manifest.clone(),
        signatures: signatures.into_iter().map(|s| s.signature).collect(),
    };
    let said = site
        .client
        .try_call(Address::ZERO, constitution, U256::ZERO, &again.abi_encode())
        .unwrap_err();
    let typed = said.refusal().and_then(|r| r.typed::<Refusal>());
    assert!(matches!(typed, Some(Refusal::AlreadySealed(_))), "{said}");
    let members = site
        .client
        .ask(constitution, &IConstitution::membersCall {})
        .unwrap();
    assert_eq!(members, site.plan.addresses());
}

//! RULINGS A10: every struct that principals and the regulator sign here, in every variant: as it is, on another chain, for another contract, after its
//! deadline, with each field changed, and twice.

use agentcity_abi::IAssembly as wire;
use agentcity_domain::signed::{SignedStruct, Typed, legislation as structs};
use agentcity_world::Key;
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolValue};

use crate::city::*;

/// How a function takes a struct.
#[derive(Clone, Copy, PartialEq)]
enum Taken {
    Alone,
    InBatches,
}

/// A signed struct in a city where it is good.
struct Case {
    city: City,
    signed: SignedStruct,
    selector: [u8; 4],
    taken: Taken,
    by: Key,
    /// Its fields, the deadline last.
    fields: Vec<B256>,
    /// For each of them another value that would be as good.
    others: Vec<B256>,
}

const DEADLINE: u64 = 1 << 34;

fn sponsoring(city: &City, session: B256, law: usize) -> B256 {
    city.propose(session, law, law)
}

/// Every struct of this contract.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let deadline = number(DEADLINE);
    let (me, other) = (principal(5).into_word(), principal(6).into_word());
    let mut add = |city: &City, signed, selector, taken, by, fields: &[B256], others: &[B256]| {
        cases.push(Case {
            city: city.clone(),
            signed,
            selector,
            taken,
            by,
            fields: [fields, &[deadline]].concat(),
            others: [others, &[number(DEADLINE + 1)]].concat(),
        });
    };
    let city = City::new();
    let first = city.call(principal(0), opening_petition()).unwrap();
    let second = city.call(principal(0), opening_petition()).unwrap();
    add(
        &city,
        SignedStruct::PetitionSignature,
        wire::signPetitionForCall::SELECTOR,
        Taken::InBatches,
        key(5),
        &[first, me],
        &[second, other],
    );
    let city = City::new();
    let session = city.session();
    let (first, second) = (sponsoring(&city, session, 0), sponsoring(&city, session, 1));
    add(
        &city,
        SignedStruct::Sponsorship,
        wire::sponsorForCall::SELECTOR,
        Taken::InBatches,
        key(5),
        &[first, me],
        &[second, other],
    );
    let city = City::new();
    let (first, second) = (city.session(), city.session());
    add(
        &city,
        SignedStruct::DeliberationEvidence,
        wire::recordEvidenceCall::SELECTOR,
        Taken::Alone,
        regulator(),
        &[first, salt(1), salt(2)],
        &[second, salt(3), salt(4)],
    );
    let city = City::new();
    let second = city.debating(2);
    let third = city.session();
    city.inform(second);
    city.inform(third);
    add(
        &city,
        SignedStruct::StrawVote,
        wire::strawVoteCall::SELECTOR,
        Taken::Alone,
        key(5),
        &[second, me, number(0u64)],
        &[third, other, number(1u64)],
    );
    let city = City::new();
    let session = city.debating(2);
    city.inform(session);
    city.call(STRANGER, city.voting(session, 5, 0)).unwrap();
    city.world.warp(ROUND + 1);
    let call = wire::drawSpeakingOrderCall { sessionId: session };
    city.call(STRANGER, call).unwrap();
    add(
        &city,
        SignedStruct::Statement,
        wire::speakCall::SELECTOR,
        Taken::Alone,
        key(5),
        &[session, number(1u64), me, salt(1), salt(2)],
        &[salt(9), number(2u64), other, salt(3), salt(4)],
    );
    let city = City::new();
    let session = city.committing(2);
    add(
        &city,
        SignedStruct::BallotCommitment,
        wire::commitBallotsCall::SELECTOR,
        Taken::InBatches,
        key(5),
        &[session, me, seal(session, 5, &[0, 1])],
        &[salt(9), other, seal(session, 5, &[1, 0])],
    );
    cases
}

impl Case {
    fn digest(&self, chain_id: u64, contract: Address, fields: &[B256]) -> B256 {
        let words = [&[self.signed.type_hash()], fields].concat();
        digest_at(chain_id, contract, &words)
    }

    /// Signed as it should be.
    fn good(&self, fields: &[B256]) -> Vec<u8> {
        self.by
            .sign(self.digest(self.city.world.chain_id(), here(), fields))
    }

    fn encode(&self, fields: &[B256], signature: &[u8]) -> Vec<u8> {
        let mut call = self.selector.to_vec();
        let signature = alloy_primitives::Bytes::copy_from_slice(signature);
        match self.taken {
            Taken::Alone => {
                let offset = U256::from(32 * (fields.len() + 1));
                call.extend(fields.concat());
                call.extend(offset.to_be_bytes::<32>());
                call.extend(signature.abi_encode().split_off(32));
            }
            Taken::InBatches => {
                // Both lists have one item.
                let list = [&number(1u64).0[..], &fields.concat()].concat();
                call.extend(U256::from(64).to_be_bytes::<32>());
                call.extend(U256::from(64 + list.len()).to_be_bytes::<32>());
                call.extend(list);
                call.extend(vec![signature].abi_encode().split_off(32));
            }
        }
        call
    }

    fn send(&self, fields: &[B256], signature: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
        let call = self.encode(fields, signature);
        self.city
            .world
            .transact(STRANGER, here(), U256::ZERO, &call)
    }

    /// Refused, and nothing moved.
    #[track_caller]
    fn refuses(&self, what: &str, fields: &[B256], signature: &[u8]) -> Vec<u8> {
        let name = self.signed.entry().name;
        let before = self.city.world.storage(here());
        let refusal = self.send(fields, signature);
        assert_eq!(self.city.world.storage(here()), before, "{name}: {what}");
        refusal.expect_err(&format!("{name}: {what}"))
    }

    /// Nobody's signature: who is named did not sign, or no clerk did.
    fn is_of_nobody(&self, refusal: &[u8]) -> bool {
        refusal == b"no clerk" || refusal[..4] == wire::InvalidSignature::SELECTOR
    }
}

#[test]
fn the_matrix_has_every_struct_of_this_contract() {
    use std::collections::BTreeSet;
    let own: BTreeSet<&str> = SignedStruct::ALL
        .iter()
        .map(|signed| signed.entry())
        .filter(|entry| entry.contract == agentcity_domain::peer::Peer::Assembly)
        .map(|entry| entry.name)
        .collect();
    let tried: BTreeSet<&str> = cases()
        .iter()
        .map(|case| case.signed.entry().name)
        .collect();
    assert_eq!(tried, own);
    assert_eq!(
        <structs::Statement as Typed>::HASH,
        SignedStruct::Statement.type_hash()
    );
}

#[test]
fn as_it_is_each_counts_and_counts_once() {
    for case in cases() {
        let name = case.signed.entry().name;
        let before = case.city.world.storage(here());
        let signature = case.good(&case.fields);
        case.send(&case.fields, &signature)
            .unwrap_or_else(|refusal| panic!("{name}: {refusal:02x?}"));
        let once = case.city.world.storage(here());
        assert_ne!(once, before, "{name}");
        match (case.taken, case.send(&case.fields, &signature)) {
            (Taken::InBatches, Ok(_)) => {}
            (Taken::Alone, Err(refusal)) => {
                let known = [wire::AlreadyDone::SELECTOR, wire::AlreadyUsed::SELECTOR];
                assert!(
                    known.iter().any(|known| refusal.starts_with(known)),
                    "{name}"
                );
            }
            (_, answer) => panic!("{name}: {answer:02x?}"),
        }
        assert_eq!(case.city.world.storage(here()), once, "{name}: twice");
    }
}

#[test]
fn a_batch_has_as_many_signatures_as_statements_and_not_too_many() {
    let city = City::new();
    let petition = city.call(principal(0), opening_petition()).unwrap();
    let (name, signature) = city.naming(petition, 1);
    let batch = |names: usize, signatures: usize| wire::signPetitionForCall {
        names: vec![name.clone(); names],
        signatures: vec![signature.clone().into(); signatures],
    };
    for (names, signatures) in [(1, 0), (1, 2), (2, 1), (257, 257)] {
        city.refused(STRANGER, batch(names, signatures), wire::MalformedCall {});
    }
    city.call(STRANGER, batch(256, 256)).unwrap();
    let asked = wire::petitionCall {
        petitionId: petition,
    };
    assert_eq!(city.call(STRANGER, asked).unwrap().signatures, 2);
}

#[test]
fn on_another_chain_or_for_another_contract_it_is_nobodys() {
    for case in cases() {
        let chain_id = case.city.world.chain_id();
        for (what, chain_id, contract) in [
            ("another chain", chain_id + 1, here()),
            (
                "another contract",
                chain_id,
                member(agentcity_domain::peer::Peer::Legislature),
            ),
        ] {
            let signature = case.by.sign(case.digest(chain_id, contract, &case.fields));
            let refusal = case.refuses(what, &case.fields, &signature);
            assert!(case.is_of_nobody(&refusal), "{what}: {refusal:02x?}");
        }
    }
}

#[test]
fn with_any_field_changed_it_is_nobodys() {
    for case in cases() {
        let signature = case.good(&case.fields);
        for (field, other) in case.others.iter().enumerate() {
            let mut changed = case.fields.clone();
            changed[field] = *other;
            let refusal = case.refuses(&format!("field {field}"), &changed, &signature);
            // Whose turn it is, which session and which candidate are looked at before a signature is.
            let known = [
                wire::OutOfTurn::SELECTOR,
                wire::Unknown::SELECTOR,
                wire::WrongStep::SELECTOR,
            ];
            let seen_before = known.iter().any(|known| refusal.starts_with(known));
            assert!(
                seen_before || case.is_of_nobody(&refusal),
                "{field}: {refusal:02x?}"
            );
        }
    }
}

#[test]
fn after_its_deadline_it_is_late_and_in_its_last_second_it_is_not() {
    for case in cases() {
        let now = case.city.world.now();
        let with = |deadline: u64| {
            let mut fields = case.fields.clone();
            *fields.last_mut().unwrap() = number(deadline);
            (case.good(&fields), fields)
        };
        let (signature, fields) = with(now - 1);
        let refusal = case.refuses("late", &fields, &signature);
        assert_eq!(
            refusal,
            wire::DeadlinePassed { deadline: now - 1 }.abi_encode()
        );
        let (signature, fields) = with(now);
        case.send(&fields, &signature).expect("in time");
    }
}

#[test]
fn high_and_broken_signatures_are_nobodys() {
    for case in cases() {
        let digest = case.digest(case.city.world.chain_id(), here(), &case.fields);
        let good = case.by.sign(digest);
        for signature in [case.by.sign_high(digest), good[..64].to_vec(), Vec::new()] {
            let refusal = case.refuses("broken", &case.fields, &signature);
            assert!(
                case.is_of_nobody(&refusal),
                "{}: {refusal:02x?}",
                case.signed.entry().name
            );
        }
    }
}

//! INV-AGENT-04: a signature counts for one act, here, in time, once (RULINGS R22, R23). Every signed struct of this contract
//! in every variant: as it is, on another chain, for another contract, too late, with each field changed, with a high `s`,
//! damaged, by another signer, a second time, and revoked.

use agentcity_abi::IAgent as wire;
use agentcity_domain::{
    peer::Peer,
    signed::identity::{
        EnrolmentAttestation, PrincipalAcceptance, PrincipalConsent, PrincipalEnrolment,
        PrincipalRelease, SubAgentConsent,
    },
};
use agentcity_world::{CHAIN_ID, Key};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolError};

use crate::city::*;

/// A call that succeeds, whose signature can be put in anew.
struct Signed {
    city: City,
    from: Address,
    coins: u128,
    signer: Key,
    words: Vec<B256>,
    deadline: u64,
    /// The call with that signature.
    call: Call,
}

/// A call with that signature in it.
type Call = Box<dyn Fn(Vec<u8>) -> Vec<u8>>;

impl Signed {
    fn digest(&self) -> B256 {
        self.city.digest(&self.words)
    }

    fn submit(&self, signature: Vec<u8>) -> Result<Vec<u8>, Vec<u8>> {
        let input = (self.call)(signature);
        self.city
            .world
            .transact(self.from, here(), U256::from(self.coins), &input)
    }

    #[track_caller]
    fn refused(&self, signature: Vec<u8>, variant: &str) {
        let signer = self.signer.address;
        let expected = wire::InvalidSignature { signer }.abi_encode();
        let before = self.city.world.storage(here());
        assert_eq!(self.submit(signature), Err(expected), "{variant}");
        assert_eq!(self.city.world.storage(here()), before, "{variant}");
    }
}

const STRUCTS: [&str; 6] = [
    "PrincipalEnrolment",
    "EnrolmentAttestation",
    "PrincipalConsent",
    "SubAgentConsent",
    "PrincipalRelease",
    "PrincipalAcceptance",
];

/// A city in which the struct of that name is about to be used.
fn prepared(name: &str) -> Signed {
    let city = City::new();
    let (ann, bob) = (city.enrolled("ann"), city.enrolled("bob"));
    let worker = city.registered("worker", &ann, 1, 2);
    let (agent, newcomer, person) = (worker.address, Key::of("newcomer"), Key::of("person"));
    for key in [&newcomer, &person] {
        city.fund(key.address);
    }
    city.fund(STRANGER);
    let deadline = city.deadline();
    let did_hash = keccak256(did(newcomer.address));
    let (signer, words, from, coins): (Key, Vec<B256>, _, _);
    let call: Call;
    match name {
        "PrincipalEnrolment" | "EnrolmentAttestation" => {
            let good = city.enrolment(&person);
            (from, coins) = (STRANGER, base(PRINCIPAL_STAKE));
            if name == "PrincipalEnrolment" {
                words = PrincipalEnrolment {
                    principal: person.address,
                    class: 1,
                    nonce: 0,
                    deadline,
                }
                .words()
                .to_vec();
                signer = person;
                call = Box::new(move |signature| {
                    let consent = Bytes::from(signature);
                    wire::enrolPrincipalCall {
                        consent,
                        ..good.clone()
                    }
                    .abi_encode()
                });
            } else {
                words = EnrolmentAttestation {
                    principal: person.address,
                    class: 1,
                    evidence_hash: good.evidenceHash,
                    registrar: registrar().address,
                    nonce: 0,
                    deadline,
                }
                .words()
                .to_vec();
                signer = registrar();
                call = Box::new(move |signature| {
                    let attestation = Bytes::from(signature);
                    wire::enrolPrincipalCall {
                        attestation,
                        ..good.clone()
                    }
                    .abi_encode()
                });
            }
        }
        "PrincipalConsent" => {
            let good = city.registration(&newcomer, &ann, 1, 3);
            words = PrincipalConsent {
                agent: newcomer.address,
                did_hash,
                agent_type: 1,
                principal: ann.address,
                max_sub_agents: 3,
                nonce: 1 << 16,
                deadline,
            }
            .words()
            .to_vec();
            (signer, from, coins) = (ann, newcomer.address, base(STAKE));
            call = Box::new(move |signature| {
                let consent = Bytes::from(signature);
                wire::registerCall {
                    consent,
                    ..good.clone()
                }
                .abi_encode()
            });
        }
        "SubAgentConsent" => {
            let good = city.sub_registration(&newcomer, &worker, 3, 1);
            words = SubAgentConsent {
                agent: newcomer.address,
                did_hash,
                agent_type: 3,
                parent: agent,
                max_sub_agents: 1,
                nonce: 1 << 16,
                deadline,
            }
            .words()
            .to_vec();
            (signer, from, coins) = (worker, newcomer.address, base(STAKE));
            call = Box::new(move |signature| {
                let consent = Bytes::from(signature);
                wire::registerSubAgentCall {
                    consent,
                    ..good.clone()
                }
                .abi_encode()
            });
        }
        "PrincipalRelease" => {
            let good = city.release(agent, &ann, bob.address);
            words = PrincipalRelease {
                agent,
                from: ann.address,
                to: bob.address,
                nonce: (1 << 48) | (1 << 32),
                deadline,
            }
            .words()
            .to_vec();
            (signer, from, coins) = (ann, STRANGER, 0);
            call = Box::new(move |signature| {
                let consent = Bytes::from(signature);
                wire::proposePrincipalCall {
                    consent,
                    ..good.clone()
                }
                .abi_encode()
            });
        }
        "PrincipalAcceptance" => {
            city.call(STRANGER, city.release(agent, &ann, bob.address))
                .unwrap();
            let good = city.acceptance(agent, ann.address, &bob);
            words = PrincipalAcceptance {
                agent,
                from: ann.address,
                to: bob.address,
                max_sub_agents: 3,
                nonce: (1 << 48) | (1 << 32),
                deadline,
            }
            .words()
            .to_vec();
            (signer, from, coins) = (bob, STRANGER, 0);
            call = Box::new(move |signature| {
                let consent = Bytes::from(signature);
                wire::acceptPrincipalCall {
                    consent,
                    ..good.clone()
                }
                .abi_encode()
            });
        }
        other => panic!("{other} is signed for another contract"),
    }
    Signed {
        city,
        from,
        coins,
        signer,
        words,
        deadline,
        call,
    }
}

#[test]
fn these_are_all_structs_that_the_table_of_roles_names() {
    let table = agentcity_abi::roles::table("Agent").functions;
    let mut named: Vec<String> = table.into_values().flat_map(|row| row.signed).collect();
    let mut known: Vec<String> = STRUCTS.map(str::to_owned).to_vec();
    named.sort_unstable();
    known.sort_unstable();
    assert_eq!(named, known);
}

#[test]
fn a_good_signature_counts_to_its_last_second_and_once() {
    for name in STRUCTS {
        let case = prepared(name);
        let good = case.signer.sign(case.digest());
        case.city.world.warp(case.deadline - case.city.world.now());
        case.submit(good.clone())
            .unwrap_or_else(|e| panic!("{name}: {e:02x?}"));
        assert!(case.submit(good.clone()).is_err(), "{name}: twice");

        let late = prepared(name);
        late.city
            .world
            .warp(late.deadline + 1 - late.city.world.now());
        let deadline = late.deadline;
        // A release has no end but that of its signature, so the one that would be accepted is over too.
        let expected = if name == "PrincipalAcceptance" {
            let agent = Key::of("worker").address;
            wire::NoProposal { agent }.abi_encode()
        } else {
            wire::Expired { deadline }.abi_encode()
        };
        assert_eq!(late.submit(good), Err(expected), "{name}: too late");
    }
}

#[test]
fn an_acceptance_has_a_deadline_of_its_own() {
    let case = prepared("PrincipalAcceptance");
    let (ann, bob) = (Key::of("ann"), Key::of("bob"));
    let agent = Key::of("worker").address;
    // A release that lasts longer than the acceptance, which is of the first.
    let deadline = case.deadline + 100;
    let release = PrincipalRelease {
        agent,
        from: ann.address,
        to: bob.address,
        nonce: case.city.change_nonce(agent, ann.address, 1),
        deadline,
    };
    let release = wire::proposePrincipalCall {
        agent,
        to: bob.address,
        deadline,
        consent: ann.sign(case.city.digest(&release.words())).into(),
    };
    case.city.call(STRANGER, release).unwrap();
    case.refused(
        case.signer.sign(case.digest()),
        "of a release that was replaced",
    );
    case.city
        .world
        .warp(case.deadline + 1 - case.city.world.now());
    let expired = wire::Expired {
        deadline: case.deadline,
    }
    .abi_encode();
    assert_eq!(case.submit(case.signer.sign(case.digest())), Err(expired));
}

#[test]
fn every_other_signature_is_nobodys() {
    let mallory = Key::of("mallory");
    for name in STRUCTS {
        let case = prepared(name);
        let (digest, key) = (case.digest(), case.signer.clone());
        case.refused(key.sign(digest_at(1, here(), &case.words)), "another chain");
        case.refused(
            key.sign(digest_at(CHAIN_ID, STRANGER, &case.words)),
            "another contract",
        );
        case.refused(key.sign_high(digest), "high s");
        case.refused(mallory.sign(digest), "another signer");
        case.refused(key.sign(keccak256(digest)), "another digest");
        case.refused(vec![0; 65], "zeros");
        case.refused(Vec::new(), "nothing, by somebody else");
        let good = key.sign(digest);
        for v in [0, 1, 26, 29, 28 + 27 - good[64]] {
            let mut bad = good.clone();
            bad[64] = v;
            case.refused(bad, "another v");
        }
        case.refused(good[..64].to_vec(), "cut short");
        case.refused([good.as_slice(), &[0]].concat(), "a byte more");
        // What was signed differs in one field from what is asked for: none is left out of the struct.
        for field in 0..case.words.len() {
            let mut words = case.words.clone();
            words[field][31] ^= 1;
            let signature = key.sign(case.city.digest(&words));
            case.refused(signature, &format!("{name}: field {field}"));
        }
        // The chain forks: what was signed before counts on one side alone.
        case.city.world.set_chain_id(2);
        if name == "EnrolmentAttestation" {
            // The person's own consent, which is looked at first, counts there as little.
            let signer = Key::of("person").address;
            let invalid = wire::InvalidSignature { signer }.abi_encode();
            assert_eq!(case.submit(good.clone()), Err(invalid));
        } else {
            case.refused(good.clone(), "this signature on another chain");
        }
        case.city.world.set_chain_id(CHAIN_ID);
        case.submit(good)
            .unwrap_or_else(|e| panic!("{name}: {e:02x?}"));
    }
}

#[test]
fn a_revoked_consent_is_nobodys_and_a_new_one_counts() {
    for name in STRUCTS {
        let case = prepared(name);
        let good = case.signer.sign(case.digest());
        // Of a sub-agent the principal revokes what its agent signed; of an attestation, whom it is for.
        let revoker = match name {
            "SubAgentConsent" => Key::of("ann").address,
            "EnrolmentAttestation" => Key::of("person").address,
            _ => case.signer.address,
        };
        let nonce = case.city.principal(revoker).nonce;
        case.city.world.take_logs();
        case.city
            .call(revoker, wire::revokeConsentsCall {})
            .unwrap();
        let events = case.city.world.take_events::<wire::ConsentsRevoked>();
        let expected = wire::ConsentsRevoked {
            principal: revoker,
            nonce: nonce + 1,
        };
        assert_eq!(events, [expected]);
        if name == "EnrolmentAttestation" {
            // The person's own consent is looked at first.
            let signer = Key::of("person").address;
            let invalid = wire::InvalidSignature { signer }.abi_encode();
            assert_eq!(case.submit(good), Err(invalid), "{name}");
        } else {
            case.refused(good, name);
        }
        // The same call with the new nonce signed.
        let step = match name {
            "PrincipalConsent" | "SubAgentConsent" => 1 << 16,
            "PrincipalRelease" | "PrincipalAcceptance" => 1 << 48,
            _ => 1u64,
        };
        let mut words = case.words.clone();
        // Every struct ends with its nonce and its deadline.
        let place = words.len() - 2;
        let moved = U256::from_be_bytes(words[place].0) + U256::from(step);
        words[place] = moved.into();
        if name != "PrincipalEnrolment" && name != "EnrolmentAttestation" {
            case.submit(case.signer.sign(case.city.digest(&words)))
                .unwrap_or_else(|e| panic!("{name}: {e:02x?}"));
        }
    }
}

#[test]
fn revoking_concerns_nobody_else() {
    let case = prepared("PrincipalConsent");
    for other in [
        Key::of("bob").address,
        Key::of("newcomer").address,
        STRANGER,
    ] {
        case.city.call(other, wire::revokeConsentsCall {}).unwrap();
    }
    case.submit(case.signer.sign(case.digest())).unwrap();
}

#[test]
fn a_consent_does_not_bring_back_who_left() {
    for name in ["PrincipalConsent", "SubAgentConsent"] {
        let case = prepared(name);
        let city = &case.city;
        let far = case.signer.sign(case.digest());
        case.submit(far.clone()).unwrap();
        let agent = case.from;
        city.call(agent, wire::requestDeregistrationCall { agent })
            .unwrap();
        city.world.warp(COOLDOWN + 1);
        city.call(agent, wire::completeDeregistrationCall { agent })
            .unwrap();
        // The same words with a deadline that is still to come, as if signed for long: the registration is counted.
        let mut words = case.words.clone();
        let deadline = city.deadline();
        let last = words.len() - 1;
        words[last] = U256::from(deadline).into();
        let consent: Bytes = case.signer.sign(city.digest(&words)).into();
        let (newcomer, above) = (Key::of("newcomer"), case.signer.clone());
        let input = if name == "PrincipalConsent" {
            let call = city.registration(&newcomer, &above, 1, 3);
            wire::registerCall { consent, ..call }.abi_encode()
        } else {
            let call = city.sub_registration(&newcomer, &above, 3, 1);
            wire::registerSubAgentCall { consent, ..call }.abi_encode()
        };
        let answer = city
            .world
            .transact(agent, here(), U256::from(base(STAKE)), &input);
        let signer = above.address;
        assert_eq!(
            answer,
            Err(wire::InvalidSignature { signer }.abi_encode()),
            "{name}"
        );
    }
}

#[test]
fn an_enrolment_does_not_bring_back_who_left() {
    let case = prepared("PrincipalEnrolment");
    let (city, person) = (&case.city, case.signer.address);
    case.submit(case.signer.sign(case.digest())).unwrap();
    city.call(person, wire::requestLeaveCall {}).unwrap();
    city.world.warp(COOLDOWN + 1);
    city.call(STRANGER, wire::completeLeaveCall { principal: person })
        .unwrap();
    let mut words = case.words.clone();
    let last = words.len() - 1;
    words[last] = U256::from(city.deadline()).into();
    let consent: Bytes = case.signer.sign(city.digest(&words)).into();
    let call = wire::enrolPrincipalCall {
        consent,
        ..city.enrolment(&case.signer)
    };
    let invalid = wire::InvalidSignature { signer: person };
    city.world
        .refused(STRANGER, here(), base(PRINCIPAL_STAKE), call, invalid);
}

#[test]
fn a_superseded_release_is_not_submitted_again_and_a_withdrawn_one_is_nobodys_to_accept() {
    let city = City::new();
    let (ann, bob, cara) = (
        city.enrolled("ann"),
        city.enrolled("bob"),
        city.enrolled("cara"),
    );
    let agent = city.registered("worker", &ann, 1, 0).address;
    let to_bob = city.release(agent, &ann, bob.address);
    city.call(STRANGER, to_bob.clone()).unwrap();
    let bobs = city.acceptance(agent, ann.address, &bob);
    let to_cara = city.release(agent, &ann, cara.address);
    city.call(STRANGER, to_cara).unwrap();
    assert_eq!(city.record(agent).releases, 2);
    // Bob would like his release back.
    let invalid = wire::InvalidSignature {
        signer: ann.address,
    };
    city.world
        .refused(bob.address, here(), 0, to_bob.clone(), invalid);
    // Nor is his acceptance one of the second release.
    let invalid = wire::InvalidSignature {
        signer: cara.address,
    };
    city.world.refused(bob.address, here(), 0, bobs, invalid);

    city.world.take_logs();
    let withdrawal = city.release(agent, &ann, ann.address);
    city.call(STRANGER, withdrawal.clone()).unwrap();
    let told = city.world.take_events::<wire::PrincipalProposed>();
    let expected = wire::PrincipalProposed {
        agent,
        from: ann.address,
        to: ann.address,
        until: withdrawal.deadline,
    };
    assert_eq!(told, [expected]);
    let caras = city.acceptance(agent, ann.address, &cara);
    city.world
        .refused(STRANGER, here(), 0, caras, wire::NoProposal { agent });
    for spent in [to_bob, withdrawal] {
        let invalid = wire::InvalidSignature {
            signer: ann.address,
        };
        city.world.refused(STRANGER, here(), 0, spent, invalid);
    }
    // The principal itself needs no signature, and a release after a withdrawal counts as any.
    let mut again = city.release(agent, &ann, bob.address);
    again.consent = Bytes::new();
    city.call(ann.address, again).unwrap();
    city.call(STRANGER, city.acceptance(agent, ann.address, &bob))
        .unwrap();
    assert_eq!(city.record(agent).principal, bob.address);
    assert_eq!(
        (city.record(agent).releases, city.record(agent).changes),
        (0, 1)
    );
}

#[test]
fn a_withdrawal_is_possible_whatever_stands_against_a_release() {
    let city = City::new();
    let (ann, bob) = (city.enrolled("ann"), city.enrolled("bob"));
    let agent = city.registered("worker", &ann, 1, 0).address;
    city.call(STRANGER, city.release(agent, &ann, bob.address))
        .unwrap();
    let work = member(Peer::Collaboration);
    city.call(
        work,
        wire::openObligationsCall {
            agents: vec![agent],
        },
    )
    .unwrap();
    city.bans(ann.address);
    let release = city.release(agent, &ann, bob.address);
    assert!(city.call(STRANGER, release).is_err());
    city.call(STRANGER, city.release(agent, &ann, ann.address))
        .unwrap();
}

#[test]
fn an_acceptance_of_one_change_does_not_serve_the_next() {
    let city = City::new();
    let (ann, bob) = (city.enrolled("ann"), city.enrolled("bob"));
    let agent = city.registered("worker", &ann, 1, 0).address;
    city.call(STRANGER, city.release(agent, &ann, bob.address))
        .unwrap();
    let first = city.acceptance(agent, ann.address, &bob);
    city.call(STRANGER, first.clone()).unwrap();
    // Back to who is remembered, and over again: the change is counted.
    city.call(STRANGER, city.release(agent, &bob, ann.address))
        .unwrap();
    city.call(STRANGER, city.acceptance(agent, bob.address, &ann))
        .unwrap();
    city.call(STRANGER, city.release(agent, &ann, bob.address))
        .unwrap();
    let invalid = wire::InvalidSignature {
        signer: bob.address,
    };
    city.world.refused(STRANGER, here(), 0, first, invalid);
    assert_eq!(city.record(agent).changes, 2);
}

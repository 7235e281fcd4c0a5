//! Attacks, each mounted: squatted identifiers (RULINGS A1), dust (A2), tokens and receivers that re-enter or lie (A9), bans
//! that are run from (RESOLUTIONS I-05, I-06), keys that were stolen, contracts that sign (R22).

use agentcity_abi::IAgent as wire;
use agentcity_domain::{peer::Peer, signed::identity::PrincipalConsent};
use agentcity_world::{Answer, Frame, Key, token, token::Manners};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolError};

use crate::city::*;

// ------------------------------------------------------------------ identity

#[test]
fn a_squatter_does_not_take_an_identifier_and_its_owner_does() {
    let city = City::new();
    let (ann, mallory) = (city.enrolled("ann"), city.enrolled("mallory"));
    let (victim, squatter) = (Key::of("victim"), Key::of("squatter"));
    for key in [&victim, &squatter] {
        city.fund(key.address);
    }
    let mut squat = city.registration(&squatter, &mallory, 1, 0);
    squat.did = did(victim.address);
    // Signed over the identifier that is asked for: nothing but the identifier itself stands against it.
    let consent = PrincipalConsent {
        agent: squatter.address,
        did_hash: keccak256(&squat.did),
        agent_type: 1,
        principal: mallory.address,
        max_sub_agents: 0,
        nonce: city.consent_nonce(squatter.address, mallory.address),
        deadline: squat.deadline,
    };
    squat.consent = mallory.sign(city.digest(&consent.words())).into();
    let mismatch = wire::DidKeyMismatch {
        named: victim.address,
        agent: squatter.address,
    };
    city.world
        .refused(squatter.address, here(), base(STAKE), squat, mismatch);
    city.registered("victim", &ann, 1, 0);
}

#[test]
fn identifiers_that_are_none_or_of_another_form_are_refused_with_the_place() {
    let city = City::new();
    let ann = city.enrolled("ann");
    let worker = Key::of("worker");
    city.fund(worker.address);
    let with = |did: String| wire::registerCall {
        did,
        ..city.registration(&worker, &ann, 1, 0)
    };
    let refused = |did: String, at: u64, supported: bool| {
        let at = U256::from(at);
        if supported {
            let refusal = wire::MalformedDid { at };
            city.world
                .refused(worker.address, here(), base(STAKE), with(did), refusal);
        } else {
            let refusal = wire::UnsupportedDid { at };
            city.world
                .refused(worker.address, here(), base(STAKE), with(did), refusal);
        }
    };
    refused(String::new(), 0, true);
    refused("did:pkh:".to_owned(), 8, true);
    refused(format!("did:x:{}", "y".repeat(123)), 129, true);
    refused(
        "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme".to_owned(),
        4,
        false,
    );
    refused(format!("did:pkh:eip155:0:{:#x}", worker.address), 15, false);
}

// ------------------------------------------------------------------ reputation

/// INV-AGENT-05.
#[test]
fn dust_and_friends_raise_nobody_beyond_the_cap() {
    let city = City::new();
    let ann = city.enrolled("ann");
    let agent = city.registered("worker", &ann, 1, 0).address;
    let work = member(Peer::Collaboration);
    let told = |price: u64, window: u32| {
        let mut call = outcome(agent, 1_000, ann.address);
        (call.price, call.terms.pairWindow) = (price, window);
        call.terms.fullWeight = 10_000;
        call.terms.pairCap = 2;
        city.call(work, call).unwrap()
    };
    // Five hundred nodes of one unit each from one's own purse: less than a thousandth of the full price, and nothing.
    for _ in 0..500 {
        assert_eq!(told(1, 604_800), 500_000);
    }
    // Two of full weight count, and no third; missions of two epochs whose windows alternate do not help.
    assert_eq!(told(10_000, 604_800), 550_000);
    assert_eq!(told(10_000, 86_400), 595_000);
    for day in 0..6 {
        for window in [86_400, 604_800, 7_776_000] {
            assert_eq!(told(10_000, window), 595_000, "day {day}");
        }
        city.world.warp(86_400);
    }
    city.world.take_logs();
    told(10_000, 86_400);
    let told_of = city.world.take_events::<wire::ReputationUpdated>();
    assert!(told_of[0].capped && told_of[0].weight == 0);
    city.world.warp(86_400);
    assert_eq!(told(10_000, 86_400), 635_500, "a new window");
}

// ------------------------------------------------------------------ bans

/// INV-AGENT-03.
#[test]
fn handing_an_agent_on_neither_saves_its_principal_nor_condemns_the_next() {
    let city = City::new();
    let (ann, bob) = (city.enrolled("ann"), city.enrolled("bob"));
    let worker = city.registered("worker", &ann, 1, 0);
    let (agent, panel, reason) = (worker.address, member(Peer::Adjudication), REASON);
    // Adjudicators have signed; the principal sees it and lets go of the agent first.
    let ban = |principal| wire::banAgentCall {
        agent,
        principal,
        reason,
    };
    city.call(ann.address, city.release(agent, &ann, bob.address))
        .unwrap();
    city.call(STRANGER, city.acceptance(agent, ann.address, &bob))
        .unwrap();
    let mallory = Key::of("mallory").address;
    for principal in [mallory, Address::ZERO, agent] {
        let not = wire::NotItsPrincipal { agent, principal };
        city.world.refused(panel, here(), 0, ban(principal), not);
    }
    city.world.take_logs();
    city.call(panel, ban(ann.address)).unwrap();
    let appeal_until = city.principal(ann.address).appealUntil;
    let banned = wire::PrincipalBanned {
        principal: ann.address,
        agent,
        appealUntil: appeal_until,
        reason,
    };
    assert_eq!(city.world.take_events::<wire::PrincipalBanned>(), [banned]);
    assert_eq!(appeal_until.to::<u64>(), city.world.now() + APPEAL);
    // Who took the agent over is not banned, and the agent works on.
    assert_eq!(city.principal(bob.address).appealUntil.to::<u64>(), 0);
    let eligible = wire::isEligibleCall { agent, purpose: 0 };
    assert!(city.call(STRANGER, eligible).unwrap().eligible);
    let until: u64 = appeal_until.to();
    let leave = wire::IsBanned {
        principal: ann.address,
        appealUntil: until,
    };
    city.world
        .refused(ann.address, here(), 0, wire::requestLeaveCall {}, leave);
    // The new one answers for what the agent does now.
    city.call(panel, ban(bob.address)).unwrap();

    // Thirty days after a change the one before is out of it.
    let city = City::new();
    let (ann, bob) = (city.enrolled("ann"), city.enrolled("bob"));
    city.registered("worker", &ann, 1, 0);
    city.call(STRANGER, city.release(agent, &ann, bob.address))
        .unwrap();
    city.call(STRANGER, city.acceptance(agent, ann.address, &bob))
        .unwrap();
    city.world.warp(MEMORY + 1);
    let (world, principal) = (&city.world, ann.address);
    world.refused(
        panel,
        here(),
        0,
        ban(principal),
        wire::NotItsPrincipal { agent, principal },
    );
    let unknown = Key::of("unknown").address;
    let call = wire::banAgentCall {
        agent: unknown,
        principal: Address::ZERO,
        reason,
    };
    world.refused(
        panel,
        here(),
        0,
        call,
        wire::NotRegistered { agent: unknown },
    );
}

#[test]
fn the_one_before_is_banned_to_the_last_second_of_its_memory() {
    let city = City::new();
    let (ann, bob) = (city.enrolled("ann"), city.enrolled("bob"));
    let agent = city.registered("worker", &ann, 1, 0).address;
    city.call(STRANGER, city.release(agent, &ann, bob.address))
        .unwrap();
    city.call(STRANGER, city.acceptance(agent, ann.address, &bob))
        .unwrap();
    city.world.warp(MEMORY);
    let call = wire::banAgentCall {
        agent,
        principal: ann.address,
        reason: REASON,
    };
    city.call(member(Peer::Adjudication), call).unwrap();
}

/// INV-AGENT-02.
#[test]
fn a_banned_agents_stake_waits_for_the_appeal_and_goes_to_both_funds() {
    let city = City::new();
    let ann = city.enrolled("ann");
    let worker = city.registered("worker", &ann, 1, 0);
    let (agent, principal, reason) = (worker.address, ann.address, REASON);
    let panel = member(Peer::Adjudication);
    // It asked to leave, the cooldown passed, and then it is banned: nothing of it moves.
    city.call(agent, wire::requestDeregistrationCall { agent })
        .unwrap();
    city.world.warp(COOLDOWN + 1);
    city.bans(principal);
    let until = city.world.now() + APPEAL;
    let banned = || wire::IsBanned {
        principal,
        appealUntil: until,
    };
    let end = || wire::completeDeregistrationCall { agent };
    city.world.refused(STRANGER, here(), 0, end(), banned());
    let early = wire::TooEarly { until };
    let forfeit = || wire::forfeitCall { agent };
    city.world.refused(STRANGER, here(), 0, forfeit(), early);
    // Lifted, it goes with all that it had; banned again, everything is lost once nobody can lift it.
    city.call(panel, wire::liftBanCall { principal, reason })
        .unwrap();
    city.bans(principal);
    city.world.warp(APPEAL + 1);
    let until = city.world.now() - 1;
    let banned = wire::IsBanned {
        principal,
        appealUntil: until,
    };
    city.world.refused(STRANGER, here(), 0, end(), banned);
    city.call(STRANGER, forfeit()).unwrap();
    let half = base(STAKE) / 2;
    assert_eq!(city.dues(), (base(STAKE) - half, half));
    assert_eq!((city.credit(agent), city.record(agent).stake), (0, 0));
    city.world.refused(
        STRANGER,
        here(),
        0,
        forfeit(),
        wire::NothingToForfeit { account: agent },
    );
}

#[test]
fn a_ban_and_a_freeze_never_touch_a_credit() {
    let city = City::new();
    let ann = city.enrolled("ann");
    let agent = city.registered("worker", &ann, 1, 0).address;
    city.call(agent, wire::requestDeregistrationCall { agent })
        .unwrap();
    city.world.warp(COOLDOWN + 1);
    city.call(agent, wire::completeDeregistrationCall { agent })
        .unwrap();
    city.bans(ann.address);
    city.bans(agent);
    city.world.warp(APPEAL + 1);
    assert_eq!(
        city.call(agent, wire::withdrawCall {}),
        Ok(U256::from(base(STAKE)))
    );
}

// ------------------------------------------------------------------ stolen keys

/// INV-AGENT-06.
#[test]
fn a_stolen_key_does_not_bind_its_principal() {
    let city = City::new();
    let ann = city.enrolled("ann");
    let worker = city.registered("worker", &ann, 1, 2);
    let (agent, work) = (worker.address, member(Peer::Collaboration));
    let open = |agent| wire::openObligationsCall {
        agents: vec![agent],
    };
    let close = |agent| wire::closeObligationCall { agent };
    let ask = |agent| wire::requestDeregistrationCall { agent };
    let end = |agent| wire::completeDeregistrationCall { agent };
    // The thief has the agent work without a pause, and creates agents of its own below it.
    city.call(work, open(agent)).unwrap();
    city.call(work, open(agent)).unwrap();
    let (child, second) = (Key::of("child"), Key::of("second"));
    for key in [&child, &second] {
        city.fund(key.address);
    }
    let call = city.sub_registration(&child, &worker, 1, 0);
    city.pay(child.address, STAKE, call).unwrap();
    let by_stranger = wire::Unauthorized { caller: STRANGER };
    city.world
        .refused(STRANGER, here(), 0, ask(agent), by_stranger);
    city.call(ann.address, ask(agent)).unwrap();
    // From then on nothing more: no obligation, no eligibility, no sub-agent, no other principal.
    let not = || wire::NotActive { agent };
    let found = city.call(work, open(agent)).unwrap();
    assert_eq!((found[0].principal, found[0].opened), (ann.address, false));
    assert_eq!(city.record(agent).obligations, 2);
    for purpose in 0..5 {
        let asked = wire::isEligibleCall { agent, purpose };
        assert!(!city.call(STRANGER, asked).unwrap().eligible);
    }
    let call = city.sub_registration(&second, &worker, 1, 0);
    city.world
        .refused(second.address, here(), base(STAKE), call, not());
    let release = city.release(agent, &ann, STRANGER);
    city.world.refused(STRANGER, here(), 0, release, not());
    city.world
        .refused(ann.address, here(), 0, ask(agent), not());
    // The one below is asked for as well.
    city.call(ann.address, ask(child.address)).unwrap();

    city.world.warp(COOLDOWN + 1);
    city.call(STRANGER, end(child.address)).unwrap();
    let open_still = wire::ObligationsOpen { agent, open: 2 };
    city.world
        .refused(STRANGER, here(), 0, end(agent), open_still);
    city.world.take_logs();
    city.call(work, close(agent)).unwrap();
    assert!(city.world.take_events::<wire::AgentLeaving>().is_empty());
    // With the last one the cooldown begins anew: the work can still be judged.
    city.call(work, wire::completeObligationCall { agent })
        .unwrap();
    let until = city.world.now() + COOLDOWN;
    let leaving = city.world.take_events::<wire::AgentLeaving>();
    assert_eq!(leaving.len(), 1);
    assert_eq!(
        (leaving[0].agent, leaving[0].leavesAt.to::<u64>()),
        (agent, until)
    );
    assert_eq!(city.record(agent).leavesAt.to::<u64>(), until);
    city.world.warp(COOLDOWN);
    city.world
        .refused(STRANGER, here(), 0, end(agent), wire::TooEarly { until });
    city.world.warp(1);
    city.call(STRANGER, end(agent)).unwrap();
    // The principal is free, with all of its stake.
    city.call(ann.address, wire::requestLeaveCall {}).unwrap();
    city.world.warp(COOLDOWN + 1);
    let principal = ann.address;
    city.call(STRANGER, wire::completeLeaveCall { principal })
        .unwrap();
    assert_eq!(city.credit(principal), base(PRINCIPAL_STAKE));
}

#[test]
fn the_end_of_an_obligation_tells_who_is_active_nothing_of_leaving() {
    let city = City::new();
    let ann = city.enrolled("ann");
    let agent = city.registered("worker", &ann, 1, 0).address;
    let work = member(Peer::Collaboration);
    city.call(
        work,
        wire::openObligationsCall {
            agents: vec![agent],
        },
    )
    .unwrap();
    city.call(work, wire::closeObligationCall { agent })
        .unwrap();
    assert!(city.world.take_events::<wire::AgentLeaving>().is_empty());
    assert_eq!(city.record(agent).leavesAt.to::<u64>(), 0);
}

#[test]
fn who_is_not_active_keeps_nobody_else_from_an_obligation() {
    let city = City::new();
    let (ann, bob) = (city.enrolled("ann"), city.enrolled("bob"));
    let one = city.registered("one", &ann, 1, 0).address;
    let two = city.registered("two", &bob, 1, 0).address;
    let ask = wire::requestDeregistrationCall { agent: one };
    city.call(ann.address, ask).unwrap();
    city.world.take_logs();
    let call = wire::openObligationsCall {
        agents: vec![one, two, STRANGER, two],
    };
    let found = city.call(member(Peer::Collaboration), call).unwrap();
    let found: Vec<_> = found.iter().map(|at| (at.principal, at.opened)).collect();
    let none = (Address::ZERO, false);
    let second = (bob.address, true);
    assert_eq!(found, [(ann.address, false), second, none, second]);
    let opened = city.world.take_events::<wire::ObligationOpened>();
    assert_eq!(opened.len(), 2);
    let open = |agent| city.record(agent).obligations;
    assert_eq!((open(one), open(two), open(STRANGER)), (0, 2, 0));
}

#[test]
fn as_many_obligations_are_opened_at_once_as_callers_copy_answers_of() {
    let city = City::new();
    let work = member(Peer::Collaboration);
    let call = |count| wire::openObligationsCall {
        agents: vec![STRANGER; count],
    };
    let found = city.call(work, call(64)).unwrap();
    assert_eq!(found.len(), 64);
    city.world
        .refused(work, here(), 0, call(65), wire::MalformedCall {});
}

// ------------------------------------------------------------------ tokens and receivers

/// The selector with which an entry was refused, as a receiver that re-enters noted it.
fn noted(city: &City, at: Address) -> Vec<u8> {
    let word = city.world.slot(at, U256::from(9));
    word[..4].to_vec()
}

#[test]
fn a_token_that_re_enters_while_a_stake_is_taken_gains_nothing() {
    let entries: Vec<Vec<u8>> = vec![
        wire::skimCall {}.abi_encode(),
        wire::remitCall {}.abi_encode(),
        wire::withdrawCall {}.abi_encode(),
        wire::withdrawToCall { to: STRANGER }.abi_encode(),
    ];
    for data in entries {
        let city = City::with_token(Manners::CallsBack(here(), data.clone()));
        let ann = city.enrolled("ann");
        city.registered("worker", &ann, 1, 0);
        assert_eq!(city.booked(), base(PRINCIPAL_STAKE + STAKE));
        assert_eq!(city.balance(here()), city.booked());
        assert_eq!(city.dues(), (0, 0), "what arrived is nobody's surplus");
    }
}

#[test]
fn a_token_that_enrols_another_in_the_middle_counts_its_transfer_once() {
    // The hook of one enrolment makes another, whose stake it hopes to have paid with the first one's transfer.
    let city = City::settling_in(TOKEN);
    let (ann, evil) = (Key::of("ann"), Key::of("evil"));
    let second = city.enrolment(&evil).abi_encode();
    token::install(&city.world, TOKEN, Manners::CallsBack(here(), second));
    city.fund(ann.address);
    city.fund(TOKEN);
    city.pay(ann.address, PRINCIPAL_STAKE, city.enrolment(&ann))
        .unwrap();
    assert!(city.principal(evil.address).enrolledAt.is_zero());
    assert_eq!(city.booked(), base(PRINCIPAL_STAKE));
    assert_eq!(city.balance(here()), city.booked());
}

/// A receiver of coins that calls back with `data` and notes the answer.
fn re_entering(city: &City, name: &str, data: Vec<u8>) -> Address {
    let at = Address::from_word(keccak256(name));
    city.world.install(
        at,
        keccak256("re-enters"),
        move |frame: &Frame, input: &[u8]| {
            if input.is_empty() {
                let answer = frame.call(here(), U256::ZERO, &data, false, u64::MAX);
                let mut word = B256::ZERO;
                if let Err(refusal) = &answer {
                    let length = refusal.len().min(4);
                    word[..length].copy_from_slice(&refusal[..length]);
                }
                word[31] = 1 + u8::from(answer.is_ok());
                frame.store(9, word);
            }
            Ok(Vec::new())
        },
    );
    at
}

#[test]
fn a_receiver_that_re_enters_is_refused_and_is_paid_once() {
    let entries: [(&str, Vec<u8>, [u8; 4]); 4] = [
        (
            "withdraws",
            wire::withdrawCall {}.abi_encode(),
            wire::Reentered::SELECTOR,
        ),
        (
            "withdraws to",
            wire::withdrawToCall { to: STRANGER }.abi_encode(),
            wire::Reentered::SELECTOR,
        ),
        (
            "skims",
            wire::skimCall {}.abi_encode(),
            wire::Reentered::SELECTOR,
        ),
        (
            "remits",
            wire::remitCall {}.abi_encode(),
            wire::Reentered::SELECTOR,
        ),
    ];
    for (name, data, expected) in entries {
        let city = City::new();
        let ann = city.enrolled("ann");
        let agent = city.registered("worker", &ann, 1, 0).address;
        city.call(agent, wire::requestDeregistrationCall { agent })
            .unwrap();
        city.world.warp(COOLDOWN + 1);
        city.call(agent, wire::completeDeregistrationCall { agent })
            .unwrap();
        let to = re_entering(&city, name, data);
        city.call(agent, wire::withdrawToCall { to }).unwrap();
        assert_eq!(noted(&city, to), expected, "{name}");
        assert_eq!(city.balance(to), base(STAKE));
        assert_eq!(city.booked(), base(PRINCIPAL_STAKE));
        assert_eq!(city.balance(here()), city.booked());
        // The lock is open again.
        city.call(STRANGER, wire::skimCall {}).unwrap();
    }
}

#[test]
fn a_receiver_that_refuses_keeps_its_credit_and_names_another() {
    let city = City::new();
    let ann = city.enrolled("ann");
    let agent = city.registered("worker", &ann, 1, 0).address;
    city.call(agent, wire::requestDeregistrationCall { agent })
        .unwrap();
    city.world.warp(COOLDOWN + 1);
    city.call(agent, wire::completeDeregistrationCall { agent })
        .unwrap();
    let to = Address::repeat_byte(0x66);
    city.world
        .install(to, keccak256("refuses"), |_, _| Err(Vec::new()));
    let amount = U256::from(base(STAKE));
    let failed = wire::PaymentFailed { to, amount };
    city.world
        .refused(agent, here(), 0, wire::withdrawToCall { to }, failed);
    assert_eq!(city.credit(agent), base(STAKE));
    let nobody = wire::InvalidReceiver {
        receiver: Address::ZERO,
    };
    let call = wire::withdrawToCall { to: Address::ZERO };
    city.world.refused(agent, here(), 0, call, nobody);
    city.call(agent, wire::withdrawToCall { to: STRANGER })
        .unwrap();
    assert_eq!(city.balance(STRANGER), base(STAKE));

    // A token that blocks the agent: the same, with tokens.
    let city = City::with_token(Manners::Blocks(agent));
    let ann = city.enrolled("ann");
    city.registered("worker", &ann, 1, 0);
    city.call(agent, wire::requestDeregistrationCall { agent })
        .unwrap();
    city.world.warp(COOLDOWN + 1);
    city.call(agent, wire::completeDeregistrationCall { agent })
        .unwrap();
    let failed = wire::PaymentFailed { to: agent, amount };
    city.world
        .refused(agent, here(), 0, wire::withdrawCall {}, failed);
    city.call(agent, wire::withdrawToCall { to: STRANGER })
        .unwrap();
    assert_eq!(city.balance(STRANGER), base(STAKE));
}

#[test]
fn what_is_due_arrives_whatever_a_token_thinks_of_allowances() {
    for manners in [
        Manners::Honest,
        Manners::Silent,
        Manners::GuardsAllowance,
        Manners::DeniesAllowance,
        Manners::RefusesNought,
    ] {
        let city = City::with_token(manners.clone());
        let mut sum = 0;
        for round in 1..4 {
            token::mint(&city.world, TOKEN, here(), round);
            city.call(STRANGER, wire::skimCall {}).unwrap();
            city.call(STRANGER, wire::remitCall {})
                .unwrap_or_else(|e| panic!("{manners:?}: {e:02x?}"));
            sum += round;
            assert_eq!(city.balance(member(Peer::Treasury)), sum, "{manners:?}");
            assert_eq!((city.booked(), city.dues()), (0, (0, 0)));
        }
    }
}

#[test]
fn a_transfer_that_falls_short_or_goes_over_is_refused_with_both_numbers() {
    let city = City::with_token(Manners::TakesFee);
    let ann = Key::of("ann");
    city.fund(ann.address);
    let due = base(PRINCIPAL_STAKE);
    let short = wire::AmountMismatch {
        expected: U256::from(due),
        received: U256::from(due - 1),
    };
    city.world
        .refused(ann.address, here(), 0, city.enrolment(&ann), short);
    let city = City::new();
    city.fund(ann.address);
    for sent in [0, due - 1, due + 1] {
        let mismatch = wire::AmountMismatch {
            expected: U256::from(due),
            received: U256::from(sent),
        };
        city.world
            .refused(ann.address, here(), sent, city.enrolment(&ann), mismatch);
    }
    let city = City::with_token(Manners::Honest);
    city.fund(ann.address);
    city.world.mint(ann.address, 1);
    city.world.refused(
        ann.address,
        here(),
        1,
        city.enrolment(&ann),
        wire::NotPayable {},
    );
}

// ------------------------------------------------------------------ contracts that sign

/// A good registration of `agent` under the contract at `principal`, signed by the key of that name.
fn under_contract(
    city: &City,
    agent: &Key,
    principal: Address,
    signer: &Key,
) -> wire::registerCall {
    let (did, deadline) = (did(agent.address), city.deadline());
    let consent = PrincipalConsent {
        agent: agent.address,
        did_hash: keccak256(&did),
        agent_type: 2,
        principal,
        max_sub_agents: 0,
        nonce: city.consent_nonce(agent.address, principal),
        deadline,
    };
    wire::registerCall {
        did,
        agentType: 2,
        principal,
        maxSubAgents: 0,
        deadline,
        consent: signer.sign(city.digest(&consent.words())).into(),
    }
}

#[test]
fn a_wallet_answers_for_its_agents_by_erc_1271() {
    let city = City::new();
    let at = wallet(&city, "owner");
    let clerk = Key::of("clerk");
    city.fund(clerk.address);
    let good = under_contract(&city, &clerk, at, &Key::of("owner"));
    let forged = under_contract(&city, &clerk, at, &Key::of("mallory"));
    let invalid = wire::InvalidSignature { signer: at };
    city.world
        .refused(clerk.address, here(), 0, forged, invalid);
    city.call(clerk.address, good).unwrap();
    assert_eq!(city.record(clerk.address).principal, at);
}

#[test]
fn only_the_exact_magic_within_its_gas_is_a_yes() {
    let magic = |input: &[u8]| {
        let mut word = B256::ZERO;
        word[..4].copy_from_slice(&input[..4]);
        word.to_vec()
    };
    type Body = Box<dyn Fn(&Frame, &[u8]) -> Answer>;
    let answers: Vec<(&str, bool, Body)> = vec![
        (
            "the magic",
            true,
            Box::new(move |_, input| Ok(magic(input))),
        ),
        (
            "the magic within its gas",
            true,
            Box::new(move |frame, input| {
                if frame.gas > 100_000 {
                    Err(Vec::new())
                } else {
                    Ok(magic(input))
                }
            }),
        ),
        (
            "a true word",
            false,
            Box::new(|_, _| Ok(B256::with_last_byte(1).to_vec())),
        ),
        (
            "the magic on the right",
            false,
            Box::new(|_, input| {
                let mut word = B256::ZERO;
                word[28..].copy_from_slice(&input[..4]);
                Ok(word.to_vec())
            }),
        ),
        (
            "the magic and something dirty",
            false,
            Box::new(move |_, input| {
                let mut word = magic(input);
                word[31] = 1;
                Ok(word)
            }),
        ),
        (
            "a byte more",
            false,
            Box::new(move |_, input| Ok([magic(input), vec![0]].concat())),
        ),
        (
            "the bare magic",
            false,
            Box::new(|_, input| Ok(input[..4].to_vec())),
        ),
        ("nothing", false, Box::new(|_, _| Ok(Vec::new()))),
        (
            "the magic as a refusal",
            false,
            Box::new(move |_, input| Err(magic(input))),
        ),
        (
            "the magic after a change",
            false,
            Box::new(move |frame, input| {
                frame.store(1, B256::with_last_byte(1));
                Ok(magic(input))
            }),
        ),
    ];
    for (what, agrees, body) in answers {
        let city = City::new();
        let at = Address::repeat_byte(0x77);
        city.world.install(at, keccak256("contract"), body);
        let clerk = Key::of("clerk");
        city.fund(clerk.address);
        let call = under_contract(&city, &clerk, at, &Key::of("mallory"));
        if agrees {
            city.call(clerk.address, call)
                .unwrap_or_else(|e| panic!("{what}: {e:02x?}"));
        } else {
            let invalid = wire::InvalidSignature { signer: at };
            city.world.refused(clerk.address, here(), 0, call, invalid);
        }
    }
}

#[test]
fn a_caller_needs_no_signature_of_its_own() {
    let city = City::new();
    let ann = Key::of("ann");
    city.fund(ann.address);
    let mut call = city.enrolment(&ann);
    call.consent = Vec::new().into();
    city.fund(STRANGER);
    let invalid = wire::InvalidSignature {
        signer: ann.address,
    };
    city.world.refused(
        STRANGER,
        here(),
        base(PRINCIPAL_STAKE),
        call.clone(),
        invalid,
    );
    city.pay(ann.address, PRINCIPAL_STAKE, call).unwrap();
}

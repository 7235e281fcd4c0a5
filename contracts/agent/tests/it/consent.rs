//! A consent counts once, for one agent, here, in time (RULINGS R22, R23); and tokens that misbehave are refused (A9).

use agentcity_abi::IAgent as wire;
use agentcity_world::{Key, token::Manners};
use alloy_primitives::B256;

use crate::city::*;

#[test]
fn a_consent_with_one_field_changed_is_nobodys() {
    let city = City::new();
    let ann = city.enrolled("ann");
    let worker = Key::of("worker");
    city.fund(worker.address);
    let good = city.registration(&worker, &ann, 1, 2);
    let mut forged = vec![good.clone(); 4];
    forged[0].agentType = 3;
    forged[1].maxSubAgents = 3;
    forged[2].deadline += 1;
    forged[3].did = format!("did:ethr:{:#x}", worker.address);
    for call in forged {
        let signer = ann.address;
        let invalid = wire::InvalidSignature { signer };
        city.world
            .refused(worker.address, here(), base(STAKE), call, invalid);
    }
    city.world.set_chain_id(1);
    let invalid = wire::InvalidSignature {
        signer: ann.address,
    };
    city.world
        .refused(worker.address, here(), base(STAKE), good.clone(), invalid);
    city.world.set_chain_id(agentcity_world::CHAIN_ID);
    city.pay(worker.address, STAKE, good.clone()).unwrap();

    // After it left, the same consent does not bring it back.
    let agent = worker.address;
    city.call(agent, wire::requestDeregistrationCall { agent })
        .unwrap();
    city.world.warp(COOLDOWN + 1);
    city.call(agent, wire::completeDeregistrationCall { agent })
        .unwrap();
    let deadline = good.deadline;
    city.world
        .refused(agent, here(), base(STAKE), good, wire::Expired { deadline });
}

#[test]
fn a_wallet_consents_by_erc_1271() {
    let city = City::new();
    let at = wallet(&city, "owner");
    let mut enrolment = city.enrolment(&Key::of("owner"));
    city.fund(STRANGER);
    enrolment.principal = at;
    enrolment.evidenceHash = B256::ZERO;
    // The wallet signs nothing of another's words.
    let invalid = wire::InvalidSignature { signer: at };
    city.world
        .refused(STRANGER, here(), base(PRINCIPAL_STAKE), enrolment, invalid);
}

#[test]
fn a_token_that_keeps_a_fee_or_lies_is_refused() {
    for manners in [Manners::TakesFee, Manners::SaysFalse] {
        let city = City::with_token(manners);
        let ann = Key::of("ann");
        city.fund(ann.address);
        assert!(city.pay(ann.address, 0, city.enrolment(&ann)).is_err());
        assert_eq!(city.booked(), 0);
    }
    let city = City::with_token(Manners::Honest);
    let ann = city.enrolled("ann");
    city.registered("worker", &ann, 1, 0);
    assert_eq!(city.balance(here()), city.booked());
}

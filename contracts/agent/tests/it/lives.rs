//! Lives of principals and agents: coming, working, leaving, being banned; each refusal beside its allowed neighbour.

use agentcity_abi::IAgent as wire;
use agentcity_domain::peer::Peer;
use agentcity_world::Key;
use alloy_primitives::Address;

use crate::city::*;

/// Stakes, credits and dues of everybody named, against the books and the balance.
#[track_caller]
fn balanced(city: &City, people: &[Address]) {
    let mut parts = city.dues().0 + city.dues().1;
    for who in people {
        parts += base(city.record(*who).stake) + base(city.principal(*who).stake);
        parts += city.credit(*who);
    }
    assert_eq!(city.booked(), parts);
    assert!(city.balance(here()) >= parts);
}

#[test]
fn an_agent_comes_works_and_leaves_with_its_stake() {
    let city = City::new();
    let ann = city.enrolled("ann");
    let worker = city.registered("worker", &ann, 1, 0);
    let (agent, people) = (worker.address, [ann.address, worker.address]);
    balanced(&city, &people);
    assert_eq!(city.voters(), 1);
    assert_eq!(city.record(agent).reputation, 500_000);

    let work = member(Peer::Collaboration);
    city.call(
        work,
        wire::openObligationsCall {
            agents: vec![agent],
        },
    )
    .unwrap();
    let ask = || wire::requestDeregistrationCall { agent };
    city.call(work, wire::completeObligationCall { agent })
        .unwrap();
    assert_eq!(city.record(agent).missions, 1);
    let none = wire::NoObligation { agent };
    city.world
        .refused(work, here(), 0, wire::closeObligationCall { agent }, none);

    city.call(agent, ask()).unwrap();
    let end = || wire::completeDeregistrationCall { agent };
    let until = city.world.now() + COOLDOWN;
    city.world.warp(COOLDOWN);
    let early = wire::TooEarly { until };
    city.world.refused(STRANGER, here(), 0, end(), early);
    city.world.warp(1);
    city.call(STRANGER, end()).unwrap();
    assert_eq!((city.credit(agent), city.voters()), (base(STAKE), 0));
    balanced(&city, &people);
    city.call(agent, wire::withdrawCall {}).unwrap();
    assert_eq!(city.balance(agent), PURSE);
    balanced(&city, &people);

    let principal = ann.address;
    city.call(principal, wire::requestLeaveCall {}).unwrap();
    city.world.warp(COOLDOWN + 1);
    city.call(STRANGER, wire::completeLeaveCall { principal })
        .unwrap();
    city.call(principal, wire::withdrawCall {}).unwrap();
    assert_eq!(city.balance(principal), PURSE);
    assert_eq!(city.booked(), 0);
}

#[test]
fn a_ban_covers_all_agents_and_is_final_after_its_window() {
    let city = City::new();
    let ann = city.enrolled("ann");
    let one = city.registered("one", &ann, 1, 0);
    let two = city.registered("two", &ann, 3, 0);
    let people = [ann.address, one.address, two.address];
    let panel = member(Peer::Adjudication);
    city.call(
        panel,
        wire::banAgentCall {
            agent: one.address,
            principal: ann.address,
            reason: REASON,
        },
    )
    .unwrap();
    let appeal_until = city.world.now() + APPEAL;
    assert_eq!(city.voters(), 0);
    let banned = wire::IsBanned {
        principal: ann.address,
        appealUntil: appeal_until,
    };
    let leave = wire::requestDeregistrationCall { agent: two.address };
    city.world.refused(two.address, here(), 0, leave, banned);

    let lift = || wire::liftBanCall {
        principal: ann.address,
        reason: REASON,
    };
    city.call(panel, lift()).unwrap();
    assert_eq!(city.voters(), 1);
    city.bans(ann.address);
    let appeal_until = city.world.now() + APPEAL;
    city.world.warp(APPEAL);
    let take = |agent: &Key| wire::forfeitCall {
        agent: agent.address,
    };
    let early = wire::TooEarly {
        until: appeal_until,
    };
    city.world.refused(STRANGER, here(), 0, take(&one), early);
    city.world.warp(1);
    let final_ban = wire::BanFinal {
        principal: ann.address,
        appealUntil: appeal_until,
    };
    city.world.refused(panel, here(), 0, lift(), final_ban);
    for agent in [&one, &two] {
        city.call(STRANGER, take(agent)).unwrap();
        balanced(&city, &people);
    }
    let principal = ann.address;
    city.call(STRANGER, wire::forfeitPrincipalCall { principal })
        .unwrap();
    balanced(&city, &people);
    let total = base(2 * STAKE + PRINCIPAL_STAKE);
    let (treasury, insurance) = city.dues();
    assert_eq!(treasury + insurance, total);
    // Odd stakes: the treasury gets the odd unit of each.
    assert_eq!(treasury - insurance, 3);
    city.call(STRANGER, wire::remitCall {}).unwrap();
    assert_eq!(city.balance(member(Peer::Treasury)), total);
    assert_eq!((city.booked(), city.dues()), (0, (0, 0)));

    // Neither the principal nor its agents come back, under whomever.
    let bob = city.enrolled("bob");
    let again = city.registration(&one, &bob, 1, 0);
    let banned = wire::IsBanned {
        principal: ann.address,
        appealUntil: appeal_until,
    };
    city.world
        .refused(one.address, here(), base(STAKE), again, banned);
}

#[test]
fn nothing_is_whitewashed() {
    let city = City::new();
    let ann = city.enrolled("ann");
    let worker = city.registered("worker", &ann, 1, 0);
    let agent = worker.address;
    assert_eq!(city.outcome(agent, 0, STRANGER), 450_000);
    assert_eq!(city.principal(ann.address).worstReputation, 450_000);
    let second = city.registered("second", &ann, 1, 0);
    assert_eq!(city.record(second.address).reputation, 450_000);
    assert_eq!(city.outcome(second.address, 1_000, STRANGER), 505_000);

    city.call(agent, wire::requestDeregistrationCall { agent })
        .unwrap();
    city.world.warp(COOLDOWN + 1);
    city.call(agent, wire::completeDeregistrationCall { agent })
        .unwrap();
    let bob = city.enrolled("bob");
    let call = city.registration(&worker, &bob, 1, 0);
    city.pay(agent, STAKE, call).unwrap();
    let record = city.record(agent);
    assert_eq!((record.reputation, record.registrations), (450_000, 2));
    let conflicts = || {
        city.call(STRANGER, wire::principalsForConflictCall { agent })
            .unwrap()
    };
    assert_eq!(conflicts().previous, ann.address);
    city.world.warp(MEMORY + 1);
    assert_eq!(conflicts().previous, Address::ZERO);
}

#[test]
fn a_principal_changes_in_two_steps_and_is_remembered() {
    let city = City::new();
    let (ann, bob) = (city.enrolled("ann"), city.enrolled("bob"));
    let worker = city.registered("worker", &ann, 1, 0);
    let agent = worker.address;
    let release = city.release(agent, &ann, bob.address);
    let accept = city.acceptance(agent, ann.address, &bob);
    let nothing = wire::NoProposal { agent };
    city.world
        .refused(STRANGER, here(), 0, accept.clone(), nothing);
    city.call(STRANGER, release.clone()).unwrap();
    city.call(STRANGER, accept.clone()).unwrap();
    assert_eq!(city.record(agent).principal, bob.address);
    assert_eq!(city.voters(), 1);
    let until = city.world.now() + MEMORY;
    let cara = city.enrolled("cara");
    let third = city.release(agent, &bob, cara.address);
    let remembered = wire::PrincipalRemembered { agent, until };
    city.world.refused(STRANGER, here(), 0, third, remembered);
    // The old release is void: its signer is not the principal any more.
    assert!(city.call(STRANGER, release).is_err());
    city.world.warp(MEMORY + 1);
    let third = city.release(agent, &bob, cara.address);
    city.call(bob.address, third).unwrap();
}

#[test]
fn the_agents_of_a_node_are_answered_for_at_once_in_their_order() {
    let city = City::new();
    let (ann, bob) = (city.enrolled("ann"), city.enrolled("bob"));
    let works = city.registered("works", &ann, 1, 0).address;
    let leaves = city.registered("leaves", &ann, 1, 0).address;
    let changed = city.registered("changed", &ann, 1, 0).address;
    city.call(leaves, wire::requestDeregistrationCall { agent: leaves })
        .unwrap();
    city.call(STRANGER, city.release(changed, &ann, bob.address))
        .unwrap();
    city.call(STRANGER, city.acceptance(changed, ann.address, &bob))
        .unwrap();
    city.outcome(works, 1_000, STRANGER);
    let agents = vec![changed, STRANGER, works, leaves, works];
    let asked = |agents: Vec<Address>| wire::standingsCall { agents };
    let found = city.call(STRANGER, asked(agents.clone())).unwrap();
    let single: Vec<wire::Standing> = agents
        .iter()
        .map(|agent| {
            let call = wire::standingCall { agent: *agent };
            city.call(STRANGER, call).unwrap()
        })
        .collect();
    assert_eq!(found, single);
    assert_eq!(
        (found[0].principal, found[0].previous),
        (bob.address, ann.address)
    );
    assert_eq!(found[2].previous, Address::ZERO);
    assert_ne!(found[3].bars, 0, "it leaves");
    assert!(city.call(STRANGER, asked(Vec::new())).unwrap().is_empty());
    let more_than_seats = asked(vec![works; 8]);
    city.world
        .refused(STRANGER, here(), 0, more_than_seats, wire::MalformedCall {});
}

#[test]
fn sub_agents_take_their_parents_places() {
    let city = City::new();
    let ann = city.enrolled("ann");
    let root = city.registered("root", &ann, 1, 2);
    let (child, grandchild) = (Key::of("child"), Key::of("grandchild"));
    for key in [&child, &grandchild] {
        city.fund(key.address);
    }
    let too_many = city.sub_registration(&child, &root, 1, 2);
    let limit = wire::SubAgentLimit {
        parent: root.address,
        needed: 3,
        free: 2,
    };
    city.world
        .refused(child.address, here(), base(STAKE), too_many, limit);
    let call = city.sub_registration(&child, &root, 1, 1);
    city.pay(child.address, STAKE, call).unwrap();
    let call = city.sub_registration(&grandchild, &child, 3, 0);
    city.pay(grandchild.address, STAKE, call).unwrap();
    let chain = wire::ownershipChainCall {
        agent: grandchild.address,
    };
    let chain = city.call(STRANGER, chain).unwrap();
    assert_eq!(chain, [child.address, root.address, ann.address]);
    assert_eq!(city.record(grandchild.address).principal, ann.address);
    let ask = |agent: &Key| wire::requestDeregistrationCall {
        agent: agent.address,
    };
    let end = |agent: &Key| wire::completeDeregistrationCall {
        agent: agent.address,
    };
    city.call(root.address, ask(&root)).unwrap();
    city.world.warp(COOLDOWN + 1);
    let remain = wire::SubAgentsRemain {
        agent: root.address,
        subAgents: 2,
    };
    city.world.refused(STRANGER, here(), 0, end(&root), remain);
    for agent in [&grandchild, &child, &root] {
        if agent.address != root.address {
            city.call(ann.address, ask(agent)).unwrap();
            city.world.warp(COOLDOWN + 1);
        }
        city.call(STRANGER, end(agent)).unwrap();
    }
    assert_eq!(city.principal(ann.address).agents, 0);
}

#[test]
fn a_freeze_bars_and_ends_by_itself() {
    let city = City::new();
    let ann = city.enrolled("ann");
    let agent = city.registered("worker", &ann, 1, 0).address;
    let eligible = |purpose| {
        let call = wire::isEligibleCall { agent, purpose };
        let answer = city.call(STRANGER, call).unwrap();
        (answer.eligible, answer.bars)
    };
    assert_eq!(eligible(0), (true, 0));
    assert_eq!(eligible(2), (false, 64));
    city.world.warp(AGE);
    assert_eq!(eligible(2), (true, 0));
    let (principal, panel) = (ann.address, member(Peer::Adjudication));
    let freeze = || wire::freezePrincipalCall {
        principal,
        reason: REASON,
    };
    city.call(panel, freeze()).unwrap();
    let until = city.world.now() + FREEZE;
    let frozen = wire::IsFrozen { principal, until };
    city.world.refused(panel, here(), 0, freeze(), frozen);
    assert_eq!(eligible(0), (false, 16));
    city.world.warp(FREEZE);
    assert_eq!(eligible(0), (false, 16));
    city.world.warp(1);
    assert_eq!(eligible(0), (true, 0));
}

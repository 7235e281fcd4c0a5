//! Bans that follow whoever answered, freezes that end, stakes that are lost when nothing can be lifted any more.

use agentcity_domain::agent::{
    Refused,
    principal::Principal,
    record::{Agent, Status},
    sanction::{ban, forfeit_agent, forfeit_principal, freeze, lift, require_answered, unfreeze},
};
use alloy_primitives::Address;

use super::*;

#[test]
fn a_ban_can_be_lifted_to_the_last_second_of_its_window() {
    let mut ann = enrolled(ANN);
    ban(ANN, &mut ann, secs(100), at(NOW)).unwrap();
    assert_eq!(ann.appeal_until, NOW + 100);
    let again = ban(ANN, &mut ann, secs(100), at(NOW + 1));
    assert_eq!(again, Err(Refused::IsBanned(ANN, NOW + 100)));
    let mut late = ann;
    assert_eq!(
        lift(ANN, &mut late, at(NOW + 101)),
        Err(Refused::BanFinal(ANN, NOW + 100))
    );
    lift(ANN, &mut ann, at(NOW + 100)).unwrap();
    assert_eq!(ann, enrolled(ANN));
    assert_eq!(lift(ANN, &mut ann, at(NOW)), Err(Refused::NotBanned(ANN)));
}

#[test]
fn also_a_stranger_is_banned_but_nobody_is_not() {
    let mut stranger = Principal::default();
    assert_eq!(ban(BOB, &mut stranger, secs(1), at(NOW)), Ok(()));
    assert!(stranger.is_banned());
    let mut nobody = Principal::default();
    let invalid = Err(Refused::InvalidPrincipal(Address::ZERO));
    assert_eq!(ban(Address::ZERO, &mut nobody, secs(1), at(NOW)), invalid);
    assert_eq!(
        freeze(Address::ZERO, &mut nobody, secs(1), at(NOW)),
        invalid
    );
    assert_eq!(nobody, Principal::default());
}

#[test]
fn a_freeze_is_not_prolonged_while_it_lasts() {
    let mut ann = enrolled(ANN);
    assert_eq!(
        unfreeze(ANN, &mut ann, at(NOW)),
        Err(Refused::NotFrozen(ANN))
    );
    freeze(ANN, &mut ann, secs(50), at(NOW)).unwrap();
    assert_eq!(ann.frozen_until, NOW + 50);
    let again = freeze(ANN, &mut ann, secs(50), at(NOW + 50));
    assert_eq!(again, Err(Refused::IsFrozen(ANN, NOW + 50)));
    let mut over = ann;
    assert_eq!(
        unfreeze(ANN, &mut over, at(NOW + 51)),
        Err(Refused::NotFrozen(ANN))
    );
    freeze(ANN, &mut over, secs(50), at(NOW + 51)).unwrap();
    assert_eq!(over.frozen_until, NOW + 101);
    unfreeze(ANN, &mut ann, at(NOW + 50)).unwrap();
    assert_eq!(ann, enrolled(ANN));
}

#[test]
fn an_agent_is_answered_for_by_its_principal_and_the_one_before_while_remembered() {
    let mut ann = enrolled(ANN);
    let mut agent = registered(AGENT, ANN, &mut ann, 0);
    let other = Address::repeat_byte(0x33);
    let not = |principal| Err(Refused::NotItsPrincipal(AGENT, principal));
    assert_eq!(require_answered(&agent, ANN, at(NOW)), Ok(()));
    for stranger in [BOB, AGENT, Address::ZERO] {
        assert_eq!(require_answered(&agent, stranger, at(NOW)), not(stranger));
    }
    agent.bond.principal = BOB;
    agent.history.previous = ANN;
    agent.history.remembered_until = NOW + 9;
    for (principal, passed, expected) in [
        (BOB, 9, Ok(())),
        (BOB, 10, Ok(())),
        (ANN, 9, Ok(())),
        (ANN, 10, not(ANN)),
        (other, 0, not(other)),
    ] {
        let answer = require_answered(&agent, principal, at(NOW + passed));
        assert_eq!(answer, expected);
    }
    // Also after it left: its deeds stay.
    agent.hot.status = Status::Gone;
    assert_eq!(require_answered(&agent, BOB, at(NOW)), Ok(()));
    let unknown = require_answered(&nobody(AGENT), Address::ZERO, at(NOW));
    assert_eq!(unknown, Err(Refused::NotRegistered(AGENT)));
}

#[test]
fn an_agents_stake_is_lost_after_the_window_whatever_it_has_open() {
    let mut ann = enrolled(ANN);
    let mut agent = registered(AGENT, ANN, &mut ann, 3);
    agent.hot.obligations = 2;
    agent.hot.sub_agents = 1;
    let taken = |agent: &Agent, ann: &Principal, now| {
        let (mut agent, mut ann) = (*agent, *ann);
        forfeit_agent(&mut agent, &mut ann, at(now))
    };
    assert_eq!(taken(&agent, &ann, NOW), Err(Refused::NotBanned(ANN)));
    ban(ANN, &mut ann, secs(100), at(NOW)).unwrap();
    let early = Err(Refused::TooEarly(NOW + 100));
    assert_eq!(taken(&agent, &ann, NOW + 100), early);
    for (status, expected) in [
        (Status::None, Err(Refused::NothingToForfeit(AGENT))),
        (Status::Gone, Err(Refused::NothingToForfeit(AGENT))),
        (Status::Leaving, Ok(STAKE)),
    ] {
        let mut agent = agent;
        agent.hot.status = status;
        assert_eq!(taken(&agent, &ann, NOW + 101), expected);
    }
    assert_eq!(
        forfeit_agent(&mut agent, &mut ann, at(NOW + 101)),
        Ok(STAKE)
    );
    assert_eq!(agent.hot.status, Status::Gone);
    assert_eq!(
        (agent.hot.stake, agent.hot.sub_agents, agent.hot.obligations),
        (0, 0, 2)
    );
    assert_eq!((ann.agents, ann.producers), (0, 0));
}

#[test]
fn a_principals_stake_is_lost_after_the_window_and_the_ban_stays() {
    let mut ann = enrolled(ANN);
    assert_eq!(
        forfeit_principal(ANN, &mut ann, at(NOW)),
        Err(Refused::NotBanned(ANN))
    );
    ann.leaves_at = NOW + 7;
    ban(ANN, &mut ann, secs(100), at(NOW)).unwrap();
    assert_eq!(
        forfeit_principal(ANN, &mut ann, at(NOW + 100)),
        Err(Refused::TooEarly(NOW + 100))
    );
    assert_eq!(forfeit_principal(ANN, &mut ann, at(NOW + 101)), Ok(5_000));
    assert_eq!((ann.enrolled_at, ann.leaves_at, ann.stake), (0, 0, 0));
    assert!(ann.is_banned());
    assert_eq!(
        forfeit_principal(ANN, &mut ann, at(NOW + 102)),
        Err(Refused::NothingToForfeit(ANN))
    );
}

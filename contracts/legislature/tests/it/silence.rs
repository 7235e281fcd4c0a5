//! L-09: whoever falls silent, at whatever state, keeps nobody waiting: its time ends, and anybody says so.

use agentcity_abi::{IEnactment as enacting, ILegislature as wire};
use agentcity_domain::{
    clerk::ClerkRole,
    exit::{Halts, forbidders},
    machine::Command,
    peer::Peer,
};
use agentcity_sessions::{
    APPROVAL, BIDDING, CODING, City, IDENTITY, PROPOSAL, REVIEW, State, UNIT, agent,
    doubles::{credit_of, reserved},
    steps::{Case, node},
};
use alloy_primitives::aliases::U40;

/// Everybody does his part until this state, and then nobody anything.
fn silent_from(state: State) -> (City, Case) {
    let city = City::new();
    let case = city.decided("silent", &[node(1), node(2)]);
    match state {
        State::IdentityVerification => {
            city.law(city.request(&case)).unwrap();
        }
        State::ProposalOpen => city.identified(&case),
        State::BiddingOpen => city.proposed(&case),
        State::RegulatoryReview => city.reviewed(&case, 8),
        State::Codification => {
            city.reviewed(&case, 8);
            city.regulated(&case);
        }
        State::AwaitingApproval => {
            city.reviewed(&case, 8);
            city.regulated(&case);
            city.codified(&case);
        }
        other => panic!("nobody waits in {other:?}"),
    }
    city.is_in(case.id, state);
    (city, case)
}

fn expire(case: &Case) -> wire::expireSessionCall {
    wire::expireSessionCall { sessionId: case.id }
}

#[test]
fn every_state_ends_by_anybodys_exit_after_its_time_and_not_before() {
    for (state, seconds) in [
        (State::IdentityVerification, IDENTITY),
        (State::ProposalOpen, PROPOSAL),
        (State::RegulatoryReview, REVIEW),
        (State::Codification, CODING),
        (State::AwaitingApproval, APPROVAL),
    ] {
        let (city, case) = silent_from(state);
        let last = city.session(case.id).expiresAt;
        let from = last + U40::from(1);
        assert_eq!(last, U40::from(city.world.now() + seconds), "{state:?}");
        city.refuses(Peer::Legislature, expire(&case), wire::TooEarly { from });
        city.world.warp(seconds);
        city.refuses(Peer::Legislature, expire(&case), wire::TooEarly { from });
        city.world.warp(1);
        city.world.take_logs();
        city.law(expire(&case)).unwrap();
        let changed = wire::SessionStateChanged {
            sessionId: case.id,
            from: state,
            to: State::Failed,
            expiresAt: U40::ZERO,
        };
        assert_eq!(
            city.world.take_events::<wire::SessionStateChanged>(),
            [changed]
        );
        // What was set aside is free, to the last unit.
        let bids: Vec<u32> = (0..city.session(case.id).bids).collect();
        city.law(wire::releaseBidsCall {
            sessionId: case.id,
            bids,
        })
        .unwrap();
        for i in 0..8 {
            let account = agent(i).address;
            assert_eq!(reserved(&city, case.id, account), 0);
            assert_eq!(credit_of(&city, account), 1_000_000 * UNIT, "{state:?} {i}");
        }
        let refused = wire::WrongSessionState {
            sessionId: case.id,
            state: State::Failed,
        };
        city.refuses(Peer::Legislature, expire(&case), refused);
    }
    let (city, case) = silent_from(State::BiddingOpen);
    let refused = wire::WrongSessionState {
        sessionId: case.id,
        state: State::BiddingOpen,
    };
    city.world.warp(BIDDING + 1);
    city.refuses(Peer::Legislature, expire(&case), refused);
    city.law(wire::closeBiddingCall { sessionId: case.id })
        .unwrap();
    city.is_in(case.id, State::Failed);
}

/// Clerks who come after the time of their state are too late, and half of what is needed is nothing.
#[test]
fn whoever_comes_too_late_changes_nothing() {
    let (city, case) = silent_from(State::RegulatoryReview);
    city.enact(city.awarding(&case)).unwrap();
    let decision = city.decision(&case);
    city.enact(city.deciding(0, decision.clone())).unwrap();
    let until = city.session(case.id).expiresAt;
    city.world.warp(REVIEW + 1);
    let late = enacting::TooLate { until };
    city.refuses(Peer::Enactment, city.deciding(1, decision), late.clone());
    city.refuses(Peer::Enactment, city.awarding(&case), late);
    city.law(expire(&case)).unwrap();

    let (city, case) = silent_from(State::Codification);
    city.enact(city.publishing(city.template())).unwrap();
    city.enact(city.codifying(city.specification(&case)))
        .unwrap();
    let until = city.session(case.id).expiresAt;
    city.world.warp(CODING + 1);
    city.refuses(
        Peer::Enactment,
        city.validating(&case),
        enacting::TooLate { until },
    );
    city.law(expire(&case)).unwrap();

    let (city, case) = silent_from(State::AwaitingApproval);
    city.approve(&case, ClerkRole::Speaker, 0).unwrap();
    city.approve(&case, ClerkRole::Regulator, 0).unwrap();
    city.world.warp(APPROVAL + 1);
    assert!(city.approve(&case, ClerkRole::Regulator, 1).is_err());
    city.law(expire(&case)).unwrap();
    assert!(!city.law_of(case.id).approved);
}

/// R9: halts lie on missions. None keeps anybody from making law, or from ending what nobody finishes.
#[test]
fn no_halt_forbids_anything_here() {
    let own = Command::ALL
        .iter()
        .filter(|command| [Peer::Legislature, Peer::Enactment].contains(&command.peer()));
    let mut count = 0;
    for command in own {
        assert_eq!(forbidders(*command), Halts::NONE, "{command:?}");
        count += 1;
    }
    assert!(count > 0);
}

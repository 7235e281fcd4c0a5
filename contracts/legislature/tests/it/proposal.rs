//! MSG_TYPE_3, L-03: the speaker carries what won, within what the constitution allows.

use agentcity_abi::{ILegislature as wire, IManagement as management};
use agentcity_domain::{clerk::ClerkRole, peer::Peer};
use agentcity_sessions::{
    BIDDING, City, Kind, PROPOSAL, State, agent, clerk,
    steps::{Case, node},
};
use alloy_primitives::{B256, aliases::U40};

fn identified() -> (City, Case) {
    let city = City::new();
    let case = city.decided("carried", &[node(1), node(2)]);
    city.identified(&case);
    (city, case)
}

#[test]
fn what_is_carried_is_stored_and_opens_bidding() {
    let (city, case) = identified();
    let message = city.proposal(&case);
    city.law(city.proposing(message.clone())).unwrap();
    let session = city.session(case.id);
    assert_eq!(session.state, State::BiddingOpen);
    assert_eq!(session.expiresAt, U40::from(city.world.now() + BIDDING));
    assert_eq!(
        (session.nodes, session.tokenBudget),
        (2, message.tokenBudget)
    );
    assert_eq!(session.missionBudget, message.missionBudget);
    assert_eq!(session.missionDeadline, message.missionDeadline);
}

#[test]
fn only_the_winner_and_its_law_are_carried() {
    let (city, case) = identified();
    let own = city.proposal(&case);
    let other = B256::repeat_byte(0x99);
    let mismatch = |expected| wire::Mismatch {
        sessionId: case.id,
        expected,
        found: other,
    };
    let proposal = wire::DagProposal {
        proposalId: other,
        ..own.clone()
    };
    city.refuses(
        Peer::Legislature,
        city.proposing(proposal),
        mismatch(case.winner()),
    );
    let statute = wire::DagProposal {
        statuteHash: other,
        ..own
    };
    city.refuses(
        Peer::Legislature,
        city.proposing(statute),
        mismatch(case.statute()),
    );
}

#[test]
fn the_constitution_bounds_tokens_and_time() {
    let (city, case) = identified();
    let own = city.proposal(&case);
    let tokens = wire::DagProposal {
        tokenBudget: 100_001,
        ..own.clone()
    };
    let refused = wire::TooMany {
        id: case.id,
        limit: 100_000,
    };
    city.refuses(Peer::Legislature, city.proposing(tokens), refused);
    let latest = city.world.now() + 2_592_000;
    let late = wire::DagProposal {
        missionDeadline: U40::from(latest + 1),
        ..own.clone()
    };
    let refused = wire::TooMany {
        id: case.id,
        limit: latest as u32,
    };
    city.refuses(Peer::Legislature, city.proposing(late), refused);
    let over = wire::DagProposal {
        missionDeadline: U40::from(city.world.now()),
        ..own.clone()
    };
    let refused = wire::TooLate {
        until: U40::from(city.world.now()),
    };
    city.refuses(Peer::Legislature, city.proposing(over), refused);
    let empty = wire::DagProposal {
        nodes: 0,
        ..own.clone()
    };
    city.refuses(
        Peer::Legislature,
        city.proposing(empty),
        wire::Unknown { id: B256::ZERO },
    );
    let most = wire::DagProposal {
        tokenBudget: 100_000,
        missionDeadline: U40::from(latest),
        ..own
    };
    city.law(city.proposing(most)).unwrap();
}

#[test]
fn a_partial_session_is_about_a_node_that_there_is() {
    let city = City::new();
    let mission = B256::repeat_byte(0x31);
    let case = city.decided_as("partial", &[node(1), node(1)], Kind::Partial, (mission, 2));
    city.identified(&case);
    let beyond = city.proposing(city.proposal(&case));
    let refused = wire::Unknown {
        id: agentcity_sessions::word(2u64),
    };
    city.refuses(Peer::Legislature, beyond, refused);
    let mut message = city.proposal(&case);
    message.nodes = 3;
    city.law(city.proposing(message)).unwrap();
}

#[test]
fn nobody_but_a_speaker_in_time_carries_anything() {
    let (city, case) = identified();
    let message = city.proposal(&case);
    for by in [
        clerk(ClerkRole::Regulator, 0),
        clerk(ClerkRole::Registrar, 0),
        agent(0),
    ] {
        let call = wire::publishProposalCall {
            signature: city.sign(Peer::Legislature, &by, &message),
            message: message.clone(),
        };
        let refused = management::NotClerk { clerk: by.address };
        city.refuses(Peer::Legislature, call, refused);
    }
    let until = city.session(case.id).expiresAt;
    city.world.warp(PROPOSAL + 1);
    city.refuses(
        Peer::Legislature,
        city.proposing(message),
        wire::TooLate { until },
    );
}

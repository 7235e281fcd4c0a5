//! MSG_TYPE_5, L-06, L-12, K12: what regulators decide, and how many of them.

use agentcity_abi::IEnactment as wire;
use agentcity_domain::{clerk::ClerkRole, parameter::ParameterId as P, peer::Peer};
use agentcity_sessions::{
    City, State, clerk, clerks_principal,
    steps::{Case, SHARE, node},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError};

/// A session whose award is whole.
fn awarded() -> (City, Case) {
    let city = City::new();
    let case = city.decided("decided", &[node(1), node(2)]);
    city.reviewed(&case, 8);
    city.enact(city.awarding(&case)).unwrap();
    (city, case)
}

fn returning(city: &City, case: &Case) -> wire::RegulatoryDecision {
    wire::RegulatoryDecision {
        repropose: true,
        ..city.decision(case)
    }
}

fn flag(severity: wire::Severity) -> wire::ComplianceFlag {
    wire::ComplianceFlag {
        node: 1,
        code: 77,
        severity,
        evidenceHash: B256::repeat_byte(0xef),
    }
}

#[test]
fn a_majority_of_the_regulators_present_decides() {
    let (city, case) = awarded();
    let message = city.decision(&case);
    city.world.take_logs();
    city.enact(city.deciding(0, message.clone())).unwrap();
    city.is_in(case.id, State::RegulatoryReview);
    let decided = city.world.take_events::<wire::RegulatoryDecided>();
    let expected = wire::RegulatoryDecided {
        sessionId: case.id,
        clerk: clerk(ClerkRole::Regulator, 0).address,
        assignmentsHash: message.assignmentsHash,
        fairness: message.fairness,
        approvals: 1,
        needed: 2,
    };
    assert_eq!(decided, [expected]);
    city.enact(city.deciding(2, message)).unwrap();
    city.is_in(case.id, State::Codification);
}

#[test]
fn the_parameter_may_ask_for_more_and_never_for_more_than_there_are() {
    for (quorum, needed) in [(1, 2), (3, 3), (16, 3)] {
        let (city, case) = awarded();
        city.set(P::MultisigRegQuorum, quorum);
        let message = city.decision(&case);
        for i in 0..needed {
            city.is_in(case.id, State::RegulatoryReview);
            city.enact(city.deciding(i, message.clone())).unwrap();
        }
        city.is_in(case.id, State::Codification);
    }
}

#[test]
fn a_principal_decides_once() {
    let (city, case) = awarded();
    let mut message = city.decision(&case);
    city.enact(city.deciding(0, message.clone())).unwrap();
    message.deadline -= 1;
    let done = wire::AlreadyDone {
        id: B256::ZERO,
        who: clerks_principal(ClerkRole::Regulator, 0),
    };
    let again = city
        .enact(city.deciding(0, message.clone()))
        .err()
        .expect("refused");
    assert_eq!(again[..4], wire::AlreadyDone::SELECTOR);
    assert_eq!(again[36..], done.abi_encode()[36..], "whose voice it is");
    // Whoever changes hands meanwhile has the voice that it attested with.
    let other = clerks_principal(ClerkRole::Regulator, 9);
    let account = clerk(ClerkRole::Regulator, 0).address;
    city.change(account, |person| person.principal = other);
    let again = city
        .enact(city.deciding(0, message))
        .err()
        .expect("refused");
    assert_eq!(again[..4], wire::AlreadyDone::SELECTOR);
    city.is_in(case.id, State::RegulatoryReview);
}

#[test]
fn a_regulator_that_did_not_attest_has_no_voice() {
    let (city, case) = awarded();
    city.appoint(ClerkRole::Regulator, 7);
    let refused = wire::NotAttested {
        sessionId: case.id,
        clerk: clerk(ClerkRole::Regulator, 7).address,
    };
    let call = city.deciding(7, city.decision(&case));
    city.refuses(Peer::Enactment, call, refused);
}

#[test]
fn a_decision_is_for_the_award_as_it_stands() {
    let (city, case) = awarded();
    let own = city.decision(&case);
    let other = wire::RegulatoryDecision {
        assignmentsHash: B256::repeat_byte(1),
        ..own.clone()
    };
    let mismatch = wire::Mismatch {
        sessionId: case.id,
        expected: own.assignmentsHash,
        found: other.assignmentsHash,
    };
    city.refuses(Peer::Enactment, city.deciding(0, other), mismatch);
    let other = wire::RegulatoryDecision {
        fairness: 999,
        ..own
    };
    let mismatch = wire::Mismatch {
        sessionId: case.id,
        expected: agentcity_sessions::word(1_000u64),
        found: agentcity_sessions::word(999u64),
    };
    city.refuses(Peer::Enactment, city.deciding(0, other), mismatch);
}

#[test]
fn an_unfair_award_needs_the_panel() {
    let city = City::new();
    let case = city.decided("unfair", &[node(1); 4]);
    city.proposed(&case);
    for place in 0..4 {
        let first = usize::from(place == 3);
        city.bids(&case, place, &[(first, 1), (2, 5), (3, 6)]);
    }
    city.close(&case);
    city.enact(city.awarding(&case)).unwrap();
    let message = city.decision(&case);
    let unfair = |minimum| wire::Unfair {
        fairness: 500,
        minimum,
    };
    city.refuses(
        Peer::Enactment,
        city.deciding(0, message.clone()),
        unfair(600),
    );
    city.set(P::MinFairnessScore, 501);
    city.refuses(
        Peer::Enactment,
        city.deciding(0, message.clone()),
        unfair(501),
    );
    let why = B256::repeat_byte(3);
    let waive = wire::waiveFairnessCall {
        sessionId: case.id,
        justificationHash: why,
    };
    city.panel(waive).unwrap();
    assert_eq!(
        city.world.take_events::<wire::FairnessWaived>(),
        [wire::FairnessWaived {
            sessionId: case.id,
            justificationHash: why
        }]
    );
    for i in 0..2 {
        city.enact(city.deciding(i, message.clone())).unwrap();
    }
    city.is_in(case.id, State::Codification);
    assert!(city.law_of(case.id).fairnessWaived);
    assert_eq!(city.law_of(case.id).fairness, 500);
}

#[test]
fn regulators_send_a_session_back_as_often_as_the_parameter_says() {
    let city = City::new();
    let case = city.decided("again", &[node(1)]);
    city.proposed(&case);
    for round in 0..=2u8 {
        city.bids(&case, 0, &[(usize::from(round), 5)]);
        city.close(&case);
        for i in 0..2 {
            let mut message = returning(&city, &case);
            message.deadline -= u64::from(round);
            city.enact(city.deciding(i, message)).unwrap();
        }
        if round < 2 {
            assert_eq!(city.session(case.id).reproposals, round + 1);
            city.is_in(case.id, State::ProposalOpen);
            let mut message = city.proposal(&case);
            message.deadline -= 1 + u64::from(round);
            city.law(city.proposing(message)).unwrap();
        }
    }
    city.is_in(case.id, State::Failed);
}

#[test]
fn bids_of_an_earlier_round_win_nothing() {
    let city = City::new();
    let case = city.decided("rounds", &[node(1)]);
    city.proposed(&case);
    city.bids(&case, 0, &[(0, 1), (1, 2)]);
    city.close(&case);
    for i in 0..2 {
        city.enact(city.deciding(i, returning(&city, &case)))
            .unwrap();
    }
    let mut message = city.proposal(&case);
    message.deadline -= 1;
    city.law(city.proposing(message)).unwrap();
    city.bids(&case, 0, &[(2, SHARE / 2), (1, SHARE / 3)]);
    city.close(&case);
    city.enact(city.awarding(&case)).unwrap();
    assert_eq!(city.award_of(&case, 0), (vec![3], 3));
}

#[test]
fn a_critical_finding_of_one_blocks_and_counts_for_another_proposal() {
    let (city, case) = awarded();
    let message = city.decision(&case);
    city.enact(city.deciding(0, message.clone())).unwrap();
    let critical = wire::RegulatoryDecision {
        flags: vec![flag(wire::Severity::Note), flag(wire::Severity::Critical)],
        ..message.clone()
    };
    city.world.take_logs();
    city.enact(city.deciding(1, critical)).unwrap();
    let flagged = city.world.take_events::<wire::ComplianceFlagged>();
    assert_eq!(flagged.len(), 2);
    assert_eq!((flagged[1].node, flagged[1].code), (1, 77));
    city.is_in(case.id, State::RegulatoryReview);
    let blocked = wire::CriticalFlag { sessionId: case.id };
    city.refuses(Peer::Enactment, city.deciding(2, message), blocked);
    city.enact(city.deciding(2, returning(&city, &case)))
        .unwrap();
    city.is_in(case.id, State::ProposalOpen);
}

#[test]
fn what_is_less_than_critical_is_on_record_and_blocks_nothing() {
    let (city, case) = awarded();
    let message = wire::RegulatoryDecision {
        flags: vec![flag(wire::Severity::Warning)],
        ..city.decision(&case)
    };
    for i in 0..2 {
        city.enact(city.deciding(i, message.clone())).unwrap();
    }
    city.is_in(case.id, State::Codification);
    let mut wrong = city.deciding(2, message).abi_encode();
    // The severity, which no enum has: the third word of the only flag.
    let at = wrong
        .windows(32)
        .rposition(|w| w == [&[0; 31][..], &[2]].concat())
        .unwrap();
    wrong[at + 31] = 4;
    let enactment = agentcity_sessions::member(Peer::Enactment);
    let refused = city.world.transact(
        agentcity_sessions::STRANGER,
        enactment,
        alloy_primitives::U256::ZERO,
        &wrong,
    );
    assert!(refused.is_err());
}

/// what wins follows from the bids. A regulator's rejection is its reason on record, and takes nobody out of the award.
#[test]
fn a_rejection_is_on_record_and_changes_no_award() {
    let city = City::new();
    let case = city.decided("rejected", &[node(1)]);
    city.proposed(&case);
    city.bids(&case, 0, &[(0, 1), (1, 2), (2, SHARE)]);
    city.close(&case);
    let rejecting = |bid, repropose| wire::RegulatoryDecision {
        rejected: vec![wire::RejectedBid { bid, reason: 9 }],
        repropose,
        ..city.decision(&case)
    };
    // Before the award, beside a vote for another proposal: nothing that the award would see.
    city.world.take_logs();
    city.enact(city.deciding(0, rejecting(0, true))).unwrap();
    assert_eq!(
        city.world.take_events::<wire::BidRejected>(),
        [wire::BidRejected {
            sessionId: case.id,
            bid: 0,
            reason: 9
        }]
    );
    city.enact(city.awarding(&case)).unwrap();
    assert_eq!(city.award_of(&case, 0), (vec![0], 2));
    // Nobody decides for an award and rejects what won it.
    let won = wire::BidAwarded {
        sessionId: case.id,
        bid: 0,
    };
    city.refuses(Peer::Enactment, city.deciding(1, rejecting(0, false)), won);
    city.enact(city.deciding(1, rejecting(2, false))).unwrap();
    assert_eq!(city.award_of(&case, 0), (vec![0], 2));
}

//! MSG_TYPE_7, INV-LAW-01, K4: who approves, and what the panel audits.

use agentcity_abi::{IEnactment as wire, IManagement as management};
use agentcity_domain::{clerk::ClerkRole, peer::Peer};
use agentcity_sessions::{
    APPROVAL, City, State, clerk, clerks_principal,
    steps::{Case, node},
};
use alloy_primitives::B256;
use alloy_sol_types::SolError;

/// A session that waits for approval.
fn coded() -> (City, Case) {
    let city = City::new();
    let case = city.decided("approved", &[node(1)]);
    city.reviewed(&case, 8);
    city.regulated(&case);
    city.codified(&case);
    city.world.take_logs();
    (city, case)
}

fn approving(city: &City, case: &Case, role: ClerkRole, i: usize) -> wire::approveCall {
    city.approving(&clerk(role, i), city.approval(case, role))
}

#[test]
fn speaker_and_a_quorum_of_regulators_approve_in_any_order() {
    use ClerkRole::{Regulator, Speaker};
    for order in [
        [(Speaker, 0), (Regulator, 0), (Regulator, 1)],
        [(Regulator, 2), (Speaker, 0), (Regulator, 0)],
        [(Regulator, 1), (Regulator, 2), (Speaker, 0)],
    ] {
        let (city, case) = coded();
        for (role, i) in order {
            city.is_in(case.id, State::AwaitingApproval);
            city.enact(approving(&city, &case, role, i)).unwrap();
        }
        city.is_in(case.id, State::Deployed);
        let law = city.law_of(case.id);
        let enacted = wire::LawEnacted {
            sessionId: case.id,
            statuteHash: law.statuteHash,
            assignmentsHash: law.assignmentsHash,
            epoch: law.epoch,
        };
        assert_eq!(city.world.take_events::<wire::LawEnacted>(), [enacted]);
    }
}

#[test]
fn all_regulators_make_no_law_without_the_speaker() {
    let (city, case) = coded();
    for i in 0..3 {
        city.approve(&case, ClerkRole::Regulator, i).unwrap();
    }
    city.is_in(case.id, State::AwaitingApproval);
    city.approve(&case, ClerkRole::Speaker, 0).unwrap();
    city.is_in(case.id, State::Deployed);
}

/// NP-6: whoever holds both offices has one voice.
#[test]
fn a_principal_approves_once_in_whatever_office() {
    let city = City::new();
    let speaker = clerks_principal(ClerkRole::Speaker, 0);
    let both = clerk(ClerkRole::Regulator, 0).address;
    city.change(both, |person| person.principal = speaker);
    let case = city.decided("both", &[node(1)]);
    city.reviewed(&case, 8);
    city.regulated(&case);
    city.codified(&case);
    city.approve(&case, ClerkRole::Speaker, 0).unwrap();
    let done = wire::AlreadyDone {
        id: case.id,
        who: speaker,
    };
    let call = approving(&city, &case, ClerkRole::Regulator, 0);
    city.refuses(Peer::Enactment, call, done.clone());
    // Not even if it changes hands in between.
    city.change(both, |person| {
        person.principal = clerks_principal(ClerkRole::Regulator, 0)
    });
    let call = approving(&city, &case, ClerkRole::Regulator, 0);
    city.refuses(Peer::Enactment, call, done);
}

#[test]
fn an_approval_is_of_what_was_codified_by_an_office_that_approves() {
    let (city, case) = coded();
    let own = city.approval(&case, ClerkRole::Speaker);
    let by = clerk(ClerkRole::Speaker, 0);
    let other = B256::repeat_byte(0x99);
    let mismatch = |expected, found| wire::Mismatch {
        sessionId: case.id,
        expected,
        found,
    };
    let statute = wire::LegislativeApproval {
        statuteHash: other,
        ..own.clone()
    };
    city.refuses(
        Peer::Enactment,
        city.approving(&by, statute),
        mismatch(own.statuteHash, other),
    );
    let seats = wire::LegislativeApproval {
        assignmentsHash: other,
        ..own.clone()
    };
    city.refuses(
        Peer::Enactment,
        city.approving(&by, seats),
        mismatch(own.assignmentsHash, other),
    );
    let epoch = wire::LegislativeApproval {
        epoch: 6,
        ..own.clone()
    };
    let refused = mismatch(
        agentcity_sessions::word(5u64),
        agentcity_sessions::word(6u64),
    );
    city.refuses(Peer::Enactment, city.approving(&by, epoch), refused);
    let role = wire::LegislativeApproval {
        role: 2,
        ..own.clone()
    };
    let refused = wire::WrongOffice { need: 2, have: 1 };
    city.refuses(Peer::Enactment, city.approving(&by, role), refused);
    for role in [ClerkRole::Registrar, ClerkRole::Codifier] {
        let account = clerk(role, 0);
        let refused = management::NotClerk {
            clerk: account.address,
        };
        let message = wire::LegislativeApproval {
            role: role.number(),
            ..own.clone()
        };
        city.refuses(Peer::Enactment, city.approving(&account, message), refused);
    }
    city.appoint(ClerkRole::Speaker, 5);
    let refused = wire::NotAttested {
        sessionId: case.id,
        clerk: clerk(ClerkRole::Speaker, 5).address,
    };
    city.refuses(
        Peer::Enactment,
        approving(&city, &case, ClerkRole::Speaker, 5),
        refused,
    );
}

#[test]
fn too_late_is_too_late() {
    let (city, case) = coded();
    city.world.warp(APPROVAL);
    city.approve(&case, ClerkRole::Speaker, 0).unwrap();
    city.world.warp(1);
    let until = city.session(case.id).expiresAt;
    let call = approving(&city, &case, ClerkRole::Regulator, 0);
    city.refuses(Peer::Enactment, call, wire::TooLate { until });
}

/// K4: the panel audits a statute that waits for approval, or is law; statute asks for it where a node is of high risk.
#[test]
fn the_panel_audits_a_codified_statute() {
    let (city, case) = coded();
    let audit = |statute| wire::auditCodificationCall {
        sessionId: case.id,
        statuteHash: statute,
    };
    let wrong = city
        .panel(audit(B256::repeat_byte(1)))
        .err()
        .expect("refused");
    assert_eq!(wrong[..4], wire::Mismatch::SELECTOR);
    assert!(!city.law_of(case.id).audited);
    city.panel(audit(case.statute())).unwrap();
    assert!(city.law_of(case.id).audited);
    assert_eq!(
        city.world.take_events::<wire::CodificationAudited>(),
        [wire::CodificationAudited {
            sessionId: case.id,
            statuteHash: case.statute()
        }]
    );
    let (city, case) = coded();
    city.approved(&case);
    city.panel(audit(case.statute())).unwrap();
    assert!(city.law_of(case.id).audited, "a law is audited later, too");
    let early = city.decided("early", &[node(1)]);
    city.reviewed(&early, 8);
    let call = wire::auditCodificationCall {
        sessionId: early.id,
        statuteHash: early.statute(),
    };
    let refused = city.panel(call).err().expect("refused");
    assert_eq!(refused[..4], wire::WrongSessionState::SELECTOR);
}

#[test]
fn a_node_is_found_at_fault_once() {
    let city = City::new();
    let mission = B256::repeat_byte(0x33);
    let find = |attempt| wire::declareSpecificationFaultCall {
        missionId: mission,
        node: 4,
        attempt,
    };
    let ask = |node| wire::specificationFaultCall {
        missionId: mission,
        node,
    };
    let found = city.enact(ask(4)).unwrap();
    assert_eq!((found.declared, found.attempt), (false, 0));
    city.panel(find(2)).unwrap();
    assert_eq!(
        city.world.take_events::<wire::SpecificationFaulted>(),
        [wire::SpecificationFaulted {
            missionId: mission,
            node: 4,
            attempt: 2
        }]
    );
    let found = city.enact(ask(4)).unwrap();
    assert_eq!((found.declared, found.attempt), (true, 2));
    assert!(!city.enact(ask(5)).unwrap().declared);
    let again = city.panel(find(3)).err().expect("refused");
    assert_eq!(again[..4], wire::AlreadyDone::SELECTOR);
    // The first attempt has the number nought, and is a fault all the same.
    let call = wire::declareSpecificationFaultCall {
        missionId: mission,
        node: 5,
        attempt: 0,
    };
    city.panel(call).unwrap();
    assert!(city.enact(ask(5)).unwrap().declared);
}

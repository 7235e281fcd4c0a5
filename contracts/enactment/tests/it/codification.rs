//! MSG_TYPE_6, K5, L-11: templates, and the statute held to them and to the constitution.

use agentcity_abi::IEnactment as wire;
use agentcity_domain::{
    legislation::template::Rule as Held,
    parameter::ParameterId as P,
    peer::Peer,
    statute::{Node, Rule},
};
use agentcity_sessions::{
    City, State, UNIT,
    steps::{Case, SHARE, TEMPLATE, hash, node},
};
use alloy_primitives::B256;
use alloy_sol_types::SolError;

/// A session in codification, with a template published and named.
fn named(nodes: &[Node], template: impl FnOnce(&mut wire::TemplateVersion)) -> (City, Case) {
    let city = City::new();
    let case = city.decided("coded", nodes);
    city.reviewed(&case, 8);
    city.regulated(&case);
    let mut version = city.template();
    template(&mut version);
    city.enact(city.publishing(version)).unwrap();
    (city, case)
}

/// The same, with the template named.
fn coded(nodes: &[Node], template: impl FnOnce(&mut wire::TemplateVersion)) -> (City, Case) {
    let (city, case) = named(nodes, template);
    city.enact(city.codifying(city.specification(&case)))
        .unwrap();
    city.world.take_logs();
    (city, case)
}

#[test]
fn a_template_is_published_once_for_each_version() {
    let city = City::new();
    let version = city.template();
    city.enact(city.publishing(version.clone())).unwrap();
    assert_eq!(
        city.world.take_events::<wire::TemplatePublished>(),
        [wire::TemplatePublished {
            templateId: TEMPLATE,
            version: 1,
            schemaHash: version.schemaHash
        }]
    );
    let call = wire::templateCall {
        templateId: TEMPLATE,
        version: 1,
    };
    let found = city.enact(call).unwrap();
    assert_eq!(
        (found.schemaHash, found.nodesMax),
        (version.schemaHash, 5_000)
    );
    assert_eq!(
        (found.tiersAllowed, found.riskMax, found.predicatesMin),
        (0b1110, 2, 0)
    );
    let again = wire::TemplateVersion {
        nodesMax: 4,
        ..version.clone()
    };
    let refused = city.enact(city.publishing(again)).err().expect("refused");
    assert_eq!(refused[..4], wire::AlreadyDone::SELECTOR);
    let next = wire::TemplateVersion {
        version: 2,
        ..version.clone()
    };
    city.enact(city.publishing(next)).unwrap();
    for nothing in [
        wire::TemplateVersion {
            version: 3,
            nodesMax: 0,
            ..version.clone()
        },
        wire::TemplateVersion {
            version: 3,
            tiersAllowed: 0,
            ..version.clone()
        },
        wire::TemplateVersion {
            version: 3,
            tiersAllowed: 0b0001_0001,
            ..version
        },
    ] {
        city.refuses(
            Peer::Enactment,
            city.publishing(nothing),
            wire::MalformedCall {},
        );
    }
}

#[test]
fn codification_names_what_was_decided_and_a_template_that_there_is() {
    let (city, case) = named(&[node(1), node(1)], |version| version.nodesMax = 2);
    let own = city.specification(&case);
    let mismatch = |expected, found| wire::Mismatch {
        sessionId: case.id,
        expected,
        found,
    };
    let other = B256::repeat_byte(0x99);
    let statute = wire::CodedSpecification {
        statuteHash: other,
        ..own.clone()
    };
    city.refuses(
        Peer::Enactment,
        city.codifying(statute),
        mismatch(own.statuteHash, other),
    );
    let seats = wire::CodedSpecification {
        assignmentsHash: other,
        ..own.clone()
    };
    city.refuses(
        Peer::Enactment,
        city.codifying(seats),
        mismatch(own.assignmentsHash, other),
    );
    let unknown = wire::Unknown { id: TEMPLATE };
    let version = wire::CodedSpecification {
        templateVersion: 2,
        ..own.clone()
    };
    city.refuses(Peer::Enactment, city.codifying(version), unknown);
    city.refuses(
        Peer::Enactment,
        city.validating(&case),
        wire::Unknown { id: B256::ZERO },
    );
    city.enact(city.codifying(own)).unwrap();
    city.enact(city.validating(&case)).unwrap();
    city.is_in(case.id, State::AwaitingApproval);
}

#[test]
fn a_template_for_fewer_nodes_is_not_named() {
    let (city, case) = named(&[node(1), node(1)], |version| version.nodesMax = 1);
    let refused = wire::TooMany {
        id: TEMPLATE,
        limit: 1,
    };
    let call = city.codifying(city.specification(&case));
    city.refuses(Peer::Enactment, call, refused);
}

#[test]
fn a_statute_that_holds_to_everything_goes_on_to_approval() {
    let (city, case) = coded(&[node(1), node(2), node(3)], |_| {});
    city.enact(city.validating(&case)).unwrap();
    let advanced = city.world.take_events::<wire::ValidationAdvanced>();
    let expected = wire::ValidationAdvanced {
        sessionId: case.id,
        nodes: 3,
        ofNodes: 3,
    };
    assert_eq!(advanced, [expected]);
    city.is_in(case.id, State::AwaitingApproval);
}

/// Validates, expects that this node breaks this rule, and that it costs a retry and the template.
#[track_caller]
fn breaks(city: &City, case: &Case, node: u16, rule: u8) {
    city.enact(city.validating(case)).expect("judged");
    let failed = city.world.take_events::<wire::ValidationFailed>();
    let expected = wire::ValidationFailed {
        sessionId: case.id,
        node,
        rule,
        retries: 1,
    };
    assert_eq!(failed, [expected]);
    city.is_in(case.id, State::Codification);
    city.refuses(
        Peer::Enactment,
        city.validating(case),
        wire::Unknown { id: B256::ZERO },
    );
}

#[test]
fn a_node_beyond_the_template_or_the_constitution_fails_validation() {
    let nodes = |change: fn(&mut Node)| {
        let mut nodes = [node(1), node(2)];
        change(&mut nodes[1]);
        nodes
    };
    let (city, case) = coded(&nodes(|_| {}), |version| version.tiersAllowed = 0b0010);
    breaks(&city, &case, 1, Held::Tier as u8);
    let (city, case) = coded(&nodes(|node| node.risk = 1), |version| version.riskMax = 0);
    breaks(&city, &case, 1, Held::Risk as u8);
    let (city, case) = coded(&nodes(|_| {}), |version| version.predicatesMin = 1);
    breaks(&city, &case, 0, Held::Predicates as u8);
    let (city, case) = coded(&nodes(|node| node.redundancy = 2), |_| {});
    breaks(&city, &case, 1, Held::Redundancy as u8);
    let (city, case) = coded(&nodes(|node| node.budget = 10_000 * UNIT * 3), |_| {});
    breaks(&city, &case, 1, Held::RiskOfBudget as u8);
    let (city, case) = coded(&nodes(|node| node.timeout_ms = 60_001), |_| {});
    breaks(&city, &case, 0, Rule::Timeout as u8);
    let (city, case) = coded(&nodes(|node| node.threshold = 4), |_| {});
    breaks(&city, &case, 0, Rule::Tier as u8);
}

#[test]
fn a_statute_beyond_what_the_speaker_said_fails_validation() {
    for (rule, change) in [
        (
            Held::Budget,
            (|m: &mut agentcity_abi::ILegislature::DagProposal| m.missionBudget -= 1) as fn(&mut _),
        ),
        (
            Held::Tokens,
            |m: &mut agentcity_abi::ILegislature::DagProposal| m.tokenBudget -= 1,
        ),
    ] {
        let city = City::new();
        let case = city.decided("said", &[node(1), node(1)]);
        city.identified(&case);
        let mut message = city.proposal(&case);
        change(&mut message);
        city.law(city.proposing(message)).unwrap();
        city.bids(&case, 0, &[(0, SHARE / 2)]);
        city.bids(&case, 1, &[(1, SHARE / 2)]);
        city.close(&case);
        city.regulated(&case);
        city.enact(city.publishing(city.template())).unwrap();
        city.enact(city.codifying(city.specification(&case)))
            .unwrap();
        city.world.take_logs();
        breaks(&city, &case, 0, rule as u8);
    }
}

#[test]
fn validation_goes_on_over_calls_and_shows_every_page_once() {
    let nodes = vec![node(1); 150];
    let (city, case) = coded(&nodes, |_| {});
    let shown = |from: usize, to: usize| wire::validateCall {
        sessionId: case.id,
        pages: case.pages[from..to]
            .iter()
            .map(|page| page.clone().into())
            .collect(),
        rest: hash(&case.pages[to..]),
    };
    let wrong = wire::WrongPages {
        sessionId: case.id,
        expected: case.statute(),
        found: hash(&case.pages[1..]),
    };
    city.refuses(Peer::Enactment, shown(1, 2), wrong);
    city.enact(shown(0, 1)).unwrap();
    city.is_in(case.id, State::Codification);
    let wrong = wire::WrongPages {
        sessionId: case.id,
        expected: hash(&case.pages[1..]),
        found: case.statute(),
    };
    city.refuses(Peer::Enactment, shown(0, 1), wrong);
    // Named anew, it begins anew.
    let mut again = city.specification(&case);
    again.deadline -= 1;
    city.enact(city.codifying(again)).unwrap();
    city.enact(shown(0, 1)).unwrap();
    city.enact(shown(1, 2)).unwrap();
    city.is_in(case.id, State::AwaitingApproval);
}

#[test]
fn codification_fails_once_more_than_it_may_be_tried_again() {
    let mut nodes = [node(1)];
    nodes[0].budget = 10_000 * UNIT;
    let (city, case) = named(&nodes, |_| {});
    for retry in 0..=2u64 {
        city.is_in(case.id, State::Codification);
        let mut message = city.specification(&case);
        message.deadline -= retry;
        city.enact(city.codifying(message)).unwrap();
        city.enact(city.validating(&case)).unwrap();
    }
    city.is_in(case.id, State::Failed);
    assert!(P::MaxCodificationRetries.row().default == 2);
}

//! K5, L-11, L-12: what a codified statute is held to, and who must approve it.

use agentcity_domain::{
    clerk::ClerkRole,
    legislation::{
        law::{Approvals, Refused, needed},
        template::{Bounds, Rule, Template},
    },
    statute::{
        Node, Page, Progress,
        encode::{self, Draft},
    },
};
use alloy_primitives::B256;

/// A page of nodes: tier, risk, redundancy, budget.
fn page_of(nodes: &[(u8, u8, u8, u128)]) -> Vec<u8> {
    let drafts = nodes.iter().map(|(tier, risk, redundancy, budget)| Draft {
        node: Node {
            digest: B256::repeat_byte(1),
            tier: *tier,
            risk: *risk,
            redundancy: *redundancy,
            budget: *budget,
            ..Node::default()
        },
        successors: Vec::new(),
    });
    let drafts: Vec<Draft> = drafts.collect();
    encode::statute(&drafts, &[]).expect("fits").remove(0)
}

fn bounds() -> Bounds {
    Bounds {
        redundancy: [3, 3, 5],
        risky: [10_000, 100_000],
        budget: 1_000_000,
        tokens: 500,
    }
}

fn template() -> Template {
    let mut template = Template::default();
    template.set_nodes_max(4);
    template.set_tiers(0b1110);
    template.set_risk_max(2);
    template.set_predicates_min(0);
    template
}

fn judge(template: Template, node: (u8, u8, u8, u128)) -> Result<(), (u16, Rule)> {
    let bytes = page_of(&[(1, 0, 1, 100), node]);
    let page = Page::read(&bytes).expect("a page");
    template.judge(&page, true, &bounds())
}

#[test]
fn a_node_is_held_to_the_template_and_to_its_risk() {
    let with = |change: fn(&mut Template)| {
        let mut template = template();
        change(&mut template);
        template
    };
    for (template, node, rule) in [
        (template(), (2, 0, 3, 9_999), None),
        (template(), (2, 0, 2, 9_999), Some(Rule::Redundancy)),
        (template(), (2, 2, 4, 100), Some(Rule::Redundancy)),
        (template(), (2, 2, 5, 100), None),
        (template(), (1, 2, 1, 100), None),
        (template(), (1, 0, 1, 10_000), Some(Rule::RiskOfBudget)),
        (template(), (1, 1, 1, 10_000), None),
        (template(), (1, 1, 1, 99_999), None),
        (template(), (1, 1, 1, 100_000), Some(Rule::RiskOfBudget)),
        (template(), (1, 2, 1, 100_000), None),
        (
            with(|t| t.set_tiers(0b0010)),
            (2, 0, 3, 100),
            Some(Rule::Tier),
        ),
        (
            with(|t| t.set_tiers(0b0110)),
            (3, 1, 1, 100),
            Some(Rule::Tier),
        ),
        (
            with(|t| t.set_risk_max(0)),
            (1, 1, 1, 100),
            Some(Rule::Risk),
        ),
        (with(|t| t.set_risk_max(1)), (1, 1, 1, 100), None),
        // One that is taken over is done.
        (with(|t| t.set_risk_max(0)), (0, 0, 0, 0), None),
    ] {
        let expected = rule.map_or(Ok(()), |rule| Err((1, rule)));
        assert_eq!(judge(template, node), expected, "{node:?}");
    }
}

#[test]
fn predicates_are_asked_of_the_first_page_alone() {
    let mut template = template();
    template.set_predicates_min(1);
    let bytes = page_of(&[(1, 0, 1, 100)]);
    let page = Page::read(&bytes).expect("a page");
    let refused = template.judge(&page, true, &bounds());
    assert_eq!(refused, Err((0, Rule::Predicates)));
    assert_eq!(template.judge(&page, false, &bounds()), Ok(()));
}

#[test]
fn a_statute_is_within_what_was_proposed() {
    let so_far = |budget, tokens| {
        let progress = Progress {
            budget,
            tokens,
            ..Progress::default()
        };
        bounds().within(&progress)
    };
    assert_eq!(so_far(1_000_000, 500), Ok(()));
    assert_eq!(so_far(1_000_001, 500), Err(Rule::Budget));
    assert_eq!(so_far(1_000_000, 501), Err(Rule::Tokens));
    assert_eq!(template().admits(4), Ok(()));
    assert_eq!(template().admits(5), Err(Rule::Nodes));
}

/// L-12: a majority of the regulators present, or more if the parameter says more; with the speaker, whoever comes first.
#[test]
fn law_needs_the_speaker_and_enough_regulators_in_any_order() {
    const SPEAKER: u8 = ClerkRole::Speaker.number();
    const REGULATOR: u8 = ClerkRole::Regulator.number();
    for (present, quorum, least) in [
        (0, 2, 1),
        (1, 2, 1),
        (2, 2, 2),
        (3, 2, 2),
        (4, 2, 3),
        (4, 4, 4),
        (5, 9, 5),
    ] {
        assert_eq!(needed(present, quorum), least, "{present} {quorum}");
        for first in 0..=least {
            let mut approvals = Approvals::default();
            let mut law = false;
            for turn in 0..=least {
                assert!(!law, "law before all approved");
                let role = if turn == first { SPEAKER } else { REGULATOR };
                law = approvals.count(role, present, quorum).expect("counts");
            }
            assert!(law, "{present} {quorum} {first}");
        }
    }
    let mut approvals = Approvals::default();
    assert_eq!(approvals.count(SPEAKER, 1, 1), Ok(false));
    assert_eq!(approvals.count(SPEAKER, 1, 1), Err(Refused::Done));
    for role in ClerkRole::ALL.iter().map(|role| role.number()) {
        let may = role == SPEAKER || role == REGULATOR;
        let mut fresh = Approvals::default();
        assert_eq!(fresh.count(role, 1, 1).is_ok(), may, "{role}");
    }
}

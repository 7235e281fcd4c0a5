use agentcity_domain::statute::Mode;

use super::*;

const SHARE: u128 = 1_000;
const STAKES: [u128; 3] = [10, 20, 30];

fn node(risk: u8) -> Node {
    Node {
        digest: B256::repeat_byte(1),
        tier: 2,
        risk,
        redundancy: 2,
        threshold: 2,
        mode: Mode::Exact as u8,
        timeout_ms: 1_000,
        budget: 2 * SHARE,
        first_edge: 0,
        outs: 0,
        tokens: 1,
    }
}

fn bid(number: u32) -> Bid {
    Bid {
        number,
        node: 0,
        open: true,
        offer: Offer {
            price: 900,
            stake: 10,
            fit: 500,
            tier: 2,
        },
        bidder: Bidder {
            principal: Address::repeat_byte(number as u8 + 1),
            bars: 0,
            score: 500,
        },
        service: B256::repeat_byte(number as u8 + 1),
    }
}

/// Two bids that won node 0, which is all there is.
fn facts() -> Facts {
    let bids = vec![bid(0), bid(1)];
    let services = bids.iter().map(|bid| {
        let service = Service {
            code_hash: keccak256(bid.service),
            deprecated: false,
        };
        (bid.service, service)
    });
    Facts {
        nodes: BTreeMap::from([(0, node(0))]),
        services: services.collect(),
        bids,
        won: BTreeMap::from([(0, vec![0, 1])]),
        terms: Terms {
            quality: 500,
            stakes: STAKES,
            sponsors: [Address::repeat_byte(0xee); 2],
        },
        award: Some(Award {
            assignments_hash: B256::repeat_byte(9),
            fairness: 800,
        }),
        fairness_min: 600,
        waived: false,
        objection: None,
    }
}

fn codes(decision: &Decision) -> Vec<(u16, u8)> {
    let flags = decision.flags.iter();
    flags.map(|flag| (flag.code, flag.severity)).collect()
}

#[test]
fn an_award_without_fault_is_approved_as_it_stands() {
    let decided = decide(&facts());
    assert_eq!(decided.award, facts().award.expect("an award"));
    assert!(!decided.repropose);
    assert!(decided.rejected.is_empty() && decided.flags.is_empty());
}

#[test]
fn a_bid_that_cannot_win_is_rejected_for_the_awards_own_reason() {
    let change: [(fn(&mut Bid), Reason); 6] = [
        (|bid| bid.offer.price = SHARE + 1, Reason::Price),
        (|bid| bid.offer.stake = 9, Reason::Stake),
        (|bid| bid.offer.tier = 1, Reason::Tier),
        (|bid| bid.bidder.bars = 1, Reason::Barred),
        (
            |bid| bid.bidder.principal = Address::repeat_byte(0xee),
            Reason::Sponsor,
        ),
        (|bid| bid.open = false, Reason::Sealed),
    ];
    for (change, reason) in change {
        let mut facts = facts();
        let mut third = bid(2);
        change(&mut third);
        facts.bids.push(third);
        let decided = decide(&facts);
        let expected = [RejectedBid {
            bid: 2,
            reason: reason as u16,
        }];
        assert_eq!(decided.rejected, expected, "{reason:?}");
        assert!(!decided.repropose, "others won: {reason:?}");
    }
}

#[test]
fn a_bid_that_lost_on_merit_is_not_rejected() {
    let mut facts = facts();
    facts.bids.push(bid(2));
    assert!(decide(&facts).rejected.is_empty());
}

#[test]
fn findings_about_winners_block_unless_they_only_warn() {
    let change: [(fn(&mut Facts), Finding, bool); 6] = [
        (
            |facts| {
                let code = keccak256(facts.bids[0].service);
                let second = facts.bids[1].service;
                facts.services.get_mut(&second).expect("known").code_hash = code;
            },
            Finding::SameCode,
            false,
        ),
        (
            |facts| {
                let first = facts.bids[0].service;
                facts.services.get_mut(&first).expect("known").deprecated = true;
            },
            Finding::Deprecated,
            true,
        ),
        (
            |facts| facts.bids[1].bidder.bars = 2,
            Finding::WinnerBarred,
            true,
        ),
        (
            |facts| facts.objection = Some("too long".into()),
            Finding::Unlawful,
            true,
        ),
        (|facts| facts.award = None, Finding::Uncovered, true),
        (|facts| facts.fairness_min = 801, Finding::Unfair, true),
    ];
    for (change, finding, repropose) in change {
        let mut facts = facts();
        change(&mut facts);
        let decided = decide(&facts);
        let expected = [(finding as u16, finding.severity() as u8)];
        assert_eq!(codes(&decided), expected, "{finding:?}");
        assert_eq!(decided.repropose, repropose, "{finding:?}");
        if repropose {
            assert_eq!(decided.award, NO_AWARD, "{finding:?}");
        }
    }
}

#[test]
fn what_the_panel_waived_is_no_finding() {
    let mut facts = facts();
    (facts.fairness_min, facts.waived) = (801, true);
    let decided = decide(&facts);
    assert!(!decided.repropose && decided.flags.is_empty());
}

#[test]
fn a_decision_holds_no_more_than_the_contract_takes_and_the_gravest_first() {
    let mut facts = facts();
    let losers = (2..200).map(|number| Bid {
        offer: Offer {
            stake: 0,
            ..bid(number).offer
        },
        ..bid(number)
    });
    facts.bids.extend(losers);
    for node in 1..100 {
        facts.won.insert(node, vec![0, 1]);
    }
    let second = facts.bids[1].service;
    let code = keccak256(facts.bids[0].service);
    facts.services.get_mut(&second).expect("known").code_hash = code;
    facts.bids[0].bidder.bars = 1;
    let decided = decide(&facts);
    assert_eq!(decided.rejected.len(), FINDINGS_MAX);
    assert!(decided.rejected.is_sorted_by_key(|rejected| rejected.bid));
    assert_eq!(decided.flags.len(), FINDINGS_MAX);
    let critical = Severity::Critical as u8;
    assert!(decided.flags.iter().all(|flag| flag.severity == critical));
}

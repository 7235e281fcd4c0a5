use agentcity_domain::{
    legislation::award::Terms,
    statute::{Mode, Node},
    time::Timestamp,
};
use agentcity_keeper::{
    docket::{Docket, Election, Own},
    event::Head,
};
use alloy::primitives::Address;

use super::*;
use crate::seen::{Entering, OwnBid, Petition};

const SESSION: B256 = B256::repeat_byte(0x5e);
const DOMAIN: B256 = B256::repeat_byte(0xd0);
const PRINCIPAL: Address = Address::repeat_byte(0xaa);
const UNTIL: u64 = 1_000;
const DEADLINE: u64 = 5_000;
const SHARE: u128 = 1_000;

const POLICY: &str = r#"endpoint = "http://127.0.0.1"
constitution = "0x1111111111111111111111111111111111111111"
agent_key_file = "a"
principal_key_file = "p"
journal = "j"
secrets = "s"
documents = "d"

[limits]
bids_max = 2
stake_max_base_units = "25"

[[bid]]
service = "0x1111111111111111111111111111111111111111111111111111111111111111"
tiers = [1]
price_permille = 500
price_min_base_units = "1"
stake_permille = 1000
match_permille = 700
latency_ms = 10

[[bid]]
service = "0x2222222222222222222222222222222222222222222222222222222222222222"
tiers = [1, 2]
price_permille = 900
price_min_base_units = "950"
stake_permille = 1050
match_permille = 800
latency_ms = 20
sealed = true

[vote]
order = "cheapest"

[sponsor]
petitions = true

[withdraw]
from_base_units = "5000"
keep_base_units = "100"
"#;

fn policy() -> Policy {
    Policy::parse(POLICY).expect("valid")
}

fn election(step: Step) -> Election {
    Election {
        step: step.number(),
        kind: MISSION,
        expires_at: UNTIL,
        rounds: 1,
        round_secs: 100,
        ..Election::default()
    }
}

fn session(election: Election, procedure: Option<Procedure>, now: u64) -> Session {
    Session {
        docket: Docket {
            session: SESSION,
            at: at(now),
            election,
            procedure,
            statute_hash: B256::ZERO,
            document: true,
            own: Own {
                attested: true,
                ..Own::default()
            },
        },
        proposals: Vec::new(),
        polled: false,
        committed: false,
        revealed: false,
        domain: DOMAIN,
        sponsors: [Address::repeat_byte(0xee); 2],
        mission_deadline: DEADLINE,
        nodes: Vec::new(),
        terms: Some(Terms {
            quality: 500,
            stakes: [10, 20, 30],
            sponsors: [Address::repeat_byte(0xee); 2],
        }),
        bids: Vec::new(),
    }
}

fn bidding(round: u8) -> Session {
    let procedure = Procedure {
        state: State::BiddingOpen.number(),
        kind: MISSION,
        expires_at: UNTIL,
        round,
        ..Procedure::default()
    };
    session(election(Step::Decided), Some(procedure), 500)
}

fn at(now: u64) -> Head {
    Head {
        number: now,
        hash: B256::ZERO,
        time: Timestamp::new(now),
    }
}

fn seen(sessions: Vec<Session>) -> Seen {
    let now = sessions.first().map_or(500, |session| session.docket.now());
    Seen {
        at: at(now),
        agent: Address::repeat_byte(1),
        principal: PRINCIPAL,
        entering: None,
        of_age: true,
        bars: 0,
        credit: 4_999,
        petitions: Vec::new(),
        sessions,
    }
}

fn node(tier: u8, risk: u8) -> Node {
    Node {
        digest: B256::ZERO,
        tier,
        risk,
        redundancy: 1,
        threshold: 1,
        mode: Mode::Exact as u8,
        timeout_ms: 1_000,
        budget: SHARE,
        first_edge: 0,
        outs: 0,
        tokens: 1,
    }
}

fn proposal(byte: u8, place: u8, totals: Option<(u128, u16)>) -> Proposal {
    Proposal {
        id: B256::repeat_byte(byte),
        statute_hash: B256::repeat_byte(byte),
        domain: DOMAIN,
        place,
        totals,
        sponsored: false,
    }
}

fn bids(acts: &[Act]) -> Vec<(u16, u128, u128, bool)> {
    acts.iter()
        .filter_map(|act| match act {
            Act::Bid(bid) => Some((bid.node, bid.price, bid.stake, bid.sealed)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_bid_is_of_the_first_offer_that_fits_within_the_limits() {
    let mut session = bidding(0);
    session.nodes = vec![(0, node(1, 0)), (1, node(2, 0)), (2, node(1, 0))];
    let acts = plan(&policy(), &[], &seen(vec![session.clone()]));
    // The second offer wants at least 950 of 1,000 and stakes 10.5, rounded up; two bids are the most.
    assert_eq!(bids(&acts), [(0, 500, 10, false), (1, 950, 11, true)]);
    session.nodes = vec![(0, node(3, 0))];
    let acts = plan(&policy(), &[], &seen(vec![session.clone()]));
    assert_eq!(bids(&acts), [], "no offer takes tier 3");
    session.nodes = vec![(0, node(1, 1)), (1, node(1, 0))];
    let acts = plan(&policy(), &[], &seen(vec![session.clone()]));
    assert_eq!(bids(&acts), [(0, 500, 20, false)], "20 + 10 is beyond 25");
    session.nodes = vec![(0, node(1, 2)), (1, node(1, 0))];
    let acts = plan(&policy(), &[], &seen(vec![session.clone()]));
    assert_eq!(bids(&acts), [(1, 500, 10, false)], "30 is beyond 25");
    let mut poor = seen(vec![session.clone()]);
    poor.credit = 9;
    assert_eq!(bids(&plan(&policy(), &[], &poor)), []);
}

#[test]
fn nobody_bids_twice_on_a_node_in_a_round_nor_for_its_own_money() {
    let mut session = bidding(1);
    session.nodes = vec![(0, node(1, 0)), (1, node(1, 0))];
    let own = |round, node| OwnBid {
        number: 0,
        node,
        round,
        sealed: false,
        reserved: true,
        stake: 10,
        needed: false,
    };
    session.bids = vec![own(0, 0), own(1, 1)];
    let acts = plan(&policy(), &[], &seen(vec![session.clone()]));
    assert_eq!(bids(&acts), [(0, 500, 10, false)]);
    session.sponsors = [Address::repeat_byte(0xee), PRINCIPAL];
    assert_eq!(
        bids(&plan(&policy(), &[], &seen(vec![session.clone()]))),
        []
    );
    session.sponsors = [Address::repeat_byte(0xee); 2];
    session.docket.own.attested = false;
    let acts = plan(&policy(), &[], &seen(vec![session.clone()]));
    assert!(bids(&acts).is_empty() && matches!(acts[0], Act::Attest { .. }));
    let mut barred = seen(vec![session]);
    barred.bars = 1;
    assert!(
        !plan(&policy(), &[], &barred)
            .iter()
            .any(|act| matches!(act, Act::Attest { .. } | Act::Bid(_)))
    );
}

#[test]
fn a_ranking_is_by_text_domain_and_measure_and_names_every_candidate() {
    let mut voting = session(election(Step::Committing), None, 500);
    voting.docket.election.candidates = 4;
    voting.proposals = vec![
        proposal(1, 1, Some((90, 1))),
        proposal(2, 2, None),
        proposal(3, 3, Some((50, 7))),
        Proposal {
            domain: B256::repeat_byte(0xd1),
            ..proposal(4, 4, Some((99, 9)))
        },
        proposal(5, 0, Some((1, 1))),
    ];
    let mut vote = policy().vote.expect("votes");
    assert_eq!(order(&vote, &voting), [2, 0, 3, 1]);
    vote.order = Order::Smallest;
    assert_eq!(order(&vote, &voting), [0, 2, 3, 1]);
    vote.order = Order::Earliest;
    vote.prefers.insert(B256::repeat_byte(0xd1));
    assert_eq!(order(&vote, &voting), [3, 0, 2, 1]);
    assert_eq!(
        ranking(&vote, &voting).map(Ranking::bits),
        Some(0x1203),
        "the best in the lowest bits"
    );
    voting.docket.election.candidates = 5;
    assert_eq!(ranking(&vote, &voting), None, "one is not known");
}

#[test]
fn each_step_of_a_deliberation_has_its_act_while_its_time_runs() {
    let acts = |step, change: fn(&mut Session), now| {
        let mut of = session(election(step), None, now);
        of.docket.election.candidates = 1;
        of.docket.election.evidence = true;
        of.proposals = vec![proposal(1, 1, Some((1, 1)))];
        change(&mut of);
        plan(&policy(), &[], &seen(vec![of]))
    };
    let unchanged: fn(&mut Session) = |_| {};
    assert!(matches!(
        acts(Step::Proposing, unchanged, UNTIL)[..],
        [Act::Sponsor { .. }]
    ));
    for (step, now) in [
        (Step::Proposing, UNTIL + 1),
        (Step::Committing, UNTIL + 1),
        (Step::Debating, UNTIL - 99),
    ] {
        assert_eq!(acts(step, unchanged, now), [], "{step:?} at {now}");
    }
    assert_eq!(
        acts(Step::Proposing, |of| of.proposals[0].totals = None, 1),
        []
    );
    assert_eq!(
        acts(Step::Proposing, |of| of.proposals[0].sponsored = true, 1),
        []
    );
    assert!(matches!(
        acts(Step::Debating, unchanged, UNTIL - 100)[..],
        [Act::Poll { place: 0, .. }]
    ));
    assert_eq!(acts(Step::Debating, |of| of.polled = true, 1), []);
    assert_eq!(
        acts(Step::Debating, |of| of.docket.election.evidence = false, 1),
        []
    );
    assert!(matches!(
        acts(Step::Committing, unchanged, UNTIL)[..],
        [Act::Commit { ranking: 0, .. }]
    ));
    assert_eq!(acts(Step::Committing, |of| of.committed = true, 1), []);
    assert_eq!(acts(Step::Revealing, unchanged, 1), [], "nothing is sealed");
    assert!(matches!(
        acts(Step::Revealing, |of| of.committed = true, 1)[..],
        [Act::Reveal { .. }]
    ));
}

#[test]
fn a_wish_is_petitioned_for_once_and_proposed_where_it_can_be() {
    let wish = Wish {
        statute_hash: B256::repeat_byte(7),
        domain: DOMAIN,
    };
    let petition = Petition {
        id: B256::repeat_byte(8),
        opener: PRINCIPAL,
        subject_hash: subject(wish.statute_hash),
        signatures: 1,
        needed: 2,
        expires_at: UNTIL,
        used: false,
        signed: true,
    };
    let with = |petition: Option<Petition>, wishes: &[Wish]| {
        let mut seen = seen(Vec::new());
        seen.petitions.extend(petition);
        plan(&policy(), wishes, &seen)
    };
    assert!(matches!(
        with(None, &[wish])[..],
        [Act::OpenPetition { .. }]
    ));
    assert_eq!(with(Some(petition), &[wish]), []);
    let whole = Petition {
        signatures: 2,
        ..petition
    };
    assert!(matches!(
        with(Some(whole), &[wish])[..],
        [Act::OpenSession { .. }]
    ));
    assert_eq!(with(Some(whole), &[]), [], "its opener opens it");
    let others = Petition {
        signed: false,
        ..petition
    };
    assert!(matches!(
        with(Some(others), &[])[..],
        [Act::SignPetition { .. }]
    ));
    let proposing = session(election(Step::Proposing), None, 500);
    let acts = plan(&policy(), &[wish], &seen(vec![proposing]));
    assert!(matches!(acts[..], [Act::Propose { .. }]), "{acts:?}");
}

#[test]
fn who_is_not_in_the_city_enters_by_its_policy_step_by_step() {
    let table = "\n[register]\nattestations = \"in\"\nstake_max_base_units = \"9\"\ndeposit_base_units = \"5000\"\n";
    let enters = Policy::parse(&format!("{POLICY}{table}")).expect("valid");
    let by_hand = Policy::parse(&format!(
        "{POLICY}{}",
        table.replace("attestations = \"in\"\n", "")
    ));
    let outside = |enrolled| Seen {
        principal: Address::ZERO,
        entering: Some(Entering {
            enrolled,
            principal_nonce: 3,
            registrations: 2,
        }),
        ..seen(vec![bidding(0)])
    };
    assert_eq!(plan(&policy(), &[], &outside(false)), []);
    assert_eq!(plan(&policy(), &[], &outside(true)), []);
    let enrol = Act::Enrol { nonce: 3 };
    assert_eq!(plan(&enters, &[], &outside(false)), [enrol]);
    let register = Act::Register {
        nonce: 3,
        registrations: 2,
    };
    let by_hand = by_hand.expect("valid");
    assert_eq!(plan(&by_hand, &[], &outside(false)), []);
    assert_eq!(
        plan(&by_hand, &[], &outside(true)),
        std::slice::from_ref(&register)
    );
    assert_eq!(plan(&enters, &[], &outside(true)), [register]);
    let deposit = Act::Deposit { amount: 5_000 };
    let mut inside = seen(Vec::new());
    assert_eq!(plan(&enters, &[], &inside), [deposit]);
    inside.credit = 5_000;
    let withdraw = Act::Withdraw {
        amount: 4_900,
        block: 500,
    };
    assert_eq!(plan(&enters, &[], &inside), [withdraw]);
}

#[test]
fn a_principal_that_is_too_young_has_no_voice_and_its_agent_works() {
    let wish = Wish {
        statute_hash: B256::repeat_byte(7),
        domain: DOMAIN,
    };
    let mut session = bidding(0);
    session.nodes = vec![(0, node(1, 0))];
    let mut young = seen(vec![session]);
    let has_voice = |seen: &Seen| {
        let acts = plan(&policy(), &[wish], seen);
        acts.iter()
            .any(|act| matches!(act, Act::OpenPetition { .. }))
    };
    assert!(has_voice(&young));
    young.of_age = false;
    assert!(!has_voice(&young));
    assert_eq!(bids(&plan(&policy(), &[wish], &young)).len(), 1);
}

#[test]
fn what_became_nothing_is_freed_and_credit_beyond_need_is_withdrawn() {
    let bid = |number, round, needed| OwnBid {
        number,
        node: 0,
        round,
        sealed: false,
        reserved: true,
        stake: 10,
        needed,
    };
    let freed_at = |now, state: State, round| {
        let mut of = bidding(round);
        of.bids = vec![bid(3, 1, false), bid(1, 0, false), bid(2, 1, true)];
        if let Some(procedure) = &mut of.docket.procedure {
            procedure.state = state.number();
        }
        let mut seen = seen(vec![of]);
        seen.at.time = Timestamp::new(now);
        plan(&policy(), &[], &seen)
            .into_iter()
            .find_map(|act| match act {
                Act::ReleaseBids { bids, .. } => Some(bids),
                _ => None,
            })
    };
    let freed = |state, round| freed_at(DEADLINE, state, round);
    assert_eq!(
        freed_at(DEADLINE + 1, State::Deployed, 1),
        Some(vec![1, 2, 3])
    );
    assert_eq!(freed_at(DEADLINE + 1, State::BiddingOpen, 1), Some(vec![1]));
    assert_eq!(freed(State::RegulatoryReview, 1), Some(vec![1]));
    assert_eq!(freed(State::Deployed, 1), Some(vec![1, 3]));
    assert_eq!(freed(State::Failed, 1), Some(vec![1, 2, 3]));
    assert_eq!(freed(State::RegulatoryReview, 0), Some(vec![2, 3]));
    let mut rich = seen(Vec::new());
    rich.credit = 5_000;
    assert!(matches!(
        plan(&policy(), &[], &rich)[..],
        [Act::Withdraw { amount: 4_900, .. }]
    ));
    rich.principal = Address::ZERO;
    assert_eq!(plan(&policy(), &[], &rich), [], "it is not registered");
}

#[test]
fn an_act_is_read_from_a_journal_as_it_was_written() {
    let mut session = bidding(0);
    session.nodes = vec![(0, node(1, 0))];
    for act in plan(&policy(), &[], &seen(vec![session])) {
        let text = serde_json::to_string(&act).expect("JSON");
        assert_eq!(serde_json::from_str::<Act>(&text).expect("read"), act);
    }
    let huge = Act::Withdraw {
        amount: u128::MAX,
        block: 1,
    };
    let text = serde_json::to_string(&huge).expect("JSON");
    assert_eq!(serde_json::from_str::<Act>(&text).expect("read"), huge);
}

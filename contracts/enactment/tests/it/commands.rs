//! Random calls, in order and out of it, against a naive model of a session: lists of bids, sorted; no hash, no packed word.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use agentcity_abi::{IEnactment as wire, ILegislature as law};
use agentcity_domain::{clerk::ClerkRole, parameter::ParameterId as P, peer::Peer};
use agentcity_sessions::{
    APPROVAL, BIDDING, CODING, City, OPENING, PROPOSAL, REVIEW, State, UNIT, agent, clerk,
    doubles::credit_of,
    steps::{Case, SHARE, node},
};
use alloy_primitives::B256;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

const SEED: [u8; 32] = *b"who may bid, and who has won it?";
/// Runs of the quick test; `AGENTCITY_RUNS` asks for more.
const RUNS: u32 = 70;
const LENGTH: usize = 90;
const AGENTS: usize = 6;
const MONEY: u128 = 1_000_000 * UNIT;
const STAKE: u128 = 150 * UNIT;
/// The least fairness here.
const FAIR: u32 = 400;

const KINDS: [&str; 16] = [
    "identify",
    "publishProposal",
    "placeBids",
    "sealBid",
    "openBid",
    "closeBidding",
    "award",
    "decideRegulatory",
    "countersignAward",
    "codify",
    "validate",
    "approve",
    "expireSession",
    "releaseBids",
    "time passes",
    "a session is decided",
];
/// Those of them that call the contracts.
const CALLS: usize = 14;
const STATES: [State; 8] = [
    State::IdentityVerification,
    State::ProposalOpen,
    State::BiddingOpen,
    State::RegulatoryReview,
    State::Codification,
    State::AwaitingApproval,
    State::Deployed,
    State::Failed,
];

/// A bid of the model.
#[derive(Clone, Debug)]
struct Bid {
    node: usize,
    agent: usize,
    price: u128,
    round: u8,
    sealed: Option<law::TaskBid>,
    released: bool,
}

/// A session of the model.
struct Model {
    case: Case,
    state: State,
    expires: u64,
    round: u8,
    deadline: u64,
    bids: Vec<Bid>,
    sealed: bool,
    opens_until: u64,
    deviation: Option<(u32, u32)>,
    won: Option<Vec<(Vec<u32>, u32)>>,
    fairness: u64,
    votes: BTreeMap<usize, bool>,
    blocked: bool,
    template: Option<u16>,
    retries: u8,
    approved: BTreeSet<usize>,
}

impl Model {
    fn new(city: &City, number: usize, size: usize) -> Self {
        let nodes: Vec<_> = (0..=size % 3)
            .map(|i| node(1 + ((size + i) % 2) as u8))
            .collect();
        Self {
            case: city.decided(&format!("session {number}"), &nodes),
            state: State::None,
            expires: 0,
            round: 0,
            deadline: 0,
            bids: Vec::new(),
            sealed: false,
            opens_until: 0,
            deviation: None,
            won: None,
            fairness: 0,
            votes: BTreeMap::new(),
            blocked: false,
            template: None,
            retries: 0,
            approved: BTreeSet::new(),
        }
    }

    fn go(&mut self, now: u64, to: State) {
        self.expires = match to {
            State::ProposalOpen => now + PROPOSAL,
            State::BiddingOpen => now + BIDDING,
            State::RegulatoryReview => now + REVIEW,
            State::Codification => now + CODING,
            State::AwaitingApproval => now + APPROVAL,
            _ => 0,
        };
        self.state = to;
    }

    fn is_in(&self, now: u64, state: State) -> bool {
        self.state == state && now <= self.expires
    }

    /// The bids on a node that may win it, best first: by score, then by number.
    fn field(&self, node: usize) -> Vec<(u32, usize)> {
        let score = |bid: &Bid| 300 + 400 * (SHARE - bid.price) / SHARE;
        let mut field: Vec<_> = (0u32..)
            .zip(&self.bids)
            .filter(|(_, bid)| bid.node == node && bid.round == self.round)
            .filter(|(_, bid)| bid.sealed.is_none() && bid.price <= SHARE)
            .collect();
        field.sort_by_key(|(number, bid)| (std::cmp::Reverse(score(bid)), *number));
        field
            .iter()
            .map(|(number, bid)| (*number, bid.agent))
            .collect()
    }

    /// Who wins each node, and the runner-up plus one; none if some node has too few.
    fn awards(&self) -> Option<Vec<(Vec<u32>, u32)>> {
        let mut all = Vec::new();
        for (place, node) in self.case.nodes.iter().enumerate() {
            let mut field = self.field(place);
            if place == 0
                && let Some((best, chosen)) = self.deviation
            {
                let at = field.iter().position(|(bid, _)| *bid == chosen)?;
                if field[0].0 != best {
                    return None;
                }
                let first = field.remove(at);
                field.insert(0, first);
            }
            let seats = usize::from(node.redundancy);
            if field.len() < seats {
                return None;
            }
            let bids = field.iter().take(seats).map(|(bid, _)| *bid).collect();
            all.push((bids, field.get(seats).map_or(0, |(bid, _)| bid + 1)));
        }
        Some(all)
    }

    /// The fairness of an award: what could be spread, by trying to spread it.
    fn fairness_of(&self, won: &[(Vec<u32>, u32)]) -> u64 {
        let mut seats: BTreeMap<usize, u64> = BTreeMap::new();
        for place in 0..self.case.nodes.len() {
            for (_, who) in self.field(place) {
                seats.entry(who).or_default();
            }
        }
        let winners = won.iter().flat_map(|(bids, _)| bids);
        for bid in winners {
            *seats.entry(self.bids[*bid as usize].agent).or_default() += 1;
        }
        let all: u64 = seats.values().sum();
        let squares = |of: &[u64]| of.iter().map(|n| n * n).sum::<u64>();
        let mut even = vec![0; seats.len()];
        for seat in 0..all as usize {
            even[seat % seats.len()] += 1;
        }
        let found: Vec<u64> = seats.values().copied().collect();
        if all == 1 {
            return 1_000;
        }
        let most = all * all - squares(&even);
        (1_000 * (all * all - squares(&found)))
            .checked_div(most)
            .unwrap_or(0)
    }

    fn is_needed(&self, number: usize) -> bool {
        let won = self.won.as_ref().expect("it is law");
        let (bids, next) = &won[self.bids[number].node];
        bids.contains(&(number as u32)) || *next == number as u32 + 1
    }
}

#[derive(Clone, Copy, Debug)]
struct Command {
    kind: usize,
    numbers: [usize; 4],
}

fn command() -> impl Strategy<Value = Command> {
    let numbers = prop::array::uniform4(0usize..1_000);
    // Three of four are the next step of the session, whatever that is; the others anything.
    (0usize..4 * KINDS.len(), numbers).prop_map(|(kind, numbers)| Command { kind, numbers })
}

/// A kind that carries the session on.
fn next_step(model: &Model, now: u64, pick: usize) -> usize {
    let late = now > model.expires;
    match model.state {
        State::None => 0,
        State::ProposalOpen => {
            if late {
                12
            } else {
                1
            }
        }
        State::BiddingOpen if late => 5,
        State::BiddingOpen => [2, 2, 2, 2, 2, 2, 3, 14][pick % 8],
        State::RegulatoryReview if late => 12,
        State::RegulatoryReview if model.won.is_none() && model.awards().is_none() => 14,
        State::RegulatoryReview if model.sealed && now <= model.opens_until => [4, 14][pick % 2],
        State::RegulatoryReview if model.won.is_none() => [6, 6, 8][pick % 3],
        State::RegulatoryReview => [7, 7, 7, 7, 8][pick % 5],
        State::Codification if late => 12,
        State::Codification => {
            if model.template.is_none() {
                9
            } else {
                10
            }
        }
        State::AwaitingApproval => {
            if late {
                12
            } else {
                11
            }
        }
        State::Deployed | State::Failed => [13, 13, 15][pick % 3],
        _ => 14,
    }
}

/// Runs a command in city and model; which kind it was, and whether it was carried out. Both must agree.
fn apply(
    city: &City,
    model: &mut Model,
    counter: &mut u64,
    command: Command,
) -> Result<(usize, bool), TestCaseError> {
    let [a, b, c, d] = command.numbers;
    let now = city.world.now();
    let kind = if command.kind < KINDS.len() {
        command.kind
    } else {
        next_step(model, now, a)
    };
    *counter += 1;
    let fresh = agentcity_sessions::steps::GOOD - *counter;
    let is_guided = command.kind >= KINDS.len();
    let case = model.case.clone();
    let id = case.id;
    let (expected, done) = match kind {
        0 => {
            let may = model.state == State::None && now <= decided_until(city, &case);
            let mut call = city.request(&case);
            call.message.deadline = fresh;
            call.signature = city.sign(
                Peer::Legislature,
                &clerk(ClerkRole::Registrar, 0),
                &call.message,
            );
            let mut done = city.law(call).is_ok();
            if done {
                for some in city.everybody().chunks(32) {
                    done &= city.law(city.attesting(&case, some)).is_ok();
                }
                done &= city.law(law::confirmRosterCall { sessionId: id }).is_ok();
                model.go(now, State::ProposalOpen);
            }
            (may, done)
        }
        1 => {
            let may = model.is_in(now, State::ProposalOpen);
            let mut message = city.proposal(&case);
            message.deadline = fresh;
            let done = city.law(city.proposing(message)).is_ok();
            if done {
                model.deadline = now + 1_000_000;
                model.go(now, State::BiddingOpen);
            }
            (may, done)
        }
        2 | 3 => {
            let (mut who, mut place) = (b % AGENTS, c % case.nodes.len());
            if is_guided {
                // The next that has not bid yet on the node that has fewest bids.
                let on = |place: usize| {
                    let of = |bid: &&Bid| bid.node == place && bid.round == model.round;
                    model.bids.iter().filter(of).count()
                };
                place = (0..case.nodes.len())
                    .min_by_key(|place| on(*place))
                    .unwrap_or(0);
                let again = |who| (place, who, model.round);
                let bids = |who: &usize| {
                    let of = |bid: &Bid| (bid.node, bid.agent, bid.round) == again(*who);
                    model.bids.iter().any(of)
                };
                let free = (0..AGENTS)
                    .map(|more| (b + more) % AGENTS)
                    .find(|who| !bids(who));
                let Some(free) = free else {
                    city.world.warp(BIDDING + 1);
                    return Ok((14, true));
                };
                who = free;
            }
            let eighths = if is_guided { d % 9 } else { d % 10 } as u128;
            let mut bid = city.bid(&case, who, place as u16, SHARE * eighths / 8);
            bid.stake = STAKE;
            bid.deadline = fresh;
            let again = |old: &Bid| (old.node, old.agent, old.round) == (place, who, model.round);
            let may = model.is_in(now, State::BiddingOpen)
                && !model.bids.iter().any(again)
                && (kind == 3 || bid.price <= case.budget());
            let seals = kind == 3;
            let done = if seals {
                let mut call = city.sealing(who, &bid, B256::repeat_byte(7));
                call.message.deadline = fresh;
                call.signature = city.sign(Peer::Legislature, &agent(who), &call.message);
                city.law(call).is_ok()
            } else {
                city.law(city.bidding(&[(who, bid.clone())])).is_ok()
            };
            if done {
                model.sealed |= seals;
                model.bids.push(Bid {
                    node: place,
                    agent: who,
                    price: bid.price,
                    round: model.round,
                    sealed: seals.then_some(bid),
                    released: false,
                });
            }
            (may, done)
        }
        4 => {
            let sealed: Vec<usize> = (0..model.bids.len())
                .filter(|at| model.bids[*at].sealed.is_some())
                .collect();
            let Some(at) = sealed.get(b % sealed.len().max(1)).copied() else {
                return Ok((kind, false));
            };
            let bid = model.bids[at].clone();
            let opening = bid.sealed.clone().expect("sealed");
            let may = model.is_in(now, State::RegulatoryReview)
                && now <= model.opens_until
                && bid.round == model.round
                && bid.price <= case.budget();
            let call = city.opening(at as u32, &opening, B256::repeat_byte(7));
            let done = city.law(call).is_ok();
            if done {
                model.bids[at].sealed = None;
            }
            (may, done)
        }
        5 => {
            let may = model.state == State::BiddingOpen && now > model.expires;
            let done = city.law(law::closeBiddingCall { sessionId: id }).is_ok();
            if done {
                let covered = |place| {
                    let on = |bid: &Bid| bid.node == place && bid.round == model.round;
                    model.bids.iter().any(on)
                };
                let all = (0..case.nodes.len()).all(covered);
                model.opens_until = now + OPENING;
                model.go(
                    now,
                    if all {
                        State::RegulatoryReview
                    } else {
                        State::Failed
                    },
                );
            }
            (may, done)
        }
        6 => {
            let opened = !model.sealed || now > model.opens_until;
            let awards = model.awards();
            let may = model.is_in(now, State::RegulatoryReview)
                && opened
                && model.won.is_none()
                && awards.is_some();
            let done = city.enact(city.awarding(&case)).is_ok();
            if done && let Some(awards) = awards {
                model.fairness = model.fairness_of(&awards);
                model.won = Some(awards);
            }
            (may, done)
        }
        7 => {
            let (who, critical) = (b % 3, c % 8 == 0);
            let returns = critical || c % 8 == 1;
            let mut message = city.decision(&case);
            message.deadline = fresh;
            message.repropose = returns && !critical;
            if critical {
                message.flags.push(wire::ComplianceFlag {
                    node: 0,
                    code: 1,
                    severity: wire::Severity::Critical,
                    evidenceHash: B256::ZERO,
                });
            }
            let fair = model.won.is_some() && model.fairness >= FAIR.into();
            let may = model.is_in(now, State::RegulatoryReview)
                && !model.votes.contains_key(&who)
                && (returns || fair && !model.blocked);
            let done = city.enact(city.deciding(who, message)).is_ok();
            if done {
                model.votes.insert(who, returns);
                model.blocked |= critical;
                let count = |of| model.votes.values().filter(|vote| **vote == of).count();
                if returns && count(true) == 2 {
                    let to = if model.round >= 2 {
                        State::Failed
                    } else {
                        State::ProposalOpen
                    };
                    if to == State::ProposalOpen {
                        model.round += 1;
                        model.sealed = false;
                        model.deviation = None;
                        model.won = None;
                        model.votes.clear();
                        model.blocked = false;
                    }
                    model.go(now, to);
                } else if !returns && count(false) == 2 {
                    model.go(now, State::Codification);
                }
            }
            (may, done)
        }
        8 => {
            let field = model.field(0);
            let best = field.first().map_or(9, |(bid, _)| *bid);
            let best = if c % 5 == 0 { best + 1 } else { best };
            let chosen = field.get(b % field.len().max(1)).map_or(9, |(bid, _)| *bid);
            let message = wire::AwardDeviation {
                sessionId: id,
                node: 0,
                best,
                chosen,
                justificationHash: B256::ZERO,
                deadline: fresh,
            };
            let by = clerk(ClerkRole::Regulator, d % 3);
            let may = model.is_in(now, State::RegulatoryReview);
            let signature = city.sign(Peer::Enactment, &by, &message);
            let mut done = city
                .enact(wire::deviateAwardCall { message, signature })
                .is_ok();
            let call = wire::countersignAwardCall {
                sessionId: id,
                node: 0,
                chosen,
            };
            done &= city.panel(call).is_ok();
            if done {
                model.deviation = Some((best, chosen));
                model.won = None;
                model.votes.clear();
                model.blocked = false;
            }
            (may, done)
        }
        9 => {
            let version = if b % 4 == 0 { 2 } else { 1 };
            let mut message = city.specification(&case);
            message.templateVersion = version;
            message.deadline = fresh;
            let may = model.is_in(now, State::Codification);
            let done = city.enact(city.codifying(message)).is_ok();
            if done {
                model.template = Some(version);
            }
            (may, done)
        }
        10 => {
            let may = model.is_in(now, State::Codification) && model.template.is_some();
            let done = city.enact(city.validating(&case)).is_ok();
            if done {
                // The second version allows tier 1 alone.
                let version = model.template.take();
                if version == Some(2) && case.nodes.iter().any(|node| node.tier != 1) {
                    model.retries += 1;
                    if model.retries > 2 {
                        model.go(now, State::Failed);
                    }
                } else {
                    model.go(now, State::AwaitingApproval);
                }
            }
            (may, done)
        }
        11 => {
            let who = b % 4;
            let (role, i) = match who {
                3 => (ClerkRole::Speaker, 0),
                i => (ClerkRole::Regulator, i),
            };
            let mut message = city.approval(&case, role);
            message.deadline = fresh;
            let may = model.is_in(now, State::AwaitingApproval) && !model.approved.contains(&who);
            let done = city.enact(city.approving(&clerk(role, i), message)).is_ok();
            if done {
                model.approved.insert(who);
                if model.approved.contains(&3) && model.approved.len() > 2 {
                    model.go(now, State::Deployed);
                }
            }
            (may, done)
        }
        12 => {
            let timed = [
                State::ProposalOpen,
                State::RegulatoryReview,
                State::Codification,
                State::AwaitingApproval,
            ];
            let may = timed.contains(&model.state) && now > model.expires;
            let done = city.law(law::expireSessionCall { sessionId: id }).is_ok();
            if done {
                model.go(now, State::Failed);
            }
            (may, done)
        }
        13 => {
            let number = b % (model.bids.len() + 1);
            let may = model.bids.get(number).is_some_and(|bid| {
                !bid.released
                    && match model.state {
                        _ if bid.round != model.round => true,
                        State::Failed => true,
                        State::Deployed => now > model.deadline || !model.is_needed(number),
                        _ => false,
                    }
            });
            let call = law::releaseBidsCall {
                sessionId: id,
                bids: vec![number as u32],
            };
            let done = city.law(call).is_ok();
            if done {
                model.bids[number].released = true;
            }
            (may, done)
        }
        14 => {
            city.world
                .warp([1, 20, OPENING + 1, REVIEW, BIDDING + 1][b % 5]);
            (true, true)
        }
        _ => {
            // Another session, once this one came to its end.
            let may = matches!(model.state, State::Deployed | State::Failed)
                || model.state == State::None && now > decided_until(city, &case);
            let all = model.bids.iter().all(|bid| bid.released);
            if may && (all || model.state == State::Deployed) {
                let held: Vec<_> = model
                    .bids
                    .iter()
                    .filter(|bid| !bid.released)
                    .cloned()
                    .collect();
                for bid in held {
                    agentcity_sessions::doubles::credit(city, agent(bid.agent).address, STAKE);
                }
                *model = Model::new(city, 1_000 + *counter as usize, a);
                return Ok((kind, true));
            }
            return Ok((kind, false));
        }
    };
    prop_assert_eq!(
        done,
        expected,
        "{} in {:?}: {:?}",
        KINDS[kind],
        model.state,
        command
    );
    Ok((kind, done))
}

fn decided_until(city: &City, case: &Case) -> u64 {
    city.facts_mut().outcomes[&case.id].expiresAt.to()
}

/// Everything that can be asked, against the model.
fn compare(city: &City, model: &Model) -> Result<(), TestCaseError> {
    let session = city.session(model.case.id);
    prop_assert_eq!(session.state, model.state);
    prop_assert_eq!(session.bids as usize, model.bids.len());
    prop_assert_eq!(session.reproposals, model.round);
    prop_assert_eq!(session.expiresAt.to::<u64>(), model.expires);
    let law = city.law_of(model.case.id);
    prop_assert_eq!(law.approved, model.state == State::Deployed);
    for (place, _) in (0..).zip(&model.case.nodes) {
        let expected = model
            .won
            .as_ref()
            .map(|won| won[usize::from(place)].clone());
        if let Some(expected) = expected {
            prop_assert_eq!(city.award_of(&model.case, place), expected);
        }
    }
    if model.won.is_some() {
        prop_assert_eq!(u64::from(law.fairness), model.fairness);
    } else {
        prop_assert_eq!(law.assignmentsHash, B256::ZERO);
    }
    for i in 0..AGENTS {
        let mut held = 0;
        for bid in &model.bids {
            if bid.agent == i && !bid.released {
                held += STAKE;
            }
        }
        prop_assert_eq!(
            credit_of(city, agent(i).address),
            MONEY - held,
            "agent {}",
            i
        );
    }
    Ok(())
}

#[test]
fn random_calls_agree_with_a_naive_model() {
    let runs = std::env::var("AGENTCITY_RUNS").ok();
    let runs = runs.and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    println!(
        "{runs} runs of {LENGTH} commands, seed {}",
        SEED.escape_ascii()
    );
    let config = Config {
        cases: runs,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let (tried, succeeded) = (
        Cell::new([0u32; KINDS.len()]),
        Cell::new([0u32; KINDS.len()]),
    );
    let reached = Cell::new([0u32; STATES.len()]);
    let count = |cell: &Cell<[u32; KINDS.len()]>, kind: usize| {
        let mut counts = cell.get();
        counts[kind] += 1;
        cell.set(counts);
    };
    let commands = prop::collection::vec(command(), LENGTH);
    TestRunner::new_with_rng(config, rng)
        .run(&(0usize..6, commands), |(size, commands)| {
            let city = City::of(AGENTS);
            city.set(P::MinFairnessScore, FAIR);
            city.enact(city.publishing(city.template()))
                .expect("published");
            let narrow = wire::TemplateVersion {
                version: 2,
                tiersAllowed: 0b0010,
                ..city.template()
            };
            city.enact(city.publishing(narrow)).expect("published");
            let mut model = Model::new(&city, 0, size);
            let mut counter = 0;
            for command in commands {
                let (kind, done) = apply(&city, &mut model, &mut counter, command)?;
                count(&tried, kind);
                if done {
                    count(&succeeded, kind);
                }
                compare(&city, &model)?;
                let mut states = reached.get();
                for (at, state) in STATES.iter().enumerate() {
                    states[at] += u32::from(model.state == *state);
                }
                reached.set(states);
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    let (tried, succeeded, reached) = (tried.get(), succeeded.get(), reached.get());
    let calls = |counts: &[u32; KINDS.len()]| counts[..CALLS].iter().sum::<u32>();
    let (all, good) = (calls(&tried), calls(&succeeded));
    println!("all: {good} of {all}");
    for (kind, name) in KINDS.iter().enumerate() {
        println!("{name}: {} of {}", succeeded[kind], tried[kind]);
        assert!(
            succeeded[kind] >= 20,
            "{name} succeeded {} times",
            succeeded[kind]
        );
    }
    for (at, state) in STATES.iter().enumerate().skip(1) {
        println!("{state:?}: {}", reached[at]);
        assert!(reached[at] > 0, "no session was ever in {state:?}");
    }
    assert!(100 * good >= 40 * all, "{good} of {all} succeeded");
}

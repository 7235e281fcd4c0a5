//! Random calls, honest and hostile, against a naive model of deployments: lists of pages, searched; no hash, no packed word.

use std::cell::Cell;

use agentcity_abi::IStatute as wire;
use agentcity_domain::statute::{Node, seats::Seats};
use alloy_primitives::B256;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::city::*;

const SEED: [u8; 32] = *b"who may write what the law says?";
/// Runs of the quick test; `AGENTCITY_RUNS` asks for more.
const RUNS: u32 = 60;
const LENGTH: usize = 60;
const MISSIONS: usize = 2;
/// Most missions of one run.
const MISSIONS_MAX: usize = 12;

const KINDS: [&str; 7] = [
    "deployTranche",
    "deploySeats",
    "finalise",
    "deployMission",
    "a law is approved",
    "the city changes",
    "time passes",
];
const WEIGHTS: [usize; 7] = [10, 24, 4, 3, 6, 2, 1];
/// Those of them that call the contract.
const CALLS: usize = 4;
const STATES: [&str; 7] = [
    "nothing",
    "some pages",
    "all pages",
    "some seats",
    "whole",
    "law",
    "late",
];
/// What may be wrong with a law that was approved all the same.
const FLAWS: usize = 6;

/// How a call differs from the honest next one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lie {
    None,
    Number,
    Byte,
    Rest,
    OtherMission,
    Nothing,
    Reversed,
}

#[derive(Clone, Copy, Debug)]
struct Command {
    kind: usize,
    numbers: [usize; 3],
    lie: Lie,
}

fn command() -> impl Strategy<Value = Command> {
    let kinds: Vec<usize> = (0..KINDS.len())
        .flat_map(|kind| vec![kind; WEIGHTS[kind]])
        .collect();
    let lies = [
        Lie::Number,
        Lie::Byte,
        Lie::Rest,
        Lie::OtherMission,
        Lie::Nothing,
        Lie::Reversed,
    ];
    let mut weighted = vec![Lie::None; 24];
    weighted.extend(lies);
    let kind = prop::sample::select(kinds);
    (kind, any::<[u16; 3]>(), prop::sample::select(weighted)).prop_map(|(kind, numbers, lie)| {
        Command {
            kind,
            numbers: numbers.map(usize::from),
            lie,
        }
    })
}

/// A mission as a list of what was written.
struct Mission {
    case: Case,
    nodes: usize,
    pages: usize,
    seats: usize,
    law: bool,
    deadline: u64,
    /// Pages that break a rule, or after which the tokens are too many.
    bad_page: Option<usize>,
    bad_seats: Option<usize>,
    /// Whether it lacks something that only finalising asks for.
    lacks: bool,
}

impl Mission {
    fn nodes_written(&self) -> usize {
        (128 * self.pages).min(self.nodes)
    }

    fn state(&self, late: bool) -> usize {
        let (pages, seats) = (self.case.pages.len(), self.case.seats.len());
        match () {
            () if self.law => 5,
            () if late => 6,
            () if self.pages == pages && self.seats == seats => 4,
            () if self.seats > 0 => 3,
            () if self.pages == pages => 2,
            () if self.pages > 0 => 1,
            () => 0,
        }
    }
}

/// A mission of some size with some flaw, or mostly none.
fn mission(city: &City, number: usize, size: usize, flaw: usize) -> Mission {
    let flaw = flaw % (4 * FLAWS);
    let nodes = [5, 40, 140, 300, 260, 390][size % 6];
    let mut drafts = chain(nodes);
    let middle = nodes / 2;
    let page_of_middle = usize::from(middle / 128);
    let (mut bad_page, mut bad_seats, mut lacks) = (None, None, false);
    match flaw {
        1 => {
            drafts[usize::from(middle)].node.digest = B256::ZERO;
            bad_page = Some(page_of_middle);
        }
        2 => {
            drafts[usize::from(middle)].successors = vec![0];
            bad_page = Some(page_of_middle);
        }
        3 => {
            // 100,000 is the mission's; the ones before have ten each.
            let taken = 100_000 - 10 * u32::from(middle) + 1;
            drafts[usize::from(middle)].node = Node {
                tokens: taken,
                ..node(1)
            };
            bad_page = Some(page_of_middle);
        }
        5 => {
            drafts[0].node.risk = 2;
            lacks = true;
        }
        _ => {}
    }
    let mut seats = seats_of(&drafts);
    if flaw == 4 {
        let at = seats.len() / 2;
        seats[at].price += 1;
        bad_seats = Some(usize::from(seats[at].node / 16));
    }
    let case = city.case(&format!("mission {number}"), &drafts, &[], &seats);
    Mission {
        case,
        nodes: nodes.into(),
        pages: 0,
        seats: 0,
        law: false,
        deadline: city.deadline(),
        bad_page,
        bad_seats,
        lacks,
    }
}

/// Does one command; whether it was to succeed, and did.
fn apply(
    city: &City,
    missions: &mut Vec<Mission>,
    fewer: &mut bool,
    command: Command,
) -> Result<bool, TestCaseError> {
    let [first, second, third] = command.numbers;
    let now = city.world.now();
    let (answer, expected) = match KINDS[command.kind] {
        kind @ ("deployTranche" | "deploySeats") => {
            let of_seats = kind == "deploySeats";
            // Mostly a mission that has something to come, if any has.
            let waits = |mission: &Mission| {
                if now > mission.deadline {
                    false
                } else if of_seats {
                    mission.seats < mission.case.seats.len()
                        && 16 * mission.seats < mission.nodes_written()
                        && mission.bad_seats != Some(mission.seats)
                } else {
                    mission.pages < mission.case.pages.len()
                        && mission.bad_page != Some(mission.pages)
                }
            };
            let waiting: Vec<usize> = (0..missions.len())
                .filter(|at| waits(&missions[*at]))
                .collect();
            let aims = third % 8 > 0;
            if aims && waiting.is_empty() && !of_seats && missions.len() < MISSIONS_MAX {
                let mission = mission(city, missions.len(), first, second);
                missions.push(mission);
            }
            let at = match waiting.get(first % waiting.len().max(1)) {
                Some(at) if aims => *at,
                None if aims => missions.len() - 1,
                _ => first % missions.len(),
            };
            let other = (at + 1) % missions.len();
            let mission = &missions[at];
            let (law, written, others) = if of_seats {
                (
                    &mission.case.seats,
                    mission.seats,
                    &missions[other].case.seats,
                )
            } else {
                (
                    &mission.case.pages,
                    mission.pages,
                    &missions[other].case.pages,
                )
            };
            let mut left = law.len() - written;
            if of_seats && aims {
                left = left.min(mission.nodes_written().div_ceil(16).saturating_sub(written));
            }
            let count = match command.lie {
                Lie::Nothing => 0,
                _ => left.min(1 + second % 3),
            };
            let mut shown: Vec<Vec<u8>> = law[written..written + count].to_vec();
            let mut rest = hash(&law[written + count..]);
            let mut number = written as u16;
            let mut honest = count > 0;
            match command.lie {
                Lie::None => {}
                Lie::Number => {
                    number = number.wrapping_add(1 + third as u16 % 9);
                    honest = false;
                }
                Lie::Byte => {
                    if let Some(page) = shown.last_mut() {
                        let place = third % page.len().max(1);
                        page[place] ^= 1 << (third % 8);
                    }
                    honest = false;
                }
                Lie::Rest => {
                    rest[third % 32] ^= 1;
                    honest = false;
                }
                Lie::OtherMission => {
                    shown = others.iter().take(count).cloned().collect();
                    honest &= shown[..] == law[written..written + count];
                }
                Lie::Nothing => honest = false,
                Lie::Reversed => {
                    shown.reverse();
                    honest &= shown[..] == law[written..written + count];
                }
            }
            let upto = written + count;
            let lawful = |bad: Option<usize>| bad.is_none_or(|bad| bad < written || bad >= upto);
            let expected = honest
                && now <= mission.deadline
                && !mission.law
                && if of_seats {
                    lawful(mission.bad_seats) && 16 * (upto - 1) < mission.nodes_written()
                } else {
                    lawful(mission.bad_page)
                };
            let pages = shown.into_iter().map(Into::into).collect();
            let mission_id = mission.case.mission;
            let answer = if of_seats {
                city.call(wire::deploySeatsCall {
                    missionId: mission_id,
                    tranche: number,
                    pages,
                    rest,
                })
                .map(|_| ())
            } else {
                city.call(wire::deployTrancheCall {
                    missionId: mission_id,
                    tranche: number,
                    pages,
                    rest,
                })
                .map(|_| ())
            };
            if expected {
                let mission = &mut missions[at];
                let written = if of_seats {
                    &mut mission.seats
                } else {
                    &mut mission.pages
                };
                *written = upto;
            }
            (answer.is_ok(), expected)
        }
        "finalise" => {
            // Mostly one that is ready, if any is.
            let whole = |mission: &Mission| mission.state(false) == 4;
            let ready = (0..missions.len()).find(|at| whole(&missions[*at]));
            let at = if third % 8 == 0 {
                first % missions.len()
            } else {
                ready.unwrap_or(first % missions.len())
            };
            let mission = &mut missions[at];
            let expected = whole(mission) && now <= mission.deadline && !mission.lacks && !*fewer;
            let answer = city.call(mission.case.finalise()).is_ok();
            mission.law |= expected;
            (answer, expected)
        }
        "deployMission" => {
            // Mostly one of which nothing was brought, if there is any.
            let is_new = |mission: &Mission| mission.pages == 0 && mission.seats == 0;
            let new = (0..missions.len()).find(|at| is_new(&missions[*at]));
            let at = if third % 4 == 0 {
                first % missions.len()
            } else {
                new.unwrap_or(first % missions.len())
            };
            let mission = &mut missions[at];
            let mut call = mission.case.whole();
            let mut honest = true;
            match command.lie {
                Lie::None => {}
                Lie::Reversed => {
                    call.pages.reverse();
                    honest = call.pages.len() == 1;
                }
                Lie::Nothing => {
                    call.seatPages.clear();
                    honest = false;
                }
                Lie::OtherMission | Lie::Number => {
                    std::mem::swap(&mut call.pages, &mut call.seatPages);
                    honest = false;
                }
                Lie::Byte | Lie::Rest => {
                    call.seatPages.pop();
                    honest = false;
                }
            }
            let lawful = mission.bad_page.is_none() && mission.bad_seats.is_none();
            let ready = now <= mission.deadline && !mission.lacks && !*fewer;
            let expected = honest && lawful && ready && is_new(mission) && !mission.law;
            let answer = city.call(call).is_ok();
            if expected {
                mission.pages = mission.case.pages.len();
                mission.seats = mission.case.seats.len();
                mission.law = true;
            }
            (answer, expected)
        }
        "a law is approved" => {
            if missions.len() < MISSIONS_MAX {
                let mission = mission(city, missions.len(), first, second);
                missions.push(mission);
            }
            (true, true)
        }
        "the city changes" => {
            *fewer = second % 3 == 0;
            city.facts_mut().active = if *fewer { 6 } else { 7 };
            (true, true)
        }
        "time passes" => {
            city.world.warp([1_000, 100_000, 700_000][second % 3]);
            (true, true)
        }
        other => unreachable!("{other}"),
    };
    prop_assert_eq!(answer, expected, "{:?}", command);
    Ok(answer)
}

/// The contract against the model: counts, and every page that was written.
fn compare(city: &City, missions: &[Mission]) -> Result<(), TestCaseError> {
    for mission in missions {
        let found = city.deployment(&mission.case);
        prop_assert_eq!(usize::from(found.tranches), mission.pages);
        prop_assert_eq!(usize::from(found.seatPages), mission.seats);
        prop_assert_eq!(usize::from(found.nodes), mission.nodes_written());
        // What it was held to is not kept of a law.
        let budget = if mission.law {
            0
        } else {
            300 * mission.nodes_written() as u128
        };
        prop_assert_eq!(found.budget, budget);
        let (pages, seats) = (&mission.case.pages, &mission.case.seats);
        if mission.pages > 0 {
            prop_assert_eq!(found.statuteRest, hash(&pages[mission.pages..]));
        }
        if mission.seats > 0 {
            prop_assert_eq!(found.assignmentsRest, hash(&seats[mission.seats..]));
        }
    }
    Ok(())
}

/// At the end: what stands at each account is the law's page.
fn compare_code(city: &City, missions: &[Mission]) -> Result<(), TestCaseError> {
    for mission in missions {
        let id = mission.case.mission;
        for (index, page) in mission.case.pages.iter().enumerate() {
            let call = wire::pageCall {
                missionId: id,
                index: index as u16,
            };
            let found = city.call(call).expect("a view");
            let code = alloy_primitives::keccak256([&[0], &page[..]].concat());
            let expected = if index < mission.pages {
                code
            } else {
                B256::ZERO
            };
            prop_assert_eq!(found.codehash, expected);
        }
        for (index, page) in mission.case.seats.iter().enumerate() {
            let call = wire::seatPageCall {
                missionId: id,
                index: index as u16,
            };
            let found = city.call(call).expect("a view");
            let code = alloy_primitives::keccak256([&[0], &page[..]].concat());
            let expected = if index < mission.seats {
                code
            } else {
                B256::ZERO
            };
            prop_assert_eq!(found.codehash, expected);
        }
    }
    Ok(())
}

/// Every stake that a seat names is locked once its page is there, and nothing else (INV-STATUTE-04).
fn compare_stakes(locked: u128, missions: &[Mission]) -> Result<(), TestCaseError> {
    let mut expected = 0;
    for mission in missions {
        for (page, first) in mission.case.seats[..mission.seats].iter().zip(0u16..) {
            expected += Seats::of(page, 16 * first)
                .map(|seat| seat.stake)
                .sum::<u128>();
        }
    }
    prop_assert_eq!(locked, expected);
    Ok(())
}

#[test]
fn random_calls_write_the_approved_pages_and_nothing_else() {
    let runs = std::env::var("AGENTCITY_RUNS");
    let runs = runs.map_or(RUNS, |runs| runs.parse().expect("a number"));
    println!("seed: {}", String::from_utf8_lossy(&SEED));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let config = Config {
        cases: runs,
        failure_persistence: None,
        ..Config::default()
    };
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
    let sizes = prop::collection::vec((0usize..6, 0usize..4 * FLAWS), MISSIONS);
    let commands = prop::collection::vec(command(), LENGTH);
    TestRunner::new_with_rng(config, rng)
        .run(&(sizes, commands), |(sizes, commands)| {
            let city = City::new();
            let mut missions: Vec<Mission> = (0..)
                .zip(sizes)
                .map(|(number, (size, flaw))| mission(&city, number, size, flaw))
                .collect();
            let (mut fewer, mut locked) = (false, 0u128);
            for command in commands {
                let done = apply(&city, &mut missions, &mut fewer, command)?;
                count(&tried, command.kind);
                if done {
                    count(&succeeded, command.kind);
                }
                for told in city.take_told::<agentcity_abi::ITreasury::lockStakesCall>(
                    agentcity_domain::peer::Peer::Treasury,
                ) {
                    locked += told.stakes.iter().map(|stake| stake.amount).sum::<u128>();
                }
                compare(&city, &missions)?;
                compare_stakes(locked, &missions)?;
                let now = city.world.now();
                let mut states = reached.get();
                for mission in &missions {
                    states[mission.state(now > mission.deadline)] += 1;
                }
                reached.set(states);
            }
            compare_code(&city, &missions)
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    let (tried, succeeded, reached) = (tried.get(), succeeded.get(), reached.get());
    let calls = |counts: &[u32; KINDS.len()]| counts[..CALLS].iter().sum::<u32>();
    let (all, good) = (calls(&tried), calls(&succeeded));
    println!(
        "all: {good} of {all}, {:.1} %",
        100.0 * f64::from(good) / f64::from(all)
    );
    for (kind, name) in KINDS.iter().enumerate() {
        println!("{name}: {} of {}", succeeded[kind], tried[kind]);
        assert!(
            succeeded[kind] >= 20,
            "{name} succeeded {} times",
            succeeded[kind]
        );
    }
    for (state, name) in STATES.iter().enumerate() {
        println!("{name}: {}", reached[state]);
        assert!(reached[state] > 0, "no mission was ever: {name}");
    }
    assert!(100 * good >= 40 * all, "{good} of {all} succeeded");
}

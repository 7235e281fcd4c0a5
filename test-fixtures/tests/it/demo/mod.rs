//! The stories of `agentcity demo`: each is told whole, what it tells is compared with a file beside this one, and the chain that it leaves is
//! asked once more, by itself and by the commands that the story names.
//!
//! `SNAPSHOTS=overwrite` writes the files anew. What differs from run to run, or with each change of a contract, is replaced: gas, the
//! constitution's address, and in the story of processes their numbers and those of blocks.

use agentcity_abi::{
    IAssembly::{self as assembly, Stage as Decided},
    ICollaboration::{self as work, MissionState, NodeState},
    IRoster as roster, ITreasury as treasury,
};
use agentcity_domain::peer::Peer;
use agentcity_test_fixtures::{
    city::person::{DEFAULT_SEED, seed},
    demo::{Ending, Facts, Story, Teller, teller::short},
    machines::Machines,
    mission::stage::DEPOSIT,
};
use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall,
};
use snapbox::file;

/// What is replaced: the word before or behind one of these.
const BEFORE_GAS: &str = "gas";
const BEHIND: [&str; 2] = ["block", "-9"];

/// What a story came to.
struct Told {
    ending: Ending,
    facts: Facts,
}

/// Tells a story to its end and compares what it told.
#[track_caller]
fn told(name: &str, kept: snapbox::Data) -> Told {
    let mut heard = Vec::new();
    let mut teller = Teller::new(&mut heard);
    let story = Story::named(name).expect("a story");
    let ending = story.tell(&mut teller);
    let facts = teller.facts().clone();
    let heard = String::from_utf8(heard).expect("text");
    let ending = ending.unwrap_or_else(|error| panic!("{heard}\n{error}"));
    let constitution = ending.stage.city.address(Peer::Constitution);
    let is_of_processes = name == "keeper-killed";
    let heard = redacted(&heard, constitution, is_of_processes);
    // With other keys everybody has another address.
    if seed() == DEFAULT_SEED {
        snapbox::assert_data_eq!(heard, kept.raw());
    }
    let told = Told { ending, facts };
    told.looked_at();
    told
}

/// Replaces what differs from run to run.
fn redacted(heard: &str, constitution: Address, is_of_processes: bool) -> String {
    let mut lines = Vec::new();
    for line in heard.lines() {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for at in 1..words.len() {
            let number = |word: &str| word.starts_with(|first: char| first.is_ascii_digit());
            let is_gas = words[at].trim_end_matches([';', ',', '.']) == BEFORE_GAS;
            if is_gas && number(&words[at - 1]) {
                words[at - 1] = "[N]".to_owned();
            }
            let is_behind = BEHIND.contains(&words[at - 1].as_str());
            if is_of_processes && is_behind && number(&words[at]) {
                let end = words[at].trim_start_matches(|c: char| c.is_ascii_digit() || c == ',');
                words[at] = format!("[N]{end}");
            }
        }
        lines.push(words.join(" "));
    }
    let text = lines.join("\n") + "\n";
    text.replace(&short(constitution), "[CONSTITUTION]")
}

impl Told {
    #[track_caller]
    fn ask<C: SolCall>(&mut self, peer: Peer, call: &C) -> C::Return {
        let stage = &mut self.ending.stage;
        let to = stage.city.address(peer);
        let answer = stage.city.client.ask(to, call);
        answer.unwrap_or_else(|error| panic!("{error}"))
    }

    #[track_caller]
    fn mission(&mut self) -> MissionState {
        let call = work::missionCall {
            missionId: self.ending.subject,
        };
        self.ask(Peer::Collaboration, &call).state
    }

    #[track_caller]
    fn node(&mut self, index: u16) -> NodeState {
        let call = work::nodeCall {
            missionId: self.ending.subject,
            index,
        };
        self.ask(Peer::Collaboration, &call).state
    }

    /// Nothing is anybody's any more in the treasury, and it holds what it books.
    #[track_caller]
    fn is_paid_out(&mut self) {
        let books = self.ending.stage.books().unwrap();
        assert!(books.balance(), "{books:?}");
        let funds = books.parts.treasury + books.parts.subsidyBudget + books.parts.insurance;
        assert_eq!(books.held, funds);
    }

    /// What all executors have taken out of the treasury, by their numbers.
    fn taken(&mut self) -> Vec<U256> {
        let stage = &mut self.ending.stage;
        let withdrawn = stage.events::<treasury::Withdrawn>(Peer::Treasury).unwrap();
        let executors = stage.executors.iter();
        executors
            .map(|executor| {
                let of = |event: &&treasury::Withdrawn| event.to == executor.agent.address();
                withdrawn.iter().filter(of).map(|event| event.amount).sum()
            })
            .collect()
    }

    /// Every command that the story names can be typed as it stands.
    #[track_caller]
    fn looked_at(&self) {
        let stage = &self.ending.stage;
        let terminal = Machines::of(&stage.city).unwrap();
        assert!(self.facts.look.len() > 1);
        for command in &self.facts.look {
            let words: Vec<&str> = command.split(' ').skip(1).collect();
            let said = terminal.client(&stage.sponsor, &words);
            let said = said.unwrap_or_else(|error| panic!("{error}"));
            assert!(said.lines().count() > 1, "{command}: {said}");
        }
    }
}

#[test]
fn a_false_alarm_costs_its_monitor_a_true_one_the_executor_and_one_human_ends_nothing() {
    let mut told = told("freeze-and-override", file!["freeze-and-override.txt"]);
    assert_eq!(told.mission(), MissionState::Aborted);
    assert_eq!(told.node(0), NodeState::Completed);
    let refusals = told.facts.transactions.iter();
    let refusals: Vec<_> = refusals.filter_map(|one| one.refused.as_deref()).collect();
    let expected = [
        "WrongNodeState",
        "MonitorRefused",
        "RotationRequired",
        "SignersMissing",
    ];
    assert_eq!(refusals, expected);
    told.is_paid_out();
    let taken = told.taken();
    let deposit = U256::from(DEPOSIT);
    assert!(taken[0] > deposit && taken[1] < deposit, "{taken:?}");
    let stage = &mut told.ending.stage;
    let charged = stage
        .events::<roster::MonitorCharged>(Peer::Roster)
        .unwrap();
    assert_eq!(charged.len(), 1);
}

#[test]
fn a_circle_of_majorities_is_decided_by_the_least_opposition() {
    let mut told = told("condorcet-cycle", file!["condorcet-cycle.txt"]);
    let session = told.ending.subject;
    let matrix = told.ask(Peer::Assembly, &assembly::matrixCall { sessionId: session });
    let beats = |a: usize, b: usize| matrix[3 * a + b] > matrix[3 * b + a];
    assert!(beats(0, 1) && beats(1, 2) && beats(2, 0), "{matrix:?}");
    let scores = told.ask(Peer::Assembly, &assembly::scoresCall { sessionId: session });
    let least = scores.opposition.iter().min();
    let winner = scores.opposition.iter().position(|one| Some(one) == least);
    assert_eq!(winner, Some(1), "neither the first nor the last");
    let decided = told
        .ending
        .stage
        .events::<assembly::BallotDecided>(Peer::Assembly);
    let decided = decided.unwrap();
    assert_eq!(decided.len(), 1);
    assert_eq!(decided[0].stage, Decided::Minimax);
    let election = told.ending.stage.election(session).unwrap();
    assert_eq!(election.winner, decided[0].proposalId);
}

#[test]
fn five_ballots_too_much_alike_delay_an_outcome_once_and_four_honest_ones_cost_who_says_so() {
    let mut told = told("collusion", file!["collusion.txt"]);
    let stage = &mut told.ending.stage;
    let proved = stage
        .events::<assembly::CollusionProved>(Peer::Assembly)
        .unwrap();
    assert_eq!(proved.len(), 1);
    assert_eq!(proved[0].size, 5);
    let refuted = stage
        .events::<assembly::CollusionRefuted>(Peer::Assembly)
        .unwrap();
    assert_eq!(refuted.len(), 1);
    let lost = stage
        .events::<treasury::BondForfeited>(Peer::Treasury)
        .unwrap();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].owner, refuted[0].claimant);
    let decided = stage
        .events::<assembly::BallotDecided>(Peer::Assembly)
        .unwrap();
    assert_eq!(decided.len(), 1, "it is decided all the same");
}

#[test]
fn after_an_hour_without_a_sequencer_nobody_is_slashed_with_the_panel_or_without_it() {
    let mut told = told("sequencer-outage", file!["sequencer-outage.txt"]);
    assert_eq!(told.mission(), MissionState::Completed);
    let stage = &mut told.ending.stage;
    let changed = stage
        .events::<work::MissionStateChanged>(Peer::Collaboration)
        .unwrap();
    let ended = changed.iter().filter(|one| one.to == MissionState::Aborted);
    assert_eq!(ended.count(), 1, "the one for which nobody answered");
    let slashed = stage
        .events::<treasury::StakeSlashed>(Peer::Treasury)
        .unwrap();
    assert!(slashed.is_empty());
    told.is_paid_out();
    let (taken, deposit) = (told.taken(), U256::from(DEPOSIT));
    assert!(taken[0] > deposit, "paid");
    assert_eq!(taken[1], deposit, "nothing lost");
}

#[test]
fn where_no_human_answers_a_stranger_ends_everything_and_every_coin_comes_back() {
    let mut told = told("silent-humans", file!["silent-humans.txt"]);
    assert_eq!(told.mission(), MissionState::Aborted);
    assert_eq!(told.node(0), NodeState::Completed);
    told.is_paid_out();
    let (taken, deposit) = (told.taken(), U256::from(DEPOSIT));
    assert!(taken[0] > deposit, "the proof was paid");
    assert_eq!(taken[1..], [deposit; 2], "the others have all of it back");
}

#[test]
fn a_keeper_that_is_killed_twice_loses_nothing_and_does_nothing_twice() {
    let mut told = told("keeper-killed", file!["keeper-killed.txt"]);
    assert_eq!(told.mission(), MissionState::Completed);
    let stage = &mut told.ending.stage;
    let settled = stage.events::<treasury::Settled>(Peer::Treasury).unwrap();
    let mut seats: Vec<_> = settled.iter().map(|one| (one.node, one.agent)).collect();
    seats.sort_unstable();
    seats.dedup();
    assert_eq!((seats.len(), settled.len()), (6, 6), "each seat once");
    told.is_paid_out();
    let (taken, deposit) = (told.taken(), U256::from(DEPOSIT));
    assert!(taken.iter().all(|one| *one > deposit), "{taken:?}");
}

//! The security properties of the specification (§4.2) as claims over the role tables and the domain's machines. Each contract's
//! own `roles.rs` runs its table against the program.
//!
//! Complete by construction: a function, an event, a command or a contract that is new and finds no place here makes a test fail.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_abi::roles::{CONTRACTS, Caller, Role, roles, table};
use agentcity_domain::{
    machine::{Command, Graph, Machine, MissionState, NodeState},
    peer::Peer,
};

use crate::{folder, roles::views};

/// The branches of power, and the ground that all stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Branch {
    Ground,
    Legislation,
    Execution,
    Adjudication,
}

use Branch::{Adjudication, Execution, Ground, Legislation};

const fn branch(peer: Peer) -> Branch {
    match peer {
        Peer::Constitution | Peer::Agent | Peer::Management | Peer::Service => Ground,
        Peer::Assembly | Peer::Legislature | Peer::Enactment => Legislation,
        Peer::Statute
        | Peer::Collaboration
        | Peer::Verification
        | Peer::Guardian
        | Peer::Treasury => Execution,
        Peer::Adjudication | Peer::Roster => Adjudication,
    }
}

fn name(peer: Peer) -> &'static str {
    CONTRACTS[peer.place()]
}

/// The member that a caller of a table is, if it is one.
fn member(caller: Caller) -> Option<Peer> {
    Peer::ALL
        .into_iter()
        .find(|peer| peer.name() == caller.name())
}

/// Every function that changes something: its contract, its name and its row.
fn changes() -> Vec<(Peer, String, Role)> {
    let mut all = Vec::new();
    for (peer, table) in Peer::ALL.into_iter().zip(roles()) {
        assert_eq!(table.contract, name(peer));
        let views = views(table.contract);
        let functions = table.functions.into_iter();
        all.extend(
            functions
                .filter(|(function, _)| !views.contains(function))
                .map(|(function, role)| (peer, function, role)),
        );
    }
    all
}

/// Every contract's table is run against its program by the tests of the contract.
#[test]
fn every_contract_has_its_matrix() {
    for contract in CONTRACTS {
        let tests = folder("..")
            .join("contracts")
            .join(contract.to_lowercase())
            .join("tests/it");
        let read = |file: &str| {
            let file = tests.join(file);
            std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
        };
        assert!(read("main.rs").contains("\nmod roles;\n"), "{contract}");
        let matrix = read("roles.rs");
        for line in [
            format!("const CONTRACT: &'static str = \"{contract}\";"),
            format!("const FUNCTIONS: usize = I{contract}Calls::VARIANT_NAMES.len();"),
            "    roles::each_caller::<".to_owned(),
            "    roles::each_change_is_said::<".to_owned(),
        ] {
            assert!(matrix.contains(&line), "{contract}: {line}");
        }
    }
}

// ---------------------------------------------------------------------------------- SP-1, wiring integrity

/// What anyone may do without a signature, besides what moves a machine by its state and the clock: (contract, function, why it
/// needs no authority).
const OPEN: [(Peer, &str, &str); 16] = [
    (
        Peer::Management,
        "admitGenesisClerk",
        "the sealed manifest named them",
    ),
    (
        Peer::Assembly,
        "openDerivedSession",
        "the mission's state calls for it",
    ),
    (
        Peer::Assembly,
        "drawSpeakingOrder",
        "the seed is the block's",
    ),
    (
        Peer::Legislature,
        "openBid",
        "only the bidder knows the salt",
    ),
    (Peer::Enactment, "award", "the bids decide"),
    (Peer::Enactment, "applyReassignment", "the law decides"),
    (Peer::Statute, "deployTranche", "only what was approved"),
    (Peer::Statute, "deployMission", "only what was approved"),
    (
        Peer::Collaboration,
        "substituteRunnerUp",
        "the winner let its window pass",
    ),
    (Peer::Treasury, "deposit", "the caller pays"),
    (Peer::Treasury, "fundMission", "the caller pays"),
    (Peer::Treasury, "contribute", "the caller pays"),
    (Peer::Treasury, "skim", "to the city's treasury alone"),
    (Peer::Agent, "skim", "to the city's treasury alone"),
    (Peer::Agent, "remit", "to the city's treasury alone"),
    (Peer::Roster, "proveConsistency", "a proof decides"),
];

/// The rest of it, which every contract has or which ends what waits.
fn is_common(peer: Peer, function: &str) -> bool {
    function == "wire"
        || (peer, function) == (Peer::Roster, "skim")
        // Bonds go back when what they were posted for is over.
        || function == "releaseBond"
        // A stake goes back when its mission is over: the treasury's half of `releaseAgent`.
        || (peer, function) == (Peer::Treasury, "releaseStake")
}

#[test]
fn sp1_what_needs_no_authority_is_a_step_of_a_machine_or_says_why() {
    let steps: BTreeSet<(Peer, &str)> = Command::ALL
        .iter()
        .map(|command| (command.peer(), command.function()))
        .collect();
    let mut unused: BTreeSet<(Peer, &str)> = OPEN
        .iter()
        .map(|(peer, function, _)| (*peer, *function))
        .collect();
    let changes = changes();
    for (peer, function, role) in &changes {
        if role.callers != [Caller::Anyone] || !role.signed.is_empty() {
            continue;
        }
        let key = (*peer, function.as_str());
        let listed = unused.remove(&key);
        let known = steps.contains(&key) || is_common(*peer, function);
        assert!(
            listed != known,
            "{}.{function}: nobody's authority, and {}",
            name(*peer),
            if known {
                "a step, and listed besides"
            } else {
                "no reason why"
            }
        );
    }
    assert!(unused.is_empty(), "{unused:?}");
}

/// Every command that the machines know is a function of its contract, and every door to one is in a table.
#[test]
fn sp1_every_command_has_its_row() {
    for command in Command::ALL {
        let table = table(name(command.peer())).functions;
        assert!(
            table.contains_key(command.function()),
            "{command:?}: {} of {}",
            command.function(),
            name(command.peer())
        );
    }
}

// ---------------------------------------------------------------------------------- SP-2, no way past a stage

/// Whether `to` can be reached from `from` by law without entering any of `without`.
fn reaches(graph: &Graph, from: u8, to: u8, without: &[u8]) -> bool {
    let (mut seen, mut next) = (BTreeSet::from([from]), vec![from]);
    while let Some(state) = next.pop() {
        let rows = graph.base.iter().chain(graph.extensions);
        for row in rows.filter(|row| row.from == state && row.status.is_law()) {
            if !without.contains(&row.to) && seen.insert(row.to) {
                next.push(row.to);
            }
        }
    }
    seen.contains(&to)
}

/// Commands that lead into a state, and the contracts that take them.
fn into(graph: &Graph, to: u8) -> BTreeMap<Command, Peer> {
    let rows = graph.base.iter().chain(graph.extensions);
    rows.filter(|row| row.to == to && row.status.is_law())
        .flat_map(|row| row.commands)
        .map(|command| (*command, command.peer()))
        .collect()
}

#[test]
fn sp2_no_node_is_completed_that_was_not_routed_handed_in_and_judged() {
    use NodeState as S;
    let graph = Machine::Node.graph();
    let (begin, end) = (S::Waiting as u8, S::Completed as u8);
    assert!(reaches(graph, begin, end, &[]));
    for stage in [
        vec![S::Eligible as u8],
        vec![S::Executing as u8],
        // A result is handed in and judged: by proof or consensus, or by people.
        vec![S::PendingVerification as u8, S::PendingReview as u8],
    ] {
        assert!(!reaches(graph, begin, end, &stage), "a way past {stage:?}");
    }
    // A child's outcome is a result too; everything else is verification's.
    for (command, peer) in into(graph, end) {
        let own = peer == Peer::Collaboration && command == Command::CloseChild;
        assert!(own || peer == Peer::Verification, "{command:?}");
    }
    for (command, peer) in into(graph, S::PendingVerification as u8) {
        let own = command == Command::CloseChild;
        assert!(own || peer == Peer::Verification, "{command:?}");
    }
}

#[test]
fn sp2_no_mission_is_completed_whose_nodes_are_not_and_that_passed_no_gate() {
    use MissionState as S;
    let graph = Machine::Mission.graph();
    let (begin, end) = (S::Pending as u8, S::Completed as u8);
    assert!(reaches(graph, begin, end, &[]));
    for stage in [S::Active, S::Executing, S::Verification] {
        assert!(
            !reaches(graph, begin, end, &[stage as u8]),
            "a way past {stage:?}"
        );
    }
    for (command, peer) in into(graph, end) {
        assert_eq!(peer, Peer::Guardian, "{command:?}");
    }
    for (command, peer) in into(graph, S::Active as u8) {
        assert!(
            [Peer::Statute, Peer::Collaboration].contains(&peer),
            "{command:?}"
        );
    }
}

/// Whoever moves a mission or a node from outside has a door of its own that nobody else may use, and money follows results
/// through one door alone.
#[test]
fn sp2_each_stage_has_one_door() {
    let doors: [(Peer, &str, &[Peer]); 12] = [
        (Peer::Collaboration, "admitTranche", &[Peer::Statute]),
        (Peer::Collaboration, "admitSeats", &[Peer::Statute]),
        (Peer::Collaboration, "activateMission", &[Peer::Statute]),
        (Peer::Collaboration, "acceptSeatFor", &[Peer::Statute]),
        (Peer::Collaboration, "applyVerdict", &[Peer::Verification]),
        (Peer::Collaboration, "intervene", &[Peer::Guardian]),
        (Peer::Collaboration, "reassignNode", &[Peer::Enactment]),
        (Peer::Collaboration, "abortMission", &[Peer::Adjudication]),
        (Peer::Collaboration, "abortForFault", &[Peer::Adjudication]),
        (Peer::Treasury, "settle", &[Peer::Collaboration]),
        (Peer::Treasury, "slash", &[Peer::Collaboration]),
        (Peer::Agent, "updateReputation", &[Peer::Collaboration]),
    ];
    for (peer, function, callers) in doors {
        let role = &table(name(peer)).functions[function];
        let found: Vec<Peer> = role
            .callers
            .iter()
            .filter_map(|caller| member(*caller))
            .collect();
        assert_eq!(found, callers, "{}.{function}", name(peer));
    }
    // No further door leads to the state of missions.
    let listed = doors
        .iter()
        .filter(|(peer, ..)| *peer == Peer::Collaboration);
    let functions = table("Collaboration").functions;
    let found = functions.values().filter(|role| role.is_for_members());
    assert_eq!(found.count(), listed.count());
}

// ---------------------------------------------------------------------------------- SP-3, full auditability

/// Functions that change something and emit nothing themselves: another contract says it in the same transaction.
const SPOKEN_FOR: [(Peer, &str, Peer, &str); 4] = [
    (
        Peer::Collaboration,
        "admitTranche",
        Peer::Statute,
        "TrancheDeployed",
    ),
    (
        Peer::Collaboration,
        "admitSeats",
        Peer::Statute,
        "SeatsDeployed",
    ),
    (
        Peer::Collaboration,
        "releaseAgent",
        Peer::Agent,
        "ObligationClosed",
    ),
    (
        Peer::Statute,
        "acceptSeats",
        Peer::Collaboration,
        "SeatAccepted",
    ),
];

#[test]
fn sp3_whatever_changes_something_is_said() {
    let mut silent = Vec::new();
    for (peer, function, role) in changes() {
        if role.emits.is_empty() {
            silent.push((peer, function));
        }
    }
    let listed = SPOKEN_FOR.map(|(peer, function, ..)| (peer, function.to_owned()));
    let sorted = |mut list: Vec<(Peer, String)>| {
        list.sort();
        list
    };
    assert_eq!(sorted(silent), sorted(listed.to_vec()));
    for (_, function, by, event) in SPOKEN_FOR {
        let table = table(name(by)).functions;
        let says = table
            .values()
            .any(|role| role.emits.iter().any(|name| name == event));
        assert!(says, "{} says nothing of {function}", name(by));
    }
}

/// Every unit that moves between owners is in a log of whoever holds it.
#[test]
fn sp3_whatever_moves_money_is_said_by_whoever_holds_it() {
    for peer in [Peer::Treasury, Peer::Agent, Peer::Roster] {
        for (at, function, role) in changes() {
            assert!(
                at != peer || !role.emits.is_empty(),
                "{}.{function}",
                name(at)
            );
        }
    }
}

// ---------------------------------------------------------------------------------- SP-4, separation of branches

/// Doors from one branch into another besides those of the panel: nothing else of one branch moves anything of another.
const BETWEEN: [(Branch, Branch, &[&str]); 6] = [
    (Ground, Ground, &["validateOperation"]),
    (Legislation, Ground, &["validateOperation"]),
    (
        Legislation,
        Execution,
        &[
            "forfeitBond",
            "postBond",
            "reassignNode",
            "releaseReserve",
            "reserveStake",
            "returnBond",
        ],
    ),
    (
        Execution,
        Ground,
        &[
            "applyPenalty",
            "closeObligation",
            "completeObligation",
            "openObligations",
            "updateReputation",
        ],
    ),
    (Execution, Adjudication, &["chargeMonitor"]),
    (
        Adjudication,
        Execution,
        &[
            "chargeBond",
            "forfeitBond",
            "payCompensation",
            "postBond",
            "returnBond",
        ],
    ),
];

/// Doors that more than one branch may use: what passes through them is each one's own, so that nobody moves another's.
const SHARED: [&str; 4] = ["forfeitBond", "postBond", "returnBond", "validateOperation"];

#[test]
fn sp4_branches_reach_each_other_through_listed_doors_alone() {
    let mut found = BTreeMap::<(Branch, Branch), BTreeSet<String>>::new();
    let mut shared = BTreeSet::new();
    for (peer, function, role) in changes() {
        let callers: BTreeSet<Peer> = role.callers.iter().filter_map(|c| member(*c)).collect();
        let branches: BTreeSet<Branch> = callers.iter().map(|caller| branch(*caller)).collect();
        if branches.len() > 1 {
            shared.insert(function.clone());
        }
        for caller in callers {
            let (from, to) = (branch(caller), branch(peer));
            // Those of the panel are counted below.
            if caller != Peer::Adjudication && (from != to || from == Ground) {
                found
                    .entry((from, to))
                    .or_default()
                    .insert(function.clone());
            }
        }
    }
    let listed: BTreeMap<_, _> = BETWEEN
        .into_iter()
        .map(|(from, to, doors)| {
            let doors: BTreeSet<String> = doors.iter().map(|door| (*door).to_owned()).collect();
            ((from, to), doors)
        })
        .collect();
    assert_eq!(found, listed);
    assert_eq!(
        shared.iter().map(String::as_str).collect::<Vec<_>>(),
        SHARED
    );
}

/// Execution alters no law: nothing that makes law listens to a contract that carries it out.
#[test]
fn sp4_execution_cannot_alter_the_law() {
    for (peer, function, role) in changes() {
        let by_execution = role
            .callers
            .iter()
            .filter_map(|caller| member(*caller))
            .any(|caller| branch(caller) == Execution);
        let makes_law = branch(peer) == Legislation || peer == Peer::Constitution;
        assert!(!(makes_law && by_execution), "{}.{function}", name(peer));
    }
}

/// Beginnings of law and of work: whoever says them began something.
const BEGINNINGS: [&str; 19] = [
    "PetitionOpened",
    "SessionOpened",
    "Proposed",
    "Sponsored",
    "BallotCommitted",
    "IdentityRequested",
    "DagProposed",
    "BidPlaced",
    "NodeAwarded",
    "RegulatoryDecided",
    "Codified",
    "LawEnacted",
    "MissionCreated",
    "TrancheDeployed",
    "DeploymentFinalised",
    "SeatAccepted",
    "TaskRouted",
    "ResultSubmitted",
    "Settled",
];

/// Adjudication judges both and begins neither: what the panel may call says no beginning, and nobody else may call it.
#[test]
fn sp4_adjudication_begins_neither_law_nor_work() {
    let mut said = BTreeSet::new();
    for (peer, function, role) in changes() {
        said.extend(role.emits.iter().cloned());
        let is_panel = |caller: &Caller| *caller == Caller::Adjudication;
        if !role.callers.iter().any(is_panel) {
            continue;
        }
        assert!(
            role.callers.iter().all(is_panel),
            "{}.{function}",
            name(peer)
        );
        for event in &role.emits {
            assert!(
                !BEGINNINGS.contains(&event.as_str()),
                "{}.{function} begins something: {event}",
                name(peer)
            );
        }
    }
    for event in BEGINNINGS {
        assert!(said.contains(event), "nobody says {event}");
    }
}

//! A city of twenty-five principals and forty agents: what it wishes, quarrels about, decides, gets wrong twice, and pays.
//!
//! One story in chapters. Everybody acts by transactions of their own. At the end every unit
//! that was ever paid in is out again, and after each chapter the books are exact.

mod decision;
mod law;
mod money;
mod work;

use agentcity_abi::{
    IAgent as agents,
    IAssembly::{self as assembly, Deliberation, ProposalState, SessionKind, Stage as Decided},
    ICollaboration::{self as missions, MissionState, NodeState},
    IEnactment as enactment, ILegislature as legislature, IService as services,
    ITreasury as treasury,
};
use agentcity_domain::{
    legislation::election::Kind,
    machine::MissionState as Mission,
    parameter::ParameterId as P,
    peer::Peer,
    statute::{Mode, Node, Seat},
};
use agentcity_test_fixtures::{
    city::{
        Person,
        life::{AgentType, Registration},
    },
    legislation::{Ballot, Bill, ranking},
    mission::{
        Charter, Executor, Job, Law, MissionError, Plan, Scene, Stage, Step, Task, seconds,
        stage::DEPOSIT, told,
    },
};
use alloy::{
    primitives::{B256, U256, keccak256},
    sol_types::SolError,
};

/// Principals who own agents, and agents of theirs: fifteen principals have two.
const OWNERS: usize = 25;
const SECOND_AGENTS: usize = 15;

/// A seat's price and stake, in base units: 300 and 200 units.
const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;
/// What somebody who claims that others acted in concert has to lose.
const CLAIMANTS_PURSE: u128 = 1_000_000_000_000_000;

/// Ballots of the same ranking: the clique. Ballots that put the first proposal first, and those that put the second there.
const CLIQUE: usize = 5;
const FOR_THE_FIRST: usize = 10;
const FOR_THE_SECOND: usize = 8;

/// Lives of the mission and of its successor: the first is to fail by its deadline while the other still has time.
const LIFE: u64 = 2 * 86_400;
const LONGER: u64 = 6 * 86_400;

/// Nodes of the mission that the story is about.
const FETCH: u16 = 0;
const CLASSIFY: u16 = 1;
const INDEX: u16 = 2;
const CHAPTER: u16 = 3;
const JUDGE: u16 = 4;
const PRINT: u16 = 5;

#[track_caller]
fn ok<T, E: std::fmt::Display>(done: Result<T, E>) -> T {
    done.unwrap_or_else(|e| panic!("{e}"))
}

/// Six tasks of all tiers. The fourth is work for a mission of its own.
fn survey() -> Plan {
    Plan {
        name: "a survey of the harbour".to_owned(),
        tasks: vec![
            Task::proved("fetch", PRICE),
            Task::agreed("classify", 3 * PRICE, 3, 2, Mode::Exact),
            Task::proved("index", PRICE),
            Task::proved("write a chapter", 2 * PRICE),
            Task::reviewed("judge", PRICE),
            Task::proved("print what cannot be printed", PRICE),
        ],
        edges: vec![
            (FETCH, CLASSIFY),
            (FETCH, INDEX),
            (CLASSIFY, CHAPTER),
            (INDEX, CHAPTER),
            (CHAPTER, JUDGE),
            (JUDGE, PRINT),
        ],
        predicates: Vec::new(),
    }
}

/// What the chapter is made of.
fn chapter() -> Plan {
    Plan {
        name: "a chapter".to_owned(),
        tasks: vec![
            Task::proved("draft the chapter", PRICE),
            Task::proved("format the chapter", PRICE),
        ],
        edges: vec![(0, 1)],
        predicates: Vec::new(),
    }
}

/// The successor of a law: all but its last task is done, and that one is two now.
fn reprint(law: &Law) -> Plan {
    let done = law.plan.tasks.iter().take(PRINT.into());
    let mut tasks: Vec<Task> = done
        .map(|task| Task {
            node: Node {
                digest: task.node.digest,
                ..Node::default()
            },
            terms: task.terms.clone(),
        })
        .collect();
    tasks.push(Task::proved("set", PRICE));
    tasks.push(Task::proved("print", PRICE));
    Plan {
        name: "the survey, set before it is printed".to_owned(),
        tasks,
        edges: vec![(JUDGE, PRINT), (PRINT, PRINT + 1)],
        predicates: Vec::new(),
    }
}

/// The city and what it did so far.
struct Story {
    scene: Scene,
    monitor: Person,
    /// Who answers for it.
    watches: Person,
    claimant: Person,
    /// Seats that nodes were given anew.
    later: Vec<Seat>,
    /// Sessions in which somebody bid.
    sessions: Vec<B256>,
    /// Paid into missions by their sponsor.
    funded: u128,
}

impl Story {
    // ------------------------------------------------------------------ who is there

    fn raise() -> Self {
        let mut scene = Scene::raise(&Charter::default(), OWNERS, 1);
        let owners = scene.stage.executors.iter().take(SECOND_AGENTS);
        let owners: Vec<Person> = owners.map(|one| one.principal.clone()).collect();
        let city = &mut scene.stage.city;
        let seconds = ok(city.people("second agent", SECOND_AGENTS));
        let pairs = seconds.iter().zip(&owners);
        let registrations: Vec<Registration> = pairs
            .map(|(agent, principal)| Registration {
                agent: agent.clone(),
                kind: AgentType::Producer,
                principal: principal.clone(),
            })
            .collect();
        ok(city.register(&registrations));
        let published = ok(city.publish(&seconds));
        for (registration, published) in registrations.into_iter().zip(published) {
            let service = told::<services::ServiceRegistered>(&published)[0].service;
            let Registration {
                agent, principal, ..
            } = registration;
            scene.deposit(&agent, DEPOSIT);
            scene.stage.executors.push(Executor {
                agent,
                principal,
                service,
            });
        }
        assert_eq!(scene.stage.executors.len(), 40);
        scene.stage.life = LIFE;
        let monitor = scene.monitor("monitor");
        let watches = scene.stage.watchers[0].principal.clone();
        let claimant = scene.person("claimant");
        scene.deposit(&claimant, CLAIMANTS_PURSE);
        Self {
            scene,
            monitor,
            watches,
            claimant,
            later: Vec::new(),
            sessions: Vec::new(),
            funded: 0,
        }
    }

    fn stage(&mut self) -> &mut Stage {
        &mut self.scene.stage
    }

    fn owner(&self, number: usize) -> Person {
        self.scene.stage.executors[number].principal.clone()
    }
}

#[test]
fn a_city_wishes_quarrels_in_a_circle_decides_errs_twice_begins_anew_and_pays_to_the_last_unit() {
    let mut story = Story::raise();
    let lonely = story.nobody_listens();
    let (bill, rival) = story.proposals(lonely);
    story.vote(&bill);
    let mut law = story.make_law(&bill);
    story.does(&mut law, FETCH);
    story.does(&mut law, CLASSIFY);
    story.scene.books();
    story.is_refined_in_part(&mut law);
    story.scene.books();
    let child = story.recurs(&mut law);
    story.scene.books();
    story.does(&mut law, JUDGE);
    let next = story.is_refined_in_full(&mut law, rival);
    story.scene.books();
    let mut laws = [law, child, next];
    story.settles(&mut laws);
    story.leaves_the_city(&mut laws[0]);
}

//! `agentcity law`, `log` and `audit`: from a document to a mission that is law, by the command line alone.

mod deliberation;
mod logs;
mod mission;
mod session;

use agentcity_test_fixtures::{
    city::{Charter, Person},
    mission::{Plan, Stage, Task},
};
use alloy::primitives::B256;

use crate::support::{Said, Terminal};

/// What a task may cost at most, in base units.
const BUDGET: u128 = 1_000_000_000_000_000;

/// What is staked on a seat, in base units.
const STAKE: &str = "200000000000000";

/// Two tasks that are proved, and one that needs both, on which two of three executors agree.
fn plan() -> Plan {
    Plan {
        name: "three tasks".into(),
        tasks: vec![
            Task::proved("fetch", BUDGET),
            Task::proved("parse", BUDGET),
            Task::agreed(
                "judge",
                3 * BUDGET,
                3,
                2,
                agentcity_domain::statute::Mode::Exact,
            ),
        ],
        edges: vec![(0, 2), (1, 2)],
        predicates: Vec::new(),
    }
}

/// A city with its people, and the program beside it.
struct Forum {
    stage: Stage,
    shell: Terminal,
}

impl Forum {
    fn raise() -> Self {
        let stage = Stage::raise(&Charter::default(), 5, 1).unwrap();
        let mut shell = Terminal::at(&stage.city);
        shell.keep_both(&["law", "log", "audit"]);
        shell.call(stage.sponsor.address().to_string(), "SPONSOR");
        shell.call(stage.proposer.address().to_string(), "PROPOSER");
        for (place, executor) in stage.executors.iter().enumerate() {
            shell.call(
                executor.agent.address().to_string(),
                &format!("EXECUTOR {place}"),
            );
            shell.call(
                executor.principal.address().to_string(),
                &format!("OWNER {place}"),
            );
        }
        for (name, text) in [
            ("subject.md", "What the city reads.\n"),
            ("evidence.md", "It reads too little.\n"),
            ("speech.md", "Let it read more.\n"),
            ("reasons.md", "It knows little.\n"),
            ("challenge.md", "Who is there?\n"),
            ("rationale.md", "Three tasks are enough.\n"),
            ("schema.json", "{}\n"),
            ("ballot.txt", "# the only one\n0\n"),
        ] {
            shell.write(name, text);
        }
        Self { stage, shell }
    }

    /// Somebody runs the program, and it is done.
    #[track_caller]
    fn does(&self, by: &Person, args: &[&str]) -> String {
        self.shell.tell_as(Some(by), args).done()
    }

    /// The value of a field of an event of what somebody did.
    #[track_caller]
    fn told(&self, by: &Person, args: &[&str], event: &str, field: &str) -> String {
        let args = [args, &["--json"]].concat();
        let result = self.shell.tell_as(Some(by), &args).result();
        let events = result["events"].as_array().unwrap();
        let found = events.iter().find(|told| told["event"] == event);
        found.unwrap_or_else(|| panic!("{result}"))["fields"][field]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn run(&self, args: &[&str]) -> Said {
        self.shell.tell(args)
    }

    /// The step of a deliberation is over.
    fn pass(&mut self, session: &str) {
        let id: B256 = session.parse().unwrap();
        let until = self.stage.election(id).unwrap().expiresAt.to();
        self.stage.outlast(until).unwrap();
        self.does(&self.stage.sponsor, &["law", "step", session]);
    }
}

#[test]
fn a_document_becomes_a_mission_by_the_command_line_alone() {
    let mut forum = Forum::raise();
    let (session, plan) = deliberation::decides(&mut forum);
    session::makes_law(&mut forum, &session, &plan);
    let mission = mission::begins(&mut forum, &session);
    mission::is_looked_through(&forum, &mission);
    logs::are_proved(&forum);
    forum
        .shell
        .compare_both(snapbox::file!["../transcripts/both/law.txt"]);
}

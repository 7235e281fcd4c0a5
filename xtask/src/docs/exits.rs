//! `docs/exits.md`: the ways out of every state, halted or not.

use std::fmt::Write as _;

use agentcity_domain::{
    exit::{Deadline, Exit, Fault, Halt, Halts, NEVER_FORBIDDEN, Reach, Target, Term, is_possible},
    machine::{Command, Graph, Kind, MACHINES, Machine, State},
    parameter::ParameterId,
};

/// The document.
pub(super) fn print() -> String {
    let mut text = String::from(INTRODUCTION);
    halts(&mut text);
    text.push_str("\n## Machines\n\n");
    for graph in &MACHINES {
        let _ = writeln!(text, "- [{}](#{})", graph.name, anchor(graph.name));
    }
    for graph in &MACHINES {
        machine(&mut text, graph);
    }
    extensions(&mut text);
    text
}

const INTRODUCTION: &str = "# Ways out

No state of the city can hold anybody for ever: from each there is a way out that **anyone** may take once a deadline
passed, and it is there while the city, the mission or its domain is halted, too. This page lists them. It is printed from
the tables that the contracts use; a table with a hole does not compile (`contracts/domain/src/exit`).

How to read it:

- **Who**: *anyone* is whoever pays the gas. A state marked *rests* waits for nobody: its owner (or, of the city's own
  offices, the panel) leaves it alone.
- **When**: counted from the moment the state was entered, strictly longer than the sum. Names like `freezeMaxSecs` are
  parameters, see [parameters](parameters.md). *Once …* is a condition that need not ever come; the proof does not count on it.
- **Call**: the function that does it. `expireNode`, `expireMission` and `expireDeliberation` do whichever is due. *(time)* means
  that nothing needs to be called.
- **with its mission**: the mission's own way out takes it along.
- **Fault**: what is slashed, of whom the note says. *none* touches neither stake nor reputation.

";

fn halts(text: &mut String) {
    text.push_str("## Halts\n\nA halt forbids some commands for a while. Nothing resumes without the panel; past its maximum anyone may abort what lies\nunder it, without fault.\n\n");
    text.push_str("| halt | lies on | raised by | lifted by | maximum | deadlines |\n|---|---|---|---|---|---|\n");
    for halt in Halt::ALL {
        let reach = match halt.reach() {
            Reach::Mission => "one mission",
            Reach::City => "every mission",
            Reach::Domain => "missions of one domain",
        };
        let maximum = halt.maximum().map_or_else(
            || "none: what cannot be finalised is aborted at its deadline".to_owned(),
            parameter,
        );
        let clocks = if halt.pauses_deadlines() {
            "stand still"
        } else {
            "run"
        };
        let _ = writeln!(
            text,
            "| **{}** | {reach} | {} | {} | {maximum} | {clocks} |",
            halt.name(),
            halt.raised_by(),
            halt.lifted_by()
        );
    }
    text.push_str("\nWhat each forbids:\n\n");
    for halt in Halt::ALL {
        let same = Halt::ALL
            .into_iter()
            .take_while(|other| *other != halt)
            .find(|other| other.forbidden() == halt.forbidden());
        let list = same.map_or_else(
            || calls(halt.forbidden()),
            |other| format!("the same as *{}*", other.name()),
        );
        let _ = writeln!(text, "- **{}**: {list}", halt.name());
    }
    let _ = writeln!(text, "\nNo halt forbids: {}.", calls(NEVER_FORBIDDEN));
}

/// The functions of some commands; where one function carries several, which.
fn calls(commands: &[Command]) -> String {
    let shared = |command: &Command| {
        Command::ALL
            .iter()
            .filter(|other| {
                other.function() == command.function() && other.peer() == command.peer()
            })
            .count()
            > 1
    };
    let names: Vec<String> = commands
        .iter()
        .map(|command| {
            if shared(command) {
                format!("`{}` ({})", command.function(), spaced(*command))
            } else {
                format!("`{}`", command.function())
            }
        })
        .collect();
    names.join(", ")
}

/// `AbortHalted` as `abort halted`.
fn spaced(command: Command) -> String {
    let mut words = String::new();
    for c in format!("{command:?}").chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}

fn machine(text: &mut String, graph: &Graph) {
    let _ = write!(
        text,
        "\n### {}\n\n| state | | means |\n|---|---|---|\n",
        graph.name
    );
    for state in graph.states {
        let kind = match state.kind {
            Kind::Open => "",
            Kind::Resting => "rests",
            Kind::Terminal => "end",
            Kind::Reserved => "not on chain",
        };
        let _ = writeln!(text, "| `{}` | {kind} | {} |", state.name, state.means);
    }
    if matters(graph) {
        matrix(text, graph);
    }
    text.push_str("\n| from | under | who | when | call | to | fault | |\n|---|---|---|---|---|---|---|---|\n");
    for exit in graph.exits {
        let from = match graph.state(exit.from) {
            Some(state) => format!("`{}`", state.name),
            None => "any that is open".to_owned(),
        };
        let to = match exit.to {
            Target::State(number) => graph
                .state(number)
                .map_or_else(String::new, |state| format!("`{}`", state.name)),
            Target::Subsumed => "ends".to_owned(),
        };
        let call = exit
            .command
            .map_or_else(|| "(time)".to_owned(), |c| format!("`{}`", c.function()));
        let fault = match exit.fault {
            Fault::None => "none".to_owned(),
            Fault::TimeoutExceeded | Fault::NodeFailure | Fault::WholeStake => {
                format!("**{}**", exit.fault.name())
            }
        };
        let _ = writeln!(
            text,
            "| {from} | {} | {} | {} | {call} | {to} | {fault} | {} ({}) |",
            under(exit),
            exit.who.name(),
            deadline(exit.deadline),
            exit.note,
            exit.source
        );
    }
}

/// Whether some state has another sure way out under some halt.
fn matters(graph: &Graph) -> bool {
    graph.exits.iter().any(|exit| exit.when != Halts::ALWAYS)
}

/// For each state and each halt, the ways out that are sure to open.
fn matrix(text: &mut String, graph: &Graph) {
    text.push_str("\nSurely, for anyone, under one halt at a time:\n\n| state | no halt |");
    for halt in Halt::ALL {
        let _ = write!(text, " {} |", halt.name());
    }
    text.push_str("\n|---|---|");
    text.push_str(&"---|".repeat(Halt::ALL.len()));
    text.push('\n');
    for state in graph.states.iter().filter(|s| s.kind == Kind::Open) {
        let _ = write!(
            text,
            "| `{}` | {} |",
            state.name,
            cell(graph, state, Halts::NONE)
        );
        for halt in Halt::ALL {
            let _ = write!(text, " {} |", cell(graph, state, Halts::only(halt)));
        }
        text.push('\n');
    }
}

fn cell(graph: &Graph, state: &State, halts: Halts) -> String {
    if !is_possible(graph, state, halts) {
        return "cannot be".to_owned();
    }
    let mut ways: Vec<String> = Vec::new();
    for exit in graph.exits.iter().filter(|exit| {
        exit.leaves(state.number, true)
            && exit.is_available(halts)
            && exit.is_certain()
            && exit.is_permissionless()
    }) {
        let way = match (exit.command, exit.to) {
            (Some(command), Target::State(to)) => format!(
                "{} → {}",
                spaced(command),
                graph.state(to).map_or("", |s| s.name)
            ),
            (_, _) => match exit.deadline {
                Deadline::Ended(parent) => format!("with its {}", name(parent)),
                Deadline::AtOnce | Deadline::When(_) | Deadline::After(_) | Deadline::At(_) => {
                    "time".to_owned()
                }
            },
        };
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways.join("; ")
}

fn under(exit: &Exit) -> String {
    if exit.when == Halts::ALWAYS {
        return "always".to_owned();
    }
    let mut names = Vec::new();
    if exit.when.includes_calm() {
        names.push("no halt");
    }
    names.extend(
        Halt::ALL
            .into_iter()
            .filter(|halt| exit.when.has(*halt))
            .map(Halt::name),
    );
    names.join(", ")
}

fn deadline(deadline: Deadline) -> String {
    match deadline {
        Deadline::AtOnce => "at any time".to_owned(),
        Deadline::When(what) => format!("once {what}"),
        Deadline::At(what) => format!("after {what}"),
        Deadline::Ended(parent) => format!("once its {} ended", name(parent)),
        Deadline::After(terms) => {
            let terms: Vec<String> = terms.iter().map(term).collect();
            format!("after {}", terms.join(" + "))
        }
    }
}

fn term(term: &Term) -> String {
    match term {
        Term::Parameter(id) => parameter(*id),
        Term::Product(left, right) => format!("{} × {}", parameter(*left), parameter(*right)),
        Term::Longer(left, right) => {
            format!(
                "the longer of {} and {}",
                parameter(*left),
                parameter(*right)
            )
        }
        Term::Field(what) => (*what).to_owned(),
    }
}

fn parameter(id: ParameterId) -> String {
    format!("`{}`", id.described().name)
}

fn name(machine: Machine) -> &'static str {
    machine.graph().name
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '\'' => None,
            other => Some(other),
        })
        .collect()
}

fn extensions(text: &mut String) {
    text.push_str("\n## What the rulings add to the tables\n\nSteps of the second table (RULINGS R5); the contracts accept the base table and these, nothing else.\n\n| machine | from | to | by | guard | source |\n|---|---|---|---|---|---|\n");
    for graph in &MACHINES {
        for row in graph.extensions {
            let state = |number| graph.state(number).map_or("", |s: &State| s.name);
            let by = if row.commands.is_empty() {
                "(time)".to_owned()
            } else {
                calls(row.commands)
            };
            let _ = writeln!(
                text,
                "| {} | `{}` | `{}` | {by} | {} | {} |",
                graph.name,
                state(row.from),
                state(row.to),
                row.guard,
                row.source
            );
        }
    }
}

//! The proof that nobody is stuck, as functions that run while the crate is compiled.

use super::{Deadline, EVERY, Exit, Halt, Halts, Target};
use crate::machine::{Graph, Kind, Machine, State};

/// A table that could hold somebody for ever, or that contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// Of which machine.
    pub machine: &'static str,
    /// In which state.
    pub state: &'static str,
    /// Under which halts.
    pub halts: Halts,
    /// How.
    pub why: Why,
}

/// What is wrong with a table of exits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No exit is there that counts.
    NoExit,
    /// Deadlines lead round in a circle.
    Circle,
    /// An exit waits for a machine listed after its own, or that may rest.
    WaitsForLater,
    /// An exit is no step of the tables, or not of its command.
    NoSuchStep,
    /// An exit is offered under a halt that forbids its command.
    Forbidden,
    /// A terminal state has a way out.
    LeavesTheEnd,
    /// A step or exit touches a reserved state.
    TouchesReserved,
    /// No way leads to it.
    Unreachable,
    /// Numbers do not count from one.
    Misnumbered,
}

impl Why {
    /// In words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoExit => "has no exit that is sure to open",
            Self::Circle => "has deadlines that lead round in a circle",
            Self::WaitsForLater => "waits for a machine that may wait for it, or rest",
            Self::NoSuchStep => "has an exit that is no step of its tables",
            Self::Forbidden => "has an exit that the halt it is offered under forbids",
            Self::LeavesTheEnd => "is terminal and has a way out",
            Self::TouchesReserved => "is reserved and is stepped in or out of",
            Self::Unreachable => "is reached by nothing",
            Self::Misnumbered => "is not numbered from one, or there are too many states",
        }
    }
}

/// Fails the build when `graph` could hold somebody, naming machine, state and halt.
///
/// Panics: INV-EXIT-01, when [`stuck`] finds something.
pub const fn prove(graph: &Graph) {
    if let Some(stuck) = stuck(graph) {
        let mut text = Text::new("INV-EXIT-01: ");
        text.push(stuck.machine);
        text.push(" ");
        text.push(stuck.state);
        text.push(" ");
        text.push(stuck.why.text());
        text.push(match first(stuck.halts) {
            None => ", without a halt",
            Some(_) => ", under ",
        });
        if let Some(halt) = first(stuck.halts) {
            text.push(halt.name());
        }
        panic!("{}", text.as_str());
    }
}

/// The first thing wrong with `graph`, without a halt or under one.
pub const fn stuck(graph: &Graph) -> Option<Stuck> {
    if let Some(stuck) = structure(graph) {
        return Some(stuck);
    }
    if let Some(stuck) = stuck_under(graph, Halts::NONE) {
        return Some(stuck);
    }
    let mut i = 0;
    while i < Halt::ALL.len() {
        if let Some(stuck) = stuck_under(graph, Halts::only(Halt::ALL[i])) {
            return Some(stuck);
        }
        i += 1;
    }
    None
}

/// The first state of `graph` that has no exit, or leads round in a circle, while all of `halts` lie on it.
pub const fn stuck_under(graph: &Graph, halts: Halts) -> Option<Stuck> {
    let states = graph.states;
    let mut i = 0;
    while i < states.len() {
        let state = &states[i];
        if must_leave(state) && is_possible(graph, state, halts) && !has_exit(graph, state, halts) {
            return Some(found(graph, state, halts, Why::NoExit));
        }
        i += 1;
    }
    circle(graph, halts)
}

/// Whether `halts` can lie on a thing in this state: a mission is degraded exactly in its state of that name.
pub const fn is_possible(graph: &Graph, state: &State, halts: Halts) -> bool {
    !matches!(graph.machine, Machine::Mission)
        || !halts.has(Halt::Degraded)
        || state.number == crate::machine::MissionState::Degraded as u8
}

const fn must_leave(state: &State) -> bool {
    match state.kind {
        Kind::Open | Kind::Resting => true,
        Kind::Terminal | Kind::Reserved => false,
    }
}

const fn is_open(state: &State) -> bool {
    matches!(state.kind, Kind::Open)
}

/// An exit that surely opens: for an open state, one that anyone may take.
const fn has_exit(graph: &Graph, state: &State, halts: Halts) -> bool {
    let mut e = 0;
    while e < graph.exits.len() {
        let exit = &graph.exits[e];
        if exit.leaves(state.number, is_open(state))
            && exit.is_available(halts)
            && exit.is_certain()
            && (exit.is_permissionless() || !is_open(state))
        {
            return true;
        }
        e += 1;
    }
    false
}

/// The first open state from which exits for anyone may lead round for ever: what is left when states all of whose exits
/// lead to an end are taken away again and again.
const fn circle(graph: &Graph, halts: Halts) -> Option<Stuck> {
    let states = graph.states;
    let mut ends: u16 = 0;
    let mut round = 0;
    while round <= states.len() {
        let mut i = 0;
        while i < states.len() {
            if leads_to(graph, &states[i], halts, ends) {
                ends |= 1 << states[i].number;
            }
            i += 1;
        }
        round += 1;
    }
    let mut i = 0;
    while i < states.len() {
        let state = &states[i];
        if is_open(state) && is_possible(graph, state, halts) && ends >> state.number & 1 == 0 {
            return Some(found(graph, state, halts, Why::Circle));
        }
        i += 1;
    }
    None
}

/// Whether the state is an end, or every exit that anyone may take leads into `ends`.
const fn leads_to(graph: &Graph, state: &State, halts: Halts, ends: u16) -> bool {
    if !is_open(state) {
        return true;
    }
    let mut e = 0;
    while e < graph.exits.len() {
        let exit = &graph.exits[e];
        if exit.leaves(state.number, true) && exit.is_permissionless() && exit.is_available(halts) {
            match exit.to {
                Target::Subsumed => {}
                Target::State(to) => {
                    if ends >> to & 1 == 0 {
                        return false;
                    }
                }
            }
        }
        e += 1;
    }
    true
}

/// What does not depend on the halt that lies on it.
const fn structure(graph: &Graph) -> Option<Stuck> {
    let states = graph.states;
    let mut i = 0;
    while i < states.len() {
        let state = &states[i];
        if state.number as usize != i + 1 || i >= crate::machine::STATES_MAX {
            return Some(found(graph, state, Halts::NONE, Why::Misnumbered));
        }
        let (into, out) = (
            steps_into(graph, state.number),
            steps_out(graph, state.number),
        );
        match state.kind {
            Kind::Terminal => {
                if out || has_row(graph, state) {
                    return Some(found(graph, state, Halts::NONE, Why::LeavesTheEnd));
                }
            }
            Kind::Reserved => {
                if out || into || has_row(graph, state) {
                    return Some(found(graph, state, Halts::NONE, Why::TouchesReserved));
                }
            }
            Kind::Open | Kind::Resting => {}
        }
        if !matches!(state.kind, Kind::Reserved) && !into && !is_initial(graph, state.number) {
            return Some(found(graph, state, Halts::NONE, Why::Unreachable));
        }
        if let Some(why) = contradiction(graph, state) {
            return Some(found(graph, state, Halts::NONE, why));
        }
        i += 1;
    }
    None
}

/// The first exit of the state that contradicts the tables, the order of machines, or the halts.
const fn contradiction(graph: &Graph, state: &State) -> Option<Why> {
    let mut e = 0;
    while e < graph.exits.len() {
        let exit = &graph.exits[e];
        if exit.leaves(state.number, is_open(state))
            && let Some(why) = contradicts(graph, exit, state.number)
        {
            return Some(why);
        }
        e += 1;
    }
    None
}

const fn contradicts(graph: &Graph, exit: &Exit, from: u8) -> Option<Why> {
    if let Deadline::Ended(parent) = exit.deadline {
        // A node may also wait for a child: a mission too, and of finite depth (R19).
        if parent as u8 >= graph.machine as u8 || may_rest(parent.graph()) {
            return Some(Why::WaitsForLater);
        }
    }
    if let Target::State(to) = exit.to {
        let known = match exit.command {
            Some(command) => graph.permits(command, from, to) || to == from,
            None => graph.passes(from, to),
        };
        if !known || graph.state(to).is_none() {
            return Some(Why::NoSuchStep);
        }
    }
    let mut i = 0;
    while i < Halt::ALL.len() {
        let halt = Halt::ALL[i];
        if exit.when.has(halt) && exit.is_forbidden(Halts::only(halt)) {
            return Some(Why::Forbidden);
        }
        i += 1;
    }
    None
}

const fn may_rest(graph: &Graph) -> bool {
    let mut i = 0;
    while i < graph.states.len() {
        if matches!(graph.states[i].kind, Kind::Resting) {
            return true;
        }
        i += 1;
    }
    false
}

const fn has_row(graph: &Graph, state: &State) -> bool {
    let mut e = 0;
    while e < graph.exits.len() {
        if graph.exits[e].from == state.number && graph.exits[e].from != EVERY {
            return true;
        }
        e += 1;
    }
    false
}

const fn steps_into(graph: &Graph, number: u8) -> bool {
    let mut from = 1;
    while from <= graph.states.len() as u8 {
        if graph.has_step(from, number) {
            return true;
        }
        from += 1;
    }
    false
}

const fn steps_out(graph: &Graph, number: u8) -> bool {
    let mut to = 1;
    while to <= graph.states.len() as u8 {
        if graph.has_step(number, to) {
            return true;
        }
        to += 1;
    }
    false
}

const fn is_initial(graph: &Graph, number: u8) -> bool {
    let mut i = 0;
    while i < graph.initial.len() {
        if graph.initial[i] == number {
            return true;
        }
        i += 1;
    }
    false
}

const fn found(graph: &Graph, state: &State, halts: Halts, why: Why) -> Stuck {
    Stuck {
        machine: graph.name,
        state: state.name,
        halts,
        why,
    }
}

const fn first(halts: Halts) -> Option<Halt> {
    let mut i = 0;
    while i < Halt::ALL.len() {
        if halts.has(Halt::ALL[i]) {
            return Some(Halt::ALL[i]);
        }
        i += 1;
    }
    None
}

/// A message put together while the crate is compiled; what does not fit is cut.
struct Text {
    bytes: [u8; Self::SPACE],
    len: usize,
}

impl Text {
    const SPACE: usize = 160; // structural: bytes of a line of text

    const fn new(start: &str) -> Self {
        let mut text = Self {
            bytes: [0; Self::SPACE],
            len: 0,
        };
        text.push(start);
        text
    }

    const fn push(&mut self, more: &str) {
        let more = more.as_bytes();
        let mut i = 0;
        while i < more.len() && self.len < Self::SPACE {
            self.bytes[self.len] = more[i];
            self.len += 1;
            i += 1;
        }
    }

    const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "INV-EXIT-01",
        }
    }
}

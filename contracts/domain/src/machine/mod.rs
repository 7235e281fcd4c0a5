//! What may follow what: every state machine of the city as a closed table.
//!
//! A machine has two tables. **Base** is the resolved specification (the public vectors' `sm_table` for nodes, missions and
//! sessions). **Extensions** (RULINGS R5) are what the rulings add: mostly exits that anyone may take once a deadline
//! passed. [`transition`](NodeState::transition) accepts exactly the union (INV-STATE-01), and the ways out of each state, halted or not,
//! are proved complete when this crate is compiled ([`crate::exit`]).
//!
//! Storage holds a state's number. Zero is nobody's number: an empty slot reads as "there is no such thing" and
//! `from_u8` answers `None` (INV-STATE-02, RESOLUTIONS A-10).
//!
//! Programs use the enums, `from_u8`, `number` and `transition`, which come down to a few words of bit masks. The tables
//! with their texts are for proofs, documents and tests; a program that does not name them does not carry them.
//!
//! | file | machines |
//! |---|---|
//! | [`mission`], [`node`] | work |
//! | [`session`], [`vote`] | legislation: session, petition, election, proposal, ballot |
//! | [`money`] | escrow, task stake, bond, pool, credit |
//! | [`person`] | principal, registration, change of principal, adjudicator's seat |
//! | [`panel`] | freeze, override, amendment, impeachment, halt, delegation, norm, clerk's office |
//!
//! [`command`] lists what may be asked of them; [`model`] runs one mission through the tables, event by event.

pub mod command;
pub mod mission;
pub mod model;
pub mod money;
pub mod node;
pub mod panel;
pub mod person;
pub mod session;
pub mod vote;

use crate::exit::Exit;

pub use self::{
    command::Command,
    mission::MissionState,
    money::{BondState, CreditState, EscrowState, PoolState, StakeState},
    node::NodeState,
    panel::{
        AmendmentState, ClerkState, DelegationState, FreezeState, HaltState, ImpeachmentState,
        NormState, OverrideState,
    },
    person::{PrincipalChangeState, PrincipalState, RegistrationState, SeatState},
    session::SessionState,
    vote::{BallotState, ElectionState, PetitionState, ProposalState},
};

/// Every machine, parents before what ends with them: the proof of exits follows this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Machine {
    /// Commissioned work bound to one statute.
    Mission,
    /// One task of a mission's graph.
    Node,
    /// One run of the legislative procedure.
    Session,
    /// Names under a wish for a session.
    Petition,
    /// A session's deliberation and vote.
    Election,
    /// What is put to the vote.
    Proposal,
    /// One ranked vote of one agent.
    Ballot,
    /// A mission's money.
    Escrow,
    /// What an executor put up for one node.
    Stake,
    /// Evidence against an agent at one node.
    Freeze,
    /// A ruling on its way to effect.
    Override,
    /// A new value of a parameter on its way to effect.
    Amendment,
    /// A case against an adjudicator.
    Impeachment,
    /// A stop, pause or freeze larger than one node.
    Halt,
    /// Value put up with one claim.
    Bond,
    /// Stakes pooled by several agents.
    Pool,
    /// A person who answers for agents.
    Principal,
    /// An agent's membership, with its stake.
    Registration,
    /// An agent passing from one principal to another.
    PrincipalChange,
    /// An adjudicator's place on the panel, with the stake.
    Seat,
    /// What a contract owes an account.
    Credit,
    /// A task given by a clerk.
    Delegation,
    /// A rule over one domain of work.
    Norm,
    /// One of the four clerks' offices.
    Clerk,
}

/// Every graph, in the order of [`Machine`].
pub const MACHINES: [Graph; 24] = [
    MissionState::GRAPH,
    NodeState::GRAPH,
    SessionState::GRAPH,
    PetitionState::GRAPH,
    ElectionState::GRAPH,
    ProposalState::GRAPH,
    BallotState::GRAPH,
    EscrowState::GRAPH,
    StakeState::GRAPH,
    FreezeState::GRAPH,
    OverrideState::GRAPH,
    AmendmentState::GRAPH,
    ImpeachmentState::GRAPH,
    HaltState::GRAPH,
    BondState::GRAPH,
    PoolState::GRAPH,
    PrincipalState::GRAPH,
    RegistrationState::GRAPH,
    PrincipalChangeState::GRAPH,
    SeatState::GRAPH,
    CreditState::GRAPH,
    DelegationState::GRAPH,
    NormState::GRAPH,
    ClerkState::GRAPH,
];

impl Machine {
    /// All, in order.
    pub const ALL: [Self; MACHINES.len()] = {
        let (mut all, mut i) = ([Self::Mission; MACHINES.len()], 0);
        while i < all.len() {
            all[i] = MACHINES[i].machine;
            assert!(
                all[i] as usize == i,
                "graphs stand in the order of machines"
            );
            i += 1;
        }
        all
    };

    /// Its graph, with texts; not for programs.
    pub const fn graph(self) -> &'static Graph {
        const GRAPHS: &[Graph] = &MACHINES;
        &GRAPHS[self as usize]
    }
}

/// One machine as data.
#[derive(Clone, Copy, Debug)]
pub struct Graph {
    /// Which.
    pub machine: Machine,
    /// Its name in documents and vectors.
    pub name: &'static str,
    /// States by number, from one.
    pub states: &'static [State],
    /// Numbers of the states in which a thing may begin.
    pub initial: &'static [u8],
    /// The resolved specification.
    pub base: &'static [Row],
    /// What the rulings add.
    pub extensions: &'static [Row],
    /// Ways out.
    pub exits: &'static [Exit],
}

/// Numbers of ordered pairs of different states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// All.
    pub ordered: u32,
    /// Steps of the specification as printed.
    pub printed: u32,
    /// Steps of the base table.
    pub base: u32,
    /// Steps of both tables.
    pub legal: u32,
}

/// One state of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// What storage holds; never zero.
    pub number: u8,
    /// As in the specification.
    pub name: &'static str,
    /// What is owed to whoever waits in it.
    pub kind: Kind,
    /// What it means.
    pub means: &'static str,
}

/// What the first law (no stuck state) demands of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody waits: under every halt there must be an exit that anyone may take.
    Open,
    /// Nobody waits for anything and nothing is held against its owner's will; the owner, or the panel that the state is
    /// about, may leave it alone. Each is justified where it is declared.
    Resting,
    /// The end.
    Terminal,
    /// A number kept for the specification's sake; never written on chain.
    Reserved,
}

/// One row of a transition table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// State left, by number.
    pub from: u8,
    /// State entered, by number.
    pub to: u8,
    /// Commands that may cause it.
    pub commands: &'static [Command],
    /// What causes it, in the specification's words.
    pub trigger: &'static str,
    /// What must hold.
    pub guard: &'static str,
    /// Where it is said.
    pub source: &'static str,
    /// What became of the specification's row.
    pub status: Status,
}

/// What became of a row of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Law.
    OnChain,
    /// Lives in the keeper only (RESOLUTIONS C-17).
    OffChain,
    /// Dropped.
    PaperOnly,
    /// Law, and the specification needed no resolution.
    Paper,
    /// Law by a ruling; not in the specification's table.
    Extension,
}

impl Status {
    /// Whether a contract may make the transition.
    pub const fn is_law(self) -> bool {
        match self {
            Self::OnChain | Self::Paper | Self::Extension => true,
            Self::OffChain | Self::PaperOnly => false,
        }
    }

    /// As the vectors say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnChain => "onchain",
            Self::OffChain => "offchain",
            Self::PaperOnly => "paper_only",
            Self::Paper => "paper",
            Self::Extension => "extension",
        }
    }
}

/// Which of the two tables an accepted transition stands in; base where it stands in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// The resolved specification.
    Base,
    /// RULINGS R5.
    Extensions,
}

/// A legal step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge<S> {
    /// State left.
    pub from: S,
    /// State entered.
    pub to: S,
    /// Where it stands.
    pub table: Table,
}

/// No such step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused<S> {
    /// State that was to be left.
    pub from: S,
    /// State that was to be entered.
    pub to: S,
}

/// Most states a machine may have: numbers 1 to 15 fit four bits of storage and a row of the masks.
pub const STATES_MAX: usize = 15; // structural: four bits

/// For each state number, the numbers that may follow, one bit each.
pub(crate) type Masks = [u16; STATES_MAX + 1];

impl Graph {
    /// The row of a state's number.
    pub const fn state(&self, number: u8) -> Option<&'static State> {
        let states = self.states;
        if number == 0 || number as usize > states.len() {
            return None;
        }
        Some(&states[number as usize - 1])
    }

    /// Whether the step stands in the base table.
    pub const fn is_base(&self, from: u8, to: u8) -> bool {
        masks(self.base)[from as usize & STATES_MAX] & bit(to) != 0
    }

    /// Whether the step stands among the extensions.
    pub const fn is_extension(&self, from: u8, to: u8) -> bool {
        masks(self.extensions)[from as usize & STATES_MAX] & bit(to) != 0
    }

    /// The state of this name.
    pub fn named(&self, name: &str) -> Option<&'static State> {
        self.states.iter().find(|state| state.name == name)
    }

    /// Whether the specification, as printed, has the step.
    pub fn is_printed(&self, from: u8, to: u8) -> bool {
        self.base.iter().any(|row| row.from == from && row.to == to)
    }

    /// How many ordered pairs of different states are steps.
    pub fn pairs(&self) -> Pairs {
        let mut pairs = Pairs::default();
        for from in self.states {
            for to in self.states {
                if from.number == to.number {
                    continue;
                }
                pairs.ordered += 1;
                pairs.printed += u32::from(self.is_printed(from.number, to.number));
                pairs.base += u32::from(self.is_base(from.number, to.number));
                pairs.legal += u32::from(self.has_step(from.number, to.number));
            }
        }
        pairs
    }

    /// Whether either table has the step.
    pub const fn has_step(&self, from: u8, to: u8) -> bool {
        find(&masks(self.base), &masks(self.extensions), from, to).is_some()
    }

    /// Whether time alone, or the end of something else, makes the step: some row that is law names no command.
    pub const fn passes(&self, from: u8, to: u8) -> bool {
        let mut i = 0;
        while i < self.extensions.len() {
            let row = &self.extensions[i];
            if row.from == from && row.to == to && row.commands.is_empty() {
                return true;
            }
            i += 1;
        }
        false
    }

    /// Whether `command` may cause the step: some row that is law names it.
    pub const fn permits(&self, command: Command, from: u8, to: u8) -> bool {
        any_row_permits(self.base, command, from, to)
            || any_row_permits(self.extensions, command, from, to)
    }
}

const fn any_row_permits(rows: &[Row], command: Command, from: u8, to: u8) -> bool {
    let mut i = 0;
    while i < rows.len() {
        let row = &rows[i];
        if row.from == from && row.to == to && row.status.is_law() {
            let mut c = 0;
            while c < row.commands.len() {
                if row.commands[c] as u8 == command as u8 {
                    return true;
                }
                c += 1;
            }
        }
        i += 1;
    }
    false
}

/// The legal pairs of some rows.
pub(crate) const fn masks(rows: &[Row]) -> Masks {
    let mut masks = [0; STATES_MAX + 1];
    let mut i = 0;
    while i < rows.len() {
        if rows[i].status.is_law() {
            masks[rows[i].from as usize] |= bit(rows[i].to);
        }
        i += 1;
    }
    masks
}

const fn bit(number: u8) -> u16 {
    1 << (number as usize & STATES_MAX)
}

/// Which table a step stands in.
pub(crate) const fn find(base: &Masks, extensions: &Masks, from: u8, to: u8) -> Option<Table> {
    let (row, to) = (from as usize & STATES_MAX, bit(to));
    if base[row] & to != 0 {
        Some(Table::Base)
    } else if extensions[row] & to != 0 {
        Some(Table::Extensions)
    } else {
        None
    }
}

/// Defines one machine: an enum over its states, both tables, its graph and the proof that its exits are complete.
macro_rules! machine {
    (
        $(#[$doc:meta])*
        $States:ident: $machine:ident, $title:literal;
        states { $( $Variant:ident = $number:literal, $name:literal, $kind:ident, $means:literal; )+ }
        initial { $( $first:ident ),+ }
        base { $( $bf:ident => $bt:ident by [ $($bc:ident),* ] $btrigger:literal, $bguard:literal, $bsource:literal, $bstatus:ident; )* }
        extensions { $( $ef:ident => $et:ident by [ $($ec:ident),* ] $etrigger:literal, $eguard:literal, $esource:literal; )* }
        exits: $exits:expr;
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $States {
            $( #[doc = $means] $Variant = $number, )+
        }

        impl $States {
            /// All, by number.
            pub const ALL: &'static [Self] = &[$( Self::$Variant ),+];

            /// The machine as data; not for programs.
            pub const GRAPH: crate::machine::Graph = crate::machine::Graph {
                machine: crate::machine::Machine::$machine,
                name: $title,
                states: &[$( crate::machine::State {
                    number: $number,
                    name: $name,
                    kind: crate::machine::Kind::$kind,
                    means: $means,
                } ),+],
                initial: &[$( Self::$first as u8 ),+],
                base: &[$( crate::machine::Row {
                    from: Self::$bf as u8,
                    to: Self::$bt as u8,
                    commands: &[$( crate::machine::Command::$bc ),*],
                    trigger: $btrigger,
                    guard: $bguard,
                    source: $bsource,
                    status: crate::machine::Status::$bstatus,
                } ),*],
                extensions: &[$( crate::machine::Row {
                    from: Self::$ef as u8,
                    to: Self::$et as u8,
                    commands: &[$( crate::machine::Command::$ec ),*],
                    trigger: $etrigger,
                    guard: $eguard,
                    source: $esource,
                    status: crate::machine::Status::Extension,
                } ),*],
                exits: $exits,
            };

            /// The state of a stored number; `None` for zero, which is what an empty slot reads as, and for strangers.
            pub const fn from_u8(number: u8) -> Option<Self> {
                match number {
                    $( $number => Some(Self::$Variant), )+
                    _ => None,
                }
            }

            /// What storage holds.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// As in the specification.
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$Variant => $name, )+
                }
            }

            /// Whether nothing more happens.
            pub const fn is_terminal(self) -> bool {
                const ENDS: u16 = {
                    let states = $States::GRAPH.states;
                    let (mut ends, mut i) = (0, 0);
                    while i < states.len() {
                        if matches!(states[i].kind, crate::machine::Kind::Terminal) {
                            ends |= 1 << states[i].number;
                        }
                        i += 1;
                    }
                    ends
                };
                ENDS >> (self as u8) & 1 == 1
            }

            /// The step from `from` to `to`, if either table has it.
            ///
            /// Errors: [`Refused`](crate::machine::Refused) for every other pair, a state and itself included.
            pub const fn transition(
                from: Self,
                to: Self,
            ) -> Result<crate::machine::Edge<Self>, crate::machine::Refused<Self>> {
                const BASE: crate::machine::Masks = crate::machine::masks($States::GRAPH.base);
                const EXTENSIONS: crate::machine::Masks =
                    crate::machine::masks($States::GRAPH.extensions);
                match crate::machine::find(&BASE, &EXTENSIONS, from as u8, to as u8) {
                    Some(table) => Ok(crate::machine::Edge { from, to, table }),
                    None => Err(crate::machine::Refused { from, to }),
                }
            }
        }

        // The build fails here when a state of this machine could hold somebody for ever.
        const _: () = crate::exit::prove(&$States::GRAPH);
    };
}
pub(crate) use machine;

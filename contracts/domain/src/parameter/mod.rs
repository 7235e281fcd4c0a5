//! T3: every constant of policy, with its range, its risk and the way in which it weakens (RULINGS K22, R15).
//!
//! One table serves contracts, command line, documents and tests. What a program needs of it (kind, range, tier, direction,
//! scope) is kept apart from what people read ([`text`]), which a program never links. A value is a 32-byte word on the wire;
//! a number fits 32 bits, and a [`page`] holds the values of one epoch.
//!
//! Reading order: `table` (the rows), this file (one value against its row), [`relation`] (values against each other),
//! [`amendment`] (when a change takes effect), [`page`].
//!
//! Constants are rows that nobody can amend, because bytes are laid out by them or a ruling fixes them; code reads them while
//! it is compiled ([`ParameterId::constant`]).

pub mod amendment;
mod declare;
pub mod derived;
pub mod page;
pub mod relation;
mod table;
pub mod text;

use core::fmt;

use alloy_primitives::{B256, U256};

pub use table::ParameterId;
use table::{ROWS, WORD_DEFAULTS};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An address in the last 20 bytes; zero is nobody.
    Address,
    /// A hash, never zero.
    Hash,
    /// A number of 32 bits within its range.
    Number,
    /// A number that nobody can amend.
    Constant,
}

/// How much harm a wrong value does: decides who must sign and how long the change waits (RESOLUTIONS D-26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// One signer.
    Low,
    /// Two signers.
    Medium,
    /// ⌈2q/3⌉ signers.
    High,
}

/// The direction in which a change weakens the law (RESOLUTIONS D-23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Weakens {
    /// A greater value is weaker.
    Up,
    /// A lesser value is weaker.
    Down,
    /// Every change is.
    Any,
    /// No change is, and none is tighter either.
    None,
}

/// Which epoch's value counts (RULINGS R15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The present one.
    City,
    /// The one in which the session was opened.
    Session,
    /// The one in which the mission was finalised; before that, its session's.
    Mission,
}

/// Who acts by a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Consumer {
    /// The `constitution` contract.
    Constitution,
    /// The `agent` contract.
    Agent,
    /// The `management` contract.
    Management,
    /// The `service` contract.
    Service,
    /// The `legislature` contract.
    Legislature,
    /// The `collaboration` contract.
    Collaboration,
    /// The `treasury` contract.
    Treasury,
    /// The `adjudication` contract.
    Adjudication,
    /// The `verification` contract.
    Verification,
    /// The `guardian` contract.
    Guardian,
    /// The `assembly` contract.
    Assembly,
    /// The `statute` contract.
    Statute,
    /// The `enactment` contract.
    Enactment,
    /// The `roster` contract.
    Roster,
    /// Daemons: no contract reads it.
    Keeper,
    /// No code of ours: it may be amended, and nothing follows.
    Nobody,
}

/// What a change does to the law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// Nothing.
    Same,
    /// It binds more.
    Tighter,
    /// It binds less; the watchdog counts it.
    Weaker,
    /// Neither.
    Neutral,
}

/// The part of a row that programs use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// What its value is.
    pub kind: Kind,
    /// Value when the manifest names none; zero for words, see [`ParameterId::default_word`].
    pub default: u32,
    /// Least value; zero for words.
    pub min: u32,
    /// Greatest value; zero for words.
    pub max: u32,
    /// Risk.
    pub tier: Tier,
    /// Direction of weakening.
    pub weakens: Weakens,
    /// Which epoch counts.
    pub scope: Scope,
}

/// Why a value or a change is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No row has this id.
    Unknown {
        /// The id.
        id: u8,
    },
    /// The row is a constant.
    Constant {
        /// Which.
        id: ParameterId,
    },
    /// A number is out of its range.
    OutOfRange {
        /// Which.
        id: ParameterId,
        /// What was offered.
        value: B256,
        /// Least accepted.
        min: u32,
        /// Greatest accepted.
        max: u32,
    },
    /// A word is no address, or a hash is zero.
    Malformed {
        /// Which.
        id: ParameterId,
        /// What was offered.
        value: B256,
    },
    /// The value is no longer what the signers saw.
    Stale {
        /// What they saw.
        expected: B256,
        /// What it is.
        found: B256,
    },
    /// The value is what it is already.
    Unchanged {
        /// It.
        value: B256,
    },
    /// The change has to wait.
    TooEarly {
        /// First second at which it is allowed, unix.
        ready_at: u64,
        /// The block's time.
        now: u64,
    },
    /// Two values would contradict each other.
    Unrelated(relation::Broken),
}

impl ParameterId {
    /// The parameter with the id `id`.
    ///
    /// Errors: [`Refused::Unknown`].
    pub const fn at(id: u8) -> Result<Self, Refused> {
        match Self::at_place(id) {
            Some(parameter) => Ok(parameter),
            None => Err(Refused::Unknown { id }),
        }
    }

    /// Its id, and its place in the table.
    pub const fn place(self) -> usize {
        self as usize
    }

    /// Its row.
    pub const fn row(self) -> Row {
        lean::unpack(self.place())
    }

    /// The value of a constant, for use while code is compiled.
    ///
    /// Panics for a parameter that can be amended: its value is the page's business.
    pub const fn constant(self) -> u32 {
        let row = ROWS[self.place()].row;
        assert!(
            matches!(row.kind, Kind::Constant),
            "an amendable parameter has no fixed value"
        );
        row.default
    }

    /// The value when the manifest names none.
    pub fn default_word(self) -> B256 {
        match WORD_DEFAULTS.get(self.place()) {
            Some(word) => *word,
            None => word(self.row().default),
        }
    }
}

/// The word of a number.
pub fn word(number: u32) -> B256 {
    U256::from(number).into()
}

/// The number in a word, if it has 32 bits.
pub fn number(word: B256) -> Option<u32> {
    let (high, low) = word.0.split_at(page::WORD_BYTES - page::NUMBER_BYTES);
    if high.iter().any(|byte| *byte != 0) {
        return None;
    }
    low.try_into().ok().map(u32::from_be_bytes)
}

/// Whether `value` may stand in the row of `id`. A constant accepts its own value alone.
///
/// Errors: [`Refused::OutOfRange`], [`Refused::Malformed`].
/// Source: Table 19; RESOLUTIONS T3.
pub fn check(id: ParameterId, value: B256) -> Result<(), Refused> {
    let row = id.row();
    let good = match row.kind {
        Kind::Address => value
            .0
            .starts_with(&[0; page::WORD_BYTES - page::ADDRESS_BYTES]),
        Kind::Hash => !value.is_zero(),
        Kind::Number | Kind::Constant => {
            return match number(value) {
                Some(n) if row.min <= n && n <= row.max => Ok(()),
                _ => Err(Refused::OutOfRange {
                    id,
                    value,
                    min: row.min,
                    max: row.max,
                }),
            };
        }
    };
    if good {
        Ok(())
    } else {
        Err(Refused::Malformed { id, value })
    }
}

/// What a change from `old` to `new` does to the law. Both are values that [`check`] accepts; other words compare as words.
///
/// Source: RESOLUTIONS D-23.
pub fn direction(id: ParameterId, old: B256, new: B256) -> Change {
    if old == new {
        return Change::Same;
    }
    match (id.row().weakens, new > old) {
        (Weakens::Up, true) | (Weakens::Down, false) | (Weakens::Any, _) => Change::Weaker,
        (Weakens::Up, false) | (Weakens::Down, true) => Change::Tighter,
        (Weakens::None, _) => Change::Neutral,
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { id } => write!(f, "there is no parameter {id}"),
            Self::Constant { id } => write!(f, "{} is a constant", id.described().name),
            Self::OutOfRange {
                id,
                value,
                min,
                max,
            } => write!(
                f,
                "{} is not within {min}..={max}, the range of {}",
                U256::from_be_bytes(value.0),
                id.described().name
            ),
            Self::Malformed { id, value } => {
                write!(f, "{value} is no value of {}", id.described().name)
            }
            Self::Stale { expected, found } => write!(f, "the value is {found}, not {expected}"),
            Self::Unchanged { value } => write!(f, "the value is {value} already"),
            Self::TooEarly { ready_at, now } => {
                write!(f, "allowed from second {ready_at}, it is {now}")
            }
            Self::Unrelated(broken) => broken.fmt(f),
        }
    }
}

impl core::error::Error for Refused {}

/// The numbers of all rows in four bytes each: places in a pool of distinct numbers, and the enums in one byte. A program
/// pays for its data at every call, and as plain structs the rows would be most of it.
mod lean {
    use super::{Kind, ROWS, Row, Scope, Tier, Weakens, table::ParameterId};

    /// Scratch large enough for every distinct number.
    const SCRATCH: usize = ParameterId::COUNT * 3;

    const fn collect() -> ([u32; SCRATCH], usize) {
        let (mut pool, mut len, mut i) = ([0; SCRATCH], 0, 0);
        while i < ParameterId::COUNT {
            let row = ROWS[i].row;
            let three = [row.default, row.min, row.max];
            let mut j = 0;
            while j < three.len() {
                if find(&pool, len, three[j]) == len {
                    pool[len] = three[j];
                    len += 1;
                }
                j += 1;
            }
            i += 1;
        }
        (pool, len)
    }

    /// The place of `number` among the first `len`, or `len`.
    const fn find(pool: &[u32], len: usize, number: u32) -> usize {
        let mut i = 0;
        while i < len && pool[i] != number {
            i += 1;
        }
        i
    }

    const COLLECTED: ([u32; SCRATCH], usize) = collect();
    const DISTINCT: usize = COLLECTED.1;
    const _: () = assert!(
        DISTINCT <= u8::MAX as usize + 1,
        "a place in the pool is one byte"
    );

    const POOL: &[u32; DISTINCT] = &{
        let (mut pool, mut i) = ([0; DISTINCT], 0);
        while i < DISTINCT {
            pool[i] = COLLECTED.0[i];
            i += 1;
        }
        pool
    };

    const PACKED: &[[u8; 4]; ParameterId::COUNT] = &{
        let (mut packed, mut i) = ([[0; 4]; ParameterId::COUNT], 0);
        while i < ParameterId::COUNT {
            let row = ROWS[i].row;
            packed[i] = [
                find(POOL, DISTINCT, row.default) as u8,
                find(POOL, DISTINCT, row.min) as u8,
                find(POOL, DISTINCT, row.max) as u8,
                row.kind as u8
                    | (row.tier as u8) << 2
                    | (row.weakens as u8) << 4
                    | (row.scope as u8) << 6,
            ];
            i += 1;
        }
        packed
    };

    pub(super) const fn unpack(place: usize) -> Row {
        let [default, min, max, enums] = PACKED[place];
        Row {
            default: POOL[default as usize],
            min: POOL[min as usize],
            max: POOL[max as usize],
            kind: match enums & 3 {
                0 => Kind::Address,
                1 => Kind::Hash,
                2 => Kind::Number,
                _ => Kind::Constant,
            },
            tier: match enums >> 2 & 3 {
                0 => Tier::Low,
                1 => Tier::Medium,
                _ => Tier::High,
            },
            weakens: match enums >> 4 & 3 {
                0 => Weakens::Up,
                1 => Weakens::Down,
                2 => Weakens::Any,
                _ => Weakens::None,
            },
            scope: match enums >> 6 {
                0 => Scope::City,
                1 => Scope::Session,
                _ => Scope::Mission,
            },
        }
    }
}

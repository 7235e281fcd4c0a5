//! What people read of the table: names, units, sources. No program links this.

use super::{Consumer, Kind, ParameterId, Row, Scope, Tier, Weakens, table::ROWS};
use crate::peer::Peer;

/// What one of a number's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// No number.
    Word,
    /// Things.
    Count,
    /// 1 is yes.
    Flag,
    /// Points of reputation.
    Points,
    /// Stake units: base units of the settlement asset × the city's unit scale.
    Units,
    /// Tokens of a language model.
    LlmTokens,
    /// Gas.
    Gas,
    /// Bytes.
    Bytes,
    /// Thousandths of a standard deviation.
    MilliSigma,
    /// Hundredths.
    Percent,
    /// Thousandths.
    Permille,
    /// Ten-thousandths.
    Bps,
    /// Milliseconds; a chain rounds them up to seconds.
    Millis,
    /// Seconds.
    Seconds,
    /// Hours.
    Hours,
    /// Days.
    Days,
    /// Months.
    Months,
}

/// A row with what people read of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its id.
    pub id: ParameterId,
    /// Its name, as the seed spells names.
    pub name: &'static str,
    /// What it governs.
    pub text: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Who acts by it.
    pub consumer: Consumer,
    /// Where it comes from.
    pub source: &'static str,
    /// The rest.
    pub row: Row,
}

/// A range as Table 19 prints it, where a resolution changed unit or range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Printed {
    /// Which.
    pub id: ParameterId,
    /// Least printed value, in the printed unit.
    pub min: u32,
    /// Greatest printed value.
    pub max: u32,
    /// How many of our unit are one of the printed one.
    pub scale: u32,
    /// The resolution that changed it.
    pub changed_by: &'static str,
}

/// Every row that differs from Table 19.
pub const PRINTED: [Printed; 4] = [
    Printed {
        id: ParameterId::DeviationThresholdSigma,
        min: 1,
        max: 5,
        scale: 1_000,
        changed_by: "G-09",
    },
    Printed {
        id: ParameterId::MinStakeLow,
        min: 0,
        max: 100_000,
        scale: 1,
        changed_by: "S-16",
    },
    Printed {
        id: ParameterId::MinStakeMedium,
        min: 0,
        max: 100_000,
        scale: 1,
        changed_by: "S-16",
    },
    Printed {
        id: ParameterId::MinStakeHigh,
        min: 0,
        max: 100_000,
        scale: 1,
        changed_by: "S-16",
    },
];

impl ParameterId {
    /// The row in words.
    pub fn described(self) -> &'static Described {
        const ALL: &[Described; ParameterId::COUNT] = &ROWS;
        &ALL[self.place()]
    }

    /// The parameter of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.described().name == name)
    }

    /// Whether `value`, in the unit of Table 19, lies in the range printed there.
    ///
    /// Source: vectors `param_range`, whose basis is the seed.
    pub fn accepts_as_printed(self, value: u64) -> bool {
        let (min, max) = match PRINTED.iter().find(|printed| printed.id == self) {
            Some(printed) => (printed.min, printed.max),
            None => (self.row().min, self.row().max),
        };
        (u64::from(min)..=u64::from(max)).contains(&value)
    }
}

impl Consumer {
    /// The contract, if it is one.
    pub const fn peer(self) -> Option<Peer> {
        Some(match self {
            Self::Constitution => Peer::Constitution,
            Self::Agent => Peer::Agent,
            Self::Management => Peer::Management,
            Self::Service => Peer::Service,
            Self::Legislature => Peer::Legislature,
            Self::Collaboration => Peer::Collaboration,
            Self::Treasury => Peer::Treasury,
            Self::Adjudication => Peer::Adjudication,
            Self::Verification => Peer::Verification,
            Self::Guardian => Peer::Guardian,
            Self::Assembly => Peer::Assembly,
            Self::Statute => Peer::Statute,
            Self::Enactment => Peer::Enactment,
            Self::Roster => Peer::Roster,
            Self::Keeper | Self::Nobody => return None,
        })
    }

    /// Name.
    pub fn name(self) -> &'static str {
        match self.peer() {
            Some(peer) => peer.name(),
            None if matches!(self, Self::Nobody) => "nobody",
            None => "keeper",
        }
    }
}

impl Unit {
    /// Name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Word => "",
            Self::Count => "count",
            Self::Flag => "0 or 1",
            Self::Points => "points",
            Self::Units => "stake units",
            Self::LlmTokens => "LLM tokens",
            Self::Gas => "gas",
            Self::Bytes => "bytes",
            Self::MilliSigma => "milli-σ",
            Self::Percent => "%",
            Self::Permille => "permille",
            Self::Bps => "bps",
            Self::Millis => "ms",
            Self::Seconds => "s",
            Self::Hours => "h",
            Self::Days => "d",
            Self::Months => "months",
        }
    }
}

impl Row {
    /// The narrowest type that holds every value.
    pub const fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Address => "address",
            Kind::Hash => "bytes32",
            Kind::Number | Kind::Constant => {
                if self.max <= u8::MAX as u32 {
                    "uint8"
                } else if self.max <= u16::MAX as u32 {
                    "uint16"
                } else {
                    "uint32"
                }
            }
        }
    }
}

impl Tier {
    /// Name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
        }
    }
}

impl Weakens {
    /// Name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Any => "any change",
            Self::None => "–",
        }
    }
}

impl Scope {
    /// Name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::City => "CITY",
            Self::Session => "SESSION",
            Self::Mission => "MISSION",
        }
    }
}

//! Who may call what: the role table of every contract, as `roles/` holds it (feature `roles`).
//!
//! One table for each interface, one entry for each function. Tests of contracts generate "each function × each role"
//! from it; the tests of this crate hold it complete.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;

/// Who may call a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Caller {
    /// Everybody: views, exits, wiring, and whatever draws its authority from signatures in its arguments.
    Anyone,
    /// Everybody, on what is the caller's own: agent, principal, seat, service, credit.
    #[serde(rename = "self")]
    Own,
    /// The constitution.
    Constitution,
    /// The agent contract.
    Agent,
    /// The management contract.
    Management,
    /// The service registry.
    Service,
    /// The legislature.
    Legislature,
    /// The collaboration contract.
    Collaboration,
    /// The treasury.
    Treasury,
    /// The adjudication contract.
    Adjudication,
    /// The verification contract.
    Verification,
    /// The guardian contract.
    Guardian,
    /// The assembly contract.
    Assembly,
    /// The statute contract.
    Statute,
    /// The enactment contract.
    Enactment,
    /// The roster contract.
    Roster,
}

/// One function's entry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Who may call it; others are refused with `Unauthorized(caller)`.
    pub callers: Vec<Caller>,
    /// EIP-712 structs in its arguments that somebody signed.
    #[serde(default)]
    pub signed: Vec<String>,
    /// Events that it may emit.
    #[serde(default)]
    pub emits: Vec<String>,
}

/// One contract's table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Name of the contract; its interface is `I` and this.
    pub contract: &'static str,
    /// Entries by the function's name.
    pub functions: BTreeMap<String, Role>,
}

/// The contracts of a city, in the order of its members.
pub const CONTRACTS: [&str; 14] = [
    "Constitution",
    "Agent",
    "Management",
    "Service",
    "Legislature",
    "Collaboration",
    "Treasury",
    "Adjudication",
    "Verification",
    "Guardian",
    "Assembly",
    "Statute",
    "Enactment",
    "Roster",
];

/// The tables of all contracts, in the order of the city's members.
///
/// Panics: if a file is missing or no role table. The tests of this crate read all of them.
pub fn roles() -> Vec<Table> {
    CONTRACTS.into_iter().map(table).collect()
}

/// The table of one contract, named as in [`CONTRACTS`].
///
/// Panics: if its file is missing or no role table.
pub fn table(contract: &'static str) -> Table {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("roles/{contract}.toml"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let functions = toml::from_str(&text)
        .unwrap_or_else(|e| panic!("{} is no role table: {e}", file.display()));
    Table {
        contract,
        functions,
    }
}

impl Caller {
    /// As the files spell it; a contract is spelt as the domain spells its members.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Own => "self",
            Self::Constitution => "constitution",
            Self::Agent => "agent",
            Self::Management => "management",
            Self::Service => "service",
            Self::Legislature => "legislature",
            Self::Collaboration => "collaboration",
            Self::Treasury => "treasury",
            Self::Adjudication => "adjudication",
            Self::Verification => "verification",
            Self::Guardian => "guardian",
            Self::Assembly => "assembly",
            Self::Statute => "statute",
            Self::Enactment => "enactment",
            Self::Roster => "roster",
        }
    }

    /// Whether it is one contract of the city, which nobody else can pose as.
    pub const fn is_member(self) -> bool {
        !matches!(self, Self::Anyone | Self::Own)
    }
}

impl Role {
    /// Whether only members of the city may call it.
    pub fn is_for_members(&self) -> bool {
        self.callers.iter().all(|caller| caller.is_member())
    }
}

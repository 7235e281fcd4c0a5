//! What the founders of a city decide, as a file.
//!
//! ```toml
//! mandate = "0x…"                # hash of the text that says what the city is for
//! unit_scale = "1000000000000"   # base units of the settlement asset in one unit of stake
//! signing_window_secs = 86400    # how long the adjudicators have to sign
//! adjudicators = ["0x…", …]
//! # asset = "0x…"                # the ERC-20 the city pays in; the native coin when absent
//!
//! [parameters]                   # those that differ from their default, by name; 32-byte words, numbers or addresses
//! reputationFloor = 150
//!
//! [[clerks]]
//! role = "registrar"             # registrar, speaker, regulator, codifier
//! agent = "0x…"
//! principal = "0x…"
//! ```

use std::collections::BTreeMap;

use agentcity_abi::IConstitution::{Clerk as WireClerk, ParameterValue};
use alloy::primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};

use super::names;

/// The default of `unit_scale`: a stake of 1,000 units is a thousandth of an ether.
pub const DEFAULT_UNIT_SCALE: u64 = 1_000_000_000_000;
/// The default of `signing_window_secs`: a day.
pub const DEFAULT_SIGNING_WINDOW_SECS: u64 = 86_400;

/// The founders' decisions, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genesis {
    /// Hash of the text that says what the city is for.
    pub mandate: B256,
    /// The ERC-20 the city pays in; `None` is the native coin.
    pub asset: Option<Address>,
    /// Base units in one unit of stake.
    pub unit_scale: U256,
    /// Genesis adjudicators.
    pub adjudicators: Vec<Address>,
    /// Values that differ from their defaults, by parameter id.
    pub parameters: BTreeMap<u8, B256>,
    /// Clerks of the first hour.
    pub clerks: Vec<Clerk>,
    /// Seconds from the reading of the manifest to its deadline.
    pub signing_window_secs: u64,
}

/// One clerk of the first hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clerk {
    /// Number of the role on the wire; first, so that clerks sort by it.
    pub role: u8,
    /// The agent.
    pub agent: Address,
    /// Who answers for it.
    pub principal: Address,
}

/// Why a file does not found a city.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// No TOML of this shape.
    #[error("the genesis file is not understood: {0}")]
    Syntax(#[from] toml::de::Error),
    /// Not a number of base units.
    #[error("unit_scale = {given:?} is no whole number")]
    UnitScale {
        /// What stands there.
        given: String,
    },
    /// No such parameter.
    #[error("there is no parameter `{name}`: docs/parameters.md lists them")]
    UnknownParameter {
        /// What stands there.
        name: String,
    },
    /// No value of a parameter.
    #[error(
        "parameter `{name}` = {given} is no whole number, truth value, address or 32-byte word"
    )]
    Value {
        /// Which parameter.
        name: String,
        /// What stands there.
        given: String,
    },
    /// No such office.
    #[error("there is no clerk `{role}`: there are {}", names::clerks().collect::<Vec<_>>().join(", "))]
    UnknownRole {
        /// What stands there.
        role: String,
    },
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    mandate: B256,
    asset: Option<Address>,
    unit_scale: Option<String>,
    signing_window_secs: Option<u64>,
    adjudicators: Vec<Address>,
    #[serde(default)]
    parameters: BTreeMap<String, toml::Value>,
    clerks: Vec<FileClerk>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct FileClerk {
    role: String,
    agent: Address,
    principal: Address,
}

impl Genesis {
    /// Reads a genesis file. What the constitution itself judges (ranges, numbers, distinctness) is left to it.
    pub fn parse(text: &str) -> Result<Self, GenesisError> {
        let file: File = toml::from_str(text)?;
        let unit_scale = match file.unit_scale {
            None => U256::from(DEFAULT_UNIT_SCALE),
            Some(given) => given
                .parse()
                .map_err(|_| GenesisError::UnitScale { given })?,
        };
        let mut parameters = BTreeMap::new();
        for (name, value) in file.parameters {
            let Some(id) = names::parameter(&name) else {
                return Err(GenesisError::UnknownParameter { name });
            };
            let Some(word) = word(&value) else {
                let given = value.to_string();
                return Err(GenesisError::Value { name, given });
            };
            parameters.insert(id, word);
        }
        let mut clerks = Vec::new();
        for clerk in file.clerks {
            let Some(role) = names::clerk(&clerk.role) else {
                return Err(GenesisError::UnknownRole { role: clerk.role });
            };
            clerks.push(Clerk {
                role,
                agent: clerk.agent,
                principal: clerk.principal,
            });
        }
        clerks.sort_unstable();
        Ok(Self {
            mandate: file.mandate,
            asset: file.asset,
            unit_scale,
            adjudicators: file.adjudicators,
            parameters,
            clerks,
            signing_window_secs: file
                .signing_window_secs
                .unwrap_or(DEFAULT_SIGNING_WINDOW_SECS),
        })
    }

    pub(super) fn parameter_values(&self) -> Vec<ParameterValue> {
        self.parameters
            .iter()
            .map(|(id, value)| ParameterValue {
                id: *id,
                value: *value,
            })
            .collect()
    }

    pub(super) fn clerk_values(&self) -> Vec<WireClerk> {
        let mut clerks = self.clerks.clone();
        clerks.sort_unstable();
        clerks
            .into_iter()
            .map(|clerk| WireClerk {
                role: clerk.role,
                agent: clerk.agent,
                principal: clerk.principal,
            })
            .collect()
    }
}

/// A value as the wire's 32-byte word: numbers and addresses at its end.
fn word(value: &toml::Value) -> Option<B256> {
    match value {
        toml::Value::Integer(number) => u64::try_from(*number)
            .ok()
            .map(|number| U256::from(number).into()),
        toml::Value::Boolean(flag) => Some(B256::with_last_byte(u8::from(*flag))),
        toml::Value::String(text) => text
            .parse::<B256>()
            .ok()
            .or_else(|| {
                text.parse::<Address>()
                    .ok()
                    .map(|address| address.into_word())
            })
            .or_else(|| text.parse::<U256>().ok().map(B256::from)),
        _ => None,
    }
}

#[cfg(test)]
impl Genesis {
    pub(crate) fn example() -> Self {
        Self::parse(tests::EXAMPLE).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const EXAMPLE: &str = r#"
mandate = "0x1111111111111111111111111111111111111111111111111111111111111111"
adjudicators = ["0x00000000000000000000000000000000000000a1", "0x00000000000000000000000000000000000000a2"]

[parameters]
reputationFloor = 150
adjudicatorQuorum = "5"

[[clerks]]
role = "codifier"
agent = "0x00000000000000000000000000000000000000c4"
principal = "0x00000000000000000000000000000000000000d1"

[[clerks]]
role = "registrar"
agent = "0x00000000000000000000000000000000000000c1"
principal = "0x00000000000000000000000000000000000000d1"
"#;

    #[test]
    fn what_is_absent_has_its_default_and_clerks_come_by_role() {
        let genesis = Genesis::example();
        assert_eq!(genesis.asset, None);
        assert_eq!(genesis.unit_scale, U256::from(DEFAULT_UNIT_SCALE));
        assert_eq!(genesis.signing_window_secs, DEFAULT_SIGNING_WINDOW_SECS);
        let roles: Vec<u8> = genesis.clerk_values().iter().map(|c| c.role).collect();
        assert_eq!(roles, [0, 3]);
        let values = genesis.parameter_values();
        assert!(values.is_sorted_by_key(|v| v.id));
        assert_eq!(
            values
                .iter()
                .map(|v| U256::from_be_bytes(v.value.0))
                .sum::<U256>(),
            U256::from(155)
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let refused = |from: &str, to: &str| {
            let text = EXAMPLE.replacen(from, to, 1);
            assert_ne!(text, EXAMPLE);
            Genesis::parse(&text).unwrap_err().to_string()
        };
        assert!(refused("reputationFloor", "reputationFlor").contains("`reputationFlor`"));
        assert!(refused("150", "1.5").contains("reputationFloor"));
        assert!(refused("150", "-1").contains("reputationFloor"));
        assert!(refused("\"codifier\"", "\"mayor\"").contains("registrar, speaker"));
        assert!(refused("mandate", "mandat").contains("mandat"));
        let scaled = EXAMPLE.replacen("adjudicators", "unit_scale = \"x\"\nadjudicators", 1);
        assert!(matches!(
            Genesis::parse(&scaled),
            Err(GenesisError::UnitScale { .. })
        ));
    }

    #[test]
    fn values_are_words_however_they_are_written() {
        let of = |text: &str| word(&text.parse::<toml::Value>().unwrap());
        assert_eq!(of("7"), Some(B256::with_last_byte(7)));
        assert_eq!(of("\"7\""), Some(B256::with_last_byte(7)));
        assert_eq!(of("true"), Some(B256::with_last_byte(1)));
        let address = Address::repeat_byte(0xab);
        assert_eq!(of(&format!("\"{address}\"")), Some(address.into_word()));
        let all = B256::repeat_byte(0xcd);
        assert_eq!(of(&format!("\"{all}\"")), Some(all));
        assert_eq!(of("\"seven\""), None);
    }
}

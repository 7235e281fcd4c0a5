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
//!
//! [[templates]]                  # what statutes may be codified from; the codifier publishes them once it is in office
//! id = "0x…"
//! version = 1
//! schema = "0x…"                 # hash of its schema
//! nodes_max = 100
//! tiers = [1, 2, 3]
//! risk = "high"                  # low, medium, high
//! predicates_min = 0             # may be left out
//!
//! [codehashes]                   # code that the founders agreed on, by member; a build with other code is refused
//! agent = "0x…"
//! ```
//!
//! A file is judged whole and without a chain, by the functions with which the constitution judges it; all that is left to the
//! chain is whether the asset has code.

mod templates;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use agentcity_abi::IConstitution::{Clerk as WireClerk, GenesisManifest, ParameterValue};
use agentcity_domain::{
    constitution::seal::{self, Founding, Refused},
    parameter::{self, Kind, ParameterId, page, relation},
    peer::Peer,
};
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolValue,
};
use serde::Deserialize;
use toml::Spanned;

use self::templates::FileTemplate;
use super::names;

pub use self::templates::Template;

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

/// A genesis file: the decisions, and the code that the founders agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenesisFile {
    /// What the city is founded on.
    pub genesis: Genesis,
    /// Hashes of the code of members, where the file names them.
    pub codehashes: BTreeMap<Peer, B256>,
    /// Templates that the codifier is to publish. They are no part of the seal.
    pub templates: Vec<Template>,
}

/// A place in a file, counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// Why a file does not found a city, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {}, column {}: {problem}", place.line, place.column)]
pub struct GenesisError {
    /// Where it stands.
    pub place: Place,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a genesis file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No TOML of this shape.
    #[error("{0}")]
    Syntax(String),
    /// Not a number of base units.
    #[error("unit_scale = {given:?} is no whole number of base units")]
    UnitScale {
        /// What stands there.
        given: String,
    },
    /// Base units in a unit of stake out of range.
    #[error(
        "a unit of stake is 1 to {} base units, not {given}",
        seal::UNIT_SCALE_MAX
    )]
    UnitScaleOutOfRange {
        /// What stands there.
        given: U256,
    },
    /// Not 20 bytes.
    #[error("{given:?} is no address: 0x and 40 hex digits")]
    Address {
        /// What stands there.
        given: String,
    },
    /// Mistyped.
    #[error(
        "the capitals of {given} do not check: one of its digits is wrong, or write all in lower case"
    )]
    Checksum {
        /// What stands there.
        given: String,
    },
    /// Not 32 bytes.
    #[error("{given:?} is no hash: 0x and 64 hex digits")]
    Hash {
        /// What stands there.
        given: String,
    },
    /// A city is for something.
    #[error("the mandate must not be zero: hash the text that says what the city is for")]
    MandateMissing,
    /// Nobody can sign in time.
    #[error("signing_window_secs must not be zero: nobody could sign in time")]
    NoWindow,
    /// Too few or too many.
    #[error("{count} genesis adjudicators; a city has {least} to {most}")]
    AdjudicatorCount {
        /// How many there are.
        count: usize,
        /// The least number.
        least: usize,
        /// The greatest.
        most: usize,
    },
    /// Zero, or there before.
    #[error("adjudicator {adjudicator} is {}", if adjudicator.is_zero() { "nobody" } else { "listed before" })]
    Adjudicator {
        /// Who.
        adjudicator: Address,
    },
    /// The parameter demands more than there are.
    #[error(
        "adjudicatorQuorum = {quorum} demands more adjudicators than the {adjudicators} listed"
    )]
    BelowQuorum {
        /// How many there are.
        adjudicators: usize,
        /// How many are demanded.
        quorum: u64,
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
    /// Out of range, malformed, or a constant.
    #[error("{0}")]
    Parameter(parameter::Refused),
    /// Two values contradict each other.
    #[error("{0}")]
    Relation(relation::Broken),
    /// No such office.
    #[error("there is no clerk `{role}`: there are {}", names::clerks().collect::<Vec<_>>().join(", "))]
    UnknownRole {
        /// What stands there.
        role: String,
    },
    /// An office without a holder.
    #[error("no clerk is {role}: every office needs one")]
    ClerkMissing {
        /// The office.
        role: String,
    },
    /// More than there is room for.
    #[error("{count} clerks; a city has at most {}", seal::CLERKS_MAX)]
    TooManyClerks {
        /// How many there are.
        count: usize,
    },
    /// A clerk that cannot be.
    #[error(
        "clerk {agent} of {principal}: neither may be zero, an agent is not its own principal and holds one office"
    )]
    Clerk {
        /// The agent.
        agent: Address,
        /// Its principal.
        principal: Address,
    },
    /// One person would check themselves.
    #[error("all clerks answer to {principal}: two principals at least must check each other")]
    OnePrincipal {
        /// Who.
        principal: Address,
    },
    /// More templates than a city begins with.
    #[error(
        "{count} templates; a genesis file has at most {most}: the codifier publishes more with `agentcity law template`"
    )]
    TooManyTemplates {
        /// How many there are.
        count: usize,
        /// The most.
        most: usize,
    },
    /// No such tier.
    #[error("there is no tier {given}: tiers are 1, 2 and 3")]
    Tier {
        /// What stands there.
        given: u8,
    },
    /// No statute holds to it.
    #[error("the template allows nothing: it needs nodes_max above zero, and tiers")]
    TemplateAllowsNothing,
    /// Versions are counted from one.
    #[error("version 0 is no version of a template: the first is 1")]
    VersionZero,
    /// No such risk.
    #[error("there is no risk `{given}`: there are low, medium, high")]
    Risk {
        /// What stands there.
        given: String,
    },
    /// One version, listed twice.
    #[error("version {version} of template {id} is listed before")]
    TemplateTwice {
        /// The template.
        id: B256,
        /// Its version.
        version: u16,
    },
    /// No such member.
    #[error("a city has no member `{name}`: there are {}", Peer::ALL.map(Peer::name).join(", "))]
    UnknownMember {
        /// What stands there.
        name: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    mandate: Spanned<String>,
    asset: Option<Spanned<String>>,
    unit_scale: Option<Spanned<String>>,
    signing_window_secs: Option<Spanned<u64>>,
    adjudicators: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    parameters: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    #[serde(default)]
    codehashes: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    clerks: Vec<Spanned<FileClerk>>,
    #[serde(default)]
    templates: Vec<Spanned<FileTemplate>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileClerk {
    role: Spanned<String>,
    agent: Spanned<String>,
    principal: Spanned<String>,
}

/// What was found wrong so far, by its place in the text.
struct Judge<'a> {
    text: &'a str,
    found: Vec<(usize, Problem)>,
}

impl Judge<'_> {
    fn note(&mut self, span: &Range<usize>, problem: Problem) {
        self.found.push((span.start, problem));
    }

    fn address(&mut self, given: &Spanned<String>) -> Option<Address> {
        let text = given.get_ref();
        let Some(address) = text.strip_prefix("0x").and_then(|_| text.parse().ok()) else {
            let given_text = text.clone();
            self.note(&given.span(), Problem::Address { given: given_text });
            return None;
        };
        let digits = &text[2..];
        let is_mixed = digits.contains(|c: char| c.is_ascii_lowercase())
            && digits.contains(|c: char| c.is_ascii_uppercase());
        if is_mixed && Address::parse_checksummed(text, None).is_err() {
            let given_text = text.clone();
            self.note(&given.span(), Problem::Checksum { given: given_text });
            return None;
        }
        Some(address)
    }

    fn hash(&mut self, given: &Spanned<String>) -> Option<B256> {
        let text = given.get_ref();
        let hash = text.strip_prefix("0x").and_then(|_| text.parse().ok());
        if hash.is_none() {
            let text = text.clone();
            self.note(&given.span(), Problem::Hash { given: text });
        }
        hash
    }

    fn place(&self, offset: usize) -> Place {
        let before = &self.text[..offset.min(self.text.len())];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
        }
    }

    /// All that was found, in the order of the text.
    fn verdict(mut self) -> Result<(), Vec<GenesisError>> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort_by_key(|(offset, _)| *offset);
        let found = std::mem::take(&mut self.found);
        Err(found
            .into_iter()
            .map(|(offset, problem)| GenesisError {
                place: self.place(offset),
                problem,
            })
            .collect())
    }
}

impl GenesisFile {
    /// Reads and judges a genesis file.
    ///
    /// Errors: all that is wrong, in the order of the file; never an empty list.
    pub fn parse(text: &str) -> Result<Self, Vec<GenesisError>> {
        let mut judge = Judge {
            text,
            found: Vec::new(),
        };
        let file: File = match toml::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                // A message of several lines would be no pointed error.
                let message = error.message().replace('\n', ", ");
                let span = error.span().unwrap_or_default();
                judge.note(&span, Problem::Syntax(message));
                return Err(judge.verdict().err().unwrap_or_default());
            }
        };
        let mandate = judge.hash(&file.mandate);
        if mandate == Some(B256::ZERO) {
            judge.note(&file.mandate.span(), Problem::MandateMissing);
        }
        let asset = file.asset.as_ref().map(|asset| judge.address(asset));
        let unit_scale = unit_scale(&mut judge, file.unit_scale.as_ref());
        let window = match &file.signing_window_secs {
            Some(window) => {
                if *window.get_ref() == 0 {
                    judge.note(&window.span(), Problem::NoWindow);
                }
                *window.get_ref()
            }
            None => DEFAULT_SIGNING_WINDOW_SECS,
        };
        let adjudicators = adjudicators(&mut judge, &file.adjudicators);
        let parameters = parameters(&mut judge, &file);
        let clerks = clerks(&mut judge, &file);
        let codehashes = codehashes(&mut judge, &file);
        let templates = templates::read(&mut judge, &file.templates);
        judge.verdict()?;
        Ok(Self {
            genesis: Genesis {
                mandate: mandate.unwrap_or_default(),
                asset: asset.flatten(),
                unit_scale,
                adjudicators,
                parameters,
                clerks,
                signing_window_secs: window,
            },
            codehashes,
            templates,
        })
    }
}

fn unit_scale(judge: &mut Judge<'_>, given: Option<&Spanned<String>>) -> U256 {
    let Some(given) = given else {
        return U256::from(DEFAULT_UNIT_SCALE);
    };
    let text = given.get_ref();
    match U256::from_str_radix(text, 10) {
        Ok(scale) if !text.is_empty() => {
            if scale.is_zero() || scale > U256::from(seal::UNIT_SCALE_MAX) {
                judge.note(&given.span(), Problem::UnitScaleOutOfRange { given: scale });
            }
            scale
        }
        _ => {
            let text = text.clone();
            judge.note(&given.span(), Problem::UnitScale { given: text });
            U256::ZERO
        }
    }
}

fn adjudicators(judge: &mut Judge<'_>, file: &Spanned<Vec<Spanned<String>>>) -> Vec<Address> {
    let mut spans = Vec::new();
    let mut list = Vec::new();
    for given in file.get_ref() {
        if let Some(address) = judge.address(given) {
            spans.push(given.span());
            list.push(address);
        }
    }
    // What was no address is told already, and would only be told again as too few.
    if list.len() < file.get_ref().len() {
        return list;
    }
    let founding = Founding {
        mandate: B256::with_last_byte(1),
        asset: Address::ZERO,
        unit_scale: U256::ONE,
        adjudicators: &list,
    };
    let quorum = ParameterId::AdjudicatorQuorum.row().default;
    match seal::found(founding, true, quorum.into()) {
        Err(Refused::AdjudicatorCountOutOfRange { count, least, most }) => {
            judge.note(
                &file.span(),
                Problem::AdjudicatorCount { count, least, most },
            );
        }
        Err(Refused::InvalidAdjudicator { index, adjudicator }) => {
            let span = spans.get(index).cloned().unwrap_or_else(|| file.span());
            judge.note(&span, Problem::Adjudicator { adjudicator });
        }
        _ => {}
    }
    list
}

fn parameters(judge: &mut Judge<'_>, file: &File) -> BTreeMap<u8, B256> {
    let mut values = BTreeMap::new();
    let mut spans: BTreeMap<ParameterId, Range<usize>> = BTreeMap::new();
    for (name, value) in &file.parameters {
        let Some(id) = ParameterId::named(name.get_ref()) else {
            let unknown = name.get_ref().clone();
            judge.note(&name.span(), Problem::UnknownParameter { name: unknown });
            continue;
        };
        let Some(word) = word(value.get_ref()) else {
            let problem = Problem::Value {
                name: name.get_ref().clone(),
                given: value.get_ref().to_string(),
            };
            judge.note(&value.span(), problem);
            continue;
        };
        let fits = if id.row().kind == Kind::Constant {
            Err(parameter::Refused::Constant { id })
        } else {
            parameter::check(id, word)
        };
        match fits {
            Ok(()) => {
                spans.insert(id, value.span());
                values.insert(id.place() as u8, word);
            }
            Err(refused) => judge.note(&value.span(), Problem::Parameter(refused)),
        }
    }
    let page = page_of(&values);
    // Where the relation is broken: at the value that the file gives, of two the later.
    if let Err(broken) = relation::check(|id| page::read_number(&page, id)) {
        let named = [broken.relation.lesser, broken.relation.greater];
        let span = named.iter().filter_map(|id| spans.get(id));
        let span = span.max_by_key(|span| span.start).cloned();
        judge.note(&span.unwrap_or_default(), Problem::Relation(broken));
    }
    let quorum = page::read_number(&page, ParameterId::AdjudicatorQuorum);
    let listed = file.adjudicators.get_ref().len();
    if let (
        Err(Refused::BelowQuorum {
            adjudicators,
            quorum,
        }),
        Some(span),
    ) = (
        seal::has_quorum(listed, quorum.into()),
        spans.get(&ParameterId::AdjudicatorQuorum),
    ) {
        let problem = Problem::BelowQuorum {
            adjudicators,
            quorum,
        };
        judge.note(&span.clone(), problem);
    }
    values
}

fn clerks(judge: &mut Judge<'_>, file: &File) -> Vec<Clerk> {
    let mut list: Vec<(Clerk, Range<usize>)> = Vec::new();
    for given in &file.clerks {
        let clerk = given.get_ref();
        let role = names::clerk(clerk.role.get_ref());
        if role.is_none() {
            let role = clerk.role.get_ref().clone();
            judge.note(&clerk.role.span(), Problem::UnknownRole { role });
        }
        let (agent, principal) = (judge.address(&clerk.agent), judge.address(&clerk.principal));
        if let (Some(role), Some(agent), Some(principal)) = (role, agent, principal) {
            let clerk = Clerk {
                role,
                agent,
                principal,
            };
            list.push((clerk, given.span()));
        }
    }
    list.sort_by_key(|(clerk, _)| *clerk);
    let clerks: Vec<Clerk> = list.iter().map(|(clerk, _)| *clerk).collect();
    if list.len() < file.clerks.len() {
        return clerks;
    }
    let listed: Vec<seal::Clerk> = clerks
        .iter()
        .map(|clerk| seal::Clerk {
            role: clerk.role,
            agent: clerk.agent,
            principal: clerk.principal,
        })
        .collect();
    let last = list.iter().map(|(_, span)| span.clone());
    let last = last.max_by_key(|span| span.start).unwrap_or_default();
    match seal::clerks(&listed) {
        Err(Refused::TooManyClerks { count }) => {
            judge.note(&last, Problem::TooManyClerks { count });
        }
        Err(Refused::ClerkMissing { role }) => {
            let role = names::clerks().nth(role.into()).unwrap_or_default();
            judge.note(&last, Problem::ClerkMissing { role });
        }
        Err(Refused::InvalidClerk {
            index,
            agent,
            principal,
        }) => {
            let span = list.get(index).map_or(&last, |(_, span)| span).clone();
            judge.note(&span, Problem::Clerk { agent, principal });
        }
        Err(Refused::ClerksShareOnePrincipal { principal }) => {
            judge.note(&last, Problem::OnePrincipal { principal });
        }
        _ => {}
    }
    clerks
}

fn codehashes(judge: &mut Judge<'_>, file: &File) -> BTreeMap<Peer, B256> {
    let mut hashes = BTreeMap::new();
    for (name, given) in &file.codehashes {
        let peer = Peer::ALL.into_iter().find(|p| p.name() == name.get_ref());
        match (peer, judge.hash(given)) {
            (Some(peer), Some(hash)) => {
                hashes.insert(peer, hash);
            }
            (None, _) => {
                let unknown = name.get_ref().clone();
                judge.note(&name.span(), Problem::UnknownMember { name: unknown });
            }
            (Some(_), None) => {}
        }
    }
    hashes
}

/// The first epoch's page: defaults, but for what was decided.
fn page_of(values: &BTreeMap<u8, B256>) -> [u8; page::LEN] {
    let mut page = page::defaults();
    for (id, value) in values {
        if let Ok(id) = ParameterId::at(*id) {
            page::write(&mut page, id, *value);
        }
    }
    page
}

impl Genesis {
    /// The value of every parameter in the first epoch.
    pub fn first_epoch(&self) -> Vec<(ParameterId, B256)> {
        let page = page_of(&self.parameters);
        ParameterId::ALL
            .iter()
            .map(|id| (*id, page::read(&page, *id)))
            .collect()
    }

    /// A hash of every decision: two files that found the same city on the same chain have the same.
    pub fn digest(&self) -> B256 {
        let manifest = GenesisManifest {
            mandate: self.mandate,
            asset: self.asset.unwrap_or_default(),
            unitScale: self.unit_scale,
            members: Vec::new(),
            parameters: self.parameter_values(),
            clerks: self.clerk_values(),
            adjudicators: self.adjudicators.clone(),
            deadline: self.signing_window_secs,
        };
        keccak256(manifest.abi_encode())
    }

    /// How many signatures of genesis adjudicators the seal needs.
    pub fn signatures_needed(&self) -> usize {
        seal::signatures_needed(self.adjudicators.len())
    }

    /// Everybody the file names, each once: adjudicators, clerks and their principals.
    pub fn people(&self) -> BTreeSet<Address> {
        let clerks = self.clerks.iter().flat_map(|c| [c.agent, c.principal]);
        self.adjudicators.iter().copied().chain(clerks).collect()
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
        GenesisFile::parse(&tests::example()).unwrap().genesis
    }
}

#[cfg(test)]
mod tests;

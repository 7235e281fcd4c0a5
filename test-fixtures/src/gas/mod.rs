//! What the operations of a city cost, measured from receipts on a strict devnode, in a fresh city, first-use slots included.
//!
//! Each city is raised twice from the same seed: once with every program in the chain's cache, once with none. Both do the
//! same, so each operation has two numbers (RULINGS R3).

pub mod clerks;
pub mod funds;
pub mod legislation;
pub mod missions;
pub mod panel;
pub mod shares;
pub mod story;
pub mod table;
pub mod whole;

use crate::{
    Node, RpcError, Sender, Settings,
    city::{Asset, CallError, Charter, City, RaiseError, person::DEFAULT_SEED},
    mission::MissionError,
    program::{self, ARB_WASM, ARB_WASM_CACHE, ArbWasmCache, ProgramError},
    tool,
};
use agentcity_abi::IArbWasm;
use agentcity_domain::peer::Peer;
use alloy::primitives::Address;
use std::{fs, io, path::PathBuf};
use table::{Init, Snapshot};

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Name in the table.
    pub id: &'static str,
    /// Gas with every program in the cache.
    pub cached: u64,
    /// Gas with none.
    pub uncached: u64,
    /// What it may cost cached.
    pub ceiling: Option<u64>,
}

/// Why there are no numbers.
#[derive(Debug, thiserror::Error)]
pub enum GasError {
    /// The city does not stand.
    #[error(transparent)]
    Raise(#[from] RaiseError),
    /// A step of a mission was refused. Boxed: it carries a whole contract error.
    #[error(transparent)]
    Mission(#[from] Box<MissionError>),
    /// A step of the story was refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A program is missing, or the chain refused to cache it.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The node refused.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The two runs of one story differ.
    #[error("the story of a {city} city measured {cached} with caches and {uncached} without")]
    Differ {
        /// Which city.
        city: &'static str,
        /// Operation of the cached run.
        cached: &'static str,
        /// Operation of the uncached run.
        uncached: &'static str,
    },
}

/// Ceilings of the table in DESIGN §3: L2 gas, native coin, programs in the cache.
const CEILINGS: [(&str, u64); 21] = [
    ("native.register", 115_000),
    ("native.registerService", 80_000),
    ("native.updateReputation.marginal", 12_000),
    ("native.readCurrent.20", 30_000),
    ("native.deploy", 450_000),
    ("native.tier1.first", 220_000),
    ("native.tier1", 220_000),
    ("native.tier2.first", 450_000),
    ("native.tier2", 450_000),
    ("native.tier2.relayed", 450_000),
    ("native.mission8.first", 1_900_000),
    ("native.mission8", 1_900_000),
    ("native.mission8.batched.first", 600_000),
    ("native.mission8.batched", 600_000),
    ("native.freeze.report", 80_000),
    ("native.override.panel", 140_000),
    ("native.override.amend.panel", 140_000),
    ("native.freeze.panel", 100_000),
    ("native.ballot.first", 110_000),
    ("native.ballot", 110_000),
    ("native.tally.100x10", 500_000),
];

/// Gas by operation, in the order in which they happen.
pub type Taken = Vec<(&'static str, u64)>;

/// How a set is measured; told a way to say what is under way.
pub type Measure = fn(&mut dyn FnMut(&str)) -> Result<Snapshot, GasError>;

/// Operations that are measured together, and the file that keeps their numbers.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it measures.
    pub measure: Measure,
}

/// A file of numbers that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct FileError {
    /// Which one.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl Set {
    /// Where its numbers are committed.
    pub fn file(&self) -> PathBuf {
        tool::workspace_dir().join(format!("gas/{}.json", self.name))
    }

    /// The committed numbers; none where there is no file yet.
    pub fn committed(&self) -> Result<Snapshot, FileError> {
        let path = self.file();
        let read = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Snapshot::default()),
            Err(error) => Err(error),
        };
        read.map_err(|source| FileError { path, source })
    }

    /// Everything that is measured.
    pub const ALL: [Self; 4] = [
        Self {
            name: "foundations",
            measure: foundations,
        },
        Self {
            name: "missions",
            measure: execution,
        },
        Self {
            name: "legislation",
            measure: laws,
        },
        Self {
            name: "adjudication",
            measure: rulings,
        },
    ];
}

impl From<MissionError> for GasError {
    fn from(error: MissionError) -> Self {
        Self::Mission(Box::new(error))
    }
}

/// Missions: deployed, worked off, guarded, paid out.
fn execution(say: &mut dyn FnMut(&str)) -> Result<Snapshot, GasError> {
    say("missions, programs not cached");
    let (uncached, _) = missions::measure(false)?;
    say("missions, programs cached");
    let (cached, city) = missions::measure(true)?;
    let mut snapshot = Snapshot::default();
    snapshot.programs.extend(inits(&city)?);
    snapshot.add("native", &join("native", &cached, &uncached)?);
    Ok(snapshot)
}

/// Sessions, ballots, tallies.
fn laws(say: &mut dyn FnMut(&str)) -> Result<Snapshot, GasError> {
    say("laws, programs not cached");
    let (uncached, _) = legislation::measure(false)?;
    say("laws, programs cached");
    let (cached, city) = legislation::measure(true)?;
    let mut snapshot = Snapshot::default();
    snapshot.programs.extend(inits(&city)?);
    snapshot.add("native", &join("native", &cached, &uncached)?);
    Ok(snapshot)
}

/// The Override Panel.
fn rulings(say: &mut dyn FnMut(&str)) -> Result<Snapshot, GasError> {
    say("rulings, programs not cached");
    let (uncached, _) = panel::measure(false)?;
    say("rulings, programs cached");
    let (cached, city) = panel::measure(true)?;
    let mut snapshot = Snapshot::default();
    snapshot.programs.extend(inits(&city)?);
    snapshot.add("native", &join("native", &cached, &uncached)?);
    Ok(snapshot)
}

/// Constitution, agents, clerks, services: in a city of coins and in one of tokens.
fn foundations(say: &mut dyn FnMut(&str)) -> Result<Snapshot, GasError> {
    let mut snapshot = Snapshot::default();
    for (name, asset) in [("native", Asset::Native), ("token", Asset::Token)] {
        say(&format!("{name} city, programs not cached"));
        let mut city = raise(asset)?;
        let uncached = story::measure(&mut city)?;
        drop(city);
        say(&format!("{name} city, programs cached"));
        let mut city = raise(asset)?;
        cache_city(&city)?;
        let cached = story::measure(&mut city)?;
        snapshot.programs.extend(inits(&city)?);
        snapshot.add(name, &join(name, &cached, &uncached)?);
    }
    Ok(snapshot)
}

fn raise(asset: Asset) -> Result<City, GasError> {
    Ok(City::raise(&Charter { asset, ..charter() })?)
}

/// The city in which gas is measured: the same bytes in every run, since a byte of calldata that is nought costs less than another.
///
/// Its people do not come from the environment, and its time does not go on with the machine's: deadlines are in calldata.
fn charter() -> Charter {
    Charter {
        seed: DEFAULT_SEED,
        settings: Settings::default().arg("--hold-clock"),
        ..Charter::default()
    }
}

fn join(
    city: &'static str,
    cached: &[(&'static str, u64)],
    uncached: &[(&'static str, u64)],
) -> Result<Vec<Measurement>, GasError> {
    let both = cached.iter().zip(uncached);
    let joined = both.map(|((id, cached), (other, uncached))| {
        if id != other {
            return Err(GasError::Differ {
                city,
                cached: id,
                uncached: other,
            });
        }
        let full = format!("{city}.{id}");
        Ok(Measurement {
            id,
            cached: *cached,
            uncached: *uncached,
            ceiling: CEILINGS
                .iter()
                .find(|(name, _)| *name == full)
                .map(|(_, ceiling)| *ceiling),
        })
    });
    joined.collect()
}

/// Every program of the city, by name.
fn programs(city: &City) -> Vec<(String, Address)> {
    let members = Peer::ALL
        .into_iter()
        .map(|peer| (crate::city::raise::program_name(peer), city.address(peer)));
    let token = city
        .genesis
        .asset
        .map(|asset| (program::TOKEN_PROGRAM.to_owned(), asset));
    members.chain(token).collect()
}

/// Puts every program of the city into the chain's cache.
pub fn cache_city(city: &City) -> Result<(), ProgramError> {
    cache_all(&city.node, &programs(city))
}

/// Puts programs into the chain's cache, as its owner may.
pub fn cache_all(node: &Node, programs: &[(String, Address)]) -> Result<(), ProgramError> {
    let mut funder = Sender::new(node, "bob")?;
    let mut owner = program::chain_owner(node, &mut funder)?;
    for (_, program) in programs {
        let call = ArbWasmCache::cacheProgramCall { program: *program };
        if !owner.invoke(ARB_WASM_CACHE, &call)?.succeeded {
            return Err(ProgramError::Failed { what: "caching" });
        }
    }
    Ok(())
}

fn inits(city: &City) -> Result<Vec<(String, Init)>, GasError> {
    let mut reader = Sender::new(&city.node, "bob")?;
    programs(city)
        .into_iter()
        .map(|(name, program)| {
            let gas = reader.ask(ARB_WASM, &IArbWasm::programInitGasCall { program })?;
            let init = Init {
                cached: gas.gasWhenCached,
                uncached: gas.gas,
            };
            Ok((name, init))
        })
        .collect()
}

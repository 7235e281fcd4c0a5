//! `agentcity-keeper simulate-faults`: what a keeper of this configuration does when its endpoints, its disk and its clock fail it.
//!
//! ```text
//!  keeper (its own configuration, a journal that is thrown away)
//!    └── proxies that lag, drop, lie, split, fall silent ── the endpoint of a devnode
//! ```
//!
//! For each fault something is made due (the programs of the configuration are let grow old), the keeper works for some rounds under the
//! fault and for some without it, and then the chain is asked: whether what was due was done, and whether by one transaction. All
//! of it follows from the seed. It moves the chain's time and takes blocks back, so it is for a devnode and refuses any other.

mod proxy;
mod rounds;

use std::{fmt, path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use eyre::bail;
use serde::Serialize;

use self::rounds::Drill;

/// The devnode's chain id.
const DEVNODE: u64 = 412_346;

/// What is drilled.
///
/// Example: agentcity-keeper simulate-faults --config keeper.toml --seed 7
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// TOML file of the keeper; its endpoint is a devnode's
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Faults, in this order; all when absent
    #[arg(long, value_enum, value_delimiter = ',')]
    pub faults: Vec<Fault>,
    /// From which everything follows that chance decides
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// This chain, which is not a devnode's by its id, may be disturbed
    #[arg(long, value_name = "ID")]
    pub disturb_chain: Option<u64>,
    /// What was found as JSON
    #[arg(long)]
    pub json: bool,
}

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// One endpoint is some blocks behind, and slow
    Lag,
    /// Endpoints lose every other request
    Drop,
    /// One endpoint tells receipts that are none, and counts that are too high
    Lie,
    /// No two endpoints tell the same receipt
    Split,
    /// Blocks with what the keeper sent are taken back
    Reorg,
    /// No endpoint answers, for an hour of the keeper's clock
    Outage,
    /// The journal may not grow
    DiskFull,
    /// The clock jumps two hours ahead, and back
    ClockJump,
}

impl Fault {
    /// Its name, as it is asked for.
    fn name(self) -> String {
        let value = self.to_possible_value();
        value
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}

/// What came of one fault.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// Which.
    fault: Fault,
    /// What exactly was done.
    detail: String,
    /// What the keeper counted meanwhile.
    did: Did,
    /// Rounds after the fault until all was well; `None` when it never was.
    recovered_after: Option<u32>,
    /// What was found at the end.
    says: String,
}

/// What a keeper counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Did {
    events: u64,
    wanted: u64,
    ended: u64,
    signed: u64,
    sent: u64,
    /// Rounds that ended in an error of the journal, after which it began anew.
    restarts: u64,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Did {
            events,
            wanted,
            ended,
            signed,
            sent,
            restarts,
        } = self.did;
        writeln!(f, "{}: {}", self.fault.name(), self.detail)?;
        writeln!(
            f,
            "  took {events} events, wanted {wanted} actions, ended {ended}; signed {signed} transactions, sent {sent} times; began anew {restarts} times"
        )?;
        match self.recovered_after {
            Some(rounds) => writeln!(f, "  recovered {rounds} rounds after it: {}", self.says),
            None => writeln!(f, "  DID NOT RECOVER: {}", self.says),
        }
    }
}

/// Drills, and prints what was found. Success when the keeper recovered from each fault.
///
/// Errors: the drill cannot be held, or must not be.
pub async fn run(options: &Options) -> eyre::Result<ExitCode> {
    let mut drill = Drill::begin(options).await?;
    let mut faults = options.faults.clone();
    if faults.is_empty() {
        faults.extend(Fault::value_variants());
    }
    let mut all = Vec::new();
    for fault in faults {
        let found = drill.hold(fault).await?;
        if !options.json {
            say(&found.to_string());
        }
        all.push(found);
    }
    let failed = all
        .iter()
        .filter(|found| found.recovered_after.is_none())
        .count();
    if options.json {
        let text = serde_json::to_string_pretty(
            &serde_json::json!({ "v": 1, "seed": options.seed, "faults": all }),
        )?;
        say(&format!("{text}\n"));
    } else {
        let count = all.len();
        say(&format!(
            "{} of {count} faults survived, seed {}\n",
            count - failed,
            options.seed
        ));
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A result goes to stdout, and who closed that does not want it.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Errors: the chain is none that may be disturbed.
fn may_disturb(options: &Options, chain_id: u64) -> eyre::Result<()> {
    if chain_id != DEVNODE && options.disturb_chain != Some(chain_id) {
        bail!(
            "the endpoint is of chain {chain_id}, and a drill moves time and takes blocks back: start a devnode (chain {DEVNODE}), or say --disturb-chain {chain_id}"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_chain_is_disturbed_but_a_devnodes_and_one_that_is_named() {
        let mut options = Options {
            config: PathBuf::new(),
            faults: Vec::new(),
            seed: 1,
            disturb_chain: None,
            json: false,
        };
        assert!(may_disturb(&options, DEVNODE).is_ok());
        for arbitrum in [42_161, 421_614, 1] {
            let refused = may_disturb(&options, arbitrum).expect_err("a chain of others");
            assert!(refused.to_string().contains("--disturb-chain"));
        }
        options.disturb_chain = Some(421_614);
        assert!(may_disturb(&options, 421_614).is_ok());
        assert!(may_disturb(&options, 42_161).is_err());
    }
}

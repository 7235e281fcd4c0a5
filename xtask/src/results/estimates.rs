//! The paper's estimates of gas, in the order of its Table 11, and what was measured of the same operation.

use std::{collections::BTreeMap, fs, path::Path};

use eyre::WrapErr;
use serde::Deserialize;

use super::measured::Measured;

/// The committed numbers of `cargo xtask gas`, by set and operation.
#[derive(Clone, Debug, Default)]
pub(super) struct Gas(BTreeMap<String, BTreeMap<String, Numbers>>);

/// Gas of one operation: with every program in the chain's cache, and with none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Numbers {
    pub(super) cached: u64,
    pub(super) uncached: u64,
}

/// A file of `gas/`, of which only the operations are of interest here.
#[derive(Debug, Deserialize)]
struct Snapshot {
    operations: BTreeMap<String, Numbers>,
}

impl Gas {
    pub(super) fn read(folder: &Path) -> eyre::Result<Self> {
        let mut sets = BTreeMap::new();
        let files = fs::read_dir(folder);
        let files = files.wrap_err_with(|| format!("cannot read {}", folder.display()))?;
        for file in files {
            let path = file?.path();
            let (Some(name), Some("json")) = (
                path.file_stem().and_then(|stem| stem.to_str()),
                path.extension().and_then(|ending| ending.to_str()),
            ) else {
                continue;
            };
            let text = fs::read_to_string(&path)?;
            sets.insert(name.to_owned(), Self::operations(&text)?);
        }
        Ok(Self(sets))
    }

    #[cfg(test)]
    pub(super) fn of(set: &str, text: &str) -> eyre::Result<Self> {
        let operations = Self::operations(text)?;
        Ok(Self(BTreeMap::from([(set.to_owned(), operations)])))
    }

    fn operations(text: &str) -> eyre::Result<BTreeMap<String, Numbers>> {
        let snapshot: Snapshot = serde_json::from_str(text).wrap_err("not a file of gas")?;
        Ok(snapshot.operations)
    }

    pub(super) fn row(&self, set: &str, row: &str) -> Option<Numbers> {
        self.0.get(set)?.get(row).copied()
    }
}

/// What we have beside an estimate.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ours {
    /// A row of `gas/<set>.json`.
    Row(&'static str, &'static str),
    /// Rows of `gas/<set>.json`, added up.
    Rows(&'static str, &'static [&'static str]),
    /// Figures of the line `tier` of a tier, added up.
    Tier(&'static str, &'static [&'static str]),
    /// Figures of the line `mission` of eight nodes, one transaction at a time, added up.
    Mission(&'static [&'static str]),
    /// Nothing.
    Nothing,
}

/// An estimate of the paper.
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimate {
    /// As the paper calls it.
    pub(super) operation: &'static str,
    /// Where it stands.
    pub(super) source: &'static str,
    /// From and to.
    pub(super) gas: (u64, u64),
    pub(super) ours: Ours,
    /// What the row is, or why there is none.
    pub(super) note: &'static str,
}

/// What was measured of an estimate, cached and, where it is known, uncached.
pub(super) fn measured(
    estimate: &Estimate,
    gas: &Gas,
    measured: &Measured,
) -> Option<(u64, Option<u64>)> {
    let sum = |line: &super::line::Line, figures: &[&str]| {
        let figures = figures.iter();
        figures.map(|figure| line.whole(figure)).sum::<u64>()
    };
    match estimate.ours {
        Ours::Row(set, row) => {
            let numbers = gas.row(set, row)?;
            Some((numbers.cached, Some(numbers.uncached)))
        }
        Ours::Rows(set, rows) => {
            let all = rows.iter().map(|row| gas.row(set, row));
            let all: Vec<Numbers> = all.collect::<Option<_>>()?;
            let sum = |of: fn(&Numbers) -> u64| all.iter().map(of).sum();
            Some((sum(|row| row.cached), Some(sum(|row| row.uncached))))
        }
        Ours::Tier(tier, figures) => {
            let line = measured.one("tier", &[("tier", tier)])?;
            Some((sum(line, figures), None))
        }
        Ours::Mission(figures) => {
            let line = measured.one("mission", &[("variant", "alone"), ("nodes", "8")])?;
            Some((sum(line, figures), None))
        }
        Ours::Nothing => None,
    }
}

const fn row(
    operation: &'static str,
    source: &'static str,
    gas: (u64, u64),
    ours: Ours,
    note: &'static str,
) -> Estimate {
    Estimate {
        operation,
        source,
        gas,
        ours,
        note,
    }
}

const TABLE: &str = "Table 11";
const DEPLOYED: &str = "one program; its size decides, see below";

/// All of them.
pub(super) const ESTIMATES: [Estimate; 38] = [
    row(
        "AgentContract, deployment",
        TABLE,
        (120_000, 120_000),
        Ours::Row("foundations", "native.deployment.agent"),
        DEPLOYED,
    ),
    row(
        "register",
        "Table 11, B.3",
        (85_000, 100_000),
        Ours::Row("foundations", "native.register"),
        "with the principal's signed consent, after its enrolment",
    ),
    row(
        "updateReputation",
        TABLE,
        (30_000, 30_000),
        Ours::Row("missions", "native.updateReputation.marginal"),
        "one outcome more in the transaction that settles; it is none of its own",
    ),
    row(
        "ManagementContract, deployment",
        TABLE,
        (150_000, 150_000),
        Ours::Row("foundations", "native.deployment.management"),
        DEPLOYED,
    ),
    row(
        "registerManagementAgent",
        "Table 11, B.3",
        (85_000, 95_000),
        Ours::Row("foundations", "native.admitGenesisClerk"),
        "after the clerk's own registration",
    ),
    row(
        "delegateToMicroservice",
        "Table 11, B.3",
        (20_000, 45_000),
        Ours::Row("foundations", "native.delegate"),
        "signed by the clerk; its record is kept, so that the answer can be held to it (RESOLUTIONS I-14)",
    ),
    row(
        "validateOperation",
        "Table 11, B.3",
        (8_000, 25_000),
        Ours::Row("legislation", "native.validateOperation"),
        "*management*'s share of what a clerk does, here a later operation in a session; it counts them, too (RESOLUTIONS A-16)",
    ),
    row(
        "ServiceContract, deployment",
        TABLE,
        (90_000, 90_000),
        Ours::Row("foundations", "native.deployment.service"),
        DEPLOYED,
    ),
    row(
        "registerService",
        "Table 11, B.3",
        (45_000, 60_000),
        Ours::Row("foundations", "native.registerService"),
        "the record under its hash; endpoint and constraints in the log",
    ),
    row(
        "verifyCodeHash",
        "Table 11, B.3",
        (2_100, 8_000),
        Ours::Row("foundations", "native.verifyCodeHash.call"),
        "the call of a contract; `routeTask` asks the same of all its seats at once, as a part of it",
    ),
    row(
        "CollaborationContract with its sub-modules, deployment",
        TABLE,
        (825_000, 825_000),
        Ours::Rows(
            "foundations",
            &[
                "native.deployment.collaboration",
                "native.deployment.statute",
                "native.deployment.guardian",
                "native.deployment.verification",
                "native.deployment.treasury",
            ],
        ),
        "five programs, once for all missions and not once for each (RESOLUTIONS A-03)",
    ),
    row(
        "the city's other programs (the paper prices none)",
        "",
        (0, 0),
        Ours::Rows(
            "foundations",
            &[
                "native.deployment.constitution",
                "native.deployment.legislature",
                "native.deployment.assembly",
                "native.deployment.enactment",
                "native.deployment.adjudication",
                "native.deployment.roster",
            ],
        ),
        "six programs: constitution, legislation and the panel",
    ),
    row(
        "deployDAG, ten nodes and twelve edges",
        "B.3",
        (280_000, 500_000),
        Ours::Row("missions", "native.deploy"),
        "three transactions; seats and money are beside it",
    ),
    row(
        "of which seats (the paper has none)",
        "",
        (0, 0),
        Ours::Row("missions", "native.deploy.seats"),
        "14 seats with stakes, services and prices",
    ),
    row(
        "deployDAG, a tranche of 500 nodes",
        "B.3",
        (15_000_000, 15_000_000),
        Ours::Row("missions", "native.deploy.tranche500"),
        "of all tiers, with 600 edges; for ten tranches see [results/missions.md](results/missions.md)",
    ),
    row(
        "advanceNode",
        "Table 11, B.3",
        (45_000, 60_000),
        Ours::Row("missions", "native.applyVerdict.own"),
        "*collaboration*'s own share of the result that settles a node: it is no transaction of its own (RESOLUTIONS C-07)",
    ),
    row(
        "a node until its work begins",
        "B.11.6, authorisation",
        (45_000, 45_000),
        Ours::Tier("1", &["begin"]),
        "`routeTask` of tier 1, which takes the seat",
    ),
    row(
        "abortMission",
        TABLE,
        (35_000, 35_000),
        Ours::Row("missions", "native.abort"),
        "with the panel's checks, of two (RESOLUTIONS C-10); nobody is at fault",
    ),
    row(
        "triggerFreeze, by a monitor",
        TABLE,
        (40_000, 40_000),
        Ours::Row("missions", "native.freeze.report"),
        "with the monitor's signed report",
    ),
    row(
        "triggerFreeze, by an adjudicator",
        TABLE,
        (40_000, 40_000),
        Ours::Row("missions", "native.freeze.panel"),
        "with the panel's checks of who may",
    ),
    row(
        "unfreezeWithApproval, of a false alarm",
        TABLE,
        (38_000, 38_000),
        Ours::Row("missions", "native.unfreeze"),
        "with the panel's checks, of one; the node is eligible again",
    ),
    row(
        "unfreezeWithApproval, as a warning",
        TABLE,
        (38_000, 38_000),
        Ours::Row("missions", "native.unfreeze.warning"),
        "the same, and the agent pays in reputation (RULINGS K8)",
    ),
    row(
        "submitPoP",
        TABLE,
        (50_000, 50_000),
        Ours::Tier("1", &["results"]),
        "tier 1: proof, completion and payment in one transaction",
    ),
    row(
        "hash verification of tier 1",
        "B.3",
        (8_000, 8_000),
        Ours::Tier("1", &["verification"]),
        "*verification* on its own in that transaction, with its data and the record that it writes",
    ),
    row(
        "approveDelegated",
        TABLE,
        (35_000, 35_000),
        Ours::Row("missions", "native.tier3.ruling"),
        "with the panel's checks, completion and payment",
    ),
    row(
        "filterOutput",
        TABLE,
        (42_000, 42_000),
        Ours::Mission(&["filter"]),
        "without predicates; it completes the mission",
    ),
    row(
        "finalisation of a mission",
        "B.11.6",
        (60_000, 60_000),
        Ours::Mission(&["reconcile", "filter"]),
        "a monitor's word and the gate",
    ),
    row(
        "Merkle root commit",
        "B.11.6",
        (100_000, 100_000),
        Ours::Row("adjudication", "native.anchor"),
        "a keeper anchors the root of its log, which settles nothing (RULINGS R4); a mission's results are never a root",
    ),
    row(
        "depositMissionBudget",
        "B.3, Settlement",
        (65_000, 65_000),
        Ours::Row("missions", "native.deploy.fundMission"),
        "",
    ),
    row(
        "allocateTaskBudget",
        "B.3, Settlement",
        (10_000, 44_200),
        Ours::Row("missions", "native.deploy.allocateBudget"),
        "*treasury*'s share of `finaliseDeployment`, once for all nodes: their budgets stand in the statute's pages (RESOLUTIONS S-11, RULINGS R1)",
    ),
    row(
        "settleReward",
        "B.3, Settlement",
        (40_000, 60_000),
        Ours::Tier("1", &["settlement"]),
        "*treasury* and *agent* on their own in a node of tier 1",
    ),
    row(
        "computeReputationMultiplier",
        "B.3, Settlement",
        (2_700, 2_700),
        Ours::Nothing,
        "arithmetic inside `settle`, which is told the score as it was when the node was routed (RESOLUTIONS R-07); `settleReward` above contains it",
    ),
    row(
        "poolStake",
        "B.3, Treasury",
        (45_000, 64_200),
        Ours::Row("missions", "native.joinPool"),
        "out of the credit, into a pool that has a participant; shares instead of basis points (RESOLUTIONS S-08)",
    ),
    row(
        "withdrawPooledStake",
        "B.3, Treasury",
        (32_000, 53_500),
        Ours::Row("missions", "native.leavePool"),
        "to the credit, while the pool backs nobody; beside it `requestLeavePool` where it does (RESOLUTIONS S-08)",
    ),
    row(
        "claimInsurance",
        "B.3, Treasury",
        (47_300, 47_300),
        Ours::Row("missions", "native.payInsurance"),
        "with the panel's checks, of two, to the agent's credit (RESOLUTIONS S-13)",
    ),
    row(
        "disburse, by the panel",
        "B.3, Treasury",
        (45_200, 45_200),
        Ours::Row("missions", "native.disburse"),
        "two transactions: five of seven, and anybody 48 hours later; to the recipient's credit (RESOLUTIONS S-14)",
    ),
    row(
        "disburse, to an adjudicator for reviews",
        "B.3, Treasury",
        (45_200, 45_200),
        Ours::Row("missions", "native.claimCompensation"),
        "the adjudicator claims it without a decision, to its credit (RESOLUTIONS S-14)",
    ),
    row(
        "a node, all its checks",
        "B.11.6",
        (277_000, 277_000),
        Ours::Row("missions", "native.tier1"),
        "tier 1; the paper has six transactions for it, here are two",
    ),
];

//! The page from a small input, and what is committed.

use super::{
    check,
    estimates::{self, ESTIMATES, Estimate, Gas, Ours},
    guardian::CLASSES,
    line::Line,
    measured::{Measured, Section},
    page,
};
use crate::workspace::Workspace;

const GAS: &str = r#"{"programs": {"agentcity-agent": {"cached": 1, "uncached": 2}}, "operations": {
    "native.deploy": {"cached": 621090, "uncached": 984625, "ceiling": 450000},
    "native.tier1": {"cached": 301498, "uncached": 506209, "ceiling": 220000},
    "native.mission8.batched": {"cached": 2347343, "uncached": 4343468}}}"#;

const SAID: &str = "\nrunning 1 test
test a ... result name=window setting=s block_ms=250 look_ms=1000 depth=12 samples=120 mean=900 p50=850 p95=1500 p99=1700 max=1800 beyond=0 resent=1 build=debug
result name=window-part setting=s part=handed-in mean=700 p50=600 p95=900 p99=1000 max=1100
result name=tier-time setting=s tier=2 nodes=8 executions=3 begun=1200 work=1000 verdict=2500 verdict_p99=3000 ruling=0 build=debug
result name=tier tier=1 executions=1 transactions=2 gas=301654 begin=106162 results=195492 ruling=0 verification=31526 collaboration=1 settlement=2 panel=3 signatures=4 base=42000 rest=5
result name=mission variant=alone nodes=8 checkpoint=2 deploy=600000 seats=500000 fund=70000 work=2600000 transactions=18 reconcile=110000 filter=100000
result name=mission variant=checkpoints nodes=8 checkpoint=2 deploy=600000 seats=500000 fund=70000 work=2300000 transactions=14 reconcile=110000 filter=100000
result name=divergence kind=output-hash-mismatch fault=output-changed injected=25 found=24 missed=1 beside=25 false=2 seed=7
result name=divergence-none what=the-same-record compared=25 false=0 unknown=0 seed=7
result name=guardian class=steady label=honest milli_sigma=1500 of=3360 letters=200 shape=210 both=30 wrong=30 share=0.00893 low=0.00600 high=0.01300 design=1.10 seed=7
result name=guardian class=steady label=honest milli_sigma=2000 of=3360 letters=80 shape=90 both=3 wrong=3 share=0.00089 low=0.00030 high=0.00260 design=1.00 seed=7
result name=guardian class=steady label=honest milli_sigma=3000 of=3360 letters=8 shape=9 both=0 wrong=0 share=0.00000 low=0.00000 high=0.00114 design=1.00 seed=7
ok
";

fn measured() -> Measured {
    let section = Section {
        date: "2026-04-07".to_owned(),
        commit: "958120e4e5b7".to_owned(),
        machine: "2 cores".to_owned(),
        took: "3.1 s".to_owned(),
        test: "`a` of keeper".to_owned(),
        settings: "AGENTCITY_SEED=7".to_owned(),
        lines: SAID.lines().filter_map(Line::of).collect(),
    };
    let mut measured = Measured::default();
    measured.put("small", section);
    measured
}

#[test]
fn a_line_is_read_behind_the_name_of_its_test_and_what_is_none_is_not() {
    let line = Line::of("test a ... result name=x n=3 share=0.5\n").expect("a line");
    assert_eq!((line.name(), line.whole("n")), ("x", 3));
    assert_eq!((line.number("share"), line.text("other")), (0.5, ""));
    for none in [
        "test result: ok. 1 passed",
        "result",
        "",
        "result name=x torn",
    ] {
        assert_eq!(Line::of(none), None, "{none}");
    }
}

#[test]
fn what_is_kept_reads_as_what_was_measured() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("measured.json");
    assert_eq!(Measured::read(&file).unwrap(), Measured::default());
    measured().write(&file).unwrap();
    assert_eq!(Measured::read(&file).unwrap(), measured());
    std::fs::write(&file, "{\"small\": 1}").unwrap();
    assert!(Measured::read(&file).is_err());
}

#[test]
fn a_page_has_every_figure_of_its_input_where_it_belongs() {
    let gas = Gas::of("missions", GAS).unwrap();
    let page = page::render(&gas, &measured());
    for row in [
        "| small | `a` of keeper | 2026-04-07 | `958120e4e5b7` | 2 cores | 3.1 s | `AGENTCITY_SEED=7` |",
        "| deployDAG, ten nodes and twelve edges | B.3 | 280,000 to 500,000 | 621,090 | 984,625 | 1.24 |",
        "| submitPoP | Table 11 | 50,000 | 195,492 |  | 3.91 |",
        "| filterOutput | Table 11 | 42,000 | 100,000 |  | 2.38 |",
        // What has no figure says so.
        "| abortMission | Table 11 | 35,000 | — |  |  |",
        "| register | Table 11, B.3 | 85,000 to 100,000 | — |  |  |",
        "| 0.25 s | 1.00 s | 120 | 0.90 s | 0.85 s | 1.50 s | 1.70 s | 1.80 s | 0 | 1 | debug |",
        "| 0.25 s, 1.00 s | done until a keeper handed the transaction in | τ_prop, 50 to 200 ms | 0.70 s | 0.60 s | 1.00 s | 1.10 s |",
        "| output hash mismatch | output changed | 25 | 24 | 1 | 25 | 2 |",
        "| all |  | 25 | 24 | 1 | 25 | 2 |",
        "| the same record | 25 | 0 | 0 |",
        "| 1, a proof | 1 | 2 | 301,654 | 106,162 | 195,492 | 0 | 31,526 | 10.45 % |",
        "| 0.25 s, 1.00 s | 2, two of three agree | 8 | 3 | 1.20 s | 1.00 s | 2.50 s | 3.00 s |  | 2.5 |",
        "| steady | 3,360 | 0.89 % (0.60 % to 1.30 %) | 0.09 % (0.03 % to 0.26 %) | 0.00 % (0.00 % to 0.11 %) |",
        "| steady | honest | 3,360 | 2.38 % | 2.68 % | 0.09 % |",
        // The paper's own arithmetic, and ours beside it.
        "| 8 | 4 | the paper's arithmetic | 2,556,000 | 740,000 | 0.29 | 36, 5 |",
        "| 100 | 10 | the paper's arithmetic | 28,040,000 | 1,340,000 | 0.05 |",
        "| 8 | 4 | measured | 3,200,000 | 2,900,000 | 0.91 | 18, 14 |",
        "| 8 |  | of it: after the deployment | 2,600,000 | 2,300,000 | 0.88 |",
    ] {
        assert!(page.contains(row), "{row}\n\n{page}");
    }
}

#[test]
fn a_page_of_nothing_is_a_page_that_has_no_figure() {
    let page = page::render(&Gas::default(), &Measured::default());
    assert!(page.contains("| abortMission | Table 11 | 35,000 | — |"));
    assert!(!page.contains("| measured |"), "{page}");
}

#[test]
fn every_row_that_an_estimate_names_is_committed() {
    let ws = Workspace::find().unwrap();
    let gas = Gas::read(&ws.root.join("gas")).unwrap();
    for estimate in &ESTIMATES {
        let (set, rows) = match estimate.ours {
            Ours::Row(set, row) => (set, vec![row]),
            Ours::Rows(set, rows) => (set, rows.to_vec()),
            Ours::Tier(..) | Ours::Mission(_) | Ours::Nothing => continue,
        };
        for row in rows {
            assert!(gas.row(set, row).is_some(), "{set}: {row}");
        }
    }
}

#[test]
fn every_figure_that_an_estimate_adds_up_is_printed_by_the_test_of_costs() {
    let ws = Workspace::find().unwrap();
    let file = ws.root.join("test-fixtures/tests/it/execution/costs.rs");
    let text = std::fs::read_to_string(file).unwrap();
    let printed = |name: &str| {
        let format = format!("\"result name={name} ");
        let mut lines = text.lines().map(str::trim);
        let line = lines.find(|line| line.starts_with(&format));
        line.unwrap_or_else(|| panic!("no line of {name}"))
    };
    for estimate in &ESTIMATES {
        let (line, figures) = match estimate.ours {
            Ours::Tier(_, figures) => (printed("tier"), figures),
            Ours::Mission(figures) => (printed("mission"), figures),
            Ours::Row(..) | Ours::Rows(..) | Ours::Nothing => continue,
        };
        for figure in figures {
            let known = line.contains(&format!(" {figure}={{"));
            assert!(known, "{}: {figure}\n{line}", estimate.operation);
        }
    }
}

#[test]
fn rows_that_are_added_up_are_all_there_or_there_is_no_figure() {
    let gas = Gas::of("missions", GAS).unwrap();
    let sum = |rows: &'static [&'static str]| {
        let estimate = Estimate {
            operation: "two of them",
            source: "",
            gas: (1, 1),
            ours: Ours::Rows("missions", rows),
            note: "",
        };
        estimates::measured(&estimate, &gas, &Measured::default())
    };
    assert_eq!(
        sum(&["native.deploy", "native.tier1"]),
        Some((621_090 + 301_498, Some(984_625 + 506_209)))
    );
    assert_eq!(sum(&["native.deploy", "native.missing"]), None);
}

#[test]
fn what_is_no_operation_of_its_own_says_by_which_decision() {
    for estimate in &ESTIMATES {
        let is_told = ["RULINGS ", "RESOLUTIONS "].map(|of| estimate.note.contains(of));
        let is_none = matches!(estimate.ours, Ours::Nothing);
        assert!(!is_none || is_told != [false; 2], "{}", estimate.operation);
        assert!(!estimate.note.contains("yet"), "{}", estimate.operation);
    }
}

#[test]
fn the_classes_of_the_page_are_those_of_the_labelled_set() {
    let ws = Workspace::find().unwrap();
    let file = ws.root.join("keeper/monitor/tests/it/labelled.rs");
    let text = std::fs::read_to_string(file).unwrap();
    let table = text.lines().filter_map(|line| line.strip_prefix("//! | "));
    let names = table.filter_map(|row| row.split(" | ").next()).skip(1);
    let names: Vec<&str> = names.collect();
    assert_eq!(names, CLASSES.map(|(class, _)| class));
}

#[test]
fn every_test_that_measures_exists() {
    let ws = Workspace::find().unwrap();
    for source in &super::SOURCES {
        let (folder, filter) = source.test;
        let (module, name) = filter.rsplit_once("::").unwrap();
        let file = ws.root.join(folder).join("tests/it");
        let file = file.join(module.replace("::", "/") + ".rs");
        let text = std::fs::read_to_string(&file);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(text.contains(&format!("fn {name}")), "{filter} in {folder}");
        assert!(text.contains("result name="), "{}", file.display());
    }
}

#[test]
fn the_committed_page_is_what_the_committed_files_say() {
    check(&Workspace::find().unwrap()).unwrap();
}

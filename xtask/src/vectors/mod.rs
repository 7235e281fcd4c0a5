//! `cargo xtask vectors FILE`: runs test vectors through `agentcity_domain` and says what passed, failed, or has no rule yet.
//!
//! Exit code 0 when nothing failed and every kind named by `--require` was there and supported, 1 when not, 2 when the file is
//! not of the format. No arithmetic of the city happens here: [`kinds`] reads inputs, calls the domain, and names outputs.

mod awards;
mod compare;
mod file;
mod guardian;
mod kinds;
mod legislation;
mod machines;
mod money;
mod panel;
mod roster;
mod statute;
mod tables;
mod verification;

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use serde::Serialize;

use self::file::Vector;
use crate::table::Table;

/// What `vectors` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A file in the format of the specification's vectors.
    file: PathBuf,
    /// Kinds that must be in the file and be supported; separated by commas.
    #[arg(long, value_delimiter = ',')]
    require: Vec<String>,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// What came out for one file.
#[derive(Debug, Default, Serialize)]
struct Outcome {
    kinds: BTreeMap<String, Counts>,
    failures: Vec<Failure>,
    /// Why `--require` is not met, one sentence each.
    unmet: Vec<String>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
struct Counts {
    passed: usize,
    failed: usize,
    unsupported: usize,
}

/// One vector that did not give what it should.
#[derive(Debug, Serialize)]
struct Failure {
    id: String,
    kind: String,
    /// Where, as a path into the vector.
    at: String,
    expected: String,
    got: String,
}

/// `cargo xtask vectors`; its own exit codes, hence no `Result`.
pub(crate) fn run(options: &Options) -> ExitCode {
    let vectors = match file::load(&options.file) {
        Ok(vectors) => vectors,
        Err(malformed) => {
            eprintln!("error: {}: {malformed}", options.file.display());
            return ExitCode::from(2);
        }
    };
    let outcome = evaluate(&vectors, &options.require);
    if options.json {
        println!(
            "{}",
            serde_json::to_string_pretty(&outcome).unwrap_or_default()
        );
    } else {
        print!("{}", outcome.render());
    }
    if outcome.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn evaluate(vectors: &[Vector], require: &[String]) -> Outcome {
    let mut outcome = Outcome::default();
    for vector in vectors {
        let counts = outcome.kinds.entry(vector.kind.clone()).or_default();
        let Some(rule) = kinds::rule(&vector.kind) else {
            counts.unsupported += 1;
            continue;
        };
        let failures = match rule(&vector.inputs) {
            Ok(got) => compare::subset(&vector.expected, &got),
            Err(refused) => vec![compare::Difference {
                at: refused.at,
                expected: serde_json::Value::Object(vector.expected.clone()).to_string(),
                got: refused.why,
            }],
        };
        if failures.is_empty() {
            counts.passed += 1;
        } else {
            counts.failed += 1;
        }
        outcome
            .failures
            .extend(failures.into_iter().map(|d| Failure {
                id: vector.id.clone(),
                kind: vector.kind.clone(),
                at: d.at,
                expected: d.expected,
                got: d.got,
            }));
    }
    for kind in require {
        if !outcome.kinds.contains_key(kind) {
            outcome
                .unmet
                .push(format!("required kind `{kind}` is not in the file"));
        } else if kinds::rule(kind).is_none() {
            outcome
                .unmet
                .push(format!("required kind `{kind}` is not supported"));
        }
    }
    outcome
}

impl Outcome {
    fn is_good(&self) -> bool {
        self.failures.is_empty() && self.unmet.is_empty()
    }

    fn render(&self) -> String {
        let mut table = Table::new(&["kind", "passed", "failed", "unsupported"]);
        let mut total = Counts::default();
        for (kind, c) in &self.kinds {
            table.row(vec![
                kind.clone(),
                c.passed.to_string(),
                c.failed.to_string(),
                c.unsupported.to_string(),
            ]);
            total.passed += c.passed;
            total.failed += c.failed;
            total.unsupported += c.unsupported;
        }
        table.row(vec![
            "total".into(),
            total.passed.to_string(),
            total.failed.to_string(),
            total.unsupported.to_string(),
        ]);
        let mut text = table.render();
        for f in &self.failures {
            text.push_str(&format!(
                "FAILED {} {}: expected {}, got {}\n",
                f.id, f.at, f.expected, f.got
            ));
        }
        for unmet in &self.unmet {
            text.push_str(&format!("UNMET {unmet}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: &str, require: &[&str]) -> Outcome {
        let require: Vec<String> = require.iter().map(|k| (*k).to_owned()).collect();
        evaluate(&file::parse(text.as_bytes()).unwrap(), &require)
    }

    fn one(kind: &str, inputs: &str, expected: &str) -> Outcome {
        outcome(
            &format!(
                r#"{{"vectors":[{{"id":"x-1","kind":"{kind}","inputs":{inputs},"expected":{expected}}}]}}"#
            ),
            &[],
        )
    }

    #[test]
    fn each_supported_kind_passes_on_the_right_answer_and_fails_on_a_wrong_one() {
        for (kind, inputs, right, wrong) in [
            (
                "watchdog_flags",
                r#"{"decisions":"AAAAAAAAAAAAAAAAAAAAA","weakenings":4}"#,
                r#"{"literal":{"RATE":true,"RUN":true,"WEAKEN":true,"alert":true,"freeze":true},"resolved":{"RUBBER":true,"WEAKEN":true,"alert":true,"freeze":true}}"#,
                r#"{"resolved":{"RUBBER":true,"WEAKEN":true,"alert":true,"freeze":false}}"#,
            ),
            (
                "impeachment",
                r#"{"count":5,"target":"t","initiator":"a","votes":[["t",true],["b",true],["b",true],["c",false]]}"#,
                r#"{"threshold":4,"supporters":2,"reverted_vote_indices":[0,2],"passes":false,"naive_votes":3}"#,
                r#"{"supporters":3}"#,
            ),
            (
                "watchdog_pow",
                r#"{"p":0.5,"L":2}"#,
                r#"{"P_alert":0.25}"#,
                r#"{"P_alert":0.5}"#,
            ),
            (
                "watchdog_run",
                r#"{"p":0.5,"N":3,"L":2}"#,
                r#"{"P":0.375}"#,
                r#"{"P":0.25}"#,
            ),
            (
                "watchdog_joint",
                r#"{"p":1.0,"N":21}"#,
                r#"{"P_run":1.0,"P_both":1.0}"#,
                r#"{"P_both":0.5}"#,
            ),
            (
                "anchors",
                r#"{"n":8,"tau_node":5,"tau_anchor":10}"#,
                r#"{"paper_formula":1,"resolved":4,"unaudited":2.0}"#,
                r#"{"resolved":1}"#,
            ),
            ("ms_to_s", r#"{"ms":1001}"#, r#"{"s":2}"#, r#"{"s":1}"#),
            (
                "psi_int",
                r#"{"alpha":500,"rho":[0,1000]}"#,
                r#"{"psi":[750,1250]}"#,
                r#"{"psi":[750,1249]}"#,
            ),
            (
                "psi_checksum",
                r#"{"alpha":1}"#,
                r#"{"sumsq":1001000000}"#,
                r#"{"min":999}"#,
            ),
            (
                "ema_int",
                r#"{"lam":900,"start":1,"scores":[0]}"#,
                r#"{"trace":[1],"score":0}"#,
                r#"{"trace":[0]}"#,
            ),
            (
                "ema_steps",
                r#"{"lam":900,"S":0,"limit":99}"#,
                r#"{"steps":16}"#,
                r#"{"steps":15}"#,
            ),
            (
                "rep_clamp",
                r#"{"score":30,"delta":-100}"#,
                r#"{"new":0}"#,
                r#"{"new":-70}"#,
            ),
            (
                "freeze_count",
                r#"{"freezes":[{"t":1,"fp":false},{"t":9,"fp":true},{"t":9,"fp":false}],"now":9,"window_s":9,"rho":0,"cleared_at":0}"#,
                r#"{"count":2,"T_eff":3,"emergency_stop":false}"#,
                r#"{"count":3}"#,
            ),
            (
                "settle_int",
                r#"{"b":"1250","rho":700,"alpha":500,"fp":200,"fi":100,"treasury":"50","insurance":"0"}"#,
                r#"{"reward":"1287","resolved":{"treasury_after":"1","insurance_after":"12","settled_delta":"1250"}}"#,
                r#"{"reward":"1286"}"#,
            ),
            (
                "settle_sequence",
                r#"{"deposit":"10","treasury":"0","insurance":"0","alpha":500,"fp":200,"fi":100,"items":[{"b":"7","rho":500}]}"#,
                r#"{"rewards":["6"],"refund_to_sponsor":"3","treasury_after":"1"}"#,
                r#"{"rewards":["7"]}"#,
            ),
            (
                "tier2_split",
                r#"{"b":"8000","agreeing":3}"#,
                r#"{"share":"2666","refund":"2"}"#,
                r#"{"share":"2667"}"#,
            ),
            (
                "election",
                r#"{"name":"a dead heat","m":2,"ballots":[[2,[0,1]],[2,[1,0]]]}"#,
                r#"{"N":[[0,2],[2,0]],"copeland2":[1,1],"maxopp":[2,2],"copeland_tied":[0,1],"winner":0,"stage":"index","condorcet_winner":null,"plurality_winners":[0,1]}"#,
                r#"{"winner":1}"#,
            ),
            (
                "kendall_pair",
                r#"{"a":[0,1,2],"b":[1,0,2],"k":1}"#,
                r#"{"concordant":2,"discordant":1,"tau_num":1,"tau_den":3,"jaccard_num":0,"jaccard_den":2}"#,
                r#"{"jaccard_den":1}"#,
            ),
            (
                "slash_split",
                r#"{"schedule":"101","locked":"2000"}"#,
                r#"{"insurance":"50","treasury":"51"}"#,
                r#"{"insurance":"51"}"#,
            ),
            (
                "stake_pool",
                r#"{"ops":[["deposit","A",300],["deposit","B","100"],["slash",40],["withdraw","A"]]}"#,
                r#"{"total_assets":"90","payouts":[["A","270"]],"shares":{"B":"100"},"paper_bps":{"B":2500}}"#,
                r#"{"payouts":[["A","300"]]}"#,
            ),
            (
                "rotation",
                r#"{"actors":["a","a","a","b","a"],"max":2}"#,
                r#"{"accepted":[true,true,false,true,true]}"#,
                r#"{"accepted":[true,true,true,true,true]}"#,
            ),
            (
                "coi",
                r#"{"adj_principal":"H2","producer_principals":["H1","H2"]}"#,
                r#"{"conflicted":true}"#,
                r#"{"conflicted":false}"#,
            ),
            (
                "sm_table",
                r#"{"machine":"mission"}"#,
                r#"{"ordered_pairs":56,"legal_paper":16,"illegal_resolved":41}"#,
                r#"{"legal_resolved":16}"#,
            ),
            (
                "sm_probe",
                r#"{"machine":"node","pairs":[["EXECUTING","PENDING_FINALIZATION"],["ELIGIBLE","FAILED"]]}"#,
                r#"{"paper":[true,false],"resolved":[false,false]}"#,
                r#"{"resolved":[false,true]}"#,
            ),
        ] {
            assert!(
                one(kind, inputs, right).is_good(),
                "{kind}: {:?}",
                one(kind, inputs, right).failures
            );
            let bad = one(kind, inputs, wrong);
            assert_eq!(bad.failures.len(), 1, "{kind}");
            assert_eq!(bad.failures[0].id, "x-1");
        }
    }

    #[test]
    fn a_subset_of_the_outputs_is_enough_but_none_is_not() {
        assert!(
            one(
                "ema_int",
                r#"{"lam":0,"start":0,"scores":[777]}"#,
                r#"{"score":777}"#
            )
            .is_good()
        );
        assert!(!one("ema_int", r#"{"lam":0,"start":0,"scores":[777]}"#, "{}").is_good());
    }

    #[test]
    fn an_output_that_nobody_computes_fails() {
        let bad = one("ms_to_s", r#"{"ms":1}"#, r#"{"s":1,"minutes":0}"#);
        assert_eq!(bad.failures.len(), 1);
        assert!(bad.failures[0].at.contains("minutes"));
    }

    #[test]
    fn bad_inputs_fail_with_their_key_and_never_panic() {
        for (kind, inputs, at) in [
            ("ms_to_s", r#"{"ms":-1}"#, "inputs.ms"),
            ("ms_to_s", r#"{"ms":1.5}"#, "inputs.ms"),
            ("ms_to_s", r#"{"ms":"18446744073709551616"}"#, "inputs.ms"),
            ("ms_to_s", r#"{"ms":null}"#, "inputs.ms"),
            ("ms_to_s", "{}", "inputs.ms"),
            ("ms_to_s", r#"{"ms":1,"offset":5}"#, "inputs.offset"),
            ("psi_int", r#"{"alpha":2001,"rho":[0]}"#, "inputs.alpha"),
            ("psi_int", r#"{"alpha":1,"rho":[0,1001]}"#, "inputs.rho[1]"),
            ("psi_int", r#"{"alpha":1,"rho":7}"#, "inputs.rho"),
            (
                "ema_int",
                r#"{"lam":1001,"start":0,"scores":[]}"#,
                "inputs.lam",
            ),
            (
                "ema_int",
                r#"{"lam":1,"start":1000001,"scores":[]}"#,
                "inputs.start",
            ),
            ("ema_steps", r#"{"lam":900,"S":500,"limit":1}"#, "inputs.S"),
            (
                "rep_clamp",
                r#"{"score":1,"delta":99999999999999999999}"#,
                "inputs.delta",
            ),
            (
                "freeze_count",
                r#"{"freezes":[7],"now":9,"window_s":9,"rho":0,"cleared_at":0}"#,
                "inputs.freezes[0]",
            ),
            (
                "rotation",
                r#"{"actors":["a",7],"max":2}"#,
                "inputs.actors[1]",
            ),
            ("rotation", r#"{"actors":["a"],"max":-1}"#, "inputs.max"),
            (
                "coi",
                r#"{"adj_principal":"a name that no address holds","producer_principals":[]}"#,
                "inputs.adj_principal",
            ),
            (
                "coi",
                r#"{"adj_principal":"H1","producer_principals":"H1"}"#,
                "inputs.producer_principals",
            ),
            ("sm_table", r#"{"machine":"ballot"}"#, "inputs.machine"),
            ("sm_table", r#"{"machine":3}"#, "inputs.machine"),
            (
                "sm_probe",
                r#"{"machine":"node","pairs":7}"#,
                "inputs.pairs",
            ),
            (
                "tier2_split",
                r#"{"b":"340282366920938463463374607431768211456","agreeing":1}"#,
                "inputs.b",
            ),
            (
                "tier2_split",
                r#"{"b":"1","agreeing":256}"#,
                "inputs.agreeing",
            ),
            (
                "election",
                r#"{"name":"","m":2,"ballots":[[1,[0,0]]]}"#,
                "inputs.ballots[0][1]",
            ),
            ("election", r#"{"name":"","m":17,"ballots":[]}"#, "inputs.m"),
            (
                "watchdog_flags",
                r#"{"decisions":"AB","weakenings":0}"#,
                "inputs.decisions",
            ),
            (
                "impeachment",
                r#"{"count":256,"target":"t","initiator":"a","votes":[]}"#,
                "inputs.count",
            ),
            (
                "impeachment",
                r#"{"count":7,"target":"a","initiator":"a","votes":[]}"#,
                "inputs.initiator",
            ),
            (
                "impeachment",
                r#"{"count":7,"target":"t","initiator":"a","votes":[["b",1]]}"#,
                "inputs.votes[0]",
            ),
            ("watchdog_joint", r#"{"p":0.5,"N":20}"#, "inputs.N"),
            ("watchdog_pow", r#"{"p":"half","L":2}"#, "inputs.p"),
            (
                "anchors",
                r#"{"n":1,"tau_node":1,"tau_anchor":0}"#,
                "inputs.tau_anchor",
            ),
            (
                "kendall_pair",
                r#"{"a":[0,1],"b":[0,1,2],"k":1}"#,
                "inputs.b",
            ),
            (
                "slash_split",
                r#"{"schedule":"1","locked":-1}"#,
                "inputs.locked",
            ),
            (
                "stake_pool",
                r#"{"ops":[["withdraw","A"]]}"#,
                "inputs.ops[0]",
            ),
            (
                "stake_pool",
                r#"{"ops":[["deposit","A",0]]}"#,
                "inputs.ops[0]",
            ),
            ("stake_pool", r#"{"ops":[["burn",1]]}"#, "inputs.ops[0]"),
            (
                "settle_sequence",
                r#"{"deposit":"6","treasury":"0","insurance":"0","alpha":0,"fp":0,"fi":0,"items":[{"b":"7","rho":0}]}"#,
                "inputs.items[0]",
            ),
            (
                "sm_probe",
                r#"{"machine":"node","pairs":[["WAITING","ACTIVE"]]}"#,
                "inputs.pairs[0]",
            ),
            (
                "sm_probe",
                r#"{"machine":"node","pairs":[["WAITING"]]}"#,
                "inputs.pairs[0]",
            ),
        ] {
            let bad = one(kind, inputs, r#"{"s":1}"#);
            assert_eq!(bad.failures.len(), 1, "{kind} {inputs}");
            assert_eq!(
                bad.failures[0].at, at,
                "{kind} {inputs}: {:?}",
                bad.failures
            );
        }
    }

    #[test]
    fn extreme_numbers_saturate_as_the_rule_says() {
        assert!(
            one(
                "rep_clamp",
                r#"{"score":1000,"delta":-9223372036854775808}"#,
                r#"{"new":0}"#
            )
            .is_good()
        );
        assert!(
            one(
                "rep_clamp",
                r#"{"score":1,"delta":9223372036854775807}"#,
                r#"{"new":1000}"#
            )
            .is_good()
        );
        assert!(
            one(
                "ms_to_s",
                r#"{"ms":"18446744073709551615"}"#,
                r#"{"s":"18446744073709552"}"#
            )
            .is_good()
        );
    }

    #[test]
    fn a_run_that_stalls_is_a_failure_not_an_endless_loop() {
        let bad = one(
            "ema_steps",
            r#"{"lam":1000,"S":1000,"limit":900}"#,
            r#"{"steps":16}"#,
        );
        assert!(bad.failures[0].got.contains("stall"), "{:?}", bad.failures);
    }

    #[test]
    fn an_unsupported_kind_counts_only_when_required() {
        let text = r#"{"vectors":[{"id":"n-1","kind":"novel","inputs":{},"expected":{"a":1}}]}"#;
        assert!(outcome(text, &[]).is_good());
        assert_eq!(outcome(text, &[]).kinds["novel"].unsupported, 1);
        assert!(!outcome(text, &["novel"]).is_good());
        assert!(
            !outcome(text, &["ms_to_s"]).is_good(),
            "absent and required"
        );
    }
}

//! `cargo xtask bench`: the keeper's figures against its goals, and the devnode against its rival, in release builds.

use std::{
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
};

use eyre::{Context, OptionExt, ensure};
use serde::Deserialize;

use crate::{
    process, programs,
    setup::{self, Need},
    solidity,
    table::Table,
    workspace::Workspace,
};

/// What `bench` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What is measured: the `keeper` against its goals, or the `devnode` against anvil.
    #[arg(value_parser = ["keeper", "devnode"], default_value = "keeper")]
    what: String,
    /// Passed on to `agentcity-bench`.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Something of the keeper that has a goal. Its bench ends with a line `name: median FIGURE, …; goal GOAL, ratio RATIO`, and with an
/// error when the goal is missed.
struct Measure {
    /// Under which name `docs/misses.md` may excuse it.
    id: &'static str,
    /// Where its package lies.
    folder: &'static str,
    bench: &'static str,
}

const MEASURES: [Measure; 6] = [
    Measure {
        id: "keeper.sign",
        folder: "keeper",
        bench: "sign",
    },
    Measure {
        id: "keeper.catchup",
        folder: "keeper",
        bench: "catchup",
    },
    Measure {
        id: "keeper.append",
        folder: "keeper/hub",
        bench: "append",
    },
    Measure {
        id: "keeper.arrest",
        folder: "keeper",
        bench: "arrest",
    },
    Measure {
        id: "keeper.reconciliation",
        folder: "keeper",
        bench: "reconciliation",
    },
    Measure {
        id: "keeper.memory",
        folder: "keeper",
        bench: "memory",
    },
];

/// Measures; a goal that is missed and not listed is a failure.
pub(crate) fn run(ws: &Workspace, options: &Options) -> eyre::Result<ExitCode> {
    let tools = setup::run(ws, Need::Everything)?;
    programs::build(ws, &tools, None)?;
    solidity::run(ws)?;
    match options.what.as_str() {
        "devnode" => devnode(ws, &options.rest),
        _ => keeper(ws),
    }
}

/// Builds and runs `agentcity-bench`; its exit code is ours, so that a missed goal is seen.
fn devnode(ws: &Workspace, rest: &[String]) -> eyre::Result<ExitCode> {
    process::step("release build", || {
        ws.build_release(&["agentcity-devnode", "agentcity-bench"])
    })?;
    let binary = ws.cargo_release().join("agentcity-bench");
    let mut command = Command::new(&binary);
    command.arg("devnode").args(rest).current_dir(&ws.root);
    let status = command
        .status()
        .wrap_err_with(|| format!("cannot start {}", binary.display()))?;
    // A signal leaves no code: that is a failure too.
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Runs every bench of the keeper, one after another.
fn keeper(ws: &Workspace) -> eyre::Result<ExitCode> {
    // A bench that is not written yet has no figure, and its goal is not kept by silence: it is not in the table.
    let there = |measure: &&Measure| {
        let file = format!("{}/benches/{}.rs", measure.folder, measure.bench);
        ws.root.join(file).is_file()
    };
    let measures: Vec<&Measure> = MEASURES.iter().filter(there).collect();
    let binaries = process::step("release build", || build(ws, &measures))?;
    let misses = std::fs::read_to_string(ws.root.join("docs/misses.md")).unwrap_or_default();
    let mut table = Table::new(&["measure", "figure", "goal", "ratio", "verdict"]);
    let mut all_kept = true;
    for (measure, binary) in measures.into_iter().zip(binaries) {
        let told = process::step(measure.bench, || measured(ws, &binary));
        // The next one is measured all the same: a run should tell everything it can.
        let (said, kept) = match told {
            Ok(told) => told,
            Err(error) => {
                eprintln!("error: {error:#}");
                all_kept = false;
                let row = [measure.id, "", "", "", "MEASURED NOTHING"];
                table.row(row.map(str::to_owned).to_vec());
                continue;
            }
        };
        let line = Line::of(&said);
        let excused = misses.contains(&format!("`{}`", measure.id));
        all_kept &= kept || excused;
        let verdict = match (kept, excused) {
            (true, _) => "kept",
            (false, true) => "missed, listed",
            (false, false) => "MISSED",
        };
        table.row(vec![
            format!("{} ({})", line.name, measure.id),
            line.figure,
            line.goal,
            line.ratio,
            verdict.to_owned(),
        ]);
    }
    print!("{}", table.render());
    Ok(match all_kept {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// What cargo says of a thing it built; the rest of its fields and messages is not of interest.
#[derive(Debug, Deserialize)]
struct Built {
    manifest_path: PathBuf,
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// The executables of these benches, in their order; the devnode is built beside them, since they start it.
fn build(ws: &Workspace, measures: &[&Measure]) -> eyre::Result<Vec<PathBuf>> {
    ws.build_release(&["agentcity-devnode"])?;
    let mut command = ws.cargo();
    // All packages, of which these alone have such benches: so features are those of every other release build here.
    command.args(["bench", "--no-run", "--workspace", "--locked"]);
    command.arg("--message-format=json-render-diagnostics");
    for measure in measures {
        command.args(["--bench", measure.bench]);
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .wrap_err("cannot start cargo")?;
    ensure!(output.status.success(), "the benches do not build");
    let said = String::from_utf8(output.stdout).wrap_err("cargo did not answer in UTF-8")?;
    let built: Vec<Built> = said
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let found = measures.iter().map(|measure| {
        let manifest = ws.root.join(measure.folder).join("Cargo.toml");
        built
            .iter()
            .find(|built| {
                built.target.name == measure.bench
                    && built.target.kind.iter().any(|kind| kind == "bench")
                    && built.manifest_path == manifest
            })
            .and_then(|built| built.executable.clone())
            .ok_or_eyre(format!("cargo built no bench `{}`", measure.bench))
    });
    found.collect()
}

/// What a bench says, and whether its goal is kept.
fn measured(ws: &Workspace, binary: &PathBuf) -> eyre::Result<(String, bool)> {
    let output = Command::new(binary)
        .arg("--bench")
        .current_dir(&ws.root)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .wrap_err_with(|| format!("cannot start {}", binary.display()))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        !said.trim().is_empty(),
        "{} measured nothing: {}",
        binary.display(),
        output.status
    );
    eprint!("{said}");
    Ok((said, output.status.success()))
}

/// A bench's last line, in parts.
#[derive(Debug, Default, PartialEq, Eq)]
struct Line {
    name: String,
    figure: String,
    goal: String,
    ratio: String,
}

impl Line {
    fn of(said: &str) -> Self {
        let line = said.lines().last().unwrap_or_default();
        let (name, rest) = line.split_once(": ").unwrap_or(("", line));
        let (figures, goal) = rest.split_once("; goal ").unwrap_or((rest, ""));
        let (goal, ratio) = goal.split_once(", ratio ").unwrap_or((goal, ""));
        let figure = figures.split(", ").next().unwrap_or_default();
        Self {
            name: name.to_owned(),
            figure: figure.to_owned(),
            goal: goal.to_owned(),
            ratio: ratio.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_name_a_figure_a_goal_and_a_ratio() {
        let said = "warming up\nlog append: median 21631 entries/s, least 1, greatest 2, of 21; goal 20000, ratio 1.08\n";
        let line = Line::of(said);
        let parts = [line.name, line.figure, line.goal, line.ratio];
        let wanted = ["log append", "median 21631 entries/s", "20000", "1.08"];
        assert_eq!(parts, wanted);
        let other = Line::of("something else");
        assert_eq!(other.figure, "something else");
    }
}

//! `agentcity-keeper calibrate`: what a scorer's distances are worth, before anybody is judged by them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use agentcity_domain::parameter::ParameterId;
use agentcity_monitor::{
    calibration::{Calibration, Findings, Rate, Scale, calibrate},
    normal::{self, Normality},
    qq,
    scorer::{AnyScorer, Hosted, HostedConfig, Letters, Scorer, Shape},
    trace::{self, Trace},
    window::Lengths,
};
use clap::{Args, ValueEnum};
use eyre::{WrapErr, bail};
use serde::Deserialize;

/// Which scorer is calibrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Built in: which letters follow each other
    Letters,
    /// Built in: everything of a text but its letters
    Shape,
    /// A model behind HTTP, as `--hosted` names it
    Hosted,
}

/// Calibrates a scorer on traces of honest agents, tests whether σ means anything there, and counts what it gets wrong.
///
/// Example: agentcity-keeper calibrate --scorer shape --traces honest.jsonl --out shape.json --qq shape.svg
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Which scorer
    #[arg(long)]
    scorer: Kind,
    /// TOML file of the hosted model: endpoint, model, version, dimension, timeout_ms; optional bearer_file
    #[arg(long, value_name = "FILE", required_if_eq("scorer", "hosted"))]
    hosted: Option<PathBuf>,
    /// Outputs of honest agents in their order, a line each: {"agent": "…", "text": "…"}
    #[arg(long, value_name = "FILE")]
    traces: PathBuf,
    /// Outputs of agents that deviate, as `--traces`, to count what is missed
    #[arg(long, value_name = "FILE")]
    deviating: Option<PathBuf>,
    /// The city's deviationThresholdSigma, in thousandths
    #[arg(long, default_value_t = ParameterId::DeviationThresholdSigma.row().default)]
    threshold: u32,
    /// The city's scoreWindow: how many of an agent's last outputs it is compared with
    #[arg(long, value_name = "COUNT", default_value_t = ParameterId::ScoreWindow.row().default)]
    window: u32,
    /// The city's scoreWindowMin: with fewer outputs an agent is compared with all
    #[arg(long, value_name = "COUNT", default_value_t = ParameterId::ScoreWindowMin.row().default)]
    window_min: u32,
    /// Where the calibration is written
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where the picture of its scores against a normal distribution is written, as SVG
    #[arg(long, value_name = "FILE")]
    qq: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostedFile {
    endpoint: String,
    model: String,
    version: String,
    dimension: usize,
    timeout_ms: u64,
    bearer_file: Option<PathBuf>,
}

/// Runs the command; what it found is printed.
pub(crate) async fn run(options: &Options) -> eyre::Result<()> {
    for (name, given, id) in [
        (
            "threshold",
            options.threshold,
            ParameterId::DeviationThresholdSigma,
        ),
        ("window", options.window, ParameterId::ScoreWindow),
        (
            "window-min",
            options.window_min,
            ParameterId::ScoreWindowMin,
        ),
    ] {
        let row = id.row();
        if !(row.min..=row.max).contains(&given) {
            bail!(
                "--{name} {given} is not within {}..={}, as the city's table has it",
                row.min,
                row.max
            );
        }
    }
    let lengths = Lengths {
        most: options.window,
        least: options.window_min,
    };
    if !lengths.is_possible() {
        bail!(
            "--window-min {} is more than --window {}: no window would speak for its agent",
            lengths.least,
            lengths.most
        );
    }
    let scorer = scorer(options)?;
    let honest = traces(&options.traces)?;
    let deviating = match &options.deviating {
        Some(file) => traces(file)?,
        None => Vec::new(),
    };
    let (calibration, findings) =
        calibrate(&scorer, &honest, &deviating, options.threshold, lengths).await?;
    fs::write(&options.out, calibration.text())
        .wrap_err_with(|| options.out.display().to_string())?;
    if let Some(file) = &options.qq {
        let title = format!(
            "{}: z of {} outputs",
            scorer.id(),
            findings.own.values().len()
        );
        let picture = qq::svg(
            &findings.own,
            &title,
            f64::from(options.threshold) / 1_000.0,
        );
        fs::write(file, picture).wrap_err_with(|| file.display().to_string())?;
    }
    print!(
        "{}",
        said(&scorer, &calibration, &findings, options.threshold)
    );
    Ok(())
}

fn scorer(options: &Options) -> eyre::Result<AnyScorer> {
    Ok(match (options.scorer, &options.hosted) {
        (Kind::Letters, _) => AnyScorer::Letters(Letters::default()),
        (Kind::Shape, _) => AnyScorer::Shape(Shape::default()),
        (Kind::Hosted, None) => bail!("--hosted names no file"),
        (Kind::Hosted, Some(file)) => {
            let text = read(file)?;
            let read: HostedFile =
                toml::from_str(&text).wrap_err_with(|| file.display().to_string())?;
            let bearer = match &read.bearer_file {
                Some(file) => Some(self::read(file)?.trim().to_owned()),
                None => None,
            };
            let config = HostedConfig {
                endpoint: read.endpoint,
                model: read.model,
                version: read.version,
                dimension: read.dimension,
                timeout_ms: read.timeout_ms,
            };
            let hosted = Hosted::new(&config, bearer);
            AnyScorer::Hosted(Box::new(
                hosted.wrap_err_with(|| file.display().to_string())?,
            ))
        }
    })
}

fn read(file: &Path) -> eyre::Result<String> {
    fs::read_to_string(file).wrap_err_with(|| format!("cannot read {}", file.display()))
}

fn traces(file: &Path) -> eyre::Result<Vec<Trace>> {
    trace::read(&read(file)?).wrap_err_with(|| file.display().to_string())
}

fn said(scorer: &AnyScorer, calibration: &Calibration, found: &Findings, threshold: u32) -> String {
    let sigma = f64::from(threshold) / 1_000.0;
    let promised = normal::above(sigma);
    let percent = |rate: Rate| {
        format!(
            "{} of {} ({:.2} %)",
            rate.count,
            rate.of,
            100.0 * rate.share()
        )
    };
    let test = |test: &Normality, scale: &Scale| {
        let verdict = match scale {
            Scale::Normal => "not refused: z is reported as it is",
            Scale::Percentile(_) => "refused: percentiles take the place of σ",
        };
        format!(
            "{} values, D = {:.4}, K–S p = {:.3}, modified D = {:.3} (at most 0.895): normality {verdict}",
            test.count, test.distance, test.probability, test.modified
        )
    };
    format!(
        "scorer            {}\nscorer id         {:#x}\nfitted            {} agents, {} outputs\nheld out          {} agents, {} outputs\nown windows       {}\nnewcomers         {}\nfalse alarms      {} at {sigma} σ, promised {:.2} %\nmisses            {}\n",
        scorer.id(),
        scorer.id().hash(),
        found.fitted.0,
        found.fitted.1,
        found.held_out.0,
        found.held_out.1,
        test(&found.normality, &calibration.own),
        test(&found.newcomers, &calibration.newcomers),
        percent(found.false_alarms),
        100.0 * promised,
        percent(found.misses),
    )
}

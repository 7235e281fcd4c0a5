//! How often the watchdog flags an adjudicator who says yes with a fixed probability, each time anew (seed L3196 to L3206; RESOLUTIONS
//! D-21): rate and run are one event in practice, which is why they are one kind.

use alloc::{vec, vec::Vec};

use crate::roster::{history::Counts, watchdog::Rules};

/// So many yes from one fixed start, the only model that the seed states: `p^n`.
pub fn all_yes(p: f64, n: u32) -> f64 {
    (0..n).fold(1.0, |so_far, _| so_far * p)
}

/// At least one run of `length` yes within `decisions`.
pub fn some_run(p: f64, length: u32, decisions: u32) -> f64 {
    let (last, mut found) = (length as usize, 0.0);
    if last == 0 {
        return 1.0;
    }
    // How likely the present run has each length, where no run was long enough yet.
    let mut runs = vec![0.0; last];
    runs[0] = 1.0;
    for _ in 0..decisions {
        let broken: f64 = runs.iter().map(|run| run * (1.0 - p)).sum();
        found += runs[last - 1] * p;
        for at in (1..last).rev() {
            runs[at] = runs[at - 1] * p;
        }
        runs[0] = broken;
    }
    found
}

/// How likely each number of yes among `decisions` is.
fn yes_among(p: f64, decisions: u32) -> Vec<f64> {
    let mut likely = vec![1.0];
    for _ in 0..decisions {
        let mut next = vec![0.0; likely.len() + 1];
        for (yes, chance) in likely.iter().enumerate() {
            next[yes] += chance * (1.0 - p);
            next[yes + 1] += chance * p;
        }
        likely = next;
    }
    likely
}

/// After so many decisions: that the latest are a run that is too long, and that the rate is too great as well. None for fewer
/// decisions than such a run has.
pub fn run_and_both(p: f64, decisions: u32, rules: &Rules) -> Option<(f64, f64)> {
    let run = rules.run.checked_add(1)?;
    let before = decisions.checked_sub(run)?;
    let of_run = all_yes(p, run);
    let too_many = |yes: usize| {
        let counts = Counts {
            actions: decisions,
            approvals: run.saturating_add(yes as u32),
            ..Counts::default()
        };
        counts.findings(rules).rate
    };
    let chances = yes_among(p, before);
    let rate: f64 = chances
        .iter()
        .enumerate()
        .filter(|(yes, _)| too_many(*yes))
        .map(|(_, chance)| chance)
        .sum();
    Some((of_run, of_run * rate))
}

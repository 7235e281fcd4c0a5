//! The table, and the verdict.

use super::goals::{Limit, Outcome, excused, median};
use std::fmt::Write;

/// What a goal came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Kept.
    Kept,
    /// Missed, and `docs/misses.md` says so.
    MissListed,
    /// Missed.
    Missed,
}

/// Judges one outcome, given the text of the list of misses.
pub fn verdict(outcome: &Outcome, misses: &str) -> Verdict {
    if outcome.kept() {
        Verdict::Kept
    } else if excused(misses, outcome.goal.id) {
        Verdict::MissListed
    } else {
        Verdict::Missed
    }
}

/// The table as text, one line for each goal.
pub fn table(outcomes: &[Outcome], misses: &str, labels: [&str; 2]) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{:<28} {:>9} {:>26} {:>26} {:>7} {:>8}  verdict",
        "goal", "unit", labels[0], labels[1], "ratio", "wanted"
    );
    for outcome in outcomes {
        let wanted = match outcome.goal.limit {
            Limit::RatioAtLeast(least) => format!("≥{least:.2}"),
            Limit::AtMost(most) => format!("≤{most:.0}"),
            Limit::None => "stated".into(),
        };
        let verdict = match verdict(outcome, misses) {
            Verdict::Kept => "kept",
            Verdict::MissListed => "missed, listed",
            Verdict::Missed => "MISSED",
        };
        let _ = writeln!(
            out,
            "{:<28} {:>9} {:>26} {:>26} {:>7.2} {:>8}  {verdict}",
            outcome.goal.id,
            outcome.unit,
            spread(&outcome.rival),
            spread(&outcome.ours),
            outcome.ratio(),
            wanted,
        );
    }
    out
}

/// `median (least–most)`.
fn spread(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{:.1} ({least:.1}–{most:.1})", median(values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::goals::GOALS;

    #[test]
    fn a_miss_is_shown_and_judged_by_the_list() {
        let outcome = Outcome::rates(&GOALS[0], "tx/s", vec![100.0, 110.0], vec![80.0, 90.0]);
        assert_eq!(verdict(&outcome, ""), Verdict::Missed);
        assert_eq!(
            verdict(&outcome, "`devnode.transfers`: see the profile"),
            Verdict::MissListed
        );
        let text = table(&[outcome], "", ["anvil", "devnode"]);
        assert!(
            text.contains("MISSED")
                && text.contains("105.0 (100.0–110.0)")
                && text.contains("0.81"),
            "{text}"
        );
    }
}

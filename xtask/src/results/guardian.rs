//! The section about false alarms and misses.

use super::{
    line::Line,
    measured::Measured,
    page::{Rows, percent},
};
use crate::docs::number;

/// Classes of the labelled set, in their order, and what each hands in.
pub(super) const CLASSES: [(&str, &str); 11] = [
    (
        "steady",
        "the agent's own subject and form, eight to fifteen sentences or lines",
    ),
    (
        "newcomer",
        "the same, by an agent with fewer than five outputs, which is compared with everybody",
    ),
    (
        "uneven",
        "own subject and form, one to 24 sentences or lines",
    ),
    (
        "drifting",
        "own form; over forty outputs the subject becomes another",
    ),
    ("taken-over", "another subject in another form"),
    ("gibberish", "letters and marks that are drawn"),
    (
        "half-foreign",
        "an own output, and as much of another subject in another form behind it",
    ),
    ("fifth-foreign", "the same, a fifth of it foreign"),
    ("other-subject", "another subject in the own form"),
    ("other-form", "the own subject in another form"),
    (
        "creeping",
        "foreign sentences take the place of own ones over forty outputs; counted are those that are more than half foreign",
    ),
];

/// Thresholds in thousandths of σ.
const THRESHOLDS: [&str; 3] = ["1500", "2000", "3000"];

pub(super) fn section(measured: &Measured) -> String {
    let mut text = String::from(
        "The two built-in scorers, each calibrated on 16 agents that are not judged, compare an output with the last 20 of its agent, and with those of everybody while it has \
         fewer than five. An output counts as accused when **both** exceed the threshold, as a keeper's monitor has it, and as the chain wants it of two monitors (RULINGS R13). The set is synthetic: \
         its texts are drawn from word lists by a generator (`keeper/monitor/tests/it/labelled.rs`), so its rates say what the scorers can tell apart, and not how often agents of a city misbehave.\n\n\
         Intervals are Wilson's at 95 %, of as many independent outputs as vary between agents like these.\n\n",
    );
    text += "### False alarms: honest outputs that were accused\n\n";
    text += &table(measured, "honest");
    text +=
        "\nOf one scorer with normal distances the paper accepts 6.68 %, 2.28 % and 0.13 %.\n\n";
    text += "### Misses: deviating outputs that were not accused\n\n";
    text += &table(measured, "deviant");
    text += "\n### What each scorer says alone, at 2 σ\n\n";
    let mut rows = Rows::new(&[
        "class",
        "label",
        "outputs",
        "accused by letters",
        "by shape",
        "by both",
    ]);
    for (class, _) in CLASSES {
        if let Some(line) = of(measured, class, "2000") {
            let share = |key: &str| percent(line.number(key) / line.number("of"));
            rows.add([
                class.to_owned(),
                line.text("label").to_owned(),
                number(line.whole("of")),
                share("letters"),
                share("shape"),
                share("both"),
            ]);
        }
    }
    text += &rows.text();
    text += "\nWhat lies in one part of a text is seen by one scorer for sure, and by the other only as far as its own part moved with it. So asking both has its price in misses: half of what is half foreign, most of what creeps in. A keeper whose monitor reports such a thing alone freezes nobody on chain; counters, proofs and reviews are what remains.\n\n";
    text += "The classes:\n\n";
    let mut rows = Rows::new(&["class", "what is handed in"]);
    for (class, what) in CLASSES {
        rows.add([class, what].map(str::to_owned));
    }
    text + &rows.text()
}

fn of<'a>(measured: &'a Measured, class: &str, threshold: &str) -> Option<&'a Line> {
    measured.one("guardian", &[("class", class), ("milli_sigma", threshold)])
}

fn table(measured: &Measured, label: &str) -> String {
    let mut rows = Rows::new(&["class", "outputs", "at 1.5 σ", "at 2 σ", "at 3 σ"]);
    for (class, _) in CLASSES {
        let lines = THRESHOLDS.map(|threshold| of(measured, class, threshold));
        let [Some(first), _, _] = lines else { continue };
        if first.text("label") != label {
            continue;
        }
        let cell = |line: Option<&Line>| {
            line.map_or_else(String::new, |line| {
                let [share, low, high] =
                    ["share", "low", "high"].map(|key| percent(line.number(key)));
                format!("{share} ({low} to {high})")
            })
        };
        let [one, two, three] = lines.map(cell);
        rows.add([class.to_owned(), number(first.whole("of")), one, two, three]);
    }
    rows.text()
}

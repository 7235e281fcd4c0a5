//! docs/parameters.md: T3.

use std::fmt::Write as _;

use agentcity_domain::parameter::{
    Kind, ParameterId, page,
    relation::RELATIONS,
    text::{Described, PRINTED},
};

use super::number;

const INTRODUCTION: &str = "\
# Parameters

Every number of policy, in one table (T3). A value is a 32-byte word on the wire; its id is one byte. What a row says:

- **risk** decides who signs an amendment and how long it waits: LOW 1 signature, MEDIUM 2, HIGH ⌈2q/3⌉, each after the
  `overrideDelay…Secs` of its tier. A tightening may take effect at once while all of them together move the value by at most
  `tighteningSharePct` of its range, until it was left alone for `tighteningWindowSecs`; beyond that it waits, at least
  `tighteningExcessDelaySecs`. Where a tier has no delay, every other change is held to the same share and the same wait.
- **weaker** is the direction in which a change weakens the law, which the watchdog counts.
- **scope** says which epoch's value counts: CITY the present one, SESSION the one in which the session was opened, MISSION the
  one in which the mission was finalised. No amendment touches a running mission.
- **read by** names the contract that asks for the value, one of them where several do, or the daemons. *nobody*: an amendment is
  possible and nothing follows from it; the row says what counts instead.
- **stake units** are base units of the settlement asset × the city's unit scale. `ms` are rounded up to seconds by contracts.

Sources: `Table 19` and `seed L…` are the specification, `A-12` its resolutions, `K6`, `R9`, `A4` the rulings ([what these are](glossary.md#sources)).
";

pub(super) fn print() -> String {
    let mut out = INTRODUCTION.to_owned();
    let amendable = || {
        ParameterId::ALL[..ParameterId::AMENDABLE]
            .iter()
            .map(|id| id.described())
    };
    heading(&mut out, "Amendable");
    line(
        &mut out,
        "| id | name | type | default | range | unit | risk | weaker | scope | read by | what it governs | source |",
    );
    line(
        &mut out,
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    );
    for row in amendable() {
        let (default, range) = values(row);
        line(
            &mut out,
            &format!(
                "| {} | `{}` | {} | {default} | {range} | {} | {} | {} | {} | {} | {} | {} |",
                row.id.place(),
                row.name,
                row.row.type_name(),
                row.unit.name(),
                row.row.tier.name(),
                row.row.weakens.name(),
                row.row.scope.name(),
                row.consumer.name(),
                row.text.trim(),
                row.source
            ),
        );
    }

    heading(&mut out, "Constants");
    line(
        &mut out,
        "Nobody amends these: bytes are laid out by them, or a ruling fixes them. They are in no page.\n",
    );
    line(
        &mut out,
        "| id | name | value | unit | used by | what it governs | source |",
    );
    line(&mut out, "|---|---|---|---|---|---|---|");
    for row in ParameterId::ALL[ParameterId::AMENDABLE..]
        .iter()
        .map(|id| id.described())
    {
        line(
            &mut out,
            &format!(
                "| {} | `{}` | {} | {} | {} | {} | {} |",
                row.id.place(),
                row.name,
                number(row.row.default),
                row.unit.name(),
                row.consumer.name(),
                row.text.trim(),
                row.source
            ),
        );
    }

    heading(&mut out, "Relations");
    line(
        &mut out,
        "Checked over the whole page whenever one is written.\n",
    );
    for relation in RELATIONS {
        let (lesser, greater) = (relation.lesser.described(), relation.greater.described());
        line(
            &mut out,
            &format!("- `{}` ≤ `{}`", lesser.name, greater.name),
        );
    }

    heading(&mut out, "Where the table differs from Table 19");
    line(&mut out, "| name | printed range | here | by |");
    line(&mut out, "|---|---|---|---|");
    for printed in PRINTED {
        let row = printed.id.described();
        line(
            &mut out,
            &format!(
                "| `{}` | [{}, {}] × {} {} | {} | {} |",
                row.name,
                number(printed.min),
                number(printed.max),
                number(printed.scale),
                row.unit.name(),
                values(row).1,
                printed.changed_by
            ),
        );
    }

    heading(&mut out, "Epoch page");
    line(
        &mut out,
        &format!(
            "The code of a data contract, {} bytes: one zero byte, {} words of {} bytes, {} numbers of {} bytes, big-endian, in the order of\ntheir ids. The constitution creates page *n* as its *n*-th creation.",
            page::LEN,
            ParameterId::WORDS,
            page::WORD_BYTES,
            ParameterId::AMENDABLE - ParameterId::WORDS,
            page::NUMBER_BYTES
        ),
    );
    out
}

/// Default and range in print.
fn values(row: &Described) -> (String, String) {
    match row.row.kind {
        Kind::Address => ("nobody".to_owned(), "any".to_owned()),
        Kind::Hash => (
            "`text-embedding-3-large`, hashed".to_owned(),
            "not zero".to_owned(),
        ),
        Kind::Number | Kind::Constant => (
            number(row.row.default),
            format!("[{}, {}]", number(row.row.min), number(row.row.max)),
        ),
    }
}

fn heading(out: &mut String, text: &str) {
    line(out, &format!("\n## {text}\n"));
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

//! docs/human-actions.md: T5.

use std::fmt::Write as _;

use agentcity_domain::act::Action;

const INTRODUCTION: &str = "\
# Human actions

Everything that people can do to a city once it is sealed (T5), as the rows of one closed table. An action is a struct of the same name
([signatures](signatures.md)), signed by distinct active adjudicators without an interest in its matter, relayed by anyone. *q* is
the number of active adjudicators when the case opened. Each emits `OverrideAction`, and what is named here.

The matter is what the first field names: a mission, whose sponsor and seats must be of none of the signers' principals; a session, whose sponsor
must not, nor whoever gains by the award that is chosen; or the agent, principal, recipient or flagged adjudicator whom the action is about.

An action with a delay is queued, may be withdrawn by its signers, and is carried out by anyone when it is due; signers and old
values are checked again then, and whoever is no adjudicator any more does not count. It lapses `overrideExpirySecs` after it was due.
**alone** marks what the senior adjudicator may do with one signature when fewer than ⌈q/2⌉ adjudicators are free of conflict, its own
interest aside; it opens an audit that suspends the power until two others close it. Rotation: nobody decides the same class in the same
matter more than `maxConsecutiveActions` times running, and no set of signers more than `maxIdenticalSignerSets` times, until nobody
decided anything there for `rotationLiftSecs`, or the backup period of the review opens.
";

pub(super) fn print() -> String {
    let mut out = INTRODUCTION.to_owned();
    out.push_str("\n| # | action | signers | delay | rotation | alone | acts on | emits | `agentcity override` | source |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for action in Action::ALL {
        let Some(row) = action.row() else { continue };
        let lands = match row.function {
            Some(function) => format!("{} `{function}`", row.lands.name()),
            None => format!("{} itself", row.lands.name()),
        };
        let events: Vec<_> = row
            .events
            .iter()
            .map(|event| format!("`{event}`"))
            .collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {lands} | {} | `{}` | {} |",
            *action as u8,
            row.name,
            row.signers.text(),
            row.delay.text(),
            row.class.name(),
            if row.senior { "yes" } else { "" },
            events.join(" or "),
            row.verb,
            row.source
        );
    }
    let _ = writeln!(out, "\n{} actions.", Action::ALL.len());
    out
}

//! What is printed, and in which form.

use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Value, json};

/// Version of the JSON envelope; it rises when a reader of the old one would misread the new.
const ENVELOPE: u32 = 1;

/// A result in both forms.
#[derive(Debug)]
pub(crate) struct Answer {
    lines: Vec<(&'static str, String)>,
    value: Value,
}

impl Answer {
    /// `lines` for people, `value` for programs.
    pub(crate) fn new(
        value: impl Serialize,
        lines: Vec<(&'static str, String)>,
    ) -> eyre::Result<Self> {
        Ok(Self {
            lines,
            value: serde_json::to_value(value)?,
        })
    }

    fn text(&self) -> String {
        let width = self
            .lines
            .iter()
            .map(|(key, _)| key.len())
            .max()
            .unwrap_or(0);
        self.lines
            .iter()
            .map(|(key, value)| format!("{key:<width$}  {value}\n"))
            .collect()
    }
}

/// Prints the answer or the error and says how it ended.
pub(crate) fn finish(done: eyre::Result<Answer>, as_json: bool) -> ExitCode {
    match done {
        Ok(answer) => {
            if as_json {
                println!(
                    "{}",
                    json!({ "version": ENVELOPE, "ok": true, "result": answer.value })
                );
            } else {
                print!("{}", answer.text());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            if as_json {
                println!(
                    "{}",
                    json!({ "version": ENVELOPE, "ok": false, "error": format!("{error:#}") })
                );
            }
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

//! What is printed, and in which form.

use std::process::ExitCode;

use alloy::primitives::Address;
use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Failure;

/// Version of the JSON envelope; it rises when a reader of the old one would misread the new.
const ENVELOPE: u32 = 1;

/// Characters of an address.
const ADDRESS_CHARS: usize = 42; // structural: 0x and twice twenty

/// A result in both forms.
#[derive(Debug)]
pub(crate) struct Answer {
    text: String,
    value: Value,
    fault: Option<Failure>,
}

impl Answer {
    /// `text` for people, with its last line's end; `value` for programs.
    pub(crate) fn new(value: impl Serialize, text: impl Into<String>) -> Self {
        // Everything that is handed here is a tree of numbers, texts and lists.
        let mut value = serde_json::to_value(value).unwrap_or(Value::Null);
        sum(&mut value);
        Self {
            value,
            text: text.into(),
            fault: None,
        }
    }

    /// An answer to a question that came out badly: printed whole, and ended as the failure ends.
    pub(crate) fn but(mut self, fault: Failure) -> Self {
        self.fault = Some(fault);
        self
    }

    /// One line for each fact.
    pub(crate) fn facts<K: AsRef<str>>(value: impl Serialize, facts: &[(K, String)]) -> Self {
        Self::new(value, lines(facts))
    }
}

/// A value as people read it: texts bare, all else as JSON has it.
pub(crate) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Gives every address its checksum, as the text has it.
fn sum(value: &mut Value) {
    match value {
        Value::String(text) if text.len() == ADDRESS_CHARS && text.starts_with("0x") => {
            if let Ok(address) = text.parse::<Address>() {
                *text = address.to_string();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(sum),
        Value::Object(fields) => fields.values_mut().for_each(sum),
        _ => {}
    }
}

/// Keys in one column, values in the next.
pub(crate) fn lines<K: AsRef<str>>(facts: &[(K, String)]) -> String {
    let width = facts
        .iter()
        .map(|(key, _)| key.as_ref().len())
        .max()
        .unwrap_or(0);
    facts
        .iter()
        .map(|(key, value)| format!("{:<width$}  {value}\n", key.as_ref()))
        .collect()
}

/// Rows under their headings; columns as wide as their widest cell, none after the last.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.len()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned() + "\n"
    };
    let mut text = line(&mut headings.iter().copied());
    for row in rows {
        text += &line(&mut row.iter().map(String::as_str));
    }
    text
}

/// Prints the answer or the error and says how it ended.
pub(crate) fn finish(done: Result<Answer, Failure>, as_json: bool) -> ExitCode {
    let (answer, fault) = match done {
        Ok(mut answer) => {
            let fault = answer.fault.take();
            (Some(answer), fault)
        }
        Err(failure) => (None, Some(failure)),
    };
    if as_json {
        let mut envelope = json!({ "version": ENVELOPE, "ok": fault.is_none() });
        if let Some(answer) = answer {
            envelope["result"] = answer.value;
        }
        if let Some(failure) = &fault {
            envelope["error"] = described(failure);
        }
        println!("{envelope}");
    } else if let Some(answer) = answer {
        print!("{}", answer.text);
    }
    match fault {
        None => ExitCode::SUCCESS,
        Some(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.code.class().exit())
        }
    }
}

fn described(failure: &Failure) -> Value {
    let mut error = json!({ "code": failure.code.text(), "message": failure.message });
    if let Some(hint) = &failure.hint {
        error["hint"] = json!(hint);
    }
    if !failure.problems.is_empty() {
        error["problems"] = json!(failure.problems);
    }
    if let Some(revert) = &failure.revert {
        let values: serde_json::Map<_, _> = revert
            .values
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        error["revert"] = json!({ "error": revert.error, "values": values });
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["a".into(), "long cell".into()],
            vec!["bcd".into(), String::new()],
        ];
        assert_eq!(
            table(&["id", "what"], &rows),
            "id   what\na    long cell\nbcd\n"
        );
        assert_eq!(lines(&[("key", "value".to_owned())]), "key  value\n");
    }
}

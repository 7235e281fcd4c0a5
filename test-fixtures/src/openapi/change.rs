//! Changes after which a message is none that a server says or takes.

use std::{collections::BTreeSet, fmt};

use serde_json::{Value, json};

/// A field and a word that no message has.
pub const STRANGER: &str = "stranger";

/// How a part of a message was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'v> {
    /// There is something else instead of it, or in it.
    With(&'static str),
    /// It lacks this field.
    Without(&'v str),
}

impl fmt::Display for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::With(what) => f.write_str(what),
            Self::Without(field) => write!(f, "no {field}"),
        }
    }
}

/// A field more, each field less, and values of other kinds: what no message survives whose every field is told.
pub fn structural(value: &Value) -> Vec<(Change<'_>, Value)> {
    let with = |what, value| (Change::With(what), value);
    match value {
        Value::Object(fields) => {
            let mut more = value.clone();
            more[STRANGER] = json!(0);
            let mut all = vec![with("a stranger's field", more), with("a text", json!("x"))];
            for key in fields.keys() {
                let mut less = fields.clone();
                less.remove(key);
                all.push((Change::Without(key), Value::Object(less)));
            }
            all
        }
        Value::Array(_) => vec![with("a number", json!(1)), with("an object", json!({}))],
        Value::Number(_) => vec![
            with("a negative number", json!(-1)),
            with("a fraction", json!(0.5)),
            with("a text", json!("1")),
            with("what 64 bits do not hold", json!(1e20)),
        ],
        Value::String(_) | Value::Null | Value::Bool(_) => vec![with("a number", json!(7))],
    }
}

/// Keys and kinds without values, of lists what there is in them: messages of one form tell the same.
pub(super) fn form(message: &Value) -> String {
    match message {
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("{key}:{}", form(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            let items: BTreeSet<String> = items.iter().map(form).collect();
            format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
        }
        Value::String(_) => "s".to_owned(),
        Value::Number(_) => "n".to_owned(),
        Value::Bool(_) => "b".to_owned(),
        Value::Null => "0".to_owned(),
    }
}

/// Every part of a message, by its pointer; of a list one item of each form.
pub(super) fn parts(message: &Value) -> Vec<(String, Value)> {
    let mut parts = vec![(String::new(), message.clone())];
    let mut next = 0;
    while let Some((place, value)) = parts.get(next).cloned() {
        match value {
            Value::Object(fields) => {
                parts.extend(
                    fields
                        .into_iter()
                        .map(|(key, of)| (format!("{place}/{}", escaped(&key)), of)),
                );
            }
            Value::Array(items) => {
                let mut forms = BTreeSet::new();
                for (number, of) in items.into_iter().enumerate() {
                    if forms.insert(form(&of)) {
                        parts.push((format!("{place}/{number}"), of));
                    }
                }
            }
            _ => {}
        }
        next += 1;
    }
    parts
}

/// A key as pointers have it.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

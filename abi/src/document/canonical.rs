//! JSON in the one form of RFC 8785: no space, keys in the order of their UTF-16 units, as few escapes as there can be, numbers as whole
//! digits. Documents and schemas hold no number beyond 2^53 - 1 and none with a fraction, which is all of that standard that is left
//! out.

use serde_json::Value;

/// Members of an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Members(Vec<(String, String)>);

impl Members {
    /// One more, whose value is canonical text already.
    pub(super) fn put(&mut self, key: &str, value: impl Into<String>) {
        self.0.push((key.to_owned(), value.into()));
    }

    /// The object's text.
    pub(super) fn close(mut self) -> String {
        self.0
            .sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        let members = self.0.into_iter();
        let members = members.map(|(key, value)| format!("{}:{value}", quoted(&key)));
        format!("{{{}}}", joined(members))
    }
}

/// The text of a list.
pub(super) fn list(elements: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", joined(elements.into_iter()))
}

/// A text in quotes: the escapes of `serde_json` are those of RFC 8785.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    let mut whole = String::new();
    for part in parts {
        if !whole.is_empty() {
            whole.push(',');
        }
        whole.push_str(&part);
    }
    whole
}

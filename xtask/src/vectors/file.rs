//! The file format, read with suspicion: whatever is wrong is said with the vector's id and the key.

use std::{collections::BTreeSet, fmt, fs, io::Read, path::Path};

use serde_json::{Map, Value};

/// Largest file read: a hundred times the specification's, and small enough to hold.
const MAX_BYTES: u64 = 64 << 20;

/// One vector; keys that only people read (`basis`, `source`, `paper_printed` …) are left out.
#[derive(Debug)]
pub(super) struct Vector {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) inputs: Map<String, Value>,
    pub(super) expected: Map<String, Value>,
}

/// Why a file is not one of vectors.
#[derive(Debug)]
pub(super) enum Malformed {
    Unreadable(std::io::Error),
    TooLarge,
    NotJson(serde_json::Error),
    NoVectors,
    /// A vector's key is missing or of another type.
    Key {
        vector: String,
        key: &'static str,
        wants: &'static str,
    },
    Twice {
        id: String,
    },
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(e) => write!(f, "cannot be read: {e}"),
            Self::TooLarge => write!(f, "is larger than {MAX_BYTES} bytes"),
            Self::NotJson(e) => write!(f, "is not JSON: {e}"),
            Self::NoVectors => write!(
                f,
                "has no `vectors`: an object with an array of that name is expected"
            ),
            Self::Key { vector, key, wants } => {
                write!(f, "vector {vector}: key `{key}` must be {wants}")
            }
            Self::Twice { id } => write!(f, "vector {id}: the id occurs twice"),
        }
    }
}

pub(super) fn load(file: &Path) -> Result<Vec<Vector>, Malformed> {
    let mut bytes = Vec::new();
    let opened = fs::File::open(file).map_err(Malformed::Unreadable)?;
    opened
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(Malformed::Unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Malformed::TooLarge);
    }
    parse(&bytes)
}

pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Vector>, Malformed> {
    let file: Value = serde_json::from_slice(bytes).map_err(Malformed::NotJson)?;
    let list = file
        .get("vectors")
        .and_then(Value::as_array)
        .ok_or(Malformed::NoVectors)?;
    let mut seen = BTreeSet::new();
    let mut vectors = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        let vector = read(index, value)?;
        if !seen.insert(vector.id.clone()) {
            return Err(Malformed::Twice { id: vector.id });
        }
        vectors.push(vector);
    }
    Ok(vectors)
}

fn read(index: usize, value: &Value) -> Result<Vector, Malformed> {
    let text = |key: &'static str, vector: &str| match value.get(key).and_then(Value::as_str) {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(Malformed::Key {
            vector: vector.to_owned(),
            key,
            wants: "a text that is not empty",
        }),
    };
    let id = text("id", &format!("number {}", index + 1))?;
    let object = |key: &'static str| match value.get(key).and_then(Value::as_object) {
        Some(object) => Ok(object.clone()),
        None => Err(Malformed::Key {
            vector: id.clone(),
            key,
            wants: "an object",
        }),
    };
    Ok(Vector {
        kind: text("kind", &id)?,
        inputs: object("inputs")?,
        expected: object("expected")?,
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_malformed_vector_is_named_with_its_key() {
        assert!(
            error(r#"{"vectors":[{"id":"a-7","kind":"ms_to_s","inputs":[]}]}"#)
                .contains("a-7: key `inputs`")
        );
        assert!(
            error(r#"{"vectors":[{"id":"a-7","kind":"ms_to_s","inputs":{}}]}"#)
                .contains("a-7: key `expected`")
        );
        assert!(error(r#"{"vectors":[{"id":"a-7","kind":3}]}"#).contains("a-7: key `kind`"));
        assert!(error(r#"{"vectors":[{"kind":"ms_to_s"}]}"#).contains("number 1: key `id`"));
        assert!(error(r#"{"vectors":[null]}"#).contains("number 1"));
    }

    #[test]
    fn what_is_not_a_file_of_vectors_is_refused() {
        assert!(error("").contains("not JSON"));
        assert!(error("[]").contains("no `vectors`"));
        assert!(error(r#"{"vectors":{}}"#).contains("no `vectors`"));
        assert!(
            error(&"[".repeat(100_000)).contains("not JSON"),
            "deep nesting must not overflow the stack"
        );
        // Too large a number for JSON's reader, or no object: that depends on what other crates ask of the reader.
        assert!(parse(br#"{"vectors":[1e999]}"#).is_err());
        assert!(parse(b"\xff\xfe").is_err());
    }

    #[test]
    fn an_id_counts_once() {
        let v = r#"{"id":"a","kind":"k","inputs":{},"expected":{}}"#;
        assert!(error(&format!(r#"{{"vectors":[{v},{v}]}}"#)).contains("twice"));
    }
}

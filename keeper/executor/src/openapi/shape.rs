//! Schemas by the shapes that documents are made of: those of the executors' protocol, and of what a keeper serves. Each is what JSON
//! Schema says of it, and no more.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Another schema of the same document.
pub fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

/// Every field is there, and no other.
pub fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let properties: BTreeMap<&str, &Value> = fields.iter().map(|(name, of)| (*name, of)).collect();
    json!({
        "type": "object", "required": required, "properties": properties, "additionalProperties": false
    })
}

/// So many items at most, where it is said.
pub fn list(items: Value, most: Option<usize>) -> Value {
    let mut told = json!({"type": "array", "items": items});
    if let Some(most) = most {
        told["maxItems"] = json!(most);
    }
    told
}

/// One of these.
pub fn words(all: impl IntoIterator<Item: Into<Value>>) -> Value {
    let all: Vec<Value> = all.into_iter().map(Into::into).collect();
    json!({"enum": all})
}

/// A whole number from nought on.
pub fn number(most: impl Into<u64>) -> Value {
    counted(0, most)
}

/// A whole number within bounds.
pub fn counted(least: u64, most: impl Into<u64>) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most.into()})
}

/// A text of so many characters at most.
pub fn text(most: usize) -> Value {
    json!({"type": "string", "maxLength": most})
}

/// So many bytes at most, as hexadecimal digits.
pub fn bytes(most: usize) -> Value {
    // Two digits a byte, behind `0x`.
    json!({"type": "string", "pattern": "^0x([0-9a-fA-F]{2})*$", "maxLength": 2 + 2 * most})
}

/// This, or nothing.
pub fn nullable(of: Value) -> Value {
    json!({"oneOf": [of, {"type": "null"}]})
}

/// With keys in the order of their names, whichever map JSON's objects are built with.
pub fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<String, Value> = fields
                .into_iter()
                .map(|(name, of)| (name, sorted(of)))
                .collect();
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

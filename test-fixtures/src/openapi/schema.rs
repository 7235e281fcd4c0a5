//! A reader of JSON Schema for the words that the document uses, and for no others: a word that it does not know is a failed test, so that
//! nothing is passed over. `keeper/executor/src/schema.rs` is not asked: it judges what strangers write, and decides neither patterns nor
//! references.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
};

use regex::Regex;
use serde_json::Value;

thread_local! {
    /// Patterns that were read: each is asked thousands of times.
    static PATTERNS: RefCell<HashMap<String, Regex>> = RefCell::default();
}

/// A schema within its document.
#[derive(Clone, Copy)]
pub(super) struct Schema<'d> {
    pub(super) document: &'d Value,
    pub(super) schema: &'d Value,
    /// Names of schemas that allowed something.
    pub(super) used: &'d RefCell<BTreeSet<String>>,
}

impl<'d> Schema<'d> {
    /// Whether a message at a place is allowed; why not.
    pub(super) fn allows(self, message: &Value, place: &str) -> Result<(), String> {
        let words = self.schema.as_object().expect("a schema is an object");
        for (word, argument) in words {
            let held = match word.as_str() {
                "$ref" => {
                    let pointer = text(argument).strip_prefix('#').expect("of this document");
                    let to = self.document.pointer(pointer).expect(pointer);
                    self.of(to).allows(message, place)?;
                    self.used.borrow_mut().insert(named(pointer).to_owned());
                    true
                }
                "description" => true,
                "type" => is_a(text(argument), message),
                "const" => argument == message,
                "enum" => list(argument).contains(message),
                "allOf" => {
                    for one in list(argument) {
                        self.of(one).allows(message, place)?;
                    }
                    true
                }
                "oneOf" => {
                    let allowed = |one: &&Value| self.of(one).allows(message, place).is_ok();
                    list(argument).iter().filter(allowed).count() == 1
                }
                "required" => message.as_object().is_none_or(|fields| {
                    list(argument)
                        .iter()
                        .all(|name| fields.contains_key(text(name)))
                }),
                "properties" => {
                    for (name, one) in argument.as_object().expect("an object") {
                        if let Some(value) = message.get(name) {
                            self.of(one).allows(value, &format!("{place}/{name}"))?;
                        }
                    }
                    true
                }
                "additionalProperties" => {
                    let known = &self.schema["properties"];
                    let fields = message.as_object().into_iter().flatten();
                    let mut others = fields.filter(|(name, _)| known.get(name).is_none());
                    match argument {
                        Value::Bool(may) => *may || others.next().is_none(),
                        schema => {
                            for (name, value) in others {
                                self.of(schema).allows(value, &format!("{place}/{name}"))?;
                            }
                            true
                        }
                    }
                }
                "items" => {
                    for (number, one) in message.as_array().into_iter().flatten().enumerate() {
                        self.of(argument)
                            .allows(one, &format!("{place}/{number}"))?;
                    }
                    true
                }
                "prefixItems" => {
                    let items = message.as_array().into_iter().flatten();
                    for (number, (one, schema)) in items.zip(list(argument)).enumerate() {
                        self.of(schema).allows(one, &format!("{place}/{number}"))?;
                    }
                    true
                }
                "minItems" => message
                    .as_array()
                    .is_none_or(|items| items.len() >= count(argument)),
                "maxItems" => message
                    .as_array()
                    .is_none_or(|items| items.len() <= count(argument)),
                "uniqueItems" => message.as_array().is_none_or(|items| {
                    (1..items.len()).all(|at| !items[..at].contains(&items[at]))
                }),
                "maxLength" => message
                    .as_str()
                    .is_none_or(|text| text.chars().count() <= count(argument)),
                "pattern" => {
                    let pattern = pattern(text(argument));
                    message.as_str().is_none_or(|text| pattern.is_match(text))
                }
                "minimum" => {
                    number(message).is_none_or(|n| n >= number(argument).expect("a bound"))
                }
                "maximum" => {
                    number(message).is_none_or(|n| n <= number(argument).expect("a bound"))
                }
                other => panic!("`{other}` is not read here"),
            };
            if !held {
                return Err(format!("{word} {argument} at {place:?}"));
            }
        }
        Ok(())
    }

    const fn of<'s>(self, schema: &'s Value) -> Schema<'s>
    where
        'd: 's,
    {
        Schema {
            document: self.document,
            schema,
            used: self.used,
        }
    }
}

/// The name at the end of a reference.
pub(super) fn named(reference: &str) -> &str {
    reference
        .rsplit_once('/')
        .map_or(reference, |(_, name)| name)
}

fn is_a(kind: &str, message: &Value) -> bool {
    match kind {
        "object" => message.is_object(),
        "array" => message.is_array(),
        "string" => message.is_string(),
        "boolean" => message.is_boolean(),
        "null" => message.is_null(),
        // What is whole: `1.0` is to JSON Schema what `1` is, and nobody writes it.
        "integer" => message.is_u64() || message.is_i64(),
        other => panic!("no type {other}"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn count(value: &Value) -> usize {
    value
        .as_u64()
        .and_then(|n| n.try_into().ok())
        .expect("a count")
}

fn number(value: &Value) -> Option<i128> {
    value.as_number()?.as_i128()
}

fn pattern(text: &str) -> Regex {
    PATTERNS.with_borrow_mut(|known| {
        let read = || Regex::new(text).expect("a pattern");
        known.entry(text.to_owned()).or_insert_with(read).clone()
    })
}

//! Whether what goes in and comes out of a node is what its law says: JSON by a JSON Schema, where the schema is known.
//!
//! Schemas are of strangers, and are held against what strangers made. So only what is decided in bounded time is read: the words of
//! JSON Schema 2020-12 in the table below. Words that say nothing of what is allowed (`title`, `format`, …) are passed over. A schema with
//! any other word (`pattern` wants an engine, `$ref` can say in a few lines what takes years) is *not decided*, which is neither a
//! permission nor a refusal, and told as such.
//!
//! | about | words |
//! |---|---|
//! | everything | `true`, `false`, `type`, `enum`, `const`, `allOf`, `anyOf`, `oneOf`, `not` |
//! | numbers | `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`: whole ones on both sides |
//! | texts | `minLength`, `maxLength`, in characters |
//! | lists | `items`, `minItems`, `maxItems`, `uniqueItems` |
//! | objects | `properties`, `required`, `additionalProperties`, `minProperties`, `maxProperties` |

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::protocol::{Input, Task};

/// Most comparisons of one check: a list of a megabyte against some dozens of words. What takes more is not decided.
const STEPS_MAX: u32 = 4_000_000;
/// Words that allow everything.
const SILENT: [&str; 13] = [
    "$comment",
    "$id",
    "$schema",
    "contentEncoding",
    "contentMediaType",
    "default",
    "deprecated",
    "description",
    "examples",
    "format",
    "readOnly",
    "title",
    "writeOnly",
];

/// Why something is not known to be what a schema allows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// It is no JSON.
    #[error("the {what} is no JSON: {cause}")]
    NoJson {
        /// What.
        what: &'static str,
        /// Why.
        cause: String,
    },
    /// It is JSON, and another.
    #[error("the {what} is not what its schema allows: {broken} at {place}")]
    Refused {
        /// What.
        what: &'static str,
        /// The word that is broken.
        broken: String,
        /// Where, as a JSON pointer.
        place: String,
    },
}

/// What was found of something that is not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The schema allows it.
    Allowed,
    /// There is no schema, or it says something that is not decided here.
    Undecided(String),
}

/// Holds an output against the task's schema.
///
/// Errors: [`SchemaError`].
pub fn output(task: &Task, output: &[u8]) -> Result<Found, SchemaError> {
    match &task.output_schema {
        Some(schema) => check("output", schema.as_str(), &read("output", output)?),
        None => Ok(Found::Undecided(
            "the output schema is not known".to_owned(),
        )),
    }
}

/// Holds inputs against the task's schema: one input as it is, several as a list in their order; what has no input is allowed.
///
/// Errors: [`SchemaError`].
pub fn inputs(task: &Task, inputs: &[Input]) -> Result<Found, SchemaError> {
    if inputs.is_empty() {
        return Ok(Found::Allowed);
    }
    let Some(schema) = &task.input_schema else {
        return Ok(Found::Undecided("the input schema is not known".to_owned()));
    };
    let mut read = inputs
        .iter()
        .map(|input| read("input", input.content.bytes()))
        .collect::<Result<Vec<_>, _>>()?;
    let instance = match read.len() {
        1 => read.swap_remove(0),
        _ => Value::Array(read),
    };
    check("input", schema.as_str(), &instance)
}

fn read(what: &'static str, bytes: &[u8]) -> Result<Value, SchemaError> {
    serde_json::from_slice(bytes).map_err(|error| SchemaError::NoJson {
        what,
        cause: error.to_string(),
    })
}

/// Holds `instance` against `schema`. `what` names it in errors.
///
/// Errors: [`SchemaError::Refused`].
pub fn check(what: &'static str, schema: &str, instance: &Value) -> Result<Found, SchemaError> {
    let schema: Value = match serde_json::from_str(schema) {
        Ok(schema) => schema,
        Err(error) => return Ok(Found::Undecided(format!("the schema is no JSON: {error}"))),
    };
    let mut judge = Judge { steps: STEPS_MAX };
    match judge.holds(&schema, instance, "") {
        Ok(()) => Ok(Found::Allowed),
        Err(Verdict::Undecided(why)) => Ok(Found::Undecided(why)),
        Err(Verdict::Refused { broken, place }) => Err(SchemaError::Refused {
            what,
            broken,
            place,
        }),
    }
}

enum Verdict {
    Refused { broken: String, place: String },
    Undecided(String),
}

struct Judge {
    steps: u32,
}

impl Judge {
    fn holds(&mut self, schema: &Value, instance: &Value, place: &str) -> Result<(), Verdict> {
        self.step()?;
        let words = match schema {
            Value::Bool(true) => return Ok(()),
            Value::Bool(false) => return Err(refused("false", place)),
            Value::Object(words) => words,
            _ => return Err(undecided("a schema is neither an object nor a truth value")),
        };
        // A word that is not decided leaves all undecided, whatever the others say: nobody is refused by half a schema.
        let mut broken = None;
        for (word, argument) in words {
            match self.word(words, (word, argument), instance, place) {
                Ok(()) => {}
                Err(Verdict::Refused {
                    broken: word,
                    place,
                }) => {
                    broken.get_or_insert(Verdict::Refused {
                        broken: word,
                        place,
                    });
                }
                Err(undecided) => return Err(undecided),
            }
        }
        broken.map_or(Ok(()), Err)
    }

    fn word(
        &mut self,
        words: &Map<String, Value>,
        (word, argument): (&str, &Value),
        instance: &Value,
        place: &str,
    ) -> Result<(), Verdict> {
        let held = match word {
            "type" => is_of_types(argument, instance)?,
            "enum" => {
                let all = list(argument, word)?;
                self.steps(all.len())?;
                all.contains(instance)
            }
            "const" => argument == instance,
            "allOf" | "anyOf" | "oneOf" => return self.several(word, argument, instance, place),
            "not" => !self.is_allowed(argument, instance, place)?,
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                is_within(word, argument, instance)?
            }
            "minLength" | "maxLength" => match instance.as_str() {
                Some(text) => is_count(word, argument, text.chars().count())?,
                None => true,
            },
            "minItems" | "maxItems" => match instance.as_array() {
                Some(items) => is_count(word, argument, items.len())?,
                None => true,
            },
            "minProperties" | "maxProperties" => match instance.as_object() {
                Some(keys) => is_count(word, argument, keys.len())?,
                None => true,
            },
            "uniqueItems" => match (argument, instance) {
                (Value::Bool(false), _) => true,
                (Value::Bool(true), Value::Array(items)) => self.are_unique(items)?,
                (Value::Bool(true), _) => true,
                _ => return Err(undecided("uniqueItems is no truth value")),
            },
            "required" => match instance.as_object() {
                Some(keys) => self.has_all(argument, keys)?,
                None => true,
            },
            "items" => return self.items(argument, instance, place),
            "properties" => return self.properties(argument, instance, place),
            "additionalProperties" => return self.additional(words, argument, instance, place),
            word if SILENT.contains(&word) => true,
            word => return Err(undecided(&format!("`{word}` is not decided"))),
        };
        if held {
            Ok(())
        } else {
            Err(refused(word, place))
        }
    }

    fn several(
        &mut self,
        word: &str,
        argument: &Value,
        instance: &Value,
        place: &str,
    ) -> Result<(), Verdict> {
        let all = list(argument, word)?;
        let mut allowed = 0;
        for schema in all {
            if word == "allOf" {
                self.holds(schema, instance, place)?;
            } else if self.is_allowed(schema, instance, place)? {
                allowed += 1;
            }
        }
        match word {
            "anyOf" if allowed == 0 => Err(refused(word, place)),
            "oneOf" if allowed != 1 => Err(refused(word, place)),
            _ => Ok(()),
        }
    }

    fn is_allowed(
        &mut self,
        schema: &Value,
        instance: &Value,
        place: &str,
    ) -> Result<bool, Verdict> {
        match self.holds(schema, instance, place) {
            Ok(()) => Ok(true),
            Err(Verdict::Refused { .. }) => Ok(false),
            Err(undecided) => Err(undecided),
        }
    }

    fn items(&mut self, argument: &Value, instance: &Value, place: &str) -> Result<(), Verdict> {
        let Some(items) = instance.as_array() else {
            return self.well_formed(argument);
        };
        for (number, item) in items.iter().enumerate() {
            self.holds(argument, item, &format!("{place}/{number}"))?;
        }
        Ok(())
    }

    fn properties(
        &mut self,
        argument: &Value,
        instance: &Value,
        place: &str,
    ) -> Result<(), Verdict> {
        let Some(schemas) = argument.as_object() else {
            return Err(undecided("properties is no object"));
        };
        let Some(keys) = instance.as_object() else {
            return Ok(());
        };
        for (key, schema) in schemas {
            if let Some(value) = keys.get(key) {
                self.holds(schema, value, &pointer(place, key))?;
            }
        }
        Ok(())
    }

    fn additional(
        &mut self,
        words: &Map<String, Value>,
        argument: &Value,
        instance: &Value,
        place: &str,
    ) -> Result<(), Verdict> {
        let Some(keys) = instance.as_object() else {
            return self.well_formed(argument);
        };
        let named = words.get("properties").and_then(Value::as_object);
        let is_named = |key: &str| named.is_some_and(|named| named.contains_key(key));
        for (key, value) in keys.iter().filter(|(key, _)| !is_named(key)) {
            self.holds(argument, value, &pointer(place, key))?;
        }
        Ok(())
    }

    fn well_formed(&self, argument: &Value) -> Result<(), Verdict> {
        match argument {
            Value::Bool(_) | Value::Object(_) => Ok(()),
            _ => Err(undecided("a schema is neither an object nor a truth value")),
        }
    }

    fn has_all(&mut self, argument: &Value, keys: &Map<String, Value>) -> Result<bool, Verdict> {
        let wanted = list(argument, "required")?;
        self.steps(wanted.len())?;
        let has = |key: &Value| key.as_str().is_some_and(|key| keys.contains_key(key));
        Ok(wanted.iter().all(has))
    }

    /// By their texts: objects keep the order of their keys' names, so equal values have one text.
    fn are_unique(&mut self, items: &[Value]) -> Result<bool, Verdict> {
        self.steps(items.len())?;
        let mut seen = BTreeSet::new();
        Ok(items.iter().all(|item| seen.insert(item.to_string())))
    }

    fn step(&mut self) -> Result<(), Verdict> {
        self.steps(1)
    }

    fn steps(&mut self, count: usize) -> Result<(), Verdict> {
        let left = u32::try_from(count)
            .ok()
            .and_then(|count| self.steps.checked_sub(count));
        self.steps = left.ok_or_else(|| undecided("it takes too long"))?;
        Ok(())
    }
}

fn refused(word: &str, place: &str) -> Verdict {
    let broken = word.to_owned();
    let place = if place.is_empty() { "/" } else { place }.to_owned();
    Verdict::Refused { broken, place }
}

fn undecided(why: &str) -> Verdict {
    Verdict::Undecided(why.to_owned())
}

fn list<'v>(argument: &'v Value, word: &str) -> Result<&'v [Value], Verdict> {
    let all = argument.as_array().map(Vec::as_slice);
    all.ok_or_else(|| undecided(&format!("{word} is no list")))
}

fn pointer(place: &str, key: &str) -> String {
    format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn is_of_types(argument: &Value, instance: &Value) -> Result<bool, Verdict> {
    let one = [argument.clone()];
    let types = argument.as_array().map_or(&one[..], Vec::as_slice);
    let mut found = false;
    for name in types {
        found |= match name.as_str() {
            Some("null") => instance.is_null(),
            Some("boolean") => instance.is_boolean(),
            Some("string") => instance.is_string(),
            Some("array") => instance.is_array(),
            Some("object") => instance.is_object(),
            Some("number") => instance.is_number(),
            Some("integer") => whole(instance).is_some(),
            _ => return Err(undecided("type names no type")),
        };
    }
    Ok(found)
}

/// A number without a fraction, within 128 bits.
fn whole(value: &Value) -> Option<i128> {
    value.as_number()?.as_i128()
}

fn is_within(word: &str, argument: &Value, instance: &Value) -> Result<bool, Verdict> {
    if !instance.is_number() {
        return Ok(true);
    }
    let (Some(bound), Some(number)) = (whole(argument), whole(instance)) else {
        return Err(undecided("a bound or a number is not whole"));
    };
    Ok(match word {
        "minimum" => number >= bound,
        "maximum" => number <= bound,
        "exclusiveMinimum" => number > bound,
        _ => number < bound,
    })
}

fn is_count(word: &str, argument: &Value, count: usize) -> Result<bool, Verdict> {
    let bound = argument
        .as_u64()
        .and_then(|bound| usize::try_from(bound).ok());
    let bound = bound.ok_or_else(|| undecided(&format!("{word} is no whole number")))?;
    Ok(if word.starts_with("min") {
        count >= bound
    } else {
        count <= bound
    })
}

//! What must not be written is taken out before anything is: names, addresses, keys of people. A payload is hashed as it is kept, so
//! nobody can try values against a hash of what was taken out.

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Most rules: each is tried on every text of every payload.
pub const RULES_MAX: usize = 64;
/// Most steps of a path, and levels of a payload: `serde_json` itself reads twice as many.
pub const DEPTH_MAX: usize = 64;
/// Most bytes of a compiled pattern: an operator's slip must not take the memory.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Takes out of a payload what must not be written. Called once for each draft, before it is hashed.
pub trait Redactor: Send + Sync + fmt::Debug {
    /// Changes the payload in place, and says how many values it took out.
    ///
    /// Errors: why it cannot tell what may be written; nothing is.
    fn redact(&self, payload: &mut Value) -> Result<u32, RedactError>;
}

/// A payload that cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedactError {
    /// It is nested deeper than rules reach.
    #[error(
        "the payload is nested deeper than {DEPTH_MAX} levels: no rule reaches there, so it is not written"
    )]
    TooDeep,
}

/// A rule that no redactor can follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Too many.
    #[error("{given} rules of redaction, at most {RULES_MAX}: join patterns with `|`")]
    TooMany {
        /// How many.
        given: usize,
    },
    /// A rule's name is what stands in place of what it took out.
    #[error(
        "rule {place} of redaction has the name `{name}`: use 1 to 32 small letters, digits and dashes"
    )]
    Name {
        /// Which.
        place: usize,
        /// Its name.
        name: String,
    },
    /// A path leads nowhere.
    #[error(
        "rule `{name}`: the path `{path}` has an empty step, or more than {DEPTH_MAX}: write it as `author.email`, `*` for any one step, `**` for any number"
    )]
    Path {
        /// Of which rule.
        name: String,
        /// The path.
        path: String,
    },
    /// A pattern is no regular expression.
    #[error("rule `{name}`: {cause}")]
    Pattern {
        /// Of which rule.
        name: String,
        /// What is wrong with it, in one line.
        cause: String,
    },
    /// It finds nothing, or everything.
    #[error(
        "rule `{name}` has the pattern `{pattern}`, which matches the empty text: it would take out everything"
    )]
    MatchesNothing {
        /// Of which rule.
        name: String,
        /// The pattern.
        pattern: String,
    },
}

/// A rule as the configuration has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Rule {
    /// Everything at a path.
    Path {
        /// Stands in its place, as `[redacted:name]`.
        name: String,
        /// Steps with dots between: a key or a list's number, `*` for any one, `**` for any number of steps.
        path: String,
    },
    /// Every part of a text, and of a key, that matches.
    Pattern {
        /// Stands in its place.
        name: String,
        /// A regular expression, without backtracking.
        pattern: String,
    },
}

/// The built-in redactor: rules by path and by pattern.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    paths: Vec<(String, Vec<Step>)>,
    patterns: Vec<(String, Regex)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Any,
    Many,
}

impl Rules {
    /// Errors: the first rule that cannot be followed.
    pub fn new(rules: &[Rule]) -> Result<Self, RuleError> {
        if rules.len() > RULES_MAX {
            let given = rules.len();
            return Err(RuleError::TooMany { given });
        }
        let mut made = Self::default();
        for (place, rule) in rules.iter().enumerate() {
            let (Rule::Path { name, .. } | Rule::Pattern { name, .. }) = rule;
            let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if name.is_empty() || name.len() > 32 || !name.chars().all(letters) {
                let name = name.clone();
                return Err(RuleError::Name { place, name });
            }
            match rule {
                Rule::Path { path, .. } => made.paths.push((name.clone(), steps(name, path)?)),
                Rule::Pattern { pattern, .. } => {
                    made.patterns.push((name.clone(), compiled(name, pattern)?));
                }
            }
        }
        Ok(made)
    }

    /// What any keeper should take out: addresses of mail and of machines, numbers of telephones and of bank accounts.
    pub fn common() -> Self {
        let rule = |name: &str, pattern: &str| Rule::Pattern {
            name: name.to_owned(),
            pattern: pattern.to_owned(),
        };
        Self::new(&[
            rule("mail", r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"),
            rule("telephone", r"\+[1-9][0-9](?:[ ()/.-]{0,2}[0-9]){6,13}"),
            rule(
                "iban",
                r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
            ),
            rule("ipv4", r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b"),
        ])
        .expect("rules of ours")
    }

    /// Both sets of rules; the first first.
    pub fn and(mut self, more: Self) -> Self {
        self.paths.extend(more.paths);
        self.patterns.extend(more.patterns);
        self
    }

    fn walk(&self, value: &mut Value, at: &mut Vec<String>) -> Result<u32, RedactError> {
        if at.len() > DEPTH_MAX {
            return Err(RedactError::TooDeep);
        }
        if let Some((name, _)) = self.paths.iter().find(|(_, steps)| leads(steps, at)) {
            *value = Value::String(instead(name));
            return Ok(1);
        }
        let mut taken = 0u32;
        match value {
            Value::String(text) => taken += self.text(text),
            Value::Array(values) => {
                for (place, value) in values.iter_mut().enumerate() {
                    at.push(place.to_string());
                    taken += self.walk(value, at)?;
                    at.pop();
                }
            }
            Value::Object(fields) => {
                let mut kept = Map::new();
                for (key, mut value) in std::mem::take(fields) {
                    at.push(key);
                    taken += self.walk(&mut value, at)?;
                    let mut key = at.pop().unwrap_or_default();
                    taken += self.text(&mut key);
                    // Two keys of which the same is left stay two.
                    let mut free = key.clone();
                    let mut copies = 1;
                    while kept.contains_key(&free) {
                        copies += 1;
                        free = format!("{key}#{copies}");
                    }
                    kept.insert(free, value);
                }
                *fields = kept;
            }
            // A number can be somebody's: only a path can say so, since no pattern tells it from an amount.
            Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
        Ok(taken)
    }

    fn text(&self, text: &mut String) -> u32 {
        let mut taken = 0;
        for (name, pattern) in &self.patterns {
            let found = pattern.find_iter(text).count() as u32;
            if found > 0 {
                *text = pattern
                    .replace_all(text, regex::NoExpand(&instead(name)))
                    .into_owned();
                taken += found;
            }
        }
        taken
    }
}

impl Redactor for Rules {
    fn redact(&self, payload: &mut Value) -> Result<u32, RedactError> {
        self.walk(payload, &mut Vec::new())
    }
}

fn instead(name: &str) -> String {
    format!("[redacted:{name}]")
}

fn steps(name: &str, path: &str) -> Result<Vec<Step>, RuleError> {
    let steps: Vec<Step> = path
        .split('.')
        .map(|step| match step {
            "*" => Step::Any,
            "**" => Step::Many,
            key => Step::Key(key.to_owned()),
        })
        .collect();
    if steps.len() > DEPTH_MAX || steps.contains(&Step::Key(String::new())) {
        return Err(RuleError::Path {
            name: name.to_owned(),
            path: path.to_owned(),
        });
    }
    Ok(steps)
}

fn compiled(name: &str, pattern: &str) -> Result<Regex, RuleError> {
    let regex = RegexBuilder::new(pattern)
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|error| RuleError::Pattern {
            name: name.to_owned(),
            // Its first line says nothing but that it could not be parsed.
            cause: error
                .to_string()
                .lines()
                .last()
                .unwrap_or("it cannot be compiled")
                .to_owned(),
        })?;
    if regex.is_match("") {
        return Err(RuleError::MatchesNothing {
            name: name.to_owned(),
            pattern: pattern.to_owned(),
        });
    }
    Ok(regex)
}

/// Whether steps lead to a place. Reached steps are kept as bits: no path costs more than its length times the place's.
fn leads(steps: &[Step], at: &[String]) -> bool {
    // Bit i: the first i steps lead here. 65 bits at most.
    let skip = |mut reached: u128| {
        for (i, step) in steps.iter().enumerate() {
            if *step == Step::Many && reached >> i & 1 == 1 {
                reached |= 1 << (i + 1);
            }
        }
        reached
    };
    let mut reached = skip(1);
    for key in at {
        let mut next = 0u128;
        for (i, step) in steps.iter().enumerate() {
            if reached >> i & 1 == 0 {
                continue;
            }
            match step {
                Step::Key(wanted) if wanted == key => next |= 1 << (i + 1),
                Step::Any => next |= 1 << (i + 1),
                Step::Many => next |= 1 << i,
                Step::Key(_) => {}
            }
        }
        reached = skip(next);
    }
    !at.is_empty() && reached >> steps.len() & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rules(rules: Value) -> Rules {
        let rules: Vec<Rule> = serde_json::from_value(rules).unwrap();
        Rules::new(&rules).unwrap()
    }

    #[track_caller]
    fn becomes(rules: &Rules, payload: Value, after: Value, count: u32) {
        let mut payload = payload;
        assert_eq!(rules.redact(&mut payload), Ok(count));
        assert_eq!(payload, after);
    }

    #[test]
    fn a_path_takes_out_what_stands_there_and_nothing_beside_it() {
        let by_path = rules(json!([
            {"name": "author", "path": "author.name"},
            {"name": "any", "path": "people.*.key"},
            {"name": "deep", "path": "**.secret"},
        ]));
        becomes(
            &by_path,
            json!({"author": {"name": {"first": "A"}, "role": "x"}, "name": "kept", "people": [{"key": 7, "id": 1}], "a": {"b": [{"secret": true}]}, "secret": 1}),
            json!({"author": {"name": "[redacted:author]", "role": "x"}, "name": "kept", "people": [{"key": "[redacted:any]", "id": 1}], "a": {"b": [{"secret": "[redacted:deep]"}]}, "secret": "[redacted:deep]"}),
            4,
        );
    }

    #[test]
    fn a_pattern_takes_out_parts_of_texts_and_of_keys() {
        becomes(
            &Rules::common(),
            json!({"note": "ask a.b@example.org or c@d.net, +41 44 668 18 00", "x@y.com": 1, "z@y.com": 2, "n": [1, null, "10.0.0.7:80"]}),
            json!({"note": "ask [redacted:mail] or [redacted:mail], [redacted:telephone]", "[redacted:mail]": 1, "[redacted:mail]#2": 2, "n": [1, null, "[redacted:ipv4]:80"]}),
            6,
        );
        let hash =
            json!({"root": format!("0x{}", "ab12".repeat(16)), "amount": "1000000000000000000"});
        becomes(&Rules::common(), hash.clone(), hash, 0);
    }

    #[test]
    fn rules_that_cannot_be_followed_are_refused_with_what_to_do() {
        let refused = |rule: Value| {
            let rule: Rule = serde_json::from_value(rule).unwrap();
            Rules::new(&[rule]).unwrap_err().to_string()
        };
        for (rule, says) in [
            (json!({"name": "", "path": "a"}), "small letters"),
            (json!({"name": "A", "path": "a"}), "small letters"),
            (json!({"name": "a", "path": "a..b"}), "empty step"),
            (json!({"name": "a", "path": ""}), "empty step"),
            (json!({"name": "a", "pattern": "("}), "unclosed group"),
            (json!({"name": "a", "pattern": "x*"}), "empty text"),
            (
                json!({"name": "a", "pattern": "(a{1000}){1000}"}),
                "size limit",
            ),
        ] {
            let said = refused(rule.clone());
            assert!(said.contains(says), "{rule}: {said}");
            assert!(!said.contains('\n'), "{said}");
        }
        let many = vec![
            Rule::Path {
                name: "a".into(),
                path: "a".into()
            };
            RULES_MAX + 1
        ];
        assert!(Rules::new(&many).is_err());
        assert!(
            serde_json::from_value::<Rule>(json!({"name": "a", "path": "b", "more": 1})).is_err()
        );
    }

    #[test]
    fn a_payload_too_deep_to_judge_is_not_written() {
        let mut payload = json!("deep");
        for _ in 0..=DEPTH_MAX {
            payload = json!([payload]);
        }
        assert_eq!(
            Rules::common().redact(&mut payload),
            Err(RedactError::TooDeep)
        );
    }

    #[test]
    fn many_wildcards_cost_no_more_than_their_length() {
        let path = ["**"; DEPTH_MAX].join(".");
        let rules = rules(json!([{"name": "a", "path": path}]));
        becomes(
            &rules,
            json!({"a": {"b": 1}}),
            json!({"a": "[redacted:a]"}),
            1,
        );
    }
}

//! Compares what is expected with what came out: only the keys that are expected, and those exactly; numbers that are floats on both
//! sides as closely as the format asks for.

use serde_json::{Map, Value};

/// One place where they differ.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) at: String,
    pub(super) expected: String,
    pub(super) got: String,
}

/// Differences of the expected keys; an expectation of nothing is itself one.
pub(super) fn subset(expected: &Map<String, Value>, got: &Map<String, Value>) -> Vec<Difference> {
    let mut differences = Vec::new();
    if expected.is_empty() {
        differences.push(Difference {
            at: "expected".into(),
            expected: "at least one key".into(),
            got: "none".into(),
        });
    }
    for (key, want) in expected {
        let at = format!("expected.{key}");
        match got.get(key) {
            None => {
                let known: Vec<&str> = got.keys().map(String::as_str).collect();
                differences.push(Difference {
                    at,
                    expected: want.to_string(),
                    got: format!("no such output; there are: {}", known.join(", ")),
                });
            }
            Some(have) => compare(&at, want, have, &mut differences),
        }
    }
    differences
}

fn compare(at: &str, want: &Value, have: &Value, out: &mut Vec<Difference>) {
    match (want, have) {
        (Value::Array(want), Value::Array(have)) if want.len() == have.len() => {
            for (i, (want, have)) in want.iter().zip(have).enumerate() {
                compare(&format!("{at}[{i}]"), want, have, out);
            }
        }
        _ if same(want, have) => {}
        _ => out.push(Difference {
            at: at.to_owned(),
            expected: want.to_string(),
            got: have.to_string(),
        }),
    }
}

/// How far two floats may be apart, of the greater, and near nothing.
const RELATIVE: f64 = 1e-9;
const ABSOLUTE: f64 = 1e-12;

/// As close as the format asks for.
fn close(want: f64, have: f64) -> bool {
    (want - have).abs() <= (RELATIVE * want.abs().max(have.abs())).max(ABSOLUTE)
}

/// Equal, or the same integer once as a number and once as decimal text (the format writes large amounts as text).
fn same(want: &Value, have: &Value) -> bool {
    want == have
        || match (want, have) {
            (Value::Number(want), Value::Number(have)) if want.is_f64() && have.is_f64() => {
                match (want.as_f64(), have.as_f64()) {
                    (Some(want), Some(have)) => close(want, have),
                    _ => false,
                }
            }
            (Value::String(text), Value::Number(number))
            | (Value::Number(number), Value::String(text)) => {
                !number.is_f64() && *text == number.to_string()
            }
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(want: &str, have: &str) -> Vec<String> {
        let (want, have) = (
            serde_json::from_str(want).unwrap(),
            serde_json::from_str(have).unwrap(),
        );
        subset(&want, &have).into_iter().map(|d| d.at).collect()
    }

    #[test]
    fn says_where_lists_differ() {
        assert_eq!(
            differences(r#"{"a":[1,2,3]}"#, r#"{"a":[1,9,3]}"#),
            ["expected.a[1]"]
        );
        assert_eq!(
            differences(r#"{"a":[1,2]}"#, r#"{"a":[1,2,3]}"#),
            ["expected.a"]
        );
    }

    #[test]
    fn floats_are_compared_as_closely_as_the_format_asks_for() {
        for (want, have, same) in [
            ("0.5", "0.5000000004", true),
            ("0.5", "0.500000001", false),
            ("1e-13", "9e-13", true),
            ("1e-13", "2e-12", false),
            ("2.0", "2", false),
        ] {
            let found = differences(&format!(r#"{{"a":{want}}}"#), &format!(r#"{{"a":{have}}}"#));
            assert_eq!(found.is_empty(), same, "{want} {have}");
        }
    }

    #[test]
    fn large_integers_may_be_text() {
        assert!(
            differences(
                r#"{"a":"18446744073709551615"}"#,
                r#"{"a":18446744073709551615}"#
            )
            .is_empty()
        );
        assert_eq!(differences(r#"{"a":"01"}"#, r#"{"a":1}"#), ["expected.a"]);
        assert_eq!(differences(r#"{"a":1.0}"#, r#"{"a":1}"#), ["expected.a"]);
    }
}

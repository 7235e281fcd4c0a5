//! JSON in the one form of RFC 8785, for values whose numbers are whole: what two executors found alike has the same bytes.

use serde::Serialize;
use serde_json::Value;

/// The canonical text of a value.
///
/// Errors: none but a value that serde cannot write, which is one with keys that are no texts.
pub fn text(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut whole = String::new();
    write(&serde_json::to_value(value)?, &mut whole);
    Ok(whole)
}

fn write(value: &Value, whole: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            whole.push('{');
            for (place, (key, value)) in members.into_iter().enumerate() {
                if place > 0 {
                    whole.push(',');
                }
                // The escapes of serde_json are those of RFC 8785.
                whole.push_str(&Value::from(key.as_str()).to_string());
                whole.push(':');
                write(value, whole);
            }
            whole.push('}');
        }
        Value::Array(elements) => {
            whole.push('[');
            for (place, element) in elements.iter().enumerate() {
                if place > 0 {
                    whole.push(',');
                }
                write(element, whole);
            }
            whole.push(']');
        }
        simple => whole.push_str(&simple.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn keys_are_in_the_order_of_their_utf16_and_nothing_stands_between() {
        // In UTF-8 the last two keys would stand the other way round.
        let value = serde_json::json!({
            "b": [1, true, null],
            "a": { "\u{fb33}": 0, "\u{1f600}": 1, "é": "\u{b}\n", "d": "/" },
        });
        assert_eq!(
            text(&value).expect("a text"),
            "{\"a\":{\"d\":\"/\",\"é\":\"\\u000b\\n\",\"\u{1f600}\":1,\"\u{fb33}\":0},\"b\":[1,true,null]}"
        );
    }
}

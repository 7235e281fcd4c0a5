//! The JSON-RPC 2.0 envelope: bytes to requests, answers to bytes.
//!
//! Arguments stay unparsed text here: nesting, size and types are each method's business, and a method that takes no
//! arguments never pays for them. Skipping a value needs no stack, so nesting cannot exhaust it.
//!
//! Source: <https://www.jsonrpc.org/specification>.

use super::error::{INVALID_REQUEST, PARSE, RpcError};
use crate::limits;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, io};

/// One request, or what was wrong with it.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    /// The text of the id; `None` for a notification, which gets no answer.
    pub(crate) id: Option<&'a str>,
    pub(crate) call: Result<Call<'a>, RpcError>,
}

#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Cow<'a, str>,
    pub(crate) params: Option<&'a RawValue>,
}

/// One body.
#[derive(Debug)]
pub(crate) enum Body<'a> {
    Single(Item<'a>),
    Batch(Vec<Item<'a>>),
}

const NULL: &str = "null";

impl<'a> Item<'a> {
    fn invalid(id: Option<&'a str>, code: i64, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            id: Some(id.unwrap_or(NULL)),
            call: Err(RpcError::new(code, message)),
        }
    }
}

/// Reads one body. Never fails: what is wrong becomes the answer.
pub(crate) fn parse(body: &[u8]) -> Body<'_> {
    let Ok(text) = std::str::from_utf8(body) else {
        return Body::Single(Item::invalid(
            None,
            PARSE,
            "parse error: the body is not UTF-8",
        ));
    };
    match text.trim_start().as_bytes().first() {
        Some(b'[') => batch(text),
        _ => Body::Single(item(text)),
    }
}

fn batch(text: &str) -> Body<'_> {
    match serde_json::from_str::<Members<'_>>(text) {
        Ok(Members {
            items,
            overflow: false,
        }) if items.is_empty() => Body::Single(Item::invalid(
            None,
            INVALID_REQUEST,
            "invalid request: the batch is empty",
        )),
        Ok(Members {
            items,
            overflow: false,
        }) => Body::Batch(items.into_iter().map(|raw| item(raw.get())).collect()),
        Ok(Members { overflow: true, .. }) => Body::Single(Item::invalid(
            None,
            INVALID_REQUEST,
            format!(
                "invalid request: the batch has more than {} requests; send several",
                limits::BATCH
            ),
        )),
        Err(error) => Body::Single(Item::invalid(None, PARSE, format!("parse error: {error}"))),
    }
}

/// The members of a batch, at most [`limits::BATCH`]; the rest is read but not kept.
struct Members<'a> {
    items: Vec<&'a RawValue>,
    overflow: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> de::Visitor<'de> for Visit {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of requests")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while items.len() < limits::BATCH {
                    match seq.next_element::<&RawValue>()? {
                        Some(item) => items.push(item),
                        None => {
                            return Ok(Members {
                                items,
                                overflow: false,
                            });
                        }
                    }
                }
                let mut overflow = false;
                while seq.next_element::<de::IgnoredAny>()?.is_some() {
                    overflow = true;
                }
                Ok(Members { items, overflow })
            }
        }
        deserializer.deserialize_seq(Visit)
    }
}

/// The members of a request, unparsed, so that one bad member does not hide the id.
#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
}

/// Tells a member that is `null` from one that is missing.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

fn item(text: &str) -> Item<'_> {
    // serde would read an array as the members in order; only an object is a request.
    let object = text.trim_start().starts_with('{');
    let raw = match serde_json::from_str::<Raw<'_>>(text) {
        Ok(raw) if object => raw,
        // A wrong shape may hide a fault of syntax further on, which comes first.
        outcome => {
            return match (serde_json::from_str::<&RawValue>(text), outcome) {
                (Err(syntax), _) => Item::invalid(None, PARSE, format!("parse error: {syntax}")),
                (Ok(_), Err(shape)) if object => {
                    Item::invalid(None, INVALID_REQUEST, format!("invalid request: {shape}"))
                }
                _ => Item::invalid(
                    None,
                    INVALID_REQUEST,
                    "invalid request: a request is an object",
                ),
            };
        }
    };
    let id = raw.id.map(RawValue::get);
    if let Some(text) = id {
        if !matches!(
            text.as_bytes().first(),
            Some(b'"' | b'-' | b'0'..=b'9' | b'n')
        ) {
            return Item::invalid(
                None,
                INVALID_REQUEST,
                "invalid request: `id` must be a string, a number or null",
            );
        }
        if text.len() > limits::ID_BYTES {
            return Item::invalid(
                None,
                INVALID_REQUEST,
                format!(
                    "invalid request: `id` is longer than {} bytes",
                    limits::ID_BYTES
                ),
            );
        }
    }
    if raw.jsonrpc.map(RawValue::get) != Some("\"2.0\"") {
        return Item::invalid(
            id,
            INVALID_REQUEST,
            "invalid request: `jsonrpc` must be \"2.0\"",
        );
    }
    let Some(method) = raw.method else {
        return Item::invalid(id, INVALID_REQUEST, "invalid request: `method` is missing");
    };
    let method = match serde_json::from_str::<Text<'_>>(method.get()) {
        Ok(Text(method)) => method,
        Err(_) => {
            return Item::invalid(
                id,
                INVALID_REQUEST,
                "invalid request: `method` must be a string",
            );
        }
    };
    let params = raw.params.filter(|params| params.get() != NULL);
    Item {
        id,
        call: Ok(Call { method, params }),
    }
}

/// A string, borrowed when it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A finished `result`, already JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payload(pub(crate) Vec<u8>);

/// What a method answers.
pub(crate) type Answer = Result<Payload, RpcError>;

/// Serialises a result, refusing one above [`limits::RESPONSE_BYTES`].
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Answer {
    let mut out = Bounded(Vec::with_capacity(128));
    match serde_json::to_writer(&mut out, value) {
        Ok(()) => Ok(Payload(out.0)),
        Err(error) if error.is_io() => Err(too_large()),
        Err(error) => Err(RpcError::internal(format!(
            "the answer cannot be serialised: {error}"
        ))),
    }
}

/// `null`.
pub(crate) fn null() -> Answer {
    Ok(Payload(NULL.into()))
}

/// The refusal of an answer above [`limits::RESPONSE_BYTES`].
pub(crate) fn too_large() -> RpcError {
    RpcError::limit(format!(
        "the answer is larger than {} bytes; ask for less",
        limits::RESPONSE_BYTES
    ))
}

struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.0.len() + bytes.len() > limits::RESPONSE_BYTES {
            return Err(io::Error::other("too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the whole answer to a request with this id.
pub(crate) fn reply(id: &str, answer: &Answer) -> Vec<u8> {
    let room = answer.as_ref().map_or(256, |payload| payload.0.len());
    let mut out = Vec::with_capacity(48 + id.len() + room);
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.extend_from_slice(id.as_bytes());
    match answer {
        Ok(Payload(result)) => {
            out.extend_from_slice(b",\"result\":");
            out.extend_from_slice(result);
        }
        Err(error) => {
            out.extend_from_slice(b",\"error\":");
            // An error object holds a number, text and hex: it always serialises.
            out.extend(
                serde_json::to_vec(error)
                    .unwrap_or_else(|_| b"{\"code\":-32603,\"message\":\"\"}".to_vec()),
            );
        }
    }
    out.push(b'}');
    out
}

/// Joins the answers of a batch.
pub(crate) fn join(replies: &[Vec<u8>]) -> Vec<u8> {
    let mut out =
        Vec::with_capacity(replies.iter().map(|reply| reply.len() + 1).sum::<usize>() + 2);
    out.push(b'[');
    for (index, reply) in replies.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(reply);
    }
    out.push(b']');
    out
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;

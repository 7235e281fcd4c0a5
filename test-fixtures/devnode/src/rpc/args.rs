//! The arguments of a request: positions, names for the errors, and nothing parsed twice.

use super::error::RpcError;
use crate::limits;
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use std::fmt;

/// Positional arguments, each still text. An object instead of an array (alloy sends one for `anvil_reorg`) counts
/// as the only argument.
#[derive(Debug, Default)]
pub(crate) struct Args<'a> {
    items: Vec<&'a RawValue>,
}

impl<'a> Args<'a> {
    pub(crate) fn new(params: Option<&'a RawValue>) -> Result<Self, RpcError> {
        let Some(params) = params else {
            return Ok(Self::default());
        };
        match params.get().as_bytes().first() {
            Some(b'[') => {
                let List(items) = serde_json::from_str(params.get())
                    .map_err(|error| RpcError::params(format!("invalid params: {error}")))?;
                Ok(Self { items })
            }
            Some(b'{') => Ok(Self {
                items: vec![params],
            }),
            _ => Err(RpcError::params(
                "invalid params: `params` must be an array or an object",
            )),
        }
    }

    /// Refuses more arguments than the method takes.
    pub(crate) fn at_most(&self, count: usize) -> Result<(), RpcError> {
        if self.items.len() > count {
            return Err(RpcError::params(format!(
                "invalid params: too many arguments, want at most {count}, got {}",
                self.items.len()
            )));
        }
        Ok(())
    }

    /// The argument at `index`, which must be there.
    pub(crate) fn get<T: Deserialize<'a>>(&self, index: usize, name: &str) -> Result<T, RpcError> {
        let Some(raw) = self.items.get(index) else {
            return Err(RpcError::params(format!(
                "invalid params: missing argument {index} ({name})"
            )));
        };
        parse(raw, index, name)
    }

    /// The argument at `index`, unless it is missing or null.
    pub(crate) fn opt<T: Deserialize<'a>>(
        &self,
        index: usize,
        name: &str,
    ) -> Result<Option<T>, RpcError> {
        match self.items.get(index) {
            None => Ok(None),
            Some(raw) if raw.get() == "null" => Ok(None),
            Some(raw) => parse(raw, index, name).map(Some),
        }
    }

    /// The text of the argument at `index`.
    pub(crate) fn raw(&self, index: usize) -> Option<&'a str> {
        self.items.get(index).map(|raw| raw.get())
    }
}

fn parse<'a, T: Deserialize<'a>>(
    raw: &&'a RawValue,
    index: usize,
    name: &str,
) -> Result<T, RpcError> {
    serde_json::from_str(raw.get()).map_err(|error| {
        RpcError::params(format!(
            "invalid params: argument {index} ({name}): {error}"
        ))
    })
}

struct List<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for List<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> de::Visitor<'de> for Visit {
            type Value = List<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of arguments")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::with_capacity(3);
                while let Some(item) = seq.next_element::<&RawValue>()? {
                    if items.len() == limits::ARGS {
                        return Err(de::Error::custom(format_args!(
                            "more than {} arguments",
                            limits::ARGS
                        )));
                    }
                    items.push(item);
                }
                Ok(List(items))
            }
        }
        deserializer.deserialize_seq(Visit)
    }
}

/// A whole number as clients write it: a JSON number, decimal text or hex text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Number(#[serde(with = "alloy::serde::quantity")] pub(crate) u64);

/// As [`Number`], for amounts of wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Amount(#[serde(with = "alloy::serde::quantity")] pub(crate) u128);

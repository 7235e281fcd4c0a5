//! The error object of JSON-RPC, with the codes that Ethereum clients look for.

use alloy::primitives::Bytes;
use serde::Serialize;
use std::borrow::Cow;

/// The body is not JSON.
pub(crate) const PARSE: i64 = -32_700;
/// The JSON is not a request.
pub(crate) const INVALID_REQUEST: i64 = -32_600;
/// There is no such method.
pub(crate) const METHOD_NOT_FOUND: i64 = -32_601;
/// The arguments do not fit the method.
pub(crate) const INVALID_PARAMS: i64 = -32_602;
/// The node broke.
pub(crate) const INTERNAL: i64 = -32_603;
/// The node refuses, as geth's unnamed server error: bad transactions, unknown blocks.
pub(crate) const REFUSED: i64 = -32_000;
/// A limit of the node is exceeded (EIP-1474).
pub(crate) const LIMIT: i64 = -32_005;
/// Execution reverted; `data` is what it returned.
pub(crate) const REVERTED: i64 = 3;
/// The transaction was accepted but not included in the time given (EIP-7966).
pub(crate) const NOT_INCLUDED: i64 = 4;

/// One error object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message} (code {code})")]
pub(crate) struct RpcError {
    /// See the constants of this module.
    pub code: i64,
    /// What was wrong and what to do.
    pub message: Cow<'static, str>,
    /// Revert data, or the hash of the transaction that is still waiting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Bytes>,
}

impl RpcError {
    pub(crate) fn new(code: i64, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    pub(crate) fn params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(INVALID_PARAMS, message)
    }

    pub(crate) fn refused(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(REFUSED, message)
    }

    pub(crate) fn limit(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(LIMIT, message)
    }

    pub(crate) fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(INTERNAL, message)
    }

    /// What `eth_call` and `eth_estimateGas` answer to a revert: the reason in the message, the bytes in `data`.
    pub(crate) fn reverted(output: Bytes) -> Self {
        let message = match reason(&output) {
            Some(reason) => Cow::Owned(format!("execution reverted: {reason}")),
            None => Cow::Borrowed("execution reverted"),
        };
        Self {
            code: REVERTED,
            message,
            data: Some(output),
        }
    }
}

/// Selector of `Error(string)`.
const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
/// Selector of `Panic(uint256)`.
const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];

/// The reason in revert data, when it is in words: `Error(string)`, a Solidity panic, or bare text as Stylus programs
/// return it.
pub(crate) fn reason(output: &[u8]) -> Option<String> {
    if let Some(body) = output.strip_prefix(&ERROR) {
        let length = usize::try_from(word(body, 32)?).ok()?;
        let text = body.get(64..)?.get(..length)?;
        return Some(String::from_utf8_lossy(text).into_owned());
    }
    if let Some(body) = output.strip_prefix(&PANIC) {
        let code = word(body, 0)?;
        return Some(match panic_text(code) {
            Some(text) => format!("panic: {text} (0x{code:02x})"),
            None => format!("panic: unknown code (0x{code:x})"),
        });
    }
    let text = std::str::from_utf8(output).ok()?.trim();
    let plain = text.len() >= 4 && text.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    plain.then(|| text.to_owned())
}

/// The 32-byte word at `at`, when it fits 64 bits.
fn word(body: &[u8], at: usize) -> Option<u64> {
    let word: &[u8; 32] = body.get(at..at + 32)?.try_into().ok()?;
    if word[..24].iter().any(|&b| b != 0) {
        return None;
    }
    word[24..].try_into().ok().map(u64::from_be_bytes)
}

/// Names of Solidity's panic codes, in geth's words.
fn panic_text(code: u64) -> Option<&'static str> {
    Some(match code {
        0x00 => "generic panic",
        0x01 => "assert(false)",
        0x11 => "arithmetic underflow or overflow",
        0x12 => "division or modulo by zero",
        0x21 => "enum overflow",
        0x22 => "invalid encoded storage byte array accessed",
        0x31 => "out-of-bounds array access; popping on an empty array",
        0x32 => "out-of-bounds access of an array or bytesN",
        0x41 => "out of memory",
        0x51 => "uninitialized function",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::{U256, hex};

    fn error_string(text: &str) -> Bytes {
        let mut out = ERROR.to_vec();
        out.extend(U256::from(32).to_be_bytes::<32>());
        out.extend(U256::from(text.len()).to_be_bytes::<32>());
        out.extend(text.as_bytes());
        out.resize(4 + 64 + text.len().div_ceil(32) * 32, 0);
        out.into()
    }

    #[test]
    fn puts_the_reason_of_error_string_into_the_message() {
        let error = RpcError::reverted(error_string("not the owner"));
        assert_eq!(error.code, 3);
        assert_eq!(error.message, "execution reverted: not the owner");
        assert!(error.data.is_some());
    }

    #[test]
    fn names_solidity_panics_as_geth_does() {
        let mut out = PANIC.to_vec();
        out.extend(U256::from(0x11).to_be_bytes::<32>());
        assert_eq!(
            RpcError::reverted(out.into()).message,
            "execution reverted: panic: arithmetic underflow or overflow (0x11)"
        );
    }

    #[test]
    fn keeps_custom_errors_in_data_only() {
        let data = Bytes::from(hex!("6f809c4e"));
        let error = RpcError::reverted(data.clone());
        assert_eq!(
            (error.message.as_ref(), error.data),
            ("execution reverted", Some(data))
        );
    }

    #[test]
    fn shows_bare_text_and_not_bare_bytes() {
        assert_eq!(reason(b"out of stock"), Some("out of stock".into()));
        assert_eq!(reason(b"\x00\x01\x02\x03\x04"), None);
        assert_eq!(reason(b""), None);
    }

    #[test]
    fn survives_reasons_with_lengths_that_lie() {
        let mut out = ERROR.to_vec();
        out.extend(U256::from(32).to_be_bytes::<32>());
        out.extend(U256::MAX.to_be_bytes::<32>());
        assert_eq!(reason(&out), None);
        out.truncate(40);
        assert_eq!(reason(&out), None);
        let mut out = ERROR.to_vec();
        out.extend(U256::from(32).to_be_bytes::<32>());
        out.extend(U256::from(u64::MAX).to_be_bytes::<32>());
        assert_eq!(reason(&out), None);
    }
}

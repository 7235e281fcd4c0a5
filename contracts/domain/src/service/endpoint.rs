//! Where a service is reached: a closed list of schemes, each with its own shape.
//!
//! | scheme | host | because |
//! |---|---|---|
//! | `https://` | name or address, port | the executor is known by its certificate |
//! | `http://` | `localhost`, `127.0.0.1`, `[::1]`, port | without a certificate only one's own machine is known |
//! | `ipfs://` | a content id | names what runs by its hash, wherever it lies |
//! | `urn:` | none | what an executor starts itself as a process; it has no address |
//!
//! What is read by people and machines alike must not read differently to them: printable ASCII alone (no look-alikes,
//! no line breaks, no direction marks), no quotes, no markup, no user before the host (`https://bank@evil`), no
//! fragment, percent signs only before two hexadecimal digits.

// structural file: a grammar; its numbers are lengths of tokens and radices

use crate::parameter::ParameterId;

/// Most bytes of an endpoint: it is paid for in the event of every registration, and shown on one line.
pub const ENDPOINT_BYTES_MAX: usize = ParameterId::MaxEndpointBytes.constant() as usize;

/// Why a text is no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointFault {
    /// Empty, or longer than [`ENDPOINT_BYTES_MAX`].
    Length {
        /// In bytes.
        length: usize,
    },
    /// None of the listed schemes.
    UnsupportedScheme,
    /// This byte cannot stand there; where something is missing, the byte that ends the part too early.
    Malformed {
        /// Its place.
        at: usize,
    },
    /// Plain `http` to another machine.
    NotLoopback {
        /// Where the host begins.
        at: usize,
    },
}

const HTTPS: &[u8] = b"https://";
const HTTP: &[u8] = b"http://";
const IPFS: &[u8] = b"ipfs://";
const URN: &[u8] = b"urn:";

/// Greatest port.
const PORT_MAX: u32 = u16::MAX as u32;

/// Whether `text` is an endpoint.
pub fn check(text: &[u8]) -> Result<(), EndpointFault> {
    let length = text.len();
    if length == 0 || length > ENDPOINT_BYTES_MAX {
        return Err(EndpointFault::Length { length });
    }
    bytes(text)?;
    if text.starts_with(HTTPS) {
        authority(text, HTTPS.len()).map(drop)
    } else if text.starts_with(HTTP) {
        let host = authority(text, HTTP.len())?;
        match host {
            b"localhost" | b"127.0.0.1" | b"[::1]" => Ok(()),
            _ => Err(EndpointFault::NotLoopback { at: HTTP.len() }),
        }
    } else if text.starts_with(IPFS) {
        word(text, IPFS.len(), b'/').map(drop)
    } else if text.starts_with(URN) {
        // Name space, colon, name.
        let end = word(text, URN.len(), b':')?;
        if end + 1 < length {
            Ok(())
        } else {
            Err(EndpointFault::Malformed { at: end })
        }
    } else {
        Err(EndpointFault::UnsupportedScheme)
    }
}

/// Every byte may stand in an endpoint.
fn bytes(text: &[u8]) -> Result<(), EndpointFault> {
    for (at, byte) in text.iter().enumerate() {
        let stands = match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => true,
            b'%' => {
                matches!(text.get(at + 1..at + 3), Some(pair) if pair.iter().all(u8::is_ascii_hexdigit))
            }
            _ => b"-._~:/?[]!$&()*+,;=".contains(byte),
        };
        if !stands {
            return Err(EndpointFault::Malformed { at });
        }
    }
    Ok(())
}

/// The end of a non-empty run of letters, digits and hyphens that begins at `from` and ends at `end` or the text's end.
fn word(text: &[u8], from: usize, end: u8) -> Result<usize, EndpointFault> {
    let mut at = from;
    while let Some(byte) = text.get(at) {
        if *byte == end {
            break;
        }
        if !byte.is_ascii_alphanumeric() && *byte != b'-' {
            return Err(EndpointFault::Malformed { at });
        }
        at += 1;
    }
    if at == from {
        return Err(EndpointFault::Malformed { at });
    }
    Ok(at)
}

/// The host of the authority that begins at `from`; its port, if any, is one.
fn authority(text: &[u8], from: usize) -> Result<&[u8], EndpointFault> {
    let rest = text.get(from..).unwrap_or_default();
    let length = rest
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?'))
        .unwrap_or(rest.len());
    let part = rest.get(..length).unwrap_or_default();
    let bracketed = part.first() == Some(&b'[');
    let host_length = if bracketed {
        // An address in brackets ends with them.
        part.iter().position(|byte| *byte == b']').map(|at| at + 1)
    } else {
        part.iter().position(|byte| *byte == b':').or(Some(length))
    };
    let Some(host_length) = host_length else {
        return Err(EndpointFault::Malformed { at: from + length });
    };
    let (host, port) = part.split_at(host_length);
    for (at, byte) in host.iter().enumerate() {
        let stands = if bracketed {
            let edge = at == 0 || at + 1 == host_length;
            edge || byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
        } else {
            // A label is never empty: no point first, last or twice.
            byte.is_ascii_alphanumeric()
                || *byte == b'-'
                || (*byte == b'.' && at > 0 && host[at - 1] != b'.' && host.get(at + 1).is_some())
        };
        if !stands {
            return Err(EndpointFault::Malformed { at: from + at });
        }
    }
    let least = if bracketed { 4 } else { 1 };
    if host_length < least {
        return Err(EndpointFault::Malformed {
            at: from + host_length,
        });
    }
    let at = from + host_length;
    match port.split_first() {
        None => Ok(host),
        Some((b':', digits)) if is_port(digits) => Ok(host),
        Some(_) => Err(EndpointFault::Malformed { at }),
    }
}

/// One to five digits, from 1 to [`PORT_MAX`], without a zero in front.
fn is_port(digits: &[u8]) -> bool {
    let mut port = 0u32;
    for digit in digits {
        if !digit.is_ascii_digit() || (port == 0 && *digit == b'0') {
            return false;
        }
        port = port * 10 + u32::from(digit - b'0');
        if port > PORT_MAX {
            return false;
        }
    }
    port > 0
}

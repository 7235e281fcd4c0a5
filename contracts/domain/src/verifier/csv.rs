//! Canonical CSV: a table has one encoding, a subset of RFC 4180 (docs/verifiers.md).
//!
//! ```text
//! table     record, one or more; the first is the header
//! record    field ("," field)* CRLF            as many fields as the header, and none longer than the table
//! field     text                               nothing but characters other than , " and controls
//!         | '"' (text | , | CR | LF | '""')* '"'   only if it holds one of these four, or is the record's only one and empty
//! ```
//!
//! Text is UTF-8 without a byte order mark. Controls are those below space and the one of deletion.

// structural file: characters of the grammar.

const QUOTE: u8 = b'"';

/// The header of a table, without its line end; none if the bytes are no table in its one encoding. One pass.
pub fn header(bytes: &[u8]) -> Option<&[u8]> {
    let marked = bytes.starts_with(&[0xef, 0xbb, 0xbf]);
    if marked || core::str::from_utf8(bytes).is_err() {
        return None;
    }
    let (first, mut rest) = record(bytes)?;
    while !rest.is_empty() {
        let (next, behind) = record(rest)?;
        if next.fields != first.fields {
            return None;
        }
        rest = behind;
    }
    Some(first.bytes)
}

/// A record that was read.
struct Record<'a> {
    /// Without its line end.
    bytes: &'a [u8],
    fields: usize,
}

/// The record at the beginning, and what stands behind it.
fn record(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let mut fields = 0usize;
    let mut rest = bytes;
    loop {
        let (field, behind) = field(rest)?;
        fields = fields.saturating_add(1);
        if let Some(next) = behind.strip_prefix(b",") {
            // An empty field beside others needs no quotes.
            if field == Field::QuotedEmpty {
                return None;
            }
            rest = next;
            continue;
        }
        let end = behind.strip_prefix(b"\r\n")?;
        let alone = fields == 1;
        // A lone empty field stands in quotes, so that no line is empty.
        if alone && field == Field::Empty || !alone && field == Field::QuotedEmpty {
            return None;
        }
        let length = bytes.len().saturating_sub(behind.len());
        let bytes = bytes.get(..length)?;
        return Some((Record { bytes, fields }, end));
    }
}

/// What a field holds, as far as its record has to know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Empty,
    QuotedEmpty,
    Full,
}

/// The field at the beginning, and what stands behind it.
fn field(bytes: &[u8]) -> Option<(Field, &[u8])> {
    if let Some(quoted) = bytes.strip_prefix(&[QUOTE]) {
        return quoted_field(quoted);
    }
    let ends = |byte: &u8| !is_text(*byte);
    let length = bytes.iter().position(ends).unwrap_or(bytes.len());
    let behind = bytes.get(length..)?;
    let field = if length == 0 {
        Field::Empty
    } else {
        Field::Full
    };
    Some((field, behind))
}

/// A field behind its opening quote.
fn quoted_field(bytes: &[u8]) -> Option<(Field, &[u8])> {
    let (mut rest, mut needed) = (bytes, false);
    loop {
        let (byte, behind) = rest.split_first()?;
        rest = behind;
        match *byte {
            QUOTE => match rest.strip_prefix(&[QUOTE]) {
                Some(behind) => (rest, needed) = (behind, true),
                None if needed => return Some((Field::Full, rest)),
                // Quotes around nothing may be needed by the record; around text they are not.
                None => {
                    let empty = bytes.len().saturating_sub(rest.len()) == 1;
                    return empty.then_some((Field::QuotedEmpty, rest));
                }
            },
            b',' | b'\r' | b'\n' => needed = true,
            byte if is_text(byte) => {}
            _ => return None,
        }
    }
}

/// Whether a byte needs no quotes and is no control.
const fn is_text(byte: u8) -> bool {
    !matches!(byte, 0..0x20 | 0x7f | b',' | QUOTE)
}

//! A JSON object written member by member, for the shapes that are hot.

use alloy::hex;

/// An object being written. The caller gives keys that need no escape.
#[derive(Debug)]
pub(crate) struct Object<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Object<'o> {
    pub(crate) fn open(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Writes the key; the caller writes the value.
    pub(crate) fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// A quantity: hex without leading zeros.
    pub(crate) fn quantity(&mut self, key: &str, value: impl Into<u128>) {
        let out = self.key(key);
        quantity(out, value.into());
    }

    /// Bytes: hex of even length.
    pub(crate) fn bytes(&mut self, key: &str, value: &[u8]) {
        let out = self.key(key);
        bytes(out, value);
    }

    /// Bytes or null.
    pub(crate) fn opt_bytes(&mut self, key: &str, value: Option<&[u8]>) {
        match value {
            Some(value) => self.bytes(key, value),
            None => self.raw(key, "null"),
        }
    }

    /// Text that is JSON already.
    pub(crate) fn raw(&mut self, key: &str, json: &str) {
        self.key(key).extend_from_slice(json.as_bytes());
    }

    pub(crate) fn close(self) {
        self.out.push(b'}');
    }
}

/// Writes an array.
pub(crate) fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

pub(crate) fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    out.extend_from_slice(b"\"0x");
    let at = out.len();
    out.resize(at + value.len() * 2, 0);
    // The slice is exactly twice as long as the value.
    let _ = hex::encode_to_slice(value, &mut out[at..]);
    out.push(b'"');
}

pub(crate) fn quantity(out: &mut Vec<u8>, value: u128) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(b"\"0x");
    let digits = (128 - value.leading_zeros()).div_ceil(4).max(1);
    for digit in (0..digits).rev() {
        out.push(DIGITS[(value >> (digit * 4)) as usize & 0xf]);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_quantities_without_leading_zeros_and_bytes_in_full() {
        let mut out = Vec::new();
        let mut object = Object::open(&mut out);
        object.quantity("zero", 0u64);
        object.quantity("small", 0x1fu64);
        object.quantity("large", u128::MAX);
        object.bytes("none", &[]);
        object.bytes("two", &[0, 0xff]);
        object.opt_bytes("absent", None);
        object.close();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!(
                r#"{{"zero":"0x0","small":"0x1f","large":"0x{}","none":"0x","two":"0x00ff","absent":null}}"#,
                "f".repeat(32)
            )
        );
    }
}

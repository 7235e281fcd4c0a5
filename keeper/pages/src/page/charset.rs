//! From bytes to text: the page's own word for its charset is taken, and held to.

/// How far into a page its charset is looked for, in bytes (HTML Standard, prescan).
const PRESCAN: usize = 1024; // structural: the standard's

/// Why bytes are no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CharsetError {
    /// A charset that is not read.
    #[error("charset `{0}` is not read: only utf-8 and windows-1252 with its kin are")]
    Unsupported(String),
    /// Bytes that are not what they are said to be.
    #[error("byte {at} is no {charset}: {why}")]
    Invalid {
        /// Where.
        at: usize,
        /// What was tried.
        charset: &'static str,
        /// Who says so.
        why: &'static str,
    },
}

/// The text of a page, with the charset that the sender names, if it does.
///
/// Errors: [`CharsetError`].
pub fn decode(bytes: &[u8], sent: Option<&str>) -> Result<String, CharsetError> {
    if let Some(rest) = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]) {
        return utf8(rest, "it begins with the mark of utf-8");
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(CharsetError::Unsupported("utf-16".to_owned()));
    }
    if let Some(label) = sent {
        return by_label(bytes, label, "its sender says so");
    }
    match declared(bytes) {
        Some(label) => by_label(bytes, &label, "the page says so"),
        None => utf8(bytes, "neither page nor sender names another charset"),
    }
}

fn by_label(bytes: &[u8], label: &str, why: &'static str) -> Result<String, CharsetError> {
    // Labels of the Encoding Standard. What stands for Latin 1 is read as windows-1252 everywhere.
    match label.trim().to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" | "unicode-1-1-utf-8" | "x-unicode20utf8" => utf8(bytes, why),
        "windows-1252" | "cp1252" | "x-cp1252" | "iso-8859-1" | "iso8859-1" | "iso_8859-1"
        | "latin1" | "l1" | "us-ascii" | "ascii" | "cp819" | "ibm819" => Ok(windows_1252(bytes)),
        _ => Err(CharsetError::Unsupported(label.trim().to_owned())),
    }
}

fn utf8(bytes: &[u8], why: &'static str) -> Result<String, CharsetError> {
    let text = std::str::from_utf8(bytes).map_err(|error| CharsetError::Invalid {
        at: error.valid_up_to(),
        charset: "utf-8",
        why,
    })?;
    Ok(text.to_owned())
}

fn windows_1252(bytes: &[u8]) -> String {
    // 0x80 to 0x9f; where it defines nothing, the control stands for itself.
    const HIGH: [u16; 32] = [
        0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039,
        0x152, 0x8d, 0x17d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
        0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
    ];
    let character = |byte: &u8| match byte {
        0x80..=0x9f => char::from_u32(HIGH[usize::from(byte - 0x80)].into()).unwrap_or('\u{fffd}'),
        byte => char::from(*byte),
    };
    bytes.iter().map(character).collect()
}

/// What a `meta` element near the beginning names, in either of its two forms.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(PRESCAN)];
    let head: String = head
        .iter()
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    let mut rest = head.as_str();
    while let Some(at) = rest.find("<meta") {
        let meta = &rest[at..];
        let end = meta.find('>').unwrap_or(meta.len());
        if let Some(label) = label_in(&meta[..end]) {
            return Some(label);
        }
        rest = &meta[end..];
    }
    None
}

/// What stands behind `charset=`, in quotes or not.
fn label_in(text: &str) -> Option<String> {
    let (_, behind) = text.split_once("charset")?;
    let value = behind.trim_start().strip_prefix('=')?.trim_start();
    let value = value.trim_start_matches(['"', '\'']);
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '/' | '>');
    let label = value.split(is_end).next()?;
    (!label.is_empty()).then(|| label.to_owned())
}

/// The charset in a `content-type`.
pub(super) fn of_content_type(content_type: &str) -> Option<String> {
    label_in(&content_type.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sender_is_believed_before_the_page_and_a_mark_before_both() {
        let page = b"<meta charset=windows-1252>\xe9";
        assert!(decode(page, None).expect("Latin").ends_with('é'));
        assert!(matches!(
            decode(page, Some("utf-8")),
            Err(CharsetError::Invalid { at: 27, .. })
        ));
        let marked = b"\xef\xbb\xbfa\xc3\xa9";
        assert_eq!(decode(marked, Some("iso-8859-1")).as_deref(), Ok("aé"));
        let old = br#"<META http-equiv="Content-Type" content='text/html; charset = "CP1252"'>"#;
        let long = [&old[..], b"\x80\x9f\x93"].concat();
        assert!(decode(&long, None).expect("Latin").ends_with("€Ÿ“"));
    }

    #[test]
    fn a_wrong_charset_is_told_with_the_byte_that_gives_it_away() {
        let error = decode(b"caf\xe9", None).expect_err("no UTF-8").to_string();
        assert_eq!(
            error,
            "byte 3 is no utf-8: neither page nor sender names another charset"
        );
        let error = decode(b"<meta charset='shift_jis'>\x83", None).expect_err("not read");
        assert_eq!(error, CharsetError::Unsupported("shift_jis".to_owned()));
        assert!(decode(b"\xff\xfea\0", None).is_err());
    }
}

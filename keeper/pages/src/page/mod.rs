//! What a page says. A page is bytes of a stranger: whatever they are, this ends soon, with a page or with a reason.

pub mod charset;
mod dom;
mod extract;

pub use self::{charset::CharsetError, extract::LINKS_MAX};
use crate::fetch::Raw;

/// What was read of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What it is called; empty where nothing says so.
    pub title: String,
    /// The first part of its language's tag, `und` where none is named.
    pub language: String,
    /// Its main text, a line for each block, without controls.
    pub text: String,
    /// Where it leads: whole addresses, each once, in the order of the page.
    pub links: Vec<String>,
}

/// Why bytes are no page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Something else was sent.
    #[error("it is {0}, and only text/html, application/xhtml+xml and text/plain are read")]
    Type(String),
    /// Bytes that no text holds.
    #[error("it is no text: byte {0} is a control that no page holds")]
    Binary(usize),
    /// Another charset.
    #[error(transparent)]
    Charset(#[from] CharsetError),
    /// More than a page has.
    #[error("it has more than {} nodes", dom::NODES_MAX)]
    Nodes,
    /// Deeper than a page is.
    #[error("it nests deeper than {}", dom::DEPTH_MAX)]
    Depth,
    /// Nothing to read.
    #[error("it has no text to be read")]
    Empty,
}

impl PageError {
    /// Its kind in a word, for outputs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Type(_) => "type",
            Self::Binary(_) => "binary",
            Self::Charset(_) => "charset",
            Self::Nodes | Self::Depth => "structure",
            Self::Empty => "empty",
        }
    }
}

/// Reads a page.
///
/// Errors: [`PageError`].
pub fn read(raw: &Raw) -> Result<Page, PageError> {
    let sent = raw.content_type.as_deref().unwrap_or("text/html");
    let essence = sent.split(';').next().unwrap_or_default().trim();
    let plain = match essence.to_ascii_lowercase().as_str() {
        "text/html" | "application/xhtml+xml" => false,
        "text/plain" => true,
        other => return Err(PageError::Type(other.to_owned())),
    };
    if let Some(at) = binary(&raw.bytes) {
        return Err(PageError::Binary(at));
    }
    let charset = charset::of_content_type(sent);
    let text = charset::decode(&raw.bytes, charset.as_deref())?;
    if !plain {
        return extract::extract(&text, raw.at.as_ref());
    }
    let lines = text.lines().map(extract::squeeze);
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    let text = lines.join("\n");
    if text.is_empty() {
        return Err(PageError::Empty);
    }
    Ok(Page {
        title: String::new(),
        language: "und".to_owned(),
        text,
        links: Vec::new(),
    })
}

/// The first byte that is not of a text, by the rule of the MIME Sniffing Standard (§7.1), which looks at the beginning.
fn binary(bytes: &[u8]) -> Option<usize> {
    const HEAD: usize = 1445; // structural: the standard's
    // UTF-16 has zeros; it is told by its mark, and refused as what it is.
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return None;
    }
    let head = &bytes[..bytes.len().min(HEAD)];
    head.iter()
        .position(|byte| matches!(byte, 0..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f))
}

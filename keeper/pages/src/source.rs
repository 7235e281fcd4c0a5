//! What is to be fetched, as people and laws write it: one a line.

use std::path::PathBuf;

use reqwest::Url;

use crate::corpus;

/// Most sources of one job: a call each, below the calls of tools that a node may make by default (`maxToolInvocations`).
pub const SOURCES_MAX: usize = 32; // structural: bound of one output

/// Where a page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// On the web.
    Web(Url),
    /// In a file.
    File(PathBuf),
    /// Among the pages that ship with this package.
    Corpus(&'static corpus::Entry),
}

/// A line is no source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// No address.
    #[error("`{line}` is no address: {cause}")]
    Address {
        /// What was written.
        line: String,
        /// Why.
        cause: String,
    },
    /// An address that is not of the web.
    #[error("`{0}` is not fetched: only http, https, corpus and files are")]
    Scheme(String),
    /// An address with a name and a password in it, which would end up in outputs.
    #[error("an address with a password in it is not fetched: take the part before @ out")]
    Password,
    /// No page of that name ships.
    #[error("no page `{0}` ships: `agentcity-pages corpus` lists them")]
    NotShipped(String),
    /// Nothing to do.
    #[error("no source: name an address, a file, or `corpus:` for the pages that ship")]
    None,
    /// Too much to do.
    #[error("{0} sources, at most {SOURCES_MAX} are taken: split the list")]
    TooMany(usize),
}

/// Reads a list of sources, one a line; empty lines and those that begin with `#` are passed over. `corpus:` alone is all that ships.
///
/// Errors: [`SourceError`].
pub fn list(text: &str) -> Result<Vec<Source>, SourceError> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut sources = Vec::new();
    for line in lines {
        if line == "corpus:" {
            sources.extend(corpus::ENTRIES.iter().map(Source::Corpus));
        } else {
            sources.push(line.parse()?);
        }
    }
    match sources.len() {
        0 => Err(SourceError::None),
        1..=SOURCES_MAX => Ok(sources),
        many => Err(SourceError::TooMany(many)),
    }
}

impl std::str::FromStr for Source {
    type Err = SourceError;

    fn from_str(line: &str) -> Result<Self, SourceError> {
        if let Some(name) = line.strip_prefix("corpus:") {
            let found = corpus::ENTRIES.iter().find(|entry| entry.name == name);
            let found = found.ok_or_else(|| SourceError::NotShipped(name.to_owned()))?;
            return Ok(Self::Corpus(found));
        }
        let Some((scheme, _)) = line.split_once("://") else {
            return Ok(Self::File(line.into()));
        };
        if !matches!(scheme, "http" | "https") {
            return Err(SourceError::Scheme(line.to_owned()));
        }
        let url = Url::parse(line).map_err(|error| SourceError::Address {
            line: line.to_owned(),
            cause: error.to_string(),
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SourceError::Password);
        }
        Ok(Self::Web(url))
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Web(url) => f.write_str(url.as_str()),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Corpus(entry) => write!(f, "corpus:{}", entry.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_addresses_files_and_shipped_pages() {
        let read = list("# mine\n\nhttps://a.example/x#y\n  notes/a.html\n").expect("a list");
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].to_string(), "https://a.example/x#y");
        assert_eq!(read[1], Source::File("notes/a.html".into()));
        let all = list("corpus:").expect("what ships");
        assert_eq!(all.len(), corpus::ENTRIES.len());
        assert_eq!(all[0].to_string().parse(), Ok(all[0].clone()));
    }

    #[test]
    fn what_is_no_source_is_told_with_its_reason() {
        for (text, wanted) in [
            ("", "no source"),
            ("ftp://a.example/", "is not fetched"),
            ("http://[", "no address"),
            ("https://me:secret@a.example/", "take the part before @ out"),
            ("corpus:nothing", "no page `nothing` ships"),
        ] {
            let error = list(text).expect_err("refused").to_string();
            assert!(error.contains(wanted), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        let many = "a\n".repeat(SOURCES_MAX + 1);
        assert_eq!(list(&many), Err(SourceError::TooMany(SOURCES_MAX + 1)));
        assert!(list(&"a\n".repeat(SOURCES_MAX)).is_ok());
    }
}

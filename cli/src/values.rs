//! Values of the command line: each parser refuses with what it expects.

use std::{fmt, path::PathBuf, str::FromStr};

use alloy::primitives::{Address, B256, Bytes, U256, hex, keccak256};

use crate::failure::{Code, Failure};

/// An address: 20 bytes of hex; mixed case must be the checksum.
pub(crate) fn address(text: &str) -> Result<Address, Failure> {
    let refuse = |what: &str, hint: &str| {
        Err(Failure::new(Code::Address, format!("`{text}` {what}")).hint(hint))
    };
    let Ok(address) = text.parse::<Address>() else {
        return refuse(
            "is no address",
            "give 20 bytes of hex, as 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        );
    };
    let Some(digits) = text.strip_prefix("0x") else {
        return refuse("lacks its 0x", "write 0x in front of it");
    };
    let is_mixed = digits.bytes().any(|c| c.is_ascii_uppercase())
        && digits.bytes().any(|c| c.is_ascii_lowercase());
    if is_mixed && address.to_string() != text {
        return refuse(
            "has a wrong checksum",
            "a digit is mistyped: copy it again, or write it in lower case if you are sure",
        );
    }
    Ok(address)
}

/// A word: 32 bytes of hex.
pub(crate) fn word(text: &str) -> Result<B256, Failure> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64);
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| {
            Failure::new(Code::Word, format!("`{text}` is no word"))
                .hint("give 32 bytes of hex: 0x and 64 digits")
        })
}

/// Bytes in hex.
pub(crate) fn bytes(text: &str) -> Result<Bytes, Failure> {
    let digits = text.strip_prefix("0x");
    digits
        .and_then(|digits| hex::decode(digits).ok())
        .map(Bytes::from)
        .ok_or_else(|| {
            Failure::new(Code::Hex, format!("`{text}` is no bytes in hex"))
                .hint("give 0x and an even number of digits")
        })
}

/// A number of whatever width; underscores may group its digits.
pub(crate) fn number<T: FromStr + Bound>(text: &str) -> Result<T, Failure> {
    let is_number = !text.is_empty()
        && text.bytes().all(|c| c.is_ascii_digit() || c == b'_')
        && !text.starts_with('_');
    let digits = text.replace('_', "");
    let parsed = if is_number { digits.parse().ok() } else { None };
    parsed.ok_or_else(|| {
        Failure::new(Code::Number, format!("`{text}` is no number that fits"))
            .hint(format!("give a whole number from 0 to {}", T::MOST))
    })
}

/// The greatest of a type.
pub(crate) trait Bound {
    /// It, in decimal or as a power.
    const MOST: &'static str;
}

impl Bound for u8 {
    const MOST: &'static str = "255";
}
impl Bound for u16 {
    const MOST: &'static str = "65535";
}
impl Bound for u32 {
    const MOST: &'static str = "4294967295";
}
impl Bound for u64 {
    const MOST: &'static str = "2^64 - 1";
}
impl Bound for u128 {
    const MOST: &'static str = "2^128 - 1";
}

/// An amount in base units: below 2^128 and more than nothing.
pub(crate) fn amount(text: &str) -> Result<U256, Failure> {
    let amount: u128 = number(text)?;
    if amount == 0 {
        return Err(
            Failure::new(Code::Number, "an amount of nothing moves nothing")
                .hint("give a whole number of base units, at least 1"),
        );
    }
    Ok(U256::from(amount))
}

/// One of a list of names, in any case.
pub(crate) fn choice<T: Copy>(what: &str, text: &str, choices: &[(&str, T)]) -> Result<T, Failure> {
    let found = choices
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        Failure::new(Code::Choice, format!("there is no {what} `{text}`"))
            .hint(format!("one of: {}", names.join(", ")))
    })
}

/// A hash: a word, or what a word is the hash of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hashed {
    /// As a word.
    Word(B256),
    /// keccak256 of a text: `text:…`.
    Text(String),
    /// keccak256 of a file's bytes: `file:…`.
    File(PathBuf),
}

impl FromStr for Hashed {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        if let Some(text) = text.strip_prefix("text:") {
            return Ok(Self::Text(text.to_owned()));
        }
        if let Some(path) = text.strip_prefix("file:") {
            return Ok(Self::File(path.into()));
        }
        word(text).map(Self::Word).map_err(|_| {
            Failure::new(Code::Word, format!("`{text}` is no hash"))
                .hint("give 0x and 64 digits, or what it is the keccak256 of: `text:seen in person` or `file:evidence.pdf`")
        })
    }
}

impl Hashed {
    /// The hash.
    ///
    /// Errors: the file cannot be read.
    pub(crate) fn hash(&self) -> Result<B256, Failure> {
        match self {
            Self::Word(word) => Ok(*word),
            Self::Text(text) => Ok(keccak256(text)),
            Self::File(path) => read(path).map(keccak256),
        }
    }
}

/// A file's bytes.
pub(crate) fn read(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::file(path, &error))
}

/// A file's text.
pub(crate) fn read_text(path: &std::path::Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))
}

/// The seat at a node, as `mission node`: both are positional everywhere.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Place {
    /// The mission, a word.
    #[arg(value_parser = word)]
    pub(crate) mission: B256,
    /// The node, by its number in the statute.
    #[arg(value_parser = number::<u16>)]
    pub(crate) node: u16,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {} of mission {}", self.node, self.mission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_their_checksum() {
        let good = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        assert!(address(good).is_ok());
        assert!(address(&good.to_lowercase()).is_ok());
        let mistyped = good.replace("39F", "39f");
        assert_eq!(address(&mistyped).unwrap_err().code, Code::Address);
        for bad in [
            "",
            "0x",
            &good[..41],
            &good[2..],
            "0xg39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        ] {
            assert_eq!(address(bad).unwrap_err().code, Code::Address, "{bad}");
        }
    }

    #[test]
    fn numbers_are_whole_and_fit() {
        assert_eq!(number::<u16>("1_000").unwrap(), 1_000);
        for bad in ["", "-1", "+1", "1.5", "1e3", "0x10", "65536", "_1", " 1"] {
            assert_eq!(number::<u16>(bad).unwrap_err().code, Code::Number, "{bad}");
        }
        assert_eq!(amount("0").unwrap_err().code, Code::Number);
    }

    #[test]
    fn a_hash_is_a_word_or_what_it_is_of() {
        assert_eq!(
            "text:a".parse::<Hashed>().unwrap().hash().unwrap(),
            keccak256("a")
        );
        let word = B256::repeat_byte(7);
        assert_eq!(
            word.to_string().parse::<Hashed>().unwrap(),
            Hashed::Word(word)
        );
        assert_eq!("a".parse::<Hashed>().unwrap_err().code, Code::Word);
        assert_eq!(
            "file:/nowhere"
                .parse::<Hashed>()
                .unwrap()
                .hash()
                .unwrap_err()
                .code,
            Code::File
        );
    }
}

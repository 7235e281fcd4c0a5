//! A sealed value on its way from commitment to reveal. Whoever knows the salt can open it, and nobody can without: it stands in this
//! file and nowhere else, neither in answers nor in errors. The file is created for its owner alone, before anything is sent.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use agentcity_domain::verification::consensus;
use alloy::primitives::{Address, B256, Bytes, keccak256};
use serde::{Deserialize, Serialize};

use crate::{
    failure::{Code, Failure},
    values::{self, Place},
};

/// Version of the file.
const VERSION: u32 = 1;

/// What was sealed. No `Debug`: it would show the salt.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Sealed {
    version: u32,
    pub(super) mission: B256,
    pub(super) node: u16,
    pub(super) attempt: u8,
    pub(super) executor: Address,
    pub(super) value: Bytes,
    pub(super) salt: B256,
}

impl Sealed {
    /// Seals a value under a salt that nobody can guess.
    pub(super) fn new(
        place: Place,
        attempt: u8,
        executor: Address,
        value: Bytes,
    ) -> Result<Self, Failure> {
        let salt = B256::try_random().map_err(|error| {
            Failure::new(
                Code::Sealed,
                format!("the system has no randomness for a salt ({error})"),
            )
            .hint("nothing was sent: try again")
        })?;
        Ok(Self {
            version: VERSION,
            mission: place.mission,
            node: place.node,
            attempt,
            executor,
            value,
            salt,
        })
    }

    /// The commitment.
    pub(super) fn commitment(&self) -> B256 {
        let words = consensus::sealed(
            &self.mission,
            self.node,
            self.attempt,
            self.executor,
            &keccak256(&self.value),
            &self.salt,
        );
        keccak256(words.concat())
    }

    /// Whether it seals the same value at the same place.
    fn is_as(&self, other: &Self) -> bool {
        let Self { salt, .. } = other;
        *other
            == Self {
                salt: *salt,
                ..self.clone()
            }
    }

    /// Where it is about.
    pub(super) fn place(&self) -> Place {
        Place {
            mission: self.mission,
            node: self.node,
        }
    }

    /// Reads a file.
    ///
    /// Errors: `File`; `Sealed` if it is none. What it holds is not told.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = values::read_text(path)?;
        let sealed: Option<Self> = serde_json::from_str(&text).ok();
        sealed
            .filter(|sealed| sealed.version == VERSION)
            .ok_or_else(|| {
                Failure::new(
                    Code::Sealed,
                    format!("{} holds no sealed value", path.display()),
                )
                .hint("name the file that `agentcity node commit --sealed` wrote")
            })
    }

    /// Writes it where nothing stands, for the owner alone. Where the same value of the same attempt is sealed already, that is taken,
    /// so that a commitment which did not reach the chain can be sent again.
    ///
    /// Errors: `File`; `Sealed` if the file holds something else.
    pub(super) fn keep(self, path: &Path) -> Result<Self, Failure> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let failed = |error: std::io::Error| Failure::file(path, &error);
        match options.open(path) {
            Ok(mut file) => {
                let text = serde_json::to_string_pretty(&self).unwrap_or_default() + "\n";
                file.write_all(text.as_bytes()).map_err(failed)?;
                // It must outlive a crash between here and the chain.
                file.sync_all().map_err(failed)?;
                Ok(self)
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let before = Self::read(path)?;
                if self.is_as(&before) {
                    return Ok(before);
                }
                Err(Failure::new(
                    Code::Sealed,
                    format!("{} holds another sealed value", path.display()),
                )
                .hint("name another file: that one is needed for its own reveal"))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// The elements of a sealed set.
    ///
    /// Errors: `Sealed` for a value that is none.
    pub(super) fn elements(&self, path: &Path) -> Result<Vec<B256>, Failure> {
        let words = self.value.chunks_exact(B256::len_bytes());
        if !words.remainder().is_empty() {
            return Err(
                Failure::new(Code::Sealed, format!("{} holds no set", path.display()))
                    .hint("name files of values that were sealed with --set"),
            );
        }
        Ok(words.map(B256::from_slice).collect())
    }
}

/// A value of Tier 2 as people give it.
#[derive(Clone, Debug, clap::Args)]
#[group(id = "given", required = true, multiple = false)]
pub(crate) struct Given {
    /// A label, for nodes that compare exactly: the value is its keccak256.
    #[arg(long)]
    label: Option<String>,
    /// A whole number, for numeric nodes.
    #[arg(long, allow_hyphen_values = true, value_parser = signed)]
    number: Option<i128>,
    /// File with an element a line, for nodes that compare sets: the value is the hashes of these, ascending.
    #[arg(long)]
    set: Option<PathBuf>,
    /// The value itself, in hex: a word, 64 bytes of a sketch, the words of a set.
    #[arg(long, value_parser = values::bytes)]
    value: Option<Bytes>,
}

fn signed(text: &str) -> Result<i128, Failure> {
    text.replace('_', "").parse().map_err(|_| {
        Failure::new(
            Code::Number,
            format!("`{text}` is no whole number of 128 bits"),
        )
        .hint("give digits, with - in front of a negative number")
    })
}

impl Given {
    /// The bytes.
    ///
    /// Errors: the file of a set cannot be read.
    pub(super) fn bytes(&self) -> Result<Bytes, Failure> {
        if let Some(label) = &self.label {
            return Ok(keccak256(label).to_vec().into());
        }
        if let Some(number) = self.number {
            let fill = if number < 0 { u8::MAX } else { 0 };
            let mut word = B256::repeat_byte(fill);
            let bytes = number.to_be_bytes();
            word[B256::len_bytes() - bytes.len()..].copy_from_slice(&bytes);
            return Ok(word.to_vec().into());
        }
        if let Some(path) = &self.set {
            let text = values::read_text(path)?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let mut elements: Vec<B256> = lines.map(keccak256).collect();
            elements.sort_unstable();
            elements.dedup();
            return Ok(elements.concat().into());
        }
        Ok(self.value.clone().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            mission: B256::repeat_byte(1),
            node: 2,
        }
    }

    fn seal(value: &'static [u8]) -> Sealed {
        Sealed::new(
            place(),
            0,
            Address::repeat_byte(3),
            Bytes::from_static(value),
        )
        .unwrap()
    }

    #[test]
    fn the_same_value_is_sealed_once_and_nothing_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sealed.json");
        let first = seal(b"a").keep(&path).ok().unwrap();
        let again = seal(b"a").keep(&path).ok().unwrap();
        assert_eq!(
            first.commitment(),
            again.commitment(),
            "the salt of the file counts"
        );
        let refused = seal(b"b").keep(&path).err().unwrap();
        assert_eq!(refused.code, Code::Sealed);
        assert_eq!(
            Sealed::read(&path).ok().unwrap().commitment(),
            first.commitment()
        );
        assert!(!refused.to_string().contains(&first.salt.to_string()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn values_have_the_form_of_their_mode() {
        use agentcity_domain::statute::Mode;
        let given = |label: Option<&str>, number, value: Option<&'static [u8]>| Given {
            label: label.map(str::to_owned),
            number,
            set: None,
            value: value.map(Bytes::from_static),
        };
        let exact = given(Some("spam"), None, None).bytes().unwrap();
        assert!(consensus::is_value(Mode::Exact as u8, &exact));
        for number in [0, 1, -1, i128::MIN, i128::MAX] {
            let value = given(None, Some(number), None).bytes().unwrap();
            assert!(consensus::is_value(Mode::Numeric as u8, &value), "{number}");
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("set");
        fs::write(&path, "b\na\n\na\n").unwrap();
        let set = Given {
            set: Some(path),
            ..given(None, None, None)
        };
        let value = set.bytes().unwrap();
        assert_eq!(value.len(), 64, "what stands twice is one element");
        assert!(consensus::is_value(Mode::Set as u8, &value));
    }
}

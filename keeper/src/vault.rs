//! The vault: what executors handed over and nobody may read yet, encrypted and signed on disk.
//!
//! ```text
//!  {"format":1,"kind":"output","name":"…","hash":"0x…","bytes":…,"nonce":"0x…","signer":"0x…","signature":"0x…"}\n
//!  XChaCha20-Poly1305(content), authenticated together with format, kind, name, hash and length
//! ```
//!
//! The nonce is a keyed hash of header and content, as in synthetic-nonce encryption: the same content under the same name gives the
//! same bytes, so writing again after a crash changes nothing, and two contents never share a nonce. No randomness is needed.
//!
//! The signature is a personal message (EIP-191) over the header and the hash of the ciphertext. It says who put a file here and is
//! verified by this module alone: no contract takes it, and it can be mistaken for none of the structs that contracts take, which begin
//! with `0x1901` (RULINGS K23).

use std::{
    fmt,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use alloy::{
    primitives::{Address, B256, Bytes, FixedBytes, Signature, hex, keccak256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use serde::{Deserialize, Serialize};

/// Largest content, in bytes: the largest output that is taken from an executor. Who needs more hands over the hash of a document.
pub const CONTENT_BYTES_MAX: usize = 8 << 20;
/// Longest name, in bytes: it becomes a file's.
pub const NAME_BYTES_MAX: usize = 200;
/// Longest header, in bytes.
const HEADER_BYTES_MAX: usize = 1_024;
/// Edition of the files.
const FORMAT: u32 = 1;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An output, until the chain lets others have it.
    Output,
    /// What a frozen executor was about, for the panel.
    Snapshot,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Output => "output",
            Self::Snapshot => "snapshot",
        })
    }
}

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file with the key holds none. What it holds is not repeated.
    #[error("{path} does not hold a key: it takes 64 hexadecimal digits, with or without 0x")]
    Key {
        /// Which file.
        path: String,
    },
    /// A file or folder.
    #[error("{path}: {cause}")]
    Store {
        /// Which.
        path: String,
        /// Why.
        cause: io::Error,
    },
    /// The content is too large.
    #[error("a content of {0} bytes, but the vault takes at most {CONTENT_BYTES_MAX}")]
    Large(usize),
    /// A name that is no file's.
    #[error(
        "{0:?} is no name of something sealed: 1..={NAME_BYTES_MAX} letters, figures and `-` are"
    )]
    Name(String),
    /// Not a file of this vault.
    #[error("{path} is no sealed file: {cause}")]
    Shape {
        /// Which.
        path: String,
        /// Why.
        cause: String,
    },
    /// Somebody else signed it.
    #[error("{path} is signed by {found}, not by this keeper, which is {expected}")]
    OtherSigner {
        /// Which.
        path: String,
        /// This keeper's account.
        expected: Address,
        /// Whose signature it is.
        found: Address,
    },
    /// The key is another, or somebody changed it.
    #[error("{path} does not open: it was changed, or sealed with another key")]
    Locked {
        /// Which.
        path: String,
    },
    /// The key does not sign.
    #[error("the key does not sign: {0}")]
    Sign(#[from] alloy::signers::Error),
}

/// Sealed files in one folder.
pub struct Vault {
    dir: PathBuf,
    cipher: XChaCha20Poly1305,
    nonces: B256,
    signer: PrivateKeySigner,
}

/// Neither key is printed.
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({})", self.dir.display())
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: u32,
    kind: Kind,
    name: String,
    hash: B256,
    bytes: u64,
    nonce: FixedBytes<24>,
    signer: Address,
    signature: Bytes,
}

impl Vault {
    /// Opens the folder, which is made if it is not there, for its owner alone. `key_file` holds the key as 64 hexadecimal digits.
    ///
    /// Errors: [`VaultError::Key`], [`VaultError::Store`].
    pub fn open(dir: &Path, key_file: &Path, signer: PrivateKeySigner) -> Result<Self, VaultError> {
        let text = fs::read_to_string(key_file).map_err(store(key_file))?;
        let key: B256 = text.trim().parse().map_err(|_| VaultError::Key {
            path: key_file.display().to_string(),
        })?;
        Self::with_key(dir, key, signer)
    }

    /// The same with the key at hand.
    ///
    /// Errors: [`VaultError::Store`].
    pub fn with_key(dir: &Path, key: B256, signer: PrivateKeySigner) -> Result<Self, VaultError> {
        private_folder(dir).map_err(store(dir))?;
        let part = |name: &str| keccak256([name.as_bytes(), key.as_slice()].concat());
        Ok(Self {
            dir: dir.to_owned(),
            cipher: XChaCha20Poly1305::new(&part("agentcity/vault/content").0.into()),
            nonces: part("agentcity/vault/nonce"),
            signer,
        })
    }

    /// Seals a content and returns its hash. When this returns, it is on disk. The same content again: nothing changes.
    ///
    /// Errors: [`VaultError`].
    pub fn put(&self, kind: Kind, name: &str, content: &[u8]) -> Result<B256, VaultError> {
        let path = self.path(kind, name)?;
        if content.len() > CONTENT_BYTES_MAX {
            return Err(VaultError::Large(content.len()));
        }
        let (hash, bytes) = (keccak256(content), content.len() as u64);
        let said = said(kind, name, hash, bytes);
        let nonce = keccak256([self.nonces.as_slice(), said.as_bytes()].concat());
        let nonce = FixedBytes::<24>::from_slice(&nonce[..24]);
        let payload = Payload {
            msg: content,
            aad: said.as_bytes(),
        };
        let boxed = self.cipher.encrypt(&nonce.0.into(), payload);
        let boxed = boxed.expect("the content is far below the cipher's limit");
        let message = message(&said, &boxed);
        let header = Header {
            format: FORMAT,
            kind,
            name: name.to_owned(),
            hash,
            bytes,
            nonce,
            signer: self.signer.address(),
            signature: self.signer.sign_message_sync(&message)?.as_bytes().into(),
        };
        let mut file = serde_json::to_vec(&header).expect("names and numbers are JSON");
        file.push(b'\n');
        file.extend_from_slice(&boxed);
        write_whole(&path, &file).map_err(store(&path))?;
        Ok(hash)
    }

    /// Opens what was sealed under a name, and returns it. Whose signature it bears, what it hashes to and whether anybody changed it is
    /// checked before.
    ///
    /// Errors: [`VaultError`].
    pub fn get(&self, kind: Kind, name: &str) -> Result<Vec<u8>, VaultError> {
        let path = self.path(kind, name)?;
        let file = fs::read(&path).map_err(store(&path))?;
        let shape = |cause: &str| VaultError::Shape {
            path: path.display().to_string(),
            cause: cause.to_owned(),
        };
        let end = file
            .iter()
            .take(HEADER_BYTES_MAX)
            .position(|byte| *byte == b'\n');
        let (header, boxed) = file.split_at(end.ok_or_else(|| shape("no header"))?);
        let boxed = &boxed[1..];
        let header: Header =
            serde_json::from_slice(header).map_err(|error| shape(&error.to_string()))?;
        if (header.format, header.kind, header.name.as_str()) != (FORMAT, kind, name) {
            return Err(shape("it is of another format, kind or name"));
        }
        let said = said(kind, name, header.hash, header.bytes);
        let signature =
            Signature::from_raw(&header.signature).map_err(|error| shape(&error.to_string()))?;
        let found = signature
            .recover_address_from_msg(message(&said, boxed))
            .map_err(|error| shape(&error.to_string()))?;
        if found != self.signer.address() || header.signer != found {
            return Err(VaultError::OtherSigner {
                path: path.display().to_string(),
                expected: self.signer.address(),
                found,
            });
        }
        let payload = Payload {
            msg: boxed,
            aad: said.as_bytes(),
        };
        let content = self.cipher.decrypt(&header.nonce.0.into(), payload);
        let content = content
            .ok()
            .filter(|content| keccak256(content) == header.hash);
        content.ok_or_else(|| VaultError::Locked {
            path: path.display().to_string(),
        })
    }

    /// Whether something is sealed under a name.
    pub fn holds(&self, kind: Kind, name: &str) -> bool {
        self.path(kind, name).is_ok_and(|path| path.exists())
    }

    /// Under which names something of a kind is sealed, in no order. What is no sealed file is left out.
    ///
    /// Errors: [`VaultError::Store`].
    pub fn names(&self, kind: Kind) -> Result<Vec<String>, VaultError> {
        let prefix = format!("{kind}-");
        let mut names = Vec::new();
        for file in fs::read_dir(&self.dir).map_err(store(&self.dir))? {
            let file = file.map_err(store(&self.dir))?.file_name();
            let name = file.to_str().and_then(|name| name.strip_prefix(&prefix));
            let name = name.and_then(|name| name.strip_suffix(".sealed"));
            names.extend(name.map(ToOwned::to_owned));
        }
        Ok(names)
    }

    /// Takes away what is sealed under a name, for good. What is not there need not be taken away.
    ///
    /// Errors: [`VaultError`].
    pub fn remove(&self, kind: Kind, name: &str) -> Result<(), VaultError> {
        let path = self.path(kind, name)?;
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(cause) => Err(store(&path)(cause)),
        }
    }

    fn path(&self, kind: Kind, name: &str) -> Result<PathBuf, VaultError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(1..=NAME_BYTES_MAX).contains(&name.len()) || !name.bytes().all(fits) {
            return Err(VaultError::Name(
                name.chars().take(NAME_BYTES_MAX).collect(),
            ));
        }
        Ok(self.dir.join(format!("{kind}-{name}.sealed")))
    }
}

/// What is authenticated and signed of a header.
fn said(kind: Kind, name: &str, hash: B256, bytes: u64) -> String {
    format!("agentcity/vault/{FORMAT}/{kind}/{name}/{hash:#x}/{bytes}")
}

fn message(said: &str, boxed: &[u8]) -> Vec<u8> {
    format!("{said}/{}", hex::encode(keccak256(boxed))).into_bytes()
}

fn store(path: &Path) -> impl FnOnce(io::Error) -> VaultError + use<> {
    let path = path.display().to_string();
    move |cause| VaultError::Store { path, cause }
}

fn private_folder(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Writes a file beside, then puts it in its place: it is there whole, or not at all.
fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    // The name is on disk when its folder is.
    match path.parent() {
        Some(dir) => File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: B256 = B256::repeat_byte(7);

    fn signer(byte: u8) -> PrivateKeySigner {
        PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).expect("a key")
    }

    fn vault(dir: &Path) -> Vault {
        Vault::with_key(dir, KEY, signer(1)).expect("a vault")
    }

    #[test]
    fn what_is_sealed_can_be_read_again_by_its_keeper_and_by_nobody_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let content = b"an output that nobody may see yet".repeat(40);
        let hash = vault(dir.path())
            .put(Kind::Output, "a-1", &content)
            .expect("sealed");
        assert_eq!(hash, keccak256(&content));
        let file = fs::read(dir.path().join("output-a-1.sealed")).expect("there");
        assert!(!file.windows(16).any(|part| content.starts_with(part)));
        let again = vault(dir.path());
        assert_eq!(again.get(Kind::Output, "a-1").expect("its own"), content);
        // The same again gives the same bytes, as after a crash.
        again.put(Kind::Output, "a-1", &content).expect("sealed");
        assert_eq!(
            fs::read(dir.path().join("output-a-1.sealed")).expect("there"),
            file
        );
        let other_key =
            Vault::with_key(dir.path(), B256::repeat_byte(8), signer(1)).expect("a vault");
        let locked = other_key.get(Kind::Output, "a-1");
        assert!(
            matches!(locked, Err(VaultError::Locked { .. })),
            "{locked:?}"
        );
        let other_signer = Vault::with_key(dir.path(), KEY, signer(2)).expect("a vault");
        let theirs = other_signer.get(Kind::Output, "a-1");
        assert!(
            matches!(theirs, Err(VaultError::OtherSigner { .. })),
            "{theirs:?}"
        );
    }

    #[test]
    fn no_byte_of_a_sealed_file_can_be_changed_unnoticed() {
        let dir = tempfile::tempdir().expect("a folder");
        let (vault, path) = (vault(dir.path()), dir.path().join("snapshot-s.sealed"));
        vault.put(Kind::Snapshot, "s", b"evidence").expect("sealed");
        let file = fs::read(&path).expect("there");
        for place in 0..file.len() {
            let mut changed = file.clone();
            changed[place] ^= 1;
            fs::write(&path, &changed).expect("written");
            if let Ok(content) = vault.get(Kind::Snapshot, "s") {
                panic!("byte {place} of {}: {content:?}", file.len());
            }
            fs::write(&path, &file[..place]).expect("written");
            assert!(vault.get(Kind::Snapshot, "s").is_err(), "cut at {place}");
        }
    }

    #[test]
    fn a_file_under_another_name_or_kind_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let vault = vault(dir.path());
        vault.put(Kind::Output, "one", b"1").expect("sealed");
        let at = |name: &str| dir.path().join(name);
        fs::copy(at("output-one.sealed"), at("output-two.sealed")).expect("copied");
        fs::copy(at("output-one.sealed"), at("snapshot-one.sealed")).expect("copied");
        for (kind, name) in [(Kind::Output, "two"), (Kind::Snapshot, "one")] {
            let refused = vault.get(kind, name);
            assert!(
                matches!(refused, Err(VaultError::Shape { .. })),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn bad_keys_names_and_sizes_are_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let key = dir.path().join("key");
        fs::write(&key, "sesame").expect("written");
        let refused = Vault::open(dir.path(), &key, signer(1))
            .expect_err("no key")
            .to_string();
        assert!(
            refused.contains("64 hexadecimal") && !refused.contains("sesame"),
            "{refused}"
        );
        fs::write(&key, format!("{KEY:#x}\n")).expect("written");
        let vault = Vault::open(dir.path(), &key, signer(1)).expect("a key");
        for name in ["", "../up", "a/b", "a b", &"n".repeat(NAME_BYTES_MAX + 1)] {
            let refused = vault.put(Kind::Output, name, b"x");
            assert!(matches!(refused, Err(VaultError::Name(_))), "{name}");
        }
        let large = vec![0; CONTENT_BYTES_MAX + 1];
        assert!(matches!(
            vault.put(Kind::Output, "l", &large),
            Err(VaultError::Large(_))
        ));
        assert!(!vault.holds(Kind::Output, "l"));
    }
}

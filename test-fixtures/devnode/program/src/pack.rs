//! How a program lies in accounts: Brotli, code prefixes, fragments, and the initcode that stores them.
//!
//! Prefixes: `EF F0 00 dd` a program, `EF F0 01` a fragment, `EF F0 02 dd` a root, where `dd` is 00 without a
//! dictionary and 01 with the chain's own Brotli dictionary, which is refused here with its own error: no public tool
//! emits it. A root continues with the raw size of the module (4 bytes, big endian) and the addresses of its
//! fragments, in order.
//!
//! Sources: Arbitrum's public page "Activation"; the layouts that the Stylus tools write.

use brotli::enc::{BrotliEncoderParams, StandardAlloc};
use brotli::{BrotliCompress, BrotliDecompressStream, BrotliResult, BrotliState};

pub use crate::limits::{MAX_CODE, MAX_WASM};

/// First bytes of every account that belongs to a Stylus program.
pub const PREFIX: [u8; 2] = [0xEF, 0xF0];
/// A program without dictionary.
pub const PROGRAM_PREFIX: [u8; 4] = [0xEF, 0xF0, 0x00, 0x00];
/// A fragment of a program.
pub const FRAGMENT_PREFIX: [u8; 3] = [0xEF, 0xF0, 0x01];
/// The root of a program in fragments, without dictionary.
pub const ROOT_PREFIX: [u8; 4] = [0xEF, 0xF0, 0x02, 0x00];
/// Most fragments of one program, the chain's first setting.
pub const MAX_FRAGMENTS: usize = 2;
/// Bytes of the initcode before the code it stores.
pub const PRELUDE_BYTES: usize = 43;

const QUALITY: i32 = 11;
const WINDOW: i32 = 22;
const ADDRESS_BYTES: usize = 20;

/// What an account with a Stylus prefix holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeKind {
    /// A whole program.
    Program,
    /// A part of a program, not callable.
    Fragment,
    /// The list of the parts of a program.
    Root,
}

/// A program ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packed {
    /// Code of one account.
    Single(Vec<u8>),
    /// Codes of several accounts; a root over their addresses is still to be made, see [`root_code`].
    Fragmented {
        /// Code of each, in order.
        fragments: Vec<Vec<u8>>,
        /// Size of the module before compression.
        raw_len: u32,
    },
}

/// Contents of a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Size of the module before compression.
    pub raw_len: u32,
    /// Addresses of the fragments, in order.
    pub fragments: Vec<[u8; ADDRESS_BYTES]>,
}

/// Why code is no program, or a program no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// The prefix is another.
    #[error("code does not start with the prefix of a {expected:?}")]
    Prefix {
        /// What was to be read.
        expected: CodeKind,
    },
    /// The program needs a dictionary.
    #[error(
        "compressed with dictionary {dictionary}: only programs without a dictionary (0) are supported"
    )]
    Dictionary {
        /// Its number.
        dictionary: u8,
    },
    /// More than 128 KiB after decompression.
    #[error("program exceeds {MAX_WASM} bytes after decompression")]
    TooLarge,
    /// No Brotli stream, or a damaged one.
    #[error("not a valid Brotli stream: damaged after {read} of {length} bytes")]
    Corrupt {
        /// Bytes that could be read.
        read: usize,
        /// Bytes there are.
        length: usize,
    },
    /// The stream ends early.
    #[error("Brotli stream of {length} bytes is cut off")]
    Truncated {
        /// Bytes there are.
        length: usize,
    },
    /// Bytes follow the stream.
    #[error("{bytes} bytes follow the end of the Brotli stream")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// A root that is too short or ends within an address.
    #[error("root of {length} bytes: must be the prefix, 4 bytes of size, and 20 for each address")]
    RootLength {
        /// Bytes of code.
        length: usize,
    },
    /// Too many or no fragments.
    #[error("{fragments} fragments, must be 1 to {MAX_FRAGMENTS}")]
    Fragments {
        /// How many.
        fragments: usize,
    },
    /// The fragments hold a module of another size than their root says.
    #[error("fragments hold {found} bytes of WASM, the root says {expected}")]
    RawLength {
        /// Size in the root.
        expected: u32,
        /// Size after decompression.
        found: usize,
    },
}

/// Tells what code with a Stylus prefix holds; `None` for every other code.
pub fn classify(code: &[u8]) -> Option<CodeKind> {
    match code.strip_prefix(&PREFIX)?.first()? {
        0 => Some(CodeKind::Program),
        1 => Some(CodeKind::Fragment),
        2 => Some(CodeKind::Root),
        _ => None,
    }
}

/// Compresses a module as the Stylus tools do.
pub fn compress(wasm: &[u8]) -> Vec<u8> {
    let params = BrotliEncoderParams {
        quality: QUALITY,
        lgwin: WINDOW,
        ..Default::default()
    };
    let mut compressed = Vec::new();
    BrotliCompress(&mut &*wasm, &mut compressed, &params)
        .expect("reading and writing memory cannot fail");
    compressed
}

/// Decompresses a module, never beyond [`MAX_WASM`] bytes.
pub fn decompress(compressed: &[u8]) -> Result<Vec<u8>, PackError> {
    // Strict: the windows of the Brotli specification, up to 16 MiB. The large ones would let a stream of a few bytes
    // claim a gigabyte of memory.
    let mut state = BrotliState::new_strict(
        StandardAlloc::default(),
        StandardAlloc::default(),
        StandardAlloc::default(),
    );
    let mut wasm = vec![0; MAX_WASM + 1];
    let (mut unread, mut read) = (compressed.len(), 0);
    let (mut room, mut written, mut total) = (wasm.len(), 0, 0);
    let result = BrotliDecompressStream(
        &mut unread,
        &mut read,
        compressed,
        &mut room,
        &mut written,
        &mut wasm,
        &mut total,
        &mut state,
    );
    let length = compressed.len();
    if room == 0 {
        return Err(PackError::TooLarge);
    }
    match result {
        BrotliResult::ResultSuccess if unread > 0 => Err(PackError::Trailing { bytes: unread }),
        BrotliResult::ResultSuccess => {
            wasm.truncate(written);
            Ok(wasm)
        }
        BrotliResult::NeedsMoreInput => Err(PackError::Truncated { length }),
        BrotliResult::NeedsMoreOutput => Err(PackError::TooLarge),
        BrotliResult::ResultFailure => Err(PackError::Corrupt { read, length }),
    }
}

/// Packs a module into the code of one account, or of several.
///
/// Errors: [`PackError::TooLarge`]; [`PackError::Fragments`] when it does not fit [`MAX_FRAGMENTS`] accounts.
pub fn pack_program(wasm: &[u8]) -> Result<Packed, PackError> {
    if wasm.len() > MAX_WASM {
        return Err(PackError::TooLarge);
    }
    let compressed = compress(wasm);
    if PROGRAM_PREFIX.len() + compressed.len() <= MAX_CODE {
        return Ok(Packed::Single([&PROGRAM_PREFIX, &*compressed].concat()));
    }
    let fragments: Vec<_> = compressed
        .chunks(MAX_CODE - FRAGMENT_PREFIX.len())
        .map(|chunk| [&FRAGMENT_PREFIX, chunk].concat())
        .collect();
    check_fragments(fragments.len())?;
    Ok(Packed::Fragmented {
        fragments,
        raw_len: wasm.len() as u32,
    })
}

/// Code of the root over fragments already stored.
pub fn root_code(raw_len: u32, fragments: &[[u8; ADDRESS_BYTES]]) -> Vec<u8> {
    let mut code = [&ROOT_PREFIX[..], &raw_len.to_be_bytes()].concat();
    code.extend(fragments.as_flattened());
    code
}

/// Reads the module out of the code of a whole program.
pub fn unpack_program(code: &[u8]) -> Result<Vec<u8>, PackError> {
    decompress(after_dictionary(code, CodeKind::Program)?)
}

/// Reads a root.
pub fn parse_root(code: &[u8]) -> Result<Root, PackError> {
    let length = code.len();
    let body = after_dictionary(code, CodeKind::Root)?;
    let (raw_len, addresses) = body
        .split_first_chunk::<4>()
        .ok_or(PackError::RootLength { length })?;
    let (fragments, rest) = addresses.as_chunks::<ADDRESS_BYTES>();
    if !rest.is_empty() {
        return Err(PackError::RootLength { length });
    }
    check_fragments(fragments.len())?;
    Ok(Root {
        raw_len: u32::from_be_bytes(*raw_len),
        fragments: fragments.to_vec(),
    })
}

/// Reads the module out of the codes of the fragments that `root` lists, in its order.
pub fn unpack_fragments(root: &Root, codes: &[impl AsRef<[u8]>]) -> Result<Vec<u8>, PackError> {
    check_fragments(codes.len())?;
    if codes.len() != root.fragments.len() {
        return Err(PackError::Fragments {
            fragments: codes.len(),
        });
    }
    let mut compressed = Vec::new();
    for code in codes {
        let part = code.as_ref().strip_prefix(&FRAGMENT_PREFIX);
        compressed.extend_from_slice(part.ok_or(PackError::Prefix {
            expected: CodeKind::Fragment,
        })?);
    }
    let wasm = decompress(&compressed)?;
    if wasm.len() != root.raw_len as usize {
        return Err(PackError::RawLength {
            expected: root.raw_len,
            found: wasm.len(),
        });
    }
    Ok(wasm)
}

/// Initcode that stores `code`: the prelude of the Stylus tools, then the code.
///
/// `PUSH32 len, DUP1, PUSH1 43, PUSH1 0, CODECOPY, PUSH1 0, RETURN`, and a version byte 0 that is never run.
pub fn initcode(code: &[u8]) -> Vec<u8> {
    let mut initcode = Vec::with_capacity(PRELUDE_BYTES + code.len());
    initcode.push(0x7f);
    initcode.extend([0; 24]);
    initcode.extend((code.len() as u64).to_be_bytes());
    initcode.extend([
        0x80,
        0x60,
        PRELUDE_BYTES as u8,
        0x60,
        0x00,
        0x39,
        0x60,
        0x00,
        0xf3,
        0x00,
    ]);
    initcode.extend(code);
    initcode
}

fn after_dictionary(code: &[u8], expected: CodeKind) -> Result<&[u8], PackError> {
    if classify(code) != Some(expected) {
        return Err(PackError::Prefix { expected });
    }
    match code.get(PREFIX.len() + 1) {
        Some(0) => Ok(&code[PREFIX.len() + 2..]),
        Some(dictionary) => Err(PackError::Dictionary {
            dictionary: *dictionary,
        }),
        None => Err(PackError::Prefix { expected }),
    }
}

fn check_fragments(fragments: usize) -> Result<(), PackError> {
    if (1..=MAX_FRAGMENTS).contains(&fragments) {
        Ok(())
    } else {
        Err(PackError::Fragments { fragments })
    }
}

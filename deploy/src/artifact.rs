//! A program as a build leaves it.

use std::{fs, io, path::Path};

use agentcity_devnode_program::pack::{self, PackError, Packed};

/// A module, and what a build packed it into.
///
/// Packing takes a fifth of a second for a program of the city and its reverse a thousandth, so what a build packed is taken
/// where it unpacks to the module, and packed anew where it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    wasm: Vec<u8>,
    code: Option<Vec<u8>>,
}

impl Artifact {
    /// The module in a file, and the code beside it (`<name>.code`) if there is any.
    ///
    /// Errors: what the system says of the module's file. Code that is missing or cannot be read is packed anew.
    pub fn load(path: &Path) -> io::Result<Self> {
        Ok(Self {
            wasm: fs::read(path)?,
            code: fs::read(path.with_extension("code")).ok(),
        })
    }

    /// The module.
    pub fn wasm(&self) -> &[u8] {
        &self.wasm
    }

    /// What lies on the chain: one account's code, or several.
    ///
    /// Errors: those of [`pack::pack_program`].
    pub fn packed(&self) -> Result<Packed, PackError> {
        let built = self.code.as_deref().filter(|code| {
            code.len() <= pack::MAX_CODE
                && pack::unpack_program(code).is_ok_and(|wasm| wasm == self.wasm)
        });
        match built {
            Some(code) => Ok(Packed::Single(code.to_vec())),
            None => pack::pack_program(&self.wasm),
        }
    }
}

impl From<Vec<u8>> for Artifact {
    /// A module that nobody packed yet.
    fn from(wasm: Vec<u8>) -> Self {
        Self { wasm, code: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::smallest;

    fn single(artifact: &Artifact) -> Vec<u8> {
        match artifact.packed().unwrap() {
            Packed::Single(code) => code,
            Packed::Fragmented { .. } => panic!("it fits an account"),
        }
    }

    /// The module as another tool might pack it: in a stream of one stored block, which unpacks to the same.
    fn stored(wasm: &[u8]) -> Vec<u8> {
        // A window of 16 bits; no last block, a length of four nibbles, stored; then the last, empty one.
        let length = u32::try_from(wasm.len()).unwrap() - 1;
        assert!(length < 1 << 16, "four nibbles");
        let header = (length << 4) | (1 << 20);
        let mut stream = header.to_le_bytes()[..3].to_vec();
        stream.extend_from_slice(wasm);
        stream.push(3);
        [&pack::PROGRAM_PREFIX[..], &stream].concat()
    }

    #[test]
    fn what_a_build_packed_is_taken_where_it_unpacks_to_the_module() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("agentcity-smallest.wasm");
        let beside = file.with_extension("code");
        fs::write(&file, smallest()).unwrap();
        let anew = single(&Artifact::load(&file).unwrap());
        assert_eq!(anew, single(&smallest().into()));

        let other = stored(&smallest());
        assert_ne!(other, anew);
        fs::write(&beside, &other).unwrap();
        assert_eq!(single(&Artifact::load(&file).unwrap()), other);

        let foreign = stored(b"another module");
        for unfit in [&foreign[..], b"no code", b""] {
            fs::write(&beside, unfit).unwrap();
            assert_eq!(single(&Artifact::load(&file).unwrap()), anew);
        }
    }

    #[test]
    fn a_missing_module_is_an_error_whatever_lies_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("gone.wasm");
        fs::write(file.with_extension("code"), stored(&smallest())).unwrap();
        assert_eq!(
            Artifact::load(&file).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }
}

//! Enrolments that a registrar attests (RULINGS K1).
//!
//! Who somebody is a machine cannot see. People do, and lay what they saw into a folder, under the name of the principal and the class for
//! which it is: `0x70997970C51812dc3A010C7d01b50e0d17dc79C8-owner.pdf`. The registrar signs for each who is not enrolled, over the hash
//! of that file, and lays its word into another folder, from where the principal's machine or person takes it. Nothing of it is
//! recorded: a word that is signed twice is the same word, and counts once.

use std::path::{Path, PathBuf};

use agentcity_abi::IAgent::PrincipalClass;
use agentcity_domain::signed::identity::EnrolmentAttestation;
use alloy::{
    primitives::{Address, keccak256},
    providers::Provider,
};

use super::{Hand, block};
use crate::{event::Head, source::city::cause, statement::enrolment::Attested};

/// How long an attestation counts, in seconds: a week, as what people sign.
const GOOD_SECS: u64 = 7 * 86_400;
/// One that counts less than this is signed anew: a day, in which somebody who is away may come back.
const RENEWED_SECS: u64 = 86_400;
/// Files of evidence that are looked at in one round; those of who is enrolled may be moved away.
const EVIDENCE_MAX: usize = 4_096;

/// Where evidence lies, and attestations go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admissions {
    /// What people saw, a file for each principal.
    pub evidence: PathBuf,
    /// What the registrar signed.
    pub attestations: PathBuf,
}

impl Admissions {
    /// The file of a principal's attestation.
    pub fn attestation(folder: &Path, principal: Address) -> PathBuf {
        folder.join(format!("{principal:#x}.json"))
    }
}

impl<P: Provider> Hand<'_, P> {
    /// Attests whoever may be attested. How many were.
    ///
    /// Errors: why the chain could not be asked, or a folder not be read.
    pub async fn attest_enrolments(&self, of: &Admissions, at: Head) -> Result<usize, String> {
        let said = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
        let entries = std::fs::read_dir(&of.evidence).map_err(|e| said(&of.evidence, e))?;
        let (agents, mut attested) = (self.agents(), 0);
        for entry in entries.take(EVIDENCE_MAX) {
            let path = entry.map_err(|e| said(&of.evidence, e))?.path();
            let Some((principal, class)) = about(&path) else {
                continue;
            };
            let record = agents.principalRecord(principal).block(block(at));
            let record = record.call().await.map_err(cause)?;
            let target = Admissions::attestation(&of.attestations, principal);
            let nonce = u64::from(record.nonce);
            if !record.enrolledAt.is_zero() || is_good(&target, nonce, at) {
                continue;
            }
            let word = EnrolmentAttestation {
                principal,
                class: class as u8,
                evidence_hash: keccak256(std::fs::read(&path).map_err(|e| said(&path, e))?),
                registrar: self.key.address(),
                nonce,
                deadline: at.time.get().saturating_add(GOOD_SECS),
            };
            let signed = Attested::sign(self.city, word, self.key)?;
            write(&target, &signed.text(self.city)).map_err(|e| said(&target, e))?;
            tracing::info!(%principal, "attested");
            attested += 1;
        }
        Ok(attested)
    }
}

/// Whom evidence is about, and for which class, by its name.
fn about(path: &Path) -> Option<(Address, PrincipalClass)> {
    let (principal, class) = path.file_stem()?.to_str()?.split_once('-')?;
    let class = match class {
        "owner" => PrincipalClass::Owner,
        "foundation" => PrincipalClass::Foundation,
        _ => return None,
    };
    Some((principal.parse().ok()?, class))
}

/// Whether what lies there counts still, and will for a while.
fn is_good(attestation: &Path, nonce: u64, at: Head) -> bool {
    let text = std::fs::read_to_string(attestation).ok();
    let known = text.and_then(|text| Attested::parse(&text).ok());
    let until = at.time.get().saturating_add(RENEWED_SECS);
    known.is_some_and(|known| known.word.nonce == nonce && known.word.deadline > until)
}

/// Whole or not at all: who takes it must not read half of it.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension("draft");
    std::fs::write(&draft, text)?;
    std::fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_about_whom_its_name_says() {
        let principal = Address::repeat_byte(0x70);
        let of = |name: String| about(Path::new("/evidence").join(name).as_path());
        assert_eq!(
            of(format!("{principal}-owner.pdf")),
            Some((principal, PrincipalClass::Owner))
        );
        assert_eq!(
            of(format!("{principal:#x}-foundation")),
            Some((principal, PrincipalClass::Foundation))
        );
        for none in [
            format!("{principal}"),
            format!("{principal}-clerk"),
            "-owner".to_owned(),
        ] {
            assert_eq!(of(none), None);
        }
    }
}

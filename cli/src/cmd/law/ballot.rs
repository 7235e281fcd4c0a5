//! Ballots as text: one candidate a line, the best first. What is sealed is opened with the salt of a file.

use std::{fs, path::Path};

use agentcity_domain::legislation::ballot::{self, Ranking};
use alloy::primitives::{Address, B256, keccak256};

use crate::failure::{Code, Failure};

/// Bits of a place in a ranking, as `domain::legislation::ballot` reads them.
const BITS: u32 = 4;

/// The ranking of a text. A candidate is named by its number or by its proposal; `candidates` are the proposals in their order.
///
/// Errors: `law/ballot` with the line.
pub(crate) fn read(place: &Path, text: &str, candidates: &[B256]) -> Result<u64, Failure> {
    let wrong = |line: usize, what: String| {
        Failure::new(Code::Ballot, format!("{}:{line}: {what}", place.display())).hint(
            "name every candidate once, the best first, one a line: its number, or its proposal",
        )
    };
    let mut order: Vec<usize> = Vec::new();
    let mut last = 1;
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.split('#').next().unwrap_or_default().trim();
        if content.is_empty() {
            continue;
        }
        last = line;
        let by_proposal = |proposal: B256| candidates.iter().position(|found| *found == proposal);
        let found = match content.parse::<B256>() {
            Ok(proposal) if content.starts_with("0x") => by_proposal(proposal),
            _ => content
                .parse()
                .ok()
                .filter(|number| *number < candidates.len()),
        };
        let Some(candidate) = found else {
            return Err(wrong(
                line,
                format!("`{content}` is no candidate of {}", candidates.len()),
            ));
        };
        if order.contains(&candidate) {
            return Err(wrong(
                line,
                format!("candidate {candidate} stands there twice"),
            ));
        }
        order.push(candidate);
    }
    let bits = order
        .iter()
        .rev()
        .fold(0u64, |bits, candidate| bits << BITS | *candidate as u64);
    match Ranking::new(bits, candidates.len() as u8) {
        Ok(ranking) if order.len() == candidates.len() => Ok(ranking.bits()),
        _ => Err(wrong(
            last,
            format!(
                "{} of {} candidates are ranked",
                order.len(),
                candidates.len()
            ),
        )),
    }
}

/// The seal of a ballot.
pub(crate) fn seal(session: B256, principal: Address, ranking: u64, salt: B256) -> B256 {
    keccak256(ballot::sealed(&session, &principal, ranking, &salt).concat())
}

/// The salt of a file.
///
/// Errors: `input/file`, `input/malformed`.
pub(crate) fn salt(path: &Path) -> Result<B256, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
    text.trim().parse().map_err(|_| {
        Failure::new(
            Code::Malformed,
            format!("{} holds no salt of 32 bytes of hex", path.display()),
        )
        .hint("name the file that was written when it was sealed")
    })
}

/// The salt of a file, which is written if it is not there: a new one that nobody can guess. Whoever loses it cannot open the seal.
///
/// Errors: `input/file`, `input/malformed`.
pub(crate) fn salt_or_new(path: &Path, is_dry: bool) -> Result<B256, Failure> {
    if path.exists() {
        return salt(path);
    }
    let new = B256::random();
    if !is_dry {
        write_secret(path, &format!("{new}\n")).map_err(|error| Failure::file(path, &error))?;
    }
    Ok(new)
}

/// Writes a new file that its owner alone reads.
fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(text: &str) -> Result<u64, String> {
        let candidates = [1, 2, 3].map(B256::repeat_byte);
        read(Path::new("b.txt"), text, &candidates).map_err(|failure| failure.message)
    }

    #[test]
    fn a_ballot_names_every_candidate_once() {
        assert_eq!(ranked("2\n0\n1\n"), Ok(0x102));
        let proposal = B256::repeat_byte(2);
        assert_eq!(
            ranked(&format!("# mine\n{proposal} # best\n\n2\n0")),
            Ok(0x021)
        );
        assert_eq!(
            ranked("2\n3").unwrap_err(),
            "b.txt:2: `3` is no candidate of 3"
        );
        assert_eq!(
            ranked("2\n\n2").unwrap_err(),
            "b.txt:3: candidate 2 stands there twice"
        );
        assert_eq!(
            ranked("2\n1").unwrap_err(),
            "b.txt:2: 2 of 3 candidates are ranked"
        );
        assert!(ranked("").is_err());
    }

    #[test]
    fn a_salt_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("salt");
        salt_or_new(&path, true).unwrap();
        assert!(!path.exists(), "a dry run writes nothing");
        let salt = salt_or_new(&path, false).unwrap();
        assert_eq!(salt_or_new(&path, false).unwrap(), salt);
        fs::write(&path, "pepper").unwrap();
        assert_eq!(super::salt(&path).unwrap_err().code, Code::Malformed);
    }
}

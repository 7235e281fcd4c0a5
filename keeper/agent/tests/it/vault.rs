//! Secrets and promises: against a model, by two processes, and under death before and after every commit.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use agentcity_agent_daemon::vault::{Boundary, Vault, VaultError};
use agentcity_executor::{
    protocol::{JobId, Kind, Place},
    signing::Unsigned,
    value,
};
use alloy::primitives::{Address, B256, keccak256};
use proptest::prelude::*;
use tempfile::tempdir;

const AGENT: Address = Address::repeat_byte(0xaa);
const SALT: B256 = B256::repeat_byte(0x5a);

fn job(node: u16, attempt: u8, seat: u8) -> JobId {
    JobId {
        mission: B256::repeat_byte(1),
        node,
        attempt,
        seat: Place::new(seat).expect("a seat"),
    }
}

fn result(kind: Kind, output: u8, trail: u8, proof: &[u8], deadline: u64) -> Unsigned<'_> {
    Unsigned {
        kind,
        output_hash: B256::repeat_byte(output),
        trail_root: B256::repeat_byte(trail),
        proof,
        deadline,
    }
}

fn vault(dir: &Path) -> Vault {
    Vault::open(&dir.join("vault")).expect("a vault")
}

/// INV-DESK-01.
#[test]
fn a_second_result_for_a_seat_is_never_promised() {
    let dir = tempdir().expect("a folder");
    let mut vault = vault(dir.path());
    let first = result(Kind::Proof, 1, 1, b"proof", 10);
    vault.promise(&job(0, 0, 0), AGENT, &first).expect("first");
    let later = Unsigned {
        deadline: 99,
        ..first
    };
    vault
        .promise(&job(0, 0, 0), AGENT, &later)
        .expect("the same, good for longer");
    for other in [
        result(Kind::Proof, 2, 1, b"proof", 10),
        result(Kind::Proof, 1, 2, b"proof", 10),
        result(Kind::Proof, 1, 1, b"other", 10),
    ] {
        let refused = vault.promise(&job(0, 0, 0), AGENT, &other);
        assert!(
            matches!(refused, Err(VaultError::Contradiction { .. })),
            "{other:?}"
        );
    }
    for other in [job(1, 0, 0), job(0, 1, 0), job(0, 0, 1)] {
        let another = result(Kind::Proof, 2, 2, b"other", 10);
        vault.promise(&other, AGENT, &another).expect("another job");
    }
}

#[test]
fn a_reveal_opens_what_was_committed_and_nothing_else() {
    let dir = tempdir().expect("a folder");
    let mut vault = vault(dir.path());
    let (job, value) = (job(3, 1, 2), b"forty-two");
    let value_hash = keccak256(value);
    let proof = [value.as_slice(), SALT.as_slice()].concat();
    let reveal = Unsigned {
        kind: Kind::Reveal,
        output_hash: value_hash,
        trail_root: B256::repeat_byte(7),
        proof: &proof,
        deadline: 10,
    };
    let refused = vault.promise(&job, AGENT, &reveal);
    assert!(
        matches!(refused, Err(VaultError::NotOpening { .. })),
        "nothing is committed"
    );
    let commit = Unsigned {
        kind: Kind::Commit,
        output_hash: value::commitment(&job, AGENT, value_hash, SALT),
        trail_root: B256::repeat_byte(7),
        proof: &[],
        deadline: 10,
    };
    vault.promise(&job, AGENT, &commit).expect("first");
    let other = Unsigned {
        output_hash: keccak256("another value"),
        ..reveal
    };
    assert!(vault.promise(&job, AGENT, &other).is_err());
    vault.promise(&job, AGENT, &reveal).expect("it opens it");
    assert!(vault.promise(&job, Address::ZERO, &reveal).is_err());
}

#[test]
fn a_vault_is_of_one_agent_for_ever() {
    let dir = tempdir().expect("a folder");
    let city = Address::repeat_byte(1);
    vault(dir.path()).bind(7, city, AGENT).expect("first");
    vault(dir.path()).bind(7, city, AGENT).expect("again");
    for (chain, city, agent) in [
        (8, city, AGENT),
        (7, Address::ZERO, AGENT),
        (7, city, Address::ZERO),
    ] {
        let bound = vault(dir.path()).bind(chain, city, agent);
        assert!(matches!(bound, Err(VaultError::Foreign { .. })));
    }
}

#[cfg(unix)]
#[test]
fn a_vault_is_read_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempdir().expect("a folder");
    drop(vault(dir.path()));
    let mode = std::fs::metadata(dir.path().join("vault")).expect("there");
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
}

/// A process that dies at its `nth` boundary.
fn mortal(dir: &Path, nth: usize) -> Vault {
    let passed = Arc::new(AtomicUsize::new(0));
    let watch = move |_: Boundary| {
        if passed.fetch_add(1, Ordering::SeqCst) == nth {
            panic!("dies at boundary {nth}");
        }
    };
    Vault::open_watched(&dir.join("vault"), watch).expect("a vault")
}

/// What leaves a process: signatures and seals that it answered with.
fn live(vault: &mut Vault, flavour: u8, left: &mut Vec<(String, String)>) {
    let secret = vault.secret("ballot", || B256::repeat_byte(flavour));
    left.push(("ballot".into(), secret.expect("a secret").to_string()));
    for seat in 0..2 {
        let job = job(0, 0, seat);
        let result = result(Kind::Commit, flavour, flavour, &[], 10);
        if vault.promise(&job, AGENT, &result).is_ok() {
            left.push((job.to_string(), flavour.to_string()));
        }
    }
}

/// INV-DESK-01, INV-DESK-02. Each process finds another result and draws another salt; each dies at another point; what left never contradicts itself.
#[test]
fn whenever_a_process_dies_nothing_that_left_is_contradicted() {
    for first in 0..7 {
        for second in 0..7 {
            let dir = tempdir().expect("a folder");
            let mut left: Vec<(String, String)> = Vec::new();
            for (flavour, nth) in [(1, first), (2, second), (3, usize::MAX)] {
                let mut vault = mortal(dir.path(), nth);
                let mut own = Vec::new();
                let lives = AssertUnwindSafe(|| live(&mut vault, flavour, &mut own));
                let died = catch_unwind(lives).is_err();
                if flavour == 1 {
                    // A secret and two promises, each before and after its commit.
                    assert_eq!(died, nth < 6, "death at {nth}");
                }
                left.append(&mut own);
            }
            let mut known: BTreeMap<&str, &str> = BTreeMap::new();
            for (subject, words) in &left {
                let before = known.insert(subject, words);
                assert!(
                    before.is_none_or(|before| before == words),
                    "{subject}: {before:?}, then {words} (deaths at {first}, {second})"
                );
            }
            assert!(known.contains_key("ballot"), "the last one lives");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Two processes on one file, against a map of first words.
    #[test]
    fn the_first_words_stay_whoever_comes_second(
        commands in prop::collection::vec((any::<bool>(), 0..4_u8, 0..3_u8), 1..40)
    ) {
        let dir = tempdir().expect("a folder");
        let mut processes = [vault(dir.path()), vault(dir.path())];
        let mut model: BTreeMap<u8, u8> = BTreeMap::new();
        for (who, subject, words) in commands {
            let process = &mut processes[usize::from(who)];
            let said = process.keep(&subject.to_string(), &words.to_string()).expect("kept");
            let first = *model.entry(subject).or_insert(words);
            prop_assert_eq!(said, first.to_string());
        }
    }
}

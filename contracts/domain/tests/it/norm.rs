//! Norms: every status against every command, and random commands against a naive model.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_domain::{constitution::norm::*, time::Timestamp};
use alloy_primitives::B256;
use proptest::prelude::*;

const ID: B256 = B256::repeat_byte(1);
const HOME: B256 = B256::repeat_byte(2);
const NOW: Timestamp = Timestamp::new(1_000);
const LATER: Timestamp = Timestamp::new(2_000);

fn standing(status: Status) -> Norm {
    Norm {
        domain: if status == Status::Unknown {
            B256::ZERO
        } else {
            HOME
        },
        status,
        since: NOW,
    }
}

fn to(status: Status, struck: Change) -> Result<Step, Refused> {
    let norm = Norm {
        domain: HOME,
        status,
        since: LATER,
    };
    Ok(Step { norm, struck })
}

#[test]
fn every_status_answers_every_command() {
    let enact = Command::Enact { domain: HOME };
    let (exists, unknown) = (
        Refused::Exists {
            id: ID,
            domain: HOME,
        },
        Refused::Unknown { id: ID },
    );
    for (status, command, outcome) in [
        (Status::Unknown, enact, to(Status::InForce, Change::Same)),
        (Status::Unknown, Command::Strike, Err(unknown)),
        (Status::Unknown, Command::Restore, Err(unknown)),
        (Status::InForce, enact, Err(exists)),
        (
            Status::InForce,
            Command::Strike,
            to(Status::Struck, Change::Up),
        ),
        (
            Status::InForce,
            Command::Restore,
            Err(Refused::NotStruck { id: ID }),
        ),
        (Status::Struck, enact, Err(exists)),
        (
            Status::Struck,
            Command::Strike,
            Err(Refused::AlreadyStruck { id: ID }),
        ),
        (
            Status::Struck,
            Command::Restore,
            to(Status::InForce, Change::Down),
        ),
    ] {
        assert_eq!(step(ID, standing(status), command, LATER), outcome);
    }
}

#[test]
fn a_norm_keeps_its_domain() {
    let enact = Command::Enact {
        domain: B256::repeat_byte(9),
    };
    let refusal = Refused::Exists {
        id: ID,
        domain: HOME,
    };
    assert_eq!(
        step(ID, standing(Status::Struck), enact, LATER),
        Err(refusal)
    );
}

#[test]
fn nothing_is_no_norm_and_no_domain() {
    for (id, domain) in [
        (B256::ZERO, HOME),
        (ID, B256::ZERO),
        (B256::ZERO, B256::ZERO),
    ] {
        assert_eq!(
            step(id, Norm::default(), Command::Enact { domain }, NOW),
            Err(Refused::Empty { id, domain })
        );
    }
}

#[test]
fn stored_bytes_mean_three_statuses() {
    for status in [Status::Unknown, Status::InForce, Status::Struck] {
        assert_eq!(Status::at(status as u8), Some(status));
    }
    assert_eq!(Status::at(3), None);
}

#[test]
fn counts_go_up_and_down_by_one() {
    assert_eq!(Change::Same.apply(5), 5);
    assert_eq!(Change::Up.apply(5), 6);
    assert_eq!(Change::Down.apply(5), 4);
}

fn command() -> impl Strategy<Value = (u8, Command)> {
    let kind = prop_oneof![
        (1..4u8).prop_map(|domain| Command::Enact {
            domain: B256::repeat_byte(domain)
        }),
        Just(Command::Strike),
        Just(Command::Restore),
    ];
    (1..6u8, kind)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_domain_counts_its_struck_norms(commands in prop::collection::vec(command(), 1..80)) {
        let mut norms: BTreeMap<u8, Norm> = BTreeMap::new();
        let mut counts: BTreeMap<B256, u64> = BTreeMap::new();
        // The naive model: which norm is where, and which are struck.
        let (mut home, mut struck) = (BTreeMap::<u8, B256>::new(), BTreeSet::<u8>::new());
        for (id, command) in commands {
            let at = norms.get(&id).copied().unwrap_or_default();
            let outcome = step(B256::repeat_byte(id), at, command, NOW);
            let expected = match command {
                Command::Enact { domain } => {
                    let is_new = !home.contains_key(&id);
                    home.entry(id).or_insert(domain);
                    is_new
                }
                Command::Strike => home.contains_key(&id) && struck.insert(id),
                Command::Restore => struck.remove(&id),
            };
            prop_assert_eq!(outcome.is_ok(), expected);
            if let Ok(step) = outcome {
                norms.insert(id, step.norm);
                let count = counts.entry(step.norm.domain).or_default();
                *count = step.struck.apply(*count);
            }
            for domain in (1..4).map(B256::repeat_byte) {
                let halted = counts.get(&domain).copied().unwrap_or_default();
                let model = struck.iter().filter(|id| home[id] == domain).count();
                prop_assert_eq!(halted, model as u64);
            }
        }
    }
}

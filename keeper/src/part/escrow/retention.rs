//! What lies in the vault and is needed no more: outputs that the buffer does not hold, of missions that ended long enough ago.
//!
//! Nothing of this is remembered: what lies there is read from the folder, and whether its mission is over from a block that counts as
//! final. So a sweep may die anywhere, and the next one goes on; and what is looked at before a sweep can only have become less needed.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::{Address, B256};

use crate::{
    execution::Execution,
    vault::{Kind, Vault, VaultError},
};

/// Missions that one sweep asks the chain about: a sweep is a part of one look.
pub(super) const MISSIONS_MAX: usize = 16;

/// Under which name an output is sealed.
pub(super) fn name(of: &Execution, output: B256) -> String {
    let Execution {
        mission,
        node,
        attempt,
        agent,
    } = of;
    format!("{agent:x}-{mission:x}-{node}-{attempt}-{output:x}")
}

/// Whose output has this name; `None` where it is no output's.
fn read(name: &str) -> Option<(Execution, B256)> {
    let mut parts = name.split('-');
    let agent: Address = parts.next()?.parse().ok()?;
    let mission = parts.next()?.parse().ok()?;
    let node = parts.next()?.parse().ok()?;
    let attempt = parts.next()?.parse().ok()?;
    let output = parts.next()?.parse().ok()?;
    let of = Execution {
        mission,
        node,
        attempt,
        agent,
    };
    // What is written otherwise was not written here.
    (self::name(&of, output) == name).then_some((of, output))
}

/// What lies in a vault, by mission.
#[derive(Debug)]
pub(super) struct Sealed(BTreeMap<B256, Vec<(Execution, B256)>>);

impl Sealed {
    /// Reads the folder.
    ///
    /// Errors: [`VaultError`].
    pub(super) fn read(vault: &Vault) -> Result<Self, VaultError> {
        let mut found: BTreeMap<B256, Vec<_>> = BTreeMap::new();
        for name in vault.names(Kind::Output)? {
            if let Some((of, output)) = read(&name) {
                found.entry(of.mission).or_default().push((of, output));
            }
        }
        Ok(Self(found))
    }

    /// The missions to ask about, beginning behind `last`, so that all have their turn.
    pub(super) fn missions(&self, last: Option<B256>) -> Vec<B256> {
        let later = self.0.keys().filter(|mission| Some(**mission) > last);
        let earlier = self.0.keys().filter(|mission| Some(**mission) <= last);
        later.chain(earlier).copied().take(MISSIONS_MAX).collect()
    }

    /// Takes away what lies there of `ended` missions and is not `held`. Returns how many files went.
    ///
    /// Errors: [`VaultError`]; what went before is gone.
    pub(super) fn purge(
        &self,
        vault: &Vault,
        ended: &BTreeSet<B256>,
        held: impl Fn(&Execution, B256) -> bool,
    ) -> Result<usize, VaultError> {
        let mut gone = 0;
        for mission in ended {
            for (of, output) in self.0.get(mission).into_iter().flatten() {
                if !held(of, *output) {
                    vault.remove(Kind::Output, &name(of, *output))?;
                    gone += 1;
                }
            }
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::Cell,
        panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    };

    use agentcity_domain::time::Millis;
    use alloy::signers::local::PrivateKeySigner;

    use super::*;
    use crate::{
        clock::Moment,
        event::Event as Happened,
        machine::{
            Machine,
            escrow_buffer::{EscrowBuffer, Event, Pace, Rules},
        },
    };

    fn execution(mission: u8, node: u16) -> Execution {
        Execution {
            mission: B256::repeat_byte(mission),
            node,
            attempt: 1,
            agent: Address::repeat_byte(7),
        }
    }

    fn vault(dir: &std::path::Path) -> Vault {
        let signer = PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).expect("a key");
        Vault::with_key(dir, B256::repeat_byte(7), signer).expect("a vault")
    }

    #[test]
    fn only_what_is_not_held_of_ended_missions_goes_and_what_is_no_output_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let vault = vault(dir.path());
        let output = B256::repeat_byte(9);
        for mission in 1..=3 {
            for node in 0..2 {
                let name = name(&execution(mission, node), output);
                vault.put(Kind::Output, &name, b"x").expect("sealed");
            }
        }
        let evidence = name(&execution(1, 0), output);
        vault.put(Kind::Snapshot, &evidence, b"x").expect("sealed");
        vault
            .put(Kind::Output, "something-else", b"x")
            .expect("sealed");
        let sealed = Sealed::read(&vault).expect("read");
        let ended = BTreeSet::from([B256::repeat_byte(1), B256::repeat_byte(2)]);
        let held = |of: &Execution, _| *of == execution(2, 1);
        assert_eq!(sealed.purge(&vault, &ended, held).expect("purged"), 3);
        // Again, as after a crash: nothing is missed.
        sealed.purge(&vault, &ended, held).expect("purged");
        let mut left = vault.names(Kind::Output).expect("read");
        left.sort();
        let mut expected = vec![
            "something-else".to_owned(),
            name(&execution(2, 1), output),
            name(&execution(3, 0), output),
            name(&execution(3, 1), output),
        ];
        expected.sort();
        assert_eq!(left, expected);
        assert!(vault.holds(Kind::Snapshot, &evidence));
    }

    #[test]
    fn every_mission_has_its_turn() {
        let dir = tempfile::tempdir().expect("a folder");
        let vault = vault(dir.path());
        for mission in 0..40 {
            let name = name(&execution(mission, 0), B256::ZERO);
            vault.put(Kind::Output, &name, b"x").expect("sealed");
        }
        let sealed = Sealed::read(&vault).expect("read");
        let (mut last, mut asked) = (None, BTreeSet::new());
        for _ in 0..3 {
            let missions = sealed.missions(last);
            assert_eq!(missions.len(), MISSIONS_MAX);
            last = missions.last().copied();
            asked.extend(missions);
        }
        assert_eq!(asked.len(), 40);
    }

    /// The machine has what it holds from its journal; the folder has what the last sweep left.
    #[test]
    fn a_sweep_that_is_killed_anywhere_takes_nothing_that_is_held_and_the_next_one_goes_on() {
        let rules = Rules {
            pace: Pace::OnDemand(Millis::new(60_000)),
            threshold: Millis::new(60_000),
        };
        let output = B256::repeat_byte(9);
        // Missions 1 to 3 ended, and of each an output is held; the last goes on.
        let all: Vec<Execution> = (1..=4)
            .flat_map(|mission| (0..3).map(move |node| execution(mission, node)))
            .collect();
        let ended: BTreeSet<B256> = (1..=3).map(B256::repeat_byte).collect();
        let is_needed = |of: &Execution| of.node == 1 || of.mission == B256::repeat_byte(4);
        let mut survived = 0;
        for kill in 0..=9 {
            let dir = tempfile::tempdir().expect("a folder");
            let vault = vault(dir.path());
            let mut buffer = EscrowBuffer::new(rules);
            for of in &all {
                let content = name(of, output).into_bytes();
                let sealed = vault.put(Kind::Output, &name(of, output), &content);
                sealed.expect("sealed");
                if of.node == 1 {
                    buffer.step(&Happened::Escrow(Event::Delivered {
                        execution: *of,
                        since: 1,
                        output,
                        at: Moment::new(1),
                    }));
                }
            }
            let asked = Cell::new(0);
            let sweep = |buffer: &EscrowBuffer, dies: bool| {
                let sealed = Sealed::read(&vault).expect("read");
                let swept = sealed.purge(&vault, &ended, |of, output| {
                    if dies && asked.replace(asked.get() + 1) == kill {
                        resume_unwind(Box::new("killed"));
                    }
                    let mut held = buffer.held();
                    held.any(|one| one == (*of, output))
                });
                swept.expect("swept");
            };
            let ended = catch_unwind(AssertUnwindSafe(|| sweep(&buffer, true)));
            survived += u32::from(ended.is_ok());
            let restarted = EscrowBuffer::resume(rules, &buffer.state()).expect("its state");
            sweep(&restarted, false);
            for of in &all {
                let found = vault.get(Kind::Output, &name(of, output));
                assert_eq!(found.is_ok(), is_needed(of), "{of} after a kill at {kill}");
            }
        }
        assert_eq!(survived, 1, "nine files of ended missions are looked at");
    }
}

//! Where an action stands: every state and command, every boundary, and the layout.

use agentcity_domain::{
    machine::OverrideState as S,
    panel::queue::{Entry, Refused},
};
use alloy_primitives::{B256, b256};

const NOW: u64 = 1_800_000_000;
const DELAY: u64 = 600;
const EXPIRY: u64 = 1_000;

fn queued(signers: u8, needed: u8) -> Entry {
    Entry::queued(signers, needed, NOW, DELAY, EXPIRY)
}

fn in_state(state: u8) -> Entry {
    let mut entry = queued(3, 2);
    entry.set_state(state);
    entry
}

/// INV-PANEL-01: an action happens once. No command leaves a final state, and none but handing in leaves nothing.
#[test]
fn each_state_answers_each_command() {
    for state in 0..=5 {
        let entry = in_state(state);
        let is_queued = state == S::Queued.number();
        let refused = Err(Refused::State(state));
        let new = entry.require_new();
        assert_eq!(new, if state == 0 { Ok(()) } else { refused });
        let waits = if is_queued { Ok(()) } else { refused };
        assert_eq!(entry.require_queued(), waits);
        for (answer, to) in [
            (entry.execute(NOW + DELAY), S::Executed),
            (entry.withdraw(), S::Queued),
            (entry.expire(NOW + DELAY + EXPIRY + 1), S::Expired),
        ] {
            match answer {
                Ok(after) => {
                    assert!(is_queued, "{state} takes a step");
                    assert_eq!(after.state(), to.number());
                }
                Err(why) => assert_eq!((is_queued, Err(why)), (false, refused)),
            }
        }
    }
}

/// Every ordered pair: a step is made exactly where the machine has an edge.
#[test]
fn steps_are_those_of_the_machine() {
    for from in S::ALL {
        for to in S::ALL {
            let entry = in_state(from.number());
            let mut poor = queued(2, 2);
            poor.set_state(from.number());
            let made = match to {
                S::Queued => false,
                S::Executed => entry.execute(NOW + DELAY).is_ok(),
                S::Withdrawn => poor.withdraw().is_ok(),
                S::Expired => entry.expire(u64::MAX).is_ok(),
            };
            assert_eq!(made, S::transition(*from, *to).is_ok(), "{from:?} {to:?}");
        }
    }
}

#[test]
fn it_is_carried_out_from_when_it_is_due_until_it_lapses() {
    let entry = queued(2, 2);
    let (due, lapses) = (NOW + DELAY, NOW + DELAY + EXPIRY);
    assert_eq!((entry.due_at(), entry.lapses_at()), (due, lapses));
    assert_eq!(entry.queued_at(), NOW);
    assert_eq!(entry.execute(due - 1), Err(Refused::NotDue(due)));
    for now in [due, lapses] {
        let after = entry.execute(now).unwrap();
        assert_eq!(after.state(), S::Executed.number());
        assert_eq!(after.due_at(), due);
    }
    let lapsed = Err(Refused::State(S::Expired.number()));
    assert_eq!(entry.execute(lapses + 1), lapsed);
    assert_eq!(entry.expire(lapses), Err(Refused::NotDue(lapses + 1)));
    let ended = entry.expire(lapses + 1).unwrap();
    assert_eq!(ended.state(), S::Expired.number());
}

#[test]
fn it_falls_with_the_signer_without_whom_too_few_are_left() {
    let entry = queued(4, 3);
    assert_eq!((entry.signers(), entry.left(), entry.needed()), (4, 4, 3));
    let one_less = entry.withdraw().unwrap();
    assert_eq!((one_less.left(), one_less.signers()), (3, 4));
    assert_eq!(one_less.require_queued(), Ok(()));
    let fallen = one_less.withdraw().unwrap();
    assert_eq!(fallen.state(), S::Withdrawn.number());
    assert_eq!(fallen.left(), 2);
    let refused = Err(Refused::State(S::Withdrawn.number()));
    assert_eq!(fallen.withdraw(), refused);
}

#[test]
fn what_is_carried_out_at_once_never_was_queued() {
    let done = Entry::done(5);
    assert_eq!(done.state(), S::Executed.number());
    assert_eq!((done.signers(), done.left()), (5, 5));
    assert_eq!((done.due_at(), done.lapses_at(), done.needed()), (0, 0, 0));
}

#[test]
fn the_word_is_laid_out_as_drawn() {
    let entry = Entry::queued(0x11, 0x22, 0x33_4455_6677, 1, 1);
    assert_eq!(
        entry.0,
        b256!("0x0111112233445566773344556678334455667900000000000000000000000000")
    );
    assert_eq!(Entry::default().0, B256::ZERO);
    assert_eq!(Entry::default().require_new(), Ok(()));
}

//! The journal against a model that clones everything.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};
use proptest::prelude::*;

use super::*;
use crate::overlay::Overlay;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Model {
    accounts: BTreeMap<Address, Basic>,
    slots: BTreeMap<(Address, U256), U256>,
}

#[derive(Clone, Debug)]
enum Command {
    SetAccount(u8, u64),
    RemoveAccount(u8),
    SetSlot(u8, u8, u64),
    ClearStorage(u8),
    /// Remembers the position, as a block or a snapshot does.
    Mark,
    /// Rolls back to one of the marks.
    Rollback(prop::sample::Index),
    /// Forgets what is before one of the marks.
    Prune(prop::sample::Index),
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        4 => (0..4u8, 0..4u64).prop_map(|(who, balance)| Command::SetAccount(who, balance)),
        1 => (0..4u8).prop_map(Command::RemoveAccount),
        6 => (0..3u8, 0..4u8, 0..3u64).prop_map(|(who, slot, value)| Command::SetSlot(who, slot, value)),
        1 => (0..3u8).prop_map(Command::ClearStorage),
        3 => Just(Command::Mark),
        1 => any::<prop::sample::Index>().prop_map(Command::Rollback),
        1 => any::<prop::sample::Index>().prop_map(Command::Prune),
    ]
}

fn address(who: u8) -> Address {
    Address::with_last_byte(who)
}

fn snapshot(state: &State) -> Model {
    Model {
        accounts: state.accounts().collect(),
        slots: (0..4)
            .map(address)
            .flat_map(|address| {
                state
                    .slots(address)
                    .map(move |(slot, value)| ((address, slot), value))
            })
            .collect(),
    }
}

fn seen_through(view: &Overlay<'_>) -> Model {
    let mut seen = Model::default();
    for address in (0..4).map(address) {
        if let Some(basic) = Source::basic(view, address) {
            seen.accounts.insert(address, basic);
        }
        for slot in (0..4).map(U256::from) {
            let value = Source::slot(view, address, slot);
            if !value.is_zero() {
                seen.slots.insert((address, slot), value);
            }
        }
    }
    seen
}

fn run(state: &mut State, model: &mut Model, marks: &mut Vec<(Position, Model)>, command: Command) {
    match command {
        Command::SetAccount(who, balance) => {
            let basic = Basic {
                balance: U256::from(balance),
                ..Basic::default()
            };
            state.set_account(address(who), Some(basic));
            model.accounts.insert(address(who), basic);
        }
        Command::RemoveAccount(who) => {
            state.set_account(address(who), None);
            model.accounts.remove(&address(who));
        }
        Command::SetSlot(who, slot, value) => {
            let (slot, value) = (U256::from(slot), U256::from(value));
            state.set_slot(address(who), slot, value);
            if value.is_zero() {
                model.slots.remove(&(address(who), slot));
            } else {
                model.slots.insert((address(who), slot), value);
            }
        }
        Command::ClearStorage(who) => {
            state.clear_storage(address(who));
            model.slots.retain(|(owner, _), _| *owner != address(who));
        }
        Command::Mark => marks.push((state.position(), model.clone())),
        Command::Rollback(index) => {
            if marks.is_empty() {
                return;
            }
            let index = index.index(marks.len());
            let (position, then) = marks[index].clone();
            if state.rollback(position).is_ok() {
                *model = then;
                marks.truncate(index + 1);
            } else {
                assert!(position < state.oldest());
            }
        }
        Command::Prune(index) => {
            if !marks.is_empty() {
                let before = marks[index.index(marks.len())].0;
                state.prune(before);
                assert!(state.oldest() >= before);
            }
        }
    }
}

proptest! {
    #[test]
    fn every_mark_is_restored_and_seen_exactly(commands in prop::collection::vec(command(), 1..120)) {
        let (mut state, mut model, mut marks) = (State::tracking(true), Model::default(), Vec::new());
        for command in commands {
            run(&mut state, &mut model, &mut marks, command);
            prop_assert_eq!(&snapshot(&state), &model);
        }
        for (position, then) in marks.iter().rev() {
            match Overlay::at(&state, *position) {
                Ok(view) => prop_assert_eq!(&seen_through(&view), then),
                Err(gone) => {
                    prop_assert!(*position < state.oldest());
                    prop_assert_eq!(gone.asked, *position);
                }
            }
        }
        for (position, then) in marks.iter().rev() {
            if state.rollback(*position).is_ok() {
                prop_assert_eq!(&snapshot(&state), then);
            }
        }
    }

    #[test]
    fn dirty_keys_name_every_difference(
        before in prop::collection::vec(command(), 0..40),
        after in prop::collection::vec(command(), 0..40),
    ) {
        let (mut state, mut model, mut marks) = (State::tracking(true), Model::default(), Vec::new());
        for command in before {
            run(&mut state, &mut model, &mut marks, command);
        }
        state.take_dirty();
        let old = model.clone();
        for command in after {
            run(&mut state, &mut model, &mut marks, command);
        }
        let dirty = state.take_dirty();
        for who in (0..4).map(address) {
            if old.accounts.get(&who) != model.accounts.get(&who) {
                prop_assert!(dirty.contains(&Key::Account(who)));
            }
            for slot in (0..4).map(U256::from) {
                if old.slots.get(&(who, slot)) != model.slots.get(&(who, slot)) {
                    prop_assert!(dirty.contains(&Key::Slot(who, slot)));
                }
            }
        }
    }
}

#[test]
fn an_unchanged_write_leaves_no_entry() {
    let mut state = State::default();
    state.set_slot(address(1), U256::ZERO, U256::ZERO);
    state.set_account(address(1), None);
    assert_eq!(state.journal_len(), 0);
}

#[test]
fn undo_entries_survive_their_encoding() {
    let mut state = State::default();
    state.set_account(address(1), Some(Basic::default()));
    state.set_account(
        address(1),
        Some(Basic {
            balance: U256::MAX,
            nonce: 7,
            ..Basic::default()
        }),
    );
    state.set_account(address(1), None);
    state.set_slot(address(2), U256::MAX, U256::from(3));
    state.set_slot(address(2), U256::MAX, U256::ZERO);
    let entries: Vec<_> = state
        .undo_range(Position(0), state.position())
        .copied()
        .collect();
    let bytes = crate::record::encode_undo(entries.iter());
    assert_eq!(crate::record::decode_undo(&bytes).unwrap(), entries);
    assert!(crate::record::decode_undo(&bytes[..bytes.len() - 1]).is_err());
    assert!(crate::record::decode_undo(&[9; 21]).is_err());
}

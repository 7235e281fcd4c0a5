//! What escrows take, keep, lend and give back.

use agentcity_domain::{
    amount::Amount,
    machine::EscrowState,
    treasury::{
        Refused,
        escrow::{Account, Terms, begin_closing, close, in_state, open, payable},
    },
};
use alloy_primitives::Address;
use proptest::prelude::*;

use super::{ANN, short, units};

fn terms(state: EscrowState) -> Terms {
    Terms {
        state,
        epoch: 3,
        release_at: 0,
        sponsor: ANN,
    }
}

/// Holds so much, keeps so much of it, and was given no more.
fn account(held: u128, allocated: u128) -> Account {
    Account {
        held: units(held),
        allocated: units(allocated),
        deposited: units(held),
        refunded: Amount::ZERO,
    }
}

/// What an account is after a command, or its refusal, which leaves it as it was.
fn after(
    before: Account,
    command: impl FnOnce(&mut Account) -> Result<(), Refused>,
) -> Result<Account, Refused> {
    let mut account = before;
    match command(&mut account) {
        Ok(()) => Ok(account),
        Err(refused) => {
            assert_eq!(account, before, "{refused:?}");
            Err(refused)
        }
    }
}

/// What two accounts are after a command, or its refusal, which leaves both as they were.
fn both(
    (from, to): (Account, Account),
    command: impl FnOnce(&mut Account, &mut Account) -> Result<(), Refused>,
) -> Result<(Account, Account), Refused> {
    let (mut giver, mut taker) = (from, to);
    match command(&mut giver, &mut taker) {
        Ok(()) => Ok((giver, taker)),
        Err(refused) => {
            assert_eq!((giver, taker), (from, to), "{refused:?}");
            Err(refused)
        }
    }
}

const STATES: [EscrowState; 3] = [EscrowState::Open, EscrowState::Closing, EscrowState::Closed];

#[test]
fn an_escrow_opens_once_for_somebody() {
    assert_eq!(open(None, ANN, 3), Ok(terms(EscrowState::Open)));
    for state in STATES {
        let there = Refused::WrongEscrowState(state.number());
        assert_eq!(open(Some(terms(state)), ANN, 3), Err(there));
    }
    assert_eq!(open(None, Address::ZERO, 3), Err(Refused::InvalidReceiver));
    let last = (1 << 48) - 1;
    assert_eq!(open(None, ANN, last).unwrap().epoch, last);
    let beyond = Refused::InvalidAmount(units(1 << 48));
    assert_eq!(open(None, ANN, 1 << 48), Err(beyond));
}

#[test]
fn an_escrow_moves_from_open_to_closing_to_closed_and_no_other_way() {
    for found in [
        None,
        Some(EscrowState::Open),
        Some(EscrowState::Closing),
        Some(EscrowState::Closed),
    ] {
        let state = found.map_or(0, |state| state.number());
        let of = found.map(terms);
        let refusal = Refused::WrongEscrowState(state);
        let began = begin_closing(of, 60, 1_000);
        if found == Some(EscrowState::Open) {
            let began = began.unwrap();
            assert_eq!(
                (began.state, began.release_at),
                (EscrowState::Closing, 1_060)
            );
            assert!(!began.is_over(1_059) && began.is_over(1_060));
        } else {
            assert_eq!(began, Err(refusal));
        }
        let mut left = Account {
            deposited: units(100),
            ..account(30, 20)
        };
        let closed = close(of, &mut left);
        if found == Some(EscrowState::Closing) {
            let (terms, refund) = closed.unwrap();
            assert_eq!((terms.state, refund), (EscrowState::Closed, units(30)));
            let nothing = Account {
                deposited: units(100),
                refunded: units(30),
                ..Account::default()
            };
            assert_eq!((left, left.settled()), (nothing, units(70)));
        } else {
            assert_eq!(closed, Err(refusal));
        }
        for state in STATES {
            assert_eq!(in_state(of, state).is_ok(), found == Some(state));
        }
    }
}

#[test]
fn a_window_beyond_time_ends_with_time() {
    let last = (1 << 40) - 1;
    let open = Some(terms(EscrowState::Open));
    assert_eq!(
        begin_closing(open, u64::MAX, 1_000).unwrap().release_at,
        last
    );
    assert_eq!(
        begin_closing(open, last - 1_000, 1_000).unwrap().release_at,
        last
    );
    assert_eq!(
        begin_closing(open, last - 1_001, 1_000).unwrap().release_at,
        last - 1
    );
    assert!(
        !terms(EscrowState::Open).is_over(u64::MAX),
        "a mission that lives"
    );
}

#[test]
fn an_escrow_takes_anything_that_is_something_and_fits() {
    let funded = after(account(5, 3), |account| account.fund(units(4))).unwrap();
    assert_eq!(funded, account(9, 3));
    let refused = |before, amount| after(before, |account| account.fund(units(amount)));
    let invalid = |amount| Err(Refused::InvalidAmount(units(amount)));
    assert_eq!(refused(account(0, 0), 0), invalid(0));
    assert_eq!(refused(account(u128::MAX, 0), 1), invalid(1));
    let spent = Account {
        held: Amount::ZERO,
        ..account(u128::MAX, 0)
    };
    assert_eq!(
        refused(spent, 1),
        invalid(1),
        "more than was ever paid in fits"
    );
    assert!(refused(account(u128::MAX - 1, 0), 1).is_ok());
}

#[test]
fn no_more_is_allocated_than_is_held() {
    let allocate = |before, amount| after(before, |account| account.allocate(units(amount)));
    assert_eq!(allocate(account(10, 0), 10), Ok(account(10, 10)));
    assert_eq!(allocate(account(10, 10), 4), Ok(account(10, 4)));
    let beyond = Refused::InsufficientEscrow(short(10, 11));
    assert_eq!(allocate(account(10, 0), 11), Err(beyond));
}

#[test]
fn a_node_is_settled_out_of_what_is_allocated_to_nodes() {
    let settle = |budget, paid| {
        let after = after(account(10, 8), |account| {
            account.settle(units(budget), units(paid))
        });
        after.map(|account| {
            (
                account.held.get(),
                account.allocated.get(),
                account.settled().get(),
            )
        })
    };
    assert_eq!(settle(5, 5), Ok((5, 3, 5)));
    assert_eq!(settle(5, 2), Ok((8, 3, 2)), "the rest stays, free");
    assert_eq!(settle(8, 0), Ok((10, 0, 0)));
    let short = |available, needed| Err(Refused::InsufficientEscrow(short(available, needed)));
    assert_eq!(settle(9, 1), short(8, 9));
    assert_eq!(settle(5, 6), short(5, 6));
}

#[test]
fn a_child_is_lent_what_its_node_has_left_and_no_other_nodes_money() {
    // As the shell does: what the node has, at most so much, is lent.
    let lend = |pair, left: Option<u128>, most| {
        let amount = payable(left.is_some(), left.map(units), units(most))?;
        both(pair, |from, to| from.lend(to, amount))
    };
    let (parent, child) = lend((account(100, 90), account(7, 0)), None, 30).unwrap();
    assert_eq!((parent, child), (account(70, 60), account(37, 0)));
    let beyond = Err(Refused::InsufficientEscrow(short(90, 91)));
    assert_eq!(lend((account(100, 90), account(0, 0)), None, 91), beyond);

    // The child spent 20 and leaves 17, its own 7 included; a second child of the node has these.
    let spent = Account {
        deposited: units(37),
        ..account(17, 5)
    };
    let give_back = |from: &mut Account, to: &mut Account| from.give_back(to, units(17));
    let (spent, parent) = both((spent, parent), give_back).unwrap();
    assert_eq!(
        (spent.held, spent.allocated, spent.deposited),
        (units(0), units(0), units(20))
    );
    assert_eq!(parent, account(87, 77));
    let again = |amount| lend((parent, account(0, 0)), Some(17), amount);
    let all = (account(70, 60), account(17, 0));
    for most in [17, 18, 30, u128::MAX] {
        assert_eq!(again(most), Ok(all), "{most}");
    }
    assert_eq!(again(16), Ok((account(71, 61), account(16, 0))));
}

#[test]
fn a_successor_takes_exactly_what_is_left() {
    let succeed = |amount| {
        both((account(50, 40), account(9, 9)), |from, to| {
            from.succeed(to, units(amount))
        })
    };
    assert_eq!(succeed(50), Ok((account(0, 0), account(59, 9))));
    for amount in [0, 49, 51] {
        let refused = Refused::InsufficientEscrow(short(50, amount));
        assert_eq!(succeed(amount), Err(refused));
    }
    let nothing = both((account(0, 0), account(9, 9)), |from, to| {
        from.succeed(to, units(0))
    });
    assert_eq!(nothing, Ok((account(0, 0), account(9, 9))));
}

#[test]
fn nothing_is_given_back_that_is_not_held_and_nothing_overflows() {
    let give_back = |pair, amount| both(pair, |from, to| from.give_back(to, units(amount)));
    let beyond = Refused::InsufficientEscrow(short(5, 6));
    assert_eq!(give_back((account(5, 5), account(0, 0)), 6), Err(beyond));
    let part = give_back((account(5, 5), account(0, 0)), 2).unwrap();
    assert_eq!(part, (account(3, 3), account(2, 2)));
    let free = give_back((account(5, 1), account(0, 0)), 2).unwrap();
    assert_eq!(free, (account(3, 1), account(2, 2)));
    let full = Err(Refused::InvalidAmount(units(5)));
    assert_eq!(give_back((account(5, 5), account(u128::MAX, 0)), 5), full);
    let succeed = both((account(5, 5), account(u128::MAX, 0)), |from, to| {
        from.succeed(to, units(5))
    });
    assert_eq!(succeed, full);
}

#[test]
fn terms_read_as_they_were_written_and_an_empty_word_is_no_escrow() {
    for state in STATES {
        let terms = Terms {
            state,
            epoch: 0xaabb_ccdd_eeff,
            release_at: 0x11_2233_4455,
            sponsor: ANN,
        };
        let mut expected = vec![state.number()];
        expected.extend([
            0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x11, 0x22, 0x33, 0x44, 0x55,
        ]);
        expected.extend(ANN);
        assert_eq!(terms.pack().to_vec(), expected);
        assert_eq!(Terms::unpack(&terms.pack()), Some(terms));
    }
    assert_eq!(Terms::unpack(&[0; 32]), None);
    assert_eq!(Terms::unpack(&[9; 32]), None);
}

#[derive(Clone, Debug)]
enum Step {
    Fund(u64),
    Settle(u64, u64),
    Lend(usize, u64),
    Return(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..1_000u64).prop_map(Step::Fund),
        (0..300u64, 0..300u64).prop_map(|(budget, paid)| Step::Settle(budget, paid)),
        (0..4usize, 0..300u64).prop_map(|(node, amount)| Step::Lend(node, amount)),
        (0..300u64).prop_map(Step::Return),
    ]
}

proptest! {
    /// INV-TREASURY-03, and that `settled` is what was paid.
    #[test]
    fn what_is_allocated_is_held_whatever_is_done(steps in prop::collection::vec(step(), 1..60)) {
        let (mut parent, mut child) = (account(1_000, 700), account(0, 0));
        // What each of four nodes has left after its first child, and the node of the child that lives.
        let (mut left, mut lent) = ([None; 4], 0);
        let (mut paid, mut money) = (0, 1_000);
        for step in steps {
            match step {
                Step::Fund(amount) => {
                    parent.fund(units(amount.into())).unwrap();
                    money += u128::from(amount);
                }
                Step::Settle(budget, part) => {
                    let part = u128::from(part.min(budget));
                    if parent.settle(units(budget.into()), units(part)).is_ok() {
                        paid += part;
                    }
                }
                Step::Lend(node, amount) => {
                    let most = units(amount.into());
                    let amount = payable(left[node].is_some(), left[node].map(units), most).unwrap();
                    let lent_now = parent.lend(&mut child, amount).is_ok();
                    let amount = amount.get();
                    if lent_now {
                        left[node] = Some(left[node].map_or(0, |had: u128| had - amount));
                        lent = node;
                    }
                }
                Step::Return(amount) => {
                    let amount = u128::from(amount);
                    if child.give_back(&mut parent, units(amount)).is_ok() {
                        left[lent] = left[lent].map(|had| had + amount);
                    }
                }
            }
            prop_assert!(parent.allocated <= parent.held && child.allocated <= child.held);
            prop_assert_eq!(parent.held.get() + child.held.get() + paid, money);
            prop_assert_eq!(parent.settled(), units(paid));
        }
        let held = parent.held;
        let (_, refund) = close(Some(terms(EscrowState::Closing)), &mut parent).unwrap();
        prop_assert_eq!(refund, held);
        prop_assert_eq!((parent.held, parent.settled()), (Amount::ZERO, units(paid)));
    }
}

#[test]
fn a_node_is_paid_once_and_after_children_no_more_than_came_back_of_them() {
    let (budget, less) = (Amount::new(10), Amount::new(4));
    assert_eq!(payable(false, None, budget), Ok(budget), "never touched");
    assert_eq!(payable(true, None, budget), Err(Refused::AlreadySettled));
    assert_eq!(payable(true, Some(less), budget), Ok(less), "lent before");
    assert_eq!(payable(true, Some(Amount::new(11)), budget), Ok(budget));
    assert_eq!(payable(true, Some(Amount::ZERO), budget), Ok(Amount::ZERO));
}

//! What escrows take, keep, lend and give back.

use agentcity_domain::{
    amount::Amount,
    machine::EscrowState,
    treasury::{
        Refused,
        escrow::{
            Flow, Moved, Purse, Terms, allocate, begin_closing, close, fund, give_back, in_state,
            lend, open, settle, settled, succeed,
        },
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

fn purse(held: u128, allocated: u128) -> Purse {
    Purse {
        held: units(held),
        allocated: units(allocated),
    }
}

fn flow(deposited: u128) -> Flow {
    Flow {
        deposited: units(deposited),
        refunded: Amount::ZERO,
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
        let closed = close(of, purse(30, 20), flow(100));
        if found == Some(EscrowState::Closing) {
            let (terms, flow, refund) = closed.unwrap();
            assert_eq!((terms.state, refund), (EscrowState::Closed, units(30)));
            assert_eq!((flow.deposited, flow.refunded), (units(100), units(30)));
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
    let (purse_after, flow_after) = fund(purse(5, 3), flow(9), units(4)).unwrap();
    assert_eq!((purse_after, flow_after), (purse(9, 3), flow(13)));
    let refused = |purse, flow, amount| fund(purse, flow, amount).unwrap_err();
    assert_eq!(
        refused(purse(0, 0), flow(0), Amount::ZERO),
        Refused::InvalidAmount(Amount::ZERO)
    );
    let one = Refused::InvalidAmount(units(1));
    assert_eq!(refused(purse(u128::MAX, 0), flow(0), units(1)), one);
    assert_eq!(refused(purse(0, 0), flow(u128::MAX), units(1)), one);
    assert!(fund(purse(u128::MAX - 1, 0), flow(u128::MAX - 1), units(1)).is_ok());
}

#[test]
fn no_more_is_allocated_than_is_held() {
    assert_eq!(allocate(purse(10, 0), units(10)), Ok(purse(10, 10)));
    assert_eq!(allocate(purse(10, 10), units(4)), Ok(purse(10, 4)));
    let beyond = Refused::InsufficientEscrow(short(10, 11));
    assert_eq!(allocate(purse(10, 0), units(11)), Err(beyond));
}

#[test]
fn a_node_is_settled_out_of_what_is_allocated_to_nodes() {
    assert_eq!(settle(purse(10, 8), units(5), units(5)), Ok(purse(5, 3)));
    assert_eq!(
        settle(purse(10, 8), units(5), units(2)),
        Ok(purse(8, 3)),
        "the rest stays, free"
    );
    assert_eq!(settle(purse(10, 8), units(8), units(0)), Ok(purse(10, 0)));
    let budget = Refused::InsufficientEscrow(short(8, 9));
    assert_eq!(settle(purse(10, 8), units(9), units(1)), Err(budget));
    let paid = Refused::InsufficientEscrow(short(5, 6));
    assert_eq!(settle(purse(10, 8), units(5), units(6)), Err(paid));
}

fn pair(from: Purse, to: Purse) -> ((Purse, Flow), (Purse, Flow)) {
    ((from, flow(from.held.get())), (to, flow(to.held.get())))
}

#[test]
fn a_child_is_lent_what_its_node_has_left_and_no_other_nodes_money() {
    let first = lend(pair(purse(100, 90), purse(7, 0)), None, units(30)).unwrap();
    assert_eq!((first.from, first.to), (purse(70, 60), purse(37, 0)));
    assert_eq!((first.from_flow, first.to_flow), (flow(70), flow(37)));
    let all = Refused::InsufficientEscrow(short(90, 91));
    assert_eq!(
        lend(pair(purse(100, 90), purse(0, 0)), None, units(91)),
        Err(all)
    );

    // The child spent 20 and leaves 17, its own 7 included; a second child of the node has these.
    let back = give_back(
        ((purse(17, 5), flow(17)), (first.from, first.from_flow)),
        units(17),
    )
    .unwrap();
    assert_eq!((back.from, back.to), (purse(0, 0), purse(87, 77)));
    let again = |amount| lend(pair(back.to, purse(0, 0)), Some(units(17)), units(amount));
    assert_eq!(again(17).unwrap().from, purse(70, 60));
    assert_eq!(again(18), Err(Refused::InsufficientEscrow(short(17, 18))));
    assert_eq!(again(30), Err(Refused::InsufficientEscrow(short(17, 30))));
}

#[test]
fn a_successor_takes_exactly_what_is_left() {
    let moved = succeed(pair(purse(50, 40), purse(9, 9)), units(50)).unwrap();
    let expected = Moved {
        from: purse(0, 0),
        from_flow: flow(0),
        to: purse(59, 9),
        to_flow: flow(59),
    };
    assert_eq!(moved, expected);
    for amount in [0, 49, 51] {
        let refused = Refused::InsufficientEscrow(short(50, amount));
        assert_eq!(
            succeed(pair(purse(50, 40), purse(9, 9)), units(amount)),
            Err(refused)
        );
    }
    assert!(succeed(pair(purse(0, 0), purse(9, 9)), units(0)).is_ok());
}

#[test]
fn nothing_is_given_back_that_is_not_held_and_nothing_overflows() {
    let beyond = Refused::InsufficientEscrow(short(5, 6));
    assert_eq!(
        give_back(pair(purse(5, 5), purse(0, 0)), units(6)),
        Err(beyond)
    );
    let part = give_back(pair(purse(5, 5), purse(0, 0)), units(2)).unwrap();
    assert_eq!((part.from, part.to), (purse(3, 3), purse(2, 2)));
    let full = Refused::InvalidAmount(units(5));
    assert_eq!(
        give_back(pair(purse(5, 5), purse(u128::MAX, 0)), units(5)),
        Err(full)
    );
    assert_eq!(
        succeed(pair(purse(5, 5), purse(u128::MAX, 0)), units(5)),
        Err(full)
    );
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
        let (mut parent, mut parent_flow) = fund(purse(0, 0), flow(0), units(1_000)).unwrap();
        parent = allocate(parent, units(700)).unwrap();
        let (mut child, mut child_flow) = (purse(0, 0), flow(0));
        // What each of four nodes has left after its first child, and the node of the child that lives.
        let (mut left, mut lent) = ([None; 4], 0);
        let (mut paid, mut money) = (0, 1_000);
        for step in steps {
            match step {
                Step::Fund(amount) => {
                    (parent, parent_flow) = fund(parent, parent_flow, units(amount.into())).unwrap();
                    money += u128::from(amount);
                }
                Step::Settle(budget, part) => {
                    let part = u128::from(part.min(budget));
                    if let Ok(after) = settle(parent, units(budget.into()), units(part)) {
                        parent = after;
                        paid += part;
                    }
                }
                Step::Lend(node, amount) => {
                    let pair = ((parent, parent_flow), (child, child_flow));
                    if let Ok(moved) = lend(pair, left[node], units(amount.into())) {
                        left[node] = Some(left[node].map_or(Amount::ZERO, |had: Amount| had.checked_sub(units(amount.into())).unwrap()));
                        lent = node;
                        ((parent, parent_flow), (child, child_flow)) = ((moved.from, moved.from_flow), (moved.to, moved.to_flow));
                    }
                }
                Step::Return(amount) => {
                    let pair = ((child, child_flow), (parent, parent_flow));
                    if let Ok(moved) = give_back(pair, units(amount.into())) {
                        left[lent] = left[lent].map(|had| had.checked_add(units(amount.into())).unwrap());
                        ((child, child_flow), (parent, parent_flow)) = ((moved.from, moved.from_flow), (moved.to, moved.to_flow));
                    }
                }
            }
            prop_assert!(parent.allocated <= parent.held && child.allocated <= child.held);
            prop_assert_eq!(parent.held.get() + child.held.get() + paid, money);
            prop_assert_eq!(settled(&parent, &parent_flow), units(paid));
        }
        let closing = Some(terms(EscrowState::Closing));
        let (_, closed, refund) = close(closing, parent, parent_flow).unwrap();
        prop_assert_eq!(refund, parent.held);
        prop_assert_eq!(settled(&purse(0, 0), &closed), units(paid));
    }
}

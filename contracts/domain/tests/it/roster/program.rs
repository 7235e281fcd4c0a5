//! Code that delegates is found, and code that does not is taken.

use agentcity_domain::roster::program::{Code, kind};
use alloy_primitives::{Address, hex};
use proptest::prelude::*;

#[test]
fn nothing_a_program_and_a_contract_are_told_apart() {
    assert_eq!(kind(&[]), Code::Empty);
    assert_eq!(kind(&hex!("eff000000b")), Code::Program);
    assert_eq!(kind(&hex!("eff0")), Code::Delegates, "cut short");
    assert_eq!(kind(&hex!("6001600055")), Code::Contract);
    assert_eq!(kind(&hex!("00")), Code::Contract);
}

#[test]
fn an_account_that_points_at_anothers_code_is_refused() {
    let designator = [&hex!("ef0100")[..], Address::repeat_byte(1).as_slice()].concat();
    assert_eq!(kind(&designator), Code::Delegates);
    assert_eq!(kind(&hex!("ef0001")), Code::Delegates, "other formats");
}

#[test]
fn a_minimal_proxy_is_refused() {
    let proxy = hex!(
        "363d3d373d3d3d363d73bebebebebebebebebebebebebebebebebebebebe5af43d82803e903d91602b57fd5bf3"
    );
    assert_eq!(kind(&proxy), Code::Delegates);
}

/// INV-ROSTER-07
#[test]
fn what_delegates_is_found_where_it_can_be_come_to_and_nowhere_else() {
    for op in [0xf2u8, 0xf4] {
        assert_eq!(kind(&[op]), Code::Delegates);
        // As data of a push it is a number.
        assert_eq!(kind(&[0x60, op]), Code::Contract, "PUSH1");
        assert_eq!(kind(&[0x61, 0, op]), Code::Contract, "PUSH2");
        assert_eq!(kind(&[0x60, 0, op]), Code::Delegates, "behind it");
        assert_eq!(kind(&[0x5f, op]), Code::Delegates, "PUSH0 has none");
        let mut long = vec![0x7f];
        long.extend([0; 31]);
        long.push(op);
        assert_eq!(kind(&long), Code::Contract, "PUSH32");
        long.push(op);
        assert_eq!(kind(&long), Code::Delegates);
        assert_eq!(kind(&[0x80, op]), Code::Delegates, "DUP1 has none");
        // Behind an end it is data, until a jump may land.
        for end in [0x00u8, 0x56, 0xf3, 0xfd, 0xfe, 0xff] {
            assert_eq!(kind(&[end, op]), Code::Contract, "{end:02x}");
            assert_eq!(kind(&[end, 0x5b, op]), Code::Delegates, "{end:02x}");
            assert_eq!(kind(&[end, 0x60, 0x5b, op]), Code::Contract, "{end:02x}");
        }
        // A jump that may not be taken, and a call that returns, end nothing.
        for goes_on in [0x57u8, 0xf1, 0xfa, 0xf0, 0xf5, 0x55] {
            assert_eq!(kind(&[goes_on, op]), Code::Delegates, "{goes_on:02x}");
        }
    }
}

/// The metadata that Solidity leaves behind `INVALID` holds any bytes.
#[test]
fn what_compilers_leave_behind_is_no_code() {
    let mut code = hex!("6080604052fe").to_vec();
    code.extend(hex!(
        "a2646970667358221220f4f2f4f2f4f2f4f264736f6c634300081e0033"
    ));
    assert_eq!(kind(&code), Code::Contract);
}

/// Runs code as a chain does, as far as control goes: every jump may land anywhere it is allowed to.
fn comes_to_delegation(code: &[u8]) -> bool {
    let mut begins = vec![false; code.len()];
    let mut at = 0;
    while at < code.len() {
        begins[at] = true;
        at += match code[at] {
            push @ 0x60..=0x7f => usize::from(push - 0x5f) + 1,
            _ => 1,
        };
    }
    let mut open: Vec<usize> = vec![0];
    open.extend((0..code.len()).filter(|at| begins[*at] && code[*at] == 0x5b));
    open.into_iter().any(|mut at| {
        while at < code.len() {
            match code[at] {
                0xf2 | 0xf4 => return true,
                0x00 | 0x56 | 0xf3 | 0xfd | 0xfe | 0xff => return false,
                push @ 0x60..=0x7f => at += usize::from(push - 0x5f),
                _ => {}
            }
            at += 1;
        }
        false
    })
}

proptest! {
    #[test]
    fn one_pass_finds_what_a_walk_over_every_jump_finds(
        code in prop::collection::vec(
            prop_oneof![
                Just(0xf4u8), Just(0xf2), Just(0x5b), Just(0x56), Just(0x57), Just(0x00), Just(0xfd), Just(0x60), Just(0x61), any::<u8>()
            ],
            1..60,
        )
    ) {
        prop_assume!(code[0] != 0xef);
        let expected = if comes_to_delegation(&code) { Code::Delegates } else { Code::Contract };
        prop_assert_eq!(kind(&code), expected);
    }
}

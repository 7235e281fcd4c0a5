//! Depth, ink and memory: a program that asks for too much fails, and the node lives on.

use super::programs;
use agentcity_test_fixtures::{Node, Sender, Settings, program::deploy_wat};
use alloy::primitives::{TxKind, U256};

fn set_up() -> (Node, Sender) {
    let node = Node::devnode(&Settings::default());
    let alice = Sender::new(&node, "alice").unwrap();
    (node, alice)
}

fn lives(alice: &mut Sender) {
    alice.rpc.block_number().expect("the node answers");
}

#[test]
fn a_hundred_and_twenty_seven_frames_of_programs_nest_and_the_pages_end_it_there() {
    // Open pages are counted over the whole transaction, and their price grows exponentially towards the limit of 128:
    // one page each, and some thirty million gas for them.
    let node = Node::devnode(&Settings {
        gas_limit: 1_000_000_000,
        ..Settings::default()
    });
    let mut alice = Sender::new(&node, "alice").unwrap();
    let nested = deploy_wat(&mut alice, &programs::nested()).unwrap();
    for deeper in [0u32, 1, 100, 126] {
        let answer = alice
            .call_with(nested, &deeper.to_le_bytes(), Some(900_000_000))
            .unwrap();
        assert_eq!(answer[..], (deeper + 1).to_le_bytes(), "{deeper}");
    }
    let outcome = alice
        .send_with(
            TxKind::Call(nested),
            U256::ZERO,
            126u32.to_le_bytes().into(),
            900_000_000,
        )
        .unwrap();
    assert!(outcome.succeeded);
    assert!(
        alice
            .call_with(nested, &128u32.to_le_bytes(), Some(900_000_000))
            .is_err()
    );
    lives(&mut alice);
}

#[test]
fn recursion_without_end_stops_at_the_gas_or_the_depth_and_the_node_lives() {
    let (_node, mut alice) = set_up();
    let nested = deploy_wat(&mut alice, &programs::nested()).unwrap();
    // 63/64 of the gas goes down each time: the innermost frame fails, and so does every one above.
    assert!(
        alice
            .call_with(nested, &u32::MAX.to_le_bytes(), Some(100_000_000))
            .is_err()
    );
    lives(&mut alice);
}

#[test]
fn a_program_without_end_runs_out_of_ink_and_pays_all_its_gas() {
    let (_node, mut alice) = set_up();
    let endless = deploy_wat(&mut alice, &programs::endless()).unwrap();
    let outcome = alice
        .send_with(
            TxKind::Call(endless),
            U256::ZERO,
            Default::default(),
            2_000_000,
        )
        .unwrap();
    assert_eq!((outcome.succeeded, outcome.gas_used), (false, 2_000_000));
    let refusal = alice.call(endless, &[]).unwrap_err();
    assert!(
        refusal.message().to_lowercase().contains("gas"),
        "{refusal}"
    );
    lives(&mut alice);
}

#[test]
fn memory_is_paid_by_the_page_and_ends_at_the_limit() {
    let (_node, mut alice) = set_up();
    let grower = deploy_wat(&mut alice, &programs::grower()).unwrap();
    let grow = |alice: &mut Sender, pages: u32| {
        alice
            .send_with(
                TxKind::Call(grower),
                U256::ZERO,
                pages.to_le_bytes().into(),
                30_000_000,
            )
            .unwrap()
    };
    let [none, one, two] = [0, 1, 2].map(|pages| grow(&mut alice, pages));
    assert!(none.succeeded && one.succeeded && two.succeeded);
    // Two pages are free: one is there, so the first more is free and the second costs 1,000 gas (and 31 by the
    // exponential table). A byte of calldata that is not zero costs 12 more; growing by nothing costs a host call of
    // 8,400 ink, which growing by a page does not.
    assert!(
        (11..=12).contains(&(one.gas_used - none.gas_used)),
        "{none:?} {one:?}"
    );
    assert!(
        (1_000..1_100).contains(&(two.gas_used - one.gas_used)),
        "{one:?} {two:?}"
    );

    for pages in [128, 10_000, 65_535, u32::MAX] {
        let input = pages.to_le_bytes();
        match alice.call_with(grower, &input, Some(30_000_000)) {
            Err(_) => {}
            Ok(answer) => assert_eq!(
                answer[..],
                u32::MAX.to_le_bytes(),
                "{pages} pages were given"
            ),
        }
        lives(&mut alice);
    }
}

#[test]
fn many_programs_with_large_memories_in_one_transaction_stay_within_the_machine() {
    let (_node, mut alice) = set_up();
    // 100 pages from the start: the price is exponential, so the block's gas bounds it.
    let text = r#"(module (memory (export "memory") 100 100)
        (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#;
    let large = deploy_wat(&mut alice, text).unwrap();
    let gas = alice
        .estimate(TxKind::Call(large), U256::ZERO, &Default::default())
        .unwrap();
    // 98 pages above the two free ones at 1,000 each, and the exponential part.
    assert!(gas > 21_000 + 98_000, "{gas}");
    assert!(
        alice
            .send(TxKind::Call(large), U256::ZERO, Default::default())
            .unwrap()
            .succeeded
    );
    lives(&mut alice);
}

//! Hand-written contracts that several tests and the bench use.

use crate::evm::{Code, initcode, op};
use alloy::primitives::{B256, Bytes, keccak256};

/// First topic of the event that [`cell`] and [`bursts`] emit.
pub fn stored_topic() -> B256 {
    keccak256("Stored(uint256)")
}

/// What [`cell`] says when it refuses zero: `Error("zero")`, ABI-encoded.
pub fn zero_refusal() -> Bytes {
    let mut data = hex::decode("08c379a0").expect("constant");
    for word in [0x20u8, 4] {
        data.extend([0; 31]);
        data.push(word);
    }
    data.extend(b"zero");
    data.extend([0; 28]);
    data.into()
}

/// Runtime of a contract of one cell.
///
/// Without calldata it returns the cell. With a word it stores the word, emits `Stored(word)` with the sender as second
/// topic, and returns the word; zero is refused with `Error("zero")`.
pub fn cell() -> Bytes {
    let mut code = Code::new();
    let (write, refuse) = (code.label(), code.label());
    let refusal = zero_refusal();
    code.op(op::CALLDATASIZE)
        .jump_if(write)
        .push(0)
        .op(op::SLOAD)
        .push(0)
        .op(op::MSTORE)
        .return_memory(0, 32)
        .place(write)
        .push(0)
        .op(op::CALLDATALOAD)
        .ops(&[op::DUP1, op::ISZERO])
        .jump_if(refuse)
        .op(op::DUP1)
        .sstore_top(0)
        .push(0)
        .op(op::MSTORE)
        .op(op::CALLER)
        .push_word(stored_topic())
        .push(32)
        .push(0)
        .op(op::LOG0 + 2)
        .return_memory(0, 32)
        .place(refuse)
        .store_bytes(0, &refusal)
        .push(refusal.len())
        .push(0)
        .op(op::REVERT)
        .build()
}

/// Runtime of a contract that emits `Stored(i)` as many times as the first word of the calldata says.
pub fn bursts() -> Bytes {
    counted(|code| {
        code.op(op::DUP1)
            .push(0)
            .op(op::MSTORE)
            .push_word(stored_topic())
            .push(32)
            .push(0)
            .op(op::LOG1)
    })
}

/// Runtime of a contract that reads, changes and writes as many storage slots as the first word of the calldata says.
pub fn storage_loop() -> Bytes {
    counted(|code| {
        code.ops(&[op::DUP1, op::SLOAD])
            .push(1)
            .ops(&[op::ADD, op::DUP2, op::SSTORE])
    })
}

/// Runtime of a contract that never stops.
pub fn endless() -> Bytes {
    let mut code = Code::new();
    let again = code.label();
    code.place(again).jump(again).build()
}

/// Creation code of `runtime`.
pub fn creation(runtime: &[u8]) -> Bytes {
    initcode(runtime)
}

/// Runs `body` with the counter on top of the stack, from the first word of the calldata down to one.
fn counted(body: impl FnOnce(Code) -> Code) -> Bytes {
    let mut code = Code::new();
    let (again, end) = (code.label(), code.label());
    let code = code
        .push(0)
        .op(op::CALLDATALOAD)
        .place(again)
        .ops(&[op::DUP1, op::ISZERO])
        .jump_if(end);
    body(code)
        .push(1)
        .ops(&[op::SWAP1, op::SUB])
        .jump(again)
        .place(end)
        .op(op::STOP)
        .build()
}

//! A small EVM assembler: contracts of tests and benches, written where they are used.
//!
//! Solidity stays the language of contracts that people read; here a test needs one opcode at one place, and its gas.

use alloy::primitives::{Address, B256, Bytes, U256};

/// Opcodes by name.
pub mod op {
    #![allow(missing_docs)]
    pub const STOP: u8 = 0x00;
    pub const ADD: u8 = 0x01;
    pub const MUL: u8 = 0x02;
    pub const SUB: u8 = 0x03;
    pub const DIV: u8 = 0x04;
    pub const SDIV: u8 = 0x05;
    pub const MOD: u8 = 0x06;
    pub const SMOD: u8 = 0x07;
    pub const ADDMOD: u8 = 0x08;
    pub const MULMOD: u8 = 0x09;
    pub const EXP: u8 = 0x0a;
    pub const SIGNEXTEND: u8 = 0x0b;
    pub const LT: u8 = 0x10;
    pub const GT: u8 = 0x11;
    pub const SLT: u8 = 0x12;
    pub const SGT: u8 = 0x13;
    pub const EQ: u8 = 0x14;
    pub const ISZERO: u8 = 0x15;
    pub const AND: u8 = 0x16;
    pub const OR: u8 = 0x17;
    pub const XOR: u8 = 0x18;
    pub const NOT: u8 = 0x19;
    pub const BYTE: u8 = 0x1a;
    pub const SHL: u8 = 0x1b;
    pub const SHR: u8 = 0x1c;
    pub const SAR: u8 = 0x1d;
    pub const KECCAK256: u8 = 0x20;
    pub const ADDRESS: u8 = 0x30;
    pub const BALANCE: u8 = 0x31;
    pub const ORIGIN: u8 = 0x32;
    pub const CALLER: u8 = 0x33;
    pub const CALLVALUE: u8 = 0x34;
    pub const CALLDATALOAD: u8 = 0x35;
    pub const CALLDATASIZE: u8 = 0x36;
    pub const CALLDATACOPY: u8 = 0x37;
    pub const CODESIZE: u8 = 0x38;
    pub const CODECOPY: u8 = 0x39;
    pub const GASPRICE: u8 = 0x3a;
    pub const EXTCODESIZE: u8 = 0x3b;
    pub const EXTCODECOPY: u8 = 0x3c;
    pub const RETURNDATASIZE: u8 = 0x3d;
    pub const RETURNDATACOPY: u8 = 0x3e;
    pub const EXTCODEHASH: u8 = 0x3f;
    pub const COINBASE: u8 = 0x41;
    pub const TIMESTAMP: u8 = 0x42;
    pub const NUMBER: u8 = 0x43;
    pub const GASLIMIT: u8 = 0x45;
    pub const CHAINID: u8 = 0x46;
    pub const SELFBALANCE: u8 = 0x47;
    pub const BASEFEE: u8 = 0x48;
    pub const POP: u8 = 0x50;
    pub const MLOAD: u8 = 0x51;
    pub const MSTORE: u8 = 0x52;
    pub const MSTORE8: u8 = 0x53;
    pub const SLOAD: u8 = 0x54;
    pub const SSTORE: u8 = 0x55;
    pub const JUMP: u8 = 0x56;
    pub const JUMPI: u8 = 0x57;
    pub const PC: u8 = 0x58;
    pub const MSIZE: u8 = 0x59;
    pub const GAS: u8 = 0x5a;
    pub const JUMPDEST: u8 = 0x5b;
    pub const TLOAD: u8 = 0x5c;
    pub const TSTORE: u8 = 0x5d;
    pub const MCOPY: u8 = 0x5e;
    pub const DUP1: u8 = 0x80;
    pub const DUP2: u8 = 0x81;
    pub const SWAP1: u8 = 0x90;
    pub const LOG0: u8 = 0xa0;
    pub const LOG1: u8 = 0xa1;
    pub const CREATE: u8 = 0xf0;
    pub const CALL: u8 = 0xf1;
    pub const CALLCODE: u8 = 0xf2;
    pub const RETURN: u8 = 0xf3;
    pub const DELEGATECALL: u8 = 0xf4;
    pub const CREATE2: u8 = 0xf5;
    pub const STATICCALL: u8 = 0xfa;
    pub const REVERT: u8 = 0xfd;
    pub const INVALID: u8 = 0xfe;
    pub const SELFDESTRUCT: u8 = 0xff;
}

/// A place in the code that jumps may name before it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(usize);

/// Code under construction. Methods chain; [`Code::build`] resolves the jumps.
#[derive(Clone, Debug, Default)]
pub struct Code {
    bytes: Vec<u8>,
    labels: Vec<Option<usize>>,
    jumps: Vec<(usize, Label)>,
}

impl Code {
    /// No code.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one opcode.
    pub fn op(mut self, opcode: u8) -> Self {
        self.bytes.push(opcode);
        self
    }

    /// Appends opcodes.
    pub fn ops(mut self, opcodes: &[u8]) -> Self {
        self.bytes.extend_from_slice(opcodes);
        self
    }

    /// Pushes a number with the shortest PUSH (PUSH1 for zero).
    pub fn push(self, value: impl TryInto<U256, Error: std::fmt::Debug>) -> Self {
        let value: U256 = value.try_into().expect("a non-negative number");
        let bytes = value.to_be_bytes_trimmed_vec();
        if bytes.is_empty() {
            self.push_bytes(&[0])
        } else {
            self.push_bytes(&bytes)
        }
    }

    /// Pushes an address.
    pub fn push_address(self, address: Address) -> Self {
        self.push_bytes(address.as_slice())
    }

    /// Pushes a word.
    pub fn push_word(self, word: B256) -> Self {
        self.push_bytes(word.as_slice())
    }

    /// Pushes 1 to 32 bytes.
    pub fn push_bytes(mut self, bytes: &[u8]) -> Self {
        assert!(
            (1..=32).contains(&bytes.len()),
            "PUSH of {} bytes",
            bytes.len()
        );
        self.bytes.push(0x5f + bytes.len() as u8);
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// A label to be placed later.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// Places a label: a JUMPDEST.
    pub fn place(mut self, label: Label) -> Self {
        self.labels[label.0] = Some(self.bytes.len());
        self.op(op::JUMPDEST)
    }

    /// Pushes the position of a label.
    pub fn push_label(mut self, label: Label) -> Self {
        self.bytes.push(0x61);
        self.jumps.push((self.bytes.len(), label));
        self.bytes.extend_from_slice(&[0, 0]);
        self
    }

    /// Jumps.
    pub fn jump(self, label: Label) -> Self {
        self.push_label(label).op(op::JUMP)
    }

    /// Jumps when the top of the stack is not zero.
    pub fn jump_if(self, label: Label) -> Self {
        self.push_label(label).op(op::JUMPI)
    }

    /// Runs `body` `times` times; the counter is the top of the stack when the body starts and must be when it ends.
    pub fn repeat(mut self, times: u32, body: impl FnOnce(Self) -> Self) -> Self {
        let again = self.label();
        body(self.push(times).place(again))
            .push(1)
            .op(op::SWAP1)
            .op(op::SUB)
            .op(op::DUP1)
            .jump_if(again)
            .op(op::POP)
    }

    /// Writes bytes into memory at `offset`, by words; the memory after them up to the next word becomes zero.
    pub fn store_bytes(mut self, offset: usize, bytes: &[u8]) -> Self {
        for (index, chunk) in bytes.chunks(32).enumerate() {
            let mut word = [0; 32];
            word[..chunk.len()].copy_from_slice(chunk);
            self = self
                .push_bytes(&word)
                .push(offset + 32 * index)
                .op(op::MSTORE);
        }
        self
    }

    /// SSTORE of constants.
    pub fn sstore(self, key: u64, value: u64) -> Self {
        self.push(value).push(key).op(op::SSTORE)
    }

    /// SSTORE of the top of the stack.
    pub fn sstore_top(self, key: u64) -> Self {
        self.push(key).op(op::SSTORE)
    }

    /// Returns the memory range.
    pub fn return_memory(self, offset: u64, len: u64) -> Self {
        self.push(len).push(offset).op(op::RETURN)
    }

    /// Length so far.
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no code yet.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The code. Panics when a label was used and not placed.
    pub fn build(mut self) -> Bytes {
        for (at, label) in self.jumps {
            let target = self.labels[label.0].expect("every used label is placed") as u16;
            self.bytes[at..at + 2].copy_from_slice(&target.to_be_bytes());
        }
        self.bytes.into()
    }
}

/// Creation code that installs `runtime`.
pub fn initcode(runtime: &[u8]) -> Bytes {
    let mut prelude = vec![0x61];
    prelude.extend_from_slice(&(runtime.len() as u16).to_be_bytes());
    prelude.extend_from_slice(&[
        op::DUP1,
        0x60,
        12,
        0x60,
        0,
        op::CODECOPY,
        0x60,
        0,
        op::RETURN,
    ]);
    debug_assert_eq!(prelude.len(), 12);
    prelude.extend_from_slice(runtime);
    prelude.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushes_the_shortest_form_and_resolves_jumps() {
        let mut code = Code::new();
        let end = code.label();
        let bytes = code
            .push(0)
            .push(0x1234)
            .jump(end)
            .op(op::INVALID)
            .place(end)
            .build();
        assert_eq!(hex::encode(bytes), "600061123461000a56fe5b");
    }

    #[test]
    fn creation_code_ends_with_the_runtime() {
        assert_eq!(hex::encode(initcode(&[0xfe])), "61000180600c6000396000f3fe");
    }
}

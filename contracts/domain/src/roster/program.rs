//! Predicates and verifiers: code that others run during a mission, pinned by its hash (RESOLUTIONS P-05, V-01).
//!
//! INV-ROSTER-07. A hash pins what the account runs, not what that code hands its storage and answer to. So code that can delegate is not
//! approved: proxies, whose own code never changes, and accounts that point at another's code. It is found by one pass over the
//! code, with the chain's own rule for where a jump may land: what is neither fallen into nor jumped to is not code, such as
//! the data that compilers leave behind. The pass errs on the side of refusing.
//!
//! Left open, and the signers' to look at: what approved code *calls* may change (a registry, an oracle), and what compiled
//! programs of this chain import is not seen, since their code is compressed.

// structural file: opcodes and prefixes of code, as the chain defines them

/// How programs of this chain begin.
const STYLUS: [u8; 3] = [0xef, 0xf0, 0x00];
/// With what no contract begins since: other formats, and accounts that point at another's code (EIP-7702).
const RESERVED: u8 = 0xef;

const STOP: u8 = 0x00;
const JUMP: u8 = 0x56;
const JUMPDEST: u8 = 0x5b;
const PUSH_1: u8 = 0x60;
const PUSH_32: u8 = 0x7f;
const CALLCODE: u8 = 0xf2;
const RETURN: u8 = 0xf3;
const DELEGATECALL: u8 = 0xf4;
const REVERT: u8 = 0xfd;
const INVALID: u8 = 0xfe;
const SELFDESTRUCT: u8 = 0xff;

/// What stands at an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Nothing.
    Empty,
    /// A program of this chain, which runs as long as it is activated.
    Program,
    /// A contract that runs what its hash says.
    Contract,
    /// Code that runs another's, or of a form that is not known.
    Delegates,
}

/// What kind of code this is.
#[inline(never)]
pub fn kind(code: &[u8]) -> Code {
    match code.first() {
        None => Code::Empty,
        Some(_) if code.starts_with(&STYLUS) => Code::Program,
        Some(&RESERVED) => Code::Delegates,
        Some(_) if delegates(code) => Code::Delegates,
        Some(_) => Code::Contract,
    }
}

/// Whether an instruction that delegates can be come to.
fn delegates(code: &[u8]) -> bool {
    let (mut runs, mut skip) = (true, 0u8);
    for op in code {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        match *op {
            CALLCODE | DELEGATECALL if runs => return true,
            STOP | JUMP | RETURN | REVERT | INVALID | SELFDESTRUCT => runs = false,
            JUMPDEST => runs = true,
            PUSH_1..=PUSH_32 => skip = *op - PUSH_1 + 1,
            _ => {}
        }
    }
    false
}

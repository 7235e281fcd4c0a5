//! What a program may wait for: questions that only the state, or another frame, can answer.

use alloy_primitives::{Address, B256, Bytes, U256};
use revm::interpreter::CallScheme;

/// A question to the chain. Everything that can be charged and checked without the state has been.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    /// A slot that the cache does not hold.
    Load {
        key: B256,
        dest: u32,
        /// Gas of the cache for this read.
        fee: u64,
    },
    Flush {
        clear: bool,
    },
    TransientLoad {
        key: B256,
        dest: u32,
    },
    TransientStore {
        key: B256,
        value: B256,
    },
    Call(CallRequest),
    Create(CreateRequest),
    Log {
        topics: Vec<B256>,
        data: Bytes,
    },
    Balance {
        of: Address,
        dest: u32,
    },
    Code {
        of: Address,
        offset: u32,
        size: u32,
        dest: u32,
    },
    CodeSize {
        of: Address,
    },
    CodeHash {
        of: Address,
        dest: u32,
    },
    Grow {
        pages: u16,
    },
}

/// A call of another account.
#[derive(Clone, Debug)]
pub(crate) struct CallRequest {
    pub(crate) scheme: CallScheme,
    pub(crate) to: Address,
    pub(crate) value: U256,
    pub(crate) data: Bytes,
    /// Most gas to pass on.
    pub(crate) gas: u64,
    /// Where the length of the output goes.
    pub(crate) len_ptr: u32,
}

/// A creation of an account.
#[derive(Clone, Debug)]
pub(crate) struct CreateRequest {
    pub(crate) code: Bytes,
    pub(crate) value: U256,
    pub(crate) salt: Option<B256>,
    /// Where the address goes.
    pub(crate) address_ptr: u32,
    /// Where the length of the output goes.
    pub(crate) len_ptr: u32,
}

//! One call on its way: what a program sees of the chain.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256, address, keccak256};
use stylus_sdk::stylus_core::*;

use crate::{Answer, Code, World, key};

const ECRECOVER: Address = address!("0x0000000000000000000000000000000000000001");
/// Calls deeper than this fail, as on a chain; the native stack bears far less than 1,024.
const DEPTH_MAX: usize = 48;
/// How a page's creation code begins, but for the length in bytes 1 and 2: the one form that can be created here.
const PAGE_PROLOGUE: [u8; 10] = [0x61, 0, 0, 0x80, 0x60, 0x0a, 0x3d, 0x39, 0x3d, 0xf3];

/// A frame: the account that runs, who called it and with what.
#[derive(Clone, Debug)]
pub struct Frame {
    world: World,
    /// The account that runs.
    pub this: Address,
    /// Who called.
    pub caller: Address,
    /// Coins that came with the call.
    pub value: U256,
    /// Gas the caller set aside; no more than a number here.
    pub gas: u64,
    origin: Address,
    fixed: bool,
    reentrant: bool,
    answer: Rc<RefCell<Vec<u8>>>,
    /// Word and whether it is yet to be written.
    cache: Rc<RefCell<BTreeMap<U256, (B256, bool)>>>,
    /// Whether a static frame tried to change something.
    violated: Rc<RefCell<bool>>,
}

impl Frame {
    pub(crate) fn outermost(world: World, from: Address) -> Self {
        Self {
            world,
            this: from,
            caller: from,
            value: U256::ZERO,
            gas: u64::MAX,
            origin: from,
            fixed: false,
            reentrant: false,
            answer: Rc::default(),
            cache: Rc::default(),
            violated: Rc::default(),
        }
    }

    /// The chain.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Calls as this account; what it did is undone if it reverts.
    pub fn call(&self, to: Address, value: U256, input: &[u8], fixed: bool, gas: u64) -> Answer {
        if to == ECRECOVER {
            return Ok(key::ecrecover(input));
        }
        let before = self.world.mark();
        if before.depth >= DEPTH_MAX || (self.fixed && !value.is_zero()) {
            return Err(Vec::new());
        }
        let Some(rest) = self.world.balance(self.this).checked_sub(value) else {
            return Err(Vec::new());
        };
        self.world.state.borrow_mut().depth += 1;
        if !value.is_zero() {
            self.world.set_balance(self.this, rest);
            self.world.set_balance(to, self.world.balance(to) + value);
        }
        let callee = Self {
            this: to,
            caller: self.this,
            value,
            gas,
            fixed: self.fixed || fixed,
            reentrant: self.this == to,
            answer: Rc::default(),
            cache: Rc::default(),
            violated: Rc::default(),
            ..self.clone()
        };
        let mut outcome = match self.world.code(to) {
            Some(Code::Runs(body, _)) => body(&callee, input),
            Some(Code::Data(_)) | None => Ok(Vec::new()),
        };
        if *callee.violated.borrow() {
            outcome = Err(Vec::new());
        }
        match outcome {
            Ok(_) => self.world.state.borrow_mut().depth -= 1,
            Err(_) => self.world.undo(&before),
        }
        outcome
    }

    /// Reads a word of this account's storage.
    pub fn load(&self, slot: u64) -> B256 {
        self.storage_load_bytes32(U256::from(slot))
    }

    /// Writes a word of this account's storage, at once.
    pub fn store(&self, slot: u64, word: B256) {
        // SAFETY: nothing of Rust's is aliased by the map behind it.
        unsafe { self.storage_cache_bytes32(U256::from(slot), word) };
        self.flush();
    }

    pub(crate) fn flush(&self) {
        StorageAccess::flush_cache(self, false);
    }

    fn may_change(&self) -> bool {
        if self.fixed {
            *self.violated.borrow_mut() = true;
        }
        !self.fixed
    }

    unsafe fn serve(
        &self,
        (to, data, data_len): (*const u8, *const u8, usize),
        value: U256,
        gas: u64,
        fixed: bool,
        outs_len: &mut usize,
    ) -> u8 {
        // SAFETY: the SDK passes an address of 20 bytes and a slice's parts.
        let (to, input) = unsafe {
            (
                Address::from_slice(std::slice::from_raw_parts(to, 20)),
                std::slice::from_raw_parts(data, data_len),
            )
        };
        let outcome = self.call(to, value, input, fixed, gas);
        let status = u8::from(outcome.is_err());
        let answer = outcome.unwrap_or_else(|data| data);
        *outs_len = answer.len();
        *self.answer.borrow_mut() = answer;
        status
    }
}

impl Host for Frame {}

impl CryptographyAccess for Frame {
    fn native_keccak256(&self, input: &[u8]) -> B256 {
        keccak256(input)
    }
}

impl StorageAccess for Frame {
    fn storage_load_bytes32(&self, key: U256) -> B256 {
        if let Some((word, _)) = self.cache.borrow().get(&key) {
            return *word;
        }
        let word = self.world.slot(self.this, key);
        self.world.state.borrow_mut().reads += 1;
        self.cache.borrow_mut().insert(key, (word, false));
        word
    }
    unsafe fn storage_cache_bytes32(&self, key: U256, value: B256) {
        if self.may_change() {
            self.cache.borrow_mut().insert(key, (value, true));
        }
    }
    fn flush_cache(&self, clear: bool) {
        let mut cache = self.cache.borrow_mut();
        for (key, (word, dirty)) in cache.iter_mut().filter(|(_, (_, dirty))| *dirty) {
            self.world.set_slot(self.this, *key, *word);
            *dirty = false;
        }
        if clear {
            cache.clear();
        }
    }
}

impl RawLogAccess for Frame {
    fn emit_log(&self, input: &[u8], num_topics: usize) {
        if !self.may_change() {
            return;
        }
        let (topics, data) = input.split_at(32 * num_topics);
        let topics = topics.chunks(32).map(B256::from_slice).collect();
        let data = LogData::new(topics, data.to_vec().into()).expect("at most four topics");
        self.world.state.borrow_mut().logs.push(Log {
            address: self.this,
            data,
        });
    }
    fn raw_log(&self, topics: &[B256], data: &[u8]) -> Result<(), &'static str> {
        self.emit_log(&[topics.concat().as_slice(), data].concat(), topics.len());
        Ok(())
    }
}

unsafe impl UnsafeCallAccess for Frame {
    unsafe fn call_contract(
        &self,
        to: *const u8,
        data: *const u8,
        data_len: usize,
        value: *const u8,
        gas: u64,
        outs_len: &mut usize,
    ) -> u8 {
        // SAFETY: the SDK passes a word.
        let value = U256::from_be_slice(unsafe { std::slice::from_raw_parts(value, 32) });
        // SAFETY: as above.
        unsafe { self.serve((to, data, data_len), value, gas, false, outs_len) }
    }
    unsafe fn static_call_contract(
        &self,
        to: *const u8,
        data: *const u8,
        data_len: usize,
        gas: u64,
        outs_len: &mut usize,
    ) -> u8 {
        // SAFETY: as above.
        unsafe { self.serve((to, data, data_len), U256::ZERO, gas, true, outs_len) }
    }
    unsafe fn delegate_call_contract(
        &self,
        _: *const u8,
        _: *const u8,
        _: usize,
        _: u64,
        _: &mut usize,
    ) -> u8 {
        panic!("no contract of the city runs foreign code")
    }
}

unsafe impl UnsafeDeploymentAccess for Frame {
    unsafe fn create1(
        &self,
        code: *const u8,
        code_len: usize,
        _endowment: *const u8,
        contract: *mut u8,
        revert_data_len: *mut usize,
    ) {
        // SAFETY: the SDK passes a slice's parts and room for an address and a length.
        let (code, contract) = unsafe {
            *revert_data_len = 0;
            (
                std::slice::from_raw_parts(code, code_len),
                std::slice::from_raw_parts_mut(contract, 20),
            )
        };
        contract.fill(0);
        if !self.may_change() {
            return;
        }
        let (prologue, page) = code.split_at(PAGE_PROLOGUE.len());
        let mut expected = PAGE_PROLOGUE;
        expected[1..3].copy_from_slice(&(page.len() as u16).to_be_bytes());
        assert_eq!(
            prologue, expected,
            "only pages are created here: there is no EVM"
        );
        let nonce = self.world.read(self.this, |account| account.nonce);
        self.world.set_nonce(self.this, nonce + 1);
        let address = self.this.create(nonce);
        // Where something stands already, a creation fails and the nonce is spent.
        if self.world.code(address).is_some() {
            return;
        }
        self.world.data(address, page);
        contract.copy_from_slice(address.as_slice());
    }
    unsafe fn create2(
        &self,
        _: *const u8,
        _: usize,
        _: *const u8,
        _: *const u8,
        _: *mut u8,
        _: *mut usize,
    ) {
        panic!("no contract of the city creates by salt")
    }
}

impl CalldataAccess for Frame {
    fn read_args(&self, _len: usize) -> Vec<u8> {
        panic!("arguments are handed to the router")
    }
    fn read_return_data(&self, offset: usize, size: Option<usize>) -> Vec<u8> {
        let answer = self.answer.borrow();
        let rest = answer.get(offset..).unwrap_or_default();
        rest[..size.unwrap_or(rest.len()).min(rest.len())].to_vec()
    }
    fn return_data_size(&self) -> usize {
        self.answer.borrow().len()
    }
    fn write_result(&self, _data: &[u8]) {}
}

impl BlockAccess for Frame {
    fn block_basefee(&self) -> U256 {
        U256::from(100_000_000)
    }
    fn block_coinbase(&self) -> Address {
        Address::ZERO
    }
    fn block_number(&self) -> u64 {
        1
    }
    fn block_timestamp(&self) -> u64 {
        self.world.now()
    }
    fn block_gas_limit(&self) -> u64 {
        1 << 50
    }
}

impl ChainAccess for Frame {
    fn chain_id(&self) -> u64 {
        self.world.chain_id()
    }
}

impl AccountAccess for Frame {
    fn balance(&self, account: Address) -> U256 {
        self.world.balance(account)
    }
    fn contract_address(&self) -> Address {
        self.this
    }
    fn code(&self, account: Address) -> Vec<u8> {
        match self.world.code(account) {
            Some(Code::Data(code)) => code.to_vec(),
            // A program's code is not held here; that there is some is what can be seen.
            Some(Code::Runs(_, hash)) => [&[0xef, 0xf0, 0, 0][..], hash.as_slice()].concat(),
            None => Vec::new(),
        }
    }
    fn code_size(&self, account: Address) -> usize {
        self.code(account).len()
    }
    fn code_hash(&self, account: Address) -> B256 {
        match self.world.code(account) {
            Some(Code::Data(code)) => keccak256(code),
            Some(Code::Runs(_, hash)) => hash,
            None if self.world.balance(account).is_zero() => B256::ZERO,
            None => keccak256(Bytes::new()),
        }
    }
}

impl MemoryAccess for Frame {
    fn pay_for_memory_grow(&self, _pages: u16) {}
}

impl MessageAccess for Frame {
    fn msg_reentrant(&self) -> bool {
        self.reentrant
    }
    fn msg_sender(&self) -> Address {
        self.caller
    }
    fn msg_value(&self) -> U256 {
        self.value
    }
    fn tx_origin(&self) -> Address {
        self.origin
    }
}

impl MeteringAccess for Frame {
    fn evm_gas_left(&self) -> u64 {
        self.gas
    }
    fn evm_ink_left(&self) -> u64 {
        self.gas.saturating_mul(10_000)
    }
    fn tx_gas_price(&self) -> U256 {
        U256::from(100_000_000)
    }
    fn tx_ink_price(&self) -> u32 {
        10_000
    }
}

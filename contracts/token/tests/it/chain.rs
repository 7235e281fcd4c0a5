//! One deployed token and the accounts around it. The SDK's `TestVM` tells block, chain and caller; storage, logs and
//! the accounts that the token asks are kept here, because a chain undoes what reverted, and recovers signatures.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use agentcity_abi::ISettlementToken as wire;
use agentcity_token::storage::SettlementToken;
use alloy_primitives::{Address, B256, Log, LogData, U256, address, hex, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent, SolValue};
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use stylus_sdk::{
    abi::{CONSTRUCTOR_SELECTOR, router_entrypoint},
    host::VM,
    stylus_core::*,
    testing::TestVM,
};

pub(crate) const TOKEN: Address = address!("0x70ce000000000000000000000000000000000001");
pub(crate) const MINTER: Address = address!("0x3141000000000000000000000000000000000002");
pub(crate) const BOB: Address = address!("0xb0b0000000000000000000000000000000000003");
pub(crate) const CARA: Address = address!("0xca7a000000000000000000000000000000000004");
pub(crate) const CHAIN_ID: u64 = 412_346;
pub(crate) const NOW: u64 = 1_700_000_000;

const ECRECOVER: Address = address!("0x0000000000000000000000000000000000000001");
const MAGIC: [u8; 4] = hex!("1626ba7e");

/// A contract that the token may ask for its signature.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Contract {
    /// Accepts what this address signed.
    WalletOf(Address),
    /// Answers the magic followed by another word.
    AnswersTooMuch,
    /// Answers the four bytes of the magic alone.
    AnswersTooLittle,
    /// Answers the magic with other bytes behind it.
    AnswersAlmost,
    /// Reverts with the magic.
    RevertsWithMagic,
    /// Accepts everything, for more gas than it is given.
    CostsMoreThan(u64),
}

#[derive(Clone, Debug, Default)]
struct World {
    storage: BTreeMap<U256, B256>,
    logs: Vec<Log>,
    contracts: BTreeMap<Address, Contract>,
    answer: Vec<u8>,
}

/// The chain around one token.
#[derive(Clone)]
pub(crate) struct Chain {
    pub(crate) vm: TestVM,
    world: Rc<RefCell<World>>,
}

impl Chain {
    /// A chain with a token of `MINTER`.
    pub(crate) fn new() -> Self {
        let chain = Self::bare();
        chain
            .construct("City Token", "CITY", 6, MINTER)
            .expect("the token is constructed");
        chain
    }

    /// A chain whose token is not constructed yet.
    pub(crate) fn bare() -> Self {
        let vm = TestVM::new();
        vm.set_contract_address(TOKEN);
        vm.set_chain_id(CHAIN_ID);
        vm.set_block_timestamp(NOW);
        Self {
            vm,
            world: Rc::default(),
        }
    }

    pub(crate) fn construct(
        &self,
        name: &str,
        symbol: &str,
        decimals: u8,
        minter: Address,
    ) -> Result<(), Vec<u8>> {
        let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        input.extend((name, symbol, U256::from(decimals), minter).abi_encode_params());
        self.transact(MINTER, input)
            .map(|answer| assert!(answer.is_empty()))
    }

    /// Calls the token; what it did is undone if it reverts.
    pub(crate) fn transact(&self, caller: Address, input: Vec<u8>) -> Result<Vec<u8>, Vec<u8>> {
        self.vm.set_sender(caller);
        let before = self.world.borrow().clone();
        let host = VM {
            host: Box::new(self.clone()),
        };
        let outcome = router_entrypoint::<SettlementToken, SettlementToken>(input, host);
        if outcome.is_err() {
            *self.world.borrow_mut() = before;
        }
        outcome
    }

    pub(crate) fn call<C: SolCall>(&self, caller: Address, call: C) -> Result<C::Return, Vec<u8>> {
        let answer = self.transact(caller, call.abi_encode())?;
        Ok(C::abi_decode_returns_validate(&answer).expect("return data of the interface's type"))
    }

    /// Calls and expects one particular refusal, values included.
    pub(crate) fn refused<C: SolCall, E: SolError + PartialEq + std::fmt::Debug>(
        &self,
        caller: Address,
        call: C,
        expected: E,
    ) {
        let before = self.world.borrow().storage.clone();
        let data = match self.call(caller, call) {
            Ok(_) => panic!("accepted {}", C::SIGNATURE),
            Err(data) => data,
        };
        assert_eq!(E::abi_decode_validate(&data).expect(E::SIGNATURE), expected);
        assert_eq!(self.world.borrow().storage, before);
    }

    pub(crate) fn mint(&self, to: Address, value: u64) {
        self.call(
            MINTER,
            wire::mintCall {
                to,
                value: U256::from(value),
            },
        )
        .expect("minted");
    }

    pub(crate) fn balance(&self, account: Address) -> u64 {
        self.call(account, wire::balanceOfCall { account })
            .expect("balance")
            .to()
    }

    pub(crate) fn allowance(&self, owner: Address, spender: Address) -> U256 {
        self.call(owner, wire::allowanceCall { owner, spender })
            .expect("allowance")
    }

    pub(crate) fn nonce(&self, owner: Address) -> u64 {
        self.call(owner, wire::noncesCall { owner })
            .expect("nonce")
            .to()
    }

    pub(crate) fn slot(&self, slot: U256) -> B256 {
        self.world
            .borrow()
            .storage
            .get(&slot)
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn set_slot(&self, slot: U256, word: B256) {
        self.world.borrow_mut().storage.insert(slot, word);
    }

    pub(crate) fn slots_written(&self) -> usize {
        self.world.borrow().storage.len()
    }

    pub(crate) fn install(&self, at: Address, contract: Contract) {
        self.world.borrow_mut().contracts.insert(at, contract);
    }

    /// The logs since the last look, as events of one kind.
    pub(crate) fn take_events<E: SolEvent>(&self) -> Vec<E> {
        let logs = std::mem::take(&mut self.world.borrow_mut().logs);
        let decode = |log: &Log| E::decode_log_validate(log).expect(E::SIGNATURE).data;
        logs.iter().map(decode).collect()
    }

    fn answer_to(&self, to: Address, input: &[u8], gas: u64) -> Result<Vec<u8>, Vec<u8>> {
        if to == ECRECOVER {
            return Ok(ecrecover(input));
        }
        let contract = self.world.borrow().contracts.get(&to).copied();
        let yes = B256::right_padding_from(&MAGIC);
        match contract {
            None => Ok(Vec::new()),
            Some(Contract::WalletOf(owner)) => {
                assert_eq!(input[..4], MAGIC);
                let (hash, signature) =
                    <(B256, alloy_primitives::Bytes)>::abi_decode_params_validate(&input[4..])
                        .unwrap();
                assert_eq!(signature.len(), 65);
                let mut recovery = [0; 128];
                recovery[..32].copy_from_slice(hash.as_slice());
                recovery[63] = signature[64];
                recovery[64..].copy_from_slice(&signature[..64]);
                let agreed = ecrecover(&recovery) == owner.into_word().as_slice();
                Ok(if agreed { yes } else { B256::ZERO }.to_vec())
            }
            Some(Contract::AnswersTooMuch) => Ok([yes, B256::ZERO].concat()),
            Some(Contract::AnswersTooLittle) => Ok(MAGIC.to_vec()),
            Some(Contract::AnswersAlmost) => {
                let mut word = yes;
                word[31] = 1;
                Ok(word.to_vec())
            }
            Some(Contract::RevertsWithMagic) => Err(yes.to_vec()),
            Some(Contract::CostsMoreThan(limit)) if gas <= limit => Err(Vec::new()),
            Some(Contract::CostsMoreThan(_)) => Ok(yes.to_vec()),
        }
    }
}

/// A key that signs, and its address.
pub(crate) fn key(seed: u8) -> (SigningKey, Address) {
    let key = SigningKey::from_slice(&[seed; 32]).expect("a scalar");
    let address = address_of(key.verifying_key());
    (key, address)
}

fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_encoded_point(false);
    Address::from_word(keccak256(&point.as_bytes()[1..]))
}

/// The precompile: 32 bytes digest, then v, r and s as words; nothing for what is no signature.
fn ecrecover(input: &[u8]) -> Vec<u8> {
    let recover = || {
        let parity = match U256::from_be_slice(&input[32..64]) {
            v if v == U256::from(27) => false,
            v if v == U256::from(28) => true,
            _ => return None,
        };
        let mut signature = Signature::from_slice(&input[64..128]).ok()?;
        let mut parity = parity;
        // The precompile accepts both forms; this library recovers the lower alone.
        if let Some(lower) = signature.normalize_s() {
            (signature, parity) = (lower, !parity);
        }
        let id = RecoveryId::new(parity, false);
        VerifyingKey::recover_from_prehash(&input[..32], &signature, id).ok()
    };
    recover()
        .map(|key| address_of(&key).into_word().to_vec())
        .unwrap_or_default()
}

impl Host for Chain {}

impl StorageAccess for Chain {
    fn storage_load_bytes32(&self, key: U256) -> B256 {
        self.slot(key)
    }
    unsafe fn storage_cache_bytes32(&self, key: U256, value: B256) {
        self.set_slot(key, value);
    }
    fn flush_cache(&self, _clear: bool) {}
}

impl RawLogAccess for Chain {
    fn emit_log(&self, input: &[u8], num_topics: usize) {
        let (topics, data) = input.split_at(32 * num_topics);
        let topics = topics.chunks(32).map(B256::from_slice).collect();
        let data = LogData::new(topics, data.to_vec().into()).expect("at most four topics");
        self.world.borrow_mut().logs.push(Log {
            address: TOKEN,
            data,
        });
    }
    fn raw_log(&self, topics: &[B256], data: &[u8]) -> Result<(), &'static str> {
        self.emit_log(&[topics.concat().as_slice(), data].concat(), topics.len());
        Ok(())
    }
}

unsafe impl UnsafeCallAccess for Chain {
    unsafe fn static_call_contract(
        &self,
        to: *const u8,
        data: *const u8,
        data_len: usize,
        gas: u64,
        outs_len: &mut usize,
    ) -> u8 {
        // SAFETY: the SDK passes an address of 20 bytes and a slice's parts.
        let (to, input) = unsafe {
            (
                std::slice::from_raw_parts(to, 20),
                std::slice::from_raw_parts(data, data_len),
            )
        };
        let outcome = self.answer_to(Address::from_slice(to), input, gas);
        let status = u8::from(outcome.is_err());
        let answer = outcome.unwrap_or_else(|data| data);
        *outs_len = answer.len();
        self.world.borrow_mut().answer = answer;
        status
    }
    unsafe fn call_contract(
        &self,
        _: *const u8,
        _: *const u8,
        _: usize,
        _: *const u8,
        _: u64,
        _: &mut usize,
    ) -> u8 {
        panic!("the token asks, it never calls")
    }
    unsafe fn delegate_call_contract(
        &self,
        _: *const u8,
        _: *const u8,
        _: usize,
        _: u64,
        _: &mut usize,
    ) -> u8 {
        panic!("the token never runs foreign code")
    }
}

impl CalldataAccess for Chain {
    fn read_args(&self, len: usize) -> Vec<u8> {
        self.vm.read_args(len)
    }
    fn read_return_data(&self, offset: usize, size: Option<usize>) -> Vec<u8> {
        let world = self.world.borrow();
        let rest = world.answer.get(offset..).unwrap_or_default();
        rest[..size.unwrap_or(rest.len()).min(rest.len())].to_vec()
    }
    fn return_data_size(&self) -> usize {
        self.world.borrow().answer.len()
    }
    fn write_result(&self, data: &[u8]) {
        self.vm.write_result(data)
    }
}

unsafe impl UnsafeDeploymentAccess for Chain {
    unsafe fn create1(&self, _: *const u8, _: usize, _: *const u8, _: *mut u8, _: *mut usize) {
        panic!("the token creates no contract")
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
        panic!("the token creates no contract")
    }
}

/// Forwards to `TestVM`.
macro_rules! forward {
    ($($of:ident { $($name:ident($($arg:ident: $ty:ty)?) -> $ret:ty),* $(,)? })*) => {$(
        impl $of for Chain {
            $(fn $name(&self $(, $arg: $ty)?) -> $ret { self.vm.$name($($arg)?) })*
        }
    )*};
}

forward! {
    CryptographyAccess { native_keccak256(input: &[u8]) -> B256 }
    BlockAccess {
        block_basefee() -> U256, block_coinbase() -> Address, block_gas_limit() -> u64,
        block_number() -> u64, block_timestamp() -> u64,
    }
    ChainAccess { chain_id() -> u64 }
    AccountAccess {
        balance(account: Address) -> U256, code(account: Address) -> Vec<u8>, code_hash(account: Address) -> B256,
        code_size(account: Address) -> usize, contract_address() -> Address,
    }
    MemoryAccess { pay_for_memory_grow(pages: u16) -> () }
    MessageAccess {
        msg_sender() -> Address, msg_reentrant() -> bool, msg_value() -> U256, tx_origin() -> Address,
    }
    MeteringAccess {
        evm_gas_left() -> u64, evm_ink_left() -> u64, tx_gas_price() -> U256, tx_ink_price() -> u32,
    }
}

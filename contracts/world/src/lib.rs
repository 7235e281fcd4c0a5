//! An in-process chain on which the contracts' own tests run several of them together.
//!
//! Programs run through their routers, natively; they call each other, create pages, move coins, and what reverts is
//! undone. Signatures are recovered by real arithmetic. There is no EVM and no gas: that is the devnode's part. Each
//! frame has its own storage cache as on a chain, so a program that forgets to write it out before a call is caught.
//!
//! Other accounts (wallets, tokens, hostile receivers) are closures over a [`Frame`], see [`World::install`] and
//! [`token`] and [`predicate`].
//!
//! What all contracts are held to stands here too: [`Alone`] says what every router keeps to, [`roles`] tries each function by each
//! caller of its role table, and [`commands`] draws, runs and counts random commands.

pub mod act;
mod activation;
mod alone;
pub mod commands;
mod frame;
pub mod key;
pub mod predicate;
pub mod roles;
pub mod token;

use std::{cell::RefCell, collections::BTreeMap, fmt, rc::Rc};

use alloy_primitives::{Address, B256, Bytes, Log, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::{
    abi::{Router, router_entrypoint},
    host::VM,
    prelude::{StorageType, TopLevelStorage, ValueDenier},
};

pub use act::Act;
pub use activation::Activation;
pub use alone::Alone;
pub use frame::Frame;
pub use key::{Key, digest_at};

/// What a call answers: return data, or revert data.
pub type Answer = Result<Vec<u8>, Vec<u8>>;

/// Chain id of every world, until changed.
pub const CHAIN_ID: u64 = 412_346;
/// Time of every world when it begins, in unix seconds.
pub const GENESIS: u64 = 1_700_000_000;

type Body = Rc<dyn Fn(&Frame, &[u8]) -> Answer>;

/// What stands at an account.
#[derive(Clone)]
enum Code {
    /// Runs; its code hash is chosen by whoever installed it.
    Runs(Body, B256),
    /// Bytes that nobody runs.
    Data(Bytes),
}

#[derive(Clone, Default)]
struct Account {
    balance: U256,
    nonce: u64,
    code: Option<Code>,
    storage: BTreeMap<U256, B256>,
    /// How often anything of it was changed.
    changes: u64,
}

impl Account {
    /// Keeps a word, and says which it was before.
    fn keep(&mut self, slot: U256, word: B256) -> B256 {
        let before = if word.is_zero() {
            self.storage.remove(&slot)
        } else {
            self.storage.insert(slot, word)
        };
        before.unwrap_or_default()
    }
}

/// How something was before a call changed it.
enum Undo {
    Balance(Address, U256),
    Nonce(Address, u64),
    Code(Address, Option<Code>),
    Slot(Address, U256, B256),
}

struct State {
    accounts: BTreeMap<Address, Account>,
    logs: Vec<Log>,
    now: u64,
    chain_id: u64,
    depth: usize,
    /// Words of storage that calls read, each once a call.
    reads: u64,
    /// What calls that are on their way changed, in order: undoing a call costs what it changed, not what the chain holds.
    journal: Vec<Undo>,
}

/// Where a call began, for undoing it.
struct Mark {
    journal: usize,
    logs: usize,
    depth: usize,
}

/// A chain. Clones are handles to the same one.
#[derive(Clone)]
pub struct World {
    state: Rc<RefCell<State>>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.borrow();
        f.debug_struct("World")
            .field("accounts", &state.accounts.len())
            .field("now", &state.now)
            .finish()
    }
}

impl World {
    /// An empty chain at [`GENESIS`].
    pub fn new() -> Self {
        Self {
            state: Rc::new(RefCell::new(State {
                accounts: BTreeMap::new(),
                logs: Vec::new(),
                now: GENESIS,
                chain_id: CHAIN_ID,
                depth: 0,
                reads: 0,
                journal: Vec::new(),
            })),
        }
    }

    /// Puts a program at `address`; its code hash is keccak256 of `name`.
    pub fn program<P>(&self, address: Address, name: &str)
    where
        P: Router<P> + StorageType + TopLevelStorage + ValueDenier + 'static,
        P: core::borrow::BorrowMut<<P as Router<P>>::Storage>,
    {
        let run = |frame: &Frame, input: &[u8]| {
            let host = VM {
                host: Box::new(frame.clone()),
            };
            let answer = router_entrypoint::<P, P>(input.to_vec(), host);
            frame.flush();
            answer
        };
        self.install(address, keccak256(name), run);
    }

    /// Puts behaviour at `address`.
    pub fn install(
        &self,
        address: Address,
        codehash: B256,
        body: impl Fn(&Frame, &[u8]) -> Answer + 'static,
    ) {
        self.put_code(address, Code::Runs(Rc::new(body), codehash));
    }

    /// Puts bytes at `address`.
    pub fn data(&self, address: Address, code: &[u8]) {
        self.put_code(address, Code::Data(Bytes::copy_from_slice(code)));
    }

    /// A transaction of `from` with `value` coins; undone if it reverts.
    pub fn transact(&self, from: Address, to: Address, value: U256, input: &[u8]) -> Answer {
        {
            let mut state = self.state.borrow_mut();
            assert_eq!(state.depth, 0, "a transaction within another");
            state.journal.clear();
        }
        Frame::outermost(self.clone(), from).call(to, value, input, false, u64::MAX)
    }

    /// Calls a function without coins.
    pub fn call<C: SolCall>(
        &self,
        from: Address,
        to: Address,
        call: C,
    ) -> Result<C::Return, Vec<u8>> {
        self.call_with(from, to, 0, call)
    }

    /// Calls a function with coins.
    pub fn call_with<C: SolCall>(
        &self,
        from: Address,
        to: Address,
        value: u128,
        call: C,
    ) -> Result<C::Return, Vec<u8>> {
        let answer = self.transact(from, to, U256::from(value), &call.abi_encode())?;
        Ok(C::abi_decode_returns_validate(&answer)
            .unwrap_or_else(|e| panic!("return data of {}: {e}: {}", C::SIGNATURE, hex(&answer))))
    }

    /// Calls and expects one particular refusal, values included, and that nothing changed.
    #[track_caller]
    pub fn refused<C: SolCall, E: SolError + PartialEq + fmt::Debug>(
        &self,
        from: Address,
        to: Address,
        value: u128,
        call: C,
        expected: E,
    ) {
        let answer = self.transact(from, to, U256::from(value), &call.abi_encode());
        match answer {
            Ok(_) => panic!("accepted {}, expected {expected:?}", C::SIGNATURE),
            Err(data) => match E::abi_decode_validate(&data) {
                Ok(refusal) => assert_eq!(refusal, expected, "{}", C::SIGNATURE),
                Err(_) => panic!(
                    "{} was refused with {}, expected {expected:?}",
                    C::SIGNATURE,
                    hex(&data)
                ),
            },
        }
    }

    /// Time, in unix seconds.
    pub fn now(&self) -> u64 {
        self.state.borrow().now
    }

    /// Lets `seconds` pass.
    pub fn warp(&self, seconds: u64) {
        self.state.borrow_mut().now += seconds;
    }

    /// Changes the chain id.
    pub fn set_chain_id(&self, chain_id: u64) {
        self.state.borrow_mut().chain_id = chain_id;
    }

    /// Chain id.
    pub fn chain_id(&self) -> u64 {
        self.state.borrow().chain_id
    }

    /// Coins of `address`.
    pub fn balance(&self, address: Address) -> U256 {
        self.read(address, |account| account.balance)
    }

    /// Gives `address` coins out of nothing, or forces them upon it.
    pub fn mint(&self, address: Address, value: u128) {
        self.set_balance(address, self.balance(address) + U256::from(value));
    }

    /// A word of storage.
    pub fn slot(&self, address: Address, slot: U256) -> B256 {
        self.read(address, |account| {
            account.storage.get(&slot).copied().unwrap_or_default()
        })
    }

    /// All words of an account's storage that are not zero.
    pub fn storage(&self, address: Address) -> BTreeMap<U256, B256> {
        self.read(address, |account| account.storage.clone())
    }

    /// How often balance, nonce, code or storage of `address` were written, what was undone counted too. As long as this stays the same,
    /// whatever an account answers out of its storage alone stays the same.
    pub fn changes(&self, address: Address) -> u64 {
        self.read(address, |account| account.changes)
    }

    /// The logs since the last look, those of other events too.
    pub fn take_logs(&self) -> Vec<Log> {
        std::mem::take(&mut self.state.borrow_mut().logs)
    }

    /// The events of one kind since the last look at any logs; others are dropped.
    pub fn take_events<E: SolEvent>(&self) -> Vec<E> {
        self.take_logs()
            .iter()
            .filter(|log| log.topics().first() == Some(&E::SIGNATURE_HASH))
            .map(|log| E::decode_log_validate(log).expect(E::SIGNATURE).data)
            .collect()
    }

    fn read<T: Default>(&self, address: Address, look: impl FnOnce(&Account) -> T) -> T {
        let state = self.state.borrow();
        state.accounts.get(&address).map(look).unwrap_or_default()
    }

    /// Changes an account; `change` says how it was.
    fn change(&self, address: Address, change: impl FnOnce(&mut Account) -> Undo) {
        let mut state = self.state.borrow_mut();
        let account = state.accounts.entry(address).or_default();
        account.changes += 1;
        let undo = change(account);
        if state.depth > 0 {
            state.journal.push(undo);
        }
    }

    fn set_balance(&self, address: Address, balance: U256) {
        self.change(address, |account| {
            Undo::Balance(address, std::mem::replace(&mut account.balance, balance))
        });
    }

    fn set_nonce(&self, address: Address, nonce: u64) {
        self.change(address, |account| {
            Undo::Nonce(address, std::mem::replace(&mut account.nonce, nonce))
        });
    }

    fn put_code(&self, address: Address, code: Code) {
        self.change(address, |account| {
            Undo::Code(address, account.code.replace(code))
        });
        self.set_nonce(address, self.read(address, |account| account.nonce).max(1));
    }

    /// Words of storage that were read since this was last asked, a word once for each call that reads it: work that grows with what is
    /// stored.
    pub fn take_reads(&self) -> u64 {
        std::mem::take(&mut self.state.borrow_mut().reads)
    }

    /// Writes a word of storage; undone with the call it is written in.
    pub fn set_slot(&self, address: Address, slot: U256, word: B256) {
        self.change(address, |account| {
            Undo::Slot(address, slot, account.keep(slot, word))
        });
    }

    fn code(&self, address: Address) -> Option<Code> {
        self.read(address, |account| account.code.clone())
    }

    /// Where the chain stands before a call.
    fn mark(&self) -> Mark {
        let state = self.state.borrow();
        Mark {
            journal: state.journal.len(),
            logs: state.logs.len(),
            depth: state.depth,
        }
    }

    /// Undoes everything since.
    fn undo(&self, mark: &Mark) {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        for undo in state.journal.drain(mark.journal..).rev() {
            let (Undo::Balance(address, _)
            | Undo::Nonce(address, _)
            | Undo::Code(address, _)
            | Undo::Slot(address, ..)) = undo;
            let account = state.accounts.entry(address).or_default();
            account.changes += 1;
            match undo {
                Undo::Balance(_, balance) => account.balance = balance,
                Undo::Nonce(_, nonce) => account.nonce = nonce,
                Undo::Code(_, code) => account.code = code,
                Undo::Slot(_, slot, word) => {
                    account.keep(slot, word);
                }
            }
        }
        state.logs.truncate(mark.logs);
        state.depth = mark.depth;
    }
}

fn hex(data: &[u8]) -> String {
    Bytes::copy_from_slice(data).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Address = Address::repeat_byte(0xa1);
    const B: Address = Address::repeat_byte(0xb2);
    const ME: Address = Address::repeat_byte(0x11);

    /// Stores the first word of its input, then reverts if the second byte behind it is set.
    fn cell(frame: &Frame, input: &[u8]) -> Answer {
        frame.store(0, B256::from_slice(&input[..32]));
        if input.get(32) == Some(&1) {
            return Err(vec![7]);
        }
        Ok(Vec::new())
    }

    #[test]
    fn what_reverts_is_undone_with_its_coins() {
        let world = World::new();
        world.install(A, B256::ZERO, cell);
        world.mint(ME, 10);
        let word = B256::repeat_byte(5);
        let bad = [word.as_slice(), &[1]].concat();
        assert_eq!(world.transact(ME, A, U256::from(4), &bad), Err(vec![7]));
        assert_eq!(world.balance(ME), U256::from(10));
        assert_eq!(world.slot(A, U256::ZERO), B256::ZERO);
        assert!(
            world
                .transact(ME, A, U256::from(4), word.as_slice())
                .is_ok()
        );
        assert_eq!(world.balance(A), U256::from(4));
        assert_eq!(world.slot(A, U256::ZERO), word);
        assert!(
            world
                .transact(ME, A, U256::from(7), word.as_slice())
                .is_err()
        );
    }

    #[test]
    fn whatever_writes_is_counted_and_what_only_reads_is_not() {
        let world = World::new();
        world.install(A, B256::ZERO, cell);
        world.install(B, B256::ZERO, |frame, _| Ok(frame.load(1).to_vec()));
        let word = B256::repeat_byte(5);
        let bad = [word.as_slice(), &[1]].concat();
        for (to, input, value, counts) in [
            (A, word.as_slice(), 0, true),
            (A, &bad, 0, true),
            (B, &[], 0, false),
            (B, &[], 3, true),
        ] {
            world.mint(ME, value);
            let before = world.changes(to);
            let _ = world.transact(ME, to, U256::from(value), input);
            assert_eq!(world.changes(to) > before, counts, "{to} {value}");
        }
    }

    #[test]
    fn an_inner_revert_undoes_the_inner_call_alone() {
        let world = World::new();
        world.install(A, B256::ZERO, cell);
        world.install(B, B256::ZERO, |frame, input| {
            frame.store(1, B256::repeat_byte(9));
            let _ = frame.call(A, U256::ZERO, input, false, 0);
            Ok(Vec::new())
        });
        let bad = [B256::repeat_byte(5).as_slice(), &[1]].concat();
        assert!(world.transact(ME, B, U256::ZERO, &bad).is_ok());
        assert_eq!(world.slot(A, U256::ZERO), B256::ZERO);
        assert_eq!(world.slot(B, U256::from(1)), B256::repeat_byte(9));
    }

    #[test]
    fn what_an_undone_call_created_and_said_is_gone_and_what_was_there_before_is_back() {
        let world = World::new();
        world.install(A, keccak256("a"), |frame, input| {
            frame.store(1, B256::repeat_byte(3));
            frame.world().data(B, &[0, 1]);
            stylus_sdk::stylus_core::RawLogAccess::emit_log(frame, &[7; 32], 1);
            if input.is_empty() {
                Err(Vec::new())
            } else {
                Ok(Vec::new())
            }
        });
        assert!(world.transact(ME, A, U256::ZERO, &[]).is_err());
        assert!(world.code(B).is_none(), "no code");
        assert_eq!(world.slot(A, U256::from(1)), B256::ZERO);
        assert!(world.take_logs().is_empty(), "no log");
        assert!(world.transact(ME, A, U256::ZERO, &[1]).is_ok());
        assert!(world.code(B).is_some(), "code");
        assert_eq!(world.take_logs().len(), 1);
        assert!(world.transact(ME, A, U256::ZERO, &[]).is_err());
        assert_eq!(world.slot(A, U256::from(1)), B256::repeat_byte(3));
        assert!(world.code(B).is_some(), "still there");
    }

    #[test]
    fn a_static_call_that_writes_fails() {
        let world = World::new();
        world.install(A, B256::ZERO, cell);
        world.install(B, B256::ZERO, |frame, input| {
            frame.call(A, U256::ZERO, input, true, 0)
        });
        let word = B256::repeat_byte(5);
        assert_eq!(
            world.transact(ME, B, U256::ZERO, word.as_slice()),
            Err(Vec::new())
        );
        assert_eq!(world.slot(A, U256::ZERO), B256::ZERO);
    }

    #[test]
    fn keys_sign_what_the_precompile_recovers() {
        let key = Key::of("ann");
        let digest = keccak256("something");
        for signature in [key.sign(digest), key.sign_high(digest)] {
            let mut input = [0; 128];
            input[..32].copy_from_slice(digest.as_slice());
            input[63] = signature[64];
            input[64..].copy_from_slice(&signature[..64]);
            assert_eq!(key::ecrecover(&input), key.address.into_word().to_vec());
        }
        assert!(key::ecrecover(&[0; 128]).is_empty());
    }

    #[test]
    fn an_honest_token_moves_and_a_fee_keeps_one() {
        let world = World::new();
        for (at, manners, arrives) in [
            (A, token::Manners::Honest, 5),
            (B, token::Manners::TakesFee, 4),
        ] {
            token::install(&world, at, manners);
            token::mint(&world, at, ME, 9);
            let call = token_call(5);
            assert!(world.transact(ME, at, U256::ZERO, &call).is_ok());
            assert_eq!(token::balance(&world, at, A), arrives);
            assert_eq!(token::balance(&world, at, ME), 4);
            assert!(
                world.transact(ME, at, U256::ZERO, &call).is_err(),
                "too poor"
            );
        }
    }

    fn token_call(value: u64) -> Vec<u8> {
        let mut call = alloy_primitives::hex!("a9059cbb").to_vec();
        call.extend_from_slice(A.into_word().as_slice());
        call.extend_from_slice(&U256::from(value).to_be_bytes::<32>());
        call
    }
}

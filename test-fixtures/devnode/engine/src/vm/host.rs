//! What a host function works on: the ink and memory of the running program, and the facts of its frame.

use std::{cell::RefCell, rc::Rc};

use agentcity_devnode_program::price::INK_PER_GAS;
use alloy_primitives::{Address, B256, Bytes, U256};
use wasmi::{AsContextMut, Caller, Global, Memory, StoreContextMut, Val};

use super::{request::Request, storage_cache::StorageCache};
use crate::trace::{HostCall, HostCallLog};

/// Why a host function does not simply return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Ink is used up: out of gas.
    OutOfInk,
    /// A pointer leads out of memory: the program fails.
    OutOfBounds,
    /// The host refuses, as a state change in a static call: the program fails.
    Refused(&'static str),
    /// `exit_early` with this status.
    Exit(u32),
    /// The answer needs the state or another frame; [`HostState::request`] says what.
    Await,
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OutOfInk => f.write_str("out of ink"),
            Self::OutOfBounds => f.write_str("pointer out of bounds"),
            Self::Refused(why) => f.write_str(why),
            Self::Exit(status) => write!(f, "exit with status {status}"),
            Self::Await => f.write_str("waiting for the chain"),
        }
    }
}

impl wasmi::errors::HostError for Stop {}

/// Facts that hold for the whole transaction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Env {
    pub(crate) base_fee: U256,
    pub(crate) chain_id: u64,
    pub(crate) coinbase: Address,
    pub(crate) gas_limit: u64,
    pub(crate) number: u64,
    pub(crate) timestamp: u64,
    pub(crate) gas_price: U256,
    pub(crate) origin: Address,
}

/// Facts of one frame.
#[derive(Clone, Debug)]
pub(crate) struct FrameFacts {
    pub(crate) address: Address,
    pub(crate) sender: Address,
    pub(crate) value: U256,
    pub(crate) args: Bytes,
    pub(crate) is_static: bool,
    pub(crate) reentrant: bool,
    pub(crate) depth: usize,
    /// Count of Stylus frames entered before this one.
    pub(crate) index: usize,
}

/// Host calls of a transaction, shared by its frames.
pub(crate) type HostCalls = Rc<RefCell<HostCallLog>>;

/// The host call being recorded.
#[derive(Debug)]
struct Recorder {
    calls: HostCalls,
    name: &'static str,
    start_ink: u64,
    args: Vec<u8>,
    outs: Vec<u8>,
}

/// Everything the host keeps for one Stylus frame.
#[derive(Debug)]
pub(crate) struct HostState {
    pub(crate) env: Rc<Env>,
    pub(crate) frame: FrameFacts,
    pub(crate) cache: StorageCache,
    /// Output of the last call this frame made.
    pub(crate) return_data: Bytes,
    /// What `write_result` left.
    pub(crate) output: Bytes,
    /// What the program waits for after [`Stop::Await`].
    pub(crate) request: Option<Request>,
    memory: Option<Memory>,
    ink: Option<Global>,
    recorder: Option<Recorder>,
}

impl HostState {
    pub(crate) fn new(env: Rc<Env>, frame: FrameFacts, calls: Option<HostCalls>) -> Self {
        Self {
            env,
            frame,
            cache: StorageCache::default(),
            return_data: Bytes::new(),
            output: Bytes::new(),
            request: None,
            memory: None,
            ink: None,
            recorder: calls.map(|calls| Recorder {
                calls,
                name: "",
                start_ink: 0,
                args: Vec::new(),
                outs: Vec::new(),
            }),
        }
    }

    /// Connects the instance; nothing works before.
    pub(crate) fn attach(&mut self, memory: Memory, ink: Global) {
        self.memory = Some(memory);
        self.ink = Some(ink);
    }
}

/// A host function at work.
pub(crate) struct Host<'a> {
    store: StoreContextMut<'a, HostState>,
}

impl<'a> Host<'a> {
    pub(crate) fn new(store: StoreContextMut<'a, HostState>) -> Self {
        Self { store }
    }

    pub(crate) fn state(&mut self) -> &mut HostState {
        self.store.data_mut()
    }

    pub(crate) fn ink_left(&self) -> u64 {
        match self.store.data().ink.map(|ink| ink.get(&self.store)) {
            Some(Val::I64(ink)) => ink as u64,
            _ => 0,
        }
    }

    pub(crate) fn set_ink(&mut self, ink: u64) {
        // One short of what forbidden pages cost, so that not even saturated ink buys them.
        let ink = ink.min(u64::MAX - 1);
        if let Some(global) = self.store.data().ink {
            global
                .set(&mut self.store, Val::I64(ink as i64))
                .expect("the instrumentation makes this global a mutable i64");
        }
    }

    pub(crate) fn gas_left(&self) -> u64 {
        self.ink_left() / INK_PER_GAS
    }

    /// Takes ink.
    pub(crate) fn charge(&mut self, ink: u64) -> Result<(), Stop> {
        match self.ink_left().checked_sub(ink) {
            Some(left) => {
                self.set_ink(left);
                Ok(())
            }
            None => {
                self.set_ink(0);
                Err(Stop::OutOfInk)
            }
        }
    }

    /// Takes gas.
    pub(crate) fn charge_gas(&mut self, gas: u64) -> Result<(), Stop> {
        self.charge(gas.saturating_mul(INK_PER_GAS))
    }

    /// Gives gas back that a call did not use.
    pub(crate) fn credit_gas(&mut self, gas: u64) {
        let ink = gas.saturating_mul(INK_PER_GAS);
        self.set_ink(self.ink_left().saturating_add(ink));
    }

    /// Checks that so much gas is left, without taking it.
    pub(crate) fn require_gas(&mut self, gas: u64) -> Result<(), Stop> {
        if self.ink_left() < gas.saturating_mul(INK_PER_GAS) {
            self.set_ink(0);
            return Err(Stop::OutOfInk);
        }
        Ok(())
    }

    pub(crate) fn read(&self, ptr: u32, len: u32) -> Result<&[u8], Stop> {
        let memory = self.store.data().memory.ok_or(Stop::OutOfBounds)?;
        let start = ptr as usize;
        let end = start.checked_add(len as usize).ok_or(Stop::OutOfBounds)?;
        memory
            .data(&self.store)
            .get(start..end)
            .ok_or(Stop::OutOfBounds)
    }

    pub(crate) fn read_word(&self, ptr: u32) -> Result<B256, Stop> {
        Ok(B256::from_slice(self.read(ptr, 32)?))
    }

    pub(crate) fn read_number(&self, ptr: u32) -> Result<U256, Stop> {
        Ok(U256::from_be_slice(self.read(ptr, 32)?))
    }

    pub(crate) fn read_address(&self, ptr: u32) -> Result<Address, Stop> {
        Ok(Address::from_slice(self.read(ptr, 20)?))
    }

    pub(crate) fn read_bytes(&self, ptr: u32, len: u32) -> Result<Bytes, Stop> {
        Ok(Bytes::copy_from_slice(self.read(ptr, len)?))
    }

    /// The bytes, if the transaction is traced; nothing otherwise.
    pub(crate) fn read_if_traced(&self, ptr: u32, len: u32) -> Result<Bytes, Stop> {
        if self.store.data().recorder.is_none() {
            return Ok(Bytes::new());
        }
        self.read_bytes(ptr, len)
    }

    pub(crate) fn write(&mut self, ptr: u32, data: &[u8]) -> Result<(), Stop> {
        let memory = self.store.data().memory.ok_or(Stop::OutOfBounds)?;
        memory
            .write(&mut self.store, ptr as usize, data)
            .map_err(|_| Stop::OutOfBounds)?;
        self.outs(data);
        Ok(())
    }

    /// Leaves the program until the chain has answered.
    pub(crate) fn wait<T>(&mut self, request: Request) -> Result<T, Stop> {
        self.state().request = Some(request);
        Err(Stop::Await)
    }

    pub(crate) fn refuse_if_static(&mut self, why: &'static str) -> Result<(), Stop> {
        if self.state().frame.is_static {
            return Err(Stop::Refused(why));
        }
        Ok(())
    }

    /// Records arguments, if the transaction is traced.
    pub(crate) fn args(&mut self, data: &[u8]) {
        if let Some(recorder) = &mut self.state().recorder {
            recorder.args.extend_from_slice(data);
        }
    }

    /// Records results, if the transaction is traced.
    pub(crate) fn outs(&mut self, data: &[u8]) {
        if let Some(recorder) = &mut self.state().recorder {
            recorder.outs.extend_from_slice(data);
        }
    }

    fn begin(&mut self, name: &'static str) {
        if self.store.data().recorder.is_none() {
            return;
        }
        let start = self.ink_left();
        if let Some(recorder) = &mut self.state().recorder {
            (recorder.name, recorder.start_ink) = (name, start);
            recorder.args.clear();
            recorder.outs.clear();
        }
    }

    /// Ends the host call that was begun, or that waited for the chain.
    pub(crate) fn end(&mut self) {
        if self.store.data().recorder.is_none() {
            return;
        }
        let end_ink = self.ink_left();
        let state = self.state();
        let (frame, depth, address) = (state.frame.index, state.frame.depth, state.frame.address);
        let Some(recorder) = &mut state.recorder else {
            return;
        };
        recorder.calls.borrow_mut().push(HostCall {
            frame,
            depth,
            address,
            name: recorder.name,
            args: std::mem::take(&mut recorder.args).into(),
            outs: std::mem::take(&mut recorder.outs).into(),
            start_ink: recorder.start_ink,
            end_ink,
        });
    }
}

/// Runs the body of a host function: records it, and turns [`Stop`] into wasmi's error.
pub(crate) fn hook<T>(
    mut caller: Caller<'_, HostState>,
    name: &'static str,
    body: impl FnOnce(&mut Host<'_>) -> Result<T, Stop>,
) -> Result<T, wasmi::Error> {
    let mut host = Host::new(caller.as_context_mut());
    host.begin(name);
    let result = body(&mut host);
    if !matches!(result, Err(Stop::Await)) {
        host.end();
    }
    result.map_err(wasmi::Error::host)
}

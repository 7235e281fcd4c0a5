//! Answers to the requests of a program: storage, logs, accounts, memory, and what to do before and after a call.

use alloy_primitives::{Address, B256, Bytes, Log, LogData};
use revm::{
    context::{ContextError, JournalTr},
    context_interface::host::LoadError,
    handler::FrameResult,
    interpreter::{
        CallInput, CallInputs, CallScheme, CallValue, CreateInputs, CreateScheme, FrameInput, Gas,
        InstructionResult, instructions::contract::load_account_delegated,
    },
    primitives::hardfork::SpecId,
};
use wasmi::{AsContextMut, Store, Val};

use super::{
    host::{Host, HostState, Stop},
    price::{self, CODE_READ, COLD_ACCOUNT, CREATE, CREATE2_WORD, SSTORE_SENTRY, TRANSIENT, WARM},
    request::{CallRequest, CreateRequest, Request},
};
use crate::{context::Ctx, refused::StateError};

/// The part of gas a caller keeps back: one of so many (EIP-150).
const KEPT: u64 = 64;
/// Status of a call that did not succeed, whatever the reason.
const CALL_FAILED: i32 = 2;

/// Error of the chain itself, not of the program.
pub(crate) type Fatal = ContextError<StateError>;

/// What a request leads to.
pub(crate) enum Answer {
    /// The program goes on, with the result of the host function if it has one.
    Resume(Option<Val>),
    /// Another frame runs first.
    Frame(FrameInput, Awaited),
    /// The program ends.
    Stop(Stop),
}

/// What the program gets when the frame it called has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Awaited {
    Call { len_ptr: u32 },
    Create { address_ptr: u32, len_ptr: u32 },
}

/// Ends in a fatal error, or for the program.
enum Halt {
    Fatal(Fatal),
    Stop(Stop),
}

impl From<StateError> for Halt {
    fn from(error: StateError) -> Self {
        Self::Fatal(ContextError::Db(error))
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// Answers a request.
pub(crate) fn serve(
    ctx: &mut Ctx<'_>,
    gas: &mut Gas,
    store: &mut Store<HostState>,
    request: Request,
) -> Result<Answer, Fatal> {
    let mut host = Host::new(store.as_context_mut());
    let answer = match request {
        Request::Call(request) => call(ctx, &mut host, request),
        Request::Create(request) => create(&mut host, request),
        request => plain(ctx, gas, &mut host, request).map(Answer::Resume),
    };
    match answer {
        Ok(Answer::Frame(input, awaited)) => Ok(Answer::Frame(input, awaited)),
        Ok(answer) => {
            host.end();
            Ok(answer)
        }
        Err(Halt::Stop(stop)) => {
            host.end();
            Ok(Answer::Stop(stop))
        }
        Err(Halt::Fatal(error)) => Err(error),
    }
}

fn plain(
    ctx: &mut Ctx<'_>,
    gas: &mut Gas,
    h: &mut Host<'_>,
    request: Request,
) -> Result<Option<Val>, Halt> {
    let address = h.state().frame.address;
    let journal = &mut ctx.journaled_state;
    match request {
        Request::Load { key, dest, fee } => {
            let load = journal.sload(address, key.into())?;
            let access = if load.is_cold {
                price::COLD_SLOAD
            } else {
                WARM
            };
            let value = B256::from(load.data);
            h.state().cache.learn(key, value);
            h.charge_gas(fee + access + price::API_GAS)?;
            h.write(dest, value.as_slice())?;
        }
        Request::Flush { clear } => flush(ctx, gas, h, clear)?,
        Request::TransientLoad { key, dest } => {
            let value = B256::from(journal.tload(address, key.into()));
            h.charge_gas(TRANSIENT)?;
            h.write(dest, value.as_slice())?;
        }
        Request::TransientStore { key, value } => {
            h.charge_gas(TRANSIENT)?;
            journal.tstore(address, key.into(), value.into());
        }
        Request::Log { topics, data } => {
            let data = LogData::new_unchecked(topics, data);
            journal.log(Log { address, data });
        }
        Request::Balance { of, dest } => {
            let load = journal.load_account(of)?;
            let (balance, cold) = (load.data.info.balance, load.is_cold);
            h.charge_gas(account(cold))?;
            h.write(dest, &balance.to_be_bytes::<32>())?;
        }
        Request::CodeHash { of, dest } => {
            let load = journal.load_account(of)?;
            let info = &load.data.info;
            let hash = if info.is_empty() {
                B256::ZERO
            } else {
                info.code_hash
            };
            h.charge_gas(account(load.is_cold))?;
            h.write(dest, hash.as_slice())?;
        }
        Request::CodeSize { of } => {
            let (code, cold) = code(ctx, of)?;
            h.charge_gas(account(cold) + CODE_READ)?;
            h.outs(&(code.len() as u32).to_be_bytes());
            return Ok(Some(Val::I32(code.len() as i32)));
        }
        Request::Code {
            of,
            offset,
            size,
            dest,
        } => {
            let (code, cold) = code(ctx, of)?;
            h.charge_gas(account(cold) + CODE_READ)?;
            h.charge(price::write(code.len() as u64))?;
            let rest = code.get(offset as usize..).unwrap_or_default();
            let taken = &rest[..rest.len().min(size as usize)];
            if !taken.is_empty() {
                h.write(dest, taken)?;
            }
            return Ok(Some(Val::I32(taken.len() as i32)));
        }
        Request::Grow { pages } => {
            let gas = ctx.chain.pages.add(pages);
            h.charge_gas(gas)?;
        }
        Request::Call(_) | Request::Create(_) => unreachable!("`serve` answers these itself"),
    }
    Ok(None)
}

fn account(cold: bool) -> u64 {
    if cold { COLD_ACCOUNT } else { WARM }
}

fn code(ctx: &mut Ctx<'_>, of: Address) -> Result<(Bytes, bool), Halt> {
    let load = ctx.journaled_state.load_account_with_code(of)?;
    let code = load.data.info.code.as_ref();
    let bytes = code.map(|code| code.original_bytes()).unwrap_or_default();
    Ok((bytes, load.is_cold))
}

/// Writes every dirty slot as SSTORE would.
fn flush(ctx: &mut Ctx<'_>, gas: &mut Gas, h: &mut Host<'_>, clear: bool) -> Result<(), Halt> {
    let address = h.state().frame.address;
    let dirty = h.state().cache.dirty();
    if !dirty.is_empty() {
        h.refuse_if_static("storage written in a static call")?;
    }
    let istanbul = ctx.cfg.spec.is_enabled_in(SpecId::ISTANBUL);
    for (key, value) in dirty {
        if h.gas_left() <= SSTORE_SENTRY {
            h.set_ink(0);
            return Err(Stop::OutOfInk.into());
        }
        let params = &ctx.cfg.gas_params;
        h.charge_gas(params.sstore_static_gas())?;
        let stored = ctx
            .journaled_state
            .sstore(address, key.into(), value.into())?;
        h.charge_gas(params.sstore_dynamic_gas(istanbul, &stored.data, stored.is_cold))?;
        gas.record_refund(params.sstore_refund(istanbul, &stored.data));
    }
    h.state().cache.flushed(clear);
    Ok(())
}

fn call(ctx: &mut Ctx<'_>, h: &mut Host<'_>, request: CallRequest) -> Result<Answer, Halt> {
    let transfers = !request.value.is_zero();
    let spec = ctx.cfg.spec;
    let mut cost = WARM;
    if transfers {
        cost += ctx.cfg.gas_params.transfer_value_cost();
    }
    h.charge_gas(cost)?;
    let creates = request.scheme == CallScheme::Call;
    let left = h.gas_left();
    let (cost, _, bytecode, code_hash) =
        match load_account_delegated(ctx, spec, left, request.to, transfers, creates) {
            Ok(loaded) => loaded,
            Err(LoadError::ColdLoadSkipped) => {
                h.set_ink(0);
                return Err(Stop::OutOfInk.into());
            }
            Err(LoadError::DBError) => {
                let error = std::mem::replace(&mut ctx.error, Ok(()));
                return Err(Halt::Fatal(error.err().unwrap_or_else(|| {
                    ContextError::Custom("reading an account failed without a reason".into())
                })));
            }
        };
    h.charge_gas(cost)?;
    let mut gas_limit = request.gas.min(all_but_one_part(h.gas_left()));
    h.charge_gas(gas_limit)?;
    if transfers {
        gas_limit = gas_limit.saturating_add(ctx.cfg.gas_params.call_stipend());
    }
    let frame = &h.state().frame;
    let (target_address, caller, value) = match request.scheme {
        CallScheme::DelegateCall | CallScheme::CallCode => (
            frame.address,
            frame.sender,
            CallValue::Apparent(frame.value),
        ),
        CallScheme::Call | CallScheme::StaticCall => (
            request.to,
            frame.address,
            CallValue::Transfer(request.value),
        ),
    };
    let inputs = CallInputs {
        input: CallInput::Bytes(request.data),
        return_memory_offset: 0..0,
        gas_limit,
        reservoir: 0,
        bytecode_address: request.to,
        known_bytecode: (code_hash, bytecode),
        target_address,
        caller,
        value,
        scheme: request.scheme,
        is_static: frame.is_static || request.scheme == CallScheme::StaticCall,
        charged_new_account_state_gas: false,
    };
    let len_ptr = request.len_ptr;
    Ok(Answer::Frame(
        FrameInput::Call(Box::new(inputs)),
        Awaited::Call { len_ptr },
    ))
}

fn create(h: &mut Host<'_>, request: CreateRequest) -> Result<Answer, Halt> {
    let mut cost = CREATE;
    if request.salt.is_some() {
        cost += CREATE2_WORD * (request.code.len() as u64).div_ceil(32);
    }
    h.charge_gas(cost)?;
    let gas_limit = all_but_one_part(h.gas_left());
    h.charge_gas(gas_limit)?;
    let scheme = match request.salt {
        Some(salt) => CreateScheme::Create2 { salt: salt.into() },
        None => CreateScheme::Create,
    };
    let caller = h.state().frame.address;
    let inputs = CreateInputs::new(caller, scheme, request.value, request.code, gas_limit, 0);
    let (address_ptr, len_ptr) = (request.address_ptr, request.len_ptr);
    Ok(Answer::Frame(
        FrameInput::Create(Box::new(inputs)),
        Awaited::Create {
            address_ptr,
            len_ptr,
        },
    ))
}

fn all_but_one_part(gas: u64) -> u64 {
    gas - gas / KEPT
}

/// Gives the program what the frame it called returned.
pub(crate) fn returned(
    gas: &mut Gas,
    store: &mut Store<HostState>,
    awaited: Awaited,
    result: FrameResult,
) -> Result<Option<Val>, Stop> {
    let mut host = Host::new(store.as_context_mut());
    let outcome = give(gas, &mut host, awaited, result);
    host.end();
    outcome
}

fn give(
    gas: &mut Gas,
    h: &mut Host<'_>,
    awaited: Awaited,
    result: FrameResult,
) -> Result<Option<Val>, Stop> {
    let status = result.instruction_result();
    if status.is_ok_or_revert() {
        h.credit_gas(result.gas().remaining());
    }
    if status.is_ok() {
        gas.record_refund(result.gas().refunded());
    }
    match (awaited, result) {
        (Awaited::Call { len_ptr }, FrameResult::Call(outcome)) => {
            let output = outcome.result.output;
            h.write(len_ptr, &(output.len() as u32).to_le_bytes())?;
            h.state().return_data = output;
            let code = if status.is_ok() { 0 } else { CALL_FAILED };
            h.outs(&code.to_be_bytes());
            Ok(Some(Val::I32(code)))
        }
        (
            Awaited::Create {
                address_ptr,
                len_ptr,
            },
            FrameResult::Create(outcome),
        ) => {
            let output = if status == InstructionResult::Revert {
                outcome.result.output
            } else {
                Bytes::new()
            };
            let created = outcome.address.filter(|_| status.is_ok());
            h.write(address_ptr, created.unwrap_or_default().as_slice())?;
            h.write(len_ptr, &(output.len() as u32).to_le_bytes())?;
            h.state().return_data = output;
            Ok(None)
        }
        _ => Err(Stop::Refused("a call was answered by a creation")),
    }
}

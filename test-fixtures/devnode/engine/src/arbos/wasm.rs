//! ArbWasm: activation of programs, and what the chain knows of them.

use std::sync::Arc;

use agentcity_devnode_program::{
    Program,
    cost::{MIN_CACHED_INIT, MIN_INIT},
    limits::MAX_STACK_WORDS,
    pack::{self, CodeKind, PackError},
    price::INK_PER_GAS,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use revm::context::JournalTr;

use super::{
    NETWORK_FEE_ACCOUNT, Record,
    abi::ArbWasm::{self as W, ArbWasmCalls as Calls},
    call::{Answer, Call, Fail, error, sentence},
    inactive,
    state::{EXPIRY_DAYS, KEEPALIVE_DAYS, STYLUS_VERSION},
};
use crate::{
    context::Ctx,
    refused::StateError,
    vm::{
        compiled::Compiled,
        pages::{FREE_PAGES, PAGE_GAS, PAGE_LIMIT, PAGE_RAMP},
    },
};

/// Gas of any activation.
pub const ACTIVATION_FIXED_GAS: u64 = 1_659_168;
/// Gas of activation for each byte of WASM. A live chain charges by several sizes, with numbers not published.
pub const ACTIVATION_GAS_PER_BYTE: u64 = 16;
/// Data fee of activation for each byte of native code, in wei, without demand.
pub const DATA_FEE_PER_BYTE: u64 = 82_928_201;
/// Scalar of init costs, percent.
const INIT_COST_SCALAR: u64 = 100;
/// Programs a live chain keeps as cached within a block; see `docs/devnode.md` for why this has no effect here.
const BLOCK_CACHE_SIZE: u16 = 32;

/// Answers a call of ArbWasm.
pub(crate) fn wasm(call: &mut Call<'_, '_>) -> Answer {
    let method: Calls = call.decode()?;
    if !matches!(
        method,
        Calls::activateProgram(_) | Calls::codehashKeepalive(_)
    ) {
        call.unpaid()?;
    }
    Ok(match method {
        Calls::activateProgram(c) => return activate(call, c.program),
        Calls::codehashKeepalive(c) => return keepalive(call, c.codehash),
        Calls::stylusVersion(_) => W::stylusVersionCall::abi_encode_returns(&STYLUS_VERSION),
        Calls::codehashVersion(c) => {
            W::codehashVersionCall::abi_encode_returns(&active(call, c.codehash)?.version)
        }
        Calls::codehashAsmSize(c) => {
            W::codehashAsmSizeCall::abi_encode_returns(&active(call, c.codehash)?.asm_bytes())
        }
        Calls::programVersion(c) => {
            W::programVersionCall::abi_encode_returns(&active_at(call, c.program)?.version)
        }
        Calls::programInitGas(c) => {
            let record = active_at(call, c.program)?;
            let gas_when_cached = MIN_CACHED_INIT + u64::from(record.cached_init_gas);
            W::programInitGasCall::abi_encode_returns(&W::programInitGasReturn {
                gas: gas_when_cached + MIN_INIT + u64::from(record.init_gas),
                gasWhenCached: gas_when_cached,
            })
        }
        Calls::programMemoryFootprint(c) => W::programMemoryFootprintCall::abi_encode_returns(
            &active_at(call, c.program)?.footprint,
        ),
        Calls::programTimeLeft(c) => {
            let now = call.now();
            let left = active_at(call, c.program)?.time_left(now);
            W::programTimeLeftCall::abi_encode_returns(&left)
        }
        Calls::inkPrice(_) => W::inkPriceCall::abi_encode_returns(&(INK_PER_GAS as u32)),
        Calls::maxStackDepth(_) => W::maxStackDepthCall::abi_encode_returns(&MAX_STACK_WORDS),
        Calls::freePages(_) => W::freePagesCall::abi_encode_returns(&FREE_PAGES),
        Calls::pageGas(_) => W::pageGasCall::abi_encode_returns(&PAGE_GAS),
        Calls::pageRamp(_) => W::pageRampCall::abi_encode_returns(&PAGE_RAMP),
        Calls::pageLimit(_) => W::pageLimitCall::abi_encode_returns(&PAGE_LIMIT),
        Calls::minInitGas(_) => W::minInitGasCall::abi_encode_returns(&W::minInitGasReturn {
            gas: MIN_INIT,
            cached: MIN_CACHED_INIT,
        }),
        Calls::initCostScalar(_) => W::initCostScalarCall::abi_encode_returns(&INIT_COST_SCALAR),
        Calls::expiryDays(_) => W::expiryDaysCall::abi_encode_returns(&EXPIRY_DAYS),
        Calls::keepaliveDays(_) => W::keepaliveDaysCall::abi_encode_returns(&KEEPALIVE_DAYS),
        Calls::blockCacheSize(_) => W::blockCacheSizeCall::abi_encode_returns(&BLOCK_CACHE_SIZE),
        Calls::activationGas(_) => W::activationGasCall::abi_encode_returns(&0),
    })
}

/// The record of a program that can run.
pub(super) fn active(call: &mut Call<'_, '_>, codehash: B256) -> Result<Record, Fail> {
    let now = call.now();
    Record::read(call.ctx, codehash)?
        .active(now)
        .map_err(|why| Fail::Revert(inactive(why)))
}

fn active_at(call: &mut Call<'_, '_>, program: Address) -> Result<Record, Fail> {
    let codehash = call.codehash(program)?;
    active(call, codehash)
}

fn activate(call: &mut Call<'_, '_>, at: Address) -> Answer {
    call.begin_write()?;
    call.burn(ACTIVATION_FIXED_GAS)?;
    let code = call.code(at)?;
    let codehash = keccak256(&code);
    if !matches!(
        pack::classify(&code),
        Some(CodeKind::Program | CodeKind::Root)
    ) {
        return error(W::ProgramNotWasm {});
    }
    let now = call.now();
    let before = Record::read(call.ctx, codehash)?;
    if before.active(now).is_ok() {
        return error(W::ProgramUpToDate {});
    }
    let wasm = match wasm_of(call.ctx, &code)? {
        Ok(wasm) => wasm,
        Err(why) => return sentence(format!("program activation failed: {why}")),
    };
    call.burn(ACTIVATION_GAS_PER_BYTE.saturating_mul(wasm.len() as u64))?;
    let module = keccak256(&wasm);
    let compiled = match compile(call.ctx, module, &wasm) {
        Ok(compiled) => compiled,
        Err(why) => return sentence(format!("program activation failed: {why}")),
    };
    let facts = compiled.facts;
    let record = Record {
        version: STYLUS_VERSION,
        init_gas: facts.init_gas,
        cached_init_gas: facts.cached_init_gas,
        footprint: facts.memory_pages,
        activated_at: now,
        asm_kib: facts.asm_bytes.div_ceil(1_024),
        cached: before.cached,
        module,
    };
    let fee = take_fee(call, &record)?;
    record.write(call.ctx, codehash)?;
    call.emit(&W::ProgramActivated {
        codehash,
        moduleHash: module,
        program: at,
        dataFee: fee,
        version: STYLUS_VERSION,
    })?;
    Ok(W::activateProgramCall::abi_encode_returns(
        &W::activateProgramReturn {
            version: STYLUS_VERSION,
            dataFee: fee,
        },
    ))
}

fn keepalive(call: &mut Call<'_, '_>, codehash: B256) -> Answer {
    call.begin_write()?;
    let record = active(call, codehash)?;
    let now = call.now();
    if !record.may_extend(now) {
        let age_in_seconds = record.age(now);
        return error(W::ProgramKeepaliveTooSoon {
            ageInSeconds: age_in_seconds,
        });
    }
    let fee = take_fee(call, &record)?;
    let extended = Record {
        activated_at: now,
        ..record
    };
    extended.write(call.ctx, codehash)?;
    call.emit(&W::ProgramLifetimeExtended {
        codehash,
        dataFee: fee,
    })?;
    Ok(Vec::new())
}

/// Takes the data fee out of the value of the call and gives the rest back.
fn take_fee(call: &mut Call<'_, '_>, record: &Record) -> Result<U256, Fail> {
    let want = U256::from(record.asm_bytes()) * U256::from(DATA_FEE_PER_BYTE);
    let have = call.value;
    let Some(rest) = have.checked_sub(want) else {
        return error(W::ProgramInsufficientValue { have, want });
    };
    call.pay(NETWORK_FEE_ACCOUNT, want)?;
    call.pay(call.caller, rest)?;
    Ok(want)
}

/// The compiled program, from the cache or fresh.
pub(crate) fn compile(
    ctx: &Ctx<'_>,
    module: B256,
    wasm: &[u8],
) -> Result<Arc<Compiled>, crate::vm::compiled::CompileError> {
    let programs = &ctx.chain.programs;
    if let Some(compiled) = programs.get(&module) {
        return Ok(compiled);
    }
    let rules = &ctx.chain.rules;
    let program = Program::check(wasm, rules)?;
    let compiled = Arc::new(Compiled::new(&program, rules)?);
    programs.put(module, compiled.clone());
    Ok(compiled)
}

/// Unpacks the WASM of a program, reading the fragments of a root.
pub(crate) fn wasm_of(
    ctx: &mut Ctx<'_>,
    code: &[u8],
) -> Result<Result<Vec<u8>, PackError>, StateError> {
    if pack::classify(code) != Some(CodeKind::Root) {
        return Ok(pack::unpack_program(code));
    }
    let root = match pack::parse_root(code) {
        Ok(root) => root,
        Err(error) => return Ok(Err(error)),
    };
    let mut codes: Vec<Bytes> = Vec::with_capacity(root.fragments.len());
    for fragment in &root.fragments {
        let load = ctx
            .journaled_state
            .load_account_with_code((*fragment).into())?;
        let code = load.data.info.code.as_ref();
        codes.push(code.map(|code| code.original_bytes()).unwrap_or_default());
    }
    Ok(pack::unpack_fragments(&root, &codes))
}

//! ArbWasmCache: which programs are cached, and so cheaper to enter.
//!
//! The flag belongs to the code hash and lasts until it is evicted. Cache managers (the one of genesis) and the chain
//! owner may change it.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;

use super::{
    Record,
    abi::ArbWasmCache::{self as C, ArbWasmCacheCalls as Calls},
    call::{Answer, Call, sentence},
    wasm::active,
};
use crate::genesis::{CACHE_MANAGER, CHAIN_OWNER};

/// Answers a call of ArbWasmCache.
pub(crate) fn cache(call: &mut Call<'_, '_>) -> Answer {
    call.unpaid()?;
    let method: Calls = call.decode()?;
    Ok(match method {
        Calls::isCacheManager(c) => {
            C::isCacheManagerCall::abi_encode_returns(&(c.manager == CACHE_MANAGER))
        }
        Calls::allCacheManagers(_) => {
            C::allCacheManagersCall::abi_encode_returns(&vec![CACHE_MANAGER])
        }
        Calls::codehashIsCached(c) => {
            let cached = Record::read(call.ctx, c.codehash)?.cached;
            C::codehashIsCachedCall::abi_encode_returns(&cached)
        }
        Calls::cacheCodehash(c) => return set(call, c.codehash, true),
        Calls::evictCodehash(c) => return set(call, c.codehash, false),
        Calls::cacheProgram(c) => {
            let codehash = call.codehash(c.addr)?;
            return set(call, codehash, true);
        }
    })
}

fn set(call: &mut Call<'_, '_>, codehash: B256, cached: bool) -> Answer {
    if !may_cache(call.caller) {
        return sentence("only a cache manager or the chain owner may change the cache");
    }
    call.begin_write()?;
    let record = if cached {
        active(call, codehash)?
    } else {
        Record::read(call.ctx, codehash)?
    };
    if record.cached != cached {
        Record { cached, ..record }.write(call.ctx, codehash)?;
        call.emit(&C::UpdateProgramCache {
            manager: call.caller,
            codehash,
            cached,
        })?;
    }
    Ok(Vec::new())
}

fn may_cache(caller: Address) -> bool {
    caller == CACHE_MANAGER || caller == CHAIN_OWNER
}

//! The functions of `vm_hooks`, as far as they work without the state; the rest become a [`Request`].
//!
//! Each body charges in the order of the schedule: base, checks, copies.

use alloy_primitives::{B256, Bytes, keccak256};
use revm::interpreter::CallScheme;
use wasmi::{Caller, Linker, errors::LinkerError};

use super::{
    hooks_debug, hooks_math,
    host::{Host, HostState, Stop, hook},
    price::{self, API, API_GAS, CACHE_MAX, COLD_ACCOUNT, COLD_SLOAD, HOSTIO, PTR, SSTORE_SENTRY},
    request::{CallRequest, CreateRequest, Request},
};

/// Module of the hooks.
const VM: &str = agentcity_devnode_program::host::VM_HOOKS;
/// Ink that one gas buys.
const INK_PRICE: u32 = agentcity_devnode_program::price::INK_PER_GAS as u32;

type Linked<'a> = Result<&'a mut Linker<HostState>, LinkerError>;
type Call<'a> = Caller<'a, HostState>;

/// Defines every host function of the chain.
pub(crate) fn define(linker: &mut Linker<HostState>, debug: bool) -> Result<(), LinkerError> {
    arguments(linker)?;
    storage(linker)?;
    calls(linker)?;
    accounts(linker)?;
    facts(linker)?;
    hooks_math::define(linker)?;
    if debug {
        hooks_debug::define(linker)?;
    }
    Ok(())
}

fn arguments(linker: &mut Linker<HostState>) -> Linked<'_> {
    linker
        .func_wrap(VM, "read_args", |c: Call<'_>, dest: u32| {
            hook(c, "read_args", |h| {
                let args = h.state().frame.args.clone();
                h.charge(HOSTIO)?;
                h.charge(price::write(args.len() as u64))?;
                h.write(dest, &args)
            })
        })?
        .func_wrap(VM, "write_result", |c: Call<'_>, data: u32, len: u32| {
            hook(c, "write_result", |h| {
                h.charge(HOSTIO)?;
                let output = read_twice(h, data, len)?;
                h.args(&output);
                h.state().output = output;
                Ok(())
            })
        })?
        .func_wrap(VM, "exit_early", |c: Call<'_>, status: u32| {
            hook(c, "exit_early", |h| {
                h.args(&status.to_be_bytes());
                Err::<(), _>(Stop::Exit(status))
            })
        })?
        .func_wrap(VM, "pay_for_memory_grow", |c: Call<'_>, pages: u32| {
            hook(c, "pay_for_memory_grow", |h| {
                h.args(&pages.to_be_bytes());
                if pages == 0 {
                    return h.charge(HOSTIO);
                }
                // The parameter is 16 bits wide; what exceeds it exceeds every limit.
                let pages = u16::try_from(pages).unwrap_or(u16::MAX);
                h.wait::<()>(Request::Grow { pages })
            })
        })?
        .func_wrap(
            VM,
            "native_keccak256",
            |c: Call<'_>, data: u32, len: u32, dest: u32| {
                hook(c, "native_keccak256", |h| {
                    h.charge(price::keccak(len.into()))?;
                    let hash = keccak256(h.read(data, len)?);
                    let input = h.read_if_traced(data, len)?;
                    h.args(&input);
                    h.write(dest, hash.as_slice())
                })
            },
        )
}

fn storage(linker: &mut Linker<HostState>) -> Linked<'_> {
    linker
        .func_wrap(
            VM,
            "storage_load_bytes32",
            |c: Call<'_>, key: u32, dest: u32| {
                hook(c, "storage_load_bytes32", |h| {
                    h.charge(HOSTIO + 2 * PTR)?;
                    h.require_gas(COLD_SLOAD + CACHE_MAX + API_GAS)?;
                    let key = h.read_word(key)?;
                    h.args(key.as_slice());
                    let cache = &mut h.state().cache;
                    let fee = cache.read_gas();
                    match cache.get(&key) {
                        Some(value) => {
                            h.charge_gas(fee)?;
                            h.write(dest, value.as_slice())
                        }
                        None => h.wait::<()>(Request::Load { key, dest, fee }),
                    }
                })
            },
        )?
        .func_wrap(
            VM,
            "storage_cache_bytes32",
            |c: Call<'_>, key: u32, value: u32| {
                hook(c, "storage_cache_bytes32", |h| {
                    h.charge(HOSTIO + 2 * PTR)?;
                    h.require_gas(SSTORE_SENTRY + CACHE_MAX)?;
                    let (key, value) = (h.read_word(key)?, h.read_word(value)?);
                    h.args(key.as_slice());
                    h.args(value.as_slice());
                    let cache = &mut h.state().cache;
                    let fee = cache.write_gas();
                    cache.store(key, value);
                    h.charge_gas(fee)
                })
            },
        )?
        .func_wrap(VM, "storage_flush_cache", |c: Call<'_>, clear: u32| {
            hook(c, "storage_flush_cache", |h| {
                h.charge(HOSTIO + API)?;
                h.require_gas(SSTORE_SENTRY)?;
                let clear = clear != 0;
                h.args(&[clear.into()]);
                h.wait::<()>(Request::Flush { clear })
            })
        })?
        .func_wrap(
            VM,
            "transient_load_bytes32",
            |c: Call<'_>, key: u32, dest: u32| {
                hook(c, "transient_load_bytes32", |h| {
                    h.charge(HOSTIO + 2 * PTR + API)?;
                    let key = h.read_word(key)?;
                    h.args(key.as_slice());
                    h.wait::<()>(Request::TransientLoad { key, dest })
                })
            },
        )?
        .func_wrap(
            VM,
            "transient_store_bytes32",
            |c: Call<'_>, key: u32, value: u32| {
                hook(c, "transient_store_bytes32", |h| {
                    h.charge(HOSTIO + 2 * PTR + API)?;
                    let (key, value) = (h.read_word(key)?, h.read_word(value)?);
                    h.args(key.as_slice());
                    h.args(value.as_slice());
                    h.refuse_if_static("transient store in a static call")?;
                    h.wait::<()>(Request::TransientStore { key, value })
                })
            },
        )
}

/// Arguments the three calls share.
#[derive(Clone, Copy)]
struct CallArgs {
    to: u32,
    data: u32,
    len: u32,
    value: Option<u32>,
    gas: u64,
    len_ptr: u32,
}

fn call(h: &mut Host<'_>, scheme: CallScheme, args: CallArgs) -> Result<u32, Stop> {
    h.charge(HOSTIO + 3 * PTR + API)?;
    let data = read_twice(h, args.data, args.len)?;
    let to = h.read_address(args.to)?;
    let value = match args.value {
        Some(ptr) => h.read_number(ptr)?,
        None => Default::default(),
    };
    h.args(to.as_slice());
    h.args(&args.gas.to_be_bytes());
    if args.value.is_some() {
        h.args(&value.to_be_bytes::<32>());
    }
    h.args(&data);
    if !value.is_zero() {
        h.refuse_if_static("call with value in a static call")?;
    }
    h.wait(Request::Call(CallRequest {
        scheme,
        to,
        value,
        data,
        gas: args.gas,
        len_ptr: args.len_ptr,
    }))
}

/// Arguments the two creations share.
#[derive(Clone, Copy)]
struct CreateArgs {
    code: u32,
    len: u32,
    value: u32,
    salt: Option<u32>,
    address_ptr: u32,
    len_ptr: u32,
}

fn create(h: &mut Host<'_>, args: CreateArgs) -> Result<(), Stop> {
    let pointers = 3 + u64::from(args.salt.is_some());
    h.charge(HOSTIO + pointers * PTR + API)?;
    let code = read_twice(h, args.code, args.len)?;
    let value = h.read_number(args.value)?;
    let salt = args.salt.map(|ptr| h.read_word(ptr)).transpose()?;
    h.args(&value.to_be_bytes::<32>());
    h.args(salt.as_ref().map_or(&[], B256::as_slice));
    h.args(&code);
    h.refuse_if_static("creation in a static call")?;
    h.wait(Request::Create(CreateRequest {
        code,
        value,
        salt,
        address_ptr: args.address_ptr,
        len_ptr: args.len_ptr,
    }))
}

fn calls(linker: &mut Linker<HostState>) -> Linked<'_> {
    linker
        .func_wrap(
            VM,
            "call_contract",
            |c: Call<'_>, to: u32, data: u32, len: u32, value: u32, gas: u64, len_ptr: u32| {
                let value = Some(value);
                let args = CallArgs {
                    to,
                    data,
                    len,
                    value,
                    gas,
                    len_ptr,
                };
                hook(c, "call_contract", |h| call(h, CallScheme::Call, args))
            },
        )?
        .func_wrap(
            VM,
            "delegate_call_contract",
            |c: Call<'_>, to: u32, data: u32, len: u32, gas: u64, len_ptr: u32| {
                let args = CallArgs {
                    to,
                    data,
                    len,
                    value: None,
                    gas,
                    len_ptr,
                };
                hook(c, "delegate_call_contract", |h| {
                    call(h, CallScheme::DelegateCall, args)
                })
            },
        )?
        .func_wrap(
            VM,
            "static_call_contract",
            |c: Call<'_>, to: u32, data: u32, len: u32, gas: u64, len_ptr: u32| {
                let args = CallArgs {
                    to,
                    data,
                    len,
                    value: None,
                    gas,
                    len_ptr,
                };
                hook(c, "static_call_contract", |h| {
                    call(h, CallScheme::StaticCall, args)
                })
            },
        )?
        .func_wrap(
            VM,
            "create1",
            |c: Call<'_>, code: u32, len: u32, value: u32, address_ptr: u32, len_ptr: u32| {
                let args = CreateArgs {
                    code,
                    len,
                    value,
                    salt: None,
                    address_ptr,
                    len_ptr,
                };
                hook(c, "create1", |h| create(h, args))
            },
        )?
        .func_wrap(
            VM,
            "create2",
            |c: Call<'_>,
             code: u32,
             len: u32,
             value: u32,
             salt: u32,
             address_ptr: u32,
             len_ptr: u32| {
                let salt = Some(salt);
                let args = CreateArgs {
                    code,
                    len,
                    value,
                    salt,
                    address_ptr,
                    len_ptr,
                };
                hook(c, "create2", |h| create(h, args))
            },
        )?
        .func_wrap(
            VM,
            "read_return_data",
            |c: Call<'_>, dest: u32, offset: u32, size: u32| {
                hook(c, "read_return_data", |h| {
                    h.charge(HOSTIO + API)?;
                    let data = h.state().return_data.clone();
                    let rest = data.get(offset as usize..).unwrap_or_default();
                    let taken = &rest[..rest.len().min(size as usize)];
                    h.charge(price::write(taken.len() as u64))?;
                    h.args(&offset.to_be_bytes());
                    h.args(&size.to_be_bytes());
                    if !taken.is_empty() {
                        h.write(dest, taken)?;
                    }
                    Ok(taken.len() as u32)
                })
            },
        )?
        .func_wrap(VM, "return_data_size", |c: Call<'_>| {
            hook(c, "return_data_size", |h| {
                h.charge(HOSTIO)?;
                let size = h.state().return_data.len() as u32;
                h.outs(&size.to_be_bytes());
                Ok(size)
            })
        })?
        .func_wrap(
            VM,
            "emit_log",
            |c: Call<'_>, data: u32, len: u32, topics: u32| {
                hook(c, "emit_log", |h| emit_log(h, data, len, topics))
            },
        )
}

fn emit_log(h: &mut Host<'_>, data: u32, len: u32, topics: u32) -> Result<(), Stop> {
    h.charge(HOSTIO + API)?;
    if topics > 4 || len < topics * 32 {
        return Err(Stop::Refused(
            "log with more than 4 topics, or shorter than its topics",
        ));
    }
    h.charge(price::read(len.into()))?;
    h.charge_gas(price::log(topics.into(), (len - topics * 32).into()))?;
    let all = h.read_bytes(data, len)?;
    h.args(&topics.to_be_bytes());
    h.args(&all);
    h.refuse_if_static("log in a static call")?;
    let (words, _) = all[..topics as usize * 32].as_chunks::<32>();
    let topics: Vec<_> = words.iter().map(B256::from).collect();
    let data = all.slice(topics.len() * 32..);
    h.wait::<()>(Request::Log { topics, data })
}

fn accounts(linker: &mut Linker<HostState>) -> Linked<'_> {
    linker
        .func_wrap(VM, "account_balance", |c: Call<'_>, of: u32, dest: u32| {
            hook(c, "account_balance", |h| {
                h.charge(HOSTIO + 2 * PTR + API)?;
                h.require_gas(COLD_ACCOUNT)?;
                let of = h.read_address(of)?;
                h.args(of.as_slice());
                h.wait::<()>(Request::Balance { of, dest })
            })
        })?
        .func_wrap(
            VM,
            "account_code",
            |c: Call<'_>, of: u32, offset: u32, size: u32, dest: u32| {
                hook(c, "account_code", |h| {
                    h.charge(HOSTIO + API)?;
                    h.require_gas(COLD_ACCOUNT)?;
                    let of = h.read_address(of)?;
                    h.args(of.as_slice());
                    h.args(&offset.to_be_bytes());
                    h.args(&size.to_be_bytes());
                    h.wait::<u32>(Request::Code {
                        of,
                        offset,
                        size,
                        dest,
                    })
                })
            },
        )?
        .func_wrap(VM, "account_code_size", |c: Call<'_>, of: u32| {
            hook(c, "account_code_size", |h| {
                h.charge(HOSTIO + API)?;
                h.require_gas(COLD_ACCOUNT)?;
                let of = h.read_address(of)?;
                h.args(of.as_slice());
                h.wait::<u32>(Request::CodeSize { of })
            })
        })?
        .func_wrap(VM, "account_codehash", |c: Call<'_>, of: u32, dest: u32| {
            hook(c, "account_codehash", |h| {
                h.charge(HOSTIO + 2 * PTR + API)?;
                h.require_gas(COLD_ACCOUNT)?;
                let of = h.read_address(of)?;
                h.args(of.as_slice());
                h.wait::<()>(Request::CodeHash { of, dest })
            })
        })
}

/// A function that writes a fact behind a pointer.
macro_rules! write_fact {
    ($linker:expr, $name:literal, |$state:ident| $bytes:expr) => {
        $linker.func_wrap(VM, $name, |c: Call<'_>, dest: u32| {
            hook(c, $name, |h| {
                h.charge(HOSTIO + PTR)?;
                let $state = h.state();
                let bytes = $bytes;
                h.write(dest, bytes.as_ref())
            })
        })?
    };
}

/// A function that returns a fact.
macro_rules! return_fact {
    ($linker:expr, $name:literal, |$host:ident| $value:expr) => {
        $linker.func_wrap(VM, $name, |c: Call<'_>| {
            hook(c, $name, |$host| {
                $host.charge(HOSTIO)?;
                let value = $value;
                $host.outs(&value.to_be_bytes());
                Ok(value)
            })
        })?
    };
}

fn facts(linker: &mut Linker<HostState>) -> Result<(), LinkerError> {
    write_fact!(linker, "block_basefee", |s| s
        .env
        .base_fee
        .to_be_bytes::<32>());
    write_fact!(linker, "block_coinbase", |s| s.env.coinbase);
    write_fact!(linker, "contract_address", |s| s.frame.address);
    write_fact!(linker, "msg_sender", |s| s.frame.sender);
    write_fact!(linker, "msg_value", |s| s.frame.value.to_be_bytes::<32>());
    write_fact!(linker, "tx_gas_price", |s| s
        .env
        .gas_price
        .to_be_bytes::<32>());
    write_fact!(linker, "tx_origin", |s| s.env.origin);

    return_fact!(linker, "evm_gas_left", |h| h.gas_left());
    return_fact!(linker, "evm_ink_left", |h| h.ink_left());
    return_fact!(linker, "chainid", |h| h.state().env.chain_id);
    return_fact!(linker, "block_gas_limit", |h| h.state().env.gas_limit);
    return_fact!(linker, "block_number", |h| h.state().env.number);
    return_fact!(linker, "block_timestamp", |h| h.state().env.timestamp);
    return_fact!(linker, "msg_reentrant", |h| u32::from(
        h.state().frame.reentrant
    ));
    return_fact!(linker, "tx_ink_price", |_h| INK_PRICE);
    Ok(())
}

/// Reads bytes that the host copies twice, and charges for both copies.
fn read_twice(h: &mut Host<'_>, ptr: u32, len: u32) -> Result<Bytes, Stop> {
    h.charge(2 * price::read(len.into()))?;
    h.read_bytes(ptr, len)
}

//! 256-bit arithmetic in the host. Division and reduction by zero give zero, as in the EVM.

use alloy_primitives::U256;
use wasmi::{Caller, Linker, errors::LinkerError};

use super::{
    host::{Host, HostState, Stop, hook},
    price::{self, ADD_MOD, DIV, HOSTIO, MUL_MOD, PTR},
};

const VM: &str = agentcity_devnode_program::host::VM_HOOKS;

type Call<'a> = Caller<'a, HostState>;

/// Defines the five functions.
pub(crate) fn define(linker: &mut Linker<HostState>) -> Result<(), LinkerError> {
    linker
        .func_wrap(VM, "math_div", |c: Call<'_>, value: u32, by: u32| {
            hook(c, "math_div", |h| {
                h.charge(HOSTIO + 3 * PTR + DIV)?;
                let [a, b] = read(h, [value, by])?;
                write(h, value, a.checked_div(b).unwrap_or_default())
            })
        })?
        .func_wrap(VM, "math_mod", |c: Call<'_>, value: u32, by: u32| {
            hook(c, "math_mod", |h| {
                h.charge(HOSTIO + 3 * PTR + DIV)?;
                let [a, b] = read(h, [value, by])?;
                write(h, value, a.checked_rem(b).unwrap_or_default())
            })
        })?
        .func_wrap(VM, "math_pow", |c: Call<'_>, value: u32, exponent: u32| {
            hook(c, "math_pow", |h| {
                h.charge(HOSTIO + 3 * PTR)?;
                let [base, exponent] = read(h, [value, exponent])?;
                h.charge(price::pow(&exponent.to_be_bytes()))?;
                write(h, value, base.wrapping_pow(exponent))
            })
        })?
        .func_wrap(
            VM,
            "math_add_mod",
            |c: Call<'_>, value: u32, add: u32, by: u32| {
                hook(c, "math_add_mod", |h| {
                    h.charge(HOSTIO + 4 * PTR + ADD_MOD)?;
                    let [a, b, modulus] = read(h, [value, add, by])?;
                    write(h, value, a.add_mod(b, modulus))
                })
            },
        )?
        .func_wrap(
            VM,
            "math_mul_mod",
            |c: Call<'_>, value: u32, mul: u32, by: u32| {
                hook(c, "math_mul_mod", |h| {
                    h.charge(HOSTIO + 4 * PTR + MUL_MOD)?;
                    let [a, b, modulus] = read(h, [value, mul, by])?;
                    write(h, value, a.mul_mod(b, modulus))
                })
            },
        )?;
    Ok(())
}

fn read<const N: usize>(h: &mut Host<'_>, pointers: [u32; N]) -> Result<[U256; N], Stop> {
    let mut numbers = [U256::ZERO; N];
    for (number, ptr) in numbers.iter_mut().zip(pointers) {
        *number = h.read_number(ptr)?;
        h.args(&number.to_be_bytes::<32>());
    }
    Ok(numbers)
}

fn write(h: &mut Host<'_>, ptr: u32, number: U256) -> Result<(), Stop> {
    h.write(ptr, &number.to_be_bytes::<32>())
}

//! Functions of debug chains: they cost nothing and write to the node's log.

use agentcity_devnode_program::host::{CONSOLE, DEBUG};
use wasmi::{Caller, Linker, errors::LinkerError};

use super::host::{HostState, hook};

type Call<'a> = Caller<'a, HostState>;

/// Longest text that is logged; the rest is cut off.
const TEXT_MAX: usize = 4_096;

/// Defines the six functions.
pub(crate) fn define(linker: &mut Linker<HostState>) -> Result<(), LinkerError> {
    linker
        .func_wrap(CONSOLE, "log_txt", |c: Call<'_>, text: u32, len: u32| {
            hook(c, "log_txt", |h| {
                let text = h.read_bytes(text, len)?;
                h.args(&text);
                let shown = String::from_utf8_lossy(&text[..text.len().min(TEXT_MAX)]);
                tracing::info!(target: "stylus::console", program = %h.state().frame.address, "{shown}");
                Ok(())
            })
        })?
        .func_wrap(CONSOLE, "log_i32", |c: Call<'_>, value: i32| {
            hook(c, "log_i32", |h| {
                h.args(&value.to_be_bytes());
                tracing::info!(target: "stylus::console", program = %h.state().frame.address, "{value}");
                Ok(())
            })
        })?
        .func_wrap(CONSOLE, "log_i64", |c: Call<'_>, value: i64| {
            hook(c, "log_i64", |h| {
                h.args(&value.to_be_bytes());
                tracing::info!(target: "stylus::console", program = %h.state().frame.address, "{value}");
                Ok(())
            })
        })?
        .func_wrap(CONSOLE, "tee_i32", |c: Call<'_>, value: i32| {
            hook(c, "tee_i32", |h| {
                h.args(&value.to_be_bytes());
                tracing::info!(target: "stylus::console", program = %h.state().frame.address, "{value}");
                Ok(value)
            })
        })?
        .func_wrap(CONSOLE, "tee_i64", |c: Call<'_>, value: i64| {
            hook(c, "tee_i64", |h| {
                h.args(&value.to_be_bytes());
                tracing::info!(target: "stylus::console", program = %h.state().frame.address, "{value}");
                Ok(value)
            })
        })?
        .func_wrap(DEBUG, "null_host", |c: Call<'_>| hook(c, "null_host", |_| Ok(())))?;
    Ok(())
}

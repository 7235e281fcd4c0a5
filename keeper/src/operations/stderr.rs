//! Where lines go, for every executable of a keeper's and an agent's.

use std::sync::Arc;

use tracing_subscriber::{EnvFilter, reload::Handle};

use super::SetLevel;

/// Logs to stderr what the environment asks for (`RUST_LOG`), else `level`: as text, or a JSON object a line. Returns how that is changed
/// later. To be called once in a process.
pub fn log_to_stderr(json: bool, level: &str) -> SetLevel {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let log = tracing_subscriber::fmt();
    // The two builders are of different types, and so are their handles.
    if json {
        let log = log.json().with_env_filter(filter);
        let log = log.with_writer(std::io::stderr).with_filter_reloading();
        let handle = log.reload_handle();
        log.init();
        changing(handle)
    } else {
        let log = log.with_env_filter(filter);
        let log = log.with_writer(std::io::stderr).with_filter_reloading();
        let handle = log.reload_handle();
        log.init();
        changing(handle)
    }
}

fn changing<S: 'static>(handle: Handle<EnvFilter, S>) -> SetLevel {
    Arc::new(move |text| {
        let filter = EnvFilter::try_new(text).map_err(|error| error.to_string())?;
        handle.reload(filter).map_err(|error| error.to_string())
    })
}

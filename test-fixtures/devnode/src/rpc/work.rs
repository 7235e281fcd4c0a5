//! Where a method runs.
//!
//! Light methods run at once on the thread that read the request. Whatever executes transactions, may wait for the
//! chain's lock or reads many blocks is heavy: it runs on a blocking thread with a stack for deep recursion, and only
//! [`limits::HEAVY`] of them at a time. A panic is a defect of ours; it becomes an internal error and the node lives on.

use super::{
    Connection, Context, RpcError,
    args::Args,
    envelope::{Answer, Call},
    error::METHOD_NOT_FOUND,
    eth_send, methods,
};
use crate::limits;
use alloy::primitives::B256;
use futures_util::future::BoxFuture;
use serde_json::value::RawValue;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

/// A method that answers at once.
pub(super) type Run = fn(&Context, &Args<'_>) -> Answer;
/// A method of a connection.
pub(super) type RunSession = fn(&Context, &Connection, &Args<'_>) -> Answer;
/// A method that submits a transaction and then waits, at most so long, for its receipt.
pub(super) type Submit = fn(&Context, &Args<'_>) -> Result<(B256, Duration), RpcError>;

/// How a method runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Light(Run),
    /// Reads the state of the block named by this argument: light at the latest one, heavy where a view of the past
    /// must be built first.
    State(Run, usize),
    Heavy(Run),
    Connection(RunSession),
    Sync(Submit),
}

/// What running a method led to.
pub(super) enum Step {
    Done(Answer),
    Wait(BoxFuture<'static, Answer>),
}

pub(super) async fn run(
    context: &Arc<Context>,
    connection: Option<&Connection>,
    call: &Call<'_>,
) -> Step {
    let Some(kind) = methods::find(&call.method) else {
        return Step::Done(Err(unknown(&call.method)));
    };
    if context.logging() {
        tracing::debug!(method = %call.method, "request");
    }
    match kind {
        Kind::State(run, block) if is_past(call, block) => {
            Step::Done(heavy(context, call, run).await)
        }
        Kind::Light(run) | Kind::State(run, _) => Step::Done(guard(&call.method, || {
            run(context, &Args::new(call.params)?)
        })),
        Kind::Heavy(run) => Step::Done(heavy(context, call, run).await),
        Kind::Connection(run) => Step::Done(match connection {
            Some(connection) => guard(&call.method, || {
                run(context, connection, &Args::new(call.params)?)
            }),
            None => Err(RpcError::new(
                METHOD_NOT_FOUND,
                format!("{} needs a WebSocket connection", call.method),
            )),
        }),
        Kind::Sync(submit) => {
            // Subscribed before the submission, so that the block cannot slip by unseen.
            let events = context.node.subscribe();
            match heavy(context, call, submit).await {
                Err(error) => Step::Done(Err(error)),
                Ok((hash, wait)) => Step::Wait(Box::pin(eth_send::included(
                    Arc::clone(context),
                    events,
                    hash,
                    wait,
                ))),
            }
        }
    }
}

/// Whether the block argument may name anything but the end of the chain.
fn is_past(call: &Call<'_>, block: usize) -> bool {
    let args = Args::new(call.params).unwrap_or_default();
    !matches!(
        args.raw(block),
        None | Some("null" | "\"latest\"" | "\"pending\"")
    )
}

fn unknown(method: &str) -> RpcError {
    let shown: String = method.chars().take(limits::ECHO_CHARS).collect();
    let dots = if shown.len() < method.len() {
        "…"
    } else {
        ""
    };
    RpcError::new(
        METHOD_NOT_FOUND,
        format!("the method {shown}{dots} does not exist/is not available"),
    )
}

/// Runs a heavy method when it is its turn.
async fn heavy<T: Send + 'static>(
    context: &Arc<Context>,
    call: &Call<'_>,
    run: impl FnOnce(&Context, &Args<'_>) -> Result<T, RpcError> + Send + 'static,
) -> Result<T, RpcError> {
    let turn = Arc::clone(&context.heavy).acquire_owned();
    let Ok(Ok(permit)) = tokio::time::timeout(limits::HEAVY_WAIT, turn).await else {
        return Err(RpcError::limit(
            "the node is busy with other heavy calls; send fewer at a time",
        ));
    };
    let context = Arc::clone(context);
    let params: Option<Box<RawValue>> = call.params.map(ToOwned::to_owned);
    let method = call.method.clone().into_owned();
    let task = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        guard(&method, || run(&context, &Args::new(params.as_deref())?))
    });
    task.await.unwrap_or_else(|error| {
        Err(RpcError::internal(format!(
            "the node failed on this request: {error}"
        )))
    })
}

fn guard<T>(method: &str, run: impl FnOnce() -> Result<T, RpcError>) -> Result<T, RpcError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        tracing::error!(method, panic = text, "a request made the node panic");
        Err(RpcError::internal(format!(
            "the node failed on this request: {text}"
        )))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_internal_error() {
        let error = guard::<()>("m", || panic!("broken {}", 1)).unwrap_err();
        assert_eq!(error.code, super::super::error::INTERNAL);
        assert!(error.message.contains("broken 1"));
    }

    #[test]
    fn names_an_unknown_method_without_repeating_megabytes() {
        assert_eq!(
            unknown("eth_foo").message,
            "the method eth_foo does not exist/is not available"
        );
        assert!(unknown(&"é".repeat(1_000_000)).message.len() < 300);
    }
}

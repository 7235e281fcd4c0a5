//! JSON-RPC: from a body to its answer.
//!
//! Reading order: [`envelope`] (bytes to requests and back), [`methods`] (the table of all methods), [`work`] (where
//! each kind of method runs), then one file per family.

mod anvil_chain;
mod anvil_node;
mod anvil_state;
mod args;
mod block_id;
mod context;
mod debug;
mod devnode;
mod envelope;
pub(crate) mod error;
mod eth_block;
mod eth_call;
mod eth_fee;
mod eth_filter;
mod eth_logs;
mod eth_receipt;
mod eth_send;
mod eth_sign;
mod eth_state;
mod eth_tx;
mod hostio;
mod methods;
mod net;
mod refusal;
mod stats;
mod txpool;
mod work;

pub(crate) use context::{Connection, Context, Settings};
pub(crate) use envelope::reply;
pub(crate) use error::RpcError;
pub use methods::names as method_names;

use axum::body::Bytes;
use envelope::{Body, Item};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use work::Step;

/// What became of one body.
pub(crate) enum Outcome {
    /// The answer; `None` when only notifications came.
    Ready(Option<Vec<u8>>),
    /// The answer comes later; the connection may go on.
    Later(BoxFuture<'static, Option<Vec<u8>>>),
}

/// Answers one body, waiting for what must be waited for.
pub(crate) async fn answer(context: &Arc<Context>, body: Bytes) -> Option<Vec<u8>> {
    match handle(context, None, body).await {
        Outcome::Ready(reply) => reply,
        Outcome::Later(reply) => reply.await,
    }
}

/// Answers one body. Only a single request can be [`Outcome::Later`].
pub(crate) async fn handle(
    context: &Arc<Context>,
    connection: Option<&Connection>,
    body: Bytes,
) -> Outcome {
    match envelope::parse(&body) {
        Body::Single(item) => {
            let id = item.id.map(str::to_owned);
            match step(context, connection, item).await {
                Step::Done(answer) => Outcome::Ready(id.map(|id| reply(&id, &answer))),
                Step::Wait(answer) => Outcome::Later(Box::pin(async move {
                    let answer = answer.await;
                    id.map(|id| reply(&id, &answer))
                })),
            }
        }
        Body::Batch(items) => Outcome::Ready(batch(context, connection, items).await),
    }
}

async fn batch(
    context: &Arc<Context>,
    connection: Option<&Connection>,
    items: Vec<Item<'_>>,
) -> Option<Vec<u8>> {
    let mut replies = Vec::with_capacity(items.len());
    let mut bytes = 0;
    for item in items {
        let id = item.id;
        let answer = match step(context, connection, item).await {
            Step::Done(answer) => answer,
            Step::Wait(answer) => answer.await,
        };
        if let Some(id) = id {
            let mut reply = reply(id, &answer);
            if bytes + reply.len() > crate::limits::RESPONSE_BYTES {
                reply = envelope::reply(id, &Err(envelope::too_large()));
            }
            bytes += reply.len();
            replies.push(reply);
        }
    }
    (!replies.is_empty()).then(|| envelope::join(&replies))
}

async fn step(context: &Arc<Context>, connection: Option<&Connection>, item: Item<'_>) -> Step {
    let step = match item.call {
        Ok(call) => work::run(context, connection, &call).await,
        Err(error) => Step::Done(Err(error)),
    };
    let failed = matches!(step, Step::Done(Err(_)));
    context.stats.request(failed);
    step
}

#[cfg(test)]
mod tests;

//! One WebSocket connection.
//!
//! Requests run in the order they came, so that two transactions sent one after the other arrive in that order; only
//! the waiting half of the `…Sync` methods runs beside them. Everything to the client goes through its bounded
//! [`Outbox`].

use super::App;
use crate::{
    events::{Closing, Outbox, Queue},
    limits,
    rpc::{self, Connection, Outcome},
};
use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    response::Response,
};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use std::sync::Arc;
use tokio::{
    sync::Semaphore,
    time::{MissedTickBehavior, interval, timeout},
};

pub(super) fn upgrade(app: App, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(limits::BODY_BYTES)
        .max_frame_size(limits::BODY_BYTES)
        .on_failed_upgrade(|error| tracing::debug!(%error, "the WebSocket upgrade failed"))
        .on_upgrade(move |socket| serve(app, socket))
}

async fn serve(app: App, socket: WebSocket) {
    let (sink, stream) = socket.split();
    let (outbox, queue) = Outbox::new();
    let connection = Connection::new(&app.context, outbox.clone());
    let writer = tokio::spawn(write(sink, queue));
    read(&app, &connection, stream, &outbox).await;
    // The queue ends when its last sender is gone: the writer then says goodbye and ends.
    drop(connection);
    drop(outbox);
    if let Err(error) = writer.await {
        tracing::error!(%error, "the writer of a connection failed");
    }
}

async fn read(
    app: &App,
    connection: &Connection,
    mut stream: SplitStream<WebSocket>,
    outbox: &Outbox,
) {
    let waiting = Arc::new(Semaphore::new(limits::WAITING));
    let mut closing = outbox.closing();
    let mut stop = app.stop.clone();
    loop {
        let message = tokio::select! {
            message = stream.next() => message,
            _ = closing.wait_for(Option::is_some) => return,
            _ = stop.wait_for(|stop| *stop) => {
                outbox.close(Closing::GoingAway);
                return;
            }
        };
        let body = match message {
            Some(Ok(Message::Text(text))) => Bytes::from(text),
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Close(_)) | Err(_)) | None => return,
        };
        match rpc::handle(&app.context, Some(connection), body).await {
            Outcome::Ready(None) => {}
            Outcome::Ready(Some(reply)) => {
                if !outbox.answer(reply).await {
                    return;
                }
                connection.activate();
            }
            Outcome::Later(reply) => {
                let Ok(permit) = Arc::clone(&waiting).acquire_owned().await else {
                    return;
                };
                let outbox = outbox.clone();
                tokio::spawn(async move {
                    if let Some(reply) = reply.await {
                        outbox.answer(reply).await;
                    }
                    drop(permit);
                });
            }
        }
    }
}

async fn write(mut sink: SplitSink<WebSocket, Message>, mut queue: Queue) {
    let mut closing = queue.closing();
    let mut ping = interval(limits::PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    let mut reason = None;
    loop {
        let message = tokio::select! {
            biased;
            closed = closing.wait_for(Option::is_some) => {
                reason = closed.ok().and_then(|closing| *closing);
                break;
            }
            message = queue.next() => match message {
                Some(message) => text(message),
                None => break,
            },
            _ = ping.tick() => Message::Ping(Bytes::new()),
        };
        let sent = tokio::select! {
            sent = timeout(limits::WRITE_TIME, sink.send(message)) => sent,
            // A stuck reader must not hold the node for the whole time once it is condemned.
            _ = async { let _ = closing.wait_for(Option::is_some).await; tokio::time::sleep(limits::CLOSE_TIME).await } => break,
        };
        match sent {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => {
                reason = Some(Closing::TooSlow);
                break;
            }
        }
    }
    queue.close(reason.unwrap_or(Closing::GoingAway));
    let frame = reason.map(|why| CloseFrame {
        code: why.code(),
        reason: Utf8Bytes::from_static(why.reason()),
    });
    let _ = timeout(limits::CLOSE_TIME, sink.send(Message::Close(frame))).await;
}

/// Replies are written by serialisers, so they are UTF-8; anything else would be a defect, sent as it is.
fn text(message: Vec<u8>) -> Message {
    match String::from_utf8(message) {
        Ok(text) => Message::Text(text.into()),
        Err(error) => Message::Binary(error.into_bytes().into()),
    }
}

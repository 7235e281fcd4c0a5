//! One port for HTTP and WebSocket.
//!
//! `POST` with a JSON-RPC body on any path, `GET` with an upgrade on any path. Cross-origin requests are allowed, as
//! anvil does: pages under development call their node.

mod http;
mod listener;
mod ws;

use crate::{limits, rpc::Context};
use axum::{
    Router,
    extract::{Request, State, ws::WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use listener::Gate;
use std::{net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tower_http::cors::CorsLayer;

/// What every connection needs.
#[derive(Clone, Debug)]
struct App {
    context: Arc<Context>,
    stop: watch::Receiver<bool>,
}

/// A server that accepts connections.
#[derive(Debug)]
pub(crate) struct Server {
    /// Bound address.
    pub(crate) address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts to serve on a bound socket.
    pub(crate) fn start(context: Arc<Context>, socket: TcpListener) -> std::io::Result<Self> {
        let address = socket.local_addr()?;
        let (stop, stopping) = watch::channel(false);
        let app = App {
            context: Arc::clone(&context),
            stop: stopping.clone(),
        };
        let router = Router::new()
            .fallback(entry)
            .with_state(app)
            .layer(CorsLayer::permissive());
        let mut end = stopping;
        let serve = axum::serve(Gate::new(socket, Arc::clone(&context)), router)
            .with_graceful_shutdown(async move {
                let _ = end.wait_for(|stop| *stop).await;
            });
        let task = tokio::spawn(async move {
            if let Err(error) = serve.await {
                tracing::error!(%error, "the server ended");
            }
        });
        Ok(Self {
            address,
            stop,
            task,
        })
    }

    /// Stops accepting, lets requests finish and WebSockets say goodbye for a moment, then drops what is left.
    pub(crate) async fn stop(self) {
        let Self { stop, mut task, .. } = self;
        stop.send_replace(true);
        let ended = async {
            let _ = (&mut task).await;
            // An upgraded connection is no request that the server waits for; each holds a receiver until it has ended.
            stop.closed().await;
        };
        if tokio::time::timeout(limits::SHUTDOWN, ended).await.is_err() {
            task.abort();
        }
    }
}

async fn entry(
    State(app): State<App>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    request: Request,
) -> Response {
    if let Ok(upgrade) = upgrade {
        return ws::upgrade(app, upgrade);
    }
    if request.method() != Method::POST {
        let help = "this is a JSON-RPC node: POST a request, or upgrade to a WebSocket\n";
        return (
            StatusCode::METHOD_NOT_ALLOWED,
            [(header::ALLOW, "POST, GET, OPTIONS")],
            help,
        )
            .into_response();
    }
    http::post(&app.context, request).await
}

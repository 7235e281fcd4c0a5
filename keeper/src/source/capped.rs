//! JSON-RPC over HTTP that believes no size: a reply is read up to a maximum, within a time, from where it was asked for.
//!
//! alloy's own transport reads replies whole, however long they are, and names the endpoint's address, which may carry a key, in
//! its errors. All else is alloy's.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use alloy::{
    rpc::client::RpcClient,
    transports::{
        TransportError, TransportErrorKind, TransportFut, TransportResult,
        http::reqwest::{self, Client, Url, redirect::Policy},
    },
};
use alloy_json_rpc::{RequestPacket, ResponsePacket};
use tower::Service;

/// Longest reply that is read: a hundred headers are some 200 KiB, and a block is full before its logs are 8 MiB.
pub const REPLY_BYTES_MAX: usize = 16 << 20;
/// As much of a reply that cannot be read is told.
const TOLD_BYTES_MAX: usize = 200;

/// A transport to one endpoint.
#[derive(Clone, Debug)]
pub struct Capped {
    client: Client,
    url: Url,
}

impl Capped {
    /// Waits at most `patience` for a reply, and follows no redirection: an endpoint does not say where keys are sent.
    ///
    /// Errors: there is no TLS on this machine.
    pub fn new(url: Url, patience: Duration) -> Result<Self, TransportError> {
        let client = Client::builder()
            .timeout(patience)
            .redirect(Policy::none())
            .build()
            .map_err(without_url)?;
        Ok(Self { client, url })
    }

    /// A client over it.
    pub fn client(self) -> RpcClient {
        // Where it is does not matter: heights are polled for by a task of our own.
        RpcClient::new(self, false)
    }

    async fn exchange(self, request: RequestPacket) -> TransportResult<ResponsePacket> {
        let sent = self.client.post(self.url).json(&request).send().await;
        let mut reply = sent.map_err(without_url)?;
        let status = reply.status();
        let mut body = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(without_url)? {
            if body.len().saturating_add(chunk.len()) > REPLY_BYTES_MAX {
                let told = format!("the reply is longer than {REPLY_BYTES_MAX} bytes");
                return Err(TransportErrorKind::custom_str(&told));
            }
            body.extend_from_slice(&chunk);
        }
        // Some endpoints refuse with a status and an answer: the answer says more.
        match serde_json::from_slice(&body) {
            Ok(packet) => Ok(packet),
            Err(_) if !status.is_success() => Err(TransportErrorKind::http_error(
                status.as_u16(),
                beginning(&body),
            )),
            Err(error) => Err(TransportError::deser_err(error, beginning(&body))),
        }
    }
}

fn without_url(error: reqwest::Error) -> TransportError {
    TransportErrorKind::custom(error.without_url())
}

fn beginning(body: &[u8]) -> String {
    let told = body.get(..TOLD_BYTES_MAX).unwrap_or(body);
    String::from_utf8_lossy(told).into_owned()
}

impl Service<RequestPacket> for Capped {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RequestPacket) -> Self::Future {
        Box::pin(self.clone().exchange(request))
    }
}

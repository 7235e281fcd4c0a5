//! One `POST`: read the body within its limits, answer.

use crate::{
    limits,
    rpc::{self, Context, RpcError},
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use std::sync::Arc;

pub(super) async fn post(context: &Arc<Context>, request: Request) -> Response {
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limits::BODY_BYTES as u64) {
        return too_large();
    }
    let body = match tokio::time::timeout(
        limits::BODY_TIME,
        to_bytes(request.into_body(), limits::BODY_BYTES),
    )
    .await
    {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if is_length_limit(&error) => return too_large(),
        // The client went away or broke its own framing: nobody reads the answer.
        Ok(Err(_)) => return refusal(StatusCode::BAD_REQUEST, "the body could not be read"),
        Err(_) => {
            return refusal(
                StatusCode::REQUEST_TIMEOUT,
                "the body did not arrive in time",
            );
        }
    };
    match rpc::answer(context, body).await {
        Some(reply) => respond(StatusCode::OK, reply),
        None => respond(StatusCode::NO_CONTENT, Vec::new()),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = source {
        // `http_body_util::LengthLimitError`, which axum does not export.
        if error.to_string() == "length limit exceeded" {
            return true;
        }
        source = error.source();
    }
    false
}

fn too_large() -> Response {
    refusal(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the body is larger than {} bytes", limits::BODY_BYTES),
    )
}

fn refusal(status: StatusCode, message: impl Into<std::borrow::Cow<'static, str>>) -> Response {
    let reply = rpc::reply(
        "null",
        &Err(RpcError::new(rpc::error::INVALID_REQUEST, message)),
    );
    respond(status, reply)
}

fn respond(status: StatusCode, reply: Vec<u8>) -> Response {
    let json = !reply.is_empty();
    let mut response = Response::new(Body::from(Bytes::from(reply)));
    *response.status_mut() = status;
    if json {
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
    }
    response
}

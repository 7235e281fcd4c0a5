//! The least JSON-RPC client that tells whether a node answers: `xtask` must not wait for a provider library to compile.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use eyre::{Context, OptionExt, bail};
use serde_json::{Value, json};

/// A local node answers in milliseconds; a hung one must not hang us.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Longest answer read: the calls made here answer in a few hundred bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// Calls `method` and returns the result.
pub(crate) fn call(address: SocketAddr, method: &str, params: Value) -> eyre::Result<Value> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)
        .wrap_err_with(|| format!("nothing listens on {address}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream
        .take(MAX_ANSWER)
        .read_to_string(&mut answer)
        .wrap_err_with(|| format!("{address} does not answer {method}"))?;
    result_of(&answer)
}

fn result_of(answer: &str) -> eyre::Result<Value> {
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_eyre("not an HTTP answer")?;
    if !head.starts_with("HTTP/1.1 200") {
        bail!("HTTP error: {}", head.lines().next().unwrap_or_default());
    }
    // A chunked body has its length on lines of its own; the JSON is one line in between.
    let json = body
        .lines()
        .find(|line| line.starts_with('{'))
        .ok_or_eyre("no JSON in the answer")?;
    let mut value: Value = serde_json::from_str(json).wrap_err("the answer is not JSON")?;
    if let Some(error) = value.get("error") {
        bail!("the node refused: {error}");
    }
    Ok(value["result"].take())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_plain_and_chunked_answers() {
        let plain = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x1\"}";
        assert_eq!(result_of(plain).unwrap(), "0x1");
        let chunked = "HTTP/1.1 200 OK\r\n\r\n2a\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x2\"}\r\n0\r\n\r\n";
        assert_eq!(result_of(chunked).unwrap(), "0x2");
    }

    #[test]
    fn a_refusal_is_an_error_with_its_text() {
        let text =
            "HTTP/1.1 200 OK\r\n\r\n{\"error\":{\"code\":-32601,\"message\":\"no such method\"}}";
        assert!(
            result_of(text)
                .unwrap_err()
                .to_string()
                .contains("no such method")
        );
        assert!(result_of("HTTP/1.1 404 Not Found\r\n\r\n").is_err());
        assert!(result_of("nonsense").is_err());
    }
}

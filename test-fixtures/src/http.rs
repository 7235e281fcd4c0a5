//! A JSON-RPC client over one kept-alive TCP connection, blocking, with a deadline on everything.
//!
//! Why not a library: the bench must not measure its client, hostile tests must send what a library refuses to send, and
//! the differential tests compare the bytes of two nodes. Only what a node of ours or anvil answers is understood.

use serde_json::{Value, json};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Longest reply that is read: a state dump of a long test is some tens of MiB.
pub const REPLY_BYTES_MAX: usize = 512 << 20;
/// Longest header block that is read; nodes send a few hundred bytes.
pub const HEADER_BYTES_MAX: usize = 64 << 10;
/// Deadline of one read or write unless the caller sets another.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// What a server said: status and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Body, whole.
    pub body: Vec<u8>,
}

/// One connection.
#[derive(Debug)]
pub struct Http {
    address: SocketAddr,
    deadline: Duration,
    stream: Option<BufReader<TcpStream>>,
}

impl Http {
    /// A client of `address`; connects at the first request.
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            deadline: DEADLINE,
            stream: None,
        }
    }

    /// Sets the deadline of each read and write.
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The bytes of a POST with `body`, to be sent as often as wished by [`Self::exchange`].
    pub fn request(body: &[u8]) -> Vec<u8> {
        let mut bytes = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }

    /// Posts `body` and reads the reply.
    pub fn post(&mut self, body: &[u8]) -> io::Result<Reply> {
        self.exchange(&Self::request(body))
    }

    /// Sends prepared request bytes and reads one reply. A connection that fails is dropped, never used again.
    pub fn exchange(&mut self, request: &[u8]) -> io::Result<Reply> {
        let result = self.try_exchange(request);
        if result.is_err() {
            self.stream = None;
        }
        result
    }

    fn try_exchange(&mut self, request: &[u8]) -> io::Result<Reply> {
        if self.stream.is_none() {
            let stream = TcpStream::connect_timeout(&self.address, self.deadline)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(self.deadline))?;
            stream.set_write_timeout(Some(self.deadline))?;
            self.stream = Some(BufReader::with_capacity(64 << 10, stream));
        }
        let stream = self.stream.as_mut().expect("connected above");
        stream.get_mut().write_all(request)?;
        let (reply, keep) = read_reply(stream)?;
        if !keep {
            self.stream = None;
        }
        Ok(reply)
    }
}

/// Reads one reply; the flag says whether the connection may be used again.
pub fn read_reply(stream: &mut impl BufRead) -> io::Result<(Reply, bool)> {
    let mut line = String::new();
    let mut header_bytes = 0;
    let mut status = None;
    let mut length = None;
    let mut chunked = false;
    let mut keep = true;
    loop {
        line.clear();
        let read = stream
            .by_ref()
            .take(HEADER_BYTES_MAX as u64)
            .read_line(&mut line)?;
        if read == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "connection closed before a reply",
            ));
        }
        header_bytes += read;
        if header_bytes > HEADER_BYTES_MAX {
            return Err(malformed("headers too long"));
        }
        let text = line.trim_end();
        if status.is_none() {
            let code = text
                .split(' ')
                .nth(1)
                .and_then(|code| code.parse::<u16>().ok());
            status = Some(code.ok_or_else(|| malformed("no status line"))?);
        } else if text.is_empty() {
            break;
        } else if let Some((name, value)) = text.split_once(':') {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(
                    value
                        .parse::<usize>()
                        .map_err(|_| malformed("content-length"))?,
                );
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.eq_ignore_ascii_case("chunked");
            } else if name.eq_ignore_ascii_case("connection") {
                keep = !value.eq_ignore_ascii_case("close");
            }
        }
    }
    let status = status.ok_or_else(|| malformed("no status line"))?;
    let mut body = Vec::new();
    if chunked {
        loop {
            line.clear();
            stream.read_line(&mut line)?;
            let size =
                usize::from_str_radix(line.trim(), 16).map_err(|_| malformed("chunk size"))?;
            if body.len().saturating_add(size) > REPLY_BYTES_MAX {
                return Err(malformed("reply too long"));
            }
            let start = body.len();
            body.resize(start + size, 0);
            stream.read_exact(&mut body[start..])?;
            line.clear();
            stream.read_line(&mut line)?;
            if size == 0 {
                break;
            }
        }
    } else {
        let length = length.unwrap_or(0);
        if length > REPLY_BYTES_MAX {
            return Err(malformed("reply too long"));
        }
        body.resize(length, 0);
        stream.read_exact(&mut body)?;
    }
    Ok((Reply { status, body }, keep))
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("malformed HTTP reply: {what}"),
    )
}

/// What can go wrong with a JSON-RPC request.
#[derive(Debug, thiserror::Error)]
pub enum RpcError {
    /// The node understood and refused.
    #[error("{method} refused: {message} (code {code}, data {data:?})")]
    Refused {
        /// Method that was asked.
        method: String,
        /// JSON-RPC error code.
        code: i64,
        /// The node's words.
        message: String,
        /// Revert data and the like.
        data: Option<Value>,
    },
    /// No reply.
    #[error("{method}: {source}")]
    Io {
        /// Method that was asked.
        method: String,
        /// The cause.
        source: io::Error,
    },
    /// A reply that is not JSON-RPC.
    #[error("{method}: answer is not JSON-RPC: {body}")]
    Malformed {
        /// Method that was asked.
        method: String,
        /// The beginning of what came.
        body: String,
    },
}

impl RpcError {
    /// Code of a refusal.
    pub const fn code(&self) -> Option<i64> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Io { .. } | Self::Malformed { .. } => None,
        }
    }

    /// Message of a refusal.
    pub fn message(&self) -> &str {
        match self {
            Self::Refused { message, .. } => message,
            Self::Io { .. } | Self::Malformed { .. } => "",
        }
    }

    /// Data of a refusal as bytes: a string of hex digits, or an object that holds one.
    pub fn revert_data(&self) -> Option<Vec<u8>> {
        match self {
            Self::Refused {
                data: Some(data), ..
            } => {
                let text = data
                    .as_str()
                    .or_else(|| data.get("data").and_then(Value::as_str))?;
                hex::decode(text.trim_start_matches("0x")).ok()
            }
            Self::Refused { .. } | Self::Io { .. } | Self::Malformed { .. } => None,
        }
    }
}

/// JSON-RPC over [`Http`].
#[derive(Debug)]
pub struct Rpc {
    http: Http,
    next_id: u64,
}

impl Rpc {
    /// A client of `address`.
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            http: Http::new(address),
            next_id: 1,
        }
    }

    /// The connection below, for bytes that are no JSON-RPC.
    pub const fn http(&mut self) -> &mut Http {
        &mut self.http
    }

    /// Asks `method` with `params`, an array.
    pub fn call(&mut self, method: &str, params: Value) -> Result<Value, RpcError> {
        let id = self.next_id;
        self.next_id += 1;
        let body =
            json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
        let reply = self
            .http
            .post(body.as_bytes())
            .map_err(|source| RpcError::Io {
                method: method.to_owned(),
                source,
            })?;
        let malformed = || RpcError::Malformed {
            method: method.to_owned(),
            body: String::from_utf8_lossy(&reply.body[..reply.body.len().min(200)]).into_owned(),
        };
        let mut answer: Value = serde_json::from_slice(&reply.body).map_err(|_| malformed())?;
        if answer.get("id") != Some(&json!(id)) {
            return Err(malformed());
        }
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            return Err(RpcError::Refused {
                method: method.to_owned(),
                code: error
                    .get("code")
                    .and_then(Value::as_i64)
                    .ok_or_else(malformed)?,
                message: error
                    .get("message")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
                data: error.get("data").cloned(),
            });
        }
        answer
            .get_mut("result")
            .map(Value::take)
            .ok_or_else(malformed)
    }

    /// Asks for a quantity and parses it.
    pub fn quantity(&mut self, method: &str, params: Value) -> Result<u128, RpcError> {
        let value = self.call(method, params)?;
        parse_quantity(&value).ok_or_else(|| RpcError::Malformed {
            method: method.to_owned(),
            body: value.to_string(),
        })
    }

    /// The height, which also shows that the node lives.
    pub fn block_number(&mut self) -> Result<u64, RpcError> {
        self.quantity("eth_blockNumber", json!([]))
            .map(|number| number as u64)
    }
}

/// A hex quantity (`"0x1a"`) or a plain number.
pub fn parse_quantity(value: &Value) -> Option<u128> {
    match value {
        Value::String(text) => u128::from_str_radix(text.strip_prefix("0x")?, 16).ok(),
        Value::Number(number) => number.as_u64().map(u128::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<(Reply, bool)> {
        read_reply(&mut io::Cursor::new(text.as_bytes().to_vec()))
    }

    #[test]
    fn reads_a_reply_of_stated_length_and_leaves_the_rest() {
        let mut cursor =
            io::Cursor::new(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokNEXT".to_vec());
        let (reply, keep) = read_reply(&mut cursor).unwrap();
        assert_eq!(
            (reply.status, reply.body.as_slice(), keep),
            (200, b"ok".as_slice(), true)
        );
        let mut rest = String::new();
        cursor.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "NEXT");
    }

    #[test]
    fn reads_a_chunked_reply() {
        let (reply, _) = read(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        )
        .unwrap();
        assert_eq!(reply.body, b"abcde");
    }

    #[test]
    fn refuses_a_reply_longer_than_the_bound_and_one_that_ends_early() {
        let long = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            REPLY_BYTES_MAX + 1
        );
        assert!(read(&long).unwrap_err().to_string().contains("too long"));
        assert_eq!(
            read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")
                .unwrap_err()
                .kind(),
            io::ErrorKind::UnexpectedEof
        );
        assert_eq!(read("").unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_closing_server_is_not_asked_again_on_the_same_connection() {
        let (_, keep) =
            read("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                .unwrap();
        assert!(!keep);
    }
}

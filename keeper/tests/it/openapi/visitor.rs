//! Somebody who asks a keeper over HTTP, and has all that is answered judged.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Instant,
};

use agentcity_test_fixtures::openapi::{Judge, structural};
use serde_json::Value;

use crate::daemon::PATIENCE;

/// Method and path, as the document has it.
pub(super) type Operation<'o> = (&'o str, &'o str);

/// What was answered.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) status: u16,
    head: String,
    pub(super) body: String,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut named = lines.filter(|(of, _)| of.eq_ignore_ascii_case(name));
        named.next().map_or("", |(_, value)| value)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends a request and reads its answer to the end.
fn exchange(address: &str, method: &str, target: &str, headers: &str, body: &str) -> Heard {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let host = match headers.to_lowercase().contains("host:") {
        true => String::new(),
        false => format!("Host: {address}\r\n"),
    };
    let method = method.to_uppercase();
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\n{host}{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    // Who refuses early may close before all is sent.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    Heard {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// Who asks.
pub(super) struct Visitor<'j> {
    pub(super) judge: &'j mut Judge,
    pub(super) address: String,
    /// What is said of every request.
    pub(super) headers: String,
}

impl<'j> Visitor<'j> {
    pub(super) fn of(judge: &'j mut Judge, address: &str) -> Self {
        Self {
            judge,
            address: address.to_owned(),
            headers: String::new(),
        }
    }

    /// With these headers on every request.
    pub(super) fn with(mut self, headers: &str) -> Self {
        self.headers = headers.to_owned();
        self
    }

    #[track_caller]
    pub(super) fn asks_with(
        &mut self,
        headers: &str,
        (method, path): Operation<'_>,
        target: &str,
        body: &str,
    ) -> Heard {
        let headers = format!("{}{headers}", self.headers);
        let heard = exchange(&self.address, method, target, &headers, body);
        let answered = (method.to_owned(), path.to_owned(), heard.status);
        self.judge
            .answered(answered, heard.header("content-type"), &heard.body);
        heard
    }

    /// Asks what need not be understood.
    #[track_caller]
    pub(super) fn asks(&mut self, operation: Operation<'_>, target: &str, body: &str) -> Heard {
        self.asks_with("", operation, target, body)
    }

    /// Reads what there is.
    #[track_caller]
    pub(super) fn reads(&mut self, path: &str, target: &str) -> Heard {
        let heard = self.asks(("get", path), target, "");
        assert_eq!(heard.status, 200, "{target}: {heard:?}");
        heard
    }

    /// Sends what is to be understood.
    #[track_caller]
    pub(super) fn sends(&mut self, operation: Operation<'_>, body: &Value) -> Heard {
        let (method, path) = operation;
        self.judge.asked(method, path, body);
        let heard = self.asks(operation, path, &body.to_string());
        assert_eq!(heard.status, 200, "{path}: {body}: {heard:?}");
        heard
    }

    #[track_caller]
    pub(super) fn is_told(
        &mut self,
        operation: Operation<'_>,
        target: &str,
        body: &str,
        status: u16,
    ) {
        let heard = self.asks(operation, target, body);
        assert_eq!(heard.status, status, "{operation:?} {target}: {heard:?}");
    }

    /// Whoever has it already is told so.
    #[track_caller]
    pub(super) fn has(&mut self, path: &str, target: &str) {
        let heard = self.reads(path, target);
        let known = format!("If-None-Match: {}\r\n", heard.header("etag"));
        let again = self.asks_with(&known, ("get", path), target, "");
        assert_eq!(again.status, 304, "{again:?}");
    }

    /// Whatever is changed in a request so that the document takes it no more, the keeper takes no more either.
    #[track_caller]
    pub(super) fn changes(&mut self, operation: Operation<'_>, body: &Value) {
        let (method, path) = operation;
        for (what, changed) in structural(body) {
            if self.judge.takes(method, path, &changed) {
                continue;
            }
            let heard = self.asks(operation, path, &changed.to_string());
            assert!(
                matches!(heard.status, 400 | 422),
                "{path} takes {what}: {heard:?}"
            );
        }
    }

    /// The first answer that will do.
    #[track_caller]
    pub(super) fn until(
        &mut self,
        path: &str,
        target: &str,
        will_do: impl Fn(&Heard) -> bool,
    ) -> Heard {
        let end = Instant::now() + PATIENCE;
        loop {
            let heard = self.asks(("get", path), target, "");
            if will_do(&heard) {
                return heard;
            }
            assert!(Instant::now() < end, "{target}: {heard:#?}");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}

/// A stream of events that is being read.
pub(super) struct Events(BufReader<TcpStream>);

impl Events {
    /// Subscribes, and has the head of the answer judged.
    #[track_caller]
    pub(super) fn at(judge: &mut Judge, address: &str, target: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        let mut lines = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(lines.read_line(&mut head).unwrap() > 0, "{head}");
        }
        let heard = Heard {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: String::new(),
        };
        let answered = ("get".to_owned(), target.to_owned(), heard.status);
        judge.answered(answered, heard.header("content-type"), "");
        Self(lines)
    }

    /// Has events judged until one of this name will do.
    #[track_caller]
    pub(super) fn until(
        &mut self,
        judge: &mut Judge,
        operation: Operation<'_>,
        name: &str,
        will_do: impl Fn(&Value) -> bool,
    ) {
        let (mut event, end) = (String::new(), Instant::now() + PATIENCE);
        loop {
            assert!(Instant::now() < end, "no {name} that will do");
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            if let Some(told) = line.strip_prefix("event: ") {
                event = told.trim().to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                let data: Value = serde_json::from_str(data.trim()).unwrap();
                judge.happened(operation, &event, &data);
                if event == name && will_do(&data) {
                    return;
                }
            }
        }
    }
}

//! What is wrong with a body decides the code; a table, one row per fault.

use super::*;
use crate::rpc::error::{INVALID_REQUEST as REQUEST, PARSE};
use proptest::prelude::*;

fn fault(body: &[u8]) -> Option<i64> {
    match parse(body) {
        Body::Single(item) => item.call.err().map(|error| error.code),
        Body::Batch(_) => None,
    }
}

#[test]
fn gives_every_malformed_body_its_code() {
    let deep_open = "[".repeat(100_000);
    let deep_object = "{\"a\":".repeat(100_000);
    let long_id = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":\"{}\",\"method\":\"m\"}}",
        "x".repeat(1_000)
    );
    let huge_batch = format!("[{}1]", "1,".repeat(limits::BATCH));
    let table: &[(&str, i64)] = &[
        ("", PARSE),
        (" ", PARSE),
        ("\n\n", PARSE),
        ("x", PARSE),
        ("nul", PARSE),
        ("tru", PARSE),
        ("'a'", PARSE),
        ("\"open", PARSE),
        ("\"\\x\"", PARSE),
        ("\"\\ud800\"", REQUEST),
        ("01", PARSE),
        ("1.", PARSE),
        ("-", PARSE),
        ("+1", PARSE),
        ("1e", PARSE),
        ("0x10", PARSE),
        ("NaN", PARSE),
        ("Infinity", PARSE),
        ("{", PARSE),
        ("}", PARSE),
        ("[", PARSE),
        ("]", PARSE),
        ("[1", PARSE),
        ("[1,", PARSE),
        ("[1,]", PARSE),
        ("[,1]", PARSE),
        ("[1 2]", PARSE),
        ("[]]", PARSE),
        ("{}{}", PARSE),
        ("{} x", PARSE),
        ("{,}", PARSE),
        ("{\"a\"}", PARSE),
        ("{\"a\":}", PARSE),
        ("{\"a\":1,}", PARSE),
        ("{a:1}", PARSE),
        ("{1:1}", PARSE),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1", PARSE),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1]", PARSE),
        (
            "{\"jsonrpc\":\"2.0\",\"method\":\"foobar,\"params\":\"bar\",\"baz]",
            PARSE,
        ),
        (
            "[{\"jsonrpc\":\"2.0\",\"method\":\"sum\",\"params\":[1,2,4],\"id\":\"1\"},{\"jsonrpc\":\"2.0\",\"method\"]",
            PARSE,
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":[,],\"id\":1}",
            PARSE,
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":[1e],\"id\":1}",
            PARSE,
        ),
        ("{\"method\":1,\"method\":2,", PARSE),
        ("\u{feff}{}", PARSE),
        ("/* c */ {}", PARSE),
        (&deep_open, PARSE),
        (&deep_object, PARSE),
        ("null", REQUEST),
        ("true", REQUEST),
        ("1", REQUEST),
        ("-1e400", REQUEST),
        ("\"text\"", REQUEST),
        ("[]", REQUEST),
        ("[ ]", REQUEST),
        ("{}", REQUEST),
        ("{\"jsonrpc\":\"2.0\"}", REQUEST),
        ("{\"jsonrpc\":\"2.0\",\"id\":1}", REQUEST),
        ("{\"id\":1,\"method\":\"m\"}", REQUEST),
        ("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"m\"}", REQUEST),
        ("{\"jsonrpc\":2.0,\"id\":1,\"method\":\"m\"}", REQUEST),
        ("{\"jsonrpc\":null,\"id\":1,\"method\":\"m\"}", REQUEST),
        ("{\"jsonrpc\":[\"2.0\"],\"id\":1,\"method\":\"m\"}", REQUEST),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":1}", REQUEST),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":null}", REQUEST),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":[\"m\"]}", REQUEST),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":{}}", REQUEST),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\\ud800\"}",
            REQUEST,
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"method\":1,\"params\":\"bar\"}",
            REQUEST,
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"m\"}",
            REQUEST,
        ),
        ("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"m\"}", REQUEST),
        ("{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"m\"}", REQUEST),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"m\"}",
            REQUEST,
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"method\":\"n\"}",
            REQUEST,
        ),
        (&long_id, REQUEST),
        (&huge_batch, REQUEST),
    ];
    assert!(table.len() >= 60);
    for (body, code) in table {
        assert_eq!(
            fault(body.as_bytes()),
            Some(*code),
            "{}",
            &body[..body.len().min(120)]
        );
    }
    assert_eq!(fault(b"\xff\xfe{}"), Some(PARSE));
    assert_eq!(
        fault(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xc3\x28\"}"),
        Some(PARSE)
    );
}

#[test]
fn keeps_the_id_of_a_bad_request_and_answers_null_where_there_is_none() {
    let id = |body: &'static str| match parse(body.as_bytes()) {
        Body::Single(item) => item.id,
        Body::Batch(_) => panic!("{body}"),
    };
    assert_eq!(id("{\"jsonrpc\":\"2.0\",\"id\":7}"), Some("7"));
    assert_eq!(
        id("{\"id\":\"a\\u0041\",\"method\":\"m\"}"),
        Some("\"a\\u0041\"")
    );
    assert_eq!(id("{\"foo\":\"boo\"}"), Some("null"));
    assert_eq!(
        id("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"m\"}"),
        Some("null")
    );
    assert_eq!(id("{\"jsonrpc\":\"2.0\",\"method\":\"m\"}"), None);
    assert_eq!(
        id("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\"}"),
        Some("null")
    );
}

#[test]
fn judges_each_member_of_a_batch_alone() {
    let body = br#"[1, {"jsonrpc":"2.0","id":2,"method":"m"}, [], {"jsonrpc":"2.0","method":"n"}]"#;
    let Body::Batch(items) = parse(body) else {
        panic!("a batch")
    };
    let shape: Vec<_> = items
        .iter()
        .map(|item| (item.id, item.call.is_ok()))
        .collect();
    assert_eq!(
        shape,
        [
            (Some("null"), false),
            (Some("2"), true),
            (Some("null"), false),
            (None, true)
        ]
    );
}

#[test]
fn reads_good_requests_whatever_they_nest() {
    let deep = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{}{}}}",
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    let Body::Single(item) = parse(deep.as_bytes()) else {
        panic!("single")
    };
    assert_eq!(item.call.unwrap().method, "m");
    let Body::Single(item) =
        parse(br#" {"params":null,"extra":[{}],"method":"a\u0062","jsonrpc":"2.0","id":-1.5e3} "#)
    else {
        panic!("single")
    };
    let call = item.call.unwrap();
    assert_eq!(
        (call.method.as_ref(), call.params.is_none(), item.id),
        ("ab", true, Some("-1.5e3"))
    );
}

#[test]
fn refuses_an_answer_above_the_limit() {
    let error = json(&"x".repeat(limits::RESPONSE_BYTES)).unwrap_err();
    assert_eq!(error.code, crate::rpc::error::LIMIT);
}

proptest! {
    #[test]
    fn reads_any_bytes_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&body);
    }

    #[test]
    fn every_reply_is_json(id in "[1-9][0-9]{0,8}", message in "\\PC{0,80}") {
        let reply = reply(&id, &Err(RpcError::refused(message.clone())));
        let value: serde_json::Value = serde_json::from_slice(&reply).unwrap();
        prop_assert_eq!(value["error"]["message"].as_str(), Some(message.as_str()));
        prop_assert_eq!(value["id"].to_string(), id.parse::<u64>().unwrap().to_string());
    }
}

//! Two nodes side by side: the same requests to both, and every observable difference collected.

use super::generate::KEYS;
use agentcity_test_fixtures::{Kind, Node, Rpc, RpcError, Settings, node::Mining};
use alloy::primitives::{Address, U256};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Requests in one batch: well below every node's limit.
const BATCH: usize = 200;

/// Two nodes with the same settings.
pub struct Pair {
    _nodes: [Node; 2],
    pub left: Rpc,
    pub right: Rpc,
}

impl Pair {
    pub fn start(kinds: [Kind; 2], settings: &Settings) -> Self {
        let settings = Settings {
            strict: false,
            mining: Mining::Manual,
            ..settings.clone()
        };
        let nodes = kinds
            .map(|kind| Node::start(kind, &settings).unwrap_or_else(|error| panic!("{error}")));
        let [left, right] = [nodes[0].rpc(), nodes[1].rpc()];
        Self {
            _nodes: nodes,
            left,
            right,
        }
    }

    /// Asks both.
    pub fn both(&mut self, method: &str, params: &Value) -> [Result<Value, RpcError>; 2] {
        [
            self.left.call(method, params.clone()),
            self.right.call(method, params.clone()),
        ]
    }

    /// Asks both; both must answer.
    pub fn both_ok(&mut self, method: &str, params: &Value) -> [Value; 2] {
        self.both(method, params)
            .map(|answer| answer.unwrap_or_else(|error| panic!("{method} {params}: {error}")))
    }

    /// Asks both; the answers, reduced by `view`, must be equal.
    pub fn same(
        &mut self,
        method: &str,
        params: &Value,
        view: fn(&Value) -> Value,
    ) -> Result<Value, String> {
        let [left, right] = self.both_ok(method, params);
        equal(&format!("{method} {params}"), view(&left), view(&right))
    }

    /// The same call tree on both, given as the parameters of `debug_traceTransaction`; false when it is too deep to be
    /// parsed (128 levels), and then only the kinds of its frames were counted.
    pub fn same_tree(&mut self, params: &Value) -> Result<bool, String> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "debug_traceTransaction", "params": params }).to_string();
        let [left, right] = [&mut self.left, &mut self.right].map(|rpc| {
            String::from_utf8_lossy(&rpc.http().post(body.as_bytes()).expect("a reply").body)
                .into_owned()
        });
        if [&left, &right]
            .iter()
            .all(|text| text.matches("\"calls\"").count() < 60)
        {
            return self
                .same("debug_traceTransaction", params, call_tree)
                .map(|_| true);
        }
        let kinds = |text: &str| {
            [
                "CALL",
                "STATICCALL",
                "DELEGATECALL",
                "CALLCODE",
                "CREATE",
                "CREATE2",
                "SELFDESTRUCT",
            ]
            .map(|kind| text.matches(&format!("\"type\":\"{kind}\"")).count())
        };
        equal(
            &format!("frames of {params}"),
            json!(kinds(&left)),
            json!(kinds(&right)),
        )
        .map(|_| false)
    }

    /// Both must succeed with the same data, or revert with the same data, or fail without data.
    pub fn same_outcome(&mut self, method: &str, params: &Value) -> Result<(), String> {
        let mut words = Vec::new();
        let [left, right] = self.both(method, params).map(|answer| match answer {
            Ok(value) => json!({ "ok": value }),
            Err(error @ RpcError::Refused { .. }) => {
                words.push(error.message().to_owned());
                json!({ "reverted": error.code() == Some(3), "data": error.revert_data().map(hex::encode) })
            }
            Err(error) => panic!("{method} {params}: {error}"),
        });
        equal(
            &format!("{method} {params} ({})", words.join("; ")),
            left,
            right,
        )
        .map(drop)
    }

    /// Balance, nonce, code and the compared storage of every account, and of the accounts that storage names.
    pub fn same_accounts(&mut self, accounts: &BTreeSet<Address>) -> Result<usize, String> {
        let mut known = accounts.clone();
        let mut left_to_do: Vec<Address> = accounts.iter().copied().collect();
        while !left_to_do.is_empty() {
            let requests: Vec<(&str, Value)> = left_to_do
                .iter()
                .flat_map(|account| {
                    let plain = ["eth_getBalance", "eth_getTransactionCount", "eth_getCode"]
                        .map(|method| (method, json!([account, "latest"])));
                    let slots = (0..KEYS).map(move |key| {
                        (
                            "eth_getStorageAt",
                            json!([account, U256::from(key), "latest"]),
                        )
                    });
                    plain.into_iter().chain(slots)
                })
                .collect();
            left_to_do.clear();
            for chunk in requests.chunks(BATCH) {
                let left = batch(&mut self.left, chunk);
                let right = batch(&mut self.right, chunk);
                for (((method, params), left), right) in chunk.iter().zip(left).zip(right) {
                    let value = equal(&format!("{method} {params}"), left, right)?;
                    if *method == "eth_getStorageAt"
                        && let Some(account) = as_address(&value)
                        && known.insert(account)
                    {
                        left_to_do.push(account);
                    }
                }
            }
        }
        Ok(known.len())
    }
}

/// The word as an account, when it looks like one: 12 zero bytes, and not a small number.
fn as_address(value: &Value) -> Option<Address> {
    let word = value.as_str()?.parse::<U256>().ok()?;
    (word.bit_len() > 100 && word.bit_len() <= 160).then(|| Address::from_word(word.into()))
}

fn batch(rpc: &mut Rpc, requests: &[(&str, Value)]) -> Vec<Value> {
    let body: Vec<Value> = requests
        .iter()
        .enumerate()
        .map(|(id, (method, params))| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
        .collect();
    let reply = rpc
        .http()
        .post(Value::from(body).to_string().as_bytes())
        .expect("a reply");
    let mut answers: Vec<Value> = serde_json::from_slice(&reply.body).expect("an array of answers");
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert_eq!(answers.len(), requests.len());
    answers
        .into_iter()
        .map(|mut answer| answer["result"].take())
        .collect()
}

/// Equal values, or where they differ.
pub fn equal(what: &str, left: Value, right: Value) -> Result<Value, String> {
    if left == right {
        return Ok(left);
    }
    let mut differences = Vec::new();
    differ("", &left, &right, &mut differences);
    Err(format!("{what}\n  {}", differences.join("\n  ")))
}

fn differ(path: &str, left: &Value, right: &Value, out: &mut Vec<String>) {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                differ(
                    &format!("{path}.{key}"),
                    a.get(key).unwrap_or(&Value::Null),
                    b.get(key).unwrap_or(&Value::Null),
                    out,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differ(&format!("{path}[{index}]"), a, b, out);
            }
        }
        (a, b) if a == b => {}
        (a, b) => out.push(format!("{path}: {} ≠ {}", short(a), short(b))),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.len() > 300 {
        format!("{}…", &text[..300])
    } else {
        text
    }
}

/// A receipt without what depends on the state root: the block hash.
pub fn receipts(value: &Value) -> Value {
    let mut value = value.clone();
    for receipt in value.as_array_mut().into_iter().flatten() {
        // Fields that one of the two adds: blobs do not occur, the parent chain is Arbitrum's, the time is the block's.
        forget(
            receipt,
            &[
                "blockHash",
                "blobGasPrice",
                "blobGasUsed",
                "root",
                "blockTimestamp",
                "gasUsedForL1",
                "l1BlockNumber",
            ],
        );
        for log in receipt
            .get_mut("logs")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            forget(log, &["blockHash"]);
        }
        if receipt.get("type").is_none() {
            receipt["type"] = json!("0x0");
        }
    }
    value
}

/// What of a header does not depend on genesis.
pub fn header(value: &Value) -> Value {
    let fields = [
        "number",
        "timestamp",
        "gasUsed",
        "gasLimit",
        "baseFeePerGas",
        "miner",
        "logsBloom",
        "transactionsRoot",
        "receiptsRoot",
        "transactions",
    ];
    fields
        .iter()
        .map(|field| ((*field).to_owned(), value[*field].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The whole answer.
pub fn whole(value: &Value) -> Value {
    value.clone()
}

/// A call tree without the texts of errors, which no specification fixes, and without the gas of the whole.
pub fn call_tree(value: &Value) -> Value {
    let mut value = value.clone();
    strip(&mut value);
    forget(&mut value, &["gasUsed"]);
    value
}

fn strip(frame: &mut Value) {
    if frame.get("error").is_some() {
        frame["error"] = json!("some");
    }
    forget(frame, &["revertReason"]);
    for inner in frame
        .get_mut("calls")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        strip(inner);
    }
}

fn forget(object: &mut Value, keys: &[&str]) {
    if let Some(object) = object.as_object_mut() {
        for key in keys {
            object.remove(*key);
        }
    }
}

//! The same random EVM transactions on anvil and on the devnode give the same receipts, data, gas and state.
//!
//! Each seed starts a fresh pair of nodes, so a failure repeats alone: `AGENTCITY_SEED=<seed>`. `AGENTCITY_CASES` sets
//! how many seeds are tried (the deep profile raises it). Base fee, time and coinbase are set before every block; the
//! state root is not compared (the genesis accounts differ), everything that it covers is.

mod compare;
mod generate;

use agentcity_test_fixtures::{Actor, Kind, Settings, http::parse_quantity};
use alloy::{
    consensus::Transaction,
    eips::Encodable2718,
    primitives::{Address, address},
};
use compare::{Pair, equal, header, receipts, whole};
use generate::{Generated, World, transaction};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Blocks of one case.
const BLOCKS: u64 = 16;
/// Cases of an ordinary run.
const CASES: u64 = 10;
const COINBASE: Address = address!("0xc01bba5e00000000000000000000000000000001");

/// What one case saw, so that a generator that has become idle is noticed.
#[derive(Debug, Default)]
struct Seen {
    transactions: usize,
    succeeded: usize,
    failed: usize,
    refused: usize,
    logs: usize,
    accounts: usize,
}

fn case(kinds: [Kind; 2], seed: u64) -> Result<Seen, String> {
    let settings = Settings::lenient();
    let mut rng = StdRng::seed_from_u64(seed);
    let mut pair = Pair::start(kinds, &settings);
    let mut seen = Seen::default();
    let mut world = World {
        chain_id: settings.chain_id,
        base_fee: settings.base_fee,
        nonces: vec![0; Actor::all().len()],
        contracts: Vec::new(),
        recipients: (1..=4u8).map(|n| Address::repeat_byte(0xa0 + n)).collect(),
    };
    pair.both_ok("anvil_setCoinbase", &json!([COINBASE]));
    let mut time = settings.timestamp.expect("fixed");
    for _ in 0..BLOCKS {
        world.base_fee = rng.random_range(1_000_000..2_000_000_000);
        time += rng.random_range(1..100);
        pair.both_ok(
            "anvil_setNextBlockBaseFeePerGas",
            &json!([format!("{:#x}", world.base_fee)]),
        );
        pair.both_ok("evm_setNextBlockTimestamp", &json!([time]));
        let wanted = rng.random_range(1..=6);
        send(&mut pair, &mut rng, &mut world, wanted, &mut seen)?;
        pair.both_ok("evm_mine", &json!([]));
        let block = pair.same("eth_getBlockByNumber", &json!(["latest", false]), header)?;
        let mined = pair.same("eth_getBlockReceipts", &json!(["latest"]), receipts)?;
        for receipt in mined.as_array().ok_or("receipts are an array")? {
            seen.logs += receipt["logs"].as_array().map_or(0, Vec::len);
            if receipt["status"] == "0x1" {
                seen.succeeded += 1
            } else {
                seen.failed += 1
            }
            if let Ok(address) =
                serde_json::from_value::<Address>(receipt["contractAddress"].clone())
            {
                world.contracts.push(address);
            }
            same_trace(&mut pair, receipt, kinds[1])?;
        }
        if block["transactions"]
            .as_array()
            .is_some_and(|list| list.len() != mined.as_array().map_or(0, Vec::len))
        {
            return Err(format!(
                "a block whose transactions and receipts differ in number: {block}"
            ));
        }
        // An authorization that took effect used up a nonce.
        for (nonce, actor) in world.nonces.iter_mut().zip(Actor::all()) {
            let value = pair.same(
                "eth_getTransactionCount",
                &json!([actor.address(), "latest"]),
                whole,
            )?;
            *nonce = parse_quantity(&value).ok_or("a quantity")? as u64;
        }
    }
    let mut accounts: BTreeSet<Address> = world
        .contracts
        .iter()
        .chain(&world.recipients)
        .copied()
        .collect();
    accounts.extend(Actor::all().iter().map(Actor::address));
    accounts.insert(COINBASE);
    seen.accounts = pair.same_accounts(&accounts)?;
    Ok(seen)
}

/// The same call tree on both; ours says at the top what the receipt says (anvil's leaves the refund out there).
fn same_trace(pair: &mut Pair, receipt: &Value, kind: Kind) -> Result<(), String> {
    let params = json!([receipt["transactionHash"], { "tracer": "callTracer" }]);
    if !pair.same_tree(&params)? || kind == Kind::Anvil {
        return Ok(());
    }
    let [_, ours] = pair.both_ok("debug_traceTransaction", &params);
    equal(
        "gasUsed of the trace and of the receipt",
        ours["gasUsed"].clone(),
        receipt["gasUsed"].clone(),
    )
    .map(drop)
}

/// Sends up to `wanted` transactions to both pools, each first as a call.
fn send(
    pair: &mut Pair,
    rng: &mut StdRng,
    world: &mut World,
    wanted: usize,
    seen: &mut Seen,
) -> Result<(), String> {
    for _ in 0..wanted {
        let made = transaction(rng, world);
        let described = |error: String| format!("{} from {}: {error}", made.what, made.sender);
        let raw = format!("0x{}", hex::encode(made.envelope.encoded_2718()));
        if !made.invalid {
            pair.same_outcome("eth_call", &json!([as_call(&made), "latest"]))
                .map_err(described)?;
        }
        let answers = pair
            .both("eth_sendRawTransaction", &json!([raw]))
            .map(|answer| answer.map_err(|e| e.to_string()));
        seen.transactions += 1;
        match answers {
            [Ok(left), Ok(right)] => {
                equal("eth_sendRawTransaction", left, right).map_err(described)?;
                if made.invalid {
                    return Err(described("both accepted what should be refused".into()));
                }
                world.nonces[made.actor] += 1;
            }
            [Err(left), Err(right)] => {
                if !made.invalid {
                    return Err(described(format!(
                        "both refused what should be accepted: {left}; {right}"
                    )));
                }
                seen.refused += 1;
                continue;
            }
            [left, right] => return Err(described(format!("one refused: {left:?} {right:?}"))),
        }
        if made.envelope.is_eip7702() {
            // The nonce of the delegating account moves inside the block: nothing may follow that relies on it.
            break;
        }
    }
    Ok(())
}

/// The transaction as a call: what it would return now.
fn as_call(made: &Generated) -> Value {
    let tx = &made.envelope;
    let mut call = json!({
        "from": made.sender, "value": tx.value(), "input": tx.input(), "gas": format!("{:#x}", tx.gas_limit()),
        // Above every base fee of a case: GASPRICE is then the same, whichever block the node takes for the newest.
        "gasPrice": "0x2540be400",
    });
    if let Some(to) = tx.to() {
        call["to"] = json!(to);
    }
    call
}

fn run(kinds: [Kind; 2], cases: u64) {
    let only: Option<u64> = std::env::var("AGENTCITY_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seeds: Vec<u64> = only.map_or_else(|| (0..cases).collect(), |seed| vec![seed]);
    let (mut transactions, mut succeeded, mut failed, mut refused, mut logs) = (0, 0, 0, 0, 0);
    for seed in seeds {
        match case(kinds, seed) {
            Ok(seen) => {
                println!("seed {seed}: {seen:?}");
                transactions += seen.transactions;
                succeeded += seen.succeeded;
                failed += seen.failed;
                refused += seen.refused;
                logs += seen.logs;
            }
            Err(difference) => panic!("{kinds:?} differ at AGENTCITY_SEED={seed}: {difference}"),
        }
    }
    if only.is_none() {
        // A generator whose transactions all fail, or never do, compares nothing.
        assert!(
            succeeded * 3 > transactions && failed > 0 && refused > 0 && logs > 0,
            "{succeeded} of {transactions} succeeded, {failed} failed, {refused} refused, {logs} logs"
        );
    }
}

fn cases() -> u64 {
    std::env::var("AGENTCITY_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(CASES)
}

#[test]
fn two_anvils_agree_so_the_comparison_is_sound() {
    run([Kind::Anvil, Kind::Anvil], 2);
}

#[test]
fn the_comparison_notices_one_wei() {
    let settings = Settings::lenient();
    let mut pair = Pair::start([Kind::Anvil, Kind::Anvil], &settings);
    let account = Address::repeat_byte(0xa1);
    assert_eq!(pair.same_accounts(&BTreeSet::from([account])), Ok(1));
    pair.right
        .call("anvil_setBalance", json!([account, "0x1"]))
        .unwrap();
    let difference = pair.same_accounts(&BTreeSet::from([account])).unwrap_err();
    assert!(
        difference.contains("eth_getBalance") && difference.contains("\"0x0\" ≠ \"0x1\""),
        "{difference}"
    );
}

#[test]
fn the_comparison_notices_one_field_of_a_receipt() {
    let receipt = |gas: &str| json!([{ "gasUsed": gas, "blockHash": gas, "logs": [] }]);
    let reduced = |gas: &str| receipts(&receipt(gas));
    assert!(equal("receipts", reduced("0x1"), reduced("0x1")).is_ok());
    let difference = equal("receipts", reduced("0x1"), reduced("0x2")).unwrap_err();
    assert_eq!(difference, "receipts\n  [0].gasUsed: \"0x1\" ≠ \"0x2\"");
    assert_eq!(Value::Null, whole(&Value::Null));
}

#[test]
fn anvil_and_devnode_agree_on_random_transactions() {
    run([Kind::Anvil, Kind::DevnodeEthereum], cases());
}

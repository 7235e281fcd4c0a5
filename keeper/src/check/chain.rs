//! The endpoints, one by one and against each other; the account; the clock.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, B256, U256, utils::format_ether},
    providers::Provider,
    rpc::types::{BlockNumberOrTag, Filter},
};

use super::Findings;
use crate::{clock::Clock, config::Config, executor::submit::Policy, part::within};

/// Blocks by which an endpoint may be behind the foremost before it is said to lag: two seconds of Arbitrum's.
const LAG_BLOCKS: u64 = 8;
/// Ranges of blocks that are tried, widest first: what endpoints usually refuse, and what the keeper asks for at most.
const SPANS: [u64; 3] = [10_000, 1_000, 100];
/// The clock may be off by so much, in seconds: a third of a lease.
const SKEW_SECS: u64 = 10;
/// A chain whose newest block is older than this is told: on one in use there is one within seconds.
const HEAD_OLD_SECS: u64 = 600;

/// What is known of the chain after its endpoints were asked.
pub(super) struct Chain {
    pub(super) id: u64,
}

struct Seen {
    id: u64,
    genesis: B256,
    head: u64,
    head_time: u64,
}

pub(super) async fn check<P: Provider>(
    config: &Config,
    endpoints: &[(String, P)],
    account: Option<Address>,
    clock: &dyn Clock,
    found: &mut Findings,
) -> Option<Chain> {
    let mut seen = Vec::new();
    for (place, (name, provider)) in endpoints.iter().enumerate() {
        let about = format!("endpoint {name}");
        match within(ask(provider)).await {
            Ok(one) => seen.push((place, one)),
            Err(cause) => found.fail(about, cause, "start it, or name another"),
        }
    }
    let foremost = seen.iter().map(|(_, one)| one.head).max()?;
    let common = seen
        .iter()
        .map(|(_, one)| one.head)
        .min()
        .unwrap_or_default();
    let mut chains: BTreeMap<(u64, B256), usize> = BTreeMap::new();
    for (_, one) in &seen {
        *chains.entry((one.id, one.genesis)).or_insert(0) += 1;
    }
    let most = chains
        .iter()
        .max_by_key(|(_, times)| **times)
        .map(|(chain, _)| *chain)?;
    let mut alike = 0;
    for (place, one) in &seen {
        let (name, provider) = &endpoints[*place];
        let about = format!("endpoint {name}");
        let behind = foremost.saturating_sub(one.head);
        let facts = format!("chain {}, block {}", one.id, one.head);
        if (one.id, one.genesis) != most {
            found.fail(
                about,
                format!("{facts}: it is of another chain than most"),
                "remove it",
            );
            continue;
        }
        alike += 1;
        let abilities = abilities(provider, one.head).await;
        let says = format!("{facts}, {}", abilities.0);
        if behind > LAG_BLOCKS {
            found.warn(
                about,
                format!("{says}; {behind} blocks behind the foremost"),
                "wait until it caught up, or name another",
            );
        } else if let Some(lacks) = abilities.1 {
            found.warn(about, says, lacks);
        } else {
            found.ok(about, says);
        }
    }
    quorum(config, endpoints, (alike, common), found).await;
    let newest = seen
        .iter()
        .map(|(_, one)| one.head_time)
        .max()
        .unwrap_or_default();
    self::clock(newest, clock, found);
    if let (Some(account), Some((_, provider))) = (account, endpoints.first()) {
        balance(provider, account, found).await;
    }
    Some(Chain { id: most.0 })
}

async fn ask<P: Provider>(provider: &P) -> Result<Seen, String> {
    let text = |error: alloy::transports::TransportError| error.to_string();
    let id = provider.get_chain_id().await.map_err(text)?;
    let genesis = provider
        .get_block(BlockNumberOrTag::Earliest.into())
        .await
        .map_err(text)?;
    let newest = provider
        .get_block(BlockNumberOrTag::Latest.into())
        .await
        .map_err(text)?;
    match (genesis, newest) {
        (Some(genesis), Some(newest)) => Ok(Seen {
            id,
            genesis: genesis.header.hash,
            head: newest.header.number,
            head_time: newest.header.timestamp,
        }),
        _ => Err("it does not know its first or its newest block".to_owned()),
    }
}

/// What it can do besides: states of long ago, and logs of many blocks at once. And what it lacks.
async fn abilities<P: Provider>(provider: &P, head: u64) -> (String, Option<String>) {
    let old = async {
        let asked = provider
            .get_balance(Address::ZERO)
            .number(head.min(1))
            .await;
        asked.map(drop).map_err(|error| error.to_string())
    };
    let archive = within(old).await.is_ok();
    let mut span = None;
    for wanted in SPANS {
        let filter = Filter::new()
            .address(Address::ZERO)
            .from_block(head.saturating_sub(wanted - 1))
            .to_block(head);
        let logs = async {
            provider
                .get_logs(&filter)
                .await
                .map(drop)
                .map_err(|error| error.to_string())
        };
        if within(logs).await.is_ok() {
            span = Some(wanted);
            break;
        }
    }
    let states = if archive {
        "old states"
    } else {
        "no old states"
    };
    let says = match span {
        Some(span) => format!("{states}, logs of {span} blocks at once"),
        None => format!("{states}, no logs"),
    };
    let lacks = match (archive, span) {
        (_, None) => Some("name one that answers eth_getLogs".to_owned()),
        (false, _) => Some(
            "a nonce that a stranger used cannot be looked for there: name an archive endpoint"
                .to_owned(),
        ),
        (true, Some(span)) if span < SPANS[0] => Some("catching up takes longer there".to_owned()),
        (true, Some(_)) => None,
    };
    (says, lacks)
}

async fn quorum<P: Provider>(
    config: &Config,
    endpoints: &[(String, P)],
    (alike, common): (usize, u64),
    found: &mut Findings,
) {
    let (needed, all) = (config.quorum, endpoints.len());
    let mut hashes: BTreeMap<B256, usize> = BTreeMap::new();
    for (_, provider) in endpoints {
        let block = async {
            let asked = provider
                .get_block(BlockNumberOrTag::Number(common).into())
                .await;
            asked.map_err(|error| error.to_string())
        };
        if let Ok(Some(block)) = within(block).await {
            *hashes.entry(block.header.hash).or_insert(0) += 1;
        }
    }
    let agreeing = hashes.values().copied().max().unwrap_or_default();
    let says = format!("{agreeing} of {all} tell one chain, {needed} must");
    if agreeing < needed || alike < needed {
        found.fail(
            "quorum",
            says,
            "nothing leaves without it: name endpoints that answer",
        );
    } else if agreeing < all {
        found.warn("quorum", says, "replace those that do not");
    } else if all == 1 {
        found.warn(
            "quorum",
            "one endpoint is believed alone",
            "name further_endpoints of other operators where money moves",
        );
    } else {
        found.ok("quorum", says);
    }
}

fn clock(head_time: u64, clock: &dyn Clock, found: &mut Findings) {
    let now = clock.now().get() / 1_000;
    let (ahead, behind) = (now.saturating_sub(head_time), head_time.saturating_sub(now));
    if behind > SKEW_SECS {
        found.fail(
            "clock",
            format!("it is {behind} s behind the chain's newest block"),
            "set it, by NTP for example",
        );
    } else if ahead > HEAD_OLD_SECS {
        found.warn(
            "clock",
            "the newest block is more than ten minutes old",
            "the chain is idle or stands still, the endpoints lag, or the clock is ahead",
        );
    } else {
        found.ok("clock", "it agrees with the chain's newest block");
    }
}

async fn balance<P: Provider>(provider: &P, account: Address, found: &mut Findings) {
    let about = format!("account {account}");
    let held = async {
        provider
            .get_balance(account)
            .await
            .map_err(|error| error.to_string())
    };
    let low = Policy::default().balance_low;
    match within(held).await {
        Ok(held) if held == U256::ZERO => found.fail(
            about,
            "it holds nothing",
            "fund it: it pays for every transaction",
        ),
        Ok(held) if held < low => {
            let least = format_ether(low);
            found.warn(
                about,
                format!("it holds {} ether", format_ether(held)),
                format!("fund it with {least} or more"),
            );
        }
        Ok(held) => found.ok(about, format!("it holds {} ether", format_ether(held))),
        Err(cause) => found.fail(about, cause, "its balance must be known"),
    }
}

//! Logs and drafts of tests.

use std::path::Path;

use agentcity_hub::{
    entry::Origin,
    head::LogName,
    kind::EventType,
    redact::Rules,
    store::{Appended, Draft, Log, Retention, Settings},
};
use alloy::{
    primitives::{Address, B256, keccak256},
    signers::local::PrivateKeySigner,
};
use serde_json::json;

pub(crate) const DAY_MS: u64 = 86_400_000;
pub(crate) const NOW: u64 = 1_700_000_000_000;

pub(crate) fn key(of: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(of)).unwrap()
}

pub(crate) fn name() -> LogName {
    LogName {
        chain_id: 412_346,
        author: key(1).address(),
    }
}

pub(crate) fn settings(mirrors: &[Address]) -> Settings {
    Settings {
        redactor: Box::new(Rules::common()),
        retention: Retention::default(),
        mirrors: mirrors.to_vec(),
    }
}

pub(crate) fn open(dir: &Path, mirrors: &[Address]) -> Log {
    Log::open(&dir.join("log"), name(), settings(mirrors)).unwrap()
}

pub(crate) fn word(number: u64) -> B256 {
    keccak256(number.to_be_bytes())
}

pub(crate) fn account(number: u64) -> Address {
    Address::from_word(word(number))
}

/// A keeper's record that no other is.
pub(crate) fn draft(kind: EventType, number: u64) -> Draft {
    Draft {
        kind,
        mission: word(1),
        session: B256::ZERO,
        node: None,
        epoch: 1,
        contract: Address::ZERO,
        primary: account(1),
        secondary: Address::ZERO,
        principals: Vec::new(),
        block: 0,
        time_ms: NOW + number,
        gas_used: 0,
        origin: Origin::Keeper {
            record: word(number),
        },
        payload: json!({ "number": number }),
    }
}

pub(crate) fn drafts(range: std::ops::Range<u64>) -> Vec<Draft> {
    range
        .map(|number| {
            let kinds = EventType::ALL;
            draft(kinds[number as usize % kinds.len()], number)
        })
        .collect()
}

pub(crate) fn fresh(appended: Vec<Appended>) -> Vec<u64> {
    appended
        .into_iter()
        .map(|appended| match appended {
            Appended::Fresh(place) => place,
            Appended::Known(place) => panic!("{place} was known"),
        })
        .collect()
}

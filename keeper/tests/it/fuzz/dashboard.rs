//! What browsers send to the dashboard: paths, queries, headers, bodies. Nothing is taken that is not understood whole.

use agentcity_keeper::{
    dashboard::{
        guard::Door,
        http::mission_id,
        proof::Which,
        proposal::{Judged, Proposal, Submission, read},
    },
    source::city::City,
};
use agentcity_test_fixtures::fuzz::hurl;
use alloy::primitives::{Address, B256};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::json;

use super::text;

fn seeds(all: &[&str]) -> Vec<Vec<u8>> {
    all.iter().map(|one| one.as_bytes().to_vec()).collect()
}

fn city() -> City {
    City::of(
        412_346,
        std::array::from_fn(|place| Address::repeat_byte(place as u8 + 1)),
    )
}

#[test]
fn paths_and_queries_of_the_dashboard() {
    let hash = format!("transaction={}", B256::repeat_byte(7));
    hurl(
        "dashboard-proof",
        &seeds(&["place=12", "place=18446744073709551615", &hash]),
        |bytes| {
            let Some(text) = text(bytes) else {
                return false;
            };
            match Which::read(Some(text)) {
                Ok(Which::Place(place)) => text.strip_prefix("place=").is_some_and(|digits| {
                    digits.parse() == Ok(place) || panic!("{text} is {place}")
                }),
                Ok(Which::Transaction(_)) => true,
                Err(_) => false,
            }
        },
    );
    let id = B256::repeat_byte(7).to_string();
    hurl("dashboard-mission", &seeds(&[&id]), |bytes| {
        let Some(text) = text(bytes) else {
            return false;
        };
        let Ok(id) = mission_id(text) else {
            return false;
        };
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
        true
    });
}

#[test]
fn headers_of_requests_to_the_dashboard() {
    let door = Door::new(vec!["keeper.example.org".to_owned()]);
    let known = [
        "127.0.0.1:9464",
        "localhost",
        "[::1]:80",
        "keeper.example.org:443",
    ];
    hurl("dashboard-host", &seeds(&known), |bytes| {
        let Ok(host) = HeaderValue::from_bytes(bytes) else {
            return false;
        };
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("host"), host);
        let taken = door.judge(&Method::GET, &headers).is_ok();
        // Whatever else is in it, a foreign name is none of ours.
        let is_foreign = text(bytes).is_some_and(|text| text.trim().ends_with(".example"));
        assert!(!(taken && is_foreign), "{:?}", text(bytes));
        taken
    });
}

#[test]
fn bodies_of_requests_to_the_dashboard() {
    let proposals = [
        json!({ "parameter": "reputationFloor", "value": 120, "justification": "why" }),
        json!({ "parameter": 2, "value": "2500", "justification": "why", "deadlineSecs": 60 }),
        json!({ "action": "unfreeze-node", "fields": { "missionId": B256::ZERO, "node": 1, "freezeId": 2, "kind": 1 }, "justification": "why" }),
        json!({ "action": "clear-predicate", "fields": { "missionId": B256::ZERO, "index": 1 }, "justification": "why" }),
    ]
    .map(|one| one.to_string().into_bytes());
    hurl("dashboard-proposal", &proposals, |bytes| {
        let Ok(proposal) = read::<Proposal>(bytes) else {
            return false;
        };
        match proposal.judge() {
            Err(_) => return false,
            Ok(Judged::Amendment(id, word)) => {
                agentcity_domain::parameter::check(id, word).expect("within its bounds");
            }
            Ok(Judged::Action(action, words)) => {
                let shape = action.shape().expect("an action of the table");
                let fits = |(place, word): (u8, &Option<B256>)| {
                    word.is_none_or(|word| shape.takes(place, &word))
                };
                assert!((0..).zip(&words).all(fits), "{words:?}");
            }
        }
        true
    });
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/dashboard/example.json");
    let example = std::fs::read_to_string(path).expect("an example");
    let example: serde_json::Value = serde_json::from_str(&example).expect("JSON");
    let submission = json!({ "file": example["proposal"]["file"], "signatures": [] });
    let city = city();
    hurl(
        "dashboard-submission",
        &[submission.to_string().into_bytes()],
        |bytes| {
            let Ok(submission) = read::<Submission>(bytes) else {
                return false;
            };
            // The example is of another city.
            assert!(submission.judge(&city).is_err());
            true
        },
    );
}

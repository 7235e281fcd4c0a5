//! What comes over a wire: what keepers and executors say to each other, and what endpoints answer.

use std::{sync::Arc, time::Duration};

use agentcity_executor::{
    client::{Account, Client, Patience},
    protocol::{
        Acceptance, AcceptanceRequest, Code, Content, Identity, JobId, JobRequest, LiveCode,
        Refusal, Said, Standing, Venue,
    },
};
use agentcity_hub::{
    mirror::{Receipt, Shelf},
    store::Cursor,
};
use agentcity_keeper::{
    executor::{outage::Word, report::Monitor},
    machine::escrow_buffer::Outage,
    source::endpoint::{HttpEndpoint, Source},
};
use agentcity_test_fixtures::fuzz::hurl;
use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
};
use parking_lot::Mutex;
use tempfile::tempdir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    runtime::Runtime,
};

use super::{
    corpus, json,
    served::{kept, parcel},
    text,
};

#[test]
fn messages_of_executors_and_keepers() {
    hurl("identity", &corpus("identity"), json::<Identity>);
    hurl("live code", &corpus("live-code"), json::<LiveCode>);
    hurl(
        "acceptance request",
        &corpus("acceptance-request"),
        json::<AcceptanceRequest>,
    );
    hurl("acceptance", &corpus("acceptance"), json::<Acceptance>);
    hurl("standing", &corpus("standing"), json::<Standing>);
    hurl("refusal", &[refusal()], json::<Refusal>);
    hurl("what was said", &[said()], json::<Said>);
    hurl("word about an outage", &[word()], json::<Word>);
    hurl("job", &corpus("job"), |bytes| {
        json::<JobRequest>(bytes)
            && serde_json::from_slice::<JobRequest>(bytes).is_ok_and(|job| job.check().is_ok())
    });
}

#[test]
fn words_in_addresses_and_what_mirrors_say() {
    hurl("name of a job", &corpus("job-id"), |bytes| {
        let Some(Ok(job)) = text(bytes).map(str::parse::<JobId>) else {
            return false;
        };
        assert_eq!(job.to_string().as_bytes(), bytes, "one job, one name");
        true
    });
    hurl("cursor", &corpus("cursor"), |bytes| {
        let Some(Ok(cursor)) = text(bytes).map(str::parse::<Cursor>) else {
            return false;
        };
        let again: Cursor = cursor.to_string().parse().expect("its own text");
        assert_eq!(again.to_string(), cursor.to_string());
        true
    });
    let dir = tempdir().expect("a folder");
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(9)).expect("a key");
    let shelf = Shelf::open(&dir.path().join("shelf"), key, 1 << 20).expect("a shelf");
    let parcel = parcel(&kept(dir.path()));
    let receipt = shelf.put(parcel.address(), parcel.bytes().clone(), 1);
    let receipt = serde_json::to_vec(&receipt.expect("a receipt")).expect("JSON");
    hurl("receipt", &[receipt], json::<Receipt>);
}

fn said() -> Vec<u8> {
    let said = Said {
        from: 7,
        messages: vec![Content::new(b"what is it?".to_vec()).expect("short")],
    };
    serde_json::to_vec(&said).expect("JSON")
}

fn word() -> Vec<u8> {
    let monitor = Monitor {
        signer: PrivateKeySigner::from_bytes(&B256::repeat_byte(9)).expect("a key"),
        chain_id: 412_346,
        guardian: Address::repeat_byte(1),
    };
    let outage = Outage {
        from: 1_767_268_800,
        until: 1_767_272_400,
        block: 7,
    };
    let word = monitor.word(B256::repeat_byte(2), outage).expect("signed");
    serde_json::to_vec(&word).expect("JSON")
}

fn refusal() -> Vec<u8> {
    serde_json::to_vec(&Refusal::new(Code::TooEarly, "others may still commit")).expect("JSON")
}

/// A server that answers every request with what it is told.
fn says(runtime: &Runtime) -> (String, Arc<Mutex<Vec<u8>>>) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let listener = runtime
        .block_on(TcpListener::bind("127.0.0.1:0"))
        .expect("a port");
    let at = format!("http://{}", listener.local_addr().expect("an address"));
    let words = Arc::clone(&said);
    runtime.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = words.lock().clone();
            tokio::spawn(async move {
                let mut heard = [0; 1 << 16];
                let _ = stream.read(&mut heard).await;
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    answer.len()
                );
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(&answer).await;
            });
        }
    });
    (at, said)
}

/// Questions over a real connection cost more than a decoder's: a part of its rounds.
fn seldom(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .map(|byte| u32::from(*byte))
        .sum::<u32>()
        .is_multiple_of(8)
}

#[test]
fn answers_of_endpoints() {
    let runtime = Runtime::new().expect("a runtime");
    let (at, said) = says(&runtime);
    let seeds = corpus("rpc");
    let endpoint = || {
        let url = format!("{at}/").parse().expect("a URL");
        let chain = (412_346, B256::ZERO);
        HttpEndpoint::new(url, Duration::from_secs(2), chain, Vec::new()).expect("an endpoint")
    };
    // No single answer is good for every question: the corpus is what a node says, and none of it may be believed.
    hurl("endpoint", &seeds, |bytes| {
        if seeds.iter().any(|seed| seed == bytes) {
            return true;
        }
        if !seldom(bytes) {
            return false;
        }
        bytes.clone_into(&mut said.lock());
        runtime.block_on(async {
            let endpoint = endpoint();
            let tip = endpoint.tip().await.is_ok();
            tip | endpoint.blocks(0, 3, 8).await.is_ok()
        })
    });
}

#[test]
fn answers_of_executors() {
    let runtime = Runtime::new().expect("a runtime");
    let (at, said) = says(&runtime);
    let venue = Venue {
        chain_id: 412_346,
        statute: Address::repeat_byte(1),
        verification: Address::repeat_byte(2),
    };
    let agent = Address::repeat_byte(3);
    let client = Client::new(&at, agent, Account::Key, venue, None, Patience::default());
    let client = client.expect("an address");
    let mut seeds = corpus("standing");
    for name in ["identity", "live-code", "acceptance"] {
        seeds.extend(corpus(name));
    }
    seeds.push(refusal());
    let job: JobRequest = serde_json::from_slice(&corpus("job")[0]).expect("a job");
    hurl("executor's answer", &seeds, |bytes| {
        if seeds.iter().any(|seed| seed == bytes) {
            return true;
        }
        if !seldom(bytes) {
            return false;
        }
        bytes.clone_into(&mut said.lock());
        runtime.block_on(async {
            // Whatever it says is signed by nobody, so no answer about a job is believed.
            assert!(client.standing(&job).await.is_err() || bytes.len() > 2);
            client.identity().await.is_ok()
        })
    });
}

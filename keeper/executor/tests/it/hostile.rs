//! Executors that hang, flood, lie, send elsewhere, speak otherwise, or change their code: the keeper is not moved.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use agentcity_executor::{
    client::{ClientError, Disposition, Lie},
    protocol::{Check, Comparison, Identity, JobRequest, LiveCode, Standing, Text},
    trail::TrailError,
};
use alloy::primitives::{Address, B256, Bytes, hex, keccak256};
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::{
    Agent, CODE, Does, OTHER_CODE, Running, SERVICE, TRAILS, VENUE, client, key, request, until,
};

/// What a hostile server does with a connection whose request it read.
type Trick = Arc<dyn Fn(TcpStream) -> tokio::task::JoinHandle<()> + Send + Sync>;

async fn hostile(trick: Trick) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut heard = [0; 1 << 16];
            let _ = stream.read(&mut heard).await;
            trick(stream);
        }
    });
    address
}

fn says(bytes: Vec<u8>) -> Trick {
    Arc::new(move |mut stream| {
        let bytes = bytes.clone();
        tokio::spawn(async move {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        })
    })
}

fn answer(status: &str, body: &str) -> Trick {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    says(format!("{head}{body}").into_bytes())
}

#[tokio::test]
async fn an_executor_that_hangs_is_left_in_time() {
    let silent: Trick = Arc::new(|stream| {
        tokio::spawn(async move {
            let _held = stream;
            std::future::pending::<()>().await;
        })
    });
    let dripping: Trick = Arc::new(|mut stream| {
        tokio::spawn(async move {
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
            let _ = stream.write_all(head).await;
            loop {
                if stream.write_all(b" ").await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
    });
    for trick in [silent, dripping] {
        let client = client(hostile(trick).await, "");
        let asked = tokio::time::timeout(Duration::from_secs(5), client.identity());
        let error = asked.await.expect("left in time").unwrap_err();
        assert!(matches!(error, ClientError::Silent { .. }), "{error}");
        assert_eq!(error.disposition(), Disposition::Retry);
    }
}

#[tokio::test]
async fn an_executor_that_floods_is_cut_off() {
    let announced = says(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec());
    let endless: Trick = Arc::new(|mut stream| {
        tokio::spawn(async move {
            let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let _ = stream.write_all(head).await;
            let chunk = [&b"1000\r\n"[..], &[b' '; 0x1000], b"\r\n"].concat();
            while stream.write_all(&chunk).await.is_ok() {}
        })
    });
    for trick in [announced, endless] {
        let error = client(hostile(trick).await, "")
            .identity()
            .await
            .unwrap_err();
        assert!(matches!(error, ClientError::Flood { .. }), "{error}");
        assert_eq!(error.disposition(), Disposition::GiveUp);
    }
}

#[tokio::test]
async fn an_executor_that_sends_elsewhere_is_not_followed() {
    let elsewhere = hostile(answer("200 OK", "{}")).await;
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let to = format!(
            "HTTP/1.1 {status}\r\nlocation: http://{elsewhere}/v1/identity\r\ncontent-length: 0\r\n\r\n"
        );
        let error = client(hostile(says(to.into_bytes())).await, "")
            .identity()
            .await
            .unwrap_err();
        assert!(matches!(error, ClientError::Redirected { .. }), "{error}");
    }
}

#[tokio::test]
async fn answers_of_another_form_are_refused() {
    let identity = json!({
        "versions": ["v1"], "venue": VENUE, "agent": key(7).address(), "services": [SERVICE]
    });
    let with = |key: &str, value: Value| {
        let mut identity = identity.clone();
        identity[key] = value;
        identity.to_string()
    };
    let without = {
        let mut identity = identity.clone();
        identity.as_object_mut().unwrap().remove("venue");
        identity.to_string()
    };
    let ok = client(hostile(answer("200 OK", &identity.to_string())).await, "");
    ok.identity().await.expect("as it should be");
    let twice = identity
        .to_string()
        .replacen('{', "{\"agent\":\"0x00\",", 1);
    let deep = "[".repeat(100_000);
    for (status, body) in [
        ("200 OK", String::new()),
        ("200 OK", "<html>".to_owned()),
        ("200 OK", with("extra", json!(1))),
        ("200 OK", with("agent", json!("0x12"))),
        (
            "200 OK",
            with("versions", json!(["much too long a version"])),
        ),
        ("200 OK", without),
        ("200 OK", twice),
        ("200 OK", deep[..60_000].to_owned()),
        ("500 Oops", "<html>".to_owned()),
        (
            "403 No",
            json!({"code": "other", "message": ""}).to_string(),
        ),
        ("200 OK", format!("{identity}{identity}")),
    ] {
        let error = client(hostile(answer(status, &body)).await, "")
            .identity()
            .await
            .unwrap_err();
        assert!(
            matches!(error, ClientError::Malformed { .. }),
            "{body:.80}: {error}"
        );
    }
    let garbage = client(hostile(says(b"SSH-2.0-x\r\n".to_vec())).await, "");
    assert!(garbage.identity().await.is_err());
}

#[tokio::test]
async fn an_executor_of_another_agent_or_city_is_not_believed() {
    let own = Identity {
        versions: vec![Text::cut("v1")],
        venue: VENUE,
        agent: key(7).address(),
        services: vec![SERVICE],
    };
    let mut agent = own.clone();
    agent.agent = Address::repeat_byte(9);
    let mut city = own.clone();
    city.venue.chain_id += 1;
    let mut version = own.clone();
    version.versions = vec![Text::cut("v2")];
    let mut services = own;
    services.services = vec![SERVICE; 65];
    for identity in [agent, city, version, services] {
        let body = serde_json::to_string(&identity).unwrap();
        let error = client(hostile(answer("200 OK", &body)).await, "")
            .identity()
            .await
            .unwrap_err();
        assert!(matches!(error, ClientError::Lie { .. }), "{error}");
    }
}

#[tokio::test]
async fn an_executor_that_lies_about_its_code_is_not_routed() {
    let says = |service, code_hash| {
        let code = LiveCode { service, code_hash };
        answer("200 OK", &serde_json::to_string(&code).unwrap())
    };
    let second = Duration::from_secs(1);
    let honest = client(hostile(says(SERVICE, CODE)).await, "");
    honest
        .live_code(SERVICE, CODE, second)
        .await
        .expect("the registered code");
    let other = client(hostile(says(SERVICE, OTHER_CODE)).await, "");
    let error = other.live_code(SERVICE, CODE, second).await.unwrap_err();
    let lie = Lie::Code {
        wanted: CODE,
        found: OTHER_CODE,
    };
    assert!(
        matches!(&error, ClientError::Lie { lie: found, .. } if *found == lie),
        "{error}"
    );
    let wrong = client(hostile(says(B256::ZERO, CODE)).await, "");
    let error = wrong.live_code(SERVICE, CODE, second).await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::Lie {
                lie: Lie::Service,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn an_executor_that_changes_its_code_between_routing_and_work_signs_nothing() {
    let agent = Agent::that(Does::Answers(b"1".to_vec(), 0));
    let folder = tempdir().unwrap();
    let server = Running::of(&agent, folder.path()).await;
    let (client, request) = (server.client(), request(Check::Proof, b"1"));
    let second = Duration::from_secs(1);
    client.live_code(SERVICE, CODE, second).await.unwrap();
    *agent.code.lock() = OTHER_CODE;
    let over = |answer: &Result<Standing, ClientError>| !matches!(answer, Ok(Standing::Running(_)));
    let standing = until(|| client.invoke(&request), over).await.unwrap();
    assert!(matches!(standing, Standing::Failed(_)), "{standing:?}");
    assert_eq!(
        agent.signatures.load(std::sync::atomic::Ordering::SeqCst),
        0
    );
}

/// What an honest executor answers to a request, as JSON.
async fn honest(check: Check, request: &JobRequest) -> Value {
    let agent = Agent::that(Does::Answers(b"found".to_vec(), 40));
    let folder = tempdir().unwrap();
    let server = Running::of(&agent, folder.path()).await;
    let client = server.client();
    let over = |answer: &Result<Standing, ClientError>| !matches!(answer, Ok(Standing::Running(_)));
    let standing = until(|| client.invoke(request), over).await.unwrap();
    if check == Check::Proof {
        return serde_json::to_value(&standing).unwrap();
    }
    *agent.opens.lock() = Some(TRAILS);
    let delivery = client.reveal(request).await.unwrap();
    serde_json::to_value(Standing::Delivered(delivery)).unwrap()
}

#[tokio::test]
async fn a_delivery_that_contradicts_itself_the_request_or_its_signature_is_a_lie() {
    let request = request(Check::Proof, b"found");
    let honest = honest(Check::Proof, &request).await;
    let word = json!(B256::repeat_byte(9));
    type Wanted = fn(&Lie) -> bool;
    let cases: [(&str, Value, Wanted); 11] = [
        ("/delivered/codeHash", word.clone(), |lie| {
            matches!(lie, Lie::Code { .. })
        }),
        ("/delivered/output", json!("0x00"), |lie| {
            matches!(lie, Lie::Trail(TrailError::Output))
        }),
        ("/delivered/trail/0/opened/codeHash", word.clone(), |lie| {
            matches!(lie, Lie::Trail(TrailError::Opening))
        }),
        ("/delivered/trail/0/opened/blind", word.clone(), |lie| {
            matches!(lie, Lie::Root)
        }),
        ("/delivered/trail/1/input/outputHash", word.clone(), |lie| {
            matches!(lie, Lie::Trail(TrailError::Inputs))
        }),
        ("/delivered/trail/2/tool/name", json!("other"), |lie| {
            matches!(lie, Lie::Root)
        }),
        ("/delivered/trail/3/message/tokens", json!(101), |lie| {
            matches!(
                lie,
                Lie::Tokens {
                    used: 101,
                    allocated: 100
                }
            )
        }),
        ("/delivered/result/outputHash", word.clone(), |lie| {
            matches!(lie, Lie::Output)
        }),
        ("/delivered/result/kind", json!("review"), |lie| {
            matches!(lie, Lie::Standing(_))
        }),
        ("/delivered/result/proof", json!("0x"), |lie| {
            matches!(lie, Lie::Proof)
        }),
        ("/delivered/result/deadline", json!(1), |lie| {
            matches!(lie, Lie::Signature(_))
        }),
    ];
    let serve = |value: &Value| answer("200 OK", &value.to_string());
    let truth = client(hostile(serve(&honest)).await, "");
    truth.invoke(&request).await.expect("the truth is believed");
    for (place, value, wanted) in cases {
        let mut changed = honest.clone();
        *changed.pointer_mut(place).expect(place) = value;
        let error = client(hostile(serve(&changed)).await, "")
            .invoke(&request)
            .await
            .unwrap_err();
        assert!(
            matches!(&error, ClientError::Lie { lie, .. } if wanted(lie)),
            "{place}: {error}"
        );
        assert_eq!(error.disposition(), Disposition::GiveUp);
    }
}

#[tokio::test]
async fn what_an_executor_says_that_it_said_must_be_what_its_trail_was_made_of() {
    let request = request(Check::Proof, b"found");
    let standing = serde_json::from_value(honest(Check::Proof, &request).await);
    let Ok(Standing::Delivered(delivery)) = standing else {
        panic!("not delivered")
    };
    let says = |from: u32, messages: &[&str]| {
        let messages: Vec<String> = messages.iter().map(hex::encode_prefixed).collect();
        answer(
            "200 OK",
            &json!({ "from": from, "messages": messages }).to_string(),
        )
    };
    let honest = client(hostile(says(0, &["think"])).await, "");
    let heard = honest.heard(&request, &delivery).await.expect("its words");
    assert_eq!(heard, [Bytes::from("think")]);
    for (from, messages) in [
        (0, &["thank"][..]),
        (0, &[]),
        (0, &["think", "more"]),
        (1, &[]),
        (1, &["think"]),
        (0, &["think"; 65]),
    ] {
        let lying = client(hostile(says(from, messages)).await, "");
        let error = lying.heard(&request, &delivery).await.unwrap_err();
        let is_lie = matches!(&error, ClientError::Lie { lie: Lie::Said, .. });
        assert!(is_lie, "{from} {messages:?}: {error}");
    }
}

#[tokio::test]
async fn what_was_opened_must_be_a_value_and_its_salt() {
    let check = Check::Consensus(Comparison::Exact);
    let request = request(check, b"");
    let honest = honest(check, &request).await;
    let short = format!("{}", keccak256("found"));
    let mut changed = honest.clone();
    changed["delivered"]["result"]["proof"] = json!(short);
    let told = answer("200 OK", &changed.to_string());
    let error = client(hostile(told).await, "")
        .invoke(&request)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ClientError::Lie { lie: Lie::Seal, .. }),
        "{error}"
    );
    // A high `s` recovers the same signer, and the chain refuses it.
    let mut changed = honest;
    let result = &mut changed["delivered"]["result"];
    let text = result["signature"].as_str().unwrap().to_owned();
    let raw: Vec<u8> = alloy::primitives::hex::decode(text).unwrap();
    let signature = alloy::primitives::Signature::from_raw(&raw).unwrap();
    let order = alloy::primitives::U256::from_str_radix(
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
        16,
    )
    .unwrap();
    let high =
        alloy::primitives::Signature::new(signature.r(), order - signature.s(), !signature.v());
    result["signature"] = json!(alloy::primitives::Bytes::from(high.as_bytes().to_vec()));
    let told = answer("200 OK", &changed.to_string());
    let error = client(hostile(told).await, "")
        .invoke(&request)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::Lie {
                lie: Lie::Signature(_),
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_snapshot_of_another_job_or_with_another_trail_is_not_believed() {
    let (agent, folder) = (Agent::that(Does::Drafts), tempdir().unwrap());
    let server = Running::of(&agent, folder.path()).await;
    let request = request(Check::Proof, b"");
    server.client().invoke(&request).await.unwrap();
    let honest = server.client().stop(&request.job).await.unwrap();
    let honest = serde_json::to_value(&honest).unwrap();
    let told = async |snapshot: &Value| {
        let address = hostile(answer("200 OK", &snapshot.to_string())).await;
        client(address, "").stop(&request.job).await
    };
    assert!(told(&honest).await.is_ok());
    for (place, lie) in [
        ("/job/node", json!(4)),
        ("/trailRoot", json!(B256::repeat_byte(1))),
        ("/usage/messages", json!(40)),
        ("/trail/0/opened/job/node", json!(4)),
    ] {
        let mut snapshot = honest.clone();
        *snapshot.pointer_mut(place).unwrap() = lie;
        let error = told(&snapshot).await.unwrap_err();
        let is_lie = matches!(
            error,
            ClientError::Lie {
                lie: Lie::Snapshot,
                ..
            }
        );
        assert!(is_lie, "{place}: {error}");
    }
}

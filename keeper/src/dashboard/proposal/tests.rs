use alloy::signers::{SignerSync, local::PrivateKeySigner};

use super::*;

fn city() -> City {
    City::of(
        412_346,
        std::array::from_fn(|place| Address::repeat_byte(place as u8 + 1)),
    )
}

const REASON: Reason = Reason {
    why: B256::repeat_byte(0x21),
    place: B256::repeat_byte(0x22),
    deadline: 1_767_225_600,
};

fn amendment() -> Act {
    let id = U256::from(ParameterId::ReputationFloor.place()).into();
    let own = vec![id, parameter::word(100), parameter::word(120)];
    Act::new(Action::AmendParameter, own, REASON, &city())
}

/// An example of each action, as it is asked for.
fn examples() -> Vec<(Action, Value)> {
    let mission = B256::repeat_byte(7);
    vec![
        (
            Action::FreezeNode,
            json!({ "missionId": mission, "node": 3, "attempt": 1, "agent": Address::repeat_byte(9) }),
        ),
        (
            Action::UnfreezeNode,
            json!({ "missionId": mission, "node": 3, "freezeId": "12", "kind": 2 }),
        ),
        (
            Action::ConfirmFreeze,
            json!({ "missionId": mission, "node": 3, "freezeId": 12 }),
        ),
        (
            Action::DecideReview,
            json!({ "missionId": mission, "node": 3, "attempt": 1, "approved": true, "score": 900, "seat": 0 }),
        ),
        (
            Action::ClearPredicate,
            json!({ "missionId": mission, "index": 1 }),
        ),
    ]
}

fn acting(action: &str, fields: Value) -> Proposal {
    let body = json!({ "action": action, "fields": fields, "justification": "why" });
    read(body.to_string().as_bytes()).expect("a body")
}

/// The action of an example; its output is made up.
fn act(action: Action, fields: Value) -> Act {
    let Ok(Judged::Action(_, words)) = acting(verb(action), fields).judge() else {
        panic!("{action:?}");
    };
    let own = words.into_iter();
    let own = own.map(|word| word.unwrap_or(B256::repeat_byte(5)));
    Act::new(action, own.collect(), REASON, &city())
}

fn key(number: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(number)).expect("a key")
}

fn sign(key: &PrivateKeySigner, digest: &B256) -> SignatureOf {
    let signature = key.sign_hash_sync(digest).expect("a key in memory");
    SignatureOf {
        signer: key.address(),
        signature: signature.as_bytes().to_vec().into(),
    }
}

fn proposal(parameter: Value, value: Value) -> Proposal {
    Proposal::Amendment(Amending {
        parameter,
        value,
        justification: "it is too low".to_owned(),
        deadline_secs: None,
    })
}

#[test]
fn a_wallet_hashes_the_typed_data_to_the_digest() {
    let acts = examples()
        .into_iter()
        .map(|(action, fields)| act(action, fields));
    for act in acts.chain([amendment()]) {
        let typed: alloy::dyn_abi::TypedData =
            serde_json::from_value(act.typed()).expect("typed data");
        let hash = typed.eip712_signing_hash().expect("a hash");
        assert_eq!(hash, act.digest(), "{:?}", act.action);
    }
}

#[test]
fn every_action_that_is_offered_is_read_from_its_fields_and_said_with_all_of_them() {
    let known: Vec<Action> = examples().into_iter().map(|(action, _)| action).collect();
    assert_eq!(known, OFFERED);
    for (action, fields) in examples() {
        let act = act(action, fields.clone());
        let (said, file) = (act.sentence(), act.file(&[]));
        for (ty, name) in own(action) {
            let value = &file["message"][name];
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            assert!(said.contains(&text), "{said}: {ty} {name} {text}");
        }
        assert_eq!(
            act.touches(),
            format!("mission {} alone", B256::repeat_byte(7))
        );
        assert_eq!(Act::of_file(&file, &city()), Some(act), "{action:?}");
    }
}

#[test]
fn a_field_that_is_missing_too_much_or_of_another_form_is_refused() {
    for (action, fields) in examples() {
        let (action, all) = (verb(action), fields.as_object().expect("fields"));
        let refused = |fields: &Map<String, Value>, what: &str| {
            let judged = acting(action, Value::Object(fields.clone())).judge();
            assert_eq!(judged.expect_err(what).code(), "dashboard/body", "{what}");
        };
        for name in all.keys() {
            let mut fewer = all.clone();
            fewer.remove(name);
            refused(&fewer, name);
            for value in [
                json!(-1),
                json!(1.5),
                json!("x"),
                json!(null),
                json!([1]),
                json!(u64::MAX),
            ] {
                // A freeze's number takes all that a word of 64 bits holds.
                if name == "freezeId" && value == json!(u64::MAX) {
                    continue;
                }
                let mut other = all.clone();
                other.insert(name.clone(), value.clone());
                refused(&other, &format!("{name} {value}"));
            }
        }
        for name in ["more", "completionDigest", "deadline", "justificationHash"] {
            let mut more = all.clone();
            more.insert(name.to_owned(), json!(B256::ZERO));
            refused(&more, name);
        }
    }
    let review = |approved: bool, score: u64, seat: u64| {
        let mission = B256::ZERO;
        let fields = json!({ "missionId": mission, "node": 0, "attempt": 1, "approved": approved, "score": score, "seat": seat });
        acting("decide-review", fields).judge().is_ok()
    };
    assert!(review(true, 1_000, 2) && review(false, 0, 0));
    assert!(!review(true, 1_001, 0) && !review(false, 1, 0) && !review(false, 0, 1));
    let unfreeze = |kind: u64| {
        let fields = json!({ "missionId": B256::ZERO, "node": 0, "freezeId": 1, "kind": kind });
        acting("unfreeze-node", fields).judge().is_ok()
    };
    assert_eq!([0, 1, 2, 3].map(unfreeze), [false, true, true, false]);
}

#[test]
fn an_action_that_is_not_prepared_here_is_refused_by_name() {
    for action in ["halt-city", "amend-parameter", "FreezeNode", "none", ""] {
        let judged = acting(action, json!({})).judge();
        assert_eq!(judged.expect_err(action).code(), "dashboard/action");
    }
}

#[test]
fn a_parameter_is_named_or_numbered_and_its_value_is_within_its_bounds() {
    let floor = ParameterId::ReputationFloor;
    for (named, value) in [
        (json!("reputationFloor"), json!(120)),
        (json!("reputationFloor"), json!("120")),
        (json!(floor.place()), json!(120)),
    ] {
        let judged = proposal(named, value).judge();
        assert_eq!(judged, Ok(Judged::Amendment(floor, parameter::word(120))));
    }
    for (named, value, code) in [
        (json!("reputationfloor"), json!(1), "dashboard/parameter"),
        (json!(255), json!(1), "dashboard/parameter"),
        (json!(-1), json!(1), "dashboard/parameter"),
        (json!(null), json!(1), "dashboard/parameter"),
        (
            json!("seniorAdjudicatorAddr"),
            json!(Address::ZERO),
            "dashboard/parameter",
        ),
        (json!("reputationFloor"), json!(501), "dashboard/value"),
        (json!("reputationFloor"), json!(-1), "dashboard/value"),
        (json!("reputationFloor"), json!(1.5), "dashboard/value"),
        (json!("reputationFloor"), json!("+120"), "dashboard/value"),
        (json!("reputationFloor"), json!("0x78"), "dashboard/value"),
        (json!("reputationFloor"), json!(u64::MAX), "dashboard/value"),
        (json!("reputationFloor"), json!([120]), "dashboard/value"),
        (
            json!("embeddingModelId"),
            json!(B256::ZERO),
            "dashboard/value",
        ),
        (
            json!("embeddingModelId"),
            json!("a model"),
            "dashboard/value",
        ),
    ] {
        let told = proposal(named.clone(), value.clone()).judge();
        let told = told.expect_err(code);
        assert_eq!(told.code(), code, "{named} {value}");
    }
    for id in ParameterId::ALL {
        if matches!(id.row().kind, Kind::Constant) {
            let told = proposal(json!(id.place()), json!(1)).judge();
            assert_eq!(told.expect_err("a constant").code(), "dashboard/parameter");
        }
    }
}

#[test]
fn a_proposal_says_why_and_for_how_long() {
    let floor = json!({ "parameter": "reputationFloor", "value": 120, "justification": "why" });
    let (_, fields) = examples().remove(0);
    let freeze = json!({ "action": "freeze-node", "fields": fields, "justification": "why" });
    for asked in [floor, freeze] {
        let judged = |with: &str, value: Value| {
            let mut body = asked.clone();
            body[with] = value;
            read::<Proposal>(body.to_string().as_bytes())
                .expect("a body")
                .judge()
        };
        judged("deadlineSecs", json!(DEADLINE_SECS_MAX)).expect("a year");
        for why in [String::new(), " \n\t".into(), "x".repeat(WHY_BYTES_MAX + 1)] {
            let told = judged("justification", json!(why));
            assert_eq!(told.expect_err("says nothing").code(), "dashboard/body");
        }
        for secs in [0, DEADLINE_SECS_MAX + 1] {
            let told = judged("deadlineSecs", json!(secs));
            assert_eq!(told.expect_err("no deadline").code(), "dashboard/body");
        }
    }
    for body in [
        "",
        "{",
        "[]",
        "{\"parameter\":1}",
        "{\"parameter\":1,\"value\":1,\"justification\":\"a\",\"more\":1}",
        "{\"action\":\"freeze-node\",\"justification\":\"a\"}",
        "{\"action\":\"freeze-node\",\"fields\":[],\"justification\":\"a\"}",
        "{\"action\":\"freeze-node\",\"fields\":{},\"justification\":\"a\",\"value\":1}",
    ] {
        assert_eq!(
            read::<Proposal>(body.as_bytes()).expect_err(body).code(),
            "dashboard/body"
        );
    }
}

#[test]
fn a_file_is_read_back_and_one_that_contradicts_itself_is_not() {
    let amendment = amendment();
    let file = amendment.file(&[]);
    assert_eq!(Act::of_file(&file, &city()), Some(amendment.clone()));
    let lower = file.to_string().to_ascii_lowercase();
    assert!(
        Act::of_file(&serde_json::from_str(&lower).expect("JSON"), &city()).is_none(),
        "names have a case"
    );
    for (pointer, value) in [
        ("/message/newValue", json!(parameter::word(121))),
        ("/message/deadline", json!("1")),
        ("/domain/chainId", json!(1)),
        ("/domain/verifyingContract", json!(Address::ZERO)),
        ("/primaryType", json!("HaltCity")),
        ("/types/AmendParameter/0/name", json!("amount")),
        ("/override/digest", json!(B256::ZERO)),
        ("/override/payload", json!("0x")),
        ("/override/payload", json!(7)),
        ("/override/action", json!("halt-city")),
        ("/override/constitution", json!(Address::ZERO)),
    ] {
        let mut other = file.clone();
        *other.pointer_mut(pointer).expect(pointer) = value;
        assert_eq!(Act::of_file(&other, &city()), None, "{pointer}");
    }
    for other in [
        json!(null),
        json!([]),
        json!("file"),
        json!({ "override": 1 }),
    ] {
        assert_eq!(Act::of_file(&other, &city()), None, "{other}");
    }
}

#[test]
fn signatures_are_over_the_digest_and_ascend() {
    let amendment = amendment();
    let digest = amendment.digest();
    let mut signatures: Vec<SignatureOf> =
        (1..=3).map(|number| sign(&key(number), &digest)).collect();
    signatures.sort_by_key(|one| std::cmp::Reverse(one.signer));
    // A wallet may write nought and one.
    let mut bytes = signatures[0].signature.to_vec();
    bytes[64] -= 27;
    signatures[0].signature = bytes.into();
    let handed_in = |signatures: Vec<SignatureOf>| Submission {
        file: amendment.file(&[]),
        signatures,
    };
    let (read, all) = gathered(&handed_in(signatures.clone()), &city()).expect("good");
    assert_eq!(read, amendment);
    assert!(all.windows(2).all(|pair| pair[0].signer < pair[1].signer));
    assert!(all.iter().all(|one| matches!(one.signature[64], 27 | 28)));
    let refused = |signatures| {
        gathered(&handed_in(signatures), &city())
            .expect_err("refused")
            .code()
    };
    let twice = vec![signatures[1].clone(), signatures[1].clone()];
    assert_eq!(refused(twice), "dashboard/signature");
    let foreign = SignatureOf {
        signer: Address::ZERO,
        ..signatures[1].clone()
    };
    assert_eq!(refused(vec![foreign]), "dashboard/signature");
    assert_eq!(
        refused(vec![sign(&key(1), &B256::ZERO)]),
        "dashboard/signature"
    );
    let short = SignatureOf {
        signature: Bytes::from_static(&[1; 64]),
        ..signatures[1].clone()
    };
    assert_eq!(refused(vec![short]), "dashboard/signature");
    assert_eq!(
        refused(vec![signatures[1].clone(); SIGNATURES_MAX + 1]),
        "dashboard/body"
    );
}

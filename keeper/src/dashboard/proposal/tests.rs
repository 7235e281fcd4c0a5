use alloy::signers::{SignerSync, local::PrivateKeySigner};

use super::*;

fn city() -> City {
    City::of(
        412_346,
        std::array::from_fn(|place| Address::repeat_byte(place as u8 + 1)),
    )
}

fn amendment() -> Amendment {
    let city = city();
    Amendment {
        id: ParameterId::ReputationFloor,
        old: parameter::word(100),
        new: parameter::word(120),
        why: keccak256("why"),
        place: ContentAddress::of("why").word(),
        deadline: 1_767_225_600,
        chain_id: city.chain_id,
        panel: city.at(Peer::Adjudication),
        constitution: city.constitution,
    }
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
    Proposal {
        parameter,
        value,
        justification: "it is too low".to_owned(),
        deadline_secs: None,
    }
}

#[test]
fn a_wallet_hashes_the_typed_data_to_the_digest() {
    let amendment = amendment();
    let typed: alloy::dyn_abi::TypedData =
        serde_json::from_value(amendment.typed()).expect("typed data");
    assert_eq!(
        typed.eip712_signing_hash().expect("a hash"),
        amendment.digest()
    );
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
        assert_eq!(judged, Ok((floor, parameter::word(120))));
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
    let floor = || proposal(json!("reputationFloor"), json!(120));
    for justification in [String::new(), " \n\t".into(), "x".repeat(WHY_BYTES_MAX + 1)] {
        let told = Proposal {
            justification,
            ..floor()
        }
        .judge();
        assert_eq!(told.expect_err("says nothing").code(), "dashboard/body");
    }
    for secs in [0, DEADLINE_SECS_MAX + 1] {
        let deadline_secs = Some(secs);
        let told = Proposal {
            deadline_secs,
            ..floor()
        }
        .judge();
        assert_eq!(told.expect_err("no deadline").code(), "dashboard/body");
    }
    for body in [
        "",
        "{",
        "[]",
        "{\"parameter\":1}",
        "{\"parameter\":1,\"value\":1,\"justification\":\"a\",\"more\":1}",
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
    assert_eq!(Amendment::of_file(&file, &city()), Some(amendment.clone()));
    let lower = file.to_string().to_ascii_lowercase();
    assert!(
        Amendment::of_file(&serde_json::from_str(&lower).expect("JSON"), &city()).is_none(),
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
        assert_eq!(Amendment::of_file(&other, &city()), None, "{pointer}");
    }
    for other in [
        json!(null),
        json!([]),
        json!("file"),
        json!({ "override": 1 }),
    ] {
        assert_eq!(Amendment::of_file(&other, &city()), None, "{other}");
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

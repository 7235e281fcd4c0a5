//! What a digest commits to: words in the order of the interface, hashes of texts, and what is not known.

use agentcity_abi::document::{Preimages, Said, Terms, decode, digest, encode};
use alloy_primitives::{Address, B256, b256, keccak256};

use super::{SMALL, changed, parsed, problems};

#[test]
fn a_digest_is_the_hash_of_seven_words() {
    let document = parsed(SMALL);
    let tasks: Vec<_> = document.tasks().collect();
    let words = [
        keccak256(r#"{"type":"string"}"#),
        keccak256(r#"{"maxLength":9,"type":"string"}"#),
        keccak256("Fetch"),
        B256::ZERO,
        B256::ZERO,
        B256::ZERO,
        B256::repeat_byte(0x11),
    ];
    assert_eq!(tasks[0].node.digest, keccak256(words.concat()));
    assert_eq!(tasks[1].node.digest, B256::repeat_byte(0x22));
    let words = [
        keccak256("true"),
        B256::repeat_byte(0x44),
        B256::repeat_byte(0x33),
        keccak256("Is it true?"),
        B256::ZERO,
        B256::ZERO,
        B256::ZERO,
    ];
    assert_eq!(tasks[2].node.digest, keccak256(words.concat()));
    let encoded = encode(&document);
    assert_eq!(encoded.terms[1], None);
    assert_eq!(
        digest(encoded.terms[2].as_ref().unwrap()),
        tasks[2].node.digest
    );
    let Terms::Known(known) = tasks[2].terms else {
        panic!("known");
    };
    assert_eq!(known.label, Said::Hash(B256::repeat_byte(0x33)));
    assert_eq!(known.rubric.text(), Some("Is it true?"));
    assert_eq!(
        (known.verifier, known.expected),
        (Address::ZERO, B256::ZERO)
    );
}

#[test]
fn a_hash_may_stand_beside_what_it_is_of_and_must_agree() {
    let of_label = keccak256("Fetch");
    let with = |key: &str, word: B256| {
        let more = format!("\"label\": \"Fetch\", \"{key}\": \"{word}\"");
        changed(&[("\"label\": \"Fetch\"", &more)])
    };
    assert_eq!(parsed(&with("labelHash", of_label)), parsed(SMALL));
    let terms = parsed(SMALL).tasks().next().unwrap().node.digest;
    assert_eq!(parsed(&with("termsHash", terms)), parsed(SMALL));
    let wrong = b256!("00000000000000000000000000000000000000000000000000000000000000ff");
    for (key, is, of) in [
        ("labelHash", of_label, "`label`"),
        ("termsHash", terms, "the node's terms"),
    ] {
        let told = problems(&with(key, wrong));
        let expected = format!("$.dagNodes[0].{key}: found {wrong}, wanted {is}, the hash of {of}");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].ends_with(&expected), "{told:?}");
    }
}

/// The example of RFC 8785 §3.2.3: keys in the order of UTF-16 units, which is not that of code points; and §3.2.2.2's escapes.
#[test]
fn a_schema_has_the_form_of_the_standard() {
    let schema = r#"{"x": {"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"},
        "a": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/\u0008\t\u007f", "b": [-0, 0, -9007199254740991, null, false]}"#;
    let canonical = "{\"a\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\t\u{7f}\",\"b\":[0,0,-9007199254740991,null,false],\
        \"x\":{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\
        \"€\":\"Euro Sign\",\"\u{1F600}\":\"Emoji: Grinning Face\",\"\u{FB33}\":\"Hebrew Letter Dalet With Dagesh\"}}";
    let document = parsed(&changed(&[("{\"type\": \"string\"}", schema)]));
    let terms = encode(&document).terms[0].clone().unwrap();
    assert!(
        document.canonical().contains(canonical),
        "{}",
        document.canonical()
    );
    assert_eq!(terms.inputSchemaHash, keccak256(canonical));
}

#[test]
fn preimages_are_known_level_by_level() {
    let document = parsed(SMALL);
    let encoded = encode(&document);
    let mut preimages = Preimages::default();
    preimages.add_terms(encoded.terms[0].clone().unwrap());
    let hashes = decode(&encoded.pages, &preimages).unwrap();
    assert!(hashes.canonical().contains("\"labelHash\""));
    assert!(!hashes.canonical().contains("Fetch"));
    preimages.add_text("Fetch");
    let label = decode(&encoded.pages, &preimages).unwrap();
    assert!(label.canonical().contains("\"label\":\"Fetch\""));
    assert!(label.canonical().contains("\"inputSchemaHash\""));
    preimages.add_text(r#"{"type":"string"}"#);
    // The same schema in another form has another hash.
    preimages.add_text(r#"{"type": "string","maxLength":9}"#);
    let schema = decode(&encoded.pages, &preimages).unwrap();
    assert!(
        schema
            .canonical()
            .contains(r#""inputSchema":{"type":"string"}"#)
    );
    assert!(schema.canonical().contains("\"outputSchemaHash\""));
    for less in [&hashes, &label, &schema] {
        assert_eq!(less.statute_hash(), document.statute_hash());
        assert_ne!(less.content_address(), document.content_address());
        assert_eq!(&parsed(&less.canonical()), less);
    }
}

#[test]
fn a_verifier_has_a_codehash_and_none_has_none() {
    let codehash = B256::repeat_byte(0xcc);
    let verifier = "0x00000000000000000000000000000000000000bb";
    let expected = "\"expected\": \"0x1111";
    let both =
        format!("\"verifier\": \"{verifier}\", \"verifierCodehash\": \"{codehash}\", {expected}");
    let document = parsed(&changed(&[(expected, &both)]));
    let terms = encode(&document).terms[0].clone().unwrap();
    assert_eq!(terms.verifier, Address::with_last_byte(0xbb));
    assert_eq!(terms.verifierCodehash, codehash);
    // Contracts take either alone, so a document can say it.
    for (verifier, codehash) in [(terms.verifier, B256::ZERO), (Address::ZERO, codehash)] {
        let zero = changed(&[(
            expected,
            &format!(
                "\"verifier\": \"{verifier:#x}\", \"verifierCodehash\": \"{codehash}\", {expected}"
            ),
        )]);
        let document = parsed(&zero);
        assert_eq!(parsed(&document.canonical()), document);
        let terms = encode(&document).terms[0].clone().unwrap();
        assert_eq!(
            (terms.verifier, terms.verifierCodehash),
            (verifier, codehash)
        );
    }
}

//! Bundles, and bundles that were changed: each kind of change is refused, and as what it is.

use std::collections::BTreeSet;

use agentcity_abi::IRoster;
use agentcity_domain::roster::anchor::Anchor;
use agentcity_hub::{
    bundle::{
        BUNDLE_BYTES_MAX, Bundle, BundleError, ENTRIES_MAX, ReceiptError, ReceiptProof,
        receipt::ToldReceipt,
    },
    head::{Head, SignedHead},
    store::{Anchored, Log, Retention},
};
use alloy::{
    consensus::Header,
    primitives::{Address, B256, Bloom},
    sol_types::SolEvent,
};
use alloy_trie::root::ordered_trie_root_encoded;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::support::{DAY_MS, NOW, account, drafts, key, name, open, word};

const ROSTER: Address = Address::repeat_byte(0x66);

struct Made {
    _dir: TempDir,
    log: Log,
    anchored: Anchored,
}

/// Thirty entries, of which twenty-one were anchored, and a head over all.
fn made() -> Made {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    log.append(drafts(0..21)).unwrap();
    let anchored = Anchored {
        roster: ROSTER,
        sequence: 4,
        anchor: Anchor {
            size: 21,
            root: log.root(21).unwrap(),
        },
        block: 77,
        transaction: word(40),
    };
    log.record_anchor(&anchored).unwrap();
    log.append(drafts(21..30)).unwrap();
    let head = Head {
        size: 30,
        root: log.root(30).unwrap(),
        timestamp: NOW,
    };
    let signed = SignedHead::sign(head, &name(), &key(1)).unwrap();
    log.record_head(&signed).unwrap();
    Made {
        _dir: dir,
        log,
        anchored,
    }
}

fn places(places: &[u64]) -> BTreeSet<u64> {
    places.iter().copied().collect()
}

fn bundle(made: &Made) -> Bundle {
    let anchors = [(made.anchored, None)];
    Bundle::export(&made.log, &places(&[2, 20, 25]), &anchors).unwrap()
}

/// The file that says this: in the form of a bundle, where it can be one.
fn file(value: &Value) -> String {
    match serde_json::from_value::<Bundle>(value.clone()) {
        Ok(bundle) => bundle.text(),
        Err(_) => value.to_string(),
    }
}

fn judge(value: &Value) -> Result<(), BundleError> {
    Bundle::read(file(value).as_bytes())?.verify().map(|_| ())
}

#[test]
fn a_bundle_proves_what_it_holds_and_says_what_is_anchored() {
    let made = made();
    let bundle = bundle(&made);
    let read = Bundle::read(bundle.text().as_bytes()).unwrap();
    assert_eq!(read, bundle);
    let report = read.verify().unwrap();
    assert_eq!(
        (report.entries, report.anchored, report.payloads),
        (3, 2, 3)
    );
    assert_eq!(report.head.root, made.log.root(30).unwrap());
    assert_eq!(read.lines().nth(1).unwrap(), made.log.line(20).unwrap());
}

#[test]
fn a_bundle_without_its_payloads_still_proves_its_entries() {
    let mut made = made();
    made.log
        .expire(NOW + 800 * DAY_MS, Retention::default())
        .unwrap();
    let report = bundle(&made).verify().unwrap();
    assert_eq!((report.payloads, report.without_payload), (0, 3));
}

/// Changes one thing of a bundle.
type Change = fn(&mut Value);

#[test]
fn each_kind_of_change_is_refused_as_what_it_is() {
    let made = made();
    let value: Value = serde_json::from_str(&bundle(&made).text()).unwrap();
    judge(&value).unwrap();
    let corpus: [(&str, Change, &str); 25] = [
        (
            "format",
            |v| v["format"] = json!("other"),
            "this program reads",
        ),
        ("version", |v| v["version"] = json!(2), "this program reads"),
        ("a field more", |v| v["more"] = json!(1), "unknown field"),
        (
            "a field less",
            |v| drop(v.as_object_mut().unwrap().remove("log")),
            "missing field",
        ),
        (
            "chain",
            |v| v["log"]["chainId"] = json!(1),
            "the head is not the author's",
        ),
        (
            "author",
            |v| v["log"]["author"] = json!(account(5)),
            "the head is not the author's",
        ),
        (
            "head size",
            |v| v["head"]["head"]["size"] = json!(31),
            "the head is not the author's",
        ),
        (
            "head root",
            |v| v["head"]["head"]["root"] = json!(word(5)),
            "the head is not the author's",
        ),
        (
            "head time",
            |v| v["head"]["head"]["timestamp"] = json!(1),
            "the head is not the author's",
        ),
        (
            "signature",
            |v| v["head"]["signature"] = json!(format!("0x{}", "11".repeat(65))),
            "the head is not the author's",
        ),
        (
            "short signature",
            |v| v["head"]["signature"] = json!("0x11"),
            "no signature of 65 bytes",
        ),
        (
            "what an entry says",
            |v| edit(v, "\"epoch\":1", "\"epoch\":2"),
            "entry 2 of the log is not",
        ),
        (
            "another number",
            |v| edit(v, "\"sequence\":2", "\"sequence\":3"),
            "calls itself number 3",
        ),
        (
            "another form",
            |v| edit(v, ",\"epoch\"", ", \"epoch\""),
            "not in the one form",
        ),
        (
            "no entry",
            |v| v["entries"][0]["line"] = json!("{}"),
            "no entry of this log's format",
        ),
        (
            "a path's hash",
            |v| v["entries"][0]["path"][1] = json!(word(5)),
            "entry 2 of the log is not",
        ),
        (
            "a hash less",
            |v| drop(v["entries"][0]["path"].as_array_mut().unwrap().pop()),
            "entry 2 of the log is not",
        ),
        (
            "a hash more",
            |v| {
                v["entries"][0]["path"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!(word(5)))
            },
            "entry 2 of the log is not",
        ),
        (
            "order",
            |v| v["entries"].as_array_mut().unwrap().swap(0, 1),
            "after a later one",
        ),
        (
            "twice",
            |v| {
                let entry = v["entries"][0].clone();
                v["entries"].as_array_mut().unwrap().insert(0, entry);
            },
            "after a later one",
        ),
        (
            "a payload",
            |v| {
                *v["payloads"]
                    .as_object_mut()
                    .unwrap()
                    .values_mut()
                    .next()
                    .unwrap() = json!("{}")
            },
            "was changed",
        ),
        (
            "a payload of nothing",
            |v| v["payloads"][STRAY] = json!(""),
            "belongs to no entry",
        ),
        (
            "an anchor's root",
            |v| v["anchors"][0]["root"] = json!(word(5)),
            "forked",
        ),
        (
            "an anchor's size",
            |v| v["anchors"][0]["size"] = json!(22),
            "forked",
        ),
        (
            "an anchor twice",
            |v| {
                let anchor = v["anchors"][0].clone();
                v["anchors"].as_array_mut().unwrap().push(anchor);
            },
            "anchor 4 comes",
        ),
    ];
    for (what, change, says) in corpus {
        let mut changed = value.clone();
        change(&mut changed);
        assert_ne!(changed, value, "{what}");
        let refused = judge(&changed).expect_err(what).to_string();
        assert!(refused.contains(says), "{what}: {refused}");
        assert!(!refused.contains('\n'), "{refused}");
    }
}

/// The address of no payload here; it sorts behind the others.
const STRAY: &str = "bzzz";

fn edit(value: &mut Value, from: &str, to: &str) {
    let line = value["entries"][0]["line"].as_str().unwrap();
    value["entries"][0]["line"] = json!(line.replacen(from, to, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// Whatever byte is changed to whatever other: nothing in a bundle is unread.
    #[test]
    fn no_byte_can_be_another(at in any::<prop::sample::Index>(), other in any::<u8>()) {
        thread_local! {
            static TEXT: String = bundle(&made()).text();
        }
        let (mut bytes, at) = TEXT.with(|text| (text.clone().into_bytes(), at.index(text.len())));
        prop_assume!(bytes[at] != other);
        bytes[at] = other;
        // Block, transaction and roster of an anchor, and its number, are the chain's to confirm.
        let judged = Bundle::read(&bytes).and_then(|bundle| bundle.verify().map(|_| bundle));
        if let Ok(changed) = judged {
            let original = TEXT.with(|text| Bundle::read(text.as_bytes()).unwrap());
            let (new, old) = (&changed.anchors()[0], &original.anchors()[0]);
            prop_assert_eq!(new.anchor(), old.anchor());
            prop_assert_ne!((new.roster, new.sequence, new.block, new.transaction), (old.roster, old.sequence, old.block, old.transaction));
        }
    }
}

#[test]
fn what_is_no_bundle_is_told_from_one_that_is_too_large() {
    let refused = |bytes: &[u8]| Bundle::read(bytes).unwrap_err();
    assert!(matches!(refused(b""), BundleError::Malformed { .. }));
    assert!(matches!(refused(b"\xff"), BundleError::Malformed { .. }));
    assert!(matches!(
        refused("[".repeat(100_000).as_bytes()),
        BundleError::Malformed { .. }
    ));
    let large = vec![b' '; BUNDLE_BYTES_MAX + 1];
    assert!(matches!(refused(&large), BundleError::TooLarge { .. }));
    let made = made();
    let text = bundle(&made).text();
    assert_eq!(
        refused(format!("{text} ").as_bytes()),
        BundleError::OtherForm
    );
    let twice = text.replacen("\"version\": 1,", "\"version\": 1,\n  \"version\": 1,", 1);
    assert!(matches!(
        refused(twice.as_bytes()),
        BundleError::Malformed { .. }
    ));
}

#[test]
fn what_no_signed_head_has_is_not_exported() {
    let mut made = made();
    made.log.append(drafts(30..31)).unwrap();
    let refused = Bundle::export(&made.log, &places(&[30]), &[]).unwrap_err();
    assert!(refused.to_string().contains("no head"), "{refused}");
    let many = (0..=ENTRIES_MAX as u64).collect();
    assert!(matches!(
        Bundle::export(&made.log, &many, &[]),
        Err(BundleError::TooMany { .. })
    ));
}

/// Receipts of a block of five transactions, of several types; the fourth holds the anchor.
fn receipts(anchored: &Anchored, roster: Address, status: &str) -> Vec<Vec<u8>> {
    let said = IRoster::Anchored {
        author: name().author,
        sequence: anchored.sequence,
        size: anchored.anchor.size,
        root: anchored.anchor.root,
    };
    let said = said.encode_log_data();
    let kinds = ["0x0", "0x2", "0x6a", "0x68", "0x1"];
    (0..).zip(kinds).map(|(place, kind)| {
        let logs = match place == 3 {
            true => json!([{ "address": roster, "topics": said.topics(), "data": said.data }]),
            false => json!([]),
        };
        let told: ToldReceipt = serde_json::from_value(json!({
            "type": kind, "status": status, "cumulativeGasUsed": format!("{:#x}", 21_000 * (place + 1)),
            "logsBloom": Bloom::ZERO, "logs": logs, "transactionHash": word(place), "more": "told than wanted",
        })).unwrap();
        told.encoded().unwrap()
    }).collect()
}

fn header(receipts: &[Vec<u8>]) -> Header {
    Header {
        number: 77,
        receipts_root: ordered_trie_root_encoded(receipts),
        ..Header::default()
    }
}

#[test]
fn a_header_is_enough_if_the_bundle_has_the_receipt() {
    let made = made();
    let receipts = receipts(&made.anchored, ROSTER, "0x1");
    let header = header(&receipts);
    let proof = ReceiptProof::make(&receipts, 3, header.receipts_root).unwrap();
    let with = Bundle::export(&made.log, &places(&[2]), &[(made.anchored, Some(proof))]).unwrap();
    let read = Bundle::read(with.text().as_bytes()).unwrap();
    read.verify().unwrap();
    assert_eq!(read.verify_header(&header).unwrap().sequence, 4);
    assert_eq!(
        bundle(&made).verify_header(&header),
        Err(BundleError::NoReceipt)
    );
    let other = Header {
        receipts_root: B256::repeat_byte(1),
        ..header.clone()
    };
    let cause = |bundle: &Bundle, header: &Header| match bundle.verify_header(header) {
        Err(BundleError::Receipt { sequence: 4, cause }) => cause,
        other => panic!("{other:?}"),
    };
    assert!(matches!(
        cause(&read, &other),
        ReceiptError::NotInBlock { .. }
    ));
    // Everything of the receipt, and of the anchor, counts.
    let value: Value = serde_json::from_str(&with.text()).unwrap();
    let corpus: [Change; 6] = [
        |v| v["anchors"][0]["receipt"]["index"] = json!(2),
        |v| {
            drop(
                v["anchors"][0]["receipt"]["nodes"]
                    .as_array_mut()
                    .unwrap()
                    .pop(),
            )
        },
        |v| v["anchors"][0]["receipt"]["nodes"][0] = json!("0xc0"),
        |v| {
            let text = v["anchors"][0]["receipt"]["receipt"]
                .as_str()
                .unwrap()
                .to_owned();
            v["anchors"][0]["receipt"]["receipt"] = json!(format!("{text}00"));
        },
        |v| v["anchors"][0]["roster"] = json!(account(3)),
        |v| v["anchors"][0]["sequence"] = json!(4),
    ];
    for (number, change) in corpus.iter().enumerate() {
        let mut changed = value.clone();
        change(&mut changed);
        let bundle = Bundle::read(file(&changed).as_bytes()).unwrap();
        let judged = bundle.verify_header(&header);
        assert_eq!(judged.is_ok(), number == 5, "{number}: {judged:?}");
    }
    let foreign = self::receipts(&made.anchored, account(3), "0x1");
    let at = self::header(&foreign);
    let proof = ReceiptProof::make(&foreign, 3, at.receipts_root).unwrap();
    let bundle = Bundle::export(&made.log, &places(&[2]), &[(made.anchored, Some(proof))]).unwrap();
    assert!(
        matches!(cause(&bundle, &at), ReceiptError::NoAnchor { .. }),
        "another contract said so"
    );
    let failed = self::receipts(&made.anchored, ROSTER, "0x0");
    let at = self::header(&failed);
    let proof = ReceiptProof::make(&failed, 3, at.receipts_root).unwrap();
    let bundle = Bundle::export(&made.log, &places(&[2]), &[(made.anchored, Some(proof))]).unwrap();
    assert_eq!(cause(&bundle, &at), ReceiptError::Failed);
}

#[test]
fn receipts_that_are_not_the_blocks_make_no_proof() {
    let made = made();
    let receipts = receipts(&made.anchored, ROSTER, "0x1");
    let refused = ReceiptProof::make(&receipts, 3, B256::ZERO).unwrap_err();
    assert!(
        matches!(refused, ReceiptError::OtherReceipts { .. }),
        "{refused}"
    );
    assert!(ReceiptProof::make(&receipts, 5, header(&receipts).receipts_root).is_err());
    // A block of one transaction, and of so many that an index has two bytes.
    for count in [1, 2, 127, 128, 129, 300] {
        let many: Vec<Vec<u8>> = (0..count).map(|at| receipts[at % 5].clone()).collect();
        let root = ordered_trie_root_encoded(&many);
        for index in [0, count / 2, count - 1] {
            let proof = ReceiptProof::make(&many, index as u64, root).unwrap();
            let header = Header {
                receipts_root: root,
                ..Header::default()
            };
            let judged = proof.verify(&header, ROSTER, name().author, 4, &made.anchored.anchor);
            let holds = index % 5 == 3;
            assert_eq!(judged.is_ok(), holds, "{index} of {count}: {judged:?}");
            assert!(holds || matches!(judged, Err(ReceiptError::NoAnchor { .. })));
        }
    }
}

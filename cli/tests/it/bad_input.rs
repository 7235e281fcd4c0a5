//! The corpus of bad input (`corpus/bad_input.txt`): each line is refused with one line that says what to do, and nothing is sent.

use super::{
    founding::programs_dir,
    support::{Liar, Terminal, transactions},
};
use agentcity_abi::document::{self, Preimages};
use agentcity_domain::statute::encode;
use agentcity_test_fixtures::{
    city::{Charter, City, life::GOOD_UNTIL},
    mission::{Plan, Task},
};
use alloy::primitives::{U256, hex};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

const CORPUS: &str = include_str!("corpus/bad_input.txt");
/// How many there are at least, and of how many codes.
const CASES: usize = 300;
const CODES: usize = 40;

/// Files that the corpus names, made of good ones.
fn prepare(t: &Terminal, city: &City) {
    let registrar = &city.clerks[0].agent;
    let somebody = city.adjudicators[0].address();
    let line = format!("principal attest {somebody} --evidence text:seen --deadline {GOOD_UNTIL}");
    let attestation = t.ask(Some(registrar), &line);
    let change = |file: &str, change: &dyn Fn(&mut Value)| {
        let mut changed = attestation.clone();
        change(&mut changed);
        t.write(file, changed.to_string());
    };
    change("attestation.json", &|_| ());
    change("s-changed.json", &|s| s["message"]["class"] = json!("2"));
    change("s-no-message.json", &|s| s["message"] = Value::Null);
    change("s-no-field.json", &|s| {
        s["message"]
            .as_object_mut()
            .expect("fields")
            .remove("nonce");
    });
    change("s-odd-number.json", &|s| {
        s["message"]["nonce"] = json!("0x10")
    });
    change("s-wide-number.json", &|s| {
        s["message"]["class"] = json!("256")
    });
    change("s-negative.json", &|s| s["message"]["nonce"] = json!("-1"));
    change("s-float.json", &|s| s["message"]["nonce"] = json!(1.5));
    change("s-odd-address.json", &|s| {
        s["message"]["principal"] = json!("0x12")
    });
    change("s-odd-word.json", &|s| {
        s["message"]["evidenceHash"] = json!("0x12")
    });
    change("s-no-signature.json", &|s| s["signature"] = Value::Null);
    change("s-odd-signature.json", &|s| s["signature"] = json!("0xzz"));
    change("s-zero-signature.json", &|s| {
        s["signature"] = json!(format!("0x{}", "00".repeat(65)))
    });
    change("s-other-signer.json", &|s| s["signer"] = json!(somebody));
    change("s-other-domain.json", &|s| {
        s["domain"]["name"] = json!("Ether Mail")
    });
    change("s-other-version.json", &|s| {
        s["domain"]["version"] = json!("2")
    });
    change("s-other-chain.json", &|s| {
        s["domain"]["chainId"] = json!("1")
    });
    change("s-no-chain.json", &|s| {
        s["domain"]["chainId"] = json!("one")
    });
    change("s-no-domain.json", &|s| s["domain"] = Value::Null);
    change("s-other-kind.json", &|s| s["primaryType"] = json!("Mail"));
    // Signed with a contract's key, as far as that can be told; of another chain.
    change("s-elsewhere.json", &|s| {
        s["domain"]["chainId"] = json!("1");
        s["signature"] = json!("0x01");
    });

    t.write("empty", "");
    t.write("text", "hello");
    t.write("list.json", "[]");
    t.write("bytes", [0xff, 0xfe, 0x00]);
    t.write("deep.json", "[".repeat(10_000));
    t.write("number.json", "1.5");
    t.write("schema.json", r#"{"type": "object"}"#);
    t.write(
        "schema-twice.json",
        r#"{"type": "object", "type": "array"}"#,
    );
    t.write("schema-float.json", r#"{"minimum": 0.5}"#);
    t.write("terms-short.json", r#"{"expected": "0x"}"#);
    t.write("worker.py", "print('work')");
    let word = format!("0x{}", "11".repeat(32));
    let odd = json!({
        "inputSchemaHash": word, "outputSchemaHash": word, "labelHash": word, "rubricHash": word, "verifier": "nobody",
        "verifierCodehash": word, "expected": word,
    });
    t.write("terms-odd.json", odd.to_string());
    let mut good = odd;
    good["verifier"] = json!(somebody);
    t.write("terms-good.json", good.to_string());
    let sealed = json!({
        "version": 1, "mission": word, "node": 0, "attempt": 0, "executor": somebody, "value": "0x1234", "salt": word,
    });
    t.write("sealed.json", sealed.to_string());
    let mut newer = sealed.clone();
    newer["version"] = json!(2);
    t.write("sealed-newer.json", newer.to_string());
    let mut saltless = sealed;
    saltless["salt"] = json!("0x12");
    t.write("sealed-saltless.json", saltless.to_string());
    // Of the form of web3 secret storage; its MAC is of another password than "wrong".
    let keystore = json!({
        "version": 3, "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "crypto": {
            "cipher": "aes-128-ctr", "cipherparams": { "iv": "6087dab2f9fdbbfaddc31a909735c1e6" },
            "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46", "kdf": "pbkdf2",
            "kdfparams": {
                "c": 1024, "dklen": 32, "prf": "hmac-sha256",
                "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
            },
            "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
        },
    });
    t.write("keystore", keystore.to_string());
    t.write("wrong", "wrong\n");
    for folder in [
        "hollow",
        "books",
        "books-odd",
        "books-elsewhere",
        "books-none",
        "linked",
    ] {
        fs::create_dir(t.file(folder)).expect("a folder");
    }
    panels(t, city);
    founders(t, city);
    statutes(t);
    std::os::unix::fs::symlink("/etc/hostname", t.file("linked/link")).expect("a link");
    let chain = city.client.chain_id();
    t.write(&format!("books-odd/{chain}.json"), "{");
    t.write(
        &format!("books-elsewhere/{chain}.json"),
        json!({ "chain_id": 1 }).to_string(),
    );
    t.write(
        &format!("books-none/{chain}.json"),
        json!({ "chain_id": chain }).to_string(),
    );
}

/// Seven, as many as a genesis file needs at least, with commas between.
fn seven(city: &City) -> String {
    let people = city.adjudicators.iter().take(7);
    let people: Vec<String> = people.map(|one| one.address().to_string()).collect();
    people.join(",")
}

/// Files of actions: two that are good, one of them signed, and what somebody made of them.
fn panels(t: &Terminal, city: &City) {
    t.write("why.md", "So that it is seen to work.\n");
    let prepare = |action: &str, file: &str| {
        t.ask(
            None,
            &format!("override prepare {action} --justification why.md --out {file}"),
        );
    };
    prepare("halt-city --evidence-hash @why.md", "halt.json");
    prepare("resume-city", "resume.json");
    let signer = Some(&city.adjudicators[0]);
    t.ask(signer, "override sign halt.json --out one.json");
    let read = |file: &str| -> Value {
        serde_json::from_slice(&fs::read(t.file(file)).expect("a file")).expect("JSON")
    };
    let mut changed = read("halt.json");
    changed["message"]["evidenceHash"] = json!(format!("0x{}", "22".repeat(32)));
    t.write("changed.json", changed.to_string());
    let bytes = hex::decode(read("one.json")["signature"].as_str().expect("hex")).expect("bytes");
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let order = U256::from_str_radix(order, 16).expect("a number");
    let s = order - U256::from_be_slice(&bytes[32..64]);
    let high = [&bytes[..32], &s.to_be_bytes::<32>(), &[55 - bytes[64]]].concat();
    t.write("high.txt", hex::encode_prefixed(high));
}

/// A genesis file that founds another city than this.
fn founders(t: &Terminal, city: &City) {
    let clerks: String = ["registrar", "speaker", "regulator", "codifier"]
        .iter()
        .zip(&city.clerks)
        .map(|(office, pair)| {
            let (agent, principal) = (pair.agent.address(), pair.principal.address());
            format!(" --clerk {office}={agent}:{principal}")
        })
        .collect();
    let seven = seven(city);
    t.ask(
        None,
        &format!("genesis new --mandate another --adjudicator {seven}{clerks} --out genesis.toml"),
    );
}

/// A statute, spoilt in its form and in its values.
fn statutes(t: &Terminal) {
    let plan = Plan {
        name: "a task".to_owned(),
        tasks: vec![Task::proved("fetch", 1_000_000_000_000_000)],
        edges: Vec::new(),
        predicates: Vec::new(),
    };
    let pages = encode::statute(&plan.drafts(), &plan.predicates).expect("a statute");
    let mut known = Preimages::default();
    known.add_terms(plan.tasks[0].terms.clone());
    let text = document::decode(&pages, &known)
        .expect("a document")
        .pretty();
    let spoilt =
        |with: &str| text.replacen("\"timeoutMs\": ", &format!("\"timeoutMs\": {with}"), 1);
    t.write("broken.jsonld", spoilt("-"));
    t.write("hasty.jsonld", spoilt("1"));
}

#[test]
fn bad_input_is_told_in_one_line_and_nothing_is_sent() {
    let mut city = City::raise(&Charter::default()).unwrap_or_else(|e| panic!("{e}"));
    city.install_clerks().unwrap_or_else(|e| panic!("{e}"));
    let t = Terminal::at(&city);
    prepare(&t, &city);
    let liar = Liar::beside(city.node.address());
    let registrar = city.clerks[0].agent.clone();
    let key = hex::encode(registrar.signer().to_bytes());
    let values: BTreeMap<&str, String> = BTreeMap::from([
        ("account", city.adjudicators[0].address().to_string()),
        ("word", format!("0x{}", "11".repeat(32))),
        ("key", format!("0x{key}")),
        ("seven", seven(&city)),
        ("programs", programs_dir().display().to_string()),
    ]);
    let before = transactions(&mut city);
    let (mut codes, mut count, mut wrong) = (BTreeSet::new(), 0, Vec::new());
    for (number, line) in CORPUS.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (code, typed) = line.split_once(' ').expect("a code and a line");
        let mut typed = typed.trim().to_owned();
        for (name, value) in &values {
            typed = typed.replace(&format!("{{{name}}}"), value);
        }
        while let Some((head, rest)) = typed.split_once("{liar:") {
            let (lie, tail) = rest.split_once('}').expect("the name of a lie");
            typed = format!("{head}{}{tail}", liar.url(lie));
        }
        let said = t.silently(None, &format!("{typed} --json"));
        let answer: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
        let found = answer["error"]["code"].as_str().unwrap_or("nothing");
        let hint = answer["error"]["hint"].as_str().unwrap_or_default();
        // What is wrong with a document says itself what was wanted there.
        let problems = answer["error"]["problems"].as_array();
        let tells = |all: &Vec<Value>| all.iter().all(|one| one["wanted"].is_string());
        let says_what_to_do = !hint.is_empty() || problems.is_some_and(tells);
        let is_one_line = said.stderr.lines().count() == 1 && said.stderr.starts_with("error: ");
        let tells_key = said.stderr.contains(&key) || said.stdout.contains(&key);
        let is_good =
            found == code && says_what_to_do && is_one_line && said.code > 0 && said.code != 101;
        if !is_good || tells_key || said.stderr.contains("panicked") {
            wrong.push(format!(
                "line {}: {line}\n  {found}, exit {}: {}",
                number + 1,
                said.code,
                said.stderr
            ));
        }
        codes.insert(found.to_owned());
        count += 1;
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        count >= CASES && codes.len() >= CODES,
        "{count} cases of {} codes",
        codes.len()
    );
    assert_eq!(transactions(&mut city), before, "something was sent");
    println!("{count} cases of {} codes", codes.len());
}

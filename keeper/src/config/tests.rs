use std::collections::BTreeMap;

use agentcity_domain::time::Millis;
use alloy::primitives::B256;

use super::*;

const ADDRESS: &str = "0x1111111111111111111111111111111111111111";

fn with(line: &str) -> String {
    format!(
        "endpoint = \"http://127.0.0.1:8545/secret\"\njournal = \"keeper.sqlite\"\nprograms = [\"{ADDRESS}\"]\n{line}\n"
    )
}

#[test]
fn a_short_file_gets_the_defaults() {
    let config = Config::parse(&with("")).expect("valid");
    assert_eq!(config.poll, Duration::from_secs(3_600));
    assert_eq!(config.notice, Notice::days(30, 7).expect("ordered"));
}

#[test]
fn a_quorum_is_more_than_half_of_what_is_named() {
    let config = Config::parse(&with(
        "further_endpoints = [\"http://b\", \"http://c\"]\nwebsockets = [\"ws://a\"]",
    ));
    assert_eq!(config.expect("valid").quorum, 2);
}

#[test]
fn a_city_is_its_constitution_and_its_first_block() {
    let config = Config::parse(&with(&city())).expect("valid");
    let city = config.city.expect("a city");
    assert_eq!(
        (city.constitution, city.from_block),
        (Address::repeat_byte(0x11), 7)
    );
    // Whose members nobody told yet is not followed.
    let ground = Ground {
        chain_id: 1,
        genesis: B256::ZERO,
        city: None,
    };
    assert!(config.chain(&ground).expect("TLS").is_none());
}

#[test]
fn a_key_in_the_endpoint_is_never_printed() {
    let config = Config::parse(&with("")).expect("valid");
    assert_eq!(config.endpoint_redacted(), "http://127.0.0.1:8545");
}

#[test]
fn a_file_that_holds_no_key_is_refused_without_its_content() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("key");
    let config = Config::parse(&with(&format!(
        "key_file = {:?}",
        path.display().to_string()
    )))
    .expect("valid");
    let unreadable = config.key().expect_err("no file").to_string();
    assert!(unreadable.contains("cannot read"), "{unreadable}");
    std::fs::write(&path, "sesame").expect("written");
    let error = config.key().expect_err("no key").to_string();
    assert!(
        error.contains("key_file") && !error.contains("sesame"),
        "{error}"
    );
    std::fs::write(&path, format!("0x{}\n", "11".repeat(32))).expect("written");
    assert!(config.key().expect("a key").is_some());
    assert!(
        Config::parse(&with(""))
            .expect("valid")
            .key()
            .expect("none")
            .is_none()
    );
}

#[test]
fn what_cannot_be_read_is_named_and_not_repeated() {
    let secret = "endpoint = \"https://node/v2/s3cret";
    let told = Config::parse(secret).expect_err("no end").to_string();
    assert!(
        told.starts_with("configuration: line 1: endpoint: "),
        "{told}"
    );
    assert!(!told.contains("s3cret"), "{told}");
}

fn city() -> String {
    format!("[city]\nconstitution = \"{ADDRESS}\"\nfrom_block = 7\n")
}

fn logged(line: &str) -> String {
    format!(
        "key_file = \"k\"\n{}[log]\nfile = \"log.sqlite\"\n{line}",
        city()
    )
}

#[test]
fn a_log_may_be_all_that_there_is_to_do() {
    let text = with(&logged("anchor_secs = 5")).replace(&format!("programs = [\"{ADDRESS}\"]"), "");
    let config = Config::parse(&text).expect("valid");
    let log = config.log.expect("a log");
    assert_eq!(
        (log.pace.entries, log.pace.wait),
        (1_000, Millis::new(5_000))
    );
    assert!(config.programs.is_empty() && log.listen.is_none());
}

#[test]
fn missions_are_mirrored_with_a_key_and_within_bounds() {
    let mission = |byte: u8| format!("\"{}\"", B256::repeat_byte(byte));
    let section = |missions: &str, rest: &str| {
        with(&format!(
            "key_file = \"key\"\n{}[mirror]\nmissions = [{missions}]\nvault = \"v\"\nvault_key_file = \"k\"\n{rest}",
            city()
        ))
    };
    assert!(
        Config::parse(&section(&mission(1), ""))
            .expect("valid")
            .mirror
            .is_some()
    );
    let alone = section(&mission(1), "").replace(&format!("programs = [\"{ADDRESS}\"]\n"), "");
    assert!(Config::parse(&alone).expect("valid").programs.is_empty());
    let many: Vec<String> = (0..9).map(|_| format!("\"{ADDRESS}\"")).collect();
    for (text, says) in [
        (
            section(&format!("{0},{0}", mission(1)), ""),
            "is named twice",
        ),
        (
            section(&mission(1), "poll_secs = 61"),
            "mirror.poll_secs = 61",
        ),
        (
            section(&mission(1), "poll_sec = 1"),
            "unknown field `poll_sec`",
        ),
        (
            section(&mission(1), &format!("partners = [{}]", many.join(","))),
            "mirror.partners: 9",
        ),
        (
            section(&mission(1), "").replace("key_file = \"key\"\n", ""),
            "it needs `key_file`",
        ),
    ] {
        let error = Config::parse(&text).expect_err(&text).to_string();
        assert!(error.contains(says), "{text}\nsaid: {error}");
    }
}

#[test]
fn every_bad_value_is_refused_with_its_key() {
    let programs =
        |list: &str| format!("endpoint = \"http://h\"\njournal = \"j\"\nprograms = [{list}]\n");
    let many: Vec<String> = (0..=PROGRAMS_MAX)
        .map(|index| format!("\"0x{index:040x}\""))
        .collect();
    for (text, says) in [
        (with("poll_secs = 4"), "poll_secs = 4"),
        (with("quorum = 2"), "quorum = 2 of 1"),
        (
            with("further_endpoints = [\"http://b\"]\nquorum = 1"),
            "quorum = 1 of 2",
        ),
        (
            with("further_endpoints = [\"ftp://b\"]"),
            "endpoint: not an http",
        ),
        (with("websockets = [\"http://b\"]"), "websockets: not a ws"),
        (
            with("[city]\nfrom_block = 1"),
            "missing field `constitution`",
        ),
        (
            with(&format!("[city]\nconstitution = \"{ADDRESS}\"")),
            "missing field `from_block`",
        ),
        (
            with(&city().replace("[city]", "[city]\nroster = 1")),
            "unknown field `roster`",
        ),
        (
            with(&logged("")).replace(&city(), ""),
            "log: it works in a city",
        ),
        (with("poll_secs = 86401"), "poll_secs = 86401"),
        (with("urgent_days = 31"), "urgent_days"),
        (with("pol_secs = 60"), "unknown field `pol_secs`"),
        (with("name = \"\""), "name: 0 bytes"),
        (with("depth_blocks = 14401"), "depth_blocks = 14401"),
        (
            with("").replace("journal = \"keeper.sqlite\"", ""),
            "exactly one of the two",
        ),
        (with("journal_url_file = \"j\""), "exactly one of the two"),
        (programs(""), "programs: 0 addresses"),
        (
            "endpoint = \"http://h\"\njournal = \"j\"\n".to_owned(),
            "nothing to do",
        ),
        (
            with(&logged("")).replace("key_file = \"k\"", ""),
            "key_file",
        ),
        (with(&logged("anchor_secs = 0")), "log.anchor_secs = 0"),
        (
            with(&logged("anchor_entries = 1000001")),
            "log.anchor_entries",
        ),
        (with(&logged("retention_months = 23")), "at least 24"),
        (with(&logged("roots = 1")), "unknown field `roots`"),
        (
            with(&logged("redact = [{ name = \"a\", pattern = \"(\" }]")),
            "log.redact: rule `a`",
        ),
        (
            with(&logged(&format!(
                "mirrors = {{ \"{ADDRESS}\" = \"ftp://x\" }}"
            ))),
            "log.mirrors: that of",
        ),
        (with(&logged("listen = \"here\"")), "listen"),
        (programs(&many.join(",")), "programs: 257 addresses"),
        (
            programs(&format!("\"{ADDRESS}\",\"{ADDRESS}\"")),
            "named twice",
        ),
        (programs("\"0x11\""), "programs"),
        (
            with("").replace("http://127.0.0.1:8545/secret", "ftp://h"),
            "endpoint: not an http",
        ),
        (
            format!("programs = [\"{ADDRESS}\"]"),
            "missing field `endpoint`",
        ),
    ] {
        let error = Config::parse(&text).expect_err(&text).to_string();
        assert!(error.contains(says), "{text}\nsaid: {error}");
    }
}

#[test]
fn the_file_that_the_page_shows_can_be_used() {
    let page = include_str!("../../../docs/keeper.md");
    let shown = page.split("```").nth(1).expect("a file");
    let text = shown.strip_prefix("toml").expect("TOML");
    let dir = tempfile::tempdir().expect("a folder");
    let documents = format!("documents = {:?}", dir.path().display().to_string());
    let text = text.replacen("documents = \"documents\"", &documents, 1);
    let config = Config::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    assert!(config.log.is_some() && config.mirror.is_some());
    assert!(config.router.is_some() && config.clerk.is_some());
}

/// A key that no section has.
const STRANGER: &str = "stranger";

/// The keys of a section, by its header, as the reader itself lists them when it meets a stranger; none of what is no section.
fn keys(header: &str) -> Option<BTreeSet<String>> {
    let error = toml::from_str::<File>(&format!("{header}\n{STRANGER} = 1\n")).err()?;
    let said = error.message().to_owned();
    let words: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    let (first, rest) = words.split_first()?;
    (said.starts_with("unknown field") && *first == STRANGER)
        .then(|| rest.iter().map(|key| (*key).to_owned()).collect())
}

/// Every section that a file may have, with its keys.
fn sections() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let mut next = vec![(String::new(), String::new())];
    while let Some((header, path)) = next.pop() {
        let Some(keys) = keys(&header) else { continue };
        for key in &keys {
            let path = match path.as_str() {
                "" => key.clone(),
                path => format!("{path}.{key}"),
            };
            next.push((format!("[{path}]"), path.clone()));
            next.push((format!("[[{path}]]"), path));
        }
        found.insert(header, keys);
    }
    found
}

#[test]
fn the_page_says_every_key_of_every_section_and_no_other() {
    let page = include_str!("../../../docs/keeper.md");
    let (_, tables) = page.split_once("## Every key").expect("tables");
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut header = String::new();
    for line in tables.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            header = match heading.split('`').nth(1) {
                Some(section) => section.to_owned(),
                None => String::new(),
            };
        } else if let Some(row) = line.strip_prefix("| `") {
            let key = row.split('`').next().expect("a key").to_owned();
            assert!(
                told.entry(header.clone()).or_default().insert(key.clone()),
                "{key} twice in {header}"
            );
        }
    }
    assert_eq!(told, sections(), "left: docs/keeper.md; right: what may be");
}

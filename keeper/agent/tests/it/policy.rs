//! A corpus of policies that cannot be used, each with what is said of it.

use agentcity_agent_daemon::policy::{AGENDA_MAX, Order, POLL_SECS_MAX, Policy};

const WORD: &str = "0x1111111111111111111111111111111111111111111111111111111111111111";
pub(crate) const GOOD: &str = r#"endpoint = "http://127.0.0.1:8545/secret"
constitution = "0x1111111111111111111111111111111111111111"
agent_key_file = "agent.key"
principal_key_file = "principal.key"
journal = "journal.sqlite"
secrets = "secrets.sqlite"
documents = "documents"

[limits]
bids_max = 8
stake_max_base_units = "1000000000000000000000"

[[bid]]
service = "0x1111111111111111111111111111111111111111111111111111111111111111"
tiers = [1, 2]
price_permille = 900
price_min_base_units = "10"
stake_permille = 1000
match_permille = 500
latency_ms = 1000

[vote]
order = "cheapest"

[sponsor]
petitions = true

[accept]
seats = true

[withdraw]
from_base_units = "2000"
keep_base_units = "1000"

[[agenda]]
document = "law.jsonld"
domain = "0x1111111111111111111111111111111111111111111111111111111111111111"
"#;

pub(crate) const SERVE: &str = r#"
[serve]
listen = "127.0.0.1:0"
jobs = "jobs"
scratch = "scratch"
jobs_max = 2

[[serve.service]]
service = "0x1111111111111111111111111111111111111111111111111111111111111111"
artifact = "a"
program = "p"
"#;

fn served(from: &str, to: &str) -> String {
    format!("{GOOD}{}", SERVE.replacen(from, to, 1))
}

fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

#[test]
fn a_good_policy_says_what_it_means() {
    let policy = Policy::parse(GOOD).expect("valid");
    assert_eq!(policy.limits.stake_max, 1_000_000_000_000_000_000_000);
    assert_eq!(policy.offers[0].price_min, 10);
    assert!(policy.offers[0].domains.is_empty(), "all domains");
    assert_eq!(policy.vote.expect("votes").order, Order::Cheapest);
    assert!(policy.accepts_seats);
    let withdraw = policy.withdraw.expect("withdraws");
    assert_eq!((withdraw.from, withdraw.keep), (2_000, 1_000));
    assert_eq!(policy.agenda.len(), 1);
    let serve = Policy::parse(&served("", "")).expect("valid").serve;
    assert_eq!(serve.expect("it serves").services.len(), 1);
}

#[test]
fn nothing_is_done_that_is_not_allowed() {
    let bare = GOOD.split("[limits]").next().expect("a head");
    let policy = Policy::parse(bare).expect("valid");
    assert!(policy.offers.is_empty() && policy.agenda.is_empty());
    assert!(policy.vote.is_none() && policy.sponsor.is_none() && policy.withdraw.is_none());
    assert!(!policy.accepts_seats);
    assert_eq!((policy.limits.bids_max, policy.limits.stake_max), (0, 0));
}

#[test]
fn every_bad_value_is_refused_with_its_key() {
    let twice = GOOD.split_once("[[bid]]").expect("a bid").1;
    let twice = twice.split("[vote]").next().expect("a table");
    let items = |count: usize| {
        (0..count)
            .map(|place| format!("[[agenda]]\ndocument = \"{place}\"\ndomain = \"{WORD}\"\n"))
            .collect::<String>()
    };
    let without_key = with("principal_key_file = \"principal.key\"\n", "");
    let only = |table: &str| {
        let head = without_key.split("[limits]").next().expect("a head");
        format!("{head}{table}")
    };
    for (text, says) in [
        (
            with("http://127.0.0.1:8545/secret", "ftp://secret"),
            "endpoint: not an http",
        ),
        (
            with("endpoint = ", "end_point = "),
            "unknown field `end_point`",
        ),
        (
            with("constitution = \"0x11", "constitution = \"0x"),
            "constitution",
        ),
        (
            with("journal = \"journal.sqlite\"\n", ""),
            "missing field `journal`",
        ),
        (
            with("secrets.sqlite", "journal.sqlite"),
            "journal and secrets name one file",
        ),
        (
            with("principal.key", "agent.key"),
            "agent_key_file and principal_key_file",
        ),
        (format!("poll_secs = 0\n{GOOD}"), "poll_secs = 0"),
        (
            format!("poll_secs = {}\n{GOOD}", POLL_SECS_MAX + 1),
            "poll_secs = 31 is not within 1..=30",
        ),
        (
            format!("depth_blocks = 14401\n{GOOD}"),
            "depth_blocks = 14401",
        ),
        (format!("name = \"\"\n{GOOD}"), "name (bytes) = 0"),
        (with("bids_max = 8", "bids_max = 0"), "limits.bids_max = 0"),
        (
            with("bids_max = 8", "bids_max = 1025"),
            "limits.bids_max = 1025",
        ),
        (
            with("\"1000000000000000000000\"", "\"1e21\""),
            "limits.stake_max_base_units = \"1e21\"",
        ),
        (with("\"1000000000000000000000\"", "\"-1\""), "is no amount"),
        (with("\"1000000000000000000000\"", "\"\""), "is no amount"),
        (
            with(
                "\"1000000000000000000000\"",
                "\"340282366920938463463374607431768211456\"",
            ),
            "is no amount",
        ),
        (
            with(
                "[limits]\nbids_max = 8\nstake_max_base_units = \"1000000000000000000000\"\n",
                "",
            ),
            "[[bid]]: it needs [limits]",
        ),
        (
            with("tiers = [1, 2]", "tiers = []"),
            "bid[0].tiers (entries) = 0",
        ),
        (with("tiers = [1, 2]", "tiers = [4]"), "bid[0].tiers = 4"),
        (
            with("tiers = [1, 2]", "tiers = [1, 1]"),
            "bid[0].tiers: 1 is named twice",
        ),
        (
            with("price_permille = 900", "price_permille = 0"),
            "bid[0].price_permille = 0",
        ),
        (
            with("price_permille = 900", "price_permille = 1001"),
            "bid[0].price_permille = 1001",
        ),
        (
            with("stake_permille = 1000", "stake_permille = 999"),
            "bid[0].stake_permille = 999",
        ),
        (
            with("stake_permille = 1000", "stake_permille = 10001"),
            "bid[0].stake_permille = 10001",
        ),
        (
            with("match_permille = 500", "match_permille = 1001"),
            "bid[0].match_permille = 1001",
        ),
        (
            with("latency_ms = 1000", "latency_ms = 0"),
            "bid[0].latency_ms = 0",
        ),
        (
            with("latency_ms = 1000", "latency = 1000"),
            "unknown field `latency`",
        ),
        (
            with("price_min_base_units = \"10\"", "price_min_base_units = 10"),
            "price_min_base_units",
        ),
        (format!("{GOOD}\n[[bid]]{twice}"), "bid[1].service"),
        (
            with("order = \"cheapest\"", "order = \"best\""),
            "unknown variant `best`",
        ),
        (
            with(
                "order = \"cheapest\"",
                &format!("order = \"cheapest\"\nprefers_domains = [\"{WORD}\", \"{WORD}\"]"),
            ),
            "vote.prefers_domains",
        ),
        (
            with("keep_base_units = \"1000\"", "keep_base_units = \"2000\""),
            "withdraw.keep_base_units = 2000 is not within 0..=1999",
        ),
        (
            format!("{GOOD}{}", items(AGENDA_MAX)),
            "agenda (tables) = 17",
        ),
        (
            format!("{GOOD}[[agenda]]\ndocument = \"law.jsonld\"\ndomain = \"{WORD}\"\n"),
            "agenda[1].document",
        ),
        (with("domain = \"0x1111", "domain = \"0x11"), "domain"),
        (
            only("[vote]\norder = \"earliest\"\n"),
            "[vote]: it needs principal_key_file",
        ),
        (
            only("[sponsor]\npetitions = false\n"),
            "[sponsor]: it needs principal_key_file",
        ),
        (only(&items(1)), "[[agenda]]: it needs principal_key_file"),
        (
            served("listen = \"127.0.0.1:0\"", "listen = \"0.0.0.0:8700\""),
            "serve.listen = 0.0.0.0:8700",
        ),
        (
            served("listen = \"127.0.0.1:0\"", "listen = \"here\""),
            "listen",
        ),
        (served("jobs_max = 2", "jobs_max = 0"), "serve.jobs_max = 0"),
        (
            served("jobs_max = 2", "jobs_max = 65"),
            "serve.jobs_max = 65",
        ),
        (
            served("program = \"p\"", "programme = \"p\""),
            "unknown field `programme`",
        ),
        (
            format!(
                "{}\n[[serve.service]]\nservice = \"{WORD}\"\nartifact = \"a\"\nprogram = \"p\"\n",
                served("", "")
            ),
            "serve.service[1].service",
        ),
        ("= broken".to_owned(), "policy: line 1"),
    ] {
        let error = Policy::parse(&text).expect_err(&text).to_string();
        assert!(error.contains(says), "{text}\nsaid: {error}");
        assert!(
            !error.contains("8545"),
            "the endpoint may carry a key: {error}"
        );
    }
}

#[test]
fn a_file_that_holds_no_key_is_refused_without_its_content() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("key");
    let text = with(
        "\"agent.key\"",
        &format!("{:?}", path.display().to_string()),
    );
    let policy = Policy::parse(&text).expect("valid");
    let unreadable = policy.agent_key().expect_err("no file").to_string();
    assert!(unreadable.contains("cannot read"), "{unreadable}");
    std::fs::write(&path, "sesame").expect("written");
    let error = policy.agent_key().expect_err("no key").to_string();
    assert!(
        error.contains("agent_key_file") && !error.contains("sesame"),
        "{error}"
    );
    std::fs::write(&path, format!("{}\n", "11".repeat(32))).expect("written");
    assert!(policy.agent_key().is_ok());
}

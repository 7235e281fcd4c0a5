//! Files that are good, and what is said of those that are not.

use super::*;

/// Seven adjudicators, four clerks of two principals.
pub(super) fn example() -> String {
    let mut text = String::from(
        "mandate = \"0x1111111111111111111111111111111111111111111111111111111111111111\"\nadjudicators = [\n",
    );
    for index in 1..=7 {
        text += &format!("  \"0x00000000000000000000000000000000000000a{index}\",\n");
    }
    text += "]\n\n[parameters]\nreputationFloor = 150\nadjudicatorQuorum = \"7\"\n";
    for (index, role) in ["codifier", "registrar", "speaker", "regulator"]
        .iter()
        .enumerate()
    {
        text += &format!(
            "\n[[clerks]]\nrole = \"{role}\"\nagent = \"0x00000000000000000000000000000000000000c{index}\"\nprincipal = \"0x00000000000000000000000000000000000000d{}\"\n",
            1 + index % 2
        );
    }
    let word = |digit: &str| format!("0x{}", digit.repeat(64));
    for (version, risk) in [(1, "low"), (2, "high")] {
        text += &format!(
            "\n[[templates]]\nid = \"{}\"\nversion = {version}\nschema = \"{}\"\nnodes_max = 9\ntiers = [1, 3]\nrisk = \"{risk}\"\n",
            word("e"),
            word("f"),
        );
    }
    text
}

#[test]
fn templates_are_read_in_their_order_and_are_no_part_of_what_is_sealed() {
    let file = GenesisFile::parse(&example()).unwrap();
    let risks: Vec<(u16, u8, u8)> = file
        .templates
        .iter()
        .map(|one| (one.version, one.tiers, one.risk_max))
        .collect();
    assert_eq!(risks, [(1, 0b1010, 0), (2, 0b1010, 2)]);
    let bare = example();
    let bare = bare.split("\n[[templates]]").next().unwrap();
    let bare = GenesisFile::parse(bare).unwrap();
    assert!(bare.templates.is_empty());
    assert_eq!(bare.genesis.digest(), file.genesis.digest());
    let many = "\n[[templates]]\nid = \"\"\nversion = 0\nschema = \"\"\nnodes_max = 0\ntiers = []\nrisk = \"\"\n";
    let refused = GenesisFile::parse(&(example() + &many.repeat(31))).unwrap_err();
    assert_eq!(refused.len(), 1, "{refused:?}");
    let said = refused[0].to_string();
    assert!(
        said.contains("33 templates; a genesis file has at most 32"),
        "{said}"
    );
}

#[test]
fn what_is_absent_has_its_default_and_clerks_come_by_role() {
    let genesis = Genesis::example();
    assert_eq!(genesis.asset, None);
    assert_eq!(genesis.unit_scale, U256::from(DEFAULT_UNIT_SCALE));
    assert_eq!(genesis.signing_window_secs, DEFAULT_SIGNING_WINDOW_SECS);
    let roles: Vec<u8> = genesis.clerk_values().iter().map(|c| c.role).collect();
    assert_eq!(roles, [0, 1, 2, 3]);
    let values = genesis.parameter_values();
    assert!(values.is_sorted_by_key(|v| v.id));
    assert_eq!(
        values
            .iter()
            .map(|v| U256::from_be_bytes(v.value.0))
            .sum::<U256>(),
        U256::from(157)
    );
    assert_eq!(genesis.signatures_needed(), 5);
    assert_eq!(genesis.people().len(), 7 + 4 + 2);
}

/// Replaces one part of the good file, and what is then said of it, with its place.
const BAD: &[(&str, &str, &str)] = &[
    (
        "mandate = ",
        "mandat = ",
        "line 1, column 1: unknown field `mandat`",
    ),
    ("mandate = ", "", "line 1, column 69: key with no value"),
    ("\"0x1111", "\"1111", "line 1, column 11: \"11111"),
    ("\"0x1111", "\"0x111g", "is no hash: 0x and 64 hex digits"),
    (
        "0x1111111111111111111111111111111111111111111111111111111111111111",
        "0x0000000000000000000000000000000000000000000000000000000000000000",
        "line 1, column 11: the mandate must not be zero",
    ),
    (
        "adjudicators",
        "asset = \"0x12\"\nadjudicators",
        "line 2, column 9: \"0x12\" is no address",
    ),
    (
        "adjudicators",
        "asset = \"0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"\nadjudicators",
        "the capitals of 0xF39F",
    ),
    (
        "adjudicators",
        "asset = 5\nadjudicators",
        "line 2, column 9: invalid type: integer `5`, expected a string",
    ),
    (
        "adjudicators",
        "unit_scale = \"x\"\nadjudicators",
        "line 2, column 14: unit_scale = \"x\" is no whole number",
    ),
    (
        "adjudicators",
        "unit_scale = \"\"\nadjudicators",
        "unit_scale = \"\" is no whole number",
    ),
    (
        "adjudicators",
        "unit_scale = \"0\"\nadjudicators",
        "a unit of stake is 1 to",
    ),
    (
        "adjudicators",
        "unit_scale = \"79228162514264337593543950336\"\nadjudicators",
        "a unit of stake is 1 to 79228162514264337593543950335",
    ),
    (
        "adjudicators",
        "signing_window_secs = 0\nadjudicators",
        "line 2, column 23: signing_window_secs must not be zero",
    ),
    (
        "adjudicators",
        "signing_window_secs = -1\nadjudicators",
        "line 2, column 23: invalid value: integer `-1`",
    ),
    (
        "  \"0x00000000000000000000000000000000000000a7\",\n",
        "",
        "line 2, column 16: 6 genesis adjudicators; a city has 7 to",
    ),
    (
        "00a7",
        "00a1",
        "line 9, column 3: adjudicator 0x00000000000000000000000000000000000000A1 is listed before",
    ),
    (
        "00a7",
        "0000",
        "line 9, column 3: adjudicator 0x0000000000000000000000000000000000000000 is nobody",
    ),
    (
        "00a7",
        "00a",
        "line 9, column 3: \"0x00000000000000000000000000000000000000a\" is no address",
    ),
    (
        "reputationFloor",
        "reputationFlor",
        "line 13, column 1: there is no parameter `reputationFlor`",
    ),
    (
        "150",
        "1.5",
        "line 13, column 19: parameter `reputationFloor` = 1.5 is no whole number",
    ),
    ("150", "-1", "parameter `reputationFloor` = -1"),
    (
        "150",
        "4294967296",
        "line 13, column 19: 4294967296 is not within",
    ),
    (
        "150",
        "150\nreputationFloor = 151",
        "line 14, column 1: duplicate key",
    ),
    (
        "reputationFloor = 150",
        "maxAdjudicators = 5",
        "maxAdjudicators is a constant",
    ),
    (
        "reputationFloor = 150",
        "minStakeLow = 100000",
        "minStakeLow would be 100000, above minStakeMedium",
    ),
    (
        "\"7\"",
        "\"9\"",
        "line 14, column 21: adjudicatorQuorum = 9 demands more adjudicators than the 7 listed",
    ),
    (
        "\"codifier\"",
        "\"mayor\"",
        "line 17, column 8: there is no clerk `mayor`: there are registrar, speaker, regulator, codifier",
    ),
    ("\"codifier\"", "\"speaker\"", "no clerk is codifier"),
    ("00c0", "00c1", "holds one office"),
    ("version = 1", "version = 0", "version 0 is no version"),
    ("version = 1", "version = 2", "version 2 of template 0xeeee"),
    (
        "tiers = [1, 3]",
        "tiers = [1, 4]",
        "there is no tier 4: tiers are",
    ),
    (
        "tiers = [1, 3]",
        "tiers = []",
        "the template allows nothing",
    ),
    (
        "nodes_max = 9",
        "nodes_max = 0",
        "the template allows nothing",
    ),
    (
        "nodes_max = 9",
        "nodes_max = 65536",
        "invalid value: integer `65536`",
    ),
    (
        "\"low\"",
        "\"lowest\"",
        "there is no risk `lowest`: there are low",
    ),
    ("schema = ", "scheme = ", "unknown field `scheme`"),
    ("00c0", "00d1", "an agent is not its own principal"),
    ("00c0", "0000", "neither may be zero"),
    (
        "role = \"codifier\"\n",
        "",
        "line 16, column 1: missing field `role`",
    ),
    (
        "[parameters]",
        "[codehashes]\nmayor = \"0x1111111111111111111111111111111111111111111111111111111111111111\"\n[parameters]",
        "line 13, column 1: a city has no member `mayor`: there are constitution, agent",
    ),
    (
        "[parameters]",
        "[codehashes]\nagent = \"0x11\"\n[parameters]",
        "line 13, column 9: \"0x11\" is no hash",
    ),
    ("[parameters]", "[parameters", "line 12, column"),
];

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (from, to, told) in BAD {
        let good = example();
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let found: Vec<String> = GenesisFile::parse(&text)
            .expect_err(told)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(
            found.iter().any(|line| line.contains(told)),
            "{to:?}: {found:#?}, not {told:?}"
        );
        assert!(found.iter().all(|line| !line.contains('\n')), "{found:#?}");
    }
    let one = example().replace("00d2", "00d1");
    let told = GenesisFile::parse(&one).unwrap_err()[0].to_string();
    assert!(told.contains("two principals at least"), "{told}");
}

#[test]
fn all_that_is_wrong_is_told_at_once_in_the_order_of_the_file() {
    let text = example()
        .replacen("0x1111", "0x11", 1)
        .replacen("150", "1.5", 1)
        .replacen("00a7", "00a1", 1);
    let lines: Vec<usize> = GenesisFile::parse(&text)
        .unwrap_err()
        .iter()
        .map(|error| error.place.line)
        .collect();
    assert_eq!(lines, [1, 9, 13]);
}

#[test]
fn the_digest_is_of_every_decision() {
    let genesis = Genesis::example();
    assert_eq!(genesis.digest(), Genesis::example().digest());
    for (from, to) in [
        ("00a7", "00a8"),
        ("150", "151"),
        ("00d2", "00d3"),
        ("0x1111", "0x2111"),
    ] {
        let other = GenesisFile::parse(&example().replacen(from, to, 1)).unwrap();
        assert_ne!(other.genesis.digest(), genesis.digest(), "{from}");
    }
}

#[test]
fn values_are_words_however_they_are_written() {
    let of = |text: &str| word(&text.parse::<toml::Value>().unwrap());
    assert_eq!(of("7"), Some(B256::with_last_byte(7)));
    assert_eq!(of("\"7\""), Some(B256::with_last_byte(7)));
    assert_eq!(of("true"), Some(B256::with_last_byte(1)));
    let address = Address::repeat_byte(0xab);
    assert_eq!(of(&format!("\"{address}\"")), Some(address.into_word()));
    let all = B256::repeat_byte(0xcd);
    assert_eq!(of(&format!("\"{all}\"")), Some(all));
    assert_eq!(of("\"seven\""), None);
}

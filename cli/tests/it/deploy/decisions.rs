//! Without a chain: files that are good and bad, and what else can be told before anything is sent.

use agentcity_test_fixtures::Actor;
use snapbox::{assert_data_eq, str};

use super::{Desk, redacted};
use crate::founding::genesis_text;

#[test]
fn decisions_become_a_file_and_bad_files_are_told_where_they_are_bad() {
    let desk = Desk::new("http://127.0.0.1:9");
    let mut words = vec![
        "genesis",
        "new",
        "--mandate",
        "Build bridges.",
        "--parameter",
        "reputationFloor=150",
    ];
    let addresses: Vec<String> = Actor::all()
        .iter()
        .map(|a| a.address().to_string())
        .collect();
    for address in &addresses[1..8] {
        words.extend(["--adjudicator", address]);
    }
    let clerks: Vec<String> = ["registrar", "speaker", "regulator", "codifier"]
        .iter()
        .enumerate()
        .map(|(index, office)| {
            format!(
                "{office}={}:{}",
                addresses[8 + index],
                addresses[12 + index % 2]
            )
        })
        .collect();
    let without_clerks = words.clone();
    for clerk in &clerks {
        words.extend(["--clerk", clerk]);
    }
    let in_json = [&words[..], &["--out", "same.toml", "--json"]].concat();
    assert_data_eq!(
        desk.tell(&in_json),
        str![[r#"
{"ok":true,"result":{"adjudicators":["ADDRESS","ADDRESS","ADDRESS","ADDRESS","ADDRESS","ADDRESS","ADDRESS"],"asset":null,"clerks":[{"agent":"ADDRESS","office":"registrar","principal":"ADDRESS"},{"agent":"ADDRESS","office":"speaker","principal":"ADDRESS"},{"agent":"ADDRESS","office":"regulator","principal":"ADDRESS"},{"agent":"ADDRESS","office":"codifier","principal":"ADDRESS"}],"file":"same.toml","genesis":"HASH","mandate":"HASH","parameters":{"reputationFloor":"150"},"signaturesNeeded":5,"signingWindowSecs":N,"unitScale":"N"},"version":1}
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell(&words),
        str![[r#"
file genesis.toml
genesis HASH
mandate HASH
asset the native coin
unit of stake N base units
adjudicators 7, 5 must sign
registrar ADDRESS of ADDRESS
speaker ADDRESS of ADDRESS
regulator ADDRESS of ADDRESS
codifier ADDRESS of ADDRESS
reputationFloor 150, not 100
exit 0

"#]]
    );
    assert_data_eq!(
        redacted(&desk.read("genesis.toml"), desk.dir.path()),
        str![[r##"
# What this city is founded on: `agentcity genesis check` judges it.

# Build bridges.
mandate = "HASH"
unit_scale = "N"
signing_window_secs = N
adjudicators = [
"ADDRESS",
"ADDRESS",
"ADDRESS",
"ADDRESS",
"ADDRESS",
"ADDRESS",
"ADDRESS",
]

[parameters]
"reputationFloor" = "150"

[[clerks]]
role = "registrar"
agent = "ADDRESS"
principal = "ADDRESS"

[[clerks]]
role = "speaker"
agent = "ADDRESS"
principal = "ADDRESS"

[[clerks]]
role = "regulator"
agent = "ADDRESS"
principal = "ADDRESS"

[[clerks]]
role = "codifier"
agent = "ADDRESS"
principal = "ADDRESS"

"##]]
    );
    assert_data_eq!(
        desk.tell(&words),
        str![[r#"
--
error: genesis.toml is there already: name another with --out, or move it away
exit 3

"#]]
    );
    assert_data_eq!(
        desk.tell(&without_clerks),
        str![[r#"
--
error: no clerk is registrar: every office needs one: give other flags: nothing was written
exit 3

"#]]
    );
    assert_data_eq!(
        desk.tell(&["genesis", "check"]),
        str![[r#"
file genesis.toml
genesis HASH
mandate HASH
asset the native coin
unit of stake N base units
adjudicators 7, 5 must sign
registrar ADDRESS of ADDRESS
speaker ADDRESS of ADDRESS
regulator ADDRESS of ADDRESS
codifier ADDRESS of ADDRESS
reputationFloor 150, not 100
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell(&["genesis", "check", "--json"]),
        str![[r#"
{"ok":true,"result":{"adjudicators":["ADDRESS","ADDRESS","ADDRESS","ADDRESS","ADDRESS","ADDRESS","ADDRESS"],"asset":null,"clerks":[{"agent":"ADDRESS","office":"registrar","principal":"ADDRESS"},{"agent":"ADDRESS","office":"speaker","principal":"ADDRESS"},{"agent":"ADDRESS","office":"regulator","principal":"ADDRESS"},{"agent":"ADDRESS","office":"codifier","principal":"ADDRESS"}],"file":"genesis.toml","genesis":"HASH","mandate":"HASH","parameters":{"reputationFloor":"150"},"signaturesNeeded":5,"signingWindowSecs":N,"unitScale":"N"},"version":1}
exit 0

"#]]
    );

    let bad = genesis_text()
        .replacen("reputationFloor", "reputationFlor", 1)
        .replacen("\"codifier\"", "\"mayor\"", 1);
    desk.write("bad.toml", &bad);
    assert_data_eq!(
        desk.tell(&["genesis", "check", "bad.toml"]),
        str![[r#"
at problem
13:1 there is no parameter `reputationFlor`: docs/parameters.md lists them
31:8 there is no clerk `mayor`: there are registrar, speaker, regulator, codifier
--
error: bad.toml founds no city: 2 problems: mend what the table lists by line and column
exit 3

"#]]
    );
    assert_data_eq!(
        desk.tell(&["genesis", "check", "bad.toml", "--json"]),
        str![[r#"
{"error":{"code":"input/genesis","hint":"mend what the table lists by line and column","message":"bad.toml founds no city: 2 problems"},"ok":false,"result":{"file":"bad.toml","problems":[{"column":1,"line":13,"problem":"there is no parameter `reputationFlor`: docs/parameters.md lists them"},{"column":8,"line":31,"problem":"there is no clerk `mayor`: there are registrar, speaker, regulator, codifier"}]},"version":1}
--
error: bad.toml founds no city: 2 problems: mend what the table lists by line and column
exit 3

"#]]
    );
    assert_data_eq!(
        desk.tell(&["deploy", "plan", "--genesis", "bad.toml"]),
        str![[r#"
--
error: bad.toml:13:1: there is no parameter `reputationFlor`: docs/parameters.md lists them: and 1 more: `agentcity genesis check` lists them all
exit 3

"#]]
    );
    assert_data_eq!(
        desk.tell(&["deploy", "plan", "--genesis", "none.toml"]),
        str![[r#"
--
error: none.toml: No such file or directory (os error 2): check the path, and who may read and write there
exit 3

"#]]
    );
    assert_data_eq!(
        desk.tell(&["deploy", "plan", "--programs", "nowhere"]),
        str![[r#"
--
error: nowhere/agentcity-constitution.wasm: No such file or directory (os error 2): build the programs with `agentcity build`, or name their folder with --programs: build them with `agentcity build`, or name their folder with --programs
exit 3

"#]]
    );
    let zero = format!("0x{}", "0".repeat(64));
    assert_data_eq!(
        desk.tell(&["deploy", "plan", "--salt", &zero]),
        str![[r#"
--
error: the salt must not be zero: the address would depend on the deployer's nonce: name a module that `agentcity build` wrote, and a salt that is not zero
exit 3

"#]]
    );
    // Nobody answers there.
    assert_data_eq!(
        desk.tell(&["deploy", "plan", "--priced"]),
        str![[r#"
--
error: the node does not answer (error sending request for url (URL/)): start one with `cargo xtask up`, or give another --rpc-url
exit 4

"#]]
    );
    assert_data_eq!(
        desk.tell(&["deploy", "apply", "--name", "a/b"]),
        str![[r#"
--
error: `a/b` is no name of a city: use letters, digits, - and _: files are named by it
exit 3

"#]]
    );
    assert_data_eq!(
        desk.tell(&["deploy", "apply"]),
        str![[r#"
--
error: no key is given: name a file with --keystore, or set AGENTCITY_PRIVATE_KEY
exit 3

"#]]
    );
}

#[test]
fn the_devnode_and_the_build_are_found_or_named() {
    let desk = Desk::new("http://127.0.0.1:9");
    let version = desk.run(&["devnode", "--version"]);
    assert!(version.status.success());
    assert!(
        String::from_utf8(version.stdout)
            .unwrap()
            .contains("agentcity-devnode")
    );
    assert_data_eq!(
        desk.tell(&["devnode", "--port", "many"]),
        str![[r#"
--
error: invalid value 'many' for '--port <NUM>': invalid digit found in string

For more information, try '--help'.
error: BIN/agentcity-devnode failed: exit status: 2: see what it said above
exit 3

"#]]
    );
    assert_data_eq!(
        desk.tell(&["build"]),
        str![[r#"
--
error: this folder is in no checkout of AgentCity: change into one; a release brings its programs built, name their folder with --programs
exit 3

"#]]
    );
}

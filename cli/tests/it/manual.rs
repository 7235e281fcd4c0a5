//! What shells and readers want of the help tree.

use agentcity_test_fixtures::city::{Charter, City};

use crate::support::{self, Terminal};

fn agentcity(args: &[&str]) -> String {
    let output = support::agentcity().args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_shell_is_helped_with_every_power() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = agentcity(&["completions", shell]);
        for verb in ["amend-parameter", "resume-city", "claim-collusion"] {
            assert!(script.contains(verb), "{shell} knows no {verb}");
        }
    }
}

#[test]
fn every_command_has_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("man1");
    agentcity(&["manual", "man", folder.to_str().unwrap()]);
    let page = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(page("agentcity.1").contains("agentcity"));
    assert!(page("agentcity-override-prepare-amend-parameter.1").contains("new\\-value"));
    assert!(page("agentcity-law-propose.1").contains("domain"));
}

/// The page of the help tree.
fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");
    std::fs::read_to_string(path).unwrap()
}

/// Every line that somebody typed in a transcript, without the prompt.
fn typed(folder: &std::path::Path, all: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            typed(&path, all);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text
            .lines()
            .filter_map(|line| line.split_once("$ agentcity "));
        all.extend(lines.map(|(_, words)| words.to_owned()));
    }
}

/// These print no answer in a transcript: three hand over to other programs, one prints a script.
const OTHERWISE: [&str; 4] = ["build", "completions", "demo", "devnode"];
/// What these say to people stands beside their tests.
const BESIDE: [&str; 4] = ["deploy", "genesis", "override", "program"];

/// And what these say in JSON.
const BESIDE_IN_JSON: [&str; 3] = ["genesis check", "genesis new", "program check"];

#[test]
fn every_verb_is_kept_whole_in_both_forms() {
    let page = page();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = rows.filter(|row| row.ends_with("` |"));
    let verbs: std::collections::BTreeSet<String> = rows
        .map(|row| {
            let words = row.split(['`', ' ']).take(2);
            words.collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert!(verbs.len() > 150, "{} verbs", verbs.len());
    let mut lines = Vec::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/transcripts");
    typed(folder.as_ref(), &mut lines);
    let kept = |verb: &str, in_json: bool| {
        lines.iter().any(|line| {
            let rest = line.strip_prefix(verb).unwrap_or("-");
            (rest.is_empty() || rest.starts_with(' ')) && line.contains("--json") == in_json
        })
    };
    let missing: Vec<String> = verbs
        .iter()
        .filter(|verb| !OTHERWISE.iter().any(|of| verb.starts_with(of)))
        .flat_map(|verb| {
            let noun = verb.split(' ').next().unwrap_or_default();
            let in_text = !BESIDE.contains(&noun) && !kept(verb, false);
            let text = in_text.then(|| format!("{verb} in text"));
            let in_json = !BESIDE_IN_JSON.contains(&verb.as_str()) && !kept(verb, true);
            let json = in_json.then(|| format!("{verb} in JSON"));
            [text, json].into_iter().flatten()
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// These do not end, or hand over to other programs.
const ENDLESS: [&str; 4] = ["build", "demo", "devnode", "mission watch"];

/// Every example of the help, typed as it stands: most name what this city does not have, and each says so in one line.
#[test]
fn every_example_of_the_help_is_run() {
    let mut city = City::raise(&Charter::default()).unwrap();
    let person = city.person("reader").unwrap();
    let t = Terminal::at(&city);
    let page = page();
    let examples = page
        .lines()
        .filter_map(|line| line.strip_suffix("` |")?.rsplit_once("| `"))
        .map(|(_, example)| example.split(" > ").next().unwrap_or_default());
    let (mut told, mut count) = (String::new(), 0);
    for example in examples {
        if ENDLESS.iter().any(|verb| example.starts_with(verb)) {
            continue;
        }
        // One key at a time.
        let who = (!example.contains("--keystore")).then_some(&person);
        let said = t.silently(who, &format!("{example} --json"));
        let answer: serde_json::Value = serde_json::from_str(&said.stdout)
            .unwrap_or_else(|_| panic!("{example}: {}", said.shown));
        let end = answer["error"]["code"].as_str().unwrap_or("done");
        assert!(
            said.code != 2 && said.code != 101,
            "{example}: {}",
            said.shown
        );
        assert!(
            said.stderr.lines().count() < 40,
            "{example}: {}",
            said.shown
        );
        let words: Vec<&str> = example.split_whitespace().take(3).collect();
        told += &format!("{end:<28} {}\n", words.join(" "));
        count += 1;
    }
    assert!(count > 200, "{count} examples");
    t.hold(&told, snapbox::file!["transcripts/examples.txt"]);
}

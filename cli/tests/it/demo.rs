//! `agentcity demo`: the program that tells stories is found and run, and what becomes of it is told.

use agentcity_test_fixtures::demo::Story;

use crate::support::{Said, agentcity};

fn said(program: Option<&str>, words: &[&str]) -> Said {
    let command = agentcity().arg("demo").args(words);
    let command = match program {
        Some(path) => command.env("AGENTCITY_DEMO", path),
        None => command,
    };
    Said::of(&command.output().unwrap())
}

#[test]
fn the_stories_are_listed_with_a_line_each() {
    for words in [&[][..], &["--list"]] {
        let listed = said(None, words).done();
        assert_eq!(listed.lines().count(), Story::ALL.len(), "{listed}");
        for (line, story) in listed.lines().zip(Story::ALL) {
            assert!(
                line.starts_with(story.name) && line.contains(story.about),
                "{line}"
            );
        }
    }
    let listed = said(None, &["--json"]).result();
    let names = listed.as_array().unwrap().iter();
    let names: Vec<_> = names.map(|one| one["story"].as_str().unwrap()).collect();
    assert_eq!(names, Story::ALL.map(|story| story.name));
}

#[test]
fn what_a_story_has_shown_is_in_the_envelope_and_its_words_are_beside() {
    let told = said(None, &["condorcet-cycle", "--json"]);
    let facts = told.result();
    assert_eq!(facts["story"], "condorcet-cycle");
    assert!(facts["shown"].as_array().unwrap().len() > 2, "{facts}");
    let transactions = facts["transactions"].as_array().unwrap();
    assert!(
        transactions.iter().all(|one| one["block"].is_u64()),
        "{facts}"
    );
    assert!(
        told.stderr.contains("B wins") || told.stderr.contains("Minimax"),
        "{}",
        told.stderr
    );
}

#[test]
fn what_cannot_be_told_says_what_to_do() {
    let unknown = said(None, &["paradise", "--json"]).refused(3);
    let error = unknown.lines().next().unwrap();
    assert_eq!(
        error,
        r#"{"error":{"code":"input/choice","hint":"`agentcity demo` lists them","message":"paradise is no story"},"ok":false,"version":1}"#
    );
    let missing = said(Some("/nowhere/agentcity-demo"), &["collusion"]).refused(3);
    assert_eq!(
        missing,
        "error: AGENTCITY_DEMO names /nowhere/agentcity-demo, which is no file: name the executable, or unset it\n(exit 3)\n"
    );
    // What fails is not taken for a story that was told.
    let failed = said(Some("/bin/false"), &["collusion"]).refused(3);
    assert_eq!(
        failed,
        "error: /bin/false failed: exit status: 1: see what it said above\n(exit 3)\n"
    );
}

//! `agentcity demo`: the program that tells stories is found and run, and what becomes of it is told.

use std::{
    io::Read,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

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

/// What runs in a group of processes, but what has ended and nobody has looked at yet.
fn group(leader: u32) -> Vec<String> {
    let listed = Command::new("ps")
        .args(["-eo", "pgid=,stat=,args="])
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let leader = leader.to_string();
    let mut running = Vec::new();
    for line in listed.lines() {
        let mut words = line.split_whitespace();
        let (group, state) = (words.next(), words.next());
        if group == Some(&leader) && state.is_some_and(|state| !state.starts_with('Z')) {
            running.push(words.collect::<Vec<_>>().join(" "));
        }
    }
    running
}

#[track_caller]
fn until(what: &str, leader: u32, holds: impl Fn(&[String]) -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        let running = group(leader);
        if holds(&running) {
            return;
        }
        assert!(Instant::now() < end, "{what}: {running:#?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_story_that_is_ended_in_the_middle_leaves_nothing_running() {
    for (signal, machine, code) in [
        ("INT", "agentcity-keeper", 130),
        ("TERM", "agentcity-devnode", 143),
    ] {
        let mut story = Command::new(env!("CARGO_BIN_EXE_agentcity"))
            .args(["demo", "keeper-killed"])
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let leader = story.id();
        until("it is in the middle", leader, |running| {
            running.iter().any(|one| one.contains(machine))
        });
        // Nobody else is told.
        let order = format!("kill -{signal} {leader}");
        let sent = Command::new("sh").args(["-c", &order]).status().unwrap();
        assert!(sent.success());
        let status = story.wait().unwrap();
        let mut said = String::new();
        story
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert_eq!(status.code(), Some(code), "{said}");
        until("nothing is left", leader, <[String]>::is_empty);
        assert!(said.contains("agentcity-demo: terminated: "), "{said}");
        assert!(said.contains("error: the story was ended"), "{said}");
    }
}

//! Running the program on a city of a devnode, in a folder of its own, and what it says with everything replaced that differs from run to run.

use std::{collections::BTreeMap, path::PathBuf, process::Output};

use agentcity_domain::peer::Peer;
use agentcity_test_fixtures::city::{City, Person};
use alloy::primitives::{Address, hex};

use crate::support::agentcity;

/// A folder in which the program runs, and the city that it speaks to.
pub(crate) struct Shell {
    dir: tempfile::TempDir,
    url: String,
    constitution: Address,
    names: BTreeMap<String, String>,
}

impl Shell {
    /// For a city; its contracts have the names of their offices in what is said.
    pub(crate) fn of(city: &City) -> Self {
        let mut shell = Self {
            dir: tempfile::tempdir().unwrap(),
            url: city.node.http_url(),
            constitution: city.address(Peer::Constitution),
            names: BTreeMap::new(),
        };
        for peer in Peer::ALL {
            shell.name(city.address(peer), peer.name());
        }
        shell
    }

    /// From now on this address is told by a name.
    pub(crate) fn name(&mut self, address: Address, name: &str) {
        self.names.insert(address.to_string(), format!("[{name}]"));
    }

    /// A file of the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file of the folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Runs the program, with a key if somebody is named.
    pub(crate) fn run_as(&self, by: Option<&Person>, args: &[&str]) -> Said {
        let mut command = agentcity()
            .current_dir(self.dir.path())
            .env("AGENTCITY_RPC_URL", &self.url)
            .env("AGENTCITY_CITY", self.constitution.to_string());
        if let Some(person) = by {
            let key = hex::encode(person.signer().to_bytes());
            command = command.env("AGENTCITY_PRIVATE_KEY", key);
        }
        Said {
            output: command.args(args).output().unwrap(),
            names: self.names.clone(),
        }
    }

    /// Runs the program without a key.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        self.run_as(None, args)
    }
}

/// What a run said.
pub(crate) struct Said {
    output: Output,
    names: BTreeMap<String, String>,
}

impl Said {
    /// Both streams, with what differs from run to run replaced.
    pub(crate) fn text(&self) -> String {
        let out = String::from_utf8_lossy(&self.output.stdout);
        let err = String::from_utf8_lossy(&self.output.stderr);
        let code = self.output.status.code().unwrap_or(-1);
        let end = if code == 0 {
            String::new()
        } else {
            format!("exit {code}\n")
        };
        redact(&format!("{out}{err}{end}"), &self.names)
    }

    /// What was said when it was done.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert!(self.output.status.success(), "{}", self.text());
        self.text()
    }

    /// What was said when it was not done, with this exit code.
    #[track_caller]
    pub(crate) fn refused(self, code: i32) -> String {
        assert_eq!(self.output.status.code(), Some(code), "{}", self.text());
        self.text()
    }
}

impl Said {
    /// The result in JSON, as it is.
    #[track_caller]
    pub(crate) fn result(self) -> serde_json::Value {
        assert!(self.output.status.success(), "{}", self.text());
        let value: serde_json::Value = serde_json::from_slice(&self.output.stdout).unwrap();
        value["result"].clone()
    }
}

/// Names for addresses, and placeholders for hashes, other bytes, instants and gas.
fn redact(text: &str, names: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let digits = |text: &str, hex: bool| {
            let is = |c: char| {
                if hex {
                    c.is_ascii_hexdigit()
                } else {
                    c.is_ascii_digit()
                }
            };
            text.find(|c| !is(c)).unwrap_or(text.len())
        };
        if let Some(bytes) = rest.strip_prefix("0x") {
            let length = digits(bytes, true);
            let whole = format!("0x{}", &bytes[..length]).to_lowercase();
            let known = names
                .iter()
                .find(|(address, _)| address.to_lowercase() == whole);
            out += match (known, length) {
                (Some((_, name)), _) => name,
                (None, 0..=8) => &rest[..2 + length],
                (None, 40) => "[ADDRESS]",
                (None, 64) => "[HASH]",
                (None, _) => "[BYTES]",
            };
            rest = &bytes[length..];
        } else if letter.is_ascii_digit() {
            let length = digits(rest, false);
            let number = &rest[..length];
            rest = &rest[length..];
            // Between 2025 and 2033.
            let is_instant = length == 10 && matches!(&number[..2], "17" | "18" | "19");
            out += if is_instant { "[INSTANT]" } else { number };
            if is_instant && rest.starts_with(" (20") {
                rest = rest.split_once(')').map_or("", |(_, rest)| rest);
            }
        } else {
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    let lines = out.lines().map(|line| {
        let line = &without_blocks(line);
        let line = match line.split_once(" left") {
            Some((before, after)) if before.contains(" s (") => {
                let start = before.rfind(", ").map_or(0, |at| at + 2);
                format!("{}[LENGTH] left{after}", &before[..start])
            }
            _ => line.to_owned(),
        };
        let gas = line.starts_with("gas ") || line.starts_with("block ");
        match line.split_once(' ') {
            Some((key, _)) if gas => format!("{key} [..]\n"),
            _ => line + "\n",
        }
    });
    let text: String = lines.collect();
    after(&after(&text, "\"gasUsed\":"), "\"block\":")
}

/// Replaces numbers of blocks where a person reads them: behind the word, first in a list of events, last in a list of amendments.
fn without_blocks(line: &str) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    let is_number = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
    let is_member = |word: &&str| Peer::ALL.iter().any(|peer| peer.name() == *word);
    let second = words.iter().skip(1).find(|word| !word.is_empty());
    if is_number(words[0]) && second.is_some_and(is_member) {
        words[0] = "[..]";
    }
    if line.contains("weaker") && words.last().is_some_and(|word| is_number(word)) {
        words.pop();
        words.push("[..]");
    }
    let mut out = Vec::with_capacity(words.len());
    for word in words {
        let number = word.trim_end_matches(',');
        match out.last() {
            Some(&"block") if is_number(number) => {
                out.push(if number == word { "[..]" } else { "[..]," });
            }
            _ => out.push(word),
        }
    }
    out.join(" ")
}

/// Replaces the number behind a key of JSON.
fn after(text: &str, key: &str) -> String {
    let mut parts = text.split(key);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(part.len());
        out += &format!("{key}0{}", &part[end..]);
    }
    out
}

//! `agentcity genesis` and `agentcity deploy`: a city from decisions to people in office, as founders meet it.

mod decisions;
mod life;
mod story;

use std::{cell::RefCell, collections::BTreeMap, path::Path, process::Output};

use agentcity_test_fixtures::Actor;
use serde_json::Value;

use crate::{founding::programs_dir, support::agentcity};

/// The client in a folder of its own.
struct Desk {
    dir: tempfile::TempDir,
    url: String,
    /// Verbs whose answer in JSON is kept, and what they said: the first line of each that was done.
    kept: RefCell<BTreeMap<String, String>>,
}

impl Desk {
    fn new(url: &str) -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            url: url.to_owned(),
            kept: RefCell::default(),
        }
    }

    /// What words say in JSON, before they are carried out: what sends is only told what it would do.
    fn keep_json(&self, actor: Option<&Actor>, args: &[&str]) {
        let verb = args.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        let is_form = ["--json", "--dry-run"]
            .iter()
            .any(|flag| args.contains(flag));
        if is_form || verb == "genesis new" || self.kept.borrow().contains_key(&verb) {
            return;
        }
        for flags in [&["--dry-run", "--json"][..], &["--json"]] {
            let output = self.run_as(actor, &[args, flags].concat());
            match output.status.code() {
                Some(0) => {
                    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
                    let told = redacted(
                        &format!("{value:#}\n").replace(&self.url, "URL"),
                        self.dir.path(),
                    );
                    let line = redacted(&[args, flags].concat().join(" "), self.dir.path());
                    let told = format!("$ agentcity {line}{told}\n");
                    self.kept.borrow_mut().insert(verb, told);
                    return;
                }
                // A verb that sends nothing has no such flag.
                Some(2) => {}
                _ => return,
            }
        }
    }

    /// Compares what was kept with its file.
    #[track_caller]
    fn compare_json(&self, file: snapbox::Data) {
        let all: String = self.kept.borrow().values().cloned().collect();
        snapbox::assert_data_eq!(all, file.raw());
    }

    fn run_as(&self, actor: Option<&Actor>, args: &[&str]) -> Output {
        let mut command = agentcity()
            .current_dir(self.dir.path())
            .env("AGENTCITY_RPC_URL", &self.url)
            .env("AGENTCITY_PROGRAMS", programs_dir());
        if let Some(actor) = actor {
            let key = alloy::hex::encode(actor.signer.to_bytes());
            command = command.env("AGENTCITY_PRIVATE_KEY", key);
        }
        command.args(args).output().unwrap()
    }

    fn run(&self, args: &[&str]) -> Output {
        self.run_as(None, args)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).unwrap()
    }

    /// Both streams and the exit code, without what differs from build to build.
    fn told(&self, output: &Output) -> String {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        let code = output.status.code().unwrap();
        let all = format!(
            "{out}{}{err}exit {code}\n",
            if err.is_empty() { "" } else { "--\n" }
        );
        redacted(&all.replace(&self.url, "URL"), self.dir.path())
    }

    /// What a verb says; it may fail.
    fn tell(&self, args: &[&str]) -> String {
        self.keep_json(None, args);
        self.told(&self.run(args))
    }

    /// What a verb says in somebody's name.
    fn tell_as(&self, actor: &Actor, args: &[&str]) -> String {
        self.keep_json(Some(actor), args);
        self.told(&self.run_as(Some(actor), args))
    }
}

/// Hashes, addresses and longer numbers follow from the build: replaced by their kinds. Columns shrink to one space.
fn redacted(text: &str, dir: &Path) -> String {
    let binary = snapbox::cmd::cargo_bin!("agentcity");
    let beside = binary.parent().unwrap().display().to_string();
    let text = text
        .replace(&dir.display().to_string(), "DIR")
        .replace(&programs_dir().display().to_string(), "PROGRAMS")
        .replace(&beside, "BIN");
    let mut told = String::new();
    let mut rest = text.as_str();
    while let Some(next) = rest.chars().next() {
        let digits = |text: &str, of: fn(&char) -> bool| text.chars().take_while(of).count();
        let hex = rest
            .strip_prefix("0x")
            .map_or(0, |rest| digits(rest, char::is_ascii_hexdigit));
        let decimal = digits(rest, char::is_ascii_digit);
        let (taken, what) = match (hex, decimal) {
            (40, _) => (42, "ADDRESS".to_owned()),
            (64, _) => (66, "HASH".to_owned()),
            (65.., _) => (2 + hex, "BYTES".to_owned()),
            (_, 5..) if &rest[..decimal] != "412346" => (decimal, "N".to_owned()),
            (_, 1..) => (decimal, rest[..decimal].to_owned()),
            _ => (next.len_utf8(), next.to_string()),
        };
        told += &what;
        rest = &rest[taken..];
    }
    let lines = told
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.map(|line| line + "\n").collect()
}

fn founder() -> &'static Actor {
    Actor::named("peggy")
}

//! `agentcity completions` and the hidden `agentcity manual`: what shells and readers want of the help tree, made of the help tree.

use std::{fmt::Write as _, path::PathBuf};

use clap::{Command, CommandFactory, Subcommand};
use serde_json::json;

use crate::{
    Args,
    failure::{Code, EXITS, Failure},
    output::Answer,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: agentcity completions bash > ~/.local/share/bash-completion/completions/agentcity"
)]
pub(crate) struct Completions {
    /// The shell.
    shell: clap_complete::Shell,
}

/// The manual in its forms.
#[derive(Debug, Subcommand)]
pub(crate) enum Manual {
    /// Pages for `man`, one for each command.
    #[command(after_help = "Example: agentcity manual man ~/.local/share/man/man1")]
    Man(Man),
    /// `docs/cli.md`.
    #[command(after_help = "Example: agentcity manual markdown > docs/cli.md")]
    Markdown,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    /// Folder to write to.
    folder: PathBuf,
}

/// The script that completes commands in a shell.
pub(crate) fn completions(options: &Completions) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(
        options.shell,
        &mut Args::command(),
        "agentcity",
        &mut script,
    );
    let script = String::from_utf8_lossy(&script).into_owned();
    Answer::new(
        json!({ "shell": options.shell.to_string(), "script": script }),
        script,
    )
}

/// Writes the manual, or prints it.
///
/// Errors: `input/file`.
pub(crate) fn manual(form: Manual) -> Result<Answer, Failure> {
    let Manual::Man(options) = form else {
        let text = markdown();
        return Ok(Answer::new(json!({ "markdown": text }), text));
    };
    let folder = &options.folder;
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    clap_mangen::generate_to(Args::command(), folder)
        .map_err(|error| Failure::file(folder, &error))?;
    Ok(Answer::facts(
        json!({ "folder": folder }),
        &[("pages", folder.display().to_string())],
    ))
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The rows of a command's verbs, and of theirs.
fn rows(command: &Command, before: &str, text: &mut String) {
    let verbs = command.get_subcommands();
    for verb in verbs.filter(|verb| !verb.is_hide_set() && verb.get_name() != "help") {
        let name = format!("{before} {}", verb.get_name());
        if verb.has_subcommands() {
            rows(verb, &name, text);
            continue;
        }
        let mut usage = name.clone();
        for argument in verb.get_positionals() {
            let value = argument.get_id().as_str().to_uppercase();
            let value = match argument.get_value_names() {
                Some([name, ..]) => name.to_string(),
                _ => value,
            };
            let _ = match argument.is_required_set() {
                true => write!(usage, " <{value}>"),
                false => write!(usage, " [{value}]"),
            };
        }
        for flag in verb.get_arguments().filter(|flag| flag.is_required_set()) {
            if let Some(long) = flag.get_long() {
                let _ = write!(usage, " --{long} …");
            }
        }
        let about = verb
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        let example = verb
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let example = example
            .trim_start_matches("Example: ")
            .trim_start_matches("agentcity ");
        let _ = writeln!(
            text,
            "| `{}` | {} | `{}` |",
            cell(usage.trim_start()),
            cell(&about),
            cell(example)
        );
    }
}

/// Who signs, as the page tells it.
const KEYS: &str = "\
## Keys

What signs is a private key in `AGENTCITY_PRIVATE_KEY`, an encrypted key file (`--keystore`, web3 secret storage, its password asked for or in
`--password-file`), or a Ledger (`--ledger`). `--ledger-index` counts a device's accounts as Ledger's own wallet does, from 0; `--hd-path`
names a key by its derivation path instead.

A Ledger signs whatever a key signs: transactions, statements, actions of the panel, the manifest of a founding. Typed data is handed to it
as its two hashes, which are told on stderr to be compared with what the device shows; its Ethereum app must be of 1.6.0 at least and have
blind signing turned on. Nothing is handed to a device that does not hash to what is to be signed, and no signature is taken that is not of
the address that it gave.

Only a build with the feature asks a device: `cargo build --release -p agentcity --features ledger`. It compiles the C library of USB along
(libusb, whose licence is the LGPL 2.1) where the system has none; no package of the system is needed but a C compiler. On Linux
Ledger's udev rules let a user open the device.

";

/// The help tree as a document.
pub(crate) fn markdown() -> String {
    let mut command = Args::command();
    command.build();
    let mut text = "\
<!-- Printed by `agentcity manual markdown` from the help tree; edit cli/src. -->

# Command line

`agentcity` does for people what the constitution lets people do. `--help` after any command tells all its flags; this page
lists the commands. Results go to stdout, everything else to stderr; `--json` answers with the same facts in an envelope of version 1.
Every verb that sends knows `--dry-run`. Identifiers are given by their place, everything else by a flag; instants are unix
seconds, lengths of time seconds, amounts base units unless the flag says otherwise.

"
    .to_owned();
    for noun in command.get_subcommands().filter(|noun| !noun.is_hide_set()) {
        if noun.get_name() == "help" {
            continue;
        }
        let about = noun
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        let _ = write!(text, "## {}\n\n{about}\n\n", noun.get_name());
        text += "| command | does | example |\n|---|---|---|\n";
        match noun.has_subcommands() {
            true => rows(noun, noun.get_name(), &mut text),
            false => {
                let only = Command::new("agentcity").subcommand(noun.clone());
                rows(&only, "", &mut text);
            }
        }
        text += "\n";
    }
    text += KEYS;
    text += "## Exit codes\n\n| code | means |\n|---|---|\n";
    for (code, means) in EXITS {
        let _ = writeln!(text, "| {code} | {means} |");
    }
    text += "\n## Error codes\n\n`error.code` in JSON; the texts never change their meaning.\n\n\
        | code | exit | means |\n|---|---|---|\n";
    let mut codes: Vec<Code> = Code::ALL.to_vec();
    codes.sort_by_key(|code| code.text());
    for code in codes {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} |",
            code.text(),
            code.class().exit(),
            code.says().trim()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Arg;

    #[test]
    fn the_committed_page_is_the_help_tree() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            found == markdown(),
            "run `cargo run -p agentcity -- manual markdown > docs/cli.md`, and commit it"
        );
    }

    #[test]
    fn every_verb_says_what_it_does_and_gives_an_example() {
        fn look(command: &Command, path: &str) {
            for verb in command
                .get_subcommands()
                .filter(|verb| verb.get_name() != "help")
            {
                let path = format!("{path} {}", verb.get_name());
                assert!(verb.get_about().is_some(), "{path} says nothing");
                if verb.has_subcommands() {
                    look(verb, &path);
                    continue;
                }
                let example = verb.get_after_help().map(ToString::to_string);
                let example = example.unwrap_or_default();
                let example = example.strip_prefix("Example: agentcity ");
                assert!(example.is_some(), "{path} has no example");
            }
        }
        let mut command = Args::command();
        command.build();
        command.clone().debug_assert();
        look(&command, "agentcity");
    }

    #[test]
    fn every_example_is_a_command_line_that_is_understood() {
        fn look(command: &Command, path: &str) {
            for verb in command
                .get_subcommands()
                .filter(|verb| verb.get_name() != "help")
            {
                let path = format!("{path} {}", verb.get_name());
                look(verb, &path);
                let Some(example) = verb.get_after_help().map(ToString::to_string) else {
                    continue;
                };
                let Some(line) = example.strip_prefix("Example: ") else {
                    continue;
                };
                assert!(line.starts_with(&path), "{path}: {line}");
                let words = line.lines().next().unwrap_or_default().split(" > ").next();
                let words = words.unwrap_or_default().split_whitespace();
                if let Err(error) = Args::command().try_get_matches_from(words) {
                    panic!("{line}\n{error}");
                }
            }
        }
        look(&Args::command(), "agentcity");
    }

    /// Sources below a folder of the workspace.
    fn sources(folder: &std::path::Path, all: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, all);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                all.push(path);
            }
        }
    }

    /// What is wrong with words behind the program's name: a verb, or a flag. Values may stand for anything.
    fn unknown(args: &Command, words: &str) -> Option<String> {
        let (mut command, mut inside) = (args, true);
        for word in words.split_whitespace() {
            let word = word.trim_end_matches([',', ';', ':', '.']);
            if let Some(flag) = word.strip_prefix("--") {
                let takes = |one: &Arg| {
                    // What belongs to another program is its own matter.
                    one.get_long() == Some(flag) || one.is_trailing_var_arg_set()
                };
                if !command.get_arguments().any(takes) {
                    return Some(format!("{} has no --{flag}", command.get_name()));
                }
            } else if let Some(verb) = command.find_subcommand(word).filter(|_| inside) {
                command = verb;
                continue;
            } else if command.has_subcommands()
                && word.starts_with(|letter: char| letter.is_ascii_lowercase())
            {
                return Some(format!("{} has no {word}", command.get_name()));
            }
            inside = false;
        }
        None
    }

    #[test]
    fn every_command_that_a_text_names_is_a_command() {
        let (mut files, mut count) = (Vec::new(), 0);
        let mut args = Args::command();
        args.build();
        for folder in ["src", "../deploy/src", "../keeper/src"] {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            sources(&folder, &mut files);
        }
        for file in files {
            let source = std::fs::read_to_string(&file).unwrap();
            for (at, _) in source.match_indices("agentcity ") {
                // Where a text or a quotation begins: everything else speaks of the program, and calls it none.
                if !source[..at].ends_with(['`', '"']) && !source[..at].ends_with("Example: ") {
                    continue;
                }
                let line = source[at..].split(['`', '"', '\n', '>']).next();
                let line = line.unwrap_or_default().split("; ").next();
                let words = line.unwrap_or_default().trim_start_matches("agentcity ");
                assert_eq!(unknown(&args, words), None, "{}: {words:?}", file.display());
                count += 1;
            }
        }
        // In documents they stand in lines of their own, or quoted.
        let above = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut documents = vec![above.join("README.md")];
        let pages = std::fs::read_dir(above.join("docs")).unwrap();
        documents.extend(pages.map(|entry| entry.unwrap().path()));
        for file in documents {
            if file.extension().is_none_or(|kind| kind != "md") {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            let lines = text
                .lines()
                .filter_map(|line| line.strip_prefix("agentcity "));
            let quoted = text.split('`').skip(1).step_by(2);
            let quoted = quoted.filter_map(|words| words.strip_prefix("agentcity "));
            for words in lines.chain(quoted) {
                let words = words
                    .split(['#', '\n', '>', '|'])
                    .next()
                    .unwrap_or_default();
                assert_eq!(unknown(&args, words), None, "{}: {words:?}", file.display());
                count += 1;
            }
        }
        assert!(count > 180, "{count} commands are named");
        assert_eq!(
            unknown(&args, "mission vanish"),
            Some("mission has no vanish".into())
        );
        assert_eq!(
            unknown(&args, "node show {} --mission"),
            Some("show has no --mission".into())
        );
    }
}

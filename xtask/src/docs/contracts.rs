//! docs/contracts/*.md: what each contract can be asked, out of its interface (`abi/sol`) and its role table (`abi/roles`).
//!
//! The interfaces are the truth on the wire and already say everything; this only turns them into pages, so that a reader need not
//! know where they lie. Only what interfaces of this repository use of Solidity and NatSpec is understood; anything else panics here,
//! where a test sees it, and is not skipped.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Deserialize;

/// An interface by its contract's name: its source and, for a contract of the city, its role table.
macro_rules! interface {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../abi/sol/I", $name, ".sol")),
            include_str!(concat!("../../../abi/roles/", $name, ".toml")),
        )
    };
    ($name:literal, stranger) => {
        (
            $name,
            include_str!(concat!("../../../abi/sol/I", $name, ".sol")),
            "",
        )
    };
}

/// What is printed: the fourteen contracts, and what strangers implement for them.
const INTERFACES: &[(&str, &str, &str)] = &[
    interface!("Constitution"),
    interface!("Agent"),
    interface!("Management"),
    interface!("Service"),
    interface!("Assembly"),
    interface!("Legislature"),
    interface!("Enactment"),
    interface!("Statute"),
    interface!("Collaboration"),
    interface!("Verification"),
    interface!("Guardian"),
    interface!("Treasury"),
    interface!("Adjudication"),
    interface!("Roster"),
    interface!("Predicate", stranger),
    interface!("Verifier", stranger),
    interface!("SettlementToken", stranger),
];

/// Whoever may call a function, in words.
const CALLERS: &[(&str, &str)] = &[
    ("anyone", "anyone"),
    ("self", "everybody, on what is the caller's own"),
];

/// One row of a role table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Role {
    callers: Vec<String>,
    #[serde(default)]
    signed: Vec<String>,
    #[serde(default)]
    emits: Vec<String>,
}

/// What stands above a declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Said {
    notice: String,
    dev: String,
    /// Name and text of parameters; `return` and text of what is returned.
    about: Vec<(String, String)>,
}

/// A declaration with what is said of it.
#[derive(Debug, PartialEq, Eq)]
struct Item {
    kind: &'static str,
    name: String,
    /// As it is written, on one line.
    text: String,
    said: Said,
}

/// An interface, read.
#[derive(Debug)]
struct Interface {
    title: String,
    said: Said,
    items: Vec<Item>,
}

const KINDS: [&str; 5] = ["function", "event", "error", "struct", "enum"];

fn read(source: &str) -> Interface {
    let (mut title, mut head) = (String::new(), None);
    let (mut items, mut said) = (Vec::new(), Said::default());
    // Where the next line of a comment goes on: 0 the notice, 1 `@dev`, 2 the last of `about`.
    let mut goes_on = 0;
    let mut open: Option<(&'static str, String)> = None;
    for line in source.lines().map(str::trim) {
        if let Some((kind, text)) = &mut open {
            let (code, note) = line.split_once("//").unwrap_or((line, ""));
            debug_assert!(note.is_empty() || !code.is_empty(), "{line}");
            text.push(' ');
            text.push_str(code.trim());
            let ends = text.ends_with(';') && !text.contains('{') || text.ends_with('}');
            if ends {
                items.push(item(kind, text, std::mem::take(&mut said)));
                open = None;
            }
            continue;
        }
        if let Some(comment) = line.strip_prefix("///") {
            let comment = comment.trim();
            let (tag, rest) = comment.split_once(' ').unwrap_or((comment, ""));
            match tag {
                "@title" => rest.clone_into(&mut title),
                "@notice" => (goes_on, said.notice) = (0, rest.to_owned()),
                "@dev" => (goes_on, said.dev) = (1, rest.to_owned()),
                "@param" => {
                    let (name, about) = rest.split_once(' ').unwrap_or((rest, ""));
                    said.about.push((name.to_owned(), about.to_owned()));
                    goes_on = 2;
                }
                "@return" => {
                    said.about.push(("return".to_owned(), rest.to_owned()));
                    goes_on = 2;
                }
                _ => {
                    let to = match (goes_on, said.about.last_mut()) {
                        (2, Some((_, about))) => about,
                        (1, _) => &mut said.dev,
                        _ => &mut said.notice,
                    };
                    to.push(' ');
                    to.push_str(comment);
                }
            }
            continue;
        }
        let word = line.split([' ', '(']).next().unwrap_or_default();
        if word == "interface" {
            head = Some(std::mem::take(&mut said));
            goes_on = 0;
            continue;
        }
        if let Some(kind) = KINDS.into_iter().find(|kind| *kind == word) {
            goes_on = 0;
            let is_whole = line.ends_with(';') && !line.contains('{') || line.ends_with('}');
            if is_whole {
                items.push(item(kind, line, std::mem::take(&mut said)));
            } else {
                open = Some((kind, line.to_owned()));
            }
        }
    }
    Interface {
        title,
        said: head.unwrap_or_default(),
        items,
    }
}

fn item(kind: &'static str, text: &str, said: Said) -> Item {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.replace("( ", "(").replace(" )", ")");
    let name = text[kind.len()..].trim_start();
    let name = name.split(['(', ' ', '{']).next().unwrap_or_default();
    Item {
        kind,
        name: name.to_owned(),
        text,
        said,
    }
}

/// Text of a cell: what would end it is taken from it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The signature without its visibility: what a caller writes.
fn signature(item: &Item) -> String {
    let text = item.text[item.kind.len()..].trim_start();
    let text = text.trim_end_matches(';');
    text.replace(" external", "")
}

/// What is said of a declaration, as one paragraph.
fn told(said: &Said) -> String {
    let mut out = said.notice.trim().to_owned();
    for part in [said.dev.trim()] {
        if !part.is_empty() {
            out.push(' ');
            out.push_str(part);
        }
    }
    out
}

fn about(out: &mut String, said: &Said) {
    for (name, text) in &said.about {
        // Writing to a string cannot fail.
        let _ = match name.as_str() {
            "return" => writeln!(out, "- *returns* {text}"),
            _ => writeln!(out, "- `{name}`: {text}"),
        };
    }
    if !said.about.is_empty() {
        out.push('\n');
    }
}

fn callers(role: &Role) -> String {
    let words: Vec<&str> = role
        .callers
        .iter()
        .map(|caller| {
            let known = CALLERS.iter().find(|(name, _)| name == caller);
            known.map_or(caller.as_str(), |(_, words)| *words)
        })
        .collect();
    words.join(", ")
}

fn page(name: &str) -> String {
    let Some((_, source, roles)) = INTERFACES.iter().find(|(known, ..)| *known == name) else {
        return String::new();
    };
    let interface = read(source);
    let roles: BTreeMap<String, Role> = match toml::from_str(roles) {
        Ok(roles) => roles,
        Err(error) => panic!("abi/roles/{name}.toml: {error}"),
    };
    let mut out = format!("# {}\n\n{}\n", interface.title, told(&interface.said));
    let of = |kind: &'static str| interface.items.iter().filter(move |item| item.kind == kind);
    if of("function").next().is_some() {
        out.push_str("\n## Functions\n");
    }
    for item in of("function") {
        let _ = writeln!(out, "\n### `{}`\n\n`{}`\n", item.name, signature(item));
        let _ = writeln!(out, "{}\n", told(&item.said));
        about(&mut out, &item.said);
        if let Some(role) = roles.get(&item.name) {
            let code = |names: &[String]| {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                names.join(", ")
            };
            let mut line = format!("Callers: {}.", callers(role));
            if !role.signed.is_empty() {
                let _ = write!(
                    line,
                    " Signed ([structs](../signatures.md)): {}.",
                    code(&role.signed)
                );
            }
            if !role.emits.is_empty() {
                let _ = write!(line, " Emits {}.", code(&role.emits));
            }
            out.push_str(&line);
            out.push('\n');
        }
    }
    for (kind, heading, column) in [("event", "Events", "when"), ("error", "Errors", "why")] {
        if of(kind).next().is_some() {
            let _ = write!(out, "\n## {heading}\n\n| {kind} | {column} |\n|---|---|\n");
        }
        for item in of(kind) {
            let mut text = told(&item.said);
            for (name, what) in &item.said.about {
                let _ = write!(text, " `{name}`: {what}.");
            }
            let _ = writeln!(out, "| `{}` | {} |", cell(&signature(item)), cell(&text));
        }
    }
    if of("struct").chain(of("enum")).next().is_some() {
        out.push_str("\n## Types\n");
    }
    for item in of("enum").chain(of("struct")) {
        let body = item.text.split_once('{').map_or("", |(_, body)| body);
        let body = body.trim_end_matches('}').trim();
        let fields: Vec<String> = match item.kind {
            "enum" => body
                .split(',')
                .enumerate()
                .map(|(number, name)| format!("{number} {}", name.trim()))
                .collect(),
            _ => body
                .split(';')
                .map(|field| field.trim().to_owned())
                .collect(),
        };
        let fields: Vec<String> = fields
            .iter()
            .filter(|field| !field.is_empty())
            .map(|field| format!("`{field}`"))
            .collect();
        let _ = writeln!(
            out,
            "\n### `{}`\n\n{}\n\n{}\n",
            item.name,
            told(&item.said),
            fields.join(", ")
        );
        about(&mut out, &item.said);
    }
    // No page ends in empty lines.
    format!("{}\n", out.trim_end())
}

/// The page of a contract, as [`super::documents`] has it.
macro_rules! pages {
    ($($path:literal: $name:literal),* $(,)?) => {
        /// The pages, and what prints each.
        pub(super) const PAGES: &[super::Document] = &[
            $(super::Document {
                path: concat!("docs/contracts/", $path, ".md"),
                source: concat!("abi/sol/I", $name, ".sol and abi/roles"),
                print: || page($name),
            }),*
        ];
    };
}

pages! {
    "constitution": "Constitution",
    "agent": "Agent",
    "management": "Management",
    "service": "Service",
    "assembly": "Assembly",
    "legislature": "Legislature",
    "enactment": "Enactment",
    "statute": "Statute",
    "collaboration": "Collaboration",
    "verification": "Verification",
    "guardian": "Guardian",
    "treasury": "Treasury",
    "adjudication": "Adjudication",
    "roster": "Roster",
    "predicate": "Predicate",
    "verifier": "Verifier",
    "settlement-token": "SettlementToken",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declaration_of_every_interface_is_on_its_page_with_what_is_said_of_it() {
        assert_eq!(PAGES.len(), INTERFACES.len());
        for (name, source, _) in INTERFACES {
            let declared = source.lines().map(str::trim).filter(|line| {
                let word = line.split([' ', '(']).next().unwrap_or_default();
                KINDS.contains(&word)
            });
            let read = read(source);
            assert_eq!(read.items.len(), declared.count(), "{name}");
            assert!(!read.title.is_empty(), "{name}");
            let page = page(name);
            for item in &read.items {
                assert!(!item.said.notice.is_empty(), "{name}.{}", item.name);
                assert!(page.contains(&item.name), "{name}.{}", item.name);
            }
        }
    }

    #[test]
    fn every_function_of_a_contract_says_who_may_call_it() {
        for (name, source, roles) in INTERFACES.iter().filter(|(.., roles)| !roles.is_empty()) {
            let roles: BTreeMap<String, Role> = toml::from_str(roles).unwrap();
            let functions = read(source).items;
            let functions = functions.iter().filter(|item| item.kind == "function");
            for function in functions {
                // Views that everybody may ask have no row where the table says so once for all.
                let is_view = function.text.contains(" view ") || function.text.contains(" pure ");
                assert!(
                    is_view || roles.contains_key(&function.name),
                    "{name}.{}",
                    function.name
                );
            }
        }
    }

    #[test]
    fn a_declaration_over_several_lines_is_one() {
        let read = read(
            "/// @title T\n/// @notice N\n/// goes on\ninterface I {\n/// @notice E\n/// @param a first\n/// of two\nevent Happened(\n    uint8 a,\n    uint8 b\n);\n/// @notice F\n/// @dev D\n/// @return answer\nfunction f() external view returns (uint8);\n}\n",
        );
        assert_eq!(
            (read.title.as_str(), read.said.notice.as_str()),
            ("T", "N goes on")
        );
        let [event, function] = &read.items[..] else {
            panic!("{:?}", read.items)
        };
        assert_eq!(event.text, "event Happened(uint8 a, uint8 b);");
        assert_eq!(
            event.said.about,
            [("a".to_owned(), "first of two".to_owned())]
        );
        assert_eq!(signature(function), "f() view returns (uint8)");
        assert_eq!(told(&function.said), "F D");
    }
}

//! Numbers of policy live in one table. Outside `contracts/domain/src/parameter/` the law holds no integer but those that are
//! structure, and says of each unusual one why it is.
//!
//! Structure is recognised by its place: zero and one; hexadecimal and binary patterns; the length of an array, an index or a
//! slice; the distance of a shift, and a mask; the width of a packed field; the number of a variant, and the arm that reads it
//! back. Everything else needs
//! `// structural: <reason>` on its line, or alone on the line above a constant, or `// structural file: <reason>` once in a file
//! whose every number is layout (a hash function, a grammar).
//!
//! Tests are exempt: they state numbers to contradict them.

use super::{Finding, Tree, whole};

/// Where the rule holds, and where the table is.
const LAW: &str = "contracts/domain/src/";
const TABLE: &str = "contracts/domain/src/parameter/";

const LINE_MARK: &str = concat!("// struct", "ural: ");
const FILE_MARK: &str = concat!("// struct", "ural file:");

pub(super) fn literals(tree: &Tree) -> Vec<Finding> {
    tree.ending(&[".rs"])
        .filter(|(file, _)| file.starts_with(LAW) && !file.starts_with(TABLE))
        .flat_map(|(file, text)| judge(file, text))
        .collect()
}

fn judge(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(mark) = text
        .lines()
        .find_map(|line| line.trim().strip_prefix(FILE_MARK))
    {
        if mark.trim().is_empty() {
            findings.push(whole(file, "a structural file says why"));
        }
        return findings;
    }
    let (mut open, mut marked_above) = (Vec::new(), false);
    for (i, line) in text.lines().enumerate() {
        // Everything from the tests on is exempt; they stand last (STYLE §5).
        if line.trim() == "#[cfg(test)]" {
            break;
        }
        let marked = marked_above || line.contains(LINE_MARK);
        marked_above = line.trim().starts_with(LINE_MARK);
        for number in numbers(line, &mut open) {
            if !marked {
                findings.push(Finding {
                    file: file.to_owned(),
                    line: i + 1,
                    what: format!("`{number}` is policy: take it from the parameter table, or say why it is structure"),
                });
            }
        }
    }
    findings
}

/// The literals of a line that no place explains. `open` are the brackets open before it, and after it when it returns.
fn numbers(line: &str, open: &mut Vec<char>) -> Vec<String> {
    let code = code_of(line);
    let bytes = code.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let c = bytes[at] as char;
        match c {
            '(' | '[' | '{' => open.push(c),
            ')' | ']' | '}' => {
                open.pop();
            }
            _ => {}
        }
        if !c.is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = at
            + code[at..]
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(code.len() - at);
        let (before, token, after) = (&code[..at], &code[at..end], &code[end..]);
        at = end;
        let inside_a_name = before.ends_with(|c: char| {
            c.is_alphanumeric() || c == '_' || c == '.' && !before.ends_with("..")
        });
        if !inside_a_name && !is_structure(before, token, after, open.last().copied()) {
            found.push(token.to_owned());
        }
    }
    found
}

fn is_structure(before: &str, token: &str, after: &str, bracket: Option<char>) -> bool {
    let (before, after) = (before.trim_end(), after.trim_start());
    let digits: String = token.chars().filter(|c| *c != '_').collect();
    let plain = digits
        .find(|c: char| !c.is_ascii_digit())
        .map_or(digits.as_str(), |end| &digits[..end]);
    let small = matches!(plain.trim_start_matches('0'), "" | "1");
    let pattern = ["0x", "0b"].iter().any(|start| token.starts_with(start));
    let shift = before.ends_with("<<")
        || before.ends_with(">>")
        || before.ends_with("<<=")
        || before.ends_with(">>=");
    let in_brackets = bracket == Some('[')
        && (before.ends_with(';')
            || before.ends_with('[') && after.starts_with(']')
            || before.ends_with("..")
            || after.starts_with(".."));
    let mask = before.ends_with('&') && !before.ends_with("&&");
    // `reader.number(5)` and `writer.number(x, 5)`: how words are packed.
    let width = before.ends_with("reader.number(")
        || before.contains("writer.number(") && before.ends_with(',') && after.starts_with(')');
    // `Variant = 3,` and `3 => Some(Self::Variant)`.
    let discriminant = before.ends_with('=')
        && after.starts_with(',')
        && before
            .trim_end_matches(['=', ' '])
            .trim_start()
            .chars()
            .all(|c| c.is_alphanumeric());
    let arm = before.is_empty() && after.starts_with("=>");
    small || pattern || shift || mask || width || in_brackets || discriminant || arm
}

/// The line without comments, strings, characters and attributes; what is cut leaves nothing that looks like a number.
fn code_of(line: &str) -> String {
    let trimmed = line.trim_start();
    if trimmed.starts_with("//") || trimmed.starts_with("#[") || trimmed.starts_with("#!") {
        return String::new();
    }
    let (mut code, mut text) = (String::new(), false);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' if text => {
                rest.next();
            }
            '"' => text = !text,
            _ if text => {}
            '/' if rest.peek() == Some(&'/') => break,
            // A character, not a lifetime.
            '\'' => {
                let ahead: Vec<char> = rest.clone().take(3).collect();
                let length = match ahead.as_slice() {
                    ['\\', _, '\''] => 3,
                    [_, '\'', ..] => 2,
                    _ => 0,
                };
                for _ in 0..length {
                    rest.next();
                }
            }
            _ => code.push(c),
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        judge("contracts/domain/src/a.rs", text)
            .into_iter()
            .map(|finding| {
                finding
                    .what
                    .split('`')
                    .nth(1)
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect()
    }

    #[test]
    fn a_number_of_policy_is_found_wherever_it_hides() {
        for (text, number) in [
            ("const GRACE: u64 = 540_000;", "540_000"),
            ("if votes * 100 >= 60 { }", "100"),
            ("    let bond = price / 10;", "10"),
            ("take(3)", "3"),
            ("let limits = [5, 20];", "5"),
            ("    7u32,", "7u32"),
            ("x.max(2)", "2"),
            ("Some(n) if n > 16 => {}", "16"),
            ("for i in 0..64 {", "64"),
            ("a && 2 < b", "2"),
            ("f(x, 4);", "4"),
            ("let default = Some(30) // days", "30"),
        ] {
            assert_eq!(
                found(text).first().map(String::as_str),
                Some(number),
                "{text}"
            );
        }
    }

    #[test]
    fn structure_is_left_alone() {
        for text in [
            "let mut word = [0; 32];",
            "word[..20].copy_from_slice(&a[12..]);",
            "word[24..32]",
            "bytes[7]",
            "x << 64 | y >> 8",
            "flags & 3",
            "let at = reader.number(5);",
            "writer.number(u64::from(self.stake), 4);",
            "    Frozen = 3,",
            "    3 => Some(Self::Frozen),",
            "n == 0 || n == 1",
            "self.0.1.2",
            "0xff & 0b1010",
            "u128::from(x) as u64",
            "// waits 72 hours",
            "/// 72 hours",
            "#[repr(align(16))]",
            "\"at most 128 bytes\"",
            "b'7' == '9'",
            "let x2 = sha256(y);",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_reason_excuses_its_line_or_the_next_and_no_more() {
        let mark = concat!("// struct", "ural: half");
        assert_eq!(
            found(&format!("q.div_ceil(2) {mark}")),
            Vec::<String>::new()
        );
        assert_eq!(
            found(&format!("{mark}\nconst TWO: u8 = 2;")),
            Vec::<String>::new()
        );
        assert_eq!(
            found(&format!("{mark}\nconst TWO: u8 = 2;\nconst THREE: u8 = 3;")),
            ["3"]
        );
        let file = concat!("// struct", "ural file: a hash function");
        assert_eq!(
            found(&format!("{file}\nconst LANES: usize = 25;")),
            Vec::<String>::new()
        );
        let mute = concat!("// struct", "ural file:");
        assert_eq!(
            judge("contracts/domain/src/a.rs", mute).len(),
            1,
            "a file without a reason"
        );
    }

    #[test]
    fn the_table_tests_and_other_crates_are_exempt() {
        let text = "const GRACE: u64 = 540_000;";
        for file in [
            "contracts/domain/src/parameter/table.rs",
            "contracts/domain/tests/it/a.rs",
            "keeper/src/a.rs",
        ] {
            assert!(literals(&Tree::with(&[(file, text)])).is_empty(), "{file}");
        }
        assert_eq!(
            literals(&Tree::with(&[("contracts/domain/src/gate.rs", text)])).len(),
            1
        );
        assert_eq!(
            found("#[cfg(test)]\nmod tests { const N: u8 = 9; }"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn brackets_are_remembered_across_lines() {
        assert_eq!(
            found("let word = [\n    0u8;\n    32\n];\nlet n = 32;"),
            ["32", "32"],
            "a length stands beside its `;`"
        );
    }
}

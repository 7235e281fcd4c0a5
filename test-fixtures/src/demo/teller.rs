//! What a story says while it happens: plain words, a line for each transaction, and at the end what was shown. It goes wherever its
//! listener wants; what programs want to know of it is kept beside.

use std::{
    fmt,
    io::{self, Write},
};

use alloy::primitives::{Address, B256, U256, ruint::UintTryFrom};
use serde::Serialize;

/// Characters of a line.
const WIDTH: usize = 100;
/// Where words begin, and what stands below them.
const INDENT: usize = 3;
const DEEPER: usize = 5;
/// Base units of a unit, as the cities of the stories count.
const UNIT: U256 = U256::from_limbs([1_000_000_000_000, 0, 0, 0]);
/// Digits of the part behind the point that are told of an amount.
const DIGITS: usize = 4;

/// A transaction that was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The function.
    pub call: String,
    /// Who sent it.
    pub by: String,
    /// Number of its block.
    pub block: u64,
    /// Gas of the receipt; none of what was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas: Option<u64>,
    /// The error of the contract that refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What was told, for programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The story's name.
    pub story: String,
    /// Transactions, in order.
    pub transactions: Vec<Told>,
    /// What was shown.
    pub shown: Vec<String>,
    /// Commands that show it once more.
    pub look: Vec<String>,
}

/// Who tells.
pub struct Teller<'a> {
    out: &'a mut dyn Write,
    chapters: usize,
    facts: Facts,
}

impl fmt::Debug for Teller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (chapters, facts) = (self.chapters, &self.facts);
        f.debug_struct("Teller")
            .field("chapters", &chapters)
            .field("facts", facts)
            .finish_non_exhaustive()
    }
}

impl<'a> Teller<'a> {
    /// Tells a story to this listener, line by line.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self {
            out,
            chapters: 0,
            facts: Facts::default(),
        }
    }

    /// What was told so far, for programs.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The story's name, and what it is about.
    ///
    /// Errors: the listener's, as of everything that is told.
    pub fn title(&mut self, story: &str, about: &str) -> io::Result<()> {
        self.facts.story = story.to_owned();
        writeln!(self.out, "{story}\n{}", "=".repeat(story.len()))?;
        self.wrapped(about, 0)?;
        self.out.flush()
    }

    /// A part of it.
    pub fn chapter(&mut self, heading: &str) -> io::Result<()> {
        self.chapters += 1;
        writeln!(self.out, "\n{}. {heading}", self.chapters)?;
        self.out.flush()
    }

    /// Words, in lines.
    pub fn say(&mut self, words: &str) -> io::Result<()> {
        self.wrapped(words, INDENT)?;
        self.out.flush()
    }

    /// A line of its own, below the words: numbers, tables.
    pub fn row(&mut self, row: &str) -> io::Result<()> {
        writeln!(self.out, "{:DEEPER$}{row}", "")?;
        self.out.flush()
    }

    /// A transaction.
    pub fn transaction(&mut self, told: Told) -> io::Result<()> {
        let Told {
            call, by, block, ..
        } = &told;
        let end = match (&told.refused, told.gas) {
            (Some(refusal), _) => format!("refused: {refusal}"),
            (None, Some(gas)) => format!("{} gas", grouped(gas.into())),
            (None, None) => String::new(),
        };
        writeln!(
            self.out,
            "{:DEEPER$}block {block} · {call} · by {by} · {end}",
            ""
        )?;
        self.facts.transactions.push(told);
        self.out.flush()
    }

    /// What the story has shown.
    pub fn shown(&mut self, claims: &[&str]) -> io::Result<()> {
        writeln!(self.out, "\nShown")?;
        for claim in claims {
            self.item(claim)?;
            self.facts.shown.push((*claim).to_owned());
        }
        self.out.flush()
    }

    /// How to look at it, each a command.
    pub fn look(&mut self, words: &str, commands: Vec<String>) -> io::Result<()> {
        writeln!(self.out, "\nLook at it yourself")?;
        self.wrapped(words, INDENT)?;
        for command in &commands {
            writeln!(self.out, "{:DEEPER$}{command}", "")?;
        }
        self.facts.look = commands;
        self.out.flush()
    }

    fn item(&mut self, words: &str) -> io::Result<()> {
        for (place, line) in lines(words, WIDTH - DEEPER).iter().enumerate() {
            let mark = if place == 0 { "-" } else { " " };
            writeln!(self.out, "{:INDENT$}{mark} {line}", "")?;
        }
        Ok(())
    }

    fn wrapped(&mut self, words: &str, indent: usize) -> io::Result<()> {
        for line in lines(words, WIDTH - indent) {
            writeln!(self.out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }
}

/// Words in lines of at most so many characters; a longer word has a line of its own.
fn lines(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split_whitespace() {
        let line = lines.last_mut().expect("a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A number with its thousands apart.
pub fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount in units, exact but for what lies behind the fourth digit.
pub fn units<T>(amount: T) -> String
where
    U256: UintTryFrom<T>,
{
    let amount = U256::from(amount);
    let (whole, part) = amount.div_rem(UNIT);
    let whole = grouped(whole.saturating_to());
    let part = format!("{:012}", part.saturating_to::<u128>());
    let part = part[..DIGITS].trim_end_matches('0');
    match part {
        "" => format!("{whole} units"),
        part => format!("{whole}.{part} units"),
    }
}

/// An address, shortened.
pub fn short(address: Address) -> String {
    let text = address.to_string();
    format!("{}…{}", &text[..6], &text[text.len() - 4..])
}

/// A word, shortened.
pub fn short_word(word: B256) -> String {
    let text = word.to_string();
    format!("{}…{}", &text[..6], &text[text.len() - 4..])
}

/// A length of time in the words of people.
pub fn span(secs: u64) -> String {
    let parts = [
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let mut left = secs;
    let mut said = Vec::new();
    for (of, name) in parts {
        let count = left / of;
        left %= of;
        if count > 0 {
            let plural = if count == 1 { "" } else { "s" };
            said.push(format!("{count} {name}{plural}"));
        }
    }
    match said.as_slice() {
        [] => "no time".to_owned(),
        said => said.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_between_words_alone() {
        assert_eq!(lines("a bc  def\nghij", 6), ["a bc", "def", "ghij"]);
        assert_eq!(lines("unbreakable it", 4), ["unbreakable", "it"]);
        assert_eq!(lines("", 4), [""]);
    }

    #[test]
    fn amounts_numbers_and_times_are_told_as_people_say_them() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(units(UNIT * U256::from(300)), "300 units");
        assert_eq!(units(5_000_066_250_000_000_000u128), "5,000,066.25 units");
        assert_eq!(span(3_600), "1 hour");
        assert_eq!(span(259_201), "3 days 1 second");
        assert_eq!(span(0), "no time");
        assert_eq!(short(Address::repeat_byte(0x11)), "0x1111…1111");
    }

    #[test]
    fn what_is_told_is_kept_for_programs() {
        let mut heard = Vec::new();
        let mut teller = Teller::new(&mut heard);
        teller.title("a-story", "It is short.").unwrap();
        teller.chapter("Somebody calls").unwrap();
        let told = Told {
            call: "report".into(),
            by: "wolf".into(),
            block: 7,
            gas: Some(21_000),
            refused: None,
        };
        teller.transaction(told.clone()).unwrap();
        teller.shown(&["It was called."]).unwrap();
        assert_eq!(teller.facts().transactions, [told]);
        assert_eq!(teller.facts().shown, ["It was called."]);
        let heard = String::from_utf8(heard).unwrap();
        assert!(
            heard.contains("block 7 · report · by wolf · 21,000 gas"),
            "{heard}"
        );
    }
}

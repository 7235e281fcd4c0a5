//! Bytes against whatever reads bytes: those of a committed corpus, changed in every way that a seed of numbers says.

use crate::chance::{Chance, number};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};

/// Changes of each reader's corpus in continuous integration; `cargo xtask deep fuzz` names more.
const ROUNDS: u64 = 3_000;
const VARIABLE: &str = "AGENTCITY_FUZZ";
/// Longest that is made of a seed by changing it.
const BYTES_MAX: usize = 1 << 17;
/// Longest that anything may take to read it, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(5);
/// Changes of one input at most.
const CHANGES: u64 = 6;

/// Words that parsers have opinions about.
const WORDS: [&[u8]; 32] = [
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e309",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"340282366920938463463374607431768211456",
    b"\"\"",
    b"{}",
    b"[]",
    b"[[[[[[[[",
    b"{\"\":{\"\":",
    b"\"0x\"",
    b"\"0xzz\"",
    b"\\u0000",
    b"\\ud800",
    b"\xff\xfe",
    b"\xc0\x80",
    b"\0",
    b"\n",
    b"\r\n\r\n",
    b"../../",
    b"%00",
    b"%2e%2e",
    b"nan",
    b"0.1",
    b"1979-05-27T07:32:00Z",
    b"'''",
    b"\"\"\"",
    b"[[a]]",
    b" = ",
];

/// What a reader said of a number of inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// How many it took.
    pub taken: u64,
    /// How many it refused.
    pub refused: u64,
    /// How long the slowest took.
    pub slowest: Duration,
}

/// Inputs that follow from seeds.
#[derive(Debug)]
pub struct Mutator {
    chance: Chance,
    corpus: Vec<Vec<u8>>,
}

impl Mutator {
    /// Of a corpus that is not empty.
    pub fn new(seed: u64, corpus: Vec<Vec<u8>>) -> Self {
        assert!(!corpus.is_empty(), "a corpus has seeds");
        let chance = Chance::new(seed);
        Self { chance, corpus }
    }

    /// The next input.
    pub fn input(&mut self) -> Vec<u8> {
        let place = self.chance.place(self.corpus.len());
        let mut input = self.corpus[place].clone();
        for _ in 0..self.chance.within(1..CHANGES + 1) {
            self.change(&mut input);
        }
        input.truncate(BYTES_MAX);
        input
    }

    /// A seed of the corpus as it is.
    pub fn seed(&mut self) -> Vec<u8> {
        let place = self.chance.place(self.corpus.len());
        self.corpus[place].clone()
    }

    /// The numbers that inputs come from.
    pub const fn chance(&mut self) -> &mut Chance {
        &mut self.chance
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let chance = &mut self.chance;
        let at = chance.place(input.len() + 1);
        let length = chance.place(64) + 1;
        let end = input.len().min(at + length);
        match chance.within(0..9) {
            // A bit, a byte, a figure: what is still text stays it in most cases.
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << chance.within(0..8);
                }
            }
            1 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = chance.draw() as u8;
                }
            }
            2 => {
                let figures = input.iter().enumerate().filter(|(_, b)| b.is_ascii_digit());
                let figures: Vec<usize> = figures.map(|(place, _)| place).collect();
                if !figures.is_empty() {
                    input[figures[chance.place(figures.len())]] = b'0' + chance.place(10) as u8;
                }
            }
            3 => {
                input.drain(at..end);
            }
            4 => input.truncate(at),
            5 => {
                let word = WORDS[chance.place(WORDS.len())];
                input.splice(at..at, word.iter().copied());
            }
            // A word in the place of another.
            6 => {
                let word = WORDS[chance.place(WORDS.len())];
                let is_word = |byte: &u8| byte.is_ascii_alphanumeric();
                let word_end = input[at..].iter().position(|byte| !is_word(byte));
                let word_end = word_end.map_or(input.len(), |length| at + length);
                input.splice(at..word_end, word.iter().copied());
            }
            // A part again, many times.
            7 => {
                let part = input[at..end].to_vec();
                let times = 1 << chance.within(0..9);
                input.splice(at..at, part.repeat(times));
            }
            // A part of another seed.
            _ => {
                let other = &self.corpus[chance.place(self.corpus.len())];
                let from = chance.place(other.len() + 1);
                let to = other.len().min(from + length);
                let part = other[from..to].to_vec();
                input.splice(at..end, part);
            }
        }
    }
}

/// The files of a folder, by their names.
///
/// Panics when there are none.
pub fn corpus(folder: &Path) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    paths.sort();
    let seeds: Vec<Vec<u8>> = paths
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .collect();
    assert!(!seeds.is_empty(), "{} holds no seeds", folder.display());
    seeds
}

/// How many inputs each reader gets.
pub fn rounds() -> u64 {
    number(VARIABLE, ROUNDS)
}

/// Gives a reader its corpus, of which it must take every seed, then changes of it, of which it may take what it likes, but must neither
/// panic nor take longer than any honest input does. `reads` says whether it took an input.
///
/// Panics with the input when it does.
pub fn hurl(name: &str, corpus: &[Vec<u8>], reads: impl Fn(&[u8]) -> bool) -> Tried {
    let seed = Chance::seed();
    for (place, input) in corpus.iter().enumerate() {
        assert!(
            reads(input),
            "{name} refuses seed {place} of its corpus: {}",
            String::from_utf8_lossy(input)
        );
    }
    let mut mutator = Mutator::new(seed, corpus.to_vec());
    let mut tried = Tried::default();
    for round in 0..rounds() {
        let input = mutator.input();
        let began = Instant::now();
        let Ok(taken) = catch_unwind(AssertUnwindSafe(|| reads(&input))) else {
            panic!(
                "{name} panics, round {round} of seed {seed}: {}",
                shown(&input)
            );
        };
        let took = began.elapsed();
        assert!(took < PATIENCE, "{name} took {took:?}: {}", shown(&input));
        tried.slowest = tried.slowest.max(took);
        match taken {
            true => tried.taken += 1,
            false => tried.refused += 1,
        }
    }
    println!("fuzz {name}: {tried:?} of seed {seed}");
    assert!(tried.refused > 0, "{name} takes whatever it is given");
    tried
}

fn shown(input: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(input))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_follow_from_their_seed_and_differ_from_the_corpus() {
        let corpus = vec![br#"{"a": 17, "b": [1, 2, 3]}"#.to_vec(), b"x = 1".to_vec()];
        let some = |seed| {
            let mut mutator = Mutator::new(seed, corpus.clone());
            (0..200).map(|_| mutator.input()).collect::<Vec<_>>()
        };
        assert_eq!(some(1), some(1));
        assert_ne!(some(1), some(2));
        let changed = some(3)
            .iter()
            .filter(|input| !corpus.contains(input))
            .count();
        assert!(changed > 150, "{changed}");
    }

    #[test]
    #[should_panic(expected = "reader panics")]
    fn a_reader_that_panics_is_found() {
        let corpus = [br#"{"a": 1}"#.to_vec()];
        hurl("reader", &corpus, |input| {
            assert!(!input.contains(&0xff), "one byte is enough");
            input == corpus[0]
        });
    }
}

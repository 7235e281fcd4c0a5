//! What of a text a model looks at: features by number, with how often they occur.

use std::collections::BTreeMap;

use super::Which;

/// Buckets of model B: a power of two, so that its bytes stay small.
pub const BUCKETS: u32 = 1 << 13; // structural: size of a model
/// Shortest stem.
const STEM_MIN: usize = 4; // structural: of the stemmer
/// Endings that are cut off a word, the longest first, if enough of a stem is left.
const ENDINGS: [&str; 20] = [
    "ational", "ations", "ation", "ingly", "ments", "ment", "ness", "ings", "edly", "ing", "ies",
    "ied", "ers", "er", "ed", "es", "ly", "al", "ic", "s",
];

/// Features of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features(BTreeMap<u32, u32>);

impl Features {
    /// Those that a model looks at.
    pub fn of(which: Which, text: &str) -> Self {
        let mut features = Self::default();
        for name in names(which, text) {
            let number = fnv(name.as_bytes());
            let number = if which == Which::B {
                number % BUCKETS
            } else {
                number
            };
            let count = features.0.entry(number).or_default();
            *count = count.saturating_add(1);
        }
        features
    }

    /// Each with its count, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        self.0.iter().map(|(number, count)| (*number, *count))
    }
}

/// The features of a text by their names, as often as they occur.
pub fn names(which: Which, text: &str) -> Vec<String> {
    let words = words(text);
    match which {
        Which::A => {
            let stems: Vec<&str> = words.iter().map(|word| stem(word)).collect();
            let pairs = stems.windows(2).map(|pair| pair.join(" "));
            let single = stems.iter().map(|stem| (*stem).to_owned());
            single.chain(pairs).collect()
        }
        Which::B => strings(&words, 3..=5),
        Which::C => strings(&words, 4..=4),
    }
}

/// The numbers that the single stems of a text have among the features of model A.
pub fn numbers_of_stems(text: &str) -> Vec<u32> {
    let words = words(text);
    words
        .iter()
        .map(|word| fnv(stem(word).as_bytes()))
        .collect()
}

/// Words in small letters. All numbers are one word: which it is says little of a topic.
fn words(text: &str) -> Vec<String> {
    let small = text.to_lowercase();
    let parts = small.split(|c: char| !c.is_alphanumeric());
    let parts = parts.filter(|part| !part.is_empty());
    let word = |part: &str| match part.bytes().all(|b| b.is_ascii_digit()) {
        true => "0".to_owned(),
        false => part.to_owned(),
    };
    parts.map(word).collect()
}

/// A word without its ending.
fn stem(word: &str) -> &str {
    let cut = |ending: &&str| {
        let stem = word.strip_suffix(*ending)?;
        (stem.chars().count() >= STEM_MIN).then_some(stem)
    };
    ENDINGS.iter().find_map(cut).unwrap_or(word)
}

/// All strings of these lengths within words, whose ends are marked; a word that is shorter than the shortest counts as a whole.
fn strings(words: &[String], lengths: std::ops::RangeInclusive<usize>) -> Vec<String> {
    let mut found = Vec::new();
    for word in words {
        let marked: Vec<char> = format!(" {word} ").chars().collect();
        for length in lengths.clone() {
            found.extend(marked.windows(length).map(String::from_iter));
        }
        if marked.len() < *lengths.start() {
            found.push(marked.iter().collect());
        }
    }
    found
}

/// FNV-1a in 32 bits.
fn fnv(bytes: &[u8]) -> u32 {
    // structural: its constants.
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

/// How much a feature counts that occurs so often: `64 · (1 + ln count)`, rounded, as if sixteen were the most. What is said again tells
/// less than what is said.
pub const fn damp(count: u32) -> u32 {
    // structural: values of that function, which a test computes.
    const DAMPED: [u32; 17] = [
        0, 64, 108, 134, 153, 167, 179, 189, 197, 205, 211, 217, 223, 228, 233, 237, 241,
    ];
    let place = if count > 16 { 16 } else { count as usize };
    DAMPED[place]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_damped_by_their_logarithm() {
        for count in 1..=16u32 {
            let wanted = 64.0 * (1.0 + f64::from(count).ln());
            assert_eq!(f64::from(damp(count)), wanted.round(), "{count}");
        }
        assert_eq!((damp(0), damp(1000)), (0, damp(16)));
    }

    #[test]
    fn each_model_looks_at_something_else() {
        let text = "Running 40 miles, the dogs' runners ran!";
        let names = |which| names(which, text);
        let a = names(Which::A);
        assert_eq!(
            a[..8],
            ["runn", "0", "mile", "the", "dogs", "runn", "ran", "runn 0"],
        );
        assert_eq!(
            names(Which::C)[..5],
            [" run", "runn", "unni", "nnin", "ning"]
        );
        assert!(
            names(Which::C).contains(&" 0 ".to_owned()),
            "a short word as a whole"
        );
        assert_eq!(names(Which::B)[..2], [" ru", "run"]);
        assert!(
            Features::of(Which::B, text)
                .iter()
                .all(|(number, _)| number < BUCKETS)
        );
    }

    #[test]
    fn hashes_are_those_of_the_published_function() {
        // structural: vectors of its authors.
        assert_eq!(
            (fnv(b""), fnv(b"a"), fnv(b"foobar")),
            (0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968)
        );
    }
}

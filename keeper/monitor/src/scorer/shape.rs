//! The shape of a text: everything but which letters stand in it.

use super::{
    Scorer, ScorerError, ScorerId, bounded,
    features::{Features, hash},
};
use crate::vector::Vector;

/// Components.
const DIMENSION: usize = 256;
/// Words of as many letters and more are alike: longer ones are too rare to tell agents apart.
const WORD_MAX: u8 = 12;
/// Numbers of as many figures and more are alike.
const NUMBER_MAX: u8 = 6;
/// Indents of as many steps and more are alike.
const INDENT_MAX: u8 = 8;

/// Counts lengths of words with their capitals, lengths of numbers, marks, ends of lines and indents, and pairs and triples of
/// those that follow each other.
#[derive(Clone, Debug)]
pub struct Shape {
    id: ScorerId,
}

impl Default for Shape {
    fn default() -> Self {
        let id = ScorerId::new(format!("agentcity/shape/1/{DIMENSION}"));
        Self { id }
    }
}

/// One piece of a text, as two bytes: what it is, and how long or which.
type Piece = [u8; 2];

const LOWER: u8 = b'a';
const CAPITAL: u8 = b'A';
const UPPER: u8 = b'U';
const NUMBER: u8 = b'9';
const MARK: u8 = b'.';
const LINE: u8 = b'\n';
const INDENT: u8 = b' ';

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || !byte.is_ascii()
}

/// The pieces of a text. A character beyond ASCII counts as one letter: by its first byte.
fn pieces(text: &str) -> Vec<Piece> {
    let bytes = text.as_bytes();
    let (mut pieces, mut at, mut begins_line) = (Vec::new(), 0, true);
    while let Some(first) = bytes.get(at).copied() {
        let kind: fn(u8) -> bool = match first {
            _ if is_letter(first) => is_letter,
            _ if first.is_ascii_digit() => |byte| byte.is_ascii_digit(),
            b' ' | b'\t' => |byte| matches!(byte, b' ' | b'\t'),
            _ => |_| false,
        };
        let run = bytes[at..].iter().take_while(|byte| kind(**byte)).count();
        let run = &bytes[at..at + run.max(1)];
        at += run.len();
        let piece = match first {
            _ if is_letter(first) => Some(word(run)),
            _ if first.is_ascii_digit() => Some([NUMBER, length(run.len(), NUMBER_MAX)]),
            b' ' | b'\t' => begins_line.then(|| [INDENT, length(run.len(), INDENT_MAX)]),
            b'\n' => Some([LINE, u8::from(begins_line)]),
            b'\r' => None,
            mark => Some([MARK, mark]),
        };
        begins_line = first == b'\n' || first == b'\r' && begins_line;
        pieces.extend(piece);
    }
    pieces
}

fn word(letters: &[u8]) -> Piece {
    // Of a character beyond ASCII only the first byte is counted.
    let characters = letters.iter().filter(|byte| **byte & 0xc0 != 0x80);
    let capitals = letters.iter().filter(|byte| byte.is_ascii_uppercase());
    let kind = match (letters[0].is_ascii_uppercase(), capitals.count()) {
        (_, 0) => LOWER,
        (true, 1) => CAPITAL,
        _ => UPPER,
    };
    [kind, length(characters.count(), WORD_MAX)]
}

fn length(length: usize, most: u8) -> u8 {
    u8::try_from(length).unwrap_or(most).min(most)
}

impl Shape {
    /// The vector, at once.
    ///
    /// Errors: [`ScorerError::TooLong`].
    pub fn score(&self, text: &str) -> Result<Vector, ScorerError> {
        bounded(text)?;
        let pieces = pieces(text);
        let mut features = Features::default();
        for length in 1..=3_u8 {
            for sequence in pieces.windows(usize::from(length)) {
                features.note(hash(length, sequence.as_flattened().iter().copied()));
            }
        }
        Ok(features.vector::<DIMENSION>())
    }
}

impl Scorer for Shape {
    fn id(&self) -> &ScorerId {
        &self.id
    }

    async fn vector(&self, text: &str) -> Result<Vector, ScorerError> {
        self.score(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_its_pieces() {
        assert_eq!(
            pieces("  The IDs: 42,\r\n\nétés"),
            [
                [INDENT, 2],
                [CAPITAL, 3],
                [UPPER, 3],
                [MARK, b':'],
                [NUMBER, 2],
                [MARK, b','],
                [LINE, 0],
                [LINE, 1],
                [LOWER, 4],
            ]
        );
    }
}

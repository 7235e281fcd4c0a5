//! What is wrong with a text, and where: found while it is read, told with lines and columns at the end.

use std::fmt;

/// Most problems of a text that are told. Others are counted.
pub const PROBLEMS_MAX: usize = 64;

/// One thing that is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the document, as JSONPath: `$.dagNodes[3].timeoutMs`.
    pub path: String,
    /// Line of the text, from one.
    pub line: usize,
    /// Character of the line, from one.
    pub column: usize,
    /// What stands there.
    pub found: String,
    /// What should.
    pub wanted: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            column,
            found,
            wanted,
        } = self;
        write!(f, "{line}:{column} {path}: found {found}, wanted {wanted}")
    }
}

/// Everything that is wrong with a text, in the order of its lines: at least one problem, at most [`PROBLEMS_MAX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    untold: usize,
}

impl Problems {
    /// Those that are told.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// How many more were found.
    pub const fn untold(&self) -> usize {
        self.untold
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        if self.untold > 0 {
            write!(f, "\nand {} more", self.untold)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Where a value stands in its document. Written out only when there is something to say.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path<'p> {
    /// The document.
    Root,
    /// What a key names.
    Key(&'p Path<'p>, &'p str),
    /// An element of a list.
    Index(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("$"),
            Self::Index(within, index) => write!(f, "{within}[{index}]"),
            Self::Key(within, name) if is_plain(name) => write!(f, "{within}.{name}"),
            Self::Key(within, name) => write!(f, "{within}[\"{}\"]", excerpt(name)),
        }
    }
}

/// Whether a name needs no quotes in a path.
fn is_plain(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.len() <= EXCERPT_CHARS
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(word)
}

/// Characters of a text that a message repeats: a hash in quotes, and a little more.
const EXCERPT_CHARS: usize = 72;

/// The beginning of a text, without what a terminal would take for a command or would not show.
pub(super) fn excerpt(text: &str) -> String {
    let mut shown = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == EXCERPT_CHARS {
            shown.push('…');
            break;
        }
        if c == ' ' || c.is_ascii_graphic() {
            shown.push(c);
        } else {
            shown.extend(c.escape_debug());
        }
    }
    shown
}

/// One problem while the text is read.
#[derive(Clone, Debug)]
struct Finding {
    offset: usize,
    path: String,
    found: String,
    wanted: String,
}

/// What was found so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
    untold: usize,
}

impl Findings {
    /// One more, at a byte of the text.
    pub(super) fn tell(
        &mut self,
        offset: usize,
        path: &Path<'_>,
        found: impl Into<String>,
        wanted: impl Into<String>,
    ) {
        if self.is_full() {
            self.untold += 1;
            return;
        }
        self.list.push(Finding {
            offset,
            path: path.to_string(),
            found: found.into(),
            wanted: wanted.into(),
        });
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether nothing more will be told, so that searching on is of no use.
    pub(super) const fn is_full(&self) -> bool {
        self.list.len() >= PROBLEMS_MAX
    }

    /// The problems with their lines and columns, which one walk over the text gives all of them.
    pub(super) fn of(mut self, text: &str) -> Problems {
        self.list.sort_by_key(|finding| finding.offset);
        let (mut at, mut line, mut column) = (0, 1, 1);
        let list = self.list.into_iter().map(|finding| {
            let end = text.floor_char_boundary(finding.offset);
            for c in text.get(at..end).unwrap_or_default().chars() {
                (line, column) = if c == '\n' {
                    (line + 1, 1)
                } else {
                    (line, column + 1)
                };
            }
            at = end;
            Problem {
                path: finding.path,
                line,
                column,
                found: finding.found,
                wanted: finding.wanted,
            }
        });
        Problems {
            list: list.collect(),
            untold: self.untold,
        }
    }
}

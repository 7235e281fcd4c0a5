//! What became of the bugs of one source file, and what it was judged by: kept from run to run, so that a run that was
//! interrupted, or that follows a change of a few files, judges only what is not known.

use std::{collections::BTreeMap, fs, path::Path};

use eyre::WrapErr;
use serde::{Deserialize, Serialize};

/// The bugs of one file as the tool prints them, by what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub(super) caught: Vec<String>,
    /// Made a test, or a proof, run without end.
    pub(super) endless: Vec<String>,
    /// Did not compile: noticed by types or by a proof, and counted for neither side.
    pub(super) unviable: Vec<String>,
    pub(super) survivors: Vec<String>,
    /// Whether some of it was learned by a run before.
    #[serde(skip)]
    pub(super) resumed: bool,
}

/// An outcome in numbers, with what led to it: a file's entry in the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Verdict {
    /// Digest of the file when it was judged.
    pub(super) source: String,
    /// Digest of all tests then, or when its survivors were tried again.
    pub(super) tests: String,
    /// The commit at which all bugs of the file were tried.
    pub(super) commit: String,
    /// The commit at which survivors were tried again, if they were: the tests had changed, and the file had not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) again: Option<String>,
    /// Seconds by the clock that trying them took, of a machine that may have done other things, too. Nothing of a run that
    /// was interrupted within the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) took: Option<u64>,
    pub(super) caught: usize,
    pub(super) endless: usize,
    pub(super) unviable: usize,
    /// As the tool prints them, so that they can be tried again.
    pub(super) survivors: Vec<String>,
}

/// The verdicts of all files, by their names from the root. It stands in the repository, so that a clone knows what was judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// How the tool was called. Verdicts of another way count for nothing.
    pub(super) how: String,
    pub(super) files: BTreeMap<String, Verdict>,
}

/// What an outcome rests on, as digests: as long as none of it changes, the outcome stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Basis {
    /// The tool, its version and how it is called.
    pub(super) how: String,
    /// The file.
    pub(super) source: String,
    /// All tests of the package.
    pub(super) tests: String,
}

/// What has to be done for a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Nothing.
    Keep,
    /// Only the tests changed, which is how a survivor comes to be noticed: these are tried again. What was noticed
    /// stays so; a run without kept verdicts is there for whoever took tests away.
    Again(Vec<String>),
    /// Everything.
    Whole,
}

impl Outcome {
    /// Reads the lists that the tool leaves.
    pub(super) fn read(dir: &Path) -> eyre::Result<Self> {
        let lines = |name: &str| -> eyre::Result<Vec<String>> {
            let file = dir.join(name);
            let text = fs::read_to_string(&file)
                .wrap_err_with(|| format!("cannot read {}", file.display()))?;
            Ok(text.lines().map(str::to_owned).collect())
        };
        Ok(Self {
            caught: lines("caught.txt")?,
            endless: lines("timeout.txt")?,
            unviable: lines("unviable.txt")?,
            survivors: lines("missed.txt")?,
            resumed: false,
        })
    }

    /// Reads what a run had learned when it was interrupted, and lays it aside for the next interruption. Survivors of
    /// other tests than today's are not known.
    pub(super) fn read_interrupted(dir: &Path, tests_are_the_same: bool) -> eyre::Result<Self> {
        let (aside, lists) = (dir.join("known.json"), dir.join(super::LISTS));
        let mut known = match fs::read(&aside) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(_) => Self::default(),
        };
        if lists.exists() {
            known = known.and(Self::read(&lists)?);
            fs::remove_dir_all(&lists)?;
        }
        if !tests_are_the_same {
            known.survivors.clear();
        }
        fs::write(&aside, serde_json::to_vec(&known)?)?;
        Ok(known)
    }

    /// Both together.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.survivors.extend(other.survivors.iter().cloned());
        let survivors = std::mem::take(&mut self.survivors);
        self.with_survivors(Self { survivors, ..other })
    }

    /// What became of these alone.
    pub(super) fn of(mut self, bugs: &[&String]) -> Self {
        for list in [
            &mut self.caught,
            &mut self.endless,
            &mut self.unviable,
            &mut self.survivors,
        ] {
            list.retain(|bug| bugs.contains(&bug));
        }
        self
    }

    /// Whether this bug is among them.
    pub(super) fn has(&self, bug: &String) -> bool {
        [&self.caught, &self.endless, &self.unviable, &self.survivors]
            .into_iter()
            .any(|list| list.contains(bug))
    }

    /// How many there are.
    pub(super) const fn all(&self) -> usize {
        self.caught.len() + self.endless.len() + self.unviable.len() + self.survivors.len()
    }

    /// This, after its survivors were tried again with that result.
    pub(super) fn with_survivors(mut self, again: Self) -> Self {
        self.caught.extend(again.caught);
        self.endless.extend(again.endless);
        self.unviable.extend(again.unviable);
        self.survivors = again.survivors;
        self.resumed |= again.resumed;
        self
    }
}

impl Basis {
    /// Whether only tests may differ.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        (&self.how, &self.source) == (&other.how, &other.source)
    }
}

impl Verdict {
    /// An outcome on a basis, all of it judged at `commit`.
    pub(super) fn new(basis: Basis, commit: &str, took: Option<u64>, outcome: Outcome) -> Self {
        Self {
            source: basis.source,
            tests: basis.tests,
            commit: commit.to_owned(),
            again: None,
            took,
            caught: outcome.caught.len(),
            endless: outcome.endless.len(),
            unviable: outcome.unviable.len(),
            survivors: outcome.survivors,
        }
    }

    /// What has to be done for a file on this basis, given what was kept.
    pub(super) fn plan(kept: Option<&Self>, basis: &Basis) -> Plan {
        match kept {
            Some(kept) if kept.source == basis.source => {
                if kept.survivors.is_empty() || kept.tests == basis.tests {
                    Plan::Keep
                } else {
                    Plan::Again(kept.survivors.clone())
                }
            }
            _ => Plan::Whole,
        }
    }

    /// This, after its survivors were tried again.
    pub(super) fn judged_again(self, basis: Basis, commit: &str, again: Outcome) -> Self {
        Self {
            tests: basis.tests,
            again: Some(commit.to_owned()),
            caught: self.caught + again.caught.len(),
            endless: self.endless + again.endless.len(),
            unviable: self.unviable + again.unviable.len(),
            survivors: again.survivors,
            ..self
        }
    }

    /// How many bugs there are.
    pub(super) const fn all(&self) -> usize {
        self.caught + self.endless + self.unviable + self.survivors.len()
    }
}

impl Record {
    /// The record, without what was judged in another way; an empty one if there is none, or if it cannot be read: then
    /// everything is tried.
    pub(super) fn load(path: &Path, how: &str) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        let kept = toml::from_str(&text).ok();
        kept.filter(|record: &Self| record.how == how)
            .unwrap_or_else(|| Self {
                how: how.to_owned(),
                ..Self::default()
            })
    }

    /// Keeps it.
    pub(super) fn save(&self, path: &Path) -> eyre::Result<()> {
        let text = toml::to_string(self)?;
        fs::write(path, text).wrap_err_with(|| format!("cannot write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis(how: &str, source: &str, tests: &str) -> Basis {
        Basis {
            how: how.to_owned(),
            source: source.to_owned(),
            tests: tests.to_owned(),
        }
    }

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    fn verdict(survivors: &[&str]) -> Verdict {
        let outcome = Outcome {
            caught: lines(&["a.rs:1:1: x"]),
            survivors: lines(survivors),
            ..Outcome::default()
        };
        Verdict::new(basis("h", "s", "t"), "one", Some(7), outcome)
    }

    #[test]
    fn what_is_known_is_not_tried_again() {
        let kept = verdict(&["a.rs:2:1: y"]);
        let plan = |basis| Verdict::plan(Some(&kept), &basis);
        assert_eq!(plan(basis("h", "s", "t")), Plan::Keep);
        let again = Plan::Again(lines(&["a.rs:2:1: y"]));
        assert_eq!(plan(basis("h", "s", "other")), again);
        assert_eq!(plan(basis("h", "other", "t")), Plan::Whole);
        assert_eq!(Verdict::plan(None, &basis("h", "s", "t")), Plan::Whole);
        let clean = verdict(&[]);
        let plan = Verdict::plan(Some(&clean), &basis("h", "s", "other"));
        assert_eq!(plan, Plan::Keep);
    }

    #[test]
    fn survivors_that_are_tried_again_move_and_nothing_is_lost() {
        let kept = verdict(&["a.rs:2:1: y", "a.rs:3:1: z"]);
        let again = Outcome {
            caught: lines(&["a.rs:2:1: y"]),
            survivors: lines(&["a.rs:3:1: z"]),
            ..Outcome::default()
        };
        let now = kept
            .clone()
            .judged_again(basis("h", "s", "u"), "two", again);
        assert_eq!(now.all(), kept.all());
        assert_eq!((now.caught, now.took), (2, Some(7)));
        assert_eq!(now.survivors, ["a.rs:3:1: z"]);
        assert_eq!(
            (now.commit.as_str(), now.again.as_deref()),
            ("one", Some("two"))
        );
        assert_eq!(now.tests, "u");
    }

    #[test]
    fn a_record_is_read_as_it_was_kept_and_not_for_another_way_of_judging() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record.toml");
        let mut record = Record::load(&path, "h");
        assert_eq!((record.how.as_str(), record.files.len()), ("h", 0));
        let judged = verdict(&["a.rs:2:1: replace | with \"^\""]);
        record.files.insert("a.rs".to_owned(), judged);
        record.save(&path).unwrap();
        assert_eq!(Record::load(&path, "h"), record);
        assert!(Record::load(&path, "other").files.is_empty());
        fs::write(&path, "no record").unwrap();
        assert!(Record::load(&path, "h").files.is_empty());
    }

    #[test]
    fn what_an_interrupted_run_learned_is_used_once() {
        let dir = tempfile::tempdir().unwrap();
        let lists = dir.path().join(super::super::LISTS);
        let learn = |caught: &str, missed: &str| {
            fs::create_dir_all(&lists).unwrap();
            for (name, text) in [("caught", caught), ("missed", missed)] {
                fs::write(lists.join(format!("{name}.txt")), text).unwrap();
            }
            for name in ["timeout.txt", "unviable.txt"] {
                fs::write(lists.join(name), "").unwrap();
            }
        };
        learn("a\n", "b\n");
        let first = Outcome::read_interrupted(dir.path(), true).unwrap();
        assert_eq!((first.all(), first.survivors.len()), (2, 1));
        assert!(first.has(&"a".to_owned()) && first.has(&"b".to_owned()));
        learn("c\n", "");
        let second = Outcome::read_interrupted(dir.path(), true).unwrap();
        assert_eq!(second.caught, ["a", "c"]);
        assert_eq!(second.survivors, ["b"]);
        let third = Outcome::read_interrupted(dir.path(), true).unwrap();
        assert_eq!(third, second, "nothing new, and nothing twice");
        let fourth = Outcome::read_interrupted(dir.path(), false).unwrap();
        assert_eq!(fourth.caught, ["a", "c"]);
        assert!(fourth.survivors.is_empty(), "they are tried again");
        let one = second.of(&[&"c".to_owned()]);
        assert_eq!((one.all(), one.caught.len()), (1, 1));
    }

    #[test]
    fn the_tools_lists_are_read() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("caught.txt", "a.rs:1:1: x\na.rs:2:1: y\n"),
            ("timeout.txt", "a.rs:3:1: z\n"),
            ("unviable.txt", ""),
            ("missed.txt", "a.rs:4:1: w\n"),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let outcome = Outcome::read(dir.path()).unwrap();
        assert_eq!(outcome.all(), 4);
        assert_eq!(outcome.survivors, ["a.rs:4:1: w"]);
        fs::remove_file(dir.path().join("missed.txt")).unwrap();
        assert!(Outcome::read(dir.path()).is_err());
    }
}

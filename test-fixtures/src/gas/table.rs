//! The table that is printed, the snapshot that is committed, and what changed between two of them.

use super::Measurement;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt::Write as _};

/// Most that an uncached program may cost, as tenths of the ceiling (RULINGS R3: 2.5 times).
const UNCACHED_TENTHS: u64 = 25;

/// What is committed: numbers by city and operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Gas of entering each program, by name.
    pub programs: BTreeMap<String, Init>,
    /// Operations by `city.operation`.
    pub operations: BTreeMap<String, Numbers>,
}

/// Gas of entering a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Init {
    /// While it is in the cache.
    pub cached: u64,
    /// While it is not.
    pub uncached: u64,
}

/// Gas of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    /// With every program in the cache.
    pub cached: u64,
    /// With none.
    pub uncached: u64,
    /// What it may cost cached; absent when it is only stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<u64>,
}

impl Numbers {
    /// Whether both numbers keep the ceiling.
    pub fn kept(&self) -> bool {
        self.ceiling.is_none_or(|ceiling| {
            self.cached <= ceiling && self.uncached <= ceiling * UNCACHED_TENTHS / 10
        })
    }
}

impl Snapshot {
    /// Adds the measurements of one city, under its name.
    pub fn add(&mut self, city: &str, measured: &[Measurement]) {
        for m in measured {
            let numbers = Numbers {
                cached: m.cached,
                uncached: m.uncached,
                ceiling: m.ceiling,
            };
            self.operations.insert(format!("{city}.{}", m.id), numbers);
        }
    }

    /// Operations whose ceiling is missed, by id.
    pub fn missed(&self) -> Vec<&str> {
        self.operations
            .iter()
            .filter(|(_, numbers)| !numbers.kept())
            .map(|(id, _)| id.as_str())
            .collect()
    }

    /// The table for people.
    pub fn table(&self, excuses: &str) -> String {
        let mut rows = vec![
            ["operation", "cached", "uncached", "ceiling", ""]
                .map(str::to_owned)
                .to_vec(),
        ];
        for (id, n) in &self.operations {
            let verdict = match n.ceiling {
                None => "",
                Some(_) if n.kept() => "kept",
                Some(_) if crate::bench::goals::excused(excuses, id) => "missed, listed",
                Some(_) => "MISSED",
            };
            rows.push(vec![
                id.clone(),
                n.cached.to_string(),
                n.uncached.to_string(),
                n.ceiling.map_or_else(String::new, |c| c.to_string()),
                verdict.to_owned(),
            ]);
        }
        let mut text = aligned(&rows);
        let mut rows = vec![
            ["program", "init, cached", "init, uncached"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for (name, init) in &self.programs {
            rows.push(vec![
                name.clone(),
                init.cached.to_string(),
                init.uncached.to_string(),
            ]);
        }
        text.push('\n');
        text.push_str(&aligned(&rows));
        text
    }

    /// One line for each number that differs from `before`.
    pub fn changes(&self, before: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut compare = |id: &str, was: Option<(u64, u64)>, is: Option<(u64, u64)>| {
            if was != is {
                let show = |pair: Option<(u64, u64)>| {
                    pair.map_or_else(|| "-".to_owned(), |(c, u)| format!("{c} / {u}"))
                };
                lines.push(format!("{id}: {} -> {}", show(was), show(is)));
            }
        };
        let ids = |one: &Self| {
            one.operations
                .iter()
                .map(|(id, n)| (id.clone(), (n.cached, n.uncached)))
                .chain(
                    one.programs
                        .iter()
                        .map(|(name, i)| (format!("init {name}"), (i.cached, i.uncached))),
                )
                .collect::<BTreeMap<_, _>>()
        };
        let (was, is) = (ids(before), ids(self));
        for id in was
            .keys()
            .chain(is.keys().filter(|id| !was.contains_key(*id)))
        {
            compare(id, was.get(id).copied(), is.get(id).copied());
        }
        lines
    }
}

/// First column to the left, the others to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            // Writing to a string does not fail.
            let _ = if column == 0 {
                write!(line, "{cell:<width$}")
            } else {
                write!(line, "  {cell:>width$}")
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(cached: u64, uncached: u64, ceiling: Option<u64>) -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot.add(
            "native",
            &[Measurement {
                id: "register",
                cached,
                uncached,
                ceiling,
            }],
        );
        snapshot
    }

    #[test]
    fn a_ceiling_binds_cached_and_two_and_a_half_of_it_uncached() {
        assert!(snapshot(100, 250, Some(100)).missed().is_empty());
        assert_eq!(snapshot(101, 250, Some(100)).missed(), ["native.register"]);
        assert_eq!(snapshot(100, 251, Some(100)).missed(), ["native.register"]);
        assert!(snapshot(u64::MAX, u64::MAX, None).missed().is_empty());
    }

    #[test]
    fn a_listed_miss_is_shown_as_one() {
        let missed = snapshot(101, 101, Some(100));
        assert!(missed.table("").contains("MISSED"));
        assert!(missed.table("`native.register`").contains("missed, listed"));
        assert!(!missed.table("`native.register`").contains("MISSED"));
    }

    #[test]
    fn every_changed_number_is_shown_and_no_other() {
        let before = snapshot(100, 200, None);
        assert!(before.changes(&before).is_empty());
        assert_eq!(
            snapshot(90, 200, None).changes(&before),
            ["native.register: 100 / 200 -> 90 / 200"]
        );
        assert_eq!(
            Snapshot::default().changes(&before),
            ["native.register: 100 / 200 -> -"]
        );
        assert_eq!(before.changes(&Snapshot::default()).len(), 1);
    }

    #[test]
    fn the_snapshot_is_read_as_it_was_written() {
        let snapshot = snapshot(1, 2, Some(3));
        let text = serde_json::to_string(&snapshot).unwrap();
        assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot);
    }
}

//! Four counters in a record: never below the truth, exact for four sponsors, and deaf to windows that alternate.

use std::collections::BTreeMap;

use agentcity_domain::agent::sketch::*;
use alloy_primitives::Address;
use proptest::prelude::*;

const DAY: u64 = 86_400;

fn within(counted: Counted) -> Option<PairSketch> {
    match counted {
        Counted::Within(sketch) => Some(sketch),
        Counted::Capped => None,
    }
}

/// Counts in turn `(today, days, tag)` under a limit, and says which were within.
fn run(limit: u8, outcomes: &[(u16, u8, u16)]) -> Vec<bool> {
    let mut sketch = PairSketch::default();
    let count = |&(today, days, tag): &(u16, u8, u16)| {
        let counted = within(sketch.count(today, days, tag, limit));
        sketch = counted.unwrap_or(sketch);
        counted.is_some()
    };
    outcomes.iter().map(count).collect()
}

#[test]
fn days_and_tags() {
    for (now, expected) in [
        (0, 0),
        (DAY - 1, 0),
        (DAY, 1),
        (65_535 * DAY, 65_535),
        (65_536 * DAY, 0),
    ] {
        assert_eq!(day(now), expected);
    }
    for (window, expected) in [
        (0, 1),
        (1, 1),
        (86_400, 1),
        (86_401, 2),
        (604_800, 7),
        (7_776_000, 90),
        (254 * 86_400 + 1, 255),
        (255 * 86_400, 255),
        (255 * 86_400 + 1, 255),
        (u32::MAX, 255),
    ] {
        assert_eq!(days_ceil(window), expected, "{window}");
    }
    let mut address = Address::repeat_byte(0xee);
    (address.0[18], address.0[19]) = (0x12, 0x34);
    assert_eq!(tag(address), 0x1234);
}

#[test]
fn a_pair_is_capped_at_its_limit_until_its_window_is_over() {
    let sketch = within(PairSketch::default().count(100, 7, 5, 2)).unwrap();
    assert_eq!((sketch.begun, sketch.days), (100, 7));
    assert_eq!(sketch.entries[0], Entry { tag: 5, count: 1 });
    let sketch = within(sketch.count(106, 7, 5, 2)).unwrap();
    assert_eq!(sketch.entries[0], Entry { tag: 5, count: 2 });
    assert_eq!(sketch.count(106, 7, 5, 2), Counted::Capped);
    assert!(
        within(sketch.count(106, 7, 6, 2)).is_some(),
        "another sponsor is not"
    );
    let anew = within(sketch.count(107, 7, 5, 2)).unwrap();
    assert_eq!((anew.begun, anew.days), (107, 7));
    let mut alone = [Entry::default(); ENTRIES];
    alone[0] = Entry { tag: 5, count: 1 };
    assert_eq!(anew.entries, alone);
    assert_eq!(PairSketch::default().count(100, 7, 5, 0), Counted::Capped);
}

#[test]
fn alternating_windows_win_nothing() {
    // A short window begins nothing anew within a long one, and a long one lengthens a short one.
    assert_eq!(
        run(
            2,
            &[
                (100, 7, 5),
                (101, 1, 5),
                (102, 7, 5),
                (103, 1, 5),
                (106, 1, 5),
                (107, 1, 5)
            ]
        ),
        [true, true, false, false, false, true]
    );
    assert_eq!(
        run(
            2,
            &[
                (100, 1, 5),
                (100, 90, 5),
                (101, 1, 5),
                (189, 1, 5),
                (190, 1, 5)
            ]
        ),
        [true, true, false, false, true]
    );
    // An outcome is counted with all that came within its own length, though the window that others began was shorter.
    assert_eq!(
        run(1, &[(100, 1, 5), (106, 7, 5), (107, 7, 5)]),
        [true, false, true]
    );
    // A window that is over leaves its length behind.
    let sketch = within(PairSketch::default().count(100, 90, 5, 2)).unwrap();
    let sketch = within(sketch.count(190, 1, 5, 2)).unwrap();
    assert_eq!((sketch.begun, sketch.days), (190, 1));
}

#[test]
fn a_fifth_sponsor_takes_the_least_counter_with_its_count() {
    let mut sketch = PairSketch::default();
    for tag in [1, 1, 1, 2, 2, 3, 4, 4] {
        sketch = within(sketch.count(9, 7, tag, 8)).unwrap();
    }
    let counts = |sketch: &PairSketch| sketch.entries.map(|entry| (entry.tag, entry.count));
    assert_eq!(counts(&sketch), [(1, 3), (2, 2), (3, 1), (4, 2)]);
    let sketch = within(sketch.count(9, 7, 5, 8)).unwrap();
    assert_eq!(counts(&sketch), [(1, 3), (2, 2), (5, 2), (4, 2)]);
    assert_eq!(
        sketch.count(9, 7, 6, 2),
        Counted::Capped,
        "the least count is the limit already"
    );
    // The tag of nobody owns no free counter.
    let zero = within(PairSketch::default().count(9, 7, 0, 1)).unwrap();
    assert_eq!(zero.entries[0], Entry { tag: 0, count: 1 });
    assert_eq!(zero.count(9, 7, 0, 1), Counted::Capped);
}

#[test]
fn the_day_wraps_and_a_count_reaches_the_greatest_limit() {
    let sketch = within(PairSketch::default().count(65_534, 7, 5, 1)).unwrap();
    assert_eq!(sketch.count(4, 7, 5, 1), Counted::Capped, "six days later");
    assert!(
        within(sketch.count(5, 7, 5, 1)).is_some(),
        "seven days later"
    );
    let taken = run(255, &[(100, 7, 5); 256]);
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 255);
}

/// Outcomes of a few sponsors, days apart, under terms that differ.
fn outcomes(sponsors: u16) -> impl Strategy<Value = Vec<(u16, u8, u16)>> {
    let outcome = (
        0..4u16,
        prop_oneof![Just(1u8), Just(2), Just(7), Just(90)],
        0..sponsors,
    );
    prop::collection::vec(outcome, 1..120).prop_map(|mut outcomes| {
        let mut today = 20_000;
        for (passed, _, _) in &mut outcomes {
            today += *passed;
            *passed = today;
        }
        outcomes
    })
}

/// A window with a counter for each sponsor.
#[derive(Default)]
struct Exact {
    begun: u16,
    days: u8,
    counts: BTreeMap<u16, u8>,
}

impl Exact {
    fn count(&mut self, today: u16, days: u8, tag: u16, limit: u8) -> bool {
        if today - self.begun >= u16::from(self.days.max(days)) {
            *self = Self {
                begun: today,
                days,
                ..Self::default()
            };
        }
        let count = self.counts.entry(tag).or_default();
        let counts = *count < limit;
        *count += u8::from(counts);
        if counts {
            self.days = self.days.max(days);
        }
        counts
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn four_sponsors_are_counted_exactly(outcomes in outcomes(4), limit in 1..5u8) {
        let (mut sketch, mut exact) = (PairSketch::default(), Exact::default());
        for (today, days, tag) in outcomes {
            let counted = within(sketch.count(today, days, tag, limit));
            prop_assert_eq!(counted.is_some(), exact.count(today, days, tag, limit));
            sketch = counted.unwrap_or(sketch);
        }
    }

    /// INV-AGENT-05.
    #[test]
    fn nobody_is_ever_counted_too_low(outcomes in outcomes(9), limit in 1..5u8) {
        let mut sketch = PairSketch::default();
        // Those that counted: day, length, sponsor.
        let mut taken: Vec<(u16, u8, u16)> = Vec::new();
        for (today, days, tag) in outcomes {
            let before = sketch;
            let Some(after) = within(sketch.count(today, days, tag, limit)) else { continue };
            sketch = after;
            taken.push((today, days, tag));
            let in_window = |from: u16, sponsor: u16| {
                taken.iter().filter(|(day, _, who)| *day >= from && *who == sponsor).count()
            };
            // No pair beyond its limit in the window that runs, which is as long as anybody in it asks for.
            prop_assert!(in_window(sketch.begun, tag) <= usize::from(limit));
            let longest = taken.iter().filter(|(day, _, _)| *day >= sketch.begun).map(|(_, days, _)| *days).max();
            prop_assert!(longest.is_some_and(|longest| sketch.days >= longest));
            if sketch.begun != before.begun {
                prop_assert!(before == PairSketch::default() || today - before.begun >= u16::from(before.days.max(days)));
            }
            // Every counter holds at least the truth.
            for entry in sketch.entries.iter().filter(|entry| entry.count > 0) {
                prop_assert!(usize::from(entry.count) >= in_window(sketch.begun, entry.tag));
                prop_assert!(entry.count <= limit);
            }
        }
    }
}

//! The committed numbers of `gas/` are those of these programs, to the unit: whoever changes a cost sees it, and says so.

use agentcity_test_fixtures::gas::Set;

/// Each set is its own test, so that they run beside each other.
#[track_caller]
fn is_committed(name: &str) {
    let set = Set::ALL.into_iter().find(|set| set.name == name);
    let set = set.expect("it is one of them");
    let measured = (set.measure)(&mut |line| println!("{line}")).unwrap();
    let changes = measured.changes(&set.committed().unwrap());
    assert!(
        changes.is_empty(),
        "committed -> measured, cached / uncached; `cargo xtask gas {name}` writes them anew:\n{}",
        changes.join("\n")
    );
}

#[test]
fn foundations_cost_what_is_committed() {
    is_committed("foundations");
}

#[test]
fn missions_cost_what_is_committed() {
    is_committed("missions");
}

#[test]
fn laws_cost_what_is_committed() {
    is_committed("legislation");
}

#[test]
fn rulings_cost_what_is_committed() {
    is_committed("adjudication");
}

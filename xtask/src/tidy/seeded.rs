//! The list of faults that `cargo xtask deep seeded` puts into the programs.

use std::collections::BTreeSet;

use super::{Finding, Tree, whole};
use crate::deep::seeded::{LIST, Seed};

/// Every fault's text is there, once, and so is its test; no two are of one kind.
pub(super) fn faults(tree: &Tree) -> Vec<Finding> {
    let Some(list) = tree.get(LIST) else {
        return vec![whole(LIST, "the list of faults is gone")];
    };
    let seeds = match Seed::list(list) {
        Ok(seeds) => seeds,
        Err(error) => return vec![whole(LIST, format!("{error:#}"))],
    };
    let mut found: Vec<Finding> = seeds
        .iter()
        .flat_map(|seed| seed.faults(|file| tree.get(file)))
        .map(|what| whole(LIST, what))
        .collect();
    let mut classes = BTreeSet::new();
    let twice = seeds.iter().filter(|seed| !classes.insert(&seed.class));
    found.extend(twice.map(|seed| whole(LIST, format!("two faults are \"{}\"", seed.class))));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAULT: &str = r#"
        [[fault]]
        class = "a line is missing"
        breaks = "INV-X-01"
        file = "contracts/treasury/src/a.rs"
        before = "self.lock();"
        after = ""
        test = "attacks::it_is_locked"
    "#;

    fn found(list: &str, source: &str) -> Vec<String> {
        let tree = Tree::with(&[
            (LIST, list),
            ("contracts/treasury/src/a.rs", source),
            (
                "contracts/treasury/tests/it/attacks.rs",
                "fn it_is_locked() {}",
            ),
            ("docs/invariants.md", "| INV-X-01 | always |"),
        ]);
        faults(&tree).into_iter().map(|f| f.what).collect()
    }

    #[test]
    fn a_list_that_fits_is_kept_and_one_that_rotted_is_found() {
        assert_eq!(found(FAULT, "self.lock();"), Vec::<String>::new());
        let twice = FAULT.repeat(2);
        for (list, source, said) in [
            (FAULT, "self.unlock();", "stands 0 times"),
            (twice.as_str(), "self.lock();", "two faults are"),
            ("[[fault]]\nclass = 1", "", "cannot read"),
        ] {
            let found = found(list, source).join("; ");
            assert!(found.contains(said), "{said} in {found}");
        }
        assert_eq!(faults(&Tree::with(&[])).len(), 1);
    }
}

//! Programs over stub bodies say so, and only those that may.

use std::{collections::BTreeSet, path::Path};

/// The mark in the first file of a program whose bodies are stubs.
const MARK: &str = "STUB-BODY";

/// Programs that may still carry it. Whoever fills one in takes it off this list and the mark out of its files.
const STUBS: [&str; 1] = ["roster"];

fn is_marked(dir: &Path) -> bool {
    let Ok(files) = std::fs::read_dir(dir) else {
        return false;
    };
    files.filter_map(Result::ok).any(|file| {
        let path = file.path();
        path.is_dir() && is_marked(&path)
            || path.extension().is_some_and(|kind| kind == "rs")
                && std::fs::read_to_string(&path).unwrap().contains(MARK)
    })
}

#[test]
fn stub_bodies_stand_only_where_they_are_listed() {
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts");
    let marked: BTreeSet<String> = std::fs::read_dir(&contracts)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| is_marked(&entry.path().join("src")))
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let listed: BTreeSet<String> = STUBS.map(str::to_owned).into();
    assert_eq!(marked, listed);
}

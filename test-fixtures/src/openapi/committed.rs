//! The document as it is committed: that is what others read.

use std::{env, fs, path::Path};

use serde_json::Value;

/// Holds a document that a program would print to the one that is committed; `SNAPSHOTS=overwrite` writes that anew.
///
/// Panics: they differ.
#[track_caller]
pub fn is_committed(document: &Value, file: &Path) {
    let printed = format!("{document:#}\n");
    if env::var("SNAPSHOTS").is_ok_and(|wanted| wanted == "overwrite") {
        fs::write(file, &printed)
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", file.display()));
    }
    let found = fs::read_to_string(file).unwrap_or_default();
    assert!(
        found == printed,
        "{} is not what would be printed: run this test with SNAPSHOTS=overwrite, then commit the file",
        file.display()
    );
}

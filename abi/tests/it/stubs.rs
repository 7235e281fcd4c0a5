//! No program has a body that only stands in for one.

use std::path::Path;

/// The mark that stand-ins carried in their first files.
const MARK: &str = "STUB-BODY";

fn is_marked(dir: &Path) -> bool {
    let files = std::fs::read_dir(dir).unwrap();
    files.filter_map(Result::ok).any(|file| {
        let path = file.path();
        path.is_dir() && is_marked(&path)
            || path.extension().is_some_and(|kind| kind == "rs")
                && std::fs::read_to_string(&path).unwrap().contains(MARK)
    })
}

#[test]
fn no_stub_is_left_in_any_program() {
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts");
    assert!(
        contracts.join("roster/src").is_dir(),
        "looks where programs are"
    );
    assert!(!is_marked(&contracts));
}

//! What is released is what runs: nothing of the fixtures is linked into it, and no contract stands in for a member.

use agentcity_test_fixtures::tool::workspace_dir;
use serde_json::Value;
use std::process::Command;

/// What Solidity of the fixtures would have to declare to be taken for a member by a seal.
const MEMBERSHIP: &str = "constitution";

#[test]
fn nothing_that_is_shipped_depends_on_the_fixtures() {
    let asked = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(workspace_dir())
        .output()
        .unwrap();
    assert!(asked.status.success());
    let metadata: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let mut seen_fixtures = false;
    for package in packages {
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["name"].as_str().unwrap();
            // Tests may; what is built to be used may not.
            let is_of_tests = ["agentcity-test-fixtures", "agentcity-world"].contains(&name);
            let by_tests = ["agentcity-missions", "agentcity-sessions"]
                .contains(&package["name"].as_str().unwrap());
            if is_of_tests && !by_tests {
                assert_eq!(dependency["kind"], "dev", "{} uses {name}", package["name"]);
            }
        }
        seen_fixtures |= package["name"] == "agentcity-test-fixtures";
    }
    assert!(seen_fixtures && packages.len() > 10, "{}", packages.len());
}

#[test]
fn no_contract_of_the_fixtures_can_be_taken_for_a_member_of_a_city() {
    let sources = std::fs::read_dir(workspace_dir().join("test-fixtures/sol")).unwrap();
    let mut looked_at = 0;
    for source in sources {
        let path = source.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        // A seal asks every member for its constitution.
        let declares = text.contains(&format!("function {MEMBERSHIP}("))
            || text.contains(&format!("public immutable {MEMBERSHIP}"));
        assert!(!declares, "{} answers as a member does", path.display());
        looked_at += 1;
    }
    assert!(looked_at > 5, "{looked_at}");
}

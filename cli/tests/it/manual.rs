//! What shells and readers want of the help tree.

use crate::support;

fn agentcity(args: &[&str]) -> String {
    let output = support::agentcity().args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_shell_is_helped_with_every_power() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = agentcity(&["completions", shell]);
        for verb in ["amend-parameter", "resume-city", "claim-collusion"] {
            assert!(script.contains(verb), "{shell} knows no {verb}");
        }
    }
}

#[test]
fn every_command_has_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("man1");
    agentcity(&["manual", "man", folder.to_str().unwrap()]);
    let page = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(page("agentcity.1").contains("agentcity"));
    assert!(page("agentcity-override-prepare-amend-parameter.1").contains("new\\-value"));
    assert!(page("agentcity-law-propose.1").contains("domain"));
}

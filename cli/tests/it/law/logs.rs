//! Logs whose roots are anchored are proved without a chain.

use snapbox::{assert_data_eq, str};

use super::Forum;

/// Entries and extensions are proved, and what does not follow is not.
pub(super) fn are_proved(forum: &Forum) {
    forum
        .shell
        .write("audit.jsonl", "one\ntwo\nthree\nfour\nfive\n");
    assert_data_eq!(
        forum
            .run(&[
                "log",
                "prove",
                "audit.jsonl",
                "--entry",
                "2",
                "--out",
                "entry.json"
            ])
            .done(),
        str![[r#"
proves  entry 2 is [WORD]
size    5
root    [WORD]
path    [WORD]
path    [WORD]
path    [WORD]
file    entry.json

"#]]
    );
    assert_data_eq!(
        forum.run(&["log", "verify", "entry.json"]).done(),
        str![[r#"
holds  entry 2 is [WORD]
size   5
root   [WORD]

"#]]
    );
    forum
        .run(&[
            "log",
            "prove",
            "audit.jsonl",
            "--extends",
            "3",
            "--out",
            "extends.json",
        ])
        .done();
    assert_data_eq!(
        forum
            .run(&["log", "verify", "extends.json", "--json"])
            .done(),
        str![[r#"
{"ok":true,"result":{"holds":true,"root":"[WORD]","size":5},"version":1}

"#]]
    );
    forum.shell.write("other.txt", "four\n");
    assert_data_eq!(
        forum
            .run(&["log", "verify", "entry.json", "--entry", "other.txt"])
            .refused(5),
        str![[r#"
error: the proof does not show that entry 2 is [WORD]: get the proof, or the log, from its author again
(exit 5)

"#]]
    );
    assert_data_eq!(
        forum
            .run(&["log", "prove", "audit.jsonl", "--entry", "5"])
            .refused(3),
        str![[r#"
error: entry 5 is beyond the log's 5 entries: count entries from nought, and sizes from one
(exit 3)

"#]]
    );
}

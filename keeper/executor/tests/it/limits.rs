//! Programs that break each limit, and one that keeps them.

use std::{
    ffi::OsString,
    path::Path,
    time::{Duration, Instant},
};

use agentcity_executor::{
    protocol::{Cause, Check, JobRequest},
    runner::{Confines, NETWORK_ANY, Network, Program, RunError, Runner, Unenforceable},
    server::{Recorder, Work},
};
use alloy::primitives::B256;
use tempfile::{TempDir, tempdir};

use crate::support::request;

/// A folder for working folders, and a runner; none where the system lets nobody have namespaces, which the runner says.
async fn runner() -> Option<(TempDir, Runner)> {
    let folder = tempdir().unwrap();
    match Runner::probe(folder.path()).await {
        Ok(runner) => Some((folder, runner)),
        Err(why @ (Unenforceable::Namespaces(_) | Unenforceable::Tool(_))) => {
            eprintln!("nothing can be run here: {why}");
            None
        }
        Err(why) => panic!("{why}"),
    }
}

fn script(text: &str) -> Program {
    Program {
        path: "/bin/sh".into(),
        arguments: vec![OsString::from("-c"), OsString::from(text)],
        hidden: Vec::new(),
    }
}

fn confines() -> Confines {
    Confines {
        latency: Duration::from_secs(20),
        ..Confines::of(&request(Check::Proof, b"").limits).unwrap()
    }
}

async fn run(
    runner: &Runner,
    program: &Program,
    confines: &Confines,
) -> (Result<Work, RunError>, Recorder) {
    let request: JobRequest = request(Check::Proof, b"");
    let recorder = Recorder::open(&request, B256::ZERO, || 0).unwrap();
    let ran = runner.run(program, confines, &request, &recorder).await;
    (ran, recorder)
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[tokio::test]
async fn a_program_within_its_limits_works_in_an_empty_folder_with_an_empty_environment() {
    let Some((folder, runner)) = runner().await else {
        return;
    };
    let program = script(
        r#"request=$(cat)
        case "$request" in *'"node":3'*) ;; *) exit 3 ;; esac
        [ -z "$(ls -A)" ] || exit 4
        [ "$(env | grep -v -e '^PWD=' -e '^_=' -e '^SHLVL=' -e '^OLDPWD=')" = "" ] || exit 5
        echo x > kept || exit 6
        echo '{"tool":{"name":"ls","input":"","output":"kept"}}'
        echo '{"message":{"from":"me","to":"model","content":"hi","tokens":7}}'
        echo '{"output":{"content":"0x01ff"}}'"#,
    );
    let (ran, recorder) = run(&runner, &program, &confines()).await;
    assert_eq!(ran.expect("it works").output, [1, 255]);
    assert_eq!(
        (recorder.usage().tokens, recorder.usage().tool_calls),
        (7, 1)
    );
    assert!(is_empty(folder.path()), "its folder is gone");
}

#[tokio::test]
async fn each_limit_ends_a_program_that_breaks_it() {
    let Some((folder, runner)) = runner().await else {
        return;
    };
    let base = confines();
    let cases: [(&str, &str, Confines, Cause); 8] = [
        (
            "time",
            "sleep 60",
            Confines {
                latency: Duration::from_millis(100),
                ..base
            },
            Cause::Latency,
        ),
        (
            "processor",
            "while :; do :; done",
            Confines {
                cpu_secs: 1,
                ..base
            },
            Cause::Resources,
        ),
        (
            "memory",
            "head -c 300000000 /dev/zero | tail; sleep 60",
            Confines {
                memory_mb: 48,
                ..base
            },
            Cause::Resources,
        ),
        (
            "processes",
            "for i in 1 2 3 4 5 6; do sleep 60 & done; wait",
            Confines {
                processes_max: 4,
                ..base
            },
            Cause::Resources,
        ),
        (
            "a file",
            "exec head -c 100000 /dev/zero > big",
            Confines {
                file_bytes_max: 4096,
                ..base
            },
            Cause::Resources,
        ),
        (
            "output",
            r#"echo '{"output":{"content":"0x010203"}}'"#,
            Confines {
                output_bytes_max: 2,
                ..base
            },
            Cause::Resources,
        ),
        ("standard output", "exec yes ''", base, Cause::Resources),
        (
            "tokens",
            r#"echo '{"message":{"from":"a","to":"b","content":"","tokens":101}}'; sleep 60"#,
            base,
            Cause::Tokens,
        ),
    ];
    for (what, text, confines, wanted) in cases {
        let began = Instant::now();
        let (ran, _) = run(&runner, &script(text), &confines).await;
        let error = ran.expect_err(what);
        assert_eq!(error.failure().cause, wanted, "{what}: {error}");
        assert!(
            began.elapsed() < Duration::from_secs(15),
            "{what} took {:?}",
            began.elapsed()
        );
        assert!(is_empty(folder.path()), "{what} left its folder");
    }
}

#[tokio::test]
async fn without_a_policy_there_is_no_network_not_even_this_machine() {
    let Some((_folder, runner)) = runner().await else {
        return;
    };
    let devices =
        script(r#"n=$(grep -c : /proc/net/dev); printf '{"output":{"content":"0x%02x"}}' "$n""#);
    let (ran, _) = run(&runner, &devices, &confines()).await;
    assert_eq!(ran.unwrap().output, [1], "a loopback that leads nowhere");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let calls = Program {
        path: "/bin/bash".into(),
        arguments: vec![
            "-c".into(),
            format!(
                r#"exec 3<>/dev/tcp/127.0.0.1/{port} && echo '{{"output":{{"content":"0x"}}}}'"#
            )
            .into(),
        ],
        hidden: Vec::new(),
    };
    let (ran, _) = run(&runner, &calls, &confines()).await;
    assert!(matches!(ran, Err(RunError::Crashed { .. })), "{ran:?}");
    let allowed = Confines {
        network: Network::Anything,
        ..confines()
    };
    let (ran, _) = run(&runner, &calls, &allowed).await;
    ran.expect("whoever may, does");
}

#[test]
fn a_policy_that_cannot_be_enforced_is_refused_before_anything_runs() {
    let mut limits = request(Check::Proof, b"").limits;
    assert_eq!(Confines::of(&limits).unwrap().network, Network::Nothing);
    limits.network_policies = vec![NETWORK_ANY];
    assert_eq!(Confines::of(&limits).unwrap().network, Network::Anything);
    let other = B256::repeat_byte(1);
    limits.network_policies = vec![other, NETWORK_ANY];
    assert_eq!(Confines::of(&limits), Err(Unenforceable::Policy(other)));
}

#[tokio::test]
async fn hidden_folders_are_empty_and_cannot_be_uncovered() {
    let Some((_folder, runner)) = runner().await else {
        return;
    };
    let keys = tempdir().unwrap();
    std::fs::write(keys.path().join("key"), "secret").unwrap();
    let path = keys.path().display().to_string();
    let mut program = script(&format!(
        r#"umount {path} 2>/dev/null; cat {path}/key >&2 && exit 9; echo '{{"output":{{"content":"0x00"}}}}'"#
    ));
    let (ran, _) = run(&runner, &program, &confines()).await;
    assert!(
        matches!(ran, Err(RunError::Crashed { .. })),
        "it is there: {ran:?}"
    );
    program.hidden = vec![keys.path().to_owned()];
    let (ran, _) = run(&runner, &program, &confines()).await;
    ran.expect("it is hidden");
    program.hidden = vec!["/no/such/folder".into()];
    let (ran, _) = run(&runner, &program, &confines()).await;
    let refused = matches!(ran, Err(RunError::Unenforceable(Unenforceable::Folder(_))));
    assert!(refused, "what cannot be hidden is not run beside");
}

#[tokio::test]
async fn a_stop_leaves_no_process_of_a_run() {
    let Some((folder, runner)) = runner().await else {
        return;
    };
    // A child that leaves its session and its group is still of its world.
    let name = format!("{}", 86_000 + std::process::id() % 1000);
    let program = script(&format!("setsid sleep {name} & sleep {name}"));
    let lives = || {
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let lines = all.filter_map(|one| std::fs::read(one.path().join("cmdline")).ok());
        let wanted = format!("sleep\0{name}\0").into_bytes();
        lines.filter(|line| *line == wanted).count()
    };
    let confines = confines();
    let running = run(&runner, &program, &confines);
    tokio::select! {
        (ran, _) = running => panic!("it ended: {ran:?}"),
        () = async {
            while lives() < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        } => {}
    }
    assert_eq!(lives(), 0, "dropping the run ended both");
    assert!(is_empty(folder.path()), "and took the folder");
}

#[tokio::test]
async fn what_is_no_line_or_no_output_is_no_work() {
    let Some((_folder, runner)) = runner().await else {
        return;
    };
    let cases = [
        ("echo no", Cause::Output),
        (
            r#"echo '{"output":{"content":"0x","more":1}}'"#,
            Cause::Output,
        ),
        (
            r#"echo '{"output":{"content":"0x"}}'; echo '{"output":{"content":"0x"}}'"#,
            Cause::Output,
        ),
        ("exit 0", Cause::Service),
        (
            r#"echo '{"output":{"content":"0x"}}'; exit 1"#,
            Cause::Service,
        ),
        ("kill -9 $$", Cause::Service),
    ];
    for (text, wanted) in cases {
        let (ran, _) = run(&runner, &script(text), &confines()).await;
        let error = ran.expect_err(text);
        assert_eq!(error.failure().cause, wanted, "{text}: {error}");
    }
}

//! Running other programs: what failed, with which command, and what it said.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use eyre::{Context, bail};

/// Lines of a failed command that an error quotes, from its beginning and from its end: some tools say the cause first and
/// some last.
const QUOTED_LINES: usize = 10;

/// Runs it with our own stdout and stderr; an error names the command and its exit code.
pub(crate) fn run(command: &mut Command) -> eyre::Result<()> {
    let shown = show(command);
    let status =
        agentcity_interrupt::status(command).wrap_err_with(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed: {status}");
    }
    Ok(())
}

/// Runs it and returns stdout; stderr is quoted in the error.
pub(crate) fn stdout(command: &mut Command) -> eyre::Result<String> {
    let shown = show(command);
    let output =
        agentcity_interrupt::output(command).wrap_err_with(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!(
            "`{shown}` failed: {}\n{}",
            output.status,
            quote(&output.stderr)
        );
    }
    String::from_utf8(output.stdout).wrap_err_with(|| format!("`{shown}` did not answer in UTF-8"))
}

/// Runs it, hides what it says unless it fails.
pub(crate) fn quietly(command: &mut Command) -> eyre::Result<()> {
    let shown = show(command);
    let output =
        agentcity_interrupt::output(command).wrap_err_with(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!(
            "`{shown}` failed: {}\n{}{}",
            output.status,
            quote(&output.stdout),
            quote(&output.stderr)
        );
    }
    Ok(())
}

/// The command as a person would type it.
pub(crate) fn show(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|a| a.to_string_lossy().into_owned()));
    words[0] = words[0].rsplit('/').next().unwrap_or_default().to_owned();
    words.join(" ")
}

/// What a running process was started as; nothing if there is none of that id. Ids are given out again, so whoever recorded one looks.
pub(crate) fn arguments(pid: u32) -> String {
    // Where there is /proc, it tells without a tool that a small image may lack. A defunct process has no arguments.
    let args = if Path::new("/proc/self/cmdline").exists() {
        std::fs::read(format!("/proc/{pid}/cmdline"))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    } else {
        let mut ps = Command::new("ps");
        ps.args(["-o", "args=", "-p", &pid.to_string()]);
        stdout(&mut ps).unwrap_or_default()
    };
    if args.contains("<defunct>") {
        return String::new();
    }
    args
}

/// Asks a process to end. `kill` of the shell: the program of that name is not on every image.
pub(crate) fn terminate(pid: u32) -> eyre::Result<()> {
    quietly(Command::new("sh").args(["-c", &format!("kill -TERM {pid}")]))
}

/// First executable of that name on `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| is_executable(file))
}

/// Whether it is a file that we may run.
pub(crate) fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// A step with a name: says when it starts and how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> eyre::Result<T>) -> eyre::Result<T> {
    eprintln!("── {name}");
    let start = Instant::now();
    let result = work();
    let took = seconds(start.elapsed());
    match &result {
        Ok(_) => eprintln!("   {name}: done in {took}"),
        Err(_) => eprintln!("   {name}: failed after {took}"),
    }
    result
}

/// A duration for people.
pub(crate) fn seconds(d: Duration) -> String {
    if d < Duration::from_secs(60) {
        format!("{:.1} s", d.as_secs_f64())
    } else {
        format!("{} min {:02} s", d.as_secs() / 60, d.as_secs() % 60)
    }
}

fn quote(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let left_out = lines.len().saturating_sub(2 * QUOTED_LINES);
    let mut quoted = String::new();
    for (i, line) in lines.iter().enumerate() {
        if left_out == 0 || i < QUOTED_LINES || i >= QUOTED_LINES + left_out {
            quoted.push_str(&format!("  {line}\n"));
        } else if i == QUOTED_LINES {
            quoted.push_str(&format!("  ... {left_out} lines\n"));
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_quotes_what_it_said() {
        let error =
            stdout(Command::new("sh").args(["-c", "echo no space left >&2; exit 3"])).unwrap_err();
        let text = format!("{error:#}");
        assert!(
            text.contains("sh -c") && text.contains("no space left") && text.contains('3'),
            "{text}"
        );
    }

    #[test]
    fn a_long_complaint_is_quoted_from_both_ends() {
        let text: String = (0..50).map(|i| format!("line {i}\n")).collect();
        let quoted = quote(text.as_bytes());
        assert!(
            quoted.contains("line 0\n")
                && quoted.contains("line 49\n")
                && quoted.contains("... 30 lines"),
            "{quoted}"
        );
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("/nowhere/solc")).unwrap_err();
        assert!(
            format!("{error:#}").contains("cannot start `solc`"),
            "{error:#}"
        );
    }

    #[test]
    fn only_executables_count_as_found() {
        assert!(on_path("sh").is_some());
        assert!(!is_executable(Path::new("/etc/passwd")));
    }
}

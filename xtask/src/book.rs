//! `cargo xtask book`: the documents as a book, whose tutorials are run.
//!
//! Every block of `sh` on the pages below [`RUN`], and in the README, is run by bash, page by page in the order of the summary, in a city like the one that
//! `up` founds, and then the mission that `up` has done there: all blocks of a page are one script, so a variable that one sets is there in the next. Lines of the script have the
//! numbers of the page's, so what fails is told where it stands. What is to be read and not typed stands in a block of another kind.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use eyre::{Context, bail, ensure};

use crate::{
    deep::Installed,
    process::{self, step},
    programs,
    setup::{self, Need},
    town,
    up::{self, Home},
    workspace::Workspace,
};

/// Where the book lies.
const DOCS: &str = "docs";
/// Its table of contents.
const SUMMARY: &str = "docs/SUMMARY.md";
/// Pages whose commands are run, and one that is no page of the book.
const RUN: &str = "tutorials/";
const README: &str = "../README.md";
/// Folders of documents that are kept for the record and are no pages.
const RECORDS: &[&str] = &["results/"];
/// What `up` calls its folder, as the pages have it, and what this verb calls its own.
const HOMES: (&str, &str) = ("target/devnode", "target/book");

/// What renders the pages.
const MDBOOK: Installed = Installed {
    package: "mdbook",
    version: "0.5.4",
    why: "renders the documents",
};

/// What `book` is asked for.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Only render to target/html, and run nothing.
    #[arg(long, conflicts_with = "run")]
    html: bool,
    /// Only run the pages whose path holds this.
    #[arg(long, value_name = "TEXT")]
    run: Option<String>,
}

/// Renders the book, or runs it.
pub(crate) fn book(ws: &Workspace, options: &Options) -> eyre::Result<ExitCode> {
    if options.html {
        let mdbook = MDBOOK.ensure(ws)?;
        let to = ws.target().join("html");
        let mut command = Command::new(mdbook);
        command.arg("build").arg(ws.root.join(DOCS));
        process::run(command.arg("--dest-dir").arg(&to))?;
        println!("{}", to.join("index.html").display());
        return Ok(ExitCode::SUCCESS);
    }
    let tools = step("setup", || setup::run(ws, Need::Everything))?;
    step("programs", || programs::build(ws, &tools, None))?;
    step("binaries", || ws.build_binaries(&town::BINARIES))?;
    run(ws, options.run.as_deref())?;
    Ok(ExitCode::SUCCESS)
}

/// Which pages want a city of their own: those with the commands that play everybody.
const PLAYS_ALL: &str = "scripts/session.sh";

/// Runs the pages, in cities that end with them. Programs and binaries are those of the last build.
pub(crate) fn run(ws: &Workspace, only: Option<&str>) -> eyre::Result<()> {
    let summary = fs::read_to_string(ws.root.join(SUMMARY)).wrap_err(SUMMARY)?;
    let pages: Vec<String> = pages(&summary)
        .into_iter()
        .filter(|page| page.starts_with(RUN))
        .chain([README.to_owned()])
        .filter(|page| only.is_none_or(|only| page.contains(only)))
        .collect();
    ensure!(!pages.is_empty(), "{SUMMARY} names no such page to run");
    let mut groups = vec![Vec::new()];
    for page in pages {
        let text = fs::read_to_string(ws.root.join(DOCS).join(&page))?;
        // It plays everybody of a city, who must not be somebody already.
        match text.contains(PLAYS_ALL) {
            true => groups.push(vec![page]),
            false => groups[0].push(page),
        }
    }
    for (at, pages) in groups
        .iter()
        .enumerate()
        .filter(|(_, pages)| !pages.is_empty())
    {
        run_group(ws, pages, at == 0 && only.is_none())?;
    }
    Ok(())
}

/// Runs pages one after another in a city of their own.
fn run_group(ws: &Workspace, pages: &[String], whole: bool) -> eyre::Result<()> {
    let name = HOMES.1.trim_start_matches("target/");
    // What a run that was killed left behind.
    Home::new(ws, name).stop()?;
    match fs::remove_dir_all(ws.target().join(name)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let home = Home::new(ws, name);
    let ran = run_pages(ws, &home, pages, whole);
    let stopped = home.stop();
    ran?;
    stopped.map(drop)
}

fn run_pages(ws: &Workspace, home: &Home<'_>, pages: &[String], whole: bool) -> eyre::Result<()> {
    // Whatever port is free: somebody may look at a city of his own meanwhile.
    let (city, _) = up::raise(home, 0)?;
    for page in pages {
        let start = Instant::now();
        let commands = run_page(ws, page)?;
        eprintln!(
            "   {page}: {commands} blocks in {}",
            process::seconds(start.elapsed())
        );
    }
    if whole {
        // Last: the pages' sessions are of few people, and would want more ballots in a city of many.
        step("mission", || {
            town::run(ws, &city.grounds(), &town::Options::default())
        })?;
    }
    Ok(())
}

/// Runs one page. How many blocks it has.
fn run_page(ws: &Workspace, page: &str) -> eyre::Result<usize> {
    let path = Path::new(DOCS).join(page);
    let text = fs::read_to_string(ws.root.join(&path))?;
    let (script, blocks) = script(&text);
    // Whoever reads the front page may be sent elsewhere for everything.
    ensure!(
        blocks > 0 || page == README,
        "{}: nothing to run",
        path.display()
    );
    let script = script.replace(HOMES.0, HOMES.1);
    let file = scratch(ws, page);
    fs::create_dir_all(&file).wrap_err("a folder for what the page writes")?;
    let told = file.join("page.sh");
    fs::write(&told, &script)?;
    let output = Command::new("bash")
        .args(["-euo", "pipefail"])
        .arg(&told)
        .current_dir(&ws.root)
        .env("AGENTCITY_SCRATCH", &file)
        .stdin(Stdio::null())
        .output()
        .wrap_err("bash is missing: install it")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let told = String::from_utf8_lossy(&output.stdout);
        bail!(
            "{}: a command failed ({})\n{}{}",
            path.display(),
            output.status,
            tail(&told),
            tail(&said)
        );
    }
    Ok(blocks)
}

fn scratch(ws: &Workspace, page: &str) -> PathBuf {
    let name = page.trim_end_matches(".md").replace(['/', '.'], "-");
    ws.root.join(HOMES.1).join("pages").join(name)
}

/// What was said last.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(20);
    lines[from..]
        .iter()
        .map(|line| format!("  {line}\n"))
        .collect()
}

/// The blocks of `sh` of a page as one script in which every line has the number that it has on the page, and how many blocks.
fn script(page: &str) -> (String, usize) {
    let mut out = String::from("trap 'echo \"line $LINENO: $BASH_COMMAND\" >&2' ERR; ");
    let (mut inside, mut other, mut blocks) = (false, false, 0);
    for line in page.lines() {
        let fence = line.trim_start().strip_prefix("```");
        match fence {
            Some(_) if inside || other => (inside, other) = (false, false),
            Some("sh") => (inside, blocks) = (true, blocks + 1),
            Some(_) => other = true,
            None if inside => out.push_str(line),
            None => {}
        }
        out.push('\n');
    }
    (out, blocks)
}

/// The pages of a summary, in its order.
fn pages(summary: &str) -> Vec<String> {
    summary
        .lines()
        .filter_map(|line| line.split_once("](")?.1.split_once(')'))
        .map(|(page, _)| page.to_owned())
        .collect()
}

/// What is wrong with the summary: pages that it names twice or that are not there, and documents that it does not name.
pub(crate) fn faults(summary: &str, documents: &BTreeSet<String>) -> Vec<String> {
    let (mut seen, mut faults) = (BTreeSet::new(), Vec::new());
    for page in pages(summary) {
        if !documents.contains(&page) {
            faults.push(format!("names {page}, which is not there"));
        }
        if !seen.insert(page.clone()) {
            faults.push(format!("names {page} twice"));
        }
    }
    let kept = |page: &&String| {
        page.as_str() != "SUMMARY.md" && !RECORDS.iter().any(|record| page.starts_with(record))
    };
    for page in documents.iter().filter(kept) {
        if !seen.contains(page) {
            faults.push(format!("does not name {page}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "# T\n\n```sh\nA=1\n```\n\nread this:\n\n```text\nrm -rf /\n```\n\n```sh\necho $A\n```\n";

    #[test]
    fn a_page_is_one_script_of_its_blocks_with_the_numbers_of_its_lines() {
        let (script, blocks) = script(PAGE);
        assert_eq!(blocks, 2);
        let lines: Vec<&str> = script.lines().collect();
        assert_eq!((lines[3], lines[13]), ("A=1", "echo $A"));
        assert_eq!(lines.len(), PAGE.lines().count());
        assert!(!script.contains("rm -rf"));
    }

    #[test]
    fn a_summary_names_every_document_once() {
        let documents = ["a.md", "results/x.md", "SUMMARY.md"].map(str::to_owned);
        let documents = BTreeSet::from(documents);
        let summary = |text: &str| faults(text, &documents);
        assert!(summary("- [A](a.md)\n").is_empty());
        assert_eq!(summary(""), ["does not name a.md"]);
        assert_eq!(summary("- [A](a.md)\n- [A](a.md)\n"), ["names a.md twice"]);
        assert_eq!(
            summary("- [A](a.md)\n- [B](b.md)\n"),
            ["names b.md, which is not there"]
        );
    }
}

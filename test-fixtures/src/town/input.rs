//! What the mission is about: pages that the user names, or those that ship. Addresses are asked by the fetching executor alone; files
//! are copied into a folder which it may read, and nothing else of the machine is open to it.

use alloy::primitives::{B256, keccak256};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::TownError;

/// Most sources of one fetch, as docs/pages.md has it.
pub const SOURCES_MAX: usize = 32; // structural: bound of one output
/// Bytes of a file that is copied: what a page may have, as docs/pages.md has it.
const FILE_BYTES_MAX: u64 = 2 << 20; // structural: bound of one page

/// Whether hosts on this machine and its networks may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Addresses of the public internet alone.
    Public,
    /// Those of this machine's networks too.
    Private,
}

/// One page that is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Web { address: String, host: String },
    File(PathBuf),
    Corpus(String),
}

/// All of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    sources: Vec<Source>,
    network: Network,
    folder: PathBuf,
}

impl Sources {
    /// What a user wrote: addresses of http and https, files, `corpus:` and its pages. Nothing is what ships. `folder` is where files
    /// will be copied to.
    ///
    /// Errors: [`TownError::Pages`].
    pub fn of(words: &[String], network: Network, folder: PathBuf) -> Result<Self, TownError> {
        let mut sources = Vec::with_capacity(words.len());
        for word in words {
            sources.push(Source::of(word)?);
        }
        if sources.is_empty() {
            sources.push(Source::Corpus("corpus:".to_owned()));
        }
        if sources.len() > SOURCES_MAX {
            let count = sources.len();
            return Err(TownError::Pages(format!(
                "{count} pages, and one mission reads {SOURCES_MAX} at most: name fewer"
            )));
        }
        Ok(Self {
            sources,
            network,
            folder,
        })
    }

    /// As the law names them, one a line, below a line that nobody reads.
    pub fn rubric(&self, title: &str) -> String {
        let mut text = format!("# {title}\n");
        for (number, source) in self.sources.iter().enumerate() {
            text += &match source {
                Source::Web { address, .. } => address.clone(),
                Source::File(path) => copied(number, path),
                Source::Corpus(name) => name.clone(),
            };
            text.push('\n');
        }
        text
    }

    /// Those that were named and that a report has no page of, as they were named: a proof has no room for what could not be read.
    pub fn missing(&self, report: &Value) -> Vec<String> {
        let pages = report["pages"].as_array().into_iter().flatten();
        let urls: BTreeSet<&str> = pages
            .filter_map(|page| Some(page["url"].as_str()?.trim_end_matches('/')))
            .collect();
        let named = self.sources.iter().enumerate();
        let missing = named.filter_map(|(number, source)| match source {
            Source::Web { address, .. } => {
                // What stands behind # is asked of nobody.
                let asked = address.split('#').next().unwrap_or_default();
                let is_there = urls.contains(address.trim_end_matches('/'))
                    || urls.contains(asked.trim_end_matches('/'));
                (!is_there).then(|| address.clone())
            }
            Source::File(path) => {
                let is_there = urls.contains(copied(number, path).as_str());
                (!is_there).then(|| path.display().to_string())
            }
            Source::Corpus(name) => {
                let is_there = name == "corpus:" || urls.contains(name.as_str());
                (!is_there).then(|| name.clone())
            }
        });
        missing.collect()
    }

    /// What the fetching service is told further: hosts that it may ask, and the folder that it may read.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        for host in self.hosts() {
            arguments.extend(["--host".to_owned(), host.to_owned()]);
        }
        if !arguments.is_empty() && self.network == Network::Private {
            arguments.push("--allow-private".to_owned());
        }
        if self.files().next().is_some() {
            arguments.extend(["--root".to_owned(), self.folder.display().to_string()]);
        }
        arguments
    }

    /// What its constraints open: all of the network, or nothing.
    pub fn policies(&self) -> Vec<B256> {
        let any = self
            .hosts()
            .next()
            .map(|_| keccak256("agentcity:network:any"));
        any.into_iter().collect()
    }

    /// Copies the files.
    ///
    /// Errors: [`TownError::Pages`] for one that is none, or too long; [`TownError::File`].
    pub fn copy(&self) -> Result<(), TownError> {
        for (number, path) in self.files() {
            let length = std::fs::metadata(path).map_err(|cause| TownError::file(path, cause))?;
            if !length.is_file() || length.len() > FILE_BYTES_MAX {
                return Err(TownError::Pages(format!(
                    "{} is no file of at most {FILE_BYTES_MAX} bytes",
                    path.display()
                )));
            }
            let folder = &self.folder;
            std::fs::create_dir_all(folder).map_err(|cause| TownError::file(folder, cause))?;
            let to = folder.join(copied(number, path));
            std::fs::copy(path, &to).map_err(|cause| TownError::file(path, cause))?;
        }
        Ok(())
    }

    fn hosts(&self) -> impl Iterator<Item = &str> {
        let hosts = self.sources.iter().filter_map(|source| match source {
            Source::Web { host, .. } => Some(host.as_str()),
            Source::File(_) | Source::Corpus(_) => None,
        });
        hosts.collect::<BTreeSet<_>>().into_iter()
    }

    fn files(&self) -> impl Iterator<Item = (usize, &Path)> {
        let all = self.sources.iter().enumerate();
        all.filter_map(|(number, source)| match source {
            Source::File(path) => Some((number, path.as_path())),
            Source::Web { .. } | Source::Corpus(_) => None,
        })
    }
}

impl Source {
    fn of(word: &str) -> Result<Self, TownError> {
        let wrong = |why: &str| Err(TownError::Pages(format!("`{word}` is no page: {why}")));
        if word.is_empty() || word.starts_with('#') || word.contains(['\n', '\r']) {
            return wrong("an address, a file, or corpus: is");
        }
        if word.starts_with("corpus:") {
            return Ok(Self::Corpus(word.to_owned()));
        }
        let Some((scheme, rest)) = word.split_once("://") else {
            return Ok(Self::File(PathBuf::from(word)));
        };
        if !matches!(scheme, "http" | "https") {
            return wrong("only http and https are asked");
        }
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if host.is_empty() || host.contains('@') {
            return wrong("an address has a host, and no password before it");
        }
        let usual = match scheme {
            "http" => ":80",
            _ => ":443",
        };
        let host = host.to_ascii_lowercase();
        Ok(Self::Web {
            address: word.to_owned(),
            host: host.strip_suffix(usual).unwrap_or(&host).to_owned(),
        })
    }
}

/// What a copied file is called: no two alike, and none with a folder or a blank in its name.
fn copied(number: usize, path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let kept = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    let name: String = name
        .chars()
        .map(|letter| if kept(letter) { letter } else { '_' })
        .collect();
    format!("{}-{name}", number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Result<Sources, TownError> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Sources::of(&words, Network::Public, "pages".into())
    }

    #[test]
    fn without_a_word_it_is_what_ships_and_nothing_is_open() {
        let sources = of(&[]).unwrap();
        assert_eq!(sources.rubric("mission 1"), "# mission 1\ncorpus:\n");
        assert!(sources.arguments().is_empty() && sources.policies().is_empty());
    }

    #[test]
    fn the_service_may_ask_the_hosts_that_were_named_and_read_the_files_that_were_copied() {
        let words = [
            "https://A.example:443/x?y",
            "http://a.example:8080/z",
            "notes/a b.html",
            "corpus:cup-night.html",
        ];
        let sources = of(&words).unwrap();
        assert_eq!(
            sources.arguments(),
            [
                "--host",
                "a.example",
                "--host",
                "a.example:8080",
                "--root",
                "pages"
            ]
        );
        assert_eq!(sources.policies().len(), 1);
        let rubric = sources.rubric("it");
        assert!(
            rubric.ends_with("\n3-a_b.html\ncorpus:cup-night.html\n"),
            "{rubric}"
        );
        assert!(!sources.arguments().contains(&"--allow-private".to_owned()));
    }

    #[test]
    fn a_page_that_no_report_has_is_missed_under_the_name_that_it_was_given() {
        let words = [
            "https://a.example",
            "http://gone.example/x",
            "notes/a.html",
            "notes/gone.html",
            "corpus:",
        ];
        let sources = of(&words).unwrap();
        let page = |url: &str| serde_json::json!({"url": url});
        let report = serde_json::json!({"pages": [page("https://a.example/"), page("3-a.html"), page("corpus:cup-night.html")]});
        assert_eq!(
            sources.missing(&report),
            ["http://gone.example/x", "notes/gone.html"]
        );
    }

    #[test]
    fn what_is_no_page_is_told() {
        for word in [
            "ftp://a.example/",
            "https://me:secret@a.example/",
            "",
            "# a",
            "a\nb",
            "https:///x",
        ] {
            let error = of(&[word]).unwrap_err().to_string();
            assert!(error.contains("is no page"), "{word}: {error}");
        }
        let many = vec!["a.html"; SOURCES_MAX + 1];
        assert!(of(&many).unwrap_err().to_string().contains("name fewer"));
    }

    #[test]
    fn files_are_copied_under_names_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        for folder in [&one, &two] {
            std::fs::create_dir(folder).unwrap();
            std::fs::write(folder.join("a.html"), folder.display().to_string()).unwrap();
        }
        let words = [&one, &two].map(|folder| folder.join("a.html").display().to_string());
        let to = dir.path().join("pages");
        let sources = Sources::of(&words, Network::Public, to.clone()).unwrap();
        sources.copy().unwrap();
        assert_eq!(
            std::fs::read_to_string(to.join("2-a.html")).unwrap(),
            two.display().to_string()
        );
        let gone = Sources::of(&["/nowhere/x".to_owned()], Network::Public, to).unwrap();
        assert!(gone.copy().unwrap_err().to_string().contains("/nowhere/x"));
    }
}

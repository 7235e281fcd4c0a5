//! Keys and tokens, journal, log, vault: what lies on this machine, and the server of a shared journal.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use agentcity_hub::store::Log;
use alloy::primitives::{B256, keccak256};

use super::Findings;
use crate::{
    config::{Config, JournalAt},
    journal::{self, SqliteJournal},
    operations::{disks, free_bytes, ready::DISK_BYTES_MIN, settings::Token},
};

/// Less room than this is told: weeks of a busy journal.
const DISK_BYTES_LOW: u64 = 1 << 30;
/// How long the server of a journal may take to answer.
const SERVER_WITHIN: Duration = Duration::from_secs(5);

pub(super) fn check(config: &Config, found: &mut Findings) {
    keys(config, found);
    match &config.journal {
        JournalAt::File(path) => journal(path, found),
        JournalAt::Server(path) => server(path, found),
    }
    if let Some(log) = &config.log {
        kept_log(&log.file, found);
    }
    if let Some(mirror) = &config.mirror {
        vault(mirror.vault_folder(), found);
    }
    if let Some(admin) = config
        .operations
        .as_ref()
        .and_then(|operations| operations.admin.as_ref())
    {
        token(&admin.token_file, found);
    }
    room(config, found);
}

/// Files that hold a secret, by the key of the configuration that names them.
fn secrets(config: &Config) -> Vec<(&'static str, PathBuf)> {
    let mut secrets = Vec::new();
    if let Some(path) = &config.key_file {
        secrets.push(("key_file", path.clone()));
    }
    if let Some(clerk) = &config.clerk {
        secrets.push(("clerk.key_file", clerk.key_file.clone()));
    }
    if let Some(mirror) = &config.mirror {
        secrets.push(("mirror.vault_key_file", mirror.vault_key_file().to_owned()));
    }
    secrets
}

/// Each key is there, is one, is nobody else's to read, and is used for one thing.
fn keys(config: &Config, found: &mut Findings) {
    let mut uses: BTreeMap<B256, &'static str> = BTreeMap::new();
    for (name, path) in secrets(config) {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) => {
                found.fail(
                    name,
                    format!("{}: {cause}", path.display()),
                    "name a file that this user may read",
                );
                continue;
            }
        };
        let Ok(key) = text.trim().parse::<B256>() else {
            found.fail(
                name,
                format!("{} does not hold a key", path.display()),
                "64 hexadecimal digits, with or without 0x, and nothing else",
            );
            continue;
        };
        // Compared by their hashes: a key lies in no list.
        if let Some(other) = uses.insert(keccak256(key), name) {
            found.fail(
                name,
                format!("the same key as {other}"),
                "make a key for each: who steals one must not have both",
            );
            continue;
        }
        private(name, &path, found);
    }
    if let JournalAt::Server(path) = &config.journal {
        private("journal_url_file", path, found);
    }
    if config.key_file.is_none() {
        found.warn(
            "key_file",
            "none: this keeper only tells, and pays for nothing",
            "name one if it is to act",
        );
    }
}

/// Nobody but its owner may read it.
fn private(name: &'static str, path: &Path, found: &mut Findings) {
    match fs::metadata(path) {
        Ok(about) => {
            let mode = about.mode() & 0o777;
            if mode & 0o077 == 0 {
                found.ok(name, format!("{}, read by its owner alone", path.display()));
            } else {
                found.warn(
                    name,
                    format!("{} has mode {mode:o}: others may read it", path.display()),
                    format!("chmod 600 {}", path.display()),
                );
            }
        }
        Err(cause) => found.fail(
            name,
            format!("{}: {cause}", path.display()),
            "name a file that this user may read",
        ),
    }
}

fn token(path: &Path, found: &mut Findings) {
    let name = "operations.admin_token_file";
    match Token::read(path) {
        Ok(_) => private(name, path, found),
        Err(error) => found.fail(name, error.to_string(), "openssl rand -hex 32 makes one"),
    }
}

fn journal(path: &Path, found: &mut Findings) {
    if !path.exists() {
        return new_file("journal", path, found);
    }
    // Whoever opens it writes nothing of its content; a keeper that is at work is not kept waiting.
    match SqliteJournal::open(path) {
        Ok(_) => found.ok("journal", format!("{} opens", path.display())),
        Err(error) => found.fail(
            "journal",
            format!("{}: {error}", path.display()),
            "docs/operations.md says how a journal is restored",
        ),
    }
}

/// What is not there yet can be made, as far as rights tell.
fn new_file(name: &'static str, path: &Path, found: &mut Findings) {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    match writable(folder) {
        Ok(()) => found.ok(
            name,
            format!("{} is not there yet: the keeper begins it", path.display()),
        ),
        Err(cause) => found.fail(
            name,
            format!("{}: {cause}", folder.display()),
            "make the folder, and let this user write into it",
        ),
    }
}

/// Whether files can be made in a folder: asked of its rights, without making one.
fn writable(folder: &Path) -> io::Result<()> {
    let about = fs::metadata(folder)?;
    if !about.is_dir() {
        return Err(io::Error::from(io::ErrorKind::NotADirectory));
    }
    rustix::fs::access(
        folder,
        rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK,
    )
    .map_err(io::Error::from)
}

fn server(path: &Path, found: &mut Findings) {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        // Told already, with its rights.
        Err(_) => return,
    };
    let (mut server, connector) = match journal::server(text.trim()) {
        Ok(server) => server,
        Err(error) => {
            let fix = "host=… user=… dbname=… sslrootcert=…, or postgres://…";
            return found.fail("journal", error.to_string(), fix);
        }
    };
    server
        .connect_timeout(SERVER_WITHIN)
        .application_name("agentcity-keeper check");
    // The client has a loop of its own, which must not begin inside another.
    let asked = std::thread::spawn(move || {
        let mut client = server
            .connect(connector)
            .map_err(|error| error.to_string())?;
        let query = "SELECT current_setting('server_version'), current_setting('fsync'), pg_is_in_recovery()::text";
        let row = client
            .query_one(query, &[])
            .map_err(|error| error.to_string())?;
        let text = |place: usize| {
            row.try_get::<_, String>(place)
                .map_err(|error| error.to_string())
        };
        Ok::<_, String>((text(0)?, text(1)?, text(2)?))
    });
    match asked.join() {
        Ok(Ok((version, fsync, standby))) => {
            if standby != "false" {
                found.fail(
                    "journal",
                    format!("PostgreSQL {version} is a standby, which takes no writes"),
                    "name the primary",
                );
            } else if fsync != "on" {
                found.fail(
                    "journal",
                    format!("PostgreSQL {version} runs with fsync = {fsync}"),
                    "set fsync = on: what it forgets is done twice",
                );
            } else {
                found.ok(
                    "journal",
                    format!("PostgreSQL {version} answers, and keeps what it is told"),
                );
            }
        }
        Ok(Err(error)) => found.fail(
            "journal",
            format!("PostgreSQL: {error}"),
            "start the server, or correct journal_url_file",
        ),
        Err(_) => found.fail(
            "journal",
            "PostgreSQL cannot be asked",
            "correct journal_url_file",
        ),
    }
}

fn kept_log(path: &Path, found: &mut Findings) {
    if !path.exists() {
        return new_file("log.file", path, found);
    }
    match Log::open_to_read(path).and_then(|log| log.size()) {
        Ok(size) => {
            let writes = OpenOptions::new().append(true).open(path);
            match writes {
                Ok(_) => found.ok("log.file", format!("{} has {size} entries", path.display())),
                Err(cause) => found.fail(
                    "log.file",
                    format!("{}: {cause}", path.display()),
                    "let this user write into it",
                ),
            }
        }
        Err(error) => found.fail(
            "log.file",
            format!("{}: {error}", path.display()),
            "restore it from a bundle or a copy; never begin another under the same key",
        ),
    }
}

fn vault(folder: &Path, found: &mut Findings) {
    if !folder.exists() {
        return new_file("mirror.vault", folder, found);
    }
    match writable(folder) {
        Ok(()) => found.ok(
            "mirror.vault",
            format!("{} can be written into", folder.display()),
        ),
        Err(cause) => found.fail(
            "mirror.vault",
            format!("{}: {cause}", folder.display()),
            "let this user write into it",
        ),
    }
}

fn room(config: &Config, found: &mut Findings) {
    for (of, path) in disks(config) {
        let about = format!("disk of the {of}");
        match free_bytes(&path) {
            Some(free) if free < DISK_BYTES_MIN => found.fail(
                about,
                format!("{} MiB are left", free >> 20),
                "make room: a keeper that cannot write stops",
            ),
            Some(free) if free < DISK_BYTES_LOW => {
                found.warn(about, format!("{} MiB are left", free >> 20), "make room")
            }
            Some(_) => found.ok(about, "1 GiB or more is left"),
            None => found.fail(about, "it cannot be asked", "name a path that exists"),
        }
    }
}

//! The section `[operations]` of the configuration.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use alloy::primitives::{B256, keccak256};
use serde::Deserialize;

/// Shortest token, in characters: as many hexadecimal digits hold the 128 bits that nobody guesses.
pub const TOKEN_CHARS_MIN: usize = 32;
/// Longest token, in characters: it is one header of a request.
pub const TOKEN_CHARS_MAX: usize = 1_024;
/// Longest and shortest pause between two looks at the endpoints, in seconds.
const LOOK_SECS: std::ops::RangeInclusive<u64> = 1..=300;
/// Longest that a limit in seconds may be: a day. Who wants more wants no limit.
const LIMIT_SECS_MAX: u64 = 86_400;

/// Names of a listener: an operator has one, or a few behind a proxy.
const HOSTS_MAX: usize = 16;
/// Longest name of a host, in bytes.
const HOST_BYTES_MAX: usize = 253;

/// The section as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    listen: Option<SocketAddr>,
    #[serde(default)]
    status: bool,
    #[serde(default)]
    dashboard: bool,
    #[serde(default)]
    dashboard_hosts: Vec<String>,
    dashboard_mission_gas: Option<u64>,
    dashboard_file: Option<PathBuf>,
    #[serde(default = "default_look_secs")]
    look_secs: u64,
    #[serde(default = "default_head_age_secs")]
    head_age_secs: u64,
    #[serde(default = "default_lag_blocks")]
    lag_blocks: u64,
    #[serde(default = "default_clock_skew_secs")]
    clock_skew_secs: u64,
    admin_listen: Option<SocketAddr>,
    admin_token_file: Option<PathBuf>,
    admin_state_file: Option<PathBuf>,
    #[serde(default)]
    admin_beyond_loopback: bool,
}

// Ten seconds are several looks within the interval at which Prometheus usually scrapes, and little for an endpoint.
const fn default_look_secs() -> u64 {
    10
}

// Arbitrum makes a block for each transaction: on a chain in use there is one within seconds, and ten minutes without are an outage.
const fn default_head_age_secs() -> u64 {
    600
}

// Five minutes of blocks of 250 ms.
const fn default_lag_blocks() -> u64 {
    1_200
}

// Leases last thirty seconds by each keeper's own clock: a third of it leaves them alone.
const fn default_clock_skew_secs() -> u64 {
    10
}

/// What is served, and when a keeper counts as ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where health, readiness and metrics are served; nowhere when absent.
    pub listen: Option<SocketAddr>,
    /// Whether `/status` is served there too.
    pub status: bool,
    /// The dashboard, if it is served there too.
    pub dashboard: Option<Dashboard>,
    /// Pause between two looks at the endpoints, in seconds.
    pub look_secs: u64,
    /// How old the chain's newest block may be, in seconds.
    pub head_age_secs: u64,
    /// How many blocks a stream that follows the chain may be behind.
    pub lag_blocks: u64,
    /// How far the newest block may lie ahead of this machine's clock, in seconds.
    pub clock_skew_secs: u64,
    /// The admin API, if there is one.
    pub admin: Option<Admin>,
}

/// The dashboard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dashboard {
    /// Names of the listener, besides its addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Gas that a mission may use, to compare with.
    pub mission_gas: Option<u64>,
    /// Where what was read is kept; beside the journal when absent.
    pub file: Option<PathBuf>,
}

/// The admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Where it is served.
    pub listen: SocketAddr,
    /// File with the token that orders must show.
    pub token_file: PathBuf,
    /// File that remembers which streams are paused, so that a restart does not resume them.
    pub state_file: PathBuf,
}

/// Why the section cannot be used. Every message names the key.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Neither listens.
    #[error("operations: nothing is served: name `listen`, or remove the section")]
    Idle,
    /// Outside its bounds.
    #[error("operations.{key} = {given} is not within {least}..={most}")]
    Bounds {
        /// Which key.
        key: &'static str,
        /// What it says.
        given: u64,
        /// The least that it may say.
        least: u64,
        /// The most.
        most: u64,
    },
    /// A page needs a listener.
    #[error("operations.{0}: there is no `listen` on which a dashboard is served")]
    Unserved(&'static str),
    /// What is said of a dashboard that is not served.
    #[error("operations.{0}: there is no dashboard that it is for: say `dashboard = true`")]
    NoDashboard(&'static str),
    /// A name that is none of a host.
    #[error(
        "operations.dashboard_hosts: {0:?} is no name of a host without a port, or there are more than {HOSTS_MAX}"
    )]
    Host(String),
    /// Orders without a token, or without a place to remember them.
    #[error(
        "operations.admin_listen: it takes {0} too: nobody gives orders without a token, and a pause outlives a restart"
    )]
    Missing(&'static str),
    /// A token that nobody asks for.
    #[error("operations.{0}: there is no `admin_listen` that it is for")]
    Unused(&'static str),
    /// Orders from other machines.
    #[error(
        "operations.admin_listen = {0}: other machines reach it, and nothing encrypts what they send; listen on a loopback address, or say admin_beyond_loopback = true when a proxy does"
    )]
    Exposed(SocketAddr),
    /// The token cannot be read.
    #[error("operations.admin_token_file: cannot read {path}: {cause}", path = path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The token is too short to be a secret. It is not repeated.
    #[error("operations.admin_token_file: {path} holds {chars} characters, but a token takes {TOKEN_CHARS_MIN}..={TOKEN_CHARS_MAX}: `openssl rand -hex 32` makes one", path = path.display())]
    Token {
        /// Which file.
        path: PathBuf,
        /// How many characters it has.
        chars: usize,
    },
}

impl Section {
    fn dashboard(&self) -> Result<Option<Dashboard>, SettingsError> {
        if !self.dashboard {
            let named = [
                ("dashboard_hosts", !self.dashboard_hosts.is_empty()),
                (
                    "dashboard_mission_gas",
                    self.dashboard_mission_gas.is_some(),
                ),
                ("dashboard_file", self.dashboard_file.is_some()),
            ];
            let named = named.into_iter().find(|(_, is_named)| *is_named);
            return match named {
                Some((key, _)) => Err(SettingsError::NoDashboard(key)),
                None => Ok(None),
            };
        }
        if self.listen.is_none() {
            return Err(SettingsError::Unserved("dashboard"));
        }
        let is_name = |host: &&String| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
            (1..=HOST_BYTES_MAX).contains(&host.len()) && host.bytes().all(fits)
        };
        let mut hosts = self.dashboard_hosts.iter();
        if let Some(host) = hosts.find(|host| !is_name(host)) {
            return Err(SettingsError::Host(host.clone()));
        }
        if self.dashboard_hosts.len() > HOSTS_MAX {
            return Err(SettingsError::Host(String::new()));
        }
        if let Some(given) = self.dashboard_mission_gas.filter(|gas| *gas == 0) {
            return Err(SettingsError::Bounds {
                key: "dashboard_mission_gas",
                given,
                least: 1,
                most: u64::MAX,
            });
        }
        Ok(Some(Dashboard {
            hosts: self.dashboard_hosts.clone(),
            mission_gas: self.dashboard_mission_gas,
            file: self.dashboard_file.clone(),
        }))
    }

    /// Validates it.
    ///
    /// Errors: [`SettingsError`].
    pub fn settings(self) -> Result<Settings, SettingsError> {
        if self.listen.is_none() && self.admin_listen.is_none() {
            return Err(SettingsError::Idle);
        }
        for (key, given, least, most) in [
            (
                "look_secs",
                self.look_secs,
                *LOOK_SECS.start(),
                *LOOK_SECS.end(),
            ),
            ("head_age_secs", self.head_age_secs, 1, LIMIT_SECS_MAX),
            ("lag_blocks", self.lag_blocks, 1, u64::from(u32::MAX)),
            ("clock_skew_secs", self.clock_skew_secs, 1, LIMIT_SECS_MAX),
        ] {
            if !(least..=most).contains(&given) {
                return Err(SettingsError::Bounds {
                    key,
                    given,
                    least,
                    most,
                });
            }
        }
        let dashboard = self.dashboard()?;
        let admin = match (
            self.admin_listen,
            self.admin_token_file,
            self.admin_state_file,
        ) {
            (None, None, None) => None,
            (None, Some(_), _) => return Err(SettingsError::Unused("admin_token_file")),
            (None, None, Some(_)) => return Err(SettingsError::Unused("admin_state_file")),
            (Some(_), None, _) => return Err(SettingsError::Missing("admin_token_file")),
            (Some(_), _, None) => return Err(SettingsError::Missing("admin_state_file")),
            (Some(listen), Some(token_file), Some(state_file)) => {
                if !listen.ip().is_loopback() && !self.admin_beyond_loopback {
                    return Err(SettingsError::Exposed(listen));
                }
                Some(Admin {
                    listen,
                    token_file,
                    state_file,
                })
            }
        };
        Ok(Settings {
            listen: self.listen,
            status: self.status,
            dashboard,
            look_secs: self.look_secs,
            head_age_secs: self.head_age_secs,
            lag_blocks: self.lag_blocks,
            clock_skew_secs: self.clock_skew_secs,
            admin,
        })
    }
}

/// A token, as its hash: what is not kept cannot be told.
#[derive(Clone, Copy, Debug)]
pub struct Token(B256);

impl Token {
    /// Reads a token's file.
    ///
    /// Errors: [`SettingsError::Unreadable`], [`SettingsError::Token`].
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let path = path.to_owned();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) => return Err(SettingsError::Unreadable { path, cause }),
        };
        let token = text.trim();
        let chars = token.chars().count();
        if !(TOKEN_CHARS_MIN..=TOKEN_CHARS_MAX).contains(&chars) {
            return Err(SettingsError::Token { path, chars });
        }
        Ok(Self(keccak256(token)))
    }

    /// Whether this is shown. What is compared are hashes, all of their bytes, so time says nothing about the token.
    pub fn is(&self, shown: &str) -> bool {
        let shown = keccak256(shown);
        let differing = self.0.iter().zip(shown.iter());
        differing.fold(0, |found, (one, other)| found | (one ^ other)) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, String> {
        let section: Section = toml::from_str(text).map_err(|error| error.to_string())?;
        section.settings().map_err(|error| error.to_string())
    }

    const ADMIN: &str = "listen = \"127.0.0.1:9464\"\nadmin_listen = \"127.0.0.1:9465\"\nadmin_token_file = \"token\"\nadmin_state_file = \"paused.json\"\n";

    #[test]
    fn a_short_section_serves_no_status_and_takes_no_orders() {
        let settings = read("listen = \"127.0.0.1:9464\"").expect("valid");
        assert!(!settings.status && settings.admin.is_none());
        assert!(read(ADMIN).expect("valid").admin.is_some());
    }

    #[test]
    fn a_dashboard_wants_a_listener_and_names_that_are_names() {
        let on = "listen = \"127.0.0.1:9464\"\ndashboard = true\n";
        assert_eq!(
            read("listen = \"127.0.0.1:9464\"")
                .expect("valid")
                .dashboard,
            None
        );
        let settings = read(&format!(
            "{on}dashboard_hosts = [\"keeper.example.org\"]\ndashboard_mission_gas = 5"
        ));
        let dashboard = settings.expect("valid").dashboard.expect("served");
        assert_eq!((dashboard.hosts.len(), dashboard.mission_gas), (1, Some(5)));
        for (text, says) in [
            (
                ADMIN.replace("listen = \"127.0.0.1:9464\"\n", "dashboard = true\n"),
                "no `listen`",
            ),
            (
                "listen = \"127.0.0.1:9464\"\ndashboard_hosts = [\"a\"]".into(),
                "dashboard = true",
            ),
            (
                "listen = \"127.0.0.1:9464\"\ndashboard_mission_gas = 1".into(),
                "dashboard = true",
            ),
            (
                "listen = \"127.0.0.1:9464\"\ndashboard_file = \"seen\"".into(),
                "dashboard = true",
            ),
            (
                format!("{on}dashboard_hosts = [\"a:80\"]"),
                "no name of a host",
            ),
            (
                format!("{on}dashboard_hosts = [\"*\"]"),
                "no name of a host",
            ),
            (format!("{on}dashboard_hosts = [\"\"]"), "no name of a host"),
            (format!("{on}dashboard_mission_gas = 0"), "not within"),
        ] {
            let told = read(&text).expect_err(says);
            assert!(told.contains(says), "{told}");
        }
    }

    #[test]
    fn orders_from_other_machines_are_taken_by_those_who_say_so() {
        let open = ADMIN.replace("127.0.0.1:9465", "0.0.0.0:9465");
        let refused = read(&open).expect_err("exposed");
        assert!(refused.contains("admin_beyond_loopback"), "{refused}");
        let said = format!("{open}admin_beyond_loopback = true");
        assert!(read(&said).expect("said").admin.is_some());
    }

    #[test]
    fn every_bad_value_is_refused_with_its_key() {
        for (text, says) in [
            ("", "nothing is served"),
            ("listen = \"here\"", "invalid socket address"),
            ("listen = \"[::1]:1\"\nlook_secs = 0", "look_secs = 0"),
            (
                "listen = \"[::1]:1\"\nhead_age_secs = 86401",
                "head_age_secs",
            ),
            ("listen = \"[::1]:1\"\nlag_blocks = 0", "lag_blocks = 0"),
            (
                "listen = \"[::1]:1\"\nclock_skew_secs = 0",
                "clock_skew_secs",
            ),
            ("listen = \"[::1]:1\"\nmetrics = true", "unknown field"),
            ("admin_listen = \"[::1]:1\"", "admin_token_file"),
            (
                "admin_listen = \"[::1]:1\"\nadmin_token_file = \"t\"",
                "admin_state_file",
            ),
            (
                "listen = \"[::1]:1\"\nadmin_token_file = \"t\"",
                "no `admin_listen`",
            ),
            (
                "listen = \"[::1]:1\"\nadmin_state_file = \"t\"",
                "no `admin_listen`",
            ),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(says), "{text}\nsaid: {error}");
        }
    }

    #[test]
    fn a_token_is_long_and_only_itself() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("token");
        assert!(matches!(
            Token::read(&path),
            Err(SettingsError::Unreadable { .. })
        ));
        fs::write(&path, "sesame").expect("written");
        let short = Token::read(&path).expect_err("short").to_string();
        assert!(
            short.contains("6 characters") && !short.contains("sesame"),
            "{short}"
        );
        let secret = "0123456789abcdef0123456789abcdef";
        fs::write(&path, format!("{secret}\n")).expect("written");
        let token = Token::read(&path).expect("long enough");
        assert!(token.is(secret));
        for other in [
            "",
            "0123456789abcdef0123456789abcdeg",
            &secret[1..],
            &secret.to_uppercase(),
        ] {
            assert!(!token.is(other), "{other}");
        }
        assert!(!format!("{token:?}").contains(secret));
    }
}

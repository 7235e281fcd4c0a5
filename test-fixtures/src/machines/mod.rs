//! The machines of a city as they are run: the real executables, each with files of its own in one folder, at ports that the system
//! chooses, gone when their owner is.
//!
//! Reading order: [`process`] (one of them), [`files`] (what they are told), this (all of them), [`sun`] (how time passes where nobody
//! has anything to do).

pub mod files;
pub mod process;
pub mod sun;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use agentcity_domain::{clerk::ClerkRole, peer::Peer};
use alloy::primitives::{Address, B256, keccak256};
use tempfile::TempDir;

use crate::{
    city::{City, Person},
    tool::{Tool, ToolMissing},
};

pub use self::{
    files::{Admits, Agent, Desk, Keeper, Office},
    process::{Process, ProcessError},
    sun::Sun,
};

/// How long an executable of a debug build may take until it works.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// The folder of what people saw of who somebody is.
const EVIDENCE: &str = "evidence";

/// Why the machines do not run.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// An executable is missing.
    #[error(transparent)]
    Missing(#[from] ToolMissing),
    /// A process does not do what it should.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A file cannot be written.
    #[error("a file of the machines: {0}")]
    File(#[from] io::Error),
    /// What an executable answered is not understood.
    #[error("{what}: {answer:?} is not what is expected")]
    Answer {
        /// What was asked.
        what: &'static str,
        /// What came.
        answer: String,
    },
    /// A command of the client failed.
    #[error("agentcity {line}: {said}")]
    Client {
        /// What was typed.
        line: String,
        /// What it said.
        said: String,
    },
}

/// Where a city is.
#[derive(Clone, Debug)]
pub struct Place {
    /// The endpoint.
    pub url: String,
    /// The chain.
    pub chain_id: u64,
    members: Vec<Address>,
}

impl Place {
    /// Where this city is.
    pub fn of(city: &City) -> Self {
        Self {
            url: city.node.http_url(),
            chain_id: city.client.chain_id(),
            members: Peer::ALL.map(|peer| city.address(peer)).to_vec(),
        }
    }

    /// The address of a member.
    ///
    /// Panics: never; every member is there.
    pub fn at(&self, peer: Peer) -> Address {
        let place = Peer::ALL.iter().position(|known| *known == peer);
        self.members[place.expect("a member")]
    }
}

/// The machines of a city.
#[derive(Debug)]
pub struct Machines {
    /// Where the city is.
    pub place: Place,
    running: Vec<Process>,
    poll_secs: u64,
    operations: &'static str,
    /// Last: processes end before their files go.
    folder: Folder,
}

/// Where the files of the machines are.
#[derive(Debug)]
enum Folder {
    /// Gone with the machines.
    Passing(TempDir),
    /// Somebody's, who may look into them later.
    Kept(PathBuf),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Passing(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }
}

impl Machines {
    /// None yet.
    ///
    /// Errors: [`MachineError::File`].
    pub fn of(city: &City) -> Result<Self, MachineError> {
        Self::with(city, Folder::Passing(tempfile::tempdir()?))
    }

    /// None yet, with their files in a folder that stays.
    ///
    /// Errors: [`MachineError::File`].
    pub fn in_folder(city: &City, folder: &Path) -> Result<Self, MachineError> {
        std::fs::create_dir_all(folder)?;
        Self::with(city, Folder::Kept(folder.to_owned()))
    }

    fn with(city: &City, folder: Folder) -> Result<Self, MachineError> {
        std::fs::create_dir_all(folder.path().join(EVIDENCE))?;
        Ok(Self {
            place: Place::of(city),
            running: Vec::new(),
            poll_secs: 1,
            operations: "",
            folder,
        })
    }

    /// How many seconds agents that are started from now on pause between two looks; one without.
    pub const fn pace(&mut self, poll_secs: u64) {
        self.poll_secs = poll_secs;
    }

    /// Keepers that are started from now on have this section of operations.
    pub const fn operate(&mut self, section: &'static str) {
        self.operations = section;
    }

    /// Those that run, by their names.
    pub fn running(&self) -> impl Iterator<Item = &Process> {
        self.running.iter()
    }

    /// Lets all of them run on when their owner is gone.
    pub fn leave(mut self) {
        for process in self.running.drain(..) {
            process.leave();
        }
    }

    /// A file or folder of the set.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of statutes' documents, which clerks, agents and keepers share.
    pub fn documents(&self) -> PathBuf {
        self.path("documents")
    }

    /// The folder of what people saw of who somebody is.
    pub fn evidence(&self) -> PathBuf {
        self.path(EVIDENCE)
    }

    /// The folder of what the registrar attested.
    pub fn attestations(&self) -> PathBuf {
        self.path("attestations")
    }

    /// Fills an office: the clerk's key signs, `payer` pays.
    ///
    /// Errors: [`MachineError`].
    pub fn fill_office(
        &mut self,
        role: ClerkRole,
        clerk: &Person,
        payer: &Person,
    ) -> Result<(), MachineError> {
        let name = role.name().to_lowercase();
        let admits = match role {
            ClerkRole::Registrar => Admits::WhoeverIsKnown,
            ClerkRole::Speaker | ClerkRole::Regulator | ClerkRole::Codifier => Admits::Nobody,
        };
        let office = Office {
            clerk,
            payer,
            admits,
        };
        let config = files::office(self, &name, &office)?;
        let arguments = [
            "--config".to_owned(),
            config.display().to_string(),
            "--role".to_owned(),
            name.clone(),
        ];
        self.start(&name, Tool::Keeper, &arguments)
    }

    /// Starts a keeper.
    ///
    /// Errors: [`MachineError`].
    pub fn start_keeper(&mut self, name: &str, keeper: &Keeper<'_>) -> Result<(), MachineError> {
        let config = files::keeper(self, name, keeper)?;
        let arguments = ["--config".to_owned(), config.display().to_string()];
        self.start(name, Tool::Keeper, &arguments)
    }

    /// Starts an agent; where it serves, if it does.
    ///
    /// Errors: [`MachineError`].
    pub fn start_agent(&mut self, agent: &Agent<'_>) -> Result<Option<SocketAddr>, MachineError> {
        let policy = files::agent(self, agent)?;
        let arguments = ["--policy".to_owned(), policy.display().to_string()];
        let name = agent.agent.name.clone();
        self.start(&name, Tool::Agent, &arguments)?;
        if agent.desk.is_none() {
            return Ok(None);
        }
        let process = self.process(&name)?;
        let answer = process.wait_for("serving address=", READY_WITHIN)?;
        let address = answer.parse();
        let what = "where an agent serves";
        address
            .map(Some)
            .map_err(|_| MachineError::Answer { what, answer })
    }

    fn start(&mut self, name: &str, tool: Tool, arguments: &[String]) -> Result<(), MachineError> {
        let process = Process::start(name, &tool.find()?, arguments, self.folder.path())?;
        self.running.push(process);
        Ok(())
    }

    /// A running process by its name.
    ///
    /// Errors: [`MachineError::Answer`] if nobody has that name.
    pub fn process(&mut self, name: &str) -> Result<&mut Process, MachineError> {
        let mut running = self.running.iter_mut();
        running
            .find(|process| process.name == name)
            .ok_or_else(|| MachineError::Answer {
                what: "a process",
                answer: name.to_owned(),
            })
    }

    /// Takes a process out of the set, to be ended by whoever has it.
    pub fn take(&mut self, name: &str) -> Option<Process> {
        let place = self
            .running
            .iter()
            .position(|process| process.name == name)?;
        Some(self.running.remove(place))
    }

    /// Whether all of them are still there.
    ///
    /// Errors: [`ProcessError::Ended`] of the first that is not.
    pub fn alive(&mut self) -> Result<(), MachineError> {
        for process in &mut self.running {
            process.alive()?;
        }
        Ok(())
    }

    /// What a person does at the command line: the words after `agentcity`. What it said.
    ///
    /// Errors: [`MachineError::Client`] if it failed.
    pub fn client(&self, by: &Person, words: &[&str]) -> Result<String, MachineError> {
        let mut command = std::process::Command::new(Tool::Client.find()?);
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("AGENTCITY_") {
                command.env_remove(variable);
            }
        }
        let key = by.signer().to_bytes().to_string();
        let constitution = self.place.at(Peer::Constitution).to_string();
        // In the environment, not among the arguments: those are visible to every user of the machine.
        command
            .env("AGENTCITY_PRIVATE_KEY", key)
            .env("AGENTCITY_RPC_URL", &self.place.url)
            .env("AGENTCITY_CITY", constitution)
            .args(words)
            .current_dir(self.folder.path());
        let output = agentcity_interrupt::output(&mut command)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        Err(MachineError::Client {
            line: words.join(" "),
            said: text(&output.stdout) + &text(&output.stderr),
        })
    }
}

impl Drop for Machines {
    /// All are asked before the first is waited for.
    fn drop(&mut self) {
        for process in &mut self.running {
            process.ask_to_end();
        }
    }
}

/// The code hash of a service that is one file, by the rule of docs/services.md.
///
/// Errors: the file cannot be read.
pub fn code_hash(file: &Path) -> io::Result<B256> {
    Ok(keccak256(std::fs::read(file)?))
}

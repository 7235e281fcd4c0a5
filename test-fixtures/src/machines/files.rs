//! What machines are told: configurations, policies and keys, written where only they look.

use std::{
    fmt::Write as _,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use agentcity_domain::peer::Peer;
use alloy::primitives::{Address, B256};

use super::Machines;
use crate::city::Person;

/// Who fills an office.
#[derive(Clone, Copy, Debug)]
pub struct Office<'a> {
    /// The agent that holds it; its key only signs.
    pub clerk: &'a Person,
    /// The account that submits.
    pub payer: &'a Person,
    /// Whether it attests enrolments, as a registrar does.
    pub admits: Admits,
}

/// Whether a clerk attests enrolments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admits {
    /// By the evidence in [`Machines::evidence`].
    WhoeverIsKnown,
    /// No business of its office.
    Nobody,
}

/// What an agent is told.
#[derive(Clone, Debug)]
pub struct Agent<'a> {
    /// The agent.
    pub agent: &'a Person,
    /// Who answers for it.
    pub principal: &'a Person,
    /// What its owner lets it do: tables of its policy.
    pub tables: String,
    /// What it serves; nothing without.
    pub desk: Option<Desk>,
}

/// What an agent serves: one service, a script that the shell runs.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Its number in the city.
    pub service: B256,
    /// The script, whose hash is the service's code hash.
    pub script: PathBuf,
    /// What the script is told.
    pub arguments: Vec<String>,
}

/// What a keeper is told.
#[derive(Clone, Copy, Debug)]
pub struct Keeper<'a> {
    /// The account that submits, and signs what the keeper says.
    pub payer: &'a Person,
    /// Every executor that it knows, and where it is.
    pub executors: &'a [(Address, SocketAddr)],
    /// Those whom it serves.
    pub served: &'a [Address],
}

/// The configuration of a clerk.
pub(super) fn office(set: &Machines, name: &str, office: &Office<'_>) -> io::Result<PathBuf> {
    let folder = folder(set, name)?;
    let mut text = common(set, name, &folder, office.payer)?;
    let key = key(&folder, "clerk.key", office.clerk)?;
    let _ = write!(
        text,
        "\n[clerk]\nkey_file = {}\ndocuments = {}\npoll_secs = 1\n",
        quoted(&key),
        quoted(&set.documents()),
    );
    if office.admits == Admits::WhoeverIsKnown {
        let _ = write!(
            text,
            "\n[clerk.admissions]\nevidence = {}\nattestations = {}\n",
            quoted(&set.evidence()),
            quoted(&set.attestations()),
        );
    }
    write(&folder.join("keeper.toml"), text)
}

/// The configuration of a keeper that works on missions.
pub(super) fn keeper(set: &Machines, name: &str, keeper: &Keeper<'_>) -> io::Result<PathBuf> {
    let folder = folder(set, name)?;
    let mut text = common(set, name, &folder, keeper.payer)?;
    let _ = write!(
        text,
        "\n[log]\nfile = {}\nlisten = \"127.0.0.1:0\"\n\n[router]\ndocuments = {}\npoll_secs = 1\n",
        quoted(&folder.join("log.sqlite")),
        quoted(&set.documents()),
    );
    text += set.operations;
    for (agent, address) in keeper.executors {
        let served = keeper.served.contains(agent);
        let _ = write!(
            text,
            "\n[[router.executors]]\nagent = \"{agent}\"\nurl = \"http://{address}\"\nserved = {served}\n",
        );
    }
    write(&folder.join("keeper.toml"), text)
}

/// The policy of an agent. Keys and what was signed lie apart from what its services see.
pub(super) fn agent(set: &Machines, agent: &Agent<'_>) -> io::Result<PathBuf> {
    let own = folder(set, &agent.agent.name)?;
    let secret = own.join("secret");
    std::fs::create_dir_all(&secret)?;
    let mut text = format!(
        "endpoint = \"{}\"\nconstitution = \"{}\"\nagent_key_file = {}\nprincipal_key_file = {}\njournal = {}\nsecrets = {}\n\
         documents = {}\nname = \"{}\"\ndepth_blocks = 0\npoll_secs = {}\n\n{}",
        set.place.url,
        set.place.at(Peer::Constitution),
        quoted(&key(&secret, "agent.key", agent.agent)?),
        quoted(&key(&secret, "principal.key", agent.principal)?),
        quoted(&secret.join("journal.sqlite")),
        quoted(&secret.join("vault.sqlite")),
        quoted(&set.documents()),
        agent.agent.name,
        set.poll_secs,
        agent.tables,
    );
    if let Some(desk) = &agent.desk {
        let script = desk.script.display().to_string();
        let words = std::iter::once(&script).chain(&desk.arguments);
        let words: Vec<String> = words.map(|word| format!("{word:?}")).collect();
        let _ = write!(
            text,
            "\n[serve]\nlisten = \"127.0.0.1:0\"\njobs = {}\nscratch = {}\njobs_max = 8\n\n[[serve.service]]\n\
             service = \"{}\"\nartifact = {}\nprogram = \"/bin/sh\"\narguments = [{}]\n",
            quoted(&own.join("jobs")),
            quoted(&own.join("scratch")),
            desk.service,
            quoted(&desk.script),
            words.join(", "),
        );
    }
    write(&own.join("policy.toml"), text)
}

/// What every keeper is told.
fn common(set: &Machines, name: &str, folder: &Path, payer: &Person) -> io::Result<String> {
    let key = key(folder, "payer.key", payer)?;
    Ok(format!(
        "endpoint = \"{}\"\njournal = {}\nname = \"{name}\"\ndepth_blocks = 0\npoll_secs = 5\nkey_file = {}\n\n\
         [city]\nconstitution = \"{}\"\nfrom_block = 0\n",
        set.place.url,
        quoted(&folder.join("journal.sqlite")),
        quoted(&key),
        set.place.at(Peer::Constitution),
    ))
}

fn folder(set: &Machines, name: &str) -> io::Result<PathBuf> {
    let folder = set.path(&name.replace(' ', "-"));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn key(folder: &Path, name: &str, of: &Person) -> io::Result<PathBuf> {
    write(&folder.join(name), of.signer().to_bytes().to_string())
}

fn write(path: &Path, text: String) -> io::Result<PathBuf> {
    std::fs::write(path, text)?;
    Ok(path.to_owned())
}

/// A path as TOML has it.
fn quoted(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}

//! Who of the town is a process: four clerks, an agent for each principal, and the keepers; and what the policy of each agent says.

use agentcity_domain::clerk::ClerkRole;
use alloy::primitives::Address;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    TownError,
    law::{self, Bill},
    people::{Part, People},
    services::Services,
};
use crate::{
    city::Person,
    machines::{Agent, Keeper, Machines},
    mission::{Stage, stage::DEPOSIT},
};

/// Keepers, each with the services whose agents it serves. None has two seats of one node, since values that are compared must not be
/// in one hand: three models take three.
pub const KEEPERS: [(&str, &[&str]); 3] = [
    ("keeper a", &["fetch", "classify-a"]),
    ("keeper b", &["classify-b", "report"]),
    ("keeper c", &["classify-c"]),
];
/// What keepers serve to whoever looks at them.
const OPERATIONS: &str =
    "\n[operations]\nlisten = \"127.0.0.1:0\"\nstatus = true\ndashboard = true\n";
/// What an executable says when it serves, and keepers of their operations.
const SERVES: &str = "serving address=";
const OPERATES: &str = "address=";
const OPERATED: &str = "operations.listen is served";
/// How long an executable of a debug build may take until it works, where many start at once.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Pause of an agent that only votes, in seconds: so many look at one node.
const VOTERS_POLL_SECS: u64 = 2;
/// What a stake of a bid may be at most, in base units: those of a session together.
const STAKES_MAX: u128 = DEPOSIT / 2;

/// A process that was started, so that somebody else can end it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// What it is called.
    pub name: String,
    /// Its process id.
    pub pid: u32,
}

/// Everybody who runs.
#[derive(Debug)]
pub struct Crew {
    /// The processes.
    pub machines: Machines,
    /// Where each executor serves, by its agent.
    pub executors: Vec<(Address, SocketAddr)>,
    /// Keepers: their names, accounts and where they tell how they are.
    pub keepers: Vec<(String, Address, SocketAddr)>,
    /// Number of this run, for names that come once.
    pub run: u64,
    record: PathBuf,
}

impl Crew {
    /// Nobody yet, with their files in a folder of this run. `record` is the file in which those that run are named.
    ///
    /// Errors: [`TownError`].
    pub fn of(stage: &Stage, folder: &Path, record: PathBuf, run: u64) -> Result<Self, TownError> {
        let mut machines = Machines::in_folder(&stage.city, folder)?;
        machines.operate(OPERATIONS);
        Ok(Self {
            machines,
            executors: Vec::new(),
            keepers: Vec::new(),
            run,
            record,
        })
    }

    /// Names those that run in the record.
    fn write(&self) -> Result<(), TownError> {
        let running = self.machines.running();
        let running: Vec<Started> = running
            .map(|process| Started {
                name: process.name.clone(),
                pid: process.pid(),
            })
            .collect();
        let text = serde_json::to_string_pretty(&running).unwrap_or_default();
        std::fs::write(&self.record, text).map_err(|cause| TownError::file(&self.record, cause))
    }

    fn payer(&self, stage: &mut Stage, of: &str) -> Result<Person, TownError> {
        // An account of each run: a keeper's log is its account's, and begins anew with its folder.
        Ok(stage
            .city
            .person(&format!("payer of {of}, run {}", self.run))?)
    }

    /// The four clerks, each with the office's key and an account that pays.
    ///
    /// Errors: [`TownError`].
    pub fn start_clerks(&mut self, stage: &mut Stage) -> Result<(), TownError> {
        for role in ClerkRole::ALL.iter().copied() {
            let payer = self.payer(stage, role.name())?;
            let clerk = stage.clerk(role);
            self.machines.fill_office(role, &clerk, &payer)?;
        }
        self.write()
    }

    /// Every agent that is run but those who propose a law beside the first: they come when a session is open, so that one petition is
    /// enough.
    ///
    /// Errors: [`TownError`].
    pub fn start_agents(
        &mut self,
        people: &People,
        services: &Services,
        bills: &[PathBuf],
    ) -> Result<(), TownError> {
        for (number, part) in people.parts() {
            if !matches!(part, Part::Rests | Part::Proposes(1..)) {
                self.start_agent(people, (number, part), services, bills)?;
            }
        }
        self.write()?;
        for (number, name) in people.workers() {
            let agent = &people.agents[number];
            let process = self.machines.process(&agent.name)?;
            let answer = process
                .wait_for(SERVES, READY_WITHIN)
                .map_err(crate::machines::MachineError::from)?;
            let address = answer.parse().map_err(|_| TownError::Answer {
                what: "where an agent serves",
                answer: format!("{name}: {answer}"),
            })?;
            self.executors.push((agent.address(), address));
        }
        Ok(())
    }

    /// Those who propose another law.
    ///
    /// Errors: [`TownError`].
    pub fn start_rivals(
        &mut self,
        people: &People,
        services: &Services,
        bills: &[PathBuf],
    ) -> Result<(), TownError> {
        for (number, part) in people.parts() {
            if matches!(part, Part::Proposes(1..)) {
                self.start_agent(people, (number, part), services, bills)?;
            }
        }
        self.write()
    }

    fn start_agent(
        &mut self,
        people: &People,
        (number, part): (usize, Part),
        services: &Services,
        bills: &[PathBuf],
    ) -> Result<(), TownError> {
        let (agent, principal) = (&people.agents[number], people.principal_of(number));
        let folder = self.machines.path(&agent.name.replace(' ', "-"));
        let mut tables = law::temper(number);
        match part {
            Part::Proposes(bill) => {
                let domain = Bill::ALL[bill].domain_hash();
                let _ = write!(
                    tables,
                    "\n[sponsor]\npetitions = true\n\n[[agenda]]\ndocument = {}\ndomain = \"{domain}\"\n",
                    quoted(&bills[bill]),
                );
            }
            Part::Speaks => tables += "\n[sponsor]\npetitions = true\n",
            Part::Works(name) => {
                let id = services.id(name, agent.address()).to_string();
                tables += &trade(services, name, (id.as_str(), number), &folder)?;
            }
            Part::Votes | Part::Rests => {}
        }
        self.machines.pace(match part {
            Part::Votes => VOTERS_POLL_SECS,
            Part::Proposes(_) | Part::Works(_) | Part::Speaks | Part::Rests => 1,
        });
        self.machines.start_agent(&Agent {
            agent,
            principal,
            tables,
            desk: None,
        })?;
        Ok(())
    }

    /// The keepers, each with some executors of its own. Which missions there are they find out.
    ///
    /// Errors: [`TownError`].
    pub fn start_keepers(&mut self, stage: &mut Stage, people: &People) -> Result<(), TownError> {
        let of: BTreeMap<Address, &str> = people
            .workers()
            .into_iter()
            .map(|(number, name)| (people.agents[number].address(), name))
            .collect();
        for (name, serves) in KEEPERS {
            let payer = self.payer(stage, name)?;
            let agents = self.executors.iter().map(|(agent, _)| *agent);
            let served: Vec<Address> = agents
                .filter(|agent| of.get(agent).is_some_and(|name| serves.contains(name)))
                .collect();
            let keeper = Keeper {
                payer: &payer,
                executors: &self.executors,
                served: &served,
            };
            self.machines.start_keeper(name, &keeper)?;
            let process = self.machines.process(name)?;
            process
                .wait_for(OPERATED, READY_WITHIN)
                .map_err(crate::machines::MachineError::from)?;
            let said = process.said();
            let line = said.lines().find(|line| line.contains(OPERATED));
            let address = line.and_then(|line| {
                let (_, address) = line.split_once(OPERATES)?;
                address.split_whitespace().next()?.parse().ok()
            });
            let address = address.ok_or_else(|| TownError::Answer {
                what: "where a keeper tells how it is",
                answer: line.unwrap_or_default().to_owned(),
            })?;
            let account = payer.address();
            self.keepers.push((name.to_owned(), account, address));
        }
        self.write()
    }
}

/// The tables of an agent that works. The higher its number, the cheaper: of two who would do the same one is awarded.
fn trade(
    services: &Services,
    name: &str,
    (id, number): (&str, usize),
    folder: &Path,
) -> Result<String, TownError> {
    let service = services.named(name)?;
    let tier = match name {
        "fetch" => 1,
        "report" => 3,
        _ => 2,
    };
    let artifact = services.artifacts.join(name);
    let words: Vec<String> = service
        .arguments
        .iter()
        .map(|word| format!("{word:?}"))
        .collect();
    Ok(format!(
        "\n[limits]\nbids_max = 4\nstake_max_base_units = \"{STAKES_MAX}\"\n\n[[bid]]\nservice = \"{id}\"\ntiers = [{tier}]\n\
         price_permille = {}\nprice_min_base_units = \"1\"\nstake_permille = 1000\nmatch_permille = 900\nlatency_ms = 5000\n\n\
         [accept]\nseats = true\n\n[withdraw]\nfrom_base_units = \"{}\"\nkeep_base_units = \"{DEPOSIT}\"\n\n\
         [serve]\nlisten = \"127.0.0.1:0\"\njobs = {}\nscratch = {}\njobs_max = 4\n\n\
         [[serve.service]]\nservice = \"{id}\"\nartifact = {}\nprogram = {}\narguments = [{}]\n",
        // structural: thousandths
        1_000 - 10 * number,
        DEPOSIT + 1,
        quoted(&folder.join("jobs")),
        quoted(&folder.join("scratch")),
        quoted(&artifact),
        quoted(&services.program),
        words.join(", "),
    ))
}

/// A path as TOML has it.
fn quoted(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::people::{AGENTS, PRINCIPALS, part};

    #[test]
    fn no_keeper_has_two_seats_of_a_node_and_every_worker_is_served_by_one() {
        for number in 0..AGENTS {
            let Part::Works(name) = part(number, PRINCIPALS - 2) else {
                continue;
            };
            let serving = KEEPERS.iter().filter(|(_, serves)| serves.contains(&name));
            assert_eq!(serving.count(), 1, "{name}");
        }
        for (keeper, serves) in KEEPERS {
            let models = serves.iter().filter(|name| name.starts_with("classify"));
            assert_eq!(models.count(), 1, "{keeper}");
        }
    }
}

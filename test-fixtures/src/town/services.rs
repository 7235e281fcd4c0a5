//! What executors run: the services of `agentcity-pages`, asked of the program itself, and what the input of the mission allows them.

use agentcity_abi::IService;
use alloy::primitives::{Address, B256, keccak256};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{TownError, input::Sources};
use crate::{city::life::service_id, tool::Tool};

/// How long a service may take for one job, in milliseconds: as long as the law may give a node by default (`maxNodeTimeoutMs`).
pub const LATENCY_MS: u32 = 60_000;
/// Memory of a service, in MiB: what a job takes, three times over.
const MEMORY_MB: u32 = 512;
/// Jobs of one service at a time.
const CONCURRENCY: u16 = 4;

/// One service, as the program says it.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The hash of its artifact.
    pub code_hash: B256,
    /// The schema of its output, in canonical text.
    pub output_schema: String,
    /// How it is started, behind the program's path.
    pub arguments: Vec<String>,
    policies: Vec<B256>,
}

/// All of them, and where they lie.
#[derive(Clone, Debug)]
pub struct Services {
    known: Vec<Service>,
    /// The program.
    pub program: PathBuf,
    /// Folder of their artifacts.
    pub artifacts: PathBuf,
}

impl Services {
    /// Asks the program, and has it write the artifacts into a folder.
    ///
    /// Errors: [`TownError`].
    pub fn ask(folder: &Path, sources: &Sources) -> Result<Self, TownError> {
        let program = Tool::Pages
            .find()
            .map_err(crate::machines::MachineError::from)?;
        let artifacts = folder.join("artifacts");
        let mut command = Command::new(&program);
        let output = agentcity_interrupt::output(command.arg("artifacts").arg(&artifacts))
            .map_err(|cause| TownError::file(&program, cause))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let told: Vec<Value> = serde_json::from_str(&said).map_err(|_| TownError::Answer {
            what: "agentcity-pages artifacts",
            answer: said + &String::from_utf8_lossy(&output.stderr),
        })?;
        let known = Self::read(&told, sources).ok_or_else(|| TownError::Answer {
            what: "agentcity-pages artifacts",
            answer: Value::from(told).to_string(),
        })?;
        Ok(Self {
            known,
            program,
            artifacts,
        })
    }

    fn read(told: &[Value], sources: &Sources) -> Option<Vec<Service>> {
        let known = told.iter().map(|one| Service::read(one, sources));
        known.collect()
    }

    /// A service by its name.
    ///
    /// Errors: [`TownError::Answer`] if the program has none of that name.
    pub fn named(&self, name: &str) -> Result<&Service, TownError> {
        let mut known = self.known.iter();
        let found = known.find(|service| service.name == name);
        found.ok_or_else(|| TownError::Answer {
            what: "a service of agentcity-pages",
            answer: name.to_owned(),
        })
    }

    /// The number that a service has in the city, whoever publishes it when; zero for none of the program's.
    pub fn id(&self, name: &str, owner: Address) -> B256 {
        let service = self
            .named(name)
            .map(|service| service_id(owner, &service.call()));
        service.unwrap_or_default()
    }
}

impl Service {
    fn read(of: &Value, sources: &Sources) -> Option<Self> {
        let name = of["name"].as_str()?.to_owned();
        let words = of["arguments"].as_array()?.iter();
        let words: Option<Vec<String>> =
            words.map(|word| Some(word.as_str()?.to_owned())).collect();
        let (further, policies) = match name.as_str() {
            "fetch" => (sources.arguments(), sources.policies()),
            _ => (Vec::new(), Vec::new()),
        };
        Some(Self {
            code_hash: of["codeHash"].as_str()?.parse().ok()?,
            output_schema: of["outputSchema"].as_str()?.to_owned(),
            arguments: [words?, further].concat(),
            policies,
            name,
        })
    }

    /// What is published of it.
    pub fn call(&self) -> IService::registerServiceCall {
        IService::registerServiceCall {
            codeHash: self.code_hash,
            schemaHash: keccak256(&self.output_schema),
            endpoint: format!("urn:agentcity:pages:{}", self.name),
            constraints: IService::Constraints {
                maxLatencyMs: LATENCY_MS,
                maxMemoryMb: MEMORY_MB,
                maxConcurrency: CONCURRENCY,
                networkPolicies: self.policies.clone(),
            },
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::town::input::Network;
    use serde_json::json;

    /// As the program tells them, with schemas that allow everything.
    pub(in crate::town) fn services(sources: &Sources) -> Services {
        let names = ["fetch", "classify-a", "classify-b", "classify-c", "report"];
        let told = names.map(|name| {
            json!({
                "name": name, "arguments": ["run", name], "codeHash": keccak256(name),
                "outputSchema": "{\"type\":\"object\"}", "outputSchemaHash": keccak256(name),
            })
        });
        Services {
            known: Services::read(&told, sources).unwrap(),
            program: "agentcity-pages".into(),
            artifacts: "artifacts".into(),
        }
    }

    #[test]
    fn only_the_service_that_fetches_is_told_of_hosts_and_has_the_network() {
        let words = ["https://a.example/".to_owned()];
        let sources = Sources::of(&words, Network::Public, "pages".into()).unwrap();
        let services = services(&sources);
        let fetch = services.named("fetch").unwrap();
        assert_eq!(fetch.arguments, ["run", "fetch", "--host", "a.example"]);
        assert_eq!(fetch.call().constraints.networkPolicies.len(), 1);
        let other = services.named("classify-a").unwrap();
        assert_eq!(other.arguments, ["run", "classify-a"]);
        assert!(other.call().constraints.networkPolicies.is_empty());
        assert!(services.named("sort").is_err());
        let alone =
            super::tests::services(&Sources::of(&[], Network::Public, "pages".into()).unwrap());
        let owner = Address::repeat_byte(1);
        assert_ne!(
            services.id("fetch", owner),
            alone.id("fetch", owner),
            "other constraints are another service"
        );
        assert_eq!(services.id("report", owner), alone.id("report", owner));
    }
}

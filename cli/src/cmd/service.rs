//! `agentcity service`: what producers offer to run.

use std::path::PathBuf;

use agentcity_abi::{IService, document::canonical_schema};
use agentcity_domain::{peer::Peer, service as rules};
use alloy::{
    primitives::{Address, B256, keccak256},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    artifact,
    ask::{self, Seen},
    failure::{Code, Failure},
    instant,
    opts::{City, Town},
    output::{self, Answer},
    send::{Act, Call},
    values::{self, address, word},
};

/// What to do with services.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Registers a service of the caller, a producer in good standing; its code hash follows from the artifact (docs/services.md).
    #[command(
        after_help = "Example: agentcity service publish --code ./worker --schema schema.json --endpoint https://worker.example/invoke"
    )]
    Publish(Publish),
    /// A service: owner, hashes, endpoint, constraints, since when it is deprecated.
    #[command(
        after_help = "Example: agentcity service show 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    Show(Show),
    /// Whether an artifact, or a hash, is what a service registered; exit code 5 if not.
    #[command(
        after_help = "Example: agentcity service verify 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 --code ./worker"
    )]
    Verify(Verify),
    /// The hash of an artifact, without a chain.
    #[command(after_help = "Example: agentcity service hash ./worker")]
    Hash(Hash),
    /// Every service, or those of one owner.
    #[command(
        after_help = "Example: agentcity service list --owner 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
    )]
    List(List),
    /// Ends a service of the caller: it takes no new work, for ever.
    #[command(
        after_help = "Example: agentcity service deprecate 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    Deprecate(Deprecate),
}

#[derive(Debug, clap::Args)]
#[group(id = "artifact", required = true, multiple = false)]
pub(crate) struct Artifact {
    /// File or folder of code that the producer wrote.
    #[arg(long)]
    code: Option<PathBuf>,
    /// A package as it is distributed.
    #[arg(long)]
    package: Option<PathBuf>,
    /// Address of what already runs somewhere; --code-hash says what that is.
    #[arg(long, requires = "code_hash")]
    link: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    #[command(flatten)]
    artifact: Artifact,
    /// Hash of what runs at --link, as its operator names it.
    #[arg(long, value_parser = word, conflicts_with_all = ["code", "package"])]
    code_hash: Option<B256>,
    /// JSON Schema of its interface.
    #[arg(long, required_unless_present = "schema_hash")]
    schema: Option<PathBuf>,
    /// The hash of the schema's canonical text, where the text is not at hand.
    #[arg(long, value_parser = word, conflicts_with = "schema")]
    schema_hash: Option<B256>,
    /// Where it is reached; that of --link when absent.
    #[arg(long, required_unless_present = "link")]
    endpoint: Option<String>,
    /// Longest that one invocation may take, milliseconds.
    #[arg(long, value_parser = values::number::<u32>, default_value = "5000")]
    max_latency_ms: u32,
    /// Most memory of the process, mebibytes.
    #[arg(long, value_parser = values::number::<u32>, default_value = "256")]
    max_memory_mb: u32,
    /// Most invocations at a time.
    #[arg(long, value_parser = values::number::<u16>, default_value = "1")]
    max_concurrency: u16,
    /// Hash of a policy that allows traffic; may be given several times. None: no network.
    #[arg(long = "network-policy", value_parser = word)]
    network_policies: Vec<B256>,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The service.
    #[arg(value_parser = word)]
    service: B256,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
#[group(id = "found", required = true, multiple = false)]
pub(crate) struct Found {
    /// File or folder that is run.
    #[arg(long)]
    code: Option<PathBuf>,
    /// Its hash.
    #[arg(long, value_parser = word)]
    hash: Option<B256>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// The service.
    #[arg(value_parser = word)]
    service: B256,
    #[command(flatten)]
    found: Found,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Hash {
    /// File or folder.
    artifact: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only those of this owner.
    #[arg(long, value_parser = address)]
    owner: Option<Address>,
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Deprecate {
    /// The service.
    #[arg(value_parser = word)]
    service: B256,
    #[command(flatten)]
    act: Act,
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Publish(options) => publish(options).await,
        Verb::Show(options) => show(options).await,
        Verb::Verify(options) => verify(options).await,
        Verb::Hash(Hash { artifact }) => {
            let hash = artifact::hash(&artifact)?;
            Ok(Answer::facts(
                json!({ "artifact": artifact, "codeHash": hash }),
                &[
                    ("artifact", artifact.display().to_string()),
                    ("code hash", hash.to_string()),
                ],
            ))
        }
        Verb::List(options) => list(options).await,
        Verb::Deprecate(options) => deprecate(options).await,
    }
}

impl Publish {
    /// The record, checked by the rules of the registry before anything is asked or sent.
    fn record(&self) -> Result<IService::registerServiceCall, Failure> {
        let code_hash = match (&self.artifact.code, &self.artifact.package, self.code_hash) {
            (Some(path), ..) | (_, Some(path), _) => artifact::hash(path)?,
            (None, None, Some(hash)) => hash,
            // The parser of the command line asks for one of the three.
            (None, None, None) => B256::ZERO,
        };
        let schema_hash = match (&self.schema, self.schema_hash) {
            (_, Some(hash)) => hash,
            (Some(path), None) => {
                let schema = canonical_schema(&values::read(path)?).map_err(|problems| {
                    let problems = problems.to_string().replace('\n', "; ");
                    Failure::new(Code::Malformed, format!("{}: {problems}", path.display()))
                        .hint("give a JSON Schema, or its hash with --schema-hash")
                })?;
                keccak256(schema)
            }
            (None, None) => B256::ZERO,
        };
        let endpoint = self.endpoint.as_ref().or(self.artifact.link.as_ref());
        let mut policies = self.network_policies.clone();
        policies.sort_unstable();
        let call = IService::registerServiceCall {
            codeHash: code_hash,
            schemaHash: schema_hash,
            endpoint: endpoint.cloned().unwrap_or_default(),
            constraints: IService::Constraints {
                maxLatencyMs: self.max_latency_ms,
                maxMemoryMb: self.max_memory_mb,
                maxConcurrency: self.max_concurrency,
                networkPolicies: policies,
            },
        };
        rules::check(&wire(&call)).map_err(refused)?;
        Ok(call)
    }
}

/// The record of a call, as the rules take it.
fn wire(call: &IService::registerServiceCall) -> rules::Record<'_> {
    rules::Record {
        code_hash: call.codeHash,
        schema_hash: call.schemaHash,
        endpoint: call.endpoint.as_bytes(),
        constraints: rules::Constraints {
            max_latency_ms: call.constraints.maxLatencyMs,
            max_memory_mb: call.constraints.maxMemoryMb,
            max_concurrency: call.constraints.maxConcurrency,
            network_policies: &call.constraints.networkPolicies,
        },
    }
}

fn refused(why: rules::Refused) -> Failure {
    use rules::Refused as R;
    match why {
        R::EmptyHash { .. } => Failure::new(Code::Word, "a service has a code hash and a schema hash, neither zero")
            .hint("name the artifact with --code, --package or --link, the schema with --schema"),
        R::ConstraintMissing { .. } => Failure::new(Code::Number, "a limit of zero would forbid every invocation")
            .hint("give --max-latency-ms, --max-memory-mb and --max-concurrency at least 1"),
        R::TooManyPolicies { count } => {
            Failure::new(Code::Number, format!("{count} network policies"))
                .hint(format!("at most {} are taken", rules::POLICIES_MAX))
        }
        R::PoliciesNotAscending { index } => {
            Failure::new(Code::Word, format!("network policy {index} is zero or stands twice"))
                .hint("name each once")
        }
        R::Endpoint(fault) => Failure::new(Code::Endpoint, format!("the endpoint is none ({fault:?})"))
            .hint("give https://HOST/…, http:// of this machine, ipfs://CID or urn:…, 1 to 256 printable characters"),
        why => Failure::new(Code::Value, format!("the record is refused ({why:?})")),
    }
}

/// The id of a record, and what it commits to beside owner and code hash.
fn identify(owner: Address, call: &IService::registerServiceCall) -> (B256, B256) {
    let record = wire(call);
    let policies = record.constraints.network_policies.concat();
    let details = keccak256(rules::encode_details(
        &record,
        keccak256(record.endpoint),
        keccak256(policies),
    ));
    (
        keccak256(rules::encode_id(owner, record.code_hash, details)),
        details,
    )
}

async fn publish(options: Publish) -> Result<Answer, Failure> {
    let call = options.record()?;
    let sender = options.act.connect().await?;
    let (service, details) = identify(sender.address, &call);
    let what = format!("register service {service}");
    let mut sent = sender
        .perform(Call::new(what, sender.at(Peer::Service), &call))
        .await?;
    sent.value["service"] = json!(service);
    sent.value["details"] = json!(details);
    sent.value["codeHash"] = json!(call.codeHash);
    sent.value["schemaHash"] = json!(call.schemaHash);
    sent.facts.push(("service".to_owned(), service.to_string()));
    sent.facts
        .push(("code hash".to_owned(), call.codeHash.to_string()));
    sent.facts
        .push(("schema hash".to_owned(), call.schemaHash.to_string()));
    Ok(sent.answer())
}

/// What was said when a service was registered: the whole record, which the chain keeps a hash of.
async fn registration(
    city: &City,
    service: B256,
) -> Result<(Address, IService::registerServiceCall, Seen), Failure> {
    let unknown = || {
        Failure::new(Code::Unknown, format!("there is no service {service}"))
            .hint("`agentcity service list` names them all")
    };
    let filter = Filter::new()
        .address(city.at(Peer::Service))
        .event_signature(IService::ServiceRegistered::SIGNATURE_HASH)
        .topic1(service);
    let (newest, _) = ask::head(city).await?;
    let (event, seen) = ask::typed::<IService::ServiceRegistered>(city, filter, newest)
        .await?
        .into_iter()
        .next()
        .ok_or_else(unknown)?;
    let call = IService::registerServiceCall {
        codeHash: event.codeHash,
        schemaHash: event.schemaHash,
        endpoint: event.endpoint,
        constraints: event.constraints,
    };
    if identify(event.owner, &call).0 != service {
        return Err(Failure::new(
            Code::Answer,
            format!("the node's record of {service} is not what that id commits to"),
        )
        .hint("ask another node with --rpc-url"));
    }
    Ok((event.owner, call, seen))
}

async fn show(options: Show) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let service = options.service;
    let (owner, call, seen) = registration(&city, service).await?;
    let contract = IService::new(city.at(Peer::Service), &city.chain.provider);
    let standing = contract.standing(service).call().await?;
    let (_, details) = identify(owner, &call);
    let limits = &call.constraints;
    let policies: Vec<String> = limits.networkPolicies.iter().map(B256::to_string).collect();
    Ok(Answer::facts(
        json!({
            "service": service, "owner": owner, "codeHash": call.codeHash, "schemaHash": call.schemaHash, "endpoint": call.endpoint,
            "details": details, "maxLatencyMs": limits.maxLatencyMs, "maxMemoryMb": limits.maxMemoryMb,
            "maxConcurrency": limits.maxConcurrency, "networkPolicies": policies, "deprecatedAt": standing.deprecatedAt,
            "block": seen.block,
        }),
        &[
            ("service", service.to_string()),
            ("owner", owner.to_string()),
            ("code hash", call.codeHash.to_string()),
            ("schema hash", call.schemaHash.to_string()),
            ("endpoint", call.endpoint.clone()),
            ("latency", format!("at most {} ms", limits.maxLatencyMs)),
            ("memory", format!("at most {} MiB", limits.maxMemoryMb)),
            ("concurrency", format!("at most {}", limits.maxConcurrency)),
            (
                "network",
                match policies.is_empty() {
                    true => "none".to_owned(),
                    false => policies.join(", "),
                },
            ),
            ("deprecated", instant::at(standing.deprecatedAt)),
            ("block", seen.block.to_string()),
        ],
    ))
}

async fn verify(options: Verify) -> Result<Answer, Failure> {
    let found = match (&options.found.code, options.found.hash) {
        (Some(path), _) => artifact::hash(path)?,
        (None, hash) => hash.unwrap_or_default(),
    };
    let city = options.town.connect().await?;
    let contract = IService::new(city.at(Peer::Service), &city.chain.provider);
    let standing = contract.standing(options.service).call().await?;
    if standing.codeHash != found {
        return Err(Failure::new(
            Code::Mismatch,
            format!(
                "the artifact hashes to {found}, and {} was registered",
                standing.codeHash
            ),
        )
        .hint("the owner publishes another service for other code"));
    }
    Ok(Answer::facts(
        json!({ "service": options.service, "codeHash": found, "verified": true, "deprecatedAt": standing.deprecatedAt }),
        &[
            ("service", options.service.to_string()),
            ("code hash", found.to_string()),
            ("verified", "yes".to_owned()),
            ("deprecated", instant::at(standing.deprecatedAt)),
        ],
    ))
}

async fn list(options: List) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let mut filter = Filter::new()
        .address(city.at(Peer::Service))
        .event_signature(IService::ServiceRegistered::SIGNATURE_HASH);
    filter = filter.from_block(ask::first_block(&city, options.from_block).await?);
    if let Some(owner) = options.owner {
        filter = filter.topic2(owner.into_word());
    }
    let (newest, _) = ask::head(&city).await?;
    let contract = IService::new(city.at(Peer::Service), &city.chain.provider);
    let (mut rows, mut all): (Vec<Vec<String>>, Vec<Value>) = Default::default();
    for (event, seen) in ask::typed::<IService::ServiceRegistered>(&city, filter, newest).await? {
        let ended = contract.standing(event.service).call().await?.deprecatedAt;
        rows.push(vec![
            event.service.to_string(),
            event.owner.to_string(),
            event.endpoint.clone(),
            if ended == 0 {
                "live".to_owned()
            } else {
                format!("deprecated at {ended}")
            },
        ]);
        all.push(json!({
            "service": event.service, "owner": event.owner, "codeHash": event.codeHash, "endpoint": event.endpoint,
            "deprecatedAt": ended, "block": seen.block,
        }));
    }
    let text = match rows.is_empty() {
        true => "no such service is registered\n".to_owned(),
        false => output::table(&["service", "owner", "endpoint", "state"], &rows),
    };
    Ok(Answer::new(json!({ "services": all }), text))
}

async fn deprecate(options: Deprecate) -> Result<Answer, Failure> {
    let sender = options.act.connect().await?;
    let (owner, record, _) = registration(&sender.city, options.service).await?;
    let (_, details) = identify(owner, &record);
    let call = IService::deprecateServiceCall {
        service: options.service,
        details,
    };
    let what = format!("deprecate service {}", options.service);
    let sent = sender
        .perform(Call::new(what, sender.at(Peer::Service), &call))
        .await?;
    Ok(sent.answer())
}

/// Who registered a service, and what shows it.
pub(super) async fn owner(city: &City, service: B256) -> Result<(Address, B256), Failure> {
    let (owner, record, _) = registration(city, service).await?;
    Ok((owner, identify(owner, &record).1))
}

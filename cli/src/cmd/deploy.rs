//! `agentcity deploy`: a whole city, from a genesis file and programs to a chain, and how it fares there.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use agentcity_deploy::{
    apply::{keepalive, quote},
    city::{
        self, CityPlan, Finding, FoundError, Founding, GenesisFile, Point, Programs, SignatureFile,
        Standing, Step,
        verify::{LIFE_LEAST_SECS, Verdict},
    },
    plan::DEFAULT_SALT,
    verify::status,
};
use agentcity_domain::peer::Peer;
use alloy::{
    primitives::{Address, B256, U256, utils::format_ether},
    providers::Provider,
};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    failure::{self, Code, Failure},
    opts::{Endpoint, Sending, Town},
    output::{self, Answer},
    revert,
};

/// What to do with a city.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Say what founding takes, without a chain: steps, addresses, gas.
    #[command(
        after_help = "Example: agentcity deploy plan --genesis genesis.toml --programs target/programs"
    )]
    Plan(Plan),
    /// Found the city as far as it can; run again, it goes on where it was.
    #[command(
        after_help = "Example: agentcity deploy apply --genesis genesis.toml --signature alice.json --signature bob.json"
    )]
    Apply(Apply),
    /// Hold the city on the chain against genesis file and programs.
    #[command(
        after_help = "Example: agentcity deploy verify --genesis genesis.toml --programs target/programs"
    )]
    Verify(Verify),
    /// Tell how long the programs stay active, and extend those that end soon; anyone may.
    #[command(after_help = "Example: agentcity deploy keepalive --within 2592000")]
    Keepalive(Keepalive),
}

/// What a city is made of.
#[derive(Debug, clap::Args)]
pub(crate) struct Plot {
    /// The founders' decisions.
    #[arg(long, env = "AGENTCITY_GENESIS", default_value = "genesis.toml")]
    pub(crate) genesis: PathBuf,
    /// Folder of the programs, as a build leaves them.
    #[arg(long, env = "AGENTCITY_PROGRAMS", default_value = "target/programs")]
    pub(crate) programs: PathBuf,
    /// Decides all addresses together with decisions and code; not zero.
    #[arg(long, default_value_t = DEFAULT_SALT)]
    pub(crate) salt: B256,
}

/// A city that can be founded.
pub(crate) struct Planned {
    pub(crate) file: GenesisFile,
    pub(crate) programs: Programs,
    pub(crate) plan: CityPlan,
    pub(crate) salt: B256,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    plot: Plot,
    /// Ask the chain for the price of gas and the fees of activation, and say what all costs now.
    #[arg(long)]
    priced: bool,
    #[command(flatten)]
    endpoint: Endpoint,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    plot: Plot,
    #[command(flatten)]
    endpoint: Endpoint,
    /// Folder of address books; the record of this founding lies beside them.
    #[arg(long, env = "AGENTCITY_DEPLOYMENTS", default_value = "deployments")]
    deployments: PathBuf,
    /// Name of the city in its address book.
    #[arg(long, default_value = "city")]
    name: String,
    /// File of signatures over the manifest; may be given many times, also in later runs.
    #[arg(long = "signature", value_name = "FILE")]
    signatures: Vec<PathBuf>,
    /// Make a new manifest where the time of the old one is over; all sign again.
    #[arg(long)]
    renew: bool,
    #[command(flatten)]
    sending: Sending,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    plot: Plot,
    #[command(flatten)]
    endpoint: Endpoint,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Keepalive {
    #[command(flatten)]
    town: Town,
    /// Extend programs that have fewer seconds left.
    #[arg(long, value_name = "SECONDS", default_value_t = LIFE_LEAST_SECS)]
    within: u64,
    #[command(flatten)]
    sending: Sending,
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Plan(options) => plan(options).await,
        Verb::Apply(options) => apply(options).await,
        Verb::Verify(options) => verify(options).await,
        Verb::Keepalive(options) => keep(options).await,
    }
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))
}

/// A genesis file, understood and judged.
pub(crate) fn read_genesis(path: &Path) -> Result<GenesisFile, Failure> {
    GenesisFile::parse(&read(path)?).map_err(|problems| {
        let told: Vec<String> = problems
            .iter()
            .map(|error| {
                format!(
                    "{}:{}:{}: {}",
                    path.display(),
                    error.place.line,
                    error.place.column,
                    error.problem
                )
            })
            .collect();
        let failure = Failure::new(Code::Genesis, told.first().map_or("", String::as_str));
        match told.len() {
            0 | 1 => failure.hint("mend it; `agentcity genesis check` judges it again"),
            more => failure.hint(format!(
                "and {} more: `agentcity genesis check` lists them all",
                more - 1
            )),
        }
    })
}

impl Plot {
    pub(crate) fn read(&self) -> Result<Planned, Failure> {
        if self.salt.is_zero() {
            return Err(agentcity_deploy::PlanError::ZeroSalt.into());
        }
        let file = read_genesis(&self.genesis)?;
        let programs = Programs::load(&self.programs).map_err(|error| {
            Failure::new(Code::Programs, error)
                .hint("build them with `agentcity build`, or name their folder with --programs")
        })?;
        let plan = CityPlan::of_programs(&file, &programs, self.salt).map_err(|error| {
            Failure::new(Code::Module, error)
                .hint("build the programs again with `agentcity build`")
        })?;
        Ok(Planned {
            file,
            programs,
            plan,
            salt: self.salt,
        })
    }
}

async fn plan(options: Plan) -> Result<Answer, Failure> {
    let planned = options.plot.read()?;
    let plan = &planned.plan;
    let steps = plan.steps();
    let rows: Vec<Vec<String>> = steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let gas = match step.step {
                Step::Sign => String::new(),
                _ => step.gas.to_string(),
            };
            let number = (index + 1).to_string();
            vec![number, step.step.to_string(), step.at.to_string(), gas]
        })
        .collect();
    let told: Vec<Value> = steps
        .iter()
        .map(|step| json!({ "step": step.step.to_string(), "address": step.at, "gas": step.gas }))
        .collect();
    let genesis = &planned.file.genesis;
    let mut facts = vec![
        ("city", plan.constitution.address.to_string()),
        ("genesis", genesis.digest().to_string()),
        ("salt", planned.salt.to_string()),
        (
            "signatures",
            format!(
                "{} of {} adjudicators",
                genesis.signatures_needed(),
                genesis.adjudicators.len()
            ),
        ),
    ];
    let mut value = json!({
        "city": plan.constitution.address, "genesis": genesis.digest(), "salt": planned.salt,
        "signaturesNeeded": genesis.signatures_needed(), "plan": plan.digest(), "steps": told,
    });
    let unpriced = plan.cost(0, &[]);
    facts.push(("gas", format!("{} about", unpriced.gas)));
    value["gas"] = json!(unpriced.gas);
    if options.priced {
        let chain = options.endpoint.connect().await?;
        let price = chain.provider.get_gas_price().await?;
        let mut fees = Vec::new();
        for (_, program) in plan.programs() {
            let asked = quote(
                &chain.provider,
                program.address,
                Some(&program.code),
                Address::ZERO,
            );
            match asked.await {
                Ok(fee) => fees.push(fee),
                // The same code is active already.
                Err(agentcity_deploy::ApplyError::UpToDate { .. }) => fees.push(U256::ZERO),
                Err(error) => return Err(error.into()),
            }
        }
        let cost = plan.cost(price, &fees);
        let total = cost.gas_fee.saturating_add(cost.data_fee);
        facts.push(("gas price", format!("{price} wei")));
        facts.push(("gas fee", format!("{} wei", cost.gas_fee)));
        facts.push(("data fee", format!("{} wei", cost.data_fee)));
        facts.push((
            "total",
            format!("{total} wei ({} ether)", format_ether(total)),
        ));
        value["gasPrice"] = json!(price.to_string());
        value["gasFee"] = json!(cost.gas_fee.to_string());
        value["dataFee"] = json!(cost.data_fee.to_string());
        value["total"] = json!(total.to_string());
        value["chainId"] = json!(chain.id);
    }
    let table = output::table(&["", "step", "at", "gas"], &rows);
    Ok(Answer::new(value, output::lines(&facts) + "\n" + &table))
}

/// Files of signatures.
pub(crate) fn read_signatures(paths: &[PathBuf]) -> Result<Vec<SignatureFile>, Failure> {
    paths
        .iter()
        .map(|path| {
            SignatureFile::parse(&read(path)?).map_err(|error| {
                Failure::new(Code::Malformed, format!("{}: {error}", path.display()))
                    .hint("`agentcity genesis sign` writes such files")
            })
        })
        .collect()
}

impl From<FoundError> for Failure {
    fn from(error: FoundError) -> Self {
        match error {
            FoundError::Rpc(error) => error.into(),
            FoundError::Apply(error) => (*error).into(),
            FoundError::Book(error) => error.into(),
            FoundError::Refused { step, data } => {
                let mut failure = revert::of_data(&data);
                failure.message = format!("{step}: {}", failure.message);
                failure
            }
            FoundError::OtherInputs { .. } => Self::new(Code::OtherInputs, error).hint(
                "give the inputs that it was begun with, or found another city under another --name",
            ),
            FoundError::File { .. } => Self::new(Code::File, error),
            FoundError::Damaged { .. } => Self::new(Code::Malformed, error),
            FoundError::Signing(error) => error.into(),
            FoundError::Outbox { step, source } => match *source {
                agentcity_deploy::outbox::OutboxError::Rpc(error) => error.into(),
                agentcity_deploy::outbox::OutboxError::Poor { .. } => {
                    Self::new(Code::Unfunded, format!("{step}: {source}"))
                }
                agentcity_deploy::outbox::OutboxError::Unconfirmed { .. } => {
                    Self::new(Code::Unconfirmed, format!("{step}: {source}"))
                }
                agentcity_deploy::outbox::OutboxError::Sign(error) => {
                    match failure::of_signer(&error) {
                        Some(mut said) => {
                            said.message = format!("{step}: {}", said.message);
                            said
                        }
                        None => Self::new(Code::Failed, format!("{step}: {error}")),
                    }
                }
            },
            error => Self::new(Code::Failed, error),
        }
    }
}

impl From<city::SigningError> for Failure {
    fn from(error: city::SigningError) -> Self {
        use city::SigningError as E;
        let code = match &error {
            E::Syntax { .. } | E::Other { .. } => Code::Malformed,
            E::Expired { .. } => Code::Expired,
            _ => Code::Signature,
        };
        let hint = match &error {
            E::Expired { .. } => Some("add --renew"),
            E::OtherDigest { .. } => {
                Some("sign the manifest that lies beside the address book now")
            }
            _ => None,
        };
        let failure = Self::new(code, error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// What a point looks like to who waits.
fn progress(point: Point) -> ControlFlow<()> {
    match point {
        Point::Found(step) => eprintln!("{step}: done before"),
        Point::BeforeSend(step) => eprintln!("{step}: sending"),
        Point::Confirmed(step, gas) => eprintln!("{step}: done, {gas} gas"),
        Point::BeforeWrite(_) | Point::AfterWrite(_) | Point::AfterSend(_) => {}
    }
    ControlFlow::Continue(())
}

async fn apply(options: Apply) -> Result<Answer, Failure> {
    let planned = options.plot.read()?;
    let signatures = read_signatures(&options.signatures)?;
    let name = &options.name;
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || !name.chars().all(is_word) {
        return Err(
            Failure::new(Code::Value, format!("`{name}` is no name of a city"))
                .hint("use letters, digits, - and _: files are named by it"),
        );
    }
    let founding = Founding {
        file: &planned.file,
        programs: &planned.programs,
        plan: &planned.plan,
        salt: planned.salt,
        dir: &options.deployments,
        name,
        renew: options.renew,
    };
    if options.sending.dry_run {
        return outlook(&planned, &options.endpoint).await;
    }
    let wallet = options.sending.key.open().await?.wallet();
    let chain = options.endpoint.connect().await?;
    let done = city::found(
        &chain.provider,
        &wallet,
        &founding,
        &signatures,
        &mut progress,
    )
    .await?;
    let gas: u64 = done.sent.iter().map(|(_, _, gas)| gas).sum();
    let sent: Vec<Value> = done
        .sent
        .iter()
        .map(|(step, hash, gas)| json!({ "step": step.to_string(), "transaction": hash, "gasUsed": gas }))
        .collect();
    let city = planned.plan.constitution.address;
    let mut value = json!({ "city": city, "name": name, "chainId": chain.id, "gasUsed": gas, "transactions": sent });
    let mut facts = vec![
        ("city", city.to_string()),
        ("chain", chain.id.to_string()),
        ("sent", format!("{} transactions, {gas} gas", sent.len())),
    ];
    match done.standing {
        Standing::Founded { book } => {
            value["standing"] = json!("founded");
            value["book"] = json!(book);
            facts.push(("standing", "sealed and wired".into()));
            facts.push(("book", book.display().to_string()));
        }
        Standing::Unsigned {
            manifest,
            path,
            signed,
        } => {
            value["standing"] = json!("unsigned");
            value["manifest"] = json!(path);
            value["digest"] = json!(manifest.digest());
            value["deadline"] = json!(manifest.manifest.deadline);
            value["signed"] = json!(signed);
            value["signaturesNeeded"] = json!(manifest.needed());
            let count = format!("{} of {} signatures", signed.len(), manifest.needed());
            facts.push(("standing", format!("waits for its adjudicators: {count}")));
            facts.push(("manifest", path.display().to_string()));
            facts.push(("digest", manifest.digest().to_string()));
            facts.push((
                "next",
                format!(
                    "each adjudicator: agentcity genesis sign {}; then this again with --signature FILE for each",
                    path.display()
                ),
            ));
        }
    }
    Ok(Answer::facts(value, &facts))
}

/// What `apply` would do, and what the chain has already.
async fn outlook(planned: &Planned, endpoint: &Endpoint) -> Result<Answer, Failure> {
    let chain = endpoint.connect().await?;
    agentcity_deploy::apply::has_deployer(&chain.provider).await?;
    let mut rows = Vec::new();
    let mut told = Vec::new();
    for step in planned.plan.steps() {
        let done = match step.step {
            Step::Deploy(peer) => match planned.plan.program(peer) {
                Some(program) => {
                    let found = agentcity_deploy::apply::find(&chain.provider, program).await?;
                    found.code && found.active
                }
                None => true,
            },
            Step::Sign | Step::Seal => {
                let city = agentcity_abi::IConstitution::new(step.at, &chain.provider);
                city.isSealed().call().await.unwrap_or(false)
            }
            Step::Wire(_) => city::apply::is_wired(&chain.provider, step.at).await?,
        };
        let what = if done { "is done" } else { "to do" };
        rows.push(vec![
            step.step.to_string(),
            step.at.to_string(),
            what.into(),
        ]);
        told.push(json!({ "step": step.step.to_string(), "address": step.at, "done": done }));
    }
    Ok(Answer::new(
        json!({ "dryRun": true, "chainId": chain.id, "city": planned.plan.constitution.address, "steps": told }),
        output::table(&["step", "at", "state"], &rows),
    ))
}

async fn verify(options: Verify) -> Result<Answer, Failure> {
    let planned = options.plot.read()?;
    let chain = options.endpoint.connect().await?;
    let found = city::verify(&chain.provider, &planned.file.genesis, &planned.plan).await;
    let found = found.map_err(|city::verify::CityVerifyError::Rpc(error)| Failure::from(error))?;
    Ok(findings(
        &found,
        planned.plan.constitution.address,
        chain.id,
    ))
}

/// Findings as an answer, which says by its exit code whether all holds.
fn findings(found: &[Finding], city: Address, chain: u64) -> Answer {
    let count = |verdict| found.iter().filter(|f| f.verdict == verdict).count();
    let (broken, open) = (count(Verdict::Broken), count(Verdict::Open));
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|finding| {
            vec![
                finding.verdict.to_string(),
                finding.subject.to_owned(),
                finding.what.clone(),
                finding.found.clone(),
            ]
        })
        .collect();
    let answer = Answer::new(
        json!({ "city": city, "chainId": chain, "holds": broken == 0, "open": open, "broken": broken, "findings": found }),
        output::table(&["", "of", "what", "found"], &rows),
    );
    if broken == 0 {
        return answer;
    }
    answer.but(
        Failure::new(
            Code::Mismatch,
            format!("{broken} of {} findings do not hold", found.len()),
        )
        .hint("they are marked BROKEN; is it the same genesis file, build, salt and chain?"),
    )
}

async fn keep(options: Keepalive) -> Result<Answer, Failure> {
    let key = match options.sending.dry_run {
        true => None,
        false => Some(options.sending.key.open().await?),
    };
    let sender = key.as_ref().map(|key| key.address());
    let city = match &key {
        Some(key) => options.town.connect_as(key).await?,
        None => options.town.connect().await?,
    };
    let provider = &city.chain.provider;
    // Members with the same code live together.
    let mut extended: BTreeMap<B256, String> = BTreeMap::new();
    let (mut rows, mut told) = (Vec::new(), Vec::new());
    for peer in Peer::ALL {
        let address = city.at(peer);
        let before = status(provider, address).await?;
        let mut done = "lives on";
        if before.time_left_secs < options.within {
            done = match (sender, extended.contains_key(&before.codehash)) {
                (None, _) => "would be extended",
                (Some(_), true) => "extended",
                (Some(sender), false) => match keepalive(provider, before.codehash, sender).await {
                    Ok(_) => {
                        extended.insert(before.codehash, peer.name().to_owned());
                        "extended"
                    }
                    Err(agentcity_deploy::ApplyError::TooSoon { .. }) => "too young to be extended",
                    Err(error) => return Err(error.into()),
                },
            };
        }
        let after = match sender {
            Some(_) => status(provider, address).await?.time_left_secs,
            None => before.time_left_secs,
        };
        rows.push(vec![
            peer.name().to_owned(),
            address.to_string(),
            format!("{after} s"),
            done.to_owned(),
        ]);
        told.push(json!({ "member": peer.name(), "address": address, "timeLeftSecs": after, "done": done }));
    }
    Ok(Answer::new(
        json!({ "dryRun": options.sending.dry_run, "within": options.within, "programs": told }),
        output::table(&["member", "at", "left", "what"], &rows),
    ))
}

//! `agentcity genesis`: what the founders of a city do, from the file of their decisions to the seal and into office.

mod people;

use std::path::{Path, PathBuf};

use agentcity_abi::IConstitution;
use agentcity_deploy::{
    book,
    city::{
        self, GenesisFile, ManifestFile, SignatureFile, Signed,
        genesis::{DEFAULT_SIGNING_WINDOW_SECS, DEFAULT_UNIT_SCALE},
    },
};
use agentcity_domain::peer::Peer;
use alloy::{
    hex,
    primitives::{Address, B256, U256, keccak256},
    providers::Provider,
};
use clap::Subcommand;
use serde_json::{Value, json};

use super::deploy::{Plot, read, read_signatures};
use crate::{
    cmd::rules::shown,
    failure::{Code, Failure},
    opts::{Endpoint, Key, Sending},
    output::{self, Answer},
    send::{Call, perform},
    signer::{Signer, Typed},
};

/// What founders do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Write a genesis file from the founders' decisions.
    #[command(
        after_help = "Example: agentcity genesis new --mandate trade --adjudicator 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266,\
            0x70997970C51812dc3A010C7d01b50e0d17dc79C8,\
            0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC,\
            0x90F79bf6EB2c4f870365E785982E1f101E93b906,\
            0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65,\
            0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc,\
            0x976EA74026E726554dB657fA54763abd0C3a0aa9 \
            --clerk registrar=0x14dC79964da2C08b23698B3D3cc7Ca32193d9955:0x71bE63f3384f5fb98995898A86B02Fb2426c5788 \
            --clerk speaker=0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f:0x71bE63f3384f5fb98995898A86B02Fb2426c5788 \
            --clerk regulator=0xa0Ee7A142d267C1f36714E4a8F75612F20a79720:0xFABB0ac9d68B0B445fB7357272Ff202C5651694a \
            --clerk codifier=0xBcd4042DE499D14e55001CcbB24a551F3b954096:0xFABB0ac9d68B0B445fB7357272Ff202C5651694a"
    )]
    New(New),
    /// Judge a genesis file as the constitution will, and list all that is wrong.
    #[command(after_help = "Example: agentcity genesis check genesis.toml")]
    Check(Check),
    /// Write the manifest that the adjudicators sign, without a chain.
    #[command(
        after_help = "Example: agentcity genesis manifest --chain-id 412346 --deadline 4000000000 --out manifest.json"
    )]
    Manifest(Manifest),
    /// Sign a manifest, without a chain.
    #[command(
        after_help = "Example: agentcity genesis sign manifest.json --keystore alice.json --out alice.signature.json"
    )]
    Sign(Sign),
    /// Put signatures together: each checked, each signer once, in order.
    #[command(
        after_help = "Example: agentcity genesis merge manifest.json alice.signature.json bob.signature.json --out signatures.json"
    )]
    Merge(Merge),
    /// Seal a city whose contracts are there, and let its members learn each other; anyone may.
    #[command(after_help = "Example: agentcity genesis seal manifest.json signatures.json")]
    Seal(Seal),
    /// Tell how far a founding is, and what is left to do by whom.
    #[command(after_help = "Example: agentcity genesis status --genesis genesis.toml")]
    Status(Status),
    /// Bring the people of a genesis file into office whose keys are in a file: for rehearsals; else each does it alone.
    #[command(
        after_help = "Example: agentcity genesis people --genesis genesis.toml --keys people.keys"
    )]
    People(people::People),
}

#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// What the city is for: a text, or its hash as 0x and 64 digits.
    #[arg(long)]
    mandate: String,
    /// A genesis adjudicator; several are separated by commas.
    #[arg(long = "adjudicator", value_name = "ADDRESS", value_delimiter = ',')]
    adjudicators: Vec<String>,
    /// A clerk: office, agent and who answers for it.
    #[arg(long = "clerk", value_name = "OFFICE=AGENT:PRINCIPAL")]
    clerks: Vec<String>,
    /// A parameter that differs from its default.
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// The ERC-20 that the city pays in; the native coin when absent.
    #[arg(long)]
    asset: Option<String>,
    /// Base units of the asset in one unit of stake.
    #[arg(long, default_value_t = U256::from(DEFAULT_UNIT_SCALE))]
    unit_scale: U256,
    /// Seconds that the adjudicators have to sign.
    #[arg(long, default_value_t = DEFAULT_SIGNING_WINDOW_SECS)]
    signing_window: u64,
    /// The file; it must not exist.
    #[arg(long, default_value = "genesis.toml")]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The file.
    #[arg(default_value = "genesis.toml")]
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Manifest {
    #[command(flatten)]
    plot: Plot,
    /// Id of the chain that the city is for.
    #[arg(long)]
    chain_id: u64,
    /// Last second at which it may be sealed, unix.
    #[arg(long, value_name = "SECONDS")]
    deadline: u64,
    /// Where it is written.
    #[arg(long, default_value = "manifest.json")]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Sign {
    /// The manifest.
    manifest: PathBuf,
    /// Refuse unless it follows from this genesis file and these programs.
    #[arg(long)]
    genesis: Option<PathBuf>,
    /// Folder of the programs.
    #[arg(long, env = "AGENTCITY_PROGRAMS", default_value = "target/programs")]
    programs: PathBuf,
    /// Salt of the city.
    #[arg(long, default_value_t = agentcity_deploy::plan::DEFAULT_SALT)]
    salt: B256,
    #[command(flatten)]
    key: Key,
    /// Where the signature is written; standard output when absent.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Merge {
    /// The manifest.
    manifest: PathBuf,
    /// Files of signatures.
    #[arg(required = true)]
    signatures: Vec<PathBuf>,
    /// Where all are written.
    #[arg(long, default_value = "signatures.json")]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Seal {
    /// The manifest.
    manifest: PathBuf,
    /// Files of signatures.
    #[arg(required = true)]
    signatures: Vec<PathBuf>,
    #[command(flatten)]
    endpoint: Endpoint,
    #[command(flatten)]
    sending: Sending,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    #[command(flatten)]
    plot: Plot,
    #[command(flatten)]
    endpoint: Endpoint,
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::New(options) => new(&options),
        Verb::Check(options) => check(&options),
        Verb::Manifest(options) => manifest(&options),
        Verb::Sign(options) => sign(&options).await,
        Verb::Merge(options) => merge(&options),
        Verb::Seal(options) => seal(options).await,
        Verb::Status(options) => status(options).await,
        Verb::People(options) => people::run(options).await,
    }
}

/// A text as TOML writes it: with JSON's escapes.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn new(options: &New) -> Result<Answer, Failure> {
    let mandate = match options.mandate.parse::<B256>() {
        Ok(hash) => hash,
        Err(_) if options.mandate.trim().is_empty() => {
            return Err(
                Failure::new(Code::Value, "the mandate is empty").hint("say what the city is for")
            );
        }
        Err(_) => keccak256(&options.mandate),
    };
    let mut text =
        String::from("# What this city is founded on: `agentcity genesis check` judges it.\n\n");
    if options.mandate.parse::<B256>().is_err() {
        for line in options.mandate.lines() {
            text += &format!("# {line}\n");
        }
    }
    text += &format!("mandate = \"{mandate}\"\n");
    if let Some(asset) = &options.asset {
        text += &format!("asset = {}\n", quoted(asset));
    }
    text += &format!("unit_scale = \"{}\"\n", options.unit_scale);
    text += &format!("signing_window_secs = {}\n", options.signing_window);
    text += "adjudicators = [\n";
    for adjudicator in &options.adjudicators {
        text += &format!("  {},\n", quoted(adjudicator));
    }
    text += "]\n\n[parameters]\n";
    for given in &options.parameters {
        let (name, value) = given.split_once('=').ok_or_else(|| {
            Failure::new(Code::Value, format!("`{given}` sets no parameter"))
                .hint("give it as NAME=VALUE")
        })?;
        text += &format!("{} = {}\n", quoted(name), quoted(value));
    }
    for given in &options.clerks {
        let parts = given
            .split_once('=')
            .and_then(|(role, pair)| Some((role, pair.split_once(':')?)));
        let (role, (agent, principal)) = parts.ok_or_else(|| {
            Failure::new(Code::Value, format!("`{given}` names no clerk"))
                .hint("give it as OFFICE=AGENT:PRINCIPAL")
        })?;
        text += &format!(
            "\n[[clerks]]\nrole = {}\nagent = {}\nprincipal = {}\n",
            quoted(role),
            quoted(agent),
            quoted(principal)
        );
    }
    // Judged before it is written: what is written founds a city.
    let file = GenesisFile::parse(&text).map_err(|problems| {
        let first = problems.first();
        Failure::new(
            Code::Genesis,
            first.map_or_else(String::new, |error| error.problem.to_string()),
        )
        .hint("give other flags: nothing was written")
    })?;
    if options.out.exists() {
        let path = options.out.display();
        return Err(Failure::new(Code::File, format!("{path} is there already"))
            .hint("name another with --out, or move it away"));
    }
    write_text(&options.out, &text)?;
    Ok(described(&options.out, &file))
}

fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::file(path, &error))
}

fn described(path: &Path, file: &GenesisFile) -> Answer {
    let genesis = &file.genesis;
    let asset = genesis
        .asset
        .map_or_else(|| "the native coin".to_owned(), |asset| asset.to_string());
    let mut facts = vec![
        ("file".to_owned(), path.display().to_string()),
        ("genesis".to_owned(), genesis.digest().to_string()),
        ("mandate".to_owned(), genesis.mandate.to_string()),
        ("asset".to_owned(), asset),
        (
            "unit of stake".to_owned(),
            format!("{} base units", genesis.unit_scale),
        ),
        (
            "adjudicators".to_owned(),
            format!(
                "{}, {} must sign",
                genesis.adjudicators.len(),
                genesis.signatures_needed()
            ),
        ),
    ];
    let offices: Vec<String> = city::clerk_names().collect();
    for clerk in &genesis.clerks {
        let office = offices.get(usize::from(clerk.role)).cloned();
        facts.push((
            office.unwrap_or_default(),
            format!("{} of {}", clerk.agent, clerk.principal),
        ));
    }
    let mut parameters = serde_json::Map::new();
    for (id, value) in genesis.first_epoch() {
        if value != id.default_word() {
            let name = id.described().name;
            facts.push((
                name.to_owned(),
                format!("{}, not {}", shown(id, value), shown(id, id.default_word())),
            ));
            parameters.insert(name.to_owned(), json!(shown(id, value)));
        }
    }
    Answer::facts(
        json!({
            "file": path, "genesis": genesis.digest(), "mandate": genesis.mandate, "asset": genesis.asset,
            "unitScale": genesis.unit_scale.to_string(), "signingWindowSecs": genesis.signing_window_secs,
            "adjudicators": genesis.adjudicators, "signaturesNeeded": genesis.signatures_needed(),
            "clerks": genesis.clerks.iter().map(|clerk| json!({
                "office": offices.get(usize::from(clerk.role)), "agent": clerk.agent, "principal": clerk.principal,
            })).collect::<Vec<_>>(),
            "parameters": parameters,
        }),
        &facts,
    )
}

fn check(options: &Check) -> Result<Answer, Failure> {
    let path = &options.file;
    match GenesisFile::parse(&read(path)?) {
        Ok(file) => Ok(described(path, &file)),
        Err(problems) => {
            let rows: Vec<Vec<String>> = problems
                .iter()
                .map(|error| {
                    let place = format!("{}:{}", error.place.line, error.place.column);
                    vec![place, error.problem.to_string()]
                })
                .collect();
            let told: Vec<Value> = problems
                .iter()
                .map(|error| {
                    json!({ "line": error.place.line, "column": error.place.column, "problem": error.problem.to_string() })
                })
                .collect();
            let count = problems.len();
            Ok(Answer::new(
                json!({ "file": path, "problems": told }),
                output::table(&["at", "problem"], &rows),
            )
            .but(
                Failure::new(
                    Code::Genesis,
                    format!("{} founds no city: {count} problems", path.display()),
                )
                .hint("mend what the table lists by line and column"),
            ))
        }
    }
}

fn manifest(options: &Manifest) -> Result<Answer, Failure> {
    let planned = options.plot.read()?;
    let manifest = planned
        .plan
        .manifest(&planned.file.genesis, options.deadline)
        .ok_or_else(|| Failure::new(Code::Programs, "a member has no program"))?;
    let file = ManifestFile {
        manifest,
        chain_id: options.chain_id,
        constitution: planned.plan.constitution.address,
    };
    book::write(&options.out, &file.to_json())?;
    Ok(Answer::facts(
        json!({ "manifest": options.out, "digest": file.digest(), "deadline": options.deadline, "signaturesNeeded": file.needed() }),
        &[
            ("manifest", options.out.display().to_string()),
            ("city", file.constitution.to_string()),
            ("chain", file.chain_id.to_string()),
            ("digest", file.digest().to_string()),
            ("good until", options.deadline.to_string()),
            ("signatures", format!("{} needed", file.needed())),
        ],
    ))
}

fn read_manifest(path: &Path) -> Result<ManifestFile, Failure> {
    ManifestFile::parse(&read(path)?).map_err(|error| {
        Failure::new(Code::Malformed, format!("{}: {error}", path.display()))
            .hint("`agentcity deploy apply` and `agentcity genesis manifest` write manifests")
    })
}

/// What signing it means, in words, on stderr: the signature is on stdout.
fn explain(file: &ManifestFile) {
    let manifest = &file.manifest;
    eprintln!("You sign that this city may be sealed, for ever:");
    eprintln!(
        "  city         {} on chain {}",
        file.constitution, file.chain_id
    );
    eprintln!("  mandate      {}", manifest.mandate);
    let asset = match manifest.asset.is_zero() {
        true => "the native coin".to_owned(),
        false => manifest.asset.to_string(),
    };
    eprintln!(
        "  asset        {asset}, {} base units in a unit of stake",
        manifest.unitScale
    );
    for member in &manifest.members {
        let name = Peer::at(member.peer).map_or("?", Peer::name);
        eprintln!(
            "  {name:<12} {} with code {}",
            member.account, member.codehash
        );
    }
    let offices: Vec<String> = city::clerk_names().collect();
    for clerk in &manifest.clerks {
        let office = offices
            .get(usize::from(clerk.role))
            .map_or("?", String::as_str);
        eprintln!("  {office:<12} {} of {}", clerk.agent, clerk.principal);
    }
    for parameter in &manifest.parameters {
        if let Ok(id) = agentcity_domain::parameter::ParameterId::at(parameter.id) {
            eprintln!(
                "  parameter    {} = {}",
                id.described().name,
                shown(id, parameter.value)
            );
        }
    }
    eprintln!(
        "  adjudicators {}, {} must sign",
        manifest.adjudicators.len(),
        file.needed()
    );
    eprintln!("  good until   {} (unix seconds)", manifest.deadline);
}

async fn sign(options: &Sign) -> Result<Answer, Failure> {
    let file = read_manifest(&options.manifest)?;
    if let Some(genesis) = &options.genesis {
        let plot = Plot {
            genesis: genesis.clone(),
            programs: options.programs.clone(),
            salt: options.salt,
        };
        let planned = plot.read()?;
        let own = planned
            .plan
            .manifest(&planned.file.genesis, file.manifest.deadline);
        let own = own.filter(|_| planned.plan.constitution.address == file.constitution);
        if own.as_ref() != Some(&file.manifest) {
            return Err(Failure::new(
                Code::Mismatch,
                format!(
                    "{} does not follow from {} and the programs in {}",
                    options.manifest.display(),
                    genesis.display(),
                    options.programs.display()
                ),
            )
            .hint("do not sign; ask who sent it for genesis file, build and salt"));
        }
    }
    explain(&file);
    let key = options.key.open().await?;
    let signer = key.address();
    if !file.manifest.adjudicators.contains(&signer) {
        return Err(city::SigningError::NotAdjudicator { signer }.into());
    }
    let digest = file.digest();
    let signed = file.check(&Signed {
        signer,
        signature: key.sign(&Typed::new(file.to_json(), digest)).await?,
    })?;
    let file = SignatureFile {
        digest,
        signatures: vec![signed],
    };
    match &options.out {
        Some(path) => {
            book::write(path, &file)?;
            Ok(Answer::facts(
                json!({ "signature": path, "signer": signer, "digest": digest }),
                &[
                    ("signer", signer.to_string()),
                    ("digest", digest.to_string()),
                    ("signature", path.display().to_string()),
                ],
            ))
        }
        None => {
            let text = serde_json::to_string_pretty(&file).unwrap_or_default();
            Ok(Answer::new(&file, text + "\n"))
        }
    }
}

fn merge(options: &Merge) -> Result<Answer, Failure> {
    let file = read_manifest(&options.manifest)?;
    let merged = file.merge(&read_signatures(&options.signatures)?)?;
    book::write(&options.out, &merged)?;
    let signers: Vec<Address> = merged.signatures.iter().map(|s| s.signer).collect();
    let mut facts = vec![
        ("signatures", options.out.display().to_string()),
        (
            "count",
            format!("{} of {} needed", signers.len(), file.needed()),
        ),
    ];
    facts.extend(signers.iter().map(|signer| ("signer", signer.to_string())));
    Ok(Answer::facts(
        json!({ "signatures": options.out, "digest": merged.digest, "signers": signers, "signaturesNeeded": file.needed() }),
        &facts,
    ))
}

async fn seal(options: Seal) -> Result<Answer, Failure> {
    let file = read_manifest(&options.manifest)?;
    let merged = file.merge(&read_signatures(&options.signatures)?)?;
    if merged.signatures.len() < file.needed() {
        return Err(Failure::new(
            Code::Signature,
            format!(
                "{} signatures, {} are needed",
                merged.signatures.len(),
                file.needed()
            ),
        )
        .hint("ask more adjudicators for `agentcity genesis sign`"));
    }
    let signer = options.sending.key.open().await?;
    let from = signer.address();
    let chain = options.endpoint.connect_as(&signer).await?;
    if chain.id != file.chain_id {
        return Err(Failure::new(
            Code::OtherChain,
            format!(
                "the manifest is for chain {}, this is {}",
                file.chain_id, chain.id
            ),
        )
        .hint("give the --rpc-url of its chain"));
    }
    let dry_run = options.sending.dry_run;
    let contract = IConstitution::new(file.constitution, &chain.provider);
    let (mut value, mut facts) = (Vec::new(), Vec::new());
    if contract.isSealed().call().await? {
        facts.push(("seal".to_owned(), "done before".to_owned()));
    } else {
        let call = IConstitution::sealCall {
            manifest: file.manifest.clone(),
            signatures: merged.signatures.into_iter().map(|s| s.signature).collect(),
        };
        let call = Call::new("seal the city", file.constitution, &call);
        let sent = perform(&chain, from, call, dry_run).await?;
        value.push(sent.value);
        facts.extend(sent.facts);
    }
    // Nobody learns peers of a city that is not sealed yet.
    for member in &file.manifest.members {
        let name = Peer::at(member.peer).map_or("?", Peer::name);
        if dry_run || city::apply::is_wired(&chain.provider, member.account).await? {
            continue;
        }
        let call = Call::new(
            format!("wire {name}"),
            member.account,
            &city::apply::Wired::wireCall {},
        );
        let sent = perform(&chain, from, call, false).await?;
        value.push(sent.value);
        facts.push((format!("wire {name}"), "done".to_owned()));
    }
    Ok(Answer::facts(
        json!({ "city": file.constitution, "dryRun": dry_run, "calls": value }),
        &facts,
    ))
}

async fn status(options: Status) -> Result<Answer, Failure> {
    let planned = options.plot.read()?;
    let chain = options.endpoint.connect().await?;
    let genesis = &planned.file.genesis;
    let city = planned.plan.constitution.address;
    let mut rows: Vec<[String; 3]> = Vec::new();
    let mut missing = 0;
    for (_, program) in planned.plan.programs() {
        if chain
            .provider
            .get_code_at(program.address)
            .await?
            .is_empty()
        {
            missing += 1;
        }
    }
    let total = planned.plan.programs().count();
    let state = |done: bool| if done { "done" } else { "to do" }.to_owned();
    rows.push([
        format!("deploy {total} programs ({missing} missing)"),
        "anyone: agentcity deploy apply".into(),
        state(missing == 0),
    ]);
    let contract = IConstitution::new(city, &chain.provider);
    let is_sealed = missing == 0 && contract.isSealed().call().await?;
    rows.push([
        format!(
            "sign the manifest ({} of {})",
            genesis.signatures_needed(),
            genesis.adjudicators.len()
        ),
        "adjudicators: agentcity genesis sign".into(),
        state(is_sealed),
    ]);
    rows.push([
        "seal".into(),
        "anyone: agentcity deploy apply".into(),
        state(is_sealed),
    ]);
    let mut unwired = 0;
    for (_, program) in planned.plan.programs().skip(1) {
        if !is_sealed || !city::apply::is_wired(&chain.provider, program.address).await? {
            unwired += 1;
        }
    }
    rows.push([
        format!("wire {} members ({unwired} not yet)", total - 1),
        "anyone: agentcity deploy apply".into(),
        state(unwired == 0),
    ]);
    if is_sealed && unwired == 0 {
        for open in people::standing(&chain, &planned).await? {
            rows.push([open.what, open.who.to_string(), state(open.done)]);
        }
    }
    let open = rows.iter().filter(|row| row[2] != "done").count();
    let told: Vec<Value> = rows
        .iter()
        .map(|[what, who, state]| json!({ "what": what, "by": who, "state": state }))
        .collect();
    let cells: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
    Ok(Answer::new(
        json!({ "city": city, "chainId": chain.id, "open": open, "steps": told }),
        output::table(&["what", "by", "state"], &cells),
    ))
}

/// Keys of a file, one a line, in hex; lines that begin with # are none.
fn read_keys(path: &Path) -> Result<Vec<Signer>, Failure> {
    let text = read(path)?;
    let lines = text.lines().map(str::trim).enumerate();
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(index, line)| {
            let bytes = hex::decode(line).ok();
            // What stands there is not repeated: it may be a key with a typing error.
            let key = bytes
                .and_then(|bytes| alloy::signers::local::PrivateKeySigner::from_slice(&bytes).ok());
            key.map(Signer::Key).ok_or_else(|| {
                Failure::new(
                    Code::KeyMalformed,
                    format!("{}:{}: it is no private key", path.display(), index + 1),
                )
                .hint("one key a line, 64 hex digits")
            })
        })
        .collect()
}

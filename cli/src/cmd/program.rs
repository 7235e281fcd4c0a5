//! `agentcity program`: a compiled contract on its way to a chain and on it.

use std::path::PathBuf;

use agentcity_deploy::{
    Applied, Artifact, Book, Plan, Step, activate, apply,
    apply::{activation_value, keepalive_value, outlook},
    book::Entry,
    keepalive,
    plan::DEFAULT_SALT,
    verify,
};
use alloy::{
    dyn_abi::{DynSolValue, JsonAbiExt, Specifier},
    json_abi::Constructor,
    primitives::{Address, B256, U256},
    providers::{DynProvider, Provider},
};
use clap::Subcommand;
use serde_json::json;

use crate::{
    failure::{Code, Failure},
    opts::{Endpoint, Key, Sending},
    output::Answer,
};

/// What to do with a program.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Check a module against the rules of activation, without a chain.
    #[command(
        after_help = "Example: agentcity program check --wasm target/programs/agentcity-token.wasm"
    )]
    Check(Module),
    /// Create, activate and construct it; what is there already is left alone.
    #[command(
        after_help = "Example: agentcity program deploy --wasm target/programs/agentcity-token.wasm --book deployments --name agentcity-token"
    )]
    Deploy(Deploy),
    /// Tell what program is at an address.
    #[command(
        after_help = "Example: agentcity program status 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )]
    Status(Status),
    /// Make a program callable, or callable again after it expired; anyone may.
    #[command(
        after_help = "Example: agentcity program activate 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )]
    Activate(At),
    /// Extend an activation by a year; anyone may.
    #[command(
        after_help = "Example: agentcity program keepalive 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )]
    Keepalive(At),
}

/// A compiled module and how it is constructed.
#[derive(Debug, clap::Args)]
pub(crate) struct Module {
    /// The module, as `cargo xtask build` leaves it in target/programs.
    #[arg(long)]
    wasm: PathBuf,
    /// Signature of its constructor, for example `constructor(string,uint8)`.
    #[arg(long)]
    constructor: Option<String>,
    /// Arguments of the constructor, in order.
    #[arg(
        long = "argument",
        requires = "constructor",
        allow_hyphen_values = true
    )]
    arguments: Vec<String>,
    /// Wei for the constructor.
    #[arg(long, default_value_t = U256::ZERO, requires = "constructor")]
    value: U256,
    /// Decides the address together with code and arguments; not zero.
    #[arg(long, default_value_t = DEFAULT_SALT)]
    salt: B256,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Deploy {
    #[command(flatten)]
    module: Module,
    #[command(flatten)]
    endpoint: Endpoint,
    #[command(flatten)]
    sending: Sending,
    /// Folder of address books; the one of the chain is written there.
    #[arg(long, requires = "name")]
    book: Option<PathBuf>,
    /// Name under which the book holds it.
    #[arg(long, requires = "book")]
    name: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// The program.
    address: Address,
    #[command(flatten)]
    endpoint: Endpoint,
}

/// A program on a chain, and who pays.
#[derive(Debug, clap::Args)]
pub(crate) struct At {
    /// The program.
    address: Address,
    #[command(flatten)]
    endpoint: Endpoint,
    #[command(flatten)]
    sending: Sending,
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Check(module) => check(&module),
        Verb::Deploy(options) => deploy(options).await,
        Verb::Status(options) => status(options).await,
        Verb::Activate(options) => reactivate(options).await,
        Verb::Keepalive(options) => keep(options).await,
    }
}

fn check(module: &Module) -> Result<Answer, Failure> {
    let plan = module.plan()?;
    let f = &plan.facts;
    let value = json!({
        "codehash": plan.codehash, "address": plan.address, "wasmBytes": f.wasm_bytes, "codeBytes": plan.code.len(),
        "dataBytes": f.data_bytes, "functions": f.functions, "memoryPages": f.memory_pages,
        "initGas": f.init_gas, "cachedInitGas": f.cached_init_gas,
    });
    Ok(Answer::facts(
        value,
        &[
            ("valid", "yes".into()),
            (
                "wasm",
                format!(
                    "{} bytes, {} functions, {} of data",
                    f.wasm_bytes, f.functions, f.data_bytes
                ),
            ),
            ("code", format!("{} bytes", plan.code.len())),
            ("codehash", plan.codehash.to_string()),
            ("address", plan.address.to_string()),
        ],
    ))
}

async fn deploy(options: Deploy) -> Result<Answer, Failure> {
    let plan = options.module.plan()?;
    let (provider, sender) = options.connect().await?;
    if options.sending.dry_run {
        let steps = outlook(&provider, &plan, sender).await?;
        let told = steps.iter().map(|(step, value)| {
            let name = match step {
                Step::Deploy { activates: true } => "deploy and activate",
                Step::Deploy { activates: false } => "deploy",
                Step::Activate => "activate",
            };
            (name, *value)
        });
        return Ok(would(plan.address, sender, &told.collect::<Vec<_>>()));
    }
    let Applied { sent, verified } = apply(&provider, &plan, sender).await?;
    if let (Some(dir), Some(name)) = (&options.book, &options.name) {
        let mut book = Book::load(dir, provider.get_chain_id().await?)?;
        let entry = Entry {
            address: verified.address,
            codehash: verified.codehash,
            version: verified.version,
        };
        book.programs.insert(name.clone(), entry);
        let file = book.save(dir)?;
        eprintln!("written to {}", file.display());
    }
    let gas: u64 = sent.iter().map(|receipt| receipt.gas_used).sum();
    let hashes: Vec<B256> = sent
        .iter()
        .map(|receipt| receipt.transaction_hash)
        .collect();
    let done = if sent.is_empty() {
        "was there already".to_owned()
    } else {
        format!("{} transactions, {gas} gas", sent.len())
    };
    Ok(Answer::facts(
        json!({ "address": verified.address, "codehash": verified.codehash, "version": verified.version, "gasUsed": gas, "transactions": hashes }),
        &[
            ("address", verified.address.to_string()),
            ("codehash", verified.codehash.to_string()),
            ("version", verified.version.to_string()),
            ("done", done),
        ],
    ))
}

/// What is not sent: each step with the wei that it would carry.
fn would(address: Address, sender: Address, steps: &[(&str, U256)]) -> Answer {
    let told: Vec<_> = steps
        .iter()
        .map(|(step, value)| json!({ "step": step, "value": value.to_string() }))
        .collect();
    let mut facts = vec![
        ("address".to_owned(), address.to_string()),
        ("from".to_owned(), sender.to_string()),
    ];
    facts.extend(
        steps
            .iter()
            .map(|(step, value)| ("would".to_owned(), format!("{step}, with {value} wei"))),
    );
    if steps.is_empty() {
        facts.push(("would".to_owned(), "do nothing: it is there".to_owned()));
    }
    Answer::facts(
        json!({ "dryRun": true, "address": address, "from": sender, "steps": told }),
        &facts,
    )
}

async fn status(options: Status) -> Result<Answer, Failure> {
    let found =
        verify::status(&options.endpoint.connect().await?.provider, options.address).await?;
    let facts = [
        ("address", found.address.to_string()),
        ("codehash", found.codehash.to_string()),
        ("version", found.version.to_string()),
        (
            "init gas",
            format!("{} ({} cached)", found.init_gas, found.cached_init_gas),
        ),
        ("pages", found.memory_pages.to_string()),
        ("active for", format!("{} s more", found.time_left_secs)),
    ];
    Ok(Answer::facts(&found, &facts))
}

async fn reactivate(options: At) -> Result<Answer, Failure> {
    let (provider, sender) = options.connect().await?;
    if options.sending.dry_run {
        let value = activation_value(&provider, options.address, sender).await?;
        return Ok(would(options.address, sender, &[("activate", value)]));
    }
    let receipt = activate(&provider, options.address, sender).await?;
    Ok(Answer::facts(
        json!({ "address": options.address, "transaction": receipt.transaction_hash, "gasUsed": receipt.gas_used }),
        &[
            ("activated", options.address.to_string()),
            ("transaction", receipt.transaction_hash.to_string()),
        ],
    ))
}

async fn keep(options: At) -> Result<Answer, Failure> {
    let (provider, sender) = options.connect().await?;
    let found = verify::status(&provider, options.address).await?;
    if options.sending.dry_run {
        let value = keepalive_value(&provider, found.codehash, sender).await?;
        return Ok(would(options.address, sender, &[("keep alive", value)]));
    }
    let receipt = keepalive(&provider, found.codehash, sender).await?;
    Ok(Answer::facts(
        json!({ "address": options.address, "transaction": receipt.transaction_hash, "gasUsed": receipt.gas_used }),
        &[
            ("kept alive", options.address.to_string()),
            ("transaction", receipt.transaction_hash.to_string()),
        ],
    ))
}

impl Module {
    fn plan(&self) -> Result<Plan, Failure> {
        let artifact =
            Artifact::load(&self.wasm).map_err(|error| Failure::file(&self.wasm, &error))?;
        let arguments = self
            .constructor
            .as_deref()
            .map(|signature| encode(signature, &self.arguments))
            .transpose()?;
        Ok(Plan::new(
            &artifact,
            arguments.as_deref(),
            self.value,
            self.salt,
        )?)
    }
}

/// ABI encoding of constructor arguments given as text.
fn encode(signature: &str, texts: &[String]) -> Result<Vec<u8>, Failure> {
    let value = |message: String| Failure::new(Code::Value, message);
    let constructor = Constructor::parse(signature).map_err(|error| {
        value(format!("`{signature}` is no signature ({error})"))
            .hint("give it as `constructor(string,uint8)`")
    })?;
    if constructor.inputs.len() != texts.len() {
        return Err(value(format!(
            "`{signature}` takes {} arguments, {} given",
            constructor.inputs.len(),
            texts.len()
        ))
        .hint("repeat --argument for each"));
    }
    let mut values: Vec<DynSolValue> = Vec::with_capacity(texts.len());
    for (input, text) in constructor.inputs.iter().zip(texts) {
        let ty = input
            .resolve()
            .map_err(|error| value(format!("`{}` is no type ({error})", input.ty)))?;
        values.push(
            ty.coerce_str(text)
                .map_err(|error| value(format!("`{text}` is no {} ({error})", input.ty)))?,
        );
    }
    constructor
        .abi_encode_input_raw(&values)
        .map_err(|error| value(error.to_string()))
}

impl At {
    async fn connect(&self) -> Result<(DynProvider, Address), Failure> {
        connect(&self.endpoint, &self.sending.key).await
    }
}

impl Deploy {
    async fn connect(&self) -> Result<(DynProvider, Address), Failure> {
        connect(&self.endpoint, &self.sending.key).await
    }
}

async fn connect(endpoint: &Endpoint, key: &Key) -> Result<(DynProvider, Address), Failure> {
    let signer = key.open().await?;
    let provider = endpoint.connect_as(&signer).await?.provider;
    Ok((provider, signer.address()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|t| (*t).to_owned()).collect()
    }

    #[test]
    fn constructor_arguments_are_encoded_as_abi_says() {
        let encoded = encode(
            "constructor(uint8,address)",
            &texts(&["6", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"]),
        )
        .unwrap();
        assert_eq!(encoded.len(), 64);
        assert_eq!(encoded[31], 6);
        assert_eq!(encoded[44..46], [0xf3, 0x9f]);
        assert!(encode("constructor()", &[]).unwrap().is_empty());
    }

    #[test]
    fn a_wrong_argument_is_named() {
        let error = |signature: &str, list: &[&str]| {
            encode(signature, &texts(list)).unwrap_err().to_string()
        };
        assert!(error("constructor(uint8)", &["300"]).contains("`300` is no uint8"));
        assert!(error("constructor(uint8)", &[]).contains("takes 1 arguments, 0 given"));
        assert!(error("function f(", &[]).contains("is no signature"));
    }
}

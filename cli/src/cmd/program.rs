//! `agentcity program`: a compiled contract on its way to a chain and on it.

use std::path::PathBuf;

use agentcity_deploy::{
    Applied, Book, Plan, activate, apply, book::Entry, keepalive, plan::DEFAULT_SALT, verify,
};
use alloy::{
    dyn_abi::{DynSolValue, JsonAbiExt, Specifier},
    json_abi::Constructor,
    network::EthereumWallet,
    primitives::{Address, B256, U256},
    providers::{Provider, ProviderBuilder},
    signers::local::PrivateKeySigner,
};
use clap::Subcommand;
use eyre::{Context, bail};
use serde_json::json;

use crate::output::Answer;

/// What to do with a program.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Check a module against the rules of activation, without a chain.
    Check(Module),
    /// Create, activate and construct it; what is there already is left alone.
    Deploy(Deploy),
    /// Tell what program is at an address.
    Status(Status),
    /// Make a program callable, or callable again after it expired; anyone may.
    Activate(At),
    /// Extend an activation by a year; anyone may.
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
    chain: Chain,
    #[command(flatten)]
    signer: Signer,
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
    chain: Chain,
}

/// A program on a chain, and who pays.
#[derive(Debug, clap::Args)]
pub(crate) struct At {
    /// The program.
    address: Address,
    #[command(flatten)]
    chain: Chain,
    #[command(flatten)]
    signer: Signer,
}

/// Which chain.
#[derive(Debug, clap::Args)]
struct Chain {
    /// Address of its JSON-RPC over HTTP.
    #[arg(long, env = "AGENTCITY_RPC_URL")]
    rpc_url: String,
}

/// Who signs.
#[derive(clap::Args)]
struct Signer {
    /// Private key in hex. Set the variable instead: arguments are visible to every user of the machine.
    #[arg(long, env = "AGENTCITY_PRIVATE_KEY", hide_env_values = true)]
    private_key: String,
}

/// A key must not reach a log through `{:?}`.
impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(..)")
    }
}

pub(crate) async fn run(verb: Verb) -> eyre::Result<Answer> {
    match verb {
        Verb::Check(module) => check(&module),
        Verb::Deploy(options) => deploy(options).await,
        Verb::Status(options) => status(options).await,
        Verb::Activate(options) => reactivate(options).await,
        Verb::Keepalive(options) => keep(options).await,
    }
}

fn check(module: &Module) -> eyre::Result<Answer> {
    let plan = module.plan()?;
    let f = &plan.facts;
    let value = json!({
        "codehash": plan.codehash, "address": plan.address, "wasmBytes": f.wasm_bytes, "codeBytes": plan.code.len(),
        "dataBytes": f.data_bytes, "functions": f.functions, "memoryPages": f.memory_pages,
        "initGas": f.init_gas, "cachedInitGas": f.cached_init_gas,
    });
    Answer::new(
        value,
        vec![
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
    )
}

async fn deploy(options: Deploy) -> eyre::Result<Answer> {
    let plan = options.module.plan()?;
    let (provider, sender) = options.chain.connect_as(&options.signer)?;
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
    Answer::new(
        json!({ "address": verified.address, "codehash": verified.codehash, "version": verified.version, "gasUsed": gas, "transactions": hashes }),
        vec![
            ("address", verified.address.to_string()),
            ("codehash", verified.codehash.to_string()),
            ("version", verified.version.to_string()),
            ("done", done),
        ],
    )
}

async fn status(options: Status) -> eyre::Result<Answer> {
    let found = verify::status(&options.chain.connect()?, options.address).await?;
    let lines = vec![
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
    Answer::new(found, lines)
}

async fn reactivate(options: At) -> eyre::Result<Answer> {
    let (provider, sender) = options.chain.connect_as(&options.signer)?;
    let receipt = activate(&provider, options.address, sender).await?;
    Answer::new(
        json!({ "address": options.address, "transaction": receipt.transaction_hash, "gasUsed": receipt.gas_used }),
        vec![
            ("activated", options.address.to_string()),
            ("transaction", receipt.transaction_hash.to_string()),
        ],
    )
}

async fn keep(options: At) -> eyre::Result<Answer> {
    let (provider, sender) = options.chain.connect_as(&options.signer)?;
    let found = verify::status(&provider, options.address).await?;
    let receipt = keepalive(&provider, found.codehash, sender).await?;
    Answer::new(
        json!({ "address": options.address, "transaction": receipt.transaction_hash, "gasUsed": receipt.gas_used }),
        vec![
            ("kept alive", options.address.to_string()),
            ("transaction", receipt.transaction_hash.to_string()),
        ],
    )
}

impl Module {
    fn plan(&self) -> eyre::Result<Plan> {
        let wasm = std::fs::read(&self.wasm)
            .wrap_err_with(|| format!("cannot read {}", self.wasm.display()))?;
        let arguments = self
            .constructor
            .as_deref()
            .map(|signature| encode(signature, &self.arguments))
            .transpose()?;
        Ok(Plan::new(
            &wasm,
            arguments.as_deref(),
            self.value,
            self.salt,
        )?)
    }
}

/// ABI encoding of constructor arguments given as text.
fn encode(signature: &str, texts: &[String]) -> eyre::Result<Vec<u8>> {
    let constructor = Constructor::parse(signature).wrap_err_with(|| {
        format!("`{signature}` is no signature such as `constructor(string,uint8)`")
    })?;
    if constructor.inputs.len() != texts.len() {
        bail!(
            "`{signature}` takes {} arguments, {} given: repeat --argument for each",
            constructor.inputs.len(),
            texts.len()
        );
    }
    let mut values: Vec<DynSolValue> = Vec::with_capacity(texts.len());
    for (input, text) in constructor.inputs.iter().zip(texts) {
        let ty = input
            .resolve()
            .wrap_err_with(|| format!("`{}` is no type", input.ty))?;
        values.push(
            ty.coerce_str(text)
                .wrap_err_with(|| format!("`{text}` is no {}", input.ty))?,
        );
    }
    Ok(constructor.abi_encode_input_raw(&values)?)
}

impl Chain {
    fn connect(&self) -> eyre::Result<impl Provider + use<>> {
        Ok(ProviderBuilder::new().connect_http(self.url()?))
    }

    fn connect_as(&self, signer: &Signer) -> eyre::Result<(impl Provider + use<>, Address)> {
        // The parse error is dropped with intent: it may quote the key.
        let Ok(key) = signer.private_key.trim().parse::<PrivateKeySigner>() else {
            bail!("the private key is not 32 bytes of hex");
        };
        let sender = key.address();
        Ok((
            ProviderBuilder::new()
                .wallet(EthereumWallet::from(key))
                .connect_http(self.url()?),
            sender,
        ))
    }

    fn url<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
        &self,
    ) -> eyre::Result<T> {
        self.rpc_url.parse().wrap_err_with(|| {
            format!(
                "`{}` is no URL: give it as http://127.0.0.1:8545",
                self.rpc_url
            )
        })
    }
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
            format!("{:#}", encode(signature, &texts(list)).unwrap_err())
        };
        assert!(error("constructor(uint8)", &["300"]).contains("`300` is no uint8"));
        assert!(error("constructor(uint8)", &[]).contains("takes 1 arguments, 0 given"));
        assert!(error("function f(", &[]).contains("is no signature"));
    }

    #[test]
    fn a_key_is_never_shown() {
        let signer = Signer {
            private_key: "0xsecret".into(),
        };
        assert_eq!(format!("{signer:?}"), "Signer(..)");
        let chain = Chain {
            rpc_url: "http://127.0.0.1:1".into(),
        };
        let Err(error) = chain.connect_as(&signer) else {
            panic!("no key")
        };
        assert!(!format!("{error:#}").contains("secret"));
    }
}

//! Compiled programs: loaded from the build, deployed as everybody deploys them, and written as text for a test.

use crate::{actor::Actor, http::RpcError, node::Node, sender::Sender, tool::target_dir};
use agentcity_abi::IArbWasm;
use agentcity_deploy::{Artifact, Plan, apply, plan::DEFAULT_SALT};
use agentcity_devnode_program::pack::{self, PackError, Packed};
use alloy::{
    primitives::{Address, B256, Bytes, TxKind, U256, address, b256},
    providers::DynProvider,
    signers::local::PrivateKeySigner,
    sol,
    sol_types::{SolCall, SolError, SolInterface, SolValue},
};
use std::{io, path::PathBuf};

/// ArbWasm, which activates programs.
pub const ARB_WASM: Address = address!("0x0000000000000000000000000000000000000071");
/// ArbWasmCache, which makes entering a program cheaper.
pub const ARB_WASM_CACHE: Address = address!("0x0000000000000000000000000000000000000072");
/// Key of the owner of Arbitrum's development chain, published with it. The owner may cache programs.
const CHAIN_OWNER_KEY: B256 =
    b256!("0xb6b15c8cb491557369f3c7d2c287b053eb229daa9c22138887752191c9520659");
/// Value sent with an activation: far above the fee of the largest module; what is not needed comes back.
pub const ACTIVATION_VALUE: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
/// Gas of an activation: the fixed part is 1,659,168.
const ACTIVATION_GAS: u64 = 30_000_000;
/// Name of the token program of the build.
pub const TOKEN_PROGRAM: &str = "agentcity-token";
/// Name of its twin in Solidity.
pub const TOKEN_TWIN: &str = "SettlementTokenTwin";

sol! {
    /// As far as the scenarios call it.
    interface ArbWasmCache {
        function cacheProgram(address program) external;
        function evictCodehash(bytes32 codehash) external;
        function codehashIsCached(bytes32 codehash) external view returns (bool);
    }
}

/// Why a program is not on the chain.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The build has no such file.
    #[error("cannot read {}: {source}; run `cargo xtask build`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The text is no module.
    #[error("the text is no WASM module: {0}")]
    Text(#[from] wat::Error),
    /// The module does not fit.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The module takes several accounts, which this helper does not make.
    #[error("the module takes {0} fragments")]
    Fragmented(usize),
    /// The plan was refused.
    #[error(transparent)]
    Plan(#[from] agentcity_deploy::PlanError),
    /// The deployment failed. Boxed: it carries a whole contract error.
    #[error(transparent)]
    Apply(#[from] Box<agentcity_deploy::ApplyError>),
    /// The Solidity twin is missing.
    #[error(transparent)]
    Twin(#[from] agentcity_solidity::LoadError),
    /// The node refused.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A transaction failed on chain.
    #[error("{what} failed on chain")]
    Failed {
        /// What was attempted.
        what: &'static str,
    },
}

/// Variable that names a folder of programs to be used instead of the build's: to run the scenarios on another build.
pub const PROGRAMS_VARIABLE: &str = "AGENTCITY_PROGRAMS";

/// Path of a program of the build.
pub fn path(name: &str) -> PathBuf {
    if let Some(folder) = std::env::var_os(PROGRAMS_VARIABLE) {
        return PathBuf::from(folder).join(format!("{name}.wasm"));
    }
    // Programs are built into the workspace's target directory, whatever profile the test has.
    let beside = target_dir().join("programs");
    let base = if beside.is_dir() {
        beside
    } else {
        crate::tool::workspace_dir().join("target/programs")
    };
    base.join(format!("{name}.wasm"))
}

/// A program of the build.
pub fn load(name: &str) -> Result<Artifact, ProgramError> {
    let path = path(name);
    Artifact::load(&path).map_err(|source| ProgramError::Missing { path, source })
}

/// Deploys, activates and constructs a program of the build through `agentcity-deploy`, sent by `sender`.
pub async fn deploy(
    provider: &DynProvider,
    name: &str,
    arguments: Option<&[u8]>,
    sender: Address,
) -> Result<Address, ProgramError> {
    let plan = Plan::new(&load(name)?, arguments, U256::ZERO, DEFAULT_SALT)?;
    apply(provider, &plan, sender).await.map_err(Box::new)?;
    Ok(plan.address)
}

/// ABI-encoded arguments of the token's constructor: name, symbol, decimals, minter.
pub fn token_arguments(minter: Address) -> Vec<u8> {
    (
        "City Unit".to_owned(),
        "CITY".to_owned(),
        U256::from(6),
        minter,
    )
        .abi_encode_params()
}

/// Creation code of the token's Solidity twin with its arguments.
pub fn solidity_token(minter: Address) -> Result<Bytes, ProgramError> {
    let mut code = agentcity_solidity::load(TOKEN_TWIN)?.creation_code()?;
    code.extend(token_arguments(minter));
    Ok(code.into())
}

/// Deploys the Stylus token from a thread that runs no futures.
pub fn stylus_token_blocking(node: &Node, minter: Address) -> Result<Address, ProgramError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let deployer = Actor::all()[Actor::all().len() - 1].address();
    runtime.block_on(deploy(
        &node.provider(),
        TOKEN_PROGRAM,
        Some(&token_arguments(minter)),
        deployer,
    ))
}

/// On-chain code of a module, valid or not: the chain judges at activation.
pub fn code_of(wasm: &[u8]) -> Result<Vec<u8>, ProgramError> {
    match pack::pack_program(wasm)? {
        Packed::Single(code) => Ok(code),
        Packed::Fragmented { fragments, .. } => Err(ProgramError::Fragmented(fragments.len())),
    }
}

/// Puts a module on the chain without activating it.
pub fn place(sender: &mut Sender, wasm: &[u8]) -> Result<Address, ProgramError> {
    Ok(sender.create(pack::initcode(&code_of(wasm)?).into())?)
}

/// Activates the program at `address`.
pub fn activate(
    sender: &mut Sender,
    address: Address,
) -> Result<crate::sender::Outcome, ProgramError> {
    let call = IArbWasm::activateProgramCall { program: address };
    // Estimated first: a refusal then comes with its reason.
    sender.estimate(
        TxKind::Call(ARB_WASM),
        ACTIVATION_VALUE,
        &call.abi_encode().into(),
    )?;
    let outcome = sender.send_with(
        TxKind::Call(ARB_WASM),
        ACTIVATION_VALUE,
        call.abi_encode().into(),
        ACTIVATION_GAS,
    )?;
    if outcome.succeeded {
        Ok(outcome)
    } else {
        Err(ProgramError::Failed {
            what: "the activation",
        })
    }
}

/// Puts a module written as text on the chain and activates it.
pub fn deploy_wat(sender: &mut Sender, text: &str) -> Result<Address, ProgramError> {
    let wasm = wat::parse_str(text)?;
    let address = place(sender, &wasm)?;
    activate(sender, address)?;
    Ok(address)
}

/// The chain owner, given coins by `sender`: it may cache programs.
pub fn chain_owner(node: &Node, sender: &mut Sender) -> Result<Sender, ProgramError> {
    let signer = PrivateKeySigner::from_bytes(&CHAIN_OWNER_KEY).expect("a published key");
    sender.send(
        TxKind::Call(signer.address()),
        ACTIVATION_VALUE,
        Bytes::new(),
    )?;
    Ok(Sender::with_key(node, signer)?)
}

/// The error of ArbWasm that a refusal carries, when it carries one.
pub fn refusal(error: &RpcError) -> Option<IArbWasm::IArbWasmErrors> {
    IArbWasm::IArbWasmErrors::abi_decode(&error.revert_data()?).ok()
}

/// Whether the refusal is Solidity's `Error(string)` or carries words; the words.
pub fn reason(error: &RpcError) -> String {
    let decoded = error
        .revert_data()
        .and_then(|data| alloy::sol_types::Revert::abi_decode(&data).ok());
    decoded.map_or_else(|| error.message().to_owned(), |revert| revert.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_owners_key_is_that_of_the_published_account() {
        let signer = PrivateKeySigner::from_bytes(&CHAIN_OWNER_KEY).unwrap();
        assert_eq!(
            signer.address(),
            address!("0x3f1Eae7D46d88F08fc2F8ed27FCb2AB183EB2d0E")
        );
    }

    #[test]
    fn a_missing_program_says_what_to_run() {
        let error = load("no-such-program").unwrap_err().to_string();
        assert!(
            error.contains("no-such-program.wasm") && error.ends_with("run `cargo xtask build`"),
            "{error}"
        );
    }
}

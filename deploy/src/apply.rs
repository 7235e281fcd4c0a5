//! Executes a plan: asks what is there, sends what is missing, checks the outcome.

use agentcity_abi::{
    IArbWasm::{self, IArbWasmErrors as ArbWasmError},
    IStylusDeployer, STYLUS_DEPLOYER,
};
use alloy::{
    network::{Ethereum, ReceiptResponse},
    primitives::{Address, B256, Bytes, TxHash, U256, utils::parse_ether},
    providers::{PendingTransactionError, Provider},
    rpc::types::{TransactionReceipt, state::StateOverride},
    transports::{RpcError, TransportErrorKind},
};

use crate::{
    chain::{self, Activation, Traits},
    plan::{Found, Plan, Step},
    verify::{self, Verified, VerifyError},
};

/// Value of the call that asks for the fee; the chain answers with the fee when this covers it, and it always does.
const QUOTE_VALUE_ETHER: &str = "1";

/// Why a plan could not be applied. Asking again is safe: nothing is done twice.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The node did not answer, or refused.
    #[error("asking the node failed: {0}")]
    Rpc(#[from] RpcError<TransportErrorKind>),
    /// A call to ArbWasm or the deployer reverted.
    #[error("{what} was refused: {source}")]
    Call {
        /// What was asked.
        what: &'static str,
        /// What came back.
        source: alloy::contract::Error,
    },
    /// The program needs no activation.
    #[error("{program} is active already: to extend its life, use keepalive")]
    UpToDate {
        /// Which.
        program: Address,
    },
    /// There is no Stylus code.
    #[error("there is no Stylus program at {program}: check the address and the chain")]
    NotAProgram {
        /// Where.
        program: Address,
    },
    /// The chain has no StylusDeployer.
    #[error(
        "chain {chain_id} has no StylusDeployer at {STYLUS_DEPLOYER}: is it an Arbitrum chain?"
    )]
    NoDeployer {
        /// The chain.
        chain_id: u64,
    },
    /// The sender cannot pay.
    #[error(
        "{sender} holds {balance} wei and needs {needed} wei for the data fee and the constructor, and gas besides: fund it"
    )]
    Poor {
        /// The sender.
        sender: Address,
        /// What it has.
        balance: U256,
        /// What the value of the transaction is.
        needed: U256,
    },
    /// A transaction was sent and not seen again.
    #[error(
        "transaction {hash} was sent and did not confirm: {source}; run the same again, it continues where it was"
    )]
    Unconfirmed {
        /// The transaction.
        hash: TxHash,
        /// What went wrong.
        source: PendingTransactionError,
    },
    /// A transaction was mined and failed.
    #[error("transaction {hash} reverted in block {block:?}")]
    Reverted {
        /// The transaction.
        hash: TxHash,
        /// Its block.
        block: Option<u64>,
    },
    /// Kept alive already: the chain takes a keepalive only some time after activation.
    #[error(
        "too soon: the activation is {age_secs} s old, the chain takes a keepalive after 31 days"
    )]
    TooSoon {
        /// Age of the activation.
        age_secs: u64,
    },
    /// Afterwards the chain did not hold what was planned.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// What was done.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Transactions sent, in order; empty when all was there.
    pub sent: Vec<TransactionReceipt>,
    /// What is there now.
    pub verified: Verified,
}

/// Brings the chain to what `plan` says. `provider` signs for `sender`.
pub async fn apply<P: Provider>(
    provider: &P,
    plan: &Plan,
    sender: Address,
) -> Result<Applied, ApplyError> {
    has_deployer(provider).await?;
    let found = find(provider, plan).await?;
    let mut sent = Vec::new();
    for step in plan.steps(found) {
        let receipt = match step {
            Step::Deploy { activates } => deploy(provider, plan, sender, activates).await?,
            Step::Activate => activate(provider, plan.address, sender).await?,
        };
        tracing::info!(?step, hash = %receipt.transaction_hash, gas = receipt.gas_used, "confirmed");
        sent.push(receipt);
    }
    Ok(Applied {
        sent,
        verified: verify::verify(provider, plan).await?,
    })
}

/// Whether the chain has the factory.
///
/// Errors: [`ApplyError::NoDeployer`].
pub async fn has_deployer<P: Provider>(provider: &P) -> Result<(), ApplyError> {
    let chain_id = provider.get_chain_id().await?;
    let deployer = Traits::of(chain_id).deployer;
    if provider.get_code_at(deployer).await?.is_empty() {
        return Err(ApplyError::NoDeployer { chain_id });
    }
    Ok(())
}

/// What is at the plan's address.
pub async fn find<P: Provider>(provider: &P, plan: &Plan) -> Result<Found, ApplyError> {
    let code = provider.get_code_at(plan.address).await?;
    let activation = activation(provider, plan.codehash).await?;
    Ok(Found {
        code: !code.is_empty(),
        active: activation.is_active(),
    })
}

/// The data fee of activating a program now, in wei, without margin. With `code`, as if that were there already.
pub async fn quote<P: Provider>(
    provider: &P,
    program: Address,
    code: Option<&Bytes>,
    sender: Address,
) -> Result<U256, ApplyError> {
    let value = parse_ether(QUOTE_VALUE_ETHER).unwrap_or(U256::MAX);
    let mut overrides = StateOverride::default();
    if let Some(code) = code {
        overrides.entry(program).or_default().code = Some(code.clone());
    }
    // Nor need the money be there yet.
    overrides.entry(sender).or_default().balance = Some(U256::MAX >> 1);
    let traits = Traits::ask(provider).await?;
    let wasm = IArbWasm::new(traits.arb_wasm, provider);
    let call = wasm
        .activateProgram(program)
        .from(sender)
        .value(value)
        .state(overrides);
    match call.call().await {
        Ok(answer) => Ok(answer.dataFee),
        Err(source) => Err(refused_activation(program, source)),
    }
}

/// What ArbWasm says of an activation that it refuses.
fn refused_activation(program: Address, source: alloy::contract::Error) -> ApplyError {
    match source.as_decoded_interface_error::<ArbWasmError>() {
        Some(ArbWasmError::ProgramUpToDate(_)) => ApplyError::UpToDate { program },
        Some(ArbWasmError::ProgramNotWasm(_)) => ApplyError::NotAProgram { program },
        _ => ApplyError::Call {
            what: "activation",
            source,
        },
    }
}

/// What [`apply`] would send, each step with the wei that it carries.
///
/// Errors: those of [`apply`] that need no transaction.
pub async fn outlook<P: Provider>(
    provider: &P,
    plan: &Plan,
    sender: Address,
) -> Result<Vec<(Step, U256)>, ApplyError> {
    has_deployer(provider).await?;
    let mut steps = Vec::new();
    for step in plan.steps(find(provider, plan).await?) {
        let value = match step {
            Step::Deploy { activates } => {
                deployment_value(provider, plan, sender, activates).await?
            }
            Step::Activate => activation_value(provider, plan.address, sender).await?,
        };
        steps.push((step, value));
    }
    Ok(steps)
}

/// What an activation carries, in wei: the data fee with its margin.
///
/// Errors: [`ApplyError::UpToDate`], [`ApplyError::NotAProgram`], [`ApplyError::Call`].
pub async fn activation_value<P: Provider>(
    provider: &P,
    program: Address,
    sender: Address,
) -> Result<U256, ApplyError> {
    let traits = Traits::ask(provider).await?;
    Ok(traits.with_margin(quote(provider, program, None, sender).await?))
}

/// What a keepalive carries, in wei: what the chain wants, with a margin.
///
/// Errors: [`ApplyError::TooSoon`], [`ApplyError::Call`].
pub async fn keepalive_value<P: Provider>(
    provider: &P,
    codehash: B256,
    sender: Address,
) -> Result<U256, ApplyError> {
    let traits = Traits::ask(provider).await?;
    let wasm = IArbWasm::new(traits.arb_wasm, provider);
    // Without value the chain says what it wants.
    let fee = match wasm.codehashKeepalive(codehash).from(sender).call().await {
        Ok(_) => U256::ZERO,
        Err(source) => match source.as_decoded_interface_error::<ArbWasmError>() {
            Some(ArbWasmError::ProgramInsufficientValue(e)) => e.want,
            Some(ArbWasmError::ProgramKeepaliveTooSoon(e)) => {
                return Err(ApplyError::TooSoon {
                    age_secs: e.ageInSeconds,
                });
            }
            _ => {
                return Err(ApplyError::Call {
                    what: "the keepalive",
                    source,
                });
            }
        },
    };
    Ok(traits.with_margin(fee))
}

/// Extends the activation of `codehash` by a year.
pub async fn keepalive<P: Provider>(
    provider: &P,
    codehash: B256,
    sender: Address,
) -> Result<TransactionReceipt, ApplyError> {
    let traits = Traits::ask(provider).await?;
    let wasm = IArbWasm::new(traits.arb_wasm, provider);
    let value = keepalive_value(provider, codehash, sender).await?;
    afford(provider, sender, value).await?;
    let call = wasm.codehashKeepalive(codehash).from(sender).value(value);
    let pending = chain::send(&traits, call).await;
    let pending = pending.map_err(|source| ApplyError::Call {
        what: "the keepalive",
        source,
    })?;
    confirm(&traits, pending).await
}

async fn deploy<P: Provider>(
    provider: &P,
    plan: &Plan,
    sender: Address,
    activates: bool,
) -> Result<TransactionReceipt, ApplyError> {
    let traits = Traits::ask(provider).await?;
    let value = deployment_value(provider, plan, sender, activates).await?;
    afford(provider, sender, value).await?;
    let deployer = IStylusDeployer::new(traits.deployer, provider);
    let call = deployer.deploy_call(
        plan.initcode.clone(),
        plan.init_data.clone(),
        plan.init_value,
        plan.salt,
    );
    let pending = chain::send(&traits, call.from(sender).value(value)).await;
    confirm(
        &traits,
        pending.map_err(|source| ApplyError::Call {
            what: "deployment",
            source,
        })?,
    )
    .await
}

/// What a deployment must carry, in wei: the constructor's coins, and the data fee with its margin if it activates.
pub(crate) async fn deployment_value<P: Provider>(
    provider: &P,
    plan: &Plan,
    sender: Address,
    activates: bool,
) -> Result<U256, ApplyError> {
    let fee = if activates {
        let fee = quote(provider, plan.address, Some(&plan.code), sender).await?;
        Traits::ask(provider).await?.with_margin(fee)
    } else {
        U256::ZERO
    };
    Ok(fee.saturating_add(plan.init_value))
}

/// Activates the program at an address, or activates it again after it expired. Anyone may.
pub async fn activate<P: Provider>(
    provider: &P,
    program: Address,
    sender: Address,
) -> Result<TransactionReceipt, ApplyError> {
    let traits = Traits::ask(provider).await?;
    let value = activation_value(provider, program, sender).await?;
    afford(provider, sender, value).await?;
    let wasm = IArbWasm::new(traits.arb_wasm, provider);
    let call = wasm.activateProgram(program).from(sender).value(value);
    let pending = chain::send(&traits, call).await;
    let pending = pending.map_err(|source| refused_activation(program, source))?;
    confirm(&traits, pending).await
}

async fn activation<P: Provider>(provider: &P, codehash: B256) -> Result<Activation, ApplyError> {
    let traits = Traits::ask(provider).await?;
    let asked = chain::activation(provider, &traits, codehash).await;
    asked.map_err(|source| ApplyError::Call {
        what: "the version of the code",
        source,
    })
}

pub(crate) async fn afford<P: Provider>(
    provider: &P,
    sender: Address,
    needed: U256,
) -> Result<(), ApplyError> {
    let balance = provider.get_balance(sender).await?;
    if balance < needed {
        Err(ApplyError::Poor {
            sender,
            balance,
            needed,
        })
    } else {
        Ok(())
    }
}

async fn confirm(
    traits: &Traits,
    pending: alloy::providers::PendingTransactionBuilder<Ethereum>,
) -> Result<TransactionReceipt, ApplyError> {
    let hash = *pending.tx_hash();
    let receipt = pending
        .with_required_confirmations(traits.confirmations)
        .with_timeout(Some(traits.receipt_limit))
        .get_receipt()
        .await
        .map_err(|source| ApplyError::Unconfirmed { hash, source })?;
    if receipt.status() {
        Ok(receipt)
    } else {
        Err(ApplyError::Reverted {
            hash,
            block: receipt.block_number(),
        })
    }
}

//! Founding: contracts, manifest, seal, wires.

use agentcity_abi::IConstitution::{
    self, GenesisManifest, IConstitutionErrors as Refusal, IConstitutionInstance,
};
use agentcity_domain::peer::Peer;
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, Bytes, TxHash, keccak256},
    providers::Provider,
    rpc::types::TransactionReceipt,
    sol,
    sol_types::{Eip712Domain, SolStruct},
    transports::{RpcError, TransportErrorKind},
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

use super::{
    genesis::Genesis,
    plan::{CityPlan, Member},
};
use crate::{
    apply::{ApplyError, apply},
    chain::{self, Traits},
};

sol! {
    /// What every member but the constitution has.
    #[sol(rpc)]
    interface Wired {
        /// The city is not sealed yet.
        error NotSealed();
        /// The member knows its peers already.
        error AlreadyWired();
        /// Which city it belongs to.
        function constitution() external view returns (address);
        /// Learns the peers from the sealed constitution. Anyone, once.
        function wire() external;
    }
}

pub use agentcity_domain::signed::{DOMAIN_NAME, DOMAIN_VERSION};

/// Why a city is not founded. Going on is safe: nothing is done twice.
#[derive(Debug, thiserror::Error)]
pub enum CityError {
    /// The node did not answer, or refused.
    #[error("asking the node failed: {0}")]
    Rpc(#[from] RpcError<TransportErrorKind>),
    /// A program could not be deployed.
    #[error("{peer} is not deployed: {source}")]
    Deploy {
        /// Which member.
        peer: &'static str,
        /// Why not.
        source: Box<ApplyError>,
    },
    /// A given member has no code.
    #[error("there is no code at {address}, which is to be {peer}")]
    NoMember {
        /// Which member.
        peer: &'static str,
        /// Where.
        address: Address,
    },
    /// The constitution refused.
    #[error("the constitution refused {what}: {refusal:?}")]
    Refused {
        /// What was tried.
        what: &'static str,
        /// What it said.
        refusal: Box<Refusal>,
    },
    /// A call failed otherwise.
    #[error("{what} failed: {source}")]
    Call {
        /// What was tried.
        what: &'static str,
        /// What came back.
        source: Box<alloy::contract::Error>,
    },
    /// The chain hashes the manifest otherwise than we do: the signatures would be worth nothing.
    #[error("the constitution at {constitution} wants {expected} signed, not {computed}")]
    OtherDigest {
        /// The constitution.
        constitution: Address,
        /// What it says.
        expected: B256,
        /// What we would sign.
        computed: B256,
    },
    /// A transaction failed on chain or was not seen again.
    #[error(
        "transaction {hash} of {what} did not succeed: run the same again, it continues where it was"
    )]
    Unconfirmed {
        /// What was tried.
        what: &'static str,
        /// The transaction.
        hash: TxHash,
    },
    /// The newest block is missing.
    #[error("the node has no newest block")]
    NoBlock,
}

/// A signature over the manifest and who gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The genesis adjudicator.
    pub signer: Address,
    /// 65 bytes `r, s, v`, or what a contract's signature is sent as.
    pub signature: Bytes,
}

/// Deploys every program of the plan that is missing. Returns the receipts of what was sent, by member.
pub async fn place<P: Provider>(
    provider: &P,
    city: &CityPlan,
    sender: Address,
) -> Result<Vec<(Peer, TransactionReceipt)>, CityError> {
    let mut sent = Vec::new();
    let programs = std::iter::once((Peer::Constitution, &city.constitution)).chain(
        city.members
            .iter()
            .filter_map(|(peer, member)| match member {
                Member::Program(plan) => Some((*peer, &**plan)),
                Member::Given(_) => None,
            }),
    );
    for (peer, plan) in programs {
        let applied = apply(provider, plan, sender)
            .await
            .map_err(|source| CityError::Deploy {
                peer: peer.name(),
                source: Box::new(source),
            })?;
        sent.extend(applied.sent.into_iter().map(|receipt| (peer, receipt)));
    }
    Ok(sent)
}

/// The manifest of a city whose contracts are all there, with the hashes of the code that the chain holds.
///
/// The deadline is the newest block's time plus the founders' signing window.
pub async fn manifest<P: Provider>(
    provider: &P,
    genesis: &Genesis,
    city: &CityPlan,
) -> Result<GenesisManifest, CityError> {
    let mut members = Vec::with_capacity(city.members.len());
    for (peer, member) in &city.members {
        let account = member.address();
        let code = provider.get_code_at(account).await?;
        if code.is_empty() {
            return Err(CityError::NoMember {
                peer: peer.name(),
                address: account,
            });
        }
        members.push(IConstitution::Member {
            peer: peer.place() as u8,
            account,
            codehash: keccak256(&code),
        });
    }
    let block = provider
        .get_block_by_number(BlockNumberOrTag::Latest)
        .await?
        .ok_or(CityError::NoBlock)?;
    Ok(GenesisManifest {
        mandate: genesis.mandate,
        asset: genesis.asset.unwrap_or_default(),
        unitScale: genesis.unit_scale,
        members,
        parameters: genesis.parameter_values(),
        clerks: genesis.clerk_values(),
        adjudicators: genesis.adjudicators.clone(),
        deadline: block
            .header
            .timestamp
            .saturating_add(genesis.signing_window_secs),
    })
}

/// What the genesis adjudicators sign.
pub fn digest(manifest: &GenesisManifest, chain_id: u64, constitution: Address) -> B256 {
    manifest.eip712_signing_hash(&eip712_domain(chain_id, constitution))
}

/// The EIP-712 domain of a contract of a city.
pub fn eip712_domain(chain_id: u64, contract: Address) -> Eip712Domain {
    Eip712Domain::new(
        Some(Cow::Borrowed(DOMAIN_NAME)),
        Some(Cow::Borrowed(DOMAIN_VERSION)),
        Some(alloy::primitives::U256::from(chain_id)),
        Some(contract),
        None,
    )
}

/// Seals the city, unless it is sealed; the signatures may come in any order. Returns the receipt of what was sent.
pub async fn seal<P: Provider>(
    provider: &P,
    constitution: Address,
    manifest: &GenesisManifest,
    mut signatures: Vec<Signed>,
    sender: Address,
) -> Result<Option<TransactionReceipt>, CityError> {
    let contract = IConstitution::new(constitution, provider);
    let is_sealed = contract.isSealed().call().await;
    if is_sealed.map_err(|source| said("the question whether it is sealed", source))? {
        return Ok(None);
    }
    check_digest(&contract, manifest).await?;
    signatures.sort_by_key(|signed| signed.signer);
    let signatures = signatures.into_iter().map(|s| s.signature).collect();
    let call = contract.seal(manifest.clone(), signatures).from(sender);
    let traits = Traits::ask(provider).await?;
    let pending = chain::send(&traits, call).await;
    let pending = pending.map_err(|source| said("the seal", source))?;
    confirm("the seal", pending).await.map(Some)
}

/// Wires every member that is a program and is not wired yet. Returns the receipts of what was sent, by member.
pub async fn wire<P: Provider>(
    provider: &P,
    city: &CityPlan,
    sender: Address,
) -> Result<Vec<(Peer, TransactionReceipt)>, CityError> {
    let traits = Traits::ask(provider).await?;
    let mut sent = Vec::new();
    for (peer, member) in &city.members {
        let Member::Program(plan) = member else {
            continue;
        };
        if is_wired(provider, plan.address).await? {
            continue;
        }
        let call = Wired::new(plan.address, provider);
        let pending = chain::send(&traits, call.wire().from(sender)).await;
        let pending = pending.map_err(|source| said("wiring", source))?;
        sent.push((*peer, confirm("wiring", pending).await?));
    }
    Ok(sent)
}

/// Whether a member knows its peers: it refuses to learn them again.
pub async fn is_wired<P: Provider>(
    provider: &P,
    member: Address,
) -> Result<bool, RpcError<TransportErrorKind>> {
    match Wired::new(member, provider).wire().call().await {
        Err(error) => {
            let refusal = error.as_decoded_interface_error::<Wired::WiredErrors>();
            match error {
                _ if matches!(refusal, Some(Wired::WiredErrors::AlreadyWired(_))) => Ok(true),
                alloy::contract::Error::TransportError(error @ RpcError::Transport(_)) => {
                    Err(error)
                }
                _ => Ok(false),
            }
        }
        Ok(_) => Ok(false),
    }
}

pub(super) async fn check_digest<P: Provider>(
    contract: &IConstitutionInstance<&P>,
    manifest: &GenesisManifest,
) -> Result<(), CityError> {
    let provider = contract.provider();
    let computed = digest(
        manifest,
        provider.get_chain_id().await?,
        *contract.address(),
    );
    let expected = contract
        .manifestDigest(manifest.clone())
        .call()
        .await
        .map_err(|source| said("the question what to sign", source))?;
    if expected == computed {
        Ok(())
    } else {
        Err(CityError::OtherDigest {
            constitution: *contract.address(),
            expected,
            computed,
        })
    }
}

fn said(what: &'static str, source: alloy::contract::Error) -> CityError {
    match source.as_decoded_interface_error::<Refusal>() {
        Some(refusal) => CityError::Refused {
            what,
            refusal: Box::new(refusal),
        },
        None => CityError::Call {
            what,
            source: Box::new(source),
        },
    }
}

async fn confirm(
    what: &'static str,
    pending: alloy::providers::PendingTransactionBuilder<alloy::network::Ethereum>,
) -> Result<TransactionReceipt, CityError> {
    let hash = *pending.tx_hash();
    let traits = Traits::ask(pending.provider()).await?;
    let receipt = pending
        .with_required_confirmations(traits.confirmations)
        .with_timeout(Some(traits.receipt_limit))
        .get_receipt()
        .await
        .ok()
        .filter(TransactionReceipt::status);
    receipt.ok_or(CityError::Unconfirmed { what, hash })
}

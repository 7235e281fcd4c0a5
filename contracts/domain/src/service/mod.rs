//! Services: what a record must be, what its id commits to, when it ends.
//!
//! A record is immutable (RESOLUTIONS I-15: no `updateSchema`), so its id can be the hash of it: whoever holds the record
//! can show any part of it, and the chain keeps one word, the code hash that routing compares. Owner and code hash stand
//! apart from the rest, `details`, because these two are what others ask for. Nobody can take an id before its owner:
//! the owner is in the preimage (INV-SERVICE-01).
//!
//! A service ends by deprecation, at any time and for ever (RULINGS R28).

pub mod endpoint;

use alloy_primitives::{Address, B256};

use crate::{parameter::ParameterId, time::Timestamp};
pub use endpoint::EndpointFault;

/// Most network policies of one service: what one call checks in bounded time.
pub const POLICIES_MAX: usize = ParameterId::MaxServicePolicies.constant() as usize;

/// The limits within which an executor runs a service; each is enforced by whoever runs it (RULINGS K14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constraints<'a> {
    /// Longest that one invocation may take, in milliseconds.
    pub max_latency_ms: u32,
    /// Most memory of the process, in mebibytes.
    pub max_memory_mb: u32,
    /// Most invocations at a time.
    pub max_concurrency: u16,
    /// Hashes of the policies that allow traffic, ascending; none: no network.
    pub network_policies: &'a [B256],
}

/// What a producer registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Hash of the artifact that runs.
    pub code_hash: B256,
    /// Hash of the canonical schema of its interface.
    pub schema_hash: B256,
    /// Where it is reached.
    pub endpoint: &'a [u8],
    /// Within which limits.
    pub constraints: Constraints<'a>,
}

/// Why a record is refused, or a service does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// One of the two hashes is zero, which is what nothing reads as.
    EmptyHash {
        /// As given.
        code_hash: B256,
        /// As given.
        schema_hash: B256,
    },
    /// A limit of zero would forbid every invocation.
    ConstraintMissing {
        /// As given, in milliseconds.
        max_latency_ms: u32,
        /// As given, in mebibytes.
        max_memory_mb: u32,
        /// As given.
        max_concurrency: u16,
    },
    /// More than [`POLICIES_MAX`].
    TooManyPolicies {
        /// How many.
        count: usize,
    },
    /// A set has one encoding: each policy is greater than the one before, the first greater than zero.
    PoliciesNotAscending {
        /// The first that is not.
        index: usize,
    },
    /// The endpoint is none.
    Endpoint(EndpointFault),
    /// The caller is no producer in good standing.
    NotProducer {
        /// Who asked.
        caller: Address,
    },
    /// This very record was registered before.
    AlreadyRegistered {
        /// Its id.
        service: B256,
    },
    /// No record has this id.
    UnknownService {
        /// The id.
        service: B256,
    },
    /// The caller did not register it, or showed other details.
    NotOwner {
        /// Who asked.
        caller: Address,
    },
    /// It ended before.
    AlreadyDeprecated {
        /// Its id.
        service: B256,
        /// When it ended.
        at: Timestamp,
    },
}

/// What the registry knows of an id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Zero: nothing was registered.
    pub code_hash: B256,
    /// Since when it is deprecated; none while it takes work.
    pub deprecated_at: Option<Timestamp>,
}

/// Whether a record may be registered.
///
/// Errors: `EmptyHash`, `ConstraintMissing`, `TooManyPolicies`, `PoliciesNotAscending`, `Endpoint`.
/// Source: seed B.3 (ServiceContract), RULINGS K14.
pub fn check(record: &Record<'_>) -> Result<(), Refused> {
    let Record {
        code_hash,
        schema_hash,
        endpoint,
        constraints,
    } = *record;
    if code_hash == B256::ZERO || schema_hash == B256::ZERO {
        return Err(Refused::EmptyHash {
            code_hash,
            schema_hash,
        });
    }
    let Constraints {
        max_latency_ms,
        max_memory_mb,
        max_concurrency,
        network_policies,
    } = constraints;
    if max_latency_ms == 0 || max_memory_mb == 0 || max_concurrency == 0 {
        return Err(Refused::ConstraintMissing {
            max_latency_ms,
            max_memory_mb,
            max_concurrency,
        });
    }
    let count = network_policies.len();
    if count > POLICIES_MAX {
        return Err(Refused::TooManyPolicies { count });
    }
    let mut previous = B256::ZERO;
    for (index, policy) in network_policies.iter().enumerate() {
        if *policy <= previous {
            return Err(Refused::PoliciesNotAscending { index });
        }
        previous = *policy;
    }
    endpoint::check(endpoint).map_err(Refused::Endpoint)
}

/// The bytes whose Keccak-256 is a record's `details`: all but owner and code hash, as Solidity encodes words.
pub fn encode_details(record: &Record<'_>, endpoint_hash: B256, policies_hash: B256) -> [u8; 192] {
    let limits = &record.constraints;
    let mut bytes = [0; 192];
    bytes[..32].copy_from_slice(record.schema_hash.as_slice());
    bytes[32..64].copy_from_slice(endpoint_hash.as_slice());
    bytes[92..96].copy_from_slice(&limits.max_latency_ms.to_be_bytes());
    bytes[124..128].copy_from_slice(&limits.max_memory_mb.to_be_bytes());
    bytes[158..160].copy_from_slice(&limits.max_concurrency.to_be_bytes());
    bytes[160..].copy_from_slice(policies_hash.as_slice());
    bytes
}

/// The bytes whose Keccak-256 is a service's id.
pub fn encode_id(owner: Address, code_hash: B256, details: B256) -> [u8; 96] {
    let mut bytes = [0; 96];
    bytes[12..32].copy_from_slice(owner.as_slice());
    bytes[32..64].copy_from_slice(code_hash.as_slice());
    bytes[64..].copy_from_slice(details.as_slice());
    bytes
}

/// What the registry knows after `record` was registered under `service` by `caller`.
///
/// `producer`: whether the caller is a producer in good standing, as the agent contract says.
/// Errors: `NotProducer`, `AlreadyRegistered`. The record itself is [`check`]ed before.
/// Source: RESOLUTIONS I-15.
pub fn register(
    stored: Stored,
    service: B256,
    caller: Address,
    producer: bool,
    record: &Record<'_>,
) -> Result<Stored, Refused> {
    if !producer {
        return Err(Refused::NotProducer { caller });
    }
    // Deprecated ones too: an ending is for ever, and the same record would be the same service.
    if stored.code_hash != B256::ZERO {
        return Err(Refused::AlreadyRegistered { service });
    }
    Ok(Stored {
        code_hash: record.code_hash,
        deprecated_at: None,
    })
}

/// What the registry knows after the owner ended the service.
///
/// `shown`: the id that caller, code hash and the shown details make.
/// Errors: `UnknownService`, `NotOwner`, `AlreadyDeprecated`.
/// Source: RULINGS R28 (always allowed).
pub fn deprecate(
    stored: Stored,
    service: B256,
    caller: Address,
    shown: B256,
    now: Timestamp,
) -> Result<Stored, Refused> {
    known(stored, service)?;
    if shown != service {
        return Err(Refused::NotOwner { caller });
    }
    if let Some(at) = stored.deprecated_at {
        return Err(Refused::AlreadyDeprecated { service, at });
    }
    Ok(Stored {
        deprecated_at: Some(now),
        ..stored
    })
}

/// The record of a service that exists, deprecated or not.
///
/// Errors: `UnknownService`.
pub fn known(stored: Stored, service: B256) -> Result<Stored, Refused> {
    if stored.code_hash == B256::ZERO {
        return Err(Refused::UnknownService { service });
    }
    Ok(stored)
}

//! Clerks: their offices, their envelopes, and what each act is charged.
//!
//! ```text
//! clerk       None -admitGenesis (anyone, manifest), admit (panel)-> Active -revoke (panel)-> Revoked -admit-> Active
//! delegation  None -delegate (clerk)-> Open -answer (service's owner)-> Recorded
//!                                      Open -time, anyone-> Expired
//! ```
//!
//! An envelope holds what a clerk may do, what it may not, and how often on one subject. Whatever is in neither mask is
//! refused too; the prohibitions are there to be seen. A clerk acts by a signed message that another contract verified;
//! that contract charges it here (RULINGS R21, RESOLUTIONS A-16).
//!
//! A mandate binds an office to a microservice: the operation it guards is refused until the service's owner has answered
//! a delegation of this clerk on this subject, and each answer serves one operation ([`delegation`]).

pub mod delegation;
pub mod operation;
pub mod profile;

use alloy_primitives::{Address, B256};

pub use delegation::{Delegation, Mandate, Mandates, State};
pub use operation::{ClerkRole, Delegated, Mask, Operation};

use crate::{
    agent::{record::AgentType, standing::Bars},
    parameter::ParameterId,
    peer::Peer,
    time::Timestamp,
};

const _: () = assert!(
    Operation::ALL.len() <= ParameterId::MaxEnvelopeOperations.constant() as usize,
    "an envelope names every operation"
);

/// What the panel, or the manifest, lets a clerk do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Operations it may carry out.
    pub permitted: Mask,
    /// Operations it may not, those of its office's structure among them.
    pub prohibited: Mask,
    /// Most operations on one subject.
    pub operations_max: u16,
}

/// A clerk's record. It is never deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clerk {
    /// Its office.
    pub role: ClerkRole,
    /// Whether it holds it.
    pub active: bool,
    /// What it may do.
    pub envelope: Envelope,
    /// When it was admitted last, in unix seconds.
    pub since: Timestamp,
    /// Who answered for it then. Under another principal the office is dead, until the panel admits the agent anew.
    pub principal: Address,
}

/// What the agent contract says of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its type's number.
    pub agent_type: u8,
    /// Reasons against it, one bit each ([`Bars`]).
    pub bars: u8,
    /// Who answers for it.
    pub principal: Address,
}

/// What one clerk did on one subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Operations so far.
    pub used: u16,
    /// Delegated operations that were answered and not yet used.
    pub answered: Mask,
    /// The version of the mandates at which they were answered.
    pub version: u32,
}

/// Why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The caller may not do this.
    Unauthorized {
        /// Who asked.
        caller: Address,
    },
    /// No office has this number.
    UnknownRole {
        /// The number.
        role: u8,
    },
    /// No operation has this number.
    UnknownOperation {
        /// The number.
        operation: u8,
    },
    /// The agent is no registered clerk in good standing.
    NotEligible {
        /// The agent.
        agent: Address,
        /// Its type's number.
        agent_type: u8,
        /// What bars it.
        bars: u8,
    },
    /// The agent holds an office already, or, for the manifest's clerks, held it before.
    AlreadyClerk {
        /// The agent.
        clerk: Address,
        /// Its office.
        role: ClerkRole,
    },
    /// The agent holds no office.
    NotClerk {
        /// The agent.
        clerk: Address,
    },
    /// The manifest does not name the agent.
    NotInManifest {
        /// The agent.
        agent: Address,
    },
    /// The office was given under another principal, by the manifest or at the admission.
    PrincipalMismatch {
        /// Who was to answer for the agent.
        expected: Address,
        /// Who answers for it.
        found: Address,
    },
    /// An envelope permits something.
    EmptyEnvelope,
    /// These operations do not belong to the office, or do not exist.
    NotGrantable {
        /// The office.
        role: ClerkRole,
        /// Them.
        operations: Mask,
    },
    /// These operations are both permitted and prohibited.
    Contradiction {
        /// Them.
        operations: Mask,
    },
    /// The rate is zero, or beyond the table's.
    RateOutOfRange {
        /// The rate.
        operations_max: u16,
        /// The greatest.
        most: u32,
    },
    /// The envelope prohibits the operation.
    Prohibited {
        /// The clerk.
        clerk: Address,
        /// The operation.
        operation: Operation,
    },
    /// The envelope does not permit the operation.
    NotPermitted {
        /// The clerk.
        clerk: Address,
        /// The operation.
        operation: Operation,
    },
    /// The clerk has done on this subject what it may.
    RateExceeded {
        /// The clerk.
        clerk: Address,
        /// Most operations on one subject.
        most: u16,
    },
    /// The operation rests on delegations that were not answered.
    DelegationMissing {
        /// The clerk.
        clerk: Address,
        /// Delegated operations that are missing.
        missing: Mask,
    },
}

/// Whether `caller` is the contract that this is for.
///
/// Errors: `Unauthorized`.
pub fn require_peer(caller: Address, peer: Address) -> Result<(), Refused> {
    if caller != peer || caller == Address::ZERO {
        return Err(Refused::Unauthorized { caller });
    }
    Ok(())
}

/// The operation of this number, and the contract that may charge for it.
///
/// Errors: `UnknownOperation`.
pub fn operation(number: u8) -> Result<(Operation, Peer), Refused> {
    match Operation::at(number) {
        Some(operation) => Ok((operation, operation.owner())),
        None => Err(Refused::UnknownOperation { operation: number }),
    }
}

/// The office of this number.
///
/// Errors: `UnknownRole`.
pub fn role(number: u8) -> Result<ClerkRole, Refused> {
    ClerkRole::at(number).ok_or(Refused::UnknownRole { role: number })
}

/// Whether an agent may hold an office now: registered as a clerk, its principal neither banned nor frozen. Its
/// principal needs no enrolment and no stake (RESOLUTIONS I-10).
///
/// Errors: `NotEligible`.
pub fn require_eligible(agent: Address, standing: Standing) -> Result<(), Refused> {
    let Standing {
        agent_type, bars, ..
    } = standing;
    let barring = Bars::NOT_ACTIVE.bits() | Bars::BANNED.bits() | Bars::FROZEN.bits();
    if agent_type != AgentType::Management as u8 || bars & barring != 0 {
        return Err(Refused::NotEligible {
            agent,
            agent_type,
            bars,
        });
    }
    Ok(())
}

/// The envelope of an office with everything that is in it.
///
/// `most`: the table's rate, which is the envelope's (RESOLUTIONS A-16).
pub fn default_envelope(role: ClerkRole, most: u32) -> Envelope {
    Envelope {
        permitted: role.office(),
        prohibited: role.structural(),
        operations_max: u16::try_from(most).unwrap_or(u16::MAX),
    }
}

/// An envelope as the panel wants it. What the office's structure prohibits is added (INV-CLERK-01).
///
/// `most`: the table's rate.
/// Errors: `EmptyEnvelope`, `NotGrantable`, `Contradiction`, `RateOutOfRange`.
/// Source: RULINGS K11; RESOLUTIONS I-14 (both masks are replaced, nothing of the old ones remains).
pub fn envelope(
    role: ClerkRole,
    permitted: Mask,
    prohibited: Mask,
    operations_max: u16,
    most: u32,
) -> Result<Envelope, Refused> {
    if permitted.is_empty() {
        return Err(Refused::EmptyEnvelope);
    }
    let foreign = permitted
        .without(role.office())
        .or(prohibited.without(Mask::ALL));
    if !foreign.is_empty() {
        return Err(Refused::NotGrantable {
            role,
            operations: foreign,
        });
    }
    let both = permitted.and(prohibited);
    if !both.is_empty() {
        return Err(Refused::Contradiction { operations: both });
    }
    if operations_max == 0 || u32::from(operations_max) > most {
        return Err(Refused::RateOutOfRange {
            operations_max,
            most,
        });
    }
    Ok(Envelope {
        permitted,
        prohibited: prohibited.or(role.structural()),
        operations_max,
    })
}

/// The record of an agent that the panel gives an office to. An office that died with a change of principal is none.
///
/// Errors: `AlreadyClerk`, `NotEligible`.
pub fn admit(
    stored: Option<Clerk>,
    (agent, standing): (Address, Standing),
    role: ClerkRole,
    envelope: Envelope,
    now: Timestamp,
) -> Result<Clerk, Refused> {
    if let Some(Clerk {
        active: true,
        role,
        principal,
        ..
    }) = stored
        && principal == standing.principal
    {
        return Err(Refused::AlreadyClerk { clerk: agent, role });
    }
    require_eligible(agent, standing)?;
    Ok(Clerk {
        role,
        active: true,
        envelope,
        since: now,
        principal: standing.principal,
    })
}

/// The record of an agent that the manifest gives an office to: once, so that a revocation is not undone by it.
///
/// `named`: office and principal in the manifest.
/// Errors: `AlreadyClerk`, `NotInManifest`, `PrincipalMismatch`, `NotEligible`.
/// Source: RULINGS A5.
pub fn admit_genesis(
    stored: Option<Clerk>,
    (agent, standing): (Address, Standing),
    named: Option<(ClerkRole, Address)>,
    most: u32,
    now: Timestamp,
) -> Result<Clerk, Refused> {
    if let Some(Clerk { role, .. }) = stored {
        return Err(Refused::AlreadyClerk { clerk: agent, role });
    }
    let Some((role, expected)) = named else {
        return Err(Refused::NotInManifest { agent });
    };
    if standing.principal != expected {
        return Err(Refused::PrincipalMismatch {
            expected,
            found: standing.principal,
        });
    }
    admit(
        None,
        (agent, standing),
        role,
        default_envelope(role, most),
        now,
    )
}

/// The record of a clerk that holds its office.
///
/// Errors: `NotClerk`.
pub fn active(clerk: Address, stored: Option<Clerk>) -> Result<Clerk, Refused> {
    match stored {
        Some(record) if record.active => Ok(record),
        Some(_) | None => Err(Refused::NotClerk { clerk }),
    }
}

/// Whether a clerk holds its office still: in good standing, and under the principal it was admitted with. The panel
/// and the manifest chose that pair, so that the offices have at least two people behind them (RULINGS R14).
///
/// Errors: `NotEligible`, `PrincipalMismatch`.
pub fn require_holding(
    (clerk, standing): (Address, Standing),
    record: Clerk,
) -> Result<(), Refused> {
    require_eligible(clerk, standing)?;
    if standing.principal != record.principal {
        return Err(Refused::PrincipalMismatch {
            expected: record.principal,
            found: standing.principal,
        });
    }
    Ok(())
}

/// The record of a clerk whose office is taken away.
///
/// Errors: `NotClerk`.
pub fn revoke(clerk: Address, stored: Option<Clerk>) -> Result<Clerk, Refused> {
    Ok(Clerk {
        active: false,
        ..active(clerk, stored)?
    })
}

/// Charges one operation on one subject to a clerk: what is left of its ledger.
///
/// Errors: `NotEligible`, `PrincipalMismatch`, `Prohibited`, `NotPermitted`, `RateExceeded`, `DelegationMissing`.
/// Source: RESOLUTIONS A-16, RULINGS R21.
pub fn charge(
    (clerk, standing): (Address, Standing),
    record: Clerk,
    operation: Operation,
    ledger: Ledger,
    mandates: Mandates,
) -> Result<Ledger, Refused> {
    require_holding((clerk, standing), record)?;
    permits(clerk, record, operation)?;
    let most = record.envelope.operations_max;
    if ledger.used >= most {
        return Err(Refused::RateExceeded { clerk, most });
    }
    // Less than `most`, so one more fits.
    let used = ledger.used.saturating_add(1);
    let due = Delegated::behind(record.role, operation).and(mandates.set);
    if due.is_empty() {
        // What waits for other operations goes on waiting.
        return Ok(Ledger { used, ..ledger });
    }
    let answered = ledger.answered_at(mandates.version);
    let missing = due.without(answered);
    if !missing.is_empty() {
        return Err(Refused::DelegationMissing { clerk, missing });
    }
    Ok(Ledger {
        used,
        answered: answered.without(due),
        version: mandates.version,
    })
}

/// Whether an envelope permits an operation.
///
/// Errors: `Prohibited`, `NotPermitted`.
pub fn permits(clerk: Address, record: Clerk, operation: Operation) -> Result<(), Refused> {
    if record.envelope.prohibited.has(operation.number()) {
        return Err(Refused::Prohibited { clerk, operation });
    }
    if !record.envelope.permitted.has(operation.number()) {
        return Err(Refused::NotPermitted { clerk, operation });
    }
    Ok(())
}

impl Ledger {
    /// What was answered under the mandates of this version: a change of any mandate voids what waits.
    pub const fn answered_at(self, version: u32) -> Mask {
        if self.version == version {
            self.answered
        } else {
            Mask::NONE
        }
    }

    /// With the answer to a delegation of `operation` to `service`. It counts if that service is mandated still, and if
    /// it brings the artifact that the mandate demands by now: the delegation may have been opened when it demanded none.
    pub fn answer(
        self,
        operation: Delegated,
        (service, artifact_hash): (B256, B256),
        current: Mandate,
        mandates: Mandates,
    ) -> Option<Self> {
        let mandated = current.service == service && mandates.set.has(operation.number());
        let complete = current.artifact_schema == B256::ZERO || artifact_hash != B256::ZERO;
        (mandated && complete).then(|| Self {
            answered: self
                .answered_at(mandates.version)
                .with(operation.number(), true),
            version: mandates.version,
            ..self
        })
    }
}

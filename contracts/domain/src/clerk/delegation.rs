//! Delegations: what a clerk hands to a microservice, and what its owner answers.
//!
//! The panel mandates one service for a delegated operation, and whether its answer must bring an artifact that people
//! can inspect (seed B.3). A delegation's id is the digest of the clerk's signed request, so a request opens one
//! delegation, whoever relays it how often (RULINGS R23, INV-CLERK-02), and the id commits to all that was asked.

use alloy_primitives::{Address, B256};

use super::operation::{Delegated, Mask};
use crate::time::{Seconds, Timestamp};

/// Which delegated operations are mandated, and since how many changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mandates {
    /// Those with a service.
    pub set: Mask,
    /// Changes so far.
    pub version: u32,
}

/// The microservice that an operation must be handed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mandate {
    /// The service; zero: none, the operation is not mandated.
    pub service: B256,
    /// Hash of the artifact's schema; zero: no artifact is due.
    pub artifact_schema: B256,
}

/// Where a delegation stands. Recorded and expired are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Waits for its answer.
    Open = 1,
    /// Has it.
    Recorded = 2,
    /// Waited too long.
    Expired = 3,
}

/// A delegation's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// Who handed it over.
    pub clerk: Address,
    /// What.
    pub operation: Delegated,
    /// Where it stands.
    pub state: State,
    /// Whether the answer must bring an artifact, as mandated when it was opened.
    pub artifact_due: bool,
    /// When it was opened, in unix seconds.
    pub opened_at: Timestamp,
    /// Last second at which it is answered.
    pub due_at: Timestamp,
}

/// What the clerk signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The digest.
    pub id: B256,
    /// Who hands over.
    pub clerk: Address,
    /// What.
    pub operation: u8,
    /// To which service.
    pub service: B256,
    /// Last second at which it is opened.
    pub deadline: u64,
}

/// What the service's owner answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Hash of the output; not zero.
    pub output_hash: B256,
    /// Hash of the artifact; zero for none.
    pub artifact_hash: B256,
    /// Last second at which it is taken.
    pub deadline: u64,
}

/// Why a delegation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What was signed was good until then.
    Expired {
        /// In unix seconds.
        deadline: u64,
    },
    /// No delegated operation has this number.
    UnknownDelegated {
        /// The number.
        operation: u8,
    },
    /// It is not the clerk's office to hand this over.
    OtherOffice {
        /// The clerk.
        clerk: Address,
        /// What.
        operation: Delegated,
    },
    /// Nothing is mandated for the operation.
    NotMandated {
        /// What.
        operation: Delegated,
    },
    /// Another service is mandated.
    OtherService {
        /// The mandated one.
        mandated: B256,
        /// As asked.
        given: B256,
    },
    /// The service is deprecated.
    ServiceDeprecated {
        /// The service.
        service: B256,
        /// Since when, in unix seconds.
        at: u64,
    },
    /// A mandate without a service has no artifact either.
    SchemaWithoutService,
    /// This very request opened a delegation before.
    AlreadyDelegated {
        /// Its id.
        id: B256,
    },
    /// No delegation has this id.
    UnknownDelegation {
        /// The id.
        id: B256,
    },
    /// The delegation is answered or expired.
    NotOpen {
        /// Its id.
        id: B256,
        /// Where it stands.
        state: State,
    },
    /// The answer came too late.
    Overdue {
        /// Last second at which it was due.
        due_at: Timestamp,
    },
    /// The delegation still waits.
    TooEarly {
        /// Last second of its wait.
        due_at: Timestamp,
    },
    /// An answer has an output.
    OutputMissing,
    /// The mandate demands an artifact.
    ArtifactMissing {
        /// The delegation.
        id: B256,
    },
    /// Mandates changed as often as can be counted.
    VersionsExhausted,
}

/// The delegated operation of this number.
///
/// Errors: `UnknownDelegated`.
pub fn delegated(number: u8) -> Result<Delegated, Fault> {
    Delegated::at(number).ok_or(Fault::UnknownDelegated { operation: number })
}

/// Whether a service takes work: `deprecated_at` is zero while it does.
///
/// Errors: `ServiceDeprecated`.
pub const fn require_live(service: B256, deprecated_at: u64) -> Result<(), Fault> {
    if deprecated_at != 0 {
        return Err(Fault::ServiceDeprecated {
            service,
            at: deprecated_at,
        });
    }
    Ok(())
}

/// The mandates after one was set, or, with service zero, lifted. Answers under earlier mandates no longer count.
///
/// Errors: `SchemaWithoutService`, `VersionsExhausted`.
pub fn set_mandate(
    mandates: Mandates,
    operation: Delegated,
    mandate: Mandate,
) -> Result<Mandates, Fault> {
    let lifted = mandate.service == B256::ZERO;
    if lifted && mandate.artifact_schema != B256::ZERO {
        return Err(Fault::SchemaWithoutService);
    }
    let Some(version) = mandates.version.checked_add(1) else {
        return Err(Fault::VersionsExhausted);
    };
    Ok(Mandates {
        set: mandates.set.with(operation.number(), !lifted),
        version,
    })
}

/// The record of a delegation that opens.
///
/// `office`: whether the operation is the clerk's office's. `wait`: the table's, from now.
/// Errors: `Expired`, `OtherOffice`, `NotMandated`, `OtherService`, `AlreadyDelegated`.
pub fn open(
    stored: Option<Delegation>,
    request: Request,
    operation: Delegated,
    office: bool,
    mandate: Mandate,
    (now, wait): (Timestamp, Seconds),
) -> Result<Delegation, Fault> {
    let Request {
        id, clerk, service, ..
    } = request;
    in_time(request.deadline, now)?;
    if !office {
        return Err(Fault::OtherOffice { clerk, operation });
    }
    if mandate.service == B256::ZERO {
        return Err(Fault::NotMandated { operation });
    }
    if mandate.service != service {
        return Err(Fault::OtherService {
            mandated: mandate.service,
            given: service,
        });
    }
    if stored.is_some() {
        return Err(Fault::AlreadyDelegated { id });
    }
    Ok(Delegation {
        clerk,
        operation,
        state: State::Open,
        artifact_due: mandate.artifact_schema != B256::ZERO,
        opened_at: now,
        // A chain's time is far below 2⁶⁴ seconds; at its end waits become shorter, not wrong.
        due_at: Timestamp::new(now.get().saturating_add(wait.get())),
    })
}

/// The record of a delegation that was answered.
///
/// Errors: `UnknownDelegation`, `NotOpen`, `Overdue`, `Expired`, `OutputMissing`, `ArtifactMissing`.
pub fn answer(
    stored: Option<Delegation>,
    id: B256,
    answer: Answer,
    now: Timestamp,
) -> Result<Delegation, Fault> {
    let waiting = require_open(stored, id)?;
    if now > waiting.due_at {
        return Err(Fault::Overdue {
            due_at: waiting.due_at,
        });
    }
    in_time(answer.deadline, now)?;
    if answer.output_hash == B256::ZERO {
        return Err(Fault::OutputMissing);
    }
    if waiting.artifact_due && answer.artifact_hash == B256::ZERO {
        return Err(Fault::ArtifactMissing { id });
    }
    Ok(Delegation {
        state: State::Recorded,
        ..waiting
    })
}

/// The record of a delegation that nobody answered in time. Anyone may say so (law 1).
///
/// Errors: `UnknownDelegation`, `NotOpen`, `TooEarly`.
pub fn expire(stored: Option<Delegation>, id: B256, now: Timestamp) -> Result<Delegation, Fault> {
    let waiting = require_open(stored, id)?;
    if now <= waiting.due_at {
        return Err(Fault::TooEarly {
            due_at: waiting.due_at,
        });
    }
    Ok(Delegation {
        state: State::Expired,
        ..waiting
    })
}

fn require_open(stored: Option<Delegation>, id: B256) -> Result<Delegation, Fault> {
    match stored {
        None => Err(Fault::UnknownDelegation { id }),
        Some(waiting) if waiting.state == State::Open => Ok(waiting),
        Some(Delegation { state, .. }) => Err(Fault::NotOpen { id, state }),
    }
}

/// What is signed is good until its deadline, inclusive.
fn in_time(deadline: u64, now: Timestamp) -> Result<(), Fault> {
    if now.get() > deadline {
        return Err(Fault::Expired { deadline });
    }
    Ok(())
}

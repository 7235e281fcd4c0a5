//! What can happen to the keeper: a closed set, so that a machine must say what it does about each.

use agentcity_domain::time::Seconds;
use alloy::primitives::Address;

/// Something the keeper learnt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The chain answered about a program.
    Observed {
        /// Whose life was asked for.
        program: Address,
        /// What the chain said.
        life: Life,
    },
    /// The chain did not answer, or not in a way that can be understood. The life is unknown, not fine.
    Unreachable {
        /// Whose life was asked for.
        program: Address,
        /// The cause, for the operator.
        cause: String,
    },
}

/// The activation of a program, as ArbWasm tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Callable, for `left` more.
    Active {
        /// Until it expires.
        left: Seconds,
    },
    /// Lay unrenewed for too long: every call fails until somebody activates it again.
    Expired,
    /// Activated for an older version of the virtual machine: every call fails until somebody activates it again.
    Outdated,
    /// Never activated, or there is no program at the address.
    NotActivated,
}

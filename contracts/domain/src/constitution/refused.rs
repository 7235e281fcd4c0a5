//! Why a construction or a seal is refused, with the values that say how to do better.

use alloy_primitives::{Address, B256, U256};

use crate::{peer::Peer, time::Timestamp};

/// The rule that a construction or a seal broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No mandate.
    MandateMissing,
    /// Nothing lives where the asset should be.
    AssetWithoutCode {
        /// Where.
        asset: Address,
    },
    /// Zero, or more than [`UNIT_SCALE_MAX`](super::seal::UNIT_SCALE_MAX).
    UnitScaleOutOfRange {
        /// What was given.
        unit_scale: U256,
    },
    /// Too few or too many genesis adjudicators.
    AdjudicatorCountOutOfRange {
        /// How many.
        count: usize,
        /// The least number.
        least: usize,
        /// The greatest.
        most: usize,
    },
    /// Zero, or listed before.
    InvalidAdjudicator {
        /// Place in the list.
        index: usize,
        /// Who.
        adjudicator: Address,
    },
    /// Sealed before.
    AlreadySealed,
    /// The manifest's last second has passed.
    Expired {
        /// That second.
        deadline: Timestamp,
    },
    /// Another mandate.
    MandateMismatch {
        /// As constructed.
        expected: B256,
        /// As signed.
        given: B256,
    },
    /// Another asset.
    AssetMismatch {
        /// As constructed.
        expected: Address,
        /// As signed.
        given: Address,
    },
    /// Another scale.
    UnitScaleMismatch {
        /// As constructed.
        expected: U256,
        /// As signed.
        given: U256,
    },
    /// Another genesis adjudicator; zero where a list has ended.
    AdjudicatorMismatch {
        /// The first place that differs.
        index: usize,
        /// As constructed.
        expected: Address,
        /// As signed.
        given: Address,
    },
    /// Not [`MEMBERS`](super::seal::MEMBERS) members.
    MemberCountMismatch {
        /// How many.
        count: usize,
    },
    /// Not the peer of that place.
    MemberOutOfOrder {
        /// The place.
        index: usize,
        /// Whose place it is.
        expected: Peer,
        /// What stands there.
        given: u8,
    },
    /// Zero, the constitution itself, or a member already.
    DuplicateMember {
        /// Which member.
        peer: Peer,
        /// Its address.
        account: Address,
    },
    /// Other code than was signed.
    CodehashMismatch {
        /// Which member.
        peer: Peer,
        /// Its address.
        account: Address,
        /// As signed.
        expected: B256,
        /// On chain.
        found: B256,
    },
    /// It belongs to another constitution.
    ForeignMember {
        /// Which member.
        peer: Peer,
        /// Its address.
        account: Address,
        /// The constitution it names; zero if none.
        constitution: Address,
    },
    /// A lesser role than the clerk before, or none that exists.
    ClerkOutOfOrder {
        /// Place in the list.
        index: usize,
        /// The role.
        role: u8,
    },
    /// An office without a holder.
    ClerkMissing {
        /// The office.
        role: u8,
    },
    /// More than [`CLERKS_MAX`](super::seal::CLERKS_MAX).
    TooManyClerks {
        /// How many.
        count: usize,
    },
    /// A zero address, an agent that is its own principal, or one with an office already.
    InvalidClerk {
        /// Place in the list.
        index: usize,
        /// The agent.
        agent: Address,
        /// Its principal.
        principal: Address,
    },
    /// One person would check themselves.
    ClerksShareOnePrincipal {
        /// Who.
        principal: Address,
    },
    /// A parameter not after the one before.
    ParameterOutOfOrder {
        /// Place in the list.
        index: usize,
        /// The parameter.
        id: u8,
    },
    /// Fewer adjudicators than the city's own parameter demands.
    BelowQuorum {
        /// How many there are.
        adjudicators: usize,
        /// How many it demands.
        quorum: u64,
    },
    /// Fewer than [`signatures_needed`](super::seal::signatures_needed).
    TooFewSignatures {
        /// How many.
        given: usize,
        /// How many are needed.
        needed: usize,
    },
    /// Nobody's signature.
    MalformedSignature {
        /// Place in the list.
        index: usize,
    },
    /// Not after the signer before: two orders or two copies of one set would be two seals.
    SignersNotAscending {
        /// The signer before.
        previous: Address,
        /// This one.
        signer: Address,
    },
    /// Somebody else's signature.
    NotGenesisAdjudicator {
        /// Whose.
        signer: Address,
    },
}

//! The founding of a city and its seal: who may sign it, and over what.
//!
//! ```text
//! constructed --seal: two thirds of the genesis adjudicators, over the whole manifest--> sealed, for ever
//! ```
//!
//! Between the two nobody has any power, so there is nothing to be won by being first (RULINGS A5). What is checked on
//! chain (code, signatures) is asked by the shell and judged here.

use alloy_primitives::{Address, B256, U256};

pub use super::refused::Refused;
pub use crate::signed::identity::{Clerk, Member};
use crate::{parameter::ParameterId, peer::Peer, time::Timestamp};

/// Genesis adjudicators at most.
pub const ADJUDICATORS_MAX: usize = ParameterId::MaxAdjudicators.constant() as usize;

/// Genesis clerks at most: four offices with substitutes, two slots each.
pub const CLERKS_MAX: usize = ParameterId::MaxGenesisClerks.constant() as usize;

/// Offices a city cannot do without: registrar, speaker, regulator, codifier.
pub const CLERK_ROLES: usize = 4; // structural: how many there are

/// Base units of one unit of stake at most, 2⁹⁶−1: stakes are counted in 32 bits, so none exceeds 128 bits of base units.
pub const UNIT_SCALE_MAX: u128 = (1 << 96) - 1;

/// The members that a manifest lists, in its order: all but the constitution.
pub const OTHERS: [Peer; MEMBERS] = [
    Peer::Agent,
    Peer::Management,
    Peer::Service,
    Peer::Legislature,
    Peer::Collaboration,
    Peer::Treasury,
    Peer::Adjudication,
    Peer::Verification,
    Peer::Guardian,
    Peer::Assembly,
    Peer::Statute,
    Peer::Enactment,
    Peer::Roster,
];

/// How many these are.
pub const MEMBERS: usize = Peer::COUNT - 1;

/// What a constitution is constructed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Founding<'a> {
    /// Hash of what the city is for.
    pub mandate: B256,
    /// What it pays in; zero is the native coin.
    pub asset: Address,
    /// Base units in one unit of stake.
    pub unit_scale: U256,
    /// Who may sign the seal.
    pub adjudicators: &'a [Address],
}

/// Whether a city may be constructed so. `asset_has_code` is asked of the chain; `quorum` is the default of the
/// parameter that bounds the number of adjudicators from below.
///
/// Errors: `MandateMissing`, `AssetWithoutCode`, `UnitScaleOutOfRange`, `AdjudicatorCountOutOfRange`,
/// `InvalidAdjudicator`.
/// Source: RULINGS A5, R14; RESOLUTIONS D-28.
pub fn found(founding: Founding<'_>, asset_has_code: bool, quorum: u64) -> Result<(), Refused> {
    let Founding {
        mandate,
        asset,
        unit_scale,
        adjudicators,
    } = founding;
    if mandate == B256::ZERO {
        return Err(Refused::MandateMissing);
    }
    if asset != Address::ZERO && !asset_has_code {
        return Err(Refused::AssetWithoutCode { asset });
    }
    if unit_scale == U256::ZERO || unit_scale > U256::from(UNIT_SCALE_MAX) {
        return Err(Refused::UnitScaleOutOfRange { unit_scale });
    }
    let (count, least) = (adjudicators.len(), quorum as usize);
    if count < least || count > ADJUDICATORS_MAX {
        return Err(Refused::AdjudicatorCountOutOfRange {
            count,
            least,
            most: ADJUDICATORS_MAX,
        });
    }
    for (index, adjudicator) in (0..count).zip(adjudicators) {
        let first = adjudicators.iter().position(|other| other == adjudicator);
        if *adjudicator == Address::ZERO || first != Some(index) {
            return Err(Refused::InvalidAdjudicator {
                index,
                adjudicator: *adjudicator,
            });
        }
    }
    Ok(())
}

/// Whether a city in this epoch may be sealed: only before the first.
///
/// Errors: `AlreadySealed`.
pub const fn is_open(epoch: u64) -> Result<(), Refused> {
    if epoch == 0 {
        Ok(())
    } else {
        Err(Refused::AlreadySealed)
    }
}

/// Whether a manifest may still be relayed: until its deadline, inclusive.
///
/// Errors: `Expired`.
pub fn in_time(deadline: Timestamp, now: Timestamp) -> Result<(), Refused> {
    if now > deadline {
        return Err(Refused::Expired { deadline });
    }
    Ok(())
}

/// Whether the manifest repeats what the city was constructed with.
///
/// Errors: `MandateMismatch`, `AssetMismatch`, `UnitScaleMismatch`, `AdjudicatorMismatch`.
pub fn repeats(constructed: Founding<'_>, signed: Founding<'_>) -> Result<(), Refused> {
    if constructed.mandate != signed.mandate {
        return Err(Refused::MandateMismatch {
            expected: constructed.mandate,
            given: signed.mandate,
        });
    }
    if constructed.asset != signed.asset {
        return Err(Refused::AssetMismatch {
            expected: constructed.asset,
            given: signed.asset,
        });
    }
    if constructed.unit_scale != signed.unit_scale {
        return Err(Refused::UnitScaleMismatch {
            expected: constructed.unit_scale,
            given: signed.unit_scale,
        });
    }
    let (expected, given) = (constructed.adjudicators, signed.adjudicators);
    for index in 0..expected.len().max(given.len()) {
        let (expected, given) = (expected.get(index), given.get(index));
        if expected != given {
            return Err(Refused::AdjudicatorMismatch {
                index,
                expected: expected.copied().unwrap_or_default(),
                given: given.copied().unwrap_or_default(),
            });
        }
    }
    Ok(())
}

/// The members by place, with the constitution itself (`own`) at its.
///
/// Errors: `MemberCountMismatch`, `MemberOutOfOrder`, `DuplicateMember`.
/// Source: RULINGS R16.
pub fn members(own: Address, listed: &[Member]) -> Result<[Address; Peer::COUNT], Refused> {
    if listed.len() != MEMBERS {
        return Err(Refused::MemberCountMismatch {
            count: listed.len(),
        });
    }
    let mut accounts = [Address::ZERO; Peer::COUNT];
    let mut places = accounts.iter_mut();
    // The zero address is nobody, and the constitution itself takes the first place.
    let taken = [Address::ZERO, own];
    if let Some(first) = places.next() {
        *first = own;
    }
    for ((index, member), (peer, place)) in
        (0..MEMBERS).zip(listed).zip(OTHERS.into_iter().zip(places))
    {
        if usize::from(member.peer) != peer.place() {
            return Err(Refused::MemberOutOfOrder {
                index,
                expected: peer,
                given: member.peer,
            });
        }
        let before = listed.iter().take(index).map(|member| member.account);
        if before.chain(taken).any(|account| account == member.account) {
            return Err(Refused::DuplicateMember {
                peer,
                account: member.account,
            });
        }
        *place = member.account;
    }
    Ok(accounts)
}

/// Whether a member is what was signed: its code on chain, and the constitution it names (`None`: it names none).
///
/// Errors: `CodehashMismatch`, `ForeignMember`.
/// Source: RULINGS A5.
pub fn member_is_ours(
    own: Address,
    peer: Peer,
    member: Member,
    found: B256,
    named: Option<Address>,
) -> Result<(), Refused> {
    if member.codehash != found {
        return Err(Refused::CodehashMismatch {
            peer,
            account: member.account,
            expected: member.codehash,
            found,
        });
    }
    match named {
        Some(constitution) if constitution == own => Ok(()),
        other => Err(Refused::ForeignMember {
            peer,
            account: member.account,
            constitution: other.unwrap_or_default(),
        }),
    }
}

/// Whether the clerks fill every office, each agent one, and at least two people answer for them.
///
/// Errors: `TooManyClerks`, `ClerkMissing`, `ClerkOutOfOrder`, `InvalidClerk`, `ClerksShareOnePrincipal`.
/// Source: RULINGS R14 (four clerks with at least two principals), R21.
pub fn clerks(listed: &[Clerk]) -> Result<(), Refused> {
    if listed.len() > CLERKS_MAX {
        return Err(Refused::TooManyClerks {
            count: listed.len(),
        });
    }
    // Sorted by role, the list begins with role 0 and never skips one.
    let (mut due, mut last) = (0, None);
    for (index, clerk) in (0..listed.len()).zip(listed) {
        let role = clerk.role;
        match last {
            Some(last) if role == last => {}
            _ if role == due && usize::from(role) < CLERK_ROLES => {
                last = Some(role);
                due = role.saturating_add(1);
            }
            _ if role > due && usize::from(role) < CLERK_ROLES => {
                return Err(Refused::ClerkMissing { role: due });
            }
            _ => return Err(Refused::ClerkOutOfOrder { index, role }),
        }
        let (agent, principal) = (clerk.agent, clerk.principal);
        let first = listed.iter().position(|other| other.agent == agent);
        // An agent that is its own principal could never register, so the office would be empty.
        let nobody = agent == Address::ZERO || principal == Address::ZERO;
        if nobody || agent == principal || first != Some(index) {
            return Err(Refused::InvalidClerk {
                index,
                agent,
                principal,
            });
        }
    }
    if usize::from(due) < CLERK_ROLES {
        return Err(Refused::ClerkMissing { role: due });
    }
    match listed {
        [first, others @ ..] if others.iter().all(|c| c.principal == first.principal) => {
            Err(Refused::ClerksShareOnePrincipal {
                principal: first.principal,
            })
        }
        _ => Ok(()),
    }
}

/// Whether parameter `id`, at `index` of the list, comes after the `previous` one.
///
/// Errors: `ParameterOutOfOrder`.
pub fn next_parameter(previous: Option<u8>, index: usize, id: u8) -> Result<(), Refused> {
    if previous.is_some_and(|before| before >= id) {
        return Err(Refused::ParameterOutOfOrder { index, id });
    }
    Ok(())
}

/// Whether the city has as many adjudicators as its own parameter demands.
///
/// Errors: `BelowQuorum`.
/// Source: RULINGS R14, RESOLUTIONS D-01.
pub fn has_quorum(adjudicators: usize, quorum: u64) -> Result<(), Refused> {
    if (adjudicators as u64) < quorum {
        return Err(Refused::BelowQuorum {
            adjudicators,
            quorum,
        });
    }
    Ok(())
}

/// Signatures that a seal needs: `⌈2 × adjudicators ÷ 3⌉`.
pub const fn signatures_needed(adjudicators: usize) -> usize {
    (2 * adjudicators).div_ceil(3) // structural: two thirds
}

/// Whether there are enough signatures. That each is good is judged one by one.
///
/// Errors: `TooFewSignatures`.
pub fn enough_signatures(given: usize, adjudicators: usize) -> Result<(), Refused> {
    let needed = signatures_needed(adjudicators);
    if given < needed {
        return Err(Refused::TooFewSignatures { given, needed });
    }
    Ok(())
}

/// Whether `signer` (`None`: nobody signed so), at `index` of the list, counts after the `previous` one.
///
/// Errors: `MalformedSignature`, `SignersNotAscending`, `NotGenesisAdjudicator`.
pub fn next_signer(
    adjudicators: &[Address],
    previous: Option<Address>,
    index: usize,
    signer: Option<Address>,
) -> Result<Address, Refused> {
    let Some(signer) = signer else {
        return Err(Refused::MalformedSignature { index });
    };
    if let Some(previous) = previous
        && previous >= signer
    {
        return Err(Refused::SignersNotAscending { previous, signer });
    }
    if !adjudicators.contains(&signer) {
        return Err(Refused::NotGenesisAdjudicator { signer });
    }
    Ok(signer)
}

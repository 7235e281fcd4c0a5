//! Refusals of the domain as errors of the interface, each with the values a caller needs to act.

use alloc::vec::Vec;

use agentcity_abi::IConstitution as wire;
use agentcity_domain::{
    constitution::{
        norm,
        seal::{self, CLERKS_MAX},
    },
    parameter,
};
use agentcity_shell::{
    output::{address, number},
    refusal,
};
use alloy_primitives::B256;
use alloy_sol_types::SolError;

/// The revert data of a refused construction or seal.
pub(crate) fn revert_seal(refused: seal::Refused) -> Vec<u8> {
    use seal::Refused;
    match refused {
        Refused::MandateMissing => refusal(wire::MandateMissing::SELECTOR, &[]),
        Refused::AssetWithoutCode { asset } => {
            refusal(wire::AssetWithoutCode::SELECTOR, &[address(asset)])
        }
        Refused::UnitScaleOutOfRange { unit_scale } => {
            refusal(wire::UnitScaleOutOfRange::SELECTOR, &[unit_scale.into()])
        }
        Refused::AdjudicatorCountOutOfRange { count, least, most } => refusal(
            wire::AdjudicatorCountOutOfRange::SELECTOR,
            &[size(count), size(least), size(most)],
        ),
        Refused::InvalidAdjudicator { index, adjudicator } => refusal(
            wire::InvalidAdjudicator::SELECTOR,
            &[size(index), address(adjudicator)],
        ),
        Refused::AlreadySealed => refusal(wire::AlreadySealed::SELECTOR, &[]),
        Refused::Expired { deadline } => {
            refusal(wire::Expired::SELECTOR, &[number(deadline.get())])
        }
        Refused::MandateMismatch { expected, given } => {
            refusal(wire::MandateMismatch::SELECTOR, &[expected, given])
        }
        Refused::AssetMismatch { expected, given } => refusal(
            wire::AssetMismatch::SELECTOR,
            &[address(expected), address(given)],
        ),
        Refused::UnitScaleMismatch { expected, given } => refusal(
            wire::UnitScaleMismatch::SELECTOR,
            &[expected.into(), given.into()],
        ),
        Refused::AdjudicatorMismatch {
            index,
            expected,
            given,
        } => refusal(
            wire::AdjudicatorMismatch::SELECTOR,
            &[size(index), address(expected), address(given)],
        ),
        Refused::MemberCountMismatch { count } => {
            refusal(wire::MemberCountMismatch::SELECTOR, &[size(count)])
        }
        Refused::MemberOutOfOrder {
            index,
            expected,
            given,
        } => refusal(
            wire::MemberOutOfOrder::SELECTOR,
            &[size(index), size(expected.place()), number(given.into())],
        ),
        Refused::DuplicateMember { peer, account } => refusal(
            wire::DuplicateMember::SELECTOR,
            &[size(peer.place()), address(account)],
        ),
        Refused::CodehashMismatch {
            peer,
            account,
            expected,
            found,
        } => refusal(
            wire::CodehashMismatch::SELECTOR,
            &[size(peer.place()), address(account), expected, found],
        ),
        Refused::ForeignMember {
            peer,
            account,
            constitution,
        } => refusal(
            wire::ForeignMember::SELECTOR,
            &[size(peer.place()), address(account), address(constitution)],
        ),
        Refused::ClerkOutOfOrder { index, role } => refusal(
            wire::ClerkOutOfOrder::SELECTOR,
            &[size(index), number(role.into())],
        ),
        Refused::ClerkMissing { role } => {
            refusal(wire::ClerkMissing::SELECTOR, &[number(role.into())])
        }
        Refused::TooManyClerks { count } => refusal(
            wire::TooManyClerks::SELECTOR,
            &[size(count), size(CLERKS_MAX)],
        ),
        Refused::InvalidClerk {
            index,
            agent,
            principal,
        } => refusal(
            wire::InvalidClerk::SELECTOR,
            &[size(index), address(agent), address(principal)],
        ),
        Refused::ClerksShareOnePrincipal { principal } => refusal(
            wire::ClerksShareOnePrincipal::SELECTOR,
            &[address(principal)],
        ),
        Refused::ParameterOutOfOrder { index, id } => refusal(
            wire::ParameterOutOfOrder::SELECTOR,
            &[size(index), number(id.into())],
        ),
        Refused::BelowQuorum {
            adjudicators,
            quorum,
        } => refusal(
            wire::BelowQuorum::SELECTOR,
            &[size(adjudicators), number(quorum)],
        ),
        Refused::TooFewSignatures { given, needed } => refusal(
            wire::TooFewSignatures::SELECTOR,
            &[size(given), size(needed)],
        ),
        Refused::MalformedSignature { index } => {
            refusal(wire::MalformedSignature::SELECTOR, &[size(index)])
        }
        Refused::SignersNotAscending { previous, signer } => refusal(
            wire::SignersNotAscending::SELECTOR,
            &[address(previous), address(signer)],
        ),
        Refused::NotGenesisAdjudicator { signer } => {
            refusal(wire::NotGenesisAdjudicator::SELECTOR, &[address(signer)])
        }
    }
}

/// The revert data of a refused value or amendment.
pub(crate) fn revert_parameter(refused: parameter::Refused) -> Vec<u8> {
    use parameter::Refused;
    match refused {
        Refused::Unknown { id } => refusal(wire::UnknownParameter::SELECTOR, &[number(id.into())]),
        Refused::Constant { id } => refusal(wire::ConstantParameter::SELECTOR, &[size(id.place())]),
        Refused::OutOfRange {
            id,
            value,
            min,
            max,
        } => refusal(
            wire::ParameterOutOfRange::SELECTOR,
            &[
                size(id.place()),
                value,
                number(min.into()),
                number(max.into()),
            ],
        ),
        Refused::Malformed { id, value } => refusal(
            wire::MalformedParameter::SELECTOR,
            &[size(id.place()), value],
        ),
        Refused::Unrelated(broken) => refusal(
            wire::RelationBroken::SELECTOR,
            &[
                size(broken.relation.lesser.place()),
                number(broken.lesser.into()),
                size(broken.relation.greater.place()),
                number(broken.greater.into()),
            ],
        ),
        Refused::Stale { expected, found } => {
            refusal(wire::StaleValue::SELECTOR, &[expected, found])
        }
        Refused::Unchanged { value } => refusal(wire::UnchangedValue::SELECTOR, &[value]),
        Refused::TooEarly { ready_at, now } => {
            refusal(wire::TooEarly::SELECTOR, &[number(ready_at), number(now)])
        }
    }
}

/// The revert data of a refused command on a norm.
pub(crate) fn revert_norm(refused: norm::Refused) -> Vec<u8> {
    use norm::Refused;
    match refused {
        Refused::Empty { id, domain } => refusal(wire::EmptyNorm::SELECTOR, &[id, domain]),
        Refused::Exists { id, domain } => refusal(wire::NormExists::SELECTOR, &[id, domain]),
        Refused::Unknown { id } => refusal(wire::UnknownNorm::SELECTOR, &[id]),
        Refused::AlreadyStruck { id } => refusal(wire::NormAlreadyStruck::SELECTOR, &[id]),
        Refused::NotStruck { id } => refusal(wire::NormNotStruck::SELECTOR, &[id]),
    }
}

/// `UnknownEpoch(epoch)`.
pub(crate) fn unknown_epoch(epoch: u64) -> Vec<u8> {
    refusal(wire::UnknownEpoch::SELECTOR, &[number(epoch)])
}

/// `UnknownPeer(peer)`.
pub(crate) fn unknown_peer(peer: u8) -> Vec<u8> {
    refusal(wire::UnknownPeer::SELECTOR, &[number(peer.into())])
}

/// `PageNotCreated(epoch)`.
pub(crate) fn page_not_created(epoch: u64) -> Vec<u8> {
    refusal(wire::PageNotCreated::SELECTOR, &[number(epoch)])
}

fn size(value: usize) -> B256 {
    number(value as u64)
}

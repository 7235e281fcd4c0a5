//! What an executor signs, and whether it did: the structs of docs/signatures.md, by the domain's words, and no other.

use agentcity_domain::signed::{self, DOMAIN_NAME, DOMAIN_VERSION};
use alloy::{
    primitives::{Address, B256, Signature as KeySignature, keccak256},
    sol_types::Eip712Domain,
};

use crate::protocol::{AcceptanceRequest, JobId, JobRequest, Kind, Signature, SignedResult, Venue};

/// Bytes of a key's signature.
const KEY_SIGNATURE_BYTES: usize = 65;

/// Something that an executor signs, as it is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(pub B256);

impl Digest {
    /// Of an acceptance.
    pub fn of_acceptance(request: &AcceptanceRequest) -> Self {
        let words = signed::work::SeatAcceptance {
            mission_id: request.job.mission,
            node: request.job.node,
            attempt: request.job.attempt,
            executor: request.executor,
            deadline: request.deadline,
        }
        .words();
        Self(digest(
            request.venue.chain_id,
            request.venue.statute,
            &words,
        ))
    }

    /// Of a result of an agent.
    pub fn of_result(venue: &Venue, job: &JobId, agent: Address, result: &Unsigned<'_>) -> Self {
        let words = signed::work::NodeResult {
            mission_id: job.mission,
            node: job.node,
            attempt: job.attempt,
            kind: result.kind as u8,
            executor: agent,
            output_hash: result.output_hash,
            trail_root: result.trail_root,
            proof: keccak256(result.proof),
            deadline: result.deadline,
        }
        .words();
        Self(digest(venue.chain_id, venue.verification, &words))
    }

    /// Whether a key's signature of it is `signer`'s, in the form that contracts take: a low `s`, and `v` of 27 or 28. Signatures of
    /// contracts are for the chain to judge.
    pub fn is_signed_by(&self, signer: Address, signature: &Signature) -> bool {
        let bytes = signature.bytes();
        if bytes.len() != KEY_SIGNATURE_BYTES || !matches!(bytes.last(), Some(27 | 28)) {
            return false;
        }
        let Ok(signature) = KeySignature::from_raw(bytes) else {
            return false;
        };
        let low = signature.normalize_s().is_none();
        let recovered = signature.recover_address_from_prehash(&self.0);
        low && recovered.is_ok_and(|recovered| recovered == signer)
    }
}

/// A result without its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsigned<'r> {
    /// What it is.
    pub kind: Kind,
    /// Hash of the value, or the commitment.
    pub output_hash: B256,
    /// Root of the trail, or the trails.
    pub trail_root: B256,
    /// By kind.
    pub proof: &'r [u8],
    /// Last second at which it counts.
    pub deadline: u64,
}

impl SignedResult {
    /// What was signed.
    pub fn unsigned(&self) -> Unsigned<'_> {
        Unsigned {
            kind: self.kind,
            output_hash: self.output_hash,
            trail_root: self.trail_root,
            proof: self.proof.bytes(),
            deadline: self.deadline,
        }
    }

    /// The digest that was signed for a job.
    pub fn digest(&self, request: &JobRequest) -> Digest {
        Digest::of_result(
            &request.venue,
            &request.job,
            request.agent,
            &self.unsigned(),
        )
    }
}

fn digest(chain_id: u64, contract: Address, words: &[B256]) -> B256 {
    let domain = Eip712Domain::new(
        Some(DOMAIN_NAME.into()),
        Some(DOMAIN_VERSION.into()),
        Some(alloy::primitives::U256::from(chain_id)),
        Some(contract),
        None,
    );
    let signed = keccak256(words.concat());
    keccak256(
        [
            &[0x19, 0x01],
            domain.separator().as_slice(),
            signed.as_slice(),
        ]
        .concat(),
    )
}

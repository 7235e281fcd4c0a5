//! Statements that people, agents and clerks sign and anyone relays: good until their deadline, by whom they name, once.
//!
//! The last field of every signed struct is its deadline (`agentcity_domain::signed`). Signed statements use
//! [`USED`] of the contract's kinds of keys; the others are free.

use alloc::vec::Vec;

use agentcity_domain::peer::Peer;
use alloy_primitives::{Address, B256};
use stylus_sdk::prelude::*;

use crate::{
    Input, common, malformed,
    member::{Kind, Member},
    output::{self, number},
    refusal, refuse, sign,
};

/// The kind of the keys of digests that were used.
pub const USED: Kind = Kind::MAX;

/// `DeadlinePassed(uint64 deadline)`: the statement was good until then.
const DEADLINE_PASSED: [u8; 4] = [0x67, 0x68, 0x09, 0x13];
/// `AlreadyUsed(bytes32 digest)`.
const ALREADY_USED: [u8; 4] = [0x22, 0x0f, 0x19, 0xf5];
/// `AlreadyDone(bytes32 id, address who)`.
const ALREADY_DONE: [u8; 4] = [0x90, 0xb5, 0x63, 0x14];
/// Selector of management's `validateOperation(address,uint8,bytes32)`, which answers the clerk's office.
const VALIDATE_OPERATION: [u8; 4] = [0x12, 0x2c, 0xfb, 0xd3];

/// A clerk whose signature was taken, and who was charged for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clerk {
    /// Its account, as a word.
    pub account: B256,
    /// Its office.
    pub role: u8,
}

/// A member that takes signed statements.
pub trait Statements: Member {
    /// The digest of a struct that is still good: type hash, and fields with the deadline last.
    ///
    /// Errors: `DeadlinePassed(deadline)`.
    #[inline(never)]
    fn digest(&self, type_hash: &B256, fields: &[B256]) -> Result<B256, Vec<u8>> {
        let deadline = fields.last().copied().unwrap_or_default();
        if number(self.now()) > deadline {
            return refuse(DEADLINE_PASSED, &[deadline]);
        }
        let mut preimage = type_hash.to_vec();
        preimage.extend_from_slice(&output::words(fields));
        let hash = self.vm().native_keccak256(&preimage);
        Ok(sign::digest_of(self.vm(), hash))
    }

    /// The digest of a struct that `signer` signed.
    ///
    /// Errors: `DeadlinePassed(deadline)`, `InvalidSignature(signer)`.
    #[inline(never)]
    fn signed(
        &self,
        type_hash: &B256,
        fields: &[B256],
        signer: B256,
        signature: &[u8],
    ) -> Result<B256, Vec<u8>> {
        let digest = self.digest(type_hash, fields)?;
        sign::require(self.vm(), Address::from_word(signer), digest, signature)?;
        Ok(digest)
    }

    /// Marks a digest as used.
    ///
    /// Errors: `AlreadyUsed(digest)`.
    fn spend(&mut self, digest: B256) -> Result<(), Vec<u8>> {
        self.spend_by(digest, B256::ZERO)
    }

    /// Marks a digest as used by somebody, of several who sign alike.
    ///
    /// Errors: `AlreadyUsed(digest)`.
    #[inline(never)]
    fn spend_by(&mut self, digest: B256, by: B256) -> Result<(), Vec<u8>> {
        let key = self.key(USED, digest, by);
        if self.read(key) != B256::ZERO {
            return refuse(ALREADY_USED, &[digest]);
        }
        self.write(key, number(1));
        Ok(())
    }

    /// The clerk that signed a struct, charged for `operation` on `subject`; the struct counts once.
    ///
    /// Errors: `DeadlinePassed(deadline)`, `AlreadyUsed(digest)`, `InvalidSignature(0)` for what no key signed, and whatever
    /// management refuses.
    #[inline(never)]
    fn clerk(
        &mut self,
        type_hash: &B256,
        fields: &[B256],
        operation: u8,
        subject: B256,
        signature: &[u8],
    ) -> Result<Clerk, Vec<u8>> {
        let digest = self.digest(type_hash, fields)?;
        self.spend(digest)?;
        let clerk = self.recovered(digest, signature)?;
        self.charged(clerk, operation, subject)
    }

    /// The same of a struct in which several clerks say the same, such as a vote: it counts once for each of them.
    ///
    /// Errors: as of `clerk`.
    #[inline(never)]
    fn clerk_among_several(
        &mut self,
        type_hash: &B256,
        fields: &[B256],
        operation: u8,
        subject: B256,
        signature: &[u8],
    ) -> Result<Clerk, Vec<u8>> {
        let digest = self.digest(type_hash, fields)?;
        let clerk = self.recovered(digest, signature)?;
        self.spend_by(digest, clerk)?;
        self.charged(clerk, operation, subject)
    }

    /// Whose key signed.
    ///
    /// Errors: `InvalidSignature(0)`.
    fn recovered(&self, digest: B256, signature: &[u8]) -> Result<B256, Vec<u8>> {
        match sign::recover(self.vm(), digest, signature) {
            Some(clerk) => Ok(clerk.into_word()),
            None => Err(refusal(common::INVALID_SIGNATURE, &[B256::ZERO])),
        }
    }

    /// Charges a clerk.
    ///
    /// Errors: whatever management refuses.
    fn charged(&mut self, account: B256, operation: u8, subject: B256) -> Result<Clerk, Vec<u8>> {
        let words = [account, number(operation.into()), subject];
        let role = self.tell_peer(Peer::Management, VALIDATE_OPERATION, &words)?;
        Ok(Clerk {
            account,
            role: Input::new(&role).u8()?,
        })
    }

    /// Marks that somebody did something about `id`, once.
    ///
    /// Errors: `AlreadyDone(id, who)`.
    #[inline(never)]
    fn once(&mut self, kind: Kind, id: B256, who: B256) -> Result<(), Vec<u8>> {
        let key = self.key(kind, id, who);
        if self.read(key) != B256::ZERO {
            return refuse(ALREADY_DONE, &[id, who]);
        }
        self.write(key, number(1));
        Ok(())
    }
}

/// As many signatures as statements, each behind its own offset.
///
/// Errors: `MalformedCall()`.
#[inline(never)]
pub fn signatures<'a>(input: &mut Input<'a>, statements: usize) -> Result<Input<'a>, Vec<u8>> {
    let (count, signatures) = input.list(statements)?;
    if count != statements {
        return Err(malformed());
    }
    Ok(signatures)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    use super::*;

    #[test]
    fn selectors_are_those_of_their_signatures() {
        for (signature, selector) in [
            ("DeadlinePassed(uint64)", DEADLINE_PASSED),
            ("AlreadyUsed(bytes32)", ALREADY_USED),
            ("AlreadyDone(bytes32,address)", ALREADY_DONE),
            (
                "validateOperation(address,uint8,bytes32)",
                VALIDATE_OPERATION,
            ),
        ] {
            assert_eq!(keccak256(signature)[..4], selector, "{signature}");
        }
    }
}

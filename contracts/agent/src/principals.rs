//! Principals: enrolling, leaving.

use agentcity_abi::{IAgent as wire, IManagement as clerks};
use agentcity_domain::{
    agent::principal as rules,
    clerk::operation::Operation,
    literal,
    parameter::ParameterId,
    peer::Peer,
    signed::identity::{EnrolmentAttestation, PrincipalEnrolment},
};
use agentcity_shell::{
    Answer, Input,
    output::{address, number},
    peer,
    sign::SIGNATURE_BYTES_MAX,
};
use alloc::vec::Vec;
use alloy_primitives::U256;
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::{error::revert, storage::Agents};

impl Agents {
    /// Errors: what [`rules::enrol`] refuses; `Expired`, `InvalidSignature`; management's refusal of the registrar;
    /// `AmountMismatch`, `Reentered`, `NotWired`.
    /// Events: `PrincipalEnrolled`.
    pub(crate) fn enrol_principal(&mut self, input: &mut Input<'_>) -> Answer {
        let (account, class, deadline) = (input.address()?, input.u8()?, input.u64()?);
        let consent = input.bytes(SIGNATURE_BYTES_MAX)?;
        let (registrar, evidence_hash) = (input.address()?, input.word()?);
        let attestation = input.bytes(SIGNATURE_BYTES_MAX)?;
        let management = self.load_peer(Peer::Management)?;
        let stake = self.parameter(ParameterId::PrincipalStake)?;
        let mut principal = self.load_principal(account);
        let nonce = u64::from(principal.nonce);
        rules::enrol(account, &mut principal, class, stake, self.now()).map_err(revert)?;
        let enrolment = PrincipalEnrolment {
            principal: account,
            class,
            nonce,
            deadline,
        };
        self.require_consent(account, &enrolment.words(), deadline, consent)?;
        let attested = EnrolmentAttestation {
            principal: account,
            class,
            evidence_hash,
            registrar,
            nonce,
            deadline,
        };
        self.require_consent(registrar, &attested.words(), deadline, attestation)?;

        self.store_principal(account, &principal);

        self.emit(
            &[
                literal!(wire::PrincipalEnrolled::SIGNATURE_HASH),
                address(account),
                address(registrar),
            ],
            &[number(class.into()), number(stake.into()), evidence_hash],
        );
        let charge = [
            address(registrar),
            number(Operation::AttestPrincipal.number().into()),
            address(account),
        ];
        let charge = peer::call_data(clerks::validateOperationCall::SELECTOR, &charge);
        peer::tell(self.vm(), management, &charge, U256::ZERO)?;
        self.collect(stake)?;
        Ok(Vec::new())
    }

    /// Errors: what [`rules::request_leave`] refuses.
    /// Events: `PrincipalLeaving`.
    pub(crate) fn request_leave(&mut self) -> Answer {
        let account = self.vm().msg_sender();
        let cooldown = self.seconds(ParameterId::DeregistrationCooldownSecs)?;
        let mut principal = self.load_principal(account);
        rules::request_leave(account, &mut principal, cooldown, self.now()).map_err(revert)?;

        self.store_principal(account, &principal);

        self.emit(
            &[
                literal!(wire::PrincipalLeaving::SIGNATURE_HASH),
                address(account),
            ],
            &[number(principal.leaves_at)],
        );
        Ok(Vec::new())
    }

    /// Errors: `CounterExhausted`.
    /// Events: `ConsentsRevoked`.
    pub(crate) fn revoke_consents(&mut self) -> Answer {
        let account = self.vm().msg_sender();
        let mut principal = self.load_principal(account);
        principal.revoke(account).map_err(revert)?;

        self.store_principal(account, &principal);

        self.emit(
            &[
                literal!(wire::ConsentsRevoked::SIGNATURE_HASH),
                address(account),
            ],
            &[number(principal.nonce.into())],
        );
        Ok(Vec::new())
    }

    /// Errors: what [`rules::complete_leave`] refuses.
    /// Events: `PrincipalLeft`.
    pub(crate) fn complete_leave(&mut self, input: &mut Input<'_>) -> Answer {
        let account = input.address()?;
        let mut principal = self.load_principal(account);
        let stake = rules::complete_leave(account, &mut principal, self.now()).map_err(revert)?;

        self.store_principal(account, &principal);
        self.credit(account, stake)?;

        self.emit(
            &[
                literal!(wire::PrincipalLeft::SIGNATURE_HASH),
                address(account),
            ],
            &[number(stake.into())],
        );
        Ok(Vec::new())
    }
}

//! Mandates, what clerks hand to microservices, and what their owners answer.

use agentcity_abi::IManagement as wire;
use agentcity_domain::{
    clerk::{
        self as rules, Mandate,
        delegation::{self, Answer as Answered, Request},
    },
    parameter::ParameterId,
    signed::identity::{DelegationRequest, DelegationResult},
    time::Seconds,
};
use agentcity_shell::{
    Answer, Input,
    output::{self, number},
    refusal, sign,
};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    error::{revert, revert_delegation},
    storage::Offices,
};

impl Offices {
    /// Errors: what [`delegation::set_mandate`] refuses; `Unauthorized`, `DeprecatedService`; the registry's
    /// `UnknownService`.
    /// Events: `MandateSet`.
    pub(crate) fn set_mandate(&mut self, input: &mut Input<'_>) -> Answer {
        self.require_adjudication()?;
        let (operation, service, artifact_schema) = (input.u8()?, input.word()?, input.word()?);
        let operation = delegation::delegated(operation).map_err(revert_delegation)?;
        let mandate = Mandate {
            service,
            artifact_schema,
        };
        if service != B256::ZERO {
            self.require_live(service)?;
        }
        let mandates = delegation::set_mandate(self.load_mandates(), operation, mandate)
            .map_err(revert_delegation)?;

        self.store_mandate(operation, mandate, mandates);

        output::log(
            self.vm(),
            &[
                wire::MandateSet::SIGNATURE_HASH,
                number(operation.number().into()),
                service,
            ],
            &output::words(&[artifact_schema, number(mandates.version.into())]),
        );
        Ok(Vec::new())
    }

    /// Errors: what [`delegation::open`] refuses; `NotClerk`, `NotEligible`, `PrincipalMismatch`,
    /// `DeprecatedService`, `InvalidSignature`.
    /// Events: `DelegationInvoked`.
    pub(crate) fn delegate(&mut self, input: &mut Input<'_>) -> Answer {
        let request = read_request(input)?;
        let signature = input.bytes(sign::SIGNATURE_BYTES_MAX)?;
        let (id, clerk) = (self.id_of(&request), request.clerk);
        let operation = delegation::delegated(request.operation).map_err(revert_delegation)?;
        let record = rules::active(clerk, self.load_clerk(clerk)).map_err(revert)?;
        let wait = self.parameter(ParameterId::DelegationTimeoutSecs)?;
        let opened = delegation::open(
            self.load_delegation(id),
            Request {
                id,
                clerk,
                operation: request.operation,
                service: request.service_id,
                deadline: request.deadline,
            },
            operation,
            operation.role() == record.role,
            self.load_mandate(operation),
            (self.now(), Seconds::new(wait.into())),
        )
        .map_err(revert_delegation)?;
        let standing = self.standing(clerk)?;
        rules::require_holding((clerk, standing), record).map_err(revert)?;
        self.require_live(request.service_id)?;
        sign::require(self.vm(), clerk, id, signature)?;

        self.store_delegation(id, opened);

        output::log(
            self.vm(),
            &[
                wire::DelegationInvoked::SIGNATURE_HASH,
                id,
                output::address(clerk),
                request.service_id,
            ],
            &output::words(&[
                number(operation.number().into()),
                request.subject,
                request.input_hash,
                number(opened.due_at.get()),
            ]),
        );
        Ok(output::words(&[id]))
    }

    /// Errors: what [`delegation::answer`] refuses; `OtherDelegation`, `NotServiceOwner`, `InvalidSignature`.
    /// Events: `DelegationCompleted`.
    pub(crate) fn answer(&mut self, input: &mut Input<'_>) -> Answer {
        let request = read_request(input)?;
        let (owner, details) = (input.address()?, input.word()?);
        let result = read_result(input)?;
        let signature = input.bytes(sign::SIGNATURE_BYTES_MAX)?;
        let id = self.id_of(&request);
        if result.delegation_id != id {
            return Err(refusal(
                wire::OtherDelegation::SELECTOR,
                &[id, result.delegation_id],
            ));
        }
        let answered = Answered {
            output_hash: result.output_hash,
            artifact_hash: result.artifact_hash,
            deadline: result.deadline,
        };
        let closed = delegation::answer(self.load_delegation(id), id, answered, self.now())
            .map_err(revert_delegation)?;
        let service = request.service_id;
        if !self.owns(service, owner, details)? {
            return Err(refusal(
                wire::NotServiceOwner::SELECTOR,
                &[output::address(owner), service],
            ));
        }
        // Who calls needs no signature of its own.
        if !signature.is_empty() || self.vm().msg_sender() != owner {
            let digest = sign::digest(self.vm(), &result.words());
            sign::require(self.vm(), owner, digest, signature)?;
        }
        let (clerk, operation) = (closed.clerk, closed.operation);
        let ledger = self.load_ledger(clerk, request.subject).answer(
            operation,
            (service, result.artifact_hash),
            self.load_mandate(operation),
            self.load_mandates(),
        );

        self.store_delegation(id, closed);
        self.store_answer(id, result.output_hash, result.artifact_hash);
        if let Some(ledger) = ledger {
            self.store_ledger(clerk, request.subject, ledger);
        }

        output::log(
            self.vm(),
            &[
                wire::DelegationCompleted::SIGNATURE_HASH,
                id,
                output::address(owner),
            ],
            &output::words(&[
                result.output_hash,
                result.artifact_hash,
                output::truth(ledger.is_some()),
            ]),
        );
        Ok(Vec::new())
    }

    /// Errors: what [`delegation::expire`] refuses.
    /// Events: `DelegationExpired`.
    pub(crate) fn expire(&mut self, input: &mut Input<'_>) -> Answer {
        let id = input.word()?;
        let expired = delegation::expire(self.load_delegation(id), id, self.now())
            .map_err(revert_delegation)?;

        self.store_delegation(id, expired);

        output::log(
            self.vm(),
            &[
                wire::DelegationExpired::SIGNATURE_HASH,
                id,
                output::address(expired.clerk),
            ],
            &[],
        );
        Ok(Vec::new())
    }

    /// A delegation's id: what its clerk signs.
    pub(crate) fn id_of(&self, request: &DelegationRequest) -> B256 {
        sign::digest(self.vm(), &request.words())
    }

    /// Errors: `DeprecatedService`; the registry's `UnknownService`.
    fn require_live(&self, service: B256) -> Result<(), Vec<u8>> {
        delegation::require_live(service, self.deprecated_at(service)?).map_err(revert_delegation)
    }
}

#[inline(never)]
pub(crate) fn read_request(input: &mut Input<'_>) -> Result<DelegationRequest, Vec<u8>> {
    let clerk: Address = input.address()?;
    Ok(DelegationRequest {
        clerk,
        operation: input.u8()?,
        service_id: input.word()?,
        subject: input.word()?,
        input_hash: input.word()?,
        deadline: input.u64()?,
    })
}

#[inline(never)]
pub(crate) fn read_result(input: &mut Input<'_>) -> Result<DelegationResult, Vec<u8>> {
    Ok(DelegationResult {
        delegation_id: input.word()?,
        output_hash: input.word()?,
        artifact_hash: input.word()?,
        deadline: input.u64()?,
    })
}

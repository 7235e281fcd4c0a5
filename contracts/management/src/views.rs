//! What is read.

use agentcity_domain::clerk::{self as rules, delegation};
use agentcity_shell::{
    Answer, Input,
    output::{self, number, truth},
    sign,
};
use alloy_primitives::B256;
use stylus_sdk::prelude::*;

use crate::{
    delegations::{read_request, read_result},
    error::{revert, revert_delegation},
    storage::Offices,
};

impl Offices {
    pub(crate) fn clerk_of(&self, input: &mut Input<'_>) -> Answer {
        let mut words = [B256::ZERO; 7];
        if let Some(record) = self.load_clerk(input.address()?) {
            words = [
                truth(true),
                truth(record.active),
                number(record.role.number().into()),
                number(record.envelope.permitted.bits()),
                number(record.envelope.prohibited.bits()),
                number(record.envelope.operations_max.into()),
                number(record.since.get()),
            ];
        }
        Ok(output::words(&words))
    }

    /// Errors: `UnknownRole`.
    pub(crate) fn profile_of(&self, input: &mut Input<'_>) -> Answer {
        let role = rules::role(input.u8()?).map_err(revert)?;
        Ok(output::words(&[
            number(role.office().bits()),
            number(role.structural().bits()),
        ]))
    }

    /// Errors: what [`rules::charge`] refuses; `UnknownOperation`.
    pub(crate) fn require_permitted(&self, input: &mut Input<'_>) -> Answer {
        let (clerk, operation, subject) = (input.address()?, input.u8()?, input.word()?);
        let (operation, _) = rules::operation(operation).map_err(revert)?;
        let (record, _) = self.charged(clerk, operation, subject)?;
        Ok(output::words(&[number(record.role.number().into())]))
    }

    pub(crate) fn ledger_of(&self, input: &mut Input<'_>) -> Answer {
        let ledger = self.load_ledger(input.address()?, input.word()?);
        let answered = ledger.answered_at(self.load_mandates().version);
        Ok(output::words(&[
            number(ledger.used.into()),
            number(answered.bits()),
        ]))
    }

    /// Errors: `UnknownDelegated`.
    pub(crate) fn mandate_of(&self, input: &mut Input<'_>) -> Answer {
        let operation = delegation::delegated(input.u8()?).map_err(revert_delegation)?;
        let mandate = self.load_mandate(operation);
        Ok(output::words(&[mandate.service, mandate.artifact_schema]))
    }

    pub(crate) fn mandates(&self) -> Answer {
        let mandates = self.load_mandates();
        Ok(output::words(&[
            number(mandates.set.bits()),
            number(mandates.version.into()),
        ]))
    }

    pub(crate) fn delegation_of(&self, input: &mut Input<'_>) -> Answer {
        let id = input.word()?;
        let mut words = [B256::ZERO; 8];
        if let Some(record) = self.load_delegation(id) {
            let (output_hash, artifact_hash) = self.load_answer(id);
            words = [
                number(record.state as u64),
                output::address(record.clerk),
                number(record.operation.number().into()),
                truth(record.artifact_due),
                number(record.opened_at.get()),
                number(record.due_at.get()),
                output_hash,
                artifact_hash,
            ];
        }
        Ok(output::words(&words))
    }

    pub(crate) fn request_digest(&self, input: &mut Input<'_>) -> Answer {
        let request = read_request(input)?;
        Ok(output::words(&[self.id_of(&request)]))
    }

    pub(crate) fn result_digest(&self, input: &mut Input<'_>) -> Answer {
        let result = read_result(input)?;
        Ok(output::words(&[sign::digest(self.vm(), &result.words())]))
    }
}

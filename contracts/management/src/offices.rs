//! Who holds which office, within which envelope, and what it is charged.

use agentcity_abi::IManagement as wire;
use agentcity_domain::{
    clerk::{self as rules, Clerk, Mask},
    parameter::ParameterId,
    peer::Peer,
    time::Timestamp,
};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, number},
};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;
use stylus_sdk::prelude::*;

use crate::{error::revert, storage::Offices};

impl Offices {
    /// Errors: what [`rules::admit_genesis`] refuses; `NotWired`.
    /// Events: `ManagementAgentRegistered`.
    pub(crate) fn admit_genesis(&mut self, input: &mut Input<'_>) -> Answer {
        let agent = input.address()?;
        let standing = self.standing(agent)?;
        let named = self.named_in_manifest(agent)?;
        let most = self.parameter(ParameterId::ClerkOperationsPerSubject)?;
        let record = rules::admit_genesis(
            self.load_clerk(agent),
            (agent, standing),
            named,
            most,
            self.now(),
        )
        .map_err(revert)?;

        self.store_clerk(agent, record);

        self.registered(agent, record, standing.principal, true);
        Ok(Vec::new())
    }

    /// Errors: what [`rules::envelope`] and [`rules::admit`] refuse; `Unauthorized`, `UnknownRole`.
    /// Events: `ManagementAgentRegistered`.
    pub(crate) fn register(&mut self, input: &mut Input<'_>) -> Answer {
        self.require_adjudication()?;
        let (agent, role) = (input.address()?, input.u8()?);
        let role = rules::role(role).map_err(revert)?;
        let envelope = self.read_envelope(role, input)?;
        let standing = self.standing(agent)?;
        let record = rules::admit(
            self.load_clerk(agent),
            (agent, standing),
            role,
            envelope,
            self.now(),
        )
        .map_err(revert)?;

        self.store_clerk(agent, record);

        self.registered(agent, record, standing.principal, false);
        Ok(Vec::new())
    }

    /// Errors: what [`rules::envelope`] refuses; `Unauthorized`, `NotClerk`.
    /// Events: `PermissionsUpdated`.
    pub(crate) fn update(&mut self, input: &mut Input<'_>) -> Answer {
        self.require_adjudication()?;
        let clerk = input.address()?;
        let record = rules::active(clerk, self.load_clerk(clerk)).map_err(revert)?;
        let envelope = self.read_envelope(record.role, input)?;

        self.store_clerk(clerk, Clerk { envelope, ..record });

        output::log(
            self.vm(),
            &[
                wire::PermissionsUpdated::SIGNATURE_HASH,
                output::address(clerk),
            ],
            &output::words(&envelope_words(envelope)),
        );
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `NotClerk`.
    /// Events: `ManagementRoleRevoked`.
    pub(crate) fn revoke(&mut self, input: &mut Input<'_>) -> Answer {
        self.require_adjudication()?;
        let (clerk, reason) = (input.address()?, input.word()?);
        let record = rules::revoke(clerk, self.load_clerk(clerk)).map_err(revert)?;

        self.store_clerk(clerk, record);

        output::log(
            self.vm(),
            &[
                wire::ManagementRoleRevoked::SIGNATURE_HASH,
                output::address(clerk),
                number(record.role.number().into()),
            ],
            reason.as_slice(),
        );
        Ok(Vec::new())
    }

    /// Errors: `UnknownOperation`, `Unauthorized`, and what [`rules::charge`] refuses.
    /// Events: `OperationValidated`.
    pub(crate) fn validate(&mut self, input: &mut Input<'_>) -> Answer {
        let (clerk, operation, subject) = (input.address()?, input.u8()?, input.word()?);
        let (operation, owner) = rules::operation(operation).map_err(revert)?;
        self.require(owner)?;
        let (record, ledger) = self.charged(clerk, operation, subject)?;

        self.store_ledger(clerk, subject, ledger);

        output::log(
            self.vm(),
            &[
                wire::OperationValidated::SIGNATURE_HASH,
                output::address(clerk),
                number(operation.number().into()),
                subject,
            ],
            &output::words(&[number(ledger.used.into())]),
        );
        Ok(output::words(&[number(record.role.number().into())]))
    }

    /// A clerk's record, and its ledger if the operation were charged.
    #[inline(never)]
    pub(crate) fn charged(
        &self,
        clerk: Address,
        operation: rules::Operation,
        subject: B256,
    ) -> Result<(Clerk, rules::Ledger), Vec<u8>> {
        let record = rules::active(clerk, self.load_clerk(clerk)).map_err(revert)?;
        let standing = self.standing(clerk)?;
        let mandates = self.load_mandates_behind(record.role, operation);
        let ledger = self.load_ledger(clerk, subject);
        let ledger = rules::charge((clerk, standing), record, operation, ledger, mandates)
            .map_err(revert)?;
        Ok((record, ledger))
    }

    /// Errors: `Unauthorized`.
    pub(crate) fn require_adjudication(&self) -> Result<(), Vec<u8>> {
        self.require(Peer::Adjudication)
    }

    /// Before the wiring nobody is a peer.
    ///
    /// Errors: `Unauthorized`.
    #[inline(never)]
    fn require(&self, peer: Peer) -> Result<(), Vec<u8>> {
        let peer = self.member(peer).unwrap_or_default();
        rules::require_peer(self.vm().msg_sender(), peer).map_err(revert)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::new(self.vm().block_timestamp())
    }

    /// The envelope in the arguments that follow.
    #[inline(never)]
    fn read_envelope(
        &self,
        role: rules::ClerkRole,
        input: &mut Input<'_>,
    ) -> Result<rules::Envelope, Vec<u8>> {
        let (permitted, prohibited) = (Mask::new(input.u64()?), Mask::new(input.u64()?));
        let operations_max = input.u16()?;
        let most = self.parameter(ParameterId::ClerkOperationsPerSubject)?;
        rules::envelope(role, permitted, prohibited, operations_max, most).map_err(revert)
    }

    fn registered(&self, clerk: Address, record: Clerk, principal: Address, genesis: bool) {
        let [permitted, prohibited, operations_max] = envelope_words(record.envelope);
        output::log(
            self.vm(),
            &[
                wire::ManagementAgentRegistered::SIGNATURE_HASH,
                output::address(clerk),
                number(record.role.number().into()),
                output::address(principal),
            ],
            &output::words(&[
                permitted,
                prohibited,
                operations_max,
                output::truth(genesis),
            ]),
        );
    }
}

fn envelope_words(envelope: rules::Envelope) -> [B256; 3] {
    [
        number(envelope.permitted.bits()),
        number(envelope.prohibited.bits()),
        number(envelope.operations_max.into()),
    ]
}

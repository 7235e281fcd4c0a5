//! A relay: a contract that makes several calls for its owner in one transaction, as anybody may have one
//! (`test-fixtures/sol/Relay.sol`).

use super::{
    City, RaiseError,
    client::{CallError, Client},
    person::Person,
};
use crate::sender::Outcome;
use alloy::{
    primitives::{Address, Bytes, U256},
    sol,
    sol_types::SolCall,
};

sol! {
    /// As compiled from `sol/Relay.sol`.
    interface IRelay {
        /// Somebody else tried to speak.
        error NotOwner(address caller);
        /// Calls each target with its data, in one transaction.
        function forwardAll(address[] calldata targets, bytes[] calldata calls) external;
        /// Calls once, and says what that took.
        function measure(address target, bytes memory data) external returns (uint256 spent);
    }
}

/// Name of its artifact.
const ARTIFACT: &str = "Relay";

/// A relay and whose it is.
#[derive(Clone, Debug)]
pub struct Relay {
    /// The contract.
    pub address: Address,
    /// Who speaks through it.
    pub owner: Person,
}

impl City {
    /// A relay of somebody.
    pub fn relay_of(&mut self, owner: &Person) -> Result<Relay, RaiseError> {
        let code = agentcity_solidity::load(ARTIFACT)?.creation_code()?;
        Ok(Relay {
            address: self.client.create(owner, code.into())?,
            owner: owner.clone(),
        })
    }
}

impl Relay {
    /// Makes calls of any kind in one transaction, all or none.
    pub fn act(
        &self,
        client: &mut Client,
        calls: &[(Address, Bytes)],
    ) -> Result<Outcome, CallError> {
        let input = IRelay::forwardAllCall {
            targets: calls.iter().map(|(target, _)| *target).collect(),
            calls: calls.iter().map(|(_, call)| call.clone()).collect(),
        };
        client.send(&self.owner, self.address, &input)
    }

    /// Gas that a contract would spend on calling `target`. Nothing changes.
    pub fn measure<C: SolCall>(
        &self,
        client: &mut Client,
        target: Address,
        call: &C,
    ) -> Result<u64, CallError> {
        let input = IRelay::measureCall {
            target,
            data: call.abi_encode().into(),
        };
        let by = self.owner.address();
        let answer = client.try_call(by, self.address, U256::ZERO, &input.abi_encode())?;
        let spent = IRelay::measureCall::abi_decode_returns(&answer).map_err(|source| {
            CallError::Answer {
                what: C::SIGNATURE.to_owned(),
                answer,
                source: Box::new(source),
            }
        })?;
        Ok(spent.saturating_to())
    }
}

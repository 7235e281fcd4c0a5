//! The double: a contract that the seal takes for a member, and that says what its operator wants said
//! (`test-fixtures/sol/Double.sol`).

use super::{
    client::{CallError, Client},
    person::Person,
};
use crate::sender::Outcome;
use alloy::{
    primitives::{Address, Bytes, U256},
    sol,
    sol_types::{SolCall, SolValue},
};

sol! {
    /// As compiled from `sol/Double.sol`.
    interface IDouble {
        /// Somebody else tried to speak.
        error NotOperator(address caller);
        /// Nobody said what to answer to `selector`.
        error NoAnswer(bytes4 selector);
        /// An answer could not be written.
        error TooLong(uint256 length);
        /// Which city it belongs to.
        function constitution() external view returns (address);
        /// What every call of `selector` is answered with.
        function answer(bytes4 selector, bytes calldata data) external;
        /// What this very call is answered with.
        function answerFor(bytes calldata exactCall, bytes calldata data) external;
        /// Calls once.
        function forward(address target, bytes calldata data) external payable returns (bytes memory);
        /// Calls each target with its data, in one transaction.
        function forwardAll(address[] calldata targets, bytes[] calldata calls) external;
        /// Calls once, and says what that took.
        function measure(address target, bytes memory data) external returns (uint256 spent);
    }
}

/// Name of its artifact.
pub const ARTIFACT: &str = "Double";

/// Creation code of a double that belongs to `constitution`.
pub fn creation(constitution: Address) -> Result<Bytes, agentcity_solidity::LoadError> {
    let mut code = agentcity_solidity::load(ARTIFACT)?.creation_code()?;
    code.extend(constitution.abi_encode());
    Ok(code.into())
}

/// A double and who speaks through it.
#[derive(Clone, Debug)]
pub struct Double {
    /// The member.
    pub address: Address,
    /// Who speaks.
    pub operator: Person,
}

impl Double {
    /// Lets the member call `target`.
    pub fn say<C: SolCall>(
        &self,
        client: &mut Client,
        target: Address,
        call: &C,
    ) -> Result<Outcome, CallError> {
        self.pay(client, target, U256::ZERO, call)
    }

    /// Lets the member call `target` with coins of the operator.
    pub fn pay<C: SolCall>(
        &self,
        client: &mut Client,
        target: Address,
        value: U256,
        call: &C,
    ) -> Result<Outcome, CallError> {
        let input = IDouble::forwardCall {
            target,
            data: call.abi_encode().into(),
        };
        client.pay(
            self.operator.signer(),
            self.address,
            value,
            input.abi_encode().into(),
            format!("{} by a member", C::SIGNATURE),
        )
    }

    /// Lets the member answer every call of a function with `answer`.
    pub fn answers<C: SolCall>(
        &self,
        client: &mut Client,
        answer: &C::Return,
    ) -> Result<Outcome, CallError> {
        let call = IDouble::answerCall {
            selector: C::SELECTOR.into(),
            data: C::abi_encode_returns(answer).into(),
        };
        client.send(&self.operator, self.address, &call)
    }

    /// Lets the member answer this very call with `answer`, whatever it answers to others of the function.
    pub fn answers_to<C: SolCall>(
        &self,
        client: &mut Client,
        call: &C,
        answer: &C::Return,
    ) -> Result<Outcome, CallError> {
        let call = IDouble::answerForCall {
            exactCall: call.abi_encode().into(),
            data: C::abi_encode_returns(answer).into(),
        };
        client.send(&self.operator, self.address, &call)
    }

    /// Gas that the member would spend on calling `target`. Nothing changes.
    pub fn measure<C: SolCall>(
        &self,
        client: &mut Client,
        target: Address,
        call: &C,
    ) -> Result<u64, CallError> {
        let input = IDouble::measureCall {
            target,
            data: call.abi_encode().into(),
        };
        let answer = client.try_call(
            self.operator.address(),
            self.address,
            U256::ZERO,
            &input.abi_encode(),
        )?;
        let spent = IDouble::measureCall::abi_decode_returns(&answer).map_err(|source| {
            CallError::Answer {
                what: C::SIGNATURE.to_owned(),
                answer,
                source: Box::new(source),
            }
        })?;
        Ok(spent.saturating_to())
    }

    /// Lets the member call `target` several times in one transaction.
    pub fn say_all<C: SolCall>(
        &self,
        client: &mut Client,
        target: Address,
        calls: &[C],
    ) -> Result<Outcome, CallError> {
        let calls: Vec<(Address, &C)> = calls.iter().map(|call| (target, call)).collect();
        self.say_each(client, &calls)
    }

    /// Lets the member make several calls in one transaction.
    pub fn say_each<C: SolCall>(
        &self,
        client: &mut Client,
        calls: &[(Address, &C)],
    ) -> Result<Outcome, CallError> {
        let calls: Vec<(Address, Bytes)> = calls
            .iter()
            .map(|(target, call)| (*target, call.abi_encode().into()))
            .collect();
        self.act(client, &calls)
    }

    /// Makes calls of any kind in one transaction, all or none.
    pub fn act(
        &self,
        client: &mut Client,
        calls: &[(Address, Bytes)],
    ) -> Result<Outcome, CallError> {
        let input = IDouble::forwardAllCall {
            targets: calls.iter().map(|(target, _)| *target).collect(),
            calls: calls.iter().map(|(_, call)| call.clone()).collect(),
        };
        client.pay(
            self.operator.signer(),
            self.address,
            U256::ZERO,
            input.abi_encode().into(),
            format!("{} calls by {}", calls.len(), self.address),
        )
    }
}

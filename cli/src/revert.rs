//! What a contract said when it refused: its typed error, with the values, in words.

use std::{collections::BTreeMap, sync::LazyLock};

use alloy::{
    dyn_abi::{DynSolValue, JsonAbiExt},
    json_abi::{Error, JsonAbi},
    primitives::{Selector, hex},
    rpc::json_rpc::ErrorPayload,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    failure::{Code, Failure, brief},
    views,
};

/// A typed error of one of our interfaces, or of the chain's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Revert {
    /// Its name, as the interface declares it.
    pub(crate) error: String,
    /// Names and values of its fields.
    pub(crate) values: Vec<(String, String)>,
}

/// Every error of every interface, by its selector. The same error in several interfaces is one.
static ERRORS: LazyLock<BTreeMap<Selector, Error>> = LazyLock::new(|| {
    agentcity_abi::JSON
        .iter()
        .flat_map(|(name, text)| {
            let abi: JsonAbi = serde_json::from_str(text)
                .unwrap_or_else(|error| panic!("the ABI of {name} in this build: {error}"));
            abi.errors.into_values().flatten().collect::<Vec<_>>()
        })
        .map(|error| (error.selector(), error))
        .collect()
});

/// Decodes revert data.
pub(crate) fn decode(data: &[u8]) -> Option<Revert> {
    let (selector, rest) = data.split_first_chunk::<4>()?;
    let error = ERRORS.get(&Selector::from(*selector))?;
    let values = error.abi_decode_input(rest).ok()?;
    Some(Revert {
        error: error.name.clone(),
        values: error
            .inputs
            .iter()
            .zip(&values)
            .enumerate()
            .map(|(at, (input, value))| {
                let name = if input.name.is_empty() {
                    at.to_string()
                } else {
                    input.name.trim_end_matches('_').to_owned()
                };
                (name, views::named(input.internal_type(), value))
            })
            .collect(),
    })
}

/// A value as people read it: addresses with their checksum, numbers in decimal, bytes in hex.
pub(crate) fn show(value: &DynSolValue) -> String {
    let list = |values: &[DynSolValue]| values.iter().map(show).collect::<Vec<_>>().join(", ");
    match value {
        DynSolValue::Bool(flag) => flag.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::FixedBytes(word, size) => hex::encode_prefixed(&word[..*size]),
        DynSolValue::Address(address) => address.to_string(),
        DynSolValue::Function(function) => function.to_string(),
        DynSolValue::Bytes(bytes) => hex::encode_prefixed(bytes),
        DynSolValue::String(text) => text.clone(),
        DynSolValue::Array(values) | DynSolValue::FixedArray(values) => {
            format!("[{}]", list(values))
        }
        DynSolValue::Tuple(values) | DynSolValue::CustomStruct { tuple: values, .. } => {
            format!("({})", list(values))
        }
    }
}

impl std::fmt::Display for Revert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.error)?;
        for (at, (name, value)) in self.values.iter().enumerate() {
            write!(f, "{}{name} {value}", if at == 0 { " (" } else { ", " })?;
        }
        f.write_str(if self.values.is_empty() { "" } else { ")" })
    }
}

/// What a node's error answer means.
pub(crate) fn of_answer(answer: &ErrorPayload<Box<RawValue>>) -> Failure {
    if let Some(data) = answer.as_revert_data() {
        return of_data(&data);
    }
    let said = answer.message.to_string();
    // Nodes word it alike and number it differently.
    if said.to_lowercase().contains("insufficient funds") {
        return Failure::new(
            Code::Unfunded,
            format!("the account cannot pay ({})", brief(said)),
        )
        .hint("send it coins for gas and value, or use another key");
    }
    if said.to_lowercase().contains("revert") {
        return of_data(&[]);
    }
    Failure::new(Code::Failed, format!("the node refused ({})", brief(said)))
        .hint("wait a little and try again, or ask another node with --rpc-url")
}

/// What revert data means.
pub(crate) fn of_data(data: &[u8]) -> Failure {
    match decode(data) {
        Some(revert) => {
            let hint = hint(&revert);
            let mut failure = Failure::new(Code::Reverted, format!("refused: {revert}"));
            failure.hint = hint.map(str::to_owned);
            failure.revert = Some(revert);
            failure
        }
        None if data.is_empty() => Failure::new(Code::Failed, "the call failed without a reason")
            .hint("too little gas, or no contract of this city at that address"),
        None => Failure::new(
            Code::Failed,
            format!("the call failed with {}", hex::encode_prefixed(data)),
        )
        .hint("no interface of this version has that error"),
    }
}

/// What a person can do about an error. Errors that say it all by their name and values have none.
fn hint(revert: &Revert) -> Option<&'static str> {
    Some(match revert.error.as_str() {
        "Unauthorized" => "use the key of who may: `--help` of the verb names them",
        "NotSealed" => "the city waits for its founders: `agentcity genesis status`",
        "TooEarly" => "wait until the second it names",
        "Expired" => "the deadline is over: sign again with a later one",
        "NotPayable" => "send no coins with this call",
        "AlreadyEnrolled" | "AlreadyRegistered" => {
            "nothing is left to do: `show` tells what is there"
        }
        "NotEnrolled" => "enrol first: `agentcity principal enrol`",
        "NotRegistered" | "NotActive" => "register first: `agentcity agent register`",
        "NotClerk" => "only a clerk in office may sign this: `agentcity clerk list`",
        "NotInManifest" => "other clerks are admitted by the panel: `agentcity override`",
        "NotPermitted" | "Prohibited" => "`agentcity clerk show` tells what the envelope permits",
        "NotMandated" => "`agentcity clerk mandates` tells what is mandated",
        "AgentsRemain" => "let the agents leave first: `agentcity agent list --principal`",
        "SubAgentsRemain" => "let the agents below it leave first",
        "ObligationsOpen" => {
            "its missions end first: `agentcity mission release` frees it from ended ones"
        }
        "NoProposal" => "the present principal releases it first: `agentcity agent release`",
        "NothingToForfeit" | "NothingOwed" => "there is nothing to take",
        "IsBanned" | "IsFrozen" => "wait for its end, or ask the panel to lift it",
        "AlreadyDeprecated" | "AlreadyDone" | "AlreadySettled" | "AlreadyClaimed" => {
            "it was done before"
        }
        "UnknownService" => "`agentcity service list` names them all",
        "AmountMismatch" => "the stake changed meanwhile: try again",
        "PaymentFailed" => "name another receiver with `--to`",
        "InsufficientCredit" => "put money in first: `agentcity credits deposit`",
        "InsufficientEscrow" => "pay in what is missing: `agentcity mission fund`",
        "InsufficientShares" => "`agentcity pool show --account` tells what you hold",
        "PoolObligated" => {
            "ask to leave first: `agentcity pool ask-leave`, and leave when what it backs now is over"
        }
        "PoolTooSmall" => "others join first: `agentcity pool join`",
        "UnknownPool" => "`agentcity pool list` names them all",
        "UnknownMission" => "`agentcity mission list` names them all",
        "UnknownNode" => "nodes count from zero: `agentcity mission show`",
        "WrongMissionState" | "WrongEscrowState" => {
            "`agentcity mission exits` tells what is possible now"
        }
        "WrongNodeState" | "WrongAttempt" => "`agentcity node show` tells where it stands",
        "NotSeated" => "`agentcity node show` tells who sits there",
        "SeatsUnaccepted" => "its executors accept first: `agentcity node accept`",
        "CodeHashMismatch" => "the executor runs other code than it registered: do not route",
        "ServiceDeprecated" => "its owner ended it: the node expires, `agentcity mission exits`",
        "TooLate" => {
            "the time for it is over: `agentcity mission exits` tells what is possible now"
        }
        "Halted" => "wait for the panel, or for the second at which anyone may end the mission",
        "TooFewCommitted" | "NoDissent" => "close it instead: `agentcity node close`",
        "NothingCommitted" | "NothingRevealed" => "`agentcity node show` tells who handed in what",
        "BackupUnopened" => "open the backup period first: `agentcity node expire`",
        "Disputed" => "its machine consensus decides now: `agentcity node close`",
        "ElementsMissing" => "name the sealed sets with `--set`, in the order of the seats",
        "WrongPreimage" => "give the terms that the mission was legislated with",
        "GasFloor" => "send it with more gas",
        "VerifierLapsed" | "PredicateLapsed" => "activate it again: `agentcity program activate`",
        "StakeStillLocked" => "wait until the second it names",
        "NothingLocked" => "no stake of that agent is held in this mission",
        "AwaitsPanel" => "the panel answers the human predicates: `agentcity override`",
        "NotApproved" => "what was deployed is not what was approved",
        "SignersMissing" => {
            "more adjudicators must sign: `agentcity override explain` tells who may"
        }
        "ConflictOfInterest" => "merge the signatures without that signer",
        "RotationRequired" => "others must decide this time: merge another set of signatures",
        "NotAdjudicator" => "merge the signatures without that signer",
        "WrongActionState" => {
            "what happened once does not happen again: `agentcity override status` tells more"
        }
        "NotDue" => "wait until the second it names",
        "DeadlinePassed" => "prepare it again with a later deadline, and sign that",
        "ValueChanged" => "the case has changed since: prepare it again and sign that",
        "StaleValue" => "the value changed since: prepare again from what is in force",
        "MalformedSignature" | "InvalidSignature" => "sign the same bytes again with the same key",
        "SignersNotAscending" => {
            "merge the signatures with `agentcity override merge`, which sorts them"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use agentcity_abi::IConstitution;
    use alloy::{primitives::B256, sol_types::SolError};

    #[test]
    fn a_typed_error_is_told_with_its_values() {
        let data = IConstitution::TooEarly {
            readyAt: 90,
            now_: 80,
        }
        .abi_encode();
        let failure = of_data(&data);
        assert_eq!(failure.code, Code::Reverted);
        assert_eq!(
            failure.to_string(),
            "refused: TooEarly (readyAt 90, now 80): wait until the second it names"
        );
        // Programs read it by its parts.
        let revert = failure.revert.unwrap();
        assert_eq!(revert.error, "TooEarly");
        assert_eq!(revert.values.len(), 2);
    }

    #[test]
    fn every_error_of_every_interface_is_known_by_its_selector() {
        assert!(ERRORS.len() > 200, "{} errors", ERRORS.len());
        let unknown = of_data(&IConstitution::UnknownNorm { id: B256::ZERO }.abi_encode()[..5]);
        assert_eq!(unknown.code, Code::Failed, "a cut error is not guessed");
        assert_eq!(of_data(&[]).code, Code::Failed);
    }
}

//! Where each action lands: the function, and which words of the payload are its arguments. The contract is the table's
//! (`domain::act`); a test compares functions and arguments with the exported interfaces.

use agentcity_domain::{act::Action, parameter::ParameterId, peer::Peer, signed::selector};
use agentcity_shell::{
    malformed,
    output::{self, Output},
    peer::{call_data, call_laid_out},
};
use alloc::vec::Vec;
use alloy_primitives::B256;

use crate::opened::Opened;

/// An argument that is zero: the mission that stands for all, and the id of the senior's parameter.
const ZERO: u8 = 0xe;
/// An argument that says when the action was queued.
const QUEUED: u8 = 0xd;
/// No further argument.
const END: u8 = 0xf;
/// Bits of one argument in the list of them.
const BITS: u32 = 4;

const _: () = assert!(
    ParameterId::SeniorAdjudicatorAddr as u8 == 0,
    "the senior's parameter is named by a zero"
);

/// Places of arguments in the payload, four bits each, the first lowest.
const fn places<const N: usize>(list: [u8; N]) -> u32 {
    let (mut packed, mut i) = (u32::MAX, N);
    while i > 0 {
        i -= 1;
        packed = packed << BITS | list[i] as u32;
    }
    packed
}

macro_rules! calls {
    ($($action:ident $signature:literal [$($place:expr),*];)+) => {
        /// Selector and arguments of the function it lands in; none for what is done here.
        #[inline(never)]
        fn call_of(action: Action) -> Option<(u32, u32)> {
            Some(match action {
                $(Action::$action => (
                    const { u32::from_be_bytes(selector($signature)) },
                    const { places([$($place),*]) },
                ),)+
                Action::CloseAudit | Action::None => return None,
            })
        }

        #[cfg(test)]
        const CALLS: &[(Action, &str, &[u8])] =
            &[$((Action::$action, $signature, &[$($place),*])),+];
    };
}

calls! {
    FreezeNode "freezeNode(bytes32,uint16,uint8,address)" [0, 1, 2, 3];
    UnfreezeNode "unfreezeNode(bytes32,uint16,uint64,uint8)" [0, 1, 2, 3];
    ConfirmFreeze "confirmFreeze(bytes32,uint16,uint64)" [0, 1, 2];
    ClassifyFalsePositive "classifyFalsePositive(bytes32,uint16,uint64)" [0, 1, 2];
    DecideReview "decideReview(bytes32,uint16,uint8,bool,uint16,uint8)" [0, 1, 2, 3, 4, 5];
    Disqualify "disqualify(bytes32,uint16,uint8,address)" [0, 1, 2, 3];
    ClearPredicate "clearPredicate(bytes32,uint8)" [0, 1];
    VetoOutput "vetoOutput(bytes32,bytes32)" [0, 2];
    ReleaseOutput "releaseOutput(bytes32)" [0];
    TriggerStop "triggerStop(bytes32,bytes32)" [0, 1];
    ClearStop "clearStop(bytes32)" [0];
    LiftPause "liftPause(bytes32,bool)" [0, 2];
    ExitDegraded "exitDegraded(bytes32)" [0];
    AbortMission "abortMission(bytes32,bytes32)" [0, 1];
    // Its agents become a list, see [`Opened::call`].
    AbortForFault "abortForFault(bytes32,address[],bytes32)" [0, 1, 5];
    AdjustReputation "adjustReputation(address,int16,bytes32)" [0, 2, 3];
    PayInsurance "payInsurance(bytes32,address,uint256,bytes32)" [0, 1, 2, 3];
    Disburse "disburse(uint8,address,uint256,bytes32)" [0, 1, 2, 3];
    BanPrincipal "banPrincipal(address,bytes32)" [0, 1];
    LiftBan "liftBan(address,bytes32)" [0, 1];
    FreezePrincipal "freezePrincipal(address,bytes32)" [0, 1];
    UnfreezePrincipal "unfreezePrincipal(address,bytes32)" [0, 1];
    AdmitClerk "registerManagementAgent(address,uint8,uint64,uint64,uint16)" [0, 1, 2, 3, 4];
    UpdateEnvelope "updatePermissions(address,uint64,uint64,uint16)" [0, 1, 2, 3];
    RevokeClerk "revokeManagementRole(address,bytes32)" [0, 1];
    AmendParameter "amend(uint8,bytes32,bytes32,uint64)" [0, 1, 2, QUEUED];
    EnactNorm "enactNorm(bytes32,bytes32)" [0, 1];
    StrikeNorm "strikeNorm(bytes32)" [0];
    RestoreNorm "restoreNorm(bytes32)" [0];
    ApproveMonitor "approveMonitor(address,bytes32)" [0, 1];
    RevokeMonitor "revokeMonitor(address)" [0];
    ApprovePredicate "approvePredicate(address,bytes32)" [0, 1];
    RevokePredicate "revokePredicate(address,bytes32)" [0, 1];
    ApproveVerifier "approveVerifier(address,bytes32)" [0, 1];
    RevokeVerifier "revokeVerifier(address,bytes32)" [0, 1];
    AddAdjudicator "addAdjudicator(address,address)" [0, 1];
    RemoveAdjudicator "removeAdjudicator(address)" [0];
    AppointSenior "amend(uint8,bytes32,bytes32,uint64)" [ZERO, 0, 1, QUEUED];
    WaiveFairness "waiveFairness(bytes32,bytes32)" [0, 3];
    CountersignAward "countersignAward(bytes32,uint16,uint32)" [0, 1, 3];
    AuditCodification "auditCodification(bytes32,bytes32)" [0, 1];
    DeclareSpecificationFault "declareSpecificationFault(bytes32,uint16,uint8)" [0, 1, 2];
    ConfirmAlert "confirmAlert(address,uint32)" [0, 1];
    ReleaseWatchdog "releaseWatchdog(uint40)" [0];
    BanAgent "banAgent(address,address,bytes32)" [0, 1, 2];
    SetMandate "setMandate(uint8,bytes32,bytes32)" [0, 1, 2];
    HaltCity "triggerStop(bytes32,bytes32)" [ZERO, 0];
    ResumeCity "clearStop(bytes32)" [ZERO];
}

impl Opened {
    /// Who is told, and what; none if the action is carried out here. `queued_at` is when it was queued or handed in, unix seconds.
    ///
    /// Errors: `MalformedCall()` for an action outside the table.
    #[inline(never)]
    pub(crate) fn call(&self, queued_at: u64) -> Result<Option<(Peer, Vec<u8>)>, Vec<u8>> {
        let Some((selector, mut places)) = call_of(self.action) else {
            return Ok(None);
        };
        let to = self.action.lands().ok_or_else(malformed)?;
        let selector = selector.to_be_bytes();
        if self.action == Action::AbortForFault {
            let mut agents = self.agents().to_vec();
            agents.retain(|agent| *agent != B256::ZERO);
            let arguments = Output::of(3)
                .word(self.word(0))
                .list(&agents, 1)
                .word(self.word(5))
                .finish();
            return Ok(Some((to, call_laid_out(selector, &arguments))));
        }
        let mut arguments = Vec::with_capacity(8);
        loop {
            match (places & 0xf) as u8 {
                END => break,
                ZERO => arguments.push(B256::ZERO),
                QUEUED => arguments.push(output::number(queued_at)),
                place => arguments.push(self.word(place.into())),
            }
            places >>= BITS;
        }
        Ok(Some((to, call_data(selector, &arguments))))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, string::String, vec::Vec};

    use agentcity_domain::peer::Peer;

    use super::*;

    /// Types of the words of an action's payload.
    fn payload(action: Action) -> Vec<&'static str> {
        let fields = action.row().unwrap().signed.entry().fields();
        fields.map(|(ty, _)| ty).collect()
    }

    fn interface(peer: Peer) -> String {
        let mut name = String::from(peer.name());
        name[..1].make_ascii_uppercase();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(root.join(format!("../../abi/json/I{name}.json"))).unwrap()
    }

    /// Whether a compact reading of the exported ABI has a function of this name with these types.
    fn has(json: &str, name: &str, types: &[&str]) -> bool {
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        json.as_array().unwrap().iter().any(|entry| {
            let inputs: Vec<_> = entry["inputs"].as_array().into_iter().flatten().collect();
            entry["type"] == "function"
                && entry["name"] == name
                && inputs
                    .iter()
                    .map(|i| i["type"].as_str().unwrap())
                    .eq(types.iter().copied())
        })
    }

    #[test]
    fn every_action_but_the_own_one_calls_the_function_of_its_row() {
        assert_eq!(CALLS.len() + 1, Action::ALL.len());
        for (action, signature, places) in CALLS {
            let row = action.row().unwrap();
            let (name, types) = signature.trim_end_matches(')').split_once('(').unwrap();
            let types: Vec<_> = types.split(',').collect();
            assert_eq!(row.function, Some(name), "{}", row.name);
            assert!(
                has(&interface(row.lands), name, &types),
                "{}: {} has no {signature}",
                row.name,
                row.lands.name()
            );
            assert_eq!(places.len(), types.len(), "{}", row.name);
            assert!(places.len() <= 7, "{}", row.name);
        }
        assert_eq!(call_of(Action::CloseAudit), None);
        assert_eq!(call_of(Action::None), None);
    }

    #[test]
    fn an_argument_has_the_type_of_the_word_that_was_signed() {
        for (action, signature, places) in CALLS {
            let payload = payload(*action);
            let types = signature.trim_end_matches(')').split_once('(').unwrap().1;
            for (place, ty) in places.iter().zip(types.split(',')) {
                let signed = match *place {
                    ZERO => continue,
                    QUEUED => "uint64",
                    place => payload[usize::from(place)],
                };
                let same = match (signed, ty) {
                    // Money is bounded where it is signed, and a whole word on the wire.
                    ("uint128", "uint256") => true,
                    // The senior is a word to the constitution.
                    ("address", "bytes32") => *action == Action::AppointSenior,
                    ("address", "address[]") => *action == Action::AbortForFault,
                    (signed, ty) => signed == ty,
                };
                assert!(same, "{action:?}: {signed} for {ty}");
            }
        }
    }
}

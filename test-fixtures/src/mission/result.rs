//! What executors hand in, in the stories: one input, one output, one trail, and proofs of them that hold.

use super::Plan;
use agentcity_abi::IVerification::{
    NodeResult, NodeTerms, commitResultCall, revealResultCall, submitResultCall,
};
use agentcity_domain::signed::work;
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::SolValue,
};

fn word(of: &str) -> B256 {
    keccak256(of)
}

/// The output of every node, as its hash.
pub fn output() -> B256 {
    word("output")
}

/// The trail of every node.
pub fn trail() -> B256 {
    word("trail")
}

/// A proof of the first tier: what the commitment of [`Plan::commit_to`] opens to.
pub fn proof() -> Bytes {
    (word("input"), word("salt")).abi_encode().into()
}

/// What a node of tier 1 without a verifier has to commit to, so that [`proof`] proves it.
pub fn expected(mission: B256, node: u16) -> B256 {
    let preimage = (
        mission,
        U256::from(node),
        word("input"),
        output(),
        word("salt"),
    );
    keccak256(preimage.abi_encode())
}

impl Plan {
    /// Commits every task that is proved without a verifier to what its executor will find in this mission.
    pub fn commit_to(&mut self, mission: B256) {
        for (task, node) in self.tasks.iter_mut().zip(0u16..) {
            if task.node.tier == 1 && task.terms.verifier.is_zero() {
                let terms = NodeTerms {
                    expected: expected(mission, node),
                    ..task.terms.clone()
                };
                *task = task.clone().under(terms);
            }
        }
    }
}

/// The call by which an executor hands in its result of tier 1 or 3.
pub fn submission(mission: B256, node: u16, terms: &NodeTerms, proof: Bytes) -> submitResultCall {
    submitResultCall {
        missionId: mission,
        node,
        terms: terms.clone(),
        outputHash: output(),
        trailRoot: trail(),
        proof,
    }
}

/// A value of tier 2, and the salt under which its executor seals it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Whose.
    pub executor: Address,
    /// What was found.
    pub value: B256,
    /// Known to the executor alone until it reveals.
    pub salt: B256,
}

impl Sealed {
    /// What `executor` seals: a label, under a salt of its own.
    pub fn of(executor: Address, label: &str) -> Self {
        Self {
            executor,
            value: word(label),
            salt: keccak256(executor),
        }
    }

    /// The commitment, for one attempt of one node.
    pub fn commitment(&self, mission: B256, node: u16, attempt: u8) -> B256 {
        let preimage = (
            mission,
            U256::from(node),
            U256::from(attempt),
            self.executor,
            keccak256(self.value),
            self.salt,
        );
        keccak256(preimage.abi_encode())
    }

    /// The call that seals.
    pub fn commit(&self, mission: B256, node: u16, attempt: u8) -> commitResultCall {
        commitResultCall {
            missionId: mission,
            node,
            commitment: self.commitment(mission, node, attempt),
            trailRoot: trail(),
        }
    }

    /// The call that opens.
    pub fn reveal(&self, mission: B256, node: u16) -> revealResultCall {
        revealResultCall {
            missionId: mission,
            node,
            executor: self.executor,
            value: self.value.to_vec().into(),
            salt: self.salt,
        }
    }
}

/// The words of a result that are signed.
pub fn signed(result: &NodeResult) -> Vec<B256> {
    let words = work::NodeResult {
        mission_id: result.missionId,
        node: result.node,
        attempt: result.attempt,
        kind: result.kind as u8,
        executor: result.executor,
        output_hash: result.outputHash,
        trail_root: result.trailRoot,
        proof: keccak256(&result.proof),
        deadline: result.deadline,
    }
    .words();
    words.to_vec()
}

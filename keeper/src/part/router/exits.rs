//! Steps that become possible with time: a node's exit, a silent seat's, a mission's, the session for its new seats, the gate, and the end of a mission's money.
//!
//! Guards INV-ROUTER-02.
//!
//! The chain is asked before anything is sent. What it says is too early, halted or done already waits: that is no refusal, and the next
//! look finds out what became of it.

use agentcity_abi::{IAssembly, ICollaboration, IGuardian, ITreasury, IVerification};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    peer::Peer,
    verification::case::Seats,
};
use agentcity_executor::protocol::Place;
use alloy::{
    primitives::{Address, B256, Bytes},
    providers::Provider,
    sol_types::SolError,
};

use super::{
    Routing,
    carry::{call_to, refused, satisfied},
    chain::{self, Chain},
};
use crate::{executor::clerk::in_words, part::Step};

/// The states out of which a node is taken when their time is over.
const EXPIRING: [NodeState; 4] = [
    NodeState::Eligible,
    NodeState::Executing,
    NodeState::PendingReview,
    NodeState::Frozen,
];

impl<P: Provider> Routing<P> {
    pub(super) async fn expire(
        &self,
        chain: &Chain<'_, P>,
        (mission, node, attempt): (B256, u16, u8),
        payer: Option<Address>,
    ) -> Result<Step, String> {
        let assignment = chain.assignment(mission, node).await?;
        if !chain::stands(&assignment, attempt, &EXPIRING) {
            return Ok(satisfied());
        }
        let call = ICollaboration::expireNodeCall {
            missionId: mission,
            node,
        };
        let to = self.setup.city.at(Peer::Collaboration);
        self.in_time(chain, (to, chain::input(&call)), payer).await
    }

    /// The seat of whoever did not take it passes on, at its fault.
    pub(super) async fn substitute(
        &self,
        chain: &Chain<'_, P>,
        (mission, node, attempt): (B256, u16, u8),
        seat: Place,
        payer: Option<Address>,
    ) -> Result<Step, String> {
        let assignment = chain.assignment(mission, node).await?;
        let taken = Seats::of(assignment.seats).has(seat.get());
        if taken || !chain::stands(&assignment, attempt, &[NodeState::Eligible]) {
            return Ok(satisfied());
        }
        let call = ICollaboration::substituteRunnerUpCall {
            missionId: mission,
            node,
            seat: seat.get(),
        };
        let to = self.setup.city.at(Peer::Collaboration);
        self.in_time(chain, (to, chain::input(&call)), payer).await
    }

    /// Nobody votes on new seats for a node: the statute is that of the mission.
    pub(super) async fn reopen(
        &self,
        chain: &Chain<'_, P>,
        (mission, node, attempt): (B256, u16, u8),
        payer: Option<Address>,
    ) -> Result<Step, String> {
        let assignment = chain.assignment(mission, node).await?;
        if !chain::stands(&assignment, attempt, &[NodeState::Failed]) {
            return Ok(satisfied());
        }
        let call = IAssembly::openDerivedSessionCall {
            kind: IAssembly::SessionKind::Partial,
            missionId: mission,
            node,
        };
        let to = self.setup.city.at(Peer::Assembly);
        self.in_time(chain, (to, chain::input(&call)), payer).await
    }

    pub(super) async fn filter(
        &self,
        chain: &Chain<'_, P>,
        mission: B256,
        payer: Option<Address>,
    ) -> Result<Step, String> {
        let known = chain.mission(mission).await?;
        if chain::mission_state(known.state)? != MissionState::Verification {
            return Ok(satisfied());
        }
        let call = IGuardian::filterOutputCall { missionId: mission };
        let to = self.setup.city.at(Peer::Guardian);
        self.in_time(chain, (to, chain::input(&call)), payer).await
    }

    /// What lives beyond its deadline fails, and what failed is aborted once nobody may recover it.
    pub(super) async fn end(
        &self,
        chain: &Chain<'_, P>,
        mission: B256,
        payer: Option<Address>,
    ) -> Result<Step, String> {
        let known = chain.mission(mission).await?;
        if chain::mission_state(known.state)?.is_terminal() {
            return Ok(satisfied());
        }
        let call = ICollaboration::expireMissionCall { missionId: mission };
        let to = self.setup.city.at(Peer::Collaboration);
        self.in_time(chain, (to, chain::input(&call)), payer).await
    }

    pub(super) async fn release(
        &self,
        chain: &Chain<'_, P>,
        mission: B256,
        agent: Address,
        payer: Option<Address>,
    ) -> Result<Step, String> {
        let call = ICollaboration::releaseAgentCall {
            missionId: mission,
            agent,
        };
        let to = self.setup.city.at(Peer::Collaboration);
        self.in_time(chain, (to, chain::input(&call)), payer).await
    }

    pub(super) async fn close_escrow(
        &self,
        chain: &Chain<'_, P>,
        mission: B256,
        payer: Option<Address>,
    ) -> Result<Step, String> {
        let call = ITreasury::closeEscrowCall { missionId: mission };
        let to = self.setup.city.at(Peer::Treasury);
        self.in_time(chain, (to, chain::input(&call)), payer).await
    }

    /// A call, once the chain would take it.
    pub(super) async fn in_time(
        &self,
        chain: &Chain<'_, P>,
        (to, input): (Address, Bytes),
        payer: Option<Address>,
    ) -> Result<Step, String> {
        let payer = payer.unwrap_or_default();
        Ok(match chain.refusal(payer, to, &input).await? {
            None => call_to(to, input),
            Some(said) if waits(&said) => Step::Later,
            Some(said) => refused(in_words(&said)),
        })
    }
}

/// Whether a refusal says that the time has not come, or that what is asked for is under way.
fn waits(said: &Bytes) -> bool {
    said.first_chunk::<4>().is_some_and(|selector| {
        [
            ICollaboration::TooEarly::SELECTOR,
            ICollaboration::Halted::SELECTOR,
            ITreasury::StakeStillLocked::SELECTOR,
            IAssembly::AlreadyDone::SELECTOR,
            IVerification::BackupUnopened::SELECTOR,
            // What reviewers leave undecided of tier 2 is closed, by another step.
            ICollaboration::Disputed::SELECTOR,
        ]
        .contains(selector)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::Uint;

    /// INV-ROUTER-02.
    #[test]
    fn what_is_too_early_waits_and_what_is_forbidden_does_not() {
        let from = Uint::from(9);
        let (mission, release) = (B256::ZERO, Uint::from(9));
        for early in [
            ICollaboration::TooEarly { from }.abi_encode(),
            IGuardian::TooEarly { from }.abi_encode(),
            ITreasury::StakeStillLocked {
                missionId: mission,
                releaseAt: release,
            }
            .abi_encode(),
            IAssembly::AlreadyDone {
                id: mission,
                who: Address::ZERO,
            }
            .abi_encode(),
            IVerification::BackupUnopened {
                missionId: mission,
                node: 0,
            }
            .abi_encode(),
        ] {
            assert!(waits(&early.into()));
        }
        let exhausted = ICollaboration::RefinementExhausted {
            missionId: mission,
            used: 3,
            limit: 3,
        };
        assert!(!waits(&exhausted.abi_encode().into()));
        assert!(!waits(&Bytes::new()));
    }
}

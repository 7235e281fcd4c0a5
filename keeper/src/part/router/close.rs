//! Closing a verification, with the elements of sets where these differ.
//!
//! The chain keeps of a set its hash alone, so whoever closes brings the elements of every set that counts (RULINGS R29). They were
//! opened, so they are no secret: executors hand them out by their hash, and the calls that opened them hold them. Where one cannot be
//! had nothing is sent, and time ends the mission as it ends every other.

use agentcity_abi::IVerification;
use agentcity_domain::{
    machine::NodeState,
    peer::Peer,
    verification::{
        case::{CONSENSUS, Seats},
        consensus,
    },
};
use agentcity_executor::protocol::{Check, Comparison};
use alloy::{
    primitives::{Address, B256},
    providers::Provider,
};

use super::{
    Routing,
    carry::satisfied,
    chain::{self, Chain},
};
use crate::part::Step;

/// The states out of which a verification is closed: in the second people were asked.
const CLOSING: [NodeState; 2] = [NodeState::PendingVerification, NodeState::PendingReview];

impl<P: Provider> Routing<P> {
    pub(super) async fn close(
        &self,
        chain: &Chain<'_, P>,
        (mission, node, attempt): (B256, u16, u8),
        payer: Option<Address>,
    ) -> Result<Step, String> {
        let assignment = chain.assignment(mission, node).await?;
        if !chain::stands(&assignment, attempt, &CLOSING) {
            return Ok(satisfied());
        }
        let known = chain.mission(mission).await?;
        let law = self.law(chain, mission, &known).await?;
        let of_law = law.node(node).ok_or("no such node")?;
        let elements = if of_law.tier == CONSENSUS && consensus::is_of_sets(of_law.mode) {
            match self.sets(chain, (mission, node, attempt)).await? {
                Ok(elements) => elements,
                Err(missing) => {
                    tracing::warn!(
                        %mission, node,
                        "not closed now: its sets differ, and nobody has the elements of {missing}; know more executors under router.executors, or close it by the command line"
                    );
                    return Ok(Step::Later);
                }
            }
        } else {
            Vec::new()
        };
        let call = IVerification::closeVerificationCall {
            missionId: mission,
            node,
            elements,
        };
        let to = self.setup.city.at(Peer::Verification);
        self.in_time(chain, (to, chain::input(&call)), payer).await
    }

    /// Elements of the sets that count, in the order of their seats; none where all are the same. Otherwise the hash of one that
    /// nobody has.
    ///
    /// Errors: the chain does not answer.
    async fn sets(
        &self,
        chain: &Chain<'_, P>,
        (mission, node, attempt): (B256, u16, u8),
    ) -> Result<Result<Vec<Vec<B256>>, B256>, String> {
        let record = chain.record(mission, node, attempt).await?;
        let (opened, excluded) = (Seats::of(record.revealed), Seats::of(record.disqualified));
        let known = chain.mission(mission).await?;
        let law = self.law(chain, mission, &known).await?;
        let seats = chain
            .seats(mission, node, law.node(node).ok_or("no such node")?)
            .await?;
        let mut counting = Vec::with_capacity(seats.len());
        for (place, (agent, _)) in (0u8..).zip(&seats) {
            if opened.has(place) && !excluded.has(place) {
                let hash = chain.opened(mission, node, attempt, place).await?;
                counting.push((*agent, hash));
            }
        }
        if counting.windows(2).all(|two| two[0].1 == two[1].1) {
            return Ok(Ok(Vec::new()));
        }
        let check = Check::Consensus(Comparison::Set);
        let mut sets = Vec::with_capacity(counting.len());
        for (agent, hash) in counting {
            let set = match self.output(check, hash).await {
                Ok(set) => Some(set),
                Err(_) => {
                    let of = (mission, node, attempt);
                    let opened = self.opened(chain, of, agent, hash).await?;
                    if let Some(set) = &opened {
                        self.keep_output(hash, set.clone()).await;
                    }
                    opened
                }
            };
            let Some(set) = set else {
                return Ok(Err(hash));
            };
            sets.push(elements(&set));
        }
        Ok(Ok(sets))
    }
}

/// The elements of a set as it was opened: a word each (`consensus::is_value`).
fn elements(set: &[u8]) -> Vec<B256> {
    let words = set.chunks_exact(B256::len_bytes());
    words.map(B256::from_slice).collect()
}

//! What the escrow buffer asks of the router: what the chain has of an output, and what would become of handing it in.

use agentcity_abi::{ICollaboration, IVerification::IVerificationErrors};
use agentcity_domain::{
    machine::NodeState,
    peer::Peer,
    verification::case::{CONSENSUS, Seats},
};
use agentcity_executor::protocol::{JobId, Kind, Place};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes},
    providers::Provider,
    sol_types::SolInterface,
};

use super::{
    Routing,
    carry::{Found, batch},
    chain,
};
use crate::{event::Head, execution::Execution, executor::endpoint::Call, source::programs};

/// What the chain has of an output, as of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Has {
    /// Nothing.
    Nothing,
    /// The value of its seat; its node is not decided.
    Seat,
    /// It is the node's.
    Node,
    /// It will never be.
    Never(String),
}

/// What would become of handing an output in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// It would be taken; or that cannot be said now.
    Open,
    /// The chain has it, or nobody wants it any more.
    Done,
    /// Its mission is halted, so nobody's would be taken.
    Halted,
    /// It would be refused.
    Refused(String),
}

impl<P: Provider> Routing<P> {
    /// What the chain has of an output as of a block.
    ///
    /// Errors: it does not answer.
    pub(crate) async fn has(
        &self,
        of: &Execution,
        output: B256,
        at: BlockId,
    ) -> Result<Has, String> {
        let chain = self.chain(at);
        let mission = chain.mission(of.mission).await?;
        let node = chain.node(of.mission, of.node).await?;
        if node.attempt > of.attempt {
            return Ok(Has::Never("the attempt is over".to_owned()));
        }
        let state = NodeState::from_u8(node.state as u8);
        let state = state.ok_or_else(|| format!("node state {}", node.state as u8))?;
        if state == NodeState::Completed {
            return Ok(match node.outputHash == output {
                true => Has::Node,
                false => Has::Never(format!("the node was completed with {}", node.outputHash)),
            });
        }
        if chain::mission_state(mission.state)?.is_terminal() {
            return Ok(Has::Never("the mission is over".to_owned()));
        }
        match state {
            NodeState::Failed => Ok(Has::Never("the node failed".to_owned())),
            NodeState::Executing | NodeState::PendingVerification if node.tier == CONSENSUS => {
                let Some(place) = self.place(&chain, of).await? else {
                    return Ok(Has::Never("its agent has no seat".to_owned()));
                };
                let record = chain.record(of.mission, of.node, of.attempt).await?;
                let opened = Seats::of(record.revealed).has(place.get());
                Ok(if opened { Has::Seat } else { Has::Nothing })
            }
            NodeState::Waiting
            | NodeState::Eligible
            | NodeState::Executing
            | NodeState::PendingVerification
            | NodeState::PendingReview
            | NodeState::Frozen
            | NodeState::PendingFinalization
            | NodeState::Completed => Ok(Has::Nothing),
        }
    }

    /// Whether the mission of an execution goes on as of a block.
    ///
    /// Errors: the chain does not answer.
    pub(crate) async fn works(&self, of: &Execution, at: BlockId) -> Result<bool, String> {
        self.chain(at).works(of.mission).await
    }

    async fn place(
        &self,
        chain: &chain::Chain<'_, P>,
        of: &Execution,
    ) -> Result<Option<Place>, String> {
        let known = chain.mission(of.mission).await?;
        let law = self.law(chain, of.mission, &known).await?;
        let node = law.node(of.node).ok_or("no such node")?;
        let seats = chain.seats(of.mission, of.node, node).await?;
        let place = seats.iter().position(|(agent, _)| *agent == of.agent);
        Ok(place.and_then(|place| Place::new(u8::try_from(place).ok()?)))
    }

    /// What would become of handing an execution's output in now. What a halt of the mission keeps back waits, and is not refused
    /// (seed B.11.4: "outputs in escrow buffer preserved").
    ///
    /// Errors: chain or executor do not answer.
    pub(crate) async fn outlook(
        &self,
        of: &Execution,
        payer: Option<Address>,
    ) -> Result<Outlook, String> {
        let head = programs::head(&self.provider).await?;
        let chain = self.chain(BlockId::hash(head.hash));
        let Some(seat) = self.place(&chain, of).await? else {
            return Ok(Outlook::Done);
        };
        let job = JobId {
            mission: of.mission,
            node: of.node,
            attempt: of.attempt,
            seat,
        };
        let tier = chain.node(of.mission, of.node).await?.tier;
        let kind = if tier == CONSENSUS {
            Kind::Reveal
        } else {
            Kind::Proof
        };
        let ready = match self.result(&chain, job, kind).await? {
            Found::Some(ready) => ready,
            Found::Done => return Ok(Outlook::Done),
            Found::Waits => return Ok(Outlook::Open),
            Found::Refused(cause) => return Ok(Outlook::Refused(cause)),
        };
        self.tried(of.mission, &chain::input(&batch(&[ready])), head, payer)
            .await
    }

    /// What becomes of results of a mission that are handed in by this call, as of a block.
    ///
    /// Errors: the chain does not answer.
    pub(crate) async fn tried(
        &self,
        mission: B256,
        input: &Bytes,
        at: Head,
        payer: Option<Address>,
    ) -> Result<Outlook, String> {
        let chain = self.chain(BlockId::hash(at.hash));
        let (payer, to) = (payer.unwrap_or_default(), chain.verification());
        let Some(said) = chain.refusal_then(payer, to, input).await? else {
            return Ok(Outlook::Open);
        };
        // Under a stop, or before the panel ended an outage, the chain takes nobody's result: that is no fault of this one, and its
        // deadline moves by as much. Asked of the block that refused it: a later one may have lifted the stop.
        Ok(match chain.works(mission).await? {
            true => Outlook::Refused(refusal(&said)),
            false => Outlook::Halted,
        })
    }

    /// What fails a node whose output the chain refused for good, once its time is over; `None` where it does not run any more.
    ///
    /// Errors: the chain does not answer, or the time is not over.
    pub(crate) async fn expiry(
        &self,
        of: &Execution,
        payer: Option<Address>,
    ) -> Result<Option<Call>, String> {
        let chain = self.chain(BlockId::latest());
        let node = chain.node(of.mission, of.node).await?;
        let runs = [NodeState::Executing, NodeState::PendingVerification];
        let runs = runs.map(NodeState::number).contains(&(node.state as u8));
        if node.attempt != of.attempt || !runs {
            return Ok(None);
        }
        let call = ICollaboration::expireNodeCall {
            missionId: of.mission,
            node: of.node,
        };
        let (to, input) = (self.setup.city.at(Peer::Collaboration), chain::input(&call));
        match chain.refusal(payer.unwrap_or_default(), to, &input).await? {
            None => Ok(Some(Call {
                to,
                value: alloy::primitives::U256::ZERO,
                input,
            })),
            Some(_) => Err(format!(
                "{of}: its node cannot be failed before its time is over"
            )),
        }
    }

    /// Successors may have this output.
    pub(crate) async fn released(&self, hash: B256, output: Bytes) {
        self.keep_output(hash, output).await;
    }
}

fn refusal(said: &Bytes) -> String {
    match IVerificationErrors::abi_decode(said) {
        Ok(IVerificationErrors::ResultRefused(refusal)) => {
            format!("the result is refused: {}", refusal.reason)
        }
        Ok(error) => format!("{error:?}"),
        Err(_) => said.to_string(),
    }
}

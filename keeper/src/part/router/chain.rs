//! What the router asks of the chain, all of one look as of one block.

use agentcity_abi::{
    ICollaboration::{self, Assignment, Mission, Node as Work},
    IEnactment, IService, IStatute, ITreasury,
    IVerification::{self, Record},
};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    peer::Peer,
    statute::Node,
    verification::{case::Seats, window::Phase},
};
use agentcity_executor::protocol::Limits;
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes},
    providers::Provider,
    rpc::types::Filter,
    sol_types::{SolCall, SolEvent},
    transports::RpcError,
};

use crate::{machine::router::Halted, source::city::City};

/// A service as it was registered.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) code_hash: B256,
    pub(super) limits: Limits,
}

/// Asks as of one block.
#[derive(Debug)]
pub(super) struct Chain<'p, P> {
    pub(super) provider: &'p P,
    pub(super) city: City,
    pub(super) at: BlockId,
}

impl<P: Provider> Chain<'_, P> {
    pub(super) async fn mission(&self, mission: B256) -> Result<Mission, String> {
        let contract = ICollaboration::new(self.city.at(Peer::Collaboration), self.provider);
        let asked = contract.mission(mission).block(self.at).call().await;
        asked.map_err(|error| error.to_string())
    }

    /// Whether what runs in a mission goes on: no stop lies on it, and nobody must say a word before.
    pub(super) async fn works(&self, mission: B256) -> Result<bool, String> {
        let known = self.mission(mission).await?;
        let state = mission_state(known.state)?;
        let lives = matches!(state, MissionState::Active | MissionState::Executing);
        Ok(lives && halted(known.halt) != Halted::AllWork)
    }

    /// The states of nodes from `32 · word` on, a byte each.
    pub(super) async fn states(&self, mission: B256, word: u16) -> Result<B256, String> {
        let contract = ICollaboration::new(self.city.at(Peer::Collaboration), self.provider);
        let asked = contract
            .nodeStates(mission, word)
            .block(self.at)
            .call()
            .await;
        asked.map_err(|error| error.to_string())
    }

    pub(super) async fn assignment(&self, mission: B256, node: u16) -> Result<Assignment, String> {
        let contract = ICollaboration::new(self.city.at(Peer::Collaboration), self.provider);
        let asked = contract.assignment(mission, node, true, 0).block(self.at);
        asked.call().await.map_err(|error| error.to_string())
    }

    pub(super) async fn node(&self, mission: B256, node: u16) -> Result<Work, String> {
        let contract = ICollaboration::new(self.city.at(Peer::Collaboration), self.provider);
        let asked = contract.node(mission, node).block(self.at).call().await;
        asked.map_err(|error| error.to_string())
    }

    pub(super) async fn output_hash(&self, mission: B256, node: u16) -> Result<B256, String> {
        let node = self.node(mission, node).await?;
        match NodeState::from_u8(node.state as u8) {
            Some(NodeState::Completed) => Ok(node.outputHash),
            _ => Err("a node before is not completed".to_owned()),
        }
    }

    /// Agents and services by seat.
    pub(super) async fn seats(
        &self,
        mission: B256,
        node: u16,
        law: &Node,
    ) -> Result<Vec<(Address, B256)>, String> {
        let contract = ICollaboration::new(self.city.at(Peer::Collaboration), self.provider);
        let mut seats = Vec::with_capacity(law.redundancy.into());
        for place in 0..law.redundancy {
            let asked = contract
                .seat(mission, node, place)
                .block(self.at)
                .call()
                .await;
            let seat = asked.map_err(|error| error.to_string())?;
            seats.push((seat.agent, seat.serviceId));
        }
        Ok(seats)
    }

    pub(super) async fn record(
        &self,
        mission: B256,
        node: u16,
        attempt: u8,
    ) -> Result<Record, String> {
        let contract = IVerification::new(self.city.at(Peer::Verification), self.provider);
        let asked = contract.recordOf(mission, node, attempt).block(self.at);
        asked.call().await.map_err(|error| error.to_string())
    }

    /// What is kept of a seat's commitment.
    pub(super) async fn kept(
        &self,
        mission: B256,
        node: u16,
        attempt: u8,
        seat: u8,
    ) -> Result<B256, String> {
        let contract = IVerification::new(self.city.at(Peer::Verification), self.provider);
        let asked = contract
            .commitmentOf(mission, node, attempt, seat)
            .block(self.at);
        let kept = asked.call().await.map_err(|error| error.to_string())?;
        Ok(kept.commitment)
    }

    /// What a seat opened, as far as it is kept: of a set, its hash.
    pub(super) async fn opened(
        &self,
        mission: B256,
        node: u16,
        attempt: u8,
        seat: u8,
    ) -> Result<B256, String> {
        let contract = IVerification::new(self.verification(), self.provider);
        let asked = contract
            .commitmentOf(mission, node, attempt, seat)
            .block(self.at);
        let kept = asked.call().await.map_err(|error| error.to_string())?;
        Ok(kept.value)
    }

    /// Whether an agent has a stake in a mission that is not released yet.
    pub(super) async fn has_stake(&self, mission: B256, agent: Address) -> Result<bool, String> {
        let contract = ITreasury::new(self.city.at(Peer::Treasury), self.provider);
        let asked = contract.lockedStake(mission, agent).block(self.at);
        let stake = asked.call().await.map_err(|error| error.to_string())?;
        Ok(!stake.amount.is_zero())
    }

    /// The session that gave a node its seats for an attempt after its first.
    pub(super) async fn session_of(
        &self,
        mission: B256,
        node: u16,
        attempt: u8,
    ) -> Result<B256, String> {
        let filter = Filter::new()
            .address(self.city.at(Peer::Collaboration))
            .event_signature(ICollaboration::NodeReassigned::SIGNATURE_HASH)
            .topic1(mission)
            .topic2(B256::left_padding_from(&node.to_be_bytes()))
            .from_block(0);
        let logs = self.provider.get_logs(&filter).await;
        for log in logs.map_err(|error| error.to_string())?.iter().rev() {
            let log = ICollaboration::NodeReassigned::decode_log(&log.inner);
            let log = log.map_err(|error| error.to_string())?;
            if log.attempt == attempt {
                return Ok(log.sessionId);
            }
        }
        Err(format!("no log of who gave node {node} its seats"))
    }

    /// Who stands behind those that won a node; zero if nobody does.
    pub(super) async fn runner_up(&self, session: B256, node: u16) -> Result<Address, String> {
        let contract = IEnactment::new(self.city.at(Peer::Enactment), self.provider);
        let asked = contract.runnerUp(session, node).block(self.at).call().await;
        Ok(asked.map_err(|error| error.to_string())?.agent)
    }

    pub(super) fn verification(&self) -> Address {
        self.city.at(Peer::Verification)
    }

    /// A service's record: its limits from the log of its registration, which its id commits to, its code hash from the registry.
    pub(super) async fn service(&self, service: B256) -> Result<Service, String> {
        let filter = Filter::new()
            .address(self.city.at(Peer::Service))
            .event_signature(IService::ServiceRegistered::SIGNATURE_HASH)
            .topic1(service)
            .from_block(0);
        let logs = self.provider.get_logs(&filter).await;
        let logs = logs.map_err(|error| error.to_string())?;
        let log = logs
            .first()
            .ok_or_else(|| format!("no log of service {service}"))?;
        let log = IService::ServiceRegistered::decode_log(&log.inner);
        let log = log.map_err(|error| error.to_string())?;
        let constraints = &log.constraints;
        let contract = IService::new(self.city.at(Peer::Service), self.provider);
        let asked = contract.standing(service).block(self.at).call().await;
        let standing = asked.map_err(|error| error.to_string())?;
        Ok(Service {
            code_hash: standing.codeHash,
            limits: Limits {
                latency_ms: constraints.maxLatencyMs,
                memory_mb: constraints.maxMemoryMb,
                concurrency: constraints.maxConcurrency,
                network_policies: constraints.networkPolicies.clone(),
                tokens: 0,
            },
        })
    }

    /// Tries a call on the newest block, on which it would be sent: nothing if it would do, otherwise what the contract answers.
    pub(super) async fn refusal(
        &self,
        from: Address,
        to: Address,
        input: &Bytes,
    ) -> Result<Option<Bytes>, String> {
        self.refusal_on(BlockId::latest(), from, to, input).await
    }

    /// The same as of the block of this look, so that it agrees with whatever else is asked of it.
    pub(super) async fn refusal_then(
        &self,
        from: Address,
        to: Address,
        input: &Bytes,
    ) -> Result<Option<Bytes>, String> {
        self.refusal_on(self.at, from, to, input).await
    }

    async fn refusal_on(
        &self,
        block: BlockId,
        from: Address,
        to: Address,
        input: &Bytes,
    ) -> Result<Option<Bytes>, String> {
        let request = alloy::rpc::types::TransactionRequest::default()
            .from(from)
            .to(to)
            .input(input.clone().into());
        match self.provider.call(request).block(block).await {
            Ok(_) => Ok(None),
            Err(RpcError::ErrorResp(payload)) => {
                let said = payload.as_revert_data();
                said.map(Some).ok_or_else(|| payload.message.to_string())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What halts forbid: a stop all work, everything else new work.
pub(super) const fn halted(halt: ICollaboration::Halt) -> Halted {
    match halt as u8 {
        0 => Halted::Not,
        agentcity_domain::verification::case::STOPPED => Halted::AllWork,
        _ => Halted::NewWork,
    }
}

pub(super) fn mission_state(state: ICollaboration::MissionState) -> Result<MissionState, String> {
    let number = state as u8;
    MissionState::from_u8(number).ok_or_else(|| format!("mission state {number}"))
}

/// Whether an attempt at a node is the present one, in one of these states: what was wanted of it is done or gone by otherwise.
pub(super) fn stands(assignment: &Assignment, attempt: u8, states: &[NodeState]) -> bool {
    let state = NodeState::from_u8(assignment.state as u8);
    assignment.attempt == attempt && state.is_some_and(|state| states.contains(&state))
}

/// What may be done at an attempt of tier 2, as verification's view tells it: the reveals' end stands in it once they are open, that of
/// disputes once those are. As many as `threshold` must agree by the law, which an assignment does not tell unless asked for it.
pub(super) fn phase(assignment: &Assignment, record: &Record, threshold: u8, now: u64) -> Phase {
    let committed = Seats::of(record.committed).count();
    let (reveals, disputes): (u64, u64) = (record.revealUntil.to(), record.disputeUntil.to());
    if reveals == 0 {
        let late = now > assignment.expiresAt.to::<u64>();
        let verified = assignment.state as u8 == NodeState::PendingVerification as u8;
        return if verified && late && committed < threshold {
            Phase::Short
        } else {
            Phase::Commits
        };
    }
    if disputes == 0 {
        Phase::Reveals
    } else if now <= disputes {
        Phase::Disputes
    } else {
        Phase::Over
    }
}

/// A call's data.
pub(super) fn input(call: &impl SolCall) -> Bytes {
    call.abi_encode().into()
}

/// The statute's struct of an acceptance.
pub(super) fn acceptance(
    request: &agentcity_executor::protocol::AcceptanceRequest,
) -> IStatute::SeatAcceptance {
    IStatute::SeatAcceptance {
        missionId: request.job.mission,
        node: request.job.node,
        attempt: request.job.attempt,
        executor: request.executor,
        deadline: request.deadline,
    }
}

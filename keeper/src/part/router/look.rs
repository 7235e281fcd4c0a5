//! From chain and executors to a sight.

use agentcity_abi::ICollaboration::Mission;
use agentcity_domain::{
    machine::NodeState,
    verification::{case::CONSENSUS, consensus},
};
use agentcity_executor::{
    client::ClientError,
    protocol::{Check, Code, Input, JobId, JobRequest, Output, Place, Standing},
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256},
    providers::Provider,
};

use super::{
    Routing,
    chain::{self, Chain},
    guard::Guard,
    law::Law,
};
use crate::{
    clock::Moment,
    event::Head,
    machine::router::{JobSight, NodeSight, SeatSight, Sight},
};

/// Nodes whose states stand in one word.
const NODES_PER_WORD: u16 = 32;

impl<P: Provider> Routing<P> {
    pub(super) fn chain(&self, at: BlockId) -> Chain<'_, P> {
        Chain {
            provider: &self.provider,
            city: self.setup.city,
            at,
        }
    }

    /// A mission as of a block.
    pub(super) async fn look(
        &self,
        mission: B256,
        at: Head,
        asked: Moment,
    ) -> Result<Sight, String> {
        let chain = self.chain(BlockId::hash(at.hash));
        let (mut sight, known) = self.look_whole(mission, at, asked).await?;
        if sight.state == agentcity_domain::machine::MissionState::Pending {
            return Ok(sight);
        }
        let law = self.law(&chain, mission, &known).await?;
        for word in 0..known.nodes.div_ceil(NODES_PER_WORD) {
            let states = chain.states(mission, word).await?;
            for (number, state) in (word * NODES_PER_WORD..known.nodes).zip(states) {
                match NodeState::from_u8(state) {
                    None | Some(NodeState::Waiting) => {}
                    Some(state) => {
                        let node = self.look_at(&chain, &sight, (number, state), &law).await?;
                        let Some(mut node) = node else { continue };
                        let next = self.runner_up(&chain, &known, mission, &node, at).await;
                        let told = next.inspect_err(|cause| {
                            tracing::info!(%mission, number, "its runner-up is not known: {cause}");
                        });
                        node.runner_up = told.ok().flatten();
                        sight.nodes.push(node);
                    }
                }
            }
        }
        if sight.state.is_terminal() {
            for agent in &self.setup.served {
                if chain.has_stake(mission, *agent).await? {
                    sight.staked.push(*agent);
                }
            }
        }
        Ok(sight)
    }

    /// Who would take a silent seat of a node that waits for it, and has none of its seats.
    async fn runner_up(
        &self,
        chain: &Chain<'_, P>,
        known: &Mission,
        mission: B256,
        node: &NodeSight,
        at: Head,
    ) -> Result<Option<Address>, String> {
        let is_silent = node.seats.iter().any(|seat| !seat.taken);
        let late = at.time.get() > node.seats_close;
        if node.state != NodeState::Eligible || !is_silent || !late {
            return Ok(None);
        }
        let session = match node.attempt {
            0 => known.sessionId,
            attempt => chain.session_of(mission, node.node, attempt).await?,
        };
        let next = chain.runner_up(session, node.node).await?;
        let is_seated = node.seats.iter().any(|seat| seat.agent == next);
        Ok(Some(next).filter(|next| !next.is_zero() && !is_seated))
    }

    /// A mission as a whole, without its nodes.
    pub(super) async fn look_whole(
        &self,
        mission: B256,
        at: Head,
        asked: Moment,
    ) -> Result<(Sight, Mission), String> {
        let known = self.chain(BlockId::hash(at.hash)).mission(mission).await?;
        let sight = Sight {
            mission,
            at,
            asked,
            state: chain::mission_state(known.state)?,
            since: known.since.to(),
            deadline: known.deadline.to(),
            halt: chain::halted(known.halt),
            nodes: Vec::new(),
            staked: Vec::new(),
        };
        Ok((sight, known))
    }

    async fn look_at(
        &self,
        chain: &Chain<'_, P>,
        whole: &Sight,
        (number, state): (u16, NodeState),
        law: &Law,
    ) -> Result<Option<NodeSight>, String> {
        let (mission, at) = (whole.mission, whole.at);
        let Some(node) = law.node(number).filter(|node| !node.is_imported()) else {
            return Ok(None);
        };
        let seats = chain.seats(mission, number, node).await?;
        let assignment = chain.assignment(mission, number).await?;
        let mut sight = NodeSight {
            node: number,
            state,
            attempt: assignment.attempt,
            since: assignment.since.to(),
            tier: node.tier,
            threshold: node.threshold,
            seats_close: law.seats_close(assignment.expiresAt.to()),
            ends: assignment.expiresAt.to(),
            has_inputs: true,
            phase: None,
            is_of_sets: node.tier == CONSENSUS && consensus::is_of_sets(node.mode),
            runner_up: None,
            seats: Vec::with_capacity(seats.len()),
        };
        if let (Some(guard), NodeState::Completed) = (&self.guard, state)
            && guard.waits(mission, number)
        {
            guard.completed(mission, number, chain.output_hash(mission, number).await?);
        }
        let (mut committed, mut opened) = (0, 0);
        let works = matches!(state, NodeState::Executing | NodeState::PendingVerification);
        if works && node.tier == CONSENSUS {
            let record = chain.record(mission, number, assignment.attempt).await?;
            (committed, opened) = (record.committed, record.revealed | record.disqualified);
            sight.phase = Some(chain::phase(
                &assignment,
                &record,
                node.threshold,
                at.time.get(),
            ));
        }
        for (place, (agent, service)) in (0u8..).zip(&seats) {
            let bit = |mask: u8| mask >> place & 1 == 1;
            let mut seat = SeatSight {
                agent: *agent,
                taken: bit(assignment.seats),
                committed: bit(committed),
                opened: bit(opened),
                job: JobSight::Silent,
            };
            let sealed = state == NodeState::Completed && node.tier != CONSENSUS;
            if self.setup.served.contains(agent) && (works && seat.taken || sealed) {
                let Some(seat_place) = Place::new(place) else {
                    continue;
                };
                let job = sight.job(mission, seat_place);
                match self
                    .request(chain, law, job, *agent, *service, assignment.expiresAt.to())
                    .await
                {
                    Ok(request) => {
                        // What is over is nobody's to freeze, and would count as running for ever.
                        let since = (works && !whole.state.is_terminal()).then_some(sight.since);
                        seat.job = self.standing(&request, since).await;
                    }
                    Err(cause) => {
                        tracing::info!(%job, "its inputs are not at hand: {cause}");
                        sight.has_inputs = false;
                    }
                }
            }
            sight.seats.push(seat);
        }
        Ok(Some(sight))
    }

    /// How a job stands, as its executor says. `since`: of one whose node works, which the mirror is told of.
    async fn standing(&self, request: &JobRequest, since: Option<u64>) -> JobSight {
        let Some(client) = self.setup.executors.get(&request.agent) else {
            return JobSight::Silent;
        };
        let standing = client.standing(request).await;
        if let (Some(guard), Some(since), Ok(standing)) = (&self.guard, since, &standing) {
            guard.saw(request, since, standing).await;
        }
        match standing {
            Ok(Standing::Running(_)) => JobSight::Running,
            Ok(Standing::Committed(_)) => JobSight::Committed,
            Ok(Standing::Delivered(_)) => JobSight::Delivered,
            Ok(Standing::Stopped(_)) => JobSight::Stopped,
            Ok(Standing::Failed(failure)) => {
                tracing::warn!(job = %request.job, "failed: {failure}");
                JobSight::Failed
            }
            Err(ClientError::Refused { refusal, .. }) if refusal.code == Code::Unknown => {
                JobSight::Missing
            }
            Err(error) => {
                tracing::warn!(job = %request.job, "{error}");
                JobSight::Silent
            }
        }
    }

    /// What an executor is asked for, with the outputs of all nodes before: of each the one that the chain completed.
    pub(super) async fn request(
        &self,
        chain: &Chain<'_, P>,
        law: &Law,
        job: JobId,
        agent: Address,
        service: B256,
        deadline: u64,
    ) -> Result<JobRequest, String> {
        let node = law.node(job.node).ok_or("no such node")?;
        let known = self.texts.read().of(node.digest).cloned();
        let (terms, task) =
            known.ok_or_else(|| format!("the terms {} are not known", node.digest))?;
        let check = Check::of(node.tier, node.mode).ok_or("a node that nobody works on")?;
        let registered = self.service(chain, service).await?;
        let mut inputs = Vec::new();
        let settled = self
            .guard
            .as_ref()
            .map(Guard::settled)
            .transpose()?
            .flatten();
        let passed = self.chain(settled.unwrap_or(chain.at));
        for before in law.before(job.node) {
            let hash = passed.output_hash(job.mission, *before).await?;
            let node = law.node(*before).ok_or("no such node")?;
            let check = Check::of(node.tier, node.mode).ok_or("an output of another mission")?;
            let content = self.output(check, hash).await?;
            inputs.push(Input {
                node: *before,
                check,
                output_hash: hash,
                content: Output::new(content).map_err(|error| error.to_string())?,
            });
        }
        let mut limits = registered.limits;
        limits.tokens = node.tokens;
        Ok(JobRequest {
            venue: self.setup.city.venue(),
            job,
            agent,
            service,
            code_hash: registered.code_hash,
            check,
            terms,
            task,
            inputs,
            limits,
            deadline,
        })
    }
}

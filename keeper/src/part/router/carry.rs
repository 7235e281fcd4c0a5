//! From a step to a transaction, or to an executor's answer. What chain or executor knows as done is not done again.

use std::time::Duration;

use agentcity_abi::{
    ICollaboration::{self, Assignment},
    IService, IStatute,
    IVerification::{self, IVerificationErrors, NodeResult, ResultKind},
};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    parameter::ParameterId,
    peer::Peer,
    verification::{case::Seats, consensus},
};
use agentcity_executor::{
    client::{Client, ClientError, Disposition},
    protocol::{
        AcceptanceRequest, Check, Delivery, JobId, JobRequest, Kind, SignedResult, Standing,
    },
    value,
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, U256, keccak256},
    providers::Provider,
    sol_types::SolInterface,
};

use super::{
    Routing,
    chain::{self, Chain},
    guard::{Guard, execution},
};
use crate::{
    action::Outcome, executor::endpoint::Call, machine::router::Step as Due, part::Step,
    source::programs,
};

/// How long a promise to take a seat is to count: a day, beyond the windows of a seat.
const PROMISE_SECS: u64 = 86_400;

/// Something that is to be relayed.
pub(super) enum Found<T> {
    /// This.
    Some(T),
    /// It is done already.
    Done,
    /// It cannot be done.
    Refused(String),
    /// Not now.
    Waits,
}

/// Why nothing is asked of an executor for a job any more, whatever comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Gone {
    /// Its mission ended.
    #[error("mission {mission} is over ({state:?}): nothing of it is worked on any more")]
    Mission {
        /// Which.
        mission: B256,
        /// How it ended.
        state: MissionState,
    },
    /// Its node is at a later attempt.
    #[error("the attempt is over: the node is at attempt {now}")]
    Attempt {
        /// The present one.
        now: u8,
    },
    /// Its node has no such seat.
    #[error("node {node} has no seat {seat}")]
    NoSeat {
        /// Which node.
        node: u16,
        /// Which seat.
        seat: u8,
    },
    /// Its seat is somebody else's now.
    #[error("its seat is {agent}'s now, whom this keeper does not serve")]
    Passed {
        /// Whose.
        agent: Address,
    },
}

impl Gone {
    /// As the chain has it: its mission over, or its attempt.
    fn by(job: &JobId, assignment: &Assignment) -> Result<Option<Self>, String> {
        let state = chain::mission_state(assignment.missionState)?;
        if state.is_terminal() {
            let mission = job.mission;
            return Ok(Some(Self::Mission { mission, state }));
        }
        let now = assignment.attempt;
        Ok((now != job.attempt).then_some(Self::Attempt { now }))
    }
}

pub(super) fn satisfied() -> Step {
    Step::Ended(Outcome::Satisfied)
}

pub(super) fn refused(cause: impl Into<String>) -> Step {
    let cause = cause.into();
    Step::Ended(Outcome::Refused { cause })
}

/// What follows from an executor's silence or lie.
fn follows<T>(error: &ClientError) -> Result<Found<T>, String> {
    match error.disposition() {
        Disposition::Retry => Err(error.to_string()),
        Disposition::GiveUp => Ok(Found::Refused(error.to_string())),
    }
}

impl<P: Provider> Routing<P> {
    pub(super) async fn carry(
        &self,
        steps: Vec<Due>,
        payer: Option<Address>,
    ) -> Result<Step, String> {
        let head = programs::head(&self.provider).await?;
        let chain = self.chain(BlockId::hash(head.hash));
        let Some(first) = steps.first() else {
            return Ok(satisfied());
        };
        if let Some(Err(why)) = self.guard.as_ref().map(|guard| guard.may_do(first)) {
            tracing::info!(mission = %first.mission(), "{first:?} waits: {why}");
            return Ok(Step::Later);
        }
        match *first {
            Due::Accept(_) => self.accept(&chain, &steps, head.time.get()).await,
            Due::Result(..) => self.relay(&chain, &steps, payer).await,
            Due::Route {
                mission,
                node,
                attempt,
            } => self.route(&chain, mission, node, attempt).await,
            Due::Invoke(job) => self.invoke(&chain, job).await,
            Due::Open(job) => self.open(&chain, job).await,
            Due::Stop(job) => self.stop(&chain, job).await,
            Due::Close {
                mission,
                node,
                attempt,
            } => self.close(&chain, (mission, node, attempt), payer).await,
            Due::Expire {
                mission,
                node,
                attempt,
            } => self.expire(&chain, (mission, node, attempt), payer).await,
            Due::Substitute {
                mission,
                node,
                attempt,
                seat,
            } => {
                let of = (mission, node, attempt);
                self.substitute(&chain, of, seat, payer).await
            }
            Due::Reopen {
                mission,
                node,
                attempt,
            } => self.reopen(&chain, (mission, node, attempt), payer).await,
            Due::Filter { mission } => self.filter(&chain, mission, payer).await,
            Due::End { mission } => self.end(&chain, mission, payer).await,
            Due::Release { mission, agent } => self.release(&chain, mission, agent, payer).await,
            Due::CloseEscrow { mission } => self.close_escrow(&chain, mission, payer).await,
        }
    }

    fn client(&self, agent: Address) -> Result<&Client, String> {
        let client = self.setup.executors.get(&agent);
        client.ok_or_else(|| format!("no executor of {agent} is configured"))
    }

    /// Whether a job is nobody's any more whom this keeper works for.
    fn passed(&self, agent: Address) -> Option<Gone> {
        let serves = self.setup.served.contains(&agent);
        (!serves).then_some(Gone::Passed { agent })
    }

    /// The request of a job as the chain is, with its node's state, and since when the node is in it.
    async fn asked(
        &self,
        chain: &Chain<'_, P>,
        job: JobId,
        assignment: &Assignment,
    ) -> Result<Found<(JobRequest, NodeState, u64)>, String> {
        if assignment.attempt != job.attempt {
            let now = assignment.attempt;
            return Ok(Found::Refused(Gone::Attempt { now }.to_string()));
        }
        let known = chain.mission(job.mission).await?;
        let law = self.law(chain, job.mission, &known).await?;
        let node = law.node(job.node).ok_or("no such node")?;
        let seats = chain.seats(job.mission, job.node, node).await?;
        let Some((agent, service)) = seats.get(usize::from(job.seat.get())).copied() else {
            return Ok(Found::Refused(no_seat(&job).to_string()));
        };
        let deadline = assignment.expiresAt.to();
        let request = self
            .request(chain, &law, job, agent, service, deadline)
            .await?;
        let number = assignment.state as u8;
        let state = NodeState::from_u8(number).ok_or_else(|| format!("node state {number}"))?;
        Ok(Found::Some((request, state, assignment.since.to())))
    }

    /// Whether the mirror lets this be asked for, or passed on, now. If not, that waits: the mirror's word ends, or the attempt does.
    fn is_held(&self, request: &JobRequest) -> bool {
        let execution = execution(&request.job, request.agent);
        let held = self.guard.as_ref().map(|guard| guard.may_work(&execution));
        held.transpose()
            .inspect_err(|why| tracing::info!(job = %request.job, "it waits: {why}"))
            .is_err()
    }

    /// A result with its output, once that may be passed on.
    async fn heard(
        &self,
        request: JobRequest,
        since: u64,
        delivery: Delivery,
    ) -> Result<Found<(JobRequest, SignedResult)>, String> {
        if let Some(guard) = &self.guard
            && !(guard.may_pass(&request, since, &delivery).await?
                && guard.may_submit(&request, since, &delivery).await?)
        {
            return Ok(Found::Waits);
        }
        Ok(Found::Some((request, delivery.result)))
    }

    async fn accept(&self, chain: &Chain<'_, P>, steps: &[Due], now: u64) -> Result<Step, String> {
        let mut call = IStatute::acceptSeatsCall {
            acceptances: Vec::new(),
            signatures: Vec::new(),
        };
        let mut why = None;
        for step in steps {
            let Due::Accept(job) = step else { continue };
            match self.acceptance(chain, *job, now).await? {
                Found::Some((acceptance, signature)) => {
                    call.acceptances.push(acceptance);
                    call.signatures.push(signature);
                }
                Found::Done | Found::Waits => {}
                Found::Refused(cause) => why = Some(cause),
            }
        }
        Ok(match (call.acceptances.is_empty(), why) {
            (false, _) => call_to(self.setup.city.at(Peer::Statute), chain::input(&call)),
            (true, Some(cause)) => refused(cause),
            (true, None) => satisfied(),
        })
    }

    async fn acceptance(
        &self,
        chain: &Chain<'_, P>,
        job: JobId,
        now: u64,
    ) -> Result<Found<(IStatute::SeatAcceptance, Bytes)>, String> {
        let assignment = chain.assignment(job.mission, job.node).await?;
        let is_gone = Gone::by(&job, &assignment)?.is_some();
        if is_gone || !chain::stands(&assignment, job.attempt, &[NodeState::Eligible]) {
            return Ok(Found::Done);
        }
        if Seats::of(assignment.seats).has(job.seat.get()) {
            return Ok(Found::Done);
        }
        let known = chain.mission(job.mission).await?;
        let law = self.law(chain, job.mission, &known).await?;
        let node = law.node(job.node).ok_or("no such node")?;
        let seats = chain.seats(job.mission, job.node, node).await?;
        let Some((executor, service)) = seats.get(usize::from(job.seat.get())).copied() else {
            return Ok(Found::Refused(no_seat(&job).to_string()));
        };
        if let Some(gone) = self.passed(executor) {
            return Ok(Found::Refused(gone.to_string()));
        }
        let request = AcceptanceRequest {
            venue: self.setup.city.venue(),
            job,
            executor,
            service,
            deadline: now.saturating_add(PROMISE_SECS),
        };
        match self.client(executor)?.accept(&request).await {
            Ok(promised) => {
                let signature = promised.signature.bytes().clone();
                Ok(Found::Some((chain::acceptance(&request), signature)))
            }
            Err(error) => follows(&error),
        }
    }

    /// Asks every seat for its live code, and begins the node if each is the registered one.
    async fn route(
        &self,
        chain: &Chain<'_, P>,
        mission: B256,
        node: u16,
        attempt: u8,
    ) -> Result<Step, String> {
        let assignment = chain.assignment(mission, node).await?;
        if !chain::stands(&assignment, attempt, &[NodeState::Eligible]) {
            return Ok(satisfied());
        }
        let state = chain::mission_state(assignment.missionState)?;
        if state.is_terminal() {
            return Ok(refused(Gone::Mission { mission, state }.to_string()));
        }
        let known = chain.mission(mission).await?;
        let law = self.law(chain, mission, &known).await?;
        let seats = chain
            .seats(mission, node, law.node(node).ok_or("no such node")?)
            .await?;
        let taken = Seats::of(assignment.seats);
        if let Some(guard) = &self.guard {
            let seated = (0u8..).zip(&seats).filter(|(place, _)| taken.has(*place));
            let agents: Vec<Address> = seated.map(|(_, (agent, _))| *agent).collect();
            if let Err(why) = guard.may_route(mission, (node, attempt), &agents) {
                tracing::info!(%mission, node, "not routed now: {why}");
                return Ok(Step::Later);
            }
        }
        let contract = IService::new(self.setup.city.at(Peer::Service), &self.provider);
        let (id, city) = (ParameterId::MaxCodeHashLatencyMs, self.setup.city);
        let longest = city.in_force(&self.provider, chain.at, &[id]).await?.of(id);
        let mut hashes = Vec::with_capacity(seats.len());
        for (place, (agent, service)) in (0u8..).zip(&seats) {
            if !taken.has(place) {
                hashes.push(B256::ZERO);
                continue;
            }
            let standing = contract.standing(*service).block(chain.at).call().await;
            let registered = standing.map_err(|error| error.to_string())?.codeHash;
            let own = self.service(chain, *service).await?.limits.latency_ms;
            let within = Duration::from_millis(own.min(longest).into());
            match self
                .client(*agent)?
                .live_code(*service, registered, within)
                .await
            {
                Ok(hash) => hashes.push(hash),
                Err(error) => match follows::<()>(&error)? {
                    Found::Refused(cause) => return Ok(refused(cause)),
                    Found::Some(()) | Found::Done | Found::Waits => {}
                },
            }
        }
        let call = ICollaboration::routeTaskCall {
            missionId: mission,
            node,
            liveCodeHashes: hashes,
        };
        Ok(call_to(
            self.setup.city.at(Peer::Collaboration),
            chain::input(&call),
        ))
    }

    async fn invoke(&self, chain: &Chain<'_, P>, job: JobId) -> Result<Step, String> {
        let assignment = chain.assignment(job.mission, job.node).await?;
        // What waits below waits for a mission that lives.
        if let Some(gone) = Gone::by(&job, &assignment)? {
            return Ok(refused(gone.to_string()));
        }
        let (request, state, since) = match self.asked(chain, job, &assignment).await? {
            Found::Some(asked) => asked,
            Found::Done => return Ok(satisfied()),
            Found::Refused(cause) => return Ok(refused(cause)),
            Found::Waits => return Ok(Step::Later),
        };
        if let Some(gone) = self.passed(request.agent) {
            return Ok(refused(gone.to_string()));
        }
        if !matches!(state, NodeState::Executing | NodeState::PendingVerification) {
            return Ok(refused("the node does not run"));
        }
        // It may have been wanted before the halt, of an executor that had no room.
        if !chain.works(job.mission).await? {
            return Ok(Step::Later);
        }
        if self.is_held(&request) {
            return Ok(Step::Later);
        }
        if let Some(guard) = &self.guard
            && !guard.begins(&job, request.agent, since).await
        {
            return Ok(Step::Later);
        }
        match self.client(request.agent)?.invoke(&request).await {
            Ok(_) => Ok(reported("asked")),
            Err(error) => match follows::<()>(&error)? {
                Found::Refused(cause) => Ok(refused(cause)),
                Found::Some(()) | Found::Done | Found::Waits => Ok(satisfied()),
            },
        }
    }

    async fn open(&self, chain: &Chain<'_, P>, job: JobId) -> Result<Step, String> {
        // Also of a mission that is completed.
        let assignment = chain.assignment(job.mission, job.node).await?;
        let (request, state, _) = match self.asked(chain, job, &assignment).await? {
            Found::Some(asked) => asked,
            Found::Done => return Ok(satisfied()),
            Found::Refused(cause) => return Ok(refused(cause)),
            Found::Waits => return Ok(Step::Later),
        };
        if let Some(gone) = self.passed(request.agent) {
            return Ok(refused(gone.to_string()));
        }
        if state != NodeState::Completed {
            return Ok(refused("the node is not completed"));
        }
        match self.client(request.agent)?.reveal(&request).await {
            Ok(delivery) => {
                if let Some(guard) = &self.guard {
                    // People reviewed it: it is heard for what comes after it.
                    guard.hears(&request, &delivery).await?;
                }
                let hash = value::output_hash(request.check, delivery.output.bytes());
                let hash = hash.unwrap_or_default();
                self.keep_output(hash, delivery.output.bytes().clone())
                    .await;
                Ok(reported(&format!("opened {hash}")))
            }
            Err(error) => match follows::<()>(&error)? {
                Found::Refused(cause) => Ok(refused(cause)),
                Found::Some(()) | Found::Done | Found::Waits => Ok(satisfied()),
            },
        }
    }

    async fn stop(&self, chain: &Chain<'_, P>, job: JobId) -> Result<Step, String> {
        let known = chain.mission(job.mission).await?;
        let law = self.law(chain, job.mission, &known).await?;
        let node = law.node(job.node).ok_or("no such node")?;
        let seats = chain.seats(job.mission, job.node, node).await?;
        let Some((agent, _)) = seats.get(usize::from(job.seat.get())) else {
            return Ok(satisfied());
        };
        match self.client(*agent)?.stop(&job).await {
            Ok(snapshot) => Ok(reported(&format!("stopped; trail {}", snapshot.trail_root))),
            // What is over needs no stop.
            Err(error) => match follows::<()>(&error)? {
                Found::Refused(cause) => Ok(reported(&cause)),
                Found::Some(()) | Found::Done | Found::Waits => Ok(satisfied()),
            },
        }
    }

    /// Results in one transaction (RULINGS R4). One that the chain would refuse is left out, and refused if nothing else is left.
    async fn relay(
        &self,
        chain: &Chain<'_, P>,
        steps: &[Due],
        payer: Option<Address>,
    ) -> Result<Step, String> {
        let mut ready = Vec::new();
        let (mut why, mut waits) = (None, false);
        for step in steps {
            let Due::Result(job, kind) = step else {
                continue;
            };
            match self.result(chain, *job, *kind).await? {
                Found::Some(result) => ready.push(result),
                Found::Done => {}
                Found::Refused(cause) => why = Some(cause),
                Found::Waits => waits = true,
            }
        }
        if !ready.is_empty()
            && let Some(Err(why)) = self.guard.as_ref().map(Guard::may_send)
        {
            tracing::info!(results = ready.len(), "results wait: {why}");
            return Ok(Step::Later);
        }
        let to = self.setup.city.at(Peer::Verification);
        // What the buffer lets go it tries again by its own times.
        let is_held = |(_, result): &(JobRequest, SignedResult)| {
            let has_output = matches!(result.kind, Kind::Proof | Kind::Reveal);
            has_output && self.guard.as_ref().is_some_and(Guard::buffers)
        };
        while !ready.is_empty() {
            let input = chain::input(&batch(&ready));
            let said = chain.refusal(payer.unwrap_or_default(), to, &input).await?;
            let Some(said) = said else {
                return Ok(call_to(to, input));
            };
            match IVerificationErrors::abi_decode(&said) {
                Ok(IVerificationErrors::ResultRefused(refusal))
                    if refusal.index < U256::from(ready.len()) =>
                {
                    let left = ready.remove(refusal.index.to::<usize>());
                    match is_held(&left) {
                        true => waits = true,
                        false => why = Some(format!("a result is refused: {}", refusal.reason)),
                    }
                }
                _ if ready.iter().any(is_held) => return Ok(Step::Later),
                Ok(error) => return Ok(refused(format!("{error:?}"))),
                Err(_) => return Ok(refused(format!("{said}"))),
            }
        }
        if waits && why.is_none() {
            return Ok(Step::Later);
        }
        Ok(why.map_or_else(satisfied, refused))
    }

    pub(super) async fn result(
        &self,
        chain: &Chain<'_, P>,
        job: JobId,
        kind: Kind,
    ) -> Result<Found<(JobRequest, SignedResult)>, String> {
        let assignment = chain.assignment(job.mission, job.node).await?;
        if let Some(Gone::Mission { .. }) = Gone::by(&job, &assignment)? {
            return Ok(Found::Done);
        }
        let (request, state, since) = match self.asked(chain, job, &assignment).await? {
            Found::Some(asked) => asked,
            Found::Done => return Ok(Found::Done),
            Found::Refused(cause) => return Ok(Found::Refused(cause)),
            Found::Waits => return Ok(Found::Waits),
        };
        if self.is_held(&request) {
            return Ok(Found::Waits);
        }
        let client = self.client(request.agent)?;
        let seat = job.seat.get();
        match kind {
            Kind::Proof | Kind::Review if state != NodeState::Executing => return Ok(Found::Done),
            Kind::Proof | Kind::Review => {}
            Kind::Commit | Kind::Reveal => {
                let record = chain.record(job.mission, job.node, job.attempt).await?;
                let done = match kind {
                    Kind::Commit => record.committed,
                    _ => record.revealed | record.disqualified,
                };
                let runs = matches!(state, NodeState::Executing | NodeState::PendingVerification);
                if !runs || Seats::of(done).has(seat) {
                    return Ok(Found::Done);
                }
            }
        }
        if kind == Kind::Reveal {
            let delivery = match client.reveal(&request).await {
                Ok(delivery) => delivery,
                Err(error) => return follows(&error),
            };
            // What is opened must be what the chain keeps sealed.
            let sealed = delivery.commitment(&request).unwrap_or_default();
            let words = consensus::kept(&sealed, request.agent);
            let kept = chain.kept(job.mission, job.node, job.attempt, seat).await?;
            if keccak256(words.concat()) != kept {
                return Ok(Found::Refused(
                    "the executor opens another value than it sealed".to_owned(),
                ));
            }
            return self.heard(request, since, delivery).await;
        }
        let result = match client.standing(&request).await {
            Ok(Standing::Committed(commitment)) => commitment.result,
            Ok(Standing::Delivered(delivery)) if kind == Kind::Proof => {
                return self.heard(request, since, delivery).await;
            }
            Ok(Standing::Delivered(delivery)) => delivery.result,
            Ok(other) => return Ok(Found::Refused(format!("there is no result: {other:?}"))),
            Err(error) => return follows(&error),
        };
        if result.kind != kind {
            return Ok(Found::Refused("the result is of another kind".to_owned()));
        }
        Ok(Found::Some((request, result)))
    }
}

const fn no_seat(job: &JobId) -> Gone {
    Gone::NoSeat {
        node: job.node,
        seat: job.seat.get(),
    }
}

pub(super) fn call_to(to: Address, input: Bytes) -> Step {
    Step::Call(Call {
        to,
        value: U256::ZERO,
        input,
    })
}

fn reported(report: &str) -> Step {
    let report = report.to_owned();
    Step::Ended(Outcome::Reported { report })
}

pub(super) fn batch(ready: &[(JobRequest, SignedResult)]) -> IVerification::submitBatchCall {
    let results = ready.iter().map(|(request, result)| NodeResult {
        missionId: request.job.mission,
        node: request.job.node,
        attempt: request.job.attempt,
        kind: match result.kind {
            Kind::Proof => ResultKind::Proof,
            Kind::Commit => ResultKind::Commit,
            Kind::Reveal => ResultKind::Reveal,
            Kind::Review => ResultKind::Review,
        },
        executor: request.agent,
        outputHash: result.output_hash,
        trailRoot: result.trail_root,
        proof: result.proof.bytes().clone(),
        deadline: result.deadline,
    });
    let with_terms = ready
        .iter()
        .filter(|(request, _)| !matches!(request.check, Check::Consensus(_)));
    IVerification::submitBatchCall {
        results: results.collect(),
        terms: with_terms
            .map(|(request, _)| request.terms.wire())
            .collect(),
        signatures: ready
            .iter()
            .map(|(_, result)| result.signature.bytes().clone())
            .collect(),
    }
}

//! What collaboration, verification and guardian tell of missions and their nodes.

use agentcity_abi::{
    ICollaboration::{self, ICollaborationEvents as Work, Reason},
    IGuardian::{self, IGuardianEvents as Guard},
    IVerification::{IVerificationEvents as Verify, ResultKind},
};
use agentcity_domain::{
    guardian::freeze::Cause,
    machine::{MissionState, NodeState},
};
use alloy::primitives::B256;

use super::{
    At, Counters, Freeze, Picture, Review, Reviewed, Said, Subject,
    mission::{Mission, Stop},
    sums::Ending,
};

/// A time as contracts tell it.
fn secs(time: alloy::primitives::aliases::U40) -> u64 {
    time.to::<u64>()
}

/// How a failure counts.
fn ending(reason: Reason) -> Ending {
    match reason {
        Reason::ProofRejected | Reason::ConsensusFailed | Reason::ReviewRejected => {
            Ending::Rejected
        }
        Reason::TimeoutExceeded | Reason::HumanSilence => Ending::TimedOut,
        _ => Ending::Other,
    }
}

/// The domain's cause of a number on the wire.
fn cause(cause: IGuardian::FreezeCause) -> Cause {
    match cause {
        IGuardian::FreezeCause::Deviation => Cause::Deviation,
        IGuardian::FreezeCause::ToolLimit => Cause::ToolLimit,
        IGuardian::FreezeCause::MessageLimit => Cause::MessageLimit,
        IGuardian::FreezeCause::DeploymentSubstitution => Cause::DeploymentSubstitution,
        _ => Cause::Manual,
    }
}

impl Picture {
    fn goes(
        &mut self,
        said: &Said<'_>,
        at: At,
        to: NodeState,
    ) -> Option<&mut super::mission::Node> {
        self.touched.entry(at.mission).or_default().insert(at.node);
        let mission = self.missions.get_mut(&at.mission)?;
        let node = mission.goes(at.node, to, said.at())?;
        node.attempt = at.attempt;
        Some(node)
    }

    /// Nothing about an attempt of a node waits any more.
    fn settles(&mut self, at: At) {
        self.reviews
            .remove(&(at.mission, Subject::Node(at.node, at.attempt)));
        self.freezes.retain(|(mission, _), freeze| {
            *mission != at.mission || freeze.at.node != at.node || freeze.at.attempt > at.attempt
        });
        self.counters
            .retain(|(of, _), _| of.mission != at.mission || of.node != at.node);
    }

    pub(super) fn collaboration(&mut self, said: &Said<'_>, event: Work) -> Option<B256> {
        let at = |mission, node, attempt| At {
            mission,
            node,
            attempt,
        };
        match event {
            Work::MissionCreated(event) => {
                let id = event.missionId;
                self.begins(Mission::new(
                    id,
                    event.sponsor,
                    event.sessionId,
                    event.nodes,
                    said.at(),
                ));
                Some(id)
            }
            Work::MissionStateChanged(event) => {
                if let Some(to) = MissionState::from_u8(event.to as u8) {
                    self.phase(event.missionId, to, event.reason, said.at());
                }
                Some(event.missionId)
            }
            Work::NodeEligible(event) => {
                let at = at(event.missionId, event.node, event.attempt);
                self.goes(said, at, NodeState::Eligible);
                Some(event.missionId)
            }
            Work::SeatAccepted(event) => {
                let mission = self.missions.get_mut(&event.missionId);
                let node = mission.and_then(|one| one.work.get_mut(usize::from(event.node)));
                if let Some(seat) = node.and_then(|node| node.seat(event.executor)) {
                    seat.accepted = true;
                }
                Some(event.missionId)
            }
            Work::SeatReplaced(event) => {
                self.substitutions = self.substitutions.saturating_add(1);
                let mission = self.missions.get_mut(&event.missionId);
                let node = mission.and_then(|one| one.work.get_mut(usize::from(event.node)));
                if let Some(node) = node {
                    node.seats.retain(|seat| seat.agent != event.from);
                    node.seat(event.to);
                }
                Some(event.missionId)
            }
            Work::TaskRouted(event) => {
                let at = at(event.missionId, event.node, event.attempt);
                if let Some(node) = self.goes(said, at, NodeState::Executing) {
                    node.expires_at = Some(secs(event.expiresAt));
                    node.routed_at = Some(said.at());
                }
                if let Some(mission) = self.missions.get_mut(&event.missionId) {
                    mission.progress_at = mission.progress_at.max(said.at());
                }
                Some(event.missionId)
            }
            Work::ChildOpened(event) => {
                let attempt = self.attempt(event.missionId, event.node);
                let at = at(event.missionId, event.node, attempt);
                self.goes(said, at, NodeState::Executing);
                Some(event.missionId)
            }
            Work::BackupOpened(event) => {
                let key = (event.missionId, Subject::Node(event.node, event.attempt));
                if let Some(review) = self.reviews.get_mut(&key) {
                    (review.backup, review.deadline) = (true, Some(secs(event.expiresAt)));
                }
                let mission = self.missions.get_mut(&event.missionId);
                let node = mission.and_then(|one| one.work.get_mut(usize::from(event.node)));
                if let Some(node) = node {
                    node.expires_at = Some(secs(event.expiresAt));
                }
                Some(event.missionId)
            }
            Work::NodeCompleted(event) => {
                let at = at(event.missionId, event.node, event.attempt);
                let mut took = None;
                if let Some(node) = self.goes(said, at, NodeState::Completed) {
                    node.output = event.outputHash;
                    took = node.routed_at.map(|from| said.at().saturating_sub(from));
                }
                if let Some(secs) = took {
                    self.node_secs.push(secs);
                }
                self.settles(at);
                self.ends(at.mission, at.node, Some(event.tier), Ending::Completed);
                if let Some(epoch) = self.epoch_of(at.mission) {
                    epoch.nodes_completed += 1;
                    if let Some(secs) = took {
                        epoch.node_secs.push(secs);
                    }
                }
                Some(event.missionId)
            }
            Work::NodeFailed(event) => {
                let at = at(event.missionId, event.node, event.attempt);
                self.goes(said, at, NodeState::Failed);
                self.settles(at);
                self.ends(at.mission, at.node, None, ending(event.reason));
                if let Some(epoch) = self.epoch_of(at.mission) {
                    epoch.nodes_failed += 1;
                }
                Some(event.missionId)
            }
            Work::NodeReassigned(event) => {
                let at = at(event.missionId, event.node, event.attempt);
                if let Some(node) = self.goes(said, at, NodeState::Eligible) {
                    node.seats.clear();
                }
                if let Some(epoch) = self.epoch_of(at.mission) {
                    epoch.refinements += 1;
                }
                Some(event.missionId)
            }
            Work::MissionRelegislated(event) => {
                // Which nodes the successor took over is in no log: the chain is asked for all of them.
                let nodes = self
                    .missions
                    .get(&event.successor)
                    .map_or(0, |one| one.nodes);
                let touched = self.touched.entry(event.successor).or_default();
                touched.extend(0..nodes);
                Some(event.missionId)
            }
            Work::FaultSignal(event) => Some(event.missionId),
            Work::EqualCode(event) => Some(event.missionId),
            Work::ChildClosed(event) => Some(event.missionId),
            Work::Wired(_) => None,
        }
    }

    fn attempt(&self, mission: B256, node: u16) -> u8 {
        let found = self.missions.get(&mission);
        found
            .and_then(|one| one.work.get(usize::from(node)))
            .map_or(0, |node| node.attempt)
    }

    pub(super) fn verification(&mut self, said: &Said<'_>, event: Verify) -> Option<B256> {
        match event {
            Verify::ResultSubmitted(event) => {
                let at = At {
                    mission: event.missionId,
                    node: event.node,
                    attempt: event.attempt,
                };
                let to = match event.kind {
                    ResultKind::Proof | ResultKind::Commit => Some(NodeState::PendingVerification),
                    ResultKind::Review => Some(NodeState::PendingReview),
                    _ => None,
                };
                // What decides at once tells so first.
                let running = self
                    .missions
                    .get(&at.mission)
                    .and_then(|one| one.work.get(usize::from(at.node)))
                    .is_some_and(|node| node.state == NodeState::Executing);
                if let Some(to) = to.filter(|_| running) {
                    let expires = self.expiry(at);
                    if let Some(node) = self.goes(said, at, to) {
                        node.expires_at = expires;
                    }
                }
                let mission = self.missions.get_mut(&at.mission);
                let node = mission.and_then(|one| one.work.get_mut(usize::from(at.node)));
                if let Some(seat) = node.and_then(|node| node.seat(event.executor)) {
                    seat.submitted = true;
                }
                Some(event.missionId)
            }
            Verify::ReviewRequested(event) => {
                let deadline = Some(secs(event.expiresAt));
                let at = At {
                    mission: event.missionId,
                    node: event.node,
                    attempt: event.attempt,
                };
                let review = self.review(said, Reviewed::Result, deadline, Some(event.rubricHash));
                self.waits(said, at, review);
                Some(event.missionId)
            }
            Verify::ResultDisputed(event) => {
                self.disputes.opened = self.disputes.opened.saturating_add(1);
                let at = At {
                    mission: event.missionId,
                    node: event.node,
                    attempt: event.attempt,
                };
                let review = self.review(said, Reviewed::Dispute, None, None);
                self.waits(said, at, review);
                Some(event.missionId)
            }
            Verify::ReviewDecided(event) => {
                let key = (event.missionId, Subject::Node(event.node, event.attempt));
                if let Some(review) = self.reviews.remove(&key) {
                    let secs = said.at().saturating_sub(review.since);
                    self.decided.secs.push(secs);
                }
                let counter = match event.approved {
                    true => &mut self.decided.approved,
                    false => &mut self.decided.rejected,
                };
                *counter = counter.saturating_add(1);
                Some(event.missionId)
            }
            Verify::DisputeClosed(event) => {
                self.disputes.closed = self.disputes.closed.saturating_add(1);
                self.disputes.returned += u64::from(event.returned);
                let key = (event.missionId, Subject::Node(event.node, event.attempt));
                self.reviews.remove(&key);
                Some(event.missionId)
            }
            Verify::ResultAnnounced(event) => Some(event.missionId),
            Verify::SeatDisqualified(event) => Some(event.missionId),
            Verify::ConsensusReached(event) => Some(event.missionId),
            Verify::Wired(_) => None,
        }
    }

    fn expiry(&self, at: At) -> Option<u64> {
        let node = self
            .missions
            .get(&at.mission)?
            .work
            .get(usize::from(at.node))?;
        node.expires_at
    }

    fn review(
        &self,
        said: &Said<'_>,
        what: Reviewed,
        deadline: Option<u64>,
        rubric: Option<B256>,
    ) -> Review {
        Review {
            what,
            since: said.at(),
            deadline,
            backup: false,
            rubric,
            transaction: said.log.transaction,
        }
    }

    fn waits(&mut self, said: &Said<'_>, at: At, review: Review) {
        let deadline = review.deadline;
        if let Some(node) = self.goes(said, at, NodeState::PendingReview) {
            node.expires_at = deadline;
        }
        let key = (at.mission, Subject::Node(at.node, at.attempt));
        self.reviews.insert(key, review);
    }

    pub(super) fn guardian(&mut self, said: &Said<'_>, event: Guard) -> Option<B256> {
        match event {
            Guard::AnomalyReported(event) => {
                let at = At {
                    mission: event.missionId,
                    node: event.node,
                    attempt: event.attempt,
                };
                let is_open = self
                    .missions
                    .get(&at.mission)
                    .and_then(|one| one.work.get(usize::from(at.node)))
                    .is_some_and(|node| node.is_open());
                if is_open {
                    let counters = self.counters.entry((at, event.agent)).or_default();
                    *counters = Counters {
                        deviation: counters.deviation.max(event.deviation),
                        tools: counters.tools.max(event.toolInvocations),
                        messages: counters.messages.max(event.messageVolume),
                        transaction: said.log.transaction,
                        at: said.at(),
                    };
                }
                Some(event.missionId)
            }
            Guard::NodeFrozen(event) => {
                let at = At {
                    mission: event.missionId,
                    node: event.node,
                    attempt: event.attempt,
                };
                let (cause, until) = (cause(event.cause), secs(event.expiresAt));
                if let Some(node) = self.goes(said, at, NodeState::Frozen) {
                    node.expires_at = Some(until);
                }
                self.freezes.insert(
                    (at.mission, event.freezeId),
                    Freeze {
                        at,
                        agent: event.agent,
                        cause,
                        since: said.at(),
                        expires_at: until,
                        transaction: said.log.transaction,
                    },
                );
                self.frozen.count(cause, event.agent, said.at());
                if let Some(epoch) = self.epoch_of(at.mission) {
                    epoch.freezes += 1;
                }
                Some(event.missionId)
            }
            Guard::NodeUnfrozen(event) => {
                let key = (event.missionId, event.freezeId);
                if let Some(freeze) = self.freezes.remove(&key) {
                    // Its seats are to be taken again (K8).
                    if let Some(node) = self.goes(said, freeze.at, NodeState::Eligible) {
                        node.seats.clear();
                    }
                    if event.kind == IGuardian::UnfreezeKind::FalsePositive {
                        self.frozen.by_cause.entry(freeze.cause).or_default().1 += 1;
                    }
                }
                Some(event.missionId)
            }
            Guard::FreezeConfirmed(event) => {
                self.freezes.remove(&(event.missionId, event.freezeId));
                self.touched
                    .entry(event.missionId)
                    .or_default()
                    .insert(event.node);
                Some(event.missionId)
            }
            Guard::MissionHalted(event) => {
                let halt = ICollaboration::Halt::try_from(event.halt as u8);
                let stop = Stop {
                    halt: halt.unwrap_or(ICollaboration::Halt::EmergencyStop),
                    at: said.at(),
                    until: secs(event.until),
                    evidence: event.evidenceHash,
                    transaction: said.log.transaction,
                };
                match self.missions.get_mut(&event.missionId) {
                    Some(mission) => mission.stop = Some(stop),
                    None if event.missionId.is_zero() => self.stop = Some(stop),
                    None => {}
                }
                Some(event.missionId)
            }
            Guard::HaltLifted(event) => {
                match self.missions.get_mut(&event.missionId) {
                    Some(mission) => mission.stop = None,
                    None if event.missionId.is_zero() => self.stop = None,
                    None => {}
                }
                Some(event.missionId)
            }
            Guard::DivergenceReported(event) => {
                if let Some(mission) = self.missions.get_mut(&event.missionId) {
                    mission.diverged = Some((said.at(), said.log.transaction));
                }
                Some(event.missionId)
            }
            Guard::DivergenceClosed(event) => {
                if let Some(mission) = self.missions.get_mut(&event.missionId) {
                    mission.diverged = None;
                }
                Some(event.missionId)
            }
            Guard::HumanFilterRequired(event) => {
                let deadline = Some(secs(event.expiresAt));
                let review = self.review(said, Reviewed::Predicate, deadline, None);
                let key = (event.missionId, Subject::Predicate(event.index));
                self.reviews.insert(key, review);
                Some(event.missionId)
            }
            Guard::PredicateCleared(event) => {
                let key = (event.missionId, Subject::Predicate(event.index));
                self.reviews.remove(&key);
                Some(event.missionId)
            }
            Guard::FreezeFalsePositive(event) => Some(event.missionId),
            Guard::DegradedEntered(event) => Some(event.missionId),
            Guard::DegradedExited(event) => Some(event.missionId),
            Guard::Reconciled(event) => Some(event.missionId),
            Guard::ReconciliationMissed(event) => Some(event.missionId),
            Guard::PredicateEvaluated(event) => Some(event.missionId),
            Guard::OutputReleased(event) => Some(event.missionId),
            Guard::OutputVetoed(event) => Some(event.missionId),
            Guard::Wired(_) => None,
        }
    }
}

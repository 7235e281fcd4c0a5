//! Between router and freeze mirror: what the router asks before anything is begun or passed on, and what it tells of the jobs that
//! it sees (seed B.11.5; RULINGS K13).
//!
//! Nothing of this is remembered: after a restart every job that is seen is told again, and what was told before is one event.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use agentcity_executor::{
    protocol::{Delivery, JobId, JobRequest, Standing, Usage},
    value,
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256},
};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::{
    execution::Execution,
    executor::remote::Remote,
    machine::freeze_mirror::{Event, FreezeMirror, Held, Measure},
    machine::router::Step as Due,
    part::{
        board::Board,
        escrow::{Barred, Gate},
        monitor::Ears,
    },
};

/// Executions that are remembered as told: those of as many nodes as one keeper serves at a time. Others are told again, which changes
/// nothing.
const TOLD_MAX: usize = 4_096;

/// How long the host may take to record that work begins, and the pause between two looks whether it did: it takes milliseconds.
const RECORDED_WITHIN: Duration = Duration::from_millis(500);
const RECORDED_PAUSE: Duration = Duration::from_millis(5);

/// The mirror, as the router needs it.
#[derive(Debug)]
pub struct Guard {
    mirror: Board<FreezeMirror>,
    inlet: mpsc::Sender<Event>,
    remote: Arc<Remote>,
    ears: Option<Arc<Ears>>,
    gate: Option<Gate>,
    told: Mutex<BTreeMap<Execution, Told>>,
}

/// What the mirror was told last of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    since: u64,
    step: Option<u64>,
    is_over: bool,
}

/// Whose work a request asks for.
pub(super) const fn execution(job: &JobId, agent: Address) -> Execution {
    Execution {
        mission: job.mission,
        node: job.node,
        attempt: job.attempt,
        agent,
    }
}

impl Guard {
    /// Asks the mirror that `board` shows, and tells it by its `inlet`. `remote` stops what it holds.
    pub fn new(
        mirror: Board<FreezeMirror>,
        inlet: mpsc::Sender<Event>,
        remote: Arc<Remote>,
    ) -> Self {
        Self {
            mirror,
            inlet,
            remote,
            ears: None,
            gate: None,
            told: Mutex::default(),
        }
    }

    /// Hears what is handed in too, before it is passed on.
    #[must_use]
    pub fn hearing(self, ears: Arc<Ears>) -> Self {
        Self {
            ears: Some(ears),
            ..self
        }
    }

    /// Lets nothing be begun or handed in but through an escrow buffer.
    #[must_use]
    pub fn buffered(self, gate: Gate) -> Self {
        Self {
            gate: Some(gate),
            ..self
        }
    }

    /// Whether outputs go through a buffer.
    pub(super) const fn buffers(&self) -> bool {
        self.gate.is_some()
    }

    /// Whether the buffer lets a step be done now.
    pub(super) fn may_do(&self, step: &Due) -> Result<(), Barred> {
        let Some(gate) = &self.gate else {
            return Ok(());
        };
        match step {
            // Nothing is sent, and less runs afterwards.
            Due::Stop(_) | Due::Open(_) => Ok(()),
            // What was done is sealed and queued also while nothing may be sent; that is asked when there is something to send.
            Due::Result(..) => gate.may_take(),
            Due::Invoke(_) => gate.may_execute(),
            Due::Route { .. } => gate.may_send().and_then(|()| gate.may_execute()),
            Due::Accept(_)
            | Due::Close { .. }
            | Due::Release { .. }
            | Due::Expire { .. }
            | Due::Substitute { .. }
            | Due::Reopen { .. }
            | Due::Filter { .. }
            | Due::End { .. }
            | Due::CloseEscrow { .. } => gate.may_send(),
        }
    }

    /// Whether anything may be sent now.
    ///
    /// Errors: [`Barred`].
    pub(super) fn may_send(&self) -> Result<(), Barred> {
        self.gate.as_ref().map_or(Ok(()), Gate::may_send)
    }

    /// The block as of which outputs are passed on to successors: with a buffer one that counts as final.
    ///
    /// Errors: it is not known yet.
    pub(super) fn settled(&self) -> Result<Option<BlockId>, String> {
        let settled = self.gate.as_ref().map(Gate::settled).transpose();
        let settled = settled.map_err(|why| why.to_string())?;
        Ok(settled.map(|head| BlockId::hash(head.hash)))
    }

    /// Whether an output may be handed in on chain now: with a buffer when its turn came. It lies sealed before.
    ///
    /// Errors: it cannot be sealed.
    pub(super) async fn may_submit(
        &self,
        request: &JobRequest,
        since: u64,
        delivery: &Delivery,
    ) -> Result<bool, String> {
        let Some(gate) = &self.gate else {
            return Ok(true);
        };
        let bytes = delivery.output.bytes();
        let hash = value::output_hash(request.check, bytes).unwrap_or_default();
        let execution = execution(&request.job, request.agent);
        let taken = gate.takes(execution, since, hash, bytes);
        taken.await.map_err(|error| error.to_string())
    }

    /// Whether these agents may be routed to this attempt. While the mirror does not work here, nobody may.
    pub(super) fn may_route(
        &self,
        mission: B256,
        attempt: (u16, u8),
        agents: &[Address],
    ) -> Result<(), Held> {
        let asked = self
            .mirror
            .look(|mirror| mirror.may_route(mission, attempt, agents));
        asked.unwrap_or(Err(Held::Unknown { mission }))
    }

    /// Whether an agent may be asked for work, and what it hands in be passed on.
    pub(super) fn may_work(&self, execution: &Execution) -> Result<(), Held> {
        let mission = execution.mission;
        let asked = self.mirror.look(|mirror| mirror.may_work(execution));
        let asked = asked.unwrap_or(Err(Held::Unknown { mission }));
        if let (Some(ears), Err(Held::Held { .. })) = (&self.ears, &asked)
            && let Err(error) = ears.judged(execution)
        {
            tracing::error!(%execution, "its outputs would be accused again: {error}");
        }
        asked
    }

    /// Whether an output may be passed on: not before it was heard, and not when it lies too far from what is usual. Then the mirror
    /// is told, which holds its agent, and says no from then on.
    ///
    /// Errors: it could not be heard.
    pub(super) async fn may_pass(
        &self,
        request: &JobRequest,
        since: u64,
        delivery: &Delivery,
    ) -> Result<bool, String> {
        let execution = execution(&request.job, request.agent);
        let Some(deviation) = self.hears(request, delivery).await? else {
            return Ok(true);
        };
        self.began(execution, since).await;
        let usage = delivery.trail.usage();
        let event = Event::Measured {
            execution,
            since,
            // The entry of the output, which is the last.
            step: delivery.trail.entries().len() as u64,
            measure: Measure {
                tools: usage.tool_calls,
                messages: usage.messages,
                deviation: Some(deviation),
                substituted: false,
            },
        };
        self.tell(event).await;
        Ok(false)
    }

    /// How far an output, or what was said on the way to it, lies from what is usual, if that is too far.
    ///
    /// Errors: it could not be heard.
    pub(super) async fn hears(
        &self,
        request: &JobRequest,
        delivery: &Delivery,
    ) -> Result<Option<u32>, String> {
        let Some(ears) = &self.ears else {
            return Ok(None);
        };
        let output = delivery.output.bytes();
        let hash = value::output_hash(request.check, output).unwrap_or_default();
        let limits = self
            .mirror
            .look(|mirror| mirror.limits(request.job.mission));
        // Without a mirror at work nothing is passed on at all.
        let Some(limits) = limits else {
            return Err("no mirror works here".to_owned());
        };
        let execution = execution(&request.job, request.agent);
        let threshold = limits.deviation;
        let mut most = None;
        if ears.hears_messages() {
            for (place, message) in (0..).zip(self.remote.heard(request, delivery).await?) {
                let heard = ears.hears_message(&execution, place, &message, threshold);
                most = most.max(heard.await.map_err(|error| error.to_string())?);
            }
        }
        let heard = ears.hears(&execution, hash, output, threshold).await;
        Ok(most.max(heard.map_err(|error| error.to_string())?))
    }

    /// Whether something of a node waits to be taken into its agent's window.
    pub(super) fn waits(&self, mission: B256, node: u16) -> bool {
        let waits = self.ears.as_ref().map(|ears| ears.waits(mission, node));
        waits.is_some_and(|waits| matches!(waits, Ok(true)))
    }

    /// The chain completed a node with this output.
    pub(super) fn completed(&self, mission: B256, node: u16, hash: B256) {
        let taken = self
            .ears
            .as_ref()
            .map(|ears| ears.completed(mission, node, hash));
        if let Some(Err(error)) = taken {
            tracing::error!(%mission, node, "its output is in no window: {error}");
        }
    }

    /// An agent is about to be asked for work: the mirror knows of it before the executor does, so nothing runs that it could not stop, and
    /// whoever goes on after a crash knows it too. False while that is not recorded.
    pub(super) async fn begins(&self, job: &JobId, agent: Address, since: u64) -> bool {
        let execution = execution(job, agent);
        self.remote.seated(execution, job.seat);
        self.began(execution, since).await;
        let recorded = async {
            let known = |mirror: &FreezeMirror| mirror.running().any(|one| *one == execution);
            while !self.mirror.look(known).unwrap_or_default() {
                tokio::time::sleep(RECORDED_PAUSE).await;
            }
        };
        tokio::time::timeout(RECORDED_WITHIN, recorded)
            .await
            .is_ok()
    }

    async fn began(&self, execution: Execution, since: u64) {
        let known = self.told.lock().get(&execution).copied();
        let is_told = known.is_some_and(|told| told.since == since && !told.is_over);
        // What a freeze stopped that the chain took back runs no more, though its node stayed as it was.
        let anew = self.mirror.look(|mirror| mirror.begins_as(&execution));
        let anew = anew.flatten();
        if is_told && anew.is_none() {
            return;
        }
        let event = Event::Began {
            execution,
            since,
            ended: anew.unwrap_or_default(),
        };
        if self.tell(event).await {
            let told = Told {
                since,
                step: None,
                is_over: false,
            };
            let mut all = self.told.lock();
            while all.len() >= TOLD_MAX {
                all.pop_first();
            }
            all.insert(execution, told);
        }
    }

    /// How a job stands, as its executor says: what it used is measured, by the trail that is committed.
    pub(super) async fn saw(&self, request: &JobRequest, since: u64, standing: &Standing) {
        let execution = execution(&request.job, request.agent);
        let usage = match standing {
            Standing::Running(usage) => *usage,
            Standing::Committed(commitment) => commitment.usage,
            Standing::Delivered(delivery) => delivery.trail.usage(),
            // What an outage stopped, and no freeze, is done anew: it is never over between.
            Standing::Stopped(_) if self.is_free(&execution) => return,
            Standing::Failed(_) | Standing::Stopped(_) => return self.over(execution).await,
        };
        self.remote.seated(execution, request.job.seat);
        self.began(execution, since).await;
        self.measured(execution, usage).await;
    }

    /// Whether the mirror works here, and does not hold an execution.
    fn is_free(&self, execution: &Execution) -> bool {
        let free = self.mirror.look(|mirror| !mirror.is_held(execution));
        free.unwrap_or_default()
    }

    async fn measured(&self, execution: Execution, usage: Usage) {
        let step = u64::from(usage.tool_calls) + u64::from(usage.messages);
        let Some(told) = self.told.lock().get(&execution).copied() else {
            // The mirror does not work here.
            return;
        };
        if told.step == Some(step) {
            return;
        }
        let event = Event::Measured {
            execution,
            since: told.since,
            step,
            measure: Measure {
                tools: usage.tool_calls,
                messages: usage.messages,
                ..Measure::default()
            },
        };
        if self.tell(event).await
            && let Some(told) = self.told.lock().get_mut(&execution)
        {
            told.step = Some(step);
        }
    }

    async fn over(&self, execution: Execution) {
        let known = self.told.lock().get(&execution).copied();
        let Some(Told {
            since,
            is_over: false,
            ..
        }) = known
        else {
            return;
        };
        if self.tell(Event::Over { execution, since }).await
            && let Some(told) = self.told.lock().get_mut(&execution)
        {
            told.is_over = true;
        }
    }

    /// False while nobody listens: the stream is another keeper's, whose router tells it.
    async fn tell(&self, event: Event) -> bool {
        let works = self.mirror.look(|_| ()).is_some();
        works && self.inlet.send(event).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use agentcity_domain::{
        machine::{MissionState, NodeState},
        time::{Millis, Timestamp},
    };
    use agentcity_executor::protocol::Place;
    use tempfile::tempdir;

    use super::*;
    use crate::{
        action::{Action as Wanted, Outcome},
        clock::Moment,
        event::{Event as Happened, Head},
        journal::{Claim, Journal, SqliteJournal},
        machine::{
            Machine,
            freeze_mirror::{Action, Age, NodeView, View},
        },
        runtime::Stream,
    };

    const MISSION: B256 = B256::repeat_byte(0x11);
    const AGENT: Address = Address::repeat_byte(0xa1);
    const SINCE: u64 = 7;
    const NOW: Moment = Moment::new(1_000);

    fn job() -> JobId {
        JobId {
            mission: MISSION,
            node: 3,
            attempt: 0,
            seat: Place::new(0).unwrap(),
        }
    }

    fn head(number: u64) -> Head {
        Head {
            number,
            hash: B256::left_padding_from(&number.to_be_bytes()),
            time: Timestamp::new(1_000_000 + number),
        }
    }

    /// The mirror's host: it records what the guard tells.
    struct Host {
        journal: SqliteJournal,
        stream: Stream<Box<dyn Machine + Send>>,
        board: Board<FreezeMirror>,
        inlet: mpsc::Sender<Event>,
        events: mpsc::Receiver<Event>,
    }

    impl Host {
        fn open(dir: &Path) -> Self {
            let mut journal = SqliteJournal::open(&dir.join("journal")).unwrap();
            let term = Millis::new(1_000);
            let Claim::Granted(lease) = journal.acquire("mirror", "one", NOW, term).unwrap() else {
                panic!("held");
            };
            let board = Board::default();
            let stream = Stream::resume(&mut journal, lease, NOW, |_| {
                Ok(board.show(FreezeMirror::default()))
            });
            let (inlet, events) = mpsc::channel(8);
            Self {
                journal,
                stream: stream.unwrap(),
                board,
                inlet,
                events,
            }
        }

        /// A router's, which remembers nothing.
        fn guard(&self) -> Guard {
            let remote = Arc::new(Remote::new(BTreeMap::new()));
            Guard::new(self.board.clone(), self.inlet.clone(), remote)
        }

        fn take(&mut self, event: Event) {
            let event = Happened::Mirror(event);
            self.stream.take(&mut self.journal, NOW, &event).unwrap();
        }

        /// Takes what it is told until there is an answer.
        async fn hears<T>(&mut self, asked: impl Future<Output = T>) -> T {
            tokio::pin!(asked);
            let answer = loop {
                tokio::select! {
                    answer = &mut asked => break answer,
                    Some(event) = self.events.recv() => self.take(event),
                }
            };
            while let Ok(event) = self.events.try_recv() {
                self.take(event);
            }
            answer
        }

        fn works(&mut self, block: u64) {
            let node = NodeView {
                node: 3,
                state: NodeState::Executing,
                attempt: 0,
                agents: vec![AGENT],
            };
            let view = View {
                mission: MISSION,
                at: head(block),
                state: MissionState::Executing,
                nodes: vec![node],
                freezes: Vec::new(),
                heard: Vec::new(),
                limits: FreezeMirror::default().limits(MISSION),
                alone: false,
            };
            for age in [Age::Newest, Age::Settled] {
                self.take(Event::Told {
                    fence: self.stream.lease().fence,
                    after: None,
                    age,
                    view: view.clone(),
                });
            }
        }

        fn arrests(&mut self) -> Vec<Wanted> {
            let mut open = self.stream.open(&mut self.journal).unwrap();
            open.retain(|action| matches!(action, Wanted::Mirror(Action::Arrest { .. })));
            open
        }

        /// Somebody freezes it in this block, so it is stopped.
        fn freezes(&mut self, freeze: u64, block: u64) {
            self.take(Event::Frozen {
                execution: execution(&job(), AGENT),
                freeze,
                block,
                hash: head(block).hash,
            });
            let arrests = self.arrests();
            assert_eq!(arrests.len(), 1);
            let report = B256::ZERO.to_string();
            let stopped = Outcome::Reported { report };
            self.stream
                .settle(&mut self.journal, NOW, &arrests[0], stopped)
                .unwrap();
        }
    }

    #[tokio::test]
    async fn what_a_freeze_stopped_that_a_reorganisation_took_back_is_asked_for_again() {
        let dir = tempdir().unwrap();
        let mut host = Host::open(dir.path());
        let mut guard = host.guard();
        host.works(10);
        for (freeze, block) in [(1, 30), (2, 40), (3, 50)] {
            let begins = host.hears(guard.begins(&job(), AGENT, SINCE)).await;
            assert!(begins, "before freeze {freeze}");
            host.freezes(freeze, block);
            // While it is held nothing begins, and who was stopped is not stopped again, whoever tells of it.
            let execution = execution(&job(), AGENT);
            host.hears(guard.began(execution, SINCE)).await;
            guard = host.guard();
            host.hears(guard.began(execution, SINCE)).await;
            assert_eq!(host.arrests(), []);
            assert!(guard.may_work(&execution).is_err());
            // Its block is gone, and the node is as it was.
            host.works(block + 1);
            assert_eq!(guard.may_work(&execution), Ok(()));
            // A router that was there all the time, and one that begins.
            if freeze == 1 {
                guard = host.guard();
            }
        }
        assert!(host.hears(guard.begins(&job(), AGENT, SINCE)).await);
        // What is told twice is one event.
        guard = host.guard();
        assert!(host.hears(guard.begins(&job(), AGENT, SINCE)).await);
    }

    #[tokio::test]
    async fn what_only_this_keeper_holds_is_asked_for_no_work_and_nothing_of_it_is_passed_on() {
        let dir = tempdir().unwrap();
        let mut host = Host::open(dir.path());
        let guard = host.guard();
        let execution = execution(&job(), AGENT);
        host.works(10);
        assert!(host.hears(guard.begins(&job(), AGENT, SINCE)).await);
        assert_eq!(guard.may_work(&execution), Ok(()));
        let messages = FreezeMirror::default().limits(MISSION).messages + 1;
        let measure = Measure {
            messages,
            ..Measure::default()
        };
        host.take(Event::Measured {
            execution,
            since: SINCE,
            step: 1,
            measure,
        });
        assert_eq!(host.arrests().len(), 1);
        let held = Err(Held::Held {
            execution,
            on_chain: false,
        });
        assert_eq!(guard.may_work(&execution), held);
        // The chain knows of no freeze, and lets nobody go by that.
        for block in [11, 12] {
            host.works(block);
            assert_eq!(guard.may_work(&execution), held, "at block {block}");
        }
    }
}

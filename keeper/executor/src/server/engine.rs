//! From a request to what is told of it: takes jobs, has them worked on, signs once, stops at once.
//!
//! Guards INV-EXECUTOR-02.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use alloy::primitives::{B256, Bytes, keccak256};
use parking_lot::Mutex;
use tokio::{sync::watch, task::AbortHandle};

use super::{
    Handler, Recorder, Secret, Settings,
    recorder::Texts,
    store::{Kept, Store, StoreError, Worked},
};
use crate::{
    protocol::{
        Acceptance, AcceptanceRequest, Cause, Check, Code, Commitment, Content, Delivery, Failure,
        Identity, JobId, JobRequest, Kind, LiveCode, OUTPUT_BYTES_MAX, Output, Refusal, SAID_MAX,
        Said, SignedResult, Snapshot, Standing, Task,
    },
    schema::{self, Found},
    signing::{Digest, Unsigned},
    trail::Trail,
    value,
};

/// How long a handler may take to say what a service holds in memory: a keeper waits four seconds for a whole stop.
const CONTEXT_WITHIN: Duration = Duration::from_secs(1);

/// What those are told who asked for a stop, once there is an answer.
type Told = watch::Receiver<Option<Result<Snapshot, Refusal>>>;

/// The jobs of one agent, and who works on them.
#[derive(Debug)]
pub(super) struct Engine<H> {
    handler: H,
    settings: Settings,
    store: Mutex<Store>,
    live: Mutex<HashMap<JobId, Live>>,
    /// Stops that are under way: who asks for the same waits for the same answer.
    stops: Mutex<HashMap<JobId, Told>>,
}

/// A stop that is under way, until it is dropped.
struct Stopping<H: Handler> {
    engine: Arc<Engine<H>>,
    job: JobId,
}

impl<H: Handler> Drop for Stopping<H> {
    fn drop(&mut self) {
        self.engine.stops.lock().remove(&self.job);
    }
}

/// A job that is being worked on, or was stopped and is not sealed yet.
#[derive(Debug)]
struct Live {
    recorder: Recorder,
    service: B256,
    task: Option<AbortHandle>,
    /// Closed when nothing of it runs any more.
    running: watch::Receiver<()>,
    /// Who stops it tells its end, whatever the work says then.
    is_stopped: bool,
}

impl Live {
    /// Lets nothing more happen. Answers what it recorded, and what closes when nothing runs any more. May be done again.
    fn stop(&mut self) -> (Recorder, watch::Receiver<()>) {
        self.is_stopped = true;
        self.recorder.stop();
        if let Some(task) = &self.task {
            task.abort();
        }
        (self.recorder.clone(), self.running.clone())
    }
}

impl<H: Handler> Engine<H> {
    /// Opens the store, and goes on with what was not told the end of. To be called within a runtime.
    pub(super) fn open(
        path: &Path,
        handler: H,
        settings: Settings,
    ) -> Result<Arc<Self>, StoreError> {
        let store = Store::open(path)?;
        let unfinished = store.unfinished()?;
        let engine = Arc::new(Self {
            handler,
            settings,
            store: Mutex::new(store),
            live: Mutex::new(HashMap::new()),
            stops: Mutex::default(),
        });
        for kept in unfinished {
            if let Err(refusal) = engine.begin(kept.request.clone(), kept.worked) {
                tracing::error!(job = %kept.request.job, "a job does not go on: {refusal}");
            }
        }
        Ok(engine)
    }

    pub(super) async fn identity(&self) -> Result<Identity, Refusal> {
        self.handler.identity().await
    }

    pub(super) async fn live_code(&self, service: B256) -> Result<LiveCode, Refusal> {
        self.handler.live_code(service).await
    }

    pub(super) async fn accept(&self, request: AcceptanceRequest) -> Result<Acceptance, Refusal> {
        let identity = self.handler.identity().await?;
        if identity.venue != request.venue || identity.agent != request.executor {
            return Err(elsewhere(&identity));
        }
        let digest = Digest::of_acceptance(&request);
        let signature = self.handler.accept(&request, digest).await?;
        Ok(Acceptance { signature })
    }

    /// Takes a job, or tells how the one that was asked for before stands.
    pub(super) async fn take(self: &Arc<Self>, request: JobRequest) -> Result<Standing, Refusal> {
        let malformed = |error: String| Refusal::new(Code::Malformed, error);
        request
            .check()
            .map_err(|error| malformed(error.to_string()))?;
        let binding = request.binding();
        let kept = self.kept(&request.job)?;
        let stopped = match &kept {
            Some(kept) => {
                let standing = self.same(kept, binding)?;
                if !matches!(standing, Standing::Stopped(_)) {
                    return Ok(standing);
                }
                Some(standing)
            }
            None => None,
        };
        let held = schema::inputs(&request.task, &request.inputs);
        tell(
            &request.job,
            held.map_err(|error| malformed(error.to_string()))?,
        );
        let identity = self.handler.identity().await?;
        if identity.venue != request.venue || identity.agent != request.agent {
            return Err(elsewhere(&identity));
        }
        match (self.handler.take(&request).await, stopped) {
            // A node that was frozen, and is let go on, runs in the same attempt: the same job, done anew.
            (Ok(()), stopped) => {
                let job = request.job;
                self.start(request, binding, stopped.as_ref())?;
                let kept = self.kept(&job)?.ok_or_else(|| unknown(&job))?;
                self.same(&kept, binding)
            }
            (Err(_), Some(stopped)) => Ok(stopped),
            (Err(refusal), None) => Err(refusal),
        }
    }

    /// Takes a job into the store, or begins a stopped one anew, and has it worked on.
    fn start(
        self: &Arc<Self>,
        request: JobRequest,
        binding: B256,
        stopped: Option<&Standing>,
    ) -> Result<(), Refusal> {
        // Held until it is begun: a stop would find nothing to end meanwhile, and another job the same room.
        let store = self.store.lock();
        self.room(&request)?;
        let taken = match stopped {
            Some(stopped) => store.reopen(&request, binding, stopped),
            None => store.take(&request, binding),
        };
        if taken.map_err(broken)? {
            self.begin(request, None)?;
        }
        drop(store);
        Ok(())
    }

    pub(super) fn standing(&self, id: &JobId) -> Result<Standing, Refusal> {
        let kept = self.kept(id)?.ok_or_else(|| unknown(id))?;
        Ok(self.told(&kept))
    }

    /// What was said in a job, from message `from` on. Of what is sealed nothing is told before it is open.
    pub(super) fn said(&self, id: &JobId, from: u32) -> Result<Said, Refusal> {
        let kept = self.kept(id)?.ok_or_else(|| unknown(id))?;
        let is_open = matches!(kept.request.check, Check::Proof)
            || matches!(kept.standing, Some(Standing::Delivered(_)));
        let texts = match kept.worked {
            _ if !is_open => Texts::default(),
            Some(worked) => worked.said,
            None => {
                let live = self.live.lock();
                let live = live.get(id).map(|live| live.recorder.said());
                live.unwrap_or_default()
            }
        };
        let (from, texts) = texts.from(from, SAID_MAX);
        let messages: Result<Vec<_>, _> = texts.into_iter().map(Content::new).collect();
        Ok(Said {
            from,
            messages: messages.map_err(|error| Refusal::new(Code::Internal, error.to_string()))?,
        })
    }

    /// Opens what was sealed, once the handler's own view of the chain lets it.
    pub(super) async fn reveal(&self, id: &JobId) -> Result<Delivery, Refusal> {
        let kept = self.kept(id)?.ok_or_else(|| unknown(id))?;
        let (before, commitment, worked) = match (kept.standing, kept.worked) {
            (Some(Standing::Delivered(delivery)), _) => return Ok(delivery),
            (Some(Standing::Committed(commitment)), Some(worked)) => {
                (Standing::Committed(commitment.clone()), commitment, worked)
            }
            (None, _) => return Err(Refusal::new(Code::TooEarly, "the job is being worked on")),
            _ => return Err(Refusal::new(Code::Conflict, "the job was not committed")),
        };
        let request = &kept.request;
        let trails = self.handler.open(request).await?;
        let result = match request.check {
            Check::Consensus(_) => {
                let value = value::value(request.check, &worked.output).ok_or_else(formless)?;
                let salt = self.handler.secret(id, Secret::Salt);
                let proof = [&value[..], salt.as_slice()].concat();
                let unsigned = Unsigned {
                    kind: Kind::Reveal,
                    output_hash: keccak256(&value),
                    trail_root: trails,
                    proof: &proof,
                    deadline: self.handler.result_deadline(request),
                };
                self.sign(request, &unsigned).await?
            }
            Check::Review | Check::Proof => commitment.result,
        };
        let delivery = Delivery {
            code_hash: commitment.code_hash,
            output: Output::new(worked.output).map_err(|_| formless())?,
            trail: worked.trail,
            result,
        };
        let standing = Standing::Delivered(delivery.clone());
        let hash = value::output_hash(request.check, delivery.output.bytes());
        let mut store = self.store.lock();
        if store
            .stand(id, Some(&before), &standing, hash)
            .map_err(broken)?
        {
            return Ok(delivery);
        }
        drop(store);
        // Somebody else opened it meanwhile, or it was stopped: what stands counts.
        match self.standing(id)? {
            Standing::Delivered(delivery) => Ok(delivery),
            _ => Err(Refusal::new(Code::Conflict, "the job was stopped")),
        }
    }

    /// Ends work at once, and tells what it was about. However many ask at the same time, it is ended once.
    pub(super) async fn stop(self: &Arc<Self>, id: &JobId) -> Result<Snapshot, Refusal> {
        let mut told = self.stopping(*id);
        let answer = told.wait_for(Option::is_some).await;
        // Nothing is told where it panicked.
        let answer = answer.ok().and_then(|answer| answer.clone());
        answer.unwrap_or_else(|| Err(Refusal::new(Code::Internal, "the stop failed: ask again")))
    }

    fn stopping(self: &Arc<Self>, job: JobId) -> Told {
        let mut stops = self.stops.lock();
        if let Some(told) = stops.get(&job) {
            return told.clone();
        }
        let (tells, told) = watch::channel(None);
        stops.insert(job, told.clone());
        let engine = Arc::clone(self);
        // Whoever asked may be gone before there is an answer, and what was stopped is sealed all the same.
        tokio::spawn(async move {
            let stopping = Stopping { engine, job };
            let answer = stopping.engine.end(&job).await;
            tells.send_replace(Some(answer));
        });
        told
    }

    async fn end(&self, id: &JobId) -> Result<Snapshot, Refusal> {
        let kept = self.kept(id)?.ok_or_else(|| unknown(id))?;
        if let Some(snapshot) = self.over(&kept).await? {
            return Ok(snapshot);
        }
        // It stays among those that are worked on until it is sealed: who asks at the same time, or again after an answer was
        // lost on its way, is told the same.
        let live = self.live.lock().get_mut(id).map(Live::stop);
        let recorder = match live {
            Some((recorder, mut running)) => {
                // Closed: it ended by itself or by the abort, and both leave nothing running.
                while running.changed().await.is_ok() {}
                Some(recorder)
            }
            None => None,
        };
        self.seal(id, recorder).await
    }

    async fn seal(&self, id: &JobId, recorder: Option<Recorder>) -> Result<Snapshot, Refusal> {
        let kept = self.kept(id)?.ok_or_else(|| unknown(id))?;
        if let Some(snapshot) = self.over(&kept).await? {
            return Ok(snapshot);
        }
        let (trail, progress) = match (&kept.worked, recorder) {
            (Some(worked), recorder) => {
                let said = recorder.map(|recorder| recorder.progress().0);
                let progress = (said.unwrap_or_default(), worked.output.to_vec());
                (worked.trail.clone(), progress)
            }
            (None, Some(recorder)) => (recorder.stop(), recorder.progress()),
            (None, None) => (self.recorder(&kept.request)?.stop(), Default::default()),
        };
        let hidden = kept.worked.is_some() && !matches!(kept.request.check, Check::Proof);
        let snapshot = self.snapshot(&kept, trail, progress, hidden).await?;
        let standing = Standing::Stopped(snapshot.clone());
        if self.stopped(id, kept.standing.as_ref(), &standing)? {
            return Ok(snapshot);
        }
        let kept = self.kept(id)?.ok_or_else(|| unknown(id))?;
        let moved = || Refusal::new(Code::Busy, "the job moved on: ask again");
        self.over(&kept).await?.ok_or_else(moved)
    }

    /// Keeps that a job was stopped, if it still stands as before.
    fn stopped(
        &self,
        id: &JobId,
        before: Option<&Standing>,
        stopped: &Standing,
    ) -> Result<bool, Refusal> {
        let mut store = self.store.lock();
        let is_kept = store.stand(id, before, stopped, None).map_err(broken)?;
        // While the store is held: what is begun anew afterwards is another's. What was begun anew before is stopped, too.
        if is_kept && let Some(mut live) = self.live.lock().remove(id) {
            live.stop();
        }
        Ok(is_kept)
    }

    /// What a job was about of which nothing runs any more; nothing of one that can be stopped.
    ///
    /// Errors: it failed, and nothing is kept of it but why.
    async fn over(&self, kept: &Kept) -> Result<Option<Snapshot>, Refusal> {
        match &kept.standing {
            Some(Standing::Delivered(delivery)) => {
                // Everything is open already.
                let progress = (Vec::new(), delivery.output.bytes().to_vec());
                let trail = delivery.trail.clone();
                self.snapshot(kept, trail, progress, false).await.map(Some)
            }
            Some(Standing::Stopped(snapshot)) => Ok(Some(snapshot.clone())),
            Some(Standing::Failed(failure)) => Err(Refusal::new(
                Code::Conflict,
                format!("the job failed: {failure}"),
            )),
            Some(Standing::Committed(_) | Standing::Running(_)) | None => Ok(None),
        }
    }

    /// What a job was about. `hidden`: nothing is told from which a sealed value follows.
    async fn snapshot(
        &self,
        kept: &Kept,
        trail: Trail,
        (step, partial): (Vec<u8>, Vec<u8>),
        hidden: bool,
    ) -> Result<Snapshot, Refusal> {
        let job = kept.request.job;
        let large = |what: &str, error| Refusal::new(Code::Internal, format!("{what}: {error}"));
        let shown = |bytes: Vec<u8>| if hidden { Vec::new() } else { bytes };
        Ok(Snapshot {
            job,
            trail_root: trail.root(),
            usage: trail.usage(),
            trail: (!hidden).then_some(trail),
            tokens_allocated: kept.request.limits.tokens,
            context: Content::new(self.context(&job).await)
                .map_err(|error| large("the context", error))?,
            last_step: Content::new(shown(step)).map_err(|error| large("the step", error))?,
            partial_output: Output::new(shown(partial))
                .map_err(|error| large("the output", error))?,
        })
    }

    /// What the service holds in memory; nothing where its handler does not say in time, since what was stopped must be sealed.
    async fn context(&self, job: &JobId) -> Vec<u8> {
        let asked = tokio::time::timeout(CONTEXT_WITHIN, self.handler.context(job));
        asked.await.unwrap_or_else(|_| {
            let millis = CONTEXT_WITHIN.as_millis();
            tracing::warn!(%job, "sealed without its context: the handler did not say it within {millis} ms");
            Vec::new()
        })
    }

    /// Ends all work without telling anything: it is begun again after the next start.
    pub(super) fn halt(&self) {
        for (_, live) in self.live.lock().drain() {
            if let Some(task) = live.task {
                task.abort();
            }
        }
    }

    /// An output that was delivered, by its hash on chain.
    pub(super) fn output(&self, hash: B256) -> Result<Output, Refusal> {
        let kept = self.store.lock().by_output(hash).map_err(broken)?;
        match kept.and_then(|kept| kept.standing) {
            Some(Standing::Delivered(delivery)) => Ok(delivery.output),
            _ => Err(Refusal::new(Code::Unknown, format!("no output {hash}"))),
        }
    }

    fn kept(&self, id: &JobId) -> Result<Option<Kept>, Refusal> {
        self.store.lock().job(id).map_err(broken)
    }

    fn same(&self, kept: &Kept, binding: B256) -> Result<Standing, Refusal> {
        if kept.binding != binding {
            let why = "this job was asked for with other words before";
            return Err(Refusal::new(Code::Conflict, why));
        }
        Ok(self.told(kept))
    }

    fn told(&self, kept: &Kept) -> Standing {
        kept.standing.clone().unwrap_or_else(|| {
            let live = self.live.lock();
            let usage = live
                .get(&kept.request.job)
                .map(|live| live.recorder.usage());
            Standing::Running(usage.unwrap_or_default())
        })
    }

    /// Whether the service, and this server, may run one job more (RULINGS K14).
    fn room(&self, request: &JobRequest) -> Result<(), Refusal> {
        let live = self.live.lock();
        let same = live.values().filter(|live| live.service == request.service);
        let (running, most) = (same.count(), usize::from(request.limits.concurrency));
        if running >= most || live.len() >= self.settings.jobs_max {
            let why = format!("{running} jobs of this service run, {most} may");
            return Err(Refusal::new(Code::Busy, why));
        }
        Ok(())
    }

    fn recorder(&self, request: &JobRequest) -> Result<Recorder, Refusal> {
        let blind = self.handler.secret(&request.job, Secret::Blind);
        Recorder::open(request, blind, H::now_ms)
            .map_err(|error| Refusal::new(Code::Malformed, error.to_string()))
    }

    fn begin(self: &Arc<Self>, request: JobRequest, worked: Option<Worked>) -> Result<(), Refusal> {
        let (job, service) = (request.job, request.service);
        let recorder = self.recorder(&request)?;
        let (runs, running) = watch::channel(());
        let live = Live {
            recorder: recorder.clone(),
            service,
            task: None,
            running,
            is_stopped: false,
        };
        // Known before it runs: whoever stops it finds it, and what ends at once finds itself.
        self.live.lock().insert(job, live);
        let engine = Arc::clone(self);
        let task = tokio::spawn(async move {
            // First here, last to go: what the work holds goes before it.
            let _runs = runs;
            if engine.run(request, worked, recorder).await {
                engine.live.lock().remove(&job);
            }
        });
        if let Some(live) = self.live.lock().get_mut(&job) {
            live.task = Some(task.abort_handle());
            if live.is_stopped {
                task.abort();
            }
        }
        Ok(())
    }

    /// Works until there is something to tell. False: it was stopped, and who stopped it tells its end.
    async fn run(&self, request: JobRequest, worked: Option<Worked>, recorder: Recorder) -> bool {
        let request = Arc::new(request);
        let finished = match worked {
            Some(worked) => self.finish(&request, worked).await,
            None => match self.work(&request, &recorder).await {
                Ok(worked) => self.finish(&request, worked).await,
                Err(failure) => Err(failure),
            },
        };
        let (standing, hash) = match finished {
            Ok(standing) => {
                let hash = match &standing {
                    Standing::Delivered(delivery) => {
                        value::output_hash(request.check, delivery.output.bytes())
                    }
                    _ => None,
                };
                (standing, hash)
            }
            // A work that ends because it was stopped did not fail.
            Err(_) if self.is_stopped(&request.job) => return false,
            Err(failure) => (Standing::Failed(failure), None),
        };
        let kept = self.store.lock().stand(&request.job, None, &standing, hash);
        if let Err(error) = kept {
            // It is not told, and goes on after a restart.
            tracing::error!(job = %request.job, "{error}");
        }
        true
    }

    fn is_stopped(&self, id: &JobId) -> bool {
        let live = self.live.lock();
        live.get(id).is_some_and(|live| live.is_stopped)
    }

    /// Has it done, within its time and its tokens, by the code that was found when the node was routed.
    async fn work(
        &self,
        request: &Arc<JobRequest>,
        recorder: &Recorder,
    ) -> Result<Worked, Failure> {
        self.measure(request).await?;
        let within = Duration::from_millis(request.limits.latency_ms.into());
        let work = self.handler.work(Arc::clone(request), recorder.clone());
        let work = tokio::select! {
            work = tokio::time::timeout(within, work) => work,
            halted = recorder.ends() => return Err(halted.failure()),
        };
        let late = format!("not within {} ms", request.limits.latency_ms);
        let work = work.map_err(|_| Failure::new(Cause::Latency, late))??;
        self.measure(request).await?;
        let wrong = |message: String| Failure::new(Cause::Output, message);
        if work.output.len() > OUTPUT_BYTES_MAX {
            let bytes = work.output.len();
            return Err(wrong(format!(
                "{bytes} bytes, at most {OUTPUT_BYTES_MAX} are taken"
            )));
        }
        if value::value(request.check, &work.output).is_none() {
            return Err(wrong(formless().message.to_string()));
        }
        let held = schema::output(&request.task, &work.output);
        tell(
            &request.job,
            held.map_err(|error| wrong(error.to_string()))?,
        );
        let trail = recorder
            .close(&work.output)
            .map_err(|halted| halted.failure())?;
        let worked = Worked {
            output: work.output.into(),
            proof: work.proof.into(),
            trail,
            said: recorder.said(),
        };
        let kept = self.store.lock().work(&request.job, &worked);
        kept.map_err(|error| Failure::new(Cause::Service, error.to_string()))?;
        Ok(worked)
    }

    async fn measure(&self, request: &JobRequest) -> Result<(), Failure> {
        let found = self.handler.live_code(request.service).await;
        let found =
            found.map_err(|refusal| Failure::new(Cause::CodeChanged, refusal.to_string()))?;
        if found.code_hash != request.code_hash {
            let (wanted, found) = (request.code_hash, found.code_hash);
            let message = format!("the service runs {found}, and was routed as {wanted}");
            return Err(Failure::new(Cause::CodeChanged, message));
        }
        Ok(())
    }

    /// Signs what was found.
    async fn finish(&self, request: &JobRequest, worked: Worked) -> Result<Standing, Failure> {
        let value = value::value(request.check, &worked.output);
        let value =
            value.ok_or_else(|| Failure::new(Cause::Output, formless().message.as_str()))?;
        let value_hash = keccak256(&value);
        let (kind, output_hash, proof) = match request.check {
            Check::Proof => (Kind::Proof, value_hash, worked.proof.clone()),
            Check::Review => (Kind::Review, value_hash, worked.proof.clone()),
            Check::Consensus(_) => {
                let salt = self.handler.secret(&request.job, Secret::Salt);
                let sealed = value::commitment(&request.job, request.agent, value_hash, salt);
                (Kind::Commit, sealed, Bytes::new())
            }
        };
        let unsigned = Unsigned {
            kind,
            output_hash,
            trail_root: worked.trail.root(),
            proof: &proof,
            deadline: self.handler.result_deadline(request),
        };
        let signed = self.sign(request, &unsigned).await;
        let result = signed.map_err(|refusal| Failure::new(Cause::Service, refusal.to_string()))?;
        Ok(match request.check {
            Check::Proof => Standing::Delivered(Delivery {
                code_hash: request.code_hash,
                output: Output::new(worked.output)
                    .map_err(|error| Failure::new(Cause::Output, error.to_string()))?,
                trail: worked.trail,
                result,
            }),
            Check::Consensus(_) | Check::Review => Standing::Committed(Commitment {
                code_hash: request.code_hash,
                usage: worked.trail.usage(),
                result,
            }),
        })
    }

    async fn sign(
        &self,
        request: &JobRequest,
        unsigned: &Unsigned<'_>,
    ) -> Result<SignedResult, Refusal> {
        let digest = Digest::of_result(&request.venue, &request.job, request.agent, unsigned);
        let signature = self.handler.sign(request, unsigned, digest).await?;
        let proof = Content::new(Bytes::copy_from_slice(unsigned.proof))
            .map_err(|error| Refusal::new(Code::Internal, format!("the proof: {error}")))?;
        Ok(SignedResult {
            kind: unsigned.kind,
            output_hash: unsigned.output_hash,
            trail_root: unsigned.trail_root,
            proof,
            deadline: unsigned.deadline,
            signature,
        })
    }
}

impl JobRequest {
    /// What makes two requests the same: all that is not the text behind a hash, and not the deadline, which halts move.
    fn binding(&self) -> B256 {
        let mut bound = Self {
            task: Task::default(),
            deadline: 0,
            ..self.clone()
        };
        for input in &mut bound.inputs {
            input.content = Output::default();
        }
        keccak256(serde_json::to_vec(&bound).expect("a request is JSON"))
    }
}

/// What a schema left open is the operator's to know.
fn tell(job: &JobId, found: Found) {
    if let Found::Undecided(why) = found {
        tracing::info!(%job, "not held against a schema: {why}");
    }
}

fn broken(error: StoreError) -> Refusal {
    tracing::error!("{error}");
    Refusal::new(Code::Internal, "the store of jobs failed")
}

fn unknown(id: &JobId) -> Refusal {
    Refusal::new(Code::Unknown, format!("no job {id}"))
}

fn formless() -> Refusal {
    Refusal::new(
        Code::Internal,
        "the output has not the form of the node's comparison",
    )
}

fn elsewhere(identity: &Identity) -> Refusal {
    let (agent, venue) = (identity.agent, identity.venue);
    Refusal::new(
        Code::Declined,
        format!(
            "this is agent {agent} of chain {}, statute {}",
            venue.chain_id, venue.statute
        ),
    )
}

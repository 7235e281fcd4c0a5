//! The freeze mirror at work: asks the chain about missions, takes what local executors are measured to do, stops them, and reports.
//!
//! Who runs executors hands their measures in by the [`inlet`](Mirror::new), and is asked to stop them as a
//! [`Stopper`]. A round waits at the inlet while it looks at the chain and until the next look, so a measure is decided on when it comes,
//! whether or not the chain answers; and it asks the executors that run here what they used, which no endpoint can delay.

mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use agentcity_abi::IGuardian::NodeFrozen;
use agentcity_domain::peer::Peer;
use alloy::{
    primitives::{Address, B256},
    providers::Provider,
    rpc::types::Filter,
    signers::local::PrivateKeySigner,
    sol_types::SolEvent,
};
use serde::Deserialize;
use tokio::sync::mpsc;

use self::watch::Watcher;
use super::{
    Asking, CityChain, Feed, Part, Step, Task, board::Board, finder::Finder, inlet::Inlet,
    monitor::Ears, within,
};
use crate::{
    action::{Action, Outcome},
    clock::Moment,
    config::Config,
    event::{Event, Head},
    execution::Execution,
    executor::{
        arrest::{Stopper, arrest},
        keepalive::Need,
        report::{self, Monitor, Report},
    },
    machine::{
        Machine,
        freeze_mirror::{self, Age, FreezeMirror, MISSIONS_MAX},
        missions::Watched,
    },
    snapshot::Contract,
    source::{
        city::City,
        missions::{self, Asked, Watch},
        programs,
    },
    vault::{Vault, VaultError},
};

/// The stream of the mirror.
pub const STREAM: &str = "freeze-mirror";
/// Measures that wait for the host: as many as executors make in one write of the journal. More wait with whoever measures.
const INLET_MAX: usize = 256;
/// Missions that are looked at for nothing but what still counts as running of them: the others wait until these are known as over.
const OTHERS_MAX: usize = 16;
/// Partners that one keeper is told of: each costs a question in a look.
const PARTNERS_MAX: usize = 8;
/// Longest and shortest pause between two looks at the chain, in seconds: what others freeze is stopped here as late as that.
const POLL_SECS: std::ops::RangeInclusive<u64> = 1..=60;
/// Blocks whose logs are asked for at once: what public endpoints give.
const LOGS_SPAN: u64 = 10_000;
/// How long the chain may take to say what it knows of a stopped executor: together with the stop less than an action may take, or
/// nothing would be sealed while an endpoint hangs.
const CONTRACT_WITHIN: Duration = Duration::from_secs(4);

/// Section `mirror` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Missions that are mirrored; where none is named, those that the chain's logs tell of.
    #[serde(default)]
    missions: Vec<B256>,
    /// Monitors of other keepers that watch the same missions.
    #[serde(default)]
    partners: Vec<Address>,
    /// Folder of what is sealed.
    vault: PathBuf,
    /// File with the key by which it is sealed.
    vault_key_file: PathBuf,
    /// Pause between two looks at the chain.
    #[serde(default = "default_poll_secs")]
    poll_secs: u64,
}

const fn default_poll_secs() -> u64 {
    2
}

/// Why the section cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SectionError {
    /// Too many.
    #[error("mirror.missions: {0} missions, but it takes at most {MISSIONS_MAX}")]
    Missions(usize),
    /// The same twice.
    #[error("mirror.missions: {0} is named twice")]
    Repeated(B256),
    /// Too many.
    #[error("mirror.partners: {0} monitors, but it takes at most {PARTNERS_MAX}")]
    Partners(usize),
    /// Outside its bounds.
    #[error("mirror.poll_secs = {0} is not within 1..=60")]
    Poll(u64),
}

impl Section {
    /// Errors: [`SectionError`].
    pub fn check(&self) -> Result<(), SectionError> {
        if self.missions.len() > MISSIONS_MAX {
            return Err(SectionError::Missions(self.missions.len()));
        }
        let mut seen = BTreeSet::new();
        if let Some(repeated) = self.missions.iter().find(|mission| !seen.insert(**mission)) {
            return Err(SectionError::Repeated(*repeated));
        }
        if self.partners.len() > PARTNERS_MAX {
            return Err(SectionError::Partners(self.partners.len()));
        }
        if !POLL_SECS.contains(&self.poll_secs) {
            return Err(SectionError::Poll(self.poll_secs));
        }
        Ok(())
    }

    /// Where what is sealed lies.
    ///
    /// Errors: [`VaultError`].
    pub(super) fn vault(&self, signer: PrivateKeySigner) -> Result<Vault, VaultError> {
        Vault::open(&self.vault, &self.vault_key_file, signer)
    }

    /// The folder of what is sealed.
    pub fn vault_folder(&self) -> &std::path::Path {
        &self.vault
    }

    /// The same with another folder of what is sealed.
    pub fn with_vault_folder(self, vault: PathBuf) -> Self {
        Self { vault, ..self }
    }

    /// The file with the key by which it is sealed.
    pub fn vault_key_file(&self) -> &std::path::Path {
        &self.vault_key_file
    }

    /// Who signs reports.
    pub(super) const fn monitor(signer: PrivateKeySigner, city: &City) -> Monitor {
        Monitor {
            signer,
            chain_id: city.chain_id,
            guardian: city.at(Peer::Guardian),
        }
    }
}

/// The part.
pub struct Mirror<P> {
    provider: P,
    city: City,
    section: Section,
    depth_blocks: u64,
    monitor: Option<Monitor>,
    vault: Arc<Vault>,
    stopper: Arc<dyn Stopper>,
    inlet: Inlet<freeze_mirror::Event>,
    seen: Mutex<Seen>,
    /// Where it finds missions and freezes, unless it is told which.
    found: Option<Finder>,
    /// Of whose missions it mirrors those that it finds; of all when nobody is named.
    served: BTreeSet<Address>,
    board: Board<FreezeMirror>,
    watch: Watcher,
}

/// What it need not ask twice. Nothing is decided by it, and it is learnt anew after a restart.
#[derive(Debug, Default)]
struct Seen {
    /// Numbers of freezes, by mission.
    freezes: BTreeMap<B256, BTreeSet<u64>>,
    /// Executions that were reported, or may be.
    reported: BTreeSet<Execution>,
    /// The first block whose logs were not read.
    next_block: u64,
    /// When a mission was last silent.
    silent: BTreeMap<B256, Moment>,
}

// A provider's address may carry a key.
impl<P> fmt::Debug for Mirror<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirror")
            .field("section", &self.section)
            .finish_non_exhaustive()
    }
}

impl<P: Provider> Mirror<P> {
    /// Mirrors what `section` names of `city`, and where measures of executors go in. `monitor` signs reports; without it nothing is reported.
    pub fn new(
        config: &Config,
        city: City,
        section: Section,
        provider: P,
        monitor: Option<Monitor>,
        vault: Arc<Vault>,
        stopper: Arc<dyn Stopper>,
    ) -> (Self, mpsc::Sender<freeze_mirror::Event>) {
        let (sender, inlet) = Inlet::new(INLET_MAX);
        let next_block = config.city.map_or(0, |named| named.from_block);
        let board = Board::default();
        let part = Self {
            watch: Watcher::new(Arc::clone(&stopper), board.clone()),
            provider,
            city,
            section,
            depth_blocks: config.depth_blocks,
            monitor,
            vault,
            stopper,
            inlet,
            seen: Mutex::new(Seen {
                next_block,
                ..Seen::default()
            }),
            found: None,
            served: BTreeSet::new(),
            board,
        };
        (part, sender)
    }

    /// Where its machine can be seen: it is asked before anything is routed.
    pub fn board(&self) -> Board<FreezeMirror> {
        self.board.clone()
    }

    /// Hears what executors say while they work.
    #[must_use]
    pub fn hearing(self, ears: Arc<Ears>) -> Self {
        let watch = self.watch.hearing(ears);
        Self { watch, ..self }
    }

    /// Finds missions and freezes in the logs of the city: those in which one of `served` has a seat, or all when nobody is named.
    #[must_use]
    pub fn following(mut self, chain: Arc<CityChain>, served: BTreeSet<Address>) -> Self {
        self.found = Some(Finder::new(chain, self.city));
        self.served = served;
        self
    }

    /// The missions of one look.
    ///
    /// Errors: why the chain could not be asked.
    async fn missions(&self, watched: &[Watched], at: Head) -> Result<Vec<B256>, String> {
        let Some(found) = &self.found else {
            return Ok(self.section.missions.clone());
        };
        let seated = match self.served.is_empty() {
            true => None,
            false => {
                let asked = found.seated(&self.provider, watched, &self.served, at);
                Some(asked.await?)
            }
        };
        // What ended is looked at once more, whoever sits there, so that all that is kept of it goes.
        let of_ours = |one: &&Watched| {
            let seated = seated.as_ref();
            one.ended || seated.is_none_or(|seated| seated.contains(&one.mission))
        };
        let ours = self.chosen(watched).filter(of_ours);
        let mut ours: Vec<B256> = ours.map(|one| one.mission).take(MISSIONS_MAX).collect();
        // Of any other something counts as running that an earlier version, or another file, left: the chain says when it is over.
        let running = self.board.look(FreezeMirror::running_missions);
        let mut others = running.unwrap_or_default();
        others.retain(|mission| !ours.contains(mission));
        let room = MISSIONS_MAX - ours.len();
        ours.extend(others.into_iter().take(room.min(OTHERS_MAX)));
        Ok(ours)
    }

    fn chosen<'w>(&self, watched: &'w [Watched]) -> impl Iterator<Item = &'w Watched> {
        let named = &self.section.missions;
        watched
            .iter()
            .filter(move |one| named.is_empty() || named.contains(&one.mission))
    }

    /// Whom a silence is about: nothing of these is known then.
    fn unanswered(&self, watched: &[Watched]) -> Vec<B256> {
        match self.found {
            Some(_) => self.chosen(watched).map(|one| one.mission).collect(),
            None => self.section.missions.clone(),
        }
    }

    /// Remembers which freezes the logs told of.
    fn remember(&self, watched: &[Watched]) {
        if self.found.is_some() {
            let known = watched.iter().map(|one| {
                let freezes = one.freezes.iter().copied().collect();
                (one.mission, freezes)
            });
            self.seen().freezes = known.collect();
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // What a panic left half said is asked again.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn account(&self) -> Address {
        let signer = self
            .monitor
            .as_ref()
            .map(|monitor| monitor.signer.address());
        signer.unwrap_or_default()
    }

    /// Freezes whose logs were not read yet. A block that counts as final is not read again.
    async fn frozen(&self, head: Head) -> Result<Vec<freeze_mirror::Event>, String> {
        let mut found = Vec::new();
        let mut from = self.seen().next_block;
        while from <= head.number {
            let to = head.number.min(from.saturating_add(LOGS_SPAN - 1));
            let filter = Filter::new()
                .address(self.city.at(Peer::Guardian))
                .event_signature(NodeFrozen::SIGNATURE_HASH)
                .from_block(from)
                .to_block(to);
            let logs = self.provider.get_logs(&filter).await;
            for log in logs.map_err(|error| error.to_string())? {
                let (Some(block), Some(hash)) = (log.block_number, log.block_hash) else {
                    return Err("a log without its block".to_owned());
                };
                let said = log.log_decode::<NodeFrozen>();
                let said = said.map_err(|error| error.to_string())?.inner.data;
                if !self.section.missions.contains(&said.missionId) {
                    continue;
                }
                let execution = Execution {
                    mission: said.missionId,
                    node: said.node,
                    attempt: said.attempt,
                    agent: said.agent,
                };
                let mut seen = self.seen();
                seen.freezes
                    .entry(said.missionId)
                    .or_default()
                    .insert(said.freezeId);
                found.push(freeze_mirror::Event::Frozen {
                    execution,
                    freeze: said.freezeId,
                    block,
                    hash,
                });
            }
            let settled = head.number.saturating_sub(self.depth_blocks);
            self.seen().next_block = to.min(settled).saturating_add(1).max(from);
            from = to.saturating_add(1);
        }
        Ok(found)
    }

    /// A mission as of two blocks: the newest, and one that counts as final.
    async fn told(
        &self,
        mission: B256,
        heads: [Head; 2],
        fence: u64,
    ) -> Result<[freeze_mirror::Event; 2], String> {
        let (asked, after) = {
            let seen = self.seen();
            let of_it = |one: &&Execution| one.mission == mission;
            let freezes = seen.freezes.get(&mission);
            let asked = Asked {
                freezes: freezes.into_iter().flatten().copied().collect(),
                reported: seen.reported.iter().filter(of_it).copied().collect(),
            };
            (asked, seen.silent.get(&mission).copied())
        };
        let watch = Watch {
            monitor: self.account(),
            partners: self.section.partners.clone(),
        };
        let view = |at| missions::view(&self.provider, &self.city, &watch, mission, &asked, at);
        let [newest, settled] = [view(heads[0]).await?, view(heads[1]).await?];
        let told = |age, view| freeze_mirror::Event::Told {
            fence,
            after,
            age,
            view,
        };
        Ok([told(Age::Newest, newest), told(Age::Settled, settled)])
    }

    /// One look: what is frozen, and how every mission stands. Whatever is not answered is silence.
    async fn look(
        &self,
        asked: Moment,
        fence: u64,
        watched: &[Watched],
    ) -> (Vec<freeze_mirror::Event>, Option<u64>) {
        let mut events = Vec::new();
        self.remember(watched);
        let known = within(async {
            let heads = programs::heads(&self.provider, self.depth_blocks).await?;
            if self.found.is_none() {
                events = self.frozen(heads[0]).await?;
            }
            Ok((heads, self.missions(watched, heads[0]).await?))
        });
        let (heads, missions) = match known.await {
            Ok((heads, missions)) => (Ok(heads), missions),
            Err(cause) => (Err(cause), self.unanswered(watched)),
        };
        for mission in missions {
            let told = match &heads {
                Ok(heads) => within(self.told(mission, *heads, fence)).await,
                Err(cause) => Err(cause.clone()),
            };
            match told {
                Ok(told) => events.extend(told),
                Err(cause) => {
                    tracing::warn!(%mission, "the chain does not say what is frozen: {cause}");
                    self.seen().silent.insert(mission, asked);
                    events.push(freeze_mirror::Event::Silent {
                        mission,
                        cause,
                        asked,
                    });
                }
            }
        }
        (events, heads.ok().map(|heads| heads[0].number))
    }

    /// Takes measures as they come.
    async fn forward(&self, feed: &Feed) {
        let event = |event| {
            match &event {
                freeze_mirror::Event::Began {
                    execution, since, ..
                } => {
                    self.seen().reported.insert(*execution);
                    self.watch.began(*execution, *since);
                }
                freeze_mirror::Event::Over { execution, .. } => self.watch.over(execution),
                _ => {}
            }
            Event::Mirror(event)
        };
        self.inlet.forward(feed, event).await;
    }

    /// One look, what it learnt, and the pause after it.
    async fn look_and_rest(&self, asked: Moment, feed: &mut Feed) {
        let watched = feed.watched();
        if let Some(found) = &self.found
            && !found.follow(asked, feed, freeze_mirror::tells).await
        {
            return;
        }
        let (events, reached) = self.look(asked, feed.fence, &watched).await;
        for event in events {
            if !feed.tell(Event::Mirror(event)).await {
                return;
            }
        }
        self.watch.prepare().await;
        // Where it follows, it said how far already.
        if let Some(reached) = reached.filter(|_| self.found.is_none()) {
            feed.reached(reached).await;
        }
        tokio::time::sleep(Duration::from_secs(self.section.poll_secs)).await;
    }

    /// What the chain says of an execution, while what it was about is sealed.
    async fn contract(&self, execution: Execution) -> Contract {
        let answer = tokio::time::timeout(CONTRACT_WITHIN, async {
            let at = programs::head(&self.provider).await?;
            let asked = Asked {
                freezes: Vec::new(),
                reported: vec![execution],
            };
            let watch = Watch {
                monitor: self.account(),
                partners: Vec::new(),
            };
            let mission = execution.mission;
            missions::view(&self.provider, &self.city, &watch, mission, &asked, at).await
        });
        let silent = |_| {
            let secs = CONTRACT_WITHIN.as_secs();
            Err(format!("no answer within {secs} s"))
        };
        match answer.await.unwrap_or_else(silent) {
            Ok(view) => Contract {
                at: Some(view.at),
                node: view
                    .nodes
                    .into_iter()
                    .find(|node| node.node == execution.node),
                freezes: view.freezes,
                heard: view.heard.first().copied(),
            },
            Err(cause) => {
                tracing::warn!(%execution, "sealed without the chain's state: {cause}");
                Contract::default()
            }
        }
    }

    async fn report(&self, report: Report) -> Result<Step, String> {
        self.seen().reported.insert(report.execution);
        let Some(monitor) = &self.monitor else {
            return Ok(Step::Later);
        };
        let at = programs::head(&self.provider).await?;
        Ok(
            match report::need(&self.provider, monitor, &report, at).await? {
                Need::Call(call) => Step::Call(call),
                Need::Satisfied => Step::Ended(Outcome::Satisfied),
                Need::Refused(cause) => Step::Ended(Outcome::Refused { cause }),
            },
        )
    }
}

impl<P: Provider + 'static> Part for Mirror<P> {
    fn stream(&self) -> &str {
        STREAM
    }

    fn machine(
        &self,
        state: Option<&str>,
        _: bool,
    ) -> Result<Box<dyn Machine + Send>, serde_json::Error> {
        let mirror = match state {
            Some(state) => FreezeMirror::resume(state)?,
            None => FreezeMirror::default(),
        };
        Ok(self.board.show(match &self.found {
            Some(found) => mirror.following(found.contracts()),
            None => mirror,
        }))
    }

    // A round lasts as long as its pause: it waits at the inlet.
    fn pause(&self) -> Duration {
        Duration::ZERO
    }

    fn takes_logs(&self) -> bool {
        self.found.is_some()
    }

    fn observe(self: Arc<Self>, asked: Moment, mut feed: Feed) -> Task<()> {
        Box::pin(async move {
            let aside = feed.aside();
            tokio::select! {
                () = self.forward(&aside) => {}
                () = self.watch.watch(&aside) => {}
                () = self.look_and_rest(asked, &mut feed) => {}
            }
        })
    }

    fn is_urgent(&self, action: &Action) -> bool {
        matches!(action, Action::Mirror(freeze_mirror::Action::Arrest { .. }))
    }

    fn at_once(&self, action: &Action) -> Option<Outcome> {
        let Action::Mirror(freeze_mirror::Action::Alert {
            execution, text, ..
        }) = action
        else {
            return None;
        };
        tracing::warn!(%execution, "{text}");
        Some(Outcome::Told)
    }

    fn carry_out(self: Arc<Self>, action: Action, _: Asking) -> Task<Result<Step, String>> {
        Box::pin(async move {
            match action {
                Action::Mirror(freeze_mirror::Action::Arrest {
                    execution,
                    cause,
                    measure,
                    ..
                }) => {
                    let contract = self.contract(execution);
                    let about = (cause as u8, measure);
                    let ended = arrest(&*self.stopper, &self.vault, &execution, about, contract);
                    Ok(Step::Ended(ended.await))
                }
                Action::Mirror(freeze_mirror::Action::Report {
                    execution,
                    kind,
                    measure,
                    evidence,
                    sequence,
                }) => {
                    let report = Report {
                        execution,
                        kind,
                        measure,
                        evidence,
                        sequence,
                    };
                    self.report(report).await
                }
                _ => Ok(Step::Later),
            }
        })
    }
}

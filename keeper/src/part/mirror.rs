//! The freeze mirror at work: asks the chain about missions, takes what local executors are measured to do, stops them, and reports.
//!
//! Who runs executors hands their measures in by the [`inlet`](Mirror::new), and is asked to stop them as a
//! [`Stopper`]. Between two looks at the chain the round waits at the inlet, so a measure is decided on when it comes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    future::pending,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use agentcity_abi::IGuardian::NodeFrozen;
use agentcity_domain::peer::Peer;
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256},
    providers::Provider,
    rpc::types::Filter,
    signers::local::PrivateKeySigner,
    sol_types::SolEvent,
};
use serde::Deserialize;
use tokio::sync::{Mutex as Turn, mpsc};

use super::{Asking, Feed, Part, Step, Task, within};
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
    },
    snapshot::Contract,
    source::{
        missions::{self, Asked, City, Watch},
        programs,
    },
    vault::{Vault, VaultError},
};

/// The stream of the mirror.
pub const STREAM: &str = "freeze-mirror";
/// Measures that wait for the host: as many as executors make in one write of the journal. More wait with whoever measures.
const INLET_MAX: usize = 256;
/// Partners that one keeper is told of: each costs a question in a look.
const PARTNERS_MAX: usize = 8;
/// Longest and shortest pause between two looks at the chain, in seconds: what others freeze is stopped here as late as that.
const POLL_SECS: std::ops::RangeInclusive<u64> = 1..=60;
/// Blocks whose logs are asked for at once: what public endpoints give.
const LOGS_SPAN: u64 = 10_000;

/// Section `mirror` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Missions that are mirrored.
    missions: Vec<B256>,
    /// The city's contract of this name.
    collaboration: Address,
    /// The city's contract of this name.
    guardian: Address,
    /// The city's contract of this name.
    constitution: Address,
    /// The city's contract of this name.
    roster: Address,
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
    /// The first block in which a mission may have been frozen.
    #[serde(default)]
    from_block: u64,
}

const fn default_poll_secs() -> u64 {
    2
}

/// Why the section cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SectionError {
    /// None, or too many.
    #[error("mirror.missions: {0} missions, but it takes 1..={MISSIONS_MAX}")]
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
        if !(1..=MISSIONS_MAX).contains(&self.missions.len()) {
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

    /// What it takes for members of the city.
    pub const fn contracts(&self) -> [(Peer, Address); 4] {
        [
            (Peer::Collaboration, self.collaboration),
            (Peer::Guardian, self.guardian),
            (Peer::Constitution, self.constitution),
            (Peer::Roster, self.roster),
        ]
    }

    /// Who signs reports.
    pub(super) const fn monitor(&self, signer: PrivateKeySigner, chain_id: u64) -> Monitor {
        Monitor {
            signer,
            chain_id,
            guardian: self.guardian,
        }
    }

    const fn city(&self) -> City {
        City {
            collaboration: self.collaboration,
            guardian: self.guardian,
            constitution: self.constitution,
            roster: self.roster,
        }
    }
}

/// The part.
pub struct Mirror<P> {
    provider: P,
    section: Section,
    depth_blocks: u64,
    monitor: Option<Monitor>,
    vault: Arc<Vault>,
    stopper: Arc<dyn Stopper>,
    inlet: Turn<mpsc::Receiver<freeze_mirror::Event>>,
    seen: Mutex<Seen>,
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
    /// Mirrors what `section` names, and where measures of executors go in. `monitor` signs reports; without it nothing is reported.
    pub fn new(
        config: &Config,
        section: Section,
        provider: P,
        monitor: Option<Monitor>,
        vault: Arc<Vault>,
        stopper: Arc<dyn Stopper>,
    ) -> (Self, mpsc::Sender<freeze_mirror::Event>) {
        let (inlet, outlet) = mpsc::channel(INLET_MAX);
        let next_block = section.from_block;
        let part = Self {
            provider,
            section,
            depth_blocks: config.depth_blocks,
            monitor,
            vault,
            stopper,
            inlet: Turn::new(outlet),
            seen: Mutex::new(Seen {
                next_block,
                ..Seen::default()
            }),
        };
        (part, inlet)
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
                .address(self.section.guardian)
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
        let (city, watch) = (
            self.section.city(),
            Watch {
                monitor: self.account(),
                partners: self.section.partners.clone(),
            },
        );
        let view = |at| missions::view(&self.provider, &city, &watch, mission, &asked, at);
        let [newest, settled] = [view(heads[0]).await?, view(heads[1]).await?];
        let told = |age, view| freeze_mirror::Event::Told {
            fence,
            after,
            age,
            view,
        };
        Ok([told(Age::Newest, newest), told(Age::Settled, settled)])
    }

    async fn heads(&self) -> Result<[Head; 2], String> {
        let newest = programs::head(&self.provider).await?;
        let depth = newest.number.saturating_sub(self.depth_blocks);
        if depth == newest.number {
            return Ok([newest, newest]);
        }
        let at = BlockNumberOrTag::Number(depth);
        let block = self.provider.get_block_by_number(at).await;
        let block = block.map_err(|error| error.to_string())?;
        let header = block
            .ok_or_else(|| format!("there is no block {depth}"))?
            .header;
        let settled = Head {
            number: header.number,
            hash: header.hash,
            time: agentcity_domain::time::Timestamp::new(header.timestamp),
        };
        Ok([newest, settled])
    }

    /// One look: what is frozen, and how every mission stands. Whatever is not answered is silence.
    async fn look(&self, asked: Moment, fence: u64) -> (Vec<freeze_mirror::Event>, Option<u64>) {
        let mut events = Vec::new();
        let heads = within(async {
            let heads = self.heads().await?;
            events = self.frozen(heads[0]).await?;
            Ok(heads)
        });
        let heads = heads.await;
        for &mission in &self.section.missions {
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
        let mut inlet = self.inlet.lock().await;
        loop {
            match inlet.recv().await {
                Some(event) => {
                    if let freeze_mirror::Event::Began { execution, .. } = &event {
                        self.seen().reported.insert(*execution);
                    }
                    if !feed.tell(Event::Mirror(event)).await {
                        return;
                    }
                }
                // Nobody executes here, or not any more.
                None => pending().await,
            }
        }
    }

    /// What the chain says of an execution, while what it was about is sealed.
    async fn contract(&self, execution: Execution) -> Contract {
        let answer = within(async {
            let at = programs::head(&self.provider).await?;
            let asked = Asked {
                freezes: Vec::new(),
                reported: vec![execution],
            };
            let watch = Watch {
                monitor: self.account(),
                partners: Vec::new(),
            };
            let city = self.section.city();
            let mission = execution.mission;
            missions::view(&self.provider, &city, &watch, mission, &asked, at).await
        });
        match answer.await {
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
        Ok(Box::new(match state {
            Some(state) => FreezeMirror::resume(state)?,
            None => FreezeMirror::default(),
        }))
    }

    // A round lasts as long as its pause: it waits at the inlet.
    fn pause(&self) -> Duration {
        Duration::ZERO
    }

    fn observe(self: Arc<Self>, asked: Moment, feed: Feed) -> Task<()> {
        Box::pin(async move {
            let (events, reached) = self.look(asked, feed.fence).await;
            for event in events {
                if !feed.tell(Event::Mirror(event)).await {
                    return;
                }
            }
            if let Some(reached) = reached {
                feed.reached(reached).await;
            }
            let pause = Duration::from_secs(self.section.poll_secs);
            // Its end is what is waited for.
            let _ = tokio::time::timeout(pause, self.forward(&feed)).await;
        })
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

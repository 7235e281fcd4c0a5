//! The escrow buffer at work: outputs of served agents lie sealed until the chain has them for good, and when the chain stands still
//! nothing is handed in or begun (seed B.11.5).
//!
//! The router hands outputs in, and asks here whether it may ([`Gate`]); what is handed in goes with its other results in one transaction. This
//! part looks what the chain has of each, in turns, at the newest block and at one that counts as final, and what would become of one that
//! is out.
//!
//! An outage that lasted longer than the law lets it pass is declared when it is over, for every mission that is watched here: by this
//! keeper's monitor and another's, whose word is asked for. What is needed no more leaves the vault.

mod exchange;
mod retention;
mod section;
#[cfg(test)]
mod tests;
mod turns;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    sync::{Arc, OnceLock},
    time::Duration,
};

use agentcity_abi::{ICollaboration, IConstitution, IGuardian::DegradedExited};
use agentcity_domain::{machine::MissionState, parameter::ParameterId, peer::Peer, time::Millis};
use alloy::{
    eips::BlockId, primitives::B256, providers::Provider, rpc::types::Filter, sol_types::SolEvent,
};
use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use self::{
    exchange::Exchange,
    retention::{Sealed, name},
    turns::{Bounds, Turns},
};
pub use self::{
    exchange::ExchangeError,
    section::{Section, SectionError, Witness},
};

use super::{
    Asking, Feed, Part, Step, Task,
    board::Board,
    inlet::Inlet,
    router::{Has, Outlook, Routing},
    within,
};
use crate::{
    action::{Action, Outcome},
    clock::Moment,
    event::{Event, Head},
    execution::Execution,
    executor::{
        arrest::{StopError, Stopper},
        outage::{self, Declaration, GOOD_FOR_SECS},
        report::Monitor,
    },
    machine::{
        Machine,
        escrow_buffer::{self, Authority, EscrowBuffer, Outage, Reached},
        freeze_mirror::FreezeMirror,
    },
    source::{city::City, programs},
    vault::{Kind, Vault, VaultError},
};

/// The stream of the buffer.
pub const STREAM: &str = "escrow-buffer";
/// Outputs that wait for the host: more wait with the router.
const INLET_MAX: usize = 256;
/// Pause between two looks at what lies in the vault: what is needed no more lies there for weeks already.
const SWEEP_PAUSE: Millis = Millis::new(3_600_000);
/// A day, in seconds.
const DAY_SECS: u64 = 86_400;

/// What the buffer forbids now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    /// This keeper has not looked at the chain since it took over.
    #[error("the chain has not said yet which of its blocks counts as final")]
    Unknown,
    /// The chain stands still, or a stop waits for a human.
    #[error("the chain stands still, or did for too long: nothing is handed in or begun")]
    Outage,
    /// It holds as much as it may.
    #[error("as many outputs are held, or worked on, as may be")]
    Full,
}

/// What the router asks of the buffer, and hands in.
#[derive(Clone, Debug)]
pub struct Gate {
    board: Board<EscrowBuffer>,
    mirror: Board<FreezeMirror>,
    inlet: mpsc::Sender<escrow_buffer::Event>,
    vault: Arc<Vault>,
    /// The last block that counts as final, as this process saw it, and when.
    seen: Arc<Mutex<Option<(Head, Moment)>>>,
}

impl Gate {
    /// Whether anything may be signed and sent.
    ///
    /// Errors: [`Barred`].
    pub(crate) fn may_send(&self) -> Result<(), Barred> {
        self.settled()?;
        match self.board.look(EscrowBuffer::may_send) {
            None => Err(Barred::Unknown),
            Some(false) => Err(Barred::Outage),
            Some(true) => Ok(()),
        }
    }

    /// Whether outputs are taken: at any time once the chain was looked at, also while nothing may be sent (seed B.11.5, Failure Mode 3).
    ///
    /// Errors: [`Barred::Unknown`].
    pub(crate) fn may_take(&self) -> Result<(), Barred> {
        self.settled()?;
        self.board.look(|_| ()).ok_or(Barred::Unknown)
    }

    /// Whether an executor may be asked for work: its output must find room.
    ///
    /// Errors: [`Barred`].
    pub(crate) fn may_execute(&self) -> Result<(), Barred> {
        self.settled()?;
        let running = self.mirror.look(|mirror| mirror.running().count());
        let asked = self
            .board
            .look(|buffer| (buffer.may_execute(), buffer.room()));
        match (asked, running) {
            (Some((true, room)), Some(running)) if room > running => Ok(()),
            (Some((true, _)), Some(_)) => Err(Barred::Full),
            (Some((false, _)), _) => Err(Barred::Outage),
            (None, _) | (_, None) => Err(Barred::Unknown),
        }
    }

    /// The block as of which outputs are passed on.
    ///
    /// Errors: [`Barred::Unknown`].
    pub(crate) fn settled(&self) -> Result<Head, Barred> {
        let seen = *self.seen.lock();
        seen.map(|(settled, _)| settled).ok_or(Barred::Unknown)
    }

    /// Seals an output and hands it to the buffer; whether it may be handed in on chain now.
    ///
    /// Errors: it cannot be sealed.
    pub(crate) async fn takes(
        &self,
        of: Execution,
        since: u64,
        output: B256,
        bytes: &[u8],
    ) -> Result<bool, VaultError> {
        let held = self.board.look(|buffer| buffer.entry_of(&of)).flatten();
        match held {
            Some(held) if (held.since, held.output) == (since, output) => {
                return Ok(held.reached == Reached::Sent);
            }
            _ => {}
        }
        self.vault.put(Kind::Output, &name(&of, output), bytes)?;
        let seen = *self.seen.lock();
        if let (Some((_, at)), Some(())) = (seen, self.board.look(|_| ())) {
            let event = escrow_buffer::Event::Delivered {
                execution: of,
                since,
                output,
                at,
            };
            // A host that is gone takes nothing: it is handed in again.
            let _ = self.inlet.send(event).await;
        }
        Ok(false)
    }
}

/// The part.
pub struct Escrow<P> {
    provider: P,
    section: Section,
    depth_blocks: u64,
    city: City,
    stopper: Arc<dyn Stopper>,
    gate: Gate,
    inlet: Inlet<escrow_buffer::Event>,
    exchange: Exchange,
    learnt: Mutex<Learnt>,
    bounds: Bounds,
    /// The router, which is made after it.
    router: OnceLock<Arc<Routing<P>>>,
}

// A provider's address may carry a key.
impl<P> fmt::Debug for Escrow<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Escrow")
            .field("section", &self.section)
            .finish_non_exhaustive()
    }
}

/// What it need not ask or tell twice. It lets nothing go on, and is learnt anew after a restart.
#[derive(Debug, Default)]
struct Learnt {
    /// The epochs of missions, and the thresholds of epochs: neither changes.
    epochs: BTreeMap<B256, u64>,
    thresholds: BTreeMap<u64, Millis>,
    /// The stop that the operator's file named too early, and still names.
    too_early: Option<u64>,
    /// Missions that were told to have been open in the last outage.
    struck: BTreeSet<(u64, B256)>,
    /// Which output is asked about next.
    turns: Turns,
    /// When the vault was looked at last, and up to which mission.
    swept: Option<Moment>,
    asked: Option<B256>,
}

/// Beside whom a buffer works.
#[derive(Debug)]
pub struct Neighbours {
    /// The mirror, which knows what runs.
    pub mirror: Board<FreezeMirror>,
    /// Stops what runs.
    pub stopper: Arc<dyn Stopper>,
    /// Where outputs are sealed.
    pub vault: Arc<Vault>,
    /// Where they work.
    pub city: City,
    /// Who says that the chain stood still.
    pub monitor: Monitor,
}

impl<P: Provider> Escrow<P> {
    /// Holds nothing yet, and what the router asks. It works once it [knows the router](Self::meets).
    ///
    /// Errors: [`ExchangeError`].
    pub fn new(
        section: Section,
        provider: P,
        depth_blocks: u64,
        beside: Neighbours,
    ) -> Result<(Self, Gate), ExchangeError> {
        let (sender, inlet) = Inlet::new(INLET_MAX);
        let gate = Gate {
            board: Board::default(),
            mirror: beside.mirror,
            inlet: sender,
            vault: beside.vault,
            seen: Arc::default(),
        };
        let (board, mirror) = (gate.board.clone(), gate.mirror.clone());
        let exchange = Exchange::open(&section, beside.monitor, board, mirror)?;
        let part = Self {
            provider,
            section,
            depth_blocks,
            city: beside.city,
            stopper: beside.stopper,
            gate: gate.clone(),
            inlet,
            exchange,
            learnt: Mutex::default(),
            bounds: Bounds::usual(),
            router: OnceLock::new(),
        };
        Ok((part, gate))
    }

    /// The router through which outputs are handed in. The first one that it is told stays.
    pub fn meets(&self, router: Arc<Routing<P>>) {
        // There is one router in a keeper.
        let _ = self.router.set(router);
    }

    fn router(&self) -> Result<&Routing<P>, String> {
        let known = self.router.get().map(|router| &**router);
        known.ok_or_else(|| "no router hands outputs in here".to_owned())
    }

    /// Whether the operator's file names the stop that waits. A word that lay there before the chain worked again is no review of what became
    /// of it: it is taken away, and counts no more. Where it cannot be taken away it counts when it was away, or another, meanwhile. `newest` is
    /// `None` where no endpoint says it.
    fn operator_says(&self, stop: u64, newest: Option<Head>) -> bool {
        let file = &self.section.authorise_file;
        let said = fs::read_to_string(file).unwrap_or_default();
        let mut learnt = self.learnt.lock();
        if said.trim().parse() != Ok(stop) {
            learnt.too_early = None;
            return false;
        }
        let is_over = self.gate.board.look(|buffer| match newest {
            Some(newest) => buffer.is_over_by(newest),
            None => buffer.answerable_from().is_some(),
        });
        let is_early = is_over != Some(true) || learnt.too_early == Some(stop);
        if is_early {
            let gone = fs::remove_file(file);
            learnt.too_early = gone.is_err().then_some(stop);
            tracing::warn!(
                stop,
                ?gone,
                "{} named the stop while the chain stood still, which counts for nothing: write it when blocks came and the missions were reviewed",
                file.display()
            );
        }
        !is_early
    }

    /// Who lets a stopped keeper go on, if anybody does.
    async fn authorised(&self, stop: u64, newest: Head) -> Result<Option<Authority>, String> {
        if self.operator_says(stop, Some(newest)) {
            return Ok(Some(Authority::Operator));
        }
        // What the panel said before the outage was over ended an earlier one.
        let from = self
            .gate
            .board
            .look(EscrowBuffer::answerable_from)
            .flatten();
        let Some(from) = from else {
            return Ok(None);
        };
        let filter = Filter::new()
            .address(self.city.at(Peer::Guardian))
            .event_signature(DegradedExited::SIGNATURE_HASH)
            .from_block(from)
            .to_block(newest.number);
        let logs = self.provider.get_logs(&filter).await;
        let logs = logs.map_err(|error| error.to_string())?;
        let said = logs
            .iter()
            .filter_map(|log| log.log_decode::<DegradedExited>().ok());
        let mut missions = said.map(|log| log.inner.missionId);
        // Of a mission that is mirrored here: nobody else's outage was ours.
        let is_known = |mission: &B256| {
            let known = self.gate.mirror.look(|mirror| mirror.is_known(*mission));
            known.unwrap_or_default()
        };
        let mission = missions.find(is_known);
        Ok(mission.map(|mission| Authority::Panel {
            mission,
            at: newest,
        }))
    }

    /// How long an outage may last by the law of the missions that are watched: the shortest of theirs, or of the city where there are
    /// none. `None` when the machine knows it.
    async fn threshold(&self, at: Head) -> Result<Option<Millis>, String> {
        let block = BlockId::hash(at.hash);
        let missions = self.missions();
        let unknown = |mission: &&B256| !self.learnt.lock().epochs.contains_key(*mission);
        let new: Vec<B256> = missions.iter().filter(unknown).copied().collect();
        let collaboration = ICollaboration::new(self.city.at(Peer::Collaboration), &self.provider);
        for mission in new {
            let found = collaboration.mission(mission).block(block).call().await;
            let epoch = found.map_err(|error| error.to_string())?.epoch;
            self.learnt.lock().epochs.insert(mission, epoch);
        }
        let mut epochs: BTreeSet<u64> = {
            let mut learnt = self.learnt.lock();
            learnt
                .epochs
                .retain(|mission, _| missions.contains(mission));
            learnt.epochs.values().copied().collect()
        };
        if epochs.is_empty() {
            let constitution = IConstitution::new(self.city.constitution, &self.provider);
            let epoch = constitution.epoch().block(block).call().await;
            epochs.insert(epoch.map_err(|error| error.to_string())?);
        }
        let mut least: Option<Millis> = None;
        for epoch in epochs {
            let known = self.learnt.lock().thresholds.get(&epoch).copied();
            let threshold = match known {
                Some(known) => known,
                None => {
                    let id = ParameterId::DegradedModeThresholdMs;
                    let values = self
                        .city
                        .values(&self.provider, block, epoch, &[id])
                        .await?;
                    let threshold = Millis::new(values.of(id).into());
                    self.learnt.lock().thresholds.insert(epoch, threshold);
                    threshold
                }
            };
            least = Some(least.map_or(threshold, |least| least.min(threshold)));
        }
        let told = self.gate.board.look(EscrowBuffer::threshold_told).flatten();
        Ok(least.filter(|_| told != least))
    }

    /// Missions that the mirror watches.
    fn missions(&self) -> BTreeSet<B256> {
        let missions = self
            .gate
            .mirror
            .look(|mirror| mirror.known_missions().collect());
        missions.unwrap_or_default()
    }

    /// Missions that were open in the last outage, as far as that was not told, while a word about it counts.
    fn struck(&self, newest: Head) -> Vec<(Outage, B256)> {
        let outage = self.gate.board.look(EscrowBuffer::outage).flatten();
        let counts =
            |outage: &Outage| newest.time.get() <= outage.until.saturating_add(GOOD_FOR_SECS);
        let Some(outage) = outage.filter(counts) else {
            return Vec::new();
        };
        let mut learnt = self.learnt.lock();
        learnt.struck.retain(|(block, _)| *block == outage.block);
        let missions = self.missions().into_iter();
        let new = missions.filter(|mission| learnt.struck.insert((outage.block, *mission)));
        new.map(|mission| (outage, mission)).collect()
    }

    /// One round. The block is told first: whatever else is asked, however slow the answers are, the chain does not look as if it stood still.
    async fn round(&self, asked: Moment, feed: &Feed) {
        match within(programs::heads(&self.provider, self.depth_blocks)).await {
            Ok(heads) => {
                self.learn(heads, asked, feed).await;
            }
            Err(cause) => {
                tracing::warn!("the chain does not say its newest block: {cause}");
                // A word that counts waits for a round in which it is told.
                if let Some(stop) = self.gate.board.look(EscrowBuffer::stopped).flatten() {
                    self.operator_says(stop, None);
                }
                self.tick(asked, feed).await;
            }
        }
    }

    /// What follows from the heads. Each answer counts for itself. False when the host is gone.
    async fn learn(&self, heads: [Head; 2], asked: Moment, feed: &Feed) -> bool {
        let tell = |event| feed.tell(Event::Escrow(event));
        let [head, settled] = heads;
        let block = escrow_buffer::Event::Block { head, at: asked };
        if !tell(block).await || !self.tick(asked, feed).await {
            return false;
        }
        *self.gate.seen.lock() = Some((settled, asked));
        match within(self.threshold(head)).await {
            Ok(None) => {}
            Ok(Some(millis)) => {
                if !tell(escrow_buffer::Event::Threshold { millis, at: head }).await {
                    return false;
                }
            }
            Err(cause) => {
                tracing::warn!("the chain does not say how long an outage may last: {cause}");
            }
        }
        if !self.ask_in_turn(heads, feed).await {
            return false;
        }
        if let Some(stop) = self.gate.board.look(EscrowBuffer::stopped).flatten() {
            match within(self.authorised(stop, head)).await {
                Ok(None) => {}
                Ok(Some(by)) => {
                    if !tell(escrow_buffer::Event::Authorised { by, stop }).await {
                        return false;
                    }
                }
                Err(cause) => {
                    tracing::warn!(
                        stop,
                        "the chain does not say whether the panel ended it: {cause}"
                    );
                }
            }
        }
        for (outage, mission) in self.struck(head) {
            if !tell(escrow_buffer::Event::Struck { outage, mission }).await {
                return false;
            }
        }
        if !feed.reached(head.number).await {
            return false;
        }
        self.sweep_if_due(asked, settled).await;
        true
    }

    /// Tells that time passed, where that matters. False when the host is gone.
    async fn tick(&self, asked: Moment, feed: &Feed) -> bool {
        let wants_time = self.gate.board.look(EscrowBuffer::wants_time);
        if !wants_time.unwrap_or_default() {
            return true;
        }
        let tick = escrow_buffer::Event::Tick { at: asked };
        feed.tell(Event::Escrow(tick)).await
    }

    // ------------------------------------------------------------------ the vault

    async fn sweep_if_due(&self, asked: Moment, settled: Head) {
        let swept = self.learnt.lock().swept;
        if swept.is_some_and(|swept| asked.since(swept) < SWEEP_PAUSE) {
            return;
        }
        match within(self.sweep(settled)).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "outputs of missions that ended left the vault"),
            Err(cause) => tracing::warn!("what lies in the vault could not be looked at: {cause}"),
        }
        self.learnt.lock().swept = Some(asked);
    }

    /// Takes outputs away that nobody needs: those that the buffer does not hold, of missions that ended so long ago as of a block that
    /// counts as final.
    async fn sweep(&self, settled: Head) -> Result<usize, String> {
        let vault = &self.gate.vault;
        let sealed = Sealed::read(vault).map_err(|error| error.to_string())?;
        let missions = sealed.missions(self.learnt.lock().asked);
        let collaboration = ICollaboration::new(self.city.at(Peer::Collaboration), &self.provider);
        let kept = self.section.retention_days.saturating_mul(DAY_SECS);
        let mut ended = BTreeSet::new();
        for mission in missions {
            let asked = collaboration
                .mission(mission)
                .block(BlockId::hash(settled.hash));
            let found = asked.call().await.map_err(|error| error.to_string())?;
            let state = MissionState::from_u8(found.state as u8);
            let over_at = found.since.to::<u64>().saturating_add(kept);
            if state.is_some_and(MissionState::is_terminal) && over_at <= settled.time.get() {
                ended.insert(mission);
            }
            self.learnt.lock().asked = Some(mission);
        }
        // Of which machine no answer can be had holds everything.
        let held = |of: &Execution, output| {
            let held = self.gate.board.look(|buffer| {
                let mut held = buffer.held();
                held.any(|one| one == (*of, output))
            });
            held.unwrap_or(true)
        };
        let purged = sealed.purge(vault, &ended, held);
        purged.map_err(|error| error.to_string())
    }

    // ------------------------------------------------------------------ actions

    /// Has a mission degraded, if another monitor says so too.
    async fn declare(&self, mission: B256, outage: Outage) -> Result<Step, String> {
        let own = self.exchange.own(mission, outage);
        let own = own.map_err(|error| error.to_string())?;
        let others = self.exchange.others(mission).await;
        let at = programs::head(&self.provider).await?;
        let needs = outage::declaration(&self.provider, &self.city, &own, &others, at);
        Ok(match needs.await? {
            Declaration::Call(call) => Step::Call(call),
            Declaration::Satisfied => Step::Ended(Outcome::Satisfied),
            Declaration::Refused(cause) => Step::Ended(Outcome::Refused { cause }),
            Declaration::Waits(why) => {
                tracing::info!(%mission, "the outage is not declared yet: {why}");
                Step::Later
            }
        })
    }

    /// Stops everything that runs here: the outage lasted too long. All at once, so one that does not let itself be stopped keeps no other going;
    /// and again at every look until a human lets this keeper go on, since what was asked for just before may begin just after.
    async fn stop_all(&self, stop: u64) -> Result<Step, String> {
        match self.gate.board.look(EscrowBuffer::stopped) {
            Some(in_force) if in_force == Some(stop) => {}
            Some(_) => return Ok(Step::Ended(Outcome::Satisfied)),
            None => return Err("the buffer does not work here".to_owned()),
        }
        let running = self
            .gate
            .mirror
            .look(|mirror| mirror.running().copied().collect());
        let running: Vec<Execution> = running.unwrap_or_default();
        let ended = join_all(running.iter().map(|execution| self.halt(execution)));
        let ended: Result<(), String> = ended.await.into_iter().collect();
        ended.map(|()| Step::Later)
    }

    async fn halt(&self, execution: &Execution) -> Result<(), String> {
        // What is sealed stays so: the chain may hold its seal.
        if self.stopper.is_at_rest(execution).await {
            return Ok(());
        }
        match self.stopper.stop(execution).await {
            Ok(_) => {
                tracing::warn!(%execution, "stopped: the chain stood still for too long");
                Ok(())
            }
            Err(StopError::Unknown) => Ok(()),
            Err(error) => Err(format!("{execution}: {error}")),
        }
    }

    async fn carry(&self, action: escrow_buffer::Action, asking: Asking) -> Result<Step, String> {
        match action {
            escrow_buffer::Action::Submit {
                execution, output, ..
            } => {
                let has = self
                    .router()?
                    .has(&execution, output, BlockId::latest())
                    .await?;
                if !matches!(has, Has::Nothing) {
                    return Ok(Step::Ended(Outcome::Satisfied));
                }
                Ok(
                    match self.router()?.outlook(&execution, asking.payer).await? {
                        // The router sends it with its other results.
                        Outlook::Open => Step::Later,
                        Outlook::Done => Step::Ended(Outcome::Satisfied),
                        Outlook::Halted => Step::Ended(Outcome::Reported {
                            report: "its mission is halted: it is kept".to_owned(),
                        }),
                        Outlook::Refused(cause) => Step::Ended(Outcome::Refused { cause }),
                    },
                )
            }
            escrow_buffer::Action::Release {
                execution, output, ..
            } => {
                let sealed = self.gate.vault.get(Kind::Output, &name(&execution, output));
                let bytes = sealed.map_err(|error| error.to_string())?;
                self.router()?.released(output, bytes.into()).await;
                Ok(Step::Ended(Outcome::Reported {
                    report: format!("released {output:#x}"),
                }))
            }
            escrow_buffer::Action::Fault { execution, .. } => {
                match self.router()?.expiry(&execution, asking.payer).await? {
                    Some(call) => Ok(Step::Call(call)),
                    None => Ok(Step::Ended(Outcome::Satisfied)),
                }
            }
            escrow_buffer::Action::Stop { stop } => self.stop_all(stop).await,
            escrow_buffer::Action::Declare { mission, outage } => {
                self.declare(mission, outage).await
            }
            escrow_buffer::Action::Alert { .. } => Ok(Step::Later),
        }
    }
}

impl<P: Provider + 'static> Part for Escrow<P> {
    fn stream(&self) -> &str {
        STREAM
    }

    fn machine(
        &self,
        state: Option<&str>,
        _: bool,
    ) -> Result<Box<dyn Machine + Send>, serde_json::Error> {
        let rules = self.section.rules();
        // What an earlier holder saw of the chain is nothing that this one saw.
        *self.gate.seen.lock() = None;
        *self.learnt.lock() = Learnt::default();
        Ok(self.gate.board.show(match state {
            Some(state) => EscrowBuffer::resume(rules, state)?,
            None => EscrowBuffer::new(rules),
        }))
    }

    // A round lasts as long as its pause: it waits at the inlet.
    fn pause(&self) -> Duration {
        Duration::ZERO
    }

    fn observe(self: Arc<Self>, asked: Moment, feed: Feed) -> Task<()> {
        Box::pin(async move {
            self.exchange.serve();
            let rest = Duration::from_secs(self.section.poll_secs);
            tokio::select! {
                () = self.inlet.forward(&feed, Event::Escrow) => {}
                () = async { self.round(asked, &feed).await; tokio::time::sleep(rest).await } => {}
            }
        })
    }

    fn is_urgent(&self, action: &Action) -> bool {
        matches!(action, Action::Escrow(escrow_buffer::Action::Stop { .. }))
    }

    fn at_once(&self, action: &Action) -> Option<Outcome> {
        let Action::Escrow(escrow_buffer::Action::Alert { text, .. }) = action else {
            return None;
        };
        tracing::warn!("{text}");
        Some(Outcome::Told)
    }

    fn carry_out(self: Arc<Self>, action: Action, asking: Asking) -> Task<Result<Step, String>> {
        Box::pin(async move {
            match action {
                Action::Escrow(action) => self.carry(action, asking).await,
                _ => Ok(Step::Later),
            }
        })
    }
}

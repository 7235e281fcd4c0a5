//! The escrow buffer at work: outputs of served agents lie sealed until the chain has them for good, and when the chain stands still
//! nothing is handed in or begun (seed B.11.5).
//!
//! The router hands outputs in, and asks here whether it may ([`Gate`]); what is handed in goes with its other results in one transaction. This
//! part looks what the chain has of each, at the newest block and at one that counts as final, and what would become of one that is out.

use std::{
    fmt, fs,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use agentcity_abi::IGuardian::DegradedExited;
use agentcity_domain::{parameter::ParameterId, time::Millis};
use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256},
    providers::Provider,
    rpc::types::Filter,
    sol_types::SolEvent,
};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::mpsc;

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
    executor::arrest::{StopError, Stopper},
    machine::{
        Machine,
        escrow_buffer::{self, Authority, EscrowBuffer, Held, Pace, Reached, Rules},
        freeze_mirror::FreezeMirror,
    },
    operations::metrics::metrics,
    source::programs,
    vault::{Kind, Vault, VaultError},
};

/// The stream of the buffer.
pub const STREAM: &str = "escrow-buffer";
/// Outputs that wait for the host: more wait with the router.
const INLET_MAX: usize = 256;
/// Shortest and longest pause between two looks, in seconds: an outage is noticed as late as that.
const POLL_SECS: std::ops::RangeInclusive<u64> = 1..=60;
/// Shortest and longest silence that is an outage, in seconds: a sequencer pauses for seconds, and the law's shortest threshold is a minute.
const SILENCE_SECS: std::ops::RangeInclusive<u64> = 10..=3_600;

/// Section `escrow` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// How blocks come.
    #[serde(default)]
    blocks: Blocks,
    /// Silence that is an outage.
    #[serde(default = "default_silence_secs")]
    silence_secs: u64,
    /// `degradedModeThresholdMs` of the city: an outage that lasts longer stops everything.
    #[serde(default = "default_threshold_ms")]
    threshold_ms: u32,
    /// Pause between two looks at the chain.
    #[serde(default = "default_poll_secs")]
    poll_secs: u64,
    /// File into which the operator writes the number of the stop that is to end, where no panel can.
    authorise_file: PathBuf,
}

/// How blocks come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Blocks {
    /// With transactions, as Arbitrum's do.
    #[default]
    OnDemand,
    /// By themselves.
    Steady,
}

const fn default_silence_secs() -> u64 {
    60
}

const fn default_threshold_ms() -> u32 {
    ParameterId::DegradedModeThresholdMs.row().default
}

const fn default_poll_secs() -> u64 {
    2
}

/// Why the section cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("escrow.{key} = {given} is not within {least}..={most}")]
pub struct SectionError {
    /// Which key.
    pub key: &'static str,
    /// What it says.
    pub given: u64,
    /// At least.
    pub least: u64,
    /// At most.
    pub most: u64,
}

impl Section {
    /// Errors: [`SectionError`].
    pub fn check(&self) -> Result<(), SectionError> {
        let row = ParameterId::DegradedModeThresholdMs.row();
        let threshold = u64::from(row.min)..=u64::from(row.max);
        for (key, given, within) in [
            ("silence_secs", self.silence_secs, SILENCE_SECS),
            ("threshold_ms", self.threshold_ms.into(), threshold),
            ("poll_secs", self.poll_secs, POLL_SECS),
        ] {
            if !within.contains(&given) {
                let (least, most) = (*within.start(), *within.end());
                return Err(SectionError {
                    key,
                    given,
                    least,
                    most,
                });
            }
        }
        Ok(())
    }

    const fn rules(&self) -> Rules {
        let silence = Millis::new(self.silence_secs * 1_000);
        Rules {
            pace: match self.blocks {
                Blocks::OnDemand => Pace::OnDemand(silence),
                Blocks::Steady => Pace::Steady(silence),
            },
            threshold: Millis::new(self.threshold_ms as u64),
        }
    }
}

/// What the buffer forbids now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    /// This keeper has not looked at the chain since it took over.
    #[error("the chain has not said yet what it has of the outputs that are held here")]
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

/// Under which name an output is sealed.
fn name(of: &Execution, output: B256) -> String {
    let Execution {
        mission,
        node,
        attempt,
        agent,
    } = of;
    format!("{agent:x}-{mission:x}-{node}-{attempt}-{output:x}")
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
    guardian: Address,
    stopper: Arc<dyn Stopper>,
    gate: Gate,
    inlet: Inlet<escrow_buffer::Event>,
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

/// Beside whom a buffer works.
#[derive(Debug)]
pub struct Neighbours {
    /// The mirror, which knows what runs.
    pub mirror: Board<FreezeMirror>,
    /// Stops what runs.
    pub stopper: Arc<dyn Stopper>,
    /// Where outputs are sealed.
    pub vault: Arc<Vault>,
    /// The city's contract of this name.
    pub guardian: Address,
}

impl<P: Provider> Escrow<P> {
    /// Holds nothing yet, and what the router asks. It works once it [knows the router](Self::meets).
    pub fn new(
        section: Section,
        provider: P,
        depth_blocks: u64,
        beside: Neighbours,
    ) -> (Self, Gate) {
        let (sender, inlet) = Inlet::new(INLET_MAX);
        let gate = Gate {
            board: Board::default(),
            mirror: beside.mirror,
            inlet: sender,
            vault: beside.vault,
            seen: Arc::default(),
        };
        let part = Self {
            provider,
            section,
            depth_blocks,
            guardian: beside.guardian,
            stopper: beside.stopper,
            gate: gate.clone(),
            inlet,
            router: OnceLock::new(),
        };
        (part, gate)
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

    /// What the chain has of what is held, as of both blocks.
    async fn look(
        &self,
        [newest, settled]: [Head; 2],
    ) -> Result<Vec<escrow_buffer::Event>, String> {
        let held: Vec<Held> = self
            .gate
            .board
            .look(|buffer| buffer.entries().collect())
            .unwrap_or_default();
        let last = held
            .iter()
            .filter(|one| one.refused >= escrow_buffer::RETRIES.len());
        let outputs = (held.len() as u64, last.count() as u64);
        *metrics().outputs.lock() = Some(outputs);
        let router = self.router()?;
        let mut events = Vec::new();
        for one in held {
            let execution = one.execution;
            let now = router
                .has(&execution, one.output, BlockId::hash(newest.hash))
                .await?;
            match (now, one.reached) {
                (Has::Seat | Has::Node, Reached::Waits | Reached::Sent) => {
                    events.push(escrow_buffer::Event::Confirmed {
                        execution,
                        at: newest,
                    });
                }
                (Has::Nothing, Reached::Confirmed) => {
                    events.push(escrow_buffer::Event::Withdrawn {
                        execution,
                        at: newest,
                    });
                }
                _ => {}
            }
            match router
                .has(&execution, one.output, BlockId::hash(settled.hash))
                .await?
            {
                Has::Node if one.reached != Reached::Settled => {
                    events.push(escrow_buffer::Event::Settled {
                        execution,
                        at: settled,
                    });
                }
                Has::Never(cause) => events.push(escrow_buffer::Event::Refuted {
                    execution,
                    at: settled,
                    cause,
                }),
                Has::Nothing | Has::Seat | Has::Node => {}
            }
        }
        Ok(events)
    }

    /// Who lets a stopped keeper go on, if anybody does.
    async fn authorised(&self, stop: u64, newest: Head) -> Result<Option<Authority>, String> {
        let said = fs::read_to_string(&self.section.authorise_file).unwrap_or_default();
        if said.trim().parse() == Ok(stop) {
            return Ok(Some(Authority::Operator));
        }
        // What the panel said before the last block that was seen ended an earlier outage.
        let seen = self.gate.board.look(EscrowBuffer::last_block).flatten();
        let from = seen.map_or(newest.number, |head| head.number.saturating_add(1));
        let filter = Filter::new()
            .address(self.guardian)
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

    async fn round(&self, asked: Moment, feed: &Feed) {
        let tell = |event| feed.tell(Event::Escrow(event));
        let looked = within(async {
            let heads = self.heads().await?;
            let stop = self.gate.board.look(EscrowBuffer::stopped).flatten();
            let authority = match stop {
                Some(stop) => self.authorised(stop, heads[0]).await?.map(|by| (by, stop)),
                None => None,
            };
            Ok((heads, self.look(heads).await?, authority))
        });
        match looked.await {
            Ok(([newest, settled], events, authority)) => {
                let block = escrow_buffer::Event::Block {
                    head: newest,
                    at: asked,
                };
                if !tell(block).await {
                    return;
                }
                for event in events {
                    if !tell(event).await {
                        return;
                    }
                }
                if let Some((by, stop)) = authority
                    && !tell(escrow_buffer::Event::Authorised { by, stop }).await
                {
                    return;
                }
                *self.gate.seen.lock() = Some((settled, asked));
                feed.reached(newest.number).await;
            }
            Err(cause) => tracing::warn!("the chain does not say what it has of outputs: {cause}"),
        }
        let wants_time = self.gate.board.look(EscrowBuffer::wants_time);
        if wants_time.unwrap_or_default() {
            tell(escrow_buffer::Event::Tick { at: asked }).await;
        }
    }

    /// Stops everything that runs here: the outage lasted too long.
    async fn stop_all(&self) -> Result<Outcome, String> {
        let running = self
            .gate
            .mirror
            .look(|mirror| mirror.running().copied().collect());
        let running: Vec<Execution> = running.unwrap_or_default();
        for execution in &running {
            match self.stopper.stop(execution).await {
                Ok(_) | Err(StopError::Unknown) => {}
                Err(error) => return Err(format!("{execution}: {error}")),
            }
        }
        Ok(Outcome::Reported {
            report: format!("{} executors stopped", running.len()),
        })
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
            escrow_buffer::Action::Stop { .. } => self.stop_all().await.map(Step::Ended),
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
            let rest = Duration::from_secs(self.section.poll_secs);
            tokio::select! {
                () = self.inlet.forward(&feed, Event::Escrow) => {}
                () = async { self.round(asked, &feed).await; tokio::time::sleep(rest).await } => {}
            }
        })
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

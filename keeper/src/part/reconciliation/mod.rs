//! Reconciliation at work: looks where missions stand, compares at their boundaries, writes down what was found, reports and anchors.
//!
//! A comparison may take longer than an answer may: it goes on beside the host, which asks for it again. What it found is recorded
//! before anything follows. Before a report leaves, both sides are read once more as of the newest settled block: what a
//! reorganisation took away is reported by nobody.

mod entry;
mod section;
mod sources;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::Path,
    sync::Arc,
    time::Duration,
};

use agentcity_abi::IGuardian::{self, IGuardianErrors};
use agentcity_hub::{
    head::LogName,
    store::{Log, LogError, Settings},
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, U256},
    providers::Provider,
    rpc::types::TransactionRequest,
    sol_types::{SolCall, SolInterface},
};
use parking_lot::Mutex;
use tokio::{task::JoinHandle, time::Instant};

use self::section::MISSIONS_MAX;
pub use self::{
    entry::payload,
    section::{Section, SectionError},
    sources::{Fabric, Sources},
};
use super::{Asking, CityChain, Feed, Part, RaiseError, Step, Task, finder::Finder, within};
use crate::{
    action::{Action as Wanted, Outcome},
    clock::Moment,
    config::{Config, ConfigError, LogConfig},
    event::{Event as Happened, Head},
    executor::endpoint::Call,
    journal::ActionKey,
    machine::{
        Machine,
        missions::{self, Watched},
        reconciliation::{Action, COVERED, Event, Finding, GONE, Phase, Reconciliation},
    },
    source::{agreed::Agreed, city::City, onchain::Stand},
};

/// The stream of reconciliation.
pub const STREAM: &str = "reconciliation";
/// How long a look at what goes on beside the host waits for it: less than the host waits for an answer.
const PATIENT_FOR: Duration = Duration::from_secs(5);
/// After so many looks a standing is told again though nothing changed: what was not taken the first time is taken then.
const LOOKS_SILENT: u32 = 6;

/// The part.
pub struct Reconciling<P> {
    sources: Arc<Sources<P>>,
    section: Section,
    /// Where it finds its missions, unless it is told all of them.
    found: Option<Finder>,
    /// Whose turn it is, where there are more missions than a round looks at.
    turn: Mutex<usize>,
    log: Arc<Mutex<Log>>,
    jobs: Mutex<HashMap<ActionKey, JoinHandle<Result<Step, String>>>>,
    seen: Mutex<Seen>,
}

/// What was told, and since when a log is late. Nothing is decided by it.
#[derive(Debug, Default)]
struct Seen {
    told: BTreeMap<B256, (Stand, u32)>,
    late: BTreeMap<B256, Instant>,
}

impl<P> fmt::Debug for Reconciling<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconciling")
            .field("sources", &self.sources)
            .field("section", &self.section)
            .finish_non_exhaustive()
    }
}

/// The part, in the name of `author`, whose log is compared.
///
/// Errors: [`RaiseError`].
pub(super) fn raise<P: Provider + Clone + 'static>(
    config: &Config,
    section: &Section,
    author: Address,
    (city, chain, agreed): (City, Arc<CityChain>, Agreed<P>),
    fabric: Option<Arc<dyn Fabric>>,
) -> Result<Arc<dyn Part>, RaiseError> {
    let mut sources = Sources::of(config, &city, agreed)?;
    if let Some(fabric) = fabric {
        sources = sources.with_fabric(fabric);
    }
    let kept = config.log.as_ref();
    let kept = kept.ok_or(SectionError::Needs("the [log] that is compared"));
    let kept = kept.map_err(ConfigError::from)?;
    let name = LogName {
        chain_id: city.chain_id,
        author,
    };
    let log = Arc::new(Mutex::new(open(kept, &kept.file, name)?));
    let part = Reconciling::new(sources, section.clone(), log);
    Ok(Arc::new(part.following(chain, city)))
}

/// A connection of its own to the log that the keeper keeps: the store takes turns.
fn open(kept: &LogConfig, file: &Path, name: LogName) -> Result<Log, LogError> {
    let settings = Settings {
        redactor: Box::new(kept.redaction.clone()),
        retention: kept.retention,
        mirrors: kept.mirrors.keys().copied().collect(),
    };
    Log::open(file, name, settings)
}

impl<P: Provider + 'static> Reconciling<P> {
    /// Compares by `sources` what `section` names, and writes what it finds into `log`.
    pub fn new(sources: Sources<P>, section: Section, log: Arc<Mutex<Log>>) -> Self {
        Self {
            sources: Arc::new(sources),
            section,
            found: None,
            turn: Mutex::default(),
            log,
            jobs: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    /// Finds its missions in the logs of the city, those that its section names or all.
    #[must_use]
    pub fn following(mut self, chain: Arc<CityChain>, city: City) -> Self {
        self.found = Some(Finder::new(chain, city));
        self
    }

    /// The missions of one look: all in turn, so many at a time.
    fn missions(&self, watched: &[Watched]) -> Vec<B256> {
        let named = self.section.missions();
        if self.found.is_none() {
            return named.to_vec();
        }
        let chosen = |mission: &B256| named.is_empty() || named.contains(mission);
        let mut all: Vec<B256> = watched.iter().map(|one| one.mission).collect();
        all.retain(chosen);
        {
            let mut seen = self.seen.lock();
            // What is over is not looked at again.
            seen.told.retain(|mission, _| all.contains(mission));
            seen.late.retain(|mission, _| all.contains(mission));
        }
        let mut turn = self.turn.lock();
        let first = if *turn < all.len() { *turn } else { 0 };
        all.rotate_left(first);
        all.truncate(MISSIONS_MAX);
        *turn = first.saturating_add(all.len());
        all
    }

    async fn round(&self, asked: Moment, mut feed: Feed) {
        let watched = feed.watched();
        if let Some(found) = &self.found
            && !found.follow(asked, &mut feed, missions::tells).await
        {
            return;
        }
        let at = match within(self.sources.settled()).await {
            Ok(at) => at,
            Err(cause) => return tracing::warn!("no mission is compared: {cause}"),
        };
        for mission in self.missions(&watched) {
            let Some(event) = self.look(mission, at, asked).await else {
                continue;
            };
            if !feed.tell(event).await {
                return;
            }
        }
        if self.found.is_none() {
            feed.reached(at.number).await;
        }
    }

    async fn look(&self, mission: B256, at: Head, asked: Moment) -> Option<Happened> {
        let stand = match within(self.sources.stand(mission, at)).await {
            Ok(stand) => stand,
            Err(cause) => {
                // One that a log told of just now is not settled yet.
                tracing::info!(%mission, "where it stands is not known: {cause}");
                return None;
            }
        };
        {
            let mut seen = self.seen.lock();
            let looks = match seen.told.get(&mission) {
                Some((told, looks)) if *told == stand && *looks < LOOKS_SILENT => {
                    looks.saturating_add(1)
                }
                _ => 0,
            };
            seen.told.insert(mission, (stand, looks));
            if looks > 0 {
                return None;
            }
        }
        Some(Happened::Reconciliation(Event::Stood {
            mission,
            at,
            state: stand.state,
            paused: stand.paused,
            reconciled: stand.reconciled,
            asked,
        }))
    }

    /// What was found as of the newest settled block; nothing while the log may only be late.
    async fn found(
        &self,
        mission: B256,
        phase: Phase,
        at: Head,
    ) -> Result<Option<Finding>, String> {
        let finding = self.sources.compare(mission, phase, at).await?;
        let mut seen = self.seen.lock();
        if finding.ahead == 0 {
            seen.late.remove(&mission);
            return Ok(Some(finding));
        }
        let since = *seen.late.entry(mission).or_insert_with(Instant::now);
        if since.elapsed() < self.section.patience() {
            tracing::info!(%mission, lacks = finding.ahead, "the log is not fed as far as the chain: waiting");
            return Ok(None);
        }
        Ok(Some(finding))
    }

    async fn compare(&self, mission: B256, phase: Phase) -> Result<Step, String> {
        let at = self.sources.settled().await?;
        let Some(finding) = self.found(mission, phase, at).await? else {
            return Ok(Step::Later);
        };
        let report = serde_json::to_string(&finding).map_err(|error| error.to_string())?;
        Ok(Step::Ended(Outcome::Reported { report }))
    }

    async fn report(
        &self,
        mission: B256,
        phase: Phase,
        evidence: B256,
        payer: Address,
    ) -> Result<Step, String> {
        let newest = self.sources.newest().await?;
        if self.sources.is_reported(mission, evidence, newest).await? {
            return Ok(Step::Ended(Outcome::Satisfied));
        }
        if self.sources.stand(mission, newest).await?.paused {
            return Ok(reported(COVERED));
        }
        let at = self.sources.settled().await?;
        let Some(finding) = self.found(mission, phase, at).await? else {
            return Ok(Step::Later);
        };
        if finding.passes() || finding.evidence() != evidence {
            return Ok(reported(GONE));
        }
        let call = IGuardian::reportDivergenceCall {
            missionId: mission,
            evidenceHash: evidence,
        };
        self.call(&call, payer, newest).await
    }

    async fn anchor(&self, mission: B256, root: B256, payer: Address) -> Result<Step, String> {
        let newest = self.sources.newest().await?;
        if self.sources.stand(mission, newest).await?.reconciled {
            return Ok(Step::Ended(Outcome::Satisfied));
        }
        let call = IGuardian::reconcileCall {
            missionId: mission,
            logRoot: root,
        };
        self.call(&call, payer, newest).await
    }

    /// The call, unless the guardian refuses it: asked beforehand, so that a refusal costs nothing and has a name.
    async fn call(&self, call: &impl SolCall, from: Address, at: Head) -> Result<Step, String> {
        let guardian = self.sources.members.guardian;
        let input = alloy::primitives::Bytes::from(call.abi_encode());
        let request = TransactionRequest::default()
            .from(from)
            .to(guardian)
            .input(input.clone().into());
        let ask = |provider| refusal(provider, request.clone(), at);
        let said = self.sources.agreed.vote("what the guardian says", ask);
        let said = said.await.map_err(|error| error.to_string())?;
        Ok(match said {
            Some(cause) => Step::Ended(Outcome::Refused { cause }),
            None => Step::Call(Call {
                to: guardian,
                value: U256::ZERO,
                input,
            }),
        })
    }

    async fn carry(&self, action: Action, payer: Option<Address>) -> Result<Step, String> {
        match action {
            Action::Compare { mission, phase, .. } => self.compare(mission, phase).await,
            Action::Enter { finding, .. } => self.enter(*finding).await,
            Action::Report {
                mission,
                phase,
                evidence,
                ..
            } => match payer {
                Some(payer) => self.report(mission, phase, evidence, payer).await,
                None => Ok(Step::Later),
            },
            Action::Anchor { mission, root, .. } => match payer {
                Some(payer) => self.anchor(mission, root, payer).await,
                None => Ok(Step::Later),
            },
            Action::Tell { .. } => Ok(Step::Later),
        }
    }

    async fn enter(&self, finding: Finding) -> Result<Step, String> {
        let log = Arc::clone(&self.log);
        let written = tokio::task::spawn_blocking(move || {
            let mut log = log.lock();
            let author = log.name().author;
            log.append(vec![entry::draft(&finding, author)])
        });
        match written.await.map_err(|error| error.to_string())? {
            Ok(_) => Ok(Step::Ended(Outcome::Satisfied)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Tries a call: nothing if it would do, otherwise why not.
async fn refusal<P: Provider>(
    provider: &P,
    request: TransactionRequest,
    at: Head,
) -> Result<Option<String>, String> {
    let asked = provider.call(request).block(BlockId::hash(at.hash)).await;
    let Err(error) = asked else {
        return Ok(None);
    };
    let said = error
        .as_error_resp()
        .and_then(|payload| payload.as_revert_data());
    match said {
        Some(said) => Ok(Some(match IGuardianErrors::abi_decode(&said) {
            Ok(refusal) => format!("{refusal:?}"),
            // Of a member behind it: the treasury's, for a monitor without credit for the bond.
            Err(_) => format!(
                "the guardian or the treasury refuses with {said}; has the monitor credit for the bond?"
            ),
        })),
        None => Err(error.to_string()),
    }
}

fn reported(how: &str) -> Step {
    Step::Ended(Outcome::Reported {
        report: how.to_owned(),
    })
}

impl<P: Provider + 'static> Part for Reconciling<P> {
    fn stream(&self) -> &str {
        STREAM
    }

    fn machine(
        &self,
        state: Option<&str>,
        _: bool,
    ) -> Result<Box<dyn Machine + Send>, serde_json::Error> {
        let machine = match state {
            Some(state) => Reconciliation::resume(state)?,
            None => Reconciliation::default(),
        };
        Ok(Box::new(match &self.found {
            Some(found) => machine.following(found.contracts()),
            None => machine,
        }))
    }

    fn pause(&self) -> Duration {
        self.section.pause()
    }

    fn takes_logs(&self) -> bool {
        self.found.is_some()
    }

    fn observe(self: Arc<Self>, asked: Moment, feed: Feed) -> Task<()> {
        Box::pin(async move { self.round(asked, feed).await })
    }

    fn at_once(&self, action: &Wanted) -> Option<Outcome> {
        let Wanted::Reconciliation(Action::Tell { mission, text, .. }) = action else {
            return None;
        };
        tracing::warn!(%mission, "{text}");
        Some(Outcome::Told)
    }

    fn carry_out(self: Arc<Self>, action: Wanted, asking: Asking) -> Task<Result<Step, String>> {
        Box::pin(async move {
            let key = action.key();
            let Wanted::Reconciliation(action) = action else {
                return Ok(Step::Later);
            };
            let known = self.jobs.lock().remove(&key);
            let mut job = known.unwrap_or_else(|| {
                let part = Arc::clone(&self);
                tokio::spawn(async move { part.carry(action, asking.payer).await })
            });
            match tokio::time::timeout(PATIENT_FOR, &mut job).await {
                Ok(Ok(step)) => step,
                Ok(Err(error)) => Err(format!("the comparison failed: {error}")),
                Err(_) => {
                    self.jobs.lock().insert(key, job);
                    Ok(Step::Later)
                }
            }
        })
    }
}

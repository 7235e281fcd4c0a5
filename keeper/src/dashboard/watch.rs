//! The task behind the dashboard: follows the city's logs, asks what only views say, and publishes what changed.
//!
//! It shares nothing with the host. When it fails it is begun anew, and what is shown meanwhile says so.

mod recall;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use agentcity_domain::machine::MissionState;
use alloy::{primitives::B256, providers::Provider};
use futures_util::future::join_all;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    alerts,
    events::{Subscribers, Taking},
    facts::{Asked, Facts, Law},
    gas::Gas,
    guard::Refusal,
    kept::Kept,
    metrics::{History, Sight, TABLE},
    mission::{self, Labels},
    picture::{Picture, window::Window},
    proof,
    sections::{self, NAMES, Unknown},
    wiring,
};
use crate::{
    clock::Clock,
    event::Head,
    library::Library,
    operations::metrics::metrics,
    source::{
        city::City,
        follow::{Change, Disposition, Doubt, Follower, Stretch},
    },
};

/// Pause between two rounds when there is nothing more to follow.
const ROUND: Duration = Duration::from_secs(1);
/// Shortest time between two publications.
const PUBLISH: Duration = Duration::from_secs(1);
/// Pause after a doubt, before it is asked again.
const DOUBT: Duration = Duration::from_secs(2);
/// Pause before a task that failed is begun anew.
const AGAIN: Duration = Duration::from_secs(10);
/// Pause between two looks at the documents.
const DOCUMENTS: Duration = Duration::from_secs(60);
/// Views of missions that one round asks.
const VIEWS_MAX: usize = 32;
/// Words of states that one round asks.
const WORDS_MAX: usize = 64;
/// Receipts that one round asks.
const RECEIPTS_MAX: usize = 32;
/// Epochs that one round asks.
const EPOCHS_MAX: usize = 4;
/// Laws that are kept.
const LAWS_MAX: usize = 64;
/// States that one word tells.
const STATES_A_WORD: u16 = 32;
/// Labels that are kept.
const LABELS_MAX: usize = 65_536;

/// What a dashboard is set up with.
#[derive(Debug)]
pub struct Setting {
    /// The keeper's name.
    pub name: String,
    /// The first block that may hold a log of the city.
    pub from_block: u64,
    /// Gas that a mission may use, if the operator said.
    pub mission_gas: Option<u64>,
    /// Where the documents of statutes are, if anywhere.
    pub documents: Option<PathBuf>,
    /// Whether this keeper holds outputs for executors.
    pub holds: bool,
}

/// What is shown, to whoever asks.
pub struct Shown {
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
    subscribers: Subscribers,
}

struct Inner {
    window: Window,
    facts: Facts,
    gas: Gas,
    labels: Labels,
    /// Sections as they were published last.
    sections: BTreeMap<&'static str, Value>,
    histories: Vec<History>,
    /// Since when each alert lasts.
    since: BTreeMap<String, u64>,
    doubt: Option<(u64, String)>,
    tip: u64,
    caught_up: bool,
    /// The newest block, and when it was seen, in milliseconds of this machine.
    seen: Option<(u64, u64)>,
    changed: BTreeMap<B256, BTreeSet<u16>>,
    log: Value,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").finish_non_exhaustive()
    }
}

impl Inner {
    fn new(city: &City) -> Self {
        Self {
            window: Window::new(city.contracts()),
            facts: Facts::default(),
            gas: Gas::default(),
            labels: Labels::new(),
            sections: BTreeMap::new(),
            histories: vec![History::default(); TABLE.len()],
            since: BTreeMap::new(),
            doubt: None,
            tip: 0,
            caught_up: false,
            seen: None,
            changed: BTreeMap::new(),
            log: json!({ "kept": false }),
        }
    }

    fn now(&self, clock: &dyn Clock) -> u64 {
        let Some(top) = self.window.picture().top else {
            return clock.now().get() / 1_000;
        };
        let passed = self
            .seen
            .map_or(0, |(_, at)| clock.now().get().saturating_sub(at));
        top.time.get().saturating_add(passed / 1_000)
    }
}

impl Shown {
    /// Nothing yet.
    pub fn new(city: &City, clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            inner: Mutex::new(Inner::new(city)),
            subscribers: Subscribers::default(),
        }
    }

    /// The whole document; nothing before the first block was read.
    pub fn document(&self) -> Option<String> {
        let inner = self.inner.lock();
        if inner.sections.len() < NAMES.len() {
            return None;
        }
        let mut text = "{\"version\":1".to_owned();
        for name in NAMES {
            let section = inner.sections.get(name)?;
            text += &format!(",\"{name}\":{section}");
        }
        text.push('}');
        Some(text)
    }

    /// The block that the picture stands at.
    pub fn top(&self) -> Option<Head> {
        self.inner.lock().window.picture().top
    }

    /// The chain's time now.
    pub fn now(&self) -> u64 {
        self.inner.lock().now(&*self.clock)
    }

    /// A law that the task knows.
    pub fn law(&self, mission: &B256) -> Option<Arc<Law>> {
        self.inner.lock().facts.laws.get(mission).cloned()
    }

    /// How many nodes a mission has.
    pub fn nodes_of(&self, mission: &B256) -> Option<u16> {
        let inner = self.inner.lock();
        let found = inner.window.picture().missions.get(mission);
        found.map(|found| found.nodes)
    }

    /// Reads the picture, with the labels of nodes.
    pub fn with<T>(&self, read: impl FnOnce(&Picture, &Labels) -> T) -> T {
        let inner = self.inner.lock();
        read(inner.window.picture(), &inner.labels)
    }

    /// One subscriber more.
    ///
    /// Errors: `dashboard/not-yet`, `dashboard/busy`.
    pub fn subscribe(&self) -> Result<Taking, Refusal> {
        let inner = self.inner.lock();
        if inner.sections.len() < NAMES.len() {
            return Err(Refusal::not_yet("no block was read yet"));
        }
        // Under the lock: nothing is published between what comes first and what comes next.
        let first = NAMES.iter().filter_map(|name| {
            let section = inner.sections.get(name)?;
            Some(self.subscribers.frame(name, &section.to_string()))
        });
        let taking = self.subscribers.join(first.collect());
        taking.ok_or_else(|| Refusal::busy("too many subscribers"))
    }
}

/// The task.
#[derive(Debug)]
pub struct Watch<P, V> {
    setting: Setting,
    asked: Arc<Asked<P>>,
    view: V,
    shown: Arc<Shown>,
    log: Option<proof::Kept>,
    kept: Option<Arc<Mutex<Kept>>>,
}

/// What a run of the task keeps.
struct Run {
    follower: Option<Follower>,
    /// Missions whose views the chain must be asked for.
    views: BTreeSet<B256>,
    /// Words of states that it must be asked for.
    words: BTreeSet<(B256, u16)>,
    /// Missions whose law could not be read, until when they are left alone.
    lawless: BTreeMap<B256, Instant>,
    published: Option<Instant>,
    documents: Option<Instant>,
    library: Option<Library>,
    aside: recall::Aside,
}

impl<P: Provider + 'static, V: Stretch + Send + Sync + 'static> Watch<P, V> {
    /// Follows `view`, and asks `asked`.
    pub const fn new(
        setting: Setting,
        asked: Arc<Asked<P>>,
        view: V,
        shown: Arc<Shown>,
        log: Option<proof::Kept>,
    ) -> Self {
        Self {
            setting,
            asked,
            view,
            shown,
            log,
            kept: None,
        }
    }

    /// Keeps there what it has read, and goes on above what was kept.
    #[must_use]
    pub fn keeping(mut self, kept: Kept) -> Self {
        self.kept = Some(Arc::new(Mutex::new(kept)));
        self
    }

    /// Works for ever. A run that fails is told, and begun anew.
    pub async fn run(self) {
        let watch = Arc::new(self);
        loop {
            let failed = tokio::spawn(Arc::clone(&watch).follow()).await;
            let why = match failed {
                Ok(why) => why,
                Err(error) if error.is_panic() => {
                    "the dashboard failed, and begins anew".to_owned()
                }
                // The runtime ends.
                Err(_) => return,
            };
            tracing::error!("{why}");
            {
                let mut inner = watch.shown.inner.lock();
                let now = inner.now(&*watch.shown.clock);
                *inner = Inner::new(watch.asked.city());
                inner.doubt = Some((now, why));
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn follow(self: Arc<Self>) -> String {
        let mut run = Run {
            follower: None,
            views: BTreeSet::new(),
            words: BTreeSet::new(),
            lawless: BTreeMap::new(),
            published: None,
            documents: None,
            library: None,
            aside: recall::Aside::default(),
        };
        loop {
            let more = match self.step(&mut run).await {
                Ok(more) => more,
                Err(doubt) if doubt.disposition() == Disposition::Resync => {
                    return doubt.to_string();
                }
                Err(doubt) => {
                    self.doubts(&doubt);
                    tokio::time::sleep(DOUBT).await;
                    false
                }
            };
            if !more {
                self.learn(&mut run).await;
            }
            let is_due = run.published.is_none_or(|at| at.elapsed() >= PUBLISH);
            if is_due {
                run.published = Some(Instant::now());
                self.look(&mut run).await;
                self.publish();
            }
            if !more {
                tokio::time::sleep(ROUND).await;
            }
        }
    }

    fn doubts(&self, doubt: &Doubt) {
        let mut inner = self.shown.inner.lock();
        let now = inner.now(&*self.shown.clock);
        let since = inner.doubt.as_ref().map_or(now, |(since, _)| *since);
        inner.doubt = Some((since, doubt.to_string()));
    }

    /// One step towards the tip; whether there is more at once.
    async fn step(&self, run: &mut Run) -> Result<bool, Doubt> {
        let tip = self.view.tip().await?;
        let follower = match run.follower.take() {
            Some(follower) => follower,
            None => Follower::above(self.bottom(tip, run).await?),
        };
        let follower = run.follower.insert(follower);
        let step = follower.stride(&self.view).await?;
        let (top, bottom) = (follower.top(), follower.bottom());
        self.take(step.changes, (top, bottom), (tip, step.more), run);
        self.put_aside(bottom, run).await;
        Ok(step.more)
    }

    /// The block above which it is read: the last that an earlier start read, or that before the first which may hold a log of the city.
    async fn bottom(&self, tip: u64, run: &mut Run) -> Result<Head, Doubt> {
        if let Some(top) = self.recall(tip, run).await? {
            return Ok(top);
        }
        let bottom = self.setting.from_block.saturating_sub(1);
        if tip < bottom {
            return Err(Doubt::Lags { tip, top: bottom });
        }
        let links = self.view.links(bottom, bottom).await?;
        let link = links.first().ok_or(Doubt::Moved { block: bottom })?;
        Ok(link.at)
    }

    fn take(
        &self,
        changes: Vec<Change>,
        (top, bottom): (Head, Head),
        (tip, more): (u64, bool),
        run: &mut Run,
    ) {
        let mut inner = self.shown.inner.lock();
        let inner = &mut *inner;
        let sent = inner.window.take(changes, top, bottom.number);
        inner.gas.take(sent, top.number);
        if inner.seen.is_none_or(|(block, _)| block != top.number) {
            inner.seen = Some((top.number, self.shown.clock.now().get()));
        }
        (inner.tip, inner.caught_up, inner.doubt) = (tip.max(top.number), !more, None);
        for (mission, nodes) in std::mem::take(&mut inner.window.picture_mut().touched) {
            run.views.insert(mission);
            let words = nodes.iter().map(|node| (mission, node / STATES_A_WORD));
            run.words.extend(words);
            inner.changed.entry(mission).or_default().extend(nodes);
        }
        let picture = inner.window.picture();
        let is_open = |mission: &B256| {
            picture
                .missions
                .get(mission)
                .is_some_and(|one| one.is_open())
        };
        // What ended is as the logs told it: nobody decides anything by it any more.
        run.words.retain(|(mission, _)| is_open(mission));
    }

    /// Asks what only views say, at the newest block, and no more than so much a round.
    async fn learn(&self, run: &mut Run) {
        let Some(top) = self.shown.top() else { return };
        self.fixed().await;
        self.limits(top).await;
        self.books(top).await;
        self.views(run, top).await;
        self.states(run, top).await;
        self.laws(run).await;
        self.receipts().await;
    }

    fn unknown(&self, what: &'static str, why: Option<String>) {
        let mut inner = self.shown.inner.lock();
        match why {
            Some(why) => {
                tracing::debug!("the dashboard does not know {what}: {why}");
                inner.facts.unknown.insert(what, why);
            }
            None => {
                inner.facts.unknown.remove(what);
            }
        }
    }

    async fn fixed(&self) {
        if self.shown.inner.lock().facts.fixed.is_some() {
            return;
        }
        match self.asked.fixed().await {
            Ok(fixed) => {
                self.shown.inner.lock().facts.fixed = Some(Arc::new(fixed));
                self.unknown("fixed", None);
            }
            Err(why) => self.unknown("fixed", Some(why)),
        }
    }

    async fn limits(&self, top: Head) {
        let wanted: BTreeSet<u64> = {
            let inner = self.shown.inner.lock();
            let picture = inner.window.picture();
            let epochs = picture.open().filter_map(|mission| mission.epoch);
            let wanted = epochs.chain([picture.epoch]);
            wanted
                .filter(|epoch| !inner.facts.limits.contains_key(epoch))
                .collect()
        };
        for epoch in wanted.into_iter().take(EPOCHS_MAX) {
            match self.asked.limits(epoch, top).await {
                Ok(limits) => {
                    self.shown.inner.lock().facts.limits.insert(epoch, limits);
                    self.unknown("limits", None);
                }
                Err(why) => return self.unknown("limits", Some(why)),
            }
        }
    }

    async fn books(&self, top: Head) {
        let asset = {
            let inner = self.shown.inner.lock();
            let known = inner.facts.books.as_ref().map(|(_, block)| *block);
            if known == Some(top.number) {
                return;
            }
            inner.facts.fixed.as_ref().map(|fixed| fixed.asset)
        };
        let Some(asset) = asset else { return };
        match self.asked.books(asset, top).await {
            Ok(books) => {
                self.shown.inner.lock().facts.books = Some((books, top.number));
                self.unknown("books", None);
            }
            Err(why) => self.unknown("books", Some(why)),
        }
    }

    async fn views(&self, run: &mut Run, top: Head) {
        for _ in 0..VIEWS_MAX {
            let Some(mission) = run.views.pop_last() else {
                return;
            };
            match self.asked.view(mission, top).await {
                Ok(view) => {
                    let mut inner = self.shown.inner.lock();
                    let missions = &mut inner.window.picture_mut().missions;
                    if let Some(found) = missions.get_mut(&mission) {
                        if found.epoch.is_none() {
                            found.epoch = Some(view.epoch);
                        }
                        found.view = Some(Arc::new(view));
                    }
                }
                Err(why) => {
                    run.views.insert(mission);
                    return self.unknown("missions", Some(why));
                }
            }
        }
        self.unknown("missions", None);
    }

    async fn states(&self, run: &mut Run, top: Head) {
        for _ in 0..WORDS_MAX {
            let next = {
                let inner = self.shown.inner.lock();
                let missions = &inner.window.picture().missions;
                let mut words = run.words.iter().rev().copied();
                // Pages that are not deployed have no states.
                words.find(|(mission, _)| {
                    let found = missions.get(mission);
                    found.is_some_and(|found| found.state != MissionState::Pending)
                })
            };
            let Some((mission, word)) = next else { return };
            run.words.remove(&(mission, word));
            match self.asked.states(mission, word, top).await {
                Ok(states) => {
                    let first = word.saturating_mul(STATES_A_WORD);
                    let mut inner = self.shown.inner.lock();
                    let picture = inner.window.picture_mut();
                    let time = top.time.get();
                    let corrected = picture.correct(mission, first, states.as_slice(), time);
                    if corrected > 0 {
                        tracing::debug!(%mission, corrected, "states that no log told");
                        let all = first..first.saturating_add(STATES_A_WORD);
                        inner.changed.entry(mission).or_default().extend(all);
                    }
                }
                Err(why) => return self.unknown("states", Some(why)),
            }
        }
    }

    /// One law a round: that of an open mission, or of one whose endings wait for their tier.
    async fn laws(&self, run: &mut Run) {
        let now = Instant::now();
        run.lawless.retain(|_, until| *until > now);
        let wanted = {
            let inner = self.shown.inner.lock();
            let picture = inner.window.picture();
            let waiting = picture.untiered.iter().map(|(mission, ..)| *mission);
            let open = picture.open().map(|mission| mission.id);
            let mut wanted = waiting
                .chain(open)
                .filter(|id| !inner.facts.laws.contains_key(id) && !run.lawless.contains_key(id));
            let id = wanted.next();
            id.and_then(|id| Some((id, picture.missions.get(&id)?.nodes)))
        };
        if let Some((id, nodes)) = wanted {
            match self.asked.law(id, nodes).await {
                Ok(law) => {
                    let mut inner = self.shown.inner.lock();
                    if inner.facts.laws.len() == LAWS_MAX {
                        inner.facts.laws.pop_first();
                    }
                    inner.facts.laws.insert(id, Arc::new(law));
                }
                Err(_) => {
                    run.lawless.insert(id, now + AGAIN);
                }
            }
        }
        let mut inner = self.shown.inner.lock();
        let inner = &mut *inner;
        let laws = &inner.facts.laws;
        inner.window.tiered(|mission, node| {
            let law = laws.get(mission)?;
            Some(law.nodes.get(usize::from(node))?.tier)
        });
    }

    async fn receipts(&self) {
        let wanted = self.shown.inner.lock().gas.next(RECEIPTS_MAX);
        let asked = wanted
            .into_iter()
            .map(|transaction| async move { (transaction, self.asked.cost(transaction).await) });
        let answers = join_all(asked).await;
        let mut inner = self.shown.inner.lock();
        for (transaction, cost) in answers {
            match cost {
                Ok(cost) => inner.gas.measure(transaction, cost),
                Err(_) => inner.gas.again(transaction),
            }
        }
    }

    /// Looks at what lies on this machine: the log, and the documents.
    async fn look(&self, run: &mut Run) {
        if let Some(log) = self.log.clone() {
            let read = tokio::task::spawn_blocking(move || proof::section(&log)).await;
            let section = match read {
                Ok(Ok(section)) => section,
                Ok(Err(why)) => json!({ "kept": true, "why": why }),
                Err(_) => json!({ "kept": true, "why": "the log cannot be read" }),
            };
            self.shown.inner.lock().log = section;
        }
        let Some(folder) = self.setting.documents.clone() else {
            return;
        };
        if run.documents.is_some_and(|at| at.elapsed() < DOCUMENTS) {
            return;
        }
        run.documents = Some(Instant::now());
        let library = run.library.take();
        let read = tokio::task::spawn_blocking(move || labels(library, folder)).await;
        if let Ok((library, labels)) = read {
            run.library = library;
            self.shown.inner.lock().labels = labels;
        }
    }

    /// Tells what changed.
    fn publish(&self) {
        let mut inner = self.shown.inner.lock();
        let inner = &mut *inner;
        let now = inner.now(&*self.shown.clock);
        let held = match self.setting.holds {
            true => metrics().outputs(),
            false => None,
        };
        let sight = Sight {
            picture: inner.window.picture(),
            facts: &inner.facts,
            gas: &inner.gas,
            now,
            mission_gas: self.setting.mission_gas,
            held,
        };
        let measured: Vec<_> = TABLE.iter().map(|row| row.measured(&sight)).collect();
        for (history, measured) in inner.histories.iter_mut().zip(&measured) {
            history.take(measured, now);
        }
        let doubt = inner
            .doubt
            .as_ref()
            .map(|(since, why)| (*since, why.as_str()));
        let mut alerts = alerts::alerts(&sight, doubt);
        for alert in &mut alerts {
            alert.since = inner.since.get(&alert.id).copied().unwrap_or(alert.since);
        }
        inner.since = alerts
            .iter()
            .map(|alert| (alert.id.clone(), alert.since))
            .collect();
        let sections = [
            self.city(inner, now),
            sections::metrics(&measured, &inner.histories),
            sections::missions(&sight),
            sections::gas(&sight),
            sections::freezes(&sight),
            sections::verification(sight.picture),
            sections::epochs(&sight),
            sections::reviews(sight.picture),
            sections::money(&sight),
            sections::alerts(&alerts),
            wiring::wiring(self.asked.city()),
            log(&inner.log, sight.picture),
        ];
        for (name, section) in NAMES.into_iter().zip(sections) {
            let known = inner.sections.get(name);
            if known.is_some_and(|known| without_now(known) == without_now(&section)) {
                continue;
            }
            let frame = self.shown.subscribers.frame(name, &section.to_string());
            self.shown.subscribers.publish(&frame);
            inner.sections.insert(name, section);
        }
        for (id, nodes) in std::mem::take(&mut inner.changed) {
            let found = inner.window.picture().missions.get(&id);
            if let Some(found) = found.filter(|_| !nodes.is_empty()) {
                let data = mission::changed(found, nodes.into_iter());
                let frame = self.shown.subscribers.frame("mission", &data.to_string());
                self.shown.subscribers.publish(&frame);
            }
        }
    }

    fn city(&self, inner: &Inner, now: u64) -> Value {
        let city = self.asked.city();
        let mut unknown = Unknown::default();
        let fixed = inner.facts.fixed.as_deref();
        if fixed.is_none() {
            let why = inner.facts.unknown.get("fixed").cloned();
            let why = why.unwrap_or_else(|| "it was not asked yet".to_owned());
            for field in ["asset", "unitScale", "codeHash"] {
                unknown.say(field, why.clone());
            }
        }
        if inner.window.picture().undecodable > 0 {
            let text = format!(
                "{} logs are of no interface that this keeper knows",
                inner.window.picture().undecodable
            );
            unknown.say("logs", text);
        }
        let members = agentcity_domain::peer::Peer::ALL.map(|peer| {
            let code = fixed.and_then(|fixed| fixed.codes.get(peer.place()));
            json!({ "peer": peer.name(), "address": city.at(peer).to_string(), "codeHash": code })
        });
        let asset = fixed
            .map(|fixed| fixed.asset)
            .filter(|asset| !asset.is_zero());
        let top = inner.window.picture().top;
        json!({
            "chainId": city.chain_id, "constitution": city.constitution.to_string(),
            "asset": asset.map(|asset| asset.to_string()),
            "unitScale": fixed.map(|fixed| fixed.unit_scale.to_string()),
            "epoch": inner.window.picture().epoch, "block": top.map(sections::block), "tip": inner.tip,
            "caughtUp": inner.caught_up, "doubt": inner.doubt.as_ref().map(|(_, why)| why), "now": now,
            "members": members, "keeper": { "name": self.setting.name, "version": env!("CARGO_PKG_VERSION") },
            "unknown": unknown.json(),
        })
    }
}

/// A section without the time at which it was made.
fn without_now(section: &Value) -> Value {
    let mut section = section.clone();
    if let Some(now) = section.get_mut("now") {
        *now = Value::Null;
    }
    section
}

/// `log`.
fn log(kept: &Value, picture: &Picture) -> Value {
    let mut unknown = Unknown::default();
    let is_kept = kept["kept"] == json!(true);
    let why = match kept["why"].as_str() {
        Some(why) => Some(why.to_owned()),
        None => (!is_kept).then(|| "this keeper keeps no log: `[log]`".to_owned()),
    };
    if let Some(why) = why {
        unknown.say("size", why);
    } else if kept["anchored"].is_null() {
        unknown.say("anchored", "no anchor was recorded yet");
    }
    let of = |field: &str| kept.get(field).cloned().unwrap_or(Value::Null);
    json!({
        "kept": is_kept, "chainId": of("chainId"), "author": of("author"), "size": of("size"), "root": of("root"),
        "signed": of("signed"), "anchored": of("anchored"), "anchors": sections::anchors(picture),
        "unknown": unknown.json(),
    })
}

/// Labels of all documents of a folder; of those that were read before when it cannot be read now.
fn labels(library: Option<Library>, folder: PathBuf) -> (Option<Library>, Labels) {
    let mut library = match library {
        Some(library) => library,
        None => match Library::open(folder) {
            Ok(library) => library,
            Err(error) => {
                tracing::warn!("the dashboard has no labels: {error}");
                return (None, Labels::new());
            }
        },
    };
    if let Err(error) = library.refresh() {
        tracing::warn!("the dashboard's labels are old: {error}");
    }
    let tasks = library.documents().flat_map(|document| document.tasks());
    let labelled = tasks.filter_map(|task| {
        let agentcity_abi::document::Terms::Known(known) = task.terms else {
            return None;
        };
        Some((task.terms.digest(), known.label.text()?.to_owned()))
    });
    let labels = labelled.take(LABELS_MAX).collect();
    (Some(library), labels)
}

//! What a start recalls of what an earlier one read, and what is put aside for the next.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    sync::Arc,
};

use alloy::{primitives::B256, providers::Provider};

use super::{Run, STATES_A_WORD, Watch};
use crate::{
    dashboard::{
        gas::Gas,
        kept::{Fact, Kept, KeptError},
        picture::window::Window,
    },
    event::Head,
    source::{
        follow::{Doubt, STEP_BLOCKS_MAX, Stretch},
        log::Log,
    },
};

/// Facts that are put aside at once, at most: the others wait for the next step.
const FACTS_MAX: usize = 4_096;

/// What waits to be put aside.
#[derive(Debug, Default)]
pub(super) struct Aside {
    logs: Vec<Log>,
    facts: Vec<Fact>,
    /// The block up to which everything is put aside.
    top: Option<Head>,
    /// Missions whose tiers, and whose views, are.
    tiers: BTreeSet<B256>,
    views: BTreeSet<B256>,
    /// Nothing more is: the file has a gap.
    is_over: bool,
}

/// What a file holds: the picture up to a block, and what is known of gas.
struct Recalled {
    window: Window,
    gas: Gas,
    views: BTreeSet<B256>,
}

impl<P: Provider + 'static, V: Stretch + Send + Sync + 'static> Watch<P, V> {
    /// Goes on above what an earlier start read: the block up to which that is. Nothing is recalled that the chain contradicts.
    ///
    /// Errors: [`Doubt`].
    pub(super) async fn recall(&self, tip: u64, run: &mut Run) -> Result<Option<Head>, Doubt> {
        let Some(kept) = self.kept.clone() else {
            return Ok(None);
        };
        let found = kept.lock().top();
        let top = match found {
            Ok(Some(top)) => top,
            Ok(None) => return Ok(None),
            Err(error) => return Ok(self.forget(run, &error)),
        };
        if tip < top.number {
            let top = top.number;
            return Err(Doubt::Lags { tip, top });
        }
        let links = self.view.links(top.number, top.number).await?;
        if links.first().is_none_or(|link| link.at.hash != top.hash) {
            let why = format!("the chain has another block {}", top.number);
            return Ok(self.forget(run, &why));
        }
        let window = Window::new(self.asked.city().contracts());
        let read = tokio::task::spawn_blocking(move || read(&kept.lock(), window, top));
        let recalled = match read.await {
            Ok(Ok(recalled)) => recalled,
            Ok(Err(error)) => return Ok(self.forget(run, &error)),
            Err(error) => return Ok(self.forget(run, &error)),
        };
        tracing::info!(
            block = top.number,
            "the dashboard goes on above what it has read"
        );
        let mut inner = self.shown.inner.lock();
        (inner.window, inner.gas) = (recalled.window, recalled.gas);
        for (mission, nodes) in std::mem::take(&mut inner.window.picture_mut().touched) {
            if !recalled.views.contains(&mission) {
                run.views.insert(mission);
            }
            let words = nodes.iter().map(|node| (mission, node / STATES_A_WORD));
            run.words.extend(words);
        }
        (run.aside.top, run.aside.views) = (Some(top), recalled.views);
        Ok(Some(top))
    }

    /// What is kept is of no use: it is read from the chain again.
    fn forget(&self, run: &mut Run, why: &dyn Display) -> Option<Head> {
        tracing::warn!("what the dashboard has read is read again: {why}");
        if let Some(kept) = &self.kept
            && let Err(error) = kept.lock().clear()
        {
            tracing::warn!("the dashboard keeps nothing: {error}");
            run.aside.is_over = true;
        }
        None
    }

    /// Puts aside what cannot be taken back any more: everything up to `bottom`.
    pub(super) async fn put_aside(&self, bottom: Head, run: &mut Run) {
        let (logs, costs) = {
            let mut inner = self.shown.inner.lock();
            (inner.window.settled(), inner.gas.closed())
        };
        let Some(kept) = self.kept.clone().filter(|_| !run.aside.is_over) else {
            return;
        };
        run.aside.logs.extend(logs);
        let costs = costs.into_iter().map(|(of, cost)| Fact::Cost(of, cost));
        run.aside.facts.extend(costs);
        self.lasting(run);
        let aside = &mut run.aside;
        let above = |top: Head| bottom.number.saturating_sub(top.number);
        // Empty blocks alone are worth no write, until there are as many as one step takes.
        let is_far = aside.top.is_none_or(|top| above(top) >= STEP_BLOCKS_MAX);
        if aside.logs.is_empty() && aside.facts.is_empty() && !is_far {
            return;
        }
        let (logs, facts) = (
            std::mem::take(&mut aside.logs),
            std::mem::take(&mut aside.facts),
        );
        let added = tokio::task::spawn_blocking(move || kept.lock().add(&logs, &facts, bottom));
        match added.await {
            Ok(Ok(())) => run.aside.top = Some(bottom),
            Ok(Err(error)) => self.gap(run, &error),
            Err(error) => self.gap(run, &error),
        }
    }

    /// A file with a gap would be believed whole: it is emptied, and left alone until the next start.
    fn gap(&self, run: &mut Run, why: &dyn Display) {
        self.forget(run, why);
        run.aside = Aside {
            is_over: true,
            ..Aside::default()
        };
    }

    /// What the views said once and for all of missions that lie deep.
    fn lasting(&self, run: &mut Run) {
        let inner = self.shown.inner.lock();
        let deep = &inner.window.below().missions;
        let aside = &mut run.aside;
        for (id, law) in &inner.facts.laws {
            if deep.contains_key(id) && aside.tiers.insert(*id) {
                let tiers = law.nodes.iter().map(|node| node.tier).collect();
                aside.facts.push(Fact::Tiers(*id, tiers));
            }
        }
        let now = &inner.window.picture().missions;
        for id in deep.values().filter(|one| !one.is_open()).map(|one| one.id) {
            let view = now.get(&id).and_then(|known| known.view.as_deref());
            // What changed since is asked again first.
            let view = view.filter(|_| !run.views.contains(&id) && aside.facts.len() < FACTS_MAX);
            if let Some(view) = view
                && aside.views.insert(id)
            {
                aside.facts.push(Fact::View(id, *view));
            }
        }
    }
}

/// Folds all that is kept, page by page.
fn read(kept: &Kept, mut window: Window, top: Head) -> Result<Recalled, KeptError> {
    let (mut gas, mut after) = (Gas::default(), 0);
    loop {
        let page = kept.page(after)?;
        let Some(last) = page.logs.last() else { break };
        after = last.at.number;
        let sent = window.recall(page.logs);
        gas.recall(sent, &page.costs, after);
        let mut tiers = BTreeMap::new();
        for mission in window.untiered() {
            if let Some(known) = kept.tiers(&mission)? {
                tiers.insert(mission, known);
            }
        }
        window.tiered(|mission, node| tiers.get(mission)?.get(usize::from(node)).copied());
    }
    window.recalled(top);
    let mut views = BTreeSet::new();
    for (id, mission) in &mut window.picture_mut().missions {
        let view = match mission.is_open() {
            true => None,
            false => kept.view(id)?,
        };
        if let Some(view) = view {
            mission.epoch.get_or_insert(view.epoch);
            mission.view = Some(Arc::new(view));
            views.insert(*id);
        }
    }
    Ok(Recalled { window, gas, views })
}

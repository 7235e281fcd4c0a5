//! The city's chain, as the streams of a keeper see it: logs as events, with their inverses, from wherever a stream stands.
//!
//! Every stream follows on its own, from its own checkpoint; what they ask is answered once and kept for the others. A subscription
//! over WebSocket only says that it is worth looking: what it tells is not believed, so one that drops, doubles or delays costs
//! time and loses nothing. Without one, or when it is cut, the chain is looked at in short intervals.

use std::{collections::BTreeMap, fmt::Debug, sync::Arc, time::Duration};

use agentcity_domain::time::Timestamp;
use alloy::{
    network::Ethereum,
    primitives::B256,
    providers::{Provider, ProviderBuilder, WsConnect},
    transports::ws::WebSocketConfig,
};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
    time::Instant,
};

use super::{
    capped::REPLY_BYTES_MAX,
    endpoint::Source,
    follow::{Block, Change, Disposition, Doubt, Follower, Link, View},
    log::Log,
    pool::Pool,
};
use crate::{
    clock::Moment,
    event::{Event as KeeperEvent, Head},
    journal::{Identity, Mark},
    part::Feed,
};

/// Blocks that are kept for other streams: those that a stream near the tip asks for.
const KEPT_BLOCKS_MAX: usize = 256;
/// Pause before a doubt is looked at again; doubles.
const PAUSE: Duration = Duration::from_millis(250);
/// How often that pause doubles: 8 s, so that who comes back is noticed soon.
const DOUBLINGS_MAX: u32 = 5;
/// Failures in a row before machines are told: a reorganisation between two questions is over with the next.
const FAILURES_TELL: u32 = 3;
/// Pause before a subscription that was cut is begun again.
const SUBSCRIBE_AGAIN: Duration = Duration::from_secs(5);
/// Steps of one round of delivery: two thousand blocks, so that what a part does besides waits some seconds at most.
pub const ROUND_STEPS_MAX: usize = 20;
/// How long a subscription may be silent before it counts as cut: Arbitrum makes a block in far less.
const SUBSCRIPTION_SILENT: Duration = Duration::from_secs(60);

/// What the chain tells a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Event {
    /// The chain holds this log.
    Added(Log),
    /// It holds it no more: exactly the addition is to be undone. Inverses come newest first.
    Removed(Log),
    /// What the chain says is not known just now: unknown is not fine, and nothing that moves money is wanted until it is over.
    Unsure {
        /// Why.
        doubt: Doubt,
        /// When the observation began in which it was noticed.
        asked: Moment,
        /// Its place among those of that observation.
        number: u64,
    },
    /// It is known again, up to this block.
    Sure {
        /// The newest block that was delivered.
        block: u64,
        /// As in [`Self::Unsure`].
        asked: Moment,
        /// As in [`Self::Unsure`].
        number: u64,
    },
}

impl Event {
    /// What makes it the same event.
    pub fn identity(&self) -> Identity {
        match self {
            Self::Added(log) => log.identity(false),
            Self::Removed(log) => log.identity(true),
            Self::Unsure { asked, number, .. } => {
                Identity::Once(format!("unsure/{}/{number}", asked.get()))
            }
            Self::Sure { asked, number, .. } => {
                Identity::Once(format!("sure/{}/{number}", asked.get()))
            }
        }
    }
}

/// Where a stream stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Last block that counts as final; `None` when nothing of this stream does yet.
    pub floor: Option<u64>,
    /// A block up to there, to tell by whether the chain is still the same.
    pub mark: Option<Mark>,
    /// Logs above it that were delivered and not taken back, in the order of their delivery.
    pub standing: Vec<Log>,
}

/// How far a part delivered in rounds, so that the next round goes on there while the same holding of the stream lasts.
#[derive(Debug, Default)]
pub struct Following {
    /// Under which the stream was held. Another one begins where the journal stands.
    fence: Option<u64>,
    floor: Option<u64>,
    mark: Option<Mark>,
    standing: Vec<Log>,
    follower: Option<Follower>,
    unsure: bool,
    failures: u32,
}

/// Blocks that lie deep enough, after some block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Their logs, in the order of the chain.
    pub logs: Vec<Log>,
    /// How many blocks they are.
    pub blocks: u64,
    /// The newest of them; the block before them when there are none.
    pub top: Head,
    /// Whether there are more at once.
    pub more: bool,
}

/// The chain.
#[derive(Debug)]
pub struct Chain<V> {
    view: V,
    /// The first block that may hold a log of the city.
    from_block: u64,
    /// Pause between two looks without a subscription.
    poll: Duration,
    kept: Mutex<BTreeMap<u64, Block>>,
    looks: watch::Sender<u64>,
}

impl<V: View + Sync> Chain<V> {
    /// Reads from `from_block` on, and looks every `poll` when nothing wakes it.
    pub fn new(view: V, from_block: u64, poll: Duration) -> Self {
        Self {
            view,
            from_block: from_block.max(1),
            poll,
            kept: Mutex::default(),
            looks: watch::Sender::new(0),
        }
    }

    /// What it reads from.
    pub const fn view(&self) -> &V {
        &self.view
    }

    /// The first block that may hold a log of the city.
    pub const fn from_block(&self) -> u64 {
        self.from_block
    }

    /// Says that it is worth looking.
    pub fn wake(&self) {
        self.looks
            .send_modify(|looks| *looks = looks.wrapping_add(1));
    }

    /// Delivers to one stream from where it stands, until the host drops the stream or the chain went back too far.
    pub async fn follow(&self, position: Position, asked: Moment, feed: &Feed) {
        let mut told = Told {
            feed,
            asked,
            number: 0,
            unsure: false,
            failures: 0,
        };
        let mut looks = self.looks.subscribe();
        let mut follower = None;
        let mut standing = position.standing;
        loop {
            let step = match &mut follower {
                None => {
                    let known = (position.floor, position.mark);
                    self.resume(known, &mut standing, &mut follower).await
                }
                Some(follower) => follower.advance(&Kept(self)).await.map(|step| Stepped {
                    changes: step.changes,
                    more: step.more,
                    reached: Some((follower.top().number, follower.bottom())),
                }),
            };
            let more = match step {
                Ok(step) => {
                    if !told.step(&step).await {
                        return;
                    }
                    step.more
                }
                Err(doubt) => {
                    if !told.doubt(&doubt).await || doubt.disposition() == Disposition::Resync {
                        return;
                    }
                    tokio::time::sleep(told.pause()).await;
                    true
                }
            };
            if !more {
                // A wake between two looks is not lost: the watch remembers it.
                let _ = tokio::time::timeout(self.poll, looks.changed()).await;
            }
        }
    }

    /// Delivers what is new of the logs that `wants` takes, as one round of a part that does other things besides: at most
    /// [`ROUND_STEPS_MAX`] steps, and without waiting. What logs it takes must follow from the log alone. False when the host is gone.
    pub async fn deliver(
        &self,
        following: &mut Following,
        asked: Moment,
        feed: &mut Feed,
        wants: impl Fn(&Log) -> bool + Sync,
    ) -> bool {
        let position = feed.position();
        if following.fence != Some(feed.fence) {
            *following = Following {
                fence: Some(feed.fence),
                floor: position.floor,
                mark: position.mark,
                standing: position.standing,
                ..Following::default()
            };
        }
        let mut told = Told {
            feed,
            asked,
            number: 0,
            unsure: following.unsure,
            failures: following.failures,
        };
        let mut goes_on = true;
        for _ in 0..ROUND_STEPS_MAX {
            let step = match &mut following.follower {
                None => {
                    let known = (following.floor, following.mark);
                    let standing = &mut following.standing;
                    self.resume(known, standing, &mut following.follower).await
                }
                Some(follower) => follower.advance(&Kept(self)).await.map(|step| Stepped {
                    changes: step.changes,
                    more: step.more,
                    reached: Some((follower.top().number, follower.bottom())),
                }),
            };
            match step {
                Ok(mut step) => {
                    step.changes.retain(|change| match change {
                        Change::Added(log) | Change::Removed(log) => wants(log),
                    });
                    goes_on = told.step(&step).await;
                    if !goes_on || !step.more {
                        break;
                    }
                }
                Err(doubt) => {
                    goes_on = told.doubt(&doubt).await;
                    break;
                }
            }
        }
        (following.unsure, following.failures) = (told.unsure, told.failures);
        goes_on
    }

    /// The next blocks after `after`, by number and hash, on which `depth_blocks` others lie: at most
    /// [`STEP_BLOCKS_MAX`](super::follow::STEP_BLOCKS_MAX). Without `after` from the first that may hold a log of the city.
    ///
    /// Errors: [`Doubt::TooDeep`] when the chain holds another block in the place of `after`.
    pub async fn settled(
        &self,
        after: Option<(u64, B256)>,
        depth_blocks: u64,
    ) -> Result<Settled, Doubt> {
        let deep = Deep {
            view: Kept(self),
            depth_blocks,
        };
        let bottom = match after {
            Some((number, hash)) => Head {
                number,
                hash,
                // Nobody asks when it was.
                time: Timestamp::new(0),
            },
            None => {
                let block = self.from_block - 1;
                let links = self.view.links(block, block).await?;
                links.first().ok_or(Doubt::Moved { block })?.at
            }
        };
        let mut settled = Settled {
            logs: Vec::new(),
            blocks: 0,
            top: bottom,
            more: false,
        };
        if after.is_none() && deep.tip().await? <= bottom.number {
            return Ok(settled);
        }
        let mut follower = Follower::above(bottom);
        let step = follower.advance(&deep).await?;
        for change in step.changes {
            match change {
                Change::Added(log) => settled.logs.push(log),
                // Whoever begins above a block has delivered nothing that could be taken back.
                Change::Removed(_) => {
                    let bottom = bottom.number;
                    return Err(Doubt::TooDeep { bottom });
                }
            }
        }
        settled.top = follower.top();
        settled.blocks = settled.top.number.saturating_sub(bottom.number);
        settled.more = step.more;
        Ok(settled)
    }

    /// First what the chain holds no more of what stands, newest first; then the follower begins above what is final.
    ///
    /// Errors: [`Doubt::TooDeep`] when the chain holds another block in the place of one that counted as final.
    async fn resume(
        &self,
        (floor, mark): (Option<u64>, Option<Mark>),
        standing: &mut Vec<Log>,
        follower: &mut Option<Follower>,
    ) -> Result<Stepped, Doubt> {
        let mut stepped = Stepped {
            changes: Vec::new(),
            more: true,
            reached: None,
        };
        let tip = self.view.tip().await?;
        if let Some(Mark { block, hash }) = mark {
            if tip < block {
                return Err(Doubt::Lags { tip, top: block });
            }
            let links = self.view.links(block, block).await?;
            let link = links.first().ok_or(Doubt::Moved { block })?;
            if link.at.hash != hash {
                return Err(Doubt::TooDeep { bottom: block });
            }
        }
        let mut kept = standing.len();
        while let Some(newest) = kept.checked_sub(1).and_then(|last| standing.get(last)) {
            let block = newest.at;
            if tip < block.number {
                let top = block.number;
                return Err(Doubt::Lags { tip, top });
            }
            let links = self.view.links(block.number, block.number).await?;
            if links.first().is_some_and(|link| link.at.hash == block.hash) {
                // The chain holds this block, and with it all below.
                break;
            }
            while kept > 0 && standing[kept - 1].at.hash == block.hash {
                kept -= 1;
            }
        }
        let bottom = floor.unwrap_or(0).max(self.from_block - 1);
        if tip < bottom {
            return Err(Doubt::Lags { tip, top: bottom });
        }
        let links = self.view.links(bottom, bottom).await?;
        let link = links.first().ok_or(Doubt::Moved { block: bottom })?;
        *follower = Some(Follower::above(link.at));
        let undone = standing.split_off(kept).into_iter().rev();
        stepped.changes = undone.map(Change::Removed).collect();
        Ok(stepped)
    }
}

struct Stepped {
    changes: Vec<Change>,
    more: bool,
    /// The newest block that was delivered, and the last that will not be taken back.
    reached: Option<(u64, Head)>,
}

/// What one stream was told.
struct Told<'a> {
    feed: &'a Feed,
    asked: Moment,
    number: u64,
    unsure: bool,
    failures: u32,
}

impl Told<'_> {
    async fn step(&mut self, step: &Stepped) -> bool {
        for change in &step.changes {
            let event = match change.clone() {
                Change::Added(log) => Event::Added(log),
                Change::Removed(log) => Event::Removed(log),
            };
            if !self.tell(event).await {
                return false;
            }
        }
        self.failures = 0;
        let Some((top, bottom)) = step.reached else {
            return true;
        };
        if self.unsure && !step.more {
            self.unsure = false;
            let (asked, number) = (self.asked, self.next());
            let event = Event::Sure {
                block: top,
                asked,
                number,
            };
            if !self.tell(event).await {
                return false;
            }
        }
        self.feed.reached_above(top, bottom).await
    }

    async fn doubt(&mut self, doubt: &Doubt) -> bool {
        self.failures = self.failures.saturating_add(1);
        let at_once = doubt.disposition() == Disposition::Resync;
        if self.unsure || !(at_once || self.failures >= FAILURES_TELL) {
            return true;
        }
        self.unsure = true;
        tracing::warn!(stream_seat = self.feed.seat, "{doubt}");
        let (asked, number) = (self.asked, self.next());
        let event = Event::Unsure {
            doubt: doubt.clone(),
            asked,
            number,
        };
        self.tell(event).await
    }

    fn next(&mut self) -> u64 {
        self.number = self.number.saturating_add(1);
        self.number
    }

    async fn tell(&self, event: Event) -> bool {
        self.feed.tell(KeeperEvent::Chain(event)).await
    }

    fn pause(&self) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(DOUBLINGS_MAX);
        PAUSE * 2_u32.pow(doublings)
    }
}

/// The view, which asks for a block once for all streams.
struct Kept<'a, V>(&'a Chain<V>);

impl<V: View + Sync> View for Kept<'_, V> {
    async fn tip(&self) -> Result<u64, Doubt> {
        self.0.view.tip().await
    }

    async fn links(&self, from: u64, to: u64) -> Result<Vec<Link>, Doubt> {
        self.0.view.links(from, to).await
    }

    async fn blocks(&self, from: u64, to: u64, tip: u64) -> Result<Vec<Block>, Doubt> {
        // Held over the question: the next stream finds the answer.
        let mut kept = self.0.kept.lock().await;
        if (from..=to).all(|number| kept.contains_key(&number)) {
            let links = self.0.view.links(from, to).await?;
            let blocks: Vec<Block> = (from..=to).filter_map(|n| kept.get(&n).cloned()).collect();
            if blocks.iter().map(|block| block.link).eq(links) {
                return Ok(blocks);
            }
        }
        let blocks = self.0.view.blocks(from, to, tip).await?;
        kept.extend(
            blocks
                .iter()
                .map(|block| (block.link.at.number, block.clone())),
        );
        while kept.len() > KEPT_BLOCKS_MAX {
            kept.pop_first();
        }
        Ok(blocks)
    }
}

/// A view of what lies below other blocks.
struct Deep<V> {
    view: V,
    depth_blocks: u64,
}

impl<V: View + Sync> View for Deep<V> {
    async fn tip(&self) -> Result<u64, Doubt> {
        Ok(self.view.tip().await?.saturating_sub(self.depth_blocks))
    }

    async fn links(&self, from: u64, to: u64) -> Result<Vec<Link>, Doubt> {
        self.view.links(from, to).await
    }

    async fn blocks(&self, from: u64, to: u64, tip: u64) -> Result<Vec<Block>, Doubt> {
        self.view.blocks(from, to, tip).await
    }
}

impl<S: Source> Chain<Pool<S>> {
    /// Wakes the chain's streams at every block that an endpoint announces over WebSocket, and begins again when it is cut.
    pub fn subscribe(self: &Arc<Self>, url: String) -> JoinHandle<()> {
        let chain = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut began = None::<Instant>;
            while chain.strong_count() > 0 {
                if began.is_some_and(|at| at.elapsed() < SUBSCRIBE_AGAIN) {
                    tokio::time::sleep(SUBSCRIBE_AGAIN).await;
                }
                began = Some(Instant::now());
                let config = WebSocketConfig::default()
                    .max_message_size(Some(REPLY_BYTES_MAX))
                    .max_frame_size(Some(REPLY_BYTES_MAX));
                // It is ours to begin again, so that a cut is noticed and told.
                let connect = WsConnect::new(url.clone())
                    .with_config(config)
                    .with_max_retries(0);
                let connected = ProviderBuilder::<_, _, Ethereum>::default()
                    .connect_ws(connect)
                    .await;
                let Ok(provider) = connected else {
                    tracing::debug!("no subscription: looking in intervals");
                    continue;
                };
                let Ok(mut heads) = provider.subscribe_blocks().await else {
                    continue;
                };
                while let Ok(Ok(_)) = tokio::time::timeout(SUBSCRIPTION_SILENT, heads.recv()).await
                {
                    let Some(chain) = chain.upgrade() else { return };
                    chain.wake();
                }
                tracing::info!("a subscription was cut: looking in intervals until it is back");
            }
        })
    }
}

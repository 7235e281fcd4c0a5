//! Following a chain against a model that keeps the whole chain in a list, and that forks, fails and garbles between any two questions.

use std::sync::Mutex;

use agentcity_domain::time::Timestamp;
use agentcity_keeper::{
    event::Head,
    source::{
        follow::{
            Block, Change, Doubt, Follower, Link, REORG_BLOCKS_MAX, STEP_BLOCKS_MAX,
            STRETCH_BLOCKS_MAX, STRETCH_LOGS_MAX, Step, Stretch, View,
        },
        log::Log,
    },
};
use alloy::primitives::{Address, B256, Bytes, keccak256};
use proptest::prelude::*;

/// What happens to the chain, or to the next answer.
#[derive(Clone, Debug)]
enum Deed {
    /// So many blocks more, each with so many logs.
    Extend(u8, u8),
    /// The newest so many blocks are replaced, by this much more or fewer.
    Reorg(u8, i8),
    /// So many are replaced by as many, however deep that is.
    Fork(u64),
    /// The next answer does not come.
    Fail,
    /// The next list lacks its element at this place.
    Drop(u8),
    /// The next list has its element at this place twice.
    Double(u8),
    /// The newest block that is told lies so far back.
    Lag(u8),
    /// Nothing.
    Calm,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (1..40_u8, 0..3_u8).prop_map(|(blocks, logs)| Deed::Extend(blocks, logs)),
        3 => (1..60_u8, -8..8_i8).prop_map(|(depth, more)| Deed::Reorg(depth, more)),
        1 => Just(Deed::Fail),
        2 => any::<u8>().prop_map(Deed::Drop),
        2 => any::<u8>().prop_map(Deed::Double),
        1 => (1..80_u8).prop_map(Deed::Lag),
        8 => Just(Deed::Calm),
    ]
}

/// A chain, of which everything is known, and what is to happen to it: one deed before each answer.
struct World {
    chain: Vec<Block>,
    deeds: Vec<Deed>,
    /// How deep reorganisations went since the newest block stood: they add up when nobody looks.
    salt: u64,
    floor: u64,
    /// Whether they are never deeper than can be undone below the tip that was told last.
    is_shallow: bool,
    /// No stretch of more blocks is answered.
    widest: u64,
    /// Lengths of the stretches that were asked for.
    asked: Vec<u64>,
}

impl World {
    fn new(deeds: Vec<Deed>) -> Self {
        let mut world = Self {
            chain: Vec::new(),
            deeds,
            salt: 0,
            floor: 0,
            is_shallow: false,
            widest: u64::MAX,
            asked: Vec::new(),
        };
        world.extend(2, 1);
        world
    }

    fn extend(&mut self, blocks: u8, logs: u8) {
        for _ in 0..blocks {
            let number = self.chain.len() as u64;
            let parent = self.chain.last().map_or(B256::ZERO, |b| b.link.at.hash);
            let at = Head {
                number,
                hash: keccak256(format!("{number} {} {parent}", self.salt)),
                time: Timestamp::new(number),
            };
            let logs = (0..logs).map(|index| Log {
                address: Address::repeat_byte(1),
                topics: Vec::new(),
                data: Bytes::new(),
                at,
                transaction: B256::ZERO,
                index: u64::from(index),
            });
            self.chain.push(Block {
                link: Link { at, parent },
                logs: logs.collect(),
            });
        }
    }

    fn reorg(&mut self, depth: u8, more: i8) {
        // Never below what the follower may not undo: that is a claim of its own.
        let lowest = (self.floor as usize) + 1;
        let keep = self
            .chain
            .len()
            .saturating_sub(usize::from(depth))
            .max(lowest);
        let gone = self.chain.len() - keep;
        self.chain.truncate(keep);
        self.salt += 1;
        let back = i64::try_from(gone).unwrap() + i64::from(more);
        self.extend(u8::try_from(back.clamp(0, 100)).unwrap(), 1);
    }

    fn happen(&mut self) -> Deed {
        let deed = self.deeds.pop().unwrap_or(Deed::Calm);
        match deed {
            Deed::Extend(blocks, logs) => self.extend(blocks, logs),
            Deed::Reorg(depth, more) => self.reorg(depth, more),
            Deed::Fork(depth) => {
                let depth = usize::try_from(depth).unwrap();
                self.chain.truncate(self.chain.len() - depth);
                self.salt += 1;
                for _ in 0..depth {
                    self.extend(1, 1);
                }
            }
            _ => {}
        }
        deed
    }

    fn list(&mut self, from: u64, to: u64) -> Result<Vec<Block>, Doubt> {
        let deed = self.happen();
        let moved = Err(Doubt::Moved { block: to });
        if matches!(deed, Deed::Fail) || to >= self.chain.len() as u64 {
            return moved;
        }
        let mut list = self.chain[from as usize..=to as usize].to_vec();
        match deed {
            Deed::Drop(place) => {
                list.remove(usize::from(place) % list.len());
            }
            Deed::Double(place) => {
                let place = usize::from(place) % list.len();
                list.insert(place, list[place].clone());
            }
            _ => {}
        }
        Ok(list)
    }

    fn logs(&self, above: u64) -> Vec<Log> {
        let held = self
            .chain
            .iter()
            .filter(|block| block.link.at.number > above);
        held.flat_map(|block| block.logs.clone()).collect()
    }
}

struct Shown(Mutex<World>);

impl View for Shown {
    async fn tip(&self) -> Result<u64, Doubt> {
        let mut world = self.0.lock().unwrap();
        let deed = world.happen();
        let tip = world.chain.len() as u64 - 1;
        let told = match deed {
            Deed::Fail => return Err(Doubt::Moved { block: tip }),
            Deed::Lag(back) => tip.saturating_sub(u64::from(back)),
            _ => tip,
        };
        if world.is_shallow {
            world.floor = world.floor.max(told.saturating_sub(REORG_BLOCKS_MAX));
        }
        Ok(told)
    }

    async fn links(&self, from: u64, to: u64) -> Result<Vec<Link>, Doubt> {
        let blocks = self.0.lock().unwrap().list(from, to)?;
        Ok(blocks.into_iter().map(|block| block.link).collect())
    }

    async fn blocks(&self, from: u64, to: u64, _: u64) -> Result<Vec<Block>, Doubt> {
        self.0.lock().unwrap().list(from, to)
    }
}

impl Stretch for Shown {
    /// Endpoints answer it whole or not at all: what is missing in the middle nobody could notice by itself.
    async fn stretch(&self, from: u64, to: u64) -> Result<Option<Vec<Block>>, Doubt> {
        let mut world = self.0.lock().unwrap();
        world.asked.push(to + 1 - from);
        if to + 1 - from > world.widest {
            return Err(Doubt::Moved { block: to });
        }
        let mut list = world.list(from, to)?;
        if list.len() as u64 != to + 1 - from {
            return Err(Doubt::Moved { block: to });
        }
        list.retain(|block| !block.logs.is_empty() || block.link.at.number == to);
        let logs: usize = list.iter().map(|block| block.logs.len()).sum();
        Ok((logs <= STRETCH_LOGS_MAX).then_some(list))
    }
}

/// What a stream makes of changes: an inverse undoes the newest addition that stands, and no other.
fn apply(delivered: &mut Vec<Log>, changes: Vec<Change>) {
    for change in changes {
        match change {
            Change::Added(log) => delivered.push(log),
            Change::Removed(log) => assert_eq!(delivered.pop(), Some(log), "out of order"),
        }
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(future)
}

fn begin(world: &World) -> Follower {
    Follower::above(world.chain[0].link.at)
}

/// Takes what a step found, and lets the chain grow where it must be longer to be believed. Whether there may be more.
fn goes_on(
    found: Result<Step, Doubt>,
    follower: &Follower,
    view: &Shown,
    delivered: &mut Vec<Log>,
) -> bool {
    match found {
        Ok(step) => {
            apply(delivered, step.changes);
            if !step.more {
                return false;
            }
        }
        Err(doubt) => assert!(matches!(doubt, Doubt::Lags { .. }), "{doubt}"),
    }
    // A chain that became shorter is believed when it grows again: until then its endpoints may as well lag.
    let mut world = view.0.lock().unwrap();
    if (world.chain.len() as u64) <= follower.top().number {
        world.extend(1, 1);
    }
    true
}

/// Steps until there is nothing more, on a chain that stands still.
async fn settle(follower: &mut Follower, view: &Shown, delivered: &mut Vec<Log>) {
    for _ in 0..200 {
        let found = follower.advance(view).await;
        if !goes_on(found, follower, view, delivered) {
            return;
        }
    }
    panic!("it does not come to an end");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// INV-KEEPER-03.
    #[test]
    fn what_was_delivered_and_not_undone_is_what_the_chain_holds(deeds in prop::collection::vec(deed(), 1..120)) {
        let view = Shown(Mutex::new(World::new(deeds)));
        let mut follower = begin(&view.0.lock().unwrap());
        let mut delivered = Vec::new();
        now(async {
            while !view.0.lock().unwrap().deeds.is_empty() {
                if let Ok(step) = follower.advance(&view).await {
                    apply(&mut delivered, step.changes);
                }
                let mut world = view.0.lock().unwrap();
                world.floor = follower.top().number.saturating_sub(REORG_BLOCKS_MAX);
            }
            settle(&mut follower, &view, &mut delivered).await;
        });
        let world = view.0.lock().unwrap();
        prop_assert_eq!(delivered, world.logs(0));
        prop_assert_eq!(follower.top(), world.chain.last().unwrap().link.at);
    }
}

#[test]
fn the_deepest_reorganisation_that_can_be_undone_is_undone_and_one_block_more_is_told() {
    for (depth, undone) in [(REORG_BLOCKS_MAX, true), (REORG_BLOCKS_MAX + 1, false)] {
        let mut world = World::new(Vec::new());
        world.extend(200, 1);
        let view = Shown(Mutex::new(world));
        let mut follower = begin(&view.0.lock().unwrap());
        let mut delivered = Vec::new();
        now(async {
            settle(&mut follower, &view, &mut delivered).await;
            view.0
                .lock()
                .unwrap()
                .reorg(u8::try_from(depth).unwrap(), 1);
            if undone {
                settle(&mut follower, &view, &mut delivered).await;
                assert_eq!(delivered, view.0.lock().unwrap().logs(0));
            } else {
                let before = follower.top();
                let doubt = follower.advance(&view).await.unwrap_err();
                assert!(matches!(doubt, Doubt::TooDeep { .. }), "{doubt}");
                assert_eq!(follower.top(), before, "nothing changed");
            }
        });
    }
}

#[test]
fn a_view_that_lags_takes_nothing_back() {
    let mut world = World::new(Vec::new());
    world.extend(50, 1);
    let view = Shown(Mutex::new(world));
    let mut follower = begin(&view.0.lock().unwrap());
    let mut delivered = Vec::new();
    now(async {
        settle(&mut follower, &view, &mut delivered).await;
        // `tip` is asked first: it lies back, and all that it has is the same.
        view.0.lock().unwrap().deeds = vec![Deed::Lag(20)];
        let doubt = follower.advance(&view).await.unwrap_err();
        assert!(matches!(doubt, Doubt::Lags { tip: 31, top: 51 }), "{doubt}");
        assert_eq!(delivered, view.0.lock().unwrap().logs(0));
    });
}

/// Strides until there is nothing more, on a chain that stands still. How many it took.
async fn settle_by_strides(
    follower: &mut Follower,
    view: &Shown,
    delivered: &mut Vec<Log>,
) -> usize {
    for strides in 1..2_000 {
        let found = follower.stride(view).await;
        if !goes_on(found, follower, view, delivered) {
            return strides;
        }
    }
    panic!("it does not come to an end");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// INV-KEEPER-03.
    #[test]
    fn strides_deliver_what_the_chain_holds_whatever_of_it_lay_too_deep_to_be_taken_back(
        deeds in prop::collection::vec(deed(), 1..80),
        history in prop::collection::vec((any::<u8>(), 0..3_u8), 0..24),
        widest in prop_oneof![1 => Just(u64::MAX), 1 => 50..900_u64],
    ) {
        let mut world = World::new(Vec::new());
        for (blocks, logs) in history {
            world.extend(blocks, logs);
        }
        (world.deeds, world.is_shallow, world.widest) = (deeds, true, widest);
        let view = Shown(Mutex::new(world));
        let mut follower = begin(&view.0.lock().unwrap());
        let mut delivered = Vec::new();
        now(async {
            while !view.0.lock().unwrap().deeds.is_empty() {
                if let Ok(step) = follower.stride(&view).await {
                    apply(&mut delivered, step.changes);
                }
            }
            settle_by_strides(&mut follower, &view, &mut delivered).await;
        });
        let world = view.0.lock().unwrap();
        prop_assert_eq!(delivered, world.logs(0));
        prop_assert_eq!(follower.top(), world.chain.last().unwrap().link.at);
    }
}

/// A world of so many blocks, of which every `every`th has so many logs.
fn history(blocks: u64, every: u64, logs: u8) -> World {
    let mut world = World::new(Vec::new());
    while (world.chain.len() as u64) < blocks {
        let has = (world.chain.len() as u64).is_multiple_of(every);
        world.extend(1, if has { logs } else { 0 });
    }
    world
}

#[test]
fn a_long_history_is_read_in_few_strides_and_the_newest_blocks_are_linked_one_by_one() {
    let view = Shown(Mutex::new(history(40_000, 100, 1)));
    let mut follower = begin(&view.0.lock().unwrap());
    let mut delivered = Vec::new();
    let strides = now(settle_by_strides(&mut follower, &view, &mut delivered));
    assert!(strides < 12, "{strides} strides");
    let mut world = view.0.lock().unwrap();
    assert_eq!(delivered, world.logs(0));
    assert_eq!(world.asked[..4], [1_000, 2_000, 4_000, 8_000]);
    assert!(
        world
            .asked
            .iter()
            .all(|blocks| *blocks <= STRETCH_BLOCKS_MAX)
    );
    let tip = world.chain.len() as u64 - 1;
    assert_eq!(follower.bottom().number, tip - REORG_BLOCKS_MAX);

    // As deep as ever is undone, and one block more is told.
    world.reorg(u8::try_from(REORG_BLOCKS_MAX).unwrap(), 1);
    drop(world);
    now(settle_by_strides(&mut follower, &view, &mut delivered));
    let mut world = view.0.lock().unwrap();
    assert_eq!(delivered, world.logs(0));
    world.reorg(u8::try_from(REORG_BLOCKS_MAX + 1).unwrap(), 1);
    drop(world);
    let doubt = now(follower.stride(&view)).unwrap_err();
    assert!(matches!(doubt, Doubt::TooDeep { .. }), "{doubt}");
}

#[test]
fn a_stretch_that_is_not_answered_or_has_too_many_logs_is_read_in_shorter_ones_and_no_block_is_left_out()
 {
    for (widest, every, logs) in [
        (600, 100, 1),
        (STEP_BLOCKS_MAX, 100, 1),
        (u64::MAX, 1, 5),
        (u64::MAX, 1, 60),
    ] {
        let mut world = history(6_000, every, logs);
        world.widest = widest;
        let view = Shown(Mutex::new(world));
        let mut follower = begin(&view.0.lock().unwrap());
        let mut delivered = Vec::new();
        let strides = now(settle_by_strides(&mut follower, &view, &mut delivered));
        let world = view.0.lock().unwrap();
        assert_eq!(delivered, world.logs(0), "{widest} {logs}");
        let refused = world.asked.iter().filter(|blocks| **blocks > widest);
        assert!(refused.count() <= 4, "{:?}", world.asked);
        assert!(strides < 80, "{strides} strides: {:?}", world.asked);
    }
}

#[test]
fn a_chain_that_became_another_below_what_was_strode_over_is_told_and_nothing_of_it_is_delivered() {
    let view = Shown(Mutex::new(history(3_000, 10, 1)));
    let mut follower = begin(&view.0.lock().unwrap());
    now(follower.stride(&view)).unwrap();
    let top = follower.top();
    // Between the question whether the top stands and the stretch above it.
    let mut world = view.0.lock().unwrap();
    let deeper = world.chain.len() as u64 - top.number + 1;
    world.deeds = vec![Deed::Calm, Deed::Fork(deeper), Deed::Calm, Deed::Calm];
    drop(world);
    let doubt = now(follower.stride(&view)).unwrap_err();
    assert!(matches!(doubt, Doubt::Moved { .. }), "{doubt}");
    assert_eq!(follower.top(), top, "nothing changed");
    let doubt = now(follower.stride(&view)).unwrap_err();
    assert!(matches!(doubt, Doubt::TooDeep { .. }), "{doubt}");
}

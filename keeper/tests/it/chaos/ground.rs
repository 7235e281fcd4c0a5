//! A city with executors that serve, and three keepers as processes that know of each other only what the chain says.

use std::{
    collections::BTreeSet,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use agentcity_abi::{ICollaboration as work, IRoster, ITreasury as treasury};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer, roster::anchor::Anchor};
use agentcity_hub::{
    entry::{Entry, Origin},
    head::LogName,
    kind::EventType,
    redact::Rules,
    store::{Draft, Log, Retention, Settings},
    tree,
};
use agentcity_keeper::{
    clock::SystemClock,
    config::Config,
    journal::{Journal, SqliteJournal},
    source::ground::Ground as Footing,
};
use agentcity_test_fixtures::{
    chance::Chance,
    city::Person,
    gas,
    mission::{Charter, Law, Plan, Stage},
};
use alloy::{
    primitives::{Address, B256, U256, hex, keccak256},
    providers::{ProviderBuilder, RootProvider},
};
use serde_json::json;
use tempfile::{TempDir, tempdir};
use tokio::runtime::Runtime;

use super::{
    effects::Outcome,
    life::{Death, Keeper, Point, Road, Tap},
    way::way,
};
use crate::mission::{STAKE, city, document, serve, three_tasks};

/// Longest way of a mission from one look to the next: half a minute without kills.
const PATIENCE: Duration = Duration::from_secs(240);
/// Pause between two looks at the chain.
const LOOK: Duration = Duration::from_millis(150);
/// Entries that wait for an anchor in the log of the first keeper.
const ANCHOR_ENTRIES: u64 = 5;

/// Which executors each keeper serves: none serves two that sit at one node.
const SERVED: [(&str, &[usize]); 3] = [("a", &[0, 1]), ("b", &[2, 4]), ("c", &[3])];

/// Deaths that are left, and what happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    pub(super) left: u64,
    /// Of what a life dies.
    of: fn(&mut Chance) -> Point,
    pub(super) full: u64,
    pub(super) random: u64,
    pub(super) seeded: u64,
    pub(super) restarts: u64,
    pub(super) missions: u64,
}

impl Tally {
    /// So many deaths `of` something.
    pub(super) fn new(left: u64, of: fn(&mut Chance) -> Point) -> Self {
        Self {
            left,
            of,
            full: 0,
            random: 0,
            seeded: 0,
            restarts: 0,
            missions: 0,
        }
    }

    pub(super) const fn kills(&self) -> u64 {
        self.random + self.seeded
    }
}

/// The city, its executors, its keepers.
pub(super) struct Ground {
    pub(super) stage: Stage,
    monitor: Person,
    keepers: Vec<Keeper>,
    /// The same keepers in this process while none is killed: they look without pauses.
    peaceful: Vec<Peaceful>,
    payers: Vec<Person>,
    folder: TempDir,
    entries: u64,
    // Last: what serves is needed until the keepers are gone.
    runtime: Runtime,
}

impl Ground {
    pub(super) fn raise() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let mut stage = Stage::raise(&Charter::default(), 5, 1).unwrap_or_else(|e| panic!("{e}"));
        gas::cache_city(&stage.city).expect("a cache");
        let monitor = stage.bring_monitor("monitor").expect("a monitor");
        // A second a block, however long the kills take: windows are the chain's, and what is asked here is not who is in time.
        let rpc = stage.city.client.rpc();
        rpc.call("anvil_setBlockTimestampInterval", json!([1]))
            .expect("an interval");
        let folder = tempdir().expect("a folder");
        let mut ground = Self {
            stage,
            monitor,
            keepers: Vec::new(),
            peaceful: Vec::new(),
            payers: Vec::new(),
            folder,
            entries: 0,
            runtime,
        };
        ground.bring_keepers();
        ground
    }

    fn bring_keepers(&mut self) {
        let at: Vec<String> = (self.stage.executors.clone().iter())
            .map(|executor| {
                let serving = serve(&self.stage, executor, self.folder.path());
                self.runtime.block_on(serving).0
            })
            .collect();
        for (name, served) in SERVED {
            let payer = self.stage.city.person(&format!("keeper {name}"));
            let payer = payer.expect("a payer");
            let folder = self.folder.path().join(name);
            fs::create_dir(&folder).expect("a folder");
            let key = hex::encode(payer.signer().to_bytes());
            fs::write(folder.join("key"), key).expect("a key");
            let tap = Arc::new(Tap::default());
            let chain = self.stage.city.node.http_url();
            let chain = way(chain, Road::Chain, Arc::clone(&tap));
            let chain = self.runtime.block_on(chain);
            let mut text = format!(
                "endpoint = \"{chain}\"\nname = \"{name}\"\npoll_secs = 5\ndepth_blocks = 0\njournal = {:?}\nkey_file = {:?}\n",
                folder.join("journal"),
                folder.join("key"),
            );
            if name == SERVED[0].0 {
                text += &format!(
                    "[log]\nfile = {:?}\nanchor_entries = {ANCHOR_ENTRIES}\nanchor_secs = 1\n",
                    folder.join("log"),
                );
            }
            text += &self.router();
            for (place, at) in at.iter().enumerate() {
                let agent = self.stage.executors[place].agent.address();
                let at = way(at.clone(), Road::Executor, Arc::clone(&tap));
                let at = self.runtime.block_on(at);
                let served = served.contains(&place);
                text += &format!(
                    "[[router.executors]]\nagent = \"{agent}\"\nurl = \"{at}\"\nserved = {served}\n"
                );
            }
            fs::write(folder.join("draft"), text).expect("a configuration");
            self.keepers.push(Keeper::new(name, folder, tap));
            self.payers.push(payer);
        }
    }

    /// The sections of city and router, with a word where the mission's number goes.
    fn router(&self) -> String {
        format!(
            "[city]\nconstitution = \"{}\"\nfrom_block = 0\n[router]\nmissions = [\"MISSION\"]\ndocuments = {:?}\npoll_secs = 1\n",
            self.stage.city.address(Peer::Constitution),
            self.folder.path().join("documents"),
        )
    }

    /// A mission of three tasks from its law to the last stake, by keepers that are killed at the points that `chance` names while
    /// `tally` has kills left.
    pub(super) fn mission(&mut self, chance: &mut Chance, tally: &mut Tally) -> Outcome {
        let from = self
            .stage
            .city
            .client
            .rpc()
            .block_number()
            .expect("a block");
        let plan = three_tasks(&format!("mission {}", tally.missions));
        let law = self.stage.enact(&plan, STAKE);
        let mut law = law.unwrap_or_else(|e| panic!("{e}"));
        // The law's own plan: what is proved commits to the mission.
        self.tell(&law.plan, &law);
        let chain = self.chain();
        for place in 0..self.keepers.len() {
            self.log(place, chance);
            match tally.left {
                0 => {
                    let peaceful = peaceful(&self.keepers[place], &chain);
                    self.peaceful.push(peaceful);
                }
                _ => self.keepers[place].begin((tally.of)(chance)),
            }
        }
        self.until(chance, tally, "all nodes are done", |ground| {
            ground.state(&law) == work::MissionState::Verification
        });
        // Nobody looks until the window is over: a keeper would only wait, and the chain's clock is moved over it.
        for keeper in &mut self.keepers {
            keeper.kill();
        }
        for step in self.stage.opens_gate(&law, &self.monitor) {
            let performed = self.stage.perform(&mut law, vec![step]);
            performed.expect("the gate opens");
        }
        let window = u64::from(P::SanctionWindowSecs.row().default);
        let client = &mut self.stage.city.client;
        let over = client.now().expect("a time") + window + 1;
        client.warp_to(over).expect("time passes");
        if self.peaceful.is_empty() {
            for keeper in &mut self.keepers {
                let point = point(chance, tally);
                keeper.begin(point);
            }
        }
        self.until(chance, tally, "stakes and escrow are back", |ground| {
            let parts = ground.parts();
            (parts.escrows, parts.lockedStakes) == (U256::ZERO, U256::ZERO)
        });
        self.settle(&law);
        tally.missions += 1;
        Outcome::read(&mut self.stage, &law, from)
    }

    /// Ends all keepers in peace: what one of them has open is then closed.
    fn settle(&mut self, law: &Law) {
        let began = self.peaceful.is_empty();
        for mut keeper in self.peaceful.drain(..) {
            self.runtime.block_on(async {
                while keeper.act(&SystemClock, true).await.expect("it drains") > 0 {}
            });
            keeper.leave(&SystemClock).expect("it leaves");
        }
        if began {
            for keeper in &mut self.keepers {
                keeper.kill();
                keeper.begin(Point::Never);
            }
            // Each looks once, so that what it still has to say was said.
            std::thread::sleep(Duration::from_millis(1_500));
        }
        for (keeper, payer) in self.keepers.iter_mut().zip(&self.payers) {
            keeper.stop();
            let mut journal = SqliteJournal::open(&keeper.journal()).expect("a journal");
            let account = payer.address();
            let posted = journal.posted(account).expect("transactions");
            assert!(posted.is_empty(), "keeper {}: {posted:?}", keeper.name);
            let next = journal.next_nonce(account).expect("a nonce");
            let rpc = self.stage.city.client.rpc();
            let counted = rpc.quantity("eth_getTransactionCount", json!([account, "latest"]));
            assert_eq!(
                u128::from(next),
                counted.expect("a count"),
                "keeper {} sent what it recorded and nothing else, in mission {}",
                keeper.name,
                law.mission
            );
        }
    }

    /// Tends the keepers until `reached`.
    ///
    /// Panics when that takes too long.
    fn until(
        &mut self,
        chance: &mut Chance,
        tally: &mut Tally,
        what: &str,
        mut reached: impl FnMut(&mut Self) -> bool,
    ) {
        let end = Instant::now() + PATIENCE;
        let mut looked = Instant::now();
        loop {
            for keeper in &mut self.peaceful {
                self.runtime.block_on(async {
                    keeper.stand(&SystemClock).expect("it stands");
                    keeper.observe(&SystemClock).await.expect("it looks");
                    keeper.act(&SystemClock, false).await.expect("it acts");
                });
            }
            let processes = match self.peaceful.is_empty() {
                true => self.keepers.len(),
                false => 0,
            };
            for place in 0..processes {
                match self.keepers[place].look() {
                    None => continue,
                    Some(Death::Random) => tally.random += 1,
                    Some(Death::Seeded) => tally.seeded += 1,
                    Some(Death::Full) => tally.full += 1,
                }
                tally.left = tally.left.saturating_sub(1);
                tally.restarts += 1;
                self.log(place, chance);
                let point = point(chance, tally);
                self.keepers[place].begin(point);
            }
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                if reached(self) {
                    return;
                }
            }
            if Instant::now() >= end {
                let words = self.keepers.iter().map(Keeper::last_words);
                let words: Vec<String> = words.collect();
                panic!("never: {what}; {tally:?}\n{}", words.join("\n---\n"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Chain and city, as a keeper finds them.
    fn chain(&mut self) -> Footing {
        let rpc = self.stage.city.client.rpc();
        let first = rpc.call("eth_getBlockByNumber", json!(["0x0", false]));
        let hash = first.expect("a block")["hash"].clone();
        let hash = serde_json::from_value(hash).expect("a hash");
        Footing {
            chain_id: self.stage.city.client.chain_id(),
            genesis: hash,
            city: Some(city(&self.stage)),
        }
    }

    fn state(&mut self, law: &Law) -> work::MissionState {
        let call = work::missionCall {
            missionId: law.mission,
        };
        let to = self.stage.city.address(Peer::Collaboration);
        let mission = self.stage.city.client.ask(to, &call);
        mission.expect("a mission").state
    }

    fn parts(&mut self) -> treasury::Parts {
        let to = self.stage.city.address(Peer::Treasury);
        let parts = self.stage.city.client.ask(to, &treasury::partsCall {});
        parts.expect("books")
    }

    /// What the keepers are told of a mission: its number, and the document of its law.
    fn tell(&self, plan: &Plan, law: &Law) {
        let documents = self.folder.path().join("documents");
        fs::create_dir_all(&documents).expect("a folder");
        let text = document(plan).to_string();
        fs::write(documents.join("law.json"), text).expect("a document");
        for keeper in &self.keepers {
            let draft = fs::read_to_string(keeper.folder.join("draft")).expect("a draft");
            let text = draft.replace("MISSION", &law.mission.to_string());
            fs::write(keeper.config(), text).expect("a configuration");
        }
    }

    /// Entries of the first keeper's log, between two of its lives.
    fn log(&mut self, place: usize, chance: &mut Chance) {
        if place > 0 || self.entries > 0 && !chance.one_of(4) {
            return;
        }
        let mut log = self.open_log();
        let drafts = (0..chance.within(1..8)).map(|_| {
            self.entries += 1;
            draft(self.entries)
        });
        log.append(drafts.collect()).expect("entries");
    }

    fn open_log(&self) -> Log {
        let name = LogName {
            chain_id: self.stage.city.client.chain_id(),
            author: self.payers[0].address(),
        };
        let settings = Settings {
            redactor: Box::new(Rules::common()),
            retention: Retention::default(),
            mirrors: Vec::new(),
        };
        Log::open(&self.keepers[0].folder.join("log"), name, settings).expect("a log")
    }

    /// The log of the first keeper against its anchors on the chain: every anchor is a state of the log, each extends the one before,
    /// and every entry that was anchored is proved. Returns how many anchors there are.
    pub(super) fn prove_log(&mut self) -> u64 {
        let log = self.open_log();
        log.audit().expect("a whole log");
        // What was handed in is there once, and so is each of the chain's logs that the keeper wrote besides.
        let (mut handed, mut of_chain, mut place) = (0, BTreeSet::new(), 0);
        while place < log.size().expect("a size") {
            for (at, line) in log.lines(place, 1_000).expect("entries") {
                place = at + 1;
                let entry = Entry::read(&line).expect("an entry");
                match entry {
                    Entry::Event(event) => match event.origin {
                        Origin::Keeper { .. } => handed += 1,
                        Origin::Chain {
                            block_hash,
                            log_index,
                            ..
                        } => assert!(
                            of_chain.insert((block_hash, log_index, event.event_type)),
                            "{line}"
                        ),
                    },
                    Entry::Receipt(_) | Entry::Tombstone(_) => {}
                }
            }
        }
        assert_eq!(handed, self.entries);
        assert!(
            !of_chain.is_empty(),
            "the keeper wrote nothing of the chain"
        );
        let author = self.payers[0].address();
        let roster = self.stage.city.address(Peer::Roster);
        let mut last: Option<Anchor> = None;
        for sequence in 1.. {
            let call = IRoster::anchorOfCall { author, sequence };
            let found = self
                .stage
                .city
                .client
                .ask(roster, &call)
                .expect("an anchor");
            if found.size == 0 {
                let newest = last.expect("an anchor");
                for place in 0..newest.size {
                    let line = log.line(place).expect("an entry");
                    let path = log.inclusion(place, newest.size).expect("a proof");
                    let leaf = tree::leaf(line.as_bytes());
                    assert!(
                        tree::includes(&newest, place, &leaf, &path),
                        "entry {place}"
                    );
                }
                return sequence - 1;
            }
            let anchor = Anchor {
                size: found.size,
                root: found.root,
            };
            assert_eq!(log.root(anchor.size).expect("a root"), anchor.root);
            if let Some(before) = last {
                let path = log.extension(before.size, anchor.size).expect("a proof");
                assert!(tree::extends(&before, &anchor, &path), "anchor {sequence}");
            }
            last = Some(anchor);
        }
        unreachable!("anchors end")
    }
}

type Peaceful = agentcity_keeper::daemon::Keeper<SqliteJournal, RootProvider>;

/// A keeper of the same configuration and the same journal in this process.
fn peaceful(keeper: &Keeper, on: &Footing) -> Peaceful {
    let config = Config::read(&keeper.config()).expect("a configuration");
    let provider = ProviderBuilder::default().connect_http(config.endpoints[0].clone());
    let key = config.key().expect("a key");
    let journal = SqliteJournal::open(&keeper.journal()).expect("a journal");
    let keeper = Peaceful::new(journal, provider, config, key, on);
    keeper.expect("its parts")
}

/// Where the next life ends: nowhere when no deaths are left.
fn point(chance: &mut Chance, tally: &Tally) -> Point {
    match tally.left {
        0 => Point::Never,
        _ => (tally.of)(chance),
    }
}

fn draft(number: u64) -> Draft {
    Draft {
        kind: EventType::TaskRouted,
        mission: keccak256("mission"),
        session: B256::ZERO,
        node: Some(1),
        epoch: 1,
        contract: Address::ZERO,
        primary: Address::ZERO,
        secondary: Address::ZERO,
        principals: Vec::new(),
        block: 0,
        // structural: any time of the year in which the chain begins
        time_ms: 1_767_300_000_000 + number,
        gas_used: 0,
        origin: Origin::Keeper {
            record: keccak256(number.to_be_bytes()),
        },
        payload: json!({ "number": number }),
    }
}

//! Record against chain on a running city: every kind of difference put into a log, endpoints that lose logs, a reorganisation and a
//! restart between comparison and report, and the story of a record that is wrong until people decide.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use agentcity_abi::{
    ICollaboration::{self as work, MissionState},
    IGuardian::{self as guardian, DivergenceClosed, DivergenceReported},
    ITreasury as treasury,
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use agentcity_hub::{
    chain::{Placed, drafts},
    entry::{Entry, Event},
    head::LogName,
    kind::EventType,
    redact::Rules,
    store::{Draft, Log, PAGE_MAX, Payload, Query, Retention, Settings as Kept},
};
use agentcity_keeper::{
    action::{Action as Wanted, Level, Outcome},
    clock::{Clock, Moment},
    daemon::{ANSWER_WITHIN, Keeper, Standing},
    executor::{
        endpoint::Rpc,
        quorum::Quorum,
        submit::{Policy, Submitter},
    },
    journal::SqliteJournal,
    machine::reconciliation::{Action, COVERED, Finding, GONE, Kind, Phase, Warning},
    part::{
        Asking, Part, Step,
        reconciliation::{Reconciling, Section, Sources},
    },
    source::{
        agreed::Agreed, chain::Chain, city::City, endpoint::HttpEndpoint, ground::Ground as Stands,
        pool::Pool,
    },
};
use agentcity_test_fixtures::{
    Settings,
    city::Person,
    mission::{Charter, Law, Plan, Scene, Task, seconds, told},
};
use alloy::{
    primitives::{Address, B256, U256},
    providers::{Provider, ProviderBuilder, RootProvider},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use tokio::runtime::Runtime;

use crate::chain::{Proxy, Wrong};

const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;
const OTHER: &str = "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";

#[derive(Debug, Default)]
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// A city with a mission, and logs about it.
pub(crate) struct Ground {
    pub(crate) scene: Scene,
    pub(crate) law: Law,
    pub(crate) runtime: Runtime,
    dir: TempDir,
}

impl Ground {
    /// With a mission of two nodes, both completed, at its gate.
    fn raise(settings: Settings) -> Self {
        let charter = Charter {
            settings,
            ..Charter::default()
        };
        let mut scene = Scene::raise(&charter, 2, 1);
        let plan = Plan {
            name: "books".to_owned(),
            tasks: vec![
                Task::proved("books 0", PRICE),
                Task::proved("books 1", PRICE),
            ],
            edges: vec![(0, 1)],
            predicates: Vec::new(),
        };
        let seats = scene.seats(&plan, &[0, 1], STAKE);
        let law = scene.enact_with(&plan, &seats);
        for node in [0, 1] {
            let executor = usize::from(node);
            scene.route(&law, node, &[executor]);
            scene.submit(&law, node, executor);
        }
        assert_eq!(scene.state(&law), MissionState::Verification);
        Self::of(scene, law)
    }

    /// With this mission, as far as it is.
    pub(crate) fn of(scene: Scene, law: Law) -> Self {
        Self {
            scene,
            law,
            runtime: Runtime::new().unwrap(),
            dir: tempdir().unwrap(),
        }
    }

    pub(crate) fn provider(&self) -> RootProvider {
        let url = self.scene.stage.city.node.http_url();
        ProviderBuilder::default().connect_http(url.parse().unwrap())
    }

    fn city(&self) -> City {
        let members = Peer::ALL.map(|peer| self.scene.at(peer));
        City::of(self.scene.stage.city.client.chain_id(), members)
    }

    /// What the chain says so far, as entries.
    pub(crate) fn entries(&self) -> Vec<Draft> {
        let provider = self.provider();
        let mut found = Vec::new();
        for peer in [Peer::Statute, Peer::Collaboration] {
            let filter = Filter::new().address(self.scene.at(peer)).from_block(0);
            let logs = self
                .runtime
                .block_on(async { provider.get_logs(&filter).await });
            for log in logs.unwrap() {
                let placed = Placed {
                    log: &log.inner,
                    block: log.block_number.unwrap(),
                    block_hash: log.block_hash.unwrap(),
                    time_ms: 1_700_000_000_000 + log.block_number.unwrap(),
                    transaction: log.transaction_hash.unwrap(),
                    gas_used: 21_000,
                    log_index: log.log_index.unwrap(),
                    epoch: 1,
                };
                found.extend(drafts(peer, &placed, |_| None));
            }
        }
        found.sort_by_key(|draft| draft.block);
        found
    }

    /// A log of this name with these entries, as `author`'s.
    pub(crate) fn log(&self, name: &str, author: Address, entries: Vec<Draft>) -> (PathBuf, Log) {
        let path = self.dir.path().join(name);
        let chain_id = self.scene.stage.city.client.chain_id();
        let settings = Kept {
            redactor: Box::new(Rules::common()),
            retention: Retention::default(),
            mirrors: Vec::new(),
        };
        let mut log = Log::open(&path, LogName { chain_id, author }, settings).unwrap();
        log.append(entries).unwrap();
        (path, log)
    }

    pub(crate) fn sources(
        &self,
        log: &Path,
        providers: Vec<RootProvider>,
        needed: usize,
    ) -> Sources<RootProvider> {
        let agreed = Agreed::new(providers, needed).unwrap();
        Sources::new(agreed, self.city(), 0, 0, log.to_owned())
    }

    pub(crate) fn compared(&self, log: &Path, phase: Phase) -> Result<Finding, String> {
        let sources = self.sources(log, vec![self.provider()], 1);
        self.runtime.block_on(async {
            let at = sources.settled().await?;
            sources.compare(self.law.mission, phase, at).await
        })
    }

    /// A keeper that does nothing but reconcile, as this monitor.
    fn keeper(
        &self,
        name: &str,
        monitor: &Person,
        log: &Path,
    ) -> Keeper<SqliteJournal, RootProvider> {
        self.keeper_of(name, monitor, self.part(monitor, log))
    }

    fn keeper_of(
        &self,
        name: &str,
        monitor: &Person,
        part: Reconciling<RootProvider>,
    ) -> Keeper<SqliteJournal, RootProvider> {
        let chain_id = self.scene.stage.city.client.chain_id();
        let part: Arc<dyn Part> = Arc::new(part);
        let policy = Policy {
            depth_blocks: 0,
            ..Policy::default()
        };
        let endpoint = Quorum::of_one(Rpc::new(self.provider(), ANSWER_WITHIN));
        let submitter = Submitter::new(endpoint, monitor.signer().clone(), chain_id, policy);
        let journal = SqliteJournal::open(&self.dir.path().join(format!("{name}.sqlite"))).unwrap();
        Keeper::with_parts(journal, name.to_owned(), 0, Some(submitter), vec![part]).unwrap()
    }

    fn part(&self, monitor: &Person, log: &Path) -> Reconciling<RootProvider> {
        let (_, writer) = self.log(
            log.file_name().unwrap().to_str().unwrap(),
            monitor.address(),
            Vec::new(),
        );
        let sources = self.sources(log, vec![self.provider()], 1);
        let section = Section::of(vec![self.law.mission]);
        Reconciling::new(sources, section, Arc::new(Mutex::new(writer)))
    }

    /// The same, of whatever missions the logs of the city tell of.
    fn following(&self, monitor: &Person, log: &Path) -> Reconciling<RootProvider> {
        let city = self.city();
        let provider = self.provider();
        let found = self
            .runtime
            .block_on(async { Stands::find(&[provider], 1, None).await });
        let found = found.unwrap();
        let url = self.scene.stage.city.node.http_url().parse().unwrap();
        let (chain, addresses) = (
            (found.chain_id, found.genesis),
            city.contracts().addresses(),
        );
        let endpoint = HttpEndpoint::new(url, ANSWER_WITHIN, chain, addresses).unwrap();
        let pool = Pool::new(vec![("node".to_owned(), endpoint)], 1).unwrap();
        let chain = Chain::new(pool, 1, ANSWER_WITHIN);
        let name = log.file_name().unwrap().to_str().unwrap();
        let (_, writer) = self.log(name, monitor.address(), Vec::new());
        let sources = self.sources(log, vec![self.provider()], 1);
        let section = Section::of(Vec::new());
        let part = Reconciling::new(sources, section, Arc::new(Mutex::new(writer)));
        part.following(Arc::new(chain), city)
    }

    fn rounds(
        &self,
        keeper: &mut Keeper<SqliteJournal, RootProvider>,
        clock: &Hands,
        rounds: usize,
    ) {
        self.runtime.block_on(async {
            for _ in 0..rounds {
                assert_eq!(keeper.stand(clock).unwrap(), Standing::Working);
                keeper.observe(clock).await.unwrap();
                keeper.act(clock, false).await.unwrap();
                clock.0.fetch_add(10, Ordering::SeqCst);
            }
        });
    }

    /// Reports of divergence on chain.
    fn reports(&self) -> Vec<DivergenceReported> {
        let filter = Filter::new()
            .address(self.scene.at(Peer::Guardian))
            .event_signature(DivergenceReported::SIGNATURE_HASH)
            .from_block(0);
        let provider = self.provider();
        let logs = self
            .runtime
            .block_on(async { provider.get_logs(&filter).await });
        let decoded = logs.unwrap().into_iter();
        decoded
            .map(|log| DivergenceReported::decode_log(&log.inner).unwrap().data)
            .collect()
    }

    /// A monitor with credit for one report.
    fn monitor(&mut self, name: &str) -> Person {
        let monitor = self.scene.monitor(name);
        let deposit = treasury::depositCall {
            account: monitor.address(),
            amount: U256::from(bond()),
        };
        self.scene.pay(&monitor, Peer::Treasury, bond(), &deposit);
        monitor
    }

    fn gate(&mut self) -> guardian::Gate {
        let call = guardian::gateOfCall {
            missionId: self.law.mission,
        };
        self.scene.ask(Peer::Guardian, &call)
    }
}

fn bond() -> u128 {
    u128::from(P::DivergenceBond.row().default) * 1_000_000_000_000
}

/// What a log holds of these kinds, with payloads.
fn kept(path: &Path, kind: EventType) -> Vec<(Event, Value)> {
    let log = Log::open_to_read(path).unwrap();
    let query = Query {
        kind: Some(kind),
        ..Query::default()
    };
    let page = log.query(&query, None, PAGE_MAX).unwrap().unwrap();
    let entries = page.hits.into_iter().map(|hit| {
        let Entry::Event(event) = Entry::read(&hit.line).unwrap() else {
            panic!("{}", hit.line);
        };
        let Payload::Here(body) = log.payload(&event.payload_cid).unwrap() else {
            panic!("{}", event.payload_cid);
        };
        (*event, serde_json::from_slice(&body).unwrap())
    });
    entries.collect()
}

/// The entry of this kind about a node.
fn of_node(entries: &mut [Draft], kind: EventType, node: u16) -> &mut Draft {
    let mut found = entries.iter_mut();
    let found = found.find(|draft| draft.kind == kind && draft.node == Some(node));
    found.expect("such an entry")
}

fn says(entries: &mut [Draft], kind: EventType, field: &str, value: Value) {
    let draft = match kind {
        EventType::DagDeployed => entries.iter_mut().find(|draft| draft.kind == kind),
        _ => Some(of_node(entries, kind, 1)),
    };
    draft.expect("such an entry").payload["fields"][field] = value;
}

#[test]
fn the_city_says_how_late_a_result_may_be_confirmed_before_somebody_is_told() {
    let mut ground = Ground::raise(Settings::default());
    let mut entries = ground.entries();
    let completed = of_node(&mut entries, EventType::TaskCompleted, 1).clone();
    let provider = ground.provider();
    let block = ground
        .runtime
        .block_on(async { provider.get_block(completed.block.into()).await });
    let confirmed = block.unwrap().expect("it is there").header.timestamp;
    // The output was there five seconds before the chain had it.
    entries.push(Draft {
        kind: EventType::PendingFinalization,
        time_ms: 1_000 * confirmed - 5_000,
        block: 0,
        origin: agentcity_hub::entry::Origin::Keeper {
            record: B256::repeat_byte(0xee),
        },
        ..completed
    });
    let (path, _) = ground.log("late", Address::repeat_byte(1), entries);
    let warned = |ground: &Ground| {
        let finding = ground.compared(&path, Phase::Orchestration).unwrap();
        assert!(finding.passes(), "{finding:?}");
        finding.warnings
    };
    assert_eq!(warned(&ground), [], "ten seconds are allowed");
    let city = &mut ground.scene.stage.city;
    city.amend(P::OptimisticWindowMaxMs, 4_999).unwrap();
    let late = Warning::SlowFinalization {
        node: 1,
        delta_ms: 5_000,
    };
    assert_eq!(warned(&ground), [late]);
}

#[test]
fn every_kind_of_difference_in_a_log_is_found_on_a_running_city() {
    let ground = Ground::raise(Settings::default());
    let author = Address::repeat_byte(1);
    let entries = ground.entries();
    type Break = fn(&mut Vec<Draft>);
    let rows: [(&str, Option<Kind>, Break); 11] = [
        ("sound", None, |_| {}),
        ("invented", Some(Kind::OffChainOnly), |entries| {
            let mut copy = of_node(entries, EventType::TaskCompleted, 1).clone();
            copy.payload["fields"]["attempt"] = json!("9");
            copy.origin = agentcity_hub::entry::Origin::Chain {
                block_hash: B256::ZERO,
                transaction: B256::ZERO,
                log_index: 0,
            };
            entries.push(copy);
        }),
        ("output", Some(Kind::OutputMismatch), |entries| {
            says(
                entries,
                EventType::TaskCompleted,
                "outputHash",
                json!(OTHER),
            );
        }),
        ("law", Some(Kind::OutputMismatch), |entries| {
            says(entries, EventType::DagDeployed, "statuteHash", json!(OTHER));
        }),
        ("lost", Some(Kind::OnChainOnly), |entries| {
            entries.retain(|draft| draft.kind != EventType::TaskCompleted || draft.node != Some(1));
        }),
        ("no law", Some(Kind::OnChainOnly), |entries| {
            entries.retain(|draft| draft.kind != EventType::DagDeployed);
        }),
        ("tier", Some(Kind::TierMismatch), |entries| {
            says(entries, EventType::TaskCompleted, "tier", json!("3"));
        }),
        ("code", Some(Kind::CodeMismatch), |entries| {
            says(entries, EventType::TaskRouted, "liveCodeHash", json!(OTHER));
        }),
        ("trail", Some(Kind::TrailMismatch), |entries| {
            says(entries, EventType::TaskCompleted, "trailRoot", json!(OTHER));
        }),
        ("attempt", Some(Kind::AttemptMismatch), |entries| {
            says(entries, EventType::TaskCompleted, "attempt", json!("1"));
        }),
        ("digest", Some(Kind::DigestMismatch), |entries| {
            says(entries, EventType::TaskCompleted, "digest", json!(OTHER));
        }),
    ];
    for kind in Kind::ALL {
        assert!(rows.iter().any(|row| row.1 == Some(kind)), "{kind:?}");
    }
    for (name, kind, breaks) in rows {
        let mut broken = entries.clone();
        breaks(&mut broken);
        let (path, log) = ground.log(name, author, broken);
        let finding = ground.compared(&path, Phase::Orchestration).unwrap();
        assert_eq!((finding.nodes, finding.completed), (2, 2), "{name}");
        assert_eq!(finding.root, log.root(log.size().unwrap()).unwrap());
        match kind {
            None => assert!(finding.passes(), "{finding:?}"),
            Some(kind) => {
                assert_eq!(finding.counts[kind as usize], 1, "{name}: {finding:?}");
                let told = finding.told.iter().find(|told| told.kind == kind).unwrap();
                assert_ne!(told.ours, told.theirs);
                assert!(
                    kind == Kind::OffChainOnly || told.theirs_at.is_some(),
                    "{name}: {told}"
                );
            }
        }
    }
}

#[test]
fn endpoints_that_lose_logs_make_no_difference_and_no_report() {
    let ground = Ground::raise(Settings::default());
    let (path, _) = ground.log("log", Address::repeat_byte(1), ground.entries());
    let proxies: Vec<Proxy> = ground.runtime.block_on(async {
        let node = &ground.scene.stage.city.node;
        vec![
            Proxy::new(node).await,
            Proxy::new(node).await,
            Proxy::new(node).await,
        ]
    });
    let compared = |needed: usize, of: usize| {
        let providers = proxies[..of].iter().map(|proxy| {
            let url = format!("http://{}/", proxy.address);
            ProviderBuilder::default().connect_http(url.parse().unwrap())
        });
        let sources = ground.sources(&path, providers.collect(), needed);
        ground.runtime.block_on(async {
            let at = sources.settled().await?;
            sources
                .compare(ground.law.mission, Phase::Release, at)
                .await
        })
    };
    assert!(compared(2, 3).unwrap().passes());
    // One of three loses every log: the others are believed.
    proxies[0].is(Wrong::Omits);
    assert!(compared(2, 3).unwrap().passes());
    // Two of two do not agree, and one alone contradicts itself: the digest in storage binds every log.
    let split = compared(2, 2).unwrap_err();
    assert!(split.contains("contradict each other"), "{split}");
    let torn = compared(1, 1).unwrap_err();
    assert!(torn.contains("logs are not"), "{torn}");
    // Enough of them lose the same: still nothing that anybody would report.
    proxies[1].is(Wrong::Omits);
    let torn = compared(2, 3).unwrap_err();
    assert!(torn.contains("logs are not"), "{torn}");
}

#[test]
fn what_a_reorganisation_takes_away_between_comparison_and_report_is_not_reported() {
    let mut ground = Ground::raise(Settings::lenient());
    let monitor = ground.monitor("bookkeeper");
    let mut entries = ground.entries();
    says(
        &mut entries,
        EventType::TaskCompleted,
        "outputHash",
        json!(OTHER),
    );
    let (path, _) = ground.log("log", monitor.address(), entries);
    let part = Arc::new(ground.part(&monitor, &path));
    let asking = Asking {
        payer: Some(monitor.address()),
        now: Moment::new(1),
    };
    let mission = ground.law.mission;
    let phase = Phase::Orchestration;
    let carry = |action: Action| {
        let part = Arc::clone(&part);
        let action = Wanted::Reconciliation(action);
        ground.runtime.block_on(part.carry_out(action, asking))
    };
    let compare = Action::Compare {
        mission,
        phase,
        round: 0,
    };
    let Ok(Step::Ended(Outcome::Reported { report })) = carry(compare) else {
        panic!("it is not compared");
    };
    let finding: Finding = serde_json::from_str(&report).unwrap();
    assert_eq!(finding.counts[Kind::OutputMismatch as usize], 1);
    let wanted = |attempt| Action::Report {
        mission,
        phase,
        evidence: finding.evidence(),
        attempt,
    };
    // As it stands it would be reported.
    assert!(matches!(carry(wanted(0)), Ok(Step::Call(_))));
    // The block that completed the node, and all above it, are replaced by others without it.
    let completed = finding.told.iter().find_map(|told| told.theirs_at).unwrap();
    let newest = finding.at.number;
    let deep = newest - completed.block + 1;
    let provider = ground.provider();
    let reorganised = ground.runtime.block_on(async {
        let asked = provider.raw_request::<_, Value>("anvil_reorg".into(), json!([deep, []]));
        asked.await
    });
    reorganised.unwrap();
    let gone = Step::Ended(Outcome::Reported {
        report: GONE.to_owned(),
    });
    assert_eq!(carry(wanted(1)), Ok(gone));
    assert_eq!(ground.reports().len(), 0);
}

#[test]
fn missions_are_found_in_the_citys_logs_and_one_that_failed_is_compared_too() {
    let mut ground = Ground::raise(Settings::default());
    let monitor = ground.monitor("bookkeeper");
    // Nobody says a word at its gate, and nobody asks it: its time there ends, and with that the mission.
    let over = work::expireMissionCall {
        missionId: ground.law.mission,
    };
    let since: u64 = ground.scene.mission(&ground.law).since.to();
    let gate = since + seconds(P::GateTimeoutMs);
    ground.scene.out_after(gate, Peer::Collaboration, &over);
    assert_eq!(ground.scene.state(&ground.law), MissionState::Failed);
    let mut entries = ground.entries();
    says(
        &mut entries,
        EventType::TaskCompleted,
        "outputHash",
        json!(OTHER),
    );
    let (path, _) = ground.log("log", monitor.address(), entries);
    let clock = Hands::default();
    let part = ground.following(&monitor, &path);
    let mut keeper = ground.keeper_of("follows", &monitor, part);
    ground.rounds(&mut keeper, &clock, 5);
    let failed = kept(&path, EventType::ReconciliationFailed);
    assert_eq!(
        failed.len(),
        1,
        "it was named nowhere, and is compared once"
    );
    let (_, said) = &failed[0];
    assert_eq!(said["phase"], json!("failure"));
    assert_eq!(said["counts"][Kind::OutputMismatch.text()], json!(1));
    assert!(said["evidence"].is_string());
    assert_eq!(keeper.worst(), Some(Level::Urgent), "somebody is told");
    assert_eq!(ground.reports().len(), 0, "what failed cannot be suspended");
}

#[test]
fn a_record_that_is_wrong_suspends_its_mission_once_until_people_decide() {
    let mut ground = Ground::raise(Settings::default());
    let (liar, honest) = (ground.monitor("bookkeeper"), ground.monitor("auditor"));
    let stranger = ground.scene.stranger.clone();
    let mission = ground.law.mission;
    let entries = ground.entries();
    let mut wrong = entries.clone();
    says(
        &mut wrong,
        EventType::TaskCompleted,
        "outputHash",
        json!(OTHER),
    );
    let (path, _) = ground.log("wrong", liar.address(), wrong);

    // ---- it compares; the process dies before anything is reported, and the next one reports, once.
    let clock = Hands::default();
    let mut keeper = ground.keeper("liar", &liar, &path);
    ground.rounds(&mut keeper, &clock, 1);
    assert_eq!(ground.reports().len(), 0, "it has compared, and no more");
    drop(keeper);
    clock.0.fetch_add(60_000, Ordering::SeqCst);
    let before = ground.scene.credit(liar.address());
    let mut keeper = ground.keeper("liar", &liar, &path);
    ground.rounds(&mut keeper, &clock, 6);
    let reports = ground.reports();
    assert_eq!(reports.len(), 1);
    assert_eq!(
        (reports[0].missionId, reports[0].monitor),
        (mission, liar.address())
    );
    let after = ground.scene.credit(liar.address());
    assert_eq!(before - after, bond(), "one bond");
    let known = ground.scene.mission(&ground.law);
    assert_eq!(
        known.halt as u8,
        agentcity_abi::ICollaboration::Halt::Divergence as u8
    );

    // ---- the log holds the evidence that the report names.
    let failed = kept(&path, EventType::ReconciliationFailed);
    assert_eq!(failed.len(), 1);
    let (_, said) = &failed[0];
    assert_eq!(said["evidence"], json!(reports[0].evidenceHash));
    assert_eq!(said["phase"], json!("orchestration"));
    assert_eq!(said["counts"][Kind::OutputMismatch.text()], json!(1));
    let listed = said["divergences"].as_array().unwrap();
    let output = listed
        .iter()
        .find(|one| one["kind"] == json!(Kind::OutputMismatch.text()));
    assert_eq!(output.unwrap()["ours"], json!(OTHER));
    assert_eq!(output.unwrap()["node"], json!(1));

    // ---- the chain itself is asked: what stands is done, whoever asks, and under a pause nothing else is reported.
    let part = Arc::new(ground.part(&liar, &path));
    let again = |evidence| {
        let action = Wanted::Reconciliation(Action::Report {
            mission,
            phase: Phase::Orchestration,
            evidence,
            attempt: 7,
        });
        let asking = Asking {
            payer: Some(liar.address()),
            now: Moment::new(1),
        };
        let part = Arc::clone(&part);
        ground.runtime.block_on(part.carry_out(action, asking))
    };
    let evidence = reports[0].evidenceHash;
    assert_eq!(again(evidence), Ok(Step::Ended(Outcome::Satisfied)));
    let covered = Step::Ended(Outcome::Reported {
        report: COVERED.to_owned(),
    });
    assert_eq!(again(B256::ZERO), Ok(covered));

    // ---- whatever it does, it reports no second time, after another restart neither; and nothing leaves.
    drop(keeper);
    clock.0.fetch_add(60_000, Ordering::SeqCst);
    let mut keeper = ground.keeper("liar", &liar, &path);
    ground.rounds(&mut keeper, &clock, 6);
    assert_eq!(ground.reports().len(), 1);
    let filter = guardian::filterOutputCall { missionId: mission };
    let sent = {
        let to = ground.scene.at(Peer::Guardian);
        ground.scene.stage.city.client.send(&stranger, to, &filter)
    };
    assert!(sent.is_err(), "a paused mission releases nothing");

    // ---- people look at it, and find that it was worth reporting: the bond goes back and the mission goes on.
    let lift = guardian::liftPauseCall {
        missionId: mission,
        forfeit: false,
    };
    let lifted = ground.scene.rule(Peer::Guardian, &lift);
    let closed = told::<DivergenceClosed>(&lifted);
    assert!(matches!(&closed[..], [closed] if closed.returned));
    assert_eq!(ground.scene.credit(liar.address()), before);
    ground.rounds(&mut keeper, &clock, 10);
    assert_eq!(ground.reports().len(), 1, "people decided on that");
    assert_eq!(kept(&path, EventType::ReconciliationFailed).len(), 2);
    assert_eq!(kept(&path, EventType::ReconciliationPassed).len(), 0);
    assert_eq!(
        ground.gate().reconciledAt.to::<u64>(),
        0,
        "it says no word at the gate"
    );

    // ---- a monitor whose record is right does, and the output leaves.
    let (right, log) = ground.log("right", honest.address(), entries);
    let root = log.root(log.size().unwrap()).unwrap();
    let mut other = ground.keeper("honest", &honest, &right);
    let clock = Hands::default();
    ground.rounds(&mut other, &clock, 8);
    let passed = kept(&right, EventType::ReconciliationPassed);
    let phases: Vec<&Value> = passed.iter().map(|(_, said)| &said["phase"]).collect();
    assert_eq!(phases, [&json!("orchestration"), &json!("release")]);
    let gate = ground.gate();
    assert_ne!(gate.reconciledAt.to::<u64>(), 0);
    let anchored = passed
        .iter()
        .find(|(_, said)| said["phase"] == json!("release"));
    assert_eq!(anchored.unwrap().1["logRoot"], json!(gate.logRoot));
    assert_ne!(
        root, gate.logRoot,
        "what was found before is in the log that was compared"
    );
    ground.scene.send(&stranger, Peer::Guardian, &filter);
    assert_eq!(ground.scene.state(&ground.law), MissionState::Completed);
    assert_eq!(ground.reports().len(), 1);

    // ---- by hand: the command says the same of both, with the books, and its exit code does.
    for (path, monitor, code, passes) in [(&path, &liar, 1, false), (&right, &honest, 0, true)] {
        let config = ground.dir.path().join("keeper.toml");
        std::fs::write(&config, configured(&ground, path, monitor)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_agentcity-keeper"));
        let mission = mission.to_string();
        command.args(["reconcile", "--config", config.to_str().unwrap()]);
        command.args(["--mission", &mission]);
        let table = command.output().unwrap();
        let text = String::from_utf8(table.stdout).unwrap();
        assert_eq!(table.status.code(), Some(code), "{text}");
        assert!(text.contains("they balance"), "{text}");
        for kind in Kind::ALL {
            assert!(text.contains(kind.text()), "{text}");
        }
        let told = command.arg("--json").output().unwrap();
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        assert_eq!(told["finding"]["passed"], json!(passes));
        assert_eq!(told["books"]["balance"], json!(true));
        assert_eq!(told["version"], json!(1));
    }
    // What is not there is not known.
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentcity-keeper"));
    let config = ground.dir.path().join("keeper.toml");
    command.args(["reconcile", "--config", config.to_str().unwrap()]);
    command.args(["--mission", OTHER]);
    assert_eq!(command.output().unwrap().status.code(), Some(2));
}

/// A configuration of a keeper with this log.
fn configured(ground: &Ground, log: &Path, monitor: &Person) -> String {
    let dir = ground.dir.path();
    let key = dir.join("key");
    std::fs::write(&key, hex(monitor)).unwrap();
    format!(
        "endpoint = {:?}\njournal = {:?}\nkey_file = {:?}\ndepth_blocks = 0\n\
         [city]\nconstitution = \"{}\"\nfrom_block = 0\n\
         [log]\nfile = {:?}\n\
         [reconciliation]\nmissions = [\"{}\"]\n",
        ground.scene.stage.city.node.http_url(),
        dir.join("journal.sqlite").display().to_string(),
        key.display().to_string(),
        ground.scene.at(Peer::Constitution),
        log.display().to_string(),
        ground.law.mission,
    )
}

fn hex(person: &Person) -> String {
    alloy::primitives::hex::encode(person.signer().to_bytes())
}

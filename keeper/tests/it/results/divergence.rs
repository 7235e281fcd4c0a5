//! Faults put into a keeper's log, one at a time and several, on a mission of all tiers, and what the comparison with the chain says of
//! them. Which node and which value follow from the seed.
//!
//! ```text
//! result name=divergence kind=… fault=… injected=… found=… missed=… beside=… false=… seed=…
//! result name=divergence-several trials=… injected=… found=… missed=… false=… seed=…
//! result name=divergence-none what=… compared=… false=… unknown=… seed=…
//! ```
//!
//! *Found* is a divergence of the fault's own kind at its own node. *Beside* is told of the same node in another kind, or of the digest of the
//! whole, which hangs on every completion. *False* is everything else.

use std::collections::BTreeSet;

use agentcity_domain::{peer::Peer, statute::Mode};
use agentcity_hub::{entry::Origin, kind::EventType, store::Draft};
use agentcity_keeper::machine::reconciliation::{Finding, Kind, Phase};
use agentcity_test_fixtures::{
    chance::{Chance, number},
    mission::{Charter, Law, Plan, Scene, Stage, Step, Task},
};
use alloy::{
    primitives::{Address, B256},
    providers::ProviderBuilder,
};
use serde_json::{Value, json};

use crate::{
    chain::{Proxy, Wrong},
    mission::{PRICE, STAKE},
    reconciliation::Ground,
};

/// Rounds of all faults where nothing is said.
const ROUNDS: u64 = 2;
const VARIABLE: &str = "AGENTCITY_ROUNDS";
/// Tasks that are done.
const DONE: u16 = 7;
/// The one that was routed and is not done.
const OPEN: u16 = 7;
/// Most faults of one trial of several.
const SEVERAL: u64 = 4;

/// Of which kind a fault is, and how it is put into entries; answers at which node, if at one.
struct Fault {
    kind: Kind,
    name: &'static str,
    put: fn(&mut Vec<Draft>, u16, &mut Chance) -> Option<u16>,
}

const FAULTS: [Fault; 13] = [
    Fault {
        kind: Kind::OffChainOnly,
        name: "completion-of-an-open-node",
        put: |entries, node, chance| {
            let mut copy = completion(entries, node).clone();
            copy.node = Some(OPEN);
            copy.payload["fields"]["node"] = json!(OPEN.to_string());
            elsewhere(&mut copy, chance);
            entries.push(copy);
            Some(OPEN)
        },
    },
    Fault {
        kind: Kind::OffChainOnly,
        name: "completion-of-another-attempt",
        put: |entries, node, chance| {
            let mut copy = completion(entries, node).clone();
            copy.payload["fields"]["attempt"] = json!("9");
            elsewhere(&mut copy, chance);
            entries.push(copy);
            Some(node)
        },
    },
    Fault {
        kind: Kind::OffChainOnly,
        name: "second-law",
        put: |entries, _, chance| {
            let mut copy = law(entries).clone();
            copy.payload["fields"]["statuteHash"] = other(chance);
            elsewhere(&mut copy, chance);
            entries.push(copy);
            None
        },
    },
    Fault {
        kind: Kind::OutputMismatch,
        name: "output-changed",
        put: |entries, node, chance| {
            completion(entries, node).payload["fields"]["outputHash"] = other(chance);
            Some(node)
        },
    },
    Fault {
        kind: Kind::OutputMismatch,
        name: "law-changed",
        put: |entries, _, chance| {
            law(entries).payload["fields"]["statuteHash"] = other(chance);
            None
        },
    },
    Fault {
        kind: Kind::OnChainOnly,
        name: "completion-lost",
        put: |entries, node, _| {
            entries.retain(|draft| !is(draft, EventType::TaskCompleted, node));
            Some(node)
        },
    },
    Fault {
        kind: Kind::OnChainOnly,
        name: "law-lost",
        put: |entries, _, _| {
            entries.retain(|draft| draft.kind != EventType::DagDeployed);
            None
        },
    },
    Fault {
        kind: Kind::TierMismatch,
        name: "tier-changed",
        put: |entries, node, chance| {
            let fields = &mut completion(entries, node).payload["fields"];
            let tier: u64 = text(&fields["tier"]).parse().expect("a tier");
            fields["tier"] = json!(((tier + chance.within(0..2)) % 3 + 1).to_string());
            Some(node)
        },
    },
    Fault {
        kind: Kind::CodeMismatch,
        name: "code-changed",
        put: |entries, node, chance| {
            of(entries, EventType::TaskRouted, node).payload["fields"]["liveCodeHash"] =
                other(chance);
            Some(node)
        },
    },
    Fault {
        kind: Kind::CodeMismatch,
        name: "routing-lost",
        put: |entries, node, _| {
            entries.retain(|draft| !is(draft, EventType::TaskRouted, node));
            Some(node)
        },
    },
    Fault {
        kind: Kind::TrailMismatch,
        name: "trail-changed",
        put: |entries, node, chance| {
            completion(entries, node).payload["fields"]["trailRoot"] = other(chance);
            Some(node)
        },
    },
    Fault {
        kind: Kind::AttemptMismatch,
        name: "attempt-changed",
        put: |entries, node, chance| {
            let attempt = chance.within(1..8).to_string();
            completion(entries, node).payload["fields"]["attempt"] = json!(attempt);
            Some(node)
        },
    },
    Fault {
        kind: Kind::DigestMismatch,
        name: "digest-changed",
        put: |entries, node, chance| {
            completion(entries, node).payload["fields"]["digest"] = other(chance);
            Some(node)
        },
    },
];

fn text(value: &Value) -> &str {
    value.as_str().expect("fields are text")
}

fn word(chance: &mut Chance) -> B256 {
    let mut word = B256::ZERO;
    for part in word.chunks_mut(8) {
        part.copy_from_slice(&chance.draw().to_be_bytes());
    }
    word
}

fn other(chance: &mut Chance) -> Value {
    json!(word(chance))
}

/// Names a place where the chain has no such log.
fn elsewhere(draft: &mut Draft, chance: &mut Chance) {
    draft.origin = Origin::Chain {
        block_hash: word(chance),
        transaction: word(chance),
        log_index: 0,
    };
}

fn is(draft: &Draft, kind: EventType, node: u16) -> bool {
    draft.kind == kind && draft.node == Some(node)
}

fn of(entries: &mut [Draft], kind: EventType, node: u16) -> &mut Draft {
    let mut found = entries.iter_mut();
    let found = found.find(|draft| is(draft, kind, node));
    found.expect("such an entry")
}

fn completion(entries: &mut [Draft], node: u16) -> &mut Draft {
    of(entries, EventType::TaskCompleted, node)
}

fn law(entries: &mut [Draft]) -> &mut Draft {
    let mut found = entries.iter_mut();
    let found = found.find(|draft| draft.kind == EventType::DagDeployed);
    found.expect("a law")
}

/// A mission of all tiers: seven nodes are completed, the eighth is at work.
fn ground() -> Ground {
    let proved = |name: &str| Task::proved(name, PRICE);
    let agreed = |name: &str| Task::agreed(name, 3 * PRICE, 3, 2, Mode::Exact);
    let plan = Plan {
        name: "books".to_owned(),
        tasks: vec![
            proved("fetch"),
            agreed("classify"),
            proved("parse"),
            Task::reviewed("judge", PRICE),
            proved("join"),
            agreed("estimate"),
            proved("report"),
            proved("archive"),
        ],
        edges: Vec::new(),
        predicates: Vec::new(),
    };
    let mut scene = Scene::raise(&Charter::default(), 5, 1);
    let mut law = scene.enact(&plan, STAKE);
    let stage = &mut scene.stage;
    for node in 0..DONE {
        let job = stage.job(&law, node);
        perform(stage, &mut law, stage.works_off(&job));
        if job.task.node.tier == 3 {
            let ruling = stage.ruling(Peer::Verification, &Stage::approval(&job));
            perform(
                stage,
                &mut law,
                vec![ruling.unwrap_or_else(|e| panic!("{e}"))],
            );
        }
    }
    let open = stage.job(&law, OPEN);
    let begins = stage.routes(&open, open.agent(0));
    perform(stage, &mut law, vec![begins]);
    Ground::of(scene, law)
}

fn perform(stage: &mut Stage, law: &mut Law, steps: Vec<Step>) {
    let done = stage.perform(law, steps);
    done.unwrap_or_else(|e| panic!("{e}"));
}

/// What a comparison told beyond what was put in.
struct Told {
    found: BTreeSet<(Kind, Option<u16>)>,
    beside: usize,
    wrong: usize,
}

/// Holds what is told against what was injected.
fn told(finding: &Finding, injected: &[(Kind, Option<u16>)]) -> Told {
    let mut told = Told {
        found: BTreeSet::new(),
        beside: 0,
        wrong: 0,
    };
    for one in &finding.told {
        let what = (one.kind, one.node);
        let follows = what == (Kind::DigestMismatch, None);
        if injected.contains(&what) {
            told.found.insert(what);
        } else if follows || injected.iter().any(|(_, node)| *node == one.node) {
            told.beside += 1;
        } else {
            told.wrong += 1;
        }
    }
    told
}

/// As one word: what the seed calls it, without spaces and commas.
fn slug(kind: Kind) -> String {
    kind.text()
        .replace(',', "")
        .replace(' ', "-")
        .to_lowercase()
}

struct Trials {
    ground: Ground,
    entries: Vec<Draft>,
    chance: Chance,
    seed: u64,
    logs: u64,
}

impl Trials {
    fn begin() -> Self {
        let seed = Chance::seed();
        println!("AGENTCITY_SEED={seed} injects the same again");
        let ground = ground();
        let entries = ground.entries();
        Self {
            ground,
            entries,
            chance: Chance::new(seed),
            seed,
            logs: 0,
        }
    }

    fn finding(&mut self, entries: Vec<Draft>) -> Finding {
        self.logs += 1;
        let name = format!("log {}", self.logs);
        let (path, log) = self.ground.log(&name, Address::repeat_byte(1), entries);
        drop(log);
        let finding = self.ground.compared(&path, Phase::Orchestration);
        finding.unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn each(&mut self, fault: &Fault, rounds: u64) {
        let (mut found, mut beside, mut wrong) = (0, 0, 0);
        for round in 0..rounds {
            let mut entries = self.entries.clone();
            let node = self.chance.within(0..DONE.into()) as u16;
            let node = (fault.put)(&mut entries, node, &mut self.chance);
            let finding = self.finding(entries);
            let told = told(&finding, &[(fault.kind, node)]);
            let name = fault.name;
            assert_eq!(told.found.len(), 1, "{name}, round {round}: {finding:?}");
            assert!(!finding.passes(), "{name}, round {round}");
            found += told.found.len() as u64;
            (beside, wrong) = (beside + told.beside, wrong + told.wrong);
        }
        println!(
            "result name=divergence kind={} fault={} injected={rounds} found={found} missed={} beside={beside} false={wrong} seed={}",
            slug(fault.kind),
            fault.name,
            rounds - found,
            self.seed,
        );
        assert_eq!(wrong, 0, "{}", fault.name);
    }

    /// Several faults at once, each of another sort and at another node.
    fn several(&mut self, trials: u64) {
        let (mut all, mut found, mut wrong) = (0, 0, 0);
        for trial in 0..trials {
            let mut entries = self.entries.clone();
            let (mut injected, mut left) = (Vec::new(), Vec::from_iter(FAULTS.iter()));
            let mut nodes: Vec<u16> = (0..DONE).collect();
            for _ in 0..self.chance.within(2..SEVERAL + 1) {
                let fault = left.swap_remove(self.chance.place(left.len()));
                let node = nodes.swap_remove(self.chance.place(nodes.len()));
                let node = (fault.put)(&mut entries, node, &mut self.chance);
                injected.push((fault.kind, node));
                if node.is_none() {
                    // One law is lost or changed once: two faults of it would be one.
                    left.retain(|fault| !fault.name.contains("law"));
                }
            }
            let told = told(&self.finding(entries), &injected);
            assert_eq!(
                told.found.len(),
                injected.len(),
                "trial {trial}: {injected:?}"
            );
            all += injected.len();
            (found, wrong) = (found + told.found.len(), wrong + told.wrong);
        }
        println!(
            "result name=divergence-several trials={trials} injected={all} found={found} missed={} false={wrong} seed={}",
            all - found,
            self.seed,
        );
        assert_eq!(wrong, 0);
    }

    /// What is no fault: the same record, and records that differ in nothing that the seed compares.
    fn none(&mut self, what: &str, rounds: u64, put: fn(&mut Vec<Draft>, u16, &mut Chance)) {
        let mut wrong = 0;
        for _ in 0..rounds {
            let mut entries = self.entries.clone();
            let node = self.chance.within(0..DONE.into()) as u16;
            put(&mut entries, node, &mut self.chance);
            wrong += self.finding(entries).told.len();
        }
        self.tell_none(what, rounds, wrong, 0);
        assert_eq!(wrong, 0, "{what}");
    }

    fn tell_none(&self, what: &str, compared: u64, wrong: usize, unknown: u64) {
        println!(
            "result name=divergence-none what={what} compared={compared} false={wrong} unknown={unknown} seed={}",
            self.seed,
        );
    }

    /// Endpoints that lose logs: one of three is outvoted, and of two that differ nothing is known.
    fn endpoints(&mut self, rounds: u64) {
        let (path, _) = {
            let entries = self.entries.clone();
            self.ground.log("sound", Address::repeat_byte(1), entries)
        };
        let ground = &self.ground;
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
                ProviderBuilder::default().connect_http(url.parse().expect("a URL"))
            });
            let sources = ground.sources(&path, providers.collect(), needed);
            ground.runtime.block_on(async {
                let at = sources.settled().await?;
                let mission = ground.law.mission;
                sources.compare(mission, Phase::Orchestration, at).await
            })
        };
        let (mut wrong, mut unknown) = (0, 0);
        for round in 0..rounds {
            let liar = &proxies[self.chance.place(2)];
            liar.is(Wrong::Omits);
            match compared(2, 3) {
                Ok(finding) => wrong += finding.told.len(),
                Err(cause) => panic!("round {round}: two of three know: {cause}"),
            }
            match compared(2, 2) {
                Ok(finding) => panic!("round {round}: one of two lies: {finding:?}"),
                Err(_) => unknown += 1,
            }
            liar.is(Wrong::Honest);
        }
        self.tell_none("one-of-three-endpoints-loses-logs", rounds, wrong, 0);
        self.tell_none("one-of-two-endpoints-loses-logs", rounds, 0, unknown);
        assert_eq!(wrong, 0);
    }
}

#[test]
fn every_injected_divergence_is_found_by_its_kind_and_node_and_nothing_else_is_told() {
    let rounds = number(VARIABLE, ROUNDS);
    for kind in Kind::ALL {
        assert!(FAULTS.iter().any(|fault| fault.kind == kind), "{kind:?}");
    }
    let mut trials = Trials::begin();
    for fault in &FAULTS {
        trials.each(fault, rounds);
    }
    trials.several(2 * rounds);
    trials.none("the-same-record", rounds, |_, _, _| {});
    trials.none(
        "entries-of-another-mission",
        rounds,
        |entries, _, chance| {
            let mission = word(chance);
            let mut others = entries.clone();
            for draft in &mut others {
                draft.mission = mission;
                elsewhere(draft, chance);
            }
            entries.extend(others);
        },
    );
    trials.none(
        "an-entry-of-a-block-that-was-taken-back",
        rounds,
        |entries, node, chance| {
            let mut copy = completion(entries, node).clone();
            elsewhere(&mut copy, chance);
            entries.push(copy);
        },
    );
    trials.none("entries-in-another-order", rounds, |entries, _, chance| {
        for last in (1..entries.len()).rev() {
            entries.swap(last, chance.place(last + 1));
        }
    });
    trials.endpoints(rounds);
}

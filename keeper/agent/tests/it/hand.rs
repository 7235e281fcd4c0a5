//! What an agent answers to keepers, asked about a real mission: what its own endpoint says counts, whatever they say.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use agentcity_abi::ICollaboration;
use agentcity_agent_daemon::{
    hand::{Craft, Hand, artifact_hash},
    vault::Vault,
};
use agentcity_domain::{peer::Peer, statute::Mode};
use agentcity_executor::{
    protocol::{
        AcceptanceRequest, Check, Code, Comparison, Failure, JobId, JobRequest, Kind, Limits,
        Place, Task as Said, Terms, Venue,
    },
    server::{Handler, Recorder, Secret, Work},
    signing::{Digest, Unsigned},
    value,
};
use agentcity_keeper::source::city::City;
use agentcity_test_fixtures::{
    city::Charter,
    mission::{Job, Law, Plan, Stage, Task},
};
use alloy::{
    primitives::{B256, keccak256},
    providers::{ProviderBuilder, RootProvider},
};
use parking_lot::Mutex;

const BUDGET: u128 = 3_000_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;
const SEED: B256 = B256::repeat_byte(0x5e);

/// Work that nobody asks for here.
#[derive(Debug)]
struct Idle;

impl Craft for Idle {
    async fn work(&self, _: Arc<JobRequest>, _: Recorder) -> Result<Work, Failure> {
        Ok(Work::default())
    }
}

type Own = Hand<RootProvider, Idle>;

struct Scene {
    stage: Stage,
    law: Law,
    job: Job,
    city: City,
    provider: RootProvider,
    runtime: tokio::runtime::Runtime,
    dir: tempfile::TempDir,
}

impl Scene {
    /// A mission of one task on which two of three agree.
    fn raise() -> Self {
        let mut stage = Stage::raise(&Charter::default(), 3, 1).expect("a city");
        let plan = Plan {
            name: "one task".into(),
            tasks: vec![Task::agreed("judge", BUDGET, 3, 2, Mode::Exact)],
            edges: Vec::new(),
            predicates: Vec::new(),
        };
        let law = stage.enact(&plan, STAKE).expect("a mission");
        let job = stage.job(&law, 0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let url = stage.city.node.http_url().parse().expect("an address");
        let provider: RootProvider =
            runtime.block_on(async { ProviderBuilder::default().connect_http(url) });
        let (chain, constitution) = (
            stage.city.client.chain_id(),
            stage.city.address(Peer::Constitution),
        );
        let city = runtime.block_on(City::find(&provider, chain, constitution));
        Self {
            city: city.expect("sealed"),
            dir: tempfile::tempdir().expect("a folder"),
            stage,
            law,
            job,
            provider,
            runtime,
        }
    }

    fn hand(&self, seat: u8, accepts: bool) -> Own {
        let vault = Vault::open(&self.dir.path().join(format!("vault-{seat}"))).expect("a vault");
        let artifact = self.dir.path().join("artifact");
        std::fs::write(&artifact, "a program").expect("written");
        Hand::new(
            self.provider.clone(),
            self.city,
            self.job.agent(seat).signer().clone(),
            accepts,
            (BTreeMap::from([(self.service(seat), artifact)]), Idle),
            Arc::new(Mutex::new(vault)),
            || SEED,
        )
        .expect("an agent")
    }

    fn service(&self, seat: u8) -> B256 {
        self.job.executors[usize::from(seat)].service
    }

    fn venue(&self) -> Venue {
        Venue {
            chain_id: self.city.chain_id,
            statute: self.city.at(Peer::Statute),
            verification: self.city.at(Peer::Verification),
        }
    }

    fn id(&self, seat: u8) -> JobId {
        JobId {
            mission: self.job.mission,
            node: 0,
            attempt: 0,
            seat: Place::new(seat).expect("a seat"),
        }
    }

    fn acceptance(&self, seat: u8) -> AcceptanceRequest {
        AcceptanceRequest {
            venue: self.venue(),
            job: self.id(seat),
            executor: self.job.agent(seat).address(),
            service: self.service(seat),
            deadline: u64::from(u32::MAX),
        }
    }

    fn request(&mut self, seat: u8) -> JobRequest {
        let call = ICollaboration::nodeCall {
            missionId: self.job.mission,
            index: 0,
        };
        let collaboration = self.stage.city.address(Peer::Collaboration);
        let node = self.stage.city.client.ask(collaboration, &call);
        JobRequest {
            venue: self.venue(),
            job: self.id(seat),
            agent: self.job.agent(seat).address(),
            service: self.service(seat),
            code_hash: keccak256("a program"),
            check: Check::Consensus(Comparison::Exact),
            terms: Terms::from(&self.job.task.terms),
            task: Said::default(),
            inputs: Vec::new(),
            limits: Limits {
                latency_ms: 1_000,
                memory_mb: 64,
                concurrency: 1,
                network_policies: Vec::new(),
                tokens: 10,
            },
            deadline: node.expect("a node").expiresAt.to(),
        }
    }

    fn perform(&mut self, steps: Vec<agentcity_test_fixtures::mission::Step>) {
        let done = self.stage.perform(&mut self.law, steps);
        done.expect("the chain takes it");
    }
}

fn code<T: std::fmt::Debug>(refused: Result<T, agentcity_executor::protocol::Refusal>) -> Code {
    refused.expect_err("it is refused").code
}

#[test]
fn an_agent_answers_what_its_policy_and_its_own_endpoint_let_it() {
    let mut scene = Scene::raise();
    let hand = scene.hand(0, true);

    // A seat of its own, if its policy takes seats; nobody else's, and for no other city.
    let asked = scene.acceptance(0);
    let digest = Digest::of_acceptance(&asked);
    let signed = scene.runtime.block_on(hand.accept(&asked, digest));
    let signature = signed.expect("its own seat");
    assert!(digest.is_signed_by(scene.job.agent(0).address(), &signature));
    let unwilling = scene.hand(1, false);
    let other = scene.acceptance(1);
    let refused = scene.runtime.block_on(unwilling.accept(&other, digest));
    assert_eq!(code(refused), Code::Declined);
    let mut wrong = asked;
    wrong.job.seat = Place::new(1).expect("a seat");
    assert_eq!(
        code(scene.runtime.block_on(hand.accept(&wrong, digest))),
        Code::Declined
    );
    let mut abroad = asked;
    abroad.venue.chain_id += 1;
    assert_eq!(
        code(scene.runtime.block_on(hand.accept(&abroad, digest))),
        Code::Declined
    );

    // No work before the chain says that the node runs, whatever a keeper says.
    let request = scene.request(0);
    assert_eq!(
        code(scene.runtime.block_on(hand.take(&request))),
        Code::Declined
    );
    let job = scene.job.clone();
    let seats: Vec<(&Job, u8)> = job.seats().map(|seat| (&job, seat)).collect();
    let anybody = scene.stage.sponsor.clone();
    let accepted = scene.stage.relays_acceptances(&anybody, &seats);
    scene.perform(vec![accepted]);
    let routed = scene.stage.routes(&job, &anybody);
    scene.perform(vec![routed]);
    let request = scene.request(0);
    scene
        .runtime
        .block_on(hand.take(&request))
        .expect("it runs");
    let late = JobRequest {
        deadline: 1,
        ..request.clone()
    };
    assert_eq!(
        code(scene.runtime.block_on(hand.take(&late))),
        Code::Declined
    );

    // One commitment, ever; and its salt opens it.
    let salt = hand.secret(&request.job, Secret::Salt);
    assert_eq!(salt, scene.hand(0, true).secret(&request.job, Secret::Salt));
    assert_ne!(salt, hand.secret(&scene.id(1), Secret::Salt));
    let agent = job.agent(0).address();
    let value_hash = keccak256("a value");
    let commit = Unsigned {
        kind: Kind::Commit,
        output_hash: value::commitment(&request.job, agent, value_hash, salt),
        trail_root: B256::repeat_byte(1),
        proof: &[],
        deadline: hand.result_deadline(&request),
    };
    let digest = Digest::of_result(&request.venue, &request.job, agent, &commit);
    let signed = scene.runtime.block_on(hand.sign(&request, &commit, digest));
    assert!(digest.is_signed_by(agent, &signed.expect("the first")));
    let second = Unsigned {
        output_hash: keccak256("another commitment"),
        ..commit
    };
    let refused = scene.runtime.block_on(hand.sign(&request, &second, digest));
    assert_eq!(code(refused), Code::Conflict);

    // Nothing is opened before the chain takes reveals; then the trails are those that were committed.
    assert_eq!(
        code(scene.runtime.block_on(hand.open(&request))),
        Code::TooEarly
    );
    let commits = job.seats().map(|seat| scene.stage.commits(&job, seat));
    let commits = commits.collect();
    scene.perform(commits);
    let opened = scene.runtime.block_on(hand.open(&request));
    assert_eq!(opened.expect("reveals are taken"), job.trails());
}

#[test]
fn an_artifacts_hash_is_of_its_bytes_and_its_paths() {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = dir.path().join("folder").join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    write("b", "two");
    write("a/c", "one");
    let hash = |path: &Path| artifact_hash(path).expect("an artifact");
    let folder = dir.path().join("folder");
    let words = [
        keccak256("a/c"),
        keccak256("one"),
        keccak256("b"),
        keccak256("two"),
    ];
    assert_eq!(hash(&folder), keccak256(words.concat()));
    assert_eq!(hash(&folder.join("b")), keccak256("two"));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.join("b"), folder.join("link")).expect("a link");
        assert!(
            artifact_hash(&folder).is_err(),
            "what stands behind may change"
        );
    }
}

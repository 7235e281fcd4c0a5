//! A thousand principals vote on sixteen proposals: each seals a ballot, batches are relayed, anybody counts. No transaction comes near what
//! the sequencer takes in one.

use agentcity_abi::{
    IAgent as agents,
    IAssembly::{self as assembly, Deliberation, Stage as Decided},
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use agentcity_test_fixtures::{
    Actor,
    city::{
        CallError, Person,
        client::Sent,
        life::{AgentType, Registration},
    },
    legislation::{Ballot, deliberation::DOMAIN, ranking},
    mission::{Charter, Scene, seconds, stage, told},
    sender::Outcome,
};
use alloy::{
    primitives::{B256, Bytes, U256, keccak256, utils::parse_ether},
    sol_types::SolCall,
};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use std::{cmp::Ordering, collections::BTreeMap, time::Instant};

/// Voters, unless `AGENTCITY_VOTERS` says how many.
const VOTERS: usize = 1_000;
const CANDIDATES: u8 = 16;
/// Bytes that the sequencer takes in one transaction.
const TRANSACTION_BYTES: usize = 95_000;
/// Statements that are relayed in one transaction, and ballots that one call counts.
const RELAYED_AT_ONCE: usize = 256;
const COUNTED_AT_ONCE: u32 = 400;
/// What a registration may use: purses are small.
const REGISTRATION_GAS: u64 = 2_000_000;

/// Gas and bytes of transactions, the largest of each kind.
#[derive(Default)]
struct Largest(BTreeMap<String, (usize, u64, u64)>);

impl Largest {
    fn note(&mut self, what: &str, gas: u64) {
        let (count, sum, most) = self.0.entry(what.to_owned()).or_default();
        *count += 1;
        *sum += gas;
        *most = gas.max(*most);
    }

    fn most(&self) -> u64 {
        self.0.values().map(|(.., most)| *most).max().unwrap_or(0)
    }

    fn print(&self) {
        println!(
            "{:<20}{:>8}{:>16}{:>12}",
            "transaction", "count", "gas", "largest"
        );
        for (what, (count, sum, most)) in &self.0 {
            println!("{what:<20}{count:>8}{sum:>16}{most:>12}");
        }
    }
}

#[track_caller]
fn ok<T, E: std::fmt::Display>(done: Result<T, E>) -> T {
    done.unwrap_or_else(|e| panic!("{e}"))
}

struct Crowd {
    scene: Scene,
    voters: Vec<Person>,
    largest: Largest,
}

impl Crowd {
    /// Everybody sends something; all of it is on its way before the first is waited for.
    fn all_send(&mut self, what: &str, sent: Vec<Result<Sent, CallError>>) {
        for sent in sent {
            let landed = self.scene.stage.city.client.land(ok(sent));
            self.largest.note(what, ok(landed).gas_used);
        }
    }

    #[track_caller]
    fn send<C: SolCall>(&mut self, peer: Peer, call: &C) -> Outcome {
        let bytes = call.abi_encode().len();
        assert!(
            bytes < TRANSACTION_BYTES,
            "{bytes} bytes of {}",
            C::SIGNATURE
        );
        let stranger = self.scene.stranger.clone();
        let outcome = self.scene.send(&stranger, peer, call);
        let name = C::SIGNATURE.split('(').next().unwrap_or_default();
        self.largest.note(name, outcome.gas_used);
        outcome
    }

    /// Principals enrol with their stakes, which a courier brings, and each has an agent.
    fn raise(count: usize) -> Self {
        let scene = Scene::raise(&Charter::default(), 5, 1);
        let seed = scene.stage.city.seed;
        let mut crowd = Self {
            scene,
            voters: Person::many(seed, "voter", count),
            largest: Largest::default(),
        };
        let agents = Person::many(seed, "voter's agent", count);
        let stake = P::PrincipalStake.row().default;
        let to = crowd.scene.at(Peer::Agent);
        let city = &mut crowd.scene.stage.city;
        let value = city.base_units(stake);
        // Whoever brings the stake enrols whom it likes: both signatures are in the call.
        let courier = &Actor::named("carol").signer;
        let mut sent = Vec::with_capacity(count);
        for voter in &crowd.voters {
            let call = ok(city.enrolment(voter, agents::PrincipalClass::Owner));
            let input: Bytes = call.abi_encode().into();
            sent.push(city.client.launch(courier, to, value, input, &voter.name));
        }
        crowd.all_send("enrolPrincipal", sent);
        let (bank, purse) = (&Actor::named("dave").signer, ok(parse_ether("1")));
        let city = &mut crowd.scene.stage.city;
        let mut sent = Vec::with_capacity(count);
        for agent in &agents {
            let to = agent.address();
            sent.push(
                city.client
                    .launch(bank, to, purse, Bytes::new(), &agent.name),
            );
        }
        crowd.all_send("(a purse)", sent);
        let city = &mut crowd.scene.stage.city;
        let value = ok(city.registration_value(AgentType::Producer));
        city.client.allow_gas(REGISTRATION_GAS);
        let mut sent = Vec::with_capacity(count);
        for (agent, principal) in agents.iter().zip(&crowd.voters) {
            let call = ok(city.registration(&Registration {
                agent: agent.clone(),
                kind: AgentType::Producer,
                principal: principal.clone(),
            }));
            let input: Bytes = call.abi_encode().into();
            sent.push(
                city.client
                    .launch(agent.signer(), to, value, input, &agent.name),
            );
        }
        crowd.all_send("register", sent);
        crowd.scene.stage.city.client.allow_gas(stage::GAS);
        crowd.scene.pass(seconds(P::PrincipalAgeSecs) + 1);
        crowd
    }

    /// A fifth of all principals wish for a session.
    fn wish(&mut self) -> B256 {
        let owner = self.scene.stage.executors[0].principal.clone();
        let open = assembly::openPetitionCall {
            subjectHash: keccak256("sixteen proposals"),
            contentAddress: B256::ZERO,
        };
        let opened = self.scene.send(&owner, Peer::Assembly, &open);
        let id = told::<assembly::PetitionOpened>(&opened)[0].petitionId;
        let call = assembly::petitionCall { petitionId: id };
        let needed = self.scene.ask(Peer::Assembly, &call).needed as usize;
        let names = self.voters[..needed - 1].to_vec();
        for names in names.chunks(RELAYED_AT_ONCE) {
            let call = self.scene.stage.names(id, names);
            self.send(Peer::Assembly, &call);
        }
        let call = assembly::openSessionCall { petitionId: id };
        let opened = self.send(Peer::Assembly, &call);
        told::<assembly::SessionOpened>(&opened)[0].sessionId
    }

    /// One agent makes as many proposals as a ballot has places, and five principals sponsor all of them.
    fn propose(&mut self, session: B256) -> Vec<B256> {
        let proposer = self.scene.stage.proposer.clone();
        let proposals = (0..CANDIDATES).map(|number| {
            let call = assembly::proposeCall {
                sessionId: session,
                statuteHash: keccak256([number]),
                contentAddress: B256::ZERO,
                domain: keccak256(DOMAIN),
                amends: B256::ZERO,
            };
            let proposed = self.scene.send(&proposer, Peer::Assembly, &call);
            told::<assembly::Proposed>(&proposed)[0].proposalId
        });
        let proposals: Vec<B256> = proposals.collect();
        let sponsors = &self.voters[..5];
        let pairs = proposals
            .iter()
            .flat_map(|proposal| sponsors.iter().map(|sponsor| (*proposal, sponsor)));
        let call = self.scene.stage.sponsorships(&pairs.collect::<Vec<_>>());
        self.send(Peer::Assembly, &call);
        ok(self.scene.stage.pass_step(session));
        ok(self.scene.stage.pass_step(session));
        let election = ok(self.scene.stage.election(session));
        assert_eq!(election.step, Deliberation::Committing);
        assert_eq!(election.candidates, CANDIDATES);
        proposals
    }

    /// Everybody seals a ballot of its own, and all are opened, a batch in a transaction.
    fn vote(&mut self, session: B256, ballots: &[Ballot]) {
        for ballots in ballots.chunks(RELAYED_AT_ONCE) {
            let call = self.scene.stage.sealing(session, ballots);
            self.send(Peer::Assembly, &call);
        }
        ok(self.scene.stage.pass_step(session));
        let stranger = self.scene.stranger.clone();
        let relay = ok(self.scene.stage.contract_of(&stranger));
        for ballots in ballots.chunks(RELAYED_AT_ONCE) {
            let calls: Vec<_> = ballots.iter().map(|one| one.opening(session)).collect();
            let step = self.scene.stage.together(&relay, Peer::Assembly, &calls);
            assert!(step.input.len() < TRANSACTION_BYTES);
            let client = &mut self.scene.stage.city.client;
            let sent = client.launch(step.by.signer(), step.to, U256::ZERO, step.input, step.what);
            self.all_send("revealBallot, many", vec![sent]);
        }
        ok(self.scene.stage.pass_step(session));
        let election = ok(self.scene.stage.election(session));
        assert_eq!(election.step, Deliberation::Tallying);
        let all = ballots.len() as u32;
        assert_eq!((election.commits, election.reveals), (all, all));
    }

    /// A stranger counts, some ballots in a call, and once nobody can claim a clique any more it is decided.
    fn tally(&mut self, session: B256, ballots: u32) -> assembly::BallotDecided {
        let call = assembly::tallyCall {
            sessionId: session,
            ballots: COUNTED_AT_ONCE.min(ballots.div_ceil(2)),
        };
        let mut counted = 0;
        while counted < ballots {
            let told = told::<assembly::TallyAdvanced>(&self.send(Peer::Assembly, &call));
            assert!(told[0].counted > counted);
            counted = told[0].counted;
        }
        let until = ok(self.scene.stage.election(session)).expiresAt.to();
        let decided = self.scene.out_after(until, Peer::Assembly, &call);
        self.largest.note("tally, the last", decided.gas_used);
        told::<assembly::BallotDecided>(&decided)[0].clone()
    }
}

/// `AGENTCITY_VOTERS` asks for more, or fewer.
#[test]
fn a_thousand_voters_rank_sixteen_proposals_and_anybody_counts() {
    let start = Instant::now();
    let count = std::env::var("AGENTCITY_VOTERS")
        .map_or(VOTERS, |voters| voters.parse().expect("a number"));
    let mut crowd = Crowd::raise(count);
    println!(
        "AGENTCITY_VOTERS={count}: enrolled in {:.1?}",
        start.elapsed()
    );
    let session = crowd.wish();
    let proposals = crowd.propose(session);
    let mut rng = StdRng::seed_from_u64(crowd.scene.stage.city.seed);
    let voters = crowd.voters.clone();
    let ballots = voters.into_iter().map(|voter| {
        let mut order: Vec<u8> = (0..CANDIDATES).collect();
        order.shuffle(&mut rng);
        Ballot {
            voter,
            ranking: ranking(&order),
        }
    });
    let ballots: Vec<Ballot> = ballots.collect();
    crowd.vote(session, &ballots);
    let decided = crowd.tally(session, count as u32);

    let (matrix, winner, stage) = counted(&ballots);
    assert_eq!(decided.proposalId, proposals[winner]);
    assert_eq!(decided.stage, stage);
    let call = assembly::matrixCall { sessionId: session };
    assert_eq!(crowd.scene.ask(Peer::Assembly, &call), matrix);
    crowd.largest.print();
    let most = crowd.largest.most();
    println!(
        "{most:>12} gas: the largest; {:.1?} in all",
        start.elapsed()
    );
    assert!(most < stage::GAS);
}

/// Who wins by which rule, and how many prefer whom to whom: as anybody counts who reads the log, pair by pair.
fn counted(ballots: &[Ballot]) -> (Vec<u32>, usize, Decided) {
    let all = 0..usize::from(CANDIDATES);
    let prefer = |a: usize, b: usize| {
        let prefers = |ballot: &&Ballot| prefers(ballot.ranking, a as u64, b as u64);
        ballots.iter().filter(prefers).count() as u32
    };
    let pairs = all.clone().flat_map(|a| all.clone().map(move |b| (a, b)));
    let matrix: Vec<u32> = pairs.map(|(a, b)| prefer(a, b)).collect();
    let of = |a: usize, b: usize| matrix[a * all.end + b];
    let others = |a: usize| all.clone().filter(move |b| *b != a);
    let points = |a: usize| -> u32 {
        let each = others(a).map(|b| match of(a, b).cmp(&of(b, a)) {
            Ordering::Greater => 2,
            Ordering::Equal => 1,
            Ordering::Less => 0,
        });
        each.sum()
    };
    let opposition = |a: usize| others(a).map(|b| of(b, a)).max();
    let most = all.clone().map(points).max();
    let best: Vec<usize> = all.clone().filter(|a| Some(points(*a)) == most).collect();
    let least = best.iter().map(|a| opposition(*a)).min();
    let left = best
        .iter()
        .copied()
        .filter(|a| Some(opposition(*a)) == least);
    let left: Vec<usize> = left.collect();
    let stage = match (best.len(), left.len()) {
        (1, _) => Decided::Copeland,
        (_, 1) => Decided::Minimax,
        _ => Decided::Earliest,
    };
    (matrix, left[0], stage)
}

/// Whether a ballot ranks one candidate before another: read digit by digit.
fn prefers(mut ranking: u64, a: u64, b: u64) -> bool {
    for _ in 0..CANDIDATES {
        match ranking & 15 {
            first if first == a => return a != b,
            first if first == b => return false,
            _ => ranking >>= 4,
        }
    }
    false
}

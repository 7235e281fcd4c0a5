//! Elections, and pairs of ballots that are or are not too much alike.
//!
//! All voters seal a ballot, so that there is a quorum; opened are those of the vector alone.
//!
//! Of two ballots the assembly answers only whether they are alike, and only where there are as many candidates as the parameters say,
//! more than any vector has. So both rankings of a vector are filled up to a whole ballot, and with candidates that they rank
//! differently, so that the pair is alike by nothing to spare. It must be found alike; with one pair of candidates more that they rank
//! differently it must not, and neither with one candidate less that both heads have. That leaves only the vector's own numbers.

use super::{Unreachable, done};
use crate::public_vectors::{Vector, numbers};
use agentcity_abi::IAssembly::{self as assembly, Deliberation, Stage as Decided};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use agentcity_test_fixtures::{
    legislation::{Ballot, deliberation::DOMAIN, ranking},
    mission::{Scene, told},
};
use alloy::primitives::{B256, keccak256};
use serde_json::{Value, json};

/// Candidates of a ballot.
const CANDIDATES: usize = 16;
/// Candidates of a head.
const HEAD: usize = 8;
/// With these bounds ballots of 16 candidates are alike if they rank 24 of the 120 pairs differently, and not if 25; and if six of ten
/// candidates in their heads are in both, and not if five of eleven.
pub(super) const BOUNDS: [(P, u32); 4] = [
    (P::CollusionTau, 600),
    (P::CollusionTopK, HEAD as u32),
    (P::CollusionJaccard, 600),
    (P::CollusionCliqueMin, 3),
];
const DISCORDANT: usize = 24;
const APART: usize = 2;
/// Sponsors of every proposal.
const SPONSORS: usize = 5;

/// Its candidates or its voters are too many.
pub(super) fn is_no_election(vector: &Vector) -> Option<Unreachable> {
    let voters: u64 = vector
        .list("ballots")
        .iter()
        .map(|ballot| ballot[0].as_u64().expect("a number"))
        .sum();
    if vector.number("m") > CANDIDATES as u64 {
        Some(Unreachable::BeyondBallot)
    } else {
        (voters > super::PRINCIPALS as u64).then_some(Unreachable::MorePeople)
    }
}

/// A ballot has no room for what its rankings and their heads must be filled up with.
pub(super) fn is_no_pair(vector: &Vector) -> Option<Unreachable> {
    let (length, head) = (vector.list("a").len(), vector.number("k") as usize);
    // Lead, two displaced sets and what is behind them, each of whatever the widest claim displaces.
    let beyond = head + APART + 1 > HEAD || length + HEAD - head + APART + 1 > CANDIDATES;
    beyond.then_some(Unreachable::BeyondBallot)
}

/// A session in which so many proposals stand on the ballot, in this order.
fn open(scene: &mut Scene, vector: &Vector, candidates: usize) -> (B256, Vec<B256>) {
    let session = done(scene.stage.petition(&vector.id), vector);
    let proposer = scene.stage.proposer.clone();
    let mut proposals = Vec::with_capacity(candidates);
    for number in 0..candidates {
        let call = assembly::proposeCall {
            sessionId: session,
            statuteHash: keccak256(format!("{} {number}", vector.id)),
            contentAddress: B256::ZERO,
            domain: keccak256(DOMAIN),
            amends: B256::ZERO,
        };
        let proposed = scene.send(&proposer, Peer::Assembly, &call);
        proposals.push(told::<assembly::Proposed>(&proposed)[0].proposalId);
    }
    let voters = scene.stage.voters();
    let pairs = proposals.iter().flat_map(|proposal| {
        let sponsors = voters.iter().take(SPONSORS);
        sponsors.map(|sponsor| (*proposal, sponsor))
    });
    let call = scene.stage.sponsorships(&pairs.collect::<Vec<_>>());
    let stranger = scene.stranger.clone();
    let admitted = scene.send(&stranger, Peer::Assembly, &call);
    let places = told::<assembly::Admitted>(&admitted);
    let places: Vec<_> = places.iter().map(|one| one.proposalId).collect();
    assert_eq!(places, proposals, "{}: places", vector.id);
    for _ in 0..2 {
        done(scene.stage.pass_step(session), vector);
    }
    let election = done(scene.stage.election(session), vector);
    assert_eq!(election.step, Deliberation::Committing, "{}", vector.id);
    assert_eq!(usize::from(election.candidates), candidates);
    (session, proposals)
}

/// Everybody seals a ballot; these are opened, in this order.
fn vote(scene: &mut Scene, vector: &Vector, session: B256, opened: &[Vec<u8>]) {
    let voters = scene.stage.voters().into_iter();
    let rankings = opened.iter().chain(std::iter::repeat(&opened[0]));
    let ballots = voters.zip(rankings).map(|(voter, order)| Ballot {
        voter,
        ranking: ranking(order),
    });
    let ballots: Vec<Ballot> = ballots.collect();
    assert!(opened.len() <= ballots.len(), "{}", vector.id);
    let stranger = scene.stranger.clone();
    let call = scene.stage.sealing(session, &ballots);
    scene.send(&stranger, Peer::Assembly, &call);
    done(scene.stage.pass_step(session), vector);
    for ballot in &ballots[..opened.len()] {
        let call = ballot.opening(session);
        scene.send(&stranger, Peer::Assembly, &call);
    }
}

/// A ranking of the format.
fn order(value: &Value) -> Vec<u8> {
    numbers(value).iter().map(|one| *one as u8).collect()
}

/// The assembly counts the ballots of a vector.
pub(super) fn election(scene: &mut Scene, vector: &Vector) {
    let (session, proposals) = open(scene, vector, vector.number("m") as usize);
    let mut opened = Vec::new();
    for ballot in vector.list("ballots") {
        for _ in 0..ballot[0].as_u64().expect("a number") {
            opened.push(order(&ballot[1]));
        }
    }
    vote(scene, vector, session, &opened);
    done(scene.stage.pass_step(session), vector);
    let count = assembly::tallyCall {
        sessionId: session,
        ballots: opened.len() as u32,
    };
    let stranger = scene.stranger.clone();
    let counted = scene.send(&stranger, Peer::Assembly, &count);
    let decided = told::<assembly::BallotDecided>(&counted);
    assert_eq!(decided.len(), 1, "{}: not decided", vector.id);
    let winner = vector.expects_number("winner") as usize;
    assert_eq!(
        decided[0].proposalId, proposals[winner],
        "{}: winner",
        vector.id
    );
    let stage = match decided[0].stage {
        Decided::Copeland => "copeland",
        Decided::Minimax => "minimax",
        Decided::Earliest => "index",
        other => panic!("{}: decided by {other:?}", vector.id),
    };
    assert_eq!(*vector.expects("stage"), stage, "{}: stage", vector.id);
    let call = assembly::matrixCall { sessionId: session };
    let matrix = scene.ask(Peer::Assembly, &call);
    let rows: Vec<&[u32]> = matrix.chunks(proposals.len()).collect();
    assert_eq!(*vector.expects("N"), json!(rows), "{}: matrix", vector.id);
    let call = assembly::scoresCall { sessionId: session };
    let scores = scene.ask(Peer::Assembly, &call);
    let (copeland, opposition) = (&scores.copeland, &scores.opposition);
    let same = |key: &str, found: Value| {
        assert_eq!(*vector.expects(key), found, "{}: {key}", vector.id);
    };
    same("copeland2", json!(copeland));
    same("maxopp", json!(opposition));
    let most = copeland.iter().max();
    let places = 0..copeland.len();
    let tied: Vec<usize> = places.filter(|at| copeland.get(*at) == most).collect();
    same("copeland_tied", json!(tied));
}

/// Two rankings of a whole ballot.
struct Filled {
    first: Vec<u8>,
    second: Vec<u8>,
    /// From which candidate on they are not the vector's.
    own: u8,
}

impl Filled {
    /// The rankings of a vector with candidates of which so many are in one head alone each, and so many pairs ranked differently.
    fn of(vector: &Vector, discordant: usize, apart: usize) -> Self {
        let (a, b) = (order(&vector.inputs["a"]), order(&vector.inputs["b"]));
        let head = vector.number("k") as usize;
        let own = a.len() as u8;
        let mut others = own..CANDIDATES as u8;
        let mut next = |count: usize| others.by_ref().take(count).collect::<Vec<u8>>();
        let (lead, left, right) = (next(HEAD - head - apart), next(apart), next(apart));
        let tail = next(CANDIDATES);
        let join = |of: &[u8], inside: &[u8], outside: &[u8]| {
            [&lead[..], &of[..head], inside, outside, &of[head..], &tail].concat()
        };
        let mut filled = Self {
            first: join(&a, &left, &right),
            second: join(&b, &right, &left),
            own,
        };
        assert!(filled.discordant() <= discordant, "{}", vector.id);
        while filled.discordant() < discordant {
            filled.turn_one();
        }
        filled
    }

    fn place(&self, candidate: u8) -> usize {
        let mut first = self.first.iter();
        first.position(|one| *one == candidate).expect("a place")
    }

    /// Whether they rank two neighbours of the second differently that are not both the vector's.
    fn differ(&self, better: u8, worse: u8) -> bool {
        (better >= self.own || worse >= self.own) && self.place(better) > self.place(worse)
    }

    /// Pairs that they rank differently, but for the vector's own.
    fn discordant(&self) -> usize {
        let all = self.second.iter().enumerate();
        let pairs = all.flat_map(|(at, better)| {
            let behind = self.second[at + 1..].iter();
            behind.filter(|worse| self.differ(*better, **worse))
        });
        pairs.count()
    }

    /// Has them rank one pair more differently. What is in which head stays, and so does the order of the vector's own.
    fn turn_one(&mut self) {
        let is_free = |at: &usize| {
            let (better, worse) = (self.second[*at], self.second[at + 1]);
            at + 1 != HEAD && self.differ(worse, better)
        };
        let mut places = 0..CANDIDATES - 1;
        let at = places.find(is_free).expect("room for one more");
        self.second.swap(at, at + 1);
    }
}

/// The assembly compares the rankings of a vector.
pub(super) fn pair(scene: &mut Scene, vector: &Vector) {
    let number = |key: &str| vector.expects_number(key) as usize;
    let (discordant, common, head) = (
        number("discordant"),
        number("jaccard_num"),
        vector.number("k") as usize,
    );
    let length = vector.list("a").len();
    // The others of its numbers say the same: all pairs are one or the other, and what one head has alone, the other has too.
    let concordant = number("concordant");
    assert_eq!(concordant + discordant, length * (length - 1) / 2);
    assert_eq!(number("tau_den"), concordant + discordant);
    let tau = vector.expects("tau_num").as_i64();
    assert_eq!(tau, Some(concordant as i64 - discordant as i64));
    assert_eq!(number("jaccard_den"), 2 * head - common);

    let (turned, apart) = (DISCORDANT - discordant, APART + common - head);
    let alike = Filled::of(vector, turned, apart);
    let turned_more = Filled::of(vector, turned + 1, apart);
    let apart_more = Filled::of(vector, turned, apart + 1);
    let (session, _) = open(scene, vector, CANDIDATES);
    // A clique has three: the first ranking twice, and one of the others. Where heads differ more, so does the first.
    let opened = [
        alike.first.clone(),
        alike.first,
        alike.second,
        turned_more.second,
        apart_more.first.clone(),
        apart_more.first,
        apart_more.second,
    ];
    vote(scene, vector, session, &opened);
    let claimant = scene.agent(0);
    let mut claim = |ballots: [u32; 3]| {
        let call = assembly::claimCollusionCall {
            sessionId: session,
            ballots: ballots.to_vec(),
        };
        scene.send(&claimant, Peer::Assembly, &call)
    };
    for (what, ballots) in [("τ", [0, 1, 3]), ("head", [4, 5, 6])] {
        let refuted = told::<assembly::CollusionRefuted>(&claim(ballots));
        let apart: Vec<_> = refuted.iter().map(|one| (one.first, one.second)).collect();
        let expected = [(ballots[0], ballots[2])];
        assert_eq!(apart, expected, "{}: {what}", vector.id);
    }
    let proved = told::<assembly::CollusionProved>(&claim([0, 1, 2]));
    let sizes: Vec<u16> = proved.iter().map(|one| one.size).collect();
    assert_eq!(sizes, [3], "{}: not alike", vector.id);
}

//! Assembly in its city: the members that it asks and tells, as doubles, and principals with keys.
//!
//! What a double is told in a transaction it keeps in storage of the chain, so that what reverts is undone there as well.

mod doubles;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use agentcity_abi::{IAgent as agents, IAssembly as wire};
use agentcity_assembly::storage::Assembly;
use agentcity_domain::{
    legislation::ballot::sealed,
    parameter::ParameterId,
    peer::Peer,
    signed::legislation::{
        BallotCommitment, DeliberationEvidence, PetitionSignature, Sponsorship, Statement,
        StrawVote,
    },
};
pub(crate) use agentcity_world::digest_at;
use agentcity_world::{Answer, Frame, Key, World};
use alloy_primitives::{Address, B256, U256, address, aliases::U40, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

use self::doubles::{management_double, nobody, short, treasury_double};

pub(crate) const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");
pub(crate) const EPOCH: u64 = 5;
/// Principals of a city.
pub(crate) const VOTERS: usize = 10;
/// What one base unit of stake is worth.
const UNIT: u128 = 1_000;
/// The bond of a claim, at the default.
pub(crate) const BOND: u128 = 100 * UNIT;
/// Seconds of the windows, at the defaults.
pub(crate) const SPONSORING: u64 = 3_600;
pub(crate) const ROUND: u64 = 900;
pub(crate) const DEBATE: u64 = 4 * ROUND;
pub(crate) const COMMIT: u64 = 900;
pub(crate) const REVEAL: u64 = 600;
pub(crate) const DELAY: u64 = 900;
pub(crate) const OPENING: u64 = 600;
pub(crate) const AGE: u64 = 604_800;

/// Steps, as the interface numbers them.
pub(crate) use wire::Deliberation as Step;

/// The address of a member.
pub(crate) fn member(peer: Peer) -> Address {
    Address::with_last_byte(0xe0 + peer as u8)
}

pub(crate) fn here() -> Address {
    member(Peer::Assembly)
}

/// The key of a principal.
pub(crate) fn key(i: usize) -> Key {
    Key::of(&format!("principal {i}"))
}

pub(crate) fn principal(i: usize) -> Address {
    thread_local! {
        static KNOWN: RefCell<BTreeMap<usize, Address>> = RefCell::default();
    }
    KNOWN.with(|known| {
        *known
            .borrow_mut()
            .entry(i)
            .or_insert_with(|| key(i).address)
    })
}

/// The producer of a principal.
pub(crate) fn agent(i: usize) -> Address {
    Address::left_padding_from(&[0xa6, (i >> 8) as u8, i as u8])
}

/// The key of a regulator.
pub(crate) fn regulator() -> Key {
    Key::of("regulator")
}

pub(crate) fn salt(i: usize) -> B256 {
    B256::left_padding_from(&[0x5a, (i >> 8) as u8, i as u8])
}

/// A law of that number.
pub(crate) fn law_of(i: usize) -> B256 {
    keccak256([b"law".as_slice(), &i.to_be_bytes()].concat())
}

pub(crate) const DOMAIN: B256 = B256::repeat_byte(0xd0);

/// What the agent's double knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct People {
    pub(crate) principals: BTreeMap<Address, agents::PrincipalRecord>,
    /// Principal and bars of an agent.
    pub(crate) agents: BTreeMap<Address, (Address, u8)>,
    pub(crate) voters: u32,
}

/// What the doubles of the other members know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Affairs {
    /// State and session of a mission.
    pub(crate) missions: BTreeMap<B256, (u8, B256)>,
    /// State and attempt of a node.
    pub(crate) nodes: BTreeMap<(B256, u16), (u8, u8)>,
    /// Statute and domain of a session's law.
    pub(crate) laws: BTreeMap<B256, (B256, B256)>,
    /// The attempt at which a node's statute was found at fault.
    pub(crate) faults: BTreeMap<(B256, u16), u8>,
    /// The state that the legislature has a session in.
    pub(crate) sessions: BTreeMap<B256, u8>,
    /// Parameters that differ from the defaults.
    pub(crate) values: BTreeMap<u8, u32>,
    is_sealed: bool,
}

#[derive(Clone)]
pub(crate) struct City {
    pub(crate) world: World,
    pub(crate) people: Rc<RefCell<People>>,
    pub(crate) affairs: Rc<RefCell<Affairs>>,
}

pub(crate) fn number(value: impl Into<u128>) -> B256 {
    U256::from(value.into()).into()
}

impl City {
    /// Sealed and wired, with so many principals.
    pub(crate) fn of(voters: usize) -> Self {
        let city = Self::sealed();
        city.call(STRANGER, wire::wireCall {}).expect("wired");
        for i in 0..voters {
            city.enrol(i);
        }
        city.world.take_logs();
        city
    }

    pub(crate) fn new() -> Self {
        Self::of(VOTERS)
    }

    /// Sealed, not wired.
    pub(crate) fn sealed() -> Self {
        let city = Self::constructed();
        city.affairs.borrow_mut().is_sealed = true;
        city
    }

    /// Constructed, not sealed.
    pub(crate) fn constructed() -> Self {
        let city = Self {
            world: World::new(),
            people: Rc::default(),
            affairs: Rc::default(),
        };
        city.world.program::<Assembly>(here(), "assembly");
        type Double = fn(&City, &Frame, &[u8]) -> Answer;
        let doubles: [(Peer, Double); 7] = [
            (Peer::Constitution, |city, _, input| {
                city.constitution(input)
            }),
            (Peer::Agent, |city, frame, input| city.agent(frame, input)),
            (Peer::Management, management_double),
            (Peer::Collaboration, |city, _, input| {
                city.collaboration(input)
            }),
            (Peer::Enactment, |city, _, input| city.enactment(input)),
            (Peer::Legislature, |city, _, input| city.legislature(input)),
            (Peer::Treasury, treasury_double),
        ];
        for (peer, double) in doubles {
            let own = city.clone();
            let run = move |frame: &Frame, input: &[u8]| double(&own, frame, input);
            city.world.install(member(peer), keccak256("member"), run);
        }
        let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        input.extend(member(Peer::Constitution).abi_encode());
        city.world
            .transact(STRANGER, here(), U256::ZERO, &input)
            .expect("constructed");
        city
    }

    /// A principal with a producer, of age.
    pub(crate) fn enrol(&self, i: usize) {
        let record = agents::PrincipalRecord {
            producers: 1,
            enrolledAt: U40::from(self.world.now() - AGE),
            ..nobody()
        };
        let mut people = self.people.borrow_mut();
        people.principals.insert(principal(i), record);
        people.agents.insert(agent(i), (principal(i), 0));
        people.voters += 1;
    }

    /// Changes what is known of a principal.
    pub(crate) fn change(&self, i: usize, change: impl FnOnce(&mut agents::PrincipalRecord)) {
        let mut people = self.people.borrow_mut();
        change(people.principals.get_mut(&principal(i)).expect("enrolled"));
    }

    pub(crate) fn set(&self, id: ParameterId, value: u32) {
        self.affairs.borrow_mut().values.insert(id as u8, value);
    }

    pub(crate) fn call<C: SolCall>(&self, from: Address, call: C) -> Result<C::Return, Vec<u8>> {
        self.world.call(from, here(), call)
    }

    #[track_caller]
    pub(crate) fn refused<C, E>(&self, from: Address, call: C, expected: E)
    where
        C: SolCall,
        E: alloy_sol_types::SolError + PartialEq + std::fmt::Debug,
    {
        let before = self.world.storage(here());
        self.world.refused(from, here(), 0, call, expected);
        assert_eq!(self.world.storage(here()), before, "nothing moves");
    }

    /// Gives somebody a credit at the treasury.
    pub(crate) fn credit(&self, account: Address, amount: u128) {
        let mut input = b"gift".to_vec();
        input.extend((account, U256::from(amount)).abi_encode());
        self.world
            .transact(STRANGER, member(Peer::Treasury), U256::ZERO, &input)
            .expect("given");
    }

    pub(crate) fn credit_of(&self, account: Address) -> u128 {
        let slot = U256::from(short(account.into_word()));
        U256::from_be_bytes(self.world.slot(member(Peer::Treasury), slot).0).to()
    }

    pub(crate) fn election(&self, session: B256) -> wire::Election {
        let call = wire::electionCall { sessionId: session };
        self.call(STRANGER, call).expect("an election")
    }

    pub(crate) fn outcome(&self, session: B256) -> wire::Outcome {
        let call = wire::outcomeOfCall { sessionId: session };
        self.call(STRANGER, call).expect("an outcome")
    }

    pub(crate) fn proposal(&self, proposal: B256) -> wire::Proposal {
        let call = wire::proposalCall {
            proposalId: proposal,
        };
        self.call(STRANGER, call).expect("a proposal")
    }

    #[track_caller]
    pub(crate) fn at(&self, session: B256, step: Step) {
        let election = self.election(session);
        assert_eq!((election.step, election.failed), (step, false));
    }

    #[track_caller]
    pub(crate) fn failed(&self, session: B256) {
        assert!(self.election(session).failed);
    }

    /// A petition with as many names as it needs.
    pub(crate) fn petition(&self) -> B256 {
        let petition = self
            .call(principal(0), opening_petition())
            .expect("a petition");
        let asked = wire::petitionCall {
            petitionId: petition,
        };
        let needed = self.call(STRANGER, asked).unwrap().needed;
        for i in 1..needed as usize {
            let call = wire::signPetitionCall {
                petitionId: petition,
            };
            self.call(principal(i), call).expect("signed");
        }
        petition
    }

    /// A session for a petition.
    pub(crate) fn session(&self) -> B256 {
        let petition = self.petition();
        let call = wire::openSessionCall {
            petitionId: petition,
        };
        self.call(STRANGER, call).expect("a session")
    }

    /// A proposal of a principal's agent.
    pub(crate) fn propose(&self, session: B256, i: usize, law: usize) -> B256 {
        self.call(agent(i), proposing(session, law))
            .expect("proposed")
    }

    /// The first so many principals sponsor a proposal.
    pub(crate) fn sponsor(&self, proposal: B256, count: usize) {
        for i in 0..count {
            let call = wire::sponsorCall {
                proposalId: proposal,
            };
            self.call(principal(i), call).expect("sponsored");
        }
    }

    /// One principal sponsors a proposal.
    pub(crate) fn sponsor_by(&self, proposal: B256, i: usize) {
        let call = wire::sponsorCall {
            proposalId: proposal,
        };
        self.call(principal(i), call).expect("sponsored");
    }

    /// Ends the step whose time is over.
    pub(crate) fn expire(&self, session: B256) {
        let until: u64 = self.election(session).expiresAt.to();
        let now = self.world.now();
        self.world.warp((until + 1).saturating_sub(now));
        self.call(STRANGER, expiring(session)).expect("expired");
    }

    /// A session in its debate, with so many candidates.
    pub(crate) fn debating(&self, candidates: usize) -> B256 {
        let session = self.session();
        for law in 0..candidates {
            let proposal = self.propose(session, law % VOTERS, law);
            self.sponsor(proposal, 5);
        }
        self.expire(session);
        self.at(session, Step::Debating);
        session
    }

    /// A session whose ballot is open.
    pub(crate) fn committing(&self, candidates: usize) -> B256 {
        let session = self.debating(candidates);
        self.expire(session);
        self.at(session, Step::Committing);
        session
    }

    pub(crate) fn commit(&self, session: B256, i: usize, order: &[u8]) {
        self.call(principal(i), sealing(session, i, order))
            .expect("committed");
    }

    /// A session whose ballots are sealed, each principal's in turn.
    pub(crate) fn revealing(&self, ballots: &[Vec<u8>]) -> B256 {
        let session = self.committing(ballots[0].len());
        for (i, order) in ballots.iter().enumerate() {
            self.commit(session, i, order);
        }
        self.expire(session);
        self.at(session, Step::Revealing);
        session
    }

    pub(crate) fn reveal(&self, session: B256, i: usize, order: &[u8]) {
        self.call(STRANGER, showing(session, i, order))
            .expect("revealed");
    }

    /// A session whose ballots are to be counted.
    pub(crate) fn tallying(&self, ballots: &[Vec<u8>]) -> B256 {
        let session = self.revealing(ballots);
        for (i, order) in ballots.iter().enumerate() {
            self.reveal(session, i, order);
        }
        self.expire(session);
        self.at(session, Step::Tallying);
        session
    }

    /// A session that decided.
    pub(crate) fn decided(&self, ballots: &[Vec<u8>]) -> B256 {
        let session = self.tallying(ballots);
        self.tally(session, u32::MAX);
        self.at(session, Step::Decided);
        session
    }

    pub(crate) fn tally(&self, session: B256, ballots: u32) {
        let call = wire::tallyCall {
            sessionId: session,
            ballots,
        };
        self.call(STRANGER, call).expect("counted");
    }

    pub(crate) fn claim(&self, from: Address, session: B256, ballots: &[u32]) {
        self.call(from, claiming(session, ballots))
            .expect("claimed");
    }

    /// Signs words as this contract's domain says.
    pub(crate) fn sign(&self, by: &Key, words: &[B256]) -> Vec<u8> {
        by.sign(digest_at(self.world.chain_id(), here(), words))
    }

    /// Puts evidence on record.
    pub(crate) fn inform(&self, session: B256) {
        let call = self.informing(session, B256::repeat_byte(0xe1));
        self.call(STRANGER, call).expect("recorded");
    }

    pub(crate) fn informing(&self, session: B256, evidence: B256) -> wire::recordEvidenceCall {
        let words = DeliberationEvidence {
            session_id: session,
            evidence_hash: evidence,
            content_address: B256::repeat_byte(0xe2),
            deadline: u64::MAX,
        }
        .words();
        wire::recordEvidenceCall {
            evidence: wire::DeliberationEvidence {
                sessionId: session,
                evidenceHash: evidence,
                contentAddress: B256::repeat_byte(0xe2),
                deadline: u64::MAX,
            },
            signature: self.sign(&regulator(), &words).into(),
        }
    }

    /// A straw vote.
    pub(crate) fn voting(&self, session: B256, i: usize, proposal: u8) -> wire::strawVoteCall {
        let words = StrawVote {
            session_id: session,
            principal: principal(i),
            proposal,
            deadline: u64::MAX,
        }
        .words();
        wire::strawVoteCall {
            vote: wire::StrawVote {
                sessionId: session,
                principal: principal(i),
                proposal,
                deadline: u64::MAX,
            },
            signature: self.sign(&key(i), &words).into(),
        }
    }

    pub(crate) fn speaking(&self, session: B256, i: usize, round: u8) -> wire::speakCall {
        let (statement, reasons) = (B256::repeat_byte(0x51), B256::repeat_byte(0x52));
        let words = Statement {
            session_id: session,
            round,
            principal: principal(i),
            statement_hash: statement,
            reasons_hash: reasons,
            deadline: u64::MAX,
        }
        .words();
        wire::speakCall {
            statement: wire::Statement {
                sessionId: session,
                round,
                principal: principal(i),
                statementHash: statement,
                reasonsHash: reasons,
                deadline: u64::MAX,
            },
            signature: self.sign(&key(i), &words).into(),
        }
    }

    pub(crate) fn naming(&self, petition: B256, i: usize) -> (wire::PetitionSignature, Vec<u8>) {
        let words = PetitionSignature {
            petition_id: petition,
            principal: principal(i),
            deadline: u64::MAX,
        }
        .words();
        let name = wire::PetitionSignature {
            petitionId: petition,
            principal: principal(i),
            deadline: u64::MAX,
        };
        (name, self.sign(&key(i), &words))
    }

    pub(crate) fn backing(&self, proposal: B256, i: usize) -> (wire::Sponsorship, Vec<u8>) {
        let words = Sponsorship {
            proposal_id: proposal,
            principal: principal(i),
            deadline: u64::MAX,
        }
        .words();
        let name = wire::Sponsorship {
            proposalId: proposal,
            principal: principal(i),
            deadline: u64::MAX,
        };
        (name, self.sign(&key(i), &words))
    }

    pub(crate) fn casting(
        &self,
        session: B256,
        i: usize,
        commitment: B256,
    ) -> (wire::BallotCommitment, Vec<u8>) {
        let words = BallotCommitment {
            session_id: session,
            principal: principal(i),
            commitment,
            deadline: u64::MAX,
        }
        .words();
        let ballot = wire::BallotCommitment {
            sessionId: session,
            principal: principal(i),
            commitment,
            deadline: u64::MAX,
        };
        (ballot, self.sign(&key(i), &words))
    }
}

pub(crate) fn opening_petition() -> wire::openPetitionCall {
    wire::openPetitionCall {
        subjectHash: B256::repeat_byte(0x77),
        contentAddress: B256::repeat_byte(0x78),
    }
}

pub(crate) fn proposing(session: B256, law: usize) -> wire::proposeCall {
    wire::proposeCall {
        sessionId: session,
        statuteHash: law_of(law),
        contentAddress: B256::repeat_byte(0x79),
        domain: DOMAIN,
        amends: B256::ZERO,
    }
}

pub(crate) fn expiring(session: B256) -> wire::expireDeliberationCall {
    wire::expireDeliberationCall { sessionId: session }
}

pub(crate) fn bits(order: &[u8]) -> u64 {
    let digits = order.iter().enumerate();
    digits.fold(0, |bits, (place, one)| {
        bits | u64::from(*one) << (4 * place)
    })
}

/// The seal of a principal's ranking.
pub(crate) fn seal(session: B256, i: usize, order: &[u8]) -> B256 {
    keccak256(sealed(&session, &principal(i), bits(order), &salt(i)).concat())
}

pub(crate) fn sealing(session: B256, i: usize, order: &[u8]) -> wire::commitBallotCall {
    wire::commitBallotCall {
        sessionId: session,
        commitment: seal(session, i, order),
    }
}

pub(crate) fn showing(session: B256, i: usize, order: &[u8]) -> wire::revealBallotCall {
    wire::revealBallotCall {
        sessionId: session,
        principal: principal(i),
        ranking: bits(order),
        salt: salt(i),
    }
}

pub(crate) fn claiming(session: B256, ballots: &[u32]) -> wire::claimCollusionCall {
    wire::claimCollusionCall {
        sessionId: session,
        ballots: ballots.to_vec(),
    }
}

pub(crate) fn u40(seconds: u64) -> U40 {
    U40::from(seconds)
}

/// Where the contract keeps a word: its kind, and what tells it from others of that kind.
pub(crate) fn slot_of(kind: u8, first: B256, second: B256) -> U256 {
    let key = keccak256([&[kind][..], first.as_slice(), second.as_slice()].concat());
    keccak256([key, number(2u64)].concat()).into()
}

/// The first so many candidates in their order, repeated.
pub(crate) fn alike(candidates: u8, ballots: usize) -> Vec<Vec<u8>> {
    vec![(0..candidates).collect(); ballots]
}

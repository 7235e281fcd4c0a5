//! A mission, from its law to its end, step by step.

use agentcity_abi::{
    ICollaboration as work, IConstitution as founding, IEnactment as enactment,
    IStatute as statute, ITreasury as treasury,
    IVerification::{self as results, NodeTerms},
};
use agentcity_domain::{id::MissionId, peer::Peer};
use alloy_primitives::{Address, B256, U256, aliases::U40, keccak256};
use alloy_sol_types::SolValue;

use crate::{
    answers::code_of,
    city::{City, STRANGER, member},
    law::{Statute, rests},
};

/// Pages that one transaction brings.
const PAGES_PER_CALL: usize = 3;

/// A mission and its law.
#[derive(Clone, Debug)]
pub struct Mission {
    /// Its number.
    pub id: B256,
    /// The session whose law it is.
    pub session: B256,
    /// Its statute.
    pub statute: Statute,
    /// Who pays.
    pub sponsor: Address,
}

impl Mission {
    /// The session of a sponsor's `which`-th mission, from one.
    pub fn session(sponsor: Address, which: u64) -> B256 {
        keccak256((b"session", sponsor, which).abi_encode_packed())
    }

    /// The number of that mission.
    pub fn number(sponsor: Address, which: u64) -> B256 {
        MissionId::of_session(sponsor, keccak256(Self::session(sponsor, which))).word()
    }

    /// The sponsor's `which`-th mission under this statute, its law approved and its stakes reserved, until `deadline`.
    pub fn legislated(
        city: &City,
        sponsor: Address,
        which: u64,
        statute: Statute,
        deadline: u64,
    ) -> Self {
        let mission = Self {
            id: Self::number(sponsor, which),
            session: Self::session(sponsor, which),
            statute,
            sponsor,
        };
        let law = mission.law(city, deadline);
        city.set().laws.insert(mission.session, law);
        mission.reserve(city);
        mission
    }

    /// The law that its statute makes, in the city's present epoch.
    pub fn law(&self, city: &City, deadline: u64) -> enactment::Law {
        enactment::Law {
            approved: true,
            audited: true,
            kind: enactment::SessionKind::Mission,
            statuteHash: rests(&self.statute.pages())[0],
            assignmentsHash: rests(&self.statute.seat_pages())[0],
            epoch: city.ask(founding::epochCall {}),
            nodes: self.statute.nodes.len() as u16,
            fairness: 1_000,
            fairnessWaived: false,
            budget: self.statute.budget(),
            missionDeadline: U40::from(deadline),
            missionId: B256::ZERO,
            node: 0,
            sponsor: self.sponsor,
            domain: keccak256("any domain"),
        }
    }

    /// Reserves the stakes of all its seats.
    pub fn reserve(&self, city: &City) {
        for seat in self.statute.nodes.iter().flat_map(|node| &node.seats) {
            if seat.source == seat.agent.into_word() && seat.stake > 0 {
                let amount = U256::from(seat.stake);
                let call = treasury::depositCall {
                    account: seat.agent,
                    amount,
                };
                city.pay(seat.agent, seat.stake, call);
            }
            city.tell(
                member(Peer::Legislature),
                treasury::reserveStakeCall {
                    sessionId: self.session,
                    source: seat.source,
                    agent: seat.agent,
                    amount: U256::from(seat.stake),
                },
            );
        }
    }

    /// Creates it.
    #[track_caller]
    pub fn create(&self, city: &City) {
        let deadline = city.answers().laws[&self.session].missionDeadline;
        let call = work::createMissionCall {
            sessionId: self.session,
            deadline,
        };
        assert_eq!(
            city.tell(self.sponsor, call),
            self.id,
            "its number was foretold"
        );
    }

    /// Pays for it.
    #[track_caller]
    pub fn fund(&self, city: &City, amount: u128) {
        let call = treasury::fundMissionCall {
            missionId: self.id,
            amount: U256::from(amount),
        };
        city.pay(self.sponsor, amount, call);
    }

    /// Deploys its pages and the seats' as a stranger.
    #[track_caller]
    pub fn deploy(&self, city: &City) {
        let (pages, seats) = (self.statute.pages(), self.statute.seat_pages());
        let (page_rests, seat_rests) = (rests(&pages), rests(&seats));
        for (call, pages) in pages.chunks(PAGES_PER_CALL).enumerate() {
            let first = call * PAGES_PER_CALL;
            city.tell(
                STRANGER,
                statute::deployTrancheCall {
                    missionId: self.id,
                    tranche: first as u16,
                    pages: pages.iter().map(|page| page.clone().into()).collect(),
                    rest: page_rests[first + pages.len()],
                },
            );
        }
        for (call, pages) in seats.chunks(PAGES_PER_CALL).enumerate() {
            let first = call * PAGES_PER_CALL;
            city.tell(
                STRANGER,
                statute::deploySeatsCall {
                    missionId: self.id,
                    tranche: first as u16,
                    pages: pages.iter().map(|page| page.clone().into()).collect(),
                    rest: seat_rests[first + pages.len()],
                },
            );
        }
    }

    /// Makes it law.
    #[track_caller]
    pub fn finalise(&self, city: &City) {
        city.tell(
            STRANGER,
            statute::finaliseDeploymentCall { missionId: self.id },
        );
    }

    /// Creates, funds, deploys and finalises it.
    #[track_caller]
    pub fn begin(&self, city: &City) {
        self.create(city);
        self.fund(city, self.statute.budget());
        self.deploy(city);
        self.finalise(city);
    }

    /// Its state.
    pub fn state(&self, city: &City) -> work::MissionState {
        city.ask(work::missionCall { missionId: self.id }).state
    }

    /// Which attempt of a node runs; the first, where its page is not even written.
    pub fn attempt(&self, city: &City, node: u16) -> u8 {
        let call = work::nodeCall {
            missionId: self.id,
            index: node,
        };
        city.try_to(STRANGER, call).map_or(0, |node| node.attempt)
    }

    /// A node as it is.
    pub fn node(&self, city: &City, node: u16) -> work::Node {
        city.ask(work::nodeCall {
            missionId: self.id,
            index: node,
        })
    }

    /// An executor takes its seat.
    pub fn accept(&self, city: &City, node: u16, agent: Address) -> Result<(), Vec<u8>> {
        let call = work::acceptSeatCall {
            missionId: self.id,
            node,
        };
        city.try_to(agent, call).map(|_| ())
    }

    /// Routes a node with the code that its seats are registered with.
    pub fn route(&self, city: &City, node: u16) -> Result<(), Vec<u8>> {
        let found = city.ask(work::nodeCall {
            missionId: self.id,
            index: node,
        });
        let hashes = (0..found.redundancy)
            .map(|place| {
                let call = work::seatCall {
                    missionId: self.id,
                    index: node,
                    place,
                };
                code_of(city.ask(call).serviceId)
            })
            .collect();
        let call = work::routeTaskCall {
            missionId: self.id,
            node,
            liveCodeHashes: hashes,
        };
        city.try_to(STRANGER, call).map(|_| ())
    }

    /// Hands in a proof, or a result for review.
    pub fn submit(
        &self,
        city: &City,
        node: u16,
        agent: Address,
        good: bool,
    ) -> Result<(), Vec<u8>> {
        let salt = if good { salt_of(node) } else { B256::ZERO };
        let call = results::submitResultCall {
            missionId: self.id,
            node,
            terms: self.statute.nodes[usize::from(node)].terms.clone(),
            outputHash: output_of(node),
            trailRoot: trail_of(node, agent),
            proof: (input_of(node), salt).abi_encode().into(),
        };
        city.try_to(agent, call).map(|_| ())
    }

    /// Seals a value.
    pub fn commit(
        &self,
        city: &City,
        node: u16,
        agent: Address,
        value: B256,
    ) -> Result<(), Vec<u8>> {
        let attempt = self.node(city, node).attempt;
        let words = (
            self.id,
            U256::from(node),
            U256::from(attempt),
            agent,
            keccak256(value),
            salt_of(node),
        );
        let call = results::commitResultCall {
            missionId: self.id,
            node,
            commitment: keccak256(words.abi_encode()),
            trailRoot: trail_of(node, agent),
        };
        city.try_to(agent, call).map(|_| ())
    }

    /// Opens a sealed value.
    pub fn reveal(
        &self,
        city: &City,
        node: u16,
        agent: Address,
        value: B256,
    ) -> Result<(), Vec<u8>> {
        let call = results::revealResultCall {
            missionId: self.id,
            node,
            executor: agent,
            value: value.to_vec().into(),
            salt: salt_of(node),
        };
        city.try_to(STRANGER, call).map(|_| ())
    }

    /// Closes a verification.
    pub fn close(&self, city: &City, node: u16) -> Result<(), Vec<u8>> {
        let call = results::closeVerificationCall {
            missionId: self.id,
            node,
            elements: Vec::new(),
        };
        city.try_to(STRANGER, call).map(|_| ())
    }
}

/// What a node is given.
pub fn input_of(node: u16) -> B256 {
    keccak256([b"input".as_slice(), &node.to_be_bytes()].concat())
}

/// What a node yields.
pub fn output_of(node: u16) -> B256 {
    keccak256([b"output".as_slice(), &node.to_be_bytes()].concat())
}

/// What hides it.
pub fn salt_of(node: u16) -> B256 {
    keccak256([b"salt".as_slice(), &node.to_be_bytes()].concat())
}

/// The root of an executor's trail.
pub fn trail_of(node: u16, agent: Address) -> B256 {
    keccak256([b"trail".as_slice(), &node.to_be_bytes(), agent.as_slice()].concat())
}

/// The terms of a mission's node: for Tier 1 with the commitment that its output satisfies.
pub fn terms(mission: B256, node: u16) -> NodeTerms {
    let expected = (
        mission,
        U256::from(node),
        input_of(node),
        output_of(node),
        salt_of(node),
    );
    NodeTerms {
        inputSchemaHash: keccak256("input schema"),
        outputSchemaHash: keccak256("output schema"),
        labelHash: keccak256("label"),
        rubricHash: keccak256("rubric"),
        verifier: Address::ZERO,
        verifierCodehash: B256::ZERO,
        expected: keccak256(expected.abi_encode()),
    }
}

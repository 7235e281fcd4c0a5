//! A session from one message to the next, as clerks and bidders who do their part take it.

use agentcity_abi::{
    IAssembly as assembly, IEnactment as enacting, ILegislature as wire,
    ILegislature::SessionState as State,
};
use agentcity_domain::{
    clerk::ClerkRole,
    peer::Peer,
    statute::{
        Node, Seat,
        encode::{self, Draft},
        fold::fold,
    },
};
use agentcity_world::Key;
use alloy_primitives::{Address, B256, aliases::U40, keccak256};
use alloy_sol_types::SolValue;

use crate::{
    APPROVAL, BIDDING, City, DOMAIN, EPOCH, Kind, PARTIAL, REGULATORS, SPONSOR, UNIT, agent, clerk,
    code, service,
};

/// The deadline of every statement here.
pub const GOOD: u64 = 1 << 34;
/// What a node may cost here, in base units.
pub const SHARE: u128 = 900 * UNIT;
/// LLM tokens of a node here.
pub const TOKENS: u32 = 10;
/// The template that is published by [`City::template`].
pub const TEMPLATE: B256 = B256::repeat_byte(0x7e);

/// What is legislated.
#[derive(Clone, Debug)]
pub struct Case {
    /// The session.
    pub id: B256,
    /// Mission, child, partial or full.
    pub kind: Kind,
    /// Nodes of the statute.
    pub nodes: Vec<Node>,
    /// The statute's pages.
    pub pages: Vec<Vec<u8>>,
}

/// A lawful node of tier 1, 2 or 3, of low risk, and medium in tier 3; a seat of it may cost [`SHARE`].
pub fn node(tier: u8) -> Node {
    let (redundancy, threshold) = if tier == 2 { (3, 2) } else { (1, 1) };
    Node {
        digest: B256::repeat_byte(0xd1),
        tier,
        risk: u8::from(tier == 3),
        redundancy,
        threshold,
        mode: 0,
        timeout_ms: if tier == 3 { 300_000 } else { 60_000 },
        budget: SHARE * u128::from(redundancy),
        first_edge: 0,
        outs: 0,
        tokens: TOKENS,
    }
}

/// What a sequence of pages hashes to.
pub fn hash(pages: &[Vec<u8>]) -> B256 {
    let keccak = |bytes: &[u8]| keccak256(bytes);
    fold(&keccak, pages.iter().map(Vec::as_slice), B256::ZERO)
}

/// The pages of nodes, each leading to the next.
///
/// Panics: if they do not fit.
pub fn pages(nodes: &[Node]) -> Vec<Vec<u8>> {
    let drafts: Vec<Draft> = nodes
        .iter()
        .zip(1..)
        .map(|(node, next)| Draft {
            node: *node,
            successors: if next < nodes.len() as u16 {
                vec![next]
            } else {
                Vec::new()
            },
        })
        .collect();
    encode::statute(&drafts, &[]).expect("nodes fit")
}

/// What seals a bid: the hash of its words and a salt.
pub fn commitment(bid: &wire::TaskBid, salt: B256) -> B256 {
    keccak256((bid.clone(), salt).abi_encode())
}

impl Case {
    /// The statute's hash.
    pub fn statute(&self) -> B256 {
        hash(&self.pages)
    }

    /// What all nodes may cost.
    pub fn budget(&self) -> u128 {
        self.nodes.iter().map(|node| node.budget).sum()
    }

    /// LLM tokens of all nodes.
    pub fn tokens(&self) -> u32 {
        self.nodes.iter().map(|node| node.tokens).sum()
    }

    /// The winner of the ballot.
    pub fn winner(&self) -> B256 {
        keccak256([b"winner", self.id.as_slice()].concat())
    }

    /// The registrar's challenge.
    pub fn challenge(&self) -> B256 {
        keccak256([b"challenge", self.id.as_slice()].concat())
    }
}

impl City {
    /// A mission of its own that the assembly decided on.
    pub fn decided(&self, name: &str, nodes: &[Node]) -> Case {
        self.decided_as(name, nodes, Kind::Mission, (B256::ZERO, 0))
    }

    /// A session of any kind that the assembly decided on, about a mission's node.
    pub fn decided_as(
        &self,
        name: &str,
        nodes: &[Node],
        kind: Kind,
        (mission, place): (B256, u16),
    ) -> Case {
        let case = Case {
            id: keccak256(["session ", name].concat()),
            kind,
            nodes: nodes.to_vec(),
            pages: pages(nodes),
        };
        let outcome = assembly::Outcome {
            decided: true,
            kind: assembly::SessionKind::try_from(kind as u8).expect("a kind"),
            epoch: EPOCH,
            legislativeEpoch: 9,
            expiresAt: U40::from(self.world.now() + 600),
            node: place,
            missionId: mission,
            winner: case.winner(),
            statuteHash: case.statute(),
            sponsor: SPONSOR,
            domain: DOMAIN,
        };
        self.facts_mut().outcomes.insert(case.id, outcome);
        case
    }

    /// MSG_TYPE_1.
    pub fn request(&self, case: &Case) -> wire::requestIdentityCall {
        let message = wire::IdentityRequest {
            sessionId: case.id,
            challenge: case.challenge(),
            minimumReputation: 400,
            deadline: GOOD,
        };
        let by = clerk(ClerkRole::Registrar, 0);
        wire::requestIdentityCall {
            signature: self.sign(Peer::Legislature, &by, &message),
            message,
        }
    }

    /// MSG_TYPE_2 of an agent or a clerk.
    pub fn attestation(&self, case: &Case, by: &Key) -> wire::IdentityAttestation {
        let principal = self.facts_mut().people[&by.address].principal;
        wire::IdentityAttestation {
            sessionId: case.id,
            challenge: case.challenge(),
            agent: by.address,
            principal,
            didHash: keccak256(by.address),
            deadline: GOOD,
        }
    }

    /// The same of many, relayed at once.
    pub fn attesting(&self, case: &Case, all: &[Key]) -> wire::attestIdentityCall {
        let messages: Vec<_> = all.iter().map(|by| self.attestation(case, by)).collect();
        let signatures = messages
            .iter()
            .zip(all)
            .map(|(message, by)| self.sign(Peer::Legislature, by, message));
        wire::attestIdentityCall {
            signatures: signatures.collect(),
            messages,
        }
    }

    /// All clerks and agents of the city.
    pub fn everybody(&self) -> Vec<Key> {
        let mut all: Vec<Key> = (0..64).map(agent).collect();
        for role in ClerkRole::ALL {
            all.extend((0..REGULATORS).map(|i| clerk(*role, i)));
        }
        all.retain(|key| self.facts_mut().people.contains_key(&key.address));
        all
    }

    /// As far as the speaker's turn.
    ///
    /// Panics: if somebody refuses.
    pub fn identified(&self, case: &Case) {
        self.law(self.request(case)).expect("requested");
        for some in self.everybody().chunks(32) {
            self.law(self.attesting(case, some)).expect("attested");
        }
        let call = wire::confirmRosterCall { sessionId: case.id };
        self.law(call).expect("all offices are filled");
    }

    /// MSG_TYPE_3.
    pub fn proposal(&self, case: &Case) -> wire::DagProposal {
        wire::DagProposal {
            sessionId: case.id,
            proposalId: case.winner(),
            statuteHash: case.statute(),
            contentAddress: B256::repeat_byte(0xc0),
            rationaleHash: B256::repeat_byte(0xc1),
            nodes: case.nodes.len() as u16,
            tokenBudget: case.tokens(),
            missionBudget: case.budget(),
            missionDeadline: U40::from(self.world.now() + 1_000_000),
            deadline: GOOD,
        }
    }

    /// The same, signed by the speaker.
    pub fn proposing(&self, message: wire::DagProposal) -> wire::publishProposalCall {
        let by = clerk(ClerkRole::Speaker, 0);
        wire::publishProposalCall {
            signature: self.sign(Peer::Legislature, &by, &message),
            message,
        }
    }

    /// As far as bidding.
    ///
    /// Panics: if somebody refuses.
    pub fn proposed(&self, case: &Case) {
        self.identified(case);
        let call = self.proposing(self.proposal(case));
        self.law(call).expect("proposed");
    }

    /// MSG_TYPE_4: a bid at this price that nothing is wrong with.
    pub fn bid(&self, case: &Case, i: usize, place: u16, price: u128) -> wire::TaskBid {
        let node = &case.nodes[usize::from(place)];
        let account = agent(i).address;
        wire::TaskBid {
            sessionId: case.id,
            node: place,
            agent: account,
            serviceId: service(i),
            codeHash: code(i),
            price,
            stake: [150, 500, 2_000][usize::from(node.risk)] * UNIT,
            source: account.into_word(),
            latencyMs: 1_000,
            matchPermille: 1_000,
            tierAcceptance: node.tier,
            deadline: GOOD,
        }
    }

    /// Bids, signed by their agents.
    pub fn bidding(&self, bids: &[(usize, wire::TaskBid)]) -> wire::placeBidsCall {
        let sign =
            |(i, bid): &(usize, wire::TaskBid)| self.sign(Peer::Legislature, &agent(*i), bid);
        wire::placeBidsCall {
            signatures: bids.iter().map(sign).collect(),
            messages: bids.iter().map(|(_, bid)| bid.clone()).collect(),
        }
    }

    /// Agents bid on a node at these prices.
    ///
    /// Panics: if a bid is refused.
    pub fn bids(&self, case: &Case, place: u16, prices: &[(usize, u128)]) {
        for (i, price) in prices {
            let bid = self.bid(case, *i, place, *price);
            self.law(self.bidding(&[(*i, bid)])).expect("placed");
        }
    }

    /// A bid, sealed and signed by its agent.
    pub fn sealing(&self, i: usize, bid: &wire::TaskBid, salt: B256) -> wire::sealBidCall {
        let message = wire::SealedBid {
            sessionId: bid.sessionId,
            agent: bid.agent,
            node: bid.node,
            commitment: commitment(bid, salt),
            stake: bid.stake,
            source: bid.source,
            deadline: GOOD,
        };
        wire::sealBidCall {
            signature: self.sign(Peer::Legislature, &agent(i), &message),
            message,
        }
    }

    /// The opening of a sealed bid.
    pub fn opening(&self, number: u32, bid: &wire::TaskBid, salt: B256) -> wire::openBidCall {
        wire::openBidCall {
            bid: number,
            message: bid.clone(),
            salt,
        }
    }

    /// Ends bidding, its time being over.
    ///
    /// Panics: if that is refused.
    pub fn close(&self, case: &Case) {
        self.world.warp(self.of_kind(case, BIDDING, 0) + 1);
        let call = wire::closeBiddingCall { sessionId: case.id };
        self.law(call).expect("closed");
    }

    /// How long a state lasts, which partial sessions have shorter.
    pub fn of_kind(&self, case: &Case, seconds: u64, partial: usize) -> u64 {
        if case.kind == Kind::Partial {
            PARTIAL[partial]
        } else {
            seconds
        }
    }

    /// As far as review, with bids in turn: of each node as many as it has seats and one more, the cheapest first.
    ///
    /// Panics: if somebody refuses.
    pub fn reviewed(&self, case: &Case, agents: usize) {
        self.proposed(case);
        let mut next = 0;
        for (node, place) in case.nodes.iter().zip(0..) {
            let count = usize::from(node.redundancy) + 1;
            let some: Vec<_> = (0..count)
                .map(|more| ((next + more) % agents, SHARE / 2 + more as u128))
                .collect();
            self.bids(case, place, &some);
            next += count - 1;
        }
        self.close(case);
        self.is_in(case.id, State::RegulatoryReview);
    }

    /// The award of a whole session in one call.
    pub fn awarding(&self, case: &Case) -> enacting::awardCall {
        enacting::awardCall {
            sessionId: case.id,
            seatPages: u16::MAX,
            pages: case.pages.iter().map(|page| page.clone().into()).collect(),
            rest: B256::ZERO,
            earlier: Vec::new(),
        }
    }

    /// MSG_TYPE_5 for the award as it stands.
    pub fn decision(&self, case: &Case) -> enacting::RegulatoryDecision {
        let law = self.law_of(case.id);
        enacting::RegulatoryDecision {
            sessionId: case.id,
            assignmentsHash: law.assignmentsHash,
            fairness: law.fairness,
            rejected: Vec::new(),
            flags: Vec::new(),
            repropose: false,
            deadline: GOOD,
        }
    }

    /// The same, signed by a regulator.
    pub fn deciding(
        &self,
        i: usize,
        message: enacting::RegulatoryDecision,
    ) -> enacting::decideRegulatoryCall {
        let by = clerk(ClerkRole::Regulator, i);
        enacting::decideRegulatoryCall {
            signature: self.sign(Peer::Enactment, &by, &message),
            message,
        }
    }

    /// From review as far as codification.
    ///
    /// Panics: if somebody refuses.
    pub fn regulated(&self, case: &Case) {
        self.enact(self.awarding(case)).expect("awarded");
        let message = self.decision(case);
        for i in 0..2 {
            let call = self.deciding(i, message.clone());
            self.enact(call).expect("decided");
        }
        self.is_in(case.id, State::Codification);
    }

    /// A template that allows much, signed by the codifier.
    pub fn template(&self) -> enacting::TemplateVersion {
        enacting::TemplateVersion {
            templateId: TEMPLATE,
            version: 1,
            schemaHash: B256::repeat_byte(0x5c),
            nodesMax: 5_000,
            tiersAllowed: 0b1110,
            riskMax: 2,
            predicatesMin: 0,
            deadline: GOOD,
        }
    }

    /// A template, signed by the codifier.
    pub fn publishing(&self, message: enacting::TemplateVersion) -> enacting::publishTemplateCall {
        let by = clerk(ClerkRole::Codifier, 0);
        enacting::publishTemplateCall {
            signature: self.sign(Peer::Enactment, &by, &message),
            message,
        }
    }

    /// MSG_TYPE_6.
    pub fn specification(&self, case: &Case) -> enacting::CodedSpecification {
        let law = self.law_of(case.id);
        enacting::CodedSpecification {
            sessionId: case.id,
            statuteHash: law.statuteHash,
            assignmentsHash: law.assignmentsHash,
            templateId: TEMPLATE,
            templateVersion: 1,
            deadline: GOOD,
        }
    }

    /// The same, signed by the codifier.
    pub fn codifying(&self, message: enacting::CodedSpecification) -> enacting::codifyCall {
        let by = clerk(ClerkRole::Codifier, 0);
        enacting::codifyCall {
            signature: self.sign(Peer::Enactment, &by, &message),
            message,
        }
    }

    /// The validation of a whole statute.
    pub fn validating(&self, case: &Case) -> enacting::validateCall {
        enacting::validateCall {
            sessionId: case.id,
            pages: case.pages.iter().map(|page| page.clone().into()).collect(),
            rest: B256::ZERO,
        }
    }

    /// From codification as far as approval; publishes the template if nobody did.
    ///
    /// Panics: if somebody refuses.
    pub fn codified(&self, case: &Case) {
        let asked = enacting::templateCall {
            templateId: TEMPLATE,
            version: 1,
        };
        if self.enact(asked).expect("read").nodesMax == 0 {
            let call = self.publishing(self.template());
            self.enact(call).expect("published");
        }
        let call = self.codifying(self.specification(case));
        self.enact(call).expect("codified");
        if case.kind != Kind::Partial {
            self.enact(self.validating(case)).expect("validated");
        }
        self.is_in(case.id, State::AwaitingApproval);
    }

    /// MSG_TYPE_7 for an office.
    pub fn approval(&self, case: &Case, role: ClerkRole) -> enacting::LegislativeApproval {
        let law = self.law_of(case.id);
        enacting::LegislativeApproval {
            sessionId: case.id,
            statuteHash: law.statuteHash,
            assignmentsHash: law.assignmentsHash,
            epoch: EPOCH,
            role: role.number(),
            deadline: GOOD,
        }
    }

    /// The same, signed by one of the office.
    pub fn approving(
        &self,
        by: &Key,
        message: enacting::LegislativeApproval,
    ) -> enacting::approveCall {
        enacting::approveCall {
            signature: self.sign(Peer::Enactment, by, &message),
            message,
        }
    }

    /// An approval by an office's `i`-th clerk.
    ///
    /// Errors: the refusal.
    pub fn approve(&self, case: &Case, role: ClerkRole, i: usize) -> Result<(), Vec<u8>> {
        let message = self.approval(case, role);
        self.enact(self.approving(&clerk(role, i), message))?;
        Ok(())
    }

    /// From approval to law.
    ///
    /// Panics: if somebody refuses.
    pub fn approved(&self, case: &Case) {
        self.approve(case, ClerkRole::Speaker, 0).expect("approved");
        for i in 0..2 {
            self.approve(case, ClerkRole::Regulator, i)
                .expect("approved");
        }
        self.is_in(case.id, State::Deployed);
    }

    /// From the assembly's decision to law, with bids in turn.
    ///
    /// Panics: if somebody refuses.
    pub fn legislated(&self, name: &str, nodes: &[Node], agents: usize) -> Case {
        let case = self.decided(name, nodes);
        self.reviewed(&case, agents);
        self.regulated(&case);
        self.codified(&case);
        self.approved(&case);
        case
    }

    /// The seats of a session as they were awarded, node by node.
    ///
    /// Panics: if the enactment does not answer.
    pub fn seats(&self, case: &Case) -> Vec<Seat> {
        let mut seats = Vec::new();
        for (place, _) in (0..).zip(&case.nodes) {
            let call = enacting::awardedCall {
                sessionId: case.id,
                node: place,
            };
            let won = self.enact(call).expect("read").seats;
            seats.extend(won.into_iter().zip(0..).map(|(won, seat)| Seat {
                node: place,
                seat,
                agent: won.agent,
                price: won.price,
                stake: won.stake,
                source: won.source,
                service: won.serviceId,
            }));
        }
        seats
    }

    /// Bids that won a node, best first, and the runner-up plus one.
    ///
    /// Panics: if the enactment does not answer.
    pub fn award_of(&self, case: &Case, node: u16) -> (Vec<u32>, u32) {
        let call = enacting::awardOfCall {
            sessionId: case.id,
            node,
        };
        let found = self.enact(call).expect("read");
        (found.bids, found.runnerUp)
    }

    /// Who a bid is of.
    ///
    /// Panics: if the legislature does not answer.
    pub fn bidder(&self, case: &Case, bid: u32) -> Address {
        let call = wire::bidOfCall {
            sessionId: case.id,
            bid,
        };
        self.law(call).expect("read").agent
    }

    /// Lets the time of approval pass.
    pub fn too_late_to_approve(&self) {
        self.world.warp(APPROVAL + 1);
    }
}

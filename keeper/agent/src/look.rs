//! Asks the agent's own endpoint, and nobody else, how the city stands.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_abi::{IAgent, IAssembly, IConstitution, IEnactment, ILegislature, ITreasury};
use agentcity_domain::{
    legislation::{award::Terms, session::Kind},
    machine::SessionState,
    parameter::{ParameterId as P, number},
    peer::Peer,
};
use agentcity_keeper::{
    event::Head,
    library::Library,
    source::{
        city::City,
        programs,
        sessions::{self, Eye, Opened, Told},
    },
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256},
    providers::Provider,
    rpc::types::Filter,
    sol_types::SolEvent,
};

use crate::seen::{Entering, OwnBid, Petition, Proposal, Seen, Session};

/// Blocks that are looked at again for what was opened: deeper than a sequencer ever takes back.
const LOOK_BACK_BLOCKS: u64 = 64;
/// Bids of one question.
const BIDS_AT_ONCE: usize = 16;

/// What an agent looks at, and what it remembers of where to look. All of it can be found again.
#[derive(Debug)]
pub struct Watch<Q> {
    provider: Q,
    city: City,
    agent: Address,
    principal: Option<Address>,
    from_block: u64,
    looked_until: Option<u64>,
    sessions: BTreeMap<B256, Opened>,
    over: BTreeSet<B256>,
    petitions: BTreeMap<B256, (Address, u64)>,
}

impl<Q: Provider> Watch<Q> {
    /// Looks from a block on. `principal`: whom the agent acts for, before the chain knows it.
    pub const fn new(
        provider: Q,
        city: City,
        (agent, principal): (Address, Option<Address>),
        from_block: u64,
    ) -> Self {
        Self {
            provider,
            city,
            agent,
            principal,
            from_block,
            looked_until: None,
            sessions: BTreeMap::new(),
            over: BTreeSet::new(),
            petitions: BTreeMap::new(),
        }
    }

    /// Everything as of the newest block.
    ///
    /// Errors: why the endpoint gave no answer that can be used.
    pub async fn look(&mut self, library: &Library) -> Result<Seen, String> {
        let at = programs::head(&self.provider).await?;
        let from = self.looked_until.map_or(self.from_block, |last| {
            last.saturating_sub(LOOK_BACK_BLOCKS).max(self.from_block)
        });
        self.find(from, at.number).await?;
        self.looked_until = Some(at.number);
        let block = BlockId::hash(at.hash);
        let agents = IAgent::new(self.city.at(Peer::Agent), &self.provider);
        let standing = agents.standing(self.agent).block(block);
        let standing = standing.call().await.map_err(cause)?;
        let treasury = ITreasury::new(self.city.at(Peer::Treasury), &self.provider);
        let credit = treasury.credits(self.agent).block(block);
        let credit = credit.call().await.map_err(cause)?;
        let mut seen = Seen {
            at,
            agent: self.agent,
            principal: standing.principal,
            entering: None,
            of_age: self.is_of_age(standing.enrolledAt.to(), at).await?,
            bars: standing.bars,
            credit: credit.try_into().unwrap_or(u128::MAX),
            petitions: Vec::new(),
            sessions: Vec::new(),
        };
        if let Some(principal) = self.principal.filter(|_| seen.principal.is_zero()) {
            let record = agents.principalRecord(principal).block(block);
            let record = record.call().await.map_err(cause)?;
            let own = agents.agentRecord(self.agent).block(block);
            let own = own.call().await.map_err(cause)?;
            seen.entering = Some(Entering {
                enrolled: !record.enrolledAt.is_zero(),
                principal_nonce: record.nonce,
                registrations: own.registrations,
            });
        }
        self.petitions(&mut seen).await?;
        for opened in self.sessions.clone().into_values() {
            let session = self.session(library, opened, &seen).await?;
            // A runner-up's stake too comes back, once the mission's deadline passed.
            let nothing_left = !session.bids.iter().any(|bid| bid.reserved);
            if session.docket.is_over() && nothing_left {
                self.sessions.remove(&opened.session);
                self.over.insert(opened.session);
            } else {
                seen.sessions.push(session);
            }
        }
        Ok(seen)
    }

    /// Whether a principal that enrolled then is old enough for a voice of its own.
    async fn is_of_age(&self, enrolled_at: u64, at: Head) -> Result<bool, String> {
        let constitution = IConstitution::new(self.city.constitution, &self.provider);
        let ids = vec![P::PrincipalAgeSecs as u8];
        let read = constitution
            .readCurrent(ids.into())
            .block(BlockId::hash(at.hash));
        let read = read.call().await.map_err(cause)?;
        let age = read.values.first().and_then(|word| number(*word));
        let age = age.ok_or("the constitution has no age")?;
        Ok(enrolled_at != 0 && at.time.get() > enrolled_at.saturating_add(age.into()))
    }

    /// What was opened in these blocks.
    async fn find(&mut self, from: u64, until: u64) -> Result<(), String> {
        for opened in sessions::opened(&self.provider, &self.city, from, until).await? {
            if !self.over.contains(&opened.session) {
                self.sessions.insert(opened.session, opened);
            }
        }
        let filter = Filter::new()
            .address(self.city.at(Peer::Assembly))
            .event_signature(IAssembly::PetitionOpened::SIGNATURE_HASH);
        for (log, block) in sessions::logs(&self.provider, &filter, from, until).await? {
            if let Ok(opened) = IAssembly::PetitionOpened::decode_log(&log) {
                self.petitions
                    .insert(opened.petitionId, (opened.principal, block));
            }
        }
        Ok(())
    }

    /// Petitions that gather names; those that are over are forgotten.
    async fn petitions(&mut self, seen: &mut Seen) -> Result<(), String> {
        let (block, now) = (BlockId::hash(seen.at.hash), seen.at.time.get());
        let assembly = IAssembly::new(self.city.at(Peer::Assembly), &self.provider);
        for (id, (opener, opened)) in self.petitions.clone() {
            let of = assembly.petition(id).block(block);
            let of = of.call().await.map_err(cause)?;
            let expires_at = of.expiresAt.to();
            if of.used || now > expires_at {
                self.petitions.remove(&id);
                continue;
            }
            let filter = Filter::new()
                .address(self.city.at(Peer::Assembly))
                .event_signature(IAssembly::PetitionSigned::SIGNATURE_HASH)
                .topic1(id)
                .topic2(seen.principal.into_word());
            let names = sessions::logs(&self.provider, &filter, opened, seen.at.number).await?;
            seen.petitions.push(Petition {
                id,
                opener,
                subject_hash: of.subjectHash,
                signatures: of.signatures,
                needed: of.needed,
                expires_at,
                used: of.used,
                signed: opener == seen.principal || !names.is_empty(),
            });
        }
        Ok(())
    }

    async fn session(
        &self,
        library: &Library,
        opened: Opened,
        seen: &Seen,
    ) -> Result<Session, String> {
        let eye = Eye {
            clerk: self.agent,
            template: (B256::ZERO, 0),
        };
        let (provider, city, at) = (&self.provider, &self.city, seen.at);
        let told = Told::ask(provider, city, opened, at.number).await?;
        let known = (opened.session, &told);
        let docket = sessions::observe_told(provider, city, library, &eye, known, at).await?;
        let did = self.voted(opened, seen).await?;
        let mut session = Session {
            proposals: self.proposals(library, opened, &told, seen).await?,
            polled: did.contains(&IAssembly::StrawVoted::SIGNATURE_HASH),
            committed: did.contains(&IAssembly::BallotCommitted::SIGNATURE_HASH),
            revealed: did.contains(&IAssembly::BallotRevealed::SIGNATURE_HASH),
            domain: B256::ZERO,
            sponsors: [Address::ZERO; 2],
            mission_deadline: 0,
            nodes: Vec::new(),
            terms: None,
            bids: Vec::new(),
            docket,
        };
        if session.docket.procedure.is_some() {
            self.procedure(library, opened, seen.at, &mut session)
                .await?;
        }
        Ok(session)
    }

    /// Events that the principal's votes left in a session.
    async fn voted(&self, opened: Opened, seen: &Seen) -> Result<BTreeSet<B256>, String> {
        let filter = Filter::new()
            .address(self.city.at(Peer::Assembly))
            .event_signature(vec![
                IAssembly::StrawVoted::SIGNATURE_HASH,
                IAssembly::BallotCommitted::SIGNATURE_HASH,
                IAssembly::BallotRevealed::SIGNATURE_HASH,
            ])
            .topic1(opened.session)
            .topic2(seen.principal.into_word());
        let logs = sessions::logs(&self.provider, &filter, opened.block, seen.at.number).await?;
        let topics = logs.iter().filter_map(|(log, _)| log.topics().first());
        Ok(topics.copied().collect())
    }

    async fn proposals(
        &self,
        library: &Library,
        opened: Opened,
        told: &Told,
        seen: &Seen,
    ) -> Result<Vec<Proposal>, String> {
        let block = BlockId::hash(seen.at.hash);
        let assembly = IAssembly::new(self.city.at(Peer::Assembly), &self.provider);
        let mut proposals = Vec::with_capacity(told.proposals.len());
        for proposed in &told.proposals {
            let of = assembly.proposal(proposed.proposal).block(block);
            let of = of.call().await.map_err(cause)?;
            let filter = Filter::new()
                .address(self.city.at(Peer::Assembly))
                .event_signature(IAssembly::Sponsored::SIGNATURE_HASH)
                .topic1(proposed.proposal)
                .topic2(seen.principal.into_word());
            let (from, until) = (opened.block, seen.at.number);
            let names = sessions::logs(&self.provider, &filter, from, until).await?;
            let document = library.get(proposed.statute_hash);
            proposals.push(Proposal {
                id: proposed.proposal,
                statute_hash: proposed.statute_hash,
                domain: proposed.domain,
                place: of.candidate,
                totals: document.map(|document| {
                    let totals = document.totals();
                    (totals.budget, totals.nodes)
                }),
                sponsored: !names.is_empty(),
            });
        }
        Ok(proposals)
    }

    /// What a bidder asks of a session that the legislature has.
    async fn procedure(
        &self,
        library: &Library,
        opened: Opened,
        at: Head,
        session: &mut Session,
    ) -> Result<(), String> {
        let block = BlockId::hash(at.hash);
        let legislature = ILegislature::new(self.city.at(Peer::Legislature), &self.provider);
        let of = legislature.session(opened.session).block(block);
        let of = of.call().await.map_err(cause)?;
        let agents = IAgent::new(self.city.at(Peer::Agent), &self.provider);
        let answers = agents.principalOf(of.sponsor).block(block);
        session.domain = of.domain;
        session.sponsors = [of.sponsor, answers.call().await.map_err(cause)?];
        session.mission_deadline = of.missionDeadline.to();
        session.bids = self.bids(opened, at).await?;
        if of.state as u8 != SessionState::BiddingOpen.number() {
            return Ok(());
        }
        let constitution = IConstitution::new(self.city.constitution, &self.provider);
        let scale = constitution.unitScale().block(block);
        let scale: u128 = scale
            .call()
            .await
            .map_err(cause)?
            .try_into()
            .unwrap_or(u128::MAX);
        let ids = [
            P::BidQualityWeight,
            P::MinStakeLow,
            P::MinStakeMedium,
            P::MinStakeHigh,
        ];
        let values = self
            .city
            .values(&self.provider, block, of.epoch, &ids)
            .await?;
        let units = |id| scale.saturating_mul(values.of(id).into());
        session.terms = Some(Terms {
            quality: values
                .of(P::BidQualityWeight)
                .try_into()
                .unwrap_or(u16::MAX),
            stakes: [
                units(P::MinStakeLow),
                units(P::MinStakeMedium),
                units(P::MinStakeHigh),
            ],
            sponsors: session.sponsors,
        });
        if let Some(document) = library.get(of.statuteHash) {
            let partial = of.kind as u8 == Kind::Partial as u8;
            let numbered = document.tasks().map(|task| task.node).zip(0..);
            session.nodes = numbered
                .map(|(node, number)| (number, node))
                .filter(|(number, _)| !partial || *number == of.node)
                .collect();
        }
        Ok(())
    }

    /// The agent's bids of all rounds.
    async fn bids(&self, opened: Opened, at: Head) -> Result<Vec<OwnBid>, String> {
        let filter = Filter::new()
            .address(self.city.at(Peer::Legislature))
            .event_signature(vec![
                ILegislature::BidPlaced::SIGNATURE_HASH,
                ILegislature::BidSealed::SIGNATURE_HASH,
            ])
            .topic1(opened.session)
            .topic3(self.agent.into_word());
        let logs = sessions::logs(&self.provider, &filter, opened.block, at.number).await?;
        let numbers: BTreeSet<u32> = logs
            .iter()
            .filter_map(|(log, _)| match ILegislature::BidPlaced::decode_log(log) {
                Ok(placed) => Some(placed.bid),
                Err(_) => Some(ILegislature::BidSealed::decode_log(log).ok()?.bid),
            })
            .collect();
        let numbers: Vec<u32> = numbers.into_iter().collect();
        let block = BlockId::hash(at.hash);
        let legislature = ILegislature::new(self.city.at(Peer::Legislature), &self.provider);
        let enactment = IEnactment::new(self.city.at(Peer::Enactment), &self.provider);
        let treasury = ITreasury::new(self.city.at(Peer::Treasury), &self.provider);
        let (mut bids, mut held) = (Vec::with_capacity(numbers.len()), BTreeMap::new());
        for part in numbers.chunks(BIDS_AT_ONCE) {
            let answers = legislature
                .bidsOf(opened.session, part.to_vec())
                .block(block);
            for bid in answers.call().await.map_err(cause)? {
                let award = enactment.awardOf(opened.session, bid.node).block(block);
                let award = award.call().await.map_err(cause)?;
                let next = award.runnerUp == bid.number.saturating_add(1);
                let is_left = match held.get(&bid.source) {
                    Some(is_left) => *is_left,
                    None => {
                        let asked = treasury.reservedStake(opened.session, bid.source, self.agent);
                        let left = asked.block(block).call().await.map_err(cause)?;
                        held.insert(bid.source, !left.is_zero());
                        !left.is_zero()
                    }
                };
                bids.push(OwnBid {
                    number: bid.number,
                    node: bid.node,
                    round: bid.round,
                    sealed: bid.state as u8 == ILegislature::BidState::Sealed as u8,
                    reserved: is_left && bid.state as u8 != ILegislature::BidState::Released as u8,
                    stake: bid.stake,
                    needed: next || award.bids.contains(&bid.number),
                });
            }
        }
        Ok(bids)
    }
}

fn cause(error: impl std::fmt::Display) -> String {
    error.to_string()
}

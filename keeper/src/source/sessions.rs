//! Asks the chain how sessions stand.
//!
//! Everything of one docket is asked as of one block. What no view answers is taken from the session's logs: which challenge was set,
//! whether MSG_TYPE_6 stands, who decided and approved, how many ballots are counted.

use agentcity_abi::{IAssembly, IEnactment, ILegislature};
use agentcity_domain::{
    legislation::session::window,
    machine::{ElectionState, SessionState},
    parameter::ParameterId as P,
    peer::Peer,
    time::Millis,
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Log},
    providers::Provider,
    rpc::types::Filter,
    sol_types::SolEvent,
};

use super::city::{City, cause};
use crate::{
    docket::{Docket, Election, Own, Procedure},
    event::Head,
    library::Library,
    statement::evidence::Proposed,
};

/// Blocks of one question for logs: public endpoints refuse wider ones.
pub const LOG_BLOCKS_MAX: u64 = 10_000;

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eye {
    /// The clerk's agent.
    pub clerk: Address,
    /// The template that the codifier names, by id and version.
    pub template: (B256, u16),
}

/// A session that was opened, and in which block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opened {
    /// The session.
    pub session: B256,
    /// The block.
    pub block: u64,
}

/// The sessions that were opened in these blocks, in order.
///
/// Errors: why they could not be had.
pub async fn opened<Q: Provider>(
    provider: &Q,
    city: &City,
    from: u64,
    until: u64,
) -> Result<Vec<Opened>, String> {
    let filter = Filter::new()
        .address(city.at(Peer::Assembly))
        .event_signature(IAssembly::SessionOpened::SIGNATURE_HASH);
    let logs = logs(provider, &filter, from, until).await?;
    let each = logs.iter().filter_map(|(log, block)| {
        let opened = IAssembly::SessionOpened::decode_log(log).ok()?;
        Some(Opened {
            session: opened.sessionId,
            block: *block,
        })
    });
    Ok(each.collect())
}

/// Logs of these blocks, with the numbers of their blocks, in order.
///
/// Errors: why they could not be had.
pub async fn logs<Q: Provider>(
    provider: &Q,
    filter: &Filter,
    from: u64,
    until: u64,
) -> Result<Vec<(Log, u64)>, String> {
    let (mut all, mut first) = (Vec::new(), from);
    while first <= until {
        let last = until.min(first.saturating_add(LOG_BLOCKS_MAX - 1));
        let part = filter.clone().from_block(first).to_block(last);
        for log in provider.get_logs(&part).await.map_err(cause)? {
            let block = log.block_number.unwrap_or(last);
            all.push((log.inner, block));
        }
        first = last.saturating_add(1);
    }
    Ok(all)
}

/// What the logs of one session tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Its proposals, in order.
    pub proposals: Vec<Proposed>,
    /// Those that have a place on the ballot.
    pub admitted: Vec<B256>,
    challenge: B256,
    counted: u32,
    codified: bool,
    failures: u8,
    applied: bool,
    decided: Vec<Address>,
    approved: Vec<Address>,
}

/// Events of a session that a docket is made of; awards of single nodes and bids are many, and views answer them.
const TELLING: [B256; 12] = [
    IAssembly::Proposed::SIGNATURE_HASH,
    IAssembly::Admitted::SIGNATURE_HASH,
    IAssembly::Displaced::SIGNATURE_HASH,
    IAssembly::TallyAdvanced::SIGNATURE_HASH,
    ILegislature::IdentityRequested::SIGNATURE_HASH,
    ILegislature::SessionStateChanged::SIGNATURE_HASH,
    IEnactment::Codified::SIGNATURE_HASH,
    IEnactment::ValidationFailed::SIGNATURE_HASH,
    IEnactment::RegulatoryDecided::SIGNATURE_HASH,
    IEnactment::ReproposalRequested::SIGNATURE_HASH,
    IEnactment::Approved::SIGNATURE_HASH,
    IEnactment::NodeReassigned::SIGNATURE_HASH,
];

impl Told {
    /// Asks for them.
    ///
    /// Errors: why they could not be had.
    pub async fn ask<Q: Provider>(
        provider: &Q,
        city: &City,
        opened: Opened,
        until: u64,
    ) -> Result<Self, String> {
        let members =
            [Peer::Assembly, Peer::Legislature, Peer::Enactment].map(|peer| city.at(peer));
        let filter = Filter::new()
            .address(members.to_vec())
            .event_signature(TELLING.to_vec())
            .topic1(opened.session);
        let mut told = Self::default();
        for (log, _) in logs(provider, &filter, opened.block, until).await? {
            told.take(&log);
        }
        Ok(told)
    }

    /// What MSG_TYPE_1 asked to answer; zero before it.
    pub const fn challenge(&self) -> B256 {
        self.challenge
    }

    /// One log more. What cannot be read is none of these events.
    fn take(&mut self, log: &Log) {
        let Some(topic) = log.topics().first() else {
            return;
        };
        match *topic {
            IAssembly::Proposed::SIGNATURE_HASH => {
                if let Ok(log) = IAssembly::Proposed::decode_log(log) {
                    self.proposals.push(Proposed {
                        proposal: log.proposalId,
                        statute_hash: log.statuteHash,
                        content_address: log.contentAddress,
                        domain: log.domain,
                    });
                }
            }
            IAssembly::Admitted::SIGNATURE_HASH => {
                if let Ok(log) = IAssembly::Admitted::decode_log(log) {
                    self.admitted.push(log.proposalId);
                }
            }
            IAssembly::Displaced::SIGNATURE_HASH => {
                if let Ok(log) = IAssembly::Displaced::decode_log(log) {
                    self.admitted.retain(|known| *known != log.proposalId);
                }
            }
            IAssembly::TallyAdvanced::SIGNATURE_HASH => {
                if let Ok(log) = IAssembly::TallyAdvanced::decode_log(log) {
                    self.counted = log.counted;
                }
            }
            ILegislature::IdentityRequested::SIGNATURE_HASH => {
                if let Ok(log) = ILegislature::IdentityRequested::decode_log(log) {
                    self.challenge = log.challenge;
                }
            }
            ILegislature::SessionStateChanged::SIGNATURE_HASH => {
                if let Ok(log) = ILegislature::SessionStateChanged::decode_log(log)
                    && log.to as u8 == ILegislature::SessionState::RegulatoryReview as u8
                {
                    // Another round: whoever decided in the last decides again.
                    self.decided.clear();
                }
            }
            IEnactment::Codified::SIGNATURE_HASH => self.codified = true,
            IEnactment::ValidationFailed::SIGNATURE_HASH => {
                self.codified = false;
                self.failures = self.failures.saturating_add(1);
            }
            IEnactment::NodeReassigned::SIGNATURE_HASH => self.applied = true,
            IEnactment::RegulatoryDecided::SIGNATURE_HASH => {
                if let Ok(log) = IEnactment::RegulatoryDecided::decode_log(log) {
                    self.decided.push(log.clerk);
                }
            }
            IEnactment::ReproposalRequested::SIGNATURE_HASH => {
                if let Ok(log) = IEnactment::ReproposalRequested::decode_log(log) {
                    self.decided.push(log.clerk);
                }
            }
            IEnactment::Approved::SIGNATURE_HASH => {
                if let Ok(log) = IEnactment::Approved::decode_log(log) {
                    self.approved.push(log.clerk);
                }
            }
            _ => {}
        }
    }
}

/// A session as of a block, as a clerk sees it.
///
/// Errors: why the chain could not be asked.
pub async fn observe<Q: Provider>(
    provider: &Q,
    city: &City,
    library: &Library,
    eye: &Eye,
    opened: Opened,
    at: Head,
) -> Result<Docket, String> {
    let told = Told::ask(provider, city, opened, at.number).await?;
    observe_told(provider, city, library, eye, (opened.session, &told), at).await
}

/// The same, of a session whose logs are known.
///
/// Errors: why the chain could not be asked.
pub async fn observe_told<Q: Provider>(
    provider: &Q,
    city: &City,
    library: &Library,
    eye: &Eye,
    (session, told): (B256, &Told),
    at: Head,
) -> Result<Docket, String> {
    let block = BlockId::hash(at.hash);
    let (election, adopted) = deliberation(provider, city, session, block, told).await?;
    let mut docket = Docket {
        session,
        at,
        election,
        procedure: None,
        statute_hash: adopted,
        document: library.get(adopted).is_some(),
        own: Own::default(),
    };
    // Before a decision there is nothing to take up.
    let is_over = matches!(
        docket.election.state(),
        Some(ElectionState::Decided | ElectionState::Skipped)
    );
    if is_over {
        procedure(provider, city, eye, block, told, &mut docket).await?;
        docket.document = library.get(docket.statute_hash).is_some();
    }
    Ok(docket)
}

async fn deliberation<Q: Provider>(
    provider: &Q,
    city: &City,
    session: B256,
    block: BlockId,
    told: &Told,
) -> Result<(Election, B256), String> {
    let assembly = IAssembly::new(city.at(Peer::Assembly), provider);
    let of = assembly.election(session).block(block);
    let of = of.call().await.map_err(cause)?;
    let mut election = Election {
        step: of.step as u8,
        failed: of.failed,
        kind: of.kind as u8,
        expires_at: of.expiresAt.to(),
        candidates: of.candidates,
        commits: of.commits,
        reveals: of.reveals,
        counted: told.counted,
        ..Election::default()
    };
    let mut adopted = B256::ZERO;
    match election.state() {
        Some(ElectionState::Debating) => {
            let debate = assembly.debate(session).block(block);
            let debate = debate.call().await.map_err(cause)?;
            let ids = [P::DeliberationRounds, P::DeliberationRoundMs];
            let values = city.values(provider, block, of.epoch, &ids).await?;
            election.evidence = !debate.evidenceHash.is_zero();
            election.straw_voters = debate.voters;
            election.speakers = debate.speakers;
            election.rounds = values.of(P::DeliberationRounds).into();
            election.round_secs = secs(values.of(P::DeliberationRoundMs));
        }
        Some(ElectionState::Decided | ElectionState::Skipped) => {
            let outcome = assembly.outcomeOf(session).block(block);
            let outcome = outcome.call().await.map_err(cause)?;
            election.decided = outcome.decided;
            adopted = outcome.statuteHash;
        }
        Some(
            ElectionState::Proposing
            | ElectionState::Committing
            | ElectionState::Revealing
            | ElectionState::Tallying
            | ElectionState::Delayed,
        )
        | None => {}
    }
    Ok((election, adopted))
}

async fn procedure<Q: Provider>(
    provider: &Q,
    city: &City,
    eye: &Eye,
    block: BlockId,
    told: &Told,
    docket: &mut Docket,
) -> Result<(), String> {
    let session = docket.session;
    let legislature = ILegislature::new(city.at(Peer::Legislature), provider);
    let of = legislature.session(session).block(block);
    let of = of.call().await.map_err(cause)?;
    if of.state as u8 == 0 {
        return Ok(());
    }
    let mut procedure = Procedure {
        state: of.state as u8,
        kind: of.kind as u8,
        expires_at: of.expiresAt.to(),
        round: of.reproposals,
        offices: of.roles,
        awards_from: of.awardsFrom.to(),
        codified: told.codified,
        failures: told.failures,
        applied: told.applied,
        challenge: told.challenge,
        ..Procedure::default()
    };
    docket.statute_hash = of.statuteHash;
    let attested = legislature.attestedAs(session, eye.clerk).block(block);
    docket.own = Own {
        attested: attested.call().await.map_err(cause)? != Address::ZERO,
        decided: told.decided.contains(&eye.clerk),
        approved: told.approved.contains(&eye.clerk),
    };
    let enactment = IEnactment::new(city.at(Peer::Enactment), provider);
    match procedure.state() {
        Some(state @ SessionState::RegulatoryReview) => {
            let law = enactment.lawOf(session).block(block);
            let law = law.call().await.map_err(cause)?;
            let mut ids = vec![P::MinFairnessScore];
            ids.extend(window(state, procedure.kind));
            let values = city.values(provider, block, of.epoch, &ids).await?;
            procedure.awarded = !law.assignmentsHash.is_zero();
            procedure.fairness = law.fairness;
            procedure.waived = law.fairnessWaived;
            procedure.fairness_min = values
                .of(P::MinFairnessScore)
                .try_into()
                .unwrap_or(u16::MAX);
            procedure.review_secs = ids.get(1).map_or(0, |id| secs(values.of(*id)));
        }
        Some(SessionState::Codification) => {
            let (id, version) = eye.template;
            let template = enactment.template(id, version).block(block);
            let template = template.call().await.map_err(cause)?;
            procedure.template = template.nodesMax != 0;
        }
        Some(
            SessionState::SessionInit
            | SessionState::IdentityVerification
            | SessionState::ProposalOpen
            | SessionState::BiddingOpen
            | SessionState::AwaitingApproval
            | SessionState::Deployed
            | SessionState::Failed,
        )
        | None => {}
    }
    docket.procedure = Some(procedure);
    Ok(())
}

/// Whole seconds of a window in milliseconds, as the contracts round them.
fn secs(millis: u32) -> u64 {
    Millis::new(millis.into()).to_seconds_ceil().get()
}

//! Pages and seats, written as code and checked byte by byte.

use alloc::{vec, vec::Vec};

use agentcity_abi::{ICollaboration as collaboration, IStatute as wire, ITreasury as treasury};
use agentcity_domain::{
    literal,
    machine::MissionState,
    parameter::{ParameterId as P, derived::TimeoutBounds},
    peer::Peer,
    statute::{NODES_PER_PAGE, NODES_PER_SEAT_PAGE, PREDICATES_MAX, Page, Rule, SEAT, Seat},
};
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output, page, peer, refuse,
    word::{part, with},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Statutes;

/// Of a mission: 0 progress, of which 0..2 pages, 2..4 pages of seats, 4..6 nodes, 6 greatest risk, 8..16 LLM tokens,
/// 16..32 budget; 1 running hash of the pages; 2 of the seats'.
const DEPLOYMENT: Kind = 1;
/// A page of a mission: 0..12 of its code's hash, 12..32 account.
pub(crate) const PAGE: Kind = 2;
pub(crate) const SEATS: Kind = 3;

/// Most pages of one call: what a transaction of 95,000 bytes can carry of small ones.
const PAGES_MAX: usize = 64;
/// Bytes of a page without its first, which is zero.
const PAGE_BYTES_MAX: usize = P::MaxPageBytes.row().default as usize - 1;

/// What deploying asks of a mission.
pub(crate) struct Mission {
    pub(crate) session: B256,
    pub(crate) epoch: u64,
    pub(crate) nodes: u16,
    pub(crate) deadline: B256,
}

/// A deployment's words.
pub(crate) struct Progress {
    pub(crate) word: B256,
    pub(crate) pages: u16,
    pub(crate) seat_pages: u16,
    pub(crate) nodes: u16,
    pub(crate) hash: B256,
    pub(crate) seats_hash: B256,
}

/// Where in which page, for refusals.
#[derive(Clone, Copy)]
struct At {
    mission: B256,
    page: u16,
    offset: usize,
}

impl Statutes {
    /// The mission, as long as it waits for its deployment.
    #[inline(never)]
    pub(crate) fn pending(&self, mission: B256) -> Result<Mission, Vec<u8>> {
        let answer = self.ask_peer(
            Peer::Collaboration,
            collaboration::missionCall::SELECTOR,
            &[mission],
        )?;
        let mut answer = Input::new(&answer);
        let (state, _halt, _sponsor) = (answer.u8()?, answer.u8()?, answer.word()?);
        let (session, epoch, nodes) = (answer.word()?, answer.u64()?, answer.u16()?);
        let (_completed, _failed, _depth, _refinements) = (
            answer.word()?,
            answer.word()?,
            answer.word()?,
            answer.word()?,
        );
        let deadline = answer.word()?;
        if state == 0 {
            return refuse(wire::UnknownMission::SELECTOR, &[mission]);
        }
        if state != MissionState::Pending as u8 {
            return refuse(
                wire::WrongMissionState::SELECTOR,
                &[mission, output::number(state.into())],
            );
        }
        Ok(Mission {
            session,
            epoch,
            nodes,
            deadline,
        })
    }

    #[inline(never)]
    fn place(&self, mission: B256, place: u64) -> B256 {
        self.key(DEPLOYMENT, mission, output::number(place))
    }

    #[inline(never)]
    pub(crate) fn progress(&self, mission: B256) -> Progress {
        let word = self.read(self.place(mission, 0));
        Progress {
            word,
            pages: part(word, 0, 2) as u16,
            seat_pages: part(word, 2, 2) as u16,
            nodes: part(word, 4, 2) as u16,
            hash: self.read(self.place(mission, 1)),
            seats_hash: self.read(self.place(mission, 2)),
        }
    }

    /// Refuses a tranche that is not the next.
    #[inline(never)]
    fn in_order(mission: B256, expected: u16, given: u16) -> Result<(), Vec<u8>> {
        if expected == given {
            return Ok(());
        }
        refuse(
            wire::WrongTranche::SELECTOR,
            &[
                mission,
                output::number(expected.into()),
                output::number(given.into()),
            ],
        )
    }

    /// Byte `offset` of a page breaks a rule.
    #[inline(never)]
    fn broken<T>(at: At, rule: Rule) -> Result<T, Vec<u8>> {
        refuse(
            wire::StatuteRefused::SELECTOR,
            &[
                at.mission,
                output::number(at.page.into()),
                output::number(at.offset as u64),
                output::number(rule as u64),
            ],
        )
    }

    #[inline(never)]
    pub(crate) fn unmet<T>(mission: B256, rule: u64, need: u128, have: u128) -> Result<T, Vec<u8>> {
        refuse(
            wire::RequirementUnmet::SELECTOR,
            &[
                mission,
                output::number(rule),
                output::amount(need),
                output::amount(have),
            ],
        )
    }

    /// Writes a page as code, notes its account, and chains its hash.
    #[inline(never)]
    fn write_page(
        &mut self,
        kind: Kind,
        mission: B256,
        index: u16,
        bytes: &[u8],
        chain: B256,
    ) -> Result<(B256, B256), Vec<u8>> {
        let account = page::create(self.vm(), bytes)?;
        let hash = self.vm().code_hash(account);
        let stored = with(account.into_word(), 0, 12, part(hash, 0, 12));
        self.write(
            self.key(kind, mission, output::number(index.into())),
            stored,
        );
        let content = self.vm().native_keccak256(bytes);
        let chained = output::words(&[chain, content]);
        Ok((account.into_word(), self.vm().native_keccak256(&chained)))
    }

    pub(crate) fn deploy_tranche(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, tranche) = (input.word()?, input.u16()?);
        let (count, mut pages) = input.list(PAGES_MAX)?;
        input.word()?;
        let of = self.pending(mission)?;
        let progress = self.progress(mission);
        Self::in_order(mission, progress.pages, tranche)?;
        let [longest, review_min, review_max, cap] = self.parameters(
            of.epoch,
            [
                P::MaxNodeTimeoutMs as u8,
                P::MinHumanReviewTimeoutMs as u8,
                P::MaxHumanReviewTimeoutMs as u8,
                P::MissionBudgetCap as u8,
            ],
        )?;
        let bounds = TimeoutBounds {
            execution_min_ms: const { P::MaxNodeTimeoutMs.row().min },
            execution_max_ms: longest as u32,
            review_min_ms: review_min as u32,
            review_max_ms: review_max as u32,
        };
        let mut degrees = vec![B256::ZERO; usize::from(of.nodes.div_ceil(32))];
        let (mut node, mut hash, mut index) = (progress.nodes, progress.hash, tranche);
        let mut risk = part(progress.word, 6, 1) as u8;
        let (mut tokens, mut budget) = (
            part(progress.word, 8, 8) as u64,
            part(progress.word, 16, 16),
        );
        let mut accounts = Vec::with_capacity(count);
        for _ in 0..count {
            let bytes = pages.bytes(PAGE_BYTES_MAX)?;
            let mut at = At {
                mission,
                page: index,
                offset: 0,
            };
            let Some(page) = Page::read(bytes) else {
                return Self::broken(at, Rule::Form);
            };
            let left = of.nodes.saturating_sub(node);
            if left == 0 || page.nodes() != left.min(NODES_PER_PAGE) {
                return Self::broken(at, Rule::Count);
            }
            let predicates = page.predicates();
            if predicates > PREDICATES_MAX || predicates > 0 && index > 0 {
                return Self::broken(at, Rule::Predicates);
            }
            let mut edge = 0u16;
            for place in 0..page.nodes() {
                at.offset = Page::offset_of(place);
                let Some(law) = page.node(place) else {
                    return Self::broken(at, Rule::Form);
                };
                if let Err(rule) = law.judge(&bounds, cap as u32) {
                    return Self::broken(at, rule);
                }
                if law.first_edge != edge {
                    return Self::broken(at, Rule::Edges);
                }
                let (mut last, mut outs) = (node, 0);
                for to in page.successors(&law) {
                    let degree = degrees.get_mut(usize::from(to / 32));
                    let Some(word) = degree.filter(|_| to > last && to < of.nodes) else {
                        return Self::broken(at, Rule::Edges);
                    };
                    let within = usize::from(to % 32);
                    *word = with(*word, within, 1, part(*word, within, 1).saturating_add(1));
                    last = to;
                    outs += 1;
                }
                if outs != law.outs {
                    return Self::broken(at, Rule::Edges);
                }
                edge = edge.saturating_add(law.outs.into());
                risk = risk.max(law.risk);
                tokens = tokens.saturating_add(law.tokens.into());
                budget = budget.saturating_add(law.budget);
                node = node.saturating_add(1);
            }
            if edge != page.edges() {
                return Self::broken(at, Rule::Edges);
            }
            let (account, chained) = self.write_page(PAGE, mission, index, bytes, hash)?;
            hash = chained;
            index = index.saturating_add(1);
            accounts.push(account);
        }
        if tokens > cap {
            return Self::unmet(mission, 6, cap.into(), tokens.into());
        }
        let mut word = with(progress.word, 0, 2, index.into());
        for (at, bytes, value) in [
            (4, 2, u128::from(node)),
            (6, 1, risk.into()),
            (8, 8, tokens.into()),
            (16, 16, budget),
        ] {
            word = with(word, at, bytes, value);
        }
        self.write(self.place(mission, 0), word);
        self.write(self.place(mission, 1), hash);
        let mut edges = Vec::with_capacity(degrees.len());
        for (group, word) in degrees.into_iter().enumerate() {
            if word != B256::ZERO {
                edges.push(output::number(group as u64));
                edges.push(word);
            }
        }
        let arguments = output::Output::of(4)
            .word(mission)
            .word(output::number(tranche.into()))
            .list(&accounts, 1)
            .list(&edges, 2)
            .finish();
        self.tell_collaboration(collaboration::admitTrancheCall::SELECTOR, &arguments)?;
        let data = output::Output::of(3)
            .word(output::number(progress.nodes.into()))
            .word(output::number(node.saturating_sub(progress.nodes).into()))
            .list(&accounts, 1)
            .finish();
        output::log(
            self.vm(),
            &[
                literal!(wire::TrancheDeployed::SIGNATURE_HASH),
                mission,
                output::number(tranche.into()),
            ],
            &data,
        );
        Ok(Vec::new())
    }

    #[inline(never)]
    fn tell_collaboration(&self, selector: [u8; 4], arguments: &[u8]) -> Result<(), Vec<u8>> {
        let data = peer::call_laid_out(selector, arguments);
        peer::tell(
            self.vm(),
            self.member(Peer::Collaboration)?,
            &data,
            U256::ZERO,
        )?;
        Ok(())
    }

    /// What a page of a mission holds.
    #[inline(never)]
    pub(crate) fn read_page(&self, mission: B256, index: u16) -> Option<Vec<u8>> {
        let stored = self.read(self.key(PAGE, mission, output::number(index.into())));
        page::read(self.vm(), Address::from_word(with(stored, 0, 12, 0)))
    }

    pub(crate) fn deploy_seats(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, tranche) = (input.word()?, input.u16()?);
        let (count, mut pages) = input.list(PAGES_MAX)?;
        input.word()?;
        let of = self.pending(mission)?;
        let progress = self.progress(mission);
        Self::in_order(mission, progress.seat_pages, tranche)?;
        let (mut hash, mut index) = (progress.seats_hash, tranche);
        let (mut accounts, mut agents) = (Vec::with_capacity(count), Vec::with_capacity(64));
        let mut stakes = Vec::with_capacity(64);
        for _ in 0..count {
            let bytes = pages.bytes(PAGE_BYTES_MAX)?;
            let mut at = At {
                mission,
                page: index,
                offset: 0,
            };
            let first = index.saturating_mul(NODES_PER_SEAT_PAGE);
            let end = first
                .saturating_add(NODES_PER_SEAT_PAGE)
                .min(progress.nodes);
            let Some(held) = self.read_page(mission, first / NODES_PER_PAGE) else {
                return Self::broken(at, Rule::Count);
            };
            let page = Page::read(&held).ok_or_else(malformed)?;
            let mut seats = bytes.chunks(SEAT);
            for node in first..end {
                let law = page.node(node % NODES_PER_PAGE).ok_or_else(malformed)?;
                let share = law.budget.checked_div(law.redundancy.into());
                let share = share.unwrap_or_default();
                for place in 0..law.redundancy {
                    let seat = match seats.next().and_then(Seat::read) {
                        Some(seat) if seat.node == node && seat.seat == place => seat,
                        _ => return Self::broken(at, Rule::Seats),
                    };
                    if seat.price > share {
                        return Self::broken(at, Rule::Price);
                    }
                    agents.push(seat.agent.into_word());
                    stakes.push((seat.agent, seat.source, seat.stake));
                    at.offset = at.offset.saturating_add(SEAT);
                }
            }
            if first >= end || seats.next().is_some() {
                return Self::broken(at, Rule::Seats);
            }
            let (account, chained) = self.write_page(SEATS, mission, index, bytes, hash)?;
            hash = chained;
            index = index.saturating_add(1);
            accounts.push(account);
        }
        self.write(
            self.place(mission, 0),
            with(progress.word, 2, 2, index.into()),
        );
        self.write(self.place(mission, 2), hash);
        for (agent, source, stake) in stakes {
            let agent = agent.into_word();
            let words = [mission, of.session, agent, source, output::amount(stake)];
            self.tell_peer(Peer::Treasury, treasury::lockStakeCall::SELECTOR, &words)?;
        }
        let arguments = output::Output::of(4)
            .word(mission)
            .word(output::number(tranche.into()))
            .list(&accounts, 1)
            .list(&agents, 1)
            .finish();
        self.tell_collaboration(collaboration::admitSeatsCall::SELECTOR, &arguments)?;
        let first = tranche.saturating_mul(NODES_PER_SEAT_PAGE);
        let data = output::Output::of(2)
            .word(output::number(first.into()))
            .list(&accounts, 1)
            .finish();
        output::log(
            self.vm(),
            &[
                literal!(wire::SeatsDeployed::SIGNATURE_HASH),
                mission,
                output::number(tranche.into()),
            ],
            &data,
        );
        Ok(Vec::new())
    }
}

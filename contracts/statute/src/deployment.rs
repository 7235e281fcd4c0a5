//! Pages and seats, compared with what was approved, checked byte by byte, and written as code.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as collaboration, IStatute as wire, ITreasury as treasury};
use agentcity_domain::{
    literal,
    parameter::{ParameterId as P, derived::TimeoutBounds},
    peer::Peer,
    statute::{
        Broken, Degrees, Limits, NODES_PER_SEAT_PAGE, Page, Rule,
        fold::fold,
        seats::{self, Stake},
    },
};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, number},
    refuse,
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    peers::Mission,
    storage::{Pages, Sequence, Statutes},
};

/// Most pages of one call: what a transaction of 95,000 bytes can carry of small ones.
const PAGES_MAX: usize = 64; // structural: of what a call's arguments hold
/// Bytes of a page without its first, which is zero.
const PAGE_BYTES_MAX: usize = P::MaxPageBytes.row().default as usize - 1;

/// Words of a stake, as the treasury lays it out.
const STAKE_WORDS: usize = 4;

/// What is brought: pages, where they belong, and the hash of what follows them.
struct Tranche<'a> {
    mission: B256,
    first: u16,
    pages: Vec<&'a [u8]>,
    rest: B256,
}

impl<'a> Tranche<'a> {
    #[inline(never)]
    fn read(input: &mut Input<'a>) -> Result<Self, Vec<u8>> {
        let (mission, first) = (input.word()?, input.u16()?);
        let tranche = Self::whole(mission, input)?;
        Ok(Self {
            first,
            rest: input.word()?,
            ..tranche
        })
    }

    /// All pages of a sequence.
    #[inline(never)]
    fn whole(mission: B256, input: &mut Input<'a>) -> Result<Self, Vec<u8>> {
        let (count, mut list) = input.list(PAGES_MAX)?;
        let mut pages = Vec::with_capacity(count);
        for _ in 0..count {
            pages.push(list.bytes(PAGE_BYTES_MAX)?);
        }
        Ok(Self {
            mission,
            first: 0,
            pages,
            rest: B256::ZERO,
        })
    }

    /// Refuses what is not next, and what is nothing.
    #[inline(never)]
    fn follows(&self, expected: u16) -> Result<(), Vec<u8>> {
        if self.first != expected {
            let words = [
                self.mission,
                number(expected.into()),
                number(self.first.into()),
            ];
            return refuse(wire::WrongTranche::SELECTOR, &words);
        }
        if self.pages.is_empty() {
            return Err(self.broken(0, 0, Rule::Count));
        }
        Ok(())
    }

    /// The refusal of byte `offset` of the `index`-th of these pages.
    #[inline(never)]
    fn broken(&self, index: usize, offset: usize, rule: Rule) -> Vec<u8> {
        output::refusal(
            wire::StatuteRefused::SELECTOR,
            &[
                self.mission,
                number(u64::from(self.first).saturating_add(index as u64)),
                number(offset as u64),
                number(rule as u64),
            ],
        )
    }

    /// The refusal of the call as a whole, told of its last page.
    #[inline(never)]
    fn unfinished(&self, rule: Rule) -> Vec<u8> {
        self.broken(self.pages.len().saturating_sub(1), 0, rule)
    }
}

impl Statutes {
    /// Refuses pages that with the rest are not what is awaited.
    #[inline(never)]
    fn approved(&self, tranche: &Tranche<'_>, awaited: B256) -> Result<(), Vec<u8>> {
        let hash = |bytes: &[u8]| self.vm().native_keccak256(bytes);
        let shown = fold(&hash, tranche.pages.iter().copied(), tranche.rest);
        Self::same(tranche.mission, awaited, shown)
    }

    #[inline(never)]
    fn limits(&self, of: &Mission) -> Result<Limits, Vec<u8>> {
        let [longest, review_min, review_max, cap] = self.parameters(
            of.epoch,
            [
                P::MaxNodeTimeoutMs as u8,
                P::MinHumanReviewTimeoutMs as u8,
                P::MaxHumanReviewTimeoutMs as u8,
                P::MissionBudgetCap as u8,
            ],
        )?;
        Ok(Limits {
            nodes: of.nodes,
            timeouts: TimeoutBounds {
                execution_min_ms: const { P::MaxNodeTimeoutMs.row().min },
                execution_max_ms: longest as u32,
                review_min_ms: review_min as u32,
                review_max_ms: review_max as u32,
            },
            tokens: cap as u32,
            imports: of.deployment.imports,
        })
    }

    pub(crate) fn deploy_tranche(&mut self, input: &mut Input<'_>) -> Answer {
        let tranche = Tranche::read(input)?;
        let mut of = self.pending(tranche.mission)?;
        let before = of.deployment.progress.pages();
        tranche.follows(before)?;
        let awaited = if before == 0 {
            let law = self.law(&of)?;
            of.deployment.imports = law.imports;
            law.statute
        } else {
            self.rest(&of.id, Sequence::Statute)
        };
        self.take_pages(&mut of, &tranche, awaited)?;
        Ok(Vec::new())
    }

    pub(crate) fn deploy_seats(&mut self, input: &mut Input<'_>) -> Answer {
        let tranche = Tranche::read(input)?;
        let mut of = self.pending(tranche.mission)?;
        let before = of.deployment.progress.seat_pages;
        tranche.follows(before)?;
        let awaited = if before == 0 {
            self.law(&of)?.assignments
        } else {
            self.rest(&of.id, Sequence::Seats)
        };
        self.take_seats(&mut of, &tranche, awaited)?;
        Ok(Vec::new())
    }

    /// The whole of a small mission in one call: what three calls ask, they ask once.
    pub(crate) fn deploy_mission(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let (pages, seats) = (
            Tranche::whole(mission, input)?,
            Tranche::whole(mission, input)?,
        );
        let mut of = self.pending(mission)?;
        pages.follows(of.deployment.progress.pages())?;
        let law = self.law(&of)?;
        of.deployment.imports = law.imports;
        self.take_pages(&mut of, &pages, law.statute)?;
        seats.follows(of.deployment.progress.seat_pages)?;
        self.take_seats(&mut of, &seats, law.assignments)?;
        self.make_law(&of, &law)
    }

    /// Takes the next pages of a statute, which are what is awaited or refused.
    #[inline(never)]
    fn take_pages(
        &mut self,
        of: &mut Mission,
        tranche: &Tranche<'_>,
        awaited: B256,
    ) -> Result<(), Vec<u8>> {
        self.approved(tranche, awaited)?;
        let limits = self.limits(of)?;
        let mut progress = of.deployment.progress;
        let (before, first_node) = (progress.pages(), progress.nodes);
        let mut degrees = Degrees::of(limits.nodes);
        for (index, bytes) in tranche.pages.iter().enumerate() {
            let taken = progress.take_page(bytes, &limits, &mut degrees);
            taken.map_err(|broken| tranche.broken(index, broken.offset, broken.rule))?;
        }
        let ended = progress.end_pages(&limits, tranche.rest);
        ended.map_err(|broken| tranche.unfinished(broken.rule))?;
        let within = progress.within_tokens(&limits);
        within.map_err(|unmet| Self::unmet(of.id, unmet))?;

        of.deployment.progress = progress;
        let written = self.write_tranche(of, Sequence::Statute, before, tranche)?;
        let nodes = progress.nodes.saturating_sub(first_node);
        self.log_deployed(
            literal!(wire::TrancheDeployed::SIGNATURE_HASH),
            tranche,
            &[number(first_node.into()), number(nodes.into())],
            &written.accounts,
        );
        let mut edges = Vec::new();
        for (group, counts) in degrees.groups() {
            edges.push(number(group.into()));
            edges.push(counts);
        }
        let admit = collaboration::admitTrancheCall::SELECTOR;
        self.tell_admission(admit, of, &written, &edges, 2)
    }

    /// Takes the next pages of seats, which are what is awaited or refused.
    #[inline(never)]
    fn take_seats(
        &mut self,
        of: &mut Mission,
        tranche: &Tranche<'_>,
        awaited: B256,
    ) -> Result<(), Vec<u8>> {
        self.approved(tranche, awaited)?;
        let mut progress = of.deployment.progress;
        let before = progress.seat_pages;
        let mut stakes = Vec::new();
        let mut held = (u16::MAX, Vec::new());
        for (index, bytes) in tranche.pages.iter().enumerate() {
            let needed = progress.page_of_next_seats();
            // One page of the statute holds the nodes of several pages of seats.
            if held.0 != needed && needed < progress.pages() {
                let only = (needed, needed.saturating_add(1));
                let at = self.accounts(of.id, &of.deployment, Sequence::Statute, only)?;
                held = (needed, self.page_bytes(at.first()));
            }
            let nodes = Page::read(&held.1).unwrap_or_default();
            let refused = |broken: Broken| tranche.broken(index, broken.offset, broken.rule);
            let seats = progress.take_seats(bytes, &nodes).map_err(refused)?;
            stakes.extend(seats::stakes(&seats));
        }
        let ended = progress.end_seats(of.nodes, tranche.rest);
        ended.map_err(|broken| tranche.unfinished(broken.rule))?;

        of.deployment.progress = progress;
        let written = self.write_tranche(of, Sequence::Seats, before, tranche)?;
        let first_node = number(before.saturating_mul(NODES_PER_SEAT_PAGE).into());
        self.log_deployed(
            literal!(wire::SeatsDeployed::SIGNATURE_HASH),
            tranche,
            &[first_node],
            &written.accounts,
        );
        self.lock(of.id, of.session, &stakes)?;
        let agents: Vec<B256> = stakes.iter().map(|stake| stake.agent.into_word()).collect();
        let admit = collaboration::admitSeatsCall::SELECTOR;
        self.tell_admission(admit, of, &written, &agents, 1)
    }

    /// Writes the pages of a call, and what is to come after them.
    #[inline(never)]
    fn write_tranche(
        &mut self,
        of: &mut Mission,
        sequence: Sequence,
        before: u16,
        tranche: &Tranche<'_>,
    ) -> Result<Pages, Vec<u8>> {
        self.set_rest(&of.id, sequence, before == 0, &tranche.rest);
        self.write_pages(&mut of.deployment, sequence, before, &tranche.pages)
    }

    /// INV-STATUTE-04. Locks what the seats are backed with, out of what their session set aside (ADR 0005.3), in one call.
    #[inline(never)]
    fn lock(&self, mission: B256, session: B256, stakes: &[Stake]) -> Result<(), Vec<u8>> {
        if stakes.is_empty() {
            return Ok(());
        }
        let mut words = Vec::new();
        for stake in stakes {
            words.extend([
                stake.agent.into_word(),
                stake.source,
                output::amount(stake.amount),
                output::amount(stake.price),
            ]);
        }
        let arguments = output::Output::of(3)
            .word(mission)
            .word(session)
            .list(&words, STAKE_WORDS)
            .finish();
        self.tell_laid_out(
            Peer::Treasury,
            treasury::lockStakesCall::SELECTOR,
            &arguments,
        )
    }

    /// Says which pages were written: `numbers`, then the accounts.
    #[inline(never)]
    fn log_deployed(
        &self,
        topic: B256,
        tranche: &Tranche<'_>,
        numbers: &[B256],
        accounts: &[B256],
    ) {
        let mut data = output::Output::of(numbers.len().saturating_add(1));
        for word in numbers {
            data = data.word(*word);
        }
        let topics = [topic, tranche.mission, number(tranche.first.into())];
        output::log(self.vm(), &topics, &data.list(accounts, 1).finish());
    }
}

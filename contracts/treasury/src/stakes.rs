//! Stakes of executors: set aside for bids, locked for missions, slashed, released.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, ITreasury as wire};
use agentcity_domain::{
    amount::Amount,
    peer::Peer,
    treasury::{
        books::Part,
        pool::Obligation,
        stake::{self, Backing, Locked},
    },
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolEvent};

use crate::{
    error::{Decided, sum},
    pools::Change,
    storage::{LOCKED, RESERVED, SOURCE, Treasury, amount_of, answer},
};

/// Most stakes of one call.
const STAKES_MAX: usize = 1_024;

/// A stake that is set aside: for which session, out of what, for whom.
struct Reserve {
    session: B256,
    source: B256,
    agent: B256,
}

impl Reserve {
    fn read(input: &mut Reader<'_>) -> Self {
        Self {
            session: input.word(),
            source: input.word(),
            agent: input.address().into_word(),
        }
    }

    /// Whether it comes out of a pool.
    fn is_pooled(&self) -> bool {
        self.source != self.agent
    }

    /// What is left of the reserve without so much.
    ///
    /// Errors: `InsufficientStake`.
    #[inline(never)]
    fn take(&self, reserve: Obligation, amount: Amount) -> Result<Obligation, Vec<u8>> {
        let amount = stake::take(reserve.amount, amount).about(&self.source, &self.agent)?;
        Ok(Obligation { amount, ..reserve })
    }
}

impl Treasury {
    /// What tells a session's reserves out of one source from all others.
    fn reserves(&self, of: &Reserve) -> B256 {
        self.key(RESERVED, of.session, of.source)
    }

    #[inline(never)]
    fn reserved(&self, of: &Reserve) -> Obligation {
        Obligation::unpack(&self.entry_at(RESERVED, &self.reserves(of), &of.agent).0)
    }

    #[inline(never)]
    fn set_reserved(&mut self, of: &Reserve, reserve: Obligation) {
        let reserves = self.reserves(of);
        let word = B256::new(reserve.pack());
        self.set_entry_at(RESERVED, &reserves, &of.agent, &word);
    }

    pub(crate) fn reserved_stake(&mut self, input: &mut Reader<'_>) -> Answer {
        let of = &Reserve::read(input);
        answer(self.reserved(of).amount)
    }

    /// Events of a reserve say all of it.
    #[inline(never)]
    fn log_reserve(&self, mut topic: Words, of: &Reserve, amount: Amount) {
        topic
            .word(&of.session)
            .word(&of.source)
            .word(&of.agent)
            .amount(amount.get());
        self.log(&topic, 4);
    }

    /// Errors: `Unauthorized`, `InsufficientStake`; `UnknownPool`, `PoolTooSmall`.
    /// Events: `StakeReserved`.
    pub(crate) fn reserve_stake(&mut self, input: &mut Reader<'_>) -> Answer {
        let (of, amount) = (&Reserve::read(input), amount_of(input)?);
        self.only(&[Peer::Legislature])?;
        let before = self.reserved(of);
        let mut after = Obligation {
            amount: sum(before.amount, amount)?,
            ..before
        };
        if of.is_pooled() {
            let mut counts = [(before, after)];
            self.change_pool(&of.source, &of.agent, Change::Draw, amount, &mut counts)?;
            [(_, after)] = counts;
            self.shift(Part::Pools, Part::Reserved, amount)?;
        } else {
            let credit = stake::take(self.credit_of(&of.agent), amount);
            let credit = credit.about(&of.source, &of.agent)?;
            self.set_credit(&of.agent, credit);
            self.shift(Part::Credits, Part::Reserved, amount)?;
        }
        self.set_reserved(of, after);
        self.log_reserve(topic!(wire::StakeReserved::SIGNATURE_HASH), of, amount);
        Ok(Vec::new())
    }

    /// Gives back to its source what came out of it, and counts what of the pool's obligations changed.
    ///
    /// Events: `Credited` of one's own.
    #[inline(never)]
    fn give_back(
        &mut self,
        part: Part,
        (source, agent, cause): (&B256, &B256, &B256),
        amount: Amount,
        count: (Obligation, Obligation),
    ) -> Result<(), Vec<u8>> {
        if source == agent {
            return self.owe_from(part, agent, cause, amount);
        }
        self.change_pool(source, agent, Change::Return, amount, &mut [count])?;
        self.shift(part, Part::Pools, amount)
    }

    /// Errors: `Unauthorized`, `InsufficientStake`.
    /// Events: `ReserveReleased`; `Credited` of one's own.
    pub(crate) fn release_reserve(&mut self, input: &mut Reader<'_>) -> Answer {
        let (of, amount) = (&Reserve::read(input), amount_of(input)?);
        self.only(&[Peer::Legislature])?;
        let before = self.reserved(of);
        let after = of.take(before, amount)?;
        self.set_reserved(of, after);
        self.log_reserve(topic!(wire::ReserveReleased::SIGNATURE_HASH), of, amount);
        let to = (&of.source, &of.agent, &of.session);
        self.give_back(Part::Reserved, to, amount, (before, after))?;
        Ok(Vec::new())
    }

    // ------------------------------------------------------------------ missions

    #[inline(never)]
    pub(crate) fn locked(&self, mission: &B256, agent: &B256) -> Locked {
        Locked::unpack(&self.entry_at(LOCKED, mission, agent).0)
    }

    #[inline(never)]
    pub(crate) fn set_locked(&mut self, mission: &B256, agent: &B256, stake: &Locked) {
        let word = B256::new(stake.pack());
        self.set_entry_at(LOCKED, mission, agent, &word);
    }

    /// Where an agent's stake in a mission comes from.
    #[inline(never)]
    fn source_of(&self, mission: &B256, agent: &B256, stake: &Locked) -> B256 {
        if stake.pooled {
            return self.entry_at(SOURCE, mission, agent);
        }
        if stake.took_part { *agent } else { B256::ZERO }
    }

    /// Neither agent nor pool may be the sponsor's. An agent's principal cannot change while it has obligations, so it is asked
    /// when the agent comes into the mission, and then never again.
    ///
    /// Errors: `WrongEscrowState`, `SelfDealing`; `UnknownPool`.
    #[inline(never)]
    fn may_back(&self, mission: &B256, of: &Reserve, held: &Locked) -> Result<(), Vec<u8>> {
        let terms = self.terms(mission);
        let mut principal = Address::ZERO;
        if !held.took_part {
            let answer = self.ask(
                Peer::Agent,
                Words::after(agents::principalOfCall::SELECTOR).word(&of.agent),
            )?;
            let mut answer = Reader::new(&answer);
            principal = answer.address();
            answer.end()?;
        }
        stake::backs(terms, principal).about(mission, &of.agent)?;
        if of.is_pooled() {
            let manager = self.pool_of(&of.source)?.manager;
            stake::backs(terms, manager).about(mission, &of.agent)?;
        }
        Ok(())
    }

    /// Errors: `InsufficientStake`, `WrongEscrowState`, `SelfDealing`, `SecondSource`.
    /// Events: `StakeLocked`.
    #[inline(never)]
    fn lock_stake(
        &mut self,
        mission: &B256,
        of: &Reserve,
        mut backing: Backing,
    ) -> Result<(), Vec<u8>> {
        let (agent, amount) = (&of.agent, backing.amount);
        let held = self.locked(mission, agent);
        self.may_back(mission, of, &held)?;
        let reserved = self.reserved(of);
        backing.round = reserved.round;
        let left = of.take(reserved, amount)?;
        let from = self.source_of(mission, agent, &held);
        let after = stake::lock(held, (&from, &of.source), agent, backing).about(mission, agent)?;
        if after.pooled {
            let mut counts = [(reserved, left), (held.obligation(), after.obligation())];
            self.change_pool(&of.source, agent, Change::Keep, amount, &mut counts)?;
            self.set_entry_at(SOURCE, mission, agent, &of.source);
        }
        self.set_reserved(of, left);
        self.set_locked(mission, agent, &after);
        self.log(
            topic!(wire::StakeLocked::SIGNATURE_HASH)
                .word(mission)
                .word(agent)
                .word(&of.source)
                .amount(amount.get()),
            4,
        );
        Ok(())
    }

    /// Errors: `Unauthorized`, `MalformedCall`; as `lock_stake`.
    /// Events: `StakeLocked` of each.
    pub(crate) fn lock_stakes(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, session) = (&input.word(), input.word());
        let (count, mut stakes) = input.list(STAKES_MAX);
        self.only(&[Peer::Collaboration, Peer::Statute])?;
        let mut locked = Amount::ZERO;
        for _ in 0..count {
            let agent = stakes.address().into_word();
            let of = &Reserve {
                session,
                source: stakes.word(),
                agent,
            };
            let backing = Backing {
                amount: Amount::new(stakes.u128()),
                price: Amount::new(stakes.u128()),
                round: 0,
            };
            self.lock_stake(mission, of, backing)?;
            // Each is part of what is set aside, which fits.
            locked = sum(locked, backing.amount)?;
        }
        stakes.end()?;
        self.shift(Part::Reserved, Part::Locked, locked)?;
        Ok(Vec::new())
    }

    /// Never refuses a fault that has a name: what ends a node must not fail for want of a stake.
    ///
    /// Errors: `Unauthorized`, `MalformedCall`.
    /// Events: `StakeSlashed`.
    pub(crate) fn slash(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node, agent) = (&input.word(), input.u16(), &input.address().into_word());
        let (fault, asked) = (input.u8(), amount_of(input)?);
        self.only(&[Peer::Collaboration])?;
        if !(1..=wire::Fault::MissionAbort as u8).contains(&fault) {
            return Err(malformed());
        }
        let held = self.locked(mission, agent);
        let is_free = self
            .terms(mission)
            .is_some_and(|terms| terms.is_over(self.now()));
        let slash = stake::slash(held.amount, asked, is_free);
        if !slash.taken.is_zero() {
            let after = Locked {
                amount: slash.left,
                ..held
            };
            self.set_locked(mission, agent, &after);
            self.shift(Part::Locked, Part::Insurance, slash.loss.insurance)?;
            self.shift(Part::Locked, Part::Treasury, slash.loss.treasury)?;
            if held.pooled {
                let source = self.entry_at(SOURCE, mission, agent);
                let mut counts = [(held.obligation(), after.obligation())];
                self.change_pool(&source, agent, Change::Lose, slash.taken, &mut counts)?;
            }
        }
        self.log(
            topic!(wire::StakeSlashed::SIGNATURE_HASH)
                .word(mission)
                .number(node.into())
                .word(agent)
                .number(fault.into())
                .amount(slash.taken.get()),
            4,
        );
        answer(slash.taken)
    }

    /// Anyone, never halted.
    ///
    /// Errors: `StakeStillLocked`, `NothingLocked`.
    /// Events: `StakeReleased`; `Credited` of one's own.
    pub(crate) fn release_stake(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, agent) = (&input.word(), &input.address().into_word());
        let held = self.locked(mission, agent);
        let amount = stake::release(held, self.terms(mission), self.now()).about(mission, agent)?;
        let source = self.source_of(mission, agent, &held);
        let after = Locked {
            amount: Amount::ZERO,
            ..held
        };
        self.set_locked(mission, agent, &after);
        self.log(
            topic!(wire::StakeReleased::SIGNATURE_HASH)
                .word(mission)
                .word(agent)
                .word(&source)
                .amount(amount.get()),
            4,
        );
        let count = (held.obligation(), after.obligation());
        self.give_back(Part::Locked, (&source, agent, mission), amount, count)?;
        Ok(Vec::new())
    }

    pub(crate) fn locked_stake(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, agent) = (&input.word(), &input.address().into_word());
        let held = self.locked(mission, agent);
        Words::new()
            .word(&self.source_of(mission, agent, &held))
            .amount(held.amount.get())
            .amount(held.budget.get())
            .answer()
    }
}

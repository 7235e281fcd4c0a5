//! Money between the escrows of two missions (RULINGS R18, R19).

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as work, ITreasury as wire};
use agentcity_domain::{
    amount::Amount,
    machine::{EscrowState, MissionState},
    peer::Peer,
    treasury::{
        Refused, Short,
        escrow::{self, Moved, Pair},
        with,
    },
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    output::number,
    reader::Reader,
    topic,
    word::get,
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolEvent};

use crate::{
    escrow::of,
    storage::{LENDER, LENT, Treasury, amount_of, lower, whole},
};

/// Words of a mission's view between its state and its parent.
const BEFORE_PARENT: usize = 12;

/// What collaboration says of a mission.
struct Record {
    state: u8,
    parent: B256,
    node: u16,
}

impl Treasury {
    #[inline(never)]
    fn record(&self, mission: &B256) -> Result<Record, Vec<u8>> {
        let answer = self.ask(
            Peer::Collaboration,
            Words::after(work::missionCall::SELECTOR).word(mission),
        )?;
        let mut answer = Reader::new(&answer);
        let state = answer.u8();
        answer.skip(BEFORE_PARENT);
        let record = Record {
            state,
            parent: answer.word(),
            node: answer.u16(),
        };
        answer.end()?;
        Ok(record)
    }

    /// Errors: `Unauthorized`, `WrongEscrowState`, `InsufficientEscrow`, `InvalidAmount`; `MalformedCall` from an escrow to
    /// itself.
    /// Events: `EscrowMoved`.
    pub(crate) fn move_escrow(&mut self, input: &mut Reader<'_>) -> Answer {
        let (from, to, amount) = (&input.word(), &input.word(), amount_of(input)?);
        self.only(&[Peer::Collaboration])?;
        if from == to {
            return Err(malformed());
        }
        let giving = self.terms(from);
        escrow::in_state(self.terms(to), EscrowState::Open).map_err(of(to))?;
        let pair = (
            (self.purse(from), self.flow(from)),
            (self.purse(to), self.flow(to)),
        );
        let ended = || {
            // Who ended may give until it is closed.
            escrow::in_state(giving, EscrowState::Open)
                .or_else(|_| escrow::in_state(giving, EscrowState::Closing))
                .map_err(of(from))
        };
        let lender = self.entry(LENDER, from, 0);
        let moved = if lender == *to {
            ended()?;
            self.return_to(from, to, pair, amount)?
        } else if is_working(self.record(from)?.state) {
            escrow::in_state(giving, EscrowState::Open).map_err(of(from))?;
            self.lend(from, to, pair, amount)?
        } else {
            ended()?;
            // Whoever lent to the one that failed gets back what its successor leaves.
            if lender != B256::ZERO {
                let node = self.entry(LENDER, from, 1);
                self.set_entry(LENDER, to, 0, &lender);
                self.set_entry(LENDER, to, 1, &node);
            }
            escrow::succeed(pair, amount).map_err(of(from))?
        };
        self.set_purse(from, &moved.from);
        self.set_flow(from, &moved.from_flow);
        self.set_purse(to, &moved.to);
        self.set_flow(to, &moved.to_flow);
        self.log(
            topic!(wire::EscrowMoved::SIGNATURE_HASH)
                .word(from)
                .word(to)
                .amount(amount.get()),
            3,
        );
        Ok(Vec::new())
    }

    /// To a child, for the node that collaboration says it is made for.
    #[inline(never)]
    fn lend(
        &mut self,
        from: &B256,
        to: &B256,
        pair: Pair,
        amount: Amount,
    ) -> Result<Moved, Vec<u8>> {
        let child = self.record(to)?;
        if child.parent != *from {
            let none = Short {
                available: Amount::ZERO,
                needed: amount,
            };
            return Err(of(from)(Refused::InsufficientEscrow(none)));
        }
        let again = self.is_settled(from, child.node);
        let left = lower(&self.entry(LENT, from, child.node.into()));
        let moved = escrow::lend(pair, again.then_some(left), amount).map_err(of(from))?;
        if again {
            // No more was lent than was left.
            let left = Amount::new(left.get().saturating_sub(amount.get()));
            self.set_entry(LENT, from, child.node.into(), &whole(left));
        } else {
            self.mark_settled(from, child.node);
        }
        self.set_entry(LENDER, to, 0, from);
        self.set_entry(LENDER, to, 1, &number(child.node.into()));
        Ok(moved)
    }

    /// From a child to the mission that lent to it: the node it was made for may spend that again.
    #[inline(never)]
    fn return_to(
        &mut self,
        from: &B256,
        to: &B256,
        pair: Pair,
        amount: Amount,
    ) -> Result<Moved, Vec<u8>> {
        let node = get(&self.entry(LENDER, from, 1), 24, 8);
        let moved = escrow::give_back(pair, amount).map_err(of(from))?;
        let left = with(lower(&self.entry(LENT, to, node)), amount).map_err(of(to))?;
        self.set_entry(LENT, to, node, &whole(left));
        Ok(moved)
    }
}

/// Whether a mission in this state may start a child.
const fn is_working(state: u8) -> bool {
    state == MissionState::Active as u8 || state == MissionState::Executing as u8
}

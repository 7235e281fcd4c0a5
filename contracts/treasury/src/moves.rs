//! Money between the escrows of two missions (RULINGS R18, R19).

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as work, ITreasury as wire};
use agentcity_domain::{
    amount::Amount,
    machine::{EscrowState, MissionState},
    peer::Peer,
    treasury::{Refused, Short, escrow::Account, less},
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    output,
    reader::Reader,
    topic,
    word::get,
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolEvent};

use crate::{
    error::{Decided, NONE, sum},
    storage::{LENDER, Treasury, amount_of, answer},
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

    /// Errors: `Unauthorized`, `WrongEscrowState`, `InsufficientEscrow`, `AlreadySettled`, `InvalidAmount`; `MalformedCall` from
    /// an escrow to itself.
    /// Events: `EscrowMoved`.
    pub(crate) fn move_escrow(&mut self, input: &mut Reader<'_>) -> Answer {
        let (from, to, mut amount) = (&input.word(), &input.word(), amount_of(input)?);
        self.only(&[Peer::Collaboration])?;
        if from == to {
            return Err(malformed());
        }
        self.terms_in(to, EscrowState::Open)?;
        let (mut giver, mut taker) = (self.account(from), self.account(to));
        let lender = self.entry(LENDER, from, 0);
        let returns = lender == *to;
        let lends = !returns && is_working(self.record(from)?.state);
        // Who ended may give until it is closed.
        if lends || self.terms_in(from, EscrowState::Closing).is_err() {
            self.terms_in(from, EscrowState::Open)?;
        }
        if returns {
            // The node that it was made for may spend that again.
            let node = get(&self.entry(LENDER, from, 1), 30, 2) as u16;
            let before = self.left_of(to, node).unwrap_or(Amount::ZERO);
            self.set_left(to, node, sum(before, amount)?);
            giver.give_back(&mut taker, amount).about(from, NONE)?;
        } else if lends {
            amount = self.lend((from, &mut giver), (to, &mut taker), amount)?;
        } else {
            // Whoever lent to the one that failed gets back what its successor leaves.
            if lender != B256::ZERO {
                let node = self.entry(LENDER, from, 1);
                self.set_entry(LENDER, to, 0, &lender);
                self.set_entry(LENDER, to, 1, &node);
            }
            giver.succeed(&mut taker, amount).about(from, NONE)?;
        }
        self.set_account(from, &giver);
        self.set_account(to, &taker);
        let moved = topic!(wire::EscrowMoved::SIGNATURE_HASH);
        self.log_amounts(moved, from, to, &[amount]);
        answer(amount)
    }

    /// To a child, for the node that collaboration says it is made for: how much, at most `most`.
    #[inline(never)]
    fn lend(
        &mut self,
        (from, giver): (&B256, &mut Account),
        (to, taker): (&B256, &mut Account),
        most: Amount,
    ) -> Result<Amount, Vec<u8>> {
        let child = self.record(to)?;
        if child.parent != *from {
            // Nothing is left for what is no child of it.
            return Err(Refused::InsufficientEscrow(Short {
                available: Amount::ZERO,
                needed: most,
            }))
            .about(from, NONE);
        }
        let left = self.left_of(from, child.node);
        let amount = self.payable(from, child.node, left, most)?;
        giver.lend(taker, amount).about(from, NONE)?;
        self.mark_settled(from, child.node);
        // No more was lent than was left.
        let rest = less(left.unwrap_or_default(), amount);
        self.set_left(from, child.node, rest);
        self.set_entry(LENDER, to, 0, from);
        self.set_entry(LENDER, to, 1, &output::number(child.node.into()));
        Ok(amount)
    }
}

/// Whether a mission in this state may start a child.
const fn is_working(state: u8) -> bool {
    state == MissionState::Active as u8 || state == MissionState::Executing as u8
}

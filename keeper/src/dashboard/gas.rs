//! What transactions cost, as their receipts say: by the member that was called and by the missions that their logs name.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use agentcity_domain::peer::Peer;
use alloy::primitives::B256;

use super::picture::window::Sent;
use crate::source::follow::REORG_BLOCKS_MAX;

/// Transactions that wait for their receipts; the oldest beyond are never measured.
const WAITING_MAX: usize = 50_000;
/// Missions of one transaction that are counted.
const MISSIONS_EACH_MAX: usize = 64;
/// Missions whose gas is kept: as many as missions are.
const MISSIONS_MAX: usize = super::picture::MISSIONS_MAX;

/// How many, and how much together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Transactions.
    pub transactions: u64,
    /// Gas of those that were measured.
    pub gas: u64,
}

#[derive(Clone, Debug)]
struct Known {
    block: u64,
    missions: BTreeSet<B256>,
    cost: Option<Cost>,
}

/// What a receipt says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The member that was called; none for another contract.
    pub called: Option<Peer>,
    /// Gas that was used.
    pub gas: u64,
}

/// The books of gas.
#[derive(Debug, Default)]
pub struct Gas {
    known: HashMap<B256, Known>,
    waiting: VecDeque<B256>,
    closed: Vec<(B256, Cost)>,
    /// All transactions.
    pub transactions: u64,
    /// Those measured.
    pub measured: u64,
    /// Together.
    pub total: u64,
    /// By the member called.
    pub by_member: BTreeMap<Option<Peer>, Spent>,
    /// By mission.
    pub by_mission: BTreeMap<B256, Spent>,
}

impl Gas {
    /// Takes note of transactions.
    pub fn take(&mut self, sent: Vec<Sent>, top: u64) {
        for one in sent {
            match one {
                Sent::In {
                    transaction,
                    block,
                    mission,
                } => self.enters(transaction, block, mission),
                Sent::Out { transaction } => self.leaves(transaction),
            }
        }
        // What lies deep and is measured is remembered by its sums alone.
        let closed = &mut self.closed;
        self.known.retain(|transaction, known| {
            let is_deep = known.block.saturating_add(REORG_BLOCKS_MAX) <= top;
            match known.cost.filter(|_| is_deep) {
                Some(cost) => {
                    closed.push((*transaction, cost));
                    false
                }
                None => true,
            }
        });
    }

    /// Takes transactions again, some of whose receipts were read before.
    pub fn recall(&mut self, sent: Vec<Sent>, costs: &BTreeMap<B256, Cost>, top: u64) {
        self.take(sent, top);
        self.waiting.retain(|waiting| !costs.contains_key(waiting));
        for (transaction, cost) in costs {
            self.measure(*transaction, Some(*cost));
        }
        // They are put aside already.
        self.closed.clear();
    }

    /// Transactions of which nothing changes any more, since they were asked for last.
    pub fn closed(&mut self) -> Vec<(B256, Cost)> {
        std::mem::take(&mut self.closed)
    }

    fn enters(&mut self, transaction: B256, block: u64, mission: Option<B256>) {
        if !self.known.contains_key(&transaction) {
            self.transactions = self.transactions.saturating_add(1);
            self.waiting.push_back(transaction);
            if self.waiting.len() > WAITING_MAX
                && let Some(given_up) = self.waiting.pop_front()
            {
                self.known.remove(&given_up);
            }
        }
        let known = self.known.entry(transaction).or_insert(Known {
            block,
            missions: BTreeSet::new(),
            cost: None,
        });
        let Some(mission) = mission else { return };
        let is_new = known.missions.len() < MISSIONS_EACH_MAX && known.missions.insert(mission);
        // A log that comes in a later step than the transaction's receipt.
        if let Some(cost) = known.cost.filter(|_| is_new) {
            charge(&mut self.by_mission, mission, cost.gas);
        }
    }

    fn leaves(&mut self, transaction: B256) {
        let Some(known) = self.known.remove(&transaction) else {
            return;
        };
        self.transactions = self.transactions.saturating_sub(1);
        self.waiting.retain(|waiting| *waiting != transaction);
        let Some(cost) = known.cost else { return };
        self.measured = self.measured.saturating_sub(1);
        self.total = self.total.saturating_sub(cost.gas);
        if let Some(spent) = self.by_member.get_mut(&cost.called) {
            refund(spent, cost.gas);
        }
        for mission in known.missions {
            if let Some(spent) = self.by_mission.get_mut(&mission) {
                refund(spent, cost.gas);
            }
        }
    }

    /// The next transactions to ask receipts of, newest first: what happens now is shown before what happened long ago. Each is given
    /// back by [`Self::measure`] or [`Self::again`].
    pub fn next(&mut self, most: usize) -> Vec<B256> {
        let rest = self.waiting.len().saturating_sub(most);
        let mut taken: Vec<B256> = self.waiting.split_off(rest).into();
        taken.reverse();
        taken
    }

    /// No answer: it is asked again.
    pub fn again(&mut self, transaction: B256) {
        if self.known.contains_key(&transaction) {
            self.waiting.push_back(transaction);
        }
    }

    /// What a receipt says; nothing for one that the chain does not have.
    pub fn measure(&mut self, transaction: B256, cost: Option<Cost>) {
        let Some(known) = self.known.get_mut(&transaction) else {
            return;
        };
        let Some(cost) = cost.filter(|_| known.cost.is_none()) else {
            return;
        };
        known.cost = Some(cost);
        self.measured = self.measured.saturating_add(1);
        self.total = self.total.saturating_add(cost.gas);
        let spent = self.by_member.entry(cost.called).or_default();
        spent.transactions = spent.transactions.saturating_add(1);
        spent.gas = spent.gas.saturating_add(cost.gas);
        for mission in &known.missions {
            charge(&mut self.by_mission, *mission, cost.gas);
        }
    }

    /// Whether every transaction was measured.
    pub const fn is_complete(&self) -> bool {
        self.measured == self.transactions
    }
}

fn charge(by: &mut BTreeMap<B256, Spent>, mission: B256, gas: u64) {
    if by.len() >= MISSIONS_MAX && !by.contains_key(&mission) {
        return;
    }
    let spent = by.entry(mission).or_default();
    spent.transactions = spent.transactions.saturating_add(1);
    spent.gas = spent.gas.saturating_add(gas);
}

const fn refund(spent: &mut Spent, gas: u64) {
    spent.transactions = spent.transactions.saturating_sub(1);
    spent.gas = spent.gas.saturating_sub(gas);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(number: u8, mission: Option<u8>) -> Sent {
        Sent::In {
            transaction: B256::repeat_byte(number),
            block: 1,
            mission: mission.map(B256::repeat_byte),
        }
    }

    fn cost(gas: u64) -> Option<Cost> {
        let called = Some(Peer::Collaboration);
        Some(Cost { called, gas })
    }

    #[test]
    fn a_transaction_counts_once_for_its_member_and_once_for_each_mission() {
        let mut gas = Gas::default();
        gas.take(
            vec![
                sent(1, Some(7)),
                sent(1, Some(7)),
                sent(1, Some(8)),
                sent(2, None),
            ],
            1,
        );
        assert_eq!((gas.transactions, gas.measured), (2, 0));
        for transaction in gas.next(10) {
            gas.measure(transaction, cost(100));
        }
        assert!(gas.is_complete());
        assert_eq!(gas.total, 200);
        let member = gas.by_member[&Some(Peer::Collaboration)];
        assert_eq!((member.transactions, member.gas), (2, 200));
        for mission in [7, 8] {
            let spent = gas.by_mission[&B256::repeat_byte(mission)];
            assert_eq!((spent.transactions, spent.gas), (1, 100));
        }
    }

    #[test]
    fn what_was_taken_back_cost_nothing() {
        let mut gas = Gas::default();
        gas.take(vec![sent(1, Some(7)), sent(2, Some(7))], 1);
        assert_eq!(gas.next(10), [2, 1].map(B256::repeat_byte));
        gas.measure(B256::repeat_byte(1), cost(100));
        gas.again(B256::repeat_byte(2));
        for number in [1, 2, 1] {
            let transaction = B256::repeat_byte(number);
            gas.take(vec![Sent::Out { transaction }], 1);
        }
        assert_eq!((gas.transactions, gas.measured, gas.total), (0, 0, 0));
        assert_eq!(gas.by_mission[&B256::repeat_byte(7)], Spent::default());
        assert!(gas.next(10).is_empty());
    }

    #[test]
    fn sums_stay_when_a_transaction_is_too_deep_to_be_taken_back() {
        let mut gas = Gas::default();
        gas.take(vec![sent(1, Some(7))], 1);
        gas.measure(B256::repeat_byte(1), cost(100));
        gas.take(Vec::new(), 1_000);
        let transaction = B256::repeat_byte(1);
        gas.take(vec![Sent::Out { transaction }], 1_000);
        assert_eq!((gas.total, gas.known.len()), (100, 0));
    }
}

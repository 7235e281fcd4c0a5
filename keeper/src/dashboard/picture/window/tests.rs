//! Whatever is taken back and comes again: the picture is that of the chain as it stands, and its sums are naive sums.

use agentcity_abi::{ICollaboration as work, IGuardian as guard, ITreasury as money};
use agentcity_domain::{machine::NodeState, time::Timestamp};
use alloy::{
    primitives::{Address, LogData, U256, aliases::U40},
    sol_types::SolEvent,
};
use proptest::prelude::*;

use super::*;
use crate::source::{follow::REORG_BLOCKS_MAX, log::Contract};

const MISSION: B256 = B256::repeat_byte(9);

fn city() -> City {
    City::new(Contract::ALL.map(|contract| (contract, address(contract))))
}

fn address(contract: Contract) -> Address {
    Address::repeat_byte(contract as u8 + 1)
}

/// Something that a contract of the city tells.
#[derive(Clone, Debug)]
enum Told {
    Created(u8),
    Eligible(u16, u8),
    Routed(u16, u8),
    Completed(u16, u8),
    Failed(u16, u8),
    Frozen(u16, u8, u64),
    Unfrozen(u64),
    Funded(u64),
    Settled(u16, u64),
    Closed(u64),
    Reserved(u64),
    Slashed(u16, u64),
    Released(u64),
    Bonded(u64),
    Unbonded(u64, bool),
    Nonsense,
}

impl Told {
    fn wire(&self) -> (Contract, LogData) {
        let (agent, session) = (Address::repeat_byte(0xa0), B256::repeat_byte(5));
        let u = U256::from::<u64>;
        match *self {
            Self::Created(mission) => (
                Contract::Collaboration,
                work::MissionCreated {
                    missionId: if mission == 0 {
                        MISSION
                    } else {
                        B256::repeat_byte(mission)
                    },
                    sponsor: agent,
                    sessionId: session,
                    statuteHash: session,
                    nodes: 4,
                }
                .encode_log_data(),
            ),
            Self::Eligible(node, attempt) => (
                Contract::Collaboration,
                work::NodeEligible {
                    missionId: MISSION,
                    node,
                    attempt,
                }
                .encode_log_data(),
            ),
            Self::Routed(node, attempt) => (
                Contract::Collaboration,
                work::TaskRouted {
                    missionId: MISSION,
                    node,
                    attempt,
                    liveCodeHash: session,
                    expiresAt: U40::from(99),
                }
                .encode_log_data(),
            ),
            Self::Completed(node, attempt) => (
                Contract::Collaboration,
                work::NodeCompleted {
                    missionId: MISSION,
                    node,
                    attempt,
                    tier: 1,
                    outputHash: session,
                    trailRoot: session,
                    digest: session,
                }
                .encode_log_data(),
            ),
            Self::Failed(node, attempt) => (
                Contract::Collaboration,
                work::NodeFailed {
                    missionId: MISSION,
                    node,
                    attempt,
                    reason: work::Reason::TimeoutExceeded,
                }
                .encode_log_data(),
            ),
            Self::Frozen(node, attempt, freeze) => (
                Contract::Guardian,
                guard::NodeFrozen {
                    missionId: MISSION,
                    node,
                    freezeId: freeze,
                    attempt,
                    agent,
                    cause: guard::FreezeCause::Manual,
                    expiresAt: U40::from(99),
                }
                .encode_log_data(),
            ),
            Self::Unfrozen(freeze) => (
                Contract::Guardian,
                guard::NodeUnfrozen {
                    missionId: MISSION,
                    node: 0,
                    freezeId: freeze,
                    kind: guard::UnfreezeKind::Warning,
                }
                .encode_log_data(),
            ),
            Self::Funded(amount) => (
                Contract::Treasury,
                money::MissionFunded {
                    missionId: MISSION,
                    payer: agent,
                    amount: u(amount),
                }
                .encode_log_data(),
            ),
            Self::Settled(node, share) => (
                Contract::Treasury,
                money::Settled {
                    missionId: MISSION,
                    node,
                    agent,
                    share: u(share),
                    base: u(share),
                    subsidy: u(0),
                    fee: u(0),
                    reserve: u(0),
                    residual: u(0),
                }
                .encode_log_data(),
            ),
            Self::Closed(refunded) => (
                Contract::Treasury,
                money::EscrowClosed {
                    missionId: MISSION,
                    sponsor: agent,
                    refunded: u(refunded),
                }
                .encode_log_data(),
            ),
            Self::Reserved(amount) => (
                Contract::Treasury,
                money::StakeReserved {
                    sessionId: session,
                    source: session,
                    agent,
                    amount: u(amount),
                }
                .encode_log_data(),
            ),
            Self::Slashed(node, amount) => (
                Contract::Treasury,
                money::StakeSlashed {
                    missionId: MISSION,
                    node,
                    agent,
                    fault: money::Fault::NodeFailure,
                    amount: u(amount),
                }
                .encode_log_data(),
            ),
            Self::Released(amount) => (
                Contract::Treasury,
                money::StakeReleased {
                    missionId: MISSION,
                    agent,
                    source: session,
                    amount: u(amount),
                }
                .encode_log_data(),
            ),
            Self::Bonded(amount) => (
                Contract::Treasury,
                money::BondPosted {
                    bondId: session,
                    owner: agent,
                    kind: money::BondKind::Dissent,
                    amount: u(amount),
                }
                .encode_log_data(),
            ),
            Self::Unbonded(amount, true) => (
                Contract::Treasury,
                money::BondReturned {
                    bondId: session,
                    owner: agent,
                    amount: u(amount),
                }
                .encode_log_data(),
            ),
            Self::Unbonded(amount, false) => (
                Contract::Treasury,
                money::BondForfeited {
                    bondId: session,
                    owner: agent,
                    amount: u(amount),
                }
                .encode_log_data(),
            ),
            Self::Nonsense => (
                Contract::Agent,
                LogData::new_unchecked(vec![session], Default::default()),
            ),
        }
    }

    fn log(&self, number: u64, branch: u8) -> Log {
        let (contract, data) = self.wire();
        Log {
            address: address(contract),
            topics: data.topics().to_vec(),
            data: data.data,
            at: head(number, branch),
            transaction: B256::from(U256::from(number)),
            index: 0,
        }
    }
}

fn head(number: u64, branch: u8) -> Head {
    let mut hash = B256::from(U256::from(number));
    hash.0[0] = branch;
    Head {
        number,
        hash,
        time: Timestamp::new(number),
    }
}

fn told() -> impl Strategy<Value = Told> {
    let (node, attempt, amount) = (|| 0..5_u16, || 0..3_u8, any::<u64>);
    prop_oneof![
        (0..3_u8).prop_map(Told::Created),
        (node(), attempt()).prop_map(|(n, a)| Told::Eligible(n, a)),
        (node(), attempt()).prop_map(|(n, a)| Told::Routed(n, a)),
        (node(), attempt()).prop_map(|(n, a)| Told::Completed(n, a)),
        (node(), attempt()).prop_map(|(n, a)| Told::Failed(n, a)),
        (node(), attempt(), 0..4_u64).prop_map(|(n, a, f)| Told::Frozen(n, a, f)),
        (0..4_u64).prop_map(Told::Unfrozen),
        amount().prop_map(Told::Funded),
        (node(), amount()).prop_map(|(n, s)| Told::Settled(n, s)),
        amount().prop_map(Told::Closed),
        amount().prop_map(Told::Reserved),
        (node(), amount()).prop_map(|(n, s)| Told::Slashed(n, s)),
        amount().prop_map(Told::Released),
        amount().prop_map(Told::Bonded),
        (amount(), any::<bool>()).prop_map(|(s, back)| Told::Unbonded(s, back)),
        Just(Told::Nonsense),
    ]
}

/// What is compared of a picture.
fn facts(picture: &Picture) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        picture.missions,
        picture.order,
        picture.freezes,
        picture.frozen,
        picture.tiers,
        picture.flows,
        picture.undecodable
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_picture_is_of_the_chain_as_it_stands_whatever_was_taken_back(
        // Each step says something, after some of what was said last was taken back, or lets so many blocks pass.
        steps in prop::collection::vec((told(), 0..4_usize, prop_oneof![9 => Just(1_u64), 1 => 1..200_u64]), 1..60),
    ) {
        let mut window = Window::new(city());
        let (mut standing, mut number, mut branch): (Vec<(Told, Log)>, u64, u8) = (vec![(Told::Created(0), Told::Created(0).log(1, 0))], 1, 0);
        window.take(vec![Change::Added(standing[0].1.clone())], head(1, 0), 0);
        for (told, back, pass) in steps {
            let mut changes = Vec::new();
            for _ in 0..back {
                let deep = |log: &Log| log.at.number + REORG_BLOCKS_MAX <= number;
                let Some((_, log)) = standing.pop_if(|(_, log)| !deep(log) && log.at.number > 1) else { break };
                changes.push(Change::Removed(log));
                branch = branch.wrapping_add(1);
            }
            number += pass;
            let log = told.log(number, branch);
            standing.push((told, log.clone()));
            changes.push(Change::Added(log));
            window.take(changes, head(number, branch), number.saturating_sub(REORG_BLOCKS_MAX));
        }
        let mut fresh = Picture::default();
        for (_, log) in &standing {
            fresh.take(&city(), log);
        }
        prop_assert_eq!(facts(window.picture()), facts(&fresh));

        // Who starts anew with what was settled, and reads the rest, sees the same.
        let settled = window.settled();
        let rest = standing[settled.len()..].iter().map(|(_, log)| Change::Added(log.clone())).collect();
        let mut again = Window::new(city());
        again.recall(settled);
        again.recalled(head(number.saturating_sub(REORG_BLOCKS_MAX), branch));
        again.take(rest, head(number, branch), number.saturating_sub(REORG_BLOCKS_MAX));
        prop_assert_eq!(facts(again.picture()), facts(&fresh));
        prop_assert_eq!(facts(again.below()), facts(window.below()));

        // Naive sums.
        let sum = |of: &dyn Fn(&Told) -> Option<u64>| {
            standing.iter().filter_map(|(told, _)| of(told)).fold(U256::ZERO, |sum, amount| sum + U256::from(amount))
        };
        let flows = window.picture().flows;
        prop_assert_eq!(flows.escrows.taken, sum(&|told| match told { Told::Funded(amount) => Some(*amount), _ => None }));
        prop_assert_eq!(flows.escrows.paid, sum(&|told| match told { Told::Settled(_, amount) => Some(*amount), _ => None }));
        prop_assert_eq!(flows.escrows.returned, sum(&|told| match told { Told::Closed(amount) => Some(*amount), _ => None }));
        prop_assert_eq!(flows.stakes.taken, sum(&|told| match told { Told::Reserved(amount) => Some(*amount), _ => None }));
        prop_assert_eq!(flows.stakes.forfeited, sum(&|told| match told { Told::Slashed(_, amount) => Some(*amount), _ => None }));
        prop_assert_eq!(flows.stakes.returned, sum(&|told| match told { Told::Released(amount) => Some(*amount), _ => None }));
        prop_assert_eq!(flows.bonds.taken, sum(&|told| match told { Told::Bonded(amount) => Some(*amount), _ => None }));
        prop_assert_eq!(flows.bonds.returned, sum(&|told| match told { Told::Unbonded(amount, true) => Some(*amount), _ => None }));
        prop_assert_eq!(flows.bonds.forfeited, sum(&|told| match told { Told::Unbonded(amount, false) => Some(*amount), _ => None }));
        let found = &window.picture().missions[&MISSION];
        prop_assert_eq!(found.counts.iter().sum::<u32>(), u32::from(found.nodes));
        for state in NodeState::ALL {
            let naive = found.work.iter().filter(|node| node.state == *state).count();
            prop_assert_eq!(found.count(*state) as usize, naive);
        }
    }
}

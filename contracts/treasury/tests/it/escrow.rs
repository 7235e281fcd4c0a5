//! Missions' money: opened, funded, settled, lent, closed.

use agentcity_abi::{ICollaboration::MissionState, ITreasury as wire};
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use alloy_primitives::{Address, B256, U256, aliases::U40};
use alloy_sol_types::SolError;

use crate::city::*;

fn wrong(mission: B256, state: wire::EscrowState) -> wire::WrongEscrowState {
    wire::WrongEscrowState {
        missionId: mission,
        state,
    }
}

fn short(mission: B256, available: u128, needed: u128) -> wire::InsufficientEscrow {
    wire::InsufficientEscrow {
        missionId: mission,
        available: wide(available),
        needed: wide(needed),
    }
}

#[test]
fn an_escrow_lives_from_its_mission_to_its_refund() {
    let city = City::new();
    let sponsor = who("sponsor");
    let mission = city.opened("sponsor", EPOCH);
    let opened = wire::EscrowOpened {
        missionId: mission,
        sponsor,
        epoch: EPOCH,
    };
    assert_eq!(city.world.take_events::<wire::EscrowOpened>(), [opened]);
    let patron = city.rich("patron", 500);
    let fund = wire::fundMissionCall {
        missionId: mission,
        amount: wide(300),
    };
    city.pay(patron, 300, fund).unwrap();
    let funded = wire::MissionFunded {
        missionId: mission,
        payer: patron,
        amount: wide(300),
    };
    assert_eq!(city.world.take_events::<wire::MissionFunded>(), [funded]);
    let from_credit = |amount: u128| wire::fundMissionFromCreditCall {
        missionId: mission,
        amount: wide(amount),
    };
    city.call(patron, from_credit(200)).unwrap();
    let less = wire::InsufficientCredit {
        account: patron,
        available: wide(300),
        needed: wide(301),
    };
    city.refused(patron, from_credit(301), less);
    let allocate = |allocated: u128| wire::allocateBudgetCall {
        missionId: mission,
        allocated: wide(allocated),
    };
    city.refused(
        member(Peer::Statute),
        allocate(501),
        short(mission, 500, 501),
    );
    city.world.take_logs();
    city.tell(Peer::Statute, allocate(480));
    let allocated = wire::BudgetAllocated {
        missionId: mission,
        allocated: wide(480),
    };
    assert_eq!(
        city.world.take_events::<wire::BudgetAllocated>(),
        [allocated]
    );
    city.balanced();

    city.end(mission);
    let release_at = city.world.now() + SANCTION;
    let closing = wire::EscrowClosing {
        missionId: mission,
        releaseAt: U40::from(release_at),
    };
    assert_eq!(city.world.take_events::<wire::EscrowClosing>(), [closing]);
    city.call(STRANGER, wire::closeEscrowCall { missionId: mission })
        .unwrap();
    let closed = wire::EscrowClosed {
        missionId: mission,
        sponsor,
        refunded: wide(500),
    };
    let logs = city.world.take_logs();
    assert_eq!(logs.len(), 2, "closed and credited");
    assert_eq!(
        logs[0].data,
        alloy_sol_types::SolEvent::encode_log_data(&closed)
    );
    // Whoever paid, the sponsor is refunded.
    assert_eq!((city.credit(sponsor), city.credit(patron)), (500, 300));
    let expected = wire::Escrow {
        state: wire::EscrowState::Closed,
        sponsor,
        epoch: EPOCH,
        deposited: 500,
        allocated: 0,
        settled: 0,
        refunded: 500,
        releaseAt: U40::from(release_at),
    };
    assert_eq!(city.escrow(mission), expected);
    city.balanced();
}

#[test]
fn what_an_escrow_does_depends_on_its_state() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 500);
    let work = member(Peer::Collaboration);
    let in_state = |state| {
        let mission = match state {
            wire::EscrowState::None => B256::repeat_byte(0x77),
            _ => city.mission("sponsor", 100),
        };
        if state == wire::EscrowState::Closing || state == wire::EscrowState::Closed {
            city.end(mission);
        }
        if state == wire::EscrowState::Closed {
            let close = wire::closeEscrowCall { missionId: mission };
            city.call(STRANGER, close).unwrap();
        }
        mission
    };
    city.tell(Peer::Legislature, reserve(1, agent.into_word(), agent, 100));
    use wire::EscrowState::{Closed, Closing, None, Open};
    for state in [None, Open, Closing, Closed] {
        let mission = in_state(state);
        let refused = wrong(mission, state).abi_encode();
        let check = |name: &str, answer: Option<Vec<u8>>, good: bool| {
            let expected = (!good).then(|| refused.clone());
            assert_eq!(answer, expected, "{name} in {state:?}");
        };
        let open = wire::openEscrowCall {
            missionId: mission,
            sponsor: who("sponsor"),
            epoch: 1,
        };
        if state != None {
            check("open", city.call(work, open).err(), false);
        }
        let fund = wire::fundMissionCall {
            missionId: mission,
            amount: wide(1),
        };
        check("fund", city.pay(agent, 1, fund).err(), state == Open);
        let credit = wire::fundMissionFromCreditCall {
            missionId: mission,
            amount: wide(1),
        };
        check(
            "fund from credit",
            city.call(agent, credit).err(),
            state == Open,
        );
        let allocate = wire::allocateBudgetCall {
            missionId: mission,
            allocated: wide(50),
        };
        check(
            "allocate",
            city.call(member(Peer::Statute), allocate).err(),
            state == Open,
        );
        let settled = city.call(work, settle(mission, 1, 10, vec![seat(agent, 500_000, 10)]));
        check("settle", settled.err(), state == Open);
        let own = agent.into_word();
        let locked = city.call(work, lock(mission, 1, own, agent, 5));
        check("lock", locked.err(), state == Open);
        // One that works lends a unit to a child that is open.
        let parent = city.mission("sponsor", 1);
        city.know(mission, MissionState::Pending, parent, 0);
        check(
            "take",
            city.call(work, shift(parent, mission, 1)).err(),
            state == Open,
        );
        let end = wire::beginClosingCall {
            missionId: mission,
            sanctionSecs: U40::from(5),
        };
        if state != Open {
            let close = wire::closeEscrowCall { missionId: mission };
            check("end", city.call(work, end).err(), false);
            check("close", city.call(STRANGER, close).err(), state == Closing);
        } else {
            let close = wire::closeEscrowCall { missionId: mission };
            check("close", city.call(STRANGER, close).err(), false);
            check("end", city.call(work, end).err(), true);
        }
        city.balanced();
    }
}

#[test]
fn an_escrow_needs_a_sponsor_and_an_epoch_that_fits() {
    let city = City::new();
    let work = member(Peer::Collaboration);
    let open = |sponsor, epoch| wire::openEscrowCall {
        missionId: REASON,
        sponsor,
        epoch,
    };
    let nobody = wire::InvalidReceiver {
        receiver: Address::ZERO,
    };
    city.refused(work, open(Address::ZERO, 1), nobody);
    let beyond = wire::InvalidAmount {
        amount: U256::from(1u64 << 48),
    };
    city.refused(work, open(STRANGER, 1 << 48), beyond);
    city.call(work, open(STRANGER, (1 << 48) - 1)).unwrap();
    assert_eq!(city.escrow(REASON).epoch, (1 << 48) - 1);
    let none = wire::Escrow {
        state: wire::EscrowState::None,
        sponsor: Address::ZERO,
        epoch: 0,
        deposited: 0,
        allocated: 0,
        settled: 0,
        refunded: 0,
        releaseAt: U40::ZERO,
    };
    assert_eq!(city.escrow(B256::repeat_byte(0x77)), none);
}

// ------------------------------------------------------------------ settlement

#[test]
fn seats_are_paid_their_price_and_at_most_their_share() {
    let city = City::new();
    let (ann, cid, eve) = (who("ann"), who("cid"), who("eve"));
    let mission = city.mission("sponsor", 10_000);
    city.world.take_logs();
    let seats = vec![
        seat(ann, 500_999, 5_000),
        seat(cid, 200_000, 1_001),
        seat(eve, 1_000_000, 2_666),
    ];
    // The share of each is 2,666.
    city.tell(Peer::Collaboration, settle(mission, 3, 8_000, seats));
    let settled = city.world.take_events::<wire::Settled>();
    let of = |at: usize| {
        let s = &settled[at];
        let numbers = [s.share, s.base, s.subsidy, s.fee, s.reserve, s.residual];
        numbers.map(|number| number.to::<u128>())
    };
    assert_eq!(of(0), [2_666, 2_586, 0, 53, 26, 1]);
    assert_eq!(of(1), [1_001, 824, 0, 20, 10, 147]);
    // 26 + 10 accrued before, 26 of its own: 62, but no more than its own fee.
    assert_eq!(of(2), [2_666, 2_586, 53, 53, 26, 1]);
    assert!(
        settled
            .iter()
            .all(|s| s.missionId == mission && s.node == 3)
    );
    assert_eq!(
        [settled[0].agent, settled[1].agent, settled[2].agent],
        [ann, cid, eve]
    );
    assert_eq!(
        (city.credit(ann), city.credit(cid), city.credit(eve)),
        (2_586, 824, 2_639)
    );
    let escrow = city.escrow(mission);
    assert_eq!((escrow.settled, escrow.allocated), (6_333, 2_000));
    let parts = city.parts();
    assert_eq!(parts.insurance, wide(62));
    assert_eq!(parts.subsidyBudget, wide(26 + 10 + 26 - 53));
    assert_eq!(parts.treasury, wide(27 + 10 + 27 + 149));
    city.balanced();
}

#[test]
fn a_node_is_settled_once_whoever_is_paid() {
    let city = City::new();
    let (ann, work) = (who("ann"), member(Peer::Collaboration));
    let mission = city.mission("sponsor", 1_000);
    for node in [0, 7, 8, 255, 256, 4_999, u16::MAX] {
        city.call(work, settle(mission, node, 100, vec![])).unwrap();
        let again = wire::AlreadySettled {
            missionId: mission,
            node,
        };
        city.refused(
            work,
            settle(mission, node, 100, vec![seat(ann, 0, 1)]),
            again,
        );
    }
    city.call(work, settle(mission, 1, 100, vec![])).unwrap();
    let escrow = city.escrow(mission);
    assert_eq!(
        (escrow.settled, escrow.allocated),
        (0, 200),
        "nobody agreed: all stays, unallocated"
    );
    let other = city.mission("sponsor", 1_000);
    city.call(work, settle(other, 7, 100, vec![])).unwrap();
    city.refused(
        work,
        settle(mission, 2, 201, vec![]),
        short(mission, 200, 201),
    );
    city.call(work, settle(mission, 2, 200, vec![])).unwrap();
    city.call(work, settle(mission, 3, 0, vec![seat(ann, 0, 5)]))
        .unwrap();
    city.balanced();
}

#[test]
fn seats_beyond_seven_or_reputation_is_malformed() {
    let city = City::new();
    let work = member(Peer::Collaboration);
    let mission = city.mission("sponsor", 1_000);
    let malformed = || wire::MalformedCall {};
    let eight: Vec<_> = (0..8)
        .map(|at| seat(Address::repeat_byte(at + 1), 0, 1))
        .collect();
    city.refused(work, settle(mission, 0, 100, eight.clone()), malformed());
    city.refused(
        work,
        settle(mission, 0, 100, vec![seat(STRANGER, 1_000_001, 1)]),
        malformed(),
    );
    city.call(work, settle(mission, 0, 700, eight[..7].to_vec()))
        .unwrap();
    city.call(
        work,
        settle(mission, 1, 100, vec![seat(STRANGER, 1_000_000, 1)]),
    )
    .unwrap();
}

#[test]
fn a_missions_law_is_that_of_its_epoch_and_the_citys_cap_the_one_in_force() {
    let city = City::new();
    let ann = who("ann");
    let split = |epoch: u64| {
        let mission = city.opened("sponsor", epoch);
        let payer = who("sponsor");
        city.fund(payer);
        let missionId = mission;
        city.pay(
            payer,
            1_000,
            wire::fundMissionCall {
                missionId,
                amount: wide(1_000),
            },
        )
        .unwrap();
        city.tell(
            Peer::Statute,
            wire::allocateBudgetCall {
                missionId,
                allocated: wide(1_000),
            },
        );
        city.world.take_logs();
        let before = city.parts();
        city.tell(
            Peer::Collaboration,
            settle(mission, 0, 1_000, vec![seat(ann, 1_000_000, 1_000)]),
        );
        let settled = city.world.take_events::<wire::Settled>().remove(0);
        let after = city.parts();
        let accrued = after.subsidyBudget + settled.subsidy - before.subsidyBudget;
        [
            settled.base,
            settled.subsidy,
            settled.fee,
            settled.reserve,
            accrued,
        ]
        .map(|n| n.to::<u128>())
    };
    assert_eq!(split(EPOCH), [970, 10, 20, 10, 10]);
    for (id, value) in [
        (ParameterId::ProtocolFeeRate, 1_000),
        (ParameterId::InsuranceReserveRate, 500),
        (ParameterId::ReputationMultiplierAlpha, 0),
        (ParameterId::SubsidyCapBps, 0),
    ] {
        city.set(OLD_EPOCH, id, value);
    }
    // Alpha is nought there: no premium. What of its fee accrues, the present decides.
    assert_eq!(split(OLD_EPOCH), [850, 0, 100, 50, 50]);
    city.set(EPOCH, ParameterId::SubsidyCapBps, 0);
    assert_eq!(split(OLD_EPOCH), [850, 0, 100, 50, 0]);
    city.set(EPOCH, ParameterId::MissionSubsidyCapBps, 2_500);
    assert_eq!(
        split(EPOCH),
        [970, 5, 20, 10, 0],
        "a quarter of its own fee"
    );
}

// ------------------------------------------------------------------ between escrows

struct Family {
    city: City,
    parent: B256,
    child: B256,
}

/// A parent with 1,000, of which 900 are allocated, and a child for its node 4.
fn family() -> Family {
    let city = City::new();
    let parent = city.mission("sponsor", 1_000);
    let missionId = parent;
    city.tell(
        Peer::Statute,
        wire::allocateBudgetCall {
            missionId,
            allocated: wide(900),
        },
    );
    let child = city.opened("sponsor", EPOCH);
    city.know(child, MissionState::Pending, parent, 4);
    Family {
        city,
        parent,
        child,
    }
}

impl Family {
    fn shift(&self, from: B256, to: B256, amount: u128) {
        assert_eq!(self.shift_most(from, to, amount), amount);
    }

    /// The same where less may move: how much did.
    fn shift_most(&self, from: B256, to: B256, amount: u128) -> u128 {
        let work = member(Peer::Collaboration);
        let moved = self.city.call(work, shift(from, to, amount)).unwrap();
        self.city.balanced();
        moved.to()
    }

    #[track_caller]
    fn refuses(
        &self,
        from: B256,
        to: B256,
        amount: u128,
        expected: impl SolError + PartialEq + core::fmt::Debug,
    ) {
        self.city.refused(
            member(Peer::Collaboration),
            shift(from, to, amount),
            expected,
        );
    }

    /// Deposited and allocated.
    fn of(&self, mission: B256) -> (u128, u128) {
        let escrow = self.city.escrow(mission);
        (escrow.deposited, escrow.allocated)
    }
}

#[test]
fn a_childs_budget_is_lent_and_its_rest_comes_back_to_its_node() {
    let family = family();
    let Family {
        city,
        parent,
        child,
    } = &family;
    city.world.take_logs();
    family.shift(*parent, *child, 300);
    let moved = wire::EscrowMoved {
        from: *parent,
        to: *child,
        amount: wide(300),
    };
    assert_eq!(city.world.take_events::<wire::EscrowMoved>(), [moved]);
    assert_eq!(
        (family.of(*parent), family.of(*child)),
        ((700, 600), (300, 0))
    );
    let work = member(Peer::Collaboration);

    let missionId = *child;
    city.tell(
        Peer::Statute,
        wire::allocateBudgetCall {
            missionId,
            allocated: wide(300),
        },
    );
    city.tell(
        Peer::Collaboration,
        settle(*child, 0, 120, vec![seat(STRANGER, 500_000, 100)]),
    );
    city.know(*child, MissionState::Aborted, *parent, 4);
    family.refuses(*child, *parent, 201, short(*child, 200, 201));
    family.shift(*child, *parent, 200);
    assert_eq!(
        (family.of(*parent), family.of(*child)),
        ((900, 800), (100, 0))
    );
    // Reassigned, the node is paid what came back, not what the law allowed; and once.
    let again = || settle(*parent, 4, 300, vec![seat(STRANGER, 500_000, 250)]);
    city.tell(Peer::Collaboration, again());
    let paid = city.escrow(*parent).settled;
    assert_eq!((paid, family.of(*parent)), (200, (900, 600)));
    let done = wire::AlreadySettled {
        missionId: *parent,
        node: 4,
    };
    city.refused(work, again(), done);
    city.end(*child);
    city.call(STRANGER, wire::closeEscrowCall { missionId })
        .unwrap();
    assert_eq!(city.credit(who("sponsor")), 0, "the child had nothing left");
}

#[test]
fn a_child_that_is_closing_gives_back_and_one_that_is_closed_does_not() {
    let family = family();
    let Family {
        city,
        parent,
        child,
    } = &family;
    family.shift(*parent, *child, 300);
    city.end(*child);
    family.shift(*child, *parent, 100);
    city.call(STRANGER, wire::closeEscrowCall { missionId: *child })
        .unwrap();
    family.refuses(*child, *parent, 0, wrong(*child, wire::EscrowState::Closed));
    assert_eq!(city.credit(who("sponsor")), 200);
    city.end(*parent);
    let other = city.opened("sponsor", EPOCH);
    city.know(other, MissionState::Pending, *parent, 5);
    family.refuses(
        *parent,
        other,
        10,
        wrong(*parent, wire::EscrowState::Closing),
    );
    family.refuses(
        other,
        *parent,
        0,
        wrong(*parent, wire::EscrowState::Closing),
    );
}

#[test]
fn the_second_child_of_a_node_gets_what_came_back_and_no_other_nodes_money() {
    let family = family();
    let Family {
        city,
        parent,
        child,
    } = &family;
    family.shift(*parent, *child, 300);
    family.shift(*child, *parent, 120);
    let second = city.opened("sponsor", EPOCH);
    city.know(second, MissionState::Pending, *parent, 4);
    family.shift(*parent, second, 70);
    city.world.take_logs();
    // Collaboration asks for the node's whole budget, and is told what there was.
    assert_eq!(family.shift_most(*parent, second, 300), 50);
    let moved = wire::EscrowMoved {
        from: *parent,
        to: second,
        amount: wide(50),
    };
    assert_eq!(city.world.take_events::<wire::EscrowMoved>(), [moved]);
    assert_eq!(family.of(second), (120, 0));
    // A third gets nothing, and may be paid for by whoever likes.
    let third = city.opened("sponsor", EPOCH);
    city.know(third, MissionState::Pending, *parent, 4);
    assert_eq!(family.shift_most(*parent, third, 300), 0);
    // Another node has all of its own.
    let other = city.opened("sponsor", EPOCH);
    city.know(other, MissionState::Pending, *parent, 5);
    family.refuses(*parent, other, 601, short(*parent, 600, 601));
    family.shift(*parent, other, 600);
}

#[test]
fn a_node_that_was_settled_lends_nothing_more() {
    let family = family();
    let Family {
        city,
        parent,
        child,
    } = &family;
    city.tell(
        Peer::Collaboration,
        settle(*parent, 4, 300, vec![seat(STRANGER, 500_000, 300)]),
    );
    let done = wire::AlreadySettled {
        missionId: *parent,
        node: 4,
    };
    family.refuses(*parent, *child, 300, done);
}

#[test]
fn money_is_lent_to_ones_own_children_alone() {
    let family = family();
    let Family {
        city,
        parent,
        child,
    } = &family;
    let stranger = city.opened("sponsor", EPOCH);
    family.refuses(*parent, stranger, 10, short(*parent, 0, 10));
    city.know(*child, MissionState::Pending, stranger, 4);
    family.refuses(*parent, *child, 10, short(*parent, 0, 10));
    family.refuses(*parent, *parent, 10, wire::MalformedCall {});
    let none = B256::repeat_byte(0x77);
    family.refuses(*parent, none, 10, wrong(none, wire::EscrowState::None));
}

#[test]
fn a_successor_takes_all_that_is_left_and_owes_what_its_predecessor_owed() {
    let family = family();
    let Family {
        city,
        parent,
        child,
    } = &family;
    family.shift(*parent, *child, 300);
    let successor = city.opened("sponsor", EPOCH);
    city.know(successor, MissionState::Active, *child, 0);
    city.know(*child, MissionState::Failed, *parent, 4);
    family.refuses(*child, successor, 299, short(*child, 300, 299));
    family.refuses(*child, successor, 301, short(*child, 300, 301));
    family.shift(*child, successor, 300);
    assert_eq!(
        (family.of(*child), family.of(successor)),
        ((0, 0), (300, 0))
    );
    // What it leaves goes to the one that lent first.
    family.shift(successor, *parent, 250);
    assert_eq!(family.of(*parent), (950, 850));
    city.end(*child);
    city.call(STRANGER, wire::closeEscrowCall { missionId: *child })
        .unwrap();
    assert_eq!(city.escrow(*child).refunded, 0);
}

#[test]
fn a_mission_that_ended_first_still_hands_over() {
    let family = family();
    let Family { city, parent, .. } = &family;
    let successor = city.opened("sponsor", EPOCH);
    city.know(*parent, MissionState::Aborted, B256::ZERO, 0);
    city.end(*parent);
    family.shift(*parent, successor, 1_000);
    assert_eq!(family.of(successor), (1_000, 0));
}

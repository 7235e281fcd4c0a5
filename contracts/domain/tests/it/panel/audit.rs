//! INV-PANEL-05: the senior adjudicator alone brakes, when too few others can, and once until others looked at it.

use agentcity_domain::{
    act::{Action, quorum},
    panel::audit::{Audits, Refused},
};
use alloy_primitives::{Address, b256};

const SENIOR: Address = Address::repeat_byte(0x5e);

fn open(audits: &Audits, action: Action, active: u8, conflicted: u8) -> Result<Audits, Refused> {
    audits.open(action, SENIOR, active, conflicted)
}

#[test]
fn only_brakes_are_the_seniors() {
    for action in Action::ALL {
        let answer = open(&Audits::default(), *action, 7, 7);
        let may = matches!(action, Action::FreezeNode | Action::TriggerStop);
        assert_eq!(answer.is_ok(), may, "{action:?}");
        assert_eq!(action.is_seniors(), action.row().unwrap().senior);
    }
    assert!(!Action::None.is_seniors());
    assert!(open(&Audits::default(), Action::None, 7, 7).is_err());
}

/// Every panel: the power is there exactly while fewer than half are free of conflict.
#[test]
fn the_power_is_there_while_fewer_than_half_are_free() {
    for active in 0..=64 {
        for conflicted in 0..=active {
            let answer = open(&Audits::default(), Action::TriggerStop, active, conflicted);
            let available = active - conflicted;
            if available < quorum::half(active) {
                assert_eq!(answer.unwrap().open_one(), 1);
            } else {
                let audit = 0;
                assert_eq!(answer, Err(Refused::Senior { audit, available }));
            }
        }
    }
    let audit = Refused::Senior {
        audit: 0,
        available: 4,
    };
    assert_eq!(
        open(&Audits::default(), Action::FreezeNode, 7, 3),
        Err(audit)
    );
    assert!(open(&Audits::default(), Action::FreezeNode, 7, 4).is_ok());
}

#[test]
fn an_open_audit_suspends_the_power_until_it_is_closed() {
    let none = Audits::default();
    assert_eq!((none.open_one(), none.count()), (0, 0));
    assert_eq!(none.close(0), Err(Refused::NoAudit(0)));
    assert_eq!(none.close(1), Err(Refused::NoAudit(1)));
    let first = open(&none, Action::FreezeNode, 7, 7).unwrap();
    assert_eq!((first.open_one(), first.audited()), (1, SENIOR));
    let suspended = Refused::Senior {
        audit: 1,
        available: 0,
    };
    assert_eq!(open(&first, Action::FreezeNode, 7, 7), Err(suspended));
    assert_eq!(first.close(2), Err(Refused::NoAudit(2)));
    assert_eq!(first.close(0), Err(Refused::NoAudit(0)));
    let closed = first.close(1).unwrap();
    assert_eq!((closed.open_one(), closed.count()), (0, 1));
    assert_eq!(closed.audited(), Address::ZERO);
    assert_eq!(closed.close(1), Err(Refused::NoAudit(1)));
    let second = open(&closed, Action::TriggerStop, 7, 4).unwrap();
    assert_eq!((second.open_one(), second.count()), (2, 2));
}

#[test]
fn more_conflicts_than_people_leave_nobody() {
    let answer = open(&Audits::default(), Action::TriggerStop, 3, 9);
    assert_eq!(answer.unwrap().open_one(), 1);
}

#[test]
fn the_word_is_laid_out_as_drawn() {
    let first = open(&Audits::default(), Action::FreezeNode, 7, 7).unwrap();
    assert_eq!(
        first.0,
        b256!("0x5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e000000000000000100000000")
    );
}

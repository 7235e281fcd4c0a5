//! From contracts' logs to entries: types, parties, and what the payload says.

use agentcity_abi::{ICollaboration, IGuardian, ILegislature, ISettlementToken};
use agentcity_domain::peer::Peer;
use agentcity_hub::{
    chain::{Placed, drafts},
    entry::Origin,
    kind::EventType,
    store::Draft,
};
use alloy::{
    primitives::{Address, B256, Log, U256},
    sol_types::SolEvent,
};
use serde_json::json;

use crate::support::{account, word};

fn logged(contract: Peer, event: &impl SolEvent) -> Vec<Draft> {
    let log = Log {
        address: account(50),
        data: event.encode_log_data(),
    };
    let placed = Placed {
        log: &log,
        block: 9,
        block_hash: word(1),
        time_ms: 1_000,
        transaction: word(2),
        gas_used: 3,
        log_index: 4,
        epoch: 5,
    };
    drafts(contract, &placed, |of| {
        (of == account(7)).then(|| account(70))
    })
}

fn kinds(drafts: &[Draft]) -> Vec<EventType> {
    drafts.iter().map(|draft| draft.kind).collect()
}

#[test]
fn a_freeze_says_whom_it_is_about_and_all_that_the_contract_said() {
    let frozen = IGuardian::NodeFrozen {
        missionId: word(8),
        node: 3,
        freezeId: 6,
        attempt: 1,
        agent: account(7),
        cause: IGuardian::FreezeCause::Deviation,
        expiresAt: alloy::primitives::aliases::U40::from(99u64),
    };
    let found = logged(Peer::Guardian, &frozen);
    assert_eq!(kinds(&found), [EventType::FreezeTriggered]);
    let draft = &found[0];
    assert_eq!(
        (draft.mission, draft.node, draft.primary),
        (word(8), Some(3), account(7))
    );
    assert_eq!(
        (draft.secondary, &draft.principals[..]),
        (Address::ZERO, &[account(70)][..])
    );
    assert_eq!(
        (draft.contract, draft.block, draft.epoch, draft.gas_used),
        (account(50), 9, 5, 3)
    );
    assert_eq!(
        draft.origin,
        Origin::Chain {
            block_hash: word(1),
            transaction: word(2),
            log_index: 4
        }
    );
    assert_eq!(
        draft.payload,
        json!({ "contract": "guardian", "event": "NodeFrozen", "fields": {
            "missionId": word(8), "node": "3", "freezeId": "6", "attempt": "1", "agent": account(7), "cause": "1", "expiresAt": "99",
        }})
    );
}

#[test]
fn one_log_is_as_many_types_as_it_means() {
    let done = |tier| ICollaboration::NodeCompleted {
        missionId: word(8),
        node: 3,
        attempt: 0,
        tier,
        outputHash: word(1),
        trailRoot: word(2),
        digest: word(3),
    };
    let proved = logged(Peer::Collaboration, &done(1));
    assert_eq!(
        kinds(&proved),
        [EventType::TaskCompleted, EventType::PopApproved]
    );
    assert_eq!(
        kinds(&logged(Peer::Collaboration, &done(2))),
        [EventType::TaskCompleted]
    );
    use ICollaboration::Reason;
    for (reason, expected) in [
        (Reason::TimeoutExceeded, vec![EventType::TaskTimeout]),
        (Reason::HumanSilence, vec![EventType::TaskTimeout]),
        (
            Reason::ProofRejected,
            vec![EventType::TaskFailed, EventType::PopRejected],
        ),
        (
            Reason::CodeHashMismatch,
            vec![EventType::TaskFailed, EventType::CodehashMismatch],
        ),
        (Reason::FreezeConfirmed, vec![EventType::TaskFailed]),
    ] {
        let failed = ICollaboration::NodeFailed {
            missionId: word(8),
            node: 3,
            attempt: 0,
            reason,
        };
        assert_eq!(kinds(&logged(Peer::Collaboration, &failed)), expected);
    }
}

#[test]
fn a_bid_belongs_to_its_session() {
    let bid = ILegislature::BidPlaced {
        sessionId: word(4),
        node: 2,
        agent: account(7),
        bid: 1,
        serviceId: word(5),
        price: u128::MAX,
        stake: 1,
        latencyMs: 1,
        matchPermille: 1,
        tierAcceptance: 1,
    };
    let found = logged(Peer::Legislature, &bid);
    assert_eq!(kinds(&found), [EventType::BidSubmitted]);
    assert_eq!((found[0].mission, found[0].session), (B256::ZERO, word(4)));
    assert_eq!(
        found[0].payload["fields"]["price"],
        json!(u128::MAX.to_string())
    );
}

#[test]
fn what_is_no_type_or_is_said_by_another_contract_is_no_entry() {
    let transfer = ISettlementToken::Transfer {
        from: account(1),
        to: account(2),
        value: U256::MAX,
    };
    assert!(logged(Peer::Treasury, &transfer).is_empty());
    let released = IGuardian::OutputReleased {
        missionId: word(8),
        digest: word(1),
        byPanel: true,
    };
    assert_eq!(
        kinds(&logged(Peer::Guardian, &released)),
        [EventType::OutputReleased]
    );
    assert!(logged(Peer::Treasury, &released).is_empty());
}

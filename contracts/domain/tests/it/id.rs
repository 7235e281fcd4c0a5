//! Identifiers: nobody is nobody, and no two things are one.

use agentcity_domain::id::{AgentId, MissionId, NodeId, PrincipalId};
use alloy_primitives::{Address, keccak256};

#[test]
fn the_zero_address_is_nobody() {
    assert_eq!(AgentId::new(Address::ZERO), None);
    assert_eq!(PrincipalId::new(Address::ZERO), None);
    let someone = Address::with_last_byte(1);
    assert_eq!(AgentId::new(someone).map(AgentId::address), Some(someone));
    assert_eq!(
        PrincipalId::new(someone).map(PrincipalId::address),
        Some(someone)
    );
}

#[test]
fn missions_differ_by_sponsor_and_by_session() {
    let (ann, bob) = (Address::repeat_byte(0xaa), Address::repeat_byte(0xbb));
    let session = keccak256("a session");
    let first = MissionId::of_session(ann, session);
    assert_eq!(first, MissionId::of_session(ann, session));
    assert_ne!(first, MissionId::of_session(ann, keccak256("another")));
    assert_ne!(first, MissionId::of_session(bob, session));
    assert_eq!(first.sponsor(), ann);
    assert_eq!(first.word()[..20], [0xaa; 20]);
    assert_eq!(first.word()[20..], session[..12]);
    // Each of the twelve bytes tells two sessions apart, and none behind them.
    for byte in 0..32 {
        let mut other = session;
        other[byte] ^= 1;
        let differs = MissionId::of_session(ann, other) != first;
        assert_eq!(differs, byte < 12, "byte {byte}");
    }
}

#[test]
fn a_node_keeps_its_index() {
    assert_eq!(NodeId::new(4_999).index(), 4_999);
}

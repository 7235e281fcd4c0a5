//! Identifiers: nobody is nobody, and no two things are one.

use agentcity_domain::id::{AgentId, MissionId, NodeId, PrincipalId};
use alloy_primitives::{Address, B256};

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
fn missions_differ_by_creator_and_by_counter() {
    let (ann, bob) = (Address::repeat_byte(0xaa), Address::repeat_byte(0xbb));
    let first = MissionId::of_creator(ann, 1);
    assert_ne!(first, MissionId::of_creator(ann, 2));
    assert_ne!(first, MissionId::of_creator(bob, 1));
    assert_eq!(first.creator(), ann);
    let mut word = [0; 32];
    word[..20].fill(0xaa);
    word[31] = 1;
    assert_eq!(first.word(), B256::new(word));
    assert_eq!(MissionId::of_creator(ann, u64::MAX).word()[24..], [0xff; 8]);
}

#[test]
fn a_node_keeps_its_index() {
    assert_eq!(NodeId::new(4_999).index(), 4_999);
}

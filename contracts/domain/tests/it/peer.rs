//! Members of the city.

use std::collections::BTreeSet;

use agentcity_domain::peer::Peer;

#[test]
fn places_and_members_are_one_to_one() {
    for (place, peer) in Peer::ALL.into_iter().enumerate() {
        assert_eq!(peer.place(), place);
        assert_eq!(Peer::at(place as u8), Some(peer));
    }
    assert_eq!(Peer::at(Peer::COUNT as u8), None);
}

#[test]
fn a_member_is_called_by_its_name() {
    let names: BTreeSet<_> = Peer::ALL.map(Peer::name).into_iter().collect();
    assert_eq!(names.len(), Peer::COUNT);
    for peer in Peer::ALL {
        assert_eq!(peer.name(), format!("{peer:?}").to_lowercase());
    }
}

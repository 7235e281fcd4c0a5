//! Where a keeper finds its city: from one address, on every endpoint, and nowhere else.

use agentcity_domain::peer::Peer;
use agentcity_keeper::source::{
    city::CityError,
    ground::{Ground, GroundError},
};
use agentcity_test_fixtures::{
    Node, Settings,
    city::{Charter, City},
};
use alloy::{
    primitives::Address,
    providers::{ProviderBuilder, RootProvider},
};

fn at(url: &str) -> RootProvider {
    ProviderBuilder::default().connect_http(url.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_city_is_found_by_its_constitution_and_by_nothing_else() {
    let city = tokio::task::spawn_blocking(|| City::raise(&Charter::default()).unwrap());
    let city = city.await.unwrap();
    let own = at(&city.node.http_url());
    let constitution = city.address(Peer::Constitution);
    let found = Ground::find(std::slice::from_ref(&own), 1, Some(constitution)).await;
    let ground = found.unwrap();
    let members = ground.city.expect("a city");
    for peer in Peer::ALL {
        assert_eq!(members.at(peer), city.address(peer), "{}", peer.name());
    }
    assert_eq!(ground.chain_id, city.client.chain_id());

    // Nothing is there; a member that is none; and whom nobody knows.
    let nobody = Address::repeat_byte(0x4e);
    let empty = Ground::find(std::slice::from_ref(&own), 1, Some(nobody)).await;
    assert!(
        matches!(
            &empty,
            Err(GroundError::City(CityError::Nothing { constitution, .. })) if *constitution == nobody
        ),
        "{empty:?}"
    );
    let member = city.address(Peer::Treasury);
    let another = Ground::find(std::slice::from_ref(&own), 1, Some(member)).await;
    let told = another.unwrap_err();
    assert!(
        matches!(&told, GroundError::City(CityError::Another { .. })),
        "{told:?}"
    );
    assert!(
        told.to_string().starts_with("city.constitution: "),
        "{told}"
    );

    // An endpoint of another chain is outvoted, and with too few others nothing is believed.
    let other = Node::devnode(&Settings::default());
    let (strange, silent) = (at(&other.http_url()), at("http://127.0.0.1:1"));
    let outvoted = [own.clone(), strange.clone(), own.clone()];
    let ground = Ground::find(&outvoted, 2, Some(constitution)).await;
    assert_eq!(ground.unwrap().city, Some(members));
    let split = Ground::find(&[own.clone(), strange], 2, Some(constitution)).await;
    assert!(matches!(split, Err(GroundError::Split { .. })), "{split:?}");
    let few = Ground::find(&[own, silent], 2, Some(constitution)).await;
    assert!(
        matches!(few, Err(GroundError::Silent { answered: 1, .. })),
        "{few:?}"
    );
}

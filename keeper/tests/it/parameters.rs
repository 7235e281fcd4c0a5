//! What a panel amends, keepers go by at their next look, whatever their files say.

use std::{fs, sync::Arc, time::Duration};

use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use agentcity_keeper::{
    machine::router::Step,
    part::{
        Part,
        monitor::{Ears, Section},
    },
    source::city::City as Known,
};
use agentcity_monitor::{
    calibration::calibrate,
    scorer::{AnyScorer, Letters, Shape},
    window::Lengths,
};
use agentcity_test_fixtures::{
    city::{Charter, City},
    mission::{Plan, Task},
};
use alloy::{
    primitives::Address,
    providers::{ProviderBuilder, RootProvider},
};
use tempfile::tempdir;
use tokio::runtime::Runtime;

use crate::{
    freeze_story::traces,
    mission::{PRICE, Scene, hanging, proved},
};

#[test]
fn the_city_says_how_rare_looks_may_be_and_how_long_live_code_is_waited_for() {
    let plan = Plan {
        name: "two tasks".to_owned(),
        tasks: vec![Task::proved("one", PRICE), Task::proved("two", PRICE)],
        edges: Vec::new(),
        predicates: Vec::new(),
    };
    let mut scene = Scene::of(&plan, 2, |_, _| proved());
    let addresses = scene.addresses.clone();
    let part = Arc::new(scene.routing(&[0], &addresses));
    scene.keepers = vec![scene.keeper_of("one", Arc::clone(&part) as _)];
    assert_eq!(part.pause(), Duration::from_secs(3_600), "the file's");
    scene.until(|scene| scene.node(0).accepted == 1);
    assert_eq!(part.pause(), Duration::from_secs(10), "the city's");

    // ---- the seat is taken, and whoever is asked for the live code now never answers.
    let deaf = vec![(addresses[0].0, scene.runtime.block_on(hanging()))];
    let deaf = Arc::new(scene.routing(&[0], &deaf));
    let route = Step::Route {
        mission: scene.law.mission,
        node: 0,
        attempt: 0,
    };
    let waits = |scene: &Scene| scene.needs(&deaf, route).expect_err("nobody answers");
    // The service itself allows five seconds.
    let told = waits(&scene);
    assert!(told.contains("not within 2000 ms"), "{told}");

    let city = &mut scene.stage.city;
    city.amend(P::MaxCodeHashLatencyMs, 500).expect("a ruling");
    city.amend(P::AnchorIntervalMs, 3_000).expect("a ruling");
    let told = waits(&scene);
    assert!(told.contains("not within 500 ms"), "{told}");
    // That looks are to be oftener is asked once a minute.
    scene.rest(Duration::from_secs(60));
    scene.look();
    assert_eq!(part.pause(), Duration::from_secs(3));
}

#[test]
fn a_monitors_windows_are_as_long_as_the_city_has_them() {
    let mut city = City::raise(&Charter::default()).expect("a city");
    city.seat_panel().expect("a panel");
    let members = Peer::ALL.map(|peer| city.address(peer));
    let known = Known::of(city.client.chain_id(), members);
    let provider: RootProvider =
        ProviderBuilder::default().connect_http(city.node.http_url().parse().expect("a URL"));
    let (dir, runtime) = (tempdir().expect("a folder"), Runtime::new().expect("one"));
    let sigma = P::DeviationThresholdSigma.row().default;
    let file = |name: &str| dir.path().join(name);
    for (name, scorer) in [
        ("letters", AnyScorer::Letters(Letters::default())),
        ("shape", AnyScorer::Shape(Shape::default())),
    ] {
        let traces = traces();
        let made = calibrate(&scorer, &traces, &[], sigma, Lengths::default());
        let (calibration, _) = runtime.block_on(made).expect("enough traces");
        fs::write(file(name), calibration.text()).expect("written");
    }
    let section = format!(
        "scorer = \"shape\"\nletters = {:?}\nshape = {:?}\nwindows = {:?}\n",
        file("letters"),
        file("shape"),
        file("windows")
    );
    let section: Section = toml::from_str(&section).expect("a section");
    let ears = Ears::open(&section, &provider, known, Address::repeat_byte(1)).expect("ears");
    let lengths = || {
        let learnt = runtime.block_on(ears.learn());
        let lengths = learnt.expect("the city answers").lengths;
        (lengths.most, lengths.least)
    };
    assert_eq!(lengths(), (20, 5));
    city.amend(P::ScoreWindowMin, 3).expect("a ruling");
    assert_eq!(lengths(), (20, 3));
    city.amend(P::ScoreWindow, 12).expect("a ruling");
    assert_eq!(lengths(), (12, 3));
}

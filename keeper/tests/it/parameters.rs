//! What a panel amends, keepers go by at their next look, whatever their files say.

use std::{path::Path, sync::Arc, time::Duration};

use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use agentcity_keeper::{
    execution::Execution,
    machine::router::Step,
    part::{
        Part,
        monitor::{Ears, Section},
    },
    source::city::City as Known,
};
use agentcity_monitor::scorer::{AnyScorer, Scorer, Shape};
use agentcity_test_fixtures::{
    city::{Charter, City},
    mission::{Plan, Stage, Task},
};
use alloy::{
    primitives::{Address, B256, keccak256},
    providers::{ProviderBuilder, RootProvider},
};
use tempfile::tempdir;
use tokio::runtime::Runtime;

use crate::{
    desk::calibrate_into,
    freeze_story::{DEVIATING, usual},
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

/// A monitor of a city that hears by the shape of texts; what it reads and writes lies in `dir`.
fn ears(dir: &Path, city: &City, account: Address) -> Ears {
    let members = Peer::ALL.map(|peer| city.address(peer));
    let known = Known::of(city.client.chain_id(), members);
    let url = city.node.http_url().parse().expect("a URL");
    let provider: RootProvider = ProviderBuilder::default().connect_http(url);
    let runtime = Runtime::new().expect("one");
    runtime.block_on(calibrate_into(dir));
    let file = |name: &str| dir.join(name);
    let section = format!(
        "scorer = \"shape\"\nletters = {:?}\nshape = {:?}\nwindows = {:?}\n",
        file("letters"),
        file("shape"),
        file("windows")
    );
    let section: Section = toml::from_str(&section).expect("a section");
    Ears::open(&section, &provider, known, account).expect("ears")
}

fn sigma() -> u32 {
    P::DeviationThresholdSigma.row().default
}

#[test]
fn a_monitors_windows_are_as_long_as_the_city_has_them() {
    let mut city = City::raise(&Charter::default()).expect("a city");
    city.seat_panel().expect("a panel");
    let (dir, runtime) = (tempdir().expect("a folder"), Runtime::new().expect("one"));
    let ears = ears(dir.path(), &city, Address::repeat_byte(1));
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

#[test]
fn what_is_strange_by_windows_as_they_were_accuses_nobody_when_the_city_has_changed_them() {
    let mut stage = Stage::raise(&Charter::default(), 1, 1).expect("a city");
    let principal = stage
        .city
        .person("principal of the monitor")
        .expect("a person");
    let scorer = AnyScorer::Shape(Shape::default()).id().hash();
    let brought = stage.bring_monitor_with("the monitor", &principal, scorer);
    let account = brought.expect("a monitor").address();
    let (dir, runtime) = (tempdir().expect("a folder"), Runtime::new().expect("one"));
    let ears = ears(dir.path(), &stage.city, account);
    let hears = |node: u16, text: &str| {
        let execution = Execution {
            mission: B256::repeat_byte(1),
            node,
            attempt: 0,
            agent: Address::repeat_byte(2),
        };
        let hash = keccak256(text);
        let heard = runtime.block_on(ears.hears(&execution, hash, text.as_bytes(), sigma()));
        (heard.expect("the city answers"), hash)
    };

    // Five outputs of an agent who talks like nobody else: from the fifth on they are what it usually says.
    for node in 0..5 {
        let (_, hash) = hears(node, &format!("{DEVIATING}{node}"));
        let completed = ears.completed(B256::repeat_byte(1), node, hash);
        completed.expect("written");
    }
    // What everybody else says is strange of it.
    let (found, _) = hears(5, &usual(1, 1));
    assert!(found.is_some_and(|measure| measure > sigma()), "{found:?}");

    // Five speak for nobody any more, and it is measured by what all say. The monitor hears of that when it is about to accuse.
    let amended = stage.city.amend(P::ScoreWindowMin, 6);
    amended.expect("a ruling");
    assert_eq!(hears(5, &usual(1, 1)).0, None);
}

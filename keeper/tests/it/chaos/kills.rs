//! The run: a mission without kills, then missions with them, which must end alike.

use std::time::Instant;

use agentcity_test_fixtures::chance::{Chance, number};

use super::{
    ground::{Ground, Tally},
    life::Point,
};

/// Kills of the run in continuous integration; `cargo xtask chaos` names more.
const KILLS: u64 = 40;
const KILLS_VARIABLE: &str = "AGENTCITY_KILLS";

#[test]
fn missions_end_alike_however_often_their_keepers_are_killed() {
    let (seed, kills) = (Chance::seed(), number(KILLS_VARIABLE, KILLS));
    println!("AGENTCITY_SEED={seed} {KILLS_VARIABLE}={kills}");
    let (mut ground, mut chance, began) = (Ground::raise(), Chance::new(seed), Instant::now());
    let mut calm = Tally::new(0, Point::random);
    let unharmed = ground.mission(&mut chance, &mut calm);
    println!(
        "{} effects in {:?} without kills",
        unharmed.effects.len(),
        began.elapsed()
    );
    assert_eq!(calm.kills(), 0);
    let (mut tally, began) = (Tally::new(kills, Point::random), Instant::now());
    tally.missions = 1;
    while tally.left > 0 {
        let harmed = ground.mission(&mut chance, &mut tally);
        assert_eq!(
            harmed, unharmed,
            "mission {} of seed {seed}",
            tally.missions
        );
        let books = ground.stage.books().expect("books");
        assert!(books.balance(), "{books:?}");
    }
    let anchors = ground.prove_log();
    println!(
        "chaos kills={} random={} restarts={} missions={} anchors={anchors} seconds={} seed={seed}",
        tally.kills(),
        tally.random,
        tally.restarts,
        tally.missions - 1,
        began.elapsed().as_secs()
    );
}

#[test]
fn a_full_disk_stops_a_keeper_and_with_room_again_it_loses_and_doubles_nothing() {
    let (seed, deaths) = (Chance::seed(), number(KILLS_VARIABLE, KILLS) / 4);
    println!("AGENTCITY_SEED={seed}");
    let (mut ground, mut chance, began) = (Ground::raise(), Chance::new(seed), Instant::now());
    let mut calm = Tally::new(0, Point::full);
    let unharmed = ground.mission(&mut chance, &mut calm);
    let mut tally = Tally::new(deaths, Point::full);
    tally.missions = 1;
    while tally.left > 0 {
        let harmed = ground.mission(&mut chance, &mut tally);
        assert_eq!(
            harmed, unharmed,
            "mission {} of seed {seed}",
            tally.missions
        );
    }
    assert!(tally.full > 0, "no write failed: {tally:?}");
    ground.prove_log();
    println!(
        "chaos kills={} full={} restarts={} missions={} seconds={} seed={seed}",
        tally.kills(),
        tally.full,
        tally.restarts,
        tally.missions - 1,
        began.elapsed().as_secs()
    );
}

//! Who says yes to everything is noticed, and the city waits until the others have looked at it.

use agentcity_abi::{
    IAdjudication as panel,
    ICollaboration::{self as work, NodeState},
    IRoster::{self as roster, AlertKind},
    IVerification::{self as results},
};
use agentcity_domain::{act::Action, parameter::ParameterId as P, peer::Peer};
use agentcity_test_fixtures::{
    city::panel::number,
    mission::{Charter, Plan, Scene, Stage, Task, told},
};

use super::{PRICE, STAKE, address, seat};

/// Reviews of the mission, and executors who take turns in it.
const REVIEWS: u16 = 30;
const EXECUTORS: u16 = 5;
/// Who stamps.
const STAMP: usize = 6;

#[test]
fn a_rubber_stamp_is_noticed_flagged_and_stops_the_city_at_another_adjudicators_word() {
    let mut scene = Scene::raise(&Charter::default(), EXECUTORS.into(), 1);
    let tasks = (0..REVIEWS).map(|task| Task::reviewed(&format!("report {task}"), PRICE));
    let plan = Plan {
        name: "reports".to_owned(),
        tasks: tasks.chain([Task::proved("print", PRICE)]).collect(),
        edges: Vec::new(),
        predicates: Vec::new(),
    };
    let seated: Vec<usize> = (0..=REVIEWS)
        .map(|node| usize::from(node % EXECUTORS))
        .collect();
    let seats = scene.seats(&plan, &seated, STAKE);
    let mut law = scene.enact_with(&plan, &seats);
    let jobs: Vec<_> = (0..REVIEWS)
        .map(|node| scene.stage.job(&law, node))
        .collect();
    let begun = jobs.iter().map(|job| scene.stage.routes(job, job.agent(0)));
    let handed_in = jobs.iter().map(|job| scene.stage.submits(job));
    for steps in [begun.collect(), handed_in.collect::<Vec<_>>()] {
        scene.stage.perform(&mut law, steps).unwrap();
    }

    // ---- two reviews of three are his, as many as rotation leaves him, and he likes all of them.
    let least = P::WatchdogMinActions.row().default;
    let mut alerts = Vec::new();
    for (job, place) in jobs.iter().zip(0usize..) {
        let by = if place % 3 == 2 { place / 3 % 5 } else { STAMP };
        let act = scene.act(Peer::Verification, &Stage::approval(job));
        let decided = scene.decide(&act, &[by]);
        assert_eq!(told::<results::ReviewDecided>(&decided).len(), 1);
        alerts.extend(told::<roster::WatchdogAlert>(&decided));
        assert!(
            told::<roster::WatchdogFreeze>(&decided).is_empty(),
            "one pattern alone"
        );
    }
    let stamp = address(&scene, STAMP);
    let [alert] = &alerts[..] else {
        panic!("{alerts:?}");
    };
    assert_eq!((alert.adjudicator, alert.kind), (stamp, AlertKind::Rubber));
    assert_eq!((alert.actions, alert.approvals), (least, least));
    let known = seat(&mut scene, STAMP);
    assert!(known.flagged && known.unpaidReviews == least);
    assert_eq!(scene.stage.city.frozen_until().unwrap(), 0);

    // ---- he does not confirm it himself, nor anybody what was not so; another does, and the city is frozen.
    let words = |actions: u32| [stamp.into_word(), number(actions)];
    let confirm = scene.draft(Action::ConfirmAlert, &words(least));
    let own = panel::ConflictOfInterest {
        signer: stamp,
        mission: stamp.into_word(),
    };
    scene.undecided(&confirm, &[STAMP], &own);
    let other = scene.draft(Action::ConfirmAlert, &words(least + 1));
    let changed = roster::ValueChanged {
        expected: number(least + 1),
        found: number(least),
    };
    scene.undecided(&other, &[0], &changed);
    let frozen = scene.decide(&confirm, &[0]);
    let until = told::<roster::WatchdogFreeze>(&frozen)[0].until;
    let hours = u64::from(P::WatchdogMaxFreezeDuration.row().default);
    assert_eq!(until.to::<u64>(), scene.now() + 72 * 3_600);
    assert_eq!(hours, 72);
    let routing = scene.routing(&law, REVIEWS, &[0]);
    let first = scene.agent(0);
    let lies = work::Halted {
        missionId: law.mission,
        halt: work::Halt::EmergencyStop,
        until,
    };
    scene.refused(&first, Peer::Collaboration, &routing, &lies);

    // ---- all whom it has not flagged end it; five are too few, and his signature is none.
    let release = scene.draft(Action::ReleaseWatchdog, &[number(until)]);
    let few = panel::SignersMissing { have: 5, need: 6 };
    scene.undecided(&release, &[0, 1, 2, 3, 4], &few);
    let flagged = panel::NotAdjudicator { signer: stamp };
    scene.undecided(&release, &[0, 1, 2, 3, 4, 5, STAMP], &flagged);
    let released = scene.decide(&release, &[0, 1, 2, 3, 4, 5]);
    assert!(told::<roster::WatchdogReleased>(&released)[0].byPanel);
    scene.route(&law, REVIEWS, &[0]);
    // The alert that was looked at halts nothing a second time.
    let again = scene.draft(Action::ConfirmAlert, &words(least));
    scene.undecided(&again, &[1], &roster::AlreadyDone { who: stamp });
    scene.submit(&law, REVIEWS, 0);
    let states = jobs.iter().map(|job| scene.node(&law, job.node).state);
    assert!(
        states
            .collect::<Vec<_>>()
            .iter()
            .all(|state| *state == NodeState::Completed)
    );
    assert_eq!(scene.state(&law), work::MissionState::Verification);
}

//! A freeze is a question to one human: was the alarm right?

use agentcity_abi::{
    IAdjudication::{self as panel, RotationClass},
    ICollaboration::{self as work, NodeState, Reason},
    IGuardian::{self as guardian, UnfreezeKind},
    IRoster as roster, ITreasury as treasury,
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use agentcity_test_fixtures::{
    city::Person,
    mission::{Charter, Law, Scene, seconds, stage::DEPOSIT, told},
};
use alloy::primitives::U256;

use super::{STAKE, UNIT, address, proofs};

/// A monitor reports too many calls of tools, and the node is frozen: the number of the freeze.
#[track_caller]
fn frozen(scene: &mut Scene, law: &Law, node: u16, monitor: &Person) -> u64 {
    let agent = scene.agent(usize::from(node) % 2).address();
    let tools = P::MaxToolInvocations.row().default + 1;
    let report = scene.counters(law, (node, agent), monitor, (1, tools));
    let relayed = scene.relay(&[(&report, monitor)]);
    assert_eq!(scene.node(law, node).state, NodeState::Frozen);
    told::<guardian::NodeFrozen>(&relayed)[0].freezeId
}

#[test]
fn a_false_alarm_costs_its_monitor_a_confirmed_one_the_executor_and_nobody_judges_thrice_running() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    let [wolf, watchful] = ["wolf", "watchful"].map(|name| scene.monitor(name));
    let plan = proofs("watched", 4);
    let seats = scene.seats(&plan, &[0, 1, 0, 1], STAKE);
    let law = scene.enact_with(&plan, &seats);
    for node in 0..4 {
        scene.route(&law, node, &[usize::from(node) % 2]);
    }
    let mission = law.mission;

    // ---- a freeze reviewed as a false positive: the node works on, the monitor pays.
    let freeze = frozen(&mut scene, &law, 0, &wolf);
    let before = scene.books();
    let lift = guardian::unfreezeNodeCall {
        missionId: mission,
        node: 0,
        freezeId: freeze,
        kind: UnfreezeKind::FalsePositive,
    };
    let lifted = scene.act(Peer::Guardian, &lift);
    let lifted = scene.decide(&lifted, &[0]);
    assert_eq!(told::<guardian::NodeUnfrozen>(&lifted)[0].freezeId, freeze);
    assert_eq!(scene.node(&law, 0).state, NodeState::Eligible);
    let classify = guardian::classifyFalsePositiveCall {
        missionId: mission,
        node: 0,
        freezeId: freeze,
    };
    let reviewed = scene.act(Peer::Guardian, &classify);
    let reviewed = scene.decide(&reviewed, &[0]);
    let blamed = &told::<guardian::FreezeFalsePositive>(&reviewed)[0];
    assert_eq!(
        (blamed.freezeId, &blamed.monitors[..]),
        (freeze, &[wolf.address()][..])
    );
    let bond = u128::from(P::MonitorBond.row().default) * UNIT;
    let cost = bond * u128::from(P::FalsePositiveSlashBps.row().default) / 10_000;
    let charged = &told::<roster::MonitorCharged>(&reviewed)[0];
    assert_eq!(
        (charged.monitor, charged.amount.to::<u128>()),
        (wolf.address(), cost)
    );
    let after = scene.books();
    assert_eq!(before.bonds - after.bonds, U256::from(cost));
    let known = roster::monitorCall {
        account: wolf.address(),
    };
    let known = scene.ask(Peer::Roster, &known);
    let until = scene.now() + seconds(P::MonitorSuspensionSecs);
    assert_eq!(
        (known.bond, known.suspendedUntil.to()),
        (bond - cost, until)
    );
    // Who cried wolf is not heard for a while, and the executor, who lost nothing, begins again and hands in what it did.
    let agent = scene.agent(1).address();
    let tools = P::MaxToolInvocations.row().default + 1;
    let report = scene.counters(&law, (1, agent), &wolf, (1, tools));
    let call = scene.reporting(&[(&report, &wolf)]);
    let stranger = scene.stranger.clone();
    let unheard = guardian::MonitorRefused {
        monitor: wolf.address(),
    };
    scene.refused(&stranger, Peer::Guardian, &call, &unheard);
    scene.route(&law, 0, &[0]);
    scene.submit(&law, 0, 0);
    assert_eq!(scene.node(&law, 0).state, NodeState::Completed);

    // ---- a freeze that is confirmed: the node failed at its executor's fault.
    let freeze = frozen(&mut scene, &law, 1, &watchful);
    let (held, score) = (scene.staked(&law, agent), scene.reputation(agent));
    let confirm = guardian::confirmFreezeCall {
        missionId: mission,
        node: 1,
        freezeId: freeze,
    };
    let act = scene.act(Peer::Guardian, &confirm);
    // The same adjudicator decided the last two of this class in this mission.
    let turn = panel::RotationRequired {
        signer: address(&scene, 0),
        mission,
        class: RotationClass::Freeze,
    };
    scene.undecided(&act, &[0], &turn);
    let confirmed = scene.decide(&act, &[1]);
    assert_eq!(
        told::<guardian::FreezeConfirmed>(&confirmed)[0].agent,
        agent
    );
    let failed = &told::<work::NodeFailed>(&confirmed)[0];
    assert_eq!((failed.node, failed.reason), (1, Reason::FreezeConfirmed));
    assert_eq!(scene.node(&law, 1).state, NodeState::Failed);
    let taken: U256 = told::<treasury::StakeSlashed>(&confirmed)
        .iter()
        .map(|slash| slash.amount)
        .sum();
    assert!(!taken.is_zero());
    assert_eq!(U256::from(held - scene.staked(&law, agent)), taken);
    assert!(scene.reputation(agent) < score);
    scene.books();

    // ---- a panel's own freeze, which one may put and another lifts; the first one's turn has come again.
    let named = scene.agent(0).address();
    let put = guardian::freezeNodeCall {
        missionId: mission,
        node: 2,
        attempt: 0,
        agent: named,
    };
    let act = scene.act(Peer::Guardian, &put);
    let put = scene.decide(&act, &[2]);
    let freeze = told::<guardian::NodeFrozen>(&put)[0].freezeId;
    let lift = guardian::unfreezeNodeCall {
        node: 2,
        freezeId: freeze,
        kind: UnfreezeKind::Warning,
        ..lift
    };
    let act = scene.act(Peer::Guardian, &lift);
    scene.decide(&act, &[0]);
    scene.route(&law, 2, &[0]);
    scene.submit(&law, 2, 0);

    // ---- nobody gives the failed node to another: the mission ends, and everybody has what is his.
    let deadline = scene.mission(&law).deadline.to();
    let over = work::expireMissionCall { missionId: mission };
    scene.out_after(deadline, Peer::Collaboration, &over);
    let until = scene.mission(&law).since.to::<u64>() + seconds(P::RecoveryGraceMs);
    scene.out_after(until, Peer::Collaboration, &over);
    scene.clear(&law);
    let (taken, funds) = scene.leave(&[]);
    assert_eq!(taken + funds, 2 * DEPOSIT + law.written.budget);
}

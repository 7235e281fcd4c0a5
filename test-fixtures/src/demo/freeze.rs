//! `freeze-and-override`: an alarm is a question to one human. A false one costs who raised it, a true one who caused it, and no human
//! answers thrice running or ends a mission alone.

use agentcity_abi::{
    IAdjudication::{self as panel, RotationClass},
    IAgent as agents,
    ICollaboration::{self as work, MissionState, NodeState, Reason},
    IGuardian::{self as guardian, UnfreezeKind},
    IRoster as roster, ITreasury as treasury, IVerification as results,
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use alloy::primitives::{Address, U256, keccak256};

use super::{
    DemoError, Ending, Teller,
    play::{PRICE, Play},
    teller::{span, units},
};
use crate::{
    city::{Charter, Person},
    mission::{Law, Plan, Task, told},
};

/// The tasks: one of an honest executor, one of one that calls too many tools.
const HONEST: u16 = 0;
const GREEDY: u16 = 1;

pub(super) fn play(teller: &mut Teller<'_>) -> Result<Ending, DemoError> {
    let mut play = Play::raise(teller, &Charter::default(), 2)?;
    play.say(
        "Two monitors watch executors here. Each is an agent of a principal of its own, put up a bond that it can lose, and was approved by \
         the panel.",
    )?;
    let [hasty, careful] = ["hasty monitor", "careful monitor"];
    let hasty = play.stage.bring_monitor(hasty)?;
    let careful = play.stage.bring_monitor(careful)?;

    play.teller.chapter("Two tasks under way")?;
    play.say("The city legislates a mission of two tasks, and each executor begins one.")?;
    let plan = Plan {
        name: "two maps".to_owned(),
        tasks: ["draw the east", "draw the west"]
            .map(|task| Task::proved(task, PRICE))
            .to_vec(),
        edges: Vec::new(),
        predicates: Vec::new(),
    };
    let executors = play.stage.executors.clone();
    let mut law = play.enact(&plan, &executors)?;
    play.begins(&law, HONEST)?;
    play.begins(&law, GREEDY)?;

    false_alarm(&mut play, &mut law, &hasty)?;
    true_alarm(&mut play, &law, &careful)?;
    overridden(&mut play, &law)?;

    play.teller.chapter("Everybody is paid out")?;
    play.pay_out(std::slice::from_mut(&mut law))?;
    play.teller.shown(&[
        "One signed report of a bonded monitor freezes work in the block in which it arrives; what is frozen takes no result.",
        "One adjudicator lifts a freeze. If the alarm was false, the monitor pays out of its bond and is not heard for a day; the \
         executor loses nothing and is paid in full.",
        "If the alarm was true, the executor's stake and reputation pay.",
        "Nobody decides the same kind of case in the same mission three times running, and nobody ends a mission alone.",
        "After all that every base unit is with somebody or in the city's funds.",
    ])?;
    let mission = law.mission;
    play.look(&[
        format!("mission show {mission}"),
        format!("node show {mission} {GREEDY}"),
        "log query --contract guardian".to_owned(),
        "audit books".to_owned(),
    ])?;
    Ok(play.end(mission))
}

/// A monitor reports too many calls of tools: the number of the freeze.
fn alarm(
    play: &mut Play<'_, '_>,
    law: &Law,
    node: u16,
    monitor: &Person,
) -> Result<u64, DemoError> {
    let job = play.stage.job(law, node);
    let step = play.stage.accuses(monitor, &job, 1);
    let reported = play.act(step)?;
    play.node_is(law, node, NodeState::Frozen)?;
    Ok(play.one::<guardian::NodeFrozen>(&reported)?.freezeId)
}

fn false_alarm(play: &mut Play<'_, '_>, law: &mut Law, monitor: &Person) -> Result<(), DemoError> {
    play.teller.chapter("An alarm that is false")?;
    let most = P::MaxToolInvocations.row().default;
    play.say(&format!(
        "The hasty monitor signs that executor 0 called {} tools where the constitution allows {most}. Nobody has to agree: the task is \
         frozen in the same transaction.",
        most + 1
    ))?;
    let freeze = alarm(play, law, HONEST, monitor)?;
    play.say("The executor hands in its result all the same. Frozen work is not taken, whatever it is worth:")?;
    let frozen = results::WrongNodeState {
        missionId: law.mission,
        node: HONEST,
        state: results::NodeState::Frozen,
        attempt: 0,
    };
    let result = play.hands_in(law, HONEST);
    play.refused(result, &frozen)?;
    play.say("Adjudicator 0 looks at the trail and finds nothing wrong. One signature is enough to lift a freeze:")?;
    let lift = guardian::unfreezeNodeCall {
        missionId: law.mission,
        node: HONEST,
        freezeId: freeze,
        kind: UnfreezeKind::FalsePositive,
    };
    let lift = play.stage.city.act(Peer::Guardian, &lift)?;
    let ruling = play.ruling(&lift, &[0]);
    play.act(ruling)?;
    play.node_is(law, HONEST, NodeState::Eligible)?;

    play.say(
        "Whoever cries wolf pays. The same adjudicator classifies the freeze as a false positive:",
    )?;
    let classify = guardian::classifyFalsePositiveCall {
        missionId: law.mission,
        node: HONEST,
        freezeId: freeze,
    };
    let classify = play.stage.city.act(Peer::Guardian, &classify)?;
    let ruling = play.ruling(&classify, &[0]);
    let classified = play.act(ruling)?;
    let charged = play.one::<roster::MonitorCharged>(&classified)?;
    let bond = play.stage.city.base_units(P::MonitorBond.row().default);
    let share = U256::from(P::FalsePositiveSlashBps.row().default);
    let cost = bond * share / U256::from(10_000); // structural: basis points
    play.same("a tenth of the bond is taken", &cost, &charged.amount)?;
    let silent = u64::from(P::MonitorSuspensionSecs.row().default);
    play.teller.row(&format!(
        "{} of its bond of {} go to the funds; it is not heard for {}",
        units(charged.amount),
        units(bond),
        span(silent)
    ))?;
    play.say("What it reports next counts for nothing:")?;
    let job = play.stage.job(law, GREEDY);
    let again = play.stage.accuses(monitor, &job, 1);
    let unheard = guardian::MonitorRefused {
        monitor: monitor.address(),
    };
    play.refused(again, &unheard)?;
    play.say("The executor, who lost nothing, begins again, hands in, and is paid:")?;
    play.begins(law, HONEST)?;
    let result = play.hands_in(law, HONEST);
    let paid = play.act(result)?;
    play.node_is(law, HONEST, NodeState::Completed)?;
    play.tells_payment(&paid)
}

fn true_alarm(play: &mut Play<'_, '_>, law: &Law, monitor: &Person) -> Result<(), DemoError> {
    play.teller.chapter("An alarm that is true")?;
    play.say("The careful monitor reports executor 1, who did call too many.")?;
    let freeze = alarm(play, law, GREEDY, monitor)?;
    let confirm = guardian::confirmFreezeCall {
        missionId: law.mission,
        node: GREEDY,
        freezeId: freeze,
    };
    let confirm = play.stage.city.act(Peer::Guardian, &confirm)?;
    play.say(
        "Adjudicator 0 would confirm it, but decided the last two cases of this kind in this mission. The constitution wants another pair \
         of eyes:",
    )?;
    let turn = panel::RotationRequired {
        signer: play.stage.city.adjudicators[0].address(),
        mission: law.mission,
        class: RotationClass::Freeze,
    };
    let ruling = play.ruling(&confirm, &[0]);
    play.refused(ruling, &turn)?;
    play.say("Adjudicator 1 confirms it, and the task has failed at its executor's fault:")?;
    let agent = play.stage.executors[1].agent.address();
    let (held, score) = (play.staked(law, agent)?, reputation(play, agent)?);
    let ruling = play.ruling(&confirm, &[1]);
    let confirmed = play.act(ruling)?;
    let failed = play.one::<work::NodeFailed>(&confirmed)?;
    play.same(
        "the task failed since its freeze was confirmed",
        &(GREEDY, Reason::FreezeConfirmed),
        &(failed.node, failed.reason),
    )?;
    let slashed = told::<treasury::StakeSlashed>(&confirmed);
    let lost: U256 = slashed.iter().map(|slash| slash.amount).sum();
    play.holds("its executor pays", !lost.is_zero())?;
    let left = play.staked(law, agent)?;
    play.same("out of its stake", &U256::from(held - left), &lost)?;
    let (who, now) = (play.name_of(agent), reputation(play, agent)?);
    play.holds("and its reputation", now < score)?;
    play.teller.row(&format!(
        "{who} loses {} of a stake of {}; its reputation falls from {score} to {now} thousandths",
        units(lost),
        units(held)
    ))?;
    Ok(())
}

/// An agent's reputation, in thousandths of a point.
fn reputation(play: &mut Play<'_, '_>, agent: Address) -> Result<u32, DemoError> {
    let record = play.ask(Peer::Agent, &agents::agentRecordCall { agent })?;
    Ok(record.reputation)
}

fn overridden(play: &mut Play<'_, '_>, law: &Law) -> Result<(), DemoError> {
    play.teller.chapter("Two humans end it")?;
    play.say(
        "Half of the map is of no use, and waiting for the deadline costs a day. The panel may end a mission without fault, by two \
         signatures. One is too few:",
    )?;
    let end = work::abortMissionCall {
        missionId: law.mission,
        justificationHash: keccak256("half a map"),
    };
    let end = play.stage.city.act(Peer::Collaboration, &end)?;
    let few = panel::SignersMissing { have: 1, need: 2 };
    let ruling = play.ruling(&end, &[2]);
    play.refused(ruling, &few)?;
    let ruling = play.ruling(&end, &[2, 3]);
    play.act(ruling)?;
    play.mission_is(law, MissionState::Aborted)?;
    play.say("Nothing else can happen in it now, but that everybody gets what is theirs.")
}

//! `sequencer-outage`: an hour in which nobody can do anything. Two monitors say so afterwards, deadlines move, and nobody is slashed: with
//! the panel's word work goes on, without it anybody ends it.

use agentcity_abi::{
    IAdjudication as panel,
    ICollaboration::{self as work, MissionState, NodeState, Reason},
    IGuardian as guardian, ITreasury as treasury, IVerification as results,
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use alloy::primitives::U256;
use serde_json::json;

use super::{
    DemoError, Ending, Teller,
    play::{HOUR, PRICE, Play},
    teller::span,
};
use crate::{
    city::{Charter, Person},
    mission::{Law, Plan, Task, seconds, told},
};

/// How a devnode says that it takes nothing.
const PAUSED: &str = "paused";

pub(super) fn play(teller: &mut Teller<'_>) -> Result<Ending, DemoError> {
    let mut play = Play::raise(teller, &Charter::default(), 2)?;
    let monitors = [
        play.stage.bring_monitor("monitor of the north")?,
        play.stage.bring_monitor("monitor of the south")?,
    ];
    play.teller.chapter("Two missions under way")?;
    play.say("Each has one task; its executor begins it, and has about ten minutes from then on.")?;
    let mut laws = Vec::with_capacity(2);
    for (place, name) in ["a tide table", "a bird count"].into_iter().enumerate() {
        let plan = Plan {
            name: name.to_owned(),
            tasks: vec![Task::proved(name, PRICE)],
            edges: Vec::new(),
            predicates: Vec::new(),
        };
        let executor = play.stage.executors[place].clone();
        laws.push(play.legislate(&plan, &[executor])?);
    }
    for law in &mut laws {
        play.make_law(law)?;
        play.begins(law, 0)?;
    }
    let from = stands_still(&mut play, &laws[0])?;
    reported(&mut play, &laws, from, &monitors)?;
    with_the_panel(&mut play, &laws[0], &monitors[0])?;
    without_it(&mut play, &laws[1])?;
    let slashed = play
        .stage
        .events::<treasury::StakeSlashed>(Peer::Treasury)?;
    play.holds("nobody was slashed", slashed.is_empty())?;

    play.teller.chapter("Everybody is paid out")?;
    play.pay_out(&mut laws)?;
    play.teller.shown(&[
        "In an outage nothing is done, so nothing is lost; reads go on.",
        "Two bonded monitors of different principals prove an outage after it. Deadlines move by it and an hour of grace, by no more than a day \
         in a mission's whole life.",
        "From then on clocks stand still until the panel says that the mission goes on; neither friend nor foe gets anything done.",
        "If the panel says nothing either, anybody ends the mission after two hours, and nobody is at fault: stakes and escrow go back.",
    ])?;
    let [alive, ended] = [laws[0].mission, laws[1].mission];
    play.look(&[
        format!("mission show {alive}"),
        format!("mission exits {ended}"),
        "log query --contract guardian --event DegradedEntered".to_owned(),
        "rules get degradedExtensionMaxSecs".to_owned(),
    ])?;
    Ok(play.end(alive))
}

/// The sequencer takes nothing and makes no block for an hour: the time of the last block before.
fn stands_still(play: &mut Play<'_, '_>, law: &Law) -> Result<u64, DemoError> {
    play.teller.chapter("The chain stands still")?;
    let (from, block) = (play.stage.city.client.now()?, play.block()?);
    let expires = play
        .node_is(law, 0, NodeState::Executing)?
        .expiresAt
        .to::<u64>();
    play.say(&format!(
        "After block {block} the sequencer makes no block and takes no transaction. Executor 0 has its result, and {} to hand it in; it tries:",
        span(expires.saturating_sub(from))
    ))?;
    play.holds("it is in time", expires > from)?;
    let rpc = play.stage.city.client.rpc();
    rpc.call("devnode_pauseProduction", json!(["refuse"]))?;
    let step = play.hands_in(law, 0);
    let client = &mut play.stage.city.client;
    let sent = client.launch(step.by.signer(), step.to, U256::ZERO, step.input, step.what);
    let said = sent.err().map(|error| error.to_string());
    let said = said.unwrap_or_default();
    play.holds("the sequencer takes nothing", said.contains(PAUSED))?;
    play.teller
        .row("the node answers: sequencer is not accepting transactions")?;
    let newest = play.block()?;
    play.same("no block is made", &block, &newest)?;
    let client = &mut play.stage.city.client;
    client.rpc().call("devnode_resumeProduction", json!([]))?;
    client.warp_to(from + HOUR)?;
    let block = play.block()?;
    play.say(&format!(
        "An hour later block {block} comes. The deadline was {} ago.",
        span((from + HOUR).saturating_sub(expires))
    ))?;
    Ok(from)
}

/// Two monitors say when the chain stood still, and a stranger relays it.
fn reported(
    play: &mut Play<'_, '_>,
    laws: &[Law],
    from: u64,
    monitors: &[Person; 2],
) -> Result<(), DemoError> {
    play.teller.chapter("Two monitors say so")?;
    let least = seconds(P::DegradedModeThresholdMs);
    play.say(&format!(
        "An outage of more than {} can be proved by two bonded monitors of different principals: each signs from when until when it saw no \
         block. A stranger relays what they signed, as the first thing that the chain does again:",
        span(least)
    ))?;
    let until = from + HOUR;
    for law in laws {
        let enter = play
            .stage
            .outage_words(law.mission, (from, until), monitors);
        let step = play.call(&play.stranger, Peer::Guardian, &enter);
        let entered = play.act(step)?;
        let entered = play.one::<guardian::DegradedEntered>(&entered)?;
        let moved = entered.extendedSecs.to::<u64>();
        let grace = u64::from(P::DegradedGraceSecs.row().default);
        play.same(
            "deadlines move by the hour and a grace",
            &(HOUR + grace),
            &moved,
        )?;
        play.mission_is(law, MissionState::Degraded)?;
    }
    play.teller.row(&format!(
        "deadlines of both missions move by {}, and stand still from now on",
        span(HOUR + u64::from(P::DegradedGraceSecs.row().default))
    ))?;
    play.say("Somebody who would like to see executor 0 fail is too late with it, and executor 0 itself too early:")?;
    let law = &laws[0];
    let foe = play.expires_node(law, 0);
    let degraded = work::WrongMissionState {
        missionId: law.mission,
        state: MissionState::Degraded,
    };
    play.refused(foe, &degraded)?;
    let friend = play.hands_in(law, 0);
    let degraded = results::WrongMissionState {
        missionId: law.mission,
        state: results::MissionState::Degraded,
    };
    play.refused(friend, &degraded)
}

fn with_the_panel(play: &mut Play<'_, '_>, law: &Law, monitor: &Person) -> Result<(), DemoError> {
    play.teller
        .chapter("The first mission goes on by the panel's word")?;
    play.say("What an outage did to a mission humans judge: two adjudicators let it go on. One is too few.")?;
    let exit = guardian::exitDegradedCall {
        missionId: law.mission,
    };
    let exit = play.stage.city.act(Peer::Guardian, &exit)?;
    let few = panel::SignersMissing { have: 1, need: 2 };
    let ruling = play.ruling(&exit, &[0]);
    play.refused(ruling, &few)?;
    let ruling = play.ruling(&exit, &[0, 1]);
    play.act(ruling)?;
    play.mission_is(law, MissionState::Executing)?;
    play.say(
        "Executor 0 hands in what it had an hour ago, in time by the moved deadline, and is paid:",
    )?;
    let step = play.hands_in(law, 0);
    let paid = play.act(step)?;
    play.node_is(law, 0, NodeState::Completed)?;
    play.tells_payment(&paid)?;
    for step in play.stage.opens_gate(law, monitor) {
        play.act(step)?;
    }
    play.mission_is(law, MissionState::Completed)?;
    Ok(())
}

fn without_it(play: &mut Play<'_, '_>, law: &Law) -> Result<(), DemoError> {
    play.teller.chapter("Nobody answers for the second")?;
    let wait = seconds(P::DegradedAdjudicatorTimeoutMs);
    play.say(&format!(
        "The panel says nothing about the second mission. A mission that waits for humans waits {}, and then anybody may end it:",
        span(wait)
    ))?;
    let since = play.mission(law)?.since.to::<u64>();
    let step = play.expires_mission(law);
    let over = play.way_out(since + wait, step)?;
    let moved = play.one::<work::MissionStateChanged>(&over)?;
    play.same(
        "it is aborted since humans were silent",
        &(MissionState::Aborted, Reason::HumanSilence),
        &(moved.to, moved.reason),
    )?;
    let faults = told::<work::FaultSignal>(&over);
    play.holds("nobody is at fault", faults.is_empty())
}

//! `silent-humans`: nobody of the panel answers anything. Whatever waits for a human has a deadline, after which a stranger ends it.

use agentcity_abi::{
    ICollaboration::{self as work, MissionState, NodeState, Reason},
    IGuardian as guardian, ITreasury as treasury,
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use alloy::primitives::U256;

use super::{
    DemoError, Ending, Teller,
    play::{PRICE, Play},
    teller::{span, units},
};
use crate::{
    city::Charter,
    mission::{Law, Plan, Task, seconds, stage::DEPOSIT, told},
};

/// The tasks: one that needs no human, one that a human is to look at, one that a monitor will freeze.
const PROVED: u16 = 0;
const REVIEWED: u16 = 1;
const FROZEN: u16 = 2;
/// Life of the mission, in seconds: longer than all that it waits for.
const LIFE: u64 = 5 * 86_400;

pub(super) fn play(teller: &mut Teller<'_>) -> Result<Ending, DemoError> {
    let mut play = Play::raise(teller, &Charter::default(), 3)?;
    let monitor = play.stage.bring_monitor("monitor")?;
    play.stage.life = LIFE;
    play.teller.chapter("A mission that needs humans")?;
    play.say("Three tasks: a proof that a contract checks, an essay that a human is to read, and a proof that a monitor is about to freeze.")?;
    let plan = Plan {
        name: "a mission that needs humans".to_owned(),
        tasks: vec![
            Task::proved("add", PRICE),
            Task::reviewed("write an essay", PRICE),
            Task::proved("multiply", PRICE),
        ],
        edges: Vec::new(),
        predicates: Vec::new(),
    };
    let executors = play.stage.executors.clone();
    let mut law = play.enact(&plan, &executors)?;
    for node in [PROVED, REVIEWED, FROZEN] {
        play.begins(&law, node)?;
    }
    play.say("The proof is checked and paid in the transaction that brings it:")?;
    let step = play.hands_in(&law, PROVED);
    let paid = play.act(step)?;
    play.node_is(&law, PROVED, NodeState::Completed)?;
    play.tells_payment(&paid)?;
    play.say("The essay waits for a reader, and the other proof for somebody to say whether the monitor was right:")?;
    let step = play.hands_in(&law, REVIEWED);
    play.act(step)?;
    let job = play.stage.job(&law, FROZEN);
    let step = play.stage.accuses(&monitor, &job, 1);
    let frozen = play.act(step)?;
    play.one::<guardian::NodeFrozen>(&frozen)?;
    let frozen_at = play.stage.city.client.now()?;

    unread(&mut play, &law)?;
    undecided(&mut play, &law, frozen_at)?;
    unfinished(&mut play, &law)?;

    let slashed = play
        .stage
        .events::<treasury::StakeSlashed>(Peer::Treasury)?;
    play.holds("nobody was slashed", slashed.is_empty())?;
    play.teller.chapter("Every coin comes back")?;
    play.say(&format!(
        "Each executor deposited {} for its stakes. Who did its work has that and its pay; those whose humans were silent have it whole.",
        units(U256::from(DEPOSIT))
    ))?;
    play.pay_out(std::slice::from_mut(&mut law))?;
    play.teller.shown(&[
        "Whatever waits for a human waits for a time that everybody can read beforehand; nothing of it needs a human to end.",
        "Each way out is shut in the last second of its deadline and open to anybody in the next.",
        "Human silence is nobody's fault: no stake is slashed for it.",
        "At the end no coin is held for anything.",
    ])?;
    let mission = law.mission;
    play.look(&[
        format!("mission show {mission}"),
        format!("mission exits {mission}"),
        "audit books".to_owned(),
    ])?;
    Ok(play.end(mission))
}

/// Nobody reads the essay.
fn unread(play: &mut Play<'_, '_>, law: &Law) -> Result<(), DemoError> {
    play.teller.chapter("Nobody reads the essay")?;
    let review = seconds(P::MaxHumanReviewTimeoutMs);
    play.say(&format!(
        "Whose turn it is has {} to review it. Then everybody of the panel may, for as long again. A stranger opens that second period:",
        span(review)
    ))?;
    let until = play
        .node_is(law, REVIEWED, NodeState::PendingReview)?
        .expiresAt
        .to::<u64>();
    let step = play.expires_node(law, REVIEWED);
    let opened = play.way_out(until, step)?;
    play.one::<work::BackupOpened>(&opened)?;
    play.say("Nobody of the others does either. The task fails, by nobody's fault:")?;
    let step = play.expires_node(law, REVIEWED);
    let over = play.way_out(until + review, step)?;
    failed(play, &over, REVIEWED, Reason::HumanSilence)
}

/// Nobody says whether the freeze was right.
fn undecided(play: &mut Play<'_, '_>, law: &Law, frozen_at: u64) -> Result<(), DemoError> {
    play.teller.chapter("Nobody decides the freeze")?;
    let most = seconds(P::FreezeMaxSecs);
    play.say(&format!(
        "A freeze lasts {} at most. Work that was frozen for so long is not resumed behind the panel's back; it fails, and whoever was frozen \
         loses nothing:",
        span(most)
    ))?;
    let step = play.expires_node(law, FROZEN);
    let over = play.way_out(frozen_at + most, step)?;
    failed(play, &over, FROZEN, Reason::FreezeExpired)
}

/// A node failed, and nobody is at fault.
fn failed(
    play: &Play<'_, '_>,
    over: &crate::sender::Outcome,
    node: u16,
    reason: Reason,
) -> Result<(), DemoError> {
    let failed = play.one::<work::NodeFailed>(over)?;
    play.same(
        "it failed for that",
        &(node, reason),
        &(failed.node, failed.reason),
    )?;
    let faults = told::<work::FaultSignal>(over);
    play.holds("nobody is at fault", faults.is_empty())
}

/// Nobody gives the failed tasks to others.
fn unfinished(play: &mut Play<'_, '_>, law: &Law) -> Result<(), DemoError> {
    play.teller.chapter("Nobody goes on")?;
    play.say("Failed tasks can be given to others by a session of their own. Nobody asks for one, and the mission's deadline passes:")?;
    let deadline = play.mission(law)?.deadline.to::<u64>();
    let step = play.expires_mission(law);
    let over = play.way_out(deadline, step)?;
    let moved = play.one::<work::MissionStateChanged>(&over)?;
    play.same(
        "it failed by its deadline",
        &MissionState::Failed,
        &moved.to,
    )?;
    let grace = seconds(P::RecoveryGraceMs);
    play.say(&format!(
        "For {} a successor could take over what is done. None comes:",
        span(grace)
    ))?;
    let since = play.mission(law)?.since.to::<u64>();
    let step = play.expires_mission(law);
    let over = play.way_out(since + grace, step)?;
    let moved = play.one::<work::MissionStateChanged>(&over)?;
    play.same(
        "it is aborted, unfinished",
        &(MissionState::Aborted, Reason::Unfinished),
        &(moved.to, moved.reason),
    )
}

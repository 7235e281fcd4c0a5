//! `condorcet-cycle`: majorities that go in a circle. The law decides them by the least opposition, in the same way for whoever counts.

use agentcity_abi::IAssembly::{self as assembly, Deliberation, ProposalState, Stage as Decided};
use agentcity_domain::peer::Peer;
use alloy::primitives::B256;

use super::{
    DemoError, Ending, Teller,
    play::{PRICE, Play},
    teller::{grouped, short_word},
};
use crate::{
    city::Charter,
    legislation::{Ballot, Bill, ranking},
    mission::{Plan, Task},
};

/// What is proposed, in this order.
const CANDIDATES: [(&str, &str); 3] = [
    ("A", "a harbour map"),
    ("B", "a school timetable"),
    ("C", "a census of trees"),
];
/// Who ranks how: so many voters, the best first. The first proposal is not the one that wins, nor is it the last.
const OPINIONS: [(usize, [u8; 3]); 3] = [(4, [1, 2, 0]), (3, [2, 0, 1]), (2, [0, 1, 2])];
/// Of the nine voters the sponsor is one.
const OWNERS: usize = 8;
/// What wins.
const WINNER: usize = 1;

pub(super) fn play(teller: &mut Teller<'_>) -> Result<Ending, DemoError> {
    let mut play = Play::raise(teller, &Charter::default(), OWNERS)?;
    let (session, bills) = propose(&mut play)?;
    vote(&mut play, session)?;
    count(&mut play, session)?;
    decide(&mut play, session, &bills)?;
    play.teller.shown(&[
        "Majorities may go in a circle: the pairwise matrix on the chain says so.",
        "Copeland's points tie there, so the law takes whom the largest majority against it is smallest (Minimax), and would take the \
         earliest proposal if even that tied. Nobody's discretion is asked.",
        "Ballots are sealed before they are opened and counted by strangers in parts of any size; the sum decides, not who counts.",
        "What was adopted and what was defeated is on record, with the ballots that decided it.",
    ])?;
    play.look(&[
        format!("law show {session}"),
        "log query --contract assembly --event BallotDecided".to_owned(),
    ])?;
    Ok(play.end(session))
}

fn propose(play: &mut Play<'_, '_>) -> Result<(B256, Vec<Bill>), DemoError> {
    play.teller.chapter("A session with three proposals")?;
    let voters = play.stage.voters().len();
    play.say(&format!(
        "{voters} principals may vote here: each answers for an agent, however many agents that are. A petition that enough of them signed \
         opens a session, and a city that can pay for one thing is offered three, each sponsored by enough principals.",
    ))?;
    let session = play.stage.petition("what the city pays for")?;
    let mut bills = Vec::with_capacity(CANDIDATES.len());
    for (name, what) in CANDIDATES {
        let plan = Plan {
            name: what.to_owned(),
            tasks: vec![Task::proved(what, PRICE)],
            edges: Vec::new(),
            predicates: Vec::new(),
        };
        let bill = play.stage.propose(session, &plan)?;
        let proposal = short_word(bill.proposal);
        play.teller
            .row(&format!("{name}: {what} · proposal {proposal}"))?;
        bills.push(bill);
    }
    // Nobody debates here: the steps end by their time.
    for _ in 0..2 {
        play.stage.pass_step(session)?;
    }
    let election = play.stage.election(session)?;
    play.same(
        "the ballot is open",
        &Deliberation::Committing,
        &election.step,
    )?;
    play.same("with three candidates", &3, &election.candidates)?;
    Ok((session, bills))
}

fn vote(play: &mut Play<'_, '_>, session: B256) -> Result<(), DemoError> {
    play.teller.chapter("Nine sealed ballots")?;
    play.say(
        "Everybody ranks all three and seals the ranking: nobody sees how others vote before it is too late to change. A stranger relays \
         all seals at once; once sealing is over, ballots are opened one by one.",
    )?;
    let voters = play.stage.voters();
    let rankings = OPINIONS
        .iter()
        .flat_map(|(count, order)| std::iter::repeat_n(ranking(order), *count));
    let ballots: Vec<Ballot> = voters
        .into_iter()
        .zip(rankings)
        .map(|(voter, ranking)| Ballot { voter, ranking })
        .collect();
    let sealing = play.stage.sealing(session, &ballots);
    let sealing = play.call(&play.stranger, Peer::Assembly, &sealing);
    play.act(sealing)?;
    play.stage.pass_step(session)?;
    let (stranger, to) = (
        play.stranger.clone(),
        play.stage.city.address(Peer::Assembly),
    );
    let mut gas = 0;
    for ballot in &ballots {
        let opening = ballot.opening(session);
        gas += play
            .stage
            .city
            .client
            .send(&stranger, to, &opening)?
            .gas_used;
    }
    play.teller.row(&format!(
        "opened by the stranger: {} transactions, {} gas",
        ballots.len(),
        grouped(gas.into())
    ))?;
    for (count, order) in OPINIONS {
        let order = order.map(|place| CANDIDATES[usize::from(place)].0);
        play.teller
            .row(&format!("{count} ballots say {}", order.join(" > ")))?;
    }
    let reveals = play.stage.election(session)?.reveals;
    play.same("all ballots are open", &(ballots.len() as u32), &reveals)?;
    play.stage.pass_step(session)?;
    Ok(())
}

fn count(play: &mut Play<'_, '_>, session: B256) -> Result<(), DemoError> {
    play.teller.chapter("Anybody counts")?;
    play.say("A stranger counts four ballots, and somebody else the rest. Only with the last one is anything decided.")?;
    for (by, ballots) in [
        (play.stranger.clone(), 4),
        (play.stage.proposer.clone(), 100),
    ] {
        let tally = assembly::tallyCall {
            sessionId: session,
            ballots,
        };
        let step = play.call(&by, Peer::Assembly, &tally);
        let counted = play.act(step)?;
        let told = play.one::<assembly::TallyAdvanced>(&counted)?;
        play.teller
            .row(&format!("{} of {} are counted", told.counted, told.reveals))?;
    }
    let matrix = play.ask(Peer::Assembly, &assembly::matrixCall { sessionId: session })?;
    let prefer = |a: usize, b: usize| matrix[a * CANDIDATES.len() + b];
    play.say("How many prefer whom, as the chain has it:")?;
    for [a, b] in [[0, 1], [1, 2], [2, 0]] {
        play.teller.row(&format!(
            "{} beats {} by {} to {}",
            CANDIDATES[a].0,
            CANDIDATES[b].0,
            prefer(a, b),
            prefer(b, a)
        ))?;
        play.holds("each beats the next", prefer(a, b) > prefer(b, a))?;
    }
    play.say("A beats B, B beats C, and C beats A: whichever is taken, a majority would rather have another.")
}

fn decide(play: &mut Play<'_, '_>, session: B256, bills: &[Bill]) -> Result<(), DemoError> {
    play.teller.chapter("What the law makes of it")?;
    let scores = play.ask(Peer::Assembly, &assembly::scoresCall { sessionId: session })?;
    play.say(
        "First Copeland's points: two for each candidate that one beats, one for each tie. Then, among those with most points, the \
         greatest number of ballots that prefer some other candidate; the least of these wins.",
    )?;
    let all = scores.copeland.iter().zip(&scores.opposition);
    for ((name, _), (points, opposition)) in CANDIDATES.iter().zip(all) {
        play.teller.row(&format!(
            "{name}: {points} points, at most {opposition} of 9 against it"
        ))?;
    }
    play.same("all have the same points", &vec![2; 3], &scores.copeland)?;
    let decided = play
        .stage
        .events::<assembly::BallotDecided>(Peer::Assembly)?;
    let decided = decided.iter().find(|event| event.sessionId == session);
    let decided = decided.map(|event| (event.proposalId, event.stage));
    let expected = (bills[WINNER].proposal, Decided::Minimax);
    play.same("B wins by Minimax", &Some(expected), &decided)?;
    let (name, what) = CANDIDATES[WINNER];
    play.say(&format!(
        "{name}, {what}, is decided by Minimax: the majority that would rather have another is the smallest there. The registrar carries it \
         on from here to bids and seats; the other two are defeated."
    ))?;
    for (place, bill) in bills.iter().enumerate() {
        let call = assembly::proposalCall {
            proposalId: bill.proposal,
        };
        let state = play.ask(Peer::Assembly, &call)?.state;
        let expected = if place == WINNER {
            ProposalState::Adopted
        } else {
            ProposalState::Defeated
        };
        play.same("one is adopted, the others are defeated", &expected, &state)?;
        play.teller
            .row(&format!("{}: {state:?}", CANDIDATES[place].0))?;
    }
    Ok(())
}

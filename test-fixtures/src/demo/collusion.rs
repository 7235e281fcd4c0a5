//! `collusion`: ballots too much alike. Whoever says so puts a bond behind it; whoever is right delays the outcome once and alerts the panel.

use agentcity_abi::IAssembly::{self as assembly, Deliberation};
use agentcity_domain::{
    act::Action,
    legislation::{
        ballot::Ranking,
        collusion::{Bounds, Pair, compare},
    },
    parameter::ParameterId as P,
    peer::Peer,
};
use alloy::primitives::{B256, U256};

use super::{
    DemoError, Ending, Teller,
    play::{PRICE, Play},
    teller::{span, units},
};
use crate::{
    city::{Charter, Person},
    legislation::{Ballot, ranking},
    mission::{Plan, Task},
    sender::Outcome,
};

/// Candidates: as many as a claim needs.
const CANDIDATES: u8 = 8;
/// Of the ten voters the sponsor is one.
const OWNERS: usize = 9;
/// Who colludes: the first five, alike but not equal.
const CLIQUE: u32 = 5;
/// What they say; the second differs in its last two places.
const AGREED: [[u8; 8]; 2] = [[2, 5, 0, 7, 1, 3, 4, 6], [2, 5, 0, 7, 1, 3, 6, 4]];
const SAYS: [usize; 5] = [0, 1, 0, 1, 0];
/// What the others say, each by himself.
const OTHERS: [[u8; 8]; 5] = [
    [0, 1, 2, 3, 4, 5, 6, 7],
    [3, 0, 6, 1, 7, 2, 5, 4],
    [6, 4, 3, 7, 0, 2, 1, 5],
    [1, 7, 0, 4, 2, 6, 3, 5],
    [0, 3, 1, 6, 5, 2, 7, 4],
];
/// Who claims wrongly, and rightly.
const JEALOUS: usize = 6;
const OBSERVANT: usize = 7;
/// Why a principal whom the panel froze has no voice: the rule's number in the interface.
const FROZEN: u8 = 5;

pub(super) fn play(teller: &mut Teller<'_>) -> Result<Ending, DemoError> {
    let mut play = Play::raise(teller, &Charter::default(), OWNERS)?;
    let session = vote(&mut play)?;
    let ballots = ballots(&play);
    compared(&mut play, &ballots)?;
    play.teller.chapter("Two claims")?;
    wrong(&mut play, session)?;
    right(&mut play, session)?;
    follows(&mut play, session, &ballots)?;
    play.teller.shown(&[
        "Likeness is measured on the chain: Kendall's τ over whole rankings and Jaccard's share over their heads, every two ballots of a \
         claim against each other.",
        "A claim costs a bond, so that nobody cries collusion at honest ballots for nothing.",
        "A proved clique delays the outcome once and alerts the panel. It loses no vote: alike is not forbidden, and humans judge why.",
        "The panel can freeze principals: two signatures, and they have no voice.",
    ])?;
    play.look(&[
        format!("law show {session}"),
        "log query --contract assembly --event CollusionProved".to_owned(),
        format!("principal show {}", ballots[0].voter.address()),
    ])?;
    Ok(play.end(session))
}

/// Who votes how.
fn ballots(play: &Play<'_, '_>) -> Vec<Ballot> {
    let alike = SAYS.iter().map(|which| &AGREED[*which]);
    let voters = play.stage.voters().into_iter();
    voters
        .zip(alike.chain(&OTHERS))
        .map(|(voter, order)| Ballot {
            voter,
            ranking: ranking(order),
        })
        .collect()
}

fn vote(play: &mut Play<'_, '_>) -> Result<B256, DemoError> {
    play.teller.chapter("Eight proposals, ten ballots")?;
    let least = P::CollusionMinCandidates.row().default;
    play.say(&format!(
        "Rankings of few candidates are alike by chance, so likeness proves nothing below {least} of them. This session has {CANDIDATES}. Ten \
         principals seal their rankings and open them."
    ))?;
    let session = play.stage.petition("eight things to do")?;
    for number in 0..CANDIDATES {
        let name = format!("thing {number}");
        let plan = Plan {
            tasks: vec![Task::proved(&name, PRICE)],
            name,
            edges: Vec::new(),
            predicates: Vec::new(),
        };
        play.stage.propose(session, &plan)?;
    }
    for _ in 0..2 {
        play.stage.pass_step(session)?;
    }
    let ballots = ballots(play);
    let sealing = play.stage.sealing(session, &ballots);
    let sealing = play.call(&play.stranger, Peer::Assembly, &sealing);
    play.act(sealing)?;
    play.stage.pass_step(session)?;
    for (ballot, number) in ballots.iter().zip(0..) {
        let call = ballot.opening(session);
        let stranger = play.stranger.clone();
        let to = play.stage.city.address(Peer::Assembly);
        play.stage.city.client.send(&stranger, to, &call)?;
        let order = Ranking::stored(ballot.ranking).first(CANDIDATES);
        let order: Vec<String> = order.map(|place| place.to_string()).collect();
        play.teller.row(&format!(
            "ballot {number}: {} · {}",
            order.join(" > "),
            ballot.voter.name
        ))?;
    }
    Ok(session)
}

/// A pair of ballots, by the rules that the contract counts by.
fn pair(ballots: &[Ballot], a: u32, b: u32) -> Pair {
    let of = |place: u32| Ranking::stored(ballots[place as usize].ranking);
    compare(of(a), of(b), CANDIDATES, P::CollusionTopK.row().default)
}

fn told_pair(pair: &Pair) -> String {
    // Thousandths, as the parameters have them.
    let tau = pair.tau() * 1_000 / i64::from(pair.pairs());
    let (sign, tau) = (if tau < 0 { "-" } else { "" }, tau.unsigned_abs());
    format!(
        "τ = {sign}{}.{:03} and {} of {} candidates in both heads",
        tau / 1_000,
        tau % 1_000,
        pair.common,
        pair.either
    )
}

fn compared(play: &mut Play<'_, '_>, ballots: &[Ballot]) -> Result<(), DemoError> {
    play.teller.chapter("How much alike is too much")?;
    let bounds = Bounds::of(Bounds::PARAMETERS.map(|id| u64::from(id.row().default)));
    let needed = bounds.needed(ballots.len() as u32);
    play.say(&format!(
        "Kendall's τ of two rankings is the share of pairs of candidates that both rank alike, less the share that they do not: 1 is the same \
         ranking, -1 the reverse. Jaccard's share is of their first {} candidates: how many are in both, of those in either. The constitution \
         calls a set of ballots a clique if every two of them reach {} and {} thousandths of these, and if it has at least {needed} of the {} \
         ballots.",
        bounds.head,
        bounds.tau,
        bounds.jaccard,
        ballots.len()
    ))?;
    let members = 0..CLIQUE;
    let mut least: Option<Pair> = None;
    for a in members.clone() {
        for b in a + 1..CLIQUE {
            let found = pair(ballots, a, b);
            play.holds("every two of the five are alike", bounds.accept(&found))?;
            if least.is_none_or(|least| found.tau() < least.tau()) {
                least = Some(found);
            }
        }
    }
    let least = least.as_ref().map(told_pair).unwrap_or_default();
    play.teller.row(&format!(
        "ballots 0 to 4: every two of them have at least {least}"
    ))?;
    let others = CLIQUE..ballots.len() as u32;
    let honest = others
        .clone()
        .flat_map(|a| (0..a).map(move |b| (b, a)))
        .map(|(b, a)| pair(ballots, b, a))
        .max_by_key(Pair::tau);
    let honest = honest.ok_or_else(|| DemoError::Contradicted {
        claim: "there are other ballots".to_owned(),
        expected: "pairs".to_owned(),
        found: "none".to_owned(),
    })?;
    play.holds("no other two are", !bounds.accept(&honest))?;
    play.teller.row(&format!(
        "of all pairs with one of the others the most alike have {}",
        told_pair(&honest)
    ))?;
    Ok(())
}

/// An executor's agent claims that these ballots are a clique.
fn claim(
    play: &mut Play<'_, '_>,
    session: B256,
    by: &Person,
    ballots: Vec<u32>,
) -> Result<Outcome, DemoError> {
    let call = assembly::claimCollusionCall {
        sessionId: session,
        ballots,
    };
    let step = play.call(by, Peer::Assembly, &call);
    play.act(step)
}

fn bond(play: &Play<'_, '_>) -> U256 {
    let units = P::CollusionClaimBond.row().default;
    play.stage.city.base_units(units)
}

fn wrong(play: &mut Play<'_, '_>, session: B256) -> Result<(), DemoError> {
    let by = play.stage.executors[JEALOUS].agent.clone();
    let bond = bond(play);
    play.say(&format!(
        "One agent, {}, would like to delay what the honest ones chose, and claims that ballots 5 to 8 are a clique. Behind a claim stands a \
         bond of {}:",
        by.name,
        units(bond)
    ))?;
    let before = play.credit(by.address())?;
    let refuted = claim(play, session, &by, (CLIQUE..CLIQUE + 4).collect())?;
    let refuted = play.one::<assembly::CollusionRefuted>(&refuted)?;
    let after = play.credit(by.address())?;
    play.same("a wrong claim costs its bond", &bond, &(before - after))?;
    play.teller.row(&format!(
        "refuted at ballots {} and {}; {} of its credit are gone",
        refuted.first,
        refuted.second,
        units(before - after)
    ))?;
    Ok(())
}

fn right(play: &mut Play<'_, '_>, session: B256) -> Result<(), DemoError> {
    // All ballots are open; the tally begins.
    play.stage.pass_step(session)?;
    let by = play.stage.executors[OBSERVANT].agent.clone();
    play.say(&format!(
        "Counting begins. Another agent, {}, names ballots 0 to 4. The assembly compares every two of them:",
        by.name
    ))?;
    let before = play.credit(by.address())?;
    let members: Vec<u32> = (0..CLIQUE).collect();
    let proved = claim(play, session, &by, members.clone())?;
    let proved = play.one::<assembly::CollusionProved>(&proved)?;
    play.same("five are a clique", &(CLIQUE as u16), &proved.size)?;
    let after = play.credit(by.address())?;
    play.same("a right claim costs nothing", &before, &after)?;
    play.teller.row(&format!(
        "proved: {} ballots; the outcome waits {}, and the panel is alerted",
        proved.size,
        span(proved.delaySecs.to())
    ))?;
    let election = play.stage.election(session)?;
    play.same("the outcome waits", &Deliberation::Delayed, &election.step)?;
    play.say("It is said once. Who claims it again does not delay it further:")?;
    let again = assembly::WrongStep {
        sessionId: session,
        step: Deliberation::Delayed,
    };
    let call = assembly::claimCollusionCall {
        sessionId: session,
        ballots: members,
    };
    let step = play.call(&by, Peer::Assembly, &call);
    play.refused(step, &again)
}

fn follows(play: &mut Play<'_, '_>, session: B256, ballots: &[Ballot]) -> Result<(), DemoError> {
    play.teller.chapter("What follows")?;
    play.say(
        "Humans look at it meanwhile. Alike ballots may be friends, or one person with five keys; that no program tells. This panel finds one \
         person, and two adjudicators freeze each of the five principals:",
    )?;
    for ballot in &ballots[..CLIQUE as usize] {
        let words = [ballot.voter.address().into_word()];
        let freeze = play.stage.city.draft(Action::FreezePrincipal, &words)?;
        let ruling = play.ruling(&freeze, &[0, 1]);
        play.act(ruling)?;
    }
    let puppet = &ballots[0].voter;
    play.say(&format!(
        "{} would open the next petition, and has no voice any more:",
        puppet.name
    ))?;
    let petition = assembly::openPetitionCall {
        subjectHash: B256::repeat_byte(1),
        contentAddress: B256::ZERO,
    };
    let frozen = assembly::PrincipalRefused {
        principal: puppet.address(),
        rule: FROZEN,
    };
    let step = play.call(puppet, Peer::Assembly, &petition);
    play.refused(step, &frozen)?;
    play.say("The ballots were cast while their voters had a voice, so they count. When the delay is over anybody has them counted:")?;
    let until = play.stage.election(session)?.expiresAt.to();
    let stranger = play.stranger.clone();
    let on = assembly::expireDeliberationCall { sessionId: session };
    let step = play.call(&stranger, Peer::Assembly, &on);
    play.way_out(until, step)?;
    let tally = assembly::tallyCall {
        sessionId: session,
        ballots: 100,
    };
    let step = play.call(&stranger, Peer::Assembly, &tally);
    let counted = play.act(step)?;
    let decided = play.one::<assembly::BallotDecided>(&counted)?;
    let call = assembly::proposalCall {
        proposalId: decided.proposalId,
    };
    let place = play.ask(Peer::Assembly, &call)?.candidate;
    play.teller.row(&format!(
        "candidate {} is decided, by {:?}: what the five wanted, {} later and under everybody's eyes",
        place - 1,
        decided.stage,
        span(u64::from(P::BiddingWindowMs.row().default) / 1_000)
    ))?;
    play.same("the five ballots count", &AGREED[0][0], &(place - 1))
}

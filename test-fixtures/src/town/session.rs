//! A session from its petition to its law, as agents and clerks make it, and what it shows: who proposed what, who ranked how, who won.

use agentcity_abi::{IAssembly as assembly, IEnactment, ILegislature};
use agentcity_domain::{machine::SessionState, peer::Peer};
use alloy::primitives::{Address, B256};
use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use super::{TownError, crew::Crew, law::Bill, people::People, services::Services, step};
use crate::{
    machines::{Sun, sun::Crowd},
    mission::Stage,
};

/// What a session came to.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its number.
    pub id: B256,
    /// What stood on the ballot, by place: the bill, its proposer and its place's Copeland score in half points.
    pub ballot: Vec<(Bill, Address, u8)>,
    /// Each ballot: who voted, and the places from the best on.
    pub votes: Vec<(Address, Vec<u8>)>,
    /// The place that won, and by which rule.
    pub winner: (usize, &'static str),
    /// Bids by node: agent, price, whether it was awarded.
    pub bids: Vec<(u16, Address, u128, bool)>,
    /// How evenly seats are spread, in thousandths.
    pub fairness: u16,
}

/// Has the session made. `before` is the newest that there was before anybody ran: agents may be faster than we look.
///
/// Errors: [`TownError`].
pub fn legislate(
    stage: &mut Stage,
    crew: &mut Crew,
    (people, services): (&People, &Services),
    bills: &[(PathBuf, B256)],
    before: Option<B256>,
) -> Result<Session, TownError> {
    let mut sun = Sun::default();
    let id = step("petition", || {
        Ok(sun.session(stage, &mut crew.machines, before)?)
    })?;
    step("proposals", || {
        let files: Vec<PathBuf> = bills.iter().map(|(file, _)| file.clone()).collect();
        crew.start_rivals(people, services, &files)?;
        let what = "every proposal has its sponsors";
        let machines = &mut crew.machines;
        let wanted = bills.len() as u8;
        let done = sun.until(stage, machines, what, |stage| {
            let of = stage.election(id)?;
            let at = format!("{} proposals, {} sponsored", of.proposals, of.candidates);
            Ok(if of.candidates == wanted {
                Ok(())
            } else {
                Err(at)
            })
        });
        Ok(done?)
    })?;
    step("session", || {
        let crowd = Crowd {
            voters: people.voices() as u32,
            bids: BIDS,
        };
        let end = sun.legislation(stage, &mut crew.machines, id, crowd)?;
        if end != SessionState::Deployed {
            let failed = stage.events::<assembly::DeliberationFailed>(Peer::Assembly)?;
            let at = failed.iter().rfind(|failed| failed.sessionId == id);
            return Err(TownError::NoLaw(at.map_or_else(
                || "its procedure was not ended in time".to_owned(),
                |failed| format!("at {:?}", failed.step),
            )));
        }
        Ok(())
    })?;
    let session = read(stage, id, bills)?;
    if session.winner.0 != place_of(&session, &Bill::ALL[0]) {
        return Err(TownError::NoLaw(format!(
            "the city chose `{}`, which nobody here carries out",
            session.ballot[session.winner.0].0.name
        )));
    }
    Ok(session)
}

/// Bids on the law of the three: of two who would fetch, of three models, and of two who would report.
const BIDS: u32 = 7;

fn place_of(session: &Session, bill: &Bill) -> usize {
    let mut places = session.ballot.iter();
    places
        .position(|(other, ..)| other == bill)
        .unwrap_or(usize::MAX)
}

/// Reads from the chain's own logs what a session was.
fn read(stage: &mut Stage, id: B256, bills: &[(PathBuf, B256)]) -> Result<Session, TownError> {
    let missing = |what| TownError::Silent { what };
    let proposed = stage.events::<assembly::Proposed>(Peer::Assembly)?;
    let proposed: BTreeMap<B256, _> = proposed
        .into_iter()
        .filter(|one| one.sessionId == id)
        .map(|one| (one.proposalId, one))
        .collect();
    let decided = stage.events::<assembly::BallotDecided>(Peer::Assembly)?;
    let decided = decided.into_iter().find(|one| one.sessionId == id);
    let decided = decided.ok_or(missing("the decision of the ballot"))?;
    let admitted = stage.events::<assembly::Admitted>(Peer::Assembly)?;
    let mut ballot = BTreeMap::new();
    for one in admitted.iter().filter(|one| one.sessionId == id) {
        let of = proposed.get(&one.proposalId).ok_or(missing("a proposal"))?;
        let mut known = bills.iter().zip(Bill::ALL);
        let bill = known.find(|((_, hash), _)| *hash == of.statuteHash);
        let bill = bill.ok_or(missing("a law of this run"))?.1;
        ballot.insert(one.place, (one.proposalId, bill, of.proposer));
    }
    let scores = decided.scores.0;
    let places = ballot.values().zip(scores);
    let listed = places.map(|((_, bill, by), score)| (*bill, *by, score));
    let winner = ballot
        .values()
        .position(|(proposal, ..)| *proposal == decided.proposalId);
    let revealed = stage.events::<assembly::BallotRevealed>(Peer::Assembly)?;
    let count = ballot.len();
    let votes = revealed.iter().filter(|one| one.sessionId == id);
    let votes = votes.map(|one| (one.principal, places_of(one.ranking, count)));
    let law = IEnactment::lawOfCall { sessionId: id };
    let enactment = stage.city.address(Peer::Enactment);
    let fairness = stage.city.client.ask(enactment, &law)?.fairness;
    Ok(Session {
        id,
        winner: (
            winner.ok_or(missing("the winner's place"))?,
            match decided.stage {
                assembly::Stage::Copeland => "it beats each of the others in pairs",
                assembly::Stage::Minimax => "by the least of its defeats",
                assembly::Stage::Earliest => "as the earliest of equals",
                assembly::Stage::None | assembly::Stage::__Invalid => "undecided",
            },
        ),
        ballot: listed.collect(),
        votes: votes.collect(),
        bids: bids(stage, id)?,
        fairness,
    })
}

fn bids(stage: &mut Stage, id: B256) -> Result<Vec<(u16, Address, u128, bool)>, TownError> {
    let placed = stage.events::<ILegislature::BidPlaced>(Peer::Legislature)?;
    let enactment = stage.city.address(Peer::Enactment);
    let mut bids = Vec::new();
    for bid in placed.iter().filter(|bid| bid.sessionId == id) {
        let call = IEnactment::awardOfCall {
            sessionId: id,
            node: bid.node,
        };
        let award = stage.city.client.ask(enactment, &call)?;
        let won = award.bids.contains(&bid.bid);
        bids.push((bid.node, bid.agent, bid.price, won));
    }
    bids.sort_by_key(|(node, _, price, won)| (*node, !won, *price));
    Ok(bids)
}

/// A ranking as the chain packs it: four bits a place, the best in the lowest.
fn places_of(ranking: u64, candidates: usize) -> Vec<u8> {
    let places = (0..candidates).map(|place| (ranking >> (4 * place) & 15) as u8); // structural: four bits
    places.collect()
}

impl Session {
    /// What it was, for people: proposals, ballots, the winner, seats. `names` are of accounts.
    pub fn told(&self, names: &BTreeMap<Address, String>) -> String {
        let name = |account: &Address| {
            let known = names.get(account).cloned();
            known.unwrap_or_else(|| account.to_string())
        };
        let letter = |place: usize| char::from(b'A' + place as u8);
        let mut text = String::new();
        for (place, (bill, by, score)) in self.ballot.iter().enumerate() {
            let _ = writeln!(
                text,
                "  {}  {:<22} proposed by {:<10} {}.{} pairs won",
                letter(place),
                bill.name,
                name(by),
                score / 2,
                5 * (score % 2),
            );
        }
        let mut rankings: BTreeMap<&[u8], Vec<String>> = BTreeMap::new();
        for (voter, ranking) in &self.votes {
            rankings.entry(ranking).or_default().push(name(voter));
        }
        for (ranking, voters) in rankings {
            let order: Vec<String> = ranking
                .iter()
                .map(|place| letter((*place).into()).to_string())
                .collect();
            let _ = writeln!(
                text,
                "  {:>2} ballots {}  {}",
                voters.len(),
                order.join(" > "),
                numbers(&voters)
            );
        }
        let (winner, rule) = self.winner;
        let _ = writeln!(text, "  {} wins: {rule}", letter(winner));
        for (node, agent, price, won) in &self.bids {
            let _ = writeln!(
                text,
                "  T{} {:<10} bids {} coins{}",
                node + 1,
                name(agent),
                super::story::coins(alloy::primitives::U256::from(*price)),
                if *won { ", and is awarded a seat" } else { "" },
            );
        }
        let _ = writeln!(text, "  fairness of the award: {} of 1000", self.fairness);
        text
    }
}

/// Names that differ by a number alone, in few words.
fn numbers(names: &[String]) -> String {
    let mut of: Vec<(&str, &str)> = names
        .iter()
        .filter_map(|name| name.rsplit_once(' '))
        .collect();
    of.sort_by_key(|(word, number)| (*word, number.parse::<u32>().unwrap_or(u32::MAX)));
    let mut words: Vec<String> = Vec::new();
    let mut last = "";
    for (word, number) in of {
        if word == last {
            words.push(number.to_owned());
        } else {
            words.push(format!("{word} {number}"));
        }
        last = word;
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ranking_is_read_from_its_lowest_bits_on() {
        assert_eq!(places_of(0x0_1_2, 3), [2, 1, 0]);
        assert_eq!(places_of(0x2_0, 2), [0, 2]);
    }

    #[test]
    fn what_a_session_was_is_told_in_few_lines() {
        let who = |byte| Address::repeat_byte(byte);
        let session = Session {
            id: B256::ZERO,
            ballot: vec![(Bill::ALL[0], who(1), 2), (Bill::ALL[2], who(2), 1)],
            votes: vec![
                (who(3), vec![0, 1]),
                (who(4), vec![1, 0]),
                (who(5), vec![0, 1]),
            ],
            winner: (0, "it beats each of the others in pairs"),
            bids: vec![(0, who(1), 1_500_000_000_000_000, true)],
            fairness: 1_000,
        };
        let names = (1..=5).map(|number| (who(number), format!("principal {number}")));
        let text = session.told(&names.collect());
        assert!(text.contains("A  topics in triplicate"), "{text}");
        assert!(text.contains("2 ballots A > B  principal 3, 5"), "{text}");
        assert!(text.contains("A wins: it beats each"), "{text}");
        assert!(
            text.contains("T1 principal 1 bids 0.0015 coins, and is awarded a seat"),
            "{text}"
        );
    }
}

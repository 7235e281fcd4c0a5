//! Kinds about ballots.

use agentcity_domain::legislation::{
    ballot::Ranking,
    collusion::compare,
    proposal::CANDIDATES_MAX,
    tally::{Matrix, Stage, condorcet_winner, most_points, plurality_winners},
};
use serde_json::{Value, json};

use super::kinds::{Inputs, Outputs, Refused, outputs, refused, unsigned};

/// Places of a ranking, four bits each.
const PLACE_BITS: u32 = 4;

/// A complete and strict ranking of so many candidates, as a list with the best first.
fn ranking(list: &[Value], candidates: u8, at: &str) -> Result<Ranking, Refused> {
    let mut bits = 0u64;
    for (shift, one) in (0..).step_by(PLACE_BITS as usize).zip(list) {
        let one = unsigned(one).map_err(|why| refused(at, why))?;
        bits |= one.checked_shl(shift).unwrap_or_default();
    }
    let is_complete = list.len() == usize::from(candidates);
    let ranking = Ranking::new(bits, candidates).ok().filter(|_| is_complete);
    ranking.ok_or_else(|| refused(at, format!("no ranking of {candidates} candidates")))
}

/// Rankings with how often each was cast.
pub(super) fn election(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["name", "m", "ballots"])?;
    inputs.text("name")?;
    let candidates = u8::try_from(inputs.unsigned("m")?)
        .ok()
        .filter(|m| *m <= CANDIDATES_MAX)
        .ok_or_else(|| refused("m", "more candidates than a ballot has places"))?;
    let mut ballots = Vec::new();
    for (i, entry) in inputs.array("ballots")?.iter().enumerate() {
        let at = format!("ballots[{i}]");
        let [times, order] = entry
            .as_array()
            .map(Vec::as_slice)
            .ok_or_else(|| refused(&at, "not a pair"))?
        else {
            return Err(refused(&at, "not a pair"));
        };
        let times = unsigned(times).map_err(|why| refused(&format!("{at}[0]"), why))?;
        let at = format!("{at}[1]");
        let order = order.as_array().ok_or_else(|| refused(&at, "not a list"))?;
        let ranking = ranking(order, candidates, &at)?;
        ballots.extend((0..times).map(|_| ranking));
    }
    let mut matrix = Matrix::new(candidates);
    for ballot in &ballots {
        matrix.count(*ballot);
    }
    let all = 0..candidates;
    let row = |a: u8| -> Vec<u32> { all.clone().map(|b| matrix.prefer(a, b)).collect() };
    let scores: Vec<_> = all.clone().map(|a| matrix.score(a)).collect();
    let copeland: Vec<u8> = scores.iter().map(|score| score.copeland).collect();
    let opposition: Vec<u32> = scores.iter().map(|score| score.opposition).collect();
    // In the vectors the place of a candidate is its proposal's index.
    let proposed: Vec<u16> = all.clone().map(u16::from).collect();
    let decided = matrix.decide(&proposed);
    let stage = |(_, stage): (u8, Stage)| match stage {
        Stage::Copeland => "copeland",
        Stage::Minimax => "minimax",
        Stage::Earliest => "index",
    };
    Ok(outputs([
        ("N", json!(all.clone().map(row).collect::<Vec<_>>())),
        ("copeland2", json!(copeland)),
        ("maxopp", json!(opposition)),
        ("copeland_tied", json!(most_points(&matrix))),
        ("winner", json!(decided.map(|(winner, _)| winner))),
        ("stage", json!(decided.map(stage))),
        ("condorcet_winner", json!(condorcet_winner(&matrix))),
        (
            "plurality_winners",
            json!(plurality_winners(candidates, &ballots)),
        ),
    ]))
}

/// Two rankings of the same candidates.
pub(super) fn kendall_pair(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["a", "b", "k"])?;
    let (a, b) = (inputs.array("a")?, inputs.array("b")?);
    let candidates = u8::try_from(a.len()).unwrap_or(u8::MAX);
    let (a, b) = (ranking(a, candidates, "a")?, ranking(b, candidates, "b")?);
    let pair = compare(a, b, candidates, inputs.number("k")?);
    Ok(outputs([
        ("concordant", json!(pair.concordant)),
        ("discordant", json!(pair.discordant)),
        ("tau_num", json!(pair.tau())),
        ("tau_den", json!(pair.pairs())),
        ("jaccard_num", json!(pair.common)),
        ("jaccard_den", json!(pair.either)),
    ]))
}

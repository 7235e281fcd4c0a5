//! Kinds about bids and seats: how good a bid is, and how evenly seats are spread.

use agentcity_domain::{
    legislation::{
        award::{Offer, fraction, score_floor},
        fairness::{Spread, as_printed},
    },
    parameter::ParameterId,
    reputation::Points,
};
use serde_json::{Value, json};

use super::kinds::{Inputs, Outputs, Refused, outputs, refused};

/// The seed's least fairness, in both readings.
fn gate(score: Option<u64>) -> Value {
    let least = u64::from(ParameterId::MinFairnessScore.row().default);
    json!(score.map(|score| score >= least))
}

pub(super) fn fairness(inputs: &Outputs) -> Result<Outputs, Refused> {
    let counts = Inputs::of(inputs, &["counts"])?.numbers("counts")?;
    let mut spread = Spread::default();
    let (mut seats, mut squares) = (0u64, 0u64);
    for count in &counts {
        let count = u32::try_from(*count)
            .map_err(|_| refused("counts", format!("{count} has more than 32 bits")))?;
        spread.count_bidder();
        for before in 0..count {
            spread.seat(before);
        }
        seats = seats.saturating_add(count.into());
        squares = squares.saturating_add(u64::from(count).saturating_mul(count.into()));
    }
    let printed = as_printed(seats, counts.len() as u64, squares);
    let resolved = spread.score().map(u64::from);
    Ok(outputs([
        ("paper_int", json!(printed)),
        ("resolved_int", json!(resolved)),
        ("paper_gate", gate(printed)),
        ("resolved_gate", gate(resolved)),
    ]))
}

pub(super) fn bid_score(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["rho", "match", "p", "b", "wq", "wp"])?;
    let thousandths = |key| Ok(inputs.bounded::<Points>(key)?.get());
    let (quality, cheapness) = (thousandths("wq")?, thousandths("wp")?);
    if quality.saturating_add(cheapness) != Points::MAX.get() {
        return Err(refused("wp", "the weights are not one together"));
    }
    let (price, share) = (inputs.amount("p")?.get(), inputs.amount("b")?.get());
    if share >> 96 != 0 {
        return Err(refused("b", "no budget has more than 96 bits"));
    }
    let offer = Offer {
        price,
        stake: 0,
        fit: thousandths("match")?,
        tier: 0,
    };
    let score = thousandths("rho")?;
    // The quotient of two whole numbers is the nearest there is to the fraction.
    let exact = fraction(&offer, share, score, quality);
    let exact = exact.map(|(of, whole)| of as f64 / whole as f64);
    Ok(outputs([
        ("score", json!(exact)),
        (
            "score_int",
            json!(score_floor(&offer, share, score, quality)),
        ),
    ]))
}

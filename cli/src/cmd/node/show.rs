//! An attempt of a node, and what waits for review.

use agentcity_abi::{ICollaboration, IVerification};
use agentcity_domain::{machine::Machine, peer::Peer};
use alloy::{primitives::B256, rpc::types::Filter, sol_types::SolEvent};
use serde_json::{Value, json};

use super::assignment;
use crate::{
    ask,
    failure::{Code, Failure},
    instant,
    opts::Town,
    output::{self, Answer},
    values::Place,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    town: Town,
}

/// How values of a mode are compared, in words.
const MODES: [&str; 4] = ["exact", "numeric", "sketch", "set"];

pub(super) async fn show(options: Show) -> Result<Answer, Failure> {
    let place = options.place;
    let city = options.town.connect().await?;
    let provider = &city.chain.provider;
    let work = ICollaboration::new(city.at(Peer::Collaboration), provider);
    let results = IVerification::new(city.at(Peer::Verification), provider);
    let node = work.node(place.mission, place.node).call().await?;
    let law = assignment(&city, place).await?;
    let record = results
        .recordOf(place.mission, place.node, node.attempt)
        .call()
        .await?;
    let state = ask::state(Machine::Node, node.state as u8);
    let has = |mask: u8, seat: u8| mask & 1 << seat != 0;
    let (mut rows, mut seats): (Vec<Vec<String>>, Vec<Value>) = Default::default();
    for number in 0..node.redundancy {
        let seat = work.seat(place.mission, place.node, number).call().await?;
        let took = has(law.seats, number);
        let mut did = Vec::new();
        for (mask, what) in [
            (record.committed, "committed"),
            (record.revealed, "revealed"),
            (record.disqualified, "excluded"),
        ] {
            if has(mask, number) {
                did.push(what);
            }
        }
        rows.push(vec![
            number.to_string(),
            seat.agent.to_string(),
            if took { "yes" } else { "no" }.to_owned(),
            seat.price.to_string(),
            seat.stake.to_string(),
            did.join(", "),
            seat.serviceId.to_string(),
        ]);
        seats.push(json!({
            "seat": number, "agent": seat.agent, "service": seat.serviceId, "price": seat.price.to_string(),
            "stake": seat.stake.to_string(), "source": seat.source, "taken": took, "did": did,
        }));
    }
    let mode = MODES
        .get(usize::from(law.mode))
        .copied()
        .unwrap_or("unknown");
    let (reveals, disputes): (u64, u64) = (record.revealUntil.to(), record.disputeUntil.to());
    let mut text = output::lines(&[
        ("node", place.node.to_string()),
        ("mission", place.mission.to_string()),
        (
            "state",
            format!("{state} since {}", instant::at(node.since.to())),
        ),
        ("attempt", node.attempt.to_string()),
        ("tier", node.tier.to_string()),
        (
            "agree",
            format!(
                "{} of {}, compared as {mode}",
                node.threshold, node.redundancy
            ),
        ),
        ("budget", format!("{} base units", law.budget)),
        ("terms", law.digest.to_string()),
        ("until", instant::at(node.expiresAt.to())),
        ("reveals until", instant::at(reveals)),
        ("disputes until", instant::at(disputes)),
        (
            "announced",
            if record.announced { "yes" } else { "no" }.to_owned(),
        ),
        (
            "backup review",
            if law.backup { "open" } else { "not open" }.to_owned(),
        ),
        ("output", node.outputHash.to_string()),
        ("trails", record.trailRoot.to_string()),
    ]);
    text += "\n";
    text += &output::table(
        &["seat", "agent", "taken", "price", "stake", "did", "service"],
        &rows,
    );
    Ok(Answer::new(
        json!({
            "mission": place.mission, "node": place.node, "state": state, "since": node.since.to::<u64>(), "attempt": node.attempt,
            "tier": node.tier, "redundancy": node.redundancy, "threshold": node.threshold, "mode": mode,
            "budget": law.budget.to_string(), "terms": law.digest, "expiresAt": node.expiresAt.to::<u64>(), "revealUntil": reveals,
            "disputeUntil": disputes, "announced": record.announced, "backup": law.backup, "outputHash": node.outputHash,
            "trailRoot": record.trailRoot, "bond": record.bondId, "seats": seats,
        }),
        text,
    ))
}

pub(super) async fn review(options: Show) -> Result<Answer, Failure> {
    let place = options.place;
    let city = options.town.connect().await?;
    let law = assignment(&city, place).await?;
    let state = ask::state(Machine::Node, law.state as u8);
    if law.state != ICollaboration::NodeState::PendingReview {
        return Err(Failure::new(
            Code::Unknown,
            format!("nothing waits for review at {place}: it is {state}"),
        )
        .hint("`agentcity mission show` tells where the nodes stand"));
    }
    let results = IVerification::new(city.at(Peer::Verification), &city.chain.provider);
    let record = results
        .recordOf(place.mission, place.node, law.attempt)
        .call()
        .await?;
    let filter = Filter::new()
        .address(city.at(Peer::Verification))
        .event_signature(IVerification::ReviewRequested::SIGNATURE_HASH)
        .topic1(place.mission)
        .topic2(B256::left_padding_from(&place.node.to_be_bytes()));
    let (newest, _) = ask::head(&city).await?;
    let asked = ask::typed::<IVerification::ReviewRequested>(&city, filter, newest).await?;
    let asked = asked
        .into_iter()
        .map(|(event, _)| event)
        .rfind(|one| one.attempt == law.attempt);
    let rubric = asked.map_or(B256::ZERO, |event| event.rubricHash);
    let kind = if law.tier == 2 {
        "a dispute"
    } else {
        "a result"
    }; // structural: tier 2 comes to review by dispute
    let decide = format!(
        "agentcity override prepare decide-review {} {} --attempt {} --approved true|false --justification FILE",
        place.mission, place.node, law.attempt
    );
    Ok(Answer::facts(
        json!({
            "mission": place.mission, "node": place.node, "attempt": law.attempt, "tier": law.tier, "outputHash": record.outputHash,
            "trailRoot": record.trailRoot, "rubricHash": rubric, "expiresAt": law.expiresAt.to::<u64>(), "backup": law.backup,
            "agents": law.agents.iter().filter(|agent| !agent.is_zero()).collect::<Vec<_>>(),
        }),
        &[
            ("node", format!("{} of {}", place.node, place.mission)),
            (
                "waits for",
                format!("a ruling about {kind} of attempt {}", law.attempt),
            ),
            ("output", record.outputHash.to_string()),
            ("trail", record.trailRoot.to_string()),
            ("rubric or grounds", rubric.to_string()),
            ("until", instant::at(law.expiresAt.to())),
            (
                "backup period",
                if law.backup { "open" } else { "not open" }.to_owned(),
            ),
            ("decided by", decide),
        ],
    ))
}

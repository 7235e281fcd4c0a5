//! What happens in a mission, as it happens.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use agentcity_domain::peer::Peer;
use alloy::{primitives::B256, rpc::types::Filter};
use serde_json::{Value, json};

use super::{is_over, mission};
use crate::{
    ask,
    failure::Failure,
    opts::Town,
    output::Answer,
    values::{self, word},
};

/// How often the chain is asked for news.
const PAUSE: Duration = Duration::from_millis(500);

/// Whose events are about missions, with the mission as their first topic.
const TELLERS: [Peer; 5] = [
    Peer::Collaboration,
    Peer::Verification,
    Peer::Guardian,
    Peer::Treasury,
    Peer::Statute,
];

#[derive(Debug, clap::Args)]
pub(crate) struct Watch {
    /// The mission.
    #[arg(value_parser = word)]
    mission: B256,
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
    /// Gives up after so many seconds; not before the mission ends when absent.
    #[arg(long = "for", value_parser = values::number::<u64>)]
    seconds: Option<u64>,
    #[command(flatten)]
    town: Town,
}

pub(super) async fn run(options: Watch, is_json: bool) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let id = options.mission;
    let filter = Filter::new()
        .address(TELLERS.map(|peer| city.at(peer)).to_vec())
        .topic1(id);
    let (start, limit) = (Instant::now(), options.seconds.map(Duration::from_secs));
    let mut next = ask::first_block(&city, options.from_block).await?;
    let mut events: Vec<Value> = Vec::new();
    loop {
        // Asked before the events, so that none of an ended mission is missed.
        let known = mission(&city, id).await?;
        let (newest, _) = ask::head(&city).await?;
        for seen in ask::seen(&city, filter.clone(), next, newest).await? {
            if !is_json {
                let who = ask::member(&city, seen.told.emitter).unwrap_or("?");
                let mut out = std::io::stdout().lock();
                // Whoever closed the pipe has seen enough.
                if writeln!(out, "{:>8}  {who:<13}  {}", seen.block, seen.told.text()).is_err() {
                    return Ok(Answer::new(Value::Null, ""));
                }
            }
            events.push(seen.json());
        }
        next = newest + 1;
        let state = ask::state(
            agentcity_domain::machine::Machine::Mission,
            known.state as u8,
        );
        let ended = is_over(known.state);
        if ended || limit.is_some_and(|limit| start.elapsed() >= limit) {
            let text = match ended {
                true => format!("ended: {state}\n"),
                false => format!("still {state}\n"),
            };
            return Ok(Answer::new(
                json!({ "mission": id, "ended": ended, "state": state, "events": events }),
                text,
            ));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

//! Stops executors over their protocol (docs/executors.md): the job of a frozen agent is ended by `DELETE`, and what it was about comes back.

use std::{collections::BTreeMap, time::Duration};

use agentcity_domain::statute::SEATS_MAX;
use agentcity_executor::{
    client::{Client, ClientError},
    protocol::{Code, Delivery, JobId, JobRequest, Place, Snapshot, Usage},
    trail::Entry,
};
use alloy::{
    hex,
    primitives::{Address, B256, Bytes, keccak256},
};
use parking_lot::Mutex;

use super::arrest::{StopError, Stopper, Used, Waiting};
use crate::{
    execution::Execution,
    snapshot::{Captured, Message, TEXT_BYTES_MAX, ToolCall},
};

/// How long an executor may take to stop: who hangs counts as running on, and is reported. The host gives the arrest a little longer.
const STOP_WITHIN: Duration = Duration::from_secs(4);
/// Seats that are remembered: those of as many nodes as one keeper serves at a time. Others are looked for.
const SEATED_MAX: usize = 4_096;

/// How an execution stands.
#[derive(Clone, Copy, Debug)]
enum Pulse {
    /// It runs, and used so much.
    Runs(Usage),
    /// Nothing of it runs any more.
    Rests,
    /// Its executor does not say.
    Silent,
}

/// The executors that this keeper serves, by their agents.
#[derive(Debug)]
pub struct Remote {
    clients: BTreeMap<Address, Client>,
    /// Where an agent sits: a job is named by it.
    seats: Mutex<BTreeMap<Execution, Place>>,
}

impl Remote {
    /// Stops these, and nobody else's.
    pub fn new(clients: BTreeMap<Address, Client>) -> Self {
        Self {
            clients,
            seats: Mutex::default(),
        }
    }

    /// An execution is the job of this seat. It need not be said: an arrest is quicker by that.
    pub fn seated(&self, execution: Execution, place: Place) {
        let mut seats = self.seats.lock();
        while seats.len() >= SEATED_MAX {
            seats.pop_first();
        }
        seats.insert(execution, place);
    }

    /// Where it is likely to sit, then everywhere else: an executor is one agent's, who has one seat of a node, so of all these names
    /// it knows one.
    fn jobs(&self, execution: &Execution) -> impl Iterator<Item = JobId> {
        let known = self.seats.lock().get(execution).copied();
        let others = (0..u8::MAX).take(SEATS_MAX).filter_map(Place::new);
        let others = others.filter(move |place| Some(*place) != known);
        let places = known.into_iter().chain(others);
        places.map(move |seat| job_at(execution, seat))
    }

    /// What was said in a job that is delivered, held against its trail.
    ///
    /// Errors: nobody hears it, or it is not what the trail was made of.
    pub async fn heard(
        &self,
        request: &JobRequest,
        delivery: &Delivery,
    ) -> Result<Vec<Bytes>, String> {
        let agent = request.agent;
        let client = self.clients.get(&agent);
        let client = client.ok_or_else(|| format!("no executor of {agent} is served"))?;
        let heard = client.heard(request, delivery).await;
        heard.map_err(|error| error.to_string())
    }

    /// How an execution stands, as its executor says. Where it sits is looked for where nobody said it yet: a keeper that begins need not have
    /// asked the chain.
    async fn pulse(&self, execution: &Execution) -> Pulse {
        let asked = tokio::time::timeout(STOP_WITHIN, self.felt(execution));
        asked.await.unwrap_or(Pulse::Silent)
    }

    async fn felt(&self, execution: &Execution) -> Pulse {
        let Some(client) = self.clients.get(&execution.agent) else {
            return Pulse::Silent;
        };
        let known = self.seats.lock().get(execution).copied();
        for job in self.jobs(execution).take(known.map_or(SEATS_MAX, |_| 1)) {
            match client.usage(&job).await {
                Ok(usage) => {
                    if known.is_none() {
                        self.seated(*execution, job.seat);
                    }
                    return usage.map_or(Pulse::Rests, Pulse::Runs);
                }
                Err(ClientError::Refused { refusal, .. }) if refusal.code == Code::Unknown => {}
                Err(_) => return Pulse::Silent,
            }
        }
        Pulse::Silent
    }

    async fn ended(&self, execution: &Execution) -> Result<Captured, StopError> {
        let client = self.clients.get(&execution.agent);
        let client = client.ok_or(StopError::Unknown)?;
        for job in self.jobs(execution) {
            match client.stop(&job).await {
                Ok(snapshot) => return Ok(captured(&snapshot)),
                Err(ClientError::Refused { refusal, .. }) => match refusal.code {
                    Code::Unknown => {}
                    // It failed by itself: nothing runs, and nothing is kept of it but why.
                    Code::Conflict => {
                        return Ok(Captured {
                            last_step: refusal.to_string(),
                            ..Captured::default()
                        });
                    }
                    Code::Malformed
                    | Code::Unauthorized
                    | Code::Declined
                    | Code::TooEarly
                    | Code::Busy
                    | Code::Internal => return Err(StopError::Unstopped(refusal.to_string())),
                },
                Err(error) => return Err(StopError::Unstopped(error.to_string())),
            }
        }
        Err(StopError::Unknown)
    }
}

impl Stopper for Remote {
    fn stop<'a>(&'a self, execution: &'a Execution) -> Waiting<'a, Result<Captured, StopError>> {
        Box::pin(async move {
            let ended = tokio::time::timeout(STOP_WITHIN, self.ended(execution));
            ended.await.unwrap_or_else(|_| {
                let secs = STOP_WITHIN.as_secs();
                Err(StopError::Unstopped(format!("no answer within {secs} s")))
            })
        })
    }

    fn used<'a>(&'a self, execution: &'a Execution) -> Waiting<'a, Option<Used>> {
        Box::pin(async move {
            match self.pulse(execution).await {
                Pulse::Runs(usage) => Some(Used {
                    tools: usage.tool_calls,
                    messages: usage.messages,
                }),
                Pulse::Rests | Pulse::Silent => None,
            }
        })
    }

    fn is_at_rest<'a>(&'a self, execution: &'a Execution) -> Waiting<'a, bool> {
        Box::pin(async move { matches!(self.pulse(execution).await, Pulse::Rests) })
    }

    fn said<'a>(
        &'a self,
        execution: &'a Execution,
        from: u32,
    ) -> Waiting<'a, Option<(u32, Vec<Bytes>)>> {
        Box::pin(async move {
            let client = self.clients.get(&execution.agent)?;
            // It was counted before it is heard.
            let seat = self.seats.lock().get(execution).copied()?;
            let job = job_at(execution, seat);
            let asked = tokio::time::timeout(STOP_WITHIN, client.said(&job, from));
            let said = asked.await.ok()?.ok()?;
            let messages = said.messages.iter();
            let messages = messages.map(|message| message.bytes().clone()).collect();
            Some((said.from, messages))
        })
    }
}

const fn job_at(execution: &Execution, seat: Place) -> JobId {
    JobId {
        mission: execution.mission,
        node: execution.node,
        attempt: execution.attempt,
        seat,
    }
}

/// The seed's list, of what an executor answers. What is in no trail, since its value is sealed, is in the executor's hands alone.
fn captured(snapshot: &Snapshot) -> Captured {
    let mut captured = Captured {
        context: text(snapshot.context.bytes()),
        last_step: text(snapshot.last_step.bytes()),
        partial_output: text(snapshot.partial_output.bytes()),
        trail_root: snapshot.trail_root,
        tokens_used: snapshot.usage.tokens.into(),
        tokens_allotted: snapshot.tokens_allocated.into(),
        ..Captured::default()
    };
    let mut inputs: Vec<B256> = Vec::new();
    for entry in snapshot.trail.iter().flat_map(|trail| trail.entries()) {
        match entry {
            Entry::Tool {
                name,
                input,
                output,
                at_ms,
            } => captured.tools.push(ToolCall {
                name: name.to_string(),
                input: *input,
                output: *output,
                at_ms: *at_ms,
            }),
            Entry::Message {
                from,
                to,
                content,
                at_ms,
                ..
            } => captured.messages.push(Message {
                sender: from.to_string(),
                receiver: to.to_string(),
                content: *content,
                at_ms: *at_ms,
            }),
            Entry::Input { output_hash, .. } => inputs.push(*output_hash),
            Entry::Opened { .. } | Entry::Output { .. } => {}
        }
    }
    if !inputs.is_empty() {
        captured.input = keccak256(inputs.concat());
    }
    captured
}

/// What is no text is told in hexadecimal digits, as much of it as fits.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => hex::encode_prefixed(&bytes[..bytes.len().min(TEXT_BYTES_MAX / 2 - 1)]),
    }
}

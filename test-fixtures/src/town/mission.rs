//! The mission from its deployment to the last stake: keepers and executors do all of it, and people what is theirs: they deploy and
//! fund, review, and decide where the models differ.

use agentcity_abi::{
    ICollaboration::{self as work, MissionState, NodeState},
    ITreasury::{self as treasury, EscrowState},
    IVerification as verification,
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use alloy::primitives::{Address, B256, Bytes};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

use super::{TownError, crew::Crew, step};
use crate::{
    city::CallError,
    http::Http,
    machines::{Sun, sun::SunError},
    mission::Stage,
};

/// The nodes of the law of the three, by their numbers.
const FETCH: u16 = 0;
const CLASSIFY: u16 = 1;
const REPORT: u16 = 2;
/// How many models tell topics.
const MODELS: u8 = 3;
/// What an adjudicator scores a review with, of 1000 points.
const SCORE: u16 = 900;

/// How the three models came to one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// So many of three said the same.
    Of(u8),
    /// All differed: one of the executors disputed, and an adjudicator let the list of this seat stand.
    Ruled(u8),
}

/// What a mission came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its number.
    pub id: B256,
    /// How topics were agreed on.
    pub agreement: Agreement,
    /// Its report, as the executor handed it in.
    pub report: Value,
    /// The report's hash, as the chain completed it.
    pub report_hash: B256,
}

/// A mission under way.
struct Mission<'a> {
    id: B256,
    stage: &'a mut Stage,
    crew: &'a mut Crew,
    sun: Sun,
}

/// Deploys, funds and runs the law of a session, whose document is this file.
///
/// Errors: [`TownError`].
pub fn run(
    stage: &mut Stage,
    crew: &mut Crew,
    session: B256,
    document: &Path,
) -> Result<Outcome, TownError> {
    step("deployment", || {
        let sponsor = stage.sponsor.clone();
        let (session, file) = (session.to_string(), document.display().to_string());
        let words = ["law", "deploy", &session, &file, "--fund"];
        crew.machines.client(&sponsor, &words)?;
        Ok(())
    })?;
    let mut mission = Mission {
        id: stage.foretell(session),
        stage,
        crew,
        sun: Sun::default(),
    };
    step("fetch", || mission.until_node(FETCH, NodeState::Completed))?;
    let agreement = step("classify", || mission.agree())?;
    step("report", || mission.review())?;
    let (report_hash, report) = mission.report()?;
    step("settlement", || mission.settle())?;
    Ok(Outcome {
        id: mission.id,
        agreement,
        report,
        report_hash,
    })
}

impl Mission<'_> {
    fn until<T>(
        &mut self,
        what: &str,
        look: impl FnMut(&mut Stage) -> Result<Result<T, String>, SunError>,
    ) -> Result<T, TownError> {
        let machines = &mut self.crew.machines;
        Ok(self.sun.until(self.stage, machines, what, look)?)
    }

    fn until_node(&mut self, index: u16, state: NodeState) -> Result<(), TownError> {
        let id = self.id;
        self.until(&format!("T{} is {state:?}", index + 1), |stage| {
            let node = node(stage, id, index)?;
            if node.state == NodeState::Failed && state != NodeState::Failed {
                return Ok(Ok(Err(index)));
            }
            let at = format!("{:?}", node.state);
            Ok(if node.state == state {
                Ok(Ok(()))
            } else {
                Err(at)
            })
        })?
        .map_err(|index| TownError::NodeFailed { node: index + 1 })
    }

    /// Waits until topics are agreed on. Where lists differ, executors have a while to dispute: it passes where two agree, and where
    /// none do, one of them uses it.
    fn agree(&mut self) -> Result<Agreement, TownError> {
        let id = self.id;
        let at = self.until("topics are told", |stage| {
            let node = node(stage, id, CLASSIFY)?;
            if matches!(node.state, NodeState::Completed | NodeState::Failed) {
                return Ok(Ok((node, 0)));
            }
            let to = stage.city.address(Peer::Verification);
            let record = verification::recordOfCall {
                missionId: id,
                node: CLASSIFY,
                attempt: node.attempt,
            };
            let record = stage.city.client.ask(to, &record)?;
            let until: u64 = record.disputeUntil.to();
            if until != 0 {
                return Ok(Ok((node, until)));
            }
            let revealed = record.revealed.count_ones();
            Ok(Err(format!(
                "{:?}, {revealed} of {MODELS} revealed",
                node.state
            )))
        });
        let (node, until) = at?;
        if until == 0 {
            self.until_node(CLASSIFY, NodeState::Completed)?;
            return Ok(Agreement::Of(MODELS));
        }
        let values = self.values(node.attempt)?;
        let alike = |value: &B256| values.iter().filter(|other| *other == value).count() as u8;
        let most = values.iter().map(alike).max().unwrap_or_default();
        if most >= node.threshold {
            self.stage.outlast(until)?;
            self.until_node(CLASSIFY, NodeState::Completed)?;
            return Ok(Agreement::Of(most));
        }
        self.dispute(node.attempt)
    }

    /// What the seats revealed.
    fn values(&mut self, attempt: u8) -> Result<Vec<B256>, TownError> {
        let to = self.stage.city.address(Peer::Verification);
        let mut values = Vec::new();
        for seat in 0..MODELS {
            let call = verification::commitmentOfCall {
                missionId: self.id,
                node: CLASSIFY,
                attempt,
                seat,
            };
            values.push(self.stage.city.client.ask(to, &call)?.value);
        }
        Ok(values)
    }

    /// No two models told the same of all pages. An executor disputes under bond, and an adjudicator reads the three lists and lets that
    /// stand which says most often what most of them say.
    fn dispute(&mut self, attempt: u8) -> Result<Agreement, TownError> {
        let mut lists = Vec::new();
        let to = self.stage.city.address(Peer::Collaboration);
        let mut seated = Vec::new();
        for (seat, value) in self.values(attempt)?.into_iter().enumerate() {
            let call = work::seatCall {
                missionId: self.id,
                index: CLASSIFY,
                place: seat as u8,
            };
            let agent = self.stage.city.client.ask(to, &call)?.agent;
            // What is revealed of an exact value is its hash, and outputs are found by the hash of that.
            let hash = alloy::primitives::keccak256(value);
            lists.push(self.output(agent, hash)?);
            seated.push(agent);
        }
        let seat = nearest(&lists);
        let known = self.stage.executors.iter();
        let executor = known
            .filter(|one| seated.contains(&one.agent.address()))
            .map(|one| one.agent.clone())
            .next()
            .ok_or(TownError::Silent {
                what: "a seat of the classification",
            })?;
        let mission = self.id.to_string();
        let words = [
            "node",
            "dispute",
            &mission,
            "1",
            "--grounds",
            "text:no two models say the same",
        ];
        self.crew.machines.client(&executor, &words)?;
        self.until_node(CLASSIFY, NodeState::PendingReview)?;
        self.rule(CLASSIFY, attempt, seat)?;
        self.until_node(CLASSIFY, NodeState::Completed)?;
        Ok(Agreement::Ruled(seat))
    }

    fn rule(&mut self, node: u16, attempt: u8, seat: u8) -> Result<(), TownError> {
        let decide = verification::decideReviewCall {
            missionId: self.id,
            node,
            attempt,
            approved: true,
            score: SCORE,
            seat,
        };
        self.stage.rule(Peer::Verification, &decide)?;
        Ok(())
    }

    /// The report waits sealed; an adjudicator approves it, and the executor opens it.
    fn review(&mut self) -> Result<(), TownError> {
        self.until_node(REPORT, NodeState::PendingReview)?;
        let attempt = node(self.stage, self.id, REPORT)?.attempt;
        self.rule(REPORT, attempt, 0)?;
        self.until_node(REPORT, NodeState::Completed)
    }

    /// The report, from who made it.
    fn report(&mut self) -> Result<(B256, Value), TownError> {
        let to = self.stage.city.address(Peer::Collaboration);
        let call = work::seatCall {
            missionId: self.id,
            index: REPORT,
            place: 0,
        };
        let agent = self.stage.city.client.ask(to, &call)?.agent;
        let hash = node(self.stage, self.id, REPORT)?.outputHash;
        let executors = self.crew.executors.clone();
        let text = self.until("the executor opens the report", |_| {
            Ok(ask(&executors, agent, hash))
        })?;
        let report = serde_json::from_slice(&text).map_err(|_| TownError::Answer {
            what: "the report",
            answer: String::from_utf8_lossy(&text).into_owned(),
        })?;
        Ok((hash, report))
    }

    fn output(&mut self, agent: Address, hash: B256) -> Result<Value, TownError> {
        let executors = self.crew.executors.clone();
        let text = self.until("an executor hands out its list", |_| {
            Ok(ask(&executors, agent, hash))
        })?;
        serde_json::from_slice(&text).map_err(|_| TownError::Answer {
            what: "a list of topics",
            answer: String::from_utf8_lossy(&text).into_owned(),
        })
    }

    /// The gate opens when nobody had anything to say for its time; stakes and earnings come back after the window of sanctions.
    fn settle(&mut self) -> Result<(), TownError> {
        let (id, treasury) = (self.id, self.stage.city.address(Peer::Treasury));
        self.until("the gate has the output", |stage| {
            let state = mission(stage, id)?;
            let at = format!("{state:?}");
            Ok(if state == MissionState::Verification {
                Ok(())
            } else {
                Err(at)
            })
        })?;
        let wait = u64::from(self.stage.city.number(P::ReconcileTimeoutSecs)?);
        let now = self.stage.city.client.now().map_err(SunError::from)?;
        self.stage.outlast(now + wait)?;
        self.until("the mission is complete", |stage| {
            let state = mission(stage, id)?;
            let at = format!("{state:?}");
            Ok(if state == MissionState::Completed {
                Ok(())
            } else {
                Err(at)
            })
        })?;
        let escrow = treasury::escrowCall { missionId: id };
        let release = self.stage.city.client.ask(treasury, &escrow)?.releaseAt;
        self.stage.outlast(release.to())?;
        let seated = self.seated()?;
        self.until("stakes are released and the escrow is closed", |stage| {
            let state = stage.city.client.ask(treasury, &escrow)?.state;
            if state != EscrowState::Closed {
                return Ok(Err("the escrow is open".to_owned()));
            }
            for agent in &seated {
                let call = treasury::lockedStakeCall {
                    missionId: id,
                    agent: *agent,
                };
                if !stage.city.client.ask(treasury, &call)?.amount.is_zero() {
                    return Ok(Err(format!("the stake of {agent} is locked")));
                }
            }
            Ok(Ok(()))
        })?;
        let sponsor = self.stage.sponsor.clone();
        let words = ["credits", "withdraw", "--from", "treasury"];
        self.crew.machines.client(&sponsor, &words)?;
        Ok(())
    }

    /// Whose stakes are behind it.
    fn seated(&mut self) -> Result<Vec<Address>, TownError> {
        let locked = self.stage.events::<treasury::StakeLocked>(Peer::Treasury)?;
        let of = locked.iter().filter(|event| event.missionId == self.id);
        Ok(of.map(|event| event.agent).collect())
    }
}

fn node(stage: &mut Stage, mission: B256, index: u16) -> Result<work::Node, CallError> {
    let call = work::nodeCall {
        missionId: mission,
        index,
    };
    let to = stage.city.address(Peer::Collaboration);
    stage.city.client.ask(to, &call)
}

fn mission(stage: &mut Stage, id: B256) -> Result<MissionState, CallError> {
    let to = stage.city.address(Peer::Collaboration);
    let found = stage
        .city
        .client
        .ask(to, &work::missionCall { missionId: id })?;
    Ok(found.state)
}

/// An output by its hash, from the executor of an agent; what it said instead otherwise.
fn ask(
    executors: &[(Address, std::net::SocketAddr)],
    agent: Address,
    hash: B256,
) -> Result<Vec<u8>, String> {
    let mut known = executors.iter();
    let found = known.find(|(known, _)| *known == agent);
    let (_, address) = found.ok_or_else(|| format!("{agent} serves nothing"))?;
    let request = format!("GET /v1/outputs/{hash:#x} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let reply = Http::new(*address).exchange(request.as_bytes());
    let reply = reply.map_err(|error| error.to_string())?;
    let told = serde_json::from_slice::<Bytes>(&reply.body);
    match told {
        Ok(bytes) if reply.status == 200 => Ok(bytes.to_vec()),
        _ => Err(String::from_utf8_lossy(&reply.body).into_owned()),
    }
}

/// Of several lists of topics that which says most often what most of them say, by its place; the first of equals.
fn nearest(lists: &[Value]) -> u8 {
    let topics = |list: &Value| -> BTreeMap<String, String> {
        let told = list["documents"].as_array().into_iter().flatten();
        let told = told.filter_map(|one| {
            let (url, topic) = (one["url"].as_str()?, one["topic"].as_str()?);
            Some((url.to_owned(), topic.to_owned()))
        });
        told.collect()
    };
    let told: Vec<_> = lists.iter().map(topics).collect();
    let shared = |own: &BTreeMap<String, String>| -> usize {
        let others = told.iter().map(|other| {
            let same = own
                .iter()
                .filter(|(url, topic)| other.get(*url) == Some(*topic));
            same.count()
        });
        others.sum()
    };
    let mut best = (0, 0);
    for (place, own) in told.iter().enumerate() {
        let score = shared(own);
        if score > best.1 {
            best = (place, score);
        }
    }
    best.0 as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_list_that_stands_is_the_one_that_says_most_often_what_most_say() {
        let list = |topics: [&str; 3]| {
            let told = topics.iter().zip(["a", "b", "c"]);
            let told = told.map(|(topic, url)| json!({"url": url, "topic": topic}));
            json!({"documents": told.collect::<Vec<_>>()})
        };
        let lists = [
            list(["sport", "economy", "health"]),
            list(["nature", "economy", "culture"]),
            list(["nature", "sport", "health"]),
        ];
        // On the first page the second and third agree, on the second the first two, on the third the first and third.
        assert_eq!(nearest(&lists), 0);
        let lists = [
            list(["sport", "sport", "sport"]),
            list(["nature", "economy", "culture"]),
            list(["nature", "economy", "health"]),
        ];
        assert_eq!(nearest(&lists), 1);
        assert_eq!(nearest(&[json!({}), json!(3)]), 0);
    }
}

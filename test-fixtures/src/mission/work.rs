//! A mission at work: what executors, reviewers and monitors send until its last node is done, each by a transaction of its own
//! or many results relayed in one (RULINGS R4).
//!
//! What an executor finds follows from the task's number, so nothing has to be remembered: salts and trails are hashes of their
//! names, the values of a consensus differ as much as their mode allows, everything else is as in [`result`].

use super::{Executor, Law, MissionError, Stage, Task, result};
use crate::{
    city::{
        Person,
        life::{GOOD_UNTIL, service_of},
        relay::{IRelay, Relay},
    },
    sender::Outcome,
};
use agentcity_abi::{
    ICollaboration as work, IGuardian as guardian, IStatute as statute,
    IVerification::{self as results, NodeResult, NodeTerms, ResultKind},
};
use agentcity_domain::{
    parameter::ParameterId as P, peer::Peer, signed::work as signed, statute::Mode,
    verification::consensus,
};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolValue},
};

/// A score of a review in the stories.
pub const REVIEW_SCORE: u16 = 900;
/// How far apart the numbers of neighbouring seats are: together far less than the tolerance.
const STEP: u64 = 10;
/// The least of these numbers.
const LEAST: u64 = 10_000;
/// Elements of the sets of a consensus.
const ELEMENTS: usize = 3;

/// A transaction that somebody is about to send.
#[derive(Clone, Debug)]
pub struct Step {
    /// The function, and of what.
    pub what: String,
    /// Who sends.
    pub by: Person,
    /// To whom.
    pub to: Address,
    /// Call data.
    pub input: Bytes,
}

/// A result as its executor signed it, with the terms of its node where they are needed.
#[derive(Clone, Debug)]
pub struct Signed {
    /// What was signed.
    pub result: NodeResult,
    /// Preimage of the node's digest, for proofs and outputs to be reviewed.
    pub terms: Option<NodeTerms>,
    /// By whom it is.
    pub signature: Bytes,
}

/// A node and those who work on it, in one attempt.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its mission.
    pub mission: B256,
    /// Its number.
    pub node: u16,
    /// Which attempt, from zero.
    pub attempt: u8,
    /// What is to be done.
    pub task: Task,
    /// By seat.
    pub executors: Vec<Executor>,
}

impl Job {
    /// The executor of a seat.
    pub fn agent(&self, seat: u8) -> &Person {
        &self.executors[usize::from(seat)].agent
    }

    /// All seats.
    pub fn seats(&self) -> impl Iterator<Item = u8> + use<> {
        0..self.executors.len() as u8
    }

    /// The code that each seat's service runs, as whoever begins the node finds it.
    pub fn live_code_hashes(&self) -> Vec<B256> {
        let services = self.executors.iter();
        services
            .map(|executor| service_of(&executor.agent).codeHash)
            .collect()
    }

    /// The hash of what is handed in, where it is not agreed on.
    pub fn output(&self) -> B256 {
        result::output()
    }

    /// Root of an executor's trail.
    pub fn trail(&self, seat: u8) -> B256 {
        keccak256(format!("trail of seat {seat} at task {}", self.node))
    }

    /// The trails of all seats, which seal their results in order: what whoever signs a reveal signs.
    pub fn trails(&self) -> B256 {
        self.seats().fold(B256::ZERO, |before, seat| {
            keccak256(consensus::trails(&before, seat, &self.trail(seat)).concat())
        })
    }

    /// Tier 1: input hash and salt. Tier 3: where the output is.
    pub fn proof(&self) -> Bytes {
        if self.task.node.tier == 3 {
            return format!("content of task {}", self.node).into_bytes().into();
        }
        result::proof()
    }

    /// The value that a seat finds: near those of all others, and where the mode lets it, not the same.
    pub fn value(&self, seat: u8) -> Vec<u8> {
        let word =
            |part: usize| keccak256(format!("part {part} of what task {} yields", self.node));
        match self.task.node.mode {
            mode if mode == Mode::Numeric as u8 => {
                let number = LEAST + u64::from(self.node) + STEP * u64::from(seat);
                U256::from(number).to_be_bytes_vec()
            }
            mode if mode == Mode::Sketch as u8 => {
                let mut lanes = [word(0), word(1)].concat();
                lanes[2 * usize::from(seat)] ^= 1;
                lanes
            }
            mode if mode == Mode::Set as u8 => {
                let mut set: Vec<B256> = (0..ELEMENTS).map(word).collect();
                set.sort_unstable();
                set.concat()
            }
            _ => word(0).to_vec(),
        }
    }

    /// What a seat keeps until it reveals.
    pub fn salt(&self, seat: u8) -> B256 {
        keccak256(format!("salt of seat {seat} at task {}", self.node))
    }

    /// What a seat seals.
    pub fn commitment(&self, seat: u8) -> B256 {
        self.seal(seat, &self.value(seat))
    }

    /// What a seat seals if it found this value.
    pub fn seal(&self, seat: u8, value: &[u8]) -> B256 {
        let sealed = (
            self.mission,
            U256::from(self.node),
            U256::from(self.attempt),
            self.agent(seat).address(),
            keccak256(value),
            self.salt(seat),
        );
        keccak256(sealed.abi_encode())
    }
}

impl Stage {
    /// A node with those whom the law seats at it, in its first attempt.
    pub fn job(&self, law: &Law, node: u16) -> Job {
        let seats = &law.written.seats;
        let first = seats.partition_point(|seat| seat.node < node);
        let seated = seats[first..].iter().take_while(|seat| seat.node == node);
        let executors = seated.map(|seat| {
            let mut known = self.executors.iter();
            let executor = known.find(|executor| executor.agent.address() == seat.agent);
            executor.expect("an executor of the stage").clone()
        });
        Job {
            mission: law.mission,
            node,
            attempt: 0,
            task: law.plan.tasks[usize::from(node)].clone(),
            executors: executors.collect(),
        }
    }

    /// A call of a member by somebody.
    pub fn step<C: SolCall>(&self, by: &Person, to: Peer, call: &C, of: impl ToString) -> Step {
        Step {
            what: format!("{} {}", name_of::<C>(), of.to_string())
                .trim_end()
                .to_owned(),
            by: by.clone(),
            to: self.city.address(to),
            input: call.abi_encode().into(),
        }
    }

    /// A contract that makes several calls for its owner, as anybody may have one.
    pub fn contract_of(&mut self, owner: &Person) -> Result<Relay, MissionError> {
        Ok(self.city.relay_of(owner)?)
    }

    /// Calls that somebody lets its contract make, in one transaction.
    pub fn together<C: SolCall>(&self, by: &Relay, to: Peer, calls: &[C]) -> Step {
        let input = IRelay::forwardAllCall {
            targets: vec![self.city.address(to); calls.len()],
            calls: calls.iter().map(|call| call.abi_encode().into()).collect(),
        };
        Step {
            what: format!("{} × {} by a contract", name_of::<C>(), calls.len()),
            by: by.owner.clone(),
            to: by.address,
            input: input.abi_encode().into(),
        }
    }

    /// Sends all, then waits for all; each is a charge of the law.
    pub fn perform(
        &mut self,
        law: &mut Law,
        steps: Vec<Step>,
    ) -> Result<Vec<Outcome>, MissionError> {
        let mut sent = Vec::with_capacity(steps.len());
        for step in steps {
            let what = format!("{} by {}", step.what, step.by.name);
            let launched =
                self.city
                    .client
                    .launch(step.by.signer(), step.to, U256::ZERO, step.input, what)?;
            sent.push((step.what, launched));
        }
        let mut outcomes = Vec::with_capacity(sent.len());
        for (what, sent) in sent {
            let outcome = self.city.client.land(sent)?;
            law.charge(what, &outcome);
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// An executor takes its seat.
    pub fn accepts(&self, job: &Job, seat: u8) -> Step {
        let call = work::acceptSeatCall {
            missionId: job.mission,
            node: job.node,
        };
        self.step(job.agent(seat), Peer::Collaboration, &call, job.node)
    }

    /// Executors' acceptances of seats, relayed by anybody.
    pub fn relays_acceptances(&self, by: &Person, seats: &[(&Job, u8)]) -> Step {
        let mut call = statute::acceptSeatsCall {
            acceptances: Vec::with_capacity(seats.len()),
            signatures: Vec::with_capacity(seats.len()),
        };
        for (job, seat) in seats {
            let agent = job.agent(*seat);
            let acceptance = signed::SeatAcceptance {
                mission_id: job.mission,
                node: job.node,
                attempt: job.attempt,
                executor: agent.address(),
                deadline: GOOD_UNTIL,
            };
            let digest = self.city.digest(Peer::Statute, &acceptance.words());
            call.signatures.push(agent.sign(digest));
            call.acceptances.push(statute::SeatAcceptance {
                missionId: job.mission,
                node: job.node,
                attempt: job.attempt,
                executor: agent.address(),
                deadline: GOOD_UNTIL,
            });
        }
        self.step(by, Peer::Statute, &call, format!("of {}", seats.len()))
    }

    /// The call that begins a node.
    pub fn routing(&self, job: &Job) -> work::routeTaskCall {
        work::routeTaskCall {
            missionId: job.mission,
            node: job.node,
            liveCodeHashes: job.live_code_hashes(),
        }
    }

    /// Somebody begins a node; who is seated takes its seat by it.
    pub fn routes(&self, job: &Job, by: &Person) -> Step {
        self.step(by, Peer::Collaboration, &self.routing(job), job.node)
    }

    /// The executor of a node of tier 1 or 3 hands in its result.
    pub fn submits(&self, job: &Job) -> Step {
        let call = results::submitResultCall {
            missionId: job.mission,
            node: job.node,
            terms: job.task.terms.clone(),
            outputHash: job.output(),
            trailRoot: job.trail(0),
            proof: job.proof(),
        };
        self.step(job.agent(0), Peer::Verification, &call, job.node)
    }

    /// An executor of a node of tier 2 seals its value.
    pub fn commits(&self, job: &Job, seat: u8) -> Step {
        self.seals(job, seat, &job.value(seat))
    }

    /// It seals this one.
    pub fn seals(&self, job: &Job, seat: u8, value: &[u8]) -> Step {
        let call = results::commitResultCall {
            missionId: job.mission,
            node: job.node,
            commitment: job.seal(seat, value),
            trailRoot: job.trail(seat),
        };
        self.step(job.agent(seat), Peer::Verification, &call, job.node)
    }

    /// It opens it.
    pub fn reveals(&self, job: &Job, seat: u8) -> Step {
        self.opens(job, seat, &job.value(seat))
    }

    /// It opens this one.
    pub fn opens(&self, job: &Job, seat: u8, value: &[u8]) -> Step {
        let call = results::revealResultCall {
            missionId: job.mission,
            node: job.node,
            executor: job.agent(seat).address(),
            value: value.to_vec().into(),
            salt: job.salt(seat),
        };
        self.step(job.agent(seat), Peer::Verification, &call, job.node)
    }

    /// A node by transactions of its executors alone, one for everything that each does. A reviewed one waits for its ruling then.
    pub fn works_off(&self, job: &Job) -> Vec<Step> {
        // Who begins the work takes its seat by that.
        let others = job.seats().skip(1);
        let mut steps: Vec<Step> = others.map(|seat| self.accepts(job, seat)).collect();
        steps.push(self.routes(job, job.agent(0)));
        if job.task.node.tier == 2 {
            steps.extend(job.seats().map(|seat| self.commits(job, seat)));
            steps.extend(job.seats().map(|seat| self.reveals(job, seat)));
        } else {
            steps.push(self.submits(job));
        }
        steps
    }

    /// A result of a seat, signed for a batch.
    pub fn signs(&self, job: &Job, seat: u8, kind: ResultKind) -> Signed {
        let agent = job.agent(seat);
        let (output, proof, terms) = match kind {
            ResultKind::Commit => (job.commitment(seat), Bytes::new(), None),
            ResultKind::Reveal => {
                let value = job.value(seat);
                let shown = [&value[..], job.salt(seat).as_slice()].concat();
                (keccak256(&value), shown.into(), None)
            }
            _ => (job.output(), job.proof(), Some(job.task.terms.clone())),
        };
        let trail = match kind {
            ResultKind::Reveal => job.trails(),
            _ => job.trail(seat),
        };
        let statement = signed::NodeResult {
            mission_id: job.mission,
            node: job.node,
            attempt: job.attempt,
            kind: kind as u8,
            executor: agent.address(),
            output_hash: output,
            trail_root: trail,
            proof: keccak256(&proof),
            deadline: GOOD_UNTIL,
        };
        let digest = self.city.digest(Peer::Verification, &statement.words());
        Signed {
            result: NodeResult {
                missionId: job.mission,
                node: job.node,
                attempt: job.attempt,
                kind,
                executor: agent.address(),
                outputHash: output,
                trailRoot: trail,
                proof,
                deadline: GOOD_UNTIL,
            },
            terms,
            signature: agent.sign(digest),
        }
    }

    /// Results of many nodes, relayed by anybody.
    pub fn relays(&self, by: &Person, signed: Vec<Signed>) -> Step {
        let mut call = results::submitBatchCall {
            results: Vec::with_capacity(signed.len()),
            terms: Vec::new(),
            signatures: Vec::with_capacity(signed.len()),
        };
        for one in signed {
            call.results.push(one.result);
            call.terms.extend(one.terms);
            call.signatures.push(one.signature);
        }
        let of = format!("of {}", call.results.len());
        self.step(by, Peer::Verification, &call, of)
    }

    /// The ruling that approves what waits for review.
    pub fn approval(job: &Job) -> results::decideReviewCall {
        results::decideReviewCall {
            missionId: job.mission,
            node: job.node,
            attempt: job.attempt,
            approved: true,
            score: REVIEW_SCORE,
            seat: 0,
        }
    }

    /// A monitor reports that the executor of a node's first seat called more tools than it may: that freezes the node. `sequence`
    /// counts what this monitor reports of this attempt, from one.
    pub fn accuses(&self, monitor: &Person, job: &Job, sequence: u64) -> Step {
        let report = guardian::MonitorReport {
            missionId: job.mission,
            node: job.node,
            attempt: job.attempt,
            agent: job.agent(0).address(),
            kind: guardian::ReportKind::Counters,
            deviation: 0,
            toolInvocations: P::MaxToolInvocations.row().default + 1,
            messageVolume: 0,
            evidenceHash: keccak256("log of the tools"),
            sequence,
            deadline: GOOD_UNTIL,
            monitor: monitor.address(),
        };
        let statement = signed::MonitorReport {
            mission_id: report.missionId,
            node: report.node,
            attempt: report.attempt,
            agent: report.agent,
            kind: report.kind as u8,
            deviation: report.deviation,
            tool_invocations: report.toolInvocations,
            message_volume: report.messageVolume,
            evidence_hash: report.evidenceHash,
            sequence: report.sequence,
            deadline: report.deadline,
            monitor: report.monitor,
        };
        let digest = self.city.digest(Peer::Guardian, &statement.words());
        let call = guardian::reportCall {
            reports: vec![report],
            signatures: vec![monitor.sign(digest)],
        };
        self.step(monitor, Peer::Guardian, &call, job.node)
    }

    /// A monitor found log and chain equal, and the gate is asked: what completes a mission whose nodes are done.
    pub fn opens_gate(&self, law: &Law, monitor: &Person) -> Vec<Step> {
        let reconcile = guardian::reconcileCall {
            missionId: law.mission,
            logRoot: keccak256("log"),
        };
        let filter = guardian::filterOutputCall {
            missionId: law.mission,
        };
        vec![
            self.step(monitor, Peer::Guardian, &reconcile, ""),
            self.step(monitor, Peer::Guardian, &filter, ""),
        ]
    }
}

/// The function's name, as it is charged.
pub(crate) fn name_of<C: SolCall>() -> &'static str {
    C::SIGNATURE.split('(').next().unwrap_or(C::SIGNATURE)
}

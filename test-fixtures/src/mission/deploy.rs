//! From a plan to an active mission: what each party sends, in its order, and what it costs.

use super::{
    Plan, Written,
    plan::hash,
    stage::{MissionError, Stage},
};
use crate::{city::Person, sender::Outcome};
use agentcity_abi::{ICollaboration, IEnactment, IStatute, ITreasury};
use agentcity_domain::{id::MissionId, peer::Peer, statute::Seat};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolEvent},
};
use std::collections::BTreeMap;

/// The epoch of every law in a city that never amended.
const EPOCH: u64 = 1;
/// Fairness of every law in the stories.
const FAIRNESS: u16 = 900;
/// Calls that a double makes in one transaction.
const AT_ONCE: usize = 40;

/// What a transaction cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// What was done.
    pub what: String,
    /// Gas of the receipt.
    pub gas: u64,
    /// The transaction.
    pub hash: B256,
}

/// A law that the doubles stand by, and how far its mission is.
#[derive(Clone, Debug)]
pub struct Law {
    /// Its session.
    pub session: B256,
    /// Its pages.
    pub written: Written,
    /// As enactment answers.
    pub answer: IEnactment::Law,
    /// Its mission, once created; zero before.
    pub mission: B256,
    /// What every transaction for it cost, in order.
    pub charges: Vec<Charge>,
}

impl Law {
    /// Gas of all transactions whose description begins so.
    pub fn gas_of(&self, what: &str) -> u64 {
        let of = self
            .charges
            .iter()
            .filter(|charge| charge.what.starts_with(what));
        of.map(|charge| charge.gas).sum()
    }

    pub(super) fn charge(&mut self, what: impl Into<String>, outcome: &Outcome) {
        self.charges.push(Charge {
            what: what.into(),
            gas: outcome.gas_used,
            hash: outcome.hash,
        });
    }
}

/// What a contract spent on its own in a transaction, its start and the access to it included, the calls that it made left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// How deep in the calls.
    pub depth: usize,
    /// Its address.
    pub contract: Address,
    /// First four bytes of what it was called with.
    pub selector: [u8; 4],
    /// Gas with its calls.
    pub all: u64,
    /// Gas without them.
    pub own: u64,
}

/// The frames of a call, as the node's call tracer tells them.
fn shares(frame: &serde_json::Value, depth: usize, into: &mut Vec<Share>) -> u64 {
    let quantity = |key: &str| crate::http::parse_quantity(&frame[key]).unwrap_or_default() as u64;
    let input: Bytes = serde_json::from_value(frame["input"].clone()).unwrap_or_default();
    let all = quantity("gasUsed");
    let at = into.len();
    into.push(Share {
        depth,
        contract: serde_json::from_value(frame["to"].clone()).unwrap_or_default(),
        selector: input.first_chunk().copied().unwrap_or_default(),
        all,
        own: all,
    });
    let calls = frame["calls"].as_array().map(Vec::as_slice);
    let below = calls.unwrap_or_default().iter();
    let below: u64 = below.map(|call| shares(call, depth + 1, into)).sum();
    into[at].own = all.saturating_sub(below);
    all
}

/// Prints charges, one a line.
pub fn print(charges: &[Charge]) {
    for charge in charges {
        println!("{:>12} gas  {}", charge.gas, charge.what);
    }
}

/// The session in which a plan of this name is legislated.
pub(super) fn session_of(plan: &str) -> B256 {
    keccak256(format!("session {plan}"))
}

impl Stage {
    /// The number that the mission of a plan of this name will have.
    pub fn foretell(&self, plan: &str) -> B256 {
        let hash = keccak256(session_of(plan));
        MissionId::of_session(self.sponsor.address(), hash).word()
    }

    /// A plan as a law of which nobody has heard yet.
    pub fn draft(&mut self, plan: &Plan, stake: u128) -> Result<Law, MissionError> {
        self.draft_with(plan, plan.seats(&self.executors, stake))
    }

    /// The same with seats of its own.
    pub fn draft_with(&mut self, plan: &Plan, seats: Vec<Seat>) -> Result<Law, MissionError> {
        let written = plan.write(seats)?;
        let session = plan.session();
        let deadline = self.city.client.now()? + self.life;
        let answer = IEnactment::Law {
            approved: true,
            audited: plan.is_risky(),
            kind: IEnactment::SessionKind::Mission,
            statuteHash: written.statute_hash(),
            assignmentsHash: written.assignments_hash(),
            epoch: EPOCH,
            nodes: written.nodes,
            fairness: FAIRNESS,
            fairnessWaived: false,
            budget: written.budget,
            missionDeadline: U256::from(deadline).to(),
            missionId: B256::ZERO,
            node: 0,
            sponsor: self.sponsor.address(),
            domain: keccak256("research"),
        };
        Ok(Law {
            session,
            written,
            answer,
            mission: B256::ZERO,
            charges: Vec::new(),
        })
    }

    /// Takes a plan through legislation: the winners' stakes are reserved, and enactment stands by the law.
    pub fn legislate(&mut self, plan: &Plan, stake: u128) -> Result<Law, MissionError> {
        self.legislate_with(plan, plan.seats(&self.executors, stake))
    }

    /// The same with these seats.
    pub fn legislate_with(&mut self, plan: &Plan, seats: Vec<Seat>) -> Result<Law, MissionError> {
        let law = self.draft_with(plan, seats)?;
        self.adopt(&law)?;
        Ok(law)
    }

    /// The stakes of a draft are reserved, and enactment stands by it.
    pub fn adopt(&mut self, law: &Law) -> Result<(), MissionError> {
        self.reserve(law.session, &law.written.seats)?;
        self.stand_by(law)
    }

    /// Lets enactment's double answer for a law as it is written down.
    pub fn stand_by(&mut self, law: &Law) -> Result<(), MissionError> {
        let call = IEnactment::lawOfCall {
            sessionId: law.session,
        };
        let enactment = self.city.double(Peer::Enactment);
        enactment.answers_to(&mut self.city.client, &call, &law.answer)?;
        Ok(())
    }

    /// Lets legislature's double reserve the stakes of all seats, one sum for each agent.
    pub fn reserve(&mut self, session: B256, seats: &[Seat]) -> Result<(), MissionError> {
        let mut sums: BTreeMap<(Address, B256), u128> = BTreeMap::new();
        for seat in seats {
            *sums.entry((seat.agent, seat.source)).or_default() += seat.stake;
        }
        let calls: Vec<ITreasury::reserveStakeCall> = sums
            .into_iter()
            .map(|((agent, source), amount)| ITreasury::reserveStakeCall {
                sessionId: session,
                source,
                agent,
                amount: U256::from(amount),
            })
            .collect();
        let legislature = self.city.double(Peer::Legislature);
        let treasury = self.city.address(Peer::Treasury);
        for calls in calls.chunks(AT_ONCE) {
            legislature.say_all(&mut self.city.client, treasury, calls)?;
        }
        Ok(())
    }

    /// Who spent the gas of a transaction: every call in it, in order.
    pub fn breakdown(&mut self, charge: &Charge) -> Result<Vec<Share>, MissionError> {
        let options = serde_json::json!([charge.hash, {"tracer": "callTracer"}]);
        let rpc = self.city.client.rpc();
        let frame = rpc.call("debug_traceTransaction", options)?;
        let mut found = Vec::new();
        shares(&frame, 0, &mut found);
        Ok(found)
    }

    /// Prints such a breakdown with the names of members, calls of the same function at the same depth together.
    pub fn print_breakdown(&mut self, charge: &Charge) -> Result<(), MissionError> {
        println!("{}: {} gas", charge.what, charge.gas);
        let mut sums: Vec<(Share, u64)> = Vec::new();
        for share in self.breakdown(charge)? {
            let same = |(sum, _): &&mut (Share, u64)| {
                (sum.depth, sum.contract, sum.selector)
                    == (share.depth, share.contract, share.selector)
            };
            match sums.iter_mut().find(same) {
                Some((sum, times)) => {
                    sum.all += share.all;
                    sum.own += share.own;
                    *times += 1;
                }
                None => sums.push((share, 1)),
            }
        }
        for (sum, times) in sums {
            let mut peers = Peer::ALL.into_iter();
            let name = peers.find(|peer| self.city.address(*peer) == sum.contract);
            println!(
                "{:>10} own {:>10} all  {}{} {} × {times}",
                sum.own,
                sum.all,
                "  ".repeat(sum.depth),
                name.map_or("(account)", Peer::name),
                alloy::primitives::hex::encode(sum.selector)
            );
        }
        Ok(())
    }

    /// The sponsor creates the mission.
    pub fn create(&mut self, law: &mut Law) -> Result<(), MissionError> {
        let call = ICollaboration::createMissionCall {
            sessionId: law.session,
            deadline: law.answer.missionDeadline,
        };
        let to = self.city.address(Peer::Collaboration);
        let outcome = self.city.client.send(&self.sponsor, to, &call)?;
        let what = "createMission";
        law.mission = created(&outcome).ok_or(MissionError::Silent { what })?;
        law.charge(what, &outcome);
        Ok(())
    }

    /// The sponsor pays what all nodes may cost.
    pub fn fund(&mut self, law: &mut Law) -> Result<(), MissionError> {
        let amount = U256::from(law.written.budget);
        let call = ITreasury::fundMissionCall {
            missionId: law.mission,
            amount,
        };
        let treasury = self.city.address(Peer::Treasury);
        let outcome = self.city.client.pay(
            self.sponsor.signer(),
            treasury,
            self.city.value_of(amount),
            call.abi_encode().into(),
            "fundMission by the sponsor",
        )?;
        law.charge("fundMission", &outcome);
        Ok(())
    }

    /// Anybody brings the pages of the statute, so many in a call.
    pub fn deploy(
        &mut self,
        law: &mut Law,
        by: &Person,
        at_once: usize,
    ) -> Result<(), MissionError> {
        let to = self.city.address(Peer::Statute);
        for first in (0..law.written.pages.len()).step_by(at_once) {
            let (shown, rest) = cut(&law.written.pages, first, at_once);
            let call = IStatute::deployTrancheCall {
                missionId: law.mission,
                tranche: first as u16,
                pages: shown,
                rest,
            };
            let outcome = self.city.client.send(by, to, &call)?;
            law.charge(format!("deployTranche {first}"), &outcome);
        }
        Ok(())
    }

    /// Anybody brings the pages of seats, so many in a call.
    pub fn seat(&mut self, law: &mut Law, by: &Person, at_once: usize) -> Result<(), MissionError> {
        let to = self.city.address(Peer::Statute);
        for first in (0..law.written.seat_pages.len()).step_by(at_once) {
            let (shown, rest) = cut(&law.written.seat_pages, first, at_once);
            let call = IStatute::deploySeatsCall {
                missionId: law.mission,
                tranche: first as u16,
                pages: shown,
                rest,
            };
            let outcome = self.city.client.send(by, to, &call)?;
            law.charge(format!("deploySeats {first}"), &outcome);
        }
        Ok(())
    }

    /// Anybody makes the mission law.
    pub fn finalise(&mut self, law: &mut Law, by: &Person) -> Result<Outcome, MissionError> {
        let call = IStatute::finaliseDeploymentCall {
            missionId: law.mission,
        };
        let to = self.city.address(Peer::Statute);
        let outcome = self.city.client.send(by, to, &call)?;
        law.charge("finaliseDeployment", &outcome);
        Ok(outcome)
    }

    /// Anybody deploys a mission and makes it law in one transaction.
    pub fn deploy_whole(&mut self, law: &mut Law, by: &Person) -> Result<Outcome, MissionError> {
        let all = |pages: &[Vec<u8>]| pages.iter().map(|page| page.clone().into()).collect();
        let call = IStatute::deployMissionCall {
            missionId: law.mission,
            pages: all(&law.written.pages),
            seatPages: all(&law.written.seat_pages),
        };
        let to = self.city.address(Peer::Statute);
        let outcome = self.city.client.send(by, to, &call)?;
        law.charge("deployMission", &outcome);
        Ok(outcome)
    }

    /// All of it: from a plan to an active mission.
    pub fn enact(&mut self, plan: &Plan, stake: u128) -> Result<Law, MissionError> {
        let mut law = self.legislate(plan, stake)?;
        self.make_law(&mut law)?;
        Ok(law)
    }

    /// A law that was adopted becomes an active mission.
    pub fn make_law(&mut self, law: &mut Law) -> Result<(), MissionError> {
        let anybody = self.sponsor.clone();
        self.create(law)?;
        self.fund(law)?;
        self.deploy(law, &anybody, PAGES_AT_ONCE)?;
        self.seat(law, &anybody, SEAT_PAGES_AT_ONCE)?;
        self.finalise(law, &anybody)?;
        Ok(())
    }
}

/// The mission that a transaction created.
pub fn created(outcome: &Outcome) -> Option<B256> {
    let mut logs = outcome.logs.iter();
    let created = logs.find_map(|log| ICollaboration::MissionCreated::decode_log(log).ok())?;
    Some(created.missionId)
}

/// Pages of the statute in one transaction: 512 nodes.
pub const PAGES_AT_ONCE: usize = 4;
/// Pages of seats in one transaction: the seats of 96 nodes.
pub const SEAT_PAGES_AT_ONCE: usize = 6;

/// Pages as arguments, and the hash of those behind them.
pub fn cut(pages: &[Vec<u8>], first: usize, at_once: usize) -> (Vec<Bytes>, B256) {
    let end = pages.len().min(first + at_once);
    let shown = pages[first..end].iter().map(|page| page.clone().into());
    (shown.collect(), hash(&pages[end..]))
}

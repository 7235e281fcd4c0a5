//! From a law to an active mission: what each party sends, in its order, and what it costs.

use super::{
    Plan, Written,
    plan::hash,
    stage::{MissionError, Stage},
};
use crate::{city::Person, sender::Outcome};
use agentcity_abi::{ICollaboration, IEnactment, IStatute, ITreasury};
use agentcity_domain::{id::MissionId, peer::Peer};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolEvent},
};

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

/// A law, and how far its mission is.
#[derive(Clone, Debug)]
pub struct Law {
    /// Its session.
    pub session: B256,
    /// What was legislated. Tasks that are proved commit to the mission.
    pub plan: Plan,
    /// Its pages, with the seats as they were awarded.
    pub written: Written,
    /// How many bids its session took, from zero on.
    pub bids: u32,
    /// As enactment answers.
    pub answer: IEnactment::Law,
    /// Its mission, once created; zero before.
    pub mission: B256,
    /// What every transaction of its session cost, in order.
    pub legislated: Vec<Charge>,
    /// What every transaction for it cost since, in order.
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

/// The last frame in which a contract ran a function.
pub fn share(frames: &[Share], contract: Address, selector: [u8; 4]) -> Option<&Share> {
    let mut latest = frames.iter().rev();
    latest.find(|frame| frame.contract == contract && frame.selector == selector)
}

/// Prints charges, one a line.
pub fn print(charges: &[Charge]) {
    for charge in charges {
        println!("{:>12} gas  {}", charge.gas, charge.what);
    }
}

impl Stage {
    /// The number that the mission of a session's law will have.
    pub fn foretell(&self, session: B256) -> B256 {
        let hash = keccak256(session);
        MissionId::of_session(self.sponsor.address(), hash).word()
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

    /// A law becomes an active mission.
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

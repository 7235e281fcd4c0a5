//! After a mission: stakes come back, credits are withdrawn, the funds are paid out, and what was paid in is compared with what
//! came out.

use super::{Law, MissionError, Stage, Step};
use crate::{city::Person, http::RpcError};
use agentcity_abi::{
    ICollaboration as work,
    ITreasury::{self as treasury, Disbursement, Parts},
};
use agentcity_domain::peer::Peer;
use alloy::{
    primitives::{Address, B256, Bytes, Log, U256, keccak256},
    sol_types::SolEvent,
};
use serde_json::json;

/// The treasury's money since the city stands, by what it said itself and by what it holds.
#[derive(Clone, Debug)]
pub struct Books {
    /// Paid to somebody's credit.
    pub deposited: U256,
    /// Paid into missions by their sponsors.
    pub funded: U256,
    /// Taken out.
    pub withdrawn: U256,
    /// What executors got for nodes, the subsidies apart.
    pub base: U256,
    /// Subsidies.
    pub subsidies: U256,
    /// Fees, reserves and residuals.
    pub kept: U256,
    /// Shares of node budgets that were settled: base, fee, reserve and residual.
    pub shares: U256,
    /// Seats that were paid.
    pub settled: usize,
    /// The parts of what is booked.
    pub parts: Parts,
    /// What is booked.
    pub booked: U256,
    /// Coins that the contract holds.
    pub held: U256,
}

impl Books {
    /// Whether nothing was made or lost: what came in is what went out and what is still there, and what is there is booked.
    pub fn balance(&self) -> bool {
        let parts = &self.parts;
        let sum = parts.escrows
            + parts.reservedStakes
            + parts.lockedStakes
            + parts.bonds
            + parts.treasury
            + parts.subsidyBudget
            + parts.insurance
            + parts.pools
            + parts.credits;
        self.deposited + self.funded == self.withdrawn + self.held
            && self.held == self.booked
            && sum == self.booked
            && self.shares == self.base + self.kept
    }

    /// Prints them.
    pub fn print(&self) {
        for (what, amount) in [
            ("deposited", self.deposited),
            ("paid by the sponsor", self.funded),
            ("withdrawn", self.withdrawn),
            ("shares of settled seats", self.shares),
            ("of these: to executors", self.base),
            ("of these: fees, reserves, residuals", self.kept),
            ("subsidies beside", self.subsidies),
            ("left in the subsidy budget", self.parts.subsidyBudget),
        ] {
            println!("{amount:>26}  {what}");
        }
    }
}

impl Stage {
    /// All logs of one kind that a member ever wrote.
    pub fn events<E: SolEvent>(&mut self, peer: Peer) -> Result<Vec<E>, MissionError> {
        let filter = json!([{
            "address": self.city.address(peer),
            "topics": [E::SIGNATURE_HASH],
            "fromBlock": "0x0",
            "toBlock": "latest",
        }]);
        let answer = self.city.client.rpc().call("eth_getLogs", filter)?;
        let malformed = || RpcError::Malformed {
            method: "eth_getLogs".into(),
            body: E::SIGNATURE.to_owned(),
        };
        let logs = answer.as_array().ok_or_else(malformed)?;
        let events = logs.iter().map(|log| {
            let topics: Vec<B256> = serde_json::from_value(log["topics"].clone()).ok()?;
            let data: Bytes = serde_json::from_value(log["data"].clone()).ok()?;
            let log = Log::new(Address::ZERO, topics, data)?;
            E::decode_log(&log).ok().map(|log| log.data)
        });
        let events: Option<Vec<E>> = events.collect();
        Ok(events.ok_or_else(malformed)?)
    }

    /// The treasury's books as they are now.
    pub fn books(&mut self) -> Result<Books, MissionError> {
        let sum = |amounts: &mut dyn Iterator<Item = U256>| amounts.sum::<U256>();
        let deposits = self.events::<treasury::CreditDeposited>(Peer::Treasury)?;
        let funds = self.events::<treasury::MissionFunded>(Peer::Treasury)?;
        let withdrawals = self.events::<treasury::Withdrawn>(Peer::Treasury)?;
        let settled = self.events::<treasury::Settled>(Peer::Treasury)?;
        let to = self.city.address(Peer::Treasury);
        let client = &mut self.city.client;
        Ok(Books {
            deposited: sum(&mut deposits.iter().map(|event| event.amount)),
            funded: sum(&mut funds.iter().map(|event| event.amount)),
            withdrawn: sum(&mut withdrawals.iter().map(|event| event.amount)),
            base: sum(&mut settled.iter().map(|event| event.base)),
            subsidies: sum(&mut settled.iter().map(|event| event.subsidy)),
            kept: sum(&mut settled
                .iter()
                .map(|event| event.fee + event.reserve + event.residual)),
            shares: sum(&mut settled.iter().map(|event| event.share)),
            settled: settled.len(),
            parts: client.ask(to, &treasury::partsCall {})?,
            booked: client.ask(to, &treasury::bookedCall {})?,
            held: client.balance(to)?,
        })
    }

    /// Anybody has an agent's stake and obligation released.
    pub fn releases(&self, law: &Law, by: &Person, agent: Address) -> Step {
        let call = work::releaseAgentCall {
            missionId: law.mission,
            agent,
        };
        self.step(by, Peer::Collaboration, &call, "")
    }

    /// Somebody takes the whole credit.
    pub fn withdraws(&self, who: &Person) -> Step {
        self.step(who, Peer::Treasury, &treasury::withdrawCall {}, "")
    }

    /// Anybody has what is left of the escrow refunded.
    pub fn closes(&self, law: &Law, by: &Person) -> Step {
        let call = treasury::closeEscrowCall {
            missionId: law.mission,
        };
        self.step(by, Peer::Treasury, &call, "")
    }

    /// The panel pays everything in treasury and insurance to somebody, who takes it.
    pub fn pays_out(&mut self, law: &mut Law, heir: &Person) -> Result<(), MissionError> {
        let to = self.city.address(Peer::Treasury);
        let parts = self.city.client.ask(to, &treasury::partsCall {})?;
        let funds = [
            (Disbursement::GasSubsidy, parts.treasury),
            (Disbursement::Insurance, parts.insurance),
        ];
        let full = funds.into_iter().filter(|(_, amount)| !amount.is_zero());
        for (kind, amount) in full {
            let call = treasury::disburseCall {
                kind,
                recipient: heir.address(),
                amount,
                justificationHash: keccak256("all of it"),
            };
            let paid = self.rule(Peer::Treasury, &call)?;
            law.charge("disburse by the panel", &paid);
        }
        let takes = self.withdraws(heir);
        self.perform(law, vec![takes])?;
        Ok(())
    }
}

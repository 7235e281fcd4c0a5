//! What money beside a mission's own costs: pools of stakes, and what the panel pays out of insurance and treasury.

use super::{GasError, Taken};
use crate::{
    city::{Act, Person},
    mission::{Law, MissionError, Stage},
    sender::Outcome,
};
use agentcity_abi::{
    IAdjudication::ActionQueued,
    IRoster as roster,
    ITreasury::{self as treasury, Disbursement, Fund},
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use alloy::{
    primitives::{Address, U256, keccak256},
    sol_types::{SolCall, SolEvent},
};

/// What everybody pays into the pool, in base units.
const SHARE: u128 = 1_000_000_000_000_000;
/// Percent of the whole.
const PERCENT: u64 = 100;

/// Executors with credit found a pool, join it, ask to leave, and leave it while it backs nobody.
pub(super) fn pools(stage: &mut Stage, taken: &mut Taken) -> Result<(), GasError> {
    let [manager, second] = [1, 2].map(|place| stage.executors[place].agent.clone());
    let created = stage.pays(&manager, &treasury::createPoolCall {})?;
    taken.push(("createPool", created.gas_used));
    let mut logs = created.logs.iter();
    let pool = logs.find_map(|log| treasury::PoolCreated::decode_log(log).ok());
    let what = "createPool";
    let pool = pool.ok_or(MissionError::Silent { what })?.poolId;

    let join = treasury::joinPoolCall {
        poolId: pool,
        amount: U256::from(SHARE),
    };
    // Who is first writes the pool's own slots.
    for (id, who) in [("joinPool.first", &manager), ("joinPool", &second)] {
        taken.push((id, stage.pays(who, &join)?.gas_used));
    }
    let asks = treasury::requestLeavePoolCall { poolId: pool };
    taken.push(("requestLeavePool", stage.pays(&manager, &asks)?.gas_used));
    let held = treasury::poolSharesCall {
        poolId: pool,
        participant: second.address(),
    };
    let to = stage.city.address(Peer::Treasury);
    let leave = treasury::leavePoolCall {
        poolId: pool,
        shares: stage.city.client.ask(to, &held)?,
    };
    taken.push(("leavePool", stage.pays(&second, &leave)?.gas_used));
    Ok(())
}

/// After a mission: a loss is compensated by the insurance, reviewers are paid, and the panel disburses a part of the treasury.
pub(super) fn payments(
    stage: &mut Stage,
    law: &mut Law,
    loser: Address,
    taken: &mut Taken,
) -> Result<(), GasError> {
    let to = stage.city.address(Peer::Treasury);
    let held = stage.city.client.ask(to, &treasury::partsCall {})?;
    let share = stage.city.number(P::InsuranceClaimPct)?;
    let claim = treasury::payInsuranceCall {
        missionId: law.mission,
        agent: loser,
        amount: held.insurance * U256::from(share) / U256::from(PERCENT),
        evidenceHash: keccak256("what it lost by the end of the mission"),
    };
    let step = stage.ruling(Peer::Treasury, &claim)?;
    let paid = stage.perform(law, vec![step])?;
    taken.push(("payInsurance", paid.iter().map(|paid| paid.gas_used).sum()));

    // Fees of so few nodes would not pay a review.
    let rate = stage.city.number(P::AdjudicatorCompensationRate)?;
    let gift = stage.city.base_units(rate) * U256::from(PERCENT);
    let contribute = treasury::contributeCall {
        fund: Fund::Treasury,
        amount: gift,
    };
    let (by, value) = (stage.sponsor.clone(), stage.city.value_of(gift));
    let input = contribute.abi_encode().into();
    stage
        .city
        .client
        .pay(by.signer(), to, value, input, "contribute")?;
    let reviewer = reviewer(stage)?;
    let to = stage.city.address(Peer::Roster);
    let call = roster::claimCompensationCall {};
    let claimed = stage.city.client.send(&reviewer, to, &call)?;
    taken.push(("claimCompensation", claimed.gas_used));

    let recipient = stage.city.person("recipient")?;
    let call = treasury::disburseCall {
        kind: Disbursement::GasSubsidy,
        recipient: recipient.address(),
        amount: gift / U256::from(PERCENT),
        justificationHash: keccak256("gas of whoever relays"),
    };
    let act = stage.city.act(Peer::Treasury, &call)?;
    let [queued, executed] = waited(stage, &act)?;
    taken.extend([
        ("disburse", queued + executed),
        ("disburse.queue", queued),
        ("disburse.execute", executed),
    ]);
    Ok(())
}

/// An adjudicator who decided on a review and was not paid for it.
fn reviewer(stage: &mut Stage) -> Result<Person, GasError> {
    for person in stage.city.adjudicators.clone() {
        if stage.city.adjudicator(&person)?.unpaidReviews > 0 {
            return Ok(person);
        }
    }
    let what = "decideReview";
    Err(MissionError::Silent { what }.into())
}

/// Gas of handing an action in, and of carrying it out when it is due.
fn waited(stage: &mut Stage, act: &Act) -> Result<[u64; 2], GasError> {
    let needed = stage.city.needed(act)?;
    let signers = stage.city.in_turn(needed);
    let handed_in = stage.city.hand_in(act, &signers)?;
    let mut logs = handed_in.logs.iter();
    let queued = logs.find_map(|log| ActionQueued::decode_log(log).ok());
    let what = "submit";
    let due: u64 = queued.ok_or(MissionError::Silent { what })?.dueAt.to();
    stage.outlast(due)?;
    let executed = stage.city.execute(act)?;
    Ok([handed_in.gas_used, executed.gas_used])
}

impl Stage {
    /// Somebody calls the treasury without coins.
    fn pays<C: SolCall>(&mut self, by: &Person, call: &C) -> Result<Outcome, GasError> {
        let to = self.city.address(Peer::Treasury);
        Ok(self.city.client.send(by, to, call)?)
    }
}

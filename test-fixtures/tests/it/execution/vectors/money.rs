//! Settlements, shares, slashes and pools, through the deployed treasury. No missions come to these amounts: those who may order them
//! say what they are told, on a node that lets itself be cheated.

use std::{collections::BTreeMap, time::Duration};

use agentcity_abi::ITreasury::{self as treasury, Fault};
use agentcity_domain::{
    parameter::{ParameterId as P, word},
    peer::Peer,
};
use agentcity_test_fixtures::{
    Settings,
    city::{Charter, City, Person},
    sender::Outcome,
};
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::{SolCall, SolEvent},
};
use serde_json::Value;

use super::{Unreachable, Vector, amount};
use crate::foundations::amendments;

/// Longer than the delay of any tier.
const LONG_SECS: u64 = 9 * 86_400;
/// The whole, in basis points.
const WHOLE_BPS: u128 = 10_000;
/// How long stakes stay locked here after a mission, in seconds.
const SANCTION_SECS: u64 = 1;
/// What everybody pays to their credit first, in base units: more than any vector takes.
const CREDIT: u128 = 1_000_000;
/// Participants without whom a pool backs nobody: the least of the table.
const PARTICIPANTS: u32 = 2;

/// The vectors pay subsidies out of the whole treasury; a mission's are at most its settlement's own fee (RULINGS R20).
pub(super) fn is_beyond_own_fee(vector: &Vector) -> Option<Unreachable> {
    let of = |share: u128, reward: u128| {
        let (fee, reserve) = (vector.amount("fp"), vector.amount("fi"));
        let gross = share * (WHOLE_BPS - fee - reserve) / WHOLE_BPS;
        reward.saturating_sub(gross) > share * fee / WHOLE_BPS
    };
    let beyond = if vector.kind == "settle_int" {
        of(vector.amount("b"), amount(vector.expects("reward")))
    } else {
        let rewards = vector.expects("rewards").as_array().expect("a list");
        let items = vector.list("items").iter().zip(rewards);
        items
            .into_iter()
            .any(|(item, reward)| of(amount(&item["b"]), amount(reward)))
    };
    beyond.then_some(Unreachable::BeyondOwnFee)
}

/// Whether something is lost while the pool has one participant.
pub(super) fn is_of_one(vector: &Vector) -> Option<Unreachable> {
    let mut participants = 0;
    for op in vector.list("ops") {
        match op[0].as_str() {
            Some("deposit") => participants += 1,
            Some("withdraw") => participants -= 1,
            _ if participants < PARTICIPANTS => return Some(Unreachable::PoolOfOne),
            _ => {}
        }
    }
    None
}

/// A city whose treasury is real.
struct Bank {
    city: City,
    sponsor: Person,
    missions: u64,
}

/// What all funds hold, and the insurance alone.
struct Funds {
    common: u128,
    insurance: u128,
}

pub(super) fn replay(vectors: &[&Vector]) {
    let mut charter = Charter {
        settings: Settings::lenient(),
        ..Charter::default()
    };
    // The whole fee pays subsidies, as in the seed.
    for (id, value) in [
        (P::SubsidyCapBps, WHOLE_BPS as u32),
        (P::StakepoolMinParticipants, PARTICIPANTS),
    ] {
        charter.parameters.insert(id as u8, word(value));
    }
    let mut city = City::raise(&charter).unwrap_or_else(|e| panic!("{e}"));
    city.client.warp(Duration::from_secs(LONG_SECS)).unwrap();
    let sponsor = city.person("sponsor").unwrap();
    let mut bank = Bank {
        city,
        sponsor,
        missions: 0,
    };
    for vector in vectors {
        match vector.kind.as_str() {
            "settle_int" => bank.settles(vector),
            "settle_sequence" => bank.settles_all(vector),
            "tier2_split" => bank.divides(vector),
            "slash_split" => bank.slashes(vector),
            "stake_pool" => bank.pools(vector),
            other => panic!("{}: kind {other} is not replayed here", vector.id),
        }
    }
}

fn events<E: SolEvent>(outcome: &Outcome) -> Vec<E> {
    let logs = outcome.logs.iter();
    logs.filter_map(|log| E::decode_log(log).ok())
        .map(|log| log.data)
        .collect()
}

fn seat(agent: Address, points: u64, price: u128) -> treasury::SettledSeat {
    treasury::SettledSeat {
        agent,
        reputation: (points * 1_000) as u32,
        price,
    }
}

impl Bank {
    fn order<C: SolCall>(&mut self, by: Peer, call: &C) -> Outcome {
        let said = self.city.speak_as(by, Peer::Treasury, call);
        said.unwrap_or_else(|e| panic!("{}: {e}", C::SIGNATURE))
    }

    fn send<C: SolCall>(&mut self, by: &Person, call: &C, value: u128) -> Outcome {
        let to = self.city.address(Peer::Treasury);
        let sent = self.city.client.pay(
            by.signer(),
            to,
            U256::from(value),
            call.abi_encode().into(),
            C::SIGNATURE,
        );
        sent.unwrap_or_else(|e| panic!("{e}"))
    }

    fn ask<C: SolCall>(&mut self, call: &C) -> C::Return {
        let to = self.city.address(Peer::Treasury);
        let answer = self.city.client.ask(to, call);
        answer.unwrap_or_else(|e| panic!("{}: {e}", C::SIGNATURE))
    }

    fn funds(&mut self) -> Funds {
        let parts = self.ask(&treasury::partsCall {});
        Funds {
            common: (parts.treasury + parts.subsidyBudget).to(),
            insurance: parts.insurance.to(),
        }
    }

    fn credit(&mut self, account: Address) -> u128 {
        self.ask(&treasury::creditsCall { account }).to()
    }

    /// Whom nobody knows yet.
    fn somebody(&self, name: &str) -> Address {
        Address::from_word(keccak256(name))
    }

    /// The epoch in which these rates rule.
    fn rates(&mut self, [fee, reserve, alpha]: [u64; 3]) -> u64 {
        let ids = [
            (P::ProtocolFeeRate, fee),
            (P::InsuranceReserveRate, reserve),
            (P::ReputationMultiplierAlpha, alpha),
        ];
        for (id, value) in ids {
            let value = word(value as u32);
            if amendments::value(&mut self.city, id) == value {
                continue;
            }
            let queued_at = self.city.client.now().unwrap() - LONG_SECS;
            let call = amendments::amendment(&mut self.city, id, value, queued_at);
            self.city
                .speak_as(Peer::Adjudication, Peer::Constitution, &call)
                .unwrap_or_else(|e| panic!("{e}"));
        }
        amendments::epoch(&mut self.city)
    }

    /// A mission that holds `deposit`, all of it for its nodes.
    fn mission(&mut self, epoch: u64, deposit: u128) -> B256 {
        self.missions += 1;
        let mission = keccak256(format!("mission {}", self.missions));
        let sponsor = self.sponsor.clone();
        self.order(
            Peer::Collaboration,
            &treasury::openEscrowCall {
                missionId: mission,
                sponsor: sponsor.address(),
                epoch,
            },
        );
        if deposit != 0 {
            let amount = U256::from(deposit);
            let fund = treasury::fundMissionCall {
                missionId: mission,
                amount,
            };
            self.send(&sponsor, &fund, deposit);
            let allocated = treasury::allocateBudgetCall {
                missionId: mission,
                allocated: amount,
            };
            self.order(Peer::Statute, &allocated);
        }
        mission
    }

    fn settle(
        &mut self,
        mission: B256,
        node: u16,
        budget: u128,
        seats: Vec<treasury::SettledSeat>,
    ) -> Vec<treasury::Settled> {
        let outcome = self.order(
            Peer::Collaboration,
            &treasury::settleCall {
                missionId: mission,
                node,
                budget: U256::from(budget),
                seats,
            },
        );
        events(&outcome)
    }

    /// Ends a mission, and says what its sponsor gets back.
    fn close(&mut self, mission: B256) -> u128 {
        self.end(mission);
        let sponsor = self.sponsor.clone();
        let before = self.credit(sponsor.address());
        self.send(
            &sponsor,
            &treasury::closeEscrowCall { missionId: mission },
            0,
        );
        self.credit(sponsor.address()) - before
    }

    fn end(&mut self, mission: B256) {
        let end = treasury::beginClosingCall {
            missionId: mission,
            sanctionSecs: U256::from(SANCTION_SECS).to(),
        };
        self.order(Peer::Collaboration, &end);
        let beyond = Duration::from_secs(SANCTION_SECS + 1);
        self.city.client.warp(beyond).unwrap();
    }

    fn rates_of(&mut self, vector: &Vector) -> u64 {
        self.rates(["fp", "fi", "alpha"].map(|key| vector.number(key)))
    }

    fn settles(&mut self, vector: &Vector) {
        let epoch = self.rates_of(vector);
        let (share, points) = (vector.amount("b"), vector.number("rho"));
        let mission = self.mission(epoch, share);
        let agent = self.somebody(&vector.id);
        let before = self.funds();
        let settled = self.settle(mission, 0, share, vec![seat(agent, points, share)]);
        let after = self.funds();
        let [settled] = &settled[..] else {
            panic!("{}: {settled:?}", vector.id);
        };
        let savings = amount(vector.expects("discount_savings"));
        let dust = amount(vector.expects("dust"));
        for (key, found) in [
            ("base", settled.base.to::<u128>()),
            ("subsidy", settled.subsidy.to()),
            ("fee", settled.fee.to()),
            ("reserve", settled.reserve.to()),
            ("reward", self.credit(agent)),
        ] {
            assert_eq!(amount(vector.expects(key)), found, "{}: {key}", vector.id);
        }
        assert_eq!(
            settled.residual.to::<u128>(),
            savings + dust,
            "{}",
            vector.id
        );
        let resolved = vector.expects("resolved");
        let gained =
            amount(&resolved["treasury_after"]) as i128 - vector.amount("treasury") as i128;
        assert_eq!(
            after.common as i128 - before.common as i128,
            gained,
            "{}",
            vector.id
        );
        let insured = amount(&resolved["insurance_after"]) - vector.amount("insurance");
        assert_eq!(after.insurance - before.insurance, insured, "{}", vector.id);
        assert_eq!(
            settled.share.to::<u128>(),
            amount(&resolved["settled_delta"])
        );
        let escrow = self.ask(&treasury::escrowCall { missionId: mission });
        assert_eq!(
            escrow.settled,
            amount(&resolved["settled_delta"]),
            "{}",
            vector.id
        );
    }

    fn settles_all(&mut self, vector: &Vector) {
        let epoch = self.rates_of(vector);
        let mission = self.mission(epoch, vector.amount("deposit"));
        let before = self.funds();
        let mut rewards = Vec::new();
        for (item, node) in vector.list("items").iter().zip(0u16..) {
            let share = amount(&item["b"]);
            let points = item["rho"].as_u64().expect("points");
            let agent = self.somebody(&format!("{} {node}", vector.id));
            self.settle(mission, node, share, vec![seat(agent, points, share)]);
            rewards.push(Value::String(self.credit(agent).to_string()));
        }
        let after = self.funds();
        assert_eq!(
            vector.expects("rewards"),
            &Value::Array(rewards),
            "{}",
            vector.id
        );
        let gained = amount(vector.expects("treasury_after")) - vector.amount("treasury");
        assert_eq!(after.common - before.common, gained, "{}", vector.id);
        let insured = amount(vector.expects("insurance_after")) - vector.amount("insurance");
        assert_eq!(after.insurance - before.insurance, insured, "{}", vector.id);
        let refund = self.close(mission);
        assert_eq!(
            refund,
            amount(vector.expects("refund_to_sponsor")),
            "{}",
            vector.id
        );
    }

    fn divides(&mut self, vector: &Vector) {
        let epoch = amendments::epoch(&mut self.city);
        let (budget, agreeing) = (vector.amount("b"), vector.number("agreeing"));
        let mission = self.mission(epoch, budget);
        // Each would take the whole budget.
        let seats = (0..agreeing).map(|number| {
            let agent = self.somebody(&format!("{} {number}", vector.id));
            seat(agent, 500, budget)
        });
        let seats = seats.collect();
        let settled = self.settle(mission, 0, budget, seats);
        assert_eq!(settled.len() as u64, agreeing, "{}", vector.id);
        for one in &settled {
            let share: u128 = one.share.to();
            assert_eq!(share, amount(vector.expects("share")), "{}", vector.id);
        }
        let refund = self.close(mission);
        assert_eq!(refund, amount(vector.expects("refund")), "{}", vector.id);
    }

    /// Somebody with a credit.
    fn depositor(&mut self, name: &str) -> Person {
        let person = self.city.person(name).unwrap();
        let deposit = treasury::depositCall {
            account: person.address(),
            amount: U256::from(CREDIT),
        };
        self.send(&person, &deposit, CREDIT);
        person
    }

    /// Sets `stake` aside out of `source` for a bid of `agent`, and makes it its stake in a new mission.
    fn lock(&mut self, agent: Address, source: B256, stake: u128) -> B256 {
        let epoch = amendments::epoch(&mut self.city);
        let mission = self.mission(epoch, 0);
        let session = keccak256(format!("session {}", self.missions));
        let amount = U256::from(stake);
        self.order(
            Peer::Legislature,
            &treasury::reserveStakeCall {
                sessionId: session,
                source,
                agent,
                amount,
            },
        );
        self.order(
            Peer::Collaboration,
            &treasury::lockStakesCall {
                missionId: mission,
                sessionId: session,
                stakes: vec![treasury::Stake {
                    agent,
                    source,
                    amount: stake,
                    price: 0,
                }],
            },
        );
        mission
    }

    fn slash(&mut self, mission: B256, agent: Address, asked: u128) -> u128 {
        let outcome = self.order(
            Peer::Collaboration,
            &treasury::slashCall {
                missionId: mission,
                node: 0,
                agent,
                fault: Fault::NodeFailure,
                amount: U256::from(asked),
            },
        );
        let taken = events::<treasury::StakeSlashed>(&outcome);
        taken.iter().map(|event| event.amount.to::<u128>()).sum()
    }

    fn slashes(&mut self, vector: &Vector) {
        let agent = self.depositor(&vector.id).address();
        let mission = self.lock(agent, agent.into_word(), vector.amount("locked"));
        let before = self.ask(&treasury::partsCall {});
        let taken = self.slash(mission, agent, vector.amount("schedule"));
        let after = self.ask(&treasury::partsCall {});
        let left = treasury::lockedStakeCall {
            missionId: mission,
            agent,
        };
        let left = self.ask(&left).amount;
        for (key, found) in [
            ("actual", U256::from(taken)),
            ("insurance", after.insurance - before.insurance),
            ("treasury", after.treasury - before.treasury),
            ("locked_after", left),
        ] {
            let expected = U256::from(amount(vector.expects(key)));
            assert_eq!(expected, found, "{}: {key}", vector.id);
        }
    }

    fn pools(&mut self, vector: &Vector) {
        let manager = self.depositor(&format!("manager of {}", vector.id));
        let created = self.send(&manager, &treasury::createPoolCall {}, 0);
        let id = events::<treasury::PoolCreated>(&created)[0].poolId;
        let mut folk = BTreeMap::<&str, Person>::new();
        let mut payouts = Vec::new();
        for op in vector.list("ops") {
            match (op[0].as_str(), op[1].as_str()) {
                (Some("deposit"), Some(name)) => {
                    if !folk.contains_key(name) {
                        let who = self.depositor(&format!("{name} of {}", vector.id));
                        folk.insert(name, who);
                    }
                    let join = treasury::joinPoolCall {
                        poolId: id,
                        amount: U256::from(amount(&op[2])),
                    };
                    let who = folk[name].clone();
                    self.send(&who, &join, 0);
                }
                (Some("slash"), None) => self.lose(id, &manager, amount(&op[1])),
                (Some("withdraw"), Some(name)) => {
                    let who = folk.remove(name).expect("a participant");
                    let held = self.shares(id, who.address());
                    let before = self.credit(who.address());
                    let leave = treasury::leavePoolCall {
                        poolId: id,
                        shares: held,
                    };
                    self.send(&who, &leave, 0);
                    let paid = self.credit(who.address()) - before;
                    payouts.push(serde_json::json!([name, paid.to_string()]));
                }
                _ => panic!("{}: {op}", vector.id),
            }
        }
        let pool = self.ask(&treasury::poolCall { poolId: id });
        assert_eq!(
            pool.assets,
            amount(vector.expects("total_assets")),
            "{}",
            vector.id
        );
        assert_eq!(
            pool.shares,
            amount(vector.expects("total_shares")),
            "{}",
            vector.id
        );
        assert_eq!(
            vector.expects("payouts"),
            &Value::Array(payouts),
            "{}",
            vector.id
        );
        for (name, who) in folk {
            let held: u128 = self.shares(id, who.address()).to();
            let expected = amount(&vector.expects("shares")[name]);
            assert_eq!(held, expected, "{}: {name}", vector.id);
        }
    }

    fn shares(&mut self, id: B256, participant: Address) -> U256 {
        self.ask(&treasury::poolSharesCall {
            poolId: id,
            participant,
        })
    }

    /// The pool backs somebody with a stake that is slashed, whose mission ends then.
    fn lose(&mut self, id: B256, manager: &Person, lost: u128) {
        let agent = self.somebody("backed");
        let bind = treasury::bindPoolCall {
            poolId: id,
            agent,
            limit: U256::from(2 * lost),
        };
        self.send(manager, &bind, 0);
        let mission = self.lock(agent, id, 2 * lost);
        assert_eq!(self.slash(mission, agent, lost), lost);
        self.end(mission);
        let release = treasury::releaseStakeCall {
            missionId: mission,
            agent,
        };
        self.send(manager, &release, 0);
    }
}

//! What happened, for people: gas by kind of operation, where the money went, and the report.

use agentcity_abi::{
    IAdjudication, IAgent, IAssembly, ICollaboration, IConstitution, IEnactment, IGuardian,
    ILegislature, IManagement, IRoster, IService, IStatute, ITreasury, IVerification,
};
use agentcity_domain::peer::Peer;
use alloy::primitives::{Address, B256, Bytes, U256, utils::format_ether};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write as _};

use super::{TownError, mission::Outcome};
use crate::{
    http::{RpcError, parse_quantity},
    mission::{Books, Stage},
};

/// What a member calls the function of a selector.
type Name = fn([u8; 4]) -> Option<&'static str>;

/// Names of all functions of all members.
const NAMES: [(Peer, Name); Peer::COUNT] = [
    (
        Peer::Constitution,
        IConstitution::IConstitutionCalls::name_by_selector,
    ),
    (Peer::Agent, IAgent::IAgentCalls::name_by_selector),
    (
        Peer::Management,
        IManagement::IManagementCalls::name_by_selector,
    ),
    (Peer::Service, IService::IServiceCalls::name_by_selector),
    (Peer::Assembly, IAssembly::IAssemblyCalls::name_by_selector),
    (
        Peer::Legislature,
        ILegislature::ILegislatureCalls::name_by_selector,
    ),
    (
        Peer::Enactment,
        IEnactment::IEnactmentCalls::name_by_selector,
    ),
    (Peer::Statute, IStatute::IStatuteCalls::name_by_selector),
    (
        Peer::Collaboration,
        ICollaboration::ICollaborationCalls::name_by_selector,
    ),
    (
        Peer::Verification,
        IVerification::IVerificationCalls::name_by_selector,
    ),
    (Peer::Guardian, IGuardian::IGuardianCalls::name_by_selector),
    (Peer::Treasury, ITreasury::ITreasuryCalls::name_by_selector),
    (
        Peer::Adjudication,
        IAdjudication::IAdjudicationCalls::name_by_selector,
    ),
    (Peer::Roster, IRoster::IRosterCalls::name_by_selector),
];

/// What one kind of operation cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How often.
    pub times: u64,
    /// All of it.
    pub gas: u64,
}

/// What transactions cost that went to members of the city, by member and function, from a block on.
///
/// Errors: [`TownError`].
pub fn gas(
    stage: &mut Stage,
    from: u64,
) -> Result<BTreeMap<(&'static str, &'static str), Cost>, TownError> {
    let members: BTreeMap<Address, (Peer, Name)> = NAMES
        .iter()
        .map(|(peer, name)| (stage.city.address(*peer), (*peer, *name)))
        .collect();
    let rpc = stage.city.client.rpc();
    let head = rpc.block_number()?;
    let mut costs: BTreeMap<_, Cost> = BTreeMap::new();
    for number in from..=head {
        let at = format!("{number:#x}");
        let block = rpc.call("eth_getBlockByNumber", json!([at, true]))?;
        let sent = block["transactions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        if sent.is_empty() {
            continue;
        }
        let receipts = rpc.call("eth_getBlockReceipts", json!([at]))?;
        for receipt in receipts.as_array().into_iter().flatten() {
            let of = sent
                .iter()
                .find(|one| one["hash"] == receipt["transactionHash"]);
            let Some((to, input)) = of.and_then(target) else {
                continue;
            };
            let Some((peer, name)) = members.get(&to) else {
                continue;
            };
            let gas = parse_quantity(&receipt["gasUsed"]).ok_or_else(|| RpcError::Malformed {
                method: "eth_getBlockReceipts".into(),
                body: receipt.to_string(),
            })?;
            let selector = input.first_chunk().copied().unwrap_or_default();
            let key = (peer.name(), name(selector).unwrap_or("unknown"));
            let cost = costs.entry(key).or_default();
            cost.times += 1;
            cost.gas += gas as u64;
        }
    }
    Ok(costs)
}

fn target(transaction: &Value) -> Option<(Address, Bytes)> {
    let to = serde_json::from_value(transaction["to"].clone()).ok()?;
    Some((
        to,
        serde_json::from_value(transaction["input"].clone()).ok()?,
    ))
}

/// The table of what operations cost, by member, the dearest kinds first.
pub fn gas_told(costs: &BTreeMap<(&'static str, &'static str), Cost>) -> String {
    let mut members: BTreeMap<&str, Vec<(&str, Cost)>> = BTreeMap::new();
    for ((member, function), cost) in costs {
        members.entry(member).or_default().push((function, *cost));
    }
    let of = |rows: &[(&str, Cost)]| rows.iter().map(|(_, cost)| cost.gas).sum::<u64>();
    let mut sorted: Vec<_> = members.into_iter().collect();
    sorted.sort_by_key(|(_, rows)| std::cmp::Reverse(of(rows)));
    let mut text = String::new();
    let _ = writeln!(
        text,
        "  {:<38} {:>6} {:>12} {:>13}",
        "operation", "times", "gas each", "gas"
    );
    let mut all = Cost::default();
    for (member, mut rows) in sorted {
        rows.sort_by_key(|(_, cost)| std::cmp::Reverse(cost.gas));
        for (function, cost) in rows {
            let each = cost.gas / cost.times.max(1);
            let name = format!("{member}.{function}");
            let _ = writeln!(
                text,
                "  {name:<38} {:>6} {each:>12} {:>13}",
                cost.times, cost.gas
            );
            all.times += cost.times;
            all.gas += cost.gas;
        }
    }
    let _ = writeln!(
        text,
        "  {:<38} {:>6} {:>12} {:>13}",
        "together", all.times, "", all.gas
    );
    text
}

/// Base units as coins, without zeros at the end.
pub fn coins(amount: U256) -> String {
    let text = format_ether(amount);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Where the money of one mission went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Money {
    /// Paid in by the sponsor.
    pub funded: U256,
    /// What each executor was paid.
    pub paid: BTreeMap<Address, U256>,
    /// Fee of the protocol, reserve of the insurance, and what rounding and prices below the budget left with them.
    pub fees: U256,
    /// What came back to the sponsor.
    pub returned: U256,
    /// Paid beside it, out of the treasury's subsidies.
    pub subsidies: U256,
}

impl Money {
    /// Read from the treasury's own logs.
    ///
    /// Errors: [`TownError`].
    pub fn of(stage: &mut Stage, mission: B256) -> Result<Self, TownError> {
        let at = Peer::Treasury;
        let mut money = Self::default();
        for event in stage.events::<ITreasury::MissionFunded>(at)? {
            if event.missionId == mission {
                money.funded += event.amount;
            }
        }
        for event in stage.events::<ITreasury::Settled>(at)? {
            if event.missionId == mission {
                *money.paid.entry(event.agent).or_default() += event.base;
                money.fees += event.fee + event.reserve + event.residual;
                money.subsidies += event.subsidy;
            }
        }
        for event in stage.events::<ITreasury::EscrowClosed>(at)? {
            if event.missionId == mission {
                money.returned += event.refunded;
            }
        }
        Ok(money)
    }

    /// Whether what was paid in is what was paid out, kept and given back.
    pub fn balances(&self) -> bool {
        let paid: U256 = self.paid.values().sum();
        self.funded == paid + self.fees + self.returned
    }

    /// The same for people, with the line of the whole treasury.
    pub fn told(&self, names: &BTreeMap<Address, String>, books: &Books) -> String {
        let mut text = String::new();
        for (agent, amount) in &self.paid {
            let name = names
                .get(agent)
                .cloned()
                .unwrap_or_else(|| agent.to_string());
            let _ = writeln!(
                text,
                "  {:<38} {:>18}",
                format!("paid to {name}"),
                coins(*amount)
            );
        }
        let paid: U256 = self.paid.values().sum();
        let is = |holds: bool| if holds { "holds" } else { "DOES NOT HOLD" };
        let _ = writeln!(
            text,
            "  escrow {} = paid {} + fees {} + returned {}: {}",
            coins(self.funded),
            coins(paid),
            coins(self.fees),
            coins(self.returned),
            is(self.balances()),
        );
        if !self.subsidies.is_zero() {
            let _ = writeln!(text, "  subsidies beside it: {}", coins(self.subsidies));
        }
        let _ = writeln!(
            text,
            "  treasury: deposited {} + funded {} = withdrawn {} + held {}, and every part of it is booked: {}",
            coins(books.deposited),
            coins(books.funded),
            coins(books.withdrawn),
            coins(books.held),
            is(books.balance()),
        );
        text
    }
}

/// The report, for people.
pub fn report_told(outcome: &Outcome) -> String {
    let word = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let mut text = String::new();
    let pages = outcome.report["pages"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for page in &pages {
        let sure = page["confidencePermille"].as_u64().map_or_else(
            || "unknown".to_owned(),
            |permille| format!("{}.{} %", permille / 10, permille % 10),
        );
        let title: String = word(&page["title"]).chars().take(48).collect();
        let _ = writeln!(
            text,
            "  {:<10} {} of 3 models, margin {sure:>7}  {title:<48}  {}",
            word(&page["topic"]),
            page["agreeing"],
            word(&page["url"]),
        );
    }
    let topics = outcome.report["topics"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let counted: Vec<String> = topics
        .iter()
        .filter(|(_, count)| count.as_u64() != Some(0))
        .map(|(topic, count)| format!("{topic} {count}"))
        .collect();
    let _ = writeln!(text, "  {} pages: {}", pages.len(), counted.join(", "));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::mission::Agreement;

    #[test]
    fn every_member_has_its_functions_names() {
        use alloy::sol_types::SolCall;
        let places: std::collections::BTreeSet<usize> =
            NAMES.iter().map(|(peer, _)| peer.place()).collect();
        assert_eq!(places.len(), Peer::COUNT);
        assert!(NAMES.iter().all(|(_, name)| name([0xff; 4]).is_none()));
        let mut treasury = NAMES.iter().filter(|(peer, _)| *peer == Peer::Treasury);
        let (_, name) = treasury.next().unwrap();
        let found = name(ITreasury::depositCall::SELECTOR);
        assert_eq!(found, Some("deposit"));
    }

    #[test]
    fn gas_is_told_by_member_with_a_sum() {
        let cost = |times, gas| Cost { times, gas };
        let costs = [
            (("assembly", "commitBallot"), cost(2, 20)),
            (("treasury", "deposit"), cost(1, 100)),
        ];
        let text = gas_told(&costs.into_iter().collect());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].contains("treasury.deposit"), "{text}");
        assert!(lines[2].ends_with("2           10            20"), "{text}");
        assert!(
            lines[3].contains("together") && lines[3].ends_with("120"),
            "{text}"
        );
    }

    #[test]
    fn money_that_is_missing_is_seen() {
        let of = |returned: u64| Money {
            funded: U256::from(10),
            paid: [(Address::ZERO, U256::from(6))].into_iter().collect(),
            fees: U256::from(1),
            returned: U256::from(returned),
            subsidies: U256::ZERO,
        };
        assert!(of(3).balances());
        assert!(!of(2).balances() && !of(4).balances());
    }

    #[test]
    fn coins_have_no_zeros_at_their_end() {
        assert_eq!(coins(U256::from(1_500_000_000_000_000u64)), "0.0015");
        assert_eq!(coins(U256::from(10u64).pow(U256::from(19))), "10");
        assert_eq!(coins(U256::ZERO), "0");
    }

    #[test]
    fn the_report_is_told_page_by_page() {
        let report = json!({
            "pages": [{"title": "A cup", "topic": "sport", "url": "corpus:a", "agreeing": 2, "confidencePermille": 482}],
            "topics": {"sport": 1, "nature": 0},
        });
        let outcome = Outcome {
            id: B256::ZERO,
            agreement: Agreement::Of(2),
            report,
            report_hash: B256::ZERO,
        };
        let text = report_told(&outcome);
        assert!(
            text.contains("sport      2 of 3 models, margin  48.2 %  A cup"),
            "{text}"
        );
        assert!(text.ends_with("1 pages: sport 1\n"), "{text}");
    }
}

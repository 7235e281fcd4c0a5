//! The sections of the protocol as JSON (docs/dashboard.md). Everything here is a function of what is known; nothing is asked.

use agentcity_domain::{machine::NodeState, peer::Peer};
use alloy::primitives::{B256, U256};
use serde_json::{Map, Value, json};

use super::{
    alerts::{self, ADJUDICATOR, ALERTS_MAX, Alert},
    facts::Book,
    metrics::{History, Measured, Sight, TABLE},
    picture::{
        Picture, Reviewed, Subject,
        mission::Mission,
        sums::{BUCKET_SECS, BUCKETS_MAX, Line},
    },
};
use crate::event::Head;

/// Missions in one document.
pub const MISSIONS_MAX: usize = 256;
/// Items of other lists in one document.
const ITEMS_MAX: usize = 256;
/// Agents in the histogram of freezes.
const AGENTS_MAX: usize = 64;

/// The sections, in the order of the protocol.
pub const NAMES: [&str; 12] = [
    "city",
    "metrics",
    "missions",
    "gas",
    "freezes",
    "verification",
    "epochs",
    "reviews",
    "money",
    "alerts",
    "wiring",
    "log",
];

/// Why fields of an object are null.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unknown(Vec<(&'static str, String)>);

impl Unknown {
    /// One more.
    pub fn say(&mut self, field: &'static str, why: impl Into<String>) {
        if self.0.iter().all(|(of, _)| *of != field) {
            self.0.push((field, why.into()));
        }
    }

    /// As the protocol has it.
    pub fn json(&self) -> Value {
        let all = self.0.iter();
        all.map(|(field, why)| json!({ "field": field, "why": why }))
            .collect()
    }
}

/// An amount as the protocol has it.
pub fn amount(amount: U256) -> Value {
    json!(amount.to_string())
}

/// A block as the protocol has it.
pub fn block(at: Head) -> Value {
    json!({ "number": at.number, "hash": at.hash, "time": at.time.get() })
}

/// Names of states and how many nodes are in each.
fn counts(mission: &Mission) -> Value {
    let all = NodeState::ALL.iter();
    let all = all.map(|state| (state.name().to_owned(), json!(mission.count(*state))));
    Value::Object(all.collect::<Map<_, _>>())
}

/// `missions`.
pub fn missions(sight: &Sight<'_>) -> Value {
    let newest = || sight.picture.order.iter().rev();
    let known = |id: &B256| sight.picture.missions.get(id);
    let open = newest().filter_map(known).filter(|one| one.is_open());
    let ended = newest().filter_map(known).filter(|one| !one.is_open());
    let shown = open.chain(ended).take(MISSIONS_MAX);
    let items: Vec<Value> = shown.map(|one| mission(sight, one)).collect();
    let mut unknown = Unknown::default();
    if sight.picture.missions_total > items.len() as u64 {
        unknown.say("items", format!("the newest {} are shown", items.len()));
    }
    json!({ "total": sight.picture.missions_total, "items": items, "unknown": unknown.json() })
}

fn mission(sight: &Sight<'_>, mission: &Mission) -> Value {
    let mut unknown = Unknown::default();
    let view = mission.view.as_deref();
    if view.is_none() {
        for field in ["deadline", "depth", "refinements"] {
            unknown.say(field, "the chain was not asked yet");
        }
    }
    let gas = sight.gas.by_mission.get(&mission.id).map(|spent| spent.gas);
    if gas.is_none() {
        unknown.say("gas", "no receipt was read yet");
    }
    let phases = mission.phases.iter();
    let phases: Vec<Value> = phases
        .map(|phase| {
            json!({ "state": phase.state.name(), "at": phase.at, "reason": format!("{:?}", phase.reason) })
        })
        .collect();
    let money = &mission.money;
    let stop = mission.stop.as_ref().filter(|_| mission.is_open());
    let parent = view.map(|view| view.parent).filter(|id| !id.is_zero());
    json!({
        "id": mission.id, "state": mission.state.name(),
        "halt": stop.map(|stop| format!("{:?}", stop.halt)), "haltedUntil": stop.map(|stop| stop.until),
        "sponsor": mission.sponsor.to_string(), "session": mission.session, "epoch": mission.epoch,
        "nodes": mission.nodes, "counts": counts(mission),
        "createdAt": mission.created_at, "since": mission.since, "deadline": view.map(|view| view.deadline),
        "parent": parent, "depth": view.map(|view| view.depth), "refinements": view.map(|view| view.refinements),
        "stalled": sight.is_stalled(mission), "phases": phases,
        "money": {
            "state": money.escrow.name(), "deposited": amount(money.deposited), "allocated": amount(money.allocated),
            "paid": amount(money.base), "subsidy": amount(money.subsidy), "fees": amount(money.fees),
            "residual": amount(money.residual), "refunded": amount(money.refunded),
            "movedIn": amount(money.moved_in), "movedOut": amount(money.moved_out),
            "slashed": amount(money.slashed), "releaseAt": money.release_at,
        },
        "gas": gas, "unknown": unknown.json(),
    })
}

/// `metrics`.
pub fn metrics(measured: &[Measured], histories: &[History]) -> Value {
    let all = TABLE.iter().zip(measured).zip(histories);
    all.map(|((row, measured), history)| {
        json!({
            "id": row.id, "name": row.name, "value": measured.value, "unit": row.unit, "text": measured.text,
            "condition": row.condition, "alerting": measured.alerting, "since": history.since,
            "why": measured.why, "series": history.series,
        })
    })
    .collect()
}

/// `gas`.
pub fn gas(sight: &Sight<'_>) -> Value {
    let gas = sight.gas;
    let mut unknown = Unknown::default();
    if sight.mission_gas.is_none() {
        unknown.say(
            "budget",
            "the law knows no gas budget: `operations.dashboard_mission_gas` gives one",
        );
    }
    if !gas.is_complete() {
        let left = gas.transactions.saturating_sub(gas.measured);
        unknown.say("total", format!("{left} receipts were not read yet"));
    }
    let mut members: Vec<_> = gas.by_member.iter().collect();
    members.sort_by_key(|(_, spent)| std::cmp::Reverse(spent.gas));
    let members = members.into_iter().map(|(called, spent)| {
        json!({
            "peer": called.map_or("other", Peer::name), "transactions": spent.transactions, "gas": spent.gas,
        })
    });
    let mut dearest: Vec<_> = gas.by_mission.iter().collect();
    dearest.sort_by_key(|(_, spent)| std::cmp::Reverse(spent.gas));
    let missions = dearest.into_iter().take(ITEMS_MAX).map(|(id, spent)| {
        json!({
            "id": id, "transactions": spent.transactions, "gas": spent.gas, "budget": sight.mission_gas,
        })
    });
    json!({
        "transactions": gas.transactions, "measured": gas.measured, "total": gas.total,
        "byContract": members.collect::<Vec<_>>(), "byMission": missions.collect::<Vec<_>>(),
        "unknown": unknown.json(),
    })
}

/// `freezes`.
pub fn freezes(sight: &Sight<'_>) -> Value {
    let (picture, sums) = (sight.picture, &sight.picture.frozen);
    let mut unknown = Unknown::default();
    if picture.freezes.len() > ITEMS_MAX {
        unknown.say(
            "open",
            format!("{ITEMS_MAX} of {} are shown", picture.freezes.len()),
        );
    }
    let open = picture.freezes.iter().take(ITEMS_MAX);
    let open = open.map(|((mission, number), freeze)| {
        json!({
            "mission": mission, "node": freeze.at.node, "freeze": number.to_string(), "attempt": freeze.at.attempt,
            "agent": freeze.agent.to_string(), "cause": format!("{:?}", freeze.cause), "at": freeze.since,
            "expiresAt": freeze.expires_at,
        })
    });
    let by_cause = sums.by_cause.iter().map(|(cause, (count, wrong))| {
        json!({ "cause": format!("{cause:?}"), "count": count, "false": wrong })
    });
    let mut agents: Vec<_> = sums.by_agent.iter().collect();
    agents.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let agents = agents.into_iter().take(AGENTS_MAX);
    let agents = agents.map(|(agent, count)| json!({ "agent": agent.to_string(), "count": count }));
    let last = sight.now - sight.now % BUCKET_SECS;
    let by_time = (0..BUCKETS_MAX as u64).rev().map(|back| {
        let from = last.saturating_sub(back * BUCKET_SECS);
        json!({ "from": from, "count": sums.by_time.get(&from).copied().unwrap_or(0) })
    });
    json!({
        "total": sums.total, "open": open.collect::<Vec<_>>(), "byCause": by_cause.collect::<Vec<_>>(),
        "byAgent": agents.collect::<Vec<_>>(), "bucketSecs": BUCKET_SECS, "byTime": by_time.collect::<Vec<_>>(),
        "unknown": unknown.json(),
    })
}

/// `verification`.
pub fn verification(picture: &Picture) -> Value {
    let mut unknown = Unknown::default();
    if !picture.untiered.is_empty() {
        let left = picture.untiered.len();
        unknown.say(
            "byTier",
            format!("of {left} endings the tier is not known yet"),
        );
    }
    let tiers = (1..).zip(&picture.tiers).map(|(number, tier): (u8, _)| {
        json!({
            "tier": number, "completed": tier.completed, "rejected": tier.rejected, "timedOut": tier.timed_out,
            "other": tier.other, "rateBps": tier.rate_bps(),
        })
    });
    let disputes = &picture.disputes;
    json!({
        "byTier": tiers.collect::<Vec<_>>(),
        "disputes": { "opened": disputes.opened, "closed": disputes.closed, "bondsReturned": disputes.returned },
        "substitutions": picture.substitutions, "unknown": unknown.json(),
    })
}

/// `epochs`.
pub fn epochs(sight: &Sight<'_>) -> Value {
    let items = sight.picture.epochs.iter().rev().map(|(number, epoch)| {
        let missions = sight.picture.missions.values();
        let of_it = missions.filter(|one| one.epoch == Some(*number));
        let gas = of_it.filter_map(|one| sight.gas.by_mission.get(&one.id));
        let gas = gas.fold(0_u64, |sum, spent| sum.saturating_add(spent.gas));
        json!({
            "epoch": number, "missions": epoch.missions, "completed": epoch.completed, "failed": epoch.failed,
            "aborted": epoch.aborted, "nodesCompleted": epoch.nodes_completed, "nodesFailed": epoch.nodes_failed,
            "freezes": epoch.freezes, "refinements": epoch.refinements, "medianNodeSecs": epoch.node_secs.median(),
            "paid": amount(epoch.paid), "slashed": amount(epoch.slashed), "gas": gas,
        })
    });
    json!({ "items": items.collect::<Vec<_>>(), "unknown": [] })
}

/// `reviews`.
pub fn reviews(picture: &Picture) -> Value {
    let mut all: Vec<_> = picture.reviews.iter().collect();
    all.sort_by_key(|(_, review)| (review.deadline.unwrap_or(u64::MAX), review.since));
    let mut unknown = Unknown::default();
    if all.len() > ITEMS_MAX {
        unknown.say("items", format!("{ITEMS_MAX} of {} are shown", all.len()));
    }
    if all.iter().any(|(_, review)| review.deadline.is_none()) {
        unknown.say(
            "deadline",
            "no event tells when a dispute ends: `agentcity node show` does",
        );
    }
    let items = all.into_iter().take(ITEMS_MAX).map(|((mission, subject), review)| {
        let (node, attempt, index) = match subject {
            Subject::Node(node, attempt) => (Some(node), Some(attempt), None),
            Subject::Predicate(index) => (None, None, Some(index)),
        };
        json!({
            "kind": match review.what {
                Reviewed::Result => "result",
                Reviewed::Dispute => "dispute",
                Reviewed::Predicate => "predicate",
            },
            "mission": mission, "node": node, "attempt": attempt, "index": index, "since": review.since,
            "deadline": review.deadline, "backup": review.backup, "rubricHash": review.rubric,
            "who": ADJUDICATOR, "command": alerts::decides(mission, *subject),
        })
    });
    let decided = &picture.decided;
    json!({
        "items": items.collect::<Vec<_>>(),
        "decided": {
            "approved": decided.approved, "rejected": decided.rejected, "medianSecs": decided.secs.median(),
        },
        "unknown": unknown.json(),
    })
}

/// A conservation line with what the books say is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Of what.
    pub kind: &'static str,
    /// What went in and out.
    pub line: Line,
    /// What is held; nothing when the books are not known.
    pub held: Option<U256>,
    /// Whether they agree.
    pub holds: Option<bool>,
}

/// The conservation lines of the treasury.
pub fn lines(picture: &Picture, books: &[Book]) -> [Closed; 3] {
    let treasury = books.iter().find(|book| book.peer == Peer::Treasury);
    let part = |kind: &str| treasury.and_then(|book| book.part(kind));
    let both = |one: &str, other: &str| part(one)?.checked_add(part(other)?);
    let flows = &picture.flows;
    [
        ("escrows", flows.escrows, part("escrows")),
        ("stakes", flows.stakes, both("reserved", "locked")),
        ("bonds", flows.bonds, part("bonds")),
    ]
    .map(|(kind, line, held)| Closed {
        kind,
        line,
        held,
        holds: held.map(|held| line.holds(held)),
    })
}

/// `money`.
pub fn money(sight: &Sight<'_>) -> Value {
    let mut unknown = Unknown::default();
    let (books, at) = match &sight.facts.books {
        Some((books, block)) => (books.as_slice(), *block),
        None => (&[][..], sight.picture.top.map_or(0, |top| top.number)),
    };
    let why = sight.facts.unknown.get("books").cloned();
    if sight.facts.books.is_none() || why.is_some() {
        let why = why.unwrap_or_else(|| "the books were not read yet".to_owned());
        unknown.say(if books.is_empty() { "holds" } else { "block" }, why);
    }
    let closed = lines(sight.picture, books);
    let holds = closed
        .iter()
        .map(|line| line.holds)
        .chain(books.iter().map(|book| Some(book.holds())))
        .try_fold(true, |all, one| one.map(|one| all && one));
    let asset = sight.facts.fixed.as_ref().map(|fixed| fixed.asset);
    let flows = &sight.picture.flows;
    let sum = |of: fn(&Line) -> U256| {
        let all = [&flows.escrows, &flows.stakes, &flows.bonds];
        amount(
            all.into_iter()
                .fold(U256::ZERO, |sum, line| sum.saturating_add(of(line))),
        )
    };
    let lines = closed.iter().map(|closed| {
        json!({
            "kind": closed.kind, "in": amount(closed.line.taken), "paid": amount(closed.line.paid),
            "returned": amount(closed.line.returned), "forfeited": amount(closed.line.forfeited),
            "held": closed.held.map(amount), "holds": closed.holds,
        })
    });
    let contracts = books.iter().map(|book| {
        let parts = book.parts.iter();
        let parts = parts.map(|(kind, part)| json!({ "kind": kind, "amount": amount(*part) }));
        json!({
            "peer": book.peer.name(), "booked": amount(book.booked), "held": amount(book.held),
            "parts": parts.collect::<Vec<_>>(), "holds": book.holds(),
        })
    });
    json!({
        "asset": asset.filter(|asset| !asset.is_zero()).map(|asset| asset.to_string()),
        "block": at, "holds": holds, "lines": lines.collect::<Vec<_>>(),
        "moved": {
            "deposited": amount(flows.deposited), "withdrawn": amount(flows.withdrawn),
            "paid": sum(|line| line.paid), "returned": sum(|line| line.returned),
            "forfeited": sum(|line| line.forfeited),
        },
        "contracts": contracts.collect::<Vec<_>>(), "unknown": unknown.json(),
    })
}

/// `alerts`.
pub fn alerts(all: &[Alert]) -> Value {
    let items: Vec<Value> = all.iter().take(ALERTS_MAX).map(Alert::json).collect();
    let mut unknown = Unknown::default();
    if all.len() > items.len() {
        unknown.say(
            "items",
            format!("the most urgent {} are shown", items.len()),
        );
    }
    json!({ "total": all.len(), "items": items, "unknown": unknown.json() })
}

/// Anchors of the section `log`.
pub fn anchors(picture: &Picture) -> Value {
    let newest = picture.anchors.iter().rev();
    newest
        .map(|anchor| {
            json!({
                "author": anchor.author.to_string(), "sequence": anchor.sequence, "size": anchor.size,
                "root": anchor.root, "block": anchor.block, "transaction": anchor.transaction, "time": anchor.time,
            })
        })
        .collect()
}

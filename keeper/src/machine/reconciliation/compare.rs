//! The comparison: a function of both records, without clock and network.
//!
//! ```text
//!  log: entries of the mission ─┐
//!  executors: what they signed ─┼─ compare ─► equal │ divergences by kind, each with both values
//!  chain: logs, states, digest ─┘
//! ```

use std::collections::{BTreeMap, BTreeSet};

use agentcity_domain::{machine::NodeState, time::Millis, verification::case::CONSENSUS};
use alloy::primitives::B256;

use super::{
    finding::{Divergence, Finding, Held, Kind, Phase, TOLD_MAX, Value, Warning},
    record::{Completion, Kept, OnChain, Record, Torn},
};

/// Compares what a keeper holds of a mission with the chain. `window` is `optimisticWindowMaxMs`: how much later than its result the
/// chain may confirm a node before an operator is told.
///
/// Errors: [`Torn`] when the chain's own answers do not fit together; then nothing is known.
/// Source: seed §B.11, Reconciliation Protocol; RULINGS K17.
pub fn compare(
    mission: B256,
    phase: Phase,
    record: &Record,
    chain: &OnChain,
    window: Millis,
) -> Result<Finding, Torn> {
    chain.check(NodeState::Completed.number())?;
    let mut found = Found::default();
    laws(record, chain, &mut found);
    nodes(record, chain, window, &mut found);
    codes(record, chain, &mut found);
    claims(phase, record, chain, &mut found);
    digests(record, chain, &mut found);
    Ok(found.end(mission, phase, record, chain))
}

#[derive(Default)]
struct Found {
    divergences: Vec<Divergence>,
    warnings: Vec<Warning>,
    ahead: u32,
}

impl Found {
    fn end(mut self, mission: B256, phase: Phase, record: &Record, chain: &OnChain) -> Finding {
        self.divergences.sort_by_key(Divergence::order);
        let mut counts = [0_u32; Kind::ALL.len()];
        for divergence in &self.divergences {
            let count = &mut counts[divergence.kind as usize];
            *count = count.saturating_add(1);
        }
        let taken_over = (chain.tiers.iter().zip(&chain.states))
            .filter(|(tier, state)| **tier == 0 && **state == NodeState::Completed.number())
            .count();
        let warned = u32::try_from(self.warnings.len()).unwrap_or(u32::MAX);
        self.divergences.truncate(TOLD_MAX);
        self.warnings.truncate(TOLD_MAX);
        Finding {
            mission,
            phase,
            at: chain.at,
            epoch: chain.epoch,
            // Nodes have numbers of two bytes.
            nodes: chain.states.len() as u16,
            completed: chain.completed.len().saturating_add(taken_over) as u16,
            size: record.size,
            root: record.root,
            digest: chain.digest,
            counts,
            told: self.divergences,
            ahead: self.ahead,
            warnings: self.warnings,
            warned,
        }
    }

    fn of_law(
        &mut self,
        kind: Kind,
        ours: Option<(u64, B256)>,
        theirs: Option<(B256, super::record::Spot)>,
    ) {
        self.divergences.push(Divergence {
            kind,
            node: None,
            attempt: 0,
            ours: ours.map(|(_, hash)| Value::Hash(hash)),
            ours_at: ours.map_or(Held::Record, |(entry, _)| Held::Entry(entry)),
            theirs: theirs.map(|(hash, _)| Value::Hash(hash)),
            theirs_at: theirs.map(|(_, spot)| spot),
        });
    }

    fn of_node(
        &mut self,
        kind: Kind,
        said: &Completion,
        ours: Option<Value>,
        ours_at: Held,
        theirs: Option<(Value, &Completion)>,
    ) {
        self.divergences.push(Divergence {
            kind,
            node: Some(said.node),
            attempt: said.attempt,
            ours,
            ours_at,
            theirs: theirs.map(|(value, _)| value),
            theirs_at: theirs.map(|(_, chain)| chain.spot),
        });
    }

    fn off_chain_only(&mut self, kept: &Kept) {
        let ours = Some(Value::Hash(kept.said.output));
        let at = Held::Entry(kept.entry);
        self.of_node(Kind::OffChainOnly, &kept.said, ours, at, None);
    }
}

/// Law that is on record, against the law.
fn laws(record: &Record, chain: &OnChain, found: &mut Found) {
    let Some((statute, spot)) = chain.law else {
        for law in &record.laws {
            found.of_law(Kind::OffChainOnly, Some((law.entry, law.statute)), None);
        }
        return;
    };
    let theirs = Some((statute, spot));
    let known = record.laws.iter().any(|law| law.statute == statute);
    if record.laws.is_empty() {
        found.ahead = found
            .ahead
            .saturating_add((spot.block > record.newest_block).into());
        found.of_law(Kind::OnChainOnly, None, theirs);
    }
    for (place, law) in record.laws.iter().enumerate() {
        let ours = Some((law.entry, law.statute));
        match (law.statute == statute, known || place > 0) {
            (true, _) => {}
            (false, false) => found.of_law(Kind::OutputMismatch, ours, theirs),
            (false, true) => found.of_law(Kind::OffChainOnly, ours, None),
        }
    }
}

/// The entry that is meant by what the chain says: the one of its place, else of its content, else of its attempt, else any.
fn counterpart<'a>(said: &Completion, kept: &[&'a Kept]) -> Option<&'a Kept> {
    let first = |is: &dyn Fn(&Kept) -> bool| kept.iter().find(|kept| is(kept)).copied();
    first(&|kept| kept.said.spot == said.spot)
        .or_else(|| first(&|kept| kept.said.content() == said.content()))
        .or_else(|| first(&|kept| kept.said.attempt == said.attempt))
        .or_else(|| kept.first().copied())
}

/// Completed nodes, both ways.
fn nodes(record: &Record, chain: &OnChain, window: Millis, found: &mut Found) {
    let mut of_node: BTreeMap<u16, Vec<&Kept>> = BTreeMap::new();
    for kept in &record.completed {
        of_node.entry(kept.said.node).or_default().push(kept);
    }
    for said in &chain.completed {
        let known = of_node.remove(&said.node).unwrap_or_default();
        match counterpart(said, &known) {
            None => {
                let late = said.spot.block > record.newest_block;
                found.ahead = found.ahead.saturating_add(late.into());
                let theirs = Some((Value::Hash(said.output), said));
                found.of_node(Kind::OnChainOnly, said, None, Held::Record, theirs);
            }
            Some(meant) => {
                fields(meant, said, found);
                for other in known.into_iter().filter(|other| other.entry != meant.entry) {
                    spare(other, said, found);
                }
            }
        }
        legislated(said, chain, found);
        slow(said, record, chain, window, found);
    }
    for kept in of_node.into_values().flatten() {
        found.off_chain_only(kept);
    }
}

/// One entry against what the chain says of its node.
fn fields(kept: &Kept, said: &Completion, found: &mut Found) {
    let ours = &kept.said;
    let pairs = [
        (
            Kind::AttemptMismatch,
            Value::Number(ours.attempt),
            Value::Number(said.attempt),
        ),
        (
            Kind::OutputMismatch,
            Value::Hash(ours.output),
            Value::Hash(said.output),
        ),
        (
            Kind::TrailMismatch,
            Value::Hash(ours.trail),
            Value::Hash(said.trail),
        ),
        (
            Kind::TierMismatch,
            Value::Number(ours.tier),
            Value::Number(said.tier),
        ),
        (
            Kind::DigestMismatch,
            Value::Hash(ours.digest),
            Value::Hash(said.digest),
        ),
    ];
    let at = Held::Entry(kept.entry);
    for (kind, ours, theirs) in pairs {
        if ours != theirs {
            found.of_node(kind, said, Some(ours), at, Some((theirs, said)));
        }
    }
    if ours.spot != said.spot {
        let (node, entry) = (said.node, kept.entry);
        found.warnings.push(Warning::Misplaced { node, entry });
    }
}

/// A further entry of a node that has its own.
fn spare(kept: &Kept, said: &Completion, found: &mut Found) {
    if kept.said.content() == said.content() {
        let (node, entry) = (said.node, kept.entry);
        found.warnings.push(Warning::Misplaced { node, entry });
    } else {
        found.off_chain_only(kept);
    }
}

/// The tier that the chain recorded, against the law's.
fn legislated(said: &Completion, chain: &OnChain, found: &mut Found) {
    let law = chain.tiers.get(usize::from(said.node)).copied();
    if law != Some(said.tier) {
        let (ours, theirs) = (law.map(Value::Number), Value::Number(said.tier));
        found.of_node(
            Kind::TierMismatch,
            said,
            ours,
            Held::Statute,
            Some((theirs, said)),
        );
    }
}

fn slow(said: &Completion, record: &Record, chain: &OnChain, window: Millis, found: &mut Found) {
    let finished = record.finished.get(&said.node).copied();
    let confirmed = chain.times.get(&said.spot.block).copied();
    let (Some(finished), Some(confirmed)) = (finished, confirmed) else {
        return;
    };
    let delta_ms = confirmed.saturating_mul(1_000).saturating_sub(finished);
    if delta_ms > window.get() {
        let node = said.node;
        found
            .warnings
            .push(Warning::SlowFinalization { node, delta_ms });
    }
}

/// The code that ran in the attempts that were completed.
fn codes(record: &Record, chain: &OnChain, found: &mut Found) {
    let mut of_attempt: BTreeMap<(u16, u8), Vec<(u64, B256)>> = BTreeMap::new();
    for route in &record.routed {
        let known = of_attempt.entry((route.node, route.attempt)).or_default();
        known.push((route.entry, route.code));
    }
    for said in &chain.completed {
        let attempt = (said.node, said.attempt);
        let theirs = chain.routed.get(&attempt).copied();
        let known = of_attempt.get(&attempt).map_or(&[][..], Vec::as_slice);
        let equal = match theirs {
            Some((code, _)) => known.iter().any(|(_, known)| *known == code),
            None => known.is_empty(),
        };
        if equal {
            continue;
        }
        let first = known.first();
        if let (None, Some((_, spot))) = (first, theirs)
            && spot.block > record.newest_block
        {
            found.ahead = found.ahead.saturating_add(1);
        }
        found.divergences.push(Divergence {
            kind: Kind::CodeMismatch,
            node: Some(said.node),
            attempt: said.attempt,
            ours: first.map(|(_, code)| Value::Hash(*code)),
            ours_at: first.map_or(Held::Record, |(entry, _)| Held::Entry(*entry)),
            theirs: theirs.map(|(code, _)| Value::Hash(code)),
            theirs_at: theirs.map(|(_, spot)| spot),
        });
    }
}

/// What executors hold of their own work. Of a consensus a seat may dissent, so only proofs and reviews must be the node's; while nodes
/// run, a result that the chain has not yet is none too many, and in a mission that failed one may have come too late.
fn claims(phase: Phase, record: &Record, chain: &OnChain, found: &mut Found) {
    let of_node: BTreeMap<u16, &Completion> = chain
        .completed
        .iter()
        .map(|said| (said.node, said))
        .collect();
    for claim in &record.claims {
        let at = Held::Executor(claim.agent);
        let said = of_node.get(&claim.node).copied();
        let said = said.filter(|said| said.attempt == claim.attempt);
        let Some(said) = said else {
            let all_done = matches!(phase, Phase::Orchestration | Phase::Release);
            if all_done && !of_node.contains_key(&claim.node) {
                found.divergences.push(Divergence {
                    kind: Kind::OffChainOnly,
                    node: Some(claim.node),
                    attempt: claim.attempt,
                    ours: Some(Value::Hash(claim.output)),
                    ours_at: at,
                    theirs: None,
                    theirs_at: None,
                });
            }
            continue;
        };
        if said.tier == CONSENSUS {
            continue;
        }
        let code = chain.routed.get(&(said.node, said.attempt));
        let code = code.map_or(claim.code, |(code, _)| *code);
        for (kind, ours, theirs) in [
            (Kind::OutputMismatch, claim.output, said.output),
            (Kind::TrailMismatch, claim.trail, said.trail),
            (Kind::CodeMismatch, claim.code, code),
        ] {
            if ours != theirs {
                let (ours, theirs) = (Value::Hash(ours), Value::Hash(theirs));
                found.of_node(kind, said, Some(ours), at, Some((theirs, said)));
            }
        }
    }
}

/// The completion digest that follows from the record, by the domain's rule, against the contract's.
fn digests(record: &Record, chain: &OnChain, found: &mut Found) {
    let mut entries: Vec<&Completion> = record.completed.iter().map(|kept| &kept.said).collect();
    entries.sort_by_key(|said| (said.spot.block, said.spot.index));
    let mut seen = BTreeSet::new();
    entries.retain(|said| seen.insert(said.content()));
    let (mut made, rest) = match (chain.base, chain.completed.first()) {
        (Some(base), _) => (base, entries.as_slice()),
        // Behind nodes that were taken over the first one's digest is what the rest hangs on.
        (None, Some(first)) => (first.digest, entries.get(1..).unwrap_or_default()),
        (None, None) => (chain.digest, entries.as_slice()),
    };
    for said in rest {
        made = said.fold(made);
    }
    if made != chain.digest {
        found.divergences.push(Divergence {
            kind: Kind::DigestMismatch,
            node: None,
            attempt: 0,
            ours: Some(Value::Hash(made)),
            ours_at: Held::Record,
            theirs: Some(Value::Hash(chain.digest)),
            theirs_at: None,
        });
    }
}

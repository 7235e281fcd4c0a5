//! What runs here: since when, how often it ended, and when it is over without anybody who says so.

use serde::{Deserialize, Serialize};

use super::{FreezeMirror, State, View};
use crate::execution::Execution;

/// What is known of an execution that began here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    /// Since when the chain has the attempt routed, in unix seconds.
    since: u64,
    /// How often it ended here.
    ended: u32,
}

impl FreezeMirror {
    /// How often an execution ended here that may begin; `None` for one that runs, or is held: that was stopped already, or will be.
    pub fn begins_as(&self, execution: &Execution) -> Option<u32> {
        if self.state.running.contains(execution) || self.is_held(execution) {
            return None;
        }
        let known = self.state.runs.get(execution);
        Some(known.map_or(0, |run| run.ended))
    }
}

impl State {
    pub(super) fn began(&mut self, execution: Execution, since: u64) {
        self.running.insert(execution);
        self.runs.entry(execution).or_default().since = since;
    }

    pub(super) fn ended(&mut self, execution: &Execution) {
        if self.running.remove(execution) {
            let run = self.runs.entry(*execution).or_default();
            run.ended = run.ended.saturating_add(1);
        }
    }

    /// Forgets what ran of missions whose end is known as settled.
    pub(super) fn forget_ended(&mut self) {
        let found = &self.found;
        self.running.retain(|one| !found.is_over(one.mission));
        self.runs.retain(|one, _| !found.is_over(one.mission));
    }

    /// Forgets what a settled block knows as over, its result included: it would count as running for ever, since an executor whose result
    /// is on chain is not asked any more.
    pub(super) fn forget_over(&mut self, view: &View) {
        let runs = &self.runs;
        self.running
            .retain(|one| !is_over(view, one, runs.get(one).map(|run| run.since)));
        self.runs
            .retain(|one, run| !is_over(view, one, Some(run.since)));
    }
}

/// Whether an execution is over as of a settled block. `since`: of one that an earlier version began it is not known.
fn is_over(view: &View, execution: &Execution, since: Option<u64>) -> bool {
    if execution.mission != view.mission {
        return false;
    }
    if view.state.is_terminal() {
        return true;
    }
    match view.nodes.iter().find(|node| node.node == execution.node) {
        Some(node) => node.attempt > execution.attempt,
        // It waits or is completed. What was routed before this block waits no more.
        None => since.is_some_and(|since| view.at.time.get() > since),
    }
}

#[cfg(test)]
mod tests {
    use agentcity_domain::{
        machine::{MissionState, NodeState},
        time::Timestamp,
    };
    use alloy::primitives::{Address, B256};

    use super::super::{Age, Event, NodeView, default_limits};
    use super::*;
    use crate::{
        event::{Event as Happened, Head},
        journal::Identity,
        machine::Machine,
    };

    const MISSION: B256 = B256::repeat_byte(0x11);
    const AGENT: Address = Address::repeat_byte(0xa1);
    /// When it was routed.
    const SINCE: u64 = 1_000;

    fn execution(attempt: u8) -> Execution {
        Execution {
            mission: MISSION,
            node: 3,
            attempt,
            agent: AGENT,
        }
    }

    /// As of a block so many seconds after it was routed. `None` for a node that waits or is completed.
    fn view(later: u64, state: Option<NodeState>, attempt: u8) -> View {
        let node = state.map(|state| NodeView {
            node: 3,
            state,
            attempt,
            agents: vec![AGENT],
        });
        View {
            mission: MISSION,
            at: Head {
                number: later,
                hash: B256::left_padding_from(&later.to_be_bytes()),
                time: Timestamp::new(SINCE + later),
            },
            state: MissionState::Executing,
            nodes: node.into_iter().collect(),
            freezes: Vec::new(),
            heard: Vec::new(),
            limits: default_limits(),
            alone: false,
        }
    }

    fn took(mirror: &mut FreezeMirror, age: Age, view: View) {
        let told = Event::Told {
            fence: 1,
            after: None,
            age,
            view,
        };
        mirror.step(&Happened::Mirror(told));
    }

    /// Two attempts of one node, of which the first was given up.
    fn at_work() -> FreezeMirror {
        let mut mirror = FreezeMirror::default();
        for attempt in [0, 1] {
            let began = Event::Began {
                execution: execution(attempt),
                since: SINCE,
                ended: 0,
            };
            mirror.step(&Happened::Mirror(began));
        }
        mirror
    }

    fn running(mirror: &FreezeMirror) -> Vec<u8> {
        mirror.running().map(|one| one.attempt).collect()
    }

    #[test]
    fn what_is_completed_or_at_another_attempt_for_good_runs_no_more_and_what_was_routed_since_does()
     {
        let mut mirror = at_work();
        // As of a block before it was routed its node waits.
        took(&mut mirror, Age::Settled, view(0, None, 0));
        assert_eq!(running(&mirror), [0, 1]);
        took(
            &mut mirror,
            Age::Settled,
            view(1, Some(NodeState::Executing), 1),
        );
        assert_eq!(running(&mirror), [1]);
        // A reorganisation may take that back.
        took(&mut mirror, Age::Newest, view(2, None, 0));
        assert_eq!(running(&mirror), [1]);
        let elsewhere = View {
            mission: B256::repeat_byte(0x22),
            ..view(2, None, 0)
        };
        took(&mut mirror, Age::Settled, elsewhere);
        assert_eq!(running(&mirror), [1]);
        // Also by whoever goes on after a restart.
        let mut mirror = FreezeMirror::resume(&mirror.state()).unwrap();
        took(&mut mirror, Age::Settled, view(2, None, 0));
        assert!(running(&mirror).is_empty());
        assert_eq!(mirror.state.runs.len(), 0);
    }

    #[test]
    fn nothing_of_a_mission_that_ended_runs_also_where_an_earlier_version_began_it() {
        let mut mirror = at_work();
        mirror.state.runs.clear();
        let mut state: serde_json::Value = serde_json::from_str(&mirror.state()).unwrap();
        state.as_object_mut().unwrap().remove("runs").unwrap();
        let mut mirror = FreezeMirror::resume(&state.to_string()).unwrap();
        took(&mut mirror, Age::Settled, view(1, None, 0));
        assert_eq!(running(&mirror), [0, 1], "since when is not known");
        let ended = View {
            state: MissionState::Aborted,
            ..view(2, Some(NodeState::Executing), 1)
        };
        took(&mut mirror, Age::Settled, ended);
        assert!(running(&mirror).is_empty());
    }

    #[test]
    fn nothing_runs_of_a_mission_that_a_checkpoint_knows_as_over_and_what_runs_of_others_does() {
        let mut mirror = at_work();
        let elsewhere = Execution {
            mission: B256::repeat_byte(0x22),
            ..execution(0)
        };
        let began = Event::Began {
            execution: elsewhere,
            since: SINCE,
            ended: 0,
        };
        mirror.step(&Happened::Mirror(began));
        let mut state: serde_json::Value = serde_json::from_str(&mirror.state()).unwrap();
        let known =
            |ended: Option<u64>, over: bool| serde_json::json!({ "ended": ended, "over": over });
        state["found"]["missions"] = serde_json::json!([
            [MISSION, known(Some(9), true)],
            // Its end is not settled.
            [elsewhere.mission, known(Some(9), false)],
        ]);
        let mirror = FreezeMirror::resume(&state.to_string()).unwrap();
        let running: Vec<&Execution> = mirror.running().collect();
        assert_eq!(running, [&elsewhere]);
        assert_eq!(mirror.state.runs.len(), 1);
    }

    #[test]
    fn a_beginning_that_an_earlier_version_recorded_is_read_as_the_same_event() {
        let execution = execution(0);
        let earlier = serde_json::json!({ "Began": { "execution": execution, "since": SINCE } });
        let began = |ended| Event::Began {
            execution,
            since: SINCE,
            ended,
        };
        let read: Event = serde_json::from_value(earlier).unwrap();
        assert_eq!(read, began(0));
        let name = format!("mirror/began/{execution}/{SINCE}");
        assert_eq!(read.identity(), Identity::Once(name));
        assert_ne!(began(1).identity(), began(0).identity());
        assert_ne!(began(1).identity(), began(2).identity());
    }
}

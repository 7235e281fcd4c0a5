//! The host calls of Stylus frames as the tree that cargo-stylus reads.
//!
//! Shape (stylus-tools 0.10.10, `core/tracing/query.js` and `frame.rs`): an array of steps `{name, args, outs, startInk,
//! endInk}`. A step that called a contract (`call_contract`, `delegate_call_contract`, `static_call_contract`) also
//! holds the `address` and the `steps` of the callee. Calls that an EVM frame makes, and creations, are steps of their
//! own, `{name: "evm_…", address, steps}`.

use agentcity_devnode_chain::engine::HostCall;
use alloy::primitives::{Address, Bytes};
use revm_inspectors::tracing::types::{CallKind, CallTraceNode};
use serde::Serialize;
use std::collections::HashMap;

/// Deepest nesting shown; call frames cannot nest deeper.
const DEPTH: usize = 1_025;

/// One step of a frame.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Step {
    name: String,
    #[serde(flatten)]
    host: Option<Host>,
    #[serde(flatten)]
    callee: Option<Callee>,
}

/// What a host call read, wrote and cost.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Host {
    args: Bytes,
    outs: Bytes,
    start_ink: u64,
    end_ink: u64,
}

/// Whom it called, and what happened there.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Callee {
    address: Address,
    steps: Vec<Step>,
}

/// The steps of the outermost frame.
pub(super) fn steps(nodes: &[CallTraceNode], calls: &[HostCall]) -> Vec<Step> {
    let tree = Tree {
        nodes,
        by_node: assign(nodes, calls),
    };
    if nodes.is_empty() {
        Vec::new()
    } else {
        tree.frame(0, DEPTH)
    }
}

/// Host calls by the call frame they belong to.
///
/// Stylus frames are numbered in the order they were entered, and so are call frames: each Stylus frame is the next
/// call frame of its depth and acting address.
fn assign<'a>(nodes: &[CallTraceNode], calls: &'a [HostCall]) -> HashMap<usize, Vec<&'a HostCall>> {
    let mut frames: Vec<&HostCall> = Vec::new();
    let mut by_frame: HashMap<usize, Vec<&HostCall>> = HashMap::new();
    for call in calls {
        let list = by_frame.entry(call.frame).or_default();
        if list.is_empty() {
            frames.push(call);
        }
        list.push(call);
    }
    frames.sort_by_key(|call| call.frame);
    let mut next = 0;
    let mut by_node = HashMap::new();
    for first in frames {
        let found = nodes[next..].iter().position(|node| {
            node.trace.depth == first.depth && node.execution_address() == first.address
        });
        if let Some(skipped) = found {
            by_node.insert(
                next + skipped,
                by_frame.remove(&first.frame).unwrap_or_default(),
            );
            next += skipped + 1;
        }
    }
    by_node
}

struct Tree<'a> {
    nodes: &'a [CallTraceNode],
    by_node: HashMap<usize, Vec<&'a HostCall>>,
}

impl Tree<'_> {
    fn frame(&self, index: usize, depth: usize) -> Vec<Step> {
        let Some(depth) = depth.checked_sub(1) else {
            return Vec::new();
        };
        let mut children = self.nodes[index].children.iter().copied().peekable();
        let mut steps = Vec::new();
        for call in self.by_node.get(&index).into_iter().flatten() {
            let host = Some(Host {
                args: call.args.clone(),
                outs: call.outs.clone(),
                start_ink: call.start_ink,
                end_ink: call.end_ink,
            });
            let mut callee = None;
            match call.name {
                "call_contract" | "delegate_call_contract" | "static_call_contract" => {
                    // The first argument is the callee; a call that was refused has no frame.
                    let address = call
                        .args
                        .get(..20)
                        .map(Address::from_slice)
                        .unwrap_or_default();
                    let entered =
                        children.next_if(|&child| self.nodes[child].trace.address == address);
                    let steps = entered
                        .map(|child| self.frame(child, depth))
                        .unwrap_or_default();
                    callee = Some(Callee { address, steps });
                }
                "create1" | "create2" => {
                    if let Some(child) =
                        children.next_if(|&child| self.nodes[child].trace.kind.is_any_create())
                    {
                        steps.push(self.evm(child, depth));
                    }
                }
                _ => {}
            }
            steps.push(Step {
                name: call.name.to_owned(),
                host,
                callee,
            });
        }
        steps.extend(children.map(|child| self.evm(child, depth)));
        steps
    }

    /// A frame that no host call opened.
    fn evm(&self, child: usize, depth: usize) -> Step {
        let trace = &self.nodes[child].trace;
        let name = match trace.kind {
            CallKind::StaticCall => "evm_static_call_contract",
            CallKind::DelegateCall | CallKind::CallCode => "evm_delegate_call_contract",
            CallKind::Create => "evm_create1",
            CallKind::Create2 => "evm_create2",
            _ => "evm_call_contract",
        };
        let callee = Callee {
            address: trace.address,
            steps: self.frame(child, depth),
        };
        Step {
            name: name.to_owned(),
            host: None,
            callee: Some(callee),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(
        idx: usize,
        parent: Option<usize>,
        children: &[usize],
        depth: usize,
        byte: u8,
    ) -> CallTraceNode {
        let mut node = CallTraceNode {
            idx,
            parent,
            children: children.to_vec(),
            ..CallTraceNode::default()
        };
        node.trace.depth = depth;
        node.trace.address = Address::repeat_byte(byte);
        node
    }

    fn host(frame: usize, depth: usize, byte: u8, name: &'static str, args: &[u8]) -> HostCall {
        HostCall {
            frame,
            depth,
            address: Address::repeat_byte(byte),
            name,
            args: Bytes::copy_from_slice(args),
            outs: Bytes::new(),
            start_ink: 10,
            end_ink: 5,
        }
    }

    #[test]
    fn nests_callees_into_the_steps_that_called_them() {
        // A (Stylus) calls B (EVM), which calls C (Stylus); then A calls D, refused before it started.
        let nodes = [
            node(0, None, &[1], 0, 0xa),
            node(1, Some(0), &[2], 1, 0xb),
            node(2, Some(1), &[], 2, 0xc),
        ];
        let calls = [
            host(0, 0, 0xa, "read_args", &[]),
            host(1, 2, 0xc, "msg_sender", &[]),
            host(0, 0, 0xa, "call_contract", &[0xb; 20]),
            host(0, 0, 0xa, "static_call_contract", &[0xd; 20]),
        ];
        let json = serde_json::to_value(steps(&nodes, &calls)).unwrap();
        assert_eq!(json[0]["name"], "read_args");
        assert_eq!(json[0]["startInk"], 10);
        assert_eq!(json[0].get("steps"), None);
        assert_eq!(json[1]["name"], "call_contract");
        assert_eq!(json[1]["args"], format!("0x{}", "0b".repeat(20)));
        assert_eq!(json[1]["address"], format!("0x{}", "0b".repeat(20)));
        assert_eq!(json[1]["steps"][0]["name"], "evm_call_contract");
        assert_eq!(json[1]["steps"][0]["steps"][0]["name"], "msg_sender");
        assert_eq!(json[2]["steps"], serde_json::json!([]));
    }

    #[test]
    fn a_frame_entered_again_keeps_its_host_calls_apart() {
        let nodes = [
            node(0, None, &[1, 2], 0, 0xa),
            node(1, Some(0), &[], 1, 0xb),
            node(2, Some(0), &[], 1, 0xb),
        ];
        let calls = [
            host(0, 1, 0xb, "read_args", &[]),
            host(1, 1, 0xb, "msg_value", &[]),
        ];
        let json = serde_json::to_value(steps(&nodes, &calls)).unwrap();
        assert_eq!(json[0]["steps"][0]["name"], "read_args");
        assert_eq!(json[1]["steps"][0]["name"], "msg_value");
    }
}

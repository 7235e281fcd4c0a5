//! How often a log is anchored, and how much of it no anchor covers (seed L3063 to L3069; RESOLUTIONS E-17).

/// Anchors of a sequence of `nodes` that take `node_secs` each, one every `anchor_secs`: `⌈nodes · node_secs ÷ anchor_secs⌉`. None
/// if it is never anchored.
pub const fn anchors(nodes: u64, node_secs: u64, anchor_secs: u64) -> Option<u64> {
    if anchor_secs == 0 {
        return None;
    }
    match nodes.checked_mul(node_secs) {
        Some(secs) => Some(secs.div_ceil(anchor_secs)),
        None => None,
    }
}

/// The same as the seed prints it, which divides nodes by seconds. For comparison only.
pub const fn printed(nodes: u64, anchor_secs: u64) -> Option<u64> {
    anchors(nodes, 1, anchor_secs)
}

/// Nodes between two anchors: what is lost if a log is rewritten since the last.
pub fn unaudited(node_secs: u64, anchor_secs: u64) -> f64 {
    anchor_secs as f64 / node_secs as f64
}

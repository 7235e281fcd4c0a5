//! Kinds about freezes.

use agentcity_domain::{
    guardian::escalation::{Count, Rules, Tag},
    parameter::ParameterId as P,
    time::Seconds,
};
use alloy_primitives::Address;
use serde_json::json;

use super::kinds::{Inputs, Outputs, Refused, outputs, refused};

/// Freezes of one agent in the order in which they happened, reported by monitors that count: each of another principal.
pub(super) fn freeze_count(inputs: &Outputs) -> Result<Outputs, Refused> {
    let keys = ["freezes", "now", "window_s", "rho", "cleared_at"];
    let inputs = Inputs::of(inputs, &keys)?;
    let mut counted = Count::new(
        Address::ZERO,
        Seconds::new(inputs.unsigned("window_s")?),
        inputs.unsigned("cleared_at")?,
        inputs.unsigned("now")?,
    );
    let newest_first = inputs.array("freezes")?.iter().enumerate().rev();
    for (tag, (i, freeze)) in (1..).zip(newest_first) {
        let at = format!("freezes[{i}]");
        let freeze = freeze
            .as_object()
            .ok_or_else(|| refused(&at, "not an object"))?;
        let freeze = Inputs::of(freeze, &["t", "fp"])?;
        let (t, is_false) = (freeze.unsigned("t")?, freeze.flag("fp")?);
        let tag: Tag = tag;
        if !counted.note(Address::ZERO, t, !is_false, &[tag]) {
            break;
        }
    }
    let value = |id: P| id.row().default;
    let rules = Rules {
        count: value(P::EscalationFreezeCount),
        bonus: value(P::ReputationScalingBonus),
        is_scaled: value(P::ReputationScalingEnabled) != 0,
        factor: value(P::MissionFreezeCapFactor),
        window_ms: value(P::BaseEscalationWindowMs),
        window_max_ms: value(P::EscalationWindowMaxMs),
        principals: value(P::EscalationMonitorPrincipals),
    };
    let score = inputs.bounded("rho")?;
    Ok(outputs([
        ("count", json!(counted.own.freezes)),
        ("T_eff", json!(rules.threshold(score))),
        ("emergency_stop", json!(counted.must_stop(&rules, score))),
    ]))
}

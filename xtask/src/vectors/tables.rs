//! Kinds about the parameter table and what follows from it.

use agentcity_domain::{
    act::quorum,
    parameter::{
        ParameterId,
        derived::{
            TimeoutBounds, capped_regulators, doubled, escalation_threshold, escalation_window_ms,
            is_quorum, is_redundancy, is_redundancy_as_printed, regulators_as_printed,
            regulators_needed, share_of, sponsors_needed,
        },
    },
};
use serde_json::{Value, json};

use super::kinds::{Inputs, Outputs, Refused, outputs, refused};

/// The value at which a city starts.
fn default(id: ParameterId) -> u32 {
    id.row().default
}

/// Whether values lie in the ranges that Table 19 prints, in its units.
pub(super) fn param_range(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["param", "values"])?;
    let name = inputs.text("param")?;
    let id = ParameterId::named(name)
        .ok_or_else(|| refused("param", format!("`{name}` is no parameter")))?;
    let ok: Vec<bool> = inputs
        .numbers("values")?
        .into_iter()
        .map(|value| id.accepts_as_printed(value))
        .collect();
    Ok(outputs([("ok", json!(ok))]))
}

pub(super) fn node_timeout_ok(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["tier", "timeoutMs"])?;
    let human = match inputs.unsigned("tier")? {
        1 | 2 => false,
        3 => true,
        other => return Err(refused("tier", format!("{other} is none of 1, 2, 3"))),
    };
    let (timeout, bounds) = (inputs.unsigned("timeoutMs")?, TimeoutBounds::of(default));
    Ok(outputs([
        ("literal", json!(bounds.accept_as_printed(human, timeout))),
        ("resolved", json!(bounds.accept(human, timeout))),
    ]))
}

pub(super) fn t_eff(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["rho", "base", "bonus", "scaling"])?;
    let threshold = escalation_threshold(
        inputs.bounded("rho")?,
        inputs.number("base")?,
        inputs.number("bonus")?,
        inputs.flag("scaling")?,
    );
    Ok(outputs([("T", json!(threshold))]))
}

pub(super) fn w_n(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["base", "n"])?;
    let (base, cleared) = (inputs.number("base")?, inputs.number("n")?);
    let most = default(ParameterId::EscalationWindowMaxMs);
    // The seed's code doubles a number that starts at zero, and takes the base instead of zero.
    let pseudo_code = match doubled(0, cleared) {
        0 => json!(base),
        window => Value::String(window.to_string()),
    };
    Ok(outputs([
        ("W_ms", json!(escalation_window_ms(base, cleared, most))),
        (
            "paper_unbounded",
            Value::String(doubled(base, cleared).to_string()),
        ),
        ("pseudo_code_ms", pseudo_code),
    ]))
}

pub(super) fn redundancy_ok(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["k", "t"])?;
    let (executors, threshold) = (inputs.number("k")?, inputs.number("t")?);
    Ok(outputs([
        (
            "paper",
            json!(is_redundancy_as_printed(executors, threshold)),
        ),
        ("resolved", json!(is_redundancy(executors, threshold))),
    ]))
}

pub(super) fn quorums(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["q"])?;
    let out = |why: &str| refused("q", why);
    let q = u8::try_from(inputs.unsigned("q")?).map_err(|_| out("more than 255 adjudicators"))?;
    let others = q.checked_sub(1).ok_or_else(|| out("nobody judges"))?;
    Ok(outputs([
        ("supermajority", json!(quorum::two_thirds(q))),
        ("of_remaining", json!(quorum::two_thirds(others))),
        ("f_floor", json!(quorum::outnumbered(q))),
        ("f_recoverable", json!(quorum::revocable(q))),
        (
            "honest_can_revoke_after_supermajority_bribed",
            json!(quorum::honest_can_revoke(q)),
        ),
    ]))
}

pub(super) fn multisig_reg(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["R"])?;
    let regulators = inputs.number("R")?;
    let printed = regulators_as_printed(regulators);
    Ok(outputs([
        ("paper", json!(printed)),
        ("feasible", json!(printed <= regulators)),
        // With the parameter at its least, the majority alone decides.
        (
            "resolved",
            json!(regulators_needed(
                regulators,
                ParameterId::MultisigRegQuorum.row().min
            )),
        ),
        (
            "table19_default",
            json!(capped_regulators(
                regulators,
                default(ParameterId::MultisigRegQuorum)
            )),
        ),
    ]))
}

pub(super) fn participation(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["eligible", "votes"])?;
    let (eligible, votes) = (inputs.number("eligible")?, inputs.number("votes")?);
    let quorum = default(ParameterId::ParticipationQuorumPct);
    Ok(outputs([
        ("quorum_votes", json!(share_of(eligible, quorum))),
        ("met", json!(is_quorum(votes, eligible, quorum))),
        (
            "petition",
            json!(share_of(eligible, default(ParameterId::PetitionPct))),
        ),
        (
            "sponsors_needed",
            json!(sponsors_needed(
                eligible,
                default(ParameterId::SponsorQuorum)
            )),
        ),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(value: &Value) -> Outputs {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_range_is_judged_in_the_units_and_bounds_of_the_print() {
        let ask = |param: &str, values: Value| {
            param_range(&inputs(&json!({"param": param, "values": values}))).unwrap()["ok"].clone()
        };
        assert_eq!(
            ask("deviationThresholdSigma", json!([0, 1, 5, 6])),
            json!([false, true, true, false])
        );
        assert_eq!(
            ask("minStakeHigh", json!([100_000, 100_001])),
            json!([true, false])
        );
        assert_eq!(
            ask("adjudicatorQuorum", json!([4, 5, 20, 21])),
            json!([false, true, true, false])
        );
    }

    #[test]
    fn what_no_rule_takes_is_refused_by_its_key() {
        let at = |result: Result<Outputs, Refused>| result.unwrap_err().at;
        assert_eq!(
            at(param_range(&inputs(
                &json!({"param": "noSuch", "values": []})
            ))),
            "inputs.param"
        );
        assert_eq!(
            at(param_range(&inputs(
                &json!({"param": "biddingWindowMs", "values": [1, -1]})
            ))),
            "inputs.values[1]"
        );
        assert_eq!(
            at(node_timeout_ok(&inputs(
                &json!({"tier": 4, "timeoutMs": 1})
            ))),
            "inputs.tier"
        );
        assert_eq!(at(quorums(&inputs(&json!({"q": 0})))), "inputs.q");
        assert_eq!(at(quorums(&inputs(&json!({"q": 256})))), "inputs.q");
        assert_eq!(
            at(w_n(&inputs(&json!({"base": 1, "n": 4_294_967_296_u64})))),
            "inputs.n"
        );
        let unscaled = json!({"rho": 1, "base": 1, "bonus": 1, "scaling": 1});
        assert_eq!(at(t_eff(&inputs(&unscaled))), "inputs.scaling");
    }
}

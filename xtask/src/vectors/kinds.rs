//! The supported kinds. Each rule reads typed inputs, calls the domain, and names the outputs; nothing is computed here.

use agentcity_domain::{
    amount::Amount,
    range::OutOfRange,
    reputation::{Alpha, Lambda, MilliPoints, Points, Run, START, ema_steps, psi, psi_checksum},
    time::Millis,
};
use serde_json::{Map, Value, json};

use super::{
    awards, guardian, legislation, machines, money, panel, roster, statute, tables, verification,
};

/// An input that a rule does not take.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) at: String,
    pub(super) why: String,
}

pub(super) type Outputs = Map<String, Value>;
type Rule = fn(&Map<String, Value>) -> Result<Outputs, Refused>;

/// Kinds by name.
const RULES: &[(&str, Rule)] = &[
    ("ms_to_s", ms_to_s),
    ("psi_int", psi_int),
    ("psi_checksum", psi_sums),
    ("ema_int", ema_int),
    ("ema_steps", ema_run),
    ("rep_clamp", rep_clamp),
    ("sm_table", machines::table),
    ("sm_probe", machines::probe),
    ("param_range", tables::param_range),
    ("node_timeout_ok", tables::node_timeout_ok),
    ("t_eff", tables::t_eff),
    ("w_n", tables::w_n),
    ("freeze_count", guardian::freeze_count),
    ("redundancy_ok", tables::redundancy_ok),
    ("quorums", tables::quorums),
    ("watchdog_flags", roster::watchdog_flags),
    ("impeachment", roster::impeachment),
    ("watchdog_pow", roster::watchdog_pow),
    ("watchdog_run", roster::watchdog_run),
    ("watchdog_joint", roster::watchdog_joint),
    ("anchors", roster::anchors),
    ("multisig_reg", tables::multisig_reg),
    ("participation", tables::participation),
    ("trace", machines::trace),
    ("dag_check", statute::dag_check),
    ("roster_ok", statute::roster_ok),
    ("tranches", statute::tranches),
    ("settle_int", money::settle_int),
    ("settle_sequence", money::settle_sequence),
    ("tier2_split", money::tier2_split),
    ("slash_split", money::slash_split),
    ("stake_pool", money::stake_pool),
    ("fairness", awards::fairness),
    ("bid_score", awards::bid_score),
    ("tier2_exact", verification::exact),
    ("tier2_numeric", verification::numeric),
    ("tier2_minhash", verification::sketches),
    ("election", legislation::election),
    ("kendall_pair", legislation::kendall_pair),
    ("rotation", panel::rotation),
    ("coi", panel::coi),
];

/// The rule of a kind; `None` when the kind is not supported.
pub(super) fn rule(kind: &str) -> Option<Rule> {
    RULES
        .iter()
        .find(|(name, _)| *name == kind)
        .map(|(_, rule)| *rule)
}

fn ms_to_s(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["ms"])?;
    let s = Millis::new(inputs.unsigned("ms")?).to_seconds_ceil();
    Ok(outputs([("s", json!(s.get()))]))
}

fn psi_int(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["alpha", "rho"])?;
    let alpha: Alpha = inputs.bounded("alpha")?;
    let rho: Vec<Points> = inputs.list("rho")?;
    let psi: Vec<u16> = rho
        .into_iter()
        .map(|score| psi(score, alpha).get())
        .collect();
    Ok(outputs([("psi", json!(psi))]))
}

fn psi_sums(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["alpha"])?;
    let sums = psi_checksum(inputs.bounded("alpha")?);
    Ok(outputs([
        ("sum", json!(sums.sum)),
        ("sumsq", json!(sums.sum_of_squares)),
        ("min", json!(sums.min.get())),
        ("max", json!(sums.max.get())),
    ]))
}

fn ema_int(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["lam", "start", "scores"])?;
    let lambda: Lambda = inputs.bounded("lam")?;
    let mut stored: MilliPoints = inputs.bounded("start")?;
    let mut trace = Vec::new();
    for score in inputs.list::<Points>("scores")? {
        stored = stored.ema(lambda, score);
        trace.push(stored.get());
    }
    Ok(outputs([
        ("trace", json!(trace)),
        ("score", json!(stored.score_floor().get())),
    ]))
}

fn ema_run(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["lam", "S", "limit"])?;
    let lambda: Lambda = inputs.bounded("lam")?;
    let limit: Points = inputs.bounded("limit")?;
    let run = match inputs.bounded::<Points>("S")? {
        Points::MAX => Run::RisesTo(limit),
        Points::ZERO => Run::FallsTo(limit),
        other => {
            return Err(refused(
                "S",
                format!("{} is neither 0 nor 1000", other.get()),
            ));
        }
    };
    match ema_steps(START, lambda, run) {
        Some(steps) => Ok(outputs([("steps", json!(steps))])),
        None => Err(refused("limit", "the average stalls before the limit")),
    }
}

fn rep_clamp(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["score", "delta"])?;
    let score: Points = inputs.bounded("score")?;
    Ok(outputs([(
        "new",
        json!(score.clamp_delta(inputs.signed("delta")?).get()),
    )]))
}

pub(super) fn outputs<const N: usize>(pairs: [(&str, Value); N]) -> Outputs {
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

pub(super) fn refused(key: &str, why: impl Into<String>) -> Refused {
    Refused {
        at: format!("inputs.{key}"),
        why: why.into(),
    }
}

/// Inputs of one vector, none of which the rule ignores.
pub(super) struct Inputs<'a>(&'a Map<String, Value>);

impl<'a> Inputs<'a> {
    /// Refuses a key the rule would not read: the vector may mean something else than the rule does.
    pub(super) fn of(map: &'a Map<String, Value>, keys: &[&str]) -> Result<Self, Refused> {
        match map.keys().find(|key| !keys.contains(&key.as_str())) {
            Some(key) => Err(refused(
                key,
                format!("unknown input; this kind reads {}", keys.join(", ")),
            )),
            None => Ok(Self(map)),
        }
    }

    fn value(&self, key: &str) -> Result<&'a Value, Refused> {
        self.0.get(key).ok_or_else(|| refused(key, "missing"))
    }

    pub(super) fn text(&self, key: &str) -> Result<&'a str, Refused> {
        let value = self.value(key)?;
        value
            .as_str()
            .ok_or_else(|| refused(key, format!("{value} is not a text")))
    }

    pub(super) fn array(&self, key: &str) -> Result<&'a [Value], Refused> {
        let list = self.value(key)?.as_array();
        list.map(Vec::as_slice)
            .ok_or_else(|| refused(key, "not a list"))
    }

    pub(super) fn unsigned(&self, key: &str) -> Result<u64, Refused> {
        unsigned(self.value(key)?).map_err(|why| refused(key, why))
    }

    /// An amount in base units.
    pub(super) fn amount(&self, key: &str) -> Result<Amount, Refused> {
        amount(self.value(key)?).map_err(|why| refused(key, why))
    }

    fn signed(&self, key: &str) -> Result<i64, Refused> {
        let value = self.value(key)?;
        let read = match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        read.ok_or_else(|| refused(key, format!("{value} is not a signed 64-bit integer")))
    }

    /// A share or a rate.
    pub(super) fn float(&self, key: &str) -> Result<f64, Refused> {
        let value = self.value(key)?;
        value
            .as_f64()
            .ok_or_else(|| refused(key, format!("{value} is not a number")))
    }

    /// A number of 32 bits, as parameters are.
    pub(super) fn number(&self, key: &str) -> Result<u32, Refused> {
        let number = self.unsigned(key)?;
        u32::try_from(number).map_err(|_| refused(key, format!("{number} has more than 32 bits")))
    }

    pub(super) fn numbers(&self, key: &str) -> Result<Vec<u64>, Refused> {
        let list = self.array(key)?.iter().enumerate();
        list.map(|(i, v)| unsigned(v).map_err(|why| refused(&format!("{key}[{i}]"), why)))
            .collect()
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, Refused> {
        let value = self.value(key)?;
        value
            .as_bool()
            .ok_or_else(|| refused(key, format!("{value} is neither true nor false")))
    }

    pub(super) fn bounded<T: TryFrom<u64, Error = OutOfRange>>(
        &self,
        key: &str,
    ) -> Result<T, Refused> {
        bounded(self.value(key)?).map_err(|why| refused(key, why))
    }

    fn list<T: TryFrom<u64, Error = OutOfRange>>(&self, key: &str) -> Result<Vec<T>, Refused> {
        let list = self
            .value(key)?
            .as_array()
            .ok_or_else(|| refused(key, "not a list"))?;
        list.iter()
            .enumerate()
            .map(|(i, v)| bounded(v).map_err(|why| refused(&format!("{key}[{i}]"), why)))
            .collect()
    }
}

/// An amount below 2^128, as text or as a number.
pub(super) fn amount(value: &Value) -> Result<Amount, String> {
    let read = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().map(u128::from),
    };
    read.map(Amount::new)
        .ok_or_else(|| format!("{value} is no amount below 2^128"))
}

pub(super) fn unsigned(value: &Value) -> Result<u64, String> {
    let read = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    read.ok_or_else(|| format!("{value} is not an unsigned 64-bit integer"))
}

fn bounded<T: TryFrom<u64, Error = OutOfRange>>(value: &Value) -> Result<T, String> {
    T::try_from(unsigned(value)?).map_err(|out| out.to_string())
}

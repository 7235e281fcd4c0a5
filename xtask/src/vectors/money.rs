//! Kinds about money: settlements, shares, slashes, pools. Amounts are decimal text, as the format writes them.

use std::collections::BTreeMap;

use agentcity_domain::{
    amount::Amount,
    machine::EscrowState,
    treasury::{
        escrow::{self, Account, Terms},
        pool::{Shares, share_as_printed},
        settlement::{Funds, Rates, settle, shares},
        stake,
    },
};
use alloy_primitives::Address;
use serde_json::{Map, Value, json};

use super::kinds::{Inputs, Outputs, Refused, outputs, refused};

fn text(amount: Amount) -> Value {
    json!(amount.get().to_string())
}

/// A refusal or error of the domain about an input.
fn of<E: core::fmt::Debug>(key: &str) -> impl Fn(E) -> Refused {
    move |error| refused(key, format!("{error:?}"))
}

/// The seed's rates, and its funds before: one treasury, from which subsidies are paid.
fn before(inputs: &Inputs<'_>) -> Result<(Rates, Funds), Refused> {
    let (fee, reserve) = (inputs.bounded("fp")?, inputs.bounded("fi")?);
    let rates = Rates::as_printed(fee, reserve, inputs.bounded("alpha")?).map_err(of("fp"))?;
    let funds = Funds {
        treasury: Amount::ZERO,
        subsidy: inputs.amount("treasury")?,
        insurance: inputs.amount("insurance")?,
    };
    Ok((rates, funds))
}

pub(super) fn settle_int(inputs: &Outputs) -> Result<Outputs, Refused> {
    let keys = ["b", "rho", "alpha", "fp", "fi", "treasury", "insurance"];
    let inputs = Inputs::of(inputs, &keys)?;
    let (rates, funds) = before(&inputs)?;
    let share = inputs.amount("b")?;
    let split = settle(share, inputs.bounded("rho")?, &rates, funds.subsidy);
    let after = funds.after(&split).map_err(of("treasury"))?;
    let printed = split.as_printed(funds).map_err(of("treasury"))?;
    let treasury = after.common().map_err(of("treasury"))?;
    Ok(outputs([
        ("psi", json!(split.psi.get())),
        ("gross", text(split.gross)),
        ("base", text(split.base)),
        ("subsidy_requested", text(split.requested)),
        ("subsidy", text(split.subsidy)),
        ("shortfall", text(split.shortfall())),
        ("reward", text(split.reward().map_err(of("b"))?)),
        ("fee", text(split.fee)),
        ("reserve", text(split.reserve)),
        ("discount_savings", text(split.discount_savings())),
        ("dust", text(split.dust())),
        ("underflow_event", json!(!split.shortfall().is_zero())),
        (
            "paper",
            json!({
                "treasury_after": text(printed.treasury),
                "settled_delta": text(printed.settled),
                "stranded": text(printed.stranded),
            }),
        ),
        (
            "resolved",
            json!({
                "treasury_after": text(treasury),
                "insurance_after": text(after.insurance),
                "settled_delta": text(split.share),
            }),
        ),
    ]))
}

/// Through an escrow from its deposit to its refund.
pub(super) fn settle_sequence(inputs: &Outputs) -> Result<Outputs, Refused> {
    let keys = [
        "deposit",
        "treasury",
        "insurance",
        "alpha",
        "fp",
        "fi",
        "items",
    ];
    let inputs = Inputs::of(inputs, &keys)?;
    let (rates, mut funds) = before(&inputs)?;
    let deposit = inputs.amount("deposit")?;
    let mut account = Account::default();
    account.fund(deposit).map_err(of("deposit"))?;
    account.allocate(deposit).map_err(of("deposit"))?;
    let mut rewards = Vec::new();
    for (number, item) in inputs.array("items")?.iter().enumerate() {
        let at = format!("items[{number}]");
        let item = item
            .as_object()
            .ok_or_else(|| refused(&at, "not an object"))?;
        let item = Inputs::of(item, &["b", "rho"])?;
        let share = item.amount("b")?;
        let split = settle(share, item.bounded("rho")?, &rates, funds.subsidy);
        account.settle(share, split.share).map_err(of(&at))?;
        let after = funds.after(&split).map_err(of(&at))?;
        funds = after.undivided().map_err(of(&at))?;
        rewards.push(text(split.reward().map_err(of(&at))?));
    }
    let ended = Terms {
        state: EscrowState::Closing,
        epoch: 0,
        release_at: 0,
        sponsor: Address::ZERO,
    };
    let (_, refund) = escrow::close(Some(ended), &mut account).map_err(of("deposit"))?;
    Ok(outputs([
        ("rewards", json!(rewards)),
        ("treasury_after", text(funds.subsidy)),
        ("insurance_after", text(funds.insurance)),
        ("refund_to_sponsor", text(refund)),
    ]))
}

pub(super) fn tier2_split(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["b", "agreeing"])?;
    let agreeing = u8::try_from(inputs.unsigned("agreeing")?).map_err(of("agreeing"))?;
    let (share, rest) = shares(inputs.amount("b")?, agreeing);
    Ok(outputs([("share", text(share)), ("refund", text(rest))]))
}

pub(super) fn slash_split(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["schedule", "locked"])?;
    let slash = stake::slash(inputs.amount("locked")?, inputs.amount("schedule")?, false);
    Ok(outputs([
        ("actual", text(slash.taken)),
        ("insurance", text(slash.loss.insurance)),
        ("treasury", text(slash.loss.treasury)),
        ("locked_after", text(slash.left)),
    ]))
}

/// What one participant has, and what the seed would keep of it.
#[derive(Default)]
struct Holding {
    shares: Amount,
    paid_in: Amount,
    printed: Amount,
}

pub(super) fn stake_pool(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["ops"])?;
    let mut pool = Shares::default();
    let mut holdings = BTreeMap::<String, Holding>::new();
    let mut payouts = Vec::new();
    for (number, op) in inputs.array("ops")?.iter().enumerate() {
        let at = format!("ops[{number}]");
        let op = op.as_array().map(Vec::as_slice).unwrap_or_default();
        let name = |value: &Value| {
            let name = value.as_str().map(str::to_owned);
            name.ok_or_else(|| refused(&at, format!("{value} is nobody's name")))
        };
        let amount = |value: &Value| super::kinds::amount(value).map_err(|why| refused(&at, why));
        match op {
            [kind, who, paid] if kind == "deposit" => {
                let paid = amount(paid)?;
                let bought = pool.join(paid).map_err(of(&at))?;
                let holding = holdings.entry(name(who)?).or_default();
                holding.shares = holding.shares.checked_add(bought).map_err(of(&at))?;
                holding.paid_in = holding.paid_in.checked_add(paid).map_err(of(&at))?;
                holding.printed =
                    share_as_printed(holding.paid_in, pool.assets).map_err(of(&at))?;
            }
            [kind, lost] if kind == "slash" => pool.lose(amount(lost)?),
            [kind, who] if kind == "withdraw" => {
                let who = name(who)?;
                let holding = holdings.remove(&who);
                let holding =
                    holding.ok_or_else(|| refused(&at, format!("{who} holds nothing")))?;
                let paid = pool.leave(holding.shares).map_err(of(&at))?;
                payouts.push(json!([who, text(paid)]));
            }
            _ => return Err(refused(&at, "neither a deposit, a slash, nor a withdrawal")),
        }
    }
    let of_all = |value: fn(&Holding) -> Value| -> Map<String, Value> {
        let each = holdings.iter();
        each.map(|(who, holding)| (who.clone(), value(holding)))
            .collect()
    };
    let mut printed = holdings.values().map(|holding| holding.printed);
    let sum = printed
        .try_fold(Amount::ZERO, Amount::checked_add)
        .map_err(of("ops"))?;
    Ok(outputs([
        ("total_assets", text(pool.assets)),
        ("total_shares", text(pool.total)),
        (
            "shares",
            Value::Object(of_all(|holding| text(holding.shares))),
        ),
        ("payouts", json!(payouts)),
        (
            "paper_bps",
            Value::Object(of_all(|holding| json!(holding.printed.get() as u64))),
        ),
        ("paper_bps_sum", text(sum)),
    ]))
}

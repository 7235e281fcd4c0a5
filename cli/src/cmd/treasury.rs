//! `agentcity treasury`: the city's money, what stakes deter, and whether the funds last.

use agentcity_abi::{IAgent, IRoster, ITreasury};
use agentcity_domain::{
    amount::{Amount, AmountError, Bps},
    analysis::economy::{self, Assumptions, Chance, Flows},
    parameter::ParameterId as P,
    peer::Peer,
    reputation::{Alpha, NEUTRAL, Points, Psi, psi},
};
use alloy::{
    primitives::U256,
    providers::Provider,
    rpc::types::{BlockId, Filter},
    sol_types::SolEvent,
};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    ask,
    failure::{Code, Failure},
    instant,
    money::{self, Purse},
    opts::{City, Town},
    output::{self, Answer},
    send::{Act, Call},
    values::{self, amount, choice},
};

/// What to do with the city's money.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// What the treasury holds, part by part, at a block; exit code 5 if the books do not add up.
    #[command(after_help = "Example: agentcity treasury show")]
    Show(Show),
    /// The stakes that deter from taking a mission's value (EQ-5 to EQ-8, EQ-10), beside those in force.
    #[command(after_help = "Example: agentcity treasury stakes --value 100000")]
    Stakes(Stakes),
    /// Whether treasury and insurance last (EQ-11, EQ-12), by what happened in a range of blocks.
    #[command(after_help = "Example: agentcity treasury solvency")]
    Solvency(Solvency),
    /// Gives to a fund.
    #[command(
        after_help = "Example: agentcity treasury contribute 1000000000000000 --fund insurance"
    )]
    Contribute(Contribute),
    /// Books what a contract holds beyond its books, to the treasury. Anyone may.
    #[command(after_help = "Example: agentcity treasury skim --contract treasury")]
    Skim(Skim),
    /// Moves what the agent contract owes the two funds (forfeited stakes, surplus) to them. Anyone may.
    #[command(after_help = "Example: agentcity treasury remit")]
    Remit(Own),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// An earlier block instead of the newest.
    #[arg(long, value_parser = values::number::<u64>)]
    block: Option<u64>,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Stakes {
    /// What a mission is worth, units of stake.
    #[arg(long, value_parser = values::number::<u128>)]
    value: u128,
    /// Executors of a node, 1 to 7.
    #[arg(long, value_parser = values::number::<u8>, default_value = "3")]
    executors: u8,
    /// How many of them must agree.
    #[arg(long, value_parser = values::number::<u8>, default_value = "2")]
    threshold: u8,
    /// That an honest executor notices a defection, thousandths.
    #[arg(long, value_parser = permille, default_value = "500")]
    notices: Chance,
    /// How far honest executors miss the same things, thousandths.
    #[arg(long, value_parser = permille, default_value = "0")]
    correlation: Chance,
    /// That an executor defects, thousandths.
    #[arg(long, value_parser = permille, default_value = "120")]
    defects: Chance,
    /// What capital earns elsewhere in a year, bps.
    #[arg(long, value_parser = values::number::<u16>, default_value = "1000")]
    yearly: u16,
    /// How long a mission takes, seconds.
    #[arg(long, value_parser = values::number::<u64>, default_value = "28800")]
    duration: u64,
    /// What the work itself costs, units.
    #[arg(long, value_parser = values::number::<u128>, default_value = "0")]
    cost: u128,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Solvency {
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
    /// Last block to look at; the newest when absent.
    #[arg(long, value_parser = values::number::<u64>)]
    to_block: Option<u64>,
    /// Missions expected to be affected in as long a time; those that were compensated when absent.
    #[arg(long, value_parser = values::number::<u32>, requires = "loss")]
    affected: Option<u32>,
    /// Loss expected of each, base units.
    #[arg(long, value_parser = values::number::<u128>, requires = "affected")]
    loss: Option<u128>,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Contribute {
    /// How much, base units of the settlement asset.
    #[arg(value_parser = amount)]
    amount: U256,
    /// To which fund: treasury or insurance.
    #[arg(long, value_parser = fund, default_value = "treasury")]
    fund: ITreasury::Fund,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Skim {
    /// Which contract: agent, treasury or roster.
    #[arg(long, value_parser = holder, default_value = "treasury")]
    contract: Peer,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Own {
    #[command(flatten)]
    act: Act,
}

fn permille(text: &str) -> Result<Chance, Failure> {
    let parts: u16 = values::number(text)?;
    if parts > 1_000 {
        return Err(Failure::new(
            Code::Number,
            format!("{parts} thousandths are more than all"),
        )
        .hint("give a number from 0 to 1000"));
    }
    Ok(Chance::permille(parts.into()))
}

fn fund(text: &str) -> Result<ITreasury::Fund, Failure> {
    let funds = [
        ("treasury", ITreasury::Fund::Treasury),
        ("insurance", ITreasury::Fund::Insurance),
    ];
    choice("fund", text, &funds)
}

fn holder(text: &str) -> Result<Peer, Failure> {
    let holders = [Peer::Agent, Peer::Treasury, Peer::Roster].map(|peer| (peer.name(), peer));
    choice("contract that holds money", text, &holders)
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Show(options) => show(options).await,
        Verb::Stakes(options) => stakes(options).await,
        Verb::Solvency(options) => solvency(options).await,
        Verb::Contribute(options) => {
            let sender = options.act.connect().await?;
            let call = ITreasury::contributeCall {
                fund: options.fund,
                amount: options.amount,
            };
            let what = format!("contribute {} base units", options.amount);
            let call = Call::new(what, sender.at(Peer::Treasury), &call);
            Ok(sender.pay(call, options.amount).await?.answer())
        }
        Verb::Skim(Skim { contract, act }) => {
            let what = format!("book the surplus of {}", contract.name());
            match contract {
                Peer::Agent => act.send(what, contract, &IAgent::skimCall {}).await,
                Peer::Treasury => act.send(what, contract, &ITreasury::skimCall {}).await,
                _ => act.send(what, contract, &IRoster::skimCall {}).await,
            }
        }
        Verb::Remit(Own { act }) => {
            let what = "move what the agent contract owes the funds";
            act.send(what, Peer::Agent, &IAgent::remitCall {}).await
        }
    }
}

async fn show(options: Show) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let (newest, _) = ask::head(&city).await?;
    let number = options.block.unwrap_or(newest);
    let block = BlockId::number(number);
    let provider = &city.chain.provider;
    let at = provider.get_block(block).await?.ok_or_else(|| {
        Failure::new(Code::Unknown, format!("the chain has no block {number}"))
            .hint(format!("the newest is {newest}"))
    })?;
    let purse = Purse::of(&city).await?;
    let (booked, named) = money::treasury_books(&city, block).await?;
    let treasury = city.at(Peer::Treasury);
    let held = money::held(&city.chain, purse.asset, treasury, block).await?;
    let sum = named
        .iter()
        .try_fold(U256::ZERO, |sum, (_, part)| sum.checked_add(*part));
    let (is_whole, is_held) = (sum == Some(booked), held >= booked);
    if !is_whole || !is_held {
        let sum = sum.map_or_else(|| "more than 2^256".to_owned(), |sum| sum.to_string());
        return Err(Failure::new(
            Code::Unbalanced,
            format!("at block {number} the parts add up to {sum}, {booked} are booked and {held} held"),
        )
        .hint("every unit is accounted for in a city that works: ask another node, then tell the adjudicators"));
    }
    let surplus = held - booked;
    let mut facts = vec![
        (
            "block",
            format!("{number}, {}", instant::at(at.header.timestamp)),
        ),
        ("asset", purse.name()),
    ];
    facts.extend(named.iter().map(|(name, part)| (*name, part.to_string())));
    facts.push(("booked", booked.to_string()));
    facts.push(("held", held.to_string()));
    facts.push((
        "conservation",
        format!("{booked} parts = {booked} booked, + {surplus} surplus = {held} held"),
    ));
    Ok(Answer::facts(
        json!({
            "block": number, "timestamp": at.header.timestamp, "asset": purse.asset,
            "parts": named.iter().map(|(name, part)| ((*name).to_owned(), json!(part.to_string()))).collect::<serde_json::Map<_, _>>(),
            "booked": booked.to_string(), "held": held.to_string(), "surplus": surplus.to_string(), "conserved": true,
        }),
        &facts,
    ))
}

fn beyond(error: AmountError) -> Failure {
    match error {
        AmountError::ZeroDivisor { .. } => Failure::new(Code::Value, "no stake deters and no price pays: nothing is noticed, slashed or left of a reward")
            .hint("give other --notices, --executors or --threshold, or look at the city's slash and fee parameters"),
        error => Failure::new(Code::Number, format!("the figures leave 128 bits ({error})"))
            .hint("give a smaller --value or --duration"),
    }
}

fn bps(number: u32) -> Bps {
    Bps::new(number.into()).unwrap_or(Bps::MAX)
}

/// A chance with its six digits.
fn shown(chance: Chance) -> String {
    let millionths = chance.get() / 1_000; // structural: billionths
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000) // structural: six digits
}

async fn stakes(options: Stakes) -> Result<Answer, Failure> {
    let (executors, threshold) = (options.executors, options.threshold);
    if executors == 0 || executors > 7 || threshold == 0 || threshold > executors {
        return Err(Failure::new(
            Code::Number,
            format!("{threshold} of {executors} executors is no majority that a node can ask for"),
        )
        .hint("a node has 1 to 7 executors, of whom at least one and at most all must agree"));
    }
    let yearly = Bps::new(options.yearly.into()).map_err(|_| {
        Failure::new(
            Code::Number,
            format!("{} bps are more than all", options.yearly),
        )
        .hint("give --yearly from 0 to 10000")
    })?;
    let assumed = Assumptions {
        executors: executors.into(),
        threshold: threshold.into(),
        notices: options.notices,
        correlation: options.correlation,
        defects: options.defects,
    };
    let city = options.town.connect().await?;
    let [
        low,
        medium,
        high,
        registration,
        adjudicator,
        slash,
        fee,
        reserve,
        alpha,
    ] = ask::numbers(
        &city,
        None,
        [
            P::MinStakeLow,
            P::MinStakeMedium,
            P::MinStakeHigh,
            P::RegistrationStake,
            P::AdjudicatorStake,
            P::SlashNodeFailureBps,
            P::ProtocolFeeRate,
            P::InsuranceReserveRate,
            P::ReputationMultiplierAlpha,
        ],
    )
    .await?;
    let roster = IRoster::new(city.at(Peer::Roster), &city.chain.provider);
    let panel = roster.activeAdjudicators().call().await?;
    let value = Amount::new(options.value);
    let noticed = economy::effective(&assumed);
    let slash = bps(slash);
    let multiplier = psi(NEUTRAL, Alpha::new(alpha.into()).unwrap_or(Alpha::MAX));
    let (mut rows, mut risks): (Vec<Vec<String>>, Vec<Value>) = Default::default();
    for ((name, in_force), share) in [("low", low), ("medium", medium), ("high", high)]
        .into_iter()
        .zip(economy::SHARES)
    {
        let stake = economy::task_stake(value, share, noticed, slash).map_err(beyond)?;
        let wide = stake.mul_div_floor(economy::MARGIN, 1).map_err(beyond)?;
        let set = Amount::new(in_force.into());
        let deterred = economy::deterred(set, noticed, slash).map_err(beyond)?;
        let lost = economy::opportunity(stake, yearly, options.duration).map_err(beyond)?;
        let cost = lost
            .checked_add(Amount::new(options.cost))
            .map_err(beyond)?;
        let price =
            economy::least_price(cost, bps(fee), bps(reserve), multiplier).map_err(beyond)?;
        let holds = if set >= stake { "yes" } else { "no" };
        rows.push(vec![
            name.to_owned(),
            stake.get().to_string(),
            wide.get().to_string(),
            in_force.to_string(),
            holds.to_owned(),
            deterred.get().to_string(),
            lost.get().to_string(),
            price.get().to_string(),
        ]);
        risks.push(json!({
            "risk": name, "share": shown(share), "stake": stake.get().to_string(), "withMargin": wide.get().to_string(),
            "inForce": in_force, "deters": set >= stake, "deterredAtMost": deterred.get().to_string(),
            "opportunity": lost.get().to_string(), "leastPrice": price.get().to_string(),
        }));
    }
    let register = economy::registration_stake(value);
    let seat = economy::adjudicator_stake(value, panel).map_err(|_| {
        Failure::new(Code::Unknown, "the city has no active adjudicator")
            .hint("its genesis adjudicators put up their stakes first")
    })?;
    let prices: Vec<Value> = [200, 500, 1_000]
        .into_iter()
        .filter_map(|score| {
            let points = Points::new(score).ok()?;
            let multiplier: Psi = psi(points, Alpha::new(alpha.into()).ok()?);
            let high = economy::task_stake(value, Chance::ALWAYS, noticed, slash).ok()?;
            let lost = economy::opportunity(high, yearly, options.duration).ok()?;
            let cost = lost.checked_add(Amount::new(options.cost)).ok()?;
            let price = economy::least_price(cost, bps(fee), bps(reserve), multiplier).ok()?;
            Some(json!({ "score": score, "multiplier": multiplier.get(), "leastPrice": price.get().to_string() }))
        })
        .collect();
    let mut text = output::lines(&[
        ("value", format!("{} units", options.value)),
        (
            "noticed",
            format!("{} (P_eff, EQ-2 and EQ-3)", shown(noticed)),
        ),
        ("slashed", format!("{} bps of a stake", slash.get())),
        (
            "registration",
            format!(
                "{} units wanted (EQ-6), {registration} in force",
                register.get()
            ),
        ),
        (
            "adjudicator",
            format!(
                "{} units wanted of each of {panel} (EQ-7), {adjudicator} in force",
                seat.get()
            ),
        ),
    ]);
    text += "\n";
    let headings = [
        "risk",
        "EQ-5",
        "with margin",
        "in force",
        "deters",
        "EQ-4 deters",
        "EQ-8 costs",
        "EQ-10 price",
    ];
    text += &output::table(&headings, &rows);
    Ok(Answer::new(
        json!({
            "value": options.value.to_string(), "noticed": shown(noticed), "slashBps": slash.get(), "risks": risks,
            "registration": { "stake": register.get().to_string(), "inForce": registration },
            "adjudicator": { "stake": seat.get().to_string(), "inForce": adjudicator, "active": panel },
            "pricesAtHighRisk": prices,
        }),
        text,
    ))
}

/// Sums the amounts that events tell.
#[derive(Debug, Default)]
struct Sums {
    treasury: [U256; 5],
    insurance: [U256; 3],
    claims: u32,
}

/// What insurance gets of what was slashed; the treasury gets the rest.
fn insured(amount: U256) -> U256 {
    let share = bps(P::SlashInsuranceBps.constant());
    Amount::try_from(amount).map_or(U256::ZERO, |amount| amount.bps_floor(share).to_u256())
}

impl Sums {
    fn slashed(&mut self, amount: U256) {
        let insured = insured(amount);
        self.treasury[1] += amount - insured;
        self.insurance[1] += insured;
    }
}

async fn events<E: SolEvent>(city: &City, (from, to): (u64, u64)) -> Result<Vec<E>, Failure> {
    let filter = Filter::new()
        .address(city.at(Peer::Treasury))
        .event_signature(E::SIGNATURE_HASH)
        .from_block(from);
    let all = ask::typed::<E>(city, filter, to).await?;
    Ok(all.into_iter().map(|(event, _)| event).collect())
}

async fn sums(city: &City, range: (u64, u64)) -> Result<Sums, Failure> {
    use ITreasury as t;
    let mut sums = Sums::default();
    for one in events::<t::Settled>(city, range).await? {
        sums.treasury[0] += one.fee + one.residual;
        sums.treasury[4] += one.subsidy;
        sums.insurance[0] += one.reserve;
    }
    for one in events::<t::StakeSlashed>(city, range).await? {
        sums.slashed(one.amount);
    }
    for one in events::<t::BondForfeited>(city, range).await? {
        sums.slashed(one.amount);
    }
    for one in events::<t::BondCharged>(city, range).await? {
        sums.slashed(one.amount);
    }
    for one in events::<t::CompensationPaid>(city, range).await? {
        sums.treasury[2] += one.amount;
    }
    for one in events::<t::Disbursed>(city, range).await? {
        match one.kind {
            t::Disbursement::Insurance => sums.insurance[2] += one.amount,
            _ => sums.treasury[3] += one.amount,
        }
    }
    for one in events::<t::InsurancePaid>(city, range).await? {
        sums.insurance[2] += one.amount;
        sums.claims += 1;
    }
    Ok(sums)
}

fn amounts<const N: usize>(sums: [U256; N]) -> Result<[Amount; N], Failure> {
    let mut amounts = [Amount::ZERO; N];
    for (amount, sum) in amounts.iter_mut().zip(sums) {
        *amount = Amount::try_from(sum).map_err(beyond)?;
    }
    Ok(amounts)
}

async fn solvency(options: Solvency) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let (newest, _) = ask::head(&city).await?;
    let range = (
        ask::first_block(&city, options.from_block).await?,
        options.to_block.unwrap_or(newest).min(newest),
    );
    let sums = sums(&city, range).await?;
    let [fees, slashes, compensation, gas, subsidies] = amounts(sums.treasury)?;
    let treasury = Flows {
        fees,
        slashes,
        compensation,
        claims: Amount::ZERO,
        gas,
        subsidies,
    };
    let [reserves, slashed, claims] = amounts(sums.insurance)?;
    let insurance = Flows {
        fees: reserves,
        slashes: slashed,
        claims,
        ..Flows::default()
    };
    let contract = ITreasury::new(city.at(Peer::Treasury), &city.chain.provider);
    let books = contract.solvency().call().await?;
    let parts = contract.parts().call().await?;
    let expected = match (options.affected, options.loss) {
        (Some(affected), Some(loss)) => {
            economy::expected_claims(affected, Amount::new(loss)).map_err(beyond)?
        }
        _ => claims,
    };
    let held = Amount::try_from(parts.insurance).map_err(beyond)?;
    let (lasts, insures, adequate) = (
        treasury.is_sustainable().map_err(beyond)?,
        insurance.is_sustainable().map_err(beyond)?,
        held > expected,
    );
    let word = |holds: bool| if holds { "holds" } else { "does not hold" };
    let flow = |flows: &Flows| -> Result<(String, String), Failure> {
        let (inflow, outflow) = (
            flows.inflow().map_err(beyond)?,
            flows.outflow().map_err(beyond)?,
        );
        Ok((inflow.get().to_string(), outflow.get().to_string()))
    };
    let (treasury_in, treasury_out) = flow(&treasury)?;
    let (insurance_in, insurance_out) = flow(&insurance)?;
    let told = |flows: &Flows, (inflow, outflow): (&str, &str), holds: bool| {
        json!({
            "fees": flows.fees.get().to_string(), "slashes": flows.slashes.get().to_string(),
            "compensation": flows.compensation.get().to_string(), "claims": flows.claims.get().to_string(),
            "gasSubsidies": flows.gas.get().to_string(), "subsidies": flows.subsidies.get().to_string(),
            "inflow": inflow, "outflow": outflow, "sustainable": holds,
        })
    };
    Ok(Answer::facts(
        json!({
            "fromBlock": range.0, "toBlock": range.1, "treasury": told(&treasury, (&treasury_in, &treasury_out), lasts),
            "insurance": told(&insurance, (&insurance_in, &insurance_out), insures), "claims": sums.claims,
            "expectedClaims": expected.get().to_string(), "insuranceHeld": held.get().to_string(), "adequate": adequate,
            "booked": books.bookedTotal.to_string(), "held": books.held.to_string(), "subsidyLeft": books.subsidyLeft.to_string(),
            "claimLimit": books.claimLimit.to_string(),
        }),
        &[
            ("blocks", format!("{} to {}", range.0, range.1)),
            (
                "treasury in",
                format!(
                    "{treasury_in}: fees {}, slashes {}",
                    fees.get(),
                    slashes.get()
                ),
            ),
            (
                "treasury out",
                format!(
                    "{treasury_out}: reviews {}, gas {}, subsidies {}",
                    compensation.get(),
                    gas.get(),
                    subsidies.get()
                ),
            ),
            ("EQ-11, treasury", word(lasts).to_owned()),
            (
                "insurance in",
                format!(
                    "{insurance_in}: reserves {}, slashes {}",
                    reserves.get(),
                    slashed.get()
                ),
            ),
            (
                "insurance out",
                format!("{insurance_out}: {} claims", sums.claims),
            ),
            ("EQ-11, insurance", word(insures).to_owned()),
            (
                "EQ-12",
                format!(
                    "{}: {} held, {} expected",
                    word(adequate),
                    held.get(),
                    expected.get()
                ),
            ),
            ("one claim may take", books.claimLimit.to_string()),
            ("subsidies may take", books.subsidyLeft.to_string()),
            (
                "booked and held",
                format!("{} and {}", books.bookedTotal, books.held),
            ),
        ],
    ))
}

//! `agentcity pool`: stakes that several put up together.

use agentcity_abi::ITreasury;
use agentcity_domain::{amount::Amount, peer::Peer, treasury::pool::Shares};
use alloy::primitives::{Address, B256, U256};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    ask,
    failure::{Code, Failure},
    opts::{City, Town},
    output::{self, Answer},
    send::{Act, Call},
    values::{self, address, amount, word},
};

/// What to do with pools.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Creates a pool that the caller manages.
    #[command(after_help = "Example: agentcity pool create")]
    Create(Own),
    /// Every pool.
    #[command(after_help = "Example: agentcity pool list")]
    List(List),
    /// A pool, and what an account holds of it or may stake out of it.
    #[command(
        after_help = "Example: agentcity pool show 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    Show(Show),
    /// Pays of the caller's credit into a pool, for shares (`credits deposit` first).
    #[command(
        after_help = "Example: agentcity pool join 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 1000000000000000"
    )]
    Join(Join),
    /// Asks to leave with all the caller's shares: from now on new bids do not draw on them.
    #[command(
        after_help = "Example: agentcity pool ask-leave 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    AskLeave(Of),
    /// Redeems shares to the caller's credit: while the pool backs nobody, or nothing that it backed when the caller asked.
    #[command(
        after_help = "Example: agentcity pool leave 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    )]
    Leave(Leave),
    /// Lets an agent stake out of the caller's pool, up to a limit; zero ends it for new bids.
    #[command(
        after_help = "Example: agentcity pool bind 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC --limit 500000000000000"
    )]
    Bind(Bind),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Own {
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The pool.
    #[arg(value_parser = word)]
    pool: B256,
    /// What this participant or agent has there.
    #[arg(long, value_parser = address)]
    account: Option<Address>,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Join {
    /// The pool.
    #[arg(value_parser = word)]
    pool: B256,
    /// How much of the credit, base units.
    #[arg(value_parser = amount)]
    amount: U256,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Of {
    /// The pool.
    #[arg(value_parser = word)]
    pool: B256,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Leave {
    /// The pool.
    #[arg(value_parser = word)]
    pool: B256,
    /// How many shares; all when absent.
    #[arg(long, value_parser = amount)]
    shares: Option<U256>,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Bind {
    /// The pool.
    #[arg(value_parser = word)]
    pool: B256,
    /// The agent.
    #[arg(value_parser = address)]
    agent: Address,
    /// How much it may stake at a time, base units; zero ends it.
    #[arg(long, value_parser = values::number::<u128>)]
    limit: u128,
    #[command(flatten)]
    act: Act,
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Create(Own { act }) => {
            let call = ITreasury::createPoolCall {};
            act.send("create a pool", Peer::Treasury, &call).await
        }
        Verb::List(options) => list(options).await,
        Verb::Show(options) => show(options).await,
        Verb::Join(Join { pool, amount, act }) => {
            let call = ITreasury::joinPoolCall {
                poolId: pool,
                amount,
            };
            let what = format!("join pool {pool} with {amount} base units");
            act.send(what, Peer::Treasury, &call).await
        }
        Verb::AskLeave(Of { pool, act }) => {
            let call = ITreasury::requestLeavePoolCall { poolId: pool };
            act.send(format!("ask to leave pool {pool}"), Peer::Treasury, &call)
                .await
        }
        Verb::Leave(options) => leave(options).await,
        Verb::Bind(Bind {
            pool,
            agent,
            limit,
            act,
        }) => {
            let call = ITreasury::bindPoolCall {
                poolId: pool,
                agent,
                limit: U256::from(limit),
            };
            let what = format!("let {agent} stake up to {limit} base units out of pool {pool}");
            act.send(what, Peer::Treasury, &call).await
        }
    }
}

async fn pool(city: &City, id: B256) -> Result<ITreasury::Pool, Failure> {
    let contract = ITreasury::new(city.at(Peer::Treasury), &city.chain.provider);
    let pool = contract.pool(id).call().await?;
    if pool.manager.is_zero() {
        return Err(
            Failure::new(Code::Unknown, format!("there is no pool {id}"))
                .hint("`agentcity pool list` names them all"),
        );
    }
    Ok(pool)
}

async fn list(options: List) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let from = options.from_block;
    let seen = ask::all::<ITreasury::PoolCreated>(&city, Peer::Treasury, None, from).await?;
    let (mut rows, mut all): (Vec<Vec<String>>, Vec<Value>) = Default::default();
    for one in seen {
        let Ok(id) = one.field("poolId").parse::<B256>() else {
            continue;
        };
        let known = pool(&city, id).await?;
        rows.push(vec![
            id.to_string(),
            known.manager.to_string(),
            known.assets.to_string(),
            known.participants.to_string(),
            known.openObligations.to_string(),
        ]);
        all.push(json!({
            "pool": id, "manager": known.manager, "assets": known.assets.to_string(), "shares": known.shares.to_string(),
            "participants": known.participants, "openObligations": known.openObligations,
        }));
    }
    let headings = ["pool", "manager", "assets", "participants", "obligations"];
    let text = match rows.is_empty() {
        true => "there are no pools\n".to_owned(),
        false => output::table(&headings, &rows),
    };
    Ok(Answer::new(json!({ "pools": all }), text))
}

async fn show(options: Show) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let known = pool(&city, options.pool).await?;
    let mut value = json!({
        "pool": options.pool, "manager": known.manager, "assets": known.assets.to_string(), "shares": known.shares.to_string(),
        "participants": known.participants, "openObligations": known.openObligations, "leavingShares": known.leaving.to_string(),
    });
    let mut facts = vec![
        ("pool", options.pool.to_string()),
        ("manager", known.manager.to_string()),
        ("assets", format!("{} base units", known.assets)),
        ("shares", known.shares.to_string()),
        ("participants", known.participants.to_string()),
        ("open obligations", known.openObligations.to_string()),
        ("shares about to leave", known.leaving.to_string()),
    ];
    if let Some(account) = options.account {
        let contract = ITreasury::new(city.at(Peer::Treasury), &city.chain.provider);
        let shares = contract.poolShares(options.pool, account).call().await?;
        let binding = contract.poolBinding(options.pool, account).call().await?;
        let mut all = Shares {
            assets: Amount::new(known.assets),
            total: Amount::new(known.shares),
        };
        // What they would pay, were nothing out.
        let worth = Amount::try_from(shares).map(|shares| all.leave(shares));
        let worth = worth.ok().and_then(Result::ok).map_or(0, Amount::get);
        value["account"] = json!({
            "account": account, "shares": shares.to_string(), "worth": worth.to_string(), "limit": binding.limit.to_string(),
            "used": binding.used.to_string(),
        });
        facts.push(("account", account.to_string()));
        facts.push(("its shares", format!("{shares}, worth {worth} base units")));
        facts.push((
            "it may stake",
            format!(
                "{} base units, of which {} are used",
                binding.limit, binding.used
            ),
        ));
    }
    Ok(Answer::facts(value, &facts))
}

async fn leave(options: Leave) -> Result<Answer, Failure> {
    let sender = options.act.connect().await?;
    let contract = ITreasury::new(sender.at(Peer::Treasury), &sender.city.chain.provider);
    let shares = match options.shares {
        Some(shares) => shares,
        None => {
            contract
                .poolShares(options.pool, sender.address)
                .call()
                .await?
        }
    };
    if shares.is_zero() {
        return Err(Failure::new(
            Code::Unknown,
            format!("{} holds no share of pool {}", sender.address, options.pool),
        )
        .hint("`agentcity pool show --account` tells who holds what"));
    }
    let call = ITreasury::leavePoolCall {
        poolId: options.pool,
        shares,
    };
    let what = format!("redeem {shares} shares of pool {}", options.pool);
    let sent = sender
        .perform(Call::new(what, sender.at(Peer::Treasury), &call))
        .await?;
    Ok(sent.answer())
}

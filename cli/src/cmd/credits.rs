//! `agentcity credits`: what contracts owe people until they take it.

use agentcity_abi::{IAgent, IRoster, ITreasury};
use agentcity_domain::peer::Peer;
use alloy::primitives::{Address, U256};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    failure::{Code, Failure},
    money::Purse,
    opts::{City, Town},
    output::Answer,
    send::{Act, Call, Sender},
    values::{address, amount, choice},
};

/// What to do with credits.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// What each contract owes an account.
    #[command(
        after_help = "Example: agentcity credits show 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
    )]
    Show(Show),
    /// Takes the caller's credits, of one contract or of all. Never halted.
    #[command(after_help = "Example: agentcity credits withdraw --from all")]
    Withdraw(Withdraw),
    /// Pays into a credit with the treasury, from which stakes, bonds and escrows are taken.
    #[command(after_help = "Example: agentcity credits deposit 1000000000000000000")]
    Deposit(Deposit),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The account.
    #[arg(value_parser = address)]
    account: Address,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Withdraw {
    /// Which contract: agent, treasury, roster or all.
    #[arg(long, value_parser = debtors, default_value = "all")]
    from: Debtors,
    /// Who is paid, where the asset does not serve the caller.
    #[arg(long, value_parser = address)]
    to: Option<Address>,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Deposit {
    /// How much, base units of the settlement asset.
    #[arg(value_parser = amount)]
    amount: U256,
    /// Whose credit; the caller's when absent.
    #[arg(long = "for", value_parser = address)]
    account: Option<Address>,
    #[command(flatten)]
    act: Act,
}

/// The contracts that owe.
type Debtors = &'static [Peer];

const ALL: Debtors = &[Peer::Agent, Peer::Treasury, Peer::Roster];

fn debtors(text: &str) -> Result<Debtors, Failure> {
    let names: [(&str, Debtors); 4] = [
        ("agent", &[Peer::Agent]),
        ("treasury", &[Peer::Treasury]),
        ("roster", &[Peer::Roster]),
        ("all", ALL),
    ];
    choice("contract that owes", text, &names)
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Show(options) => show(options).await,
        Verb::Withdraw(options) => withdraw(options).await,
        Verb::Deposit(options) => deposit(options).await,
    }
}

/// What a contract owes an account, in base units.
async fn owed(city: &City, peer: Peer, account: Address) -> Result<U256, Failure> {
    let (at, provider) = (city.at(peer), &city.chain.provider);
    Ok(match peer {
        Peer::Agent => IAgent::new(at, provider).credits(account).call().await?,
        Peer::Treasury => ITreasury::new(at, provider).credits(account).call().await?,
        _ => IRoster::new(at, provider).credits(account).call().await?,
    })
}

async fn show(options: Show) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let purse = Purse::of(&city).await?;
    let mut facts = vec![("account", options.account.to_string())];
    let (mut total, mut parts) = (U256::ZERO, serde_json::Map::new());
    for peer in ALL {
        let amount = owed(&city, *peer, options.account).await?;
        total = total.saturating_add(amount);
        facts.push((peer.name(), amount.to_string()));
        parts.insert(peer.name().to_owned(), json!(amount.to_string()));
    }
    facts.push(("total", format!("{total} base units of {}", purse.name())));
    Ok(Answer::facts(
        json!({ "account": options.account, "asset": purse.asset, "owed": parts, "total": total.to_string() }),
        &facts,
    ))
}

/// The call that takes everything that a contract owes the caller.
fn taking(sender: &Sender, peer: Peer, to: Option<Address>, amount: U256) -> Call {
    let at = sender.at(peer);
    let what = match to {
        Some(to) => format!("withdraw {amount} base units from {} to {to}", peer.name()),
        None => format!("withdraw {amount} base units from {}", peer.name()),
    };
    match (peer, to) {
        (Peer::Agent, None) => Call::new(what, at, &IAgent::withdrawCall {}),
        (Peer::Agent, Some(to)) => Call::new(what, at, &IAgent::withdrawToCall { to }),
        (Peer::Treasury, None) => Call::new(what, at, &ITreasury::withdrawCall {}),
        (Peer::Treasury, Some(to)) => {
            Call::new(what, at, &ITreasury::withdrawToCall { to, amount })
        }
        (_, None) => Call::new(what, at, &IRoster::withdrawCall {}),
        (_, Some(to)) => Call::new(what, at, &IRoster::withdrawToCall { to, amount }),
    }
}

async fn withdraw(options: Withdraw) -> Result<Answer, Failure> {
    let sender = options.act.connect().await?;
    let (mut facts, mut taken): (Vec<(String, String)>, Vec<Value>) = Default::default();
    for peer in options.from {
        let amount = owed(&sender.city, *peer, sender.address).await?;
        if amount.is_zero() {
            continue;
        }
        let sent = sender
            .perform(taking(&sender, *peer, options.to, amount))
            .await?;
        facts.extend(sent.facts);
        taken.push(sent.value);
    }
    if taken.is_empty() {
        let from: Vec<_> = options.from.iter().map(|peer| peer.name()).collect();
        return Err(Failure::new(
            Code::Unknown,
            format!("{} is owed nothing by {}", sender.address, from.join(", ")),
        )
        .hint("`agentcity credits show` tells what is owed to whom"));
    }
    Ok(Answer::facts(json!({ "withdrawals": taken }), &facts))
}

async fn deposit(options: Deposit) -> Result<Answer, Failure> {
    let sender = options.act.connect().await?;
    let account = options.account.unwrap_or(sender.address);
    let call = ITreasury::depositCall {
        account,
        amount: options.amount,
    };
    let what = format!(
        "deposit {} base units to the credit of {account}",
        options.amount
    );
    let call = Call::new(what, sender.at(Peer::Treasury), &call);
    Ok(sender.pay(call, options.amount).await?.answer())
}

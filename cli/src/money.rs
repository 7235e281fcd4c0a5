//! Calls that bring money: coins go along, tokens are allowed first.

use agentcity_abi::{IConstitution, ISettlementToken, ITreasury};
use agentcity_domain::peer::Peer;
use alloy::{
    eips::BlockId,
    primitives::{Address, U256},
    providers::Provider,
};

use crate::{
    failure::{Code, Failure},
    opts::{Chain, City},
    send::{Call, Sender, Sent},
};

/// What a city pays in, and how many base units are one unit of its parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purse {
    /// The token; zero for the native coin.
    pub(crate) asset: Address,
    /// Base units of a unit.
    pub(crate) scale: U256,
}

impl Purse {
    /// Asks the constitution.
    pub(crate) async fn of(city: &City) -> Result<Self, Failure> {
        let contract = IConstitution::new(city.at(Peer::Constitution), &city.chain.provider);
        Ok(Self {
            asset: contract.asset().call().await?,
            scale: contract.unitScale().call().await?,
        })
    }

    /// Units of a parameter as base units.
    pub(crate) fn base(&self, units: u32) -> U256 {
        U256::from(units) * self.scale
    }

    /// What it pays in, in words.
    pub(crate) fn name(&self) -> String {
        if self.asset.is_zero() {
            "the native coin (base units are wei)".to_owned()
        } else {
            format!("the token at {}", self.asset)
        }
    }
}

/// What an account holds of an asset at a block; the zero address is the native coin.
pub(crate) async fn held(
    chain: &Chain,
    asset: Address,
    account: Address,
    at: BlockId,
) -> Result<U256, Failure> {
    if asset.is_zero() {
        return Ok(chain.provider.get_balance(account).block_id(at).await?);
    }
    let token = ISettlementToken::new(asset, &chain.provider);
    Ok(token.balanceOf(account).block(at).call().await?)
}

/// What the treasury's books say at a block: the total, and the parts that add up to it.
pub(crate) async fn treasury_books(
    city: &City,
    at: BlockId,
) -> Result<(U256, [(&'static str, U256); 9]), Failure> {
    let treasury = ITreasury::new(city.at(Peer::Treasury), &city.chain.provider);
    let parts = treasury.parts().block(at).call().await?;
    let booked = treasury.booked().block(at).call().await?;
    let named = [
        ("escrows", parts.escrows),
        ("reserved stakes", parts.reservedStakes),
        ("locked stakes", parts.lockedStakes),
        ("bonds", parts.bonds),
        ("treasury", parts.treasury),
        ("subsidy budget", parts.subsidyBudget),
        ("insurance", parts.insurance),
        ("pools", parts.pools),
        ("credits", parts.credits),
    ];
    Ok((booked, named))
}

impl Sender {
    /// Performs a call that takes `amount` base units of the settlement asset from the sender. In a city of tokens the contract is
    /// allowed exactly that first, if it is not yet.
    pub(crate) async fn pay(&self, call: Call, amount: U256) -> Result<Sent, Failure> {
        let purse = Purse::of(&self.city).await?;
        if purse.asset.is_zero() {
            return self.perform(call.paying(amount)).await;
        }
        let token = ISettlementToken::new(purse.asset, &self.city.chain.provider);
        // Asked before anything is allowed, which would be a transaction for nothing.
        let held = token.balanceOf(self.address).call().await?;
        if held < amount {
            return Err(Failure::new(
                Code::Unfunded,
                format!(
                    "{} holds {held} base units of {}, and {amount} are needed",
                    self.address,
                    purse.name()
                ),
            )
            .hint("get tokens first, or give a smaller amount"));
        }
        let allowed = token.allowance(self.address, call.to).call().await?;
        if allowed >= amount {
            return self.perform(call).await;
        }
        let approve = ISettlementToken::approveCall {
            spender: call.to,
            value: amount,
        };
        let what = format!(
            "let {} take {amount} base units, for: {}",
            call.to, call.what
        );
        let first = self.perform(Call::new(what, purse.asset, &approve)).await?;
        if self.dry_run {
            return Ok(first);
        }
        let mut sent = self.perform(call).await?;
        sent.value["allowance"] = first.value["transaction"].clone();
        Ok(sent)
    }
}

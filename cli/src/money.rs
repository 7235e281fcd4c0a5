//! Calls that bring money: coins go along, tokens are allowed first.

use agentcity_abi::{IConstitution, ISettlementToken};
use agentcity_domain::peer::Peer;
use alloy::primitives::{Address, U256};

use crate::{
    failure::{Code, Failure},
    opts::City,
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

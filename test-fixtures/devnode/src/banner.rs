//! What the node prints on stdout when it is ready: accounts, keys, chain id, address.
//!
//! alloy-node-bindings (`src/nodes/anvil.rs`) reads it: keys after a line starting with `Private Keys`, the chain id
//! on the line with `Chain ID:`, the end at the line starting with `Listening on`. It then closes the pipe, so
//! nothing may be written to stdout afterwards.

use crate::accounts::Accounts;
use alloy::{hex, primitives::U256};
use std::{fmt::Write, net::SocketAddr};

/// What the banner tells.
#[derive(Debug)]
pub struct Facts<'a> {
    /// Funded accounts.
    pub accounts: &'a Accounts,
    /// What each of them has, in wei.
    pub balance: U256,
    /// Words the accounts come from.
    pub mnemonic: &'a str,
    /// Path the accounts hang from.
    pub derivation_path: &'a str,
    /// EIP-155 id.
    pub chain_id: u64,
    /// Wei per gas.
    pub base_fee: u64,
    /// Gas of a block.
    pub gas_limit: u64,
    /// Seconds since 1970.
    pub genesis_timestamp: u64,
    /// Bound address.
    pub listening: SocketAddr,
}

/// The banner; `silent` leaves only what clients parse.
pub fn text(facts: &Facts<'_>, silent: bool) -> String {
    let mut out = String::with_capacity(4_096);
    // Writing to a String cannot fail.
    let _ = render(&mut out, facts, silent);
    out
}

fn render(out: &mut String, facts: &Facts<'_>, silent: bool) -> std::fmt::Result {
    if !silent {
        writeln!(out, "agentcity-devnode {}\n", env!("CARGO_PKG_VERSION"))?;
        writeln!(out, "Available Accounts\n==================\n")?;
        let ether = facts.balance / U256::from(10).pow(U256::from(18));
        for (index, address) in facts.accounts.addresses().enumerate() {
            writeln!(out, "({index}) {address} ({ether} ETH)")?;
        }
        writeln!(out)?;
    }
    writeln!(out, "Private Keys\n==================\n")?;
    for (index, signer) in facts.accounts.signers().iter().enumerate() {
        writeln!(out, "({index}) 0x{}", hex::encode(signer.to_bytes()))?;
    }
    writeln!(out)?;
    if !silent {
        writeln!(out, "Wallet\n==================")?;
        writeln!(out, "Mnemonic:        {}", facts.mnemonic)?;
        writeln!(out, "Derivation path: {}\n", facts.derivation_path)?;
        writeln!(out, "Base Fee:  {}", facts.base_fee)?;
        writeln!(out, "Gas Limit: {}", facts.gas_limit)?;
        writeln!(out, "Genesis Timestamp: {}\n", facts.genesis_timestamp)?;
    }
    writeln!(out, "Chain ID: {}\n", facts.chain_id)?;
    writeln!(out, "Listening on {}", facts.listening)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{DERIVATION_PATH, MNEMONIC};

    /// What alloy-node-bindings takes from a banner.
    fn parse(text: &str) -> (Vec<String>, Option<u64>, Option<SocketAddr>) {
        let (mut keys, mut chain, mut listening, mut in_keys) = (Vec::new(), None, None, false);
        for line in text.lines() {
            if let Some(address) = line.strip_prefix("Listening on") {
                listening = address.trim().parse().ok();
                break;
            }
            in_keys |= line.starts_with("Private Keys");
            if in_keys && line.starts_with('(') {
                keys.push(line.split("0x").last().unwrap().trim().to_owned());
            }
            if let Some(at) = line.find("Chain ID:") {
                chain = line[at + 9..]
                    .split_whitespace()
                    .next()
                    .and_then(|word| word.parse().ok());
            }
        }
        (keys, chain, listening)
    }

    #[test]
    fn gives_keys_chain_id_and_address_to_alloy_in_both_lengths() {
        let accounts = Accounts::derive(MNEMONIC, DERIVATION_PATH, 3).unwrap();
        let facts = Facts {
            accounts: &accounts,
            balance: U256::from(10).pow(U256::from(22)),
            mnemonic: MNEMONIC,
            derivation_path: DERIVATION_PATH,
            chain_id: 412_346,
            base_fee: 100_000_000,
            gas_limit: 1 << 50,
            genesis_timestamp: 1,
            listening: "127.0.0.1:8545".parse().unwrap(),
        };
        for silent in [false, true] {
            let text = text(&facts, silent);
            let (keys, chain, listening) = parse(&text);
            assert_eq!(keys.len(), 3, "{text}");
            assert_eq!(
                keys[0],
                "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
            );
            assert_eq!(chain, Some(412_346));
            assert_eq!(listening, Some(facts.listening));
            assert!(text.ends_with("Listening on 127.0.0.1:8545\n"));
        }
    }
}

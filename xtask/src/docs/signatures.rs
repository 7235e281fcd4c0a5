//! docs/signatures.md: T4.

use std::fmt::Write as _;

use agentcity_domain::{
    peer::Peer,
    signed::{DOMAIN_NAME, DOMAIN_TYPE, DOMAIN_VERSION, SignedStruct},
};

const INTRODUCTION: &str = "\
# Signatures

Every struct that anyone signs (T4). No signature is verified over anything else. A key's signature has a low `s` and `v` 27 or 28; where
code exists at the signer and the key does not match, ERC-1271 is asked under a cap of 100,000 gas and must answer its exact magic.

- One struct for one act, and every argument stands in it; a `bytes32` may be the hash of a document or of content, never of
  arguments.
- The replay key is the digest: what was carried out once is not carried out again. A nonce stands only where the same words
  could be meant twice.
- `deadline` is the last second, unix, at which the signature counts.
- Several signatures of one act stand in the ascending order of their signers. Anyone relays; the relayer pays.
";

pub(super) fn print() -> String {
    let mut out = INTRODUCTION.to_owned();
    let _ = write!(
        out,
        "\nThe EIP-712 domain of every contract: `{DOMAIN_TYPE}` with name `{DOMAIN_NAME}`, version `{DOMAIN_VERSION}`, the chain and the contract.\n"
    );
    for peer in Peer::ALL {
        let structs: Vec<_> = SignedStruct::ALL
            .iter()
            .map(|signed| signed.entry())
            .filter(|entry| entry.contract == peer)
            .collect();
        if structs.is_empty() {
            continue;
        }
        let _ = write!(
            out,
            "\n## {}\n\n| struct | signed by | taken by |\n|---|---|---|\n",
            peer.name()
        );
        for entry in &structs {
            let _ = writeln!(
                out,
                "| `{}` | {} | `{}` |",
                entry.name,
                entry.by.text(),
                entry.function
            );
        }
        out.push_str("\n```\n");
        for entry in &structs {
            let _ = writeln!(out, "{}\n  {entry}", entry.hash);
        }
        out.push_str("```\n");
    }
    out
}

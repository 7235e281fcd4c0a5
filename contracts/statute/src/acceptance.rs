//! Acceptances that executors signed and anyone relays. They are checked here, because the program that keeps missions has no
//! room for signatures (docs/adr/0001), and taken there.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as collaboration, IStatute as wire};
use agentcity_domain::{
    literal,
    peer::Peer,
    signed::{Typed, widths, work::SeatAcceptance},
};
use agentcity_shell::{Answer, Input, malformed, member::Member, output, refuse, sign};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError};
use stylus_sdk::prelude::*;

use crate::storage::Statutes;

/// Most acceptances of one call.
const ACCEPTANCES_MAX: usize = 64;

impl Statutes {
    /// Errors: `DeadlinePassed`, `InvalidSignature`, and what collaboration refuses.
    pub(crate) fn accept_seats(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut acceptances) = input.list(ACCEPTANCES_MAX)?;
        let (signatures, mut signed) = input.list(ACCEPTANCES_MAX)?;
        if signatures != count {
            return Err(malformed());
        }
        for _ in 0..count {
            let fields = acceptances.fields(const { widths::<5>(SeatAcceptance::OWN) })?;
            let [mission, node, attempt, executor, deadline] = fields;
            if output::number(self.now()) > deadline {
                return refuse(wire::DeadlinePassed::SELECTOR, &[deadline]);
            }
            let words: [B256; 6] = [
                literal!(<SeatAcceptance as Typed>::HASH),
                mission,
                node,
                attempt,
                executor,
                deadline,
            ];
            let digest = sign::digest(self.vm(), &words);
            let signature = signed.bytes(sign::SIGNATURE_BYTES_MAX)?;
            sign::require(self.vm(), Address::from_word(executor), digest, signature)?;
            self.tell_peer(
                Peer::Collaboration,
                collaboration::acceptSeatForCall::SELECTOR,
                &[mission, node, attempt, executor],
            )?;
        }
        Ok(Vec::new())
    }
}

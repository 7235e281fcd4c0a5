//! Programs that others call during a mission: predicates at the gate, verifiers of Tier 1, pinned by their code.

use alloc::vec::Vec;

use agentcity_abi::{ARB_WASM, IArbWasm, IRoster as wire};
use agentcity_domain::{literal, peer::Peer};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, number},
    peer, refuse,
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::{PROGRAM, Roster};

/// Activation that a program must have left when it is approved (RULINGS A8): 30 days.
const ACTIVATION_LEFT: u64 = 30 * 86_400;

impl Roster {
    /// Whether `account` runs this code, and goes on running it.
    ///
    /// Errors: `WrongProgram`.
    #[inline(never)]
    fn runs(&self, account: B256, codehash: B256) -> Result<(), Vec<u8>> {
        let found = self.vm().code_hash(Address::from_word(account));
        let data = peer::call_data(IArbWasm::programTimeLeftCall::SELECTOR, &[account]);
        let left = match peer::ask_word(self.vm(), ARB_WASM, &data) {
            Ok(left) => left,
            // What is no program never expires.
            Err(_) => B256::repeat_byte(0xff),
        };
        if found != codehash || left < number(ACTIVATION_LEFT) {
            return refuse(
                wire::WrongProgram::SELECTOR,
                &[account, codehash, found, number(ACTIVATION_LEFT)],
            );
        }
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn change_program(
        &mut self,
        input: &mut Input<'_>,
        kind: u64,
        approved: bool,
    ) -> Answer {
        let (account, codehash) = (input.address()?.into_word(), input.word()?);
        self.only(&[Peer::Adjudication])?;
        let key = self.key(PROGRAM, account, number(kind));
        if approved {
            self.runs(account, codehash)?;
        } else if self.read(key) != codehash {
            return refuse(wire::ValueChanged::SELECTOR, &[codehash, self.read(key)]);
        }
        self.write(key, if approved { codehash } else { B256::ZERO });
        self.emit(
            &[
                literal!(wire::ProgramChanged::SIGNATURE_HASH),
                account,
                number(kind),
            ],
            &[codehash, output::truth(approved)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn approved_code(&mut self, input: &mut Input<'_>) -> Answer {
        let (account, kind) = (input.address()?.into_word(), input.u8()?);
        let key = self.key(PROGRAM, account, number(kind.into()));
        Ok(output::words(&[self.read(key)]))
    }
}

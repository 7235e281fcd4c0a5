//! Programs that others call during a mission: predicates at the gate, verifiers of Tier 1, pinned by their code.

use alloc::vec::Vec;

use agentcity_abi::IRoster as wire;
use agentcity_domain::{
    parameter::ParameterId as P,
    peer::Peer,
    roster::program::{self, Code},
};
use agentcity_shell::{
    Answer,
    member::Member,
    program::life,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Roster;

impl Roster {
    /// That an account runs this code, itself, and goes on running it.
    ///
    /// Errors: `WrongProgram`.
    #[inline(never)]
    fn runs(&self, account: Address, codehash: &B256) -> Result<(), Vec<u8>> {
        let needed = self.parameter(P::ProgramLifeMinSecs)?;
        let found = self.vm().code_hash(account);
        let holds = match program::kind(&self.vm().code(account)) {
            Code::Empty | Code::Delegates => false,
            Code::Contract => true,
            Code::Program => life(self.vm(), account) >= needed,
        };
        if holds && found == *codehash {
            return Ok(());
        }
        Words::after(wire::WrongProgram::SELECTOR)
            .address(&account)
            .word(codehash)
            .word(&found)
            .number(needed)
            .refuse()
    }

    /// Events: `ProgramChanged`.
    #[inline(never)]
    fn say_program(&self, account: &B256, kind: u64, codehash: &B256, is_approved: bool) -> Answer {
        self.log(
            topic!(wire::ProgramChanged::SIGNATURE_HASH)
                .word(account)
                .number(kind)
                .word(codehash)
                .truth(is_approved),
            3,
        );
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `AlreadyDone`, `WrongProgram`.
    /// Events: `ProgramChanged`.
    #[inline(never)]
    pub(crate) fn approve_program(&mut self, input: &mut Reader<'_>, kind: u64) -> Answer {
        let (address, codehash) = (input.address(), &input.word());
        self.only(&[Peer::Adjudication])?;
        let account = &address.into_word();
        if self.code_of(account, kind) != B256::ZERO {
            return Words::after(wire::AlreadyDone::SELECTOR)
                .word(account)
                .refuse();
        }
        self.runs(address, codehash)?;
        self.set_code_of(account, kind, codehash);
        self.say_program(account, kind, codehash, true)
    }

    /// Errors: `Unauthorized`, `ValueChanged`; `AlreadyDone` of what is not approved.
    /// Events: `ProgramChanged`.
    #[inline(never)]
    pub(crate) fn revoke_program(&mut self, input: &mut Reader<'_>, kind: u64) -> Answer {
        let (account, codehash) = (&input.address().into_word(), &input.word());
        self.only(&[Peer::Adjudication])?;
        self.unchanged(codehash, &self.code_of(account, kind))?;
        if *codehash == B256::ZERO {
            return Words::after(wire::AlreadyDone::SELECTOR)
                .word(account)
                .refuse();
        }
        self.set_code_of(account, kind, &B256::ZERO);
        self.say_program(account, kind, codehash, false)
    }

    pub(crate) fn approved_code(&mut self, input: &mut Reader<'_>) -> Answer {
        let (account, kind) = (input.address().into_word(), input.u8());
        Words::new()
            .word(&self.code_of(&account, kind.into()))
            .answer()
    }
}

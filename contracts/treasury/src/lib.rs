//! Settlement, escrow, task stakes, bonds, insurance, stake pools and credits (`abi/sol/ITreasury.sol`).
//!
//! Reading order: [`mod@storage`] (what lies where), `credits` (money in and out), `escrow` (missions' money, settlement), `moves`
//! (between escrows), `stakes`, `pools`, `bonds`, `funds`. The rules are `agentcity_domain::treasury`.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod bonds;
mod credits;
mod error;
mod escrow;
mod funds;
mod moves;
mod pools;
mod stakes;
pub mod storage;

use agentcity_abi::ITreasury as wire;
use agentcity_domain::literal;
use agentcity_shell::{
    Answer, Input,
    member::Member,
    no_coins,
    reader::{self, Reader},
    router::Contract,
};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Treasury;

agentcity_shell::router!(Treasury);

impl Contract for Treasury {
    fn dispatch(&mut self, selector: [u8; 4], input: Input<'_>) -> Option<Answer> {
        let input = &mut Reader::of(input);
        let paid = matches!(
            selector,
            wire::depositCall::SELECTOR
                | wire::fundMissionCall::SELECTOR
                | wire::contributeCall::SELECTOR
        );
        if !paid && let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        let answered = match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire(),
            // credits
            wire::depositCall::SELECTOR => self.deposit(input),
            wire::depositWithPermitCall::SELECTOR => self.deposit_with_permit(input),
            wire::withdrawCall::SELECTOR => self.withdraw(),
            wire::withdrawToCall::SELECTOR => self.withdraw_to(input),
            wire::creditsCall::SELECTOR => self.credits(input),
            // escrow
            wire::openEscrowCall::SELECTOR => self.open_escrow(input),
            wire::fundMissionCall::SELECTOR => self.fund_mission(input),
            wire::fundMissionWithPermitCall::SELECTOR => self.fund_mission_with_permit(input),
            wire::fundMissionFromCreditCall::SELECTOR => self.fund_mission_from_credit(input),
            wire::allocateBudgetCall::SELECTOR => self.allocate_budget(input),
            wire::settleCall::SELECTOR => self.settle(input),
            wire::moveEscrowCall::SELECTOR => self.move_escrow(input),
            wire::beginClosingCall::SELECTOR => self.begin_closing(input),
            wire::closeEscrowCall::SELECTOR => self.close_escrow(input),
            wire::escrowCall::SELECTOR => self.escrow(input),
            // stakes
            wire::reserveStakeCall::SELECTOR => self.reserve_stake(input),
            wire::releaseReserveCall::SELECTOR => self.release_reserve(input),
            wire::lockStakesCall::SELECTOR => self.lock_stakes(input),
            wire::reservedStakeCall::SELECTOR => self.reserved_stake(input),
            wire::slashCall::SELECTOR => self.slash(input),
            wire::releaseStakeCall::SELECTOR => self.release_stake(input),
            wire::lockedStakeCall::SELECTOR => self.locked_stake(input),
            // bonds
            wire::postBondCall::SELECTOR => self.post_bond(input),
            wire::returnBondCall::SELECTOR => self.return_bond(input),
            wire::forfeitBondCall::SELECTOR => self.forfeit_bond(input),
            wire::chargeBondCall::SELECTOR => self.charge_bond(input),
            wire::bondCall::SELECTOR => self.bond(input),
            // pools
            wire::createPoolCall::SELECTOR => self.create_pool(),
            wire::joinPoolCall::SELECTOR => self.join_pool(input),
            wire::requestLeavePoolCall::SELECTOR => self.request_leave_pool(input),
            wire::leavePoolCall::SELECTOR => self.leave_pool(input),
            wire::bindPoolCall::SELECTOR => self.bind_pool(input),
            wire::poolCall::SELECTOR => self.pool(input),
            wire::poolSharesCall::SELECTOR => self.pool_shares(input),
            wire::poolBindingCall::SELECTOR => self.pool_binding(input),
            // funds and books
            wire::contributeCall::SELECTOR => self.contribute(input),
            wire::skimCall::SELECTOR => self.skim(),
            wire::payInsuranceCall::SELECTOR => self.pay_insurance(input),
            wire::disburseCall::SELECTOR => self.disburse(input),
            wire::payCompensationCall::SELECTOR => self.pay_compensation(input),
            wire::assetCall::SELECTOR => self.asset(),
            wire::bookedCall::SELECTOR => self.booked(),
            wire::partsCall::SELECTOR => self.parts(),
            wire::solvencyCall::SELECTOR => self.solvency(),
            _ => return None,
        };
        Some(reader::answer(input, answered))
    }

    fn construct(&mut self, input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        let mut input = Reader::of(input);
        let constitution = input.address();
        input.end()?;
        self.found(constitution)
    }
}

impl Treasury {
    fn wire(&mut self) -> Answer {
        self.wire_members(literal!(wire::Wired::SIGNATURE_HASH))?;
        self.learn_asset()
    }
}

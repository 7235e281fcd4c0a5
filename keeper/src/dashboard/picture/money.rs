//! What the treasury tells.

use agentcity_abi::ITreasury::ITreasuryEvents as Money;
use alloy::primitives::B256;

use super::{Picture, Said, mission::Escrow, sums::add};

impl Picture {
    pub(super) fn treasury(&mut self, _: &Said<'_>, event: Money) -> Option<B256> {
        match event {
            Money::CreditDeposited(event) => {
                add(&mut self.flows.deposited, event.amount);
                None
            }
            Money::Withdrawn(event) => {
                add(&mut self.flows.withdrawn, event.amount);
                None
            }
            Money::EscrowOpened(event) => {
                let id = event.missionId;
                if let Some(mission) = self.missions.get_mut(&id) {
                    mission.money.escrow = Escrow::Open;
                    mission.epoch = Some(event.epoch);
                }
                if let Some(epoch) = self.epoch_of(id) {
                    epoch.missions += 1;
                }
                Some(id)
            }
            Money::MissionFunded(event) => {
                add(&mut self.flows.escrows.taken, event.amount);
                let id = event.missionId;
                if let Some(mission) = self.missions.get_mut(&id) {
                    add(&mut mission.money.deposited, event.amount);
                }
                Some(id)
            }
            Money::BudgetAllocated(event) => {
                if let Some(mission) = self.missions.get_mut(&event.missionId) {
                    mission.money.allocated = event.allocated;
                }
                Some(event.missionId)
            }
            Money::Settled(event) => {
                add(&mut self.flows.escrows.paid, event.share);
                let id = event.missionId;
                if let Some(mission) = self.missions.get_mut(&id) {
                    let money = &mut mission.money;
                    add(&mut money.base, event.base);
                    add(&mut money.subsidy, event.subsidy);
                    add(&mut money.fees, event.fee);
                    add(&mut money.fees, event.reserve);
                    add(&mut money.residual, event.residual);
                }
                if let Some(epoch) = self.epoch_of(id) {
                    add(&mut epoch.paid, event.share);
                }
                Some(id)
            }
            Money::EscrowClosing(event) => {
                if let Some(mission) = self.missions.get_mut(&event.missionId) {
                    mission.money.escrow = Escrow::Closing;
                    mission.money.release_at = Some(event.releaseAt.to::<u64>());
                }
                Some(event.missionId)
            }
            Money::EscrowClosed(event) => {
                add(&mut self.flows.escrows.returned, event.refunded);
                if let Some(mission) = self.missions.get_mut(&event.missionId) {
                    mission.money.escrow = Escrow::Closed;
                    add(&mut mission.money.refunded, event.refunded);
                }
                Some(event.missionId)
            }
            Money::EscrowMoved(event) => {
                if let Some(mission) = self.missions.get_mut(&event.from) {
                    add(&mut mission.money.moved_out, event.amount);
                }
                if let Some(mission) = self.missions.get_mut(&event.to) {
                    add(&mut mission.money.moved_in, event.amount);
                }
                Some(event.to)
            }
            Money::StakeReserved(event) => {
                add(&mut self.flows.stakes.taken, event.amount);
                None
            }
            Money::ReserveReleased(event) => {
                add(&mut self.flows.stakes.returned, event.amount);
                None
            }
            Money::StakeLocked(event) => Some(event.missionId),
            Money::StakeReleased(event) => {
                add(&mut self.flows.stakes.returned, event.amount);
                Some(event.missionId)
            }
            Money::StakeSlashed(event) => {
                add(&mut self.flows.stakes.forfeited, event.amount);
                let id = event.missionId;
                if let Some(mission) = self.missions.get_mut(&id) {
                    add(&mut mission.money.slashed, event.amount);
                }
                if let Some(epoch) = self.epoch_of(id) {
                    add(&mut epoch.slashed, event.amount);
                }
                Some(id)
            }
            Money::BondPosted(event) => {
                add(&mut self.flows.bonds.taken, event.amount);
                None
            }
            Money::BondReturned(event) => {
                add(&mut self.flows.bonds.returned, event.amount);
                None
            }
            Money::BondForfeited(event) => {
                add(&mut self.flows.bonds.forfeited, event.amount);
                None
            }
            Money::BondCharged(event) => {
                add(&mut self.flows.bonds.forfeited, event.amount);
                None
            }
            Money::InsurancePaid(event) => Some(event.missionId),
            Money::Credited(_)
            | Money::FundReceived(_)
            | Money::Skimmed(_)
            | Money::Disbursed(_)
            | Money::CompensationPaid(_)
            | Money::PoolCreated(_)
            | Money::PoolJoined(_)
            | Money::PoolLeaveRequested(_)
            | Money::PoolLeft(_)
            | Money::PoolBound(_)
            | Money::Wired(_) => None,
        }
    }
}

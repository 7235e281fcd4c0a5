//! Task stakes and bonds.

use alloc::vec::Vec;

use agentcity_abi::ITreasury as wire;
use agentcity_domain::{literal, peer::Peer};
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output, refuse,
    word::{part, with},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolError, SolEvent};

use crate::{funds::Part, storage::Treasury};

const RESERVED: Kind = 3;
const LOCKED: Kind = 4;
const BOND: Kind = 5;

impl Treasury {
    #[inline(never)]
    fn reserve_key(&self, session: B256, source: B256, agent: Address) -> B256 {
        self.key(
            RESERVED,
            self.key(RESERVED, session, source),
            agent.into_word(),
        )
    }

    pub(crate) fn reserved_stake(&mut self, input: &mut Input<'_>) -> Answer {
        let key = self.reserve_key(input.word()?, input.word()?, input.address()?);
        Ok(output::words(&[output::amount(part(
            self.read(key),
            0,
            16,
        ))]))
    }

    pub(crate) fn reserve_stake(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, source) = (input.word()?, input.word()?);
        let (agent, amount) = (input.address()?, input.u128()?);
        self.only(&[Peer::Legislature])?;
        if source == agent.into_word() {
            self.debit(agent, amount)?;
        } else {
            self.draw_from_pool(source, agent, amount)?;
        }
        let key = self.reserve_key(session, source, agent);
        let word = self.read(key);
        let reserved = part(word, 0, 16)
            .checked_add(amount)
            .ok_or_else(malformed)?;
        self.write(key, with(word, 0, 16, reserved));
        self.grow(Part::Reserved, amount)?;
        self.emit(
            &[
                literal!(wire::StakeReserved::SIGNATURE_HASH),
                session,
                source,
                agent.into_word(),
            ],
            &[output::amount(amount)],
        );
        Ok(Vec::new())
    }

    #[inline(never)]
    fn take_reserve(
        &mut self,
        session: B256,
        source: B256,
        agent: Address,
        amount: u128,
    ) -> Result<(), Vec<u8>> {
        let key = self.reserve_key(session, source, agent);
        let word = self.read(key);
        let reserved = part(word, 0, 16);
        let Some(rest) = reserved.checked_sub(amount) else {
            return refuse(
                wire::InsufficientStake::SELECTOR,
                &[source, output::amount(reserved), output::amount(amount)],
            );
        };
        self.write(key, with(word, 0, 16, rest));
        self.shrink(Part::Reserved, amount)
    }

    #[inline(never)]
    fn give_back(
        &mut self,
        source: B256,
        agent: Address,
        cause: B256,
        amount: u128,
    ) -> Result<(), Vec<u8>> {
        if source == agent.into_word() {
            return self.credit(agent, cause, amount);
        }
        self.return_to_pool(source, agent, amount)
    }

    pub(crate) fn release_reserve(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, source) = (input.word()?, input.word()?);
        let (agent, amount) = (input.address()?, input.u128()?);
        self.only(&[Peer::Legislature])?;
        self.take_reserve(session, source, agent, amount)?;
        self.give_back(source, agent, source, amount)?;
        self.emit(
            &[
                literal!(wire::ReserveReleased::SIGNATURE_HASH),
                session,
                source,
                agent.into_word(),
            ],
            &[output::amount(amount)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn lock_stake(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, session) = (input.word()?, input.word()?);
        let (agent, source) = (input.address()?, input.word()?);
        let amount = input.u128()?;
        self.only(&[Peer::Collaboration, Peer::Statute])?;
        self.take_reserve(session, source, agent, amount)?;
        let key = self.key(LOCKED, mission, agent.into_word());
        let (word, from) = (self.read(key), self.key(LOCKED, key, B256::ZERO));
        let locked = part(word, 0, 16)
            .checked_add(amount)
            .ok_or_else(malformed)?;
        self.write(key, with(word, 0, 16, locked));
        self.write(from, source);
        self.grow(Part::Locked, amount)?;
        self.emit(
            &[
                literal!(wire::StakeLocked::SIGNATURE_HASH),
                mission,
                agent.into_word(),
                source,
            ],
            &[output::amount(amount)],
        );
        Ok(Vec::new())
    }

    /// Insurance gets the lower half, the treasury the rest (S-06).
    #[inline(never)]
    fn split_slash(&mut self, taken: u128) -> Result<(), Vec<u8>> {
        self.grow(Part::Insurance, taken / 2)?;
        self.grow(Part::Treasury, taken - taken / 2)
    }

    pub(crate) fn slash(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, agent) = (input.word()?, input.u16()?, input.address()?);
        let (fault, amount) = (input.u8()?, input.u128()?);
        self.only(&[Peer::Collaboration])?;
        if !(1..=4).contains(&fault) {
            return Err(malformed());
        }
        let key = self.key(LOCKED, mission, agent.into_word());
        let word = self.read(key);
        let taken = part(word, 0, 16).min(amount);
        let slashed = part(word, 16, 16).saturating_add(taken);
        self.write(
            key,
            with(
                with(word, 0, 16, part(word, 0, 16) - taken),
                16,
                16,
                slashed,
            ),
        );
        self.shrink(Part::Locked, taken)?;
        self.split_slash(taken)?;
        self.emit(
            &[
                literal!(wire::StakeSlashed::SIGNATURE_HASH),
                mission,
                output::number(node.into()),
                agent.into_word(),
            ],
            &[output::number(fault.into()), output::amount(taken)],
        );
        Ok(output::words(&[output::amount(taken)]))
    }

    pub(crate) fn release_stake(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, agent) = (input.word()?, input.address()?);
        let release = self.release_time(mission);
        if release == 0 || self.now() < release {
            return refuse(
                wire::StakeStillLocked::SELECTOR,
                &[mission, output::number(release)],
            );
        }
        let key = self.key(LOCKED, mission, agent.into_word());
        let word = self.read(key);
        let amount = part(word, 0, 16);
        if amount == 0 {
            return refuse(wire::NothingLocked::SELECTOR, &[mission, agent.into_word()]);
        }
        let source = self.read(self.key(LOCKED, key, B256::ZERO));
        self.write(key, with(word, 0, 16, 0));
        self.shrink(Part::Locked, amount)?;
        self.give_back(source, agent, mission, amount)?;
        self.emit(
            &[
                literal!(wire::StakeReleased::SIGNATURE_HASH),
                mission,
                agent.into_word(),
                source,
            ],
            &[output::amount(amount)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn locked_stake(&mut self, input: &mut Input<'_>) -> Answer {
        let key = self.key(LOCKED, input.word()?, input.address()?.into_word());
        let source = self.read(self.key(LOCKED, key, B256::ZERO));
        Ok(output::words(&[
            source,
            output::amount(part(self.read(key), 0, 16)),
        ]))
    }

    pub(crate) fn post_bond(&mut self, input: &mut Input<'_>) -> Answer {
        let (bond, owner) = (input.word()?, input.address()?);
        let (kind, amount) = (input.u8()?, input.u128()?);
        self.bond_holder()?;
        if !(1..=5).contains(&kind) {
            return Err(malformed());
        }
        let key = self.key(BOND, bond, B256::ZERO);
        if self.read(key) != B256::ZERO {
            return refuse(wire::WrongBond::SELECTOR, &[bond]);
        }
        self.debit(owner, amount)?;
        self.write(key, with(owner.into_word(), 0, 1, kind.into()));
        self.write(
            self.key(BOND, bond, output::number(1)),
            output::amount(amount),
        );
        self.grow(Part::Bonds, amount)?;
        self.emit(
            &[
                literal!(wire::BondPosted::SIGNATURE_HASH),
                bond,
                owner.into_word(),
            ],
            &[output::number(kind.into()), output::amount(amount)],
        );
        Ok(Vec::new())
    }

    /// Refuses everybody but the members that take bonds.
    #[inline(never)]
    fn bond_holder(&self) -> Result<(), Vec<u8>> {
        self.only(&[
            Peer::Assembly,
            Peer::Verification,
            Peer::Guardian,
            Peer::Roster,
        ])
    }

    #[inline(never)]
    fn end_bond(&mut self, bond: B256) -> Result<(Address, u128), Vec<u8>> {
        self.bond_holder()?;
        let (key, amount_key) = (
            self.key(BOND, bond, B256::ZERO),
            self.key(BOND, bond, output::number(1)),
        );
        let (word, amount) = (self.read(key), part(self.read(amount_key), 16, 16));
        if word == B256::ZERO {
            return refuse(wire::WrongBond::SELECTOR, &[bond]);
        }
        self.write(key, B256::ZERO);
        self.write(amount_key, B256::ZERO);
        self.shrink(Part::Bonds, amount)?;
        Ok((Address::from_word(with(word, 0, 12, 0)), amount))
    }

    pub(crate) fn return_bond(&mut self, input: &mut Input<'_>) -> Answer {
        let bond = input.word()?;
        let (owner, amount) = self.end_bond(bond)?;
        self.credit(owner, bond, amount)?;
        self.emit(
            &[
                literal!(wire::BondReturned::SIGNATURE_HASH),
                bond,
                owner.into_word(),
            ],
            &[output::amount(amount)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn forfeit_bond(&mut self, input: &mut Input<'_>) -> Answer {
        let bond = input.word()?;
        let (owner, amount) = self.end_bond(bond)?;
        self.split_slash(amount)?;
        self.emit(
            &[
                literal!(wire::BondForfeited::SIGNATURE_HASH),
                bond,
                owner.into_word(),
            ],
            &[output::amount(amount)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn charge_bond(&mut self, input: &mut Input<'_>) -> Answer {
        let (bond, asked) = (input.word()?, input.u128()?);
        self.only(&[Peer::Roster])?;
        let key = self.key(BOND, bond, output::number(1));
        let held = part(self.read(key), 16, 16);
        let word = self.read(self.key(BOND, bond, B256::ZERO));
        if word == B256::ZERO {
            return refuse(wire::WrongBond::SELECTOR, &[bond]);
        }
        let taken = asked.min(held);
        let left = held.saturating_sub(taken);
        self.write(key, output::amount(left));
        self.shrink(Part::Bonds, taken)?;
        self.split_slash(taken)?;
        self.emit(
            &[
                literal!(wire::BondCharged::SIGNATURE_HASH),
                bond,
                with(word, 0, 12, 0),
            ],
            &[taken, left].map(output::amount),
        );
        Ok(output::words(&[output::amount(taken)]))
    }

    pub(crate) fn bond(&mut self, input: &mut Input<'_>) -> Answer {
        let bond = input.word()?;
        let word = self.read(self.key(BOND, bond, B256::ZERO));
        Ok(output::words(&[
            with(word, 0, 12, 0),
            output::number(part(word, 0, 1) as u64),
            self.read(self.key(BOND, bond, output::number(1))),
        ]))
    }
}

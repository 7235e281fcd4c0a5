//! What is put up with claims.

use alloc::vec::Vec;

use agentcity_abi::ITreasury as wire;
use agentcity_domain::{
    amount::Amount,
    peer::Peer,
    treasury::{
        bond::{self, Bond, Kind},
        books::Part,
        fund::{self, Loss},
    },
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    reader::Reader,
    topic,
    word::{get, having},
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;

use crate::{
    escrow::of,
    storage::{BOND, Treasury, amount_of, lower, whole},
};

impl Treasury {
    #[inline(never)]
    fn bond_of(&self, id: &B256) -> Option<Bond> {
        let word = self.entry(BOND, id, 0);
        Some(Bond {
            kind: Kind::at(get(&word, 0, 1) as u8)?,
            owner: Address::from_word(word),
            amount: lower(&self.entry(BOND, id, 1)),
        })
    }

    #[inline(never)]
    fn set_bond(&mut self, id: &B256, bond: Option<&Bond>) {
        let (word, amount) = match bond {
            Some(bond) => (
                having(&bond.owner.into_word(), 0, 1, bond.kind as u64),
                bond.amount,
            ),
            None => (B256::ZERO, Amount::ZERO),
        };
        self.set_entry(BOND, id, 0, &word);
        self.set_entry(BOND, id, 1, &whole(amount));
    }

    /// Only the members that take bonds.
    ///
    /// Errors: `Unauthorized`.
    #[inline(never)]
    fn bond_holder(&self) -> Result<(), Vec<u8>> {
        self.only(&[
            Peer::Assembly,
            Peer::Verification,
            Peer::Guardian,
            Peer::Roster,
        ])
    }

    /// Errors: `Unauthorized`, `MalformedCall`, `WrongBond`, `InvalidAmount`, `InsufficientCredit`.
    /// Events: `BondPosted`.
    pub(crate) fn post_bond(&mut self, input: &mut Reader<'_>) -> Answer {
        let (id, owner) = (&input.word(), input.address());
        let (kind, amount) = (input.u8(), amount_of(input)?);
        self.bond_holder()?;
        let kind = Kind::at(kind).ok_or_else(malformed)?;
        let bond = bond::post(self.bond_of(id), owner, kind, amount).map_err(of(id))?;
        self.spend(&owner.into_word(), Part::Bonds, amount)?;
        self.set_bond(id, Some(&bond));
        self.log(
            topic!(wire::BondPosted::SIGNATURE_HASH)
                .word(id)
                .address(&owner)
                .number(kind as u64)
                .amount(amount.get()),
            3,
        );
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `WrongBond`.
    #[inline(never)]
    fn end_bond(&mut self, id: &B256) -> Result<Bond, Vec<u8>> {
        self.bond_holder()?;
        let bond = bond::held(self.bond_of(id)).map_err(of(id))?;
        self.set_bond(id, None);
        Ok(bond)
    }

    #[inline(never)]
    fn log_bond(&self, mut topic: Words, id: &B256, bond: &Bond) {
        topic
            .word(id)
            .address(&bond.owner)
            .amount(bond.amount.get());
        self.log(&topic, 3);
    }

    /// Events: `BondReturned`; `Credited` unless nothing is left of it.
    pub(crate) fn return_bond(&mut self, input: &mut Reader<'_>) -> Answer {
        let id = &input.word();
        let bond = self.end_bond(id)?;
        self.log_bond(topic!(wire::BondReturned::SIGNATURE_HASH), id, &bond);
        self.owe_from(Part::Bonds, &bond.owner.into_word(), id, bond.amount)?;
        Ok(Vec::new())
    }

    /// Events: `BondForfeited`.
    pub(crate) fn forfeit_bond(&mut self, input: &mut Reader<'_>) -> Answer {
        let id = &input.word();
        let bond = self.end_bond(id)?;
        self.log_bond(topic!(wire::BondForfeited::SIGNATURE_HASH), id, &bond);
        self.lose_bond(fund::loss(bond.amount))?;
        Ok(Vec::new())
    }

    #[inline(never)]
    fn lose_bond(&mut self, loss: Loss) -> Result<(), Vec<u8>> {
        self.shift(Part::Bonds, Part::Insurance, loss.insurance)?;
        self.shift(Part::Bonds, Part::Treasury, loss.treasury)
    }

    /// Errors: `Unauthorized`, `WrongBond`.
    /// Events: `BondCharged`.
    pub(crate) fn charge_bond(&mut self, input: &mut Reader<'_>) -> Answer {
        let (id, asked) = (&input.word(), amount_of(input)?);
        self.only(&[Peer::Roster])?;
        let bond = bond::held(self.bond_of(id)).map_err(of(id))?;
        let charge = bond::charge(&bond, asked);
        self.set_entry(BOND, id, 1, &whole(charge.left));
        self.lose_bond(charge.loss)?;
        self.log(
            topic!(wire::BondCharged::SIGNATURE_HASH)
                .word(id)
                .address(&bond.owner)
                .amount(charge.taken.get())
                .amount(charge.left.get()),
            3,
        );
        Words::new().amount(charge.taken.get()).answer()
    }

    pub(crate) fn bond(&mut self, input: &mut Reader<'_>) -> Answer {
        match self.bond_of(&input.word()) {
            Some(bond) => Words::new()
                .address(&bond.owner)
                .number(bond.kind as u64)
                .amount(bond.amount.get())
                .answer(),
            None => Words::new().all(&[B256::ZERO; 3]).answer(),
        }
    }
}

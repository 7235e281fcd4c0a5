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
    error::{Decided, NONE},
    storage::{BOND, Treasury, amount_of, answer, lower, whole},
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
        let bond = bond::post(self.bond_of(id), owner, kind, amount).about(id, NONE)?;
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

    /// Whose bond it was, and what was left of it.
    ///
    /// Errors: `Unauthorized`, `WrongBond`.
    #[inline(never)]
    fn end_bond(&mut self, id: &B256, ended: Words) -> Result<(B256, Amount), Vec<u8>> {
        self.bond_holder()?;
        let bond = bond::held(self.bond_of(id)).about(id, NONE)?;
        self.set_bond(id, None);
        let owner = bond.owner.into_word();
        self.log_amounts(ended, id, &owner, &[bond.amount]);
        Ok((owner, bond.amount))
    }

    /// Events: `BondReturned`; `Credited` unless nothing is left of it.
    pub(crate) fn return_bond(&mut self, input: &mut Reader<'_>) -> Answer {
        let id = &input.word();
        let (owner, amount) = self.end_bond(id, topic!(wire::BondReturned::SIGNATURE_HASH))?;
        self.owe_from(Part::Bonds, &owner, id, amount)?;
        Ok(Vec::new())
    }

    /// Events: `BondForfeited`.
    pub(crate) fn forfeit_bond(&mut self, input: &mut Reader<'_>) -> Answer {
        let id = &input.word();
        let (_, amount) = self.end_bond(id, topic!(wire::BondForfeited::SIGNATURE_HASH))?;
        self.lose_bond(fund::loss(amount))?;
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
        let bond = bond::held(self.bond_of(id)).about(id, NONE)?;
        let charge = bond::charge(&bond, asked);
        self.set_entry(BOND, id, 1, &whole(charge.left));
        self.lose_bond(charge.loss)?;
        let charged = topic!(wire::BondCharged::SIGNATURE_HASH);
        let owner = &bond.owner.into_word();
        self.log_amounts(charged, id, owner, &[charge.taken, charge.left]);
        answer(charge.taken)
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

//! Cases of revocation against an adjudicator (RESOLUTIONS D-16 to D-19).

use alloc::vec::Vec;

use agentcity_abi::{IRoster as wire, ITreasury as treasury};
use agentcity_domain::{act::quorum, literal, parameter::ParameterId};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, amount, number},
    refuse,
    word::{part, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    seats::{ACTIVE, REMOVED},
    storage::{CASE, Roster, VOTED},
};

/// What a bond of an impeachment is for, as the treasury counts.
const BOND: u64 = 5;
/// Where the open case of a target stands.
const OPEN: u64 = 9;

impl Roster {
    pub(crate) fn initiate_impeachment(&mut self, input: &mut Input<'_>) -> Answer {
        let (target, evidence) = (input.address()?.into_word(), input.word()?);
        let caller = self.caller().into_word();
        self.standing_of(caller, ACTIVE)?;
        self.standing_of(target, ACTIVE)?;
        let open = self.key(CASE, target, number(OPEN));
        if self.read(open) != B256::ZERO || caller == target {
            return refuse(wire::AlreadyDone::SELECTOR, &[target]);
        }
        let counter = self.key(CASE, B256::ZERO, B256::ZERO);
        let id = amount(part(self.read(counter), 24, 8).saturating_add(1));
        let [bond, expiry] = self.live([
            ParameterId::ImpeachmentBond as u8,
            ParameterId::ImpeachmentExpirySecs as u8,
        ])?;
        let needed = quorum::two_thirds(self.active() as u8);
        let expires = self.now().saturating_add(expiry);
        self.write(counter, id);
        self.write(open, id);
        let word = with(with(target, 0, 1, 1), 1, 1, needed.into());
        let key = self.key(CASE, id, B256::ZERO);
        self.write(key, with(word, 2, 5, expires.into()));
        self.write(self.key(CASE, id, number(1)), caller);
        self.write(self.key(CASE, id, number(2)), evidence);
        self.write(self.key(VOTED, id, caller), number(1));
        self.emit(
            &[
                literal!(wire::ImpeachmentInitiated::SIGNATURE_HASH),
                id,
                target,
                caller,
            ],
            &[evidence, number(needed.into()), number(expires)],
        );
        let value = amount(self.in_base_units(bond));
        self.bond(
            treasury::postBondCall::SELECTOR,
            &[key, caller, number(BOND), value],
        )?;
        Ok(output::words(&[id]))
    }

    /// Errors: `NoCase`.
    #[inline(never)]
    fn open_case(&self, id: B256) -> Result<(B256, B256), Vec<u8>> {
        let key = self.key(CASE, id, B256::ZERO);
        let word = self.read(key);
        if word == B256::ZERO || part(word, 7, 1) != 0 {
            return refuse(wire::NoCase::SELECTOR, &[id]);
        }
        Ok((key, word))
    }

    #[inline(never)]
    fn close_case(&mut self, key: B256, word: B256) {
        self.write(key, with(word, 7, 1, 1));
        self.write(
            self.key(CASE, with(word, 0, 12, 0), number(OPEN)),
            B256::ZERO,
        );
    }

    pub(crate) fn vote_impeachment(&mut self, input: &mut Input<'_>) -> Answer {
        let id = number(input.u64()?);
        let (key, word) = self.open_case(id)?;
        let caller = self.caller().into_word();
        self.standing_of(caller, ACTIVE)?;
        let (target, expires) = (with(word, 0, 12, 0), part(word, 2, 5) as u64);
        let voted = self.key(VOTED, id, caller);
        if caller == target || self.read(voted) != B256::ZERO {
            return refuse(wire::AlreadyDone::SELECTOR, &[caller]);
        }
        if self.now() > expires {
            return refuse(wire::NotDue::SELECTOR, &[number(expires)]);
        }
        let votes = part(word, 0, 1).saturating_add(1);
        let word = with(word, 0, 1, votes);
        self.write(voted, number(1));
        self.write(key, word);
        self.emit(
            &[literal!(wire::ImpeachmentVoted::SIGNATURE_HASH), id, caller],
            &[amount(votes)],
        );
        if votes >= part(word, 1, 1) {
            self.close_case(key, word);
            self.set_standing(target, REMOVED);
            let slashed = self.slash(target, key)?;
            self.emit(
                &[
                    literal!(wire::AdjudicatorImpeached::SIGNATURE_HASH),
                    id,
                    target,
                ],
                &[amount(slashed)],
            );
            self.bond(treasury::returnBondCall::SELECTOR, &[key])?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn expire_impeachment(&mut self, input: &mut Input<'_>) -> Answer {
        let id = number(input.u64()?);
        let (key, word) = self.open_case(id)?;
        self.due_from(part(word, 2, 5) as u64)?;
        self.close_case(key, word);
        self.emit(
            &[literal!(wire::ImpeachmentLapsed::SIGNATURE_HASH), id],
            &[],
        );
        self.bond(treasury::forfeitBondCall::SELECTOR, &[key])?;
        Ok(Vec::new())
    }

    pub(crate) fn impeachment(&mut self, input: &mut Input<'_>) -> Answer {
        let id = number(input.u64()?);
        let word = self.read(self.key(CASE, id, B256::ZERO));
        let field = |at, bytes| amount(part(word, at, bytes));
        Ok(output::words(&[
            with(word, 0, 12, 0),
            self.read(self.key(CASE, id, number(1))),
            self.read(self.key(CASE, id, number(2))),
            field(0, 1),
            field(1, 1),
            field(2, 5),
            field(7, 1),
        ]))
    }
}

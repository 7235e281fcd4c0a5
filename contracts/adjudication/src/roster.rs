//! Adjudicators, monitors, programs, the senior; stakes and what is owed.

use alloc::vec::Vec;

use agentcity_abi::{
    IAdjudication as wire, IAgent as agents, IConstitution as founding, ITreasury as treasury,
};
use agentcity_domain::peer::Peer;
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    money::Asset,
    output, peer, refuse,
    word::{part, with},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    panel::{COUNT, PERSON, SENIOR, WATCHDOG},
    storage::Adjudication,
};

const ASSET: Kind = 8;
const STAKE: Kind = 9;
const OWED: Kind = 10;
const TOTAL: Kind = 11;
const MONITOR: Kind = 12;
const PROGRAM: Kind = 13;
const CASE: Kind = 14;
const VOTED: Kind = 15;

impl Adjudication {
    pub(crate) fn learn_genesis(&mut self) -> Answer {
        let from = self.constitution_address();
        let asset = peer::ask_word(self.vm(), from, &founding::assetCall::SELECTOR)?;
        let scale = peer::ask_word(self.vm(), from, &founding::unitScaleCall::SELECTOR)?;
        self.write(self.key(ASSET, B256::ZERO, B256::ZERO), asset);
        self.write(self.key(ASSET, output::number(1), B256::ZERO), scale);
        let answer = peer::ask(self.vm(), from, &founding::adjudicatorsCall::SELECTOR)?;
        let (count, mut list) = Input::new(&answer).list(64)?;
        for _ in 0..count {
            let person = list.word()?;
            self.set_standing(person, 1);
        }
        Ok(Vec::new())
    }

    fn asset(&self) -> Asset {
        Asset::at(Address::from_word(self.read(self.key(
            ASSET,
            B256::ZERO,
            B256::ZERO,
        ))))
    }

    #[inline(never)]
    fn set_standing(&mut self, person: B256, standing: u8) {
        let key = self.key(PERSON, person, B256::ZERO);
        let word = self.read(key);
        let (was, is) = (part(word, 0, 1) == 2, standing == 2);
        if was != is {
            let count = self.key(COUNT, B256::ZERO, B256::ZERO);
            let active = part(self.read(count), 31, 1);
            self.write(
                count,
                output::amount(if is {
                    active + 1
                } else {
                    active.saturating_sub(1)
                }),
            );
        }
        self.write(key, with(word, 0, 1, standing.into()));
        self.emit(
            &[wire::StandingChanged::SIGNATURE_HASH, person],
            &[output::number(standing.into())],
        );
    }

    #[inline(never)]
    fn standing_of(&self, person: B256, needed: u8) -> Result<B256, Vec<u8>> {
        let word = self.read(self.key(PERSON, person, B256::ZERO));
        if part(word, 0, 1) != u128::from(needed) {
            return refuse(
                wire::WrongStanding::SELECTOR,
                &[person, output::amount(part(word, 0, 1))],
            );
        }
        Ok(word)
    }

    #[inline(never)]
    fn change_total(&mut self, which: u64, by: u128, grows: bool) -> Result<(), Vec<u8>> {
        let key = self.key(TOTAL, output::number(which), B256::ZERO);
        let total = part(self.read(key), 16, 16);
        let changed = if grows {
            total.checked_add(by)
        } else {
            total.checked_sub(by)
        };
        self.write(key, output::amount(changed.ok_or_else(malformed)?));
        Ok(())
    }

    #[inline(never)]
    fn owe(&mut self, account: B256, amount: u128) -> Result<(), Vec<u8>> {
        let key = self.key(OWED, account, B256::ZERO);
        self.write(key, output::amount(part(self.read(key), 16, 16) + amount));
        self.change_total(1, amount, true)
    }

    pub(crate) fn stake(&mut self, input: &mut Input<'_>) -> Answer {
        let amount = input.u128()?;
        let [units] = self.parameters(0, [56])?;
        let scale = part(
            self.read(self.key(ASSET, output::number(1), B256::ZERO)),
            16,
            16,
        );
        let needed = u128::from(units).saturating_mul(scale);
        if amount != needed {
            return refuse(
                wire::WrongStake::SELECTOR,
                &[amount, needed].map(output::amount),
            );
        }
        let caller = self.caller().into_word();
        let genesis = part(self.read(self.key(PERSON, caller, B256::ZERO)), 0, 1) == 1;
        let data = peer::call_data(agents::principalOfCall::SELECTOR, &[caller]);
        let principal = peer::ask_word(self.vm(), self.member(Peer::Agent)?, &data)?;
        self.asset().collect(self.vm(), amount)?;
        self.write(self.key(STAKE, caller, B256::ZERO), output::amount(amount));
        self.write(self.key(PERSON, caller, output::number(1)), principal);
        self.change_total(0, amount, true)?;
        self.emit(
            &[wire::Staked::SIGNATURE_HASH, caller, principal],
            &[output::amount(amount)],
        );
        self.set_standing(caller, if genesis { 2 } else { 1 });
        Ok(Vec::new())
    }

    #[inline(never)]
    fn leave(&mut self, person: B256, standing: u8) -> Result<(), Vec<u8>> {
        let [floor, appeal] = self.parameters(0, [9, 57])?;
        if self.active() <= floor.min(5) {
            return refuse(
                wire::QuorumFloor::SELECTOR,
                &[
                    output::number(self.active().saturating_sub(1)),
                    output::number(floor),
                ],
            );
        }
        let until = self.now() + appeal.div_ceil(1_000);
        self.write(
            self.key(STAKE, person, output::number(1)),
            output::number(until),
        );
        self.set_standing(person, standing);
        Ok(())
    }

    pub(crate) fn resign(&mut self) -> Answer {
        let caller = self.caller().into_word();
        self.standing_of(caller, 2)?;
        self.leave(caller, 3)?;
        Ok(Vec::new())
    }

    pub(crate) fn release_stake(&mut self, input: &mut Input<'_>) -> Answer {
        let person = input.address()?.into_word();
        self.standing_of(person, 3)?;
        let until = part(self.read(self.key(STAKE, person, output::number(1))), 24, 8) as u64;
        if self.now() <= until {
            return refuse(wire::NotDue::SELECTOR, &[output::number(until)]);
        }
        let key = self.key(STAKE, person, B256::ZERO);
        let amount = part(self.read(key), 16, 16);
        self.write(key, B256::ZERO);
        self.change_total(0, amount, false)?;
        self.owe(person, amount)?;
        self.set_standing(person, 4);
        Ok(Vec::new())
    }

    #[inline(never)]
    fn pay_out(&mut self, to: Address, asked: Option<u128>) -> Answer {
        let caller = self.caller().into_word();
        let key = self.key(OWED, caller, B256::ZERO);
        let owed = part(self.read(key), 16, 16);
        let amount = asked.unwrap_or(owed);
        let Some(rest) = owed.checked_sub(amount).filter(|_| amount > 0) else {
            return refuse(wire::NothingOwed::SELECTOR, &[caller]);
        };
        self.write(key, output::amount(rest));
        self.change_total(1, amount, false)?;
        self.emit(
            &[wire::Withdrawn::SIGNATURE_HASH, caller, to.into_word()],
            &[output::amount(amount)],
        );
        self.asset().pay(self.vm(), to, amount)?;
        Ok(output::words(&[output::amount(amount)]))
    }

    pub(crate) fn withdraw(&mut self) -> Answer {
        self.pay_out(self.caller(), None)
    }

    pub(crate) fn withdraw_to(&mut self, input: &mut Input<'_>) -> Answer {
        let (to, amount) = (input.address()?, input.u128()?);
        self.pay_out(to, Some(amount))?;
        Ok(Vec::new())
    }

    #[inline(never)]
    fn slash(&mut self, person: B256, cause: B256) -> Result<u128, Vec<u8>> {
        let key = self.key(STAKE, person, B256::ZERO);
        let amount = part(self.read(key), 16, 16);
        self.write(key, B256::ZERO);
        self.change_total(0, amount, false)?;
        self.emit(
            &[wire::AdjudicatorSlashed::SIGNATURE_HASH, person],
            &[output::amount(amount), cause],
        );
        self.contribute(2, amount / 2)?;
        self.contribute(1, amount - amount / 2)?;
        Ok(amount)
    }

    /// Pays into a fund of the treasury.
    #[inline(never)]
    fn contribute(&self, fund: u64, amount: u128) -> Result<(), Vec<u8>> {
        let to = self.member(Peer::Treasury)?;
        let value = match self.asset() {
            Asset::Native => U256::from(amount),
            Asset::Token(token) => {
                let words = [to.into_word(), output::amount(amount)];
                let data = peer::call_data(
                    agentcity_abi::ISettlementToken::approveCall::SELECTOR,
                    &words,
                );
                peer::tell(self.vm(), token, &data, U256::ZERO)?;
                U256::ZERO
            }
        };
        let data = peer::call_data(
            treasury::contributeCall::SELECTOR,
            &[output::number(fund), output::amount(amount)],
        );
        peer::tell(self.vm(), to, &data, value)?;
        Ok(())
    }

    #[inline(never)]
    fn bond(&self, selector: [u8; 4], bond: B256, rest: &[B256]) -> Result<(), Vec<u8>> {
        let mut words = Vec::with_capacity(4);
        words.push(bond);
        words.extend_from_slice(rest);
        let data = peer::call_data(selector, &words);
        peer::tell(self.vm(), self.member(Peer::Treasury)?, &data, U256::ZERO)?;
        Ok(())
    }

    /// Monitor: 0 standing, 1..3 false positives, 3..8 suspended until | principal | scorer | bond.
    #[inline(never)]
    fn change_monitor(&mut self, monitor: B256, standing: u8) {
        let key = self.key(MONITOR, monitor, B256::ZERO);
        let word = with(self.read(key), 0, 1, standing.into());
        self.write(key, word);
        self.emit(
            &[wire::MonitorChanged::SIGNATURE_HASH, monitor],
            &[
                output::number(standing.into()),
                output::amount(part(word, 1, 2)),
                output::amount(part(word, 3, 5)),
            ],
        );
    }

    pub(crate) fn bond_monitor(&mut self, input: &mut Input<'_>) -> Answer {
        let scorer = input.word()?;
        let monitor = self.caller().into_word();
        let [units] = self.parameters(0, [58])?;
        let data = peer::call_data(agents::principalOfCall::SELECTOR, &[monitor]);
        let principal = peer::ask_word(self.vm(), self.member(Peer::Agent)?, &data)?;
        let amount = output::number(units);
        self.write(self.key(MONITOR, monitor, output::number(1)), principal);
        self.write(self.key(MONITOR, monitor, output::number(2)), scorer);
        self.write(self.key(MONITOR, monitor, output::number(3)), amount);
        self.bond(
            treasury::postBondCall::SELECTOR,
            monitor,
            &[monitor, output::number(4), amount],
        )?;
        self.emit(
            &[
                wire::MonitorBonded::SIGNATURE_HASH,
                monitor,
                principal,
                scorer,
            ],
            &[amount],
        );
        self.change_monitor(monitor, 1);
        Ok(Vec::new())
    }

    pub(crate) fn retire_monitor(&mut self) -> Answer {
        let monitor = self.caller().into_word();
        let key = self.key(MONITOR, monitor, B256::ZERO);
        let word = self.read(key);
        if !matches!(part(word, 0, 1), 1 | 2) {
            return refuse(
                wire::WrongStanding::SELECTOR,
                &[monitor, output::amount(part(word, 0, 1))],
            );
        }
        let [appeal] = self.parameters(0, [57])?;
        self.write(
            key,
            with(word, 3, 5, u128::from(self.now() + appeal.div_ceil(1_000))),
        );
        self.change_monitor(monitor, 3);
        Ok(Vec::new())
    }

    pub(crate) fn release_monitor(&mut self, input: &mut Input<'_>) -> Answer {
        let monitor = input.address()?.into_word();
        let word = self.read(self.key(MONITOR, monitor, B256::ZERO));
        let until = part(word, 3, 5) as u64;
        if part(word, 0, 1) != 3 || self.now() <= until {
            return refuse(wire::NotDue::SELECTOR, &[output::number(until)]);
        }
        self.bond(treasury::returnBondCall::SELECTOR, monitor, &[])?;
        self.change_monitor(monitor, 4);
        Ok(Vec::new())
    }

    #[inline(never)]
    fn change_program(
        &mut self,
        fields: &[B256],
        kind: u64,
        approved: bool,
    ) -> Result<(), Vec<u8>> {
        let [account, codehash] = [fields[0], fields[1]];
        let found = self.vm().code_hash(Address::from_word(account));
        if approved && found != codehash {
            return refuse(
                wire::WrongProgram::SELECTOR,
                &[account, codehash, found, output::number(30 * 86_400)],
            );
        }
        let key = self.key(PROGRAM, account, output::number(kind));
        self.write(key, if approved { codehash } else { B256::ZERO });
        self.emit(
            &[
                wire::ProgramChanged::SIGNATURE_HASH,
                account,
                output::number(kind),
            ],
            &[codehash, output::truth(approved)],
        );
        Ok(())
    }

    /// What no other contract does.
    #[inline(never)]
    pub(crate) fn carry_out_here(&mut self, action: u8, fields: &[B256]) -> Result<(), Vec<u8>> {
        let subject = fields.first().copied().ok_or_else(malformed)?;
        match action {
            30 => self.change_monitor(subject, 2),
            31 => {
                self.bond(treasury::forfeitBondCall::SELECTOR, subject, &[])?;
                self.change_monitor(subject, 4);
            }
            32 => self.change_program(fields, 1, true)?,
            33 => self.change_program(fields, 1, false)?,
            34 => self.change_program(fields, 2, true)?,
            35 => self.change_program(fields, 2, false)?,
            36 => {
                self.standing_of(subject, 1)?;
                self.set_standing(subject, 2);
            }
            37 => {
                self.standing_of(subject, 2)?;
                self.leave(subject, 3)?;
            }
            38 => {
                let key = self.key(SENIOR, B256::ZERO, B256::ZERO);
                let previous = with(self.read(key), 0, 12, 0);
                self.write(key, subject);
                self.emit(
                    &[wire::SeniorAppointed::SIGNATURE_HASH, previous, subject],
                    &[],
                );
            }
            43 => {
                let until = self.now() + 72 * 3_600;
                self.write(
                    self.key(WATCHDOG, B256::ZERO, B256::ZERO),
                    output::number(until),
                );
                self.emit(
                    &[wire::WatchdogFreeze::SIGNATURE_HASH, subject],
                    &[output::number(until)],
                );
            }
            44 => {
                self.write(self.key(WATCHDOG, B256::ZERO, B256::ZERO), B256::ZERO);
                self.emit(
                    &[wire::WatchdogReleased::SIGNATURE_HASH],
                    &[output::truth(true)],
                );
            }
            45 => {
                let key = self.key(SENIOR, B256::ZERO, B256::ZERO);
                self.write(key, with(self.read(key), 0, 8, 0));
                self.emit(&[wire::AuditClosed::SIGNATURE_HASH, subject], &[]);
            }
            48 => {
                let until = self.now() + 72 * 3_600;
                self.write(
                    self.key(WATCHDOG, B256::ZERO, B256::ZERO),
                    output::number(until),
                );
                self.emit(
                    &[wire::CityHalted::SIGNATURE_HASH, subject],
                    &[output::number(until)],
                );
            }
            49 => {
                self.write(self.key(WATCHDOG, B256::ZERO, B256::ZERO), B256::ZERO);
                self.emit(&[wire::CityResumed::SIGNATURE_HASH, subject], &[]);
            }
            _ => return Err(malformed()),
        }
        Ok(())
    }

    /// Case: 0 votes, 1 needed, 2..7 expires, 7 closed, target | initiator | evidence.
    pub(crate) fn initiate_impeachment(&mut self, input: &mut Input<'_>) -> Answer {
        let (target, evidence) = (input.address()?.into_word(), input.word()?);
        let caller = self.caller().into_word();
        self.standing_of(caller, 2)?;
        self.standing_of(target, 2)?;
        let open = self.key(CASE, target, output::number(9));
        if self.read(open) != B256::ZERO || caller == target {
            return refuse(wire::AlreadyDone::SELECTOR, &[target]);
        }
        let counter = self.key(CASE, B256::ZERO, B256::ZERO);
        let id = part(self.read(counter), 24, 8) as u64 + 1;
        let [bond] = self.parameters(0, [59])?;
        let needed = (2 * self.active()).div_ceil(3);
        let expires = self.now() + 7 * 86_400;
        self.write(counter, output::number(id));
        self.write(open, output::number(id));
        let word = with(
            with(with(target, 0, 1, 1), 1, 1, needed.into()),
            2,
            5,
            expires.into(),
        );
        let key = self.key(CASE, output::number(id), B256::ZERO);
        self.write(key, word);
        self.write(
            self.key(CASE, output::number(id), output::number(1)),
            caller,
        );
        self.write(
            self.key(CASE, output::number(id), output::number(2)),
            evidence,
        );
        self.write(
            self.key(VOTED, output::number(id), caller),
            output::number(1),
        );
        self.bond(
            treasury::postBondCall::SELECTOR,
            key,
            &[caller, output::number(5), output::number(bond)],
        )?;
        self.emit(
            &[
                wire::ImpeachmentInitiated::SIGNATURE_HASH,
                output::number(id),
                target,
                caller,
            ],
            &[evidence, output::number(needed), output::number(expires)],
        );
        Ok(output::words(&[output::number(id)]))
    }

    #[inline(never)]
    fn open_case(&self, id: u64) -> Result<(B256, B256), Vec<u8>> {
        let key = self.key(CASE, output::number(id), B256::ZERO);
        let word = self.read(key);
        if word == B256::ZERO || part(word, 7, 1) != 0 {
            return refuse(wire::NoCase::SELECTOR, &[output::number(id)]);
        }
        Ok((key, word))
    }

    pub(crate) fn vote_impeachment(&mut self, input: &mut Input<'_>) -> Answer {
        let id = input.u64()?;
        let (key, word) = self.open_case(id)?;
        let caller = self.caller().into_word();
        self.standing_of(caller, 2)?;
        let (target, expires) = (with(word, 0, 12, 0), part(word, 2, 5) as u64);
        let voted = self.key(VOTED, output::number(id), caller);
        if caller == target || self.read(voted) != B256::ZERO {
            return refuse(wire::AlreadyDone::SELECTOR, &[caller]);
        }
        if self.now() > expires {
            return refuse(wire::NotDue::SELECTOR, &[output::number(expires)]);
        }
        let votes = part(word, 0, 1) + 1;
        self.write(voted, output::number(1));
        self.write(key, with(word, 0, 1, votes));
        self.emit(
            &[
                wire::ImpeachmentVoted::SIGNATURE_HASH,
                output::number(id),
                caller,
            ],
            &[output::amount(votes)],
        );
        if votes >= part(word, 1, 1) {
            self.write(key, with(with(word, 0, 1, votes), 7, 1, 1));
            self.write(self.key(CASE, target, output::number(9)), B256::ZERO);
            self.set_standing(target, 4);
            let slashed = self.slash(target, key)?;
            self.bond(treasury::returnBondCall::SELECTOR, key, &[])?;
            self.emit(
                &[
                    wire::AdjudicatorImpeached::SIGNATURE_HASH,
                    output::number(id),
                    target,
                ],
                &[output::amount(slashed)],
            );
        }
        Ok(Vec::new())
    }

    pub(crate) fn expire_impeachment(&mut self, input: &mut Input<'_>) -> Answer {
        let id = input.u64()?;
        let (key, word) = self.open_case(id)?;
        let expires = part(word, 2, 5) as u64;
        if self.now() <= expires {
            return refuse(wire::NotDue::SELECTOR, &[output::number(expires)]);
        }
        self.write(key, with(word, 7, 1, 1));
        self.write(
            self.key(CASE, with(word, 0, 12, 0), output::number(9)),
            B256::ZERO,
        );
        self.bond(treasury::forfeitBondCall::SELECTOR, key, &[])?;
        self.emit(
            &[wire::ImpeachmentLapsed::SIGNATURE_HASH, output::number(id)],
            &[],
        );
        Ok(Vec::new())
    }

    pub(crate) fn expire_watchdog(&mut self) -> Answer {
        let key = self.key(WATCHDOG, B256::ZERO, B256::ZERO);
        let until = part(self.read(key), 24, 8) as u64;
        if until == 0 || self.now() <= until {
            return refuse(wire::NotDue::SELECTOR, &[output::number(until)]);
        }
        self.write(key, B256::ZERO);
        self.emit(
            &[wire::WatchdogReleased::SIGNATURE_HASH],
            &[output::truth(false)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn claim_compensation(&mut self) -> Answer {
        let caller = self.caller().into_word();
        let key = self.key(PERSON, caller, B256::ZERO);
        let word = self.read(key);
        let reviews = part(word, 13, 4);
        if reviews == 0 {
            return refuse(wire::NothingOwed::SELECTOR, &[caller]);
        }
        self.write(key, with(word, 13, 4, 0));
        self.emit(
            &[wire::CompensationClaimed::SIGNATURE_HASH, caller],
            &[output::amount(reviews)],
        );
        self.bond(
            treasury::payCompensationCall::SELECTOR,
            caller,
            &[output::amount(reviews)],
        )?;
        Ok(Vec::new())
    }

    pub(crate) fn adjudicator(&mut self, input: &mut Input<'_>) -> Answer {
        let person = input.address()?.into_word();
        let word = self.read(self.key(PERSON, person, B256::ZERO));
        let mut words = [B256::ZERO; 11];
        for (place, (at, bytes)) in [
            (0, 1),
            (0, 0),
            (0, 0),
            (1, 4),
            (5, 4),
            (9, 2),
            (11, 1),
            (12, 1),
            (13, 4),
            (22, 8),
            (17, 5),
        ]
        .into_iter()
        .enumerate()
        {
            words[place] = output::amount(part(word, at, bytes));
        }
        words[1] = self.read(self.key(PERSON, person, output::number(1)));
        words[2] = self.read(self.key(STAKE, person, B256::ZERO));
        Ok(output::words(&words))
    }

    pub(crate) fn active_adjudicators(&mut self) -> Answer {
        Ok(output::words(&[output::number(self.active())]))
    }

    pub(crate) fn monitor(&mut self, input: &mut Input<'_>) -> Answer {
        let monitor = input.address()?.into_word();
        let word = self.read(self.key(MONITOR, monitor, B256::ZERO));
        let [principal, scorer, bond] =
            [1, 2, 3].map(|place| self.read(self.key(MONITOR, monitor, output::number(place))));
        Ok(output::words(&[
            output::amount(part(word, 0, 1)),
            principal,
            scorer,
            bond,
            output::amount(part(word, 1, 2)),
            output::amount(part(word, 3, 5)),
        ]))
    }

    pub(crate) fn approved_code(&mut self, input: &mut Input<'_>) -> Answer {
        let (account, kind) = (input.address()?.into_word(), input.u8()?);
        Ok(output::words(&[self.read(self.key(
            PROGRAM,
            account,
            output::number(kind.into()),
        ))]))
    }

    pub(crate) fn halted_until(&mut self) -> Answer {
        Ok(output::words(&[self.read(self.key(
            WATCHDOG,
            B256::ZERO,
            B256::ZERO,
        ))]))
    }

    pub(crate) fn senior(&mut self) -> Answer {
        let word = self.read(self.key(SENIOR, B256::ZERO, B256::ZERO));
        Ok(output::words(&[
            with(word, 0, 12, 0),
            output::amount(part(word, 0, 8)),
        ]))
    }

    pub(crate) fn impeachment(&mut self, input: &mut Input<'_>) -> Answer {
        let id = output::number(input.u64()?);
        let word = self.read(self.key(CASE, id, B256::ZERO));
        Ok(output::words(&[
            with(word, 0, 12, 0),
            self.read(self.key(CASE, id, output::number(1))),
            self.read(self.key(CASE, id, output::number(2))),
            output::amount(part(word, 0, 1)),
            output::amount(part(word, 1, 1)),
            output::amount(part(word, 2, 5)),
            output::amount(part(word, 7, 1)),
        ]))
    }

    pub(crate) fn credits(&mut self, input: &mut Input<'_>) -> Answer {
        let account = input.address()?.into_word();
        Ok(output::words(&[self.read(self.key(
            OWED,
            account,
            B256::ZERO,
        ))]))
    }

    fn totals(&self) -> [u128; 2] {
        [0, 1].map(|which| {
            part(
                self.read(self.key(TOTAL, output::number(which), B256::ZERO)),
                16,
                16,
            )
        })
    }

    pub(crate) fn booked(&mut self) -> Answer {
        let [stakes, owed] = self.totals();
        Ok(output::words(&[output::amount(stakes + owed)]))
    }

    pub(crate) fn parts(&mut self) -> Answer {
        Ok(output::words(&self.totals().map(output::amount)))
    }

    pub(crate) fn skim(&mut self) -> Answer {
        let [stakes, owed] = self.totals();
        let held = self
            .asset()
            .balance(self.vm(), self.vm().contract_address())?;
        let surplus = u128::try_from(held.saturating_sub(U256::from(stakes + owed)))
            .map_err(|_| malformed())?;
        self.emit(&[wire::Skimmed::SIGNATURE_HASH], &[output::amount(surplus)]);
        self.contribute(1, surplus)?;
        Ok(output::words(&[output::amount(surplus)]))
    }
}

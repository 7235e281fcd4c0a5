//! Constitution (`abi/sol/IConstitution.sol`): mandate, parameters in epochs, wiring, genesis seal, norms.
//!
//! The rules are in [`agentcity_domain::constitution`] and [`agentcity_domain::parameter`]. A method reads its arguments,
//! loads values, lets the domain decide, stores the outcome and emits its events, in this order. Members and signers are
//! asked by static call before anything is stored; nobody is ever called otherwise.
//!
//! Before the seal there is no authority at all, and nothing but the seal changes anything. After it there is one: the
//! adjudication contract. No address of a person is ever asked for, the deployer's least of all (RULINGS A5).
//!
//! Reading order: this file (methods), [`mod@storage`] (slots), `manifest.rs` (what is signed), `event.rs`, `error.rs`.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod error;
mod event;
mod manifest;
pub mod storage;

use alloc::vec::Vec;

use agentcity_abi::IConstitution as wire;
use agentcity_domain::{
    constitution::{
        norm::{self, Command},
        seal::{self, Founding},
    },
    parameter::{
        self, Change, Kind, ParameterId,
        amendment::{self, Amendment, Policy},
        page, relation,
    },
    peer::Peer,
    signed::identity::ParameterValue,
    time::Timestamp,
};
use agentcity_shell::{
    Answer, Input, Output, common, no_coins,
    output::{self, number, truth},
    page as data, refusal,
    router::Contract,
    sign, unauthorized,
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use stylus_sdk::prelude::*;

use crate::{
    error::{
        page_not_created, revert_norm, revert_parameter, revert_seal, unknown_epoch, unknown_peer,
    },
    event::Amended,
    manifest::Manifest,
    storage::{Constitution, Head},
};

agentcity_shell::router!(Constitution);

/// Parameters that one call asks for at most: every id once.
const IDS_MAX: usize = 256;
/// Signatures that one call carries at most: one of every adjudicator there can be.
const SIGNATURES_MAX: usize = seal::ADJUDICATORS_MAX;
/// Bytes of one of them: what `sign` takes, and a contract's address before it.
const SIGNATURE_BYTES_MAX: usize = sign::SIGNATURE_BYTES_MAX + Address::len_bytes();

impl Contract for Constitution {
    fn dispatch(&mut self, selector: [u8; 4], input: Input<'_>) -> Option<Answer> {
        if let Err(refusal) = no_coins(self.vm()) {
            return Some(Err(refusal));
        }
        let answer = match selector {
            wire::readCall::SELECTOR => self.read(input),
            wire::readCurrentCall::SELECTOR => self.read_current(input),
            wire::epochCall::SELECTOR => one(number(self.load_head().epoch)),
            wire::membersCall::SELECTOR => Ok(self.members()),
            wire::memberOfCall::SELECTOR => self.member_of(input),
            wire::isHaltedCall::SELECTOR => self.is_halted(input),
            wire::normCall::SELECTOR => self.norm(input),
            wire::mandateCall::SELECTOR => one(self.load_mandate()),
            wire::assetCall::SELECTOR => one(self.load_head().asset.into_word()),
            wire::unitScaleCall::SELECTOR => one(self.load_unit_scale().into()),
            wire::adjudicatorsCall::SELECTOR => Ok(self.adjudicators()),
            wire::genesisClerksCall::SELECTOR => Ok(self.genesis_clerks()),
            wire::isSealedCall::SELECTOR => one(truth(self.load_head().epoch != 0)),
            wire::pageOfCall::SELECTOR => self.page_of(input),
            wire::parameterCall::SELECTOR => self.parameter(input),
            wire::amendmentTermsCall::SELECTOR => self.amendment_terms(input),
            wire::manifestDigestCall::SELECTOR => self.manifest_digest(input),
            wire::sealCall::SELECTOR => self.seal(input),
            wire::amendCall::SELECTOR => self.amend(input),
            wire::enactNormCall::SELECTOR => self.enact_norm(input),
            wire::strikeNormCall::SELECTOR => self.change_norm(input, Command::Strike),
            wire::restoreNormCall::SELECTOR => self.change_norm(input, Command::Restore),
            _ => return None,
        };
        Some(answer)
    }

    /// Fixes mandate, asset, scale and genesis adjudicators.
    ///
    /// Errors: `AlreadyConstructed`, `MandateMissing`, `AssetWithoutCode`, `UnitScaleOutOfRange`,
    /// `AdjudicatorCountOutOfRange`, `InvalidAdjudicator`.
    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        if self.load_mandate() != B256::ZERO {
            return Err(common::ALREADY_CONSTRUCTED.to_vec());
        }
        let (mandate, asset, unit_scale) = (input.word()?, input.address()?, input.word()?.into());
        let adjudicators = manifest::addresses(&mut input)?;
        let founding = Founding {
            mandate,
            asset,
            unit_scale,
            adjudicators: &adjudicators,
        };
        let has_code = self.vm().code_size(asset) != 0;
        let quorum = ParameterId::AdjudicatorQuorum.row().default;
        seal::found(founding, has_code, quorum.into()).map_err(revert_seal)?;
        self.store_founding(founding);
        Ok(Vec::new())
    }
}

/// Foundation and seal.
impl Constitution {
    fn adjudicators(&self) -> Vec<u8> {
        let list = self.load_adjudicators(self.load_head());
        let words: Vec<B256> = list.iter().map(|address| address.into_word()).collect();
        Output::of(1).list(&words, 1).finish()
    }

    fn members(&self) -> Vec<u8> {
        let words = Peer::ALL.map(|peer| self.load_member(peer).into_word());
        output::words(&words)
    }

    fn member_of(&self, mut input: Input<'_>) -> Answer {
        let place = input.u8()?;
        let peer = Peer::at(place).ok_or_else(|| unknown_peer(place))?;
        one(self.load_member(peer).into_word())
    }

    fn genesis_clerks(&self) -> Vec<u8> {
        /// Words of one clerk on the wire: role, agent, principal.
        const WORDS: usize = 3;
        let mut words = Vec::new();
        for index in 0..self.load_head().clerks {
            let clerk = self.load_clerk(index);
            words.push(number(clerk.role.into()));
            words.push(clerk.agent.into_word());
            words.push(clerk.principal.into_word());
        }
        Output::of(1).list(&words, WORDS).finish()
    }

    fn manifest_digest(&self, mut input: Input<'_>) -> Answer {
        one(Manifest::read(&mut input)?.digest(self.vm()))
    }

    /// Seals the city.
    ///
    /// Errors: `AlreadySealed`, `Expired`; what the manifest says otherwise than the construction, the chain and the
    /// parameter table; signatures that are missing, out of order, nobody's or not a genesis adjudicator's.
    /// Events: `Sealed`, `EpochOpened`.
    /// Source: RULINGS A5, R14, R16.
    fn seal(&mut self, mut input: Input<'_>) -> Answer {
        let manifest = Manifest::read(&mut input)?;
        let (count, mut signatures) = input.list(SIGNATURES_MAX)?;
        let head = self.load_head();
        let (this, now) = (
            self.vm().contract_address(),
            Timestamp::new(self.vm().block_timestamp()),
        );
        let adjudicators = self.load_adjudicators(head);
        let constructed = Founding {
            mandate: self.load_mandate(),
            asset: head.asset,
            unit_scale: self.load_unit_scale(),
            adjudicators: &adjudicators,
        };

        seal::is_open(head.epoch)
            .and_then(|()| seal::in_time(manifest.deadline, now))
            .and_then(|()| seal::repeats(constructed, manifest.founding()))
            .and_then(|()| seal::clerks(&manifest.clerks))
            .map_err(revert_seal)?;
        let members = seal::members(this, &manifest.members).map_err(revert_seal)?;
        let values = first_page(&manifest.parameters)?;
        let quorum = page::read_number(&values, ParameterId::AdjudicatorQuorum);
        seal::has_quorum(adjudicators.len(), quorum.into())
            .and_then(|()| seal::enough_signatures(count, adjudicators.len()))
            .map_err(revert_seal)?;
        let digest = manifest.digest(self.vm());
        let mut signers = Vec::with_capacity(count);
        for index in 0..count {
            let signature = signatures.bytes(SIGNATURE_BYTES_MAX)?;
            let signer = manifest::signer(self.vm(), digest, signature)?;
            let previous = signers.last().copied();
            signers.push(
                seal::next_signer(&adjudicators, previous, index, signer).map_err(revert_seal)?,
            );
        }
        manifest.check_members(self.vm(), this)?;

        self.store_members(&members);
        self.store_clerks(&manifest.clerks);
        let head = Head {
            clerks: manifest.clerks.len() as u8,
            ..head
        };
        event::sealed(self.vm(), digest, &members, &signers);
        self.open_epoch(head, &values)
    }
}

/// Parameters.
impl Constitution {
    fn page_of(&self, mut input: Input<'_>) -> Answer {
        let epoch = input.u64()?;
        if epoch == 0 {
            return Err(unknown_epoch(epoch));
        }
        one(self.page_address(epoch).into_word())
    }

    fn read(&self, mut input: Input<'_>) -> Answer {
        let (epoch, ids) = (input.u64()?, input.bytes(IDS_MAX)?);
        self.values(epoch, ids, &[number(32)])
    }

    fn read_current(&self, mut input: Input<'_>) -> Answer {
        let (epoch, ids) = (self.load_head().epoch, input.bytes(IDS_MAX)?);
        self.values(epoch, ids, &[number(epoch), number(64)])
    }

    /// The values of `ids` behind `heads`, as a list.
    ///
    /// Errors: `UnknownEpoch`, `UnknownParameter`.
    fn values(&self, epoch: u64, ids: &[u8], heads: &[B256]) -> Answer {
        let code = self.page_code(epoch);
        let values = page::parse(&code).map_err(|_| unknown_epoch(epoch))?;
        let words = heads.len().saturating_add(ids.len()).saturating_add(1);
        let mut answer = Vec::with_capacity(page::WORD_BYTES.saturating_mul(words));
        for head in heads {
            answer.extend_from_slice(head.as_slice());
        }
        answer.extend_from_slice(number(ids.len() as u64).as_slice());
        for id in ids {
            let id = ParameterId::at(*id).map_err(revert_parameter)?;
            answer.extend_from_slice(page::read(values, id).as_slice());
        }
        Ok(answer)
    }

    fn parameter(&self, mut input: Input<'_>) -> Answer {
        let id = ParameterId::at(input.u8()?).map_err(revert_parameter)?;
        let (row, default) = (id.row(), id.default_word());
        let code = self.page_code(self.load_head().epoch);
        let value = page::parse(&code).map_or(default, |values| page::read(values, id));
        Ok(output::words(&[
            value,
            default,
            number(row.min.into()),
            number(row.max.into()),
            number(row.kind as u64),
            number(row.tier as u64),
            number(row.weakens as u64),
            number(row.scope as u64),
        ]))
    }

    /// What a change would wait for.
    ///
    /// Errors: `NotSealed`, `UnknownParameter`, `ConstantParameter`, `ParameterOutOfRange`, `MalformedParameter`, `UnchangedValue`.
    /// Source: RULINGS A4; RESOLUTIONS D-26.
    fn amendment_terms(&self, mut input: Input<'_>) -> Answer {
        let (id, new) = (input.u8()?, input.word()?);
        let head = self.load_head();
        if head.epoch == 0 {
            return Err(refusal(common::NOT_SEALED, &[]));
        }
        let id = ParameterId::at(id).map_err(revert_parameter)?;
        let code = self.page_code(head.epoch);
        let values = page::parse(&code).map_err(|_| unknown_epoch(head.epoch))?;
        let policy = Policy::of(|id| page::read_number(values, id));
        let found = page::read(values, id);
        let now = Timestamp::new(self.vm().block_timestamp());
        let terms = amendment::terms(id, found, new, now, self.load_ledger(id), &policy)
            .map_err(revert_parameter)?;
        Ok(output::words(&[
            found,
            number(id.row().tier as u64),
            truth(terms.change == Change::Weaker),
            number(terms.delay_secs.into()),
        ]))
    }

    /// Changes one parameter.
    ///
    /// Errors: `NotSealed`, `Unauthorized`, `UnknownParameter`, `ConstantParameter`, `StaleValue`, `ParameterOutOfRange`,
    /// `MalformedParameter`, `UnchangedValue`, `TooEarly`, `RelationBroken`.
    /// Events: `ParameterAmended`, `EpochOpened`.
    /// Source: RULINGS R15, A4; RESOLUTIONS D-26.
    fn amend(&mut self, mut input: Input<'_>) -> Answer {
        let (id, old, new) = (input.u8()?, input.word()?, input.word()?);
        let queued_at = input.u64()?;
        let head = self.only_adjudication()?;
        let id = ParameterId::at(id).map_err(revert_parameter)?;
        let asked = Amendment {
            id,
            old,
            new,
            queued_at: Timestamp::new(queued_at),
        };
        let code = self.page_code(head.epoch);
        let mut values = *page::parse(&code).map_err(|_| unknown_epoch(head.epoch))?;
        let ledger = self.load_ledger(id);
        let now = Timestamp::new(self.vm().block_timestamp());

        let policy = Policy::of(|id| page::read_number(&values, id));
        let found = page::read(&values, id);
        let decided =
            amendment::decide(&asked, found, now, ledger, &policy).map_err(revert_parameter)?;
        page::write(&mut values, id, new);
        consistent(&values)?;

        if decided.ledger != ledger {
            self.store_ledger(id, decided.ledger);
        }
        event::parameter_amended(
            self.vm(),
            Amended {
                id: id.place() as u8,
                old,
                new,
                epoch: head.epoch.saturating_add(1),
                queued_at,
                direction: direction(decided.change),
            },
        );
        self.open_epoch(head, &values)
    }

    /// Writes the next epoch's page and its number.
    ///
    /// Errors: `PageNotCreated`.
    /// Events: `EpochOpened`.
    fn open_epoch(&mut self, head: Head, values: &[u8; page::LEN]) -> Answer {
        let epoch = head.epoch.saturating_add(1);
        let created = data::create(self.vm(), &values[1..]).ok();
        // Everybody computes where a page lies; one that came to lie elsewhere would be no law.
        let page = created.filter(|page| *page == self.page_address(epoch));
        let page = page.ok_or_else(|| page_not_created(epoch))?;
        self.store_head(Head { epoch, ..head });
        event::epoch_opened(self.vm(), epoch, page);
        Ok(Vec::new())
    }

    fn page_address(&self, epoch: u64) -> Address {
        data::address(self.vm(), self.vm().contract_address(), epoch)
    }

    /// The code of an epoch's page; nothing for one that is not yet.
    fn page_code(&self, epoch: u64) -> Vec<u8> {
        self.vm().code(self.page_address(epoch))
    }
}

/// Norms.
impl Constitution {
    fn norm(&self, mut input: Input<'_>) -> Answer {
        let norm = self.load_norm(input.word()?);
        Ok(output::words(&[
            norm.domain,
            number(norm.status as u64),
            number(norm.since.get()),
        ]))
    }

    fn is_halted(&self, mut input: Input<'_>) -> Answer {
        one(truth(self.load_struck(input.word()?) != 0))
    }

    fn enact_norm(&mut self, mut input: Input<'_>) -> Answer {
        let (id, domain) = (input.word()?, input.word()?);
        self.step_norm(id, Command::Enact { domain })
    }

    fn change_norm(&mut self, mut input: Input<'_>, command: Command) -> Answer {
        let id = input.word()?;
        self.step_norm(id, command)
    }

    /// One command on a norm.
    ///
    /// Errors: `NotSealed`, `Unauthorized`, `EmptyNorm`, `NormExists`, `UnknownNorm`, `NormAlreadyStruck`,
    /// `NormNotStruck`.
    /// Events: `NormEnacted`, `NormStruck` or `NormRestored`.
    fn step_norm(&mut self, id: B256, command: Command) -> Answer {
        self.only_adjudication()?;
        let before = self.load_norm(id);
        let now = Timestamp::new(self.vm().block_timestamp());

        let step = norm::step(id, before, command, now).map_err(revert_norm)?;

        let domain = step.norm.domain;
        self.store_norm(id, before, step.norm);
        let struck = self.load_struck(domain);
        let after = step.struck.apply(struck);
        if after != struck {
            self.store_struck(domain, after);
        }
        event::norm(self.vm(), command, id, domain);
        Ok(Vec::new())
    }

    /// The head of a sealed city whose adjudication contract calls.
    ///
    /// Errors: `NotSealed`, `Unauthorized`.
    fn only_adjudication(&self) -> Result<Head, Vec<u8>> {
        let head = self.load_head();
        if head.epoch == 0 {
            return Err(refusal(common::NOT_SEALED, &[]));
        }
        let caller = self.vm().msg_sender();
        if caller != self.load_member(Peer::Adjudication) {
            return Err(unauthorized(caller));
        }
        Ok(head)
    }
}

/// The first epoch's page: defaults, but for what the manifest names.
fn first_page(named: &[ParameterValue]) -> Result<[u8; page::LEN], Vec<u8>> {
    let mut values = page::defaults();
    let mut previous = None;
    for (index, named) in (0..named.len()).zip(named) {
        seal::next_parameter(previous, index, named.id).map_err(revert_seal)?;
        previous = Some(named.id);
        let id = ParameterId::at(named.id).map_err(revert_parameter)?;
        if id.row().kind == Kind::Constant {
            return Err(revert_parameter(parameter::Refused::Constant { id }));
        }
        parameter::check(id, named.value).map_err(revert_parameter)?;
        page::write(&mut values, id, named.value);
    }
    consistent(&values)?;
    Ok(values)
}

/// Errors: `RelationBroken`.
fn consistent(values: &[u8; page::LEN]) -> Result<(), Vec<u8>> {
    relation::check(|id| page::read_number(values, id))
        .map_err(|broken| revert_parameter(parameter::Refused::Unrelated(broken)))
}

/// A change as events number it.
const fn direction(change: Change) -> u8 {
    match change {
        Change::Same => 0,
        Change::Tighter => 1,
        Change::Weaker => 2,
        Change::Neutral => 3,
    }
}

/// Return data of one word.
fn one(word: B256) -> Answer {
    Ok(word.to_vec())
}

//! Who signed an action: keys and contracts, active on the roster, without an interest in the matter.

use alloc::vec::Vec;

use agentcity_abi::{
    IAdjudication as wire, IAgent as agents, ICollaboration as work, IEnactment as laws,
    ILegislature as bids, IRoster as roster,
};
use agentcity_domain::{
    act::{self, Action, Parties},
    panel::interest::{self, Interest},
    parameter::ParameterId,
    peer::Peer,
};
use agentcity_shell::{
    Input, common, malformed,
    member::Member,
    output::{self, Output},
    peer, refuse, sign,
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError};
use stylus_sdk::prelude::*;

use crate::{cases::nth, opened::Opened, storage::Adjudication};

/// As many adjudicators as there can be.
pub(crate) const SIGNERS_MAX: usize = ParameterId::MaxAdjudicators.constant() as usize;
/// Signers about whom the roster is asked in one call: what it says of so many fits an answer.
const ASKED_AT_ONCE: usize = 24;
/// Interests of one signer that the roster tells at most.
const INTERESTS_MAX: usize = 8;
/// Bytes of a signature by a key.
const KEY_SIGNATURE: usize = 65;

/// The roster's answer about the signers of an action.
#[derive(Clone, Debug)]
pub(crate) struct Examined {
    pub(crate) panel: act::Panel,
    /// Those whom the watchdog flagged, a bit each.
    pub(crate) flagged: u64,
    pub(crate) interests: Vec<Interest>,
}

impl Adjudication {
    /// Who signed, in ascending order.
    ///
    /// Errors: `InvalidSignature`, `SignersNotAscending`, `MalformedCall`.
    #[inline(never)]
    pub(crate) fn signers(
        &self,
        digest: B256,
        input: &mut Input<'_>,
    ) -> Result<Vec<B256>, Vec<u8>> {
        let (count, mut signatures) = input.list(SIGNERS_MAX)?;
        let mut signers = Vec::with_capacity(count);
        for _ in 0..count {
            let max = sign::SIGNATURE_BYTES_MAX.saturating_add(Address::len_bytes());
            let signature = signatures.bytes(max)?;
            let signer = if signature.len() == KEY_SIGNATURE {
                match sign::recover(self.vm(), digest, signature) {
                    Some(signer) => signer,
                    None => return refuse(common::INVALID_SIGNATURE, &[B256::ZERO]),
                }
            } else {
                let (signer, rest) = signature.split_first_chunk().ok_or_else(malformed)?;
                let signer = Address::new(*signer);
                sign::require(self.vm(), signer, digest, rest)?;
                signer
            };
            push_ascending(&mut signers, signer.into_word())?;
        }
        Ok(signers)
    }

    /// Asks the roster about all signers, in one call unless they are very many.
    ///
    /// Errors: the roster's `NotAdjudicator`.
    #[inline(never)]
    pub(crate) fn examine(&self, signers: &[B256]) -> Result<Examined, Vec<u8>> {
        let mut examined = Examined {
            panel: act::Panel {
                active: 0,
                unflagged: 0,
                clear_stop: 0,
                repeated: false,
                overdue: false,
            },
            flagged: 0,
            interests: Vec::with_capacity(signers.len()),
        };
        let mut parts = signers.chunks(ASKED_AT_ONCE);
        let (mut asked, mut first) = (parts.next().unwrap_or_default(), 0u8);
        loop {
            let arguments = Output::of(1).list(asked, 1).finish();
            let data = peer::call_laid_out(roster::examineCall::SELECTOR, &arguments);
            let answer = peer::ask(self.vm(), self.member(Peer::Roster)?, &data)?;
            let mut answer = Input::new(&answer).tail()?;
            examined.panel.active = answer.u8()?;
            examined.panel.unflagged = answer.u8()?;
            examined.panel.overdue = answer.bool()?;
            let flagged = answer.u64()?.checked_shl(first.into());
            examined.flagged |= flagged.unwrap_or_default();
            let (count, mut list) = answer.list(asked.len().saturating_mul(INTERESTS_MAX))?;
            for _ in 0..count {
                examined.interests.push(Interest {
                    signer: list.u8()?.saturating_add(first),
                    principal: list.address()?,
                });
            }
            first = first.saturating_add(asked.len() as u8);
            match parts.next() {
                Some(next) => asked = next,
                None => return Ok(examined),
            }
        }
    }

    /// Those of them who are still active, and the roster's answer about these.
    ///
    /// Errors: whatever else the roster refuses.
    #[inline(never)]
    pub(crate) fn still_active(&self, signers: &mut Vec<B256>) -> Result<Examined, Vec<u8>> {
        loop {
            let refused = match self.examine(signers) {
                Ok(examined) => return Ok(examined),
                Err(refused) => refused,
            };
            let left = refused.strip_prefix(&roster::NotAdjudicator::SELECTOR);
            let gone = left.and_then(|word| B256::try_from(word).ok());
            let before = signers.len();
            signers.retain(|signer| Some(*signer) != gone);
            if signers.len() == before {
                return Err(refused);
            }
        }
    }

    /// Which signers have an interest in what the action is about, a bit each (INV-PANEL-04).
    #[inline(never)]
    pub(crate) fn barred(
        &self,
        opened: &Opened,
        signers: &[B256],
        interests: &[Interest],
    ) -> Result<u64, Vec<u8>> {
        let mut parties = Vec::with_capacity(4);
        match opened.action.parties() {
            Parties::Nobody => return Ok(0),
            Parties::Mission => return self.interested(opened.matter(), interests),
            Parties::Session => {
                let law = self.ask_peer(
                    Peer::Enactment,
                    laws::lawOfCall::SELECTOR,
                    &[opened.matter()],
                )?;
                self.push_parties(&mut parties, nth(&law, LAW_SPONSOR)?)?;
                if opened.action == Action::CountersignAward {
                    let words = [opened.matter(), opened.word(3)];
                    let bid =
                        self.ask_peer(Peer::Legislature, bids::bidOfCall::SELECTOR, &words)?;
                    self.push_parties(&mut parties, nth(&bid, BID_AGENT)?)?;
                }
            }
            Parties::Agent => self.push_parties(&mut parties, opened.matter())?,
            Parties::Person(place) => parties.push(opened.address(place.into())),
        }
        let mut barred = interest::barred(interests, &parties);
        // Whoever it is about signs nothing of it himself either.
        for (signer, place) in signers.iter().zip(0u8..) {
            if parties.contains(&Address::from_word(*signer)) {
                barred |= interest::bit(place);
            }
        }
        Ok(barred)
    }

    /// A person, and who answers for it or did lately, if it is an agent.
    #[inline(never)]
    fn push_parties(&self, parties: &mut Vec<Address>, person: B256) -> Result<(), Vec<u8>> {
        let selector = agents::principalsForConflictCall::SELECTOR;
        let principals = self.ask_peer(Peer::Agent, selector, &[person])?;
        let mut principals = Input::new(&principals);
        parties.push(Address::from_word(person));
        parties.push(principals.address()?);
        parties.push(principals.address()?);
        Ok(())
    }

    /// Whose principals are sponsor or seated in a mission.
    #[inline(never)]
    fn interested(&self, mission: B256, interests: &[Interest]) -> Result<u64, Vec<u8>> {
        let mut barred = 0;
        for interest in interests {
            let words = [mission, interest.principal.into_word()];
            let selector = work::isInterestedCall::SELECTOR;
            let answer = self.ask_peer(Peer::Collaboration, selector, &words)?;
            if Input::new(&answer).bool()? {
                barred |= interest::bit(interest.signer);
            }
        }
        Ok(barred)
    }
}

/// Place of the sponsor in `IEnactment.Law`.
const LAW_SPONSOR: usize = 13;
/// Place of the agent in `ILegislature.Bid`.
const BID_AGENT: usize = 4;

/// Appends a signer that follows the last one.
///
/// Errors: `SignersNotAscending`.
#[inline(never)]
pub(crate) fn push_ascending(signers: &mut Vec<B256>, signer: B256) -> Result<(), Vec<u8>> {
    if let Some(previous) = signers.last()
        && *previous >= signer
    {
        return refuse(wire::SignersNotAscending::SELECTOR, &[*previous, signer]);
    }
    signers.push(signer);
    Ok(())
}

/// The first of the signers with a bit in `places`.
pub(crate) fn first_of(signers: &[B256], places: u64) -> Option<B256> {
    if places == 0 {
        return None;
    }
    signers.get(places.trailing_zeros() as usize).copied()
}

/// Refuses a signer with an interest in the matter.
///
/// Errors: `ConflictOfInterest`.
pub(crate) fn impartial(opened: &Opened, signers: &[B256], barred: u64) -> Result<(), Vec<u8>> {
    match first_of(signers, barred) {
        Some(signer) => refuse(
            wire::ConflictOfInterest::SELECTOR,
            &[signer, opened.matter()],
        ),
        None => Ok(()),
    }
}

/// `SignersMissing(have, need)`.
pub(crate) fn missing<T>(have: usize, need: u8) -> Result<T, Vec<u8>> {
    refuse(
        wire::SignersMissing::SELECTOR,
        &[output::number(have as u64), output::number(need.into())],
    )
}

//! Petitions, and the sessions that they and failed work open.

use alloc::vec::Vec;

use agentcity_abi::{IAssembly as wire, ICollaboration as collaboration, IEnactment as enactment};
use agentcity_domain::{
    machine::{ElectionState as Step, MissionState, NodeState},
    parameter::{ParameterId as P, derived},
    peer::Peer,
    signed::{Typed, legislation::PetitionSignature, widths},
};
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output::{self, amount, number},
    refuse,
    statement::{Statements, signatures},
    word::{part, set, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    election::{
        CHILD, ENROLLED, EPOCH, EXPIRES, FULL, KIND, LEGISLATIVE_EPOCH, MISSION, NODE, ORIGIN,
        PARTIAL, STATUTE,
    },
    storage::{Assembly, COUNTER, DERIVED, NAMED, PETITION, SESSION},
};

/// Most names that are relayed at once.
const NAMES_MAX: usize = 256;
/// Most bytes of a signature.
pub(crate) const SIGNATURE_MAX: usize = 2_048;

/// A petition's word: 0..5 expires, 5..9 names, 9..13 needed, 13 used.
const USED_AT: usize = 13;

impl Assembly {
    /// A number that was not given out before, and the identifier made of it.
    #[inline(never)]
    fn fresh(&mut self, kind: Kind) -> (u64, B256) {
        let key = self.key(COUNTER, number(kind.into()), B256::ZERO);
        let count = (part(self.read(key), 24, 8) as u64).saturating_add(1);
        self.write(key, number(count));
        let caller = self.caller().into_word();
        (count, self.key(kind, number(count), caller))
    }

    #[inline(never)]
    fn name(&mut self, petition: B256, principal: B256) -> Result<(), Vec<u8>> {
        let key = self.key(PETITION, petition, B256::ZERO);
        let word = self.read(key);
        if word == B256::ZERO {
            return refuse(wire::Unknown::SELECTOR, &[petition]);
        }
        let until = part(word, 0, 5) as u64;
        if self.now() > until || part(word, USED_AT, 1) != 0 {
            return refuse(wire::TooLate::SELECTOR, &[number(until)]);
        }
        self.with_voice(principal)?;
        self.once(NAMED, petition, principal)?;
        let names = part(word, 5, 4).saturating_add(1);
        self.write(key, with(word, 5, 4, names));
        self.log_words(
            &[&wire::PetitionSigned::SIGNATURE_HASH, &petition, &principal],
            &[&amount(names), &amount(part(word, 9, 4))],
        );
        Ok(())
    }

    pub(crate) fn open_petition(&mut self, input: &mut Input<'_>) -> Answer {
        let (subject, content) = (input.word()?, input.word()?);
        let principal = self.caller().into_word();
        let ids = [P::SponsorshipWindowMs as u8, P::PetitionPct as u8];
        let (_, [window, share]) = self.parameters_in_force(ids)?;
        let needed = derived::share_of(self.voters()? as u32, share as u32);
        let (_, petition) = self.fresh(PETITION);
        let expires = self.after(window);
        let word = with(with(B256::ZERO, 0, 5, expires.into()), 9, 4, needed.into());
        self.put(PETITION, &petition, 0, &word);
        self.put(PETITION, &petition, 1, &subject);
        self.log_words(
            &[&wire::PetitionOpened::SIGNATURE_HASH, &petition, &principal],
            &[&subject, &content, &number(expires)],
        );
        self.name(petition, principal)?;
        Ok(output::words(&[petition]))
    }

    pub(crate) fn sign_petition(&mut self, input: &mut Input<'_>) -> Answer {
        let petition = input.word()?;
        self.name(petition, self.caller().into_word())?;
        Ok(Vec::new())
    }

    pub(crate) fn sign_petition_for(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut names) = input.list(NAMES_MAX)?;
        let mut signatures = signatures(input, count)?;
        for _ in 0..count {
            let fields = names.fields(const { widths::<3>(PetitionSignature::OWN) })?;
            let [petition, principal, _] = fields;
            let signature = signatures.bytes(SIGNATURE_MAX)?;
            self.signed(&PetitionSignature::HASH, &fields, principal, signature)?;
            self.name(petition, principal)?;
        }
        Ok(Vec::new())
    }

    /// Opens a session in the epoch in force.
    #[inline(never)]
    fn begin(&mut self, kind: u8, origin: B256, node: u16, statute: B256) -> Answer {
        let (epoch, []) = self.parameters_in_force([])?;
        let (legislative, session) = self.fresh(SESSION);
        let mut word = B256::ZERO;
        for (field, value) in [
            (KIND, kind.into()),
            (EPOCH, epoch),
            (LEGISLATIVE_EPOCH, legislative),
            (ENROLLED, self.voters()?),
        ] {
            set(&mut word, field, value);
        }
        for (place, value) in [
            (ORIGIN, origin),
            (NODE, number(node.into())),
            (STATUTE, statute),
        ] {
            if value != B256::ZERO {
                self.put(SESSION, &session, place, &value);
            }
        }
        let step = if kind == PARTIAL {
            Step::Skipped
        } else {
            Step::Proposing
        };
        self.enter(session, word, step)?;
        let (at, bytes) = EXPIRES;
        let expires = part(self.word_at(SESSION, &session, 0), at, bytes);
        self.log_words(
            &[&wire::SessionOpened::SIGNATURE_HASH, &session],
            &[
                &number(kind.into()),
                &number(legislative),
                &number(epoch),
                &origin,
                &number(node.into()),
                &amount(expires),
            ],
        );
        Ok(output::words(&[session]))
    }

    pub(crate) fn open_session(&mut self, input: &mut Input<'_>) -> Answer {
        let petition = input.word()?;
        let key = self.key(PETITION, petition, B256::ZERO);
        let word = self.read(key);
        let (names, needed) = (part(word, 5, 4), part(word, 9, 4));
        if names < needed || needed == 0 {
            return refuse(
                wire::QuorumMissing::SELECTOR,
                &[petition, amount(names), amount(needed)],
            );
        }
        let until = part(word, 0, 5) as u64;
        if self.now() > until || part(word, USED_AT, 1) != 0 {
            return refuse(wire::TooLate::SELECTOR, &[number(until)]);
        }
        self.write(key, with(word, USED_AT, 1, 1));
        self.begin(MISSION, petition, 0, B256::ZERO)
    }

    /// A word of what collaboration answers about a mission or one of its nodes.
    #[inline(never)]
    fn work(&self, selector: [u8; 4], words: &[B256], place: usize) -> Result<B256, Vec<u8>> {
        let answer = self.ask_peer(Peer::Collaboration, selector, words)?;
        let mut answer = Input::new(&answer);
        for _ in 0..place {
            answer.word()?;
        }
        answer.word()
    }

    pub(crate) fn open_derived_session(&mut self, input: &mut Input<'_>) -> Answer {
        let (kind, mission, node) = (input.u8()?, input.word()?, input.u16()?);
        let place = [mission, number(node.into())];
        let state = match kind {
            CHILD | PARTIAL => self.work(collaboration::nodeCall::SELECTOR, &place, 0)?,
            FULL => self.work(collaboration::missionCall::SELECTOR, &place[..1], 0)?,
            _ => return Err(malformed()),
        };
        let needed = number(match kind {
            CHILD => NodeState::Eligible as u64,
            PARTIAL => NodeState::Failed as u64,
            _ => MissionState::Failed as u64,
        });
        let mut node = node;
        if kind == FULL && state == needed {
            node = 0;
        } else if state != needed {
            // A statute at fault is legislated anew although its mission has not failed yet.
            let fault = self.ask_peer(
                Peer::Enactment,
                enactment::specificationFaultCall::SELECTOR,
                &place,
            )?;
            if kind != FULL || !Input::new(&fault).bool()? {
                return refuse(wire::Mismatch::SELECTOR, &[mission, needed, state]);
            }
        }
        let mut statute = B256::ZERO;
        let mut attempt = B256::ZERO;
        if kind == PARTIAL {
            attempt = self.work(collaboration::nodeCall::SELECTOR, &place, 1)?;
            let session = self.work(collaboration::missionCall::SELECTOR, &place[..1], 3)?;
            let law = self.ask_peer(Peer::Enactment, enactment::lawOfCall::SELECTOR, &[session])?;
            let mut law = Input::new(&law);
            let (_approved, _audited, _kind) = (law.word()?, law.word()?, law.word()?);
            statute = law.word()?;
        }
        // One session for a node's attempt, or for a mission: what fails is not opened a second time.
        let mark = with(with(attempt, 0, 1, kind.into()), 1, 2, node.into());
        self.once(DERIVED, mission, mark)?;
        self.begin(kind, mission, node, statute)
    }

    pub(crate) fn expire_petition(&mut self, input: &mut Input<'_>) -> Answer {
        let petition = input.word()?;
        let key = self.key(PETITION, petition, B256::ZERO);
        let word = self.read(key);
        if word == B256::ZERO {
            return refuse(wire::Unknown::SELECTOR, &[petition]);
        }
        let until = part(word, 0, 5) as u64;
        if self.now() <= until {
            return refuse(wire::TooEarly::SELECTOR, &[number(until)]);
        }
        if part(word, USED_AT, 1) != 0 {
            return refuse(wire::TooLate::SELECTOR, &[number(until)]);
        }
        self.write(key, with(word, USED_AT, 1, 2));
        self.log_words(
            &[&wire::PetitionExpired::SIGNATURE_HASH, &petition],
            &[&amount(part(word, 5, 4)), &amount(part(word, 9, 4))],
        );
        Ok(Vec::new())
    }

    pub(crate) fn petition(&mut self, input: &mut Input<'_>) -> Answer {
        let petition = input.word()?;
        let word = self.word_at(PETITION, &petition, 0);
        let subject = self.word_at(PETITION, &petition, 1);
        Ok(output::words(&[
            subject,
            amount(part(word, 5, 4)),
            amount(part(word, 9, 4)),
            amount(part(word, 0, 5)),
            output::truth(part(word, USED_AT, 1) == 1),
        ]))
    }
}

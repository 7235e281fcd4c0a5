//! Petitions, and whose voice counts.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, IAssembly as wire};
use agentcity_domain::{
    legislation::{petition::Petition, voice::Voice},
    parameter::ParameterId as P,
    peer::Peer,
    signed::{Typed, legislation::PetitionSignature, widths},
};
use agentcity_shell::{
    malformed,
    member::Member,
    reader::Reader,
    sign::SIGNATURE_BYTES_MAX,
    statement::Statements,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::storage::{Assembly, Become, NAMED, PETITION, Said, done, end};

/// Most statements that are relayed at once.
const BATCH_MAX: usize = 256;

/// Place of a petition's subject.
const SUBJECT: u64 = 1;

/// What one statement of a batch does, by its fields; `u64` is the age that a voice must have.
pub(crate) type Act<const N: usize> = fn(&mut Assembly, &[B256; N], u64) -> Said;

impl Assembly {
    /// Voters: enrolled, unbanned principals with a producer.
    #[inline(never)]
    pub(crate) fn voters(&self) -> Said<u32> {
        let answer = self.ask(Peer::Agent, &Words::after(agents::voterCountCall::SELECTOR))?;
        let mut answer = Reader::new(&answer);
        let voters = answer.u32();
        end(&answer)?;
        Ok(voters)
    }

    /// How long a principal must be enrolled to have a voice.
    #[inline(never)]
    pub(crate) fn age(&self) -> Said<u64> {
        let [age] = self.live([P::PrincipalAgeSecs as u8])?;
        Ok(age)
    }

    /// Refuses a principal without a voice.
    ///
    /// Errors: `PrincipalRefused`.
    #[inline(never)]
    pub(crate) fn hear(&self, principal: &B256, age: u64) -> Said {
        let mut call = Words::after(agents::principalRecordCall::SELECTOR);
        let answer = self.ask(Peer::Agent, call.word(principal))?;
        let mut record = Reader::new(&answer);
        record.skip(3);
        let producers = record.u16();
        record.skip(2);
        let voice = Voice {
            producers,
            enrolled_at: record.seconds(),
            leaves_at: record.seconds(),
            frozen_until: record.seconds(),
            appeal_until: record.seconds(),
        };
        end(&record)?;
        match voice.bar(age, self.now()) {
            None => Ok(()),
            Some(bar) => Words::after(wire::PrincipalRefused::SELECTOR)
                .word(principal)
                .number(bar as u64)
                .no(),
        }
    }

    /// Takes a batch of statements that principals signed, each as if its signer had called.
    ///
    /// Errors: `MalformedCall`, `DeadlinePassed`, `InvalidSignature`, and those of the act.
    pub(crate) fn relay<const N: usize>(
        &mut self,
        input: &mut Reader<'_>,
        type_hash: &B256,
        widths: [u8; N],
        act: Act<N>,
    ) -> Said {
        let age = self.age()?;
        let (count, mut statements) = input.list(BATCH_MAX);
        let (signed, mut signatures) = input.list(BATCH_MAX);
        if signed != count {
            return Err(malformed().into());
        }
        for _ in 0..count {
            let fields = statements.fields(widths);
            let signature = signatures.bytes(SIGNATURE_BYTES_MAX);
            end(&statements)?;
            end(&signatures)?;
            self.signed(type_hash, &fields, fields[1], signature)?;
            act(self, &fields, age)?;
        }
        Ok(())
    }

    /// A name under a petition; whether it was not there before.
    ///
    /// Errors: `Unknown`, `TooLate`, `PrincipalRefused`.
    /// Events: `PetitionSigned`.
    #[inline(never)]
    fn name(&mut self, id: &B256, principal: &B256, age: u64) -> Said<bool> {
        let mut petition = Petition(self.entry(PETITION, id, 0));
        self.ok(id, petition.sign(self.now()))?;
        if !self.mark(NAMED, id, principal) {
            return Ok(false);
        }
        self.hear(principal, age)?;
        self.set_entry(PETITION, id, 0, &petition.0);
        self.log(
            topic!(wire::PetitionSigned::SIGNATURE_HASH)
                .word(id)
                .word(principal)
                .number(petition.names().into())
                .number(petition.needed().into()),
            3,
        );
        Ok(true)
    }

    pub(crate) fn open_petition(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (subject, content) = (&input.word(), &input.word());
        let ids = [P::SponsorshipWindowMs, P::PetitionPct, P::PrincipalAgeSecs];
        let [window, share, age] = self.live(ids.map(|id| id as u8))?;
        let expires = self.now().saturating_add(window.div_ceil(1_000));
        let petition = Petition::open(self.voters()?, share as u32, expires);
        let id = self.fresh();
        self.set_entry(PETITION, &id, 0, &petition.0);
        self.set_entry(PETITION, &id, SUBJECT, subject);
        let principal = self.caller().into_word();
        self.log(
            topic!(wire::PetitionOpened::SIGNATURE_HASH)
                .word(&id)
                .word(&principal)
                .word(subject)
                .word(content)
                .number(expires),
            3,
        );
        self.name(&id, &principal, age)?;
        Words::new().word(&id).reply()
    }

    pub(crate) fn sign_petition(&mut self, input: &mut Reader<'_>) -> Said {
        let (id, principal) = (&input.word(), &self.caller().into_word());
        let age = self.age()?;
        if self.name(id, principal, age)? {
            return Ok(());
        }
        done(id, principal)
    }

    pub(crate) fn sign_petition_for(&mut self, input: &mut Reader<'_>) -> Said {
        let hash = &agentcity_domain::literal!(PetitionSignature::HASH);
        let widths = const { widths::<3>(PetitionSignature::OWN) };
        self.relay(input, hash, widths, |own, [petition, principal, _], age| {
            own.name(petition, principal, age)?;
            Ok(())
        })
    }

    /// Ends a petition that has enough names; it opens a session.
    ///
    /// Errors: `Unknown`, `TooLate`, `QuorumMissing`.
    #[inline(never)]
    pub(crate) fn succeed(&mut self, id: &B256) -> Said {
        let mut petition = Petition(self.entry(PETITION, id, 0));
        self.ok(id, petition.succeed(self.now()))?;
        self.set_entry(PETITION, id, 0, &petition.0);
        Ok(())
    }

    pub(crate) fn expire_petition(&mut self, input: &mut Reader<'_>) -> Said {
        let id = &input.word();
        let mut petition = Petition(self.entry(PETITION, id, 0));
        self.ok(id, petition.expire(self.now()))?;
        self.set_entry(PETITION, id, 0, &petition.0);
        self.log(
            topic!(wire::PetitionExpired::SIGNATURE_HASH)
                .word(id)
                .number(petition.names().into())
                .number(petition.needed().into()),
            2,
        );
        Ok(())
    }

    pub(crate) fn petition(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let id = &input.word();
        let petition = Petition(self.entry(PETITION, id, 0));
        Words::new()
            .word(&self.entry(PETITION, id, SUBJECT))
            .number(petition.names().into())
            .number(petition.needed().into())
            .number(petition.expires())
            .truth(petition.has_opened())
            .reply()
    }
}

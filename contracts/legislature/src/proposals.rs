//! Petitions, sessions, proposals, deliberation.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, ILegislature as wire, IManagement as management};
use agentcity_domain::peer::Peer;
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output, peer, refuse, sign,
    word::{part, with},
};
use alloy_primitives::{Address, B256, b256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Legislature;

/// Session: 0 state, 1 step, 2 kind, 3..8 expires, 8..12 enrolled, 12..16 commits, 16..20 reveals, 20 proposals,
/// 21 reproposals, 22 retries, 23..27 bids, 27..31 epoch.
pub(crate) const SESSION: Kind = 1;
pub(crate) const PROPOSAL: Kind = 2;
const PETITION: Kind = 3;
const NAME: Kind = 4;
const COUNTER: Kind = 5;
pub(crate) const VOTER: Kind = 6;

const PETITION_TYPE: B256 =
    b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e01");
const SPONSOR_TYPE: B256 =
    b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e02");
const EVIDENCE_TYPE: B256 =
    b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e03");
const STRAW_TYPE: B256 =
    b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e04");
const STATEMENT_TYPE: B256 =
    b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e05");

impl Legislature {
    #[inline(never)]
    pub(crate) fn session_key(&self, session: B256, place: u64) -> B256 {
        self.key(SESSION, session, output::number(place))
    }

    #[inline(never)]
    pub(crate) fn session_in(&self, session: B256, states: u16) -> Result<(B256, B256), Vec<u8>> {
        let key = self.session_key(session, 0);
        let word = self.read(key);
        let state = part(word, 0, 1) as u64;
        if state == 0 {
            return refuse(wire::Unknown::SELECTOR, &[session]);
        }
        if states & 1 << state == 0 {
            return refuse(
                wire::WrongSessionState::SELECTOR,
                &[session, output::number(state)],
            );
        }
        Ok((key, word))
    }

    #[inline(never)]
    pub(crate) fn at_step(&self, session: B256, steps: u16) -> Result<(B256, B256), Vec<u8>> {
        let (key, word) = self.session_in(session, 1 << 1)?;
        let step = part(word, 1, 1) as u64;
        if steps & 1 << step == 0 {
            return refuse(wire::WrongStep::SELECTOR, &[session, output::number(step)]);
        }
        Ok((key, word))
    }

    #[inline(never)]
    pub(crate) fn go(
        &mut self,
        session: B256,
        word: B256,
        to: u8,
        window: u8,
    ) -> Result<(), Vec<u8>> {
        let [millis] = self.parameters(0, [window])?;
        let expires = self.now() + millis.div_ceil(1_000);
        let from = part(word, 0, 1) as u64;
        self.write(
            self.session_key(session, 0),
            with(with(word, 0, 1, to.into()), 3, 5, expires.into()),
        );
        self.emit(
            &[wire::SessionStateChanged::SIGNATURE_HASH, session],
            &[
                output::number(from),
                output::number(to.into()),
                output::number(expires),
            ],
        );
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn step(
        &mut self,
        session: B256,
        word: B256,
        to: u8,
        window: u8,
    ) -> Result<(), Vec<u8>> {
        let [millis] = self.parameters(0, [window])?;
        let expires = self.now() + millis.div_ceil(1_000);
        self.write(
            self.session_key(session, 0),
            with(with(word, 1, 1, to.into()), 3, 5, expires.into()),
        );
        self.emit(
            &[wire::DeliberationChanged::SIGNATURE_HASH, session],
            &[output::number(to.into()), output::number(expires)],
        );
        Ok(())
    }

    /// Checks one struct's signature by a named signer. `fields` follow the type hash.
    #[inline(never)]
    pub(crate) fn signed(
        &self,
        fields: &[B256],
        signer: B256,
        deadline: u64,
        signature: &[u8],
    ) -> Result<B256, Vec<u8>> {
        if self.now() > deadline {
            return refuse(wire::DeadlinePassed::SELECTOR, &[output::number(deadline)]);
        }
        let digest = sign::digest(self.vm(), fields);
        sign::require(self.vm(), Address::from_word(signer), digest, signature)?;
        Ok(digest)
    }

    /// The clerk that signed, charged for the operation.
    #[inline(never)]
    pub(crate) fn clerk(
        &mut self,
        fields: &[B256],
        operation: u64,
        session: B256,
        signature: &[u8],
    ) -> Result<B256, Vec<u8>> {
        let deadline = part(fields.last().copied().unwrap_or_default(), 24, 8) as u64;
        if self.now() > deadline {
            return refuse(wire::DeadlinePassed::SELECTOR, &[output::number(deadline)]);
        }
        let digest = sign::digest(self.vm(), fields);
        let used = self.key(30, digest, B256::ZERO);
        if self.read(used) != B256::ZERO {
            return refuse(wire::AlreadyUsed::SELECTOR, &[digest]);
        }
        self.write(used, output::number(1));
        let clerk = sign::recover(self.vm(), digest, signature).ok_or_else(malformed)?;
        self.tell_peer(
            Peer::Management,
            management::validateOperationCall::SELECTOR,
            &[clerk.into_word(), output::number(operation), session],
        )?;
        Ok(clerk.into_word())
    }

    #[inline(never)]
    pub(crate) fn eligible(&self, principal: B256, purpose: u64) -> Result<(), Vec<u8>> {
        let answer = self.ask_peer(
            Peer::Agent,
            agents::isEligibleCall::SELECTOR,
            &[principal, output::number(purpose)],
        )?;
        let mut answer = Input::new(&answer);
        if !answer.bool()? {
            return refuse(
                wire::PrincipalRefused::SELECTOR,
                &[principal, answer.word()?],
            );
        }
        Ok(())
    }

    /// Marks that somebody did something once.
    #[inline(never)]
    pub(crate) fn once(&mut self, kind: Kind, of: B256, who: B256) -> Result<(), Vec<u8>> {
        let key = self.key(kind, of, who);
        if self.read(key) != B256::ZERO {
            return refuse(wire::AlreadyDone::SELECTOR, &[of, who]);
        }
        self.write(key, output::number(1));
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn fresh(&mut self, kind: Kind) -> B256 {
        let key = self.key(COUNTER, output::number(kind.into()), B256::ZERO);
        let count = part(self.read(key), 24, 8) as u64 + 1;
        self.write(key, output::number(count));
        self.key(kind, output::number(count), self.caller().into_word())
    }

    pub(crate) fn fields<const N: usize>(input: &mut Input<'_>) -> Result<[B256; N], Vec<u8>> {
        let mut words = [B256::ZERO; N];
        for word in &mut words {
            *word = input.word()?;
        }
        Ok(words)
    }

    fn voters(&self) -> Result<u64, Vec<u8>> {
        let answer = self.ask_peer(Peer::Agent, agents::voterCountCall::SELECTOR, &[])?;
        Input::new(&answer).u64()
    }

    #[inline(never)]
    fn name(&mut self, petition: B256, principal: B256) -> Result<(), Vec<u8>> {
        let key = self.key(PETITION, petition, B256::ZERO);
        let word = self.read(key);
        if word == B256::ZERO {
            return refuse(wire::Unknown::SELECTOR, &[petition]);
        }
        let expires = part(word, 0, 5) as u64;
        if self.now() > expires {
            return refuse(wire::TooLate::SELECTOR, &[output::number(expires)]);
        }
        self.eligible(principal, 1)?;
        self.once(NAME, petition, principal)?;
        let names = part(word, 5, 4) + 1;
        self.write(key, with(word, 5, 4, names));
        self.emit(
            &[wire::PetitionSigned::SIGNATURE_HASH, petition, principal],
            &[output::amount(names), output::amount(part(word, 9, 4))],
        );
        Ok(())
    }

    pub(crate) fn open_petition(&mut self, input: &mut Input<'_>) -> Answer {
        let (subject, content) = (input.word()?, input.word()?);
        let principal = self.caller().into_word();
        let petition = self.fresh(PETITION);
        let [window, percent] = self.parameters(0, [60, 61])?;
        let needed = (self.voters()? * percent).div_ceil(100);
        let expires = self.now() + window.div_ceil(1_000);
        let word = with(with(B256::ZERO, 0, 5, expires.into()), 9, 4, needed.into());
        self.write(self.key(PETITION, petition, B256::ZERO), word);
        self.write(self.key(PETITION, petition, output::number(1)), subject);
        self.emit(
            &[wire::PetitionOpened::SIGNATURE_HASH, petition, principal],
            &[subject, content, output::number(expires)],
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
        let (count, mut names) = input.list(256)?;
        let (_, mut signatures) = input.list(256)?;
        for _ in 0..count {
            let [petition, principal, deadline] = Self::fields(&mut names)?;
            let fields = [PETITION_TYPE, petition, principal, deadline];
            self.signed(
                &fields,
                principal,
                part(deadline, 24, 8) as u64,
                signatures.bytes(2_048)?,
            )?;
            self.name(petition, principal)?;
        }
        Ok(Vec::new())
    }

    #[inline(never)]
    fn begin(&mut self, kind: u8, origin: B256, node: u16, step: u8) -> Result<B256, Vec<u8>> {
        let session = self.fresh(SESSION);
        let answer = peer::ask(
            self.vm(),
            self.constitution_address(),
            &agentcity_abi::IConstitution::epochCall::SELECTOR,
        )?;
        let epoch = Input::new(&answer).u64()?;
        let [window] = self.parameters(epoch, [62])?;
        let expires = self.now() + window.div_ceil(1_000);
        let mut word = with(with(B256::ZERO, 0, 1, 1), 1, 1, step.into());
        word = with(with(word, 2, 1, kind.into()), 3, 5, expires.into());
        word = with(with(word, 8, 4, self.voters()?.into()), 27, 4, epoch.into());
        self.write(self.session_key(session, 0), word);
        self.write(self.session_key(session, 1), origin);
        self.write(self.session_key(session, 2), output::number(node.into()));
        self.emit(
            &[wire::SessionOpened::SIGNATURE_HASH, session],
            &[
                output::number(kind.into()),
                output::number(1),
                output::number(epoch),
                origin,
                output::number(node.into()),
                output::number(expires),
            ],
        );
        self.step(session, word, step, 62)?;
        Ok(session)
    }

    pub(crate) fn open_session(&mut self, input: &mut Input<'_>) -> Answer {
        let petition = input.word()?;
        let key = self.key(PETITION, petition, B256::ZERO);
        let word = self.read(key);
        let (names, needed) = (part(word, 5, 4), part(word, 9, 4));
        if names < needed || needed == 0 || part(word, 13, 1) != 0 {
            return refuse(
                wire::QuorumMissing::SELECTOR,
                &[petition, output::amount(names), output::amount(needed)],
            );
        }
        self.write(key, with(word, 13, 1, 1));
        Ok(output::words(&[self.begin(1, petition, 0, 1)?]))
    }

    pub(crate) fn open_derived_session(&mut self, input: &mut Input<'_>) -> Answer {
        let (kind, mission, node) = (input.u8()?, input.word()?, input.u16()?);
        let answer = self.ask_peer(
            Peer::Collaboration,
            agentcity_abi::ICollaboration::nodeCall::SELECTOR,
            &[mission, output::number(node.into())],
        )?;
        let state = Input::new(&answer).u8()?;
        let needed = match kind {
            2 => 2,
            3 | 4 => 7,
            _ => return Err(malformed()),
        };
        if state != needed {
            return refuse(
                wire::Mismatch::SELECTOR,
                &[
                    mission,
                    output::number(needed.into()),
                    output::number(state.into()),
                ],
            );
        }
        self.once(
            31,
            mission,
            output::number(u64::from(node) << 8 | u64::from(kind)),
        )?;
        Ok(output::words(&[self.begin(
            kind,
            mission,
            node,
            if kind == 3 { 8 } else { 1 },
        )?]))
    }

    pub(crate) fn propose(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, statute) = (input.word()?, input.word()?);
        let (content, amends) = (input.word()?, input.word()?);
        let (key, word) = self.at_step(session, 1 << 1)?;
        let proposer = self.caller().into_word();
        self.eligible(proposer, 4)?;
        let index = part(word, 20, 1) as u64;
        if index >= 16 {
            return refuse(wire::TooMany::SELECTOR, &[session, output::number(16)]);
        }
        if amends != B256::ZERO {
            if self.read(self.key(PROPOSAL, amends, output::number(1))) == statute {
                return refuse(wire::NotAmended::SELECTOR, &[amends]);
            }
            self.once(32, amends, B256::ZERO)?;
        }
        let proposal = self.key(PROPOSAL, session, output::number(index + 100));
        self.write(
            self.key(PROPOSAL, proposal, B256::ZERO),
            with(proposer, 0, 1, index.into()),
        );
        self.write(self.key(PROPOSAL, proposal, output::number(1)), statute);
        self.write(self.key(PROPOSAL, proposal, output::number(2)), session);
        self.write(
            self.key(PROPOSAL, session, output::number(index + 300)),
            proposal,
        );
        self.write(key, with(word, 20, 1, (index + 1).into()));
        self.emit(
            &[wire::Proposed::SIGNATURE_HASH, session, proposal, proposer],
            &[statute, content, amends],
        );
        Ok(output::words(&[proposal]))
    }

    #[inline(never)]
    fn sponsor_as(&mut self, proposal: B256, principal: B256) -> Result<(), Vec<u8>> {
        let key = self.key(PROPOSAL, proposal, B256::ZERO);
        let word = self.read(key);
        if word == B256::ZERO {
            return refuse(wire::Unknown::SELECTOR, &[proposal]);
        }
        self.at_step(
            self.read(self.key(PROPOSAL, proposal, output::number(2))),
            0b110,
        )?;
        self.eligible(principal, 5)?;
        self.once(33, proposal, principal)?;
        let [needed] = self.parameters(0, [63])?;
        let sponsors = part(word, 1, 4) + 1;
        let ready = u128::from(sponsors >= u128::from(needed));
        self.write(key, with(with(word, 1, 4, sponsors), 5, 1, ready));
        self.emit(
            &[wire::Sponsored::SIGNATURE_HASH, proposal, principal],
            &[output::amount(sponsors), output::number(needed)],
        );
        Ok(())
    }

    pub(crate) fn sponsor(&mut self, input: &mut Input<'_>) -> Answer {
        let proposal = input.word()?;
        self.sponsor_as(proposal, self.caller().into_word())?;
        Ok(Vec::new())
    }

    pub(crate) fn sponsor_for(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut names) = input.list(64)?;
        let (_, mut signatures) = input.list(64)?;
        for _ in 0..count {
            let [proposal, principal, deadline] = Self::fields(&mut names)?;
            let fields = [SPONSOR_TYPE, proposal, principal, deadline];
            self.signed(
                &fields,
                principal,
                part(deadline, 24, 8) as u64,
                signatures.bytes(2_048)?,
            )?;
            self.sponsor_as(proposal, principal)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn record_evidence(&mut self, input: &mut Input<'_>) -> Answer {
        let [session, evidence, content, deadline] = Self::fields(input)?;
        let signature = input.bytes(2_048)?;
        let (_, word) = self.at_step(session, 1 << 1)?;
        let clerk = self.clerk(
            &[EVIDENCE_TYPE, session, evidence, content, deadline],
            9,
            session,
            signature,
        )?;
        self.emit(
            &[wire::EvidenceRecorded::SIGNATURE_HASH, session, clerk],
            &[evidence, content],
        );
        self.step(session, word, 2, 64)?;
        Ok(Vec::new())
    }

    pub(crate) fn straw_vote(&mut self, input: &mut Input<'_>) -> Answer {
        let [session, principal, proposal, deadline] = Self::fields(input)?;
        let signature = input.bytes(2_048)?;
        self.at_step(session, 1 << 2)?;
        let digest = self.signed(
            &[STRAW_TYPE, session, principal, proposal, deadline],
            principal,
            part(deadline, 24, 8) as u64,
            signature,
        )?;
        self.eligible(principal, 1)?;
        self.once(34, session, principal)?;
        let seed_key = self.session_key(session, 5);
        let seed = self
            .vm()
            .native_keccak256(&output::words(&[self.read(seed_key), digest]));
        self.write(seed_key, seed);
        let count_key = self.session_key(session, 6);
        let count = part(self.read(count_key), 24, 8) as u64;
        self.write(self.key(VOTER, session, output::number(count)), principal);
        self.write(count_key, output::number(count + 1));
        self.emit(
            &[wire::StrawVoted::SIGNATURE_HASH, session, principal],
            &[proposal],
        );
        Ok(Vec::new())
    }

    pub(crate) fn draw_speaking_order(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        self.at_step(session, 1 << 2)?;
        self.once(35, session, B256::ZERO)?;
        let seed = self.read(self.session_key(session, 5));
        let count = (part(self.read(self.session_key(session, 6)), 24, 8) as usize).min(64);
        let mut order: Vec<B256> = (0..count as u64)
            .map(|place| self.read(self.key(VOTER, session, output::number(place))))
            .collect();
        let mut random = seed;
        for place in (1..count).rev() {
            random = self.vm().native_keccak256(random.as_slice());
            let other = part(random, 24, 8) as usize % (place + 1);
            order.swap(place, other);
        }
        for (place, speaker) in order.iter().enumerate() {
            self.write(
                self.key(VOTER, session, output::number(place as u64)),
                *speaker,
            );
        }
        let hash = self.vm().native_keccak256(&output::words(&order));
        self.emit(
            &[wire::SpeakingOrderDrawn::SIGNATURE_HASH, session],
            &[seed, output::number(count as u64), hash],
        );
        Ok(Vec::new())
    }

    pub(crate) fn speak(&mut self, input: &mut Input<'_>) -> Answer {
        let [session, round, principal, statement, reasons, deadline] = Self::fields(input)?;
        let signature = input.bytes(2_048)?;
        let (_, word) = self.at_step(session, 1 << 2)?;
        self.signed(
            &[
                STATEMENT_TYPE,
                session,
                round,
                principal,
                statement,
                reasons,
                deadline,
            ],
            principal,
            part(deadline, 24, 8) as u64,
            signature,
        )?;
        let key = self.session_key(session, 7);
        let turn = self.read(key);
        let [turn_millis, rounds] = self.parameters(0, [65, 66])?;
        let since = part(turn, 0, 5) as u64;
        let skipped = (self.now() - since.min(self.now())) / turn_millis.div_ceil(1_000).max(1);
        let place = part(turn, 5, 4) as u64 + skipped;
        let expected = self.read(self.key(VOTER, session, output::number(place)));
        if expected != principal || part(round, 31, 1) > u128::from(rounds) {
            return refuse(wire::OutOfTurn::SELECTOR, &[expected, principal]);
        }
        self.write(
            key,
            with(
                with(turn, 0, 5, self.now().into()),
                5,
                4,
                u128::from(place + 1),
            ),
        );
        self.emit(
            &[wire::Spoke::SIGNATURE_HASH, session, principal],
            &[round, statement, reasons],
        );
        let last = part(self.read(self.session_key(session, 6)), 24, 8) as u64;
        if place + 1 >= last && part(round, 31, 1) == u128::from(rounds) {
            self.step(session, word, 3, 67)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn record_minority(&mut self, input: &mut Input<'_>) -> Answer {
        let (proposal, position) = (input.word()?, input.word()?);
        let principal = self.caller().into_word();
        self.eligible(principal, 1)?;
        self.once(36, proposal, principal)?;
        self.emit(
            &[wire::MinorityRecorded::SIGNATURE_HASH, proposal, principal],
            &[position],
        );
        Ok(Vec::new())
    }

    pub(crate) fn expire_petition(&mut self, input: &mut Input<'_>) -> Answer {
        let petition = input.word()?;
        let key = self.key(PETITION, petition, B256::ZERO);
        let word = self.read(key);
        let expires = part(word, 0, 5) as u64;
        if self.now() <= expires {
            return refuse(wire::TooEarly::SELECTOR, &[output::number(expires)]);
        }
        self.write(key, with(word, 13, 1, 1));
        self.emit(
            &[wire::PetitionExpired::SIGNATURE_HASH, petition],
            &[
                output::amount(part(word, 5, 4)),
                output::amount(part(word, 9, 4)),
            ],
        );
        Ok(Vec::new())
    }

    pub(crate) fn petition(&mut self, input: &mut Input<'_>) -> Answer {
        let petition = input.word()?;
        let word = self.read(self.key(PETITION, petition, B256::ZERO));
        let subject = self.read(self.key(PETITION, petition, output::number(1)));
        Ok(output::words(&[
            subject,
            output::amount(part(word, 5, 4)),
            output::amount(part(word, 9, 4)),
            output::amount(part(word, 0, 5)),
            output::amount(part(word, 13, 1)),
        ]))
    }
}

//! From codification to law: the last two messages, templates, exits.

use alloc::vec::Vec;

use agentcity_abi::{
    IAgent as agents, ICollaboration as collaboration, ILegislature as wire, ITreasury as treasury,
};
use agentcity_domain::peer::Peer;
use agentcity_shell::{
    Answer, Input, malformed,
    member::Member,
    output, refuse,
    word::{part, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::messages::*;
use crate::storage::Legislature;

impl Legislature {
    pub(crate) fn codify(&mut self, input: &mut Input<'_>) -> Answer {
        let message = Self::fields::<6>(input)?;
        let signature = input.bytes(2_048)?;
        let [session, statute, assignments, template, version, _] = message;
        self.session_in(session, 1 << 6)?;
        let expected = self.read(self.session_key(session, 12));
        if expected != statute || self.read(self.session_key(session, 21)) != assignments {
            return refuse(wire::Mismatch::SELECTOR, &[session, expected, statute]);
        }
        if self.read(self.key(TEMPLATE, template, version)) == B256::ZERO {
            return refuse(wire::Unknown::SELECTOR, &[template]);
        }
        let clerk = self.clerk(&typed::<6, 7>(CODED, &message), 6, session, signature)?;
        self.write(
            self.session_key(session, 22),
            self.key(TEMPLATE, template, version),
        );
        self.emit(
            &[wire::Codified::SIGNATURE_HASH, session, clerk],
            &message[1..5],
        );
        Ok(Vec::new())
    }

    pub(crate) fn validate(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let (count, mut pages) = input.list(4)?;
        let (key, word) = self.session_in(session, 1 << 6)?;
        let bounds = self.parameters(0, [1, 2, 3, 4, 5, 88])?;
        let template = self.read(self.read(self.session_key(session, 22)));
        let progress_key = self.session_key(session, 23);
        let progress = self.read(progress_key);
        let mut node = part(progress, 0, 2) as u16;
        let total = part(self.read(self.session_key(session, 15)), 30, 2) as u16;
        let mut hash = self.read(self.session_key(session, 24));
        for _ in 0..count {
            let page = pages.bytes(24_575)?;
            for law in page.chunks_exact(NODE_BYTES) {
                let rest = B256::from_slice(law.get(32..).ok_or_else(malformed)?);
                let (tier, timeout) = (part(rest, 0, 1) >> 4, part(rest, 3, 4) as u64);
                let (risk, k, t) = (
                    part(rest, 0, 1) & 15,
                    part(rest, 1, 1) >> 4,
                    part(rest, 1, 1) & 15,
                );
                let rule = match tier {
                    1 if timeout < bounds[0] || timeout > bounds[1] => 1,
                    2 if !(2..=7).contains(&k) || t <= k / 2 || t > k => 2,
                    3 if timeout < bounds[2] || timeout > bounds[3] || risk < 2 => 3,
                    1..=3
                        if part(template, 2, 1) & 1 << tier == 0 || risk > part(template, 3, 1) =>
                    {
                        4
                    }
                    1..=3 if part(rest, 7, 12) == 0 || part(rest, 21, 4) as u64 > bounds[4] => 5,
                    1..=3 => 0,
                    _ => 6,
                };
                if rule != 0 {
                    let retries = part(word, 22, 1) + 1;
                    self.write(key, with(word, 22, 1, retries));
                    self.emit(
                        &[
                            wire::ValidationFailed::SIGNATURE_HASH,
                            session,
                            output::number(node.into()),
                        ],
                        &[output::number(rule), output::amount(retries)],
                    );
                    if retries > u128::from(bounds[5]) {
                        self.go(session, word, 9, 87)?;
                    }
                    return Ok(Vec::new());
                }
                node += 1;
            }
            let page_hash = self.vm().native_keccak256(page);
            hash = self
                .vm()
                .native_keccak256(&output::words(&[hash, page_hash]));
        }
        self.write(progress_key, with(progress, 0, 2, node.into()));
        self.write(self.session_key(session, 24), hash);
        self.emit(
            &[wire::ValidationAdvanced::SIGNATURE_HASH, session],
            &[output::number(node.into()), output::number(total.into())],
        );
        if node == total {
            let expected = self.read(self.session_key(session, 12));
            if hash != expected {
                return refuse(wire::Mismatch::SELECTOR, &[session, expected, hash]);
            }
            self.go(session, word, 7, 89)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn approve(&mut self, input: &mut Input<'_>) -> Answer {
        let message = Self::fields::<6>(input)?;
        let signature = input.bytes(2_048)?;
        let [session, statute, assignments, epoch, role, _] = message;
        let (_, word) = self.session_in(session, 1 << 7)?;
        let expected = self.read(self.session_key(session, 12));
        if expected != statute || self.read(self.session_key(session, 21)) != assignments {
            return refuse(wire::Mismatch::SELECTOR, &[session, expected, statute]);
        }
        let clerk = self.clerk(&typed::<6, 7>(APPROVAL, &message), 7, session, signature)?;
        let principal = self.ask_peer(Peer::Agent, agents::principalOfCall::SELECTOR, &[clerk])?;
        let principal = Input::new(&principal).word()?;
        let key = self.session_key(session, 25);
        let before = self.read(key);
        if before == principal {
            return refuse(wire::AlreadyDone::SELECTOR, &[session, principal]);
        }
        self.write(key, principal);
        self.emit(
            &[wire::Approved::SIGNATURE_HASH, session, clerk],
            &[role, statute],
        );
        if before != B256::ZERO {
            self.emit(
                &[wire::LawEnacted::SIGNATURE_HASH, session],
                &[statute, assignments, epoch],
            );
            self.go(session, word, 8, 89)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn audit_codification(&mut self, input: &mut Input<'_>) -> Answer {
        let [session, statute] = Self::fields(input)?;
        self.only(&[Peer::Adjudication])?;
        self.session_in(session, 0b1_1000_0000)?;
        let expected = self.read(self.session_key(session, 12));
        if expected != statute {
            return refuse(wire::Mismatch::SELECTOR, &[session, expected, statute]);
        }
        self.write(self.session_key(session, 26), output::number(1));
        self.emit(
            &[wire::CodificationAudited::SIGNATURE_HASH, session],
            &[statute],
        );
        Ok(Vec::new())
    }

    pub(crate) fn apply_reassignment(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let (_, word) = self.session_in(session, 1 << 8)?;
        let (mission, node) = (
            self.read(self.session_key(session, 1)),
            self.read(self.session_key(session, 2)),
        );
        let award = self.read(self.key(
            AWARD,
            session,
            output::number((part(node, 30, 2) as u64) << 8),
        ));
        let place = self.key(BID, session, output::number(part(award, 24, 6) as u64));
        let mut words = Vec::with_capacity(9);
        words.extend_from_slice(&[
            mission,
            node,
            output::number(96),
            output::number(1),
            with(self.read(place), 0, 12, 0),
        ]);
        for part in [2, 1, 3] {
            words.push(self.read(self.key(BID, place, output::number(part))));
        }
        self.tell_peer(
            Peer::Collaboration,
            collaboration::reassignNodeCall::SELECTOR,
            &words,
        )?;
        self.go(session, word, 8, 89)?;
        Ok(Vec::new())
    }

    pub(crate) fn declare_specification_fault(&mut self, input: &mut Input<'_>) -> Answer {
        let [mission, node, attempt] = Self::fields(input)?;
        self.only(&[Peer::Adjudication])?;
        self.once(41, mission, node)?;
        self.emit(
            &[wire::SpecificationFaulted::SIGNATURE_HASH, mission, node],
            &[attempt],
        );
        Ok(Vec::new())
    }

    pub(crate) fn publish_template(&mut self, input: &mut Input<'_>) -> Answer {
        let message = Self::fields::<8>(input)?;
        let signature = input.bytes(2_048)?;
        let [id, version, schema, nodes, tiers, risk, predicates, _] = message;
        self.clerk(&typed::<8, 9>(VERSION, &message), 8, id, signature)?;
        self.once(42, id, version)?;
        let mut word = with(B256::ZERO, 0, 2, part(nodes, 30, 2));
        word = with(
            with(word, 2, 1, part(tiers, 31, 1)),
            3,
            1,
            part(risk, 31, 1),
        );
        let key = self.key(TEMPLATE, id, version);
        self.write(key, with(word, 4, 1, part(predicates, 31, 1)));
        self.write(self.key(TEMPLATE, key, B256::ZERO), schema);
        self.emit(
            &[wire::TemplatePublished::SIGNATURE_HASH, id, version],
            &[schema],
        );
        Ok(Vec::new())
    }

    pub(crate) fn expire_session(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let (_, word) = self.session_in(session, 0b1111_1110)?;
        let expires = part(word, 3, 5) as u64;
        if self.now() <= expires {
            return refuse(wire::TooEarly::SELECTOR, &[output::number(expires)]);
        }
        match (part(word, 0, 1), part(word, 1, 1)) {
            (1, step @ 2..=4) => self.step(session, word, step as u8 + 1, 67)?,
            (1, 6) => self.step(session, word, 7, 67)?,
            (2, _) => self.go(session, word, 3, 76)?,
            _ => self.go(session, word, 9, 76)?,
        }
        Ok(Vec::new())
    }

    pub(crate) fn release_bids(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let (count, mut bids) = input.list(256)?;
        self.session_in(session, 0b11_0000_0000)?;
        for _ in 0..count {
            let bid = bids.u32()?;
            let place = self.key(BID, session, output::number(bid.into()));
            let (packed, source) = (
                self.read(place),
                self.read(self.key(BID, place, output::number(3))),
            );
            let stake = part(self.read(self.key(BID, place, output::number(1))), 16, 16);
            self.once(43, session, output::number(bid.into()))?;
            self.tell_peer(
                Peer::Treasury,
                treasury::releaseReserveCall::SELECTOR,
                &[source, with(packed, 0, 12, 0), output::amount(stake)],
            )?;
        }
        Ok(Vec::new())
    }
}

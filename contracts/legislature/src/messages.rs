//! The first five messages: identity, proposal, bids, award, regulatory decision.

use alloc::vec::Vec;

use agentcity_abi::{
    IAgent as agents, ILegislature as wire, IService as services, ITreasury as treasury,
};
use agentcity_domain::peer::Peer;
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output, refuse,
    word::{part, with},
};
use alloy_primitives::{B256, b256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Legislature;

pub(crate) const BID: Kind = 10;
pub(crate) const AWARD: Kind = 11;
pub(crate) const TEMPLATE: Kind = 12;
pub(crate) const SEATED: Kind = 13;
pub(crate) const NODE_BYTES: usize = 64;

const REQUEST: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e11");
const ATTEST: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e12");
const DAG: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e13");
const TASK_BID: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e14");
const SEALED: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e15");
const DEVIATION: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e16");
const DECISION: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e17");
const REJECTED: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e18");
const FLAG: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e19");
pub(crate) const CODED: B256 =
    b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e20");
pub(crate) const APPROVAL: B256 =
    b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e21");
pub(crate) const VERSION: B256 =
    b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e22");

pub(crate) fn typed<const N: usize, const M: usize>(
    type_hash: B256,
    fields: &[B256; N],
) -> [B256; M] {
    let mut words = [B256::ZERO; M];
    words[0] = type_hash;
    words[1..].copy_from_slice(fields);
    words
}

impl Legislature {
    pub(crate) fn request_identity(&mut self, input: &mut Input<'_>) -> Answer {
        let message = Self::fields::<4>(input)?;
        let signature = input.bytes(2_048)?;
        let (_, word) = self.at_step(message[0], 0b1_1000_0000)?;
        let clerk = self.clerk(&typed::<4, 5>(REQUEST, &message), 1, message[0], signature)?;
        self.write(self.session_key(message[0], 9), message[1]);
        self.emit(
            &[wire::IdentityRequested::SIGNATURE_HASH, message[0], clerk],
            &message[1..3],
        );
        self.go(message[0], word, 2, 75)?;
        Ok(Vec::new())
    }

    pub(crate) fn attest_identity(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut messages) = input.list(64)?;
        let (_, mut signatures) = input.list(64)?;
        for _ in 0..count {
            let message = Self::fields::<6>(&mut messages)?;
            let [session, challenge, agent, principal, _did, deadline] = message;
            self.session_in(session, 1 << 2)?;
            if self.read(self.session_key(session, 9)) != challenge {
                return refuse(wire::Mismatch::SELECTOR, &[session, challenge, B256::ZERO]);
            }
            self.signed(
                &typed::<6, 7>(ATTEST, &message),
                agent,
                part(deadline, 24, 8) as u64,
                signatures.bytes(2_048)?,
            )?;
            let standing = self.ask_peer(Peer::Agent, agents::standingCall::SELECTOR, &[agent])?;
            let mut standing = Input::new(&standing);
            let (score, bound) = (standing.word()?, standing.word()?);
            if bound != principal || part(score, 28, 4) == 0 {
                self.emit(
                    &[wire::AgentDropped::SIGNATURE_HASH, session, agent],
                    &[output::number(1)],
                );
                continue;
            }
            self.once(39, session, agent)?;
            self.emit(
                &[wire::IdentityAttested::SIGNATURE_HASH, session, agent],
                &[principal, score],
            );
        }
        Ok(Vec::new())
    }

    pub(crate) fn confirm_roster(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let (_, word) = self.session_in(session, 1 << 2)?;
        let roles = part(self.read(self.session_key(session, 10)), 31, 1);
        if roles != 0b1111 && self.now() <= part(word, 3, 5) as u64 {
            return refuse(
                wire::QuorumMissing::SELECTOR,
                &[session, output::amount(roles), output::number(15)],
            );
        }
        self.go(session, word, 3, 76)?;
        Ok(Vec::new())
    }

    pub(crate) fn publish_proposal(&mut self, input: &mut Input<'_>) -> Answer {
        let message = Self::fields::<10>(input)?;
        let signature = input.bytes(2_048)?;
        let session = message[0];
        let (_, word) = self.session_in(session, 1 << 3)?;
        let winner = self.read(self.session_key(session, 3));
        if winner != message[1] {
            return refuse(wire::Mismatch::SELECTOR, &[session, winner, message[1]]);
        }
        let [cap] = self.parameters(0, [77])?;
        if part(message[6], 28, 4) > u128::from(cap) {
            return refuse(wire::TooMany::SELECTOR, &[session, output::number(cap)]);
        }
        let clerk = self.clerk(&typed::<10, 11>(DAG, &message), 2, session, signature)?;
        for (place, field) in message.iter().enumerate().skip(2).take(7) {
            self.write(self.session_key(session, 10 + place as u64), *field);
        }
        self.emit(
            &[
                wire::DagProposed::SIGNATURE_HASH,
                session,
                message[1],
                clerk,
            ],
            &[message[2], message[4]],
        );
        self.go(session, word, 4, 78)?;
        Ok(Vec::new())
    }

    #[inline(never)]
    pub(crate) fn take_bid(
        &mut self,
        message: &[B256; 12],
        bid: Option<u64>,
    ) -> Result<(), Vec<u8>> {
        let [
            session,
            node,
            agent,
            service,
            code,
            price,
            stake,
            source,
            latency,
            fit,
            tier,
            _,
        ] = *message;
        let (key, word) = self.session_in(session, 0b11_0000)?;
        let [floor, least] = self.parameters(0, [79, 80])?;
        let standing = self.ask_peer(
            Peer::Agent,
            agents::isEligibleCall::SELECTOR,
            &[agent, output::number(2)],
        )?;
        if !Input::new(&standing).bool()? {
            return refuse(
                wire::AgentRefused::SELECTOR,
                &[agent, output::number(floor)],
            );
        }
        let registered = self.ask_peer(
            Peer::Service,
            services::verifyCodeHashCall::SELECTOR,
            &[service, code],
        )?;
        let budget = part(self.read(self.session_key(session, 17)), 16, 16);
        for (rule, need, have) in [
            (1, 1, u128::from(Input::new(&registered).bool()?)),
            (2, u128::from(least), part(stake, 16, 16)),
            (3, part(price, 16, 16), budget),
            (4, part(fit, 30, 2), 1_000),
            (5, 1, part(tier, 31, 1)),
        ] {
            if have < need {
                return refuse(
                    wire::BidRefused::SELECTOR,
                    &[
                        node,
                        output::number(rule),
                        output::amount(need),
                        output::amount(have),
                    ],
                );
            }
        }
        let number = bid.unwrap_or(part(word, 23, 4) as u64);
        if bid.is_none() {
            self.tell_peer(
                Peer::Treasury,
                treasury::reserveStakeCall::SELECTOR,
                &[source, agent, stake],
            )?;
            self.write(key, with(word, 23, 4, u128::from(number) + 1));
        }
        let place = self.key(BID, session, output::number(number));
        let packed = with(
            with(agent, 0, 4, part(latency, 28, 4)),
            4,
            2,
            part(fit, 30, 2),
        );
        let money = with(price, 0, 16, part(price, 16, 16));
        self.write(place, with(packed, 6, 2, part(node, 30, 2)));
        self.write(
            self.key(BID, place, output::number(1)),
            with(money, 16, 16, part(stake, 16, 16)),
        );
        self.write(self.key(BID, place, output::number(2)), service);
        self.write(self.key(BID, place, output::number(3)), source);
        self.emit(
            &[wire::BidPlaced::SIGNATURE_HASH, session, node, agent],
            &[
                output::number(number),
                service,
                price,
                stake,
                latency,
                fit,
                tier,
            ],
        );
        Ok(())
    }

    pub(crate) fn place_bids(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut messages) = input.list(64)?;
        let (_, mut signatures) = input.list(64)?;
        for _ in 0..count {
            let message = Self::fields::<12>(&mut messages)?;
            self.signed(
                &typed::<12, 13>(TASK_BID, &message),
                message[2],
                part(message[11], 24, 8) as u64,
                signatures.bytes(2_048)?,
            )?;
            self.take_bid(&message, None)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn seal_bid(&mut self, input: &mut Input<'_>) -> Answer {
        let message = Self::fields::<7>(input)?;
        let signature = input.bytes(2_048)?;
        let [session, agent, node, commitment, stake, source, deadline] = message;
        let (key, word) = self.session_in(session, 1 << 4)?;
        self.signed(
            &typed::<7, 8>(SEALED, &message),
            agent,
            part(deadline, 24, 8) as u64,
            signature,
        )?;
        self.tell_peer(
            Peer::Treasury,
            treasury::reserveStakeCall::SELECTOR,
            &[source, agent, stake],
        )?;
        let number = part(word, 23, 4) as u64;
        self.write(key, with(word, 23, 4, u128::from(number) + 1));
        let place = self.key(BID, session, output::number(number));
        self.write(self.key(BID, place, output::number(4)), commitment);
        self.emit(
            &[wire::BidSealed::SIGNATURE_HASH, session, node, agent],
            &[output::number(number), commitment],
        );
        Ok(Vec::new())
    }

    pub(crate) fn open_bid(&mut self, input: &mut Input<'_>) -> Answer {
        let bid = input.u32()?;
        let message = Self::fields::<12>(input)?;
        let salt = input.word()?;
        let place = self.key(BID, message[0], output::number(bid.into()));
        let commitment = self.read(self.key(BID, place, output::number(4)));
        let opened = self
            .vm()
            .native_keccak256(&output::words(&typed::<12, 13>(salt, &message)));
        if opened != commitment {
            return refuse(wire::WrongOpening::SELECTOR, &[commitment]);
        }
        self.take_bid(&message, Some(bid.into()))?;
        Ok(Vec::new())
    }

    pub(crate) fn close_bidding(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let (_, word) = self.session_in(session, 1 << 4)?;
        let expires = part(word, 3, 5) as u64;
        if self.now() <= expires {
            return refuse(wire::TooEarly::SELECTOR, &[output::number(expires)]);
        }
        let (bids, nodes) = (
            part(word, 23, 4),
            part(self.read(self.session_key(session, 15)), 30, 2),
        );
        if bids < nodes {
            return refuse(
                wire::NodeUncovered::SELECTOR,
                &[
                    session,
                    output::amount(bids),
                    output::amount(bids),
                    output::amount(nodes),
                ],
            );
        }
        self.go(session, word, 5, 81)?;
        Ok(Vec::new())
    }

    pub(crate) fn award(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, most) = (input.word()?, input.u16()?);
        let (count, mut pages) = input.list(4)?;
        let (_, word) = self.session_in(session, 1 << 5)?;
        let [quality, cheap] = self.parameters(0, [82, 83])?;
        let progress_key = self.session_key(session, 20);
        let progress = self.read(progress_key);
        let mut node = part(progress, 0, 2) as u16;
        let mut hash = self.read(self.session_key(session, 21));
        let (mut squares, mut seats) = (part(progress, 2, 8), part(progress, 10, 4));
        let bids = part(word, 23, 4) as u64;
        let mut done = 0;
        for _ in 0..count {
            let page = pages.bytes(24_575)?;
            for law in page.chunks_exact(NODE_BYTES) {
                if done == most {
                    break;
                }
                let rest = B256::from_slice(law.get(32..).ok_or_else(malformed)?);
                let (budget, wanted) = (part(rest, 7, 12), part(rest, 1, 1) as usize >> 4);
                let mut scored: Vec<(u128, u64, B256)> = Vec::with_capacity(8);
                for bid in 0..bids {
                    let place = self.key(BID, session, output::number(bid));
                    let packed = self.read(place);
                    if part(packed, 6, 2) as u16 != node || packed == B256::ZERO {
                        continue;
                    }
                    let price = part(self.read(self.key(BID, place, output::number(1))), 0, 16);
                    let agent = with(packed, 0, 12, 0);
                    let answer = self.ask_peer(
                        Peer::Agent,
                        agents::getReputationScoreCall::SELECTOR,
                        &[agent],
                    )?;
                    let rho = Input::new(&answer).u64()?;
                    let saving = 1_000
                        - price
                            .saturating_mul(1_000)
                            .checked_div(budget)
                            .unwrap_or(1_000)
                            .min(1_000);
                    let score = (u128::from(quality) * u128::from(rho) * part(packed, 4, 2)
                        / 1_000
                        + u128::from(cheap) * saving)
                        / 1_000;
                    scored.push((score, bid, agent));
                }
                scored.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
                let mut chosen: Vec<B256> = Vec::with_capacity(wanted);
                let mut numbers = Vec::with_capacity(wanted);
                for (score, bid, agent) in &scored {
                    let principal =
                        self.ask_peer(Peer::Agent, agents::principalOfCall::SELECTOR, &[*agent])?;
                    let principal = Input::new(&principal).word()?;
                    if chosen.contains(&principal) || chosen.len() == wanted {
                        continue;
                    }
                    chosen.push(principal);
                    numbers.push(output::number(bid << 16 | *score as u64));
                    let seated = self.key(SEATED, session, principal);
                    let share = part(self.read(seated), 24, 8);
                    squares += 2 * share + 1;
                    seats += 1;
                    self.write(seated, output::amount(share + 1));
                }
                if chosen.len() < wanted {
                    return refuse(
                        wire::NodeUncovered::SELECTOR,
                        &[
                            session,
                            output::number(node.into()),
                            output::number(chosen.len() as u64),
                            output::number(wanted as u64),
                        ],
                    );
                }
                for (place, number) in numbers.iter().enumerate() {
                    self.write(
                        self.key(
                            AWARD,
                            session,
                            output::number(u64::from(node) << 8 | place as u64),
                        ),
                        *number,
                    );
                }
                let page_hash = self.vm().native_keccak256(&output::words(&numbers));
                hash = self
                    .vm()
                    .native_keccak256(&output::words(&[hash, page_hash]));
                let data = output::Output::of(3)
                    .list(&numbers, 1)
                    .list(&numbers, 1)
                    .word(B256::ZERO)
                    .finish();
                output::log(
                    self.vm(),
                    &[
                        wire::NodeAwarded::SIGNATURE_HASH,
                        session,
                        output::number(node.into()),
                    ],
                    &data,
                );
                (node, done) = (node + 1, done + 1);
            }
        }
        self.write(self.session_key(session, 21), hash);
        let all = seats * seats;
        let fairness = (1_000 * (all - squares.min(all)))
            .checked_div(all.saturating_sub(seats))
            .unwrap_or(1_000);
        let progress = with(
            with(with(progress, 0, 2, node.into()), 2, 8, squares),
            10,
            4,
            seats,
        );
        self.write(progress_key, with(progress, 14, 2, fairness));
        Ok(Vec::new())
    }

    pub(crate) fn deviate_award(&mut self, input: &mut Input<'_>) -> Answer {
        let message = Self::fields::<6>(input)?;
        let signature = input.bytes(2_048)?;
        self.session_in(message[0], 1 << 5)?;
        let clerk = self.clerk(
            &typed::<6, 7>(DEVIATION, &message),
            4,
            message[0],
            signature,
        )?;
        self.write(self.key(40, message[0], message[1]), message[3]);
        self.emit(
            &[
                wire::AwardDeviated::SIGNATURE_HASH,
                message[0],
                message[1],
                clerk,
            ],
            &message[2..5],
        );
        Ok(Vec::new())
    }

    pub(crate) fn countersign_award(&mut self, input: &mut Input<'_>) -> Answer {
        let [session, node, chosen] = Self::fields(input)?;
        self.only(&[Peer::Adjudication])?;
        self.session_in(session, 1 << 5)?;
        let key = self.key(40, session, node);
        let wanted = self.read(key);
        if wanted != chosen {
            return refuse(wire::Mismatch::SELECTOR, &[session, wanted, chosen]);
        }
        self.write(
            self.key(
                AWARD,
                session,
                output::number((part(node, 30, 2) as u64) << 8),
            ),
            chosen,
        );
        self.write(key, B256::ZERO);
        self.emit(
            &[wire::AwardCountersigned::SIGNATURE_HASH, session, node],
            &[chosen],
        );
        Ok(Vec::new())
    }

    pub(crate) fn decide_regulatory(&mut self, input: &mut Input<'_>) -> Answer {
        let mut message = input.tail()?;
        let signature = input.bytes(2_048)?;
        let [session, assignments, fairness] = Self::fields(&mut message)?;
        let (rejections, mut rejected) = message.list(64)?;
        let (findings, mut flags) = message.list(64)?;
        let (repropose, deadline) = (message.bool()?, message.u64()?);
        let (key, word) = self.session_in(session, 1 << 5)?;
        let mut hashes = Vec::with_capacity(64);
        for _ in 0..rejections {
            let fields = Self::fields::<2>(&mut rejected)?;
            hashes.push(
                self.vm()
                    .native_keccak256(&output::words(&typed::<2, 3>(REJECTED, &fields))),
            );
            self.emit(
                &[wire::BidRejected::SIGNATURE_HASH, session, fields[0]],
                &fields[1..],
            );
        }
        let rejected = self.vm().native_keccak256(&output::words(&hashes));
        hashes.clear();
        for _ in 0..findings {
            let fields = Self::fields::<4>(&mut flags)?;
            if part(fields[2], 31, 1) == 3 && !repropose {
                return refuse(wire::CriticalFlag::SELECTOR, &fields[..2]);
            }
            hashes.push(
                self.vm()
                    .native_keccak256(&output::words(&typed::<4, 5>(FLAG, &fields))),
            );
            self.emit(
                &[wire::ComplianceFlagged::SIGNATURE_HASH, session, fields[0]],
                &fields[1..],
            );
        }
        let flagged = self.vm().native_keccak256(&output::words(&hashes));
        let fields = [
            DECISION,
            session,
            assignments,
            fairness,
            rejected,
            flagged,
            output::truth(repropose),
            output::number(deadline),
        ];
        let clerk = self.clerk(&fields, 5, session, signature)?;
        let [least, needed, most] = self.parameters(0, [84, 85, 86])?;
        if repropose {
            let used = part(word, 21, 1) + 1;
            self.write(key, with(word, 21, 1, used));
            self.emit(
                &[wire::ReproposalRequested::SIGNATURE_HASH, session, clerk],
                &[output::amount(used)],
            );
            let to = if used > u128::from(most) { 9 } else { 3 };
            self.go(session, with(word, 21, 1, used), to, 76)?;
            return Ok(Vec::new());
        }
        let progress = self.read(self.session_key(session, 20));
        let (found, own) = (
            part(progress, 14, 2),
            self.read(self.session_key(session, 21)),
        );
        if own != assignments || part(fairness, 30, 2) != found {
            return refuse(wire::Mismatch::SELECTOR, &[session, own, assignments]);
        }
        if found < u128::from(least) && part(progress, 16, 1) == 0 {
            return refuse(
                wire::Unfair::SELECTOR,
                &[output::amount(found), output::number(least)],
            );
        }
        let approvals = part(progress, 17, 1) + 1;
        self.write(
            self.session_key(session, 20),
            with(progress, 17, 1, approvals),
        );
        self.emit(
            &[wire::RegulatoryDecided::SIGNATURE_HASH, session, clerk],
            &[
                assignments,
                fairness,
                output::amount(approvals),
                output::number(needed),
            ],
        );
        if approvals >= u128::from(needed) {
            self.go(session, word, 6, 87)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn waive_fairness(&mut self, input: &mut Input<'_>) -> Answer {
        let [session, why] = Self::fields(input)?;
        self.only(&[Peer::Adjudication])?;
        self.session_in(session, 1 << 5)?;
        let key = self.session_key(session, 20);
        self.write(key, with(self.read(key), 16, 1, 1));
        self.emit(&[wire::FairnessWaived::SIGNATURE_HASH, session], &[why]);
        Ok(Vec::new())
    }
}

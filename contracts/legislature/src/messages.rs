//! The seven messages, bids and awards, exits.

use alloc::vec::Vec;

use agentcity_abi::{
    IAgent as agents, ICollaboration as collaboration, ILegislature as wire, IService as services,
    ITreasury as treasury,
};
use agentcity_domain::peer::Peer;
use agentcity_shell::{Answer, Input, malformed, output};
use alloy_primitives::{B256, b256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::{Kind, Legislature, part, refuse, with};

pub(crate) const BID: Kind = 10;
pub(crate) const AWARD: Kind = 11;
pub(crate) const TEMPLATE: Kind = 12;
const SEATED: Kind = 13;
const NODE_BYTES: usize = 64;

const REQUEST: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e11");
const ATTEST: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e12");
const DAG: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e13");
const TASK_BID: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e14");
const SEALED: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e15");
const DEVIATION: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e16");
const DECISION: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e17");
const REJECTED: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e18");
const FLAG: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e19");
const CODED: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e20");
const APPROVAL: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e21");
const VERSION: B256 = b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e22");

fn typed<const N: usize, const M: usize>(type_hash: B256, fields: &[B256; N]) -> [B256; M] {
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
    fn take_bid(&mut self, message: &[B256; 12], bid: Option<u64>) -> Result<(), Vec<u8>> {
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

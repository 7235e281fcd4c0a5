//! From a session's law to running nodes.

use alloc::vec::Vec;

use agentcity_abi::{
    IAdjudication as panel, IAgent as agents, ICollaboration as wire, IEnactment as enactment,
    IService as services, ITreasury as treasury,
};
use agentcity_domain::{id::MissionId, peer::Peer};
use agentcity_shell::{
    Answer, Input, malformed,
    member::Member,
    output, page, refuse,
    word::{part, with},
};
use alloy_primitives::{Address, B256, U256, b256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    nodes::{DEGREE, Law, NODE_BYTES, PAGE, SEAT},
    storage::Missions,
};

const PAGE_BYTES_MAX: usize = 24_575;
const PAGES_MAX: usize = 4;
const SEAT_BYTES: usize = 116;
const ACCEPTANCE: B256 =
    b256!("0x5fae9dd5d5c1b0c16b5dd5b3c1ae4f8e2c7d3d1f0a9b8c7d6e5f4a3b2c1d0e9f");

impl Missions {
    pub(crate) fn create_mission(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, deadline) = (input.word()?, input.u64()?);
        let sponsor = self.caller();
        let law = self.ask_peer(Peer::Enactment, enactment::lawOfCall::SELECTOR, &[session])?;
        let mut law = Input::new(&law);
        let (approved, _audited, kind) = (law.bool()?, law.bool()?, law.u8()?);
        let (statute, _assignments, epoch, nodes) =
            (law.word()?, law.word()?, law.u64()?, law.u16()?);
        let _fairness = law.u16()?;
        if !approved || nodes == 0 {
            return refuse(wire::NotApproved::SELECTOR, &[session, statute, B256::ZERO]);
        }
        let standing = self.ask_peer(
            Peer::Agent,
            agents::isEligibleCall::SELECTOR,
            &[sponsor.into_word(), output::number(3)],
        )?;
        if !Input::new(&standing).bool()? {
            return refuse(
                wire::AgentRefused::SELECTOR,
                &[sponsor.into_word(), output::number(kind.into())],
            );
        }
        let counter_key = self.mission_key(sponsor.into_word(), 9);
        let counter = part(self.read(counter_key), 24, 8) as u64 + 1;
        let mission = MissionId::of_creator(sponsor, counter).word();
        if deadline <= self.now() {
            return refuse(wire::TooLate::SELECTOR, &[output::number(deadline)]);
        }
        let mut word = with(B256::ZERO, 0, 1, 1);
        word = with(with(word, 2, 2, nodes.into()), 16, 5, deadline.into());
        self.write(counter_key, output::number(counter));
        self.write(self.mission_key(mission, 0), word);
        self.write(self.mission_key(mission, 1), session);
        self.write(self.mission_key(mission, 5), statute);
        self.tell_peer(
            Peer::Treasury,
            treasury::openEscrowCall::SELECTOR,
            &[mission, sponsor.into_word(), output::number(epoch)],
        )?;
        self.emit(
            &[
                wire::MissionCreated::SIGNATURE_HASH,
                mission,
                sponsor.into_word(),
                session,
            ],
            &[statute, output::number(nodes.into())],
        );
        Ok(output::words(&[mission]))
    }

    fn malformed_statute<T>(mission: B256, page: usize, at: usize, rule: u8) -> Result<T, Vec<u8>> {
        refuse(
            wire::StatuteRefused::SELECTOR,
            &[
                mission,
                output::number(page as u64),
                output::number(at as u64),
                output::number(rule.into()),
            ],
        )
    }

    pub(crate) fn deploy_tranche(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, tranche) = (input.word()?, input.u16()?);
        let (count, mut pages) = input.list(PAGES_MAX)?;
        let (_, word) = self.mission_in(mission, 1 << 1)?;
        let place_key = self.mission_key(mission, 6);
        let place = self.read(place_key);
        let (expected, first) = (part(place, 0, 2) as u16, part(place, 2, 2) as u16);
        if tranche != expected {
            return refuse(
                wire::WrongTranche::SELECTOR,
                &[
                    mission,
                    output::number(expected.into()),
                    output::number(tranche.into()),
                ],
            );
        }
        let bounds = self.parameters(0, [1, 2, 3, 4, 5, 6, 7, 8])?;
        let total = part(word, 2, 2) as u16;
        let hash_key = self.mission_key(mission, 7);
        let (mut hash, mut node) = (self.read(hash_key), first);
        let (mut budget, mut tokens) = (part(place, 4, 12), part(place, 16, 8));
        let mut accounts = Vec::with_capacity(count);
        for number in 0..count {
            let bytes = pages.bytes(PAGE_BYTES_MAX)?;
            let mut at = 0;
            while at < bytes.len() {
                let Some(law) = bytes.get(at..).and_then(Law::read) else {
                    return Self::malformed_statute(mission, number, at, 1);
                };
                let sound = match law.tier {
                    1 => {
                        law.redundancy == 1 && law.timeout >= bounds[0] && law.timeout <= bounds[1]
                    }
                    2 => {
                        (2..=7).contains(&law.redundancy)
                            && law.threshold > law.redundancy / 2
                            && law.threshold <= law.redundancy
                            && law.timeout <= bounds[1]
                    }
                    3 => {
                        law.redundancy == 1 && law.timeout >= bounds[2] && law.timeout <= bounds[3]
                    }
                    _ => false,
                };
                if !sound
                    || law.budget == 0
                    || law.outs > 16
                    || u64::from(law.tokens) > bounds[4]
                    || node >= total
                {
                    return Self::malformed_statute(mission, number, at, 2);
                }
                at += NODE_BYTES;
                let mut last = node;
                let mut edges = B256::ZERO;
                for edge in 0..usize::from(law.outs) {
                    let to = match bytes.get(at..at + 2) {
                        Some(pair) => u16::from_be_bytes([pair[0], pair[1]]),
                        None => return Self::malformed_statute(mission, number, at, 3),
                    };
                    if to <= last || to >= total {
                        return Self::malformed_statute(mission, number, at, 4);
                    }
                    let key = self.key(DEGREE, mission, output::number(u64::from(to / 32)));
                    let degrees = self.read(key);
                    let degree = part(degrees, usize::from(to % 32), 1) + 1;
                    if degree > 16 {
                        return Self::malformed_statute(mission, number, at, 5);
                    }
                    self.write(key, with(degrees, usize::from(to % 32), 1, degree));
                    edges = with(edges, 2 * edge, 2, to.into());
                    last = to;
                    at += 2;
                }
                if edges != B256::ZERO {
                    self.write(
                        self.key(PAGE, mission, output::number(1 << 32 | u64::from(node))),
                        edges,
                    );
                }
                self.set_state(mission, node, 1);
                budget = budget.checked_add(law.budget).ok_or_else(malformed)?;
                tokens = tokens.saturating_add(law.tokens.into());
                node += 1;
            }
            let page_hash = self.vm().native_keccak256(bytes);
            hash = self
                .vm()
                .native_keccak256(&output::words(&[hash, page_hash]));
            let account = page::create(self.vm(), bytes)?;
            self.write(
                self.key(
                    PAGE,
                    mission,
                    output::number(u64::from(tranche) << 8 | number as u64),
                ),
                with(account.into_word(), 0, 12, part(page_hash, 0, 12)),
            );
            accounts.push(account.into_word());
        }
        if tokens > u128::from(bounds[5]) {
            return refuse(
                wire::RequirementUnmet::SELECTOR,
                &[
                    mission,
                    output::number(6),
                    output::number(bounds[5]),
                    output::amount(tokens),
                ],
            );
        }
        self.write(hash_key, hash);
        let place = with(
            with(place, 0, 2, u128::from(tranche) + 1),
            2,
            2,
            node.into(),
        );
        self.write(place_key, with(with(place, 4, 12, budget), 16, 8, tokens));
        let data = output::Output::of(3)
            .word(output::number(first.into()))
            .word(output::number((node - first).into()))
            .list(&accounts, 1)
            .finish();
        output::log(
            self.vm(),
            &[
                wire::TrancheDeployed::SIGNATURE_HASH,
                mission,
                output::number(tranche.into()),
            ],
            &data,
        );
        Ok(Vec::new())
    }

    pub(crate) fn deploy_seats(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, tranche) = (input.word()?, input.u16()?);
        let (count, mut pages) = input.list(PAGES_MAX)?;
        self.mission_in(mission, 1 << 1)?;
        let hash_key = self.mission_key(mission, 8);
        let mut hash = self.read(hash_key);
        let mut accounts = Vec::with_capacity(count);
        let mut first = 0;
        for _ in 0..count {
            let bytes = pages.bytes(PAGE_BYTES_MAX)?;
            for seat in bytes.chunks_exact(SEAT_BYTES) {
                let agent = Address::from_slice(seat.get(..20).ok_or_else(malformed)?);
                let node = u16::from_be_bytes([seat[20], seat[21]]);
                let price = B256::right_padding_from(seat.get(22..54).ok_or_else(malformed)?);
                let source = B256::from_slice(seat.get(54..86).ok_or_else(malformed)?);
                let law = self.law(mission, node)?;
                if part(price, 0, 16) > law.budget {
                    return refuse(
                        wire::RequirementUnmet::SELECTOR,
                        &[
                            mission,
                            output::number(7),
                            output::amount(law.budget),
                            output::amount(part(price, 0, 16)),
                        ],
                    );
                }
                self.tell_peer(
                    Peer::Treasury,
                    treasury::lockStakeCall::SELECTOR,
                    &[
                        mission,
                        agent.into_word(),
                        source,
                        output::amount(part(price, 16, 16)),
                    ],
                )?;
                self.tell_peer(
                    Peer::Agent,
                    agents::openObligationCall::SELECTOR,
                    &[agent.into_word()],
                )?;
                first = node;
            }
            let page_hash = self.vm().native_keccak256(bytes);
            hash = self
                .vm()
                .native_keccak256(&output::words(&[hash, page_hash]));
            accounts.push(page::create(self.vm(), bytes)?.into_word());
        }
        self.write(hash_key, hash);
        let data = output::Output::of(2)
            .word(output::number(first.into()))
            .list(&accounts, 1)
            .finish();
        output::log(
            self.vm(),
            &[
                wire::SeatsDeployed::SIGNATURE_HASH,
                mission,
                output::number(tranche.into()),
            ],
            &data,
        );
        Ok(Vec::new())
    }

    pub(crate) fn finalise(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let (_, word) = self.mission_in(mission, 1 << 1)?;
        self.not_halted(mission, word)?;
        let place = self.read(self.mission_key(mission, 6));
        let (statute, assignments) = (
            self.read(self.mission_key(mission, 7)),
            self.read(self.mission_key(mission, 8)),
        );
        let session = self.read(self.mission_key(mission, 1));
        let law = self.ask_peer(Peer::Enactment, enactment::lawOfCall::SELECTOR, &[session])?;
        let mut law = Input::new(&law);
        let (approved, audited, _kind) = (law.bool()?, law.bool()?, law.u8()?);
        let (approved_statute, approved_seats, epoch) = (law.word()?, law.word()?, law.u64()?);
        let (nodes, fairness, waived) = (law.u16()?, law.u16()?, law.bool()?);
        if !approved || statute != approved_statute {
            return refuse(
                wire::NotApproved::SELECTOR,
                &[mission, approved_statute, statute],
            );
        }
        if assignments != approved_seats {
            return refuse(
                wire::NotApproved::SELECTOR,
                &[mission, approved_seats, assignments],
            );
        }
        let [quorum, least, risky] = self.parameters(epoch, [9, 10, 11])?;
        let active = self.ask_peer(
            Peer::Adjudication,
            panel::activeAdjudicatorsCall::SELECTOR,
            &[],
        )?;
        let active = Input::new(&active).u64()?;
        let halted = self.ask_peer(Peer::Adjudication, panel::haltedUntilCall::SELECTOR, &[])?;
        let halted = Input::new(&halted).u64()?;
        for (rule, need, have) in [
            (1, u64::from(nodes), part(place, 2, 2) as u64),
            (2, quorum, active),
            (3, if waived { 0 } else { least }, fairness.into()),
            (4, risky, u64::from(audited)),
            (5, halted, self.now()),
        ] {
            if have < need {
                return refuse(
                    wire::RequirementUnmet::SELECTOR,
                    &[
                        mission,
                        output::number(rule),
                        output::number(need),
                        output::number(have),
                    ],
                );
            }
        }
        for number in 0..part(place, 0, 2) as u64 {
            let stored = self.read(self.key(PAGE, mission, output::number(number << 8)));
            let account = Address::from_word(with(stored, 0, 12, 0));
            let found = self.vm().code_hash(account);
            if part(found, 0, 12) != part(stored, 0, 12) {
                return refuse(
                    wire::PageChanged::SELECTOR,
                    &[account.into_word(), stored, found],
                );
            }
        }
        self.tell_peer(
            Peer::Treasury,
            treasury::allocateBudgetCall::SELECTOR,
            &[mission, output::amount(part(place, 4, 12))],
        )?;
        self.move_mission(mission, word, 2, 20);
        for group in 0..nodes.div_ceil(32) {
            let degrees = self.read(self.key(DEGREE, mission, output::number(group.into())));
            for at in 0..32u16 {
                let node = group * 32 + at;
                if node < nodes && part(degrees, usize::from(at), 1) == 0 {
                    self.make_eligible(mission, node)?;
                }
            }
        }
        self.emit(
            &[wire::DeploymentFinalised::SIGNATURE_HASH, mission],
            &[
                statute,
                assignments,
                output::number(epoch),
                output::number(part(word, 16, 5) as u64),
            ],
        );
        Ok(Vec::new())
    }

    #[inline(never)]
    fn take_seat(&mut self, mission: B256, node: u16, agent: Address) -> Result<(), Vec<u8>> {
        let (_, mission_word) = self.mission_in(mission, 0b1100)?;
        self.not_halted(mission, mission_word)?;
        let (key, word) = self.node_in(mission, node, 1 << 2)?;
        let seat = self.seat_of(mission, node, 7, agent)?;
        let bit = 1u128 << seat;
        if part(word, 15, 1) & bit != 0 {
            return refuse(
                wire::AlreadyDone::SELECTOR,
                &[mission, output::number(node.into()), agent.into_word()],
            );
        }
        let word = with(word, 15, 1, part(word, 15, 1) | bit);
        self.write(key, with(word, 1, 1, part(word, 1, 1) + 1));
        self.emit(
            &[
                wire::SeatAccepted::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
                agent.into_word(),
            ],
            &[output::number(part(word, 0, 1) as u64)],
        );
        Ok(())
    }

    pub(crate) fn accept_seat(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        self.take_seat(mission, node, self.caller())?;
        Ok(Vec::new())
    }

    pub(crate) fn accept_seats(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut list) = input.list(64)?;
        let (signatures, mut signed) = input.list(64)?;
        if signatures != count {
            return Err(malformed());
        }
        for _ in 0..count {
            let [mission, node, attempt, executor, deadline] = Self::fields(&mut list)?;
            let agent = Address::from_word(executor);
            let fields = [ACCEPTANCE, mission, node, attempt, executor, deadline];
            self.signed(
                &fields,
                agent,
                part(deadline, 24, 8) as u64,
                signed.bytes(2_048)?,
            )?;
            self.take_seat(mission, part(node, 30, 2) as u16, agent)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn substitute_runner_up(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, seat) = (input.word()?, input.u16()?, input.u8()?);
        let (key, word) = self.node_in(mission, node, 1 << 2)?;
        let from = part(word, 10, 5) as u64;
        if self.now() < from {
            return refuse(wire::TooEarly::SELECTOR, &[output::number(from)]);
        }
        let silent = self.seat_agent(mission, node, seat);
        let session = self.read(self.mission_key(mission, 1));
        let awarded = self.ask_peer(
            Peer::Enactment,
            enactment::awardedCall::SELECTOR,
            &[session, output::number(node.into())],
        )?;
        let mut awarded = Input::new(&awarded);
        let (_, mut seats) = awarded.list(8)?;
        let (next, service) = (seats.address()?, seats.word()?);
        self.fault(mission, node, part(word, 0, 1) as u8, silent, 8)?;
        self.place_seat(mission, node, seat, next, service)?;
        self.write(key, with(word, 10, 5, u128::from(self.now()) + 60));
        Ok(Vec::new())
    }

    #[inline(never)]
    fn place_seat(
        &mut self,
        mission: B256,
        node: u16,
        seat: u8,
        agent: Address,
        service: B256,
    ) -> Result<(), Vec<u8>> {
        let before = self.seat_agent(mission, node, seat);
        let place = u64::from(node) << 8 | u64::from(seat);
        self.write(
            self.key(SEAT, mission, output::number(place)),
            agent.into_word(),
        );
        self.write(
            self.key(SEAT, mission, output::number(1 << 32 | place)),
            service,
        );
        self.emit(
            &[
                wire::SeatReplaced::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
            ],
            &[B256::ZERO, before.into_word(), agent.into_word(), service],
        );
        Ok(())
    }

    pub(crate) fn route_task(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let (count, mut hashes) = input.list(7)?;
        let (_, mission_word) = self.mission_in(mission, 0b1100)?;
        self.not_halted(mission, mission_word)?;
        let (key, word) = self.node_in(mission, node, 1 << 2)?;
        let law = self.law(mission, node)?;
        let accepted = part(word, 1, 1) as u8;
        let needed = if self.now() < part(word, 10, 5) as u64 {
            law.redundancy
        } else {
            law.threshold
        };
        if accepted < needed {
            return refuse(
                wire::SeatsUnaccepted::SELECTOR,
                &[
                    mission,
                    output::number(node.into()),
                    output::number(accepted.into()),
                    output::number(needed.into()),
                ],
            );
        }
        let mut live = B256::ZERO;
        for seat in 0..count {
            let hash = hashes.word()?;
            let agent = self.seat_agent(mission, node, seat as u8);
            let place = 1u64 << 32 | u64::from(node) << 8 | seat as u64;
            let service = self.read(self.key(SEAT, mission, output::number(place)));
            let standing =
                self.ask_peer(Peer::Service, services::standingCall::SELECTOR, &[service])?;
            let mut standing = Input::new(&standing);
            let (registered, deprecated) = (standing.word()?, standing.word()?);
            if registered != hash || deprecated != B256::ZERO {
                return refuse(
                    wire::CodeHashMismatch::SELECTOR,
                    &[service, registered, hash],
                );
            }
            let eligible = self.ask_peer(
                Peer::Agent,
                agents::isEligibleCall::SELECTOR,
                &[agent.into_word(), output::number(2)],
            )?;
            let mut eligible = Input::new(&eligible);
            if !eligible.bool()? {
                return refuse(
                    wire::AgentRefused::SELECTOR,
                    &[agent.into_word(), eligible.word()?],
                );
            }
            if seat > 0 && hash == live {
                self.emit(
                    &[
                        wire::EqualCode::SIGNATURE_HASH,
                        mission,
                        output::number(node.into()),
                    ],
                    &[hash],
                );
            }
            live = hash;
        }
        let now = self.now();
        let expires = now + law.timeout.div_ceil(1_000);
        self.set_state(mission, node, 3);
        self.write(
            key,
            with(with(word, 5, 5, now.into()), 10, 5, expires.into()),
        );
        if part(mission_word, 0, 1) == 2 {
            self.move_mission(mission, mission_word, 3, 0);
        }
        self.emit(
            &[
                wire::TaskRouted::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
            ],
            &[
                output::number(part(word, 0, 1) as u64),
                live,
                output::number(expires),
            ],
        );
        Ok(Vec::new())
    }

    pub(crate) fn reassign(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let (count, mut seats) = input.list(7)?;
        self.only(&[Peer::Enactment])?;
        let (mission_key, mission_word) = self.mission_in(mission, 0b100_1100)?;
        let (key, word) = self.node_in(mission, node, 1 << 7)?;
        let [most] = self.parameters(0, [12])?;
        let used = part(mission_word, 9, 2) as u64 + 1;
        let limit = most.saturating_mul(u64::from(part(mission_word, 2, 2) as u16).div_ceil(64));
        let attempt = part(word, 0, 1) as u64 + 1;
        if used > limit || attempt > most {
            return refuse(
                wire::RefinementExhausted::SELECTOR,
                &[mission, output::number(used), output::number(limit)],
            );
        }
        for seat in 0..count {
            let [agent, service, _price, stake, source] = Self::fields(&mut seats)?;
            self.place_seat(
                mission,
                node,
                seat as u8,
                Address::from_word(agent),
                service,
            )?;
            self.tell_peer(
                Peer::Treasury,
                treasury::lockStakeCall::SELECTOR,
                &[mission, agent, source, stake],
            )?;
        }
        self.write(key, with(B256::ZERO, 0, 1, attempt.into()));
        let failed = part(mission_word, 6, 2).saturating_sub(1);
        let mission_word = with(with(mission_word, 9, 2, used.into()), 6, 2, failed);
        self.write(mission_key, mission_word);
        if part(mission_word, 0, 1) == 6 && failed == 0 {
            self.move_mission(mission, mission_word, 2, 0);
        }
        self.make_eligible(mission, node)?;
        let session = self.read(self.mission_key(mission, 1));
        self.emit(
            &[
                wire::NodeReassigned::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
            ],
            &[output::number(attempt), session],
        );
        Ok(Vec::new())
    }

    pub(crate) fn relegislate(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, successor) = (input.word()?, input.word()?);
        let (count, mut pairs) = input.list(4_096)?;
        let (_, word) = self.mission_in(mission, 1 << 6)?;
        let (next_key, next) = self.mission_in(successor, 1 << 2)?;
        if self.read(self.mission_key(successor, 4)) != mission {
            return refuse(
                wire::NotApproved::SELECTOR,
                &[successor, mission, B256::ZERO],
            );
        }
        for _ in 0..count {
            let (old, new) = (pairs.u16()?, pairs.u16()?);
            self.node_in(mission, old, 1 << 6)?;
            let (key, _) = self.node_in(successor, new, 0b110)?;
            let output = self.read(self.node_key(mission, old, 1));
            self.write(self.node_key(successor, new, 1), output);
            self.write(key, with(B256::ZERO, 4, 1, 1));
            self.set_state(successor, new, 6);
        }
        let iterations = part(word, 9, 2) + 1;
        self.write(
            next_key,
            with(with(next, 9, 2, iterations), 4, 2, count as u128),
        );
        self.move_mission(mission, word, 7, 20);
        let moved = output::number(0);
        self.tell_peer(
            Peer::Treasury,
            treasury::moveEscrowCall::SELECTOR,
            &[mission, successor, moved],
        )?;
        self.emit(
            &[
                wire::MissionRelegislated::SIGNATURE_HASH,
                mission,
                successor,
            ],
            &[output::number(count as u64), moved],
        );
        Ok(Vec::new())
    }

    pub(crate) fn open_child(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, child) = (input.word()?, input.u16()?, input.word()?);
        let (_, word) = self.mission_in(mission, 0b1100)?;
        self.not_halted(mission, word)?;
        let (key, node_word) = self.node_in(mission, node, 1 << 2)?;
        let (child_key, child_word) = self.mission_in(child, 1 << 1)?;
        let law = self.law(mission, node)?;
        let [deepest] = self.parameters(0, [13])?;
        let depth = part(word, 8, 1) as u64 + 1;
        if depth > deepest {
            return refuse(
                wire::TooDeep::SELECTOR,
                &[output::number(depth), output::number(deepest)],
            );
        }
        self.write(child_key, with(child_word, 8, 1, depth.into()));
        self.write(self.mission_key(child, 4), mission);
        self.write(self.mission_key(child, 10), output::number(node.into()));
        self.set_state(mission, node, 3);
        self.write(key, with(node_word, 5, 5, self.now().into()));
        self.tell_peer(
            Peer::Treasury,
            treasury::moveEscrowCall::SELECTOR,
            &[mission, child, output::amount(law.budget)],
        )?;
        self.emit(
            &[
                wire::ChildOpened::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
                child,
            ],
            &[output::amount(law.budget)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn close_child(&mut self, input: &mut Input<'_>) -> Answer {
        let child = input.word()?;
        let (_, word) = self.mission_in(child, 0b1110_0000)?;
        let mission = self.read(self.mission_key(child, 4));
        let node = part(self.read(self.mission_key(child, 10)), 30, 2) as u16;
        self.node_in(mission, node, 1 << 3)?;
        let rest = U256::ZERO;
        self.tell_peer(
            Peer::Treasury,
            treasury::moveEscrowCall::SELECTOR,
            &[child, mission, rest.into()],
        )?;
        if part(word, 0, 1) == 5 {
            let law = self.law(mission, node)?;
            let digest = self.read(self.mission_key(child, 3));
            self.complete_node(mission, node, &law, [digest, digest], &[])?;
        } else {
            self.fail_node(mission, node, 13);
        }
        self.emit(
            &[
                wire::ChildClosed::SIGNATURE_HASH,
                mission,
                output::number(node.into()),
                child,
            ],
            &[rest.into()],
        );
        Ok(Vec::new())
    }
}

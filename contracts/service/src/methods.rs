//! The functions of the interface.

use agentcity_abi::{IAgent as agents, IService as wire};
use agentcity_domain::{
    peer::Peer,
    service::{self as rules, Constraints, Record},
    statute::SEATS_MAX,
    time::Timestamp,
};
use agentcity_shell::{
    Answer, Input, Output, common, malformed,
    output::{self, number},
    peer,
};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::{error::revert, storage::Services};

/// Most bytes and items that are read of what the rules bound more tightly, so that their refusals, which tell the
/// bound, are the ones that answer.
const READ_MAX: usize = 65_535;

/// Words of a standing.
const STANDING_WORDS: usize = 2;

impl Services {
    /// Remembers the constitution.
    ///
    /// Errors: `AlreadyConstructed`; `MalformedCall` for none.
    pub(crate) fn found(&mut self, constitution: Address) -> Answer {
        if self.load_constitution() != Address::ZERO {
            return Err(common::ALREADY_CONSTRUCTED.to_vec());
        }
        if constitution == Address::ZERO {
            return Err(malformed());
        }
        self.store_constitution(constitution);
        Ok(Vec::new())
    }

    pub(crate) fn constitution(&self) -> Answer {
        Ok(output::words(&[self.load_constitution().into_word()]))
    }

    /// Errors: `AlreadyWired`, `NotSealed`.
    /// Events: `Wired`.
    pub(crate) fn wire(&mut self) -> Answer {
        if self.load_agent() != Address::ZERO {
            return Err(common::ALREADY_WIRED.to_vec());
        }
        let members = peer::members(self.vm(), self.load_constitution())?;

        self.store_agent(members[Peer::Agent.place()]);

        let members = members.map(output::address);
        output::log(
            self.vm(),
            &[wire::Wired::SIGNATURE_HASH],
            &output::words(&members),
        );
        Ok(Vec::new())
    }

    /// Errors: what [`rules::check`] and [`rules::register`] refuse; `NotWired`.
    /// Events: `ServiceRegistered`.
    pub(crate) fn register(&mut self, input: &mut Input<'_>) -> Answer {
        let owner = self.vm().msg_sender();
        let mut policies = Vec::new();
        let record = read_record(input, &mut policies)?;
        rules::check(&record).map_err(revert)?;
        let (service, _) = self.identity(owner, &record);
        let producer = self.is_producer(owner)?;
        let stored = self.load_code_hash(service);
        let stored = rules::register(stored, service, owner, producer, &record).map_err(revert)?;

        self.store_code_hash(service, stored);

        let limits = record.constraints;
        let constraints = Output::of(4)
            .word(number(limits.max_latency_ms.into()))
            .word(number(limits.max_memory_mb.into()))
            .word(number(limits.max_concurrency.into()))
            .list(limits.network_policies, 1)
            .finish();
        let data = Output::of(3)
            .word(record.schema_hash)
            .bytes(record.endpoint)
            .structure(&constraints)
            .finish();
        output::log(
            self.vm(),
            &[
                wire::ServiceRegistered::SIGNATURE_HASH,
                service,
                owner.into_word(),
                record.code_hash,
            ],
            &data,
        );
        Ok(output::words(&[service]))
    }

    /// Errors: what [`rules::deprecate`] refuses.
    /// Events: `ServiceDeprecated`.
    pub(crate) fn deprecate(&mut self, input: &mut Input<'_>) -> Answer {
        let (service, details) = (input.word()?, input.word()?);
        let (owner, now) = (
            self.vm().msg_sender(),
            Timestamp::new(self.vm().block_timestamp()),
        );
        let stored = self.load_service(service);
        let shown = self.id(owner, stored.code_hash, details);
        rules::deprecate(stored, service, owner, shown, now).map_err(revert)?;

        self.store_deprecation(service, now);

        output::log(
            self.vm(),
            &[
                wire::ServiceDeprecated::SIGNATURE_HASH,
                service,
                owner.into_word(),
            ],
            &output::words(&[number(now.get())]),
        );
        Ok(Vec::new())
    }

    /// Errors: `UnknownService`.
    pub(crate) fn verify_code_hash(&self, input: &mut Input<'_>) -> Answer {
        let (service, live_hash) = (input.word()?, input.word()?);
        let stored = rules::known(self.load_code_hash(service), service).map_err(revert)?;
        Ok(output::words(&[output::truth(
            stored.code_hash == live_hash,
        )]))
    }

    /// Errors: `UnknownService`.
    pub(crate) fn standing(&self, input: &mut Input<'_>) -> Answer {
        Ok(output::words(&self.standing_of(input.word()?)?))
    }

    /// Errors: `UnknownService`; `MalformedCall` for more services than a node has seats.
    pub(crate) fn standings(&self, input: &mut Input<'_>) -> Answer {
        let (count, mut services) = input.list(SEATS_MAX)?;
        let mut standings = Vec::with_capacity(count.saturating_mul(STANDING_WORDS));
        for _ in 0..count {
            standings.extend_from_slice(&self.standing_of(services.word()?)?);
        }
        Ok(Output::of(1).list(&standings, STANDING_WORDS).finish())
    }

    fn standing_of(&self, service: B256) -> Result<[B256; STANDING_WORDS], Vec<u8>> {
        let stored = rules::known(self.load_service(service), service).map_err(revert)?;
        let since = stored.deprecated_at.map_or(0, Timestamp::get);
        Ok([stored.code_hash, number(since)])
    }

    pub(crate) fn is_owner(&self, input: &mut Input<'_>) -> Answer {
        let (service, account, details) = (input.word()?, input.address()?, input.word()?);
        let code_hash = self.load_code_hash(service).code_hash;
        let owns = code_hash != B256::ZERO && self.id(account, code_hash, details) == service;
        Ok(output::words(&[output::truth(owns)]))
    }

    /// Errors: what [`rules::check`] refuses.
    pub(crate) fn identify(&self, input: &mut Input<'_>) -> Answer {
        let owner = input.address()?;
        let mut policies = Vec::new();
        let record = read_record(input, &mut policies)?;
        rules::check(&record).map_err(revert)?;
        let (service, details) = self.identity(owner, &record);
        Ok(output::words(&[service, details]))
    }

    /// Id and details of a record.
    #[inline(never)]
    fn identity(&self, owner: Address, record: &Record<'_>) -> (B256, B256) {
        let endpoint_hash = self.vm().native_keccak256(record.endpoint);
        let policies = output::words(record.constraints.network_policies);
        let policies_hash = self.vm().native_keccak256(&policies);
        let details = rules::encode_details(record, endpoint_hash, policies_hash);
        let details = self.vm().native_keccak256(&details);
        (self.id(owner, record.code_hash, details), details)
    }

    fn id(&self, owner: Address, code_hash: B256, details: B256) -> B256 {
        self.vm()
            .native_keccak256(&rules::encode_id(owner, code_hash, details))
    }

    /// Whether the agent contract knows `account` as a producer whom nothing bars: active, its principal enrolled,
    /// neither banned nor frozen.
    ///
    /// Errors: `NotWired`.
    fn is_producer(&self, account: Address) -> Result<bool, Vec<u8>> {
        let agent = self.load_agent();
        if agent == Address::ZERO {
            return Err(common::NOT_WIRED.to_vec());
        }
        let question = peer::call_data(agents::standingCall::SELECTOR, &[account.into_word()]);
        let answer = peer::ask(self.vm(), agent, &question)?;
        // principal, previous, agentType, bars, score, reputation, enrolledAt
        let mut standing = Input::new(&answer);
        let _principals = (standing.address()?, standing.address()?);
        let (_kind, bars) = (standing.u8()?, standing.u8()?);
        Ok(bars == 0)
    }
}

/// The record in the arguments that follow.
#[inline(never)]
fn read_record<'record, 'call: 'record>(
    input: &mut Input<'call>,
    policies: &'record mut Vec<B256>,
) -> Result<Record<'record>, Vec<u8>> {
    let (code_hash, schema_hash) = (input.word()?, input.word()?);
    let endpoint = input.bytes(READ_MAX)?;
    let mut limits = input.tail()?;
    let (max_latency_ms, max_memory_mb, max_concurrency) =
        (limits.u32()?, limits.u32()?, limits.u16()?);
    let (count, mut list) = limits.list(READ_MAX)?;
    // A length that the call does not hold fails at the first word that is missing, before memory is reserved.
    for _ in 0..count {
        policies.push(list.word()?);
    }
    Ok(Record {
        code_hash,
        schema_hash,
        endpoint,
        constraints: Constraints {
            max_latency_ms,
            max_memory_mb,
            max_concurrency,
            network_policies: policies,
        },
    })
}

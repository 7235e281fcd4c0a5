//! Events of the interface, word by word; the tests decode them with the interface's types.

use alloc::vec::Vec;

use agentcity_abi::IConstitution as wire;
use agentcity_domain::{constitution::norm::Command, peer::Peer};
use agentcity_shell::output::{self, log, number};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;
use stylus_sdk::prelude::*;

/// `Sealed`: the members, then the list of signers behind its offset.
pub(crate) fn sealed(
    vm: &impl Host,
    digest: B256,
    members: &[Address; Peer::COUNT],
    signers: &[Address],
) {
    let offset = 32 * (Peer::COUNT as u64 + 1);
    let mut words: Vec<B256> = members.iter().map(|member| member.into_word()).collect();
    words.push(number(offset));
    words.push(number(signers.len() as u64));
    words.extend(signers.iter().map(|signer| signer.into_word()));
    let topics = [wire::Sealed::SIGNATURE_HASH, digest];
    log(vm, &topics, &output::words(&words));
}

pub(crate) fn epoch_opened(vm: &impl Host, epoch: u64, page: Address) {
    let topics = [wire::EpochOpened::SIGNATURE_HASH, number(epoch)];
    log(vm, &topics, page.into_word().as_slice());
}

/// What `ParameterAmended` tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amended {
    pub(crate) id: u8,
    pub(crate) old: B256,
    pub(crate) new: B256,
    pub(crate) epoch: u64,
    pub(crate) queued_at: u64,
    pub(crate) direction: u8,
}

pub(crate) fn parameter_amended(vm: &impl Host, amended: Amended) {
    let topics = [
        wire::ParameterAmended::SIGNATURE_HASH,
        number(amended.id.into()),
        number(amended.epoch),
    ];
    let words = [
        amended.old,
        amended.new,
        number(amended.queued_at),
        number(amended.direction.into()),
    ];
    log(vm, &topics, &output::words(&words));
}

/// The event that a norm's command emits.
pub(crate) fn norm(vm: &impl Host, command: Command, id: B256, domain: B256) {
    let signature = match command {
        Command::Enact { .. } => wire::NormEnacted::SIGNATURE_HASH,
        Command::Strike => wire::NormStruck::SIGNATURE_HASH,
        Command::Restore => wire::NormRestored::SIGNATURE_HASH,
    };
    log(vm, &[signature, id, domain], &[]);
}

//! Acceptances that executors sign: every field is bound, and each goes to collaboration as it was signed.

use agentcity_abi::{ICollaboration as work, IStatute as wire};
use agentcity_domain::peer::Peer;
use agentcity_world::Key;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

use crate::city::*;

const MISSION: B256 = B256::repeat_byte(7);

pub(crate) fn acceptance(city: &City, executor: Address) -> wire::SeatAcceptance {
    wire::SeatAcceptance {
        missionId: MISSION,
        node: 3,
        attempt: 1,
        executor,
        deadline: city.world.now() + 60,
    }
}

/// What is signed, by EIP-712 and not by our code.
pub(crate) fn digest(of: &wire::SeatAcceptance, chain: u64, contract: Address) -> B256 {
    let domain = (
        keccak256(
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
        ),
        keccak256("AgentCity"),
        keccak256("1"),
        U256::from(chain),
        contract,
    );
    let kind = "SeatAcceptance(bytes32 missionId,uint16 node,uint8 attempt,address executor,uint64 deadline)";
    let fields = (
        of.missionId,
        U256::from(of.node),
        U256::from(of.attempt),
        of.executor,
        of.deadline,
    );
    let hash = keccak256([keccak256(kind).to_vec(), fields.abi_encode_params()].concat());
    let domain = keccak256(domain.abi_encode_params());
    keccak256([&[0x19, 0x01], domain.as_slice(), hash.as_slice()].concat())
}

pub(crate) fn relay(
    acceptances: Vec<wire::SeatAcceptance>,
    signatures: Vec<Vec<u8>>,
) -> wire::acceptSeatsCall {
    wire::acceptSeatsCall {
        acceptances,
        signatures: signatures.into_iter().map(Into::into).collect(),
    }
}

#[test]
fn anyone_relays_what_executors_signed() {
    let city = City::new();
    let keys = ["ann", "ben"].map(Key::of);
    let signed = keys.each_ref().map(|key| acceptance(&city, key.address));
    let chain = city.world.chain_id();
    let signatures = [0, 1].map(|i| keys[i].sign(digest(&signed[i], chain, here())));
    city.world.take_logs();
    // The last second of a deadline belongs to it.
    city.world.warp(60);
    city.call(relay(signed.to_vec(), signatures.to_vec()))
        .expect("relayed");
    let told = city.take_told::<work::acceptSeatForCall>(Peer::Collaboration);
    assert_eq!(told.len(), 2);
    for (call, key) in told.iter().zip(&keys) {
        let found = (call.missionId, call.node, call.attempt, call.executor);
        assert_eq!(found, (MISSION, 3, 1, key.address));
    }
}

#[test]
fn attack_a10_an_acceptance_counts_for_what_was_signed_and_nothing_else() {
    let city = City::new();
    let key = Key::of("ann");
    let good = acceptance(&city, key.address);
    let chain = city.world.chain_id();
    let signature = key.sign(digest(&good, chain, here()));
    let no = || wire::InvalidSignature {
        signer: key.address,
    };
    for bad in [
        wire::SeatAcceptance {
            missionId: B256::repeat_byte(8),
            ..good.clone()
        },
        wire::SeatAcceptance {
            node: 4,
            ..good.clone()
        },
        wire::SeatAcceptance {
            attempt: 2,
            ..good.clone()
        },
        wire::SeatAcceptance {
            deadline: good.deadline + 1,
            ..good.clone()
        },
    ] {
        city.refused(relay(vec![bad], vec![signature.clone()]), no());
    }
    let other = Key::of("ben").address;
    let stolen = wire::SeatAcceptance {
        executor: other,
        ..good.clone()
    };
    city.refused(
        relay(vec![stolen], vec![signature.clone()]),
        wire::InvalidSignature { signer: other },
    );
    for (chain, contract) in [(chain + 1, here()), (chain, STRANGER)] {
        let elsewhere = key.sign(digest(&good, chain, contract));
        city.refused(relay(vec![good.clone()], vec![elsewhere]), no());
    }
    city.refused(relay(vec![good.clone()], vec![]), wire::MalformedCall {});
    city.world.warp(61);
    let late = wire::DeadlinePassed {
        deadline: good.deadline,
    };
    city.refused(relay(vec![good], vec![signature]), late);
}

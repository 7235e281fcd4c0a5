//! What the doubles answer.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use agentcity_abi::{
    ARB_WASM, IEnactment as enactment, IManagement as clerks, IService as services,
};
use agentcity_domain::peer::Peer;
use agentcity_world::{Answer, World};
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolInterface, SolValue};

use crate::city::member;

/// When a deprecated service was deprecated.
pub const DEPRECATED: u64 = 1;

/// What a test has set.
#[derive(Debug, Default)]
pub struct Answers {
    /// Laws by session.
    pub laws: BTreeMap<B256, enactment::Law>,
    /// Runners-up by session and node.
    pub runners_up: BTreeMap<(B256, u16), enactment::AwardedSeat>,
    /// Services that were deprecated.
    pub deprecated: BTreeSet<B256>,
}

/// Life of a program after its activation, in seconds.
const PROGRAM_LIFE: u64 = 365 * 86_400;

/// The service that runs code number `code`.
pub fn service_of(code: u64) -> B256 {
    keccak256(["service".as_bytes(), &code.to_be_bytes()].concat())
}

/// The code that a service runs.
pub fn code_of(service: B256) -> B256 {
    keccak256(["code".as_bytes(), service.as_slice()].concat())
}

/// What tests share with the doubles.
pub(crate) type Shared = Rc<RefCell<Answers>>;

/// Members that are doubles.
pub(crate) const DOUBLES: [Peer; 5] = [
    Peer::Management,
    Peer::Service,
    Peer::Legislature,
    Peer::Assembly,
    Peer::Enactment,
];
/// The name that their code hashes are of.
pub(crate) const DOUBLE: &str = "double";

/// Puts the doubles in their places.
pub(crate) fn install(world: &World, answers: &Shared) {
    for peer in DOUBLES {
        let answers = answers.clone();
        world.install(member(peer), keccak256(DOUBLE), move |_, input| {
            // Whoever seals a city asks every member whose it is.
            if input == enactment::constitutionCall::SELECTOR {
                return Ok(member(Peer::Constitution).abi_encode());
            }
            match peer {
                Peer::Management => management(input),
                Peer::Service => service(&answers, input),
                Peer::Enactment => enactment_answers(&answers, input),
                other => panic!("{} is asked {input:02x?}", other.name()),
            }
        });
    }
    // Programs were activated lately.
    world.install(ARB_WASM, keccak256("ArbWasm"), |_, _| {
        Ok(U256::from(PROGRAM_LIFE).abi_encode())
    });
}

fn management(input: &[u8]) -> Answer {
    clerks::IManagementCalls::abi_decode_validate(input).expect("a call");
    Ok(U256::ZERO.abi_encode())
}

fn service(answers: &Shared, input: &[u8]) -> Answer {
    use services::IServiceCalls as C;
    match C::abi_decode_validate(input).expect("a call") {
        C::standings(call) => {
            let answers = answers.borrow();
            let standing = |service: &B256| services::Standing {
                codeHash: code_of(*service),
                deprecatedAt: if answers.deprecated.contains(service) {
                    DEPRECATED
                } else {
                    0
                },
            };
            let standings: Vec<_> = call.services.iter().map(standing).collect();
            Ok(standings.abi_encode())
        }
        other => panic!("service is asked {:02x?}", other.selector()),
    }
}

fn enactment_answers(answers: &Shared, input: &[u8]) -> Answer {
    use enactment::IEnactmentCalls as C;
    let answers = answers.borrow();
    Ok(match C::abi_decode_validate(input).expect("a call") {
        C::lawOf(call) => answers
            .laws
            .get(&call.sessionId)
            .map_or_else(|| vec![0; 32 * 15], SolValue::abi_encode),
        C::runnerUp(call) => answers
            .runners_up
            .get(&(call.sessionId, call.node))
            .map_or_else(|| vec![0; 32 * 5], SolValue::abi_encode),
        other => panic!("enactment is asked {:02x?}", other.selector()),
    })
}

//! What the doubles answer.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use agentcity_abi::{
    ARB_WASM, IConstitution as founding, IEnactment as enactment, IManagement as clerks,
    IRoster as roster, IService as services,
};
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use agentcity_world::{Answer, Frame, World};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolInterface, SolValue};

use crate::city::{SCALE, member};

/// When a deprecated service was deprecated.
pub const DEPRECATED: u64 = 1;

/// What a test has set.
#[derive(Debug, Default)]
pub struct Answers {
    /// Parameters that differ from the defaults.
    pub values: BTreeMap<u8, u64>,
    /// Laws by session.
    pub laws: BTreeMap<B256, enactment::Law>,
    /// Runners-up by session and node.
    pub runners_up: BTreeMap<(B256, u16), enactment::AwardedSeat>,
    /// Until when the watchdog freezes the city.
    pub watchdog: u64,
    /// Active adjudicators.
    pub adjudicators: u8,
    /// Monitors: principal and scorer.
    pub monitors: BTreeMap<Address, (Address, B256)>,
    /// How often each monitor was charged.
    pub charges: BTreeMap<Address, u32>,
    /// Approved predicates and verifiers.
    pub approved: BTreeMap<(Address, u8), B256>,
    /// Domains with a struck norm.
    pub struck: BTreeSet<B256>,
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

/// Puts the doubles in their places.
pub(crate) fn install(world: &World, answers: &Shared, asset: Address) {
    let put = |peer, body: fn(&Shared, Address, &Frame, &[u8]) -> Answer| {
        let answers = answers.clone();
        world.install(member(peer), keccak256("double"), move |frame, input| {
            body(&answers, asset, frame, input)
        });
    };
    put(Peer::Constitution, constitution);
    put(Peer::Management, management);
    put(Peer::Service, service);
    put(Peer::Enactment, enactment_answers);
    put(Peer::Roster, roster_answers);
    // Programs were activated lately.
    world.install(ARB_WASM, keccak256("ArbWasm"), |_, _| {
        Ok(U256::from(PROGRAM_LIFE).abi_encode())
    });
}

fn values_of(answers: &Answers, ids: &[u8]) -> Vec<B256> {
    let value = |id: &u8| {
        let own = answers.values.get(id).copied();
        own.map_or(ParameterId::ALL[usize::from(*id)].default_word(), |value| {
            B256::from(U256::from(value))
        })
    };
    ids.iter().map(value).collect()
}

fn constitution(answers: &Shared, asset: Address, _: &Frame, input: &[u8]) -> Answer {
    use founding::IConstitutionCalls as C;
    let answers = answers.borrow();
    Ok(match C::abi_decode_validate(input).expect("a call") {
        C::members(_) => Peer::ALL.map(member).abi_encode(),
        C::asset(_) => asset.abi_encode(),
        C::unitScale(_) => U256::from(SCALE).abi_encode(),
        C::epoch(_) => U256::from(1).abi_encode(),
        C::read(call) => values_of(&answers, &call.ids).abi_encode(),
        C::readCurrent(call) => (U256::from(1), values_of(&answers, &call.ids)).abi_encode_params(),
        C::isHalted(call) => answers.struck.contains(&call.domain).abi_encode(),
        other => panic!("the constitution is asked {:02x?}", other.selector()),
    })
}

fn management(_: &Shared, _: Address, _: &Frame, input: &[u8]) -> Answer {
    clerks::IManagementCalls::abi_decode_validate(input).expect("a call");
    Ok(U256::ZERO.abi_encode())
}

fn service(answers: &Shared, _: Address, _: &Frame, input: &[u8]) -> Answer {
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

fn enactment_answers(answers: &Shared, _: Address, _: &Frame, input: &[u8]) -> Answer {
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

fn roster_answers(answers: &Shared, _: Address, _: &Frame, input: &[u8]) -> Answer {
    use roster::IRosterCalls as C;
    let mut answers = answers.borrow_mut();
    Ok(match C::abi_decode_validate(input).expect("a call") {
        C::haltedUntil(_) => U256::from(answers.watchdog).abi_encode(),
        C::activeAdjudicators(_) => U256::from(answers.adjudicators).abi_encode(),
        C::approvedCode(call) => {
            let key = (call.account, call.kind as u8);
            answers
                .approved
                .get(&key)
                .copied()
                .unwrap_or_default()
                .abi_encode()
        }
        C::monitor(call) => {
            let found = answers.monitors.get(&call.account).copied();
            let (principal, scorer) = found.unwrap_or_default();
            let standing = if found.is_some() {
                roster::Standing::Active
            } else {
                roster::Standing::None
            };
            let monitor = roster::Monitor {
                standing,
                principal,
                scorerId: scorer,
                bond: u128::from(u64::MAX),
                falsePositives: 0,
                suspendedUntil: alloy_primitives::aliases::U40::ZERO,
            };
            monitor.abi_encode()
        }
        C::chargeMonitor(call) => {
            *answers.charges.entry(call.account).or_default() += 1;
            Vec::new()
        }
        other => panic!("roster is asked {:02x?}", other.selector()),
    })
}

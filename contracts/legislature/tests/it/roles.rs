//! The legislature as its role table (`abi/roles/Legislature.toml`) says it.

use agentcity_abi::{
    ILegislature as wire,
    ILegislature::{ILegislatureCalls, ILegislatureEvents},
    roles::Caller,
};
use agentcity_domain::{clerk::ClerkRole, peer::Peer};
use agentcity_sessions::{
    City, IDENTITY, SPONSOR, STRANGER, State, agent, clerk, member, steps::node,
};
use agentcity_world::{
    World,
    roles::{self, Prepared, Roles, Signature},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;

/// A city in which a function can succeed once, and the call of it.
fn prepared(function: &str) -> (City, Vec<u8>) {
    if function == "wire" {
        return (City::sealed(), wire::wireCall {}.abi_encode());
    }
    let city = City::of(2);
    let case = city.decided("role", &[node(1)]);
    let id = case.id;
    let salt = B256::repeat_byte(1);
    let input = match function {
        "constitution" => wire::constitutionCall {}.abi_encode(),
        "requestIdentity" => city.request(&case).abi_encode(),
        "attestIdentity" => {
            city.law(city.request(&case)).unwrap();
            city.attesting(&case, &[agent(0)]).abi_encode()
        }
        "confirmRoster" => {
            city.law(city.request(&case)).unwrap();
            city.law(city.attesting(&case, &city.everybody())).unwrap();
            wire::confirmRosterCall { sessionId: id }.abi_encode()
        }
        "publishProposal" => {
            city.identified(&case);
            city.proposing(city.proposal(&case)).abi_encode()
        }
        "placeBids" => {
            city.proposed(&case);
            let bid = city.bid(&case, 0, 0, 5);
            city.bidding(&[(0, bid)]).abi_encode()
        }
        "sealBid" => {
            city.proposed(&case);
            city.sealing(0, &city.bid(&case, 0, 0, 5), salt)
                .abi_encode()
        }
        "openBid" => {
            city.proposed(&case);
            let bid = city.bid(&case, 0, 0, 5);
            city.law(city.sealing(0, &bid, salt)).unwrap();
            city.close(&case);
            city.opening(0, &bid, salt).abi_encode()
        }
        "closeBidding" => {
            city.proposed(&case);
            city.world.warp(901);
            wire::closeBiddingCall { sessionId: id }.abi_encode()
        }
        "moveSession" => {
            city.reviewed(&case, 2);
            let to = State::Codification;
            wire::moveSessionCall { sessionId: id, to }.abi_encode()
        }
        "expireSession" => {
            city.law(city.request(&case)).unwrap();
            city.world.warp(IDENTITY + 1);
            wire::expireSessionCall { sessionId: id }.abi_encode()
        }
        "releaseBids" => {
            city.proposed(&case);
            let sealed = city.bid(&case, 0, 0, 5);
            city.law(city.sealing(0, &sealed, salt)).unwrap();
            city.close(&case);
            city.world.warp(301);
            city.law(wire::expireSessionCall { sessionId: id }).unwrap();
            wire::releaseBidsCall {
                sessionId: id,
                bids: vec![0],
            }
            .abi_encode()
        }
        "session" => wire::sessionCall { sessionId: id }.abi_encode(),
        "attestedAs" => wire::attestedAsCall {
            sessionId: id,
            agent: STRANGER,
        }
        .abi_encode(),
        "bidOf" => wire::bidOfCall {
            sessionId: id,
            bid: 0,
        }
        .abi_encode(),
        "bidsOf" => wire::bidsOfCall {
            sessionId: id,
            bids: vec![0],
        }
        .abi_encode(),
        "bidsOn" => wire::bidsOnCall {
            sessionId: id,
            node: 0,
            first: 0,
        }
        .abi_encode(),
        other => panic!("no call of {other} here"),
    };
    (city, input)
}

struct Messages;

impl Roles for Messages {
    const CONTRACT: &'static str = "Legislature";
    const FUNCTION: Signature<4> = ILegislatureCalls::signature_by_selector;
    const EVENT: Signature<32> = ILegislatureEvents::signature_by_selector;
    const FUNCTIONS: usize = ILegislatureCalls::VARIANT_NAMES.len();
    const ELSEWHERE: &'static [(&'static str, &'static str)] =
        &[("attestIdentity", "AgentDropped")];
    type City = City;

    fn world(city: &City) -> &World {
        &city.world
    }

    fn member(peer: Peer) -> Address {
        member(peer)
    }

    fn people() -> Vec<(&'static str, Address)> {
        vec![
            ("stranger", STRANGER),
            ("sponsor", SPONSOR),
            ("bidder", agent(0).address),
            ("registrar", clerk(ClerkRole::Registrar, 0).address),
            ("speaker", clerk(ClerkRole::Speaker, 0).address),
        ]
    }

    fn prepared(function: &str, _by: Option<Caller>) -> Prepared<City> {
        let (city, input) = prepared(function);
        Prepared::new(city, input)
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Messages>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Messages>();
}

/// The enactment moves what it decides, along the machine's edges, and nothing else: what time ends, anybody says.
#[test]
fn the_enactment_cannot_move_a_session_anywhere_else() {
    let city = City::of(4);
    let case = city.decided("moved", &[node(1)]);
    city.reviewed(&case, 4);
    let own = member(Peer::Enactment);
    for to in [
        State::None,
        State::Init,
        State::IdentityVerification,
        State::BiddingOpen,
        State::RegulatoryReview,
        State::AwaitingApproval,
        State::Deployed,
    ] {
        let call = wire::moveSessionCall {
            sessionId: case.id,
            to,
        };
        let refused = wire::WrongTransition {
            sessionId: case.id,
            from: State::RegulatoryReview,
            to,
        };
        city.world
            .refused(own, member(Peer::Legislature), 0, call, refused);
    }
    let unknown = B256::repeat_byte(9);
    let call = wire::moveSessionCall {
        sessionId: unknown,
        to: State::Failed,
    };
    city.world.refused(
        own,
        member(Peer::Legislature),
        0,
        call,
        wire::Unknown { id: unknown },
    );
}

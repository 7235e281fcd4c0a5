//! Every struct that clerks and agents sign here: as it is, on another chain, for another contract, after its deadline, with each
//! field changed, by another signer, and twice.

use agentcity_abi::ILegislature as wire;
use agentcity_domain::{clerk::ClerkRole, peer::Peer, signed::SignedStruct};
use agentcity_sessions::{City, STRANGER, agent, clerk, member, steps::node};
use agentcity_world::Key;
use alloy_primitives::{B256, Bytes, U256, aliases::U40};
use alloy_sol_types::{SolCall, SolError, SolStruct};

/// A call with a signature.
type Call = Box<dyn Fn(Bytes) -> Vec<u8>>;

/// A statement in a city where it is good: whose it is, what is signed for a contract, its call, others that differ in a field
/// each, and one that is too late.
struct Case {
    name: &'static str,
    city: City,
    by: Key,
    digest: Box<dyn Fn(Peer) -> B256>,
    call: Call,
    others: Vec<Call>,
    late: (Box<dyn Fn() -> B256>, Call),
}

/// A deadline that is over.
const PAST: u64 = 5;

/// A case of a message and its changes, the deadline's last.
fn case<M, C>(
    city: &City,
    name: &'static str,
    by: Key,
    message: M,
    changes: &[fn(&mut M)],
    wrap: fn(M, Bytes) -> C,
) -> Case
where
    M: SolStruct + Clone + 'static,
    C: SolCall + 'static,
{
    let encode = move |message: M| -> Call {
        Box::new(move |signature| wrap(message.clone(), signature).abi_encode())
    };
    let changed = |change: &fn(&mut M)| {
        let mut other = message.clone();
        change(&mut other);
        other
    };
    let late = changed(changes.last().expect("a deadline"));
    let (own, signing, in_city, signed_late) =
        (city.clone(), message.clone(), city.clone(), late.clone());
    Case {
        name,
        city: city.clone(),
        by,
        others: changes
            .iter()
            .map(|change| encode(changed(change)))
            .collect(),
        call: encode(message.clone()),
        digest: Box::new(move |to| own.digest(to, &signing)),
        late: (
            Box::new(move || in_city.digest(Peer::Legislature, &signed_late)),
            encode(late),
        ),
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let city = City::new();
    let session = city.decided("signed", &[node(1)]);
    cases.push(case(
        &city,
        "IdentityRequest",
        clerk(ClerkRole::Registrar, 0),
        city.request(&session).message,
        &[
            |m| m.sessionId = B256::repeat_byte(0x99),
            |m| m.challenge = B256::ZERO,
            |m| m.minimumReputation = 1,
            |m| m.deadline = PAST,
        ],
        |message, signature| wire::requestIdentityCall { message, signature },
    ));

    let city = City::new();
    let session = city.decided("signed", &[node(1)]);
    city.law(city.request(&session)).unwrap();
    cases.push(case(
        &city,
        "IdentityAttestation",
        agent(0),
        city.attestation(&session, &agent(0)),
        &[
            |m| m.sessionId = B256::repeat_byte(0x99),
            |m| m.challenge = B256::ZERO,
            |m| m.agent = agent(1).address,
            |m| m.principal = STRANGER,
            |m| m.didHash = B256::ZERO,
            |m| m.deadline = PAST,
        ],
        |message, signature| wire::attestIdentityCall {
            messages: vec![message],
            signatures: vec![signature],
        },
    ));

    let city = City::new();
    let session = city.decided("signed", &[node(1)]);
    city.identified(&session);
    cases.push(case(
        &city,
        "DagProposal",
        clerk(ClerkRole::Speaker, 0),
        city.proposal(&session),
        &[
            |m| m.sessionId = B256::repeat_byte(0x99),
            |m| m.proposalId = B256::ZERO,
            |m| m.statuteHash = B256::ZERO,
            |m| m.contentAddress = B256::ZERO,
            |m| m.rationaleHash = B256::ZERO,
            |m| m.nodes = 2,
            |m| m.tokenBudget += 1,
            |m| m.missionBudget += 1,
            |m| m.missionDeadline -= U40::from(1),
            |m| m.deadline = PAST,
        ],
        |message, signature| wire::publishProposalCall { message, signature },
    ));

    let city = City::new();
    let session = city.decided("signed", &[node(1), node(1)]);
    city.proposed(&session);
    let bid = city.bid(&session, 0, 0, 500);
    cases.push(case(
        &city,
        "TaskBid",
        agent(0),
        bid.clone(),
        &[
            |m| m.sessionId = B256::repeat_byte(0x99),
            |m| m.node = 1,
            |m| m.agent = agent(1).address,
            |m| m.serviceId = agentcity_sessions::service(1),
            |m| m.codeHash = B256::ZERO,
            |m| m.price -= 1,
            |m| m.stake += 1,
            |m| m.source = B256::ZERO,
            |m| m.latencyMs += 1,
            |m| m.matchPermille -= 1,
            |m| m.tierAcceptance = 2,
            |m| m.deadline = PAST,
        ],
        |message, signature| wire::placeBidsCall {
            messages: vec![message],
            signatures: vec![signature],
        },
    ));

    let city = City::new();
    let session = city.decided("signed", &[node(1), node(1)]);
    city.proposed(&session);
    cases.push(case(
        &city,
        "SealedBid",
        agent(0),
        city.sealing(0, &bid, B256::ZERO).message,
        &[
            |m| m.sessionId = B256::repeat_byte(0x99),
            |m| m.agent = agent(1).address,
            |m| m.node = 1,
            |m| m.commitment = B256::ZERO,
            |m| m.stake += 1,
            |m| m.source = B256::ZERO,
            |m| m.deadline = PAST,
        ],
        |message, signature| wire::sealBidCall { message, signature },
    ));
    cases
}

impl Case {
    fn send(&self, call: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
        let to = member(Peer::Legislature);
        self.city.world.transact(STRANGER, to, U256::ZERO, call)
    }

    #[track_caller]
    fn refuses(&self, what: &str, call: &[u8]) -> Vec<u8> {
        let before = self.city.storage();
        let refusal = self.send(call);
        assert_eq!(self.city.storage(), before, "{}: {what}", self.name);
        refusal.expect_err(&format!("{}: {what}", self.name))
    }
}

#[test]
fn the_matrix_has_every_struct_of_this_contract() {
    use std::collections::BTreeSet;
    let own: BTreeSet<&str> = SignedStruct::ALL
        .iter()
        .map(|signed| signed.entry())
        .filter(|entry| entry.contract == Peer::Legislature)
        .map(|entry| entry.name)
        .collect();
    let tried: BTreeSet<&str> = cases().iter().map(|case| case.name).collect();
    assert_eq!(tried, own);
}

#[test]
fn a_statement_counts_once_and_only_here() {
    for case in cases() {
        let digest = (case.digest)(Peer::Legislature);
        let good: Bytes = case.by.sign(digest).into();
        let elsewhere: Bytes = case.by.sign((case.digest)(Peer::Enactment)).into();
        case.refuses("for another contract", &(case.call)(elsewhere));
        case.city.world.set_chain_id(1);
        case.refuses("on another chain", &(case.call)(good.clone()));
        case.city.world.set_chain_id(agentcity_world::CHAIN_ID);
        case.refuses(
            "the other form",
            &(case.call)(case.by.sign_high(digest).into()),
        );
        for by in [Key::of("nobody"), clerk(ClerkRole::Codifier, 0), agent(7)] {
            case.refuses("by another", &(case.call)(by.sign(digest).into()));
        }
        for (other, place) in case.others.iter().zip(0..) {
            case.refuses(&format!("changed in {place}"), &other(good.clone()));
        }
        let (signed_late, late) = &case.late;
        let refusal = case.refuses("too late", &late(case.by.sign(signed_late()).into()));
        let expected = wire::DeadlinePassed { deadline: PAST };
        assert_eq!(refusal, expected.abi_encode(), "{}", case.name);
        case.send(&(case.call)(good.clone()))
            .unwrap_or_else(|e| panic!("{}: {e:02x?}", case.name));
        if case.name == "IdentityAttestation" {
            // Whoever relays it again changes nothing, and stops nobody else's in the same call.
            let before = case.city.storage();
            case.send(&(case.call)(good)).expect("passed over");
            assert_eq!(case.city.storage(), before);
        } else {
            case.refuses("twice", &(case.call)(good));
        }
    }
}

//! Every struct that clerks sign here: as it is, on another chain, for another contract, after its deadline, with each field
//! changed, by another signer, and twice.

use agentcity_abi::IEnactment as wire;
use agentcity_domain::{clerk::ClerkRole, peer::Peer, signed::SignedStruct};
use agentcity_sessions::{
    City, STRANGER, clerk, member,
    steps::{GOOD, node},
};
use agentcity_world::Key;
use alloy_primitives::{B256, Bytes, U256};
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
            Box::new(move || in_city.digest(Peer::Enactment, &signed_late)),
            encode(late),
        ),
    }
}

fn cases() -> Vec<Case> {
    let regulator = || clerk(ClerkRole::Regulator, 0);
    let codifier = || clerk(ClerkRole::Codifier, 0);
    let mut cases = Vec::new();

    let city = City::new();
    let session = city.decided("signed", &[node(1)]);
    city.reviewed(&session, 8);
    let message = wire::AwardDeviation {
        sessionId: session.id,
        node: 0,
        best: 0,
        chosen: 1,
        justificationHash: B256::repeat_byte(7),
        deadline: GOOD,
    };
    cases.push(case(
        &city,
        "AwardDeviation",
        regulator(),
        message,
        &[
            |m| m.sessionId = B256::repeat_byte(0x99),
            |m| m.node = 1,
            |m| m.best = 1,
            |m| m.chosen = 0,
            |m| m.justificationHash = B256::ZERO,
            |m| m.deadline = PAST,
        ],
        |message, signature| wire::deviateAwardCall { message, signature },
    ));

    city.enact(city.awarding(&session)).unwrap();
    let message = wire::RegulatoryDecision {
        rejected: vec![wire::RejectedBid { bid: 1, reason: 9 }],
        flags: vec![wire::ComplianceFlag {
            node: 0,
            code: 3,
            severity: wire::Severity::Note,
            evidenceHash: B256::repeat_byte(5),
        }],
        ..city.decision(&session)
    };
    cases.push(case(
        &city,
        "RegulatoryDecision",
        regulator(),
        message,
        &[
            |m| m.sessionId = B256::repeat_byte(0x99),
            |m| m.assignmentsHash = B256::repeat_byte(0x99),
            |m| m.fairness -= 1,
            |m| m.rejected[0].bid = 7,
            |m| m.rejected[0].reason = 8,
            |m| m.rejected.clear(),
            |m| m.flags[0].node = 1,
            |m| m.flags[0].code = 4,
            |m| m.flags[0].severity = wire::Severity::Warning,
            |m| m.flags[0].evidenceHash = B256::ZERO,
            |m| m.flags.push(m.flags[0].clone()),
            |m| m.repropose = true,
            |m| m.deadline = PAST,
        ],
        |message, signature| wire::decideRegulatoryCall { message, signature },
    ));

    let city = City::new();
    let session = city.decided("signed", &[node(1)]);
    city.reviewed(&session, 8);
    city.regulated(&session);
    cases.push(case(
        &city,
        "TemplateVersion",
        codifier(),
        city.template(),
        &[
            |m| m.templateId = B256::repeat_byte(0x99),
            |m| m.version = 2,
            |m| m.schemaHash = B256::ZERO,
            |m| m.nodesMax = 1,
            |m| m.tiersAllowed = 2,
            |m| m.riskMax = 1,
            |m| m.predicatesMin = 1,
            |m| m.deadline = PAST,
        ],
        |message, signature| wire::publishTemplateCall { message, signature },
    ));

    let city = City::new();
    let session = city.decided("signed", &[node(1)]);
    city.reviewed(&session, 8);
    city.regulated(&session);
    city.enact(city.publishing(city.template())).unwrap();
    let mut second = city.template();
    second.version = 2;
    city.enact(city.publishing(second)).unwrap();
    cases.push(case(
        &city,
        "CodedSpecification",
        codifier(),
        city.specification(&session),
        &[
            |m| m.sessionId = B256::repeat_byte(0x99),
            |m| m.statuteHash = B256::repeat_byte(0x99),
            |m| m.assignmentsHash = B256::repeat_byte(0x99),
            |m| m.templateId = B256::repeat_byte(0x99),
            |m| m.templateVersion = 2,
            |m| m.deadline = PAST,
        ],
        |message, signature| wire::codifyCall { message, signature },
    ));

    let city = City::new();
    let session = city.decided("signed", &[node(1)]);
    city.reviewed(&session, 8);
    city.regulated(&session);
    city.codified(&session);
    cases.push(case(
        &city,
        "LegislativeApproval",
        regulator(),
        city.approval(&session, ClerkRole::Regulator),
        &[
            |m| m.sessionId = B256::repeat_byte(0x99),
            |m| m.statuteHash = B256::repeat_byte(0x99),
            |m| m.assignmentsHash = B256::repeat_byte(0x99),
            |m| m.epoch = 6,
            |m| m.role = 1,
            |m| m.deadline = PAST,
        ],
        |message, signature| wire::approveCall { message, signature },
    ));
    cases
}

impl Case {
    fn send(&self, call: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
        let to = member(Peer::Enactment);
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
        .filter(|entry| entry.contract == Peer::Enactment)
        .map(|entry| entry.name)
        .collect();
    let tried: BTreeSet<&str> = cases().iter().map(|case| case.name).collect();
    assert_eq!(tried, own);
}

#[test]
fn a_statement_counts_once_and_only_here() {
    for case in cases() {
        let digest = (case.digest)(Peer::Enactment);
        let good: Bytes = case.by.sign(digest).into();
        let elsewhere: Bytes = case.by.sign((case.digest)(Peer::Legislature)).into();
        case.refuses("for another contract", &(case.call)(elsewhere));
        case.city.world.set_chain_id(1);
        case.refuses("on another chain", &(case.call)(good.clone()));
        case.city.world.set_chain_id(agentcity_world::CHAIN_ID);
        case.refuses(
            "the other form",
            &(case.call)(case.by.sign_high(digest).into()),
        );
        for by in [Key::of("nobody"), clerk(ClerkRole::Registrar, 0)] {
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
        case.refuses("twice", &(case.call)(good));
    }
}

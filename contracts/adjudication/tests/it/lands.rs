//! INV-PANEL-02: every row of T5 lands, signed by as many as it asks for: the function that it names, with what was signed, told
//! once, counted and logged.

use agentcity_abi::{
    IAdjudication as wire, IAgent as agents, ICollaboration as work, IConstitution as law,
    IEnactment as laws, IGuardian as guard, IManagement as clerks, IRoster as roster,
    ITreasury as treasury, IVerification as checks,
};
use agentcity_domain::{
    act::{Action, Signers},
    parameter::ParameterId,
    peer::Peer,
};
use alloy_primitives::{Address, B256, U256, aliases::U40};
use alloy_sol_types::{SolCall, SolEvent};

use crate::city::*;

/// What whom it concerns must be told, written out from the interfaces; none for what is done here. `at` is when it was handed in.
fn expected(act: &Act, at: u64) -> Option<(Peer, Vec<u8>)> {
    let word = |name: &str| act.get(name);
    let address = |name: &str| Address::from_word(word(name));
    let n = |name: &str| U256::from_be_bytes(word(name).0).to::<u64>();
    let m = || act.words[0];
    let why = || word("justificationHash");
    Some(match act.action {
        Action::FreezeNode => (
            Peer::Guardian,
            guard::freezeNodeCall {
                missionId: m(),
                node: n("node") as u16,
                attempt: n("attempt") as u8,
                agent: address("agent"),
            }
            .abi_encode(),
        ),
        Action::UnfreezeNode => (
            Peer::Guardian,
            guard::unfreezeNodeCall {
                missionId: m(),
                node: n("node") as u16,
                freezeId: n("freezeId"),
                kind: guard::UnfreezeKind::try_from(n("kind") as u8).unwrap(),
            }
            .abi_encode(),
        ),
        Action::ConfirmFreeze => (
            Peer::Guardian,
            guard::confirmFreezeCall {
                missionId: m(),
                node: n("node") as u16,
                freezeId: n("freezeId"),
            }
            .abi_encode(),
        ),
        Action::ClassifyFalsePositive => (
            Peer::Guardian,
            guard::classifyFalsePositiveCall {
                missionId: m(),
                node: n("node") as u16,
                freezeId: n("freezeId"),
            }
            .abi_encode(),
        ),
        Action::DecideReview => (
            Peer::Verification,
            checks::decideReviewCall {
                missionId: m(),
                node: n("node") as u16,
                attempt: n("attempt") as u8,
                approved: n("approved") == 1,
                score: n("score") as u16,
                seat: n("seat") as u8,
            }
            .abi_encode(),
        ),
        Action::Disqualify => (
            Peer::Verification,
            checks::disqualifyCall {
                missionId: m(),
                node: n("node") as u16,
                attempt: n("attempt") as u8,
                executor: address("executor"),
            }
            .abi_encode(),
        ),
        Action::ClearPredicate => (
            Peer::Guardian,
            guard::clearPredicateCall {
                missionId: m(),
                index: n("index") as u8,
            }
            .abi_encode(),
        ),
        Action::VetoOutput => (
            Peer::Guardian,
            guard::vetoOutputCall {
                missionId: m(),
                justificationHash: why(),
            }
            .abi_encode(),
        ),
        Action::ReleaseOutput => (
            Peer::Guardian,
            guard::releaseOutputCall { missionId: m() }.abi_encode(),
        ),
        Action::TriggerStop => (
            Peer::Guardian,
            guard::triggerStopCall {
                missionId: m(),
                evidenceHash: word("evidenceHash"),
            }
            .abi_encode(),
        ),
        Action::ClearStop => (
            Peer::Guardian,
            guard::clearStopCall { missionId: m() }.abi_encode(),
        ),
        Action::LiftPause => (
            Peer::Guardian,
            guard::liftPauseCall {
                missionId: m(),
                forfeit: n("forfeit") == 1,
            }
            .abi_encode(),
        ),
        Action::ExitDegraded => (
            Peer::Guardian,
            guard::exitDegradedCall { missionId: m() }.abi_encode(),
        ),
        Action::AbortMission => (
            Peer::Collaboration,
            work::abortMissionCall {
                missionId: m(),
                justificationHash: why(),
            }
            .abi_encode(),
        ),
        Action::AbortForFault => {
            let agents = ["first", "second", "third", "fourth"].map(address);
            let named = agents.into_iter().filter(|agent| !agent.is_zero());
            (
                Peer::Collaboration,
                work::abortForFaultCall {
                    missionId: m(),
                    agents: named.collect(),
                    justificationHash: why(),
                }
                .abi_encode(),
            )
        }
        Action::AdjustReputation => (
            Peer::Agent,
            agents::adjustReputationCall {
                agent: address("agent"),
                delta: n("delta") as i16,
                evidence: why(),
            }
            .abi_encode(),
        ),
        Action::PayInsurance => (
            Peer::Treasury,
            treasury::payInsuranceCall {
                missionId: m(),
                agent: address("agent"),
                amount: U256::from(n("amount")),
                evidenceHash: word("evidenceHash"),
            }
            .abi_encode(),
        ),
        Action::Disburse => {
            let mut call = treasury::disburseCall::SELECTOR.to_vec();
            for name in ["purpose", "recipient", "amount", "justificationHash"] {
                call.extend_from_slice(word(name).as_slice());
            }
            (Peer::Treasury, call)
        }
        Action::BanPrincipal => (
            Peer::Agent,
            agents::banPrincipalCall {
                principal: address("principal"),
                reason: why(),
            }
            .abi_encode(),
        ),
        Action::LiftBan => (
            Peer::Agent,
            agents::liftBanCall {
                principal: address("principal"),
                reason: why(),
            }
            .abi_encode(),
        ),
        Action::FreezePrincipal => (
            Peer::Agent,
            agents::freezePrincipalCall {
                principal: address("principal"),
                reason: why(),
            }
            .abi_encode(),
        ),
        Action::UnfreezePrincipal => (
            Peer::Agent,
            agents::unfreezePrincipalCall {
                principal: address("principal"),
                reason: why(),
            }
            .abi_encode(),
        ),
        Action::AdmitClerk => (
            Peer::Management,
            clerks::registerManagementAgentCall {
                agent: address("clerk"),
                role: n("role") as u8,
                permitted: n("permitted"),
                prohibited: n("prohibited"),
                operationsMax: n("operationsMax") as u16,
            }
            .abi_encode(),
        ),
        Action::UpdateEnvelope => (
            Peer::Management,
            clerks::updatePermissionsCall {
                clerk: address("clerk"),
                permitted: n("permitted"),
                prohibited: n("prohibited"),
                operationsMax: n("operationsMax") as u16,
            }
            .abi_encode(),
        ),
        Action::RevokeClerk => (
            Peer::Management,
            clerks::revokeManagementRoleCall {
                clerk: address("clerk"),
                reason: why(),
            }
            .abi_encode(),
        ),
        Action::AmendParameter => (
            Peer::Constitution,
            law::amendCall {
                id: n("parameter") as u8,
                oldValue: word("oldValue"),
                newValue: word("newValue"),
                queuedAt: at,
            }
            .abi_encode(),
        ),
        Action::EnactNorm => (
            Peer::Constitution,
            law::enactNormCall {
                id: word("norm"),
                domain: word("domain"),
            }
            .abi_encode(),
        ),
        Action::StrikeNorm => (
            Peer::Constitution,
            law::strikeNormCall { id: word("norm") }.abi_encode(),
        ),
        Action::RestoreNorm => (
            Peer::Constitution,
            law::restoreNormCall { id: word("norm") }.abi_encode(),
        ),
        Action::ApproveMonitor => (
            Peer::Roster,
            roster::approveMonitorCall {
                account: address("monitor"),
                scorerId: word("scorerId"),
            }
            .abi_encode(),
        ),
        Action::RevokeMonitor => (
            Peer::Roster,
            roster::revokeMonitorCall {
                account: address("monitor"),
            }
            .abi_encode(),
        ),
        Action::ApprovePredicate => (
            Peer::Roster,
            roster::approvePredicateCall {
                program: address("program"),
                codehash: word("codehash"),
            }
            .abi_encode(),
        ),
        Action::RevokePredicate => (
            Peer::Roster,
            roster::revokePredicateCall {
                program: address("program"),
                codehash: word("codehash"),
            }
            .abi_encode(),
        ),
        Action::ApproveVerifier => (
            Peer::Roster,
            roster::approveVerifierCall {
                program: address("program"),
                codehash: word("codehash"),
            }
            .abi_encode(),
        ),
        Action::RevokeVerifier => (
            Peer::Roster,
            roster::revokeVerifierCall {
                program: address("program"),
                codehash: word("codehash"),
            }
            .abi_encode(),
        ),
        Action::AddAdjudicator => (
            Peer::Roster,
            roster::addAdjudicatorCall {
                account: address("adjudicator"),
                principal: address("principal"),
            }
            .abi_encode(),
        ),
        Action::RemoveAdjudicator => (
            Peer::Roster,
            roster::removeAdjudicatorCall {
                account: address("adjudicator"),
            }
            .abi_encode(),
        ),
        Action::AppointSenior => (
            Peer::Constitution,
            law::amendCall {
                id: ParameterId::SeniorAdjudicatorAddr as u8,
                oldValue: word("oldSenior"),
                newValue: word("newSenior"),
                queuedAt: at,
            }
            .abi_encode(),
        ),
        Action::WaiveFairness => (
            Peer::Enactment,
            laws::waiveFairnessCall {
                sessionId: m(),
                justificationHash: why(),
            }
            .abi_encode(),
        ),
        Action::CountersignAward => (
            Peer::Enactment,
            laws::countersignAwardCall {
                sessionId: m(),
                node: n("node") as u16,
                chosen: n("chosen") as u32,
            }
            .abi_encode(),
        ),
        Action::AuditCodification => (
            Peer::Enactment,
            laws::auditCodificationCall {
                sessionId: m(),
                statuteHash: word("statuteHash"),
            }
            .abi_encode(),
        ),
        Action::DeclareSpecificationFault => (
            Peer::Enactment,
            laws::declareSpecificationFaultCall {
                missionId: m(),
                node: n("node") as u16,
                attempt: n("attempt") as u8,
            }
            .abi_encode(),
        ),
        Action::ConfirmAlert => (
            Peer::Roster,
            roster::confirmAlertCall {
                account: address("adjudicator"),
                actions: n("actions") as u32,
            }
            .abi_encode(),
        ),
        Action::ReleaseWatchdog => (
            Peer::Roster,
            roster::releaseWatchdogCall {
                until: U40::from(n("haltedUntil")),
            }
            .abi_encode(),
        ),
        Action::BanAgent => (
            Peer::Agent,
            agents::banAgentCall {
                agent: address("agent"),
                principal: address("principal"),
                reason: why(),
            }
            .abi_encode(),
        ),
        Action::SetMandate => (
            Peer::Management,
            clerks::setMandateCall {
                operation: n("operation") as u8,
                serviceId: word("serviceId"),
                artifactSchema: word("artifactSchema"),
            }
            .abi_encode(),
        ),
        Action::HaltCity => (
            Peer::Guardian,
            guard::triggerStopCall {
                missionId: CITY,
                evidenceHash: word("evidenceHash"),
            }
            .abi_encode(),
        ),
        Action::ResumeCity => (
            Peer::Guardian,
            guard::clearStopCall { missionId: CITY }.abi_encode(),
        ),
        Action::CloseAudit | Action::None => return None,
    })
}

/// A city in which an action may be carried out; for the closing of an audit, after the last adjudicator acted alone.
pub(crate) fn city_for(action: Action) -> City {
    let city = City::new();
    if action == Action::CloseAudit {
        city.appoint(PANEL - 1);
        let act = Act::of(Action::TriggerStop).about(mission(9));
        for place in 0..PANEL {
            city.interest(place, mission(9));
        }
        city.alone(&act, PANEL - 1, &city.first(PANEL as u8))
            .expect("alone");
        city.world.take_logs();
    }
    city
}

/// As many as are needed.
pub(crate) fn enough(city: &City, act: &Act) -> Vec<usize> {
    city.first(city.needs(act).signers)
}

/// Hands an action in and carries it out when it is due; when it was handed in.
pub(crate) fn pass(city: &City, act: &Act, places: &[usize]) -> u64 {
    let at = city.world.now();
    let digest = city
        .submit(act, places)
        .unwrap_or_else(|no| panic!("{act:?}: {no:02x?}"));
    let state = city.state(digest);
    if state.state == wire::ActionState::Queued {
        city.world.warp(state.dueAt.to::<u64>() - at);
        city.execute(act)
            .unwrap_or_else(|no| panic!("{act:?}: {no:02x?}"));
    }
    at
}

#[test]
fn every_row_tells_whom_it_concerns_what_was_signed_and_says_so() {
    for action in Action::ALL {
        let (city, act) = (city_for(*action), Act::of(*action));
        let row = action.row().unwrap();
        let places = enough(&city, &act);
        let at = pass(&city, &act, &places);
        let look = city.look();

        let others: Vec<_> = look
            .told
            .iter()
            .filter(|(_, data)| data[..4] != roster::recordDecisionCall::SELECTOR)
            .cloned()
            .collect();
        let expected = expected(&act, at);
        assert_eq!(
            others,
            expected.iter().cloned().collect::<Vec<_>>(),
            "{action:?}"
        );
        assert_eq!(
            expected.map(|(peer, _)| peer),
            row.function.map(|_| row.lands)
        );

        let signers: Vec<_> = places
            .iter()
            .map(|place| city.keys[*place].address)
            .collect();
        let said = look.said::<wire::OverrideAction>();
        assert_eq!(said.len(), 1, "{action:?}");
        assert_eq!(said[0].digest, city.digest(&act));
        assert_eq!(said[0].action as u8, *action as u8);
        assert_eq!(
            (said[0].mission, &said[0].payload),
            (act.mission(), &act.payload())
        );
        assert_eq!((&said[0].signers, said[0].unilateral), (&signers, false));

        let counted = look.counted();
        assert_eq!(counted.len(), 1, "{action:?}");
        assert_eq!(counted[0].signers, signers);
        let weakens = matches!(action, Action::AppointSenior);
        assert_eq!(counted[0].weakens, weakens, "{action:?}");
        let tightens = matches!(action, Action::AmendParameter);
        assert_eq!(
            counted[0].approves,
            !action.brakes() && !tightens,
            "{action:?}"
        );
        assert_eq!(counted[0].reviews, *action == Action::DecideReview);

        let state = city.state(city.digest(&act));
        assert_eq!(state.state, wire::ActionState::Executed);
        assert_eq!(usize::from(state.signers), places.len());
    }
}

/// T5's own numbers, in a city of seven.
#[test]
fn as_many_sign_as_the_row_says_and_one_fewer_is_refused() {
    for action in Action::ALL {
        let (city, act) = (city_for(*action), Act::of(*action));
        let needs = city.needs(&act);
        let (expected, alternative) = match action.row().unwrap().signers {
            Signers::One => (1, 0),
            Signers::Two => (2, 0),
            Signers::OneThenTwo => (1, 5),
            Signers::ClearStop => (2, 4),
            Signers::Half => (4, 1),
            Signers::TwoThirds => (5, 2),
            // The sample is of the low tier, the senior of the high one.
            Signers::ByTier => (1, 3),
            Signers::Unflagged => (7, 6),
        };
        assert_eq!(
            (needs.signers, needs.alternative),
            (expected, alternative),
            "{action:?}"
        );
        assert_eq!(needs.class as u8, action.demands().unwrap().2 as u8);
        let few = city.first(expected - 1);
        let missing = wire::SignersMissing {
            have: expected - 1,
            need: expected,
        };
        refused(&city, |city| city.submit(&act, &few), missing);
        pass(&city, &act, &city.first(expected));
        // More than enough is enough.
        let (city, act) = (city_for(*action), act.again(1));
        let more = (expected + 1).min(PANEL as u8 - u8::from(*action == Action::CloseAudit));
        pass(&city, &act, &city.first(more));
    }
}

#[test]
fn what_whom_it_concerns_refuses_is_not_done() {
    for action in Action::ALL {
        let (city, act) = (city_for(*action), Act::of(*action));
        let places = enough(&city, &act);
        let lands = action.row().unwrap().lands;
        if lands == Peer::Adjudication {
            continue;
        }
        let digest = city.digest(&act);
        if city.needs(&act).delaySecs.is_zero() {
            city.given.borrow_mut().refuses = Some(lands);
            refused_with(&city, |city| city.submit(&act, &places), REFUSAL);
            assert_eq!(city.state(digest).state, wire::ActionState::None);
            city.given.borrow_mut().refuses = None;
            city.submit(&act, &places)
                .expect("it can be handed in again");
        } else {
            city.submit(&act, &places).unwrap();
            city.world.warp(8 * DAY);
            city.given.borrow_mut().refuses = Some(lands);
            refused_with(&city, |city| city.execute(&act), REFUSAL);
            assert_eq!(city.state(digest).state, wire::ActionState::Queued);
        }
    }
}

/// RULINGS R23: nothing opaque. What is read back is what was signed.
#[test]
fn a_payload_is_read_back() {
    for action in Action::ALL {
        let (city, act) = (City::new(), Act::of(*action));
        let input = act.call(wire::decodeActionCall::SELECTOR, |payload, action| {
            wire::decodeActionCall { action, payload }.abi_encode()
        });
        let answer = city.world.transact(STRANGER, here(), U256::ZERO, &input);
        let read = wire::decodeActionCall::abi_decode_returns_validate(&answer.unwrap()).unwrap();
        assert_eq!(read.justificationHash, WHY);
        assert_eq!(read.contentAddress, act.get("contentAddress"));
        assert_eq!(number(read.deadline), act.get("deadline"));
        assert_eq!(read.missionId, act.mission());
        let own = act.words.len() - 3;
        let named = |name: &str| {
            let mut fields = action.signed().unwrap().entry().fields();
            fields.any(|(_, field)| field == name) && act.mission() != B256::ZERO
        };
        if named("node") {
            assert_eq!(number(read.node.into()), act.get("node"), "{action:?}");
        }
        if named("attempt") {
            assert_eq!(
                number(read.attempt.into()),
                act.get("attempt"),
                "{action:?}"
            );
        }
        let (first, second, third) = match (own, act.mission() != B256::ZERO) {
            (1, false) => (act.words[0], B256::ZERO, B256::ZERO),
            (2, false) => (act.words[0], act.words[1], B256::ZERO),
            (_, false) => (act.words[0], act.words[1], act.words[2]),
            _ => continue,
        };
        assert_eq!(
            (read.subject, read.oldValue, read.newValue),
            (first, second, third),
            "{action:?}"
        );
    }
}

/// The watchdog's view of reviews and scores: by what was decided.
#[test]
fn a_no_is_counted_as_a_no() {
    let counted = |act: Act, places: &[usize]| {
        let city = City::new();
        pass(&city, &act, places);
        city.look().counted().remove(0)
    };
    let review = Act::of(Action::DecideReview);
    let no = counted(review.with("approved", B256::ZERO), &[0]);
    assert_eq!((no.approves, no.reviews), (false, true));
    let minus = B256::from(U256::MAX);
    let score = Act::of(Action::AdjustReputation).with("delta", minus);
    assert!(!counted(score, &[0, 1]).approves);
    // A weakening of a parameter.
    let weaker = Act::of(Action::AmendParameter).with("newValue", number(6));
    let found = counted(weaker, &[0]);
    assert_eq!((found.approves, found.weakens), (true, true));
}

#[test]
fn each_event_of_the_interface_is_known_by_its_topic() {
    // What `Look::said` compares with is the interface's; a topic of ours that differed would be seen as none.
    let city = City::new();
    pass(&city, &Act::of(Action::FreezeNode), &[0]);
    let look = city.look();
    assert_eq!(look.count(), look.said::<wire::OverrideAction>().len());
    assert_ne!(
        wire::OverrideAction::SIGNATURE_HASH,
        wire::ActionQueued::SIGNATURE_HASH
    );
}

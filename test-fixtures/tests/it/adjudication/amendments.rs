//! The law changes slowly where it becomes weaker, and signers may think better of it.

use agentcity_abi::{
    IAdjudication::{self as panel, ActionState},
    IConstitution as law,
};
use agentcity_domain::{act::Action, parameter::ParameterId as P, peer::Peer};
use agentcity_test_fixtures::mission::{Charter, Scene, seconds, told};

use super::{address, amendment};

#[test]
fn an_amendment_is_proposed_delayed_withdrawn_proposed_again_and_carried_out() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    let (id, to) = (P::ReputationFloor, P::ReputationFloor.row().default - 10);
    let before = scene.ask(Peer::Constitution, &law::epochCall {});
    let words = amendment(&mut scene, id, to);
    let first = scene.draft(Action::AmendParameter, &words);
    let digest = scene.stage.city.act_digest(&first);

    // It weakens what is of high risk: two thirds of the panel, and a day.
    let few = panel::SignersMissing { have: 4, need: 5 };
    scene.undecided(&first, &[0, 1, 2, 3], &few);
    let queued = scene.decide(&first, &[0, 1, 2, 3, 4]);
    let queued = &told::<panel::ActionQueued>(&queued)[0];
    let (due, lapses) = (queued.dueAt, queued.expiresAt.to::<u64>());
    assert_eq!(queued.digest, digest);
    assert_eq!(
        due.to::<u64>(),
        scene.now() + seconds(P::OverrideDelayHighSecs)
    );
    assert_eq!(lapses, due.to::<u64>() + seconds(P::OverrideExpirySecs));
    scene.unexecuted(&first, &panel::NotDue { dueAt: due });
    assert_eq!(scene.stage.city.number(id).unwrap(), to + 10);

    // Who did not sign withdraws nothing; one signer fewer is too few, and it falls.
    let withdraw = panel::withdrawSignatureCall { digest };
    let [outsider, doubter] = [6, 2].map(|place| scene.stage.city.adjudicators[place].clone());
    let no = panel::Unauthorized {
        caller: outsider.address(),
    };
    scene.refused(&outsider, Peer::Adjudication, &withdraw, &no);
    let withdrawn = scene.send(&doubter, Peer::Adjudication, &withdraw);
    let left = &told::<panel::SignatureWithdrawn>(&withdrawn)[0];
    assert_eq!((left.signer, left.left), (doubter.address(), 4));
    let ended = &told::<panel::ActionEnded>(&withdrawn)[0];
    assert_eq!(
        (ended.digest, ended.state),
        (digest, ActionState::Withdrawn)
    );
    let over = panel::WrongActionState {
        digest,
        state: ActionState::Withdrawn,
    };
    scene.unexecuted(&first, &over);
    // The same words are spent, whoever signs them.
    scene.undecided(&first, &[0, 1, 3, 4, 5], &over);

    // Proposed again: other reasons, hence another action.
    let second = scene.draft(Action::AmendParameter, &words);
    let queued = scene.decide(&second, &[0, 1, 3, 4, 5]);
    let due = told::<panel::ActionQueued>(&queued)[0].dueAt.to::<u64>();
    scene.until(due - 1);
    scene.stage.city.client.warp_to(due).unwrap();
    let stranger = scene.stranger.clone();
    let call = panel::executeCall {
        action: second.wire(),
        payload: second.payload(),
    };
    let done = scene.send(&stranger, Peer::Adjudication, &call);
    let said = &told::<panel::OverrideAction>(&done)[0];
    let mut signers = [0, 1, 3, 4, 5].map(|place| address(&scene, place));
    signers.sort_unstable();
    assert_eq!((&said.signers[..], said.unilateral), (&signers[..], false));
    assert_eq!(told::<law::ParameterAmended>(&done).len(), 1);
    assert_eq!(scene.stage.city.number(id).unwrap(), to);
    let after = scene.ask(Peer::Constitution, &law::epochCall {});
    assert_eq!(after, before + 1);

    // What waits too long lapses, and anyone says so.
    let words = amendment(&mut scene, id, to - 10);
    let third = scene.draft(Action::AmendParameter, &words);
    let queued = scene.decide(&third, &[0, 1, 2, 3, 4]);
    let lapses = told::<panel::ActionQueued>(&queued)[0]
        .expiresAt
        .to::<u64>();
    let digest = scene.stage.city.act_digest(&third);
    let expire = panel::expireActionCall { digest };
    scene.until(lapses);
    scene.pass(1);
    let over = panel::WrongActionState {
        digest,
        state: ActionState::Expired,
    };
    scene.unexecuted(&third, &over);
    let ended = scene.send(&stranger, Peer::Adjudication, &expire);
    let ended = &told::<panel::ActionEnded>(&ended)[0];
    assert_eq!(ended.state, ActionState::Expired);
    assert_eq!(scene.stage.city.number(id).unwrap(), to);
}

//! Adjudicators judge one another.

use agentcity_abi::{
    IAdjudication as panel,
    IRoster::{self as roster, Standing},
};
use agentcity_domain::{act::Action, parameter::ParameterId as P, peer::Peer};
use agentcity_test_fixtures::mission::{Charter, Scene, seconds, told};
use alloy::primitives::{U256, keccak256};

use super::{UNIT, address, amendment, seat};

/// Who is accused, and who accuses.
const ACCUSED: usize = 1;
const ACCUSER: usize = 0;

#[test]
fn five_of_seven_revoke_one_whose_stake_goes_to_the_funds_and_whose_signatures_count_no_more() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    let people = scene.stage.city.adjudicators.clone();
    let (accused, accuser) = (people[ACCUSED].clone(), people[ACCUSER].clone());
    // What he signed with four others waits to be due.
    let id = P::ReputationFloor;
    let words = amendment(&mut scene, id, id.row().default - 10);
    let waiting = scene.draft(Action::AmendParameter, &words);
    let queued = scene.decide(&waiting, &[ACCUSED, 2, 3, 4, 5]);
    let due = told::<panel::ActionQueued>(&queued)[0].dueAt.to::<u64>();

    // ---- one accuses him under bond; each has one vote, and he has none.
    let bond = u128::from(P::ImpeachmentBond.row().default) * UNIT;
    scene.deposit(&accuser, bond);
    let accuse = roster::initiateImpeachmentCall {
        target: accused.address(),
        evidenceHash: keccak256("he was paid for it"),
    };
    let stranger = scene.stranger.clone();
    let no = roster::NotAdjudicator {
        signer: stranger.address(),
    };
    scene.refused(&stranger, Peer::Roster, &accuse, &no);
    let opened = scene.send(&accuser, Peer::Roster, &accuse);
    let case = told::<roster::ImpeachmentInitiated>(&opened)[0].clone();
    assert_eq!((case.target, case.needed), (accused.address(), 5));
    let life = seconds(P::ImpeachmentExpirySecs);
    assert_eq!(case.expiresAt.to::<u64>(), scene.now() + life);
    assert_eq!(scene.credit(accuser.address()), 0);
    let vote = roster::voteImpeachmentCall {
        caseId: case.caseId,
    };
    for voter in [&accused, &accuser] {
        let no = roster::AlreadyDone {
            who: voter.address(),
        };
        scene.refused(voter, Peer::Roster, &vote, &no);
    }
    for voter in &people[2..5] {
        scene.send(voter, Peer::Roster, &vote);
    }
    assert_eq!(seat(&mut scene, ACCUSED).standing, Standing::Active);

    // ---- the fifth vote revokes him.
    let carried = scene.send(&people[5], Peer::Roster, &vote);
    let stake = u128::from(P::AdjudicatorStake.row().default) * UNIT;
    let said = &told::<roster::AdjudicatorImpeached>(&carried)[0];
    assert_eq!(
        (said.target, said.slashed.to::<u128>()),
        (accused.address(), stake)
    );
    assert_eq!(scene.credit(accuser.address()), bond, "the bond came back");
    let known = seat(&mut scene, ACCUSED);
    assert_eq!((known.standing, known.stake), (Standing::Removed, 0));
    let before = scene.books();
    scene.send(&stranger, Peer::Roster, &roster::skimCall {});
    let after = scene.books();
    let half = U256::from(stake / 2);
    assert_eq!(
        (
            after.insurance - before.insurance,
            after.treasury - before.treasury
        ),
        (half, half)
    );
    let books = scene.ask(Peer::Roster, &roster::bookedCall {});
    assert_eq!(books, U256::from(6 * stake));

    // ---- he signs nothing any more, and what he signed before counts without him.
    let words = amendment(&mut scene, P::NumericTolerancePct, 4);
    let act = scene.draft(Action::AmendParameter, &words);
    let no = roster::NotAdjudicator {
        signer: address(&scene, ACCUSED),
    };
    scene.undecided(&act, &[ACCUSED], &no);
    scene.until(due);
    scene.unexecuted(&waiting, &panel::SignersMissing { have: 4, need: 5 });
    // Two thirds of six are four.
    let words = amendment(&mut scene, id, id.row().default - 10);
    let anew = scene.draft(Action::AmendParameter, &words);
    let queued = scene.decide(&anew, &[2, 3, 4, 5]);
    let due = told::<panel::ActionQueued>(&queued)[0].dueAt.to::<u64>();
    scene.until(due);
    scene.execute(&anew);
    assert_eq!(scene.stage.city.number(id).unwrap(), id.row().default - 10);

    // ---- a second stake with that key is not taken; a case that nobody follows costs its bond.
    let again = roster::stakeCall {
        amount: U256::from(stake),
    };
    let to = scene.at(Peer::Roster);
    let value = U256::from(stake);
    let input = alloy::sol_types::SolCall::abi_encode(&again).into();
    let client = &mut scene.stage.city.client;
    let refused = client.pay(accused.signer(), to, value, input, "a second stake");
    let said = refused.unwrap_err().refusal().map(|no| no.0.to_vec());
    let no = roster::WrongStanding {
        account: accused.address(),
        standing: Standing::Removed,
    };
    assert_eq!(said, Some(alloy::sol_types::SolError::abi_encode(&no)));
    let accuse = roster::initiateImpeachmentCall {
        target: people[6].address(),
        evidenceHash: keccak256("a grudge"),
    };
    let opened = scene.send(&accuser, Peer::Roster, &accuse);
    let case = told::<roster::ImpeachmentInitiated>(&opened)[0].clone();
    let close = roster::expireImpeachmentCall {
        caseId: case.caseId,
    };
    let early = roster::NotDue {
        dueAt: U256::from(case.expiresAt.to::<u64>() + 1).to(),
    };
    scene.refused(&stranger, Peer::Roster, &close, &early);
    scene.until(case.expiresAt.to::<u64>() + 1);
    let lapsed = scene.send(&stranger, Peer::Roster, &close);
    assert_eq!(told::<roster::ImpeachmentLapsed>(&lapsed).len(), 1);
    assert_eq!(scene.credit(accuser.address()), 0);
    assert_eq!(seat(&mut scene, 6).standing, Standing::Active);
    scene.books();
}

//! Adjudicators against the city (RULINGS A4, A5, A7).

use agentcity_abi::{
    IAdjudication as panel,
    ICollaboration::{self as work, Halt},
    IConstitution as law, IGuardian as guardian,
};
use agentcity_deploy::city::CityError;
use agentcity_domain::{act::Action, parameter::ParameterId as P, peer::Peer};
use agentcity_test_fixtures::{
    city::{Person, Site},
    mission::{Charter, Scene, seconds, told},
};
use alloy::{
    primitives::{U256, keccak256},
    sol_types::SolCall,
};

use super::{STAKE, amendment, proofs};

/// A4: whoever may brake at once may not end legislation at once.
#[test]
fn a4_one_adjudicator_tightens_a_quarter_of_a_range_in_a_week_and_two_thirds_no_more() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    // ---- fairness of a thousand: no award would ever do. One signer moves it by a quarter of its range.
    let id = P::MinFairnessScore;
    let row = id.row();
    let quarter = (row.max - row.min) / 4;
    let excess = seconds(P::TighteningExcessDelaySecs);
    let words = amendment(&mut scene, id, row.max);
    let all = scene.draft(Action::AmendParameter, &words);
    let queued = scene.decide(&all, &[0]);
    let due = told::<panel::ActionQueued>(&queued)[0].dueAt;
    assert_eq!(
        due.to::<u64>(),
        scene.now() + excess,
        "beyond the share it waits"
    );
    for step in [quarter - 1, 1] {
        let to = scene.stage.city.number(id).unwrap() + step;
        let words = amendment(&mut scene, id, to);
        let act = scene.draft(Action::AmendParameter, &words);
        let taken = scene.decide(&act, &[0]);
        assert_eq!(told::<law::ParameterAmended>(&taken).len(), 1, "at once");
    }
    assert_eq!(scene.stage.city.number(id).unwrap(), row.default + quarter);
    // The share is used up: one more waits, also another's.
    let words = amendment(&mut scene, id, row.default + quarter + 1);
    let more = scene.draft(Action::AmendParameter, &words);
    let queued = scene.decide(&more, &[1]);
    assert_eq!(told::<panel::ActionQueued>(&queued).len(), 1);
    // What was queued first saw another value: it never lands.
    scene.until(due.to());
    let [_, seen, _] = amendment(&mut scene, id, 0);
    let stale = panel::ValueChanged {
        expected: all.words[1],
        found: seen,
    };
    scene.unexecuted(&all, &stale);

    // ---- stakes of a billion: a quarter of that range is many times any stake. At once a stake doubles at most.
    let id = P::AdjudicatorStake;
    let row = id.row();
    let words = amendment(&mut scene, id, row.max);
    let ruin = scene.draft(Action::AmendParameter, &words);
    let queued = scene.decide(&ruin, &[0, 1, 2, 3, 4]);
    let due = told::<panel::ActionQueued>(&queued)[0].dueAt.to::<u64>();
    assert!(due >= scene.now() + seconds(P::OverrideDelayHighSecs));
    let words = amendment(&mut scene, id, 2 * row.default);
    let doubled = scene.draft(Action::AmendParameter, &words);
    let taken = scene.decide(&doubled, &[0, 1, 2, 3, 4]);
    assert_eq!(told::<law::ParameterAmended>(&taken).len(), 1);
    // ---- a quorum of twenty: of high risk, hence two thirds, and no more than its share at once.
    let id = P::AdjudicatorQuorum;
    let words = amendment(&mut scene, id, 20);
    let act = scene.draft(Action::AmendParameter, &words);
    let few = panel::SignersMissing { have: 2, need: 5 };
    scene.undecided(&act, &[0, 1], &few);
    let queued = scene.decide(&act, &[0, 1, 2, 3, 4]);
    assert_eq!(told::<panel::ActionQueued>(&queued).len(), 1);
    // Meanwhile laws are made.
    scene.enact(&proofs("still legislated", 1), STAKE);
}

/// A5: after the seal the deployer's key opens nothing, and before it nobody else's wiring is taken.
#[test]
fn a5_who_deployed_a_city_has_no_power_in_it_and_no_seal_but_the_adjudicators_is_taken() {
    let mut site = Site::prepare(&Charter::default()).unwrap_or_else(|e| panic!("{e}"));
    let manifest = site.manifest().unwrap();
    let stranger = Person::new(1, "front-runner").address();
    // Somebody else is first with everything that is open: no member learns peers from an unsealed constitution.
    for peer in Peer::ALL {
        if peer == Peer::Constitution {
            continue;
        }
        let to = site.plan.address(peer);
        let input = agentcity_abi::IAgent::wireCall {}.abi_encode();
        let said = site.client.try_call(stranger, to, U256::ZERO, &input);
        let refused = said.unwrap_err();
        let not_sealed = agentcity_abi::IAgent::NotSealed {};
        let expected = alloy::sol_types::SolError::abi_encode(&not_sealed);
        let found = refused.refusal().map(|no| no.0.to_vec());
        assert_eq!(found, Some(expected), "{}", peer.name());
    }
    // A manifest of his own needs the signatures of those whom the constitution was created with.
    let mut own = manifest.clone();
    own.members[Peer::Adjudication.place() - 1].account = stranger;
    let signed = site.sign(&manifest, site.needed());
    let refused = site.seal(&own, signed.clone()).unwrap_err();
    assert!(matches!(refused, CityError::Refused { .. }), "{refused}");
    assert!(site.seal(&manifest, signed).unwrap());
    site.wire().unwrap();
    // The deployer is nobody.
    let deployer = agentcity_test_fixtures::Actor::named("peggy").address();
    let norm = law::enactNormCall {
        id: keccak256("norm"),
        domain: keccak256("domain"),
    };
    let to = site.plan.constitution.address;
    let said = site
        .client
        .try_call(deployer, to, U256::ZERO, &norm.abi_encode());
    let no = law::Unauthorized { caller: deployer };
    let expected = alloy::sol_types::SolError::abi_encode(&no);
    assert_eq!(
        said.unwrap_err().refusal().map(|no| no.0.to_vec()),
        Some(expected)
    );
    // Nor has an adjudicator alone any, before he staked: not one of seven signs anything.
    let roster = site.plan.address(Peer::Roster);
    let active = agentcity_abi::IRoster::activeAdjudicatorsCall {};
    assert_eq!(site.client.ask(roster, &active).unwrap(), 0);
}

/// A7: halting missions again and again is not for one alone.
#[test]
fn a7_who_stopped_a_mission_once_stops_it_again_only_with_another() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    scene.stage.life = 30 * 86_400;
    let laws = ["first", "second"].map(|name| {
        let plan = proofs(name, 1);
        let seats = scene.seats(&plan, &[0], STAKE);
        scene.enact_with(&plan, &seats)
    });
    let stop = |mission, what: &str| guardian::triggerStopCall {
        missionId: mission,
        evidenceHash: keccak256(what),
    };
    let clear = |scene: &mut Scene, mission, signers: &[usize]| {
        let call = guardian::clearStopCall { missionId: mission };
        let act = scene.act(Peer::Guardian, &call);
        scene.decide(&act, signers)
    };
    let mission = laws[0].mission;
    let act = scene.act(Peer::Guardian, &stop(mission, "a first time"));
    scene.decide(&act, &[3]);
    assert_eq!(scene.mission(&laws[0]).halt, Halt::EmergencyStop);
    // One may stop, two let go: those who do not stop it at once again.
    let few = panel::SignersMissing { have: 1, need: 2 };
    let call = guardian::clearStopCall { missionId: mission };
    let alone = scene.act(Peer::Guardian, &call);
    scene.undecided(&alone, &[3], &few);
    let lifted = clear(&mut scene, mission, &[4, 5]);
    assert_eq!(told::<guardian::HaltLifted>(&lifted).len(), 1);
    // The same one, alone, a second time: refused; with another, or by another: taken.
    let again = scene.act(Peer::Guardian, &stop(mission, "a second time"));
    scene.undecided(&again, &[3], &few);
    scene.decide(&again, &[3, 6]);
    clear(&mut scene, mission, &[0, 1]);
    // Now also the one who helped is known here.
    let third = scene.act(Peer::Guardian, &stop(mission, "a third time"));
    scene.undecided(&third, &[6], &few);
    scene.decide(&third, &[2]);
    let until = scene.mission(&laws[0]).haltedUntil.to::<u64>();
    assert_eq!(until, scene.now() + 72 * 3_600);
    // In another mission nobody has stopped anything yet.
    let other = scene.act(Peer::Guardian, &stop(laws[1].mission, "elsewhere"));
    scene.decide(&other, &[3]);
    // What is left alone ends for all that, at nobody's fault (R9).
    for law in &laws {
        let until = scene.mission(law).haltedUntil.to::<u64>();
        if scene.now() <= until {
            scene.until(until + 1);
        }
        let stranger = scene.stranger.clone();
        let over = work::expireMissionCall {
            missionId: law.mission,
        };
        let ended = scene.send(&stranger, Peer::Collaboration, &over);
        assert!(told::<work::FaultSignal>(&ended).is_empty());
        scene.clear(law);
    }
    scene.leave(&[]);
}

//! The queue: from when until when, who still counts, withdrawing and ending, tightenings beyond their bound.

use agentcity_abi::IAdjudication as wire;
use agentcity_domain::{act::Action, parameter::ParameterId};
use alloy_primitives::{B256, aliases::U40};

use crate::{city::*, lands::pass};

const DELAY: u64 = 2 * DAY;
const EXPIRY: u64 = 7 * DAY;

fn u40(value: u64) -> U40 {
    U40::from(value)
}

/// An action in a state, with five of five signers needed.
fn in_state(state: wire::ActionState) -> (City, Act, B256) {
    use wire::ActionState as S;
    let (city, act) = (City::new(), Act::of(Action::Disburse));
    let digest = city.digest(&act);
    if state != S::None {
        city.submit(&act, &[0, 1, 2, 3, 4]).unwrap();
    }
    match state {
        S::Executed => {
            city.world.warp(DELAY);
            city.execute(&act).unwrap();
        }
        S::Withdrawn => city.withdraw(0, digest).unwrap(),
        S::Expired => {
            city.world.warp(DELAY + EXPIRY + 1);
            city.expire(digest).unwrap();
        }
        _ => {}
    }
    assert_eq!(city.state(digest).state, state);
    (city, act, digest)
}

/// Every state and command: what is taken, and by which error the rest is refused.
#[test]
fn each_state_answers_each_command() {
    use wire::ActionState as S;
    for state in [S::None, S::Queued, S::Executed, S::Withdrawn, S::Expired] {
        for command in ["submit", "execute", "withdraw", "expire"] {
            let (city, act, digest) = in_state(state);
            let deadline = number(city.world.now() + DAY);
            if state == S::Queued {
                let wait = match command {
                    "execute" => DELAY,
                    "expire" => DELAY + EXPIRY + 1,
                    _ => 0,
                };
                city.world.warp(wait);
            }
            let run = |city: &City| match command {
                "submit" => city.submit(&act, &[0, 1, 2, 3, 4]).map(|_| ()),
                "execute" => city.execute(&act).map(|_| ()),
                "withdraw" => city.withdraw(0, digest),
                _ => city.expire(digest),
            };
            let taken = match command {
                "submit" => state == S::None,
                _ => state == S::Queued,
            };
            if !taken {
                refused(&city, run, wire::WrongActionState { digest, state });
                continue;
            }
            run(&city).unwrap_or_else(|no| panic!("{state:?} {command}: {no:02x?} {deadline}"));
            let after = match command {
                "submit" => S::Queued,
                "execute" => S::Executed,
                "withdraw" => S::Withdrawn,
                _ => S::Expired,
            };
            assert_eq!(city.state(digest).state, after);
        }
    }
}

#[test]
fn it_is_carried_out_by_anyone_from_when_it_is_due_until_it_lapses() {
    let (city, act) = (City::new(), Act::of(Action::Disburse));
    let now = city.world.now();
    let digest = city.submit(&act, &[0, 1, 2, 3, 4, 6]).unwrap();
    let (due, lapses) = (now + DELAY, now + DELAY + EXPIRY);
    let state = city.state(digest);
    assert_eq!((state.state, state.signers), (wire::ActionState::Queued, 6));
    assert_eq!((state.dueAt, state.expiresAt), (u40(due), u40(lapses)));
    let look = city.look();
    assert!(look.told.is_empty(), "nobody is told before it is due");
    let queued = look.said::<wire::ActionQueued>().remove(0);
    assert_eq!(
        (queued.digest, queued.action as u8),
        (digest, act.action as u8)
    );
    assert_eq!((queued.dueAt, queued.expiresAt), (u40(due), u40(lapses)));
    assert_eq!((queued.payload, queued.signers.len()), (act.payload(), 6));

    city.world.warp(DELAY - 1);
    refused(
        &city,
        |city| city.execute(&act),
        wire::NotDue { dueAt: u40(due) },
    );
    let copy = City::new();
    copy.submit(&act, &[0, 1, 2, 3, 4]).unwrap();
    for (city, wait) in [(&city, 1), (&copy, DELAY + EXPIRY)] {
        city.world.warp(wait);
        city.execute(&act).expect("due");
    }
    let lapsed = City::new();
    lapsed.submit(&act, &[0, 1, 2, 3, 4]).unwrap();
    lapsed.world.warp(DELAY + EXPIRY);
    let not_yet = wire::NotDue {
        dueAt: u40(lapses + 1),
    };
    refused(&lapsed, |city| city.expire(digest), not_yet);
    lapsed.world.warp(1);
    let state = wire::ActionState::Expired;
    refused(
        &lapsed,
        |city| city.execute(&act),
        wire::WrongActionState { digest, state },
    );
    lapsed.expire(digest).unwrap();
    let ended = lapsed.look().said::<wire::ActionEnded>().remove(0);
    assert_eq!((ended.digest, ended.state), (digest, state));
}

#[test]
fn a_signer_withdraws_while_it_is_queued_and_it_falls_with_the_one_too_many() {
    let (city, act) = (City::new(), Act::of(Action::Disburse));
    let digest = city.submit(&act, &[0, 1, 2, 3, 4, 5]).unwrap();
    let caller = STRANGER;
    let call = || wire::withdrawSignatureCall { digest };
    refused(
        &city,
        |city| city.call(caller, call()),
        wire::Unauthorized { caller },
    );
    let caller = city.keys[6].address;
    refused(
        &city,
        |city| city.withdraw(6, digest),
        wire::Unauthorized { caller },
    );
    city.look();
    city.withdraw(3, digest).unwrap();
    let look = city.look();
    let withdrawn = look.said::<wire::SignatureWithdrawn>().remove(0);
    assert_eq!(
        (withdrawn.signer, withdrawn.left),
        (city.keys[3].address, 5)
    );
    assert_eq!(look.count(), 1);
    let caller = city.keys[3].address;
    refused(
        &city,
        |city| city.withdraw(3, digest),
        wire::Unauthorized { caller },
    );
    assert_eq!(city.state(digest).signers, 5);
    // Five are enough: it still goes through, without the one who withdrew.
    let copy = City::new();
    copy.submit(&act, &[0, 1, 2, 3, 4, 5]).unwrap();
    copy.withdraw(3, digest).unwrap();
    copy.world.warp(DELAY);
    copy.look();
    copy.execute(&act).unwrap();
    let signers = &copy.look().said::<wire::OverrideAction>()[0].signers;
    let stayed = [0, 1, 2, 4, 5].map(|place: usize| copy.keys[place].address);
    assert_eq!(*signers, stayed);

    city.withdraw(0, digest).unwrap();
    let look = city.look();
    let ended = look.said::<wire::ActionEnded>().remove(0);
    assert_eq!(ended.state, wire::ActionState::Withdrawn);
    assert_eq!(city.state(digest).signers, 4);
}

/// Whoever left the panel since, or has come to have an interest, does not count; and does not stand in the way of the others.
#[test]
fn eligibility_is_judged_again_when_it_is_carried_out() {
    let act = Act::of(Action::Disburse);
    let city = |signers: &[usize]| {
        let city = City::new();
        city.submit(&act, signers).unwrap();
        city.world.warp(DELAY);
        city.look();
        city
    };
    let leave = |city: &City, place| city.seat(place, |seat| seat.active = false);
    let become_party = |city: &City, place: usize| {
        let recipient = alloy_primitives::Address::from_word(act.get("recipient"));
        city.seat(place, |seat| seat.interests.push(recipient));
    };
    for unfit in [&leave as &dyn Fn(&City, usize), &become_party] {
        let exact = city(&[0, 1, 2, 3, 4]);
        unfit(&exact, 2);
        let no = wire::SignersMissing { have: 4, need: 5 };
        refused(&exact, |city| city.execute(&act), no);
        let more = city(&[0, 1, 2, 3, 4, 6]);
        unfit(&more, 2);
        more.execute(&act).unwrap();
        let look = more.look();
        let stayed = [0, 1, 3, 4, 6].map(|place: usize| more.keys[place].address);
        assert_eq!(look.said::<wire::OverrideAction>()[0].signers, stayed);
        assert_eq!(look.counted()[0].signers, stayed);
        let digest = more.digest(&act);
        assert_eq!(more.state(digest).state, wire::ActionState::Executed);
    }
    let both = city(&[0, 1, 2, 3, 4, 5, 6]);
    leave(&both, 0);
    become_party(&both, 6);
    both.execute(&act).expect("five are left");
    // Who came back counts again.
    let back = city(&[0, 1, 2, 3, 4]);
    leave(&back, 1);
    assert!(back.execute(&act).is_err());
    back.seat(1, |seat| seat.active = true);
    back.execute(&act).unwrap();
}

/// T5: q is the number of active adjudicators when the case opened.
#[test]
fn a_case_needs_as_many_as_when_it_was_opened() {
    let act = Act::of(Action::Disburse);
    let city = City::new();
    city.submit(&act, &[0, 1, 2, 3, 4]).unwrap();
    for place in [5, 6] {
        city.seat(place, |seat| seat.active = false);
    }
    city.seat(0, |seat| seat.active = false);
    city.world.warp(DELAY);
    // Four are left of four, of whom three would be two thirds; five were needed.
    let no = wire::SignersMissing { have: 4, need: 5 };
    refused(&city, |city| city.execute(&act), no);
}

fn amend(id: ParameterId, old: u64, new: u64) -> Act {
    Act::of(Action::AmendParameter)
        .with("parameter", number(id as u64))
        .with("oldValue", number(old))
        .with("newValue", number(new))
}

/// INV-PANEL-06; RULINGS A4: at once within its bound, the whole delay beyond it, and never at once what weakens a higher tier.
#[test]
fn a_tightening_is_immediate_within_its_bound_and_waits_beyond_it() {
    use ParameterId::*;
    for (act, signers, wait) in [
        (amend(MinFairnessScore, 600, 850), 1, 0),
        (amend(MinFairnessScore, 600, 851), 1, DAY),
        (amend(MinFairnessScore, 600, 1_000), 1, DAY),
        (amend(MinFairnessScore, 600, 349), 1, DAY),
        (amend(MinStakeLow, 150, 300), 2, 0),
        (amend(MinStakeLow, 150, 301), 2, DAY),
        (amend(MinStakeLow, 150, 1_000_000_000), 2, DAY),
        (amend(MinStakeLow, 150, 149), 2, 21_600),
        (amend(AdjudicatorQuorum, 7, 8), 5, 0),
        (amend(AdjudicatorQuorum, 7, 20), 5, DAY),
        (amend(AdjudicatorQuorum, 7, 6), 5, DAY),
    ] {
        let city = City::new();
        let needs = city.needs(&act);
        assert_eq!(
            (needs.signers, needs.delaySecs),
            (signers, u40(wait)),
            "{act:?}"
        );
        let digest = city.submit(&act, &city.first(signers)).unwrap();
        let id = ParameterId::at(act.words[0][31]).unwrap();
        if wait > 0 {
            assert_eq!(city.value(id), act.get("oldValue"));
            city.world.warp(wait - 1);
            let due = u40(city.world.now() + 1);
            refused(
                &city,
                |city| city.execute(&act),
                wire::NotDue { dueAt: due },
            );
            city.world.warp(1);
            city.execute(&act).expect("its whole delay is over");
        }
        assert_eq!(city.value(id), act.get("newValue"));
        assert_eq!(city.state(digest).state, wire::ActionState::Executed);
    }
}

/// RULINGS A4, the attack: step by step within the bound, again and again.
#[test]
fn many_small_tightenings_are_together_bound_as_one_is() {
    let city = City::new();
    let id = ParameterId::MinFairnessScore;
    pass(&city, &amend(id, 600, 725), &[0]);
    let second = amend(id, 725, 850);
    assert!(city.needs(&second).delaySecs.is_zero());
    pass(&city, &second, &[1]);
    let third = amend(id, 850, 851);
    assert_eq!(city.needs(&third).delaySecs, u40(DAY));
    city.submit(&third, &[2]).expect("it can be queued");
    assert_eq!(city.value(id), number(850));
    city.world.warp(DAY);
    city.execute(&third).unwrap();
    // Left alone for a week, the share is whole again.
    city.world.warp(8 * DAY);
    let later = amend(id, 851, 900).with("deadline", number(city.world.now()));
    assert!(city.needs(&later).delaySecs.is_zero());
}

/// RESOLUTIONS D-08: the senior's parameter has one way to change, with its signers and its week.
#[test]
fn the_senior_is_appointed_by_its_own_action_alone() {
    let city = City::new();
    let sideways = Act::of(Action::AmendParameter)
        .with("parameter", number(0))
        .with("oldValue", B256::ZERO)
        .with("newValue", city.keys[0].address.into_word());
    let action = wire::Action::AmendParameter;
    let no = wire::MalformedPayload { action, word: 0 };
    refused(&city, |city| city.submit(&sideways, &city.first(7)), no);
    let act = Act::of(Action::AppointSenior).with("newSenior", city.keys[0].address.into_word());
    let needs = city.needs(&act);
    assert_eq!((needs.signers, needs.delaySecs), (5, u40(7 * DAY)));
    pass(&city, &act, &[0, 1, 2, 3, 4]);
    let senior = city.call(STRANGER, wire::seniorCall {}).unwrap();
    assert_eq!((senior.account, senior.auditId), (city.keys[0].address, 0));
}

/// A parameter that changed its delay in the meantime: what was queued keeps its own, and the constitution its say.
#[test]
fn a_longer_delay_does_not_move_what_was_queued() {
    let city = City::new();
    let act = Act::of(Action::Disburse);
    city.submit(&act, &[0, 1, 2, 3, 4]).unwrap();
    city.set(ParameterId::DisburseDelaySecs, 30 * DAY as u32);
    city.world.warp(DELAY);
    city.execute(&act).unwrap();
    let second = act.again(1).with("deadline", number(city.world.now()));
    let now = city.world.now();
    let digest = city.submit(&second, &[0, 1, 2, 3, 4]).unwrap();
    assert_eq!(city.state(digest).dueAt, u40(now + 30 * DAY));
}

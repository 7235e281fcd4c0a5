//! Every struct in every variant of a replay: each is refused, by the error that says why (RULINGS R23; INV-PANEL-01).

use agentcity_abi::IAdjudication as wire;
use agentcity_domain::act::{Action, Saw};
use agentcity_world::CHAIN_ID;
use alloy_primitives::{Address, B256, Bytes, U256, b256};
use alloy_sol_types::SolError;

use crate::{
    city::*,
    lands::{city_for, enough, pass},
};

/// Whose key signed a digest, as the precompile recovers it.
fn recovered(city: &City, digest: B256, signature: &[u8]) -> Address {
    let mut input = [0; 128];
    input[..32].copy_from_slice(digest.as_slice());
    input[63] = signature[64];
    input[64..].copy_from_slice(&signature[..64]);
    let answer = city
        .world
        .transact(STRANGER, Address::with_last_byte(1), U256::ZERO, &input);
    Address::from_word(B256::from_slice(&answer.unwrap()))
}

/// What refuses signatures that are somebody's, but not over this: they are of strangers, or in no order.
fn strangers(city: &City, digest: B256, signatures: &[Bytes]) -> Vec<u8> {
    let signers: Vec<_> = signatures
        .iter()
        .map(|signature| recovered(city, digest, signature))
        .collect();
    for pair in signers.windows(2) {
        if pair[0] >= pair[1] {
            let (previous, signer) = (pair[0], pair[1]);
            return wire::SignersNotAscending { previous, signer }.abi_encode();
        }
    }
    let given = city.given.borrow();
    let stranger = signers
        .iter()
        .find(|signer| !given.seats.contains_key(*signer));
    let signer = *stranger.expect("somebody else signed");
    wire::NotAdjudicator { signer }.abi_encode()
}

fn is_queued(city: &City, act: &Act) -> bool {
    !city.needs(act).delaySecs.is_zero()
}

fn spent(city: &City, act: &Act, state: wire::ActionState) -> wire::WrongActionState {
    wire::WrongActionState {
        digest: city.digest(act),
        state,
    }
}

/// How often each kind of variant was tried, so that none of them silently tries nothing.
#[derive(Default)]
struct Tried(std::collections::BTreeMap<&'static str, usize>);

impl Tried {
    fn note(&mut self, kind: &'static str) {
        *self.0.entry(kind).or_default() += 1;
    }
}

#[test]
fn every_struct_is_good_once_here_and_as_it_was_signed() {
    let mut tried = Tried::default();
    for action in Action::ALL {
        let (city, act) = (city_for(*action), Act::of(*action));
        let places = enough(&city, &act);
        let good = city.sign(&act, &places);
        let digest = city.digest(&act);
        let hand_in = |signatures: Vec<Bytes>| {
            let act = act.clone();
            move |city: &City| city.hand_in(&act, signatures)
        };

        // Signed for another chain, and for another contract.
        city.world.set_chain_id(CHAIN_ID + 1);
        let elsewhere = city.sign(&act, &places);
        city.world.set_chain_id(CHAIN_ID);
        let no = strangers(&city, digest, &elsewhere);
        refused_with(&city, hand_in(elsewhere), &no);
        tried.note("other chain");
        let foreign = act.digest(CHAIN_ID, member(crate::city::other()));
        let foreign: Vec<Bytes> = places
            .iter()
            .map(|place| city.keys[*place].sign(foreign).into())
            .collect();
        let no = strangers(&city, digest, &foreign);
        refused_with(&city, hand_in(foreign), &no);
        tried.note("other contract");

        // Each field changed behind the signers' backs.
        for place in 0..act.words.len() {
            let mut changed = act.clone();
            let word = &mut changed.words[place];
            let fields = action.signed().unwrap().entry().fields();
            let (ty, name) = fields.collect::<Vec<_>>()[place];
            match (ty, name) {
                ("bool", _) => word[31] ^= 1,
                // They stay in order.
                (_, "third") => *word = Address::repeat_byte(0x23).into_word(),
                (_, "fourth") => {
                    changed.words[place - 1] = Address::repeat_byte(0x23).into_word();
                    changed.words[place] = Address::repeat_byte(0x24).into_word();
                }
                _ => word[31] ^= 2,
            }
            let other = city.digest(&changed);
            assert_ne!(other, digest, "{action:?}.{name} is not bound");
            let no = strangers(&city, other, &good);
            // Where the case itself is another, that may be said first.
            let answer = {
                let before = city.world.storage(here());
                let answer = city.hand_in(&changed, good.clone());
                assert_eq!(city.world.storage(here()), before);
                answer.expect_err(name)
            };
            let case_changed = [
                wire::ValueChanged::SELECTOR,
                wire::MalformedPayload::SELECTOR,
            ];
            assert!(
                answer == no
                    || answer == REFUSAL
                    || case_changed
                        .iter()
                        .any(|selector| answer.starts_with(selector)),
                "{action:?}.{name}: {answer:02x?}"
            );
            tried.note("changed field");
        }

        // As another action, where one has the same fields.
        // Signatures in another order, twice, in the other form, cut short.
        if places.len() > 1 {
            let mut turned = good.clone();
            turned.swap(0, 1);
            let (previous, signer) = (city.keys[1].address, city.keys[0].address);
            let no = wire::SignersNotAscending { previous, signer };
            refused(&city, hand_in(turned), no);
            tried.note("permuted");
        }
        let mut twice = good.clone();
        twice.insert(0, good[0].clone());
        let first = city.keys[0].address;
        let no = wire::SignersNotAscending {
            previous: first,
            signer: first,
        };
        refused(&city, hand_in(twice), no);
        tried.note("duplicated");
        for place in 0..places.len() {
            let mut high = good.clone();
            high[place] = city.keys[places[place]].sign_high(digest).into();
            let signer = Address::ZERO;
            refused(&city, hand_in(high), wire::InvalidSignature { signer });
            tried.note("high s");
        }
        let short: Vec<Bytes> = good.iter().map(|s| s.slice(..64)).collect();
        let signer = Address::from_slice(&good[0][..20]);
        refused(&city, hand_in(short), wire::InvalidSignature { signer });
        tried.note("cut short");

        // One signature fewer, and one whose signer was removed in the meantime.
        let (have, need) = (places.len() as u8 - 1, places.len() as u8);
        let no = wire::SignersMissing { have, need };
        refused(&city, hand_in(good[1..].to_vec()), no);
        tried.note("one fewer");
        city.seat(0, |seat| seat.active = false);
        let no = wire::NotAdjudicator { signer: first };
        refused(&city, hand_in(good.clone()), no);
        city.seat(0, |seat| seat.active = true);
        tried.note("removed signer");

        // After its deadline, to the second.
        let late = act.clone().with("deadline", number(city.world.now()));
        let last = city.clone();
        assert_eq!(city.digest(&late), last.digest(&late));
        city.world.warp(1);
        let deadline = city.world.now() - 1;
        let signed = city.sign(&late, &places);
        let no = wire::DeadlinePassed { deadline };
        refused(&city, |city| city.hand_in(&late, signed), no);
        tried.note("late");

        // What is right is taken, and never again.
        let queued = is_queued(&city, &act);
        city.hand_in(&act, good.clone()).expect("as it was signed");
        if queued {
            let no = spent(&city, &act, wire::ActionState::Queued);
            refused(&city, hand_in(good.clone()), no);
            city.world.warp(8 * DAY);
            city.execute(&act).expect("due");
            tried.note("queued twice");
        }
        for _ in 0..2 {
            let no = spent(&city, &act, wire::ActionState::Executed);
            refused(&city, hand_in(good.clone()), no);
            let no = spent(&city, &act, wire::ActionState::Executed);
            refused(&city, |city| city.execute(&act), no);
        }
        tried.note("as is, twice");
        // Signed by others, it is the same action.
        let others: Vec<usize> = (0..PANEL).rev().take(places.len()).collect();
        let others: Vec<usize> = others.into_iter().rev().collect();
        let no = spent(&city, &act, wire::ActionState::Executed);
        refused(&city, |city| city.submit(&act, &others), no);
        tried.note("by others");
    }
    println!("{:?}", tried.0);
    let all = Action::ALL.len();
    for (kind, least) in [
        ("other chain", all),
        ("other contract", all),
        ("changed field", 5 * all),
        ("permuted", 20),
        ("duplicated", all),
        ("high s", 2 * all),
        ("cut short", all),
        ("one fewer", all),
        ("removed signer", all),
        ("late", all),
        ("queued twice", 2),
        ("as is, twice", all),
        ("by others", all),
    ] {
        assert!(tried.0[kind] >= least, "{kind}: {}", tried.0[kind]);
    }
}

/// The deadline itself is in time.
#[test]
fn a_deadline_is_the_last_second() {
    for (offset, taken) in [(0, true), (1, false)] {
        let city = City::new();
        let now = city.world.now();
        let act = Act::of(Action::FreezeNode).with("deadline", number(now));
        city.world.warp(offset);
        assert_eq!(city.submit(&act, &[0]).is_ok(), taken, "{offset}");
    }
}

/// INV-PANEL-07: the value that each row's signers saw: gone, it is refused with both values, here and when it is due; back again, an action
/// that was carried out is still spent.
#[test]
fn what_signers_saw_is_compared_and_does_not_come_back_to_life() {
    let other = b256!("0x7777777777777777777777777777777777777777777777777777777777777777");
    let mut tried = 0;
    for action in Action::ALL {
        let act = Act::of(*action);
        let field = match action.saw() {
            Saw::Nothing => continue,
            Saw::Parameter if *action == Action::AppointSenior => "oldSenior",
            Saw::Parameter => "oldValue",
            Saw::Stop | Saw::CityStop | Saw::Pause => "haltedUntil",
            Saw::Output(_) => "completionDigest",
            Saw::Score => "oldScore",
            Saw::Fairness => "fairness",
            Saw::Best => "best",
        };
        let seen = act.get(field);
        // Changes the value, and says what it became.
        let change = |city: &City, back: bool| -> B256 {
            let mut given = city.given.borrow_mut();
            let to = |new: B256| if back { seen } else { new };
            match action.saw() {
                Saw::Parameter => {
                    let id = if *action == Action::AppointSenior {
                        0
                    } else {
                        U256::from_be_bytes(act.get("parameter").0).to::<u8>()
                    };
                    let new = to(number(9));
                    given.values.insert(id, new);
                    new
                }
                Saw::Stop | Saw::CityStop | Saw::Pause => {
                    drop(given);
                    let new = to(number(UNTIL + 1));
                    let place = if *action == Action::LiftPause { 2 } else { 1 };
                    let until = U256::from_be_bytes(new.0).to();
                    city.set_end(act.mission(), place, until);
                    new
                }
                Saw::Output(_) => {
                    given.digest = to(other);
                    given.digest
                }
                Saw::Score => {
                    given.score = if back { SCORE } else { SCORE + 1 };
                    number(given.score.into())
                }
                Saw::Fairness => {
                    given.fairness = if back { FAIRNESS } else { FAIRNESS + 1 };
                    number(given.fairness.into())
                }
                Saw::Best => {
                    given.winners[0] = if back { BEST } else { BEST + 1 };
                    number(given.winners[0].into())
                }
                Saw::Nothing => unreachable!(),
            }
        };
        let city = City::new();
        let places = enough(&city, &act);
        let found = change(&city, false);
        let expected = seen;
        let no = wire::ValueChanged { expected, found };
        refused(&city, |city| city.submit(&act, &places), no.clone());
        change(&city, true);
        if is_queued(&city, &act) {
            city.submit(&act, &places).unwrap();
            city.world.warp(8 * DAY);
            change(&city, false);
            refused(&city, |city| city.execute(&act), no);
            change(&city, true);
            city.execute(&act).expect("as it was seen");
        } else {
            pass(&city, &act, &places);
        }
        change(&city, false);
        change(&city, true);
        let no = spent(&city, &act, wire::ActionState::Executed);
        refused(&city, |city| city.submit(&act, &places), no);
        tried += 1;
    }
    assert_eq!(tried, 11);
}

/// An amendment there and back again: the value is what it was, the first ruling is not good again (D-04).
#[test]
fn an_amendment_is_not_replayed_when_its_old_value_returns() {
    let city = City::new();
    let there = Act::of(Action::AmendParameter);
    let back = there
        .clone()
        .with("oldValue", there.get("newValue"))
        .with("newValue", there.get("oldValue"));
    pass(&city, &there, &[0]);
    assert_eq!(city.value(parameter()), there.get("newValue"));
    pass(&city, &back, &[0]);
    assert_eq!(city.value(parameter()), there.get("oldValue"));
    let no = spent(&city, &there, wire::ActionState::Executed);
    refused(&city, |city| city.submit(&there, &[0]), no);
    pass(&city, &there.again(1), &[0]);
}

fn parameter() -> agentcity_domain::parameter::ParameterId {
    agentcity_domain::parameter::ParameterId::NumericTolerancePct
}

#[test]
fn assignments_other_than_the_signers_saw_are_not_waived() {
    let city = City::new();
    let act = Act::of(Action::WaiveFairness);
    city.given.borrow_mut().assignments = WHY;
    let no = wire::ValueChanged {
        expected: ASSIGNMENTS,
        found: WHY,
    };
    refused(&city, |city| city.submit(&act, &[0, 1]), no);
}

#[test]
fn where_no_bid_has_won_none_is_the_best() {
    let city = City::new();
    city.given.borrow_mut().winners.clear();
    for best in [0, BEST] {
        let act = Act::of(Action::CountersignAward).with("best", number(best.into()));
        let no = wire::ValueChanged {
            expected: number(best.into()),
            found: B256::repeat_byte(0xff),
        };
        refused(&city, |city| city.submit(&act, &[0]), no);
    }
}

/// After its signers withdrew, or nobody carried it out in time, a queued action is over; what is wanted still is signed anew.
#[test]
fn what_was_withdrawn_or_lapsed_is_not_handed_in_again() {
    for action in [Action::Disburse, Action::AppointSenior] {
        let city = City::new();
        let act = Act::of(action);
        let places = enough(&city, &act);
        let digest = city.submit(&act, &places).unwrap();
        city.withdraw(places[0], digest).unwrap();
        let no = spent(&city, &act, wire::ActionState::Withdrawn);
        refused(&city, |city| city.submit(&act, &places), no);
        city.world.warp(10 * DAY);
        let no = spent(&city, &act, wire::ActionState::Withdrawn);
        refused(&city, |city| city.execute(&act), no);

        let deadline = number(city.world.now() + 90 * DAY);
        let lapsing = act.clone().again(1).with("deadline", deadline);
        let digest = city.submit(&lapsing, &places).unwrap();
        city.world.warp(40 * DAY);
        city.expire(digest).unwrap();
        let no = spent(&city, &lapsing, wire::ActionState::Expired);
        refused(&city, |city| city.submit(&lapsing, &places), no);
        let anew = act.again(2).with("deadline", deadline);
        city.submit(&anew, &places).expect("signed anew");
    }
}

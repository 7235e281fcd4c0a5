//! Construction, wiring, routing, slots.

use agentcity_abi::ITreasury::{self as wire, ITreasuryCalls};
use agentcity_domain::peer::Peer;
use agentcity_treasury::storage::Treasury;
use agentcity_world::Alone;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolInterface};

use crate::city::*;

fn alone() -> Alone {
    Alone::new::<Treasury, ITreasuryCalls>()
}

pub(crate) fn selectors() -> Vec<[u8; 4]> {
    (0..ITreasuryCalls::COUNT)
        .filter_map(ITreasuryCalls::selector_at)
        .collect()
}

#[test]
fn every_function_is_routed_and_nothing_else() {
    alone().routes_its_interface();
}

#[test]
fn it_names_its_constitution() {
    alone().names_its_constitution();
}

#[test]
fn arguments_that_are_cut_short_are_malformed() {
    let city = City::new();
    let bare = [
        wire::constitutionCall::SELECTOR,
        wire::wireCall::SELECTOR,
        wire::withdrawCall::SELECTOR,
        wire::createPoolCall::SELECTOR,
        wire::skimCall::SELECTOR,
        wire::assetCall::SELECTOR,
        wire::bookedCall::SELECTOR,
        wire::partsCall::SELECTOR,
        wire::solvencyCall::SELECTOR,
    ];
    for selector in selectors()
        .into_iter()
        .filter(|selector| !bare.contains(selector))
    {
        for more in [0, 31] {
            let mut input = selector.to_vec();
            input.resize(4 + more, 0);
            let answer = city.world.transact(STRANGER, here(), U256::ZERO, &input);
            assert_eq!(
                answer,
                Err(wire::MalformedCall {}.abi_encode()),
                "{selector:02x?}"
            );
        }
    }
}

#[test]
fn coins_are_refused_by_all_but_the_three_that_take_them() {
    let city = City::new();
    city.world.mint(STRANGER, 10);
    let paying = [
        wire::depositCall::SELECTOR,
        wire::fundMissionCall::SELECTOR,
        wire::contributeCall::SELECTOR,
    ];
    for selector in selectors() {
        let answer = city
            .world
            .transact(STRANGER, here(), U256::from(1), &selector);
        let refusal = if paying.contains(&selector) {
            wire::MalformedCall {}.abi_encode()
        } else {
            wire::NotPayable {}.abi_encode()
        };
        assert_eq!(answer, Err(refusal), "{selector:02x?}");
    }
}

#[test]
fn it_is_wired_once_after_the_seal_and_takes_no_money_before() {
    let city = City::constructed(Address::ZERO);
    let refused = |refusal: Vec<u8>| {
        assert_eq!(city.call(STRANGER, wire::wireCall {}).err(), Some(refusal));
    };
    refused(wire::NotSealed {}.abi_encode());
    let (account, amount) = (who("ann"), wide(5));
    city.fund(account);
    let early = city.pay(account, 5, wire::depositCall { account, amount });
    assert_eq!(early.err(), Some(wire::NotWired {}.abi_encode()));
    city.is_sealed.replace(true);
    city.call(STRANGER, wire::wireCall {}).unwrap();
    let wired = city.world.take_events::<wire::Wired>();
    assert_eq!(wired.len(), 1);
    assert_eq!(wired[0].members, Peer::ALL.map(member));
    refused(wire::AlreadyWired {}.abi_encode());
    city.pay(account, 5, wire::depositCall { account, amount })
        .unwrap();
    assert_eq!(city.call(STRANGER, wire::assetCall {}), Ok(Address::ZERO));
    let token = City::settling_in(TOKEN);
    assert_eq!(token.call(STRANGER, wire::assetCall {}), Ok(TOKEN));
}

#[test]
fn a_scale_that_is_nothing_or_does_not_fit_beside_an_address_is_refused() {
    for (scale, good) in [
        (U256::ZERO, false),
        (U256::from(1), true),
        ((U256::from(1) << 96) - U256::from(1), true),
        (U256::from(1) << 96, false),
        (U256::MAX, false),
    ] {
        let city = City::bare(TOKEN, scale);
        city.construct(member(Peer::Constitution)).unwrap();
        city.is_sealed.replace(true);
        let wired = city.call(STRANGER, wire::wireCall {});
        assert_eq!(wired.is_ok(), good, "{scale}");
        if good {
            let money = city.world.slot(here(), U256::from(3));
            assert_eq!(U256::from_be_bytes(money.0) >> 160, scale);
            assert_eq!(Address::from_word(money), TOKEN);
        }
    }
}

/// Where a word of a key lies: the mapping in slot 2, by keccak256 of kind and two words.
fn place(kind: u8, first: B256, second: u64) -> U256 {
    place_of(kind, first, U256::from(second).into())
}

fn place_of(kind: u8, first: B256, second: B256) -> U256 {
    let key = keccak256([&[kind], first.as_slice(), second.as_slice()].concat());
    let slot = keccak256([key, B256::with_last_byte(2)].concat());
    slot.into()
}

fn halves(upper: u128, lower: u128) -> B256 {
    let mut word = [0; 32];
    word[..16].copy_from_slice(&upper.to_be_bytes());
    word[16..].copy_from_slice(&lower.to_be_bytes());
    B256::new(word)
}

#[test]
fn words_lie_where_they_are_drawn() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 1_000);
    let mission = city.mission("sponsor", 900);
    city.stake(mission, agent, 300);
    let pool = city.pool_for(agent, 100, 50);
    city.tell(Peer::Legislature, reserve(2, pool, agent, 20));
    city.tell(
        Peer::Collaboration,
        settle(mission, 9, 100, vec![seat(agent, 500_000, 100)]),
    );
    city.tell(Peer::Assembly, post(1, agent, 7));
    let at = |slot| city.world.slot(here(), slot);
    let fixed = |number: u64| at(U256::from(number));
    assert_eq!(fixed(4), halves(0, city.booked()));
    // 97 to the agent, 2 of fee of which half accrues, 1 of reserve.
    assert_eq!(fixed(5), halves(1, 1));
    assert_eq!(fixed(6), halves(1, 1_000 - 300 + 97 - 7));
    assert_eq!(fixed(7), halves(20, 300));
    assert_eq!(fixed(8), halves(7, 280));
    let mut terms = [0; 32];
    terms[0] = 1;
    terms[6] = EPOCH as u8;
    terms[12..].copy_from_slice(who("sponsor").as_slice());
    assert_eq!(at(place(1, mission, 0)), B256::new(terms));
    assert_eq!(at(place(2, mission, 0)), halves(800, 800));
    assert_eq!(at(place(3, mission, 0)), halves(900, 0));
    let mut bits = B256::ZERO;
    bits[1] = 2;
    assert_eq!(at(place(4, mission, 0)), bits);
    let word = agent.into_word();
    // It took part, with seats of 300.
    assert_eq!(at(place_of(8, mission, word)), halves(1 << 120 | 300, 300));
    let reserves = keccak256([&[7], session(2).as_slice(), pool.as_slice()].concat());
    assert_eq!(at(place_of(7, reserves, word)), halves(0, 20));
    assert_eq!(at(place(10, B256::repeat_byte(1), 1)), halves(0, 7));
    assert_eq!(at(place(11, pool, 1)), halves(300, 300));
    assert_eq!(at(place(11, pool, 2)), halves(0, 20));
    assert_eq!(
        at(place_of(12, pool, who("pat").into_word())),
        halves(0, 100)
    );
    assert_eq!(at(place_of(13, pool, word)), halves(50, 20));
    // Who asks to leave ends the first round: one bid is of before.
    city.call(who("pat"), ask(pool)).unwrap();
    assert_eq!(at(place(11, pool, 2)), halves(100, 20));
    assert_eq!(at(place(11, pool, 3)), halves(1 << 96, 0));
    assert_eq!(
        at(place_of(12, pool, who("pat").into_word())),
        halves(1, 100)
    );
    city.tell(Peer::Legislature, reserve(3, pool, agent, 5));
    let later = keccak256([&[7], session(3).as_slice(), pool.as_slice()].concat());
    assert_eq!(at(place_of(7, later, word)), halves(1, 5));
    assert_eq!(at(place(15, word, 0)), halves(0, 1_000 - 300 + 97 - 7));
}

#[test]
fn a_settlement_writes_five_words_and_none_is_new_in_steady_state() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 1_000);
    let mission = city.mission("sponsor", 900);
    let settled = |node| {
        let before = city.world.storage(here());
        let seats = vec![seat(agent, 500_000, 100)];
        city.tell(Peer::Collaboration, settle(mission, node, 100, seats));
        let after = city.world.storage(here());
        let changed = after
            .iter()
            .filter(|(slot, word)| before.get(*slot) != Some(*word));
        (changed.count(), after.len() - before.len())
    };
    assert_eq!(settled(0).0, 5, "purse, bits, two of the books, credit");
    for node in 1..5 {
        assert_eq!(settled(node), (5, 0));
    }
}

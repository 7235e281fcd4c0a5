//! The token program on a strict chain, beside its Solidity twin: the same words, numbers, events and refusals.

use agentcity_abi::ISettlementToken as Token;
use agentcity_test_fixtures::{
    Actor, Node, Sender, Settings,
    http::RpcError,
    program::{self, ARB_WASM_CACHE, ArbWasmCache, chain_owner},
    sender::Outcome,
};
use alloy::{
    primitives::{Address, B256, Bytes, TxKind, U256, keccak256},
    signers::{Signature, SignerSync},
    sol_types::{SolCall, SolError, SolEvent, SolInterface, SolValue},
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::json;

/// Gas limit of every transaction here: the same for both, above what any needs.
const GAS: u64 = 1_000_000;
/// People who hold the token in the random sequence.
const PEOPLE: usize = 4;

struct City {
    node: Node,
    stylus: Address,
    solidity: Address,
    people: Vec<Sender>,
}

fn minter() -> Address {
    Actor::named("alice").address()
}

fn city() -> City {
    let node = Node::devnode(&Settings::default());
    let stylus =
        program::stylus_token_blocking(&node, minter()).unwrap_or_else(|error| panic!("{error}"));
    let mut people: Vec<Sender> = Actor::all()[..PEOPLE]
        .iter()
        .map(|actor| Sender::new(&node, actor.name).unwrap())
        .collect();
    let twin = program::solidity_token(minter()).unwrap_or_else(|error| panic!("{error}"));
    let solidity = people[0].create(twin).unwrap();
    City {
        node,
        stylus,
        solidity,
        people,
    }
}

impl City {
    fn both(&self) -> [(&'static str, Address); 2] {
        [("Stylus", self.stylus), ("Solidity", self.solidity)]
    }

    fn send(&mut self, who: usize, token: Address, input: Vec<u8>) -> Outcome {
        self.people[who]
            .send_with(TxKind::Call(token), U256::ZERO, input.into(), GAS)
            .unwrap()
    }

    /// Sends the same call to both tokens; both must end alike, say alike and log alike. Returns the outcomes.
    fn alike(&mut self, who: usize, what: &str, make: impl Fn(Address) -> Vec<u8>) -> [Outcome; 2] {
        let inputs = self.both().map(|(_, token)| (token, make(token)));
        let said = inputs.clone().map(|(token, input)| {
            self.people[who]
                .call(token, &input)
                .map_err(|error| error.revert_data().map(Bytes::from))
        });
        assert_eq!(said[0], said[1], "{what}: answers differ");
        let outcomes = inputs.map(|(token, input)| self.send(who, token, input));
        let seen = outcomes.clone().map(|outcome| {
            let logs: Vec<_> = outcome.logs.iter().map(|log| log.data.clone()).collect();
            (outcome.succeeded, logs)
        });
        assert_eq!(seen[0], seen[1], "{what}: events or success differ");
        assert_eq!(
            said[0].is_ok(),
            outcomes[0].succeeded,
            "{what}: the transaction ends otherwise than the call"
        );
        outcomes
    }

    fn same_answer(&mut self, what: &str, input: &[u8]) -> Result<Bytes, RpcError> {
        let [stylus, solidity] = self
            .both()
            .map(|(_, token)| self.people[0].call(token, input));
        match (&stylus, &solidity) {
            (Ok(left), Ok(right)) => assert_eq!(left, right, "{what}"),
            (Err(left), Err(right)) => {
                assert_eq!(left.revert_data(), right.revert_data(), "{what}")
            }
            _ => panic!("{what}: {stylus:?} {solidity:?}"),
        }
        stylus
    }
}

fn domain_separator(token: Address, chain_id: u64) -> B256 {
    let kind = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
    );
    keccak256(
        (
            kind,
            keccak256("City Unit"),
            keccak256("1"),
            U256::from(chain_id),
            token,
        )
            .abi_encode(),
    )
}

struct PermitOf<'a> {
    owner: &'a Actor,
    spender: Address,
    value: U256,
    nonce: U256,
    deadline: U256,
}

impl PermitOf<'_> {
    fn sign(&self, token: Address) -> Signature {
        let kind = keccak256(
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)",
        );
        let content = keccak256(
            (
                kind,
                self.owner.address(),
                self.spender,
                self.value,
                self.nonce,
                self.deadline,
            )
                .abi_encode(),
        );
        let domain = domain_separator(token, Settings::default().chain_id);
        let digest = keccak256([&[0x19, 0x01], domain.as_slice(), content.as_slice()].concat());
        self.owner
            .signer
            .sign_hash_sync(&digest)
            .expect("a local key signs")
    }

    fn call(&self, signature: Signature) -> Vec<u8> {
        Token::permitCall {
            owner: self.owner.address(),
            spender: self.spender,
            value: self.value,
            deadline: self.deadline,
            v: 27 + u8::from(signature.v()),
            r: signature.r().into(),
            s: signature.s().into(),
        }
        .abi_encode()
    }
}

fn far() -> U256 {
    U256::from(4_102_444_800u64)
}

#[test]
fn the_constructor_ran_once_and_says_what_it_was_told() {
    let mut city = city();
    let text = |answer: Bytes| String::abi_decode(&answer).unwrap();
    assert_eq!(
        text(
            city.same_answer("name", &Token::nameCall {}.abi_encode())
                .unwrap()
        ),
        "City Unit"
    );
    assert_eq!(
        text(
            city.same_answer("symbol", &Token::symbolCall {}.abi_encode())
                .unwrap()
        ),
        "CITY"
    );
    for input in [
        Token::decimalsCall {}.abi_encode(),
        Token::minterCall {}.abi_encode(),
        Token::totalSupplyCall {}.abi_encode(),
        Token::balanceOfCall { account: minter() }.abi_encode(),
    ] {
        city.same_answer("metadata", &input).unwrap();
    }
    assert_eq!(
        city.people[0]
            .ask(city.stylus, &Token::decimalsCall {})
            .unwrap(),
        6
    );
    // Constructing again is refused.
    let again = [
        &[0x55, 0x85, 0x25, 0x8d][..],
        &program::token_arguments(minter()),
    ]
    .concat();
    assert!(city.people[0].call(city.stylus, &again).is_err());
    // Nor does anything answer to no selector, an unknown one, or half a call.
    for junk in [
        vec![],
        vec![1, 2, 3, 4],
        Token::nameCall {}.abi_encode()[..3].to_vec(),
        Token::balanceOfCall::SELECTOR.to_vec(),
    ] {
        assert!(
            city.people[0].call(city.stylus, &junk).is_err(),
            "{junk:02x?}"
        );
    }
}

#[test]
fn units_are_minted_moved_and_allowed_with_their_events() {
    let mut city = city();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| Actor::named(name).address());
    let minted = city.alike(0, "mint", |_| {
        Token::mintCall {
            to: alice,
            value: U256::from(1_000),
        }
        .abi_encode()
    });
    let event = Token::Transfer::decode_log(&minted[0].logs[0]).unwrap();
    assert_eq!(
        (event.from, event.to, event.value),
        (Address::ZERO, alice, U256::from(1_000))
    );
    city.alike(0, "transfer", |_| {
        Token::transferCall {
            to: bob,
            value: U256::from(300),
        }
        .abi_encode()
    });
    let approved = city.alike(1, "approve", |_| {
        Token::approveCall {
            spender: carol,
            value: U256::from(200),
        }
        .abi_encode()
    });
    let event = Token::Approval::decode_log(&approved[0].logs[0]).unwrap();
    assert_eq!(
        (event.owner, event.spender, event.value),
        (bob, carol, U256::from(200))
    );
    city.alike(2, "transferFrom", |_| {
        Token::transferFromCall {
            from: bob,
            to: carol,
            value: U256::from(150),
        }
        .abi_encode()
    });
    for (account, units) in [(alice, 700), (bob, 150), (carol, 150)] {
        assert_eq!(
            city.people[0]
                .ask(city.stylus, &Token::balanceOfCall { account })
                .unwrap(),
            U256::from(units)
        );
    }
    let left = city.people[0]
        .ask(
            city.stylus,
            &Token::allowanceCall {
                owner: bob,
                spender: carol,
            },
        )
        .unwrap();
    assert_eq!(left, U256::from(50));
}

#[test]
fn refusals_carry_the_error_and_its_values() {
    let mut city = city();
    let [alice, bob] = ["alice", "bob"].map(|name| Actor::named(name).address());
    city.alike(0, "mint", |_| {
        Token::mintCall {
            to: alice,
            value: U256::from(10),
        }
        .abi_encode()
    });
    let refusal = |city: &mut City, who: usize, input: Vec<u8>| {
        city.alike(who, "a refusal", |_| input.clone());
        let error = city.people[who].call(city.stylus, &input).unwrap_err();
        Token::ISettlementTokenErrors::abi_decode(&error.revert_data().expect("data"))
            .expect("a declared error")
    };
    use Token::ISettlementTokenErrors as E;
    let more = refusal(
        &mut city,
        0,
        Token::transferCall {
            to: bob,
            value: U256::from(11),
        }
        .abi_encode(),
    );
    let E::ERC20InsufficientBalance(error) = more else {
        panic!("{more:?}")
    };
    assert_eq!(
        (error.sender, error.balance, error.needed),
        (alice, U256::from(10), U256::from(11))
    );
    let nowhere = refusal(
        &mut city,
        0,
        Token::transferCall {
            to: Address::ZERO,
            value: U256::from(1),
        }
        .abi_encode(),
    );
    assert!(matches!(nowhere, E::ERC20InvalidReceiver(_)), "{nowhere:?}");
    let unasked = refusal(
        &mut city,
        1,
        Token::transferFromCall {
            from: alice,
            to: bob,
            value: U256::from(1),
        }
        .abi_encode(),
    );
    assert!(
        matches!(unasked, E::ERC20InsufficientAllowance(_)),
        "{unasked:?}"
    );
    let forged = refusal(
        &mut city,
        1,
        Token::mintCall {
            to: bob,
            value: U256::from(1),
        }
        .abi_encode(),
    );
    assert!(
        matches!(forged, E::NotMinter(ref error) if error.caller == bob),
        "{forged:?}"
    );
}

#[test]
fn a_real_signature_permits_once_and_nothing_else_does() {
    let mut city = city();
    let [alice, bob, mallory] = ["alice", "bob", "mallory"].map(Actor::named);
    let permit = |nonce: u64, value: u64, deadline: U256| PermitOf {
        owner: alice,
        spender: bob.address(),
        value: U256::from(value),
        nonce: U256::from(nonce),
        deadline,
    };
    let good = permit(0, 500, far());
    // Anyone may bring it: here carol.
    city.alike(2, "permit", |token| good.call(good.sign(token)));
    let allowance = Token::allowanceCall {
        owner: alice.address(),
        spender: bob.address(),
    };
    assert_eq!(
        city.people[0].ask(city.stylus, &allowance).unwrap(),
        U256::from(500)
    );
    assert_eq!(
        city.people[0]
            .ask(
                city.stylus,
                &Token::noncesCall {
                    owner: alice.address()
                }
            )
            .unwrap(),
        U256::from(1)
    );

    let refused = |city: &mut City, what: &str, make: &dyn Fn(Address) -> Vec<u8>| {
        let [outcome, _] = city.alike(2, what, make);
        assert!(!outcome.succeeded, "{what} is accepted");
    };
    // Neither a second time, nor late, nor for more, nor by another, nor for the other token.
    // A forged signer's address depends on the digest and so on the token: success alone is compared there.
    let late = permit(1, 1, U256::from(1));
    refused(&mut city, "late", &|token| late.call(late.sign(token)));
    type Made<'a> = Box<dyn Fn(Address) -> Vec<u8> + 'a>;
    let wrong: [(&str, Made<'_>); 4] = [
        ("twice", Box::new(|token| good.call(good.sign(token)))),
        (
            "for more",
            Box::new(|token| permit(1, 1_000, far()).call(permit(1, 500, far()).sign(token))),
        ),
        (
            "by another",
            Box::new(|token| {
                let forged = PermitOf {
                    owner: mallory,
                    ..permit(1, 500, far())
                };
                permit(1, 500, far()).call(forged.sign(token))
            }),
        ),
        (
            "for the other token",
            Box::new(|token| permit(1, 5, far()).call(permit(1, 5, far()).sign(token.create(9)))),
        ),
    ];
    for (what, make) in wrong {
        for (name, token) in city.both() {
            let outcome = city.send(2, token, make(token));
            assert!(!outcome.succeeded, "{what} is accepted by {name}");
            let error = city.people[2]
                .call(token, &make(token))
                .unwrap_err()
                .revert_data()
                .expect("data");
            assert_eq!(
                error[..4],
                Token::ERC2612InvalidSigner::SELECTOR,
                "{what}, {name}"
            );
        }
    }
    // A signature made malleable.
    let next = permit(1, 7, far());
    refused(&mut city, "a high s", &|token| {
        let low = next.sign(token);
        let order = U256::from_str_radix(
            "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
            16,
        )
        .expect("constant");
        // s depends on the token: an error that carries it cannot be compared, so the same signature is used for both.
        let _ = token;
        next.call(Signature::new(
            U256::from(1),
            order - U256::from(1),
            low.v(),
        ))
    });
    assert_eq!(
        city.people[0].ask(city.stylus, &allowance).unwrap(),
        U256::from(500)
    );
}

/// One random call, often refused.
fn random_call(rng: &mut StdRng, addresses: &[Address]) -> (&'static str, Vec<u8>) {
    let account = |rng: &mut StdRng| {
        if rng.random_bool(0.05) {
            Address::ZERO
        } else {
            *addresses.choose(rng).expect("people")
        }
    };
    let value = |rng: &mut StdRng| match rng.random_range(0..10) {
        0 => U256::ZERO,
        1 => U256::MAX,
        2 => U256::from(1) << rng.random_range(100..256usize),
        3 => U256::from(u128::MAX),
        _ => U256::from(rng.random_range(0..2_000u64)),
    };
    match rng.random_range(0..10) {
        0 | 1 => (
            "mint",
            Token::mintCall {
                to: account(rng),
                value: value(rng),
            }
            .abi_encode(),
        ),
        2..=4 => (
            "transfer",
            Token::transferCall {
                to: account(rng),
                value: value(rng),
            }
            .abi_encode(),
        ),
        5 | 6 => (
            "approve",
            Token::approveCall {
                spender: account(rng),
                value: value(rng),
            }
            .abi_encode(),
        ),
        7 | 8 => (
            "transferFrom",
            Token::transferFromCall {
                from: account(rng),
                to: account(rng),
                value: value(rng),
            }
            .abi_encode(),
        ),
        _ => (
            "half a call",
            Token::transferCall {
                to: account(rng),
                value: value(rng),
            }
            .abi_encode()[..36]
                .to_vec(),
        ),
    }
}

#[test]
fn over_random_calls_the_program_and_its_twin_cannot_be_told_apart() {
    let mut city = city();
    let seed = std::env::var("AGENTCITY_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(2);
    println!("AGENTCITY_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let addresses: Vec<Address> = Actor::all()[..PEOPLE].iter().map(Actor::address).collect();
    let rounds = std::env::var("AGENTCITY_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(120);
    let (mut succeeded, mut refused) = (0, 0);
    for round in 0..rounds {
        let who = rng.random_range(0..PEOPLE);
        let (what, input) = random_call(&mut rng, &addresses);
        let outcomes = city.alike(who, &format!("round {round}, {what} by {who}"), |_| {
            input.clone()
        });
        if outcomes[0].succeeded {
            succeeded += 1
        } else {
            refused += 1
        }
    }
    assert!(
        succeeded > rounds / 5 && refused > rounds / 10,
        "{succeeded} succeeded, {refused} were refused"
    );
    for owner in &addresses {
        city.same_answer(
            "balance",
            &Token::balanceOfCall { account: *owner }.abi_encode(),
        )
        .unwrap();
        for spender in &addresses {
            city.same_answer(
                "allowance",
                &Token::allowanceCall {
                    owner: *owner,
                    spender: *spender,
                }
                .abi_encode(),
            )
            .unwrap();
        }
    }
    city.same_answer("supply", &Token::totalSupplyCall {}.abi_encode())
        .unwrap();
}

#[test]
fn gas_is_told_cached_and_uncached_beside_the_twin() {
    let mut city = city();
    let [alice, bob] = ["alice", "bob"].map(|name| Actor::named(name).address());
    let calls: Vec<(&str, Vec<u8>)> = vec![
        (
            "mint, first",
            Token::mintCall {
                to: alice,
                value: U256::from(1_000_000),
            }
            .abi_encode(),
        ),
        (
            "transfer, new holder",
            Token::transferCall {
                to: bob,
                value: U256::from(10),
            }
            .abi_encode(),
        ),
        (
            "transfer",
            Token::transferCall {
                to: bob,
                value: U256::from(10),
            }
            .abi_encode(),
        ),
        (
            "approve",
            Token::approveCall {
                spender: bob,
                value: U256::from(10),
            }
            .abi_encode(),
        ),
    ];
    let mut rows = Vec::new();
    for cached in [false, true] {
        let snapshot = city.people[0].rpc.call("evm_snapshot", json!([])).unwrap();
        if cached {
            let mut owner = chain_owner(&city.node, &mut city.people[0]).unwrap();
            let outcome = owner
                .invoke(
                    ARB_WASM_CACHE,
                    &ArbWasmCache::cacheProgramCall {
                        program: city.stylus,
                    },
                )
                .unwrap();
            assert!(outcome.succeeded);
        }
        for (index, (what, input)) in calls.iter().enumerate() {
            let stylus = city.send(0, city.stylus, input.clone());
            let solidity = city.send(0, city.solidity, input.clone());
            assert!(stylus.succeeded && solidity.succeeded, "{what}");
            if cached {
                let (_, uncached, twin): &mut (&str, [u64; 2], u64) = &mut rows[index];
                uncached[1] = stylus.gas_used;
                assert_eq!(
                    *twin, solidity.gas_used,
                    "{what}: the twin does not depend on the cache"
                );
            } else {
                rows.push((*what, [stylus.gas_used, 0], solidity.gas_used));
            }
        }
        city.people[0]
            .rpc
            .call("evm_revert", json!([snapshot]))
            .unwrap();
    }
    println!(
        "{:<22} {:>10} {:>10} {:>10}",
        "gas of", "uncached", "cached", "Solidity"
    );
    let mut saved = Vec::new();
    for (what, [uncached, cached], twin) in &rows {
        println!("{what:<22} {uncached:>10} {cached:>10} {twin:>10}");
        saved.push(uncached - cached);
    }
    // The cache saves the same at every call: 8,832 and the size-dependent part.
    assert!(
        saved.windows(2).all(|pair| pair[0] == pair[1]) && saved[0] > 8_832,
        "{saved:?}"
    );
}

//! Signatures and money against real recovery and tokens of all manners.

use agentcity_domain::peer::Peer;
use agentcity_shell::{common, money::Asset, output, page, peer, refusal, sign};
use agentcity_world::{
    Frame, Key, World,
    token::{self, Manners},
};
use alloy_primitives::{Address, B256, U256, keccak256};

const SHOP: Address = Address::repeat_byte(0x50);
const COIN: Address = Address::repeat_byte(0xc0);
const ANN: Address = Address::repeat_byte(0xa1);

/// A shop that collects the amount in its input, and pays it out again when the input has a second word, to it.
fn shop(asset: Asset) -> World {
    let world = World::new();
    world.install(SHOP, B256::ZERO, move |frame, input| {
        let amount = u128::from_be_bytes(input[16..32].try_into().unwrap());
        match input.get(44..64) {
            None => asset.collect(frame, amount).map(|()| Vec::new()),
            Some(to) => asset
                .pay(frame, Address::from_slice(to), amount)
                .map(|()| Vec::new()),
        }
    });
    world
}

fn collect(amount: u128) -> Vec<u8> {
    output::words(&[output::amount(amount)])
}

fn pay(amount: u128, to: Address) -> Vec<u8> {
    output::words(&[output::amount(amount), to.into_word()])
}

fn mismatch(expected: u64, received: u64) -> Vec<u8> {
    let words = [output::number(expected), output::number(received)];
    refusal(common::AMOUNT_MISMATCH, &words)
}

#[test]
fn coins_are_taken_exactly() {
    let world = shop(Asset::at(Address::ZERO));
    world.mint(ANN, 100);
    for (sent, answer) in [
        (4, Err(mismatch(5, 4))),
        (6, Err(mismatch(5, 6))),
        (5, Ok(Vec::new())),
    ] {
        assert_eq!(
            world.transact(ANN, SHOP, U256::from(sent), &collect(5)),
            answer
        );
    }
    assert_eq!(world.balance(SHOP), U256::from(5));
    assert!(world.transact(ANN, SHOP, U256::ZERO, &pay(5, ANN)).is_ok());
    assert_eq!(world.balance(ANN), U256::from(100));
    assert_eq!(
        world.transact(ANN, SHOP, U256::ZERO, &pay(1, ANN)),
        Err(refusal(
            common::PAYMENT_FAILED,
            &[ANN.into_word(), output::number(1)]
        ))
    );
}

#[test]
fn a_token_must_deliver_what_was_asked() {
    for (manners, answer) in [
        (Manners::Honest, Ok(Vec::new())),
        (Manners::Silent, Ok(Vec::new())),
        (Manners::TakesFee, Err(mismatch(5, 4))),
        (
            Manners::SaysFalse,
            Err(refusal(
                common::PAYMENT_FAILED,
                &[SHOP.into_word(), output::number(5)],
            )),
        ),
    ] {
        let world = shop(Asset::at(COIN));
        token::install(&world, COIN, manners.clone());
        token::mint(&world, COIN, ANN, 9);
        assert_eq!(
            world.transact(ANN, SHOP, U256::ZERO, &collect(5)),
            answer,
            "{manners:?}"
        );
    }
}

#[test]
fn coins_sent_where_tokens_are_due_are_refused() {
    let world = shop(Asset::at(COIN));
    token::install(&world, COIN, Manners::Honest);
    token::mint(&world, COIN, ANN, 9);
    world.mint(ANN, 9);
    assert_eq!(
        world.transact(ANN, SHOP, U256::from(5), &collect(5)),
        Err(common::NOT_PAYABLE.to_vec())
    );
}

#[test]
fn a_blocked_receiver_is_named() {
    let world = shop(Asset::at(COIN));
    token::install(&world, COIN, Manners::Blocks(ANN));
    token::mint(&world, COIN, SHOP, 9);
    assert_eq!(
        world.transact(ANN, SHOP, U256::ZERO, &pay(5, ANN)),
        Err(refusal(
            common::PAYMENT_FAILED,
            &[ANN.into_word(), output::number(5)]
        ))
    );
}

/// Asks whether the signer in the first word signed the digest in the second.
fn judge(frame: &Frame, input: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    let signer = Address::from_slice(&input[12..32]);
    let digest = B256::from_slice(&input[32..64]);
    sign::require(frame, signer, digest, &input[64..]).map(|()| Vec::new())
}

#[test]
fn only_the_signers_low_signature_counts() {
    let world = World::new();
    world.install(SHOP, B256::ZERO, judge);
    let (ann, bob) = (Key::of("ann"), Key::of("bob"));
    let digest = keccak256("law");
    let mut high_v = ann.sign(digest);
    high_v[64] += 4;
    let refused = |signer: Address| refusal(common::INVALID_SIGNATURE, &[signer.into_word()]);
    for (signer, signature, good) in [
        (ann.address, ann.sign(digest), true),
        (bob.address, ann.sign(digest), false),
        (ann.address, ann.sign_high(digest), false),
        (ann.address, ann.sign(keccak256("other")), false),
        (ann.address, ann.sign(digest)[..64].to_vec(), false),
        (ann.address, high_v, false),
        (ann.address, Vec::new(), false),
        (Address::ZERO, vec![27; 65], false),
        (Address::ZERO, Vec::new(), false),
    ] {
        let input = [signer.into_word().as_slice(), digest.as_slice(), &signature].concat();
        let answer = world.transact(ANN, SHOP, U256::ZERO, &input);
        let expected = if good {
            Ok(Vec::new())
        } else {
            Err(refused(signer))
        };
        assert_eq!(answer, expected);
    }
}

#[test]
fn a_contract_agrees_by_the_exact_magic_within_its_gas() {
    const WALLET: Address = Address::repeat_byte(0x77);
    let yes = B256::right_padding_from(&[0x16, 0x26, 0xba, 0x7e]);
    let almost = B256::right_padding_from(&[0x16, 0x26, 0xba, 0x7f]);
    let more = [yes.as_slice(), &[0]].concat();
    for (answer, good) in [
        (Ok(yes.to_vec()), true),
        (Ok(almost.to_vec()), false),
        (Ok(more), false),
        (Ok(yes[..4].to_vec()), false),
        (Ok(Vec::new()), false),
        (Err(yes.to_vec()), false),
    ] {
        let world = World::new();
        world.install(SHOP, B256::ZERO, judge);
        let given = answer.clone();
        world.install(WALLET, B256::ZERO, move |frame, _| {
            assert_eq!(frame.gas, 100_000);
            given.clone()
        });
        let digest = keccak256("law");
        let input = [WALLET.into_word().as_slice(), digest.as_slice(), &[1, 2, 3]].concat();
        let said = world.transact(ANN, SHOP, U256::ZERO, &input).is_ok();
        assert_eq!(said, good, "{answer:?}");
    }
}

#[test]
fn a_digest_is_that_of_the_standard() {
    use alloy_sol_types::{SolStruct, eip712_domain, sol};
    sol! {
        struct Thing { uint64 number; address who; }
    }
    let thing = Thing {
        number: 5,
        who: ANN,
    };
    let domain = eip712_domain! {
        name: "AgentCity", version: "1", chain_id: agentcity_world::CHAIN_ID, verifying_contract: SHOP,
    };
    let world = World::new();
    world.install(SHOP, B256::ZERO, move |frame, input| {
        let type_hash = B256::from_slice(input);
        let words = [type_hash, output::number(5), ANN.into_word()];
        Ok(sign::digest(frame, &words).to_vec())
    });
    let type_hash = thing.eip712_type_hash();
    let ours = world.transact(ANN, SHOP, U256::ZERO, type_hash.as_slice());
    assert_eq!(ours, Ok(thing.eip712_signing_hash(&domain).to_vec()));
}

#[test]
fn a_page_is_created_where_it_was_computed_and_reads_back() {
    let world = World::new();
    world.install(SHOP, B256::ZERO, |frame, input| {
        let nonce = u64::from(input[0]);
        let expected = page::address(frame, SHOP, nonce);
        let created = page::create(frame, input)?;
        assert_eq!(created, expected);
        assert_eq!(page::read(frame, created).as_deref(), Some(input));
        assert_eq!(page::read(frame, ANN), None);
        assert_eq!(page::read(frame, SHOP), None);
        Ok(Vec::new())
    });
    for nonce in 1..=3 {
        assert!(
            world
                .transact(ANN, SHOP, U256::ZERO, &[nonce, 8, 9])
                .is_ok()
        );
    }
}

#[test]
fn members_are_taken_from_a_sealed_constitution_alone() {
    const LAW: Address = Address::repeat_byte(0x1a);
    let sealed: Vec<Address> = (0..Peer::COUNT as u8)
        .map(|i| if i == 0 { LAW } else { Address::repeat_byte(i) })
        .collect();
    let words = |list: &[Address]| {
        let words: Vec<B256> = list.iter().map(|a| a.into_word()).collect();
        output::words(&words)
    };
    let mut gap = sealed.clone();
    gap[3] = Address::ZERO;
    let mut other = sealed.clone();
    other[0] = ANN;
    for (answer, expected) in [
        (Ok(words(&sealed)), Ok(words(&sealed))),
        (
            Ok(words(&[Address::ZERO; Peer::COUNT])),
            Err(common::NOT_SEALED.to_vec()),
        ),
        (Ok(words(&other)), Err(common::NOT_SEALED.to_vec())),
        (Ok(words(&gap)), Err(common::MALFORMED_CALL.to_vec())),
        (Ok(Vec::new()), Err(common::MALFORMED_CALL.to_vec())),
        (Err(vec![1, 2, 3, 4]), Err(vec![1, 2, 3, 4])),
    ] {
        let world = World::new();
        world.install(LAW, B256::ZERO, move |_, _| answer.clone());
        world.install(SHOP, B256::ZERO, |frame, _| {
            let members = peer::members(frame, LAW)?;
            let words: Vec<B256> = members.iter().map(|a| a.into_word()).collect();
            Ok(output::words(&words))
        });
        assert_eq!(world.transact(ANN, SHOP, U256::ZERO, &[]), expected);
    }
}

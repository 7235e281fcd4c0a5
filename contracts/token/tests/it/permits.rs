//! Permits: real signatures, and everything that is not one.

use agentcity_abi::ISettlementToken as wire;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{Eip712Domain, SolStruct, sol};
use k256::ecdsa::SigningKey;

use crate::chain::{BOB, CARA, CHAIN_ID, Chain, Contract, NOW, TOKEN, key};

sol! {
    /// The struct as a wallet builds it, from EIP-2612 and not from our encoder.
    struct Permit {
        address owner;
        address spender;
        uint256 value;
        uint256 nonce;
        uint256 deadline;
    }
}

fn domain(chain_id: u64, contract: Address) -> Eip712Domain {
    Eip712Domain::new(
        Some("City Token".into()),
        Some("1".into()),
        Some(U256::from(chain_id)),
        Some(contract),
        None,
    )
}

fn sign(key: &SigningKey, permit: &Permit, domain: &Eip712Domain) -> wire::permitCall {
    let hash = permit.eip712_signing_hash(domain);
    let (signature, recovery) = key.sign_prehash_recoverable(hash.as_slice()).unwrap();
    let bytes = signature.to_bytes();
    wire::permitCall {
        owner: permit.owner,
        spender: permit.spender,
        value: permit.value,
        deadline: permit.deadline,
        v: 27 + recovery.to_byte(),
        r: B256::from_slice(&bytes[..32]),
        s: B256::from_slice(&bytes[32..]),
    }
}

fn permit(owner: Address, nonce: u64) -> Permit {
    Permit {
        owner,
        spender: BOB,
        value: U256::from(50),
        nonce: U256::from(nonce),
        deadline: U256::from(NOW),
    }
}

fn here() -> Eip712Domain {
    domain(CHAIN_ID, TOKEN)
}

/// The refusal of a signature that is somebody else's, whoever that is.
fn refused_as_foreign(chain: &Chain, call: wire::permitCall) {
    use alloy_sol_types::SolError;
    let owner = call.owner;
    let data = chain
        .call(CARA, call)
        .err()
        .expect("accepted a permit its owner did not sign");
    let refusal = wire::ERC2612InvalidSigner::abi_decode_validate(&data).unwrap();
    assert_eq!(refusal.owner, owner);
    assert_ne!(refusal.signer, owner);
    assert_eq!(chain.allowance(owner, BOB), U256::ZERO);
}

#[test]
fn a_signed_permit_approves_whoever_relays_it() {
    let (chain, (key, ann)) = (Chain::new(), key(7));
    chain.mint(ann, 80);
    chain.take_events::<wire::Transfer>();
    chain
        .call(CARA, sign(&key, &permit(ann, 0), &here()))
        .unwrap();
    assert_eq!(chain.allowance(ann, BOB), U256::from(50));
    assert_eq!((chain.nonce(ann), chain.balance(ann)), (1, 80));
    let approved = wire::Approval {
        owner: ann,
        spender: BOB,
        value: U256::from(50),
    };
    assert_eq!(chain.take_events::<wire::Approval>(), [approved]);
    chain
        .call(
            BOB,
            wire::transferFromCall {
                from: ann,
                to: CARA,
                value: U256::from(50),
            },
        )
        .unwrap();
    assert_eq!((chain.nonce(ann), chain.balance(ann)), (1, 30));
}

#[test]
fn a_permit_is_good_once() {
    let (chain, (key, ann)) = (Chain::new(), key(7));
    let call = sign(&key, &permit(ann, 0), &here());
    chain.call(CARA, call.clone()).unwrap();
    chain
        .call(
            BOB,
            wire::transferFromCall {
                from: ann,
                to: CARA,
                value: U256::ZERO,
            },
        )
        .unwrap();
    let data = chain.call(CARA, call).err().expect("refused");
    use alloy_sol_types::SolError;
    assert_eq!(
        wire::ERC2612InvalidSigner::abi_decode_validate(&data)
            .unwrap()
            .owner,
        ann
    );
    assert_eq!(chain.nonce(ann), 1);
    chain
        .call(CARA, sign(&key, &permit(ann, 1), &here()))
        .unwrap();
    assert_eq!(chain.nonce(ann), 2);
}

#[test]
fn a_permit_is_good_until_its_last_second() {
    let (chain, (key, ann)) = (Chain::new(), key(7));
    let call = sign(&key, &permit(ann, 0), &here());
    chain.vm.set_block_timestamp(NOW + 1);
    let expired = wire::ERC2612ExpiredSignature {
        deadline: U256::from(NOW),
    };
    chain.refused(CARA, call.clone(), expired);
    chain.vm.set_block_timestamp(NOW);
    chain.call(CARA, call).unwrap();
}

#[test]
fn a_permit_binds_chain_contract_and_name() {
    let (chain, (key, ann)) = (Chain::new(), key(7));
    let other_name = Eip712Domain {
        name: Some("City  Token".into()),
        ..here()
    };
    let other_version = Eip712Domain {
        version: Some("2".into()),
        ..here()
    };
    for elsewhere in [
        domain(CHAIN_ID + 1, TOKEN),
        domain(CHAIN_ID, BOB),
        other_name,
        other_version,
    ] {
        refused_as_foreign(&chain, sign(&key, &permit(ann, 0), &elsewhere));
    }
}

#[test]
fn a_permit_binds_every_field() {
    let (chain, (key, ann)) = (Chain::new(), key(7));
    let good = sign(&key, &permit(ann, 0), &here());
    let one = U256::from(1);
    for altered in [
        wire::permitCall {
            spender: CARA,
            ..good.clone()
        },
        wire::permitCall {
            value: good.value + one,
            ..good.clone()
        },
        wire::permitCall {
            deadline: good.deadline + one,
            ..good.clone()
        },
        wire::permitCall {
            owner: CARA,
            ..good.clone()
        },
        wire::permitCall {
            v: 55 - good.v,
            ..good.clone()
        },
        sign(&key, &permit(ann, 1), &here()),
    ] {
        refused_as_foreign(&chain, altered);
    }
    chain.call(CARA, good).unwrap();
}

#[test]
fn nobody_signs_for_another() {
    let (chain, (_, ann), (mallory, address)) = (Chain::new(), key(7), key(8));
    let call = sign(&mallory, &permit(ann, 0), &here());
    chain.refused(
        CARA,
        call,
        wire::ERC2612InvalidSigner {
            signer: address,
            owner: ann,
        },
    );
}

#[test]
fn what_is_no_signature_recovers_to_nobody() {
    let (chain, (key, ann)) = (Chain::new(), key(7));
    let good = sign(&key, &permit(ann, 0), &here());
    let nobody = |owner| wire::ERC2612InvalidSigner {
        signer: Address::ZERO,
        owner,
    };
    for v in [0, 1, 26, 29, 255] {
        chain.refused(CARA, wire::permitCall { v, ..good.clone() }, nobody(ann));
    }
    chain.refused(
        CARA,
        wire::permitCall {
            r: B256::ZERO,
            ..good.clone()
        },
        nobody(ann),
    );
    chain.refused(
        CARA,
        wire::permitCall {
            s: B256::ZERO,
            ..good.clone()
        },
        nobody(ann),
    );
    // The zero address recovers from nothing, and must not be taken for its consent.
    let for_nobody = wire::permitCall {
        owner: Address::ZERO,
        v: 0,
        ..good
    };
    chain.refused(
        CARA,
        for_nobody,
        wire::ERC20InvalidApprover {
            approver: Address::ZERO,
        },
    );
}

#[test]
fn the_upper_twin_of_a_signature_is_refused() {
    let (chain, (key, ann)) = (Chain::new(), key(7));
    let good = sign(&key, &permit(ann, 0), &here());
    let order = U256::from_str_radix(
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
        16,
    )
    .unwrap();
    let s = B256::from(order - U256::from_be_bytes(good.s.0));
    let twin = wire::permitCall {
        s,
        v: 55 - good.v,
        ..good
    };
    chain.refused(CARA, twin, wire::ECDSAInvalidSignatureS { s });
}

#[test]
fn nobody_is_permitted_nothing() {
    let (chain, (key, ann)) = (Chain::new(), key(7));
    let to_nobody = Permit {
        spender: Address::ZERO,
        ..permit(ann, 0)
    };
    let refusal = wire::ERC20InvalidSpender {
        spender: Address::ZERO,
    };
    chain.refused(CARA, sign(&key, &to_nobody, &here()), refusal);
}

#[test]
fn a_contract_is_asked_when_the_key_does_not_fit() {
    let (chain, (key, ann)) = (Chain::new(), key(7));
    let wallet = Address::repeat_byte(0x77);
    let call = sign(&key, &permit(wallet, 0), &here());
    let refusal = wire::ERC2612InvalidSigner {
        signer: ann,
        owner: wallet,
    };
    chain.refused(CARA, call.clone(), refusal.clone());
    chain.install(wallet, Contract::WalletOf(BOB));
    chain.refused(CARA, call.clone(), refusal);
    chain.install(wallet, Contract::WalletOf(ann));
    chain.call(CARA, call.clone()).unwrap();
    assert_eq!(
        (chain.allowance(wallet, BOB), chain.nonce(wallet)),
        (U256::from(50), 1)
    );
    assert!(chain.call(CARA, call).is_err());
}

#[test]
fn only_the_exact_magic_within_the_cap_means_yes() {
    let (chain, (key, ann)) = (Chain::new(), key(7));
    let wallet = Address::repeat_byte(0x77);
    let call = sign(&key, &permit(wallet, 0), &here());
    let refusal = wire::ERC2612InvalidSigner {
        signer: ann,
        owner: wallet,
    };
    for contract in [
        Contract::AnswersTooMuch,
        Contract::AnswersTooLittle,
        Contract::AnswersAlmost,
        Contract::RevertsWithMagic,
        Contract::CostsMoreThan(100_000),
    ] {
        chain.install(wallet, contract);
        chain.refused(CARA, call.clone(), refusal.clone());
    }
    chain.install(wallet, Contract::CostsMoreThan(99_999));
    chain.call(CARA, call).unwrap();
}

#[test]
fn the_key_decides_before_a_contract_is_asked() {
    let (chain, (key, ann)) = (Chain::new(), key(7));
    chain.install(ann, Contract::RevertsWithMagic);
    chain
        .call(CARA, sign(&key, &permit(ann, 0), &here()))
        .unwrap();
}

#[test]
fn the_domain_is_told_as_it_is_signed() {
    let chain = Chain::new();
    assert_eq!(
        chain.call(BOB, wire::DOMAIN_SEPARATORCall {}).unwrap(),
        here().separator()
    );
    let told = chain.call(BOB, wire::eip712DomainCall {}).unwrap();
    assert_eq!(
        (told.fields.0, told.name.as_str(), told.version.as_str()),
        ([0x0f], "City Token", "1")
    );
    assert_eq!(
        (told.chainId, told.verifyingContract),
        (U256::from(CHAIN_ID), TOKEN)
    );
    assert_eq!((told.salt, told.extensions), (B256::ZERO, Vec::new()));

    // The chain split, and the other half has its own signatures.
    chain.vm.set_chain_id(CHAIN_ID + 1);
    let there = domain(CHAIN_ID + 1, TOKEN).separator();
    assert_eq!(
        chain.call(BOB, wire::DOMAIN_SEPARATORCall {}).unwrap(),
        there
    );
}

#[test]
fn the_last_nonce_is_never_used() {
    let (chain, (key, ann)) = (Chain::new(), key(7));
    let slot = keccak256([ann.into_word(), B256::with_last_byte(4)].concat()).into();
    let mut word = B256::ZERO;
    word[8..16].fill(0xff);
    chain.set_slot(slot, word);
    assert_eq!(chain.nonce(ann), u64::MAX);
    let call = sign(&key, &permit(ann, u64::MAX), &here());
    chain.refused(CARA, call, wire::NonceExhausted { owner: ann });
}

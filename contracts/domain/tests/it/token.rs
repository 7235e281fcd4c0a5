//! The token's rules: every refusal beside its allowed neighbour, and conservation under random commands.

use std::collections::BTreeMap;

use agentcity_domain::{amount::Amount, time::Timestamp, token::*};
use alloy_primitives::{Address, B256, U256, b256, keccak256};
use proptest::prelude::*;

const ANN: Address = Address::repeat_byte(0xaa);
const BOB: Address = Address::repeat_byte(0xbb);
const NOBODY: Address = Address::ZERO;

fn holding(units: u128) -> Account {
    Account {
        balance: Amount::new(units),
        nonce: 7,
    }
}

fn units(value: u128) -> U256 {
    U256::from(value)
}

#[test]
fn a_transfer_moves_units_and_keeps_nonces() {
    let moved = transfer((ANN, holding(10)), (BOB, holding(1)), units(4));
    assert_eq!(
        moved,
        Ok(Moved::Between {
            from: holding(6),
            to: holding(5)
        })
    );
    let all = transfer((ANN, holding(10)), (BOB, holding(0)), units(10));
    assert_eq!(
        all,
        Ok(Moved::Between {
            from: holding(0),
            to: holding(10)
        })
    );
}

#[test]
fn a_transfer_of_more_than_is_held_is_refused_with_the_numbers() {
    for needed in [units(11), U256::from(1) << 128, U256::MAX] {
        let refusal = Refused::InsufficientBalance {
            sender: ANN,
            balance: Amount::new(10),
            needed,
        };
        assert_eq!(
            transfer((ANN, holding(10)), (BOB, holding(0)), needed),
            Err(refusal)
        );
        assert_eq!(
            transfer((ANN, holding(10)), (ANN, holding(10)), needed),
            Err(refusal)
        );
    }
}

#[test]
fn a_transfer_to_oneself_changes_nothing() {
    assert_eq!(
        transfer((ANN, holding(10)), (ANN, holding(10)), units(10)),
        Ok(Moved::ToSelf)
    );
}

#[test]
fn the_zero_address_neither_sends_nor_receives() {
    let from_nobody = transfer((NOBODY, holding(1)), (BOB, holding(0)), units(0));
    assert_eq!(from_nobody, Err(Refused::InvalidSender { sender: NOBODY }));
    let to_nobody = transfer((ANN, holding(1)), (NOBODY, holding(0)), units(0));
    assert_eq!(
        to_nobody,
        Err(Refused::InvalidReceiver { receiver: NOBODY })
    );
}

#[test]
fn balances_that_cannot_belong_to_one_token_are_refused() {
    let moved = transfer((ANN, holding(2)), (BOB, holding(u128::MAX - 1)), units(2));
    assert_eq!(
        moved,
        Err(Refused::SupplyExceeded {
            supply: Amount::new(u128::MAX - 1),
            added: units(2)
        })
    );
    let fits = transfer((ANN, holding(2)), (BOB, holding(u128::MAX - 1)), units(1));
    assert_eq!(
        fits,
        Ok(Moved::Between {
            from: holding(1),
            to: holding(u128::MAX)
        })
    );
}

#[test]
fn an_allowance_is_used_up_unless_unlimited() {
    assert_eq!(
        spend_allowance(BOB, units(5), units(5)),
        Ok(Spent::Left(units(0)))
    );
    assert_eq!(
        spend_allowance(BOB, units(5), units(2)),
        Ok(Spent::Left(units(3)))
    );
    assert_eq!(
        spend_allowance(BOB, U256::MAX, U256::MAX),
        Ok(Spent::Unlimited)
    );
    let almost = U256::MAX - units(1);
    assert_eq!(
        spend_allowance(BOB, almost, units(1)),
        Ok(Spent::Left(almost - units(1)))
    );
    let refusal = Refused::InsufficientAllowance {
        spender: BOB,
        allowance: units(5),
        needed: units(6),
    };
    assert_eq!(spend_allowance(BOB, units(5), units(6)), Err(refusal));
}

#[test]
fn approval_needs_two_somebodies() {
    assert_eq!(approve(ANN, BOB), Ok(()));
    assert_eq!(
        approve(NOBODY, BOB),
        Err(Refused::InvalidApprover { approver: NOBODY })
    );
    assert_eq!(
        approve(ANN, NOBODY),
        Err(Refused::InvalidSpender { spender: NOBODY })
    );
}

#[test]
fn only_the_minter_mints_and_only_to_the_limit() {
    let supply = Amount::new(100);
    assert_eq!(
        mint(ANN, ANN, supply, (BOB, holding(1)), units(5)),
        Ok((Amount::new(105), holding(6)))
    );
    assert_eq!(
        mint(ANN, BOB, supply, (BOB, holding(1)), units(5)),
        Err(Refused::NotMinter { caller: BOB })
    );
    let to_nobody = mint(ANN, ANN, supply, (NOBODY, holding(0)), units(5));
    assert_eq!(
        to_nobody,
        Err(Refused::InvalidReceiver { receiver: NOBODY })
    );

    let last = units(u128::MAX - 100);
    assert_eq!(
        mint(ANN, ANN, supply, (BOB, holding(0)), last).unwrap().0,
        Amount::MAX
    );
    for added in [last + units(1), U256::from(1) << 128, U256::MAX] {
        assert_eq!(
            mint(ANN, ANN, supply, (BOB, holding(0)), added),
            Err(Refused::SupplyExceeded { supply, added })
        );
    }
}

#[test]
fn type_hashes_are_hashes_of_the_types() {
    let permit =
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
    assert_eq!(PERMIT_TYPEHASH, keccak256(permit));
    let domain =
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    assert_eq!(DOMAIN_TYPEHASH, keccak256(domain));
    assert_eq!(DOMAIN_VERSION_HASH, keccak256(DOMAIN_VERSION));
}

#[test]
fn encodings_put_every_field_in_its_word() {
    let permit = Permit {
        owner: ANN,
        spender: BOB,
        value: units(3),
        nonce: 4,
        deadline: units(5),
    };
    let word = |value: u8| B256::with_last_byte(value);
    let expected = [
        PERMIT_TYPEHASH,
        ANN.into_word(),
        BOB.into_word(),
        word(3),
        word(4),
        word(5),
    ]
    .concat();
    assert_eq!(permit.encode().as_slice(), expected);

    let name = keccak256("City Token");
    let expected = [
        DOMAIN_TYPEHASH,
        name,
        DOMAIN_VERSION_HASH,
        word(9),
        ANN.into_word(),
    ]
    .concat();
    assert_eq!(encode_domain(name, 9, ANN).as_slice(), expected);

    let (separator, hash) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let expected = [
        [0x19, 0x01].as_slice(),
        separator.as_slice(),
        hash.as_slice(),
    ]
    .concat();
    assert_eq!(encode_signed(separator, hash).as_slice(), expected);
}

#[test]
fn a_permit_is_good_until_its_last_second() {
    let now = Timestamp::new;
    assert_eq!(permit_in_time(units(100), now(99)), Ok(()));
    assert_eq!(permit_in_time(units(100), now(100)), Ok(()));
    assert_eq!(
        permit_in_time(units(100), now(101)),
        Err(Refused::ExpiredSignature {
            deadline: units(100)
        })
    );
    assert_eq!(permit_in_time(U256::MAX, now(u64::MAX)), Ok(()));
}

#[test]
fn of_two_signatures_only_the_lower_counts() {
    let half = b256!("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
    let order: U256 =
        b256!("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").into();
    assert_eq!(U256::from_be_bytes(half.0), order >> 1);
    assert_eq!(signature_is_unique(half), Ok(()));
    let s = B256::from(U256::from_be_bytes(half.0) + units(1));
    assert_eq!(
        signature_is_unique(s),
        Err(Refused::MalleableSignature { s })
    );
}

#[test]
fn only_the_owner_signs_for_the_owner() {
    assert_eq!(signed_by_owner(ANN, Some(ANN)), Ok(()));
    let other = Refused::InvalidSigner {
        signer: BOB,
        owner: ANN,
    };
    assert_eq!(signed_by_owner(ANN, Some(BOB)), Err(other));
    let nobody = Refused::InvalidSigner {
        signer: NOBODY,
        owner: ANN,
    };
    assert_eq!(signed_by_owner(ANN, None), Err(nobody));
    let zero = Refused::InvalidSigner {
        signer: NOBODY,
        owner: NOBODY,
    };
    assert_eq!(signed_by_owner(NOBODY, None), Err(zero));
    assert_eq!(signed_by_owner(NOBODY, Some(NOBODY)), Err(zero));
}

#[test]
fn a_nonce_is_used_once_and_never_wraps() {
    assert_eq!(
        use_nonce(ANN, holding(3)),
        Ok(Account {
            balance: Amount::new(3),
            nonce: 8
        })
    );
    let last = Account {
        balance: Amount::ZERO,
        nonce: u64::MAX,
    };
    assert_eq!(
        use_nonce(ANN, last),
        Err(Refused::NonceExhausted { owner: ANN })
    );
}

#[derive(Clone, Debug)]
enum Command {
    Mint(u8, u128),
    Transfer(u8, u8, u128),
}

fn command() -> impl Strategy<Value = Command> {
    let value = prop_oneof![0..50u128, any::<u128>()];
    prop_oneof![
        (0..4u8, value.clone()).prop_map(|(to, value)| Command::Mint(to, value)),
        (0..4u8, 0..4u8, value).prop_map(|(from, to, value)| Command::Transfer(from, to, value)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_supply_is_the_sum_of_all_balances(commands in prop::collection::vec(command(), 1..60)) {
        let mut accounts: BTreeMap<u8, Account> = BTreeMap::new();
        let mut supply = Amount::ZERO;
        let address = |index| Address::with_last_byte(index + 1);
        for command in commands {
            let load = |index| accounts.get(&index).copied().unwrap_or_default();
            match command {
                Command::Mint(to, value) => {
                    let minted = mint(ANN, ANN, supply, (address(to), load(to)), units(value));
                    prop_assert_eq!(minted.is_ok(), supply.get().checked_add(value).is_some());
                    if let Ok((total, account)) = minted {
                        supply = total;
                        accounts.insert(to, account);
                    }
                }
                Command::Transfer(from, to, value) => {
                    let enough = load(from).balance.get() >= value;
                    let moved = transfer((address(from), load(from)), (address(to), load(to)), units(value));
                    prop_assert_eq!(moved.is_ok(), enough);
                    if let Ok(Moved::Between { from: sender, to: receiver }) = moved {
                        accounts.insert(from, sender);
                        accounts.insert(to, receiver);
                    }
                }
            }
            let sum: u128 = accounts.values().map(|account| account.balance.get()).sum();
            prop_assert_eq!(sum, supply.get());
        }
    }
}

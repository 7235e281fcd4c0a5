//! Rules of the settlement token: ERC-20 with ERC-6093 refusals, and permits by EIP-2612.
//!
//! Values of transfers are 256-bit because the interface is; what is held is [`Amount`], because no more than 2¹²⁸−1
//! units may ever exist. Balances therefore sum without overflow, and one storage word holds a balance and a nonce.
//!
//! ```text
//! transfer      holder moves own units       balance
//! transferFrom  spender moves holder's       allowance, then balance
//! approve       holder sets an allowance     (2²⁵⁶−1 is never used up)
//! permit        anyone relays a signature    deadline, signature over the nonce, then as approve
//! mint          the minter creates units     authority, supply limit
//! ```

use alloy_primitives::{Address, B256, U256, b256};

use crate::{amount::Amount, time::Timestamp};

/// What one address holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Units held.
    pub balance: Amount,
    /// Permits used.
    pub nonce: u64,
}

/// The rule that a command broke, with the values that say how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The holder has less than is to be moved.
    InsufficientBalance {
        /// The holder.
        sender: Address,
        /// What they hold.
        balance: Amount,
        /// What was to be moved.
        needed: U256,
    },
    /// Nobody can move units from the zero address.
    InvalidSender {
        /// The zero address.
        sender: Address,
    },
    /// Units sent to the zero address would be lost.
    InvalidReceiver {
        /// The zero address.
        receiver: Address,
    },
    /// The holder allowed less than is to be moved.
    InsufficientAllowance {
        /// Who was to move it.
        spender: Address,
        /// What they may still move.
        allowance: U256,
        /// What was to be moved.
        needed: U256,
    },
    /// The zero address allows nothing.
    InvalidApprover {
        /// The zero address.
        approver: Address,
    },
    /// The zero address can be allowed nothing.
    InvalidSpender {
        /// The zero address.
        spender: Address,
    },
    /// Only the minter creates units.
    NotMinter {
        /// Who tried.
        caller: Address,
    },
    /// More than 2¹²⁸−1 units would exist.
    SupplyExceeded {
        /// Units that exist.
        supply: Amount,
        /// Units to be added.
        added: U256,
    },
    /// The permit's last second has passed.
    ExpiredSignature {
        /// That second.
        deadline: U256,
    },
    /// The permit is not signed by its owner.
    InvalidSigner {
        /// Whom the signature recovers to, zero if nobody.
        signer: Address,
        /// The owner.
        owner: Address,
    },
    /// The signature's `s` lies in the upper half of the curve's order: the same signature exists a second time.
    MalleableSignature {
        /// The `s`.
        s: B256,
    },
    /// The owner used every nonce.
    NonceExhausted {
        /// The owner.
        owner: Address,
    },
}

/// What a transfer changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The two accounts afterwards.
    Between {
        /// The sender's.
        from: Account,
        /// The receiver's.
        to: Account,
    },
    /// Sender and receiver are one: nothing changes, an event is due all the same.
    ToSelf,
}

/// What is left of an allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// It was unlimited and stays so.
    Unlimited,
    /// The new allowance.
    Left(U256),
}

/// Moves `value` from one account to another.
///
/// Errors: `InvalidSender`, `InvalidReceiver`, `InsufficientBalance`; `SupplyExceeded` if the balances given are no
/// balances of one token.
pub fn transfer(
    (sender, from): (Address, Account),
    (receiver, to): (Address, Account),
    value: U256,
) -> Result<Moved, Refused> {
    if sender == Address::ZERO {
        return Err(Refused::InvalidSender { sender });
    }
    if receiver == Address::ZERO {
        return Err(Refused::InvalidReceiver { receiver });
    }
    let short = Refused::InsufficientBalance {
        sender,
        balance: from.balance,
        needed: value,
    };
    let Ok(units) = Amount::try_from(value) else {
        return Err(short);
    };
    let Ok(rest) = from.balance.checked_sub(units) else {
        return Err(short);
    };
    if sender == receiver {
        return Ok(Moved::ToSelf);
    }
    Ok(Moved::Between {
        from: Account {
            balance: rest,
            ..from
        },
        to: credit(to, units)?,
    })
}

/// Uses up `value` of an allowance. All of 2²⁵⁶−1 means unlimited, and is never used up.
///
/// Errors: `InsufficientAllowance`.
pub fn spend_allowance(spender: Address, allowance: U256, value: U256) -> Result<Spent, Refused> {
    if allowance == U256::MAX {
        return Ok(Spent::Unlimited);
    }
    match allowance.checked_sub(value) {
        Some(left) => Ok(Spent::Left(left)),
        None => Err(Refused::InsufficientAllowance {
            spender,
            allowance,
            needed: value,
        }),
    }
}

/// Whether `owner` may allow `spender` anything.
///
/// Errors: `InvalidApprover`, `InvalidSpender`.
pub fn approve(owner: Address, spender: Address) -> Result<(), Refused> {
    if owner == Address::ZERO {
        return Err(Refused::InvalidApprover { approver: owner });
    }
    if spender == Address::ZERO {
        return Err(Refused::InvalidSpender { spender });
    }
    Ok(())
}

/// Creates `value` units for `receiver`; returns the new supply and the receiver's account.
///
/// Errors: `NotMinter`, `InvalidReceiver`, `SupplyExceeded`.
pub fn mint(
    minter: Address,
    caller: Address,
    supply: Amount,
    (receiver, to): (Address, Account),
    value: U256,
) -> Result<(Amount, Account), Refused> {
    if caller != minter {
        return Err(Refused::NotMinter { caller });
    }
    if receiver == Address::ZERO {
        return Err(Refused::InvalidReceiver { receiver });
    }
    let exceeded = Refused::SupplyExceeded {
        supply,
        added: value,
    };
    let Ok(units) = Amount::try_from(value) else {
        return Err(exceeded);
    };
    let Ok(supply) = supply.checked_add(units) else {
        return Err(exceeded);
    };
    Ok((supply, credit(to, units)?))
}

fn credit(to: Account, units: Amount) -> Result<Account, Refused> {
    match to.balance.checked_add(units) {
        Ok(balance) => Ok(Account { balance, ..to }),
        Err(_) => Err(Refused::SupplyExceeded {
            supply: to.balance,
            added: units.to_u256(),
        }),
    }
}

/// What the owner of a permit signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    /// Who allows.
    pub owner: Address,
    /// Who is allowed.
    pub spender: Address,
    /// How much.
    pub value: U256,
    /// The owner's nonce, which makes it good for once.
    pub nonce: u64,
    /// Last second at which it is good.
    pub deadline: U256,
}

/// `keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)")`.
pub const PERMIT_TYPEHASH: B256 =
    b256!("0x6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9");

/// `keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")`.
pub const DOMAIN_TYPEHASH: B256 =
    b256!("0x8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f");

/// The version in the token's EIP-712 domain.
pub const DOMAIN_VERSION: &str = "1";

/// `keccak256("1")`, the hash of [`DOMAIN_VERSION`].
pub const DOMAIN_VERSION_HASH: B256 =
    b256!("0xc89efdaa54c0f20c7adf612882df0950f5a951637e0307cdcb4c672f298b8bc6");

/// Half the order of secp256k1, rounded down: the greatest `s` of a signature that has no twin (EIP-2).
const HALF_ORDER: B256 =
    b256!("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

impl Permit {
    /// The bytes whose Keccak-256 is the struct hash of EIP-712.
    pub fn encode(&self) -> [u8; 192] {
        words([
            PERMIT_TYPEHASH.0,
            self.owner.into_word().0,
            self.spender.into_word().0,
            self.value.to_be_bytes(),
            number(self.nonce),
            self.deadline.to_be_bytes(),
        ])
    }
}

/// The bytes whose Keccak-256 is the domain separator.
pub fn encode_domain(name_hash: B256, chain_id: u64, contract: Address) -> [u8; 160] {
    words([
        DOMAIN_TYPEHASH.0,
        name_hash.0,
        DOMAIN_VERSION_HASH.0,
        number(chain_id),
        contract.into_word().0,
    ])
}

/// The bytes whose Keccak-256 is signed: `0x1901 ‖ domain separator ‖ struct hash` (EIP-712).
pub fn encode_signed(domain_separator: B256, struct_hash: B256) -> [u8; 66] {
    let mut bytes = [0; 66];
    bytes[..2].copy_from_slice(&[0x19, 0x01]);
    bytes[2..34].copy_from_slice(domain_separator.as_slice());
    bytes[34..].copy_from_slice(struct_hash.as_slice());
    bytes
}

/// Whether a permit may still be used: until its deadline, inclusive.
///
/// Errors: `ExpiredSignature`.
pub fn permit_in_time(deadline: U256, now: Timestamp) -> Result<(), Refused> {
    if U256::from(now.get()) > deadline {
        return Err(Refused::ExpiredSignature { deadline });
    }
    Ok(())
}

/// Whether `s` is the lower of the two that make one signature. What is not is never asked to recover to anyone.
///
/// Errors: `MalleableSignature`.
pub fn signature_is_unique(s: B256) -> Result<(), Refused> {
    if s > HALF_ORDER {
        return Err(Refused::MalleableSignature { s });
    }
    Ok(())
}

/// Whether the owner signed, judged by whom the signature recovers to (`None`: nobody).
///
/// Errors: `InvalidSigner`. It is final only for an owner without code; a contract is then asked (RULINGS R22).
pub fn signed_by_owner(owner: Address, recovered: Option<Address>) -> Result<(), Refused> {
    match recovered {
        // The precompile answers nothing for a bad signature; zero must not pass for the zero address's consent.
        Some(signer) if signer == owner && owner != Address::ZERO => Ok(()),
        other => Err(Refused::InvalidSigner {
            signer: other.unwrap_or_default(),
            owner,
        }),
    }
}

/// The account after its nonce was used.
///
/// Errors: `NonceExhausted`.
pub fn use_nonce(owner: Address, account: Account) -> Result<Account, Refused> {
    match account.nonce.checked_add(1) {
        Some(nonce) => Ok(Account { nonce, ..account }),
        None => Err(Refused::NonceExhausted { owner }),
    }
}

fn number(value: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

/// Concatenates words; `BYTES` is `WORDS × 32`, checked at compile time.
fn words<const WORDS: usize, const BYTES: usize>(words: [[u8; 32]; WORDS]) -> [u8; BYTES] {
    const { assert!(BYTES == WORDS * 32, "a word has 32 bytes") }; // structural: bytes of a word
    let mut bytes = [0; BYTES];
    // structural: bytes of a word
    for (to, word) in bytes.chunks_exact_mut(32).zip(words) {
        to.copy_from_slice(&word);
    }
    bytes
}

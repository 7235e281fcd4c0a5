//! Gate predicates for the world: honest ones, and those that a gate must survive (RULINGS R24, A6). The same manners as
//! `test-fixtures/sol/HostilePredicates.sol`, which has them as real code.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue, sol};

use crate::{Answer, Frame, World};

sol! {
    /// What a gate asks.
    interface IPredicate {
        function permits(bytes32 missionId, bytes32 outputRoot) external view returns (bool);
    }
}

/// How a predicate behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manners {
    /// Says yes.
    Permits,
    /// Says no.
    Refuses,
    /// Says yes to one output of one mission alone.
    Expects(B256, B256),
    /// Uses up whatever gas it is given.
    Burns,
    /// Says yes and writes.
    Writes,
    /// Says yes and removes its own code, as a contract that destroys itself.
    Destroys,
    /// Says yes with two words.
    TooMuch,
    /// Says yes with a great many bytes.
    Bomb,
    /// Says yes with a byte too few.
    TooLittle,
    /// Says two, which is no truth value.
    Garbage,
    /// Says nothing.
    Silent,
    /// Says these bytes.
    Says(Vec<u8>),
    /// Reverts with the word that means yes.
    RevertsWithYes,
    /// Says yes if it wrote down before that it was asked, which it does when it is called otherwise.
    SecondTime,
    /// Says what the account says whose address is in its first slot, which whoever calls it otherwise sets: its own code never
    /// changes.
    Proxy,
    /// Calls an account with this data, and says yes whatever comes of it.
    CallsBack(Address, Vec<u8>),
}

/// The code hash of a predicate with these manners.
pub fn codehash(manners: &Manners) -> B256 {
    keccak256(format!("predicate {manners:?}"))
}

/// Puts a predicate at `address`.
pub fn install(world: &World, address: Address, manners: Manners) {
    let hash = codehash(&manners);
    world.install(address, hash, move |frame, input| {
        run(frame, input, &manners)
    });
}

/// What a predicate is asked.
///
/// Panics: if it is not asked by the interface.
fn run(frame: &Frame, input: &[u8], manners: &Manners) -> Answer {
    let asked = IPredicate::permitsCall::abi_decode_validate(input).ok();
    let yes = true.abi_encode();
    match manners {
        Manners::Permits => Ok(yes),
        Manners::Refuses => Ok(false.abi_encode()),
        Manners::Expects(mission, root) => {
            let is_it = asked.is_some_and(|it| (it.missionId, it.outputRoot) == (*mission, *root));
            Ok(is_it.abi_encode())
        }
        Manners::Burns => Err(Vec::new()),
        Manners::Writes => {
            frame.store(1, B256::repeat_byte(1));
            Ok(yes)
        }
        Manners::Destroys => {
            frame.store(1, B256::repeat_byte(1));
            frame.world().data(frame.this, &[]);
            Ok(yes)
        }
        Manners::TooMuch => Ok([yes.as_slice(), &yes].concat()),
        Manners::Bomb => Ok([yes.as_slice(), &[0; 100_000]].concat()),
        Manners::TooLittle => Ok(yes[..31].to_vec()),
        Manners::Garbage => Ok(U256::from(2).abi_encode()),
        Manners::Silent => Ok(Vec::new()),
        Manners::Says(bytes) => Ok(bytes.clone()),
        Manners::RevertsWithYes => Err(yes),
        Manners::SecondTime => {
            if asked.is_none() {
                frame.store(1, B256::repeat_byte(1));
            }
            Ok((!frame.load(1).is_zero()).abi_encode())
        }
        Manners::Proxy => {
            if asked.is_none() {
                frame.store(1, B256::left_padding_from(input));
                return Ok(Vec::new());
            }
            let to = Address::from_word(frame.load(1));
            frame.call(to, U256::ZERO, input, true, u64::MAX)
        }
        Manners::CallsBack(victim, data) => {
            let _ = frame.call(*victim, U256::ZERO, data, false, u64::MAX);
            Ok(yes)
        }
    }
}

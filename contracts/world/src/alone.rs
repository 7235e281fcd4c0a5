//! One contract alone on a chain, constructed with a constitution that nobody asks: what every router keeps to.

use alloy_primitives::{Address, U256, address, keccak256};
use alloy_sol_types::{SolInterface, SolValue};
use stylus_sdk::{
    abi::{CONSTRUCTOR_SELECTOR, Router},
    prelude::{StorageType, TopLevelStorage, ValueDenier},
};

use crate::{Answer, World};

const CONSTITUTION: Address = address!("0xc000000000000000000000000000000000000002");
const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");

/// How many selectors that nobody has are tried.
const UNKNOWN: u32 = 200;

/// The contract, and the selectors of its interface.
#[derive(Debug)]
pub struct Alone {
    world: World,
    selectors: Vec<[u8; 4]>,
}

impl Alone {
    /// Where it stands.
    pub const CONTRACT: Address = address!("0xc000000000000000000000000000000000000001");

    /// Constructs the program `P`, whose interface has the calls `I`.
    ///
    /// Panics: if the constructor refuses.
    pub fn new<P, I>() -> Self
    where
        P: Router<P> + StorageType + TopLevelStorage + ValueDenier + 'static,
        P: core::borrow::BorrowMut<<P as Router<P>>::Storage>,
        I: SolInterface,
    {
        let world = World::new();
        world.program::<P>(Self::CONTRACT, I::NAME);
        let alone = Self {
            world,
            selectors: (0..I::COUNT).filter_map(I::selector_at).collect(),
        };
        let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        input.extend(CONSTITUTION.abi_encode());
        alone.call(0, &input).expect("constructed");
        alone
    }

    /// A stranger's call with coins.
    pub fn call(&self, coins: u64, input: &[u8]) -> Answer {
        self.world
            .transact(STRANGER, Self::CONTRACT, U256::from(coins), input)
    }

    /// Claims that every function of the interface is routed, and none besides.
    ///
    /// Panics: if one is not.
    pub fn routes_its_interface(&self) {
        for selector in &self.selectors {
            // Cut short, a function answers with a refusal of its own; what is not routed answers nothing.
            let answer = self.call(0, selector);
            assert_ne!(answer, Err(Vec::new()), "{selector:02x?} is not routed");
        }
        for number in 0..UNKNOWN {
            let hash = keccak256(number.to_be_bytes());
            assert_eq!(self.call(0, &hash[..4]), Err(Vec::new()), "{hash}");
        }
    }

    /// Claims that every function with arguments answers `MalformedCall()` when they are cut short.
    ///
    /// Panics: if one answers otherwise.
    pub fn refuses_what_is_cut_short(&self) {
        let bare = [selector("constitution()"), selector("wire()")];
        for selector in self.selectors.iter().filter(|s| !bare.contains(s)) {
            for more in [0, 31] {
                let mut input = selector.to_vec();
                input.resize(4 + more, 0);
                assert_eq!(
                    self.call(0, &input),
                    Err(self::selector("MalformedCall()").to_vec()),
                    "{selector:02x?} with {more} bytes"
                );
            }
        }
    }

    /// Claims that no function takes coins: `NotPayable()`.
    ///
    /// Panics: if one answers otherwise.
    pub fn refuses_coins(&self) {
        self.world.mint(STRANGER, 10);
        for selector in &self.selectors {
            let expected = Err(self::selector("NotPayable()").to_vec());
            assert_eq!(self.call(1, selector), expected, "{selector:02x?}");
        }
    }

    /// Claims that it says with which constitution it was constructed, and is constructed once.
    ///
    /// Panics: if not.
    pub fn names_its_constitution(&self) {
        let answer = self.call(0, &selector("constitution()"));
        assert_eq!(answer, Ok(CONSTITUTION.abi_encode()));
        let mut again = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        again.extend(STRANGER.abi_encode());
        assert!(self.call(0, &again).is_err(), "constructed twice");
        let answer = self.call(0, &selector("constitution()"));
        assert_eq!(answer, Ok(CONSTITUTION.abi_encode()));
    }
}

fn selector(signature: &str) -> [u8; 4] {
    let hash = keccak256(signature);
    [hash[0], hash[1], hash[2], hash[3]]
}

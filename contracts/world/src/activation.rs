//! Programs run as long as they are activated (RULINGS A8). Whoever calls one that lapsed fails, all of its gas is gone, and its
//! code is where it was; ArbWasm says for how long a program runs, and refuses to say so of one that lapsed.

use std::{cell::RefCell, collections::BTreeMap, fmt, rc::Rc};

use alloy_primitives::{Address, address, keccak256};
use alloy_sol_types::{SolCall, SolValue, sol};

use crate::{Code, World};

const ARB_WASM: Address = address!("0000000000000000000000000000000000000071");
/// What a program has right after its activation, in seconds.
const YEAR: u64 = 365 * 86_400;

sol! {
    /// What is asked of ArbWasm.
    interface IArbWasm {
        function programTimeLeft(address program) external view returns (uint64);
    }
}

/// Which programs of a chain lapsed. Clones are handles to the same.
#[derive(Clone)]
pub struct Activation {
    world: World,
    lapsed: Rc<RefCell<BTreeMap<Address, Code>>>,
}

impl fmt::Debug for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lapsed.borrow().keys()).finish()
    }
}

impl Activation {
    /// Every program runs for a year. ArbWasm is there from now on.
    pub fn of(world: &World) -> Self {
        let lapsed: Rc<RefCell<BTreeMap<Address, Code>>> = Rc::default();
        let known = lapsed.clone();
        world.install(ARB_WASM, keccak256("ArbWasm"), move |_, input| {
            let asked = IArbWasm::programTimeLeftCall::abi_decode_validate(input).expect("asked");
            if known.borrow().contains_key(&asked.program) {
                return Err(Vec::new());
            }
            Ok(YEAR.abi_encode())
        });
        Self {
            world: world.clone(),
            lapsed,
        }
    }

    /// A program's year is over.
    pub fn lapse(&self, program: Address) {
        let Some(Code::Runs(body, hash)) = self.world.code(program) else {
            panic!("no program is at {program}")
        };
        self.lapsed
            .borrow_mut()
            .insert(program, Code::Runs(body, hash));
        self.world.install(program, hash, |_, _| Err(Vec::new()));
    }

    /// Somebody activates a program again.
    pub fn renew(&self, program: Address) {
        let code = self.lapsed.borrow_mut().remove(&program);
        self.world.put_code(program, code.expect("it lapsed"));
    }
}

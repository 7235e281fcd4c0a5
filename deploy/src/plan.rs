//! What a deployment will do, computed without a chain.

use agentcity_devnode_program::{
    Facts, Invalid, Program, ProgramRules,
    pack::{self, PackError, Packed},
};
use alloy::primitives::{Address, B256, Bytes, U256, keccak256};

use agentcity_abi::STYLUS_DEPLOYER;

use crate::artifact::Artifact;

/// Selector of `stylus_constructor()`, under which the SDK exports a constructor whatever its arguments.
pub const CONSTRUCTOR_SELECTOR: [u8; 4] = [0x55, 0x85, 0x25, 0x8d];

/// Salt when none is given. It must not be zero: the deployer then uses CREATE, and the address is not known beforehand.
pub const DEFAULT_SALT: B256 = B256::with_last_byte(1);

/// Why a module cannot be deployed.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The chain would refuse to activate it.
    #[error("the module breaks a rule of activation: {0}")]
    Invalid(#[from] Invalid),
    /// It cannot be packed at all.
    #[error("the module cannot be packed: {0}")]
    Pack(#[from] PackError),
    /// It does not fit into one account. Fragments are not used: no public network has been seen to activate them.
    #[error(
        "the module takes {fragments} accounts of {limit} bytes and must fit one: make it smaller (`cargo xtask sizes`)"
    )]
    TooLarge {
        /// Accounts it would take.
        fragments: usize,
        /// Bytes of code an account holds.
        limit: usize,
    },
    /// A zero salt was given.
    #[error("the salt must not be zero: the address would depend on the deployer's nonce")]
    ZeroSalt,
}

/// One deployment, ready to be applied.
#[derive(Debug, Clone)]
pub struct Plan {
    /// On-chain code: prefix and compressed module.
    pub code: Bytes,
    /// keccak256 of `code`, by which activation is keyed.
    pub codehash: B256,
    /// Code that creates an account with `code`.
    pub initcode: Bytes,
    /// Call that constructs the program; empty when it has no constructor.
    pub init_data: Bytes,
    /// Coins that go to the constructor, in wei.
    pub init_value: U256,
    /// Salt as given to the deployer.
    pub salt: B256,
    /// Where the program will be.
    pub address: Address,
    /// What the module is and will cost.
    pub facts: Facts,
}

/// What is on the chain at [`Plan::address`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Whether there is code. By the address it can only be the planned one, constructed.
    pub code: bool,
    /// Whether code of this hash may be called.
    pub active: bool,
}

/// One transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Create, activate unless the same code is active already, and construct, through the StylusDeployer.
    Deploy {
        /// Whether the value must cover the fee of activation.
        activates: bool,
    },
    /// Activate code that is there but expired, or was activated for an older version.
    Activate,
}

impl Plan {
    /// Checks and packs a program.
    ///
    /// Units: `init_value` in wei. `arguments` are ABI-encoded; `None` for a program without a constructor.
    pub fn new(
        artifact: &Artifact,
        arguments: Option<&[u8]>,
        init_value: U256,
        salt: B256,
    ) -> Result<Self, PlanError> {
        if salt.is_zero() {
            return Err(PlanError::ZeroSalt);
        }
        // As strict as a public chain: what passes here must not fail there.
        let program = Program::check(
            artifact.wasm(),
            &ProgramRules {
                debug: false,
                multi_value: false,
            },
        )?;
        let code = match artifact.packed()? {
            Packed::Single(code) => code,
            Packed::Fragmented { fragments, .. } => {
                return Err(PlanError::TooLarge {
                    fragments: fragments.len(),
                    limit: pack::MAX_CODE,
                });
            }
        };
        let init_data = arguments
            .map(|encoded| [&CONSTRUCTOR_SELECTOR[..], encoded].concat())
            .unwrap_or_default();
        let initcode = pack::initcode(&code);
        let address = STYLUS_DEPLOYER.create2(
            keccak256([salt.as_slice(), &init_data].concat()),
            keccak256(&initcode),
        );
        Ok(Self {
            codehash: keccak256(&code),
            code: code.into(),
            initcode: initcode.into(),
            init_data: init_data.into(),
            init_value,
            salt,
            address,
            facts: *program.facts(),
        })
    }

    /// What remains to be done, given what is there.
    pub fn steps(&self, found: Found) -> Vec<Step> {
        match found {
            Found {
                code: false,
                active,
            } => vec![Step::Deploy { activates: !active }],
            Found {
                code: true,
                active: false,
            } => vec![Step::Activate],
            Found {
                code: true,
                active: true,
            } => Vec::new(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The least valid program: returns success and pays for nothing but its one page.
    pub(crate) fn smallest() -> Vec<u8> {
        wat::parse_str(
            r#"(module
                (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
                (memory (export "memory") 1 1)
                (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#,
        )
        .unwrap()
    }

    fn plan(arguments: Option<&[u8]>, salt: u8) -> Plan {
        Plan::new(
            &smallest().into(),
            arguments,
            U256::ZERO,
            B256::with_last_byte(salt),
        )
        .unwrap()
    }

    #[test]
    fn the_address_follows_from_code_arguments_and_salt() {
        let here = plan(Some(&[1]), 1);
        assert_eq!(here.address, plan(Some(&[1]), 1).address);
        assert_ne!(here.address, plan(Some(&[2]), 1).address);
        assert_ne!(here.address, plan(Some(&[1]), 2).address);
        assert_ne!(here.address, plan(None, 1).address);
    }

    #[test]
    fn the_initcode_returns_the_packed_code() {
        let plan = plan(None, 1);
        assert!(plan.code.starts_with(&[0xef, 0xf0, 0x00, 0x00]));
        assert_eq!(plan.initcode[pack::PRELUDE_BYTES..], plan.code[..]);
        assert_eq!(pack::unpack_program(&plan.code).unwrap(), smallest());
    }

    #[test]
    fn a_constructor_is_called_by_the_sdk_selector() {
        assert_eq!(
            plan(Some(&[7; 32]), 1).init_data[..5],
            [0x55, 0x85, 0x25, 0x8d, 7]
        );
        assert_eq!(
            plan(Some(&[]), 1).init_data[..],
            CONSTRUCTOR_SELECTOR,
            "a constructor without arguments is still called"
        );
        assert!(plan(None, 1).init_data.is_empty());
        assert_eq!(CONSTRUCTOR_SELECTOR, keccak256("stylus_constructor()")[..4]);
    }

    #[test]
    fn only_what_is_missing_is_planned() {
        let plan = plan(None, 1);
        assert_eq!(
            plan.steps(Found {
                code: false,
                active: false
            }),
            [Step::Deploy { activates: true }]
        );
        assert_eq!(
            plan.steps(Found {
                code: false,
                active: true
            }),
            [Step::Deploy { activates: false }]
        );
        assert_eq!(
            plan.steps(Found {
                code: true,
                active: false
            }),
            [Step::Activate]
        );
        assert_eq!(
            plan.steps(Found {
                code: true,
                active: true
            }),
            []
        );
    }

    #[test]
    fn refuses_what_the_chain_would_refuse() {
        let floats = wat::parse_str(
            r#"(module (memory (export "memory") 1 1)
                (func (export "user_entrypoint") (param i32) (result i32) (i32.trunc_f32_s (f32.const 1))))"#,
        )
        .unwrap();
        assert!(matches!(
            Plan::new(&floats.into(), None, U256::ZERO, DEFAULT_SALT),
            Err(PlanError::Invalid(_))
        ));
        assert!(matches!(
            Plan::new(&b"not wasm".to_vec().into(), None, U256::ZERO, DEFAULT_SALT),
            Err(PlanError::Invalid(_))
        ));
        assert!(matches!(
            Plan::new(&smallest().into(), None, U256::ZERO, B256::ZERO),
            Err(PlanError::ZeroSalt)
        ));
    }
}

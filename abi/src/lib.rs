//! Solidity interfaces as the wire truth.
//!
//! Every interface is written once, in `sol/`; `sol!` expands it here for every Rust consumer, and `json/` holds the ABI
//! as the Solidity compiler exports it, for every other. The tests compare the two. `roles/` says who may call what.
//!
//! Feature `rpc` adds clients over alloy's provider. Programs build without it: `alloy` does not compile to their
//! target. Each interface therefore has two invocations under opposite `cfg`s, because `cfg_attr` cannot reach an
//! attribute inside the macro's input.
#![forbid(unsafe_code)]

#[cfg(feature = "document")]
pub mod action;
#[cfg(feature = "document")]
pub mod artifact;
#[cfg(feature = "document")]
pub mod document;
#[cfg(feature = "roles")]
pub mod roles;

/// Expands each interface, with clients when there is feature `rpc`.
macro_rules! interfaces {
    ($($name:ident $path:tt;)*) => {
        /// The bindings; an own module, because generated items have no documentation of ours.
        #[cfg(not(feature = "rpc"))]
        #[allow(missing_docs, clippy::too_many_arguments)]
        mod bindings {
            $(alloy_sol_types::sol!(#[sol(extra_derives(Debug, PartialEq, Eq))] $path);)*
        }

        /// The bindings with clients.
        #[cfg(feature = "rpc")]
        #[allow(missing_docs, clippy::too_many_arguments)]
        mod bindings {
            $(alloy::sol!(#[sol(rpc, extra_derives(Debug, PartialEq, Eq))] $path);)*
        }

        $(pub use bindings::$name;)*

        /// Every interface by its name, with its ABI as the Solidity compiler exports it.
        pub const JSON: &[(&str, &str)] =
            &[$((stringify!($name), include_str!(concat!("../json/", stringify!($name), ".json"))),)*];

        /// Every interface by its name, as it is written: the names of its enums stand nowhere else.
        pub const SOURCES: &[(&str, &str)] =
            &[$((stringify!($name), include_str!(concat!("../", $path))),)*];
    };
}

// One line for each interface; the tests list the same.
interfaces! {
    IAdjudication "sol/IAdjudication.sol";
    IAgent "sol/IAgent.sol";
    IArbWasm "sol/IArbWasm.sol";
    IAssembly "sol/IAssembly.sol";
    ICollaboration "sol/ICollaboration.sol";
    IConstitution "sol/IConstitution.sol";
    IEnactment "sol/IEnactment.sol";
    IGuardian "sol/IGuardian.sol";
    ILegislature "sol/ILegislature.sol";
    IManagement "sol/IManagement.sol";
    IPredicate "sol/IPredicate.sol";
    IRoster "sol/IRoster.sol";
    IService "sol/IService.sol";
    ISettlementToken "sol/ISettlementToken.sol";
    IStatute "sol/IStatute.sol";
    IStylusDeployer "sol/IStylusDeployer.sol";
    ITreasury "sol/ITreasury.sol";
    IVerification "sol/IVerification.sol";
    IVerifier "sol/IVerifier.sol";
}

/// Where ArbWasm lives on every Arbitrum chain.
pub const ARB_WASM: alloy_primitives::Address =
    alloy_primitives::address!("0000000000000000000000000000000000000071");
/// Where the StylusDeployer lives on every Arbitrum chain.
pub const STYLUS_DEPLOYER: alloy_primitives::Address =
    alloy_primitives::address!("cEcba2F1DC234f70Dd89F2041029807F8D03A990");

/// The ABI of `ISettlementToken` as the Solidity compiler exports it.
pub const SETTLEMENT_TOKEN_JSON: &str = include_str!("../json/ISettlementToken.json");

/// The ABI of ArbWasm, as far as it is declared here.
pub const ARB_WASM_JSON: &str = include_str!("../json/IArbWasm.json");

/// The ABI of the StylusDeployer.
pub const STYLUS_DEPLOYER_JSON: &str = include_str!("../json/IStylusDeployer.json");

//! What the chain is asked: ArbWasm and the StylusDeployer.

use std::time::Duration;

use alloy::{
    primitives::{Address, B256, address},
    providers::Provider,
    sol,
};

/// ArbWasm, the precompile that activates programs.
pub const ARB_WASM: Address = address!("0x0000000000000000000000000000000000000071");

/// The StylusDeployer, at the same address on every Arbitrum chain.
pub const STYLUS_DEPLOYER: Address = address!("0xcEcba2F1DC234f70Dd89F2041029807F8D03A990");

/// Longest wait for a transaction: a hundred times what an Arbitrum chain takes, so that only a lost one is given up.
pub const RECEIPT_LIMIT: Duration = Duration::from_secs(60);

sol! {
    /// Activation of programs.
    #[sol(rpc)]
    #[derive(Debug)]
    interface ArbWasm {
        function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
        function stylusVersion() external view returns (uint16 version);
        function codehashVersion(bytes32 codehash) external view returns (uint16 version);
        function codehashKeepalive(bytes32 codehash) external payable;
        function programInitGas(address program) external view returns (uint64 gas, uint64 gasWhenCached);
        function programMemoryFootprint(address program) external view returns (uint16 footprint);
        function programTimeLeft(address program) external view returns (uint64 secs);

        error ProgramNotWasm();
        error ProgramNotActivated();
        error ProgramNeedsUpgrade(uint16 version, uint16 stylusVersion);
        error ProgramExpired(uint64 ageInSeconds);
        error ProgramUpToDate();
        error ProgramKeepaliveTooSoon(uint64 ageInSeconds);
        error ProgramInsufficientValue(uint256 have, uint256 want);
    }

    /// Creates, activates and constructs a program in one transaction.
    #[sol(rpc)]
    #[derive(Debug)]
    interface StylusDeployer {
        event ContractDeployed(address deployedContract);

        error ContractDeploymentError(bytes bytecode);
        error ContractInitializationError(address newContract, bytes data);
        error RefundExcessValueError(uint256 excessValue);
        error EmptyBytecode();
        error InitValueButNotInitData();

        function deploy(bytes calldata bytecode, bytes calldata initData, uint256 initValue, bytes32 salt) public payable returns (address created);
    }
}

/// Whether code of a hash may be called, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// It may, under this version of Stylus.
    Active {
        /// Version of its activation.
        version: u16,
    },
    /// It never was activated.
    Never,
    /// Its activation is older than a year.
    Expired {
        /// Age of the activation.
        age_secs: u64,
    },
    /// The chain has moved to another version of Stylus.
    Outdated {
        /// Version of its activation.
        version: u16,
        /// Version of the chain.
        chain: u16,
    },
}

impl Activation {
    /// Whether it may be called.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Active { .. })
    }
}

/// The activation of code with this hash.
pub async fn activation<P: Provider>(
    provider: &P,
    codehash: B256,
) -> Result<Activation, alloy::contract::Error> {
    match ArbWasm::new(ARB_WASM, provider)
        .codehashVersion(codehash)
        .call()
        .await
    {
        Ok(version) => Ok(Activation::Active { version }),
        Err(error) => match error.as_decoded_interface_error::<ArbWasm::ArbWasmErrors>() {
            Some(ArbWasm::ArbWasmErrors::ProgramNotActivated(_)) => Ok(Activation::Never),
            Some(ArbWasm::ArbWasmErrors::ProgramExpired(e)) => Ok(Activation::Expired {
                age_secs: e.ageInSeconds,
            }),
            Some(ArbWasm::ArbWasmErrors::ProgramNeedsUpgrade(e)) => Ok(Activation::Outdated {
                version: e.version,
                chain: e.stylusVersion,
            }),
            _ => Err(error),
        },
    }
}

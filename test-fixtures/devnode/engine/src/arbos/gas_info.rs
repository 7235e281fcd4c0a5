//! ArbGasInfo and NodeInterface: prices. The parent chain costs nothing here.

use alloy_primitives::{I256, U256};
use alloy_sol_types::SolCall;

use super::{
    abi::{
        ArbGasInfo::{self as G, ArbGasInfoCalls},
        NodeInterface::{self as N, NodeInterfaceCalls},
    },
    call::{Answer, Call, sentence},
};

/// Gas of allocating a slot of storage.
const STORAGE_GAS: u64 = 20_000;
/// Speed limit of public chains, gas per second. The devnode does not enforce one.
const SPEED_LIMIT: u64 = 7_000_000;

/// Answers a call of ArbGasInfo.
pub(crate) fn gas_info(call: &mut Call<'_, '_>) -> Answer {
    call.unpaid()?;
    let method: ArbGasInfoCalls = call.decode()?;
    let base_fee = U256::from(call.ctx.block.basefee);
    let gas_limit = U256::from(call.ctx.block.gas_limit);
    let zero = U256::ZERO;
    use ArbGasInfoCalls as Calls;
    Ok(match method {
        Calls::getPricesInWei(_) => {
            let storage = base_fee * U256::from(STORAGE_GAS);
            // Per transaction, per unit of call data, per slot; base, congestion and total price of gas.
            G::getPricesInWeiCall::abi_encode_returns(&G::getPricesInWeiReturn {
                _0: zero,
                _1: zero,
                _2: storage,
                _3: base_fee,
                _4: zero,
                _5: base_fee,
            })
        }
        Calls::getPricesInArbGas(_) => {
            G::getPricesInArbGasCall::abi_encode_returns(&G::getPricesInArbGasReturn {
                _0: zero,
                _1: zero,
                _2: U256::from(STORAGE_GAS),
            })
        }
        Calls::getGasAccountingParams(_) => {
            G::getGasAccountingParamsCall::abi_encode_returns(&G::getGasAccountingParamsReturn {
                _0: U256::from(SPEED_LIMIT),
                _1: gas_limit,
                _2: gas_limit,
            })
        }
        Calls::getMaxTxGasLimit(_) => G::getMaxTxGasLimitCall::abi_encode_returns(&gas_limit),
        Calls::getMinimumGasPrice(_) => G::getMinimumGasPriceCall::abi_encode_returns(&base_fee),
        Calls::getL1BaseFeeEstimate(_) => G::getL1BaseFeeEstimateCall::abi_encode_returns(&zero),
        Calls::getL1GasPriceEstimate(_) => G::getL1GasPriceEstimateCall::abi_encode_returns(&zero),
        Calls::getL1RewardRate(_) => G::getL1RewardRateCall::abi_encode_returns(&0),
        Calls::getCurrentTxL1GasFees(_) => G::getCurrentTxL1GasFeesCall::abi_encode_returns(&zero),
        Calls::getGasBacklog(_) => G::getGasBacklogCall::abi_encode_returns(&0),
        Calls::getL1PricingSurplus(_) => {
            G::getL1PricingSurplusCall::abi_encode_returns(&I256::ZERO)
        }
        Calls::getL1FeesAvailable(_) => G::getL1FeesAvailableCall::abi_encode_returns(&zero),
    })
}

/// Answers a call of NodeInterface.
pub(crate) fn node_interface(call: &mut Call<'_, '_>) -> Answer {
    let method: NodeInterfaceCalls = call.decode()?;
    let base_fee = U256::from(call.ctx.block.basefee);
    use NodeInterfaceCalls as Calls;
    Ok(match method {
        // A whole estimate runs the transaction many times, which a call cannot do; the node answers it from outside.
        Calls::gasEstimateComponents(_) => {
            return sentence(
                "gasEstimateComponents is answered for eth_call to 0xC8 alone; contracts cannot ask it",
            );
        }
        Calls::gasEstimateL1Component(_) => {
            N::gasEstimateL1ComponentCall::abi_encode_returns(&N::gasEstimateL1ComponentReturn {
                gasEstimateForL1: 0,
                baseFee: base_fee,
                l1BaseFeeEstimate: U256::ZERO,
            })
        }
        Calls::nitroGenesisBlock(_) => N::nitroGenesisBlockCall::abi_encode_returns(&U256::ZERO),
    })
}

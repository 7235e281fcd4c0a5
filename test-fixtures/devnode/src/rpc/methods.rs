//! The table of all methods: what each name runs, and how heavy it is.

use super::work::Kind::{self, Connection, Heavy, Light, State, Sync};
use super::{
    anvil_chain, anvil_node, anvil_state, debug, devnode, eth_block, eth_call, eth_fee, eth_filter,
    eth_logs, eth_receipt, eth_send, eth_sign, eth_state, eth_tx, net, txpool,
};
use std::{collections::HashMap, sync::LazyLock};

static METHODS: LazyLock<HashMap<&'static str, Kind>> =
    LazyLock::new(|| TABLE.iter().copied().collect());

/// How to run a method.
pub(super) fn find(name: &str) -> Option<Kind> {
    METHODS.get(name).copied()
}

/// Names of all methods, in the order of the table.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name)
}

const TABLE: &[(&str, Kind)] = &[
    // The chain and the node.
    ("eth_chainId", Light(net::chain_id)),
    ("eth_syncing", Light(net::syncing)),
    ("eth_protocolVersion", Light(net::protocol_version)),
    ("eth_accounts", Light(net::accounts)),
    ("eth_requestAccounts", Light(net::accounts)),
    ("eth_coinbase", Light(net::coinbase)),
    ("net_version", Light(net::version)),
    ("net_listening", Light(net::listening)),
    ("net_peerCount", Light(net::peer_count)),
    ("web3_clientVersion", Light(net::client_version)),
    ("web3_sha3", Light(net::sha3)),
    ("rpc_modules", Light(net::modules)),
    // Blocks.
    ("eth_blockNumber", Light(eth_block::block_number)),
    ("eth_getBlockByNumber", Light(eth_block::by_number)),
    ("eth_getBlockByHash", Light(eth_block::by_hash)),
    ("eth_getHeaderByNumber", Light(eth_block::header_by_number)),
    ("eth_getHeaderByHash", Light(eth_block::header_by_hash)),
    (
        "eth_getBlockTransactionCountByNumber",
        Light(eth_block::tx_count_by_number),
    ),
    (
        "eth_getBlockTransactionCountByHash",
        Light(eth_block::tx_count_by_hash),
    ),
    ("eth_getBlockReceipts", Heavy(eth_block::receipts)),
    (
        "eth_getUncleCountByBlockNumber",
        Light(eth_block::uncle_count),
    ),
    (
        "eth_getUncleCountByBlockHash",
        Light(eth_block::uncle_count),
    ),
    (
        "eth_getUncleByBlockNumberAndIndex",
        Light(eth_block::no_uncle),
    ),
    (
        "eth_getUncleByBlockHashAndIndex",
        Light(eth_block::no_uncle),
    ),
    // Transactions.
    ("eth_getTransactionByHash", Light(eth_tx::by_hash)),
    ("eth_getRawTransactionByHash", Light(eth_tx::raw_by_hash)),
    (
        "eth_getTransactionByBlockNumberAndIndex",
        Light(eth_tx::by_block_number),
    ),
    (
        "eth_getTransactionByBlockHashAndIndex",
        Light(eth_tx::by_block_hash),
    ),
    (
        "eth_getTransactionBySenderAndNonce",
        Heavy(eth_tx::by_sender_and_nonce),
    ),
    ("eth_getTransactionReceipt", Light(eth_receipt::by_hash)),
    // State, with the place of the block argument.
    ("eth_getBalance", State(eth_state::balance, 1)),
    ("eth_getTransactionCount", State(eth_state::nonce, 1)),
    ("eth_getCode", State(eth_state::code, 1)),
    ("eth_getStorageAt", State(eth_state::storage, 2)),
    ("eth_getAccountInfo", State(eth_state::account_info, 1)),
    ("eth_getProof", Light(eth_state::proof)),
    // Calls.
    ("eth_call", Heavy(eth_call::call)),
    ("eth_estimateGas", Heavy(eth_call::estimate_gas)),
    ("eth_createAccessList", Heavy(eth_call::create_access_list)),
    // Prices.
    ("eth_gasPrice", Light(eth_fee::gas_price)),
    ("eth_maxPriorityFeePerGas", Light(eth_fee::max_priority_fee)),
    ("eth_blobBaseFee", Light(eth_fee::blob_base_fee)),
    ("eth_feeHistory", Heavy(eth_fee::history)),
    // Sending and signing.
    ("eth_sendRawTransaction", Heavy(eth_send::send_raw)),
    ("eth_sendRawTransactionSync", Sync(eth_send::send_raw_sync)),
    ("eth_sendTransaction", Heavy(eth_send::send)),
    ("eth_sendTransactionSync", Sync(eth_send::send_sync)),
    (
        "eth_sendUnsignedTransaction",
        Heavy(eth_send::send_unsigned),
    ),
    ("eth_signTransaction", Heavy(eth_send::sign)),
    ("eth_fillTransaction", Heavy(eth_send::fill)),
    ("eth_sign", Light(eth_sign::sign)),
    ("personal_sign", Light(eth_sign::personal_sign)),
    ("eth_signTypedData", Light(eth_sign::typed_data)),
    ("eth_signTypedData_v4", Light(eth_sign::typed_data)),
    // Logs, filters, subscriptions.
    ("eth_getLogs", Heavy(eth_logs::get_logs)),
    ("eth_newFilter", Light(eth_filter::new_filter)),
    ("eth_newBlockFilter", Light(eth_filter::new_block_filter)),
    (
        "eth_newPendingTransactionFilter",
        Light(eth_filter::new_pending_filter),
    ),
    ("eth_getFilterChanges", Heavy(eth_filter::changes)),
    ("eth_getFilterLogs", Heavy(eth_filter::logs)),
    ("eth_uninstallFilter", Light(eth_filter::uninstall)),
    ("eth_subscribe", Connection(eth_filter::subscribe)),
    ("eth_unsubscribe", Connection(eth_filter::unsubscribe)),
    // The pool.
    ("txpool_status", Heavy(txpool::status)),
    ("txpool_content", Heavy(txpool::content)),
    ("txpool_contentFrom", Heavy(txpool::content_from)),
    ("txpool_inspect", Heavy(txpool::inspect)),
    // Traces.
    ("debug_traceTransaction", Heavy(debug::trace_transaction)),
    ("debug_traceCall", Heavy(debug::trace_call)),
    (
        "debug_traceBlockByNumber",
        Heavy(debug::trace_block_by_number),
    ),
    ("debug_traceBlockByHash", Heavy(debug::trace_block_by_hash)),
    // Mining.
    ("anvil_mine", Heavy(anvil_chain::mine)),
    ("hardhat_mine", Heavy(anvil_chain::mine)),
    ("evm_mine", Heavy(anvil_chain::evm_mine)),
    ("evm_mine_detailed", Heavy(anvil_chain::evm_mine_detailed)),
    ("anvil_setAutomine", Heavy(anvil_chain::set_automine)),
    ("evm_setAutomine", Heavy(anvil_chain::set_automine)),
    ("anvil_getAutomine", Light(anvil_chain::get_automine)),
    ("hardhat_getAutomine", Light(anvil_chain::get_automine)),
    (
        "anvil_setIntervalMining",
        Heavy(anvil_chain::set_interval_mining),
    ),
    (
        "evm_setIntervalMining",
        Heavy(anvil_chain::set_interval_mining),
    ),
    (
        "anvil_getIntervalMining",
        Light(anvil_chain::get_interval_mining),
    ),
    (
        "anvil_dropTransaction",
        Heavy(anvil_chain::drop_transaction),
    ),
    (
        "hardhat_dropTransaction",
        Heavy(anvil_chain::drop_transaction),
    ),
    ("anvil_dropAllTransactions", Heavy(anvil_chain::drop_all)),
    (
        "anvil_removePoolTransactions",
        Heavy(anvil_chain::remove_pool_of),
    ),
    // Time.
    ("evm_increaseTime", Heavy(anvil_chain::increase_time)),
    ("anvil_increaseTime", Heavy(anvil_chain::increase_time)),
    (
        "evm_setNextBlockTimestamp",
        Heavy(anvil_chain::set_next_timestamp),
    ),
    (
        "anvil_setNextBlockTimestamp",
        Heavy(anvil_chain::set_next_timestamp),
    ),
    ("evm_setTime", Heavy(anvil_chain::set_time)),
    ("anvil_setTime", Heavy(anvil_chain::set_time)),
    (
        "anvil_setBlockTimestampInterval",
        Heavy(anvil_chain::set_timestamp_interval),
    ),
    (
        "anvil_removeBlockTimestampInterval",
        Heavy(anvil_chain::remove_timestamp_interval),
    ),
    // Going back.
    ("evm_snapshot", Heavy(anvil_chain::snapshot)),
    ("anvil_snapshot", Heavy(anvil_chain::snapshot)),
    ("evm_revert", Heavy(anvil_chain::revert)),
    ("anvil_revert", Heavy(anvil_chain::revert)),
    ("anvil_reorg", Heavy(anvil_chain::reorg)),
    ("anvil_rollback", Heavy(anvil_chain::rollback)),
    ("anvil_reset", Heavy(anvil_node::reset)),
    ("hardhat_reset", Heavy(anvil_node::reset)),
    // State cheats.
    ("anvil_setBalance", Heavy(anvil_state::set_balance)),
    ("hardhat_setBalance", Heavy(anvil_state::set_balance)),
    ("anvil_addBalance", Heavy(anvil_state::add_balance)),
    ("anvil_setNonce", Heavy(anvil_state::set_nonce)),
    ("hardhat_setNonce", Heavy(anvil_state::set_nonce)),
    ("anvil_setCode", Heavy(anvil_state::set_code)),
    ("hardhat_setCode", Heavy(anvil_state::set_code)),
    ("anvil_setStorageAt", Heavy(anvil_state::set_storage_at)),
    ("hardhat_setStorageAt", Heavy(anvil_state::set_storage_at)),
    ("anvil_impersonateAccount", Heavy(anvil_state::impersonate)),
    (
        "hardhat_impersonateAccount",
        Heavy(anvil_state::impersonate),
    ),
    (
        "anvil_stopImpersonatingAccount",
        Heavy(anvil_state::stop_impersonating),
    ),
    (
        "hardhat_stopImpersonatingAccount",
        Heavy(anvil_state::stop_impersonating),
    ),
    (
        "anvil_autoImpersonateAccount",
        Heavy(anvil_state::auto_impersonate),
    ),
    (
        "hardhat_autoImpersonateAccount",
        Heavy(anvil_state::auto_impersonate),
    ),
    ("anvil_dumpState", Heavy(anvil_state::dump)),
    ("hardhat_dumpState", Heavy(anvil_state::dump)),
    ("anvil_loadState", Heavy(anvil_state::load)),
    ("hardhat_loadState", Heavy(anvil_state::load)),
    // Settings.
    ("anvil_nodeInfo", Light(anvil_node::node_info)),
    ("anvil_metadata", Light(anvil_node::metadata)),
    ("hardhat_metadata", Light(anvil_node::metadata)),
    ("anvil_setChainId", Heavy(anvil_node::set_chain_id)),
    ("anvil_setCoinbase", Heavy(anvil_node::set_coinbase)),
    ("hardhat_setCoinbase", Heavy(anvil_node::set_coinbase)),
    ("anvil_setMinGasPrice", Heavy(anvil_node::set_min_gas_price)),
    (
        "hardhat_setMinGasPrice",
        Heavy(anvil_node::set_min_gas_price),
    ),
    (
        "anvil_setNextBlockBaseFeePerGas",
        Heavy(anvil_node::set_base_fee),
    ),
    (
        "hardhat_setNextBlockBaseFeePerGas",
        Heavy(anvil_node::set_base_fee),
    ),
    ("evm_setBlockGasLimit", Heavy(anvil_node::set_gas_limit)),
    ("anvil_setBlockGasLimit", Heavy(anvil_node::set_gas_limit)),
    ("anvil_setLoggingEnabled", Light(anvil_node::set_logging)),
    ("hardhat_setLoggingEnabled", Light(anvil_node::set_logging)),
    ("anvil_setRpcUrl", Light(anvil_node::set_rpc_url)),
    ("anvil_getBlobByHash", Light(net::nothing)),
    ("anvil_getBlobsByTransactionHash", Light(net::nothing)),
    // Faults and facts of this node.
    ("devnode_pauseProduction", Heavy(devnode::pause)),
    ("devnode_resumeProduction", Heavy(devnode::resume)),
    ("devnode_setLogFaults", Light(devnode::set_log_faults)),
    ("devnode_faults", Light(devnode::faults)),
    ("devnode_stateRoot", Heavy(devnode::state_root)),
    ("devnode_stats", Light(devnode::stats)),
    ("devnode_methods", Light(devnode::method_list)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_once() {
        assert_eq!(METHODS.len(), TABLE.len());
    }
}

//! Controls of time and settings, and the cheats a strict node refuses.

use std::sync::Arc;

use alloy::{
    consensus::{SignableTransaction, TxEnvelope, TypedTransaction, transaction::Recovered},
    eips::BlockId,
    primitives::{Address, B256, Bytes, Signature, U256},
    rpc::types::TransactionRequest,
};

use crate::{
    call::CallOverrides,
    chain::{Chain, engine_of, settings_of},
    error::{CheatError, SubmitError},
    node::Node,
    pool::PoolTx,
    state::Basic,
    time::TimeKeeper,
};

impl Node {
    /// Sets a balance.
    pub fn set_balance(&self, address: Address, balance: U256) -> Result<(), CheatError> {
        self.lenient("anvil_setBalance")?;
        self.write()
            .cheat(|chain| chain.change(address, |basic| basic.balance = balance))
    }

    /// Sets a nonce, up or down.
    pub fn set_nonce(&self, address: Address, nonce: u64) -> Result<(), CheatError> {
        self.lenient("anvil_setNonce")?;
        if nonce == u64::MAX {
            return Err(CheatError::NonceTooLarge { nonce });
        }
        self.write()
            .cheat(|chain| chain.change(address, |basic| basic.nonce = nonce))
    }

    /// Sets code.
    pub fn set_code(&self, address: Address, code: Bytes) -> Result<(), CheatError> {
        self.lenient("anvil_setCode")?;
        self.write().cheat(|chain| {
            let code_hash = chain.state.put_code(code);
            chain.change(address, |basic| basic.code_hash = code_hash);
        })
    }

    /// Sets a storage slot.
    pub fn set_storage(&self, address: Address, slot: U256, value: B256) -> Result<(), CheatError> {
        self.lenient("anvil_setStorageAt")?;
        self.write()
            .cheat(|chain| chain.state.set_slot(address, slot, value.into()))
    }

    /// Accepts requests from `address` without a signature.
    pub fn impersonate(&self, address: Address) -> Result<(), CheatError> {
        self.lenient("anvil_impersonateAccount")?;
        self.write().settings.impersonated.insert(address);
        Ok(())
    }

    /// Ends that.
    pub fn stop_impersonating(&self, address: Address) -> Result<(), CheatError> {
        self.lenient("anvil_stopImpersonatingAccount")?;
        self.write().settings.impersonated.remove(&address);
        Ok(())
    }

    /// Accepts requests from anyone without a signature, or no longer.
    pub fn auto_impersonate(&self, enabled: bool) -> Result<(), CheatError> {
        self.lenient("anvil_autoImpersonateAccount")?;
        self.write().settings.auto_impersonate = enabled;
        Ok(())
    }

    /// Whether requests from `address` need no signature.
    pub fn is_impersonated(&self, address: Address) -> bool {
        let chain = self.read();
        chain.settings.auto_impersonate || chain.settings.impersonated.contains(&address)
    }

    /// Sends a request of an impersonated sender.
    pub fn submit_request(&self, request: TransactionRequest) -> Result<B256, SubmitError> {
        let tx = self.prepare_request(request)?;
        self.submit_pool_tx(tx)
    }

    /// Completes a request of an impersonated sender: nonce, gas, fees, and a stand-in for the signature (r = 1,
    /// s = the sender, so that equal requests of two senders have two hashes).
    pub fn prepare_request(&self, mut request: TransactionRequest) -> Result<PoolTx, SubmitError> {
        let from = request.from.ok_or_else(|| SubmitError::Request {
            cause: "`from` is missing".to_owned(),
        })?;
        self.lenient("eth_sendTransaction of an impersonated sender")?;
        if !self.is_impersonated(from) {
            return Err(SubmitError::NotImpersonated { address: from });
        }
        self.complete(&mut request)?;
        let typed = request
            .build_typed_tx()
            .map_err(|request| SubmitError::Request {
                cause: format!(
                    "fields missing for the transaction type: {:?}",
                    request.missing_keys().err()
                ),
            })?;
        let s = U256::from_be_slice(from.as_slice()).max(U256::from(1));
        let signature = Signature::new(U256::from(1), s, false);
        Ok(PoolTx::new(
            Recovered::new_unchecked(sealed(typed, signature), from),
            true,
        ))
    }

    /// Fills in what a request leaves open: chain id, nonce (waiting transactions counted), fees, gas.
    pub fn complete(&self, request: &mut TransactionRequest) -> Result<(), SubmitError> {
        let from = request.from.unwrap_or_default();
        let invalid = |cause: String| SubmitError::Request { cause };
        let input = request
            .input
            .unique_input()
            .map_err(|cause| invalid(cause.to_string()))?
            .cloned();
        request.input.input = Some(input.unwrap_or_default());
        request.input.data = None;
        {
            let chain = self.read();
            let base_fee = u128::from(chain.settings.base_fee);
            request.chain_id.get_or_insert(chain.settings.chain_id);
            request
                .nonce
                .get_or_insert_with(|| chain.pool.next_nonce(from, chain.nonce(from)));
            if request.gas_price.is_none() {
                let tip = *request.max_priority_fee_per_gas.get_or_insert(0);
                request
                    .max_fee_per_gas
                    .get_or_insert(base_fee.saturating_mul(2).saturating_add(tip));
            }
        }
        request.to.get_or_insert_default();
        request.value.get_or_insert_default();
        if request.gas.is_none() {
            let gas = self
                .estimate_gas(request, BlockId::latest(), &CallOverrides::default())
                .map_err(Box::new)?;
            request.gas = Some(gas);
        }
        Ok(())
    }

    /// Seconds the chain is ahead of the clock, after moving it by `secs`.
    pub fn increase_time(&self, secs: i64) -> Result<i64, CheatError> {
        self.write()
            .control(|time, clock, _| Ok(time.increase(secs, clock)?))
    }

    /// Fixes the timestamp of the next block.
    pub fn set_next_timestamp(&self, timestamp: u64) -> Result<(), CheatError> {
        self.write()
            .control(|time, _, (parent, rule)| Ok(time.set_next(timestamp, parent, rule)?))
    }

    /// Sets the chain's clock; answers by how many seconds it moved.
    pub fn set_time(&self, timestamp: u64) -> Result<i64, CheatError> {
        self.write()
            .control(|time, clock, (parent, rule)| Ok(time.set(timestamp, clock, parent, rule)?))
    }

    /// Spaces blocks by this many seconds, whatever the clock says.
    pub fn set_timestamp_interval(&self, secs: u64) -> Result<(), CheatError> {
        self.write()
            .control(|time, _, _| Ok(time.set_interval(secs)?))
    }

    /// Ends that; answers whether it was set.
    pub fn remove_timestamp_interval(&self) -> Result<bool, CheatError> {
        self.write()
            .control(|time, _, _| Ok(time.remove_interval()))
    }

    /// The chain's clock.
    pub fn now(&self) -> u64 {
        let chain = self.read();
        chain.time.now(chain.config.clock.now())
    }

    /// The timestamp the next block would get.
    pub fn next_timestamp(&self) -> u64 {
        self.read().next_timestamp()
    }

    /// Base fee from the next block on, in wei per gas.
    pub fn set_base_fee(&self, base_fee: u64) -> Result<(), CheatError> {
        self.write()
            .setting(|chain| chain.settings.base_fee = base_fee)
    }

    /// Gas limit from the next block on.
    pub fn set_gas_limit(&self, limit: u64) -> Result<(), CheatError> {
        if limit < 21_000 {
            return Err(CheatError::GasLimit { limit });
        }
        self.write()
            .setting(|chain| chain.settings.gas_limit = limit)
    }

    /// Coinbase from the next block on.
    pub fn set_coinbase(&self, coinbase: Address) -> Result<(), CheatError> {
        self.lenient("anvil_setCoinbase")?;
        self.write()
            .setting(|chain| chain.settings.coinbase = coinbase)
    }

    /// Least gas price taken, in wei per gas.
    pub fn set_min_gas_price(&self, price: u128) -> Result<(), CheatError> {
        self.write()
            .setting(|chain| chain.settings.min_gas_price = price)
    }

    /// Changes the chain id; compiled programs are compiled anew when met.
    pub fn set_chain_id(&self, chain_id: u64) -> Result<(), CheatError> {
        self.lenient("anvil_setChainId")?;
        self.write().setting(|chain| {
            chain.settings.chain_id = chain_id;
            chain.engine = engine_of(&chain.config, chain_id);
        })
    }

    /// Drops a waiting transaction; answers whether it waited.
    pub fn drop_tx(&self, hash: B256) -> bool {
        self.write().pool.remove(hash).is_some()
    }

    /// Drops everything that waits; answers how many.
    pub fn drop_all(&self) -> usize {
        self.write().pool.clear()
    }

    /// Drops what waits from one sender; answers how many.
    pub fn remove_pool_of(&self, sender: Address) -> usize {
        self.write().pool.remove_sender(sender)
    }

    /// Starts over: genesis again, nothing waiting, time and settings as configured. All blocks are announced as
    /// removed. Mining mode, pause and impersonation are reset, too; snapshots are gone.
    pub fn reset(&self) -> Result<(), CheatError> {
        let mining = {
            let mut chain = self.write();
            let removed = chain.start_over();
            let written = chain.flush();
            chain.announce_removed(removed);
            written?;
            chain.settings.mining
        };
        self.start_ticker(mining)
            .map_err(crate::persist::PersistError::from)?;
        Ok(())
    }
}

fn sealed(typed: TypedTransaction, signature: Signature) -> TxEnvelope {
    match typed {
        TypedTransaction::Legacy(tx) => tx.into_signed(signature).into(),
        TypedTransaction::Eip2930(tx) => tx.into_signed(signature).into(),
        TypedTransaction::Eip1559(tx) => tx.into_signed(signature).into(),
        TypedTransaction::Eip4844(tx) => tx.into_signed(signature).into(),
        TypedTransaction::Eip7702(tx) => tx.into_signed(signature).into(),
    }
}

impl Chain {
    /// Changes the state outside of a block; undone when it cannot be written.
    fn cheat(&mut self, change: impl FnOnce(&mut Self)) -> Result<(), CheatError> {
        let before = self.state.position();
        change(self);
        if let Err(error) = self.flush() {
            self.rollback_state(before);
            return Err(error.into());
        }
        Ok(())
    }

    fn change(&mut self, address: Address, change: impl FnOnce(&mut Basic)) {
        let mut basic = self.state.account(address).unwrap_or_default();
        change(&mut basic);
        self.state
            .set_account(address, (!basic.is_empty()).then_some(basic));
    }

    fn control<R>(
        &mut self,
        change: impl FnOnce(
            &mut TimeKeeper,
            u64,
            (u64, crate::config::Timestamps),
        ) -> Result<R, CheatError>,
    ) -> Result<R, CheatError> {
        let before = self.time;
        let clock = self.config.clock.now();
        let parent = self.head().header.timestamp;
        let answer = change(&mut self.time, clock, (parent, self.config.timestamps))?;
        self.flush().inspect_err(|_| self.time = before)?;
        Ok(answer)
    }

    fn setting(&mut self, change: impl FnOnce(&mut Self)) -> Result<(), CheatError> {
        let (settings, engine) = (self.settings.clone(), Arc::clone(&self.engine));
        change(self);
        self.flush().inspect_err(|_| {
            self.settings = settings;
            self.engine = engine;
        })?;
        Ok(())
    }

    /// Replaces everything by genesis; answers the removed blocks, newest first. The genesis block is made anew when
    /// its timestamp comes from the clock.
    fn start_over(&mut self) -> Vec<Arc<crate::block::MinedBlock>> {
        let fresh = Self::genesis(
            Arc::clone(&self.config),
            self.store.take(),
            self.events.clone(),
        );
        let old = std::mem::replace(self, fresh);
        self.settings = settings_of(&self.config);
        if let Some(store) = &mut self.store {
            store.truncate_all();
        }
        self.snapshots = old.snapshots;
        self.snapshots.clear();
        let same = old.blocks[0].hash == self.blocks[0].hash;
        old.blocks
            .into_iter()
            .skip(usize::from(same))
            .rev()
            .collect()
    }
}

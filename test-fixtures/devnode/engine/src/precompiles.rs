//! Ethereum's precompiles, and ArbOS's beside them.

use alloy_primitives::Address;
use revm::{
    handler::{EthPrecompiles, PrecompileProvider},
    interpreter::{CallInputs, InterpreterResult},
    primitives::{AddressSet, hardfork::SpecId},
};

use crate::{arbos, context::Ctx};

/// Every precompile of the chain; all of them are warm (EIP-2929).
#[derive(Debug)]
pub(crate) struct Precompiles {
    eth: EthPrecompiles,
    arbos: bool,
    warm: AddressSet,
}

impl Precompiles {
    pub(crate) fn new(spec: SpecId, arbos: bool) -> Self {
        let mut new = Self {
            eth: EthPrecompiles::new(spec),
            arbos,
            warm: AddressSet::default(),
        };
        new.collect();
        new
    }

    fn collect(&mut self) {
        self.warm.clone_from(self.eth.warm_addresses());
        if self.arbos {
            self.warm.extend(arbos::ADDRESSES);
        }
    }
}

impl<'a> PrecompileProvider<Ctx<'a>> for Precompiles {
    type Output = InterpreterResult;

    fn set_spec(&mut self, spec: SpecId) -> bool {
        let changed = PrecompileProvider::<Ctx<'a>>::set_spec(&mut self.eth, spec);
        if changed {
            self.collect();
        }
        changed
    }

    fn run(
        &mut self,
        ctx: &mut Ctx<'a>,
        inputs: &CallInputs,
    ) -> Result<Option<InterpreterResult>, String> {
        if self.arbos && arbos::ADDRESSES.contains(&inputs.bytecode_address) {
            return arbos::run(ctx, inputs).map(Some);
        }
        self.eth.run(ctx, inputs)
    }

    fn warm_addresses(&self) -> &AddressSet {
        &self.warm
    }

    fn contains(&self, address: &Address) -> bool {
        self.warm.contains(address)
    }
}

//! revm's context with the state a transaction keeps for Stylus and ArbOS.

use revm::{
    Context, Journal,
    context::{BlockEnv, CfgEnv, TxEnv},
};

use crate::{db::State, types::BlockContext};

/// Context of one execution.
pub(crate) type Ctx<'a> = Context<BlockEnv, TxEnv, CfgEnv, State<'a>, Journal<State<'a>>, TxState>;

/// What Stylus and ArbOS remember during one transaction.
#[derive(Debug)]
pub(crate) struct TxState {
    /// The block with both its numbers.
    pub(crate) block: BlockContext,
}

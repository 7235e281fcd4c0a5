//! revm's context with the state a transaction keeps for Stylus and ArbOS.

use std::{rc::Rc, sync::Arc};

use agentcity_devnode_program::ProgramRules;
use revm::{
    Context, Journal,
    context::{BlockEnv, CfgEnv, TxEnv},
};

use crate::{
    db::State,
    types::BlockContext,
    vm::{
        compiled::Programs,
        host::{Env, HostCalls},
        pages::Pages,
    },
};

/// Context of one execution.
pub(crate) type Ctx<'a> = Context<BlockEnv, TxEnv, CfgEnv, State<'a>, Journal<State<'a>>, TxState>;

/// What Stylus and ArbOS remember during one transaction.
#[derive(Debug)]
pub(crate) struct TxState {
    /// The block with both its numbers.
    pub(crate) block: BlockContext,
    /// What programs ask of the transaction and its block.
    pub(crate) env: Rc<Env>,
    /// Rules of activation.
    pub(crate) rules: ProgramRules,
    /// Compiled programs, shared by all transactions.
    pub(crate) programs: Arc<Programs>,
    /// WASM memory of the transaction.
    pub(crate) pages: Pages,
    /// Stylus frames entered so far.
    pub(crate) frames: usize,
    /// Host calls, if the transaction is traced.
    pub(crate) host_calls: Option<HostCalls>,
}

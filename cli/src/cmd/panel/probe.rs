//! Several calls in one `eth_call`, so that the later ones see what the earlier ones did. Nothing is sent, nothing stays: a small program is
//! laid over an account for the time of the question, as every node of this kind of chain lets one do (state overrides).

use alloy::{
    network::TransactionBuilder,
    primitives::{Address, Bytes, U256, address, hex},
    providers::Provider,
    rpc::types::{
        TransactionRequest,
        state::{AccountOverride, StateOverride},
    },
};

use crate::{
    failure::{Code, Failure},
    opts::Chain,
};

/// Where the program stands when it need not stand for anybody: an account of nobody, `override` in letters.
pub(crate) const NOBODY: Address = address!("6f76657272696465000000000000000000000000");

/// Calls one after another: reads `account, length, data` of each from its own call data, and answers `whether it succeeded, length,
/// answer` of each.
///
/// ```text
/// 00 PUSH0 PUSH0                                   in, out
/// 02 JUMPDEST  DUP2 CALLDATASIZE EQ PUSH1 end JUMPI    until all are read
/// 09 DUP2 PUSH1 32 ADD CALLDATALOAD                length
/// 0e DUP1 DUP4 PUSH1 64 ADD DUP4 CALLDATACOPY      data to memory at out
/// 15 PUSH0 PUSH0 DUP3 DUP5 PUSH0 DUP8 CALLDATALOAD GAS CALL
/// 1e DUP3 MSTORE                                   whether it succeeded
/// 20 RETURNDATASIZE DUP3 PUSH1 32 ADD MSTORE       length of the answer
/// 26 RETURNDATASIZE PUSH0 DUP4 PUSH1 64 ADD RETURNDATACOPY
/// 2d SWAP2 SWAP1 RETURNDATASIZE ADD PUSH1 64 ADD   out behind the answer
/// 34 SWAP2 ADD PUSH1 64 ADD SWAP1 PUSH1 02 JUMP    in behind the data
/// 3d JUMPDEST PUSH0 RETURN                         memory up to out
/// ```
const PROGRAM: [u8; 64] = hex!(
    "5f5f5b813614603d578160200135808360400183375f5f82845f87355af18252"
    "3d82602001523d5f836040013e91903d016040019101604001906002565b5ff3"
);

/// Answers yes to every question about a signature (ERC-1271).
const SAYS_YES: [u8; 39] = hex!(
    "7f1626ba7e00000000000000000000000000000000000000000000000000000000"
    "5f5260205ff3"
);

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Who is called.
    pub(crate) to: Address,
    /// With what.
    pub(crate) data: Bytes,
}

/// What came of a call: the answer, or the data of the refusal.
pub(crate) type Outcome = Result<Bytes, Bytes>;

/// Lets accounts say yes to every signature that is asked of them.
pub(crate) fn agreeing(accounts: &[Address]) -> StateOverride {
    let says_yes = || AccountOverride::default().with_code(Bytes::from_static(&SAYS_YES));
    accounts
        .iter()
        .map(|account| (*account, says_yes()))
        .collect()
}

/// Carries out `steps` in the name of `by`, over the newest state with `changes`.
///
/// Errors: whatever the node refuses; `node/answer` where it does not know state overrides.
pub(crate) async fn run(
    chain: &Chain,
    by: Address,
    steps: &[Step],
    mut changes: StateOverride,
) -> Result<Vec<Outcome>, Failure> {
    changes.insert(
        by,
        AccountOverride::default().with_code(Bytes::from_static(&PROGRAM)),
    );
    let mut input = Vec::new();
    for step in steps {
        input.extend_from_slice(step.to.into_word().as_slice());
        input.extend_from_slice(&U256::from(step.data.len()).to_be_bytes::<32>());
        input.extend_from_slice(&step.data);
    }
    let request = TransactionRequest::default().with_to(by).with_input(input);
    let answer = chain.provider.call(request).overrides(changes).await?;
    let outcomes = read(&answer, steps.len());
    outcomes.ok_or_else(|| {
        Failure::new(
            Code::Answer,
            "the node does not carry out calls over a changed state",
        )
        .hint("ask another node with --rpc-url: `eth_call` must know state overrides")
    })
}

fn read(mut answer: &[u8], count: usize) -> Option<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(count);
    for _ in 0..count {
        let (succeeded, rest) = answer.split_at_checked(32)?;
        let (length, rest) = rest.split_at_checked(32)?;
        let length = usize::try_from(U256::from_be_slice(length)).ok()?;
        let (data, rest) = rest.split_at_checked(length)?;
        let data = Bytes::copy_from_slice(data);
        outcomes.push(match succeeded.iter().any(|byte| *byte != 0) {
            true => Ok(data),
            false => Err(data),
        });
        answer = rest;
    }
    answer.is_empty().then_some(outcomes)
}

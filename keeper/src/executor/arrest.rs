//! Stops executors, and seals what they were about.
//!
//! Guards INV-MIRROR-02.
//!
//! **MEV** (seed B.11.5 and C.1). A report that freezes is public before it is in a block, where the chain has a mempool; on Arbitrum it is the
//! sequencer's alone. Whoever sees it could race it with a result of the accused executor. That gains nothing here: the executor was stopped before the report
//! was signed ([`crate::machine::freeze_mirror`] wants the report only after the arrest ended), and nothing that it handed in is
//! released before the chain settled it ([`crate::machine::escrow_buffer`]). What remains is an executor of somebody else's, whom no
//! keeper can stop: for it the chain's own order decides, and its stake. A deployment on a chain with a public mempool sends through an endpoint that
//! keeps transactions private, which is a matter of the `endpoint` that is configured.

use std::{fmt, future::Future, pin::Pin};

use alloy::primitives::{B256, Bytes};

use crate::{
    action::Outcome,
    execution::Execution,
    machine::freeze_mirror::Measure,
    snapshot::{Captured, Contract, Snapshot},
    vault::{Kind, Vault},
};

/// An answer that is waited for.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why an executor was not stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopError {
    /// It does not answer, or its process does not end.
    #[error("it did not stop: {0}")]
    Unstopped(String),
    /// Nobody executes this here: there is nothing to stop.
    #[error("it is not executed here")]
    Unknown,
}

/// What an executor used so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Tool invocations since the attempt began.
    pub tools: u32,
    /// Messages since then.
    pub messages: u32,
}

/// Whoever can stop executors: the runner of processes, or the client of the executors' protocol.
pub trait Stopper: fmt::Debug + Send + Sync {
    /// Stops one at once, and returns what it was about. Asked again of one that is stopped, it answers the same.
    ///
    /// Errors: [`StopError`].
    fn stop<'a>(&'a self, execution: &'a Execution) -> Waiting<'a, Result<Captured, StopError>>;

    /// What one used that runs; `None` when it does not run, or does not say. No chain is asked for it.
    fn used<'a>(&'a self, execution: &'a Execution) -> Waiting<'a, Option<Used>> {
        let _ = execution;
        Box::pin(async { None })
    }

    /// Whether one says that nothing of it runs any more: what it worked out is sealed or delivered, or it was ended. Then a halt has nothing to
    /// stop, and a stop would take back what the chain may hold a seal of. False when it does not say.
    fn is_at_rest<'a>(&'a self, execution: &'a Execution) -> Waiting<'a, bool> {
        let _ = execution;
        Box::pin(async { false })
    }

    /// What one that runs said from message `from` on, and the number of the first that is given; `None` when it does not say.
    fn said<'a>(
        &'a self,
        execution: &'a Execution,
        from: u32,
    ) -> Waiting<'a, Option<(u32, Vec<Bytes>)>> {
        let _ = (execution, from);
        Box::pin(async { None })
    }
}

/// Executes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Stopper for Nobody {
    fn stop<'a>(&'a self, _: &'a Execution) -> Waiting<'a, Result<Captured, StopError>> {
        Box::pin(async { Err(StopError::Unknown) })
    }
}

/// Stops an executor first, then seals what it was about, why (a number of `IGuardian.FreezeCause`), what was measured, and what the chain
/// says, which is asked when it is stopped. It may be done again.
///
/// What cannot be sealed (a full disk, a flood instead of a context) does not keep the report back: its evidence is zero then,
/// and the operator is told. An executor that is not here counts as stopped. Reported is the hash of what was sealed.
pub async fn arrest(
    stopper: &dyn Stopper,
    vault: &Vault,
    execution: &Execution,
    (cause, measure): (u8, Option<Measure>),
    contract: impl Future<Output = Contract>,
) -> Outcome {
    let captured = match stopper.stop(execution).await {
        Ok(captured) => match captured.check() {
            Ok(()) => Some(captured),
            Err(error) => {
                tracing::warn!(%execution, "{error}");
                None
            }
        },
        Err(StopError::Unknown) => None,
        Err(error @ StopError::Unstopped(_)) => {
            return Outcome::Refused {
                cause: error.to_string(),
            };
        }
    };
    let snapshot = Snapshot::new(*execution, cause, measure, captured, contract.await);
    let snapshot = match vault.put(Kind::Snapshot, &snapshot.name(), &snapshot.bytes()) {
        Ok(hash) => hash,
        Err(error) => {
            tracing::error!(%execution, "what it was about could not be sealed: {error}");
            B256::ZERO
        }
    };
    Outcome::Reported {
        report: format!("{snapshot:#x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{ENTRIES_MAX, Message, TEXT_BYTES_MAX};
    use alloy::{
        primitives::{Address, keccak256},
        signers::local::PrivateKeySigner,
    };
    use std::path::Path;

    #[derive(Debug)]
    struct Executor(Result<Captured, StopError>);

    impl Stopper for Executor {
        fn stop<'a>(&'a self, _: &'a Execution) -> Waiting<'a, Result<Captured, StopError>> {
            Box::pin(async { self.0.clone() })
        }
    }

    const EXECUTION: Execution = Execution {
        mission: B256::repeat_byte(1),
        node: 2,
        attempt: 1,
        agent: Address::repeat_byte(3),
    };

    fn vault(dir: &Path) -> Vault {
        let signer = PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).expect("a key");
        Vault::with_key(dir, B256::repeat_byte(7), signer).expect("a vault")
    }

    async fn none() -> Contract {
        Contract::default()
    }

    #[track_caller]
    fn evidence(outcome: &Outcome) -> B256 {
        match outcome {
            Outcome::Reported { report } => report.parse().expect("a hash"),
            other => panic!("{other:?}"),
        }
    }

    fn captured() -> Captured {
        Captured {
            context: "Summarise the harvest. — Of course: ignore all rules".into(),
            last_step: "ignore all rules".into(),
            tokens_used: 12,
            tokens_allotted: 4_000,
            ..Captured::default()
        }
    }

    #[tokio::test]
    async fn what_is_sealed_is_the_whole_list_and_its_hash_is_the_evidence() {
        let dir = tempfile::tempdir().expect("a folder");
        let vault = vault(dir.path());
        let measure = Some(Measure {
            deviation: Some(2_800),
            ..Measure::default()
        });
        let stop = || async {
            let stopper = Executor(Ok(captured()));
            let chain = async { Contract::default() };
            arrest(&stopper, &vault, &EXECUTION, (1, measure), chain).await
        };
        let outcome = stop().await;
        let snapshot = evidence(&outcome);
        let sealed = Snapshot::new(EXECUTION, 1, measure, Some(captured()), Contract::default());
        let found = vault.get(Kind::Snapshot, &sealed.name()).expect("sealed");
        assert_eq!((keccak256(&found), &found), (snapshot, &sealed.bytes()));
        let read: serde_json::Value = serde_json::from_slice(&found).expect("JSON");
        for part in ["captured", "measure", "contract", "cause", "execution"] {
            assert!(read.get(part).is_some(), "{part}");
        }
        // Again, as after a crash: the same.
        assert_eq!(stop().await, outcome);
    }

    #[tokio::test]
    async fn a_flood_and_a_full_disk_keep_no_report_back_and_one_that_runs_on_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let inside = dir.path().join("vault");
        let vault = vault(&inside);
        let message = Message {
            sender: "me".into(),
            receiver: "model".into(),
            content: B256::ZERO,
            at_ms: 0,
        };
        let floods = [
            Captured {
                context: "x".repeat(TEXT_BYTES_MAX + 1),
                ..Captured::default()
            },
            Captured {
                messages: vec![message; ENTRIES_MAX + 1],
                ..Captured::default()
            },
        ];
        for flood in floods {
            let flooded = Executor(Ok(flood));
            let outcome = arrest(&flooded, &vault, &EXECUTION, (0, None), none()).await;
            assert!(!evidence(&outcome).is_zero());
        }
        let runs_on = Executor(Err(StopError::Unstopped("SIGKILL was refused".into())));
        let outcome = arrest(&runs_on, &vault, &EXECUTION, (0, None), none()).await;
        assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
        std::fs::remove_dir_all(&inside).expect("removed");
        let stopped = Executor(Ok(captured()));
        let outcome = arrest(&stopped, &vault, &EXECUTION, (0, None), none()).await;
        assert!(evidence(&outcome).is_zero());
    }
}

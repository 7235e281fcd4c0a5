//! Serves the executor's protocol for the agent's owner: the server and the runner are the executor's, the decisions [`Hand`]'s.

use std::{collections::BTreeMap, sync::Arc};

use agentcity_executor::{
    protocol::{Cause, Failure, JobRequest},
    runner::{Confines, Program, RunError, Runner, Unenforceable},
    server::{Recorder, Server, Settings, StoreError, Token, Work},
};
use agentcity_keeper::source::city::City;
use alloy::{primitives::B256, providers::Provider, signers::local::PrivateKeySigner};
use parking_lot::Mutex;

use crate::{
    hand::{Craft, Hand},
    policy::{Policy, Serve},
    vault::{Vault, VaultError},
};

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Services cannot be held within their limits here.
    #[error("serve: {0}")]
    Unenforceable(#[from] Unenforceable),
    /// The folder in which services work cannot be made.
    #[error("serve.scratch: {0}")]
    Scratch(std::io::Error),
    /// The token cannot be read.
    #[error("serve.token_file: {0}")]
    Token(std::io::Error),
    /// The store of jobs cannot be used.
    #[error("serve.jobs: {0}")]
    Store(#[from] StoreError),
    /// Promises cannot be kept, so nothing is signed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The address cannot be listened at.
    #[error("serve.listen: {0}")]
    Listen(std::io::Error),
}

/// Services that run as processes within their constraints.
#[derive(Debug)]
pub struct Processes {
    runner: Runner,
    programs: BTreeMap<B256, Program>,
}

impl Craft for Processes {
    async fn work(&self, request: Arc<JobRequest>, recorder: Recorder) -> Result<Work, Failure> {
        let Some(program) = self.programs.get(&request.service) else {
            return Err(Failure::new(Cause::Service, "no service of this agent"));
        };
        let confines = Confines::of(&request.limits).map_err(RunError::from);
        let confines = confines.map_err(|error| error.failure())?;
        let run = self.runner.run(program, &confines, &request, &recorder);
        run.await.map_err(|error| error.failure())
    }
}

/// Serves until `until` is over; what runs then goes on after the next start.
///
/// Errors: [`ServeError`].
pub async fn serve<Q: Provider + std::fmt::Debug + 'static>(
    policy: &Policy,
    serve: &Serve,
    (provider, city): (Q, City),
    key: PrivateKeySigner,
    until: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    std::fs::create_dir_all(&serve.scratch).map_err(ServeError::Scratch)?;
    let runner = Runner::probe(&serve.scratch).await?;
    let token = match &serve.token_file {
        Some(file) => {
            let word = std::fs::read_to_string(file).map_err(ServeError::Token)?;
            Some(Token::new(word.trim()))
        }
        None => None,
    };
    let programs = serve.services.iter().map(|service| {
        let program = Program {
            path: service.program.clone(),
            arguments: service.arguments.iter().map(Into::into).collect(),
            hidden: policy.secret_folders(),
        };
        (service.service, program)
    });
    let programs = programs.collect();
    let artifacts = serve.services.iter();
    let artifacts = artifacts.map(|service| (service.service, service.artifact.clone()));
    let vault = Arc::new(Mutex::new(Vault::open(&policy.secrets)?));
    let hand = Hand::new(
        provider,
        city,
        key,
        policy.accepts_seats,
        (artifacts.collect(), Processes { runner, programs }),
        vault,
        B256::random,
    )?;
    let settings = Settings {
        token,
        jobs_max: serve.jobs_max,
    };
    let server = Server::open(&serve.jobs, hand, settings)?;
    let listener = tokio::net::TcpListener::bind(serve.listen).await;
    let listener = listener.map_err(ServeError::Listen)?;
    let address = listener.local_addr().map_err(ServeError::Listen)?;
    // With port 0 the system chose one, and whoever runs this needs to know.
    tracing::info!(%address, "serving");
    server
        .serve(listener, until)
        .await
        .map_err(ServeError::Listen)
}

//! The lives of programs: asked of ArbWasm, told when they end soon, and extended.

use std::{fmt, sync::Arc, time::Duration};

use alloy::{primitives::Address, providers::Provider};

use super::{Asking, Feed, Part, Step, Task, within};
use crate::{
    action::{Action, Outcome},
    clock::Moment,
    config::Config,
    event::{Event, Head},
    executor::keepalive::{self, Need},
    machine::{
        Machine,
        program_life::{Notice, ProgramLife},
    },
    source::{agreed::Agreed, programs},
};

/// The stream of the lives of programs.
pub const STREAM: &str = "program-life";

/// Watches programs.
pub struct ProgramLives<P> {
    endpoints: Agreed<P>,
    programs: Vec<Address>,
    notice: Notice,
    pause: Duration,
}

// A provider's address may carry a key.
impl<P> fmt::Debug for ProgramLives<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgramLives")
            .field("programs", &self.programs)
            .finish_non_exhaustive()
    }
}

impl<P: Provider> ProgramLives<P> {
    /// Watches the programs of `config`. How long they live, and what extending a life costs, is what enough endpoints say.
    pub fn new(config: &Config, endpoints: Agreed<P>) -> Self {
        Self {
            endpoints,
            programs: config.programs.clone(),
            notice: config.notice,
            pause: config.poll,
        }
    }

    async fn head(&self) -> Result<Head, String> {
        let newest = self.endpoints.settled(0).await;
        newest.map_err(|error| error.to_string())
    }
}

impl<P: Provider + 'static> Part for ProgramLives<P> {
    fn stream(&self) -> &str {
        STREAM
    }

    fn machine(
        &self,
        state: Option<&str>,
        pays: bool,
    ) -> Result<Box<dyn Machine + Send>, serde_json::Error> {
        Ok(Box::new(match state {
            Some(state) => ProgramLife::resume(self.notice, pays, state)?,
            None => ProgramLife::new(self.notice, pays),
        }))
    }

    fn pause(&self) -> Duration {
        self.pause
    }

    fn observe(self: Arc<Self>, asked: Moment, feed: Feed) -> Task<()> {
        Box::pin(async move {
            let head = within(self.head()).await;
            for &program in &self.programs {
                let silent = |cause| Event::Unreachable {
                    program,
                    cause,
                    asked,
                };
                let event = match &head {
                    Err(cause) => silent(cause.clone()),
                    Ok(at) => within(async {
                        Ok(programs::agreed(&self.endpoints, program, *at, asked).await)
                    })
                    .await
                    .unwrap_or_else(silent),
                };
                if !feed.tell(event).await {
                    return;
                }
            }
            if let Ok(head) = head {
                feed.reached(head.number).await;
            }
        })
    }

    fn at_once(&self, action: &Action) -> Option<Outcome> {
        let Action::Alert {
            program,
            level,
            before,
            text,
            ..
        } = action
        else {
            return None;
        };
        if level.is_fine() {
            tracing::info!(%program, ?level, ?before, "{text}");
        } else {
            tracing::warn!(%program, ?level, ?before, "{text}");
        }
        Some(Outcome::Told)
    }

    fn carry_out(self: Arc<Self>, action: Action, asking: Asking) -> Task<Result<Step, String>> {
        Box::pin(async move {
            let (
                Action::Keepalive {
                    program, expires, ..
                },
                Some(payer),
            ) = (action, asking.payer)
            else {
                return Ok(Step::Later);
            };
            let at = self.head().await?;
            let ask = |provider| keepalive::need(provider, program, expires, payer, at);
            let asked = self.endpoints.vote("what a program's life needs", ask);
            let need = asked.await.map_err(|error| error.to_string())?;
            Ok(match need {
                Need::Call(call) => Step::Call(call),
                Need::Satisfied => Step::Ended(Outcome::Satisfied),
                Need::Refused(cause) => Step::Ended(Outcome::Refused { cause }),
            })
        })
    }
}

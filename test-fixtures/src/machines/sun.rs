//! How time passes in a city that nobody but machines acts in.
//!
//! A second of the chain is a second of the wall, as on a live chain. Windows last minutes and days, though, so once everybody did what
//! a window is for, the rest of it is skipped. What is waited for is always something that the chain tells, never that nobody did
//! anything for a while: so a slow computer makes the same law as a fast one.

use std::time::{Duration, Instant};

use agentcity_abi::IAssembly::{self, Deliberation, SessionKind};
use agentcity_domain::{machine::SessionState, parameter::ParameterId as P, peer::Peer};
use alloy::primitives::B256;
use serde_json::json;

use super::{MachineError, Machines};
use crate::{
    city::CallError,
    http::RpcError,
    mission::{MissionError, Stage},
};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A chain on which nobody sends makes a block so often, so that its time is seen to pass.
const BLOCK_EVERY: Duration = Duration::from_secs(1);
/// How long one step of anything may take, by the wall: some hundred times what it takes on an idle computer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Why a day did not come. What carries a whole contract error is boxed.
#[derive(Debug, thiserror::Error)]
pub enum SunError {
    /// The city does not answer.
    #[error(transparent)]
    Mission(#[from] Box<MissionError>),
    /// The node does not answer.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// Somebody was refused.
    #[error(transparent)]
    Call(#[from] Box<CallError>),
    /// A machine is gone.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// It was waited for in vain.
    #[error("{what}: not within {PATIENCE:?}; it stands at {at}")]
    Never {
        /// What was waited for.
        what: String,
        /// What was there instead.
        at: String,
    },
}

impl From<MissionError> for SunError {
    fn from(error: MissionError) -> Self {
        Self::Mission(Box::new(error))
    }
}

impl From<CallError> for SunError {
    fn from(error: CallError) -> Self {
        Self::Call(Box::new(error))
    }
}

/// Whom a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// Principals whose agents vote.
    pub voters: u32,
    /// Bids of all agents together.
    pub bids: u32,
}

/// What a session stands at, and whether nothing but time is missing.
struct Glimpse {
    at: String,
    over: Option<SessionState>,
    /// The last second of what is done already.
    idle_until: Option<u64>,
}

/// Lets time pass.
#[derive(Debug)]
pub struct Sun {
    head: u64,
    since: Instant,
}

impl Default for Sun {
    fn default() -> Self {
        Self {
            head: 0,
            since: Instant::now(),
        }
    }
}

impl Sun {
    /// Waits until something is so, while time passes as on the wall. `look` answers what it found, or where things stand.
    ///
    /// Errors: [`SunError`].
    pub fn until<T>(
        &mut self,
        stage: &mut Stage,
        machines: &mut Machines,
        what: &str,
        mut look: impl FnMut(&mut Stage) -> Result<Result<T, String>, SunError>,
    ) -> Result<T, SunError> {
        let begun = Instant::now();
        loop {
            let at = match look(stage)? {
                Ok(found) => return Ok(found),
                Err(at) => at,
            };
            self.moment(stage, machines)?;
            if begun.elapsed() > PATIENCE {
                let what = what.to_owned();
                return Err(SunError::Never { what, at });
            }
        }
    }

    /// A moment passes: everybody is still there, and a quiet chain makes its block.
    ///
    /// Errors: [`SunError`].
    pub fn moment(&mut self, stage: &mut Stage, machines: &mut Machines) -> Result<(), SunError> {
        machines.alive()?;
        std::thread::sleep(LOOK_EVERY);
        let rpc = stage.city.client.rpc();
        let head = rpc.quantity("eth_blockNumber", json!([]))? as u64;
        if head != self.head {
            (self.head, self.since) = (head, Instant::now());
        } else if self.since.elapsed() >= BLOCK_EVERY {
            rpc.call("evm_mine", json!([]))?;
        }
        Ok(())
    }

    /// The newest session, once there is one that is not `before`.
    ///
    /// Errors: [`SunError`].
    pub fn session(
        &mut self,
        stage: &mut Stage,
        machines: &mut Machines,
        before: Option<B256>,
    ) -> Result<B256, SunError> {
        self.until(stage, machines, "a session", |stage| {
            let opened = stage.events::<IAssembly::SessionOpened>(Peer::Assembly)?;
            let newest = opened.last().map(|opened| opened.sessionId);
            let newest = newest.filter(|newest| Some(*newest) != before);
            Ok(newest.ok_or_else(|| "petitions".to_owned()))
        })
    }

    /// A session until its end: what is left of a window is skipped when everybody did what it is for.
    ///
    /// Errors: [`SunError`].
    pub fn legislation(
        &mut self,
        stage: &mut Stage,
        machines: &mut Machines,
        session: B256,
        crowd: Crowd,
    ) -> Result<SessionState, SunError> {
        let (mut stood, mut since) = (String::new(), Instant::now());
        loop {
            let glimpse = glimpse(stage, session, crowd)?;
            if let Some(over) = glimpse.over {
                return Ok(over);
            }
            if glimpse.at != stood {
                // Each step in a line, not each ballot.
                let step = |at: &str| at.split(',').next().unwrap_or_default().to_owned();
                let (now, before) = (step(&glimpse.at), step(&stood));
                if now != before {
                    eprintln!("    {now}");
                }
                (stood, since) = (glimpse.at, Instant::now());
            } else if since.elapsed() > PATIENCE {
                let what = format!("the end of session {session}");
                return Err(SunError::Never { what, at: stood });
            }
            if let Some(until) = glimpse.idle_until {
                stage.outlast(until)?;
            }
            self.moment(stage, machines)?;
        }
    }
}

fn glimpse(stage: &mut Stage, session: B256, crowd: Crowd) -> Result<Glimpse, SunError> {
    let of = stage.session(session)?;
    let Some(state) = SessionState::from_u8(of.state as u8) else {
        return deliberation(stage, session, crowd);
    };
    let over = matches!(state, SessionState::Deployed | SessionState::Failed);
    let all_bid = state == SessionState::BiddingOpen && of.bids >= crowd.bids;
    Ok(Glimpse {
        at: format!("{state:?}, {} of {} bids", of.bids, crowd.bids),
        over: over.then_some(state),
        idle_until: all_bid.then(|| of.expiresAt.to()),
    })
}

fn deliberation(stage: &mut Stage, session: B256, crowd: Crowd) -> Result<Glimpse, SunError> {
    let of = stage.election(session)?;
    let until: u64 = of.expiresAt.to();
    let mut at = format!(
        "{:?}, {} candidates, {} sealed, {} opened",
        of.step, of.candidates, of.commits, of.reveals
    );
    let done = match of.step {
        Deliberation::Proposing => of.candidates > 0,
        Deliberation::Committing => of.commits >= crowd.voters,
        Deliberation::Revealing => of.reveals >= of.commits,
        Deliberation::Tallying => {
            let counts = stage.events::<IAssembly::TallyAdvanced>(Peer::Assembly)?;
            let mut counts = counts.iter().filter(|count| count.sessionId == session);
            counts.any(|count| count.counted >= of.reveals)
        }
        Deliberation::Debating => {
            let call = IAssembly::debateCall { sessionId: session };
            let assembly = stage.city.address(Peer::Assembly);
            let debate = stage.city.client.ask(assembly, &call)?;
            at = format!("{at}, {} polled, {} speak", debate.voters, debate.speakers);
            if debate.speakers == 0 && debate.voters >= crowd.voters {
                // The poll is one round before the others.
                let rounds = u64::from(stage.city.number(P::DeliberationRounds)?);
                let round = u64::from(stage.city.number(P::DeliberationRoundMs)?);
                let polled = until.saturating_sub(rounds * round / 1_000);
                return Ok(Glimpse {
                    at,
                    over: None,
                    idle_until: Some(polled),
                });
            }
            debate.speakers > 0
        }
        _ => false,
    };
    let failed = of.failed.then_some(SessionState::Failed);
    let is_partial = of.kind == SessionKind::Partial;
    Ok(Glimpse {
        at,
        over: failed,
        idle_until: (done && !is_partial).then_some(until),
    })
}

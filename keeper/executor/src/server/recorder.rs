//! What happens in a job, written down while it happens.

use std::{collections::VecDeque, fmt, sync::Arc};

use alloy::primitives::{B256, Bytes, keccak256};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    protocol::{
        Cause, Failure, JobRequest, OUTPUT_BYTES_MAX, SAID_BYTES_MAX, SAID_KEPT_MAX,
        STEP_BYTES_MAX, Usage,
    },
    trail::{Entry, Name, Trail, TrailError},
};

/// Nothing more may happen in a job: whoever works on it ends. Whatever it says then, the job failed or was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Halted {
    /// Its tokens are used up (RULINGS K13).
    #[error("{used} tokens were used, {allocated} were given")]
    Tokens {
        /// With what was used last.
        used: u32,
        /// What the node has.
        allocated: u32,
    },
    /// The trail takes no more.
    #[error("the trail takes no more: {0}")]
    Trail(#[from] TrailError),
    /// It was stopped.
    #[error("the job was stopped")]
    Stopped,
}

impl Halted {
    /// How a job failed by it.
    pub fn failure(&self) -> Failure {
        let cause = match self {
            Self::Tokens { .. } => Cause::Tokens,
            Self::Trail(_) => Cause::Resources,
            Self::Stopped => Cause::Service,
        };
        Failure::new(cause, self.to_string())
    }
}

/// Writes a job's trail, and meters it. Copies write the same trail.
#[derive(Clone)]
pub struct Recorder {
    pages: Arc<Mutex<Pages>>,
    now_ms: Arc<dyn Fn() -> u64 + Send + Sync>,
}

/// The texts of the last messages of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Texts {
    /// The number of the first.
    first: u32,
    texts: VecDeque<Bytes>,
}

impl Texts {
    fn push(&mut self, said: &[u8]) {
        self.texts.push_back(beginning(said, STEP_BYTES_MAX).into());
        let mut bytes: usize = self.texts.iter().map(|text| text.len()).sum();
        while self.texts.len() > SAID_KEPT_MAX || bytes > SAID_BYTES_MAX {
            let Some(gone) = self.texts.pop_front() else {
                return;
            };
            bytes -= gone.len();
            self.first = self.first.saturating_add(1);
        }
    }

    /// At most `most` from number `from` on, and the number of the first.
    pub(super) fn from(&self, from: u32, most: usize) -> (u32, Vec<Bytes>) {
        let from = from.max(self.first);
        let skipped = usize::try_from(from - self.first).unwrap_or(usize::MAX);
        let texts = self.texts.iter().skip(skipped).take(most);
        (from, texts.cloned().collect())
    }
}

#[derive(Debug)]
struct Pages {
    trail: Trail,
    /// What was said last.
    step: Vec<u8>,
    said: Texts,
    /// What was produced so far.
    partial: Vec<u8>,
    allocated: u32,
    halted: watch::Sender<Option<Halted>>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("pages", &self.pages)
            .finish_non_exhaustive()
    }
}

impl Recorder {
    /// Opens the trail of a job with its inputs. `blind` is a word that nobody else can guess, `now_ms` tells unix milliseconds.
    ///
    /// Errors: [`TrailError`]; inputs within the protocol's bounds always fit.
    pub fn open(
        request: &JobRequest,
        blind: B256,
        now_ms: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Result<Self, TrailError> {
        let mut entries = vec![Entry::opened(request, blind)];
        entries.extend(request.inputs.iter().map(Entry::input));
        let pages = Pages {
            trail: Trail::new(entries)?,
            step: Vec::new(),
            said: Texts::default(),
            partial: Vec::new(),
            allocated: request.limits.tokens,
            halted: watch::Sender::new(None),
        };
        Ok(Self {
            pages: Arc::new(Mutex::new(pages)),
            now_ms: Arc::new(now_ms),
        })
    }

    /// A tool was called.
    ///
    /// Errors: [`Halted`]: end the work.
    pub fn tool(&self, name: &Name, input: &[u8], output: &[u8]) -> Result<(), Halted> {
        self.write(Entry::Tool {
            name: name.clone(),
            input: keccak256(input),
            output: keccak256(output),
            at_ms: (self.now_ms)(),
        })
    }

    /// Something was said, which took so many LLM tokens.
    ///
    /// Errors: [`Halted`]: end the work.
    pub fn message(&self, from: &Name, to: &Name, said: &[u8], tokens: u32) -> Result<(), Halted> {
        let written = self.write(Entry::Message {
            from: from.clone(),
            to: to.clone(),
            content: keccak256(said),
            tokens,
            at_ms: (self.now_ms)(),
        });
        // What went beyond the tokens was said too; what a stop forbade was not.
        if !matches!(written, Err(Halted::Stopped | Halted::Trail(_))) {
            let mut pages = self.pages.lock();
            pages.step = beginning(said, STEP_BYTES_MAX);
            pages.said.push(said);
        }
        written
    }

    /// So much is produced, in place of what was before: kept for whoever stops the job, and no part of the trail. What an output
    /// cannot hold is not kept.
    ///
    /// Errors: [`Halted`]: end the work.
    pub fn produced(&self, so_far: &[u8]) -> Result<(), Halted> {
        let mut pages = self.pages.lock();
        let halted = *pages.halted.borrow();
        if let Some(halted) = halted {
            return Err(halted);
        }
        pages.partial = beginning(so_far, OUTPUT_BYTES_MAX);
        Ok(())
    }

    /// What was said last, and what was produced so far.
    pub fn progress(&self) -> (Vec<u8>, Vec<u8>) {
        let pages = self.pages.lock();
        (pages.step.clone(), pages.partial.clone())
    }

    /// The texts of what was said.
    pub(super) fn said(&self) -> Texts {
        self.pages.lock().said.clone()
    }

    /// What was used so far.
    pub fn usage(&self) -> Usage {
        self.pages.lock().trail.usage()
    }

    /// Why nothing more may happen; none while it may.
    pub fn halted(&self) -> Option<Halted> {
        *self.pages.lock().halted.borrow()
    }

    /// Waits until nothing more may happen.
    pub async fn ends(&self) -> Halted {
        let mut halted = self.pages.lock().halted.subscribe();
        // The sender lives as long as this recorder does.
        match halted.wait_for(Option::is_some).await {
            Ok(halted) => halted.unwrap_or(Halted::Stopped),
            Err(_) => Halted::Stopped,
        }
    }

    /// Lets nothing more happen, and answers what did.
    pub fn stop(&self) -> Trail {
        let pages = self.pages.lock();
        pages.halt(Halted::Stopped);
        pages.trail.clone()
    }

    /// Ends the trail with the output.
    ///
    /// Errors: [`Halted`]: the work does not count.
    pub fn close(&self, output: &[u8]) -> Result<Trail, Halted> {
        let content = keccak256(output);
        self.write(Entry::Output { content })?;
        Ok(self.stop())
    }

    /// What goes beyond the tokens is in the trail: it happened. Nothing is after it.
    fn write(&self, entry: Entry) -> Result<(), Halted> {
        let mut pages = self.pages.lock();
        let halted = *pages.halted.borrow();
        if let Some(halted) = halted {
            return Err(halted);
        }
        if let Err(error) = pages.trail.push(entry) {
            return Err(pages.halt(error.into()));
        }
        let (used, allocated) = (pages.trail.usage().tokens, pages.allocated);
        if used > allocated {
            return Err(pages.halt(Halted::Tokens { used, allocated }));
        }
        Ok(())
    }
}

impl Pages {
    /// The first reason stays.
    fn halt(&self, why: Halted) -> Halted {
        self.halted.send_if_modified(|halted| {
            let first = halted.is_none();
            halted.get_or_insert(why);
            first
        });
        why
    }
}

fn beginning(bytes: &[u8], most: usize) -> Vec<u8> {
    bytes[..bytes.len().min(most)].to_vec()
}

//! The monitor at work: what served executors hand in is compared with what they usually do, before it is passed on.
//!
//! Two scorers that read disjoint parts of a text judge each output ([ADR 0015](../../../../docs/adr/0015-how-monitors-score.md)), and only
//! what both find beyond the mission's threshold is a deviation: neither arrests alone. What is reported is the score of the one that the
//! roster approved with this monitor's bond (RULINGS R13: one keeper, one scorer); when it approved another, nothing is.
//!
//! A window takes an output in when the chain completed its node with it, and no other, so nobody moves his window by what was frozen or
//! refused. What executors say on the way is judged in the same way, by calibrations and windows of its own, where there are any.

mod windows;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use agentcity_abi::IRoster::{self, Standing};
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use agentcity_monitor::{
    calibration::{Calibration, CalibrationError},
    scorer::{AnyScorer, Letters, Scorer, ScorerError, Shape},
    vector::{OtherDimension, Vector},
    window::{Lengths, Window},
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, keccak256},
    providers::{DynProvider, Provider},
};
use futures_util::FutureExt;
use parking_lot::Mutex;
use serde::Deserialize;

pub use self::windows::WindowsError;
use self::windows::{Row, Windows};
use crate::{execution::Execution, source::city::City};

/// Section `monitor` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// The scorer that the roster approved with this monitor's bond; the other one must agree before anything is said.
    scorer: Named,
    /// Calibration of the scorer of letters (`agentcity-keeper calibrate`).
    letters: PathBuf,
    /// Calibration of the scorer of shapes.
    shape: PathBuf,
    /// File of what served agents handed in last.
    windows: PathBuf,
    /// Calibrations for what is said on the way; where there are none, messages are counted only.
    messages: Option<Spoken>,
}

/// Calibrations by messages of honest agents.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spoken {
    /// Of the scorer of letters.
    letters: PathBuf,
    /// Of the scorer of shapes.
    shape: PathBuf,
}

/// A built-in scorer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    /// Which letters follow each other.
    Letters,
    /// Everything but letters.
    Shape,
}

/// Why nothing can be scored.
#[derive(Debug, thiserror::Error)]
pub enum EarsError {
    /// A calibration cannot be read.
    #[error("monitor.{key}: cannot read {path}: {cause}")]
    Unreadable {
        /// Which key.
        key: &'static str,
        /// Which file.
        path: String,
        /// Why.
        cause: io::Error,
    },
    /// A calibration is none of this scorer.
    #[error("monitor.{key}: {cause}")]
    Calibration {
        /// Which key.
        key: &'static str,
        /// Why.
        cause: CalibrationError,
    },
    /// The windows cannot be used.
    #[error("monitor.windows: {0}")]
    Windows(#[from] WindowsError),
}

/// Why an output was not scored. It is not passed on until it is.
#[derive(Debug, thiserror::Error)]
pub enum HearError {
    /// There is no vector.
    #[error(transparent)]
    Scorer(#[from] ScorerError),
    /// Calibration and scorer are of two kinds.
    #[error(transparent)]
    Dimension(#[from] OtherDimension),
    /// The windows.
    #[error("monitor.windows: {0}")]
    Windows(#[from] WindowsError),
    /// The roster does not say which scorer it approved, or the constitution how long windows are.
    #[error("the city does not answer: {0}")]
    City(String),
}

/// A scorer, and what it is worth.
#[derive(Debug)]
struct Ear {
    scorer: AnyScorer,
    calibration: Calibration,
    spoken: Option<Calibration>,
}

impl Ear {
    fn open(named: Named, section: &Section) -> Result<Self, EarsError> {
        let (keys, path, spoken, scorer) = match named {
            Named::Letters => (
                ["letters", "messages.letters"],
                &section.letters,
                section.messages.as_ref().map(|of| &of.letters),
                AnyScorer::Letters(Letters::default()),
            ),
            Named::Shape => (
                ["shape", "messages.shape"],
                &section.shape,
                section.messages.as_ref().map(|of| &of.shape),
                AnyScorer::Shape(Shape::default()),
            ),
        };
        let calibrated = |key, path: &Path| {
            let text = read(key, path)?;
            let wrong = |cause| EarsError::Calibration { key, cause };
            let calibration = Calibration::parse(&text).map_err(wrong)?;
            let checked = calibration.check(&scorer).now_or_never();
            checked
                .expect("a scorer that is built in waits for nothing")
                .map_err(wrong)?;
            Ok::<_, EarsError>(calibration)
        };
        let calibration = calibrated(keys[0], path)?;
        let spoken = spoken.map(|path| calibrated(keys[1], path)).transpose()?;
        Ok(Self {
            calibration,
            spoken,
            scorer,
        })
    }
}

/// What would be reported of something, in thousandths of σ.
fn deviation(
    by: &Calibration,
    window: &Window,
    vector: &Vector,
    threshold: u32,
) -> Result<u32, OtherDimension> {
    let score = window.score(vector, &by.population)?;
    Ok(by.reported(&score, threshold))
}

fn read(key: &'static str, path: &Path) -> Result<String, EarsError> {
    fs::read_to_string(path).map_err(|cause| EarsError::Unreadable {
        key,
        path: path.display().to_string(),
        cause,
    })
}

/// Hears what served agents hand in.
pub struct Ears {
    own: Ear,
    second: Ear,
    windows: Mutex<Windows>,
    provider: DynProvider,
    city: City,
    account: Address,
    /// What the city said last: who is stopped for what he says is not stopped the later for a slow answer.
    learnt: Mutex<Option<Learnt>>,
}

/// What a monitor goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learnt {
    /// Whether the roster has it at work, with the scorer by which it judges.
    pub is_approved: bool,
    /// How long windows are.
    pub lengths: Lengths,
}

// A provider's address may carry a key.
impl fmt::Debug for Ears {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ears")
            .field("own", self.own.scorer.id())
            .field("second", self.second.scorer.id())
            .finish_non_exhaustive()
    }
}

impl Ears {
    /// For the monitor `account` of a city. Calibrations are held against their scorers.
    ///
    /// Errors: [`EarsError`].
    pub fn open(
        section: &Section,
        provider: &(impl Provider + Clone + 'static),
        city: City,
        account: Address,
    ) -> Result<Self, EarsError> {
        let other = match section.scorer {
            Named::Letters => Named::Shape,
            Named::Shape => Named::Letters,
        };
        let (own, second) = (
            Ear::open(section.scorer, section)?,
            Ear::open(other, section)?,
        );
        let names = [own.scorer.id().name(), second.scorer.id().name()];
        let windows = Windows::open(&section.windows, names)?;
        Ok(Self {
            own,
            second,
            windows: Mutex::new(windows),
            provider: provider.clone().erased(),
            city,
            account,
            learnt: Mutex::default(),
        })
    }

    /// How far an output lies from what its agent usually hands in, in thousandths of σ; `None` where it is usual, where it is no
    /// text, where people decided on it already, or where the roster approved another scorer. `hash` is what the chain will know it by.
    ///
    /// Errors: [`HearError`].
    pub async fn hears(
        &self,
        execution: &Execution,
        hash: B256,
        output: &[u8],
        threshold: u32,
    ) -> Result<Option<u32>, HearError> {
        if self.hears_messages() {
            self.windows.lock().gave(execution, hash)?;
        }
        let Ok(text) = std::str::from_utf8(output) else {
            return Ok(None);
        };
        let known = self.windows.lock().row(execution, hash)?;
        let Row { vectors, is_judged } = match known {
            Some(row) => row,
            None => {
                let own = self.own.scorer.vector(text).await?;
                let vectors = [own, self.second.scorer.vector(text).await?];
                self.windows.lock().hear(execution, hash, &vectors)?;
                Row {
                    vectors,
                    is_judged: false,
                }
            }
        };
        if is_judged {
            return Ok(None);
        }
        let by = [&self.own.calibration, &self.second.calibration];
        // It is not passed on before the city answers.
        self.stands(true, |lengths| {
            let windows = self.windows.lock().of(execution.agent, lengths)?;
            self.judge(execution, by, &windows, &vectors, threshold)
        })
        .await
    }

    /// What is found by windows as they are known to be, if the city lets this monitor say so, and by windows as the city has them.
    /// `anew`: it is asked whatever it said before.
    async fn stands(
        &self,
        anew: bool,
        judged: impl Fn(Lengths) -> Result<Option<u32>, HearError>,
    ) -> Result<Option<u32>, HearError> {
        let (lengths, known) = (self.lengths(), *self.learnt.lock());
        let Some(found) = judged(lengths)? else {
            return Ok(None);
        };
        let learnt = match known {
            Some(known) if !anew => known,
            Some(_) | None => self.learn().await?,
        };
        let found = if learnt.lengths == lengths {
            Some(found)
        } else {
            judged(learnt.lengths)?
        };
        Ok(found.filter(|_| learnt.is_approved))
    }

    /// How long windows are, as far as that is known.
    fn lengths(&self) -> Lengths {
        let learnt = *self.learnt.lock();
        learnt.map_or(self.own.calibration.lengths, |learnt| learnt.lengths)
    }

    /// Whether what is said on the way is judged too.
    pub const fn hears_messages(&self) -> bool {
        self.own.spoken.is_some() && self.second.spoken.is_some()
    }

    /// How far a message lies from what its agent usually says, as [`Self::hears`] tells it of outputs. `place`: its number in the job.
    ///
    /// Errors: [`HearError`].
    pub async fn hears_message(
        &self,
        execution: &Execution,
        place: u32,
        message: &[u8],
        threshold: u32,
    ) -> Result<Option<u32>, HearError> {
        let (Some(own), Some(second)) = (&self.own.spoken, &self.second.spoken) else {
            return Ok(None);
        };
        let Ok(text) = std::str::from_utf8(message) else {
            return Ok(None);
        };
        let hash = keccak256(message);
        let known = self.windows.lock().said(execution, hash)?;
        let Row { vectors, is_judged } = match known {
            Some(row) => row,
            None => {
                let vectors = [
                    self.own.scorer.vector(text).await?,
                    self.second.scorer.vector(text).await?,
                ];
                let said = (place, hash);
                self.windows.lock().say(execution, said, &vectors)?;
                Row {
                    vectors,
                    is_judged: false,
                }
            }
        };
        if is_judged {
            return Ok(None);
        }
        self.stands(false, |lengths| {
            let windows = self.windows.lock().said_by(execution.agent, lengths)?;
            self.judge(execution, [own, second], &windows, &vectors, threshold)
        })
        .await
    }

    /// What this monitor's scorer makes of something, where both find it too far.
    fn judge(
        &self,
        execution: &Execution,
        by: [&Calibration; 2],
        windows: &[Window; 2],
        vectors: &[Vector; 2],
        threshold: u32,
    ) -> Result<Option<u32>, HearError> {
        let own = deviation(by[0], &windows[0], &vectors[0], threshold)?;
        let second = deviation(by[1], &windows[1], &vectors[1], threshold)?;
        let both = own > threshold && second > threshold;
        tracing::debug!(%execution, own, second, threshold, "heard");
        Ok(both.then_some(own))
    }

    /// Asks whether the roster has this monitor at work, with the scorer by which it judges: only then it accuses anybody. And how long
    /// windows are.
    ///
    /// Errors: [`HearError::City`]; what it said before stays known.
    pub async fn learn(&self) -> Result<Learnt, HearError> {
        let roster = IRoster::new(self.city.at(Peer::Roster), &self.provider);
        let asked = roster.monitor(self.account).call().await;
        let known = asked.map_err(|error| HearError::City(error.to_string()))?;
        let (most, least) = (ParameterId::ScoreWindow, ParameterId::ScoreWindowMin);
        let (newest, ids) = (BlockId::latest(), [most, least]);
        let values = self.city.in_force(&self.provider, newest, &ids).await;
        let values = values.map_err(HearError::City)?;
        let own = self.own.scorer.id();
        let learnt = Learnt {
            is_approved: known.standing == Standing::Active && known.scorerId == own.hash(),
            lengths: Lengths {
                most: values.of(most),
                least: values.of(least),
            },
        };
        let before = self.learnt.lock().replace(learnt);
        if before == Some(learnt) {
            return Ok(learnt);
        }
        if !learnt.is_approved && before.is_none_or(|before| before.is_approved) {
            tracing::error!(
                account = %self.account, approved = %known.scorerId, "the roster has not approved {own} ({}) with this monitor's bond: no deviation is reported",
                own.hash()
            );
        }
        for by in self.calibrations() {
            let (city, calibrated) = (learnt.lengths, by.lengths);
            if city != calibrated && before.is_none_or(|before| before.lengths != city) {
                tracing::warn!(
                    scorer = by.scorer,
                    "windows have {} outputs, and speak for their agent from {} on; the calibration is by {} and {}: calibrate anew with --window {} --window-min {}",
                    city.most,
                    city.least,
                    calibrated.most,
                    calibrated.least,
                    city.most,
                    city.least
                );
            }
        }
        Ok(learnt)
    }

    fn calibrations(&self) -> impl Iterator<Item = &Calibration> {
        let ears = [&self.own, &self.second].into_iter();
        ears.flat_map(|ear| {
            [Some(&ear.calibration), ear.spoken.as_ref()]
                .into_iter()
                .flatten()
        })
    }

    /// What this execution handed in was held: whatever becomes of that, people decide on it, and it is not accused again.
    ///
    /// Errors: [`WindowsError`].
    pub fn judged(&self, execution: &Execution) -> Result<(), WindowsError> {
        self.windows.lock().judged(execution)
    }

    /// Whether something of this node waits for its completion.
    ///
    /// Errors: [`WindowsError`].
    pub fn waits(&self, mission: B256, node: u16) -> Result<bool, WindowsError> {
        self.windows.lock().waits(mission, node)
    }

    /// The chain completed a node with this output: it belongs to its agent's window, and nothing else of the node does.
    ///
    /// Errors: [`WindowsError`].
    pub fn completed(&self, mission: B256, node: u16, hash: B256) -> Result<(), WindowsError> {
        let learnt = *self.learnt.lock();
        // What may still belong to a window is not let go before the city says how long they are.
        let most = learnt.map_or(ParameterId::ScoreWindow.row().max, |learnt| {
            learnt.lengths.most
        });
        let mut windows = self.windows.lock();
        windows.completed(mission, node, hash, most)
    }
}

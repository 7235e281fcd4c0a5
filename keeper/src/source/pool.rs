//! Several endpoints as one: what enough of them say alike is believed, and each has a record.
//!
//! Guards INV-KEEPER-04.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug},
    future::Future,
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    endpoint::{Fault, Source},
    follow::{Block, Doubt, Link, Stretch, View},
};
use crate::operations::observe;

/// Most endpoints of one keeper: each is asked everything.
pub const ENDPOINTS_MAX: usize = 8;
/// How long the others are waited for when enough agree: only to notice who contradicts.
const GRACE: Duration = Duration::from_millis(100);
/// Longest that one endpoint may keep a vote waiting, whatever its own patience is.
const VOTE_WITHIN: Duration = Duration::from_secs(15);
/// First pause of an endpoint that failed; it doubles.
const REST: Duration = Duration::from_secs(1);
/// How often the pause doubles: about a minute.
const DOUBLINGS_MAX: u32 = 6;
/// How long one that lied is not asked: an operator reads the line in between, or it is repaired.
const LIAR_RESTS: Duration = Duration::from_secs(600);
/// Blocks by which one may be behind those that agree before it is said to lag: two seconds of Arbitrum's.
const LAG_BLOCKS: u64 = 8;
/// Longest text of an answer that is told to the operator, in characters.
const TOLD_MAX: usize = 160;

/// What is known of an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// It answers as the others do.
    #[default]
    Good,
    /// It does not answer, or refuses.
    Silent {
        /// What happened, last.
        cause: String,
        /// How often in a row.
        times: u32,
    },
    /// It knows fewer blocks than those that agree.
    Lagging {
        /// How many.
        blocks: u64,
    },
    /// It said another thing than those that agree.
    Contradicts {
        /// About what.
        question: String,
    },
    /// It said what cannot be.
    Lying {
        /// What.
        cause: String,
    },
}

/// What a vote is about, and how far it came.
struct Tally<T> {
    answers: Vec<(T, Vec<usize>)>,
    causes: BTreeMap<usize, Fault>,
}

struct Node<S> {
    source: Arc<S>,
    name: String,
    record: Mutex<Record>,
}

#[derive(Debug, Default)]
struct Record {
    health: Health,
    rests_until: Option<Instant>,
}

/// Endpoints of one chain, of which `needed` must agree.
pub struct Pool<S> {
    nodes: Vec<Node<S>>,
    needed: usize,
}

impl<S> Debug for Pool<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("health", &self.health())
            .field("needed", &self.needed)
            .finish()
    }
}

/// How many must agree cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "quorum = {needed} of {endpoints} endpoints: it takes 1..={ENDPOINTS_MAX} endpoints, and a quorum of more than half of them"
)]
pub struct BadQuorum {
    /// How many endpoints there are.
    pub endpoints: usize,
    /// How many must agree.
    pub needed: usize,
}

/// Whether `needed` of `endpoints` is a quorum: two of them share an endpoint, so they cannot say two things.
///
/// Errors: [`BadQuorum`].
pub const fn quorum(endpoints: usize, needed: usize) -> Result<(), BadQuorum> {
    // structural: more than half
    if endpoints == 0 || endpoints > ENDPOINTS_MAX || needed > endpoints || needed * 2 <= endpoints
    {
        return Err(BadQuorum { endpoints, needed });
    }
    Ok(())
}

impl<S> Pool<S> {
    /// Endpoints with names to call them by, without what may be a secret.
    ///
    /// Errors: [`BadQuorum`].
    pub fn new(sources: Vec<(String, S)>, needed: usize) -> Result<Self, BadQuorum> {
        quorum(sources.len(), needed)?;
        let nodes = sources.into_iter().map(|(name, source)| Node {
            source: Arc::new(source),
            name,
            record: Mutex::default(),
        });
        Ok(Self {
            nodes: nodes.collect(),
            needed,
        })
    }

    /// What is known of each endpoint, in their order.
    pub fn health(&self) -> Vec<(String, Health)> {
        let of = |node: &Node<S>| (node.name.clone(), node.record.lock().health.clone());
        self.nodes.iter().map(of).collect()
    }

    /// Who is asked: all that are not resting; those that are when there are too few others. A liar is not counted on in any case.
    fn asked(&self) -> Vec<usize> {
        let now = Instant::now();
        let (mut ready, mut resting) = (Vec::new(), Vec::new());
        for (place, node) in self.nodes.iter().enumerate() {
            let record = node.record.lock();
            match (&record.health, record.rests_until) {
                (_, None) => ready.push(place),
                (_, Some(until)) if until <= now => ready.push(place),
                (Health::Lying { .. }, _) => {}
                _ => resting.push(place),
            }
        }
        if ready.len() < self.needed {
            ready.append(&mut resting);
        }
        ready
    }

    fn note(&self, place: usize, health: Health) {
        let node = &self.nodes[place];
        let mut record = node.record.lock();
        let now = Instant::now();
        record.rests_until = match &health {
            Health::Good | Health::Lagging { .. } | Health::Contradicts { .. } => None,
            Health::Silent { times, .. } => {
                Some(now + REST * 2_u32.pow(times.saturating_sub(1).min(DOUBLINGS_MAX)))
            }
            Health::Lying { .. } => Some(now + LIAR_RESTS),
        };
        if std::mem::discriminant(&record.health) != std::mem::discriminant(&health) {
            match &health {
                Health::Good => tracing::info!(endpoint = node.name, "it agrees again"),
                other => {
                    observe::doubted(&node.name, other);
                    tracing::warn!(endpoint = node.name, "{other:?}");
                }
            }
        }
        record.health = health;
    }

    fn failed(&self, place: usize, fault: &Fault) {
        let health = match fault {
            Fault::Lie(_) | Fault::OtherChain { .. } => Health::Lying {
                cause: fault.to_string(),
            },
            // Not to have the newest block yet is no failure.
            Fault::Behind(_) => return,
            Fault::Silent(_) | Fault::Refused(_) => {
                let before = match &self.nodes[place].record.lock().health {
                    Health::Silent { times, .. } => *times,
                    _ => 0,
                };
                Health::Silent {
                    cause: fault.to_string(),
                    times: before.saturating_add(1),
                }
            }
        };
        self.note(place, health);
    }
}

impl<S: Source> Pool<S> {
    /// Asks everybody, until it is decided or nobody is left.
    async fn ask<T: PartialEq, F>(
        &self,
        ask: impl Fn(Arc<S>) -> F,
        decided: impl Fn(&Tally<T>) -> bool,
    ) -> Tally<T>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let mut waiting: FuturesUnordered<_> = self
            .asked()
            .into_iter()
            .map(|place| {
                let answer = ask(Arc::clone(&self.nodes[place].source));
                async move { (place, answer.await) }
            })
            .collect();
        let mut tally = Tally {
            answers: Vec::new(),
            causes: BTreeMap::new(),
        };
        let mut end = Instant::now() + VOTE_WITHIN;
        while let Ok(Some((place, answer))) = tokio::time::timeout_at(end, waiting.next()).await {
            match answer {
                Err(fault) => {
                    self.failed(place, &fault);
                    tally.causes.insert(place, fault);
                }
                Ok(answer) => {
                    tally.add(place, answer);
                    if decided(&tally) {
                        end = end.min(Instant::now() + GRACE);
                    }
                }
            }
        }
        tally
    }

    /// What enough endpoints say alike.
    async fn vote<T: PartialEq + Debug, F>(
        &self,
        question: String,
        ask: impl Fn(Arc<S>) -> F,
    ) -> Result<T, Doubt>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let decided = |tally: &Tally<T>| tally.most() >= self.needed;
        let mut tally = self.ask(ask, decided).await;
        // Of two with as many votes neither is enough, since a quorum is more than half.
        tally
            .answers
            .sort_by_key(|(_, votes)| std::cmp::Reverse(votes.len()));
        let (answered, most) = (tally.answered(), tally.most());
        if most < self.needed {
            let needed = self.needed;
            return Err(if answered < needed {
                Doubt::Silent {
                    question,
                    answered,
                    needed,
                    causes: self.causes(&tally.causes),
                }
            } else {
                Doubt::Split {
                    question,
                    agreeing: most,
                    needed,
                    answers: self.told(&tally.answers),
                }
            });
        }
        let mut answers = tally.answers.into_iter();
        let Some((answer, believed)) = answers.next() else {
            return Err(Doubt::Moved { block: 0 });
        };
        for place in believed {
            self.note(place, Health::Good);
        }
        for place in answers.flat_map(|(_, votes)| votes) {
            let question = question.clone();
            self.note(place, Health::Contradicts { question });
        }
        Ok(answer)
    }

    fn causes(&self, causes: &BTreeMap<usize, Fault>) -> String {
        let told = causes
            .iter()
            .map(|(place, fault)| format!("{}: {}", self.nodes[*place].name, short(fault)));
        let told: Vec<String> = told.collect();
        if told.is_empty() {
            return "the others rest after failures".to_owned();
        }
        told.join("; ")
    }

    fn told<T: Debug>(&self, answers: &[(T, Vec<usize>)]) -> String {
        let told = answers.iter().map(|(answer, votes)| {
            let names: Vec<&str> = votes.iter().map(|v| self.nodes[*v].name.as_str()).collect();
            let answer: String = format!("{answer:?}").chars().take(TOLD_MAX).collect();
            format!("{}: {answer}", names.join(", "))
        });
        told.collect::<Vec<_>>().join("; ")
    }
}

fn short(fault: &Fault) -> String {
    fault.to_string().chars().take(TOLD_MAX).collect()
}

impl<T: PartialEq> Tally<T> {
    fn add(&mut self, place: usize, answer: T) {
        match self.answers.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, votes)) => votes.push(place),
            None => self.answers.push((answer, vec![place])),
        }
    }

    /// How many gave the most frequent answer.
    fn most(&self) -> usize {
        let votes = self.answers.iter().map(|(_, votes)| votes.len());
        votes.max().unwrap_or(0)
    }

    fn answered(&self) -> usize {
        self.answers.iter().map(|(_, votes)| votes.len()).sum()
    }
}

impl<S: Source> View for Pool<S> {
    /// The newest block that enough endpoints have: one that runs ahead is not followed, one that lags holds nobody back.
    async fn tip(&self) -> Result<u64, Doubt> {
        let ask = |source: Arc<S>| async move { source.tip().await };
        // Each has a number of its own, and all of them count.
        let decided = |tally: &Tally<u64>| tally.answered() >= self.needed;
        let tally = self.ask(ask, decided).await;
        let mut tips: Vec<(u64, usize)> = Vec::new();
        for (tip, votes) in &tally.answers {
            tips.extend(votes.iter().map(|place| (*tip, *place)));
        }
        tips.sort_unstable_by(|a, b| b.cmp(a));
        let Some((agreed, _)) = tips.get(self.needed.saturating_sub(1)).copied() else {
            return Err(Doubt::Silent {
                question: "the newest block".to_owned(),
                answered: tips.len(),
                needed: self.needed,
                causes: self.causes(&tally.causes),
            });
        };
        for (tip, place) in tips {
            let blocks = agreed.saturating_sub(tip);
            let lagged = matches!(
                self.nodes[place].record.lock().health,
                Health::Lagging { .. } | Health::Silent { .. }
            );
            if blocks > LAG_BLOCKS {
                self.note(place, Health::Lagging { blocks });
            } else if lagged {
                self.note(place, Health::Good);
            }
        }
        Ok(agreed)
    }

    async fn links(&self, from: u64, to: u64) -> Result<Vec<Link>, Doubt> {
        let ask = |source: Arc<S>| async move { source.links(from, to).await };
        self.vote(format!("headers {from} to {to}"), ask).await
    }

    async fn blocks(&self, from: u64, to: u64, tip: u64) -> Result<Vec<Block>, Doubt> {
        let ask = |source: Arc<S>| async move { source.blocks(from, to, tip).await };
        self.vote(format!("logs of blocks {from} to {to}"), ask)
            .await
    }
}

impl<S: Source> Stretch for Pool<S> {
    async fn stretch(&self, from: u64, to: u64) -> Result<Option<Vec<Block>>, Doubt> {
        let ask = |source: Arc<S>| async move { source.stretch(from, to).await };
        self.vote(format!("logs of a stretch of blocks {from} to {to}"), ask)
            .await
    }
}

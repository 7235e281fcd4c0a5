//! Random commands against a contract and a naive model of it: how they are drawn, run and counted, and what a run must come to.
//!
//! `AGENTCITY_RUNS` asks for more runs than the quick form has, each of as many commands.

use std::cell::RefCell;

use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestCaseResult, TestRng, TestRunner},
};

/// Least successes of each kind of command that may succeed.
const EACH: u32 = 20;
/// Least share of commands that succeed, in percent.
const SUCCESS_PCT: u32 = 40;
/// Most attempts at making a failing run shorter.
const SHRINKS: u32 = 400;

/// What to do, by its place among the kinds; numbers for whatever it needs; and whether to look for something with which it may
/// succeed.
#[derive(Clone, Copy, Debug)]
pub struct Command<const N: usize> {
    /// Place among the kinds, those around the contract last.
    pub kind: usize,
    /// Each below 65,536.
    pub numbers: [usize; N],
    /// Whether it aims.
    pub aims: bool,
}

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Of all randomness.
    pub seed: [u8; 32],
    /// Of the quick form.
    pub runs: u32,
    /// Commands of a run.
    pub length: usize,
    /// What is asked of the contract: counted, and each succeeds often.
    pub kinds: &'static [&'static str],
    /// Those of them that are tried to see that they never succeed.
    pub never: &'static [&'static str],
    /// What happens around it.
    pub around: &'static [&'static str],
    /// How often each is drawn, in the order of the two lists.
    pub weights: &'static [usize],
    /// Share of commands that aim.
    pub aims: f64,
    /// What some run has to reach.
    pub reach: &'static [&'static str],
}

/// What came of it.
#[derive(Debug)]
pub struct Tally {
    plan: Plan,
    tried: RefCell<Vec<u32>>,
    succeeded: RefCell<Vec<u32>>,
    reached: RefCell<Vec<u32>>,
}

impl Plan {
    /// The name of a kind.
    ///
    /// Panics: if there is none of this number.
    pub fn name(&self, kind: usize) -> &'static str {
        let mut names = self.kinds.iter().chain(self.around);
        names.nth(kind).expect("a kind")
    }

    /// How many runs: the quick form's, unless `AGENTCITY_RUNS` says another number.
    ///
    /// Panics: if what it says is no number.
    pub fn runs(&self) -> u32 {
        let asked = std::env::var("AGENTCITY_RUNS").ok();
        asked.map_or(self.runs, |runs| {
            runs.parse().expect("AGENTCITY_RUNS is a number")
        })
    }

    /// Runs as often as asked, and claims that what came of it is enough. `each` begins a run, applies its commands and
    /// [counts](Tally::count) each; `setting` draws what a run begins with.
    ///
    /// Panics: if a run fails, shortened as far as it goes; or if too little succeeded or was reached.
    pub fn run<S: Strategy, const N: usize>(
        self,
        setting: S,
        each: impl Fn(&Tally, S::Value, Vec<Command<N>>) -> TestCaseResult,
    ) {
        let tally = self.tally();
        self.add(&tally, self.seed, setting, each);
        tally.require();
    }

    /// An empty tally, for runs of several kinds of cities.
    pub fn tally(self) -> Tally {
        let kinds = self.kinds.len() + self.around.len();
        assert_eq!(self.weights.len(), kinds, "a weight for each kind");
        Tally {
            plan: self,
            tried: RefCell::new(vec![0; kinds]),
            succeeded: RefCell::new(vec![0; kinds]),
            reached: RefCell::new(vec![0; self.reach.len()]),
        }
    }

    /// Runs as often as asked from a seed, and adds what comes of it to a tally.
    ///
    /// Panics: if a run fails, shortened as far as it goes.
    pub fn add<S: Strategy, const N: usize>(
        &self,
        tally: &Tally,
        seed: [u8; 32],
        setting: S,
        each: impl Fn(&Tally, S::Value, Vec<Command<N>>) -> TestCaseResult,
    ) {
        let runs = self.runs();
        println!("seed: {}, runs: {runs}", String::from_utf8_lossy(&seed));
        let config = Config {
            cases: runs,
            failure_persistence: None,
            max_shrink_iters: SHRINKS,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let commands = prop::collection::vec(self.command::<N>(), self.length);
        TestRunner::new_with_rng(config, rng)
            .run(&(setting, commands), |(setting, commands)| {
                each(tally, setting, commands)
            })
            .unwrap_or_else(|failure| panic!("{failure}"));
    }

    fn command<const N: usize>(&self) -> impl Strategy<Value = Command<N>> + use<N> {
        let kinds: Vec<usize> = self
            .weights
            .iter()
            .enumerate()
            .flat_map(|(kind, weight)| vec![kind; *weight])
            .collect();
        let kind = prop::sample::select(kinds);
        let aims = prop::bool::weighted(self.aims);
        (kind, any::<[u16; N]>(), aims).prop_map(|(kind, numbers, aims)| Command {
            kind,
            numbers: numbers.map(usize::from),
            aims,
        })
    }
}

impl Tally {
    /// Counts a command of a kind, and whether it succeeded.
    pub fn count(&self, kind: usize, succeeded: bool) {
        self.tried.borrow_mut()[kind] += 1;
        self.succeeded.borrow_mut()[kind] += u32::from(succeeded);
    }

    /// Notes that something was reached.
    ///
    /// Panics: if nothing of this name has to be.
    pub fn reach(&self, what: &str) {
        let at = self.plan.reach.iter().position(|name| *name == what);
        self.reach_at(at.unwrap_or_else(|| panic!("{what} is no aim of the plan")));
    }

    /// The same by its place.
    pub fn reach_at(&self, place: usize) {
        self.reached.borrow_mut()[place] += 1;
    }

    /// The same, if it holds.
    pub fn see(&self, place: usize, holds: bool) {
        if holds {
            self.reach_at(place);
        }
    }

    /// Prints what was tried, what succeeded and what was reached, and claims that it was enough.
    ///
    /// Panics: if not.
    pub fn require(&self) {
        let (tried, succeeded) = (self.tried.borrow(), self.succeeded.borrow());
        let reached = self.reached.borrow();
        for (kind, (tried, succeeded)) in tried.iter().zip(&*succeeded).enumerate() {
            println!("{}: {succeeded} of {tried}", self.plan.name(kind));
        }
        let counted = self.plan.kinds.len();
        let (all, done): (u32, u32) = (
            tried[..counted].iter().sum(),
            succeeded[..counted].iter().sum(),
        );
        let share = f64::from(done) * 100.0 / f64::from(all);
        println!("all: {done} of {all}, {share:.1} %");
        for (name, times) in self.plan.reach.iter().zip(&*reached) {
            println!("{name}: {times}");
        }
        for (kind, name) in self.plan.kinds.iter().enumerate() {
            if self.plan.never.contains(name) {
                assert_eq!(succeeded[kind], 0, "{name} never succeeds");
                assert!(tried[kind] >= EACH, "{name} is tried too rarely");
            } else {
                assert!(succeeded[kind] >= EACH, "{name} succeeds too rarely");
            }
        }
        assert!(done * 100 >= all * SUCCESS_PCT, "too few commands succeed");
        for (name, times) in self.plan.reach.iter().zip(&*reached) {
            assert!(*times > 0, "never reached: {name}");
        }
    }
}

/// One of the first `count` numbers: one that is good if it aims and any is.
pub fn pick(count: usize, number: usize, aims: bool, good: impl Fn(usize) -> bool) -> usize {
    let fit: Vec<usize> = (0..count).filter(|candidate| good(*candidate)).collect();
    match fit.get(number % fit.len().max(1)) {
        Some(chosen) if aims => *chosen,
        _ => number % count,
    }
}

//! What is to be done, as people would say it, and the pages that it becomes.

use super::{Executor, Graph};
use agentcity_abi::{IVerification::NodeTerms, document::digest};
use agentcity_domain::statute::{
    Mode, Node, Predicate, Seat,
    encode::{self, Draft, Unfit},
    fold::fold,
};
use alloy::primitives::{Address, B256, keccak256};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Time to execute, in the stories: the most that the defaults allow.
const EXECUTION_MS: u32 = 60_000;
/// Time to review, in the stories: the least that the defaults allow.
const REVIEW_MS: u32 = 300_000;
/// How many times a stake is staked by risk: more than the constitution asks of whoever stakes enough at the lowest.
const STAKES: [u128; 3] = [1, 5, 25];

/// One task.
#[derive(Clone, Debug)]
pub struct Task {
    /// How its result is verified, for how much, by how many. Edges follow from the plan.
    pub node: Node,
    /// What its digest commits to.
    pub terms: NodeTerms,
}

impl Task {
    /// Tier 1: proved by `expected`, or by a verifier that compares with it.
    pub fn proved(name: &str, budget: u128) -> Self {
        Self::of(name, budget, 1, 0, (1, 1), EXECUTION_MS)
    }

    /// Tier 2: `threshold` of `redundancy` executors agree.
    pub fn agreed(name: &str, budget: u128, redundancy: u8, threshold: u8, mode: Mode) -> Self {
        let mut task = Self::of(name, budget, 2, 0, (redundancy, threshold), EXECUTION_MS);
        task.node.mode = mode as u8;
        task
    }

    /// Tier 3: people look at it.
    pub fn reviewed(name: &str, budget: u128) -> Self {
        Self::of(name, budget, 3, 1, (1, 1), REVIEW_MS)
    }

    /// The same of a higher risk.
    pub const fn at_risk(mut self, risk: u8) -> Self {
        self.node.risk = risk;
        self
    }

    /// The same under these terms.
    pub fn under(mut self, terms: NodeTerms) -> Self {
        self.node.digest = digest(&terms);
        self.terms = terms;
        self
    }

    fn of(
        name: &str,
        budget: u128,
        tier: u8,
        risk: u8,
        (redundancy, threshold): (u8, u8),
        timeout_ms: u32,
    ) -> Self {
        let word = |part: &str| keccak256(format!("{part} of {name}"));
        let terms = NodeTerms {
            inputSchemaHash: word("input schema"),
            outputSchemaHash: word("output schema"),
            labelHash: word("label"),
            rubricHash: if tier == 3 {
                word("rubric")
            } else {
                B256::ZERO
            },
            verifier: Address::ZERO,
            verifierCodehash: B256::ZERO,
            expected: word("commitment"),
        };
        Self {
            node: Node {
                digest: digest(&terms),
                tier,
                risk,
                redundancy,
                threshold,
                mode: Mode::Exact as u8,
                timeout_ms,
                budget,
                first_edge: 0,
                outs: 0,
                tokens: 10,
            },
            terms,
        }
    }
}

/// Tasks and what waits for what.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its session and its pages' names in what is printed.
    pub name: String,
    /// By their numbers, in an order in which they can be done.
    pub tasks: Vec<Task>,
    /// From an earlier to a later one.
    pub edges: Vec<(u16, u16)>,
    /// What the gate asks.
    pub predicates: Vec<Predicate>,
}

/// A plan as bytes, with its seats.
#[derive(Clone, Debug)]
pub struct Written {
    /// Pages of the statute.
    pub pages: Vec<Vec<u8>>,
    /// Pages of seats.
    pub seat_pages: Vec<Vec<u8>>,
    /// What they were written from.
    pub seats: Vec<Seat>,
    /// How many nodes.
    pub nodes: u16,
    /// Of all nodes, in base units.
    pub budget: u128,
}

impl Plan {
    /// Tasks of all tiers over a random graph: half of them proved, a third agreed on by three to five executors, the rest
    /// reviewed.
    pub fn random(name: &str, seed: u64, nodes: u16, edges: usize, budget: u128) -> Self {
        let graph = Graph::random(seed, nodes, edges);
        let mut rng = StdRng::seed_from_u64(seed ^ u64::from(nodes));
        let modes = [Mode::Exact, Mode::Numeric, Mode::Sketch, Mode::Set];
        let tasks = (0..nodes)
            .map(|number| {
                let task = format!("task {number} of {name}");
                match rng.random_range(0..6) {
                    0..3 => Task::proved(&task, budget),
                    3..5 => {
                        let redundancy = rng.random_range(3..=5);
                        let threshold = rng.random_range(redundancy / 2 + 1..=redundancy);
                        let mode = modes[rng.random_range(0..modes.len())];
                        Task::agreed(&task, budget, redundancy, threshold, mode)
                    }
                    _ => Task::reviewed(&task, budget),
                }
            })
            .collect();
        Self {
            name: name.to_owned(),
            tasks,
            edges: graph.edges,
            predicates: Vec::new(),
        }
    }

    /// Nodes with their successors, as the encoder takes them.
    pub fn drafts(&self) -> Vec<Draft> {
        let mut drafts: Vec<Draft> = self
            .tasks
            .iter()
            .map(|task| Draft {
                node: task.node,
                successors: Vec::new(),
            })
            .collect();
        let mut edges = self.edges.clone();
        edges.sort_unstable();
        for (from, to) in edges {
            drafts[usize::from(from)].successors.push(to);
        }
        drafts
    }

    /// Of all tasks, in base units.
    pub fn budget(&self) -> u128 {
        self.tasks.iter().map(|task| task.node.budget).sum()
    }

    /// LLM tokens of all tasks.
    pub fn tokens(&self) -> u32 {
        self.tasks.iter().map(|task| task.node.tokens).sum()
    }

    /// What is staked on a seat of a task, in base units, by whoever stakes `stake` where nothing is at risk.
    pub fn stake(&self, task: u16, stake: u128) -> u128 {
        stake * STAKES[usize::from(self.tasks[usize::from(task)].node.risk.min(2))]
    }

    /// Whether some task is of high risk, so that the codification must be audited.
    pub fn is_risky(&self) -> bool {
        self.tasks.iter().any(|task| task.node.risk > 1)
    }

    /// Seats for all tasks: `executors` in turn, none twice at one task, each for its whole share, with `stake` base units of
    /// its own, more where more is at risk. Executors of one principal are not neighbours in the list, so no principal sits twice
    /// either, as long as there are as many principals as a task has seats.
    pub fn seats(&self, executors: &[Executor], stake: u128) -> Vec<Seat> {
        let mut turn = executors.iter().cycle();
        let mut seats = Vec::new();
        for (task, node) in self.tasks.iter().zip(0..) {
            for seat in 0..task.node.redundancy {
                let executor = turn.next().expect("executors");
                let agent = executor.agent.address();
                seats.push(Seat {
                    node,
                    seat,
                    agent,
                    price: task.node.share(),
                    stake: self.stake(node, stake),
                    source: agent.into_word(),
                    service: executor.service,
                });
            }
        }
        seats
    }

    /// The pages.
    ///
    /// Errors: what has no place in one.
    pub fn write(&self, seats: Vec<Seat>) -> Result<Written, Unfit> {
        let nodes = self.tasks.len() as u16;
        Ok(Written {
            pages: encode::statute(&self.drafts(), &self.predicates)?,
            seat_pages: encode::seats(nodes, &seats)?,
            seats,
            nodes,
            budget: self.budget(),
        })
    }
}

/// What a sequence of pages hashes to.
pub fn hash(pages: &[Vec<u8>]) -> B256 {
    let keccak = |bytes: &[u8]| keccak256(bytes);
    fold(&keccak, pages.iter().map(Vec::as_slice), B256::ZERO)
}

impl Written {
    /// What is voted and approved of the statute.
    pub fn statute_hash(&self) -> B256 {
        hash(&self.pages)
    }

    /// The same of the seats.
    pub fn assignments_hash(&self) -> B256 {
        hash(&self.seat_pages)
    }

    /// Bytes of all pages of the statute, and of all pages of seats.
    pub fn bytes(&self) -> (usize, usize) {
        let sum = |pages: &[Vec<u8>]| pages.iter().map(|page| page.len() + 1).sum();
        (sum(&self.pages), sum(&self.seat_pages))
    }
}

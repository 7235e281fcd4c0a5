//! Keepers in a small world, in any order of looks, deeds and deaths.

use proptest::prelude::*;

use super::*;

/// A mission of three nodes in a row, of tiers 1, 2 and 3, as the chain and the executors of three keepers have it.
struct World {
    nodes: Vec<NodeSight>,
    state: MissionState,
    now: u64,
    /// Seconds on the keepers' clocks: each look takes one.
    clock: u64,
    /// What had an effect.
    effects: Vec<Step>,
}

impl World {
    fn new() -> Self {
        Self {
            nodes: vec![
                node(0, 1, NodeState::Eligible, &[1]),
                node(1, 2, NodeState::Waiting, &[1, 2, 3]),
                node(2, 3, NodeState::Waiting, &[2]),
            ],
            state: MissionState::Active,
            now: 1,
            clock: 0,
            effects: Vec::new(),
        }
    }

    /// What a keeper sees: of jobs those of its own agent.
    fn sight(&self, served: u8) -> Sight {
        let mut nodes = self.nodes.clone();
        nodes.retain(|node| node.state != NodeState::Waiting);
        for seat in nodes.iter_mut().flat_map(|node| &mut node.seats) {
            if seat.agent != agent(served) {
                seat.job = JobSight::Silent;
            }
        }
        Sight {
            state: self.state,
            asked: Moment::new(1_000 * self.clock),
            ..sight(nodes)
        }
    }

    fn node(&mut self, number: u16) -> &mut NodeSight {
        &mut self.nodes[usize::from(number)]
    }

    fn complete(&mut self, number: u16) {
        self.now += 1;
        let now = self.now;
        self.node(number).state = NodeState::Completed;
        match self.nodes.get_mut(usize::from(number) + 1) {
            Some(next) => {
                next.state = NodeState::Eligible;
                next.since = now;
            }
            None => self.state = MissionState::Completed,
        }
    }

    /// Does a step as chain and executors would; what is done already has no effect.
    fn carry_out(&mut self, step: Step) -> Outcome {
        let before = (self.nodes.clone(), self.state);
        let allowed = self.try_out(step);
        if !allowed {
            return refused();
        }
        let lasting = matches!(step, Step::Release { .. } | Step::CloseEscrow { .. });
        if before == (self.nodes.clone(), self.state) && (!lasting || self.effects.contains(&step))
        {
            return Outcome::Satisfied;
        }
        assert!(!self.effects.contains(&step), "{step:?} twice");
        self.effects.push(step);
        Outcome::Done {
            hash: B256::ZERO,
            block: 1,
        }
    }

    fn try_out(&mut self, step: Step) -> bool {
        match step {
            Step::Accept(job) => {
                let node = self.node(job.node);
                node.seats[usize::from(job.seat.get())].taken = true;
                true
            }
            Step::Route { node: number, .. } => {
                self.state = MissionState::Executing;
                let node = self.node(number);
                let ready = node.seats.iter().all(|seat| seat.taken);
                if node.state == NodeState::Eligible && ready {
                    node.state = NodeState::Executing;
                    node.phase = (node.tier == CONSENSUS).then_some(Phase::Commits);
                }
                ready
            }
            Step::Invoke(job) => {
                let node = self.node(job.node);
                let runs = [NodeState::Executing, NodeState::PendingVerification];
                assert!(
                    runs.contains(&node.state),
                    "work begins when the chain says so"
                );
                let seat = &mut node.seats[usize::from(job.seat.get())];
                if seat.job == JobSight::Missing {
                    let open = node.tier == PROVED;
                    seat.job = if open {
                        JobSight::Delivered
                    } else {
                        JobSight::Committed
                    };
                }
                true
            }
            Step::Result(job, kind) => self.result(job, kind),
            Step::Open(job) => {
                let node = self.node(job.node);
                assert_eq!(node.state, NodeState::Completed);
                node.seats[usize::from(job.seat.get())].job = JobSight::Delivered;
                true
            }
            Step::Close { .. }
            | Step::Expire { .. }
            | Step::Substitute { .. }
            | Step::Reopen { .. }
            | Step::Filter { .. }
            | Step::End { .. }
            | Step::Stop(_) => panic!("nothing closes, expires or stops here: {step:?}"),
            Step::Release { .. } | Step::CloseEscrow { .. } => self.state.is_terminal(),
        }
    }

    fn result(&mut self, job: JobId, kind: Kind) -> bool {
        let node = self.node(job.node);
        let seat = usize::from(job.seat.get());
        match kind {
            Kind::Proof if node.state == NodeState::Executing => self.complete(job.node),
            Kind::Review if node.state == NodeState::Executing => {
                node.state = NodeState::PendingReview;
            }
            Kind::Commit => {
                node.state = NodeState::PendingVerification;
                node.seats[seat].committed = true;
                if node.seats.iter().all(|seat| seat.committed) {
                    node.phase = Some(Phase::Reveals);
                }
            }
            Kind::Reveal => {
                assert_eq!(node.phase, Some(Phase::Reveals), "opened before its window");
                node.seats[seat].opened = true;
                node.seats[seat].job = JobSight::Delivered;
                if node.seats.iter().all(|seat| seat.opened) && node.state != NodeState::Completed {
                    self.complete(job.node);
                }
            }
            Kind::Proof | Kind::Review => {}
        }
        true
    }
}

/// A keeper: its machine, and what its journal holds open.
struct Keeper {
    serves: u8,
    router: Router,
    open: Vec<Action>,
}

impl Keeper {
    fn look(&mut self, world: &mut World) {
        world.clock += 1;
        let wanted = see(&mut self.router, &world.sight(self.serves));
        for action in wanted {
            let known = self.open.iter().any(|open| open.name() == action.name());
            assert!(!known, "{} is under way", action.name());
            self.open.push(action);
        }
    }

    fn act(&mut self, world: &mut World, which: usize) {
        if self.open.is_empty() {
            return;
        }
        let action = self.open.swap_remove(which % self.open.len());
        let outcomes: Vec<Outcome> = steps(std::slice::from_ref(&action))
            .into_iter()
            .map(|step| world.carry_out(step))
            .collect();
        // One transaction does all or nothing: what was satisfied before is left out of it.
        let worst = outcomes
            .iter()
            .find(|outcome| matches!(outcome, Outcome::Refused { .. }));
        let outcome = worst
            .or(outcomes.first())
            .cloned()
            .unwrap_or(Outcome::Satisfied);
        end(&mut self.router, &action, outcome);
    }

    fn die(&mut self) {
        let served = self.router.served.clone();
        self.router = Router::resume(served, &self.router.state()).expect("its own checkpoint");
    }
}

proptest! {
    /// Whoever looks, acts or dies in whatever order: the mission ends, and nothing has its effect twice.
    #[test]
    fn three_keepers_bring_a_mission_to_its_end_in_any_order(moves in proptest::collection::vec((0usize..3, 0u8..8, 0usize..8), 0..80)) {
        let mut world = World::new();
        let mut keepers = [1, 2, 3].map(|serves| Keeper { serves, router: serving(&[serves]), open: Vec::new() });
        let patient = (0..120).map(|turn| (turn % 3, (turn / 3 % 2) as u8 * 4, 0));
        for (who, what, which) in moves.into_iter().chain(patient) {
            let keeper = &mut keepers[who];
            match what {
                0..4 => keeper.look(&mut world),
                4..7 => keeper.act(&mut world, which),
                _ => keeper.die(),
            }
            // The panel approves what waits for it.
            if world.nodes[2].state == NodeState::PendingReview {
                world.complete(2);
            }
        }
        prop_assert_eq!(world.state, MissionState::Completed);
        let opened = world.nodes[2].seats[0].job;
        prop_assert_eq!(opened, JobSight::Delivered);
        let settled = |number: u8| world.effects.contains(&Step::Release { mission: MISSION, agent: agent(number) });
        prop_assert!(settled(1) && settled(2) && settled(3));
    }

    /// A checkpoint is the whole machine.
    #[test]
    fn who_was_resumed_decides_the_same(looks in proptest::collection::vec(any::<(bool, bool, bool)>(), 1..20)) {
        let (mut router, mut other) = (serving(&[1]), serving(&[1]));
        for (taken, runs, refuses) in looks {
            let mut shown = node(0, 1, if runs { NodeState::Executing } else { NodeState::Eligible }, &[1]);
            shown.seats[0].taken = taken;
            let shown = sight(vec![shown]);
            other = Router::resume(other.served.clone(), &other.state()).expect("its own");
            let wanted = see(&mut router, &shown);
            prop_assert_eq!(&wanted, &see(&mut other, &shown));
            for action in wanted {
                let outcome = if refuses { refused() } else { Outcome::Satisfied };
                prop_assert_eq!(end(&mut router, &action, outcome.clone()), end(&mut other, &action, outcome));
            }
        }
    }
}

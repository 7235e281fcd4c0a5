//! Every halt over every state, and nobody who could lift it ever speaks again: neither panel, monitors, sponsors nor executors. What
//! is left is time and a stranger, and both laws must hold all the same: every mission ends, at the latest when the halt's maximum
//! passed (RULINGS R9), nothing that was halted was ever completed by it, and everybody gets what is theirs.
//!
//! One city for each halt, in which a mission stands in each state of `docs/exits.md` when the halt is raised.

use agentcity_abi::{
    ICollaboration::{self as work, MissionState as M, NodeState as N},
    IConstitution as law, IGuardian as guardian, IRoster as roster, ITreasury as treasury,
    IVerification as results,
};
use agentcity_domain::{
    act::Action, exit::Halt, parameter::ParameterId as P, peer::Peer, signed::work::OutageReport,
};
use agentcity_missions::{
    Addressed, Books, City, Mission, NodeSpec, PredicateSpec, STRANGER, SeatSpec, Statute, name_of,
    number, output_of, service_of, terms,
};
use alloy_primitives::{Address, B256, U256, aliases::U40, keccak256};
use alloy_sol_types::SolEvent;

const PRICE: u128 = 100_000_000;
/// Beyond every slash of the table, so that it can be seen whether there was one.
const STAKE: u128 = 3_000_000;
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// Life of a mission that outlives every halt.
const LONG: u64 = 10 * DAY;
/// Hours after which nothing may be open: the longest mission, and what recovering it may take.
const HOURS: u64 = (LONG + 2 * DAY) / HOUR;
/// Days for which stakes may be held after that.
const SANCTION_DAYS: u64 = 8;
/// Executors: as many as the missions of a city have seats.
const PRODUCERS: usize = 14;
/// The domain of every law here.
const DOMAIN: &str = "any domain";
/// One weakened parameter more than this raises an alert.
const FOUNDED: [(P, u32); 1] = [(P::WatchdogWeakeningLimit, 1)];

/// Where a mission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Its pages are not all deployed.
    Pending,
    /// Its node waits for executors.
    Eligible,
    /// The executor works.
    Executing,
    /// One of three committed.
    Verifying,
    /// An adjudicator should decide.
    Reviewing,
    /// Its node failed; the mission lives, and another node waits for it.
    NodeFailed,
    /// A monitor's word froze its node.
    Frozen,
    /// The gate waits for a human predicate.
    Gate,
    /// Its deadline passed.
    Failed,
    /// An outage degraded it.
    Degraded,
}

const PLACES: [Place; 10] = [
    Place::Failed,
    Place::NodeFailed,
    Place::Degraded,
    Place::Pending,
    Place::Eligible,
    Place::Executing,
    Place::Verifying,
    Place::Reviewing,
    Place::Frozen,
    Place::Gate,
];

/// Halts of one mission that its state does not admit: nothing of a mission goes on there that a halt could hold back, or
/// it is halted already. They are refused, and the mission ends as without.
fn is_admitted(halt: Halt, place: Place) -> bool {
    !matches!(
        (halt, place),
        (
            Halt::Pause,
            Place::Pending | Place::Failed | Place::Degraded
        )
    )
}

struct Standing {
    place: Place,
    mission: Mission,
    /// When it ended, and why, as far as that is known.
    ended: Option<u64>,
}

struct Silence {
    city: City,
    books: Books,
    standing: Vec<Standing>,
}

/// A node that costs `PRICE` for each of these agents.
fn node(mission: B256, index: u16, tier: u8, outs: Vec<u16>, agents: &[Address]) -> NodeSpec {
    let seats: Vec<SeatSpec> = agents
        .iter()
        .map(|agent| SeatSpec {
            agent: *agent,
            service: service_of(1),
            price: PRICE,
            stake: STAKE,
            source: agent.into_word(),
        })
        .collect();
    NodeSpec {
        tier,
        risk: u8::from(tier == 3),
        threshold: if tier == 2 { 2 } else { 1 },
        mode: 0,
        timeout_ms: if tier == 3 { 300_000 } else { 30_000 },
        budget: PRICE * seats.len() as u128,
        tokens: 1_000,
        outs,
        terms: terms(mission, index),
        seats,
    }
}

impl Silence {
    fn begin() -> Self {
        let city = City::founded(PRODUCERS, &FOUNDED);
        let mut books = Books::default();
        let folk = &city.folk;
        let everybody = folk
            .producers
            .iter()
            .chain(&folk.sponsors)
            .chain(&folk.monitors);
        books.accounts.extend(everybody.map(|key| key.address));
        let bonds = folk.monitors.iter().map(|key| key.address.into_word());
        books.bonds.extend(bonds);
        let mut silence = Self {
            city,
            books,
            standing: Vec::new(),
        };
        silence.weaken_twice();
        for (which, place) in PLACES.into_iter().enumerate() {
            silence.put(which, place);
        }
        for standing in &silence.standing {
            silence.require_place(standing);
        }
        silence.books.check(&silence.city);
        silence
    }

    /// The first adjudicator lets two parameters become weaker, so that whoever wants to may have the city frozen.
    fn weaken_twice(&self) {
        for _ in 0..2 {
            let id = P::NumericTolerancePct as u8;
            let read = law::readCurrentCall {
                ids: vec![id].into(),
            };
            let old = self.city.ask(read).values[0];
            let value = U256::from_be_bytes(old.0) + U256::ONE;
            let fields = [
                ("parameter", number(id)),
                ("oldValue", old),
                ("newValue", B256::from(value)),
            ];
            self.city.rule(Action::AmendParameter, &fields);
            self.city.world.warp(1);
        }
    }

    fn put(&mut self, which: usize, place: Place) {
        let city = self.city.clone();
        let sponsor = city.folk.sponsors[0].address;
        let count = which as u64 + 1;
        let id = Mission::number(sponsor, count);
        let agents: Vec<Address> = city.folk.producers.iter().map(|key| key.address).collect();
        let own = [agents[which]];
        let three = &agents[10..13];
        let (nodes, predicates) = match place {
            Place::Verifying => (vec![node(id, 0, 2, vec![], three)], Vec::new()),
            Place::Reviewing => (vec![node(id, 0, 3, vec![], &own)], Vec::new()),
            Place::NodeFailed => {
                let nodes = vec![node(id, 0, 1, vec![1], &own), node(id, 1, 1, vec![], &own)];
                (nodes, Vec::new())
            }
            Place::Gate => {
                let human = PredicateSpec {
                    human: true,
                    hard: true,
                    target: Address::ZERO,
                    codehash: B256::ZERO,
                };
                (vec![node(id, 0, 1, vec![], &own)], vec![human])
            }
            _ => (vec![node(id, 0, 1, vec![], &own)], Vec::new()),
        };
        let statute = Statute { nodes, predicates };
        let life = if place == Place::Failed { HOUR } else { LONG };
        let deadline = city.world.now() + life;
        let mission = Mission::legislated(&city, sponsor, count, statute, deadline);
        let seats = mission.statute.nodes.iter().flat_map(|node| &node.seats);
        for seat in seats {
            self.books.stakes.insert((mission.id, seat.agent));
            let reserve = (mission.session, seat.source, seat.agent);
            self.books.reserves.insert(reserve);
        }
        self.books.missions.insert(mission.id);
        self.lead(&mission, place);
        self.standing.push(Standing {
            place,
            mission,
            ended: None,
        });
    }

    /// Leads a mission to its place.
    fn lead(&self, mission: &Mission, place: Place) {
        let city = &self.city;
        if place == Place::Pending {
            mission.create(city);
            mission.fund(city, mission.statute.budget());
            return;
        }
        mission.begin(city);
        let agents = |node: usize| {
            mission.statute.nodes[node]
                .seats
                .iter()
                .map(|seat| seat.agent)
        };
        let first = mission.statute.nodes[0].seats[0].agent;
        let expire = work::expireNodeCall {
            missionId: mission.id,
            node: 0,
        };
        match place {
            Place::Pending | Place::Eligible => {}
            Place::Failed => {
                city.world.warp(HOUR + 1);
                let call = work::expireMissionCall {
                    missionId: mission.id,
                };
                city.tell(STRANGER, call);
            }
            Place::NodeFailed => {
                city.world.warp(HOUR);
                city.tell(STRANGER, expire);
            }
            Place::Frozen => {
                let fields = [
                    ("missionId", mission.id),
                    ("node", number(0u8)),
                    ("attempt", number(mission.attempt(city, 0))),
                    ("agent", first.into_word()),
                ];
                city.rule(Action::FreezeNode, &fields);
            }
            Place::Executing
            | Place::Reviewing
            | Place::Gate
            | Place::Verifying
            | Place::Degraded => {
                for agent in agents(0) {
                    mission.accept(city, 0, agent).expect("accepted");
                }
                mission.route(city, 0).expect("routed");
                match place {
                    Place::Reviewing | Place::Gate => {
                        mission.submit(city, 0, first, true).expect("handed in");
                    }
                    Place::Verifying => {
                        let value = output_of(0);
                        mission.commit(city, 0, first, value).expect("committed");
                    }
                    Place::Degraded => self.degrade(mission.id),
                    _ => {}
                }
            }
        }
    }

    /// Two monitors say that the sequencer was out for half an hour.
    fn degrade(&self, mission: B256) {
        self.city.world.warp(2_000);
        let now = self.city.world.now();
        let (from, until, deadline) = (now - 1_950, now - 10, now + 60);
        let (mut reports, mut signatures) = (Vec::new(), Vec::new());
        for monitor in &self.city.folk.monitors[..2] {
            let report = OutageReport {
                mission_id: mission,
                from,
                until,
                deadline,
                monitor: monitor.address,
            };
            let digest = self.city.digest(Peer::Guardian, &report.words());
            signatures.push(monitor.sign(digest).into());
            reports.push(guardian::OutageReport {
                missionId: mission,
                from: U40::from(from),
                until: U40::from(until),
                deadline,
                monitor: monitor.address,
            });
        }
        let call = guardian::enterDegradedCall {
            reports: reports.try_into().expect("two"),
            signatures: signatures.try_into().expect("two"),
        };
        self.city.tell(STRANGER, call);
    }

    #[track_caller]
    fn require_place(&self, standing: &Standing) {
        let expected = match standing.place {
            Place::Pending => (M::Pending, None),
            Place::Eligible => (M::Active, Some(N::Eligible)),
            Place::Executing => (M::Executing, Some(N::Executing)),
            Place::Verifying => (M::Executing, Some(N::PendingVerification)),
            Place::Reviewing => (M::Executing, Some(N::PendingReview)),
            Place::NodeFailed => (M::Active, Some(N::Failed)),
            Place::Frozen => (M::Active, Some(N::Frozen)),
            Place::Gate => (M::Verification, Some(N::Completed)),
            Place::Failed => (M::Failed, None),
            Place::Degraded => (M::Degraded, None),
        };
        let state = standing.mission.state(&self.city);
        let node = expected
            .1
            .map(|_| standing.mission.node(&self.city, 0).state);
        assert_eq!((state, node), expected, "{:?}", standing.place);
    }

    /// Where the clocks stand nothing has changed, but what was failed or degraded before, which ends by its own deadline.
    #[track_caller]
    fn require_untouched(&self, halt: Option<Halt>) {
        for standing in &self.standing {
            let place = standing.place;
            let has_own = matches!(place, Place::Failed | Place::Degraded);
            if !has_own && halt.is_some_and(|halt| is_admitted(halt, place)) {
                self.require_place(standing);
            }
        }
    }

    /// Raises a halt over everything that it can lie on; the last second of its maximum.
    fn raise(&mut self, halt: Halt) -> u64 {
        let city = self.city.clone();
        let now = city.world.now();
        match halt {
            Halt::EmergencyStop | Halt::Pause => {
                for standing in &self.standing {
                    let mission = standing.mission.id;
                    let raised = if halt == Halt::Pause {
                        self.pause(mission)
                    } else {
                        self.stop(mission)
                    };
                    let admitted = is_admitted(halt, standing.place);
                    let refusal = raised.as_ref().map_err(|no| name_of(no));
                    assert_eq!(
                        raised.is_ok(),
                        admitted,
                        "{halt:?} over {:?}: {refusal:?}",
                        standing.place
                    );
                    if let Ok(Some(bond)) = raised {
                        self.books.bonds.insert(bond);
                    }
                }
                now + maximum(halt)
            }
            Halt::CityHalt => {
                let fields = [("evidenceHash", keccak256("evidence"))];
                city.rule(Action::HaltCity, &fields);
                now + maximum(halt)
            }
            Halt::WatchdogFreeze => {
                let flagged = &city.folk.judges[0];
                let known = city.judge(flagged);
                assert!(known.flagged, "two weakenings are noticed");
                let fields = [
                    ("adjudicator", flagged.address.into_word()),
                    ("actions", number(known.actions)),
                ];
                let act = city.act(Action::ConfirmAlert, &fields, now);
                city.submit(&act, &city.folk.judges[1..2])
                    .unwrap_or_else(|no| panic!("{}", name_of(&no)));
                let until: u64 = city.ask(roster::haltedUntilCall {}).to();
                assert_eq!(until, now + maximum(halt));
                until
            }
            Halt::NormStruck => {
                let norm = keccak256("norm");
                let domain = keccak256(DOMAIN);
                city.rule(Action::EnactNorm, &[("norm", norm), ("domain", domain)]);
                city.rule(Action::StrikeNorm, &[("norm", norm)]);
                u64::MAX
            }
            Halt::Degraded => panic!("a place here, and no halt over others"),
        }
    }

    fn stop(&self, mission: B256) -> Result<Option<B256>, Vec<u8>> {
        let fields = [
            ("missionId", mission),
            ("evidenceHash", keccak256("evidence")),
        ];
        let act = self.city.act(Action::TriggerStop, &fields, 0);
        let stopped = self.city.submit(&act, &self.city.folk.judges[..1]);
        stopped.map(|_| None)
    }

    fn pause(&self, mission: B256) -> Result<Option<B256>, Vec<u8>> {
        let monitor = self.city.folk.monitors[0].address;
        let amount = 600_000;
        let deposit = treasury::depositCall {
            account: monitor,
            amount: U256::from(amount),
        };
        self.city.pay(monitor, amount, deposit);
        let call = guardian::reportDivergenceCall {
            missionId: mission,
            evidenceHash: keccak256("difference"),
        };
        self.city.world.take_logs();
        self.city.try_to(monitor, call)?;
        let logs = self.city.world.take_logs();
        let bond = logs.iter().find_map(|log| {
            let told = guardian::DivergenceReported::decode_log_validate(log);
            told.ok().map(|event| event.bondId)
        });
        Ok(bond)
    }

    fn exit<C: Addressed>(&self, call: C) {
        let tried = self.city.try_to(STRANGER, call);
        if let Err(refusal) = tried.map(|_| ()) {
            let name = name_of(&refusal);
            let is_told = !name.starts_with('?') && name != "nothing";
            assert!(is_told, "refused without a reason: {name}");
        }
    }

    /// A stranger tries whatever deadlines open, over every mission that has not ended.
    fn try_exits(&mut self) {
        for at in 0..self.standing.len() {
            if self.standing[at].ended.is_some() {
                continue;
            }
            let mission = self.standing[at].mission.clone();
            for node in 0..mission.statute.nodes.len() as u16 {
                self.exit(results::closeVerificationCall {
                    missionId: mission.id,
                    node,
                    elements: Vec::new(),
                });
                self.exit(work::expireNodeCall {
                    missionId: mission.id,
                    node,
                });
            }
            self.exit(work::expireMissionCall {
                missionId: mission.id,
            });
            let state = mission.state(&self.city);
            assert_ne!(state, M::Completed, "{:?}", self.standing[at].place);
            if state == M::Aborted {
                self.standing[at].ended = Some(self.city.world.now());
            }
        }
    }

    /// Everything that is left of the missions goes back, and nothing stays behind.
    fn settle(&mut self) {
        let city = self.city.clone();
        for _ in 0..SANCTION_DAYS {
            for standing in &self.standing {
                let id = standing.mission.id;
                self.exit(guardian::releaseBondCall { missionId: id });
                for (mission, agent) in &self.books.stakes {
                    if *mission == id {
                        self.exit(work::releaseAgentCall {
                            missionId: id,
                            agent: *agent,
                        });
                    }
                }
                self.exit(treasury::closeEscrowCall { missionId: id });
            }
            self.books.check(&city);
            city.world.warp(DAY);
        }
        let parts = city.ask(treasury::partsCall {});
        assert_eq!(parts.escrows, U256::ZERO, "escrows");
        assert_eq!(parts.lockedStakes, U256::ZERO, "locked stakes");
        let monitors = city.folk.monitors.iter();
        let bonds: u128 = monitors.map(|key| city.monitor(key).bond).sum();
        assert_eq!(parts.bonds.to::<u128>(), bonds, "only monitors' own bonds");
        for account in self.books.accounts.clone() {
            if !city.ask(treasury::creditsCall { account }).is_zero() {
                city.tell(account, treasury::withdrawCall {});
            }
        }
        self.books.check(&city);
    }
}

/// What the funds hold: fees of what was completed, and all that was ever slashed.
fn kept(city: &City) -> u128 {
    let parts = city.ask(treasury::partsCall {});
    (parts.treasury + parts.subsidyBudget + parts.insurance).to()
}

/// The maximum of a halt, by the table.
fn maximum(halt: Halt) -> u64 {
    let parameter = halt.maximum().expect("it has a maximum");
    let value = u64::from(parameter.row().default);
    if halt == Halt::WatchdogFreeze {
        value * HOUR
    } else {
        value
    }
}

/// What became of missions that were left alone.
struct Left {
    /// Seconds from the halt to the end of each.
    ended: Vec<(Place, u64)>,
    /// What the funds gained from then on.
    gained: u128,
}

/// Leaves every mission alone under a halt, if any.
fn left_alone(halt: Option<Halt>) -> Left {
    let mut silence = Silence::begin();
    let city = silence.city.clone();
    let (funds, raised) = (kept(&city), city.world.now());
    let until = halt.map_or(u64::MAX, |halt| silence.raise(halt));
    let clocks_stand = halt.is_some_and(Halt::pauses_deadlines);
    for _ in 0..HOURS {
        silence.try_exits();
        let now = city.world.now();
        if now < until && until - now <= HOUR {
            // The last second of the maximum: it has not passed yet.
            city.world.warp(until - now);
            silence.try_exits();
            if clocks_stand {
                silence.require_untouched(halt);
            }
            city.world.warp(1);
        } else {
            city.world.warp(HOUR);
        }
    }
    silence.settle();
    let ended = silence.standing.iter().map(|one| {
        let ended = one
            .ended
            .unwrap_or_else(|| panic!("{:?} under {halt:?} lies there for ever", one.place));
        (one.place, ended - raised)
    });
    Left {
        ended: ended.collect(),
        gained: kept(&city) - funds,
    }
}

/// A failed mission may be recovered for so long.
const RECOVERY: u64 = DAY;

#[test]
fn left_alone_under_no_halt_everything_ends_by_its_own_deadlines() {
    for halt in [None, Some(Halt::NormStruck)] {
        let left = left_alone(halt);
        println!("{halt:?}: {:?}, {} gained", left.ended, left.gained);
        for (place, ended) in left.ended {
            assert!(
                ended <= LONG + RECOVERY + 2 * HOUR,
                "{place:?} under {halt:?}"
            );
        }
    }
}

#[test]
fn left_alone_under_a_halt_everything_ends_in_the_second_after_its_maximum() {
    for halt in [
        Halt::EmergencyStop,
        Halt::Pause,
        Halt::CityHalt,
        Halt::WatchdogFreeze,
    ] {
        let left = left_alone(Some(halt));
        println!("{halt:?}: {:?}, {} gained", left.ended, left.gained);
        for (place, ended) in left.ended {
            if is_admitted(halt, place) {
                assert!(
                    ended <= maximum(halt) + 1,
                    "{place:?} under {halt:?}: {ended}"
                );
            }
        }
        if halt.pauses_deadlines() {
            assert_eq!(left.gained, 0, "nobody is at fault under {halt:?}");
        }
    }
}

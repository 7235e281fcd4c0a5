//! The twelve real-time metrics of the seed, each with its alert condition (seed §B.12, Execution Dashboard).
//!
//! Every condition is a function of the picture, the facts and the chain's time alone, so a table of cases tests it.

use std::collections::VecDeque;

use agentcity_abi::ICollaboration::Halt;
use agentcity_domain::machine::NodeState;
use alloy::primitives::B256;

use super::{
    facts::{Facts, Limits},
    gas::Gas,
    picture::{
        At, Counters, Picture,
        mission::{Mission, Stop},
    },
};

/// A node pending finalisation for longer is told, in seconds (seed §B.12).
const FINALISATION_SECS: u64 = 30;
/// A counter above so many hundredths of its threshold is told (seed §B.12).
const COUNTER_PERCENT: u64 = 70;
/// Gas above so many hundredths of the budget is told (seed §B.12).
const GAS_PERCENT: u64 = 90;
/// Progress or a phase that takes so many times as long as usual is told (seed §B.12).
const SLOW_TIMES: u64 = 2;
/// Ended phases without which nothing is usual.
const PHASES_MIN: usize = 5;
/// Points of a series.
const SERIES_MAX: usize = 120;
/// Shortest time between two points, in seconds.
const SERIES_SECS: u64 = 10;

/// What conditions are asked about.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// The city by its logs.
    pub picture: &'a Picture,
    /// What views said.
    pub facts: &'a Facts,
    /// What it cost.
    pub gas: &'a Gas,
    /// The chain's time, unix seconds: that of its newest block, and what passed since it was seen.
    pub now: u64,
    /// Gas that a mission may use, if the operator said.
    pub mission_gas: Option<u64>,
    /// Outputs that this keeper holds, and how many of them are tried the third time; nothing if it holds none for anybody.
    pub held: Option<(u64, u64)>,
}

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its id in the protocol.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// Of what its value is a number.
    pub unit: &'static str,
    /// When it alerts, for people.
    pub condition: &'static str,
    measure: fn(&Sight<'_>) -> Measured,
}

/// What a metric says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// The number; nothing when it is not known.
    pub value: Option<u64>,
    /// In words.
    pub text: String,
    /// Whether the condition holds; nothing when that is not known.
    pub alerting: Option<bool>,
    /// Why something is not known.
    pub why: Option<String>,
}

impl Measured {
    fn counted(value: u64, text: String) -> Self {
        Self {
            value: Some(value),
            text,
            alerting: Some(value > 0),
            why: None,
        }
    }

    fn unknown(text: &str, why: impl Into<String>) -> Self {
        Self {
            value: None,
            text: text.to_owned(),
            alerting: None,
            why: Some(why.into()),
        }
    }
}

/// All of them, in the order of the protocol.
pub const TABLE: [Row; 12] = [
    Row {
        id: "nodeStates",
        name: "DAG node states",
        unit: "nodes",
        condition: "a node is frozen, failed, or pending finalisation for more than 30 s",
        measure: node_states,
    },
    Row {
        id: "missionPhase",
        name: "Mission phase",
        unit: "missions",
        condition: "a phase lasts more than twice the median of those that ended",
        measure: mission_phase,
    },
    Row {
        id: "anomalyCounters",
        name: "Guardian anomaly counters",
        unit: "percent",
        condition: "a counter is above 70 % of its threshold",
        measure: anomaly_counters,
    },
    Row {
        id: "activeFreezes",
        name: "Active freezes",
        unit: "freezes",
        condition: "any freeze is open",
        measure: active_freezes,
    },
    Row {
        id: "reviewQueue",
        name: "Review queue",
        unit: "reviews",
        condition: "anything waits for people",
        measure: review_queue,
    },
    Row {
        id: "gas",
        name: "Gas expenditure",
        unit: "percent",
        condition: "an open mission used more than 90 % of its gas budget",
        measure: gas,
    },
    Row {
        id: "reputation",
        name: "Reputation standings",
        unit: "agents",
        condition: "an agent is below the reputation floor",
        measure: reputation,
    },
    Row {
        id: "consistency",
        name: "Consistency protocol",
        unit: "missions",
        condition: "a mission is degraded, pending finalisation, or reported divergent",
        measure: consistency,
    },
    Row {
        id: "escrowBuffer",
        name: "Escrow buffer",
        unit: "outputs",
        condition: "an output is tried the third time",
        measure: escrow_buffer,
    },
    Row {
        id: "progress",
        name: "Mission progress",
        unit: "missions",
        condition: "nothing completed for more than twice the median time of a node",
        measure: progress,
    },
    Row {
        id: "emergencyStops",
        name: "Emergency stops",
        unit: "stops",
        condition: "any stop is in force",
        measure: emergency_stops,
    },
    Row {
        id: "conservation",
        name: "Conservation of money",
        unit: "contracts",
        condition: "books of a contract do not balance",
        measure: conservation,
    },
];

impl Row {
    /// What it says now.
    pub fn measured(&self, sight: &Sight<'_>) -> Measured {
        (self.measure)(sight)
    }
}

/// `1 mission`, `2 missions`.
fn many(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

fn count(items: impl Iterator) -> u64 {
    items.count() as u64
}

impl<'a> Sight<'a> {
    /// Limits of a mission's epoch, or of the one in force.
    pub fn limits(&self, mission: Option<&Mission>) -> Option<&'a Limits> {
        let epoch = mission.and_then(|one| one.epoch);
        self.facts.limits.get(&epoch.unwrap_or(self.picture.epoch))
    }

    /// Missions whose phase lasts too long, with the usual time.
    pub fn slow(&self) -> impl Iterator<Item = (&'a Mission, u64)> + use<'a> {
        let (picture, now) = (self.picture, self.now);
        picture.open().filter_map(move |mission| {
            let usual = picture
                .phase_secs
                .get(usize::from(mission.state.number()))?;
            let median = usual.median().filter(|_| usual.count() >= PHASES_MIN)?;
            let lasts = now.saturating_sub(mission.since);
            (lasts > median.saturating_mul(SLOW_TIMES)).then_some((mission, median))
        })
    }

    /// Whether a mission that is carried out has not come further for too long.
    pub fn is_stalled(&self, mission: &Mission) -> bool {
        use agentcity_domain::machine::MissionState as S;
        if !matches!(mission.state, S::Active | S::Executing | S::Degraded) {
            return false;
        }
        let median = self.picture.node_secs.median();
        median.is_some_and(|median| {
            let stands = self.now.saturating_sub(mission.progress_at);
            stands > median.max(1).saturating_mul(SLOW_TIMES)
        })
    }

    /// How far each counter of each open execution came, in hundredths of its threshold, with its name.
    pub fn counters(
        &self,
    ) -> impl Iterator<Item = (At, alloy::primitives::Address, &'a Counters, u64, String)> + '_
    {
        self.picture
            .counters
            .iter()
            .filter_map(|((at, agent), counters)| {
                let limits = self.limits(self.picture.missions.get(&at.mission))?;
                let all = [
                    ("tool invocations", counters.tools, limits.tools),
                    ("messages", counters.messages, limits.messages),
                    ("thousandths of σ", counters.deviation, limits.deviation),
                ];
                let percent = |(_, found, limit): &(_, u32, u32)| {
                    u64::from(*found).saturating_mul(100) / u64::from(*limit).max(1)
                };
                let most = all.into_iter().max_by_key(percent)?;
                let text = format!("{} of {} {}", most.1, most.2, most.0);
                Some((*at, *agent, counters, percent(&most), text))
            })
    }

    /// Whether a counter came so far that it is told.
    pub const fn is_high(percent: u64) -> bool {
        percent > COUNTER_PERCENT
    }

    /// Hundredths of its gas budget that a mission used; nothing without a budget.
    pub fn gas_percent(&self, mission: &B256) -> Option<u64> {
        let budget = self.mission_gas?;
        let used = self
            .gas
            .by_mission
            .get(mission)
            .map_or(0, |spent| spent.gas);
        used.saturating_mul(100).checked_div(budget)
    }

    /// Whether a mission used so much that it is told.
    pub const fn is_dear(percent: u64) -> bool {
        percent > GAS_PERCENT
    }

    /// Agents below the floor, with their points; nothing when the floor is not known.
    pub fn low(
        &self,
    ) -> Option<(
        u32,
        impl Iterator<Item = (&'a alloy::primitives::Address, u32, u64)> + use<'a>,
    )> {
        let floor = self.limits(None)?.reputation_floor;
        let agents = self.picture.agents.iter();
        let low = agents.filter_map(move |(agent, standing)| {
            let points = standing.reputation / 1_000;
            (points < floor).then_some((agent, points, standing.at))
        });
        Some((floor, low))
    }

    /// The stop that a mission is under, if it is one of emergency.
    pub fn emergency(mission: &Mission) -> Option<&Stop> {
        let stop = mission.stop.as_ref().filter(|_| mission.is_open());
        stop.filter(|stop| stop.halt == Halt::EmergencyStop)
    }
}

fn node_states(sight: &Sight<'_>) -> Measured {
    let (mut frozen, mut failed, mut late, mut all) = (0, 0, 0, 0);
    for mission in sight.picture.open() {
        all += u64::from(mission.nodes);
        frozen += u64::from(mission.count(NodeState::Frozen));
        failed += u64::from(mission.count(NodeState::Failed));
        let pending = mission.work.iter().filter(|node| {
            node.state == NodeState::PendingFinalization
                && sight.now.saturating_sub(node.since) > FINALISATION_SECS
        });
        late += count(pending);
    }
    let text = format!(
        "{frozen} frozen, {failed} failed, {late} unfinalised of {}",
        many(all, "node")
    );
    Measured::counted(frozen + failed + late, text)
}

fn mission_phase(sight: &Sight<'_>) -> Measured {
    let (slow, open) = (count(sight.slow()), count(sight.picture.open()));
    let text = format!(
        "{slow} of {} in its phase for longer than twice the usual time",
        many(open, "open mission")
    );
    Measured::counted(slow, text)
}

fn anomaly_counters(sight: &Sight<'_>) -> Measured {
    if sight.limits(None).is_none() {
        return Measured::unknown(
            "thresholds are not known",
            "the parameters were not read yet",
        );
    }
    let highest = sight.counters().max_by_key(|(.., percent, _)| *percent);
    let (value, text) = highest.map_or_else(
        || (0, "nothing was reported of an open execution".to_owned()),
        |(.., percent, text)| (percent, format!("highest: {text}")),
    );
    Measured {
        value: Some(value),
        text,
        alerting: Some(Sight::is_high(value)),
        why: None,
    }
}

fn active_freezes(sight: &Sight<'_>) -> Measured {
    let open = sight.picture.freezes.len() as u64;
    Measured::counted(open, many(open, "open freeze"))
}

fn review_queue(sight: &Sight<'_>) -> Measured {
    let waiting = sight.picture.reviews.len() as u64;
    Measured::counted(waiting, format!("{waiting} waiting for people"))
}

fn gas(sight: &Sight<'_>) -> Measured {
    let text = format!("{} gas so far", sight.gas.total);
    if sight.mission_gas.is_none() {
        return Measured::unknown(
            &text,
            "the law knows no gas budget: `operations.dashboard_mission_gas` gives one",
        );
    }
    let open = sight.picture.open();
    let dearest = open
        .filter_map(|mission| sight.gas_percent(&mission.id))
        .max();
    let value = dearest.unwrap_or(0);
    Measured {
        value: Some(value),
        text: format!("{text}; the costliest open mission used {value} % of its budget"),
        alerting: Some(Sight::is_dear(value)),
        why: None,
    }
}

fn reputation(sight: &Sight<'_>) -> Measured {
    match sight.low() {
        None => Measured::unknown("the floor is not known", "the parameters were not read yet"),
        Some((floor, low)) => {
            let (low, all) = (count(low), sight.picture.agents.len() as u64);
            let text = format!("{low} of {} below {floor} points", many(all, "agent"));
            Measured::counted(low, text)
        }
    }
}

fn consistency(sight: &Sight<'_>) -> Measured {
    use agentcity_domain::machine::MissionState as S;
    let open = || sight.picture.open();
    let degraded = count(open().filter(|one| one.state == S::Degraded));
    let pending = count(open().filter(|one| one.count(NodeState::PendingFinalization) > 0));
    let diverged = count(open().filter(|one| one.diverged.is_some()));
    let any = open().filter(|one| {
        one.state == S::Degraded
            || one.count(NodeState::PendingFinalization) > 0
            || one.diverged.is_some()
    });
    let text = format!("{degraded} degraded, {pending} pending finalisation, {diverged} divergent");
    Measured::counted(count(any), text)
}

fn escrow_buffer(sight: &Sight<'_>) -> Measured {
    match sight.held {
        None => Measured::unknown(
            "this keeper holds no outputs",
            "the configuration has no [escrow] section",
        ),
        Some((held, last)) => Measured {
            value: Some(held),
            text: format!("{} held, {last} at the third try", many(held, "output")),
            alerting: Some(last > 0),
            why: None,
        },
    }
}

fn progress(sight: &Sight<'_>) -> Measured {
    let (mut stalled, mut completed, mut all) = (0, 0, 0);
    for mission in sight.picture.open() {
        stalled += u64::from(sight.is_stalled(mission));
        completed += u64::from(mission.count(NodeState::Completed));
        all += u64::from(mission.nodes);
    }
    let text = format!(
        "{completed} of {} completed; {} stalled",
        many(all, "node"),
        many(stalled, "mission")
    );
    Measured::counted(stalled, text)
}

fn emergency_stops(sight: &Sight<'_>) -> Measured {
    let missions = count(sight.picture.open().filter_map(Sight::emergency));
    let city = u64::from(sight.picture.stop.is_some());
    let text = match city {
        0 => format!("{} stopped", many(missions, "mission")),
        _ => format!(
            "the city is stopped, and {} besides",
            many(missions, "mission")
        ),
    };
    Measured::counted(missions + city, text)
}

fn conservation(sight: &Sight<'_>) -> Measured {
    let Some((books, _)) = &sight.facts.books else {
        let why = sight.facts.unknown.get("books").cloned();
        let why = why.unwrap_or_else(|| "they were not read yet".to_owned());
        return Measured::unknown("the books are not known", why);
    };
    let broken = count(books.iter().filter(|book| !book.holds()));
    let lines = super::sections::lines(sight.picture, books);
    let open = count(lines.iter().filter(|line| line.holds == Some(false)));
    let text = match broken + open {
        0 => format!("all {} books balance", books.len()),
        bad => format!("{bad} of {} books do not balance", books.len()),
    };
    // Each line is the treasury's, which counts once.
    Measured::counted(broken.max(u64::from(open > 0)), text)
}

/// A metric over time.
#[derive(Clone, Debug, Default)]
pub struct History {
    alerting: Option<bool>,
    /// Since when the condition holds.
    pub since: Option<u64>,
    /// Time and value, oldest first.
    pub series: VecDeque<(u64, u64)>,
}

impl History {
    /// Takes what was measured at a time.
    pub fn take(&mut self, measured: &Measured, now: u64) {
        if measured.alerting != self.alerting {
            self.since = (measured.alerting == Some(true)).then_some(now);
            self.alerting = measured.alerting;
        }
        let Some(value) = measured.value else { return };
        match self.series.back_mut() {
            Some((_, last)) if *last == value => {}
            Some((at, last)) if now.saturating_sub(*at) < SERIES_SECS => *last = value,
            _ => {
                if self.series.len() == SERIES_MAX {
                    self.series.pop_front();
                }
                self.series.push_back((now, value));
            }
        }
    }
}

#[cfg(test)]
mod tests;

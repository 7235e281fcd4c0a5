//! What people should look at, most urgent first, with what they can do about it and how (RULINGS K21).

use agentcity_abi::ICollaboration::Halt;
use agentcity_domain::machine::{MissionState, NodeState};
use alloy::primitives::{Address, B256};
use serde_json::{Value, json};

use super::{
    metrics::Sight,
    picture::{
        Review, Reviewed, Subject,
        mission::{Mission, Stop},
    },
};

/// Alerts that are told at once.
pub const ALERTS_MAX: usize = 128;
/// Alerts of one kind that are looked for, before they are ranked.
const EACH_MAX: usize = 256;
/// A review that ends within this time is critical, in seconds.
const SOON_SECS: u64 = 600;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Money, work or the city stands still or is lost, unless somebody acts.
    Critical,
    /// Something goes wrong unless somebody acts.
    Warning,
    /// Worth knowing.
    Notice,
}

impl Severity {
    const fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The same while it lasts.
    pub id: String,
    /// How much it matters.
    pub severity: Severity,
    /// Since when, unix seconds.
    pub since: u64,
    /// When it is too late.
    pub deadline: Option<u64>,
    /// The metric that says so.
    pub metric: Option<&'static str>,
    /// What.
    pub what: String,
    /// In which mission.
    pub mission: Option<B256>,
    /// At which node.
    pub node: Option<u16>,
    /// By what.
    pub evidence: Vec<(&'static str, String)>,
    /// Who may act.
    pub who: &'static str,
    /// What they can do, and what happens when nobody does.
    pub act: &'static str,
    /// The command line with which that begins.
    pub command: Option<String>,
}

/// One adjudicator who may judge it.
pub const ADJUDICATOR: &str = "an adjudicator without an interest";
const PANEL: &str = "as many adjudicators without an interest as `clearStopSigners` says";
const ANYONE: &str = "anyone";
const OPERATOR: &str = "the keeper's operator";

impl Alert {
    fn new(id: String, severity: Severity, metric: &'static str, since: u64, what: String) -> Self {
        Self {
            id,
            severity,
            since,
            deadline: None,
            metric: Some(metric),
            what,
            mission: None,
            node: None,
            evidence: Vec::new(),
            who: ADJUDICATOR,
            act: "",
            command: None,
        }
    }

    fn of(mut self, mission: B256, node: Option<u16>) -> Self {
        (self.mission, self.node) = (Some(mission), node);
        self
    }

    fn by(mut self, kind: &'static str, value: impl ToString) -> Self {
        self.evidence.push((kind, value.to_string()));
        self
    }

    const fn until(mut self, deadline: Option<u64>) -> Self {
        self.deadline = deadline;
        self
    }

    fn asks(mut self, who: &'static str, act: &'static str, command: Option<String>) -> Self {
        (self.who, self.act, self.command) = (who, act, command);
        self
    }

    /// As the protocol has it.
    pub fn json(&self) -> Value {
        let evidence = self.evidence.iter();
        let evidence: Vec<Value> = evidence
            .map(|(kind, value)| json!({ "kind": kind, "value": value }))
            .collect();
        json!({
            "id": self.id, "severity": self.severity.name(), "since": self.since, "deadline": self.deadline,
            "metric": self.metric, "what": self.what, "mission": self.mission, "node": self.node,
            "evidence": evidence, "who": self.who, "act": self.act, "command": self.command,
        })
    }
}

/// The beginning of an action of the panel.
pub fn prepare(verb: &str, of: &str) -> String {
    let words = [
        "agentcity override prepare",
        verb,
        of,
        "--justification why.md",
    ];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// How a review is decided.
pub fn decides(mission: &B256, subject: Subject) -> String {
    match subject {
        Subject::Node(node, _) => prepare(
            "decide-review",
            &format!("{mission} {node} --approved true --score 800"),
        ),
        Subject::Predicate(index) => prepare("clear-predicate", &format!("{mission} {index}")),
    }
}

/// All alerts, ranked: by severity, by deadline, by age. `doubt`: since when and why the chain is not known.
pub fn alerts(sight: &Sight<'_>, doubt: Option<(u64, &str)>) -> Vec<Alert> {
    let mut all = Vec::new();
    if let Some((since, why)) = doubt {
        let alert = Alert::new(
            "chain".into(),
            Severity::Critical,
            "consistency",
            since,
            why.to_owned(),
        );
        all.push(Alert {
            metric: None,
            ..alert.asks(
                OPERATOR,
                "Compare the endpoints: everything shown here may be old. Nothing leaves the keeper meanwhile.",
                Some("agentcity-keeper check --config keeper.toml".to_owned()),
            )
        });
    }
    money(sight, &mut all);
    stops(sight, &mut all);
    freezes(sight, &mut all);
    reviews(sight, &mut all);
    missions(sight, &mut all);
    counters(sight, &mut all);
    agents(sight, &mut all);
    rank(&mut all);
    all
}

fn rank(all: &mut [Alert]) {
    all.sort_by(|one, other| {
        let key = |alert: &Alert| {
            let deadline = alert.deadline.unwrap_or(u64::MAX);
            (alert.severity, deadline, alert.since)
        };
        key(one)
            .cmp(&key(other))
            .then_with(|| one.id.cmp(&other.id))
    });
}

fn money(sight: &Sight<'_>, all: &mut Vec<Alert>) {
    let Some((books, block)) = &sight.facts.books else {
        return;
    };
    let act = "Compare the books with the chain at that block, by other endpoints too. If they agree, stop the city: money is missing.";
    let solvency = || Some("agentcity treasury solvency".to_owned());
    for book in books.iter().filter(|book| !book.holds()) {
        let what = format!(
            "the books of {} do not balance: {} booked, {} held",
            book.peer.name(),
            book.booked,
            book.held
        );
        let id = format!("conservation:{}", book.peer.name());
        let alert = Alert::new(id, Severity::Critical, "conservation", sight.now, what);
        all.push(
            alert
                .by("block", block)
                .asks("every adjudicator", act, solvency()),
        );
    }
    for line in super::sections::lines(sight.picture, books) {
        if line.holds == Some(false) {
            let what = format!(
                "the events and the books of {} contradict each other",
                line.kind
            );
            let id = format!("conservation:line:{}", line.kind);
            let alert = Alert::new(id, Severity::Critical, "conservation", sight.now, what);
            all.push(
                alert
                    .by("block", block)
                    .asks("every adjudicator", act, solvency()),
            );
        }
    }
}

fn stops(sight: &Sight<'_>, all: &mut Vec<Alert>) {
    if let Some(stop) = &sight.picture.stop {
        let what = "every mission of the city is stopped".to_owned();
        let alert = Alert::new(
            "emergencyStops:city".into(),
            Severity::Critical,
            "emergencyStops",
            stop.at,
            what,
        );
        all.push(stopped(alert, stop).asks(
            PANEL,
            "Look into the evidence, and let the city go on. When the stop expires, anyone may abort missions.",
            Some(prepare("resume-city", "")),
        ));
    }
    for mission in sight.picture.open() {
        let Some(stop) = &mission.stop else { continue };
        let (metric, what, act, verb) = match stop.halt {
            Halt::Divergence => (
                "consistency",
                "a mission is paused: a keeper's log diverged from the chain",
                "Compare the two, and lift the pause. When it expires, anyone may abort the mission.",
                "lift-pause",
            ),
            Halt::NormStruck => (
                "missionPhase",
                "a mission is halted: a norm of its domain was struck",
                "Restore the norm, or abort the mission.",
                "abort-mission",
            ),
            _ => (
                "emergencyStops",
                "a mission is under an emergency stop",
                "Look into the evidence; clear the stop, or abort the mission. When it expires, anyone may abort it.",
                "clear-stop",
            ),
        };
        let id = format!("stop:{}", mission.id);
        let alert = Alert::new(id, Severity::Critical, metric, stop.at, what.to_owned());
        let command = Some(prepare(verb, &mission.id.to_string()));
        all.push(
            stopped(alert, stop)
                .of(mission.id, None)
                .asks(PANEL, act, command),
        );
    }
}

fn stopped(alert: Alert, stop: &Stop) -> Alert {
    let alert = alert
        .by("transaction", stop.transaction)
        .by("hash", stop.evidence);
    alert.until((stop.until > 0).then_some(stop.until))
}

fn freezes(sight: &Sight<'_>, all: &mut Vec<Alert>) {
    for ((mission, number), freeze) in sight.picture.freezes.iter().take(EACH_MAX) {
        let node = freeze.at.node;
        let what = format!("node {node} is frozen: {:?}", freeze.cause);
        let id = format!("activeFreezes:{mission}:{number}");
        let alert = Alert::new(id, Severity::Critical, "activeFreezes", freeze.since, what);
        all.push(
            alert
                .of(*mission, Some(node))
                .until(Some(freeze.expires_at))
                .by("transaction", freeze.transaction)
                .by("agent", freeze.agent)
                .by("freeze", number)
                .asks(
                    ADJUDICATOR,
                    "Lift the freeze, or confirm it. When it expires, the node fails without fault.",
                    Some(prepare("unfreeze-node", &format!("{mission} {node} --kind warning"))),
                ),
        );
    }
}

fn reviews(sight: &Sight<'_>, all: &mut Vec<Alert>) {
    for ((mission, subject), review) in sight.picture.reviews.iter().take(EACH_MAX) {
        all.push(waiting(sight.now, mission, *subject, review));
    }
}

fn waiting(now: u64, mission: &B256, subject: Subject, review: &Review) -> Alert {
    let is_soon = |deadline: u64| deadline.saturating_sub(now) <= SOON_SECS;
    let severity = match review.deadline.is_some_and(is_soon) {
        true => Severity::Critical,
        false => Severity::Warning,
    };
    let (node, of) = match subject {
        Subject::Node(node, attempt) => (Some(node), format!("{node}:{attempt}")),
        Subject::Predicate(index) => (None, format!("predicate:{index}")),
    };
    let what = match (review.what, subject) {
        (Reviewed::Dispute, Subject::Node(node, _)) => {
            format!("the consensus on node {node} is disputed")
        }
        (_, Subject::Node(node, _)) => format!("node {node} waits for a review"),
        (_, Subject::Predicate(index)) => format!("predicate {index} of the gate waits for people"),
    };
    let act = match review.what {
        Reviewed::Result => {
            "Read the output against its rubric, then approve or reject it. Silence fails the node."
        }
        Reviewed::Dispute => {
            "Read what the seats found, then decide. In silence the consensus stands, and the bond returns."
        }
        Reviewed::Predicate => {
            "Answer the predicate, veto the output, or release it. Silence fails the mission."
        }
    };
    let id = format!("reviewQueue:{mission}:{of}");
    Alert::new(id, severity, "reviewQueue", review.since, what)
        .of(*mission, node)
        .until(review.deadline)
        .by("transaction", review.transaction)
        .asks(ADJUDICATOR, act, Some(decides(mission, subject)))
}

fn missions(sight: &Sight<'_>, all: &mut Vec<Alert>) {
    for mission in sight.picture.open().take(EACH_MAX) {
        if mission.state == MissionState::Degraded {
            let what = "a mission waits for people after an outage".to_owned();
            let id = format!("consistency:degraded:{}", mission.id);
            let alert = Alert::new(id, Severity::Critical, "consistency", mission.since, what);
            all.push(alert.of(mission.id, None).asks(
                ADJUDICATOR,
                "Let it leave degraded mode, or abort it. After the longest wait anyone may abort it.",
                Some(prepare("exit-degraded", &mission.id.to_string())),
            ));
        }
        if let Some((since, transaction)) = mission.diverged {
            let what = "a monitor reported under bond that a keeper's log diverges from the chain"
                .to_owned();
            let id = format!("consistency:diverged:{}", mission.id);
            let alert = Alert::new(id, Severity::Critical, "consistency", since, what);
            all.push(
                alert
                    .of(mission.id, None)
                    .by("transaction", transaction)
                    .asks(
                        ADJUDICATOR,
                        "Compare, then lift the pause, with or without the reporter's bond.",
                        Some(prepare("lift-pause", &mission.id.to_string())),
                    ),
            );
        }
        nodes(mission, sight.now, all);
        late(sight, mission, all);
    }
    for (mission, median) in sight.slow().take(EACH_MAX) {
        let what = format!(
            "{} lasts for more than twice the usual {median} s",
            mission.state.name()
        );
        let id = format!("missionPhase:{}", mission.id);
        let alert = Alert::new(id, Severity::Notice, "missionPhase", mission.since, what);
        let command = Some(format!("agentcity mission exits {}", mission.id));
        all.push(alert.of(mission.id, None).asks(
            ANYONE,
            "See what it waits for, and which exits are open.",
            command,
        ));
    }
}

fn nodes(mission: &Mission, now: u64, all: &mut Vec<Alert>) {
    for (number, node) in (0_u16..).zip(&mission.work) {
        if all.len() > EACH_MAX * 8 {
            return;
        }
        let (severity, metric, what, act, command) = match (node.state, node.expires_at) {
            (NodeState::Failed, _) => (
                Severity::Warning,
                "nodeStates",
                format!("node {number} failed"),
                "A session gives it anew while refinements are left; otherwise the mission fails, and its money goes back.",
                format!("agentcity mission exits {}", mission.id),
            ),
            (NodeState::PendingFinalization, _) => (
                Severity::Warning,
                "nodeStates",
                format!("node {number} waits for its transaction"),
                "The keeper tries again, three times.",
                format!("agentcity node show {} {number}", mission.id),
            ),
            (state, Some(expires)) if state != NodeState::Frozen && expires < now => (
                Severity::Notice,
                "progress",
                format!("node {number} is {} beyond its end", state.name()),
                "Anyone may expire it; nobody did.",
                format!("agentcity node show {} {number}", mission.id),
            ),
            _ => continue,
        };
        let id = format!("{metric}:{}:{number}:{}", mission.id, node.attempt);
        let alert = Alert::new(id, severity, metric, node.since, what);
        all.push(
            alert
                .of(mission.id, Some(number))
                .asks(ANYONE, act, Some(command)),
        );
    }
}

fn late(sight: &Sight<'_>, mission: &Mission, all: &mut Vec<Alert>) {
    let id = |kind: &str| format!("{kind}:{}", mission.id);
    let deadline = mission.view.as_ref().map(|view| view.deadline);
    if let Some(deadline) = deadline.filter(|deadline| *deadline < sight.now) {
        let what = "a mission is beyond its deadline".to_owned();
        let alert = Alert::new(
            id("deadline"),
            Severity::Warning,
            "progress",
            deadline,
            what,
        );
        let command = Some(format!("agentcity mission expire {}", mission.id));
        all.push(
            alert
                .of(mission.id, None)
                .asks(ANYONE, "End it: its money goes back.", command),
        );
    } else if sight.is_stalled(mission) {
        let what = "nothing of a mission was routed or completed for more than twice the usual time of a node".to_owned();
        let alert = Alert::new(
            id("progress"),
            Severity::Notice,
            "progress",
            mission.progress_at,
            what,
        );
        let command = Some(format!("agentcity mission exits {}", mission.id));
        all.push(alert.of(mission.id, None).asks(
            ANYONE,
            "See what it waits for, and which exits are open.",
            command,
        ));
    }
    let percent = sight.gas_percent(&mission.id);
    if let Some(percent) = percent.filter(|percent| Sight::is_dear(*percent)) {
        let what = format!("a mission used {percent} % of its gas budget");
        let alert = Alert::new(id("gas"), Severity::Warning, "gas", mission.since, what);
        let command = Some(format!("agentcity mission show {}", mission.id));
        all.push(alert.of(mission.id, None).asks(
            OPERATOR,
            "See which of its transactions are dear.",
            command,
        ));
    }
}

fn counters(sight: &Sight<'_>, all: &mut Vec<Alert>) {
    let high = sight
        .counters()
        .filter(|(.., percent, _)| Sight::is_high(*percent));
    for (at, agent, counters, _, text) in high.take(EACH_MAX) {
        let what = format!("an execution comes close to a limit: {text}");
        let id = format!(
            "anomalyCounters:{}:{}:{}:{agent}",
            at.mission, at.node, at.attempt
        );
        let alert = Alert::new(id, Severity::Warning, "anomalyCounters", counters.at, what);
        all.push(
            alert
                .of(at.mission, Some(at.node))
                .by("agent", agent)
                .by("transaction", counters.transaction)
                .asks(
                    ADJUDICATOR,
                    "Look at what it does. Beyond the limit it is frozen by itself; an adjudicator may freeze it before.",
                    Some(prepare("freeze-node", &format!("{} {}", at.mission, at.node))),
                ),
        );
    }
}

fn agents(sight: &Sight<'_>, all: &mut Vec<Alert>) {
    let Some((floor, low)) = sight.low() else {
        return;
    };
    for (agent, points, since) in low.take(EACH_MAX) {
        let agent: &Address = agent;
        let what =
            format!("an agent has {points} points of reputation, below the floor of {floor}");
        let alert = Alert::new(
            format!("reputation:{agent}"),
            Severity::Notice,
            "reputation",
            since,
            what,
        );
        all.push(alert.by("agent", agent).asks(
            "nobody must",
            "It is neither awarded nor routed. Only the panel can adjust a score.",
            Some(prepare("adjust-reputation", &format!("{agent} --delta 10"))),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agentcity_domain::peer::Peer;

    #[test]
    fn the_most_urgent_comes_first() {
        let alert = |id: &str, severity, deadline, since| {
            Alert::new(id.into(), severity, "gas", since, String::new()).until(deadline)
        };
        let mut all = [
            alert("old notice", Severity::Notice, Some(1), 0),
            alert("no deadline, younger", Severity::Critical, None, 6),
            alert("no deadline", Severity::Critical, None, 5),
            alert("late", Severity::Critical, Some(20), 1),
            alert("soon", Severity::Critical, Some(10), 9),
            alert("warning", Severity::Warning, Some(1), 0),
        ];
        rank(&mut all);
        let ids: Vec<&str> = all.iter().map(|alert| alert.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "soon",
                "late",
                "no deadline",
                "no deadline, younger",
                "warning",
                "old notice"
            ]
        );
    }

    #[test]
    fn a_review_is_critical_when_it_ends_soon() {
        let review = |deadline| Review {
            what: Reviewed::Result,
            since: 0,
            deadline,
            backup: false,
            rubric: None,
            transaction: B256::ZERO,
        };
        for (deadline, severity) in [
            (None, Severity::Warning),
            (Some(1_601), Severity::Warning),
            (Some(1_600), Severity::Critical),
            (Some(0), Severity::Critical),
        ] {
            let found = waiting(1_000, &B256::ZERO, Subject::Node(3, 1), &review(deadline));
            assert_eq!(found.severity, severity, "{deadline:?}");
            assert!(
                found
                    .command
                    .is_some_and(|line| line.contains("decide-review"))
            );
        }
    }

    #[test]
    fn peers_have_names_that_ids_can_hold() {
        for peer in Peer::ALL {
            assert!(
                peer.name()
                    .bytes()
                    .all(|letter| letter.is_ascii_lowercase())
            );
        }
    }
}

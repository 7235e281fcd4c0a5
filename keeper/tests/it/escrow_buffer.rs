//! The escrow buffer against a model that keeps lists, over random outages, reorgs, refusals and restarts: nothing is released early, nothing is
//! lost, and what waited goes on in order.

use std::{collections::BTreeSet, path::Path};

use agentcity_domain::{
    parameter::ParameterId,
    time::{Millis, Timestamp},
};
use agentcity_keeper::{
    action::{Action as Wanted, Outcome},
    clock::Moment,
    event::{Event as Happened, Head},
    execution::Execution,
    journal::{ActionKey, Claim, Journal, SqliteJournal},
    machine::escrow_buffer::{
        Action, Authority, EscrowBuffer, Event, Mode, Outage, Pace, RETRIES, Reached, Rules,
        SKEW_MAX_SECS, Skew, TICK_MAX,
    },
    runtime::Stream,
};
use alloy::primitives::{Address, B256};
use proptest::prelude::*;
use tempfile::tempdir;

const START: u64 = 1_700_000_000_000;
/// Silence that is an outage, in milliseconds.
const NOTICE: u64 = 60_000;
const THRESHOLD: u64 = 1_800_000;

fn rules(pace: fn(Millis) -> Pace) -> Rules {
    assert_eq!(
        u64::from(ParameterId::DegradedModeThresholdMs.row().default),
        THRESHOLD
    );
    Rules {
        pace: pace(Millis::new(NOTICE)),
        threshold: Millis::new(THRESHOLD),
    }
}

fn execution(number: u8) -> Execution {
    Execution {
        mission: B256::repeat_byte(0x11),
        node: u16::from(number),
        attempt: 0,
        agent: Address::repeat_byte(number + 1),
    }
}

fn output(number: u8) -> B256 {
    B256::repeat_byte(number)
}

/// A keeper's buffer with its journal, clock and chain.
struct Desk {
    journal: SqliteJournal,
    stream: Stream<EscrowBuffer>,
    rules: Rules,
    now: u64,
    block: u64,
    seen: BTreeSet<ActionKey>,
}

fn resumed(journal: &mut SqliteJournal, rules: Rules) -> Stream<EscrowBuffer> {
    let term = Millis::new(u64::MAX >> 2);
    let Claim::Granted(lease) = journal
        .acquire("escrow", "one", Moment::new(1), term)
        .unwrap()
    else {
        panic!("held");
    };
    Stream::resume(journal, lease, Moment::new(1), |state| match state {
        Some(state) => EscrowBuffer::resume(rules, state),
        None => Ok(EscrowBuffer::new(rules)),
    })
    .unwrap()
}

impl Desk {
    fn open(dir: &Path, rules: Rules) -> Self {
        let mut journal = SqliteJournal::open(&dir.join("journal.sqlite")).unwrap();
        let stream = resumed(&mut journal, rules);
        Self {
            journal,
            stream,
            rules,
            now: START,
            block: 0,
            seen: BTreeSet::new(),
        }
    }

    fn restart(&mut self, dir: &Path, with_checkpoint: bool) {
        if with_checkpoint {
            self.stream
                .checkpoint(&mut self.journal, Moment::new(1), 0.into())
                .unwrap();
        }
        self.journal = SqliteJournal::open(&dir.join("journal.sqlite")).unwrap();
        self.stream = resumed(&mut self.journal, self.rules);
    }

    /// Takes an event; what is wanted that was not wanted before, in order.
    fn take(&mut self, event: Event) -> Vec<Action> {
        let event = Happened::Escrow(event);
        self.stream
            .take(&mut self.journal, Moment::new(1), &event)
            .unwrap();
        self.fresh()
    }

    fn fresh(&mut self) -> Vec<Action> {
        let open = self.stream.open(&mut self.journal).unwrap();
        let fresh = open
            .into_iter()
            .filter(|action| self.seen.insert(action.key()));
        fresh
            .map(|action| match action {
                Wanted::Escrow(action) => action,
                other => panic!("{other:?}"),
            })
            .filter(|action| !matches!(action, Action::Alert { .. }))
            .collect()
    }

    fn settle(&mut self, action: &Action, outcome: Outcome) -> Vec<Action> {
        let action = Wanted::Escrow(action.clone());
        self.stream
            .settle(&mut self.journal, Moment::new(1), &action, outcome)
            .unwrap();
        self.fresh()
    }

    fn deliver(&mut self, number: u8) -> Vec<Action> {
        self.take(Event::Delivered {
            execution: execution(number),
            since: 7,
            output: output(number),
            at: Moment::new(self.now),
        })
    }

    fn head(&self) -> Head {
        Head {
            number: self.block,
            hash: B256::left_padding_from(&self.block.to_be_bytes()),
            time: Timestamp::new(self.now / 1_000),
        }
    }

    fn block(&mut self) -> Vec<Action> {
        self.block += 1;
        let (head, at) = (self.head(), Moment::new(self.now));
        self.take(Event::Block { head, at })
    }

    fn tick(&mut self, millis: u64) -> Vec<Action> {
        self.now += millis;
        self.take(Event::Tick {
            at: Moment::new(self.now),
        })
    }

    /// So much time passes, in ticks as a keeper takes them.
    fn wait(&mut self, millis: u64) -> Vec<Action> {
        let mut fresh = Vec::new();
        let mut left = millis;
        while left > 0 {
            let tick = left.min(5_000);
            left -= tick;
            fresh.extend(self.tick(tick));
        }
        fresh
    }

    fn settled(&mut self, number: u8) -> Vec<Action> {
        let (execution, at) = (execution(number), self.head());
        self.take(Event::Settled { execution, at })
    }

    fn mode(&self) -> Mode {
        self.stream.machine().mode()
    }
}

fn refused() -> Outcome {
    Outcome::Refused {
        cause: "reverted".into(),
    }
}

#[test]
fn a_refused_submission_is_tried_after_thirty_seconds_two_and_eight_minutes_then_its_fault_is_signalled()
 {
    let dir = tempdir().unwrap();
    let mut desk = Desk::open(dir.path(), rules(Pace::OnDemand));
    desk.block();
    let mut submitted = desk.deliver(1);
    let mut waited = 0;
    for retry in RETRIES {
        assert!(
            matches!(submitted[..], [Action::Submit { .. }]),
            "{submitted:?}"
        );
        assert_eq!(desk.settle(&submitted[0], refused()), []);
        let last = retry.get() - waited;
        assert_eq!(desk.wait(last - 1), [], "before {retry:?}");
        submitted = desk.tick(1);
        waited = retry.get();
    }
    let fault = desk.settle(&submitted[0], refused());
    assert!(
        matches!(&fault[..], [Action::Fault { execution: of, .. }] if *of == execution(1)),
        "{fault:?}"
    );
    assert_eq!(desk.stream.machine().held().count(), 1);
    desk.settle(&fault[0], Outcome::Told);
    assert_eq!(desk.stream.machine().held().count(), 0);
}

#[test]
fn what_a_halted_mission_keeps_back_costs_no_try_and_is_no_silence_of_the_chain() {
    let dir = tempdir().unwrap();
    let mut desk = Desk::open(dir.path(), rules(Pace::OnDemand));
    desk.block();
    let first = desk.deliver(1);
    desk.settle(&first[0], refused());
    let second = desk.wait(RETRIES[0].get());
    let kept = Outcome::Reported {
        report: "kept".into(),
    };
    assert_eq!(desk.settle(&second[0], kept.clone()), []);
    desk.restart(dir.path(), true);
    // A stop of two hours: nothing is tried, and that nothing comes is no outage.
    for _ in 0..120 {
        assert_eq!(desk.tick(TICK_MAX.get()), []);
    }
    assert_eq!(desk.mode(), Mode::Normal);
    let held = desk.stream.machine().entry_of(&execution(1)).unwrap();
    assert_eq!((held.reached, held.refused), (Reached::Kept, 1));
    let freed = |desk: &mut Desk| {
        let (execution, at) = (execution(1), desk.head());
        let mut wanted = desk.take(Event::Freed { execution, at });
        wanted.extend(desk.tick(1));
        wanted
    };
    let third = freed(&mut desk);
    assert!(
        matches!(third[..], [Action::Submit { number: 2, .. }]),
        "{third:?}"
    );
    assert_eq!(desk.settle(&third[0], refused()), []);
    // Its other tries have the times that they had.
    let left = RETRIES[1].get() - RETRIES[0].get();
    assert_eq!(desk.wait(left - 2), []);
    let fourth = desk.tick(1);
    assert!(
        matches!(fourth[..], [Action::Submit { number: 3, .. }]),
        "{fourth:?}"
    );
}

#[test]
fn outputs_that_are_handed_in_while_no_look_succeeds_make_no_time_pass() {
    let dir = tempdir().unwrap();
    let mut desk = Desk::open(dir.path(), rules(Pace::Steady));
    desk.block();
    let looked = desk.now;
    desk.wait(NOTICE);
    // Each bears the time of the last look that succeeded.
    for number in 0..40 {
        let now = std::mem::replace(&mut desk.now, looked);
        desk.deliver(number);
        desk.now = now;
        desk.tick(0);
    }
    assert_eq!(desk.mode(), Mode::Normal);
    desk.tick(1);
    assert!(matches!(desk.mode(), Mode::Degraded { .. }));
}

#[test]
fn a_stop_is_over_by_a_block_that_is_new_and_by_none_before() {
    let dir = tempdir().unwrap();
    let mut desk = Desk::open(dir.path(), rules(Pace::Steady));
    desk.block();
    let is_over = |desk: &Desk, number: u64| {
        let head = Head {
            number,
            ..desk.head()
        };
        desk.stream.machine().is_over_by(head)
    };
    desk.wait(THRESHOLD - 1);
    assert!(!is_over(&desk, 9), "there is no stop yet");
    desk.tick(1);
    assert!(!is_over(&desk, 1));
    assert!(is_over(&desk, 2));
    desk.block();
    assert!(
        is_over(&desk, 1),
        "an endpoint that lags takes nothing back"
    );
}

/// The specification's vectors `retry_vs_timeout`: how many retries land before a node's deadline.
#[test]
fn retries_land_where_the_specification_counts_them() {
    assert_eq!(RETRIES.map(Millis::get), [30_000, 120_000, 480_000]);
    for (timeout, elapsed, expected) in [
        (60_000, 20_000, 1),
        (20_000, 12_000, 0),
        (300_000, 60_000, 2),
        (3_600_000, 0, 3),
    ] {
        let landed = RETRIES
            .iter()
            .filter(|retry| elapsed + retry.get() <= timeout);
        assert_eq!(landed.count(), expected, "{timeout} {elapsed}");
    }
}

#[test]
fn an_outage_holds_everything_and_ends_in_order_and_a_long_one_waits_for_a_human() {
    let dir = tempdir().unwrap();
    let mut desk = Desk::open(dir.path(), rules(Pace::Steady));
    desk.block();
    desk.deliver(0);
    desk.settled(0);
    assert_eq!(desk.wait(NOTICE), []);
    assert_eq!(desk.mode(), Mode::Normal);
    desk.tick(1);
    assert!(matches!(desk.mode(), Mode::Degraded { .. }));
    assert!(!desk.stream.machine().may_send() && desk.stream.machine().may_execute());
    for number in [5, 3, 4] {
        assert_eq!(desk.deliver(number), [], "nothing is handed in");
    }
    let flushed = desk.block();
    let order: Vec<B256> = flushed
        .iter()
        .map(|action| match action {
            Action::Submit { output, .. } => *output,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(order, [5, 3, 4].map(output));
    // A long one.
    let mut wanted = desk.wait(THRESHOLD - 1);
    assert_eq!(wanted, []);
    wanted = desk.tick(1);
    assert_eq!(wanted, [Action::Stop { stop: 1 }]);
    assert!(!desk.stream.machine().may_execute());
    desk.restart(dir.path(), true);
    desk.deliver(6);
    assert_eq!(desk.settled(5), [], "nothing is released");
    let by_operator = |stop| Event::Authorised {
        by: Authority::Operator,
        stop,
    };
    // Before the chain works again there is nothing to let go on; blocks alone do not end it.
    assert_eq!(desk.take(by_operator(1)), []);
    assert_eq!(desk.block(), []);
    assert!(matches!(
        desk.mode(),
        Mode::Stopped {
            recovered: Some(_),
            ..
        }
    ));
    let by_panel = Event::Authorised {
        by: Authority::Panel {
            mission: execution(0).mission,
            at: desk.head(),
        },
        stop: 2,
    };
    assert_eq!(desk.take(by_panel), [], "of another stop");
    assert!(!desk.stream.machine().may_send());
}

#[test]
fn a_human_lets_a_stopped_keeper_go_on_once_blocks_come() {
    let dir = tempdir().unwrap();
    let mut desk = Desk::open(dir.path(), rules(Pace::Steady));
    desk.block();
    desk.deliver(1);
    desk.wait(THRESHOLD);
    desk.deliver(2);
    desk.settled(1);
    desk.block();
    let authorised = Event::Authorised {
        by: Authority::Operator,
        stop: 1,
    };
    let wanted = desk.take(authorised);
    assert!(
        matches!(&wanted[..], [Action::Release { output: one, .. }, Action::Submit { output: two, .. }]
            if (*one, *two) == (output(1), output(2))),
        "{wanted:?}"
    );
    assert_eq!(desk.mode(), Mode::Normal);
}

#[test]
fn an_outage_is_what_was_seen_of_it_and_is_declared_once_for_each_mission_that_it_struck() {
    let dir = tempdir().unwrap();
    let mut desk = Desk::open(dir.path(), rules(Pace::Steady));
    desk.block();
    let last = desk.now / 1_000;
    // Not longer than the threshold: nothing to declare.
    desk.wait(THRESHOLD);
    desk.block();
    assert_eq!(desk.stream.machine().outage(), None);
    let authorised = |stop| Event::Authorised {
        by: Authority::Operator,
        stop,
    };
    desk.take(authorised(1));
    // Longer, by a quarter of an hour after everything was stopped, and half a night that this keeper slept through.
    let quarter = 900_000;
    desk.wait(THRESHOLD + quarter);
    desk.restart(dir.path(), true);
    desk.tick(4 * 3_600_000);
    assert_eq!(desk.stream.machine().answerable_from(), None);
    desk.block();
    let until = desk.now / 1_000;
    let outage = Outage {
        from: until - (THRESHOLD + quarter + TICK_MAX.get()) / 1_000,
        until,
        block: 3,
    };
    assert!(outage.from > last);
    assert_eq!(desk.stream.machine().outage(), Some(outage));
    assert_eq!(desk.stream.machine().answerable_from(), Some(3));
    let mission = B256::repeat_byte(5);
    let struck = |outage| Event::Struck { outage, mission };
    let declare = Action::Declare { mission, outage };
    assert_eq!(desk.take(struck(outage)), std::slice::from_ref(&declare));
    desk.restart(dir.path(), false);
    assert_eq!(desk.take(struck(outage)), []);
    assert_eq!(desk.settle(&declare, Outcome::Satisfied), []);
    let other = Outage { block: 2, ..outage };
    assert_eq!(
        desk.take(struck(other)),
        [],
        "of an outage that it did not see"
    );
    // Later blocks change nothing of it.
    desk.now += 60_000;
    desk.block();
    assert_eq!(desk.stream.machine().outage(), Some(outage));
}

#[test]
fn what_the_chain_says_of_the_threshold_counts_and_never_begins_an_outage_before_the_last_block() {
    let dir = tempdir().unwrap();
    let mut desk = Desk::open(dir.path(), rules(Pace::Steady));
    desk.block();
    let (millis, at) = (Millis::new(2 * NOTICE), desk.head());
    desk.take(Event::Threshold { millis, at });
    assert_eq!(desk.wait(2 * NOTICE - 1), []);
    assert_eq!(desk.tick(1), [Action::Stop { stop: 1 }]);
    desk.restart(dir.path(), true);
    assert_eq!(desk.stream.machine().threshold(), millis);
    // The chain's clock stood still too: it says less than this machine saw.
    desk.wait(3_600_000);
    desk.block += 1;
    let head = Head {
        time: Timestamp::new(at.time.get() + 300),
        ..desk.head()
    };
    let now = Moment::new(desk.now);
    desk.take(Event::Block { head, at: now });
    let outage = desk.stream.machine().outage().unwrap();
    assert_eq!(
        (outage.from, outage.until),
        (at.time.get(), at.time.get() + 300)
    );
}

#[test]
fn a_chain_that_makes_blocks_on_demand_is_not_silent_while_nobody_asks_it_for_one() {
    let dir = tempdir().unwrap();
    let mut desk = Desk::open(dir.path(), rules(Pace::OnDemand));
    desk.block();
    desk.wait(10 * NOTICE);
    assert_eq!(desk.mode(), Mode::Normal);
    // One of ours is out from now on.
    desk.deliver(1);
    desk.wait(NOTICE);
    assert_eq!(desk.mode(), Mode::Normal);
    desk.tick(1);
    assert!(matches!(desk.mode(), Mode::Degraded { .. }));
}

#[test]
fn a_clock_that_jumps_is_no_outage_and_exhausts_no_retry() {
    let dir = tempdir().unwrap();
    let mut desk = Desk::open(dir.path(), rules(Pace::Steady));
    desk.block();
    let submitted = desk.deliver(1);
    desk.settle(&submitted[0], refused());
    // A day ahead, and two back.
    assert!(TICK_MAX.get() <= NOTICE);
    desk.tick(86_400_000);
    assert_eq!(desk.mode(), Mode::Normal);
    desk.now -= 2 * 86_400_000;
    assert_eq!(desk.tick(0), []);
    assert_eq!(desk.mode(), Mode::Normal);
    assert_eq!(desk.tick(1), []);
}

#[test]
fn clocks_that_are_far_apart_are_a_condition_with_its_direction() {
    let dir = tempdir().unwrap();
    let mut desk = Desk::open(dir.path(), rules(Pace::Steady));
    let far = (SKEW_MAX_SECS + 1) * 1_000;
    let mut see = |ahead: i64| {
        desk.block += 1;
        let head = Head {
            time: Timestamp::new(desk.now.saturating_add_signed(-ahead) / 1_000),
            ..desk.head()
        };
        let at = Moment::new(desk.now);
        desk.take(Event::Block { head, at });
        desk.stream.machine().skew()
    };
    let far = i64::try_from(far).unwrap();
    // The first block may be old.
    assert_eq!(see(far), None);
    assert_eq!(see(far), Some(Skew::Ahead { secs: 16, block: 2 }));
    assert_eq!(see(0), None);
    assert_eq!(see(-far), Some(Skew::Behind { secs: 16, block: 4 }));
}

#[derive(Clone, Debug)]
enum Move {
    Deliver,
    Refuse(usize),
    Confirm(usize),
    Withdraw(usize),
    Settle(usize),
    Refute(usize),
    HandOver(usize),
    Tick(u64),
    Block,
    Authorise,
    Restart(bool),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    use Move::*;
    let one = 0..6_usize;
    let each = prop_oneof![
        6 => Just(Deliver),
        3 => one.clone().prop_map(Refuse),
        3 => one.clone().prop_map(Confirm),
        1 => one.clone().prop_map(Withdraw),
        3 => one.clone().prop_map(Settle),
        1 => one.clone().prop_map(Refute),
        3 => one.prop_map(HandOver),
        4 => prop_oneof![3 => 1_000..90_000_u64, 1 => Just(2_000_000)].prop_map(Tick),
        4 => Just(Block),
        1 => Just(Authorise),
        2 => any::<bool>().prop_map(Restart),
    ];
    prop::collection::vec(each, 1..70)
}

/// What is known of outputs, in lists.
#[derive(Debug, Default)]
struct Model {
    delivered: Vec<u8>,
    settled: BTreeSet<u8>,
    released: Vec<u8>,
    ended: BTreeSet<u8>,
    silence: u64,
    stopped: Option<bool>,
    stops: u64,
}

impl Model {
    /// The mode that silence means: the model adds up what passed.
    fn normal(&self) -> bool {
        self.stopped.is_none() && self.silence <= NOTICE
    }
}

fn number(action: &Action) -> u8 {
    match action {
        Action::Submit { execution, .. }
        | Action::Release { execution, .. }
        | Action::Fault { execution, .. } => u8::try_from(execution.node).unwrap(),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// INV-ESCROW-01.
    #[test]
    fn nothing_is_released_early_nothing_is_lost_and_order_is_kept(moves in moves()) {
        let dir = tempdir().unwrap();
        let mut desk = Desk::open(dir.path(), rules(Pace::Steady));
        let mut model = Model::default();
        let mut open: Vec<Action> = Vec::new();
        desk.block();
        for step in &moves {
            let held: Vec<u8> = desk.stream.machine().held().map(|(one, _)| one.node as u8).collect();
            let pick = |at: usize| held.get(at % held.len().max(1)).copied();
            let is_submit = |action: &&Action| matches!(action, Action::Submit { .. });
            let fresh = match *step {
                Move::Deliver => {
                    let next = model.delivered.len() as u8;
                    if next >= 60 {
                        continue;
                    }
                    model.delivered.push(next);
                    desk.deliver(next)
                }
                Move::Refuse(at) => {
                    let submits: Vec<Action> = open.iter().filter(is_submit).cloned().collect();
                    let Some(action) = submits.get(at % submits.len().max(1)) else { continue };
                    open.retain(|one| one != action);
                    desk.settle(action, refused())
                }
                Move::HandOver(at) => {
                    let rest: Vec<Action> = open.iter().filter(|one| !is_submit(one)).cloned().collect();
                    let Some(action) = rest.get(at % rest.len().max(1)) else { continue };
                    open.retain(|one| one != action);
                    match action {
                        Action::Release { .. } => {
                            model.ended.insert(number(action));
                            desk.settle(action, Outcome::Told)
                        }
                        Action::Fault { .. } => {
                            model.ended.insert(number(action));
                            desk.settle(action, Outcome::Told)
                        }
                        _ => desk.settle(action, Outcome::Told),
                    }
                }
                Move::Confirm(at) => {
                    let Some(of) = pick(at) else { continue };
                    let at = desk.head();
                    desk.take(Event::Confirmed { execution: execution(of), at })
                }
                Move::Withdraw(at) => {
                    let Some(of) = pick(at) else { continue };
                    let at = desk.head();
                    desk.take(Event::Withdrawn { execution: execution(of), at })
                }
                Move::Settle(at) => {
                    let Some(of) = pick(at) else { continue };
                    model.settled.insert(of);
                    desk.settled(of)
                }
                Move::Refute(at) => {
                    let Some(of) = pick(at) else { continue };
                    if !model.released.contains(&of) {
                        model.ended.insert(of);
                    }
                    let at = desk.head();
                    let cause = "another result counts".into();
                    desk.take(Event::Refuted { execution: execution(of), at, cause })
                }
                Move::Tick(millis) => {
                    model.silence += millis.min(TICK_MAX.get());
                    if model.stopped.is_none() && model.silence >= THRESHOLD {
                        // It was noticed before: ticks are shorter than the notice and the threshold apart.
                        model.stopped = Some(false);
                        model.stops += 1;
                    }
                    desk.tick(millis)
                }
                Move::Block => {
                    model.silence = 0;
                    model.stopped = model.stopped.map(|_| true);
                    desk.block()
                }
                Move::Authorise => {
                    if model.stopped == Some(true) {
                        model.stopped = None;
                    }
                    desk.take(Event::Authorised { by: Authority::Operator, stop: model.stops })
                }
                Move::Restart(with_checkpoint) => {
                    desk.restart(dir.path(), with_checkpoint);
                    desk.fresh()
                }
            };
            // A stop that was ended before blocks came again begins with the silence that goes on.
            if !matches!(step, Move::Authorise) {
                prop_assert_eq!(desk.stream.machine().may_send(), model.normal(), "{:?} {:?}", step, model);
            }
            let mut last = None;
            for action in &fresh {
                match action {
                    Action::Release { .. } => {
                        let of = number(action);
                        prop_assert!(model.settled.contains(&of), "{} was released early", of);
                        prop_assert!(!model.released.contains(&of), "{} was released twice", of);
                        prop_assert!(model.normal(), "{} was released in an outage", of);
                        model.released.push(of);
                    }
                    Action::Submit { number: nth, .. } => {
                        prop_assert!(model.normal(), "handed in during an outage");
                        // First submissions leave in the order of delivery, which is that of their numbers.
                        if *nth == 0 {
                            prop_assert!(last < Some(number(action)), "{:?}", fresh);
                            last = Some(number(action));
                        }
                    }
                    Action::Fault { .. }
                    | Action::Stop { .. }
                    | Action::Declare { .. }
                    | Action::Alert { .. } => {}
                }
            }
            open.extend(fresh);
            // Whatever was delivered is held, or ended in a way that the model knows.
            let held: BTreeSet<u8> = desk.stream.machine().held().map(|(one, _)| one.node as u8).collect();
            let expected: BTreeSet<u8> = model.delivered.iter().copied().filter(|one| !model.ended.contains(one)).collect();
            prop_assert_eq!(held, expected, "{:?}", step);
        }
    }
}

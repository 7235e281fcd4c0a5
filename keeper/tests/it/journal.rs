//! The journal against a model that keeps everything in lists, over random commands of two keepers, with the store opened again in
//! between: the same claims for a file of SQLite and for a database of PostgreSQL.

use std::collections::BTreeMap;

use agentcity_domain::time::Millis;
use agentcity_keeper::{
    clock::Moment,
    journal::{
        ActionKey, Claim, Identity, Intent, Journal, JournalError, Lease, PostgresJournal, Seen,
        Signed, SqliteJournal, Standing, account_lease,
    },
};
use agentcity_test_fixtures::postgres::Postgres;
use alloy::primitives::{Address, B256};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use tempfile::{TempDir, tempdir};

use crate::marks::{
    a_journal_of_another_release_is_refused,
    a_journal_of_the_first_format_goes_on_with_all_that_it_holds,
    a_mark_stays_until_a_later_one_takes_its_place,
    whoever_holds_nothing_can_tell_whether_writes_are_taken,
};

const ACCOUNT: Address = Address::repeat_byte(0xac);
pub(crate) const TERM: Millis = Millis::new(100);
const KEEPERS: [&str; 2] = ["one", "two"];

/// Where a journal is, to be opened as often as wanted.
pub(crate) trait Place {
    type Open: Journal;
    fn try_open(&self) -> Result<Self::Open, JournalError>;
    fn open(&self) -> Self::Open {
        self.try_open().unwrap()
    }
    /// Changes what is kept behind the journal's back.
    fn tamper(&self, statements: &str);
}

/// A file in a folder that vanishes.
pub(crate) struct File(TempDir);

impl File {
    pub(crate) fn new() -> Self {
        Self(tempdir().unwrap())
    }
}

impl Place for File {
    type Open = SqliteJournal;

    fn try_open(&self) -> Result<SqliteJournal, JournalError> {
        SqliteJournal::open(&self.0.path().join("journal.sqlite"))
    }

    fn tamper(&self, statements: &str) {
        let store = rusqlite::Connection::open(self.0.path().join("journal.sqlite")).unwrap();
        store.execute_batch(statements).unwrap();
    }
}

/// A schema of a server, as good as a database of its own.
pub(crate) struct Schema {
    url: String,
}

impl Schema {
    pub(crate) fn new(server: &Postgres, name: &str) -> Self {
        executed(server.url(), format!("CREATE SCHEMA {name}"));
        Self {
            url: format!("{} options='-c search_path={name}'", server.url()),
        }
    }
}

/// In a thread of its own: the client must not begin its loop inside a test's.
fn executed(url: String, statements: String) {
    let done = std::thread::spawn(move || {
        let mut client = ::postgres::Client::connect(&url, ::postgres::NoTls).unwrap();
        client.batch_execute(&statements).unwrap();
    });
    done.join().unwrap();
}

impl Place for Schema {
    type Open = PostgresJournal;

    fn try_open(&self) -> Result<PostgresJournal, JournalError> {
        PostgresJournal::connect(&self.url)
    }

    fn tamper(&self, statements: &str) {
        executed(self.url.clone(), statements.to_owned());
    }
}

/// Each claim on both stores; those on PostgreSQL share a server, which takes longer to begin than they do.
macro_rules! on_both_stores {
    ($($name:ident)*) => {
        mod on_sqlite {
            $(#[test] fn $name() { super::$name(&super::File::new()); })*
        }

        #[test]
        fn a_database_holds_what_a_file_holds() {
            let server = Postgres::start().unwrap();
            $($name(&Schema::new(&server, stringify!($name)));)*
        }
    };
}

on_both_stores! {
    a_keeper_that_was_thought_dead_records_nothing_any_more
    a_journal_belongs_to_one_chain
    one_key_is_one_content
    an_account_signs_under_its_own_lease_only
    what_stands_above_the_floor_is_what_was_added_and_not_removed
    a_mark_stays_until_a_later_one_takes_its_place
    a_journal_of_the_first_format_goes_on_with_all_that_it_holds
    a_journal_of_another_release_is_refused
    whoever_holds_nothing_can_tell_whether_writes_are_taken
}

#[derive(Clone, Debug)]
enum Command {
    Pass(u64),
    Acquire(usize, bool),
    Renew(usize, bool),
    Release(usize, bool),
    See(usize, u64, u64, bool),
    Intend(usize, u64, Vec<u8>),
    Settle(usize, u8, bool),
    Sign(usize, u64, u8, bool, u64),
    Close(usize, u64, Option<u64>),
    Checkpoint(usize, u64, u64),
    Reopen,
}

fn command() -> impl Strategy<Value = Command> {
    use Command::*;
    let who = 0..2_usize;
    prop_oneof![
        1 => (1..150_u64).prop_map(Pass),
        3 => (who.clone(), any::<bool>()).prop_map(|(who, account)| Acquire(who, account)),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, account)| Renew(who, account)),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, account)| Release(who, account)),
        5 => (who.clone(), 0..4_u64, 0..2_u64, any::<bool>()).prop_map(|(w, b, i, r)| See(w, b, i, r)),
        5 => (who.clone(), 0..3_u64, prop::collection::vec(0..5_u8, 0..3)).prop_map(|(w, s, a)| Intend(w, s, a)),
        2 => (who.clone(), 0..5_u8, any::<bool>()).prop_map(|(w, a, o)| Settle(w, a, o)),
        5 => (who.clone(), 0..3_u64, 0..5_u8, prop::bool::weighted(0.2), 0..2_u64)
            .prop_map(|(w, n, a, f, skew)| Sign(w, n, a, f, skew)),
        2 => (who.clone(), 0..3_u64, prop::option::of(0..3_u64)).prop_map(|(w, n, a)| Close(w, n, a)),
        1 => (who, 0..3_u64, 0..4_u64).prop_map(|(w, back, b)| Checkpoint(w, back, b)),
        1 => Just(Reopen),
    ]
}

#[derive(Clone, Debug)]
struct Sent {
    action: u8,
    fill: bool,
    fate: char,
}

/// What the journal should be, without a store.
#[derive(Default)]
struct Model {
    now: u64,
    leases: BTreeMap<bool, (usize, u64, u64)>,
    shown: BTreeMap<(usize, bool), (u64, u64)>,
    events: Vec<(u64, u64, bool)>,
    taken: usize,
    kept: usize,
    floor: Option<u64>,
    actions: BTreeMap<u8, Option<bool>>,
    sent: BTreeMap<u64, Vec<Sent>>,
}

impl Model {
    fn guard(&self, who: usize, account: bool) -> Result<(), &'static str> {
        let (fence, _) = *self.shown.get(&(who, account)).ok_or("none")?;
        match self.leases.get(&account) {
            Some(&(_, newest, until)) if newest == fence && until > self.now => Ok(()),
            _ => Err("fenced"),
        }
    }

    fn apply(&mut self, command: &Command) -> Result<String, &'static str> {
        match *command {
            Command::Reopen => Ok(String::new()),
            Command::Pass(span) => {
                self.now += span;
                Ok(String::new())
            }
            Command::Acquire(who, account) => {
                let until = self.now + TERM.get();
                let fence = match self.leases.get(&account) {
                    Some(&(holder, _, until)) if holder != who && until > self.now => {
                        return Ok("held".into());
                    }
                    Some(&(_, fence, _)) => fence + 1,
                    None => 1,
                };
                self.leases.insert(account, (who, fence, until));
                self.shown.insert((who, account), (fence, until));
                Ok(format!("fence {fence}"))
            }
            Command::Renew(who, account) => {
                self.guard(who, account)?;
                let lease = self.leases.get_mut(&account).expect("guarded");
                lease.2 = self.now + TERM.get();
                self.shown.insert((who, account), (lease.1, lease.2));
                Ok(String::new())
            }
            Command::Release(who, account) => {
                self.guard(who, account)?;
                self.leases.get_mut(&account).expect("guarded").2 = 0;
                Ok(String::new())
            }
            Command::See(who, block, index, removed) => {
                self.guard(who, false)?;
                if self.floor.is_some_and(|floor| block <= floor) {
                    return if removed {
                        Err("floor")
                    } else {
                        Ok("known".into())
                    };
                }
                let mut same = self.events.iter().rev();
                let last = same.find(|event| (event.0, event.1) == (block, index));
                if last.is_some_and(|event| !event.2) != removed {
                    return Ok("known".into());
                }
                self.events.push((block, index, removed));
                Ok(format!("seq {}", self.events.len()))
            }
            Command::Intend(who, skew, ref actions) => {
                self.guard(who, false)?;
                if skew != 1 || self.taken + 1 > self.events.len() {
                    return Err("order");
                }
                let mut fresh = Vec::new();
                for &action in actions {
                    self.actions.entry(action).or_insert_with(|| {
                        fresh.push(key(action));
                        None
                    });
                }
                self.taken += 1;
                Ok(format!("{fresh:?}"))
            }
            Command::Settle(who, action, outcome) => {
                self.guard(who, false)?;
                match self.actions.get_mut(&action) {
                    None => Err("unknown"),
                    Some(Some(known)) if *known == outcome => Ok("known".into()),
                    Some(Some(_)) => Err("ended"),
                    Some(open) => {
                        *open = Some(outcome);
                        // Blocks are below four: this one is no log.
                        self.events.push((u64::MAX, u64::from(action), false));
                        Ok(format!("seq {}", self.events.len()))
                    }
                }
            }
            Command::Sign(who, nonce, action, fill, skew) => {
                self.guard(who, true)?;
                match self.actions.get(&action) {
                    None => return Err("unknown"),
                    Some(Some(_)) if !fill => return Err("ended"),
                    _ => {}
                }
                let here = self.sent.entry(nonce).or_default().clone();
                if here.iter().any(|sent| sent.action != action) {
                    return Err("taken");
                }
                if here.iter().any(|sent| sent.fate != 'o') {
                    return Err("closed");
                }
                let lives = |sent: &Sent| sent.action == action && !sent.fill && sent.fate != 'l';
                let elsewhere = self
                    .sent
                    .iter()
                    .any(|(at, all)| *at != nonce && all.iter().any(lives));
                if elsewhere && !fill {
                    return Err("has nonce");
                }
                if skew != 0 {
                    return Err("attempt");
                }
                let here = self.sent.entry(nonce).or_default();
                here.push(Sent {
                    action,
                    fill,
                    fate: 'o',
                });
                Ok(String::new())
            }
            Command::Close(who, nonce, winner) => {
                self.guard(who, true)?;
                let here = self.sent.entry(nonce).or_default();
                if winner.is_some_and(|winner| winner >= here.len() as u64) {
                    return Err("no transaction");
                }
                for (attempt, sent) in here.iter_mut().enumerate() {
                    sent.fate = if winner == Some(attempt as u64) {
                        'w'
                    } else {
                        'l'
                    };
                }
                Ok(String::new())
            }
            Command::Checkpoint(who, back, block) => {
                self.guard(who, false)?;
                let seq = (self.taken as u64).wrapping_sub(back);
                if seq > self.taken as u64 || seq < self.kept as u64 {
                    return Err("order");
                }
                self.kept = seq as usize;
                self.floor = self.floor.max(Some(block));
                Ok(String::new())
            }
        }
    }
}

fn key(action: u8) -> ActionKey {
    ActionKey(B256::repeat_byte(action + 1))
}

fn hash(nonce: u64, attempt: u64) -> B256 {
    B256::right_padding_from(&[nonce as u8 + 1, attempt as u8 + 1])
}

fn run(
    journal: &mut impl Journal,
    leases: &mut BTreeMap<(usize, bool), Lease>,
    model: &Model,
    command: &Command,
) -> Result<String, JournalError> {
    let now = Moment::new(model.now);
    let name = |account| {
        if account {
            account_lease(ACCOUNT)
        } else {
            "stream".to_owned()
        }
    };
    let shown = |leases: &BTreeMap<_, Lease>, who, account| leases[&(who, account)].clone();
    let seen = |seen| match seen {
        Seen::Known => "known".to_owned(),
        Seen::Recorded(seq) => format!("seq {seq}"),
    };
    let nothing = |()| String::new();
    match *command {
        Command::Reopen | Command::Pass(_) => Ok(String::new()),
        Command::Acquire(who, account) => {
            match journal.acquire(&name(account), KEEPERS[who], now, TERM)? {
                Claim::Held { .. } => Ok("held".into()),
                Claim::Granted(lease) => {
                    let fence = lease.fence;
                    leases.insert((who, account), lease);
                    Ok(format!("fence {fence}"))
                }
            }
        }
        Command::Renew(who, account) => {
            let lease = journal.renew(&shown(leases, who, account), now, TERM)?;
            leases.insert((who, account), lease);
            Ok(String::new())
        }
        Command::Release(who, account) => journal
            .release(&shown(leases, who, account), now)
            .map(nothing),
        Command::See(who, block, index, removed) => {
            let identity = Identity::Log {
                block,
                block_hash: B256::with_last_byte(block as u8),
                index,
                removed,
            };
            journal
                .see(
                    &shown(leases, who, false),
                    now,
                    &identity,
                    &body(block, index, removed),
                )
                .map(seen)
        }
        Command::Intend(who, skew, ref actions) => {
            let intents: Vec<Intent> = actions
                .iter()
                .map(|action| Intent {
                    key: key(*action),
                    body: action.to_string(),
                })
                .collect();
            let seq = model.taken as u64 + skew;
            journal
                .intend(&shown(leases, who, false), now, seq, &intents)
                .map(|fresh| format!("{fresh:?}"))
        }
        Command::Settle(who, action, outcome) => journal
            .settle(
                &shown(leases, who, false),
                now,
                key(action),
                &outcome.to_string(),
                &body(u64::MAX, u64::from(action), false),
            )
            .map(seen),
        Command::Sign(who, nonce, action, fill, skew) => {
            let attempt = model.sent.get(&nonce).map_or(0, Vec::len) as u64 + skew;
            let signed = Signed {
                account: ACCOUNT,
                nonce,
                attempt,
                action: key(action),
                fill,
                hash: hash(nonce, attempt),
                raw: vec![nonce as u8, attempt as u8].into(),
                fee_max: u128::MAX,
                after_block: 7,
            };
            journal
                .sign(&shown(leases, who, true), now, &signed)
                .map(nothing)
        }
        Command::Close(who, nonce, winner) => journal
            .close(
                &shown(leases, who, true),
                now,
                ACCOUNT,
                nonce,
                winner.map(|attempt| hash(nonce, attempt)),
            )
            .map(nothing),
        Command::Checkpoint(who, back, block) => {
            // One that would lie before the beginning lies behind the end instead.
            let seq = (model.taken as u64)
                .checked_sub(back)
                .unwrap_or(u64::MAX >> 1);
            journal
                .checkpoint(&shown(leases, who, false), now, seq, "state", block.into())
                .map(nothing)
        }
    }
}

fn body(block: u64, index: u64, removed: bool) -> String {
    format!("{block} {index} {removed}")
}

fn tag(error: &JournalError) -> &'static str {
    match error {
        JournalError::Fenced { .. } => "fenced",
        JournalError::BelowFloor { .. } => "floor",
        JournalError::OutOfOrder { .. } => "order",
        JournalError::UnknownAction { .. } => "unknown",
        JournalError::Ended { .. } => "ended",
        JournalError::NonceTaken { .. } => "taken",
        JournalError::NonceClosed { .. } => "closed",
        JournalError::HasNonce { .. } => "has nonce",
        JournalError::Attempt { .. } => "attempt",
        JournalError::UnknownTransaction { .. } => "no transaction",
        other => panic!("{other}"),
    }
}

/// Random commands, so many times, each time in a place of its own.
fn does_what_the_model_does<P: Place>(cases: u32, mut place: impl FnMut() -> P) {
    let place = std::cell::RefCell::new(&mut place);
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let commands = prop::collection::vec(command(), 1..80);
    let checked = runner.run(&commands, |commands| {
        let fresh = (*place.borrow_mut())();
        commands_agree(&fresh, &commands)
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_journal_in_a_file_does_what_the_model_does() {
    does_what_the_model_does(64, File::new);
}

#[test]
fn the_journal_in_a_database_does_what_the_model_does() {
    let server = Postgres::start().unwrap();
    let mut number = 0;
    does_what_the_model_does(24, || {
        number += 1;
        Schema::new(&server, &format!("case{number}"))
    });
}

fn commands_agree<P: Place>(place: &P, commands: &[Command]) -> Result<(), TestCaseError> {
    {
        let mut journal = place.open();
        let (mut model, mut leases) = (Model::default(), BTreeMap::new());
        model.now = 1_000;
        for command in commands {
            if let Command::Reopen = command {
                drop(journal);
                journal = place.open();
            }
            let needs = match *command {
                Command::Renew(who, account) | Command::Release(who, account) => {
                    Some((who, account))
                }
                Command::See(who, ..)
                | Command::Intend(who, ..)
                | Command::Settle(who, ..)
                | Command::Checkpoint(who, ..) => Some((who, false)),
                Command::Sign(who, ..) | Command::Close(who, ..) => Some((who, true)),
                _ => None,
            };
            // Who never had a lease has nothing to show.
            if needs.is_some_and(|needs| !leases.contains_key(&needs)) {
                continue;
            }
            let got = run(&mut journal, &mut leases, &model, command);
            let wanted = model.apply(command);
            prop_assert_eq!(
                got.as_ref().map_err(tag),
                wanted.as_ref().map_err(|tag| *tag),
                "{:?}",
                command
            );

            let replay = journal.replay("stream").unwrap();
            prop_assert_eq!(
                (replay.from, replay.cursor),
                (model.kept as u64, model.taken as u64)
            );
            let bodies: Vec<String> = replay
                .events
                .iter()
                .map(|event| event.body.clone())
                .collect();
            let expected: Vec<String> = model.events[model.kept..]
                .iter()
                .map(|e| body(e.0, e.1, e.2))
                .collect();
            prop_assert_eq!(bodies, expected);
            let mut open: Vec<ActionKey> = journal
                .open("stream")
                .unwrap()
                .iter()
                .map(|intent| intent.key)
                .collect();
            open.sort();
            let expected: Vec<ActionKey> = model
                .actions
                .iter()
                .filter(|a| a.1.is_none())
                .map(|a| key(*a.0))
                .collect();
            prop_assert_eq!(open, expected);
            let posted: Vec<(u64, u64)> = journal
                .posted(ACCOUNT)
                .unwrap()
                .iter()
                .map(|p| (p.signed.nonce, p.signed.attempt))
                .collect();
            let expected: Vec<(u64, u64)> = model
                .sent
                .iter()
                .flat_map(|(nonce, all)| {
                    all.iter()
                        .enumerate()
                        .filter(|s| s.1.fate == 'o')
                        .map(|s| (*nonce, s.0 as u64))
                })
                .collect();
            prop_assert_eq!(posted, expected);
            // The claim that all rests on: no action can take effect by two nonces.
            for action in 0..5 {
                let nonces = model
                    .sent
                    .values()
                    .filter(|all| {
                        all.iter()
                            .any(|s| s.action == action && !s.fill && s.fate != 'l')
                    })
                    .count();
                prop_assert!(nonces <= 1, "action {} by {} nonces", action, nonces);
            }
        }
    }
    Ok(())
}

pub(crate) fn granted(claim: Claim) -> Lease {
    match claim {
        Claim::Granted(lease) => lease,
        held => panic!("{held:?}"),
    }
}

fn a_keeper_that_was_thought_dead_records_nothing_any_more<P: Place>(place: &P) {
    let mut journal = place.open();
    let early = Moment::new(0);
    let old = granted(journal.acquire("stream", "one", early, TERM).unwrap());
    assert!(matches!(
        journal.acquire("stream", "two", Moment::new(99), TERM).unwrap(),
        Claim::Held { holder, until } if holder == "one" && until == Moment::new(100)
    ));
    let new = granted(
        journal
            .acquire("stream", "two", Moment::new(100), TERM)
            .unwrap(),
    );
    assert_eq!(new.fence, old.fence + 1);
    // Its own clock stands still, so it thinks that its lease goes on.
    let once = Identity::Once("a".into());
    let refused = journal.see(&old, early, &once, "a").unwrap_err();
    assert!(
        matches!(refused, JournalError::Fenced { fence: 1, .. }),
        "{refused}"
    );
    assert!(journal.renew(&old, early, TERM).is_err());
    assert_eq!(
        journal.see(&new, Moment::new(101), &once, "a").unwrap(),
        Seen::Recorded(1)
    );
}

fn a_journal_belongs_to_one_chain<P: Place>(place: &P) {
    let mut journal = place.open();
    journal.bind(1, B256::ZERO).unwrap();
    journal.bind(1, B256::ZERO).unwrap();
    let refused = journal.bind(1, B256::repeat_byte(1)).unwrap_err();
    assert!(
        matches!(refused, JournalError::OtherChain { .. }),
        "{refused}"
    );
}

fn one_key_is_one_content<P: Place>(place: &P) {
    let mut journal = place.open();
    let now = Moment::new(0);
    let lease = granted(journal.acquire("stream", "one", now, TERM).unwrap());
    let intent = |body: &str| Intent {
        key: key(0),
        body: body.into(),
    };
    for (seq, name) in [(1, "a"), (2, "b")] {
        let seen = journal
            .see(&lease, now, &Identity::Once(name.into()), name)
            .unwrap();
        assert_eq!(seen, Seen::Recorded(seq));
    }
    assert_eq!(
        journal.intend(&lease, now, 1, &[intent("x")]).unwrap(),
        [key(0)]
    );
    let refused = journal.intend(&lease, now, 2, &[intent("y")]).unwrap_err();
    assert!(
        matches!(refused, JournalError::KeyReused { .. }),
        "{refused}"
    );
    // What was refused left no trace, the cursor included.
    assert!(
        journal
            .intend(&lease, now, 2, &[intent("x")])
            .unwrap()
            .is_empty()
    );
}

fn an_account_signs_under_its_own_lease_only<P: Place>(place: &P) {
    let mut journal = place.open();
    let now = Moment::new(0);
    let stream = granted(journal.acquire("stream", "one", now, TERM).unwrap());
    let refused = journal.close(&stream, now, ACCOUNT, 0, None).unwrap_err();
    assert!(
        matches!(refused, JournalError::WrongLease { .. }),
        "{refused}"
    );
}

fn what_stands_above_the_floor_is_what_was_added_and_not_removed<P: Place>(place: &P) {
    let mut journal = place.open();
    let now = Moment::new(0);
    let lease = granted(journal.acquire("stream", "one", now, TERM).unwrap());
    assert_eq!(journal.standing("stream").unwrap(), Standing::default());
    assert_eq!(journal.standing("another").unwrap(), Standing::default());
    let see = |journal: &mut P::Open, block, removed| {
        let identity = Identity::Log {
            block,
            block_hash: B256::with_last_byte(block as u8),
            index: 0,
            removed,
        };
        journal
            .see(&lease, now, &identity, &body(block, 0, removed))
            .unwrap()
    };
    for block in 1..=4 {
        see(&mut journal, block, false);
    }
    let once = Identity::Once("a".into());
    journal.see(&lease, now, &once, "no log").unwrap();
    see(&mut journal, 4, true);
    see(&mut journal, 3, true);
    see(&mut journal, 3, false);
    for seq in 1..=8 {
        journal.intend(&lease, now, seq, &[]).unwrap();
    }
    let stands = |journal: &mut P::Open| journal.standing("stream").unwrap();
    assert_eq!(stands(&mut journal).floor, None);
    assert_eq!(
        stands(&mut journal).logs,
        [body(1, 0, false), body(2, 0, false), body(3, 0, false)]
    );
    // What the checkpoint contains is forgotten up to the floor only: what lies above may be taken back.
    journal
        .checkpoint(&lease, now, 8, "state", 1.into())
        .unwrap();
    let mut journal = place.open();
    assert_eq!(stands(&mut journal).floor, Some(1));
    assert_eq!(
        stands(&mut journal).logs,
        [body(2, 0, false), body(3, 0, false)]
    );
}

//! Keepers that share a journal on a server: they write at once, the server dies, and one of them does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use agentcity_domain::time::Millis;
use agentcity_keeper::{
    clock::{Clock, Moment},
    daemon::{Keeper, LEASE_TERM, Standing},
    journal::{
        ActionKey, Claim, Identity, Intent, Journal, JournalError, Lease, PostgresJournal, Signed,
        account_lease,
    },
    part::Part,
};
use agentcity_test_fixtures::postgres::{CERTIFICATE, Postgres, STRANGERS_CERTIFICATE};
use alloy::{
    primitives::{Address, keccak256},
    providers::RootProvider,
};

use crate::{
    host::{Habit, part},
    journal::{Place, Schema},
};

const NOW: Moment = Moment::new(0);
const LONG: Millis = Millis::new(u32::MAX as u64);
/// Actions that both keepers want to sign for at once.
const RACES: u64 = 24;

#[derive(Debug, Default)]
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.load(Ordering::SeqCst))
    }
}

fn granted(journal: &mut impl Journal, name: &str, holder: &str) -> Lease {
    match journal.acquire(name, holder, NOW, LONG).unwrap() {
        Claim::Granted(lease) => lease,
        held => panic!("{held:?}"),
    }
}

fn key(action: u64) -> ActionKey {
    ActionKey(keccak256(action.to_be_bytes()))
}

/// Signs for every action with an account of its own, and says which were granted.
fn signs_for_all(mut journal: PostgresJournal, account: Address) -> Vec<bool> {
    let name = account_lease(account);
    let lease = granted(&mut journal, &name, &name[..20]);
    let sign = |action| {
        let nonce = journal.next_nonce(account).unwrap();
        let signed = Signed {
            account,
            nonce,
            attempt: 0,
            action: key(action),
            fill: false,
            hash: keccak256(format!("{account} {nonce}")),
            raw: vec![1].into(),
            fee_max: 1,
            after_block: 0,
        };
        match journal.sign(&lease, NOW, &signed) {
            Ok(()) => true,
            Err(JournalError::HasNonce { .. }) => false,
            Err(other) => panic!("{other}"),
        }
    };
    (0..RACES).map(sign).collect()
}

#[test]
fn of_two_accounts_that_sign_for_one_action_at_once_one_is_refused() {
    let server = Postgres::start().unwrap();
    let place = Schema::new(&server, "one");
    let mut journal = place.open();
    let stream = granted(&mut journal, "stream", "one");
    let once = Identity::Once("begin".into());
    journal.see(&stream, NOW, &once, "").unwrap();
    let intents: Vec<Intent> = (0..RACES)
        .map(|action| Intent {
            key: key(action),
            body: action.to_string(),
        })
        .collect();
    journal.intend(&stream, NOW, 1, &intents).unwrap();
    let racers: Vec<_> = [1, 2]
        .map(|byte| {
            let journal = place.open();
            thread::spawn(move || signs_for_all(journal, Address::repeat_byte(byte)))
        })
        .into_iter()
        .collect();
    let granted: Vec<Vec<bool>> = racers.into_iter().map(|r| r.join().unwrap()).collect();
    for (action, (one, two)) in granted[0].iter().zip(&granted[1]).enumerate() {
        assert!(one != two, "action {action}: {one} and {two}");
    }
}

type Real = Keeper<PostgresJournal, RootProvider>;

fn keeper(place: &Schema, name: &str) -> Real {
    let parts: Vec<Arc<dyn Part>> = vec![part("reports", 1, Habit::Reports)];
    Keeper::with_parts(place.open(), name.into(), 0, None, parts).unwrap()
}

#[tokio::test]
async fn a_keeper_whose_server_dies_stops_and_the_next_one_goes_on() {
    let mut server = Postgres::start().unwrap();
    let (place, clock) = (Schema::new(&server, "one"), Hands::default());
    let mut one = keeper(&place, "one");
    assert_eq!(one.stand(&clock).unwrap(), Standing::Working);
    one.observe(&clock).await.unwrap();
    // It wants something done; the server is gone before it is.
    server.kill().unwrap();
    let stopped = one.act(&clock, false).await.unwrap_err();
    assert!(!stopped.is_fenced(), "{stopped}");
    assert!(
        one.observe(&clock).await.is_err(),
        "it does not come back by itself"
    );
    drop(one);
    server.begin().unwrap();
    let mut again = keeper(&place, "one");
    assert_eq!(again.stand(&clock).unwrap(), Standing::Working);
    again.observe(&clock).await.unwrap();
    for _ in 0..3 {
        again.act(&clock, false).await.unwrap();
    }
    again.leave(&clock).unwrap();
    let state = place.open().replay("reports").unwrap().state;
    assert_eq!(state.as_deref(), Some("reported"), "once, by the second");
}

#[tokio::test]
async fn of_two_keepers_on_one_server_the_second_takes_over_when_the_lease_is_over() {
    let server = Postgres::start().unwrap();
    let (place, clock) = (Schema::new(&server, "one"), Hands::default());
    let (mut one, mut two) = (keeper(&place, "one"), keeper(&place, "two"));
    assert_eq!(one.stand(&clock).unwrap(), Standing::Working);
    assert!(
        matches!(two.stand(&clock).unwrap(), Standing::Waiting { holder, .. } if holder == "one")
    );
    one.observe(&clock).await.unwrap();
    clock.0.fetch_add(LEASE_TERM.get(), Ordering::SeqCst);
    assert_eq!(two.stand(&clock).unwrap(), Standing::Working);
    // Who wakes up can record nothing, and so does nothing.
    let refused = one
        .observe(&clock)
        .await
        .and(one.act(&clock, false).await.map(drop));
    assert!(refused.is_err_and(|error| error.is_fenced()));
    two.observe(&clock).await.unwrap();
    for _ in 0..3 {
        two.act(&clock, false).await.unwrap();
    }
    two.leave(&clock).unwrap();
    let state = place.open().replay("reports").unwrap().state;
    assert_eq!(state.as_deref(), Some("reported"));
}

#[test]
fn a_server_on_another_machine_is_reached_encrypted_and_by_its_own_name_alone() {
    let server = Postgres::start_encrypted().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let (own, strange) = (
        file("own.pem", CERTIFICATE),
        file("strange.pem", STRANGERS_CERTIFICATE),
    );
    let port = server.port().unwrap();
    let connect = |host: &str, rest: &str| {
        PostgresJournal::connect(&format!(
            "host={host} port={port} user=keeper dbname=postgres {rest}"
        ))
    };
    let mut journal = connect(
        "localhost",
        &format!("sslmode=verify-full sslrootcert={own}"),
    )
    .unwrap();
    let lease = granted(&mut journal, "stream", "one");
    let once = Identity::Once("a".into());
    journal.see(&lease, NOW, &once, "seen").unwrap();
    // Another's certificate, another's name, and whoever is trusted by this system: no connection.
    for (host, rest) in [
        (
            "localhost",
            format!("sslmode=require sslrootcert={strange}"),
        ),
        ("127.0.0.1", format!("sslmode=require sslrootcert={own}")),
        ("localhost", "sslmode=require".to_owned()),
    ] {
        let refused = connect(host, &rest).unwrap_err().to_string();
        assert!(refused.contains("certificate"), "{rest}: {refused}");
    }
    // In the clear this server takes nobody: what was taken above was encrypted.
    assert!(connect("localhost", "sslmode=disable").is_err());
}

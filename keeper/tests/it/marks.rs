//! What a journal keeps to tell later whether it is still the same chain, formats that it takes over, and whether it takes writes at all:
//! the same claims for both stores, which [`crate::journal`] runs.

use agentcity_keeper::{
    clock::Moment,
    journal::{Finality, Identity, Journal, JournalError, Mark},
};
use alloy::primitives::B256;

use crate::journal::{Place, TERM, granted};

pub(crate) fn a_mark_stays_until_a_later_one_takes_its_place<P: Place>(place: &P) {
    let mut journal = place.open();
    let now = Moment::new(0);
    let lease = granted(journal.acquire("stream", "one", now, TERM).unwrap());
    let mark = |block: u64, byte: u8| Mark {
        block,
        hash: B256::repeat_byte(byte),
    };
    let rows = [
        (7, Some(mark(5, 1)), mark(5, 1)),
        (9, None, mark(5, 1)),
        (9, Some(mark(4, 2)), mark(5, 1)),
        (12, Some(mark(11, 3)), mark(11, 3)),
    ];
    for (block, given, stands) in rows {
        let finality = Finality { block, mark: given };
        journal
            .checkpoint(&lease, now, 0, "state", finality)
            .unwrap();
        let known = place.open().standing("stream").unwrap();
        assert_eq!((known.floor, known.mark), (Some(block), Some(stands)));
    }
    assert_eq!(place.open().standing("another").unwrap().mark, None);
}

pub(crate) fn a_journal_of_the_first_format_goes_on_with_all_that_it_holds<P: Place>(place: &P) {
    let now = Moment::new(0);
    let mut journal = place.open();
    let lease = granted(journal.acquire("stream", "one", now, TERM).unwrap());
    let once = Identity::Once("a".into());
    journal.see(&lease, now, &once, "seen").unwrap();
    journal.intend(&lease, now, 1, &[]).unwrap();
    journal
        .checkpoint(&lease, now, 1, "state", 7.into())
        .unwrap();
    drop(journal);
    // The first format is this one without marks.
    place.tamper("DROP TABLE marks; UPDATE meta SET value = '1' WHERE name = 'format'");
    let mut journal = place.open();
    assert_eq!(
        journal.replay("stream").unwrap().state.as_deref(),
        Some("state")
    );
    let known = journal.standing("stream").unwrap();
    assert_eq!((known.floor, known.mark), (Some(7), None));
    let mark = Mark {
        block: 8,
        hash: B256::repeat_byte(8),
    };
    let finality = Finality {
        block: 8,
        mark: Some(mark),
    };
    journal
        .checkpoint(&lease, now, 1, "state", finality)
        .unwrap();
    assert_eq!(place.open().standing("stream").unwrap().mark, Some(mark));
}

pub(crate) fn a_journal_of_another_release_is_refused<P: Place>(place: &P) {
    drop(place.open());
    place.tamper("UPDATE meta SET value = '3' WHERE name = 'format'");
    let refused = place.try_open().unwrap_err();
    assert!(
        matches!(refused, JournalError::Format { expected: 2, .. }),
        "{refused}"
    );
}

pub(crate) fn whoever_holds_nothing_can_tell_whether_writes_are_taken<P: Place>(place: &P) {
    let (now, mut journal) = (Moment::new(0), place.open());
    let lease = granted(journal.acquire("stream", "one", now, TERM).unwrap());
    for _ in 0..2 {
        place.open().probe("two", now).unwrap();
    }
    assert!(place.open().probe("", now).is_err(), "a name has a length");
    // It is nobody's lease, and no step of any stream.
    journal.renew(&lease, now, TERM).unwrap();
    assert_eq!(journal.replay("stream").unwrap().events, []);
    place.tamper("ALTER TABLE meta RENAME TO elsewhere");
    assert!(journal.probe("two", now).is_err());
}

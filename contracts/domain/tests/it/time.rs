//! Instants and durations at their edges.

use agentcity_domain::time::{Millis, Seconds, TimeError, Timestamp, expired};

const fn at(seconds: u64) -> Timestamp {
    Timestamp::new(seconds)
}

#[test]
fn milliseconds_round_up_to_seconds() {
    for (millis, seconds) in [
        (0, 0),
        (1, 1),
        (999, 1),
        (1_000, 1),
        (1_001, 2),
        (1_999, 2),
        (2_000, 2),
        (u64::MAX, u64::MAX / 1_000 + 1),
    ] {
        assert_eq!(
            Millis::new(millis).to_seconds_ceil().get(),
            seconds,
            "{millis} ms"
        );
    }
}

#[test]
fn a_window_expires_after_its_last_second() {
    let over = |now| expired(at(100), Seconds::new(10), at(now));
    assert_eq!(over(100), Ok(false));
    assert_eq!(over(110), Ok(false));
    assert_eq!(over(111), Ok(true));
    assert_eq!(expired(at(7), Seconds::new(0), at(7)), Ok(false));
    assert_eq!(expired(at(7), Seconds::new(0), at(8)), Ok(true));
    assert_eq!(
        expired(at(0), Seconds::new(u64::MAX), at(u64::MAX)),
        Ok(false)
    );
}

#[test]
fn refuses_a_start_in_the_future() {
    let refusal = TimeError::StartsInFuture {
        start: 101,
        now: 100,
    };
    assert_eq!(expired(at(101), Seconds::new(0), at(100)), Err(refusal));
    assert_eq!(at(100).since(at(101)), Err(refusal));
    assert_eq!(at(101).since(at(100)), Ok(Seconds::new(1)));
}

#[test]
fn sums_do_not_wrap() {
    assert_eq!(
        at(u64::MAX - 1).checked_add(Seconds::new(1)),
        Ok(at(u64::MAX))
    );
    assert_eq!(
        at(u64::MAX).checked_add(Seconds::new(1)),
        Err(TimeError::InstantOverflow {
            at: u64::MAX,
            after: 1
        })
    );
    let refusal = TimeError::DurationOverflow {
        left: u64::MAX,
        right: 1,
    };
    assert_eq!(
        Seconds::new(u64::MAX).checked_add(Seconds::new(1)),
        Err(refusal)
    );
    assert_eq!(
        Millis::new(u64::MAX).checked_add(Millis::new(1)),
        Err(refusal)
    );
    assert_eq!(
        Seconds::new(2).checked_add(Seconds::new(3)),
        Ok(Seconds::new(5))
    );
    assert_eq!(
        Millis::new(2).checked_add(Millis::new(3)),
        Ok(Millis::new(5))
    );
}

#[test]
fn what_goes_in_comes_out() {
    for value in [0, 1, 2, u64::MAX] {
        assert_eq!(Millis::new(value).get(), value);
        assert_eq!(Seconds::new(value).get(), value);
        assert_eq!(Timestamp::new(value).get(), value);
    }
}

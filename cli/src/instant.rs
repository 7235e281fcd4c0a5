//! Instants as people read them.

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Unix seconds, and the same in UTC; `never` for zero, which contracts keep for no instant.
pub(crate) fn at(seconds: u64) -> String {
    match seconds {
        0 => "never".to_owned(),
        _ => format!("{seconds} ({})", utc(seconds)),
    }
}

/// `2026-01-31 23:59:59 UTC`; the number alone beyond the year 9999, which no calendar here reaches.
pub(crate) fn utc(seconds: u64) -> String {
    const LAST: u64 = 253_402_300_799;
    if seconds > LAST {
        return format!("{seconds} s");
    }
    let (days, of_day) = (seconds / DAY, seconds % DAY);
    // Days since 0000-03-01, in eras of 400 years: so a leap day is the last of its year (Hinnant, chrono-compatible dates).
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60
    )
}

/// A length of time: days, hours, minutes and seconds, as far as they are not zero.
pub(crate) fn length(seconds: u64) -> String {
    let parts = [
        (seconds / DAY, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let told: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    match told.is_empty() {
        true => "none".to_owned(),
        false => format!("{seconds} s ({})", told.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_told_in_utc() {
        for (seconds, text) in [
            (1, "1970-01-01 00:00:01 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_767_225_600, "2026-01-01 00:00:00 UTC"),
            (4_102_444_799, "2099-12-31 23:59:59 UTC"),
            (253_402_300_799, "9999-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(utc(seconds), text);
        }
        assert_eq!(at(0), "never");
        assert_eq!(utc(u64::MAX), "18446744073709551615 s");
    }

    #[test]
    fn lengths_leave_out_what_is_zero() {
        assert_eq!(length(0), "none");
        assert_eq!(length(90_061), "90061 s (1 d 1 h 1 min 1 s)");
        assert_eq!(length(86_400), "86400 s (1 d)");
    }
}

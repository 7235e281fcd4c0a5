//! Declared interests.

use agentcity_domain::roster::{
    Refused,
    association::{Association, MOST, declare},
};

use super::{DAY, NOW, who};

const MEMORY: u64 = 30 * DAY;

fn one(principal: u8, until: u64) -> Association {
    Association {
        principal: who(principal),
        until,
    }
}

fn place(kept: &[Association], principal: u8) -> Result<u8, Refused> {
    let (place, association) = declare(kept, who(principal), MEMORY, NOW)?;
    assert_eq!(association, one(principal, NOW + MEMORY));
    Ok(place)
}

#[test]
fn an_association_goes_behind_the_others_or_where_one_lapsed() {
    assert_eq!(place(&[], 1), Ok(0));
    let kept = [one(1, NOW), one(2, NOW - 1), one(3, NOW - 1)];
    assert_eq!(place(&kept, 4), Ok(1), "the first that lapsed");
    assert_eq!(
        place(&kept, 3),
        Ok(2),
        "the same, though an earlier one lapsed"
    );
    assert_eq!(place(&kept, 1), Ok(0), "the same, to hold longer");
    let standing = [one(1, NOW), one(2, NOW)];
    assert_eq!(place(&standing, 3), Ok(2));
}

#[test]
fn four_count_at_a_time() {
    assert_eq!(MOST, 4);
    let kept = [1, 2, 3, 4].map(|principal| one(principal, NOW));
    assert_eq!(
        place(&kept, 5),
        Err(Refused::TooManyAssociations { most: 4 })
    );
    assert_eq!(place(&kept, 4), Ok(3));
    assert_eq!(place(&kept[..3], 5), Ok(3));
}

#[test]
fn it_counts_through_its_last_second() {
    assert!(one(1, NOW).counts(NOW) && !one(1, NOW).counts(NOW + 1));
}

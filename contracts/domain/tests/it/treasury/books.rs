//! What adds up to what.

use agentcity_domain::{
    amount::Amount,
    treasury::{
        Refused,
        books::{Part, Total, grow, parts, shrink},
        fund::Fund,
        pack, unpack,
    },
};
use proptest::prelude::*;

use super::{short, units};

#[test]
fn two_amounts_share_a_word() {
    let word = pack(units(1), units(u128::MAX));
    assert_eq!(word[..16], 1u128.to_be_bytes());
    assert_eq!(word[16..], [0xff; 16]);
    assert_eq!(unpack(&word), (units(1), Amount::MAX));
}

#[test]
fn each_part_has_a_half_of_its_own() {
    let mut places: Vec<_> = Part::ALL.iter().filter_map(|part| part.place()).collect();
    assert_eq!(places.len(), 8);
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 8);
    assert_eq!(Part::Escrows.place(), None);
    for part in Part::ALL {
        let fund = match part {
            Part::Treasury => Fund::Treasury,
            Part::Insurance => Fund::Insurance,
            _ => Fund::None,
        };
        assert_eq!(part.fund(), fund, "{part:?}");
    }
    for part in Part::ALL.into_iter().skip(1) {
        let (_, lower) = part.place().unwrap();
        let grown = grow(part, &pack(units(5), units(7)), units(1)).unwrap();
        assert_eq!(
            grown,
            if lower {
                pack(units(5), units(8))
            } else {
                pack(units(6), units(7))
            }
        );
        let shrunk = shrink(part, &grown, units(1)).unwrap();
        assert_eq!(shrunk, pack(units(5), units(7)));
        let most = if lower { 7 } else { 5 };
        let less = Refused::InsufficientFund(part.fund(), short(most, most + 1));
        assert_eq!(shrink(part, &shrunk, units(most + 1)), Err(less));
        let full = pack(Amount::MAX, Amount::MAX);
        assert_eq!(
            grow(part, &full, units(1)),
            Err(Refused::InvalidAmount(units(1)))
        );
    }
    let word = pack(units(5), units(7));
    assert_eq!(grow(Part::Escrows, &word, units(1)), Ok(word));
    assert_eq!(shrink(Part::Escrows, &word, units(9)), Ok(word));
}

#[test]
fn the_total_takes_what_fits_and_gives_what_it_has() {
    let total = Total {
        locked: true,
        booked: units(u128::MAX - 1),
    };
    let full = total.receive(units(1)).unwrap();
    assert_eq!((full.booked, full.locked), (Amount::MAX, true));
    assert_eq!(
        total.receive(units(2)),
        Err(Refused::InvalidAmount(units(2)))
    );
    assert_eq!(
        total.receive(units(0)),
        Err(Refused::InvalidAmount(units(0)))
    );
    assert_eq!(full.pay(Amount::MAX).unwrap().booked, Amount::ZERO);
    let less = Refused::InsufficientFund(Fund::None, short(u128::MAX - 1, u128::MAX));
    assert_eq!(total.pay(Amount::MAX), Err(less));
    for total in [total, full, Total::default()] {
        let word = total.pack();
        assert_eq!(word[0], u8::from(total.locked));
        assert_eq!(word[16..], total.booked.get().to_be_bytes());
        assert_eq!(Total::unpack(&word), total);
    }
}

#[test]
fn more_parts_than_there_is_are_refused() {
    let pairs = [
        pack(units(1), units(2)),
        pack(units(3), units(4)),
        pack(units(5), units(6)),
        pack(units(7), units(8)),
    ];
    let of = parts(units(40), &pairs).unwrap();
    assert_eq!(of.map(|amount| amount.get()), [4, 5, 6, 7, 1, 2, 3, 8, 4]);
    assert_eq!(parts(units(36), &pairs).unwrap()[0], units(0));
    assert!(matches!(
        parts(units(35), &pairs),
        Err(Refused::InsufficientFund(..))
    ));
}

proptest! {
    /// INV-TREASURY-01.
    #[test]
    fn parts_add_up_to_the_total(amounts in prop::array::uniform9(any::<u64>())) {
        let mut pairs = [[0; 32]; 4];
        let mut sum = u128::from(amounts[0]);
        for (part, amount) in Part::ALL.into_iter().zip(amounts).skip(1) {
            let (pair, _) = part.place().unwrap();
            pairs[pair] = grow(part, &pairs[pair], units(amount.into())).unwrap();
            sum += u128::from(amount);
        }
        let of = parts(units(sum), &pairs).unwrap();
        prop_assert_eq!(of.map(|amount| amount.get()), amounts.map(u128::from));
    }
}

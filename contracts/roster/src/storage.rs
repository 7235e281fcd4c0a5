//! Words to domain values and back, and the program's entry point: a member of the city with words by keys of its own
//! (`agentcity_shell::member`). Bytes of each word from the left, instants five bytes each:
//!
//! ```text
//! city     0 active  1 unflagged  2..7 frozen until  7..15 cases  15 lock
//! money    part 0       0..12 base units of a unit  12..32 asset
//!          part 1       0..16 stakes  16..32 owed
//!          part 2       0..16 due to the insurance  16..32 due to the treasury
//! owed     account      16..32 amount
//! person   part 0       0 standing  1 marks  2 associations  3..8 since  12..32 principal
//!          part 1       0..16 stake  16..21 released from  21..29 open case
//!          part 2       0..24 decisions  24..27 of them ever  27..30 unpaid reviews  30..32 day
//!          part 3 to 6  0..5 until  12..32 principal of an association
//! monitor  part 0       0 standing  1..3 false alarms  3..8 suspended until  12..32 principal
//!          part 1       scorer
//!          part 2       0..16 left of the bond  16..20 units put up  20..25 released from
//! charged  monitor, freeze   1
//! program  account, kind     code hash
//! case     part 0       0 votes  1 needed  2 state  3..8 expires  12..32 target
//!          part 1       0..5 opened  12..32 initiator
//!          part 2       evidence
//! voted    case, voter       1
//! anchors  author       0..8 last sequence
//! anchor   author; sequence, 0   root   |   sequence, 1   16..24 zero  24..32 size
//! ```
//!
//! A decision reads two words of each of its signers and writes one: part 2.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_domain::{
    amount::Amount,
    machine::{ImpeachmentState, SeatState},
    roster::{
        anchor::Anchor,
        association::Association,
        books::{Books, Dues},
        case::Case,
        city::City,
        history::History,
        monitor::Monitor,
        seat::{Seat, Stake},
        watchdog::{Alerts, Record},
    },
};
use agentcity_shell::{
    member::{Kind, Member},
    money::Asset,
    output,
    word::{get, having},
    words::Laid,
};
use alloy_primitives::{Address, B256};
use stylus_sdk::prelude::*;

/// The contract. It has no fields: its slots are reached by number.
#[entrypoint]
#[storage]
pub struct Roster {}

impl Member for Roster {}

const CITY: Kind = 1;
const MONEY: Kind = 2;
const OWED: Kind = 3;
const PERSON: Kind = 4;
const MONITOR: Kind = 5;
const CHARGED: Kind = 6;
const PROGRAM: Kind = 7;
const CASE: Kind = 8;
const VOTED: Kind = 9;
const ANCHORS: Kind = 10;
const ANCHOR: Kind = 11;

const SEAT: u64 = 0;
const STAKE: u64 = 1;
const RECORD: u64 = 2;
const ASSOCIATIONS: u64 = 3;

const IS_GENESIS: u64 = 1;
const IS_AGENT: u64 = 2;
const IS_RUBBER: u64 = 4;
const IS_WEAKEN: u64 = 8;
const IS_CONFIRMED: u64 = 16;

/// Nobody's.
const NONE: &B256 = &B256::ZERO;

/// A word of these parts: where each begins, its bytes, its value; in its last 20 bytes an address.
#[inline(never)]
fn packed(address: Address, parts: &[(usize, usize, u64)]) -> B256 {
    let mut word = address.into_word();
    for (at, bytes, value) in parts {
        word = having(&word, *at, *bytes, *value);
    }
    word
}

/// The amount in 16 bytes of a word.
#[inline(never)]
fn amount_at(word: &B256, at: usize) -> Amount {
    let high = u128::from(get(word, at, 8));
    let low = u128::from(get(word, at.saturating_add(8), 8));
    Amount::new(high << 64 | low)
}

/// An amount into 16 bytes of a word.
#[inline(never)]
fn with_amount(word: &B256, at: usize, amount: Amount) -> B256 {
    let high = having(word, at, 8, (amount.get() >> 64) as u64);
    having(&high, at.saturating_add(8), 8, amount.get() as u64)
}

/// Two amounts.
fn pair(high: Amount, low: Amount) -> B256 {
    with_amount(&output::amount(low.get()), 0, high)
}

/// The number of a standing; zero for none.
pub(crate) fn standing_number(standing: Option<SeatState>) -> u64 {
    standing.map_or(0, |standing| standing as u64)
}

fn mark(is: bool, mark: u64) -> u64 {
    if is { mark } else { 0 }
}

impl Roster {
    #[inline(never)]
    pub(crate) fn city(&self) -> City {
        let word = self.entry(CITY, NONE, 0);
        City {
            active: get(&word, 0, 1) as u8,
            unflagged: get(&word, 1, 1) as u8,
            frozen_until: get(&word, 2, 5),
            cases: get(&word, 7, 8),
            locked: get(&word, 15, 1) != 0,
        }
    }

    #[inline(never)]
    pub(crate) fn set_city(&mut self, city: &City) {
        let word = packed(
            Address::ZERO,
            &[
                (0, 1, city.active.into()),
                (1, 1, city.unflagged.into()),
                (2, 5, city.frozen_until),
                (7, 8, city.cases),
                (15, 1, city.locked.into()),
            ],
        );
        self.set_entry(CITY, NONE, 0, &word);
    }

    /// The asset, and base units of a unit.
    #[inline(never)]
    pub(crate) fn asset(&self) -> (Asset, u128) {
        let word = self.entry(MONEY, NONE, 0);
        let scale = u128::from(get(&word, 0, 4)) << 64 | u128::from(get(&word, 4, 8));
        (Asset::at(Address::from_word(word)), scale)
    }

    #[inline(never)]
    pub(crate) fn set_asset(&mut self, asset: Address, scale: u128) {
        let parts = [(0, 4, (scale >> 64) as u64), (4, 8, scale as u64)];
        self.set_entry(MONEY, NONE, 0, &packed(asset, &parts));
    }

    #[inline(never)]
    pub(crate) fn books(&self) -> Books {
        let word = self.entry(MONEY, NONE, 1);
        Books {
            stakes: amount_at(&word, 0),
            owed: amount_at(&word, 16),
        }
    }

    #[inline(never)]
    pub(crate) fn set_books(&mut self, books: &Books) {
        self.set_entry(MONEY, NONE, 1, &pair(books.stakes, books.owed));
    }

    #[inline(never)]
    pub(crate) fn dues(&self) -> Dues {
        let word = self.entry(MONEY, NONE, 2);
        Dues {
            insurance: amount_at(&word, 0),
            treasury: amount_at(&word, 16),
        }
    }

    #[inline(never)]
    pub(crate) fn set_dues(&mut self, dues: &Dues) {
        self.set_entry(MONEY, NONE, 2, &pair(dues.insurance, dues.treasury));
    }

    #[inline(never)]
    pub(crate) fn owed(&self, account: &B256) -> Amount {
        amount_at(&self.entry(OWED, account, 0), 16)
    }

    #[inline(never)]
    pub(crate) fn set_owed(&mut self, account: &B256, amount: Amount) {
        self.set_entry(OWED, account, 0, &output::amount(amount.get()));
    }

    #[inline(never)]
    pub(crate) fn seat(&self, person: &B256) -> Seat {
        let word = self.entry(PERSON, person, SEAT);
        let marks = get(&word, 1, 1);
        Seat {
            standing: SeatState::from_u8(get(&word, 0, 1) as u8),
            is_genesis: marks & IS_GENESIS != 0,
            is_agent: marks & IS_AGENT != 0,
            alerts: Alerts {
                rubber: marks & IS_RUBBER != 0,
                weaken: marks & IS_WEAKEN != 0,
                confirmed: marks & IS_CONFIRMED != 0,
            },
            associations: get(&word, 2, 1) as u8,
            since: get(&word, 3, 5),
            principal: Address::from_word(word),
        }
    }

    #[inline(never)]
    pub(crate) fn set_seat(&mut self, person: &B256, seat: &Seat) {
        let marks = mark(seat.is_genesis, IS_GENESIS)
            | mark(seat.is_agent, IS_AGENT)
            | mark(seat.alerts.rubber, IS_RUBBER)
            | mark(seat.alerts.weaken, IS_WEAKEN)
            | mark(seat.alerts.confirmed, IS_CONFIRMED);
        let word = packed(
            seat.principal,
            &[
                (0, 1, standing_number(seat.standing)),
                (1, 1, marks),
                (2, 1, seat.associations.into()),
                (3, 5, seat.since),
            ],
        );
        self.set_entry(PERSON, person, SEAT, &word);
    }

    #[inline(never)]
    pub(crate) fn stake_of(&self, person: &B256) -> Stake {
        let word = self.entry(PERSON, person, STAKE);
        Stake {
            amount: amount_at(&word, 0),
            released_from: get(&word, 16, 5),
            case: get(&word, 21, 8),
        }
    }

    #[inline(never)]
    pub(crate) fn set_stake(&mut self, person: &B256, stake: &Stake) {
        let parts = [(16, 5, stake.released_from), (21, 8, stake.case)];
        let word = with_amount(&packed(Address::ZERO, &parts), 0, stake.amount);
        self.set_entry(PERSON, person, STAKE, &word);
    }

    #[inline(never)]
    pub(crate) fn record(&self, person: &B256) -> Record {
        let word = self.entry(PERSON, person, RECORD);
        let part = |at, bytes| get(&word, at, bytes);
        Record {
            history: History {
                symbols: [part(0, 8), part(8, 8), part(16, 8)],
                day: part(30, 2) as u16,
            },
            actions: part(24, 3) as u32,
            unpaid: part(27, 3) as u32,
        }
    }

    #[inline(never)]
    pub(crate) fn set_record(&mut self, person: &B256, record: &Record) {
        let [high, middle, low] = record.history.symbols;
        let word = packed(
            Address::ZERO,
            &[
                (0, 8, high),
                (8, 8, middle),
                (16, 8, low),
                (24, 3, record.actions.into()),
                (27, 3, record.unpaid.into()),
                (30, 2, record.history.day.into()),
            ],
        );
        self.set_entry(PERSON, person, RECORD, &word);
    }

    /// The first so many associations of a person.
    #[inline(never)]
    pub(crate) fn associations(&self, person: &B256, count: u8) -> Vec<Association> {
        let mut found = Vec::with_capacity(count.into());
        for place in 0..u64::from(count) {
            let word = self.entry(PERSON, person, ASSOCIATIONS.saturating_add(place));
            found.push(Association {
                principal: Address::from_word(word),
                until: get(&word, 0, 5),
            });
        }
        found
    }

    pub(crate) fn set_association(&mut self, person: &B256, place: u8, one: &Association) {
        let word = packed(one.principal, &[(0, 5, one.until)]);
        let part = ASSOCIATIONS.saturating_add(place.into());
        self.set_entry(PERSON, person, part, &word);
    }

    #[inline(never)]
    pub(crate) fn watcher(&self, monitor: &B256) -> Monitor {
        let word = self.entry(MONITOR, monitor, 0);
        let bond = self.entry(MONITOR, monitor, 2);
        Monitor {
            standing: SeatState::from_u8(get(&word, 0, 1) as u8),
            principal: Address::from_word(word),
            scorer: self.entry(MONITOR, monitor, 1),
            left: amount_at(&bond, 0),
            units: get(&bond, 16, 4) as u32,
            false_positives: get(&word, 1, 2) as u16,
            suspended_until: get(&word, 3, 5),
            released_from: get(&bond, 20, 5),
        }
    }

    #[inline(never)]
    pub(crate) fn set_watcher(&mut self, monitor: &B256, of: &Monitor) {
        let word = packed(
            of.principal,
            &[
                (0, 1, standing_number(of.standing)),
                (1, 2, of.false_positives.into()),
                (3, 5, of.suspended_until),
            ],
        );
        self.set_entry(MONITOR, monitor, 0, &word);
        self.set_entry(MONITOR, monitor, 1, &of.scorer);
        let parts = [(16, 4, of.units.into()), (20, 5, of.released_from)];
        let bond = with_amount(&packed(Address::ZERO, &parts), 0, of.left);
        self.set_entry(MONITOR, monitor, 2, &bond);
    }

    /// Notes that a monitor is charged for a freeze; whether it was before.
    #[inline(never)]
    pub(crate) fn charge_once(&mut self, monitor: &B256, freeze: u64) -> bool {
        let was = self.entry(CHARGED, monitor, freeze) != B256::ZERO;
        self.set_entry(CHARGED, monitor, freeze, &output::number(1));
        was
    }

    pub(crate) fn code_of(&self, account: &B256, kind: u64) -> B256 {
        self.entry(PROGRAM, account, kind)
    }

    pub(crate) fn set_code_of(&mut self, account: &B256, kind: u64, codehash: &B256) {
        self.set_entry(PROGRAM, account, kind, codehash);
    }

    /// The number by which the treasury knows the bond of a case.
    pub(crate) fn case_bond(&self, id: u64) -> B256 {
        self.key(CASE, output::number(id), B256::ZERO)
    }

    #[inline(never)]
    pub(crate) fn case(&self, id: u64) -> Option<Case> {
        let id = &output::number(id);
        let word = self.entry(CASE, id, 0);
        let opened = self.entry(CASE, id, 1);
        Some(Case {
            state: ImpeachmentState::from_u8(get(&word, 2, 1) as u8)?,
            target: Address::from_word(word),
            initiator: Address::from_word(opened),
            votes: get(&word, 0, 1) as u8,
            needed: get(&word, 1, 1) as u8,
            opened_at: get(&opened, 0, 5),
            expires_at: get(&word, 3, 5),
        })
    }

    /// Writes what changes of a case.
    #[inline(never)]
    pub(crate) fn set_case(&mut self, id: u64, case: &Case) {
        let word = packed(
            case.target,
            &[
                (0, 1, case.votes.into()),
                (1, 1, case.needed.into()),
                (2, 1, case.state as u64),
                (3, 5, case.expires_at),
            ],
        );
        self.set_entry(CASE, &output::number(id), 0, &word);
    }

    /// Writes what never changes of a case.
    pub(crate) fn set_case_opened(&mut self, id: u64, case: &Case, evidence: &B256) {
        let id = &output::number(id);
        let opened = packed(case.initiator, &[(0, 5, case.opened_at)]);
        self.set_entry(CASE, id, 1, &opened);
        self.set_entry(CASE, id, 2, evidence);
    }

    pub(crate) fn evidence(&self, id: u64) -> B256 {
        self.entry(CASE, &output::number(id), 2)
    }

    pub(crate) fn has_voted(&self, id: u64, voter: &B256) -> bool {
        self.entry_at(VOTED, &output::number(id), voter) != B256::ZERO
    }

    pub(crate) fn set_voted(&mut self, id: u64, voter: &B256) {
        self.set_entry_at(VOTED, &output::number(id), voter, &output::number(1));
    }

    /// The sequence of an author's latest anchor.
    pub(crate) fn last_anchor(&self, author: &B256) -> u64 {
        get(&self.entry(ANCHORS, author, 0), 0, 8)
    }

    pub(crate) fn set_last_anchor(&mut self, author: &B256, sequence: u64) {
        let word = having(NONE, 0, 8, sequence);
        self.set_entry(ANCHORS, author, 0, &word);
    }

    #[inline(never)]
    pub(crate) fn anchored(&self, author: &B256, sequence: u64) -> Anchor {
        let at = self.key(ANCHOR, *author, output::number(sequence));
        Anchor {
            root: self.entry(ANCHOR, &at, 0),
            size: get(&self.entry(ANCHOR, &at, 1), 24, 8),
        }
    }

    #[inline(never)]
    pub(crate) fn set_anchored(&mut self, author: &B256, sequence: u64, anchor: &Anchor) {
        let at = self.key(ANCHOR, *author, output::number(sequence));
        self.set_entry(ANCHOR, &at, 0, &anchor.root);
        self.set_entry(ANCHOR, &at, 1, &output::number(anchor.size));
    }
}

//! The contract's state, and the program's entry point: a member of the city with words by keys of its own
//! (`agentcity_shell::member`). The layout of these words is drawn with the real bodies.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_shell::member::{Kind, Member};
use stylus_sdk::prelude::*;

/// 0 standing, 1..5 actions, 5..9 approvals, 9..11 run, 11 weakenings, 12 flagged, 13..17 unpaid, 17..22 since,
/// 22..30 history | principal | declared associations: 0..5 until, 12..32 who.
pub(crate) const PERSON: Kind = 1;
/// 30 unflagged, 31 active.
pub(crate) const COUNT: Kind = 2;
/// 0..5 since, 5..10 until.
pub(crate) const WATCHDOG: Kind = 3;
/// Asset | unit scale.
pub(crate) const ASSET: Kind = 4;
/// Amount | from when it may be released.
pub(crate) const STAKE: Kind = 5;
pub(crate) const OWED: Kind = 6;
pub(crate) const TOTAL: Kind = 7;
/// 0 standing, 1..3 false positives, 3..8 suspended until, 8..13 released from | principal | scorer | bond.
pub(crate) const MONITOR: Kind = 8;
pub(crate) const PROGRAM: Kind = 9;
/// 0 votes, 1 needed, 2..7 expires, 7 closed, 12..32 target | initiator | evidence.
pub(crate) const CASE: Kind = 10;
pub(crate) const VOTED: Kind = 11;
pub(crate) const CHARGED: Kind = 12;
pub(crate) const ANCHOR: Kind = 13;

/// The contract. It has no fields: its slots are reached by number.
#[entrypoint]
#[storage]
pub struct Roster {}

impl Member for Roster {}

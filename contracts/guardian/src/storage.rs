//! Words to domain values and back, and the program's entry point: a member of the city with words by keys of its own
//! (`agentcity_shell::member`). Bytes of each word from the left, instants five bytes each:
//!
//! ```text
//! watch    mission                      0..3 freezes  3..8 cleared at  8..10 stops cleared  10..15 stopped at
//!                                       15..20 stopped until  20..25 paused until  25..28 pauses
//!                                       28..32 seconds of the city's stops
//! attempt  mission; node, attempt,      0 warnings  1, 2 accusations kept: deviations, substitutions
//!          agent
//! heard    attempt, monitor             0..8 sequence  8..12 tools  12..16 messages
//! accused  attempt; cause, place        0..5 when  12..32 monitor
//! freeze   mission; number, part 0      0..20 agent  20..25 at  25..27 node  27 attempt  28 cause  29 state
//!                                       30 false 1, charged 2  31 monitors
//!          part 1                       0..20 first monitor  20..24 its principal's tag  24..27 seconds until it expires
//!          parts 2 to 5                 0..20 a further monitor  20..24 its principal's tag
//! outages  mission                      0..5 extended  5..10 last one's end  10..15 degraded at
//! gate     mission, 0                   0 passed  1 cleared  2 failed  3 asked  4..9 reconciled at
//!          mission, 1                   root of the reconciled log
//! ```
//!
//! Mission zero is the city. A freeze takes two new words, three if two monitors agreed.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_domain::{
    gate::Gate,
    guardian::{
        escalation::Tag,
        freeze::{Cause, Freeze},
        outage::Outages,
        report::Heard,
        stop::{Stop, Watch},
    },
    machine::FreezeState,
};
use agentcity_shell::{
    member::{Kind, Member},
    output,
    word::{get, having},
    words::Laid,
};
use alloy_primitives::{Address, B256};
use stylus_sdk::prelude::*;

/// The contract. It has no fields: its slots are reached by number.
#[entrypoint]
#[storage]
pub struct Guardian {}

impl Member for Guardian {}

const WATCH: Kind = 1;
const ATTEMPT: Kind = 2;
const HEARD: Kind = 3;
const ACCUSED: Kind = 4;
const FREEZE: Kind = 5;
const OUTAGES: Kind = 6;
const GATE: Kind = 7;
/// Keys of this kind name bonds, and hold nothing.
const BOND: Kind = 8;

/// Bits of a freeze's number that count within its mission; those above are the mission's.
const NUMBER_BITS: u32 = 24;

const IS_FALSE: u64 = 1;
const IS_CHARGED: u64 = 2;

/// A monitor of a freeze, and its principal's tag.
pub(crate) type Reporter = (Address, Tag);

/// A word of these parts: where each begins, its bytes, its value.
#[inline(never)]
fn packed(parts: &[(usize, usize, u64)]) -> B256 {
    let mut word = B256::ZERO;
    for (at, bytes, value) in parts {
        word = having(&word, *at, *bytes, *value);
    }
    word
}

/// A word that begins with an address.
#[inline(never)]
fn led_by(address: &Address, word: &B256) -> B256 {
    let mut word = *word;
    for (byte, from) in word.iter_mut().zip(address.iter()) {
        *byte = *from;
    }
    word
}

/// The address with which a word begins.
#[inline(never)]
fn leader(word: &B256) -> Address {
    let mut address = Address::ZERO;
    for (byte, from) in address.iter_mut().zip(word.iter()) {
        *byte = *from;
    }
    address
}

/// An agent's attempt at a node, as a part of keys.
#[inline(never)]
pub(crate) fn attempt_word(node: u16, attempt: u8, agent: Address) -> B256 {
    let word = led_by(&agent, &B256::ZERO);
    having(&having(&word, 20, 2, node.into()), 22, 1, attempt.into())
}

impl Guardian {
    #[inline(never)]
    pub(crate) fn watch(&self, mission: &B256) -> Watch {
        let word = self.entry(WATCH, mission, 0);
        let part = |at, bytes| get(&word, at, bytes);
        let (since, until, paused) = (part(10, 5), part(15, 5), part(20, 5));
        Watch {
            freezes: part(0, 3) as u32,
            cleared_at: part(3, 5),
            stops: part(8, 2) as u16,
            stop: (since != 0).then_some(Stop { since, until }),
            paused_until: (paused != 0).then_some(paused),
            pauses: part(25, 3) as u32,
            stopped: part(28, 4) as u32,
        }
    }

    /// What is kept of the city.
    pub(crate) fn city(&self) -> Watch {
        self.watch(&B256::ZERO)
    }

    #[inline(never)]
    pub(crate) fn set_watch(&mut self, mission: &B256, watch: &Watch) {
        let stop = watch.stop.unwrap_or(Stop { since: 0, until: 0 });
        let word = packed(&[
            (0, 3, watch.freezes.into()),
            (3, 5, watch.cleared_at),
            (8, 2, watch.stops.into()),
            (10, 5, stop.since),
            (15, 5, stop.until),
            (20, 5, watch.paused_until.unwrap_or_default()),
            (25, 3, watch.pauses.into()),
            (28, 4, watch.stopped.into()),
        ]);
        self.set_entry(WATCH, mission, 0, &word);
    }

    /// The number that the treasury knows the bond of a mission's latest divergence by.
    pub(crate) fn bond_of(&self, mission: &B256, watch: &Watch) -> B256 {
        self.key(BOND, *mission, output::number(watch.pauses.into()))
    }

    /// The name of an agent's attempt among the keys.
    pub(crate) fn attempt_key(&self, mission: &B256, attempt: &B256) -> B256 {
        self.key(ATTEMPT, *mission, *attempt)
    }

    #[inline(never)]
    pub(crate) fn heard(&self, attempt: &B256, monitor: &B256) -> Heard {
        let word = self.entry_at(HEARD, attempt, monitor);
        Heard {
            sequence: get(&word, 0, 8),
            tools: get(&word, 8, 4) as u32,
            messages: get(&word, 12, 4) as u32,
        }
    }

    #[inline(never)]
    pub(crate) fn set_heard(&mut self, attempt: &B256, monitor: &B256, heard: &Heard) {
        let word = packed(&[
            (0, 8, heard.sequence),
            (8, 4, heard.tools.into()),
            (12, 4, heard.messages.into()),
        ]);
        self.set_entry_at(HEARD, attempt, monitor, &word);
    }

    /// An accusation that waits: who, and when.
    #[inline(never)]
    pub(crate) fn accused(&self, attempt: &B256, cause: Cause, place: usize) -> (Address, u64) {
        let word = self.entry(ACCUSED, attempt, (cause as u64) << 8 | place as u64);
        (Address::from_word(word), get(&word, 0, 5))
    }

    #[inline(never)]
    pub(crate) fn set_accused(
        &mut self,
        attempt: &B256,
        cause: Cause,
        place: usize,
        monitor: Address,
        at: u64,
    ) {
        let word = having(&monitor.into_word(), 0, 5, at);
        self.set_entry(ACCUSED, attempt, (cause as u64) << 8 | place as u64, &word);
    }

    /// The number of a mission's freeze, as everybody else knows it: the first bytes of a hash of the mission, and the count of
    /// freezes in it, so that no two missions' freezes are confused by those who keep the number alone.
    #[inline(never)]
    pub(crate) fn freeze_id(&self, mission: &B256, number: u32) -> u64 {
        let name = self.key(FREEZE, *mission, B256::ZERO);
        get(&name, 0, 5) << NUMBER_BITS | u64::from(number)
    }

    /// The count behind a freeze's number, if it is of this mission; zero otherwise, which is no freeze's.
    #[inline(never)]
    pub(crate) fn freeze_number(&self, mission: &B256, id: u64) -> u32 {
        let number = (id & ((1 << NUMBER_BITS) - 1)) as u32;
        if self.freeze_id(mission, number) == id {
            number
        } else {
            0
        }
    }

    #[inline(never)]
    fn freeze_part(&self, mission: &B256, number: u32, part: u64) -> B256 {
        self.entry(FREEZE, mission, u64::from(number) << 8 | part)
    }

    #[inline(never)]
    fn set_freeze_part(&mut self, mission: &B256, number: u32, part: u64, word: &B256) {
        self.set_entry(FREEZE, mission, u64::from(number) << 8 | part, word);
    }

    /// A freeze and how many monitors reported it; none for a number that none has.
    #[inline(never)]
    pub(crate) fn frozen(&self, mission: &B256, number: u32) -> Option<(Freeze, usize)> {
        let word = self.freeze_part(mission, number, 0);
        let state = FreezeState::from_u8(get(&word, 29, 1) as u8)?;
        let flags = get(&word, 30, 1);
        let freeze = Freeze {
            agent: leader(&word),
            at: get(&word, 20, 5),
            node: get(&word, 25, 2) as u16,
            attempt: get(&word, 27, 1) as u8,
            cause: get(&word, 28, 1) as u8,
            secs: get(&self.freeze_part(mission, number, 1), 24, 3),
            state,
            is_false: flags & IS_FALSE != 0,
            is_charged: flags & IS_CHARGED != 0,
        };
        Some((freeze, get(&word, 31, 1) as usize))
    }

    /// Writes what changes of a freeze; its monitors and its end never do.
    #[inline(never)]
    pub(crate) fn set_frozen(
        &mut self,
        mission: &B256,
        number: u32,
        freeze: &Freeze,
        monitors: usize,
    ) {
        let (mut flags, mut word) = (0, B256::ZERO);
        if freeze.is_false {
            flags |= IS_FALSE;
        }
        if freeze.is_charged {
            flags |= IS_CHARGED;
        }
        word = led_by(&freeze.agent, &word);
        for (at, bytes, value) in [
            (20, 5, freeze.at),
            (25, 2, freeze.node.into()),
            (27, 1, freeze.attempt.into()),
            (28, 1, freeze.cause.into()),
            (29, 1, freeze.state as u64),
            (30, 1, flags),
            (31, 1, monitors as u64),
        ] {
            word = having(&word, at, bytes, value);
        }
        self.set_freeze_part(mission, number, 0, &word);
    }

    /// The monitors who reported a freeze.
    #[inline(never)]
    pub(crate) fn reporters(&self, mission: &B256, number: u32, count: usize) -> Vec<Reporter> {
        let mut reporters = Vec::with_capacity(count);
        for part in 1..=count as u64 {
            let word = self.freeze_part(mission, number, part);
            reporters.push((leader(&word), get(&word, 20, 4) as Tag));
        }
        reporters
    }

    /// Writes who reported a new freeze, and when it ends.
    #[inline(never)]
    pub(crate) fn set_reporters(
        &mut self,
        mission: &B256,
        number: u32,
        reporters: &[Reporter],
        secs: u64,
    ) {
        let nobody = (Address::ZERO, 0);
        let first = reporters.first().unwrap_or(&nobody);
        let others = reporters.iter().skip(1);
        for (part, (monitor, tag)) in (1..).zip(core::iter::once(first).chain(others)) {
            let mut word = led_by(monitor, &packed(&[(20, 4, (*tag).into())]));
            if part == 1 {
                word = having(&word, 24, 3, secs);
            }
            self.set_freeze_part(mission, number, part, &word);
        }
    }

    #[inline(never)]
    pub(crate) fn outages(&self, mission: &B256) -> Outages {
        let word = self.entry(OUTAGES, mission, 0);
        Outages {
            extended: get(&word, 0, 5),
            ended_at: get(&word, 5, 5),
            entered_at: get(&word, 10, 5),
        }
    }

    #[inline(never)]
    pub(crate) fn set_outages(&mut self, mission: &B256, outages: &Outages) {
        let word = packed(&[
            (0, 5, outages.extended),
            (5, 5, outages.ended_at),
            (10, 5, outages.entered_at),
        ]);
        self.set_entry(OUTAGES, mission, 0, &word);
    }

    #[inline(never)]
    pub(crate) fn gate(&self, mission: &B256) -> Gate {
        let word = self.entry(GATE, mission, 0);
        Gate {
            passed: get(&word, 0, 1) as u8,
            cleared: get(&word, 1, 1) as u8,
            failed: get(&word, 2, 1) as u8,
            is_asked: get(&word, 3, 1) != 0,
            reconciled_at: get(&word, 4, 5),
        }
    }

    #[inline(never)]
    pub(crate) fn set_gate(&mut self, mission: &B256, gate: &Gate) {
        let word = packed(&[
            (0, 1, gate.passed.into()),
            (1, 1, gate.cleared.into()),
            (2, 1, gate.failed.into()),
            (3, 1, gate.is_asked.into()),
            (4, 5, gate.reconciled_at),
        ]);
        self.set_entry(GATE, mission, 0, &word);
    }

    pub(crate) fn log_root(&self, mission: &B256) -> B256 {
        self.entry(GATE, mission, 1)
    }

    pub(crate) fn set_log_root(&mut self, mission: &B256, root: &B256) {
        self.set_entry(GATE, mission, 1, root);
    }

    /// The word of an attempt: warnings, and how many accusations of each cause are kept.
    pub(crate) fn attempt_state(&self, attempt: &B256) -> B256 {
        self.entry(ATTEMPT, attempt, 0)
    }

    pub(crate) fn set_attempt_state(&mut self, attempt: &B256, word: &B256) {
        self.set_entry(ATTEMPT, attempt, 0, word);
    }
}

//! Which missions a city has: what its followed logs tell, exactly as they stand.
//!
//! Guards INV-KEEPER-05.
//!
//! ```text
//!  MissionCreated ──► open ── MissionStateChanged, final ──► ended ── nothing is due any more ──► over ──► forgotten
//!        ▲                            │ taken back              │ taken back                   (too deep to be
//!        └── taken back: gone         └──────── open ◄──────────┘                               taken back)
//! ```
//!
//! It depends on nothing that an operator configures, so whoever serves other agents tomorrow finds their missions too.

use std::collections::BTreeMap;

use agentcity_abi::ICollaboration::{self, ICollaborationEvents};
use agentcity_domain::machine::MissionState;
use alloy::{primitives::B256, sol_types::SolEvent};
use serde::{Deserialize, Serialize};

use super::pairs;
use crate::source::{
    chain::Event,
    log::{City, Contract, Log, Told},
};

/// Missions that are known at once: more are open in no city that pays for them, and what is beyond is told.
pub const OPEN_MAX: usize = 65_536;

/// A mission that is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Which.
    pub mission: B256,
    /// Whether it ended, so that only what follows from that is to be done.
    pub ended: bool,
    /// Freezes of it whose logs are known, for who asks what became of them.
    pub freezes: Vec<u64>,
}

/// The missions of a city that are not over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    #[serde(with = "pairs")]
    missions: BTreeMap<B256, Known>,
    /// How many are not here for want of room.
    beyond: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    /// In which block it ended.
    ended: Option<u64>,
    /// Whether nothing of it is due any more.
    over: bool,
}

/// What a log says about a mission as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Created(B256),
    Ended(B256),
}

/// Whether the index follows from a log.
pub fn tells(city: &City, log: &Log) -> bool {
    said(city, log).is_some()
}

/// The mission of which a log says that other agents may have seats of it now.
pub fn reseats(city: &City, log: &Log) -> Option<B256> {
    let is_such = matches!(
        log.topics.first(),
        Some(
            &ICollaboration::MissionStateChanged::SIGNATURE_HASH
                | &ICollaboration::SeatReplaced::SIGNATURE_HASH
        )
    );
    let is_here = city.at(log.address) == Some(Contract::Collaboration);
    (is_such && is_here).then(|| log.topics.get(1).copied())?
}

impl Index {
    /// Takes what the chain tells. Returns the first mission for which there is no room.
    pub fn take(&mut self, city: &City, event: &Event) -> Option<B256> {
        match event {
            Event::Added(log) => match said(city, log) {
                Some(Said::Created(mission)) => return self.add(mission),
                Some(Said::Ended(mission)) => {
                    if let Some(known) = self.missions.get_mut(&mission) {
                        known.ended = Some(log.at.number);
                    }
                }
                None => {}
            },
            Event::Removed(log) => match said(city, log) {
                Some(Said::Created(mission)) => {
                    let known = self.missions.remove(&mission);
                    self.beyond = self.beyond.saturating_sub(known.is_none().into());
                }
                Some(Said::Ended(mission)) => {
                    if let Some(known) = self.missions.get_mut(&mission) {
                        *known = Known::default();
                    }
                }
                None => {}
            },
            Event::Unsure { .. } | Event::Sure { .. } => {}
        }
        None
    }

    fn add(&mut self, mission: B256) -> Option<B256> {
        if self.missions.len() >= OPEN_MAX {
            self.beyond = self.beyond.saturating_add(1);
            return (self.beyond == 1).then_some(mission);
        }
        self.missions.entry(mission).or_default();
        None
    }

    /// The missions that are to be looked at, with whether they ended.
    pub fn open(&self) -> impl Iterator<Item = (B256, bool)> {
        let open = self.missions.iter().filter(|(_, known)| !known.over);
        open.map(|(mission, known)| (*mission, known.ended.is_some()))
    }

    /// Whether nothing of a mission is due any more.
    pub fn is_over(&self, mission: B256) -> bool {
        self.missions.get(&mission).is_some_and(|known| known.over)
    }

    /// Nothing of a mission is due any more; that counts once the log of its end was told, whose inverse takes it back. False when
    /// the mission is not known here.
    pub fn finish(&mut self, mission: B256) -> bool {
        match self.missions.get_mut(&mission) {
            Some(known) => {
                known.over = known.ended.is_some();
                true
            }
            None => false,
        }
    }

    /// Forgets what is over and ended in a block that is not above `settled`: no log of it comes back.
    pub fn forget(&mut self, settled: u64) {
        self.missions
            .retain(|_, known| !known.over || known.ended.is_none_or(|block| block > settled));
    }
}

fn said(city: &City, log: &Log) -> Option<Said> {
    if city.at(log.address) != Some(Contract::Collaboration) {
        return None;
    }
    let topic = *log.topics.first()?;
    if topic != ICollaboration::MissionCreated::SIGNATURE_HASH
        && topic != ICollaboration::MissionStateChanged::SIGNATURE_HASH
    {
        return None;
    }
    // What cannot be read is of another version of the contract: the views will say so.
    let Ok(Told::Collaboration(told)) = Contract::Collaboration.decode(log) else {
        return None;
    };
    match *told {
        ICollaborationEvents::MissionCreated(created) => Some(Said::Created(created.missionId)),
        ICollaborationEvents::MissionStateChanged(changed) => {
            let to = MissionState::from_u8(changed.to as u8)?;
            to.is_terminal().then_some(Said::Ended(changed.missionId))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use agentcity_abi::ICollaboration::{MissionState as Wire, Reason};
    use agentcity_domain::time::Timestamp;
    use alloy::primitives::Address;

    use super::*;
    use crate::event::Head;

    const AT: Address = Address::repeat_byte(0xc0);

    fn city() -> City {
        City::new([(Contract::Collaboration, AT)])
    }

    fn log(block: u64, event: &impl SolEvent) -> Log {
        let data = event.encode_log_data();
        Log {
            address: AT,
            topics: data.topics().to_vec(),
            data: data.data.clone(),
            at: Head {
                number: block,
                hash: B256::with_last_byte(block as u8),
                time: Timestamp::new(block),
            },
            transaction: B256::ZERO,
            index: 0,
        }
    }

    fn mission(number: u8) -> B256 {
        B256::repeat_byte(number)
    }

    fn created(block: u64, number: u8) -> Log {
        let event = ICollaboration::MissionCreated {
            missionId: mission(number),
            sponsor: Address::ZERO,
            sessionId: B256::ZERO,
            statuteHash: B256::ZERO,
            nodes: 1,
        };
        log(block, &event)
    }

    fn changed(block: u64, number: u8, to: Wire) -> Log {
        let event = ICollaboration::MissionStateChanged {
            missionId: mission(number),
            from: Wire::Executing,
            to,
            reason: Reason::None,
        };
        log(block, &event)
    }

    fn open(index: &Index) -> Vec<(B256, bool)> {
        index.open().collect()
    }

    #[test]
    fn missions_are_open_until_nothing_is_due_and_known_until_their_end_is_deep() {
        let (city, mut index) = (city(), Index::default());
        for added in [
            created(5, 1),
            created(6, 2),
            changed(7, 1, Wire::Failed),
            changed(9, 1, Wire::Aborted),
        ] {
            assert!(tells(&city, &added) || added.at.number == 7);
            index.take(&city, &Event::Added(added));
        }
        assert_eq!(open(&index), [(mission(1), true), (mission(2), false)]);
        assert!(index.finish(mission(1)) && !index.finish(mission(3)));
        assert!(index.finish(mission(2)), "its end was not told yet");
        assert_eq!(open(&index), [(mission(2), false)]);
        index.forget(8);
        assert!(index.is_over(mission(1)), "its end may be taken back");
        index.forget(9);
        assert!(!index.is_over(mission(1)), "forgotten");
    }

    #[test]
    fn what_is_taken_back_was_never_so() {
        let (city, mut index) = (city(), Index::default());
        index.take(&city, &Event::Added(created(5, 1)));
        let before = index.clone();
        let logs = [changed(9, 1, Wire::Completed), created(9, 2)];
        for log in &logs {
            index.take(&city, &Event::Added(log.clone()));
        }
        index.finish(mission(1));
        assert_eq!(open(&index), [(mission(2), false)]);
        for log in logs.iter().rev() {
            index.take(&city, &Event::Removed(log.clone()));
        }
        assert_eq!(index, before);
        assert_eq!(open(&index), [(mission(1), false)]);
        let text = serde_json::to_string(&index).expect("JSON");
        assert_eq!(
            serde_json::from_str::<Index>(&text).expect("its own"),
            index
        );
    }

    #[test]
    fn logs_of_nobody_and_of_others_say_nothing() {
        let elsewhere = Log {
            address: Address::ZERO,
            ..created(5, 1)
        };
        let cut = Log {
            data: alloy::primitives::Bytes::new(),
            ..created(5, 1)
        };
        for log in [elsewhere, cut, changed(5, 1, Wire::Executing)] {
            assert!(!tells(&city(), &log), "{log:?}");
        }
        assert_eq!(
            reseats(&city(), &changed(5, 1, Wire::Executing)),
            Some(mission(1))
        );
        assert_eq!(reseats(&city(), &created(5, 1)), None);
    }
}

//! An agent's record: two words from its registration on, a third once it leaves or changes its principal.
//!
//! ```text
//! hot      [type, status, any history 1][reputation 4][stake 4][missions 4][obligations 2][sub-agents 2][window 2, 1][4 × (tag 2, count 1)]
//! bond     [principal 20][registeredAt 5][registrations 2][maxSubAgents 2][depth 1]
//! history  [previous principal 20][rememberedUntil 5][leavesAt 5][changes 2]
//! ```
//!
//! Everything that work changes stands in the hot word, so an outcome reads and writes one slot. A record is never
//! deleted: reputation, counts and nonces outlive the registration (RESOLUTIONS I-05).

use alloy_primitives::Address;

use super::{
    Reader, Refused, Writer,
    principal::Principal,
    sketch::{ENTRIES, Entry, PairSketch},
};
use crate::{reputation::MilliPoints, time::Timestamp};

/// What an agent may do (RESOLUTIONS I-04).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AgentType {
    /// Never registered.
    #[default]
    None,
    /// Legislates, bids and works.
    Producer,
    /// Holds an office, once admitted by `management`.
    Management,
    /// Reports.
    Monitor,
}

/// Where a registration stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// Never registered.
    #[default]
    None,
    /// Registered.
    Active,
    /// In its cooldown.
    Leaving,
    /// Left, or forfeited.
    Gone,
}

/// What work changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hot {
    /// What it is, or was.
    pub agent_type: AgentType,
    /// Where its registration stands.
    pub status: Status,
    /// Whether its third word says anything: nobody reads that of an agent that never left nor changed its principal.
    pub has_history: bool,
    /// Its reputation.
    pub reputation: MilliPoints,
    /// Its stake, in units.
    pub stake: u32,
    /// Missions completed.
    pub missions: u32,
    /// Obligations open.
    pub obligations: u16,
    /// Places below it that are taken.
    pub sub_agents: u16,
    /// Who raised its reputation lately.
    pub pairs: PairSketch,
}

/// Who answers for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bond {
    /// Its principal.
    pub principal: Address,
    /// Unix seconds.
    pub registered_at: u64,
    /// Registrations so far.
    pub registrations: u16,
    /// Places below it that its principal allowed.
    pub max_sub_agents: u16,
    /// Agents above it.
    pub depth: u8,
}

/// What it was before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Its last principal.
    pub previous: Address,
    /// Last second in which that one counts for conflicts of interest.
    pub remembered_until: u64,
    /// Last second of its cooldown.
    pub leaves_at: u64,
    /// Changes of its principal so far.
    pub changes: u16,
}

/// A release to another principal, or that the last one was withdrawn.
///
/// Word: `[to 20][until 5][registrations 2][changes 2][releases 2]`. The first two counts make it void once the agent left or
/// changed; the third is part of the nonce that the next release signs, so that none is submitted twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// Who may take the agent over; nobody after a withdrawal.
    pub to: Address,
    /// Last second in which they may.
    pub until: u64,
    /// The agent's registrations when it was released.
    pub registrations: u16,
    /// Its changes then.
    pub changes: u16,
    /// Releases and withdrawals since the agent registered or changed.
    pub releases: u16,
}

/// A whole record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// Its address.
    pub address: Address,
    /// What work changes.
    pub hot: Hot,
    /// Who answers for it.
    pub bond: Bond,
    /// What it was before.
    pub history: History,
}

impl AgentType {
    /// The type of this number, if a registered agent may have it.
    pub const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Producer),
            2 => Some(Self::Management),
            3 => Some(Self::Monitor),
            _ => None,
        }
    }
}

impl Status {
    const fn of(number: u8) -> Self {
        match number & 3 {
            1 => Self::Active,
            2 => Self::Leaving,
            3 => Self::Gone,
            _ => Self::None,
        }
    }

    /// Whether the agent holds a registration.
    pub const fn is_registered(self) -> bool {
        matches!(self, Self::Active | Self::Leaving)
    }
}

impl Hot {
    /// As it is stored.
    #[inline(never)]
    pub fn pack(&self) -> [u8; 32] {
        let history = u64::from(self.has_history) << 4;
        let flags = self.agent_type as u64 | (self.status as u64) << 2 | history;
        let mut writer = Writer::new();
        writer.number(flags, 1);
        writer.number(u64::from(self.reputation.get()), 4);
        writer.number(u64::from(self.stake), 4);
        writer.number(u64::from(self.missions), 4);
        writer.number(u64::from(self.obligations), 2);
        writer.number(u64::from(self.sub_agents), 2);
        writer.number(u64::from(self.pairs.begun), 2);
        writer.number(u64::from(self.pairs.days), 1);
        for entry in &self.pairs.entries {
            writer.number(u64::from(entry.tag), 2);
            writer.number(u64::from(entry.count), 1);
        }
        writer.finish()
    }

    /// From how it is stored.
    #[inline(never)]
    pub fn unpack(word: &[u8; 32]) -> Self {
        let mut reader = Reader::new(word);
        let flags = reader.number(1) as u8;
        let mut hot = Self {
            agent_type: AgentType::of(flags & 3).unwrap_or_default(),
            status: Status::of(flags >> 2),
            has_history: flags >> 4 & 1 == 1,
            reputation: MilliPoints::new(reader.number(4)).unwrap_or(MilliPoints::MAX),
            stake: reader.number(4) as u32,
            missions: reader.number(4) as u32,
            obligations: reader.number(2) as u16,
            sub_agents: reader.number(2) as u16,
            pairs: PairSketch {
                begun: reader.number(2) as u16,
                days: reader.number(1) as u8,
                entries: [Entry::default(); ENTRIES],
            },
        };
        for entry in &mut hot.pairs.entries {
            *entry = Entry {
                tag: reader.number(2) as u16,
                count: reader.number(1) as u8,
            };
        }
        hot
    }

    /// Errors: `NotRegistered` for an agent that never was.
    pub const fn require_known(&self, agent: Address) -> Result<(), Refused> {
        match self.status {
            Status::None => Err(Refused::NotRegistered(agent)),
            Status::Active | Status::Leaving | Status::Gone => Ok(()),
        }
    }

    /// Errors: `NotActive`.
    pub const fn require_active(&self, agent: Address) -> Result<(), Refused> {
        match self.status {
            Status::Active => Ok(()),
            Status::None | Status::Leaving | Status::Gone => Err(Refused::NotActive(agent)),
        }
    }

    /// Takes on an obligation: only who is active may.
    ///
    /// Errors: `NotActive`, `CounterExhausted`.
    pub fn open_obligation(&mut self, agent: Address) -> Result<(), Refused> {
        self.require_active(agent)?;
        let open = self.obligations.checked_add(1);
        self.obligations = open.ok_or(Refused::CounterExhausted(agent))?;
        Ok(())
    }

    /// Is rid of one. Whoever has one may, whatever became of its registration meanwhile.
    ///
    /// Errors: `NoObligation`.
    pub fn close_obligation(&mut self, agent: Address) -> Result<(), Refused> {
        let open = self.obligations.checked_sub(1);
        self.obligations = open.ok_or(Refused::NoObligation(agent))?;
        Ok(())
    }

    /// Is rid of one that was a mission, and counts it (RESOLUTIONS I-09).
    ///
    /// Errors: `NoObligation`, `CounterExhausted`.
    pub fn complete_obligation(&mut self, agent: Address) -> Result<(), Refused> {
        self.close_obligation(agent)?;
        let missions = self.missions.checked_add(1);
        self.missions = missions.ok_or(Refused::CounterExhausted(agent))?;
        Ok(())
    }
}

impl Bond {
    /// As it is stored.
    #[inline(never)]
    pub fn pack(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        writer.address(self.principal);
        writer.number(self.registered_at, 5);
        writer.number(u64::from(self.registrations), 2);
        writer.number(u64::from(self.max_sub_agents), 2);
        writer.number(u64::from(self.depth), 1);
        writer.finish()
    }

    /// From how it is stored.
    #[inline(never)]
    pub fn unpack(word: &[u8; 32]) -> Self {
        let mut reader = Reader::new(word);
        Self {
            principal: reader.address(),
            registered_at: reader.number(5),
            registrations: reader.number(2) as u16,
            max_sub_agents: reader.number(2) as u16,
            depth: reader.number(1) as u8,
        }
    }
}

impl History {
    /// As it is stored.
    #[inline(never)]
    pub fn pack(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        writer.address(self.previous);
        writer.number(self.remembered_until, 5);
        writer.number(self.leaves_at, 5);
        writer.number(u64::from(self.changes), 2);
        writer.finish()
    }

    /// From how it is stored.
    #[inline(never)]
    pub fn unpack(word: &[u8; 32]) -> Self {
        let mut reader = Reader::new(word);
        Self {
            previous: reader.address(),
            remembered_until: reader.number(5),
            leaves_at: reader.number(5),
            changes: reader.number(2) as u16,
        }
    }

    /// The principal before, while it counts for conflicts of interest (RESOLUTIONS I-07).
    pub fn remembered(&self, now: Timestamp) -> Option<Address> {
        (now.get() <= self.remembered_until && self.previous != Address::ZERO)
            .then_some(self.previous)
    }
}

impl Proposal {
    /// As it is stored.
    #[inline(never)]
    pub fn pack(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        writer.address(self.to);
        writer.number(self.until, 5);
        writer.number(u64::from(self.registrations), 2);
        writer.number(u64::from(self.changes), 2);
        writer.number(u64::from(self.releases), 2);
        writer.finish()
    }

    /// From how it is stored.
    #[inline(never)]
    pub fn unpack(word: &[u8; 32]) -> Self {
        let mut reader = Reader::new(word);
        Self {
            to: reader.address(),
            until: reader.number(5),
            registrations: reader.number(2) as u16,
            changes: reader.number(2) as u16,
            releases: reader.number(2) as u16,
        }
    }

    /// Whether the agent neither registered nor changed since.
    pub const fn is_current(&self, agent: &Agent) -> bool {
        self.registrations == agent.bond.registrations && self.changes == agent.history.changes
    }

    /// Releases and withdrawals that count in the nonce of the agent's next one.
    pub const fn releases_of(&self, agent: &Agent) -> u16 {
        if self.is_current(agent) {
            self.releases
        } else {
            0
        }
    }
}

impl Agent {
    /// The nonce of a consent to its next registration: the principal's own, then the registrations so far.
    pub fn consent_nonce(&self, principal: &Principal) -> u64 {
        u64::from(principal.nonce) << 16 | u64::from(self.bond.registrations)
    }

    /// The nonce of a change of principal, whoever of the two signs it: what [`Self::consent_nonce`] says of the signer, then
    /// the changes so far, then the releases and withdrawals before the one that is meant.
    pub fn change_nonce(&self, signer: &Principal, releases: u16) -> u64 {
        let changes = u64::from(self.history.changes);
        self.consent_nonce(signer) << 32 | changes << 16 | u64::from(releases)
    }
}

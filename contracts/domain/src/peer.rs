//! The contracts of a city, in the order in which they are wired (DESIGN §3, RULINGS R16).

/// A member of the city. The number is its place in every list of members, on the wire and in storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Peer {
    /// Parameters, wiring, genesis seal, norms.
    Constitution,
    /// Identity, principals, reputation, registration stakes.
    Agent,
    /// Envelopes and delegations of clerks.
    Management,
    /// Registry of services.
    Service,
    /// What becomes law.
    Legislature,
    /// Missions and their nodes.
    Collaboration,
    /// Money of missions.
    Treasury,
    /// Every human power.
    Adjudication,
    /// Results of nodes: proofs, commitments, consensus, reviews.
    Verification,
    /// Monitors, freezes, halts, and the gate.
    Guardian,
    /// Petitions, proposals, deliberation, ballots.
    Assembly,
    /// Pages and seats of missions, checked against what was approved.
    Statute,
    /// From bids to law: award, regulation, codification, approvals.
    Enactment,
    /// Adjudicators, monitors and programs under trust, and the checks on them.
    Roster,
}

impl Peer {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All, in order.
    pub const ALL: [Self; 14] = [
        Self::Constitution,
        Self::Agent,
        Self::Management,
        Self::Service,
        Self::Legislature,
        Self::Collaboration,
        Self::Treasury,
        Self::Adjudication,
        Self::Verification,
        Self::Guardian,
        Self::Assembly,
        Self::Statute,
        Self::Enactment,
        Self::Roster,
    ];

    /// The member at `place`, if there is one.
    pub const fn at(place: u8) -> Option<Self> {
        match place {
            0 => Some(Self::Constitution),
            1 => Some(Self::Agent),
            2 => Some(Self::Management),
            3 => Some(Self::Service),
            4 => Some(Self::Legislature),
            5 => Some(Self::Collaboration),
            6 => Some(Self::Treasury),
            7 => Some(Self::Adjudication),
            8 => Some(Self::Verification),
            9 => Some(Self::Guardian),
            10 => Some(Self::Assembly),
            11 => Some(Self::Statute),
            12 => Some(Self::Enactment),
            13 => Some(Self::Roster),
            _ => None,
        }
    }

    /// Its place in every list of members.
    pub const fn place(self) -> usize {
        self as usize
    }

    /// Name, as files and the role table spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Constitution => "constitution",
            Self::Agent => "agent",
            Self::Management => "management",
            Self::Service => "service",
            Self::Legislature => "legislature",
            Self::Collaboration => "collaboration",
            Self::Treasury => "treasury",
            Self::Adjudication => "adjudication",
            Self::Verification => "verification",
            Self::Guardian => "guardian",
            Self::Assembly => "assembly",
            Self::Statute => "statute",
            Self::Enactment => "enactment",
            Self::Roster => "roster",
        }
    }
}

//! Why nothing changes in a petition, a proposal or an election.

/// The rule that a command broke. Steps are numbers as the interface has them, instants are unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such petition, session or proposal.
    Unknown,
    /// The session failed.
    Failed,
    /// The deliberation is at another step.
    Step(u8),
    /// Possible from this instant on.
    TooEarly(u64),
    /// Possible until this instant.
    TooLate(u64),
    /// It was done before.
    Done,
    /// So many are there, of so many.
    Missing(u32, u32),
    /// No more than so many.
    TooMany(u32),
    /// A reintroduction must be of what lost, by whose it was, with another law, and once.
    NotAmended,
    /// No evidence is on record yet.
    NoEvidence,
    /// These are no commitment: a seal is a hash.
    NoSeal,
    /// No complete and strict ranking of so many candidates.
    Ranking(u8),
    /// So many ballots where so many make a clique.
    SmallClique(u32, u32),
}

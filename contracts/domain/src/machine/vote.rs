//! What precedes a session's messages: petition, proposals, deliberation, ballots. The number of a deliberation's step is
//! the interface's `Deliberation`.
//!
//! ```text
//!  petition  GATHERING ─▶ OPENED | EXPIRED
//!  proposal  SPONSORING ─▶ ADMITTED ─▶ ADOPTED | DEFEATED        SPONSORING ─▶ LAPSED
//!  election  PROPOSING ─▶ DEBATING ─▶ COMMITTING ─▶ REVEALING ─▶ TALLYING ─▶ DECIDED
//!                                                                   └─▶ DELAYED ─┘
//!  ballot    COMMITTED ─▶ REVEALED | SPENT
//! ```
//!
//! Each step ends by the clock, and anyone may say so; an election without quorum ends with its session.

use super::machine;

machine! {
    /// The state of a petition (RULINGS K6).
    PetitionState: Petition, "petition";
    states {
        Gathering = 1, "GATHERING", Open, "Principals put their names under it.";
        Opened = 2, "OPENED", Terminal, "It opened a session.";
        Expired = 3, "EXPIRED", Terminal, "Too few names in time.";
    }
    initial { Gathering }
    base {
        Gathering => Opened by [OpenSession] "openSession", "names of petitionPct of the enrolled principals", "K6", OnChain;
    }
    extensions {
        Gathering => Expired by [ExpirePetition] "expiry", "its window passed", "L-09";
    }
    exits: crate::exit::PETITION;
}

machine! {
    /// The step of a deliberation and its vote.
    ElectionState: Election, "election";
    states {
        Proposing = 1, "PROPOSING", Open, "Proposals are made and sponsored.";
        Debating = 2, "DEBATING", Open, "Evidence, straw poll, rounds of statements.";
        Committing = 3, "COMMITTING", Open, "Voters bind themselves to rankings.";
        Revealing = 4, "REVEALING", Open, "Voters show their rankings.";
        Tallying = 5, "TALLYING", Open, "Ballots are counted, in parts.";
        Delayed = 6, "DELAYED", Open, "A bloc was proved; the outcome waits once.";
        Decided = 7, "DECIDED", Terminal, "One proposal is adopted.";
        Skipped = 8, "SKIPPED", Terminal, "A derived session needs no vote.";
    }
    initial { Proposing, Skipped }
    base {
        Proposing => Debating by [CloseProposing] "window closes", "some proposal has its sponsors", "seed 3.4, L-02", OnChain;
        Debating => Committing by [CloseDebate] "rounds are over", "", "seed L135", OnChain;
        Committing => Revealing by [CloseBallotCommit] "window closes", "", "L-04", OnChain;
        Revealing => Tallying by [CloseBallotReveal] "window closes", "commits reach the quorum", "L-04, R26", OnChain;
        Tallying => Decided by [Tally] "last ballot counted", "no claim of a bloc is possible any more", "L-04, R26", OnChain;
        Tallying => Delayed by [ClaimCollusion] "bloc proved", "once per election", "L-14, R27", OnChain;
        Delayed => Decided by [CloseDelay] "delay is over", "", "L-14", OnChain;
    }
    extensions {
        Revealing => Delayed by [CloseBallotReveal] "window closes", "a bloc was proved meanwhile", "R27";
        Delayed => Tallying by [CloseDelay] "delay is over", "ballots are left to count", "R27";
    }
    exits: crate::exit::ELECTION;
}

machine! {
    /// The state of a proposal.
    ProposalState: Proposal, "proposal";
    states {
        Sponsoring = 1, "SPONSORING", Open, "Collects sponsors; may have a place already, which one with more can take.";
        Admitted = 2, "ADMITTED", Open, "A candidate of the election.";
        Adopted = 3, "ADOPTED", Terminal, "Only it may be relayed by the speaker (L-01).";
        Defeated = 4, "DEFEATED", Terminal, "Another won, or there was no quorum; may be made again, amended, once.";
        Lapsed = 5, "LAPSED", Terminal, "Too few sponsors in time.";
    }
    initial { Sponsoring }
    base {
        Sponsoring => Admitted by [CloseProposing] "window closes", "max(3, min(sponsorQuorum, eligible principals)) sponsors, and among the sixteen with most", "L-02, R26", OnChain;
        Admitted => Adopted by [Tally, CloseDelay] "election decided", "Copeland, then Minimax, then earliest", "L-04", OnChain;
        Admitted => Defeated by [Tally, CloseDelay] "election decided", "another won", "L-04", OnChain;
    }
    extensions {
        Sponsoring => Lapsed by [CloseProposing] "window closes", "too few sponsors", "L-09";
        Admitted => Defeated by [FailDeliberation] "session FAILED", "no quorum", "L-05, L-09";
    }
    exits: crate::exit::PROPOSAL;
}

machine! {
    /// The state of one voter's ballot.
    BallotState: Ballot, "ballot";
    states {
        Committed = 1, "COMMITTED", Open, "Counts for the quorum.";
        Revealed = 2, "REVEALED", Terminal, "Counts for the tally.";
        Spent = 3, "SPENT", Terminal, "Never shown; counted for the quorum only.";
    }
    initial { Committed }
    base {
        Committed => Revealed by [RevealBallot] "revealBallot", "matches the commitment, within the window", "L-04, R26", OnChain;
    }
    extensions {
        Committed => Spent by [CloseBallotReveal] "window closes", "not revealed", "R26";
    }
    exits: crate::exit::BALLOT;
}

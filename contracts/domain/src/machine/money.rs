//! Money: escrows, task stakes, bonds, pools, credits. No halt reaches the ways out of here (R9, INV-HALT-01).
//!
//! ```text
//!  escrow  OPEN ─▶ CLOSING ─▶ CLOSED
//!  stake   RESERVED ─▶ LOCKED ─▶ HELD ─▶ RELEASED        LOCKED, HELD ─▶ SLASHED
//!              └─────────┴────────────▶ RELEASED
//!  bond    POSTED ─▶ RETURNED | FORFEITED      STANDING ─▶ RETIRING ─▶ RETURNED
//!  pool    OPEN ◀─▶ BOUND ─▶ DRAINED
//!  credit  OWED ─▶ PAID
//! ```
//!
//! A slash that leaves something leaves the state: only a stake of which nothing is left is slashed.

use super::machine;

machine! {
    /// The state of a mission's escrow.
    EscrowState: Escrow, "escrow";
    states {
        Open = 1, "OPEN", Open, "Funds its mission.";
        Closing = 2, "CLOSING", Open, "The mission ended; the sanction window runs.";
        Closed = 3, "CLOSED", Terminal, "What was left is the sponsor's credit.";
    }
    initial { Open }
    base {
        Open => Closing by [BeginClosing] "mission ended", "", "S-05", OnChain;
        Closing => Closed by [CloseEscrow] "closeEscrow", "at once: nobody is paid out of an ended mission, and stakes are held apart", "S-05, R9", OnChain;
    }
    extensions {
        Open => Closed by [Relegislate] "relegislate", "what remains moves to the successor", "R18";
    }
    exits: crate::exit::ESCROW;
}

machine! {
    /// The state of an executor's stake for one node.
    StakeState: Stake, "task stake";
    states {
        Reserved = 1, "RESERVED", Open, "Bound by a bid.";
        Locked = 2, "LOCKED", Open, "Bound by an award.";
        Held = 3, "HELD", Open, "Its mission ended; the sanction window of an expired freeze runs.";
        Released = 4, "RELEASED", Terminal, "The owner's credit.";
        Slashed = 5, "SLASHED", Terminal, "Taken whole: half to insurance, the rest to the treasury.";
    }
    initial { Reserved }
    base {
        Reserved => Locked by [LockStake] "award", "once per mission, node and agent", "C-24", OnChain;
        Reserved => Released by [ReleaseReserve] "bid lost", "session ended, or another bid won", "C-25", OnChain;
        Locked => Released by [ReleaseStake] "mission ended", "COMPLETED or ABORTED", "C-25, S-18", OnChain;
        Locked => Slashed by [SlashStake] "fault", "by schedule, never more than the stake", "C-26, S-15", OnChain;
    }
    extensions {
        Locked => Held by [ReleaseStake] "mission ended", "a freeze of its agent expired undecided", "R8";
        Held => Released by [ReleaseStake] "window over", "", "R8";
        Held => Slashed by [SlashStake] "ruling", "within the window", "R8";
    }
    exits: crate::exit::STAKE;
}

machine! {
    /// The state of a bond.
    BondState: Bond, "bond";
    states {
        Posted = 1, "POSTED", Open, "Put up with one claim: dissent, divergence, collusion, impeachment.";
        Standing = 2, "STANDING", Resting, "A monitor's, for all its reports: retired whenever the monitor likes.";
        Retiring = 3, "RETIRING", Open, "The monitor left; reports may still be charged to it.";
        Returned = 4, "RETURNED", Terminal, "The owner's credit.";
        Forfeited = 5, "FORFEITED", Terminal, "The claim failed.";
    }
    initial { Posted, Standing }
    base {
        Posted => Returned by [ReturnBond] "claim held, or was not decided", "", "R10, R11, D-18", OnChain;
        Posted => Forfeited by [ForfeitBond] "claim failed", "", "R10, R11, D-18", OnChain;
        Standing => Retiring by [RetireMonitor] "retireMonitor", "", "G-10", OnChain;
        Standing => Forfeited by [ForfeitBond] "false positives", "until nothing is left", "G-10", OnChain;
        Retiring => Returned by [ReleaseMonitor] "releaseMonitor", "", "G-10", OnChain;
        Retiring => Forfeited by [ForfeitBond] "false positives", "until nothing is left", "G-10", OnChain;
    }
    extensions {}
    exits: crate::exit::BOND;
}

machine! {
    /// The state of a stake pool.
    PoolState: Pool, "stake pool";
    states {
        Open = 1, "OPEN", Resting, "No obligation: participants redeem their shares whenever they like.";
        Bound = 2, "BOUND", Open, "Stands in for some agent's stake.";
        Drained = 3, "DRAINED", Terminal, "Slashed to nothing: shares are worth nothing, deposits are refused.";
    }
    initial { Open }
    base {
        Open => Bound by [ReserveStake, LockStake] "binding", "at least stakepoolMinParticipants", "S-08", OnChain;
        Bound => Open by [ReleaseStake, ReleaseReserve] "last obligation ended", "openObligations == 0", "S-08", OnChain;
        Bound => Drained by [SlashStake] "fault", "assets reach zero", "S-08", OnChain;
    }
    extensions {}
    exits: crate::exit::POOL;
}

machine! {
    /// What a contract owes an account.
    CreditState: Credit, "credit";
    states {
        Owed = 1, "OWED", Resting, "The owner takes it whenever it likes; nobody else can.";
        Paid = 2, "PAID", Terminal, "Transferred.";
    }
    initial { Owed }
    base {
        Owed => Paid by [Withdraw] "withdraw", "the transfer succeeded", "S-09, R9", OnChain;
    }
    extensions {}
    exits: crate::exit::CREDIT;
}

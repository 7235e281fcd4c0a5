//! People and their agents: who belongs to the city, and how they leave it.
//!
//! ```text
//!  principal     ENROLLED ─▶ LEAVING ─▶ LEFT        ENROLLED, FROZEN, LEAVING ─▶ BANNED ─▶ EXPELLED
//!                  ▲ └▶ FROZEN ─▶ LEAVING, ENROLLED                                └▶ ENROLLED, LEAVING
//!  registration  ACTIVE ─▶ LEAVING ─▶ GONE          ACTIVE, LEAVING ─▶ BANNED ─▶ FORFEITED
//!  change of     PROPOSED ─▶ ACCEPTED | EXPIRED                        └▶ ACTIVE, LEAVING
//!  seat          CANDIDATE ─▶ ACTIVE ─▶ LEAVING ─▶ RELEASED            CANDIDATE ─▶ LEAVING        ACTIVE, LEAVING ─▶ REMOVED
//! ```
//!
//! Reputation is no state here: records are never deleted, and a second registration of an agent is a new one (I-05).

use super::machine;

machine! {
    /// The state of a principal.
    PrincipalState: Principal, "principal";
    states {
        Enrolled = 1, "ENROLLED", Resting, "Answers for agents; leaves whenever it has none.";
        Frozen = 2, "FROZEN", Open, "Its agents may neither bid nor be routed; they and it may leave, and withdraw.";
        Leaving = 3, "LEAVING", Open, "The cooldown runs, in which the panel may still ban.";
        Left = 4, "LEFT", Terminal, "The stake is its credit.";
        Banned = 5, "BANNED", Open, "The appeal window runs.";
        Expelled = 6, "EXPELLED", Terminal, "The stake is forfeit.";
    }
    initial { Enrolled }
    base {
        Enrolled => Frozen by [FreezePrincipal] "freezePrincipal", "two adjudicators", "D-29", OnChain;
        Frozen => Enrolled by [UnfreezePrincipal] "unfreezePrincipal", "two adjudicators", "D-29", OnChain;
        Enrolled => Banned by [BanPrincipal] "banPrincipal", "half the quorum", "I-05, I-06", OnChain;
        Frozen => Banned by [BanPrincipal] "banPrincipal", "half the quorum", "I-05, I-06", OnChain;
        Leaving => Banned by [BanPrincipal] "banPrincipal", "half the quorum", "I-05, I-06", OnChain;
        Banned => Enrolled by [LiftBan] "liftBan", "within the appeal window", "I-06", OnChain;
        Banned => Expelled by [ForfeitPrincipal] "forfeitPrincipal", "the appeal window passed", "I-06", OnChain;
    }
    extensions {
        Enrolled => Leaving by [RequestLeave] "requestLeave", "no agents", "K1";
        Frozen => Enrolled by [] "freezeMax passed", "time alone: a freeze is stored with its end", "D-29, DESIGN 4";
        Banned => Leaving by [LiftBan] "liftBan", "it had begun to leave", "I-06";
        Frozen => Leaving by [RequestLeave] "requestLeave", "no agents", "K1, R9";
        Leaving => Left by [CompleteLeave] "completeLeave", "the cooldown passed", "K1";
    }
    exits: crate::exit::PRINCIPAL;
}

machine! {
    /// The state of an agent's membership.
    RegistrationState: Registration, "registration";
    states {
        Active = 1, "ACTIVE", Resting, "Works; begins to leave at its own or its principal's word.";
        Leaving = 2, "LEAVING", Open, "Takes on nothing more; the cooldown runs, anew from the end of the last obligation.";
        Gone = 3, "GONE", Terminal, "The stake is a credit; reputation stays.";
        Banned = 4, "BANNED", Open, "The appeal window runs.";
        Forfeited = 5, "FORFEITED", Terminal, "The stake is forfeit.";
    }
    initial { Active }
    base {
        Active => Leaving by [RequestDeregistration] "requestDeregistration", "whatever is open", "I-05, I-12", OnChain;
        Leaving => Gone by [CompleteDeregistration] "completeDeregistration", "the cooldown passed, nothing open, not banned", "I-05, I-06, I-12", OnChain;
        Active => Banned by [BanPrincipal, BanAgent] "ban", "half the quorum; covers every agent of the principal", "I-05", OnChain;
        Leaving => Banned by [BanPrincipal, BanAgent] "ban", "half the quorum; covers every agent of the principal", "I-05", OnChain;
        Banned => Active by [LiftBan] "liftBan", "within the appeal window", "I-06", OnChain;
        Banned => Forfeited by [Forfeit] "forfeit", "the appeal window passed", "I-06", OnChain;
    }
    extensions {
        Banned => Leaving by [LiftBan] "liftBan", "it had begun to leave", "I-06";
    }
    exits: crate::exit::REGISTRATION;
}

machine! {
    /// The state of an agent's passage from one principal to another, in two steps.
    PrincipalChangeState: PrincipalChange, "change of principal";
    states {
        Proposed = 1, "PROPOSED", Open, "Released by the old principal, until a deadline of its own.";
        Accepted = 2, "ACCEPTED", Terminal, "Taken; the old principal counts for conflicts during principalMemory.";
        Expired = 3, "EXPIRED", Terminal, "Not taken in time, or replaced by another release.";
    }
    initial { Proposed }
    base {
        Proposed => Accepted by [AcceptPrincipal] "acceptPrincipal", "no active mission; consent of the new principal", "I-07", OnChain;
    }
    extensions {
        Proposed => Expired by [] "deadline", "time alone: nothing is stored", "I-07";
        Proposed => Expired by [ProposePrincipal] "proposePrincipal", "another release, or a withdrawal: one to the present principal", "I-07";
    }
    exits: crate::exit::PRINCIPAL_CHANGE;
}

machine! {
    /// The state of an adjudicator.
    SeatState: Seat, "adjudicator's seat";
    states {
        Candidate = 1, "CANDIDATE", Resting, "Put up the stake, or is to as named at genesis; leaves whenever it likes.";
        Active = 2, "ACTIVE", Resting, "Signs; leaves whenever it likes.";
        Leaving = 3, "LEAVING", Open, "The appeal window runs.";
        Removed = 4, "REMOVED", Terminal, "Revoked; the stake is forfeit.";
        Released = 5, "RELEASED", Terminal, "The stake is its due.";
    }
    initial { Candidate }
    base {
        Candidate => Active by [AddAdjudicator, StakeSeat] "addAdjudicator | stake of a genesis adjudicator", "two thirds of the panel", "I-03, D-28", OnChain;
        Candidate => Leaving by [RemoveAdjudicator] "removeAdjudicator", "two thirds of the panel", "D-28", OnChain;
        Active => Leaving by [RemoveAdjudicator] "removeAdjudicator", "two thirds of the panel; as many are left as the floor", "D-01, D-28", OnChain;
        Active => Removed by [VoteImpeachment] "impeachment carried", "two thirds of the panel at initiation", "D-16, D-17", OnChain;
        Leaving => Removed by [VoteImpeachment] "impeachment carried", "two thirds of the panel at initiation", "D-16, D-17", OnChain;
    }
    extensions {
        Candidate => Leaving by [ResignSeat] "resign", "", "D-19";
        Active => Leaving by [ResignSeat] "resign", "", "D-19";
        Leaving => Released by [ReleaseSeat] "releaseStake", "the appeal window passed, no case runs", "D-19";
    }
    exits: crate::exit::SEAT;
}

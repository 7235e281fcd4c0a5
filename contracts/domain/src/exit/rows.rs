//! The ways out, machine by machine; their order within a machine is that of its states.

use Command as C;
use ParameterId as P;

use super::{Deadline, EVERY, Exit, Fault, Halt, Halts, Target, Term, Who};
use crate::{
    machine::{
        AmendmentState, BallotState, BondState, ClerkState, Command, CreditState, DelegationState,
        ElectionState, EscrowState, FreezeState, HaltState, ImpeachmentState, Machine,
        MissionState, NodeState, NormState, OverrideState, PetitionState, PoolState,
        PrincipalChangeState, PrincipalState, ProposalState, RegistrationState, SeatState,
        SessionState, StakeState,
    },
    parameter::ParameterId,
};

/// While nothing stops a mission: what is late is really late.
const RUNNING: Halts = Halts::CALM
    .and(Halt::Pause)
    .and(Halt::WatchdogFreeze)
    .and(Halt::NormStruck);
/// While a node can be routed.
const ROUTABLE: Halts = Halts::CALM.and(Halt::NormStruck);
/// While it cannot, and yet time runs.
const UNROUTABLE: Halts = Halts::only(Halt::Pause).and(Halt::WatchdogFreeze);
/// While deadlines stand still.
const STOPPED: Halts = Halts::only(Halt::EmergencyStop)
    .and(Halt::CityHalt)
    .and(Halt::Degraded);

/// A way out for anyone, without fault.
const fn anyone(
    from: u8,
    when: Halts,
    deadline: Deadline,
    command: Command,
    to: u8,
    note: &'static str,
    source: &'static str,
) -> Exit {
    Exit {
        from,
        when,
        who: Who::Anyone,
        deadline,
        command: Some(command),
        to: Target::State(to),
        fault: Fault::None,
        note,
        source,
    }
}

/// What time alone does.
const fn passes(
    from: u8,
    deadline: Deadline,
    to: u8,
    note: &'static str,
    source: &'static str,
) -> Exit {
    Exit {
        from,
        when: Halts::ALWAYS,
        who: Who::Anyone,
        deadline,
        command: None,
        to: Target::State(to),
        fault: Fault::None,
        note,
        source,
    }
}

/// What ends because something else does.
const fn ends_with(
    from: u8,
    when: Halts,
    parent: Machine,
    note: &'static str,
    source: &'static str,
) -> Exit {
    Exit {
        from,
        when,
        who: Who::Anyone,
        deadline: Deadline::Ended(parent),
        command: None,
        to: Target::Subsumed,
        fault: Fault::None,
        note,
        source,
    }
}

/// A way out at any time, for its owner or the panel.
const fn by(
    who: Who,
    from: u8,
    command: Command,
    to: u8,
    note: &'static str,
    source: &'static str,
) -> Exit {
    Exit {
        from,
        when: Halts::ALWAYS,
        who,
        deadline: Deadline::AtOnce,
        command: Some(command),
        to: Target::State(to),
        fault: Fault::None,
        note,
        source,
    }
}

#[rustfmt::skip] // one row, one line
pub(crate) const MISSION: &[Exit] = {
    use MissionState as S;
    &[
        anyone(S::Pending as u8, Halts::ALWAYS, Deadline::At("the mission's deadline"), C::AbortUndeployed, S::Aborted as u8, "whatever was deposited is refunded", "L-09, C-23"),
        anyone(S::Active as u8, RUNNING, Deadline::At("the mission's deadline"), C::FailOverdue, S::Failed as u8, "nodes fall with their mission", "C-23"),
        anyone(S::Executing as u8, RUNNING, Deadline::At("the mission's deadline"), C::FailOverdue, S::Failed as u8, "completed nodes stay paid", "C-23"),
        anyone(S::Executing as u8, RUNNING, Deadline::When("a node failed and no refinement is left"), C::FailMission, S::Failed as u8, "the node's fault was charged when it failed", "C-11"),
        anyone(S::Verification as u8, Halts::CALM.and(Halt::WatchdogFreeze).and(Halt::NormStruck), Deadline::When("every predicate passes, and the log was reconciled or reconcileTimeout passed"), C::FilterOutput, S::Completed as u8, "the normal end", "P-01, R10"),
        anyone(S::Verification as u8, RUNNING, Deadline::After(&[Term::Parameter(P::GateTimeoutMs)]), C::TimeoutVerification, S::Failed as u8, "a predicate stayed undecided; completed nodes stay paid", "R24"),
        anyone(S::Failed as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::RecoveryGraceMs)]), C::AbortFailed, S::Aborted as u8, "escrow and stakes go back", "C-10"),
        anyone(S::Failed as u8, RUNNING.without(Halt::Pause), Deadline::When("a successor is approved"), C::Relegislate, S::Aborted as u8, "the sponsor lets a successor take what is left of the escrow", "R18").for_owner(),
        anyone(S::Degraded as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::DegradedAdjudicatorTimeoutMs)]), C::AbortDegraded, S::Aborted as u8, "escrow and stakes go back", "C-20"),
        anyone(EVERY, Halts::only(Halt::EmergencyStop), Deadline::After(&[Term::Parameter(P::StopMaxSecs)]), C::AbortHalted, S::Aborted as u8, "counted from the stop; escrow and stakes go back", "R9"),
        anyone(EVERY, Halts::only(Halt::Pause), Deadline::After(&[Term::Parameter(P::PauseMaxSecs)]), C::AbortHalted, S::Aborted as u8, "counted from the pause; escrow and stakes go back", "R9, R10"),
        anyone(EVERY, Halts::only(Halt::CityHalt), Deadline::After(&[Term::Parameter(P::StopMaxSecs)]), C::AbortHalted, S::Aborted as u8, "counted from the halt; escrow and stakes go back", "R9"),
        anyone(EVERY, Halts::only(Halt::WatchdogFreeze), Deadline::After(&[Term::Parameter(P::WatchdogMaxFreezeDuration)]), C::AbortHalted, S::Aborted as u8, "counted from the freeze; escrow and stakes go back", "R9"),
        anyone(EVERY, Halts::ALWAYS, Deadline::When("an ancestor of the mission ended"), C::AbortOrphan, S::Aborted as u8, "what is left goes back to the parent's node", "R19"),
    ]
};

/// When an executor is late: its node's time and the grace for retries (C-18).
const NODE_TIMEOUT: Deadline = Deadline::After(&[
    Term::Field("the node's timeout"),
    Term::Parameter(P::FinalizationGraceMs),
    Term::Parameter(P::TimeoutGraceMs),
]);

/// When executors are late to reveal, and nobody dissents in time (R6).
const CONSENSUS_TIMEOUT: Deadline = Deadline::After(&[
    Term::Field("the node's timeout"),
    Term::Parameter(P::FinalizationGraceMs),
    Term::Longer(P::FinalizationGraceMs, P::VerificationRevealMs),
    Term::Parameter(P::VerificationRevealMs),
]);

/// When people are late: the reviewers' time, and their backups' (V-10, R12).
const REVIEW_TIMEOUT: Deadline = Deadline::After(&[Term::Product(
    P::MaxHumanReviewTimeoutMs,
    P::BackupReviewMultiple,
)]);

/// When a node that is eligible should long have been routed.
const ROUTE_TIMEOUT: Deadline = Deadline::After(&[
    Term::Parameter(P::AcceptanceWindowMs),
    Term::Parameter(P::TimeoutGraceMs),
    Term::Parameter(P::RouteTimeoutMs),
]);

#[rustfmt::skip] // one row, one line
pub(crate) const NODE: &[Exit] = {
    use NodeState as S;
    &[
        ends_with(S::Waiting as u8, Halts::ALWAYS, Machine::Mission, "its predecessors failed or are late", "C-23"),
        anyone(S::Eligible as u8, ROUTABLE, ROUTE_TIMEOUT, C::ExpireEligible, S::Failed as u8, "of winners who did not accept, or the owner of a deprecated service; of nobody if all accepted", "C-14, A3, R7, R28").at_fault(Fault::TimeoutExceeded),
        anyone(S::Eligible as u8, UNROUTABLE, ROUTE_TIMEOUT, C::ExpireEligible, S::Failed as u8, "nobody could route it", "C-14, R9"),
        ends_with(S::Eligible as u8, STOPPED, Machine::Mission, "its clock stands still", "R9"),
        anyone(S::Executing as u8, RUNNING, NODE_TIMEOUT, C::TimeoutNode, S::Failed as u8, "of executors who handed in nothing", "C-18, C-19").at_fault(Fault::TimeoutExceeded),
        anyone(S::Executing as u8, RUNNING, Deadline::Ended(Machine::Mission), C::CloseChild, S::Failed as u8, "a non-leaf node, whose child was aborted; it has no timeout of its own", "R19"),
        ends_with(S::Executing as u8, STOPPED, Machine::Mission, "its clock stands still", "R9"),
        anyone(S::PendingVerification as u8, RUNNING, NODE_TIMEOUT, C::CloseCommit, S::Failed as u8, "too few committed: of those who did not", "V-07, R6").at_fault(Fault::TimeoutExceeded),
        anyone(S::PendingVerification as u8, RUNNING, CONSENSUS_TIMEOUT, C::CloseReveal, S::Completed as u8, "enough agree: of those who withheld their reveal; at once after the last reveal, if all agree", "V-07, A3, R6").at_fault(Fault::NodeFailure),
        anyone(S::PendingVerification as u8, RUNNING, CONSENSUS_TIMEOUT, C::CloseReveal, S::Failed as u8, "too few agree: of those who withheld their reveal", "V-07, A3, R6").at_fault(Fault::NodeFailure),
        ends_with(S::PendingVerification as u8, STOPPED, Machine::Mission, "its clock stands still", "R9"),
        anyone(S::PendingReview as u8, RUNNING, REVIEW_TIMEOUT, C::TimeoutReview, S::Failed as u8, "tier 3: unpaid, and its output stays encrypted", "V-10, R11"),
        anyone(S::PendingReview as u8, RUNNING, REVIEW_TIMEOUT, C::CloseDispute, S::Completed as u8, "disputed tier 2: the machine consensus stands, the bond returns", "R11"),
        ends_with(S::PendingReview as u8, STOPPED, Machine::Mission, "its clock stands still", "R9"),
        ends_with(S::Failed as u8, Halts::ALWAYS, Machine::Mission, "nobody reassigned it", "C-11, R18"),
        anyone(S::Frozen as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::FreezeMaxSecs)]), C::ExpireFreeze, S::Failed as u8, "never back to eligible; the stake is held for the sanction window", "R8"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const SESSION: &[Exit] = {
    use SessionState as S;
    const STAKES: &str = "reserved stakes are free again";
    // Sessions that give single nodes anew keep to windows of their own; all else is the same.
    const PARTIAL_BIDS: Deadline = Deadline::After(&[Term::Parameter(P::PartialRelegBiddingTimeoutMs)]);
    const PARTIAL_REVIEW: Deadline = Deadline::After(&[Term::Parameter(P::ExpeditedRegulatoryWindowMs)]);
    &[
        anyone(S::SessionInit as u8, Halts::ALWAYS, Deadline::After(&[Term::Field("the windows of its election"), Term::Parameter(P::SessionOpeningTimeoutMs)]), C::FailDeliberation, S::Failed as u8, "no proposal won, or the registrar is silent", "L-09"),
        anyone(S::IdentityVerification as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::IdentityTimeoutMs)]), C::ExpireSession, S::Failed as u8, "a required role is missing", "L-09"),
        anyone(S::ProposalOpen as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::LegislativeProposalTimeoutMs)]), C::ExpireSession, S::Failed as u8, "the speaker is silent", "L2146"),
        anyone(S::BiddingOpen as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::BiddingWindowMs)]), C::CloseBidding, S::RegulatoryReview as u8, "every node is covered", "L2148, L-10"),
        anyone(S::BiddingOpen as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::BiddingWindowMs)]), C::CloseBidding, S::Failed as u8, STAKES, "L2151"),
        anyone(S::BiddingOpen as u8, Halts::ALWAYS, PARTIAL_BIDS, C::CloseBidding, S::RegulatoryReview as u8, "a partial session: its node is covered", "L-10, Table 19"),
        anyone(S::BiddingOpen as u8, Halts::ALWAYS, PARTIAL_BIDS, C::CloseBidding, S::Failed as u8, "a partial session: reserved stakes are free again", "L2151, Table 19"),
        anyone(S::RegulatoryReview as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::RegulatoryApprovalTimeoutMs)]), C::ExpireSession, S::Failed as u8, STAKES, "L-09"),
        anyone(S::RegulatoryReview as u8, Halts::ALWAYS, PARTIAL_REVIEW, C::ExpireSession, S::Failed as u8, "a partial session: reserved stakes are free again", "L-09, L2856"),
        anyone(S::Codification as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::CodificationTimeoutMs)]), C::ExpireSession, S::Failed as u8, STAKES, "L-09"),
        anyone(S::AwaitingApproval as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::ApprovalTimeoutMs)]), C::ExpireSession, S::Failed as u8, STAKES, "L2162"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const PETITION: &[Exit] = &[anyone(PetitionState::Gathering as u8, Halts::ALWAYS, Deadline::At("the petition's expiry"), C::ExpirePetition, PetitionState::Expired as u8, "too few names", "K6, L-09")];

#[rustfmt::skip] // one row, one line
pub(crate) const ELECTION: &[Exit] = {
    use ElectionState as S;
    &[
        anyone(S::Proposing as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::SponsorshipWindowMs)]), C::CloseProposing, S::Debating as u8, "the session fails if nothing found its sponsors", "L-02, L-09"),
        anyone(S::Debating as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::DeliberationRoundMs), Term::Product(P::DeliberationRounds, P::DeliberationRoundMs)]), C::CloseDebate, S::Committing as u8, "poll and rounds; silence is an opinion", "seed L135"),
        anyone(S::Committing as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::BallotCommitMs)]), C::CloseBallotCommit, S::Revealing as u8, "the session fails below the quorum", "L-04, R26"),
        anyone(S::Revealing as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::BallotRevealMs)]), C::CloseBallotReveal, S::Tallying as u8, "what is not revealed does not count; the session fails if nothing is", "L-04, R26"),
        anyone(S::Revealing as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::BallotRevealMs)]), C::CloseBallotReveal, S::Delayed as u8, "if a bloc was proved meanwhile", "R27"),
        anyone(S::Tallying as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::BallotRevealMs)]), C::Tally, S::Decided as u8, "in as many calls as it takes; at once where no claim of a bloc can come", "L-04, R26, R27"),
        anyone(S::Delayed as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::BiddingWindowMs)]), C::CloseDelay, S::Decided as u8, "once per election", "L-14, R27"),
        anyone(S::Delayed as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::BiddingWindowMs)]), C::CloseDelay, S::Tallying as u8, "if ballots are left to count", "R27"),
        ends_with(EVERY, Halts::ALWAYS, Machine::Session, "an election cannot outlive its session", "L-09"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const PROPOSAL: &[Exit] = {
    use ProposalState as S;
    &[
        anyone(S::Sponsoring as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::SponsorshipWindowMs)]), C::CloseProposing, S::Lapsed as u8, "too few sponsors", "L-02, L-09"),
        ends_with(S::Admitted as u8, Halts::ALWAYS, Machine::Election, "adopted or defeated", "L-04"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const BALLOT: &[Exit] = {
    use BallotState as S;
    &[
        anyone(S::Committed as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::BallotCommitMs), Term::Parameter(P::BallotRevealMs)]), C::CloseBallotReveal, S::Spent as u8, "counts for the quorum only", "R26"),
        ends_with(S::Committed as u8, Halts::ALWAYS, Machine::Election, "the election ended", "R26"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const ESCROW: &[Exit] = {
    use EscrowState as S;
    &[
        anyone(S::Open as u8, Halts::ALWAYS, Deadline::Ended(Machine::Mission), C::BeginClosing, S::Closing as u8, "in the call that ends the mission", "S-05"),
        anyone(S::Closing as u8, Halts::ALWAYS, Deadline::Ended(Machine::Mission), C::CloseEscrow, S::Closed as u8, "what is left becomes the sponsor's credit", "S-05, R9"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const STAKE: &[Exit] = {
    use StakeState as S;
    &[
        anyone(S::Reserved as u8, Halts::ALWAYS, Deadline::Ended(Machine::Session), C::ReleaseReserve, S::Released as u8, "the bid lost, or nothing came of the session", "C-25"),
        anyone(S::Reserved as u8, Halts::ALWAYS, Deadline::Ended(Machine::Mission), C::ReleaseReserve, S::Released as u8, "the bid won, but its mission was never finalised", "C-25"),
        anyone(S::Locked as u8, Halts::ALWAYS, Deadline::Ended(Machine::Mission), C::ReleaseStake, S::Released as u8, "minus what was slashed", "C-25, S-18"),
        anyone(S::Held as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::SanctionWindowSecs)]), C::ReleaseStake, S::Released as u8, "no sanction came", "R8"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const FREEZE: &[Exit] = {
    use FreezeState as S;
    &[
        anyone(S::Open as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::FreezeMaxSecs)]), C::ExpireFreeze, S::Expired as u8, "its node fails", "R8"),
        passes(S::Open as u8, Deadline::Ended(Machine::Mission), S::Closed as u8, "the mission ended around it", "R8, R9"),
        passes(S::Expired as u8, Deadline::After(&[Term::Parameter(P::SanctionWindowSecs)]), S::Closed as u8, "the stake is free", "R8"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const OVERRIDE: &[Exit] = {
    use OverrideState as S;
    &[
        anyone(S::Queued as u8, Halts::ALWAYS, Deadline::When("its delay is over and its signers are still eligible"), C::ExecuteOverride, S::Executed as u8, "the normal end", "R23, D-26"),
        anyone(S::Queued as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::OverrideExpirySecs)]), C::ExpireOverride, S::Expired as u8, "nothing happens", "R23"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const AMENDMENT: &[Exit] = {
    use AmendmentState as S;
    &[
        anyone(S::Queued as u8, Halts::ALWAYS, Deadline::When("its delay is over and the old value is unchanged"), C::ExecuteOverride, S::InForce as u8, "a new epoch page", "D-26, A4, R15"),
        anyone(S::Queued as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::OverrideExpirySecs)]), C::ExpireOverride, S::Expired as u8, "the value stays", "R23"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const IMPEACHMENT: &[Exit] = &[anyone(ImpeachmentState::Open as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::ImpeachmentExpirySecs)]), C::ExpireImpeachment, ImpeachmentState::Lapsed as u8, "the adjudicator stays", "D-18")];

#[rustfmt::skip] // one row, one line
pub(crate) const HALT: &[Exit] = {
    use HaltState as S;
    &[
        passes(S::Raised as u8, Deadline::After(&[Term::Field("the halt's maximum, see above")]), S::Overdue as u8, "from now on anyone may abort the missions under it", "R9"),
        anyone(S::Overdue as u8, Halts::ALWAYS, Deadline::When("a mission lies under it"), C::AbortHalted, S::Ended as u8, "a stop or pause ends with its mission; one of the city stays", "R9"),
        by(Who::Panel, S::Overdue as u8, C::ClearStop, S::Lifted as u8, "nothing resumes without the panel", "R9"),
        anyone(S::Overdue as u8, Halts::ALWAYS, Deadline::When("it is the watchdog's freeze and all adjudicators are flagged"), C::ExpireCity, S::Lifted as u8, "no release could be signed; who was flagged stays flagged", "R9, D-22"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const BOND: &[Exit] = {
    use BondState as S;
    &[
        anyone(S::Posted as u8, Halts::ALWAYS, Deadline::Ended(Machine::Mission), C::ReturnBond, S::Returned as u8, "dissent, divergence: at the latest with the mission", "R10, R11"),
        anyone(S::Posted as u8, Halts::ALWAYS, Deadline::Ended(Machine::Election), C::ReturnBond, S::Returned as u8, "collusion: with the election", "R27"),
        anyone(S::Posted as u8, Halts::ALWAYS, Deadline::Ended(Machine::Impeachment), C::ReturnBond, S::Returned as u8, "impeachment: with the case", "D-18"),
        by(Who::Owner, S::Standing as u8, C::RetireMonitor, S::Retiring as u8, "the monitor stops", "G-10"),
        anyone(S::Retiring as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::AppealWindowSecs)]), C::ReleaseMonitor, S::Returned as u8, "minus what false reports cost", "G-10"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const POOL: &[Exit] = {
    use PoolState as S;
    &[
        by(Who::Owner, S::Open as u8, C::LeavePool, S::Open as u8, "each participant redeems its own shares", "S-08"),
        anyone(S::Bound as u8, Halts::ALWAYS, Deadline::Ended(Machine::Mission), C::ReleaseStake, S::Open as u8, "the last of its obligations; who asked to leave goes once the last is over that began before", "S-08"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const CREDIT: &[Exit] = &[by(Who::Owner, CreditState::Owed as u8, C::Withdraw, CreditState::Paid as u8, "to itself, or to an address of its choice", "S-09, A9")];

#[rustfmt::skip] // one row, one line
pub(crate) const PRINCIPAL: &[Exit] = {
    use PrincipalState as S;
    &[
        by(Who::Owner, S::Enrolled as u8, C::RequestLeave, S::Leaving as u8, "once it has no agents", "K1"),
        passes(S::Frozen as u8, Deadline::After(&[Term::Parameter(P::FreezeMaxSecs)]), S::Enrolled as u8, "a sanction that is to last is a ban", "D-29"),
        by(Who::Owner, S::Frozen as u8, C::RequestLeave, S::Leaving as u8, "once it has no agents; a freeze bars work, not leaving", "K1, R9"),
        anyone(S::Leaving as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::DeregistrationCooldownSecs)]), C::CompleteLeave, S::Left as u8, "the stake becomes a credit", "K1"),
        anyone(S::Banned as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::AppealWindowSecs)]), C::ForfeitPrincipal, S::Expelled as u8, "of the banned", "I-06").at_fault(Fault::WholeStake),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const REGISTRATION: &[Exit] = {
    use RegistrationState as S;
    &[
        by(Who::Owner, S::Active as u8, C::RequestDeregistration, S::Leaving as u8, "at its own or its principal's word, whatever is open", "I-05, I-12"),
        anyone(S::Leaving as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::DeregistrationCooldownSecs)]), C::CompleteDeregistration, S::Gone as u8, "the stake becomes a credit, once its obligations ended with their missions and its sub-agents left", "I-05, I-12"),
        anyone(S::Banned as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::AppealWindowSecs)]), C::Forfeit, S::Forfeited as u8, "of the banned", "I-06").at_fault(Fault::WholeStake),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const PRINCIPAL_CHANGE: &[Exit] = &[passes(PrincipalChangeState::Proposed as u8, Deadline::At("the release's deadline"), PrincipalChangeState::Expired as u8, "the agent stays", "I-07")];

#[rustfmt::skip] // one row, one line
pub(crate) const SEAT: &[Exit] = {
    use SeatState as S;
    &[
        by(Who::Owner, S::Candidate as u8, C::ResignSeat, S::Leaving as u8, "not yet of the panel", "D-19"),
        by(Who::Owner, S::Active as u8, C::ResignSeat, S::Leaving as u8, "signs no more", "D-19"),
        anyone(S::Leaving as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::AppealWindowSecs)]), C::ReleaseSeat, S::Released as u8, "the stake becomes its due; a case that runs lapses first, or takes it", "D-19"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const DELEGATION: &[Exit] = &[anyone(DelegationState::Open as u8, Halts::ALWAYS, Deadline::After(&[Term::Parameter(P::DelegationTimeoutSecs)]), C::ExpireDelegation, DelegationState::Expired as u8, "a later answer is refused", "I-14")];

#[rustfmt::skip] // one row, one line
pub(crate) const NORM: &[Exit] = {
    use NormState as S;
    &[
        by(Who::Panel, S::InForce as u8, C::StrikeNorm, S::Struck as u8, "city law, held by nobody", "DESIGN 9"),
        by(Who::Panel, S::Struck as u8, C::RestoreNorm, S::InForce as u8, "city law, held by nobody", "DESIGN 9"),
    ]
};

#[rustfmt::skip] // one row, one line
pub(crate) const CLERK: &[Exit] = {
    use ClerkState as S;
    &[
        by(Who::Panel, S::Vacant as u8, C::AdmitClerk, S::Held as u8, "an office, held by nobody", "I-10"),
        by(Who::Panel, S::Held as u8, C::RevokeClerk, S::Vacant as u8, "an office; its sessions have deadlines of their own", "K7"),
    ]
};

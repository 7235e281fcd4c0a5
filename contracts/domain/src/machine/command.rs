//! What can be asked of a machine, as one closed list: rows of the transition tables, exits and halts speak of the same
//! commands.
//!
//! A command is a meaning, not a selector: one function of an interface may carry several (`expireNode` is whichever
//! deadline passed, `submitBatch` many results, `execute` a ruling), and a function that moves no machine is not listed.

use crate::peer::Peer;

macro_rules! commands {
    ($( $Variant:ident = $function:literal at $Peer:ident, $means:literal; )+) => {
        /// A command that may move a machine or that a halt may forbid.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Command {
            $( #[doc = $means] $Variant, )+
        }

        impl Command {
            /// All, in order.
            pub const ALL: &'static [Self] = &[$( Self::$Variant ),+];

            /// The function that carries it.
            pub const fn function(self) -> &'static str {
                match self { $( Self::$Variant => $function, )+ }
            }

            /// The contract that takes it.
            pub const fn peer(self) -> Peer {
                match self { $( Self::$Variant => Peer::$Peer, )+ }
            }

            /// What it does.
            pub const fn means(self) -> &'static str {
                match self { $( Self::$Variant => $means, )+ }
            }
        }
    };
}

commands! {
    // Missions.
    FinalizeMission = "finaliseDeployment" at Statute, "Completes a deployment: the mission may begin.";
    AcceptSeat = "acceptSeat" at Collaboration, "An executor accepts its seat.";
    RouteTask = "routeTask" at Collaboration, "Starts the executors of an eligible node.";
    FailMission = "expireMission" at Collaboration, "Fails a mission with a failed node and no refinement left.";
    FailOverdue = "expireMission" at Collaboration, "Fails a mission whose deadline passed.";
    FilterOutput = "filterOutput" at Guardian, "Runs the gate's predicates.";
    ClearPredicate = "clearPredicate" at Guardian, "The panel answers a predicate that asks for people.";
    ReleaseOutput = "releaseOutput" at Guardian, "The panel releases an output that no hard predicate refuses.";
    VetoOutput = "vetoOutput" at Guardian, "The panel refuses an output.";
    TimeoutVerification = "expireMission" at Collaboration, "Fails a mission that the gate did not decide in time.";
    EnterDegraded = "enterDegraded" at Guardian, "Records an outage of the sequencer that is over.";
    ExitDegraded = "exitDegraded" at Guardian, "Resumes after an outage.";
    AbortDegraded = "expireMission" at Collaboration, "Aborts a mission that nobody resumed after an outage.";
    AbortMission = "abortMission" at Collaboration, "The panel aborts a mission, with or without fault.";
    AbortUndeployed = "expireMission" at Collaboration, "Aborts a mission that was not finalised before its deadline.";
    AbortFailed = "expireMission" at Collaboration, "Aborts a failed mission that nobody recovered.";
    AbortHalted = "expireMission" at Collaboration, "Aborts a mission under a halt that passed its maximum.";
    AbortOrphan = "expireMission" at Collaboration, "Aborts a mission one of whose ancestors ended.";
    Relegislate = "relegislate" at Collaboration, "Replaces a failed mission by its approved successor, which takes its escrow.";
    // Nodes.
    SubmitResult = "submitResult" at Verification, "An executor of tier 1 or 3 hands in its result.";
    CommitResult = "commitResult" at Verification, "An executor of tier 2 binds itself to a value.";
    RevealResult = "revealResult" at Verification, "An executor of tier 2 shows its value.";
    AnnounceResult = "announceResult" at Verification, "An executor extends its window once.";
    CloseCommit = "closeVerification" at Verification, "Ends the commit window.";
    CloseReveal = "closeVerification" at Verification, "Ends the reveal window and decides.";
    TimeoutNode = "expireNode" at Collaboration, "Fails a node whose executor is silent.";
    ExpireEligible = "expireNode" at Collaboration, "Fails a node that nobody routed in time.";
    DisputeResult = "dispute" at Verification, "A dissenter sends a tier-2 node to human review, under bond.";
    CloseDispute = "closeVerification" at Verification, "Lets the machine consensus of a disputed node stand.";
    ApproveReview = "decideReview" at Verification, "An adjudicator approves a reviewed result.";
    RejectReview = "decideReview" at Verification, "An adjudicator rejects a reviewed result.";
    TimeoutReview = "expireNode" at Collaboration, "Fails a node that nobody reviewed in time.";
    Disqualify = "disqualify" at Verification, "The panel excludes an executor's reveal.";
    FreezeNode = "report" at Guardian, "Halts a node for evidence: reports beyond the limits, or a ruling.";
    UnfreezeNode = "unfreezeNode" at Guardian, "An adjudicator lifts a freeze.";
    ConfirmFreeze = "confirmFreeze" at Guardian, "An adjudicator upholds a freeze.";
    ExpireFreeze = "expireNode" at Collaboration, "Ends a freeze that nobody decided in time; the node fails.";
    ReassignNode = "reassignNode" at Collaboration, "Gives a failed node new seats.";
    OpenChild = "openChild" at Collaboration, "Starts a non-leaf node as a mission of its own.";
    CloseChild = "closeChild" at Collaboration, "Takes an ended child's outcome into the node it was made for.";
    // Halts.
    TriggerStop = "triggerStop" at Guardian, "Stops one mission, or all.";
    ClearStop = "clearStop" at Guardian, "The panel lifts a stop.";
    ReportDivergence = "reportDivergence" at Guardian, "A bonded monitor pauses a mission.";
    LiftPause = "liftPause" at Guardian, "The panel lifts a pause.";
    FreezeCity = "recordDecision" at Roster, "The watchdog freezes the city.";
    ReleaseCity = "releaseWatchdog" at Roster, "The panel lifts the watchdog's freeze of the city.";
    ExpireCity = "expireWatchdog" at Roster, "Ends the watchdog's freeze of the city after its maximum, where all adjudicators are flagged.";
    StrikeNorm = "strikeNorm" at Constitution, "Strikes a norm: nothing is finalised in its domain.";
    RestoreNorm = "restoreNorm" at Constitution, "Puts a struck norm back in force.";
    // Money.
    Settle = "settle" at Treasury, "Credits the executors of a completed node.";
    BeginClosing = "beginClosing" at Treasury, "Tells the treasury that a mission ended.";
    CloseEscrow = "closeEscrow" at Treasury, "Refunds what is left of an escrow.";
    ReserveStake = "placeBids" at Legislature, "Reserves a bidder's stake.";
    LockStake = "deploySeats" at Statute, "Locks a winner's reserved stake for the mission.";
    ReleaseReserve = "releaseBids" at Legislature, "Frees a stake reserved for a bid that became nothing.";
    ReleaseStake = "releaseAgent" at Collaboration, "Gives back what is left of a stake whose mission ended.";
    SlashStake = "slash" at Treasury, "Takes a stake by rule.";
    ReturnBond = "returnBond" at Treasury, "Gives a bond back.";
    ForfeitBond = "forfeitBond" at Treasury, "Takes the bond of a claim that failed.";
    RetireMonitor = "retireMonitor" at Roster, "A monitor ends its monitoring.";
    ReleaseMonitor = "releaseMonitor" at Roster, "Gives a retired monitor's bond back.";
    JoinPool = "joinPool" at Treasury, "Deposits in a pool for shares.";
    LeavePool = "leavePool" at Treasury, "Redeems shares of a pool in which nothing is open, or nothing that was when the participant asked to leave.";
    Withdraw = "withdraw" at Treasury, "Pays a credit out to its owner; every contract that owes has it.";
    // Legislation.
    OpenSession = "openSession" at Assembly, "Opens a session for a petition with enough names.";
    ExpirePetition = "expirePetition" at Assembly, "Closes a petition whose window passed.";
    CloseProposing = "expireDeliberation" at Assembly, "Ends the gathering of proposals.";
    CloseDebate = "expireDeliberation" at Assembly, "Ends deliberation.";
    CloseBallotCommit = "expireDeliberation" at Assembly, "Ends the commit window of the ballots.";
    CloseBallotReveal = "expireDeliberation" at Assembly, "Ends the reveal window of the ballots.";
    RevealBallot = "revealBallot" at Assembly, "A voter shows its ranking.";
    Tally = "tally" at Assembly, "Counts the revealed ballots, as many as asked for.";
    ClaimCollusion = "claimCollusion" at Assembly, "Proves a bloc of ballots too much alike: delays the outcome once.";
    CloseDelay = "expireDeliberation" at Assembly, "Ends the delay after a proven bloc.";
    FailDeliberation = "expireDeliberation" at Assembly, "Fails a session that adopted nothing, or that no registrar took up in time.";
    RequestIdentity = "requestIdentity" at Legislature, "MSG_TYPE_1: the registrar opens the identity round.";
    ConfirmRoster = "confirmRoster" at Legislature, "Closes the identity round (MSG_TYPE_2): required roles are there.";
    PublishProposal = "publishProposal" at Legislature, "MSG_TYPE_3: the speaker relays the adopted proposal.";
    CloseBidding = "closeBidding" at Legislature, "Ends the bidding window (MSG_TYPE_4): covered or not.";
    DecideRegulatory = "decideRegulatory" at Enactment, "MSG_TYPE_5: the regulator decides.";
    Validate = "validate" at Enactment, "MSG_TYPE_6: the codifier's statute is compared with what was approved; failures count.";
    Approve = "approve" at Enactment, "MSG_TYPE_7: both approvals are in.";
    ExpireSession = "expireSession" at Legislature, "Fails a session whose step was not taken in time.";
    // The panel.
    ExecuteOverride = "execute" at Adjudication, "Carries out a queued action after its delay.";
    WithdrawSignature = "withdrawSignature" at Adjudication, "A signer withdraws from a queued action.";
    ExpireOverride = "expireAction" at Adjudication, "Drops a queued action that was not carried out in time.";
    VoteImpeachment = "voteImpeachment" at Roster, "An adjudicator votes for a revocation, which takes the stake.";
    ExpireImpeachment = "expireImpeachment" at Roster, "Ends a case that found no majority in time.";
    AddAdjudicator = "addAdjudicator" at Roster, "The panel admits a candidate.";
    StakeSeat = "stake" at Roster, "A genesis adjudicator puts up its stake and is active.";
    ResignSeat = "resign" at Roster, "An adjudicator leaves.";
    ReleaseSeat = "releaseStake" at Roster, "Gives a leaving adjudicator's stake back.";
    RemoveAdjudicator = "removeAdjudicator" at Roster, "The panel removes an adjudicator without fault.";
    // People.
    RequestLeave = "requestLeave" at Agent, "A principal without agents begins to leave.";
    CompleteLeave = "completeLeave" at Agent, "Gives a leaving principal's stake back after the cooldown.";
    FreezePrincipal = "freezePrincipal" at Agent, "The panel freezes all agents of a principal.";
    UnfreezePrincipal = "unfreezePrincipal" at Agent, "The panel lifts that.";
    BanPrincipal = "banPrincipal" at Agent, "The panel bans a principal with all agents.";
    BanAgent = "banAgent" at Agent, "The panel bans, for an agent, the principal who answers for it or did lately.";
    LiftBan = "liftBan" at Agent, "The panel lifts a ban within its appeal window.";
    ForfeitPrincipal = "forfeitPrincipal" at Agent, "Takes a banned principal's stake after the appeal window.";
    Forfeit = "forfeit" at Agent, "Takes a banned agent's stake after the appeal window.";
    RequestDeregistration = "requestDeregistration" at Agent, "An agent begins to leave, at its own or its principal's word.";
    CompleteDeregistration = "completeDeregistration" at Agent, "Credits a leaving agent's stake after the cooldown.";
    AcceptPrincipal = "acceptPrincipal" at Agent, "The new principal takes an agent.";
    ProposePrincipal = "proposePrincipal" at Agent, "Releases an agent to another principal; a second release replaces the first, one to the present principal withdraws it.";
    // Clerks.
    AdmitClerk = "execute" at Adjudication, "The panel gives an office to an agent.";
    RevokeClerk = "execute" at Adjudication, "The panel takes an office from an agent.";
    RecordResult = "recordDelegationResult" at Management, "The delegate reports.";
    ExpireDelegation = "expireDelegation" at Management, "Drops a delegation that was not answered in time.";
}

/// Masks over commands are 128 bits wide.
const _: () = assert!(Command::ALL.len() <= 128); // structural: bits of a mask

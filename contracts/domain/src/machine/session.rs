//! Sessions: one run of the seven-message legislative procedure.
//!
//! ```text
//!  SESSION_INIT ─▶ IDENTITY_VERIFICATION ─▶ PROPOSAL_OPEN ─▶ BIDDING_OPEN ─▶ REGULATORY_REVIEW ─▶ CODIFICATION
//!      ┊                    │                 │    ▲              │             │      ┊               │   │
//!      ┊                    │                 │    └──────────────┼─────────────┘      ┊               │   ▼
//!      ┊                    ▼                 ▼      re-proposal  ▼                    ┊               │  AWAITING_APPROVAL
//!      └┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈▶ FAILED ◀────────────────────────────────────┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┘◀──────────────┘◀──┘   │
//!                           every step has a deadline (L-09)                                          DEPLOYED ◀─┘
//!  ── base (seed B.10)   ┈┈ extensions (L-09)
//! ```
//!
//! Clerks move a session by signed messages that anyone relays; when one is silent, anyone ends the session and every
//! reserved stake is free again.

use super::machine;

machine! {
    /// The state of a session.
    SessionState: Session, "session";
    states {
        SessionInit = 1, "SESSION_INIT", Open, "Opened; proposals are made, deliberated and voted on.";
        IdentityVerification = 2, "IDENTITY_VERIFICATION", Open, "Agents prove who they are.";
        ProposalOpen = 3, "PROPOSAL_OPEN", Open, "The speaker has to relay the adopted proposal.";
        BiddingOpen = 4, "BIDDING_OPEN", Open, "Producers bid.";
        RegulatoryReview = 5, "REGULATORY_REVIEW", Open, "The regulator has to decide.";
        Codification = 6, "CODIFICATION", Open, "The codifier has to hand in the statute.";
        AwaitingApproval = 7, "AWAITING_APPROVAL", Open, "Both approvals are awaited.";
        Deployed = 8, "DEPLOYED", Terminal, "It is law; a mission may be made of it.";
        Failed = 9, "FAILED", Terminal, "Nothing came of it.";
    }
    initial { SessionInit }
    base {
        SessionInit => IdentityVerification by [RequestIdentity] "MSG_TYPE_1", "", "L2137", Paper;
        IdentityVerification => ProposalOpen by [ConfirmRoster] "all MSG_TYPE_2 valid", "required roles present", "L2138", Paper;
        IdentityVerification => Failed by [ExpireSession] "identity failure | floor not met | timeout (resolution)", "", "L2141", Paper;
        ProposalOpen => BiddingOpen by [PublishProposal] "MSG_TYPE_3", "valid DAG, before legislativeProposalTimeoutMs", "L2143", Paper;
        ProposalOpen => Failed by [ExpireSession] "timeout | malformed DAG", "", "L2146", Paper;
        BiddingOpen => RegulatoryReview by [CloseBidding] "window closes covered", ">= redundancyFactor distinct bids per node (paper: >=1)", "L2148", Paper;
        BiddingOpen => Failed by [CloseBidding] "window closes uncovered", "", "L2151", Paper;
        RegulatoryReview => Codification by [DecideRegulatory] "MSG_TYPE_5", "no CRITICAL flag, fairness>=min", "L2152", Paper;
        RegulatoryReview => ProposalOpen by [DecideRegulatory] "re-proposal", "<=2 per epoch", "L2154", Paper;
        Codification => AwaitingApproval by [Validate] "MSG_TYPE_6", "constitutional validation passes", "L2156", Paper;
        Codification => Failed by [Validate] "validation fails > max_codification_retries (2)", "", "L2158", Paper;
        AwaitingApproval => Deployed by [Approve] "MSG_TYPE_7 with A_leg and A_reg_agent signatures", "", "L2160", Paper;
        AwaitingApproval => Failed by [ExpireSession] "approval timeout (5 min)", "", "L2162", Paper;
    }
    extensions {
        SessionInit => Failed by [FailDeliberation] "timeout", "no proposal adopted, or no MSG_TYPE_1 within sessionOpeningTimeout", "L-09";
        RegulatoryReview => Failed by [ExpireSession] "timeout", "no MSG_TYPE_5 within regulatoryApprovalTimeoutMs", "L-09";
        Codification => Failed by [ExpireSession] "timeout", "no valid MSG_TYPE_6 within codificationTimeout", "L-09";
    }
    exits: crate::exit::SESSION;
}

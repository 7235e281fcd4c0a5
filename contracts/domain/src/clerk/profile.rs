//! The four envelopes of the seed's table, row by row, and what each row is here (RULINGS K11).
//!
//! An office is a set of operations. Nothing outside it can ever be permitted to its clerks: the branches stay apart even
//! if the panel slips. Within it the panel narrows and widens.

use super::operation::{ClerkRole, Delegated, Function, Mask, Operation};
use crate::peer::Peer;

/// On which side of the table a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Permitted operations.
    Permitted,
    /// Prohibited operations: structural, never permitted to this office.
    Prohibited,
    /// Delegation mandates.
    Delegated,
}

/// What a row of the table is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Here {
    /// An operation, charged to the clerk who signed.
    Operation(Operation),
    /// A mandate that the panel can set.
    Delegation(Delegated),
    /// A function that needs no clerk: anyone calls it, the rule decides.
    Rule(Function, &'static str),
    /// Nothing, and why.
    NotApplicable(&'static str),
}

/// One operation of the seed's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedRow {
    /// The office.
    pub role: ClerkRole,
    /// The side.
    pub side: Side,
    /// As the seed names it.
    pub name: &'static str,
    /// What it is here.
    pub here: Here,
}

const fn row(role: ClerkRole, side: Side, name: &'static str, here: Here) -> SeedRow {
    SeedRow {
        role,
        side,
        name,
        here,
    }
}

const fn rule(contract: Peer, name: &'static str, because: &'static str) -> Here {
    Here::Rule(Function { contract, name }, because)
}

/// Every operation of the seed's table "ManagementContract Authority Envelope Profiles" (seed B.3), in its order.
pub const SEED_TABLE: &[SeedRow] = {
    use self::{
        ClerkRole::{Codifier, Registrar, Regulator, Speaker},
        Delegated as D,
        Here::{Delegation, NotApplicable, Operation as Op},
        Operation as O,
        Side::{Delegated, Permitted, Prohibited},
    };
    &[
        row(Registrar, Permitted, "verifyDID", Op(O::AttestPrincipal)),
        row(
            Registrar,
            Permitted,
            "checkReputationThreshold",
            Op(O::RequestIdentity),
        ),
        row(
            Registrar,
            Permitted,
            "admitAgent",
            rule(
                Peer::Legislature,
                "confirmRoster",
                "who attests and meets the threshold is admitted (I-02); a clerk's discretion would be a veto",
            ),
        ),
        row(
            Registrar,
            Permitted,
            "excludeAgent",
            rule(
                Peer::Legislature,
                "confirmRoster",
                "who fails is dropped by the same rule (L-09)",
            ),
        ),
        row(
            Registrar,
            Prohibited,
            "updateReputation",
            Op(O::UpdateReputation),
        ),
        row(
            Registrar,
            Prohibited,
            "modifyConstitutionalParams",
            Op(O::AmendParameter),
        ),
        row(Registrar, Prohibited, "submitBid", Op(O::SubmitBid)),
        row(
            Registrar,
            Prohibited,
            "deployMicroservice",
            Op(O::RegisterService),
        ),
        row(
            Registrar,
            Delegated,
            "DID verification",
            Delegation(D::DidVerification),
        ),
        row(
            Registrar,
            Delegated,
            "Reputation threshold check",
            Delegation(D::ReputationCheck),
        ),
        row(Speaker, Permitted, "proposeDAG", Op(O::PublishProposal)),
        row(
            Speaker,
            Permitted,
            "coordinateNegotiationRound",
            rule(
                Peer::Assembly,
                "drawSpeakingOrder",
                "the order is a shuffle that anyone verifies (DESIGN 5); nobody gives the floor",
            ),
        ),
        row(Speaker, Permitted, "coSignMSG7", Op(O::Approve)),
        row(
            Speaker,
            Permitted,
            "broadcastMSG2",
            rule(
                Peer::Legislature,
                "attestIdentity",
                "MSG_TYPE_2 is each agent's word about itself; anyone relays it (R21)",
            ),
        ),
        row(Speaker, Prohibited, "submitBid", Op(O::SubmitBid)),
        row(
            Speaker,
            Prohibited,
            "deployMicroservice",
            Op(O::RegisterService),
        ),
        row(
            Speaker,
            Prohibited,
            "modifyConstitutionalParams",
            Op(O::AmendParameter),
        ),
        row(
            Speaker,
            Delegated,
            "DAG validation",
            Delegation(D::DagValidation),
        ),
        row(
            Speaker,
            Delegated,
            "Negotiation state tracking",
            Delegation(D::NegotiationTracking),
        ),
        row(
            Regulator,
            Permitted,
            "evaluateBidFairness",
            Op(O::DecideRegulatory),
        ),
        row(
            Regulator,
            Permitted,
            "checkSafetyCompliance",
            Op(O::DecideRegulatory),
        ),
        row(Regulator, Permitted, "coSignMSG7", Op(O::Approve)),
        row(
            Regulator,
            Permitted,
            "approveAssignment",
            Op(O::DecideRegulatory),
        ),
        row(Regulator, Prohibited, "submitBid", Op(O::SubmitBid)),
        // The graph enters the law by MSG_TYPE_3 alone, the speaker's.
        row(
            Regulator,
            Prohibited,
            "modifyDAGTopology",
            Op(O::PublishProposal),
        ),
        row(
            Regulator,
            Prohibited,
            "deployMicroservice",
            Op(O::RegisterService),
        ),
        row(
            Regulator,
            Delegated,
            "HHI calculation",
            Delegation(D::HhiCalculation),
        ),
        row(
            Regulator,
            Delegated,
            "Compliance check",
            Delegation(D::ComplianceCheck),
        ),
        row(
            Codifier,
            Permitted,
            "compileLegislativeOutput",
            Op(O::Codify),
        ),
        row(Codifier, Permitted, "produceMSG6", Op(O::Codify)),
        row(
            Codifier,
            Permitted,
            "invokeByteCodeAuditGate",
            rule(
                Peer::Enactment,
                "validate",
                "pages are compared by hash (A-15); a HIGH node waits for the panel's audit by itself (K4)",
            ),
        ),
        row(
            Codifier,
            Prohibited,
            "deployContractDirectly",
            NotApplicable("no mission has code of its own (A-06)"),
        ),
        row(
            Codifier,
            Prohibited,
            "emitUnauthorizedOpcodes",
            NotApplicable("a statute is data, its pages begin with 0x00 (A-15, A6)"),
        ),
        row(
            Codifier,
            Prohibited,
            "modifyConstitutionalParams",
            Op(O::AmendParameter),
        ),
        row(
            Codifier,
            Delegated,
            "Bytecode compilation",
            Delegation(D::BytecodeCompilation),
        ),
        row(
            Codifier,
            Delegated,
            "Structural conformance",
            Delegation(D::StructuralConformance),
        ),
        row(
            Codifier,
            Delegated,
            "Spec-to-bytecode alignment",
            Delegation(D::AlignmentVerification),
        ),
    ]
};

impl ClerkRole {
    /// The operations of the office: what its clerks may do unless the panel narrows it, and all they ever may.
    ///
    /// Beside the seed's table: evidence for the debate (seed 3.4, stage 2) and the countersigned award are the
    /// regulator's, versions of templates (seed 3.4, stage 5; K5) the codifier's.
    pub const fn office(self) -> Mask {
        Mask::of(match self {
            Self::Registrar => &[Operation::AttestPrincipal, Operation::RequestIdentity],
            Self::Speaker => &[Operation::PublishProposal, Operation::Approve],
            Self::Regulator => &[
                Operation::PublishEvidence,
                Operation::DeviateAward,
                Operation::DecideRegulatory,
                Operation::Approve,
            ],
            Self::Codifier => &[Operation::Codify, Operation::PublishTemplate],
        })
    }

    /// What the seed's table prohibits to the office by name. It stands in every envelope of the office.
    pub const fn structural(self) -> Mask {
        Mask::of(match self {
            Self::Registrar => &[
                Operation::UpdateReputation,
                Operation::AmendParameter,
                Operation::SubmitBid,
                Operation::RegisterService,
            ],
            Self::Speaker => &[
                Operation::SubmitBid,
                Operation::RegisterService,
                Operation::AmendParameter,
            ],
            Self::Regulator => &[
                Operation::SubmitBid,
                Operation::PublishProposal,
                Operation::RegisterService,
            ],
            Self::Codifier => &[Operation::AmendParameter],
        })
    }
}

impl Delegated {
    /// The delegated operations whose results `operation` rests on, for a clerk of `role`.
    pub const fn behind(role: ClerkRole, operation: Operation) -> Mask {
        let (mut mask, mut at) = (Mask::NONE, 0);
        while at < Self::ALL.len() {
            let delegated = Self::ALL[at];
            if delegated.role() as u8 == role as u8 && delegated.guards() as u8 == operation as u8 {
                mask = mask.with(delegated.number(), true);
            }
            at += 1;
        }
        mask
    }
}

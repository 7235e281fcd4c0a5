//! What a clerk may be asked to do: a closed list. An operation belongs to the contract that carries it out, which alone
//! may charge a clerk for it.

use crate::peer::Peer;

/// Declares a closed list whose numbers are places.
macro_rules! closed {
    ($(#[$doc:meta])* $name:ident { $($(#[$row:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$row])* $variant = $number,)+
        }

        impl $name {
            /// All, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The one of this number.
            pub const fn at(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// As code and documents call it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                }
            }

            /// Its number.
            pub const fn number(self) -> u8 {
                self as u8
            }
        }
    };
}

closed! {
    /// The four offices (seed B.3; renamed by RESOLUTIONS L-17).
    ClerkRole {
        /// Identity: who takes part. The seed's Registry.
        Registrar = 0,
        /// Deliberation: what is put to law. The seed's Legislative.
        Speaker = 1,
        /// Fairness and safety: on whose bids. The seed's Regulatory.
        Regulator = 2,
        /// Form: in which words. The seed's Codification.
        Codifier = 3,
    }
}

closed! {
    /// An operation, as a bit of an envelope's masks.
    Operation {
        /// Attests to a person who enrols as principal.
        AttestPrincipal = 0,
        /// MSG_TYPE_1: asks all to identify, and names the least reputation.
        RequestIdentity = 1,
        /// MSG_TYPE_3: carries the winning proposal.
        PublishProposal = 2,
        /// Opens the debate with evidence.
        PublishEvidence = 3,
        /// Awards other than the best bid, with the panel's countersignature.
        DeviateAward = 4,
        /// MSG_TYPE_5: fairness, compliance, assignments.
        DecideRegulatory = 5,
        /// MSG_TYPE_6: names statute, assignments and template.
        Codify = 6,
        /// Publishes a version of a template.
        PublishTemplate = 7,
        /// MSG_TYPE_7: approves.
        Approve = 8,
        /// Moves reputation: no clerk's, ever.
        UpdateReputation = 9,
        /// Changes a parameter: no clerk's, ever.
        AmendParameter = 10,
        /// MSG_TYPE_4: bids: no clerk's, ever.
        SubmitBid = 11,
        /// Registers a service: no clerk's, ever.
        RegisterService = 12,
    }
}

closed! {
    /// What a clerk hands to a microservice: the nine mandated ones of the seed's table.
    Delegated {
        /// Looks a person's identifier up.
        DidVerification = 0,
        /// Looks reputations up against the threshold.
        ReputationCheck = 1,
        /// Validates a task graph.
        DagValidation = 2,
        /// Keeps track of a negotiation.
        NegotiationTracking = 3,
        /// Computes the concentration of assignments.
        HhiCalculation = 4,
        /// Checks compliance.
        ComplianceCheck = 5,
        /// Compiles the outcome into a statute's pages.
        BytecodeCompilation = 6,
        /// Checks their structure.
        StructuralConformance = 7,
        /// Checks that they say what was decided.
        AlignmentVerification = 8,
    }
}

/// A function of a contract, as its interface spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// The contract.
    pub contract: Peer,
    /// The function.
    pub name: &'static str,
}

impl Operation {
    /// The function that carries it out; its contract alone charges clerks for it.
    pub const fn function(self) -> Function {
        let (contract, name) = match self {
            Self::AttestPrincipal => (Peer::Agent, "enrolPrincipal"),
            Self::RequestIdentity => (Peer::Legislature, "requestIdentity"),
            Self::PublishProposal => (Peer::Legislature, "publishProposal"),
            Self::PublishEvidence => (Peer::Assembly, "recordEvidence"),
            Self::DeviateAward => (Peer::Enactment, "deviateAward"),
            Self::DecideRegulatory => (Peer::Enactment, "decideRegulatory"),
            Self::Codify => (Peer::Enactment, "codify"),
            Self::PublishTemplate => (Peer::Enactment, "publishTemplate"),
            Self::Approve => (Peer::Enactment, "approve"),
            Self::UpdateReputation => (Peer::Agent, "updateReputation"),
            Self::AmendParameter => (Peer::Constitution, "amend"),
            Self::SubmitBid => (Peer::Legislature, "placeBids"),
            Self::RegisterService => (Peer::Service, "registerService"),
        };
        Function { contract, name }
    }

    /// The contract that may charge for it.
    pub const fn owner(self) -> Peer {
        self.function().contract
    }
}

impl Delegated {
    /// The office that hands it over.
    pub const fn role(self) -> ClerkRole {
        match self {
            Self::DidVerification | Self::ReputationCheck => ClerkRole::Registrar,
            Self::DagValidation | Self::NegotiationTracking => ClerkRole::Speaker,
            Self::HhiCalculation | Self::ComplianceCheck => ClerkRole::Regulator,
            Self::BytecodeCompilation
            | Self::StructuralConformance
            | Self::AlignmentVerification => ClerkRole::Codifier,
        }
    }

    /// The operation that rests on its result, once it is mandated.
    pub const fn guards(self) -> Operation {
        match self {
            Self::DidVerification => Operation::AttestPrincipal,
            Self::ReputationCheck => Operation::RequestIdentity,
            Self::DagValidation => Operation::PublishProposal,
            // What was negotiated is complete when it is approved.
            Self::NegotiationTracking => Operation::Approve,
            Self::HhiCalculation | Self::ComplianceCheck => Operation::DecideRegulatory,
            Self::BytecodeCompilation
            | Self::StructuralConformance
            | Self::AlignmentVerification => Operation::Codify,
        }
    }
}

/// A set of operations, or of delegated ones: a bit for each number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mask(u64);

impl Mask {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Every operation there is.
    pub const ALL: Self = Self::of(Operation::ALL);

    /// Of these bits.
    pub const fn new(bits: u64) -> Self {
        Self(bits)
    }

    /// Of these operations.
    pub const fn of(operations: &[Operation]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < operations.len() {
            bits |= 1 << operations[at].number();
            at += 1;
        }
        Self(bits)
    }

    /// The bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this and not in the other.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the member of this number is in it.
    pub const fn has(self, number: u8) -> bool {
        // A number beyond the bits names nothing.
        matches!(self.0.checked_shr(number as u32), Some(bits) if bits & 1 == 1)
    }

    /// With the member of this number, or without it.
    pub const fn with(self, number: u8, member: bool) -> Self {
        let bit = match 1u64.checked_shl(number as u32) {
            Some(bit) => bit,
            None => 0,
        };
        Self(if member { self.0 | bit } else { self.0 & !bit })
    }
}

//! T4: every struct that anyone signs, with its type, who signs it, and which function takes it (RULINGS K23, R23).
//!
//! One struct for one act; every argument stands in it. A field may be the hash of a document (a justification, evidence), never
//! of arguments. The replay key is the digest; a nonce occurs only where the digest would be the same twice in good faith.
//!
//! A struct's [`words`](identity::PrincipalConsent::words) are what the host hashes. Type hashes are computed by the
//! compiler ([`keccak256`]); names and fields never reach a program.

mod declare;
pub mod identity;
pub mod legislation;
pub mod panel;
pub mod work;

use core::fmt;

use alloy_primitives::B256;

pub use self::declare::Typed;
pub use crate::keccak::{keccak256, selector};

use crate::peer::Peer;

/// Name in the EIP-712 domain of every contract of a city.
pub const DOMAIN_NAME: &str = "AgentCity";
/// Version in that domain.
pub const DOMAIN_VERSION: &str = "1";
/// The type of the domain.
pub const DOMAIN_TYPE: &str =
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

/// keccak256 of [`DOMAIN_TYPE`].
pub const DOMAIN_TYPE_HASH: B256 = keccak256(&[DOMAIN_TYPE]);
/// keccak256 of [`DOMAIN_NAME`].
pub const DOMAIN_NAME_HASH: B256 = keccak256(&[DOMAIN_NAME]);
/// keccak256 of [`DOMAIN_VERSION`].
pub const DOMAIN_VERSION_HASH: B256 = keccak256(&[DOMAIN_VERSION]);

/// Who signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignedBy {
    /// ⌈2q/3⌉ of the genesis adjudicators.
    Founders,
    /// The principal that the struct names.
    Principal,
    /// The principal that lets go.
    FormerPrincipal,
    /// The agent that stands above.
    Parent,
    /// The agent that the struct names.
    Agent,
    /// A registrar.
    Registrar,
    /// A speaker.
    Speaker,
    /// A regulator.
    Regulator,
    /// A codifier.
    Codifier,
    /// A speaker and regulators, each for itself.
    SpeakerAndRegulators,
    /// The clerk that the struct names.
    Clerk,
    /// The owner of the service.
    ServiceOwner,
    /// The executor that the struct names.
    Executor,
    /// The monitor that the struct names.
    Monitor,
    /// As many adjudicators as the action's row demands.
    Panel,
}

/// One signed struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// Its own part of the type.
    pub own: &'static str,
    /// The parts of the structs it refers to.
    pub parts: &'static [&'static str],
    /// keccak256 of the type.
    pub hash: B256,
    /// Who signs.
    pub by: SignedBy,
    /// The contract in the EIP-712 domain.
    pub contract: Peer,
    /// The function that takes it.
    pub function: &'static str,
}

/// Builds the enum of all signed structs.
macro_rules! catalogue {
    ($($module:ident { $($name:ident $by:ident $contract:ident $function:literal;)+ })+) => {
        /// Every struct that anyone signs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SignedStruct {
            $($(#[doc = concat!("[`", stringify!($module), "::", stringify!($name), "`].")] $name,)+)+
        }

        impl SignedStruct {
            /// All.
            pub const ALL: &'static [Self] = &[$($(Self::$name,)+)+];

            /// What it is.
            pub const fn entry(self) -> Entry {
                match self {
                    $($(Self::$name => Entry {
                        name: stringify!($name),
                        own: <$module::$name as Typed>::OWN,
                        parts: <$module::$name as Typed>::PARTS,
                        hash: <$module::$name as Typed>::HASH,
                        by: SignedBy::$by,
                        contract: Peer::$contract,
                        function: $function,
                    },)+)+
                }
            }

            /// Its type hash.
            pub const fn type_hash(self) -> B256 {
                match self {
                    $($(Self::$name => <$module::$name as Typed>::HASH,)+)+
                }
            }
        }
    };
}

catalogue! {
    identity {
        GenesisManifest Founders Constitution "seal";
        PrincipalEnrolment Principal Agent "enrolPrincipal";
        EnrolmentAttestation Registrar Agent "enrolPrincipal";
        PrincipalConsent Principal Agent "register";
        SubAgentConsent Parent Agent "registerSubAgent";
        PrincipalRelease FormerPrincipal Agent "proposePrincipal";
        PrincipalAcceptance Principal Agent "acceptPrincipal";
        DelegationRequest Clerk Management "delegate";
        DelegationResult ServiceOwner Management "recordDelegationResult";
    }
    legislation {
        PetitionSignature Principal Assembly "signPetitionFor";
        Sponsorship Principal Assembly "sponsorFor";
        DeliberationEvidence Regulator Assembly "recordEvidence";
        StrawVote Principal Assembly "strawVote";
        Statement Principal Assembly "speak";
        BallotCommitment Principal Assembly "commitBallots";
        IdentityRequest Registrar Legislature "requestIdentity";
        IdentityAttestation Agent Legislature "attestIdentity";
        DagProposal Speaker Legislature "publishProposal";
        TaskBid Agent Legislature "placeBids";
        SealedBid Agent Legislature "sealBid";
        RegulatoryDecision Regulator Enactment "decideRegulatory";
        AwardDeviation Regulator Enactment "deviateAward";
        CodedSpecification Codifier Enactment "codify";
        LegislativeApproval SpeakerAndRegulators Enactment "approve";
        TemplateVersion Codifier Enactment "publishTemplate";
    }
    work {
        SeatAcceptance Executor Statute "acceptSeats";
        NodeResult Executor Verification "submitBatch";
        MonitorReport Monitor Guardian "report";
        OutageReport Monitor Guardian "enterDegraded";
    }
    panel {
        FreezeNode Panel Adjudication "submit";
        UnfreezeNode Panel Adjudication "submit";
        ConfirmFreeze Panel Adjudication "submit";
        ClassifyFalsePositive Panel Adjudication "submit";
        DecideReview Panel Adjudication "submit";
        Disqualify Panel Adjudication "submit";
        ClearPredicate Panel Adjudication "submit";
        VetoOutput Panel Adjudication "submit";
        ReleaseOutput Panel Adjudication "submit";
        TriggerStop Panel Adjudication "submit";
        ClearStop Panel Adjudication "submit";
        LiftPause Panel Adjudication "submit";
        ExitDegraded Panel Adjudication "submit";
        AbortMission Panel Adjudication "submit";
        AbortForFault Panel Adjudication "submit";
        AdjustReputation Panel Adjudication "submit";
        PayInsurance Panel Adjudication "submit";
        Disburse Panel Adjudication "submit";
        BanPrincipal Panel Adjudication "submit";
        LiftBan Panel Adjudication "submit";
        FreezePrincipal Panel Adjudication "submit";
        UnfreezePrincipal Panel Adjudication "submit";
        AdmitClerk Panel Adjudication "submit";
        UpdateEnvelope Panel Adjudication "submit";
        RevokeClerk Panel Adjudication "submit";
        AmendParameter Panel Adjudication "submit";
        EnactNorm Panel Adjudication "submit";
        StrikeNorm Panel Adjudication "submit";
        RestoreNorm Panel Adjudication "submit";
        ApproveMonitor Panel Adjudication "submit";
        RevokeMonitor Panel Adjudication "submit";
        ApprovePredicate Panel Adjudication "submit";
        RevokePredicate Panel Adjudication "submit";
        ApproveVerifier Panel Adjudication "submit";
        RevokeVerifier Panel Adjudication "submit";
        AddAdjudicator Panel Adjudication "submit";
        RemoveAdjudicator Panel Adjudication "submit";
        AppointSenior Panel Adjudication "submit";
        WaiveFairness Panel Adjudication "submit";
        CountersignAward Panel Adjudication "submit";
        AuditCodification Panel Adjudication "submit";
        DeclareSpecificationFault Panel Adjudication "submit";
        ConfirmAlert Panel Adjudication "submit";
        ReleaseWatchdog Panel Adjudication "submit";
        CloseAudit Panel Adjudication "submit";
        BanAgent Panel Adjudication "submit";
        SetMandate Panel Adjudication "submit";
        HaltCity Panel Adjudication "submit";
        ResumeCity Panel Adjudication "submit";
    }
}

impl SignedStruct {
    /// The struct of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|signed| signed.entry().name == name)
    }
}

impl Entry {
    /// Its fields as type and name, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        fields(self.own)
    }
}

/// Bytes of the fields of one part of a type, in order: what a reader of its words holds them to. Computed by the compiler,
/// which refuses another number of fields and a type that is no whole of bytes.
pub const fn widths<const N: usize>(part: &str) -> [u8; N] {
    let text = part.as_bytes();
    let (mut widths, mut field, mut at) = ([0; N], 0, 0);
    while text[at] != b'(' {
        at += 1;
    }
    while text[at] != b')' {
        at += 1;
        widths[field] = match (text[at], text[at + 1]) {
            (b'a', b'd') => 20, // structural: bytes of an address
            (b'b', b'y') => 32, // structural: bytes of a word
            (b'b', b'o') => 1,
            (b'u', b'i') => {
                let (mut bits, mut digit) = (0u32, at + 4); // structural: behind `uint`
                while text[digit] != b' ' {
                    bits = bits * 10 + (text[digit] - b'0') as u32; // structural: decimal digits
                    digit += 1;
                }
                (bits / u8::BITS) as u8
            }
            _ => panic!("a field of another type"),
        };
        field += 1;
        while text[at] != b',' && text[at] != b')' {
            at += 1;
        }
    }
    assert!(field == N, "another number of fields");
    widths
}

/// The fields of one part of a type.
pub fn fields(part: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let inner = part
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inner
        .into_iter()
        .flat_map(|inner| inner.split(','))
        .filter_map(|field| field.split_once(' '))
}

/// Writes the whole type, as EIP-712 hashes it.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.own)?;
        self.parts.iter().try_for_each(|part| f.write_str(part))
    }
}

impl SignedBy {
    /// In words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Founders => "⌈2q/3⌉ genesis adjudicators",
            Self::Principal => "the principal named",
            Self::FormerPrincipal => "the present principal",
            Self::Parent => "the agent above",
            Self::Agent => "the agent named",
            Self::Registrar => "a registrar",
            Self::Speaker => "a speaker",
            Self::Regulator => "a regulator",
            Self::Codifier => "a codifier",
            Self::SpeakerAndRegulators => "a speaker, and regulators",
            Self::Clerk => "the clerk named",
            Self::ServiceOwner => "the service's owner",
            Self::Executor => "the executor named",
            Self::Monitor => "the monitor named",
            Self::Panel => "adjudicators, see docs/human-actions.md",
        }
    }
}

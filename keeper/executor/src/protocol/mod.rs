//! Version 1 of the protocol: JSON over HTTP/1.1, every field known, every length bounded (docs/executors.md).
//!
//! ```text
//! GET    /v1/identity             → Identity
//! GET    /v1/services/{service}   → LiveCode          asked right before a node is routed
//! POST   /v1/acceptances          AcceptanceRequest → Acceptance
//! POST   /v1/jobs                 JobRequest → Standing
//! GET    /v1/jobs/{job}           → Standing
//! GET    /v1/jobs/{job}/messages/{from} → Said        of what is not sealed
//! POST   /v1/jobs/{job}/reveal    → Delivery          once the chain lets the seat open what it sealed
//! DELETE /v1/jobs/{job}           → Snapshot
//! GET    /v1/outputs/{hash}       → Output            of what was delivered
//! ```
//!
//! Everything here is plain data that was read within its bounds. What must agree beyond that is said by [`JobRequest::check`] and by
//! the client, which holds answers against what was asked.

mod words;

use agentcity_abi::{
    IVerification::NodeTerms,
    document::{SCHEMA_BYTES_MAX, canonical_schema},
};
use agentcity_domain::{
    service::POLICIES_MAX,
    statute::{EDGES_MAX, Mode},
    verification::proof::PROOF_BYTES_MAX,
};
use alloy::primitives::{Address, B256, keccak256};
use serde::{Deserialize, Serialize};

pub use self::words::{Content, JobId, NoJob, Place, Text, TooLong};
use crate::{
    trail::{Entry, Trail},
    value,
};

/// The version that this package speaks; the first part of every path.
pub const VERSION: &str = "v1";

/// Most bytes of an output: what an input of a successor may be, and what a store keeps of one.
pub const OUTPUT_BYTES_MAX: usize = 1 << 20;
/// Most inputs: as many edges lead into a node at most.
pub const INPUTS_MAX: usize = EDGES_MAX as usize;
/// Most bytes of all inputs together: in hexadecimal digits they still fit a request.
pub const INPUT_BYTES_MAX: usize = 4 << 20;
/// Most bytes of a request or an answer: inputs, an output or a trail in hexadecimal digits, and what stands beside them.
pub const MESSAGE_BYTES_MAX: usize = 12 << 20;
/// Most bytes of a signature: contracts that sign take several keys' signatures (RULINGS R22).
pub const SIGNATURE_BYTES_MAX: usize = 1024;
/// Most bytes of a label, as documents have them.
pub const LABEL_BYTES_MAX: usize = 256;
/// Most bytes of a rubric, as documents have them.
pub const RUBRIC_BYTES_MAX: usize = 65_536;
/// Most bytes of a message to people.
pub const MESSAGE_TEXT_MAX: usize = 512;
/// Most services of one agent that it tells of.
pub const SERVICES_MAX: usize = 64;
/// Most bytes of what an executor held in memory when it was stopped.
pub const CONTEXT_BYTES_MAX: usize = 2 << 20;
/// Most bytes of the last step of its reasoning: a model's answer is seldom a tenth of it.
pub const STEP_BYTES_MAX: usize = 64 << 10;

/// Most messages in one answer.
pub const SAID_MAX: usize = 64;
/// Most messages of one job that a server keeps the text of: as many as the law lets any node have. The first ones go first.
pub const SAID_KEPT_MAX: usize = 512;
/// Most bytes of these texts together.
pub const SAID_BYTES_MAX: usize = 1 << 20;

/// A signature as its contract takes it: of a key r, s, v.
pub type Signature = Content<SIGNATURE_BYTES_MAX>;
/// An output.
pub type Output = Content<OUTPUT_BYTES_MAX>;
/// A message to people, of one line.
pub type Message = Text<MESSAGE_TEXT_MAX>;

/// Where signatures count: the chain, and the contracts that take them. An executor that serves another city declines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Venue {
    /// The chain's number.
    pub chain_id: u64,
    /// Takes acceptances.
    pub statute: Address,
    /// Takes results.
    pub verification: Address,
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Identity {
    /// Versions that are spoken; this package speaks [`VERSION`].
    pub versions: Vec<Text<8>>,
    /// Where it works.
    pub venue: Venue,
    /// The agent whose keys it holds.
    pub agent: Address,
    /// The services that it runs, at most [`SERVICES_MAX`].
    pub services: Vec<B256>,
}

/// What a service's code hashes to at this moment, by the rule of docs/services.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LiveCode {
    /// Which service.
    pub service: B256,
    /// What was found.
    pub code_hash: B256,
}

/// Asks an executor to take its seat (RULINGS R7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AcceptanceRequest {
    /// Where it counts.
    pub venue: Venue,
    /// Which seat, for which attempt.
    pub job: JobId,
    /// Who is seated.
    pub executor: Address,
    /// With which service.
    pub service: B256,
    /// Last second, unix, at which the promise is to count.
    pub deadline: u64,
}

/// The promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Acceptance {
    /// Of `SeatAcceptance` with the words of the request.
    pub signature: Signature,
}

/// How a node's result is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub enum Check {
    /// Tier 1.
    Proof,
    /// Tier 2: values are compared.
    Consensus(Comparison),
    /// Tier 3.
    Review,
}

/// How values are compared: the domain's [`Mode`], as JSON names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Comparison {
    /// [`Mode::Exact`].
    Exact,
    /// [`Mode::Numeric`].
    Numeric,
    /// [`Mode::Sketch`].
    Sketch,
    /// [`Mode::Set`].
    Set,
}

impl Comparison {
    /// The domain's.
    pub const fn mode(self) -> Mode {
        match self {
            Self::Exact => Mode::Exact,
            Self::Numeric => Mode::Numeric,
            Self::Sketch => Mode::Sketch,
            Self::Set => Mode::Set,
        }
    }
}

impl Check {
    /// Of a node's tier and mode, as a statute numbers them; none of a node that nobody works on.
    pub fn of(tier: u8, mode: u8) -> Option<Self> {
        let all = [
            Comparison::Exact,
            Comparison::Numeric,
            Comparison::Sketch,
            Comparison::Set,
        ];
        match tier {
            1 => Some(Self::Proof),
            2 => all
                .into_iter()
                .find(|comparison| comparison.mode() as u8 == mode)
                .map(Self::Consensus),
            3 => Some(Self::Review),
            _ => None,
        }
    }
}

/// A node's terms, as `NodeTerms` of docs/statute-document.md.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Terms {
    /// keccak256 of the input schema's canonical text.
    pub input_schema_hash: B256,
    /// The same of the output schema.
    pub output_schema_hash: B256,
    /// keccak256 of the label.
    pub label_hash: B256,
    /// keccak256 of the rubric; zero without one.
    pub rubric_hash: B256,
    /// The program that judges a proof; zero for a reference commitment.
    pub verifier: Address,
    /// The hash that its code must have.
    pub verifier_codehash: B256,
    /// The reference commitment, or what the verifier compares with.
    pub expected: B256,
}

impl Terms {
    /// As contracts take them.
    pub const fn wire(&self) -> NodeTerms {
        NodeTerms {
            inputSchemaHash: self.input_schema_hash,
            outputSchemaHash: self.output_schema_hash,
            labelHash: self.label_hash,
            rubricHash: self.rubric_hash,
            verifier: self.verifier,
            verifierCodehash: self.verifier_codehash,
            expected: self.expected,
        }
    }
}

impl From<&NodeTerms> for Terms {
    fn from(wire: &NodeTerms) -> Self {
        Self {
            input_schema_hash: wire.inputSchemaHash,
            output_schema_hash: wire.outputSchemaHash,
            label_hash: wire.labelHash,
            rubric_hash: wire.rubricHash,
            verifier: wire.verifier,
            verifier_codehash: wire.verifierCodehash,
            expected: wire.expected,
        }
    }
}

/// What is known behind the hashes of the terms. What is not known cannot be checked, and a handler may decline for that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Task {
    /// What is to be done, in a word.
    pub label: Option<Text<LABEL_BYTES_MAX>>,
    /// By what people will judge it.
    pub rubric: Option<Text<RUBRIC_BYTES_MAX>>,
    /// What inputs look like, in canonical text.
    pub input_schema: Option<Text<SCHEMA_BYTES_MAX>>,
    /// What the output looks like, in canonical text.
    pub output_schema: Option<Text<SCHEMA_BYTES_MAX>>,
}

/// The output of a node that came before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Input {
    /// Which.
    pub node: u16,
    /// How it was verified: how the hash follows from the content.
    pub check: Check,
    /// Its output's hash on chain.
    pub output_hash: B256,
    /// Its output.
    pub content: Output,
}

/// The limits of one job: the service's constraints, and the node's tokens (RULINGS K13, K14).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Limits {
    /// Longest that the invocation may take, in milliseconds; not zero.
    pub latency_ms: u32,
    /// Most memory, in mebibytes; not zero.
    pub memory_mb: u32,
    /// Most invocations of the service at a time; not zero.
    pub concurrency: u16,
    /// Hashes of the policies that allow traffic, ascending, at most 16; none: no network.
    pub network_policies: Vec<B256>,
    /// LLM tokens.
    pub tokens: u32,
}

/// Asks for work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct JobRequest {
    /// Where its result counts.
    pub venue: Venue,
    /// Which job.
    pub job: JobId,
    /// Who is seated.
    pub agent: Address,
    /// With which service.
    pub service: B256,
    /// What the service's code was when the node was routed: with other code the job fails.
    pub code_hash: B256,
    /// How the result is verified.
    pub check: Check,
    /// What the law says of the node.
    pub terms: Terms,
    /// As far as it is known in words.
    pub task: Task,
    /// What came before, ascending by node.
    pub inputs: Vec<Input>,
    /// Within which limits.
    pub limits: Limits,
    /// The node's deadline on chain when this was asked, unix seconds.
    pub deadline: u64,
}

/// Why a request contradicts itself. Whoever sent it sends another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// A text is not what the terms say.
    #[error("the {0} is not what the terms' hash says")]
    Task(&'static str),
    /// A schema is not in canonical text.
    #[error("the {0} is not in canonical text")]
    Schema(&'static str),
    /// Too many inputs.
    #[error("{0} inputs, at most {INPUTS_MAX} are taken")]
    Inputs(usize),
    /// Inputs are too long together.
    #[error("inputs of {0} bytes, at most {INPUT_BYTES_MAX} are taken")]
    InputBytes(usize),
    /// Inputs do not ascend.
    #[error("the input of node {0} does not stand behind those of lesser nodes")]
    InputOrder(u16),
    /// An input is not what the chain completed.
    #[error("the input of node {0} is not what its hash says")]
    Input(u16),
    /// A limit of zero forbids everything.
    #[error("a limit is zero: latency, memory and concurrency must not be")]
    Limit,
    /// Policies are too many, or do not ascend.
    #[error("network policies must ascend and be at most {POLICIES_MAX}")]
    Policies,
}

impl JobRequest {
    /// Whether everything in it agrees with its hashes.
    ///
    /// Errors: [`Contradiction`].
    pub fn check(&self) -> Result<(), Contradiction> {
        self.check_task()?;
        self.check_inputs()?;
        self.limits.check()
    }

    fn check_task(&self) -> Result<(), Contradiction> {
        let (terms, task) = (&self.terms, &self.task);
        let texts = [
            (
                "label",
                task.label.as_ref().map(Text::as_str),
                terms.label_hash,
            ),
            (
                "rubric",
                task.rubric.as_ref().map(Text::as_str),
                terms.rubric_hash,
            ),
            (
                "input schema",
                task.input_schema.as_ref().map(Text::as_str),
                terms.input_schema_hash,
            ),
            (
                "output schema",
                task.output_schema.as_ref().map(Text::as_str),
                terms.output_schema_hash,
            ),
        ];
        for (what, text, hash) in texts {
            if text.is_some_and(|text| keccak256(text) != hash) {
                return Err(Contradiction::Task(what));
            }
        }
        for (what, text) in [
            ("input schema", &task.input_schema),
            ("output schema", &task.output_schema),
        ] {
            let Some(text) = text else { continue };
            let canonical = canonical_schema(text.as_str().as_bytes());
            if !canonical.is_ok_and(|canonical| canonical == text.as_str()) {
                return Err(Contradiction::Schema(what));
            }
        }
        Ok(())
    }

    fn check_inputs(&self) -> Result<(), Contradiction> {
        let inputs = &self.inputs;
        if inputs.len() > INPUTS_MAX {
            return Err(Contradiction::Inputs(inputs.len()));
        }
        let bytes = inputs.iter().map(|input| input.content.bytes().len()).sum();
        if bytes > INPUT_BYTES_MAX {
            return Err(Contradiction::InputBytes(bytes));
        }
        for pair in inputs.windows(2) {
            if pair[0].node >= pair[1].node {
                return Err(Contradiction::InputOrder(pair[1].node));
            }
        }
        for input in inputs {
            let hash = value::output_hash(input.check, input.content.bytes());
            if hash != Some(input.output_hash) {
                return Err(Contradiction::Input(input.node));
            }
        }
        Ok(())
    }
}

impl Limits {
    fn check(&self) -> Result<(), Contradiction> {
        if self.latency_ms == 0 || self.memory_mb == 0 || self.concurrency == 0 {
            return Err(Contradiction::Limit);
        }
        let policies = &self.network_policies;
        let ascend = policies.windows(2).all(|pair| pair[0] < pair[1]);
        if policies.len() > POLICIES_MAX || !ascend || policies.first().is_some_and(B256::is_zero) {
            return Err(Contradiction::Policies);
        }
        Ok(())
    }
}

/// What a job used so far, as its trail counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Usage {
    /// LLM tokens.
    pub tokens: u32,
    /// Calls of tools.
    pub tool_calls: u32,
    /// Messages.
    pub messages: u32,
}

/// What was said in a job, for whoever hears it: each message of its trail is the hash of one, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Said {
    /// The number of the first message that is given, counted from nought: that which was asked for, or the first that is still kept.
    pub from: u32,
    /// The messages, at most [`SAID_MAX`]; of a longer one its first [`STEP_BYTES_MAX`] bytes.
    pub messages: Vec<Content<STEP_BYTES_MAX>>,
}

/// What a result is, by the numbers of `ResultKind` of IVerification.sol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum Kind {
    /// Tier 1, proved.
    Proof = 1,
    /// Tier 2, sealed.
    Commit = 2,
    /// Tier 2, opened.
    Reveal = 3,
    /// Tier 3, for review.
    Review = 4,
}

/// A result as its executor signed it: `NodeResult` of docs/signatures.md. Mission, node, attempt and executor are the job's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SignedResult {
    /// What it is.
    pub kind: Kind,
    /// Hash of the value; of `Commit`, the commitment.
    pub output_hash: B256,
    /// Root of the trail; of `Reveal`, the trails of all who committed.
    pub trail_root: B256,
    /// The proof; nothing; the value and the salt behind it; or where the sealed output is. By kind.
    pub proof: Content<PROOF_BYTES_MAX>,
    /// Last second, unix, at which it counts.
    pub deadline: u64,
    /// The executor's.
    pub signature: Signature,
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// It is being worked on.
    Running(Usage),
    /// The work is done and sealed: tiers 2 and 3. Nothing here tells the output.
    Committed(Commitment),
    /// The work is done, and open.
    Delivered(Delivery),
    /// It cannot be done.
    Failed(Failure),
    /// It was stopped.
    Stopped(Snapshot),
}

/// Work that is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Commitment {
    /// The code that did it.
    pub code_hash: B256,
    /// What it used.
    pub usage: Usage,
    /// Of kind `Commit` or `Review`.
    pub result: SignedResult,
}

/// Work that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Delivery {
    /// The code that did it.
    pub code_hash: B256,
    /// What was found.
    pub output: Output,
    /// How.
    pub trail: Trail,
    /// Of kind `Proof`, `Reveal` or `Review`.
    pub result: SignedResult,
}

/// Why a job cannot be done. It will not be tried again under the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[error("{cause:?}: {message}")]
pub struct Failure {
    /// Which kind.
    pub cause: Cause,
    /// For people.
    pub message: Message,
}

impl Failure {
    /// With as much of the message as fits.
    pub fn new(cause: Cause, message: impl AsRef<str>) -> Self {
        Self {
            cause,
            message: Message::cut(message.as_ref()),
        }
    }
}

/// Kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// The service's code is not what it was when the node was routed.
    CodeChanged,
    /// It took longer than the service may.
    Latency,
    /// It used more memory, processor time, processes, files or output than it may.
    Resources,
    /// It used more LLM tokens than the node has.
    Tokens,
    /// Its network policy cannot be enforced here, or was broken.
    Network,
    /// What came out is no output of this node.
    Output,
    /// The service crashed or refused.
    Service,
}

/// What a stopped job was about: sealed, and never changed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Snapshot {
    /// Which job.
    pub job: JobId,
    /// Root of the trail so far.
    pub trail_root: B256,
    /// The trail so far; not of a sealed value, which it would tell.
    pub trail: Option<Trail>,
    /// What it used.
    pub usage: Usage,
    /// LLM tokens that it was given.
    pub tokens_allocated: u32,
    /// What the service held in memory, as its owner hands it out.
    pub context: Content<CONTEXT_BYTES_MAX>,
    /// What was said last, as much of it as fits; nothing of a sealed value.
    pub last_step: Content<STEP_BYTES_MAX>,
    /// What was produced so far; nothing of a sealed value.
    pub partial_output: Output,
}

impl Snapshot {
    /// Whether it can be one of this job: its trail opens with the job, has the root, and counts what is said to be used.
    pub fn is_of(&self, job: &JobId) -> bool {
        let fits = |trail: &Trail| {
            trail.root() == self.trail_root
                && trail.usage() == self.usage
                && matches!(trail.entries().first(), Some(Entry::Opened { job: of, .. }) if of == job)
        };
        self.job == *job && self.trail.as_ref().is_none_or(fits)
    }
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[error("{code:?}: {message}")]
pub struct Refusal {
    /// Which kind.
    pub code: Code,
    /// For people.
    pub message: Message,
}

impl Refusal {
    /// With as much of the message as fits.
    pub fn new(code: Code, message: impl AsRef<str>) -> Self {
        Self {
            code,
            message: Message::cut(message.as_ref()),
        }
    }
}

/// Kinds of refusal, each with its HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Code {
    /// The request is not one of this protocol.
    Malformed,
    /// The caller may not.
    Unauthorized,
    /// The agent's policy, or what it sees on chain, forbids it.
    Declined,
    /// There is no such thing.
    Unknown,
    /// The job was asked for with other words before, or stands otherwise.
    Conflict,
    /// The chain does not let the seat open its value yet.
    TooEarly,
    /// As many jobs run as may. Ask again later.
    Busy,
    /// Something failed that the caller did not cause. Ask again later.
    Internal,
}

impl Code {
    /// All.
    pub const ALL: [Self; 8] = [
        Self::Malformed,
        Self::Unauthorized,
        Self::Declined,
        Self::Unknown,
        Self::Conflict,
        Self::TooEarly,
        Self::Busy,
        Self::Internal,
    ];

    /// Its HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthorized => 401,
            Self::Declined => 403,
            Self::Unknown => 404,
            Self::Conflict => 409,
            Self::TooEarly => 425,
            Self::Busy => 429,
            Self::Internal => 500,
        }
    }

    /// Whether the same question may be answered later.
    pub const fn may_pass(self) -> bool {
        match self {
            Self::TooEarly | Self::Busy | Self::Internal => true,
            Self::Malformed
            | Self::Unauthorized
            | Self::Declined
            | Self::Unknown
            | Self::Conflict => false,
        }
    }
}

//! Why something was not done: a code that programs match on, a sentence for people, and what to do about it.

use std::fmt;

use agentcity_deploy::{ApplyError, PlanError, VerifyError, book::BookError};
use alloy::{
    network::{Ethereum, TransactionBuilderError},
    signers,
    transports::{RpcError, TransportErrorKind},
};

/// What an exit code says. Documented in the help of `agentcity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The chain refused: nothing changed.
    Refused,
    /// The command line is not understood.
    Usage,
    /// A file, a value or a key is not what it must be; nothing was sent.
    Input,
    /// The node cannot be reached, or answers what cannot be.
    Node,
    /// It was looked at and does not hold.
    Unsound,
    /// It was sent, and what became of it is not known.
    Unknown,
    /// Somebody interrupted it: what a shell says of SIGINT.
    Interrupted,
    /// Somebody ended it: what a shell says of SIGTERM.
    Terminated,
}

/// Exit codes and what they say, as the help and its page tell them.
pub(crate) const EXITS: [(u8, &str); 9] = [
    (0, "done"),
    (Class::Refused.exit(), "the chain refused, nothing changed"),
    (Class::Usage.exit(), "the command line is not understood"),
    (
        Class::Input.exit(),
        "a file, value or key is not what it must be, nothing was sent",
    ),
    (
        Class::Node.exit(),
        "the node cannot be reached or answers wrongly",
    ),
    (Class::Unsound.exit(), "it was looked at and does not hold"),
    (
        Class::Unknown.exit(),
        "it was sent, and what became of it is not known",
    ),
    (Class::Interrupted.exit(), "interrupted (SIGINT)"),
    (Class::Terminated.exit(), "ended from outside (SIGTERM)"),
];

impl Class {
    /// The exit code.
    pub(crate) const fn exit(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Input => 3,
            Self::Node => 4,
            Self::Unsound => 5,
            Self::Unknown => 6,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

/// Declares the codes once: variant, text, class.
macro_rules! codes {
    ($(#[doc = $doc:literal] $code:ident $text:literal $class:ident;)*) => {
        /// What went wrong, for programs. The texts never change their meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $(#[doc = $doc] $code,)* }

        impl Code {
            /// All, as `docs/cli.md` lists them.
            pub(crate) const ALL: &[Self] = &[$(Self::$code,)*];

            /// As it stands in JSON.
            pub(crate) const fn text(self) -> &'static str {
                match self { $(Self::$code => $text,)* }
            }

            /// What it means, in a sentence.
            pub(crate) const fn says(self) -> &'static str {
                match self { $(Self::$code => $doc,)* }
            }

            /// Which exit code it has.
            pub(crate) const fn class(self) -> Class {
                match self { $(Self::$code => Class::$class,)* }
            }
        }
    };
}

codes! {
    /// A contract reverted with one of its errors.
    Reverted "chain/reverted" Refused;
    /// A call failed without an error of our interfaces.
    Failed "chain/failed" Refused;
    /// The account cannot pay for it.
    Unfunded "chain/unfunded" Refused;
    /// The command line is not understood.
    Usage "input/usage" Usage;
    /// It is no address.
    Address "input/address" Input;
    /// It is no word of 32 bytes.
    Word "input/word" Input;
    /// It is no bytes in hex.
    Hex "input/hex" Input;
    /// It is no number, or out of its range.
    Number "input/number" Input;
    /// It is none of the choices.
    Choice "input/choice" Input;
    /// Flags that do not go together, or of which one is needed.
    Flags "input/flags" Input;
    /// An endpoint no service can have.
    Endpoint "input/endpoint" Input;
    /// An identifier that names another key, or none.
    Did "input/did" Input;
    /// A file is no signed statement, or one of something else.
    Statement "input/statement" Input;
    /// A statement was signed for another chain or another city.
    OtherCity "input/other-city" Input;
    /// A signature is not of whom it says.
    Signature "input/signature" Input;
    /// What was sealed at a node is not in the file, or is there already.
    Sealed "input/sealed" Input;
    /// A file cannot be read or written.
    File "input/file" Input;
    /// A file is not of its format.
    Malformed "input/malformed" Input;
    /// A value is none of its type.
    Value "input/value" Input;
    /// A genesis file that founds no city.
    Genesis "input/genesis" Input;
    /// Programs that are missing.
    Programs "input/programs" Input;
    /// The time of what was signed is over.
    Expired "input/expired" Input;
    /// Something was begun with other inputs.
    OtherInputs "input/other-inputs" Input;
    /// This folder is in no checkout.
    NoCheckout "input/no-checkout" Input;
    /// A program of ours is not found.
    ToolMissing "tool/missing" Input;
    /// A program that was run failed.
    ToolFailed "tool/failed" Input;
    /// Somebody interrupted a program that was run; what it had started has ended.
    Interrupted "tool/interrupted" Interrupted;
    /// The same, by SIGTERM.
    Terminated "tool/terminated" Terminated;
    /// A module the chain would refuse.
    Module "input/module" Input;
    /// No key was given, or none of that name.
    KeyMissing "key/missing" Input;
    /// It is no private key.
    KeyMalformed "key/malformed" Input;
    /// The keystore does not open.
    KeyLocked "key/locked" Input;
    /// No device is reached, or this build asks none.
    DeviceMissing "key/device-missing" Input;
    /// A device is locked, or its Ethereum app is not open or too old.
    DeviceClosed "key/device-closed" Input;
    /// A device did not sign: its holder said no, or what it is set to.
    DeviceRefused "key/device-refused" Input;
    /// A device was to sign something else, or signed it.
    DeviceWrong "key/device-wrong" Input;
    /// It is no URL.
    Url "node/url" Input;
    /// Nobody answers there.
    Unreachable "node/unreachable" Node;
    /// It answers what no node would.
    Answer "node/answer" Node;
    /// It is of another chain than asked for.
    OtherChain "node/other-chain" Input;
    /// No city is known on this chain.
    CityUnknown "city/unknown" Input;
    /// What stands there is no city.
    NoCity "city/none" Input;
    /// The city is not sealed.
    NotSealed "city/not-sealed" Refused;
    /// The address book cannot be used.
    Book "book/damaged" Input;
    /// The chain knows no such thing.
    Unknown "chain/unknown" Refused;
    /// The books do not add up.
    Unbalanced "books/unbalanced" Unsound;
    /// What the chain holds is not what it should.
    Mismatch "verify/mismatch" Unsound;
    /// A text is no ballot of the election.
    Ballot "law/ballot" Input;
    /// A document that no law could be.
    Statute "law/malformed" Input;
    /// A document that may not be law by a city's values.
    Unlawful "law/unlawful" Input;
    /// Somebody's signature is there already.
    DuplicateSigner "override/duplicate-signer" Input;
    /// A signature over something else.
    ForeignSignature "override/foreign-signature" Input;
    /// The upper form of a signature.
    HighS "override/high-s" Input;
    /// A file that contradicts itself.
    Tampered "override/tampered" Input;
    /// Sent, and not seen in a block.
    Unconfirmed "chain/unconfirmed" Unknown;
}

/// An error with its code.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// For programs.
    pub(crate) code: Code,
    /// For people: one sentence, with the values.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// A typed error of a contract with its values, when there is one.
    pub(crate) revert: Option<crate::revert::Revert>,
    /// Several things that are wrong with one file, each with its place, for programs; the message says the same.
    pub(crate) problems: Box<[serde_json::Value]>,
}

impl Failure {
    /// Without a hint: the message says what to do. It is one line, whoever the words are of: a node's may hold line ends, and what a
    /// terminal takes for commands.
    pub(crate) fn new(code: Code, message: impl fmt::Display) -> Self {
        let message = message.to_string();
        Self {
            code,
            message: message.replace(char::is_control, " "),
            hint: None,
            revert: None,
            problems: Box::default(),
        }
    }

    /// Of several problems, each on a line of its own.
    pub(crate) fn of_lines(code: Code, lines: &[String]) -> Self {
        let lines: Vec<String> = lines
            .iter()
            .map(|line| line.replace(char::is_control, " "))
            .collect();
        Self {
            message: lines.join("\n"),
            ..Self::new(code, "")
        }
    }

    /// Adds what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(path: &std::path::Path, source: &std::io::Error) -> Self {
        Self::new(Code::File, format!("{}: {source}", path.display()))
            .hint("check the path, and who may read and write there")
    }
}

/// Most characters of a node's own words that are told.
const WORDS_MAX: usize = 200;

/// The words of a node, cut where they get long.
pub(crate) fn brief(said: impl fmt::Display) -> String {
    let said = said.to_string();
    match said.char_indices().nth(WORDS_MAX) {
        Some((end, _)) => format!("{}…", &said[..end]),
        None => said,
    }
}

/// So that a parser of values hands it through the parser of the command line.
impl std::error::Error for Failure {}

impl From<clap::Error> for Failure {
    /// One line of what the parser of the command line says, and its tip as the hint; of a value that one of our own parsers
    /// refused, what that says.
    fn from(error: clap::Error) -> Self {
        use std::error::Error as _;

        let said = error
            .source()
            .and_then(|source| source.downcast_ref::<Self>());
        if let Some(said) = said {
            let argument = error.get(clap::error::ContextKind::InvalidArg);
            let mut failure = said.clone();
            if let Some(argument) = argument {
                failure.message = format!("{argument}: {}", failure.message);
            }
            return failure;
        }
        let text = error.render().to_string();
        let (mut message, mut tip) = (Vec::new(), None);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if line.starts_with("Usage:") || line.starts_with("For more information") {
                break;
            }
            match line.strip_prefix("tip: ") {
                Some(line) => tip = tip.or(Some(line.to_owned())),
                None => message.push(line.strip_prefix("error: ").unwrap_or(line)),
            }
        }
        Self::new(Code::Usage, message.join(" "))
            .hint(tip.unwrap_or_else(|| "`--help` of the verb names what it takes".into()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, ": {hint}"),
            None => Ok(()),
        }
    }
}

impl From<RpcError<TransportErrorKind>> for Failure {
    fn from(error: RpcError<TransportErrorKind>) -> Self {
        if let RpcError::LocalUsageError(inner) = &error
            && let Some(said) = of_signer(&**inner)
        {
            return said;
        }
        match &error {
            RpcError::ErrorResp(answer) => crate::revert::of_answer(answer),
            RpcError::Transport(kind) => Self::new(
                Code::Unreachable,
                format!("the node does not answer ({})", brief(kind)),
            )
            .hint("start one with `cargo xtask up`, or give another --rpc-url"),
            _ => Self::new(
                Code::Answer,
                format!("the node answers what no node would ({})", brief(error)),
            )
            .hint("ask another node with --rpc-url"),
        }
    }
}

/// What a signer of ours said, inside the errors that it went through.
pub(crate) fn of_signer(error: &(dyn std::error::Error + 'static)) -> Option<Failure> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(failure) = error.downcast_ref::<Failure>() {
            return Some(failure.clone());
        }
        // These show what they hold through their own words alone.
        let signer = match error.downcast_ref::<TransactionBuilderError<Ethereum>>() {
            Some(TransactionBuilderError::Signer(signer)) => Some(signer),
            _ => error.downcast_ref::<signers::Error>(),
        };
        if let Some(signers::Error::Other(inner)) = signer {
            return inner.downcast_ref::<Failure>().cloned();
        }
        next = error.source();
    }
    None
}

impl From<alloy::contract::Error> for Failure {
    fn from(error: alloy::contract::Error) -> Self {
        match error {
            alloy::contract::Error::TransportError(error) => error.into(),
            error => Self::new(
                Code::Answer,
                format!("the contract's answer is not understood ({})", brief(error)),
            )
            .hint("is this the city's address, and the same version of this program?"),
        }
    }
}

impl From<BookError> for Failure {
    fn from(error: BookError) -> Self {
        Self::new(
            match &error {
                BookError::File { .. } => Code::File,
                BookError::Damaged { .. } | BookError::OtherChain { .. } => Code::Book,
            },
            error,
        )
        .hint("or name another folder with --deployments")
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::new(
            match &error {
                PlanError::ZeroSalt => Code::Value,
                _ => Code::Module,
            },
            error,
        )
        .hint("name a module that `agentcity build` wrote, and a salt that is not zero")
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Rpc(error) => error.into(),
            error => Self::new(Code::Mismatch, error),
        }
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Self {
        if let Some(said) = of_signer(&error) {
            return said;
        }
        match error {
            ApplyError::Rpc(error) => error.into(),
            ApplyError::Verify(error) => error.into(),
            error => Self::new(Code::Failed, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_and_says_little_of_what_others_said() {
        let failure = Failure::new(Code::Answer, "a\nb\u{1b}[31m");
        assert_eq!(failure.message, "a b [31m");
        assert_eq!(brief("ä".repeat(WORDS_MAX)).chars().count(), WORDS_MAX);
        assert_eq!(
            brief("ä".repeat(WORDS_MAX + 9)).chars().count(),
            WORDS_MAX + 1
        );
    }

    #[test]
    fn every_code_has_a_text_of_its_own() {
        let texts: std::collections::BTreeSet<_> =
            Code::ALL.iter().map(|code| code.text()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
    }
}

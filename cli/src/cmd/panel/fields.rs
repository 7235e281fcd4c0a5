//! The fields of what adjudicators sign: how each is given, and how it is shown.

use std::{collections::BTreeMap, sync::LazyLock};

use agentcity_abi::action::unfreezing;
use agentcity_domain::{
    act::Action,
    clerk::{ClerkRole, Delegated, Mask, Operation},
    parameter::ParameterId,
};
use alloy::primitives::{Address, B256, I256, U256, keccak256};

use crate::{
    cmd::rules,
    failure::{Code, Failure},
    instant, views,
};

/// How the value of a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// 32 bytes of hex.
    Word,
    /// 32 bytes of hex, or `@FILE` for the hash of a file.
    Evidence,
    /// An address.
    Address,
    /// A number.
    Number,
    /// A number with a sign.
    Signed,
    /// `true` or `false`.
    Truth,
    /// Base units of the settlement asset.
    Amount,
    /// Unix seconds.
    Instant,
    /// The name or id of a parameter.
    Parameter,
    /// A value of the parameter that another field names.
    Value,
    /// The name or number of an office.
    Role,
    /// The name or number of what an office hands to a service.
    Delegated,
    /// Names of operations with commas between, or the mask in hex.
    Operations,
    /// The name or number of a value of an enum of an interface.
    Of(&'static str, &'static str),
    /// 1 `false-positive`, 2 `warning` (RULINGS K8).
    Unfreezing,
}

/// A field by its name in the signed structs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// Its name in the struct.
    pub(crate) name: &'static str,
    /// How it is written.
    pub(crate) form: Form,
    /// Whether it says what the action is about: then it is given by its place, without a flag.
    pub(crate) is_id: bool,
    /// For the help.
    pub(crate) help: &'static str,
}

const fn id(name: &'static str, form: Form, help: &'static str) -> Known {
    Known {
        name,
        form,
        is_id: true,
        help,
    }
}

const fn flag(name: &'static str, form: Form, help: &'static str) -> Known {
    Known {
        name,
        form,
        is_id: false,
        help,
    }
}

/// Every field of every action, besides the three that all have.
pub(crate) const FIELDS: &[Known] = &[
    id("missionId", Form::Word, "The mission (32 bytes of hex)"),
    id("sessionId", Form::Word, "The session (32 bytes of hex)"),
    id("node", Form::Number, "The node's number"),
    id("index", Form::Number, "The predicate's number"),
    id("parameter", Form::Parameter, "The parameter, by name or id"),
    id("principal", Form::Address, "The principal"),
    id("agent", Form::Address, "The agent"),
    id("clerk", Form::Address, "The clerk"),
    id("monitor", Form::Address, "The monitor"),
    id("program", Form::Address, "The program"),
    id("adjudicator", Form::Address, "The adjudicator"),
    id("norm", Form::Word, "The norm (32 bytes of hex)"),
    id(
        "operation",
        Form::Delegated,
        "What the office hands to a service, by name or number",
    ),
    id(
        "newSenior",
        Form::Address,
        "Who is to be the senior adjudicator",
    ),
    flag(
        "attempt",
        Form::Number,
        "The attempt; the node's current one when absent",
    ),
    flag(
        "freezeId",
        Form::Number,
        "The freeze's number; the node's latest when absent",
    ),
    flag(
        "kind",
        Form::Unfreezing,
        "Why it is lifted: `false-positive` or `warning`",
    ),
    flag("approved", Form::Truth, "The verdict: `true` or `false`"),
    flag(
        "score",
        Form::Number,
        "Score in points, 0 to 1000; 0 for a rejection",
    ),
    flag(
        "seat",
        Form::Number,
        "Whose output stands, by the seat's number",
    ),
    flag(
        "executor",
        Form::Address,
        "The executor whose value does not count",
    ),
    flag(
        "completionDigest",
        Form::Word,
        "The output that it is about; the mission's present one when absent",
    ),
    flag(
        "evidenceHash",
        Form::Evidence,
        "Hash of the evidence (32 bytes of hex), or `@FILE`",
    ),
    flag(
        "haltedUntil",
        Form::Instant,
        "When the halt would end, unix seconds; what the chain says when absent",
    ),
    flag(
        "forfeit",
        Form::Truth,
        "Whether the bond of who reported the divergence is taken: `true` or `false`",
    ),
    flag("first", Form::Address, "An agent at fault"),
    flag("second", Form::Address, "A second agent at fault"),
    flag("third", Form::Address, "A third agent at fault"),
    flag("fourth", Form::Address, "A fourth agent at fault"),
    flag(
        "oldScore",
        Form::Number,
        "The agent's score in points; what the chain says when absent",
    ),
    flag(
        "delta",
        Form::Signed,
        "By how many points, with a minus to take",
    ),
    flag(
        "amount",
        Form::Amount,
        "How much, in base units of the settlement asset",
    ),
    flag(
        "purpose",
        Form::Of("ITreasury", "Disbursement"),
        "What for: `insurance` or `gas-subsidy`",
    ),
    flag("recipient", Form::Address, "Who is paid"),
    flag(
        "role",
        Form::Role,
        "The office: registrar, speaker, regulator or codifier",
    ),
    flag(
        "permitted",
        Form::Operations,
        "Operations that are permitted, by name with commas between, or as a mask",
    ),
    flag(
        "prohibited",
        Form::Operations,
        "Operations that are prohibited, the same way",
    ),
    flag(
        "operationsMax",
        Form::Number,
        "Most operations on one subject",
    ),
    flag(
        "oldValue",
        Form::Value,
        "The value in force; what the chain says when absent",
    ),
    flag(
        "newValue",
        Form::Value,
        "The value that it is to have: a number, an address or 32 bytes of hex",
    ),
    flag(
        "domain",
        Form::Word,
        "The domain that the norm governs (32 bytes of hex)",
    ),
    flag(
        "scorerId",
        Form::Word,
        "The scorer that the monitor works with; what the chain says when absent",
    ),
    flag(
        "codehash",
        Form::Word,
        "The code that is approved; what stands there when absent",
    ),
    flag(
        "oldSenior",
        Form::Address,
        "The senior adjudicator in force; what the chain says when absent",
    ),
    flag(
        "assignmentsHash",
        Form::Word,
        "The assignments; what the chain says when absent",
    ),
    flag(
        "fairness",
        Form::Number,
        "Their fairness in permille; what the chain says when absent",
    ),
    flag(
        "best",
        Form::Number,
        "The best bid; what the chain says when absent",
    ),
    flag("chosen", Form::Number, "The bid that is chosen instead"),
    flag(
        "statuteHash",
        Form::Word,
        "The statute; what the chain says when absent",
    ),
    flag(
        "actions",
        Form::Number,
        "How often the adjudicator had acted; what the chain says when absent",
    ),
    flag(
        "auditId",
        Form::Number,
        "The audit; the open one when absent",
    ),
    flag(
        "serviceId",
        Form::Word,
        "The service (32 bytes of hex); nought lifts the mandate",
    ),
    flag(
        "artifactSchema",
        Form::Word,
        "Schema of the artifact that it must bring (32 bytes of hex)",
    ),
];

/// Flags and value names of all fields.
static FLAGS: LazyLock<BTreeMap<&str, (String, String)>> = LazyLock::new(|| {
    let flags = FIELDS.iter().map(|field| {
        let flag = kebab(field.name);
        let value = flag.replace('-', "_").to_uppercase();
        (field.name, (flag, value))
    });
    flags.collect()
});

/// A field by its name.
///
/// Panics for a name outside the table, which a test over all structs excludes.
pub(crate) fn known(name: &str) -> &'static Known {
    FIELDS
        .iter()
        .find(|field| field.name == name)
        .unwrap_or_else(|| panic!("no field {name}"))
}

/// `mission-id` of `missionId`.
pub(crate) fn kebab(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// The parameter whose values the fields of this form are, by the words of a payload.
fn parameter_of(action: Action, words: &[B256]) -> Option<ParameterId> {
    match action {
        Action::AmendParameter => ParameterId::at(*words.first()?.0.last()?).ok(),
        _ => None,
    }
}

impl Known {
    /// The name of its flag.
    pub(crate) fn flag(&self) -> &'static str {
        FLAGS.get(self.name).map_or("", |(flag, _)| flag)
    }

    /// How its value stands in the help.
    pub(crate) fn value_name(&self) -> &'static str {
        FLAGS.get(self.name).map_or("", |(_, value)| value)
    }

    /// A value that stands in examples.
    pub(crate) const fn sample(&self) -> &'static str {
        match self.form {
            Form::Word | Form::Evidence => {
                "0x6d697373696f6e00000000000000000000000000000000000000000000000001"
            }
            Form::Address => "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
            Form::Number | Form::Instant => "1",
            Form::Signed => "-20",
            Form::Truth => "true",
            Form::Amount => "1000000",
            Form::Parameter => "reputationFloor",
            Form::Value => "350",
            Form::Role => "codifier",
            Form::Delegated => "dag-validation",
            Form::Operations => "codify,publish-template",
            Form::Of(..) => "insurance",
            Form::Unfreezing => "false-positive",
        }
    }

    fn wrong(&self, text: &str, what: &str) -> Failure {
        Failure::new(
            Code::Value,
            format!("`{text}` is no {} ({what})", self.flag()),
        )
        .hint(format!("give it as: {}", self.help))
    }

    /// The word of a text. `before` are the words of the fields before it.
    ///
    /// Errors: `input/value`; `input/file` for evidence that cannot be read.
    pub(crate) fn read(
        &self,
        action: Action,
        before: &[B256],
        text: &str,
    ) -> Result<B256, Failure> {
        let number = |what| {
            let parsed = text.parse::<u128>().ok();
            parsed.map(word).ok_or_else(|| self.wrong(text, what))
        };
        let hash = || {
            text.parse::<B256>()
                .map_err(|_| self.wrong(text, "32 bytes of hex are needed"))
        };
        match self.form {
            Form::Word => hash(),
            Form::Evidence => match text.strip_prefix('@') {
                Some(path) => {
                    let path = std::path::Path::new(path);
                    let bytes = std::fs::read(path).map_err(|error| Failure::file(path, &error))?;
                    Ok(keccak256(bytes))
                }
                None => hash(),
            },
            Form::Address => match text.parse::<Address>() {
                Ok(address) => Ok(address.into_word()),
                Err(_) => Err(self.wrong(text, "20 bytes of hex are needed")),
            },
            Form::Number | Form::Amount | Form::Instant => number("a number is needed"),
            Form::Signed => match text.parse::<i16>() {
                Ok(value) => Ok(I256::try_from(value).unwrap_or_default().into_raw().into()),
                Err(_) => Err(self.wrong(text, "a number from -32768 to 32767 is needed")),
            },
            Form::Truth => match text {
                "true" => Ok(word(1)),
                "false" => Ok(B256::ZERO),
                _ => Err(self.wrong(text, "`true` or `false` is needed")),
            },
            Form::Parameter => rules::named(text).map(|id| word(id.place() as u128)),
            Form::Value => match parameter_of(action, before) {
                Some(id) => rules::value(id, text),
                None => hash(),
            },
            Form::Role => self.one_of(
                text,
                ClerkRole::ALL
                    .iter()
                    .map(|role| (role.number(), role.name())),
            ),
            Form::Delegated => self.one_of(
                text,
                Delegated::ALL.iter().map(|one| (one.number(), one.name())),
            ),
            Form::Operations => self.mask(text),
            Form::Of(interface, name) => {
                let names = (0u8..).map_while(|number| {
                    views::variant(interface, name, number.into()).map(|name| (number, name))
                });
                // What stands for nothing cannot be chosen.
                self.one_of(text, names.skip(1))
            }
            Form::Unfreezing => self.one_of(text, [(1, "FalsePositive"), (2, "Warning")]),
        }
    }

    /// The number of a name, written as in code or with hyphens, or the number itself.
    fn one_of(
        &self,
        text: &str,
        names: impl IntoIterator<Item = (u8, &'static str)>,
    ) -> Result<B256, Failure> {
        let mut all = Vec::new();
        for (number, name) in names {
            let hyphens = kebab(name).trim_start_matches('-').to_owned();
            if hyphens == text || name == text || number.to_string() == text {
                return Ok(word(number.into()));
            }
            all.push(hyphens);
        }
        Err(self.wrong(text, &format!("one of {} is needed", all.join(", "))))
    }

    fn mask(&self, text: &str) -> Result<B256, Failure> {
        if let Some(digits) = text.strip_prefix("0x") {
            let bits = u64::from_str_radix(digits, 16)
                .map_err(|_| self.wrong(text, "a mask has up to 64 bits"))?;
            return Ok(word(bits.into()));
        }
        let mut mask = Mask::new(0);
        for name in text.split(',').filter(|name| !name.is_empty()) {
            let operation = self.one_of(
                name,
                Operation::ALL.iter().map(|one| (one.number(), one.name())),
            )?;
            mask = mask.with(operation.0[31], true);
        }
        Ok(word(mask.bits().into()))
    }

    /// The value for people.
    pub(crate) fn show(&self, action: Action, words: &[B256], value: B256) -> String {
        let number = U256::from_be_bytes(value.0);
        let small = u8::try_from(number).unwrap_or(u8::MAX);
        let named = |name: Option<&'static str>| match name {
            Some(name) => format!("{name} ({number})"),
            None => number.to_string(),
        };
        match self.form {
            Form::Word | Form::Evidence => value.to_string(),
            Form::Address => Address::from_word(value).to_string(),
            Form::Number => number.to_string(),
            Form::Signed => format!("{:+}", i128::try_from(I256::from_raw(number)).unwrap_or(0)),
            Form::Truth => (!value.is_zero()).to_string(),
            Form::Amount => format!("{number} base units"),
            Form::Instant => instant::at(number.saturating_to()),
            Form::Parameter => named(ParameterId::at(small).ok().map(|id| id.described().name)),
            Form::Value => match parameter_of(action, words) {
                Some(id) => format!("{} {}", rules::shown(id, value), id.described().unit.name())
                    .trim_end()
                    .to_owned(),
                None => value.to_string(),
            },
            Form::Role => named(ClerkRole::at(small).map(ClerkRole::name)),
            Form::Delegated => named(Delegated::at(small).map(Delegated::name)),
            Form::Operations => {
                let mask = Mask::new(number.saturating_to());
                let names: Vec<&str> = Operation::ALL
                    .iter()
                    .filter(|one| mask.has(one.number()))
                    .map(|one| one.name())
                    .collect();
                match names.is_empty() {
                    true => "none".to_owned(),
                    false => names.join(", "),
                }
            }
            Form::Of(interface, name) => named(views::variant(interface, name, small.into())),
            Form::Unfreezing => named(unfreezing(small)),
        }
    }
}

/// A number as a word.
pub(crate) fn word(number: u128) -> B256 {
    U256::from(number).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use agentcity_domain::signed::SignedStruct;

    #[test]
    fn every_field_of_every_action_is_known() {
        let mut used = std::collections::BTreeSet::new();
        for action in Action::ALL {
            let shape = action.shape().unwrap();
            let fields = action.signed().unwrap().entry().fields();
            for (_, name) in fields.take(shape.fields.into()) {
                used.insert(known(name).name);
            }
        }
        assert_eq!(used.len(), FIELDS.len(), "no field is known for nothing");
        let panel = SignedStruct::ALL
            .iter()
            .filter(|signed| signed.entry().by == agentcity_domain::signed::SignedBy::Panel);
        assert_eq!(panel.count(), Action::ALL.len());
    }

    #[test]
    fn values_are_read_as_they_are_shown() {
        let read = |name: &str, text: &str| known(name).read(Action::AdmitClerk, &[], text);
        assert_eq!(read("kind", "warning").unwrap(), word(2));
        assert_eq!(read("purpose", "gas-subsidy").unwrap(), word(2));
        assert!(read("purpose", "none").is_err());
        assert_eq!(read("role", "codifier").unwrap(), word(3));
        assert_eq!(
            read("permitted", "codify,publish-template").unwrap(),
            word(0xc0)
        );
        assert_eq!(read("permitted", "0xc0").unwrap(), word(0xc0));
        assert!(read("permitted", "sing").is_err());
        let delta = read("delta", "-40").unwrap();
        assert_eq!(
            known("delta").show(Action::AdjustReputation, &[], delta),
            "-40"
        );
        assert!(read("delta", "40000").is_err());
        assert_eq!(kebab("missionId"), "mission-id");
    }
}

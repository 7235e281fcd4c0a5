//! Public views of the contracts, asked by their names: what they answer is told field by field, in the words of the interfaces.

use std::{collections::BTreeMap, sync::LazyLock};

use agentcity_domain::{machine::Machine, peer::Peer};
use alloy::{
    dyn_abi::{DynSolValue, FunctionExt as _},
    json_abi::{Function, InternalType, JsonAbi, Param},
    network::TransactionBuilder,
    primitives::{B256, Bytes},
    providers::Provider,
    rpc::types::TransactionRequest,
};

use serde_json::{Value, json};

use crate::{
    ask,
    failure::{Code, Failure},
    instant,
    opts::City,
    revert,
};

/// Every function of every interface, by the interface and its name.
static FUNCTIONS: LazyLock<BTreeMap<(&str, String), Function>> = LazyLock::new(|| {
    let mut all = BTreeMap::new();
    for (interface, text) in agentcity_abi::JSON {
        let abi: JsonAbi = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("the ABI of {interface} in this build: {error}"));
        for function in abi.functions.into_values().flatten() {
            all.insert((*interface, function.name.clone()), function);
        }
    }
    all
});

/// Names of the values of every enum of every interface, by the interface and its name.
static ENUMS: LazyLock<BTreeMap<(&str, &str), Vec<&str>>> = LazyLock::new(|| {
    let mut all = BTreeMap::new();
    for (interface, source) in agentcity_abi::SOURCES {
        for rest in source.split("\n    enum ").skip(1) {
            let Some((name, rest)) = rest.split_once('{') else {
                continue;
            };
            let body = rest.split_once('}').map_or("", |(body, _)| body);
            let names = body.lines().map(|line| line.split("//").next());
            let names = names.flatten().flat_map(|line| line.split(','));
            let names = names.map(str::trim).filter(|name| !name.is_empty());
            all.insert((*interface, name.trim()), names.collect());
        }
    }
    all
});

/// Enums that are states of a machine of the domain, which names them: the same word stands in documents and in answers.
const STATES: [(&str, Machine); 3] = [
    ("EscrowState", Machine::Escrow),
    ("MissionState", Machine::Mission),
    ("NodeState", Machine::Node),
];

/// The name of a value of an enum, as its interface declares it.
pub(crate) fn variant(interface: &str, name: &str, number: usize) -> Option<&'static str> {
    ENUMS.get(&(interface, name))?.get(number).copied()
}

/// A value as its type names it: an enum by the name of the value, the rest as [`revert::show`] does.
pub(crate) fn named(internal: Option<&InternalType>, value: &DynSolValue) -> String {
    if let Some(InternalType::Enum { contract, ty }) = internal
        && let (Some(contract), Some((number, _))) = (contract, value.as_uint())
    {
        let number: usize = number.saturating_to();
        if let (Some((_, machine)), Ok(number)) =
            (STATES.iter().find(|(of, _)| of == ty), u8::try_from(number))
        {
            return ask::state(*machine, number);
        }
        if let Some(name) = variant(contract, ty, number) {
            return name.to_owned();
        }
    }
    revert::show(value)
}

/// A value of a parameter of an interface: an enum by its name, instants also in UTC.
pub(crate) fn show(param: &Param, value: &DynSolValue) -> String {
    let number = value.as_uint().map(|(number, _)| number);
    match number {
        // All instants of the interfaces are of this width, and lengths of time say so in their names.
        Some(number) if param.ty == "uint40" && !param.name.ends_with("Secs") => {
            instant::at(number.saturating_to())
        }
        _ => named(param.internal_type(), value),
    }
}

/// A value for programs. Numbers beyond 2^53 are texts: readers would round them.
fn plain(param: &Param, value: &DynSolValue) -> Value {
    let text = named(param.internal_type(), value);
    match value {
        DynSolValue::Bool(flag) => json!(flag),
        DynSolValue::Uint(number, _) if number.bit_len() <= 53 && text == number.to_string() => {
            json!(number.saturating_to::<u64>())
        }
        _ => json!(text),
    }
}

/// The interface of a member.
pub(crate) fn interface(peer: Peer) -> String {
    let (first, rest) = peer.name().split_at(1);
    format!("I{}{rest}", first.to_uppercase())
}

/// A question to a member of a city: a view whose arguments are words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// Who is asked.
    pub(crate) peer: Peer,
    /// The view.
    pub(crate) function: &'static str,
    /// Its arguments.
    pub(crate) arguments: Vec<B256>,
}

/// A field of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Its name; those of structures within joined by dots; empty for an answer without a name.
    pub(crate) name: String,
    /// For people.
    pub(crate) text: String,
    /// For programs: truth values and numbers that JSON can hold as such, the rest as text, without the calendar.
    pub(crate) plain: Value,
    /// As a word, where it is one.
    pub(crate) word: Option<B256>,
}

impl View {
    /// As the interface declares it.
    ///
    /// Panics for what no interface has, which a test of every table of views excludes.
    pub(crate) fn declared(&self) -> &'static Function {
        FUNCTIONS
            .iter()
            .find(|((name, function), _)| {
                *name == interface(self.peer) && function == self.function
            })
            .map(|(_, function)| function)
            .unwrap_or_else(|| panic!("{} has no {}", self.peer.name(), self.function))
    }

    /// `guardian.watchOf`.
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.peer.name(), self.function)
    }

    /// The encoded call.
    pub(crate) fn data(&self) -> Bytes {
        let mut data = self.declared().selector().to_vec();
        for word in &self.arguments {
            data.extend_from_slice(word.as_slice());
        }
        data.into()
    }

    /// The fields of an answer.
    ///
    /// Errors: `node/answer` for what is not of the promised types.
    pub(crate) fn tell(&self, answer: &[u8]) -> Result<Vec<Field>, Failure> {
        let function = self.declared();
        let values = function.abi_decode_output(answer).map_err(|error| {
            Failure::new(
                Code::Answer,
                format!("{} answers what it should not ({error})", self.name()),
            )
            .hint("is this the city's address, and the same version of this program?")
        })?;
        let mut fields = Vec::new();
        for (param, value) in function.outputs.iter().zip(&values) {
            flatten("", param, value, &mut fields);
        }
        Ok(fields)
    }

    /// Asks for the newest state.
    pub(crate) async fn ask(&self, city: &City) -> Result<Vec<Field>, Failure> {
        let request = TransactionRequest::default()
            .with_to(city.at(self.peer))
            .with_input(self.data());
        let answer = city.chain.provider.call(request).await?;
        self.tell(&answer)
    }

    /// One field of the answer for the newest state, as a word.
    pub(crate) async fn word(&self, city: &City, field: &str) -> Result<B256, Failure> {
        let fields = self.ask(city).await?;
        let found = fields.iter().find(|found| found.name == field);
        found.and_then(|field| field.word).ok_or_else(|| {
            Failure::new(
                Code::Answer,
                format!("{} answers no `{field}`", self.name()),
            )
        })
    }
}

fn flatten(before: &str, param: &Param, value: &DynSolValue, fields: &mut Vec<Field>) {
    let name = match (before, param.name.as_str()) {
        (before, "") => before.to_owned(),
        ("", name) => name.to_owned(),
        (before, name) => format!("{before}.{name}"),
    };
    match value {
        DynSolValue::Tuple(values) | DynSolValue::CustomStruct { tuple: values, .. } => {
            for (param, value) in param.components.iter().zip(values) {
                flatten(&name, param, value, fields);
            }
        }
        DynSolValue::Array(values) if !param.components.is_empty() => {
            for (place, value) in values.iter().enumerate() {
                let DynSolValue::Tuple(values) = value else {
                    continue;
                };
                for (param, value) in param.components.iter().zip(values) {
                    flatten(&format!("{name}[{place}]"), param, value, fields);
                }
            }
        }
        value => fields.push(Field {
            name,
            text: show(param, value),
            plain: plain(param, value),
            word: value.as_word_or_address(),
        }),
    }
}

/// Values of one word.
trait AsWord {
    fn as_word_or_address(&self) -> Option<B256>;
}

impl AsWord for DynSolValue {
    fn as_word_or_address(&self) -> Option<B256> {
        match self {
            Self::Bool(flag) => Some(B256::left_padding_from(&[u8::from(*flag)])),
            Self::Int(number, _) => Some(number.into_raw().into()),
            Self::Uint(number, _) => Some((*number).into()),
            Self::FixedBytes(word, _) => Some(*word),
            Self::Address(address) => Some(address.into_word()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enums_have_the_names_of_their_interfaces() {
        assert_eq!(variant("IAdjudication", "ActionState", 1), Some("Queued"));
        assert_eq!(variant("IAdjudication", "Action", 49), Some("ResumeCity"));
        assert_eq!(variant("IAdjudication", "Action", 50), None);
    }

    #[test]
    fn states_have_the_numbers_of_their_machines() {
        for ((_, name), variants) in ENUMS.iter() {
            let Some((_, machine)) = STATES.iter().find(|(of, _)| of == name) else {
                continue;
            };
            for (number, variant) in variants.iter().enumerate().skip(1) {
                let state = ask::state(*machine, number as u8).replace('_', "");
                assert!(
                    state.eq_ignore_ascii_case(variant),
                    "{name} {number}: {state}, {variant}"
                );
            }
        }
    }

    #[test]
    fn an_answer_is_told_field_by_field() {
        let view = View {
            peer: Peer::Adjudication,
            function: "actionState",
            arguments: vec![B256::ZERO],
        };
        let words = [1u64, 5, 1_767_225_600, 0].map(|n| B256::left_padding_from(&n.to_be_bytes()));
        let told: Vec<(String, String)> = view
            .tell(&words.concat())
            .unwrap()
            .into_iter()
            .map(|field| (field.name, field.text))
            .collect();
        let expected = [
            ("state", "Queued"),
            ("signers", "5"),
            ("dueAt", "1767225600 (2026-01-01 00:00:00 UTC)"),
            ("expiresAt", "never"),
        ];
        assert_eq!(told, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(view.tell(&[1]).unwrap_err().code, Code::Answer);
    }

    #[test]
    fn a_field_of_a_field_is_named_by_both() {
        let param = |ty: &str, name: &str, components: Vec<Param>| Param {
            ty: ty.into(),
            name: name.into(),
            components,
            internal_type: None,
        };
        let part = param("uint8", "part", Vec::new());
        let whole = param("tuple", "whole", vec![part]);
        let value =
            DynSolValue::Tuple(vec![DynSolValue::Uint(alloy::primitives::U256::from(3), 8)]);
        let mut fields = Vec::new();
        flatten("", &whole, &value, &mut fields);
        assert_eq!((&*fields[0].name, &*fields[0].text), ("whole.part", "3"));
    }
}

//! What people, agents and clerks sign for a function of a member (`domain::signed`): built by the law's own table, signed by the key that
//! is given, and handed in by it or, from a file, by anybody. Names and places are the table's and the interface's; nothing is laid out
//! here.

use std::path::PathBuf;

use agentcity_domain::signed::{Entry, SignedStruct};
use alloy::{
    dyn_abi::{DynSolType, DynSolValue, JsonAbiExt as _},
    json_abi::{Function, Param},
    primitives::{Address, B256, Bytes, U256},
};
use serde_json::{Map, Value};

use crate::{
    ask::now,
    failure::{Code, Failure},
    opts::{City, Sending, Town},
    output::{self, Answer},
    send::{self, Call},
    signed::{self, Members, Statement},
    signer::Signer,
    views::View,
};

/// How long a statement may be handed in unless it is said: an hour, seconds.
const DEADLINE_SECS: u64 = 3_600;

/// Who signs and sends, and until when the statement is good.
#[derive(Debug, clap::Args)]
pub(crate) struct Saying {
    #[command(flatten)]
    pub(crate) town: Town,
    #[command(flatten)]
    pub(crate) sending: Sending,
    /// How long the statement may be handed in from now on, in seconds; an hour when absent.
    #[arg(long, default_value_t = DEADLINE_SECS, hide_default_value = true)]
    pub(crate) deadline_secs: u64,
    /// Sign only: write the statement to this file, for somebody else to hand in with `law relay`.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) out: Option<PathBuf>,
}

/// A struct that nobody signed yet, given by its fields' words.
///
/// Not a [`Statement`]: that one has its signer and its signature, goes into a file as wallets take it, and comes back to be checked. This
/// one knows how the function of the interface takes it, which the other does not; one can be made of the other.
#[derive(Clone, Debug)]
pub(crate) struct Unsigned {
    kind: SignedStruct,
    words: Vec<(&'static str, B256)>,
    lists: Vec<(&'static str, Members)>,
}

impl Unsigned {
    /// Of this struct, with these fields.
    pub(crate) fn new(
        kind: SignedStruct,
        words: impl IntoIterator<Item = (&'static str, B256)>,
    ) -> Self {
        Self {
            kind,
            words: words.into_iter().collect(),
            lists: Vec::new(),
        }
    }

    /// What a statement says.
    pub(crate) fn of(statement: &Statement) -> Self {
        let kind = statement.kind();
        let mut unsigned = Self::new(kind, []);
        for (ty, name) in kind.entry().fields() {
            unsigned = match ty.ends_with("[]") {
                true => unsigned.with_list(name, statement.list(name)),
                false => unsigned.with(name, statement.word(name)),
            };
        }
        unsigned
    }

    /// With a field more.
    pub(crate) fn with(mut self, name: &'static str, word: B256) -> Self {
        self.words.push((name, word));
        self
    }

    /// With a list of structs more, each by its fields' words.
    pub(crate) fn with_list(mut self, name: &'static str, members: Members) -> Self {
        self.lists.push((name, members));
        self
    }

    fn entry(&self) -> Entry {
        self.kind.entry()
    }

    /// A field, zero where it was not said: a test holds every verb to its struct.
    fn word(&self, name: &str) -> B256 {
        let mut words = self.words.iter();
        let found = words.find(|(found, _)| *found == name);
        found.map(|(_, word)| *word).unwrap_or_default()
    }

    /// A list, empty where it was not said.
    fn members(&self, name: &str) -> Members {
        let mut lists = self.lists.iter();
        let found = lists.find(|(found, _)| *found == name);
        found.map(|(_, list)| list.clone()).unwrap_or_default()
    }

    /// What is signed for the member of a city.
    pub(crate) fn digest(&self, chain_id: u64, member: Address) -> B256 {
        let entry = self.entry();
        let mut words = vec![entry.hash];
        words.extend(
            entry
                .fields()
                .map(|(ty, name)| match ty.strip_suffix("[]") {
                    Some(of) => signed::hash_of_list(&entry, of, &self.members(name)),
                    None => self.word(name),
                }),
        );
        signed::digest(chain_id, member, &words)
    }

    /// As it stands in the payload that wallets take.
    fn message(&self) -> Map<String, Value> {
        let entry = self.entry();
        let value = |(ty, name): (&'static str, &'static str)| {
            let value = match ty.strip_suffix("[]") {
                Some(of) => signed::shown_list(&entry, of, &self.members(name)),
                None => signed::shown(ty, self.word(name)),
            };
            (name.to_owned(), value)
        };
        entry.fields().map(value).collect()
    }

    /// Signed for the member of a city.
    pub(crate) async fn sign(
        &self,
        chain_id: u64,
        member: Address,
        signer: &Signer,
    ) -> Result<Statement, Failure> {
        let digest = self.digest(chain_id, member);
        Statement::of(self.kind, chain_id, member, self.message(), digest, signer).await
    }

    /// The words of its fields in their order.
    pub(crate) fn words(&self) -> Vec<B256> {
        let fields = self.entry().fields();
        fields.map(|(_, name)| self.word(name)).collect()
    }

    fn tuple(&self, param: &Param) -> Result<DynSolValue, Failure> {
        let parts = param.components.iter().map(|part| match &*part.ty {
            "tuple[]" => {
                let members = self.members(&part.name);
                let members = members.iter().map(|words| record(part, words));
                Ok(DynSolValue::Array(members.collect::<Result<_, _>>()?))
            }
            _ => scalar(part, self.word(&part.name)),
        });
        Ok(DynSolValue::Tuple(parts.collect::<Result<_, _>>()?))
    }
}

/// The function that takes a struct.
fn function_of(kind: SignedStruct) -> &'static Function {
    let entry = kind.entry();
    let view = View {
        peer: entry.contract,
        function: entry.function,
        arguments: Vec::new(),
    };
    view.declared()
}

/// Whether one call hands in several of a struct.
pub(crate) fn takes_several(kind: SignedStruct) -> bool {
    let mut inputs = function_of(kind).inputs.iter();
    inputs.any(|input| input.ty == "tuple[]")
}

/// The encoded call that hands in structs of one kind, each with its signature; several only where the function takes them.
///
/// Errors: `input/value` for a value beyond its type.
pub(crate) fn call(kind: SignedStruct, signed: &[(Unsigned, Bytes)]) -> Result<Bytes, Failure> {
    let function = function_of(kind);
    let signatures = || {
        let all = signed.iter();
        all.map(|(_, signature)| DynSolValue::Bytes(signature.to_vec()))
    };
    let mut arguments = Vec::new();
    for input in &function.inputs {
        let mut tuples = signed.iter().map(|(unsigned, _)| unsigned.tuple(input));
        arguments.push(match input.ty.as_str() {
            "tuple" => tuples
                .next()
                .transpose()?
                .unwrap_or(DynSolValue::Bool(false)),
            "tuple[]" => DynSolValue::Array(tuples.collect::<Result<_, _>>()?),
            "bytes" => signatures().next().unwrap_or(DynSolValue::Bool(false)),
            _ => DynSolValue::Array(signatures().collect()),
        });
    }
    let encoded = function.abi_encode_input(&arguments);
    encoded
        .map(Bytes::from)
        .map_err(|error| Failure::new(Code::Value, error))
}

/// A struct in a list.
fn record(param: &Param, words: &[B256]) -> Result<DynSolValue, Failure> {
    let parts = param.components.iter().zip(words);
    let parts = parts.map(|(part, word)| scalar(part, *word));
    Ok(DynSolValue::Tuple(parts.collect::<Result<_, _>>()?))
}

fn scalar(part: &Param, word: B256) -> Result<DynSolValue, Failure> {
    let number = U256::from_be_bytes(word.0);
    Ok(match part.ty.parse::<DynSolType>() {
        Ok(DynSolType::Address) => DynSolValue::Address(Address::from_word(word)),
        Ok(DynSolType::Bool) => DynSolValue::Bool(!word.is_zero()),
        Ok(DynSolType::Uint(bits)) if number.bit_len() <= bits => DynSolValue::Uint(number, bits),
        Ok(DynSolType::Uint(bits)) => {
            return Err(Failure::new(
                Code::Value,
                format!(
                    "{number} is too great for {}, which has {bits} bits",
                    part.name
                ),
            ));
        }
        _ => DynSolValue::FixedBytes(word, 32),
    })
}

/// A number as a word.
pub(crate) fn number(value: impl Into<u128>) -> B256 {
    U256::from(value.into()).into()
}

/// Somebody who speaks: connected, with a key.
pub(crate) struct Speaker {
    /// The city.
    pub(crate) city: City,
    /// Who.
    pub(crate) address: Address,
    /// Until when what is said is good, unix seconds.
    pub(crate) deadline: u64,
    signer: Signer,
    dry_run: bool,
    out: Option<PathBuf>,
}

impl Saying {
    /// Connects in the name of the key.
    pub(crate) async fn connect(&self) -> Result<Speaker, Failure> {
        let signer = self.sending.key.open().await?;
        let city = self.town.connect_as(&signer).await?;
        let deadline = now(&city).await?.saturating_add(self.deadline_secs);
        Ok(Speaker {
            address: signer.address(),
            city,
            deadline,
            signer,
            dry_run: self.sending.dry_run,
            out: self.out.clone(),
        })
    }
}

impl Speaker {
    /// Signs a statement with the key, and hands it in, or writes it to the file that was named. The deadline is added.
    pub(crate) async fn say(
        &self,
        what: impl Into<String>,
        statement: Unsigned,
    ) -> Result<Answer, Failure> {
        self.say_with(what, statement, Vec::new()).await
    }

    /// The same, and tells more beside.
    pub(crate) async fn say_with(
        &self,
        what: impl Into<String>,
        unsigned: Unsigned,
        beside: Vec<(&'static str, Value)>,
    ) -> Result<Answer, Failure> {
        let unsigned = unsigned.with("deadline", number(self.deadline));
        let kind = unsigned.kind;
        let to = self.city.at(kind.entry().contract);
        let statement = unsigned.sign(self.city.chain.id, to, &self.signer).await?;
        if self.out.is_some() {
            return statement.answer_with(self.out.as_deref(), beside);
        }
        let data = call(kind, &[(unsigned, statement.signature)])?;
        let call = Call::encoded(what, to, data);
        let mut sent = send::perform(&self.city.chain, self.address, call, self.dry_run).await?;
        for (name, fact) in beside {
            sent.facts.push((name.to_owned(), output::plain(&fact)));
            sent.value[name] = fact;
        }
        Ok(sent.answer())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agentcity_abi::IAssembly;
    use agentcity_domain::{peer::Peer, signed::legislation};
    use alloy::sol_types::SolCall;

    #[test]
    fn a_statement_is_signed_and_encoded_as_the_bindings_do() {
        let (session, who) = (B256::repeat_byte(1), Address::repeat_byte(2));
        let statement = Unsigned::new(
            SignedStruct::BallotCommitment,
            [
                ("sessionId", session),
                ("principal", who.into_word()),
                ("commitment", B256::repeat_byte(3)),
                ("deadline", number(9u8)),
            ],
        );
        let words = legislation::BallotCommitment {
            session_id: session,
            principal: who,
            commitment: B256::repeat_byte(3),
            deadline: 9,
        };
        let digest = signed::digest(7, Address::ZERO, &words.words());
        assert_eq!(statement.digest(7, Address::ZERO), digest);
        let call = IAssembly::commitBallotsCall {
            commitments: vec![IAssembly::BallotCommitment {
                sessionId: session,
                principal: who,
                commitment: B256::repeat_byte(3),
                deadline: 9,
            }],
            signatures: vec![Bytes::from_static(b"signature")],
        };
        let signature = Bytes::from_static(b"signature");
        let encoded = super::call(SignedStruct::BallotCommitment, &[(statement, signature)]);
        let encoded = encoded.unwrap();
        assert_eq!(encoded, call.abi_encode());
    }

    #[test]
    fn every_struct_of_legislation_has_the_fields_that_its_function_takes() {
        let members = [Peer::Assembly, Peer::Legislature, Peer::Enactment];
        let mut count = 0;
        for signed in SignedStruct::ALL {
            let entry = signed.entry();
            if !members.contains(&entry.contract) {
                continue;
            }
            count += 1;
            let view = View {
                peer: entry.contract,
                function: entry.function,
                arguments: Vec::new(),
            };
            let inputs = &view.declared().inputs;
            let names: Vec<&str> = entry.fields().map(|(_, name)| name).collect();
            let taken = inputs.iter().find(|input| input.ty.starts_with("tuple"));
            let taken: Vec<&str> = taken
                .unwrap()
                .components
                .iter()
                .map(|part| part.name.as_str())
                .collect();
            assert_eq!(taken, names, "{}", entry.name);
        }
        assert_eq!(count, 16);
    }
}

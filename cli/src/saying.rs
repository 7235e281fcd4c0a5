//! What people, agents and clerks sign for a function of a member (`domain::signed`): built by the law's own table, signed by the key that
//! is given, and handed in by it. Names and places are the table's and the interface's; nothing is laid out here.

use agentcity_domain::signed::{Entry, SignedStruct};
use alloy::{
    dyn_abi::{DynSolType, DynSolValue, JsonAbiExt as _},
    json_abi::Param,
    primitives::{Address, B256, Bytes, U256, keccak256},
    signers::local::PrivateKeySigner,
};

use crate::{
    ask::now,
    failure::{Code, Failure},
    opts::{City, Sending, Town},
    output::Answer,
    send::{self, Call},
    signed,
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
}

/// A struct that nobody signed yet, given by its fields' words.
///
/// Not a [`signed::Statement`]: that one has its signer and its signature, goes into a file as wallets take it, and comes back to be
/// checked and handed in by somebody else. This one never leaves the process. It is signed and handed in by one key in one breath, so
/// it knows how the function of the interface takes it, which the other does not.
#[derive(Clone, Debug)]
pub(crate) struct Unsigned {
    entry: Entry,
    words: Vec<(&'static str, B256)>,
}

impl Unsigned {
    /// Of this struct, with these fields.
    pub(crate) fn new(
        signed: SignedStruct,
        words: impl IntoIterator<Item = (&'static str, B256)>,
    ) -> Self {
        Self {
            entry: signed.entry(),
            words: words.into_iter().collect(),
        }
    }

    /// With a field more.
    pub(crate) fn with(mut self, name: &'static str, word: B256) -> Self {
        self.words.push((name, word));
        self
    }

    /// A field, zero where it was not said: a test holds every verb to its struct.
    fn word(&self, name: &str) -> B256 {
        let mut words = self.words.iter();
        let found = words.find(|(found, _)| *found == name);
        found.map(|(_, word)| *word).unwrap_or_default()
    }

    /// What is signed for the member of a city.
    pub(crate) fn digest(&self, chain_id: u64, member: Address) -> B256 {
        let mut words = vec![self.entry.hash];
        words.extend(self.entry.fields().map(|(ty, name)| match ty {
            // A list is signed by the hash of its members; the verbs here know the empty one alone.
            _ if ty.ends_with("[]") => keccak256([]),
            _ => self.word(name),
        }));
        signed::digest(chain_id, member, &words)
    }

    /// The words of its fields in their order.
    pub(crate) fn words(&self) -> Vec<B256> {
        let fields = self.entry.fields();
        fields.map(|(_, name)| self.word(name)).collect()
    }

    /// The encoded call that hands it in, with its signature; a function that takes several is handed one.
    ///
    /// Errors: `input/value` for a value beyond its type.
    pub(crate) fn call(&self, signature: &Bytes) -> Result<Bytes, Failure> {
        let view = View {
            peer: self.entry.contract,
            function: self.entry.function,
            arguments: Vec::new(),
        };
        let function = view.declared();
        let mut arguments = Vec::new();
        for input in &function.inputs {
            arguments.push(match input.ty.as_str() {
                "tuple" => self.tuple(input)?,
                "tuple[]" => DynSolValue::Array(vec![self.tuple(input)?]),
                "bytes" => DynSolValue::Bytes(signature.to_vec()),
                _ => DynSolValue::Array(vec![DynSolValue::Bytes(signature.to_vec())]),
            });
        }
        let encoded = function.abi_encode_input(&arguments);
        encoded
            .map(Bytes::from)
            .map_err(|error| Failure::new(Code::Value, error))
    }

    fn tuple(&self, param: &Param) -> Result<DynSolValue, Failure> {
        let parts = param.components.iter().map(|part| self.value(part));
        Ok(DynSolValue::Tuple(parts.collect::<Result<_, _>>()?))
    }

    fn value(&self, part: &Param) -> Result<DynSolValue, Failure> {
        let word = self.word(&part.name);
        let number = U256::from_be_bytes(word.0);
        if part.ty.ends_with("[]") {
            return Ok(DynSolValue::Array(Vec::new()));
        }
        Ok(match part.ty.parse::<DynSolType>() {
            Ok(DynSolType::Address) => DynSolValue::Address(Address::from_word(word)),
            Ok(DynSolType::Bool) => DynSolValue::Bool(!word.is_zero()),
            Ok(DynSolType::Uint(bits)) if number.bit_len() <= bits => {
                DynSolValue::Uint(number, bits)
            }
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
    key: PrivateKeySigner,
    dry_run: bool,
}

impl Saying {
    /// Connects in the name of the key.
    pub(crate) async fn connect(&self) -> Result<Speaker, Failure> {
        let key = self.sending.key.open()?;
        let city = self.town.connect_as(key.clone()).await?;
        let deadline = now(&city).await?.saturating_add(self.deadline_secs);
        Ok(Speaker {
            address: key.address(),
            city,
            deadline,
            key,
            dry_run: self.sending.dry_run,
        })
    }
}

impl Speaker {
    /// Signs a statement with the key, and hands it in. The deadline is added.
    pub(crate) async fn say(
        &self,
        what: impl Into<String>,
        statement: Unsigned,
    ) -> Result<Answer, Failure> {
        let statement = statement.with("deadline", number(self.deadline));
        let to = self.city.at(statement.entry.contract);
        let digest = statement.digest(self.city.chain.id, to);
        let data = statement.call(&signed::sign(&self.key, digest)?)?;
        let call = Call::encoded(what, to, data);
        let sent = send::perform(&self.city.chain, self.address, call, self.dry_run).await?;
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
        let encoded = statement.call(&Bytes::from_static(b"signature")).unwrap();
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

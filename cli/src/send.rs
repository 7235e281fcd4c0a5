//! What verbs do to a city: a call, tried first, then sent and seen, or with `--dry-run` only told.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use agentcity_deploy::chain::Traits;
use agentcity_domain::peer::Peer;
use alloy::{
    dyn_abi::{DynSolEvent, Specifier as _},
    json_abi::{Event, JsonAbi},
    network::TransactionBuilder,
    primitives::{Address, B256, Bytes, Log, U256},
    providers::Provider,
    rpc::types::{TransactionReceipt, TransactionRequest},
    sol_types::SolCall,
};
use serde_json::{Value, json};

use crate::{
    failure::{Code, Failure},
    opts::{Chain, City, Sending, Town},
    output::Answer,
    signer::Signer,
    views,
};

/// Longest wait for a transaction: a hundred times what an Arbitrum chain takes, so that only a lost one is given up.
const RECEIPT_LIMIT: Duration = Duration::from_secs(60);

/// One call of a contract.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// What it does, as people say it: `enrol principal`.
    pub(crate) what: String,
    /// The contract.
    pub(crate) to: Address,
    /// The encoded call.
    pub(crate) data: Bytes,
    /// Coins that go with it, in wei.
    pub(crate) value: U256,
    /// Whether its data holds what is nobody else's business before it is sent.
    confidential: bool,
}

impl Call {
    /// A call without coins.
    pub(crate) fn new<C: SolCall>(what: impl Into<String>, to: Address, call: &C) -> Self {
        Self::encoded(what, to, call.abi_encode().into())
    }

    /// A call that is encoded already, without coins.
    pub(crate) fn encoded(what: impl Into<String>, to: Address, data: Bytes) -> Self {
        Self {
            what: what.into(),
            to,
            data,
            value: U256::ZERO,
            confidential: false,
        }
    }

    /// The same, whose data is not shown when it is not sent.
    pub(crate) fn confidential(mut self) -> Self {
        self.confidential = true;
        self
    }

    /// The same with coins, in wei.
    pub(crate) fn paying(mut self, value: U256) -> Self {
        self.value = value;
        self
    }
}

/// A connection that sends in somebody's name.
pub(crate) struct Sender {
    /// The city.
    pub(crate) city: City,
    /// Whose key it is.
    pub(crate) address: Address,
    /// The key, for what is signed besides the transaction.
    pub(crate) signer: Signer,
    /// Whether nothing is sent.
    pub(crate) dry_run: bool,
}

/// What became of a call.
#[derive(Debug)]
pub(crate) struct Sent {
    /// In JSON.
    pub(crate) value: Value,
    /// For people.
    pub(crate) facts: Vec<(String, String)>,
}

impl Sent {
    /// As the answer of a verb that does nothing else.
    pub(crate) fn answer(self) -> Answer {
        Answer::facts(self.value, &self.facts)
    }
}

/// Who does something in which city.
#[derive(Debug, clap::Args)]
pub(crate) struct Act {
    #[command(flatten)]
    town: Town,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

impl Act {
    /// Connects.
    pub(crate) async fn connect(&self) -> Result<Sender, Failure> {
        self.sending.connect(&self.town).await
    }

    /// Calls a member, and answers with what became of it.
    pub(crate) async fn send<C: SolCall>(
        &self,
        what: impl Into<String>,
        peer: Peer,
        call: &C,
    ) -> Result<Answer, Failure> {
        let sender = self.connect().await?;
        let sent = sender
            .perform(Call::new(what, sender.at(peer), call))
            .await?;
        Ok(sent.answer())
    }
}

impl Sending {
    /// Connects to a city in the name of the key that was given.
    pub(crate) async fn connect(&self, town: &Town) -> Result<Sender, Failure> {
        let signer = self.key.open().await?;
        Ok(Sender {
            city: town.connect_as(&signer).await?,
            address: signer.address(),
            signer,
            dry_run: self.dry_run,
        })
    }
}

impl Sender {
    /// Where a member of the city is.
    pub(crate) fn at(&self, peer: Peer) -> Address {
        self.city.at(peer)
    }

    /// Tries the call against the newest block, then sends it, unless this is a dry run.
    pub(crate) async fn perform(&self, call: Call) -> Result<Sent, Failure> {
        perform(&self.city.chain, self.address, call, self.dry_run).await
    }
}

/// Tries a call and sends it, unless this is a dry run.
pub(crate) async fn perform(
    chain: &Chain,
    from: Address,
    call: Call,
    dry_run: bool,
) -> Result<Sent, Failure> {
    let request = TransactionRequest::default()
        .with_from(from)
        .with_to(call.to)
        .with_value(call.value)
        .with_input(call.data.clone());
    // A refusal costs nothing here, and comes with its reason.
    chain.provider.call(request.clone()).await?;
    let gas = chain.provider.estimate_gas(request.clone()).await?;
    if dry_run {
        let data = match call.confidential {
            true => format!("({} bytes, not shown: they hold a salt)", call.data.len()),
            false => call.data.to_string(),
        };
        return Ok(Sent {
            value: json!({
                "dryRun": true, "what": call.what, "from": from, "to": call.to, "data": data, "value": call.value.to_string(),
                "chainId": chain.id, "gas": gas,
            }),
            facts: vec![
                ("would".into(), call.what),
                ("from".into(), from.to_string()),
                ("to".into(), call.to.to_string()),
                ("value".into(), format!("{} wei", call.value)),
                ("data".into(), data),
                ("gas".into(), gas.to_string()),
            ],
        });
    }
    let request = request.with_gas_limit(Traits::of(chain.id).gas_limit(gas));
    let pending = chain.provider.send_transaction(request).await?;
    let hash = *pending.tx_hash();
    let receipt = pending
        .with_timeout(Some(RECEIPT_LIMIT))
        .get_receipt()
        .await
        .map_err(|error| {
            Failure::new(
                Code::Unconfirmed,
                format!("transaction {hash} was sent and not seen in a block ({error})"),
            )
            .hint("look for it before you send again")
        })?;
    if !receipt.status() {
        return Err(Failure::new(
            Code::Failed,
            format!("transaction {hash} failed in its block: others came before it"),
        )
        .hint("ask for the state and try again"));
    }
    Ok(sent(call.what, &receipt))
}

fn sent(what: String, receipt: &TransactionReceipt) -> Sent {
    let events: Vec<Told> = receipt
        .logs()
        .iter()
        .filter_map(|log| tell(&log.inner))
        .collect();
    let mut facts = vec![
        ("done".to_owned(), what.clone()),
        (
            "transaction".to_owned(),
            receipt.transaction_hash.to_string(),
        ),
        (
            "block".to_owned(),
            receipt.block_number.unwrap_or_default().to_string(),
        ),
        ("gas".to_owned(), receipt.gas_used.to_string()),
    ];
    facts.extend(
        events
            .iter()
            .map(|event| ("event".to_owned(), event.text())),
    );
    let events: Vec<Value> = events.iter().map(Told::json).collect();
    Sent {
        value: json!({
            "what": what, "transaction": receipt.transaction_hash, "block": receipt.block_number, "gasUsed": receipt.gas_used,
            "events": events,
        }),
        facts,
    }
}

/// Every event of every interface, by its topic and how many topics it has.
static EVENTS: LazyLock<BTreeMap<B256, Vec<(Event, DynSolEvent)>>> = LazyLock::new(|| {
    let mut all: BTreeMap<B256, Vec<(Event, DynSolEvent)>> = BTreeMap::new();
    for (name, text) in agentcity_abi::JSON {
        let abi: JsonAbi = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("the ABI of {name} in this build: {error}"));
        for event in abi.events.into_values().flatten() {
            let Ok(decoder) = event.resolve() else {
                continue;
            };
            all.entry(event.selector())
                .or_default()
                .push((event, decoder));
        }
    }
    all
});

/// An event, told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// Its name.
    pub(crate) name: String,
    /// Its fields by name, in order.
    pub(crate) fields: Vec<(String, String)>,
    /// Who emitted it.
    pub(crate) emitter: Address,
}

impl Told {
    /// `Name (field value, …)`.
    pub(crate) fn text(&self) -> String {
        let fields: Vec<String> = self
            .fields
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        match fields.is_empty() {
            true => self.name.clone(),
            false => format!("{} ({})", self.name, fields.join(", ")),
        }
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        let fields: serde_json::Map<_, _> = self
            .fields
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        json!({ "event": self.name, "emitter": self.emitter, "fields": fields })
    }
}

/// Decodes a log of one of our interfaces.
pub(crate) fn tell(log: &Log) -> Option<Told> {
    let topic = log.topics().first()?;
    EVENTS.get(topic)?.iter().find_map(|(event, decoder)| {
        let decoded = decoder.decode_log_data(&log.data).ok()?;
        let (mut indexed, mut body) = (decoded.indexed.iter(), decoded.body.iter());
        let fields = event
            .inputs
            .iter()
            .map(|input| {
                let value = if input.indexed {
                    indexed.next()
                } else {
                    body.next()
                };
                Some((
                    input.name.clone(),
                    views::named(input.internal_type(), value?),
                ))
            })
            .collect::<Option<_>>()?;
        Some(Told {
            name: event.name.clone(),
            fields,
            emitter: log.address,
        })
    })
}

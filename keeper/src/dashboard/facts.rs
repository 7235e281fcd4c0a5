//! What only views of the chain say, asked at the block that the picture stands at, of all endpoints: what enough of them answer alike
//! counts. Every round asks a bounded number of questions.

use std::{collections::BTreeMap, sync::Arc};

use agentcity_abi::{IAgent, ICollaboration, IConstitution, IRoster, ISettlementToken, IStatute};
use agentcity_domain::{
    parameter::{ParameterId, number},
    peer::Peer,
    statute::{NODES_PER_PAGE, Node, Page},
    treasury::books::Part,
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, U256, keccak256},
    providers::Provider,
};

use super::{
    gas::Cost,
    picture::mission::{NODES_MAX, View},
};
use crate::{
    event::Head,
    part::ANSWER_WITHIN,
    source::{
        agreed::Agreed,
        city::{City, cause},
        onchain::{self, Members},
    },
};

/// Parameters that conditions compare with.
const LIMITS: [ParameterId; 4] = [
    ParameterId::DeviationThresholdSigma,
    ParameterId::MaxToolInvocations,
    ParameterId::MaxMessageVolume,
    ParameterId::ReputationFloor,
];

/// The books of one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// Whose.
    pub peer: Peer,
    /// What it owes altogether.
    pub booked: U256,
    /// What it has.
    pub held: U256,
    /// What it owes by kind; empty where its views tell no kinds.
    pub parts: Vec<(&'static str, U256)>,
}

impl Book {
    /// Law 2: the parts make the whole, and the whole is there.
    pub fn holds(&self) -> bool {
        let sum = self
            .parts
            .iter()
            .try_fold(U256::ZERO, |sum, (_, part)| sum.checked_add(*part));
        let adds_up = self.parts.is_empty() || sum == Some(self.booked);
        adds_up && self.held >= self.booked
    }

    /// One kind's part.
    pub fn part(&self, kind: &str) -> Option<U256> {
        let found = self.parts.iter().find(|(of, _)| *of == kind);
        found.map(|(_, amount)| *amount)
    }
}

/// What never changes once a city is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The settlement asset; nobody for the coin.
    pub asset: Address,
    /// Base units of a stake unit.
    pub unit_scale: U256,
    /// Code of each member.
    pub codes: Vec<B256>,
}

/// Limits of one epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Thousandths of a standard deviation.
    pub deviation: u32,
    /// Tool invocations.
    pub tools: u32,
    /// Messages.
    pub messages: u32,
    /// Points.
    pub reputation_floor: u32,
}

/// The law of a mission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Law {
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// Which leads to which.
    pub edges: Vec<(u16, u16)>,
}

/// All parameters of the epoch in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The epoch.
    pub epoch: u64,
    /// A word for each that can be amended, in the order of the table.
    pub words: Vec<B256>,
    /// Adjudicators that may sign.
    pub active: u8,
}

/// Who is asked.
#[derive(Debug)]
pub struct Asked<P> {
    providers: Agreed<P>,
    city: City,
}

impl<P: Provider> Asked<P> {
    /// Asks these about this city.
    pub const fn new(providers: Agreed<P>, city: City) -> Self {
        Self { providers, city }
    }

    /// The city.
    pub const fn city(&self) -> &City {
        &self.city
    }

    /// What enough answer alike within the patience.
    async fn vote<'a, T: PartialEq, F>(
        &'a self,
        what: &'static str,
        ask: impl Fn(&'a P) -> F,
    ) -> Result<T, String>
    where
        F: Future<Output = Result<T, String>>,
    {
        match tokio::time::timeout(ANSWER_WITHIN, self.providers.vote(what, ask)).await {
            Ok(answer) => answer.map_err(cause),
            Err(_) => Err(format!(
                "{what}: no answer within {} s",
                ANSWER_WITHIN.as_secs()
            )),
        }
    }

    /// What never changes.
    ///
    /// Errors: why it could not be learnt; so for all below.
    pub async fn fixed(&self) -> Result<Fixed, String> {
        self.vote("the city's members", |provider| async move {
            let constitution = IConstitution::new(self.city.constitution, provider);
            let mut codes = Vec::with_capacity(Peer::COUNT);
            for peer in Peer::ALL {
                let code = provider.get_code_at(self.city.at(peer)).await;
                codes.push(keccak256(code.map_err(cause)?));
            }
            Ok(Fixed {
                asset: constitution.asset().call().await.map_err(cause)?,
                unit_scale: constitution.unitScale().call().await.map_err(cause)?,
                codes,
            })
        })
        .await
    }

    /// The books of all contracts that hold money.
    pub async fn books(&self, asset: Address, at: Head) -> Result<Vec<Book>, String> {
        self.vote("the books", |provider| self.books_of(provider, asset, at))
            .await
    }

    async fn books_of(&self, provider: &P, asset: Address, at: Head) -> Result<Vec<Book>, String> {
        let block = BlockId::hash(at.hash);
        let treasury = onchain::books(provider, &Members::of(&self.city), at).await?;
        let parts = Part::ALL.map(kind).into_iter().zip(treasury.parts);
        let (agent, roster) = (self.city.at(Peer::Agent), self.city.at(Peer::Roster));
        let registry = IAgent::new(agent, provider);
        let agents = registry.booked().block(block).call().await.map_err(cause)?;
        let panel = IRoster::new(roster, provider);
        let panels = panel.booked().block(block).call().await.map_err(cause)?;
        let owes = panel.parts().block(block).call().await.map_err(cause)?;
        Ok(vec![
            Book {
                peer: Peer::Treasury,
                booked: treasury.booked,
                held: treasury.held,
                parts: parts.collect(),
            },
            Book {
                peer: Peer::Agent,
                booked: agents,
                held: held(provider, asset, agent, block).await?,
                parts: Vec::new(),
            },
            Book {
                peer: Peer::Roster,
                booked: panels,
                held: held(provider, asset, roster, block).await?,
                parts: vec![("stakes", owes.stakes), ("owed", owes.owed)],
            },
        ])
    }

    /// Limits of an epoch. They never change.
    pub async fn limits(&self, epoch: u64, at: Head) -> Result<Limits, String> {
        let block = BlockId::hash(at.hash);
        let values = self.vote("parameters of an epoch", |provider| async move {
            self.city.values(provider, block, epoch, &LIMITS).await
        });
        let values = values.await?;
        Ok(Limits {
            deviation: values.of(ParameterId::DeviationThresholdSigma),
            tools: values.of(ParameterId::MaxToolInvocations),
            messages: values.of(ParameterId::MaxMessageVolume),
            reputation_floor: values.of(ParameterId::ReputationFloor),
        })
    }

    /// A mission's view.
    pub async fn view(&self, mission: B256, at: Head) -> Result<View, String> {
        let block = BlockId::hash(at.hash);
        self.vote("a mission", |provider| async move {
            let contract = ICollaboration::new(self.city.at(Peer::Collaboration), provider);
            let found = contract.mission(mission).block(block).call().await;
            let found = found.map_err(cause)?;
            Ok(View {
                deadline: found.deadline.to(),
                epoch: found.epoch,
                depth: found.depth,
                refinements: found.refinements,
                parent: found.parent,
                halted_until: found.haltedUntil.to(),
            })
        })
        .await
    }

    /// States of the 32 nodes of a word.
    pub async fn states(&self, mission: B256, word: u16, at: Head) -> Result<B256, String> {
        let block = BlockId::hash(at.hash);
        self.vote("states of nodes", |provider| async move {
            let contract = ICollaboration::new(self.city.at(Peer::Collaboration), provider);
            let states = contract.nodeStates(mission, word).block(block).call().await;
            states.map_err(cause)
        })
        .await
    }

    /// What a transaction cost; nothing for one that is not in the chain any more.
    pub async fn cost(&self, transaction: B256) -> Result<Option<Cost>, String> {
        self.vote("a receipt", |provider| async move {
            let receipt = provider.get_transaction_receipt(transaction).await;
            let Some(receipt) = receipt.map_err(cause)? else {
                return Ok(None);
            };
            let to = receipt.to.unwrap_or_default();
            let called = Peer::ALL.into_iter().find(|peer| self.city.at(*peer) == to);
            Ok(Some(Cost {
                called,
                gas: receipt.gas_used,
            }))
        })
        .await
    }

    /// A mission's law: pages whose code is what the chain hashes. It never changes once it is deployed.
    pub async fn law(&self, mission: B256, nodes: u16) -> Result<Law, String> {
        if nodes > NODES_MAX {
            return Err(format!(
                "it has {nodes} nodes, of which at most {NODES_MAX} are shown"
            ));
        }
        self.vote("a statute", |provider| {
            self.law_of(provider, mission, nodes)
        })
        .await
    }

    async fn law_of(&self, provider: &P, mission: B256, nodes: u16) -> Result<Law, String> {
        let contract = IStatute::new(self.city.at(Peer::Statute), provider);
        let mut law = Law::default();
        for index in 0..nodes.div_ceil(NODES_PER_PAGE) {
            let page = contract.page(mission, index).call().await.map_err(cause)?;
            let code = provider.get_code_at(page.account).await.map_err(cause)?;
            let read = Page::read(code.get(1..).unwrap_or_default());
            let page = read
                .filter(|_| keccak256(&code) == page.codehash)
                .ok_or_else(|| format!("page {index} is not deployed yet, or is none"))?;
            for node in page.each() {
                let number = u16::try_from(law.nodes.len()).unwrap_or(u16::MAX);
                let next = page.successors(&node);
                law.edges.extend(next.map(|next| (number, next)));
                law.nodes.push(node);
            }
        }
        if law.nodes.len() == usize::from(nodes) {
            Ok(law)
        } else {
            Err("it has other pages than nodes".to_owned())
        }
    }

    /// The parameters in force.
    pub async fn parameters(&self, at: Head) -> Result<Parameters, String> {
        let block = BlockId::hash(at.hash);
        self.vote("the parameters", |provider| async move {
            let ids = (0..ParameterId::AMENDABLE as u8).collect::<Vec<u8>>();
            let constitution = IConstitution::new(self.city.constitution, provider);
            let read = constitution.readCurrent(ids.clone().into()).block(block);
            let read = read.call().await.map_err(cause)?;
            if read.values.len() != ids.len() {
                return Err("the constitution answered another number of values".to_owned());
            }
            let roster = IRoster::new(self.city.at(Peer::Roster), provider);
            let active = roster.activeAdjudicators().block(block).call().await;
            Ok(Parameters {
                epoch: read.number,
                words: read.values,
                active: active.map_err(cause)?,
            })
        })
        .await
    }

    /// Root and size under a number of an author, as the roster has them now.
    pub async fn anchor(&self, author: Address, sequence: u64) -> Result<(u64, B256), String> {
        self.vote("an anchor", |provider| async move {
            let roster = IRoster::new(self.city.at(Peer::Roster), provider);
            let found = roster.anchorOf(author, sequence).call().await;
            let found = found.map_err(cause)?;
            Ok((found.size, found.root))
        })
        .await
    }

    /// Whatever one view of the city answers.
    pub(super) async fn call<C: alloy::sol_types::SolCall>(
        &self,
        what: &'static str,
        peer: Peer,
        call: &C,
        at: Head,
    ) -> Result<C::Return, String> {
        let request = alloy::rpc::types::TransactionRequest::default()
            .to(self.city.at(peer))
            .input(alloy::primitives::Bytes::from(call.abi_encode()).into());
        let block = BlockId::hash(at.hash);
        let answer = self.vote(what, |provider| {
            let request = request.clone();
            async move { provider.call(request).block(block).await.map_err(cause) }
        });
        let answer = answer.await?;
        C::abi_decode_returns(&answer).map_err(cause)
    }
}

impl Parameters {
    /// A parameter's word; a constant's own value.
    pub fn word(&self, id: ParameterId) -> B256 {
        let known = self.words.get(id.place()).copied();
        known.unwrap_or_else(|| id.default_word())
    }

    /// A parameter's number.
    pub fn number(&self, id: ParameterId) -> u32 {
        number(self.word(id)).unwrap_or_default()
    }
}

/// What a contract has of the asset.
async fn held<P: Provider>(
    provider: &P,
    asset: Address,
    of: Address,
    block: BlockId,
) -> Result<U256, String> {
    if asset.is_zero() {
        return provider
            .get_balance(of)
            .block_id(block)
            .await
            .map_err(cause);
    }
    let token = ISettlementToken::new(asset, provider);
    token.balanceOf(of).block(block).call().await.map_err(cause)
}

/// A part of the treasury's books by its name in the protocol.
const fn kind(part: Part) -> &'static str {
    match part {
        Part::Escrows => "escrows",
        Part::Reserved => "reserved",
        Part::Locked => "locked",
        Part::Bonds => "bonds",
        Part::Treasury => "treasury",
        Part::Subsidy => "subsidy",
        Part::Insurance => "insurance",
        Part::Pools => "pools",
        Part::Credits => "credits",
    }
}

/// What was learnt, with the reasons for what was not.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What never changes.
    pub fixed: Option<Arc<Fixed>>,
    /// The books, and as of which block.
    pub books: Option<(Vec<Book>, u64)>,
    /// Limits by epoch.
    pub limits: BTreeMap<u64, Limits>,
    /// Laws of missions.
    pub laws: BTreeMap<B256, Arc<Law>>,
    /// Why something is not known, by what it is.
    pub unknown: BTreeMap<&'static str, String>,
}

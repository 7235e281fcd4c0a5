//! From nothing to a sealed and wired city.

use super::{
    client::{CallError, Client},
    life::GOOD_UNTIL,
    panel::Turns,
    person::{self, Person},
};
use crate::{
    Actor, Node, RpcError, Settings,
    program::{self, ProgramError},
    sender::Outcome,
};
use agentcity_abi::IConstitution::GenesisManifest;
use agentcity_deploy::{
    Plan,
    city::{
        self, CityError, CityPlan, Genesis, Member, Signed,
        genesis::{Clerk, DEFAULT_SIGNING_WINDOW_SECS, DEFAULT_UNIT_SCALE},
    },
    plan::DEFAULT_SALT,
};
use agentcity_domain::{clerk::ClerkRole, peer::Peer};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256, utils::parse_ether},
    providers::DynProvider,
    sol_types::SolCall,
};
use std::collections::BTreeMap;
use tokio::runtime::Runtime;

/// What every person of a city holds to begin with, in ether: gas and stakes of any story.
const PURSE_ETHER: &str = "20";

/// How many principals answer for the four clerks: two is the least that the seal takes.
const CLERK_PRINCIPALS: usize = 2;

/// What a city pays in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asset {
    /// The native coin.
    #[default]
    Native,
    /// The settlement token, deployed with the city.
    Token,
    /// A token of the fixtures that is not ours, by its artifact and the words that it is created with; its minter has all of it.
    Foreign(&'static str, &'static [u128]),
}

/// What a test wants of its city.
#[derive(Clone, Debug)]
pub struct Charter {
    /// Seed of every key.
    pub seed: u64,
    /// What it pays in.
    pub asset: Asset,
    /// Genesis adjudicators.
    pub adjudicators: usize,
    /// Values that differ from the defaults, by parameter id.
    pub parameters: BTreeMap<u8, B256>,
    /// The node below.
    pub settings: Settings,
}

impl Default for Charter {
    /// The smallest genesis that is supported (RULINGS R14).
    fn default() -> Self {
        Self {
            seed: person::seed(),
            asset: Asset::Native,
            adjudicators: 7,
            parameters: BTreeMap::new(),
            settings: Settings::default(),
        }
    }
}

/// Why a city does not stand.
#[derive(Debug, thiserror::Error)]
pub enum RaiseError {
    /// A program of the build is missing or refused.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// A plan was refused.
    #[error(transparent)]
    Plan(#[from] agentcity_deploy::PlanError),
    /// A contract of the fixtures is not compiled.
    #[error(transparent)]
    Fixture(#[from] agentcity_solidity::LoadError),
    /// A step of the founding failed. Boxed: it carries a whole contract error.
    #[error(transparent)]
    City(#[from] Box<CityError>),
    /// Somebody was refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The node refused.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The system refused.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl From<CityError> for RaiseError {
    fn from(error: CityError) -> Self {
        Self::City(Box::new(error))
    }
}

/// A clerk and who answers for it.
#[derive(Clone, Debug)]
pub struct ClerkPair {
    /// The agent.
    pub agent: Person,
    /// The principal.
    pub principal: Person,
}

/// One transaction of the founding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A member was created, activated and constructed.
    Deploy(Peer),
    /// The constitution was sealed.
    Seal,
    /// A member learnt its peers.
    Wire(Peer),
}

/// A sealed and wired city.
#[derive(Debug)]
pub struct City {
    /// The connection.
    pub client: Client,
    /// Seed of every key.
    pub seed: u64,
    /// What the founders decided.
    pub genesis: Genesis,
    /// Where everything is.
    pub plan: CityPlan,
    /// What was signed.
    pub manifest: GenesisManifest,
    /// Gas of founding it, in order.
    pub founding: Vec<(Step, u64)>,
    /// Genesis adjudicators.
    pub adjudicators: Vec<Person>,
    /// By role.
    pub clerks: Vec<ClerkPair>,
    /// Who relays what adjudicators sign: nobody in particular.
    pub(super) courier: Person,
    /// Whose turn it is to sign.
    pub(super) turns: Turns,
    /// Last, so that the node outlives everything that speaks to it.
    pub node: Node,
}

/// A program of the build by the member it is.
pub fn program_name(peer: Peer) -> String {
    format!("agentcity-{}", peer.name())
}

/// The salt of a member: its place, so that two members with the same code differ.
fn salt(peer: Peer) -> B256 {
    (U256::from_be_bytes(DEFAULT_SALT.0) + U256::from(peer.place())).into()
}

/// A city whose contracts are there and whose seal is not.
#[derive(Debug)]
pub struct Site {
    /// The connection.
    pub client: Client,
    /// What the founders decided.
    pub genesis: Genesis,
    /// Where everything is.
    pub plan: CityPlan,
    /// Genesis adjudicators.
    pub adjudicators: Vec<Person>,
    seed: u64,
    clerks: Vec<ClerkPair>,
    courier: Person,
    founding: Vec<(Step, u64)>,
    provider: DynProvider,
    runtime: Runtime,
    node: Node,
}

impl Site {
    /// Deploys every contract of a city on a new devnode.
    pub fn prepare(charter: &Charter) -> Result<Self, RaiseError> {
        let seed = charter.seed;
        eprintln!(
            "city of seed {seed} ({}={seed} raises it again)",
            person::SEED_VARIABLE
        );
        let node = Node::devnode(&charter.settings);
        let mut client = Client::new(&node)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let provider = runtime.block_on(async { node.provider() });
        let founder = founder().address();

        let adjudicators = Person::many(seed, "adjudicator", charter.adjudicators);
        let clerks = clerks(seed);
        let courier = Person::new(seed, "courier of the panel");
        let everybody: Vec<&Person> = adjudicators
            .iter()
            .chain(clerks.iter().map(|clerk| &clerk.agent))
            .chain(clerks[..CLERK_PRINCIPALS].iter().map(|c| &c.principal))
            .chain([&courier])
            .collect();
        fund(&mut client, &everybody)?;

        let asset = match charter.asset {
            Asset::Native => None,
            Asset::Foreign(artifact, arguments) => {
                let mut code = agentcity_solidity::load(artifact)?.creation_code()?;
                code.extend(
                    arguments
                        .iter()
                        .flat_map(|word| U256::from(*word).to_be_bytes::<32>()),
                );
                Some(client.create_as(&minter().signer, U256::ZERO, code.into(), artifact)?)
            }
            Asset::Token => {
                let token = program::load(program::TOKEN_PROGRAM)?;
                let arguments = program::token_arguments(minter().address());
                let plan = Plan::new(&token, Some(&arguments), U256::ZERO, DEFAULT_SALT)?;
                let applied = runtime.block_on(agentcity_deploy::apply(&provider, &plan, founder));
                applied.map_err(|error| ProgramError::from(Box::new(error)))?;
                Some(plan.address)
            }
        };
        let genesis = Genesis {
            mandate: keccak256("Agents legislate, software executes, humans adjudicate."),
            asset,
            unit_scale: U256::from(DEFAULT_UNIT_SCALE),
            adjudicators: adjudicators.iter().map(Person::address).collect(),
            parameters: charter.parameters.clone(),
            clerks: clerks
                .iter()
                .enumerate()
                .map(|(role, clerk)| Clerk {
                    role: role as u8,
                    agent: clerk.agent.address(),
                    principal: clerk.principal.address(),
                })
                .collect(),
            signing_window_secs: DEFAULT_SIGNING_WINDOW_SECS,
        };

        let first = program::load(&program_name(Peer::Constitution))?;
        let plan = CityPlan::new::<RaiseError>(&genesis, &first, DEFAULT_SALT, |peer, home| {
            let program = program::load(&program_name(peer))?;
            let plan = city::plan::member(home, &program, salt(peer))?;
            Ok(Member::Program(Box::new(plan)))
        })?;
        let placed = runtime.block_on(city::place(&provider, &plan, founder))?;
        let founding = placed
            .iter()
            .map(|(peer, receipt)| (Step::Deploy(*peer), receipt.gas_used))
            .collect();
        Ok(Self {
            client,
            genesis,
            plan,
            adjudicators,
            seed,
            clerks,
            courier,
            founding,
            provider,
            runtime,
            node,
        })
    }

    /// The manifest of what stands there.
    pub fn manifest(&self) -> Result<GenesisManifest, RaiseError> {
        let read = city::manifest(&self.provider, &self.genesis, &self.plan);
        Ok(GenesisManifest {
            deadline: GOOD_UNTIL,
            ..self.runtime.block_on(read)?
        })
    }

    /// As many adjudicators as the seal needs: two thirds, rounded up.
    pub const fn needed(&self) -> usize {
        (2 * self.adjudicators.len()).div_ceil(3)
    }

    /// Signatures of the first `count` adjudicators over a manifest.
    pub fn sign(&self, manifest: &GenesisManifest, count: usize) -> Vec<Signed> {
        let constitution = self.plan.constitution.address;
        let digest = city::digest(manifest, self.client.chain_id(), constitution);
        let sign = |person: &Person| Signed {
            signer: person.address(),
            signature: person.sign(digest),
        };
        self.adjudicators.iter().take(count).map(sign).collect()
    }

    /// Relays a seal; by nobody in particular. False when it was sealed before.
    pub fn seal(
        &mut self,
        manifest: &GenesisManifest,
        signatures: Vec<Signed>,
    ) -> Result<bool, CityError> {
        let constitution = self.plan.constitution.address;
        let relayed = self.runtime.block_on(city::seal(
            &self.provider,
            constitution,
            manifest,
            signatures,
            founder().address(),
        ))?;
        self.founding
            .extend(relayed.iter().map(|receipt| (Step::Seal, receipt.gas_used)));
        Ok(relayed.is_some())
    }

    /// Lets every member learn its peers. Says how many did not know them.
    pub fn wire(&mut self) -> Result<usize, CityError> {
        let relayed =
            self.runtime
                .block_on(city::wire(&self.provider, &self.plan, founder().address()))?;
        let steps = relayed
            .iter()
            .map(|(peer, receipt)| (Step::Wire(*peer), receipt.gas_used));
        self.founding.extend(steps);
        Ok(relayed.len())
    }
}

impl City {
    /// Raises a city on a new devnode.
    pub fn raise(charter: &Charter) -> Result<Self, RaiseError> {
        let mut site = Site::prepare(charter)?;
        let manifest = site.manifest()?;
        let signatures = site.sign(&manifest, site.needed());
        site.seal(&manifest, signatures)?;
        site.wire()?;
        Ok(Self {
            client: site.client,
            seed: site.seed,
            genesis: site.genesis,
            plan: site.plan,
            manifest,
            founding: site.founding,
            adjudicators: site.adjudicators,
            clerks: site.clerks,
            courier: site.courier,
            turns: Turns::default(),
            node: site.node,
        })
    }

    /// Address of a member.
    pub fn address(&self, peer: Peer) -> Address {
        self.plan.address(peer)
    }

    /// What a member says to another, as if its program made the call: for inputs that no city comes to. Only a node that is not strict
    /// lets anybody do that.
    pub fn speak_as<C: SolCall>(
        &mut self,
        member: Peer,
        to: Peer,
        call: &C,
    ) -> Result<Outcome, CallError> {
        let (from, to) = (self.address(member), self.address(to));
        self.client.send_as(from, to, call)
    }

    /// A new person of the city with coins.
    pub fn person(&mut self, name: &str) -> Result<Person, RaiseError> {
        let person = Person::new(self.seed, name);
        fund(&mut self.client, &[&person])?;
        Ok(person)
    }

    /// A contract of the fixtures, created by somebody.
    pub fn contract(
        &mut self,
        by: &Person,
        artifact: &str,
        arguments: &[u8],
    ) -> Result<Address, RaiseError> {
        let mut code = agentcity_solidity::load(artifact)?.creation_code()?;
        code.extend(arguments);
        Ok(self.client.create(by, code.into())?)
    }

    /// New people of one office with coins.
    pub fn people(&mut self, office: &str, count: usize) -> Result<Vec<Person>, RaiseError> {
        let people = Person::many(self.seed, office, count);
        fund(&mut self.client, &people.iter().collect::<Vec<_>>())?;
        Ok(people)
    }
}

/// A clerk for each office. Their principals take turns.
fn clerks(seed: u64) -> Vec<ClerkPair> {
    let principals = Person::many(seed, "clerks' principal", CLERK_PRINCIPALS);
    let pairs = ClerkRole::ALL.iter().zip(principals.iter().cycle());
    pairs
        .map(|(role, principal)| ClerkPair {
            agent: Person::new(seed, role.name().to_lowercase()),
            principal: principal.clone(),
        })
        .collect()
}

/// Who deploys: nobody in particular, and without any power afterwards.
fn founder() -> &'static Actor {
    Actor::named("peggy")
}

/// Who mints the settlement token of a city that pays in one.
pub fn minter() -> &'static Actor {
    Actor::named("olivia")
}

/// Gives each a purse; all transfers are under way before the first is waited for.
pub(crate) fn fund(client: &mut Client, people: &[&Person]) -> Result<(), RaiseError> {
    let purse = parse_ether(PURSE_ETHER).expect("a constant");
    let bank = &Actor::named("alice").signer;
    let mut sent = Vec::with_capacity(people.len());
    for person in people {
        let what = format!("a purse for {}", person.name);
        sent.push(client.launch(bank, person.address(), purse, Bytes::new(), what)?);
    }
    for sent in sent {
        client.land(sent)?;
    }
    Ok(())
}

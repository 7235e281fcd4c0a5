//! Founding that may be stopped at any point and continued by running it again.
//!
//! Beside the address book lies a record of what was planned and of what was sent, each transaction written down before it
//! leaves. Every step first asks the chain whether it is done; then the record, whether it is under way. So nothing is done
//! twice, and a run with other inputs than the first is refused instead of leaving two halves of two cities.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use agentcity_abi::{IArbWasm, IConstitution, IConstitution::IConstitutionErrors, IStylusDeployer};
use agentcity_domain::peer::Peer;
use alloy::{
    eips::BlockNumberOrTag,
    network::EthereumWallet,
    primitives::{Address, B256, Bytes, TxHash, U256},
    providers::Provider,
    rpc::types::TransactionReceipt,
    sol_types::{SolCall, SolInterface},
    transports::{RpcError, TransportErrorKind},
};
use serde::{Deserialize, Serialize};

use super::{
    apply::{self, Signed},
    genesis::GenesisFile,
    plan::{CityPlan, Step},
    programs::{Programs, Provenance},
    signing::{ManifestFile, SignatureFile, SigningError},
};
use crate::{
    apply::{ApplyError, deployment_value, find, has_deployer},
    book::{self, Book, BookError, CityEntry, Entry},
    chain::{self, Activation},
    outbox::{Envelope, Fate, Outbox, OutboxError, Trace},
    plan,
};

/// Version of the record; another is not continued.
const VERSION: u32 = 1;

/// What is founded, and where it is written down.
#[derive(Debug, Clone, Copy)]
pub struct Founding<'a> {
    /// What the founders decided.
    pub file: &'a GenesisFile,
    /// The build.
    pub programs: &'a Programs,
    /// What follows from both.
    pub plan: &'a CityPlan,
    /// The city's salt.
    pub salt: B256,
    /// Folder of address books.
    pub dir: &'a Path,
    /// Name of the city in its book.
    pub name: &'a str,
    /// Makes a new manifest where the old one's time is over; its signatures are worth nothing then.
    pub renew: bool,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum File {
    /// The record of this founding: before a step is sent, or for what is kept besides.
    Record(Option<Step>),
    /// The manifest, for those who sign.
    Manifest,
    /// The address book.
    Book,
    /// How the programs were built.
    Build,
}

/// Where a founding stands: what people watch, and where tests stop it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// A step was found done.
    Found(Step),
    /// A file is about to be written.
    BeforeWrite(File),
    /// It is written.
    AfterWrite(File),
    /// A transaction is written down and about to leave.
    BeforeSend(Step),
    /// It left.
    AfterSend(Step),
    /// It is in a block, for so much gas.
    Confirmed(Step, u64),
}

/// Is told every point; what it breaks off is stopped there.
pub type Watch<'a> = &'a mut dyn FnMut(Point) -> ControlFlow<()>;

/// How far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Every contract is there; the manifest waits for signatures.
    Unsigned {
        /// The manifest.
        manifest: Box<ManifestFile>,
        /// Its file.
        path: PathBuf,
        /// Who signed.
        signed: Vec<Address>,
    },
    /// The city is sealed and wired.
    Founded {
        /// The address book.
        book: PathBuf,
    },
}

/// What a founding did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founded {
    /// How far it came.
    pub standing: Standing,
    /// Transactions of this run by their steps, with their gas.
    pub sent: Vec<(Step, TxHash, u64)>,
}

/// Why a city is not founded. Running the same again goes on where it was.
#[derive(Debug, thiserror::Error)]
pub enum FoundError {
    /// The node did not answer, or refused.
    #[error("asking the node failed: {0}")]
    Rpc(#[from] RpcError<TransportErrorKind>),
    /// The chain has no factory, or a fee cannot be asked for.
    #[error(transparent)]
    Apply(#[from] Box<ApplyError>),
    /// A contract refused.
    #[error("{step} was refused")]
    Refused {
        /// What was tried.
        step: Step,
        /// What it said.
        data: Bytes,
    },
    /// A transaction could not be sent or was not seen again.
    #[error("{step}: {source}")]
    Outbox {
        /// What was tried.
        step: Step,
        /// Why.
        source: Box<OutboxError>,
    },
    /// A transaction is in a block and failed.
    #[error(
        "{step}: transaction {hash} failed in block {block:?}: run the same again, it asks what changed"
    )]
    Failed {
        /// What was tried.
        step: Step,
        /// The transaction.
        hash: TxHash,
        /// Its block.
        block: Option<u64>,
    },
    /// A founding of this name was begun with something else.
    #[error("{} was begun with other inputs: {}", path.display(), differences.join("; "))]
    OtherInputs {
        /// The record.
        path: PathBuf,
        /// What differs.
        differences: Vec<String>,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no record.
    #[error("{} is no record of a founding ({source}): move it away; what is on the chain is found again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A signature does not count, or the manifest's time is over.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The address book cannot be used.
    #[error(transparent)]
    Book(#[from] BookError),
    /// A member of the plan is no program of it.
    #[error("the plan has members that it does not deploy")]
    GivenMembers,
    /// The constitution wants other bytes signed.
    #[error(transparent)]
    City(#[from] Box<apply::CityError>),
    /// The watcher broke it off.
    #[error("stopped")]
    Stopped,
}

/// What was planned and what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u32,
    planned: Planned,
    /// Last second of the manifest that was given out.
    deadline: Option<u64>,
    signatures: Vec<Signed>,
    sent: Vec<SentStep>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    chain_id: u64,
    genesis: B256,
    salt: B256,
    members: BTreeMap<String, PlannedMember>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedMember {
    address: Address,
    codehash: B256,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SentStep {
    step: String,
    envelope: Envelope,
}

/// How a city's programs were built, for whoever builds them again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildNote {
    /// Compiler, commit, optimiser.
    pub provenance: Provenance,
    /// Hash of the founders' decisions.
    pub genesis: B256,
    /// The city's salt.
    pub salt: B256,
    /// Programs by their members' names.
    pub programs: BTreeMap<String, BuiltProgram>,
}

/// One program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuiltProgram {
    /// SHA-256 of the module.
    pub wasm_sha256: String,
    /// keccak256 of the code on chain.
    pub codehash: B256,
}

impl Founding<'_> {
    /// Where the record lies.
    pub fn record_path(&self, chain_id: u64) -> PathBuf {
        self.beside(chain_id, "founding")
    }

    /// Where the manifest lies that is to be signed.
    pub fn manifest_path(&self, chain_id: u64) -> PathBuf {
        self.beside(chain_id, "manifest")
    }

    /// Where the note of the build lies.
    pub fn build_path(&self, chain_id: u64) -> PathBuf {
        self.beside(chain_id, "build")
    }

    fn beside(&self, chain_id: u64, what: &str) -> PathBuf {
        self.dir
            .join(format!("{chain_id}.{}.{what}.json", self.name))
    }

    fn planned(&self, chain_id: u64) -> Planned {
        let members = self.plan.programs().map(|(peer, plan)| {
            let member = PlannedMember {
                address: plan.address,
                codehash: plan.codehash,
            };
            (peer.name().to_owned(), member)
        });
        Planned {
            chain_id,
            genesis: self.file.genesis.digest(),
            salt: self.salt,
            members: members.collect(),
        }
    }

    /// How the programs were built.
    pub fn build_note(&self) -> BuildNote {
        let sums = self.programs.sha256();
        let programs = self.plan.programs().map(|(peer, plan)| {
            let built = BuiltProgram {
                wasm_sha256: sums.get(peer.name()).cloned().unwrap_or_default(),
                codehash: plan.codehash,
            };
            (peer.name().to_owned(), built)
        });
        BuildNote {
            provenance: self.programs.provenance.clone(),
            genesis: self.file.genesis.digest(),
            salt: self.salt,
            programs: programs.collect(),
        }
    }
}

impl Planned {
    /// What differs between what was planned and what is planned now.
    fn differences(&self, now: &Self) -> Vec<String> {
        let mut told = Vec::new();
        let mut compare = |what: &str, then: &dyn fmt::Display, now: &dyn fmt::Display| {
            let (then, now) = (then.to_string(), now.to_string());
            if then != now {
                told.push(format!("{what} was {then}, now it is {now}"));
            }
        };
        compare("the chain", &self.chain_id, &now.chain_id);
        compare("the genesis", &self.genesis, &now.genesis);
        compare("the salt", &self.salt, &now.salt);
        for (name, member) in &now.members {
            if let Some(then) = self.members.get(name) {
                compare(
                    &format!("the code of {name}"),
                    &then.codehash,
                    &member.codehash,
                );
            }
        }
        if told.is_empty() && self != now {
            told.push("the addresses that follow from both are others".to_owned());
        }
        told
    }
}

/// Founds a city as far as it can: deploys, hands out the manifest, and with enough signatures seals and wires.
pub async fn found<P: Provider>(
    provider: &P,
    wallet: &EthereumWallet,
    founding: &Founding<'_>,
    given: &[SignatureFile],
    watch: Watch<'_>,
) -> Result<Founded, FoundError> {
    has_deployer(provider).await.map_err(Box::new)?;
    let chain_id = provider.get_chain_id().await?;
    let mut run = Run {
        outbox: Outbox::new(provider, wallet).await?,
        founding,
        chain_id,
        record: open(founding, chain_id)?,
        sent: Vec::new(),
        watch,
    };
    let standing = run.go(given).await?;
    Ok(Founded {
        standing,
        sent: run.sent,
    })
}

/// The record of a run before, or a new one.
fn open(founding: &Founding<'_>, chain_id: u64) -> Result<Record, FoundError> {
    let path = founding.record_path(chain_id);
    let planned = founding.planned(chain_id);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Record {
                version: VERSION,
                planned,
                deadline: None,
                signatures: Vec::new(),
                sent: Vec::new(),
            });
        }
        Err(source) => return Err(FoundError::File { path, source }),
    };
    let record: Record = match serde_json::from_slice(&text) {
        Ok(record) => record,
        Err(source) => return Err(FoundError::Damaged { path, source }),
    };
    let mut differences = record.planned.differences(&planned);
    if record.version != VERSION {
        differences.push(format!(
            "the record has version {}, not {VERSION}",
            record.version
        ));
    }
    if differences.is_empty() {
        Ok(record)
    } else {
        Err(FoundError::OtherInputs { path, differences })
    }
}

struct Run<'a, P> {
    outbox: Outbox<'a, P>,
    founding: &'a Founding<'a>,
    chain_id: u64,
    record: Record,
    sent: Vec<(Step, TxHash, u64)>,
    watch: Watch<'a>,
}

/// A call that a step makes.
struct Call {
    to: Address,
    value: U256,
    input: Bytes,
}

impl<P: Provider> Run<'_, P> {
    async fn go(&mut self, given: &[SignatureFile]) -> Result<Standing, FoundError> {
        let plan = self.founding.plan;
        for (peer, _) in plan.programs() {
            self.deploy(peer).await?;
        }
        self.write_build()?;
        let book = self.write_book().await?;
        if self.is_sealed().await? {
            self.reach(Point::Found(Step::Seal))?;
        } else {
            let manifest = self.manifest().await?;
            let signatures = self.collect(&manifest, given)?;
            if signatures.signatures.len() < manifest.needed() {
                let signed = signatures.signatures.iter().map(|s| s.signer).collect();
                return Ok(Standing::Unsigned {
                    path: self.founding.manifest_path(self.chain_id),
                    manifest: Box::new(manifest),
                    signed,
                });
            }
            self.seal(&manifest, signatures).await?;
        }
        for (peer, _) in plan.programs().skip(1) {
            self.wire(peer).await?;
        }
        Ok(Standing::Founded { book })
    }

    fn reach(&mut self, point: Point) -> Result<(), FoundError> {
        match (self.watch)(point) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(FoundError::Stopped),
        }
    }

    /// Writes a file, whole or not at all.
    fn write(&mut self, what: File, path: &Path, value: &impl Serialize) -> Result<(), FoundError> {
        self.reach(Point::BeforeWrite(what))?;
        book::write(path, value)?;
        self.reach(Point::AfterWrite(what))
    }

    fn write_record(&mut self, of: Option<Step>) -> Result<(), FoundError> {
        let path = self.founding.record_path(self.chain_id);
        let record = self.record.clone();
        self.write(File::Record(of), &path, &record)
    }

    fn write_build(&mut self) -> Result<(), FoundError> {
        let path = self.founding.build_path(self.chain_id);
        let note = self.founding.build_note();
        self.write(File::Build, &path, &note)
    }

    async fn write_book(&mut self) -> Result<PathBuf, FoundError> {
        let mut members = BTreeMap::new();
        for (peer, plan) in self.founding.plan.programs() {
            let version = match self.activation(plan.codehash).await? {
                Activation::Active { version } => version,
                // It was activated a moment ago; what it is by now, `verify` tells.
                _ => 0,
            };
            let entry = Entry {
                address: plan.address,
                codehash: plan.codehash,
                version,
            };
            members.insert(peer.name().to_owned(), entry);
        }
        let mut book = Book::load(self.founding.dir, self.chain_id)?;
        let constitution = self.founding.plan.constitution.address;
        let before = book.cities.get(self.founding.name);
        let known = before.filter(|city| city.constitution == constitution);
        let first_block = match known.and_then(|city| city.first_block) {
            Some(block) => Some(block),
            None => self.first_block(constitution).await?,
        };
        let city = CityEntry {
            constitution,
            first_block,
            members,
        };
        book.cities.insert(self.founding.name.to_owned(), city);
        self.reach(Point::BeforeWrite(File::Book))?;
        let path = book.save(self.founding.dir)?;
        self.reach(Point::AfterWrite(File::Book))?;
        Ok(path)
    }

    /// The block that brought the constitution: that of our own transaction where it was ours, which every node knows; otherwise
    /// what is found on the chain.
    async fn first_block(&self, constitution: Address) -> Result<Option<u64>, FoundError> {
        let name = Step::Deploy(Peer::Constitution).to_string();
        let provider = self.outbox.provider;
        if let Some(sent) = self.record.sent.iter().rfind(|sent| sent.step == name) {
            let receipt = provider.get_transaction_receipt(sent.envelope.hash).await?;
            let done = receipt.filter(TransactionReceipt::status);
            if let Some(block) = done.and_then(|receipt| receipt.block_number) {
                return Ok(Some(block));
            }
        }
        Ok(chain::first_block(provider, constitution).await?)
    }

    async fn activation(&self, codehash: B256) -> Result<Activation, FoundError> {
        let asked = chain::activation(self.outbox.provider, &self.outbox.traits, codehash).await;
        asked.map_err(|source| {
            let what = "the version of the code";
            FoundError::Apply(Box::new(ApplyError::Call { what, source }))
        })
    }

    /// Carries a step out, once. `call` is made only when nothing of it is under way.
    async fn carry_out(
        &mut self,
        step: Step,
        call: impl AsyncFnOnce(&Outbox<'_, P>) -> Result<Call, FoundError>,
    ) -> Result<(), FoundError> {
        let name = step.to_string();
        let under_way = |error| failed(step, error);
        let before = self.record.sent.iter().rposition(|sent| sent.step == name);
        let mut envelope = before.map(|place| self.record.sent[place].envelope.clone());
        let mut trace = match &envelope {
            Some(envelope) => self.outbox.recall(envelope).await.map_err(under_way)?,
            None => Trace::Unsent,
        };
        if let Trace::Ended(Fate::Failed(_) | Fate::Void) = trace {
            // It did nothing: the step is tried anew.
            self.record.sent.retain(|sent| sent.step != name);
            envelope = None;
            trace = Trace::Unsent;
        }
        if let (Trace::Unsent, Some(written)) = (&trace, &envelope) {
            self.reach(Point::BeforeSend(step))?;
            if self.outbox.send(written).await.is_ok() {
                trace = Trace::OnItsWay;
                self.reach(Point::AfterSend(step))?;
            } else {
                // The price rose since, for one. A new one takes the same place, so that only one of the two can count.
                self.record.sent.retain(|sent| sent.step != name);
                envelope = None;
            }
        }
        let envelope = match envelope {
            Some(envelope) => envelope,
            None => {
                let call = call(&self.outbox).await?;
                let signed = self.outbox.sign(call.to, call.value, call.input).await;
                let envelope = signed.map_err(under_way)?;
                self.record.sent.push(SentStep {
                    step: name,
                    envelope: envelope.clone(),
                });
                self.write_record(Some(step))?;
                envelope
            }
        };
        if matches!(trace, Trace::Unsent) {
            self.reach(Point::BeforeSend(step))?;
            self.outbox.send(&envelope).await.map_err(under_way)?;
            self.reach(Point::AfterSend(step))?;
        }
        let fate = match trace {
            Trace::Ended(fate) => fate,
            Trace::OnItsWay | Trace::Unsent => {
                self.outbox.wait(&envelope).await.map_err(under_way)?
            }
        };
        let block = match fate {
            Fate::Done(receipt) => return self.confirmed(step, envelope.hash, receipt.gas_used),
            Fate::Failed(block) => block,
            Fate::Void => None,
        };
        Err(FoundError::Failed {
            step,
            hash: envelope.hash,
            block,
        })
    }

    fn confirmed(&mut self, step: Step, hash: TxHash, gas: u64) -> Result<(), FoundError> {
        self.sent.push((step, hash, gas));
        self.reach(Point::Confirmed(step, gas))
    }

    /// Creates, activates and constructs a member; activates it where only that is missing.
    async fn deploy(&mut self, peer: Peer) -> Result<(), FoundError> {
        let step = Step::Deploy(peer);
        let program = self.founding.plan.program(peer);
        let program = program.ok_or(FoundError::GivenMembers)?;
        let found = find(self.outbox.provider, program).await;
        let found = found.map_err(Box::new)?;
        match program.steps(found).first() {
            None => self.reach(Point::Found(step)),
            Some(plan::Step::Deploy { activates }) => {
                let activates = *activates;
                self.carry_out(step, async |outbox| {
                    let value =
                        deployment_value(outbox.provider, program, outbox.sender, activates);
                    let call = IStylusDeployer::deployCall {
                        bytecode: program.initcode.clone(),
                        initData: program.init_data.clone(),
                        initValue: program.init_value,
                        salt: program.salt,
                    };
                    Ok(Call {
                        to: outbox.traits.deployer,
                        value: value.await.map_err(Box::new)?,
                        input: call.abi_encode().into(),
                    })
                })
                .await
            }
            Some(plan::Step::Activate) => {
                // The transaction that created it is done; this is another.
                let name = step.to_string();
                self.record.sent.retain(|sent| sent.step != name);
                self.carry_out(step, async |outbox| {
                    let fee =
                        crate::apply::quote(outbox.provider, program.address, None, outbox.sender);
                    let call = IArbWasm::activateProgramCall {
                        program: program.address,
                    };
                    Ok(Call {
                        to: outbox.traits.arb_wasm,
                        value: outbox.traits.with_margin(fee.await.map_err(Box::new)?),
                        input: call.abi_encode().into(),
                    })
                })
                .await
            }
        }
    }

    async fn is_sealed(&self) -> Result<bool, FoundError> {
        let city = self.founding.plan.constitution.address;
        let contract = IConstitution::new(city, self.outbox.provider);
        let asked = contract.isSealed().call().await;
        asked.map_err(|source| {
            let what = "the question whether it is sealed";
            FoundError::Apply(Box::new(ApplyError::Call { what, source }))
        })
    }

    async fn now(&self) -> Result<u64, FoundError> {
        let block = self.outbox.provider;
        let block = block.get_block_by_number(BlockNumberOrTag::Latest).await?;
        Ok(block.map_or(0, |block| block.header.timestamp))
    }

    /// The manifest that was given out, or a new one.
    async fn manifest(&mut self) -> Result<ManifestFile, FoundError> {
        let now = self.now().await?;
        let genesis = &self.founding.file.genesis;
        let is_over = self.record.deadline.is_some_and(|deadline| now > deadline);
        if self.record.deadline.is_none() || (is_over && self.founding.renew) {
            self.record.deadline = Some(now.saturating_add(genesis.signing_window_secs));
            self.record.signatures.clear();
            self.write_record(None)?;
        }
        let deadline = self.record.deadline.unwrap_or_default();
        let manifest = self.founding.plan.manifest(genesis, deadline);
        let file = ManifestFile {
            manifest: manifest.ok_or(FoundError::GivenMembers)?,
            chain_id: self.chain_id,
            constitution: self.founding.plan.constitution.address,
        };
        file.in_time(now)?;
        let path = self.founding.manifest_path(self.chain_id);
        self.write(File::Manifest, &path, &file.to_json())?;
        Ok(file)
    }

    /// All good signatures so far, these included.
    fn collect(
        &mut self,
        manifest: &ManifestFile,
        given: &[SignatureFile],
    ) -> Result<SignatureFile, FoundError> {
        let kept = SignatureFile {
            digest: manifest.digest(),
            signatures: self.record.signatures.clone(),
        };
        let merged = manifest.merge(std::iter::once(&kept).chain(given))?;
        if merged.signatures != self.record.signatures {
            self.record.signatures = merged.signatures.clone();
            self.write_record(None)?;
        }
        Ok(merged)
    }

    async fn seal(
        &mut self,
        manifest: &ManifestFile,
        signatures: SignatureFile,
    ) -> Result<(), FoundError> {
        let city = manifest.constitution;
        let contract = IConstitution::new(city, self.outbox.provider);
        let agreed = apply::check_digest(&contract, &manifest.manifest).await;
        agreed.map_err(Box::new)?;
        let call = IConstitution::sealCall {
            manifest: manifest.manifest.clone(),
            signatures: signatures
                .signatures
                .into_iter()
                .map(|signed| signed.signature)
                .collect(),
        };
        self.carry_out(Step::Seal, async |_| {
            Ok(Call {
                to: city,
                value: U256::ZERO,
                input: call.abi_encode().into(),
            })
        })
        .await
    }

    async fn wire(&mut self, peer: Peer) -> Result<(), FoundError> {
        let step = Step::Wire(peer);
        let member = self.founding.plan.address(peer);
        if apply::is_wired(self.outbox.provider, member).await? {
            return self.reach(Point::Found(step));
        }
        self.carry_out(step, async |_| {
            Ok(Call {
                to: member,
                value: U256::ZERO,
                input: apply::Wired::wireCall {}.abi_encode().into(),
            })
        })
        .await
    }
}

/// What a failed step means: a contract's word, if it was one that refused.
fn failed(step: Step, source: OutboxError) -> FoundError {
    if let OutboxError::Rpc(RpcError::ErrorResp(answer)) = &source
        && let Some(data) = answer.as_revert_data()
    {
        return FoundError::Refused { step, data };
    }
    let source = Box::new(source);
    FoundError::Outbox { step, source }
}

impl FoundError {
    /// What the constitution said, if it was that which refused.
    pub fn refusal(&self) -> Option<IConstitutionErrors> {
        match self {
            Self::Refused { data, .. } => IConstitutionErrors::abi_decode(data).ok(),
            _ => None,
        }
    }
}

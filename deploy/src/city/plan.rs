//! Where the members of a city will be, computed without a chain.

use std::fmt;

use agentcity_abi::{IConstitution::GenesisManifest, IConstitution::Member as Listed};
use agentcity_domain::peer::Peer;
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolValue,
};

use super::{
    genesis::{Genesis, GenesisFile},
    programs::Programs,
};
use crate::{
    artifact::Artifact,
    plan::{Plan, PlanError},
};

/// One member besides the constitution.
#[derive(Debug, Clone)]
pub enum Member {
    /// A program that is deployed with the city.
    Program(Box<Plan>),
    /// A contract that is there already.
    Given(Address),
}

impl Member {
    /// Where it is or will be.
    pub fn address(&self) -> Address {
        match self {
            Self::Program(plan) => plan.address,
            Self::Given(address) => *address,
        }
    }
}

/// The contracts of one city.
#[derive(Debug, Clone)]
pub struct CityPlan {
    /// Rules Hub; the address of the city.
    pub constitution: Plan,
    /// The thirteen others, in the order of their peers.
    pub members: Vec<(Peer, Member)>,
}

/// The plan of a city's constitution: its address is the city's, and the others are constructed with it.
pub fn constitution(genesis: &Genesis, artifact: &Artifact, salt: B256) -> Result<Plan, PlanError> {
    let arguments = (
        genesis.mandate,
        genesis.asset.unwrap_or_default(),
        genesis.unit_scale,
        genesis.adjudicators.clone(),
    )
        .abi_encode_params();
    Plan::new(artifact, Some(&arguments), U256::ZERO, salt)
}

/// The plan of a member that is a program.
pub fn member(constitution: Address, artifact: &Artifact, salt: B256) -> Result<Plan, PlanError> {
    Plan::new(artifact, Some(&constitution.abi_encode()), U256::ZERO, salt)
}

impl CityPlan {
    /// Plans every member; `supply` says what stands at each place, given the constitution's address.
    pub fn new<E: From<PlanError>>(
        genesis: &Genesis,
        artifact: &Artifact,
        salt: B256,
        mut supply: impl FnMut(Peer, Address) -> Result<Member, E>,
    ) -> Result<Self, E> {
        let constitution = constitution(genesis, artifact, salt)?;
        let members = Peer::ALL[1..]
            .iter()
            .map(|peer| Ok((*peer, supply(*peer, constitution.address)?)))
            .collect::<Result<_, E>>()?;
        Ok(Self {
            constitution,
            members,
        })
    }

    /// Address of a member.
    pub fn address(&self, peer: Peer) -> Address {
        self.addresses()[peer.place()]
    }

    /// All addresses, by peer.
    pub fn addresses(&self) -> [Address; Peer::COUNT] {
        let mut all = [self.constitution.address; Peer::COUNT];
        for (peer, member) in &self.members {
            all[peer.place()] = member.address();
        }
        all
    }
}

/// Why a city cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum CityPlanError {
    /// A program cannot be deployed.
    #[error("the program of {peer}: {source}")]
    Program {
        /// Which member.
        peer: &'static str,
        /// Why not.
        source: PlanError,
    },
    /// The founders agreed on other code.
    #[error(
        "the program of {peer} has code of hash {found}; the genesis file names {agreed}: build the version that was agreed on"
    )]
    OtherCode {
        /// Which member.
        peer: &'static str,
        /// What the file says.
        agreed: B256,
        /// What was built.
        found: B256,
    },
}

/// One thing that founding a city takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Create, activate and construct a member.
    Deploy(Peer),
    /// Two thirds of the adjudicators sign the manifest.
    Sign,
    /// Seal the city with their signatures.
    Seal,
    /// Let a member learn its peers.
    Wire(Peer),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deploy(peer) => write!(f, "deploy {}", peer.name()),
            Self::Sign => f.write_str("sign manifest"),
            Self::Seal => f.write_str("seal"),
            Self::Wire(peer) => write!(f, "wire {}", peer.name()),
        }
    }
}

/// A step with what is known of it beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedStep {
    /// What is done.
    pub step: Step,
    /// The contract that it makes or calls.
    pub at: Address,
    /// Gas that it takes, about; none for what is no transaction.
    pub gas: u64,
}

/// What founding a city costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// Gas of all transactions, about.
    pub gas: u64,
    /// That at the given price, in wei.
    pub gas_fee: U256,
    /// Data fees of all activations, in wei.
    pub data_fee: U256,
}

/// Gas of estimates: what a transaction, a byte of call data, a byte of code, and an activation cost on Arbitrum at least.
mod gas {
    pub(super) const TRANSACTION: u64 = 21_000;
    pub(super) const CREATION: u64 = 32_000;
    pub(super) const CALL_BYTE: u64 = 16;
    pub(super) const CODE_BYTE: u64 = 200;
    /// Of activation, whatever the module.
    pub(super) const ACTIVATION: u64 = 1_659_168;
    /// Measured on the devnode (`gas/foundations.json`): constructors and the deployer's own work, the seal, one wiring.
    pub(super) const CONSTRUCTION: u64 = 250_000;
    pub(super) const SEAL: u64 = 900_000;
    pub(super) const WIRING: u64 = 420_000;
}

impl CityPlan {
    /// The plan of a city whose members are all programs of one build. The same inputs give the same plan, byte for byte.
    ///
    /// Each member's salt is the city's plus its place, so that members with the same code differ.
    pub fn of_programs(
        file: &GenesisFile,
        programs: &Programs,
        salt: B256,
    ) -> Result<Self, CityPlanError> {
        let named = |peer: Peer| {
            move |source| CityPlanError::Program {
                peer: peer.name(),
                source,
            }
        };
        let first = Peer::Constitution;
        let constitution =
            constitution(&file.genesis, programs.artifact(first), salt).map_err(named(first))?;
        let members = Peer::ALL[1..]
            .iter()
            .map(|peer| {
                let salt = U256::from_be_bytes(salt.0).wrapping_add(U256::from(peer.place()));
                let plan = member(constitution.address, programs.artifact(*peer), salt.into());
                Ok((
                    *peer,
                    Member::Program(Box::new(plan.map_err(named(*peer))?)),
                ))
            })
            .collect::<Result<_, _>>()?;
        let plan = Self {
            constitution,
            members,
        };
        for (peer, agreed) in &file.codehashes {
            let found = plan.program(*peer).map_or(B256::ZERO, |plan| plan.codehash);
            if found != *agreed {
                return Err(CityPlanError::OtherCode {
                    peer: peer.name(),
                    agreed: *agreed,
                    found,
                });
            }
        }
        Ok(plan)
    }

    /// The plan of a member, if it is a program that is deployed with the city.
    pub fn program(&self, peer: Peer) -> Option<&Plan> {
        if peer == Peer::Constitution {
            return Some(&self.constitution);
        }
        self.members
            .iter()
            .find_map(|(other, member)| match member {
                Member::Program(plan) if *other == peer => Some(&**plan),
                _ => None,
            })
    }

    /// All members that are programs, in the order of their peers.
    pub fn programs(&self) -> impl Iterator<Item = (Peer, &Plan)> {
        Peer::ALL
            .into_iter()
            .filter_map(|peer| Some((peer, self.program(peer)?)))
    }

    /// What is done, in order.
    pub fn steps(&self) -> Vec<PlannedStep> {
        let city = self.constitution.address;
        let deploy = self.programs().map(|(peer, plan)| PlannedStep {
            step: Step::Deploy(peer),
            at: plan.address,
            gas: deployment_gas(plan),
        });
        let sign = PlannedStep {
            step: Step::Sign,
            at: city,
            gas: 0,
        };
        let seal = PlannedStep {
            step: Step::Seal,
            at: city,
            gas: gas::TRANSACTION + gas::SEAL,
        };
        let wire = self.programs().skip(1).map(|(peer, plan)| PlannedStep {
            step: Step::Wire(peer),
            at: plan.address,
            gas: gas::TRANSACTION + gas::WIRING,
        });
        deploy.chain([sign, seal]).chain(wire).collect()
    }

    /// What it costs, given what only the chain knows: the price of gas and the data fee of each activation, in wei.
    pub fn cost(&self, gas_price: u128, data_fees: &[U256]) -> Cost {
        let gas = self.steps().iter().map(|step| step.gas).sum();
        Cost {
            gas,
            gas_fee: U256::from(gas).saturating_mul(U256::from(gas_price)),
            data_fee: data_fees
                .iter()
                .fold(U256::ZERO, |sum, fee| sum.saturating_add(*fee)),
        }
    }

    /// The manifest as the chain will hold it once every program is there; nothing of it is asked.
    ///
    /// Units: `deadline` in unix seconds, inclusive. `None` for a city with members that are no programs of the plan: their code
    /// only the chain knows.
    pub fn manifest(&self, genesis: &Genesis, deadline: u64) -> Option<GenesisManifest> {
        let members = Peer::ALL[1..]
            .iter()
            .map(|peer| {
                let plan = self.program(*peer)?;
                Some(Listed {
                    peer: peer.place() as u8,
                    account: plan.address,
                    codehash: plan.codehash,
                })
            })
            .collect::<Option<_>>()?;
        Some(GenesisManifest {
            mandate: genesis.mandate,
            asset: genesis.asset.unwrap_or_default(),
            unitScale: genesis.unit_scale,
            members,
            parameters: genesis.parameter_values(),
            clerks: genesis.clerk_values(),
            adjudicators: genesis.adjudicators.clone(),
            deadline,
        })
    }

    /// A hash of every address and code of the plan.
    pub fn digest(&self) -> B256 {
        let words = self.programs().flat_map(|(_, plan)| {
            [
                plan.address.into_word(),
                plan.codehash,
                keccak256(&plan.init_data),
            ]
        });
        keccak256(words.collect::<Vec<_>>().concat())
    }
}

/// Gas of creating, activating and constructing a program, about.
fn deployment_gas(plan: &Plan) -> u64 {
    let bytes = (plan.initcode.len() + plan.init_data.len()) as u64;
    gas::TRANSACTION
        + gas::CREATION
        + gas::CALL_BYTE * bytes
        + gas::CODE_BYTE * plan.code.len() as u64
        + gas::ACTIVATION
        + gas::CONSTRUCTION
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{DEFAULT_SALT, tests::smallest};

    fn city(mandate: u8) -> CityPlan {
        let genesis = Genesis {
            mandate: B256::repeat_byte(mandate),
            ..Genesis::example()
        };
        CityPlan::new::<PlanError>(
            &genesis,
            &smallest().into(),
            DEFAULT_SALT,
            |peer, constitution| {
                Ok(match peer {
                    Peer::Treasury => Member::Given(Address::repeat_byte(9)),
                    _ => Member::Program(Box::new(member(
                        constitution,
                        &smallest().into(),
                        B256::with_last_byte(1 + peer.place() as u8),
                    )?)),
                })
            },
        )
        .unwrap()
    }

    #[test]
    fn another_mandate_is_another_city_at_all_its_addresses() {
        let (one, other) = (city(1).addresses(), city(2).addresses());
        for peer in Peer::ALL {
            let same = one[peer.place()] == other[peer.place()];
            assert_eq!(same, peer == Peer::Treasury, "{}", peer.name());
        }
        let distinct: std::collections::BTreeSet<_> = one.iter().collect();
        assert_eq!(distinct.len(), Peer::COUNT);
        assert_eq!(city(1).address(Peer::Treasury), Address::repeat_byte(9));
    }

    #[test]
    fn members_are_constructed_with_the_city_and_nothing_else() {
        let city = city(1);
        let (_, Member::Program(agent)) = &city.members[0] else {
            panic!("the agent contract is a program");
        };
        assert_eq!(
            agent.init_data[4..],
            city.constitution.address.abi_encode()[..]
        );
    }

    fn whole() -> CityPlan {
        let file = GenesisFile {
            genesis: Genesis::example(),
            codehashes: [].into(),
            templates: Vec::new(),
        };
        let programs = Programs::new(
            std::array::from_fn(|_| smallest().into()),
            Default::default(),
        );
        CityPlan::of_programs(&file, &programs, DEFAULT_SALT).unwrap()
    }

    #[test]
    fn the_same_inputs_give_the_same_plan() {
        assert_eq!(whole().digest(), whole().digest());
        assert_eq!(whole().steps(), whole().steps());
        let genesis = Genesis::example();
        assert_eq!(whole().manifest(&genesis, 9), whole().manifest(&genesis, 9));
        assert_ne!(city(1).digest(), city(2).digest());
    }

    #[test]
    fn a_city_takes_fourteen_deployments_signatures_a_seal_and_thirteen_wirings() {
        let steps = whole().steps();
        assert_eq!(steps.len(), 14 + 1 + 1 + 13);
        assert_eq!(steps[0].step, Step::Deploy(Peer::Constitution));
        assert_eq!(steps[14].step, Step::Sign);
        assert_eq!(steps[15].step, Step::Seal);
        assert_eq!(steps[28].step, Step::Wire(Peer::Roster));
        let cost = whole().cost(10, &[U256::from(3), U256::from(4)]);
        assert_eq!(cost.data_fee, U256::from(7));
        assert_eq!(cost.gas_fee, U256::from(cost.gas) * U256::from(10));
    }

    #[test]
    fn code_that_was_not_agreed_on_is_refused() {
        let file = GenesisFile {
            genesis: Genesis::example(),
            codehashes: [(Peer::Agent, B256::repeat_byte(1))].into(),
            templates: Vec::new(),
        };
        let programs = Programs::new(
            std::array::from_fn(|_| smallest().into()),
            Default::default(),
        );
        assert!(matches!(
            CityPlan::of_programs(&file, &programs, DEFAULT_SALT),
            Err(CityPlanError::OtherCode { peer: "agent", .. })
        ));
    }
}

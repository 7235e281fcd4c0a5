//! Where the members of a city will be, computed without a chain.

use agentcity_domain::peer::Peer;
use alloy::{
    primitives::{Address, B256, U256},
    sol_types::SolValue,
};

use super::genesis::Genesis;
use crate::plan::{Plan, PlanError};

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
pub fn constitution(genesis: &Genesis, wasm: &[u8], salt: B256) -> Result<Plan, PlanError> {
    let arguments = (
        genesis.mandate,
        genesis.asset.unwrap_or_default(),
        genesis.unit_scale,
        genesis.adjudicators.clone(),
    )
        .abi_encode_params();
    Plan::new(wasm, Some(&arguments), U256::ZERO, salt)
}

/// The plan of a member that is a program.
pub fn member(constitution: Address, wasm: &[u8], salt: B256) -> Result<Plan, PlanError> {
    Plan::new(wasm, Some(&constitution.abi_encode()), U256::ZERO, salt)
}

impl CityPlan {
    /// Plans every member; `supply` says what stands at each place, given the constitution's address.
    pub fn new<E: From<PlanError>>(
        genesis: &Genesis,
        wasm: &[u8],
        salt: B256,
        mut supply: impl FnMut(Peer, Address) -> Result<Member, E>,
    ) -> Result<Self, E> {
        let constitution = constitution(genesis, wasm, salt)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{DEFAULT_SALT, tests::smallest};

    fn city(mandate: u8) -> CityPlan {
        let genesis = Genesis {
            mandate: B256::repeat_byte(mandate),
            ..Genesis::example()
        };
        CityPlan::new::<PlanError>(&genesis, &smallest(), DEFAULT_SALT, |peer, constitution| {
            Ok(match peer {
                Peer::Treasury => Member::Given(Address::repeat_byte(9)),
                _ => Member::Program(Box::new(member(
                    constitution,
                    &smallest(),
                    B256::with_last_byte(1 + peer.place() as u8),
                )?)),
            })
        })
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
}

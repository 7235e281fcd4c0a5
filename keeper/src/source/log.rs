//! Logs of the city's contracts, and what they say.

use std::{collections::BTreeMap, fmt};

use agentcity_domain::peer::Peer;
use alloy::{
    primitives::{Address, B256, Bytes},
    sol_types::SolEventInterface,
};
use serde::{Deserialize, Serialize};

use crate::{event::Head, journal::Identity};

/// Most topics that a log has: the virtual machine knows no fifth.
pub const TOPICS_MAX: usize = 4;

/// A log, with its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Who told.
    pub address: Address,
    /// Which event, and its indexed fields.
    pub topics: Vec<B256>,
    /// Its other fields.
    pub data: Bytes,
    /// The block that holds it.
    pub at: Head,
    /// The transaction that made it.
    pub transaction: B256,
    /// Its place in the block.
    pub index: u64,
}

impl Log {
    /// What makes it the same log; `removed`: of its inverse.
    pub const fn identity(&self, removed: bool) -> Identity {
        Identity::Log {
            block: self.at.number,
            block_hash: self.at.hash,
            index: self.index,
            removed,
        }
    }
}

/// A log of a contract that its interface does not explain: of another version of the contract, or invented.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "log {index} of block {block} is no event of the {contract} contract as this keeper knows it: {cause}"
)]
pub struct Undecodable {
    /// Whose interface was asked.
    pub contract: Contract,
    /// Number of its block.
    pub block: u64,
    /// Its place in the block.
    pub index: u64,
    /// Why.
    pub cause: String,
}

macro_rules! contracts {
    ($($name:literal $variant:ident $interface:ident $events:ident;)*) => {
        /// The fourteen contracts of a city.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)]
        pub enum Contract { $($variant,)* }

        /// An event of one of them.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Told { $($variant(Box<agentcity_abi::$interface::$events>),)* }

        impl Contract {
            /// All of them.
            pub const ALL: [Self; 14] = [$(Self::$variant,)*];

            /// Its name, as files have it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its place in the city.
            pub const fn peer(self) -> Peer {
                match self { $(Self::$variant => Peer::$variant,)* }
            }

            /// The contract in a place of the city.
            pub const fn of(peer: Peer) -> Self {
                match peer { $(Peer::$variant => Self::$variant,)* }
            }

            fn told(self, log: &Log) -> Result<Told, alloy::sol_types::Error> {
                match self {
                    $(Self::$variant => {
                        agentcity_abi::$interface::$events::decode_raw_log(&log.topics, &log.data)
                            .map(Box::new)
                            .map(Told::$variant)
                    })*
                }
            }
        }
    };
}

contracts! {
    "adjudication" Adjudication IAdjudication IAdjudicationEvents;
    "agent" Agent IAgent IAgentEvents;
    "assembly" Assembly IAssembly IAssemblyEvents;
    "collaboration" Collaboration ICollaboration ICollaborationEvents;
    "constitution" Constitution IConstitution IConstitutionEvents;
    "enactment" Enactment IEnactment IEnactmentEvents;
    "guardian" Guardian IGuardian IGuardianEvents;
    "legislature" Legislature ILegislature ILegislatureEvents;
    "management" Management IManagement IManagementEvents;
    "roster" Roster IRoster IRosterEvents;
    "service" Service IService IServiceEvents;
    "statute" Statute IStatute IStatuteEvents;
    "treasury" Treasury ITreasury ITreasuryEvents;
    "verification" Verification IVerification IVerificationEvents;
}

impl Contract {
    /// What a log of this contract says.
    ///
    /// Errors: [`Undecodable`].
    pub fn decode(self, log: &Log) -> Result<Told, Undecodable> {
        self.told(log).map_err(|error| Undecodable {
            contract: self,
            block: log.at.number,
            index: log.index,
            cause: error.to_string(),
        })
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the contracts of one city are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct City(BTreeMap<Address, Contract>);

impl City {
    /// From contract to address. One address is one contract: the last that names it.
    pub fn new(members: impl IntoIterator<Item = (Contract, Address)>) -> Self {
        Self(members.into_iter().map(|(c, a)| (a, c)).collect())
    }

    /// All addresses, ascending.
    pub fn addresses(&self) -> Vec<Address> {
        self.0.keys().copied().collect()
    }

    /// Which contract is at `address`.
    pub fn at(&self, address: Address) -> Option<Contract> {
        self.0.get(&address).copied()
    }

    /// What a log says; `None` for one of no contract of this city.
    ///
    /// Errors: [`Undecodable`].
    pub fn decode(&self, log: &Log) -> Option<Result<Told, Undecodable>> {
        Some(self.at(log.address)?.decode(log))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agentcity_abi::{IGuardian, IService, ITreasury, JSON};
    use agentcity_domain::time::Timestamp;
    use alloy::{primitives::keccak256, sol_types::SolEvent};

    fn log(topics: Vec<B256>, data: Bytes) -> Log {
        Log {
            address: Address::repeat_byte(1),
            topics,
            data,
            at: Head {
                number: 7,
                hash: B256::repeat_byte(7),
                time: Timestamp::new(70),
            },
            transaction: B256::repeat_byte(9),
            index: 3,
        }
    }

    #[test]
    fn a_log_says_what_its_contract_told() {
        let deprecated = IService::ServiceDeprecated {
            service: B256::repeat_byte(5),
            owner: Address::repeat_byte(6),
            at: 99,
        };
        let data = deprecated.encode_log_data();
        let log = log(data.topics().to_vec(), data.data.clone());
        let city = City::new([(Contract::Service, Address::repeat_byte(1))]);
        let Some(Ok(Told::Service(told))) = city.decode(&log) else {
            panic!("{:?}", city.decode(&log));
        };
        assert_eq!(
            *told,
            IService::IServiceEvents::ServiceDeprecated(deprecated)
        );
        let text = serde_json::to_string(&log).expect("JSON");
        assert_eq!(serde_json::from_str::<Log>(&text).expect("its own"), log);
    }

    #[test]
    fn a_log_of_nobody_is_none_and_one_of_another_interface_is_refused() {
        let empty = log(vec![IGuardian::Wired::SIGNATURE_HASH], Bytes::new());
        assert!(City::default().decode(&empty).is_none());
        let foreign = log(vec![keccak256("Foreign()")], Bytes::new());
        for bad in [&empty, &foreign, &log(Vec::new(), Bytes::new())] {
            let refused = Contract::Guardian.decode(bad).expect_err("no event");
            let text = refused.to_string();
            assert!(
                text.contains("log 3 of block 7 is no event of the guardian"),
                "{text}"
            );
        }
    }

    #[test]
    fn every_event_of_every_contract_has_a_place() {
        for contract in Contract::ALL {
            let name = format!("I{}", contract.name());
            let known = JSON
                .iter()
                .any(|(interface, _)| interface.eq_ignore_ascii_case(&name));
            assert!(known, "{contract}");
            assert_eq!(contract.name(), contract.peer().name());
            assert_eq!(Contract::of(contract.peer()), contract);
        }
        assert!(ITreasury::ITreasuryEvents::SELECTORS.len() > 20);
    }
}

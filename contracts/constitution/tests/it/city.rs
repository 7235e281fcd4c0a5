//! A constitution on a chain of its own, with members that name it, and the keys of its genesis adjudicators.

use std::{cell::Cell, rc::Rc};

use agentcity_abi::IConstitution::{self as wire, Clerk, GenesisManifest, Member, ParameterValue};
use agentcity_constitution::storage::Constitution;
use agentcity_domain::{
    parameter::{self, ParameterId},
    peer::Peer,
};
use agentcity_world::{Key, World};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{Eip712Domain, SolCall, SolError, SolStruct, SolValue, eip712_domain};
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

pub(crate) const THIS: Address = Address::repeat_byte(0xc0);
pub(crate) const DEPLOYER: Address = Address::repeat_byte(0xde);
pub(crate) const STRANGER: Address = Address::repeat_byte(0x99);
pub(crate) const MANDATE: B256 = B256::repeat_byte(0x11);
pub(crate) const SCALE: u64 = 1_000_000_000_000;
/// Signatures that seven adjudicators need.
pub(crate) const NEEDED: usize = 5;

/// One constitution, constructed with seven adjudicators for a city that pays in coins.
pub(crate) struct City {
    pub(crate) world: World,
    /// The genesis adjudicators, by ascending address.
    pub(crate) founders: Vec<Key>,
}

/// Where a member stands.
pub(crate) fn member(peer: Peer) -> Address {
    match peer {
        Peer::Constitution => THIS,
        other => Address::repeat_byte(0xb0 + other as u8),
    }
}

pub(crate) fn codehash(peer: Peer) -> B256 {
    keccak256(peer.name())
}

/// Keys by ascending address.
pub(crate) fn keys(count: usize) -> Vec<Key> {
    let mut keys: Vec<Key> = (0..count)
        .map(|n| Key::of(&format!("founder {n}")))
        .collect();
    keys.sort_by_key(|key| key.address);
    keys
}

/// Puts a member at `at` that names `constitution`.
pub(crate) fn install_member(world: &World, at: Address, hash: B256, constitution: Address) {
    let asked = keccak256("constitution()");
    world.install(at, hash, move |_, input| {
        assert_eq!(input, &asked[..4]);
        Ok(constitution.into_word().to_vec())
    });
}

pub(crate) fn construct(
    world: &World,
    mandate: B256,
    asset: Address,
    scale: U256,
    adjudicators: Vec<Address>,
) -> Result<Vec<u8>, Vec<u8>> {
    let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
    input.extend((mandate, asset, scale, adjudicators).abi_encode_params());
    world.transact(DEPLOYER, THIS, U256::ZERO, &input)
}

impl City {
    /// Constructed, with all members in place, not sealed.
    pub(crate) fn founded() -> Self {
        Self::founded_by(7)
    }

    pub(crate) fn founded_by(adjudicators: usize) -> Self {
        let (world, founders) = (World::new(), keys(adjudicators));
        world.program::<Constitution>(THIS, "constitution");
        for peer in &Peer::ALL[1..] {
            install_member(&world, member(*peer), codehash(*peer), THIS);
        }
        let people = founders.iter().map(|key| key.address).collect();
        construct(&world, MANDATE, Address::ZERO, U256::from(SCALE), people).unwrap();
        Self { world, founders }
    }

    /// Sealed with all defaults; its logs are dropped.
    pub(crate) fn sealed() -> Self {
        let city = Self::founded();
        city.seal(&city.manifest()).unwrap();
        city.world.take_logs();
        city
    }

    /// A manifest that is good for this city.
    pub(crate) fn manifest(&self) -> GenesisManifest {
        let clerk = |role: u8| Clerk {
            role,
            agent: Address::repeat_byte(0xa0 + role),
            principal: Address::repeat_byte(0x70 + role % 2),
        };
        GenesisManifest {
            mandate: MANDATE,
            asset: Address::ZERO,
            unitScale: U256::from(SCALE),
            members: Peer::ALL[1..]
                .iter()
                .map(|peer| Member {
                    peer: *peer as u8,
                    account: member(*peer),
                    codehash: codehash(*peer),
                })
                .collect(),
            parameters: Vec::new(),
            clerks: (0..4).map(clerk).collect(),
            adjudicators: self.founders.iter().map(|key| key.address).collect(),
            deadline: self.world.now() + 3_600,
        }
    }

    /// The manifest with parameters that do not start at their defaults.
    pub(crate) fn manifest_with(&self, values: &[(ParameterId, u32)]) -> GenesisManifest {
        let mut parameters: Vec<_> = values.iter().map(|(id, n)| value(*id, *n)).collect();
        parameters.sort_by_key(|value| value.id);
        GenesisManifest {
            parameters,
            ..self.manifest()
        }
    }

    /// Signatures of the first `count` founders over a manifest.
    pub(crate) fn sign(&self, manifest: &GenesisManifest, count: usize) -> Vec<Bytes> {
        let digest = manifest.eip712_signing_hash(&self.domain());
        let sign = |key: &Key| key.sign(digest).into();
        self.founders.iter().take(count).map(sign).collect()
    }

    pub(crate) fn domain(&self) -> Eip712Domain {
        domain(self.world.chain_id(), THIS)
    }

    /// Seals with just enough signatures, as a stranger.
    pub(crate) fn seal(&self, manifest: &GenesisManifest) -> Result<(), Vec<u8>> {
        self.seal_by(manifest, self.sign(manifest, NEEDED))
    }

    pub(crate) fn seal_by(
        &self,
        manifest: &GenesisManifest,
        signatures: Vec<Bytes>,
    ) -> Result<(), Vec<u8>> {
        let call = wire::sealCall {
            manifest: manifest.clone(),
            signatures,
        };
        self.world.call(STRANGER, THIS, call).map(|_| ())
    }

    #[track_caller]
    pub(crate) fn seal_refused<E: SolError + PartialEq + std::fmt::Debug>(
        &self,
        manifest: &GenesisManifest,
        signatures: Vec<Bytes>,
        expected: E,
    ) {
        let before = self.world.storage(THIS);
        let data = self.seal_by(manifest, signatures).expect_err(E::SIGNATURE);
        let refusal = E::abi_decode_validate(&data).unwrap_or_else(|_| panic!("{data:x?}"));
        assert_eq!(refusal, expected);
        assert_eq!(self.world.storage(THIS), before);
        assert!(!self.ask(wire::isSealedCall {}));
    }

    /// Asks as a stranger.
    #[track_caller]
    pub(crate) fn ask<C: SolCall>(&self, call: C) -> C::Return {
        self.world.call(STRANGER, THIS, call).expect("an answer")
    }

    /// Calls as the adjudication contract.
    pub(crate) fn rule<C: SolCall>(&self, call: C) -> Result<C::Return, Vec<u8>> {
        self.world.call(member(Peer::Adjudication), THIS, call)
    }

    #[track_caller]
    pub(crate) fn rule_refused<C: SolCall, E: SolError + PartialEq + std::fmt::Debug>(
        &self,
        call: C,
        expected: E,
    ) {
        let before = self.world.storage(THIS);
        let by = member(Peer::Adjudication);
        self.world.refused(by, THIS, 0, call, expected);
        assert_eq!(self.world.storage(THIS), before);
    }

    /// The value in force of a parameter.
    pub(crate) fn value(&self, id: ParameterId) -> B256 {
        let ids = vec![id as u8].into();
        self.ask(wire::readCurrentCall { ids }).values[0]
    }

    /// An amendment of `id` to `new`, queued at `queued_at`, that knows the value in force.
    pub(crate) fn amendment(&self, id: ParameterId, new: u32, queued_at: u64) -> wire::amendCall {
        wire::amendCall {
            id: id as u8,
            oldValue: self.value(id),
            newValue: parameter::word(new),
            queuedAt: queued_at,
        }
    }
}

pub(crate) fn domain(chain_id: u64, contract: Address) -> Eip712Domain {
    eip712_domain! {
        name: "AgentCity",
        version: "1",
        chain_id: chain_id,
        verifying_contract: contract,
    }
}

pub(crate) fn value(id: ParameterId, number: u32) -> ParameterValue {
    ParameterValue {
        id: id as u8,
        value: parameter::word(number),
    }
}

/// Puts a contract at `at` that accepts, by ERC-1271, what `owner` signed, and counts how often it was asked.
pub(crate) fn install_wallet(world: &World, at: Address, owner: Address) -> Rc<Cell<u32>> {
    let asked = Rc::new(Cell::new(0));
    let count = Rc::clone(&asked);
    world.install(at, keccak256("wallet"), move |frame, input| {
        count.set(count.get() + 1);
        let (digest, signature) =
            <(B256, Bytes)>::abi_decode_params_validate(&input[4..]).map_err(|_| Vec::new())?;
        let mut question = vec![0; 128];
        question[..32].copy_from_slice(digest.as_slice());
        question[63] = *signature.last().ok_or_else(Vec::new)?;
        question[64..].copy_from_slice(signature.get(..64).ok_or_else(Vec::new)?);
        let answer = frame.call(Address::with_last_byte(1), U256::ZERO, &question, true, 0)?;
        let agrees = answer == owner.into_word().as_slice();
        let magic = if agrees { &input[..4] } else { &[0; 4] };
        Ok(B256::right_padding_from(magic).to_vec())
    });
    asked
}

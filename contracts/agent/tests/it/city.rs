//! The agent contract in its city: constitution, management and treasury as it meets them, and people with keys.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use agentcity_abi::{
    IAgent as wire, IConstitution as law, IManagement as clerks, ITreasury as treasury,
};
use agentcity_agent::storage::Agents;
use agentcity_domain::{
    clerk::Operation,
    parameter::ParameterId,
    peer::Peer,
    signed::identity::{
        EnrolmentAttestation, PrincipalAcceptance, PrincipalConsent, PrincipalEnrolment,
        PrincipalRelease, SubAgentConsent,
    },
};
pub(crate) use agentcity_world::digest_at;
use agentcity_world::{Answer, Frame, Key, World, token};
use alloy_primitives::{Address, B256, Bytes, U256, address, b256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

/// Base units of a stake unit here: odd, so that halves are not whole.
pub(crate) const SCALE: u128 = 1_001;
/// Stake of an agent, in units.
pub(crate) const STAKE: u32 = 1_001;
/// Stake of a principal, in units.
pub(crate) const PRINCIPAL_STAKE: u32 = 5_001;
pub(crate) const AGE: u64 = 604_800;
pub(crate) const COOLDOWN: u64 = 604_800;
pub(crate) const APPEAL: u64 = 604_800;
pub(crate) const FREEZE: u64 = 259_200;
pub(crate) const MEMORY: u64 = 2_592_000;
/// What everybody has to begin with.
pub(crate) const PURSE: u128 = 1 << 60;
/// The token, where there is one.
pub(crate) const TOKEN: Address = address!("0x70ce000000000000000000000000000000000001");
pub(crate) const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");
/// Whatever a ban or a freeze is for.
pub(crate) const REASON: B256 =
    b256!("0x1111111111111111111111111111111111111111111111111111111111111111");

/// The address of a member.
pub(crate) fn member(peer: Peer) -> Address {
    Address::with_last_byte(0xe0 + peer as u8)
}

pub(crate) fn here() -> Address {
    member(Peer::Agent)
}

pub(crate) fn registrar() -> Key {
    Key::of("registrar")
}

#[derive(Clone)]
pub(crate) struct City {
    pub(crate) world: World,
    pub(crate) is_sealed: Rc<RefCell<bool>>,
    /// Parameters that differ from the defaults.
    pub(crate) values: Rc<RefCell<BTreeMap<u8, u32>>>,
    pub(crate) asset: Address,
}

impl City {
    /// Sealed and wired, settling in coins.
    pub(crate) fn new() -> Self {
        Self::settling_in(Address::ZERO)
    }

    /// Sealed and wired, settling in a token.
    pub(crate) fn with_token(manners: token::Manners) -> Self {
        let city = Self::settling_in(TOKEN);
        token::install(&city.world, TOKEN, manners);
        city
    }

    pub(crate) fn settling_in(asset: Address) -> Self {
        let city = Self::constructed(asset);
        city.is_sealed.replace(true);
        city.call(STRANGER, wire::wireCall {}).expect("wired");
        city.world.take_logs();
        city
    }

    /// Constructed, not sealed.
    pub(crate) fn constructed(asset: Address) -> Self {
        let city = Self::bare(asset);
        city.construct(member(Peer::Constitution))
            .expect("constructed");
        city
    }

    pub(crate) fn bare(asset: Address) -> Self {
        let city = Self {
            world: World::new(),
            is_sealed: Rc::default(),
            values: Rc::new(RefCell::new(BTreeMap::from([
                (ParameterId::RegistrationStake as u8, STAKE),
                (ParameterId::PrincipalStake as u8, PRINCIPAL_STAKE),
            ]))),
            asset,
        };
        city.world.program::<Agents>(here(), "agent");
        let (is_sealed, values) = (city.is_sealed.clone(), city.values.clone());
        let constitution = move |_: &Frame, input: &[u8]| -> Answer {
            if law::membersCall::abi_decode_validate(input).is_ok() {
                let sealed = *is_sealed.borrow();
                let at = |peer| if sealed { member(peer) } else { Address::ZERO };
                return Ok(Peer::ALL.map(at).abi_encode());
            }
            if law::assetCall::abi_decode_validate(input).is_ok() {
                return Ok(asset.abi_encode());
            }
            if law::unitScaleCall::abi_decode_validate(input).is_ok() {
                return Ok(U256::from(SCALE).abi_encode());
            }
            let asked = law::readCurrentCall::abi_decode_validate(input).expect("a known question");
            let value = |id: &u8| -> B256 {
                let default = ParameterId::ALL[usize::from(*id)].default_word();
                let own = values.borrow().get(id).copied();
                own.map_or(default, |value| B256::from(U256::from(value)))
            };
            let read: Vec<B256> = asked.ids.iter().map(value).collect();
            Ok((U256::from(1), read).abi_encode_params())
        };
        let at = |peer| (member(peer), keccak256("member"));
        let (place, hash) = at(Peer::Constitution);
        city.world.install(place, hash, constitution);
        let management = |frame: &Frame, input: &[u8]| -> Answer {
            let asked = clerks::validateOperationCall::abi_decode_validate(input).expect("charged");
            assert_eq!(frame.caller, here());
            assert_eq!(asked.operation, Operation::AttestPrincipal.number());
            if asked.clerk != registrar().address {
                return Err(b"no registrar".to_vec());
            }
            let slot = U256::from_be_bytes(asked.subject.0).as_limbs()[0];
            frame.store(slot, B256::with_last_byte(frame.load(slot)[31] + 1));
            Ok(U256::ZERO.abi_encode())
        };
        let (place, hash) = at(Peer::Management);
        city.world.install(place, hash, management);
        // Keeps what each fund got in the slot of the fund's number; takes tokens as the interface says.
        let treasury = move |frame: &Frame, input: &[u8]| -> Answer {
            let given = treasury::contributeCall::abi_decode_validate(input).expect("contributed");
            if asset == Address::ZERO {
                assert_eq!(frame.value, given.amount);
            } else {
                let call = token::IERC20::transferFromCall {
                    from: frame.caller,
                    to: frame.this,
                    value: given.amount,
                };
                frame.call(asset, U256::ZERO, &call.abi_encode(), false, u64::MAX)?;
            }
            let slot = given.fund as u64;
            let sum = U256::from_be_bytes(frame.load(slot).0) + given.amount;
            frame.store(slot, sum.into());
            Ok(Vec::new())
        };
        let (place, hash) = at(Peer::Treasury);
        city.world.install(place, hash, treasury);
        city
    }

    pub(crate) fn construct(&self, constitution: Address) -> Answer {
        let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        input.extend(constitution.abi_encode());
        self.world.transact(STRANGER, here(), U256::ZERO, &input)
    }

    /// Gives somebody a purse in the settlement asset.
    pub(crate) fn fund(&self, account: Address) {
        if self.asset == Address::ZERO {
            self.world.mint(account, PURSE);
        } else {
            token::mint(&self.world, self.asset, account, PURSE);
        }
    }

    pub(crate) fn balance(&self, account: Address) -> u128 {
        if self.asset == Address::ZERO {
            self.world.balance(account).to()
        } else {
            token::balance(&self.world, self.asset, account)
        }
    }

    pub(crate) fn call<C: SolCall>(&self, from: Address, call: C) -> Result<C::Return, Vec<u8>> {
        self.world.call(from, here(), call)
    }

    /// A call that takes a stake of `units`.
    pub(crate) fn pay<C: SolCall>(
        &self,
        from: Address,
        units: u32,
        call: C,
    ) -> Result<C::Return, Vec<u8>> {
        let coins = if self.asset == Address::ZERO {
            base(units)
        } else {
            0
        };
        self.world.call_with(from, here(), coins, call)
    }

    pub(crate) fn record(&self, agent: Address) -> wire::AgentRecord {
        self.call(STRANGER, wire::agentRecordCall { agent })
            .expect("record")
    }

    pub(crate) fn principal(&self, principal: Address) -> wire::PrincipalRecord {
        self.call(STRANGER, wire::principalRecordCall { principal })
            .expect("record")
    }

    pub(crate) fn credit(&self, account: Address) -> u128 {
        self.call(STRANGER, wire::creditsCall { account })
            .expect("credit")
            .to()
    }

    pub(crate) fn booked(&self) -> u128 {
        self.call(STRANGER, wire::bookedCall {})
            .expect("booked")
            .to()
    }

    pub(crate) fn dues(&self) -> (u128, u128) {
        let dues = self.call(STRANGER, wire::duesCall {}).expect("dues");
        (dues.treasury.to(), dues.insurance.to())
    }

    pub(crate) fn voters(&self) -> u32 {
        self.call(STRANGER, wire::voterCountCall {})
            .expect("voters")
    }

    /// The digest that is signed for a struct, by EIP-712 and not by our code.
    pub(crate) fn digest(&self, words: &[B256]) -> B256 {
        digest_at(self.world.chain_id(), here(), words)
    }

    pub(crate) fn deadline(&self) -> u64 {
        self.world.now() + 3_600
    }

    /// A good enrolment of `who`.
    pub(crate) fn enrolment(&self, who: &Key) -> wire::enrolPrincipalCall {
        let (principal, class, deadline) = (who.address, 1, self.deadline());
        let nonce = u64::from(self.principal(principal).nonce);
        let evidence_hash = keccak256(principal);
        let consent = PrincipalEnrolment {
            principal,
            class,
            nonce,
            deadline,
        };
        let attestation = EnrolmentAttestation {
            principal,
            class,
            evidence_hash,
            registrar: registrar().address,
            nonce,
            deadline,
        };
        wire::enrolPrincipalCall {
            principal,
            class,
            deadline,
            consent: who.sign(self.digest(&consent.words())).into(),
            registrar: registrar().address,
            evidenceHash: evidence_hash,
            attestation: registrar().sign(self.digest(&attestation.words())).into(),
        }
    }

    /// A good registration of `agent` under `principal`.
    pub(crate) fn registration(
        &self,
        agent: &Key,
        principal: &Key,
        agent_type: u8,
        max_sub_agents: u32,
    ) -> wire::registerCall {
        let (did, deadline) = (did(agent.address), self.deadline());
        let consent = PrincipalConsent {
            agent: agent.address,
            did_hash: keccak256(&did),
            agent_type,
            principal: principal.address,
            max_sub_agents,
            nonce: self.consent_nonce(agent.address, principal.address),
            deadline,
        };
        wire::registerCall {
            did,
            agentType: agent_type,
            principal: principal.address,
            maxSubAgents: max_sub_agents,
            deadline,
            consent: principal.sign(self.digest(&consent.words())).into(),
        }
    }

    /// A good registration of `agent` below `parent`.
    pub(crate) fn sub_registration(
        &self,
        agent: &Key,
        parent: &Key,
        agent_type: u8,
        max_sub_agents: u32,
    ) -> wire::registerSubAgentCall {
        let (did, deadline) = (did(agent.address), self.deadline());
        let consent = SubAgentConsent {
            agent: agent.address,
            did_hash: keccak256(&did),
            agent_type,
            parent: parent.address,
            max_sub_agents,
            nonce: self.consent_nonce(agent.address, self.record(parent.address).principal),
            deadline,
        };
        wire::registerSubAgentCall {
            did,
            agentType: agent_type,
            parent: parent.address,
            maxSubAgents: max_sub_agents,
            deadline,
            consent: parent.sign(self.digest(&consent.words())).into(),
        }
    }

    /// The nonce of a consent to an agent's next registration.
    pub(crate) fn consent_nonce(&self, agent: Address, principal: Address) -> u64 {
        let (own, registrations) = (
            self.principal(principal).nonce,
            self.record(agent).registrations,
        );
        u64::from(own) << 16 | u64::from(registrations)
    }

    /// The nonce of a change of principal that `signer` signs, after so many releases.
    pub(crate) fn change_nonce(&self, agent: Address, signer: Address, releases: u16) -> u64 {
        let changes = self.record(agent).changes;
        self.consent_nonce(agent, signer) << 32 | u64::from(changes) << 16 | u64::from(releases)
    }

    pub(crate) fn release(
        &self,
        agent: Address,
        from: &Key,
        to: Address,
    ) -> wire::proposePrincipalCall {
        let deadline = self.deadline();
        let release = PrincipalRelease {
            agent,
            from: from.address,
            to,
            nonce: self.change_nonce(agent, from.address, self.record(agent).releases),
            deadline,
        };
        wire::proposePrincipalCall {
            agent,
            to,
            deadline,
            consent: from.sign(self.digest(&release.words())).into(),
        }
    }

    pub(crate) fn acceptance(
        &self,
        agent: Address,
        from: Address,
        to: &Key,
    ) -> wire::acceptPrincipalCall {
        let deadline = self.deadline();
        let acceptance = PrincipalAcceptance {
            agent,
            from,
            to: to.address,
            max_sub_agents: 3,
            nonce: self.change_nonce(
                agent,
                to.address,
                self.record(agent).releases.saturating_sub(1),
            ),
            deadline,
        };
        wire::acceptPrincipalCall {
            agent,
            maxSubAgents: 3,
            deadline,
            consent: to.sign(self.digest(&acceptance.words())).into(),
        }
    }

    /// Enrols somebody for good.
    pub(crate) fn enrolled(&self, name: &str) -> Key {
        let who = Key::of(name);
        self.fund(who.address);
        self.pay(who.address, PRINCIPAL_STAKE, self.enrolment(&who))
            .expect("enrolled");
        who
    }

    /// Registers an agent for good.
    pub(crate) fn registered(&self, name: &str, principal: &Key, agent_type: u8, subs: u32) -> Key {
        let agent = Key::of(name);
        self.fund(agent.address);
        let stake = if agent_type == 2 { 0 } else { STAKE };
        let call = self.registration(&agent, principal, agent_type, subs);
        self.pay(agent.address, stake, call).expect("registered");
        agent
    }

    pub(crate) fn bans(&self, principal: Address) {
        let call = wire::banPrincipalCall {
            principal,
            reason: REASON,
        };
        self.call(member(Peer::Adjudication), call).expect("banned");
    }

    /// An outcome of full weight for an agent.
    pub(crate) fn outcome(&self, agent: Address, score: u16, sponsor: Address) -> u32 {
        self.call(member(Peer::Collaboration), outcome(agent, score, sponsor))
            .expect("moved")
    }
}

pub(crate) fn outcome(agent: Address, score: u16, sponsor: Address) -> wire::updateReputationCall {
    wire::updateReputationCall {
        agent,
        score,
        price: 1_000,
        sponsorPrincipal: sponsor,
        evidence: REASON,
        terms: wire::ReputationTerms {
            lambda: 900,
            fullWeight: 1_000,
            pairCap: 8,
            pairWindow: 604_800,
        },
    }
}

/// Base units of a stake.
pub(crate) fn base(units: u32) -> u128 {
    u128::from(units) * SCALE
}

pub(crate) fn did(agent: Address) -> String {
    format!("did:pkh:eip155:412346:{agent:#x}")
}

/// A wallet that accepts, by ERC-1271, what one key signed.
pub(crate) fn wallet(city: &City, name: &str) -> Address {
    let (owner, at) = (Key::of(name).address, Address::from_word(keccak256(name)));
    city.world
        .install(at, keccak256("wallet"), move |frame, input| {
            let (hash, signature) =
                <(B256, Bytes)>::abi_decode_params_validate(&input[4..]).unwrap();
            let mut asked = [0; 128];
            asked[..32].copy_from_slice(hash.as_slice());
            asked[63] = *signature.last().unwrap_or(&0);
            asked[64..].copy_from_slice(signature.get(..64).unwrap_or(&[0; 64]));
            let recovered = frame.call(
                Address::with_last_byte(1),
                U256::ZERO,
                &asked,
                true,
                u64::MAX,
            )?;
            let agreed = recovered == owner.into_word().to_vec();
            let mut magic = B256::ZERO;
            magic[..4].copy_from_slice(&input[..4]);
            Ok(if agreed { magic } else { B256::ZERO }.to_vec())
        });
    at
}

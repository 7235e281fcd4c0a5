//! The treasury in its city: constitution, agents and collaboration as it meets them, and people with money.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use agentcity_abi::{
    IAgent as agents, ICollaboration as work, IConstitution as law, ITreasury as wire,
};
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use agentcity_treasury::storage::Treasury;
use agentcity_world::{Answer, Frame, Key, World, token};
use alloy_primitives::{Address, B256, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolError, SolValue};
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

/// Base units of a stake unit here: odd, so that halves are not whole.
pub(crate) const SCALE: u128 = 1_001;
/// The epoch in force, and that of most missions.
pub(crate) const EPOCH: u64 = 7;
/// An epoch before it, with a law of its own.
pub(crate) const OLD_EPOCH: u64 = 3;
/// How long stakes are held after a mission.
pub(crate) const SANCTION: u64 = 259_200;
/// What everybody has to begin with.
pub(crate) const PURSE: u128 = 1 << 60;
/// The token, where there is one.
pub(crate) const TOKEN: Address = address!("0x70ce000000000000000000000000000000000001");
pub(crate) const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");
pub(crate) const REASON: B256 = B256::repeat_byte(0x11);

/// The address of a member.
pub(crate) fn member(peer: Peer) -> Address {
    Address::with_last_byte(0xe0 + peer as u8)
}

pub(crate) fn here() -> Address {
    member(Peer::Treasury)
}

thread_local! {
    static KNOWN: RefCell<BTreeMap<String, Address>> = RefCell::default();
}

/// Somebody's address; each key is made once.
pub(crate) fn who(name: &str) -> Address {
    KNOWN.with_borrow_mut(|known| match known.get(name) {
        Some(address) => *address,
        None => {
            let address = Key::of(name).address;
            known.insert(name.to_owned(), address);
            address
        }
    })
}

pub(crate) fn session(number: u8) -> B256 {
    B256::repeat_byte(0x50 | number)
}

pub(crate) fn wide(amount: u128) -> U256 {
    U256::from(amount)
}

/// What collaboration says of a mission.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) state: work::MissionState,
    pub(crate) parent: B256,
    pub(crate) node: u16,
}

/// Values of parameters, by epoch and id, that differ from the defaults.
pub(crate) type Values = BTreeMap<(u64, u8), u32>;

#[derive(Clone)]
pub(crate) struct City {
    pub(crate) world: World,
    pub(crate) is_sealed: Rc<RefCell<bool>>,
    pub(crate) values: Rc<RefCell<Values>>,
    pub(crate) principals: Rc<RefCell<BTreeMap<Address, Address>>>,
    pub(crate) records: Rc<RefCell<BTreeMap<B256, Record>>>,
    pub(crate) asset: Address,
    missions: Rc<RefCell<u64>>,
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
        let city = Self::bare(asset, U256::from(SCALE));
        city.construct(member(Peer::Constitution))
            .expect("constructed");
        city
    }

    pub(crate) fn bare(asset: Address, scale: U256) -> Self {
        let city = Self {
            world: World::new(),
            is_sealed: Rc::default(),
            values: Rc::default(),
            principals: Rc::default(),
            records: Rc::default(),
            asset,
            missions: Rc::default(),
        };
        city.world.program::<Treasury>(here(), "treasury");
        city.install_constitution(scale);
        let principals = city.principals.clone();
        city.install(Peer::Agent, move |_, input| {
            let asked =
                agents::principalOfCall::abi_decode_validate(input).expect("a known question");
            let principal = principals.borrow().get(&asked.agent).copied();
            Ok(principal.unwrap_or_default().abi_encode())
        });
        let records = city.records.clone();
        city.install(Peer::Collaboration, move |_, input| {
            let asked = work::missionCall::abi_decode_validate(input).expect("a known question");
            let Some(record) = records.borrow().get(&asked.missionId).copied() else {
                return Err(b"unknown mission".to_vec());
            };
            let mission = work::Mission {
                state: record.state,
                halt: work::Halt::None,
                sponsor: who("sponsor"),
                sessionId: B256::repeat_byte(0xff),
                epoch: u64::MAX,
                nodes: u16::MAX,
                completed: u16::MAX,
                failed: u16::MAX,
                depth: u8::MAX,
                refinements: u16::MAX,
                deadline: Default::default(),
                haltedUntil: Default::default(),
                extendedSecs: Default::default(),
                parent: record.parent,
                parentNode: record.node,
                since: Default::default(),
            };
            Ok(mission.abi_encode())
        });
        city
    }

    fn install(&self, peer: Peer, body: impl Fn(&Frame, &[u8]) -> Answer + 'static) {
        self.world.install(member(peer), keccak256("member"), body);
    }

    fn install_constitution(&self, scale: U256) {
        let (is_sealed, values, asset) = (self.is_sealed.clone(), self.values.clone(), self.asset);
        self.install(Peer::Constitution, move |_, input| {
            if law::membersCall::abi_decode_validate(input).is_ok() {
                let sealed = *is_sealed.borrow();
                let at = |peer| if sealed { member(peer) } else { Address::ZERO };
                return Ok(Peer::ALL.map(at).abi_encode());
            }
            if law::assetCall::abi_decode_validate(input).is_ok() {
                return Ok(asset.abi_encode());
            }
            if law::unitScaleCall::abi_decode_validate(input).is_ok() {
                return Ok(scale.abi_encode());
            }
            let read = |epoch: u64, ids: &[u8]| -> Vec<B256> {
                let value = |id: &u8| {
                    let default = ParameterId::ALL[usize::from(*id)].default_word();
                    let own = values.borrow().get(&(epoch, *id)).copied();
                    own.map_or(default, |value| B256::from(U256::from(value)))
                };
                ids.iter().map(value).collect()
            };
            if let Ok(asked) = law::readCall::abi_decode_validate(input) {
                return Ok((read(asked.number, &asked.ids),).abi_encode_params());
            }
            let asked = law::readCurrentCall::abi_decode_validate(input).expect("a known question");
            Ok((U256::from(EPOCH), read(EPOCH, &asked.ids)).abi_encode_params())
        });
    }

    pub(crate) fn construct(&self, constitution: Address) -> Answer {
        let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        input.extend(constitution.abi_encode());
        self.world.transact(STRANGER, here(), U256::ZERO, &input)
    }

    pub(crate) fn set(&self, epoch: u64, id: ParameterId, value: u32) {
        self.values.borrow_mut().insert((epoch, id as u8), value);
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
            self.world.balance(account).saturating_to()
        } else {
            token::balance(&self.world, self.asset, account)
        }
    }

    pub(crate) fn call<C: SolCall>(&self, from: Address, call: C) -> Result<C::Return, Vec<u8>> {
        self.world.call(from, here(), call)
    }

    /// A call that pays `amount` in.
    pub(crate) fn pay<C: SolCall>(
        &self,
        from: Address,
        amount: u128,
        call: C,
    ) -> Result<C::Return, Vec<u8>> {
        let coins = if self.asset == Address::ZERO {
            amount
        } else {
            0
        };
        self.world.call_with(from, here(), coins, call)
    }

    /// A peer's call that must succeed.
    #[track_caller]
    pub(crate) fn tell<C: SolCall>(&self, peer: Peer, call: C) -> C::Return {
        self.call(member(peer), call)
            .unwrap_or_else(|refused| panic!("{}: {refused:02x?}", C::SIGNATURE))
    }

    /// A call that must be refused with exactly this, and change nothing.
    #[track_caller]
    pub(crate) fn refused<C, E>(&self, from: Address, call: C, expected: E)
    where
        C: SolCall,
        E: SolError + PartialEq + core::fmt::Debug,
    {
        let before = self.world.storage(here());
        self.world.refused(from, here(), 0, call, expected);
        assert_eq!(self.world.storage(here()), before, "{}", C::SIGNATURE);
    }

    /// Somebody with a credit.
    pub(crate) fn rich(&self, name: &str, credit: u128) -> Address {
        let account = who(name);
        self.fund(account);
        let amount = wide(credit);
        self.pay(account, credit, wire::depositCall { account, amount })
            .expect("deposited");
        account
    }

    /// An agent with a credit, that answers to a principal.
    pub(crate) fn agent(&self, name: &str, principal: &str, credit: u128) -> Address {
        let agent = self.rich(name, credit);
        self.principals.borrow_mut().insert(agent, who(principal));
        agent
    }

    pub(crate) fn know(&self, mission: B256, state: work::MissionState, parent: B256, node: u16) {
        let record = Record {
            state,
            parent,
            node,
        };
        self.records.borrow_mut().insert(mission, record);
    }

    /// An open mission that works, with so much in its escrow, all of it allocated.
    pub(crate) fn mission(&self, sponsor: &str, held: u128) -> B256 {
        let mission = self.opened(sponsor, EPOCH);
        if held > 0 {
            let payer = who(sponsor);
            self.fund(payer);
            let fund = wire::fundMissionCall {
                missionId: mission,
                amount: wide(held),
            };
            self.pay(payer, held, fund).expect("funded");
        }
        let allocate = wire::allocateBudgetCall {
            missionId: mission,
            allocated: wide(held),
        };
        self.tell(Peer::Statute, allocate);
        mission
    }

    pub(crate) fn opened(&self, sponsor: &str, epoch: u64) -> B256 {
        let number = {
            let mut missions = self.missions.borrow_mut();
            *missions += 1;
            *missions
        };
        let sponsor = who(sponsor);
        let session = keccak256(number.to_be_bytes());
        let mission = agentcity_domain::id::MissionId::of_session(sponsor, session).word();
        let open = wire::openEscrowCall {
            missionId: mission,
            sponsor,
            epoch,
        };
        self.tell(Peer::Collaboration, open);
        self.know(mission, work::MissionState::Executing, B256::ZERO, 0);
        mission
    }

    pub(crate) fn end(&self, mission: B256) {
        let end = wire::beginClosingCall {
            missionId: mission,
            sanctionSecs: alloy_primitives::aliases::U40::from(SANCTION),
        };
        self.tell(Peer::Collaboration, end);
    }

    /// Stake of an agent's own in a mission.
    pub(crate) fn stake(&self, mission: B256, agent: Address, amount: u128) {
        self.stake_from(mission, agent.into_word(), agent, amount);
    }

    /// The same of a seat with a price of its own.
    pub(crate) fn seat(&self, mission: B256, agent: Address, amount: u128, price: u128) {
        let source = agent.into_word();
        self.tell(Peer::Legislature, reserve(1, source, agent, amount));
        let stakes = vec![stake(source, agent, amount, price)];
        self.tell(Peer::Statute, lock_all(mission, 1, stakes));
    }

    /// What an agent's seats in a mission are to be paid.
    pub(crate) fn budget(&self, mission: B256, agent: Address) -> u128 {
        let asked = wire::lockedStakeCall {
            missionId: mission,
            agent,
        };
        self.call(STRANGER, asked).expect("locked").budget.to()
    }

    pub(crate) fn stake_from(&self, mission: B256, source: B256, agent: Address, amount: u128) {
        self.tell(Peer::Legislature, reserve(1, source, agent, amount));
        self.tell(Peer::Statute, lock(mission, 1, source, agent, amount));
    }

    pub(crate) fn escrow(&self, mission: B256) -> wire::Escrow {
        self.call(STRANGER, wire::escrowCall { missionId: mission })
            .expect("escrow")
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

    pub(crate) fn parts(&self) -> wire::Parts {
        self.call(STRANGER, wire::partsCall {}).expect("parts")
    }

    pub(crate) fn locked(&self, mission: B256, agent: Address) -> (B256, u128) {
        let asked = wire::lockedStakeCall {
            missionId: mission,
            agent,
        };
        let answer = self.call(STRANGER, asked).expect("locked");
        (answer.source, answer.amount.to())
    }

    pub(crate) fn pool(&self, pool: B256) -> wire::Pool {
        self.call(STRANGER, wire::poolCall { poolId: pool })
            .expect("pool")
    }

    /// A pool of three with so much each, that lets an agent stake up to a limit.
    pub(crate) fn pool_for(&self, agent: Address, each: u128, limit: u128) -> B256 {
        let manager = who("manager");
        let pool = self
            .call(manager, wire::createPoolCall {})
            .expect("created");
        for name in ["pat", "quin", "rae"] {
            let participant = self.rich(name, each);
            self.call(participant, join(pool, each)).expect("joined");
        }
        self.call(manager, bind(pool, agent, limit)).expect("bound");
        pool
    }

    /// Parts add up to the total, and the balance is never less.
    #[track_caller]
    pub(crate) fn balanced(&self) {
        let parts = self.parts();
        let sum = parts.escrows
            + parts.reservedStakes
            + parts.lockedStakes
            + parts.bonds
            + parts.treasury
            + parts.subsidyBudget
            + parts.insurance
            + parts.pools
            + parts.credits;
        assert_eq!(sum, wide(self.booked()));
        assert!(self.balance(here()) >= self.booked());
    }
}

pub(crate) fn reserve(
    number: u8,
    source: B256,
    agent: Address,
    amount: u128,
) -> wire::reserveStakeCall {
    wire::reserveStakeCall {
        sessionId: session(number),
        source,
        agent,
        amount: wide(amount),
    }
}

pub(crate) fn unreserve(
    number: u8,
    source: B256,
    agent: Address,
    amount: u128,
) -> wire::releaseReserveCall {
    wire::releaseReserveCall {
        sessionId: session(number),
        source,
        agent,
        amount: wide(amount),
    }
}

/// A stake for seats that are to be paid as much.
pub(crate) fn lock(
    mission: B256,
    number: u8,
    source: B256,
    agent: Address,
    amount: u128,
) -> wire::lockStakesCall {
    lock_all(mission, number, vec![stake(source, agent, amount, amount)])
}

pub(crate) fn stake(source: B256, agent: Address, amount: u128, price: u128) -> wire::Stake {
    wire::Stake {
        agent,
        source,
        amount,
        price,
    }
}

pub(crate) fn lock_all(
    mission: B256,
    number: u8,
    stakes: Vec<wire::Stake>,
) -> wire::lockStakesCall {
    wire::lockStakesCall {
        missionId: mission,
        sessionId: session(number),
        stakes,
    }
}

pub(crate) fn slash(mission: B256, agent: Address, amount: u128) -> wire::slashCall {
    wire::slashCall {
        missionId: mission,
        node: 5,
        agent,
        fault: wire::Fault::NodeFailure,
        amount: wide(amount),
    }
}

pub(crate) fn release(mission: B256, agent: Address) -> wire::releaseStakeCall {
    wire::releaseStakeCall {
        missionId: mission,
        agent,
    }
}

pub(crate) fn join(pool: B256, amount: u128) -> wire::joinPoolCall {
    wire::joinPoolCall {
        poolId: pool,
        amount: wide(amount),
    }
}

pub(crate) fn ask(pool: B256) -> wire::requestLeavePoolCall {
    wire::requestLeavePoolCall { poolId: pool }
}

pub(crate) fn leave(pool: B256, shares: u128) -> wire::leavePoolCall {
    wire::leavePoolCall {
        poolId: pool,
        shares: wide(shares),
    }
}

pub(crate) fn bind(pool: B256, agent: Address, limit: u128) -> wire::bindPoolCall {
    wire::bindPoolCall {
        poolId: pool,
        agent,
        limit: wide(limit),
    }
}

pub(crate) fn post(id: u8, owner: Address, amount: u128) -> wire::postBondCall {
    wire::postBondCall {
        bondId: B256::repeat_byte(id),
        owner,
        kind: wire::BondKind::Dissent,
        amount: wide(amount),
    }
}

pub(crate) fn seat(agent: Address, reputation: u32, price: u128) -> wire::SettledSeat {
    wire::SettledSeat {
        agent,
        reputation,
        price,
    }
}

pub(crate) fn settle(
    mission: B256,
    node: u16,
    budget: u128,
    seats: Vec<wire::SettledSeat>,
) -> wire::settleCall {
    wire::settleCall {
        missionId: mission,
        node,
        budget: wide(budget),
        seats,
    }
}

pub(crate) fn shift(from: B256, to: B256, amount: u128) -> wire::moveEscrowCall {
    wire::moveEscrowCall {
        from,
        to,
        amount: wide(amount),
    }
}

pub(crate) fn claim(mission: B256, agent: Address, amount: u128) -> wire::payInsuranceCall {
    wire::payInsuranceCall {
        missionId: mission,
        agent,
        amount: wide(amount),
        evidenceHash: REASON,
    }
}

/// Something in the funds.
pub(crate) fn contribute(fund: wire::Fund, amount: u128) -> wire::contributeCall {
    wire::contributeCall {
        fund,
        amount: wide(amount),
    }
}

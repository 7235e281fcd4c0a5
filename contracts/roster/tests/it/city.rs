//! The roster in its city: constitution, agents and treasury as it meets them, and people with money.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    rc::Rc,
};

use agentcity_abi::{IAgent as agents, IConstitution as law, IRoster as wire, ITreasury as funds};
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use agentcity_roster::storage::Roster;
use agentcity_world::{Answer, Frame, World, token};
use alloy_primitives::{Address, B256, U256, address, aliases::U40, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent, SolValue, sol};
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

sol! {
    interface IERC20 {
        function transferFrom(address from, address to, uint256 value) external returns (bool);
    }
}

/// Base units of a unit here.
pub(crate) const SCALE: u128 = 1_001;
/// Stake of an adjudicator, in base units: odd, so that halves are not whole.
pub(crate) const STAKE: u128 = 5_001 * SCALE;
pub(crate) const MONITOR_BOND: u128 = 1_000 * SCALE;
pub(crate) const CASE_BOND: u128 = 500 * SCALE;
pub(crate) const DAY: u64 = 86_400;
pub(crate) const APPEAL: u64 = 7 * DAY;
pub(crate) const LIFE: u64 = 7 * DAY;
pub(crate) const MEMORY: u64 = 30 * DAY;
pub(crate) const FREEZE: u64 = 72 * 3_600;
/// What everybody has to begin with.
pub(crate) const PURSE: u128 = 1 << 60;
/// The token, where there is one.
pub(crate) const TOKEN: Address = address!("0x70ce000000000000000000000000000000000001");
pub(crate) const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");
pub(crate) const EVIDENCE: B256 = B256::repeat_byte(0x11);
pub(crate) const SCORER: B256 = B256::repeat_byte(0x5c);

/// The address of a member.
pub(crate) fn member(peer: Peer) -> Address {
    Address::with_last_byte(0xe0 + peer as u8)
}

pub(crate) fn here() -> Address {
    member(Peer::Roster)
}

/// Genesis adjudicators are the first seven; others are people who may stake.
pub(crate) fn judge(number: u8) -> Address {
    Address::repeat_byte(0x10 + number)
}

pub(crate) fn monitor(number: u8) -> Address {
    Address::repeat_byte(0x60 + number)
}

/// Who answers for an agent's key.
pub(crate) fn owner(number: u8) -> Address {
    Address::repeat_byte(0xa0 + number)
}

pub(crate) fn u40(value: u64) -> U40 {
    U40::from(value)
}

/// What the treasury was told, and the bonds it holds.
#[derive(Debug, Default)]
pub(crate) struct Funds {
    pub(crate) bonds: BTreeMap<B256, (Address, u8, u128)>,
    pub(crate) returned: u128,
    pub(crate) forfeited: u128,
    pub(crate) charged: u128,
    pub(crate) paid: BTreeMap<Address, u32>,
    /// What came to treasury and insurance.
    pub(crate) funds: [u128; 2],
    /// Refuses everything with these bytes.
    pub(crate) refuses: Option<Vec<u8>>,
}

#[derive(Clone)]
pub(crate) struct City {
    pub(crate) world: World,
    pub(crate) is_sealed: Rc<Cell<bool>>,
    /// Parameters that differ from the defaults.
    pub(crate) values: Rc<RefCell<BTreeMap<u8, u64>>>,
    /// Who answers for a key now, and before.
    pub(crate) principals: Rc<RefCell<BTreeMap<Address, (Address, Address)>>>,
    pub(crate) treasury: Rc<RefCell<Funds>>,
    pub(crate) genesis: Rc<RefCell<Vec<Address>>>,
    pub(crate) asset: Address,
}

impl fmt::Debug for City {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.world, self.treasury.borrow())
    }
}

impl City {
    /// Sealed and wired, settling in coins; nobody staked.
    pub(crate) fn new() -> Self {
        Self::settling_in(Address::ZERO)
    }

    /// The same with all seven of genesis active.
    pub(crate) fn seated() -> Self {
        let city = Self::new();
        city.seat_genesis();
        city
    }

    /// Sealed and wired, settling in a token.
    pub(crate) fn with_token(manners: token::Manners) -> Self {
        let city = Self::settling_in(TOKEN);
        city.install_token(manners);
        city
    }

    pub(crate) fn install_token(&self, manners: token::Manners) {
        token::install(&self.world, TOKEN, manners);
    }

    pub(crate) fn settling_in(asset: Address) -> Self {
        let city = Self::constructed(asset);
        city.is_sealed.set(true);
        city.call(STRANGER, wire::wireCall {}).expect("wired");
        city.world.take_logs();
        city
    }

    /// Constructed, not sealed.
    pub(crate) fn constructed(asset: Address) -> Self {
        let city = Self {
            world: World::new(),
            is_sealed: Rc::default(),
            values: Rc::new(RefCell::new(BTreeMap::from([(
                ParameterId::AdjudicatorStake as u8,
                5_001,
            )]))),
            principals: Rc::default(),
            treasury: Rc::default(),
            genesis: Rc::new(RefCell::new((0..7).map(judge).collect())),
            asset,
        };
        city.world.program::<Roster>(here(), "roster");
        city.install_constitution();
        city.install_agent();
        city.install_treasury();
        city.construct(member(Peer::Constitution))
            .expect("constructed");
        city
    }

    pub(crate) fn construct(&self, constitution: Address) -> Answer {
        let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        input.extend(constitution.abi_encode());
        self.world.transact(STRANGER, here(), U256::ZERO, &input)
    }

    fn install(&self, peer: Peer, body: impl Fn(&Frame, &[u8]) -> Answer + 'static) {
        self.world.install(member(peer), keccak256("member"), body);
    }

    fn install_constitution(&self) {
        let (is_sealed, values) = (self.is_sealed.clone(), self.values.clone());
        let (genesis, asset) = (self.genesis.clone(), self.asset);
        self.install(Peer::Constitution, move |_, input| {
            if law::membersCall::abi_decode_validate(input).is_ok() {
                let sealed = is_sealed.get();
                let at = |peer| if sealed { member(peer) } else { Address::ZERO };
                return Ok(Peer::ALL.map(at).abi_encode());
            }
            if law::assetCall::abi_decode_validate(input).is_ok() {
                return Ok(asset.abi_encode());
            }
            if law::unitScaleCall::abi_decode_validate(input).is_ok() {
                return Ok(U256::from(SCALE).abi_encode());
            }
            if law::adjudicatorsCall::abi_decode_validate(input).is_ok() {
                return Ok(genesis.borrow().abi_encode());
            }
            let asked = law::readCurrentCall::abi_decode_validate(input).expect("a known question");
            let value = |id: &u8| -> B256 {
                let default = ParameterId::ALL[usize::from(*id)].default_word();
                let own = values.borrow().get(id).copied();
                own.map_or(default, |value| U256::from(value).into())
            };
            let words: Vec<B256> = asked.ids.iter().map(value).collect();
            Ok((1u64, words).abi_encode_params())
        });
    }

    fn install_agent(&self) {
        let principals = self.principals.clone();
        self.install(Peer::Agent, move |_, input| {
            let asked = agents::principalsForConflictCall::abi_decode_validate(input)
                .expect("a known question");
            let known = principals.borrow().get(&asked.agent).copied();
            Ok(known.unwrap_or_default().abi_encode())
        });
    }

    fn install_treasury(&self) {
        let (treasury, asset) = (self.treasury.clone(), self.asset);
        self.install(Peer::Treasury, move |frame, input| {
            assert_eq!(frame.caller, here());
            let mut funds = treasury.borrow_mut();
            if let Some(refusal) = &funds.refuses {
                return Err(refusal.clone());
            }
            if let Ok(told) = funds::postBondCall::abi_decode_validate(input) {
                let bond = (told.owner, told.kind as u8, told.amount.to::<u128>());
                let before = funds.bonds.insert(told.bondId, bond);
                return before.map_or(Ok(Vec::new()), |_| Err(b"taken".to_vec()));
            }
            if let Ok(told) = funds::returnBondCall::abi_decode_validate(input) {
                let bond = funds.bonds.remove(&told.bondId);
                let (_, _, amount) = bond.ok_or(b"no bond".to_vec())?;
                funds.returned += amount;
                return Ok(Vec::new());
            }
            if let Ok(told) = funds::forfeitBondCall::abi_decode_validate(input) {
                let bond = funds.bonds.remove(&told.bondId);
                let (_, _, amount) = bond.ok_or(b"no bond".to_vec())?;
                funds.forfeited += amount;
                return Ok(Vec::new());
            }
            if let Ok(told) = funds::chargeBondCall::abi_decode_validate(input) {
                let bond = funds.bonds.get_mut(&told.bondId);
                let (_, _, amount) = bond.ok_or(b"no bond".to_vec())?;
                let taken = told.amount.to::<u128>().min(*amount);
                *amount -= taken;
                funds.charged += taken;
                return Ok(U256::from(taken).abi_encode());
            }
            if let Ok(told) = funds::payCompensationCall::abi_decode_validate(input) {
                *funds.paid.entry(told.adjudicator).or_default() += told.reviews;
                return Ok(Vec::new());
            }
            let told = funds::contributeCall::abi_decode_validate(input).expect("a known order");
            let amount: u128 = told.amount.to();
            drop(funds);
            if asset == Address::ZERO {
                assert_eq!(frame.value, told.amount);
            } else {
                let before = token::balance(frame.world(), asset, frame.this);
                let take = IERC20::transferFromCall {
                    from: frame.caller,
                    to: frame.this,
                    value: told.amount,
                };
                frame.call(asset, U256::ZERO, &take.abi_encode(), false, u64::MAX)?;
                let came = token::balance(frame.world(), asset, frame.this) - before;
                if came != amount {
                    return Err(b"not the amount".to_vec());
                }
            }
            treasury.borrow_mut().funds[told.fund as usize - 1] += amount;
            Ok(Vec::new())
        });
    }

    pub(crate) fn set(&self, id: ParameterId, value: u64) {
        self.values.borrow_mut().insert(id as u8, value);
    }

    pub(crate) fn call<C: SolCall>(&self, from: Address, call: C) -> Result<C::Return, Vec<u8>> {
        self.world.call(from, here(), call)
    }

    #[track_caller]
    pub(crate) fn refused<C: SolCall, E: SolError + PartialEq + fmt::Debug>(
        &self,
        from: Address,
        call: C,
        expected: E,
    ) {
        let before = self.world.storage(here());
        self.world.refused(from, here(), 0, call, expected);
        assert_eq!(self.world.storage(here()), before);
    }

    /// As the panel decides it.
    pub(crate) fn rule<C: SolCall>(&self, call: C) -> Result<C::Return, Vec<u8>> {
        self.call(member(Peer::Adjudication), call)
    }

    #[track_caller]
    pub(crate) fn rule_refused<C: SolCall, E: SolError + PartialEq + fmt::Debug>(
        &self,
        call: C,
        expected: E,
    ) {
        self.refused(member(Peer::Adjudication), call, expected);
    }

    pub(crate) fn events<E: SolEvent>(&self) -> Vec<E> {
        self.world.take_events()
    }

    // ------------------------------------------------------------------ people

    pub(crate) fn fund(&self, who: Address) {
        if self.asset == Address::ZERO {
            self.world.mint(who, PURSE);
        } else {
            token::mint(&self.world, self.asset, who, PURSE);
        }
    }

    /// Stakes what the table demands.
    pub(crate) fn stake(&self, who: Address) -> Result<(), Vec<u8>> {
        self.fund(who);
        let amount = U256::from(STAKE);
        let coins = if self.asset == Address::ZERO {
            STAKE
        } else {
            0
        };
        let call = wire::stakeCall { amount };
        self.world.call_with(who, here(), coins, call).map(|_| ())
    }

    pub(crate) fn seat_genesis(&self) {
        for number in 0..7 {
            self.stake(judge(number)).expect("staked");
        }
        self.world.take_logs();
    }

    /// Somebody beyond genesis, admitted.
    pub(crate) fn admit(&self, number: u8) {
        let account = judge(number);
        self.stake(account).unwrap();
        let call = wire::addAdjudicatorCall {
            account,
            principal: account,
        };
        self.rule(call).unwrap();
    }

    pub(crate) fn bond(&self, number: u8) -> Address {
        let who = monitor(number);
        let found = (owner(number), Address::ZERO);
        self.principals.borrow_mut().insert(who, found);
        let call = wire::bondMonitorCall { scorerId: SCORER };
        self.call(who, call).unwrap();
        who
    }

    /// A bonded monitor that the panel approved.
    pub(crate) fn approved(&self, number: u8) -> Address {
        let account = self.bond(number);
        let call = wire::approveMonitorCall {
            account,
            scorerId: SCORER,
        };
        self.rule(call).unwrap();
        account
    }

    pub(crate) fn seat(&self, account: Address) -> wire::Adjudicator {
        self.call(STRANGER, wire::adjudicatorCall { account })
            .unwrap()
    }

    pub(crate) fn standing(&self, account: Address) -> wire::Standing {
        self.seat(account).standing
    }

    pub(crate) fn watcher(&self, account: Address) -> wire::Monitor {
        self.call(STRANGER, wire::monitorCall { account }).unwrap()
    }

    pub(crate) fn panel(&self, signers: &[Address]) -> wire::Panel {
        let signers = signers.to_vec();
        self.call(STRANGER, wire::examineCall { signers }).unwrap()
    }

    pub(crate) fn active(&self) -> u8 {
        self.call(STRANGER, wire::activeAdjudicatorsCall {})
            .unwrap()
    }

    pub(crate) fn halted_until(&self) -> u64 {
        let until = self.call(STRANGER, wire::haltedUntilCall {}).unwrap();
        until.to()
    }

    pub(crate) fn owed(&self, account: Address) -> u128 {
        let credit = self.call(STRANGER, wire::creditsCall { account }).unwrap();
        credit.to()
    }

    pub(crate) fn case(&self, id: u64) -> wire::Impeachment {
        self.call(STRANGER, wire::impeachmentCall { caseId: id })
            .unwrap()
    }

    /// Decisions of one adjudicator: `N` no, `Y` yes, `W` yes and a parameter became weaker, `R` a review that passed.
    pub(crate) fn decide(&self, who: Address, decisions: &str) {
        for one in decisions.chars() {
            self.rule(decision(&[who], one)).expect("counted");
        }
    }

    pub(crate) fn accuse(&self, accuser: u8, target: u8) -> u64 {
        self.call(judge(accuser), accuse(target)).expect("accused")
    }

    // ------------------------------------------------------------------ books

    /// What the contract holds.
    pub(crate) fn held(&self) -> u128 {
        if self.asset == Address::ZERO {
            self.world.balance(here()).to()
        } else {
            token::balance(&self.world, self.asset, here())
        }
    }

    /// What somebody holds.
    pub(crate) fn purse(&self, who: Address) -> u128 {
        if self.asset == Address::ZERO {
            self.world.balance(who).to()
        } else {
            token::balance(&self.world, self.asset, who)
        }
    }

    /// Stakes and what is owed; INV-ROSTER-02: they are what is booked, and it is held.
    #[track_caller]
    pub(crate) fn books(&self) -> (u128, u128) {
        let parts = self.call(STRANGER, wire::partsCall {}).unwrap();
        let booked = self.call(STRANGER, wire::bookedCall {}).unwrap();
        assert_eq!(booked, parts.stakes + parts.owed);
        assert!(U256::from(self.held()) >= booked);
        (parts.stakes.to(), parts.owed.to())
    }
}

pub(crate) fn decision(signers: &[Address], one: char) -> wire::recordDecisionCall {
    wire::recordDecisionCall {
        signers: signers.to_vec(),
        approves: one != 'N',
        weakens: one == 'W',
        reviews: one == 'R',
    }
}

pub(crate) fn accuse(target: u8) -> wire::initiateImpeachmentCall {
    wire::initiateImpeachmentCall {
        target: judge(target),
        evidenceHash: EVIDENCE,
    }
}

pub(crate) fn vote(id: u64) -> wire::voteImpeachmentCall {
    wire::voteImpeachmentCall { caseId: id }
}

pub(crate) fn lapse(id: u64) -> wire::expireImpeachmentCall {
    wire::expireImpeachmentCall { caseId: id }
}

pub(crate) fn release(adjudicator: Address) -> wire::releaseStakeCall {
    wire::releaseStakeCall { adjudicator }
}

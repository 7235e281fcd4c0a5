//! The city.

use std::{
    cell::{Ref, RefCell, RefMut},
    rc::Rc,
};

use agentcity_abi::{IAgent, ICollaboration, IGuardian, IStatute, ITreasury, IVerification};
use agentcity_domain::peer::Peer;
use agentcity_world::{World, token};
use alloy_primitives::{Address, B256, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

use crate::{
    answers::{self, Answers, Shared},
    people::Folk,
};

/// Base units of a unit here: odd, so that halves are not whole.
pub(crate) const SCALE: u128 = 1_001;
/// What everybody has to begin with.
pub(crate) const PURSE: u128 = 1 << 80;
/// The token, where there is one.
pub const TOKEN: Address = address!("0x70ce000000000000000000000000000000000001");
/// Who has nothing to do with anything.
pub const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");

/// The address of a member.
pub fn member(peer: Peer) -> Address {
    Address::with_last_byte(0xc0 + peer as u8)
}

/// Sealed, wired and peopled.
#[derive(Clone, Debug)]
pub struct City {
    /// The chain.
    pub world: World,
    /// Its people.
    pub folk: Folk,
    /// What it settles in; zero for coins.
    pub asset: Address,
    answers: Shared,
}

impl City {
    /// Settles in coins, with so many producers, each under a principal of its own.
    pub fn of(producers: usize) -> Self {
        Self::settling_in(Address::ZERO, producers)
    }

    /// The same, settling in a token.
    pub fn with_token(manners: token::Manners, producers: usize) -> Self {
        Self::raise(TOKEN, producers, |world| {
            token::install(world, TOKEN, manners)
        })
    }

    fn settling_in(asset: Address, producers: usize) -> Self {
        Self::raise(asset, producers, |_| ())
    }

    fn raise(asset: Address, producers: usize, before: impl FnOnce(&World)) -> Self {
        let world = World::new();
        before(&world);
        let answers: Shared = Rc::new(RefCell::new(Answers {
            adjudicators: 7,
            ..Answers::default()
        }));
        answers::install(&world, &answers, asset);
        world.program::<agentcity_agent::storage::Agents>(member(Peer::Agent), "agent");
        world.program::<agentcity_statute::storage::Statutes>(member(Peer::Statute), "statute");
        world.program::<agentcity_collaboration::storage::Missions>(
            member(Peer::Collaboration),
            "collaboration",
        );
        world.program::<agentcity_verification::storage::Verifications>(
            member(Peer::Verification),
            "verification",
        );
        world.program::<agentcity_guardian::storage::Guardian>(member(Peer::Guardian), "guardian");
        world.program::<agentcity_treasury::storage::Treasury>(member(Peer::Treasury), "treasury");
        let mut city = Self {
            world,
            folk: Folk::default(),
            asset,
            answers,
        };
        for peer in [
            Peer::Agent,
            Peer::Statute,
            Peer::Collaboration,
            Peer::Verification,
            Peer::Guardian,
            Peer::Treasury,
        ] {
            let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
            input.extend(member(Peer::Constitution).abi_encode());
            city.world
                .transact(STRANGER, member(peer), U256::ZERO, &input)
                .expect("constructed");
        }
        city.tell(STRANGER, IAgent::wireCall {});
        city.tell(STRANGER, IStatute::wireCall {});
        city.tell(STRANGER, ICollaboration::wireCall {});
        city.tell(STRANGER, IVerification::wireCall {});
        city.tell(STRANGER, IGuardian::wireCall {});
        city.tell(STRANGER, ITreasury::wireCall {});
        city.folk = Folk::settle(&city, producers);
        city.world.take_logs();
        city
    }

    /// What the doubles answer.
    pub fn answers(&self) -> Ref<'_, Answers> {
        self.answers.borrow()
    }

    /// The same, to be set.
    pub fn set(&self) -> RefMut<'_, Answers> {
        self.answers.borrow_mut()
    }

    /// Calls the contract whose call it is.
    pub fn try_to<C: Addressed>(&self, from: Address, call: C) -> Result<C::Return, Vec<u8>> {
        self.world.call(from, member(C::PEER), call)
    }

    /// The same, and it must succeed.
    #[track_caller]
    pub fn tell<C: Addressed>(&self, from: Address, call: C) -> C::Return {
        self.try_to(from, call)
            .unwrap_or_else(|refusal| panic!("{} was refused: {}", C::SIGNATURE, name_of(&refusal)))
    }

    /// Asks as a stranger.
    #[track_caller]
    pub fn ask<C: Addressed>(&self, call: C) -> C::Return {
        self.tell(STRANGER, call)
    }

    /// A call with coins of the asset, or with an allowance where it is a token.
    pub fn try_paying<C: Addressed>(
        &self,
        from: Address,
        amount: u128,
        call: C,
    ) -> Result<C::Return, Vec<u8>> {
        let coins = if self.asset.is_zero() { amount } else { 0 };
        self.world.call_with(from, member(C::PEER), coins, call)
    }

    /// The same, and it must succeed.
    #[track_caller]
    pub fn pay<C: Addressed>(&self, from: Address, amount: u128, call: C) -> C::Return {
        self.try_paying(from, amount, call)
            .unwrap_or_else(|refusal| panic!("{} was refused: {}", C::SIGNATURE, name_of(&refusal)))
    }

    /// Gives somebody a purse.
    pub fn fund(&self, account: Address) {
        if self.asset.is_zero() {
            self.world.mint(account, PURSE);
        } else {
            token::mint(&self.world, self.asset, account, PURSE);
        }
    }

    /// What somebody holds of the asset.
    pub fn balance(&self, account: Address) -> u128 {
        if self.asset.is_zero() {
            self.world.balance(account).to()
        } else {
            token::balance(&self.world, self.asset, account)
        }
    }

    /// The digest that is signed for a struct of `peer`, by EIP-712 and not by our code.
    pub fn digest(&self, peer: Peer, words: &[B256]) -> B256 {
        let domain = (
            keccak256(
                "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
            ),
            keccak256("AgentCity"),
            keccak256("1"),
            U256::from(self.world.chain_id()),
            member(peer),
        );
        let separator = keccak256(domain.abi_encode());
        let hash = keccak256(words.concat());
        keccak256([&[0x19, 0x01], separator.as_slice(), hash.as_slice()].concat())
    }
}

/// A call, and the contract whose it is.
pub trait Addressed: SolCall {
    /// The contract.
    const PEER: Peer;
}

macro_rules! addressed {
    ($($peer:ident $interface:ident: $($call:ident)+;)+) => {
        $($(impl Addressed for $interface::$call { const PEER: Peer = Peer::$peer; })+)+
    };
}

addressed! {
    Agent IAgent: wireCall enrolPrincipalCall registerCall principalRecordCall agentRecordCall principalOfCall standingCall;
    Statute IStatute: wireCall acceptSeatsCall deployTrancheCall deploySeatsCall finaliseDeploymentCall deploymentCall pageCall seatPageCall predicatesCall;
    Collaboration ICollaboration: wireCall createMissionCall acceptSeatCall substituteRunnerUpCall routeTaskCall
        expireNodeCall expireMissionCall abortMissionCall abortForFaultCall releaseAgentCall reassignNodeCall relegislateCall
        openChildCall closeChildCall missionCall nodeCall assignmentCall nodeStatesCall seatCall completionDigestCall
        isInterestedCall expiresAtCall;
    Verification IVerification: wireCall announceResultCall submitResultCall commitResultCall revealResultCall submitBatchCall
        closeVerificationCall disputeCall decideReviewCall disqualifyCall releaseBondCall recordOfCall commitmentOfCall;
    Guardian IGuardian: wireCall reportCall freezeNodeCall unfreezeNodeCall confirmFreezeCall classifyFalsePositiveCall
        triggerStopCall clearStopCall liftPauseCall enterDegradedCall exitDegradedCall reconcileCall reportDivergenceCall
        releaseBondCall filterOutputCall clearPredicateCall vetoOutputCall releaseOutputCall freezeOfCall countersCall gateOfCall;
    Treasury ITreasury: wireCall depositCall withdrawCall withdrawToCall creditsCall fundMissionCall fundMissionFromCreditCall
        closeEscrowCall escrowCall reserveStakeCall releaseReserveCall reservedStakeCall lockedStakeCall bondCall createPoolCall
        joinPoolCall requestLeavePoolCall leavePoolCall bindPoolCall poolCall poolSharesCall poolBindingCall contributeCall skimCall
        payInsuranceCall disburseCall payCompensationCall bookedCall partsCall solvencyCall;
}

/// A refusal's name, if an interface of the five has it; its bytes if not.
pub fn name_of(refusal: &[u8]) -> String {
    let Some(selector) = refusal.first_chunk::<4>() else {
        return "nothing".to_owned();
    };
    let known = [
        ICollaboration::ICollaborationErrors::name_by_selector(*selector),
        IStatute::IStatuteErrors::name_by_selector(*selector),
        IVerification::IVerificationErrors::name_by_selector(*selector),
        IGuardian::IGuardianErrors::name_by_selector(*selector),
        ITreasury::ITreasuryErrors::name_by_selector(*selector),
        IAgent::IAgentErrors::name_by_selector(*selector),
    ];
    let name = known.into_iter().flatten().next().unwrap_or("?");
    format!(
        "{name} {}",
        alloy_primitives::Bytes::copy_from_slice(refusal)
    )
}

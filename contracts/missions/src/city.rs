//! The city.

use std::cell::{Ref, RefMut};

use agentcity_abi::{
    IAdjudication, IAgent, ICollaboration,
    IConstitution::{self, Clerk, GenesisManifest, Member, ParameterValue},
    IGuardian, IRoster, IStatute, ITreasury, IVerification,
};
use agentcity_domain::{
    parameter::{self, ParameterId},
    peer::Peer,
};
use agentcity_world::{Key, World, digest_at, token};
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolStruct, SolValue, eip712_domain};
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

use crate::{
    answers::{self, Answers, DOUBLE, DOUBLES, Shared},
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

/// What the city is for.
const MANDATE: B256 = B256::repeat_byte(0x11);

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
        Self::founded(producers, &[])
    }

    /// The same, with parameters that do not begin at their defaults.
    pub fn founded(producers: usize, values: &[(ParameterId, u32)]) -> Self {
        Self::raise(Address::ZERO, producers, values, |_| ())
    }

    /// The same, settling in a token.
    pub fn with_token(manners: token::Manners, producers: usize) -> Self {
        Self::raise(TOKEN, producers, &[], |world| {
            token::install(world, TOKEN, manners)
        })
    }

    fn raise(
        asset: Address,
        producers: usize,
        values: &[(ParameterId, u32)],
        before: impl FnOnce(&World),
    ) -> Self {
        let world = World::new();
        before(&world);
        let answers = Shared::default();
        answers::install(&world, &answers);
        world.program::<agentcity_constitution::storage::Constitution>(
            member(Peer::Constitution),
            "constitution",
        );
        world.program::<agentcity_adjudication::storage::Adjudication>(
            member(Peer::Adjudication),
            "adjudication",
        );
        world.program::<agentcity_roster::storage::Roster>(member(Peer::Roster), "roster");
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
        city.folk.judges = Folk::panel();
        city.construct();
        city.seal(values);
        city.tell(STRANGER, IAdjudication::wireCall {});
        city.tell(STRANGER, IRoster::wireCall {});
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

    fn construct(&self) {
        let judges: Vec<Address> = self.folk.judges.iter().map(|key| key.address).collect();
        let founding = (MANDATE, self.asset, U256::from(SCALE), judges).abi_encode_params();
        let own = member(Peer::Constitution).abi_encode();
        for peer in Peer::ALL.into_iter().filter(|peer| !DOUBLES.contains(peer)) {
            let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
            input.extend(if peer == Peer::Constitution {
                &founding
            } else {
                &own
            });
            self.world
                .transact(STRANGER, member(peer), U256::ZERO, &input)
                .expect("constructed");
        }
    }

    /// Seals the city, with all its genesis adjudicators' signatures.
    fn seal(&self, values: &[(ParameterId, u32)]) {
        let mut parameters: Vec<_> = values
            .iter()
            .map(|(id, value)| ParameterValue {
                id: *id as u8,
                value: parameter::word(*value),
            })
            .collect();
        parameters.sort_by_key(|value| value.id);
        let of = |peer: &Peer| Member {
            peer: *peer as u8,
            account: member(*peer),
            codehash: keccak256(if DOUBLES.contains(peer) {
                DOUBLE
            } else {
                peer.name()
            }),
        };
        let clerk = |role: u8| Clerk {
            role,
            agent: Address::repeat_byte(0xa0 + role),
            principal: Address::repeat_byte(0x70 + role % 2),
        };
        let manifest = GenesisManifest {
            mandate: MANDATE,
            asset: self.asset,
            unitScale: U256::from(SCALE),
            members: Peer::ALL[1..].iter().map(of).collect(),
            parameters,
            clerks: (0..4).map(clerk).collect(),
            adjudicators: self.folk.judges.iter().map(|key| key.address).collect(),
            deadline: self.world.now() + 3_600,
        };
        let domain = eip712_domain! {
            name: "AgentCity",
            version: "1",
            chain_id: self.world.chain_id(),
            verifying_contract: member(Peer::Constitution),
        };
        let digest = manifest.eip712_signing_hash(&domain);
        let sign = |key: &Key| -> Bytes { key.sign(digest).into() };
        let signatures = self.folk.judges.iter().map(sign).collect();
        let seal = IConstitution::sealCall {
            manifest,
            signatures,
        };
        self.tell(STRANGER, seal);
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
        digest_at(self.world.chain_id(), member(peer), words)
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
    Constitution IConstitution: sealCall epochCall parameterCall readCurrentCall;
    Adjudication IAdjudication: wireCall submitCall executeCall withdrawSignatureCall expireActionCall requirementOfCall
        actionStateCall digestOfCall;
    Roster IRoster: wireCall stakeCall resignCall releaseStakeCall withdrawCall bondMonitorCall retireMonitorCall releaseMonitorCall
        claimCompensationCall initiateImpeachmentCall voteImpeachmentCall expireImpeachmentCall expireWatchdogCall adjudicatorCall
        activeAdjudicatorsCall monitorCall haltedUntilCall impeachmentCall examineCall bookedCall partsCall skimCall;
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
        releaseBondCall filterOutputCall clearPredicateCall vetoOutputCall releaseOutputCall freezeOfCall countersCall gateOfCall watchOfCall;
    Treasury ITreasury: wireCall depositCall withdrawCall withdrawToCall creditsCall fundMissionCall fundMissionFromCreditCall
        closeEscrowCall escrowCall reserveStakeCall releaseReserveCall reservedStakeCall lockedStakeCall bondCall createPoolCall
        joinPoolCall requestLeavePoolCall leavePoolCall bindPoolCall poolCall poolSharesCall poolBindingCall contributeCall skimCall
        payInsuranceCall disburseCall payCompensationCall bookedCall partsCall solvencyCall;
}

/// A refusal's name, if an interface of the nine has it; its bytes if not.
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
        IAdjudication::IAdjudicationErrors::name_by_selector(*selector),
        IRoster::IRosterErrors::name_by_selector(*selector),
        IConstitution::IConstitutionErrors::name_by_selector(*selector),
    ];
    let name = known.into_iter().flatten().next().unwrap_or("?");
    format!(
        "{name} {}",
        alloy_primitives::Bytes::copy_from_slice(refusal)
    )
}

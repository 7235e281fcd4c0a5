//! Attacks on the money: receivers that refuse and re-enter, coins that nobody asked for, programs that fall asleep over it, and tokens
//! that do not do what tokens do (RULINGS A8, A9, R17).

use agentcity_abi::{
    IArbWasm, ICollaboration as work, ISettlementToken as tokens, ITreasury as treasury,
};
use agentcity_domain::peer::Peer;
use agentcity_test_fixtures::{
    Actor, Sender,
    city::{Asset, Charter, City, Person, raise::minter},
    mission::{Plan, Scene, Task, stage::DEPOSIT, told},
    program::activate,
};
use alloy::{
    primitives::{Address, Bytes, U256, keccak256},
    sol,
    sol_types::{SolCall, SolError, SolValue},
};

sol! {
    /// As compiled from `sol/Turncoat.sol`.
    interface ITurncoat {
        function receiveAs(uint8 manner, address target, bytes calldata payload) external;
        function execute(address to, bytes calldata data) external payable returns (bytes memory);
        function reentered() external view returns (bool);
        function answer() external view returns (bytes memory);
    }

    /// As compiled from `sol/EvilTokens.sol`.
    interface IEvil {
        function arm(address target, bytes calldata payload) external;
        function reentered() external view returns (bool);
        function answer() external view returns (bytes memory);
        function setBlocked(address account, bool isBlocked) external;
    }
}

/// How a turncoat receives.
const TAKES: u8 = 0;
const REFUSES: u8 = 1;
const BURNS: u8 = 2;
const REENTERS: u8 = 3;

const DAY: u64 = 86_400;

/// A contract account of the fixtures that is owed something.
struct Owed {
    scene: Scene,
    owner: Person,
    account: Address,
    amount: u128,
}

impl Owed {
    fn new() -> Self {
        let mut scene = Scene::raise(&Charter::default(), 2, 1);
        let owner = scene.person("owner of a contract");
        let account = scene.create(&owner, "Turncoat", &[]);
        let mut owed = Self {
            scene,
            owner,
            account,
            amount: 700_000,
        };
        owed.owe();
        owed
    }

    /// A stranger pays into its credit.
    fn owe(&mut self) {
        let call = treasury::depositCall {
            account: self.account,
            amount: U256::from(self.amount),
        };
        let payer = self.scene.stranger.clone();
        self.scene.pay(&payer, Peer::Treasury, self.amount, &call);
    }

    /// It withdraws, as its owner wants it.
    fn withdraws(&mut self) {
        let withdraw = self.acting(treasury::withdrawCall {}.abi_encode());
        let client = &mut self.scene.stage.city.client;
        client.send(&self.owner, self.account, &withdraw).unwrap();
        assert_eq!(self.scene.credit(self.account), 0);
    }

    fn receives(&mut self, manner: u8, payload: Vec<u8>) {
        let call = ITurncoat::receiveAsCall {
            manner,
            target: self.scene.at(Peer::Treasury),
            payload: payload.into(),
        };
        let client = &mut self.scene.stage.city.client;
        client.send(&self.owner, self.account, &call).unwrap();
    }

    fn acting(&self, data: Vec<u8>) -> ITurncoat::executeCall {
        ITurncoat::executeCall {
            to: self.scene.at(Peer::Treasury),
            data: data.into(),
        }
    }

    #[track_caller]
    fn refuses<E: SolError + std::fmt::Debug>(&mut self, data: Vec<u8>, expected: &E) {
        let call = self.acting(data);
        let (owner, account) = (self.owner.clone(), self.account);
        self.scene.refused_at(&owner, account, &call, expected);
        assert_eq!(self.scene.credit(account), self.amount, "nothing moved");
        self.scene.books();
    }
}

#[test]
fn a_receiver_that_refuses_or_burns_keeps_its_credit_and_names_another() {
    let mut owed = Owed::new();
    let withdraw = treasury::withdrawCall {}.abi_encode();
    for manner in [REFUSES, BURNS] {
        owed.receives(manner, Vec::new());
        let failed = treasury::PaymentFailed {
            to: owed.account,
            amount: U256::from(owed.amount),
        };
        owed.refuses(withdraw.clone(), &failed);
    }
    // It takes it elsewhere, to the unit, and no more than it has.
    let haven = Address::repeat_byte(0x77);
    let to = |amount: u128| {
        treasury::withdrawToCall {
            to: haven,
            amount: U256::from(amount),
        }
        .abi_encode()
    };
    let short = treasury::InsufficientCredit {
        account: owed.account,
        available: U256::from(owed.amount),
        needed: U256::from(owed.amount + 1),
    };
    owed.refuses(to(owed.amount + 1), &short);
    let call = owed.acting(to(owed.amount));
    let client = &mut owed.scene.stage.city.client;
    client.send(&owed.owner, owed.account, &call).unwrap();
    assert_eq!(owed.scene.purse(haven), owed.amount);
    assert_eq!(owed.scene.credit(owed.account), 0);
    owed.scene.books();
}

// INV-TREASURY-06.
#[test]
fn a_receiver_that_re_enters_is_paid_once_and_finds_every_entry_locked() {
    let amount = U256::from(5);
    let entries = [
        treasury::withdrawCall {}.abi_encode(),
        treasury::withdrawToCall {
            to: Address::repeat_byte(0x66),
            amount,
        }
        .abi_encode(),
        treasury::skimCall {}.abi_encode(),
    ];
    let mut owed = Owed::new();
    // So that there is something to take beside its own.
    let victim = owed.scene.agent(0).address();
    assert_eq!(owed.scene.credit(victim), DEPOSIT);
    for (paid, entry) in entries.into_iter().enumerate() {
        owed.receives(REENTERS, entry);
        owed.withdraws();
        let client = &mut owed.scene.stage.city.client;
        let reentered = client.ask(owed.account, &ITurncoat::reenteredCall {});
        assert!(!reentered.unwrap());
        let answer = client.ask(owed.account, &ITurncoat::answerCall {}).unwrap();
        assert_eq!(answer[..], treasury::Reentered {}.abi_encode());
        let times = paid as u128 + 1;
        assert_eq!(owed.scene.purse(owed.account), times * owed.amount);
        assert_eq!(owed.scene.credit(victim), DEPOSIT);
        owed.scene.books();
        owed.owe();
    }
    // And one that changes its mind is an ordinary receiver.
    owed.receives(TAKES, Vec::new());
    owed.withdraws();
    assert_eq!(owed.scene.purse(owed.account), 4 * owed.amount);
}

#[test]
fn r17_coins_that_are_forced_upon_the_treasury_move_no_book_until_anyone_skims_them() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    let (treasury_at, before) = (scene.at(Peer::Treasury), scene.books());
    let giver = scene.person("giver");
    let code = agentcity_solidity::load("ForcedCoin").unwrap();
    let mut code = code.creation_code().unwrap();
    code.extend(treasury_at.abi_encode());
    let forced = 12_345;
    let held = scene.purse(treasury_at);
    let client = &mut scene.stage.city.client;
    client
        .create_as(giver.signer(), U256::from(forced), code.into(), "giver")
        .unwrap();
    assert_eq!(scene.purse(treasury_at), held + forced);
    let solvency = scene.ask(Peer::Treasury, &treasury::solvencyCall {});
    assert_eq!(solvency.bookedTotal, U256::from(held));
    assert_eq!(solvency.held, U256::from(held + forced));
    let parts = scene.ask(Peer::Treasury, &treasury::partsCall {});
    assert_eq!(parts, before, "the books do not know of it");
    // Plain coins are refused: whoever means to give has a function for it.
    let sent = scene.stage.city.client.pay(
        giver.signer(),
        treasury_at,
        U256::from(1),
        Bytes::new(),
        "a gift",
    );
    assert!(sent.is_err());
    let stranger = scene.stranger.clone();
    let skimmed = scene.send(&stranger, Peer::Treasury, &treasury::skimCall {});
    let told = told::<treasury::Skimmed>(&skimmed);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].amount, U256::from(forced));
    let expected = treasury::Parts {
        treasury: before.treasury + U256::from(forced),
        ..before
    };
    assert_eq!(scene.books(), expected, "all of it is the treasury's");
}

#[test]
fn a8_after_a_year_the_money_sleeps_until_a_stranger_wakes_the_program_and_all_of_it_is_there() {
    let mut scene = Scene::raise(&Charter::default(), 3, 1);
    let plan = Plan {
        name: "a mission before the long night".to_owned(),
        tasks: vec![Task::proved("a task", 300_000_000_000_000)],
        edges: Vec::new(),
        predicates: Vec::new(),
    };
    let law = scene.enact(&plan, 200_000_000_000_000);
    scene.route(&law, 0, &[0]);
    let before = scene.books();
    scene.pass(366 * DAY);
    let agent = scene.agent(0);
    let treasury_at = scene.at(Peer::Treasury);
    let withdraw = treasury::withdrawCall {};
    let asleep = scene.stage.city.client.send(&agent, treasury_at, &withdraw);
    assert!(asleep.is_err(), "an expired program runs");
    // Nobody in particular pays for waking it: the books are as they were.
    let node = &scene.stage.city.node;
    let mut mallory = Sender::new(node, "mallory").unwrap();
    activate(&mut mallory, treasury_at).unwrap();
    let left = IArbWasm::programTimeLeftCall {
        program: treasury_at,
    };
    let left = mallory
        .ask(agentcity_test_fixtures::program::ARB_WASM, &left)
        .unwrap();
    assert!(left > 364 * DAY, "{left}");
    assert_eq!(scene.books(), before);
    let owed = scene.credit(agent.address());
    assert_eq!(scene.withdraw(&agent), owed);
    // The rest of the city is woken the same way; then the mission ends by its deadline, and everybody has his money.
    for peer in [
        Peer::Collaboration,
        Peer::Constitution,
        Peer::Agent,
        Peer::Roster,
    ] {
        activate(&mut mallory, scene.at(peer)).unwrap();
    }
    let stranger = scene.stranger.clone();
    let over = work::expireMissionCall {
        missionId: law.mission,
    };
    scene.send(&stranger, Peer::Collaboration, &over);
    scene.pass(2 * DAY);
    scene.send(&stranger, Peer::Collaboration, &over);
    assert_eq!(scene.state(&law), work::MissionState::Aborted);
    scene.clear(&law);
    let (taken, funds) = scene.leave(&[]);
    // What the first withdrew it had before.
    assert_eq!(owed + taken + funds, 3 * DEPOSIT + law.written.budget);
}

// ------------------------------------------------------------------ tokens

/// A city that pays in a token of the fixtures, and whoever has all of that.
struct Evil {
    city: City,
    token: Address,
}

const SUPPLY: u128 = 1_000_000;

impl Evil {
    fn new(artifact: &'static str, arguments: &'static [u128]) -> Self {
        let charter = Charter {
            asset: Asset::Foreign(artifact, arguments),
            ..Charter::default()
        };
        let city = City::raise(&charter).unwrap_or_else(|e| panic!("{e}"));
        let token = city.genesis.asset.expect("a token");
        let to = city.address(Peer::Treasury);
        let mut evil = Self { city, token };
        let approve = tokens::approveCall {
            spender: to,
            value: U256::MAX,
        };
        evil.call(token, approve.abi_encode()).unwrap();
        evil
    }

    /// The minter calls.
    fn call(
        &mut self,
        to: Address,
        input: Vec<u8>,
    ) -> Result<agentcity_test_fixtures::sender::Outcome, agentcity_test_fixtures::city::CallError>
    {
        let by = &minter().signer;
        self.city
            .client
            .pay(by, to, U256::ZERO, input.into(), "a call by the minter")
    }

    /// The minter pays to its own credit.
    fn deposit(amount: u128) -> Vec<u8> {
        treasury::depositCall {
            account: minter().address(),
            amount: U256::from(amount),
        }
        .abi_encode()
    }

    #[track_caller]
    fn refused<E: SolError + std::fmt::Debug>(&mut self, input: Vec<u8>, expected: &E) {
        let before = self.books();
        let to = self.city.address(Peer::Treasury);
        let Err(error) = self.call(to, input) else {
            panic!("{expected:?} was expected");
        };
        let said = error.refusal().map(|refusal| refusal.0.to_vec());
        assert_eq!(said, Some(expected.abi_encode()), "{expected:?}");
        assert_eq!(self.books(), before, "nothing is booked");
    }

    /// What is booked, and what is there.
    fn books(&mut self) -> (U256, U256) {
        let to = self.city.address(Peer::Treasury);
        let booked = self.city.client.ask(to, &treasury::bookedCall {}).unwrap();
        let balance = tokens::balanceOfCall { account: to };
        let held = self.city.client.ask(self.token, &balance).unwrap();
        (booked, held)
    }
}

#[test]
fn a9_a_token_that_takes_a_fee_is_refused_with_what_it_delivered() {
    let mut evil = Evil::new("FeeOnTransferToken", &[SUPPLY, 100]);
    for amount in [100, 12_345] {
        let short = treasury::AmountMismatch {
            expected: U256::from(amount),
            received: U256::from(amount - amount / 100),
        };
        evil.refused(Evil::deposit(amount), &short);
    }
    // So small that it takes no fee, it delivers, and is booked.
    let to = evil.city.address(Peer::Treasury);
    evil.call(to, Evil::deposit(99)).unwrap();
    assert_eq!(evil.books(), (U256::from(99), U256::from(99)));
}

#[test]
fn a9_a_token_that_says_false_or_reverts_is_named_as_what_did_not_pay() {
    let mut evil = Evil::new("FalseToken", &[SUPPLY]);
    let to = evil.city.address(Peer::Treasury);
    let failed = treasury::PaymentFailed {
        to,
        amount: U256::from(SUPPLY + 1),
    };
    evil.refused(Evil::deposit(SUPPLY + 1), &failed);
    evil.call(to, Evil::deposit(SUPPLY)).unwrap();
    assert_eq!(evil.books(), (U256::from(SUPPLY), U256::from(SUPPLY)));

    let mut evil = Evil::new("BlocklistToken", &[SUPPLY]);
    let to = evil.city.address(Peer::Treasury);
    let block = |account| IEvil::setBlockedCall {
        account,
        isBlocked: true,
    };
    let token = evil.token;
    evil.call(token, block(to).abi_encode()).unwrap();
    let failed = treasury::PaymentFailed {
        to,
        amount: U256::from(10),
    };
    evil.refused(Evil::deposit(10), &failed);
}

#[test]
fn a9_a_token_that_says_nothing_as_old_ones_do_is_taken_at_its_deeds() {
    let mut evil = Evil::new("SilentToken", &[SUPPLY]);
    let to = evil.city.address(Peer::Treasury);
    evil.call(to, Evil::deposit(10)).unwrap();
    assert_eq!(evil.books(), (U256::from(10), U256::from(10)));
}

// INV-TREASURY-06.
#[test]
fn a9_a_hook_that_deposits_again_does_not_make_one_transfer_count_twice() {
    let mut evil = Evil::new("ReenteringToken", &[SUPPLY]);
    let (to, token) = (evil.city.address(Peer::Treasury), evil.token);
    let again = [
        treasury::depositCall {
            account: token,
            amount: U256::from(100),
        }
        .abi_encode(),
        treasury::fundMissionCall {
            missionId: keccak256("a mission"),
            amount: U256::from(100),
        }
        .abi_encode(),
        treasury::skimCall {}.abi_encode(),
        treasury::withdrawCall {}.abi_encode(),
    ];
    let mut booked = U256::ZERO;
    for entry in again {
        let arm = IEvil::armCall {
            target: to,
            payload: entry.into(),
        };
        evil.call(token, arm.abi_encode()).unwrap();
        evil.call(to, Evil::deposit(100)).unwrap();
        booked += U256::from(100);
        let reentered = evil.city.client.ask(token, &IEvil::reenteredCall {});
        assert!(!reentered.unwrap(), "the entry from within passed");
        let answer = evil.city.client.ask(token, &IEvil::answerCall {}).unwrap();
        assert_eq!(answer[..], treasury::Reentered {}.abi_encode());
        assert_eq!(evil.books(), (booked, booked), "counted once");
    }
}

#[test]
fn a9_whom_the_token_refuses_names_another_receiver() {
    let mut evil = Evil::new("BlocklistToken", &[SUPPLY]);
    let (to, token) = (evil.city.address(Peer::Treasury), evil.token);
    let owed = minter().address();
    let deposit = treasury::depositCall {
        account: owed,
        amount: U256::from(500),
    };
    evil.call(to, deposit.abi_encode()).unwrap();
    let block = IEvil::setBlockedCall {
        account: owed,
        isBlocked: true,
    };
    evil.call(token, block.abi_encode()).unwrap();
    let failed = treasury::PaymentFailed {
        to: owed,
        amount: U256::from(500),
    };
    evil.refused(treasury::withdrawCall {}.abi_encode(), &failed);
    let haven = Actor::named("bob").address();
    let elsewhere = treasury::withdrawToCall {
        to: haven,
        amount: U256::from(500),
    };
    evil.call(to, elsewhere.abi_encode()).unwrap();
    let balance = tokens::balanceOfCall { account: haven };
    let held = evil.city.client.ask(token, &balance).unwrap();
    assert_eq!(held, U256::from(500));
    assert_eq!(evil.books(), (U256::ZERO, U256::ZERO));
}

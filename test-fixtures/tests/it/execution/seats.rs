//! Executors that turn: services that end before and after the work begins (RULINGS R28), and a contract account that signs and takes
//! it back (R22).

use agentcity_abi::{
    IAgent as agents,
    ICollaboration::{self as work, Reason},
    IService as services, IStatute as statute, ITreasury as treasury,
};
use agentcity_domain::{
    mission::seat::CONFLICT, parameter::ParameterId as P, peer::Peer,
    signed::identity::PrincipalConsent, statute::Mode,
};
use agentcity_test_fixtures::{
    city::{
        Person,
        life::{GOOD_UNTIL, service_of},
    },
    mission::{Charter, Executor, Law, Plan, Scene, Task, seconds, told},
};
use alloy::{
    primitives::{Address, Bytes, U256, keccak256},
    sol,
    sol_types::SolCall,
};

sol! {
    /// As compiled from `sol/Turncoat.sol`.
    interface ITurncoat {
        function sign(bytes32 hash, bool signs) external;
        function execute(address to, bytes calldata data) external payable returns (bytes memory);
    }
}

/// A seat's price and stake, in base units.
const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;
/// What a missed deadline takes of it.
const LATE: u128 = STAKE * 33 / 100;

fn one(name: &str, task: Task) -> Plan {
    Plan {
        name: name.to_owned(),
        tasks: vec![task],
        edges: Vec::new(),
        predicates: Vec::new(),
    }
}

/// An executor ends the service that it runs.
#[track_caller]
fn deprecate(scene: &mut Scene, executor: usize) -> u64 {
    let executor = scene.stage.executors[executor].clone();
    let of = service_of(&executor.agent);
    let identify = services::identifyCall {
        owner: executor.agent.address(),
        codeHash: of.codeHash,
        schemaHash: of.schemaHash,
        endpoint: of.endpoint,
        constraints: of.constraints,
    };
    let details = scene.ask(Peer::Service, &identify).details;
    let call = services::deprecateServiceCall {
        service: executor.service,
        details,
    };
    scene.send(&executor.agent, Peer::Service, &call);
    scene.now()
}

fn expire(law: &Law) -> work::expireNodeCall {
    work::expireNodeCall {
        missionId: law.mission,
        node: 0,
    }
}

#[test]
fn r28_a_service_that_ends_before_routing_bars_its_seat_at_its_owners_fault() {
    let mut scene = Scene::raise(&Charter::default(), 4, 1);
    let law = scene.enact(&one("alone", Task::proved("alone", PRICE)), STAKE);
    let activated = scene.now();
    scene.accept(&law, 0, 0);
    let routing = scene.routing(&law, 0, &[0]);
    let at = deprecate(&mut scene, 0);
    let stranger = scene.stranger.clone();
    let refused = work::ServiceDeprecated {
        serviceId: scene.stage.executors[0].service,
        deprecatedAt: at,
    };
    scene.refused(&stranger, Peer::Collaboration, &routing, &refused);
    let windows = seconds(P::AcceptanceWindowMs) + seconds(P::TimeoutGraceMs);
    let until = activated + windows + seconds(P::RouteTimeoutMs);
    let over = scene.out_after(until, Peer::Collaboration, &expire(&law));
    let owner = scene.agent(0).address();
    let failed = told::<work::NodeFailed>(&over);
    assert_eq!(failed[0].reason, Reason::ServiceDeprecated);
    let faults = told::<work::FaultSignal>(&over);
    let faults: Vec<_> = faults.iter().map(|f| (f.executor, f.fault)).collect();
    assert_eq!(faults, [(owner, Reason::ServiceDeprecated)]);
    let slashes = told::<treasury::StakeSlashed>(&over);
    let slashes: Vec<_> = slashes.iter().map(|s| (s.agent, s.amount.to())).collect();
    assert_eq!(slashes, [(owner, LATE)]);
}

#[test]
fn r28_two_of_three_begin_without_the_one_whose_service_ended_and_it_alone_pays() {
    let mut scene = Scene::raise(&Charter::default(), 4, 1);
    let task = Task::agreed("three", 3 * PRICE, 3, 2, Mode::Exact);
    let law = scene.enact(&one("three", task), STAKE);
    let closes = scene.now() + seconds(P::AcceptanceWindowMs) + seconds(P::TimeoutGraceMs);
    for executor in 0..3 {
        scene.accept(&law, 0, executor);
    }
    let routing = scene.routing(&law, 0, &[0, 1, 2]);
    let at = deprecate(&mut scene, 1);
    // While all seats are awaited, the ended one bars the node; after the window as many as must agree are enough.
    let refused = work::ServiceDeprecated {
        serviceId: scene.stage.executors[1].service,
        deprecatedAt: at,
    };
    let stranger = scene.stranger.clone();
    scene.refused(&stranger, Peer::Collaboration, &routing, &refused);
    scene.until(closes + 1);
    let routed = scene.send(&stranger, Peer::Collaboration, &routing);
    let owner = scene.agent(1).address();
    let faults = told::<work::FaultSignal>(&routed);
    let faults: Vec<_> = faults.iter().map(|f| (f.executor, f.fault)).collect();
    assert_eq!(faults, [(owner, Reason::ServiceDeprecated)]);
    assert_eq!(scene.staked(&law, owner), STAKE - LATE);
    let sealed = [0, 2].map(|executor| scene.seal(&law, 0, executor, "label"));
    for sealed in &sealed {
        scene.open(&law, 0, sealed);
    }
    assert_eq!(scene.node(&law, 0).state, work::NodeState::Completed);
}

#[test]
fn r28_a_service_that_ends_on_the_way_ends_nothing_that_began() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    let law = scene.enact(&one("on the way", Task::proved("on the way", PRICE)), STAKE);
    scene.route(&law, 0, &[0]);
    deprecate(&mut scene, 0);
    let done = scene.submit(&law, 0, 0);
    let settled = told::<treasury::Settled>(&done);
    assert_eq!(settled[0].agent, scene.agent(0).address());
    assert!(told::<work::FaultSignal>(&done).is_empty());
    assert_eq!(scene.state(&law), work::MissionState::Verification);
}

#[test]
fn r7_an_agent_that_passed_to_a_neighbours_principal_does_not_begin_beside_it() {
    let mut scene = Scene::raise(&Charter::default(), 4, 1);
    let task = Task::agreed("two of one", 3 * PRICE, 3, 2, Mode::Exact);
    let mut law = scene.legislate(&one("two of one", task), STAKE);
    // Three principals won three seats; then one takes another's agent over, while nothing binds it yet.
    let [first, second] = [0, 1].map(|place| scene.stage.executors[place].clone());
    scene.passes_to(&second.agent, &second.principal, &first.principal);
    scene
        .stage
        .make_law(&mut law)
        .unwrap_or_else(|e| panic!("{e}"));
    for executor in 0..3 {
        scene.accept(&law, 0, executor);
    }
    let routing = scene.routing(&law, 0, &[0, 1, 2]);
    let (to, stranger) = (scene.at(Peer::Collaboration), scene.stranger.clone());
    let sent = scene.stage.city.client.send(&stranger, to, &routing);
    let said = sent.unwrap_err();
    let typed = said.refusal().and_then(|refusal| refusal.typed());
    let Some(work::ICollaborationErrors::AgentRefused(refused)) = typed else {
        panic!("{said}");
    };
    assert_eq!(refused.agent, second.agent.address());
    assert_eq!(refused.rule & CONFLICT, CONFLICT);
    assert_eq!(scene.node(&law, 0).state, work::NodeState::Eligible);
}

// ------------------------------------------------------------------ a contract as executor

/// A contract account that is registered as an executor, and who acts through it.
#[track_caller]
fn contract_executor(scene: &mut Scene) -> (Person, Address) {
    let owner = scene.person("owner of a contract");
    let account = scene.create(&owner, "Turncoat", &[]);
    let principal = scene.stage.executors[1].principal.clone();
    let did = format!(
        "did:pkh:eip155:{}:{account:#x}",
        scene.stage.city.client.chain_id()
    );
    let record = agents::principalRecordCall {
        principal: principal.address(),
    };
    let nonce = scene.ask(Peer::Agent, &record).nonce;
    let consent = PrincipalConsent {
        agent: account,
        did_hash: keccak256(&did),
        agent_type: agents::AgentType::Producer as u8,
        principal: principal.address(),
        max_sub_agents: 0,
        nonce: u64::from(nonce) << 16,
        deadline: GOOD_UNTIL,
    };
    let register = agents::registerCall {
        did,
        agentType: agents::AgentType::Producer as u8,
        principal: principal.address(),
        maxSubAgents: 0,
        deadline: GOOD_UNTIL,
        consent: scene.signature(&principal, Peer::Agent, &consent.words()),
    };
    let stake = scene
        .stage
        .city
        .registration_value(agents::AgentType::Producer)
        .unwrap();
    act(scene, &owner, account, Peer::Agent, stake, &register).unwrap();
    let published = act(
        scene,
        &owner,
        account,
        Peer::Service,
        U256::ZERO,
        &service_of(&owner),
    );
    let published = told::<services::ServiceRegistered>(&published.unwrap());
    let deposit = treasury::depositCall {
        account,
        amount: U256::from(10 * STAKE),
    };
    scene.pay(&owner, Peer::Treasury, 10 * STAKE, &deposit);
    // It sits where the first executor sat, who goes on voting; the name is its owner's, who signs for nobody.
    let executor = Executor {
        agent: owner.clone(),
        principal,
        service: published[0].service,
    };
    scene.stage.contracts.insert(account, executor.clone());
    let former = std::mem::replace(&mut scene.stage.executors[0], executor);
    scene.stage.electorate.push(former.principal);
    (owner, account)
}

/// The owner acts through its account.
fn act<C: SolCall>(
    scene: &mut Scene,
    owner: &Person,
    account: Address,
    peer: Peer,
    value: U256,
    call: &C,
) -> Result<agentcity_test_fixtures::sender::Outcome, agentcity_test_fixtures::city::CallError> {
    let execute = ITurncoat::executeCall {
        to: scene.at(peer),
        data: call.abi_encode().into(),
    };
    let client = &mut scene.stage.city.client;
    let input = execute.abi_encode().into();
    client.pay(owner.signer(), account, value, input, C::SIGNATURE)
}

#[test]
fn r22_an_executor_contract_that_takes_its_signature_back_is_bound_by_what_was_taken_before() {
    let mut scene = Scene::raise(&Charter::default(), 3, 1);
    let (owner, account) = contract_executor(&mut scene);
    let plan = one("a turncoat", Task::proved("a turncoat", PRICE));
    let mut seats = scene.seats(&plan, &[0], STAKE);
    (seats[0].agent, seats[0].source) = (account, account.into_word());
    let law = scene.enact_with(&plan, &seats);
    let acceptance = statute::SeatAcceptance {
        missionId: law.mission,
        node: 0,
        attempt: 0,
        executor: account,
        deadline: GOOD_UNTIL,
    };
    let words = Scene::acceptance(&acceptance);
    let digest = scene.stage.city.digest(Peer::Statute, &words);
    let accept = statute::acceptSeatsCall {
        acceptances: vec![acceptance],
        signatures: vec![Bytes::from_static(b"whatever")],
    };
    let stranger = scene.stranger.clone();
    let not_its = statute::InvalidSignature { signer: account };
    let minds = |scene: &mut Scene, hash, signs| {
        let call = ITurncoat::signCall { hash, signs };
        scene
            .stage
            .city
            .client
            .send(&owner, account, &call)
            .unwrap();
    };
    // Before it signs, and after it took that back: not taken.
    scene.refused(&stranger, Peer::Statute, &accept, &not_its);
    minds(&mut scene, digest, true);
    minds(&mut scene, digest, false);
    scene.refused(&stranger, Peer::Statute, &accept, &not_its);
    // While it signs, anyone relays it; then taking it back frees it of nothing.
    minds(&mut scene, digest, true);
    let taken = scene.send(&stranger, Peer::Statute, &accept);
    let accepted = told::<work::SeatAccepted>(&taken);
    assert_eq!((accepted[0].node, accepted[0].executor), (0, account));
    minds(&mut scene, digest, false);
    let routing = scene.routing(&law, 0, &[0]);
    scene.send(&stranger, Peer::Collaboration, &routing);
    assert_eq!(scene.node(&law, 0).state, work::NodeState::Executing);
    // Its result is the same: good while it signs.
    let result =
        agentcity_test_fixtures::mission::scene::result_of(&law, 0, 0, account, GOOD_UNTIL);
    let words = agentcity_test_fixtures::mission::result::signed(&result);
    let digest = scene.stage.city.digest(Peer::Verification, &words);
    let batch = agentcity_abi::IVerification::submitBatchCall {
        results: vec![result],
        terms: vec![law.plan.tasks[0].terms.clone()],
        signatures: vec![Bytes::new()],
    };
    let not_its =
        alloy::sol_types::SolError::abi_encode(&statute::InvalidSignature { signer: account });
    let refused = agentcity_abi::IVerification::ResultRefused {
        index: U256::ZERO,
        reason: not_its.into(),
    };
    scene.refused(&stranger, Peer::Verification, &batch, &refused);
    minds(&mut scene, digest, true);
    scene.send(&stranger, Peer::Verification, &batch);
    assert_eq!(scene.node(&law, 0).state, work::NodeState::Completed);
    let before = scene.credit(account);
    let withdraw = act(
        &mut scene,
        &owner,
        account,
        Peer::Treasury,
        U256::ZERO,
        &treasury::withdrawCall {},
    );
    let paid = told::<treasury::Withdrawn>(&withdraw.unwrap());
    assert_eq!(paid[0].amount, U256::from(before));
    assert_eq!(scene.purse(account), before);
}

#[test]
fn r22_an_executor_contract_that_is_silent_afterwards_pays_like_any_other() {
    let mut scene = Scene::raise(&Charter::default(), 3, 1);
    let (owner, account) = contract_executor(&mut scene);
    let plan = one(
        "a silent contract",
        Task::proved("a silent contract", PRICE),
    );
    let mut seats = scene.seats(&plan, &[0], STAKE);
    (seats[0].agent, seats[0].source) = (account, account.into_word());
    let law = scene.enact_with(&plan, &seats);
    let accept = work::acceptSeatCall {
        missionId: law.mission,
        node: 0,
    };
    act(
        &mut scene,
        &owner,
        account,
        Peer::Collaboration,
        U256::ZERO,
        &accept,
    )
    .unwrap();
    let routing = scene.routing(&law, 0, &[0]);
    let stranger = scene.stranger.clone();
    scene.send(&stranger, Peer::Collaboration, &routing);
    let until = scene.node(&law, 0).expiresAt.to();
    let over = scene.out_after(until, Peer::Collaboration, &expire(&law));
    let slashes = told::<treasury::StakeSlashed>(&over);
    let slashes: Vec<_> = slashes.iter().map(|s| (s.agent, s.amount.to())).collect();
    assert_eq!(slashes, [(account, LATE)]);
}

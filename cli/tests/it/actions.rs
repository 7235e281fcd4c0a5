//! Every power of the panel, on one running city: prepared, explained, signed, merged, handed in and, where it waits, carried out by the
//! command line. What `override explain` foretells is what comes of it, of what is done and of what is refused.

use std::collections::BTreeSet;

use agentcity_abi::{IRoster, ITreasury};
use agentcity_domain::{
    act::Action,
    parameter::{ParameterId as P, word},
    peer::Peer,
    statute::Predicate,
};
use agentcity_test_fixtures::{
    city::{
        Charter, Person,
        life::{AgentType, Registration},
        panel::number,
    },
    mission::{Plan, Stage, Task, stage::DEPOSIT},
};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol,
    sol_types::{SolCall, SolValue},
};
use serde_json::Value;

use super::{
    missions::{STAKE, done, terms},
    support::Terminal,
};

sol! {
    /// As compiled from `sol/Wallet1271.sol`.
    interface IWallet {
        function execute(address target, bytes calldata data) external payable returns (bytes memory);
    }
}

/// A seat's price, in base units.
const PRICE: u128 = 300_000_000_000_000;

/// A file of an action, as every one of them is called here.
const FILE: &str = "act.json";

/// A city at work, its panel, and everything that was said to it.
struct Hall {
    stage: Stage,
    t: Terminal,
    /// Relays what others signed.
    courier: Person,
    /// Contracts that adjudicate, with the owner whose key their code accepts.
    contracts: Vec<(Address, Person)>,
    /// Who signs wherever it may.
    first: Option<Address>,
    tried: BTreeSet<&'static str>,
    /// What `override explain --json` said of each.
    told: String,
}

/// Tasks that wait for nothing.
fn plan(name: &str, tasks: Vec<Task>, predicates: Vec<Predicate>) -> Plan {
    Plan {
        name: name.to_owned(),
        tasks,
        edges: Vec::new(),
        predicates,
    }
}

fn proved(name: &str) -> Task {
    Task::proved(name, PRICE)
}

impl Hall {
    fn raise() -> Self {
        let mut stage = Stage::raise(&Charter::default(), 4, 1).unwrap();
        let courier = stage.city.person("courier").unwrap();
        let mut t = Terminal::at(&stage.city);
        for executor in &stage.executors {
            t.know(&executor.agent);
            t.know(&executor.principal);
        }
        t.know(&stage.sponsor);
        t.know(&courier);
        t.write("why.md", "So that it is seen to work.\n");
        Self {
            stage,
            t,
            courier,
            contracts: Vec::new(),
            first: None,
            tried: BTreeSet::new(),
            told: String::new(),
        }
    }

    /// Somebody new, known by name.
    fn person(&mut self, name: &str) -> Person {
        let person = self.stage.city.person(name).unwrap();
        self.t.know(&person);
        person
    }

    /// A mission of these tasks, made law by the fixtures.
    fn mission(&mut self, plan: &Plan) -> (B256, Plan) {
        let law = self
            .stage
            .enact(plan, STAKE)
            .unwrap_or_else(|e| panic!("{e}"));
        let name = plan.name.clone();
        self.t.call(law.mission.to_string(), &name);
        self.t
            .call(law.session.to_string(), &format!("session of {name}"));
        (law.mission, law.plan)
    }

    /// Who signs in the name of an adjudicator: its own key, or the owner of the contract that it is.
    fn sign(&mut self, account: Address, out: &str) {
        let line = format!("override sign {FILE} --out {out}");
        let mut owners = self.contracts.iter();
        let said = match owners.find(|(contract, _)| *contract == account) {
            Some((contract, owner)) => {
                let owner = owner.clone();
                let line = format!("{line} --for {contract}");
                self.t.by(&owner, &line)
            }
            None => {
                let people = &self.stage.city.adjudicators;
                let person = people.iter().find(|person| person.address() == account);
                let person = person
                    .unwrap_or_else(|| panic!("nobody is {account}"))
                    .clone();
                self.t.silently(Some(&person), &line)
            }
        };
        done(&said);
    }

    /// Writes an action's file and explains it, and says what was told.
    fn prepare(&mut self, verb: &str, args: &str) -> Value {
        let known = Action::ALL.iter().filter_map(|action| action.row());
        let name = known.map(|row| row.verb).find(|known| *known == verb);
        self.tried
            .insert(name.unwrap_or_else(|| panic!("no action {verb}")));
        self.t.chapter(verb);
        let prepared = self.t.run(&format!(
            "override prepare {verb} {args} --justification why.md --out {FILE}"
        ));
        done(&prepared);
        // Kept whole in a file of its own.
        let told = self.t.ask(None, &format!("override explain {FILE}"));
        let mut kept = told.clone();
        if let Some(effects) = kept.get_mut("effect").and_then(Value::as_array_mut) {
            // Seconds differ only if another came meanwhile, and so does how far a halt moved a deadline.
            let is_second = |value: &Value| {
                let number = value.as_str().and_then(|text| text.split(' ').next());
                number.is_some_and(|text| text.parse().is_ok_and(|second: u64| second > 1 << 30))
            };
            effects.retain(|one| {
                let view = one["view"].as_str().unwrap_or_default();
                let of_clock = is_second(&one["before"]) && is_second(&one["after"]);
                !of_clock && !view.ends_with("extendedSecs")
            });
        }
        self.told += &format!("# {verb}\n\n{kept:#}\n\n");
        told
    }

    /// So many sign as `explain` names for want of others, and the courier hands it in: what it foretold is what comes.
    fn decide(&mut self, verb: &str, args: &str) -> (Value, Result<(), String>) {
        let told = self.prepare(verb, args);
        let named = told["takenForSigned"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut signers: Vec<Address> = named
            .iter()
            .map(|signer| signer.as_str().unwrap().parse().unwrap())
            .collect();
        let willing = told["maySign"].as_array().cloned().unwrap_or_default();
        if let Some(first) = self.first
            && willing.iter().any(|one| *one == first.to_string())
            && !signers.contains(&first)
        {
            signers[0] = first;
        }
        if signers.is_empty() {
            // Where nobody may sign, somebody tries.
            signers.push(self.stage.city.adjudicators[0].address());
        }
        let files: Vec<String> = (0..signers.len())
            .map(|place| format!("{place}.json"))
            .collect();
        for (signer, file) in signers.iter().zip(&files) {
            self.sign(*signer, file);
        }
        let merged = self
            .t
            .run(&format!("override merge {FILE} {}", files.join(" ")));
        done(&merged);
        let (courier, line) = (self.courier.clone(), format!("override submit {FILE}"));
        let said = self.t.by(&courier, &line);
        let foretold = told["taken"]["ok"] == true && told["lands"]["ok"] == true;
        if said.code != 0 {
            let why = [&told["taken"]["why"], &told["lands"]["why"]];
            let why = why.into_iter().find_map(Value::as_str).unwrap_or_default();
            assert!(!foretold, "{verb} was to be done: {}", said.stderr);
            assert_eq!(said.stderr, format!("error: {why}\n"), "{verb}");
            return (told, Err(said.stderr));
        }
        if told["delaySecs"].as_u64().is_some_and(|secs| secs > 0) {
            let status = self.t.ask(None, &format!("override status {FILE}"));
            let due = status["dueAt"].as_u64().unwrap();
            self.stage.outlast(due).unwrap();
            let said = self.t.by(&courier, &format!("override execute {FILE}"));
            assert_eq!(said.code == 0, foretold, "{verb}: {}", said.stderr);
            return (told, if foretold { Ok(()) } else { Err(said.stderr) });
        }
        assert!(foretold, "{verb} was to be refused");
        (told, Ok(()))
    }

    /// It is done.
    #[track_caller]
    fn does(&mut self, verb: &str, args: &str) -> Value {
        let (told, came) = self.decide(verb, args);
        assert_eq!(came, Ok(()), "{verb}");
        told
    }

    /// It is refused with this error.
    #[track_caller]
    fn refuses(&mut self, verb: &str, args: &str, error: &str) {
        let (_, came) = self.decide(verb, args);
        let said = came.expect_err(verb);
        assert!(
            said.starts_with(&format!("error: refused: {error}")),
            "{verb}: {said}"
        );
    }

    /// An executor begins a node.
    fn route(&mut self, mission: B256, node: u16) -> Person {
        let shown = self.t.ask(None, &format!("node show {mission} {node}"));
        let agent = shown["seats"][0]["agent"].as_str().unwrap().to_owned();
        let mut executors = self.stage.executors.iter();
        let executor = executors.find(|one| one.agent.address().to_string() == agent);
        let executor = executor.unwrap().agent.clone();
        let line = format!("node route {mission} {node} --as-registered");
        done(&self.t.silently(Some(&executor), &line));
        executor
    }

    /// A mission of one proof is worked off, up to its gate.
    fn worked_off(&mut self, name: &str, predicates: Vec<Predicate>) -> B256 {
        let (mission, plan) = self.mission(&plan(name, vec![proved(name)], predicates));
        let executor = self.route(mission, 0);
        self.t
            .write("terms.json", terms(&plan.tasks[0].terms).to_string());
        let submit = format!(
            "node submit {mission} 0 --output text:output --trail text:trail --input text:input --salt {} --terms terms.json",
            keccak256("salt")
        );
        done(&self.t.silently(Some(&executor), &submit));
        mission
    }

    // ------------------------------------------------------------------ what there is power over

    fn people(&mut self, agent: Address, citizen: &Person, helper: &Person) {
        self.does("adjust-reputation", &format!("{agent} --delta -20"));
        let principal = citizen.address();
        self.does("freeze-principal", &principal.to_string());
        self.does("unfreeze-principal", &principal.to_string());
        self.does("ban-principal", &principal.to_string());
        self.does("lift-ban", &principal.to_string());
        self.does("ban-agent", &helper.address().to_string());
    }

    fn offices(&mut self, clerk: &Person) {
        let clerk = clerk.address();
        self.does("admit-clerk", &format!("{clerk} --role codifier"));
        self.does(
            "update-envelope",
            &format!("{clerk} --permitted codify --operations-max 5"),
        );
        self.does("revoke-clerk", &clerk.to_string());
    }

    fn rules(&mut self) {
        self.does("amend-parameter", "reputationFloor --new-value 120");
        let (norm, domain) = (keccak256("no weapons"), keccak256("arms"));
        self.does("enact-norm", &format!("{norm} --domain {domain}"));
        self.does("strike-norm", &norm.to_string());
        self.does("restore-norm", &norm.to_string());
    }

    fn programs(&mut self, program: Address) {
        for kind in ["predicate", "verifier"] {
            self.does(&format!("approve-{kind}"), &program.to_string());
            self.does(&format!("revoke-{kind}"), &program.to_string());
        }
    }

    /// Somebody puts up a bond as a monitor and is admitted.
    fn monitor(&mut self, monitor: &Person) {
        let units = self.stage.city.number(P::MonitorBond).unwrap();
        let bond = self.stage.city.base_units(units);
        let amount = bond + U256::from(DEPOSIT);
        let deposit = ITreasury::depositCall {
            account: monitor.address(),
            amount,
        };
        let treasury = self.stage.city.address(Peer::Treasury);
        let input = Bytes::from(deposit.abi_encode());
        let client = &mut self.stage.city.client;
        client
            .pay(monitor.signer(), treasury, amount, input, "a bond")
            .unwrap();
        let to = self.stage.city.address(Peer::Roster);
        let call = IRoster::bondMonitorCall {
            scorerId: keccak256("scorer"),
        };
        self.stage.city.client.send(monitor, to, &call).unwrap();
        self.does("approve-monitor", &monitor.address().to_string());
    }

    /// A contract puts up an adjudicator's stake and is taken in; its owner's key signs for it from then on.
    fn contract(&mut self, owner: &Person, wallet: Address) {
        let units = self.stage.city.number(P::AdjudicatorStake).unwrap();
        let amount = self.stage.city.base_units(units);
        let call = IWallet::executeCall {
            target: self.stage.city.address(Peer::Roster),
            data: IRoster::stakeCall { amount }.abi_encode().into(),
        };
        let client = &mut self.stage.city.client;
        let input = Bytes::from(call.abi_encode());
        client
            .pay(
                owner.signer(),
                wallet,
                amount,
                input,
                "the stake of a contract",
            )
            .unwrap();
        self.does("add-adjudicator", &wallet.to_string());
        self.contracts.push((wallet, owner.clone()));
        self.first = Some(wallet);
    }

    fn halts(&mut self, mission: B256, monitor: &Person) {
        let evidence = "--evidence-hash @why.md";
        self.does("trigger-stop", &format!("{mission} {evidence}"));
        // What was carried out was signed by a contract, which is asked for its word (ERC-1271).
        let status = self
            .t
            .run(&format!("override status {FILE} --json"))
            .result();
        let signers = status["log"][0]["signers"].as_array().unwrap();
        let contract = self.first.take().unwrap().to_string();
        assert!(signers.iter().any(|one| *one == contract), "{status}");
        self.does("clear-stop", &mission.to_string());
        self.does("halt-city", evidence);
        self.does("resume-city", "");
        done(&self.t.by(
            monitor,
            &format!("mission diverges {mission} --evidence text:log"),
        ));
        self.does("lift-pause", &mission.to_string());
        self.refuses("exit-degraded", &mission.to_string(), "WrongMissionState");
    }

    /// Freezes are a class of decisions among which adjudicators take turns: whoever decided two running is named as excluded.
    fn freezes(&mut self, mission: B256) {
        for node in 0..2 {
            self.route(mission, node);
        }
        self.does("freeze-node", &format!("{mission} 0"));
        let first = self.does(
            "unfreeze-node",
            &format!("{mission} 0 --kind false-positive"),
        );
        self.does("classify-false-positive", &format!("{mission} 0"));
        self.does("freeze-node", &format!("{mission} 1"));
        let told = self.does("confirm-freeze", &format!("{mission} 1"));
        let excluded = told["excluded"].as_array().unwrap();
        let running = |one: &Value| one["why"] == "decided here too often running";
        assert!(excluded.iter().any(running), "{first} {told}");
    }

    fn reviews(&mut self, mission: B256, node: u16, terms_of: &Task) {
        let executor = self.route(mission, node);
        self.t
            .write("terms.json", terms(&terms_of.terms).to_string());
        let sign = format!(
            "node sign {mission} {node} --kind review --output text:report --trail text:trail --content ipfs://bafyreport --out review.json"
        );
        done(&self.t.silently(Some(&executor), &sign));
        let line = "node batch review.json --terms terms.json";
        done(&self.t.silently(Some(&self.courier.clone()), line));
        let agent = executor.address();
        self.refuses(
            "disqualify",
            &format!("{mission} {node} --executor {agent}"),
            "WrongTier",
        );
        self.does(
            "decide-review",
            &format!("{mission} {node} --approved true --score 800"),
        );
    }

    fn gates(&mut self) {
        let human = Predicate {
            human: true,
            hard: true,
            target: Address::ZERO,
            codehash: B256::ZERO,
        };
        let asked = self.worked_off("asked", vec![human]);
        self.does("clear-predicate", &format!("{asked} 0"));
        self.does("release-output", &asked.to_string());
        let vetoed = self.worked_off("vetoed", Vec::new());
        self.does("veto-output", &vetoed.to_string());
    }

    fn sessions(&mut self, session: B256, mission: B256) {
        self.refuses("waive-fairness", &session.to_string(), "WrongSessionState");
        self.refuses(
            "countersign-award",
            &format!("{session} 0 --chosen 1"),
            "WrongSessionState",
        );
        self.does("audit-codification", &session.to_string());
        self.does("declare-specification-fault", &format!("{mission} 2"));
    }

    fn money(&mut self, mission: B256, agent: Address) {
        let evidence = "--evidence-hash @why.md";
        self.does(
            "pay-insurance",
            &format!("{mission} {agent} --amount 1000 {evidence}"),
        );
        self.does(
            "disburse",
            &format!("--purpose gas-subsidy --recipient {agent} --amount 1000"),
        );
    }

    /// Where more than half of the panel stands near a mission's sponsor, the senior adjudicator stops it alone; two others close the
    /// audit that this opens.
    fn alone(&mut self, mission: B256) {
        let people = self.stage.city.adjudicators.clone();
        let (senior, near) = (&people[6], &people[..4]);
        self.does("appoint-senior", &senior.address().to_string());
        let sponsor = self.stage.sponsor.address();
        for person in near {
            let line = format!("principal associate {sponsor}");
            done(&self.t.by(person, &line));
        }
        self.t.run(&format!("principal associations {sponsor}"));
        self.prepare(
            "trigger-stop",
            &format!("{mission} --evidence-hash @why.md"),
        );
        self.sign(senior.address(), "senior.json");
        done(&self.t.run(&format!("override merge {FILE} senior.json")));
        let mut conflicted: Vec<Address> = near.iter().map(Person::address).collect();
        conflicted.sort_unstable();
        let named: Vec<String> = conflicted.iter().map(Address::to_string).collect();
        let line = format!(
            "override submit {FILE} --unilateral --conflicted {}",
            named.join(",")
        );
        let courier = self.courier.clone();
        done(&self.t.by(&courier, &line));
        self.t.run(&format!("override status {FILE}"));
        self.does("close-audit", "");
    }

    /// An adjudicator weakens the law more often than the watchdog lets pass; another confirms the alert, and all others let it go.
    fn watchdog(&mut self) {
        let weak = self.stage.city.adjudicators[5].clone();
        let id = P::NumericTolerancePct;
        for _ in 0..=self.stage.city.number(P::WatchdogWeakeningLimit).unwrap() {
            let value = self.stage.city.number(id).unwrap();
            let words = [number(id as u8), word(value), word(value + 1)];
            let act = self
                .stage
                .city
                .draft(Action::AmendParameter, &words)
                .unwrap();
            self.stage
                .city
                .decide_by(&act, std::slice::from_ref(&weak))
                .unwrap();
        }
        self.does("confirm-alert", &weak.address().to_string());
        self.does("release-watchdog", "");
    }
}

#[test]
fn what_explain_foretells_of_each_of_the_panels_powers_is_what_comes() {
    let mut hall = Hall::raise();
    // Principals and agents beside those who work.
    let [citizen, other] = ["citizen", "other citizen"].map(|name| hall.person(name));
    let [helper, clerk, monitor] = ["helper", "new clerk", "monitor"].map(|name| hall.person(name));
    hall.stage
        .city
        .enrol(&[citizen.clone(), other.clone()])
        .unwrap();
    let registered = [
        (&helper, AgentType::Producer, &other),
        (&clerk, AgentType::Management, &citizen),
        (&monitor, AgentType::Monitor, &citizen),
    ]
    .map(|(agent, kind, principal)| Registration {
        agent: agent.clone(),
        kind,
        principal: principal.clone(),
    });
    hall.stage.city.register(&registered).unwrap();
    let owner = hall.person("owner of a wallet");
    let arguments = (owner.address(), U256::ZERO).abi_encode();
    let wallet = hall
        .stage
        .city
        .contract(&owner, "Wallet1271", &arguments)
        .unwrap();
    hall.t.call(wallet.to_string(), "wallet");

    let tasks = vec![
        proved("fetch"),
        proved("parse"),
        proved("clean"),
        Task::reviewed("report", PRICE),
    ];
    let law = hall
        .stage
        .enact(&plan("main", tasks, Vec::new()), STAKE)
        .unwrap();
    let (m, session) = (law.mission, law.session);
    hall.t.call(m.to_string(), "main");
    hall.t.call(session.to_string(), "session of main");
    let (ended, _) = hall.mission(&plan("ended", vec![proved("ended")], Vec::new()));
    let (faulty, _) = hall.mission(&plan("faulty", vec![proved("faulty")], Vec::new()));
    hall.gates();

    hall.rules();
    hall.offices(&clerk);
    hall.programs(wallet);
    hall.monitor(&monitor);
    hall.contract(&owner, wallet);
    let agent = hall.stage.executors[0].agent.address();
    hall.halts(m, &monitor);
    hall.freezes(m);
    hall.reviews(m, 3, &law.plan.tasks[3]);
    hall.sessions(session, m);
    hall.money(m, agent);
    hall.does("abort-mission", &ended.to_string());
    hall.does("abort-for-fault", &format!("{faulty} --first {agent}"));
    hall.people(agent, &citizen, &helper);
    let service = hall.stage.executors[0].service;
    hall.does(
        "set-mandate",
        &format!("dag-validation --service-id {service}"),
    );
    hall.does("revoke-monitor", &monitor.address().to_string());
    hall.does("remove-adjudicator", &wallet.to_string());
    hall.alone(m);
    hall.watchdog();

    let all: BTreeSet<&str> = Action::ALL
        .iter()
        .filter_map(|action| action.row())
        .map(|row| row.verb)
        .collect();
    assert_eq!(hall.tried, all);
    hall.t.compare(snapbox::file!["transcripts/actions.txt"]);
    hall.t
        .hold(&hall.told, snapbox::file!["transcripts/explained.txt"]);
}

//! Principals, agents, services and clerks, from the first consent to the last stake.

use super::support::Terminal;
use agentcity_abi::IManagement;
use agentcity_domain::{clerk::Delegated, parameter::ParameterId as P, peer::Peer};
use agentcity_test_fixtures::city::{Charter, City, Person, life::GOOD_UNTIL};
use alloy::primitives::B256;
use std::time::Duration;

/// The command line's own key is no secret of the story's: nothing of it may be said.
#[track_caller]
fn tells_no_key(terminal: &Terminal, people: &[&Person]) {
    for person in people {
        let key = alloy::primitives::hex::encode(person.signer().to_bytes());
        assert!(!terminal.said(&key), "the key of {}", person.name);
    }
}

#[test]
fn people_enrol_agents_register_services_are_published() {
    let mut city = City::raise(&Charter::default()).unwrap_or_else(|e| panic!("{e}"));
    city.register_clerks().unwrap_or_else(|e| panic!("{e}"));
    city.seat_panel().unwrap_or_else(|e| panic!("{e}"));
    let registrar = city.clerks[0].agent.clone();
    let [owner, heir, worker, helper] = ["owner", "heir", "worker", "helper"]
        .map(|name| city.person(name).unwrap_or_else(|e| panic!("{e}")));
    let mut t = Terminal::at(&city);
    t.keep_both(&["agent", "principal", "service", "clerk"]);
    for person in [&owner, &heir, &worker, &helper] {
        t.know(person);
    }
    let (one, two) = (owner.address(), heir.address());
    let (agent, below) = (worker.address(), helper.address());

    t.chapter("The clerks of the manifest come into office");
    t.run("clerk list");
    for (place, pair) in city.clerks.iter().enumerate() {
        let form = if place == 0 { " --json" } else { "" };
        let said = t.by(
            &worker,
            &format!("clerk admit {}{form}", pair.agent.address()),
        );
        assert_eq!(said.code, 0, "{}", said.stderr);
    }

    t.chapter("A person enrols");
    t.run(&format!("principal show {one}"));
    t.by(
        &owner,
        &format!("principal consent --class owner --deadline {GOOD_UNTIL} --out consent.json"),
    );
    t.by(&registrar, &format!("principal attest {one} --evidence text:seen --deadline {GOOD_UNTIL} --out attestation.json"));
    t.by(&worker, "principal enrol --attestation attestation.json");
    t.by(
        &worker,
        "principal enrol --attestation attestation.json --consent attestation.json",
    );
    t.by(
        &worker,
        "principal enrol --attestation attestation.json --consent consent.json --dry-run",
    );
    t.by(
        &worker,
        "principal enrol --attestation attestation.json --consent consent.json",
    );
    t.by(
        &worker,
        "principal enrol --attestation attestation.json --consent consent.json",
    );
    t.run(&format!("principal show {one}"));
    t.run(&format!("principal show {one} --json"));
    // Who attests must be a registrar; who sends for itself need not sign.
    t.by(
        &owner,
        &format!(
            "principal attest {two} --evidence text:seen --deadline {GOOD_UNTIL} --out forged.json"
        ),
    );
    t.by(&heir, "principal enrol --attestation forged.json");
    t.by(&registrar, &format!("principal attest {two} --class foundation --evidence text:seen --deadline {GOOD_UNTIL} --out heir.json"));
    t.by(&heir, "principal enrol --attestation heir.json --json");
    t.run("principal list");
    t.run("principal list --json");
    t.run(&format!("principal associations {one}"));

    t.chapter("An agent registers");
    t.by(
        &owner,
        &format!("agent consent {agent} --max-sub-agents 2 --deadline {GOOD_UNTIL}"),
    );
    t.by(
        &owner,
        &format!(
            "agent consent {agent} --max-sub-agents 2 --deadline {GOOD_UNTIL} --out agent.json"
        ),
    );
    t.by(&helper, "agent register --consent agent.json");
    t.by(
        &worker,
        "agent register --consent agent.json --did did:web:example",
    );
    t.by(&worker, "agent register --consent agent.json --dry-run");
    t.by(&worker, "agent register --consent agent.json");
    t.by(&worker, "agent register --consent agent.json");
    t.by(
        &worker,
        &format!(
            "agent consent {below} --below --type monitor --deadline {GOOD_UNTIL} --out below.json"
        ),
    );
    t.by(
        &worker,
        &format!("agent consent {below} --below --deadline {GOOD_UNTIL} --out below.json"),
    );
    t.by(
        &helper,
        "agent register --below --consent below.json --json",
    );
    t.run(&format!("agent show {agent}"));
    t.run(&format!("agent show {agent} --json"));
    t.run(&format!("agent show {one}"));
    t.run("agent list --type producer");
    t.run(&format!("agent list --principal {two}"));
    t.run(&format!("agent reputation {agent}"));

    t.chapter("A service is published");
    t.write("worker.py", "print('work')\n");
    t.write("schema.json", r#"{"type": "object", "title": "work"}"#);
    t.run("service hash worker.py");
    let publish = "service publish --schema schema.json --endpoint https://worker.example/invoke";
    t.by(&owner, &format!("{publish} --code worker.py"));
    t.by(&worker, &format!("{publish} --code worker.py --dry-run"));
    t.by(
        &worker,
        &format!("{publish} --code worker.py --max-concurrency 4"),
    );
    t.by(
        &worker,
        &format!("{publish} --code worker.py --max-concurrency 4"),
    );
    // Policies may be named in any order: the record has them ascending.
    let policies = ["22", "11"].map(|byte| format!("--network-policy 0x{}", byte.repeat(32)));
    t.by(
        &worker,
        &format!(
            "{publish} --code worker.py {} --dry-run",
            policies.join(" ")
        ),
    );
    t.by(&worker, "service publish --schema schema.json --link http://elsewhere.example --code-hash 0x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b");
    let listed = t.ask(None, "service list");
    let service = listed["services"][0]["service"]
        .as_str()
        .expect("a service")
        .to_owned();
    t.call(&service, "service");
    t.run(&format!("service show {service}"));
    t.run(&format!("service show {service} --json"));
    t.run(&format!("service verify {service} --code worker.py"));
    t.write("worker.py", "print('other work')\n");
    t.run(&format!("service verify {service} --code worker.py"));
    let link = "service publish --schema schema.json --link https://elsewhere.example/run --code-hash 0x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
    assert_eq!(t.by(&worker, link).code, 0);
    let package = format!("{publish} --package worker.py --json");
    assert_eq!(t.by(&worker, &package).code, 0);
    t.by(&helper, &format!("service deprecate {service}"));
    t.by(&worker, &format!("service deprecate {service}"));
    t.by(&worker, &format!("service deprecate {service}"));
    t.run("service list");

    t.chapter("Clerks");
    let clerk = registrar.address();
    t.run("clerk list");
    t.run(&format!("clerk show {clerk}"));
    t.run(&format!("clerk show {clerk} --json"));
    t.run(&format!("clerk show {agent}"));
    t.run("clerk operations");
    t.run("clerk mandates");
    t.run(&format!(
        "clerk check {clerk} --operation AttestPrincipal --subject text:somebody"
    ));
    t.run(&format!(
        "clerk check {clerk} --operation Codify --subject text:somebody"
    ));
    t.by(&owner, &format!("clerk admit {agent}"));
    t.by(&registrar, &format!("clerk request --operation DidVerification --service {service} --subject text:somebody --input text:did --deadline {GOOD_UNTIL} --out request.json"));
    t.by(&owner, "clerk delegate --request request.json");
    t.run("clerk delegations");

    t.chapter("A clerk hands work to the mandated service");
    let listed = t.ask(None, "service list");
    let mut services = listed["services"].as_array().expect("services").iter();
    let live = services.find(|one| one["service"] != service.as_str());
    let live = live.and_then(|one| one["service"].as_str());
    let live = live.expect("a live service").to_owned();
    t.call(&live, "mandated service");
    let mandate = IManagement::setMandateCall {
        operation: Delegated::DidVerification.number(),
        serviceId: live.parse().expect("a word"),
        artifactSchema: B256::ZERO,
    };
    let ruled = city.rule(Peer::Management, &mandate);
    ruled.unwrap_or_else(|e| panic!("{e}"));
    t.run("clerk mandates");
    let ask = |t: &mut Terminal, subject: &str| {
        let said = t.by(&registrar, &format!("clerk request --operation DidVerification --service {live} --subject text:{subject} --input text:did --out {subject}.json"));
        assert_eq!(said.code, 0, "{}", said.stderr);
        let sent = t.by(
            &owner,
            &format!("clerk delegate --request {subject}.json --json"),
        );
        let id = sent.result()["delegation"]
            .as_str()
            .expect("an id")
            .to_owned();
        t.call(&id, &format!("delegation about {subject}"));
        id
    };
    ask(&mut t, "somebody");
    let silent = ask(&mut t, "nobody");
    t.by(
        &owner,
        "clerk answer --request somebody.json --output text:verified",
    );
    t.by(
        &worker,
        "clerk answer --request somebody.json --output text:verified",
    );
    t.by(
        &worker,
        "clerk answer --request somebody.json --output text:verified",
    );
    t.by(&owner, &format!("clerk expire {silent}"));
    let asked = t.ask(None, "clerk delegations");
    let asked = asked["delegations"]
        .as_array()
        .expect("delegations")
        .clone();
    let due = asked
        .iter()
        .find(|one| one["state"] == "open")
        .expect("the silent one");
    let due = due["dueAt"].as_u64().expect("a second");
    city.client
        .warp_to(due + 1)
        .unwrap_or_else(|e| panic!("{e}"));
    let ended = t.by(&owner, &format!("clerk expire {silent}"));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    t.run("clerk delegations");
    t.run("clerk delegations --json");

    t.chapter("An agent changes its principal");
    t.by(
        &owner,
        &format!("agent release {agent} --to {two} --deadline {GOOD_UNTIL} --out release.json"),
    );
    t.by(&owner, "agent propose --release release.json");
    // It has an agent below it, whose principal it is through it.
    t.by(
        &heir,
        &format!("agent accept {agent} --deadline {GOOD_UNTIL} --out acceptance.json"),
    );
    t.by(&heir, "agent change --acceptance acceptance.json");

    t.chapter("Everybody leaves");
    t.by(&owner, "principal leave");
    t.by(&helper, &format!("agent leave {below}"));
    t.by(&helper, &format!("agent complete-leave {below}"));
    let cooldown = city
        .number(P::DeregistrationCooldownSecs)
        .unwrap_or_else(|e| panic!("{e}"));
    let pass = |city: &mut City| {
        let warped = city
            .client
            .warp(Duration::from_secs(u64::from(cooldown) + 1));
        warped.unwrap_or_else(|e| panic!("{e}"));
    };
    pass(&mut city);
    t.by(&helper, &format!("agent complete-leave {below}"));
    // Now that nobody stands below it, it may go to the heir.
    let release = |t: &mut Terminal| {
        t.by(
            &owner,
            &format!("agent release {agent} --to {two} --deadline {GOOD_UNTIL} --out release.json"),
        );
        t.by(&helper, "agent propose --release release.json")
    };
    assert_eq!(release(&mut t).code, 0);
    t.by(
        &heir,
        &format!(
            "agent accept {agent} --max-sub-agents 1 --deadline {GOOD_UNTIL} --out acceptance.json"
        ),
    );
    t.by(&helper, "agent change --acceptance acceptance.json --json");
    t.by(&owner, &format!("agent leave {agent}"));
    t.by(&heir, &format!("agent leave {agent} --json"));
    pass(&mut city);
    t.by(&helper, &format!("agent complete-leave {agent}"));
    t.by(&owner, "principal revoke-consents");
    t.by(&owner, "principal leave");
    pass(&mut city);
    t.by(&helper, &format!("principal complete-leave {one}"));
    t.run(&format!("principal show {one}"));
    t.run(&format!("agent show {agent}"));
    t.run(&format!("agent forfeit {agent}"));
    t.by(&helper, &format!("principal forfeit {one}"));
    let adjudicator = city.adjudicators[0].clone();
    t.by(&adjudicator, &format!("principal associate {two}"));

    tells_no_key(&t, &[&owner, &heir, &worker, &helper, &registrar]);
    t.compare(snapbox::file!["transcripts/foundations.txt"]);
    t.compare_both(snapbox::file!["transcripts/both/foundations.txt"]);
}

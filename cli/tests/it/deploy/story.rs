//! One city, from its plan to people in office.

use agentcity_test_fixtures::{Actor, Node, Settings};
use snapbox::{assert_data_eq, str};

use super::{Desk, founder};
use crate::founding::{adjudicators, genesis_text};

#[test]
fn a_city_is_planned_signed_offline_sealed_and_verified() {
    let node = Node::devnode(&Settings::default());
    let desk = Desk::new(&node.http_url());
    desk.write("genesis.toml", &genesis_text());
    assert_data_eq!(
        desk.tell(&["deploy", "plan"]),
        str![[r#"
city ADDRESS
genesis HASH
salt HASH
signatures 5 of 7 adjudicators
gas N about

step at gas
1 deploy constitution ADDRESS N
2 deploy agent ADDRESS N
3 deploy management ADDRESS N
4 deploy service ADDRESS N
5 deploy legislature ADDRESS N
6 deploy collaboration ADDRESS N
7 deploy treasury ADDRESS N
8 deploy adjudication ADDRESS N
9 deploy verification ADDRESS N
10 deploy guardian ADDRESS N
11 deploy assembly ADDRESS N
12 deploy statute ADDRESS N
13 deploy enactment ADDRESS N
14 deploy roster ADDRESS N
15 sign manifest ADDRESS
16 seal ADDRESS N
17 wire agent ADDRESS N
18 wire management ADDRESS N
19 wire service ADDRESS N
20 wire legislature ADDRESS N
21 wire collaboration ADDRESS N
22 wire treasury ADDRESS N
23 wire adjudication ADDRESS N
24 wire verification ADDRESS N
25 wire guardian ADDRESS N
26 wire assembly ADDRESS N
27 wire statute ADDRESS N
28 wire enactment ADDRESS N
29 wire roster ADDRESS N
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell(&["deploy", "plan", "--priced", "--json"]),
        str![[r#"
{"ok":true,"result":{"chainId":412346,"city":"ADDRESS","dataFee":"N","gas":N,"gasFee":"N","gasPrice":"N","genesis":"HASH","plan":"HASH","salt":"HASH","signaturesNeeded":5,"steps":[{"address":"ADDRESS","gas":N,"step":"deploy constitution"},{"address":"ADDRESS","gas":N,"step":"deploy agent"},{"address":"ADDRESS","gas":N,"step":"deploy management"},{"address":"ADDRESS","gas":N,"step":"deploy service"},{"address":"ADDRESS","gas":N,"step":"deploy legislature"},{"address":"ADDRESS","gas":N,"step":"deploy collaboration"},{"address":"ADDRESS","gas":N,"step":"deploy treasury"},{"address":"ADDRESS","gas":N,"step":"deploy adjudication"},{"address":"ADDRESS","gas":N,"step":"deploy verification"},{"address":"ADDRESS","gas":N,"step":"deploy guardian"},{"address":"ADDRESS","gas":N,"step":"deploy assembly"},{"address":"ADDRESS","gas":N,"step":"deploy statute"},{"address":"ADDRESS","gas":N,"step":"deploy enactment"},{"address":"ADDRESS","gas":N,"step":"deploy roster"},{"address":"ADDRESS","gas":0,"step":"sign manifest"},{"address":"ADDRESS","gas":N,"step":"seal"},{"address":"ADDRESS","gas":N,"step":"wire agent"},{"address":"ADDRESS","gas":N,"step":"wire management"},{"address":"ADDRESS","gas":N,"step":"wire service"},{"address":"ADDRESS","gas":N,"step":"wire legislature"},{"address":"ADDRESS","gas":N,"step":"wire collaboration"},{"address":"ADDRESS","gas":N,"step":"wire treasury"},{"address":"ADDRESS","gas":N,"step":"wire adjudication"},{"address":"ADDRESS","gas":N,"step":"wire verification"},{"address":"ADDRESS","gas":N,"step":"wire guardian"},{"address":"ADDRESS","gas":N,"step":"wire assembly"},{"address":"ADDRESS","gas":N,"step":"wire statute"},{"address":"ADDRESS","gas":N,"step":"wire enactment"},{"address":"ADDRESS","gas":N,"step":"wire roster"}],"total":"N"},"version":1}
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell(&["deploy", "apply", "--dry-run"]),
        str![[r#"
step at state
deploy constitution ADDRESS to do
deploy agent ADDRESS to do
deploy management ADDRESS to do
deploy service ADDRESS to do
deploy legislature ADDRESS to do
deploy collaboration ADDRESS to do
deploy treasury ADDRESS to do
deploy adjudication ADDRESS to do
deploy verification ADDRESS to do
deploy guardian ADDRESS to do
deploy assembly ADDRESS to do
deploy statute ADDRESS to do
deploy enactment ADDRESS to do
deploy roster ADDRESS to do
sign manifest ADDRESS to do
seal ADDRESS to do
wire agent ADDRESS to do
wire management ADDRESS to do
wire service ADDRESS to do
wire legislature ADDRESS to do
wire collaboration ADDRESS to do
wire treasury ADDRESS to do
wire adjudication ADDRESS to do
wire verification ADDRESS to do
wire guardian ADDRESS to do
wire assembly ADDRESS to do
wire statute ADDRESS to do
wire enactment ADDRESS to do
wire roster ADDRESS to do
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell(&["genesis", "status"]),
        str![[r#"
what by state
deploy 14 programs (14 missing) anyone: agentcity deploy apply to do
sign the manifest (5 of 7) adjudicators: agentcity genesis sign to do
seal anyone: agentcity deploy apply to do
wire 13 members (13 not yet) anyone: agentcity deploy apply to do
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell_as(founder(), &["deploy", "apply"]),
        str![[r#"
city ADDRESS
chain 412346
sent 14 transactions, N gas
standing waits for its adjudicators: 0 of 5 signatures
manifest deployments/412346.city.manifest.json
digest HASH
next each adjudicator: agentcity genesis sign deployments/412346.city.manifest.json; then this again with --signature FILE for each
--
deploy constitution: sending
deploy constitution: done, N gas
deploy agent: sending
deploy agent: done, N gas
deploy management: sending
deploy management: done, N gas
deploy service: sending
deploy service: done, N gas
deploy legislature: sending
deploy legislature: done, N gas
deploy collaboration: sending
deploy collaboration: done, N gas
deploy treasury: sending
deploy treasury: done, N gas
deploy adjudication: sending
deploy adjudication: done, N gas
deploy verification: sending
deploy verification: done, N gas
deploy guardian: sending
deploy guardian: done, N gas
deploy assembly: sending
deploy assembly: done, N gas
deploy statute: sending
deploy statute: done, N gas
deploy enactment: sending
deploy enactment: done, N gas
deploy roster: sending
deploy roster: done, N gas
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell_as(founder(), &["deploy", "apply", "--json"]),
        str![[r#"
{"ok":true,"result":{"chainId":412346,"city":"ADDRESS","deadline":N,"digest":"HASH","gasUsed":0,"manifest":"deployments/412346.city.manifest.json","name":"city","signaturesNeeded":5,"signed":[],"standing":"unsigned","transactions":[]},"version":1}
--
deploy constitution: done before
deploy agent: done before
deploy management: done before
deploy service: done before
deploy legislature: done before
deploy collaboration: done before
deploy treasury: done before
deploy adjudication: done before
deploy verification: done before
deploy guardian: done before
deploy assembly: done before
deploy statute: done before
deploy enactment: done before
deploy roster: done before
exit 0

"#]]
    );

    // Whoever signs can make the same manifest without a chain.
    let manifest = "deployments/412346.city.manifest.json";
    let text: serde_json::Value = serde_json::from_str(&desk.read(manifest)).unwrap();
    let deadline = text["message"]["deadline"].to_string();
    let own = [
        "genesis",
        "manifest",
        "--chain-id",
        "412346",
        "--deadline",
        &deadline,
        "--out",
        "own.json",
    ];
    assert_data_eq!(
        desk.tell(&own),
        str![[r#"
manifest own.json
city ADDRESS
chain 412346
digest HASH
good until N
signatures 5 needed
exit 0

"#]]
    );
    assert_eq!(desk.read("own.json"), desk.read(manifest));
    let first = &adjudicators()[0];
    let sign = [
        "genesis",
        "sign",
        manifest,
        "--genesis",
        "genesis.toml",
        "--out",
        "0.json",
    ];
    assert_data_eq!(
        desk.tell_as(first, &sign),
        str![[r#"
signer ADDRESS
digest HASH
signature 0.json
--
You sign that this city may be sealed, for ever:
city ADDRESS on chain 412346
mandate HASH
asset the native coin, N base units in a unit of stake
agent ADDRESS with code HASH
management ADDRESS with code HASH
service ADDRESS with code HASH
legislature ADDRESS with code HASH
collaboration ADDRESS with code HASH
treasury ADDRESS with code HASH
adjudication ADDRESS with code HASH
verification ADDRESS with code HASH
guardian ADDRESS with code HASH
assembly ADDRESS with code HASH
statute ADDRESS with code HASH
enactment ADDRESS with code HASH
roster ADDRESS with code HASH
registrar ADDRESS of ADDRESS
speaker ADDRESS of ADDRESS
regulator ADDRESS of ADDRESS
codifier ADDRESS of ADDRESS
parameter reputationFloor = 150
adjudicators 7, 5 must sign
good until N (unix seconds)
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell_as(founder(), &sign),
        str![[r#"
--
You sign that this city may be sealed, for ever:
city ADDRESS on chain 412346
mandate HASH
asset the native coin, N base units in a unit of stake
agent ADDRESS with code HASH
management ADDRESS with code HASH
service ADDRESS with code HASH
legislature ADDRESS with code HASH
collaboration ADDRESS with code HASH
treasury ADDRESS with code HASH
adjudication ADDRESS with code HASH
verification ADDRESS with code HASH
guardian ADDRESS with code HASH
assembly ADDRESS with code HASH
statute ADDRESS with code HASH
enactment ADDRESS with code HASH
roster ADDRESS with code HASH
registrar ADDRESS of ADDRESS
speaker ADDRESS of ADDRESS
regulator ADDRESS of ADDRESS
codifier ADDRESS of ADDRESS
parameter reputationFloor = 150
adjudicators 7, 5 must sign
good until N (unix seconds)
error: ADDRESS is no genesis adjudicator of this city
exit 3

"#]]
    );
    desk.write("other.toml", &genesis_text().replacen("150", "151", 1));
    let doubtful = ["genesis", "sign", manifest, "--genesis", "other.toml"];
    assert_data_eq!(
        desk.tell_as(first, &doubtful),
        str![[r#"
--
error: deployments/412346.city.manifest.json does not follow from other.toml and the programs in PROGRAMS: do not sign; ask who sent it for genesis file, build and salt
exit 5

"#]]
    );
    for (index, adjudicator) in adjudicators().iter().enumerate().skip(1) {
        let out = format!("{index}.json");
        let done = desk.run_as(
            Some(adjudicator),
            &["genesis", "sign", manifest, "--out", &out],
        );
        assert!(done.status.success());
    }
    let merge = [
        "genesis",
        "merge",
        manifest,
        "3.json",
        "0.json",
        "1.json",
        "0.json",
        "--out",
        "three.json",
    ];
    assert_data_eq!(
        desk.tell(&merge),
        str![[r#"
signatures three.json
count 3 of 5 needed
signer ADDRESS
signer ADDRESS
signer ADDRESS
exit 0

"#]]
    );
    desk.write("broken.json", "{\"digest\": 1}");
    assert_data_eq!(
        desk.tell(&["genesis", "merge", manifest, "broken.json"]),
        str![[r#"
--
error: broken.json: line 1, column 12: invalid type: integer `1`, expected 32 bytes, represented as a hex string of length 64, an array of u8, or raw bytes: `agentcity genesis sign` writes such files
exit 3

"#]]
    );
    assert_data_eq!(
        desk.tell_as(founder(), &["genesis", "seal", manifest, "three.json"]),
        str![[r#"
--
error: 3 signatures, 5 are needed: ask more adjudicators for `agentcity genesis sign`
exit 3

"#]]
    );

    let all = [
        "deploy",
        "apply",
        "--signature",
        "three.json",
        "--signature",
        "2.json",
        "--signature",
        "4.json",
    ];
    assert_data_eq!(
        desk.tell_as(founder(), &all),
        str![[r#"
city ADDRESS
chain 412346
sent 14 transactions, N gas
standing sealed and wired
book deployments/412346.json
--
deploy constitution: done before
deploy agent: done before
deploy management: done before
deploy service: done before
deploy legislature: done before
deploy collaboration: done before
deploy treasury: done before
deploy adjudication: done before
deploy verification: done before
deploy guardian: done before
deploy assembly: done before
deploy statute: done before
deploy enactment: done before
deploy roster: done before
seal: sending
seal: done, N gas
wire agent: sending
wire agent: done, N gas
wire management: sending
wire management: done, N gas
wire service: sending
wire service: done, N gas
wire legislature: sending
wire legislature: done, N gas
wire collaboration: sending
wire collaboration: done, N gas
wire treasury: sending
wire treasury: done, N gas
wire adjudication: sending
wire adjudication: done, N gas
wire verification: sending
wire verification: done, N gas
wire guardian: sending
wire guardian: done, N gas
wire assembly: sending
wire assembly: done, N gas
wire statute: sending
wire statute: done, N gas
wire enactment: sending
wire enactment: done, N gas
wire roster: sending
wire roster: done, N gas
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell_as(founder(), &["deploy", "apply"]),
        str![[r#"
city ADDRESS
chain 412346
sent 0 transactions, 0 gas
standing sealed and wired
book deployments/412346.json
--
deploy constitution: done before
deploy agent: done before
deploy management: done before
deploy service: done before
deploy legislature: done before
deploy collaboration: done before
deploy treasury: done before
deploy adjudication: done before
deploy verification: done before
deploy guardian: done before
deploy assembly: done before
deploy statute: done before
deploy enactment: done before
deploy roster: done before
seal: done before
wire agent: done before
wire management: done before
wire service: done before
wire legislature: done before
wire collaboration: done before
wire treasury: done before
wire adjudication: done before
wire verification: done before
wire guardian: done before
wire assembly: done before
wire statute: done before
wire enactment: done before
wire roster: done before
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell_as(founder(), &["deploy", "apply", "--genesis", "other.toml"]),
        str![[r#"
--
error: deployments/412346.city.founding.json was begun with other inputs: the genesis was HASH, now it is HASH: give the inputs that it was begun with, or found another city under another --name
exit 3

"#]]
    );
    assert_data_eq!(
        desk.tell(&["rules", "list", "--changed"]),
        str![[r#"
epoch 1

id parameter value unit risk
13 reputationFloor 150 points HIGH
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell(&["deploy", "verify"]),
        str![[r#"
of what found
holds constitution code HASH
holds constitution activation version 2, N s left
holds agent code HASH
holds agent activation version 2, N s left
holds management code HASH
holds management activation version 2, N s left
holds service code HASH
holds service activation version 2, N s left
holds legislature code HASH
holds legislature activation version 2, N s left
holds collaboration code HASH
holds collaboration activation version 2, N s left
holds treasury code HASH
holds treasury activation version 2, N s left
holds adjudication code HASH
holds adjudication activation version 2, N s left
holds verification code HASH
holds verification activation version 2, N s left
holds guardian code HASH
holds guardian activation version 2, N s left
holds assembly code HASH
holds assembly activation version 2, N s left
holds statute code HASH
holds statute activation version 2, N s left
holds enactment code HASH
holds enactment activation version 2, N s left
holds roster code HASH
holds roster activation version 2, N s left
holds city mandate HASH
holds city asset ADDRESS
holds city unit scale N
holds city genesis adjudicators ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds city sealed true
holds city members ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds agent constitution ADDRESS
holds agent wired true
holds agent peers ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds management constitution ADDRESS
holds management wired true
holds management peers ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds service constitution ADDRESS
holds service wired true
holds service peers ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds legislature constitution ADDRESS
holds legislature wired true
holds legislature peers ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds collaboration constitution ADDRESS
holds collaboration wired true
holds collaboration peers ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds treasury constitution ADDRESS
holds treasury wired true
holds treasury peers ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds adjudication constitution ADDRESS
holds adjudication wired true
holds adjudication peers ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds verification constitution ADDRESS
holds verification wired true
holds verification peers ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds guardian constitution ADDRESS
holds guardian wired true
holds guardian peers ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds assembly constitution ADDRESS
holds assembly wired true
holds assembly peers ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds statute constitution ADDRESS
holds statute wired true
holds statute peers ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds enactment constitution ADDRESS
holds enactment wired true
holds enactment peers ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds roster constitution ADDRESS
holds roster wired true
holds roster peers ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS
holds city first epoch 185 parameters as decided
holds city epoch the first is in force
holds city genesis clerks registrar ADDRESS of ADDRESS, speaker ADDRESS of ADDRESS, regulator ADDRESS of ADDRESS, codifier ADDRESS of ADDRESS
open management registrar ADDRESS is not in office yet
open management speaker ADDRESS is not in office yet
open management regulator ADDRESS is not in office yet
open management codifier ADDRESS is not in office yet
open roster adjudicators 0 active, 7 of genesis, 7 are a quorum
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell(&["genesis", "status"]),
        str![[r#"
what by state
deploy 14 programs (0 missing) anyone: agentcity deploy apply done
sign the manifest (5 of 7) adjudicators: agentcity genesis sign done
seal anyone: agentcity deploy apply done
wire 13 members (0 not yet) anyone: agentcity deploy apply done
register the registrar ADDRESS to do
admit the registrar ADDRESS to do
register the speaker ADDRESS to do
admit the speaker ADDRESS to do
register the regulator ADDRESS to do
admit the regulator ADDRESS to do
register the codifier ADDRESS to do
admit the codifier ADDRESS to do
enrol the clerks' principal ADDRESS to do
enrol the clerks' principal ADDRESS to do
put up an adjudicator's stake ADDRESS to do
put up an adjudicator's stake ADDRESS to do
put up an adjudicator's stake ADDRESS to do
put up an adjudicator's stake ADDRESS to do
put up an adjudicator's stake ADDRESS to do
put up an adjudicator's stake ADDRESS to do
put up an adjudicator's stake ADDRESS to do
publish version 1 of template HASH ADDRESS to do
exit 0

"#]]
    );

    let keys: String = Actor::all()
        .iter()
        .map(|actor| alloy::hex::encode(actor.signer.to_bytes()) + "\n")
        .collect();
    desk.write("people.keys", &keys);
    let people = ["genesis", "people", "--keys", "people.keys"];
    assert_data_eq!(
        desk.tell(&[&people[..], &["--dry-run"]].concat()),
        str![[r#"
what by state
register the registrar ADDRESS left to do
admit the registrar ADDRESS left to do
register the speaker ADDRESS left to do
admit the speaker ADDRESS left to do
register the regulator ADDRESS left to do
admit the regulator ADDRESS left to do
register the codifier ADDRESS left to do
admit the codifier ADDRESS left to do
enrol the clerks' principal ADDRESS left to do
enrol the clerks' principal ADDRESS left to do
put up an adjudicator's stake ADDRESS left to do
put up an adjudicator's stake ADDRESS left to do
put up an adjudicator's stake ADDRESS left to do
put up an adjudicator's stake ADDRESS left to do
put up an adjudicator's stake ADDRESS left to do
put up an adjudicator's stake ADDRESS left to do
put up an adjudicator's stake ADDRESS left to do
publish version 1 of template HASH ADDRESS left to do
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell(&people),
        str![[r#"
what by state
register the registrar ADDRESS done
admit the registrar ADDRESS done
register the speaker ADDRESS done
admit the speaker ADDRESS done
register the regulator ADDRESS done
admit the regulator ADDRESS done
register the codifier ADDRESS done
admit the codifier ADDRESS done
enrol the clerks' principal ADDRESS done
enrol the clerks' principal ADDRESS done
put up an adjudicator's stake ADDRESS done
put up an adjudicator's stake ADDRESS done
put up an adjudicator's stake ADDRESS done
put up an adjudicator's stake ADDRESS done
put up an adjudicator's stake ADDRESS done
put up an adjudicator's stake ADDRESS done
put up an adjudicator's stake ADDRESS done
publish version 1 of template HASH ADDRESS done
--
register the registrar: ADDRESS
admit the registrar: ADDRESS
register the speaker: ADDRESS
admit the speaker: ADDRESS
register the regulator: ADDRESS
admit the regulator: ADDRESS
register the codifier: ADDRESS
admit the codifier: ADDRESS
enrol the clerks' principal: ADDRESS
enrol the clerks' principal: ADDRESS
put up an adjudicator's stake: ADDRESS
put up an adjudicator's stake: ADDRESS
put up an adjudicator's stake: ADDRESS
put up an adjudicator's stake: ADDRESS
put up an adjudicator's stake: ADDRESS
put up an adjudicator's stake: ADDRESS
put up an adjudicator's stake: ADDRESS
publish version 1 of template HASH: ADDRESS
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell(&[&people[..], &["--json"]].concat()),
        str![[r#"
{"ok":true,"result":{"acts":[{"by":"ADDRESS","state":"was done","what":"register the registrar"},{"by":"ADDRESS","state":"was done","what":"admit the registrar"},{"by":"ADDRESS","state":"was done","what":"register the speaker"},{"by":"ADDRESS","state":"was done","what":"admit the speaker"},{"by":"ADDRESS","state":"was done","what":"register the regulator"},{"by":"ADDRESS","state":"was done","what":"admit the regulator"},{"by":"ADDRESS","state":"was done","what":"register the codifier"},{"by":"ADDRESS","state":"was done","what":"admit the codifier"},{"by":"ADDRESS","state":"was done","what":"enrol the clerks' principal"},{"by":"ADDRESS","state":"was done","what":"enrol the clerks' principal"},{"by":"ADDRESS","state":"was done","what":"put up an adjudicator's stake"},{"by":"ADDRESS","state":"was done","what":"put up an adjudicator's stake"},{"by":"ADDRESS","state":"was done","what":"put up an adjudicator's stake"},{"by":"ADDRESS","state":"was done","what":"put up an adjudicator's stake"},{"by":"ADDRESS","state":"was done","what":"put up an adjudicator's stake"},{"by":"ADDRESS","state":"was done","what":"put up an adjudicator's stake"},{"by":"ADDRESS","state":"was done","what":"put up an adjudicator's stake"},{"by":"ADDRESS","state":"was done","what":"publish version 1 of template HASH"}],"city":"ADDRESS","left":0},"version":1}
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell(&["genesis", "status"]),
        str![[r#"
what by state
deploy 14 programs (0 missing) anyone: agentcity deploy apply done
sign the manifest (5 of 7) adjudicators: agentcity genesis sign done
seal anyone: agentcity deploy apply done
wire 13 members (0 not yet) anyone: agentcity deploy apply done
register the registrar ADDRESS done
admit the registrar ADDRESS done
register the speaker ADDRESS done
admit the speaker ADDRESS done
register the regulator ADDRESS done
admit the regulator ADDRESS done
register the codifier ADDRESS done
admit the codifier ADDRESS done
enrol the clerks' principal ADDRESS done
enrol the clerks' principal ADDRESS done
put up an adjudicator's stake ADDRESS done
put up an adjudicator's stake ADDRESS done
put up an adjudicator's stake ADDRESS done
put up an adjudicator's stake ADDRESS done
put up an adjudicator's stake ADDRESS done
put up an adjudicator's stake ADDRESS done
put up an adjudicator's stake ADDRESS done
publish version 1 of template HASH ADDRESS done
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell(&["deploy", "verify", "--json"]),
        str![[r#"
{"ok":true,"result":{"broken":0,"chainId":412346,"city":"ADDRESS","findings":[{"found":"HASH","subject":"constitution","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"constitution","verdict":"holds","what":"activation"},{"found":"HASH","subject":"agent","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"agent","verdict":"holds","what":"activation"},{"found":"HASH","subject":"management","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"management","verdict":"holds","what":"activation"},{"found":"HASH","subject":"service","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"service","verdict":"holds","what":"activation"},{"found":"HASH","subject":"legislature","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"legislature","verdict":"holds","what":"activation"},{"found":"HASH","subject":"collaboration","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"collaboration","verdict":"holds","what":"activation"},{"found":"HASH","subject":"treasury","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"treasury","verdict":"holds","what":"activation"},{"found":"HASH","subject":"adjudication","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"adjudication","verdict":"holds","what":"activation"},{"found":"HASH","subject":"verification","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"verification","verdict":"holds","what":"activation"},{"found":"HASH","subject":"guardian","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"guardian","verdict":"holds","what":"activation"},{"found":"HASH","subject":"assembly","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"assembly","verdict":"holds","what":"activation"},{"found":"HASH","subject":"statute","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"statute","verdict":"holds","what":"activation"},{"found":"HASH","subject":"enactment","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"enactment","verdict":"holds","what":"activation"},{"found":"HASH","subject":"roster","verdict":"holds","what":"code"},{"found":"version 2, N s left","subject":"roster","verdict":"holds","what":"activation"},{"found":"HASH","subject":"city","verdict":"holds","what":"mandate"},{"found":"ADDRESS","subject":"city","verdict":"holds","what":"asset"},{"found":"N","subject":"city","verdict":"holds","what":"unit scale"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"city","verdict":"holds","what":"genesis adjudicators"},{"found":"true","subject":"city","verdict":"holds","what":"sealed"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"city","verdict":"holds","what":"members"},{"found":"ADDRESS","subject":"agent","verdict":"holds","what":"constitution"},{"found":"true","subject":"agent","verdict":"holds","what":"wired"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"agent","verdict":"holds","what":"peers"},{"found":"ADDRESS","subject":"management","verdict":"holds","what":"constitution"},{"found":"true","subject":"management","verdict":"holds","what":"wired"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"management","verdict":"holds","what":"peers"},{"found":"ADDRESS","subject":"service","verdict":"holds","what":"constitution"},{"found":"true","subject":"service","verdict":"holds","what":"wired"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"service","verdict":"holds","what":"peers"},{"found":"ADDRESS","subject":"legislature","verdict":"holds","what":"constitution"},{"found":"true","subject":"legislature","verdict":"holds","what":"wired"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"legislature","verdict":"holds","what":"peers"},{"found":"ADDRESS","subject":"collaboration","verdict":"holds","what":"constitution"},{"found":"true","subject":"collaboration","verdict":"holds","what":"wired"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"collaboration","verdict":"holds","what":"peers"},{"found":"ADDRESS","subject":"treasury","verdict":"holds","what":"constitution"},{"found":"true","subject":"treasury","verdict":"holds","what":"wired"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"treasury","verdict":"holds","what":"peers"},{"found":"ADDRESS","subject":"adjudication","verdict":"holds","what":"constitution"},{"found":"true","subject":"adjudication","verdict":"holds","what":"wired"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"adjudication","verdict":"holds","what":"peers"},{"found":"ADDRESS","subject":"verification","verdict":"holds","what":"constitution"},{"found":"true","subject":"verification","verdict":"holds","what":"wired"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"verification","verdict":"holds","what":"peers"},{"found":"ADDRESS","subject":"guardian","verdict":"holds","what":"constitution"},{"found":"true","subject":"guardian","verdict":"holds","what":"wired"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"guardian","verdict":"holds","what":"peers"},{"found":"ADDRESS","subject":"assembly","verdict":"holds","what":"constitution"},{"found":"true","subject":"assembly","verdict":"holds","what":"wired"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"assembly","verdict":"holds","what":"peers"},{"found":"ADDRESS","subject":"statute","verdict":"holds","what":"constitution"},{"found":"true","subject":"statute","verdict":"holds","what":"wired"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"statute","verdict":"holds","what":"peers"},{"found":"ADDRESS","subject":"enactment","verdict":"holds","what":"constitution"},{"found":"true","subject":"enactment","verdict":"holds","what":"wired"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"enactment","verdict":"holds","what":"peers"},{"found":"ADDRESS","subject":"roster","verdict":"holds","what":"constitution"},{"found":"true","subject":"roster","verdict":"holds","what":"wired"},{"found":"ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS ADDRESS","subject":"roster","verdict":"holds","what":"peers"},{"found":"185 parameters as decided","subject":"city","verdict":"holds","what":"first epoch"},{"found":"the first is in force","subject":"city","verdict":"holds","what":"epoch"},{"found":"registrar ADDRESS of ADDRESS, speaker ADDRESS of ADDRESS, regulator ADDRESS of ADDRESS, codifier ADDRESS of ADDRESS","subject":"city","verdict":"holds","what":"genesis clerks"},{"found":"ADDRESS is in office","subject":"management","verdict":"holds","what":"registrar"},{"found":"ADDRESS is in office","subject":"management","verdict":"holds","what":"speaker"},{"found":"ADDRESS is in office","subject":"management","verdict":"holds","what":"regulator"},{"found":"ADDRESS is in office","subject":"management","verdict":"holds","what":"codifier"},{"found":"7 active, 7 of genesis, 7 are a quorum","subject":"roster","verdict":"holds","what":"adjudicators"}],"holds":true,"open":0},"version":1}
exit 0

"#]]
    );

    // Parameters are in the seal, not in the constructor: the addresses are the same, the first epoch is not.
    let other = desk.run(&["deploy", "verify", "--genesis", "other.toml"]);
    assert_eq!(other.status.code(), Some(5));
    let told = desk.told(&other);
    assert!(
        told.contains("BROKEN city first epoch: reputationFloor"),
        "{told}"
    );
    assert_data_eq!(
        desk.tell(&["deploy", "keepalive", "--dry-run"]),
        str![[r#"
member at left what
constitution ADDRESS N s lives on
agent ADDRESS N s lives on
management ADDRESS N s lives on
service ADDRESS N s lives on
legislature ADDRESS N s lives on
collaboration ADDRESS N s lives on
treasury ADDRESS N s lives on
adjudication ADDRESS N s lives on
verification ADDRESS N s lives on
guardian ADDRESS N s lives on
assembly ADDRESS N s lives on
statute ADDRESS N s lives on
enactment ADDRESS N s lives on
roster ADDRESS N s lives on
exit 0

"#]]
    );
    let soon = ["deploy", "keepalive", "--within", "40000000"];
    assert_data_eq!(
        desk.tell_as(founder(), &soon),
        str![[r#"
member at left what
constitution ADDRESS N s too young to be extended
agent ADDRESS N s too young to be extended
management ADDRESS N s too young to be extended
service ADDRESS N s too young to be extended
legislature ADDRESS N s too young to be extended
collaboration ADDRESS N s too young to be extended
treasury ADDRESS N s too young to be extended
adjudication ADDRESS N s too young to be extended
verification ADDRESS N s too young to be extended
guardian ADDRESS N s too young to be extended
assembly ADDRESS N s too young to be extended
statute ADDRESS N s too young to be extended
enactment ADDRESS N s too young to be extended
roster ADDRESS N s too young to be extended
exit 0

"#]]
    );
    desk.compare_json(snapbox::file!["../transcripts/both/founding.txt"]);
}

//! An action of the panel as people hand it on: the typed data that wallets take, and the words that say what it does. The command line
//! and the dashboard show the same action to the same adjudicators, so what they say of it stands here, once.
//!
//! An action is known by its words: its own fields in order, then hash and place of its justification, and the deadline.

use agentcity_domain::{
    act::{Action, Parties},
    parameter::{self, ParameterId, Scope},
    signed::{self, SignedStruct},
};
use alloy_primitives::{Address, B256, I256, U256};
use serde_json::{Map, Value, json};

/// Version of what stands under `override` in a file.
pub const VERSION: u32 = 1;

/// The verb of an action: `amend-parameter`.
pub fn verb(action: Action) -> &'static str {
    action.row().map_or("none", |row| row.verb)
}

/// All its fields, type and name, the three that all have last.
pub fn fields(action: Action) -> impl Iterator<Item = (&'static str, &'static str)> {
    let entry = action.signed().map(SignedStruct::entry);
    entry.into_iter().flat_map(|entry| entry.fields())
}

/// Its own fields, without the three that all have.
pub fn own(action: Action) -> impl Iterator<Item = (&'static str, &'static str)> {
    let count = action.shape().map_or(0, |shape| shape.fields);
    fields(action).take(count.into())
}

/// A field by its name; none for one that it does not have.
pub fn word(action: Action, words: &[B256], name: &str) -> Option<B256> {
    let mut named = fields(action).zip(words);
    let found = named.find(|((_, found), _)| *found == name);
    found.map(|(_, word)| *word)
}

/// What `eth_signTypedData_v4` takes of an action for the panel at this address. Numbers are texts, so that no wallet rounds one.
pub fn typed(action: Action, words: &[B256], chain_id: u64, panel: Address) -> Value {
    let listed = |all: &mut dyn Iterator<Item = (&'static str, &'static str)>| -> Value {
        all.map(|(ty, name)| json!({ "name": name, "type": ty }))
            .collect()
    };
    let entry = action.signed().map(SignedStruct::entry);
    let name = entry.map_or("", |entry| entry.name);
    let message: Map<String, Value> = fields(action)
        .zip(words)
        .map(|((ty, name), word)| (name.to_owned(), value_of(ty, *word)))
        .collect();
    json!({
        "types": {
            "EIP712Domain": listed(&mut signed::fields(signed::DOMAIN_TYPE)),
            name: listed(&mut fields(action)),
        },
        "primaryType": name,
        "domain": {
            "name": signed::DOMAIN_NAME, "version": signed::DOMAIN_VERSION, "chainId": chain_id,
            "verifyingContract": panel.to_string(),
        },
        "message": message,
    })
}

/// A word in a message, as wallets take it.
pub fn value_of(ty: &str, word: B256) -> Value {
    let number = U256::from_be_bytes(word.0);
    match ty {
        "address" => json!(Address::from_word(word).to_string()),
        "bytes32" => json!(word.to_string()),
        "bool" => json!(!number.is_zero()),
        _ if ty.starts_with("int") => json!(I256::from_raw(number).to_string()),
        _ => json!(number.to_string()),
    }
}

/// The word of a value in a message, if it is of its type's form. Numbers may be JSON's or decimal digits; whether one has room in its
/// type the action's shape tells.
pub fn word_of(ty: &str, value: &Value) -> Option<B256> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) if ty == "bool" => return Some(U256::from(u8::from(*flag)).into()),
        _ => return None,
    };
    let is_decimal =
        |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    match ty {
        "address" => Some(text.parse::<Address>().ok()?.into_word()),
        "bytes32" => text.parse().ok().filter(|_| text.starts_with("0x")),
        "bool" => None,
        _ if ty.starts_with("int") => {
            let digits = text.strip_prefix('-').unwrap_or(&text);
            let number = text.parse::<I256>().ok().filter(|_| is_decimal(digits))?;
            Some(number.into_raw().into())
        }
        _ => {
            let number = text.parse::<U256>().ok().filter(|_| is_decimal(&text))?;
            Some(number.into())
        }
    }
}

/// What it does: every field that is signed stands in it in braces.
pub const fn sentence(action: Action) -> &'static str {
    match action {
        Action::None => "",
        Action::FreezeNode => {
            "freeze node {node} of mission {missionId} in its attempt {attempt}, because of agent {agent}"
        }
        Action::UnfreezeNode => {
            "lift freeze {freezeId} of node {node} of mission {missionId}, as: {kind}"
        }
        Action::ConfirmFreeze => {
            "confirm freeze {freezeId}: node {node} of mission {missionId} fails at the agent's fault"
        }
        Action::ClassifyFalsePositive => {
            "say of freeze {freezeId} of node {node} of mission {missionId} that it was false"
        }
        Action::DecideReview => {
            "decide the review of node {node} of mission {missionId}, attempt {attempt}: approved {approved}, score {score}, the output of seat {seat} stands"
        }
        Action::Disqualify => {
            "exclude what executor {executor} revealed at node {node} of mission {missionId}, attempt {attempt}"
        }
        Action::ClearPredicate => {
            "clear predicate {index} of mission {missionId} for the output {completionDigest}"
        }
        Action::VetoOutput => {
            "fail mission {missionId} at the gate for its output {completionDigest}"
        }
        Action::ReleaseOutput => {
            "release the output {completionDigest} of mission {missionId}, which completes it"
        }
        Action::TriggerStop => "stop mission {missionId} for the evidence {evidenceHash}",
        Action::ClearStop => {
            "clear the stop of mission {missionId} that would end at {haltedUntil}"
        }
        Action::LiftPause => {
            "lift the pause of mission {missionId} that would end at {haltedUntil}; take the reporter's bond: {forfeit}"
        }
        Action::ExitDegraded => "let mission {missionId} leave degraded mode",
        Action::AbortMission => "end mission {missionId} without anybody's fault",
        Action::AbortForFault => {
            "end mission {missionId} at the fault of {first}, {second}, {third}, {fourth}"
        }
        Action::AdjustReputation => {
            "move the reputation of agent {agent}, which is {oldScore} points, by {delta} points"
        }
        Action::PayInsurance => {
            "pay agent {agent} {amount} out of insurance for its loss in mission {missionId}, by the evidence {evidenceHash}"
        }
        Action::Disburse => "pay {recipient} {amount} for {purpose}",
        Action::BanPrincipal => "ban principal {principal} and all its agents",
        Action::LiftBan => "lift the ban of principal {principal}",
        Action::FreezePrincipal => "freeze all agents of principal {principal}",
        Action::UnfreezePrincipal => "lift the freeze of principal {principal}",
        Action::AdmitClerk => {
            "admit {clerk} to the office {role}; permitted: {permitted}; prohibited: {prohibited}; at most {operationsMax} operations on one subject"
        }
        Action::UpdateEnvelope => {
            "replace the envelope of clerk {clerk}; permitted: {permitted}; prohibited: {prohibited}; at most {operationsMax} operations on one subject"
        }
        Action::RevokeClerk => "take the office of clerk {clerk} away",
        Action::AmendParameter => "change parameter {parameter} from {oldValue} to {newValue}",
        Action::EnactNorm => "put norm {norm} in force in domain {domain}",
        Action::StrikeNorm => "strike norm {norm}, whose domain then halts finalising",
        Action::RestoreNorm => "let the struck norm {norm} stand again",
        Action::ApproveMonitor => "admit monitor {monitor} with its scorer {scorerId}",
        Action::RevokeMonitor => "end the admission of monitor {monitor}, which loses its bond",
        Action::ApprovePredicate => {
            "approve program {program} with the code {codehash} as a predicate"
        }
        Action::RevokePredicate => {
            "end the approval of predicate {program} with the code {codehash}"
        }
        Action::ApproveVerifier => {
            "approve program {program} with the code {codehash} as a verifier"
        }
        Action::RevokeVerifier => "end the approval of verifier {program} with the code {codehash}",
        Action::AddAdjudicator => "admit {adjudicator}, for whom {principal} answers, to the panel",
        Action::RemoveAdjudicator => {
            "remove adjudicator {adjudicator} from the panel, without fault"
        }
        Action::AppointSenior => {
            "make {newSenior} the senior adjudicator in the place of {oldSenior}"
        }
        Action::WaiveFairness => {
            "waive the least fairness for session {sessionId}, whose assignments {assignmentsHash} have a fairness of {fairness} permille"
        }
        Action::CountersignAward => {
            "countersign that in session {sessionId} node {node} is awarded to bid {chosen} instead of the best, {best}"
        }
        Action::AuditCodification => {
            "approve the codification of statute {statuteHash} in session {sessionId}"
        }
        Action::DeclareSpecificationFault => {
            "find the statute of node {node} of mission {missionId}, attempt {attempt}, at fault"
        }
        Action::ConfirmAlert => {
            "confirm the watchdog's alert about adjudicator {adjudicator} after {actions} decisions, which freezes the city"
        }
        Action::ReleaseWatchdog => {
            "release the watchdog's freeze of the city that would end at {haltedUntil}"
        }
        Action::CloseAudit => "close audit {auditId} of what the senior adjudicator did alone",
        Action::BanAgent => "ban principal {principal} for what agent {agent} did",
        Action::SetMandate => {
            "mandate service {serviceId} for {operation}, with artifacts of schema {artifactSchema}"
        }
        Action::HaltCity => "stop every mission of the city for the evidence {evidenceHash}",
        Action::ResumeCity => "clear the stop of every mission that would end at {haltedUntil}",
    }
}

/// What it does with these values.
pub fn said(action: Action, show: impl Fn(&str) -> String) -> String {
    let mut text = sentence(action).to_owned();
    for (_, name) in own(action) {
        text = text.replace(&format!("{{{name}}}"), &show(name));
    }
    text
}

/// Why a freeze is lifted, by the number that is signed (RULINGS K8).
pub const fn unfreezing(kind: u8) -> Option<&'static str> {
    match kind {
        1 => Some("false positive"),
        2 => Some("warning"),
        _ => None,
    }
}

/// The parameter that it changes.
fn parameter_of(action: Action, words: &[B256]) -> Option<ParameterId> {
    match action {
        Action::AmendParameter => {
            let id = U256::from_be_bytes(word(action, words, "parameter")?.0);
            ParameterId::at(u8::try_from(id).ok()?).ok()
        }
        Action::AppointSenior => Some(ParameterId::SeniorAdjudicatorAddr),
        _ => None,
    }
}

/// What it touches beyond its subject.
pub fn touches(action: Action, words: &[B256]) -> String {
    if let Some(mission) = word(action, words, "missionId") {
        return format!("mission {mission} alone");
    }
    let text = match action {
        Action::AmendParameter => match parameter_of(action, words).map(|id| id.row().scope) {
            Some(Scope::Session) => "sessions that open afterwards; running ones keep their epoch",
            Some(Scope::Mission) => {
                "missions that are finalised afterwards; running ones keep their epoch"
            }
            Some(Scope::City) | None => "the whole city, at once; no running mission's own terms",
        },
        Action::AppointSenior => "the whole city, at once",
        Action::HaltCity | Action::ResumeCity | Action::ConfirmAlert | Action::ReleaseWatchdog => {
            "every mission of the city"
        }
        Action::EnactNorm | Action::StrikeNorm | Action::RestoreNorm => {
            "missions of the norm's domain that are not finalised yet"
        }
        Action::BanPrincipal
        | Action::LiftBan
        | Action::FreezePrincipal
        | Action::UnfreezePrincipal
        | Action::BanAgent => "every mission in which an agent of the principal has a seat",
        _ if word(action, words, "sessionId").is_some() => {
            "the session named, and the mission that follows from it"
        }
        Action::ApprovePredicate
        | Action::RevokePredicate
        | Action::ApproveVerifier
        | Action::RevokeVerifier => "missions whose statute names the program",
        _ => "no mission",
    };
    text.to_owned()
}

/// `LOW`, and whether it weakens the law, for a change of a parameter; nothing of another action.
pub fn risk(action: Action, words: &[B256]) -> Option<String> {
    let id = parameter_of(action, words)?;
    let [old, new] = match action {
        Action::AppointSenior => ["oldSenior", "newSenior"],
        _ => ["oldValue", "newValue"],
    };
    let [old, new] = [word(action, words, old)?, word(action, words, new)?];
    let way = match parameter::direction(id, old, new) {
        parameter::Change::Same => "changes nothing",
        parameter::Change::Tighter => "tightens the law",
        parameter::Change::Weaker => "weakens the law",
        parameter::Change::Neutral => "neither tightens nor weakens the law",
    };
    Some(format!("{} risk; {way}", id.row().tier.name()))
}

/// Who may not sign, by the law's table.
pub const fn interests(action: Action) -> &'static str {
    match action.parties() {
        Parties::Nobody => "nobody is barred by an interest",
        Parties::Mission => "who is sponsor or seated in the mission may not sign",
        Parties::Session => "who gains by the session may not sign",
        Parties::Agent => "who answers for the agent, or did lately, may not sign",
        Parties::Person(_) => "whom it is about may not sign",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_says_every_field_that_is_signed_and_none_besides() {
        for action in Action::ALL {
            let sentence = sentence(*action);
            let rests = sentence.split('{').skip(1);
            let names = rests.filter_map(|rest| rest.split_once('}'));
            let mut said: Vec<&str> = names.map(|(name, _)| name).collect();
            let mut fields: Vec<&str> = own(*action).map(|(_, name)| name).collect();
            said.sort_unstable();
            fields.sort_unstable();
            assert_eq!(said, fields, "{action:?}");
        }
        assert!(sentence(Action::None).is_empty());
    }

    #[test]
    fn what_is_written_of_a_word_is_read_as_that_word() {
        let minus = I256::MINUS_ONE.into_raw().into();
        let words: [(&str, B256); 6] = [
            ("address", Address::repeat_byte(0xab).into_word()),
            ("bytes32", B256::repeat_byte(0xcd)),
            ("bool", U256::from(1).into()),
            ("int16", minus),
            ("uint64", U256::from(u64::MAX).into()),
            ("uint256", B256::repeat_byte(0xff)),
        ];
        for (ty, word) in words {
            assert_eq!(word_of(ty, &value_of(ty, word)), Some(word), "{ty}");
        }
        assert_eq!(word_of("uint8", &json!(7)), Some(U256::from(7).into()));
    }

    #[test]
    fn a_value_of_another_form_is_no_word() {
        for (ty, value) in [
            ("uint64", json!("0x10")),
            ("uint64", json!("")),
            ("uint64", json!(-1)),
            ("uint64", json!(1.5)),
            ("int16", json!("0x10")),
            ("int16", json!("-")),
            ("bool", json!("true")),
            ("bool", json!(1)),
            ("bytes32", json!("cd".repeat(32))),
            ("bytes32", json!("0xcd")),
            ("address", json!("0x00")),
            ("address", json!(null)),
        ] {
            assert_eq!(word_of(ty, &value), None, "{ty} {value}");
        }
    }

    #[test]
    fn what_is_said_has_the_values_in_the_places_of_their_names() {
        let text = said(Action::ConfirmFreeze, |name| format!("<{name}>"));
        let wanted = "confirm freeze <freezeId>: node <node> of mission <missionId> fails at the agent's fault";
        assert_eq!(text, wanted);
    }
}

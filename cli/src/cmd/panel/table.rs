//! What the command line knows of each human action beyond the law's own table (`domain::act`) and what is said of it
//! (`agentcity_abi::action`): where the values come from that signers must have seen, and which public views show what it does.

use agentcity_domain::{act::Action, parameter::ParameterId, peer::Peer};
use alloy::primitives::B256;

use super::fields::word;
use crate::views::View;

/// Where a field's value comes from when it is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// It must be given.
    Given,
    /// Zero.
    Zero,
    /// A field of a public view.
    Read(Asked, &'static str),
    /// The hash of the code at the account in that field.
    CodeAt(&'static str),
    /// The latest freeze of the node.
    LatestFreeze,
    /// The first of the bids that were awarded the node; all ones if it was not awarded.
    FirstAward,
}

/// A public view, and which fields of the payload it is asked about. An argument may also be a number, or `@` and a parameter's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked(
    pub(crate) Peer,
    pub(crate) &'static str,
    pub(crate) &'static [&'static str],
);

/// One action in words and views.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// For the help: what it does.
    pub(crate) about: &'static str,
    /// Fields that need not be given.
    pub(crate) sources: &'static [(&'static str, Source)],
    /// Views that show what it does.
    pub(crate) shows: &'static [Asked],
}

impl Asked {
    /// The question about the values of these fields.
    pub(crate) fn view(&self, value: impl Fn(&str) -> Option<B256>) -> Option<View> {
        let argument = |text: &&str| match text.strip_prefix('@') {
            Some(name) => ParameterId::named(name).map(|id| word(id.place() as u128)),
            None => text
                .parse()
                .map_or_else(|_| value(text), |number| Some(word(number))),
        };
        Some(View {
            peer: self.0,
            function: self.1,
            arguments: self.2.iter().map(argument).collect::<Option<_>>()?,
        })
    }
}

const NODE: Asked = Asked(Peer::Collaboration, "node", &["missionId", "node"]);
const MISSION: Asked = Asked(Peer::Collaboration, "mission", &["missionId"]);
const WATCH: Asked = Asked(Peer::Guardian, "watchOf", &["missionId"]);
const CITY_WATCH: Asked = Asked(Peer::Guardian, "watchOf", &["0"]);
const FREEZE: Asked = Asked(Peer::Guardian, "freezeOf", &["missionId", "freezeId"]);
const GATE: Asked = Asked(Peer::Guardian, "gateOf", &["missionId"]);
const RECORD: Asked = Asked(
    Peer::Verification,
    "recordOf",
    &["missionId", "node", "attempt"],
);
const DIGEST: Asked = Asked(Peer::Collaboration, "completionDigest", &["missionId"]);
const AGENT: Asked = Asked(Peer::Agent, "agentRecord", &["agent"]);
const PRINCIPAL: Asked = Asked(Peer::Agent, "principalRecord", &["principal"]);
const SCORE: Asked = Asked(Peer::Agent, "getReputationScore", &["agent"]);
const FUNDS: Asked = Asked(Peer::Treasury, "parts", &[]);
const CLERK: Asked = Asked(Peer::Management, "clerkOf", &["clerk"]);
const PROFILE: Asked = Asked(Peer::Management, "profileOf", &["role"]);
const EPOCH: Asked = Asked(Peer::Constitution, "epoch", &[]);
const PARAMETER: Asked = Asked(Peer::Constitution, "parameter", &["parameter"]);
const SENIOR: Asked = Asked(Peer::Constitution, "parameter", &["@seniorAdjudicatorAddr"]);
const RATE: Asked = Asked(
    Peer::Constitution,
    "parameter",
    &["@clerkOperationsPerSubject"],
);
const NORM: Asked = Asked(Peer::Constitution, "norm", &["norm"]);
const MONITOR: Asked = Asked(Peer::Roster, "monitor", &["monitor"]);
const PREDICATE: Asked = Asked(Peer::Roster, "approvedCode", &["program", "1"]);
const VERIFIER: Asked = Asked(Peer::Roster, "approvedCode", &["program", "2"]);
const ADJUDICATOR: Asked = Asked(Peer::Roster, "adjudicator", &["adjudicator"]);
const PANEL: Asked = Asked(Peer::Roster, "activeAdjudicators", &[]);
const CITY_FREEZE: Asked = Asked(Peer::Roster, "haltedUntil", &[]);
const LAW: Asked = Asked(Peer::Enactment, "lawOf", &["sessionId"]);
const AWARD: Asked = Asked(Peer::Enactment, "awardOf", &["sessionId", "node"]);
const FAULT: Asked = Asked(
    Peer::Enactment,
    "specificationFault",
    &["missionId", "node"],
);
const AUDIT: Asked = Asked(Peer::Adjudication, "senior", &[]);
const MANDATE: Asked = Asked(Peer::Management, "mandateOf", &["operation"]);

const ATTEMPT: (&str, Source) = ("attempt", Source::Read(NODE, "attempt"));
const LATEST: (&str, Source) = ("freezeId", Source::LatestFreeze);
const OUTPUT: (&str, Source) = ("completionDigest", Source::Read(DIGEST, ""));

/// What is known of an action; nothing for none.
pub(crate) fn told(action: Action) -> Option<Told> {
    let told = |about, sources, shows| Told {
        about,
        sources,
        shows,
    };
    Some(match action {
        Action::None => return None,
        Action::FreezeNode => told(
            "Freeze a node, for evidence",
            &[
                ATTEMPT,
                (
                    "agent",
                    Source::Read(
                        Asked(Peer::Collaboration, "seat", &["missionId", "node", "0"]),
                        "agent",
                    ),
                ),
            ],
            &[NODE, WATCH],
        ),
        Action::UnfreezeNode => told(
            "Lift a freeze: it was false, or it deserves a warning",
            &[LATEST],
            &[NODE, FREEZE],
        ),
        Action::ConfirmFreeze => told(
            "Fail a frozen node at the agent's fault",
            &[LATEST],
            &[NODE, FREEZE],
        ),
        Action::ClassifyFalsePositive => told(
            "Say of a past freeze that it was false: its monitors pay",
            &[LATEST],
            &[FREEZE],
        ),
        Action::DecideReview => told(
            "Decide a result that waits for review",
            &[ATTEMPT, ("score", Source::Zero), ("seat", Source::Zero)],
            &[NODE, RECORD],
        ),
        Action::Disqualify => told("Exclude what an executor revealed", &[ATTEMPT], &[RECORD]),
        Action::ClearPredicate => told("Clear a human predicate of the gate", &[OUTPUT], &[GATE]),
        Action::VetoOutput => told("Fail a mission at the gate", &[OUTPUT], &[MISSION, GATE]),
        Action::ReleaseOutput => told(
            "Complete a mission at the gate",
            &[OUTPUT],
            &[MISSION, GATE],
        ),
        Action::TriggerStop => told("Stop one mission", &[], &[MISSION, WATCH]),
        Action::ClearStop => told(
            "Clear the stop of one mission",
            &[("haltedUntil", Source::Read(WATCH, "stoppedUntil"))],
            &[MISSION, WATCH],
        ),
        Action::LiftPause => told(
            "Lift the pause of a mission whose log diverged",
            &[
                ("haltedUntil", Source::Read(WATCH, "pausedUntil")),
                ("forfeit", Source::Zero),
            ],
            &[MISSION, WATCH],
        ),
        Action::ExitDegraded => told("Let a mission leave degraded mode", &[], &[MISSION, WATCH]),
        Action::AbortMission => told("End a mission without fault", &[], &[MISSION]),
        Action::AbortForFault => told(
            "End a mission at the fault of up to four agents",
            &[
                ("second", Source::Zero),
                ("third", Source::Zero),
                ("fourth", Source::Zero),
            ],
            &[MISSION],
        ),
        Action::AdjustReputation => told(
            "Add to or take from an agent's reputation",
            &[("oldScore", Source::Read(SCORE, ""))],
            &[SCORE, AGENT],
        ),
        Action::PayInsurance => told(
            "Pay an agent's loss out of insurance",
            &[],
            &[FUNDS, Asked(Peer::Treasury, "credits", &["agent"])],
        ),
        Action::Disburse => told(
            "Pay out of the common funds",
            &[],
            &[FUNDS, Asked(Peer::Treasury, "credits", &["recipient"])],
        ),
        Action::BanPrincipal => told("Ban a principal and all its agents", &[], &[PRINCIPAL]),
        Action::LiftBan => told("Lift a ban within its appeal window", &[], &[PRINCIPAL]),
        Action::FreezePrincipal => told("Freeze all agents of a principal", &[], &[PRINCIPAL]),
        Action::UnfreezePrincipal => told("Lift the freeze of a principal", &[], &[PRINCIPAL]),
        Action::AdmitClerk => told(
            "Admit a clerk to an office, with its envelope",
            &[
                ("permitted", Source::Read(PROFILE, "permitted")),
                ("prohibited", Source::Read(PROFILE, "prohibited")),
                ("operationsMax", Source::Read(RATE, "value")),
            ],
            &[CLERK],
        ),
        Action::UpdateEnvelope => told(
            "Replace a clerk's envelope",
            &[
                ("permitted", Source::Read(CLERK, "permitted")),
                ("prohibited", Source::Read(CLERK, "prohibited")),
                ("operationsMax", Source::Read(CLERK, "operationsMax")),
            ],
            &[CLERK],
        ),
        Action::RevokeClerk => told("Take a clerk's office away", &[], &[CLERK]),
        Action::AmendParameter => told(
            "Change a parameter",
            &[("oldValue", Source::Read(PARAMETER, "value"))],
            &[EPOCH, PARAMETER],
        ),
        Action::EnactNorm => told(
            "Put a norm in force",
            &[],
            &[NORM, Asked(Peer::Constitution, "isHalted", &["domain"])],
        ),
        Action::StrikeNorm => told("Strike a norm: its domain halts finalising", &[], &[NORM]),
        Action::RestoreNorm => told("Let a struck norm stand again", &[], &[NORM]),
        Action::ApproveMonitor => told(
            "Admit a bonded monitor",
            &[("scorerId", Source::Read(MONITOR, "scorerId"))],
            &[MONITOR],
        ),
        Action::RevokeMonitor => told(
            "End a monitor's admission and take its bond",
            &[],
            &[MONITOR],
        ),
        Action::ApprovePredicate => told(
            "Approve a predicate, pinned by its code",
            &[("codehash", Source::CodeAt("program"))],
            &[PREDICATE],
        ),
        Action::RevokePredicate => told(
            "End a predicate's approval",
            &[("codehash", Source::Read(PREDICATE, "codehash"))],
            &[PREDICATE],
        ),
        Action::ApproveVerifier => told(
            "Approve a verifier, pinned by its code",
            &[("codehash", Source::CodeAt("program"))],
            &[VERIFIER],
        ),
        Action::RevokeVerifier => told(
            "End a verifier's approval",
            &[("codehash", Source::Read(VERIFIER, "codehash"))],
            &[VERIFIER],
        ),
        Action::AddAdjudicator => told(
            "Admit a candidate to the panel",
            &[("principal", Source::Read(ADJUDICATOR, "principal"))],
            &[PANEL, ADJUDICATOR],
        ),
        Action::RemoveAdjudicator => told(
            "Remove an adjudicator without fault",
            &[],
            &[PANEL, ADJUDICATOR],
        ),
        Action::AppointSenior => told(
            "Appoint the senior adjudicator",
            &[("oldSenior", Source::Read(SENIOR, "value"))],
            &[EPOCH, SENIOR],
        ),
        Action::WaiveFairness => told(
            "Waive the least fairness for one session",
            &[
                ("assignmentsHash", Source::Read(LAW, "assignmentsHash")),
                ("fairness", Source::Read(LAW, "fairness")),
            ],
            &[LAW],
        ),
        Action::CountersignAward => told(
            "Countersign an award other than the best",
            &[("best", Source::FirstAward)],
            &[AWARD],
        ),
        Action::AuditCodification => told(
            "Approve the codification of a statute of high risk",
            &[("statuteHash", Source::Read(LAW, "statuteHash"))],
            &[LAW],
        ),
        Action::DeclareSpecificationFault => {
            told("Find a node's statute at fault", &[ATTEMPT], &[FAULT])
        }
        Action::ConfirmAlert => told(
            "Confirm an alert of the watchdog, which freezes the city",
            &[("actions", Source::Read(ADJUDICATOR, "actions"))],
            &[CITY_FREEZE, ADJUDICATOR],
        ),
        Action::ReleaseWatchdog => told(
            "Release the watchdog's freeze of the city",
            &[("haltedUntil", Source::Read(CITY_FREEZE, ""))],
            &[CITY_FREEZE],
        ),
        Action::CloseAudit => told(
            "Close the audit of what the senior adjudicator did alone",
            &[("auditId", Source::Read(AUDIT, "auditId"))],
            &[AUDIT],
        ),
        Action::BanAgent => told(
            "Ban, for what an agent did, the principal who answers for it",
            &[(
                "principal",
                Source::Read(Asked(Peer::Agent, "principalOf", &["agent"]), ""),
            )],
            &[PRINCIPAL, AGENT],
        ),
        Action::SetMandate => told(
            "Mandate a service for what an office hands over",
            &[
                ("serviceId", Source::Zero),
                ("artifactSchema", Source::Zero),
            ],
            &[MANDATE],
        ),
        Action::HaltCity => told("Stop every mission", &[], &[CITY_WATCH]),
        Action::ResumeCity => told(
            "Clear the stop of every mission",
            &[("haltedUntil", Source::Read(CITY_WATCH, "stoppedUntil"))],
            &[CITY_WATCH],
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_fields(action: Action) -> Vec<&'static str> {
        let count = action.shape().unwrap().fields;
        let fields = action.signed().unwrap().entry().fields();
        fields.take(count.into()).map(|(_, name)| name).collect()
    }

    #[test]
    fn every_view_of_the_table_is_one_of_the_interfaces() {
        for action in Action::ALL {
            let (told, fields) = (told(*action).unwrap(), own_fields(*action));
            let read = told.sources.iter().filter_map(|(name, source)| {
                assert!(fields.contains(name), "{action:?} has no {name}");
                match source {
                    Source::Read(asked, field) => Some((*asked, Some(*field))),
                    _ => None,
                }
            });
            for (asked, field) in read.chain(told.shows.iter().map(|asked| (*asked, None))) {
                let known = |name: &str| fields.contains(&name).then_some(B256::ZERO);
                let view = asked
                    .view(known)
                    .unwrap_or_else(|| panic!("{action:?}: {asked:?}"));
                let declared = view.declared();
                assert_eq!(declared.inputs.len(), view.arguments.len(), "{asked:?}");
                let Some(field) = field else { continue };
                let components =
                    declared
                        .outputs
                        .iter()
                        .flat_map(|output| match output.components.is_empty() {
                            true => vec![output.name.as_str()],
                            false => output.components.iter().map(|c| c.name.as_str()).collect(),
                        });
                assert!(
                    components.into_iter().any(|name| name == field),
                    "{asked:?} {field}"
                );
            }
            assert!(!told.shows.is_empty(), "{action:?} shows nothing");
        }
    }
}

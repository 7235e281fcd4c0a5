//! What an action is about: whose interests bar from it, what its signers saw, and whether it lets something pass.

use alloy_primitives::B256;

use super::Action;

/// Whose interests bar an adjudicator from signing (RESOLUTIONS D-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parties {
    /// Nobody's: it is about the city.
    Nobody,
    /// The mission's, which its first field names: sponsor and seats.
    Mission,
    /// The session's, which its first field names: the sponsor, and who gains by the award where one is chosen.
    Session,
    /// The agent's, which its first field names: who answers for it, or did lately.
    Agent,
    /// The person's at this place of the payload.
    Person(u8),
}

/// What the signers saw, which must still be so when the action lands. Where the function that it lands in takes the value, it
/// is compared there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Saw {
    /// Nothing that could have changed, or what is compared where it lands.
    Nothing,
    /// A parameter's value.
    Parameter,
    /// The end of a mission's stop.
    Stop,
    /// The end of the city's stop.
    CityStop,
    /// The end of a pause.
    Pause,
    /// A mission's output, at this place of the payload.
    Output(u8),
    /// An agent's score.
    Score,
    /// A session's assignments and their fairness.
    Fairness,
    /// The best bid for a node.
    Best,
}

/// How many agents an ending mission's fault is laid upon: one at least, each once, ascending, with zeros behind the last.
///
/// Errors: the place among them of the one that is out of order.
pub fn named(agents: &[B256]) -> Result<usize, u8> {
    let (mut count, mut last) = (0, B256::ZERO);
    for (agent, place) in agents.iter().zip(0u8..) {
        if agent.is_zero() {
            continue;
        }
        if count != usize::from(place) || *agent <= last {
            return Err(place);
        }
        count += 1;
        last = *agent;
    }
    if count == 0 { Err(0) } else { Ok(count) }
}

impl Action {
    /// Whose interests bar from it.
    pub const fn parties(self) -> Parties {
        match self {
            Self::WaiveFairness | Self::CountersignAward | Self::AuditCodification => {
                Parties::Session
            }
            Self::AdjustReputation | Self::BanAgent => Parties::Agent,
            Self::BanPrincipal
            | Self::LiftBan
            | Self::FreezePrincipal
            | Self::UnfreezePrincipal
            | Self::ConfirmAlert => Parties::Person(0),
            Self::Disburse => Parties::Person(1),
            Self::FreezeNode
            | Self::UnfreezeNode
            | Self::ConfirmFreeze
            | Self::ClassifyFalsePositive
            | Self::DecideReview
            | Self::Disqualify
            | Self::ClearPredicate
            | Self::VetoOutput
            | Self::ReleaseOutput
            | Self::TriggerStop
            | Self::ClearStop
            | Self::LiftPause
            | Self::ExitDegraded
            | Self::AbortMission
            | Self::AbortForFault
            | Self::PayInsurance
            | Self::DeclareSpecificationFault => Parties::Mission,
            _ => Parties::Nobody,
        }
    }

    /// What its signers saw.
    pub const fn saw(self) -> Saw {
        match self {
            Self::AmendParameter | Self::AppointSenior => Saw::Parameter,
            Self::ClearStop => Saw::Stop,
            Self::ResumeCity => Saw::CityStop,
            Self::LiftPause => Saw::Pause,
            Self::VetoOutput | Self::ReleaseOutput => Saw::Output(1),
            Self::ClearPredicate => Saw::Output(2), // structural: its third field
            Self::AdjustReputation => Saw::Score,
            Self::WaiveFairness => Saw::Fairness,
            Self::CountersignAward => Saw::Best,
            _ => Saw::Nothing,
        }
    }

    /// Whether it stops, ends, takes or forbids, whatever its arguments: the watchdog counts it as a no.
    pub const fn brakes(self) -> bool {
        matches!(
            self,
            Self::FreezeNode
                | Self::ConfirmFreeze
                | Self::Disqualify
                | Self::VetoOutput
                | Self::TriggerStop
                | Self::AbortMission
                | Self::AbortForFault
                | Self::BanPrincipal
                | Self::FreezePrincipal
                | Self::RevokeClerk
                | Self::EnactNorm
                | Self::StrikeNorm
                | Self::RevokeMonitor
                | Self::RevokePredicate
                | Self::RevokeVerifier
                | Self::RemoveAdjudicator
                | Self::DeclareSpecificationFault
                | Self::ConfirmAlert
                | Self::BanAgent
                | Self::HaltCity
        )
    }
}

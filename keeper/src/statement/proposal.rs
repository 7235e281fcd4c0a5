//! MSG_TYPE_3: what the speaker says of the proposal that was adopted (RESOLUTIONS L-03: it only carries it).

use agentcity_abi::document::{Document, Source, limits};
use agentcity_domain::{
    parameter::ParameterId as P, signed::legislation::DagProposal, statute::deployment::Imports,
};
use alloy::primitives::{B256, keccak256};

/// Missions end at whole hours, so that a proposal that is signed again within the hour says the same.
const HOUR: u64 = 3_600;

/// What the chain says of a session whose proposal is to be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// The session.
    pub session: B256,
    /// The winner; zero in a partial session.
    pub proposal: B256,
    /// The statute that was adopted.
    pub statute_hash: B256,
    /// Whether nodes may be taken over from an earlier mission.
    pub imports: Imports,
    /// The last second in which it may be carried.
    pub expires_at: u64,
    /// Time of the block that was asked.
    pub now: u64,
}

/// Why a proposal is not carried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Another statute.
    #[error("the document is statute {found}, adopted was {adopted}")]
    Other {
        /// What the document says.
        found: B256,
        /// What was adopted.
        adopted: B256,
    },
    /// The city's values do not allow it.
    #[error("the constitution does not allow the statute: {0}")]
    Unlawful(String),
}

/// Whether a statute can be law under these values: the rules are the domain's.
///
/// Errors: [`Unfit::Unlawful`] with what is wrong.
pub fn lawful(
    document: &Document,
    value: impl Fn(P) -> u32,
    imports: Imports,
) -> Result<(), Unfit> {
    let limits = limits(document.totals().nodes, value, imports);
    let text = document.pretty();
    let source =
        Source::read(text.as_bytes()).map_err(|problems| Unfit::Unlawful(told(&problems)))?;
    source
        .judge(&limits)
        .map_err(|problems| Unfit::Unlawful(told(&problems)))
}

fn told(problems: &agentcity_abi::document::Problems) -> String {
    let first = problems.list().first();
    first.map_or_else(|| "it is refused".to_owned(), ToString::to_string)
}

/// The proposal as the speaker carries it. The mission ends as late as the constitution allows: nobody voted on an end, and no clerk
/// has a will of its own (K2).
///
/// `value` gives the parameters of the session's epoch.
/// Errors: [`Unfit`].
pub fn carry(
    adopted: &Adopted,
    document: &Document,
    value: impl Fn(P) -> u32,
) -> Result<DagProposal, Unfit> {
    let found = document.statute_hash();
    if found != adopted.statute_hash {
        return Err(Unfit::Other {
            found,
            adopted: adopted.statute_hash,
        });
    }
    lawful(document, &value, adopted.imports)?;
    let totals = document.totals();
    let latest = adopted
        .now
        .saturating_add(u64::from(value(P::MissionDurationMaxSecs)));
    Ok(DagProposal {
        session_id: adopted.session,
        proposal_id: adopted.proposal,
        statute_hash: found,
        content_address: document.content_address().word(),
        rationale_hash: rationale(adopted),
        nodes: totals.nodes,
        token_budget: totals.tokens,
        mission_budget: totals.budget,
        mission_deadline: latest - latest % HOUR,
        deadline: adopted.expires_at,
    })
}

/// The hash of the speaker's reason, which is always the same: the city chose it.
fn rationale(adopted: &Adopted) -> B256 {
    let Adopted {
        session, proposal, ..
    } = adopted;
    keccak256(format!(
        "proposal {proposal} is carried because session {session} adopted it"
    ))
}

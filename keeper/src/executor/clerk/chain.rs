//! Questions that every act asks, and answers of contracts in words.

use agentcity_abi::{
    IAgent, IAssembly, ICollaboration, IConstitution, IEnactment, IGuardian, ILegislature,
    IManagement, IService, ITreasury,
};
use agentcity_domain::{parameter::ParameterId, peer::Peer, signed::legislation as signed};
use alloy::{
    primitives::{Address, B256, Bytes},
    providers::Provider,
    rpc::types::TransactionRequest,
    sol_types::{SolError, SolInterface},
};

use super::{ASKED, Hand, Stop, block};
use crate::{
    event::Head,
    executor::endpoint::Call,
    source::city::{City, Values, cause},
};
use agentcity_abi::document::Document;

impl<P: Provider> Hand<'_, P> {
    pub(super) fn assembly(&self) -> IAssembly::IAssemblyInstance<&P> {
        IAssembly::new(self.city.at(Peer::Assembly), self.provider)
    }

    pub(super) fn legislature(&self) -> ILegislature::ILegislatureInstance<&P> {
        ILegislature::new(self.city.at(Peer::Legislature), self.provider)
    }

    pub(super) fn enactment(&self) -> IEnactment::IEnactmentInstance<&P> {
        IEnactment::new(self.city.at(Peer::Enactment), self.provider)
    }

    pub(super) fn agents(&self) -> IAgent::IAgentInstance<&P> {
        IAgent::new(self.city.at(Peer::Agent), self.provider)
    }

    pub(super) fn services(&self) -> IService::IServiceInstance<&P> {
        IService::new(self.city.at(Peer::Service), self.provider)
    }

    pub(super) async fn session(
        &self,
        session: B256,
        at: Head,
    ) -> Result<ILegislature::Session, String> {
        self.legislature()
            .session(session)
            .block(block(at))
            .call()
            .await
            .map_err(cause)
    }

    pub(super) async fn law(&self, session: B256, at: Head) -> Result<IEnactment::Law, String> {
        self.enactment()
            .lawOf(session)
            .block(block(at))
            .call()
            .await
            .map_err(cause)
    }

    pub(super) async fn bounding(&self, epoch: u64, at: Head) -> Result<Values, String> {
        let ids: &[ParameterId] = &ASKED;
        self.city.values(self.provider, block(at), epoch, ids).await
    }

    pub(super) async fn unit_scale(&self, at: Head) -> Result<u128, String> {
        let constitution = IConstitution::new(self.city.constitution, self.provider);
        let scale = constitution.unitScale().block(block(at));
        let scale = scale.call().await.map_err(cause)?;
        Ok(scale.try_into().unwrap_or(u128::MAX))
    }

    /// The document of a statute.
    pub(super) fn document(&self, statute: B256) -> Result<&Document, Stop> {
        let cause =
            || format!("the document of statute {statute} is not in the folder of documents");
        self.library
            .get(statute)
            .ok_or_else(|| Stop::Refused(cause()))
    }

    /// What the chain would answer to a call: nothing, or why it refuses.
    ///
    /// Errors: it could not be asked.
    pub(super) async fn would(&self, call: &Call) -> Result<Option<Bytes>, String> {
        let request = TransactionRequest::default()
            .from(self.payer)
            .to(call.to)
            .input(call.input.clone().into());
        match self.provider.call(request).await {
            Ok(_) => Ok(None),
            Err(error) => {
                let payload = error.as_error_resp();
                match payload.and_then(|payload| payload.as_revert_data()) {
                    Some(revert) => Ok(Some(revert)),
                    None => Err(error.to_string()),
                }
            }
        }
    }
}

/// Who answers for an agent.
///
/// Errors: why it could not be asked.
pub(super) async fn principal_of<P: Provider>(
    provider: &P,
    city: &City,
    agent: Address,
) -> Result<Address, String> {
    let agents = IAgent::new(city.at(Peer::Agent), provider);
    agents.principalOf(agent).call().await.map_err(cause)
}

pub(super) fn flag(flag: &signed::ComplianceFlag) -> IEnactment::ComplianceFlag {
    IEnactment::ComplianceFlag {
        node: flag.node,
        code: flag.code,
        severity: flag
            .severity
            .try_into()
            .unwrap_or(IEnactment::Severity::Critical),
        evidenceHash: flag.evidence_hash,
    }
}

/// Whether a refusal says that somebody did it already, or that the session stands elsewhere by now. The errors are the same ones in
/// every member.
pub fn gone_on(revert: &Bytes) -> bool {
    let Some(selector) = revert.first_chunk::<4>() else {
        return false;
    };
    [
        IEnactment::AlreadyDone::SELECTOR,
        IEnactment::AlreadyUsed::SELECTOR,
        IEnactment::WrongSessionState::SELECTOR,
        IAssembly::WrongStep::SELECTOR,
        IAssembly::SessionFailed::SELECTOR,
    ]
    .contains(selector)
}

/// A refusal in words: the error of whichever member says so.
pub fn in_words(revert: &Bytes) -> String {
    fn read<E: SolInterface + std::fmt::Debug>(revert: &Bytes) -> Option<String> {
        let error = E::abi_decode(revert).ok()?;
        Some(format!("{error:?}"))
    }
    [
        read::<IEnactment::IEnactmentErrors>,
        read::<ILegislature::ILegislatureErrors>,
        read::<IAssembly::IAssemblyErrors>,
        read::<IManagement::IManagementErrors>,
        read::<IAgent::IAgentErrors>,
        read::<ITreasury::ITreasuryErrors>,
        read::<ICollaboration::ICollaborationErrors>,
        read::<IGuardian::IGuardianErrors>,
    ]
    .iter()
    .find_map(|read| read(revert))
    .unwrap_or_else(|| format!("the chain refuses with {revert}"))
}

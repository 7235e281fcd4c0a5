//! What the executors that this keeper serves hold of a mission's work, once it is open: their half of the record that is compared with
//! the chain.
//!
//! Guards INV-RECONCILE-01.

use std::sync::Arc;

use agentcity_executor::protocol::{JobId, Place, Standing};
use alloy::{eips::BlockId, primitives::B256, providers::Provider};

use super::Routing;
use crate::{
    event::Head,
    machine::reconciliation::Claim,
    part::{Task, reconciliation::Fabric},
};

impl<P: Provider> Routing<P> {
    /// Who does not answer holds nothing that could be compared: his silence is no difference.
    async fn claimed(&self, mission: B256, at: Head) -> Result<Vec<Claim>, String> {
        let chain = self.chain(BlockId::hash(at.hash));
        let known = chain.mission(mission).await?;
        let law = self.law(&chain, mission, &known).await?;
        let mut claims = Vec::new();
        for node in 0..known.nodes {
            let Some(of_law) = law.node(node).filter(|node| !node.is_imported()) else {
                continue;
            };
            let seats = chain.seats(mission, node, of_law).await?;
            let served = |(agent, _): &(_, _)| self.setup.served.contains(agent);
            if !seats.iter().any(served) {
                continue;
            }
            let assignment = chain.assignment(mission, node).await?;
            for (place, (agent, service)) in (0_u8..).zip(&seats) {
                let (true, Some(seat)) = (self.setup.served.contains(agent), Place::new(place))
                else {
                    continue;
                };
                let job = JobId {
                    mission,
                    node,
                    attempt: assignment.attempt,
                    seat,
                };
                let deadline = assignment.expiresAt.to();
                let request = self.request(&chain, &law, job, *agent, *service, deadline);
                let (Ok(request), Some(client)) = (request.await, self.setup.executors.get(agent))
                else {
                    continue;
                };
                match client.standing(&request).await {
                    Ok(Standing::Delivered(delivery)) => claims.push(Claim {
                        agent: *agent,
                        node,
                        attempt: job.attempt,
                        output: delivery.result.output_hash,
                        trail: delivery.result.trail_root,
                        code: delivery.code_hash,
                    }),
                    Ok(_) => {}
                    Err(error) => tracing::info!(%job, "its executor is not compared: {error}"),
                }
            }
        }
        Ok(claims)
    }
}

impl<P: Provider + 'static> Fabric for Routing<P> {
    fn claims(self: Arc<Self>, mission: B256, at: Head) -> Task<Result<Vec<Claim>, String>> {
        Box::pin(async move { self.claimed(mission, at).await })
    }
}

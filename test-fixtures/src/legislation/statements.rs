//! What people and clerks sign in a session, one statement at a time: for stories in which not everybody says the same, or some are to
//! be refused.

use super::deliberation::{opening, seal};
use crate::{
    city::{Person, life::GOOD_UNTIL},
    mission::{MissionError, Stage},
};
use agentcity_abi::{
    IAssembly as assembly, IEnactment as enactment, ILegislature as legislature,
    ILegislature::TaskBid,
};
use agentcity_domain::{
    clerk::ClerkRole, peer::Peer, signed::legislation as signed, statute::Seat,
};
use alloy::{
    primitives::{B256, keccak256},
    sol_types::SolValue,
};

/// How somebody votes.
#[derive(Clone, Debug)]
pub struct Ballot {
    /// Who.
    pub voter: Person,
    /// Its ranking, packed.
    pub ranking: u64,
}

/// A ranking, the best first, as it is packed: four bits each, from the lowest on.
pub fn ranking(order: &[u8]) -> u64 {
    let places = order.iter().rev();
    places.fold(0, |packed, candidate| packed << 4 | u64::from(*candidate))
}

impl Ballot {
    /// The call that opens it in a session, by whoever knows it.
    pub fn opening(&self, session: B256) -> assembly::revealBallotCall {
        opening(session, &self.voter, self.ranking)
    }

    /// What seals it in a session.
    pub fn seal(&self, session: B256) -> B256 {
        seal(session, &self.voter, self.ranking)
    }
}

impl Stage {
    /// Names under a petition, to be relayed by anybody.
    pub fn names(&self, petition: B256, by: &[Person]) -> assembly::signPetitionForCall {
        let mut call = assembly::signPetitionForCall {
            names: Vec::with_capacity(by.len()),
            signatures: Vec::with_capacity(by.len()),
        };
        for person in by {
            let words = signed::PetitionSignature {
                petition_id: petition,
                principal: person.address(),
                deadline: GOOD_UNTIL,
            };
            let signature = self.signs_for(person, Peer::Assembly, &words.words());
            call.signatures.push(signature);
            call.names.push(assembly::PetitionSignature {
                petitionId: petition,
                principal: person.address(),
                deadline: GOOD_UNTIL,
            });
        }
        call
    }

    /// Sponsorships of proposals, to be relayed by anybody.
    pub fn sponsorships(&self, of: &[(B256, &Person)]) -> assembly::sponsorForCall {
        let mut call = assembly::sponsorForCall {
            names: Vec::with_capacity(of.len()),
            signatures: Vec::with_capacity(of.len()),
        };
        for (proposal, person) in of {
            let words = signed::Sponsorship {
                proposal_id: *proposal,
                principal: person.address(),
                deadline: GOOD_UNTIL,
            };
            let signature = self.signs_for(person, Peer::Assembly, &words.words());
            call.signatures.push(signature);
            call.names.push(assembly::Sponsorship {
                proposalId: *proposal,
                principal: person.address(),
                deadline: GOOD_UNTIL,
            });
        }
        call
    }

    /// A straw vote for the proposal at a place, to be relayed by anybody.
    pub fn straw_vote(&self, session: B256, by: &Person, place: u8) -> assembly::strawVoteCall {
        let words = signed::StrawVote {
            session_id: session,
            principal: by.address(),
            proposal: place,
            deadline: GOOD_UNTIL,
        };
        assembly::strawVoteCall {
            vote: assembly::StrawVote {
                sessionId: session,
                principal: by.address(),
                proposal: place,
                deadline: GOOD_UNTIL,
            },
            signature: self.signs_for(by, Peer::Assembly, &words.words()),
        }
    }

    /// The regulator's evidence, to be relayed by anybody.
    pub fn evidence(&self, session: B256) -> assembly::recordEvidenceCall {
        let words = signed::DeliberationEvidence {
            session_id: session,
            evidence_hash: keccak256("evidence"),
            content_address: keccak256("content of the evidence"),
            deadline: GOOD_UNTIL,
        };
        assembly::recordEvidenceCall {
            evidence: assembly::DeliberationEvidence {
                sessionId: session,
                evidenceHash: words.evidence_hash,
                contentAddress: words.content_address,
                deadline: GOOD_UNTIL,
            },
            signature: self.signs_for(
                &self.clerk(ClerkRole::Regulator),
                Peer::Assembly,
                &words.words(),
            ),
        }
    }

    /// Sealed ballots, to be relayed by anybody.
    pub fn sealing(&self, session: B256, ballots: &[Ballot]) -> assembly::commitBallotsCall {
        let mut call = assembly::commitBallotsCall {
            commitments: Vec::with_capacity(ballots.len()),
            signatures: Vec::with_capacity(ballots.len()),
        };
        for ballot in ballots {
            let (principal, commitment) = (ballot.voter.address(), ballot.seal(session));
            let words = signed::BallotCommitment {
                session_id: session,
                principal,
                commitment,
                deadline: GOOD_UNTIL,
            };
            let signature = self.signs_for(&ballot.voter, Peer::Assembly, &words.words());
            call.signatures.push(signature);
            call.commitments.push(assembly::BallotCommitment {
                sessionId: session,
                principal,
                commitment,
                deadline: GOOD_UNTIL,
            });
        }
        call
    }

    /// MSG_TYPE_1, to be relayed by anybody.
    pub fn identity_request(&self, session: B256) -> legislature::requestIdentityCall {
        let words = signed::IdentityRequest {
            session_id: session,
            challenge: keccak256("challenge"),
            minimum_reputation: 0,
            deadline: GOOD_UNTIL,
        };
        legislature::requestIdentityCall {
            message: legislature::IdentityRequest {
                sessionId: session,
                challenge: words.challenge,
                minimumReputation: 0,
                deadline: GOOD_UNTIL,
            },
            signature: self.signs_for(
                &self.clerk(ClerkRole::Registrar),
                Peer::Legislature,
                &words.words(),
            ),
        }
    }

    /// Bids for these seats, to be relayed by anybody.
    pub fn bidding(
        &mut self,
        session: B256,
        bids: &[(Seat, u8)],
    ) -> Result<legislature::placeBidsCall, MissionError> {
        let mut call = legislature::placeBidsCall {
            messages: Vec::with_capacity(bids.len()),
            signatures: Vec::with_capacity(bids.len()),
        };
        for (seat, tier) in bids {
            let (message, signature) = self.bid(session, seat, *tier)?;
            call.messages.push(message);
            call.signatures.push(signature);
        }
        Ok(call)
    }

    /// A bid of which only node, stake and bidder are seen, to be relayed by anybody.
    pub fn sealing_bid(&self, bid: &TaskBid, by: &Person, salt: B256) -> legislature::sealBidCall {
        let commitment = keccak256((bid.clone(), salt).abi_encode());
        let words = signed::SealedBid {
            session_id: bid.sessionId,
            agent: bid.agent,
            node: bid.node,
            commitment,
            stake: bid.stake,
            source: bid.source,
            deadline: GOOD_UNTIL,
        };
        legislature::sealBidCall {
            message: legislature::SealedBid {
                sessionId: bid.sessionId,
                agent: bid.agent,
                node: bid.node,
                commitment,
                stake: bid.stake,
                source: bid.source,
                deadline: GOOD_UNTIL,
            },
            signature: self.signs_for(by, Peer::Legislature, &words.words()),
        }
    }

    /// The regulator wants another proposal, to be relayed by anybody.
    pub fn reproposal(&self, session: B256) -> enactment::decideRegulatoryCall {
        let words = signed::RegulatoryDecision {
            session_id: session,
            assignments_hash: B256::ZERO,
            fairness: 0,
            rejected: keccak256([]),
            flags: keccak256([]),
            repropose: true,
            deadline: GOOD_UNTIL,
        };
        enactment::decideRegulatoryCall {
            message: enactment::RegulatoryDecision {
                sessionId: session,
                assignmentsHash: B256::ZERO,
                fairness: 0,
                rejected: Vec::new(),
                flags: Vec::new(),
                repropose: true,
                deadline: GOOD_UNTIL,
            },
            signature: self.signs_for(
                &self.clerk(ClerkRole::Regulator),
                Peer::Enactment,
                &words.words(),
            ),
        }
    }

    /// The regulator wants another bid of a node than the best, to be relayed by anybody.
    pub fn deviation(
        &self,
        session: B256,
        node: u16,
        (best, chosen): (u32, u32),
    ) -> enactment::deviateAwardCall {
        let words = signed::AwardDeviation {
            session_id: session,
            node,
            best,
            chosen,
            justification_hash: keccak256("the best runs what the runner-up runs"),
            deadline: GOOD_UNTIL,
        };
        enactment::deviateAwardCall {
            message: enactment::AwardDeviation {
                sessionId: session,
                node,
                best,
                chosen,
                justificationHash: words.justification_hash,
                deadline: GOOD_UNTIL,
            },
            signature: self.signs_for(
                &self.clerk(ClerkRole::Regulator),
                Peer::Enactment,
                &words.words(),
            ),
        }
    }
}

//! What an act is on the chain: signed by whoever has to, with secrets that are in the vault before they are in a seal.

use agentcity_abi::{IAssembly, ILegislature, IService, ITreasury, document::Document};
use agentcity_domain::{legislation::ballot, peer::Peer, signed::legislation as signed};
use agentcity_keeper::{
    executor::{
        clerk::{attestation, gone_on, in_words},
        endpoint::Call,
        keepalive::Need,
    },
    library::Library,
    source::city::City,
    statement,
};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    providers::Provider,
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
    sol_types::{SolCall, SolValue},
};

use crate::{
    mind::{Act, Bid, Sender, Wish, subject},
    policy::Register,
    vault::{Vault, VaultError},
};

/// Who acts, with what.
#[derive(Debug)]
pub struct Myself<'a, Q> {
    /// The chain.
    pub provider: &'a Q,
    /// The city.
    pub city: &'a City,
    /// The agent's key.
    pub agent: &'a PrivateKeySigner,
    /// The principal's key, if the agent acts for it.
    pub principal: Option<&'a PrivateKeySigner>,
    /// How it comes into the city.
    pub register: Option<&'a Register>,
    /// Documents of statutes.
    pub library: &'a Library,
    /// The items of the agenda.
    pub wishes: &'a [Wish],
}

/// Why an act has no call.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The chain could not be asked: ask again.
    #[error("{0}")]
    Silent(String),
    /// It is not done.
    #[error("{0}")]
    Refused(String),
    /// Nothing leaves.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl<Q: Provider> Myself<'_, Q> {
    /// What an act needs, as of the newest block.
    ///
    /// Errors: [`CallError`]; one of the vault ends the process, since nothing may leave without it.
    pub async fn need(
        &self,
        act: &Act,
        vault: &mut Vault,
        draw: &mut dyn FnMut() -> B256,
    ) -> Result<Need, CallError> {
        let (peer, input) = match self.calling(act, vault, draw).await {
            Ok(calling) => calling,
            Err(CallError::Refused(cause)) => return Ok(Need::Refused(cause)),
            Err(error) => return Err(error),
        };
        let value = match self.brings(act).await {
            Ok(value) => value,
            Err(CallError::Refused(cause)) => return Ok(Need::Refused(cause)),
            Err(error) => return Err(error),
        };
        let call = Call {
            to: self.city.at(peer),
            value,
            input,
        };
        let request = TransactionRequest::default()
            .from(self.sender(act)?)
            .to(call.to)
            .value(call.value)
            .input(call.input.clone().into());
        let Err(error) = self.provider.call(request).await else {
            return Ok(Need::Call(call));
        };
        let payload = error.as_error_resp();
        match payload.and_then(|payload| payload.as_revert_data()) {
            None => Err(CallError::Silent(error.to_string())),
            Some(revert) if gone_on(&revert) => Ok(Need::Satisfied),
            Some(revert) => Ok(Need::Refused(in_words(&revert))),
        }
    }

    fn sender(&self, act: &Act) -> Result<Address, CallError> {
        Ok(match act.sender() {
            Sender::Agent => self.agent.address(),
            Sender::Principal => self.voter()?.address(),
        })
    }

    pub(crate) fn voter(&self) -> Result<&PrivateKeySigner, CallError> {
        let cause = || CallError::Refused("it needs the principal's key".to_owned());
        self.principal.ok_or_else(cause)
    }

    pub(crate) fn sign(
        &self,
        key: &PrivateKeySigner,
        peer: Peer,
        words: &[B256],
    ) -> Result<Bytes, CallError> {
        let digest = statement::digest(self.city.chain_id, self.city.at(peer), words);
        statement::sign(key, digest).map_err(CallError::Refused)
    }

    fn document(&self, statute: B256) -> Result<&Document, CallError> {
        let cause =
            || format!("the document of statute {statute} is not in the folder of documents");
        self.library
            .get(statute)
            .ok_or_else(|| CallError::Refused(cause()))
    }

    async fn calling(
        &self,
        act: &Act,
        vault: &mut Vault,
        draw: &mut dyn FnMut() -> B256,
    ) -> Result<(Peer, Bytes), CallError> {
        let assembly = |input: Vec<u8>| Ok((Peer::Assembly, Bytes::from(input)));
        match act {
            Act::OpenPetition { statute_hash } => assembly(
                IAssembly::openPetitionCall {
                    subjectHash: subject(*statute_hash),
                    contentAddress: self.document(*statute_hash)?.content_address().word(),
                }
                .abi_encode(),
            ),
            Act::SignPetition { petition } => self.sign_petition(*petition).await,
            Act::OpenSession { petition } => assembly(
                IAssembly::openSessionCall {
                    petitionId: *petition,
                }
                .abi_encode(),
            ),
            Act::Propose {
                session,
                statute_hash,
            } => assembly(self.propose(*session, *statute_hash)?.abi_encode()),
            Act::Sponsor {
                proposal,
                expires_at,
            } => assembly(self.sponsor(*proposal, *expires_at)?.abi_encode()),
            Act::Poll {
                session,
                place,
                expires_at,
            } => assembly(self.poll(*session, *place, *expires_at)?.abi_encode()),
            Act::Commit {
                session,
                ranking,
                expires_at,
            } => {
                let call = self.commit(*session, *ranking, *expires_at, vault, draw)?;
                assembly(call.abi_encode())
            }
            Act::Reveal { session } => assembly(self.reveal(*session, vault)?.abi_encode()),
            Act::Attest {
                session,
                challenge,
                expires_at,
            } => {
                let asked = (*challenge, *expires_at);
                attestation(self.provider, self.city, self.agent, *session, asked)
                    .await
                    .map_err(CallError::Silent)
            }
            Act::Bid(bid) => self.bid(bid, vault, draw).await,
            Act::OpenBid {
                session,
                node,
                round,
                number,
            } => open_bid(self.sealed(*session, *node, *round, vault)?, *number),
            Act::ReleaseBids { session, bids } => {
                let call = ILegislature::releaseBidsCall {
                    sessionId: *session,
                    bids: bids.clone(),
                };
                Ok((Peer::Legislature, call.abi_encode().into()))
            }
            Act::Enrol { nonce } => self.enrol(*nonce),
            Act::Register {
                nonce,
                registrations,
            } => self.register(*nonce, *registrations).await,
            Act::Deposit { amount } => Ok(self.deposit(*amount)),
            Act::Withdraw { amount, .. } => {
                let call = ITreasury::withdrawToCall {
                    to: self.agent.address(),
                    amount: U256::from(*amount),
                };
                Ok((Peer::Treasury, call.abi_encode().into()))
            }
        }
    }

    async fn sign_petition(&self, petition: B256) -> Result<(Peer, Bytes), CallError> {
        let assembly = IAssembly::new(self.city.at(Peer::Assembly), self.provider);
        let of = assembly.petition(petition).call().await;
        let of = of.map_err(|error| CallError::Silent(error.to_string()))?;
        let (key, deadline) = (self.voter()?, of.expiresAt.to());
        let words = signed::PetitionSignature {
            petition_id: petition,
            principal: key.address(),
            deadline,
        };
        let call = IAssembly::signPetitionForCall {
            signatures: vec![self.sign(key, Peer::Assembly, &words.words())?],
            names: vec![IAssembly::PetitionSignature {
                petitionId: petition,
                principal: key.address(),
                deadline,
            }],
        };
        Ok((Peer::Assembly, call.abi_encode().into()))
    }

    fn propose(
        &self,
        session: B256,
        statute_hash: B256,
    ) -> Result<IAssembly::proposeCall, CallError> {
        let wish = self
            .wishes
            .iter()
            .find(|wish| wish.statute_hash == statute_hash);
        let Some(wish) = wish else {
            let cause = format!("statute {statute_hash} is not on the agenda any more");
            return Err(CallError::Refused(cause));
        };
        Ok(IAssembly::proposeCall {
            sessionId: session,
            statuteHash: statute_hash,
            contentAddress: self.document(statute_hash)?.content_address().word(),
            domain: wish.domain,
            amends: B256::ZERO,
        })
    }

    fn sponsor(
        &self,
        proposal: B256,
        deadline: u64,
    ) -> Result<IAssembly::sponsorForCall, CallError> {
        let key = self.voter()?;
        let words = signed::Sponsorship {
            proposal_id: proposal,
            principal: key.address(),
            deadline,
        };
        Ok(IAssembly::sponsorForCall {
            signatures: vec![self.sign(key, Peer::Assembly, &words.words())?],
            names: vec![IAssembly::Sponsorship {
                proposalId: proposal,
                principal: key.address(),
                deadline,
            }],
        })
    }

    fn poll(
        &self,
        session: B256,
        place: u8,
        deadline: u64,
    ) -> Result<IAssembly::strawVoteCall, CallError> {
        let key = self.voter()?;
        let words = signed::StrawVote {
            session_id: session,
            principal: key.address(),
            proposal: place,
            deadline,
        };
        Ok(IAssembly::strawVoteCall {
            signature: self.sign(key, Peer::Assembly, &words.words())?,
            vote: IAssembly::StrawVote {
                sessionId: session,
                principal: key.address(),
                proposal: place,
                deadline,
            },
        })
    }

    /// The ranking that is sealed first stays: whoever changed his mind meanwhile would have two ballots.
    fn commit(
        &self,
        session: B256,
        ranking: u64,
        deadline: u64,
        vault: &mut Vault,
        draw: &mut dyn FnMut() -> B256,
    ) -> Result<IAssembly::commitBallotsCall, CallError> {
        let key = self.voter()?;
        let subject = ballot_of(session);
        let words = match vault.known(&subject)? {
            Some(words) => words,
            None => vault.keep(&subject, &format!("{ranking} {}", draw()))?,
        };
        let (ranking, salt) = ballot_in(&subject, &words)?;
        let principal = key.address();
        let sealed = ballot::sealed(&session, &principal, ranking, &salt);
        let words = signed::BallotCommitment {
            session_id: session,
            principal,
            commitment: keccak256(sealed.concat()),
            deadline,
        };
        Ok(IAssembly::commitBallotsCall {
            signatures: vec![self.sign(key, Peer::Assembly, &words.words())?],
            commitments: vec![IAssembly::BallotCommitment {
                sessionId: session,
                principal,
                commitment: words.commitment,
                deadline,
            }],
        })
    }

    fn reveal(
        &self,
        session: B256,
        vault: &Vault,
    ) -> Result<IAssembly::revealBallotCall, CallError> {
        let subject = ballot_of(session);
        let Some(words) = vault.known(&subject)? else {
            let cause = format!("{subject}: its salt is not in this vault");
            return Err(CallError::Refused(cause));
        };
        let (ranking, salt) = ballot_in(&subject, &words)?;
        Ok(IAssembly::revealBallotCall {
            sessionId: session,
            principal: self.voter()?.address(),
            ranking,
            salt,
        })
    }

    async fn bid(
        &self,
        bid: &Bid,
        vault: &mut Vault,
        draw: &mut dyn FnMut() -> B256,
    ) -> Result<(Peer, Bytes), CallError> {
        let services = IService::new(self.city.at(Peer::Service), self.provider);
        let standing = services.standing(bid.service).call().await;
        let standing = standing.map_err(|error| CallError::Silent(error.to_string()))?;
        if standing.deprecatedAt != 0 || standing.codeHash.is_zero() {
            let cause = format!("service {} takes no work", bid.service);
            return Err(CallError::Refused(cause));
        }
        let agent = self.agent.address();
        let message = ILegislature::TaskBid {
            sessionId: bid.session,
            node: bid.node,
            agent,
            serviceId: bid.service,
            codeHash: standing.codeHash,
            price: bid.price,
            stake: bid.stake,
            source: agent.into_word(),
            latencyMs: bid.latency_ms,
            matchPermille: bid.match_permille,
            tierAcceptance: bid.tier,
            deadline: bid.expires_at,
        };
        if bid.sealed {
            return self.seal_bid(bid, message, vault, draw);
        }
        let words = signed::TaskBid {
            session_id: message.sessionId,
            node: message.node,
            agent,
            service_id: message.serviceId,
            code_hash: message.codeHash,
            price: message.price,
            stake: message.stake,
            source: message.source,
            latency_ms: message.latencyMs,
            match_permille: message.matchPermille,
            tier_acceptance: message.tierAcceptance,
            deadline: message.deadline,
        };
        let call = ILegislature::placeBidsCall {
            signatures: vec![self.sign(self.agent, Peer::Legislature, &words.words())?],
            messages: vec![message],
        };
        Ok((Peer::Legislature, call.abi_encode().into()))
    }

    /// What is behind the seal is kept first: the whole bid and its salt, since all of it must be said again to the letter.
    fn seal_bid(
        &self,
        bid: &Bid,
        message: ILegislature::TaskBid,
        vault: &mut Vault,
        draw: &mut dyn FnMut() -> B256,
    ) -> Result<(Peer, Bytes), CallError> {
        let subject = bid_of(bid.session, bid.node, bid.round);
        if vault.known(&subject)?.is_none() {
            let words = Bytes::from((message, draw()).abi_encode());
            vault.keep(&subject, &words.to_string())?;
        }
        let (message, salt) = self.sealed(bid.session, bid.node, bid.round, vault)?;
        let commitment = keccak256((message.clone(), salt).abi_encode());
        let words = signed::SealedBid {
            session_id: message.sessionId,
            agent: message.agent,
            node: message.node,
            commitment,
            stake: message.stake,
            source: message.source,
            deadline: message.deadline,
        };
        let call = ILegislature::sealBidCall {
            signature: self.sign(self.agent, Peer::Legislature, &words.words())?,
            message: ILegislature::SealedBid {
                sessionId: message.sessionId,
                agent: message.agent,
                node: message.node,
                commitment,
                stake: message.stake,
                source: message.source,
                deadline: message.deadline,
            },
        };
        Ok((Peer::Legislature, call.abi_encode().into()))
    }

    fn sealed(
        &self,
        session: B256,
        node: u16,
        round: u8,
        vault: &Vault,
    ) -> Result<(ILegislature::TaskBid, B256), CallError> {
        let subject = bid_of(session, node, round);
        let words = vault.known(&subject)?;
        let bytes = words.and_then(|words| words.parse::<Bytes>().ok());
        let bid = bytes.and_then(|bytes| <(ILegislature::TaskBid, B256)>::abi_decode(&bytes).ok());
        bid.ok_or_else(|| {
            CallError::Refused(format!("{subject}: what opens it is not in this vault"))
        })
    }
}

fn open_bid(
    (message, salt): (ILegislature::TaskBid, B256),
    number: u32,
) -> Result<(Peer, Bytes), CallError> {
    let call = ILegislature::openBidCall {
        bid: number,
        message,
        salt,
    };
    Ok((Peer::Legislature, call.abi_encode().into()))
}

fn ballot_of(session: B256) -> String {
    format!("ballot/{session}")
}

fn bid_of(session: B256, node: u16, round: u8) -> String {
    format!("sealed-bid/{session}/{round}/{node}")
}

/// Ranking and salt, as they were kept.
fn ballot_in(subject: &str, words: &str) -> Result<(u64, B256), CallError> {
    let parts = words
        .split_once(' ')
        .and_then(|(ranking, salt)| Some((ranking.parse().ok()?, salt.parse().ok()?)));
    parts.ok_or_else(|| CallError::Refused(format!("{subject}: the vault holds no ballot there")))
}

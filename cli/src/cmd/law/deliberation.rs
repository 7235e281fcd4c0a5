//! From a petition to the proposal that a session adopts.

use std::path::{Path, PathBuf};

use agentcity_abi::{IAssembly, document::ContentAddress};
use agentcity_domain::{peer::Peer, signed::SignedStruct};
use alloy::primitives::{Address, B256, keccak256};

use super::{ballot, text};
use crate::{
    failure::{Code, Failure},
    opts::{City, Sending, Town},
    output::Answer,
    saying::{Saying, Unsigned, number},
    send::Call,
};

/// Who sends what anybody may.
#[derive(Debug, clap::Args)]
pub(super) struct Doing {
    #[command(flatten)]
    town: Town,
    #[command(flatten)]
    sending: Sending,
}

impl Doing {
    /// Sends one call to the assembly or another member.
    pub(super) async fn call<C: alloy::sol_types::SolCall>(
        &self,
        what: impl Into<String>,
        peer: Peer,
        call: &C,
    ) -> Result<Answer, Failure> {
        let sender = self.sending.connect(&self.town).await?;
        let call = Call::new(what, sender.at(peer), call);
        Ok(sender.perform(call).await?.answer())
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Petition {
    /// File that says what the session is to be about; its hash and its content address are told.
    subject: PathBuf,
    #[command(flatten)]
    doing: Doing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OnPetition {
    /// The petition (32 bytes of hex).
    petition: B256,
    #[command(flatten)]
    doing: Doing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Endorse {
    /// The petition (32 bytes of hex).
    petition: B256,
    #[command(flatten)]
    saying: Saying,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OnSession {
    /// The session (32 bytes of hex).
    pub(super) session: B256,
    #[command(flatten)]
    pub(super) doing: Doing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Propose {
    /// The session (32 bytes of hex).
    session: B256,
    /// The statute's document.
    file: PathBuf,
    /// The domain whose norms bind it (32 bytes of hex).
    #[arg(long)]
    domain: B256,
    /// The proposal that this one amends (32 bytes of hex).
    #[arg(long, default_value_t = B256::ZERO, hide_default_value = true)]
    amends: B256,
    #[command(flatten)]
    doing: Doing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Sponsor {
    /// The proposal (32 bytes of hex).
    proposal: B256,
    #[command(flatten)]
    saying: Saying,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Evidence {
    /// The session (32 bytes of hex).
    session: B256,
    /// File with the evidence.
    file: PathBuf,
    #[command(flatten)]
    saying: Saying,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Poll {
    /// The session (32 bytes of hex).
    session: B256,
    /// The proposal's number in the session.
    proposal: u8,
    #[command(flatten)]
    saying: Saying,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Speak {
    /// The session (32 bytes of hex).
    session: B256,
    /// The round, from one.
    #[arg(long)]
    round: u8,
    /// File with what is said.
    #[arg(long)]
    statement: PathBuf,
    /// File with the reasons.
    #[arg(long)]
    reasons: PathBuf,
    #[command(flatten)]
    saying: Saying,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Vote {
    /// The session (32 bytes of hex).
    session: B256,
    /// The ballot: one candidate a line, the best first.
    ballot: PathBuf,
    /// File of the salt; written if it is not there. Without it nobody can open the ballot.
    #[arg(long)]
    salt: PathBuf,
    #[command(flatten)]
    saying: Saying,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reveal {
    /// The session (32 bytes of hex).
    session: B256,
    /// The ballot as it was sealed.
    ballot: PathBuf,
    /// File of the salt that it was sealed with.
    #[arg(long)]
    salt: PathBuf,
    /// Whose ballot it is; the key's when absent.
    #[arg(long)]
    principal: Option<Address>,
    #[command(flatten)]
    doing: Doing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Tally {
    /// The session (32 bytes of hex).
    session: B256,
    /// Most ballots to count in this call.
    #[arg(long, default_value_t = 100)]
    ballots: u32,
    #[command(flatten)]
    doing: Doing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ClaimCollusion {
    /// The session (32 bytes of hex).
    session: B256,
    /// Numbers of the ballots, with commas between.
    #[arg(value_delimiter = ',', required = true)]
    ballots: Vec<u32>,
    #[command(flatten)]
    doing: Doing,
}

/// keccak256 of a file.
pub(super) fn hash_of(path: &Path) -> Result<B256, Failure> {
    Ok(keccak256(bytes_of(path)?))
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::file(path, &error))
}

pub(crate) async fn petition(options: Petition) -> Result<Answer, Failure> {
    let subject = bytes_of(&options.subject)?;
    let call = IAssembly::openPetitionCall {
        subjectHash: keccak256(&subject),
        contentAddress: ContentAddress::of(&subject).word(),
    };
    options
        .doing
        .call("open a petition", Peer::Assembly, &call)
        .await
}

pub(crate) async fn endorse(options: Endorse) -> Result<Answer, Failure> {
    let what = format!("sign petition {}", options.petition);
    if options.saying.out.is_some() {
        let speaker = options.saying.connect().await?;
        let statement = Unsigned::new(
            SignedStruct::PetitionSignature,
            [
                ("petitionId", options.petition),
                ("principal", speaker.address.into_word()),
            ],
        );
        return speaker.say(what, statement).await;
    }
    let call = IAssembly::signPetitionCall {
        petitionId: options.petition,
    };
    // Who sends it needs to sign nothing beside.
    let sender = options.saying.sending.connect(&options.saying.town).await?;
    let call = Call::new(what, sender.at(Peer::Assembly), &call);
    Ok(sender.perform(call).await?.answer())
}

pub(crate) async fn open(options: OnPetition) -> Result<Answer, Failure> {
    let call = IAssembly::openSessionCall {
        petitionId: options.petition,
    };
    let what = format!("open the session of petition {}", options.petition);
    options.doing.call(what, Peer::Assembly, &call).await
}

pub(crate) async fn propose(options: Propose) -> Result<Answer, Failure> {
    let (_, document) = text::load(&options.file)?;
    let call = IAssembly::proposeCall {
        sessionId: options.session,
        statuteHash: document.statute_hash(),
        contentAddress: document.content_address().word(),
        domain: options.domain,
        amends: options.amends,
    };
    let what = format!("propose statute {}", document.statute_hash());
    options.doing.call(what, Peer::Assembly, &call).await
}

pub(crate) async fn sponsor(options: Sponsor) -> Result<Answer, Failure> {
    let speaker = options.saying.connect().await?;
    let statement = Unsigned::new(
        SignedStruct::Sponsorship,
        [
            ("proposalId", options.proposal),
            ("principal", speaker.address.into_word()),
        ],
    );
    let what = format!("sponsor proposal {}", options.proposal);
    speaker.say(what, statement).await
}

pub(crate) async fn evidence(options: Evidence) -> Result<Answer, Failure> {
    let evidence = bytes_of(&options.file)?;
    let speaker = options.saying.connect().await?;
    let statement = Unsigned::new(
        SignedStruct::DeliberationEvidence,
        [
            ("sessionId", options.session),
            ("evidenceHash", keccak256(&evidence)),
            ("contentAddress", ContentAddress::of(&evidence).word()),
        ],
    );
    speaker
        .say("open the debate with evidence", statement)
        .await
}

pub(crate) async fn poll(options: Poll) -> Result<Answer, Failure> {
    let speaker = options.saying.connect().await?;
    let statement = Unsigned::new(
        SignedStruct::StrawVote,
        [
            ("sessionId", options.session),
            ("principal", speaker.address.into_word()),
            ("proposal", number(options.proposal)),
        ],
    );
    let what = format!("vote for proposal {} in the straw poll", options.proposal);
    speaker.say(what, statement).await
}

pub(crate) async fn draw(options: OnSession) -> Result<Answer, Failure> {
    let call = IAssembly::drawSpeakingOrderCall {
        sessionId: options.session,
    };
    options
        .doing
        .call("draw the speaking order", Peer::Assembly, &call)
        .await
}

pub(crate) async fn speak(options: Speak) -> Result<Answer, Failure> {
    let (statement, reasons) = (hash_of(&options.statement)?, hash_of(&options.reasons)?);
    let speaker = options.saying.connect().await?;
    let statement = Unsigned::new(
        SignedStruct::Statement,
        [
            ("sessionId", options.session),
            ("round", number(options.round)),
            ("principal", speaker.address.into_word()),
            ("statementHash", statement),
            ("reasonsHash", reasons),
        ],
    );
    speaker
        .say(format!("speak in round {}", options.round), statement)
        .await
}

pub(crate) async fn step(options: OnSession) -> Result<Answer, Failure> {
    let call = IAssembly::expireDeliberationCall {
        sessionId: options.session,
    };
    options
        .doing
        .call("end the step of the deliberation", Peer::Assembly, &call)
        .await
}

/// The proposals that a session votes about, in their order.
async fn candidates(city: &City, session: B256) -> Result<Vec<B256>, Failure> {
    let assembly = IAssembly::new(city.at(Peer::Assembly), &city.chain.provider);
    let count = assembly.election(session).call().await?.candidates;
    let mut all = Vec::with_capacity(count.into());
    for index in 0..count {
        all.push(assembly.candidate(session, index).call().await?);
    }
    if all.is_empty() {
        return Err(Failure::new(
            Code::Ballot,
            format!("session {session} has no candidates yet"),
        )
        .hint("they are fixed when proposing ends: `agentcity law show` tells the step"));
    }
    Ok(all)
}

pub(crate) async fn vote(options: Vote) -> Result<Answer, Failure> {
    let text = super::super::panel::document::text(&options.ballot)?;
    let speaker = options.saying.connect().await?;
    let candidates = candidates(&speaker.city, options.session).await?;
    let ranking = ballot::read(&options.ballot, &text, &candidates)?;
    // The salt is on the disk before its seal is on the chain.
    let salt = ballot::salt_or_new(&options.salt, options.saying.sending.dry_run)?;
    let seal = ballot::seal(options.session, speaker.address, ranking, salt);
    let statement = Unsigned::new(
        SignedStruct::BallotCommitment,
        [
            ("sessionId", options.session),
            ("principal", speaker.address.into_word()),
            ("commitment", seal),
        ],
    );
    speaker.say("hand in a sealed ballot", statement).await
}

pub(crate) async fn reveal(options: Reveal) -> Result<Answer, Failure> {
    let text = super::super::panel::document::text(&options.ballot)?;
    let salt = ballot::salt(&options.salt)?;
    let sender = options.doing.sending.connect(&options.doing.town).await?;
    let candidates = candidates(&sender.city, options.session).await?;
    let ranking = ballot::read(&options.ballot, &text, &candidates)?;
    let principal = options.principal.unwrap_or(sender.address);
    let call = IAssembly::revealBallotCall {
        sessionId: options.session,
        principal,
        ranking,
        salt,
    };
    let what = format!("open the ballot of {principal}");
    let call = Call::new(what, sender.at(Peer::Assembly), &call);
    Ok(sender.perform(call).await?.answer())
}

pub(crate) async fn tally(options: Tally) -> Result<Answer, Failure> {
    let call = IAssembly::tallyCall {
        sessionId: options.session,
        ballots: options.ballots,
    };
    options
        .doing
        .call("count ballots", Peer::Assembly, &call)
        .await
}

pub(crate) async fn claim_collusion(options: ClaimCollusion) -> Result<Answer, Failure> {
    let what = format!(
        "claim that {} ballots are too much alike",
        options.ballots.len()
    );
    let call = IAssembly::claimCollusionCall {
        sessionId: options.session,
        ballots: options.ballots,
    };
    options.doing.call(what, Peer::Assembly, &call).await
}

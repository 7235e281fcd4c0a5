//! `agentcity law`: from a wish for a session to a mission that is law.
//!
//! Reading order: [`text`] (documents and sessions), [`deliberation`] (petition to ballot), [`session`] (bids to approvals), [`deploy`]
//! (the mission); [`ballot`] reads what people vote, [`relay`] hands in what others signed.

mod ballot;
mod deliberation;
mod deploy;
mod relay;
mod session;
mod text;

use clap::Subcommand;

use crate::{failure::Failure, output::Answer};

/// What to do with law.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Read a statute's document, judge it by a city's values, tell its hash, its address and its pages.
    #[command(after_help = "Example: agentcity law check statute.jsonld")]
    Check(text::Check),
    /// A session as every contract sees it.
    #[command(
        after_help = "Example: agentcity law show 0x73657373696f6e00000000000000000000000000000000000000000000000001"
    )]
    Show(text::Show),
    /// Open a petition for a session.
    #[command(after_help = "Example: agentcity law petition subject.md")]
    Petition(deliberation::Petition),
    /// Put the key's name under a petition.
    #[command(
        after_help = "Example: agentcity law endorse 0x70657469746f6e00000000000000000000000000000000000000000000000001"
    )]
    Endorse(deliberation::Endorse),
    /// Open the session that a petition asks for.
    #[command(
        after_help = "Example: agentcity law open 0x70657469746f6e00000000000000000000000000000000000000000000000001"
    )]
    Open(deliberation::OnPetition),
    /// Propose a statute in a session; the key is an agent's.
    #[command(
        after_help = "Example: agentcity law propose 0x73657373696f6e00000000000000000000000000000000000000000000000001 statute.jsonld --domain 0x646f6d61696e0000000000000000000000000000000000000000000000000001"
    )]
    Propose(deliberation::Propose),
    /// Sponsor a proposal; the key is a principal's.
    #[command(
        after_help = "Example: agentcity law sponsor 0x70726f706f73616c000000000000000000000000000000000000000000000001"
    )]
    Sponsor(deliberation::Sponsor),
    /// Open the debate with evidence; the key is a regulator's.
    #[command(
        after_help = "Example: agentcity law evidence 0x73657373696f6e00000000000000000000000000000000000000000000000001 evidence.md"
    )]
    Evidence(deliberation::Evidence),
    /// Vote in the straw poll; the key is a principal's.
    #[command(
        after_help = "Example: agentcity law poll 0x73657373696f6e00000000000000000000000000000000000000000000000001 0"
    )]
    Poll(deliberation::Poll),
    /// Draw who speaks when. Anyone.
    #[command(
        after_help = "Example: agentcity law draw 0x73657373696f6e00000000000000000000000000000000000000000000000001"
    )]
    Draw(deliberation::OnSession),
    /// Speak in a round of the debate; the key is a principal's.
    #[command(
        after_help = "Example: agentcity law speak 0x73657373696f6e00000000000000000000000000000000000000000000000001 --round 1 --statement speech.md --reasons reasons.md"
    )]
    Speak(deliberation::Speak),
    /// End a step of the deliberation whose time is over. Anyone.
    #[command(
        after_help = "Example: agentcity law step 0x73657373696f6e00000000000000000000000000000000000000000000000001"
    )]
    Step(deliberation::OnSession),
    /// Seal a ballot: one candidate a line, the best first; the key is a principal's.
    #[command(
        after_help = "Example: agentcity law vote 0x73657373696f6e00000000000000000000000000000000000000000000000001 ballot.txt --salt salt.txt"
    )]
    Vote(deliberation::Vote),
    /// Open a sealed ballot. Anyone who knows it.
    #[command(
        after_help = "Example: agentcity law reveal 0x73657373696f6e00000000000000000000000000000000000000000000000001 ballot.txt --salt salt.txt"
    )]
    Reveal(deliberation::Reveal),
    /// Count ballots. Anyone.
    #[command(
        after_help = "Example: agentcity law tally 0x73657373696f6e00000000000000000000000000000000000000000000000001 --ballots 100"
    )]
    Tally(deliberation::Tally),
    /// Claim under bond that ballots are too much alike.
    #[command(
        after_help = "Example: agentcity law claim-collusion 0x73657373696f6e00000000000000000000000000000000000000000000000001 3,8,9,12"
    )]
    ClaimCollusion(deliberation::ClaimCollusion),
    /// Ask all to identify, and name the least reputation; the key is a registrar's.
    #[command(
        after_help = "Example: agentcity law request-identity 0x73657373696f6e00000000000000000000000000000000000000000000000001 --challenge challenge.md"
    )]
    RequestIdentity(session::RequestIdentity),
    /// Answer that; the key is an agent's or a clerk's.
    #[command(
        after_help = "Example: agentcity law attest 0x73657373696f6e00000000000000000000000000000000000000000000000001 --challenge challenge.md --principal 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )]
    Attest(session::Attest),
    /// Confirm who takes part. Anyone.
    #[command(
        after_help = "Example: agentcity law confirm 0x73657373696f6e00000000000000000000000000000000000000000000000001"
    )]
    Confirm(deliberation::OnSession),
    /// Carry the winning proposal into bidding; the key is a speaker's.
    #[command(
        after_help = "Example: agentcity law publish 0x73657373696f6e00000000000000000000000000000000000000000000000001 statute.jsonld --rationale rationale.md --mission-deadline 1900000000"
    )]
    Publish(session::Publish),
    /// Bid for a node; the key is an agent's.
    #[command(
        after_help = "Example: agentcity law bid 0x73657373696f6e00000000000000000000000000000000000000000000000001 0 --service 0x7365727669636500000000000000000000000000000000000000000000000001 --code 0x636f646500000000000000000000000000000000000000000000000000000001 --price 1000 --stake 100 --tier 1"
    )]
    Bid(session::Bid),
    /// Open a sealed bid. Anyone who knows it.
    #[command(
        after_help = "Example: agentcity law open-bid 0x73657373696f6e00000000000000000000000000000000000000000000000001 0 7 --agent 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --service 0x7365727669636500000000000000000000000000000000000000000000000001 --code 0x636f646500000000000000000000000000000000000000000000000000000001 --price 1000 --stake 100 --tier 1 --until 1800003600 --salt salt.txt"
    )]
    OpenBid(session::OpenBid),
    /// End bidding whose time is over. Anyone.
    #[command(
        after_help = "Example: agentcity law close-bidding 0x73657373696f6e00000000000000000000000000000000000000000000000001"
    )]
    CloseBidding(deliberation::OnSession),
    /// Award the nodes to the best bids. Anyone.
    #[command(
        after_help = "Example: agentcity law award 0x73657373696f6e00000000000000000000000000000000000000000000000001 statute.jsonld"
    )]
    Award(deploy::Award),
    /// Decide for the award as it stands; the key is a regulator's.
    #[command(
        after_help = "Example: agentcity law decide 0x73657373696f6e00000000000000000000000000000000000000000000000001"
    )]
    Decide(session::Decide),
    /// Award a node to another bid than the best; the key is a regulator's, and the panel countersigns.
    #[command(
        after_help = "Example: agentcity law deviate 0x73657373696f6e00000000000000000000000000000000000000000000000001 0 --chosen 7 --justification why.md"
    )]
    Deviate(session::Deviate),
    /// Prepare for the panel that such an award is countersigned.
    #[command(
        after_help = "Example: agentcity law countersign 0x73657373696f6e00000000000000000000000000000000000000000000000001 0 --chosen 7 --justification why.md"
    )]
    Countersign(session::Countersign),
    /// Name statute, assignments and template; the key is a codifier's.
    #[command(
        after_help = "Example: agentcity law codify 0x73657373696f6e00000000000000000000000000000000000000000000000001 --template 0x74656d706c617465000000000000000000000000000000000000000000000001 --template-version 1"
    )]
    Codify(session::Codify),
    /// Publish a version of a template; the key is a codifier's.
    #[command(
        after_help = "Example: agentcity law template 0x74656d706c617465000000000000000000000000000000000000000000000001 --template-version 1 --schema schema.json --nodes-max 100 --tiers 1,2,3 --risk high"
    )]
    Template(session::Template),
    /// Hand in what others signed with `--out`: statements of one kind, up to 64 where one call takes several. Anyone.
    #[command(after_help = "Example: agentcity law relay alice.json bob.json")]
    Relay(relay::Relay),
    /// Have the statute's pages validated. Anyone.
    #[command(
        after_help = "Example: agentcity law validate 0x73657373696f6e00000000000000000000000000000000000000000000000001 statute.jsonld"
    )]
    Validate(deploy::OnDocument),
    /// Approve; the key is a speaker's or a regulator's.
    #[command(
        after_help = "Example: agentcity law approve 0x73657373696f6e00000000000000000000000000000000000000000000000001 --role speaker"
    )]
    Approve(session::Approve),
    /// Create the mission, bring its pages, and make it law; goes on where it stopped.
    #[command(
        after_help = "Example: agentcity law deploy 0x73657373696f6e00000000000000000000000000000000000000000000000001 statute.jsonld"
    )]
    Deploy(deploy::Deploy),
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Check(options) => text::check(options).await,
        Verb::Show(options) => text::show(options).await,
        Verb::Petition(options) => deliberation::petition(options).await,
        Verb::Endorse(options) => deliberation::endorse(options).await,
        Verb::Open(options) => deliberation::open(options).await,
        Verb::Propose(options) => deliberation::propose(options).await,
        Verb::Sponsor(options) => deliberation::sponsor(options).await,
        Verb::Evidence(options) => deliberation::evidence(options).await,
        Verb::Poll(options) => deliberation::poll(options).await,
        Verb::Draw(options) => deliberation::draw(options).await,
        Verb::Speak(options) => deliberation::speak(options).await,
        Verb::Step(options) => deliberation::step(options).await,
        Verb::Vote(options) => deliberation::vote(options).await,
        Verb::Reveal(options) => deliberation::reveal(options).await,
        Verb::Tally(options) => deliberation::tally(options).await,
        Verb::ClaimCollusion(options) => deliberation::claim_collusion(options).await,
        Verb::RequestIdentity(options) => session::request_identity(options).await,
        Verb::Attest(options) => session::attest(options).await,
        Verb::Confirm(options) => session::confirm(options).await,
        Verb::Publish(options) => session::publish(options).await,
        Verb::Bid(options) => session::bid(options).await,
        Verb::OpenBid(options) => session::open_bid(options).await,
        Verb::CloseBidding(options) => session::close_bidding(options).await,
        Verb::Award(options) => deploy::award(options).await,
        Verb::Decide(options) => session::decide(options).await,
        Verb::Deviate(options) => session::deviate(options).await,
        Verb::Countersign(options) => session::countersign(options).await,
        Verb::Codify(options) => session::codify(options).await,
        Verb::Template(options) => session::template(options).await,
        Verb::Relay(options) => relay::relay(options).await,
        Verb::Validate(options) => deploy::validate(options).await,
        Verb::Approve(options) => session::approve(options).await,
        Verb::Deploy(options) => deploy::deploy(options).await,
    }
}

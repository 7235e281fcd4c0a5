//! `agentcity override`: every human power over a city, from a file that says what is signed to the log that says what was done.
//!
//! Reading order: [`fields`] and `table` (what is known of each action beyond the law's own table), [`document`] (the file that
//! travels), [`prepare`] (makes it), `outlook` (what would become of it), [`explain`], [`sign`], [`queue`]; `probe` asks what if.

pub(crate) mod document;
mod explain;
mod fields;
mod outlook;
pub(crate) mod prepare;
mod probe;
mod queue;
mod sign;
mod table;

use clap::Subcommand;

use crate::{failure::Failure, output::Answer};

/// What to do with human powers.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Write the payload of an action: one verb for each of the powers that people have.
    #[command(
        subcommand,
        after_help = "Example: agentcity override prepare amend-parameter reputationFloor --new-value 120 --justification why.md"
    )]
    Prepare(prepare::Prepare),
    /// Say in plain words what the signed bytes will do, who must sign, and what would change.
    #[command(after_help = "Example: agentcity override explain amend-parameter-12ab34cd.json")]
    Explain(explain::Explain),
    /// Let the action happen in a call that changes nothing, and compare the public views.
    #[command(after_help = "Example: agentcity override simulate amend-parameter-12ab34cd.json")]
    Simulate(explain::Simulate),
    /// Sign, without a network.
    #[command(
        after_help = "Example: agentcity override sign amend-parameter-12ab34cd.json --keystore alice.json"
    )]
    Sign(sign::Sign),
    /// Put signatures into the file, in the order that the panel takes.
    #[command(
        after_help = "Example: agentcity override merge amend-parameter-12ab34cd.json alice.sig.json bob.sig.json"
    )]
    Merge(sign::Merge),
    /// Hand the action in: carried out at once, or queued. Anyone relays.
    #[command(after_help = "Example: agentcity override submit amend-parameter-12ab34cd.json")]
    Submit(queue::Submit),
    /// Actions that wait, with when they are due and lapse.
    #[command(after_help = "Example: agentcity override queue")]
    Queue(queue::Queue),
    /// Carry out an action that is due. Anyone.
    #[command(
        after_help = "Example: agentcity override execute 0x6d697373696f6e00000000000000000000000000000000000000000000000001"
    )]
    Execute(queue::Act),
    /// Withdraw the key's signature from a queued action.
    #[command(
        after_help = "Example: agentcity override withdraw 0x6d697373696f6e00000000000000000000000000000000000000000000000001"
    )]
    Withdraw(queue::Act),
    /// End a queued action that lapsed. Anyone.
    #[command(
        after_help = "Example: agentcity override expire 0x6d697373696f6e00000000000000000000000000000000000000000000000001"
    )]
    Expire(queue::Act),
    /// Where an action stands.
    #[command(
        after_help = "Example: agentcity override status 0x6d697373696f6e00000000000000000000000000000000000000000000000001"
    )]
    Status(queue::One),
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Prepare(options) => prepare::run(options).await,
        Verb::Explain(options) => explain::explain(options).await,
        Verb::Simulate(options) => explain::simulate(options).await,
        Verb::Sign(options) => sign::sign(options).await,
        Verb::Merge(options) => sign::merge(options),
        Verb::Submit(options) => queue::submit(options).await,
        Verb::Queue(options) => queue::queue(options).await,
        Verb::Execute(options) => queue::execute(options).await,
        Verb::Withdraw(options) => queue::withdraw(options).await,
        Verb::Expire(options) => queue::expire(options).await,
        Verb::Status(options) => queue::status(options).await,
    }
}

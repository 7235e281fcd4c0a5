//! `agentcity`: everything a person does with the city.
//!
//! Results go to stdout, as text or (with `--json`) in a versioned envelope; everything else goes to stderr. The exit code says
//! what kind of end it was: [`failure::Class`].

mod artifact;
mod ask;
mod cmd;
mod failure;
mod instant;
#[cfg(feature = "ledger")]
mod ledger;
mod money;
mod opts;
mod output;
mod revert;
mod saying;
mod send;
mod signed;
mod signer;
mod svg;
mod values;
mod views;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Command line of AgentCity.
#[derive(Debug, Parser)]
#[command(name = "agentcity", version, after_help = exit_codes())]
struct Args {
    #[command(subcommand)]
    noun: Noun,
    /// Answer in JSON, in a versioned envelope.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Agents: consent, register, show, release to others, leave.
    #[command(subcommand)]
    Agent(cmd::agent::Verb),
    /// The four offices: admissions, envelopes, delegations.
    #[command(subcommand)]
    Clerk(cmd::clerk::Verb),
    /// What contracts owe people: show, deposit, withdraw.
    #[command(subcommand)]
    Credits(cmd::credits::Verb),
    /// Missions: create, fund, watch, leave by the ways out, refund.
    #[command(subcommand)]
    Mission(cmd::mission::Verb),
    /// Nodes: seats, routing, results of every tier, disputes.
    #[command(subcommand)]
    Node(cmd::node::Verb),
    /// Stake pools: create, join, bind, leave.
    #[command(subcommand)]
    Pool(cmd::pool::Verb),
    /// Who answers for agents: consent, attestation, enrolment, leaving.
    #[command(subcommand)]
    Principal(cmd::principal::Verb),
    /// The programs of the checkout that you are in.
    #[command(after_help = "Example: agentcity build --no-solidity")]
    Build(cmd::build::Options),
    /// Stories of a city, told while they happen on a chain of their own.
    #[command(after_help = "Example: agentcity demo condorcet-cycle")]
    Demo(cmd::demo::Options),
    /// A whole city: plan, apply, verify, keep alive.
    #[command(subcommand)]
    Deploy(cmd::deploy::Verb),
    /// The local chain, with its own flags.
    #[command(after_help = "Example: agentcity devnode --port 0")]
    Devnode(cmd::devnode::Options),
    /// What founders do: decide, sign, seal, come into office.
    #[command(subcommand)]
    Genesis(cmd::genesis::Verb),
    /// Books and wiring of a city, looked through.
    #[command(subcommand)]
    Audit(cmd::audit::Verb),
    /// The script that completes commands in a shell.
    Completions(cmd::manual::Completions),
    /// Legislation: documents, petitions, proposals, ballots, bids, approvals, deployment.
    #[command(subcommand)]
    Law(cmd::law::Verb),
    /// Events of a city, and proofs about anchored logs: query, prove, verify.
    #[command(subcommand)]
    Log(cmd::log::Verb),
    /// The manual.
    #[command(subcommand, hide = true)]
    Manual(cmd::manual::Manual),
    /// Human powers: prepare, explain, simulate, sign, merge, submit, queue, execute, withdraw, expire, status.
    #[command(subcommand)]
    Override(cmd::panel::Verb),
    /// Stylus programs: check, deploy, look at, keep alive.
    #[command(subcommand)]
    Program(cmd::program::Verb),
    /// Parameters, epochs and norms: list, get, history, diff, set, norms, enact, strike, restore.
    #[command(subcommand)]
    Rules(cmd::rules::Verb),
    /// Software that producers offer: publish, verify, show, deprecate.
    #[command(subcommand)]
    Service(cmd::service::Verb),
    /// The city's money: balances, stakes, solvency.
    #[command(subcommand)]
    Treasury(cmd::treasury::Verb),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return misunderstood(error),
    };
    let as_json = args.json;
    let done = carry_out(args).await;
    output::finish(done, as_json)
}

/// Does what was asked for.
async fn carry_out(args: Args) -> Result<output::Answer, failure::Failure> {
    match args.noun {
        Noun::Agent(verb) => cmd::agent::run(verb).await,
        Noun::Clerk(verb) => cmd::clerk::run(verb).await,
        Noun::Credits(verb) => cmd::credits::run(verb).await,
        Noun::Mission(verb) => cmd::mission::run(verb, args.json).await,
        Noun::Node(verb) => cmd::node::run(verb).await,
        Noun::Pool(verb) => cmd::pool::run(verb).await,
        Noun::Principal(verb) => cmd::principal::run(verb).await,
        Noun::Build(options) => cmd::build::run(&options),
        Noun::Demo(options) => cmd::demo::run(&options, args.json).await,
        Noun::Deploy(verb) => cmd::deploy::run(verb).await,
        Noun::Devnode(options) => cmd::devnode::run(&options),
        Noun::Genesis(verb) => cmd::genesis::run(verb).await,
        Noun::Audit(verb) => cmd::audit::run(verb).await,
        Noun::Completions(options) => Ok(cmd::manual::completions(&options)),
        Noun::Law(verb) => cmd::law::run(verb).await,
        Noun::Log(verb) => cmd::log::run(verb).await,
        Noun::Manual(form) => cmd::manual::manual(form),
        Noun::Override(verb) => cmd::panel::run(verb).await,
        Noun::Program(verb) => cmd::program::run(verb).await,
        Noun::Rules(verb) => cmd::rules::run(verb).await,
        Noun::Service(verb) => cmd::service::run(verb).await,
        Noun::Treasury(verb) => cmd::treasury::run(verb).await,
    }
}

/// Help and versions are printed as they are; what is not understood becomes an error like any other.
fn misunderstood(error: clap::Error) -> ExitCode {
    use clap::error::ErrorKind::{
        DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion,
    };
    match error.kind() {
        DisplayHelp | DisplayVersion | DisplayHelpOnMissingArgumentOrSubcommand => error.exit(),
        _ => {
            let as_json = std::env::args_os().any(|argument| argument == "--json");
            output::finish(Err(error.into()), as_json)
        }
    }
}

/// What exit codes mean, at the end of the help.
fn exit_codes() -> String {
    let told = failure::EXITS.map(|(code, means)| format!("{code} {means}"));
    format!("Exit codes: {}.", told.join("; "))
}

//! `agentcity law relay`: statements that somebody else than their signer hands in.

use std::path::PathBuf;

use agentcity_domain::peer::Peer;

use crate::{
    failure::{Code, Failure},
    output::Answer,
    saying::{self, Unsigned},
    send::{Act, Call},
    signed::{self, Statement},
};

/// Most statements of one call: a call's data stays far below what a transaction may hold.
const TOGETHER_MAX: usize = 64; // structural: as the other verbs that relay

/// The members that make law.
const LEGISLATIVE: [Peer; 3] = [Peer::Assembly, Peer::Legislature, Peer::Enactment];

#[derive(Debug, clap::Args)]
pub(crate) struct Relay {
    /// Files that verbs of `law` wrote with --out, all of one kind.
    #[arg(required = true, num_args = 1..=TOGETHER_MAX)]
    statements: Vec<PathBuf>,
    #[command(flatten)]
    act: Act,
}

pub(crate) async fn relay(options: Relay) -> Result<Answer, Failure> {
    let files = &options.statements;
    let kind = signed::kind_of(&files[0])?;
    let entry = kind.entry();
    if !LEGISLATIVE.contains(&entry.contract) {
        return Err(Failure::new(
            Code::Statement,
            format!("{}: a {} makes no law", files[0].display(), entry.name),
        )
        .hint(format!(
            "it goes to the function `{}` of {}",
            entry.function,
            entry.contract.name()
        )));
    }
    let read = files.iter().map(|path| Statement::read(path, kind));
    let read = read.collect::<Result<Vec<_>, _>>()?;
    if read.len() > 1 && !saying::takes_several(kind) {
        return Err(Failure::new(
            Code::Flags,
            format!(
                "one call takes one {}, and {} were given",
                entry.name,
                read.len()
            ),
        )
        .hint("hand them in one after another"));
    }
    let sender = options.act.connect().await?;
    for statement in &read {
        statement.must_be_of(&sender.city)?;
    }
    let signers: Vec<String> = read.iter().map(|one| one.signer.to_string()).collect();
    let parts = read
        .iter()
        .map(|one| (Unsigned::of(one), one.signature.clone()));
    let data = saying::call(kind, &parts.collect::<Vec<_>>())?;
    let what = format!("hand in {} of {}", entry.name, signers.join(", "));
    let call = Call::encoded(what, sender.at(entry.contract), data);
    Ok(sender.perform(call).await?.answer())
}

//! Award, validation and deployment: what wants the statute's pages. Anybody brings them.

use std::path::PathBuf;

use agentcity_abi::{ICollaboration, IEnactment, IStatute, ITreasury, document::Document};
use agentcity_domain::{
    id::MissionId,
    peer::Peer,
    statute::{NODES_PER_PAGE, NODES_PER_SEAT_PAGE, Seat, encode, fold::fold},
};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::SolCall,
};
use serde_json::json;

use super::{
    session::{law_of, seconds},
    text,
};
use crate::{
    failure::{Code, Failure},
    opts::{City, Sending, Town},
    output::{self, Answer},
    send::{Call, Sender, Sent},
};

/// Pages of seats of one award.
const AWARDED_AT_ONCE: u16 = 4;
/// Pages of a statute in one validation.
const VALIDATED_AT_ONCE: usize = 8;
/// Pages of a statute in one transaction of a deployment: 512 nodes.
const PAGES_AT_ONCE: usize = 4;
/// Pages of seats in one transaction of a deployment: the seats of 96 nodes.
const SEAT_PAGES_AT_ONCE: usize = 6;

#[derive(Debug, clap::Args)]
pub(crate) struct Award {
    /// The session (32 bytes of hex).
    session: B256,
    /// The statute's document; not for the session of a single node.
    file: Option<PathBuf>,
    #[command(flatten)]
    town: Town,
    #[command(flatten)]
    sending: Sending,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OnDocument {
    /// The session (32 bytes of hex).
    session: B256,
    /// The statute's document.
    file: PathBuf,
    #[command(flatten)]
    town: Town,
    #[command(flatten)]
    sending: Sending,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Deploy {
    #[command(flatten)]
    of: OnDocument,
    /// Pay what all nodes may cost, out of the key's account.
    #[arg(long)]
    fund: bool,
}

/// Several transactions, one after the other.
#[derive(Default)]
struct Done(Vec<Sent>);

impl Done {
    async fn perform<C: SolCall>(
        &mut self,
        sender: &Sender,
        what: String,
        peer: Peer,
        call: &C,
        value: U256,
    ) -> Result<(), Failure> {
        let call = Call::new(what, sender.at(peer), call).paying(value);
        self.0.push(sender.perform(call).await?);
        Ok(())
    }

    fn answer(self, mut facts: Vec<(String, String)>) -> Answer {
        let value: serde_json::Map<_, _> = facts
            .iter()
            .map(|(key, text)| (key.clone(), json!(text)))
            .collect();
        let mut value = serde_json::Value::Object(value);
        let mut steps = Vec::new();
        for sent in self.0 {
            facts.extend(sent.facts);
            steps.push(sent.value);
        }
        value["steps"] = json!(steps);
        Answer::new(value, output::lines(&facts))
    }
}

fn hash(pages: &[Vec<u8>]) -> B256 {
    fold(
        &|bytes: &[u8]| keccak256(bytes),
        pages.iter().map(Vec::as_slice),
        B256::ZERO,
    )
}

fn bytes(pages: &[Vec<u8>]) -> Vec<Bytes> {
    pages.iter().map(|page| page.clone().into()).collect()
}

/// Seats as they were awarded.
async fn seats_won(
    city: &City,
    session: B256,
    nodes: std::ops::Range<u16>,
) -> Result<Vec<Seat>, Failure> {
    let enactment = IEnactment::new(city.at(Peer::Enactment), &city.chain.provider);
    let mut seats = Vec::new();
    for node in nodes {
        let won = enactment.awarded(session, node).call().await?;
        seats.extend(won.seats.iter().zip(0u8..).map(|(won, seat)| Seat {
            node,
            seat,
            agent: won.agent,
            price: won.price,
            stake: won.stake,
            source: won.source,
            service: won.serviceId,
        }));
    }
    Ok(seats)
}

/// Pages of seats.
fn written(nodes: u16, seats: &[Seat]) -> Result<Vec<Vec<u8>>, Failure> {
    encode::seats(nodes, seats)
        .map_err(|unfit| Failure::new(Code::Answer, format!("seats that no page holds: {unfit:?}")))
}

pub(crate) async fn award(options: Award) -> Result<Answer, Failure> {
    let document = options.file.as_deref().map(text::load).transpose()?;
    let sender = options.sending.connect(&options.town).await?;
    let session = options.session;
    let mut done = Done::default();
    let Some((_, document)) = document else {
        let call = IEnactment::awardCall {
            sessionId: session,
            seatPages: 1,
            pages: Vec::new(),
            rest: B256::ZERO,
            earlier: Vec::new(),
        };
        let what = "award the node".to_owned();
        done.perform(&sender, what, Peer::Enactment, &call, U256::ZERO)
            .await?;
        return Ok(done.answer(Vec::new()));
    };
    let (pages, nodes) = (document.pages(), document.totals().nodes);
    let all = nodes.div_ceil(NODES_PER_SEAT_PAGE);
    let per_page = NODES_PER_PAGE / NODES_PER_SEAT_PAGE;
    let (mut first, mut earlier) = (0, Vec::new());
    loop {
        let next = all.min(first + AWARDED_AT_ONCE);
        let from = usize::from(first / per_page);
        let to = usize::from(next.div_ceil(per_page)).min(pages.len());
        let is_last = next == all;
        let call = IEnactment::awardCall {
            sessionId: session,
            seatPages: AWARDED_AT_ONCE,
            pages: bytes(&pages[from..to]),
            rest: hash(&pages[to..]),
            earlier: if is_last {
                std::mem::take(&mut earlier)
            } else {
                Vec::new()
            },
        };
        let until = next.saturating_mul(NODES_PER_SEAT_PAGE);
        let what = format!(
            "award nodes {} to {}",
            first * NODES_PER_SEAT_PAGE,
            nodes.min(until) - 1
        );
        done.perform(&sender, what, Peer::Enactment, &call, U256::ZERO)
            .await?;
        if is_last || options.sending.dry_run {
            return Ok(done.answer(Vec::new()));
        }
        let seats = seats_won(&sender.city, session, first * NODES_PER_SEAT_PAGE..until).await?;
        let new = written(until, &seats)?;
        earlier.extend(new[usize::from(first)..].iter().map(keccak256));
        first = next;
    }
}

pub(crate) async fn validate(options: OnDocument) -> Result<Answer, Failure> {
    let (_, document) = text::load(&options.file)?;
    let sender = options.sending.connect(&options.town).await?;
    let (pages, mut done) = (document.pages(), Done::default());
    for first in (0..pages.len()).step_by(VALIDATED_AT_ONCE) {
        let end = pages.len().min(first + VALIDATED_AT_ONCE);
        let call = IEnactment::validateCall {
            sessionId: options.session,
            pages: bytes(&pages[first..end]),
            rest: hash(&pages[end..]),
        };
        let what = format!("validate pages {first} to {}", end - 1);
        done.perform(&sender, what, Peer::Enactment, &call, U256::ZERO)
            .await?;
        if options.sending.dry_run {
            break;
        }
    }
    Ok(done.answer(Vec::new()))
}

/// That the document is the statute that was approved.
fn is_law(document: &Document, law: &IEnactment::Law) -> Result<(), Failure> {
    if !law.approved {
        return Err(Failure::new(Code::Value, "the session has made no law yet")
            .hint("`agentcity law show` tells what is missing"));
    }
    if document.statute_hash() != law.statuteHash {
        return Err(Failure::new(
            Code::Mismatch,
            format!(
                "the document is statute {}, the law is {}",
                document.statute_hash(),
                law.statuteHash
            ),
        )
        .hint("name the document that was adopted"));
    }
    Ok(())
}

/// The number of the mission that a session's law has.
fn mission_of(law: &IEnactment::Law, session: B256) -> B256 {
    MissionId::of_session(law.sponsor, keccak256(session)).word()
}

pub(crate) async fn deploy(options: Deploy) -> Result<Answer, Failure> {
    let of = &options.of;
    let (_, document) = text::load(&of.file)?;
    let sender = of.sending.connect(&of.town).await?;
    let city = &sender.city;
    let law = law_of(city, of.session).await?;
    is_law(&document, &law)?;
    let mission = mission_of(&law, of.session);
    let provider = &city.chain.provider;
    let collaboration = ICollaboration::new(city.at(Peer::Collaboration), provider);
    let treasury = ITreasury::new(city.at(Peer::Treasury), provider);
    let statute = IStatute::new(city.at(Peer::Statute), provider);
    let mut done = Done::default();
    let facts = || vec![("mission".to_owned(), mission.to_string())];
    let dry = of.sending.dry_run;

    let state = collaboration.deployment(mission).call().await?.state;
    if state == ICollaboration::MissionState::None {
        let call = ICollaboration::createMissionCall {
            sessionId: of.session,
            deadline: seconds(law.missionDeadline.to()),
        };
        let what = format!("create mission {mission}");
        done.perform(&sender, what, Peer::Collaboration, &call, U256::ZERO)
            .await?;
        if dry {
            return Ok(done.answer(facts()));
        }
    } else if state != ICollaboration::MissionState::Pending {
        let name = crate::views::variant("ICollaboration", "MissionState", state as usize);
        return Err(Failure::new(
            Code::Value,
            format!("mission {mission} is {} already", name.unwrap_or("law")),
        )
        .hint("`agentcity mission show` tells more"));
    }

    let budget = U256::from(document.totals().budget);
    let deposited = U256::from(treasury.escrow(mission).call().await?.deposited);
    if deposited < budget {
        if !options.fund {
            let missing =
                format!("{deposited} of {budget} base units that its nodes may cost are there");
            if done.0.is_empty() {
                return Err(Failure::new(
                    Code::Value,
                    format!("mission {mission} waits: {missing}"),
                )
                .hint("`agentcity mission fund`, or --fund here"));
            }
            let mut facts = facts();
            facts.push(("waits".to_owned(), missing));
            facts.push((
                "next".to_owned(),
                "agentcity mission fund, then the same again; or --fund here".to_owned(),
            ));
            return Ok(done.answer(facts));
        }
        let amount = budget - deposited;
        let native = treasury.asset().call().await? == Address::ZERO;
        let call = ITreasury::fundMissionCall {
            missionId: mission,
            amount,
        };
        let what = format!("pay {amount} base units for mission {mission}");
        let value = if native { amount } else { U256::ZERO };
        done.perform(&sender, what, Peer::Treasury, &call, value)
            .await?;
        if dry {
            return Ok(done.answer(facts()));
        }
    }

    let nodes = document.totals().nodes;
    let seat_pages = written(nodes, &seats_won(city, of.session, 0..nodes).await?)?;
    let reached = statute.deployment(mission).call().await?;
    let pages = document.pages();
    for first in (usize::from(reached.tranches)..pages.len()).step_by(PAGES_AT_ONCE) {
        let end = pages.len().min(first + PAGES_AT_ONCE);
        let call = IStatute::deployTrancheCall {
            missionId: mission,
            tranche: first as u16,
            pages: bytes(&pages[first..end]),
            rest: hash(&pages[end..]),
        };
        let what = format!("bring pages {first} to {}", end - 1);
        done.perform(&sender, what, Peer::Statute, &call, U256::ZERO)
            .await?;
        if dry {
            return Ok(done.answer(facts()));
        }
    }
    let from = usize::from(reached.seatPages);
    for first in (from..seat_pages.len()).step_by(SEAT_PAGES_AT_ONCE) {
        let end = seat_pages.len().min(first + SEAT_PAGES_AT_ONCE);
        let call = IStatute::deploySeatsCall {
            missionId: mission,
            tranche: first as u16,
            pages: bytes(&seat_pages[first..end]),
            rest: hash(&seat_pages[end..]),
        };
        let what = format!("bring pages of seats {first} to {}", end - 1);
        done.perform(&sender, what, Peer::Statute, &call, U256::ZERO)
            .await?;
        if dry {
            return Ok(done.answer(facts()));
        }
    }
    let call = IStatute::finaliseDeploymentCall { missionId: mission };
    let what = format!("make mission {mission} law");
    done.perform(&sender, what, Peer::Statute, &call, U256::ZERO)
        .await?;
    Ok(done.answer(facts()))
}

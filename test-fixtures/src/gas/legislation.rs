//! What a law costs, from the receipts of everybody's transactions: whole sessions, ballots and tallies.
//!
//! | city | what happens in it |
//! |---|---|
//! | small | ten tasks become law three times: the first of the city, the same again with everybody's word and vote, and in silence |
//! | large | 100 voters rank ten proposals, then 1,000 rank eight |

use super::{
    GasError, Taken, clerks,
    missions::{BREAKDOWN_VARIABLE, ten},
};
use crate::{
    city::{City, Person, person::DEFAULT_SEED},
    legislation::deliberation::{opening, seal},
    mission::{Charge, MissionError, Plan, Stage, Task},
};
use agentcity_abi::IAssembly as assembly;
use agentcity_domain::peer::Peer;
use alloy::primitives::B256;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

/// Executors of different principals.
const EXECUTORS: usize = 5;
/// What is staked on a seat where little is at risk, in base units.
const STAKE: u128 = 200_000_000_000_000;
/// A task's budget, in base units.
const PRICE: u128 = 300_000_000_000_000;
/// Coins of whoever gives purses away, in ether.
const BANK_ETHER: u64 = 100_000;

/// Voters and candidates of the two ballots.
const SMALL: (usize, u8) = (100, 10);
const LARGE: (usize, u8) = (1_000, 8);

/// Which functions a part of a session is made of.
const PARTS: [(&str, &[&str]); 11] = [
    (
        "session.petition",
        &["openPetition", "signPetitionFor", "openSession"],
    ),
    ("session.proposal", &["propose", "sponsor", "sponsorFor"]),
    (
        "session.debate",
        &["recordEvidence", "strawVote", "drawSpeakingOrder", "speak"],
    ),
    ("session.ballots", &["commitBallots", "revealBallot"]),
    ("session.tally", &["tally"]),
    ("session.steps", &["expireDeliberation"]),
    (
        "session.identity",
        &["requestIdentity", "attestIdentity", "confirmRoster"],
    ),
    (
        "session.bids",
        &["publishProposal", "placeBids", "closeBidding"],
    ),
    ("session.award", &["award", "decideRegulatory"]),
    ("session.codification", &["codify", "validate"]),
    ("session.approval", &["approve"]),
];

/// Gas of each operation, and the last city, whose programs are those of all.
pub fn measure(is_cached: bool) -> Result<(Taken, City), GasError> {
    let mut taken = Taken::new();
    let mut stage = raise(EXECUTORS, is_cached)?;
    let law = |stage: &mut Stage, speak: bool| -> Result<Vec<Charge>, GasError> {
        let plan = ten();
        let bill = if speak {
            stage.deliberate(&plan)?
        } else {
            stage.adopt(&plan)?
        };
        let bids = plan.seats(&stage.executors, STAKE);
        Ok(stage.carry(&bill, &bids)?.legislated)
    };
    let sum = |charges: &[Charge]| charges.iter().map(|charge| charge.gas).sum::<u64>();
    let first = law(&mut stage, true)?;
    taken.push(("session.first", sum(&first)));
    let again = law(&mut stage, true)?;
    taken.push(("session", sum(&again)));
    if std::env::var_os(BREAKDOWN_VARIABLE).is_some() {
        for charge in &again {
            stage.print_breakdown(charge)?;
        }
    }
    for (id, functions) in PARTS {
        let of = again.iter();
        let of = of.filter(|charge| functions.contains(&charge.what.as_str()));
        taken.push((id, of.map(|charge| charge.gas).sum()));
    }
    clerks::charges(&mut stage, &again, &mut taken)?;
    let silent = law(&mut stage, false)?;
    taken.push(("session.silent", sum(&silent)));
    drop(stage);

    // Who proposes and sponsors votes, too.
    let mut stage = raise(EXECUTORS, is_cached)?;
    stage.bring_voters("voter", SMALL.0 - stage.voters().len())?;
    let ids = ["ballot.first", "ballot", "ballot.relayed", "tally.100x10"];
    taken.extend(ids.into_iter().zip(ballot(&mut stage, SMALL)?));
    stage.bring_voters("later voter", LARGE.0 - stage.voters().len())?;
    let [.., tally] = ballot(&mut stage, LARGE)?;
    taken.push(("tally.1000x8", tally));
    Ok((taken, stage.city))
}

fn raise(executors: usize, is_cached: bool) -> Result<Stage, GasError> {
    let mut charter = super::charter();
    charter.settings.balance = BANK_ETHER;
    let stage = Stage::raise(&charter, executors, 1)?;
    if is_cached {
        super::cache_city(&stage.city)?;
    }
    Ok(stage)
}

/// A ranking of so many candidates, drawn.
fn ranking(rng: &mut impl Rng, candidates: u8) -> u64 {
    let mut order: Vec<u64> = (0..u64::from(candidates)).collect();
    order.shuffle(rng);
    let places = order.into_iter().zip(0..);
    places.fold(0, |packed, (candidate, place)| {
        packed | candidate << (4 * place)
    })
}

/// Everybody ranks proposals: a ballot that is handed in and opened by its voter, the first one and a later one; one that others relay;
/// and the tally, by one transaction once the time of claims is over.
fn ballot(stage: &mut Stage, (voters, candidates): (usize, u8)) -> Result<[u64; 4], GasError> {
    let name = format!("{candidates} proposals");
    let session = stage.petition(&name)?;
    for number in 0..candidates {
        let plan = Plan {
            name: format!("proposal {number} of {name}"),
            tasks: vec![Task::proved(&format!("task of {number}"), PRICE)],
            edges: Vec::new(),
            predicates: Vec::new(),
        };
        stage.propose(session, &plan)?;
    }
    stage.pass_step(session)?;
    stage.pass_step(session)?;
    let mut rng = StdRng::seed_from_u64(DEFAULT_SEED);
    let ballots: Vec<(Person, u64)> = stage
        .voters()
        .into_iter()
        .map(|voter| (voter, ranking(&mut rng, candidates)))
        .collect();
    assert_eq!(ballots.len(), voters);
    let (own, relayed) = ballots.split_at(2);
    let mut spent = Vec::with_capacity(own.len());
    spent_since(stage, false)?;
    for (voter, ranking) in own {
        let call = assembly::commitBallotCall {
            sessionId: session,
            commitment: seal(session, voter, *ranking),
        };
        spent.push(stage.tell(voter, Peer::Assembly, &call)?.gas_used);
    }
    spent_since(stage, true)?;
    stage.commit(session, relayed)?;
    let committed = spent_since(stage, false)?;
    stage.pass_step(session)?;
    spent_since(stage, false)?;
    for ((voter, ranking), spent) in own.iter().zip(&mut spent) {
        let call = opening(session, voter, *ranking);
        *spent += stage.tell(voter, Peer::Assembly, &call)?.gas_used;
    }
    spent_since(stage, true)?;
    stage.open(session, relayed)?;
    let opened = spent_since(stage, false)?;
    stage.pass_step(session)?;
    let until = stage.election(session)?.expiresAt.to();
    stage.outlast(until)?;
    spent_since(stage, false)?;
    stage.count(session, voters as u32)?;
    let winner = stage.election(session)?.winner;
    if winner == B256::ZERO {
        return Err(MissionError::Silent { what: "tally" }.into());
    }
    let each = (committed + opened) / relayed.len() as u64;
    Ok([spent[0], spent[1], each, spent_since(stage, true)?])
}

/// Gas of the session's transactions since the last time, of a row each printed with what every contract spent, if that is asked for.
fn spent_since(stage: &mut Stage, is_row: bool) -> Result<u64, MissionError> {
    let charges = std::mem::take(&mut stage.session);
    if is_row && std::env::var_os(BREAKDOWN_VARIABLE).is_some() {
        for charge in &charges {
            stage.print_breakdown(charge)?;
        }
    }
    Ok(charges.iter().map(|charge| charge.gas).sum())
}

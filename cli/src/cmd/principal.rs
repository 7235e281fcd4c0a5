//! `agentcity principal`: the people who answer for agents.

use std::path::PathBuf;

use agentcity_abi::{IAgent, IRoster};
use agentcity_domain::{
    parameter::ParameterId as P,
    peer::Peer,
    signed::{
        SignedStruct,
        identity::{EnrolmentAttestation, PrincipalEnrolment},
    },
};
use alloy::primitives::{Address, Bytes};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    ask,
    failure::{Code, Failure},
    instant,
    money::Purse,
    opts::{City, Town},
    output::{self, Answer},
    send::{Act, Call},
    signed::{Signing, Statement},
    values::{Hashed, address, choice},
};

/// What to do with principals.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Signs the wish to be a principal: `enrol` takes it when somebody else sends.
    #[command(after_help = "Example: agentcity principal consent --class owner --out consent.json")]
    Consent(Consent),
    /// Signs, as a registrar, who somebody is.
    #[command(
        after_help = "Example: agentcity principal attest 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --evidence file:passport.pdf --out attestation.json"
    )]
    Attest(Attest),
    /// Enrols a principal, with the stake of the table, which the sender pays.
    #[command(after_help = "Example: agentcity principal enrol --attestation attestation.json")]
    Enrol(Enrol),
    /// A principal: stake, agents, age, freeze, ban.
    #[command(
        after_help = "Example: agentcity principal show 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )]
    Show(Show),
    /// Every principal that ever enrolled.
    #[command(after_help = "Example: agentcity principal list")]
    List(List),
    /// With whom an adjudicator declared to be associated, and who declared to be with a principal.
    #[command(
        after_help = "Example: agentcity principal associations 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )]
    Associations(Show),
    /// Declares, as an adjudicator, an association with a principal, whose missions the caller may then not judge.
    #[command(
        after_help = "Example: agentcity principal associate 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )]
    Associate(Other),
    /// Begins the cooldown after which the calling principal, having no agents, has its stake back.
    #[command(after_help = "Example: agentcity principal leave")]
    Leave(Own),
    /// Completes a leave whose cooldown passed; the stake becomes a credit. Anyone may.
    #[command(
        after_help = "Example: agentcity principal complete-leave 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )]
    CompleteLeave(Other),
    /// Voids whatever the calling principal and its agents signed and nobody used yet.
    #[command(after_help = "Example: agentcity principal revoke-consents")]
    RevokeConsents(Own),
    /// Takes the stake of a principal whose ban is final. Anyone may.
    #[command(
        after_help = "Example: agentcity principal forfeit 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )]
    Forfeit(Other),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Consent {
    /// Owner, who runs agents, or foundation.
    #[arg(long, value_parser = class, default_value = "owner")]
    class: u8,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Attest {
    /// Who wants to enrol.
    #[arg(value_parser = address)]
    principal: Address,
    /// Owner, who runs agents, or foundation.
    #[arg(long, value_parser = class, default_value = "owner")]
    class: u8,
    /// What was seen: a hash, `text:…` or `file:…` for the keccak256 of these.
    #[arg(long)]
    evidence: Hashed,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Enrol {
    /// What a registrar signed with `principal attest`.
    #[arg(long)]
    attestation: PathBuf,
    /// What the principal signed with `principal consent`, for the same deadline; not needed where the principal sends.
    #[arg(long)]
    consent: Option<PathBuf>,
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The principal.
    #[arg(value_parser = address)]
    principal: Address,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Own {
    #[command(flatten)]
    act: Act,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Other {
    /// The principal.
    #[arg(value_parser = address)]
    principal: Address,
    #[command(flatten)]
    act: Act,
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Consent(options) => consent(options).await,
        Verb::Attest(options) => attest(options).await,
        Verb::Enrol(options) => enrol(options).await,
        Verb::Show(options) => show(options).await,
        Verb::List(options) => list(options).await,
        Verb::Associations(options) => associations(options).await,
        Verb::Associate(Other { principal, act }) => {
            let call = IRoster::declareAssociationCall { principal };
            let what = format!("declare an association with {principal}");
            act.send(what, Peer::Roster, &call).await
        }
        Verb::Leave(Own { act }) => {
            let what = "begin to leave as a principal";
            act.send(what, Peer::Agent, &IAgent::requestLeaveCall {})
                .await
        }
        Verb::CompleteLeave(Other { principal, act }) => {
            let call = IAgent::completeLeaveCall { principal };
            let what = format!("complete the leave of {principal}");
            act.send(what, Peer::Agent, &call).await
        }
        Verb::RevokeConsents(Own { act }) => {
            let what = "void all that was signed and not used";
            act.send(what, Peer::Agent, &IAgent::revokeConsentsCall {})
                .await
        }
        Verb::Forfeit(Other { principal, act }) => {
            let call = IAgent::forfeitPrincipalCall { principal };
            let what = format!("forfeit the stake of {principal}");
            act.send(what, Peer::Agent, &call).await
        }
    }
}

fn class(text: &str) -> Result<u8, Failure> {
    use IAgent::PrincipalClass::{Foundation, Owner};
    choice(
        "class",
        text,
        &[("owner", Owner as u8), ("foundation", Foundation as u8)],
    )
}

pub(super) fn class_name(class: IAgent::PrincipalClass) -> &'static str {
    match class {
        IAgent::PrincipalClass::Owner => "owner",
        IAgent::PrincipalClass::Foundation => "foundation",
        _ => "none",
    }
}

/// A principal's record.
pub(super) async fn record(
    city: &City,
    principal: Address,
) -> Result<IAgent::PrincipalRecord, Failure> {
    let contract = IAgent::new(city.at(Peer::Agent), &city.chain.provider);
    Ok(contract.principalRecord(principal).call().await?)
}

async fn consent(options: Consent) -> Result<Answer, Failure> {
    let signing = options.signing;
    let key = signing.key.open().await?;
    let city = signing.town.connect().await?;
    let wish = PrincipalEnrolment {
        principal: key.address(),
        class: options.class,
        nonce: record(&city, key.address()).await?.nonce.into(),
        deadline: signing.until(&city).await?,
    };
    signing
        .answer(SignedStruct::PrincipalEnrolment, &city, &wish.words(), &key)
        .await
}

async fn attest(options: Attest) -> Result<Answer, Failure> {
    let signing = options.signing;
    let evidence_hash = options.evidence.hash()?;
    let key = signing.key.open().await?;
    let city = signing.town.connect().await?;
    let word = EnrolmentAttestation {
        principal: options.principal,
        class: options.class,
        evidence_hash,
        registrar: key.address(),
        nonce: record(&city, options.principal).await?.nonce.into(),
        deadline: signing.until(&city).await?,
    };
    signing
        .answer(
            SignedStruct::EnrolmentAttestation,
            &city,
            &word.words(),
            &key,
        )
        .await
}

async fn enrol(options: Enrol) -> Result<Answer, Failure> {
    let word = Statement::read(&options.attestation, SignedStruct::EnrolmentAttestation)?;
    let consent = options.consent.as_deref();
    let consent = consent
        .map(|path| Statement::read(path, SignedStruct::PrincipalEnrolment))
        .transpose()?;
    let principal = word.address("principal");
    let same = ["class", "nonce", "deadline"];
    if let Some(consent) = &consent {
        let differing = same
            .iter()
            .find(|field| consent.word(field) != word.word(field));
        let differing = match consent.address("principal") == principal {
            true => differing.copied(),
            false => Some("principal"),
        };
        if let Some(field) = differing {
            return Err(Failure::new(
                Code::Statement,
                format!("consent and attestation differ in `{field}`"),
            )
            .hint("both are signed over the same: sign the consent with the attestation's --deadline and --class"));
        }
    }
    let sender = options.act.connect().await?;
    word.must_be_of(&sender.city)?;
    if let Some(consent) = &consent {
        consent.must_be_of(&sender.city)?;
    } else if sender.address != principal {
        return Err(Failure::new(
            Code::Flags,
            format!("{} sends, and {principal} enrols", sender.address),
        )
        .hint("name what the principal signed with --consent, or use the principal's key"));
    }
    let call = IAgent::enrolPrincipalCall {
        principal,
        class: word.number("class"),
        deadline: word.number("deadline"),
        // Whoever sends need not sign.
        consent: consent.map_or_else(Bytes::new, |consent| consent.signature),
        registrar: word.address("registrar"),
        evidenceHash: word.word("evidenceHash"),
        attestation: word.signature.clone(),
    };
    let [stake] = ask::numbers(&sender.city, None, [P::PrincipalStake]).await?;
    let amount = Purse::of(&sender.city).await?.base(stake);
    let what = format!("enrol principal {principal} with a stake of {stake} units");
    let call = Call::new(what, sender.at(Peer::Agent), &call);
    Ok(sender.pay(call, amount).await?.answer())
}

async fn show(options: Show) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let principal = options.principal;
    let known = record(&city, principal).await?;
    if known.nonce == 0 && known.enrolledAt.is_zero() {
        return Err(
            Failure::new(Code::Unknown, format!("{principal} never was a principal"))
                .hint("`agentcity principal list` names them all"),
        );
    }
    let now = ask::now(&city).await?;
    let [age] = ask::numbers(&city, None, [P::PrincipalAgeSecs]).await?;
    let enrolled: u64 = known.enrolledAt.to();
    let (leaves, frozen): (u64, u64) = (known.leavesAt.to(), known.frozenUntil.to());
    let appeal: u64 = known.appealUntil.to();
    let state = if appeal != 0 {
        if appeal < now {
            "banned for good"
        } else {
            "banned, appealable"
        }
    } else if enrolled == 0 {
        "not enrolled"
    } else if leaves != 0 {
        "leaving"
    } else if frozen >= now {
        "frozen"
    } else {
        "enrolled"
    };
    let votes_at = if enrolled == 0 {
        0
    } else {
        enrolled + u64::from(age) + 1
    };
    let value = json!({
        "principal": principal, "state": state, "class": class_name(known.class), "stake": known.stake, "agents": known.agents,
        "producers": known.producers, "worstReputation": known.worstReputation, "nonce": known.nonce, "enrolledAt": enrolled,
        "votesAt": votes_at, "leavesAt": leaves, "frozenUntil": frozen, "appealUntil": appeal,
    });
    Ok(Answer::facts(
        value,
        &[
            ("principal", principal.to_string()),
            ("state", state.to_owned()),
            ("class", class_name(known.class).to_owned()),
            ("stake", format!("{} units", known.stake)),
            (
                "agents",
                format!("{}, of them {} producers", known.agents, known.producers),
            ),
            (
                "newcomers start at",
                format!("{} thousandths of a point", known.worstReputation),
            ),
            ("nonce", known.nonce.to_string()),
            ("enrolled", instant::at(enrolled)),
            ("old enough to vote", instant::at(votes_at)),
            ("leaves after", instant::at(leaves)),
            ("frozen until", instant::at(frozen)),
            ("appeal until", instant::at(appeal)),
        ],
    ))
}

async fn list(options: List) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let from = options.from_block;
    let seen = ask::all::<IAgent::PrincipalEnrolled>(&city, Peer::Agent, None, from).await?;
    let mut listed: Vec<Address> = Vec::new();
    for enrolment in &seen {
        if let Ok(principal) = enrolment.field("principal").parse()
            && !listed.contains(&principal)
        {
            listed.push(principal);
        }
    }
    let (mut rows, mut all): (Vec<Vec<String>>, Vec<Value>) = Default::default();
    for principal in listed {
        let known = record(&city, principal).await?;
        rows.push(vec![
            principal.to_string(),
            class_name(known.class).to_owned(),
            known.stake.to_string(),
            known.agents.to_string(),
            known.enrolledAt.to_string(),
        ]);
        all.push(json!({
            "principal": principal, "class": class_name(known.class), "stake": known.stake, "agents": known.agents,
            "enrolledAt": known.enrolledAt.to::<u64>(),
        }));
    }
    let text = match rows.is_empty() {
        true => "no principal enrolled\n".to_owned(),
        false => output::table(
            &["principal", "class", "stake", "agents", "enrolled at"],
            &rows,
        ),
    };
    Ok(Answer::new(json!({ "principals": all }), text))
}

async fn associations(options: Show) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let now = ask::now(&city).await?;
    let seen = ask::all::<IRoster::AssociationDeclared>(&city, Peer::Roster, None, None).await?;
    let about = options.principal.to_string();
    let concerning: Vec<_> = seen
        .iter()
        .filter(|one| one.field("principal") == about || one.field("adjudicator") == about)
        .collect();
    let holds = |until: &str| until.parse::<u64>().is_ok_and(|until| until >= now);
    let rows: Vec<Vec<String>> = concerning
        .iter()
        .map(|one| {
            vec![
                one.field("adjudicator").to_owned(),
                one.field("principal").to_owned(),
                one.field("until").to_owned(),
                if holds(one.field("until")) {
                    "yes"
                } else {
                    "no"
                }
                .to_owned(),
            ]
        })
        .collect();
    let all: Vec<Value> = concerning
        .iter()
        .map(|one| {
            json!({
                "adjudicator": one.field("adjudicator"), "principal": one.field("principal"), "until": one.field("until"),
                "holds": holds(one.field("until")), "block": one.block,
            })
        })
        .collect();
    let text = match rows.is_empty() {
        true => "no association was declared\n".to_owned(),
        false => output::table(&["adjudicator", "principal", "until", "holds"], &rows),
    };
    Ok(Answer::new(json!({ "associations": all }), text))
}

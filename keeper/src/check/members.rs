//! The city: whether what the configuration names are its members, and how long their programs live.

use agentcity_domain::{clerk::ClerkRole, peer::Peer};
use alloy::{
    primitives::{Address, B256, Bytes, U256, address, keccak256},
    providers::Provider,
    rpc::types::TransactionRequest,
};

use super::{Findings, chain::Chain};
use crate::{
    action::Level,
    clock::Clock,
    config::Config,
    event::{Event, Life},
    office,
    part::within,
    source::{city::City, log::Contract, programs},
};

/// ArbWasmCache, which says what is cached.
const ARB_WASM_CACHE: Address = address!("0x0000000000000000000000000000000000000072");
/// A day, for people.
const DAY_SECS: u64 = 86_400;

/// What the configuration says about the city: the key, whose place it is, and the address.
fn claims(config: &Config) -> Vec<(String, Peer, Address)> {
    let mut claims = Vec::new();
    if let Some((city, _)) = &config.city {
        for address in city.addresses() {
            if let Some((contract, peer)) = city.at(address).and_then(|c| Some((c, peer_of(c)?))) {
                claims.push((format!("city.contracts.{contract}"), peer, address));
            }
        }
    }
    if let Some(mirror) = &config.mirror {
        for (peer, address) in mirror.contracts() {
            claims.push((format!("mirror.{}", name(peer)), peer, address));
        }
    }
    if let Some(router) = &config.router {
        let members = &router.members;
        for (peer, address) in [
            (Peer::Collaboration, members.collaboration),
            (Peer::Statute, members.statute),
            (Peer::Verification, members.verification),
            (Peer::Service, members.service),
            (Peer::Treasury, members.treasury),
        ] {
            claims.push((format!("router.{}", name(peer)), peer, address));
        }
    }
    if let Some(log) = &config.log {
        claims.push(("log.roster".to_owned(), Peer::Roster, log.roster));
    }
    if let Some(clerk) = &config.clerk {
        claims.push((
            "clerk.constitution".to_owned(),
            Peer::Constitution,
            clerk.constitution,
        ));
    }
    claims
}

fn name(peer: Peer) -> String {
    format!("{peer:?}").to_lowercase()
}

fn peer_of(contract: Contract) -> Option<Peer> {
    Peer::ALL
        .into_iter()
        .find(|peer| name(*peer) == contract.name())
}

pub(super) async fn check<P: Provider>(
    config: &Config,
    provider: &P,
    chain: &Chain,
    clock: &dyn Clock,
    found: &mut Findings,
) {
    let claims = claims(config);
    if let Some(router) = &config.router
        && router.members.chain_id != chain.id
    {
        found.fail(
            "router.chain_id",
            format!("{}, but the chain is {}", router.members.chain_id, chain.id),
            "correct it: signatures for another chain count nowhere",
        );
    }
    let city = city(&claims, provider, chain, found).await;
    let mut watched: Vec<(String, Address)> = Vec::new();
    if let Some(city) = &city {
        wiring(&claims, city, found);
        watched.extend(Peer::ALL.map(|peer| (name(peer), city.at(peer))));
        if let Some(clerk) = &config.clerk {
            clerk_office(clerk, provider, city, found).await;
        }
    }
    for program in &config.programs {
        if watched.iter().all(|(_, known)| known != program) {
            watched.push(("watched".to_owned(), *program));
        }
    }
    for (name, program) in watched {
        life(config, provider, &name, program, clock, found).await;
    }
}

async fn city<P: Provider>(
    claims: &[(String, Peer, Address)],
    provider: &P,
    chain: &Chain,
    found: &mut Findings,
) -> Option<City> {
    let named = claims
        .iter()
        .find(|(_, peer, _)| *peer == Peer::Constitution);
    let Some((key, _, constitution)) = named else {
        if !claims.is_empty() {
            found.warn(
                "city",
                "its wiring cannot be compared: no constitution is named",
                "name the city's contracts under [city]",
            );
        }
        return None;
    };
    match within(City::find(provider, chain.id, *constitution)).await {
        Ok(city) => Some(city),
        Err(cause) => {
            found.fail(
                key.as_str(),
                cause,
                "name the constitution of a sealed city on this chain",
            );
            None
        }
    }
}

fn wiring(claims: &[(String, Peer, Address)], city: &City, found: &mut Findings) {
    let mut wrong = 0;
    for (key, peer, address) in claims {
        let member = city.at(*peer);
        if member != *address {
            wrong += 1;
            found.fail(
                key.as_str(),
                format!("{address}, but the city's {} is {member}", name(*peer)),
                "correct it",
            );
        }
    }
    if wrong == 0 {
        let count = claims.len();
        found.ok(
            "city",
            format!(
                "the constitution {} is sealed, and {count} addresses are its members",
                city.constitution
            ),
        );
    }
}

async fn clerk_office<P: Provider>(
    clerk: &office::Settings,
    provider: &P,
    city: &City,
    found: &mut Findings,
) {
    let key = match clerk.key() {
        Ok(key) => key,
        // Told with the other keys.
        Err(_) => return,
    };
    let mut held = Vec::new();
    let roles = [
        ClerkRole::Registrar,
        ClerkRole::Speaker,
        ClerkRole::Regulator,
        ClerkRole::Codifier,
    ];
    for role in roles {
        if within(office::holds(provider, city, role, key.address()))
            .await
            .is_ok()
        {
            held.push(role.name());
        }
    }
    let agent = key.address();
    if held.is_empty() {
        found.fail(
            "clerk",
            format!("agent {agent} holds no office"),
            "name the key of an agent that does",
        );
    } else {
        found.ok(
            "clerk",
            format!(
                "agent {agent} is {}: start the keeper with --role {}",
                held.join(", "),
                held[0]
            ),
        );
    }
}

async fn life<P: Provider>(
    config: &Config,
    provider: &P,
    name: &str,
    program: Address,
    clock: &dyn Clock,
    found: &mut Findings,
) {
    let about = format!("program {name} {program}");
    let head = match within(programs::head(provider)).await {
        Ok(head) => head,
        Err(cause) => return found.fail(about, cause, "its life must be known"),
    };
    let observed = async { Ok(programs::observe(provider, program, head, clock.now()).await) };
    let life = match within(observed).await {
        Ok(Event::Observed { life, .. }) => life,
        Ok(Event::Unreachable { cause, .. }) | Err(cause) => {
            return found.fail(about, cause, "its life must be known");
        }
        Ok(_) => {
            return found.fail(
                about,
                "another question was answered",
                "its life must be known",
            );
        }
    };
    let left = match life {
        Life::Active { left } => left.get(),
        Life::Expired => {
            return found.fail(
                about,
                "it expired: every call fails",
                "activate it again: agentcity program activate",
            );
        }
        Life::Outdated => {
            return found.fail(
                about,
                "it is of an older virtual machine: every call fails",
                "activate it again: agentcity program activate",
            );
        }
        Life::NotActivated => {
            return found.fail(
                about,
                "it is no active program",
                "correct the address, or activate it",
            );
        }
    };
    let days = left / DAY_SECS;
    let cached = cached(provider, program).await;
    let says = format!(
        "{days} days left, {}",
        match cached {
            Ok(true) => "cached",
            Ok(false) => "not cached",
            Err(()) => "whether it is cached is not known",
        }
    );
    let extend = "a keeper with key_file that names it under programs extends it, or agentcity program keepalive";
    match config.notice.level(life) {
        Level::Urgent | Level::Dead | Level::Unknown => found.fail(about, says, extend),
        Level::Soon => found.warn(about, says, extend),
        Level::Fine if cached == Ok(false) => {
            found.warn(about, says, "calls cost more gas: have it cached");
        }
        Level::Fine => found.ok(about, says),
    }
}

/// Whether a program's code is in the chain's cache. A chain without the precompile does not say.
async fn cached<P: Provider>(provider: &P, program: Address) -> Result<bool, ()> {
    let code = async {
        provider
            .get_code_at(program)
            .await
            .map_err(|error| error.to_string())
    };
    let code = within(code).await.map_err(drop)?;
    let mut input = keccak256("codehashIsCached(bytes32)")[..4].to_vec();
    input.extend(keccak256(&code));
    let request = TransactionRequest::default()
        .to(ARB_WASM_CACHE)
        .input(Bytes::from(input).into());
    let asked = async {
        provider
            .call(request)
            .await
            .map_err(|error| error.to_string())
    };
    let answer = within(asked).await.map_err(drop)?;
    // A bool is a word.
    let word = B256::try_from(&answer[..]).map_err(drop)?;
    Ok(U256::from_be_bytes(word.0) == U256::ONE)
}
